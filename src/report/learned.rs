//! What a probe learned, in a few words: for the table of both stacks.
//!
//! In: an observation. Out: words of the protocols themselves (addresses, rcodes, versions,
//! statuses), and variants as words of the user's language; empty where there is nothing to add
//! to *ok*.

use serde::Serialize;

use crate::lang::tr;
use crate::probe::dns::{Answer, Lookup};
use crate::probe::proxy::{Choice, Connect};
use crate::probe::tcp::{Outcome, Reach};
use crate::probe::tls::{Dates, Handshake, Outcome as Shake, Trust};
use crate::probe::{Seen, Stack, netrc};

/// The few words; `stack` is whose column it is.
pub(crate) fn of(seen: &Seen, stack: Stack) -> String {
    match seen {
        Seen::Dns(lookup) => name(lookup),
        Seen::Proxy(choice) => proxy(choice),
        Seen::Tcp(reach) => connection(reach),
        Seen::Tls(handshake) => certificate(handshake, stack),
        Seen::Http(reply) => match (reply.code, reply.broke) {
            (Some(code), _) if reply.html => format!("HTTP {code}, HTML"),
            (Some(code), _) => format!("HTTP {code}"),
            (None, Some(broke)) => word(&broke),
            (None, None) => String::new(),
        },
        Seen::Git(remote) => word(&remote.outcome),
        Seen::Ssh(session) => word(&session.outcome),
        Seen::Netrc(entries) => credentials(entries, stack),
        Seen::Nothing(_, blind) => word(blind),
        _ => String::new(),
    }
}

fn name(lookup: &Lookup) -> String {
    let rcode = match lookup.answer {
        Answer::NoSuchName => "NXDOMAIN",
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
        ref other => return word(other),
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
        Connect::Failed(outcome) => format!("{} {host}", word(&outcome)),
        other => format!("{} {host}", word(&other)),
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
            .find(|outcome| *outcome == Outcome::Connected)
            .or_else(|| all.first().copied())
    };
    match (best(true), best(false)) {
        (Some(v4), Some(v6)) if v4 != v6 => format!("v4 {}, v6 {}", word(&v4), word(&v6)),
        (Some(Outcome::Connected), _) | (None, Some(Outcome::Connected)) => reach.port.to_string(),
        (Some(both), _) | (None, Some(both)) => format!("{} {}", reach.port, word(&both)),
        (None, None) => String::new(),
    }
}

fn certificate(handshake: &Handshake, stack: Stack) -> String {
    if handshake.outcome != Shake::Completed {
        return word(&handshake.outcome);
    }
    let trust = if stack == Stack::Git {
        handshake.git
    } else {
        handshake.go
    };
    let wrong = match (handshake.dates, handshake.name_matches, trust) {
        (Dates::Expired | Dates::NotYetValid, ..) => Some(word(&handshake.dates)),
        (_, Some(false), _) => Some(tr!("seen" => "other name")),
        (.., Trust::Unknown) => Some(tr!("seen" => "unknown issuer")),
        (.., Trust::NoRoots) => Some(tr!("seen" => "no roots")),
        _ => None,
    };
    let version = handshake.version.as_deref().unwrap_or_default();
    let version = version.replace("TLSv1_", "TLS 1.").replace("TLSv", "TLS ");
    let issuer = handshake.chain.first().map(|leaf| issuer(&leaf.issuer));
    let rest = wrong.or(issuer).unwrap_or_default();
    [version, rest]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The common name of a distinguished name, else all of it.
fn issuer(name: &str) -> String {
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

/// A variant as reports spell it, as words.
pub(crate) fn word(value: &impl Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    let text = match &json {
        serde_json::Value::String(text) => text.as_str(),
        serde_json::Value::Object(fields) => fields
            .get("could_not_look")
            .and_then(serde_json::Value::as_str)
            .map_or("", |why| match why {
                "behind" => "",
                other => other,
            }),
        _ => "",
    };
    spoken(&text.replace('-', " "))
}

/// A variant's words in the user's language.
fn spoken(words: &str) -> String {
    match words {
        "no address" => tr!("seen" => "no address"),
        "silence" => tr!("seen" => "silence"),
        "unreachable" => tr!("seen" => "unreachable"),
        "no route" => tr!("seen" => "no route"),
        "garbled" => tr!("seen" => "garbled"),
        "unknown" => tr!("seen" => "unknown"),
        "connected" => tr!("seen" => "connected"),
        "refused" => tr!("seen" => "refused"),
        "no such host" => tr!("seen" => "no such host"),
        "reset" => tr!("seen" => "reset"),
        "forbidden" => tr!("seen" => "forbidden"),
        "closed" => tr!("seen" => "closed"),
        "alert" => tr!("seen" => "alert"),
        "not tls" => tr!("seen" => "not tls"),
        "too old" => tr!("seen" => "too old"),
        "incompatible" => tr!("seen" => "incompatible"),
        "expired" => tr!("seen" => "expired"),
        "not yet valid" => tr!("seen" => "not yet valid"),
        "no such name" => tr!("seen" => "no such name"),
        "not http" => tr!("seen" => "not http"),
        "malformed" => tr!("seen" => "malformed"),
        "answered" => tr!("seen" => "answered"),
        "unrecognised" => tr!("seen" => "unrecognised"),
        "not run" => tr!("seen" => "not run"),
        "asked for login" => tr!("seen" => "asked for login"),
        "let in" => tr!("seen" => "let in"),
        "host key unknown" => tr!("seen" => "host key unknown"),
        "host key changed" => tr!("seen" => "host key changed"),
        "no connection" => tr!("seen" => "no connection"),
        "cut" => tr!("seen" => "cut"),
        "bad config" => tr!("seen" => "bad config"),
        "other" => tr!("seen" => "other"),
        "deadline" => tr!("seen" => "deadline"),
        "cancelled" => tr!("seen" => "cancelled"),
        "no program" => tr!("seen" => "no program"),
        "private" => tr!("seen" => "private"),
        "nothing else" => tr!("seen" => "nothing else"),
        "machine" => tr!("seen" => "machine"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::tcp::Attempt;
    use crate::probe::tls::Certificate;
    use crate::probe::{Blind, Id};

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
            (Seen::Nothing(Id::Tls, Blind::Behind(Id::Tcp)), ""),
            (Seen::Nothing(Id::Tls, Blind::Deadline), "deadline"),
        ] {
            assert_eq!(of(&seen, Stack::Go), words);
        }
    }
}
