//! The verdict: what the text suspects and the network settles.
//!
//! In: evidence, observations. Out: one cause, the refined reason, the matrix
//! of DNS, certificate and network policy, a confidence, what it rests on and
//! what could not be learned. Pure: no I/O, no clock.

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::evidence::{Evidence, Finding, Role, Target};
use crate::probe::{Id, Observation, Stack, Status};

mod reason;
mod text;
mod words;

pub use reason::Reason;

/// How sure the verdict is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Something else is about as probable.
    Possible,
    /// Nothing speaks against it.
    Likely,
    /// The text says it in so many words, or observations prove it.
    Certain,
}

/// The three stages of every fetch, each as proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Matrix {
    /// The name resolves rightly.
    pub dns: Status,
    /// TLS stands on the connection.
    pub certificate: Status,
    /// The connection that go needs may and can be made.
    pub policy: Status,
}

impl Matrix {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self::new(Status::Skip, Status::Skip, Status::Skip);
    /// Every stage passed.
    pub const PASSED: Self = Self::new(Status::Pass, Status::Pass, Status::Pass);
    /// The name does not resolve; nothing later was reached.
    pub const DNS: Self = Self::new(Status::Fail, Status::Skip, Status::Skip);
    /// The name resolves, the connection does not stand.
    pub const POLICY: Self = Self::new(Status::Pass, Status::Skip, Status::Fail);
    /// The connection stands, TLS does not.
    pub const CERTIFICATE: Self = Self::new(Status::Pass, Status::Fail, Status::Pass);

    /// In the order of the report: dns, certificate, policy.
    #[must_use]
    pub const fn new(dns: Status, certificate: Status, policy: Status) -> Self {
        Self {
            dns,
            certificate,
            policy,
        }
    }

    /// The same without a word on the certificate: ssh and plain HTTP have none.
    #[must_use]
    pub const fn without_certificate(self) -> Self {
        Self {
            certificate: Status::Skip,
            ..self
        }
    }

    /// The same without a word on DNS: the HTTP proxy resolves.
    #[must_use]
    pub const fn without_dns(self) -> Self {
        Self {
            dns: Status::Skip,
            ..self
        }
    }
}

/// What a verdict rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The rule that matched.
    Rule(String),
    /// An observation: its probe, stack and target.
    Probe(Id, Stack, String),
}

/// One verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Why go failed.
    pub cause: Cause,
    /// What lies behind, if it is known.
    pub reason: Option<Reason>,
    /// How sure.
    pub confidence: Confidence,
    /// The stages.
    pub matrix: Matrix,
    /// What the failing step talked to; the HTTP proxy, where that is the culprit.
    pub target: Target,
    /// The stack that failed.
    pub stack: Stack,
    /// One line, host and module filled in.
    pub summary: String,
    /// What it rests on, the weightiest first.
    pub rests_on: Vec<Basis>,
    /// What could not be learned, one sentence each.
    pub unknown: Vec<String>,
    /// The other failures of the same run.
    pub others: Vec<(Cause, Target)>,
}

/// Weighs evidence and observations. With no observations, the text alone decides;
/// with no evidence, the cause is [`Cause::NotOurs`].
#[must_use]
pub fn decide(evidence: &Evidence, observations: &[Observation]) -> Verdict {
    let Some(finding) = evidence.findings.first() else {
        return Verdict {
            cause: Cause::NotOurs,
            reason: None,
            confidence: Confidence::Likely,
            matrix: Matrix::UNKNOWN,
            target: Target::default(),
            stack: Stack::Both,
            summary: words::summary(Cause::NotOurs, None, &Target::default(), None),
            rests_on: Vec::new(),
            unknown: Vec::new(),
            others: Vec::new(),
        };
    };
    let mut verdict = text::verdict(finding);
    let _ = observations;
    let first = (verdict.cause, verdict.target.clone());
    for other in &evidence.findings[1..] {
        let other = (other.cause(), other.target.clone());
        if other != first && !verdict.others.contains(&other) {
            verdict.others.push(other);
        }
    }
    verdict
}

/// The stack that the failing step ran on.
#[must_use]
pub fn stack_of(finding: &Finding) -> Stack {
    match finding.target.role {
        Role::VcsHttps | Role::VcsSsh | Role::VcsGit => Stack::Git,
        Role::Goproxy | Role::Sumdb | Role::ImportMeta | Role::Toolchain => Stack::Go,
        Role::HttpProxy | Role::None => Stack::Both,
    }
}
