//! The report: everything that is told about one failure, as plain data.
//!
//! In: the command, evidence, observations, verdict and proposals. Out: ids and parameters, kept as
//! they are ([`Report`]); with words beside them as JSON, schema 2; as text for people (`text.rs`);
//! in the conventions of CI systems (`ci.rs`), and as the files that they read (`artifact.rs`).

mod artifact;
mod attempt;
mod ci;
mod command;
mod domain;
mod text;
mod ticket;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding, Target};
use crate::fix::Proposal;
use crate::lang::Lang;
use crate::mask;
use crate::place::Place;
use crate::probe::{Observation, Stack};
use crate::verdict::{Basis, Confidence, NotSeen, Reason, StagesEntry, Verdict};
use crate::words;

pub use artifact::{ARTIFACTS, Artifact};
pub use attempt::{Attempt, Step};
pub use ci::{Ci, annotate, summarise};
pub use command::Command;
pub use text::{Style, render};
pub use ticket::ticket;

/// The version of the report's shape. Fields may be added without changing it.
pub const SCHEMA: u32 = 2;

/// One failure, explained: ids and parameters, no words of any language. `P`: what can be done, as it is
/// kept or, as [`Proposal::worded`], as it is given away.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct Report<P = Proposal> {
    /// Always [`SCHEMA`].
    pub schema: u32,
    /// The version of gomend.
    pub gomend: String,
    /// When the report was made, RFC 3339, UTC.
    pub time: String,
    /// The go command that failed; null for a saved log.
    pub command: Option<Command>,
    /// A cause of the taxonomy, for instance `https-no-credentials`; `not-ours` if none applies.
    #[schemars(with = "String")]
    pub cause: Cause,
    /// The cause's layer, for instance `auth`.
    #[schemars(with = "String")]
    pub layer: Layer,
    /// `certain`, `likely` or `possible`.
    #[schemars(with = "String")]
    pub confidence: Confidence,
    /// What lies behind, for instance `split-dns`; null if nothing more is known.
    #[schemars(with = "Option<String>")]
    pub reason_id: Option<Reason>,
    /// What the failing step talked to. Unknown values are null.
    #[schemars(with = "TargetSchema")]
    pub target: Target,
    /// The host that go or git wanted to reach: the target's, unless that is an HTTP proxy.
    pub wanted: Option<String>,
    /// The HTTP proxy that is part of the story.
    pub proxy: Option<String>,
    /// The network stack that failed: `go`, `git`, or `both` if that is not known.
    #[schemars(with = "String")]
    pub stack: Stack,
    /// What the text says, the root cause first.
    #[schemars(with = "Vec<FindingSchema>")]
    pub evidence: Vec<Finding>,
    /// Other failures in the same output.
    pub others: Vec<Other>,
    /// The stages, and what the verdict rests on.
    pub verdict: VerdictEntry,
    /// Everything that was looked at.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub probes: Vec<Observation>,
    /// Whose machine it is: system, shell, container, CI system and the program that ran go, each with
    /// what it rests on; null is unknown.
    #[serde(default)]
    #[schemars(with = "PlaceSchema")]
    pub place: Place,
    /// Every run of the command, where it was tried more than once (`retry`); the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// What can be done, the best first.
    pub fixes: Vec<P>,
}

/// Another failure of the same run.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Other {
    /// Its cause.
    #[schemars(with = "String")]
    pub cause: Cause,
    /// What its step talked to.
    #[schemars(with = "TargetSchema")]
    pub target: Target,
}

/// The three stages, and what the verdict rests on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
pub struct VerdictEntry {
    /// The stages with the basis of each.
    #[serde(flatten)]
    pub stages: StagesEntry,
    /// What could not be learned.
    #[schemars(with = "Vec<serde_json::Value>")]
    pub not_seen: Vec<NotSeen>,
    /// What the verdict rests on, the weightiest first.
    pub rests_on: Vec<Basis>,
}

/// A report as it is given away: with words.
#[derive(Serialize, JsonSchema)]
struct Worded {
    #[serde(flatten)]
    report: Report<Proposal<String, String>>,
    /// Who can mend it, as dashboards of failures sort them: `code`, `platform` (the network and those who run
    /// it), `service` (somebody's server) or `machine` (this one and its settings); null if nothing failed.
    domain: Option<&'static str>,
    /// What happened, a few words.
    title: String,
    /// What happened, one sentence with names filled in.
    summary: String,
    /// What lies behind, a few words; null if nothing more is known.
    reason: Option<String>,
    /// What could not be learned, one sentence each.
    unknown: Vec<String>,
}

/// [`Target`], for the schema.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes another type")]
struct TargetSchema {
    /// `goproxy`, `sumdb`, `vcs-https`, `vcs-ssh`, `vcs-git`, `import-meta`, `toolchain`, `http-proxy` or `none`.
    role: String,
    /// URL scheme.
    scheme: Option<String>,
    /// Host name or address.
    host: Option<String>,
    /// Port.
    port: Option<u16>,
    /// URL, without credentials.
    url: Option<String>,
    /// Module path.
    module: Option<String>,
    /// Version or query.
    version: Option<String>,
    /// `local`, or `proxy` if the step ran on the module proxy's server.
    side: Option<String>,
}

/// [`Place`], for the schema.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes another type")]
struct PlaceSchema {
    /// `linux`, `debian`, `fedora`, `alpine`, `arch`, `suse`, `macos` or `windows`.
    system: Option<KnownSchema>,
    /// `sh`, `cmd` or `power-shell`.
    shell: Option<KnownSchema>,
    /// `docker` or `buildkit` for an image build, `running` for a container.
    container: Option<KnownSchema>,
    /// `github`, `gitlab`, `azure`, `jenkins`, `buildkite`, `circleci`, `travis` or `other`.
    ci: Option<KnownSchema>,
    /// `hugo`, `pre-commit`, `bazel`, `xcaddy`, `buildpacks`, `golangci-lint`, `nix` or `goland`.
    wrapper: Option<KnownSchema>,
}

/// A fact about the place.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes another type")]
struct KnownSchema {
    /// The fact.
    is: String,
    /// What it rests on.
    basis: BasisSchema,
}

/// What a fact about the place rests on.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes another type")]
struct BasisSchema {
    /// `text`, or `here`: this machine was looked at.
    from: String,
    /// The number of the line of the text.
    line: Option<usize>,
    /// The line, masked.
    text: Option<String>,
}

/// [`Finding`], for the schema.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "describes another type")]
struct FindingSchema {
    /// The rule that recognised the line.
    rule: String,
    /// Possible causes, the most probable first.
    suspects: Vec<String>,
    /// `stderr`, `git-trace` or `godebug`.
    source: String,
    /// Line number, from 1.
    line: usize,
    /// The line, masked.
    text: String,
    /// How often the text says the same, as far as it was read.
    times: usize,
    /// A remote can have written the line: nothing that it names is acted on.
    foreign: bool,
    /// What the failing step talked to.
    target: TargetSchema,
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
        let report = Self {
            schema: SCHEMA,
            gomend: env!("CARGO_PKG_VERSION").to_owned(),
            time: now(),
            command,
            cause: verdict.cause,
            layer: verdict.cause.layer(),
            confidence: verdict.confidence,
            reason_id: verdict.reason,
            target: verdict.target.clone(),
            wanted: verdict.wanted.clone(),
            proxy: verdict.proxy.clone(),
            stack: verdict.stack,
            evidence: evidence.findings.clone(),
            others: verdict.others.iter().cloned().map(other).collect(),
            verdict: VerdictEntry {
                stages: StagesEntry::from(&verdict.matrix),
                not_seen: verdict.unknown.clone(),
                rests_on: verdict.rests_on.clone(),
            },
            probes: observations.to_vec(),
            place: Place::default(),
            attempts: Vec::new(),
            fixes: proposals.to_vec(),
        };
        report.masked()
    }

    /// The same report with every text in it through the mask: values of probes and settings, and
    /// what a report was remembered with.
    ///
    /// # Panics
    /// Never: a report can be read back.
    #[must_use]
    pub fn masked(self) -> Self {
        let json = mask::changed(&self).expect("plain data with string keys is always JSON");
        let Some(json) = json else {
            return self;
        };
        let mut masked: Self = serde_json::from_str(&json).expect("what a report writes is one");
        for (fix, original) in masked.fixes.iter_mut().zip(self.fixes) {
            fix.changes = original.changes; // what is written is meant as it is, and not part of the JSON
        }
        masked
    }

    /// The verdict that it was made of.
    #[must_use]
    pub fn judged(&self) -> Verdict {
        let others = self.others.iter();
        Verdict {
            cause: self.cause,
            reason: self.reason_id,
            confidence: self.confidence,
            matrix: self.verdict.stages.stages(),
            target: self.target.clone(),
            stack: self.stack,
            wanted: self.wanted.clone(),
            proxy: self.proxy.clone(),
            said: self.said().to_owned(),
            rests_on: self.verdict.rests_on.clone(),
            unknown: self.verdict.not_seen.clone(),
            others: others
                .map(|other| (other.cause, other.target.clone()))
                .collect(),
        }
    }

    /// What happened, one sentence with names filled in.
    #[must_use]
    pub fn summary(&self) -> String {
        words::summary(&words::Summary {
            cause: self.cause,
            reason: self.reason_id,
            target: &self.target,
            wanted: self.wanted.as_deref(),
            proxy: self.proxy.as_deref(),
            said: self.said(),
        })
    }

    /// The line of the failure.
    fn said(&self) -> &str {
        self.evidence.first().map_or("", |finding| &finding.text)
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_not_ours(&self) -> bool {
        self.cause == Cause::NotOurs
    }

    fn worded(&self, lang: Lang) -> Report<Proposal<String, String>> {
        let fixes = self.fixes.iter().map(|fix| fix.worded(lang)).collect();
        let this = self.clone();
        Report {
            fixes,
            schema: this.schema,
            gomend: this.gomend,
            time: this.time,
            command: this.command,
            cause: this.cause,
            layer: this.layer,
            confidence: this.confidence,
            reason_id: this.reason_id,
            target: this.target,
            wanted: this.wanted,
            proxy: this.proxy,
            stack: this.stack,
            evidence: this.evidence,
            others: this.others,
            verdict: this.verdict,
            probes: this.probes,
            place: this.place,
            attempts: this.attempts,
        }
    }

    /// One JSON object, indented, with words.
    ///
    /// # Panics
    /// Never: plain data with string keys is always JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let worded = Worded {
            report: self.worded(Lang::spoken()),
            domain: domain::of(self.cause, self.reason_id),
            title: words::title(self.cause, self.reason_id),
            summary: self.summary(),
            reason: self.reason_id.map(words::of_reason),
            unknown: self.verdict.not_seen.iter().map(words::not_seen).collect(),
        };
        mask::to_string_pretty(&worded).expect("plain data with string keys is always JSON")
    }

    /// The JSON Schema of the report.
    ///
    /// # Panics
    /// Never: a schema is always JSON.
    #[must_use]
    pub fn json_schema() -> String {
        let schema = schemars::schema_for!(Worded);
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

fn other((cause, target): (Cause, Target)) -> Other {
    Other { cause, target }
}
