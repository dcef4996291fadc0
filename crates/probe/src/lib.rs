//! The probes: what is asked of the network and of this machine, and what was seen.
//!
//! ```text
//! evidence > Subject > Context (settings, roots, deadline) > PROBES, side by side > Observation
//! ```
//!
//! Comes in: evidence, the user's settings. Goes out: [`Observation`]s, never an error: *could not look,
//! because ...* is one too. A probe looks only at the host that the evidence names, and at one control host
//! that the user's own settings name. What the observations mean is the verdict's business.
//!
//! One file, one question, one shape: `dns`, `tcp`, `proxy`, `tls`, `http`, `git`, `ssh`, `netrc`, `goenv`,
//! `local`, `sums`. Each asks as Go's stack does, as git's does, or both ([`Stack`]), because they differ. Around them:
//! [`Subject`] is what is looked at, [`Context`] what every probe is handed, `runner` keeps the one deadline.
//! Below them: [`dial`] connects as a stack would, [`nameserver`] asks one DNS server, [`trust`] knows who believes which roots,
//! [`channel`] says whether a request may be told. To add one, see CONTRIBUTING.md and begin with `netrc`, the smallest.

use std::time::Instant;

use gomend_core::{cause, evidence, mask};
use gomend_formats as settings;
use gomend_rules as rules;
use gomend_system::{file, sys, tool};
use serde::{Deserialize, Serialize};

pub use context::{Context, Options, looks_private};
pub use runner::{Running, run, run_one};
pub use subject::Subject;

mod certificate;
pub mod channel;
mod context;
pub mod dial;
pub mod dns;
pub mod git;
pub mod goenv;
pub mod http;
pub mod local;
pub mod nameserver;
pub mod netrc;
pub mod proxy;
mod runner;
pub mod ssh;
mod subject;
pub mod sums;
pub mod tcp;
pub mod tls;
pub mod trust;

/// Whose network stack a probe imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stack {
    /// Go's own client: module proxy, checksum database, `?go-get=1`.
    Go,
    /// git's: libcurl or ssh, with the C library's resolver.
    Git,
    /// What does not depend on the stack.
    Both,
}

impl Stack {
    /// Whether an observation of `self` says something about `stack`.
    #[must_use]
    pub fn covers(self, stack: Self) -> bool {
        self == stack || self == Self::Both
    }
}

/// What an observation comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It works.
    Pass,
    /// It does not.
    Fail,
    /// Nothing can be said.
    #[default]
    Skip,
}

impl Status {
    /// The id used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }
}

/// Which probe made an observation. The ids are part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Id {
    /// Names.
    Dns,
    /// Connections to the target.
    Tcp,
    /// Handshake and certificates.
    Tls,
    /// What answers behind them.
    Http,
    /// Which HTTP proxy is in between.
    Proxy,
    /// git's own view of the repository.
    Git,
    /// ssh's own view of the host.
    Ssh,
    /// Go's settings.
    Goenv,
    /// Credentials in netrc: presence only.
    Netrc,
    /// This machine's clock.
    Clock,
    /// Disk, permissions, ownership.
    Local,
    /// A host that the settings name, to tell *offline* from *this host*.
    Control,
    /// Who has which content of a version.
    Sums,
}

impl Id {
    /// The id as the report spells it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Http => "http",
            Self::Proxy => "proxy",
            Self::Git => "git",
            Self::Ssh => "ssh",
            Self::Goenv => "goenv",
            Self::Netrc => "netrc",
            Self::Clock => "clock",
            Self::Local => "local",
            Self::Control => "control",
            Self::Sums => "sums",
        }
    }
}

/// A question to the network or to this machine. One file each.
pub trait Probe: Sync {
    /// Which probe it is.
    fn id(&self) -> Id;

    /// What it finds out, as a person would ask it.
    fn question(&self) -> &'static str;

    /// Whether the evidence makes it worth asking.
    fn applies(&self, cx: &Context) -> bool;

    /// For which stacks it is asked.
    fn stacks(&self, cx: &Context) -> &'static [Stack];

    /// What it looks at, as the report names it.
    fn target(&self, cx: &Context) -> String;

    /// Looks, until `deadline` at most.
    fn run(&self, cx: &Context, stack: Stack, deadline: Instant) -> Seen;
}

/// Every probe, in the order of the stages.
pub(crate) const PROBES: &[&dyn Probe] = &[
    &dns::Dns,
    &proxy::Proxy,
    &tcp::Tcp,
    &tcp::ControlHost,
    &tls::Tls,
    &http::Http,
    &http::ClockProbe,
    &git::Git,
    &ssh::Ssh,
    &netrc::Netrc,
    &goenv::Goenv,
    &local::Local,
    &sums::Checksums,
];

/// Why a probe could not look. Never a failure of what it looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "could_not_look", content = "because")]
pub enum Unavailable {
    /// Time ran out before the probe had begun to see anything.
    Deadline,
    /// The person pressed Ctrl-C.
    Cancelled,
    /// A program is missing.
    NoProgram(String),
    /// No other host is named that could be looked at too.
    NoControl,
    /// An earlier stage did not get through, so there is nothing to look at.
    Behind(Id),
    /// The settings name nothing to look at.
    NothingElse,
    /// A program that was asked did not answer.
    NoAnswer(String),
    /// HOME is not set.
    NoHome,
    /// The way leads through a proxy that probes don't speak to (SOCKS, https).
    ProxyNotSpoken,
    /// The name is none that TLS can carry (RFC 6066, section 3).
    NotATlsName,
    /// This machine refused the means (no socket, no thread), in the system's own words.
    Machine(String),
}

/// What a probe saw, everything of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A name lookup.
    Dns(dns::Lookup),
    /// Connection attempts.
    Tcp(tcp::Reach),
    /// A TLS handshake and the chain that was sent.
    Tls(tls::Handshake),
    /// An HTTP response.
    Http(http::Reply),
    /// A proxy choice and what the proxy did.
    Proxy(proxy::Choice),
    /// git's version, configuration for the URL, and `ls-remote`.
    Git(git::Remote),
    /// ssh's configuration for the host, and a session without identities.
    Ssh(ssh::Session),
    /// Go's settings with their layers, and what is wrong with them.
    Goenv(goenv::Settings),
    /// Which netrc files name the host.
    Netrc(netrc::Entries),
    /// This machine's clock against a server's.
    Clock(http::Clock),
    /// Directories that a fetch writes to.
    Local(local::Places),
    /// Whether the control host answers.
    Control(tcp::Control),
    /// Who has which content of a version.
    Sums(sums::Sums),
    /// Could not look.
    Nothing(Id, Unavailable),
}

impl Seen {
    /// The probe that sees this.
    #[must_use]
    pub fn id(&self) -> Id {
        match self {
            Self::Dns(_) => Id::Dns,
            Self::Tcp(_) => Id::Tcp,
            Self::Tls(_) => Id::Tls,
            Self::Http(_) => Id::Http,
            Self::Proxy(_) => Id::Proxy,
            Self::Git(_) => Id::Git,
            Self::Ssh(_) => Id::Ssh,
            Self::Goenv(_) => Id::Goenv,
            Self::Netrc(_) => Id::Netrc,
            Self::Clock(_) => Id::Clock,
            Self::Local(_) => Id::Local,
            Self::Control(_) => Id::Control,
            Self::Sums(_) => Id::Sums,
            Self::Nothing(id, _) => *id,
        }
    }

    /// What it comes down to, on its own: the verdict weighs it with the rest.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Dns(lookup) => lookup.status(),
            Self::Tcp(reach) => reach.status(),
            Self::Tls(handshake) => handshake.status(),
            Self::Http(reply) => reply.status(),
            Self::Proxy(choice) => choice.status(),
            Self::Git(remote) => remote.status(),
            Self::Ssh(session) => session.status(),
            Self::Goenv(settings) => settings.status(),
            Self::Netrc(entries) => entries.status(),
            Self::Clock(clock) => clock.status(),
            Self::Local(places) => places.status(),
            Self::Control(control) => control.status(),
            Self::Sums(sums) => sums.status(),
            Self::Nothing(..) => Status::Skip,
        }
    }
}

/// One thing that was looked at. An entry of the report's `probes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct Observation {
    /// Whose stack was imitated.
    pub stack: Stack,
    /// `host`, `host:port`, a URL or a path, without credentials.
    pub target: String,
    /// How long looking took, milliseconds.
    pub elapsed_ms: u64,
    /// What was seen.
    pub seen: Seen,
}

impl Observation {
    /// The probe that made it.
    #[must_use]
    pub fn id(&self) -> Id {
        self.seen.id()
    }

    /// What it comes down to.
    #[must_use]
    pub fn status(&self) -> Status {
        self.seen.status()
    }
}

/// An observation as the report writes it.
#[derive(Serialize, Deserialize)]
struct Wire {
    id: Id,
    stack: Stack,
    #[serde(default)]
    target: String,
    #[serde(default)]
    status: Status, // derived: ignored when read
    #[serde(default)]
    elapsed_ms: u64,
    detail: serde_json::Value,
}

impl From<Observation> for Wire {
    fn from(observation: Observation) -> Self {
        let (id, status) = (observation.id(), observation.status());
        let detail = match &observation.seen {
            Seen::Dns(seen) => serde_json::to_value(seen),
            Seen::Tcp(seen) => serde_json::to_value(seen),
            Seen::Tls(seen) => serde_json::to_value(seen),
            Seen::Http(seen) => serde_json::to_value(seen),
            Seen::Proxy(seen) => serde_json::to_value(seen),
            Seen::Git(seen) => serde_json::to_value(seen),
            Seen::Ssh(seen) => serde_json::to_value(seen),
            Seen::Goenv(seen) => serde_json::to_value(seen),
            Seen::Netrc(seen) => serde_json::to_value(seen),
            Seen::Clock(seen) => serde_json::to_value(seen),
            Seen::Local(seen) => serde_json::to_value(seen),
            Seen::Control(seen) => serde_json::to_value(seen),
            Seen::Sums(seen) => serde_json::to_value(seen),
            Seen::Nothing(_, why) => serde_json::to_value(why),
        };
        let detail = detail.unwrap_or_default(); // plain data with string keys: cannot fail
        let Observation {
            stack,
            target,
            elapsed_ms,
            ..
        } = observation;
        Self {
            id,
            stack,
            target,
            status,
            elapsed_ms,
            detail,
        }
    }
}

impl TryFrom<Wire> for Observation {
    type Error = serde_json::Error;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let Wire {
            id,
            stack,
            target,
            elapsed_ms,
            detail,
            ..
        } = wire;
        let seen = if detail.get("could_not_look").is_some() {
            Seen::Nothing(id, serde_json::from_value(detail)?)
        } else {
            match id {
                Id::Dns => Seen::Dns(serde_json::from_value(detail)?),
                Id::Tcp => Seen::Tcp(serde_json::from_value(detail)?),
                Id::Tls => Seen::Tls(serde_json::from_value(detail)?),
                Id::Http => Seen::Http(serde_json::from_value(detail)?),
                Id::Proxy => Seen::Proxy(serde_json::from_value(detail)?),
                Id::Git => Seen::Git(serde_json::from_value(detail)?),
                Id::Ssh => Seen::Ssh(serde_json::from_value(detail)?),
                Id::Goenv => Seen::Goenv(serde_json::from_value(detail)?),
                Id::Netrc => Seen::Netrc(serde_json::from_value(detail)?),
                Id::Clock => Seen::Clock(serde_json::from_value(detail)?),
                Id::Local => Seen::Local(serde_json::from_value(detail)?),
                Id::Control => Seen::Control(serde_json::from_value(detail)?),
                Id::Sums => Seen::Sums(serde_json::from_value(detail)?),
            }
        };
        Ok(Self {
            stack,
            target,
            elapsed_ms,
            seen,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_survives_the_report() {
        let observation = Observation {
            stack: Stack::Go,
            target: "git.corp.example".into(),
            elapsed_ms: 14,
            seen: Seen::Dns(dns::Lookup {
                answer: dns::Answer::NoSuchName,
                ..dns::Lookup::default()
            }),
        };
        let json = serde_json::to_value(&observation).unwrap();
        assert_eq!(json["id"], "dns");
        assert_eq!(json["stack"], "go");
        assert_eq!(json["status"], "fail");
        assert_eq!(json["detail"]["answer"], "no-such-name");
        assert_eq!(
            serde_json::from_value::<Observation>(json).unwrap(),
            observation
        );
    }

    #[test]
    fn could_not_look_is_a_skip() {
        let observation = Observation {
            stack: Stack::Git,
            target: "git.corp.example:443".into(),
            elapsed_ms: 0,
            seen: Seen::Nothing(Id::Tls, Unavailable::Behind(Id::Tcp)),
        };
        let json = serde_json::to_value(&observation).unwrap();
        assert_eq!(json["status"], "skip");
        assert_eq!(json["detail"]["could_not_look"], "behind");
        assert_eq!(
            serde_json::from_value::<Observation>(json).unwrap(),
            observation
        );
    }
}
