//! `gomend simulate`: faults on purpose, in words.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use console::{Alignment, pad_str, truncate_str};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Common, complain, look, near, note, print, print_json, print_painted};
use crate::ask::{self, Key, Terminal as _, Tty};
use crate::cause::Cause;
use crate::cli::Call;
use crate::compare::picture;
use crate::lab::{FAULTS, Fault};
use crate::lang::tr;
use crate::report::{self, Style};
use crate::simulate::drill::{self, Chance};
use crate::simulate::{self, Degree, Match, Stage, Summary, junit};
use crate::state::write_out;
use crate::words;
use crate::world::World;
use crate::{exit, sys, wrap};

/// What `gomend simulate` is told.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A fault or a cause, or `all`
    #[arg(value_name = "FAULT")]
    fault: Option<String>,
    /// Then let `gomend fix` mend it, run the command again, and undo the fix
    #[arg(long)]
    mend: bool,
    /// With `all`: write the result to a file too, in the XML that CI systems read (`JUnit`)
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Show faults by chance, and guess before gomend tells
    #[arg(long, conflicts_with_all = ["fault", "mend", "junit"])]
    drill: bool,
    /// With `--drill`: the same seed gives the same faults
    #[arg(long, value_name = "SEED", requires = "drill")]
    seed: Option<u64>,
    /// With `--drill`: the faults and the time of a TOML file, and a table of scores without names; with `--json` the
    /// table alone
    #[cfg(feature = "fleet")]
    #[arg(long, value_name = "FILE", requires = "drill")]
    team: Option<PathBuf>,
    /// go arguments to run instead of the fault's own
    #[arg(last = true, value_name = "go ARGS")]
    command: Vec<String>,
}

/// Shows faults, or lists them.
pub(super) fn run(call: Call<'_>, args: &Args) -> Result<i32, String> {
    #[cfg(feature = "fleet")]
    if let Some(file) = &args.team {
        let seed = args.seed.unwrap_or_else(any_seed);
        return super::fleet::drill::team(call, file, seed);
    }
    match args.fault.as_deref() {
        None if args.drill => drill(call, args.seed),
        None => list(call.common),
        Some("all") => all(call.world, call.common, args.junit.as_deref()),
        Some(fault) => one(call, fault, args),
    }
}

fn list(common: Common) -> Result<i32, String> {
    let mut text = String::new();
    for fault in FAULTS {
        let means = fault.means;
        let means = tr!(means);
        if common.json {
            let reason = words::reason::words(fault.reason);
            let json = serde_json::json!({
                "schema": report::SCHEMA, "id": fault.id, "cause": fault.cause.id(),
                "reason": tr!(reason), "reason_id": fault.reason.id(), "means": means,
            });
            let _ = writeln!(text, "{json}");
        } else if wrap::columns(1).is_some_and(|columns| columns < 62 + 60) {
            let means = wrap::fit(&means, 4, 4, wrap::columns(1));
            let _ = writeln!(text, "{:<30} {}\n    {means}", fault.id, fault.cause.id());
        } else {
            let _ = writeln!(text, "{:<34} {:<26} {means}", fault.id, fault.cause.id());
        }
    }
    print(&text)?;
    Ok(exit::OK)
}

/// One fault: go's real words, and gomend's.
fn one(call: Call<'_>, name: &str, args: &Args) -> Result<i32, String> {
    let fault = simulate::find(name).ok_or_else(|| {
        let told = tr!(
            "there is no fault `{name}`\nhelp: `gomend simulate` lists them",
            name
        );
        near::with(
            &told,
            &near::names(name, FAULTS.iter().map(|fault| fault.id)),
        )
    })?;
    let stage = stage(call.world)?;
    let mend = args.mend;
    let args: Vec<&str> = args
        .command
        .iter()
        .map(String::as_str)
        .skip_while(|arg| *arg == "go")
        .collect();
    let shown = if mend {
        stage.mend(fault, &args)
    } else {
        stage.show(fault, &args)
    };
    let shown = shown.map_err(|error| error.to_string())?;
    if call.common.json {
        let report = shown.report.map_or(serde_json::Value::Null, |report| {
            serde_json::to_value(report).unwrap_or_default()
        });
        let json = serde_json::json!({
            "schema": report::SCHEMA, "fault": fault.id, "expected": fault.cause.id(),
            "exit_code": shown.outcome.status.code(), "output": shown.outcome.text(), "report": report,
        });
        print_json(&json)?;
        return Ok(exit::OK);
    }
    if !call.common.quiet {
        let means = fault.means;
        let means = tr!(means);
        note(&tr!("{means}; nothing leaves this machine", means));
    }
    let typed = if args.is_empty() {
        fault.command.join(" ")
    } else {
        format!("go {}", args.join(" "))
    };
    print(&format!("$ {typed}\n{}", shown.outcome.text()))?;
    match shown.report {
        Some(report) => print_painted(&report::render(
            &report,
            Style {
                details: false,
                ..call.style(1)
            },
        ))?,
        None if shown.outcome.status.success() => {
            note(&tr!("go passes here, and gomend stayed silent"));
        }
        None => note(&tr!("gomend stayed silent")),
    }
    for (command, outcome) in &shown.acts {
        let code = outcome.status.code().unwrap_or(-1);
        let ended = tr!("[exit code {code}]", code);
        print(&format!("$ {command}\n{}{ended}\n", outcome.text()))?;
    }
    Ok(exit::OK)
}

/// Every fault: the match degree.
fn all(world: &World, common: Common, junit: Option<&Path>) -> Result<i32, String> {
    let stage = stage(world)?;
    if let Some(why) = stage.confined() {
        note(&tr!(
            "only faults of files and settings can be shown here: {why}",
            why
        ));
    }
    let bar = if !common.quiet && sys::is_terminal(2) {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("gomend: {bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    sys::note_interrupts();
    let matches = simulate::all(stage, &mut |done, all, last| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
        bar.set_message(last);
        !sys::interrupted()
    });
    bar.finish_and_clear();
    let degrees = simulate::degrees(&matches);
    let summary = simulate::summary(&matches);
    let is_perfect = matches
        .iter()
        .all(|one| one.skipped.is_some() || one.is_right());
    let skipped = matches.iter().filter(|one| one.skipped.is_some()).count();
    if let Some(file) = junit {
        write_out(file, junit::document(&matches).as_bytes())
            .map_err(|error| format!("`{}`: {error}", file.display()))?;
    }
    if common.json {
        let degrees: serde_json::Map<_, _> = degrees
            .iter()
            .map(|(layer, degree)| {
                let value = serde_json::json!({
                    "shown": degree.shown, "right": degree.right,
                    "precision": degree.precision(), "recall": degree.recall(),
                });
                ((*layer).to_owned(), value)
            })
            .collect();
        let json = serde_json::json!({
            "schema": report::SCHEMA, "faults": matches, "layers": degrees, "summary": summary,
            "interrupted": sys::interrupted(),
        });
        print_json(&json)?;
    } else {
        print(&(table(&matches, &degrees) + &render_summary(&summary)))?;
    }
    if skipped > 0 {
        note(&tr!(
            "not shown: {skipped} of {all}",
            skipped,
            all = matches.len()
        ));
    }
    if sys::interrupted() {
        note(&tr!("interrupted: these are the faults so far"));
        return Ok(exit::INTERRUPTED);
    }
    Ok(match skipped {
        _ if !is_perfect => exit::PROBLEM,
        0 => exit::OK,
        _ => exit::UNDECIDED,
    })
}

/// The figures over all faults.
fn render_summary(summary: &Summary) -> String {
    let ms = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), picture::millis);
    let verdict = tr!(
        "time to verdict: median {median}, p95 {p95}",
        median = ms(summary.verdict_median_ms),
        p95 = ms(summary.verdict_p95_ms)
    );
    let network = tr!(
        "resolver time-outs seen: {timeouts}; retries seen: {retries}",
        timeouts = summary.resolver_timeouts,
        retries = summary.retries
    );
    format!("\n{verdict}\n{network}\n")
}

/// Faults by chance, until the person has had enough: go's words first, then a guess, then gomend's.
fn drill(call: Call<'_>, seed: Option<u64>) -> Result<i32, String> {
    let Some(mut terminal) = Tty::take().filter(|_| !call.common.json && !call.common.no_input)
    else {
        complain(&tr!("a drill needs a terminal: somebody has to guess"));
        return Ok(exit::USAGE);
    };
    let stage = stage(call.world)?;
    let faults: Vec<_> = stage
        .faults()
        .into_iter()
        .filter(|fault| fault.missing().is_none())
        .filter(|fault| stage.confined().is_none() || !fault.needs.network)
        .collect();
    let seed = seed.unwrap_or_else(any_seed);
    let (mut chance, mut right, mut asked) = (Chance::new(seed), 0, 0);
    terminal.say(&format!(
        "gomend: {}\n",
        tr!("a drill with seed {seed}", seed)
    ));
    while let Some(question) = drill::question(&mut chance, &faults) {
        let Some(fault) = simulate::find(question.fault) else {
            break;
        };
        terminal.release();
        let shown = stage.show(fault, &[]).map_err(|error| error.to_string())?;
        terminal.ready();
        terminal.say(&format!(
            "\n$ {}\n{}",
            fault.command.join(" "),
            shown.outcome.text()
        ));
        let guess = guess(&question.choices, &mut terminal);
        if guess == Guess::Enough {
            break;
        }
        asked += 1;
        right += usize::from(guess == Guess::Cause(fault.cause));
        terminal.say(&format!("gomend: {}\n", answer(guess, fault)));
        if let Some(report) = &shown.report {
            let style = Style {
                details: true,
                ..call.style(2)
            };
            terminal.say(&report::render(report, style));
        }
        let score = tr!("{right} of {asked} right", right, asked);
        let question = tr!("{score}.  n  next    Enter  enough", score);
        if !ask::one_key(&format!("gomend: {question}\n"), 'n', &mut terminal) {
            break;
        }
    }
    Ok(exit::OK)
}

/// Short enough to be typed again.
pub(super) fn any_seed() -> u64 {
    let now = time::OffsetDateTime::now_utc().unix_timestamp_nanos();
    u64::try_from(now % 1_000_000).unwrap_or_default()
}

/// What a person takes a failure for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guess {
    /// This.
    Cause(Cause),
    /// They don't know.
    NoIdea,
    /// They have had enough.
    Enough,
}

pub(super) fn guess(choices: &[Cause], terminal: &mut Tty) -> Guess {
    let mut text = format!("\ngomend: {}\n", tr!("what is it?"));
    for (at, cause) in choices.iter().enumerate() {
        let means = words::cause::means(*cause);
        let means = tr!(means);
        let means = truncate_str(&means, 74, "...");
        let _ = writeln!(text, "  {}  {}\n     {means}", at + 1, cause.id()); // to a String: cannot fail
    }
    let _ = writeln!(text, "  {}", tr!("Enter  no idea"));
    terminal.say(&text);
    loop {
        match terminal.key() {
            Key::Char(digit) => {
                let at = digit
                    .to_digit(10)
                    .and_then(|digit| (digit as usize).checked_sub(1));
                if let Some(cause) = at.and_then(|at| choices.get(at)) {
                    return Guess::Cause(*cause);
                }
            }
            Key::Enter => return Guess::NoIdea,
            Key::Other => {}
            Key::Escape | Key::Interrupt | Key::Nothing => return Guess::Enough,
        }
    }
}

/// Whether the guess was right.
pub(super) fn answer(guess: Guess, fault: &Fault) -> String {
    let (means, cause) = (fault.means, fault.cause.id());
    let means = tr!(means);
    match guess {
        Guess::Cause(guess) if guess == fault.cause => {
            tr!("right: {means} ({cause})", means, cause)
        }
        Guess::Cause(_) => tr!("not quite: {means} ({cause})", means, cause),
        _ => tr!("it is this: {means} ({cause})", means, cause),
    }
}

fn table(matches: &[Match], degrees: &BTreeMap<&str, Degree>) -> String {
    let mut text = String::new();
    let left = |text: String, width| pad_str(&text, width, Alignment::Left, None).into_owned();
    let right = |text: String, width| pad_str(&text, width, Alignment::Right, None).into_owned();
    for one in matches {
        let (mark, words) = match (&one.skipped, &one.diagnosed) {
            (Some(why), _) => (tr!("score" => "skip"), why.clone()),
            (None, _) if one.is_right() => (tr!("ok"), one.reason.clone().unwrap_or_default()),
            (None, Some(cause)) => (tr!("score" => "MISS"), cause.clone()),
            (None, None) => (tr!("score" => "MISS"), tr!("gomend stayed silent")),
        };
        let verdict = one
            .verdict_ms
            .map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
        let _ = writeln!(
            text,
            "{} {:<34} {:<26} {verdict:>8}  {words}",
            left(mark, 5),
            one.fault,
            one.expected
        );
    }
    let _ = writeln!(
        text,
        "\n{} {} {} {} {}",
        left(tr!("score" => "layer"), 10),
        right(tr!("score" => "shown"), 6),
        right(tr!("score" => "right"), 6),
        right(tr!("score" => "precision"), 10),
        right(tr!("score" => "recall"), 7)
    );
    let share =
        |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
    for (layer, degree) in degrees {
        let _ = writeln!(
            text,
            "{layer:<10} {:>6} {:>6} {:>10} {:>7}",
            degree.shown,
            degree.right,
            share(degree.precision()),
            share(degree.recall())
        );
    }
    text
}

/// The laboratory with the real go that the shim would find.
pub(super) fn stage(world: &World) -> Result<Stage, String> {
    let go = look::real_go(world)
        .ok_or_else(|| tr!("no go found on PATH\nhelp: install Go, or set GOMEND_GO"))?;
    Stage::new(&go).map_err(|error| error.to_string())
}
