//! What a check finds: a rule's id, a place, parameters, and what would mend it.

use std::path::PathBuf;

pub use gomend_formats::lint::Severity;
use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($name:ident $id:literal $severity:ident $(#[$doc:meta])+)+) => {
        /// What must hold. The ids are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Rule { $($(#[$doc])+ #[serde(rename = $id)] $name,)+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As policies and machine formats spell it.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// How much it matters where the policy doesn't say.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }
        }
    };
}

rules! {
    ProxyEntry "go-proxy-entry" Error
        /// An entry of GOPROXY that isn't allowed.
    ProxyFirst "go-proxy-first" Error
        /// GOPROXY begins with another entry.
    ProxyLast "go-proxy-fallback" Error
        /// GOPROXY ends in another entry.
    ProxyValue "go-proxy-value" Error
        /// GOPROXY is another list.
    Sumdb "go-sumdb" Error
        /// A checksum database that isn't allowed.
    Private "go-private" Error
        /// A private module that GOPRIVATE doesn't cover.
    Forbidden "forbidden-setting" Error
        /// A setting that may not be.
    Token "token-in-url" Error
        /// A URL with a login in it.
    TokenReference "token-reference-in-url" Warning
        /// A URL that gets its login from a variable.
    ReplaceLocal "replace-local" Error
        /// go.mod replaces a module by a folder.
    GoMinimum "go-minimum" Error
        /// An older Go than wanted.
    GitMinimum "git-minimum" Warning
        /// An older git than wanted.
    Toolchain "toolchain-line" Error
        /// go.mod's toolchain line is missing, or another one.
    GoSum "go-sum-incomplete" Error
        /// go.sum lacks a line.
    Host "host-not-allowed" Error
        /// A host that isn't allowed.
    Unread "not-read" Warning
        /// A file that should have been read.
    WaiverExpired "waiver-expired" Warning
        /// An exception whose time is up.
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Place {
    /// A file of the repository.
    File {
        /// From the repository's root, with `/`.
        path: String,
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
    },
    /// A setting of this machine.
    Machine {
        /// What it is called.
        setting: String,
        /// Who says so: `environment`, a file, `default`.
        origin: String,
    },
}

/// What mends a finding without anybody having to think. Never shown: a line may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A line is replaced, or removed.
    Line {
        /// From the repository's root.
        path: String,
        /// From 1.
        number: usize,
        /// As it is.
        old: String,
        /// As it should be; `None`: gone.
        new: Option<String>,
    },
    /// A line of the file that `go env -w` writes.
    GoEnv {
        /// For instance `GOPROXY`.
        key: String,
        /// `None`: removed.
        value: Option<String>,
    },
    /// A line of another file of this user's.
    Own {
        /// The file.
        file: PathBuf,
        /// From 1.
        number: usize,
        /// As it is.
        old: String,
    },
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What doesn't hold.
    pub rule: Rule,
    /// How much it matters, after the policy's say.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What its sentence names, secrets masked.
    pub params: Vec<(&'static str, String)>,
    /// The reason of the exception that covers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waived: Option<String>,
    /// What mends it.
    #[serde(skip)]
    pub remedy: Option<Remedy>,
}

impl Finding {
    /// One of the rule's own severity.
    #[must_use]
    pub fn new(rule: Rule, place: Place) -> Self {
        Self {
            rule,
            severity: rule.severity(),
            place,
            params: Vec::new(),
            waived: None,
            remedy: None,
        }
    }

    /// With a parameter, in one line and without secrets.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.params
            .push((name, gomend_core::mask::short(value, 200)));
        self
    }

    /// With what mends it.
    #[must_use]
    pub(crate) fn mended_by(self, remedy: Option<Remedy>) -> Self {
        Self { remedy, ..self }
    }

    /// A parameter, empty if there is none.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The file, if it is in one of the repository's.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match &self.place {
            Place::File { path, .. } => Some(path),
            Place::Machine { .. } => None,
        }
    }

    /// Line and column, from 1.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        match self.place {
            Place::File { line, column, .. } => (line, column),
            Place::Machine { .. } => (1, 1),
        }
    }

    /// Names it across commits: neither line nor column counts. FNV-1a, 64 bits, hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        const PRIME: u64 = 0x0100_0000_01b3;
        let place = match &self.place {
            Place::File { path, .. } => path.clone(),
            Place::Machine { setting, .. } => format!("machine:{setting}"),
        };
        let mut text = format!("{}\0{place}", self.rule.id());
        for (name, value) in &self.params {
            text.push('\0');
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(PRIME)
        });
        format!("{hash:016x}")
    }
}
