//! Toolchains that can't be had: commands that fetch nothing by themselves fail as well, and are not silent;
//! where nothing can be switched, nothing is watched.

use std::collections::BTreeSet;
use std::process::Stdio;

use gomend::lab::Event;
use gomend::lab::places::{GIT_CORP, GOPROXY_CORP};
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::town::{LIB, WIDGET};

use crate::fix::Desk;
use crate::support::scene::{Ending, Furnish, fault, healthy, on_each_version, toolchain};
use crate::support::{How, LATEST, Sandbox, explained};

rows! {
    commands_that_only_switch_are_heard = is_heard;
    version: &["version"];
    env: &["env", "GOPATH"];
    fmt: &["fmt"];
}

fn is_heard(command: &[&str]) {
    on_each_version(|version| {
        let sandbox = Sandbox::with_go(version)
            .var("GOTOOLCHAIN", "auto")
            .var("GOMEND", "log");
        sandbox.write("work/go.mod", "module example.com/work\n\ngo 1.99.0\n");
        let shimmed = sandbox.shimmed().run(command);
        let direct = sandbox.direct().run(command);
        assert_eq!(shimmed.how, How::Code(1), "{shimmed:?}");
        assert_eq!(shimmed.stdout, direct.stdout);
        let (words, own) = (shimmed.words(), direct.words());
        assert!(words.starts_with(&own), "{words}");
        assert!(words.contains("gomend: "), "{words}");
    });
}

/// Go 1.27.3 by its VERSION, which only prints its own pid.
fn go_1_27_3() -> Sandbox {
    let sandbox = Sandbox::with_probe("exit 0");
    sandbox.write("VERSION", "go1.27.3\n");
    sandbox.go_script("echo $$");
    sandbox
}

/// Whether go was started below the shim and not in its place.
fn is_watched(sandbox: &Sandbox, args: &[&str]) -> bool {
    let mut command = sandbox.shimmed().command(args);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let started = child.id().to_string();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim() != started
}

fn may_switch(go_mod: &str, variable: &str, wanted: bool) {
    let mut sandbox = go_1_27_3();
    let go_mod = format!("module example.com/work\n\n{go_mod}");
    sandbox.write("work/go.mod", go_mod);
    if !variable.is_empty() {
        sandbox = sandbox.var("GOTOOLCHAIN", variable);
    }
    assert_eq!(is_watched(&sandbox, &["version"]), wanted);
}

rows! {
    /// What stands here is new enough, or may not be exchanged: the command is go's, in our place. What go.mod says,
    /// what GOTOOLCHAIN, and whether go is watched.
    nothing_is_watched_where_nothing_can_switch = may_switch;
    older: "go 1.20\n", "", false;
    the_same: "go 1.27.3\n", "", false;
    the_same_as_toolchain: "go 1.21\n\ntoolchain go1.27.3\n", "", false;
    newer_and_local: "go 1.99.0\n", "local", false;
    newer: "go 1.99.0\n", "", true;
    newer_as_toolchain: "go 1.20\n\ntoolchain go1.28.0\n", "", true;
    newer_by_variable: "go 1.20\n", "go1.28.0", true;
    the_same_by_variable: "go 1.20\n", "go1.27.3+auto", false;
}

fn counts(kept: &str, args: &[&str], wanted: bool) {
    let sandbox = go_1_27_3();
    sandbox.write("work/new/go.mod", "module example.com/new\n\ngo 1.99.0\n");
    sandbox.write("work/old/go.mod", "module example.com/old\n\ngo 1.21.0\n");
    sandbox.write("home/.config/go/env", kept);
    assert_eq!(is_watched(&sandbox, args), wanted);
}

rows! {
    /// `go env -w GOTOOLCHAIN=...` counts where the environment says nothing, and `-C` names the folder.
    what_is_kept_and_the_folder_of_c_are_seen = counts;
    nothing: "", &["version"], false;
    an_old_folder: "", &["-C", "old", "version"], false;
    a_new_folder: "", &["-C", "new", "version"], true;
    a_new_folder_in_one_word: "", &["-C=new", "env", "GOPATH"], true;
    a_new_folder_behind_the_command: "", &["fmt", "-C", "new"], true;
    local: "GOTOOLCHAIN=local\n", &["-C", "new", "version"], false;
    newer: "GOTOOLCHAIN=go1.28.0\n", &["version"], true;
    the_same: "GOTOOLCHAIN=go1.27.3\n", &["version"], false;
    the_last_line: "GOTOOLCHAIN=go1.28.0+auto\nGOTOOLCHAIN=auto\n", &["version"], false;
}

#[test]
fn the_environment_counts_before_what_is_kept() {
    let sandbox = go_1_27_3().var("GOTOOLCHAIN", "auto");
    sandbox.write("home/.config/go/env", "GOTOOLCHAIN=go1.28.0\n");
    assert!(!is_watched(&sandbox, &["version"]));
}

rows! {
    a_toolchain_is_asked_for_in_the_right_place = is_asked_for;
    in_full: "go: download go1.22 for linux/amd64: toolchain not available", "full-version";
    at_the_proxy: "go: download go1.26.2: golang.org/toolchain@v0.0.1-go1.26.2.linux-amd64: reading https://nexus.corp.example/golang.org/toolchain/@v/v0.0.1-go1.26.2.linux-amd64.zip: 404 Not Found", "toolchain-at-proxy";
    with_the_database: "go: golang.org/toolchain@v0.0.1-go1.26.2.linux-amd64: verifying module: checksum database disabled by GOSUMDB=off", "toolchain-sumdb";
}

fn is_asked_for(text: &str, id: &str) {
    let report = explained(&format!("{text}\n"));
    assert_eq!(report["fixes"][0]["id"], id, "{report:#}");
}

rows! {
    /// A virus scanner on Windows: run it again and exclude the cache; the owner is not the trouble.
    a_rename_that_windows_refuses_is_no_matter_of_owners = is_held;
    a_zip: r"go: github.com/acme/x@v1.0.0: rename C:\Users\dev\go\pkg\mod\cache\download\github.com\acme\x\@v\v1.0.0.zip123.tmp C:\Users\dev\go\pkg\mod\cache\download\github.com\acme\x\@v\v1.0.0.zip: Access is denied.";
    // unpacked into a folder that is then renamed (golang/go#36568)
    a_folder: r"go: github.com/acme/x@v1.0.0: rename C:\Users\dev\go\pkg\mod\github.com\acme\x@v1.0.0.tmp-482 C:\Users\dev\go\pkg\mod\github.com\acme\x@v1.0.0: Access is denied.";
    of_the_build_cache: r"go: rename C:\Users\dev\AppData\Local\go-build\ab\abcd-d.tmp C:\Users\dev\AppData\Local\go-build\ab\abcd-d: Access is denied.";
    in_use: r"go: github.com/acme/x@v1.0.0: open C:\Users\dev\go\pkg\mod\cache\download\github.com\acme\x\@v\v1.0.0.zip: The process cannot access the file because it is being used by another process.";
    a_program: r"go build github.com/acme/x: open C:\Users\dev\AppData\Local\Temp\go-build12\b001\exe\a.out.exe: Access is denied.";
    a_test: r"unlinkat C:\Users\dev\AppData\Local\Temp\go-build12\b001\app.test.exe: The process cannot access the file because it is being used by another process.";
    a_virus: r"go: github.com/acme/x@v1.0.0: open C:\Users\dev\go\pkg\mod\cache\download\github.com\acme\x\@v\v1.0.0.zip: Operation did not complete successfully because the file contains a virus or potentially unwanted software.";
}

fn is_held(text: &str) {
    let report = explained(&format!("{text}\n"));
    assert_eq!(report["fixes"][0]["id"], "file-held", "{report:#}");
    assert!(!report["fixes"].to_string().contains("chown"), "{report:#}");
    assert_eq!(report["domain"], "machine");
}

rows! {
    /// Who serves toolchains, and who vouches for them, is said by what `go version` meets.
    what_stands_in_a_toolchain_s_way_is_named = is_named;
    a_language: "toolchain-language", "full-version";
    a_proxy_without: "toolchain-not-at-proxy", "toolchain-proxy";
    no_database: "toolchain-sumdb-off", "toolchain-sumdb";
    an_unknown_one: "toolchain-not-in-sumdb", "toolchain-unknown";
}

fn is_named(fault: &str, fix: &str) {
    let report = Desk::failed(fault).report();
    assert_eq!(report["fixes"][0]["id"], fix, "{report:#}");
    for fix in report["fixes"].as_array().unwrap() {
        let text = fix["commands"].to_string();
        assert!(
            !text.contains("git push") && !text.contains("GOPRIVATE"),
            "{text}"
        );
    }
}

rows! {
    /// Who differs where checksums differ, and what is left to do.
    the_party_that_differs_is_named = differs;
    the_proxy: "checksum-mismatch", "proxy-differs", "purge-at-proxy";
    the_tag: "retag", "tag-moved", "next-version";
    the_tag_at_the_proxy: "retag-at-proxy", "tag-moved", "next-version";
    go_sum: "go-sum-differs", "go-sum-differs", "go-sum-line";
    the_cache: "cache-differs", "cache-differs", "cache-download";
}

fn differs(fault: &str, reason: &str, fix: &str) {
    let desk = Desk::failed(fault);
    let report = desk.report();
    assert_eq!(report["reason_id"], reason, "{report:#}");
    assert_eq!(report["fixes"][0]["id"], fix, "{report:#}");
    let said = desk.gomend(&["last"]).text();
    assert!(said.contains("sums  h1:"), "{said}");
}

/// The name of a module that may be private is told to nobody who wasn't told by go.
#[test]
fn strangers_are_not_asked_who_differs_in_what_may_be_private() {
    let scene = healthy(LATEST);
    scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
    scene.app(&[&LIB]).unwrap();
    let wrong = LIB.go_sum().replace(&LIB.sum(), &WIDGET.sum());
    scene.put("home/app/go.sum", wrong);
    let desk = Desk::at(scene, &["go", "mod", "download"]);
    desk.go().failed();
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
    let desk = Desk::failed_and_changed("checksum-mismatch", |scene| {
        let proxy = format!("https://{}", GOPROXY_CORP.name);
        scene.go_env("GOPROXY", &proxy).unwrap();
        scene.serve(GOPROXY_CORP, modproxy::proxy(Proxy::WrongZip, vec![WIDGET]));
        let sums = WIDGET.go_sum();
        scene.put("home/app/go.sum", sums);
    });
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

faults! {
    /// HTTP/2 breaks and HTTP/1.1 passes: the remedy holds for one run, and passes.
    http_1_1_is_the_remedy_where_http_2_breaks = is_remedied_by_http_1_1;
    http2_reset http2_goaway http2_stalled
}

fn is_remedied_by_http_1_1(id: &str) {
    let report = Desk::failed(id).report();
    assert_eq!(report["reason_id"], "http2-cut", "{report:#}");
    let fix = &report["fixes"][0];
    assert_eq!(fix["id"], "http-1-1", "{report:#}");
    assert!(fix["edits"].as_array().unwrap().is_empty(), "{fix:#}");
    let line = fix["commands"][0].as_str().unwrap();
    assert_eq!(line, "GODEBUG=http2client=0 go mod download");
    on_each_version(|version| {
        let scene = fault(id).scene(&toolchain(version)).unwrap();
        scene.run(&["sh", "-c", line]).unwrap().succeeded();
    });
}
