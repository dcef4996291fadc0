//! A second try (`GOMEND_RETRY`): what passes by itself recovers in real runs; what somebody decided
//! is asked once and never again; nothing that builds, tests or runs happens twice.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant, SystemTime};

use gomend::lab::places::{GIT_CORP, PROXY_GOLANG, RESOLVER};
use gomend::lab::serve::dns::{Answer, Zone};
use gomend::lab::serve::http::{Reply, Site, site};
use gomend::lab::serve::http2;
use gomend::lab::serve::modproxy::{self, Proxy};
use gomend::lab::serve::tcp::Manner;
use gomend::lab::serve::tls::Handshake;
use gomend::lab::town::{self, LIB, WIDGET};
use gomend::lab::{Fault, Outcome, Scene, Toolchain};
use serde_json::Value;

use crate::fix::on_terminal;
use crate::support::terminal::CTRL_C;
use crate::support::{How, LATEST, Sandbox, VERSIONS, gocache, goroot, shims};

/// A user's machine with the shim; what the servers do is up to the test.
struct Machine {
    scene: Scene,
}

impl Machine {
    fn new(version: &str, prepare: impl FnOnce(&mut Scene)) -> Self {
        let toolchain = Toolchain::of(&goroot(version).join("bin/go")).unwrap();
        let mut scene = Scene::new(&toolchain).unwrap();
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
        let json = fs::read(self.scene.world.outside("report.json")).unwrap();
        serde_json::from_slice(&json).unwrap()
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

/// A name, a cause, what the servers do.
type Trouble = (&'static str, &'static str, fn(&mut Scene));

/// Kinds of trouble that pass: a name, the cause that the first attempt is given, what the servers do.
const PASSING: &[Trouble] = &[
    ("cut transfer", "transfer-interrupted", cut_zip),
    ("503", "goproxy-status", |scene| {
        answered(scene, 1, Reply::text(503, "busy\n"));
    }),
    ("429", "rate-limited", |scene| {
        // go asks twice itself (4xx may be a matter of credentials)
        answered(scene, 2, Reply::text(429, "slow down\n"));
    }),
    ("reset", "tcp-reset", |scene| {
        scene.host(PROXY_GOLANG).handshake = Handshake::First(1, &Handshake::Then(Manner::Reset));
    }),
    ("handshake cut", "tcp-reset", |scene| {
        scene.host(PROXY_GOLANG).handshake = Handshake::First(1, &Handshake::Cut);
    }),
    ("HTTP/2 stream error", "transfer-interrupted", |scene| {
        scene.host(PROXY_GOLANG).handshake =
            Handshake::First(1, &Handshake::Http2(http2::Manner::Reset));
    }),
    ("GOAWAY", "transfer-interrupted", |scene| {
        scene.host(PROXY_GOLANG).handshake =
            Handshake::First(1, &Handshake::Http2(http2::Manner::GoAway));
    }),
    ("SERVFAIL", "dns-server-failure", |scene| {
        let zone = Zone::office().first(4, Answer::ServFail);
        scene.zones.insert(RESOLVER.into(), zone);
    }),
    ("silent resolver", "dns-timeout", |scene| {
        let once = format!("nameserver {RESOLVER}\noptions timeout:1 attempts:1\n");
        scene.world.etc("resolv.conf", &once).unwrap();
        let zone = Zone::office().first(2, Answer::Silence); // A and AAAA
        scene.zones.insert(RESOLVER.into(), zone);
    }),
    ("git's transfer", "transfer-interrupted", |scene| {
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        scene.app(&[&LIB]).unwrap();
        let cut = town::cut_forge(scene, GIT_CORP, 60);
        let good = town::forge(scene, GIT_CORP, gomend::lab::serve::git::Access::Open);
        // git ls-remote, and two fetches (go falls back to a whole clone) with a listing each
        scene.host(GIT_CORP).site =
            at_first(5, |path| path.ends_with("git-upload-pack"), cut, good);
    }),
];

#[test]
fn what_passes_by_itself_recovers() {
    for version in VERSIONS {
        for (name, cause, prepare) in PASSING {
            let machine = Machine::new(version, prepare);
            let outcome = machine.run(2, &["go", "mod", "download"]);
            let text = outcome.text();
            assert!(outcome.status.success(), "{version} {name}: {text}");
            assert!(text.contains("gomend: "), "{version} {name}: {text}");
            assert!(text.contains("go: "), "the first words are lost: {text}");
            let report = machine.report();
            let attempts = report["attempts"].as_array().unwrap();
            assert_eq!(attempts.len(), 2, "{version} {name}: {report:#}");
            assert_eq!(attempts[0]["cause"], *cause, "{version} {name}: {report:#}");
            assert_eq!(attempts[0]["exit_code"], 1, "{version} {name}");
            assert!(attempts[1]["cause"].is_null(), "{version} {name}");
            assert_eq!(attempts[1]["exit_code"], 0, "{version} {name}");
            assert!(attempts[1]["waited_ms"].as_u64() >= Some(500), "{report:#}");
        }
    }
}

/// Without the setting nothing is repeated; with it the number is the bound, and go's status and last
/// words stay go's own.
#[test]
fn the_number_is_the_bound() {
    for retry in [0, 2] {
        let machine = Machine::new(LATEST, |scene| {
            scene.host(PROXY_GOLANG).site = modproxy::proxy(Proxy::CutZip, vec![WIDGET]);
        });
        let outcome = machine.run(retry, &["go", "mod", "download"]);
        assert_eq!(outcome.status.code(), Some(1), "{}", outcome.text());
        let runs = outcome.text().matches("unexpected EOF").count();
        let said = outcome.text().matches("trying again").count();
        assert_eq!(said, retry as usize, "{}", outcome.text());
        assert!(runs > retry as usize, "{}", outcome.text());
        let report = machine.report();
        let attempts = report["attempts"].as_array().map_or(0, Vec::len);
        assert_eq!(attempts, if retry == 0 { 0 } else { 3 }, "{report:#}");
    }
}

/// What a server asks for is waited for, up to a bound.
#[test]
fn retry_after_is_obeyed() {
    let busy = |seconds: &'static str| {
        Machine::new(LATEST, move |scene| {
            // go's two requests, and the one that reads the header
            answered(
                scene,
                3,
                Reply::text(429, "slow\n").with("retry-after", seconds),
            );
        })
    };
    let machine = busy("3");
    let outcome = machine.run(1, &["go", "mod", "download"]);
    let waited = machine.report()["attempts"][1]["waited_ms"].as_u64();
    assert!(outcome.status.success(), "{}", outcome.text());
    assert!(waited >= Some(3000), "{waited:?}");
    let machine = busy("3600");
    let outcome = machine.run(1, &["go", "mod", "download"]);
    assert!(!outcome.status.success(), "{}", outcome.text());
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
    for version in VERSIONS {
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
            scene.world.write("noting/go", script, false).unwrap();
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(scene.world.outside("noting/go"), mode).unwrap();
            let noting = scene.world.inside("noting");
            scene.path.insert(0, noting);
        });
        with_sums(&machine);
        let started = machine.scene.world.outside("noting/started");
        fs::remove_file(&started).unwrap();
        refuses.store(true, Ordering::Relaxed);
        let outcome = machine.run(3, &["go", "run", "."]);
        let text = outcome.text();
        assert!(!outcome.status.success(), "{version}: {text}");
        assert!(!text.contains("trying again"), "{version}: {text}");
        let starts = fs::read_to_string(&started).unwrap();
        let starts: Vec<&str> = starts.lines().map(str::trim).collect();
        assert_eq!(starts, ["run", "off list", "list"], "{version}: {text}");
        let report = machine.report();
        assert!(report["attempts"].is_null(), "{version}: {report:#}");
        assert_eq!(machine.count(), 0, "{version}: {text}");
    }
}

/// A `go run` that fails without a fetch: go is asked what it lacks, and nobody else is.
#[test]
fn a_run_that_lacks_nothing_asks_nobody() {
    for version in VERSIONS {
        let machine = Machine::new(version, |scene| noting(scene));
        with_sums(&machine);
        let outcome = machine.scene.run(&["go", "mod", "download"]).unwrap();
        assert!(outcome.status.success(), "{version}: {}", outcome.text());
        let broken = "package main\n\nfunc main() { missing() }\n";
        let scene = &machine.scene;
        scene
            .world
            .write("home/app/main.go", broken, false)
            .unwrap();
        scene.journal().clear();
        let outcome = machine.run(3, &["go", "run", "."]);
        assert!(!outcome.status.success(), "{version}");
        let text = outcome.text();
        assert!(!text.contains("gomend:"), "{version}: {text}");
        let asked = scene.journal().events();
        assert!(asked.is_empty(), "{version}: {asked:?}");
    }
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

/// Every cause is one that passes, or is never repeated.
#[test]
fn every_other_cause_is_asked_once() {
    let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
    let causes = gomend::cause::Cause::ALL.iter();
    let mut wanted: Vec<&Fault> = Vec::new();
    for cause in causes.filter(|cause| !TRANSIENT.contains(&cause.id())) {
        let mut faults = gomend::lab::FAULTS.iter();
        let fault = faults.find(|fault| {
            fault.cause == *cause && !fault.exits_zero && fault.shows_with(&toolchain)
        });
        assert_eq!(fault.is_none(), UNSEEN.contains(&cause.id()), "{cause}");
        wanted.extend(fault);
    }
    let queue = Mutex::new(wanted);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(fault) = { queue.lock().unwrap().pop() } {
                    let seen = after_go(fault.id, LATEST);
                    if seen != (1, 0) {
                        wrong.lock().unwrap().push((fault.id, seen));
                    }
                }
            });
        }
    });
    assert_eq!(*wrong.lock().unwrap(), []);
}

/// Causes that must not be repeated: the servers see what they see of go alone.
#[test]
fn what_somebody_decided_is_never_repeated() {
    const FAULTS: &[&str] = &[
        "tls-private-ca",
        "tls-expired",
        "checksum-mismatch",
        "goproxy-401",
        "goproxy-403",
        "goproxy-curation",
        "goproxy-403-silent",
        "egress-403",
        "https-no-credentials",
        "https-credentials-refused",
        "private-via-proxy",
        "unknown-revision",
        "fresh-tag",
        "fresh-tag-sumdb",
        "dns-typo",
        "proxy-403",
        "goproxy-403-country",
        "retag",
        "go-sum-differs",
        "toolchain-not-in-sumdb",
    ];
    for version in VERSIONS {
        for id in FAULTS {
            let (starts, later) = after_go(id, version);
            assert_eq!((starts, later), (1, 0), "{version} {id}");
        }
    }
    // and it is seen where something is repeated
    let (starts, later) = after_go("zip-cut", LATEST);
    assert!(starts > 1 && later > 0, "{starts} {later}");
}

/// A fault with further attempts allowed: how often go was started, and what the servers saw once the
/// first one had ended.
fn after_go(id: &str, version: &str) -> (usize, usize) {
    /// Less than the shortest pause; what a dying go had sent may come late.
    const SLACK: Duration = Duration::from_millis(400);
    let fault = Fault::of(id).unwrap_or_else(|| panic!("no fault {id}"));
    let go = goroot(version).join("bin/go");
    let mut scene = Scene::new(&Toolchain::of(&go).unwrap()).unwrap();
    (fault.setup)(&mut scene).unwrap();
    let script = format!(
        "#!/bin/sh\n{} \"$@\"\ncode=$?\n/bin/date +%s.%N >>{}\nexit $code\n",
        go.display(),
        scene.world.inside("noting/ended").display()
    );
    scene.world.write("noting/go", script, false).unwrap();
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(scene.world.outside("noting/go"), mode).unwrap();
    scene.env("GOMEND_RETRY", "3");
    scene
        .path
        .splice(0..0, [shims().to_owned(), scene.world.inside("noting")]);
    scene.open().unwrap();
    let began = (Instant::now(), SystemTime::now());
    let outcome = scene.run(fault.command).unwrap();
    assert!(!outcome.status.success(), "{id}: {}", outcome.text());
    let notes = fs::read_to_string(scene.world.outside("noting/ended")).unwrap();
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
    scene.world.write("home/app/main.go", main, false).unwrap();
    scene
        .world
        .write("home/app/main_test.go", test, false)
        .unwrap();
    for (file, package) in [
        ("other/other.go", "package other\n"),
        (
            "other/other_test.go",
            "package other\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestOther(t *testing.T) {\n\tf, _ := os.OpenFile(os.Getenv(\"HOME\")+\"/count\", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)\n\tf.WriteString(\"ran\\n\")\n\tf.Close()\n}\n",
        ),
    ] {
        scene
            .world
            .write(&format!("home/app/{file}"), package, false)
            .unwrap();
    }
}

/// go.sum as go itself makes it, so that commands that build load without writing it.
fn with_sums(machine: &Machine) {
    let outcome = machine.scene.run(&["go", "mod", "tidy"]).unwrap();
    assert!(outcome.status.success(), "{}", outcome.text());
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

#[test]
fn nothing_runs_twice() {
    for version in VERSIONS {
        for ending in [".mod", ".zip"] {
            for command in [
                &["go", "test"][..],
                &["go", "test", "."],
                &["go", "run", "."],
                &["go", "run", "main.go"],
                &["go", "generate"],
                &["go", "vet", "."],
                &["go", "build", "-o", "/dev/null", "."],
            ] {
                let machine = Machine::new(version, |scene| {
                    noting(scene);
                    cut_later(scene, ending, 1);
                });
                with_sums(&machine);
                let outcome = machine.run(2, command);
                let text = outcome.text();
                let runs = matches!(command[1], "test" | "run" | "generate");
                assert!(
                    outcome.status.success(),
                    "{version} {ending} {command:?}: {text}"
                );
                assert_eq!(
                    machine.count(),
                    usize::from(runs),
                    "{version} {ending} {command:?}: {text}"
                );
            }
        }
    }
}

/// Where other packages' tests may have run, nothing is repeated.
#[test]
fn tests_of_others_are_not_repeated() {
    for version in VERSIONS {
        let machine = Machine::new(version, |scene| {
            noting(scene);
            cut_later(scene, ".zip", 1);
        });
        with_sums(&machine);
        let outcome = machine.run(3, &["go", "test", "./..."]);
        let text = outcome.text();
        assert!(machine.count() <= 2, "{version}: {text}");
        let others = text.matches("ok  \texample.com/app/other").count();
        assert!(others <= 1, "{version}: {text}");
        assert_eq!(
            outcome.status.success(),
            machine.count() == 2,
            "{version}: {text}"
        );
    }
}

/// A program or test that fails with words of a fetch was run, and isn't again.
#[test]
fn a_program_that_talks_of_resets_runs_once() {
    const WORDS: &str = "go: github.com/acme/widget@v1.0.0: Get \\\"https://proxy.golang.org/github.com/acme/widget/@v/v1.0.0.zip\\\": read tcp 10.0.0.1:1->10.0.0.2:443: read: connection reset by peer";
    for version in VERSIONS {
        for (command, runs) in [
            (&["go", "test"][..], 1),
            (&["go", "run", "."], 1),
            (&["go", "generate"], 1),
        ] {
            let machine = Machine::new(version, |scene| {
                noting(scene);
                let main = format!(
                    "package main

//go:generate sh -c \"echo ran >>$HOME/count; echo '{}' >&2; exit 1\"

import \"os\"
{NOTE}
func main() {{ note(); println(\"{WORDS}\"); os.Exit(1) }}
",
                    WORDS.replace("\\\"", "")
                );
                let test = format!(
                    "package main

import (
	\"os\"
	\"testing\"
)

func TestNote(t *testing.T) {{ note(); os.Stderr.WriteString(\"{WORDS}\\n\"); os.Exit(1) }}
"
                );
                scene
                    .world
                    .write(
                        "home/app/go.mod",
                        "module example.com/app\n\ngo 1.21\n",
                        false,
                    )
                    .unwrap();
                scene.world.write("home/app/main.go", main, false).unwrap();
                scene
                    .world
                    .write("home/app/main_test.go", test, false)
                    .unwrap();
            });
            let outcome = machine.run(3, command);
            assert!(!outcome.status.success(), "{version} {command:?}");
            assert_eq!(
                machine.count(),
                runs,
                "{version} {command:?}: {}",
                outcome.text()
            );
        }
    }
}

/// A C compiler that counts: as many runs as without a failure.
#[test]
fn cgo_tools_run_as_often_as_without_a_failure() {
    let count = |ending: &'static str, skip: usize| {
        let machine = Machine::new(LATEST, |scene| {
            noting(scene);
            scene.world.write("home/app/c.go", "package main\n\n// int one(void) { return 1; }\nimport \"C\"\n\nvar _ = C.one()\n", false).unwrap();
            let gcc = which::which("gcc").unwrap();
            let script = format!(
                "#!/bin/sh\necho ran >>\"$HOME/count\"\nexec {} \"$@\"\n",
                gcc.display()
            );
            scene.world.write("bin/counting-cc", script, false).unwrap();
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(scene.world.outside("bin/counting-cc"), mode).unwrap();
            scene.env("CC", scene.world.inside("bin/counting-cc"));
            scene.env("CGO_ENABLED", "1");
            scene.path.push("/usr/bin".into());
            cut_later(scene, ending, skip);
        });
        with_sums(&machine);
        // the compiler's path is this scene's own, and so are the results that are kept of it
        let outcome = machine.run(2, &["go", "build", "-o", "/dev/null", "."]);
        assert!(outcome.status.success(), "{}", outcome.text());
        (machine.count(), outcome.text().contains("trying again"))
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
    let outcome = machine
        .scene
        .run(&[
            "gomend", "run", "--retry", "1", "--", "go", "mod", "download",
        ])
        .unwrap();
    assert!(outcome.status.success(), "{}", outcome.text());
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
