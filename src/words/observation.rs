//! What a probe learned, in a few words: for the table of both stacks.
//!
//! In: an observation. Out: words of the protocols themselves (addresses, rcodes, versions,
//! statuses), and variants as words of the user's language; empty where there is nothing to add
//! to *ok*.

use crate::lang::tr;
use crate::probe::dns::{Answer, Lookup, Resolver};
use crate::probe::git::RemoteOutcome;
use crate::probe::http::Broke;
use crate::probe::proxy::{Choice, Connect};
use crate::probe::ssh::SessionOutcome;
use crate::probe::sums::{Party, Sums};
use crate::probe::tcp::{ConnectOutcome, Reach};
use crate::probe::tls::{Dates, Handshake, HandshakeOutcome, Trust};
use crate::probe::{Seen, Stack, Unavailable, netrc};

/// The few words; `stack` is whose column it is.
pub(crate) fn seen(seen: &Seen, stack: Stack) -> String {
    match seen {
        Seen::Dns(lookup) => name(lookup),
        Seen::Proxy(choice) => proxy(choice),
        Seen::Tcp(reach) => connection(reach),
        Seen::Tls(handshake) => certificate(handshake, stack),
        Seen::Http(reply) => match (reply.code, reply.broke) {
            (Some(code), _) if reply.html => format!("HTTP {code}, HTML"),
            (Some(code), _) => format!("HTTP {code}"),
            (None, Some(how)) => broke(how),
            (None, None) => String::new(),
        },
        Seen::Git(seen) => remote(&seen.outcome),
        Seen::Sums(sums) => {
            let all = parties(sums);
            all.iter()
                .map(|(sum, who)| format!("{sum} {}", who.join(", ")))
                .collect::<Vec<_>>()
                .join("; ")
        }
        Seen::Ssh(seen) => session(seen.outcome),
        Seen::Netrc(entries) => credentials(entries, stack),
        Seen::Nothing(_, Unavailable::Behind(_)) => String::new(),
        Seen::Nothing(_, why) => unavailable(why),
        _ => String::new(),
    }
}

/// Each checksum, as much of it as is needed to tell it from others, and who has it.
pub(crate) fn parties(sums: &Sums) -> Vec<(String, Vec<String>)> {
    const TOLD: usize = 3 + 12; // `h1:` and more than two can have in common by chance
    let mut all: Vec<(&str, Vec<String>)> = Vec::new();
    for one in &sums.parties {
        let who = match one.party {
            Party::GoSum => "go.sum".to_owned(),
            Party::Database => tr!("the checksum database"),
            Party::Proxy => tr!("the module proxy"),
            Party::Origin => tr!("the repository"),
            Party::Cache => tr!("this module cache"),
        };
        match all.iter_mut().find(|(sum, _)| *sum == one.sum) {
            Some((_, parties)) => parties.push(who),
            None => all.push((&one.sum, vec![who])),
        }
    }
    let short = |sum: &str| sum.chars().take(TOLD).chain(['\u{2026}']).collect();
    all.into_iter()
        .map(|(sum, who)| (short(sum), who))
        .collect()
}

fn name(lookup: &Lookup) -> String {
    let rcode = match lookup.answer {
        Answer::NoSuchName => "NXDOMAIN",
        // the C library tells no more
        Answer::ServerFailure if lookup.resolver == Resolver::Libc => {
            return tr!("seen" => "lookup fails");
        }
        Answer::ServerFailure => "SERVFAIL",
        Answer::Refused => "REFUSED",
        Answer::Addresses => {
            let first = lookup.addresses.first();
            let more = match lookup.addresses.len() {
                0 | 1 => String::new(),
                all => format!(" +{}", all - 1),
            };
            return first.map_or_else(String::new, |ip| format!("{ip}{more}"));
        }
        Answer::NoAddress => return tr!("seen" => "no address"),
        Answer::Silence => return tr!("seen" => "silence"),
        Answer::Unreachable => return tr!("seen" => "unreachable"),
        Answer::NoRoute => return tr!("seen" => "no route"),
        Answer::Garbled => return tr!("seen" => "garbled"),
        Answer::Unknown => return tr!("seen" => "unknown"),
    };
    rcode.to_owned()
}

fn proxy(choice: &Choice) -> String {
    let Some(proxy) = &choice.proxy else {
        return tr!("seen" => "direct");
    };
    let host = proxy.rsplit("://").next().unwrap_or(proxy);
    match choice.connect {
        Connect::Opened | Connect::NotTried => host.to_owned(),
        Connect::Status(code) => format!("{code} {host}"),
        Connect::Socks(code) => format!("{} {host}", tr!("SOCKS error {code}", code)),
        Connect::Failed(how) => format!("{} {host}", outcome(how)),
        Connect::NoSuchName => format!("{} {host}", tr!("seen" => "no such name")),
        Connect::NotHttp => format!("{} {host}", tr!("seen" => "not http")),
        Connect::Silence => format!("{} {host}", tr!("seen" => "silence")),
        Connect::NotTls => format!("{} {host}", tr!("seen" => "not tls")),
        Connect::NotTrusted => format!("{} {host}", tr!("seen" => "not trusted")),
        Connect::Malformed => format!("{} {host}", tr!("seen" => "malformed")),
    }
}

/// Each family's best, where they differ; else what all came to.
fn connection(reach: &Reach) -> String {
    let best = |v4: bool| {
        let own = reach
            .attempts
            .iter()
            .filter(|attempt| attempt.address.is_ipv4() == v4)
            .map(|attempt| attempt.outcome);
        let all: Vec<ConnectOutcome> = own.collect();
        all.iter()
            .copied()
            .find(|one| *one == ConnectOutcome::Connected)
            .or_else(|| all.first().copied())
    };
    match (best(true), best(false)) {
        (Some(v4), Some(v6)) if v4 != v6 => format!("v4 {}, v6 {}", outcome(v4), outcome(v6)),
        (Some(ConnectOutcome::Connected), _) | (None, Some(ConnectOutcome::Connected)) => {
            reach.port.to_string()
        }
        (Some(both), _) | (None, Some(both)) => format!("{} {}", reach.port, outcome(both)),
        (None, None) => String::new(),
    }
}

fn certificate(handshake: &Handshake, stack: Stack) -> String {
    if handshake.outcome != HandshakeOutcome::Completed {
        return shake(handshake.outcome);
    }
    let trust = if stack == Stack::Git {
        handshake.git
    } else {
        handshake.go
    };
    let wrong = match (handshake.dates, handshake.name_matches, trust) {
        (Dates::Expired, ..) => Some(tr!("seen" => "expired")),
        (Dates::NotYetValid, ..) => Some(tr!("seen" => "not yet valid")),
        (_, Some(false), _) => Some(tr!("seen" => "other name")),
        (.., Trust::Unknown) => Some(tr!("seen" => "unknown issuer")),
        (.., Trust::NoRoots) => Some(tr!("seen" => "no roots")),
        _ => None,
    };
    let version = handshake.version.as_deref().unwrap_or_default();
    let version = version.replace("TLSv1_", "TLS 1.").replace("TLSv", "TLS ");
    let issuer = handshake
        .chain
        .first()
        .map(|leaf| common_name(&leaf.issuer));
    let rest = wrong.or(issuer).unwrap_or_default();
    [version, rest]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The common name of a distinguished name, else all of it.
pub(crate) fn common_name(name: &str) -> String {
    let common = name
        .split(", ")
        .flat_map(|part| part.split(','))
        .find_map(|part| part.trim().strip_prefix("CN="));
    common.unwrap_or(name).to_owned()
}

fn credentials(entries: &netrc::Entries, stack: Stack) -> String {
    if entries.usable(stack) {
        String::new()
    } else {
        tr!("seen" => "no usable entry")
    }
}

/// How an attempt to connect ended.
pub(crate) fn outcome(outcome: ConnectOutcome) -> String {
    match outcome {
        ConnectOutcome::Connected => tr!("seen" => "connected"),
        ConnectOutcome::Refused => tr!("seen" => "refused"),
        ConnectOutcome::Silence => tr!("seen" => "silence"),
        ConnectOutcome::Unreachable => tr!("seen" => "unreachable"),
        ConnectOutcome::NoSuchHost => tr!("seen" => "no such host"),
        ConnectOutcome::Reset => tr!("seen" => "reset"),
        ConnectOutcome::Forbidden => tr!("seen" => "forbidden"),
        ConnectOutcome::Unknown => tr!("seen" => "unknown"),
    }
}

/// How a handshake ended.
pub(crate) fn shake(outcome: HandshakeOutcome) -> String {
    match outcome {
        HandshakeOutcome::Completed => tr!("seen" => "connected"),
        HandshakeOutcome::Silence => tr!("seen" => "silence"),
        HandshakeOutcome::Reset => tr!("seen" => "reset"),
        HandshakeOutcome::Closed => tr!("seen" => "closed"),
        HandshakeOutcome::Alert => tr!("seen" => "alert"),
        HandshakeOutcome::NotTls => tr!("seen" => "not tls"),
        HandshakeOutcome::TooOld => tr!("seen" => "too old"),
        HandshakeOutcome::Incompatible => tr!("seen" => "incompatible"),
        HandshakeOutcome::Unknown => tr!("seen" => "unknown"),
    }
}

fn broke(broke: Broke) -> String {
    match broke {
        Broke::Reset => tr!("seen" => "reset"),
        Broke::Closed => tr!("seen" => "closed"),
        Broke::Silence => tr!("seen" => "silence"),
        Broke::Other => tr!("seen" => "other"),
    }
}

/// A cause that the rules found in git's words has its id for a word.
fn remote(outcome: &RemoteOutcome) -> String {
    match outcome {
        RemoteOutcome::Answered => tr!("seen" => "answered"),
        RemoteOutcome::Failed(cause) => cause.replace('-', " "),
        RemoteOutcome::Unrecognised => tr!("seen" => "unrecognised"),
        RemoteOutcome::Silence => tr!("seen" => "silence"),
        RemoteOutcome::NotRun => tr!("seen" => "not run"),
    }
}

fn session(outcome: SessionOutcome) -> String {
    match outcome {
        SessionOutcome::AskedForLogin => tr!("seen" => "asked for login"),
        SessionOutcome::LetIn => tr!("seen" => "let in"),
        SessionOutcome::HostKeyUnknown => tr!("seen" => "host key unknown"),
        SessionOutcome::HostKeyChanged => tr!("seen" => "host key changed"),
        SessionOutcome::NoSuchName => tr!("seen" => "no such name"),
        SessionOutcome::NoConnection => tr!("seen" => "no connection"),
        SessionOutcome::Cut => tr!("seen" => "cut"),
        SessionOutcome::Silence => tr!("seen" => "silence"),
        SessionOutcome::BadConfig => tr!("seen" => "bad config"),
        SessionOutcome::Unknown => tr!("seen" => "unknown"),
    }
}

/// Why nothing was seen.
pub(crate) fn unavailable(why: &Unavailable) -> String {
    match why {
        Unavailable::Deadline => tr!("no answer within the time allowed"),
        Unavailable::Cancelled => tr!("interrupted"),
        Unavailable::NoProgram(program) => tr!("`{program}` is not on PATH", program),
        Unavailable::Behind(stage) => tr!("not reached: {stage} comes first", stage = stage.id()),
        Unavailable::NothingElse => tr!("seen" => "nothing else"),
        Unavailable::NoControl => tr!("no other host is named"),
        Unavailable::NoAnswer(program) => tr!("`{program}` did not answer", program),
        Unavailable::NoHome => tr!("HOME is not set"),
        Unavailable::ProxyNotSpoken => tr!("behind a proxy that is not spoken to (socks4)"),
        Unavailable::NotATlsName => tr!("not a name that TLS can carry"),
        Unavailable::Machine(error) => tr!("this machine refuses: {error}", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::tcp::Attempt;
    use crate::probe::tls::Certificate;
    use crate::probe::{Id, Unavailable};

    #[test]
    fn few_words() {
        let dns = |answer, addresses: &[&str]| {
            let addresses = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            Seen::Dns(Lookup {
                answer,
                addresses,
                ..Lookup::default()
            })
        };
        let attempt = |address: &str, outcome| Attempt {
            address: address.parse().unwrap(),
            outcome,
            ms: 1,
        };
        let reach = |attempts| {
            Seen::Tcp(Reach {
                port: 443,
                attempts,
                ..Reach::default()
            })
        };
        let v4 = || attempt("10.0.0.1:443", ConnectOutcome::Connected);
        let tls = |trust| {
            Seen::Tls(Handshake {
                outcome: HandshakeOutcome::Completed,
                version: Some("TLSv1_3".into()),
                name_matches: Some(true),
                go: trust,
                chain: vec![Certificate {
                    issuer: "O=gomend laboratory, CN=Lab Issuing CA".into(),
                    ..Certificate::default()
                }],
                ..Handshake::default()
            })
        };
        for (seen, words) in [
            (dns(Answer::NoSuchName, &[]), "NXDOMAIN"),
            (dns(Answer::Silence, &[]), "silence"),
            (
                dns(Answer::Addresses, &["10.0.0.1", "10.0.0.2"]),
                "10.0.0.1 +1",
            ),
            (reach(vec![v4()]), "443"),
            (
                reach(vec![
                    v4(),
                    attempt("[::1]:443", ConnectOutcome::Unreachable),
                ]),
                "v4 connected, v6 unreachable",
            ),
            (tls(Trust::Trusted), "TLS 1.3, Lab Issuing CA"),
            (tls(Trust::Unknown), "TLS 1.3, unknown issuer"),
            (Seen::Nothing(Id::Tls, Unavailable::Behind(Id::Tcp)), ""),
            (
                Seen::Nothing(Id::Tls, Unavailable::Deadline),
                "no answer within the time allowed",
            ),
        ] {
            assert_eq!(super::seen(&seen, Stack::Go), words);
        }
    }
}
