//! The command line's own words: parsed, explained and complained about in the user's language.

use std::ffi::OsStr;
use std::fmt::Write as _;

use clap::builder::{PossibleValue, PossibleValuesParser, StyledStr, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, CommandFactory, Error, FromArgMatches};

use super::Cli;
use crate::cause::Cause;
use crate::lab::FAULTS;
use crate::lang::{Lang, text, tr};
use crate::{config, exit, rules, wrap};

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
    Lang::from_id(name)
}

/// The values of `--lang`.
pub(super) fn languages() -> impl TypedValueParser<Value = Lang> {
    let english =
        PossibleValue::new(Lang::En.id()).help("English, which the sources are written in");
    let chinese = PossibleValue::new(Lang::Zh.id()).help("Simplified Chinese");
    PossibleValuesParser::new([english, chinese]).map(|id| Lang::from_id(&id).unwrap_or_default())
}

/// The command line, in the language that is spoken.
pub(super) fn command() -> Command {
    at_once(page())
}

/// The same for the manual, which tells short from long descriptions.
pub(super) fn page() -> Command {
    translated(english())
}

/// The same for completions, which offer the values of options.
pub(super) fn completed() -> Command {
    fn offering(command: Command) -> Command {
        command
            .mut_args(|arg| arg.hide_possible_values(false))
            .mut_subcommands(offering)
    }
    // names that are in the program; what changes is asked for (`super::reference::Values`)
    let faults = FAULTS.iter().map(|fault| fault.id).chain(["all"]).collect();
    let causes = Cause::ALL.iter().map(|cause| cause.id()).collect();
    let rules = rules::all().map(|rule| rule.id).collect();
    let keys: Vec<&str> = config::KEYS.iter().map(|key| key.name).collect();
    let of: [(&[&str], &str, Vec<&str>); 5] = [
        (&["simulate"], "fault", faults),
        (&["causes"], "id", causes),
        (&["rules", "show"], "id", rules),
        (&["config", "set"], "key", keys.clone()),
        (&["config", "unset"], "key", keys),
    ];
    of.into_iter()
        .fold(offering(page()), |command, (path, arg, values)| {
            with_values(command, path, arg, values)
        })
}

/// The same command, in which the argument of the subcommand at `path` may be one of `values`.
fn with_values(
    command: Command,
    path: &[&str],
    arg: &'static str,
    values: Vec<&'static str>,
) -> Command {
    match path {
        [] => command.mut_arg(arg, |arg| {
            arg.value_parser(PossibleValuesParser::new(values))
        }),
        [first, rest @ ..] => {
            command.mut_subcommand(first, |command| with_values(command, rest, arg, values))
        }
    }
}

/// `-h` and `--help` say the same, in one layout: everything.
fn at_once(command: Command) -> Command {
    let all = command.get_long_about().cloned();
    let command = command.mut_subcommands(at_once);
    match all {
        Some(all) => command.about(all),
        None => command,
    }
}

/// The command line as the sources write it; `--help` has one layout, with all there is to say.
fn english() -> Command {
    let help = Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::HelpShort)
        .global(true)
        .help("Print help");
    let mut command = Cli::command().disable_help_flag(true).arg(help);
    command.build(); // spreads the global options
    command
}

/// Parses a command line.
pub(super) fn parse(args: &[&OsStr]) -> Result<Cli, Error> {
    let mut matches = command().try_get_matches_from(args)?;
    Cli::from_arg_matches_mut(&mut matches)
}

/// `gomend help COMMAND`: what `gomend COMMAND --help` prints; the exit code.
pub(super) fn of(command: Option<&str>) -> i32 {
    let words = ["gomend"].into_iter().chain(command).chain(["--help"]);
    let args: Vec<&OsStr> = words.map(OsStr::new).collect();
    match parse(&args) {
        Ok(_) => exit::OK,
        Err(error) => print(&error, &args),
    }
}

/// Prints help to stdout or a complaint to stderr; the exit code.
pub(super) fn print(error: &Error, args: &[&OsStr]) -> i32 {
    let told = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => None,
        kind => sentence(error, kind),
    };
    match told {
        Some(told) => {
            let words = args.iter().skip(1).filter_map(|word| word.to_str());
            let known = english();
            let command = words
                .filter_map(|word| known.find_subcommand(word))
                .map(|command| format!("gomend {} --help", command.get_name()))
                .next();
            let command = command.unwrap_or_else(|| "gomend --help".to_owned());
            let help = tr!("help: `{command}` lists what there is", command);
            super::complain(&format!("{told}\n{help}"));
        }
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
    (
        text!("Before it fails"),
        &["doctor", "hosts", "probe", "compare"],
    ),
    #[cfg(feature = "fleet")]
    (
        text!("For a whole team"),
        &["check", "metrics", "rescue", "respond"],
    ),
    (text!("Practice"), &["simulate"]),
    (
        text!("Setting up"),
        &["install", "status", "uninstall", "init", "run"],
    ),
    (
        text!("What gomend knows"),
        &[
            "causes",
            "rules",
            "config",
            "completions",
            "man",
            "help",
            "version",
        ],
    ),
];

/// What to type first.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    (
        "gomend simulate dns-typo",
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
    let mut texts = Vec::new();
    gather(&english(), &mut texts);
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
    let about = command.get_about().map(spoken);
    let long_about = command.get_long_about().map(spoken);
    let mut command = command
        .mut_args(argument)
        .mut_subcommands(translated)
        .subcommand_help_heading(tr!("Commands"))
        .help_template(template);
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(about) = long_about {
        command = command.long_about(about);
    }
    command
}

/// Behind every option that a command has (clap counts them from 0).
const LAST: usize = 1000;

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
    let arg = match arg.get_id().as_str() {
        "help" | "version" => arg.display_order(LAST),
        _ if arg.is_global_set() => arg.display_order(LAST - 1), // the command's own come first
        _ => arg,
    };
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
            let width = width.unwrap_or(0);
            let what = wrap::fit(&what, width + 4, width + 4, wrap::columns(1));
            let _ = writeln!(text, "  {line:width$}  {what}");
            text
        })
}

fn groups(command: &Command) -> String {
    let mut text = String::new();
    for &(title, names) in GROUPS {
        let title = tr!(title);
        let _ = write!(text, "\n{}\n", tr!("{title}:", title));
        for name in names {
            let about = command
                .find_subcommand(name)
                .and_then(Command::get_about)
                .map(spoken)
                .unwrap_or_default();
            let about = wrap::fit(&about, 15, 15, wrap::columns(1));
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
                _ if value.is_empty() => tr!("`{arg}` needs a value", arg),
                Some(values) => tr!(
                    "`{value}` is none of the values for `{arg}`: {values}",
                    value,
                    arg,
                    values
                ),
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
    Some(format!("{what}{near}"))
}

fn spoken(text: &StyledStr) -> String {
    let text = text.to_string();
    let text = text.as_str();
    tr!(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_stands_in_one_group() {
        let command = command();
        let mut listed: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        let mut known: Vec<&str> = command
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
            .map(Command::get_name)
            .collect();
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }

    #[test]
    fn every_example_is_a_command_line() {
        for (line, _) in EXAMPLES {
            let words: Vec<&OsStr> = line.split(' ').map(OsStr::new).collect();
            assert!(parse(&words).is_ok(), "{line}");
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
