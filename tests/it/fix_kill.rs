//! `kill -9` at every step of the real program that reaches the disk, while it changes several
//! files or takes the change back: strace(1) sends the signal as the step is about to be made.
//! Whatever was reached, nothing is half and nothing is lost.
//!
//! Power cuts are not covered: what the disk itself reorders between two `fsync`s.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::ExitStatusExt;

use gomend::lab::Outcome;
use gomend::lab::town::LIB;

use crate::fix::{Desk, LOGIN, Picture};
use crate::support::scene::{Ending, Furnish};

/// A test for each way of reaching the disk, or of waiting for it: strace's names, `?` where only some
/// architectures have them. Every system uses one of each row.
macro_rules! each_step {
    ($kills:path) => {
        each_step!($kills, mkdir ["?mkdir", "mkdirat"], rename ["?rename", "renameat", "renameat2"],
            unlink ["?unlink", "unlinkat", "?rmdir"], write ["write"], fsync ["fsync"],
            mode ["fchmod", "?chmod"], lock ["flock"]);
    };
    ($kills:path, $($name:ident $calls:expr),*) => {
        $(#[test]
        fn $name() {
            $kills(&$calls);
        })*
    };
}

mod a_kill_at_any_step_of_a_fix_leaves_it_whole_or_undone {
    each_step!(super::kills_a_fix);
}

mod a_kill_at_any_step_of_undo_loses_nothing {
    each_step!(super::kills_undo);
}

/// A change of two files, one of them behind a link, that is proven and needs nobody.
const FIX: &[&str] = &["fix", "proxy-value", "--yes", "--quiet"];

/// A proxy that is set wrongly in two start-up files; the module is a private one, of which a trial
/// tells its own host alone.
fn desk() -> Desk {
    Desk::failed_and_changed("proxy-scheme", |scene| {
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        scene.app(&[&LIB]).unwrap();
        let wrong = scene.environment[OsStr::new("HTTPS_PROXY")].clone();
        let line = format!("alias ll='ls -l'\nexport https_proxy={}", wrong.display());
        scene.put("home/dotfiles/bashrc", line);
        let name = scene.world.outside("home/.bashrc");
        std::os::unix::fs::symlink("dotfiles/bashrc", name).unwrap();
        scene.env("https_proxy", wrong);
    })
}

/// Runs gomend and kills it as its main thread is about to make this step, counted from 1.
fn killed(desk: &Desk, (call, nth): (&str, usize), args: &[&str]) -> Outcome {
    let strace = which::which("strace").expect("tests/setup brings strace");
    let watched = format!("trace={call}");
    let kill = format!("inject={call}:signal=KILL:when={nth}");
    let words = [
        strace.to_str().unwrap(),
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &watched,
        "-e",
        &kill,
        "gomend",
    ];
    desk.scene.run(&[LOGIN, &words, args].concat()).unwrap()
}

fn was_killed(outcome: &Outcome) -> bool {
    outcome.status.signal() == Some(9)
}

/// The state of the newest entry; empty if there is none.
fn state(desk: &Desk) -> String {
    let entries = desk.gomend(&["history", "--json"]).json();
    entries[0]["state"].as_str().unwrap_or_default().to_owned()
}

/// Every file is as before or as after, but for new content that lies beside its place; all of them, where the
/// journal's newest entry is not begun only. The state of that.
fn assert_whole(desk: &Desk, before: &Picture, after: &Picture, at: &str) -> String {
    let (state, now) = (state(desk), desk.picture());
    for (path, file) in &now {
        let is_staged = path.to_string_lossy().contains(".gomend-");
        assert!(
            is_staged || before.get(path) == Some(file) || after.get(path) == Some(file),
            "{at}, {state}: {} is {:?}",
            path.display(),
            String::from_utf8_lossy(&file.1)
        );
    }
    for path in before.keys() {
        assert!(now.contains_key(path), "{at}: {} is gone", path.display());
    }
    match state.as_str() {
        "applied" => assert_eq!(&now, after, "{at}"),
        "pending" | "undoing" => {}
        _ => assert_eq!(&now, before, "{at}, {state}"),
    }
    state
}

/// Takes back what there is; the journal may say that there is nothing.
fn undo(desk: &Desk, before: &Picture, at: &str) {
    let outcome = desk.gomend(&["undo"]);
    let text = outcome.text();
    assert!(
        outcome.status.success() || text.contains("nothing that could be undone"),
        "{at}: {text}"
    );
    assert_eq!(&desk.picture(), before, "{at}");
}

/// Kills a fix at each of these calls, the first one, the second one and so on until it gets through.
fn kills_a_fix(calls: &[&str]) {
    let desk = desk();
    let before = desk.picture();
    desk.gomend(FIX).succeeded();
    let after = desk.picture();
    let changed = after
        .iter()
        .filter(|(path, file)| before.get(*path) != Some(file));
    assert_eq!(changed.count(), 2);
    undo(&desk, &before, "at first");
    let mut reached: BTreeMap<String, usize> = BTreeMap::new();
    for &call in calls {
        // most are of the trial's own folder, as it is removed
        for nth in (1..20).chain((20..).step_by(7)) {
            let outcome = killed(&desk, (call, nth), FIX);
            let at = format!("killed at {call} {nth}");
            let state = assert_whole(&desk, &before, &after, &at);
            assert_ne!(state, "undoing", "{at}");
            if !was_killed(&outcome) {
                assert!(outcome.status.success(), "{at}: {}", outcome.text());
                assert_eq!(state, "applied");
                undo(&desk, &before, &at);
                break;
            }
            if nth % 2 == 0 {
                // takes back what was begun first, and never builds on it
                let again = desk.gomend(FIX);
                let now = desk.picture();
                assert!(now == before || now == after, "{at}: {}", again.text());
            }
            undo(&desk, &before, &at);
            *reached.entry(state).or_default() += 1;
        }
    }
    assert_reached(calls, "pending", &reached);
}

/// Kills undo at each of these calls, the first one, the second one and so on until it gets through.
fn kills_undo(calls: &[&str]) {
    let desk = desk();
    let before = desk.picture();
    let home = desk.scene.world.outside("home");
    desk.gomend(FIX).succeeded();
    let after = desk.picture();
    // each round begins with the change made and its entry in the journal
    let kept = tempfile::tempdir().unwrap();
    copy(&home, kept.path());
    let mut reached: BTreeMap<String, usize> = BTreeMap::new();
    for &call in calls {
        for nth in 1.. {
            let outcome = killed(&desk, (call, nth), &["undo"]);
            let at = format!("undo killed at {call} {nth}");
            let state = assert_whole(&desk, &before, &after, &at);
            let known = ["applied", "undoing", "undone"];
            assert!(known.contains(&state.as_str()), "{at}: {state}");
            undo(&desk, &before, &at);
            crate::fix::remove(&home);
            fs::create_dir(&home).unwrap();
            copy(kept.path(), &home);
            assert_eq!(desk.picture(), after, "{at}, and put back");
            if !was_killed(&outcome) {
                assert!(outcome.status.success(), "{at}: {}", outcome.text());
                break;
            }
            *reached.entry(state).or_default() += 1;
        }
    }
    assert_reached(calls, "undoing", &reached);
}

/// Something was killed, and what makes a change was killed in the midst of it.
#[track_caller]
fn assert_reached(calls: &[&str], state: &str, reached: &BTreeMap<String, usize>) {
    let changes = ["write", "fsync", "fchmod", "renameat"];
    let in_the_midst =
        !changes.iter().any(|call| calls.contains(call)) || reached.contains_key(state);
    assert!(
        !reached.is_empty() && in_the_midst,
        "{calls:?}: {reached:?}"
    );
}

/// Copies what is in a directory, with links and modes.
fn copy(from: &std::path::Path, to: &std::path::Path) {
    let mut cp = std::process::Command::new("cp");
    let status = cp.arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}
