//! `gomend compare`: arguments in, a picture or JSON out, and the recommendation carried out.

use std::path::PathBuf;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::failure::journal;
use super::{Common, complain, look, note, print_json, print_painted};
use crate::ask::{self, Tty};
use crate::cli::Call;
use crate::compare::recommend::{self, Advice};
use crate::compare::{
    self, Comparison, Disclosure, Error, Kind, Request, Target, picture, profile,
};
use crate::fix::{Agreed, Situation};
use crate::lang::tr;
use crate::mend::{self, Ended, FixRequest, Session};
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::state::State;
use crate::tool::Cancel;
use crate::{exit, sys};

/// What `gomend compare` is told.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A module (with or without @VERSION), a host, a module proxy's URL, a nameserver's address, a
    /// DNS-over-HTTPS URL
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// How often everybody is asked
    #[arg(long, value_name = "N", default_value_t = compare::ROUNDS, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Keep the figures under this name
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    /// Show the figures that were kept under this name beside the new ones
    #[arg(long, value_name = "NAME")]
    with: Option<String>,
    /// Take the figures from a file (of `--json`, a colleague's for instance) instead of measuring
    #[arg(long, value_name = "FILE", conflicts_with_all = ["targets", "rounds", "apply"])]
    import: Option<PathBuf>,
    /// Carry the recommendation out, once it was tried; `gomend undo` takes it back
    #[arg(long)]
    apply: bool,
    /// Ask public resolvers for private names too
    #[arg(long)]
    public_dns: bool,
    /// Ask the public module proxies that GOPROXY names for private modules too
    #[arg(long)]
    disclose: bool,
}

/// Columns where nobody says otherwise.
const WIDTH: usize = 80;

pub(super) fn run(call: Call<'_>, args: &Args) -> Result<i32, String> {
    let state = State::of(&Env::from_process()).map_err(|unusable| unusable.to_string());
    for name in args.save.iter().chain(&args.with) {
        if let Err(error) = profile::check(name) {
            complain(&error);
            return Ok(exit::USAGE);
        }
    }
    let former = args
        .with
        .as_deref()
        .map(|name| profile::load(kept(&state)?, name).map_err(|error| error.to_string()))
        .transpose()?;
    let (dir, go) = (look::here(), look::real_go(call.world));
    let env = Env::from_process();
    let goenv = GoEnv::read(&env, go.as_deref());
    let (targets, bad) = targets(&args.targets);
    for word in &bad {
        complain(&tr!(
            "`{word}` is no module, host, URL or resolver",
            word = crate::mask::line(word)
        ));
    }
    if targets.is_empty() && !bad.is_empty() {
        return Ok(exit::USAGE);
    }
    let comparison = if let Some(file) = &args.import {
        profile::read(file).map_err(|error| error.to_string())?
    } else {
        let request = Request {
            targets,
            named_only: false,
            rounds: args.rounds,
            env: env.clone(),
            dir: dir.clone(),
            go: go.clone(),
            goenv: goenv.clone(),
            options: look::options(call.config, false, args.public_dns),
            cancel: Cancel::default(),
        };
        let told = compare::disclosures(&request);
        if !args.disclose && !told.is_empty() && !agrees(call.common, &told) {
            return Ok(exit::PROBLEM);
        }
        match measure(&request, !call.common.quiet && sys::is_terminal(2)) {
            Ok(comparison) => comparison,
            Err(_) if sys::interrupted() => return Ok(exit::INTERRUPTED),
            Err(error) => return Err(error.to_string()),
        }
    };
    let advice = recommend::advise(&comparison, &goenv);
    print_comparison(call, args, &comparison, former.as_ref(), &advice)?;
    if let Some(name) = &args.save {
        let file =
            profile::save(kept(&state)?, name, &comparison).map_err(|error| error.to_string())?;
        if !call.common.quiet {
            note(&tr!(
                "kept as `{name}`: {file}",
                name,
                file = file.display()
            ));
        }
    }
    if comparison.interrupted {
        complain(&tr!("interrupted: these are the figures so far"));
        return Ok(exit::INTERRUPTED);
    }
    let recommended = advice.iter().find(|advice| advice.goproxy.is_some());
    let mended = match recommended {
        Some(advice) if args.import.is_none() => {
            let situation = Situation::look(env, &dir, go.as_deref());
            mend(call.common, args, advice, situation)?
        }
        _ if args.apply => {
            complain(&tr!("nothing to apply: no other GOPROXY is recommended"));
            exit::OK
        }
        _ => exit::OK,
    };
    let nobody =
        |contest: &compare::Contest| contest.entries.iter().all(|entry| !entry.is_usable());
    let fails = !bad.is_empty() || comparison.contests.iter().any(nobody);
    Ok(if mended == exit::OK && fails {
        exit::PROBLEM
    } else {
        mended
    })
}

fn kept(state: &Result<State, String>) -> Result<&State, String> {
    state.as_ref().map_err(Clone::clone)
}

/// Whether a person lets public services hear names that may be private; said why not, where nobody
/// can be asked.
fn agrees(common: Common, told: &[Disclosure]) -> bool {
    let told: Vec<String> = told
        .iter()
        .map(|one| {
            tr!(
                "{host} would be told of {module}",
                host = one.host,
                module = one.module
            )
        })
        .collect();
    let told = told.join("; ");
    let terminal = if common.no_input || common.json {
        None
    } else {
        Tty::take()
    };
    let Some(mut terminal) = terminal else {
        complain(&tr!(
            "{told}, which is not known to be public: `--disclose` allows it, GOPRIVATE keeps it private",
            told
        ));
        return false;
    };
    let question = tr!(
        "{told}, which is not known to be public.  y  compare    Enter  no",
        told
    );
    ask::one_key(&format!("gomend: {question}\n"), 'y', &mut terminal)
}

/// What the words name, and those that name nothing.
fn targets(words: &[String]) -> (Vec<Target>, Vec<String>) {
    let (mut targets, mut bad) = (Vec::new(), Vec::new());
    for word in words {
        match Target::parse(word) {
            Some(target) => targets.push(target),
            None => bad.push(word.clone()),
        }
    }
    (targets, bad)
}

fn measure(request: &Request, progress: bool) -> Result<Comparison, Error> {
    let bar = if progress {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    if let Ok(style) = ProgressStyle::with_template("gomend: {bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    sys::note_interrupts();
    let comparison = compare::run(request, &mut |progress| {
        bar.set_length(progress.all as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.name.to_owned());
        if sys::interrupted() {
            request.cancel.cancel();
        }
    });
    bar.finish_and_clear();
    comparison
}

fn print_comparison(
    call: Call<'_>,
    args: &Args,
    comparison: &Comparison,
    former: Option<&Comparison>,
    advice: &[Advice],
) -> Result<(), String> {
    if call.common.json {
        let mut json = json!(comparison);
        json["advice"] = json!(advice);
        if let Some(former) = former {
            json["with"] = json!(former);
        }
        return print_json(&json);
    }
    let width = if sys::is_terminal(1) {
        usize::from(console::Term::stdout().size().1)
    } else {
        WIDTH
    };
    let former = args.with.as_deref().zip(former);
    let style = call.style(1);
    print_painted(&picture::render(comparison, former, advice, style, width))
}

/// Tries the recommendation, and applies it if that was asked for or a person agrees.
fn mend(common: Common, args: &Args, advice: &Advice, situation: Situation) -> Result<i32, String> {
    let Some(list) = advice
        .goproxy
        .as_deref()
        .filter(|_| advice.kind == Kind::Mirrors)
    else {
        return Ok(exit::OK);
    };
    let Some(at) = advice.about.split_once('@') else {
        return Ok(exit::OK);
    };
    let terminal = || {
        if common.no_input || common.json || common.quiet {
            None
        } else {
            Tty::take()
        }
    };
    if !args.apply && terminal().is_none() {
        if !common.json && !common.quiet {
            note(&tr!(
                "`gomend compare --apply` tries this and sets it; `gomend undo` takes it back"
            ));
        }
        return Ok(exit::OK);
    }
    if !common.quiet {
        note(&tr!("trying it, 5 s at most"));
    }
    let mut session = Session::of_measured(list, &advice.says, at, situation);
    session.verify(Agreed::All); // `--apply` is the consent
    let journal = journal()?;
    let ended = if args.apply {
        session.apply_proven(&journal)
    } else {
        let Some(mut terminal) = terminal() else {
            return Ok(exit::OK); // somebody types on already
        };
        let request = FixRequest {
            ask: true,
            ..FixRequest::default()
        };
        session.mend(&request, &journal, &mut terminal)
    };
    match ended {
        Ok(Ended::Applied(applied)) => {
            note(
                mend::applied(&applied)
                    .trim_start_matches("gomend: ")
                    .trim_end(),
            );
            Ok(exit::OK)
        }
        Ok(Ended::Shown(proposals)) => {
            let proposals = mend::render_proposals(&proposals, false);
            complain(&format!(
                "{}\n{}",
                tr!("not applied:"),
                proposals.trim_end()
            ));
            Ok(exit::PROBLEM)
        }
        Ok(Ended::NotNow) => Ok(exit::OK),
        Ok(Ended::Interrupted) => Ok(exit::INTERRUPTED),
        Err(error) => {
            complain(&error.text().words());
            Ok(mend::code_of(&error))
        }
    }
}
