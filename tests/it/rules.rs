//! The score over labelled reports: as they are, and wrapped the way logs are.

use std::fmt::Write as _;

use gomend::cause::Cause;
use gomend::evidence::{Role, Side, Source};
use gomend::rules::{self, Context};
use serde::Deserialize;

/// One labelled report; see the README beside the corpus.
#[derive(Deserialize)]
struct Record {
    id: String,
    text: String,
    cause: String,
    accept: Vec<String>,
    host: Option<String>,
}

fn records(file: &str) -> Vec<Record> {
    read(&format!(
        "{}/tests/corpus/{file}",
        env!("CARGO_MANIFEST_DIR")
    ))
}

fn read(path: &str) -> Vec<Record> {
    let text = std::fs::read_to_string(path).expect("a corpus can be read");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("one record a line"))
        .collect()
}

#[derive(Default)]
struct Score {
    total: usize,
    right: usize,
    exact: usize,
    hosts: usize,
    hosts_right: usize,
    alarms: usize,
    misses: String,
}

impl Score {
    fn of(records: &[Record], wrap: impl Fn(&str) -> String) -> Self {
        let mut score = Self::default();
        for record in records {
            let evidence = rules::scan(wrap(&record.text).as_bytes(), &Context::default());
            let first = evidence.findings.first();
            let cause = first
                .map_or(Cause::NotOurs, gomend::evidence::Finding::cause)
                .id();
            let exact = cause == record.cause;
            let right = exact || record.accept.iter().any(|other| other == cause);
            score.total += 1;
            score.exact += usize::from(exact);
            score.right += usize::from(right);
            if record.cause == "not-ours" && record.accept.is_empty() && first.is_some() {
                score.alarms += 1;
            }
            let rule = first.map_or("-", |finding| &finding.rule);
            if !exact {
                let mark = if right { "~" } else { "X" };
                let _ = writeln!(
                    score.misses,
                    "{mark} {}: {cause} by {rule}, not {} {:?}",
                    record.id, record.cause, record.accept
                );
            }
            if let Some(host) = &record.host {
                let found = first.and_then(|finding| finding.target.host.as_deref());
                let same = found.is_some_and(|found| found.eq_ignore_ascii_case(host));
                score.hosts += 1;
                score.hosts_right += usize::from(same);
                if !same {
                    let _ = writeln!(
                        score.misses,
                        "h {}: host {found:?} by {rule}, not {host}",
                        record.id
                    );
                }
            }
        }
        score
    }

    fn percent(part: usize, of: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred records")]
        let percent = part as f64 * 100.0 / of.max(1) as f64;
        percent
    }

    /// Prints the score and fails below the figures that the contract names.
    fn check(&self, name: &str, slack: f64) {
        self.check_against(name, [97.0 - slack, 92.0 - slack, 95.0 - slack]);
    }

    #[expect(clippy::print_stdout, reason = "the score is what this test is for")]
    /// Prints the score and fails below these figures: right, exact, host.
    fn check_against(&self, name: &str, floor: [f64; 3]) {
        let (right, exact, hosts) = (
            Self::percent(self.right, self.total),
            Self::percent(self.exact, self.total),
            Self::percent(self.hosts_right, self.hosts),
        );
        println!(
            "{name}: right {right:.1} %, exact {exact:.1} %, host {hosts:.1} % of {}, alarms {} ({} records)",
            self.hosts, self.alarms, self.total
        );
        println!("{}", self.misses);
        assert!(
            right >= floor[0] && exact >= floor[1] && hosts >= floor[2] && self.alarms == 0,
            "{name} is below the contract"
        );
    }
}

#[test]
fn train_score() {
    Score::of(&records("train.jsonl"), str::to_owned).check("train", 0.0);
}

#[test]
fn field_score() {
    Score::of(&records("field.jsonl"), str::to_owned).check_against("field", [100.0, 95.0, 100.0]);
}

/// Scores a corpus from elsewhere: `GOMEND_CORPUS=FILE cargo test --test it external_score --
/// --ignored --nocapture`.
#[test]
#[ignore = "needs GOMEND_CORPUS"]
fn external_score() {
    let path = std::env::var("GOMEND_CORPUS").expect("GOMEND_CORPUS names a file");
    Score::of(&read(&path), str::to_owned).check_against(&path, [0.0, 0.0, 0.0]);
}

/// Whatever `go: MODULE@VERSION: ` may introduce may also end an import chain, and is the same
/// there.
#[test]
fn the_end_of_an_import_chain_is_read_like_a_line_of_go() {
    let mut wrong = String::new();
    let mut tried = 0;
    for rule in rules::all() {
        let (first, below) = rule.sample.split_once('\n').unwrap_or((rule.sample, ""));
        let Some(said) = first.strip_prefix("go: ") else {
            continue;
        };
        let module = said.split(": ").next().unwrap_or_default();
        let Some((path, _)) = module.split_once("@v") else {
            continue;
        };
        tried += 1;
        let chain =
            format!("m.example/app imports\n\tm.example/app/x imports\n\t{path}: {said}\n{below}");
        let scan = |text: &str| {
            let found = rules::scan(text.as_bytes(), &Context::default()).findings;
            let first = found.into_iter().next();
            first.map(|finding| (finding.rule.to_string(), finding.target.host))
        };
        let (alone, chained) = (scan(rule.sample), scan(&chain));
        if alone != chained {
            let _ = writeln!(wrong, "{}: {alone:?} {chained:?}", rule.id);
        }
    }
    assert!(tried > 40 && wrong.is_empty(), "of {tried}: {wrong}");
}

/// Words that nobody has written down yet, behind every frame in which go names what it fetches:
/// module, version and host are named, and the cause is not made up.
#[test]
fn an_unknown_tail_is_still_a_failed_fetch() {
    const MODULE: &str = "github.com/acme/lib";
    let tail = "the moon is in the wrong phase";
    for (frame, host) in [
        ("go get github.com/acme/lib@v1.2.3: ", None),
        ("go install github.com/acme/lib@latest: ", None),
        ("go mod download: github.com/acme/lib@v1.2.3: ", None),
        ("go build: github.com/acme/lib@v1.2.3: ", None),
        ("go: github.com/acme/lib: ", None),
        ("go: module github.com/acme/lib: ", None),
        ("go: github.com/acme/lib@v1.2.3: ", None),
        ("go: github.com/acme/lib@v1.2.3：", None),
        ("go: github.com/acme/lib@feature/x: ", None),
        ("go: github.com/acme/lib@v1.2.3/go.mod: ", None),
        ("verifying github.com/acme/lib@v1.2.3: ", None),
        ("main.go:4:2: github.com/acme/lib@v1.2.3: ", None),
        ("main.go:4:2: github.com/acme/lib@v1.2.3/go.mod: ", None),
        ("$ go build\ngithub.com/acme/lib@v1.2.3: ", None),
        (
            "main.go:4:2: cannot find module providing package github.com/acme/lib: ",
            None,
        ),
        (
            "go: github.com/acme/lib@v1.2.3: Get \"https://goproxy.example/github.com/acme/lib/@v/v1.2.3.mod\": ",
            Some("goproxy.example"),
        ),
        (
            "package github.com/acme/lib: unrecognized import path \"github.com/acme/lib\": https fetch: Get \"https://github.com/acme/lib?go-get=1\": ",
            Some("github.com"),
        ),
        (
            "go: github.com/acme/lib@v1.2.3: reading https://goproxy.example/github.com/acme/lib/@v/v1.2.3.mod: ",
            Some("goproxy.example"),
        ),
    ] {
        let text = format!("{frame}{tail}\n");
        let found = rules::scan(text.as_bytes(), &Context::default()).findings;
        let first = found.first().unwrap_or_else(|| panic!("silence: {text}"));
        assert!(first.rule.ends_with("-unknown"), "{text}: {}", first.rule);
        assert_eq!(
            (first.target.module.as_deref(), first.target.host.as_deref()),
            (Some(MODULE), host),
            "{text}"
        );
        assert!(first.text.contains(tail), "{text}: {}", first.text);
    }
    let url = "Get \"https://proxy.golang.org/x/@v/list\": the moon is in the wrong phase";
    let found = rules::scan(url.as_bytes(), &Context::default()).findings;
    assert_eq!(found[0].target.host.as_deref(), Some("proxy.golang.org"));
    let apple = "xcrun: error: invalid active developer path (/Library/Developer/CommandLineTools), missing xcrun";
    let found = rules::scan(apple.as_bytes(), &Context::default()).findings;
    assert_eq!(found[0].cause(), Cause::GitNotFound);
    let bare = "go: github.com/acme/lib@v1.2.3: 仓库未找到";
    let found = rules::scan(bare.as_bytes(), &Context::default()).findings;
    assert_eq!(found[0].cause(), Cause::RepoNotFound);
    // what only looks like it
    for text in [
        "go: github.com/acme/app/cmd/x: package github.com/acme/app/cmd/x is not a main package",
        "go: module github.com/acme/lib: not a known dependency",
        "package github.com/acme/app\n\timports github.com/acme/lib/internal/x: use of internal package github.com/acme/lib/internal/x not allowed",
        "gyp: No Xcode or CLT version detected!\nxcrun: error: invalid active developer path (/Library/Developer/CommandLineTools)",
        "ghcr.io/acme/chart@v1.2.3: the moon is in the wrong phase",
        "mail from ops@example.com: the moon is in the wrong phase",
        "level=error msg=\"pull failed\" image=ghcr.io/acme/x@v1.2.3: denied",
    ] {
        let found = rules::scan(text.as_bytes(), &Context::default()).findings;
        assert!(found.is_empty(), "{text}: {}", found[0].rule);
    }
}

/// `per_line` applied to every line.
fn each(text: &str, per_line: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| per_line(line) + "\n").collect()
}

/// Cuts every line after 80 characters, as a terminal's copy does.
fn cut_at_80(text: &str) -> String {
    each(text, |line| {
        let chars: Vec<char> = line.chars().collect();
        let parts: Vec<String> = chars.chunks(80).map(|part| part.iter().collect()).collect();
        parts.join("\n")
    })
}

/// Breaks every line at the last blank before column 80, as `fold -s` does.
fn fold_at_80(text: &str) -> String {
    each(text, |line| {
        let mut out = String::new();
        let mut width = 0;
        for word in line.split(' ') {
            if width > 0 && width + 1 + word.chars().count() > 80 {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += word.chars().count();
        }
        out
    })
}

/// How a log changes a report.
type Wrap<'a> = &'a dyn Fn(&str) -> String;

#[test]
fn wrapped_scores() {
    let mut records = records("train.jsonl");
    // A DNS server's log ends a line where its name ends.
    let field = self::records("field.jsonl").into_iter();
    records.extend(field.filter(|record| !record.id.starts_with("seed")));
    let json = |text: &str| serde_json::to_string(text).expect("text is text");
    let wraps: [(&str, Wrap<'_>); 13] = [
        ("buildkit", &|text| {
            each(text, |line| format!("#12 14.70 {line}"))
        }),
        ("compose", &|text| {
            each(text, |line| format!("app_1  | {line}"))
        }),
        ("github", &|text| {
            each(text, |line| format!("2024-08-29T07:08:17.2461234Z {line}"))
        }),
        ("jenkins", &|text| {
            each(text, |line| format!("[2019-09-04T07:41:12.213Z] {line}"))
        }),
        ("gitlab", &|text| {
            each(text, |line| {
                format!("2024-08-29T07:08:17.246123Z 01O {line}")
            })
        }),
        ("crlf", &|text| each(text, |line| format!("{line}\r"))),
        ("ansi", &|text| {
            each(text, |line| format!("\x1b[0;31m{line}\x1b[0m"))
        }),
        ("json", &json),
        ("json object", &|text| {
            format!(
                "{{\"level\":\"error\",\"stderr\":{},\"code\":1}}",
                json(text)
            )
        }),
        ("json lines", &|text| {
            each(text, |line| {
                format!(
                    "{{\"log\":{},\"stream\":\"stderr\"}}",
                    json(&format!("{line}\n"))
                )
            })
        }),
        ("cut at 80", &cut_at_80),
        ("fold at 80", &fold_at_80),
        ("one line", &|text| text.replace('\n', " ")),
    ];
    for (name, wrap) in wraps {
        // Flattening loses what lines tell; the contract names the others.
        let slack = if name == "one line" { 6.0 } else { 1.0 };
        Score::of(&records, wrap).check(name, slack);
    }
}

/// git's words for the same failures in other languages, as go wraps them.
#[test]
fn translated_git_is_understood() {
    let header = "go: git.corp.example/org/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\t";
    for (text, cause, host) in [
        (
            "Schwerwiegend: Authentifizierung fehlgeschlagen für 'https://git.corp.example/org/x/'",
            "https-credentials-rejected",
            "git.corp.example",
        ),
        (
            "fatal : Échec d'authentification pour 'https://git.corp.example/org/x/'",
            "https-credentials-rejected",
            "git.corp.example",
        ),
        (
            "致命错误：'https://git.corp.example/org/x/' 鉴权失败",
            "https-credentials-rejected",
            "git.corp.example",
        ),
        (
            "致命错误：仓库 'https://git.corp.example/org/x/' 未找到",
            "repo-not-found",
            "git.corp.example",
        ),
        (
            "fatal: repositorio 'https://git.corp.example/org/x/' no encontrado",
            "repo-not-found",
            "git.corp.example",
        ),
        (
            "Schwerwiegend: Repository 'https://git.corp.example/org/x/' nicht gefunden",
            "repo-not-found",
            "git.corp.example",
        ),
        (
            "fatal: «https://git.corp.example/org/x/» недоступно: Could not resolve host: git.corp.example",
            "dns-not-found",
            "git.corp.example",
        ),
        (
            "致命错误：无法访问 'https://git.corp.example/org/x/'：Failed to connect to git.corp.example port 443: Connection timed out",
            "tcp-timeout",
            "git.corp.example",
        ),
        (
            "fatal : impossible d'accéder à 'https://git.corp.example/org/x/' : SSL certificate problem: unable to get local issuer certificate",
            "tls-unknown-authority",
            "git.corp.example",
        ),
        (
            "ssh: connect to host git.corp.example port 22: Verbindungsaufbau abgelehnt\n\tSchwerwiegend: Konnte nicht vom Remote-Repository lesen.",
            "tcp-refused",
            "git.corp.example",
        ),
        (
            "ssh: connect to host git.corp.example port 22: 接続を拒否されました",
            "tcp-refused",
            "git.corp.example",
        ),
        (
            "ssh: Could not resolve hostname git.corp.example: Der Name oder der Dienst ist nicht bekannt",
            "dns-not-found",
            "git.corp.example",
        ),
        (
            "ssh: Could not resolve hostname git.corp.example: 名前またはサービスが不明です",
            "dns-not-found",
            "git.corp.example",
        ),
        (
            "fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
            "https-no-credentials",
            "git.corp.example",
        ),
    ] {
        let evidence = rules::scan(format!("{header}{text}\n").as_bytes(), &Context::default());
        let first = evidence
            .findings
            .first()
            .unwrap_or_else(|| panic!("nothing in {text}"));
        assert_eq!(
            (first.cause().id(), first.target.host.as_deref()),
            (cause, Some(host)),
            "{text}: {first:?}"
        );
    }
    let bare = "致命错误：无法访问 'https://github.com/a/b/'：Could not resolve host: github.com\npackage github.com/a/b: exit status 128";
    assert_eq!(
        rules::scan(bare.as_bytes(), &Context::default()).findings[0].cause(),
        Cause::DnsNotFound
    );
}

/// Wordings collected apart from the training corpus, labelled before they were first read
/// by the rules.
#[test]
fn own_score() {
    Score::of(&records("own.jsonl"), str::to_owned).check("own", 0.0);
}

/// Real reports from threads that neither corpus holds; what the rules said at first reading
/// stands in the corpus's README.
#[test]
fn blind_scores() {
    let (first, later): (Vec<Record>, Vec<Record>) = records("blind.jsonl")
        .into_iter()
        .partition(|record| record.id.starts_with("b1-"));
    Score::of(&first, str::to_owned).check("first round", 0.0);
    // Some git failures here read like somebody's own clone or another tool's: either is accepted.
    Score::of(&later, str::to_owned).check_against("later rounds", [97.0, 86.0, 95.0]);
    // Half of these are another language's, a tool's, or a DNS server's.
    Score::of(&records("blind2.jsonl"), str::to_owned)
        .check_against("second blind", [97.0, 92.0, 95.0]);
    Score::of(&records("blind3.jsonl"), str::to_owned)
        .check_against("third blind", [98.0, 93.0, 97.0]);
    Score::of(&records("blind4.jsonl"), str::to_owned)
        .check_against("fourth blind", [100.0, 97.0, 100.0]);
}

/// Events of one git process, as trace2 writes them.
fn trace(parent: &str, argv: &[&str], error: &str) -> String {
    let sid = "20261122T095545.463937Z-H0a7c9cdf-P00001e7e";
    let start = serde_json::json!({"event": "start", "sid": sid, "argv": argv});
    let ancestry =
        serde_json::json!({"event": "cmd_ancestry", "sid": sid, "ancestry": [parent, "bash"]});
    let error = serde_json::json!({"event": "error", "sid": format!("{sid}/20261122T095545.465688Z-H0a7c9cdf-P00001e7f"), "msg": error});
    format!("{start}\n{ancestry}\n{error}\n")
}

#[test]
fn the_trace_tells_what_go_hides() {
    let args = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let download = args("mod download git.corp.example/org/auth.git@v1.0.0");
    let pinged =
        "go: git.corp.example/org/auth.git@v1.0.0: no secure protocol found for repository\n";
    let refused =
        "could not read Username for 'https://git.corp.example': terminal prompts disabled";
    let ping = ["git", "ls-remote", "https://git.corp.example/org/auth"];

    let events = trace("go", &ping, refused);
    let context = Context {
        args: Some(&download),
        trace: events.as_bytes(),
    };
    let found = rules::scan(pinged.as_bytes(), &context).findings;
    assert_eq!(
        (found[0].cause(), found[0].source),
        (Cause::HttpsNoCredentials, Source::GitTrace)
    );
    assert_eq!(found[0].target.host.as_deref(), Some("git.corp.example"));

    let foreign = trace("make", &ping, refused);
    let context = Context {
        args: Some(&download),
        trace: foreign.as_bytes(),
    };
    assert_eq!(
        rules::scan(pinged.as_bytes(), &context).findings[0].cause(),
        Cause::InsecureProtocol
    );

    let build = args("build");
    let stamping = "error obtaining VCS status: exit status 128\n\tUse -buildvcs=false to disable VCS stamping.\n";
    let owner = trace(
        "go",
        &["git", "status", "--porcelain"],
        "detected dubious ownership in repository at '/src'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /src",
    );
    let context = Context {
        args: Some(&build),
        trace: owner.as_bytes(),
    };
    assert_eq!(
        rules::scan(stamping.as_bytes(), &context).findings[0].cause(),
        Cause::DubiousOwnership
    );

    // A trace alone is no failure of go's.
    let context = Context {
        args: Some(&build),
        trace: events.as_bytes(),
    };
    assert!(
        rules::scan(b"./a.go:1:1: undefined: x\n", &context)
            .findings
            .is_empty()
    );
}

#[test]
fn user_code_of_a_command_is_not_believed() {
    let git = "fatal: unable to access 'https://github.com/a/b/': Could not resolve host: github.com\nexit status 128\n";
    for (command, found) in [
        ("run .", false),
        ("test ./...", false),
        ("-C dir run .", false),
        ("generate ./...", false),
        ("get github.com/a/b", true),
    ] {
        let args: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let evidence = rules::scan(
            git.as_bytes(),
            &Context {
                args: Some(&args),
                trace: b"",
            },
        );
        assert_eq!(!evidence.findings.is_empty(), found, "{command}");
    }
}

#[test]
fn a_proxys_own_git_is_told_from_ours() {
    let text = "go: m.example/a/b@v1.0.0: reading https://proxy.corp.example/m.example/a/b/@v/v1.0.0.info: 404 Not Found\n\tserver response:\n\tnot found: m.example/a/b@v1.0.0: invalid version: git ls-remote -q origin in /tmp/gopath/pkg/mod/cache/vcs/abc: exit status 128:\n\t\tfatal: could not read Username for 'https://m.example': terminal prompts disabled\n";
    let found = rules::scan(text.as_bytes(), &Context::default()).findings;
    assert_eq!(found.len(), 1);
    let target = &found[0].target;
    assert_eq!(
        (found[0].cause(), target.side, target.role),
        (Cause::PrivateViaProxy, Some(Side::Proxy), Role::Goproxy)
    );
    assert_eq!(
        (target.module.as_deref(), target.version.as_deref()),
        (Some("m.example/a/b"), Some("v1.0.0"))
    );
}

#[test]
fn the_log_of_a_dns_server_is_counted_by_name() {
    let log = "Nov 12 09:14:02 ns1 named[812]: client @0x7f1c 10.1.2.3#40112 (proxy.golang.org): query (cache) 'proxy.golang.org/A/IN' denied\n\
               Nov 12 09:14:03 ns1 named[812]: timed out resolving 'github.com/A/IN': 8.8.8.8#53\n";
    let home = tempfile::tempdir().expect("a folder");
    // Once within a window, once far beyond what is read at a time.
    for times in [3, 50_000] {
        let file = home.path().join("named.log");
        std::fs::write(&file, log.repeat(times)).expect("a log");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_gomend"))
            .args(["explain", "--offline"])
            .arg(&file)
            .env_clear()
            .env("HOME", home.path())
            .output()
            .expect("gomend runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        for (name, how) in [
            ("proxy.golang.org", "REFUSED"),
            ("github.com", "no answer in time"),
        ] {
            let row = text
                .lines()
                .find(|line| line.trim_start().starts_with(name));
            let row = row.unwrap_or_else(|| panic!("{name} is missing: {text}"));
            let counted = row.contains(&format!(" {times}x"));
            assert!(counted && row.contains(how), "{row}");
        }
    }
}

/// What is extracted is what it is called: no prompt is a host, no file is a module.
#[test]
fn what_is_extracted_is_checked() {
    let first = |text: &str| {
        let found = rules::scan(text.as_bytes(), &Context::default()).findings;
        found
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("nothing in {text}"))
            .target
    };
    let target = first("go: verifying go.mod: checksum mismatch\n\tdownloaded: h1:a=");
    assert_eq!(target.module, None);
    let target = first("go: m.example/a/b\"}@latest: no matching versions for query \"latest\"");
    assert_eq!(target.module.as_deref(), Some("m.example/a/b"));
    assert_eq!(
        (target.version.as_deref(), target.revision()),
        (Some("latest"), None)
    );
    let target = first(
        "go: m.example/a@v0.0.2: reading m.example/a/go.mod at revision v0.0.2: unknown revision v0.0.2",
    );
    assert_eq!(target.revision(), Some("v0.0.2"));
    let target = first("reading m.example/a/go.mod at revision v0.0.2: unknown revision v0.0.2");
    assert_eq!(
        (target.module.as_deref(), target.revision()),
        (Some("m.example/a"), Some("v0.0.2"))
    );
    let target = first(
        "main.go:4:2: ambiguous import: found package m.example/a/b in multiple modules:\n\tm.example/a v0.81.0 (/go/pkg/mod/m.example/a@v0.81.0/b)\n\tm.example/a/b v0.2.3 (/go/pkg/mod/m.example/a/b@v0.2.3)",
    );
    assert_eq!(target.module.as_deref(), Some("m.example/a"));
    let target = first(
        "go: m.example/a@v1.0.0: git ls-remote -q https://m.example/a in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tNo ED25519 host key is known for m.example and you have requested strict checking.\n\tHost key verification failed.",
    );
    assert_eq!((target.scheme.as_deref(), target.port), (Some("ssh"), None));
}

#[test]
fn secrets_never_reach_the_evidence() {
    let text = "go: m.example/a@v1.0.0: invalid version: git ls-remote -q https://x-access-token:ghp_0123456789abcdefghij@m.example/a in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tfatal: Authentication failed for 'https://ghp_0123456789abcdefghij@m.example/a/'\n";
    let found = rules::scan(text.as_bytes(), &Context::default()).findings;
    assert_eq!(found[0].target.host.as_deref(), Some("m.example"));
    assert!(!format!("{found:?}").contains("ghp_"), "{found:?}");
}

#[test]
fn a_server_is_not_believed_for_hosts() {
    let text = "go: m.example/a@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tremote: HTTP Basic: Access denied. See https://evil.example/help and ssh://evil.example\n";
    let found = rules::scan(text.as_bytes(), &Context::default()).findings;
    assert_eq!(found[0].cause(), Cause::HttpsCredentialsRejected);
    assert_ne!(found[0].target.host.as_deref(), Some("evil.example"));
}
