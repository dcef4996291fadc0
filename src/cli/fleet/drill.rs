//! `gomend simulate --drill --team FILE`: a set of faults against a time, and the table of scores.

use std::path::Path;
use std::time::{Duration, Instant};

use console::{Alignment, pad_str};
use gomend_fleet::drill::{Answer, Run, Scores, Set};
use time::OffsetDateTime;

use crate::ask::{Terminal as _, Tty};
use crate::cli::Call;
use crate::cli::laboratory::{Guess, answer, guess, stage};
use crate::cli::{complain, print, print_json};
use crate::compare::picture;
use crate::fleet::memory::now;
use crate::lang::tr;
use crate::report::{self, Style};
use crate::settings::Env;
use crate::simulate::drill::{Chance, choices};
use crate::simulate::find;
use crate::state::{State, write_private};
use crate::{exit, file, lab, mask, sys};

/// Drills that are shown.
const SHOWN: usize = 10;

/// Drills it; with `--json` only the table is told.
pub(in crate::cli) fn team(call: Call<'_>, path: &Path, seed: u64) -> Result<i32, String> {
    let state = State::of(&Env::from_process()).map_err(|unusable| unusable.to_string())?;
    let (set, faults) = match prepared(path) {
        Ok(prepared) => prepared,
        Err(why) => {
            complain(&tr!("`{path}`: {why}", path = path.display(), why));
            return Ok(exit::USAGE);
        }
    };
    let mut scores = kept(&state);
    if call.common.json {
        let table = serde_json::json!({
            "schema": report::SCHEMA, "runs": scores.runs, "faults": scores.by_fault(),
        });
        return print_json(&table).map(|()| exit::OK);
    }
    let Some(mut terminal) = Tty::take().filter(|_| !call.common.no_input) else {
        complain(&tr!("a drill needs a terminal: somebody has to guess"));
        return Ok(exit::USAGE);
    };
    let scene = stage(call.world)?;
    sys::note_interrupts(); // Ctrl-C between two questions ends the drill, and not this process
    let allowed = Duration::from_secs(set.seconds.into());
    let count = faults.len();
    terminal.say(&format!(
        "gomend: {}\n",
        tr!(
            "a drill of {count}, {seconds} s for each",
            count,
            seconds = set.seconds
        )
    ));
    let mut chance = Chance::new(seed);
    let mut run = Run {
        time: now(),
        answers: Vec::new(),
    };
    for fault in faults {
        let choices = choices(&mut chance, fault);
        terminal.release();
        let shown = scene.show(fault, &[]).map_err(|error| error.to_string())?;
        terminal.ready();
        terminal.say(&format!(
            "\n$ {}\n{}",
            fault.command.join(" "),
            shown.outcome.text()
        ));
        let asked = Instant::now();
        let guess = guess(&choices, &mut terminal);
        let took = asked.elapsed();
        if guess == Guess::Enough && took < allowed {
            terminal.say(&format!(
                "gomend: {}\n",
                tr!("broken off: this drill is not counted")
            ));
            return Ok(exit::INTERRUPTED);
        }
        let in_time = took <= allowed;
        let told = answer(guess, fault);
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let time = millis(took);
        terminal.say(&format!(
            "gomend: {}\n",
            if in_time {
                tr!("{told}, after {time}", told, time)
            } else {
                tr!("{told}, too late: after {time}", told, time)
            }
        ));
        if let Some(report) = &shown.report {
            let style = Style {
                details: false,
                ..call.style(2)
            };
            terminal.say(&report::render(report, style));
        }
        run.answers.push(Answer {
            fault: fault.id.to_owned(),
            right: in_time && guess == Guess::Cause(fault.cause),
            millis: took,
        });
    }
    terminal.release();
    scores.add(run);
    keep(&state, &scores)?;
    print(&table(&scores))?;
    Ok(exit::OK)
}

/// The set, with its faults as the laboratory has them.
fn prepared(path: &Path) -> Result<(Set, Vec<&'static lab::Fault>), String> {
    let text = file::text(path, file::Kind::Config).map_err(|refusal| refusal.to_string())?;
    let set = Set::parse(&text).map_err(|error| mask::line(&error))?;
    let found = |id: &String| {
        let unknown = || {
            tr!(
                "there is no fault `{id}`\nhelp: `gomend simulate` lists them",
                id = mask::line(id)
            )
        };
        find(id).ok_or_else(unknown)
    };
    let faults = set.faults.iter().map(found).collect::<Result<_, _>>()?;
    Ok((set, faults))
}

fn kept(state: &State) -> Scores {
    let path = state.folder().join("fleet/drills.json");
    let json = file::read_own(&path, file::Kind::Report).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

fn keep(state: &State, scores: &Scores) -> Result<(), String> {
    let written = || -> std::io::Result<()> {
        let path = state.make("fleet")?.join("drills.json");
        write_private(&path, &serde_json::to_vec(scores)?)
    };
    written().map_err(|error| tr!("can't be kept: {error}", error))
}

#[expect(clippy::cast_precision_loss, reason = "the time of an answer")]
fn millis(ms: u64) -> String {
    picture::millis(ms as f64)
}

fn table(scores: &Scores) -> String {
    let mut text = String::new();
    let left = |text: &str, width| pad_str(text, width, Alignment::Left, None).into_owned();
    let right = |text: &str, width| pad_str(text, width, Alignment::Right, None).into_owned();
    let (date, score, time) = (tr!("date"), tr!("score" => "right"), tr!("time"));
    let row = |label: &str, width, score: &str, time: &str| {
        let (label, score, time) = (left(label, width), right(score, 8), right(time, 10));
        format!("{label} {score} {time}\n")
    };
    text += &row(&date, 12, &score, &time);
    for run in scores.runs.iter().rev().take(SHOWN) {
        let date =
            OffsetDateTime::from_unix_timestamp(run.time).map(|time| time.date().to_string());
        let score = format!("{}/{}", run.right(), run.answers.len());
        let (date, time) = (date.unwrap_or_default(), millis(run.millis()));
        text += &row(&date, 12, &score, &time);
    }
    let (fault, best) = (tr!("fault"), tr!("best"));
    text.push('\n');
    text += &row(&fault, 34, &score, &best);
    for (fault, of) in scores.by_fault() {
        let score = format!("{}/{}", of.right, of.asked);
        let best = of.best_ms.map_or_else(|| "-".to_owned(), millis);
        text += &row(fault, 34, &score, &best);
    }
    text
}
