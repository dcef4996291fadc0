//! gomend's own commands: words in, calls out. The work is elsewhere; here an outcome
//! becomes words and an exit code.

mod compare;
mod failure;
#[cfg(feature = "fleet")]
mod fleet;
mod help;
mod hosts;
mod laboratory;
mod look;
mod manual;
mod near;
mod reference;
mod seen;
mod shells;
mod status;
mod table;

use std::ffi::{CStr, OsStr, OsString};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use crate::config::Config;
use crate::diagnose;
use crate::lang::{self, Lang, tr};
use crate::report::Style;
use crate::settings::Env;
use crate::supervise::handover;
use crate::world::{World, leak};
use crate::{exit, mask, shim, speak, wrap};

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
    /// Print JSON instead of text
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
    #[arg(long, global = true, value_parser = help::languages())]
    lang: Option<Lang>,
}

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
    Install(shells::InstallArgs),
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
        shell: reference::CompletionShell,
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
        /// Try again so often (at most 5) after a failure that passes by itself
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=5))]
        retry: Option<u8>,
        /// `go` and its arguments; `go` itself, and the two dashes, may be left away
        #[arg(
            required = true,
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "go ARGS"
        )]
        command: Vec<OsString>,
    },
    /// Show the last diagnosis again, with everything that is known
    ///
    /// The newest of this terminal or folder, whether it was shown or only kept.
    Last {
        /// Another one, as `--list` names it
        #[arg(value_name = "REPORT-ID")]
        id: Option<String>,
        /// All that are kept, the newest first
        #[arg(long, conflicts_with = "id")]
        list: bool,
        /// As Markdown for an administrator or a forge's support: what was asked and answered, without secrets
        #[arg(long)]
        ticket: bool,
    },
    /// Carry out a fix for the last diagnosis; it is tried first, and undone with `undo`
    Fix {
        /// The fix, as the diagnosis names it; or a diagnosis, as `gomend last --list` names it
        #[arg(value_name = "FIX-ID|REPORT-ID", num_args = 0..=2)]
        ids: Vec<String>,
        /// The last diagnosis of this terminal or folder (the default)
        #[arg(long)]
        last: bool,
        /// Show what would be tried, asked and written; start nothing and write nothing
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
        /// The log; `-` is standard input; or a diagnosis, as `gomend last --list` names it
        #[arg(default_value = "-", value_name = "FILE|REPORT-ID")]
        file: PathBuf,
        /// Look at nothing but the text
        #[arg(long)]
        offline: bool,
    },
    /// Check everything that a fetch would meet, before it fails
    ///
    /// Without targets: the settings, the module in this folder, the module proxy and the
    /// checksum database.
    Doctor(look::DoctorArgs),
    /// List every host that a fetch of the module here would speak to, for allow-lists
    ///
    /// From the settings, go.mod and go.sum; nobody is contacted without `--ask`.
    Hosts {
        /// Ask each server where it sends one on to
        #[arg(long)]
        ask: bool,
    },
    /// Look at one host as Go's network stack does it, and as git's does it
    Probe(look::ProbeArgs),
    /// Compare resolvers, module mirrors and paths side by side: median, p95, loss, who is wrong
    ///
    /// Without targets: for the module proxy that go uses. Only hosts that your settings or
    /// arguments name are asked, plus the documented mirrors and public resolvers, and these never
    /// hear a name that may be private.
    Compare(compare::Args),
    /// Check the repository and this machine against a policy
    ///
    /// The policy is a TOML file in the repository, .gomend-policy.toml: what GOPROXY, GOSUMDB and
    /// GOPRIVATE must be, which settings are forbidden, which Go, git and hosts are wanted. Read are go.mod,
    /// go.work, go.sum, Dockerfiles, files of CI systems, shell scripts, Makefiles and this machine's settings.
    #[cfg(feature = "fleet")]
    Check(fleet::check::Args),
    /// Write this machine's state as text for Prometheus
    ///
    /// Failures by cause, time to a verdict, fixes, retries, rehearsals, the last check of a policy. For
    /// `node_exporter`'s textfile collector: `--output FILE.prom`.
    #[cfg(feature = "fleet")]
    Metrics(fleet::metrics::Args),
    /// Build and rehearse a replacement for the module proxy, before it is needed
    #[cfg(feature = "fleet")]
    Rescue(fleet::rescue::Args),
    /// Answer Alertmanager's alerts with the playbooks of the configuration
    ///
    /// Listens on the loopback or a socket, or takes one saved notification. A playbook looks at hosts, switches
    /// GOPROXY to the best of a list, warms a module proxy or writes a ticket; a change is proven first, and
    /// taken back when the alert is over.
    #[cfg(feature = "fleet")]
    Respond(fleet::respond::Args),
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
    ///
    /// Your own stand in ~/.config/gomend/rules.toml, each as `[[rule]]` with `id = "corp-vpn"`, `cause = "tcp-timeout"` (see
    /// `gomend causes`) and `needle = "words of the failing line"`; `pull = 'host (?<host>\S+)'` takes names out of that line.
    Rules {
        #[command(subcommand)]
        command: Option<RulesCommand>,
    },
    /// Run go against a built-in fault, and show what gomend makes of it
    ///
    /// Without a name: the faults. `all`: every fault, and how many were recognised.
    Simulate(laboratory::Args),
    /// The settings: their values, and who says so
    Config {
        #[command(subcommand)]
        command: Option<ConfigCommand>,
    },
    /// Print the completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum, required_unless_present = "values")]
        shell: Option<reference::CompletionShell>,
        /// What an argument may be at the moment, a line each, for the completions themselves
        #[arg(long, value_enum, value_name = "OF", hide = true)]
        values: Option<reference::Values>,
    },
    /// Say what a command is for, and its options
    Help {
        /// The command
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
    /// Print the version
    Version,
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
        matches!(self, Self::Config { .. } | Self::Completions { .. })
    }

    /// Its name, if all that it prints is text: `--json` is refused rather than ignored.
    fn without_json(&self) -> Option<&'static str> {
        match self {
            Self::Man { .. } => Some("man"),
            Self::Help { .. } => Some("help"),
            Self::Version => Some("version"),
            Self::Init { .. } => Some("init"),
            Self::Completions { .. } => Some("completions"),
            #[cfg(feature = "fleet")]
            Self::Metrics(_) => Some("metrics"),
            #[cfg(feature = "fleet")]
            Self::Respond(_) => Some("respond"),
            _ => None,
        }
    }

    /// What it changes is told when it ends.
    #[cfg(feature = "fleet")]
    fn changes_by_itself(&self) -> bool {
        !matches!(self, Self::Respond(_))
    }

    /// It must work whatever stands in the settings: it leads out of trouble, or explains one.
    fn tolerates_invalid_config(&self) -> bool {
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

#[derive(Subcommand)]
enum ConfigCommand {
    /// Write a setting into your own file
    Set {
        /// The setting
        key: String,
        /// Its value
        value: String,
    },
    /// Take a setting out of your own file
    Unset {
        /// The setting
        key: String,
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
    lang::speak(wanted.unwrap_or_else(|| Lang::of(world)));
    let config = Config::load(&Env::from_process(), &dir);
    if wanted.is_none()
        && let Some(lang) = config.lang()
    {
        lang::speak(lang);
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
        if config.is_broken() && !cli.command.tolerates_invalid_config() {
            return exit::USAGE;
        }
    }
    if cli.common.json
        && let Some(name) = cli.command.without_json()
    {
        let command = format!("gomend {name}");
        complain(&tr!("`{command}` has no JSON", command));
        return exit::USAGE;
    }
    crate::scratch::sweep();
    #[cfg(feature = "fleet")]
    let changes = cli
        .command
        .changes_by_itself()
        .then(|| crate::fleet::events::Changes::watch(&config, &Env::from_process()));
    let call = Call {
        world,
        config: &config,
        common: cli.common,
    };
    let code = match dispatch(call, cli.command) {
        Ok(code) => code,
        Err(error) => {
            complain(&error);
            exit::PROBLEM
        }
    };
    #[cfg(feature = "fleet")]
    if let Some(changes) = changes {
        changes.tell();
    }
    code
}

/// A failed go comes from the shim, which waits. A setting that can't be meant is as good as not
/// set: it is said with the diagnosis, and stops nothing. Scripts and editors hear of no error, unless they want a report.
fn take_over(world: &World, config: &Config, fd: i32) -> i32 {
    match diagnose::take_over(world, config, fd) {
        Ok(code) => code,
        Err(error) => {
            if diagnose::is_followed(world, config) {
                let words = error.to_string();
                let words = words.as_str(); // the handover's own are in the catalogue
                complain(&tr!(words));
            }
            exit::PROBLEM
        }
    }
}

/// What every command is called with.
#[derive(Clone, Copy)]
struct Call<'a> {
    world: &'a World,
    config: &'a Config,
    common: Common,
}

impl Call<'_> {
    /// How something is printed there.
    fn style(self, fd: i32) -> Style {
        let style = speak::style_of(self.world, self.config, fd);
        let colour = match self.common.color {
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
}

fn dispatch(call: Call<'_>, command: Command) -> Result<i32, String> {
    match command {
        Command::Install(args) => shells::install(call, &args),
        Command::Uninstall { dir, yes } => shells::uninstall(call.common, dir.as_deref(), yes),
        Command::Status => status::tell(call.config, call.common),
        Command::Init { shell, dir, alias } => shells::init(shell, dir.as_deref(), alias),
        Command::Run {
            trace,
            retry,
            command,
        } => Ok(run_go(call.world, call.common, trace, retry, &command)),
        Command::Last { list: true, .. } => failure::list(call.common),
        Command::Last { id, ticket, .. } => failure::last(call, id.as_deref(), ticket),
        Command::Fix {
            ids,
            last: _,
            dry_run,
            yes,
        } => failure::fix(call.common, &ids, dry_run, yes),
        Command::Undo { id } => failure::undo(call.common, id.as_deref()),
        Command::History => failure::history(call.common),
        Command::Doctor(args) => look::doctor(call, args),
        Command::Hosts { ask } => hosts::list(call, ask),
        Command::Probe(args) => look::probe(call, &args),
        Command::Compare(args) => compare::run(call, &args),
        #[cfg(feature = "fleet")]
        Command::Check(args) => fleet::check::run(call, &args),
        #[cfg(feature = "fleet")]
        Command::Metrics(args) => fleet::metrics::run(call, &args),
        #[cfg(feature = "fleet")]
        Command::Rescue(args) => fleet::rescue::run(call, &args),
        #[cfg(feature = "fleet")]
        Command::Respond(args) => fleet::respond::run(call, &args),
        Command::Causes { id, markdown } => reference::causes(call.common, id.as_deref(), markdown),
        Command::Rules { command } => reference::rules(
            call.config,
            call.common,
            command.unwrap_or(RulesCommand::List),
        ),
        Command::Explain { file, offline } => failure::explain(call, &file, offline),
        Command::Simulate(args) => laboratory::run(call, &args),
        Command::Config { command: None } => reference::settings(call.config, call.common),
        Command::Config {
            command: Some(ConfigCommand::Set { key, value }),
        } => reference::set(call.config, call.common, &key, Some(&value)),
        Command::Config {
            command: Some(ConfigCommand::Unset { key }),
        } => reference::set(call.config, call.common, &key, None),
        Command::Completions { shell, values } => reference::completions(shell, values),
        Command::Help { command } => Ok(help::of(command.as_deref())),
        Command::Version => {
            print(concat!("gomend ", env!("CARGO_PKG_VERSION"), "\n")).map(|()| exit::OK)
        }
        Command::Man {
            command,
            dir,
            markdown,
        } => reference::man(command.as_deref(), dir.as_deref(), markdown),
    }
}

/// Acts as the shim for this one command, with or without the word `go` before its arguments;
/// returns only if the words are not a go command.
fn run_go(
    world: &World,
    common: Common,
    trace: bool,
    retry: Option<u8>,
    command: &[OsString],
) -> i32 {
    let mut args: Vec<&'static CStr> = command.iter().map(|arg| leak(arg.as_bytes())).collect();
    let names_go = |word: &OsString| Path::new(word).file_name() == Some(OsStr::new("go"));
    if !command.first().is_some_and(names_go) {
        args.insert(0, c"go"); // left away: what follows can only be meant for it
    }
    if !common.quiet && shim::plan::plan(&args) == shim::plan::Plan::Exec {
        let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
        let command = words.join(" ");
        note(&tr!(
            "`{command}` is no command that fetches modules: it runs as it would without gomend",
            command
        ));
    }
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
    if let Some(retry) = retry {
        let world = World {
            args: Vec::new(),
            env,
        };
        env = world.env_with(&[leak(format!("GOMEND_RETRY={retry}").as_bytes())]);
    }
    shim::run(&World { args, env })
}

/// JSON, masked, and the end of its last line.
fn print_json(value: &impl serde::Serialize) -> Result<(), String> {
    let text = mask::to_string_pretty(value).expect("plain data with string keys is always JSON");
    print_own(&(text + "\n"))
}

/// A word about progress, for people.
fn note(text: &str) {
    complain(&text);
}

/// Results go to stdout, whatever they hold of others.
fn print(text: &str) -> Result<(), String> {
    print_own(&mask::page(text))
}

/// Results that gomend has painted.
fn print_painted(text: &str) -> Result<(), String> {
    print_own(&mask::painted(text))
}

/// What is gomend's own to the last byte: shell code, completions, manuals, JSON that is masked. A
/// reader that has left is no trouble of ours.
fn print_own(text: &str) -> Result<(), String> {
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
    let error = error.to_string();
    let mut lines = mask::page(&error);
    if let Some(columns) = wrap::columns(2) {
        let fit = |(at, line)| wrap::fit(line, if at == 0 { 8 } else { 0 }, 8, Some(columns));
        let all: Vec<String> = lines.split('\n').enumerate().map(fit).collect();
        lines = all.join("\n");
    }
    eprintln!("gomend: {lines}");
}
