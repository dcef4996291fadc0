//! What the servers of a scene saw while go ran: how often a resolver was silent, and what was
//! asked again after a failure.
//!
//! In: the scene's journal, when go ended. Out: counts of go's and git's own run, without the
//! probes that come after it.

use std::time::{Duration, Instant};

use crate::lab::{Event, Outcome, Scene};
use crate::report::Report;

/// What one run showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// How long go ran.
    pub(super) go: Duration,
    /// From go's end to the end of the diagnosis.
    pub(super) verdict: Duration,
    /// Questions that no resolver answered.
    pub(super) resolver_timeouts: usize,
    /// Questions and requests that were repeated after a failure.
    pub(super) retries: usize,
}

impl Seen {
    /// Of the command whose go started then, give or take the few milliseconds that lie between its
    /// end and the first probe. Without a report all of it was go.
    pub(super) fn of(
        scene: &Scene,
        started: Instant,
        outcome: &Outcome,
        report: Option<&Report>,
    ) -> Self {
        let go = report
            .and_then(|report| report.command.as_ref())
            .and_then(|command| command.duration_ms)
            .map_or(outcome.elapsed, Duration::from_millis)
            .min(outcome.elapsed);
        let events: Vec<Event> = scene
            .journal()
            .timed()
            .into_iter()
            .filter(|(when, _)| *when <= started + go)
            .map(|(_, event)| event)
            .collect();
        Self {
            go,
            verdict: outcome.elapsed.saturating_sub(go),
            resolver_timeouts: events.iter().filter(|event| is_silence(event)).count(),
            retries: retries(&events),
        }
    }
}

fn is_silence(event: &Event) -> bool {
    matches!(event, Event::Dns { rcode: None, .. })
}

/// Events that ask what was asked before and had failed.
fn retries(events: &[Event]) -> usize {
    let repeats = |at: usize| {
        events[..at]
            .iter()
            .any(|before| failed(before) && asks_the_same(before, &events[at]))
    };
    (0..events.len()).filter(|&at| repeats(at)).count()
}

/// No answer, SERVFAIL, REFUSED; an error status.
fn failed(event: &Event) -> bool {
    match event {
        Event::Dns { rcode, .. } => matches!(rcode, None | Some(2 | 5)),
        Event::Http { status, .. } => *status >= 400,
        _ => false,
    }
}

/// The same question, of whichever resolver; the same request with the same credentials.
fn asks_the_same(before: &Event, event: &Event) -> bool {
    match (before, event) {
        (
            Event::Dns {
                name: a, kind: b, ..
            },
            Event::Dns { name, kind, .. },
        ) => (a, b) == (name, kind),
        (
            Event::Http {
                method: a,
                host: b,
                path: c,
                authorization: d,
                ..
            },
            Event::Http {
                method,
                host,
                path,
                authorization,
                ..
            },
        ) => (a, b, c, d) == (method, host, path, authorization),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &str, rcode: Option<u8>) -> Event {
        Event::Dns {
            server: "10.0.0.1:53".parse().unwrap(),
            name: name.into(),
            kind: "A".into(),
            tcp: false,
            rcode,
        }
    }

    fn requested(path: &str, status: u16, authorization: Option<&str>) -> Event {
        Event::Http {
            server: "10.0.0.1:443".parse().unwrap(),
            method: "GET".into(),
            host: "h".into(),
            path: path.into(),
            authorization: authorization.map(Into::into),
            status,
        }
    }

    #[test]
    fn a_retry_follows_a_failure() {
        let events = [
            asked("a", None),
            asked("a", None),
            asked("b", Some(0)),
            asked("b", Some(0)), // git asks what go has asked: no retry
            asked("c", Some(2)),
            asked("c", Some(3)),
            requested("/x", 503, None),
            requested("/x", 200, None),
            requested("/y", 401, None),
            requested("/y", 200, Some("Basic x")), // not the same request
        ];
        assert_eq!(retries(&events), 3);
        assert_eq!(events.iter().filter(|event| is_silence(event)).count(), 2);
    }
}
