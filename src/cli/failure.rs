//! What is done about a failure: shown again, mended, taken back; or read from a log.

use std::fmt::Write as _;
use std::io::{self, Read};
use std::path::Path;

use console::Alignment;

use super::{Common, complain, json, note, print, print_own, print_painted, style};
use crate::ask::Tty;
use crate::config::Config;
use crate::diagnose::{self, Case, Look};
use crate::evidence::Evidence;
use crate::fix::Journal;
use crate::lang::{Lang, tr};
use crate::mend::{self, Bench, Ended, Wish};
use crate::place::Place;
use crate::settings::Env;
use crate::state::{Remembered, State};
use crate::world::World;
use crate::{catalogue, exit, report, rules, sys};

/// Larger logs are read as a stream, without the user's own rules.
const OWN_RULES_UP_TO: u64 = 8 << 20;

/// The last diagnosis that was shown here.
fn remembered() -> Option<Remembered> {
    let env = Env::from_process();
    let last = State::of(&env).ok()?.last()?;
    let last = diagnose::planned(last, env);
    Some(Remembered {
        report: last.report.masked(), // whoever wrote the file
        ..last
    })
}

/// Shows the last diagnosis.
pub(super) fn last(
    world: &World,
    config: &Config,
    common: Common,
    ticket: bool,
) -> Result<i32, String> {
    let Some(Remembered {
        id, dir, report, ..
    }) = remembered()
    else {
        return Err(tr!("nothing was diagnosed yet"));
    };
    if ticket {
        print(&report::ticket(&report))?;
        return Ok(exit::OK);
    }
    if common.json {
        print_own(&format!("{}\n", report.to_json()))?;
        return Ok(exit::OK);
    }
    if !common.quiet {
        let argv = report
            .command
            .as_ref()
            .map(|command| command.argv.join(" "));
        let argv = argv.unwrap_or_else(|| tr!("a log"));
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
    print_painted(&report::render(&report, style(world, config, common, 1)))?;
    Ok(exit::OK)
}

/// The journal of this user; said why, where nothing may be written.
pub(super) fn journal() -> Result<Journal, String> {
    let state = State::of(&Env::from_process()).map_err(|unusable| unusable.to_string())?;
    Ok(Journal::in_dir(state.folder()))
}

/// Mends the last diagnosis.
pub(super) fn fix(
    common: Common,
    id: Option<String>,
    dry_run: bool,
    yes: bool,
) -> Result<i32, String> {
    let journal = journal()?;
    let Some(Remembered { report, .. }) = remembered() else {
        return Err(tr!("nothing was diagnosed yet"));
    };
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
    let Some(mut bench) = Bench::of(&report, Env::from_process()) else {
        return Err(tr!("the last diagnosis is nothing that gomend could mend"));
    };
    if !common.quiet {
        note(&report.summary());
    }
    if id.as_ref().is_none_or(|id| {
        id.contains("-and-") || bench.proposals().iter().any(|known| known.id == *id)
    }) {
        if dry_run {
            bench.foresee();
        } else {
            bench.verify();
        }
    } else {
        complain(&tr!(
            "no fix for this is called `{id}`",
            id = id.unwrap_or_default()
        ));
        return Ok(exit::USAGE);
    }
    let terminal = if common.no_input || common.json || yes || dry_run {
        None
    } else {
        Tty::take()
    };
    let wish = Wish {
        id,
        dry_run,
        yes,
        ask: terminal.is_some(),
    };
    match bench.mend(&wish, &journal, &mut terminal.unwrap_or_default()) {
        Ok(Ended::Applied(applied)) if common.json => print_own(&format!(
            "{}\n",
            json(&applied.entry.worded(Lang::spoken()))
        ))
        .map(|()| exit::OK),
        Ok(Ended::Applied(applied)) => print(&mend::applied(&applied)).map(|()| exit::OK),
        Ok(Ended::Shown(proposals)) if common.json => {
            let lang = Lang::spoken();
            let all: Vec<_> = proposals.iter().map(|one| one.worded(lang)).collect();
            print_own(&format!("{}\n", json(&all)))?;
            Ok(if dry_run { exit::OK } else { exit::PROBLEM })
        }
        Ok(Ended::Shown(proposals)) if proposals.is_empty() => {
            print(&bench.nothing())?;
            Ok(if dry_run { exit::OK } else { exit::PROBLEM })
        }
        Ok(Ended::Shown(proposals)) => {
            print(&mend::shown(&proposals))?;
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
            print_own(&format!("{}\n", json(&entry.worded(Lang::spoken()))))?
        }
        Ok(entry) => {
            print(&(tr!("gomend: taken back: {title}", title = entry.title.words()) + "\n"))?
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
        print_own(&format!(
            "{}\n",
            json(
                &entries
                    .iter()
                    .map(|entry| entry.worded(Lang::spoken()))
                    .collect::<Vec<_>>()
            )
        ))?;
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
pub(super) fn explain(
    world: &World,
    config: &Config,
    common: Common,
    file: &Path,
    offline: bool,
) -> Result<i32, String> {
    let (evidence, place) = read_log(file, config)?;
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
            progress: !common.quiet && sys::is_terminal(2),
        }
    };
    let report = diagnose::conclude(case, Env::from_process(), config, look);
    if common.json {
        print_own(&format!("{}\n", report.to_json()))?;
    } else if report.is_not_ours() {
        complain(&tr!(
            "no failure of a module fetch is recognised in this text"
        ));
    } else {
        print_painted(&report::render(&report, style(world, config, common, 1)))?;
        if let Some(table) = catalogue::lookups(&evidence) {
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
        let evidence = catalogue::scan(&head, &context, &Env::from_process(), config);
        return Ok((evidence, place));
    }
    let evidence = rules::stream::scan(head.chain(reader), &context)
        .map_err(|error| unreadable(file, &error))?;
    Ok((evidence, place))
}

fn unreadable(file: &Path, error: &io::Error) -> String {
    tr!("can't read `{file}`: {error}", file = file.display(), error)
}
