//! Advice that must not be given: for reports of others, and where it would give up verification, a
//! policy or a private name.

use std::process::Command;

use gomend::lab::places::PROXY_GOLANG;
use gomend::lab::serve::http::{Reply, site};
use gomend::lab::{Event, Scene};
use serde_json::Value;

use crate::fix::Desk;
use crate::support::explained;
use crate::support::home::Home;
use crate::support::scene::{Ending, Furnish, ids, of};

/// Kinds of advice by sense, as the field records name them, and the fixes that give it: ids, or
/// their beginnings where a `-` ends them.
const SENSES: &[(&str, &[&str])] = &[
    ("goprivate", &["goprivate", "ci-goprivate", "gonosumdb"]),
    ("goproxy-default", &["goproxy-default"]),
    ("mirror", &["mirror", "mirror-", "goproxy-measured"]),
    ("goproxy-fallback", &["goproxy-fallback", "goproxy-direct"]),
    ("retry", &["retry"]),
    ("service-down", &["service-down"]),
    (
        "store-credentials",
        &[
            "store-credentials",
            "replace-credentials",
            "make-token",
            "docker-netrc",
            "ci-credentials",
        ],
    ),
    ("take-back", &["chown"]),
    ("take-back-modcache", &["chown"]),
    ("clean-modcache", &["cache-clean"]),
    ("image-packages", &["image-git"]),
];

/// Kinds of advice on names, verification and policy.
const WEAKENING: &[&str] = &[
    "goprivate",
    "goproxy-default",
    "mirror",
    "goproxy-fallback",
    "retry",
];

fn gives(id: &str, sense: &str) -> bool {
    let (_, of) = SENSES
        .iter()
        .find(|(name, _)| *name == sense)
        .unwrap_or_else(|| panic!("no fixes are known to mean {sense}"));
    of.iter()
        .any(|one| *one == id || one.ends_with('-') && id.starts_with(one))
}

/// Records of all corpora, with the reports that they get.
fn all() -> Vec<(Value, Value)> {
    let corpora = [
        include_str!("../corpus/field.jsonl"),
        include_str!("../corpus/own.jsonl"),
        include_str!("../corpus/train.jsonl"),
        include_str!("../corpus/blind.jsonl"),
        include_str!("../corpus/blind3.jsonl"),
        include_str!("../corpus/blind4.jsonl"),
    ];
    let records: Vec<Value> = corpora
        .iter()
        .flat_map(|corpus| corpus.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let parts: Vec<Vec<Value>> = records
        .chunks(records.len().div_ceil(4))
        .map(<[Value]>::to_vec)
        .collect();
    let threads: Vec<_> = parts
        .into_iter()
        .map(|part| {
            std::thread::spawn(move || -> Vec<(Value, Value)> {
                part.into_iter()
                    .map(|record| {
                        let report = explained(record["text"].as_str().unwrap());
                        (record, report)
                    })
                    .collect()
            })
        })
        .collect();
    threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect()
}

/// Everything that is known of the place, as ids.
fn place(report: &Value) -> Vec<&str> {
    let facts = report["place"].as_object().into_iter().flatten();
    facts.filter_map(|(_, fact)| fact["is"].as_str()).collect()
}

fn words(list: &Value) -> Vec<&str> {
    match list {
        Value::String(word) => vec![word],
        list => list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    }
}

/// What the corpora say about advice and place (`advice`, `must_not`, `place`), and what holds for
/// every record: a recognised failure gets advice, at most three, the last resort never alone,
/// nothing of this machine's.
#[test]
fn every_record_gets_advice_that_fits() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (record, report) in &all() {
        let id = &record["id"];
        let given = ids(&report["fixes"]);
        let mut complain = |what: String| wrong.push(format!("{id} ({}): {what}", report["cause"]));
        if report["cause"] != "not-ours" {
            if given.is_empty() {
                complain("no advice".to_owned());
            }
            if given == ["cache-clean"] {
                complain("the last resort alone".to_owned());
            }
            if given.len() > 3 {
                complain(format!("too much advice: {given:?}"));
            }
        }
        for sense in words(&record["must_not"]) {
            checked += 1;
            if let Some(id) = given.iter().find(|id| gives(id, sense)) {
                complain(format!("{id} means {sense}"));
            }
        }
        for wanted in words(&record["advice"]["must"]) {
            checked += 1;
            if !given.contains(&wanted) {
                complain(format!("{wanted} is not in {given:?}"));
            }
        }
        for forbidden in words(&record["advice"]["must_not"]) {
            checked += 1;
            if given.contains(&forbidden) {
                complain(format!("{forbidden} is in {given:?}"));
            }
        }
        let known = place(report);
        for wanted in words(&record["place"]) {
            checked += 1;
            if !known.contains(&wanted) {
                complain(format!("{wanted} is not in {known:?}"));
            }
        }
        let text = record["text"].as_str().unwrap();
        for fix in report["fixes"].as_array().into_iter().flatten() {
            let commands = fix["commands"].to_string();
            if commands.contains("***") {
                complain(format!("cannot be pasted: {commands}"));
            }
            if commands.replace("target=/root/", "").contains("/root") && !text.contains("/root") {
                complain(format!("this machine's path: {commands}"));
            }
            let posix = [
                "apt-get",
                "sudo ",
                "export ",
                "chown",
                "/etc/",
                "resolvectl",
            ];
            if known.contains(&"windows") && posix.iter().any(|word| commands.contains(word)) {
                complain(format!("not for Windows: {commands}"));
            }
            let linux = ["apk add", "apt-get", "resolvectl", "systemctl", "ip link"];
            let mac = known.contains(&"macos") && report["place"]["container"].is_null();
            if mac && linux.iter().any(|word| commands.contains(word)) {
                complain(format!("not for macOS: {commands}"));
            }
        }
    }
    assert!(checked > 40, "{checked}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A fact about the place names the line that it was read from; a text that says nothing yields none.
#[test]
fn a_place_has_a_basis() {
    let log = "Step 4/9 : RUN go mod download\ngo: github.com/acme/x@v1.0.0: exec: \"git\": executable file not found in $PATH\n/go/src: apk add curl\n";
    let report = explained(log);
    let place = &report["place"];
    assert_eq!(place["container"]["is"], "docker", "{report:#}");
    assert_eq!(place["container"]["basis"]["from"], "text");
    assert_eq!(place["container"]["basis"]["line"], 1);
    assert_eq!(place["system"]["is"], "alpine");
    let fixes = report["fixes"].to_string();
    assert!(fixes.contains("apk add"), "{fixes}");
    assert!(!fixes.contains("apt-get"), "{fixes}");
    let report = explained(
        "go: github.com/acme/x@v1.0.0: exec: \"git\": executable file not found in $PATH\n",
    );
    assert!(self::place(&report).is_empty(), "{report:#}");
}

rows! {
    /// The settings, project and caches of this machine have no part in the advice for a saved log.
    nothing_of_this_machine_is_in_the_advice_for_a_log = has_nothing_of_this_machine;
    denied: "go: writing stat cache: open cache/lock: permission denied\n";
    unsummed: "main.go:3:8: missing go.sum entry for module providing package github.com/acme/x\n";
    unanswered: "go: github.com/acme/x@v1.0.0: Get \"https://proxy.golang.org/github.com/acme/x/@v/v1.0.0.mod\": dial tcp 142.250.4.141:443: i/o timeout\n";
    too_old: "go: go.mod requires go >= 1.25 (running go 1.21.0; GOTOOLCHAIN=local)\n";
}

fn has_nothing_of_this_machine(log: &str) {
    let home = Home::new().var("HTTPS_PROXY", "http://canary.example:8080");
    home.write("go/pkg/mod/README", "");
    let settings = "GOPROXY=https://canary.example,direct\nGOPRIVATE=canary.example\n";
    home.write(".config/go/env", settings);
    home.write("work/go.mod", "module canary.example/app\n\ngo 1.99\n");
    home.write("log", log);
    let report = home
        .gomend_in("work", &["explain", "--offline", "--json", "../log"])
        .json();
    let fixes = report["fixes"].to_string();
    let here = home.at("");
    for own in ["canary", "1.99", here.to_str().unwrap(), "\"edits\":[{"] {
        assert!(!fixes.contains(own), "{own} in {fixes}");
    }
    assert!(!ids(&report["fixes"]).is_empty());
}

rows! {
    /// Commands are written for the reader's shell.
    commands_are_for_the_readers_shell = are_for;
    powershell: "PS C:\\Users\\dev\\app> go mod download\n", "connectex: ", "Remove-Item Env:HTTPS_PROXY";
    cmd: "C:\\Windows\\system32>go mod download\n", "connectex: ", "set HTTPS_PROXY=";
    sh: "", "connect: ", "unset HTTPS_PROXY";
}

fn are_for(prompt: &str, call: &str, line: &str) {
    let report = explained(&format!(
        "{prompt}go: golang.org/x/net@v0.1.0: Get \"https://proxy.golang.org/golang.org/x/net/@v/v0.1.0.mod\": proxyconnect tcp: dial tcp 127.0.0.1:7890: {call}No connection could be made because the target machine actively refused it.\n"
    ));
    let fixes = report["fixes"].as_array().unwrap().iter();
    let commands: String = fixes.map(|fix| fix["commands"].to_string()).collect();
    assert!(commands.contains(line), "{commands}");
}

rows! {
    /// The denied path is the one after the operation; a parent that exists is what an owner can be given.
    what_is_denied_is_where_it_is_denied = is_denied_there;
    goroot: "/home/dev/app/main.go:4:2: open /usr/local/go/src/crypto/x509/x509.go: permission denied", "readable-goroot", "chmod -R a+rX /usr/local/go\"";
    a_read_only_mount: "go: updating go.mod: open /src/go.mod: read-only file system", "mount-writable", "-modfile";
    a_folder: "go: mkdir /home/dev/go/pkg/mod: permission denied", "chown", "/home/dev/go/pkg\"";
    a_file: "go: open /home/dev/go/pkg/mod/cache/lock: permission denied", "chown", "/home/dev/go/pkg/mod\"";
    root_s_home: "go: open /root/go/pkg/mod/cache/lock: permission denied", "own-home", "-H -u USER";
}

fn is_denied_there(log: &str, id: &str, command: &str) {
    let report = explained(&format!("{log}\n"));
    let fix = &report["fixes"][0];
    assert_eq!(fix["id"], id, "{fix}");
    assert!(fix["commands"].to_string().contains(command), "{fix}");
}

rows! {
    /// Versions are named as they exist, and as the text implies them.
    versions_are_the_ones_that_exist = exists;
    of_tool: "go: errors parsing go.mod:\ngo.mod:5: unknown directive: tool\n", "Go 1.24";
    of_ignore: "go: errors parsing go.mod:\ngo.mod:5: unknown directive: ignore\n", "Go 1.25";
    of_toolchain: "go: errors parsing go.mod:\ngo.mod:5: unknown directive: toolchain\n", "Go 1.21";
    of_a_package: "main.go:4:2: package log/slog is not in GOROOT (/usr/local/go/src/log/slog)\n", "Go 1.21";
    of_a_module: "go: module github.com/acme/x requires Go 1.18\nnote: module requires Go 1.18\n", "golang.org/dl/go1.18@";
    of_a_toolchain: "go: download go1.22 for linux/amd64: toolchain not available\n", "go mod edit -go=1.22.0";
}

fn exists(log: &str, words: &str) {
    let report = explained(log);
    let fixes = report["fixes"].to_string();
    // read by nobody yet
    assert!(
        report["cause"] == "not-ours" || fixes.contains(words),
        "{report:#}"
    );
}

#[test]
fn a_commit_that_is_gone_is_not_pushed() {
    let report = explained(
        "go: github.com/acme/x@v0.0.0-20240102030405-abcdefabcdef: reading https://sum.golang.org/lookup/github.com/acme/x@v0.0.0-20240102030405-abcdefabcdef: 404 Not Found\n\tserver response: not found: github.com/acme/x@v0.0.0-20240102030405-abcdefabcdef: invalid version: unknown revision abcdefabcdef\n",
    );
    let fixes = report["fixes"].to_string();
    assert!(fixes.contains("lost-commit"), "{report:#}");
    assert!(!fixes.contains("git push"), "{fixes}");
}

/// A block says who decides and what to ask them, and offers nothing else.
#[test]
fn a_block_by_policy_names_who_decides() {
    let report = explained(
        "go: github.com/google/uuid@v1.6.0: reading https://artifactory.oak.example/api/go/go-remote/github.com/google/uuid/@v/v1.6.0.zip: 403 Forbidden\n\tserver response: Package github.com/google/uuid:v1.6.0 download was blocked by JFrog Packages Curation service due to the following policies violated {Immature package}\n",
    );
    assert_eq!(report["reason_id"], "goproxy-policy", "{report:#}");
    assert_eq!(ids(&report["fixes"]), ["proxy-policy"], "{report:#}");
    let title = report["fixes"][0]["title"].as_str().unwrap();
    for word in [
        "JFrog Curation",
        "artifactory.oak.example",
        "github.com/google/uuid@v1.6.0",
    ] {
        assert!(title.contains(word), "{title}");
    }
}

rows! {
    a_refusal_is_told_apart_by_its_words = is_told_apart;
    quarantine: "\n\tserver response: quarantined by policy", "goproxy-policy";
    a_gatekeeper: "\n\tserver response: Blocked by Zscaler", "gatekeeper";
    a_country: "\n\tserver response: not available in your country", "address-refused";
    trouble: "\n\tserver response: temporarily unavailable, try again", "server-trouble";
    silence: "", "forbidden";
}

fn is_told_apart(words: &str, reason: &str) {
    let report = explained(&format!(
        "go: github.com/acme/x@v1.0.0: reading https://nexus.oak.example/repository/go/github.com/acme/x/@v/v1.0.0.mod: 403 Forbidden{words}\n"
    ));
    assert_eq!(report["reason_id"], reason);
    for fix in report["fixes"].as_array().unwrap() {
        assert!(fix["gives_up"].is_null(), "{fix:#}");
    }
    let repeats = ids(&report["fixes"]).contains(&"retry");
    assert_eq!(repeats, reason == "server-trouble");
}

const HIDDEN: &str = "git ls-remote -q origin in /tmp/gopath/x: exit status 128:\n\t\tfatal: could not read Username for 'https://github.com': terminal prompts disabled";

rows! {
    /// A module that its proxy lacks is private only if something shows it.
    only_what_is_shown_to_be_private_is_marked_so = is_marked;
    no_such_version: "github.com/acme/lib", "unknown revision v1.0.0", None;
    a_public_one: "github.com/google/uuid", HIDDEN, None;
    perhaps: "github.com/acme/lib", HIDDEN, Some("If github.com/acme is yours: mark it as private");
    a_company_s: "git.corp.example/team/lib", HIDDEN, Some("Mark git.corp.example/team as private");
}

fn is_marked(module: &str, words: &str, expected: Option<&str>) {
    let report = explained(&format!(
        "go: {module}@v1.0.0: reading https://proxy.golang.org/{module}/@v/v1.0.0.info: 404 Not Found\n\tserver response: not found: {module}@v1.0.0: invalid version: {words}\n"
    ));
    let fixes = report["fixes"].as_array().unwrap();
    let fix = fixes.iter().find(|fix| fix["id"] == "goprivate");
    let title = fix.and_then(|fix| fix["title"].as_str());
    assert_eq!(title, expected, "{report:#}");
    if let Some(fix) = fix {
        assert_eq!(fix["gives_up"][0]["kind"], "unverified", "{fix:#}");
        let own = module.starts_with("git.corp");
        assert_eq!(fix["gives_up"][0]["private"], own, "{fix:#}");
    }
}

#[test]
fn a_company_s_own_proxy_is_none_of_the_public() {
    let report = explained(
        "go: github.com/acme/x@v1.0.0: reading https://nexus.oak.example/repository/go/github.com/acme/x/@v/v1.0.0.info: 404 Not Found\n",
    );
    assert!(!report.to_string().contains("public proxy"), "{report:#}");
}

/// Where Google's hosts are not reached, a mirror is; a mirror in trouble gives way to another one,
/// never to the host that may be blocked.
#[test]
fn a_mirror_stands_in_for_what_cannot_be_reached() {
    let timeout = |url: &str| {
        explained(&format!(
            "go: golang.org/x/net@v0.1.0: Get \"{url}\": dial tcp 142.250.4.141:443: i/o timeout\n"
        ))
    };
    let line = |report: &Value| of(&report["fixes"], "mirror")["commands"].to_string();
    for url in [
        "https://proxy.golang.org/golang.org/x/net/@v/v0.1.0.mod",
        "https://golang.org/x/net?go-get=1",
    ] {
        let commands = line(&timeout(url));
        assert!(
            commands.contains("GOPROXY=https://goproxy.cn,direct"),
            "{commands}"
        );
        assert!(
            commands.contains("GOSUMDB=sum.golang.google.cn"),
            "{commands}"
        );
    }
    let report = explained(
        "go: github.com/acme/lib@v1.0.0: reading https://goproxy.cn/github.com/acme/lib/@v/v1.0.0.info: 504 Gateway Timeout\n",
    );
    let commands = line(&report);
    assert!(
        commands.contains("mirrors.aliyun.com/goproxy"),
        "{commands}"
    );
    for fix in report["fixes"].as_array().unwrap() {
        assert!(
            !fix["commands"].to_string().contains("proxy.golang.org"),
            "{fix:#}"
        );
    }
    assert_eq!(report["reason_id"], "server-trouble");
}

rows! {
    /// A 403 without a word is told apart by one request for a module that every proxy has; only an outage passes. What
    /// the control module is answered, what go's, and what is made of it.
    a_silent_403_is_told_apart_by_a_control_module = is_made_of_403;
    others_are_served: 200, "", "goproxy-policy"; // the module is what is refused
    nobody_is_told_why: 403, "", "forbidden"; // whatever is asked for
    a_gatekeeper: 403, "Host not in allowlist: proxy.golang.org\n", "gatekeeper";
    a_country: 403, "not available in your country\n", "address-refused";
    trouble: 403, "temporarily unavailable, try again later\n", "server-trouble";
}

fn is_made_of_403(control: u16, words: &'static str, reason: &str) {
    const CONTROL: &str = "/golang.org/x/text/@v/list";
    let desk = Desk::failed_and_changed("goproxy-403", |scene| {
        scene.go_env("GOPROXY", "https://proxy.golang.org").unwrap();
        scene.host(PROXY_GOLANG).site = site(move |request| match request.path.as_str() {
            CONTROL if control == 200 => Reply::text(200, "v0.3.0\n"),
            CONTROL => Reply::text(control, "no\n"),
            _ => Reply::text(403, words),
        });
    });
    assert_eq!(desk.report()["reason_id"], reason);
    let asked = desk.scene.journal().events().into_iter();
    let asked = asked.filter(|event| matches!(event, Event::Http { path, .. } if path == CONTROL));
    let asked = asked.count();
    assert!(asked <= 1 && (asked == 1 || !words.is_empty()), "{asked}");
}

rows! {
    /// Proxies that a script chooses are read by neither go nor git: said where go could not get out.
    a_proxy_script_is_named_as_what_nobody_reads = is_named;
    of_windows: "    AutoConfigURL    REG_SZ    http://pac.oak.example/proxy.pac\n", true;
    of_macos: "  ProxyAutoConfigURLString : http://wpad.oak.example/wpad.dat\n", true;
    of_a_variable: "auto_proxy=http://pac.oak.example/proxy.pac\n", true;
    of_a_program: "using proxy configuration http://pac.oak.example/proxy.pac\n", true;
    of_nobody: "", false;
}

fn is_named(sign: &str, named: bool) {
    let report = explained(&format!(
        "{sign}go: github.com/acme/x@v1.0.0: Get \"https://proxy.golang.org/github.com/acme/x/@v/v1.0.0.mod\": dial tcp 142.250.1.141:443: i/o timeout\n"
    ));
    let found = ids(&report["fixes"]).contains(&"proxy-script");
    assert_eq!(found, named, "{report:#}");
}

rows! {
    /// The same on this machine: the variable, the desktop's file.
    a_proxy_script_of_this_machine_is_found = is_found;
    a_variable: |scene| scene.env("auto_proxy", "http://pac.corp.example/proxy.pac"), true;
    kde_s_file: |scene| scene.put("home/.config/kioslaverc", "[Proxy Settings]\nProxyType=2\n"), true;
    nothing: |_| {}, false;
}

fn is_found(change: fn(&mut Scene), found: bool) {
    let report = Desk::failed_and_changed("tcp-unreachable", change).report();
    let is_named = ids(&report["fixes"]).contains(&"proxy-script");
    assert_eq!(is_named, found, "{report:#}");
}

rows! {
    /// What is shown can be pasted: fish has neither `unset` nor `read -r`, and zsh takes what stands behind a command
    /// for arguments.
    a_login_is_typed_as_the_reader_s_shell_has_it = is_typed;
    fish: "/usr/bin/fish", "read -s TOKEN   # type or paste it: it is not shown";
    zsh: "/usr/bin/zsh", "read -rs TOKEN";
    bash: "/bin/bash", "read -rs TOKEN   # type or paste it: it is not shown";
}

fn is_typed(shell: &str, line: &str) {
    let desk = Desk::failed_and_changed("https-no-credentials", |scene| scene.env("SHELL", shell));
    let report = desk.report();
    let login = of(&report["fixes"], "store-credentials");
    let commands = login["commands"].as_array().unwrap();
    let place = |text: &str| {
        let line = |command: &Value| command.as_str().unwrap().contains(text);
        commands.iter().position(line)
    };
    assert!(commands.contains(&line.into()), "{commands:?}");
    // the token is there before anything uses it
    assert!(place("TOKEN") < place("\"$TOKEN\""), "{commands:?}");
}

rows! {
    /// The same: fish has no `unset`.
    a_variable_is_unset_as_the_reader_s_shell_has_it = is_unset;
    fish: "/usr/bin/fish", "set -e GOPROXY";
    bash: "/bin/bash", "unset GOPROXY";
}

fn is_unset(shell: &str, line: &str) {
    let desk = Desk::failed_and_changed("tcp-refused", |scene| {
        scene.env("SHELL", shell);
        scene.env("GOPROXY", "http://127.0.0.1:1");
    });
    let commands = desk.report()["fixes"][0]["commands"].to_string();
    assert!(commands.contains(&format!("\"{line}\"")), "{commands}");
}

faults! {
    /// What was once written for these: `GOPRIVATE=github.com/acme`.
    nothing_is_weakened_for_the_trouble_of_others = weakens_nothing;
    goproxy_401 goproxy_403 goproxy_502 goproxy_transient sumdb_down goproxy_429 goproxy_curation goproxy_403_silent
    egress_403 fresh_tag fresh_tag_sumdb proxy_403 zip_cut tcp_reset
}

fn weakens_nothing(fault: &str) {
    let desk = Desk::failed(fault);
    let before = desk.picture();
    let outcome = desk.gomend(&["fix", "--last", "--yes"]);
    assert_eq!(outcome.status.code(), Some(1), "{}", outcome.text());
    assert!(desk.picture() == before, "{}", outcome.text());
    let fixes = desk.gomend(&["fix", "--last", "--json", "--quiet"]).json();
    for fix in fixes.as_array().unwrap() {
        let text = fix["commands"].to_string();
        for key in [
            "GOPRIVATE=",
            "GONOSUMDB=",
            "GONOPROXY=",
            "GOINSECURE=",
            "GOSUMDB=off",
        ] {
            assert!(!text.contains(key), "{fix:#}");
        }
        assert!(!text.contains("GOPROXY") || !text.contains('|'), "{fix:#}");
    }
    let ids = ids(&fixes);
    assert!(!ids.is_empty(), "it is left without advice");
    if ["goproxy-403", "goproxy-curation", "egress-403", "proxy-403"].contains(&fault) {
        for id in ids {
            for sense in WEAKENING {
                assert!(!gives(id, sense), "{id}");
            }
            assert_ne!(id, "no-proxy");
        }
    }
}

rows! {
    /// /etc/hosts as Go and as the C library take it: of two families the line that fails is taken out, a tab that hides
    /// the file from Go goes; each as the recipe says, and go passes then.
    etc_hosts_is_mended_where_it_fails = is_mended;
    a_line: "dns-hosts-families", "hosts-file", "sed -i -e '3s/^/# /' /etc/hosts";
    a_tab: "dns-nsswitch", "nsswitch", r"sed -i '/^hosts:/s/\t/ /g' /etc/nsswitch.conf";
}

fn is_mended(fault: &str, fix: &str, recipe: &str) {
    let desk = Desk::failed(fault);
    let report = desk.report();
    assert_eq!(report["fixes"][0]["id"], fix, "{report:#}");
    let line = report["fixes"][0]["commands"][0].as_str().unwrap();
    let line = line.trim_start_matches("sudo ");
    assert_eq!(line, recipe);
    let etc = desk.scene.world.outside("etc");
    let line = line.replace("/etc", etc.to_str().unwrap());
    let ended = Command::new("sh").args(["-c", &line]).status().unwrap();
    assert!(ended.success(), "{line}");
    desk.go().succeeded();
}
