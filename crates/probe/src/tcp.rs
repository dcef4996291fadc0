//! Does anything accept the connection?
//!
//! Every address, IPv4 and IPv6 apart, and for ssh the port that forges keep
//! open beside 22. Not handled: UDP, ICMP.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::{Context, side};
use super::{Id, Probe, Seen, Stack, Status, Unavailable, dial, dns};
use crate::settings::forges;
use crate::settings::goproxy::{self, Sumdb};
use crate::settings::proxies::Choice;
use crate::settings::url::Url;

/// How a connection attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectOutcome {
    /// It stands.
    Connected,
    /// RST, or an ICMP that says so: nothing listens.
    Refused,
    /// No answer in time.
    Silence,
    /// No route to the network.
    Unreachable,
    /// The network is there, the host is not: the last router says so.
    NoSuchHost,
    /// Accepted, then reset.
    Reset,
    /// This machine forbids it.
    Forbidden,
    /// Not tried or not known.
    #[default]
    Unknown,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Address and port.
    pub address: SocketAddr,
    /// How it ended.
    pub outcome: ConnectOutcome,
    /// How long it took, milliseconds.
    #[serde(default)]
    pub ms: u64,
}

/// Whether the target can be connected to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// The port that go or git needs.
    pub port: u16,
    /// Attempts on that port.
    pub attempts: Vec<Attempt>,
    /// Attempts on other ports of the same host (443 beside 22, 22 beside 443).
    pub others: Vec<Attempt>,
    /// For ssh: the host's other name that serves ssh on 443, and how that went.
    pub alternative: Option<(String, ConnectOutcome)>,
}

impl Reach {
    /// The best of the outcomes on the port that is needed.
    #[must_use]
    pub fn outcome(&self) -> ConnectOutcome {
        best(&self.attempts)
    }

    /// Pass if any address connected; skip if nothing was tried; else fail.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome() {
            ConnectOutcome::Connected => Status::Pass,
            ConnectOutcome::Unknown => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The most telling outcome: a connection, else a refusal (somebody answered), else the first other.
fn best(attempts: &[Attempt]) -> ConnectOutcome {
    let rank = |outcome| match outcome {
        ConnectOutcome::Connected => 0,
        ConnectOutcome::Reset => 1,
        ConnectOutcome::Refused => 2,
        ConnectOutcome::Silence => 3,
        ConnectOutcome::Unreachable => 4,
        ConnectOutcome::NoSuchHost => 5,
        ConnectOutcome::Forbidden => 6,
        ConnectOutcome::Unknown => 7,
    };
    attempts
        .iter()
        .map(|attempt| attempt.outcome)
        .min_by_key(|&outcome| rank(outcome))
        .unwrap_or_default()
}

/// Whether a host that the user's settings name answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Control {
    /// The host, and where it is named.
    pub host: String,
    /// Which setting names it.
    pub named_by: String,
    /// What its name was resolved to.
    pub addresses: Vec<IpAddr>,
    /// How connecting to it went.
    pub outcome: ConnectOutcome,
}

impl Control {
    /// Pass if it answered at all: a refusal too proves a network.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome {
            ConnectOutcome::Connected | ConnectOutcome::Refused | ConnectOutcome::Reset => {
                Status::Pass
            }
            ConnectOutcome::Unknown if !self.addresses.is_empty() => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The probe.
pub(super) const TCP: Probe = Probe {
    id: Id::Tcp,
    applies: |cx| cx.subject.is_remote(),
    stacks: |_| &[Stack::Go, Stack::Git],
    target: |cx| cx.subject.address(),
    run,
};

/// The most addresses of one name that are tried: a hostile answer may hold hundreds.
const ADDRESSES: usize = 8;

fn run(cx: &Context, stack: Stack, deadline: Instant) -> Seen {
    let addresses = cx.addresses[side(stack)].wait(deadline).unwrap_or_default();
    if addresses.is_empty() {
        cx.connected[side(stack)].keep(None);
        return Seen::Nothing(Id::Tcp, Unavailable::Behind(Id::Dns));
    }
    Seen::Tcp(reach(cx, stack, &addresses, deadline))
}

fn reach(cx: &Context, stack: Stack, addresses: &[IpAddr], deadline: Instant) -> Reach {
    let port = cx.subject.port;
    let on = |port: u16| {
        addresses
            .iter()
            .take(ADDRESSES)
            .map(|&ip| SocketAddr::new(ip, port))
            .collect::<Vec<_>>()
    };
    // A silent address must not eat the time of what comes after it.
    let until = dial::early(deadline);
    // The usual other door of the same host: is it this port that is closed, or the host that is gone?
    let other = match port {
        443 if cx.subject.scheme == "ssh" => None,
        443 => Some(80),
        _ => Some(443),
    };
    let (attempts, others, alternative) = std::thread::scope(|scope| {
        let others =
            other.map(|port| scope.spawn(move || dial::connect_all(&on(port), until, |_| {})));
        let alternative = ssh_alternative(cx)
            .map(|name| scope.spawn(move || (name.to_owned(), knock(cx, name, 443, until))));
        let attempts = dial::connect_all(&on(port), until, |address| {
            cx.connected[side(stack)].keep(Some(address));
        });
        cx.connected[side(stack)].keep(None); // unless one has connected
        let others = others
            .map(|thread| thread.join().expect("connecting does not panic"))
            .unwrap_or_default();
        let alternative =
            alternative.map(|thread| thread.join().expect("connecting does not panic"));
        (attempts, others, alternative)
    });
    Reach {
        port,
        attempts,
        others,
        alternative,
    }
}

/// The name under which a forge serves ssh on 443.
fn ssh_alternative(cx: &Context) -> Option<&'static str> {
    let forge = forges::of(&cx.subject.host)?;
    forge.ssh_443.filter(|_| cx.subject.scheme == "ssh")
}

/// Resolves and connects, as far as that gets.
fn knock(cx: &Context, host: &str, port: u16, deadline: Instant) -> ConnectOutcome {
    connect(&dns::addresses(cx, host, deadline), port, deadline)
}

/// Connects to the first two.
fn connect(addresses: &[IpAddr], port: u16, deadline: Instant) -> ConnectOutcome {
    let addresses = addresses.iter().take(2);
    let addresses: Vec<_> = addresses.map(|&ip| SocketAddr::new(ip, port)).collect();
    best(&dial::connect_all(&addresses, deadline, |_| {}))
}

/// The probe of a host that the settings name.
pub(super) const CONTROL: Probe = Probe {
    id: Id::Control,
    applies: |cx| cx.subject.is_remote() && control(cx).is_some(),
    stacks: |_| &[Stack::Both],
    target: |cx| control(cx).map(|(url, _)| url.host).unwrap_or_default(),
    run: run_control,
};

fn run_control(cx: &Context, _stack: Stack, deadline: Instant) -> Seen {
    let Some((url, named_by)) = control(cx) else {
        return Seen::Nothing(Id::Control, Unavailable::NoControl);
    };
    let port = url.port_or_default().unwrap_or(443);
    // through the proxy, if that is how go would go there
    let (host, port) = match crate::settings::proxies::go(&cx.env, &url.scheme, &url.host, port) {
        Choice::Proxy(proxy, _) => (proxy.host.clone(), proxy.port_or_default().unwrap_or(80)),
        _ => (url.host.clone(), port),
    };
    let addresses = dns::addresses(cx, &host, deadline);
    let outcome = connect(&addresses, port, deadline);
    Seen::Control(Control {
        host: url.host,
        named_by,
        addresses,
        outcome,
    })
}

/// The first host of GOPROXY and GOSUMDB that is not the subject.
fn control(cx: &Context) -> Option<(Url, String)> {
    let proxies = goproxy::entries(cx.goenv.value("GOPROXY"))
        .filter_map(|entry| Some((entry.source.url()?, "GOPROXY".to_owned())));
    let sumdb = Sumdb::parse(cx.goenv.value("GOSUMDB")).and_then(Sumdb::url);
    let sumdb = sumdb.filter(|url| url.host.contains('.'));
    let mut all = proxies.chain(sumdb.map(|url| (url, "GOSUMDB".to_owned())));
    all.find(|(url, _)| url.scheme.starts_with("http") && url.host != cx.subject.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_outweighs_the_rest() {
        let attempt = |outcome| Attempt {
            address: "127.0.0.1:1".parse().unwrap(),
            outcome,
            ms: 0,
        };
        for outcome in [ConnectOutcome::Connected, ConnectOutcome::Refused] {
            let attempts = [ConnectOutcome::Silence, outcome].map(attempt);
            assert_eq!(best(&attempts), outcome);
        }
        assert_eq!(best(&[]), ConnectOutcome::Unknown);
    }
}
