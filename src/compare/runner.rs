//! The rounds: every candidate once a round, one after the other, and what they come down to.
//!
//! In: a [`Request`]. Out: a [`Comparison`], also a partial one after Ctrl-C. Who has not
//! answered [`MOST_LOST`] times in a row and never before is not asked again.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::client::Client;
use super::stats::{self, Figures};
use super::{
    Attempt, Candidate, Candidates, Comparison, Contest, Entry, Error, Kind, Loss, Member, Request,
    SCHEMA, Sample, Target, mirrors, paths, resolvers,
};
use crate::config::is_loopback;
use crate::lang::tr;
use crate::settings::url::Url;
use crate::tool::{Cancel, TICK};

/// Attempts in vain after which somebody is given up.
const MOST_LOST: u32 = 3;

/// How long an attempt may take to notice that nobody waits for it any more: it ends its programs.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How far the rounds are: attempts made, attempts in all, who is being asked.
pub(crate) struct Progress<'a> {
    /// Attempts that were made.
    pub done: usize,
    /// Attempts in all.
    pub all: usize,
    /// Whose turn it is.
    pub name: &'a str,
}

/// Runs all contests. `watch` is called before each attempt and every few milliseconds within.
pub(crate) fn run(
    request: &Request,
    watch: &mut dyn FnMut(&Progress<'_>),
) -> Result<Comparison, Error> {
    let client = Client::new(&request.env).map(Arc::new);
    let client = client.ok_or_else(|| Error::Nothing(vec![tr!("TLS can't be used here")]))?;
    let mut notes = Vec::new();
    if is_offline(request) {
        return Err(Error::Offline);
    }
    let groups = groups(request, &client, &mut notes);
    if groups
        .iter()
        .all(|candidates| candidates.members.is_empty())
    {
        return Err(Error::Nothing(notes));
    }
    let mut contests: Vec<Contest> = groups
        .iter()
        .map(|candidates| Contest {
            kind: candidates.kind,
            about: candidates.about.clone(),
            entries: candidates.members.iter().map(entry).collect(),
        })
        .collect();
    rounds(request, &groups, &mut contests, watch)?;
    for contest in &mut contests {
        for entry in &mut contest.entries {
            entry.figures = figures(&entry.samples);
        }
    }
    let interrupted = request.cancel.is_cancelled();
    for (contest, candidates) in contests.iter_mut().zip(&groups) {
        match candidates.kind {
            Kind::Resolvers if !interrupted => resolvers::judge(contest, &client),
            Kind::Mirrors => mirrors::judge(contest),
            _ => {}
        }
    }
    Ok(Comparison {
        schema: SCHEMA,
        gomend: env!("CARGO_PKG_VERSION").to_owned(),
        time: OffsetDateTime::now_utc()
            .format(&Rfc3339)
            .unwrap_or_default(),
        rounds: request.rounds,
        interrupted,
        contests,
        notes,
    })
}

fn entry(member: &Member) -> Entry {
    Entry {
        name: member.name.clone(),
        from: member.from,
        figures: Figures::default(),
        answers: Vec::new(),
        wrong: None,
        trouble: None,
        protocol: None,
        samples: Vec::new(),
    }
}

/// Who takes part in what.
fn groups(request: &Request, client: &Arc<Client>, notes: &mut Vec<String>) -> Vec<Candidates> {
    let targets = &request.targets;
    let named = |of: fn(&Target) -> bool| targets.is_empty() || targets.iter().any(of);
    let hosts = hosts(request);
    let mut groups = Vec::new();
    if named(|target| {
        matches!(
            target,
            Target::Host(..) | Target::Nameserver(_) | Target::OverHttps(_)
        )
    }) {
        groups.extend(
            hosts
                .iter()
                .map(|(host, _)| resolvers::candidates(request, host, client, notes)),
        );
    }
    if named(|target| matches!(target, Target::Module(..) | Target::Mirror(_))) {
        groups.extend(mirrors::groups(request, client, notes));
    }
    if named(|target| matches!(target, Target::Host(..))) {
        groups.extend(
            hosts
                .iter()
                .filter_map(|(host, port)| paths::candidates(request, host, *port, client, notes)),
        );
    }
    groups.retain(|candidates| !candidates.members.is_empty());
    groups
}

/// The hosts that are named; without any, the first module proxy.
fn hosts(request: &Request) -> Vec<(String, u16)> {
    let named: Vec<(String, u16)> = request
        .targets
        .iter()
        .filter_map(|target| match target {
            Target::Host(host, port) => Some((host.clone(), *port)),
            _ => None,
        })
        .collect();
    if !named.is_empty() {
        return named;
    }
    let first = mirrors::configured(&request.goenv)
        .iter()
        .find_map(|url| Url::parse(url))
        .filter(|url| url.scheme.starts_with("http"));
    vec![first.map_or_else(
        || ("proxy.golang.org".to_owned(), 443),
        |url| {
            let port = url.port_or_default().unwrap_or(443);
            (url.host, port)
        },
    )]
}

/// Whether this machine's kernel has no route to any of the addresses that would be asked. No
/// packet is sent: connecting a UDP socket only looks the route up. A nameserver on this machine
/// proves nothing.
fn is_offline(request: &Request) -> bool {
    let mut asked: Vec<SocketAddr> = resolvers::servers(request);
    let named = request.targets.iter().filter_map(|target| match target {
        Target::Nameserver(address) => Some(*address),
        Target::Host(host, port) => Some(SocketAddr::new(host.parse().ok()?, *port)),
        Target::Mirror(url) | Target::OverHttps(url) => {
            let url = Url::parse(url)?;
            Some(SocketAddr::new(
                url.host.parse().ok()?,
                url.port_or_default()?,
            ))
        }
        Target::Module(..) => None,
    });
    let named: Vec<SocketAddr> = named.collect();
    asked.retain(|address| !address.ip().is_loopback());
    let proxied = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"]
        .iter()
        .any(|name| request.env.var(name).is_some());
    let configured = mirrors::configured(&request.goenv);
    let urls = request.targets.iter().filter_map(|target| match target {
        Target::Mirror(url) => Some(url),
        _ => None,
    });
    let is_here = |url: &String| Url::parse(url).is_some_and(|url| is_loopback(&url.host));
    let is_served_here = configured.iter().chain(urls).any(is_here);
    asked.extend(named);
    // no address at all: nothing that could have no route
    !proxied && !is_served_here && !asked.is_empty() && !asked.into_iter().any(has_route)
}

fn has_route(address: SocketAddr) -> bool {
    let any: SocketAddr = if address.is_ipv4() {
        ([0, 0, 0, 0], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    UdpSocket::bind(any).is_ok_and(|socket| socket.connect(address).is_ok())
}

/// The rounds. Each begins with the next candidate, so that nobody always follows the same one.
fn rounds(
    request: &Request,
    groups: &[Candidates],
    contests: &mut [Contest],
    watch: &mut dyn FnMut(&Progress<'_>),
) -> Result<(), Error> {
    let members: Vec<(usize, usize)> = groups
        .iter()
        .enumerate()
        .flat_map(|(contest, candidates)| {
            (0..candidates.members.len()).map(move |member| (contest, member))
        })
        .collect();
    let all = members.len() * request.rounds as usize;
    let (mut done, mut contact) = (0, false);
    for round in 0..request.rounds {
        for turn in 0..members.len() {
            let (contest, place) = members[(turn + round as usize) % members.len()];
            let member = &groups[contest].members[place];
            let entry = &mut contests[contest].entries[place];
            if is_given_up(entry) {
                done += 1;
                continue;
            }
            let progress = Progress {
                done,
                all,
                name: &member.name,
            };
            let attempt = attempt(&member.candidate, round, &request.cancel, &mut || {
                watch(&progress);
            });
            let Some(attempt) = attempt else {
                return Ok(()); // interrupted: the one under way does not count
            };
            contact |= !matches!(attempt, Attempt::Lost(_, Loss::Silence | Loss::NoContact));
            note(entry, round, attempt);
            done += 1;
        }
        if !contact {
            return Err(Error::NobodyAnswers);
        }
    }
    Ok(())
}

fn is_given_up(entry: &Entry) -> bool {
    let lost = entry.samples.iter().filter(|one| one.ms.is_none()).count();
    lost >= MOST_LOST as usize && lost == entry.samples.len()
}

/// One attempt on a thread of its own; `None`: the person has had enough.
fn attempt(
    candidate: &Arc<dyn Candidate>,
    round: u32,
    cancel: &Cancel,
    watch: &mut dyn FnMut(),
) -> Option<Attempt> {
    let (send, ended) = mpsc::channel();
    let (candidate, flag) = (Arc::clone(candidate), cancel.clone());
    std::thread::spawn(move || {
        let _ = send.send(candidate.attempt(round, &flag)); // nobody may wait for it any more
    });
    loop {
        watch();
        if cancel.is_cancelled() {
            let _ = ended.recv_timeout(LAST_WORDS);
            return None;
        }
        match ended.recv_timeout(TICK) {
            Ok(attempt) => return Some(attempt),
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Some(Attempt::Lost(tr!("can't be asked"), Loss::NoAnswer));
            }
        }
    }
}

fn note(entry: &mut Entry, round: u32, attempt: Attempt) {
    let mut sample = Sample {
        round: round + 1,
        ms: None,
        lost: None,
        loss: None,
        timed_out: false,
        bytes_per_second: None,
    };
    match attempt {
        Attempt::Found {
            took,
            answers,
            transfer,
            protocol,
        } => {
            if let Some(protocol) = protocol {
                entry.protocol = Some(protocol.id().to_owned());
            }
            sample.ms = Some(took.as_secs_f64() * 1000.0);
            sample.bytes_per_second = transfer.and_then(|(bytes, time)| speed(bytes, time));
            let known: BTreeSet<String> = entry.answers.drain(..).chain(answers).collect();
            entry.answers = known.into_iter().collect();
        }
        Attempt::Lost(why, loss) => {
            sample.timed_out = loss == Loss::Silence;
            sample.loss = Some(loss);
            sample.lost = Some(why.clone());
            entry.trouble = Some(why);
        }
        Attempt::Wrong(why) => {
            sample.lost = Some(why.clone());
            entry.wrong = Some(why);
        }
    }
    entry.samples.push(sample);
}

/// Bytes a second; a transfer too short to be timed tells nothing.
#[expect(clippy::cast_precision_loss, reason = "at most 128 MiB")]
fn speed(bytes: usize, time: Duration) -> Option<f64> {
    (time > Duration::from_micros(200)).then(|| bytes as f64 / time.as_secs_f64())
}

fn figures(samples: &[Sample]) -> Figures {
    let count = |of: &dyn Fn(&Sample) -> bool| {
        u32::try_from(samples.iter().filter(|one| of(one)).count()).unwrap_or(u32::MAX)
    };
    let (attempts, lost) = (count(&|_| true), count(&|one| one.ms.is_none()));
    let times: Vec<f64> = samples.iter().filter_map(|one| one.ms).collect();
    let speeds: Vec<f64> = samples
        .iter()
        .filter_map(|one| one.bytes_per_second)
        .collect();
    Figures {
        attempts,
        lost,
        timeouts: count(&|one| one.timed_out),
        loss: stats::share(lost, attempts),
        median_ms: stats::median(&times),
        p95_ms: stats::percentile(&times, 0.95),
        bytes_per_second: stats::median(&speeds),
    }
}
