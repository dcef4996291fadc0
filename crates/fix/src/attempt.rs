//! One run of a check: the narrowest command that showed the failure, in its overlay, and what its end says.
//!
//! In: a check, a proposal and what its trial may do. Out: a [`TrialOutcome`]. What goes beyond the failed run
//! ([`Effects`]) was agreed to before.

use std::path::Path;

use super::bench::{Bench, Overlay};
use super::check::Check;
use super::effects::{self, Consent, Effects, Identity};
use super::error::Error;
use super::step::Step;
use super::verify::Trial;
use super::{Change, Proposal, place};
use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding};
use crate::lang::{Text, msg};
use crate::rules::{self, said};
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::settings::gofile;
use crate::settings::netrc::{self, Holds};
use crate::tool::{self, End, Tool};

/// How a trial ended.
#[derive(Debug, Clone)]
pub(super) enum TrialOutcome {
    /// The step succeeded.
    Worked {
        /// How it was tried.
        how: Text,
    },
    /// It failed.
    Failed(Failure),
    /// What failed before passes, and something behind it fails.
    Further(Failure),
    /// It goes beyond the failed run, and waits for consent.
    Asks(Vec<Consent>),
    /// It did not end in time, or was interrupted.
    Unended(Text),
    /// It cannot be tried; why.
    NotTried(Text),
}

/// What a step that failed said.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    /// The line that tells, masked.
    pub(super) line: Text,
    /// The same with the step that failed.
    pub(super) said: Text,
    /// Everything that was recognised.
    pub(super) evidence: Evidence,
}

impl Failure {
    /// What was recognised first.
    pub(super) fn cause(&self) -> Option<Cause> {
        self.evidence.findings.first().map(Finding::cause)
    }
}

/// One run of a check.
pub(super) struct Attempt<'a> {
    pub(super) trial: &'a Trial<'a>,
    pub(super) check: &'a Check,
    pub(super) proposal: &'a Proposal,
    pub(super) effects: &'a Effects,
}

impl Attempt<'_> {
    /// Runs it; `steps`: before they are written, else after.
    pub(super) fn run(&self, steps: Option<&[Step]>) -> TrialOutcome {
        self.tried(steps)
            .unwrap_or_else(|error| TrialOutcome::NotTried(error.text()))
    }

    fn tried(&self, steps: Option<&[Step]>) -> Result<TrialOutcome, Error> {
        let &Self {
            trial, proposal, ..
        } = self;
        if let Some(said) = trial.unmatched(proposal) {
            return Ok(TrialOutcome::Failed(Failure {
                line: said.clone(),
                said,
                evidence: Evidence::default(),
            }));
        }
        let bench = Bench::new(trial.s, trial.deadline, trial.cancel)?;
        let mut overlay = bench.overlay(proposal, steps.unwrap_or_default(), self.effects)?;
        if let &Check::Nothing(why) = self.check {
            return Ok(TrialOutcome::NotTried(msg!(why)));
        }
        let mended = |change: &Change| match change {
            Change::MoveAside { .. } => true,
            Change::GoEnv { key, .. } => is_place(key),
            other => other.exported().iter().any(|(key, _)| is_place(key)),
        };
        let mut tool = self.tool(&bench, &overlay)?;
        if bench.is_by_another_go() {
            // what go offers in a handshake differs from release to release
            if trial.verdict.cause.layer() == Layer::Tls {
                return Ok(TrialOutcome::NotTried(msg!(
                    "a newer go than the installed one failed: whether it helps shows when it is written"
                )));
            }
            overlay.equivalent = true;
        }
        if steps.is_some() && proposal.settings.iter().any(|(key, _)| is_place(key)) {
            overlay.equivalent = true; // a trial keeps what it fetches in a place of its own
        }
        if steps.is_none() && proposal.makes(mended) {
            // what was broken is the user's own cache: there it shows
            tool = bench.own_cache(&overlay.env, tool);
        }
        let output = tool.run(trial.deadline, trial.cancel);
        Ok(self.judge(&output.map_err(Error::Tool)?, &overlay))
    }

    /// What fails behind the one module or repository that answers now, if all modules are fetched as
    /// the failed command would: nobody is told what it would not have told.
    pub(super) fn behind(&self) -> Option<Text> {
        let &Self {
            trial,
            check,
            proposal,
            effects,
        } = self;
        let project = trial.s.project.as_ref()?;
        let same = matches!(check, Check::Module(_) | Check::Remote(_))
            && !effects.trusts
            && wants_all(&trial.s.args);
        if !same || !effects::tells_nobody_else(proposal, trial.verdict, trial.s) {
            return None;
        }
        let whole = Attempt {
            check: &Check::Download(project.root.clone()),
            ..*self
        };
        match whole.run(None) {
            TrialOutcome::Failed(Failure { said, evidence, .. })
            | TrialOutcome::Further(Failure { said, evidence, .. }) => {
                // a login that this trial was not to send says nothing of the failed command
                let next = evidence.findings.first();
                let next = next.map(|finding| finding.cause().layer());
                (effects.identity == Identity::User || next != Some(Layer::Auth)).then_some(said)
            }
            _ => None,
        }
    }

    /// The check's program.
    fn tool(&self, bench: &Bench<'_>, overlay: &Overlay) -> Result<Tool, Error> {
        let env = &overlay.env;
        match self.check {
            Check::Nothing(_) => unreachable!("what can't be tried isn't run"),
            Check::Module(at) => self::module(bench, overlay, at),
            Check::Remote(url) => {
                let git = Bench::git(env, &bench.work)?;
                Ok(git.args(["ls-remote", "-q", "--", url, "HEAD"]))
            }
            Check::Repository(dir) => Ok(Bench::git(env, dir)?.args(NAMES_ALONE)),
            Check::Download(root) => self.download(bench, overlay, root),
            Check::Vendored(root) => vendored(bench, env, root),
            // the build cache and the folder for temporary files
            Check::Places => {
                let go = bench.go(env, &bench.work)?;
                Ok(go.args(["list", "-compiled", "errors"]))
            }
            Check::Toolchain(root) => {
                let go = bench.go(env, &bench.copy_modules(root)?)?;
                // empty counts as unset: the settings file decides
                let choice = env.var("GOTOOLCHAIN").unwrap_or_default();
                Ok(go.env("GOTOOLCHAIN", choice).args(["list", "-m"]))
            }
            Check::Listing { root, deps } => self.listing(bench, overlay, root, *deps),
        }
    }

    fn download(&self, bench: &Bench<'_>, overlay: &Overlay, root: &Path) -> Result<Tool, Error> {
        let env = &overlay.env;
        let (go, flags) = match bench.go_in_project(overlay)? {
            Some(inside) => inside,
            None => (bench.go(env, &bench.copy_modules(root)?)?, Vec::new()),
        };
        // where the cache itself is at fault, it serves nothing
        let cures_cache = |change: &Change| matches!(change, Change::MoveAside { .. });
        let go = if self.proposal.makes(cures_cache) {
            go
        } else {
            let settings = GoEnv::read(env, self.trial.s.go.as_deref());
            bench.proxied(go, &settings, self.effects.network)
        };
        Ok(go.args(["mod", "download"]).args(flags))
    }

    fn listing(
        &self,
        bench: &Bench<'_>,
        overlay: &Overlay,
        root: &Path,
        deps: bool,
    ) -> Result<Tool, Error> {
        let (s, env) = (self.trial.s, &overlay.env);
        let copy = match &overlay.modules {
            Some(changed) => changed.clone(),
            None => bench.copy_modules(root)?,
        };
        let settings = GoEnv::read(env, s.go.as_deref());
        let mut go = bench.proxied(bench.go(env, root)?, &settings, self.effects.network);
        let flags = env.var("GOFLAGS").unwrap_or_default();
        go = go.env("GOFLAGS", flags).args(["list"]);
        if deps {
            go = go.args(["-deps"]);
        }
        if matches!(s.args.first().map(String::as_str), Some("test" | "vet")) {
            go = go.args(["-test"]); // what tests import counts
        }
        if let Some(tags) = s.build_flag("tags") {
            go = go.args([format!("-tags={tags}")]);
        }
        // go may ask git about the project, as it does with the very change
        if !stamps(self.proposal) && s.go_at_least(18) {
            go = go.args(["-buildvcs=false"]); // git would run what the repository names
        }
        go = match gofile::workspace(env, &s.dir) {
            Some(work) => {
                let copy = bench.copy_workspace(&work)?;
                go.env("GOWORK", &copy.to_string_lossy())
            }
            // a copy: `-mod=mod` would write the project's own
            None => go.args([format!("-modfile={}", copy.join("go.mod").display())]),
        };
        Ok(go.args(["./..."]))
    }

    fn judge(&self, output: &tool::Output, overlay: &Overlay) -> TrialOutcome {
        let (step, effects) = (self.check.text(), self.effects);
        match output.end {
            End::Exit(Some(0)) => TrialOutcome::Worked {
                how: if overlay.equivalent {
                    msg!("{step} succeeded (with an equivalent of the change)", step)
                } else {
                    msg!("{step} succeeded", step)
                },
            },
            End::Exit(_) => {
                let text = [output.stderr.as_slice(), b"\n", output.stdout.as_slice()].concat();
                let args = ["mod".to_owned(), "download".to_owned()];
                let context = rules::Context {
                    args: Some(&args),
                    trace: &[],
                };
                let evidence = rules::scan(&text, &context);
                let asked_nobody = self.trial.s.env.os("SSH_AUTH_SOCK").is_some();
                let next = evidence.findings.first().map(Finding::cause);
                if self.passed(next) {
                    let how = msg!("{step} gets as far as the login now", step);
                    return TrialOutcome::Worked { how };
                }
                // a login that was typed for this trial was sent
                if effects.identity == Identity::Nobody
                    && !effects.trusts
                    && !effects::is_typed(self.proposal)
                    && let Some(host) = self.login_for(next)
                {
                    return TrialOutcome::Asks(vec![Consent::LogIn { host }]);
                }
                if next == Some(Cause::SshKeyRejected) && asked_nobody {
                    return TrialOutcome::NotTried(msg!(
                        "your ssh agent holds the keys, and it is asked only by your own commands"
                    ));
                }
                let is_cut_off = !effects.network && next == Some(Cause::GoproxyDisabled);
                if is_cut_off && !effects.tells.is_empty() {
                    return TrialOutcome::Asks(effects.tells.clone()); // what is missing here has to be fetched
                }
                let line = evidence.findings.first().map_or_else(
                    || last_line(output),
                    |finding| said::without_json_field(&finding.text).into(),
                );
                let is_further = evidence
                    .findings
                    .first()
                    .is_some_and(|next| self.is_further(next));
                let said = if is_further {
                    msg!(
                        "{step} gets further, and then: {line}",
                        step,
                        line = line.clone()
                    )
                } else {
                    msg!("{step} still fails: {said}", step, said = line.clone())
                };
                let failure = Failure {
                    line,
                    said,
                    evidence,
                };
                if is_further {
                    TrialOutcome::Further(failure)
                } else {
                    TrialOutcome::Failed(failure)
                }
            }
            End::Deadline => TrialOutcome::Unended(msg!("{step} did not end in time", step)),
            End::Cancelled => TrialOutcome::Unended(msg!("you interrupted it")),
        }
    }

    /// A login that the user has for the host that wants one now, and that this trial did not send.
    fn login_for(&self, next: Option<Cause>) -> Option<String> {
        let (s, target) = (self.trial.s, &self.trial.verdict.target);
        let own = || target.module_host().map(str::to_owned);
        let host = if place::is_ssh(target) || target.url.is_some() {
            target.host.clone().or_else(own)?
        } else {
            own()?
        };
        let home = s.home.as_deref()?;
        let has = match next? {
            Cause::SshKeyRejected => home.join(".ssh").is_dir(),
            Cause::HttpsNoCredentials => {
                let named = |path: &Path| {
                    matches!(
                        netrc::look(path, &host),
                        Holds::Complete | Holds::DefaultOnly
                    )
                };
                named(&netrc::git_path(home))
                    || named(&netrc::go_path(&s.env, home))
                    || s.git().is_some_and(|git| !git.helpers.is_empty())
            }
            _ => false,
        };
        has.then_some(host)
    }

    /// Whether a step came further than the failed one. Of another host, which only another way leads to, the
    /// connection says nothing of that.
    fn is_further(&self, next: &Finding) -> bool {
        let failed = self.trial.verdict;
        let is_same = next.target.host == failed.target.host;
        let hosts = [&next.target.host, &failed.target.host];
        let is_elsewhere = !is_same && hosts.iter().all(|host| host.is_some());
        failed.cause.precedes(next.cause()) && !(is_elsewhere && next.cause().layer() <= Layer::Tls)
    }

    /// Whether the step that failed is passed, and what fails next is a login that trials must not
    /// make: they ask no agent and offer no key that the agent holds, and whom they only try to
    /// trust gets no login.
    fn passed(&self, next: Option<Cause>) -> bool {
        let is_login = matches!(
            next,
            Some(
                Cause::SshKeyRejected | Cause::HttpsNoCredentials | Cause::HttpsCredentialsRejected
            )
        );
        if self.effects.trusts && is_login {
            return true;
        }
        let verdict = self.trial.verdict;
        let before_login = matches!(
            verdict.cause,
            Cause::SshHostKey | Cause::TcpTimeout | Cause::TcpRefused | Cause::TcpReset
        );
        before_login && place::is_ssh(&verdict.target) && next == Some(Cause::SshKeyRejected)
    }
}

/// Of a repository's own settings only the names are read, and none that they include.
const NAMES_ALONE: [&str; 6] = [
    "--no-pager",
    "config",
    "--local",
    "--no-includes",
    "--name-only",
    "--list",
];

/// One `module@version`, fetched.
fn module(bench: &Bench<'_>, overlay: &Overlay, at: &str) -> Result<Tool, Error> {
    let exact = at
        .rsplit_once('@')
        .is_some_and(|(_, version)| version.starts_with('v') && version.contains('.'));
    let words: &[&str] = if exact {
        &["mod", "download", "-json"]
    } else {
        &["list", "-m", "-json"]
    };
    let (go, mut flags) = match bench.go_in_project(overlay)? {
        Some(inside) => inside,
        None => (bench.go(&overlay.env, &bench.work)?, Vec::new()),
    };
    if !exact && !flags.is_empty() {
        // on the copies go may note what it looks up; a vendor directory doesn't stand for it
        flags.push("-mod=mod".to_owned());
    }
    let go = go.args(words.iter().copied()).args(flags);
    Ok(go.args([at.to_owned()]))
}

fn vendored(bench: &Bench<'_>, env: &Env, root: &Path) -> Result<Tool, Error> {
    let made = bench.vendored(root)?;
    let go = bench.go(env, made.as_deref().unwrap_or(root))?;
    let go = go.env("GOWORK", "off").env("GOFLAGS", "-mod=vendor");
    Ok(match made {
        Some(_) => go.args(["list", "-m"]),
        None => go.args(["list", "-deps", "-buildvcs=false", "./..."]),
    })
}

/// The change itself switches stamps off: go is left to heed it.
fn stamps(proposal: &Proposal) -> bool {
    proposal.makes(|change| {
        matches!(change, Change::GoEnv { key, value: Some(value) } if key == "GOFLAGS" && value.contains("-buildvcs=false"))
    })
}

/// Whether a command wants all modules of go.mod, not only those that it names.
fn wants_all(args: &[String]) -> bool {
    let mut words = args
        .iter()
        .map(String::as_str)
        .filter(|arg| !arg.starts_with('-'));
    match words.next() {
        Some("get") | None => false,
        Some("mod") => words.next() != Some("download") || words.next().is_none(),
        Some(_) => !words.any(|word| word.contains('@')),
    }
}

/// Where go keeps what it fetches.
fn is_place(key: &str) -> bool {
    matches!(
        key,
        "GOPATH" | "GOMODCACHE" | "GOCACHE" | "GOTMPDIR" | "TMPDIR"
    )
}

/// The last line that a program printed, masked.
pub(super) fn last_line(output: &tool::Output) -> Text {
    let text = if output.stderr.is_empty() {
        &output.stdout
    } else {
        &output.stderr
    };
    let text = String::from_utf8_lossy(text);
    text.lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .map_or_else(
            || msg!("it said nothing"),
            |line| crate::mask::line(line).into(),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_commands_want_all_modules() {
        let of = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            wants_all(&words)
        };
        for all in ["mod download", "mod tidy", "build ./...", "test -v ./x"] {
            assert!(of(all), "{all}");
        }
        for some in [
            "mod download m.example/x",
            "get m.example/x",
            "install m.example/x@v1.0.0",
        ] {
            assert!(!of(some), "{some}");
        }
    }
}
