//! What does not help is never called proven, what cannot be written leaves everything as it
//! was, and a secret is seen by nobody.

use std::fs;

use gomend::lab::Scene;
use gomend::lab::places::GIT_CORP;
use gomend::lab::serve::git::Access;
use gomend::lab::town;
use serde_json::Value;

use crate::fix::{Desk, on_terminal};
use crate::support::How;
use crate::support::scene::{Ending, Furnish, ids, of};

const TOKEN: &str = "correct-horse";

#[test]
fn a_key_that_the_forge_does_not_publish_is_not_trusted() {
    // the laboratory's forge has a key of its own
    let desk = Desk::failed("ssh-host-key-unknown");
    assert_eq!(of(&desk.tried(), "known-host")["verified"], Value::Null);
    let before = desk.picture();
    let outcome = desk.gomend(&["fix", "known-host", "--yes"]);
    assert_ne!(outcome.status.code(), Some(0));
    assert_eq!(desk.picture(), before);
    let mut screen = desk.menu(&["known-host"]);
    screen.answer(&[("do it", "y")]);
    screen.wait_for("not written, it does not work");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    assert_eq!(desk.picture(), before);
}

#[test]
fn a_changed_host_key_is_a_stop() {
    let desk = Desk::failed("ssh-host-key-changed");
    let fixes = desk.tried();
    let stop = fixes
        .as_array()
        .unwrap()
        .iter()
        .find(|fix| fix["title"].as_str().unwrap().starts_with("Stop"));
    let stop = stop.unwrap_or_else(|| panic!("{fixes:#}"));
    assert_eq!(stop["scope"], "manual");
    assert_eq!(stop["risk"], "high");
    assert!(!ids(&fixes).contains(&"known-host"));
}

#[test]
fn dead_mirrors_are_not_offered_as_proven() {
    let desk = Desk::failed("tcp-unanswered");
    assert_ne!(of(&desk.tried(), "mirror")["verified"], true);
}

#[test]
fn a_variable_that_hides_the_setting_is_named() {
    let desk = Desk::failed_and_changed("private-via-proxy", |scene| {
        scene.env("GOPRIVATE", "other.example");
    });
    let fixes = desk.tried();
    let fix = of(&fixes, "goprivate");
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
    let desk = Desk::failed("https-no-credentials");
    let before = desk.picture();
    let mut screen = desk.menu(&["store-credentials"]);
    screen.answer(&[("do it", "y"), ("User name", "\r")]);
    screen.wait_for("Token or password");
    screen.type_unseen("wrong-token-7f3");
    screen.wait_for("not stored, it does not work");
    screen.answer(&[("do it", "\r")]);
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
    let desk = Desk::failed_and_changed("private-via-proxy", closed);
    let fixes = desk.tried();
    assert_eq!(of(&fixes, "goprivate")["verified"], false);
    assert_eq!(ids(&fixes)[0], "goprivate-and-store-credentials");
    let before = desk.picture();
    // a git that notes what everybody on this machine can see of it
    let log = desk.scene.world.inside("tmp/seen");
    let git = which::which("git").unwrap();
    let script = format!(
        "#!/bin/sh\ncat /proc/$$/cmdline /proc/$$/environ >> {}\nexec {} \"$@\"\n",
        log.display(),
        git.display()
    );
    fs::remove_file(desk.scene.world.outside("bin/git")).unwrap();
    desk.scene.put_program("bin/git", script);
    let mut screen = desk.menu(&[]);
    screen.answer(&[("not now", "1"), ("do it", "y"), ("User name", "\r")]);
    screen.wait_for("Token or password");
    screen.type_unseen("correct-horse");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(0), "{text}");
    assert!(
        text.contains("gomend: done: Mark git.corp.example/team as private"),
        "{text}"
    );
    desk.forget();
    desk.go().succeeded();
    let seen = fs::metadata(desk.scene.world.outside("tmp/seen"));
    assert!(seen.unwrap().len() > 0);
    assert_eq!(desk.holders(TOKEN), [std::path::Path::new("home/.netrc")]);
    desk.gomend(&["undo"]).succeeded();
    let mut after = desk.picture();
    after.remove(std::path::Path::new("app/go.sum")); // go's own
    assert_eq!(after, before);
}

#[test]
fn the_menu_follows_the_diagnosis_and_runs_the_command_again() {
    let desk = Desk::new("private-via-proxy").without_report();
    let mut screen = on_terminal(&desk.scene, &["go", "mod", "download"]);
    screen.wait_for("tried: it works");
    screen.answer(&[("not now", "1")]);
    screen.wait_for("go env -w GOPRIVATE=git.corp.example/team");
    screen.answer(&[("do it", "y"), ("run `go mod download` again?", "r")]);
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "go's own exit code stands: {text}");
    let fetched = "home/go/pkg/mod/git.corp.example/team/lib@v1.2.3";
    assert!(desk.scene.world.outside(fetched).is_dir(), "{text}");
}

#[test]
fn the_menu_speaks_chinese_with_the_same_keys() {
    let desk = Desk::changed("private-via-proxy", |scene| {
        scene.env("LC_ALL", "zh_CN.UTF-8");
    });
    let desk = desk.without_report();
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["go", "mod", "download"]);
    screen.wait_for("正在尝试，最多 5 秒：把 git.corp.example/team 标记为私有");
    screen.wait_for("现在可以这样处理：");
    screen.wait_for("1  把 git.corp.example/team 标记为私有（试过有效）");
    screen.wait_for("?  查看详情");
    screen.answer(&[("Enter  暂不处理", "?")]);
    screen.wait_for("[goprivate]");
    screen.answer(&[
        ("之后 go 直接从仓库获取", "x"),
        ("没有这个按键；按 Enter 暂不处理", "1"),
    ]);
    screen.wait_for("go env -w GOPRIVATE=git.corp.example/team");
    screen.answer(&[("y  执行    Enter  取消", "y")]);
    screen.wait_for("已完成：把 git.corp.example/team 标记为私有；`gomend undo 1` 可以撤销");
    screen.answer(&[("再次运行 `go mod download`？", "\r")]);
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    let wide: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("    "))
        .filter(|line| console::measure_text_width(line) > 80)
        .collect();
    assert_eq!(wide, [""; 0]);
    desk.gomend(&["undo"]).succeeded();
    assert_eq!(desk.picture(), before);
}

#[test]
fn enter_means_not_now() {
    let desk = Desk::new("private-via-proxy").without_report();
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["go", "mod", "download"]);
    screen.answer(&[("not now", "\r")]);
    let (how, _) = screen.end();
    assert_eq!(how, How::Code(1));
    assert_eq!(desk.picture(), before);
}

#[test]
fn nothing_is_asked_below_a_script() {
    let desk = Desk::new("private-via-proxy").without_report();
    // `;` keeps the shell in between: it leads the group, not the shim
    let mut screen = on_terminal(&desk.scene, &["sh", "-c", "go mod download; echo ended $?"]);
    screen.wait_for("ended 1");
    let (_, text) = screen.end();
    assert!(!text.contains("what can be done now"), "{text}");
}

#[test]
fn a_full_disk_and_a_read_only_home_change_nothing() {
    let desk = Desk::failed("private-via-proxy");
    let refused = |words: &[&str]| {
        let before = desk.picture();
        let outcome = desk.gomend(&["fix", "goprivate", "--yes", "--quiet"]);
        let text = outcome.text();
        assert_eq!(outcome.status.code(), Some(1), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert_eq!(desk.picture(), before);
    };
    desk.scene.mode("home/.config/go", 0o555);
    refused(&["can't write", "Permission denied"]);
    desk.scene.mode("home/.config/go", 0o755);

    // the journal's disk is full: nothing is even begun
    let world = &desk.scene.world;
    world
        .small_disk("home/.local/state/gomend/journal")
        .unwrap();
    let fill = "cat /dev/zero > ~/.local/state/gomend/journal/filler";
    desk.scene.run(&["sh", "-c", fill]).unwrap().failed();
    refused(&["No space left"]);
}

/// What a person compares stands there, and not the certificate's letters; they come on demand.
#[test]
fn a_certificate_is_shown_by_what_it_says() {
    let desk = Desk::failed("tls-private-ca");
    let before = desk.picture();
    let mut screen = desk.menu(&["trust-ca"]);
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
    screen.answer(&[("do it", "\x1b")]);
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    assert_eq!(desk.picture(), before);
}

#[test]
fn q_and_escape_leave_the_menu() {
    let desk = Desk::failed("goproxy-off");
    let before = desk.picture();
    for keys in [&["q"][..], &["\x1b"], &["1", "q"], &["1", "\x1b"]] {
        let mut screen = desk.menu(&[]);
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
