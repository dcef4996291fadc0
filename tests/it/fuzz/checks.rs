//! What must hold for any bytes, a function for each kind of them: run by the fuzz targets
//! (`fuzz/fuzz_targets`), and over what these have found (`fuzz/corpus`) by the tests.

#![allow(unreachable_pub, reason = "the library of the fuzz targets too")]

use std::path::Path;

use gomend::doctor::gomod::GoMod;
use gomend::evidence::Evidence;
use gomend::fix::{Change, Journal, Secret, change};
use gomend::mask;
use gomend::probe::Subject;
use gomend::report::{self, Report, Style};
use gomend::rules::{self, Context};
use gomend::settings::netrc::{self as settings_netrc, Holds};
use gomend::settings::url::{Url, is_host};
use gomend::state::Remembered;

/// In no shape but its own, and never to be seen again.
const CANARY: &str = "0123456789CANARY";

fn check(evidence: &Evidence) {
    assert!(evidence.findings.len() <= 32);
    for finding in &evidence.findings {
        assert!(!finding.suspects.is_empty() && finding.line > 0);
        assert!(!finding.text.chars().any(mask::is_hidden), "{finding:?}");
        let target = &finding.target;
        let names = [&target.host, &target.url, &target.module, &target.version];
        for name in names.into_iter().flatten() {
            assert!(!name.chars().any(mask::is_hidden), "{name:?}");
        }
        if let Some(host) = &target.host {
            assert!(
                !host.starts_with('-') && !host.contains([' ', '/', '@']),
                "{host:?}"
            );
        }
    }
}

/// The rules, on a text, as a stream, and as a file of rules.
pub fn rules(bytes: &[u8]) {
    check(&rules::scan(bytes, &Context::default()));
    check(&rules::scan(
        b"",
        &Context {
            args: None,
            trace: bytes,
        },
    ));
    check(&rules::stream::scan(bytes, &Context::default()).expect("memory can be read"));
    let _ = gomend::own_rules::parse(&String::from_utf8_lossy(bytes), Path::new("rules.toml"));
}

/// Statements that are torn at a width that the first byte says.
pub fn torn(bytes: &[u8]) {
    let Some((width, text)) = bytes.split_first() else {
        return;
    };
    let pieces: Vec<&[u8]> = text.chunks(usize::from(*width).max(8)).collect();
    for glue in [&b"\n"[..], b"\n  ", b" \n"] {
        check(&rules::scan(&pieces.join(glue), &Context::default()));
    }
}

/// Text inside of what logs wrap it in.
pub fn unwrap(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let lines =
        |front: &str| -> String { text.lines().flat_map(|line| [front, line, "\n"]).collect() };
    let json = serde_json::json!({"log": text, "stream": "stderr"}).to_string();
    let twice = serde_json::json!({"msg": json}).to_string();
    for wrapped in [
        json,
        twice,
        lines("#12 3.456 "),
        lines("2024-01-01T00:00:00.000Z "),
        lines("app_1  | \u{1b}[31m"),
    ] {
        check(&rules::scan(wrapped.as_bytes(), &Context::default()));
    }
}

/// The mask: nothing hidden, nothing alive, and a token goes whatever stands before it.
pub fn mask(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let followed = format!("{text} ghp_{CANARY} ");
    let line = mask::line(&text);
    assert!(!line.chars().any(mask::is_hidden), "{line:?}");
    assert_eq!(mask::defused(&line), line);
    assert!(line.chars().count() <= 700);
    let page = mask::page(&followed);
    assert!(!page.contains(CANARY), "{page:?}");
    assert_eq!(mask::defused(&page), page);
    let is_shown = |letter: char| matches!(letter, '\n' | '\t');
    assert!(
        page.chars()
            .all(|letter| is_shown(letter) || !mask::is_hidden(letter))
    );
    assert!(!mask::secrets(&followed).contains(CANARY));
    let json = mask::to_string(&[&followed]).expect("a text is JSON");
    assert!(!json.contains(CANARY));
    serde_json::from_str::<[String; 1]>(&json).expect("what is written is JSON");
}

/// netrc: read, changed, and shown without what it holds.
pub fn netrc(bytes: &[u8]) {
    let _ = settings_netrc::holds(&String::from_utf8_lossy(bytes), "h.example");
    let file = Path::new("/home/x/.netrc");
    let change = Change::Netrc {
        file: file.to_owned(),
        machine: "h.example".to_owned(),
        login: "u".to_owned(),
        password: Some(Secret::new(CANARY.to_owned())),
    };
    if let Ok(changed) = change.render(Some(bytes)) {
        let holds = settings_netrc::holds(&String::from_utf8_lossy(&changed), "h.example");
        assert!(!matches!(holds, Holds::NoFile), "{holds:?}");
        let shown = change::diff(file, Some(bytes), &changed);
        assert!(!shown.contains(CANARY), "{shown}");
    }
}

/// Settings of git's and of go's, changed.
pub fn gitconfig(bytes: &[u8]) {
    let git = Change::GitConfig {
        key: "url.ssh://git@h.example/.insteadOf".to_owned(),
        value: "https://h.example/".to_owned(),
    };
    let go = Change::GoEnv {
        key: "GOPRIVATE".to_owned(),
        value: Some("h.example".to_owned()),
    };
    for change in [git, go] {
        if let Ok(changed) = change.render(Some(bytes)) {
            let again = change.render(Some(&changed));
            assert!(again.is_ok(), "{again:?}");
            let _ = change::diff(Path::new("/x"), Some(bytes), &changed);
        }
    }
}

/// go.mod.
pub fn gomod(bytes: &[u8]) {
    let module = GoMod::parse(&String::from_utf8_lossy(bytes));
    let fits = |(path, version): &(String, String)| !path.is_empty() && !version.is_empty();
    assert!(module.modules.iter().all(fits), "{module:?}");
}

/// An entry of the journal: read, shown, and taken back in a folder that holds nothing else.
pub fn journal(bytes: &[u8]) {
    let state = tempfile::tempdir().expect("there is a folder for temporary files");
    let folder = state.path().join("journal");
    std::fs::create_dir(&folder).expect("the folder is ours");
    std::fs::write(folder.join("000001.undone"), bytes).expect("the folder is ours");
    if let Ok(entries) = Journal::in_dir(state.path()).history() {
        let json = mask::to_string(&entries).expect("entries are JSON");
        serde_json::from_str::<serde_json::Value>(&json).expect("what is written is JSON");
    }
}

/// Reports and what is remembered: read, shown, written.
pub fn report(bytes: &[u8]) {
    let remembered = serde_json::from_slice::<Remembered>(bytes).map(|kept| kept.report);
    let Ok(report) = remembered.or_else(|_| serde_json::from_slice::<Report>(bytes)) else {
        return;
    };
    let report = report.masked();
    let json = report.to_json();
    serde_json::from_str::<Report>(&json).expect("what is written is a report");
    for unicode in [false, true] {
        let shown = report::render(
            &report,
            Style {
                colour: false,
                unicode,
                details: true,
                leads_on: true,
                columns: Some(60),
            },
        );
        let is_shown = |letter: char| matches!(letter, '\n' | '\t') || !mask::is_hidden(letter);
        assert!(shown.chars().all(is_shown), "{shown:?}");
    }
}

/// URLs, scp-like addresses, and what a person may name.
pub fn url(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for url in [
        Url::parse(&text),
        Url::remote(&text),
        Url::authority(&text),
        Url::proxy(&text),
    ]
    .into_iter()
    .flatten()
    {
        let _ = (url.origin(), url.port_or_default());
    }
    if let Some(subject) = Subject::from_text(&text) {
        assert!(!subject.host.starts_with('-'), "{subject:?}");
        let _ = is_host(&subject.host);
    }
}
