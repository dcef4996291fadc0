//! gomend in Simplified Chinese, through the real programs: chosen by `--lang`, `GOMEND_LANG` and
//! the locale, with its columns in order; English wherever Chinese isn't asked for or can't be shown.

use std::process::Command;

use crate::fix::Desk;
use crate::support::{Ended, How, Sandbox, shims};

const NOT_FOUND: &str = "go: git.corp.exmaple/team/lib@v1.2.3: unrecognized import path \
    \"git.corp.exmaple/team/lib\": https fetch: Get \"https://git.corp.exmaple/team/lib?go-get=1\": \
    dial tcp: lookup git.corp.exmaple on 10.0.0.53:53: no such host\n";
const NO_CREDENTIALS: &str = "go: git.corp.example/team/lib@v1.2.3: git ls-remote -q origin in \
    /tmp/x: exit status 128:\n\tfatal: could not read Username for 'https://git.corp.example': \
    terminal prompts disabled\n";

/// What the stand-in for go says: nothing in it would be looked up in a network.
const OTHERS_REPOSITORY: &str = "err error obtaining VCS status: exit status 128;\
    err fatal: detected dubious ownership in repository at '/srv/app';exit 1";

fn chinese() -> Sandbox {
    Sandbox::with_probe("exit 0").var("LC_ALL", "zh_CN.UTF-8")
}

fn is_chinese(text: &str) -> bool {
    text.chars()
        .any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
}

/// The report on a log.
fn explained(sandbox: &Sandbox, log: &str) -> String {
    let file = sandbox.write("work/build.log", log);
    let file = file.display().to_string();
    let ended = sandbox.gomend(&["explain", "--offline", &file]);
    ended.with_code(0).said()
}

// ------------------------------------------------------------ reports

#[test]
fn a_name_that_does_not_exist() {
    insta::assert_snapshot!(explained(&chinese(), NOT_FOUND));
}

#[test]
fn missing_credentials() {
    insta::assert_snapshot!(explained(&chinese(), NO_CREDENTIALS));
}

#[test]
fn labels_stand_in_a_column_of_the_same_width_in_both_languages() {
    const COLUMN: usize = 10; // a label of eight, two spaces
    for lang in ["zh", "en"] {
        let sandbox = Sandbox::with_probe("exit 0").var("GOMEND_LANG", lang);
        for log in [NOT_FOUND, NO_CREDENTIALS] {
            let report = explained(&sandbox, log);
            for line in report.lines().skip(1) {
                let mut width = 0;
                let start = line.char_indices().find(|(_, letter)| {
                    let is_there = width >= COLUMN;
                    width += console::measure_text_width(letter.encode_utf8(&mut [0; 4]));
                    is_there
                });
                let (label, text) = line.split_at(start.unwrap().0);
                assert_eq!(console::measure_text_width(label), COLUMN, "{line:?}");
                assert!(label.ends_with("  "), "{line:?}");
                assert!(!text.is_empty(), "{line:?}");
            }
        }
    }
}

#[test]
fn tables_stand_in_columns() {
    let sandbox = chinese();
    let rules = sandbox.gomend(&["rules", "show", "git-no-username"]).said();
    let cause = sandbox.gomend(&["causes", "dns-not-found"]).said();
    for text in [rules, cause] {
        let columns: Vec<usize> = text
            .lines()
            .skip(1)
            .filter(|line| line.starts_with("  "))
            .map(|line| {
                let label = line.trim_start().split("  ").next().unwrap();
                let rest = line.trim_start()[label.len()..].trim_start_matches(' ');
                console::measure_text_width(&line[..line.len() - rest.len()])
            })
            .collect();
        assert!(
            columns.len() > 2 && columns.windows(2).all(|two| two[0] == two[1]),
            "{columns:?}\n{text}"
        );
    }
}

#[test]
fn in_json_the_words_are_chinese_and_the_ids_are_not() {
    let sandbox = chinese();
    let file = sandbox.write("work/build.log", NO_CREDENTIALS);
    let file = file.display().to_string();
    let report = |lang| {
        let args = ["--lang", lang, "explain", "--offline", "--json", &file];
        sandbox.gomend(&args).json()
    };
    let (zh, en) = (report("zh"), report("en"));
    for key in [
        "cause",
        "layer",
        "confidence",
        "reason_id",
        "target",
        "evidence",
    ] {
        assert_eq!(zh[key], en[key], "{key}");
    }
    assert_eq!(zh["reason_id"], "credentials-absent");
    assert_eq!(en["reason"], "no credentials stored");
    assert_eq!(zh["reason"], "没有保存凭据");
    assert!(is_chinese(zh["summary"].as_str().unwrap()));
    assert!(is_chinese(zh["title"].as_str().unwrap()));
    let ids = |report: &serde_json::Value| -> Vec<(String, String)> {
        let fixes = report["fixes"].as_array().unwrap().iter();
        fixes
            .map(|fix| (fix["id"].to_string(), fix["risk"].to_string()))
            .collect()
    };
    assert_eq!(ids(&zh), ids(&en));
}

// ------------------------------------------------------------ the choice

#[test]
fn a_configuration_asks_for_chinese() {
    let config = Sandbox::with_probe("exit 0");
    config.write("home/.config/gomend/config.toml", "lang = \"zh\"\n");
    assert!(helps_in_chinese(&config, &[]));
}

fn helps_in_chinese(sandbox: &Sandbox, args: &[&str]) -> bool {
    let ended = sandbox.gomend(&[args, &["--help"]].concat());
    is_chinese(&ended.with_code(0).said())
}

rows! {
    the_language_that_is_asked_for = is_spoken;
    all: "LC_ALL", "zh_CN.UTF-8", &[], true;
    lang: "LANG", "zh_CN.utf8", &[], true;
    own_variable: "GOMEND_LANG", "zh", &[], true;
    option: "LC_ALL", "C", &["--lang", "zh"], true;
    option_in_one_word: "LC_ALL", "en_US.UTF-8", &["--lang=zh"], true;
    option_for_english: "LC_ALL", "zh_CN.UTF-8", &["--lang", "en"], false;
    another_encoding: "LC_ALL", "zh_CN.GBK", &[], false;
    traditional: "LC_ALL", "zh_TW.UTF-8", &[], false;
    english: "LC_ALL", "en_US.UTF-8", &[], false;
    none: "LC_ALL", "C", &[], false;
}

fn is_spoken(name: &str, value: &str, args: &[&str], chinese: bool) {
    let sandbox = Sandbox::with_probe("exit 0").var(name, value);
    assert_eq!(helps_in_chinese(&sandbox, args), chinese);
}

#[test]
fn help() {
    insta::assert_snapshot!(chinese().gomend(&["--help"]).said());
}

#[test]
fn help_fits_the_terminal() {
    const WIDTH: usize = 100;
    let sandbox = chinese();
    let commands = [
        "install",
        "run",
        "last",
        "fix",
        "undo",
        "history",
        "explain",
        "doctor",
        "probe",
        "causes",
        "rules",
        "simulate",
        "config",
        "completions",
        "man",
    ];
    for command in commands {
        let text = sandbox.gomend(&[command, "--help"]).with_code(0).said();
        assert!(is_chinese(&text), "{text}");
        for line in text.lines() {
            let width = console::measure_text_width(line);
            assert!(width <= WIDTH, "{command}: {width} columns: {line}");
        }
    }
}

#[test]
fn an_option_that_does_not_exist() {
    let ended = chinese().gomend(&["explain", "--ofline"]);
    insta::assert_snapshot!(ended.with_code(2).words());
}

// ------------------------------------------------------------ behind the shim

#[test]
fn the_shim_hands_over_and_the_diagnosis_is_chinese() {
    let sandbox = Sandbox::with_probe(OTHERS_REPOSITORY)
        .var("CI", "true")
        .var("LC_ALL", "zh_CN.UTF-8");
    let ended = sandbox.shimmed().run_sh("go build; exit $?");
    assert_eq!(ended.how, How::Code(1));
    let words = ended.words();
    assert!(words.contains("gomend: "), "{words}");
    assert!(is_chinese(&words), "{words}");
}

#[test]
fn a_github_annotation_stays_one_line_of_its_syntax() {
    let sandbox = Sandbox::with_probe(OTHERS_REPOSITORY)
        .var("GITHUB_ACTIONS", "true")
        .var("GOMEND_LANG", "zh");
    let words = sandbox.shimmed().run_sh("go build; exit $?").words();
    let annotations: Vec<&str> = words
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    let [annotation] = annotations[..] else {
        panic!("{words}");
    };
    let message = annotation
        .strip_prefix("::error title=dubious-ownership::")
        .unwrap_or_else(|| panic!("{annotation}"));
    assert!(is_chinese(message), "{annotation}");
}

#[test]
fn the_doctor_speaks_chinese_and_its_marks_stand_in_a_column() {
    const COLUMN: usize = 7; // a mark of six, a space
    let desk = Desk::changed("dns-split", |scene| scene.env("GOMEND_LANG", "zh"));
    let outcome = desk.gomend(&["doctor"]);
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.text());
    let text = outcome.text();
    assert!(text.contains("gomend: 获取模块会失败"), "{text}");
    let marks = ["正常", "失败", "警告", "跳过", "提示"];
    let marked: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(' ') && !line.starts_with("gomend:"))
        .collect();
    assert!(marked.len() > 1, "{text}");
    for line in marked {
        let (mark, _) = line.split_once(' ').unwrap();
        assert!(marks.contains(&mark), "{line}");
        let what = line[mark.len()..].trim_start();
        let before = &line[..line.len() - what.len()];
        assert_eq!(console::measure_text_width(before), COLUMN, "{line}");
    }
}

#[test]
fn both_stacks_stand_in_columns() {
    const NAME: usize = 10; // behind the label
    let desk = Desk::changed("tls-inspection-git", |scene| scene.env("GOMEND_LANG", "zh"));
    desk.go();
    let text = desk.gomend(&["last"]).text();
    let mut rows = text
        .lines()
        .skip_while(|line| !line.contains("按 git"))
        .take_while(|line| line.contains("按 git") || line.starts_with("          "));
    let head = rows.next().unwrap_or_else(|| panic!("{text}"));
    let at = |line: &str, part: &str| {
        let start = line.find(part)?;
        Some(console::measure_text_width(&line[..start]))
    };
    let (go, git) = (at(head, "按 go").unwrap(), at(head, "按 git").unwrap());
    let rows: Vec<&str> = rows.collect();
    assert!(rows.len() > 3, "{text}");
    for row in rows {
        let columns: Vec<(usize, char)> = row
            .char_indices()
            .map(|(start, letter)| (console::measure_text_width(&row[..start]), letter))
            .collect();
        let letter = |column| columns.iter().find(|(at, _)| *at == column);
        assert!(
            letter(NAME).is_some_and(|(_, letter)| letter.is_ascii()),
            "{row}"
        );
        for column in [go, git] {
            let before = letter(column - 1).map(|(_, letter)| *letter);
            assert!(
                before == Some(' ') || columns.last().unwrap().0 < column,
                "column {column} of {row:?}"
            );
        }
    }
}

#[test]
fn the_last_report_is_told_anew_in_the_language_that_is_asked_for() {
    let sandbox = Sandbox::with_probe(OTHERS_REPOSITORY).var("GOMEND_REPORT", "report.json");
    sandbox.shimmed().run(&["build"]);
    let shown = |lang| {
        let ended = sandbox.gomend(&["--lang", lang, "last"]);
        ended.with_code(0).said()
    };
    let (zh, en) = (shown("zh"), shown("en"));
    assert!(zh.contains("属于另一个用户"), "{zh}");
    assert!(
        en.contains("belongs to another user") && !is_chinese(&en),
        "{en}"
    );
}

#[test]
fn the_shim_itself_speaks_chinese() {
    let sandbox = chinese();
    let empty = sandbox.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = sandbox
        .direct()
        .environment(Command::new(shims().join("go")));
    let output = command.arg("version").env("PATH", &empty).output().unwrap();
    assert_eq!(
        Ended::from(output).with_code(127).words(),
        format!(
            "gomend: 除了 gomend 自己的之外找不到 go；已查找 {}（请安装 Go，或设置 GOMEND_GO）\n",
            empty.display()
        )
    );
}
