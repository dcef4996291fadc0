//! Events on their way to the collector that `[telemetry]` names: kept, sent, forgotten.
//!
//! In: a report, or what the journal says. Out: requests, by a thread that nobody waits for longer than [`PATIENCE`].
//! A record is written into the spool first; whoever sends takes all that lie there, so that one that found no
//! collector goes with the next. Without `[telemetry]` nothing of this is done.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use gomend_fleet::telemetry::{self, Event, Failure, Fate, Origin, Record, Retry, Telemetry};
use time::OffsetDateTime;

use super::{memory, post};
use crate::config::{self, Config};
use crate::file::{self, Kind};
use crate::fix::Journal;
use crate::fix::journal::State as Kept;
use crate::report::Report;
use crate::settings::Env;
use crate::settings::url::Url;
use crate::state::{State, write_private};

/// How long telling may take in all.
const PATIENCE: Duration = Duration::from_millis(500);
/// Bytes that wait for a collector.
const MOST_BYTES: u64 = 256 << 10;
/// Records that wait for a collector.
const MOST_RECORDS: usize = 512;

/// Records under way.
#[must_use]
pub(crate) struct Sending(Option<(Receiver<()>, Instant)>);

impl Sending {
    /// Until they are there, or the time is over.
    pub(crate) fn wait(self) {
        if let Some((done, deadline)) = self.0 {
            let left = deadline.saturating_duration_since(Instant::now());
            let _ = done.recv_timeout(left); // what isn't there yet waits in the spool
        }
    }
}

/// A fetch failed.
pub(crate) fn failed(
    config: &Config,
    env: &Env,
    state: Option<&State>,
    report: &Report,
) -> Sending {
    let failure = Event::Failure(Failure {
        cause: report.cause,
        role: report.target.role.id(),
        host: report.target.host.as_deref(),
        exit_code: report
            .command
            .as_ref()
            .and_then(|command| command.exit_code),
    });
    let mut events = retries(report);
    events.push(failure);
    tell(config, env, state, &events)
}

/// A fetch failed, and then it didn't.
pub(crate) fn recovered(
    config: &Config,
    env: &Env,
    state: Option<&State>,
    report: &Report,
) -> Sending {
    tell(config, env, state, &retries(report))
}

/// Each run but for the first.
fn retries(report: &Report) -> Vec<Event<'static>> {
    let pairs = report.attempts.windows(2).zip(1..);
    pairs
        .map(|(pair, number)| {
            Event::Retry(Retry {
                number,
                cause: pair[0].cause,
                waited_ms: pair[1].waited_ms,
                exit_code: pair[1].exit_code,
            })
        })
        .collect()
}

/// What the journal says before something that may change it.
pub(crate) struct Changes<'a>(Option<(&'a Config, Env, BTreeMap<String, Kept>)>);

impl<'a> Changes<'a> {
    /// From now on. Without a collector nobody looks.
    pub(crate) fn watch(config: &'a Config, env: &Env) -> Self {
        Self(config.fleet.telemetry.is_some().then(|| {
            let entries = history(env).into_iter();
            let before = entries.map(|(id, _, state)| (id, state)).collect();
            (config, env.clone(), before)
        }))
    }

    /// Until now: what was applied, undone or rolled back since.
    pub(crate) fn tell(self) {
        let Some((config, env, before)) = self.0 else {
            return;
        };
        let after = history(&env);
        let changed = after
            .iter()
            .filter(|(id, _, state)| before.get(id) != Some(state));
        let events: Vec<Event<'_>> = changed
            .filter_map(|(_, fix, state)| Some(Event::Fix(fix, memory::outcome(*state)?)))
            .collect();
        let state = State::of(&env).ok();
        tell(config, &env, state.as_ref(), &events).wait();
    }
}

/// The journal's entries, the oldest first: number, fix, state.
fn history(env: &Env) -> Vec<(String, String, Kept)> {
    let journal = State::of(env).map(|state| Journal::in_dir(state.folder()));
    let entries = journal.ok().and_then(|journal| journal.history().ok());
    let entries = entries.unwrap_or_default().into_iter().rev();
    entries
        .map(|entry| (entry.id, entry.fix, entry.state))
        .collect()
}

/// Where events go, checked.
#[derive(Debug, Clone)]
struct Collector {
    url: Url,
    headers: Vec<(String, String)>,
    telemetry: Telemetry,
}

impl Collector {
    fn of(telemetry: &Telemetry) -> Option<Self> {
        let mut url = config::endpoint(telemetry).ok()?;
        if url.path.trim_matches('/').is_empty() {
            "/v1/logs".clone_into(&mut url.path);
        }
        let headers = match &telemetry.headers_file {
            Some(file) => telemetry::headers(&config::own(file).ok()?).ok()?,
            None => Vec::new(),
        };
        Some(Self {
            url,
            headers,
            telemetry: telemetry.clone(),
        })
    }

    /// Sends them, at the latest until the deadline.
    fn send(&self, env: &Env, records: &[Record], deadline: Instant) -> Fate {
        let body = telemetry::request(records, &self.telemetry);
        post::post(env, &self.url, &self.headers, body, deadline).map_or(Fate::Later, Fate::of)
    }
}

fn tell(config: &Config, env: &Env, state: Option<&State>, events: &[Event<'_>]) -> Sending {
    let Some(telemetry) = config
        .fleet
        .telemetry
        .as_ref()
        .filter(|_| !events.is_empty())
    else {
        return Sending(None);
    };
    let origin = Origin::of(telemetry, |name| env.var(name));
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos();
    let records: Vec<Record> = events
        .iter()
        .map(|event| event.record(now, &origin, telemetry))
        .collect();
    let spool = state.and_then(|state| Spool::of(state).ok());
    let deadline = Instant::now() + PATIENCE;
    let (telemetry, env) = (telemetry.clone(), env.clone());
    let (send, done) = mpsc::channel();
    let work = move || {
        let unkept: Vec<Record> = match &spool {
            Some(spool) => records
                .into_iter()
                .filter(|record| !spool.keep(record))
                .collect(),
            None => records,
        };
        match (Collector::of(&telemetry), &spool) {
            (Some(collector), Some(spool)) => {
                spool.empty(unkept, |all| collector.send(&env, all, deadline));
            }
            (Some(collector), None) => {
                let _ = collector.send(&env, &unkept, deadline); // there is no place to keep them
            }
            // settings that can't be used now may be mended: what waits is bounded all the same
            (None, Some(spool)) => spool.empty(Vec::new(), |_| Fate::Later),
            (None, None) => {}
        }
        let _ = send.send(()); // nobody may wait any more
    };
    match std::thread::Builder::new().spawn(work) {
        Ok(_) => Sending(Some((done, deadline))),
        Err(_) => Sending(None),
    }
}

/// Records that wait, a file each.
struct Spool(PathBuf);

impl Spool {
    fn of(state: &State) -> std::io::Result<Self> {
        state.make("fleet")?;
        state.make("fleet/events").map(Self)
    }

    /// Whether it is kept.
    fn keep(&self, record: &Record) -> bool {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let now = OffsetDateTime::now_utc().unix_timestamp_nanos();
        let name = format!("{now:024x}-{}-{number}.json", std::process::id());
        serde_json::to_vec(record)
            .is_ok_and(|json| write_private(&self.0.join(name), &json).is_ok())
    }

    /// Sends what waits, and `more`; what has arrived or never will is forgotten. One process at a time: who finds
    /// another one at it leaves its records to the next.
    fn empty(&self, more: Vec<Record>, send: impl FnOnce(&[Record]) -> Fate) {
        let Ok(lock) = file::open_to_lock(&self.0.join("lock")) else {
            return;
        };
        if lock.try_lock().is_err() {
            return;
        }
        let files = self.bounded();
        let kept = files.iter().filter_map(|file| {
            let json = file::read_own(file, Kind::Config).ok()?;
            serde_json::from_slice(&json).ok()
        });
        let records: Vec<Record> = kept.chain(more).collect();
        if records.is_empty() || send(&records) != Fate::Later {
            for file in files {
                let _ = fs::remove_file(file); // else it is sent once more
            }
        }
    }

    /// The files, the oldest first; more than may wait are forgotten.
    fn bounded(&self) -> Vec<PathBuf> {
        let is_record = |path: &Path| path.extension().is_some_and(|end| end == "json");
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut files: Vec<(PathBuf, u64)> = entries
            .filter(|entry| is_record(&entry.path()))
            .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?.len())))
            .collect();
        files.sort();
        let (mut bytes, mut count) = (0, 0);
        let mut newest: Vec<PathBuf> = Vec::new();
        for (file, size) in files.into_iter().rev() {
            bytes += size;
            count += 1;
            if bytes <= MOST_BYTES && count <= MOST_RECORDS {
                newest.push(file);
            } else {
                let _ = fs::remove_file(file); // else it is too much the next time
            }
        }
        newest.reverse();
        newest
    }
}
