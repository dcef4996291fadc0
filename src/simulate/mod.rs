//! Faults on purpose: the real go against built-in servers that show a fault, and what
//! gomend makes of it. The demonstration, the drill and the regression test in one.
//!
//! In: the laboratory's faults. Out: go's real words and gomend's report, or the match
//! degree over all faults. Everything happens in private namespaces and a throw-away
//! home, in memory; the user's own settings and caches are never seen, and nothing is left
//! behind, whatever ends this process.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::compare::stats;
use crate::install;
use crate::lab::{self, FAULTS, Fault, Outcome, Scene, Testbed, Toolchain};
use crate::lang::{Lang, text, tr};
use crate::report::Report;
use crate::tool::TICK;
use crate::words;

pub(crate) mod drill;
pub(crate) mod junit;
mod seen;

/// Why a fault could not be simulated.
#[derive(Debug)]
pub(crate) enum Error {
    /// The laboratory could not be set up, or lacks a program.
    Lab(lab::Error),
    /// The shim could not be put into the scene.
    Shim(std::io::Error),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lab(error) => write!(f, "{error}"),
            Self::Shim(error) => f.write_str(&tr!("put the shim into the scene: {error}", error)),
        }
    }
}

/// One fault, provoked once.
pub(crate) struct Shown {
    /// What the command printed and how it ended.
    pub(crate) outcome: Outcome,
    /// gomend's report; none if it stayed silent.
    pub(crate) report: Option<Report>,
    /// What the servers saw meanwhile.
    seen: seen::Seen,
    /// The commands after it, if it was mended: the fix, go again, the undoing.
    pub(crate) acts: Vec<(String, Outcome)>,
}

const MEND: &[&str] = &["gomend", "fix", "--last", "--yes"];
const UNDO: &[&str] = &["gomend", "undo"];

/// The laboratory with one toolchain.
pub(crate) struct Stage {
    toolchain: Toolchain,
    /// Why no private network can be had.
    confined: Option<lab::Error>,
}

impl Stage {
    /// Looks at what this machine allows; `go` is the real one.
    pub(crate) fn new(go: &Path) -> Result<Self, Error> {
        Ok(Self {
            toolchain: Toolchain::of(go).map_err(Error::Lab)?,
            confined: Testbed::enter().err(),
        })
    }

    /// Why most faults cannot be shown here; `None`: they can.
    pub(crate) fn confined(&self) -> Option<&lab::Error> {
        self.confined.as_ref()
    }

    /// Provokes a fault through the shim; `args` replace the fault's own go command.
    pub(crate) fn show(&self, fault: &Fault, args: &[&str]) -> Result<Shown, Error> {
        self.play(fault, args, false)
    }

    /// As [`Stage::show`]; then lets `gomend fix` mend it, runs the command again, and undoes the fix.
    pub(crate) fn mend(&self, fault: &Fault, args: &[&str]) -> Result<Shown, Error> {
        self.play(fault, args, true)
    }

    fn play(&self, fault: &Fault, args: &[&str], mends: bool) -> Result<Shown, Error> {
        let mut scene = fault.scene(&self.toolchain).map_err(Error::Lab)?;
        put_shim(&scene)?;
        scene.path.insert(0, scene.world.inside("shim"));
        scene.env("GOMEND_REPORT", scene.world.inside("report.json"));
        scene.env("GOMEND_LANG", Lang::spoken().id());
        let own: Vec<&str> = ["go"].iter().chain(args).copied().collect();
        let command = if args.is_empty() { fault.command } else { &own };
        // what entering the scene takes: go starts so much later
        let entered = scene.run(&["true"]).map_err(Error::Lab)?.elapsed;
        let started = Instant::now();
        let outcome = scene.run(command).map_err(Error::Lab)?;
        let report = std::fs::read(scene.world.outside("report.json"))
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
        let seen = seen::Seen::of(&scene, started + entered, &outcome, report.as_ref());
        let mut acts = Vec::new();
        if mends {
            for act in [MEND, command, UNDO] {
                let outcome = scene.run(act).map_err(Error::Lab)?;
                acts.push((act.join(" "), outcome));
            }
        }
        Ok(Shown {
            outcome,
            report,
            seen,
            acts,
        })
    }

    /// The faults that this toolchain can show.
    pub(crate) fn faults(&self) -> Vec<&'static Fault> {
        FAULTS
            .iter()
            .filter(|fault| fault.shows_with(&self.toolchain))
            .collect()
    }
}

/// Puts the shim and a link to gomend into a scene's own memory. Another process writes it: what
/// this one had open for writing, children that other threads fork just then would hold open, and
/// the kernel runs no program that somebody writes to (`ETXTBSY`).
fn put_shim(scene: &Scene) -> Result<(), Error> {
    let folder = scene.world.outside("shim");
    let link = || std::env::current_exe().and_then(|own| symlink(own, folder.join("gomend")));
    std::fs::create_dir(&folder)
        .and_then(|()| link())
        .map_err(Error::Shim)?;
    let path = scene.world.inside("shim/go").display().to_string();
    let script = "cat >\"$1\" && chmod 755 \"$1\"";
    let mut writer = scene
        .command(&["sh", "-c", script, "sh", &path])
        .map_err(Error::Lab)?;
    let mut child = writer
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::piped())
        .spawn()
        .map_err(Error::Shim)?;
    let written = child
        .stdin
        .take()
        .map_or(Ok(()), |mut stdin| stdin.write_all(install::SHIM));
    let ended = child.wait().map_err(Error::Shim)?;
    written.map_err(Error::Shim)?;
    if ended.success() {
        Ok(())
    } else {
        Err(Error::Shim(std::io::Error::other(ended.to_string())))
    }
}

/// The real go beside which faults are shown.
pub(crate) fn find(id: &str) -> Option<&'static Fault> {
    Fault::of(id).or_else(|| FAULTS.iter().find(|fault| fault.cause.id() == id))
}

/// How one fault was recognised.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Match {
    /// The fault.
    pub(crate) fault: &'static str,
    /// The cause that the laboratory provoked.
    pub(crate) expected: &'static str,
    /// Its layer.
    pub(crate) layer: &'static str,
    /// The cause that gomend named; null if it stayed silent.
    pub(crate) diagnosed: Option<String>,
    /// Whether the host is right too.
    pub(crate) host_is_right: bool,
    /// The reason that gomend named.
    pub(crate) reason: Option<String>,
    /// From start to report, milliseconds.
    pub(crate) elapsed_ms: u64,
    /// Of that, go's own time.
    pub(crate) go_ms: u64,
    /// From go's end to the verdict; null without one.
    pub(crate) verdict_ms: Option<u64>,
    /// Questions of go and git that no resolver answered.
    pub(crate) resolver_timeouts: usize,
    /// Questions and requests that go and git repeated after a failure.
    pub(crate) retries: usize,
    /// Why it could not be shown here; null if it was.
    pub(crate) skipped: Option<String>,
}

impl Match {
    /// A fault that was not shown, and why.
    fn skipped(fault: &Fault, why: &str) -> Self {
        Self {
            fault: fault.id,
            expected: fault.cause.id(),
            layer: fault.cause.layer().id(),
            diagnosed: None,
            host_is_right: fault.host.is_none(),
            reason: None,
            elapsed_ms: 0,
            go_ms: 0,
            verdict_ms: None,
            resolver_timeouts: 0,
            retries: 0,
            skipped: Some(why.to_owned()),
        }
    }

    /// The cause and the host were named rightly.
    pub(crate) fn is_right(&self) -> bool {
        self.diagnosed.as_deref() == Some(self.expected) && self.host_is_right
    }
}

/// Shows every fault that this toolchain has, several at a time, the slow ones first. `watch` hears
/// how many are done, of how many, and which was the last; it ends everything by returning false.
pub(crate) fn all(
    stage: Stage,
    watch: &mut dyn FnMut(usize, usize, &'static str) -> bool,
) -> Vec<Match> {
    let mut faults = stage.faults();
    faults.sort_by_key(|fault| !fault.is_slow());
    let slow = faults.iter().filter(|fault| fault.is_slow()).count();
    // the slow ones only wait for go's own time-outs: they need no processor
    let threads = slow + 2 * std::thread::available_parallelism().map_or(2, usize::from);
    let count = faults.len();
    let work = Arc::new(Work {
        stage,
        faults,
        next: AtomicUsize::new(0),
        done: Mutex::default(),
    });
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let work = Arc::clone(&work);
            std::thread::spawn(move || work.go_on())
        })
        .collect();
    loop {
        let (done, last) = work.progress();
        let is_wanted = watch(done, count, last);
        if !is_wanted || workers.iter().all(std::thread::JoinHandle::is_finished) {
            // scenes under way end with this process
            work.next.store(count, Ordering::Relaxed);
            break;
        }
        std::thread::sleep(TICK);
    }
    let mut matches = work.done().clone();
    let order = |id: &str| FAULTS.iter().position(|fault| fault.id == id);
    matches.sort_by_key(|one: &Match| order(one.fault));
    matches
}

/// Faults to show, and those that were.
struct Work {
    stage: Stage,
    faults: Vec<&'static Fault>,
    next: AtomicUsize,
    done: Mutex<Vec<Match>>,
}

impl Work {
    fn go_on(&self) {
        while let Some(fault) = self.faults.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let one = match self.stage.confined() {
                Some(_) if fault.needs.network => Match::skipped(fault, &tr!(NEEDS_NETWORK)),
                _ => judge(fault, self.stage.show(fault, &[])),
            };
            self.done().push(one);
        }
    }

    fn done(&self) -> std::sync::MutexGuard<'_, Vec<Match>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> (usize, &'static str) {
        let done = self.done();
        (done.len(), done.last().map_or("", |one| one.fault))
    }
}

/// Why a fault is skipped where nothing private can be made.
const NEEDS_NETWORK: &str = text!("needs a private network");

fn judge(fault: &Fault, shown: Result<Shown, Error>) -> Match {
    let Shown {
        outcome,
        report,
        seen,
        ..
    } = match shown {
        Ok(shown) => shown,
        Err(error) => return Match::skipped(fault, &error.to_string()),
    };
    let mut one = Match {
        elapsed_ms: millis(outcome.elapsed),
        go_ms: millis(seen.go),
        verdict_ms: report.as_ref().map(|_| millis(seen.verdict)),
        resolver_timeouts: seen.resolver_timeouts,
        retries: seen.retries,
        skipped: None,
        ..Match::skipped(fault, "")
    };
    if let Some(report) = report {
        one.host_is_right = fault.host.is_none() || report.target.host.as_deref() == fault.host;
        one.reason = report.reason_id.map(words::of_reason);
        one.diagnosed = Some(report.cause.id().to_owned());
    }
    one
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What all faults together took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// The median time from go's end to the verdict, milliseconds.
    pub(crate) verdict_median_ms: Option<f64>,
    /// 95 % of the verdicts took no longer, milliseconds.
    pub(crate) verdict_p95_ms: Option<f64>,
    /// Questions of go and git that no resolver answered.
    pub(crate) resolver_timeouts: usize,
    /// What go and git repeated after a failure.
    pub(crate) retries: usize,
}

/// What all faults together took.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of one command")]
pub(crate) fn summary(matches: &[Match]) -> Summary {
    let times: Vec<f64> = matches
        .iter()
        .filter_map(|one| one.verdict_ms)
        .map(|ms| ms as f64)
        .collect();
    Summary {
        verdict_median_ms: stats::median(&times),
        verdict_p95_ms: stats::percentile(&times, 0.95),
        resolver_timeouts: matches.iter().map(|one| one.resolver_timeouts).sum(),
        retries: matches.iter().map(|one| one.retries).sum(),
    }
}

/// The match degree of one layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Degree {
    /// Faults that were shown.
    pub(crate) shown: usize,
    /// Of those, recognised rightly.
    pub(crate) right: usize,
    /// Diagnoses that named a cause of this layer.
    pub(crate) named: usize,
}

impl Degree {
    /// Of what was named, how much was right; `None`: nothing was.
    pub(crate) fn precision(self) -> Option<f64> {
        ratio(self.right, self.named)
    }

    /// Of what was shown, how much was recognised; `None`: nothing was.
    pub(crate) fn recall(self) -> Option<f64> {
        ratio(self.right, self.shown)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of at most a few hundred"
)]
fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The match degree by layer.
pub(crate) fn degrees(matches: &[Match]) -> BTreeMap<&'static str, Degree> {
    let mut degrees: BTreeMap<&'static str, Degree> = BTreeMap::new();
    for one in matches.iter().filter(|one| one.skipped.is_none()) {
        let degree = degrees.entry(one.layer).or_default();
        degree.shown += 1;
        degree.right += usize::from(one.is_right());
        let named = one
            .diagnosed
            .as_deref()
            .and_then(crate::cause::Cause::from_id);
        if let Some(cause) = named {
            degrees.entry(cause.layer().id()).or_default().named += 1;
        }
    }
    degrees
}
