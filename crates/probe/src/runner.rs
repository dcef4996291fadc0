//! Runs the probes side by side, within one deadline.
//!
//! Every probe has a thread, and waits only for the stages it needs. When time
//! is up, or the person has had enough, what has not answered becomes *could
//! not look*; a thread that hangs in the C library is left behind, the
//! programs that probes started are killed.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::nameserver::millis;
use super::{Context, Id, Observation, PROBES, Probe, Seen, Stack, Status, Unavailable};
use crate::tool::TICK;

/// What is going on, for a spinner: how long it has been, and which probes have not answered yet.
#[derive(Debug, Clone)]
pub struct Running<'a> {
    /// Since the start.
    pub elapsed: Duration,
    /// In the order of the stages, each once.
    pub waiting_for: &'a [Id],
}

/// Beyond the deadline: for probes that end at it to say so.
const GRACE: Duration = Duration::from_millis(100);

/// Runs every probe that applies. `watch` is called about fifty times a second.
#[must_use]
pub fn run(cx: &Arc<Context>, watch: &mut dyn FnMut(&Running<'_>)) -> Vec<Observation> {
    let chosen: Vec<&'static Probe> = PROBES.iter().filter(|probe| (probe.applies)(cx)).collect();
    run_these(cx, &chosen, watch)
}

/// Runs one probe, and those before it that it needs. Its own observations come first, with what failed before it
/// where that kept it from looking, or from asking more than `/`; then the stages that were passed on the way.
/// None: this probe has nothing to look at there, and nobody was contacted.
#[must_use]
pub fn run_one(cx: &Arc<Context>, id: Id, watch: &mut dyn FnMut(&Running<'_>)) -> Vec<Observation> {
    let needs: &[Id] = match id {
        Id::Dns => &[Id::Dns],
        Id::Tcp => &[Id::Dns, Id::Tcp],
        Id::Tls => &[Id::Dns, Id::Tcp, Id::Git, Id::Tls],
        Id::Http => &[Id::Dns, Id::Tcp, Id::Git, Id::Tls, Id::Http],
        Id::Proxy => &[Id::Dns, Id::Tcp, Id::Git, Id::Proxy],
        Id::Clock => &[Id::Dns, Id::Git, Id::Tls, Id::Http, Id::Clock],
        Id::Git => &[Id::Git],
        Id::Ssh => &[Id::Dns, Id::Tcp, Id::Git, Id::Ssh],
        Id::Goenv => &[Id::Goenv],
        Id::Netrc => &[Id::Netrc],
        Id::Local => &[Id::Local],
        Id::Control => &[Id::Control],
        Id::Sums => &[Id::Sums],
    };
    let chosen: Vec<_> = PROBES
        .iter()
        .filter(|probe| needs.contains(&probe.id) && (probe.applies)(cx))
        .collect();
    if chosen.iter().all(|probe| probe.id != id) {
        return Vec::new();
    }
    let mut seen = run_these(cx, &chosen, watch);
    let hindered = |one: &Observation| match &one.seen {
        Seen::Nothing(of, Unavailable::Behind(_)) => *of == id,
        Seen::Http(reply) => reply.root_only,
        // what ssh's configuration makes of the name may be another host
        Seen::Ssh(session) => session.is_cut_off() && session.hostname == session.host,
        _ => false,
    };
    let hindered = seen.iter().any(hindered);
    // ssh is git's alone
    let matters = |one: &Observation| id != Id::Ssh || one.stack != Stack::Go;
    let failed = |one: &Observation| hindered && matters(one) && one.status() == Status::Fail;
    let is_on_the_way = matches!(id, Id::Tcp | Id::Tls | Id::Http);
    let passed = |one: &Observation| {
        is_on_the_way
            && matches!(one.id(), Id::Dns | Id::Tcp | Id::Tls)
            && one.stack != Stack::Both
            && one.status() == Status::Pass
    };
    seen.retain(|one| one.id() == id || failed(one) || passed(one));
    seen.sort_by_key(|one| one.id() != id && passed(one)); // stable
    seen
}

fn run_these(
    cx: &Arc<Context>,
    chosen: &[&'static Probe],
    watch: &mut dyn FnMut(&Running<'_>),
) -> Vec<Observation> {
    let started = Instant::now();
    let deadline = started + cx.options.overall;
    if !chosen.iter().any(|probe| probe.id == Id::Git) {
        cx.gitconfig.keep(None); // nobody will read it, nobody should wait
    }
    let (send, seen) = channel();
    let mut places: Vec<(Id, Stack, String, Option<Observation>)> = Vec::new();
    for &probe in chosen {
        for &stack in (probe.stacks)(cx) {
            let place = places.len();
            let target = (probe.target)(cx);
            places.push((probe.id, stack, target.clone(), None));
            let (shared, send) = (Arc::clone(cx), send.clone());
            let thread = std::thread::Builder::new()
                .name(probe.id.id().to_owned())
                .spawn(move || {
                    let begun = Instant::now();
                    let seen = (probe.run)(&shared, stack, deadline);
                    let _ = send.send((
                        place,
                        Observation {
                            stack,
                            target,
                            elapsed_ms: millis(begun),
                            seen,
                        },
                    ));
                });
            if let Err(error) = thread {
                let why = Unavailable::Machine(error.to_string());
                places[place].3 = Some(nothing(probe.id, stack, (probe.target)(cx), why, started));
            }
        }
    }
    drop(send);
    let end = loop {
        if cx.cancel.is_cancelled() {
            break Unavailable::Cancelled;
        }
        if Instant::now() >= deadline + GRACE {
            break Unavailable::Deadline;
        }
        match seen.recv_timeout(TICK) {
            Ok((place, observation)) => places[place].3 = Some(observation),
            Err(RecvTimeoutError::Disconnected) => break Unavailable::Deadline, // all have answered
            Err(RecvTimeoutError::Timeout) => {
                let mut waiting: Vec<Id> = places
                    .iter()
                    .filter(|place| place.3.is_none())
                    .map(|place| place.0)
                    .collect();
                waiting.dedup();
                watch(&Running {
                    elapsed: started.elapsed(),
                    waiting_for: &waiting,
                });
            }
        }
    };
    let all = places.into_iter().map(|(id, stack, target, seen)| {
        seen.unwrap_or_else(|| nothing(id, stack, target, end.clone(), started))
    });
    all.collect()
}

fn nothing(
    id: Id,
    stack: Stack,
    target: String,
    why: Unavailable,
    started: Instant,
) -> Observation {
    Observation {
        stack,
        target,
        elapsed_ms: millis(started),
        seen: Seen::Nothing(id, why),
    }
}
