//! README.md and README.zh-CN.md in step: the same parts, commands, links and tables, in two languages.

use std::fs;
use std::os::unix::fs::PermissionsExt;
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
    /// A row of a table: how many cells, and the code of its first one.
    Row(usize, Vec<String>),
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
                let line = line.replace("\\|", "");
                let first = line.split('|').nth(1).unwrap_or_default();
                let code = first.split('`').skip(1).step_by(2).map(str::to_owned);
                parts.push(Part::Row(line.matches('|').count(), code.collect()));
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

/// The demo starts what cargo has built, wherever cargo puts it, and lets cargo's progress through.
#[test]
fn the_demo_asks_cargo_where_it_put_gomend() {
    let home = crate::support::home::Home::new();
    let executable = |name: &str, script: &str| {
        let file = home.write(name, format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(file, PermissionsExt::from_mode(0o755)).unwrap();
    };
    let built = "elsewhere/a target/x86_64/debug/gomend";
    executable(built, "echo \"built: $*\"");
    executable("bin/go", "exit 0");
    let target = home.at(built);
    let message = format!(
        r#"{{"reason":"compiler-artifact","target":{{"name":"gomend","kind":["bin"]}},"executable":"{}"}}"#,
        target.display()
    );
    let cargo = format!(
        "echo 'Compiling gomend' >&2\ncat <<'END'\nnot JSON\n{message}\n{{\"reason\":\"build-finished\",\"success\":true}}\nEND"
    );
    executable("bin/cargo", &cargo);
    let demo = |path: &Path| {
        let mut command = home.command(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/demo"));
        let mut folders = path.as_os_str().to_owned();
        folders.push(":/usr/bin:/bin");
        let output = command
            .env("PATH", folders)
            .env("CARGO_TARGET_DIR", "/nowhere")
            .args(["goproxy-off", "--mend"])
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (
            output.status.code(),
            text(&output.stdout),
            text(&output.stderr),
        )
    };
    let (code, said, progress) = demo(&home.at("bin"));
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "built: simulate goproxy-off --mend\n"),
        "{progress}"
    );
    assert!(progress.contains("Compiling gomend"), "{progress}");
    executable("bin/cargo", "echo 'error: no such thing' >&2; exit 101");
    let (code, said, progress) = demo(&home.at("bin"));
    assert_eq!((code, said.as_str()), (Some(1), ""), "{progress}");
    assert!(progress.contains("error: no such thing"), "{progress}");
}
