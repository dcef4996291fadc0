//! `gomend install` and `uninstall`: which files get lines, and that they are what they were, to
//! the byte, the mode and the link, when everything is taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::fix::{Desk, agree, on_terminal};
use crate::support::home::{Home, assert_same, picture};
use crate::support::{Ended, How, LATEST, goroot};

/// Installs twice, looks, uninstalls: nothing differs.
fn there_and_back(home: &Home, what: &str) {
    let before = home.picture();
    home.done(&["install"]);
    let installed = home.picture();
    home.done(&["install"]);
    assert_same(
        &home.picture(),
        &installed,
        &format!("{what}, installed twice"),
    );
    home.gomend(&["status"]);
    assert_same(&home.picture(), &installed, &format!("{what}, looked at"));
    home.done(&["uninstall"]);
    assert_same(&home.picture(), &before, what);
}

#[test]
fn a_home_is_what_it_was() {
    there_and_back(&Home::furnished(), "start-up files of four shells");
    there_and_back(&Home::new(), "nothing at all");
    for (content, what) in [
        ("", "an empty file"),
        ("export A=1", "no line end"),
        ("export A=1\r\nexport B=2\r\n", "CRLF"),
        ("export A=1\r\nexport B=2", "CRLF and no line end"),
        ("\n\n\n", "empty lines"),
        ("export A=\"\u{fffd}\u{4e2d}\"\n", "beyond ASCII"),
    ] {
        let home = Home::new();
        home.write(".bashrc", content);
        home.write(".bash_profile", content);
        home.mode(".bashrc", 0o600);
        home.mode(".bash_profile", 0o755);
        there_and_back(&home, what);
    }
    let home = Home::new();
    home.write(".bashrc", b"export A=\xff\xfe\n# \x1b[31m\n");
    there_and_back(&home, "no UTF-8");
}

#[test]
fn links_are_followed_and_stay_links() {
    let home = Home::new();
    home.write("dotfiles/bashrc", "a=1");
    home.link(".bashrc", "dotfiles/bashrc");
    home.link(".profile", "dotfiles/not-there-yet");
    let before = home.picture();
    home.done(&["install"]);
    assert!(home.at(".bashrc").is_symlink());
    assert!(
        home.read("dotfiles/bashrc")
            .starts_with("a=1\n# >>> gomend >>>")
    );
    assert!(home.at("dotfiles/not-there-yet").is_file());
    home.done(&["uninstall"]);
    assert_same(&home.picture(), &before, "links");
    // one file that two shells read
    let home = Home::new();
    home.write("rc", "a=1\n");
    home.link(".bashrc", "rc");
    home.link(".zshrc", "rc");
    there_and_back(&home, "a shared file");
}

#[test]
fn without_its_record_it_is_found_all_the_same() {
    let home = Home::furnished();
    fs::create_dir_all(home.at(".local/share")).unwrap();
    fs::create_dir_all(home.at(".local/state")).unwrap();
    fs::create_dir_all(home.at(".config/fish/conf.d")).unwrap();
    let before = home.picture();
    home.done(&["install"]);
    fs::remove_dir_all(home.at(".local/state/gomend")).unwrap();
    home.done(&["uninstall"]);
    assert_same(&home.picture(), &before, "the record was lost");
    assert!(home.done(&["uninstall"]).contains("nothing is left"));
}

#[test]
fn what_was_written_since_stays() {
    let home = Home::furnished();
    home.done(&["install"]);
    for (file, line) in [
        (".bashrc", "export LATER=1\n"),
        (".zshrc", "later=1\n"),
        (".config/fish/conf.d/gomend.fish", "set later 1\n"),
    ] {
        home.write(file, home.read(file) + line);
    }
    home.done(&["uninstall"]);
    assert!(
        home.read(".bashrc")
            .ends_with("alias ll='ls -l'\nexport LATER=1\n")
    );
    assert_eq!(home.read(".zshrc"), "setopt nomatch\nlater=1\n");
    assert_eq!(
        home.read(".config/fish/conf.d/gomend.fish"),
        "set later 1\n"
    );
}

#[test]
fn the_files_that_each_shell_reads() {
    let files_of = |home: &Home, args: &[&str]| -> Vec<String> {
        let json = home.done(&[&["install", "--json"], args].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let root = home.at("").to_str().unwrap().to_owned() + "/";
        json["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["file"].as_str().unwrap().replace(&root, ""))
            .collect()
    };
    let with = |names: &[&str]| {
        let home = Home::new();
        for name in names {
            home.write(name, "");
        }
        home
    };
    // bash(1): a login shell reads the first of .bash_profile, .bash_login, .profile
    for (there, edited) in [
        (&[][..], ".profile"),
        (&[".profile"], ".profile"),
        (&[".profile", ".bash_login"], ".bash_login"),
        (
            &[".profile", ".bash_login", ".bash_profile"],
            ".bash_profile",
        ),
    ] {
        let home = with(there);
        assert_eq!(files_of(&home, &["--shell", "bash"]), [".bashrc", edited]);
    }
    let home = with(&[]);
    assert_eq!(
        files_of(&home, &["--shell", "zsh"]),
        [".zprofile", ".zshrc"]
    );
    assert_eq!(
        files_of(&home, &["--shell", "fish"]),
        [".config/fish/conf.d/gomend.fish"]
    );
    assert_eq!(
        files_of(&home, &["--shell", "nu"]),
        [".config/nushell/config.nu"]
    );
    assert_eq!(
        files_of(&home, &["--shell", "pwsh"]),
        [".config/powershell/profile.ps1"]
    );
    assert_eq!(
        files_of(&home, &["--shell", "bash", "--shell", "fish"]).len(),
        3
    );
    // without --shell: the login shell, and what there are start-up files for
    let home = with(&[".zshrc"]);
    assert_eq!(
        files_of(&home, &[]),
        [".bashrc", ".profile", ".zprofile", ".zshrc"]
    );
    // zsh's folder, as its own .zshenv says it
    let home = with(&[]);
    home.write(".zshenv", "ZDOTDIR=$HOME/.zsh.d\necho noise\n");
    assert_eq!(
        files_of(&home, &["--shell", "zsh"]),
        [".zsh.d/.zprofile", ".zsh.d/.zshrc"]
    );
    // XDG
    let home = with(&[]);
    let config = home.at("cfg");
    let home = home.var("XDG_CONFIG_HOME", config);
    assert_eq!(
        files_of(&home, &["--shell", "fish"]),
        ["cfg/fish/conf.d/gomend.fish"]
    );
}

#[test]
fn what_can_not_be_written_is_said_in_one_line_and_nothing_is() {
    let refused = |home: &Home, args: &[&str], words: &str| {
        let before = home.picture();
        let ended = home.gomend(args);
        assert_eq!(ended.how, How::Code(1), "{ended:?}");
        let said = ended.words();
        assert!(
            said.starts_with("gomend: ") && said.contains(words),
            "{said}"
        );
        assert!(
            said.lines().count() == 2 && said.contains("\nhelp: "),
            "{said}"
        );
        assert!(ended.stdout.is_empty());
        assert_same(&home.picture(), &before, words);
    };
    let home = Home::furnished();
    home.mode(".zshrc", 0o444);
    refused(&home, &["install"], ".zshrc` is read-only");
    let home = Home::furnished();
    fs::create_dir_all(home.at(".config/fish/conf.d/gomend.fish")).unwrap();
    refused(&home, &["install"], "gomend.fish` is not a file");
    let home = Home::furnished();
    home.write(".bashrc", "a=1\n# >>> gomend >>> (x)\nb=2\n");
    refused(&home, &["install"], ".bashrc`, line 2");
    refused(&home, &["uninstall"], ".bashrc`, line 2");
    let home = Home::furnished();
    fs::hard_link(home.at(".bashrc"), home.at("other")).unwrap();
    refused(&home, &["install"], "hard links");
    let home = Home::furnished();
    home.write("bin/go", "#!/bin/sh\n");
    refused(&home, &["install", "--dir", "bin"], "is not gomend's shim");
    refused(&home, &["install", "--dir", "a:b"], "can't stand on PATH");
    refused(
        &home,
        &["install", "--shell", "none", "--dir", "a\nb"],
        "can't stand on PATH",
    );
    let home = Home::new().var("SHELL", "/bin/tcsh");
    refused(&home, &["install"], "/bin/tcsh is none that gomend knows");
    let home = Home::new();
    let missing = home.outside("missing");
    let home = home.var("HOME", missing);
    refused(
        &home,
        &["install"],
        "HOME is not set or belongs to another user",
    );
}

#[test]
fn a_file_that_fails_late_takes_the_earlier_ones_back() {
    let home = Home::new();
    home.write(".bashrc", "a=1\n");
    home.write(".zshrc", "");
    // a folder in which nothing can be made, not even by root
    home.link(".zprofile", "/proc/nothing-can-be-made-here");
    let before = home.picture();
    let ended = home.gomend(&["install"]);
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
    assert_same(&home.picture(), &before, "all or nothing");
}

/// A file that looks as if it could be written: only the attempt shows that it can't.
#[test]
fn an_immutable_start_up_file_leaves_nothing_of_an_installation() {
    let home = Home::furnished();
    let is_set = |sign: &str| {
        let set = std::process::Command::new("chattr")
            .arg(sign)
            .arg(home.at(".zshrc"))
            .output();
        set.is_ok_and(|output| output.status.success())
    };
    if !is_set("+i") {
        println!("SKIPPED: chattr +i is not possible here");
        return;
    }
    let before = home.picture();
    let ended = home.gomend(&["install"]);
    let after = home.picture();
    // an installation that was there is as it was, too
    let restored = is_set("-i");
    home.done(&["install", "--quiet", "--shell", "bash"]);
    assert!(restored && is_set("+i"));
    let installed = home.picture();
    let again = home.gomend(&["install", "--alias"]);
    let unchanged = home.picture();
    assert!(is_set("-i"));
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
    assert_same(&after, &before, "all or nothing");
    assert_eq!(again.how, How::Code(1), "{again:?}");
    assert_same(&unchanged, &installed, "what was installed");
}

#[test]
fn shell_none_writes_the_folder_and_nothing_else() {
    let home = Home::furnished();
    let before = home.picture();
    let dir = home.outside("opt/gomend");
    let dir = dir.to_str().unwrap();
    let said = home.done(&["install", "--shell", "none", "--dir", dir]);
    assert!(
        said.contains(&format!("export PATH={dir}:\"$PATH\"")),
        "{said}"
    );
    assert_same(&home.picture(), &before, "HOME");
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["go", "gomend"]);
    // first on PATH, it is what go still runs through: no record says so
    let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
    let path = format!("{dir}:{}", home.path.to_str().unwrap());
    let output = command.arg("uninstall").env("PATH", path).output();
    let ended = Ended::from(output.unwrap());
    let said = ended.said();
    assert_eq!(ended.how, How::Code(1), "{said}");
    let line = format!("gomend uninstall --dir {dir}");
    assert!(
        said.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(&line),
        "{said}"
    );
    assert!(!said.contains("nothing is left"), "{said}");
    home.done(&["uninstall", "--dir", dir]);
    assert!(!Path::new(dir).exists());
    assert_same(&home.picture(), &before, "HOME");
}

/// What `gomend rescue build` made of the module cache is no part of an installation: it stays, and that is said.
#[test]
fn what_rescue_built_is_kept_and_named() {
    let home = Home::furnished();
    home.done(&["install"]);
    home.write(".local/share/gomend/rescue/cache/x", "x");
    let said = home.done(&["uninstall"]);
    assert!(said.contains("~/.local/share/gomend/rescue"), "{said}");
    assert!(home.at(".local/share/gomend/rescue/cache/x").is_file());
    let again = home.done(&["uninstall"]);
    assert!(again.contains("~/.local/share/gomend/rescue"), "{again}");
}

/// `init` renews a shim of another version; where it may not, that one serves as it is.
#[test]
fn init_renews_the_shim() {
    let home = Home::new();
    home.done(&["install", "--quiet", "--shell", "none", "--dir", "bin"]);
    let go = home.at("bin/go");
    let new = fs::read(&go).unwrap();
    let old = "#!/bin/sh\n# GOMEND_GUARD of an older version\n";
    fs::remove_file(&go).unwrap();
    home.script("bin/go", old);
    let code = home.done(&["init", "bash", "--dir", "bin"]);
    assert!(fs::read(&go).unwrap() == new, "not renewed");
    fs::remove_file(&go).unwrap();
    home.script("bin/go", old);
    fs::remove_file(home.at("bin/gomend")).unwrap();
    home.write("bin/gomend", "#!/bin/sh\n");
    let ended = home.gomend(&["init", "bash", "--dir", "bin"]);
    assert_eq!(ended.how, How::Code(0), "{}", ended.words());
    assert_eq!(ended.said(), code);
    assert!(ended.words().contains("put it there"), "{}", ended.words());
}

#[test]
fn a_folder_of_the_user_s_own_keeps_what_is_in_it() {
    let home = Home::furnished();
    fs::create_dir(home.at("bin")).unwrap();
    let before = home.picture();
    home.done(&["install", "--dir", "bin"]);
    assert!(home.at("bin/go").is_file());
    home.done(&["uninstall"]);
    assert_same(&home.picture(), &before, "an empty folder that was there");
    home.write("bin/mine", "x");
    let before = home.picture();
    home.done(&["install", "--dir", "bin"]);
    home.done(&["uninstall"]);
    assert_same(&home.picture(), &before, "another program");
}

/// A program of the user's, or a link, that is called gomend is neither overwritten nor taken out.
#[test]
fn another_gomend_in_the_folder_stays() {
    let home = Home::furnished();
    let own = env!("CARGO_BIN_EXE_gomend");
    home.write("program/gomend", "#!/bin/sh\n");
    fs::create_dir(home.at("link")).unwrap();
    home.link("link/gomend", own);
    fs::create_dir(home.at("dead")).unwrap();
    home.link("dead/gomend", "/nowhere/gomend");
    let before = home.picture();
    for dir in ["program", "link", "dead"] {
        for more in [&[][..], &["--shell", "none"]] {
            let ended = home.gomend(&[&["install", "--dir", dir], more].concat());
            let text = ended.words();
            assert_eq!(ended.how, How::Code(1), "{dir}: {text}");
            assert!(text.contains("no `gomend install` put it there"), "{text}");
        }
        home.done(&["uninstall", "--dir", dir]);
    }
    assert_same(&home.picture(), &before, "other gomends");
    // the program itself may be where the shim goes
    fs::create_dir(home.at("bin")).unwrap();
    fs::hard_link(own, home.at("bin/gomend"))
        .or_else(|_| fs::copy(own, home.at("bin/gomend")).map(|_| ()))
        .unwrap();
    let run = |args: &[&str]| {
        let ended = home
            .command(home.at("bin/gomend"))
            .args(args)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{ended:?}");
    };
    let before = home.picture();
    run(&["install", "--dir", "bin"]);
    assert!(home.at("bin/go").is_file());
    run(&["uninstall"]);
    assert_same(&home.picture(), &before, "the program itself");
    // and it may be called otherwise
    fs::rename(home.at("bin/gomend"), home.at("bin/mender")).unwrap();
    let before = home.picture();
    let run = |args: &[&str]| {
        let ended = home
            .command(home.at("bin/mender"))
            .args(args)
            .output()
            .unwrap();
        assert!(ended.status.success(), "{ended:?}");
    };
    run(&["install", "--dir", "bin"]);
    run(&["install", "--dir", "bin"]);
    run(&["uninstall"]);
    assert_same(&home.picture(), &before, "another name");
}

#[test]
fn quiet_is_quiet_and_the_shim_is_renewed() {
    let home = Home::furnished();
    assert_eq!(home.done(&["install", "--quiet"]), "");
    let go = home.at(".local/share/gomend/shims/go");
    fs::remove_file(&go).unwrap();
    fs::write(&go, "GOMEND_GUARD of an older version").unwrap();
    home.done(&["install", "--quiet"]);
    assert!(fs::metadata(&go).unwrap().permissions().mode() & 0o111 != 0);
    assert!(fs::metadata(&go).unwrap().len() > 1000);
    assert_eq!(home.done(&["uninstall", "--quiet"]), "");
}

/// A user's whole way: install, a fetch that fails and is explained in a new shell, a fix, undo,
/// the fix once more, and `uninstall --yes`, after which HOME is what it was.
#[test]
fn from_install_to_uninstall_with_a_fix_in_between() {
    const SKIPPED: &[&str] = &["go", ".cache", "app/go.sum"]; // what go itself writes
    let mut desk = Desk::new("private-via-proxy");
    desk.scene.path.remove(0);
    let home = desk.scene.world.outside("home");
    let bin = goroot(LATEST).join("bin");
    let profile = format!("export PATH=\"{}:$PATH\"\n", bin.display());
    fs::write(home.join(".profile"), &profile).unwrap();
    fs::write(home.join(".bashrc"), "# mine").unwrap();
    fs::write(home.join(".zprofile"), &profile).unwrap();
    let before = picture(&home, SKIPPED);
    // the scene's PATH has only what its command needs
    let run = |words: &[&str]| {
        let program = which::which(words[0]).unwrap();
        let words = [&[program.to_str().unwrap()], &words[1..]].concat();
        desk.scene.run(&words).unwrap()
    };
    let gomend = env!("CARGO_BIN_EXE_gomend");
    let installed = run(&[gomend, "install"]);
    assert_eq!(installed.status.code(), Some(0), "{}", installed.text());

    for shell in ["bash", "zsh"] {
        let failed = run(&[shell, "-lc", "go mod download"]);
        assert_ne!(failed.status.code(), Some(0), "{shell}: {}", failed.text());
        assert_eq!(
            desk.report()["cause"],
            "private-via-proxy",
            "{shell}: {}",
            failed.text()
        );
        fs::remove_file(desk.scene.world.outside("report.json")).unwrap();
    }
    let fixed = run(&[gomend, "fix", "goprivate", "--yes"]);
    assert_eq!(fixed.status.code(), Some(0), "{}", fixed.text());
    let works = run(&["bash", "-lc", "go mod download"]);
    assert_eq!(works.status.code(), Some(0), "{}", works.text());
    desk.forget();
    let undone = run(&[gomend, "undo"]);
    assert_eq!(undone.status.code(), Some(0), "{}", undone.text());
    assert_ne!(
        run(&["bash", "-lc", "go mod download"]).status.code(),
        Some(0)
    );
    let fixed = run(&[gomend, "fix", "goprivate", "--yes"]);
    assert_eq!(fixed.status.code(), Some(0), "{}", fixed.text());

    let refused = run(&[gomend, "uninstall"]);
    assert_eq!(refused.status.code(), Some(1), "{}", refused.text());
    assert!(
        refused.text().contains("one fix is applied"),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("--yes"), "{}", refused.text());
    let gone = run(&[gomend, "uninstall", "--yes"]);
    assert_eq!(gone.status.code(), Some(0), "{}", gone.text());
    desk.forget();
    assert_same(&picture(&home, SKIPPED), &before, "HOME");
}

/// At a terminal it asks: Enter leaves everything, `k` keeps the fixes, `u` undoes them.
#[test]
fn at_a_terminal_uninstall_asks_what_becomes_of_fixes() {
    let desk = Desk::new("private-via-proxy");
    let gomend = env!("CARGO_BIN_EXE_gomend");
    let home = desk.scene.world.outside("home");
    let env = home.join(".config/go/env");
    assert_ne!(desk.go().status.code(), Some(0));
    let fix = || {
        let fixed = desk.gomend(&["fix", "goprivate", "--yes"]);
        assert_eq!(fixed.status.code(), Some(0), "{}", fixed.text());
        let installed = desk
            .scene
            .run(&[gomend, "install", "--shell", "bash"])
            .unwrap();
        assert_eq!(installed.status.code(), Some(0), "{}", installed.text());
        fs::read_to_string(&env).unwrap()
    };
    let press = |key: &str| {
        let mut screen = on_terminal(&desk.scene, &[gomend, "uninstall"]);
        screen.wait_for("not now");
        screen.press(key);
        screen.end()
    };
    let fixed = fix();
    let (code, said) = press("\r");
    assert_eq!(code, How::Code(0), "{said}");
    assert!(
        home.join(".bashrc").exists() && said.contains("one fix is applied:"),
        "{said}"
    );
    let (code, said) = press("\x03");
    assert_eq!(code, How::Code(130), "{said}");
    let (code, said) = press("k");
    assert_eq!(code, How::Code(0), "{said}");
    assert_eq!(fs::read_to_string(&env).unwrap(), fixed);
    assert!(!home.join(".bashrc").exists() && !home.join(".local/state/gomend").exists());
    // once more, with a fix that can be undone
    fs::remove_file(&env).unwrap();
    desk.forget();
    assert_ne!(desk.go().status.code(), Some(0));
    fix();
    let (code, said) = press("u");
    assert_eq!(code, How::Code(0), "{said}");
    assert!(!env.exists() && !home.join(".bashrc").exists(), "{said}");
}

/// What a fix wrote and somebody changed since can't be undone: it is said, and the journal stays.
#[test]
fn a_fix_that_can_not_be_undone_is_named_and_stays() {
    let desk = Desk::new("private-via-proxy");
    let gomend = env!("CARGO_BIN_EXE_gomend");
    let home = desk.scene.world.outside("home");
    assert_ne!(desk.go().status.code(), Some(0));
    let fixed = desk.gomend(&["fix", "goprivate", "--yes"]);
    assert_eq!(fixed.status.code(), Some(0), "{}", fixed.text());
    let run = |words: &[&str]| desk.scene.run(&[&[gomend], words].concat()).unwrap();
    assert!(run(&["install", "--shell", "bash"]).status.success());
    let env = home.join(".config/go/env");
    fs::write(&env, "GOPRIVATE=mine\n").unwrap();
    let gone = run(&["uninstall", "--yes"]);
    assert_eq!(gone.status.code(), Some(1), "{}", gone.text());
    assert!(gone.text().contains("fix 1 ("), "{}", gone.text());
    assert!(
        gone.text().contains("~/.local/state/gomend/journal"),
        "{}",
        gone.text()
    );
    assert_eq!(fs::read_to_string(&env).unwrap(), "GOPRIVATE=mine\n");
    assert!(home.join(".local/state/gomend/journal").is_dir());
    assert!(!home.join(".bashrc").exists() && !home.join(".local/share/gomend").exists());
}

/// What an installation that was killed leaves beside the files goes with the rest.
#[test]
fn leftovers_of_a_killed_installation_go() {
    let home = Home::furnished();
    let before = home.picture();
    home.done(&["install"]);
    home.write("..bashrc.gomend-4242", "half");
    home.write(".local/share/gomend/shims/go.new123", "half");
    home.done(&["uninstall"]);
    assert_same(&home.picture(), &before, "HOME");
}

/// A start-up file that a fix had changed before: gomend's own lines don't stand in the undo's way.
#[test]
fn a_fix_in_a_start_up_file_is_undone_through_the_lines() {
    let desk = Desk::new("proxy-down");
    let gomend = env!("CARGO_BIN_EXE_gomend");
    let home = desk.scene.world.outside("home");
    let before = fs::read(home.join(".profile")).unwrap();
    assert_ne!(desk.go().status.code(), Some(0));
    let (how, text) = agree(&desk, "proxy-unset");
    assert_eq!(how, How::Code(0), "{text}");
    let run = |words: &[&str]| desk.scene.run(words).unwrap();
    let installed = run(&[gomend, "install", "--shell", "bash"]);
    assert_eq!(installed.status.code(), Some(0), "{}", installed.text());
    let gone = run(&[gomend, "uninstall", "--yes"]);
    assert_eq!(gone.status.code(), Some(0), "{}", gone.text());
    assert_eq!(fs::read(home.join(".profile")).unwrap(), before);
    assert!(!home.join(".bashrc").exists());
}

/// The commands in docs/install.md, run as they stand there.
#[test]
fn documented_lines_work() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/install.md")).unwrap();
    let block = |mark: &str| -> String {
        let rest = text
            .split_once(mark)
            .unwrap_or_else(|| panic!("no {mark}"))
            .1;
        rest.split_once("```").unwrap().0.to_owned()
    };
    let home = Home::new();
    let prefix = home.outside("usr/local");
    fs::create_dir_all(prefix.join("bin")).unwrap();
    let copied = Command::new("cp")
        .arg(env!("CARGO_BIN_EXE_gomend"))
        .arg(prefix.join("bin/gomend"))
        .status()
        .unwrap();
    assert!(copied.success());
    // Dockerfile: RUN lines are sh's, ENV lines are for the lines after them
    let mut path = format!(
        "{}:{}",
        prefix.join("bin").display(),
        home.path.to_str().unwrap()
    );
    let real = |line: &str| line.replace("/usr/local", prefix.to_str().unwrap());
    let (mut ran, mut version) = (0, String::new());
    for line in block("```dockerfile\n").lines() {
        if let Some(run) = line.strip_prefix("RUN ") {
            let ended = home
                .command("sh")
                .args(["-euc", &real(run)])
                .env("PATH", &path)
                .output()
                .unwrap();
            assert!(ended.status.success(), "{line}: {ended:?}");
            ran += 1;
            version = String::from_utf8(ended.stdout).unwrap();
        } else if let Some(value) = line.strip_prefix("ENV PATH=") {
            path = real(value).replace("$PATH", &path);
        }
    }
    assert!(ran >= 2, "{text}");
    assert!(version.contains("go version go"), "{version}");
    let found = home
        .command("sh")
        .args(["-c", "command -v go"])
        .env("PATH", &path)
        .output()
        .unwrap();
    let shim = prefix.join("gomend/go");
    assert_eq!(
        String::from_utf8(found.stdout).unwrap().trim(),
        shim.to_str().unwrap()
    );
    // GitHub Actions: a step's lines, and a file that the next step's PATH is made of
    let added = home.write("github_path", "");
    let temp = home.outside("runner temp");
    fs::create_dir(&temp).unwrap();
    let yaml = block("with gomend installed already:\n\n```yaml\n");
    let step = yaml.split_once("run: |\n").unwrap().1;
    let lines: Vec<&str> = step
        .lines()
        .take_while(|line| line.starts_with("          "))
        .map(str::trim)
        .collect();
    let ended = home
        .command("bash")
        .args([
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            &lines.join("\n"),
        ])
        .env("GITHUB_PATH", &added)
        .env("RUNNER_TEMP", &temp)
        .output()
        .unwrap();
    assert!(ended.status.success(), "{lines:?}: {ended:?}");
    let folder = home.read("github_path");
    assert!(Path::new(folder.trim()).join("go").is_file(), "{folder}");
}
