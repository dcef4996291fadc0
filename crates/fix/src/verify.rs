//! Trying a proposal before it is written: the narrowest failing step, with the very content
//! that would be written, in its own layer.
//!
//! In: a proposal's changes. Out: whether the step succeeds with them. A trial is execution: what goes
//! beyond the failed run ([`Effects`]) waits for consent. The user's environment, files, caches and
//! stored credentials stay as they are: a changed copy of a settings file stands in for it, modules go
//! to a throw-away cache, nothing prompts and no agent is asked (`bench.rs`). A credential that was just
//! refused is not sent again.

use std::path::Path;
use std::time::Instant;

use super::attempt::{Attempt, TrialOutcome};
use super::check::Check;
use super::effects::{self, Effects, Identity};
use super::step;
use super::{Change, Proposal, Situation, Way};
use crate::cause::{Cause, Layer};
use crate::evidence::Evidence;
use crate::lang::{Text, msg};
use crate::settings::gofile;
use crate::tool::{self, Cancel, End, Tool};
use crate::verdict::{self, Verdict};

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
    pub(super) fn unmatched(&self, proposal: &Proposal) -> Option<Text> {
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
            .filter(|second| !edits_a_line_of(second, first))
            .filter_map(|second| {
                let mut both = together(first, second);
                super::preview(&mut both, self.s);
                let outcome = self.outcome(&both);
                let is_useless = match &outcome {
                    TrialOutcome::Failed(_) => true,
                    // no further than the first one alone
                    TrialOutcome::Further(failure) => !failure
                        .cause()
                        .is_some_and(|cause| next.cause.precedes(cause)),
                    _ => false,
                };
                note(&mut both, outcome);
                (!is_useless).then_some(both)
            })
            .collect()
    }
}

/// Whether two proposals edit the same line, so that they are not to be had together.
fn edits_a_line_of(one: &Proposal, other: &Proposal) -> bool {
    let lines = |proposal: &Proposal| {
        let lines = proposal.changes.iter().filter_map(|change| match change {
            Change::Line { file, number, .. } => Some((file.clone(), *number)),
            _ => None,
        });
        lines.collect::<Vec<_>>()
    };
    let edited = lines(other);
    lines(one).iter().any(|line| edited.contains(line))
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
}
