//! Does the resolver know this name?
//!
//! Go's own resolver (hosts file, then resolv.conf's nameservers, as in Go's
//! `net/dnsclient_unix.go`), the C library's (`getaddrinfo`, as git uses it),
//! and public resolvers for public names. Not handled: DNS over TLS or HTTPS,
//! DNSSEC validation.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Status;

/// Whose lookup it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolver {
    /// Go's: pure Go, asks the nameservers itself.
    #[default]
    Go,
    /// The C library's, through nsswitch.conf.
    Libc,
    /// Public resolvers, asked for public names only.
    Public,
}

/// What came back. NXDOMAIN, an empty answer, SERVFAIL, REFUSED and silence are different facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// At least one address.
    Addresses,
    /// NXDOMAIN: the name does not exist (RFC 1035 rcode 3).
    NoSuchName,
    /// The name exists and has no address.
    NoAddress,
    /// SERVFAIL (rcode 2), or another rcode that is none of these.
    ServerFailure,
    /// REFUSED (rcode 5).
    Refused,
    /// Nothing came back in time.
    Silence,
    /// The nameserver itself could not be reached.
    Unreachable,
    /// Something came back that is no answer to the question.
    Garbled,
    /// Not known.
    #[default]
    Unknown,
}

/// How a nameserver was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP, the first choice.
    #[default]
    Udp,
    /// TCP, after a truncated answer.
    Tcp,
}

/// One nameserver's answer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `address:port` of the nameserver.
    pub server: String,
    /// The name as asked: with a search domain, where one was appended.
    pub name: String,
    /// How the answer travelled.
    pub transport: Transport,
    /// What came back, A and AAAA taken together.
    pub answer: Answer,
    /// The addresses, IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// Aliases on the way.
    pub cnames: Vec<String>,
    /// Smallest time to live, seconds.
    pub ttl: Option<u32>,
    /// Time to the last answer, milliseconds.
    pub ms: u64,
}

/// A lookup as one stack does it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Lookup {
    /// Whose lookup it is.
    pub resolver: Resolver,
    /// What that resolver tells its program.
    pub answer: Answer,
    /// The addresses it hands out.
    pub addresses: Vec<IpAddr>,
    /// The hosts file names the host.
    pub from_hosts_file: bool,
    /// Every nameserver that was asked, in the order of the configuration.
    pub asked: Vec<Asked>,
}

impl Lookup {
    /// Pass with an address; skip if unknown; else fail.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.answer {
            Answer::Addresses => Status::Pass,
            Answer::Unknown => Status::Skip,
            _ => Status::Fail,
        }
    }
}
