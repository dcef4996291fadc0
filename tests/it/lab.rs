//! The laboratory is honest: a healthy scene lacks nothing; nothing stays behind. That every fault makes the real
//! go fail, with the words that the table promises, is tried where it is diagnosed: `verdict.rs`.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use gomend::lab::places::{GIT_CORP, PUBLIC_RESOLVERS};
use gomend::lab::town::{LIB, TOOLS, WIDGET};
use gomend::lab::{FAULTS, Scene};

use crate::support::scene::{Ending, Furnish, fault, healthy, toolchain};
use crate::support::{LATEST, VERSIONS, goroot};
use crate::verdict::complaints;

/// Set for a copy of this program that is to open a scene and be killed.
const TO_BE_KILLED: &str = "GOMEND_TEST_LAB_TO_BE_KILLED";

/// The faults deviate from something that works: the proxy, the checksum
/// database, git over HTTPS, a vanity host.
#[test]
fn a_healthy_scene_lacks_nothing() {
    for version in VERSIONS {
        let mut scene = healthy(version);
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        scene.app(&[&WIDGET, &LIB, &TOOLS]).unwrap();
        scene.open().unwrap();
        let outcome = scene.run(&["go", "mod", "tidy", "-x"]).unwrap();
        assert!(
            outcome.status.success(),
            "{}\n{:#?}",
            outcome.text(),
            scene.journal().events()
        );
        let go_sum = fs::read_to_string(scene.world.outside("home/app/go.sum")).unwrap();
        for module in [WIDGET, LIB, TOOLS] {
            assert!(go_sum.contains(&module.go_sum()), "{go_sum}");
        }
        for resolver in PUBLIC_RESOLVERS {
            assert_eq!(scene.journal().asked(resolver.into()), [] as [&str; 0]);
        }
    }
}

/// Settings, files and credential stores can be mended in the scene, and the
/// next command sees that; the journal has what was sent.
#[test]
fn a_scene_can_be_mended() {
    let fault = fault("https-credentials-refused");
    let scene = fault.scene(&toolchain(LATEST)).unwrap();
    scene.run(fault.command).unwrap().failed();
    let sent = scene.journal().credentials();
    assert!(
        !sent.is_empty() && sent.iter().all(|(host, _)| host == GIT_CORP.name),
        "{sent:?}"
    );
    let line = "https://dev:correct-horse@git.corp.example\n";
    scene.put_secret("home/.git-credentials", line);
    scene.run(fault.command).unwrap().succeeded();
}

/// Faults of files and settings show where no network can be made, too.
#[test]
fn a_bare_scene_shows_faults_of_files_and_settings() {
    let toolchain = toolchain(LATEST);
    for fault in FAULTS.iter().filter(|fault| !fault.needs.network) {
        let scene = fault.stage(Scene::bare(&toolchain).unwrap()).unwrap();
        let outcome = scene.run(fault.command).unwrap();
        assert_eq!(
            complaints(fault, &outcome, fault.exits_zero),
            "",
            "{}: {}",
            fault.id,
            outcome.text()
        );
    }
}

/// A scene inside a scene: its user is no root, whoever runs this test.
#[test]
fn an_ordinary_user_can_open_scenes() {
    let mut scene = healthy(LATEST);
    let toolchains = goroot(LATEST).join("../..").canonicalize().unwrap();
    scene.env("GOMEND_TOOLCHAINS", toolchains);
    let this = env::current_exe().unwrap();
    let tests = [
        "lab::a_healthy_scene_lacks_nothing",
        "lab::a_scene_can_be_mended",
    ];
    let argv = [&[this.to_str().unwrap(), "--exact"][..], &tests].concat();
    let text = scene.run(&argv).unwrap().succeeded();
    assert!(text.contains("2 passed"), "{text}");
}

/// Kill -9 is the worst way to end; the kernel tidies up all the same.
#[test]
fn a_killed_scene_leaves_nothing() {
    if env::var_os(TO_BE_KILLED).is_some() {
        let scene = healthy(LATEST);
        let root = scene.world.inside("").display().to_string();
        let script = format!("echo pid $$ {root}; sleep 600 & wait");
        let mut command = scene.command(&["sh", "-c", &script]).unwrap();
        command
            .stdout(Stdio::inherit())
            .spawn()
            .unwrap()
            .wait()
            .unwrap();
        unreachable!("killed before");
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "lab::a_killed_scene_leaves_nothing",
            "--nocapture",
        ])
        .env(TO_BE_KILLED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.contains("pid "))
        .unwrap();
    let root = PathBuf::from(line.rsplit(' ').next().unwrap());
    assert!(root.is_dir());
    child.kill().unwrap();
    child.wait().unwrap();
    // The pipe closes when the last process inside has ended.
    assert_eq!(lines.count(), 0);
    let gone = (0..1000).any(|_| {
        thread::yield_now();
        !root.exists()
    });
    assert!(gone, "{} is still there", root.display());
}
