//! Every command in both states: gomend only on PATH, and installed, in a fresh login shell in which
//! the shim comes first. What a command says may not depend on it.

use std::fs;
use std::process::Command;

use crate::support::home::Home;
use crate::support::terminal::Terminal;
use crate::support::{Ended, How};

/// A user in one of the two states.
pub(crate) struct User {
    pub(crate) home: Home,
    is_installed: bool,
}

impl User {
    pub(crate) fn new(is_installed: bool) -> Self {
        let home = Home::furnished()
            .var("GOPROXY", "off")
            .var("GOSUMDB", "off");
        home.write(
            "app/go.mod",
            "module example.com/app\n\ngo 1.21\n\nrequire example.com/lib v1.2.3\n",
        );
        home.write(
            "app/main.go",
            "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
        );
        home.write(
            "build.log",
            "go: git.corp.example/lib@v1.0.0: dial tcp: lookup git.corp.example on 10.0.0.1:53: no such host\n",
        );
        if is_installed {
            home.done(&["install", "--quiet"]);
        }
        Self { home, is_installed }
    }

    /// A line of a shell: a login shell's where gomend is installed.
    pub(crate) fn shell(&self, line: &str) -> Ended {
        let watched = if self.is_installed {
            ""
        } else {
            "gomend run -- "
        };
        let line = format!("fetch() {{ {watched}go mod download; }}; {line}");
        let mut command: Command = self.home.command("bash");
        if self.is_installed {
            let folder = std::path::Path::new(env!("CARGO_BIN_EXE_gomend")).parent();
            let path = format!("PATH=\"$PATH:{}\"; ", folder.unwrap().display());
            command.args(["-l", "-c", &(path + "cd ~/app; " + &line)]);
        } else {
            command.args(["--norc", "--noprofile", "-c", &format!("cd ~/app; {line}")]);
        }
        command.output().unwrap().into()
    }
}

/// A line, how it ends, and what must be in what it prints.
type Case = (&'static str, i32, &'static str);

/// In this order: a failure first, so that there is something to show.
const CASES: &[Case] = &[
    ("fetch; true", 0, "module lookup disabled by GOPROXY=off"),
    ("gomend last", 0, "GOPROXY"),
    ("gomend last --list", 0, "not shown then"),
    ("gomend last --json", 0, "\"goproxy-disabled\""),
    (
        "gomend explain \"$(gomend last --list --json | grep -o '[0-9a-f]\\{11\\}-[0-9]*' | head -1)\"",
        0,
        "GOPROXY",
    ),
    ("gomend fix --dry-run", 0, "goproxy-default"),
    (
        "gomend fix \"$(gomend last --list --json | grep -o '[0-9a-f]\\{11\\}-[0-9]*' | head -1)\" goproxy-default --dry-run",
        0,
        "goproxy-default",
    ),
    ("gomend undo", 1, "gomend: "),
    ("gomend history", 0, ""),
    (
        "gomend explain ~/build.log --offline",
        0,
        "git.corp.example",
    ),
    ("gomend doctor", 1, "GOPROXY"),
    ("gomend probe dns localhost", 0, "127.0.0.1"),
    ("gomend probe tcp localhost:1", 1, "refuse"),
    ("gomend simulate", 0, "dns-typo"),
    ("gomend simulate dns-typo", 0, "goproxy.corp.exmaple"),
    ("gomend simulate tls-expired", 0, "expired"),
    ("gomend simulate git-missing", 0, "git"),
    ("gomend simulate goproxy-off -- mod download", 0, "GOPROXY"),
    ("gomend simulate private-via-proxy --mend", 0, "taken back"),
    ("gomend simulate dns", 1, "dns-typo"),
    ("gomend causes dns-timeout", 0, "means"),
    ("gomend rules show go-dns-timeout", 0, "needle"),
    ("gomend config", 0, "patience"),
    ("gomend config set patience 7", 0, "patience is 7"),
    ("gomend config unset patience", 0, "patience is 3"),
    ("gomend run -- go mod download", 1, "GOPROXY=off"),
    ("gomend run -- mod download", 1, "GOPROXY=off"),
    (
        "gomend run go version",
        0,
        "runs as it would without gomend",
    ),
    ("gomend init bash", 0, "PATH"),
    ("gomend completions bash", 0, "_gomend"),
    ("gomend man fix", 0, ".TH"),
    ("gomend help", 0, "Examples:"),
    ("gomend help fix", 0, "--dry-run"),
    ("gomend version", 0, "gomend "),
    ("gomend --version", 0, "gomend "),
    ("gomend compare --help", 0, "--apply"),
];

/// What must be the same: without figures, which are times and process ids.
fn without_figures(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_ascii_digit())
        .collect()
}

#[test]
fn every_command_does_the_same_whether_gomend_is_installed_or_not() {
    let (without, with) = (User::new(false), User::new(true));
    let which = String::from_utf8(with.shell("command -v go").stdout).unwrap();
    assert!(which.contains("gomend/shims/go"), "{which}");
    let mut wrong = Vec::new();
    for (line, code, words) in CASES {
        for user in [&without, &with] {
            let ended = user.shell(line);
            let text = String::from_utf8_lossy(&ended.stdout).into_owned() + &ended.words();
            if ended.how != How::Code(*code) || !text.contains(words) {
                wrong.push(format!(
                    "installed {}: {line}\n{ended:?}",
                    user.is_installed
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // what is looked up is the same to the letter
    for line in [
        "gomend causes",
        "gomend simulate",
        "gomend rules",
        "gomend help",
    ] {
        let said = [&without, &with].map(|user| {
            let text = String::from_utf8(user.shell(line).stdout).unwrap();
            without_figures(&text)
        });
        assert_eq!(said[0], said[1], "{line}");
    }
}

/// Commands that only mean something once they are installed.
#[test]
fn a_new_shell_after_installing_knows_itself() {
    let user = User::new(true);
    let ended = user.shell("gomend status");
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    let ended = user.shell("gomend install; gomend status --quiet; gomend uninstall");
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    assert!(!user.home.at(".local/share/gomend").exists());
    let profile = fs::read_to_string(user.home.at(".profile")).unwrap();
    assert!(!profile.contains("gomend"), "{profile}");
}

// ------------------------------------------------------------ which diagnosis

#[test]
fn a_failure_in_a_pipe_is_the_last_one_of_its_folder() {
    let user = User::new(true);
    user.home.write(
        "other/go.mod",
        "module other\n\ngo 1.21\n\nrequire example.com/other v1.0.0\n",
    );
    let ended = user.shell("go mod download 2>&1 | cat >/dev/null; cd ~/other; go mod download 2>&1 | cat >/dev/null; cd ~/app; gomend last --json");
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["target"]["module"], "example.com/lib", "{report:#}");
    // elsewhere it is said that it is of another folder
    let ended = user.shell("cd ~; gomend last; gomend fix --dry-run");
    let said = ended.words();
    assert!(
        said.contains("nothing was diagnosed in this terminal or folder"),
        "{said}"
    );
    assert!(said.contains("other:"), "{said}");
}

#[test]
fn an_id_that_is_not_kept_is_named() {
    let user = User::new(false);
    for line in [
        "gomend last 1a2b-3",
        "gomend fix 1a2b-3",
        "gomend explain 1a2b-3",
    ] {
        let ended = user.shell(line);
        assert_eq!(ended.how, How::Code(1), "{line}: {ended:?}");
        assert!(
            ended
                .words()
                .contains("no diagnosis is kept under `1a2b-3`"),
            "{ended:?}"
        );
    }
    let ended = user.shell("gomend fix goprivate goproxy-default");
    assert_eq!(ended.how, How::Code(2), "{ended:?}");
}

// ------------------------------------------------------------ settings

#[test]
fn values_that_count_for_nothing_get_a_line_each() {
    for installed in [false, true] {
        let user = User::new(installed);
        let ended = user.shell("GOMEND=bogus GOMEND_LANG=fr gomend causes dns-timeout");
        assert_eq!(ended.how, How::Code(0));
        let said = ended.words();
        assert_eq!(said.lines().count(), 2, "{said}");
        assert!(
            said.contains("GOMEND: `bogus`") && said.contains("GOMEND_LANG: `fr`"),
            "{said}"
        );
        // and beside a diagnosis
        if installed {
            let ended = user.shell("CI=true GOMEND=bogus go mod download 2>&1; true");
            let said = String::from_utf8(ended.stdout).unwrap();
            assert!(said.contains("GOMEND: `bogus`"), "{said}");
        }
        let ended = user.shell("GOMEND_LANG=en_US.UTF-8 GOMEND= gomend causes dns-timeout");
        assert!(ended.stderr.is_empty(), "{ended:?}");
    }
}

#[test]
fn a_setting_is_written_and_taken_out_and_the_rest_of_the_file_stays() {
    let user = User::new(false);
    let file = ".config/gomend/config.toml";
    let before = "# mine\nmode = \"quiet\" # why\nlang = \"en\"\n";
    user.home.write(file, before);
    user.home.done(&["config", "set", "patience", "9"]);
    assert_eq!(user.home.read(file), format!("{before}patience = 9\n"));
    user.home.done(&["config", "set", "mode", "ask"]);
    assert_eq!(
        user.home.read(file),
        "# mine\nmode = \"ask\" # why\nlang = \"en\"\npatience = 9\n"
    );
    user.home
        .done(&["config", "set", "public-resolvers", "9.9.9.9,1.1.1.1"]);
    user.home.done(&["config", "unset", "public-resolvers"]);
    user.home.done(&["config", "unset", "mode"]);
    user.home.done(&["config", "unset", "color"]); // not there: fine
    assert_eq!(
        user.home.read(file),
        "# mine\nlang = \"en\"\npatience = 9\n"
    );
    for (args, words) in [
        (["set", "patience", "no"], "whole number of seconds"),
        (["set", "patiance", "4"], "did you mean `patience`"),
    ] {
        let ended = user.home.gomend(&[&["config"], &args[..]].concat());
        assert_eq!(ended.how, How::Code(2), "{ended:?}");
        assert!(ended.words().contains(words), "{ended:?}");
    }
    // a value that can't be meant is put right by it
    user.home.write(file, "patience = true\n");
    user.home.done(&["config", "set", "patience", "4"]);
    assert_eq!(user.home.read(file), "patience = 4\n");
    // through a link, which stays one
    fs::rename(user.home.at(file), user.home.at("dot.toml")).unwrap();
    user.home
        .link(file, user.home.at("dot.toml").to_str().unwrap());
    user.home.done(&["config", "set", "patience", "5"]);
    assert_eq!(user.home.read("dot.toml"), "patience = 5\n");
    assert!(user.home.at(file).is_symlink());
}

// ------------------------------------------------------------ who else may read and write

/// Whatever comes first makes the state folder, and under any umask it is for its user alone; the folder that comes
/// first on PATH is nobody else's to write.
#[test]
fn state_is_for_its_user_alone_whatever_makes_it() {
    for line in [
        "gomend install --quiet",
        "fetch",
        "gomend explain ~/build.log --offline",
        "gomend check --init; gomend check",
        "gomend compare localhost --rounds 1 --save office",
        "go env -w GOPROXY=off; unset GOPROXY; fetch; gomend fix goproxy-default --yes",
        "gomend install --quiet; fetch; gomend rescue plan; gomend metrics",
    ] {
        let user = User::new(false);
        let state = ".local/state/gomend";
        user.shell(&format!("umask 000; {{ {line}; }} >~/said 2>&1; true"));
        let find = |folder: &str, conditions: &str| {
            let found = user.shell(&format!("find ~/{folder} {conditions} 2>/dev/null"));
            String::from_utf8(found.stdout).unwrap()
        };
        let open = find(state, "-type d -not -perm 700 -o -type f -not -perm 600");
        assert_eq!(open, "", "{line}");
        let open = find(".local/share/gomend", "-not -type l -perm /022");
        assert_eq!(open, "", "{line}");
        if !line.contains("explain") && !line.contains("check") {
            assert_ne!(find(state, ""), "", "{line}");
        }
    }
}

// ------------------------------------------------------------ the terminal's width

/// What a line prints on a terminal of so many columns, without colours.
fn on_width(user: &User, columns: u16, line: &str) -> String {
    let mut command = user.home.command("bash");
    command.args([
        "--norc",
        "--noprofile",
        "-c",
        &format!("read go; cd ~/app; {line}"),
    ]);
    let mut terminal = Terminal::start(command);
    terminal.resize(24, columns);
    terminal.press("\r");
    let (_, screen) = terminal.end();
    console::strip_ansi_codes(&screen).replace('\r', "")
}

/// Lines end between words, at the terminal's width; what is to be pasted keeps its line.
#[test]
fn text_is_as_wide_as_the_terminal() {
    for locale in ["C.UTF-8", "zh_CN.UTF-8"] {
        let mut user = User::new(true);
        user.home = user.home.var("LANG", locale);
        user.shell("go mod download; true");
        for columns in [60, 80, 110] {
            for line in [
                "gomend last",
                "gomend doctor",
                "gomend status",
                "gomend causes",
                "gomend causes tls-name-mismatch",
                "gomend probe tcp localhost:1",
                "gomend simulate",
                "gomend config",
                "gomend --help",
                "gomend simulate dns",
            ] {
                let screen = on_width(&user, columns, line);
                let mut widest = 0;
                for text in screen.lines() {
                    let width = console::measure_text_width(text);
                    let is_word = text.split_whitespace().count() <= 2;
                    let is_command = text.starts_with("            ");
                    assert!(
                        width <= usize::from(columns) || is_word || is_command,
                        "{line} at {columns}: {text}"
                    );
                    widest = widest.max(width);
                }
                assert!(widest > 20, "{line}: {screen}");
            }
        }
        // not on a terminal nothing is broken
        let text = String::from_utf8(user.shell("gomend causes").stdout).unwrap();
        assert!(text.lines().any(|line| line.len() > 110), "{text}");
    }
}
