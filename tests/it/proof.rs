//! What is called tried has gone the way of the failed command: with its go.sum, its module, its
//! settings. What does not help is not called proven, and what holds already is not done again.

use std::io::BufRead as _;
use std::process::Stdio;

use gomend::lab::Scene;
use gomend::lab::module::Module;
use gomend::lab::places::{GITHUB, PROXY_GOLANG};
use gomend::lab::serve::http::site;
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::town::{LIB, WIDGET};

use crate::fix::{Desk, agree};
use crate::support::How;
use crate::support::scene::{Ending, Furnish, ids, of};
use crate::unproven::{empty_mirror, no_database, wrong_sum};

/// Agrees to a fix whose trial fails.
fn in_vain(desk: &Desk, id: &str) -> String {
    let before = desk.picture();
    let (how, text) = agree(desk, id);
    assert!(text.contains("not written, it does not"), "{text}");
    assert_eq!(how, How::Code(1), "{text}");
    assert_eq!(desk.picture(), before, "{text}");
    text
}

#[test]
fn a_complete_go_sum_needs_no_database() {
    let desk = Desk::failed_and_changed("dns-typo", |scene| {
        no_database(scene);
        scene.put("home/app/go.sum", WIDGET.go_sum());
    });
    let (how, text) = agree(&desk, "goproxy-default");
    assert_eq!(how, How::Code(0), "{text}");
    desk.go().succeeded();
}

#[test]
fn without_go_sum_the_database_counts() {
    let desk = Desk::failed_and_changed("dns-typo", no_database);

    in_vain(&desk, "goproxy-default");
}

#[test]
fn a_go_sum_that_disagrees_is_no_proof() {
    let desk = Desk::failed_and_changed("private-via-proxy", wrong_sum);
    let before = desk.picture();
    let fixes = desk.tried();
    let fix = of(&fixes, "goprivate");
    assert!(fix["verified"].is_null() && fix["further"] == true, "{fix}");
    let outcome = desk.gomend(&["fix", "goprivate", "--yes"]);
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.text());
    assert_eq!(desk.picture(), before);
}

#[test]
fn a_replacement_is_heeded() {
    // the module that fails is fetched under another name: there it is not
    let desk = Desk::failed_and_changed("private-via-proxy", |scene| {
        scene.edit("home/app/go.mod", |text| {
            format!("{text}\nreplace github.com/acme/widget => ./nowhere\n")
        });
    });
    assert_eq!(of(&desk.tried(), "goprivate")["verified"], true);
}

#[test]
fn a_workspace_is_heeded() {
    let desk = Desk::failed_and_changed("private-via-proxy", |scene| {
        scene.put("home/app/go.work", "go 1.21\n\nuse .\n");
    });
    let before = desk.picture();
    desk.gomend(&["fix", "goprivate", "--yes"]).succeeded();
    desk.go().succeeded();
    desk.gomend(&["undo"]).succeeded();
    let mut after = desk.picture();
    after.remove(std::path::Path::new("app/go.work.sum")); // go's own
    assert_eq!(after, before);
}

#[test]
fn what_fails_behind_it_is_named() {
    let desk = Desk::failed_and_changed("private-via-proxy", |scene| {
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
    let text = desk.gomend(&["fix", "goprivate", "--yes"]).succeeded();
    let now = desk.go().failed();
    assert!(text.contains("it gets further, and then: "), "{text}{now}");
    assert!(text.contains("500 Internal Server Error"), "{text}");
}

#[test]
fn a_mirror_that_lacks_the_module_is_no_proof() {
    let desk = Desk::failed_and_changed("goproxy-502", |scene| {
        empty_mirror(scene);
        scene.close(GITHUB);
    });
    let text = in_vain(&desk, "mirror");
    assert!(text.contains("github.com/acme/widget"), "{text}");
}

#[test]
fn what_only_a_new_shell_sees_is_told_and_not_written_twice() {
    let desk = Desk::failed("tls-inspection-go");
    let (how, text) = agree(&desk, "ca-for-go");
    assert_eq!(how, How::Code(0), "{text}");
    assert!(text.contains("export SSL_CERT_FILE="), "{text}");
    let written = desk.picture();
    // a shell that was there before: it knows nothing of the file
    let run = |words: &[&str]| desk.scene.run(words).unwrap();
    run(&["go", "mod", "download"]).failed();
    let report = desk.report();
    let told = of(&report["fixes"], "ca-for-go");
    assert_eq!(told["scope"], "manual", "{told}");
    let commands = told["commands"].to_string();
    assert!(commands.contains("export SSL_CERT_FILE="), "{told}");
    run(&["gomend", "fix", "ca-for-go", "--yes"]).failed();
    assert_eq!(desk.picture(), written);
    desk.forget();
    desk.go().succeeded();
}

#[test]
fn a_relative_gopath_is_taken_out() {
    let desk = Desk::changed("goproxy-invalid", |scene| {
        scene.edit("home/.config/go/env", |text| {
            text.replace("GOPROXY=goproxy\n", "GOPATH=go\n")
        });
    });
    let failed = desk.go().failed();
    assert!(failed.contains("GOPATH entry is relative"), "{failed}");
    let before = desk.picture();
    let (how, text) = agree(&desk, "default-place");
    assert_eq!(how, How::Code(0), "{text}");
    desk.go().succeeded();
    desk.gomend(&["undo"]).succeeded();
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
    let desk = Desk::failed_and_changed("vendor-stale", change);
    let before = desk.picture();
    let mut screen = desk.menu(&["mod-vendor"]);
    screen.answer(&[("do it", "y")]);
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
    desk.go().succeeded();
    desk.gomend(&["undo"]).succeeded();
    let mut after = desk.picture();
    after.remove(std::path::Path::new("app/app")); // what go has built
    assert_eq!(after, before);
}

/// What go would take away would be built with what it writes anew: gomend removes nothing, and writes nothing then.
#[test]
fn a_vendor_folder_with_a_former_file_is_left_to_go() {
    let desk = Desk::failed_and_changed("vendor-stale", |scene| {
        let former = "home/app/vendor/github.com/acme/widget/former.go";
        scene.put(former, "package widget\n");
    });
    let before = desk.picture();
    let (how, text) = agree(&desk, "mod-vendor");
    assert_eq!(how, How::Code(1), "{text}");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("and gomend removes none"), "{text}");
    assert_eq!(desk.picture(), before, "{text}");
}

/// git and curl read the lower-case list, which may be another one.
#[test]
fn each_list_of_exceptions_keeps_its_own() {
    let desk = Desk::failed_and_changed("proxy-no-proxy-dialect", |scene| {
        scene.put("home/.profile", "export no_proxy=b.example,c.example\n");
    });
    let (how, text) = agree(&desk, "no-proxy");
    assert_eq!(how, How::Code(0), "{text}");
    let profile = std::fs::read_to_string(desk.scene.world.outside("home/.profile")).unwrap();
    for line in [
        "export NO_PROXY='*.corp.example,git.corp.example'",
        "export no_proxy=b.example,c.example,git.corp.example",
    ] {
        assert!(profile.lines().any(|one| one == line), "{profile}");
    }
}

/// A comment behind a value is none of it: the CA that is named is there, and stays.
#[test]
fn a_ca_behind_a_comment_is_seen() {
    let desk = Desk::failed_and_changed("tls-private-ca", |scene| {
        let other = "[http \"https://elsewhere.example/\"]\n\tsslCAInfo = /etc/hosts # ours\n";
        scene.put("home/.gitconfig", other);
    });
    let tried = desk.tried();
    assert!(!ids(&tried).contains(&"ca-path"), "{tried}");
}

#[test]
fn a_vendor_folder_is_shown_as_differences() {
    vendored(
        |scene| {
            let former = "// Package widget is public.\npackage widget\n\nconst Old = 1\n";
            let file = "home/app/vendor/github.com/acme/widget/widget.go";
            scene.put(file, former);
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
            world.put("home/app/go.sum", LARGE.go_sum());
            let imports = ["", "/a", "/b", "/c", "/d"]
                .map(|package| format!("import _ \"{}{package}\"\n", LARGE.path))
                .concat();
            let main = format!("package main\n\n{imports}\nfunc main() {{}}\n");
            world.put("home/app/main.go", main);
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
    let desk = Desk::failed("private-via-proxy");
    desk.gomend(&["fix", "--yes"]).succeeded();
    let written = desk.picture();
    desk.gomend(&["fix", "--yes"]).failed();
    assert_eq!(desk.picture(), written);
    let history = desk.gomend(&["history", "--json"]).json();
    assert_eq!(history.as_array().unwrap().len(), 1, "{history}");
}

#[test]
fn a_lock_that_somebody_holds_stays() {
    let desk = Desk::failed("git-lock-left");
    let vcs = desk.scene.world.outside("home/go/pkg/mod/cache/vcs");
    let clone = std::fs::read_dir(vcs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|clone| clone.join("refs/tags/v1.2.3.lock").exists())
        .unwrap();
    // a program of the user's that runs there until its standard input ends
    let script = "cd \"$0\" && echo there && read end";
    let below = desk.scene.world.inside("home/go/pkg/mod/cache/vcs");
    let inside = below.join(clone.file_name().unwrap());
    let words = ["sh", "-c", script, inside.to_str().unwrap()];
    let mut holder = desk.scene.command(&words).unwrap();
    let mut holder = holder.stdin(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    std::io::BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "there\n");
    let fixes = desk.tried();
    assert!(!ids(&fixes).contains(&"stale-lock"), "{fixes:#}");
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert_eq!(of(&desk.tried(), "stale-lock")["verified"], true);
}
