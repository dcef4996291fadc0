//! From words to a report: the flow rules > evidence > probes > verdict > fixes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::alarm::Alarm;
use crate::config::Config;
use crate::evidence::Evidence;
use crate::fix::{self, Journal, Situation};
#[cfg(feature = "fleet")]
use crate::fleet::events;
use crate::lang::tr;
use crate::place::Place;
use crate::probe::{self, Running};
use crate::probe::{Context, Observation, Options, Subject};
use crate::report::{ARTIFACTS, Artifact, Attempt, Ci, Command, Report};
use crate::retry::{self, Around, Retried};
use crate::settings::Env;
use crate::speak::Voice;
use crate::state::{Remembered, State, Unusable, write_out};
use crate::supervise::handover::{Handover, Heard, answer};
use crate::sys::Exit;
use crate::tool::Cancel;
use crate::world::World;
use crate::{exit, mend, own_rules, replay, rules, scratch, sys, timing, verdict};

/// How long the quiet repetition of a failing step may take.
const REPLAY: Duration = Duration::from_secs(10);
/// What a stretch of the work may take on top: a busy machine's share.
const MARGIN: Duration = Duration::from_secs(2);
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
    /// Whose machine the text speaks of; that of a command is looked at.
    pub(crate) place: Place,
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

impl Look {
    fn of(voice: Voice, wanted: &Wanted) -> Self {
        match voice {
            Voice::Ci(_) => Self::Patiently,
            Voice::Terminal => Self::Quickly { progress: true },
            Voice::Log => Self::Quickly { progress: false },
            Voice::Silent if !wanted.0.is_empty() => Self::Quickly { progress: false },
            Voice::Silent => Self::No,
        }
    }

    /// How long the probes may take.
    fn patience(self, config: &Config) -> Duration {
        match self {
            Self::No => Duration::ZERO,
            Self::Quickly { .. } => config.patience(false),
            Self::Patiently => config.patience(true),
        }
    }
}

/// Whether anybody is told of an error of gomend's own: who sees diagnoses, and who wants a report in a file.
pub(crate) fn is_followed(world: &World, config: &Config) -> bool {
    Voice::of(world, config) != Voice::Silent || !Wanted::of(world).0.is_empty()
}

/// Explains a failed go that the shim hands over in descriptor `fd`.
pub(crate) fn take_over(world: &World, config: &Config, fd: i32) -> io::Result<i32> {
    timing::mark("started");
    #[cfg(feature = "fleet")]
    let started = std::time::Instant::now();
    let file = sys::inherited(fd);
    let handover = Handover::read(file.try_clone()?)?;
    if config.mode() == "off" {
        return Ok(exit::OK);
    }
    let audience = Audience::of(world, config);
    let (voice, wanted) = (audience.voice, audience.wanted.clone());
    let look = Look::of(voice, &wanted);
    let env = Env::from_process();
    scratch::sweep();
    let read = |of: &Handover, words: &[u8]| read(of, words, &env, config);
    let around = Around {
        world,
        config,
        env: &env,
        read: &read,
    };
    let failed = read(&handover, &handover.words);
    let Retried {
        handover,
        mut evidence,
        attempts,
        exit,
    } = retry::retry(&around, (handover, failed.clone()));
    exit.map_or(Ok(()), |exit| answer(&file, exit))?;
    drop(file);
    if exit == Some(Exit::Code(0)) {
        return recovered(audience, &env, &handover, &failed, attempts);
    }
    if !attempts.is_empty() && sys::interrupted() {
        return Ok(exit::OK);
    }
    let is_hidden = handover.heard != Heard::Both;
    if evidence.findings.is_empty() && is_hidden && look != Look::No {
        let words = replayed(&handover, &env);
        evidence = words.map_or(evidence, |words| read(&handover, &words));
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
        place: Place::default(),
    };
    let alarm = text_only_alarm(audience, &env, &case, &attempts);
    alarm.set(look.patience(config) + MARGIN);
    let report = if look == Look::No {
        by_text_alone(case.command, case.evidence) // nobody may ever read it; who does has it planned then
    } else {
        watched(case, env.clone(), config, look, Some(&alarm))
    };
    let report = Report { attempts, ..report };
    timing::mark("report");
    #[cfg(feature = "fleet")]
    let took = started.elapsed();
    alarm.off(); // a stream that nobody reads held go too
    voice.tell(world, config, &report);
    timing::mark("told");
    let alarm = Alarm::new(|| {});
    alarm.set(MARGIN);
    let written = wanted.write(world, &report);
    let state = State::of(&env);
    if let (Err(unusable @ Unusable::Untrusted(_)), false) = (&state, voice == Voice::Silent) {
        let _ = writeln!(io::stderr(), "gomend: {unusable}"); // a closed stream loses only this
    }
    #[cfg(feature = "fleet")]
    if let (true, Ok(state)) = (Ci::of(world).is_none() || config.metrics(), &state) {
        crate::fleet::memory::failure(state, report.cause, took, retries(&report));
    }
    #[cfg(feature = "fleet")]
    let told = events::failed(config, &env, state.as_ref().ok(), &report);
    #[cfg(feature = "fleet")]
    let changes = events::Changes::watch(config, &env);
    // in CI nothing is kept; elsewhere a full disk loses the memory, not the diagnosis
    if let (None, Ok(state)) = (Ci::of(world), state) {
        let _ = state.remember(&evidence, report.clone(), look != Look::No);
        timing::mark("kept");
        alarm.off();
        if voice == Voice::Terminal && is_typed(config) && !sys::interrupted() {
            sys::note_interrupts_no_longer();
            mend::offer(
                &report,
                env,
                &Journal::in_dir(state.folder()),
                &handover.argv,
            );
        }
    }
    #[cfg(feature = "fleet")]
    {
        told.wait();
        changes.tell();
    }
    written.map(|()| exit::OK)
}

/// What go says if it fetches once more, quietly. Nothing is known yet that could be told, should that hang.
fn replayed(handover: &Handover, env: &Env) -> Option<Vec<u8>> {
    let silently = Alarm::new(|| {});
    silently.set(REPLAY + MARGIN);
    replay::replay(handover, env, REPLAY)
}

/// Who is told of a report, and how.
struct Audience {
    world: World,
    config: Config,
    voice: Voice,
    wanted: Wanted,
}

impl Audience {
    fn of(world: &World, config: &Config) -> Self {
        Self {
            world: world.clone(),
            config: config.clone(),
            voice: Voice::of(world, config),
            wanted: Wanted::of(world),
        }
    }
}

/// Tells and keeps what the text says, should the probes not come back.
fn text_only_alarm(audience: Audience, env: &Env, case: &Case<'_>, attempts: &[Attempt]) -> Alarm {
    let (evidence, command) = (case.evidence.clone(), case.command.clone());
    let (env, attempts) = (env.clone(), attempts.to_vec());
    Alarm::new(move || {
        let report = Report {
            attempts,
            ..by_text_alone(command, &evidence)
        };
        let Audience {
            world,
            config,
            voice,
            wanted,
        } = audience;
        let is_shown = voice != Voice::Silent;
        voice.tell(&world, &config, &report);
        let _ = wanted.write(&world, &report); // nobody is left to be told
        if let (None, Ok(state)) = (Ci::of(&world), State::of(&env)) {
            let _ = state.remember(&evidence, report, is_shown);
        }
    })
}

/// What failed is over: it is told already, and only reported and remembered.
fn recovered(
    mut audience: Audience,
    env: &Env,
    handover: &Handover,
    evidence: &Evidence,
    attempts: Vec<Attempt>,
) -> io::Result<i32> {
    let report = Report {
        attempts,
        ..by_text_alone(Some(Command::of(handover)), evidence)
    };
    let wanted = &mut audience.wanted.0;
    wanted.retain(|(artifact, _)| artifact.variable == "GOMEND_REPORT"); // the others tell of failures
    let world = &audience.world;
    let written = audience.wanted.write(world, &report);
    #[cfg(feature = "fleet")]
    {
        let config = &audience.config;
        let state = State::of(env).ok();
        if let (true, Some(state)) = (Ci::of(world).is_none() || config.metrics(), &state) {
            crate::fleet::memory::recovered(state, retries(&report));
        }
        events::recovered(config, env, state.as_ref(), &report).wait();
    }
    if let (None, Ok(state)) = (Ci::of(world), State::of(env)) {
        let _ = state.remember(evidence, report, true); // a full disk loses the memory alone
    }
    written.map(|()| exit::OK)
}

/// How often go was tried again.
#[cfg(feature = "fleet")]
fn retries(report: &Report) -> u64 {
    u64::try_from(report.attempts.len().saturating_sub(1)).unwrap_or(u64::MAX)
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
    own_rules::scan(words, &context, env, config)
}

fn arguments(handover: &Handover) -> Vec<String> {
    handover
        .argv
        .iter()
        .skip(1)
        .map(|arg| arg.to_string_lossy().into_owned())
        .collect()
}

/// What the text says, and nothing that could hang.
fn by_text_alone(command: Option<Command>, evidence: &Evidence) -> Report {
    let verdict = verdict::decide(evidence, &[]);
    Report::new(command, evidence, &[], &verdict, &[])
}

/// Probes, judges and plans.
pub(crate) fn conclude(case: Case<'_>, env: Env, config: &Config, look: Look) -> Report {
    watched(case, env, config, look, None)
}

/// As [`conclude`], with an alarm that is put off as each stretch begins.
fn watched(case: Case<'_>, env: Env, config: &Config, look: Look, alarm: Option<&Alarm>) -> Report {
    let dir = case.command.as_ref().and_then(Command::folder);
    let dir = dir.or_else(|| std::env::current_dir().ok());
    let dir = dir.unwrap_or_else(|| PathBuf::from("/"));
    let patience = look.patience(config);
    let put_off = |within| alarm.inspect(|alarm| alarm.set(within));
    let observe = || {
        put_off(patience + MARGIN);
        observe(&case, &env, config, &dir, look)
    };
    let observations = match (look, State::of(&env)) {
        (Look::Quickly { .. }, Ok(state)) => state.share(&key_of(case.evidence), patience, observe),
        _ => observe(),
    };
    put_off(MARGIN);
    report_on(case, env, &dir, observations)
}

/// A remembered report with its plan: judged and planned from what was seen then, where it was made
/// without one because nobody was told.
pub(crate) fn planned(remembered: Remembered, env: Env) -> Remembered {
    if remembered.shown || remembered.evidence.findings.is_empty() {
        return remembered;
    }
    let old = remembered.report;
    let command = old.command.clone().unwrap_or_default();
    let dir = command.folder().unwrap_or_else(|| PathBuf::from("/"));
    let case = Case {
        evidence: &remembered.evidence,
        command: old.command,
        args: command.argv.into_iter().skip(1).collect(),
        go: command.go.map(PathBuf::from),
        place: old.place,
    };
    let report = Report {
        time: old.time,
        gomend: old.gomend,
        ..report_on(case, env, &dir, old.probes)
    };
    Remembered {
        report,
        ..remembered
    }
}

/// Judges and plans.
fn report_on(case: Case<'_>, env: Env, dir: &Path, observations: Vec<Observation>) -> Report {
    let verdict = verdict::decide(case.evidence, &observations);
    let said = case.evidence.findings.first();
    let situation = Situation {
        args: case.args,
        line: said.map(|finding| finding.text.clone()).unwrap_or_default(),
        foreign: said.is_none_or(|finding| finding.foreign),
        answer: said
            .and_then(|finding| finding.answer.clone())
            .unwrap_or_default(),
        observations,
        ..if case.command.is_none() {
            Situation::elsewhere(case.place)
        } else {
            Situation::look(env, dir, case.go.as_deref())
        }
    };
    let proposals = fix::plan(&verdict, &situation);
    let report = Report::new(
        case.command,
        case.evidence,
        &situation.observations,
        &verdict,
        &proposals,
    );
    Report {
        place: situation.place,
        ..report
    }
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
    let options = Options {
        saved: case.command.is_none(),
        ..options(config, ci)
    };
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

/// The files that somebody waits for.
#[derive(Clone)]
struct Wanted(Vec<(&'static Artifact, PathBuf)>);

impl Wanted {
    fn of(world: &World) -> Self {
        let named = |artifact: &'static Artifact| {
            let path = world.set_var(artifact.variable)?;
            Some((artifact, PathBuf::from(path)))
        };
        Self(ARTIFACTS.iter().filter_map(named).collect())
    }

    /// Each of them, whatever becomes of the others; the first that can't be written is the error.
    fn write(&self, world: &World, report: &Report) -> io::Result<()> {
        let written = self.0.iter().map(|(artifact, path)| {
            write_out(path, (artifact.write)(world, report).as_bytes()).map_err(|error| {
                let (name, path) = (artifact.variable, path.display());
                let message = tr!("can't write {name} `{path}`: {error}", name, path, error);
                io::Error::new(error.kind(), message)
            })
        });
        written.fold(Ok(()), io::Result::and)
    }
}
