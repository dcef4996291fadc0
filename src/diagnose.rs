//! From words to a report: the flow rules > evidence > probes > verdict > fixes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Config;
use crate::evidence::Evidence;
use crate::fix::{self, Journal, Situation};
use crate::lang::{Lang, tr};
use crate::probe::{self, Running};
use crate::probe::{Context, Observation, Options, Subject};
use crate::report::{Ci, Command, Report};
use crate::settings::Env;
use crate::speak::Voice;
use crate::state::{Remembered, State};
use crate::supervise::handover::{Handover, Heard};
use crate::tool::Cancel;
use crate::world::World;
use crate::{catalogue, exit, mend, replay, rules, sys, timing, verdict};

/// How long the quiet repetition of a failing step may take.
const REPLAY: Duration = Duration::from_secs(10);
/// A person who waits longer than this wants to see that something happens.
const SILENT_FOR: Duration = Duration::from_millis(300);

/// One failure, and what is known around it.
pub(crate) struct Case<'a> {
    /// What the text said.
    pub(crate) evidence: &'a Evidence,
    /// The go command, if it is known.
    pub(crate) command: Option<Command>,
    /// go's arguments, without `go`.
    pub(crate) args: Vec<String>,
    /// The real go.
    pub(crate) go: Option<PathBuf>,
}

/// Whether and how the network is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// The text must do.
    No,
    /// Quickly: a person waits. `progress`: a spinner may be drawn on stderr.
    Quickly {
        /// stderr is a terminal.
        progress: bool,
    },
    /// With the patience of a CI system.
    Patiently,
}

/// Explains a failed go that the shim hands over in descriptor `fd`.
pub(crate) fn take_over(world: &World, config: &Config, fd: i32) -> io::Result<i32> {
    timing::mark("started");
    let handover = Handover::read(sys::inherited(fd))?;
    if config.mode() == "off" {
        return Ok(exit::OK);
    }
    let voice = Voice::of(world, config);
    let wanted = world.set_var("GOMEND_REPORT").map(Path::new);
    let look = match voice {
        Voice::Ci(_) => Look::Patiently,
        Voice::Terminal => Look::Quickly { progress: true },
        Voice::Log => Look::Quickly { progress: false },
        Voice::Silent if wanted.is_some() => Look::Quickly { progress: false },
        Voice::Silent => Look::No,
    };
    let env = Env::from_process();
    let mut evidence = read(&handover, &handover.words, &env, config);
    let is_hidden = handover.heard != Heard::Both;
    if evidence.findings.is_empty()
        && is_hidden
        && look != Look::No
        && let Some(words) = replay::replay(&handover, &env, REPLAY)
    {
        evidence = read(&handover, &words, &env, config);
    }
    if evidence.findings.is_empty() {
        return Ok(exit::OK);
    }
    timing::mark("evidence");
    let case = Case {
        evidence: &evidence,
        command: Some(Command::of(&handover)),
        args: arguments(&handover),
        go: Some(handover.go.clone()),
    };
    let state = State::of(&env);
    let report = if look == Look::No {
        unplanned(case) // nobody may ever read it; who does has it planned then
    } else {
        conclude(case, env.clone(), config, look)
    };
    timing::mark("report");
    voice.tell(world, config, &report);
    timing::mark("told");
    let written = wanted.map_or(Ok(()), |path| write_report(path, &report));
    // in CI nothing is kept; elsewhere a full disk loses the memory, not the diagnosis
    if let (None, Some(state)) = (Ci::of(world), state) {
        let _ = state.remember(&evidence, report.clone(), look != Look::No);
        timing::mark("kept");
        if voice == Voice::Terminal && is_typed(config) {
            mend::offer(
                &report,
                env,
                &Journal::in_dir(state.folder()),
                &handover.argv,
            );
        }
    }
    written.map(|()| exit::OK)
}

/// Whether a person typed the command: the shim that waits for us leads the foreground process
/// group. The mode `ask` asks below scripts and build tools too.
fn is_typed(config: &Config) -> bool {
    config.mode() == "ask" || sys::parent_leads_group()
}

fn read(handover: &Handover, words: &[u8], env: &Env, config: &Config) -> Evidence {
    let args = arguments(handover);
    let context = rules::Context {
        args: Some(&args),
        trace: &handover.trace,
    };
    catalogue::scan(words, &context, env, config)
}

fn arguments(handover: &Handover) -> Vec<String> {
    handover
        .argv
        .iter()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect()
}

/// Probes, judges and plans.
pub(crate) fn conclude(case: Case<'_>, env: Env, config: &Config, look: Look) -> Report {
    let dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let observations = match (State::of(&env), look) {
        (Some(state), Look::Quickly { .. }) => state.share(&key_of(case.evidence), || {
            observe(&case, &env, config, &dir, look)
        }),
        _ => observe(&case, &env, config, &dir, look),
    };
    told(case, env, &dir, observations)
}

/// A remembered report in the language that is spoken now: judged and planned anew from what was
/// seen then, where it was made in another one, or without a plan because nobody was told.
pub(crate) fn retold(remembered: Remembered, env: Env) -> Remembered {
    let is_complete = remembered.shown && remembered.lang == Lang::spoken();
    if is_complete || remembered.evidence.findings.is_empty() {
        return remembered;
    }
    let old = remembered.report;
    let command = old.command.clone().unwrap_or_default();
    let dir = command
        .dir
        .map_or_else(|| PathBuf::from("/"), PathBuf::from);
    let case = Case {
        evidence: &remembered.evidence,
        command: old.command,
        args: command.argv.into_iter().skip(1).collect(),
        go: command.go.map(PathBuf::from),
    };
    let report = Report {
        time: old.time,
        gomend: old.gomend,
        ..told(case, env, &dir, old.probes)
    };
    Remembered {
        report,
        ..remembered
    }
}

/// Judges by the text alone, and plans nothing.
fn unplanned(case: Case<'_>) -> Report {
    let verdict = verdict::decide(case.evidence, &[]);
    Report::new(case.command, case.evidence, &[], &verdict, &[])
}

/// Judges and plans.
fn told(case: Case<'_>, env: Env, dir: &Path, observations: Vec<Observation>) -> Report {
    let verdict = verdict::decide(case.evidence, &observations);
    let line = case
        .evidence
        .findings
        .first()
        .map(|finding| finding.text.clone());
    let situation = Situation {
        args: case.args,
        line: line.unwrap_or_default(),
        observations,
        ..Situation::look(env, dir, case.go.as_deref())
    };
    let proposals = fix::plan(&verdict, &situation);
    Report::new(
        case.command,
        case.evidence,
        &situation.observations,
        &verdict,
        &proposals,
    )
}

/// What must be the same for two failures to share their observations.
fn key_of(evidence: &Evidence) -> String {
    let finding = evidence.findings.first();
    finding.map_or_else(String::new, |finding| {
        format!("{:?} {:?}", finding.suspects, finding.target)
    })
}

fn observe(
    case: &Case<'_>,
    env: &Env,
    config: &Config,
    dir: &Path,
    look: Look,
) -> Vec<Observation> {
    let (ci, progress) = match look {
        Look::No => return Vec::new(),
        Look::Quickly { progress } => (false, progress),
        Look::Patiently => (true, false),
    };
    let options = options(config, ci);
    let Some(subject) = Subject::from_evidence(case.evidence) else {
        return Vec::new();
    };
    let cancel = Cancel::default();
    let go = case.go.as_deref();
    let cx = Context::new(subject, env.clone(), dir, go, options, cancel.clone());
    sys::note_interrupts();
    let mut spinner = None;
    let seen = probe::run(&Arc::new(cx), &mut |running| {
        if sys::interrupted() {
            cancel.cancel();
        }
        if progress && running.elapsed > SILENT_FOR {
            show(spinner.get_or_insert_with(new_spinner), running);
        }
    });
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    seen
}

/// What probes may do, by the settings.
pub(crate) fn options(config: &Config, ci: bool) -> Options {
    Options {
        overall: config.patience(ci),
        public_dns_for_all: config.public_dns(),
        public_resolvers: config.public_resolvers(),
        ..Options::default()
    }
}

fn new_spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("gomend: {spinner} {msg}");
    ProgressBar::new_spinner()
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn show(spinner: &ProgressBar, running: &Running<'_>) {
    let waiting: Vec<&str> = running.waiting_for.iter().map(|id| id.id()).collect();
    spinner.set_message(tr!("looking ({waiting})", waiting = waiting.join(", ")));
    spinner.tick();
}

/// Beside the file first, then renamed: whoever waits for the report never reads half of it.
fn write_report(path: &Path, report: &Report) -> io::Result<()> {
    let fresh = path.with_extension(format!("new{}", std::process::id()));
    let written = File::create(&fresh)
        .and_then(|mut file| file.write_all(report.to_json().as_bytes()))
        .and_then(|()| fs::rename(&fresh, path));
    if written.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    written.map_err(|error| {
        let path = path.display();
        let message = tr!("can't write GOMEND_REPORT `{path}`: {error}", path, error);
        io::Error::new(error.kind(), message)
    })
}
