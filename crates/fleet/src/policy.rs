//! The policy: a TOML file in the repository that says what must hold.
//!
//! In: text, from anybody who can commit. Out: a [`Policy`], or one line that says what is wrong
//! where. It is data: nothing in it is run, and a pattern in it is matched in linear time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::finding::{Rule, Severity};
use gomend_formats::version::Version;

/// The file's name, in the repository's root.
pub const FILE: &str = ".gomend-policy.toml";

/// What must hold. What isn't said isn't checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// The form of the file: 1.
    pub version: u32,
    /// From which severity on a check fails.
    #[serde(default = "Policy::fail_on")]
    pub fail_on: Severity,
    /// GOPROXY.
    #[serde(default)]
    pub goproxy: Goproxy,
    /// GOSUMDB.
    #[serde(default)]
    pub gosumdb: Gosumdb,
    /// Which modules are private.
    #[serde(default)]
    pub private: Private,
    /// What may not be.
    #[serde(default)]
    pub forbid: Forbid,
    /// What must be.
    #[serde(default)]
    pub require: Require,
    /// Hosts that modules and proxies may have.
    #[serde(default)]
    pub hosts: Hosts,
    /// What is read.
    #[serde(default)]
    pub scan: Scan,
    /// Other severities, by rule.
    #[serde(default)]
    pub severity: BTreeMap<Rule, RuleLevel>,
    /// Exceptions.
    #[serde(default)]
    pub waive: Vec<Waiver>,
}

/// What GOPROXY may be, wherever it is set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Goproxy {
    /// Exactly this list; what `--fix` writes.
    pub value: Option<String>,
    /// Only these entries; empty: any.
    pub allowed: Vec<String>,
    /// The first entry.
    pub first: Option<String>,
    /// The last entry: `direct`, `off` or an address.
    pub last: Option<String>,
}

/// What GOSUMDB may be, wherever it is set.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gosumdb {
    /// These values, by their first word; empty: any.
    pub allowed: Vec<String>,
}

/// Private modules.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Private {
    /// Go's patterns, as for GOPRIVATE. A module of go.mod that matches must be covered by GOPRIVATE
    /// wherever that is set, and on this machine.
    pub modules: Vec<String>,
}

/// What may not be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Forbid {
    /// `NAME` (whatever its value) or `NAME=VALUE`; of a list or GOFLAGS, an item.
    pub settings: Vec<String>,
    /// Logins in URLs.
    pub tokens_in_urls: bool,
    /// `replace` lines that name a folder.
    pub replace_local: ReplaceLocal,
}

/// Which folders a `replace` line may name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplaceLocal {
    /// Any.
    #[default]
    None,
    /// Those inside the repository.
    Outside,
    /// No folder.
    All,
}

/// What must be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Require {
    /// The oldest Go.
    pub go: Option<String>,
    /// The oldest git.
    pub git: Option<String>,
    /// `any`, or this very name: `go1.27.3`.
    pub toolchain: Option<String>,
    /// Each module of go.mod has its lines in go.sum.
    pub go_sum: bool,
}

/// Hosts of modules, module proxies and checksum databases.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hosts {
    /// Names, or `*.corp.example` for all below; empty: any.
    pub allowed: Vec<String>,
}

/// What is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scan {
    /// Paths that are left out; `*` stands for anything.
    pub exclude: Vec<String>,
}

/// A severity, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleLevel {
    /// Not checked.
    Off,
    /// Worth to know.
    Note,
    /// Should be otherwise.
    Warning,
    /// May not be.
    Error,
}

impl RuleLevel {
    /// `None`: not checked.
    #[must_use]
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

/// An exception, with who answers for it in its reason.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Waiver {
    /// The rule.
    pub rule: Rule,
    /// Which files; `*` stands for anything, `machine` for settings of this machine.
    pub file: String,
    /// Why.
    pub reason: String,
    /// The last day, `YYYY-MM-DD`.
    pub until: Option<String>,
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// From 1.
    pub line: usize,
    /// What.
    pub what: Problem,
}

/// The kinds of fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// TOML's own words, or serde's; one line.
    Toml(String),
    /// Another form than 1.
    Form(u32),
    /// No version of Go or git.
    NoVersion(String),
    /// No day.
    NoDay(String),
}

impl Policy {
    const fn fail_on() -> Severity {
        Severity::Error
    }

    /// Reads the text.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let before = text.get(..start).unwrap_or_default();
            PolicyError {
                line: before.matches('\n').count() + 1,
                what: Problem::Toml(
                    error
                        .message()
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                ),
            }
        })?;
        policy.sound(text).map(|()| policy)
    }

    /// What the types don't hold.
    fn sound(&self, text: &str) -> Result<(), PolicyError> {
        let at = |needle: &str| {
            let before = text.find(needle).map_or("", |at| &text[..at]);
            before.matches('\n').count() + 1
        };
        if self.version != 1 {
            let line = at("version");
            let what = Problem::Form(self.version);
            return Err(PolicyError { line, what });
        }
        for version in self.require.go.iter().chain(&self.require.git) {
            if Version::parse(version).is_none() {
                let what = Problem::NoVersion(version.clone());
                return Err(PolicyError {
                    line: at(version),
                    what,
                });
            }
        }
        for day in self.waive.iter().filter_map(|waiver| waiver.until.as_ref()) {
            if !is_day(day) {
                return Err(PolicyError {
                    line: at(day),
                    what: Problem::NoDay(day.clone()),
                });
            }
        }
        Ok(())
    }

    /// The severity of a rule; `None`: not checked.
    #[must_use]
    pub fn severity(&self, rule: Rule) -> Option<Severity> {
        self.severity
            .get(&rule)
            .map_or(Some(rule.severity()), |say| say.severity())
    }

    /// Whether this file is left out.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        self.scan.exclude.iter().any(|pattern| glob(pattern, path))
    }
}

fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Whether the pattern, in which `*` stands for any text, is the whole of `text`. Linear but for a
/// factor of the pattern's length, whatever the two hold.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut read, mut back) = (0, 0, None);
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                back = Some((at, read));
                at += 1;
            }
            Some(byte) if *byte == text[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star, from)) = back else {
                    return false;
                };
                back = Some((star, from + 1));
                at = star + 1;
                read = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// Whether a host is one of these, each a name or `*.` and a domain.
#[must_use]
pub(crate) fn is_host_of(allowed: &[String], host: &str) -> bool {
    allowed.iter().any(|name| match name.strip_prefix("*.") {
        Some(domain) => host
            .strip_suffix(domain)
            .is_some_and(|head| head.ends_with('.')),
        None => name == host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_one_line_with_its_number() {
        let fault = |text: &str| Policy::parse(text).unwrap_err();
        assert_eq!(fault("version = 2\n").what, Problem::Form(2));
        assert_eq!(fault("version = 1\n[require]\ngo = \"new\"\n").line, 3);
        let unknown = fault("version = 1\n[forbid]\nsettigns = []\n");
        assert_eq!(unknown.line, 3, "{unknown:?}");
        assert!(
            matches!(&unknown.what, Problem::Toml(said) if said.contains("settigns") && !said.contains('\n'))
        );
        let late = fault(
            "version = 1\n[[waive]]\nrule = \"replace-local\"\nfile = \"*\"\nreason = \"x\"\nuntil = \"soon\"\n",
        );
        assert_eq!((late.line, late.what), (6, Problem::NoDay("soon".into())));
    }

    #[test]
    fn a_bomb_is_refused_without_harm() {
        for bomb in [
            format!("version = 1\nx = {}", "[".repeat(60_000)),
            format!("version = 1\nx = {}", "{a=".repeat(20_000)),
            format!("version = 1\n[{}]", "a.".repeat(30_000)),
            "a.b.c = 1\n".repeat(6_000),
        ] {
            assert!(Policy::parse(&bomb).is_err());
        }
    }

    #[test]
    fn stars() {
        assert!(
            glob("third_party/*", "third_party/a/b.sh") && glob("*", "") && glob("*.sh", "a/b.sh")
        );
        assert!(!glob("a*c", "ab") && !glob("a", "ab") && !glob("", "a"));
        let allowed = ["*.corp.example".to_owned(), "github.com".to_owned()];
        assert!(is_host_of(&allowed, "git.corp.example") && is_host_of(&allowed, "github.com"));
        assert!(!is_host_of(&allowed, "corp.example") && !is_host_of(&allowed, "evilcorp.example"));
    }
}
