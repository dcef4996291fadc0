//! What is kept for `gomend metrics`: one small file in the state folder, written after a failure, a check
//! and a rehearsal, never by a go that succeeds.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use gomend_fleet::metrics::{Counters, Drift, FixOutcome, Rehearsals};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cause::Cause;
use crate::file;
use crate::fix::Journal;
use crate::fix::journal::{Entry, State as Kept};
use crate::state::{State, write_private};

/// How long somebody else may hold the file; a count that is lost costs less than a wait.
const PATIENCE: Duration = Duration::from_millis(200);
/// Modules whose rehearsals are kept.
const MOST: usize = 64;

/// A replacement that was rehearsed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rehearsal {
    /// Unix time.
    pub(crate) time: i64,
    /// go built and its tests compiled, with nothing but the folder.
    pub(crate) passed: bool,
    /// How long fetching and building took, milliseconds.
    pub(crate) millis: u64,
}

/// Everything that is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Memory {
    /// Failures and fixes.
    pub(crate) counters: Counters,
    /// The last check of a policy.
    pub(crate) drift: Option<Drift>,
    /// The last rehearsal of each module, by its root folder.
    pub(crate) rehearsals: BTreeMap<String, Rehearsal>,
}

impl Memory {
    /// What is kept; nothing if it cannot be read.
    pub(crate) fn read(state: &State) -> Self {
        let path = state.folder().join("fleet/memory.json");
        let json = file::read_own(&path, file::Kind::Report).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    /// Changes what is kept, with the journal's latest counted.
    pub(crate) fn update(state: &State, change: impl FnOnce(&mut Self)) -> io::Result<Self> {
        let folder = state.make("fleet")?;
        let lock = file::open_to_lock(&folder.join("lock"))?;
        let until = Instant::now() + PATIENCE;
        while let Err(error) = flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            if Instant::now() >= until {
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_millis(5)); // flock has no deadline of its own
        }
        let mut memory = Self::read(state);
        memory
            .counters
            .journal(&changes(&Journal::in_dir(state.folder())));
        change(&mut memory);
        while memory.rehearsals.len() > MOST {
            let oldest = memory.rehearsals.iter().min_by_key(|(_, kept)| kept.time);
            let Some(root) = oldest.map(|(root, _)| root.clone()) else {
                break;
            };
            memory.rehearsals.remove(&root);
        }
        write_private(&folder.join("memory.json"), &serde_json::to_vec(&memory)?)?;
        Ok(memory)
    }

    /// The rehearsals as a whole.
    pub(crate) fn rehearsed(&self) -> Option<Rehearsals> {
        let failing = self.rehearsals.values().filter(|kept| !kept.passed).count();
        Some(Rehearsals {
            modules: i64::try_from(self.rehearsals.len()).ok()?,
            failing: i64::try_from(failing).ok()?,
            oldest: self.rehearsals.values().map(|kept| kept.time).min()?,
        })
    }
}

/// Counts a failure, and how often go was tried again before. What can't be kept is lost, and nobody waits for it.
pub(crate) fn failure(state: &State, cause: Cause, took: Duration, retries: u64) {
    let _ = Memory::update(state, |memory| {
        memory.counters.failure(cause, took.as_secs_f64(), now());
        memory.counters.retried(retries);
    });
}

/// Counts how often go was tried again until it succeeded.
pub(crate) fn recovered(state: &State, retries: u64) {
    let _ = Memory::update(state, |memory| {
        memory.counters.retried(retries);
        memory.counters.success(now());
    });
}

/// Unix time.
pub(crate) fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// How an entry of the journal has ended; `None`: not yet.
pub(super) fn outcome(state: Kept) -> Option<FixOutcome> {
    match state {
        Kept::Applied => Some(FixOutcome::applied),
        Kept::Undone => Some(FixOutcome::undone),
        Kept::RolledBack => Some(FixOutcome::rolled_back),
        Kept::Pending | Kept::Undoing => None,
    }
}

/// The finished entries of the journal: number, outcome, time.
fn changes(journal: &Journal) -> Vec<(u64, FixOutcome, i64)> {
    let entry = |entry: Entry| {
        let outcome = outcome(entry.state)?;
        let time = OffsetDateTime::parse(&entry.time, &Rfc3339).ok()?;
        Some((entry.id.parse().ok()?, outcome, time.unix_timestamp()))
    };
    let entries = journal.history().unwrap_or_default();
    entries.into_iter().rev().filter_map(entry).collect()
}
