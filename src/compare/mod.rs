//! Resolvers, module mirrors and paths side by side: median, p95, loss, throughput, and who is
//! wrong.
//!
//! ```text
//! targets, settings > contests > rounds, interleaved > figures, correctness > recommendation
//! ```
//!
//! In: what a person names, and what the settings name. Out: a [`Comparison`]. Each round asks
//! every candidate once, one after the other, so that all meet the same network. Only hosts that
//! settings or arguments name are asked, plus the documented mirrors and public resolvers; what
//! may be private is never told to these. A wrong answer disqualifies, whatever its speed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::lang::tr;
use crate::probe::Options;
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::tool::Cancel;

mod client;
pub(crate) mod dirhash;
mod mirrors;
mod module;
mod paths;
pub(crate) mod picture;
pub(crate) mod profile;
pub(crate) mod recommend;
mod resolvers;
mod runner;
pub(crate) mod stats;
mod target;

pub(crate) use mirrors::{Disclosure, disclosures};
pub(crate) use runner::run;
pub(crate) use stats::Figures;
pub(crate) use target::Target;

/// Rounds unless the person says otherwise: enough for a median, short enough to wait for.
pub(crate) const ROUNDS: u32 = 5;

/// The version of a comparison's shape, of its own: saved ones are read again later.
pub(crate) const SCHEMA: u32 = 1;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// Who knows a name, and how fast.
    Resolvers,
    /// Who serves a module, and how fast.
    Mirrors,
    /// How a host is reached.
    Paths,
}

/// Why somebody takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum From {
    /// The settings name it: it is what is used now.
    Configured,
    /// It is documented and open to everybody.
    WellKnown,
    /// The person named it.
    Argument,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// From 1.
    pub round: u32,
    /// How long the answer took, milliseconds; null if there was none.
    pub ms: Option<f64>,
    /// Why there was none.
    pub lost: Option<String>,
    /// How it was lost; null if it was not, or an answer was wrong.
    #[serde(default)]
    pub loss: Option<Loss>,
    /// It was waited for in vain.
    pub timed_out: bool,
    /// Bytes a second, where a zip was transferred.
    pub bytes_per_second: Option<f64>,
}

/// One candidate and how it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// What it is called: an address, a URL without login.
    pub name: String,
    /// Why it takes part.
    pub from: From,
    /// What the attempts come down to.
    pub figures: Figures,
    /// What it answered: addresses, or the checksum of the zip.
    pub answers: Vec<String>,
    /// Why it is disqualified; null if it is right, or nobody can tell.
    pub wrong: Option<String>,
    /// Why attempts were lost, the last one's words.
    pub trouble: Option<String>,
    /// What was spoken in the last answer, as ALPN calls it: `h2`, `http/1.1`; null where it was not HTTP.
    #[serde(default)]
    pub protocol: Option<String>,
    /// Every attempt.
    pub samples: Vec<Sample>,
}

impl Entry {
    /// It answered, and rightly.
    #[must_use]
    pub(crate) fn is_usable(&self) -> bool {
        self.wrong.is_none() && self.figures.median_ms.is_some()
    }

    /// It said every time that there is no such name, or no address.
    #[must_use]
    pub(crate) fn denies(&self) -> bool {
        !self.samples.is_empty()
            && self
                .samples
                .iter()
                .all(|sample| sample.loss == Some(Loss::Denied))
    }
}

/// Candidates for the same task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Contest {
    /// What is compared.
    pub kind: Kind,
    /// The task: a name, `module@version`, `host:port`.
    pub about: String,
    /// In the order of the settings, then the well known ones, then the arguments.
    pub entries: Vec<Entry>,
}

/// The whole: `gomend compare --json`, and a saved profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Comparison {
    /// The version of this shape.
    pub schema: u32,
    /// Which gomend measured.
    pub gomend: String,
    /// When, RFC 3339.
    pub time: String,
    /// Rounds that were asked for.
    pub rounds: u32,
    /// It was ended by Ctrl-C.
    pub interrupted: bool,
    /// What was compared.
    pub contests: Vec<Contest>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// What to compare, and how.
#[derive(Debug)]
pub(crate) struct Request {
    /// What the person named; nothing: all three kinds, as the settings suggest.
    pub targets: Vec<Target>,
    /// Only the module proxies among them, and nobody else.
    pub named_only: bool,
    /// How often each candidate is asked.
    pub rounds: u32,
    /// The person's environment.
    pub env: Env,
    /// The folder: its go.mod and go.sum.
    pub dir: PathBuf,
    /// The real go.
    pub go: Option<PathBuf>,
    /// Go's settings.
    pub goenv: GoEnv,
    /// Resolvers, files, and whether private names may be told to public resolvers.
    pub options: Options,
    /// Set when the person has had enough.
    pub cancel: Cancel,
}

/// Why nothing could be compared.
#[derive(Debug)]
pub(crate) enum Error {
    /// There is no way out of this machine.
    Offline,
    /// Nobody answered in the first round.
    NobodyAnswers,
    /// What was named leaves nothing to compare; the reasons.
    Nothing(Vec<String>),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&match self {
            Self::Offline => {
                tr!("this machine is offline: it has no route to anybody who could be asked")
            }
            Self::NobodyAnswers => {
                tr!("nobody answers: this machine is offline, or everything is blocked")
            }
            Self::Nothing(reasons) => {
                tr!(
                    "nothing to compare: {reasons}",
                    reasons = reasons.join("; ")
                )
            }
        })
    }
}

impl std::error::Error for Error {}

/// Somebody who can do the task.
trait Candidate: Send + Sync {
    /// Tries once. `round` counts from 0.
    fn attempt(&self, round: u32, cancel: &Cancel) -> Attempt;
}

/// What came of one attempt.
enum Attempt {
    /// An answer.
    Found {
        /// How long it took.
        took: Duration,
        /// The answer itself, to be compared with the others'.
        answers: Vec<String>,
        /// Bytes that were transferred on top of it, and in which time.
        transfer: Option<(usize, Duration)>,
        /// What was spoken, where it was HTTP.
        protocol: Option<client::Protocol>,
    },
    /// None, and why.
    Lost(String, Loss),
    /// An answer that is wrong.
    Wrong(String),
}

/// How an answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Loss {
    /// It was waited for in vain.
    Silence,
    /// Nobody was reached at all.
    NoContact,
    /// Somebody was reached who did not answer the question.
    NoAnswer,
    /// The answer is that there is no such name, or that it has no address.
    Denied,
}

/// A candidate in its place.
struct Member {
    name: String,
    from: From,
    candidate: Arc<dyn Candidate>,
}

/// A contest before it begins.
struct Candidates {
    kind: Kind,
    about: String,
    members: Vec<Member>,
}

impl Candidates {
    fn new(kind: Kind, about: impl Into<String>) -> Self {
        Self {
            kind,
            about: about.into(),
            members: Vec::new(),
        }
    }

    /// Adds a candidate, unless one of this name is there already.
    fn add(&mut self, name: impl Into<String>, from: From, candidate: impl Candidate + 'static) {
        let name = name.into();
        if self.members.iter().all(|member| member.name != name) {
            self.members.push(Member {
                name,
                from,
                candidate: Arc::new(candidate),
            });
        }
    }
}
