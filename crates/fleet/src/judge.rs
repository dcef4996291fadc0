//! The policy against what was found: pure.
//!
//! In: a policy, documents with their text, this machine's settings. Out: findings, sorted by place.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::finding::{Finding, Place, Remedy, Rule};
use crate::policy::{Policy, ReplaceLocal, glob, is_host_of};
use crate::statement::{GET_INSECURE, SSL_VERIFY, Statement, Syntax, logins, statements};
use gomend_formats::gofile::{GoFile, Instead, Sum, sums};
use gomend_formats::goproxy;
use gomend_formats::pattern;
use gomend_formats::version::Version;

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

/// Where a setting is made: in a file, or on this machine.
struct Said<'a> {
    name: &'a str,
    value: &'a str,
    place: Place,
    how: How<'a>,
}

enum How<'a> {
    File(&'a str, &'a str, &'a Statement),
    Machine(&'a Setting),
}

impl Said<'_> {
    /// The same place with another value.
    fn replaced(&self, value: &str) -> Option<Remedy> {
        match &self.how {
            How::File(path, line, statement) => {
                let (from, until) = statement.span;
                // quotes stay; what would need them is left to people
                let plain = value
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:,*@".contains(&byte));
                let quoted = line[..from].ends_with(['"', '\'']);
                let starred = value.contains('*') && !quoted;
                (plain && !starred).then(|| Remedy::Line {
                    path: (*path).to_owned(),
                    number: statement.line,
                    old: (*line).to_owned(),
                    new: Some(format!("{}{value}{}", &line[..from], &line[until..])),
                })
            }
            How::Machine(setting) => setting.is_users.then(|| Remedy::GoEnv {
                key: setting.name.clone(),
                value: Some(value.to_owned()),
            }),
        }
    }

    /// Without it.
    fn removed(&self) -> Option<Remedy> {
        match &self.how {
            How::File(path, line, statement) => statement.spare.then(|| Remedy::Line {
                path: (*path).to_owned(),
                number: statement.line,
                old: (*line).to_owned(),
                new: None,
            }),
            How::Machine(setting) if setting.is_users => Some(Remedy::GoEnv {
                key: setting.name.clone(),
                value: None,
            }),
            How::Machine(setting) => {
                setting
                    .line
                    .clone()
                    .map(|(file, number, old)| Remedy::Own { file, number, old })
            }
        }
    }
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

    /// One setting, wherever it is made; `open`: something fills its value in.
    fn said(&mut self, said: &Said<'_>, open: bool) {
        for entry in self.policy.forbid.settings.clone() {
            if forbids(&entry, said.name, said.value) {
                let finding = Finding::new(Rule::Forbidden, said.place.clone())
                    .with("setting", &entry)
                    .mended_by(said.removed());
                self.add(finding);
            }
        }
        if open {
            return;
        }
        match said.name {
            "GOPROXY" => self.goproxy(said),
            "GOSUMDB" => self.gosumdb(said),
            "GOPRIVATE" => self.goprivate(said),
            _ => {}
        }
    }

    fn goproxy(&mut self, said: &Said<'_>) {
        let wanted = self.policy.goproxy.clone();
        let entries: Vec<&str> = goproxy::entries(said.value)
            .map(|entry| entry.source.text().trim_end_matches('/'))
            .collect();
        let remedy = wanted
            .value
            .as_deref()
            .and_then(|value| said.replaced(value));
        let finding = |rule: Rule, value: &str, want: &str| {
            Finding::new(rule, said.place.clone())
                .with("value", value)
                .with("wanted", want)
                .mended_by(remedy.clone())
        };
        if let Some(value) = &wanted.value {
            if value != said.value {
                self.add(finding(Rule::ProxyValue, said.value, value));
            }
            return;
        }
        let same = |one: &str, other: &str| one == other.trim_end_matches('/');
        if !wanted.allowed.is_empty() {
            for entry in &entries {
                if !wanted.allowed.iter().any(|allowed| same(entry, allowed)) {
                    self.add(finding(Rule::ProxyEntry, entry, &wanted.allowed.join(" ")));
                }
            }
        }
        if let Some(first) = &wanted.first
            && !entries.first().is_some_and(|entry| same(entry, first))
        {
            self.add(finding(Rule::ProxyFirst, said.value, first));
        }
        if let Some(last) = &wanted.last
            && !entries.last().is_some_and(|entry| same(entry, last))
        {
            self.add(finding(Rule::ProxyLast, said.value, last));
        }
        for entry in entries
            .iter()
            .filter(|entry| !matches!(**entry, "direct" | "off"))
        {
            self.host(&said.place, host_of(entry), "GOPROXY");
        }
    }

    fn gosumdb(&mut self, said: &Said<'_>) {
        let allowed = &self.policy.gosumdb.allowed;
        let name = said.value.split([' ', '+']).next().unwrap_or_default();
        if !allowed.is_empty() && !allowed.iter().any(|allowed| allowed == name) {
            let wanted = allowed.join(" ");
            let remedy = match allowed.as_slice() {
                [only] => said.replaced(only),
                _ => None,
            };
            let finding = Finding::new(Rule::Sumdb, said.place.clone())
                .with("value", said.value)
                .with("wanted", &wanted);
            self.add(finding.mended_by(remedy));
        }
    }

    fn goprivate(&mut self, said: &Said<'_>) {
        let missing: Vec<String> = self
            .modules
            .iter()
            .filter(|module| !pattern::matches(said.value, module))
            .cloned()
            .collect();
        let Some(first) = missing.first() else {
            return;
        };
        // the policy's own patterns, those that are wanted
        let patterns = self.policy.private.modules.iter().filter(|pattern| {
            missing
                .iter()
                .any(|module| pattern::matches(pattern, module))
        });
        let value = std::iter::once(said.value)
            .chain(patterns.map(String::as_str))
            .filter(|item| !item.is_empty())
            .collect::<Vec<_>>()
            .join(",");
        let covered = missing
            .iter()
            .all(|module| pattern::matches(&value, module));
        let remedy = covered.then(|| said.replaced(&value)).flatten();
        let finding = Finding::new(Rule::Private, said.place.clone())
            .with("module", first)
            .with("value", said.value);
        self.add(finding.mended_by(remedy));
    }

    fn host(&mut self, place: &Place, host: &str, by: &str) {
        let allowed = &self.policy.hosts.allowed;
        if !allowed.is_empty() && !host.is_empty() && !is_host_of(allowed, host) {
            self.add(
                Finding::new(Rule::Host, place.clone())
                    .with("host", host)
                    .with("by", by),
            );
        }
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

    fn go_mod(&mut self, path: &str, text: &str) {
        let file = GoFile::parse(text);
        self.go_file(path, text, &file);
        let folder = path.strip_suffix("go.mod").unwrap_or_default();
        let work = self.text_of("go.work").map(GoFile::parse);
        let fetched = file.fetched(work.as_ref());
        if self.policy.require.go_sum {
            let mut known: BTreeSet<Sum> = self
                .text_of(&format!("{folder}go.sum"))
                .map(sums)
                .unwrap_or_default();
            known.extend(self.text_of("go.work.sum").map(sums).unwrap_or_default());
            let has = |path: &str, version: &str, go_mod: bool| {
                known
                    .iter()
                    .any(|sum| sum.path == path && sum.version == version && sum.go_mod == go_mod)
            };
            // from Go 1.17 on go.mod names every module that gives a package
            let complete = file
                .go
                .as_ref()
                .and_then(|(version, _)| Version::parse(version))
                >= Version::parse("1.17");
            for module in &fetched {
                let lacks = !has(&module.path, &module.version, true)
                    || (complete && !has(&module.path, &module.version, false));
                if lacks {
                    let named = format!("{}@{}", module.path, module.version);
                    self.add(
                        Finding::new(Rule::GoSum, at(path, module.line, 1)).with("module", &named),
                    );
                }
            }
        }
        for module in &fetched {
            let host = module.path.split('/').next().unwrap_or_default();
            self.host(&at(path, module.line, 1), host, &module.path);
        }
        if let Some(wanted) = &self.policy.require.toolchain.clone() {
            self.toolchain(path, text, &file, wanted);
        }
    }

    fn text_of(&self, path: &str) -> Option<&str> {
        let document = self
            .facts
            .documents
            .iter()
            .find(|document| document.path == path)?;
        document.text.as_deref().ok()
    }

    /// What go.mod and go.work share.
    fn go_file(&mut self, path: &str, text: &str, file: &GoFile) {
        if let (Some(wanted), Some((version, line))) = (self.policy.require.go.clone(), &file.go)
            && Version::parse(version) < Version::parse(&wanted)
        {
            self.add(
                Finding::new(Rule::GoMinimum, at(path, *line, 1))
                    .with("version", version)
                    .with("wanted", &wanted),
            );
        }
        let forbidden = self.policy.forbid.replace_local;
        for replaced in &file.replaces {
            let Instead::Folder(folder) = &replaced.by else {
                continue;
            };
            let depth = path.matches('/').count();
            let is_bad = match forbidden {
                ReplaceLocal::None => false,
                ReplaceLocal::All => true,
                ReplaceLocal::Outside => leads_out(folder, depth),
            };
            if is_bad {
                let column = text
                    .lines()
                    .nth(replaced.line - 1)
                    .and_then(|line| line.find(folder.as_str()))
                    .unwrap_or(0)
                    + 1;
                self.add(
                    Finding::new(Rule::ReplaceLocal, at(path, replaced.line, column))
                        .with("module", &replaced.path)
                        .with("folder", folder),
                );
            }
        }
    }

    fn toolchain(&mut self, path: &str, text: &str, file: &GoFile, wanted: &str) {
        let line = |number: usize| text.lines().nth(number - 1).unwrap_or_default();
        match &file.toolchain {
            Some((name, _)) if wanted == "any" || name == wanted => {}
            Some((name, number)) => {
                let old = line(*number);
                let remedy = Remedy::Line {
                    path: path.to_owned(),
                    number: *number,
                    old: old.to_owned(),
                    new: Some(old.replace(name.as_str(), wanted)),
                };
                self.add(
                    Finding::new(Rule::Toolchain, at(path, *number, 1))
                        .with("found", name)
                        .with("wanted", wanted)
                        .mended_by(Some(remedy)),
                );
            }
            None => {
                let number = file.go.as_ref().map_or(1, |(_, number)| *number);
                let old = line(number);
                let remedy = (wanted != "any" && file.go.is_some()).then(|| Remedy::Line {
                    path: path.to_owned(),
                    number,
                    old: old.to_owned(),
                    new: Some(format!("{old}\n\ntoolchain {wanted}")),
                });
                self.add(
                    Finding::new(Rule::Toolchain, at(path, number, 1))
                        .with("found", "")
                        .with("wanted", wanted)
                        .mended_by(remedy),
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

/// Whether an entry of the policy forbids this value of this setting.
fn forbids(entry: &str, name: &str, value: &str) -> bool {
    let (forbidden, what) = match entry.split_once('=') {
        Some((forbidden, what)) => (forbidden, Some(what)),
        None => (entry, None),
    };
    let same = if name == SSL_VERIFY {
        forbidden.eq_ignore_ascii_case(name)
    } else {
        forbidden == name
    };
    // `GOFLAGS=-insecure` means the flag wherever it is given
    let flag = name == GET_INSECURE && entry == "GOFLAGS=-insecure";
    let value = value.trim();
    flag || same
        && !value.is_empty()
        && what.is_none_or(|what| {
            name == SSL_VERIFY
                || value == what
                || value.split([',', ' ', '|']).any(|item| item == what)
        })
}

/// The host of a GOPROXY entry.
fn host_of(entry: &str) -> &str {
    let rest = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    host.split(':').next().unwrap_or_default()
}

/// Whether a folder, as a file `depth` folders below the root names it, lies outside of it.
fn leads_out(folder: &str, depth: usize) -> bool {
    if folder.starts_with('/') || folder.contains(':') {
        return true;
    }
    let mut level = i64::try_from(depth).unwrap_or(i64::MAX);
    for part in folder.split('/') {
        match part {
            "" | "." => {}
            ".." => level -= 1,
            _ => level += 1,
        }
        if level < 0 {
            return true;
        }
    }
    false
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

    #[test]
    fn folders_that_lead_out() {
        for (folder, depth, out) in [
            ("../y", 0, true),
            ("../y", 1, false),
            ("./a/../..", 0, true),
            ("/x", 3, true),
            ("./sub", 0, false),
        ] {
            assert_eq!(leads_out(folder, depth), out, "{folder}");
        }
    }
}
