//! Names, connections and HTTP proxies: rows 1 to 8, 12, 19, 21, 23 and 25 of
//! the truth table.

use std::net::IpAddr;

use super::facts::Facts;
use super::{Confidence, Matrix, Reason, Ruling};
use crate::cause::{Cause, Layer};
use crate::evidence::{Role, Target};
use crate::probe::dns::{Answer, Lookup};
use crate::probe::proxy::{Choice, Connect};
use crate::probe::tcp::{ConnectOutcome, Reach};
use crate::probe::tls::{HandshakeOutcome, Trust};
use crate::probe::{Id, Stack, Status};
use crate::settings::forges;
use crate::settings::url::Url;

/// What stands in the way of the connection that the failing stack needs; `None`: nothing, or nothing is known.
pub(super) fn rule(facts: &Facts<'_>) -> Option<Ruling> {
    if facts.is_proxied()
        || facts
            .proxy(facts.stack)
            .is_some_and(|choice| choice.connect == Connect::Malformed)
    {
        return through_proxy(facts);
    }
    name(facts).or_else(|| connection(facts))
}

/// The failing stack uses an HTTP proxy: it is the first suspect, and it resolves the name.
fn through_proxy(facts: &Facts<'_>) -> Option<Ruling> {
    let choice = facts.proxy(facts.stack)?;
    let other = facts.proxy(facts.other());
    let reason = match choice.connect {
        // a refused certificate is in go's own words
        Connect::Opened | Connect::NotTried | Connect::NotTrusted => return None,
        Connect::Malformed => Reason::ProxyMalformed,
        Connect::NoSuchName => Reason::ProxyNameUnknown,
        Connect::Failed(_) | Connect::Silence => Reason::ProxyDown,
        Connect::NotHttp => Reason::ProxyNotHttp,
        Connect::NotTls => Reason::ProxyScheme,
        Connect::Status(407) | Connect::Socks(255) => Reason::ProxyAuth,
        Connect::Status(_) | Connect::Socks(_) => refused_by_proxy(facts, choice, other),
    };
    let direct = choice.direct == ConnectOutcome::Connected && reason == Reason::ProxyBypass;
    // the login in the setting may have been refused already, so it was not sent
    let withheld = choice.has_user && choice.connect == Connect::Status(407);
    Some(Ruling {
        cause: Cause::HttpProxy,
        reason: Some(reason),
        confidence: match (direct, withheld) {
            (_, true) => Confidence::Possible,
            (true, _) => Confidence::Likely,
            (false, false) => Confidence::Certain,
        },
        matrix: Matrix::POLICY.without_dns(),
        target: Some(proxy_target(&facts.target, choice)),
        proxy: choice.proxy.clone(),
        rests_on: facts.basis(&[
            (Id::Proxy, facts.stack),
            (Id::Proxy, facts.other()),
            (Id::Tcp, facts.stack),
        ]),
    })
}

/// Row 25: the proxy says no. Is it the wrong way, or is the host forbidden?
fn refused_by_proxy(facts: &Facts<'_>, choice: &Choice, other: Option<&Choice>) -> Reason {
    let exempt = |choice: &Choice| {
        choice.proxy.is_none()
            && choice
                .decided_by
                .as_deref()
                .is_some_and(|key| key.eq_ignore_ascii_case("no_proxy"))
    };
    if facts.stack == Stack::Git && other.is_some_and(exempt) {
        return Reason::NoProxyDialect;
    }
    // a public host that can be reached directly is forbidden, not forgotten
    if choice.direct == ConnectOutcome::Connected && !forges::is_well_known(facts.host()) {
        return Reason::ProxyBypass;
    }
    Reason::ProxyRefuses
}

/// The HTTP proxy as the counterpart.
fn proxy_target(target: &Target, choice: &Choice) -> Target {
    let url = choice.proxy.as_deref().and_then(Url::proxy);
    Target {
        role: Role::HttpProxy,
        scheme: url
            .as_ref()
            .map(|url| url.scheme.clone())
            .or_else(|| target.scheme.clone()),
        host: url
            .as_ref()
            .map(|url| url.host.clone())
            .or_else(|| target.host.clone()),
        port: url.as_ref().and_then(Url::port_or_default),
        ..target.clone()
    }
}

/// The name does not resolve, or not rightly.
fn name(facts: &Facts<'_>) -> Option<Ruling> {
    let lookup = facts.dns(facts.stack)?;
    let ruling = |cause, reason, confidence| Ruling {
        cause,
        reason: Some(reason),
        confidence,
        matrix: Matrix::DNS,
        target: None,
        proxy: None,
        rests_on: facts.basis(&[
            (Id::Dns, facts.stack),
            (Id::Dns, facts.other()),
            (Id::Dns, Stack::Both),
        ]),
    };
    if lookup.answer == Answer::Addresses {
        let reason = wrong_address(facts, lookup)?;
        // what go met at the wrong address is the cause; why it went there is the reason
        return Some(ruling(met(facts), reason, Confidence::Likely));
    }
    let answer = settled(facts, lookup);
    let (cause, reason) = match answer {
        Answer::NoSuchName => (Cause::DnsNotFound, unknown_name(facts, lookup)),
        Answer::NoAddress => (Cause::DnsNotFound, Reason::NoAddress),
        Answer::Refused => (Cause::DnsServerFailure, Reason::ResolverRefuses),
        Answer::ServerFailure | Answer::Garbled => (Cause::DnsServerFailure, Reason::ResolverFails),
        Answer::Silence => (Cause::DnsTimeout, Reason::ResolverDown),
        Answer::NoRoute => (Cause::DnsResolverUnreachable, Reason::ResolverNoRoute),
        Answer::Unreachable => (Cause::DnsResolverUnreachable, stub(facts)),
        Answer::Addresses | Answer::Unknown => return None,
    };
    let agreed = facts
        .dns(facts.other())
        .is_some_and(|other| settled(facts, other) == answer);
    let certain = agreed || reason == Reason::SplitDns;
    Some(ruling(
        cause,
        reason,
        if certain {
            Confidence::Certain
        } else {
            Confidence::Likely
        },
    ))
}

/// The C library does not tell SERVFAIL from silence, nor an empty answer from none: the nameservers' own words do.
fn settled(facts: &Facts<'_>, lookup: &Lookup) -> Answer {
    let own = lookup.answer;
    let vague = matches!(
        own,
        Answer::ServerFailure | Answer::Silence | Answer::NoSuchName | Answer::NoAddress
    );
    match facts.dns(Stack::Go) {
        Some(go)
            if lookup.asked.is_empty()
                && vague
                && !go.asked.is_empty()
                && go.answer != Answer::Addresses =>
        {
            go.answer
        }
        _ => own,
    }
}

/// Rows 4 and 7: does anybody know it?
fn unknown_name(facts: &Facts<'_>, lookup: &Lookup) -> Reason {
    let go = facts.dns(Stack::Go);
    let split = [Some(lookup), go].into_iter().flatten().any(|lookup| {
        lookup
            .asked
            .iter()
            .any(|asked| asked.answer == Answer::Addresses)
    });
    if split {
        return Reason::SplitDns;
    }
    match facts.dns(Stack::Both).map(|public| public.answer) {
        Some(Answer::Addresses) => Reason::FilteredDns,
        _ if facts
            .dns(facts.other())
            .is_some_and(|other| other.answer == Answer::Addresses) =>
        {
            Reason::ResolversDiffer
        }
        // an internal resolver without a way out, or a filter that lets no other resolver through
        // and answers in their place
        _ if forges::is_well_known(facts.host()) => Reason::HiddenPublicName,
        _ => Reason::UnknownName,
    }
}

/// Row 23: a nameserver on this very machine, and nobody home.
fn stub(facts: &Facts<'_>) -> Reason {
    let asked = facts
        .dns(Stack::Go)
        .map(|lookup| lookup.asked.as_slice())
        .unwrap_or_default();
    let loopback = |server: &str| {
        server
            .parse()
            .is_ok_and(|address: std::net::SocketAddr| address.ip().is_loopback())
    };
    if !asked.is_empty() && asked.iter().all(|asked| loopback(&asked.server)) {
        Reason::StubResolver
    } else {
        Reason::ResolverDown
    }
}

/// Rows 3, 4 and 5: there is an address, and it is not the host's.
fn wrong_address(facts: &Facts<'_>, lookup: &Lookup) -> Option<Reason> {
    let dead = !reached(facts);
    let wrong = dead
        || facts
            .tls(facts.stack)
            .is_some_and(|tls| tls.name_matches == Some(false) || tls.outcome.is_cut());
    let mismatch = facts.tls(facts.stack).is_some_and(|tls| {
        tls.outcome == HandshakeOutcome::Completed
            && (tls.name_matches == Some(false)
                || tls.mozilla != Trust::Trusted
                    && tls.system != Trust::Trusted
                    && tls.go != Trust::Trusted)
    });
    let pinned =
        lookup.from_hosts_file || facts.dns(Stack::Go).is_some_and(|go| go.from_hosts_file);
    // what every hosts file pins to this very machine is pinned rightly
    let here = matches!(
        facts.host(),
        "localhost" | "localhost.localdomain" | "ip6-localhost" | "ip6-loopback"
    ) || facts.host().ends_with(".localhost");
    if pinned && wrong && !here {
        return Some(Reason::HostsFile);
    }
    let literal = facts.host().parse::<IpAddr>().is_ok() || here;
    if literal || lookup.addresses.iter().any(is_fake_ip) && !dead {
        return None;
    }
    if let Some(public) = facts
        .dns(Stack::Both)
        .filter(|public| public.answer == Answer::Addresses)
    {
        let disjoint = !lookup
            .addresses
            .iter()
            .any(|address| public.addresses.contains(address));
        // other addresses of a large site are normal, as long as they prove who they are
        if disjoint && (mismatch || dead) && (mismatch || lookup.addresses.iter().all(is_internal))
        {
            return Some(Reason::ForgedDns);
        }
    }
    (dead && lookup.addresses.iter().all(is_sinkhole)).then_some(Reason::FilteredDns)
}

/// The cause as far as the connection and the handshake were met at a wrong address.
fn met(facts: &Facts<'_>) -> Cause {
    let text = facts.finding.cause();
    let known = matches!(text.layer(), Layer::Network | Layer::Tls);
    match facts.tcp(facts.stack).map(Reach::outcome) {
        _ if known => text,
        Some(outcome) if outcome != ConnectOutcome::Connected => {
            of_outcome(outcome).unwrap_or(text)
        }
        _ if facts
            .tls(facts.stack)
            .is_some_and(|tls| tls.name_matches == Some(false)) =>
        {
            Cause::TlsNameMismatch
        }
        _ => text,
    }
}

fn is_internal(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_private()
                || is_sinkhole(address)
                || is_fake_ip(address)
                || matches!(v4.octets(), [100, 64..=127, ..])
        }
        IpAddr::V6(v6) => v6.is_unique_local() || is_sinkhole(address),
    }
}

fn is_sinkhole(address: &IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified()
}

/// 198.18/15 (RFC 2544): a proxy on this machine answers for every name, benign if it works.
fn is_fake_ip(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if matches!(v4.octets(), [198, 18 | 19, ..]))
}

fn reached(facts: &Facts<'_>) -> bool {
    facts.tcp(facts.stack).is_none_or(|reach| {
        matches!(
            reach.outcome(),
            ConnectOutcome::Connected | ConnectOutcome::Unknown
        )
    })
}

fn of_outcome(outcome: ConnectOutcome) -> Option<Cause> {
    match outcome {
        ConnectOutcome::Silence => Some(Cause::TcpTimeout),
        ConnectOutcome::Refused => Some(Cause::TcpRefused),
        ConnectOutcome::Unreachable | ConnectOutcome::NoSuchHost => Some(Cause::TcpUnreachable),
        ConnectOutcome::Reset => Some(Cause::TcpReset),
        ConnectOutcome::Connected | ConnectOutcome::Forbidden | ConnectOutcome::Unknown => None,
    }
}

/// The name resolves, and no connection is made; or one family works and the other does not.
fn connection(facts: &Facts<'_>) -> Option<Ruling> {
    let reach = facts.tcp(facts.stack)?;
    let outcome = reach.outcome();
    let ruling = |cause, reason, confidence| Ruling {
        cause,
        reason: Some(reason),
        confidence,
        matrix: Matrix::POLICY,
        target: None,
        proxy: None,
        rests_on: facts.basis(&[
            (Id::Tcp, facts.stack),
            (Id::Control, Stack::Both),
            (Id::Proxy, facts.other()),
            (Id::Proxy, Stack::Both),
        ]),
    };
    if outcome == ConnectOutcome::Connected {
        let cause = broken_v6(facts, reach)?;
        let dns = facts.dns(Stack::Go);
        if dns.is_some_and(|lookup| lookup.from_hosts_file) {
            return Some(Ruling {
                matrix: Matrix::DNS,
                rests_on: facts.basis(&[(Id::Dns, Stack::Go), (Id::Tcp, facts.stack)]),
                ..ruling(cause, Reason::HostsFile, Confidence::Likely)
            });
        }
        return Some(ruling(cause, Reason::BrokenIpv6, Confidence::Likely));
    }
    let cause = of_outcome(outcome)?;
    // rows 12 and 18: the direct way is closed, and a proxy that is set elsewhere lets us through
    if outcome != ConnectOutcome::Refused
        && let Some((choice, reason, confidence)) = open_proxy(facts)
    {
        return Some(Ruling {
            proxy: choice.proxy.clone(),
            ..ruling(cause, reason, confidence)
        });
    }
    let alive = |outcome: ConnectOutcome| {
        matches!(
            outcome,
            ConnectOutcome::Connected | ConnectOutcome::Refused | ConnectOutcome::Reset
        )
    };
    let offline = facts.control(Stack::Both).is_some_and(|control| {
        control.status() == Status::Fail && control.outcome != ConnectOutcome::Unknown
    });
    let other_door = reach.others.iter().any(|attempt| alive(attempt.outcome));
    let ssh_elsewhere = reach
        .alternative
        .as_ref()
        .is_some_and(|(_, outcome)| *outcome == ConnectOutcome::Connected)
        || reach.others.iter().any(|attempt| {
            attempt.outcome == ConnectOutcome::Connected && attempt.address.port() == 443
        });
    let is_ssh = facts.target.role == Role::VcsSsh || facts.target.scheme.as_deref() == Some("ssh");
    let (reason, confidence) = match outcome {
        _ if offline && outcome != ConnectOutcome::Refused => (Reason::Offline, Confidence::Likely),
        ConnectOutcome::Silence if is_ssh && ssh_elsewhere => {
            (Reason::SshPortBlocked, Confidence::Certain)
        }
        ConnectOutcome::Silence if other_door => (Reason::PortBlocked, Confidence::Certain),
        ConnectOutcome::Silence => (Reason::HostDown, Confidence::Possible),
        ConnectOutcome::NoSuchHost => (Reason::HostDown, Confidence::Likely),
        ConnectOutcome::Refused => (Reason::NothingListens, Confidence::Certain),
        ConnectOutcome::Reset => (Reason::ConnectionReset, Confidence::Likely),
        _ => (Reason::NoRoute, Confidence::Certain),
    };
    Some(ruling(cause, reason, confidence))
}

/// The host serves in plain HTTP, and not where TLS would be.
pub(super) fn is_plain_only(facts: &Facts<'_>) -> bool {
    facts.tcp(facts.stack).is_some_and(|reach| {
        reach.outcome() != ConnectOutcome::Connected
            && reach.others.iter().any(|attempt| {
                attempt.address.port() == 80 && attempt.outcome == ConnectOutcome::Connected
            })
    })
}

/// A proxy of the other stack's, or one that is only mentioned, which opens a tunnel, or at least takes its time over
/// it as a proxy does that is busy connecting.
fn open_proxy<'a>(facts: &Facts<'a>) -> Option<(&'a Choice, Reason, Confidence)> {
    let opens = |choice: &'a Choice| {
        let confidence = match choice.connect {
            Connect::Opened => Confidence::Likely,
            Connect::Silence => Confidence::Possible,
            _ => return None,
        };
        choice.proxy.is_some().then_some((choice, confidence))
    };
    if let Some((choice, confidence)) = facts.proxy(facts.other()).and_then(opens) {
        let reason = if facts.stack == Stack::Git {
            Reason::ProxyGoOnly
        } else {
            Reason::ProxyGitOnly
        };
        return Some((choice, reason, confidence));
    }
    facts
        .proxy(Stack::Both)
        .and_then(opens)
        .map(|(choice, confidence)| (choice, Reason::ProxyRequired, confidence))
}

/// Row 8: IPv4 works; IPv6 does not connect, or dies at the first write.
fn broken_v6(facts: &Facts<'_>, reach: &Reach) -> Option<Cause> {
    let tries = facts
        .tls(facts.stack)
        .map(|tls| tls.tries.as_slice())
        .unwrap_or_default();
    let shaken = |v6: bool| {
        tries
            .iter()
            .find(|tried| tried.address.is_ipv6() == v6 && tried.variant.is_none())
    };
    let v4_works = shaken(false).is_some_and(|tried| tried.outcome == HandshakeOutcome::Completed)
        || tries.is_empty()
            && reach.attempts.iter().any(|attempt| {
                attempt.address.is_ipv4() && attempt.outcome == ConnectOutcome::Connected
            });
    if !v4_works {
        return None;
    }
    let of_text = match facts.finding.cause() {
        text if matches!(text.layer(), Layer::Network | Layer::Tls) => text,
        Cause::NotOurs => Cause::TcpTimeout, // nothing has failed yet: this is how it would
        _ => return None,
    };
    if shaken(true).is_some_and(|tried| tried.outcome.is_cut()) {
        return Some(match shaken(true)?.outcome {
            HandshakeOutcome::Reset => Cause::TcpReset,
            _ => of_text,
        });
    }
    let v6: Vec<_> = reach
        .attempts
        .iter()
        .filter(|attempt| attempt.address.is_ipv6())
        .collect();
    (!v6.is_empty()
        && v6
            .iter()
            .all(|attempt| attempt.outcome != ConnectOutcome::Connected))
    .then_some(of_text)
}
