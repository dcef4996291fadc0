//! What the text said: the rule that matched, the line, and what the failing
//! step talked to. Secrets are masked and control characters removed here,
//! before anything is stored, shown or probed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;

/// Which stream a finding was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// What go printed (its stderr, or both streams through one channel).
    Stderr,
    /// Events that git wrote for us (trace2).
    GitTrace,
    /// `GODEBUG` and `-x` lines of a replay.
    GoDebug,
}

impl Source {
    /// The id used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Stderr => "stderr",
            Self::GitTrace => "git-trace",
            Self::GoDebug => "godebug",
        }
    }
}

/// On whose machine the failing step ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Here.
    Local,
    /// On the module proxy's or the checksum database's server.
    Proxy,
}

impl Side {
    /// The id used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Proxy => "proxy",
        }
    }
}

/// What part the failing step's counterpart plays in a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A module proxy (GOPROXY).
    Goproxy,
    /// A checksum database (GOSUMDB).
    Sumdb,
    /// A repository over HTTPS.
    VcsHttps,
    /// A repository over ssh.
    VcsSsh,
    /// A repository over the git protocol.
    VcsGit,
    /// A page asked with `?go-get=1`.
    ImportMeta,
    /// The download of a Go toolchain.
    Toolchain,
    /// The HTTP, HTTPS or SOCKS proxy in between.
    HttpProxy,
    /// No counterpart: the failure is local, or nothing is named.
    #[default]
    None,
}

impl Role {
    /// The id used in reports.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Goproxy => "goproxy",
            Self::Sumdb => "sumdb",
            Self::VcsHttps => "vcs-https",
            Self::VcsSsh => "vcs-ssh",
            Self::VcsGit => "vcs-git",
            Self::ImportMeta => "import-meta",
            Self::Toolchain => "toolchain",
            Self::HttpProxy => "http-proxy",
            Self::None => "none",
        }
    }
}

/// Who named the host of a [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NamedBy {
    /// go or git, in words that no remote can have written; or whoever wrote a text in which nothing
    /// else is fetched.
    #[default]
    Client,
    /// A remote, perhaps: ssh hands on a server's words as they are. It counts if the user's own settings
    /// lead there.
    Remote {
        /// The folder in which go ran git, as go says; git's address of the repository stands there.
        ran_in: Option<String>,
    },
}

/// What the failing step talked to, as the text names it; `None` is unknown, never guessed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Target {
    /// The counterpart's part in the fetch.
    pub role: Role,
    /// URL scheme, lower case (`https`, `ssh`, `git`, `http`).
    pub scheme: Option<String>,
    /// Host name or address, lower case, without port or brackets.
    pub host: Option<String>,
    /// Port, where it is written or implied by the scheme.
    pub port: Option<u16>,
    /// The URL as asked, without credentials.
    pub url: Option<String>,
    /// Module path, or the import path where only that is known.
    pub module: Option<String>,
    /// Version or query.
    pub version: Option<String>,
    /// On whose machine the failing step ran.
    pub side: Option<Side>,
    /// Settled before anything is looked at or stored.
    #[serde(skip)]
    pub named_by: NamedBy,
}

impl Target {
    /// The version, unless it is a query that go resolves itself (`latest`, `upgrade`, `patch`):
    /// nothing that could be missing in a repository.
    #[must_use]
    pub fn revision(&self) -> Option<&str> {
        let version = self.version.as_deref()?;
        let query = ["latest", "upgrade", "patch", "none"].contains(&version)
            || version.starts_with(['<', '>']);
        (!query).then_some(version)
    }

    /// The host that the module's path begins with.
    #[must_use]
    pub fn module_host(&self) -> Option<&str> {
        self.module.as_deref()?.split('/').next()
    }

    /// The same, without the host and what belongs to it.
    #[must_use]
    pub fn without_host(self) -> Self {
        Self {
            scheme: None,
            host: None,
            port: None,
            url: None,
            named_by: NamedBy::Client,
            ..self
        }
    }
}

/// One recognised failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the rule that matched.
    pub rule: Cow<'static, str>,
    /// Possible causes, the most probable first; never empty.
    pub suspects: Vec<Cause>,
    /// Where the line was read.
    pub source: Source,
    /// Line number in that source, from 1.
    pub line: usize,
    /// The line: one line, masked, without control characters.
    pub text: String,
    /// A remote can have written the line: git says so (`remote:`), or the line stands among what a
    /// command printed that talks to a remote, where ssh hands on the server's words unmarked. It makes
    /// suspect; no path, command or trust is taken from it.
    #[serde(default = "unproven")]
    pub foreign: bool,
    /// What the server said with its answer (`server response:`): one line, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// How often the text says the same; of a long log, as far as it was read.
    #[serde(default = "once")]
    pub times: usize,
    /// What the failing step talked to.
    pub target: Target,
}

/// What is remembered without saying who wrote it may be anybody's.
const fn unproven() -> bool {
    true
}

const fn once() -> usize {
    1
}

impl Finding {
    /// The first line of stderr, empty and said once, of nobody but go and git.
    #[must_use]
    pub fn new(rule: impl Into<Cow<'static, str>>, suspects: &[Cause], target: Target) -> Self {
        Self {
            rule: rule.into(),
            suspects: suspects.to_vec(),
            source: Source::Stderr,
            line: 1,
            text: String::new(),
            foreign: false,
            answer: None,
            times: once(),
            target,
        }
    }

    /// The most probable cause from the text alone.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.suspects[0]
    }
}

/// Everything that was recognised in one run's output.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// The root cause first, then the others in order of appearance.
    pub findings: Vec<Finding>,
}
