//! The policy against what was found: pure.
//!
//! In: a policy, documents with their text, this machine's settings. Out: findings, sorted by place. `settings`
//! judges what is set, wherever that is, `modules` go.mod and its kin.

mod modules;
mod settings;

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::finding::{Finding, Place, Rule};
use crate::policy::{Policy, glob};
use crate::statement::{Syntax, comment_start, logins, statements};
use gomend_formats::gofile::GoFile;
use gomend_formats::pattern;
use gomend_formats::version::Version;
use settings::{How, Said};

/// A file of the repository.
#[derive(Debug, Clone)]
pub struct Document {
    /// From the repository's root, with `/`.
    pub path: String,
    /// What it holds; or why it was not read.
    pub text: Result<String, String>,
}

/// A setting of this machine.
#[derive(Debug, Clone)]
pub struct Setting {
    /// `GOPROXY`, `http.sslVerify`, `url.x.insteadOf`.
    pub name: String,
    /// The value in effect.
    pub value: String,
    /// `environment`, `default` or a file.
    pub origin: String,
    /// It stands in the file that `go env -w` writes.
    pub is_users: bool,
    /// The line of one of this user's files that says so: file, number from 1, text.
    pub line: Option<(PathBuf, usize, String)>,
}

/// This machine.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// What is set.
    pub settings: Vec<Setting>,
    /// The version of its Go.
    pub go: Option<String>,
    /// The version of its git.
    pub git: Option<String>,
}

/// Everything that is judged.
pub struct Facts<'a> {
    /// Files of the repository.
    pub documents: &'a [Document],
    /// This machine, if it is judged.
    pub machine: Option<&'a Machine>,
    /// `YYYY-MM-DD`.
    pub today: &'a str,
}

/// Names that always matter.
const NAMES: &[&str] = &["GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOSUMDB", "GONOPROXY"];
/// Names without a dot's end that are never public (RFC 6762, 8375, 9476; ICANN's `internal`).
const PRIVATE_ENDS: &[&str] = &[
    ".internal",
    ".local",
    ".lan",
    ".corp",
    ".intra",
    ".home.arpa",
];

/// Judges.
#[must_use]
pub fn judge(policy: &Policy, facts: &Facts<'_>) -> Vec<Finding> {
    let mut judge = Judge {
        policy,
        facts,
        modules: private_modules(policy, facts),
        found: Vec::new(),
    };
    for document in facts.documents {
        judge.document(document);
    }
    if let Some(machine) = facts.machine {
        judge.machine(machine);
    }
    judge.waivers();
    let mut found = judge.found;
    found.sort_by(|one, other| {
        (&one.place, one.rule, &one.params).cmp(&(&other.place, other.rule, &other.params))
    });
    found.dedup_by(|one, other| {
        (&one.place, one.rule, &one.params) == (&other.place, other.rule, &other.params)
    });
    found
}

/// The private modules that the go.mod files want.
fn private_modules(policy: &Policy, facts: &Facts<'_>) -> BTreeSet<String> {
    let patterns = policy.private.modules.join(",");
    let go_mods = facts
        .documents
        .iter()
        .filter(|document| name_of(document) == "go.mod");
    let wanted = go_mods.flat_map(|document| {
        GoFile::parse(document.text.as_deref().unwrap_or_default()).fetched(None)
    });
    wanted
        .map(|module| module.path)
        .filter(|path| {
            let host = path.split('/').next().unwrap_or_default();
            pattern::matches(&patterns, path) || PRIVATE_ENDS.iter().any(|end| host.ends_with(end))
        })
        .collect()
}

fn name_of(document: &Document) -> &str {
    document.path.rsplit('/').next().unwrap_or_default()
}

struct Judge<'a> {
    policy: &'a Policy,
    facts: &'a Facts<'a>,
    /// Private modules that are wanted.
    modules: BTreeSet<String>,
    found: Vec<Finding>,
}

impl Judge<'_> {
    fn add(&mut self, finding: Finding) {
        if let Some(severity) = self.policy.severity(finding.rule) {
            self.found.push(Finding {
                severity,
                ..finding
            });
        }
    }

    fn document(&mut self, document: &Document) {
        let path = document.path.as_str();
        let text = match &document.text {
            Ok(text) => text,
            Err(why) => {
                let finding = Finding::new(Rule::Unread, at(path, 1, 1)).with("why", why);
                return self.add(finding);
            }
        };
        match name_of(document) {
            "go.mod" => return self.go_mod(path, text),
            "go.work" => return self.go_file(path, text, &GoFile::parse(text)),
            _ => {}
        }
        let Some(syntax) = Syntax::of(path) else {
            return;
        };
        let lines: Vec<&str> = text.lines().collect();
        let names = self.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for statement in statements(syntax, text, &names) {
            let line = lines[statement.line - 1];
            let said = Said {
                name: &statement.name,
                value: &statement.value,
                place: at(path, statement.line, statement.column),
                how: How::File(path, line, &statement),
            };
            self.said(&said, statement.is_filled_in());
        }
        if self.policy.forbid.tokens_in_urls {
            for login in logins(syntax, text) {
                let rule = if login.filled_in {
                    Rule::TokenReference
                } else {
                    Rule::Token
                };
                let finding = Finding::new(rule, at(path, login.line, login.column));
                self.add(finding.with("host", &login.host));
            }
        }
        self.go_versions(path, &lines);
    }

    /// What is looked for in files.
    fn names(&self) -> BTreeSet<String> {
        let forbidden = self.policy.forbid.settings.iter();
        let forbidden = forbidden.map(|entry| entry.split('=').next().unwrap_or_default());
        NAMES
            .iter()
            .copied()
            .chain(forbidden)
            .filter(|name| !name.is_empty() && !name.contains(['.', ' ']))
            .map(str::to_owned)
            .collect()
    }

    /// `golang:1.21` in an image's name, `go-version: 1.21` of GitHub's setup-go.
    fn go_versions(&mut self, path: &str, lines: &[&str]) {
        let Some(wanted) = self.policy.require.go.clone() else {
            return;
        };
        let Some(least) = Version::parse(&wanted) else {
            return;
        };
        for (number, line) in lines.iter().enumerate() {
            if line.len() > 4096 || line.trim_start().starts_with('#') {
                continue;
            }
            let line = &line[..comment_start(Syntax::Yaml, line)];
            let images = Version::after(line, "golang:");
            let named = line.find("go-version:").into_iter().flat_map(|start| {
                let list = line[start..].match_indices(|letter: char| letter.is_ascii_digit());
                let tail = &line[start..];
                list.filter(|(at, _)| {
                    !tail[..*at].ends_with(|letter: char| letter.is_ascii_digit() || letter == '.')
                })
                .filter_map(|(at, _)| {
                    Version::after(&tail[at..], "")
                        .next()
                        .map(|(_, version)| (start + at, version))
                })
                .collect::<Vec<_>>()
            });
            let old: Vec<(usize, String)> = images
                .chain(named)
                .filter(|(_, version)| {
                    Version::parse(version).is_some_and(|version| version < least)
                })
                .map(|(at, version)| (at, version.to_owned()))
                .collect();
            for (column, version) in old {
                self.add(
                    Finding::new(Rule::GoMinimum, at(path, number + 1, column + 1))
                        .with("version", &version)
                        .with("wanted", &wanted),
                );
            }
        }
    }

    fn machine(&mut self, machine: &Machine) {
        for setting in &machine.settings {
            let said = Said {
                name: &setting.name,
                value: &setting.value,
                place: Place::Machine {
                    setting: setting.name.clone(),
                    origin: setting.origin.clone(),
                },
                how: How::Machine(setting),
            };
            self.said(&said, false);
            if self.policy.forbid.tokens_in_urls {
                let text = format!("{}={}", setting.name, setting.value);
                for login in logins(Syntax::Shell, &text) {
                    let place = Place::Machine {
                        setting: gomend_core::mask::short(&setting.name, 100),
                        origin: setting.origin.clone(),
                    };
                    self.add(Finding::new(Rule::Token, place).with("host", &login.host));
                }
            }
        }
        for (rule, name, found, wanted) in [
            (
                Rule::GoMinimum,
                "go",
                &machine.go,
                &self.policy.require.go.clone(),
            ),
            (
                Rule::GitMinimum,
                "git",
                &machine.git,
                &self.policy.require.git.clone(),
            ),
        ] {
            if let (Some(found), Some(wanted)) = (found, wanted)
                && Version::parse(found) < Version::parse(wanted)
            {
                let place = Place::Machine {
                    setting: name.to_owned(),
                    origin: "program".to_owned(),
                };
                self.add(
                    Finding::new(rule, place)
                        .with("version", found)
                        .with("wanted", wanted),
                );
            }
        }
    }

    /// Exceptions cover findings, and are findings when their time is up.
    fn waivers(&mut self) {
        for waiver in &self.policy.waive {
            let is_over = waiver
                .until
                .as_deref()
                .is_some_and(|until| until < self.facts.today);
            let mut covered = Vec::new();
            for finding in &mut self.found {
                let file = finding.file().unwrap_or("machine");
                if finding.rule == waiver.rule && glob(&waiver.file, file) {
                    if is_over {
                        covered.push(finding.place.clone());
                    } else {
                        finding.waived = Some(gomend_core::mask::short(&waiver.reason, 200));
                    }
                }
            }
            for place in covered {
                let finding = Finding::new(Rule::WaiverExpired, place)
                    .with("rule", waiver.rule.id())
                    .with("until", waiver.until.as_deref().unwrap_or_default());
                self.add(finding);
            }
        }
    }
}

fn at(path: &str, line: usize, column: usize) -> Place {
    Place::File {
        path: path.to_owned(),
        line,
        column,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(files: &[(&str, &str)]) -> Vec<Document> {
        files
            .iter()
            .map(|(path, text)| Document {
                path: (*path).to_owned(),
                text: Ok((*text).to_owned()),
            })
            .collect()
    }

    fn told(policy: &str, files: &[(&str, &str)]) -> Vec<String> {
        let policy = Policy::parse(policy).unwrap();
        let documents = documents(files);
        let facts = Facts {
            documents: &documents,
            machine: None,
            today: "2026-11-29",
        };
        judge(&policy, &facts)
            .iter()
            .map(|finding| {
                let (line, column) = finding.position();
                let fix = if finding.remedy.is_some() { " fix" } else { "" };
                let waived = if finding.waived.is_some() {
                    " waived"
                } else {
                    ""
                };
                format!(
                    "{}:{line}:{column} {}{fix}{waived}",
                    finding.file().unwrap(),
                    finding.rule.id()
                )
            })
            .collect()
    }

    const MOD: &str = "module example.com/app\n\ngo 1.21\n\nrequire (\n\tgit.corp.example/a v1.0.0\n\tgithub.com/b/c v1.0.0\n)\n\nreplace github.com/x/y => ../y\n";

    #[test]
    fn go_mod_and_go_sum() {
        let policy = "version = 1\n[require]\ngo = \"1.24\"\ntoolchain = \"go1.27.3\"\ngo-sum = true\n[forbid]\nreplace-local = \"outside\"\n[hosts]\nallowed = [\"github.com\"]\n";
        let sum = "github.com/b/c v1.0.0 h1:x\ngithub.com/b/c v1.0.0/go.mod h1:y\n";
        assert_eq!(
            told(policy, &[("go.mod", MOD), ("go.sum", sum)]),
            [
                "go.mod:3:1 go-minimum",
                "go.mod:3:1 toolchain-line fix",
                "go.mod:6:1 go-sum-incomplete",
                "go.mod:6:1 host-not-allowed",
                "go.mod:10:27 replace-local",
            ]
        );
    }

    #[test]
    fn settings_in_files() {
        let policy = "version = 1\n[goproxy]\nvalue = \"https://p.example,direct\"\n[private]\nmodules = [\"git.corp.example\"]\n[forbid]\n\
                      settings = [\"GOINSECURE\", \"GOFLAGS=-insecure\", \"http.sslVerify=false\", \"GOSUMDB=off\"]\ntokens-in-urls = true\n[gosumdb]\nallowed = [\"sum.golang.org\"]\n\
                      [require]\ngo = \"1.24\"\n[[waive]]\nrule = \"token-in-url\"\nfile = \"old*\"\nreason = \"x\"\nuntil = \"2026-11-28\"\n\
                      [[waive]]\nrule = \"forbidden-setting\"\nfile = \"new.sh\"\nreason = \"y\"\nuntil = \"2026-11-29\"\n";
        let found = told(
            policy,
            &[
                ("go.mod", MOD),
                (
                    "Dockerfile",
                    "FROM golang:1.21-alpine\nENV GOPROXY=direct\nENV GOPRIVATE=other.example\nENV GOSUMDB=off\n",
                ),
                (
                    ".github/workflows/x.yml",
                    "env:\n  GOINSECURE: x\n  A: b\nsteps:\n  - with:\n      go-version: ['1.21', '1.25']\n",
                ),
                (
                    "a.sh",
                    "GOFLAGS='-v -insecure' go build\ngit config --global http.sslVerify false\nexport GOPROXY=$X\n",
                ),
                ("old.sh", "git clone https://u:passw0rd1@h.example/x\n"),
                ("new.sh", "export GOINSECURE=1\n"),
            ],
        );
        assert_eq!(
            found,
            [
                ".github/workflows/x.yml:2:3 forbidden-setting fix",
                ".github/workflows/x.yml:6:21 go-minimum",
                "Dockerfile:1:13 go-minimum",
                "Dockerfile:2:5 go-proxy-value fix",
                "Dockerfile:3:5 go-private fix",
                "Dockerfile:4:5 go-sumdb fix",
                "Dockerfile:4:5 forbidden-setting fix",
                "a.sh:1:1 forbidden-setting",
                "a.sh:2:21 forbidden-setting fix",
                "go.mod:3:1 go-minimum",
                "new.sh:1:8 forbidden-setting fix waived",
                "old.sh:1:11 token-in-url",
                "old.sh:1:11 waiver-expired",
            ]
        );
    }
}
