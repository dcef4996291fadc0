//! What is called tried has gone the way of the failed command: with its go.sum, its module, its
//! settings. What does not help is not called proven, and what holds already is not done again.

use std::io::BufRead as _;
use std::net::Ipv4Addr;
use std::process::Stdio;

use gomend::lab::Scene;
use gomend::lab::module::Module;
use gomend::lab::places::{GITHUB, PROXY_GOLANG, Place, RESOLVER, SUM_GOLANG};
use gomend::lab::serve::dns::{Answer, Zone};
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::town::{LIB, WIDGET};
use serde_json::Value;

use crate::fix::{Desk, agree, on_terminal};
use crate::support::How;

/// The proposals that stand after everything was tried that may be.
fn tried(desk: &Desk) -> Vec<Value> {
    let outcome = desk.gomend(&["fix", "--json", "--quiet"]);
    serde_json::from_slice(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", outcome.text()))
}

fn of<'a>(fixes: &'a [Value], id: &str) -> &'a Value {
    fixes
        .iter()
        .find(|fix| fix["id"] == id)
        .unwrap_or_else(|| panic!("no {id} in {fixes:#?}"))
}

fn no_database(scene: &mut Scene) {
    scene.host(SUM_GOLANG).site = site(|_| Reply::text(500, "internal error\n"));
}

/// Agrees to a fix whose trial fails.
fn in_vain(desk: &Desk, id: &str) -> String {
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", id]);
    screen.wait_for("do it");
    screen.press("y");
    screen.wait_for("not written, it does not work");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(1), "{text}");
    assert_eq!(desk.picture(), before, "{text}");
    text
}

#[test]
fn a_complete_go_sum_needs_no_database() {
    let desk = Desk::changed("dns-typo", |scene| {
        no_database(scene);
        scene
            .world
            .write("home/app/go.sum", WIDGET.go_sum(), false)
            .unwrap();
    });
    assert!(!desk.go().status.success());
    let (how, text) = agree(&desk, "goproxy-default");
    assert_eq!(how, How::Code(0), "{text}");
    assert!(desk.go().status.success());
}

#[test]
fn without_go_sum_the_database_counts() {
    let desk = Desk::changed("dns-typo", no_database);
    assert!(!desk.go().status.success());
    in_vain(&desk, "goproxy-default");
}

#[test]
fn a_go_sum_that_disagrees_is_no_proof() {
    let desk = Desk::changed("private-via-proxy", |scene| {
        let zeros = format!("{}=", "A".repeat(43));
        let sums = format!(
            "{0} {1} h1:{zeros}\n{0} {1}/go.mod h1:{zeros}\n",
            LIB.path, LIB.version
        );
        scene.world.write("home/app/go.sum", sums, false).unwrap();
    });
    assert!(!desk.go().status.success());
    let before = desk.picture();
    assert_eq!(of(&tried(&desk), "goprivate")["verified"], false);
    let outcome = desk.gomend(&["fix", "goprivate", "--yes"]);
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.text());
    assert_eq!(desk.picture(), before);
}

#[test]
fn a_replacement_is_heeded() {
    // the module that fails is fetched under another name: there it is not
    let desk = Desk::changed("private-via-proxy", |scene| {
        let path = scene.world.outside("home/app/go.mod");
        let text = std::fs::read_to_string(path).unwrap();
        let text = format!("{text}\nreplace github.com/acme/widget => ./nowhere\n");
        scene.world.write("home/app/go.mod", text, false).unwrap();
    });
    assert!(!desk.go().status.success());
    assert_eq!(of(&tried(&desk), "goprivate")["verified"], true);
}

#[test]
fn a_workspace_is_heeded() {
    let desk = Desk::changed("private-via-proxy", |scene| {
        scene
            .world
            .write("home/app/go.work", "go 1.21\n\nuse .\n", false)
            .unwrap();
    });
    assert!(!desk.go().status.success());
    let before = desk.picture();
    let outcome = desk.gomend(&["fix", "goprivate", "--yes"]);
    assert!(outcome.status.success(), "{}", outcome.text());
    assert!(desk.go().status.success());
    assert!(desk.gomend(&["undo"]).status.success());
    let mut after = desk.picture();
    after.remove(std::path::Path::new("app/go.work.sum")); // go's own
    assert_eq!(after, before);
}

#[test]
fn what_fails_behind_it_is_named() {
    let desk = Desk::changed("private-via-proxy", |scene| {
        // the proxy can't serve the other module either
        scene.app(&[&LIB, &WIDGET]).unwrap();
        let known = site(|request| {
            let widget = modproxy::proxy(Proxy::Status(500, "internal error\n"), vec![]);
            let other = modproxy::proxy(Proxy::GitFailed(404), vec![]);
            if request.path.starts_with("/github.com/") {
                widget(request)
            } else {
                other(request)
            }
        });
        scene.host(PROXY_GOLANG).site = known;
    });
    assert!(!desk.go().status.success());
    let outcome = desk.gomend(&["fix", "goprivate", "--yes"]);
    let text = outcome.text();
    assert!(outcome.status.success(), "{text}");
    let now = desk.go();
    assert!(!now.status.success());
    assert!(
        text.contains("it gets further, and then: "),
        "{text}{}",
        now.text()
    );
    assert!(text.contains("500 Internal Server Error"), "{text}");
}

#[test]
fn a_mirror_that_lacks_the_module_is_no_proof() {
    const MIRROR: Place = Place {
        name: "goproxy.cn",
        address: Ipv4Addr::new(203, 0, 113, 12),
    };
    let desk = Desk::changed("goproxy-502", |scene| {
        let zone = Zone::office().with(MIRROR.name, Answer::Addresses(vec![MIRROR.address.into()]));
        scene.zones.insert(RESOLVER.into(), zone);
        scene.serve(MIRROR, modproxy::proxy(Proxy::Empty, vec![]));
        scene.close(GITHUB);
    });
    assert!(!desk.go().status.success());
    let text = in_vain(&desk, "mirror");
    assert!(text.contains("github.com/acme/widget"), "{text}");
}

#[test]
fn what_only_a_new_shell_sees_is_told_and_not_written_twice() {
    let desk = Desk::new("tls-inspection-go");
    assert!(!desk.go().status.success());
    let (how, text) = agree(&desk, "ca-for-go");
    assert_eq!(how, How::Code(0), "{text}");
    assert!(text.contains("export SSL_CERT_FILE="), "{text}");
    let written = desk.picture();
    // a shell that was there before: it knows nothing of the file
    let before = desk.scene.run(&["go", "mod", "download"]).unwrap();
    assert!(!before.status.success());
    let report = desk.report();
    let fixes = report["fixes"].as_array().unwrap();
    let told = of(fixes, "ca-for-go");
    assert_eq!(told["scope"], "manual", "{told}");
    assert!(
        told["commands"]
            .to_string()
            .contains("export SSL_CERT_FILE="),
        "{told}"
    );
    let again = desk
        .scene
        .run(&["gomend", "fix", "ca-for-go", "--yes"])
        .unwrap();
    assert!(!again.status.success());
    assert_eq!(desk.picture(), written);
    desk.forget();
    assert!(desk.go().status.success(), "a new shell has it");
}

#[test]
fn a_relative_gopath_is_taken_out() {
    let desk = Desk::changed("goproxy-invalid", |scene| {
        const FILE: &str = "home/.config/go/env";
        let text = std::fs::read_to_string(scene.world.outside(FILE)).unwrap();
        let text = text.replace("GOPROXY=goproxy\n", "GOPATH=go\n");
        scene.world.write(FILE, text, false).unwrap();
    });
    let failed = desk.go();
    assert!(
        failed.text().contains("GOPATH entry is relative"),
        "{}",
        failed.text()
    );
    let before = desk.picture();
    let (how, text) = agree(&desk, "default-place");
    assert_eq!(how, How::Code(0), "{text}");
    assert!(desk.go().status.success());
    assert!(desk.gomend(&["undo"]).status.success());
    assert_eq!(
        desk.picture().get(std::path::Path::new(".config/go/env")),
        before.get(std::path::Path::new(".config/go/env"))
    );
}

/// A vendored module of five packages.
const LARGE: Module = Module {
    files: &[
        ("go.mod", "module github.com/acme/widget\n\ngo 1.21\n"),
        ("widget.go", "package widget\n"),
        ("a/a.go", "package a\n\nconst New = 1\n"),
        ("b/b.go", "package b\n"),
        ("c/c.go", "package c\n"),
        ("d/d.go", "package d\n"),
    ],
    ..WIDGET
};

/// A stale vendor folder is made again on the menu: what is written, as it was shown before.
fn vendored(change: impl FnOnce(&mut Scene), shown: &[&str], asked: &[&str]) {
    let desk = Desk::changed("vendor-stale", change);
    assert!(!desk.go().status.success());
    let before = desk.picture();
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", "mod-vendor"]);
    screen.wait_for("do it");
    screen.press("y");
    screen.wait_for("it works; this is what is written:");
    for words in shown {
        screen.wait_for(words);
    }
    if !asked.is_empty() {
        screen.press("?");
    }
    for words in asked {
        screen.wait_for(words);
    }
    assert_eq!(desk.picture(), before, "nothing is written before");
    screen.press("y");
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(0), "{text}");
    let written = desk.picture();
    assert_ne!(written, before);
    let mended = desk.go();
    assert!(mended.status.success(), "{text}{}", mended.text());
    assert!(desk.gomend(&["undo"]).status.success());
    let mut after = desk.picture();
    after.remove(std::path::Path::new("app/app")); // what go has built
    assert_eq!(after, before);
}

#[test]
fn a_vendor_folder_is_shown_as_differences() {
    vendored(
        |scene| {
            let former = "// Package widget is public.\npackage widget\n\nconst Old = 1\n";
            let file = "home/app/vendor/github.com/acme/widget/widget.go";
            scene.world.write(file, former, false).unwrap();
        },
        &[
            "~/app/vendor/github.com/acme/widget/widget.go",
            "-const Old = 1",
            "~/app/vendor/modules.txt",
            "-# github.com/acme/widget v0.9.0",
            "+# github.com/acme/widget v1.0.0",
            "do it",
        ],
        &[],
    );
}

#[test]
fn a_large_vendor_folder_is_shown_as_counts() {
    vendored(
        |scene| {
            scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::Good, vec![LARGE]);
            let world = &scene.world;
            world
                .write("home/app/go.sum", LARGE.go_sum(), false)
                .unwrap();
            let imports = ["", "/a", "/b", "/c", "/d"]
                .map(|package| format!("import _ \"{}{package}\"\n", LARGE.path))
                .concat();
            let main = format!("package main\n\n{imports}\nfunc main() {{}}\n");
            world.write("home/app/main.go", main, false).unwrap();
        },
        &[
            "~/app/vendor/github.com/acme/widget/a/a.go  +3 -0",
            "~/app/vendor/github.com/acme/widget/b/b.go  +1 -0",
            "~/app/vendor/modules.txt  +5 -1",
            "every line",
        ],
        &["+const New = 1", "do it"],
    );
}

#[test]
fn twice_is_once() {
    let desk = Desk::new("private-via-proxy");
    assert!(!desk.go().status.success());
    assert!(desk.gomend(&["fix", "--yes"]).status.success());
    let written = desk.picture();
    let again = desk.gomend(&["fix", "--yes"]);
    assert!(!again.status.success(), "{}", again.text());
    assert_eq!(desk.picture(), written);
    let history = desk.gomend(&["history", "--json"]);
    let entries: Vec<Value> = serde_json::from_slice(&history.stdout).unwrap();
    assert_eq!(entries.len(), 1, "{}", history.text());
}

#[test]
fn a_lock_that_somebody_holds_stays() {
    let desk = Desk::new("git-lock-left");
    assert!(!desk.go().status.success());
    let vcs = desk.scene.world.outside("home/go/pkg/mod/cache/vcs");
    let clone = std::fs::read_dir(vcs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|clone| clone.join("refs/tags/v1.2.3.lock").exists())
        .unwrap();
    // a program of the user's that runs there until its standard input ends
    let script = "cd \"$0\" && echo there && read end";
    let below = "home/go/pkg/mod/cache/vcs";
    let inside = desk
        .scene
        .world
        .inside(below)
        .join(clone.file_name().unwrap());
    let mut holder = desk
        .scene
        .command(&["sh", "-c", script, inside.to_str().unwrap()])
        .unwrap();
    let mut holder = holder.stdin(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    std::io::BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "there\n");
    let fixes = tried(&desk);
    assert!(
        fixes.iter().all(|fix| fix["id"] != "stale-lock"),
        "{fixes:#?}"
    );
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(of(&tried(&desk), "stale-lock")["verified"], true);
}
