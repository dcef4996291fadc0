//! Faults on purpose: the real go against built-in servers that show a fault, and what
//! gomend makes of it. The demonstration, the drill and the regression test in one.
//!
//! In: the laboratory's faults. Out: go's real words and gomend's report, or the match
//! degree over all faults. Everything happens in private namespaces and a throw-away
//! home; the user's own settings and caches are never seen.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::install;
use crate::lab::{self, FAULTS, Fault, Outcome, Toolchain};
use crate::lang::{Lang, tr};
use crate::report::Report;

/// Why a fault could not be simulated.
#[derive(Debug)]
pub(crate) enum Error {
    /// The laboratory could not be set up, or lacks a program.
    Lab(lab::Error),
    /// The shim could not be written.
    Install(install::Error),
    /// A temporary folder could not be made.
    Folder(std::io::Error),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lab(error) => write!(f, "{error}"),
            Self::Install(error) => write!(f, "{error}"),
            Self::Folder(error) => {
                f.write_str(&tr!("can't make a temporary folder: {error}", error))
            }
        }
    }
}

/// One fault, provoked once.
pub(crate) struct Shown {
    /// What the command printed and how it ended.
    pub(crate) outcome: Outcome,
    /// gomend's report; none if it stayed silent.
    pub(crate) report: Option<Report>,
    /// The commands after it, if it was mended: the fix, go again, the undoing.
    pub(crate) acts: Vec<(String, Outcome)>,
}

const MEND: &[&str] = &["gomend", "fix", "--last", "--yes"];
const UNDO: &[&str] = &["gomend", "undo"];

/// A folder with the shim, for as long as faults are shown.
pub(crate) struct Stage {
    folder: tempfile::TempDir,
    toolchain: Toolchain,
}

impl Stage {
    /// Writes the shim; `go` is the real one.
    pub(crate) fn new(go: &Path) -> Result<Self, Error> {
        let folder = tempfile::tempdir().map_err(Error::Folder)?;
        install::into_folder(folder.path()).map_err(Error::Install)?;
        Ok(Self {
            folder,
            toolchain: Toolchain::of(go).map_err(Error::Lab)?,
        })
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
        scene.path.insert(0, self.folder.path().to_owned());
        scene.env("GOMEND_REPORT", scene.world.inside("report.json"));
        scene.env("GOMEND_LANG", Lang::spoken().id());
        let own: Vec<&str> = ["go"].iter().chain(args).copied().collect();
        let command = if args.is_empty() { fault.command } else { &own };
        let outcome = scene.run(command).map_err(Error::Lab)?;
        let report = std::fs::read(scene.world.outside("report.json"))
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok());
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
    /// Why it could not be shown here; null if it was.
    pub(crate) skipped: Option<String>,
}

impl Match {
    /// The cause and the host were named rightly.
    pub(crate) fn is_right(&self) -> bool {
        self.diagnosed.as_deref() == Some(self.expected) && self.host_is_right
    }
}

/// Shows every fault that this toolchain has, several at a time, the slow ones first.
pub(crate) fn all(stage: &Stage, progress: bool) -> Vec<Match> {
    let mut faults = stage.faults();
    faults.sort_by_key(|fault| !fault.is_slow());
    let bar = if progress {
        ProgressBar::new(faults.len() as u64)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("gomend: {bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    let (next, matches) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let slow = faults.iter().filter(|fault| fault.is_slow()).count();
    // the slow ones only wait for go's own time-outs: they need no processor
    let threads = slow + 2 * std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = judge(fault, stage.show(fault, &[]));
                    bar.set_message(fault.id);
                    bar.inc(1);
                    matches
                        .lock()
                        .expect("no thread panics while it holds the list")
                        .push(one);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut matches = matches
        .into_inner()
        .expect("no thread panics while it holds the list");
    let order = |id: &str| FAULTS.iter().position(|fault| fault.id == id);
    matches.sort_by_key(|one: &Match| order(one.fault));
    matches
}

fn judge(fault: &Fault, shown: Result<Shown, Error>) -> Match {
    let mut one = Match {
        fault: fault.id,
        expected: fault.cause.id(),
        layer: fault.cause.layer().id(),
        diagnosed: None,
        host_is_right: fault.host.is_none(),
        reason: None,
        elapsed_ms: 0,
        skipped: None,
    };
    match shown {
        Err(error) => one.skipped = Some(error.to_string()),
        Ok(Shown {
            outcome, report, ..
        }) => {
            one.elapsed_ms = millis(outcome.elapsed);
            if let Some(report) = report {
                one.host_is_right =
                    fault.host.is_none() || report.target.host.as_deref() == fault.host;
                one.reason = report.reason;
                one.diagnosed = Some(report.cause);
            }
        }
    }
    one
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
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
    /// Of what was named, how much was right.
    pub(crate) fn precision(self) -> f64 {
        ratio(self.right, self.named)
    }

    /// Of what was shown, how much was recognised.
    pub(crate) fn recall(self) -> f64 {
        ratio(self.right, self.shown)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of at most a few hundred"
)]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
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
