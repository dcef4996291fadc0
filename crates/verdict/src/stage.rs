//! The three stages of every fetch, and where each statement about one comes from.
//!
//! In: what the stages came to, the finding, the observations. Out: a [`Stage`] each, which cannot
//! be good or bad without a [`Basis`]: what nobody saw and no text said is [`Stage::NotKnown`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Facts, text};
use crate::evidence::{Finding, Role, Side, Target};
use crate::probe::git::RemoteOutcome;
use crate::probe::ssh::SessionOutcome;
use crate::probe::tls::{Dates, HandshakeOutcome, Trust};
use crate::probe::{Id, Observation, Seen, Stack, Status};

/// One value for each stage, in the order of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Matrix<T = Status> {
    /// The name resolves rightly.
    pub dns: T,
    /// TLS stands on the connection.
    pub certificate: T,
    /// The connection that go needs may and can be made.
    pub policy: T,
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

impl<T> Matrix<T> {
    /// What `of` makes of each stage.
    #[must_use]
    pub fn map<U>(&self, of: impl Fn(&T) -> U) -> Matrix<U> {
        Matrix {
            dns: of(&self.dns),
            certificate: of(&self.certificate),
            policy: of(&self.policy),
        }
    }
}

/// Where a statement comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Basis {
    /// A probe saw it on this machine.
    Seen {
        /// Which probe.
        #[schemars(with = "String")]
        probe: Id,
        /// Whose network stack it imitated: `go`, `git` or `both`.
        #[schemars(with = "String")]
        stack: Stack,
        /// What it looked at.
        target: String,
        /// How long that took, milliseconds.
        elapsed_ms: u64,
    },
    /// A line of the text says or implies it.
    Said {
        /// The rule that read the line.
        rule: String,
        /// The line's number, from 1.
        line: usize,
    },
}

impl Basis {
    pub(super) fn seen(observation: &Observation) -> Self {
        Self::Seen {
            probe: observation.id(),
            stack: observation.stack,
            target: observation.target.clone(),
            elapsed_ms: observation.elapsed_ms,
        }
    }

    pub(super) fn said(finding: &Finding) -> Self {
        Self::Said {
            rule: finding.rule.to_string(),
            line: finding.line,
        }
    }
}

/// What is known of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Stage {
    /// Nobody looked, and the text says nothing of it.
    #[default]
    NotKnown,
    /// It works.
    Passes(Basis),
    /// It does not.
    Fails(Basis),
}

impl Stage {
    /// The same without the basis.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::NotKnown => Status::Skip,
            Self::Passes(_) => Status::Pass,
            Self::Fails(_) => Status::Fail,
        }
    }

    /// Where it comes from.
    #[must_use]
    pub const fn basis(&self) -> Option<&Basis> {
        match self {
            Self::NotKnown => None,
            Self::Passes(basis) | Self::Fails(basis) => Some(basis),
        }
    }

    /// Whether a probe saw it: only this is shown as proof.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        matches!(self.basis(), Some(Basis::Seen { .. }))
    }

    fn new(status: Status, basis: Option<Basis>) -> Self {
        match (status, basis) {
            (Status::Pass, Some(basis)) => Self::Passes(basis),
            (Status::Fail, Some(basis)) => Self::Fails(basis),
            (Status::Skip, _) | (_, None) => Self::NotKnown,
        }
    }
}

/// The stages as reports write them: each `pass`, `fail` or `skip`, and the basis of each.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StagesEntry {
    /// What each came to.
    #[serde(flatten)]
    #[schemars(with = "Matrix<String>")]
    pub status: Matrix,
    /// Where that comes from; null: nobody looked, and the text says nothing of it.
    pub basis: Matrix<Option<Basis>>,
}

impl From<&Matrix<Stage>> for StagesEntry {
    fn from(stages: &Matrix<Stage>) -> Self {
        Self {
            status: stages.map(Stage::status),
            basis: stages.map(|stage| stage.basis().cloned()),
        }
    }
}

impl StagesEntry {
    /// The stages again.
    #[must_use]
    pub fn stages(&self) -> Matrix<Stage> {
        let stage = |status, basis: &Option<Basis>| Stage::new(status, basis.clone());
        Matrix {
            dns: stage(self.status.dns, &self.basis.dns),
            certificate: stage(self.status.certificate, &self.basis.certificate),
            policy: stage(self.status.policy, &self.basis.policy),
        }
    }
}

/// What the text alone says of the stages. A counterpart on this machine says nothing good of the
/// network.
pub(super) fn said(stages: Matrix, finding: &Finding) -> Matrix<Stage> {
    if is_elsewhere(&finding.target) {
        return Matrix::default();
    }
    let local = is_local(&finding.target);
    stages.map(|&status| {
        let silent = local && status == Status::Pass;
        Stage::new(status, (!silent).then(|| Basis::said(finding)))
    })
}

/// Each stage with what it rests on: what was seen of it, else what a ruling rests on where it
/// fails, else the text where it says the same.
pub(super) fn based(stages: Matrix, rests_on: &[Basis], facts: &Facts<'_>) -> Matrix<Stage> {
    if is_elsewhere(&facts.target) {
        return Matrix::default();
    }
    let finding = facts.finding;
    let said = said(text::matrix(finding.cause(), &facts.target), finding);
    let stage = |status: Status, sees: &dyn Fn(&Observation, Status) -> bool, said: &Stage| {
        let seen = facts
            .all
            .iter()
            .filter(|observation| observation.stack.covers(facts.stack))
            .find(|observation| sees(observation, status))
            .map(Basis::seen);
        let ruled = || {
            rests_on
                .iter()
                .find(|basis| status == Status::Fail && matches!(basis, Basis::Seen { .. }))
                .cloned()
        };
        let text = || said.basis().filter(|_| said.status() == status).cloned();
        Stage::new(status, seen.or_else(ruled).or_else(text))
    };
    Matrix {
        dns: stage(stages.dns, &sees_dns, &said.dns),
        certificate: stage(
            stages.certificate,
            &|observation, status| sees_certificate(observation, facts.stack, status),
            &said.certificate,
        ),
        policy: stage(stages.policy, &sees_connection, &said.policy),
    }
}

/// The observation itself, or a later stage's success.
fn sees_dns(observation: &Observation, status: Status) -> bool {
    let own = observation.id() == Id::Dns && observation.status() == status;
    own || status == Status::Pass && sees_connection(observation, status)
}

fn sees_connection(observation: &Observation, status: Status) -> bool {
    let own = matches!(observation.id(), Id::Tcp | Id::Proxy) && observation.status() == status;
    let proxied = match &observation.seen {
        Seen::Proxy(choice) => choice.proxy.is_some(),
        _ => true,
    };
    let reached = match &observation.seen {
        Seen::Tls(shake) => matches!(
            shake.outcome,
            HandshakeOutcome::Completed | HandshakeOutcome::Alert | HandshakeOutcome::NotTls
        ),
        Seen::Http(reply) => reply.code.is_some(),
        Seen::Git(remote) => remote.outcome == RemoteOutcome::Answered,
        Seen::Ssh(session) => matches!(
            session.outcome,
            SessionOutcome::AskedForLogin
                | SessionOutcome::LetIn
                | SessionOutcome::HostKeyUnknown
                | SessionOutcome::HostKeyChanged
        ),
        _ => false,
    };
    own && proxied || status == Status::Pass && reached
}

/// As the stack that failed judges the chain.
fn sees_certificate(observation: &Observation, stack: Stack, status: Status) -> bool {
    let seen = match &observation.seen {
        Seen::Tls(shake) if shake.outcome == HandshakeOutcome::Completed => {
            let trust = if stack == Stack::Git {
                shake.git
            } else {
                shake.go
            };
            match (shake.name_matches, shake.dates, trust) {
                (Some(false), ..)
                | (_, Dates::Expired | Dates::NotYetValid, _)
                | (.., Trust::Unknown | Trust::NoRoots) => Status::Fail,
                (.., Trust::Trusted) => Status::Pass,
                (.., Trust::NotJudged) => Status::Skip,
            }
        }
        Seen::Tls(_) => observation.status(),
        Seen::Git(remote)
            if remote.outcome == RemoteOutcome::Answered && remote.url.starts_with("https:") =>
        {
            Status::Pass
        }
        _ => Status::Skip,
    };
    seen == status
}

/// Whether the step ran on the module proxy's server and talked to a third party: none of the
/// stages is this machine's.
fn is_elsewhere(target: &Target) -> bool {
    let asked = matches!(target.role, Role::Goproxy | Role::Sumdb | Role::Toolchain);
    target.side == Some(Side::Proxy) && !asked
}

/// Whether the counterpart is a file or on this machine.
fn is_local(target: &Target) -> bool {
    let host = target.host.as_deref().unwrap_or_default();
    let literal = host.parse::<std::net::IpAddr>();
    let url = target.url.as_deref().unwrap_or_default();
    // a proxy that is a folder has no host
    let in_folder = target.role == Role::Goproxy && host.is_empty();
    target.scheme.as_deref() == Some("file")
        || url.starts_with("file:")
        || in_folder
        || host == "localhost"
        || host.ends_with(".localhost")
        || literal.is_ok_and(|address| address.is_loopback())
}
