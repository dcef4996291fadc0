//! `gomend check`: the policy against the repository and this machine, and what mends it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::settings::gofile::GoFile;
use crate::settings::goproxy::{self, Source, Sumdb};
use crate::settings::pattern;
use gomend_fleet::finding::{Finding, Remedy, Severity};
use gomend_fleet::judge::{Document, Facts, judge};
use gomend_fleet::policy::{FILE, Policy};
use gomend_fleet::statement::{Syntax, statements};
use gomend_lang::msg;
use time::OffsetDateTime;

use super::{gather, words};
use crate::file;
use crate::fix::{self, Change, Entry, Journal, Proposal, Scope as Touches, Situation};
use crate::lang::tr;
use crate::mask;
use crate::settings::Env;
use crate::settings::forges;
use crate::settings::goenv::GoEnv;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scope {
    /// The repository and this machine
    All,
    /// The repository's files alone
    Repository,
    /// This machine's settings alone
    Machine,
}

/// A check that is about to be made.
pub(crate) struct Check<'a> {
    pub(crate) env: &'a Env,
    pub(crate) go: Option<&'a Path>,
    /// The repository's root.
    pub(crate) root: PathBuf,
    pub(crate) policy: Policy,
    pub(crate) scope: Scope,
}

/// What a check found.
pub(crate) struct Found {
    pub(crate) findings: Vec<Finding>,
    /// What could not be looked at, a sentence each: without it, nobody can say that the policy holds.
    pub(crate) unread: Vec<String>,
}

/// The policy's file.
pub(crate) fn policy_file(root: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| root.join(FILE), Path::to_owned)
}

/// Reads the policy; one line if that can't be. `root`: of the repository that brings it along, unless somebody named
/// the file; then a link in it shows nothing of other files.
pub(crate) fn read_policy(path: &Path, root: Option<&Path>) -> Result<Policy, String> {
    let shown = path.display();
    let text = match root {
        Some(root) => file::text_within(root, path, file::Kind::Config),
        None => file::text(path, file::Kind::Config),
    };
    let text = text.map_err(|refusal| {
        if refusal.is_missing() {
            tr!(
                "there is no policy `{path}`; `gomend check --init` writes one from what is there",
                path = shown
            )
        } else {
            tr!(
                "can't read `{path}`: {error}",
                path = shown,
                error = refusal
            )
        }
    })?;
    Policy::parse(&text).map_err(|fault| {
        let what = mask::short(&words::wrong(&fault.what), 300);
        format!("{shown}:{}: {what}", fault.line)
    })
}

impl Check<'_> {
    /// Reads and judges.
    pub(crate) fn run(&self) -> Found {
        let documents = (self.scope != Scope::Machine)
            .then(|| gather::documents(&self.root, Some(&self.policy)));
        let machine = (self.scope != Scope::Repository)
            .then(|| gather::machine(self.env, self.go, &self.policy));
        let facts = Facts {
            documents: documents.as_ref().map_or(&[], |gathered| &gathered.found),
            machine: machine.as_ref().map(|gathered| &gathered.found),
            today: &OffsetDateTime::now_utc().date().to_string(),
        };
        let findings = judge(&self.policy, &facts);
        let of_repository = documents.into_iter().flat_map(|gathered| gathered.unread);
        let of_machine = machine.into_iter().flat_map(|gathered| gathered.unread);
        Found {
            findings,
            unread: of_repository.chain(of_machine).collect(),
        }
    }

    /// Mends what needs no thought, as one entry of the journal; `None`: there is nothing of that kind.
    pub(crate) fn mend(
        &self,
        found: &Found,
        journal: &Journal,
    ) -> Result<Option<Entry>, fix::Error> {
        let changes = self.changes(&found.findings);
        if changes.is_empty() {
            return Ok(None);
        }
        let situation = Situation::look(self.env.clone(), &self.root, self.go);
        let title = msg!(
            "Settings as the policy wants them: {count}",
            count = changes.len()
        );
        let mut proposal = Proposal::new("policy", title, msg!("The repository's policy says so."))
            .scope(Touches::Project);
        proposal.changes = changes;
        let mendable = |findings: &[Finding]| {
            let open = findings
                .iter()
                .filter(|finding| finding.remedy.is_some() && finding.waived.is_none());
            open.map(Finding::fingerprint).collect::<BTreeSet<_>>()
        };
        let known: BTreeSet<_> = found.findings.iter().map(Finding::fingerprint).collect();
        let holds = || {
            let after = self.run().findings;
            let is_left = |finding: &&Finding| {
                !known.contains(&finding.fingerprint())
                    || mendable(&found.findings).contains(&finding.fingerprint())
            };
            match after
                .iter()
                .filter(|finding| finding.waived.is_none())
                .find(is_left)
            {
                Some(left) => Err(words::message(left)),
                None => Ok(()),
            }
        };
        fix::apply_checked(&proposal, &situation, journal, holds).map(Some)
    }

    /// From the last line to the first, so that numbers stay true; each line once.
    fn changes(&self, findings: &[Finding]) -> Vec<Change> {
        let mut lines: Vec<(PathBuf, usize, String, Option<String>)> = Vec::new();
        let mut changes = Vec::new();
        for finding in findings.iter().filter(|finding| finding.waived.is_none()) {
            match finding.remedy.clone() {
                Some(Remedy::Line {
                    path,
                    number,
                    old,
                    new,
                }) => lines.push((self.root.join(path), number, old, new)),
                Some(Remedy::Own { file, number, old }) => lines.push((file, number, old, None)),
                Some(Remedy::GoEnv { key, value }) => {
                    let change = Change::GoEnv { key, value };
                    if !changes.contains(&change) {
                        changes.push(change);
                    }
                }
                None => {}
            }
        }
        // a line that goes needs no other value
        lines.sort_by(|one, other| {
            (&one.0, other.1, one.3.is_some()).cmp(&(&other.0, one.1, other.3.is_some()))
        });
        lines.dedup_by(|one, other| (&one.0, one.1) == (&other.0, other.1));
        changes.extend(
            lines
                .into_iter()
                .map(|(file, number, old, new)| Change::Line {
                    file,
                    number,
                    old,
                    new,
                }),
        );
        changes
    }
}

/// What nobody should have.
const FORBIDDEN: &[&str] = &[
    "GOINSECURE",
    "GONOSUMCHECK",
    "GONOSUMDB=*",
    "GOSUMDB=off",
    "GOFLAGS=-insecure",
    "http.sslVerify=false",
    "GIT_SSL_NO_VERIFY",
];

/// A policy of what is there: go.mod's own Go, its hosts, GOPROXY and GOPRIVATE as they are set, and
/// nothing that nobody should have.
pub(crate) fn draft(env: &Env, go: Option<&Path>, root: &Path) -> String {
    let documents = gather::documents(root, None).found;
    let goenv = GoEnv::read(env, go);
    let text = |path: &str| {
        documents
            .iter()
            .find(|document| document.path == path)?
            .text
            .as_deref()
            .ok()
    };
    let stated = |name: &str| stated(&documents, &goenv, name);
    let go_mod = text("go.mod").map(GoFile::parse).unwrap_or_default();
    let clean = |text: &str| mask::secrets(text) == text && !text.contains('@');
    let proxies = stated("GOPROXY");
    let sources = |list| goproxy::entries(list).map(|entry| entry.source.text());
    let mut entries = each_once(proxies.iter().flat_map(|list| sources(list)));
    entries.retain(|entry| clean(entry));
    let lasts: BTreeSet<Option<&str>> = proxies.iter().map(|list| sources(list).last()).collect();
    let last = lasts.first().copied().flatten();
    let last = last.filter(|last| lasts.len() == 1 && entries.contains(last));
    let private = stated("GOPRIVATE");
    let mut private = each_once(private.iter().flat_map(|list| pattern::items(list)));
    private.retain(|item| clean(item));
    let modules = documents
        .iter()
        .filter(|document| document.path.ends_with("go.mod"))
        .flat_map(|document| {
            GoFile::parse(document.text.as_deref().unwrap_or_default()).fetched(None)
        });
    let mut hosts: BTreeSet<String> = modules
        .map(|module| module.path.split('/').next().unwrap_or_default().to_owned())
        .filter(|host| is_host(host) && clean(host))
        .collect();
    hosts.extend(
        entries
            .iter()
            .filter_map(|entry| Some(Source::Proxy(entry).url()?.host)),
    );
    let databases = stated("GOSUMDB");
    let names = databases.iter().filter_map(|one| Sumdb::parse(one));
    let mut databases = each_once(names.map(|sumdb| sumdb.name));
    if databases.is_empty() {
        databases.push(forges::DEFAULT_DATABASE);
    }
    let mut policy = format!(
        "# {}\nversion = 1\nfail-on = \"error\"\n",
        tr!("What must hold here; `gomend check` says where it doesn't.")
    );
    let _ = write!(policy, "\n[goproxy]\nallowed = {}\n", list(&entries));
    if let Some(last) = last {
        let _ = writeln!(policy, "last = {}", toml::Value::from(last));
    }
    let _ = write!(policy, "\n[gosumdb]\nallowed = {}\n", list(&databases));
    let _ = write!(policy, "\n[private]\nmodules = {}\n", list(&private));
    let _ = write!(
        policy,
        "\n[forbid]\nsettings = {}\ntokens-in-urls = true\nreplace-local = \"outside\"\n",
        list(FORBIDDEN)
    );
    let _ = write!(
        policy,
        "\n[require]\ngo-sum = {}\n",
        text("go.sum").is_some()
    );
    if let Some((version, _)) = &go_mod.go {
        let _ = writeln!(policy, "go = {}", toml::Value::from(version.as_str()));
    }
    if go_mod.toolchain.is_some() {
        policy.push_str("toolchain = \"any\"\n");
    }
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let _ = write!(policy, "\n[hosts]\nallowed = {}\n", list(&hosts));
    policy
}

/// Whether go would ask it for a module (`module.CheckPath`): what else somebody wrote is no policy.
fn is_host(name: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    name.contains('.') && !name.starts_with(['.', '-']) && name.bytes().all(plain)
}

/// The values that files and this machine give a name, each once.
fn stated(documents: &[Document], goenv: &GoEnv, name: &str) -> Vec<String> {
    let all = documents.iter().filter_map(|document| {
        let (syntax, text) = (Syntax::of(&document.path)?, document.text.as_deref().ok()?);
        Some(statements(syntax, text, &[name]))
    });
    let of_files = all
        .flatten()
        .filter(|one| one.name == name && !one.is_filled_in())
        .map(|one| one.value);
    let mut values: Vec<String> = Vec::new();
    for value in of_files.chain([goenv.value(name).to_owned()]) {
        if !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Items, each once.
fn each_once<'a>(items: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all = Vec::new();
    for item in items.map(str::trim) {
        if !item.is_empty() && !all.contains(&item) {
            all.push(item);
        }
    }
    all
}

/// A TOML array of strings.
fn list(items: &[&str]) -> String {
    let quoted: Vec<String> = items
        .iter()
        .map(|item| toml::Value::from(*item).to_string())
        .collect();
    format!("[{}]", quoted.join(", "))
}

/// How many of a severity are open.
pub(crate) fn count(findings: &[Finding], severity: Severity) -> usize {
    findings
        .iter()
        .filter(|finding| finding.waived.is_none() && finding.severity == severity)
        .count()
}
