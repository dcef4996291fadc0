//! Advice that must not be given: for reports of others, and where it would give up verification, a
//! policy or a private name.

use std::io::Write as _;
use std::process::{Command, Stdio};

use gomend::lab::places::PROXY_GOLANG;
use gomend::lab::serve::http::{Reply, Request, site};
use gomend::lab::town::WIDGET;
use gomend::lab::{Event, Scene, Toolchain};
use serde_json::Value;

use crate::fix::Desk;
use crate::support::{LATEST, goroot, shims};

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

/// What `explain --offline` makes of a text.
fn explained(text: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gomend"))
        .args(["explain", "--offline", "--json", "-"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ids(fixes: &Value) -> Vec<&str> {
    let fixes = fixes.as_array().into_iter().flatten();
    fixes.filter_map(|fix| fix["id"].as_str()).collect()
}

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

/// The settings, project and caches of this machine have no part in the advice for a saved log.
#[test]
fn nothing_of_this_machine_is_in_the_advice_for_a_log() {
    let home = tempfile::tempdir().unwrap();
    let work = home.path().join("work");
    std::fs::create_dir_all(home.path().join(".config/go")).unwrap();
    std::fs::create_dir_all(home.path().join("go/pkg/mod")).unwrap();
    std::fs::create_dir(&work).unwrap();
    std::fs::write(
        home.path().join(".config/go/env"),
        "GOPROXY=https://canary.example,direct\nGOPRIVATE=canary.example\n",
    )
    .unwrap();
    std::fs::write(
        work.join("go.mod"),
        "module canary.example/app\n\ngo 1.99\n",
    )
    .unwrap();
    for log in [
        "go: writing stat cache: open cache/lock: permission denied\n",
        "main.go:3:8: missing go.sum entry for module providing package github.com/acme/x\n",
        "go: github.com/acme/x@v1.0.0: Get \"https://proxy.golang.org/github.com/acme/x/@v/v1.0.0.mod\": dial tcp 142.250.4.141:443: i/o timeout\n",
        "go: go.mod requires go >= 1.25 (running go 1.21.0; GOTOOLCHAIN=local)\n",
    ] {
        let file = home.path().join("log");
        std::fs::write(&file, log).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_gomend"))
            .args(["explain", "--offline", "--json"])
            .arg(&file)
            .env_clear()
            .env("HOME", home.path())
            .env("HTTPS_PROXY", "http://canary.example:8080")
            .env("PATH", "/usr/bin:/bin")
            .current_dir(&work)
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let fixes = report["fixes"].to_string();
        let here = home.path().to_string_lossy();
        for own in ["canary", "1.99", &here, "\"edits\":[{"] {
            assert!(!fixes.contains(own), "{own} in {fixes}");
        }
        assert!(!ids(&report["fixes"]).is_empty(), "{log}");
    }
}

/// Commands are written for the reader's shell.
#[test]
fn commands_are_for_the_readers_shell() {
    let timeout = "go: golang.org/x/net@v0.1.0: Get \"https://proxy.golang.org/golang.org/x/net/@v/v0.1.0.mod\": proxyconnect tcp: dial tcp 127.0.0.1:7890: connectex: No connection could be made because the target machine actively refused it.\n";
    let commands = |report: &Value| {
        let fixes = report["fixes"].as_array().unwrap();
        fixes
            .iter()
            .map(|fix| fix["commands"].to_string())
            .collect::<String>()
    };
    let shell = commands(&explained(&format!(
        "PS C:\\Users\\dev\\app> go mod download\n{timeout}"
    )));
    assert!(shell.contains("Remove-Item Env:HTTPS_PROXY"), "{shell}");
    let shell = commands(&explained(&format!(
        "C:\\Windows\\system32>go mod download\n{timeout}"
    )));
    assert!(shell.contains("set HTTPS_PROXY="), "{shell}");
    let shell = commands(&explained(
        timeout.replace("connectex: ", "connect: ").as_str(),
    ));
    assert!(shell.contains("unset HTTPS_PROXY"), "{shell}");
}

/// The denied path is the one after the operation; a parent that exists is what an owner can be given.
#[test]
fn what_is_denied_is_where_it_is_denied() {
    let first = |log: &str| {
        let report = explained(log);
        let fix = &report["fixes"][0];
        (
            fix["id"].as_str().unwrap_or_default().to_owned(),
            fix["commands"].to_string(),
        )
    };
    for (log, id, command) in [
        (
            "/home/dev/app/main.go:4:2: open /usr/local/go/src/crypto/x509/x509.go: permission denied\n",
            "readable-goroot",
            "chmod -R a+rX /usr/local/go\"",
        ),
        (
            "go: updating go.mod: open /src/go.mod: read-only file system\n",
            "mount-writable",
            "-modfile",
        ),
        (
            "go: mkdir /home/dev/go/pkg/mod: permission denied\n",
            "chown",
            "/home/dev/go/pkg\"",
        ),
        (
            "go: open /home/dev/go/pkg/mod/cache/lock: permission denied\n",
            "chown",
            "/home/dev/go/pkg/mod\"",
        ),
        (
            "go: open /root/go/pkg/mod/cache/lock: permission denied\n",
            "own-home",
            "-H -u USER",
        ),
    ] {
        let (given, commands) = first(log);
        assert_eq!(given, id, "{log}{commands}");
        assert!(commands.contains(command), "{log}{commands}");
    }
}

/// Versions are named as they exist, and as the text implies them.
#[test]
fn versions_are_the_ones_that_exist() {
    for (log, words) in [
        (
            "go: errors parsing go.mod:\ngo.mod:5: unknown directive: tool\n",
            "Go 1.24",
        ),
        (
            "go: errors parsing go.mod:\ngo.mod:5: unknown directive: ignore\n",
            "Go 1.25",
        ),
        (
            "go: errors parsing go.mod:\ngo.mod:5: unknown directive: toolchain\n",
            "Go 1.21",
        ),
        (
            "main.go:4:2: package log/slog is not in GOROOT (/usr/local/go/src/log/slog)\n",
            "Go 1.21",
        ),
        (
            "go: module github.com/acme/x requires Go 1.18\nnote: module requires Go 1.18\n",
            "golang.org/dl/go1.18@",
        ),
        (
            "go: download go1.22 for linux/amd64: toolchain not available\n",
            "go mod edit -go=1.22.0",
        ),
    ] {
        let report = explained(log);
        if report["cause"] == "not-ours" {
            continue; // read by nobody yet
        }
        let fixes = report["fixes"].to_string();
        assert!(fixes.contains(words), "{words}: {report:#}");
    }
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

#[test]
fn a_refusal_is_told_apart_by_its_words() {
    for (words, reason) in [
        (
            "\n\tserver response: quarantined by policy",
            "goproxy-policy",
        ),
        ("\n\tserver response: Blocked by Zscaler", "gatekeeper"),
        (
            "\n\tserver response: not available in your country",
            "address-refused",
        ),
        (
            "\n\tserver response: temporarily unavailable, try again",
            "server-trouble",
        ),
        ("", "forbidden"),
    ] {
        let report = explained(&format!(
            "go: github.com/acme/x@v1.0.0: reading https://nexus.oak.example/repository/go/github.com/acme/x/@v/v1.0.0.mod: 403 Forbidden{words}\n"
        ));
        assert_eq!(report["reason_id"], reason, "{words}");
        for fix in report["fixes"].as_array().unwrap() {
            assert!(fix["gives_up"].is_null(), "{words}: {fix:#}");
        }
        let repeats = ids(&report["fixes"]).contains(&"retry");
        assert_eq!(repeats, reason == "server-trouble", "{words}");
    }
}

/// A module that its proxy lacks is private only if something shows it.
#[test]
fn only_what_is_shown_to_be_private_is_marked_so() {
    let missing = |module: &str, words: &str| {
        explained(&format!(
            "go: {module}@v1.0.0: reading https://proxy.golang.org/{module}/@v/v1.0.0.info: 404 Not Found\n\tserver response: not found: {module}@v1.0.0: invalid version: {words}\n"
        ))
    };
    let hidden = "git ls-remote -q origin in /tmp/gopath/x: exit status 128:\n\t\tfatal: could not read Username for 'https://github.com': terminal prompts disabled";
    for (module, words, expected) in [
        ("github.com/acme/lib", "unknown revision v1.0.0", None),
        ("github.com/google/uuid", hidden, None),
        (
            "github.com/acme/lib",
            hidden,
            Some("If github.com/acme is yours: mark it as private"),
        ),
        (
            "git.corp.example/team/lib",
            hidden,
            Some("Mark git.corp.example/team as private"),
        ),
    ] {
        let report = missing(module, words);
        let fixes = report["fixes"].as_array().unwrap();
        let fix = fixes.iter().find(|fix| fix["id"] == "goprivate");
        let title = fix.and_then(|fix| fix["title"].as_str());
        assert_eq!(title, expected, "{module}: {report:#}");
        if let Some(fix) = fix {
            assert_eq!(fix["gives_up"][0]["kind"], "unverified", "{fix:#}");
            let own = module.starts_with("git.corp");
            assert_eq!(fix["gives_up"][0]["private"], own, "{fix:#}");
        }
    }
    // a company's own proxy is none of the public
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
    let line = |report: &Value| {
        let fixes = report["fixes"].as_array().unwrap();
        let fix = fixes.iter().find(|fix| fix["id"] == "mirror");
        fix.unwrap_or_else(|| panic!("no mirror in {report:#}"))["commands"].to_string()
    };
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

/// A 403 without a word is told apart by one request for a module that every proxy has; only an outage passes.
#[test]
fn a_silent_403_is_told_apart_by_a_control_module() {
    const CONTROL: &str = "/golang.org/x/text/@v/list";
    let refusing = |control: u16, words: &'static str| {
        let scene = lab_scene(move |request| match request.path.as_str() {
            CONTROL if control == 200 => Reply::text(200, "v0.3.0\n"),
            CONTROL => Reply::text(control, "no\n"),
            _ => Reply::text(403, words),
        });
        scene.journal().clear();
        let outcome = scene.run(&["go", "mod", "download"]).unwrap();
        assert!(!outcome.status.success());
        let asked = scene.journal().events().into_iter();
        let asked = asked
            .filter(|event| matches!(event, Event::Http { path, .. } if path == CONTROL))
            .count();
        let json = std::fs::read(scene.world.outside("report.json")).unwrap();
        let report: Value = serde_json::from_slice(&json).unwrap();
        (report["reason_id"].as_str().unwrap().to_owned(), asked)
    };
    // others are served: the module is what is refused
    let (reason, asked) = refusing(200, "");
    assert_eq!((reason.as_str(), asked), ("goproxy-policy", 1));
    // nobody is told why, whatever is asked for
    let (reason, asked) = refusing(403, "");
    assert_eq!((reason.as_str(), asked), ("forbidden", 1));
    for (words, expected) in [
        ("Host not in allowlist: proxy.golang.org\n", "gatekeeper"),
        ("not available in your country\n", "address-refused"),
        (
            "temporarily unavailable, try again later\n",
            "server-trouble",
        ),
    ] {
        let (reason, asked) = refusing(403, words);
        assert_eq!(reason, expected, "{words}");
        assert!(asked <= 1, "{words}");
    }
}

/// A healthy scene in which the module proxy answers so.
fn lab_scene(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Scene {
    let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
    let mut scene = Scene::new(&toolchain).unwrap();
    scene.app(&[&WIDGET]).unwrap();
    scene.go_env("GOPROXY", "https://proxy.golang.org").unwrap();
    scene.host(PROXY_GOLANG).site = site(answer);
    scene.env("GOMEND_REPORT", scene.world.inside("report.json"));
    scene.path.insert(0, shims().to_owned());
    scene.open().unwrap();
    scene
}

/// Proxies that a script chooses are read by neither go nor git: said where go could not get out.
#[test]
fn a_proxy_script_is_named_as_what_nobody_reads() {
    let timeout = "go: github.com/acme/x@v1.0.0: Get \"https://proxy.golang.org/github.com/acme/x/@v/v1.0.0.mod\": dial tcp 142.250.1.141:443: i/o timeout\n";
    for sign in [
        "    AutoConfigURL    REG_SZ    http://pac.oak.example/proxy.pac\n",
        "  ProxyAutoConfigURLString : http://wpad.oak.example/wpad.dat\n",
        "auto_proxy=http://pac.oak.example/proxy.pac\n",
        "using proxy configuration http://pac.oak.example/proxy.pac\n",
    ] {
        let report = explained(&format!("{sign}{timeout}"));
        assert!(
            ids(&report["fixes"]).contains(&"proxy-script"),
            "{sign}{report:#}"
        );
    }
    let report = explained(timeout);
    assert!(
        !ids(&report["fixes"]).contains(&"proxy-script"),
        "{report:#}"
    );
}

/// The same on this machine: the variable, the desktop's file.
#[test]
fn a_proxy_script_of_this_machine_is_found() {
    for (variable, kde) in [(true, false), (false, true), (false, false)] {
        let desk = Desk::changed("tcp-unreachable", |scene| {
            if variable {
                scene.env("auto_proxy", "http://pac.corp.example/proxy.pac");
            }
            if kde {
                let file = "home/.config/kioslaverc";
                let text = "[Proxy Settings]\nProxyType=2\n";
                scene.world.write(file, text, false).unwrap();
            }
        });
        assert!(!desk.go().status.success());
        let report = desk.report();
        let found = ids(&report["fixes"]).contains(&"proxy-script");
        assert_eq!(found, variable || kde, "{report:#}");
    }
}

/// What is shown can be pasted: fish has neither `unset` nor `read -r`, and zsh takes what stands behind a command for
/// arguments.
#[test]
fn a_login_is_typed_as_the_reader_s_shell_has_it() {
    for (shell, line) in [
        (
            "/usr/bin/fish",
            "read -s TOKEN   # type or paste it: it is not shown",
        ),
        ("/usr/bin/zsh", "read -rs TOKEN"),
        (
            "/bin/bash",
            "read -rs TOKEN   # type or paste it: it is not shown",
        ),
    ] {
        let desk = Desk::changed("https-no-credentials", |scene| {
            scene.env("SHELL", shell);
        });
        assert!(!desk.go().status.success());
        let report = desk.report();
        let fixes = report["fixes"].as_array().unwrap();
        let login = fixes.iter().find(|fix| fix["id"] == "store-credentials");
        let commands = login.unwrap()["commands"].as_array().unwrap();
        let place = |text: &str| {
            let line = |command: &serde_json::Value| command.as_str().unwrap().contains(text);
            commands.iter().position(line)
        };
        assert!(commands.contains(&line.into()), "{shell}: {commands:?}");
        // the token is there before anything uses it
        assert!(
            place("TOKEN") < place("\"$TOKEN\""),
            "{shell}: {commands:?}"
        );
    }
}

/// What is shown can be pasted: fish has no `unset`.
#[test]
fn a_variable_is_unset_as_the_reader_s_shell_has_it() {
    for (shell, line) in [
        ("/usr/bin/fish", "set -e GOPROXY"),
        ("/bin/bash", "unset GOPROXY"),
    ] {
        let desk = Desk::changed("tcp-refused", |scene| {
            scene.env("SHELL", shell);
            scene.env("GOPROXY", "http://127.0.0.1:1");
        });
        assert!(!desk.go().status.success());
        let report = desk.report();
        let commands = report["fixes"][0]["commands"].to_string();
        assert!(commands.contains(&format!("\"{line}\"")), "{commands}");
    }
}

/// What was once written for these: `GOPRIVATE=github.com/acme`.
#[test]
fn nothing_is_weakened_for_the_trouble_of_others() {
    for fault in [
        "goproxy-401",
        "goproxy-403",
        "goproxy-502",
        "goproxy-transient",
        "sumdb-down",
        "goproxy-429",
        "goproxy-curation",
        "goproxy-403-silent",
        "egress-403",
        "fresh-tag",
        "fresh-tag-sumdb",
        "proxy-403",
        "zip-cut",
        "tcp-reset",
    ] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let before = desk.picture();
        let outcome = desk.gomend(&["fix", "--last", "--yes"]);
        assert_eq!(
            outcome.status.code(),
            Some(1),
            "{fault}: {}",
            outcome.text()
        );
        assert!(desk.picture() == before, "{fault}: {}", outcome.text());
        let outcome = desk.gomend(&["fix", "--last", "--json", "--quiet"]);
        let fixes: Value = serde_json::from_slice(&outcome.stdout).unwrap();
        for fix in fixes.as_array().unwrap() {
            let text = fix["commands"].to_string();
            for key in [
                "GOPRIVATE=",
                "GONOSUMDB=",
                "GONOPROXY=",
                "GOINSECURE=",
                "GOSUMDB=off",
            ] {
                assert!(!text.contains(key), "{fault}: {fix:#}");
            }
            assert!(
                !text.contains("GOPROXY") || !text.contains('|'),
                "{fault}: {fix:#}"
            );
        }
        let ids = ids(&fixes);
        assert!(!ids.is_empty(), "{fault} is left without advice");
        if ["goproxy-403", "goproxy-curation", "egress-403", "proxy-403"].contains(&fault) {
            for id in ids {
                for sense in WEAKENING {
                    assert!(!gives(id, sense), "{fault}: {id}");
                }
                assert_ne!(id, "no-proxy", "{fault}");
            }
        }
    }
}

/// /etc/hosts as Go and as the C library take it: of two families the line that fails is taken out, a tab that hides
/// the file from Go goes; each as the recipe says, and go passes then.
#[test]
fn etc_hosts_is_mended_where_it_fails() {
    for (fault, fix, recipe) in [
        (
            "dns-hosts-families",
            "hosts-file",
            "sed -i -e '3s/^/# /' /etc/hosts",
        ),
        (
            "dns-nsswitch",
            "nsswitch",
            r"sed -i '/^hosts:/s/\t/ /g' /etc/nsswitch.conf",
        ),
    ] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let report = desk.report();
        assert_eq!(report["fixes"][0]["id"], fix, "{fault}: {report:#}");
        let line = report["fixes"][0]["commands"][0].as_str().unwrap();
        let line = line.trim_start_matches("sudo ");
        assert_eq!(line, recipe, "{fault}");
        let etc = desk.scene.world.outside("etc");
        let line = line.replace("/etc", etc.to_str().unwrap());
        let ended = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(ended.success(), "{fault}: {line}");
        let outcome = desk.go();
        assert!(outcome.status.success(), "{fault}: {}", outcome.text());
    }
}
