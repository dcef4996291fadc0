//! The command line's own words: parsed, explained and complained about in the user's language.

use std::ffi::OsStr;
use std::fmt::Write as _;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, Error, FromArgMatches, ValueEnum};

use super::Cli;
use crate::exit;
use crate::lang::{Lang, text, tr};

/// The language asked for by `--lang`, before anything is parsed: help and complaints are in it too.
pub(super) fn lang(args: &[&OsStr]) -> Option<Lang> {
    let mut args = args.iter().filter_map(|arg| arg.to_str());
    let name = loop {
        match args.next()? {
            "--" => return None,
            "--lang" => break args.next()?,
            other => {
                if let Some(name) = other.strip_prefix("--lang=") {
                    break name;
                }
            }
        }
    };
    Lang::from_str(name, true).ok()
}

/// The command line, in the language that is spoken.
pub(super) fn command() -> Command {
    let mut command = Cli::command();
    command.build(); // adds `--help` and `--version`, which are translated like the others
    translated(command)
}

/// Parses a command line.
pub(super) fn parse(args: &[&OsStr]) -> Result<Cli, Error> {
    let mut matches = command().try_get_matches_from(args)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// Prints help to stdout or a complaint to stderr; the exit code.
pub(super) fn print(error: &Error) -> i32 {
    let told = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => None,
        kind => sentence(error, kind),
    };
    match told {
        Some(told) => super::complain(&told),
        None => {
            let _ = error.print(); // a closed stream leaves nothing to do
        }
    }
    if error.use_stderr() {
        exit::USAGE
    } else {
        exit::OK
    }
}

/// The commands by what they are for, in the order of a user's needs.
pub(super) const GROUPS: &[(&str, &[&str])] = &[
    (
        text!("A failure"),
        &["last", "fix", "undo", "history", "explain"],
    ),
    (text!("Before it fails"), &["doctor", "probe"]),
    (text!("Practice"), &["simulate"]),
    (
        text!("Setting up"),
        &["install", "status", "uninstall", "init", "run"],
    ),
    (text!("What gomend knows"), &["causes", "rules"]),
];

/// What to type first.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "gomend simulate no-such-host",
        text!("see a failure explained, without a network"),
    ),
    (
        "gomend run -- go mod download",
        text!("run go once under gomend's eyes"),
    ),
    (
        "gomend explain build.log",
        text!("say why a saved log failed"),
    ),
    ("gomend doctor", text!("check everything before it fails")),
    (
        "gomend fix",
        text!("mend the last failure; `gomend undo` takes it back"),
    ),
];

/// Every text of clap's that is translated when it is shown, in English.
#[must_use]
pub fn texts() -> Vec<String> {
    let mut command = Cli::command();
    command.build();
    let mut texts = Vec::new();
    gather(&command, &mut texts);
    texts
}

fn gather(command: &Command, into: &mut Vec<String>) {
    into.extend(command.get_about().map(ToString::to_string));
    into.extend(command.get_long_about().map(ToString::to_string));
    for arg in command.get_arguments() {
        into.extend(arg.get_help().map(ToString::to_string));
        into.extend(arg.get_long_help().map(ToString::to_string));
        for value in arg.get_possible_values() {
            into.extend(value.get_help().map(ToString::to_string));
        }
    }
    for subcommand in command.get_subcommands() {
        gather(subcommand, into);
    }
}

/// Help in the language that is spoken; for gomend itself the examples first, and the commands
/// in groups.
fn translated(command: Command) -> Command {
    let usage = tr!("Usage:");
    let template = if command.get_name() == "gomend" {
        let (examples, groups) = (examples(), groups(&command));
        let options = tr!("Options:");
        format!(
            "{{about-with-newline}}\n{examples}\n{usage} {{usage}}\n{groups}\n{options}\n{{options}}"
        )
    } else {
        format!("{{about-with-newline}}\n{usage} {{usage}}\n\n{{all-args}}\n")
    };
    let about = command.get_long_about().or(command.get_about()).map(spoken);
    let mut command = command
        .mut_args(argument)
        .mut_subcommands(translated)
        .subcommand_help_heading(tr!("Commands"))
        .help_template(template);
    if let Some(about) = about {
        command = command.about(about);
    }
    command
}

fn argument(arg: Arg) -> Arg {
    let heading = if arg.is_positional() {
        tr!("Arguments")
    } else {
        tr!("Options")
    };
    let notes = notes(&arg);
    let said = |text: &StyledStr| format!("{}{notes}", spoken(text));
    let help = arg.get_help().map(said);
    let long_help = arg.get_long_help().map(said);
    if arg.get_id() == "help" {
        // one layout, with all that is to be said, for `-h` and `--help`
        return arg
            .action(ArgAction::HelpShort)
            .help(tr!("Print help"))
            .help_heading(heading);
    }
    let mut arg = arg
        .help_heading(heading)
        .hide_possible_values(true)
        .hide_default_value(true);
    if let Some(help) = help {
        arg = arg.help(help);
    }
    if let Some(help) = long_help {
        arg = arg.long_help(help);
    }
    arg
}

/// What an argument may be, and is without it.
fn notes(arg: &Arg) -> String {
    let mut notes = String::new();
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| value.get_name().to_owned())
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        let values = values.join(", ");
        let _ = write!(notes, " [{}]", tr!("one of {values}", values));
    }
    if arg.get_action().takes_values()
        && let [default] = arg.get_default_values()
    {
        let default = default.to_string_lossy();
        let _ = write!(notes, " [{}]", tr!("default: {default}", default));
    }
    notes
}

fn examples() -> String {
    let width = EXAMPLES.iter().map(|(line, _)| line.len()).max();
    EXAMPLES
        .iter()
        .fold(tr!("Examples:") + "\n", |mut text, &(line, what)| {
            let what = tr!(what);
            let _ = writeln!(text, "  {line:width$}  {what}", width = width.unwrap_or(0));
            text
        })
}

fn groups(command: &Command) -> String {
    let mut text = String::new();
    for &(title, names) in GROUPS {
        let _ = write!(text, "\n{}:\n", tr!(title));
        for name in names {
            let about = command
                .find_subcommand(name)
                .and_then(Command::get_about)
                .map(spoken)
                .unwrap_or_default();
            let _ = writeln!(text, "  {name:<12} {about}");
        }
    }
    text
}

/// A complaint as one sentence and what to do; `None`: clap's own words.
fn sentence(error: &Error, kind: ErrorKind) -> Option<String> {
    let context = |kind| match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) if !texts.is_empty() => Some(texts.join(", ")),
        _ => None,
    };
    let arg = context(ContextKind::InvalidArg).unwrap_or_default();
    let (what, near) = match kind {
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand)?;
            let near = context(ContextKind::SuggestedSubcommand);
            (tr!("there is no command `{name}`", name), near)
        }
        ErrorKind::UnknownArgument => {
            let near = context(ContextKind::SuggestedArg);
            (tr!("unexpected argument `{arg}`", arg), near)
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue).unwrap_or_default();
            let what = match context(ContextKind::ValidValue) {
                Some(values) => tr!(
                    "`{value}` is none of the values for `{arg}`: {values}",
                    value,
                    arg,
                    values
                ),
                None if value.is_empty() => tr!("`{arg}` needs a value", arg),
                None => tr!("`{value}` can't be a value of `{arg}`", value, arg),
            };
            (what, context(ContextKind::SuggestedValue))
        }
        ErrorKind::MissingRequiredArgument => (tr!("missing: {arg}", arg), None),
        ErrorKind::ArgumentConflict => {
            let other = context(ContextKind::PriorArg)?;
            let what = tr!("`{arg}` and `{other}` can't go together", arg, other);
            (what, None)
        }
        _ => return None,
    };
    let near = near
        .map(|near| tr!("; did you mean `{near}`?", near))
        .unwrap_or_default();
    let help = tr!(
        "help: `{command}` lists what there is",
        command = "gomend --help"
    );
    Some(format!("{what}{near}\n{help}"))
}

fn spoken(text: &StyledStr) -> String {
    let text = text.to_string();
    let text = text.as_str();
    tr!(text)
}
