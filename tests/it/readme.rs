//! README.md and README.zh-CN.md in step: the same parts, commands, links and tables, in two languages.

use std::fs;
use std::path::Path;

fn readme(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What both must have, in order.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// A heading of this level.
    Heading(usize),
    /// A line to type: in a block of commands, or behind a prompt.
    Command(String),
    /// A row of a table, with so many cells.
    Row(usize),
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block = None;
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            block = match block {
                None => Some(language),
                Some(_) => None,
            };
            continue;
        }
        match block {
            None if line.starts_with('#') => {
                parts.push(Part::Heading(
                    line.bytes().take_while(|&b| b == b'#').count(),
                ));
            }
            None if line.starts_with('|') => {
                parts.push(Part::Row(line.replace("\\|", "").matches('|').count()));
            }
            None => {}
            Some("console") => {
                parts.extend(line.strip_prefix("$ ").map(command));
            }
            Some(_) => parts.push(command(line)),
        }
    }
    assert_eq!(block, None, "every block ends");
    parts
}

/// Without its comment, which is translated.
fn command(line: &str) -> Part {
    let line = line.split(" #").next().unwrap_or_default();
    Part::Command(line.trim_end().to_owned())
}

/// Where Markdown links lead, in order of the alphabet: a sentence may be turned around.
fn links(text: &str) -> Vec<&str> {
    let mut links: Vec<&str> = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.starts_with("README") && !link.starts_with('#'))
        .collect();
    links.sort_unstable();
    links
}

#[test]
fn both_readmes_have_the_same_parts_and_commands() {
    let (english, chinese) = (readme("README.md"), readme("README.zh-CN.md"));
    let (wanted, found) = (parts(&english), parts(&chinese));
    assert!(wanted.len() > 20, "there is something to compare");
    for (at, (english, chinese)) in wanted.iter().zip(&found).enumerate() {
        assert_eq!(
            english, chinese,
            "part {at} of README.md (left) and README.zh-CN.md"
        );
    }
    assert_eq!(wanted.len(), found.len());
    assert_eq!(links(&english), links(&chinese));
}

#[test]
fn each_readme_leads_to_the_other() {
    assert!(readme("README.md").contains("](README.zh-CN.md)"));
    assert!(readme("README.zh-CN.md").contains("](README.md)"));
}

#[test]
fn links_within_a_readme_lead_to_its_headings() {
    for name in ["README.md", "README.zh-CN.md"] {
        let text = readme(name);
        let anchors: Vec<String> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(|title| title.to_lowercase().replace(' ', "-"))
            .collect();
        let inner: Vec<&str> = text
            .split("](#")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
            .collect();
        assert!(!inner.is_empty(), "{name}");
        for link in inner {
            assert!(
                anchors.iter().any(|anchor| anchor == link),
                "{name}: {link}"
            );
        }
    }
}

/// The session at the top, in either language, line by line; `...` stands for what is left out.
#[test]
fn the_session_shown_is_what_the_program_prints() {
    for (name, locale) in [("README.md", "C.UTF-8"), ("README.zh-CN.md", "zh_CN.UTF-8")] {
        let text = readme(name);
        let session = text.split("```console\n").nth(1).unwrap();
        let session = session.split("```").next().unwrap();
        let home = crate::support::home::Home::new().var("LANG", locale);
        let said = home.done(&["simulate", "private-via-proxy", "--mend"]);
        let said = said + &home.gomend(&["simulate", "private-via-proxy"]).words();
        let plain = |text: &str| text.replace('\t', "        ");
        let printed: Vec<String> = said.lines().map(plain).collect();
        for line in session.lines().filter(|line| !line.is_empty()) {
            let is_printed = match line.split_once("...") {
                Some((before, behind)) => printed
                    .iter()
                    .any(|one| one.starts_with(before) && one.ends_with(behind)),
                None => printed.iter().any(|one| one == line),
            };
            assert!(is_printed, "{name}: {line}\n{said}");
        }
    }
}

/// The picture is of this program: `packaging/picture` draws the same again.
#[test]
fn the_picture_is_drawn_from_a_real_run() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join("session.svg");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = crate::support::home::Home::new();
    let ended = home
        .command(root.join("packaging/picture"))
        .args([drawn.as_os_str(), env!("CARGO_BIN_EXE_gomend").as_ref()])
        .output()
        .unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let drawn = fs::read_to_string(drawn).unwrap();
    let kept = root.join("docs/session.svg");
    if std::env::var_os("GOMEND_BLESS").is_some() {
        fs::write(&kept, &drawn).unwrap();
    }
    let is_same = fs::read_to_string(kept).unwrap() == drawn;
    assert!(is_same, "docs/session.svg is old: run packaging/picture");
}
