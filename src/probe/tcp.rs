//! Does anything accept the connection?
//!
//! Every address, IPv4 and IPv6 apart, and for ssh the port that forges keep
//! open beside 22. Not handled: UDP, ICMP.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Status;

/// How a connection attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It stands.
    Connected,
    /// RST, or an ICMP that says so: nothing listens.
    Refused,
    /// No answer in time.
    Silence,
    /// No route, network or host unreachable.
    Unreachable,
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
    pub outcome: Outcome,
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
    pub alternative: Option<(String, Outcome)>,
}

impl Reach {
    /// The best of the outcomes on the port that is needed.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        best(&self.attempts)
    }

    /// Pass if any address connected; skip if nothing was tried; else fail.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome() {
            Outcome::Connected => Status::Pass,
            Outcome::Unknown => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The most telling outcome: a connection, else a refusal (somebody answered), else the first other.
fn best(attempts: &[Attempt]) -> Outcome {
    let rank = |outcome| match outcome {
        Outcome::Connected => 0,
        Outcome::Reset => 1,
        Outcome::Refused => 2,
        Outcome::Silence => 3,
        Outcome::Unreachable => 4,
        Outcome::Forbidden => 5,
        Outcome::Unknown => 6,
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
    /// Whether its name was resolved.
    pub resolved: bool,
    /// How connecting to it went.
    pub outcome: Outcome,
}

impl Control {
    /// Pass if it answered at all: a refusal too proves a network.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome {
            Outcome::Connected | Outcome::Refused | Outcome::Reset => Status::Pass,
            Outcome::Unknown if self.resolved => Status::Skip,
            _ => Status::Fail,
        }
    }
}
