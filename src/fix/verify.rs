//! Trying a proposal before it is written: the narrowest failing step, with the very content
//! that would be written, in its own layer.
//!
//! In: a proposal's changes. Out: whether the step succeeds with them. The user's environment,
//! files and caches stay as they are: a changed copy of a settings file stands in for it
//! (`GOENV`, `GIT_CONFIG_GLOBAL` with the user's own file included, `UserKnownHostsFile`, a
//! HOME that holds nothing but a netrc), modules go to a throw-away cache, nothing prompts and
//! no agent is asked. A credential that was just refused is not sent again.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::bench::{Bench, Overlay};
use super::step::{self, Step};
use super::{Change, Error, Proposal, Situation, place};
use crate::cause::Cause;
use crate::evidence::{Evidence, Finding, Role};
use crate::lang::{sentences, text, tr};
use crate::rules;
use crate::settings::url::Url;
use crate::tool::{self, Cancel, End};
use crate::verdict::{self, Verdict};

/// A public module that every mirror serves: the user's own is nobody else's business.
const PUBLIC_MODULE: &str = "golang.org/x/text@v0.3.0";

/// The narrowest command that shows a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Check {
    /// `go mod download -json` or `go list -m -json` of one `module@version`, outside of any module.
    Module(String),
    /// `git ls-remote` of one repository.
    Remote(String),
    /// `git status` in a directory.
    Status(PathBuf),
    /// `go mod download` on copies of go.mod and go.sum.
    Download(PathBuf),
    /// `go list ./...` in the project; `deps`: with everything it imports.
    Listing { root: PathBuf, deps: bool },
    /// `go list -m` on a copy of go.mod, toolchain switching allowed.
    Toolchain(PathBuf),
    /// Nothing can be tried; why, translated where it is shown.
    Nothing(&'static str),
}

/// How a trial ended.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// The step succeeded.
    Worked {
        /// How it was tried.
        how: String,
    },
    /// It failed.
    Failed {
        /// The line that tells, masked.
        said: String,
        /// Everything that was recognised.
        evidence: Evidence,
    },
    /// It was not tried, or did not come to an end; why.
    NotTried(String),
}

/// Tries all proposals that change something, side by side, until `deadline`. Where one alone
/// leads to another failure, it is combined with what helps against that one. The proven ones
/// come first afterwards.
///
/// # Panics
///
/// If a trial panics: none does, whatever the programs it runs print.
pub fn verify_all(
    proposals: &mut Vec<Proposal>,
    verdict: &Verdict,
    s: &Situation,
    deadline: Instant,
    cancel: &Cancel,
) {
    /// Each trial starts programs of its own: more at a time only slow each other down.
    const AT_A_TIME: usize = 6;
    let trial = Trial {
        s,
        verdict,
        deadline,
        cancel,
    };
    let mut combined = Vec::new();
    let mut left: Vec<&mut Proposal> = proposals
        .iter_mut()
        .filter(|proposal| proposal.applies())
        .collect();
    while !left.is_empty() {
        let rest = left.split_off(AT_A_TIME.min(left.len()));
        let ended: Vec<(Outcome, Vec<Proposal>)> = std::thread::scope(|scope| {
            let threads: Vec<_> = left
                .iter()
                .map(|proposal| {
                    let (trial, proposal) = (&trial, &**proposal);
                    scope.spawn(move || trial.with_next(proposal))
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("a trial does not panic"))
                .collect()
        });
        for (proposal, (outcome, more)) in left.into_iter().zip(ended) {
            note(proposal, outcome);
            combined.extend(more);
        }
        left = rest;
    }
    proposals.extend(combined);
    proposals.sort_by_key(|proposal| match proposal.verified {
        Some(true) => 0,
        None if proposal.applies() && proposal.id.contains("-and-") => 1,
        None => 2,
        Some(false) => 3,
    });
}

/// Tries one proposal, for instance after its secret was typed.
pub fn verify(
    proposal: &mut Proposal,
    verdict: &Verdict,
    s: &Situation,
    deadline: Instant,
    cancel: &Cancel,
) {
    let outcome = Trial {
        s,
        verdict,
        deadline,
        cancel,
    }
    .outcome(proposal);
    note(proposal, outcome);
}

fn note(proposal: &mut Proposal, outcome: Outcome) {
    (proposal.verified, proposal.tried) = match outcome {
        Outcome::Worked { how } => (Some(true), Some(how)),
        Outcome::Failed { said, .. } => (Some(false), Some(said)),
        Outcome::NotTried(why) => (None, Some(tr!("not tried: {why}", why))),
    };
}

/// The failing step once more, with the changes made: what stands in a shell's start-up file is
/// not in this process's environment yet, and is added.
pub(super) fn still_fails(
    proposal: &Proposal,
    verdict: &Verdict,
    s: &Situation,
    deadline: Instant,
    cancel: &Cancel,
) -> Option<String> {
    let trial = Trial {
        s,
        verdict,
        deadline,
        cancel,
    };
    match trial.attempt(&trial.check(proposal), proposal, None) {
        Outcome::Failed { said, .. } => Some(said),
        _ => None,
    }
}

/// `go.mod` and `go.sum` as a go command leaves them, worked out on copies.
pub(super) fn modules(
    root: &Path,
    args: &[String],
    s: &Situation,
    deadline: Instant,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let bench = Bench::new()?;
    let copy = bench.copy_modules(root)?;
    let mut tool = bench.go(s, &s.env, root)?;
    if let Some((name, value)) = Bench::proxies(s) {
        tool = tool.env(&name, &value);
    }
    let [first, rest @ ..] = args else {
        return Ok(Vec::new());
    };
    let [second, rest @ ..] = rest else {
        return Ok(Vec::new());
    };
    let flag = format!("-modfile={}", copy.join("go.mod").display());
    let output = tool
        .args([first.clone(), second.clone(), flag])
        .args(rest.iter().cloned())
        .run(deadline, &Cancel::default())
        .map_err(Error::Tool)?;
    if !output.succeeded() {
        let said = last_line(&output);
        return Err(Error::GoFailed(said));
    }
    let mut files = Vec::new();
    for name in ["go.mod", "go.sum"] {
        if let Ok(bytes) = fs::read(copy.join(name)) {
            files.push((root.join(name), bytes));
        }
    }
    Ok(files)
}

struct Trial<'a> {
    s: &'a Situation,
    verdict: &'a Verdict,
    deadline: Instant,
    cancel: &'a Cancel,
}

impl Trial<'_> {
    fn outcome(&self, proposal: &Proposal) -> Outcome {
        if let Some(why) = self.restraint(proposal) {
            return Outcome::NotTried(why);
        }
        match step::prepare(&proposal.changes, self.s, self.deadline) {
            Ok(steps) if steps.is_empty() => {
                Outcome::NotTried(tr!("everything is as it would be already"))
            }
            Ok(steps) => self.attempt(&self.check(proposal), proposal, Some(&steps)),
            Err(error) => Outcome::NotTried(error.to_string()),
        }
    }

    /// The outcome of one proposal, and what it can be combined with.
    fn with_next(&self, proposal: &Proposal) -> (Outcome, Vec<Proposal>) {
        let outcome = self.outcome(proposal);
        let more = match &outcome {
            Outcome::Failed { evidence, .. } => self.combine(proposal, evidence),
            _ => Vec::new(),
        };
        (outcome, more)
    }

    /// Why nothing may be tried.
    fn restraint(&self, proposal: &Proposal) -> Option<String> {
        let lacks_secret = proposal
            .changes
            .iter()
            .any(|change| matches!(change, Change::Netrc { password: None, .. }));
        if lacks_secret {
            return Some(tr!("it needs a secret first"));
        }
        let brings_secret = proposal
            .changes
            .iter()
            .any(|change| matches!(change, Change::Netrc { .. }));
        let other_way =
            proposal.id.contains("ssh-for-org") || proposal.id.contains("https-for-org");
        let refused = matches!(self.verdict.cause, Cause::HttpsCredentialsRejected);
        if refused && !brings_secret && !other_way {
            return Some(tr!("it would send the refused credential again"));
        }
        if self.s.env.os("GIT_DIR").is_some() {
            return Some(tr!(
                "GIT_DIR is set (a git hook): go would act on that repository"
            ));
        }
        None
    }

    /// The narrowest command for this verdict and this proposal.
    fn check(&self, proposal: &Proposal) -> Check {
        let (target, s) = (&self.verdict.target, self.s);
        let root = s.project.as_ref().map(|project| project.root.clone());
        let of_flags = proposal
            .changes
            .iter()
            .any(|change| matches!(change, Change::GoEnv { key, .. } if key == "GOFLAGS"));
        let of_modules = proposal
            .changes
            .iter()
            .any(|change| matches!(change, Change::Modules { .. }));
        if matches!(proposal.id.as_str(), "mirror") {
            return Check::Module(PUBLIC_MODULE.to_owned());
        }
        match (self.verdict.cause, root) {
            (_, Some(root)) if of_modules => return Check::Listing { root, deps: true },
            (Cause::VcsStampingFailed | Cause::DubiousOwnership, Some(root))
                if of_flags || self.verdict.cause == Cause::VcsStampingFailed =>
            {
                return Check::Listing { root, deps: false };
            }
            (_, Some(root)) if of_flags => return Check::Listing { root, deps: true },
            (Cause::DubiousOwnership, _) => {
                return super::git::refused_directory(s).map_or(
                    Check::Nothing(text!("no repository is named")),
                    Check::Status,
                );
            }
            (Cause::GoTooOld | Cause::ToolchainUnavailable, Some(root)) => {
                return Check::Toolchain(root);
            }
            _ => {}
        }
        let by_vcs = matches!(target.role, Role::VcsHttps | Role::VcsSsh | Role::VcsGit);
        if by_vcs && let Some(url) = target.url.as_deref().and_then(repository) {
            return Check::Remote(url);
        }
        if let Some(module) = target.module.as_deref().filter(|module| plain(module)) {
            let version = target
                .version
                .as_deref()
                .map(|version| version.trim_end_matches("/go.mod"));
            let version = version.filter(|version| plain(version)).unwrap_or("latest");
            return Check::Module(format!("{module}@{version}"));
        }
        s.project.as_ref().map_or(
            Check::Nothing(text!("the failing step is not known well enough")),
            |project| Check::Download(project.root.clone()),
        )
    }

    /// Runs the check; `steps`: before they are written, else after.
    fn attempt(&self, check: &Check, proposal: &Proposal, steps: Option<&[Step]>) -> Outcome {
        let bench = match Bench::new() {
            Ok(bench) => bench,
            Err(error) => return Outcome::NotTried(error.to_string()),
        };
        match bench.overlay(
            self.s,
            proposal,
            steps.unwrap_or_default(),
            self.deadline,
            self.cancel,
        ) {
            Ok(overlay) => self.run(check, &bench, &overlay, steps.is_some()),
            Err(error) => Outcome::NotTried(error.to_string()),
        }
    }

    fn run(&self, check: &Check, bench: &Bench, overlay: &Overlay, before: bool) -> Outcome {
        let s = self.s;
        let made = match check {
            &Check::Nothing(why) => return Outcome::NotTried(tr!(why)),
            Check::Module(at) => bench.go(s, &overlay.env, &bench.work).map(|go| {
                let exact = at
                    .rsplit_once('@')
                    .is_some_and(|(_, version)| version.starts_with('v') && version.contains('.'));
                let words: &[&str] = if exact {
                    &["mod", "download", "-json"]
                } else {
                    &["list", "-m", "-json"]
                };
                go.args(words.iter().copied()).args([at.clone()])
            }),
            Check::Remote(url) => Bench::git(&overlay.env, &bench.work)
                .map(|git| git.args(["ls-remote", "-q", "--", url, "HEAD"])),
            Check::Status(dir) => {
                Bench::git(&overlay.env, dir).map(|git| git.args(["status", "--porcelain"]))
            }
            Check::Download(root) => bench
                .copy_modules(root)
                .and_then(|copy| bench.go(s, &overlay.env, &copy))
                .map(|go| go.args(["mod", "download"])),
            Check::Toolchain(root) => bench.copy_modules(root).and_then(|copy| {
                // empty counts as unset: the settings file decides
                let choice = overlay
                    .env
                    .var("GOTOOLCHAIN")
                    .unwrap_or_default()
                    .to_owned();
                Ok(bench
                    .go(s, &overlay.env, &copy)?
                    .env("GOTOOLCHAIN", &choice)
                    .args(["list", "-m"]))
            }),
            Check::Listing { root, deps } => bench.go(s, &overlay.env, root).map(|mut go| {
                if let Some((name, value)) = Bench::proxies(s) {
                    go = go.env(&name, &value);
                }
                let flags = overlay
                    .env
                    .var("GOFLAGS")
                    .map(str::to_owned)
                    .unwrap_or_default();
                go = go.env("GOFLAGS", &flags).args(["list"]);
                if *deps {
                    go = go.args(["-deps"]);
                }
                if let Some(copy) = overlay.modules.as_ref().filter(|_| before) {
                    go = go.args([format!("-modfile={}", copy.join("go.mod").display())]);
                }
                go.args(["./..."])
            }),
        };
        let tool = match made {
            Ok(tool) => overlay
                .variables
                .iter()
                .fold(tool, |tool, (name, value)| tool.env(name, value)),
            Err(error) => return Outcome::NotTried(error.to_string()),
        };
        match tool.run(self.deadline, self.cancel) {
            Ok(output) => self.judge(check, &output, overlay),
            Err(error) => Outcome::NotTried(error.to_string()),
        }
    }

    fn judge(&self, check: &Check, output: &tool::Output, overlay: &Overlay) -> Outcome {
        match output.end {
            End::Exit(Some(0)) => {
                let step = words(check);
                Outcome::Worked {
                    how: if overlay.equivalent {
                        tr!("{step} succeeded (with an equivalent of the change)", step)
                    } else {
                        tr!("{step} succeeded", step)
                    },
                }
            }
            End::Exit(_) => {
                let text = [output.stderr.as_slice(), b"\n", output.stdout.as_slice()].concat();
                let args = ["mod".to_owned(), "download".to_owned()];
                let evidence = rules::scan(
                    &text,
                    &rules::Context {
                        args: Some(&args),
                        trace: &[],
                    },
                );
                let asked_nobody = self.s.env.os("SSH_AUTH_SOCK").is_some();
                let next = evidence.findings.first().map(Finding::cause);
                if self.passed(next) {
                    return Outcome::Worked {
                        how: tr!("{step} gets as far as the login now", step = words(check)),
                    };
                }
                if next == Some(Cause::SshKeyRejected) && asked_nobody {
                    return Outcome::NotTried(tr!(
                        "your ssh agent holds the keys, and it is asked only by your own commands"
                    ));
                }
                let said = evidence
                    .findings
                    .first()
                    .map_or_else(|| last_line(output), |finding| finding.text.clone());
                Outcome::Failed {
                    said: tr!("{step} still fails: {said}", step = words(check), said),
                    evidence,
                }
            }
            End::Deadline => {
                Outcome::NotTried(tr!("{step} did not end in time", step = words(check)))
            }
            End::Cancelled => Outcome::NotTried(tr!("you interrupted it")),
        }
    }

    /// Whether the step that failed is passed, and what fails next is a login that trials must not
    /// make: they ask no agent and offer no key that the agent holds.
    fn passed(&self, next: Option<Cause>) -> bool {
        let before_login = matches!(
            self.verdict.cause,
            Cause::SshHostKey | Cause::TcpTimeout | Cause::TcpRefused | Cause::TcpReset
        );
        before_login && place::is_ssh(&self.verdict.target) && next == Some(Cause::SshKeyRejected)
    }

    /// Where a change leads to another failure: the change together with what helps there.
    fn combine(&self, first: &Proposal, evidence: &Evidence) -> Vec<Proposal> {
        let next = verdict::decide(evidence, &[]);
        if next.cause == self.verdict.cause || next.cause == Cause::NotOurs {
            return Vec::new();
        }
        let line = evidence
            .findings
            .first()
            .map(|finding| finding.text.clone())
            .unwrap_or_default();
        let situation = Situation {
            line,
            answer: String::new(),
            observations: Vec::new(),
            ..self.s.clone()
        };
        let follow = super::plan(&next, &situation)
            .into_iter()
            .filter(|proposal| proposal.applies() && proposal.id != first.id);
        // what is retried after the first change is the first failure's own step
        follow
            .map(|second| {
                let mut both = together(first, second);
                let outcome = self.outcome(&both);
                note(&mut both, outcome);
                both
            })
            .filter(|both| both.verified != Some(false))
            .collect()
    }
}

/// Two proposals as one.
fn together(first: &Proposal, second: Proposal) -> Proposal {
    let mut both = Proposal {
        id: format!("{}-and-{}", first.id, second.id),
        title: tr!(
            "{first}, and {second}",
            first = first.title,
            second = continued(&second.title)
        ),
        why: sentences([first.why.as_str(), &second.why]),
        risk: first.risk.max(second.risk),
        ..first.clone()
    };
    both.commands.extend(second.commands);
    both.edits.extend(second.edits);
    for need in second.needs {
        if !both.needs.contains(&need) {
            both.needs.push(need);
        }
    }
    both.changes.extend(second.changes);
    both.settings.extend(second.settings);
    both.gives_up.extend(second.gives_up);
    both
}

/// A title in the middle of a sentence: a word's capital goes, an acronym's stays.
fn continued(title: &str) -> String {
    let mut letters = title.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(next)) if !next.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => title.to_owned(),
    }
}

/// What was run, for people.
fn words(check: &Check) -> String {
    match check {
        Check::Module(at) => tr!("fetching {module}", module = at),
        Check::Remote(url) => format!("git ls-remote {url}"),
        Check::Status(dir) => tr!("git status in {dir}", dir = dir.display()),
        Check::Download(_) => "go mod download".to_owned(),
        Check::Listing { .. } => "go list ./...".to_owned(),
        Check::Toolchain(_) => "go list -m".to_owned(),
        Check::Nothing(_) => tr!("nothing"),
    }
}

/// The last line that a program printed, masked.
fn last_line(output: &tool::Output) -> String {
    let text = if output.stderr.is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    let text = String::from_utf8_lossy(text);
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .map_or_else(|| tr!("it said nothing"), crate::mask::line)
}

/// A module path or version that is safe as an argument.
fn plain(word: &str) -> bool {
    !word.starts_with('-')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/+!".contains(&byte))
}

/// The repository of a URL that was asked for: without git's own sub-resources.
fn repository(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let url = url.strip_suffix("/info/refs").unwrap_or(url);
    let parsed = Url::parse(url);
    // a bare host is no repository
    let known = parsed.is_some_and(|url| {
        !url.path.trim_matches('/').is_empty() && {
            matches!(
                url.scheme.as_str(),
                "https" | "ssh" | "git+ssh" | "http" | "git"
            )
        }
    });
    (known && !url.starts_with('-')).then(|| url.to_owned())
}
