//! Toolchains that can't be had: commands that fetch nothing by themselves fail as well, and are not silent;
//! where nothing can be switched, nothing is watched.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use gomend::lab::places::{GIT_CORP, GOPROXY_CORP};
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::town::{LIB, WIDGET};
use gomend::lab::{Event, Fault, Scene, Toolchain};
use serde_json::Value;

use crate::fix::Desk;
use crate::support::{How, LATEST, Sandbox, VERSIONS, goroot};

fn explained(text: &str) -> Value {
    let mut child = Command::new(env!("CARGO_BIN_EXE_gomend"))
        .args(["explain", "--offline", "--json", "-"])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("PATH", "/usr/bin:/bin")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn commands_that_only_switch_are_heard() {
    for version in VERSIONS {
        for command in [&["version"][..], &["env", "GOPATH"], &["fmt"]] {
            let sandbox = Sandbox::with_go(version)
                .var("GOTOOLCHAIN", "auto")
                .var("GOMEND", "log");
            sandbox.write("work/go.mod", "module example.com/work\n\ngo 1.99.0\n");
            let shimmed = sandbox.shimmed().run(command);
            let direct = sandbox.direct().run(command);
            assert_eq!(
                shimmed.how,
                How::Code(1),
                "{version} {command:?}: {shimmed:?}"
            );
            assert_eq!(shimmed.stdout, direct.stdout, "{version} {command:?}");
            let (words, own) = (shimmed.words(), direct.words());
            assert!(words.starts_with(&own), "{version} {command:?}: {words}");
            assert!(words.contains("gomend: "), "{version} {command:?}: {words}");
        }
    }
}

/// What stands here is new enough, or may not be exchanged: the command is go's, in our place.
#[test]
fn nothing_is_watched_where_nothing_can_switch() {
    for (go_mod, variable, is_watched) in [
        ("go 1.20\n", None, false),
        ("go 1.27.3\n", None, false),
        ("go 1.21\n\ntoolchain go1.27.3\n", None, false),
        ("go 1.99.0\n", Some("local"), false),
        ("go 1.99.0\n", None, true),
        ("go 1.20\n\ntoolchain go1.28.0\n", None, true),
        ("go 1.20\n", Some("go1.28.0"), true),
        ("go 1.20\n", Some("go1.27.3+auto"), false),
    ] {
        let mut sandbox = Sandbox::with_probe("exit 0");
        sandbox.write(
            "work/go.mod",
            format!("module example.com/work\n\n{go_mod}"),
        );
        sandbox.write("VERSION", "go1.27.3\n");
        std::fs::remove_file(sandbox.path("bin/go")).unwrap();
        sandbox.script("bin/go", "#!/bin/sh\necho $$\n");
        if let Some(value) = variable {
            sandbox = sandbox.var("GOTOOLCHAIN", value);
        }
        let watched = is_watched_at(&sandbox, &["version"]);
        assert_eq!(watched, is_watched, "{go_mod} {variable:?}");
    }
}

/// Whether go, which prints its own pid, was started below the shim and not in its place.
fn is_watched_at(sandbox: &Sandbox, args: &[&str]) -> bool {
    let mut command = sandbox.shimmed().command(args);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let started = child.id().to_string();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim() != started
}

/// `go env -w GOTOOLCHAIN=...` counts where the environment says nothing, and `-C` names the folder.
#[test]
fn what_is_kept_and_the_folder_of_c_are_seen() {
    let sandbox = Sandbox::with_probe("exit 0");
    sandbox.write("VERSION", "go1.27.3\n");
    std::fs::remove_file(sandbox.path("bin/go")).unwrap();
    sandbox.script("bin/go", "#!/bin/sh\necho $$\n");
    sandbox.write("work/new/go.mod", "module example.com/new\n\ngo 1.99.0\n");
    sandbox.write("work/old/go.mod", "module example.com/old\n\ngo 1.21.0\n");
    let env = ".config/go/env";
    for (kept, args, is_watched) in [
        ("", &["version"][..], false),
        ("", &["-C", "old", "version"], false),
        ("", &["-C", "new", "version"], true),
        ("", &["-C=new", "env", "GOPATH"], true),
        ("", &["fmt", "-C", "new"], true),
        ("GOTOOLCHAIN=local\n", &["-C", "new", "version"], false),
        ("GOTOOLCHAIN=go1.28.0\n", &["version"], true),
        ("GOTOOLCHAIN=go1.27.3\n", &["version"], false),
        (
            "GOTOOLCHAIN=go1.28.0+auto\nGOTOOLCHAIN=auto\n",
            &["version"],
            false,
        ),
    ] {
        sandbox.write(&format!("home/{env}"), kept);
        let watched = is_watched_at(&sandbox, args);
        assert_eq!(watched, is_watched, "{kept:?} {args:?}");
    }
    let sandbox = sandbox.var("GOTOOLCHAIN", "auto");
    sandbox.write(&format!("home/{env}"), "GOTOOLCHAIN=go1.28.0\n");
    assert!(
        !is_watched_at(&sandbox, &["version"]),
        "the environment counts first"
    );
}

#[test]
fn a_toolchain_is_asked_for_in_the_right_place() {
    let first = |text: &str| {
        let report = explained(text);
        let fix = &report["fixes"][0];
        (fix["id"].as_str().unwrap_or_default().to_owned(), report)
    };
    for (text, id) in [
        (
            "go: download go1.22 for linux/amd64: toolchain not available\n",
            "full-version",
        ),
        (
            "go: download go1.26.2: golang.org/toolchain@v0.0.1-go1.26.2.linux-amd64: reading https://nexus.corp.example/golang.org/toolchain/@v/v0.0.1-go1.26.2.linux-amd64.zip: 404 Not Found\n",
            "toolchain-at-proxy",
        ),
        (
            "go: golang.org/toolchain@v0.0.1-go1.26.2.linux-amd64: verifying module: checksum database disabled by GOSUMDB=off\n",
            "toolchain-sumdb",
        ),
    ] {
        let (found, report) = first(text);
        assert_eq!(found, id, "{text}{report:#}");
    }
}

/// A virus scanner on Windows: run it again and exclude the cache; the owner is not the trouble.
#[test]
fn a_rename_that_windows_refuses_is_no_matter_of_owners() {
    const CACHE: &str = r"C:\Users\dev\go\pkg\mod";
    for text in [
        format!(
            r"go: github.com/acme/x@v1.0.0: rename {CACHE}\cache\download\github.com\acme\x\@v\v1.0.0.zip123.tmp {CACHE}\cache\download\github.com\acme\x\@v\v1.0.0.zip: Access is denied."
        ),
        // unpacked into a folder that is then renamed (golang/go#36568)
        format!(
            r"go: github.com/acme/x@v1.0.0: rename {CACHE}\github.com\acme\x@v1.0.0.tmp-482 {CACHE}\github.com\acme\x@v1.0.0: Access is denied."
        ),
        // the build cache's own
        r"go: rename C:\Users\dev\AppData\Local\go-build\ab\abcd-d.tmp C:\Users\dev\AppData\Local\go-build\ab\abcd-d: Access is denied.".to_owned(),
        format!(
            r"go: github.com/acme/x@v1.0.0: open {CACHE}\cache\download\github.com\acme\x\@v\v1.0.0.zip: The process cannot access the file because it is being used by another process."
        ),
        r"go build github.com/acme/x: open C:\Users\dev\AppData\Local\Temp\go-build12\b001\exe\a.out.exe: Access is denied.".to_owned(),
        r"unlinkat C:\Users\dev\AppData\Local\Temp\go-build12\b001\app.test.exe: The process cannot access the file because it is being used by another process.".to_owned(),
        r"go: github.com/acme/x@v1.0.0: open C:\Users\dev\go\pkg\mod\cache\download\github.com\acme\x\@v\v1.0.0.zip: Operation did not complete successfully because the file contains a virus or potentially unwanted software.".to_owned(),
    ] {
        let report = explained(&format!("{text}\n"));
        assert_eq!(report["fixes"][0]["id"], "file-held", "{text}: {report:#}");
        assert!(!report["fixes"].to_string().contains("chown"), "{report:#}");
        assert_eq!(report["domain"], "machine", "{text}");
    }
}

/// Who serves toolchains, and who vouches for them, is said by what `go version` meets.
#[test]
fn what_stands_in_a_toolchain_s_way_is_named() {
    for (fault, fix) in [
        ("toolchain-language", "full-version"),
        ("toolchain-not-at-proxy", "toolchain-proxy"),
        ("toolchain-sumdb-off", "toolchain-sumdb"),
        ("toolchain-not-in-sumdb", "toolchain-unknown"),
    ] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let report = desk.report();
        assert_eq!(report["fixes"][0]["id"], fix, "{fault}: {report:#}");
        for fix in report["fixes"].as_array().unwrap() {
            let text = fix["commands"].to_string();
            assert!(
                !text.contains("git push") && !text.contains("GOPRIVATE"),
                "{fault}: {text}"
            );
        }
    }
}

/// Who differs where checksums differ, and what is left to do.
#[test]
fn the_party_that_differs_is_named() {
    for (fault, reason, fix) in [
        ("checksum-mismatch", "proxy-differs", "purge-at-proxy"),
        ("retag", "tag-moved", "next-version"),
        ("retag-at-proxy", "tag-moved", "next-version"),
        ("go-sum-differs", "go-sum-differs", "go-sum-line"),
        ("cache-differs", "cache-differs", "cache-download"),
    ] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let report = desk.report();
        assert_eq!(report["reason_id"], reason, "{fault}: {report:#}");
        assert_eq!(report["fixes"][0]["id"], fix, "{fault}: {report:#}");
        let outcome = desk.gomend(&["last"]);
        assert!(outcome.text().contains("sums  h1:"), "{}", outcome.text());
    }
}

/// The name of a module that may be private is told to nobody who wasn't told by go.
#[test]
fn strangers_are_not_asked_who_differs_in_what_may_be_private() {
    let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
    let scene = Scene::new(&toolchain).unwrap();
    scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
    scene.app(&[&LIB]).unwrap();
    let wrong = LIB.go_sum().replace(&LIB.sum(), &WIDGET.sum());
    scene.world.write("home/app/go.sum", wrong, false).unwrap();
    let desk = Desk::at(scene, &["go", "mod", "download"]);
    assert!(!desk.go().status.success());
    let report = desk.report();
    assert_eq!(report["reason_id"], "checksums-differ", "{report:#}");
    let told = desk.scene.journal().events().into_iter().any(|event| {
        matches!(event, Event::Http { host, path, .. }
            if host != GIT_CORP.name && path.contains("corp.example"))
    });
    assert!(!told, "{report:#}");
}

/// go.sum vouches for it, and GOPROXY leads nowhere but to the company: nobody else hears of it.
#[test]
fn who_differs_is_asked_of_nobody_whom_the_settings_keep_out() {
    let desk = Desk::changed("checksum-mismatch", |scene| {
        let proxy = format!("https://{}", GOPROXY_CORP.name);
        scene.go_env("GOPROXY", &proxy).unwrap();
        scene.serve(GOPROXY_CORP, modproxy::proxy(Proxy::WrongZip, vec![WIDGET]));
        let sums = WIDGET.go_sum();
        scene.world.write("home/app/go.sum", sums, false).unwrap();
    });
    assert!(!desk.go().status.success());
    let report = desk.report();
    assert_eq!(report["cause"], "checksum-mismatch", "{report:#}");
    let strangers: BTreeSet<String> = desk
        .scene
        .journal()
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Http { host, path, .. } if path.contains("acme/widget") => Some(host),
            _ => None,
        })
        .filter(|host| host != GOPROXY_CORP.name)
        .collect();
    assert_eq!(strangers, BTreeSet::new(), "{report:#}");
}

/// HTTP/2 breaks and HTTP/1.1 passes: the remedy holds for one run, and passes.
#[test]
fn http_1_1_is_the_remedy_where_http_2_breaks() {
    for fault in ["http2-reset", "http2-goaway", "http2-stalled"] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let report = desk.report();
        assert_eq!(report["reason_id"], "http2-cut", "{fault}: {report:#}");
        let fix = &report["fixes"][0];
        assert_eq!(fix["id"], "http-1-1", "{fault}: {report:#}");
        assert!(fix["edits"].as_array().unwrap().is_empty(), "{fix:#}");
        let line = fix["commands"][0].as_str().unwrap();
        assert_eq!(line, "GODEBUG=http2client=0 go mod download");
        for version in VERSIONS {
            let fault = Fault::of(fault).unwrap();
            let toolchain = Toolchain::of(&goroot(version).join("bin/go")).unwrap();
            let mut scene = Scene::new(&toolchain).unwrap();
            (fault.setup)(&mut scene).unwrap();
            scene.open().unwrap();
            let outcome = scene.run(&["sh", "-c", line]).unwrap();
            let text = outcome.text();
            assert!(outcome.status.success(), "{version} {}: {text}", fault.id);
        }
    }
}
