//! `gomend fix`, `undo` and `history`: from a remembered report to changes and back.
//!
//! In: a report, a person or `--yes`. Out: words and an exit code. Planning starts anew from the
//! report's cause, target and observations, so that what is offered fits the files as they are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::ask::{self, Choice, Terminal, Tty};
use crate::cause::{Cause, Layer};
use crate::evidence::{Role, Target};
use crate::exit;
use crate::fix::{
    self, Agreed, Applied, Entry, Error, Journal, Need, Proposal, Situation, Tried, Way,
};
use crate::lang::tr;
use crate::mask;
use crate::probe::Stack;
use crate::report::{Command as Failed, Report};
use crate::settings::Env;
use crate::surroundings::{Difference, Surroundings};
use crate::tool::Cancel;
use crate::verdict::{Reason, Verdict};

/// What `gomend fix` was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct FixRequest {
    /// Only this fix.
    pub(crate) id: Option<String>,
    /// Show what would be done, and do nothing.
    pub(crate) dry_run: bool,
    /// Apply without asking what is proven, reversible and touches neither secrets nor trust.
    pub(crate) yes: bool,
    /// A person may be asked.
    pub(crate) ask: bool,
}

/// How a fix ended: for the exit code and for `--json`.
#[derive(Debug)]
pub(crate) enum Ended {
    /// It was applied.
    Applied(Box<Applied>),
    /// These were shown; nothing was changed.
    Shown(Vec<Proposal>),
    /// The person decided against it.
    NotNow,
    /// Ctrl-C.
    Interrupted,
}

/// A failure, ready to be mended.
pub(crate) struct Session {
    verdict: Verdict,
    situation: Situation,
    proposals: Vec<Proposal>,
    /// Where the failed run's environment and the present one differ.
    differences: Vec<Difference>,
}

impl Session {
    /// From a report; nothing for a report that is none of our business. The project's wishes
    /// stand behind what helps.
    pub(crate) fn of(
        report: &Report,
        surroundings: Option<&Surroundings>,
        present: Env,
    ) -> Option<Self> {
        if report.is_not_ours() {
            return None;
        }
        let (env, differences) = match surroundings {
            Some(ran) => ran.again(present.clone()),
            None => (present.clone(), Vec::new()),
        };
        let verdict = report.judged();
        let command = report.command.as_ref();
        let dir = command.and_then(Failed::folder);
        let dir = dir.unwrap_or_else(|| PathBuf::from("."));
        let go = command
            .and_then(|command| command.go.as_ref())
            .map(PathBuf::from);
        let args = command
            .map(|command| command.argv.iter().skip(1).cloned().collect())
            .unwrap_or_default();
        let said = report.evidence.first();
        let situation = Situation {
            args,
            line: said.map(|entry| entry.text.clone()).unwrap_or_default(),
            foreign: said.is_none_or(|entry| entry.foreign),
            answer: said
                .and_then(|entry| entry.answer.clone())
                .unwrap_or_default(),
            saved: command.is_none(),
            observations: report.probes.clone(),
            present: Some(present),
            ..Situation::look(env, &dir, go.as_deref())
        };
        let mut proposals = fix::plan(&verdict, &situation);
        proposals.extend(fix::wishes(&situation));
        Some(Self {
            verdict,
            situation,
            proposals,
            differences,
        })
    }

    /// A GOPROXY that was measured to be better, as something to mend; `at` is the module that it
    /// is tried with.
    pub(crate) fn of_measured(
        list: &str,
        why: &str,
        at: (&str, &str),
        situation: Situation,
    ) -> Self {
        let (module, version) = at;
        let target = Target {
            role: Role::Goproxy,
            module: Some(module.to_owned()),
            version: Some(version.to_owned()),
            ..Target::default()
        };
        Self {
            verdict: Verdict {
                stack: Stack::Go,
                ..Verdict::of(Cause::GoproxyStatus, target)
            },
            proposals: vec![fix::measured(list, why, &situation)],
            situation,
            differences: Vec::new(),
        }
    }

    /// What is another now than in the failed run, a line each.
    pub(crate) fn differs(&self) -> impl Iterator<Item = String> {
        self.differences.iter().map(|one| {
            let name = &one.name;
            let [then, now] = [&one.then, &one.now].map(|value| value.as_deref().map(mask::line));
            match (then, now) {
                (Some(then), _) if one.is_lost() => tr!(
                    "nothing is tried unasked: the failed run had {name}={then}, whose secret is not kept",
                    name,
                    then
                ),
                (Some(then), Some(now)) => tr!(
                    "tried with {name}={then}, as in the failed run; here it is {now}",
                    name,
                    then,
                    now
                ),
                (Some(then), None) => tr!(
                    "tried with {name}={then}, as in the failed run; here it is not set",
                    name,
                    then
                ),
                (None, now) => tr!(
                    "tried without {name}, as in the failed run; here it is {now}",
                    name,
                    now = now.as_deref().unwrap_or_default()
                ),
            }
        })
    }

    /// The only proposal, applied without asking if it was tried and works; else it is shown.
    pub(crate) fn apply_proven(&self, journal: &Journal) -> Result<Ended, Error> {
        match self.proposals.as_slice() {
            [proposal] if proposal.verified == Some(true) => self
                .apply(proposal, journal)
                .map(|done| Ended::Applied(Box::new(done))),
            proposals => Ok(Ended::Shown(proposals.to_vec())),
        }
    }

    /// Whether something can be tried that nobody needs to agree to.
    fn has_trials(&self) -> bool {
        self.lost().is_empty() && self.proposals.iter().any(Proposal::may_be_tried)
    }

    /// What the failed run had and nobody has any more: a trial without it would be of another run.
    fn lost(&self) -> Vec<&str> {
        let lost = self.differences.iter().filter(|one| one.is_lost());
        lost.map(|one| one.name.as_str()).collect()
    }

    /// As [`verify`](Self::verify); `say` hears what is tried, and what of it does not help.
    pub(crate) fn verify_aloud(&mut self, agreed: Agreed, say: &mut dyn FnMut(&str)) {
        if !self.has_trials() {
            return self.verify(agreed);
        }
        let titles: Vec<String> = self
            .proposals
            .iter()
            .filter(|proposal| proposal.may_be_tried())
            .map(|proposal| proposal.title.words())
            .collect();
        say(&tr!(
            "trying, {seconds} s at most: {titles}",
            seconds = fix::PATIENCE.as_secs(),
            titles = titles.join(&tr!("between things that are tried" => "; "))
        ));
        self.verify(agreed);
        for proposal in &self.proposals {
            let title = proposal.title.words();
            match (proposal.verified, &proposal.tried) {
                (Some(true), _) => say(&tr!("it works: {title}", title)),
                (Some(false), Some(said)) => {
                    let said = said.words();
                    say(&tr!("it does not help: {title} ({said})", title, said));
                }
                (None, Some(said)) if proposal.further => {
                    let said = said.words();
                    say(&tr!("it helps only so far: {title} ({said})", title, said));
                }
                _ => {}
            }
        }
    }

    /// Tries everything within [`fix::PATIENCE`] that goes no further than is agreed to.
    pub(crate) fn verify(&mut self, agreed: Agreed) {
        let lost = self.lost();
        if !lost.is_empty() {
            let why = gomend_lang::msg!(
                "the failed run had a secret in {names}, which is not kept: set it here, or run the command again and fix it there",
                names = lost.join(", ")
            );
            for proposal in self.proposals.iter_mut().filter(|one| one.applies()) {
                proposal.tried = Some(why.clone());
            }
            return;
        }
        if agreed == Agreed::All {
            for proposal in &mut self.proposals {
                try_it(proposal, &self.verdict, &self.situation);
            }
            return;
        }
        let trial = fix::Trial {
            s: &self.situation,
            verdict: &self.verdict,
            agreed,
            deadline: Instant::now() + fix::PATIENCE,
            cancel: &Cancel::default(),
        };
        fix::verify_all(&mut self.proposals, &trial);
    }

    /// Says how each would be tried, or what it would ask; nothing is started.
    pub(crate) fn foresee(&mut self) {
        fix::foresee(&mut self.proposals, &self.verdict, &self.situation);
    }

    /// The proposals as they stand.
    pub(crate) fn proposals(&self) -> &[Proposal] {
        &self.proposals
    }

    /// What stands where nothing can be offered: who can mend it, and what to ask them.
    pub(crate) fn nothing(&self) -> String {
        let target = &self.verdict.target;
        let host = target.host.clone();
        let host = host.unwrap_or_else(|| tr!("the server"));
        let reason = self.verdict.reason;
        let told = match self.verdict.cause.layer() {
            _ if reason.is_some_and(Reason::is_refusal) => tr!(
                "nothing to change here: the people who run {host} decided this; ask them whether it may be allowed",
                host
            ),
            _ if reason.is_some_and(Reason::is_outage) => tr!(
                "nothing to change here: {host} is in trouble; ask the people who run it when it is over",
                host
            ),
            Layer::Local | Layer::Tool => tr!(
                "nothing that gomend can change: this machine is at fault; ask whoever administers it"
            ),
            Layer::Module => tr!(
                "nothing that gomend can change: the module or go.mod is at fault; ask the module's author whether this version exists"
            ),
            _ => tr!(
                "nothing that gomend can change: ask the people who run {host} or the network whether it can be reached",
                host
            ),
        };
        format!("gomend: {told}\n")
    }

    /// Carries out a request. Text goes to the terminal.
    pub(crate) fn mend(
        &mut self,
        request: &FixRequest,
        journal: &Journal,
        terminal: &mut dyn Terminal,
    ) -> Result<Ended, Error> {
        if let Some(id) = &request.id {
            self.proposals.retain(|proposal| proposal.id == *id);
        }
        if request.dry_run {
            return Ok(Ended::Shown(self.proposals.clone()));
        }
        if request.yes {
            let proven: Vec<&Proposal> = self
                .proposals
                .iter()
                .filter(|proposal| proposal.unattended())
                .collect();
            if let [chosen, others @ ..] = proven.as_slice()
                && !others.is_empty()
            {
                terminal.say(&ask::said(&chose(chosen, others)));
            }
            return match proven.first().map(|chosen| (*chosen).clone()) {
                Some(proposal) => self
                    .apply(&proposal, journal)
                    .map(|done| Ended::Applied(Box::new(done))),
                None => Ok(Ended::Shown(self.proposals.clone())),
            };
        }
        if !request.ask {
            return Ok(Ended::Shown(self.proposals.clone()));
        }
        self.ask(request.id.as_deref(), journal, terminal)
    }

    /// The menu, until something was applied or the person has had enough.
    /// `id`: one that was named, and needs no menu.
    fn ask(
        &mut self,
        id: Option<&str>,
        journal: &Journal,
        terminal: &mut dyn Terminal,
    ) -> Result<Ended, Error> {
        if let Some(id) = id
            && let Some(named) = self.proposals.iter().find(|one| one.id == *id)
            && (!named.applies() || named.verified == Some(false))
        {
            return Ok(Ended::Shown(self.proposals.clone()));
        }
        loop {
            let choice = match id {
                Some(id) => ask::one(&self.proposals, id, terminal),
                None => ask::menu(&self.proposals, terminal),
            };
            let index = match choice {
                Choice::NotNow => return Ok(Ended::NotNow),
                Choice::Interrupted => return Ok(Ended::Interrupted),
                Choice::Apply(index) => index,
            };
            let Some(mut proposal) = ask::secrets(&self.proposals[index], terminal) else {
                continue;
            };
            let has_secret = proposal.needs.contains(&Need::Secret);
            if has_secret {
                fix::preview(&mut proposal, &self.situation); // with the name that was typed
            }
            let waits = has_secret || !proposal.asks.is_empty();
            terminal.release(); // Ctrl-C ends a trial
            if waits && !ask::is_wish(&proposal) {
                let title = proposal.title.words();
                terminal.say(&ask::said(&tr!("trying: {title}", title)));
            }
            if waits && try_it(&mut proposal, &self.verdict, &self.situation) == Tried::Fails {
                let said = proposal
                    .tried
                    .map_or_else(|| tr!("it is refused"), |tried| tried.words());
                let told = if has_secret {
                    tr!("not stored, it does not work: {said}", said)
                } else {
                    self.proposals[index].verified = Some(false);
                    if proposal.further {
                        tr!("not written, it does not help alone: {said}", said)
                    } else {
                        tr!("not written, it does not work: {said}", said)
                    }
                };
                terminal.say(&ask::said(&told));
                continue;
            }
            if proposal.verified == Some(true) && fix::is_worked_out_by_go(&proposal) {
                fix::work_out(&mut proposal, &self.situation);
                match ask::agreed(&proposal, terminal) {
                    ask::Key::Char('y' | 'Y') => {}
                    ask::Key::Interrupt => return Ok(Ended::Interrupted),
                    _ => return Ok(Ended::NotNow),
                }
            } else if waits && proposal.verified == Some(true) {
                terminal.say(&ask::said(&tr!("it works, and is written now")));
            }
            match self.apply(&proposal, journal) {
                Ok(applied) => return Ok(Ended::Applied(Box::new(applied))),
                Err(error @ Error::StillFails(_)) => {
                    terminal.say(&ask::said(&error.text().words()));
                    self.proposals[index].verified = Some(false);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn apply(&self, proposal: &Proposal, journal: &Journal) -> Result<Applied, Error> {
        fix::apply(proposal, &self.verdict, &self.situation, journal)
    }
}

/// Why one of several proven fixes is taken.
fn chose(chosen: &Proposal, others: &[&Proposal]) -> String {
    let title = chosen.title.words();
    let ids: Vec<&str> = others.iter().map(|other| other.id.as_str()).collect();
    let others_ids = ids.join(", ");
    if chosen.way == Way::Same && others.iter().all(|other| other.way != Way::Same) {
        tr!(
            "several fixes are proven; taken: {title}, because it mends what is set and goes no other way (left: {others})",
            title,
            others = others_ids
        )
    } else if others.iter().all(|other| chosen.risk < other.risk) {
        tr!(
            "several fixes are proven; taken: {title}, because it changes the least (left: {others})",
            title,
            others = others_ids
        )
    } else {
        tr!(
            "several fixes are proven; taken: {title}, because it is closest to what is set now (left: {others})",
            title,
            others = others_ids
        )
    }
}

/// Tries what a person agreed to.
fn try_it(proposal: &mut Proposal, verdict: &Verdict, situation: &Situation) -> Tried {
    let trial = fix::Trial {
        s: situation,
        verdict,
        agreed: Agreed::All,
        deadline: Instant::now() + fix::PATIENCE,
        cancel: &Cancel::default(),
    };
    fix::verify(proposal, &trial)
}

/// The exit code of an error: a fix that was rolled back has its own.
pub(crate) fn code_of(error: &Error) -> i32 {
    match error {
        Error::StillFails(_) => exit::ROLLED_BACK,
        _ => exit::PROBLEM,
    }
}

/// Offers the menu after a diagnosis that a person is looking at, applies what they choose, and
/// offers to run the command again. go's own exit code stands, whatever happens here.
pub(crate) fn offer(report: &Report, env: Env, journal: &Journal, argv: &[OsString]) {
    if Tty::take().is_none() {
        return;
    }
    match journal.recover() {
        Ok(entries) => entries.iter().for_each(|entry| {
            Tty::default().say(&ask::said(&recovered(entry)));
        }),
        Err(error) => return Tty::default().say(&ask::said(&error.text().words())),
    }
    let Some(mut session) = Session::of(report, None, env) else {
        return;
    };
    if !session.proposals.iter().any(Proposal::applies) {
        return;
    }
    session.verify_aloud(Agreed::Nothing, &mut |text| {
        Tty::default().say(&ask::said(text));
    });
    let Some(mut terminal) = Tty::take() else {
        return; // somebody types on already
    };
    let request = FixRequest {
        ask: true,
        ..FixRequest::default()
    };
    match session.mend(&request, journal, &mut terminal) {
        Ok(Ended::Applied(done)) => {
            terminal.say(&applied(&done));
            again(argv, &mut terminal);
        }
        Ok(_) => {}
        Err(error) => terminal.say(&ask::said(&error.text().words())),
    }
}

/// That a change was taken back because nobody had finished it.
pub(crate) fn recovered(entry: &Entry) -> String {
    tr!(
        "taken back, because gomend was interrupted in the middle of it: {title}",
        title = entry.title.words()
    )
}

/// What was done, how to take it back, what this shell has to be told, and what fails next.
pub(crate) fn applied(applied: &Applied) -> String {
    let done = tr!(
        "done: {title}; `gomend undo {id}` takes it back",
        title = applied.entry.title.words(),
        id = applied.entry.id
    );
    let mut lines = vec![done];
    if !applied.here.is_empty() {
        let told = tr!(
            "this shell does not know it yet (new ones do); type: {lines}",
            lines = applied.here.join("; ")
        );
        lines.push(told);
    }
    if let Some(said) = &applied.next {
        let told = tr!("it gets further, and then: {said}", said = said.words());
        lines.push(told);
    }
    format!("gomend: {}\n", lines.join("\ngomend: "))
}

/// Proposals that were not carried out, as text.
pub(crate) fn render_proposals(proposals: &[Proposal], whole: bool) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for proposal in proposals {
        let standing = match proposal.verified {
            Some(true) => tr!("tried: it works"),
            Some(false) => tr!("tried: it does not help"),
            None if proposal.further => tr!("tried: it gets further, and fails there"),
            None => tr!("not tried"),
        };
        let title = tr!(
            "{title} ({standing})",
            title = proposal.title.words(),
            standing
        );
        let _ = writeln!(text, "{}  {title}", proposal.id); // to a String: cannot fail
        if let Some(tried) = &proposal.tried {
            let _ = writeln!(text, "    # {}", tried.words());
        }
        text += &ask::recipe(proposal);
        let many = !whole && proposal.edits.len() > ask::MOST_WHOLE;
        for edit in &proposal.edits {
            if many {
                let _ = writeln!(text, "    {}", ask::counted(edit));
                continue;
            }
            let _ = writeln!(text, "    {}", edit.file);
            for line in edit.diff.lines() {
                let _ = writeln!(text, "      {line}");
            }
        }
        if many {
            let id = &proposal.id;
            let told = tr!("every line: `gomend fix {id} --dry-run`", id);
            let _ = writeln!(text, "    # {told}");
        }
    }
    text
}

/// Runs the command again, through whatever `go` is on PATH: the shim, if it is installed.
fn again(argv: &[OsString], terminal: &mut dyn Terminal) {
    let Some((program, rest)) = argv.split_first() else {
        return;
    };
    let words: Vec<String> = argv
        .iter()
        .map(|arg| fix::quote(&arg.to_string_lossy()))
        .collect();
    let question = tr!(
        "run `{command}` again?  r  run    Enter  no",
        command = words.join(" ")
    );
    if !ask::one_key(&format!("gomend: {question}\n"), 'r', terminal) {
        return;
    }
    terminal.release();
    let name = Path::new(program).file_name().unwrap_or(program);
    // where it was typed, and so where we are
    if let Err(error) = Command::new(name).args(rest).status() {
        let told = tr!("can't run `{program}`: {error}", program = words[0], error);
        terminal.say(&format!("gomend: {told}\n"));
    }
}
