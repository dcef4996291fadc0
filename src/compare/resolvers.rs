//! Resolvers: the system's, each configured nameserver, public ones, and those over HTTPS.
//!
//! In: a name. Out: candidates that look up its IPv4 addresses, one question an attempt, never
//! repeated. Who is not on the own network is asked for well-known public names only, or with consent. Two
//! resolvers may well give different addresses of the same service: an answer is wrong where it
//! leads to nobody with a certificate for the name, while another one's does.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{Client, Trouble, Via, redacted};
use super::{Attempt, Candidate, Candidates, Contest, From, Kind, Loss, Request, Target};
use crate::lang::tr;
use crate::probe::dns::{self, Answer, Asked};
use crate::probe::nameserver;
use crate::settings::forges;
use crate::settings::url::Url;
use crate::tool::Cancel;

/// Longer than any resolver takes that a person would put up with.
const PATIENCE: Duration = Duration::from_secs(2);

/// DNS over HTTPS as the operators of the public resolvers document it (2026-11).
const OVER_HTTPS: &[&str] = &[
    "https://dns.google/dns-query",
    "https://cloudflare-dns.com/dns-query",
    "https://dns.alidns.com/dns-query",
    "https://doh.pub/dns-query",
];

/// Every nameserver that may be asked.
pub(super) fn servers(request: &Request) -> Vec<SocketAddr> {
    let mut servers = dns::nameservers(&request.options.resolv_conf);
    servers.extend(&request.options.public_resolvers);
    servers
}

/// Who can be asked for this name.
pub(super) fn candidates(
    request: &Request,
    host: &str,
    client: &Arc<Client>,
    notes: &mut Vec<String>,
) -> Candidates {
    let mut candidates = Candidates::new(Kind::Resolvers, host);
    if host.parse::<IpAddr>().is_ok() {
        return candidates; // an address needs no resolver
    }
    let name = || host.to_owned();
    candidates.add("system", From::Configured, System { host: name() });
    let nameserver = |address| Nameserver {
        address,
        host: name(),
    };
    for address in dns::nameservers(&request.options.resolv_conf) {
        candidates.add(
            shown_address(address),
            From::Configured,
            nameserver(address),
        );
    }
    let may_tell = request.options.public_dns_for_all || forges::is_well_known(host);
    let over_https = |url: &str| OverHttps {
        url: url.to_owned(),
        host: name(),
        client: Arc::clone(client),
    };
    for target in &request.targets {
        match target {
            Target::Nameserver(address) if may_tell || is_near(address.ip()) => {
                candidates.add(
                    shown_address(*address),
                    From::Argument,
                    nameserver(*address),
                );
            }
            Target::OverHttps(url) if may_tell || is_near_by(url, client) => {
                candidates.add(redacted(url), From::Argument, over_https(url));
            }
            Target::Nameserver(_) | Target::OverHttps(_) => notes.push(kept(host)),
            _ => {}
        }
    }
    if may_tell {
        for &address in &request.options.public_resolvers {
            candidates.add(shown_address(address), From::WellKnown, nameserver(address));
        }
        for url in OVER_HTTPS {
            candidates.add(redacted(url), From::WellKnown, over_https(url));
        }
    } else {
        notes.push(kept(host));
    }
    notes.dedup();
    candidates
}

fn kept(host: &str) -> String {
    tr!(
        "public resolvers are not asked for {host}: it may be private (--public-dns allows it)",
        host
    )
}

/// A nameserver of this machine or its own network.
fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Whether a resolver over HTTPS is on this machine or its own network. Its name is looked up as any: it says nothing of
/// what would be asked of it.
fn is_near_by(url: &str, client: &Client) -> bool {
    let Some(url) = Url::parse(url) else {
        return false;
    };
    client
        .addresses(&url.host, Instant::now() + PATIENCE)
        .is_ok_and(|addresses| !addresses.is_empty() && addresses.into_iter().all(is_near))
}

/// Without the port that every nameserver has.
fn shown_address(address: SocketAddr) -> String {
    if address.port() == 53 {
        address.ip().to_string()
    } else {
        address.to_string()
    }
}

/// The C library's, as git uses it: hosts file and caches included.
struct System {
    host: String,
}

impl Candidate for System {
    fn attempt(&self, _round: u32, _cancel: &Cancel) -> Attempt {
        let started = Instant::now();
        match dns::libc(&self.host, started + PATIENCE) {
            Some(lookup) => found(lookup.answer, &lookup.addresses, started.elapsed()),
            None => Attempt::Lost(tr!("no answer in time"), Loss::Silence),
        }
    }
}

/// One nameserver, over UDP.
struct Nameserver {
    address: SocketAddr,
    host: String,
}

impl Candidate for Nameserver {
    fn attempt(&self, _round: u32, _cancel: &Cancel) -> Attempt {
        let started = Instant::now();
        let asked = nameserver::once(self.address, &self.host, started + PATIENCE);
        found(asked.answer, &asked.addresses, started.elapsed())
    }
}

/// A resolver over HTTPS. Each attempt has a connection of its own, whose handshake counts.
struct OverHttps {
    url: String,
    host: String,
    client: Arc<Client>,
}

impl Candidate for OverHttps {
    fn attempt(&self, _round: u32, _cancel: &Cancel) -> Attempt {
        let question = nameserver::question_for(&self.host).and_then(|mut question| {
            question.metadata.id = 0; // RFC 8484, section 4.1: caches find it
            question.to_vec().ok()
        });
        let Some(question) = question else {
            return Attempt::Lost(tr!("can't be asked"), Loss::NoAnswer);
        };
        match self.client.post_dns(&self.url, &question, PATIENCE) {
            Ok(mut fetched) if fetched.status == 200 => {
                let Asked {
                    answer, addresses, ..
                } = nameserver::answer_of(&fetched.bytes());
                found(answer, &addresses, fetched.head + fetched.transfer)
            }
            Ok(fetched) => Attempt::Lost(format!("HTTP {}", fetched.status), Loss::NoAnswer),
            Err(Trouble::Certificate(why)) => Attempt::Wrong(Trouble::Certificate(why).words()),
            Err(trouble) => Attempt::Lost(trouble.words(), trouble.loss()),
        }
    }
}

/// Only addresses are a success: who denies the name is no help to go, whether others know it or not.
fn found(answer: Answer, addresses: &[IpAddr], took: Duration) -> Attempt {
    let answers = match answer {
        Answer::Addresses => addresses
            .iter()
            .filter(|ip| ip.is_ipv4() || addresses.iter().all(IpAddr::is_ipv6))
            .map(ToString::to_string)
            .collect(),
        Answer::NoSuchName => return Attempt::Lost(tr!("no such name"), Loss::Denied),
        Answer::NoAddress => return Attempt::Lost(tr!("no address"), Loss::Denied),
        Answer::Silence => return Attempt::Lost(tr!("no answer in time"), Loss::Silence),
        Answer::ServerFailure => return Attempt::Lost("SERVFAIL".to_owned(), Loss::NoAnswer),
        Answer::Refused => return Attempt::Lost("REFUSED".to_owned(), Loss::NoAnswer),
        Answer::Unreachable => return Attempt::Lost(tr!("nobody there"), Loss::NoContact),
        Answer::NoRoute => return Attempt::Lost(tr!("no route"), Loss::NoContact),
        Answer::Garbled | Answer::Unknown => {
            return Attempt::Lost(tr!("no DNS answer"), Loss::NoAnswer);
        }
    };
    Attempt::Found {
        took,
        answers,
        transfer: None,
        protocol: None,
    }
}

/// How far an answer leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leads {
    /// To somebody with a valid certificate for the name.
    There,
    /// To somebody else.
    Astray(&'static str),
    /// To nobody.
    Nowhere,
}

/// Disqualifies wrong answers, and denials of a name that is known. Where all agree, nothing is wrong and nobody
/// is asked.
pub(super) fn judge(contest: &mut Contest, client: &Client) {
    let answered = |at: &usize| !contest.entries[*at].answers.is_empty();
    let places: Vec<usize> = (0..contest.entries.len()).filter(answered).collect();
    let agree = |a: &[String], b: &[String]| a.iter().any(|answer| b.contains(answer));
    let differ = places.iter().any(|&a| {
        let a = &contest.entries[a].answers;
        places
            .iter()
            .any(|&b| !agree(a, &contest.entries[b].answers))
    });
    let deny: Vec<usize> = (0..contest.entries.len())
        .filter(|&at| contest.entries[at].denies())
        .collect();
    if places.is_empty() || (!differ && deny.is_empty()) {
        return;
    }
    let leads: Vec<Leads> = std::thread::scope(|scope| {
        let threads: Vec<_> = places
            .iter()
            .map(|&place| {
                let (answers, host) = (&contest.entries[place].answers, &contest.about);
                scope.spawn(move || lead(client, host, answers))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Leads::Nowhere))
            .collect()
    });
    let known = leads.contains(&Leads::There);
    let answers: Vec<Vec<String>> = places
        .iter()
        .map(|&place| contest.entries[place].answers.clone())
        .collect();
    for (&place, (lead, own)) in places.iter().zip(leads.iter().zip(&answers)) {
        let wrong = match lead {
            Leads::There => None,
            Leads::Astray(why) if known => Some(tr!(
                "its address has no certificate for the name: {why}",
                why = tr!(why)
            )),
            Leads::Nowhere if known => Some(tr!("its address leads nowhere, the others' does")),
            // nobody is who he should be behind any of them: what most say is taken for right
            Leads::Astray(_) | Leads::Nowhere => {
                let same = answers.iter().filter(|other| agree(other, own)).count();
                (2 * same < answers.len() + deny.len())
                    .then(|| tr!("says something else than most"))
            }
        };
        contest.entries[place].wrong = contest.entries[place].wrong.take().or(wrong);
    }
    for entry in deny.into_iter().filter(|_| known) {
        let entry = &mut contest.entries[entry];
        let answer = entry.trouble.clone().unwrap_or_default();
        entry.wrong = Some(tr!("says \u{201c}{answer}\u{201d}, others know it", answer));
    }
}

/// Where an answer leads, by a handshake on port 443.
fn lead(client: &Client, host: &str, answers: &[String]) -> Leads {
    let addresses: Vec<IpAddr> = answers.iter().filter_map(|ip| ip.parse().ok()).collect();
    let Some(url) = Url::parse(&format!("https://{host}/")).filter(|_| !addresses.is_empty())
    else {
        return Leads::Nowhere;
    };
    let deadline = Instant::now() + PATIENCE;
    let reached = client
        .reach(&Via::Direct(addresses), &url, deadline)
        .and_then(|stream| client.handshake(stream, host, deadline));
    match reached {
        Ok(()) => Leads::There,
        Err(Trouble::Certificate(why)) => Leads::Astray(why),
        Err(_) => Leads::Nowhere,
    }
}
