//! The report: everything that is told about one failure, as plain data.
//!
//! In: the command, evidence, observations, verdict and proposals. Out: schema 1,
//! written as JSON (`json.rs`), as text for people (`text.rs`) and in the
//! conventions of CI systems (`ci.rs`).

mod ci;
mod command;
mod learned;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cause::Cause;
use crate::evidence::{Evidence, Finding, Target};
use crate::fix::Proposal;
use crate::lang::tr;
use crate::probe::{Observation, Status};
use crate::verdict::{Basis, Confidence, Reason, Verdict};

pub use ci::{Ci, annotate, summarise};
pub use command::Command;
pub use text::{Style, render};

/// The version of the report's shape. Fields may be added without changing it.
pub const SCHEMA: u32 = 1;

/// One failure, explained.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: u32,
    /// The version of gomend.
    pub gomend: String,
    /// When the report was made, RFC 3339, UTC.
    pub time: String,
    /// The go command that failed; null for a saved log.
    pub command: Option<Command>,
    /// A cause of the taxonomy, for instance `https-no-credentials`; `not-ours` if none applies.
    pub cause: String,
    /// The cause's layer, for instance `auth`.
    pub layer: String,
    /// `certain`, `likely` or `possible`.
    pub confidence: String,
    /// What happened, a few words.
    pub title: String,
    /// What happened, one sentence with names filled in.
    pub summary: String,
    /// What lies behind, a few words; null if nothing more is known.
    pub reason: Option<String>,
    /// The same as an id, for instance `split-dns`: unlike the words in no language.
    #[serde(default)]
    pub reason_id: Option<String>,
    /// What the failing step talked to.
    pub target: TargetEntry,
    /// What the text says, the root cause first.
    pub evidence: Vec<EvidenceEntry>,
    /// Other failures in the same output.
    pub others: Vec<Other>,
    /// The matrix of stages.
    pub verdict: Matrix,
    /// Everything that was looked at.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub probes: Vec<Observation>,
    /// What can be done, the best first.
    pub fixes: Vec<Proposal>,
}

/// What the failing step talked to. Unknown values are null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetEntry {
    /// `goproxy`, `sumdb`, `vcs-https`, `vcs-ssh`, `vcs-git`, `import-meta`, `toolchain`, `http-proxy` or `none`.
    pub role: String,
    /// URL scheme.
    pub scheme: Option<String>,
    /// Host name or address.
    pub host: Option<String>,
    /// Port.
    pub port: Option<u16>,
    /// URL, without credentials.
    pub url: Option<String>,
    /// Module path.
    pub module: Option<String>,
    /// Version or query.
    pub version: Option<String>,
    /// `local`, or `proxy` if the step ran on the module proxy's server.
    pub side: Option<String>,
}

/// One line that a rule recognised.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceEntry {
    /// The rule.
    pub rule: String,
    /// `stderr`, `git-trace` or `godebug`.
    pub source: String,
    /// Line number, from 1.
    pub line: usize,
    /// The line, masked.
    pub text: String,
    /// How often the text says the same, as far as it was read.
    #[serde(default)]
    pub times: usize,
}

/// Another failure of the same run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Other {
    /// Its cause.
    pub cause: String,
    /// What its step talked to.
    pub target: TargetEntry,
}

/// The three stages; each `pass`, `fail` or `skip`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Matrix {
    /// The name resolves rightly.
    pub dns: String,
    /// TLS stands.
    pub certificate: String,
    /// The connection may and can be made.
    pub policy: String,
    /// One sentence.
    pub summary: String,
    /// What could not be learned.
    pub unknown: Vec<String>,
    /// What the verdict rests on: rules and probes, the weightiest first.
    #[serde(default)]
    pub rests_on: Vec<String>,
}

impl Report {
    /// Puts everything together.
    #[must_use]
    pub fn new(
        command: Option<Command>,
        evidence: &Evidence,
        observations: &[Observation],
        verdict: &Verdict,
        proposals: &[Proposal],
    ) -> Self {
        Self {
            schema: SCHEMA,
            gomend: env!("CARGO_PKG_VERSION").to_owned(),
            time: now(),
            command,
            cause: verdict.cause.id().to_owned(),
            layer: verdict.cause.layer().id().to_owned(),
            confidence: confidence(verdict.confidence).to_owned(),
            title: title(verdict),
            summary: verdict.summary.clone(),
            reason: verdict.reason.map(words),
            reason_id: verdict.reason.map(|reason| reason.id().to_owned()),
            target: TargetEntry::from(&verdict.target),
            evidence: evidence.findings.iter().map(EvidenceEntry::from).collect(),
            others: verdict.others.iter().map(other).collect(),
            verdict: matrix(verdict),
            probes: observations.to_vec(),
            fixes: proposals.to_vec(),
        }
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_not_ours(&self) -> bool {
        self.cause == Cause::NotOurs.id()
    }

    /// One JSON object, indented.
    ///
    /// # Panics
    /// Never: plain data with string keys is always JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain data with string keys is always JSON")
    }

    /// The JSON Schema of the report.
    ///
    /// # Panics
    /// Never: a schema is always JSON.
    #[must_use]
    pub fn json_schema() -> String {
        let schema = schemars::schema_for!(Self);
        serde_json::to_string_pretty(&schema).expect("a schema is always JSON")
    }
}

fn now() -> String {
    OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

/// The reason's words, else the cause's.
fn title(verdict: &Verdict) -> String {
    verdict.reason.map_or_else(
        || {
            let title = verdict.cause.title();
            let title = title.as_str();
            tr!(title)
        },
        words,
    )
}

fn words(reason: Reason) -> String {
    let words = reason.words();
    tr!(words)
}

fn matrix(verdict: &Verdict) -> Matrix {
    let stage = |status: Status| {
        match status {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Skip => "skip",
        }
        .to_owned()
    };
    Matrix {
        dns: stage(verdict.matrix.dns),
        certificate: stage(verdict.matrix.certificate),
        policy: stage(verdict.matrix.policy),
        summary: verdict.summary.clone(),
        unknown: verdict.unknown.clone(),
        rests_on: verdict.rests_on.iter().map(basis).collect(),
    }
}

fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Rule(rule) => format!("rule {rule}"),
        Basis::Probe(id, stack, target) => {
            format!("{} of {target} ({stack:?})", id.id()).to_lowercase()
        }
    }
}

fn other((cause, target): &(Cause, Target)) -> Other {
    Other {
        cause: cause.id().to_owned(),
        target: target.into(),
    }
}

impl From<&Target> for TargetEntry {
    fn from(target: &Target) -> Self {
        Self {
            role: target.role.id().to_owned(),
            scheme: target.scheme.clone(),
            host: target.host.clone(),
            port: target.port,
            url: target.url.clone(),
            module: target.module.clone(),
            version: target.version.clone(),
            side: target.side.map(|side| side.id().to_owned()),
        }
    }
}

impl From<&Finding> for EvidenceEntry {
    fn from(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.to_string(),
            source: finding.source.id().to_owned(),
            line: finding.line,
            text: finding.text.clone(),
            times: finding.times,
        }
    }
}
