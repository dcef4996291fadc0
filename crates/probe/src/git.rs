//! What does git itself see?
//!
//! Version, the URL after `insteadOf`, helpers, and `ls-remote` with prompts,
//! askpass programs and all helpers but `store` and `cache` off. What git prints is read by
//! the rules, nowhere else.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::{Id, Probe, Seen, Stack, Status, Unavailable, certificate, dial};
use crate::cause::Cause;
use crate::rules;
use crate::settings::gitconfig::{self, GitConfig};
use crate::settings::url::Url;
use crate::tool::{self, End, NOWHERE, Output, SSH_RESTRAINTS, Tool};

/// How `ls-remote` ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteOutcome {
    /// The repository answered.
    Answered,
    /// It failed, for this cause (an id of the taxonomy).
    Failed(String),
    /// It failed with words that no rule knows.
    Unrecognised,
    /// It did not end in time.
    Silence,
    /// Not run.
    #[default]
    NotRun,
}

/// git's view of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remote {
    /// As `git version` prints it.
    pub version: Option<String>,
    /// The URL that git was given.
    pub url: String,
    /// The URL after `insteadOf`, if that changes it.
    pub rewritten: Option<String>,
    /// git cannot read its own configuration.
    pub config_broken: bool,
    /// Configured credential helpers for it, by name; never what they hold.
    pub helpers: Vec<String>,
    /// A helper is known to hold a credential for the host (looked up without starting it).
    pub helper_holds: Option<bool>,
    /// How `ls-remote` ended.
    pub outcome: RemoteOutcome,
    /// Whether the repository has the tag of the version that a module proxy does not have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<bool>,
    /// Whether git accepts the repository that go was started in, where that is in question.
    pub here: RemoteOutcome,
    /// The line that tells, masked.
    pub said: Option<String>,
}

impl Remote {
    /// Pass if the repository answered.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome {
            RemoteOutcome::Answered => Status::Pass,
            RemoteOutcome::NotRun => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The probe.
pub(super) const GIT: Probe = Probe {
    id: Id::Git,
    applies: |cx| {
        cx.subject.is_remote()
            || cx.subject.tag.is_some()
            || cx.subject.suspects(&[
                Cause::GitTooOld,
                Cause::GitNotFound,
                Cause::GitConfigBroken,
                Cause::DubiousOwnership,
                Cause::VcsStampingFailed,
            ])
    },
    stacks: |_| &[Stack::Git],
    target: |cx| {
        let of_tag = cx.subject.tag.as_ref().map(|(repository, _)| repository);
        let repository = cx.subject.repository.as_ref().or(of_tag);
        repository.unwrap_or(&cx.subject.host).clone()
    },
    run,
};

fn run(cx: &Context, _stack: Stack, deadline: Instant) -> Seen {
    let url = (GIT.target)(cx);
    let asked = match (&cx.subject.repository, &cx.subject.tag) {
        (Some(url), _) | (None, Some((url, _))) => url.clone(),
        _ if cx.subject.host.is_empty() => "https://localhost/".to_owned(), // for what holds anywhere
        _ => format!(
            "{}://{}:{}/",
            cx.subject.scheme, cx.subject.host, cx.subject.port
        ),
    };
    let config = GitConfig::read(&cx.env, Path::new(NOWHERE), &asked, deadline, &cx.cancel);
    cx.gitconfig.keep(config.as_ref().ok().cloned());
    let config = match config {
        Ok(config) => config,
        Err(tool::Error::Missing(program)) => {
            return Seen::Nothing(Id::Git, Unavailable::NoProgram(program));
        }
        Err(error) => return Seen::Nothing(Id::Git, Unavailable::Machine(error.to_string())),
    };
    let helpers = helpers(&config, &cx.subject.host);
    let mut remote = Remote {
        config_broken: config.broken,
        version: version(cx, deadline),
        rewritten: config
            .effective_url
            .clone()
            .filter(|effective| *effective != asked)
            .map(|url| shown(&url)),
        helper_holds: helper_holds(&helpers, cx.home.as_deref(), &cx.subject.host),
        helpers: helpers.iter().map(|helper| name_of(helper)).collect(),
        url: shown(&url),
        ..Remote::default()
    };
    if !cx.options.saved
        && cx
            .subject
            .suspects(&[Cause::DubiousOwnership, Cause::VcsStampingFailed])
    {
        look_here(cx, &mut remote, deadline);
    }
    if let Some(repository) = may_ask(cx)
        && let Some(output) = list(cx, repository, "HEAD", &helpers, deadline)
    {
        (remote.outcome, remote.said) = read(&output);
    }
    if let Some((repository, tag)) = &cx.subject.tag {
        let tag = format!("refs/tags/{tag}");
        remote.tag = list(cx, repository, &tag, &helpers, deadline)
            .filter(Output::succeeded)
            .map(|output| !output.text().trim().is_empty());
    }
    Seen::Git(remote)
}

/// The repository, unless asking for it could send again what was refused.
fn may_ask(cx: &Context) -> Option<&str> {
    // libcurl reads ~/.netrc by itself, and ssh offers its keys: a refusal is not repeated
    let refused = cx.subject.suspects(&[
        Cause::HttpsCredentialsRejected,
        Cause::SshKeyRejected,
        Cause::RateLimited,
    ]);
    cx.subject.repository.as_deref().filter(|_| !refused)
}

fn version(cx: &Context, deadline: Instant) -> Option<String> {
    let output = cx
        .tool("git")
        .ok()?
        .args(["version"])
        .run(deadline, &cx.cancel)
        .ok()?;
    output
        .succeeded()
        .then(|| certificate::plain(output.text().trim()))
}

/// `ls-remote` with everything off that could ask, show or send more than the user's own run did.
fn list(
    cx: &Context,
    repository: &str,
    reference: &str,
    helpers: &[String],
    deadline: Instant,
) -> Option<Output> {
    let deadline = dial::early(deadline); // what is killed then is still told
    let git = cx.tool("git").ok()?;
    let command = ssh_command(cx, deadline);
    // A helper that only reads a file or a socket is part of how git gets in; any other may show a
    // dialog. It is asked and never told: git would have it erase a login that is refused.
    let quiet = helpers
        .iter()
        .all(|helper| matches!(name_of(helper).as_str(), "store" | "cache"));
    let asked = helpers.iter().filter(|_| quiet);
    let asked = asked.flat_map(|helper| {
        let helper = gitconfig::only_get(helper);
        ["-c".to_owned(), format!("credential.helper={helper}")]
    });
    let output = git
        .args(["-c", "credential.helper="])
        .args(asked)
        .args([
            "-c",
            "core.askPass=",
            "ls-remote",
            "-q",
            "--",
            repository,
            reference,
        ])
        .env("GIT_SSH_COMMAND", &command)
        .run(deadline, &cx.cancel);
    output.ok()
}

/// The repository that go was started in: go asks git about it, and hides what git says. What makes git
/// look at files may start filters that the repository names; where it isn't proven to be the user's own,
/// git is asked only whether it takes it.
fn look_here(cx: &Context, remote: &mut Remote, deadline: Instant) {
    const STATUS: &[&str] = &[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--ignore-submodules=all",
    ];
    const ACCEPTED: &[&str] = &["rev-parse", "--git-dir"];
    let Ok(git) = Tool::new("git", &cx.env, &cx.dir) else {
        return;
    };
    let root = cx.dir.ancestors().find(|dir| dir.join(".git").exists());
    let question = if root.is_some_and(tool::is_own) {
        STATUS
    } else {
        ACCEPTED
    };
    let Ok(output) = git.args(question.iter().copied()).run(deadline, &cx.cancel) else {
        return;
    };
    (remote.here, remote.said) = read(&output);
}

/// How git ended, by the rules.
fn read(output: &Output) -> (RemoteOutcome, Option<String>) {
    match output.end {
        End::Exit(Some(0)) => (RemoteOutcome::Answered, None),
        End::Deadline => (RemoteOutcome::Silence, None),
        End::Cancelled => (RemoteOutcome::NotRun, None),
        End::Exit(_) => {
            let evidence = rules::scan(&output.stderr, &rules::Context::default());
            if let Some(finding) = evidence.findings.first() {
                return (
                    RemoteOutcome::Failed(finding.cause().id().to_owned()),
                    Some(finding.text.clone()),
                );
            }
            let text = String::from_utf8_lossy(&output.stderr);
            (
                RemoteOutcome::Unrecognised,
                text.lines()
                    .find(|line| line.starts_with("fatal: "))
                    .map(shown),
            )
        }
    }
}

/// The ssh that git would start, with prompts, agent and multiplexing off: extended, never replaced.
pub(super) fn ssh_command(cx: &Context, deadline: Instant) -> String {
    let config = cx.git_config(deadline).unwrap_or_default();
    let program = gitconfig::ssh_command(&cx.env, &config.all);
    format!("{program} {}", SSH_RESTRAINTS.join(" "))
}

/// The helpers that hold for this host, in order; an empty value clears the list (gitcredentials(7)).
fn helpers(config: &GitConfig, host: &str) -> Vec<String> {
    let mut helpers: Vec<String> = Vec::new();
    for (key, value) in &config.all {
        let Some(scope) = key
            .strip_prefix("credential.")
            .and_then(|rest| rest.strip_suffix("helper"))
        else {
            continue;
        };
        let scope = scope.trim_end_matches('.');
        if scope.is_empty() || Url::parse(scope).is_some_and(|url| url.host == host) {
            if value.is_empty() {
                helpers.clear();
            } else {
                helpers.push(value.clone());
            }
        }
    }
    helpers
}

/// What may be shown of a helper: its program, never a shell text that may hold a secret.
fn name_of(helper: &str) -> String {
    if helper.starts_with('!') {
        return "(shell)".to_owned();
    }
    let program = helper.split_whitespace().next().unwrap_or_default();
    certificate::plain(program.rsplit('/').next().unwrap_or_default())
}

/// Whether a `store` helper's file names the host: the only helper that can be asked without starting it.
fn helper_holds(helpers: &[String], home: Option<&Path>, host: &str) -> Option<bool> {
    if helpers.is_empty() {
        return Some(false);
    }
    let [store] = helpers else { return None };
    let mut words = store.split_whitespace();
    if words.next() != Some("store") {
        return None;
    }
    let file = match words.next() {
        None => home?.join(".git-credentials"),
        Some(option) => option
            .strip_prefix("--file=")
            .map(std::path::PathBuf::from)?,
    };
    let text = crate::file::text(&file, crate::file::Kind::Settings).unwrap_or_default();
    Some(
        text.lines()
            .filter_map(Url::parse)
            .any(|url| url.host == host),
    )
}

/// A URL or line without credentials and control characters.
fn shown(text: impl AsRef<str>) -> String {
    let text = certificate::plain(text.as_ref());
    match Url::parse(&text) {
        Some(url) if url.userinfo.is_some() && url.scheme.starts_with("http") => {
            format!("{}{}", url.origin(), url.path)
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_of_a_host() {
        let all = [
            ("credential.helper", "cache"),
            ("credential.https://git.corp.example.helper", ""),
            (
                "credential.https://git.corp.example.helper",
                "store --file=/x",
            ),
            (
                "credential.https://other.example.helper",
                "!f() { echo password=s3cret; }; f",
            ),
        ];
        let config = GitConfig {
            all: all
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .to_vec(),
            ..GitConfig::default()
        };
        assert_eq!(helpers(&config, "git.corp.example"), ["store --file=/x"]);
        let other = helpers(&config, "other.example");
        assert_eq!(
            other
                .iter()
                .map(|helper| name_of(helper))
                .collect::<Vec<_>>(),
            ["cache", "(shell)"]
        );
    }

    #[test]
    fn a_store_is_read_without_starting_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "https://bob:s3cret@git.corp.example\n").unwrap();
        let store = [format!("store --file={}", file.path().display())];
        assert_eq!(helper_holds(&store, None, "git.corp.example"), Some(true));
        assert_eq!(helper_holds(&store, None, "other.example"), Some(false));
        assert_eq!(
            helper_holds(&["osxkeychain".to_owned()], None, "other.example"),
            None
        );
        assert_eq!(helper_holds(&[], None, "other.example"), Some(false));
    }

    #[test]
    fn credentials_are_not_shown() {
        assert_eq!(
            shown("https://tok3n@git.corp.example/a/b"),
            "https://git.corp.example/a/b"
        );
    }
}
