//! `gomend status` in constructed situations: one row each, the real program, real shells.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::home::{Home, assert_same};
use crate::support::terminal::Terminal;
use crate::support::{How, LATEST, VERSIONS, goroot};

/// The folder that `gomend install` writes.
fn shims(home: &Home) -> PathBuf {
    home.at(".local/share/gomend/shims")
}

fn install(home: &Home) {
    home.done(&["install", "--quiet", "--shell", "bash"]);
}

/// Puts folders before everything on PATH; an empty one stays empty.
fn before(home: &mut Home, folders: &[&Path]) {
    let mut path = OsString::new();
    for folder in folders {
        path.push(folder);
        path.push(":");
    }
    path.push(&home.path);
    home.path = path;
}

/// A program named go at this place below HOME.
fn fake_go(home: &Home, name: &str) -> PathBuf {
    let go = home.write(name, "#!/bin/sh\nexit 0\n");
    fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
    go.parent().unwrap().to_owned()
}

fn installed_and_first(home: &mut Home) {
    install(home);
    let shims = shims(home);
    before(home, &[&shims]);
}

/// A version manager's go comes before the shim.
fn manager(home: &mut Home, place: &str) {
    install(home);
    let (theirs, ours) = (fake_go(home, place), shims(home));
    before(home, &[&theirs, &ours]);
}

rows! {
    /// What runs here (`shim`, `other`, `nothing`); findings about this environment and the installation, and about
    /// any of the shells, by id; how it ends; and what makes it: the home is furnished and gomend not installed yet.
    situations = is_said;
    the_shim_is_first: "shim", &[], &[], 0, installed_and_first;
    not_installed: "other", &["not-installed"], &[], 1, |_| {};
    installed_in_a_shell_that_was_there_before: "other", &["later"], &[], 0, |home| install(home);
    behind_a_toolchain_s_own_folder: "other", &["shadowed"], &[], 1, |home| {
        install(home);
        let (go, ours) = (goroot(LATEST).join("bin"), shims(home));
        before(home, &[&go, &ours]);
    };
    on_path_and_its_folder_deleted: "other", &["not-installed", "shim-missing"], &[], 1, |home| {
        installed_and_first(home);
        fs::remove_dir_all(shims(home)).unwrap();
    };
    its_shim_can_t_be_executed: "other", &["other-version", "shim-missing", "not-on-path"], &["not-on-path"], 1, |home| {
        installed_and_first(home);
        let go = shims(home).join("go");
        fs::set_permissions(go, fs::Permissions::from_mode(0o644)).unwrap();
    };
    asdf_first: "other", &["shadowed"], &[], 1, |home| manager(home, ".asdf/shims/go");
    mise_first: "other", &["shadowed"], &[], 1, |home| manager(home, ".local/share/mise/installs/go/1.27.3/bin/go");
    goenv_first: "other", &["shadowed"], &[], 1, |home| manager(home, ".goenv/shims/go");
    gvm_first: "other", &["shadowed"], &[], 1, |home| manager(home, ".gvm/gos/go1.27.3/bin/go");
    asdf_behind_it: "shim", &[], &[], 0, |home| {
        let asdf = fake_go(home, ".asdf/shims/go");
        before(home, &[&asdf]);
        installed_and_first(home);
    };
    a_line_behind_gomend_s_in_a_start_up_file: "shim", &[], &["shadowed"], 1, |home| {
        installed_and_first(home);
        let other = goroot(VERSIONS[1]).join("bin");
        let line = format!("export PATH=\"{}:$PATH\"\n", other.display());
        home.write(".bashrc", home.read(".bashrc") + &line);
    };
    a_manager_that_is_loaded_behind_gomend_s_lines: "shim", &[], &["shadowed"], 1, |home| {
        installed_and_first(home);
        fake_go(home, ".asdf/shims/go");
        home.write(".asdf/asdf.sh", "PATH=\"$HOME/.asdf/shims:$PATH\"\n");
        home.write(
            ".bashrc",
            home.read(".bashrc") + "asdf=~/.asdf\n. $asdf/asdf.sh\n",
        );
    };
    twice_on_path: "shim", &["twice"], &[], 0, |home| {
        installed_and_first(home);
        let shims = shims(home);
        before(home, &[&shims]);
    };
    an_alias: "shim", &[], &["alias"], 1, |home| {
        home.write(".bashrc", "alias go=/usr/local/go/bin/go\n");
        installed_and_first(home);
    };
    a_function: "shim", &[], &["alias"], 1, |home| {
        home.write(".bashrc", "go() { gotip \"$@\"; }\n");
        installed_and_first(home);
    };
    an_alias_and_a_function_that_call_the_go_on_path: "shim", &[], &["alias"], 0, |home| {
        let lines = "alias go='grc go'\nshopt -q login_shell || unalias go\n";
        let function = "shopt -q login_shell || eval 'go() { command go \"$@\"; }'\n";
        home.write(".bashrc", lines.to_owned() + function);
        installed_and_first(home);
    };
    another_version_s_shim_first: "other", &["other-gomend"], &[], 1, |home| {
        installed_and_first(home);
        let other = fake_go(home, "old/go");
        home.write("old/go", "#!/bin/sh\n# GOMEND_GUARD\n");
        before(home, &[&other]);
    };
    the_installed_shim_is_another_version_s: "shim", &["other-version"], &[], 0, |home| {
        installed_and_first(home);
        let go = shims(home).join("go");
        fs::remove_file(&go).unwrap();
        fs::write(&go, "#!/bin/sh\n# GOMEND_GUARD\n").unwrap();
        fs::set_permissions(&go, fs::Permissions::from_mode(0o755)).unwrap();
    };
    gomend_off: "shim", &["off"], &[], 0, |home| {
        installed_and_first(home);
        home.vars.push(("GOMEND".into(), "off".into()));
    };
    gomend_go_names_a_go: "shim", &["gomend-go"], &["gomend-go"], 0, |home| {
        installed_and_first(home);
        let go = goroot(VERSIONS[1]).join("bin/go");
        home.vars.push(("GOMEND_GO".into(), go.into()));
    };
    gomend_go_names_nothing: "shim", &["gomend-go"], &["gomend-go"], 1, |home| {
        installed_and_first(home);
        home.vars.push(("GOMEND_GO".into(), "/no/such/go".into()));
    };
    gomend_go_names_the_shim: "shim", &["gomend-go"], &["gomend-go"], 1, |home| {
        installed_and_first(home);
        let go = shims(home).join("go");
        home.vars.push(("GOMEND_GO".into(), go.into()));
    };
    no_real_go_behind_it: "shim", &["no-real-go"], &["no-real-go"], 1, |home| {
        home.write(".profile", ". ~/.bashrc\n");
        install(home);
        home.path = OsString::from("/usr/bin:/bin");
        let shims = shims(home);
        before(home, &[&shims]);
    };
    no_go_at_all: "nothing", &["not-installed", "no-go"], &[], 1, |home| home.path = OsString::from("/usr/bin:/bin");
    relative_and_empty_entries_before_it: "shim", &["relative"], &[], 0, |home| {
        installed_and_first(home);
        before(home, &[Path::new(""), Path::new("bin")]);
    };
    a_go_in_the_current_folder_which_path_has_first: "other", &["shadowed", "relative"], &[], 1, |home| {
        installed_and_first(home);
        fake_go(home, "go");
        before(home, &[Path::new(".")]);
    };
    its_link_to_gomend_leads_nowhere: "shim", &["gomend-missing"], &[], 1, |home| {
        installed_and_first(home);
        let link = shims(home).join("gomend");
        fs::remove_file(&link).unwrap();
        symlink("/no/such/gomend", &link).unwrap();
        // and no other one is on PATH
        let own = Path::new(env!("CARGO_BIN_EXE_gomend")).parent().unwrap();
        let folders = std::env::split_paths(&home.path).filter(|folder| folder != own);
        home.path = std::env::join_paths(folders.collect::<Vec<_>>()).unwrap();
    };
    by_an_alias: "other", &["later"], &[], 0, |home| {
        home.done(&["install", "--quiet", "--shell", "bash", "--alias"]);
    };
    without_start_up_files_first_on_path_by_other_means: "shim", &[], &[], 0, |home| {
        let dir = home.outside("opt");
        let name = dir.to_str().unwrap();
        home.done(&["install", "--quiet", "--shell", "none", "--dir", name]);
        before(home, &[&dir]);
    };
}

/// The ids of findings; `hash` depends on when this test was started, and is looked at elsewhere.
fn ids(findings: &Value) -> Vec<String> {
    let ids = findings.as_array().into_iter().flatten();
    ids.map(|finding| finding["id"].as_str().unwrap().to_owned())
        .filter(|id| id != "hash")
        .collect()
}

fn is_said(through: &str, here: &[&str], shells: &[&str], code: i32, make: fn(&mut Home)) {
    // only bash's files: what other shells make of it stands in another test
    let mut home = Home::new();
    let go = goroot(LATEST).join("bin");
    let profile = format!("PATH=\"{}:$PATH\"\n. ~/.bashrc\n", go.display());
    home.write(".profile", profile);
    home.write(".bashrc", "");
    make(&mut home);
    let before = home.picture();
    let (how, status) = home.status();
    assert_same(&home.picture(), &before, "asked");
    let (first, others) = status["views"].as_array().unwrap().split_first().unwrap();
    let found = [ids(&status["findings"]), ids(&first["findings"])].concat();
    let of_shells: BTreeSet<String> = others
        .iter()
        .flat_map(|view| ids(&view["findings"]))
        .collect();
    assert_eq!(first["through"], through, "{status:#}");
    assert_eq!(sorted(&found), sorted(here), "{status:#}");
    assert_eq!(
        sorted(&Vec::from_iter(of_shells)),
        sorted(shells),
        "{status:#}"
    );
    assert_eq!(how, How::Code(code), "{status:#}");
    assert_eq!(status["ok"], code == 0, "{status:#}");
    // and the same in words
    let text = home.gomend(&["status"]).with_code(code).said();
    assert_eq!(text.contains("FAILS"), code == 1, "{text}");
}

fn sorted<T: AsRef<str>>(ids: &[T]) -> Vec<&str> {
    let mut ids: Vec<&str> = ids.iter().map(AsRef::as_ref).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn paths_that_are_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let mut home = Home::new();
    installed_and_first(&mut home);
    let odd = home
        .at("")
        .join(OsString::from_vec(b"od\xffd\x1b[31m".to_vec()));
    fs::create_dir(&odd).unwrap();
    fs::copy("/bin/true", odd.join("go")).unwrap();
    before(&mut home, &[&odd]);
    let (how, status) = home.status();
    assert_eq!(how, How::Code(1));
    let go = status["views"][0]["go"].as_str().unwrap();
    assert!(go.ends_with("od\u{fffd}d/go"), "{go}");
    let words = home.gomend(&["status"]);
    assert!(!words.stdout.contains(&0x1b), "{words:?}");
    // and a start-up file that is a link into such a folder
    let home = Home::new();
    std::os::unix::fs::symlink(odd.join("not/there"), home.at(".bashrc")).unwrap();
    home.done(&["install", "--shell", "bash"]);
    home.done(&["uninstall"]);
}

#[test]
fn what_runs_is_named() {
    let mut home = Home::furnished();
    installed_and_first(&mut home);
    let (_, status) = home.status();
    let go = goroot(LATEST).join("bin/go");
    let views = status["views"].as_array().unwrap();
    for view in views
        .iter()
        .filter(|view| view["shell"].is_null() || view["shell"] == "bash")
    {
        assert_eq!(view["through"], "shim", "{view:#}");
        assert_eq!(
            view["go"],
            shims(&home).join("go").to_str().unwrap(),
            "{view:#}"
        );
        assert_eq!(view["real"], go.to_str().unwrap(), "{view:#}");
    }
    // the others have start-up files, and gomend was not installed for them
    let unasked = status["unasked"].as_array().unwrap();
    assert!(
        unasked.iter().all(|one| one["shell"] != "bash"),
        "{unasked:#?}"
    );
}

#[test]
fn the_line_that_does_it_is_named() {
    let mut home = Home::new();
    home.write(".profile", ". ~/.bashrc\n");
    installed_and_first(&mut home);
    fake_go(&home, "sdk/go1.24/bin/go");
    fs::create_dir_all(home.at("sdk/go1.24/src/runtime")).unwrap();
    let lines = home.read(".bashrc");
    let number = lines.lines().count() + 2;
    home.write(
        ".bashrc",
        lines + "# PATH\nexport GITHUB_TOKEN=ghp_0123456789abcdef PATH=~/sdk/go1.24/bin:$PATH\n",
    );
    let text = home.gomend(&["status"]).said();
    let wanted = format!(
        "~/sdk/go1.24/bin/go, a toolchain's own program, comes before gomend's go on PATH: ~/.bashrc, line {number}: export GITHUB_TOKEN=*** PATH=~/sdk/go1.24/bin:$PATH"
    );
    assert!(text.contains(&wanted), "{text}\nwanted: {wanted}");
    // and installing again mends it
    home.done(&["install", "--quiet", "--shell", "bash"]);
    assert_eq!(home.gomend(&["status"]).how, How::Code(0));
}

#[test]
fn shells_that_give_no_answer_are_named() {
    let mut home = Home::new().var("SHELL", "/bin/tcsh");
    home.write(".bashrc", "echo Welcome; exit 3\n");
    home.write(".zshrc", "exec sleep 600\n");
    home.write(".config/fish/config.fish", "echo noise\n");
    let picture = home.picture();
    home.done(&["install", "--quiet", "--shell", "fish"]);
    before(&mut home, &[]);
    let (_, status) = home.status();
    let why = |shell: &str, mode: &str| -> String {
        let unasked = status["unasked"].as_array().unwrap();
        let found = unasked
            .iter()
            .find(|one| one["shell"] == shell && one["mode"] == mode);
        found.map_or_else(String::new, |one| one["why"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        why("bash", "interactive"),
        "its start-up files ended it with code 3"
    );
    assert!(
        why("zsh", "interactive").contains("longer than"),
        "{status:#}"
    );
    let fish = status["views"]
        .as_array()
        .unwrap()
        .iter()
        .find(|view| view["shell"] == "fish");
    assert_eq!(fish.unwrap()["through"], "shim");
    // a fish that was never used before would fill folders of its own
    home.done(&["uninstall", "--quiet"]);
    assert_same(&home.picture(), &picture, "asked");
}

#[test]
fn every_shell_is_asked() {
    let mut home = Home::furnished();
    let nu = crate::support::tool("nu");
    home.done(&["install", "--quiet"]);
    before(&mut home, &[nu.parent().unwrap()]);
    let picture = home.picture();
    let (how, status) = home.status();
    assert_same(&home.picture(), &picture, "asked");
    let mut seen: Vec<(String, String)> = Vec::new();
    for view in &status["views"].as_array().unwrap()[1..] {
        assert_eq!(view["through"], "shim", "{view:#}");
        let word = |key: &str| view[key].as_str().unwrap().to_owned();
        seen.push((word("shell"), word("mode")));
    }
    let wanted = [
        ("bash", "login"),
        ("bash", "interactive"),
        ("bash", "login-script"),
        ("bash", "script"),
        ("zsh", "login"),
        ("zsh", "interactive"),
        ("zsh", "login-script"),
        ("zsh", "script"),
        ("fish", "login"),
        ("fish", "interactive"),
        ("fish", "login-script"),
        ("fish", "script"),
        ("nu", "login"),
    ];
    assert_eq!(
        seen,
        wanted.map(|(shell, mode)| (shell.to_owned(), mode.to_owned()))
    );
    assert_eq!(how, How::Code(0), "{status:#}");
    // by an alias, the same
    home.done(&["install", "--quiet", "--alias"]);
    let (how, status) = home.status();
    for view in &status["views"].as_array().unwrap()[1..] {
        assert_eq!(view["through"], "alias", "{view:#}");
    }
    assert_eq!(how, How::Code(0), "{status:#}");
}

/// What status says of a way to start a shell is what that shell says when it is started so.
#[test]
fn what_status_says_is_what_the_shell_does() {
    let home = Home::furnished();
    // a zsh whose scripts find another go
    home.write(
        ".zshenv",
        format!("path=({} $path)\n", goroot(LATEST).join("bin").display()),
    );
    home.done(&["install", "--quiet"]);
    let (_, status) = home.status();
    let shim = shims(&home);
    let mut seen = 0;
    for view in &status["views"].as_array().unwrap()[1..] {
        let (shell, mode) = (
            view["shell"].as_str().unwrap(),
            view["mode"].as_str().unwrap(),
        );
        let (args, below): (&[&str], bool) = match mode {
            "login-script" => (&["-l", "-c"], false),
            "script" => (&["-c"], true),
            "login" if shell != "fish" => (&["-l", "-i", "-c"], false),
            "interactive" if shell != "fish" => (&["-i", "-c"], false),
            _ => continue, // fish is seen at its first prompt: tests/it/install_shells.rs
        };
        let mut command = home.command(shell);
        if below {
            let path = format!("{}:{}", shim.display(), home.path.to_str().unwrap());
            command.env("PATH", path);
        }
        let output = command.args(args).arg("command -v go").output();
        let Ok(output) = output else {
            println!("SKIPPED: {shell} is not here");
            continue;
        };
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            view["go"].as_str(),
            found.lines().last(),
            "{shell}, {mode}: {view:#}"
        );
        seen += 1;
    }
    assert!(seen >= 4, "{status:#}");
}

#[test]
fn a_shell_older_than_the_shim_is_told_of_its_memory() {
    let home = Home::new();
    fs::create_dir(home.at("bin")).unwrap();
    let path = format!(
        "{}:{}",
        home.at("bin").display(),
        home.path.to_str().unwrap()
    );
    // the shell has run another go before the shim came to be first
    let script =
        "go version >/dev/null; gomend install --quiet --shell none --dir ~/bin; gomend status";
    let ended = home
        .command("bash")
        .args(["--norc", "--noprofile", "-c", script])
        .env("PATH", &path)
        .output()
        .unwrap();
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(text.contains("instead: hash -r"), "{text}");
}

/// Interactive shells that are asked neither take the terminal nor what is typed for the user's own.
#[test]
fn the_terminal_is_left_alone() {
    let home = Home::furnished();
    home.done(&["install", "--quiet"]);
    let mut command = home.command("bash");
    command
        .args(["--norc", "--noprofile", "-i"])
        .env("PS1", "ready> ");
    let mut terminal = Terminal::start(command);
    terminal.wait_for("ready> ");
    // what is typed is echoed: only what is said in capitals was carried out
    let say = |word: &str| format!("echo {word} | tr a-z A-Z\r");
    terminal.press(&format!("stty -g; gomend status; {}", say("ended")));
    terminal.wait_for("ENDED");
    // typed while the shells are asked: for this shell alone
    terminal.press(&format!("gomend status --quiet; stty -g; {}", say("over")));
    terminal.press(&say("typed-ahead"));
    terminal.wait_for("OVER");
    terminal.wait_for("TYPED-AHEAD");
    let screen = terminal.screen();
    let modes: Vec<&str> = screen
        .lines()
        .map(str::trim)
        .filter(|line| line.matches(':').count() > 30)
        .collect();
    assert!(modes.len() == 2 && modes[0] == modes[1], "{screen}");
    terminal.press("exit\r");
    assert_eq!(terminal.end().0, How::Code(0));
}
