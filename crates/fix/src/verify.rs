//! Trying a proposal before it is written: the narrowest failing step, with the very content
//! that would be written, in its own layer.
//!
//! In: a proposal's changes. Out: whether the step succeeds with them. A trial is execution: what goes
//! beyond the failed run ([`Effects`]) waits for consent. The user's environment, files, caches and
//! stored credentials stay as they are: a changed copy of a settings file stands in for it, modules go
//! to a throw-away cache, nothing prompts and no agent is asked (`bench.rs`). A credential that was just
//! refused is not sent again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::bench::{Bench, Overlay};
use super::check::Check;
use super::effects::{self, Consent, Effects, Identity};
use super::error::Operation;
use super::step::{self, Step};
use super::{Change, Error, Proposal, Situation, Way, place};
use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding};
use crate::lang::{Text, msg};
use crate::rules::{self, said};
use crate::settings::goenv::GoEnv;
use crate::settings::gofile;
use crate::settings::netrc::{self, Holds};
use crate::tool::{self, Cancel, End, Tool};
use crate::verdict::{self, Verdict};

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
    line: Text,
    /// The same with the step that failed.
    said: Text,
    /// Everything that was recognised.
    evidence: Evidence,
}

/// What is agreed to beyond what the failed run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// Nothing.
    Nothing,
    /// What `--yes` agrees to: never trust, a login or another program.
    ByYes,
    /// Everything that a proposal asks: a person has read it.
    All,
}

/// How a trial that somebody agreed to ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// The step succeeded.
    Works,
    /// It failed, at the same or at something behind it, or did not come to an end.
    Fails,
    /// Whether it helps shows only when it is written.
    Cannot,
}

/// What proposals are tried with.
#[derive(Debug, Clone, Copy)]
pub struct Trial<'a> {
    /// Where the command failed; its disk is looked at anew.
    pub s: &'a Situation,
    /// What is to be mended.
    pub verdict: &'a Verdict,
    /// What is agreed to.
    pub agreed: Agreed,
    /// When all of it ends.
    pub deadline: Instant,
    /// Ends it earlier.
    pub cancel: &'a Cancel,
}

/// Tries all proposals that change something, side by side, until the deadline. Where one alone
/// leads to another failure, it is combined with what helps against that one. The proven ones
/// come first afterwards.
///
/// # Panics
///
/// If a trial panics: none does, whatever the programs it runs print.
pub fn verify_all(proposals: &mut Vec<Proposal>, trial: &Trial<'_>) {
    /// Each trial starts programs of its own: more at a time only slow each other down.
    const AT_A_TIME: usize = 6;
    let s = trial.s.anew();
    let trial = Trial { s: &s, ..*trial };
    let mut combined = Vec::new();
    let mut left: Vec<&mut Proposal> = proposals
        .iter_mut()
        .filter(|proposal| proposal.applies())
        .collect();
    while !left.is_empty() {
        let rest = left.split_off(AT_A_TIME.min(left.len()));
        let ended: Vec<(TrialOutcome, Vec<Proposal>)> = std::thread::scope(|scope| {
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
        None if proposal.applies() && proposal.joint => 1,
        None => 2,
        Some(false) => 3,
    });
}

/// Tries one proposal after a person agreed to all that it [asks](Proposal::asks), and typed its
/// secret if it wants one.
pub fn verify(proposal: &mut Proposal, trial: &Trial<'_>) -> Tried {
    let s = trial.s.anew();
    let outcome = Trial { s: &s, ..*trial }.outcome(proposal);
    let tried = match outcome {
        TrialOutcome::Worked { .. } => Tried::Works,
        TrialOutcome::Failed(_) | TrialOutcome::Further(_) | TrialOutcome::Unended(_) => {
            Tried::Fails
        }
        TrialOutcome::Asks(_) | TrialOutcome::NotTried(_) => Tried::Cannot,
    };
    note(proposal, outcome);
    tried
}

/// Says of each proposal how it would be tried, or what it would ask, and tries nothing.
pub fn foresee(proposals: &mut [Proposal], verdict: &Verdict, s: &Situation) {
    let (deadline, cancel) = (Instant::now(), Cancel::default());
    let trial = Trial {
        s,
        verdict,
        agreed: Agreed::Nothing,
        deadline,
        cancel: &cancel,
    };
    for proposal in proposals.iter_mut().filter(|proposal| proposal.applies()) {
        match (trial.reserve(proposal), Check::of(proposal, verdict, s)) {
            (Some(outcome), _) => note(proposal, outcome),
            (None, Check::Nothing(why)) => note(proposal, TrialOutcome::NotTried(msg!(why))),
            (None, check) => {
                let step = check.text();
                proposal.tried = Some(msg!("would be tried: {step}", step));
            }
        }
    }
}

fn note(proposal: &mut Proposal, outcome: TrialOutcome) {
    proposal.further = matches!(outcome, TrialOutcome::Further(_));
    (proposal.verified, proposal.tried) = match outcome {
        TrialOutcome::Worked { how } => (Some(true), Some(how)),
        TrialOutcome::Failed(failure) => (Some(false), Some(failure.said)),
        TrialOutcome::Further(failure) => (None, Some(failure.said)),
        TrialOutcome::Asks(asks) => {
            let why = effects::text(&asks);
            proposal.asks = asks;
            (None, Some(msg!("not tried: {why}", why)))
        }
        TrialOutcome::Unended(why) | TrialOutcome::NotTried(why) => {
            (None, Some(msg!("not tried: {why}", why)))
        }
    };
}

/// What the failing step comes to after a change was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Afterwards {
    /// It succeeds, or nobody can tell.
    Holds,
    /// It succeeds, or fails later; what fails now.
    Further(Text),
    /// It fails as before; what it said.
    Fails(Text),
}

/// The failing step once more, with the changes made, in the real settings: what stands in a
/// shell's start-up file is not in this process's environment yet, and is added. Where it succeeds,
/// so may all that the failed command needs: what else is wrong is told of.
pub(super) fn afterwards(proposal: &Proposal, trial: &Trial<'_>) -> Afterwards {
    let s = &trial.s.anew();
    let trial = Trial { s, ..*trial };
    let verdict = trial.verdict;
    let mut effects = Effects::of(proposal, verdict, s);
    if effects.is_wish() {
        return Afterwards::Holds;
    }
    effects.network |= effects.network_by_yes || !proposal.asks.is_empty(); // agreed to
    if effects::is_typed(proposal) {
        effects.identity = Identity::User; // what else logs in there may win over what was typed
    }
    let check = Check::of(proposal, verdict, s);
    let attempt = Attempt {
        trial: &trial,
        check: &check,
        proposal,
        effects: &effects,
    };
    match attempt.run(None) {
        TrialOutcome::Further(failure) => Afterwards::Further(failure.line),
        TrialOutcome::Failed(failure) => Afterwards::Fails(failure.said),
        TrialOutcome::Unended(said) if proposal.verified == Some(true) => Afterwards::Fails(said),
        TrialOutcome::Worked { .. } => match attempt.behind() {
            Some(said) => Afterwards::Further(said),
            None => Afterwards::Holds,
        },
        TrialOutcome::Unended(_) | TrialOutcome::Asks(_) | TrialOutcome::NotTried(_) => {
            Afterwards::Holds
        }
    }
}

/// `go.mod` and `go.sum` as a go command leaves them, worked out on copies.
pub(super) fn modules(
    root: &Path,
    args: &[String],
    s: &Situation,
    deadline: Instant,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let (cancel, nothing) = (Cancel::default(), Proposal::new("", "", ""));
    let bench = Bench::new(s, deadline, &cancel)?;
    let copy = bench.copy_modules(root)?;
    let overlay = bench.overlay(&nothing, &[], &Effects::AS_THE_RUN)?;
    let tool = bench.go(&overlay.env, root)?;
    let [first, second, rest @ ..] = args else {
        return Ok(Vec::new());
    };
    // which version is the latest, the user's own cache may not know
    let tool = if second == "tidy" {
        tool
    } else {
        bench.proxied(tool, &s.goenv, true)
    };
    let flag = format!("-modfile={}", copy.join("go.mod").display());
    let out = copy.join("vendor");
    let vendors = second == "vendor";
    let into = vendors.then(|| ["-o".to_owned(), out.to_string_lossy().into_owned()]);
    let output = tool
        .args([first.clone(), second.clone(), flag])
        .args(into.into_iter().flatten())
        .args(rest.iter().cloned())
        .run(deadline, &cancel)
        .map_err(Error::Tool)?;
    if !output.succeeded() {
        let said = last_line(&output);
        return Err(Error::GoFailed(said));
    }
    let mut files = Vec::new();
    if vendors {
        let vendor = root.join("vendor");
        tree(&out, &vendor, &mut files).map_err(Error::io(Operation::READ, &out))?;
        // what go would take away would be built with what it writes anew
        let written: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        let gone = count(&vendor, &|path| !written.contains(path));
        return match gone {
            0 => Ok(files),
            gone => Err(Error::WouldRemove(vendor, gone)),
        };
    }
    for name in ["go.mod", "go.sum"] {
        if let Ok(bytes) = fs::read(copy.join(name)) {
            files.push((root.join(name), bytes));
        }
    }
    Ok(files)
}

/// How many files below a folder are such; what can't be listed has none.
fn count(folder: &Path, is_one: &dyn Fn(&Path) -> bool) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => count(&path, is_one),
            _ => usize::from(is_one(&path)),
        }
    };
    entries.map(of).sum()
}

/// Every file below a folder that go has just made, in the order of the names, as it is to stand below
/// another one.
fn tree(from: &Path, to: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> std::io::Result<()> {
    let mut entries = fs::read_dir(from)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            tree(&entry.path(), &path, files)?;
        } else {
            files.push((path, fs::read(entry.path())?));
        }
    }
    Ok(())
}

impl Trial<'_> {
    fn outcome(&self, proposal: &Proposal) -> TrialOutcome {
        if let Some(outcome) = self.reserve(proposal) {
            return outcome;
        }
        let mut effects = Effects::of(proposal, self.verdict, self.s);
        effects.network |= match self.agreed {
            Agreed::Nothing => false,
            Agreed::ByYes => effects.network_by_yes,
            Agreed::All => true,
        };
        match step::prepare(&proposal.changes, self.s, self.deadline) {
            Ok(steps) if steps.is_empty() => {
                TrialOutcome::NotTried(msg!("everything is as it would be already"))
            }
            Ok(steps) => {
                let attempt = Attempt {
                    trial: self,
                    check: &Check::of(proposal, self.verdict, self.s),
                    proposal,
                    effects: &effects,
                };
                attempt.run(Some(&steps))
            }
            Err(error) => TrialOutcome::NotTried(error.text()),
        }
    }

    /// Why it is not tried now, if so.
    fn reserve(&self, proposal: &Proposal) -> Option<TrialOutcome> {
        let effects = Effects::of(proposal, self.verdict, self.s);
        let agreed = match self.agreed {
            Agreed::Nothing => effects.asks.is_empty(),
            Agreed::ByYes => effects.by_yes,
            Agreed::All => true,
        };
        if effects.is_wish() || !agreed {
            return Some(TrialOutcome::Asks(effects.asks));
        }
        self.restraint(proposal).map(TrialOutcome::NotTried)
    }

    /// The outcome of one proposal, and what it can be combined with.
    fn with_next(&self, proposal: &Proposal) -> (TrialOutcome, Vec<Proposal>) {
        let outcome = self.outcome(proposal);
        let more = match &outcome {
            TrialOutcome::Failed(failure) | TrialOutcome::Further(failure) => {
                self.combine(proposal, &failure.evidence)
            }
            _ => Vec::new(),
        };
        (outcome, more)
    }

    /// Why nothing may be tried.
    fn restraint(&self, proposal: &Proposal) -> Option<Text> {
        if proposal.makes(|change| matches!(change, Change::Netrc { password: None, .. })) {
            return Some(msg!("it needs a secret first"));
        }
        let brings_secret = effects::is_typed(proposal);
        let other_way = proposal.way == Way::OtherProtocol;
        let refused = matches!(self.verdict.cause, Cause::HttpsCredentialsRejected);
        if refused && !brings_secret && !other_way {
            return Some(msg!("it would send the refused credential again"));
        }
        let of_sums = |change: &Change| {
            let path = change.path(self.s);
            path.is_some_and(|path| path.ends_with("go.sum"))
        };
        if gofile::workspace(&self.s.env, &self.s.dir).is_some() && proposal.makes(of_sums) {
            return Some(msg!("in a workspace it shows when it is written"));
        }
        let goes = |change: &Change| {
            let mut exported = change.exported().into_iter();
            exported.any(|(name, value)| name == "GIT_DIR" && value.is_none())
        };
        if self.s.env.os("GIT_DIR").is_some() && !proposal.makes(goes) {
            return Some(msg!(
                "GIT_DIR is set (a git hook): go would act on that repository"
            ));
        }
        None
    }

    /// A key that is set for git and doesn't hold for the server that failed: git compares URLs by
    /// rules of its own.
    fn unmatched(&self, proposal: &Proposal) -> Option<Text> {
        let target = &self.verdict.target;
        let host = target.host.as_deref()?;
        let url = match target.url.as_deref() {
            Some(url) if url.starts_with("http") => url.to_owned(),
            _ => {
                let port = target
                    .port
                    .map_or_else(String::new, |port| format!(":{port}"));
                format!("https://{host}{port}/")
            }
        };
        let mut keys = proposal.changes.iter().filter_map(|change| match change {
            Change::GitConfig { key, value } if key.starts_with("http.") => Some((key, value)),
            _ => None,
        });
        let (key, _) = keys.find(|(key, value)| {
            let name = key.rsplit('.').next().unwrap_or_default();
            let set = format!("{key}={value}");
            let name = format!("http.{name}");
            let ask = ["-c", &set, "config", "--get-urlmatch", &name, &url];
            let output = Tool::new("git", &self.s.env, Path::new(tool::NOWHERE))
                .and_then(|git| git.args(ask).run(self.deadline, self.cancel));
            // where git can't be asked, the trial itself tells
            output.is_ok_and(|output| {
                matches!(output.end, End::Exit(_)) && output.text().trim_end() != value.as_str()
            })
        })?;
        Some(msg!("git does not apply {key} to {url}", key, url))
    }

    /// Where a change leads to another failure: the change together with what helps there.
    fn combine(&self, first: &Proposal, evidence: &Evidence) -> Vec<Proposal> {
        let next = verdict::decide(evidence, &[]);
        // what a server says may look like trouble of this machine: nothing is made of that
        let is_far = (Layer::Dns..=Layer::Routing).contains(&next.cause.layer());
        // whoever answers there now may be somebody else: nothing leads round that
        let is_stop = next.cause == Cause::SshHostKey;
        if next.cause == self.verdict.cause || !is_far || is_stop {
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
                super::preview(&mut both, self.s);
                let outcome = self.outcome(&both);
                note(&mut both, outcome);
                both
            })
            .filter(|both| both.verified != Some(false))
            .collect()
    }
}

/// One run of a check.
struct Attempt<'a> {
    trial: &'a Trial<'a>,
    check: &'a Check,
    proposal: &'a Proposal,
    effects: &'a Effects,
}

impl Attempt<'_> {
    /// Runs it; `steps`: before they are written, else after.
    fn run(&self, steps: Option<&[Step]>) -> TrialOutcome {
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
    fn behind(&self) -> Option<Text> {
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
        let (s, env) = (self.trial.s, &overlay.env);
        let network = self.effects.network;
        let tool = match self.check {
            Check::Nothing(_) => unreachable!("what can't be tried isn't run"),
            Check::Module(at) => {
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
                    None => (bench.go(env, &bench.work)?, Vec::new()),
                };
                if !exact && !flags.is_empty() {
                    // on the copies go may note what it looks up; a vendor directory doesn't stand for it
                    flags.push("-mod=mod".to_owned());
                }
                go.args(words.iter().copied())
                    .args(flags)
                    .args([at.clone()])
            }
            Check::Remote(url) => {
                Bench::git(env, &bench.work)?.args(["ls-remote", "-q", "--", url, "HEAD"])
            }
            // of the repository's own settings only the names are read, and none that they include
            Check::Repository(dir) => Bench::git(env, dir)?.args([
                "--no-pager",
                "config",
                "--local",
                "--no-includes",
                "--name-only",
                "--list",
            ]),
            Check::Download(root) => {
                let (go, flags) = match bench.go_in_project(overlay)? {
                    Some(inside) => inside,
                    None => (bench.go(env, &bench.copy_modules(root)?)?, Vec::new()),
                };
                // where the cache itself is at fault, it serves nothing
                let cures_cache = |change: &Change| matches!(change, Change::MoveAside { .. });
                let go = if self.proposal.makes(cures_cache) {
                    go
                } else {
                    bench.proxied(go, &GoEnv::read(env, s.go.as_deref()), network)
                };
                go.args(["mod", "download"]).args(flags)
            }
            Check::Vendored(root) => {
                let made = bench.vendored(root)?;
                let go = bench.go(env, made.as_deref().unwrap_or(root))?;
                let go = go.env("GOWORK", "off").env("GOFLAGS", "-mod=vendor");
                match made {
                    Some(_) => go.args(["list", "-m"]),
                    None => go.args(["list", "-deps", "-buildvcs=false", "./..."]),
                }
            }
            // the build cache and the folder for temporary files
            Check::Places => bench
                .go(env, &bench.work)?
                .args(["list", "-compiled", "errors"]),
            Check::Toolchain(root) => {
                // empty counts as unset: the settings file decides
                let choice = env.var("GOTOOLCHAIN").unwrap_or_default().to_owned();
                bench
                    .go(env, &bench.copy_modules(root)?)?
                    .env("GOTOOLCHAIN", &choice)
                    .args(["list", "-m"])
            }
            Check::Listing { root, deps } => {
                let copy = match &overlay.modules {
                    Some(changed) => changed.clone(),
                    None => bench.copy_modules(root)?,
                };
                let settings = GoEnv::read(env, s.go.as_deref());
                let mut go = bench.proxied(bench.go(env, root)?, &settings, network);
                let flags = env.var("GOFLAGS").unwrap_or_default();
                go = go.env("GOFLAGS", flags).args(["list"]);
                if *deps {
                    go = go.args(["-deps"]);
                }
                if matches!(s.args.first().map(String::as_str), Some("test" | "vet")) {
                    go = go.args(["-test"]); // what tests import counts
                }
                if let Some(tags) = s.build_flag("tags") {
                    go = go.args([format!("-tags={tags}")]);
                }
                let work = gofile::workspace(env, &s.dir);
                if let Some(work) = &work {
                    let copy = bench.copy_workspace(work)?;
                    go = go.env("GOWORK", &copy.to_string_lossy());
                }
                // go may ask git about the project, as it does with the very change
                if !stamps(self.proposal) && s.go_at_least(18) {
                    go = go.args(["-buildvcs=false"]); // git would run what the repository names
                }
                if work.is_none() {
                    // a copy: `-mod=mod` would write the project's own
                    go = go.args([format!("-modfile={}", copy.join("go.mod").display())]);
                }
                go.args(["./..."])
            }
        };
        Ok(tool)
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
                if !effects.network && next == Some(Cause::GoproxyDisabled) {
                    return TrialOutcome::Asks(effects.tells.clone()); // what is missing here has to be fetched
                }
                let line = evidence.findings.first().map_or_else(
                    || last_line(output),
                    |finding| said::without_json_field(&finding.text).into(),
                );
                let cause = self.trial.verdict.cause;
                let is_further = next.is_some_and(|next| cause.precedes(next));
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

/// Two proposals as one.
fn together(first: &Proposal, second: Proposal) -> Proposal {
    let mut both = Proposal {
        id: [&*first.id, super::proposal::JOINT, &*second.id].concat(),
        title: msg!(
            "{first}, and {second}",
            first = first.title,
            second = second.title.within()
        ),
        why: Text::sentences([&first.why, &second.why]),
        risk: first.risk.max(second.risk),
        way: if first.way == Way::Same {
            second.way
        } else {
            first.way
        },
        joint: true,
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
    both.asks.extend(second.asks);
    both.settings.extend(second.settings);
    both.gives_up.extend(second.gives_up);
    both
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
fn last_line(output: &tool::Output) -> Text {
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
    use crate::evidence::{Role, Target};

    #[test]
    fn a_key_without_the_port_is_none_for_git() {
        let env = [("PATH", std::env::var("PATH").unwrap())];
        let s = Situation {
            env: env
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect(),
            ..Situation::default()
        };
        let target = Target {
            role: Role::VcsHttps,
            host: Some("git.corp.example".into()),
            port: Some(8444),
            ..Target::default()
        };
        let verdict = Verdict::of(Cause::TlsUnknownAuthority, target);
        let cancel = Cancel::default();
        let trial = Trial {
            s: &s,
            verdict: &verdict,
            agreed: Agreed::Nothing,
            deadline: Instant::now() + super::super::PATIENCE,
            cancel: &cancel,
        };
        let with = |key: String| {
            Proposal::new("ca", "", "").change(Change::GitConfig {
                key,
                value: "/ca.pem".into(),
            })
        };
        let bare = with("http.https://git.corp.example/.sslCAInfo".into());
        assert!(trial.unmatched(&bare).is_some());
        let key = super::super::git::http_key(&verdict.target, "git.corp.example", "sslCAInfo");
        assert_eq!(key, "http.https://git.corp.example:8444/.sslCAInfo");
        assert_eq!(trial.unmatched(&with(key)), None);
    }

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
