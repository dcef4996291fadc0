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

/// A row for each probe: what it sees, its id in the report, the type of what it saw, and the name by which that is
/// asked for.
macro_rules! probes {
    ($(#[doc = $doc:literal] $name:ident, $id:literal, $type:ty, $as:ident;)+) => {
        /// Which probe made an observation. The ids are part of the report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Id { $(#[doc = $doc] #[serde(rename = $id)] $name,)+ }

        impl Id {
            /// The id as the report spells it.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }
        }

        /// What a probe saw, everything of it.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Seen {
            $(#[doc = $doc] $name($type),)+
            /// Could not look.
            Nothing(Id, Unavailable),
        }

        impl Seen {
            /// The probe that sees this.
            #[must_use]
            pub fn id(&self) -> Id {
                match self {
                    $(Self::$name(_) => Id::$name,)+
                    Self::Nothing(id, _) => *id,
                }
            }

            /// What it comes down to, on its own: the verdict weighs it with the rest.
            #[must_use]
            pub fn status(&self) -> Status {
                match self {
                    $(Self::$name(seen) => seen.status(),)+
                    Self::Nothing(..) => Status::Skip,
                }
            }

            $(#[doc = $doc]
            #[must_use]
            pub fn $as(&self) -> Option<&$type> {
                match self {
                    Self::$name(seen) => Some(seen),
                    _ => None,
                }
            })+

            fn to_json(&self) -> serde_json::Result<serde_json::Value> {
                match self {
                    $(Self::$name(seen) => serde_json::to_value(seen),)+
                    Self::Nothing(_, why) => serde_json::to_value(why),
                }
            }

            fn from_json(id: Id, json: serde_json::Value) -> serde_json::Result<Self> {
                if json.get("could_not_look").is_some() {
                    return Ok(Self::Nothing(id, serde_json::from_value(json)?));
                }
                Ok(match id { $(Id::$name => Self::$name(serde_json::from_value(json)?),)+ })
            }
        }
    };
}

probes! {
    /// A name lookup.
    Dns, "dns", dns::Lookup, dns;
    /// Connection attempts.
    Tcp, "tcp", tcp::Reach, tcp;
    /// A TLS handshake and the chain that was sent.
    Tls, "tls", tls::Handshake, tls;
    /// An HTTP response.
    Http, "http", http::Reply, http;
    /// A proxy choice and what the proxy did.
    Proxy, "proxy", proxy::Choice, proxy;
    /// git's version, configuration for the URL, and `ls-remote`.
    Git, "git", git::Remote, git;
    /// ssh's configuration for the host, and a session without identities.
    Ssh, "ssh", ssh::Session, ssh;
    /// Go's settings with their layers, and what is wrong with them.
    Goenv, "goenv", goenv::Settings, goenv;
    /// Which netrc files name the host: presence only.
    Netrc, "netrc", netrc::Entries, netrc;
    /// This machine's clock against a server's.
    Clock, "clock", http::Clock, clock;
    /// Directories that a fetch writes to.
    Local, "local", local::Places, local;
    /// Whether a host that the settings name answers, to tell *offline* from *this host*.
    Control, "control", tcp::Control, control;
    /// Who has which content of a version.
    Sums, "sums", sums::Sums, sums;
}

/// A question to the network or to this machine. One file each, which opens with the question.
pub(crate) struct Probe {
    /// Which probe it is.
    id: Id,
    /// Whether the evidence makes it worth asking.
    applies: fn(&Context) -> bool,
    /// For which stacks it is asked.
    stacks: fn(&Context) -> &'static [Stack],
    /// What it looks at, as the report names it.
    target: fn(&Context) -> String,
    /// Looks, until the deadline at most.
    run: fn(&Context, Stack, Instant) -> Seen,
}

/// Every probe, in the order of the stages.
pub(crate) const PROBES: &[Probe] = &[
    dns::DNS,
    proxy::PROXY,
    tcp::TCP,
    tcp::CONTROL,
    tls::TLS,
    http::HTTP,
    http::CLOCK,
    git::GIT,
    ssh::SSH,
    netrc::NETRC,
    goenv::GOENV,
    local::LOCAL,
    sums::SUMS,
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
        Self {
            id: observation.id(),
            stack: observation.stack,
            status: observation.status(),
            elapsed_ms: observation.elapsed_ms,
            detail: observation.seen.to_json().unwrap_or_default(), // plain data with string keys: cannot fail
            target: observation.target,
        }
    }
}

impl TryFrom<Wire> for Observation {
    type Error = serde_json::Error;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        Ok(Self {
            stack: wire.stack,
            target: wire.target,
            elapsed_ms: wire.elapsed_ms,
            seen: Seen::from_json(wire.id, wire.detail)?,
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
