//! The verdict: what the text suspects and the network settles.
//!
//! ```text
//! Evidence + [Observation] > decide > Verdict { cause, reason, confidence, matrix, unknown }
//! ```
//!
//! Comes in: evidence, observations. Goes out: one cause, the refined reason, the matrix of DNS, certificate
//! and network policy, a confidence, what it rests on and what could not be learned. Pure: no I/O, no clock,
//! no sentences: those are made where something is shown (`words` of the program).
//!
//! `stage` holds the types that keep a claim from being made without a basis: a stage is good or bad
//! only with a [`Basis`], seen by a probe or said by a line. The order of judgement is that of the files: `network`
//! (names, connections, proxies), `tls`, `auth` (credentials, routing, module); a later layer is at fault only where
//! the earlier ones are proven good. `text` judges without observations, `policy` tells who says no, `facts` sorts
//! observations by what they are about.

use gomend_core::{cause, evidence};
use gomend_formats as settings;
use gomend_probe as probe;
use serde::{Deserialize, Serialize};

use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding, Role, Side, Target};
use crate::probe::git::RemoteOutcome::NotRun;
use crate::probe::{Id, Observation, Seen, Stack, Status, Subject, Unavailable};
use crate::settings::url::Url;
use facts::Facts;

mod auth;
mod facts;
mod network;
pub mod policy;
mod reason;
mod stage;
mod text;
mod tls;

pub use reason::Reason;
pub use stage::{Basis, Matrix, Stage, StagesEntry};

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

/// One verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Why go failed.
    pub cause: Cause,
    /// What lies behind, if it is known.
    pub reason: Option<Reason>,
    /// How sure.
    pub confidence: Confidence,
    /// The stages, each with its basis.
    pub matrix: Matrix<Stage>,
    /// What the failing step talked to; the HTTP proxy, where that is the culprit.
    pub target: Target,
    /// The stack that failed.
    pub stack: Stack,
    /// The host that go or git wanted to reach: the target's, unless that is an HTTP proxy.
    pub wanted: Option<String>,
    /// The HTTP proxy that is part of the story, `host:port` or a URL without credentials.
    pub proxy: Option<String>,
    /// The line of the failure, masked; empty for what was foreseen.
    pub said: String,
    /// What it rests on, the weightiest first.
    pub rests_on: Vec<Basis>,
    /// What could not be learned.
    pub unknown: Vec<NotSeen>,
    /// The other failures of the same run.
    pub others: Vec<(Cause, Target)>,
}

/// Something that nobody could see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NotSeen {
    /// A probe could not look.
    Probe {
        /// Which one.
        probe: Id,
        /// At what.
        target: String,
        /// Why not.
        because: Unavailable,
    },
    /// Whether credentials are accepted by now: what was refused is not sent again.
    RefusedCredentials,
}

/// What one file of this folder makes of the observations.
struct Ruling {
    cause: Cause,
    reason: Option<Reason>,
    confidence: Confidence,
    matrix: Matrix,
    /// Another counterpart than the text's.
    target: Option<Target>,
    /// The HTTP proxy that the sentence names.
    proxy: Option<String>,
    rests_on: Vec<Basis>,
}

/// Weighs evidence and observations. With no observations, the text alone decides;
/// with no evidence, the cause is [`Cause::NotOurs`].
#[must_use]
pub fn decide(evidence: &Evidence, observations: &[Observation]) -> Verdict {
    let Some(finding) = evidence.findings.first() else {
        return Verdict::of(Cause::NotOurs, Target::default());
    };
    let mut verdict = text::verdict(finding);
    if !observations.is_empty() {
        let facts = facts(finding, observations);
        verdict.stack = facts.stack;
        verdict.target = facts.target.clone();
        verdict.unknown = unknown(&facts);
        weigh(&facts, &mut verdict);
    }
    let first = (verdict.cause, verdict.target.clone());
    for other in &evidence.findings[1..] {
        let other = (other.cause(), other.target.clone());
        if other != first && !verdict.others.contains(&other) {
            verdict.others.push(other);
        }
    }
    verdict
}

/// What would fail at this counterpart, from observations alone; [`Cause::NotOurs`]: nothing that was seen.
#[must_use]
pub fn foresee(target: &Target, observations: &[Observation]) -> Verdict {
    let finding = Finding {
        line: 0, // no text says it
        ..Finding::new("doctor", &[Cause::NotOurs], target.clone())
    };
    let facts = facts(&finding, observations);
    let mut stages = text::over(Matrix::PASSED, &facts.target);
    if facts.is_proxied() {
        stages = stages.without_dns();
    }
    let mut verdict = Verdict {
        stack: facts.stack,
        wanted: facts.wanted(),
        unknown: unknown(&facts),
        ..Verdict::of(Cause::NotOurs, facts.target.clone())
    };
    if let Some(ruling) = network::rule(&facts).or_else(|| tls::rule(&facts)) {
        verdict.cause = ruling.cause;
        verdict.reason = ruling.reason;
        verdict.confidence = ruling.confidence;
        stages = text::over(ruling.matrix, &facts.target);
        verdict.rests_on = ruling.rests_on;
        verdict.proxy = ruling.proxy;
    } else if let Some((cause, reason, confidence)) = auth::foresee(&facts) {
        verdict.cause = cause;
        verdict.reason = reason;
        verdict.confidence = confidence;
    }
    verdict.matrix = stage::based(stages, &verdict.rests_on, &facts);
    verdict
}

impl Verdict {
    /// With a cause that nobody has looked into.
    #[must_use]
    pub fn of(cause: Cause, target: Target) -> Self {
        Self {
            cause,
            reason: None,
            confidence: Confidence::Likely,
            matrix: Matrix::default(),
            target,
            stack: Stack::Both,
            wanted: None,
            proxy: None,
            said: String::new(),
            rests_on: Vec::new(),
            unknown: Vec::new(),
            others: Vec::new(),
        }
    }
}

/// Where the text does not tell whose stack failed: Go's, unless only git's does.
fn facts<'a>(finding: &'a Finding, all: &'a [Observation]) -> Facts<'a> {
    let stack = match stack_of(finding) {
        Stack::Both => {
            let fails = |stack| {
                let facts = Facts {
                    finding,
                    all,
                    stack,
                    target: target(finding, all),
                };
                network::rule(&facts)
                    .or_else(|| tls::rule(&facts))
                    .is_some()
            };
            if !fails(Stack::Go) && fails(Stack::Git) {
                Stack::Git
            } else {
                Stack::Go
            }
        }
        stack => stack,
    };
    Facts {
        finding,
        all,
        stack,
        target: target(finding, all),
    }
}

/// The counterpart as the text names it, corrected by what git's configuration and go's settings say.
fn target(finding: &Finding, all: &[Observation]) -> Target {
    let named = finding.target.clone();
    let rewritten = all.iter().find_map(|observation| match &observation.seen {
        Seen::Git(remote) => remote.rewritten.as_deref().and_then(Url::remote),
        _ => None,
    });
    match (rewritten, named.role) {
        (Some(url), Role::VcsHttps) if url.scheme.contains("ssh") => Target {
            role: Role::VcsSsh,
            scheme: Some("ssh".to_owned()),
            port: url.port_or_default(),
            host: Some(url.host),
            ..named
        },
        // go tries https and ssh before it starts git, and names neither
        (_, Role::None) if finding.cause() == Cause::InsecureProtocol && named.host.is_none() => {
            match Subject::of_module(&named) {
                Some(host) => Target {
                    role: Role::VcsHttps,
                    scheme: Some("https".to_owned()),
                    port: Some(443),
                    host: Some(host),
                    ..named
                },
                None => named,
            }
        }
        _ => named,
    }
}

/// Lets the observations settle what the text suspects.
fn weigh(facts: &Facts<'_>, verdict: &mut Verdict) {
    let of_stages = [Layer::Dns, Layer::Network, Layer::Tls];
    let text = verdict.cause;
    let mut stages = text::matrix(text, &facts.target);
    let hidden = text == Cause::InsecureProtocol; // go hides why it found none
    let at_stages =
        (of_stages.contains(&text.layer()) || hidden) && facts.target.side != Some(Side::Proxy);
    if at_stages
        && let Some(ruling) = network::rule(facts).or_else(|| tls::rule(facts))
        && let Some(cause) = agreed(facts, ruling.cause, text)
    {
        verdict.reason = if cause == Cause::InsecureProtocol {
            verdict.reason
        } else {
            ruling.reason
        };
        verdict.confidence = ruling.confidence;
        stages = text::over(ruling.matrix, &facts.target);
        if cause == Cause::HttpProxy {
            verdict.target = ruling.target.unwrap_or_else(|| facts.target.clone());
            stages = ruling.matrix;
        }
        verdict.cause = cause;
        verdict.rests_on.splice(0..0, ruling.rests_on);
        verdict.proxy = ruling.proxy;
    } else {
        if let Some((reason, confidence)) = auth::refine(facts, text) {
            verdict.reason = Some(reason);
            verdict.confidence = confidence;
            match reason {
                Reason::NoRoom => verdict.cause = Cause::DiskFull,
                Reason::RepositoryOfOther => verdict.cause = Cause::DubiousOwnership,
                Reason::ConnectionReset | Reason::ConnectionClosed => {
                    stages = Matrix {
                        policy: Status::Fail,
                        ..text::over(Matrix::PASSED, &facts.target)
                    };
                }
                _ => {}
            }
        } else if at_stages && auth::all_passes(facts) {
            // row 27
            verdict.reason = Some(Reason::Transient);
            verdict.confidence = Confidence::Likely;
            stages = text::over(Matrix::PASSED, &facts.target);
        }
        if facts.is_proxied() && stages.dns == Status::Pass {
            stages = stages.without_dns();
        }
    }
    verdict.wanted = facts.wanted();
    verdict.matrix = stage::based(stages, &verdict.rests_on, facts);
}

/// The cause that the network settles: its own, if the text's words can mean it.
///
/// curl says "could not resolve host" of any failed lookup, and Go says "EOF" of any closed connection. But what
/// the text proves to have worked is not turned into a failure by what is seen later.
fn agreed(facts: &Facts<'_>, seen: Cause, text: Cause) -> Option<Cause> {
    if text == Cause::InsecureProtocol {
        return Some(if network::is_plain_only(facts) {
            text
        } else {
            seen
        });
    }
    let cut = [
        Cause::TcpReset,
        Cause::TcpTimeout,
        Cause::TlsInterrupted,
        Cause::TlsNotTls,
        Cause::HttpProxy,
        Cause::TlsHandshake,
    ];
    let same = seen.layer() == text.layer() || facts.finding.suspects.contains(&seen);
    if same || seen == Cause::HttpProxy || cut.contains(&seen) && cut.contains(&text) {
        return Some(seen);
    }
    // a timeout without an address may be the resolver's or the connection's
    let timeouts = [Cause::DnsTimeout, Cause::TcpTimeout];
    (timeouts.contains(&text) && timeouts.contains(&seen)).then_some(seen)
}

/// What could not be learned: not what follows from what failed before.
fn unknown(facts: &Facts<'_>) -> Vec<NotSeen> {
    let why = facts
        .all
        .iter()
        .filter_map(|observation| match &observation.seen {
            Seen::Nothing(_, Unavailable::Behind(_) | Unavailable::NothingElse) => None,
            Seen::Nothing(probe, because) if observation.stack.covers(facts.stack) => {
                Some(NotSeen::Probe {
                    probe: *probe,
                    target: observation.target.clone(),
                    because: because.clone(),
                })
            }
            _ => None,
        });
    let mut all: Vec<NotSeen> = why.collect();
    let refused = matches!(
        facts.finding.cause(),
        Cause::HttpsCredentialsRejected | Cause::SshKeyRejected
    );
    if refused
        && facts
            .git(Stack::Git)
            .is_some_and(|remote| remote.outcome == NotRun)
    {
        all.push(NotSeen::RefusedCredentials);
    }
    all
}

/// The stack that the failing step ran on.
#[must_use]
pub(crate) fn stack_of(finding: &Finding) -> Stack {
    match finding.target.role {
        Role::VcsHttps | Role::VcsSsh | Role::VcsGit => Stack::Git,
        Role::Goproxy | Role::Sumdb | Role::ImportMeta | Role::Toolchain => Stack::Go,
        Role::HttpProxy | Role::None => Stack::Both,
    }
}
