//! What a probe learned, in a few words: for the table of both stacks.
//!
//! In: an observation. Out: words of the protocols themselves (addresses, rcodes, versions,
//! statuses), and variants as words of the user's language; empty where there is nothing to add
//! to *ok*.

use crate::lang::tr;
use crate::probe::dns::{Answer, Lookup, Resolver};
use crate::probe::git::Outcome as Remote;
use crate::probe::http::Broke;
use crate::probe::proxy::{Choice, Connect};
use crate::probe::ssh::Outcome as Session;
use crate::probe::sums::{Party, Sums};
use crate::probe::tcp::{Outcome, Reach};
use crate::probe::tls::{Dates, Handshake, Outcome as Shake, Trust};
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
        let all: Vec<Outcome> = own.collect();
        all.iter()
            .copied()
            .find(|one| *one == Outcome::Connected)
            .or_else(|| all.first().copied())
    };
    match (best(true), best(false)) {
        (Some(v4), Some(v6)) if v4 != v6 => format!("v4 {}, v6 {}", outcome(v4), outcome(v6)),
        (Some(Outcome::Connected), _) | (None, Some(Outcome::Connected)) => reach.port.to_string(),
        (Some(both), _) | (None, Some(both)) => format!("{} {}", reach.port, outcome(both)),
        (None, None) => String::new(),
    }
}

fn certificate(handshake: &Handshake, stack: Stack) -> String {
    if handshake.outcome != Shake::Completed {
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
pub(crate) fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Connected => tr!("seen" => "connected"),
        Outcome::Refused => tr!("seen" => "refused"),
        Outcome::Silence => tr!("seen" => "silence"),
        Outcome::Unreachable => tr!("seen" => "unreachable"),
        Outcome::NoSuchHost => tr!("seen" => "no such host"),
        Outcome::Reset => tr!("seen" => "reset"),
        Outcome::Forbidden => tr!("seen" => "forbidden"),
        Outcome::Unknown => tr!("seen" => "unknown"),
    }
}

/// How a handshake ended.
pub(crate) fn shake(outcome: Shake) -> String {
    match outcome {
        Shake::Completed => tr!("seen" => "connected"),
        Shake::Silence => tr!("seen" => "silence"),
        Shake::Reset => tr!("seen" => "reset"),
        Shake::Closed => tr!("seen" => "closed"),
        Shake::Alert => tr!("seen" => "alert"),
        Shake::NotTls => tr!("seen" => "not tls"),
        Shake::TooOld => tr!("seen" => "too old"),
        Shake::Incompatible => tr!("seen" => "incompatible"),
        Shake::Unknown => tr!("seen" => "unknown"),
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
fn remote(outcome: &Remote) -> String {
    match outcome {
        Remote::Answered => tr!("seen" => "answered"),
        Remote::Failed(cause) => cause.replace('-', " "),
        Remote::Unrecognised => tr!("seen" => "unrecognised"),
        Remote::Silence => tr!("seen" => "silence"),
        Remote::NotRun => tr!("seen" => "not run"),
    }
}

fn session(outcome: Session) -> String {
    match outcome {
        Session::AskedForLogin => tr!("seen" => "asked for login"),
        Session::LetIn => tr!("seen" => "let in"),
        Session::HostKeyUnknown => tr!("seen" => "host key unknown"),
        Session::HostKeyChanged => tr!("seen" => "host key changed"),
        Session::NoSuchName => tr!("seen" => "no such name"),
        Session::NoConnection => tr!("seen" => "no connection"),
        Session::Cut => tr!("seen" => "cut"),
        Session::Silence => tr!("seen" => "silence"),
        Session::BadConfig => tr!("seen" => "bad config"),
        Session::Unknown => tr!("seen" => "unknown"),
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
        Unavailable::ProxyNotSpoken => tr!("behind a proxy that is not spoken to (https, socks4)"),
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
        let v4 = || attempt("10.0.0.1:443", Outcome::Connected);
        let tls = |trust| {
            Seen::Tls(Handshake {
                outcome: Shake::Completed,
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
                reach(vec![v4(), attempt("[::1]:443", Outcome::Unreachable)]),
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
