//! What does not help is never called proven, what cannot be written leaves everything as it
//! was, and a secret is seen by nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use gomend::lab::Scene;
use gomend::lab::places::GIT_CORP;
use gomend::lab::serve::git::Access;
use gomend::lab::town;

use crate::fix::{Desk, on_terminal};
use crate::support::How;

const TOKEN: &str = "correct-horse";

/// The proposals of `gomend fix --json`, after they were tried.
fn tried(desk: &Desk) -> Vec<serde_json::Value> {
    assert!(!desk.go().status.success());
    let outcome = desk.gomend(&["fix", "--json", "--quiet"]);
    let fixes: serde_json::Value = serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.text()));
    fixes.as_array().unwrap().clone()
}

fn standing(fixes: &[serde_json::Value], id: &str) -> serde_json::Value {
    let fix = fixes.iter().find(|fix| fix["id"] == id);
    fix.unwrap_or_else(|| panic!("no {id} in {fixes:#?}"))["verified"].clone()
}

#[test]
fn a_key_that_the_forge_does_not_publish_is_not_trusted() {
    // the laboratory's forge has a key of its own
    let desk = Desk::new("ssh-host-key-unknown");
    let fixes = tried(&desk);
    assert_eq!(standing(&fixes, "known-host"), serde_json::Value::Null);
    let before = desk.picture();
    let outcome = desk.gomend(&["fix", "known-host", "--yes"]);
    assert_ne!(outcome.status.code(), Some(0));
    assert_eq!(desk.picture(), before);
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", "known-host"]);
    screen.wait_for("do it");
    screen.press("y");
    screen.wait_for("not written, it does not work");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    assert_eq!(desk.picture(), before);
}

#[test]
fn a_changed_host_key_is_a_stop() {
    let desk = Desk::new("ssh-host-key-changed");
    let fixes = tried(&desk);
    let stop = fixes
        .iter()
        .find(|fix| fix["title"].as_str().unwrap().starts_with("Stop"));
    let stop = stop.unwrap_or_else(|| panic!("{fixes:#?}"));
    assert_eq!(stop["scope"], "manual");
    assert_eq!(stop["risk"], "high");
    assert!(!fixes.iter().any(|fix| fix["id"] == "known-host"));
}

#[test]
fn dead_mirrors_are_not_offered_as_proven() {
    let desk = Desk::new("tcp-unanswered");
    let fixes = tried(&desk);
    assert_ne!(standing(&fixes, "mirror"), true);
}

#[test]
fn a_variable_that_hides_the_setting_is_named() {
    let desk = Desk::changed("private-via-proxy", |scene| {
        scene.env("GOPRIVATE", "other.example");
    });
    let fixes = tried(&desk);
    let fix = fixes.iter().find(|fix| fix["id"] == "goprivate").unwrap();
    assert_eq!(fix["scope"], "manual");
    assert_ne!(fix["verified"], true);
    let commands = fix["commands"].to_string();
    assert!(
        commands.contains("hides") && commands.contains("export GOPRIVATE="),
        "{commands}"
    );
    assert!(!commands.contains("go env -w GOPRIVATE="), "{commands}");
}

#[test]
fn a_wrong_token_is_not_stored() {
    let desk = Desk::new("https-no-credentials");
    assert!(!desk.go().status.success());
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", "store-credentials"]);
    screen.wait_for("do it");
    screen.press("y");
    screen.wait_for("User name");
    screen.press("\r");
    screen.wait_for("Token or password");
    screen.type_unseen("wrong-token-7f3");
    screen.wait_for("not stored, it does not work");
    screen.wait_for("do it");
    screen.press("\r");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    assert!(!text.contains("wrong-token-7f3"), "{text}");
    assert_eq!(desk.picture(), before);
    assert_eq!(
        desk.holders("wrong-token-7f3"),
        Vec::<std::path::PathBuf>::new()
    );
}

/// The private module's repository wants a login, too.
fn closed(scene: &mut Scene) {
    let site = town::forge(scene, GIT_CORP, Access::Only("dev", TOKEN));
    scene.host(GIT_CORP).site = site;
}

#[test]
fn two_changes_where_one_is_not_enough() {
    let desk = Desk::changed("private-via-proxy", closed);
    let fixes = tried(&desk);
    assert_eq!(standing(&fixes, "goprivate"), false);
    assert_eq!(
        fixes[0]["id"], "goprivate-and-store-credentials",
        "{fixes:#?}"
    );
    let before = desk.picture();
    // a git that notes what everybody on this machine can see of it
    let log = desk.scene.world.inside("tmp/seen");
    let git = which::which("git").unwrap();
    let script = format!(
        "#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >> {}\nexec {} \"$@\"\n",
        log.display(),
        git.display()
    );
    let own = desk.scene.world.outside("bin/git");
    fs::remove_file(&own).unwrap();
    fs::write(&own, script).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix"]);
    for (text, keys) in [("not now", "1"), ("do it", "y"), ("User name", "\r")] {
        screen.wait_for(text);
        screen.press(keys);
    }
    screen.wait_for("Token or password");
    screen.type_unseen("correct-horse");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(0), "{text}");
    assert!(
        text.contains("gomend: done: Mark git.corp.example/team as private"),
        "{text}"
    );
    desk.forget();
    assert!(desk.go().status.success());
    assert!(
        fs::metadata(desk.scene.world.outside("tmp/seen"))
            .unwrap()
            .len()
            > 0
    );
    assert_eq!(desk.holders(TOKEN), [std::path::Path::new("home/.netrc")]);
    let undone = desk.gomend(&["undo"]);
    assert!(undone.status.success(), "{}", undone.text());
    let mut after = desk.picture();
    after.remove(std::path::Path::new("app/go.sum")); // go's own
    assert_eq!(after, before);
}

#[test]
fn the_menu_follows_the_diagnosis_and_runs_the_command_again() {
    let mut desk = Desk::new("private-via-proxy");
    desk.scene
        .environment
        .remove(std::ffi::OsStr::new("GOMEND_REPORT"));
    let mut screen = on_terminal(&desk.scene, &["go", "mod", "download"]);
    screen.wait_for("tried: it works");
    screen.wait_for("not now");
    screen.press("1");
    screen.wait_for("go env -w GOPRIVATE=git.corp.example/team");
    screen.wait_for("do it");
    screen.press("y");
    screen.wait_for("run `go mod download` again?");
    screen.press("r");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "go's own exit code stands: {text}");
    assert!(
        desk.scene
            .world
            .outside("home/go/pkg/mod/git.corp.example/team/lib@v1.2.3")
            .is_dir(),
        "{text}"
    );
}

#[test]
fn the_menu_speaks_chinese_with_the_same_keys() {
    let mut desk = Desk::changed("private-via-proxy", |scene| {
        scene.env("LC_ALL", "zh_CN.UTF-8");
    });
    desk.scene
        .environment
        .remove(std::ffi::OsStr::new("GOMEND_REPORT"));
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["go", "mod", "download"]);
    screen.wait_for("正在尝试，最多 5 秒：把 git.corp.example/team 标记为私有");
    screen.wait_for("现在可以这样处理：");
    screen.wait_for("1  把 git.corp.example/team 标记为私有（试过有效）");
    screen.wait_for("?  查看详情");
    screen.wait_for("Enter  暂不处理");
    screen.press("?");
    screen.wait_for("[goprivate]");
    screen.wait_for("之后 go 直接从仓库获取");
    screen.press("x");
    screen.wait_for("没有这个按键；按 Enter 暂不处理");
    screen.press("1");
    screen.wait_for("go env -w GOPRIVATE=git.corp.example/team");
    screen.wait_for("y  执行    Enter  取消");
    screen.press("y");
    screen.wait_for("已完成：把 git.corp.example/team 标记为私有；`gomend undo 1` 可以撤销");
    screen.wait_for("再次运行 `go mod download`？");
    screen.press("\r");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    let wide: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("    "))
        .filter(|line| console::measure_text_width(line) > 80)
        .collect();
    assert_eq!(wide, [""; 0]);
    let undone = desk.gomend(&["undo"]);
    assert!(undone.status.success(), "{}", undone.text());
    assert_eq!(desk.picture(), before);
}

#[test]
fn enter_means_not_now() {
    let mut desk = Desk::new("private-via-proxy");
    desk.scene
        .environment
        .remove(std::ffi::OsStr::new("GOMEND_REPORT"));
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["go", "mod", "download"]);
    screen.wait_for("not now");
    screen.press("\r");
    let (how, _) = screen.end();
    assert_eq!(how, How::Code(1));
    assert_eq!(desk.picture(), before);
}

#[test]
fn nothing_is_asked_below_a_script() {
    let mut desk = Desk::new("private-via-proxy");
    desk.scene
        .environment
        .remove(std::ffi::OsStr::new("GOMEND_REPORT"));
    // `;` keeps the shell in between: it leads the group, not the shim
    let mut screen = on_terminal(&desk.scene, &["sh", "-c", "go mod download; echo ended $?"]);
    screen.wait_for("ended 1");
    let (_, text) = screen.end();
    assert!(!text.contains("what can be done now"), "{text}");
}

#[test]
fn a_full_disk_and_a_read_only_home_change_nothing() {
    let desk = Desk::new("private-via-proxy");
    assert!(!desk.go().status.success());
    let config = desk.scene.world.outside("home/.config/go");
    fs::create_dir_all(&config).unwrap();
    fs::set_permissions(&config, fs::Permissions::from_mode(0o555)).unwrap();
    let before = desk.picture();
    let outcome = desk.gomend(&["fix", "goprivate", "--yes", "--quiet"]);
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(1), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.contains("can't write") && text.contains("Permission denied"),
        "{text}"
    );
    assert_eq!(desk.picture(), before);
    fs::set_permissions(&config, fs::Permissions::from_mode(0o755)).unwrap();
    let before = desk.picture();

    // the journal's disk is full: nothing is even begun
    let inside = desk.scene.world.inside("home/.local/state/gomend/journal");
    fs::create_dir_all(desk.scene.world.outside("home/.local/state/gomend/journal")).unwrap();
    desk.scene
        .world
        .network("mount a small disk")
        .unwrap()
        .memory(&inside, 4096)
        .unwrap();
    let outcome = desk
        .scene
        .run(&[
            "sh",
            "-c",
            "cat /dev/zero > ~/.local/state/gomend/journal/filler",
        ])
        .unwrap();
    assert!(!outcome.status.success());
    let outcome = desk.gomend(&["fix", "goprivate", "--yes", "--quiet"]);
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(1), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("No space left"), "{text}");
    assert_eq!(desk.picture(), before);
}

/// What a person compares stands there, and not the certificate's letters; they come on demand.
#[test]
fn a_certificate_is_shown_by_what_it_says() {
    let desk = Desk::new("tls-private-ca");
    assert!(!desk.go().status.success());
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", "trust-ca"]);
    screen.wait_for("every line");
    let first = screen.screen();
    // wrapped anywhere
    let text = first.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "CN=Corp Internal",
        "It was issued by",
        "is valid from 20",
        "SHA-256",
    ] {
        assert!(text.contains(words), "{words}: {first}");
    }
    assert!(!first.contains("BEGIN CERTIFICATE"), "{first}");
    screen.press("?");
    screen.wait_for("-----BEGIN CERTIFICATE-----");
    screen.wait_for("do it");
    screen.press("\x1b");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    assert_eq!(desk.picture(), before);
}

#[test]
fn q_and_escape_leave_the_menu() {
    let desk = Desk::new("goproxy-off");
    assert!(!desk.go().status.success());
    let before = desk.picture();
    for keys in [&["q"][..], &["\x1b"], &["1", "q"], &["1", "\x1b"]] {
        let mut screen = on_terminal(&desk.scene, &["gomend", "fix"]);
        for (at, key) in keys.iter().enumerate() {
            screen.wait_for(["not now", "do it"][at]);
            screen.press(key);
        }
        let (how, text) = screen.end();
        assert_eq!(how, How::Code(1), "{text}");
        assert_eq!(text.matches("what can be done now").count(), 1, "{text}");
    }
    assert_eq!(desk.picture(), before);
}
