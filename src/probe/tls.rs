//! Does the handshake stand, and who vouches for the certificate?
//!
//! The chain is recorded as sent and judged against Go's roots, git's, the
//! system's and Mozilla's; name and dates are judged apart from trust, so that
//! *unknown issuer*, *expired* and *wrong name* come apart even when several
//! hold. Not handled: revocation, client certificates.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Status;

/// How a handshake ended, certificates left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It stands.
    Completed,
    /// No answer to the ClientHello in time.
    Silence,
    /// Reset after the ClientHello.
    Reset,
    /// Closed without a word after the ClientHello.
    Closed,
    /// The peer sent an alert: no common version, cipher or name.
    Alert,
    /// The peer answers, and not in TLS.
    NotTls,
    /// Our TLS library refuses what the peer offers; go and git may not.
    Incompatible,
    /// Not tried or not known.
    #[default]
    Unknown,
}

impl Outcome {
    /// The peer or something between cut the handshake without a TLS answer.
    #[must_use]
    pub fn is_cut(self) -> bool {
        matches!(self, Self::Silence | Self::Reset | Self::Closed)
    }
}

/// A ClientHello that differs in one point from the default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Without the ML-KEM hybrid key share (Go 1.24 and later send it).
    NoMlkem,
    /// TLS 1.2 only.
    Tls12,
    /// Another server name on the same address.
    OtherName,
}

/// Whether a root store vouches for the chain, name and dates left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// A root of this store issued it.
    Trusted,
    /// No root of this store did.
    Unknown,
    /// The store holds no certificate at all.
    NoRoots,
    /// Not judged: no chain, or one that our library cannot read.
    #[default]
    NotJudged,
}

/// A certificate as sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Distinguished name, RFC 4514 style.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// DNS names and addresses it is valid for.
    pub names: Vec<String>,
    /// RFC 3339, UTC.
    pub not_before: String,
    /// RFC 3339, UTC.
    pub not_after: String,
    /// Algorithm and size of the public key.
    pub key: String,
    /// SHA-256 of the DER form, hex.
    pub sha256: String,
    /// Subject and issuer are the same.
    pub self_signed: bool,
}

/// The dates of the certificates against this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// Within.
    Valid,
    /// One of the chain has expired.
    Expired,
    /// One of the chain is not valid yet.
    NotYetValid,
    /// No chain.
    #[default]
    NotJudged,
}

/// A handshake with one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The address (the HTTP proxy's, where there is one).
    pub address: SocketAddr,
    /// What was varied; `None`: the default ClientHello.
    #[serde(default)]
    pub variant: Option<Variant>,
    /// How it ended.
    pub outcome: Outcome,
    /// The alert's name, or what came instead of TLS, in one line.
    #[serde(default)]
    pub said: Option<String>,
    /// How long it took, milliseconds.
    #[serde(default)]
    pub ms: u64,
}

/// What a handshake showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Handshake {
    /// The server name that was sent.
    pub name: String,
    /// How the default handshake ended, on the best address.
    pub outcome: Outcome,
    /// Every handshake that was tried.
    pub tries: Vec<Try>,
    /// Protocol version.
    pub version: Option<String>,
    /// Cipher suite.
    pub cipher: Option<String>,
    /// Key exchange group.
    pub group: Option<String>,
    /// ALPN protocol.
    pub alpn: Option<String>,
    /// The chain as sent, leaf first.
    pub chain: Vec<Certificate>,
    /// Whether the leaf is valid for the name.
    pub name_matches: Option<bool>,
    /// The dates of the chain.
    pub dates: Dates,
    /// Judged against what Go reads.
    pub go: Trust,
    /// Judged against what git reads.
    pub git: Trust,
    /// Judged against this system's store.
    pub system: Trust,
    /// Judged against Mozilla's roots, as shipped with gomend.
    pub mozilla: Trust,
    /// The leaf's issuer was not sent, and it isn't a root of any store either.
    pub intermediate_missing: bool,
    /// git is told not to verify (`http.sslVerify=false`, `GIT_SSL_NO_VERIFY`).
    pub git_unverified: bool,
}

impl Handshake {
    /// How the handshake with this variation ended, if it was tried.
    #[must_use]
    pub fn variant(&self, variant: Variant) -> Option<Outcome> {
        let tried = self
            .tries
            .iter()
            .filter(|tried| tried.variant == Some(variant));
        tried
            .map(|tried| tried.outcome)
            .min_by_key(|outcome| *outcome != Outcome::Completed)
    }

    /// Pass if it stands and name and dates hold and no store that was judged refuses it.
    #[must_use]
    pub fn status(&self) -> Status {
        let refused = |trust| matches!(trust, Trust::Unknown | Trust::NoRoots);
        match self.outcome {
            Outcome::Unknown | Outcome::Incompatible => Status::Skip,
            Outcome::Completed
                if self.name_matches != Some(false)
                    && matches!(self.dates, Dates::Valid | Dates::NotJudged)
                    && !refused(self.go)
                    && !refused(self.git) =>
            {
                Status::Pass
            }
            _ => Status::Fail,
        }
    }
}
