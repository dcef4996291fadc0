//! A second try (`GOMEND_RETRY`): what passes by itself recovers in real runs; what somebody decided
//! is asked once and never again; nothing that builds, tests or runs happens twice.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant, SystemTime};

use gomend::lab::places::{GIT_CORP, PROXY_GOLANG, RESOLVER};
use gomend::lab::serve::dns::{Answer, Zone};
use gomend::lab::serve::git::Access;
use gomend::lab::serve::http::{Reply, Site, site};
use gomend::lab::serve::http2;
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::serve::tcp::Manner;
use gomend::lab::serve::tls::Handshake;
use gomend::lab::town::{self, LIB, WIDGET};
use gomend::lab::{Outcome, Scene};
use serde_json::Value;

use crate::fix::on_terminal;
use crate::support::scene::{self, Ending, Furnish, healthy, on_each_version};
use crate::support::terminal::CTRL_C;
use crate::support::{How, LATEST, Sandbox, gocache, goroot, shims};

/// A user's machine with the shim; what the servers do is up to the test.
struct Machine {
    scene: Scene,
}

impl Machine {
    fn new(version: &str, prepare: impl FnOnce(&mut Scene)) -> Self {
        let mut scene = healthy(version);
        scene.app(&[&WIDGET]).unwrap();
        prepare(&mut scene);
        scene.env("GOCACHE", gocache(version));
        scene.env("GOFLAGS", "-modcacherw");
        scene.path.insert(0, shims().to_owned());
        scene.open().unwrap();
        Self { scene }
    }

    /// Runs it with so many further attempts allowed; stdout and stderr apart.
    fn run(&self, retry: u32, argv: &[&str]) -> Outcome {
        let mut command = self.scene.command(argv).unwrap();
        command.env("GOMEND_RETRY", retry.to_string());
        command.env("GOMEND_REPORT", self.scene.world.inside("report.json"));
        self.scene.finish(command).unwrap()
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.scene.text("report.json")).unwrap()
    }

    /// How often a program of the user has noted that it ran.
    fn count(&self) -> usize {
        let notes = fs::read_to_string(self.scene.world.outside("home/count")).unwrap_or_default();
        notes.lines().count()
    }
}

/// The first `count` requests that `fits` are answered by `first`, the others by `then`.
fn at_first(
    count: usize,
    fits: impl Fn(&str) -> bool + Send + Sync + 'static,
    first: Site,
    then: Site,
) -> Site {
    let seen = AtomicUsize::new(0);
    site(move |request| {
        if fits(&request.path) && seen.fetch_add(1, Ordering::Relaxed) < count {
            first(request)
        } else {
            then(request)
        }
    })
}

fn good() -> Site {
    modproxy::proxy(Proxy::Good, vec![WIDGET])
}

/// The first zip is cut.
fn cut_zip(scene: &mut Scene) {
    let cut = modproxy::proxy(Proxy::CutZip, vec![WIDGET]);
    scene.host(PROXY_GOLANG).site = at_first(1, |path| path.ends_with("/v1.0.0.zip"), cut, good());
}

fn answered(scene: &mut Scene, times: usize, reply: Reply) {
    let bad = site(move |_| reply.clone());
    scene.host(PROXY_GOLANG).site = at_first(times, |path| path.contains("/@v/"), bad, good());
}

rows! {
    /// Kinds of trouble that pass: the cause that the first attempt is given, what the servers do.
    what_passes_by_itself_recovers = recovers;
    cut_transfer: "transfer-interrupted", cut_zip;
    unavailable: "goproxy-status", |scene| answered(scene, 1, Reply::text(503, "busy\n"));
    // go asks twice itself (4xx may be a matter of credentials)
    limited: "rate-limited", |scene| answered(scene, 2, Reply::text(429, "slow down\n"));
    reset: "tcp-reset", |scene| shaken_first(scene, &Handshake::Then(Manner::Reset));
    handshake_cut: "tcp-reset", |scene| shaken_first(scene, &Handshake::Cut);
    http_2_stream_error: "transfer-interrupted", |scene| shaken_first(scene, &Handshake::Http2(http2::Manner::Reset));
    http_2_goaway: "transfer-interrupted", |scene| shaken_first(scene, &Handshake::Http2(http2::Manner::GoAway));
    resolver_fails: "dns-server-failure", |scene| answered_first(scene, 4, Answer::ServFail);
    resolver_silent: "dns-timeout", |scene| {
        let once = format!("nameserver {RESOLVER}\noptions timeout:1 attempts:1\n");
        scene.world.etc("resolv.conf", &once).unwrap();
        answered_first(scene, 2, Answer::Silence); // A and AAAA
    };
    git_s_transfer: "transfer-interrupted", |scene| {
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        scene.app(&[&LIB]).unwrap();
        let cut = town::cut_forge(scene, GIT_CORP, 60);
        let good = town::forge(scene, GIT_CORP, Access::Open);
        // git ls-remote, and two fetches (go falls back to a whole clone) with a listing each
        scene.host(GIT_CORP).site = at_first(5, |path| path.ends_with("git-upload-pack"), cut, good);
    };
}

/// The first handshake with the module proxy goes so.
fn shaken_first(scene: &mut Scene, handshake: &'static Handshake) {
    scene.host(PROXY_GOLANG).handshake = Handshake::First(1, handshake);
}

/// The resolver's first answers are these.
fn answered_first(scene: &mut Scene, times: usize, answer: Answer) {
    let zone = Zone::office().first(times, answer);
    scene.zones.insert(RESOLVER.into(), zone);
}

fn recovers(cause: &str, prepare: fn(&mut Scene)) {
    on_each_version(|version| {
        let machine = Machine::new(version, prepare);
        let text = machine.run(2, &["go", "mod", "download"]).succeeded();
        assert!(text.contains("gomend: "), "{text}");
        assert!(text.contains("go: "), "the first words are lost: {text}");
        let report = machine.report();
        let attempts = report["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 2, "{report:#}");
        assert_eq!(attempts[0]["cause"], cause, "{report:#}");
        assert_eq!(attempts[0]["exit_code"], 1);
        assert!(attempts[1]["cause"].is_null());
        assert_eq!(attempts[1]["exit_code"], 0);
        assert!(attempts[1]["waited_ms"].as_u64() >= Some(500), "{report:#}");
    });
}

/// Without the setting nothing is repeated; with it the number is the bound, and go's status and last
/// words stay go's own.
fn is_the_bound(retry: u32, attempts: usize) {
    let machine = Machine::new(LATEST, |scene| {
        scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::CutZip, vec![WIDGET]);
    });
    let outcome = machine.run(retry, &["go", "mod", "download"]);
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(1), "{text}");
    assert_eq!(
        text.matches("trying again").count(),
        retry as usize,
        "{text}"
    );
    let runs = text.matches("unexpected EOF").count();
    assert!(runs > retry as usize, "{text}");
    let report = machine.report();
    let made = report["attempts"].as_array().map_or(0, Vec::len);
    assert_eq!(made, attempts, "{report:#}");
}

rows! {
    the_number_is_the_bound = is_the_bound;
    none: 0, 0;
    two: 2, 3;
}

/// What a server asks for is waited for, up to a bound.
#[test]
fn retry_after_is_obeyed() {
    let busy = |seconds: &str| {
        let busy = Reply::text(429, "slow\n").with("retry-after", seconds);
        // go's two requests, and the one that reads the header
        Machine::new(LATEST, |scene| answered(scene, 3, busy))
    };
    let machine = busy("3");
    machine.run(1, &["go", "mod", "download"]).succeeded();
    let waited = machine.report()["attempts"][1]["waited_ms"].as_u64();
    assert!(waited >= Some(3000), "{waited:?}");
    let machine = busy("3600");
    machine.run(1, &["go", "mod", "download"]).failed();
    assert!(machine.report()["attempts"].is_null());
}

/// Ctrl-C while a server's pause is waited for: the end comes at once, with go's own status, nothing is said
/// and nobody is asked.
#[test]
fn ctrl_c_ends_a_pause() {
    let machine = Machine::new(LATEST, |scene| {
        let busy = Reply::text(429, "slow\n").with("retry-after", "60");
        answered(scene, usize::MAX, busy);
        scene.env("GOMEND_RETRY", "2");
        scene.env("TERM", "xterm");
    });
    let mut screen = on_terminal(&machine.scene, &["go", "mod", "download"]);
    screen.wait_for("trying again in 60");
    machine.scene.journal().clear();
    let began = Instant::now();
    screen.press(CTRL_C);
    let (how, text) = screen.end();
    assert!(began.elapsed() < Duration::from_secs(30), "{text}");
    assert_eq!(how, How::Code(1), "{text}");
    let (_, after) = text.split_once("(1 of 2)").unwrap();
    assert!(!after.contains("gomend:"), "{text}");
    assert!(machine.scene.journal().events().is_empty(), "{text}");
}

/// Ctrl-C while the second go fetches: it ends as go alone does, nothing is said and nothing is tried again.
#[test]
fn ctrl_c_ends_a_second_try() {
    let (arrive, arrived) = mpsc::channel::<()>();
    let (release, until) = mpsc::channel::<()>();
    let (arrive, until) = (Mutex::new(arrive), Mutex::new(until));
    let machine = Machine::new(LATEST, move |scene| {
        let cut = modproxy::proxy(Proxy::CutZip, vec![WIDGET]);
        let held = site(move |request| {
            if request.path.ends_with("/v1.0.0.zip") {
                let _ = arrive.lock().unwrap().send(());
                let _ = until.lock().unwrap().recv(); // until the test lets go
            }
            good()(request)
        });
        scene.host(PROXY_GOLANG).site =
            at_first(1, |path| path.ends_with("/v1.0.0.zip"), cut, held);
        scene.env("GOMEND_RETRY", "2");
        scene.env("TERM", "xterm");
    });
    let release = release; // and so it goes before the machine does
    let mut screen = on_terminal(&machine.scene, &["go", "mod", "download"]);
    screen.wait_for("(1 of 2)");
    arrived.recv().unwrap();
    screen.press(CTRL_C);
    let (how, text) = screen.end();
    drop(release);
    assert_eq!(how, How::Signal(2), "{text}");
    let (_, after) = text.split_once("(1 of 2)").unwrap();
    assert!(!after.contains("gomend:"), "{text}");
}

/// Nobody hears the go of a `go run`, whose stderr is its program's too: it is asked why it failed, alone first and
/// then once as it was; what was refused is not asked for again, however often it may be.
#[test]
fn a_refused_run_is_asked_why_once() {
    on_each_version(|version| {
        let refuses = Arc::new(AtomicBool::new(false));
        let is_refused = Arc::clone(&refuses);
        let machine = Machine::new(version, |scene| {
            noting(scene);
            let good = good();
            scene.host(PROXY_GOLANG).site = site(move |request| {
                if is_refused.load(Ordering::Relaxed) && request.path.contains("/@v/") {
                    Reply::text(403, "not found: blocked by policy\n")
                } else {
                    good(request)
                }
            });
            let script = format!(
                "#!/bin/sh\necho \"$GOPROXY $1\" >>{}\nexec {} \"$@\"\n",
                scene.world.inside("noting/started").display(),
                goroot(version).join("bin/go").display()
            );
            scene.put_program("noting/go", script);
            let noting = scene.world.inside("noting");
            scene.path.insert(0, noting);
        });
        with_sums(&machine);
        let started = machine.scene.world.outside("noting/started");
        fs::remove_file(&started).unwrap();
        refuses.store(true, Ordering::Relaxed);
        let text = machine.run(3, &["go", "run", "."]).failed();
        assert!(!text.contains("trying again"), "{text}");
        let starts = fs::read_to_string(&started).unwrap();
        let starts: Vec<&str> = starts.lines().map(str::trim).collect();
        assert_eq!(starts, ["run", "off list", "list"], "{text}");
        let report = machine.report();
        assert!(report["attempts"].is_null(), "{report:#}");
        assert_eq!(machine.count(), 0, "{text}");
    });
}

/// A `go run` that fails without a fetch: go is asked what it lacks, and nobody else is.
#[test]
fn a_run_that_lacks_nothing_asks_nobody() {
    on_each_version(|version| {
        let machine = Machine::new(version, |scene| noting(scene));
        with_sums(&machine);
        let scene = &machine.scene;
        scene.run(&["go", "mod", "download"]).unwrap().succeeded();
        let broken = "package main\n\nfunc main() { missing() }\n";
        scene.put("home/app/main.go", broken);
        scene.journal().clear();
        let text = machine.run(3, &["go", "run", "."]).failed();
        assert!(!text.contains("gomend:"), "{text}");
        let asked = scene.journal().events();
        assert!(asked.is_empty(), "{asked:?}");
    });
}

/// What may be repeated; of these, answers that somebody decided on stand in the list of the test below.
const TRANSIENT: &[&str] = &[
    "dns-server-failure",
    "dns-timeout",
    "tcp-reset",
    "tls-interrupted",
    "goproxy-status",
    "transfer-interrupted",
    "http-status",
    "rate-limited",
];

/// Causes without a fault: nobody can be counted who was asked.
const UNSEEN: &[&str] = &["git-too-old", "not-ours"];

macro_rules! others {
    ($($name:ident)+) => {
        faults! {
            /// A fault of every other cause.
            every_other_cause_is_asked_once = is_asked_once; $($name)+
        }

        const OTHERS: &[&str] = &[$(stringify!($name)),+];
    };
}

others! {
    git_missing hg_missing ssh_missing dns_typo dns_forged dns_forged_page dns_resolver_down tcp_unanswered
    tcp_unreachable proxy_no_proxy_dialect tls_inspection tls_expired tls_not_yet_valid tls_plain_http tls_old
    https_no_credentials https_credentials_refused https_repo_not_found ssh_key_refused ssh_host_key_unknown
    private_via_proxy private_via_sumdb fresh_tag goproxy_html goproxy_off goproxy_invalid vanity_404
    module_path_mismatch package_missing ambiguous_import checksum_mismatch missing_go_sum invalid_version
    vcs_disallowed insecure_protocol toolchain_unavailable go_too_old dubious_ownership vcs_stamping
    cache_corrupt_git git_config_broken disk_full permission_denied no_home
}

/// Every cause is one that passes, or is never repeated.
#[test]
fn every_cause_passes_or_has_a_row() {
    for cause in gomend::cause::Cause::ALL {
        let known = TRANSIENT.contains(&cause.id()) || UNSEEN.contains(&cause.id());
        let of_cause = |name: &&str| scene::fault(&name.replace('_', "-")).cause == *cause;
        assert_ne!(known, OTHERS.iter().any(of_cause), "{cause}");
    }
}

fn is_asked_once(fault: &str) {
    assert_eq!(after_go(fault, LATEST), (1, 0));
}

faults! {
    /// Causes that must not be repeated: the servers see what they see of go alone.
    what_somebody_decided_is_never_repeated = is_never_repeated;
    tls_private_ca tls_expired checksum_mismatch goproxy_401 goproxy_403 goproxy_curation goproxy_403_silent
    egress_403 https_no_credentials https_credentials_refused private_via_proxy unknown_revision fresh_tag
    fresh_tag_sumdb dns_typo proxy_403 goproxy_403_country retag go_sum_differs toolchain_not_in_sumdb
}

fn is_never_repeated(fault: &str) {
    on_each_version(|version| assert_eq!(after_go(fault, version), (1, 0)));
}

/// That it is seen where something is repeated.
#[test]
fn a_repetition_is_seen() {
    let (starts, later) = after_go("zip-cut", LATEST);
    assert!(starts > 1 && later > 0, "{starts} {later}");
}

/// A fault with further attempts allowed: how often go was started, and what the servers saw once the
/// first one had ended.
fn after_go(id: &str, version: &str) -> (usize, usize) {
    /// Less than the shortest pause; what a dying go had sent may come late.
    const SLACK: Duration = Duration::from_millis(400);
    let fault = scene::fault(id);
    let go = goroot(version).join("bin/go");
    let mut scene = healthy(version);
    (fault.setup)(&mut scene).unwrap();
    let script = format!(
        "#!/bin/sh\n{} \"$@\"\ncode=$?\n/bin/date +%s.%N >>{}\nexit $code\n",
        go.display(),
        scene.world.inside("noting/ended").display()
    );
    scene.put_program("noting/go", script);
    scene.env("GOMEND_RETRY", "3");
    let first = [shims().to_owned(), scene.world.inside("noting")];
    scene.path.splice(0..0, first);
    scene.open().unwrap();
    let began = (Instant::now(), SystemTime::now());
    scene.run(fault.command).unwrap().failed();
    let notes = scene.text("noting/ended");
    let ended: f64 = notes.lines().next().unwrap().parse().unwrap();
    let ended = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(ended);
    let ended = began.0 + ended.duration_since(began.1).unwrap() + SLACK;
    let events = scene.journal().timed();
    let later = events.iter().filter(|(at, _)| *at > ended).count();
    (notes.lines().count(), later)
}

const NOTE: &str = "
func note() {
	f, err := os.OpenFile(os.Getenv(\"HOME\")+\"/count\", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	f.WriteString(\"ran\\n\")
	f.Close()
}
";

/// A module whose program, test and generator each note that they ran.
fn noting(scene: &Scene) {
    let main = format!(
        "package main

//go:generate sh -c \"echo ran >>$HOME/count\"

import (
	\"os\"
	_ \"github.com/acme/widget\"
)
{NOTE}
func main() {{ note() }}
"
    );
    let test = "package main

import \"testing\"

func TestNote(t *testing.T) { note() }
";
    scene.put("home/app/main.go", main);
    scene.put("home/app/main_test.go", test);
    for (file, package) in [
        ("other/other.go", "package other\n"),
        (
            "other/other_test.go",
            "package other\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestOther(t *testing.T) {\n\tf, _ := os.OpenFile(os.Getenv(\"HOME\")+\"/count\", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)\n\tf.WriteString(\"ran\\n\")\n\tf.Close()\n}\n",
        ),
    ] {
        scene.put(&format!("home/app/{file}"), package);
    }
}

/// go.sum as go itself makes it, so that commands that build load without writing it.
fn with_sums(machine: &Machine) {
    let tidy = ["go", "mod", "tidy"];
    machine.scene.run(&tidy).unwrap().succeeded();
    let cache = machine.scene.world.outside("home/go");
    fs::remove_dir_all(cache).unwrap();
    machine.scene.journal().clear();
}

/// The go.mod or the zip is cut, but not while go.sum is made.
fn cut_later(scene: &mut Scene, ending: &'static str, skip: usize) {
    let seen = AtomicUsize::new(0);
    let good = good();
    let cut = site(move |request| {
        let whole = good(request);
        let half = whole.body.len() / 2;
        whole.cut_at(half)
    });
    let good = self::good();
    scene.host(PROXY_GOLANG).site = site(move |request| {
        let nth = if request.path.ends_with(ending) {
            seen.fetch_add(1, Ordering::Relaxed)
        } else {
            usize::MAX
        };
        if nth == skip {
            cut(request)
        } else {
            good(request)
        }
    });
}

rows! {
    /// A command, and how often it runs a program of the user.
    nothing_runs_twice = runs_no_oftener;
    test_here: &["go", "test"], 1;
    test_a_package: &["go", "test", "."], 1;
    run_a_package: &["go", "run", "."], 1;
    run_a_file: &["go", "run", "main.go"], 1;
    generate: &["go", "generate"], 1;
    vet: &["go", "vet", "."], 0;
    build: &["go", "build", "-o", "/dev/null", "."], 0;
}

fn runs_no_oftener(command: &[&str], runs: usize) {
    on_each_version(|version| {
        for ending in [".mod", ".zip"] {
            let machine = Machine::new(version, |scene| {
                noting(scene);
                cut_later(scene, ending, 1);
            });
            with_sums(&machine);
            let text = machine.run(2, command).succeeded();
            assert_eq!(machine.count(), runs, "{ending}: {text}");
        }
    });
}

/// Where other packages' tests may have run, nothing is repeated.
#[test]
fn tests_of_others_are_not_repeated() {
    on_each_version(|version| {
        let machine = Machine::new(version, |scene| {
            noting(scene);
            cut_later(scene, ".zip", 1);
        });
        with_sums(&machine);
        let outcome = machine.run(3, &["go", "test", "./..."]);
        let (text, ran) = (outcome.text(), machine.count());
        assert!(ran <= 2, "{text}");
        let others = text.matches("ok  \texample.com/app/other").count();
        assert!(others <= 1, "{text}");
        assert_eq!(outcome.status.success(), ran == 2, "{text}");
    });
}

rows! {
    a_program_that_talks_of_resets_runs_once = talks_once;
    test: &["go", "test"];
    run: &["go", "run", "."];
    generate: &["go", "generate"];
}

/// A program or test that fails with words of a fetch was run, and isn't again.
fn talks_once(command: &[&str]) {
    const WORDS: &str = "go: github.com/acme/widget@v1.0.0: Get \\\"https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.zip\\\": read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer";
    let plain = WORDS.replace("\\\"", "");
    let main = format!(
        "package main

//go:generate sh -c \"echo ran >>$HOME/count; echo '{plain}' >&2; exit 1\"

import \"os\"
{NOTE}
func main() {{ note(); println(\"{WORDS}\"); os.Exit(1) }}
"
    );
    let tested = format!(
        "package main

import (
	\"os\"
	\"testing\"
)

func TestNote(t *testing.T) {{ note(); os.Stderr.WriteString(\"{WORDS}\\n\"); os.Exit(1) }}
"
    );
    on_each_version(|version| {
        let machine = Machine::new(version, |scene| {
            scene.app(&[]).unwrap();
            noting(scene);
            scene.put("home/app/main.go", &main);
            scene.put("home/app/main_test.go", &tested);
        });
        let text = machine.run(3, command).failed();
        assert_eq!(machine.count(), 1, "{text}");
    });
}

/// A C compiler that counts: as many runs as without a failure.
#[test]
fn cgo_tools_run_as_often_as_without_a_failure() {
    let count = |ending: &'static str, skip: usize| {
        let machine = Machine::new(LATEST, |scene| {
            noting(scene);
            scene.put(
                "home/app/c.go",
                "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nvar _ = C.one()\n",
            );
            let gcc = which::which("gcc").unwrap();
            let script = format!(
                "#!/bin/sh\necho ran >>\"$HOME/count\"\nexec {} \"$@\"\n",
                gcc.display()
            );
            scene.put_program("bin/counting-cc", script);
            scene.env("CC", scene.world.inside("bin/counting-cc"));
            scene.env("CGO_ENABLED", "1");
            scene.path.push("/usr/bin".into());
            cut_later(scene, ending, skip);
        });
        with_sums(&machine);
        // the compiler's path is this scene's own, and so are the results that are kept of it
        let build = ["go", "build", "-o", "/dev/null", "."];
        let text = machine.run(2, &build).succeeded();
        (machine.count(), text.contains("trying again"))
    };
    if Command::new("gcc").arg("--version").output().is_err() {
        return; // no C compiler, nothing to count
    }
    let (undisturbed, repeated) = count(".none", 0);
    assert!(undisturbed > 0 && !repeated);
    assert_eq!(count(".zip", 1), (undisturbed, true));
}

#[test]
fn a_command_line_asks_for_it_too() {
    let machine = Machine::new(LATEST, cut_zip);
    let run = ["gomend", "run", "--retry", "1", "--"];
    let words = [&run[..], &["go", "mod", "download"]].concat();
    machine.scene.run(&words).unwrap().succeeded();
    // and what is remembered of it is no failure
    let last = machine.scene.run(&["gomend", "last"]).unwrap().text();
    let headline = "gomend: it passed when it was tried again; before that: ";
    assert!(last.contains(headline), "{last}");
    let metrics = machine.scene.run(&["gomend", "metrics"]).unwrap().text();
    assert!(metrics.contains("\ngomend_retries_total 1\n"), "{metrics}");
    assert!(metrics.contains("\ngomend_last_success_"), "{metrics}");
}

/// The system calls of the shim up to the one that starts go, by name.
fn calls(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let strace = which::which("strace").expect("tests/setup brings strace");
    let log = sandbox.path("calls");
    let mut command = sandbox.shimmed().environment(Command::new(strace));
    command.args(["-qq", "-o"]).arg(&log);
    command.arg(shims().join("go")).args(args);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = fs::read_to_string(log).unwrap();
    let names = text
        .lines()
        .map(|line| line.split('(').next().unwrap().to_owned());
    let starts = |name: &String| matches!(name.as_str(), "execve" | "clone" | "clone3" | "vfork");
    let first = names.clone().take(1); // the shim's own start
    first
        .chain(names.skip(1).take_while(|name| !starts(name)))
        .collect()
}

/// Where nothing fails, the setting costs no system call, and neither does the look whether go would switch
/// toolchains cost more than a file that isn't there.
#[test]
fn nothing_is_added_where_nothing_fails() {
    for args in [&["version"][..], &["list", "-m"]] {
        let counted = |retry: Option<&str>| {
            let sandbox = Sandbox::with_go(LATEST);
            let sandbox = match retry {
                Some(retry) => sandbox.var("GOMEND_RETRY", retry),
                None => sandbox,
            };
            calls(&sandbox, args)
        };
        let (off, on) = (counted(None), counted(Some("5")));
        assert_eq!(off, on, "{args:?}");
        if args == ["version"] {
            assert!(off.len() <= 45, "{}: {off:?}", off.len());
        }
    }
}
