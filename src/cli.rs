//! gomend's own commands: words in, calls out. The work is elsewhere; here an outcome
//! becomes words and an exit code.

mod compare;
mod help;
mod laboratory;
mod look;
mod manual;
mod reference;
mod shells;
mod status;

use std::ffi::{CStr, OsStr, OsString};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};
use console::Alignment;

use crate::ask::Tty;
use crate::cause::Cause;
use crate::config::Config;
use crate::diagnose::{self, Case, Look};
use crate::evidence::Evidence;
use crate::fix::Journal;
use crate::lang::{Lang, tr};
use crate::mend::{self, Bench, Ended, Wish};
use crate::report::{self, Style};
use crate::settings::Env;
use crate::state::{Remembered, State};
use crate::supervise::handover;
use crate::world::{World, leak};
use crate::{catalogue, exit, rules, shim, speak, sys};

/// The `go` command that mends itself.
///
/// gomend stands in for `go`, says why a module fetch failed, and offers fixes that it has tried.
#[derive(Parser)]
#[command(
    name = "gomend",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

pub use help::texts as help_texts;

/// Options of every command.
#[derive(clap::Args, Clone, Copy)]
struct Common {
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    json: bool,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    color: Color,
    /// Print only results
    #[arg(long, global = true)]
    quiet: bool,
    /// Never ask anything
    #[arg(long, global = true)]
    no_input: bool,
    /// The language: English, or Simplified Chinese
    #[arg(long, global = true, value_enum)]
    lang: Option<Lang>,
}

/// Larger logs are read as a stream, without the user's own rules.
const OWN_RULES_UP_TO: u64 = 8 << 20;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    /// Let `go` run through gomend in your shells, from now on
    ///
    /// Writes the shim into a folder of its own and puts that folder first on PATH, in the start-up
    /// files of your login shell and of every other shell that you have such files for. `gomend
    /// uninstall` restores them to the byte.
    Install {
        /// Only this shell's start-up files; `none`: no file but the shim
        #[arg(long, value_enum, value_name = "SHELL")]
        shell: Vec<shells::Name>,
        /// The folder for the shim, instead of one in your data folder
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// An alias (or function) named go, instead of a folder on PATH
        #[arg(long)]
        alias: bool,
    },
    /// Take gomend out of your shells again, and forget everything
    ///
    /// Lists the fixes that are applied and offers to undo them first.
    Uninstall {
        /// A folder that the shim was installed into
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Undo the applied fixes without asking
        #[arg(long)]
        yes: bool,
    },
    /// Say which go runs, through what, in which shells, and why
    Status,
    /// Print the code that puts gomend into a running shell
    Init {
        /// The shell that will read it
        #[arg(value_enum, value_name = "SHELL")]
        shell: reference::Shell,
        /// The folder with the shim
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// An alias (or function) named go, instead of a folder on PATH
        #[arg(long)]
        alias: bool,
    },
    /// Run go under gomend's eyes without installing anything
    Run {
        /// Show go's commands (-x), its resolver and its toolchain choice (GODEBUG) on the run itself
        #[arg(long)]
        trace: bool,
        /// `go` and its arguments
        #[arg(last = true, required = true, value_name = "go ARGS")]
        command: Vec<OsString>,
    },
    /// Show the last diagnosis again, with everything that is known
    Last,
    /// Carry out a fix for the last diagnosis; it is tried first, and undone with `undo`
    Fix {
        /// The fix, as the diagnosis names it
        #[arg(value_name = "FIX-ID")]
        id: Option<String>,
        /// The last diagnosis that was shown in this terminal or directory (the default)
        #[arg(long)]
        last: bool,
        /// Show what would be written, and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Apply without asking: only what is proven, reversible and touches no secret and no trust
        #[arg(long)]
        yes: bool,
    },
    /// Take a fix back, to the byte
    Undo {
        /// Its number in the history; without one, the last fix
        id: Option<String>,
    },
    /// Show what gomend has changed
    History,
    /// Explain a saved log: of CI, of a colleague
    Explain {
        /// The log; `-` is standard input
        #[arg(default_value = "-", value_name = "FILE")]
        file: PathBuf,
        /// Look at nothing but the text
        #[arg(long)]
        offline: bool,
    },
    /// Check everything that a fetch would meet, before it fails
    ///
    /// Without targets: the settings, the module in this folder, the module proxy and the
    /// checksum database.
    Doctor {
        /// Modules, hosts or URLs
        #[arg(value_name = "MODULE|HOST|URL")]
        targets: Vec<String>,
        /// With the patience of a CI system
        #[arg(long)]
        ci: bool,
        /// Ask public resolvers for private names too
        #[arg(long)]
        public_dns: bool,
    },
    /// Look at one host as Go's network stack does it, and as git's does it
    Probe {
        /// What to look at
        #[arg(value_enum)]
        kind: look::Kind,
        /// A host, URL or repository
        target: String,
        /// Ask public resolvers for a private name too
        #[arg(long)]
        public_dns: bool,
    },
    /// Compare resolvers, module mirrors and paths side by side: median, p95, loss, who is wrong
    ///
    /// Without targets: for the module proxy that go uses. Only hosts that your settings or
    /// arguments name are asked, plus the documented mirrors and public resolvers, and these never
    /// hear a name that may be private.
    Compare(compare::Args),
    /// The causes that gomend tells apart, and what usually helps
    Causes {
        /// Only this cause
        #[arg(value_name = "CAUSE")]
        id: Option<String>,
        /// As a Markdown table
        #[arg(long, hide = true)]
        markdown: bool,
    },
    /// The rules that recognise failures, shipped and your own (rules.toml)
    Rules {
        #[command(subcommand)]
        command: Option<RulesCommand>,
    },
    /// Run go against a built-in fault, and show what gomend makes of it
    ///
    /// Without a name: the faults. `all`: every fault, and how many were recognised.
    Simulate {
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
        /// go arguments to run instead of the fault's own
        #[arg(last = true, value_name = "go ARGS")]
        args: Vec<String>,
    },
    /// The settings: their values, and who says so
    Config,
    /// Print the completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: reference::Shell,
    },
    /// Show the manual
    ///
    /// Without a command: gomend's own page, through man(1) where a person reads.
    Man {
        /// A command's page
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
        /// Write every page into this folder instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// As Markdown, with exit codes, variables and files
        #[arg(long, hide = true)]
        markdown: bool,
    },
}

impl Command {
    /// It says itself what is wrong with the settings.
    fn minds_itself(&self) -> bool {
        matches!(self, Self::Config)
    }

    /// It must work whatever stands in the settings: it leads out of trouble, or explains one.
    fn bears_a_broken_configuration(&self) -> bool {
        matches!(self, Self::Undo { .. } | Self::History)
    }
}

#[derive(Subcommand)]
enum RulesCommand {
    /// Every rule
    List,
    /// One rule: needles, pattern, sample, where it was seen
    Show {
        /// The rule
        id: String,
    },
    /// Say which rules match a text
    Test {
        /// The text; `-` is standard input
        #[arg(default_value = "-", value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs one command; the exit code.
pub(crate) fn run(world: &World) -> i32 {
    let args: Vec<&OsStr> = world
        .args
        .iter()
        .map(|arg| OsStr::from_bytes(arg.to_bytes()))
        .collect();
    let dir = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let wanted = help::lang(&args);
    wanted.unwrap_or_else(|| Lang::of(world)).speak();
    let config = Config::load(&Env::from_process(), &dir);
    if wanted.is_none()
        && let Some(lang) = config.lang()
    {
        lang.speak();
    }
    if let [_, command, fd] = args[..]
        && command == handover::COMMAND
        && let Some(Ok(fd)) = fd.to_str().map(str::parse)
    {
        return take_over(world, &config, fd);
    }
    let cli = match help::parse(&args) {
        Ok(cli) => cli,
        Err(error) => return help::print(&error, &args),
    };
    if !cli.command.minds_itself() {
        for problem in &config.problems {
            complain(problem);
        }
        if config.is_broken() && !cli.command.bears_a_broken_configuration() {
            return exit::USAGE;
        }
    }
    match dispatch(world, &config, cli.common, cli.command) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            exit::PROBLEM
        }
    }
}

/// A failed go comes from the shim, which waits. What is wrong with the settings is said, and
/// as good as not set.
fn take_over(world: &World, config: &Config, fd: i32) -> i32 {
    match diagnose::take_over(world, config, fd) {
        Ok(code) => code,
        Err(error) => {
            let words = error.to_string();
            let words = words.as_str(); // the handover's own are in the catalogue
            complain(&tr!(words));
            exit::PROBLEM
        }
    }
}

fn dispatch(
    world: &World,
    config: &Config,
    common: Common,
    command: Command,
) -> Result<i32, String> {
    match command {
        Command::Install { shell, dir, alias } => {
            shells::install(world, config, common, &shell, dir.as_deref(), alias)
        }
        Command::Uninstall { dir, yes } => shells::uninstall(common, dir.as_deref(), yes),
        Command::Status => status::tell(config, common),
        Command::Init { shell, dir, alias } => shells::init(shell, dir.as_deref(), alias),
        Command::Run { trace, command } => Ok(run_go(world, trace, &command)),
        Command::Last => last(world, config, common),
        Command::Fix {
            id,
            last: _,
            dry_run,
            yes,
        } => fix(common, id, dry_run, yes),
        Command::Undo { id } => undo(common, id.as_deref()),
        Command::History => history(common),
        Command::Doctor {
            targets,
            ci,
            public_dns,
        } => look::doctor(world, config, common, targets, ci, public_dns),
        Command::Probe {
            kind,
            target,
            public_dns,
        } => look::probe(world, config, common, kind, &target, public_dns),
        Command::Compare(args) => compare::run(world, config, common, &args),
        Command::Causes { id, markdown } => causes(id.as_deref(), markdown),
        Command::Rules { command } => rules(config, command.unwrap_or(RulesCommand::List)),
        Command::Explain { file, offline } => explain(world, config, common, &file, offline),
        Command::Simulate {
            fault,
            mend,
            junit,
            drill,
            seed,
            args,
        } => match fault.as_deref() {
            None if drill => laboratory::drill(world, config, common, seed),
            None => laboratory::list(common),
            Some("all") => laboratory::all(world, common, junit.as_deref()),
            Some(fault) => laboratory::one(world, config, common, fault, &args, mend),
        },
        Command::Config => reference::settings(config, common),
        Command::Completions { shell } => reference::completions(shell),
        Command::Man {
            command,
            dir,
            markdown,
        } => reference::man(command.as_deref(), dir.as_deref(), markdown),
    }
}

/// Acts as the shim for this one command; returns only if the words are not a go command.
fn run_go(world: &World, trace: bool, command: &[OsString]) -> i32 {
    let mut args: Vec<&'static CStr> = command.iter().map(|arg| leak(arg.as_bytes())).collect();
    let mut env = world.env.clone();
    if trace {
        if let Some(at) = shim::plan::flags_at(&args) {
            args.insert(at, c"-x");
        }
        let old = world.var("GODEBUG").map_or(&b""[..], OsStr::as_bytes);
        let separator: &[u8] = if old.is_empty() { b"" } else { b"," };
        let entry = [b"GODEBUG=", old, separator, b"netdns=2,toolchaintrace=1"].concat();
        env = world.env_with(&[leak(&entry)]);
    }
    shim::run(&World { args, env })
}

/// The last diagnosis that was shown here, in the language that is spoken now.
fn remembered() -> Option<Remembered> {
    let env = Env::from_process();
    let last = State::of(&env)?.last()?;
    Some(diagnose::retold(last, env))
}

/// Shows the last diagnosis.
fn last(world: &World, config: &Config, common: Common) -> Result<i32, String> {
    let Some(Remembered {
        id, dir, report, ..
    }) = remembered()
    else {
        return Err(tr!("nothing was diagnosed yet"));
    };
    if common.json {
        print(&format!("{}\n", report.to_json()))?;
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
    print(&report::render(&report, style(world, config, common, 1)))?;
    Ok(exit::OK)
}

/// The journal of this user; said why, where nothing may be written.
fn journal() -> Result<Journal, String> {
    let state = State::of(&Env::from_process()).ok_or_else(|| {
        tr!("HOME is not set or belongs to another user (sudo?): nothing is written there")
    })?;
    Ok(Journal::in_dir(state.folder()))
}

/// Mends the last diagnosis.
fn fix(common: Common, id: Option<String>, dry_run: bool, yes: bool) -> Result<i32, String> {
    let journal = journal()?;
    let Some(Remembered { report, .. }) = remembered() else {
        return Err(tr!("nothing was diagnosed yet"));
    };
    if !dry_run {
        match journal.recover() {
            Ok(entries) => entries
                .iter()
                .for_each(|entry| note(&mend::recovered(entry))),
            Err(error) => {
                complain(&error);
                return Ok(exit::PROBLEM);
            }
        }
    }
    let Some(mut bench) = Bench::of(&report, Env::from_process()) else {
        return Err(tr!("the last diagnosis is nothing that gomend could mend"));
    };
    if !common.quiet {
        note(&report.summary);
    }
    if id.as_ref().is_none_or(|id| {
        id.contains("-and-") || bench.proposals().iter().any(|known| known.id == *id)
    }) {
        bench.verify();
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
        Ok(Ended::Applied(entry)) if common.json => {
            print(&format!("{}\n", json(&entry))).map(|()| exit::OK)
        }
        Ok(Ended::Applied(entry)) => print(&mend::applied(&entry)).map(|()| exit::OK),
        Ok(Ended::Shown(proposals)) if common.json => {
            print(&format!("{}\n", json(&proposals))).map(|()| exit::PROBLEM)
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
            complain(&error);
            Ok(mend::code_of(&error))
        }
    }
}

/// Takes a fix back.
fn undo(common: Common, id: Option<&str>) -> Result<i32, String> {
    match journal()?.undo(id) {
        Ok(entry) if common.json => print(&format!("{}\n", json(&entry)))?,
        Ok(entry) => print(&(tr!("gomend: taken back: {title}", title = entry.title) + "\n"))?,
        Err(error) => return Err(error.to_string()),
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
fn history(common: Common) -> Result<i32, String> {
    let entries = journal()?.history().map_err(|error| error.to_string())?;
    if common.json {
        print(&format!("{}\n", json(&entries)))?;
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
            entry.title,
            files.join(", ")
        );
    }
    print(&text)?;
    Ok(exit::OK)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data with string keys is always JSON")
}

fn causes(id: Option<&str>, markdown: bool) -> Result<i32, String> {
    let text = match id {
        Some(id) => catalogue::cause(Cause::from_id(id).ok_or_else(|| {
            tr!(
                "there is no cause `{id}`\nhelp: `gomend causes` lists them",
                id
            )
        })?),
        None if markdown => Cause::markdown(),
        None => catalogue::causes(),
    };
    print(&text)?;
    Ok(exit::OK)
}

fn rules(config: &Config, command: RulesCommand) -> Result<i32, String> {
    let (own, problems) = catalogue::users_rules(&Env::from_process(), config);
    for problem in &problems {
        let place = format!("{}:{}", problem.file.display(), problem.line);
        complain(&tr!(
            "{place}: {problem}; this rule is skipped",
            place,
            problem = problem.message
        ));
    }
    match command {
        RulesCommand::List => print(&catalogue::list(&own))?,
        RulesCommand::Show { id } => {
            let rule = crate::rules::by_id(&id).ok_or_else(|| {
                tr!(
                    "there is no shipped rule `{id}`\nhelp: `gomend rules list` lists them",
                    id
                )
            })?;
            print(&catalogue::rule(rule))?;
        }
        RulesCommand::Test { file } => {
            let evidence = read_log(&file, config)?;
            print(&catalogue::found(&evidence))?;
            if evidence.findings.is_empty() {
                return Ok(exit::UNDECIDED);
            }
        }
    }
    Ok(if problems.is_empty() {
        exit::OK
    } else {
        exit::PROBLEM
    })
}

/// Explains a log from elsewhere.
fn explain(
    world: &World,
    config: &Config,
    common: Common,
    file: &Path,
    offline: bool,
) -> Result<i32, String> {
    let evidence = read_log(file, config)?;
    let case = Case {
        evidence: &evidence,
        command: None,
        args: Vec::new(),
        go: None,
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
        print(&format!("{}\n", report.to_json()))?;
    } else if report.is_not_ours() {
        complain(&tr!(
            "no failure of a module fetch is recognised in this text"
        ));
    } else {
        print(&report::render(&report, style(world, config, common, 1)))?;
    }
    Ok(if report.is_not_ours() {
        exit::UNDECIDED
    } else {
        exit::OK
    })
}

/// Names the failures in a log of any size: with the user's own rules if it fits into
/// [`OWN_RULES_UP_TO`], else with the shipped ones alone.
fn read_log(file: &Path, config: &Config) -> Result<Evidence, String> {
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(file).map_err(|error| unreadable(file, &error))?)
    };
    let mut head = Vec::new();
    let mut reader = reader;
    let mut beginning = reader.by_ref().take(OWN_RULES_UP_TO);
    beginning
        .read_to_end(&mut head)
        .map_err(|error| unreadable(file, &error))?;
    let context = rules::Context::default();
    if (head.len() as u64) < OWN_RULES_UP_TO {
        return Ok(catalogue::scan(
            &head,
            &context,
            &Env::from_process(),
            config,
        ));
    }
    rules::stream::scan(head.chain(reader), &context).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &io::Error) -> String {
    tr!("can't read `{file}`: {error}", file = file.display(), error)
}

/// A word about progress, for people.
fn note(text: &str) {
    complain(&text);
}

fn style(world: &World, config: &Config, common: Common, fd: i32) -> Style {
    let style = speak::style_of(world, config, fd);
    let colour = match common.color {
        Color::Auto => style.colour,
        Color::Always => true,
        Color::Never => false,
    };
    Style {
        colour,
        details: true,
        ..style
    }
}

/// Results go to stdout; a reader that has left is no trouble of ours.
fn print(text: &str) -> Result<(), String> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(tr!("can't write to stdout: {error}", error))
        }
        _ => Ok(()),
    }
}

/// One line for people, on stderr.
#[expect(clippy::print_stderr, reason = "where gomend's own errors are said")]
fn complain(error: &dyn std::fmt::Display) {
    eprintln!("gomend: {error}");
}
