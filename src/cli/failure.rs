//! What is done about a failure: shown again, mended, taken back; or read from a log.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use console::Alignment;

use super::{Common, complain, near, note, print, print_json, print_own, print_painted};
use crate::ask::Tty;
use crate::cli::Call;
use crate::config::Config;
use crate::diagnose::{self, Case, Look};
use crate::evidence::Evidence;
use crate::fix::{self, Agreed, Journal};
use crate::lang::{self, Lang, tr};
use crate::mend::{self, Ended, FixRequest, Session};
use crate::place::Place;
use crate::report::Report;
use crate::settings::{Env, leads};
use crate::state::{Remembered, State};
use crate::{exit, listing, own_rules, report, rules, sys, wrap};

/// Larger logs are read as a stream, without the user's own rules.
const OWN_RULES_UP_TO: u64 = 8 << 20;

/// The diagnosis with this id, else the last one of here.
fn remembered(id: Option<&str>) -> Result<Remembered, String> {
    let env = Env::from_process();
    let state = State::of(&env).ok();
    let found = state.and_then(|state| match id {
        Some(id) => state.by_id(id),
        None => state.last(),
    });
    let found = found.ok_or_else(|| match id {
        Some(id) => tr!(
            "no diagnosis is kept under `{id}`\nhelp: `gomend last --list` shows those that are",
            id
        ),
        None => tr!("nothing was diagnosed yet"),
    })?;
    let found = diagnose::planned(found, env);
    Ok(Remembered {
        report: found.report.masked(), // whoever wrote the file
        ..found
    })
}

/// What is kept, the newest first.
fn kept() -> Vec<Remembered> {
    let state = State::of(&Env::from_process());
    let mut all = state.map(|state| state.all()).unwrap_or_default();
    all.reverse();
    for one in &mut all {
        one.report = one.report.clone().masked();
    }
    all
}

/// For completions: the fixes of the last diagnosis, and the diagnoses.
pub(super) fn fix_ids() -> Vec<String> {
    let last = remembered(None).ok();
    let fixes = last.into_iter().flat_map(|last| last.report.fixes);
    let fixes = fixes.filter(fix::Proposal::applies).map(|fix| fix.id);
    fixes.chain(report_ids()).collect()
}

/// For completions: the diagnoses that are kept.
pub(super) fn report_ids() -> Vec<String> {
    kept().into_iter().map(|one| one.id).collect()
}

/// For completions: the changes that can be taken back.
pub(super) fn change_ids() -> Vec<String> {
    let entries = journal().ok().and_then(|journal| journal.history().ok());
    let entries = entries.unwrap_or_default().into_iter();
    let applied = entries.filter(|entry| entry.state == fix::journal::State::Applied);
    applied.map(|entry| entry.id).collect()
}

/// What was typed, or that it was a log.
fn typed(report: &Report) -> String {
    let command = report.command.as_ref();
    command.map_or_else(|| tr!("a log"), |command| command.argv.join(" "))
}

/// The diagnoses that are kept, the newest first.
pub(super) fn list(common: Common) -> Result<i32, String> {
    let kept = kept();
    if common.json {
        let entries: Vec<_> = kept
            .iter()
            .map(|one| {
                serde_json::json!({
                    "id": one.id, "time": one.report.time, "dir": one.dir, "shown": one.shown,
                    "here": one.is_of_here(), "command": typed(&one.report),
                    "cause": one.report.cause.id(), "summary": one.report.summary(),
                })
            })
            .collect();
        let all = serde_json::json!({"schema": report::SCHEMA, "reports": entries});
        print_json(&all)?;
        return Ok(if kept.is_empty() {
            exit::PROBLEM
        } else {
            exit::OK
        });
    }
    let mut text = String::new();
    for one in &kept {
        let (id, time, command) = (&one.id, &one.report.time, typed(&one.report));
        let dir = one
            .dir
            .as_ref()
            .map_or_else(String::new, |dir| dir.display().to_string());
        let mut notes = vec![dir];
        if !one.shown {
            notes.push(tr!("not shown then"));
        }
        notes.retain(|note| !note.is_empty());
        let notes = lang::list(&notes);
        // to a String: cannot fail
        let summary = wrap::fit(&one.report.summary(), 4, 4, wrap::columns(1));
        let head = wrap::fit(&format!("{id}  {time}  {command}"), 0, 4, wrap::columns(1));
        let notes = wrap::fit(&notes, 4, 4, wrap::columns(1));
        let _ = writeln!(text, "{head}\n    {notes}\n    {summary}");
    }
    if kept.is_empty() {
        return Err(tr!("nothing was diagnosed yet"));
    }
    print(&text)?;
    Ok(exit::OK)
}

/// Shows a diagnosis: the one with this id, else the last one.
pub(super) fn last(call: Call<'_>, id: Option<&str>, ticket: bool) -> Result<i32, String> {
    let found = remembered(id)?;
    let elsewhere = id.is_none() && !found.is_of_here();
    let Remembered {
        id, dir, report, ..
    } = found;
    if ticket {
        let home = Env::from_process().folder("HOME");
        print(&report::ticket(&report, home.as_deref()))?;
        return Ok(exit::OK);
    }
    if call.common.json {
        print_own(&format!("{}\n", report.to_json()))?;
        return Ok(exit::OK);
    }
    if !call.common.quiet {
        if elsewhere {
            note(&tr!(
                "nothing was diagnosed in this terminal or folder; the newest of another one:"
            ));
        }
        let argv = typed(&report);
        let time = &report.time;
        note(&match dir {
            Some(dir) => tr!(
                "{command} ({time}) in {dir}, {id}",
                command = argv,
                time,
                dir = dir.display(),
                id
            ),
            None => tr!("{command} ({time}), {id}", command = argv, time, id),
        });
    }
    print_painted(&report::render(&report, call.style(1)))?;
    Ok(exit::OK)
}

/// The journal of this user; said why, where nothing may be written.
pub(super) fn journal() -> Result<Journal, String> {
    let state = State::of(&Env::from_process()).map_err(|unusable| unusable.to_string())?;
    Ok(Journal::in_dir(state.folder()))
}

/// Mends the last diagnosis.
pub(super) fn fix(common: Common, ids: &[String], dry_run: bool, yes: bool) -> Result<i32, String> {
    let journal = journal()?;
    let (reports, fixes): (Vec<&String>, Vec<&String>) =
        ids.iter().partition(|id| Remembered::may_be_id(id));
    if reports.len() > 1 || fixes.len() > 1 {
        complain(&tr!("one diagnosis and one fix of it at a time"));
        return Ok(exit::USAGE);
    }
    let id = fixes.first().map(|id| (*id).clone());
    let found = remembered(reports.first().map(|id| id.as_str()))?;
    let elsewhere = reports.is_empty() && !found.is_of_here();
    let Remembered {
        report,
        dir,
        surroundings,
        ..
    } = found;
    if !dry_run {
        name_skipped(&journal);
        match journal.recover() {
            Ok(entries) => entries
                .iter()
                .for_each(|entry| note(&mend::recovered(entry))),
            Err(error) => {
                complain(&error.text().words());
                return Ok(exit::PROBLEM);
            }
        }
    }
    let Some(mut session) = Session::of(&report, surroundings.as_ref(), Env::from_process()) else {
        return Err(tr!("the last diagnosis is nothing that gomend could mend"));
    };
    if !common.quiet {
        if let Some(dir) = dir.filter(|_| elsewhere) {
            let dir = dir.display();
            note(&tr!(
                "of {command} in {dir}:",
                command = typed(&report),
                dir
            ));
        }
        note(&report.summary());
        session.differs().for_each(|line| note(&line));
    }
    let known = |id: &String| session.proposals().iter().any(|known| known.leads_to(id));
    if id.as_ref().is_none_or(known) {
        if dry_run {
            session.foresee();
        } else {
            let agreed = if yes { Agreed::ByYes } else { Agreed::Nothing };
            if common.quiet || common.json {
                session.verify(agreed);
            } else {
                session.verify_aloud(agreed, &mut note);
            }
        }
    } else {
        let told = tr!(
            "no fix for this is called `{id}`",
            id = id.unwrap_or_default()
        );
        let known: Vec<&str> = session
            .proposals()
            .iter()
            .map(|known| known.id.as_ref())
            .collect();
        complain(&near::with(&told, &known));
        return Ok(exit::USAGE);
    }
    let terminal = if common.no_input || common.json || yes || dry_run {
        None
    } else {
        Tty::take()
    };
    let request = FixRequest {
        id,
        dry_run,
        yes,
        ask: terminal.is_some(),
    };
    let ended = session.mend(&request, &journal, &mut terminal.unwrap_or_default());
    let (dry_run, yes) = (request.dry_run, request.yes);
    render_end(common, &session, ended, dry_run, yes)
}

/// Says what became of a fix.
fn render_end(
    common: Common,
    session: &Session,
    ended: Result<Ended, fix::Error>,
    dry_run: bool,
    yes: bool,
) -> Result<i32, String> {
    match ended {
        Ok(Ended::Applied(applied)) if common.json => {
            print_json(&applied.entry.worded(Lang::spoken())).map(|()| exit::OK)
        }
        Ok(Ended::Applied(applied)) => print(&mend::applied(&applied)).map(|()| exit::OK),
        Ok(Ended::Shown(proposals)) if common.json => {
            let lang = Lang::spoken();
            let all: Vec<_> = proposals.iter().map(|one| one.worded(lang)).collect();
            print_json(&all)?;
            Ok(if dry_run { exit::OK } else { exit::PROBLEM })
        }
        Ok(Ended::Shown(proposals)) if proposals.is_empty() => {
            print(&session.nothing())?;
            Ok(if dry_run { exit::OK } else { exit::PROBLEM })
        }
        Ok(Ended::Shown(proposals)) => {
            print(&mend::render_proposals(&proposals, dry_run))?;
            if yes {
                complain(&tr!(
                    "nothing here may be applied unasked: see what each fix says, or run it on a terminal without --yes"
                ));
            }
            Ok(if dry_run { exit::OK } else { exit::PROBLEM })
        }
        Ok(Ended::NotNow) => Ok(exit::PROBLEM),
        Ok(Ended::Interrupted) => Ok(exit::INTERRUPTED),
        Err(error) => {
            complain(&error.text().words());
            Ok(mend::code_of(&error))
        }
    }
}

/// Entries that count for nothing are named, and stop nobody.
fn name_skipped(journal: &Journal) {
    for error in journal.skipped() {
        complain(&error.text().words());
    }
}

/// Takes a fix back.
pub(super) fn undo(common: Common, id: Option<&str>) -> Result<i32, String> {
    let journal = journal()?;
    name_skipped(&journal);
    match journal.undo(id) {
        Ok(entry) if common.json => {
            print_json(&entry.worded(Lang::spoken()))?;
        }
        Ok(entry) => {
            print(&(tr!("gomend: taken back: {title}", title = entry.title.words()) + "\n"))?;
        }
        Err(error) => return Err(error.text().words()),
    }
    Ok(exit::OK)
}

/// How far an entry of the journal has come.
fn state_in_words(id: &str) -> String {
    match id {
        "pending" => tr!("pending"),
        "applied" => tr!("applied"),
        "undoing" => tr!("undoing"),
        "undone" => tr!("undone"),
        "rolled-back" => tr!("rolled-back"),
        other => other.to_owned(),
    }
}

/// What was changed, the newest first.
pub(super) fn history(common: Common) -> Result<i32, String> {
    let journal = journal()?;
    name_skipped(&journal);
    let entries = journal.history().map_err(|error| error.text().words())?;
    if common.json {
        print_json(
            &entries
                .iter()
                .map(|entry| entry.worded(Lang::spoken()))
                .collect::<Vec<_>>(),
        )?;
        return Ok(exit::OK);
    }
    let mut text = String::new();
    for entry in entries {
        let files: Vec<String> = entry
            .files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let _ = writeln!(
            text,
            "{:>4}  {}  {}  {}\n      {}",
            entry.id,
            entry.time,
            console::pad_str(&state_in_words(entry.state.id()), 11, Alignment::Left, None),
            entry.title.words(),
            files.join(", ")
        );
    }
    print(&text)?;
    Ok(exit::OK)
}

/// Explains a log from elsewhere.
pub(super) fn explain(call: Call<'_>, file: &Path, offline: bool) -> Result<i32, String> {
    if let Some(id) = file.to_str()
        && Remembered::may_be_id(id)
        && !file.exists()
    {
        return last(call, Some(id), false);
    }
    let (evidence, place) = read_log(file, call.config)?;
    let case = Case {
        evidence: &evidence,
        command: None,
        args: Vec::new(),
        go: None,
        place,
    };
    let look = if offline {
        Look::No
    } else {
        Look::Quickly {
            progress: !call.common.quiet && sys::is_terminal(2),
        }
    };
    let report = diagnose::conclude(case, Env::from_process(), call.config, look);
    if call.common.json {
        print_own(&format!("{}\n", report.to_json()))?;
    } else if report.is_not_ours() {
        complain(&tr!(
            "no failure of a module fetch is recognised in this text"
        ));
    } else {
        print_painted(&report::render(&report, call.style(1)))?;
        if let Some(table) = listing::lookups(&evidence) {
            print(&table)?;
        }
    }
    Ok(if report.is_not_ours() {
        exit::UNDECIDED
    } else {
        exit::OK
    })
}

/// Names the failures in a log of any size: with the user's own rules if it fits into
/// [`OWN_RULES_UP_TO`], else with the shipped ones alone; and whose machine that beginning speaks of.
pub(super) fn read_log(file: &Path, config: &Config) -> Result<(Evidence, Place), String> {
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(crate::file::stream(file).map_err(|error| unreadable(file, &error))?)
    };
    let mut head = Vec::new();
    let mut reader = reader;
    let mut beginning = reader.by_ref().take(OWN_RULES_UP_TO);
    beginning
        .read_to_end(&mut head)
        .map_err(|error| unreadable(file, &error))?;
    let context = rules::Context::default();
    let place = rules::place::read(&head);
    if (head.len() as u64) < OWN_RULES_UP_TO {
        let evidence = own_rules::scan(&head, &context, &Env::from_process(), config);
        return Ok((evidence, place));
    }
    let evidence = rules::stream::scan(head.chain(reader), &context)
        .map_err(|error| unreadable(file, &error))?;
    Ok((leads::settle(evidence, &Env::from_process(), true), place))
}

fn unreadable(file: &Path, error: &io::Error) -> String {
    tr!("can't read `{file}`: {error}", file = file.display(), error)
}
