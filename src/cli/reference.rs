//! What there is to look up: causes, rules, settings with their origin, completions, manual pages.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use clap::ValueEnum;
use clap_complete::{Generator, generate};
use console::{Alignment, measure_text_width, pad_str};
use serde_json::json;

use super::{
    Common, RulesCommand, complain, failure, help, manual, near, print, print_json, print_own,
};
use crate::cause::Cause;
use crate::config::{self, Config};
use crate::fix::{self, step};
use crate::lab::FAULTS;
use crate::lang::tr;
use crate::settings::Env;
use crate::words;
use crate::{doctor, exit, listing, mask, own_rules, report, sys, wrap};

/// A shell that completions are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompletionShell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
    /// Nushell
    Nu,
    /// PowerShell
    Pwsh,
}

/// The causes, or one of them.
pub(super) fn causes(common: Common, id: Option<&str>, markdown: bool) -> Result<i32, String> {
    let one = id.map(|id| {
        Cause::from_id(id).ok_or_else(|| {
            let told = tr!(
                "there is no cause `{id}`\nhelp: `gomend causes` lists them",
                id
            );
            let ids = Cause::ALL.iter().map(|cause| cause.id());
            near::with(&told, &near::names(id, ids))
        })
    });
    let one = one.transpose()?;
    if common.json {
        let all = one.as_ref().map_or(Cause::ALL, std::slice::from_ref);
        let entries: Vec<_> = all
            .iter()
            .map(|cause| listing::cause_json(*cause))
            .collect();
        return print_json(&json!({"schema": report::SCHEMA, "causes": entries}))
            .map(|()| exit::OK);
    }
    let text = match one {
        Some(cause) => listing::cause(cause),
        None if markdown => words::cause::markdown(),
        None => listing::causes(),
    };
    print(&text)?;
    Ok(exit::OK)
}

/// The rules: all of them, one, or those that match a text.
pub(super) fn rules(config: &Config, common: Common, command: RulesCommand) -> Result<i32, String> {
    let (own, problems) = own_rules::users_rules(&Env::from_process(), config);
    for problem in &problems {
        let place = format!("{}:{}", problem.file.display(), problem.line);
        complain(&tr!(
            "{place}: {problem}; this rule is skipped",
            place,
            problem = problem.message
        ));
    }
    match command {
        RulesCommand::List if common.json => {
            let own = own.iter().map(listing::own_rule_json);
            let all: Vec<_> = own
                .chain(crate::rules::all().map(listing::rule_json))
                .collect();
            print_json(&json!({"schema": report::SCHEMA, "rules": all}))?;
        }
        RulesCommand::List => print(&listing::list(&own))?,
        RulesCommand::Show { id } => {
            let rule = crate::rules::by_id(&id).ok_or_else(|| {
                let told = tr!(
                    "there is no shipped rule `{id}`\nhelp: `gomend rules list` lists them",
                    id
                );
                let ids = crate::rules::all().map(|rule| rule.id);
                near::with(&told, &near::names(&id, ids))
            })?;
            if common.json {
                let all = [listing::rule_json(rule)];
                print_json(&json!({"schema": report::SCHEMA, "rules": all}))?;
            } else {
                print(&listing::rule(rule))?;
            }
        }
        RulesCommand::Test { file } => {
            let (evidence, _) = failure::read_log(&file, config)?;
            if common.json {
                let found = &evidence.findings;
                print_json(&json!({"schema": report::SCHEMA, "findings": found}))?;
            } else {
                print(&listing::found(&evidence))?;
            }
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

/// The settings, who says so, and what is wrong with them.
pub(super) fn settings(config: &Config, common: Common) -> Result<i32, String> {
    if common.json {
        let values: Vec<_> = config
            .entries()
            .map(|(key, value, origin)| {
                json!({"key": key.name, "value": value, "origin": origin, "variable": key.env})
            })
            .collect();
        let all = json!({
            "schema": report::SCHEMA, "file": config.file, "project": config.project,
            "settings": values, "problems": config.problems,
        });
        #[cfg(feature = "fleet")]
        let all = {
            let mut all = all;
            all["telemetry"] = json!(config.fleet.telemetry.as_ref().map(|to| &to.endpoint));
            all
        };
        print_json(&all)?;
    } else {
        print(&table(config))?;
    }
    Ok(if config.is_broken() {
        exit::PROBLEM
    } else {
        exit::OK
    })
}

fn table(config: &Config) -> String {
    let rows: Vec<[String; 3]> = config
        .entries()
        .map(|(key, value, origin)| [key.name.to_owned(), value.to_string(), origin.to_string()])
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| measure_text_width(&row[column]));
        widths.max().unwrap_or(0)
    };
    let (names, values) = (width(0), width(1));
    let mut text = String::new();
    let fits = wrap::columns(1).is_none_or(|columns| names + values + width(2) + 4 <= columns);
    for ([name, value, origin], (key, ..)) in rows.iter().zip(config.entries()) {
        let (name, value) = if fits {
            (padded(name, names), padded(value, values))
        } else {
            (padded(name, names), format!("{value}\n   ")) // who says so, below
        };
        let about = key.about;
        let about = tr!(about);
        let about = wrap::fit(&about, 4, 4, wrap::columns(1));
        let _ = writeln!(text, "{name}  {value}  {origin}\n    {about}");
    }
    for problem in &config.problems {
        let _ = writeln!(text, "gomend: {problem}");
    }
    let line = |told: String| wrap::fit(&told, 0, 4, wrap::columns(1)) + "\n";
    #[cfg(feature = "fleet")]
    if let Some(telemetry) = &config.fleet.telemetry {
        let endpoint = &telemetry.endpoint;
        text += &line(tr!(
            "events go to {endpoint} (SECURITY.md says what)",
            endpoint
        ));
    }
    if let Some(file) = &config.file {
        let is_there = file.is_file();
        let file = file.display();
        text.push('\n');
        text += &line(if is_there {
            tr!("your file: {file}", file)
        } else {
            tr!("your file: {file} (not there yet)", file)
        });
    }
    if let Some(file) = &config.project {
        let _ = writeln!(
            text,
            "{}",
            tr!("the project's file: {file}", file = file.display())
        );
    }
    text
}

fn padded(text: &str, width: usize) -> String {
    pad_str(text, width, Alignment::Left, None).into_owned()
}

/// Writes a setting into the user's own file, or takes it out (`None`).
pub(super) fn set(
    config: &Config,
    common: Common,
    name: &str,
    value: Option<&str>,
) -> Result<i32, String> {
    let (key, value) = match config::setting(name, value) {
        Ok(setting) => setting,
        Err(told) => {
            complain(&told);
            return Ok(exit::USAGE);
        }
    };
    let file = config
        .file
        .as_deref()
        .ok_or_else(|| tr!("neither HOME nor XDG_CONFIG_HOME is set: there is no file of yours"))?;
    let path = file.display();
    let before = match config::own(file) {
        Err(untrusted) if untrusted.why.is_missing() => Ok(String::new()),
        read => read.map_err(|untrusted| format!("{path}: {}", config::refused(&untrusted))),
    }?;
    let after = config::edited(&before, key.name, value.as_deref())
        .ok_or_else(|| tr!("`{path}` is no valid TOML: edit it by hand", path))?;
    if after != before {
        write(file, &after).map_err(|error| error.text().words())?;
    }
    let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
    let now = Config::load(&Env::from_process(), &here);
    let (_, value, origin) = now
        .entries()
        .find(|(one, ..)| one.name == key.name)
        .expect("every setting has an entry");
    if common.json {
        return print_json(&json!({
            "schema": report::SCHEMA, "key": key.name, "value": value, "origin": origin,
        }))
        .map(|()| exit::OK);
    }
    if !common.quiet {
        let name = key.name;
        print(&(tr!("gomend: {name} is {value} ({origin})", name, value, origin) + "\n"))?;
    }
    Ok(exit::OK)
}

/// Writes the user's file, whole or not at all, where a link leads to; one that is there keeps its
/// permissions.
fn write(file: &Path, text: &str) -> Result<(), fix::Error> {
    let file = step::real(file)?;
    let (_, mode) = step::current(&file)?;
    for folder in step::missing_parents(&file) {
        step::make_dir(&folder)?;
    }
    let fresh = step::fresh(&file, u64::from(std::process::id()));
    step::stage(&file, &fresh, text.as_bytes(), mode.unwrap_or(0o600))?;
    step::commit(&file, &fresh)
}

/// What changes while gomend is installed, and completions offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Values {
    /// The fixes of the last diagnosis, and the diagnoses that are kept.
    Fixes,
    /// The diagnoses that are kept.
    Reports,
    /// The changes that can be taken back.
    Changes,
    /// The modules that the go.mod here requires.
    Modules,
    /// The faults of the laboratory.
    Faults,
    /// The causes.
    Causes,
}

/// The completions for one shell, on stdout; or what an argument may be now.
pub(super) fn completions(
    shell: Option<CompletionShell>,
    values: Option<Values>,
) -> Result<i32, String> {
    let text = match (values, shell) {
        (Some(values), _) => values.now().join("\n") + "\n",
        (None, Some(shell)) => completions_for(shell),
        (None, None) => unreachable!("the command line asks for one of them"),
    };
    print_own(&mask::page(&text)).map(|()| exit::OK)
}

impl Values {
    fn now(self) -> Vec<String> {
        match self {
            Self::Fixes => failure::fix_ids(),
            Self::Reports => failure::report_ids(),
            Self::Changes => failure::change_ids(),
            Self::Faults => FAULTS.iter().map(|fault| fault.id.to_owned()).collect(),
            Self::Causes => Cause::ALL
                .iter()
                .map(|cause| cause.id().to_owned())
                .collect(),
            Self::Modules => {
                let here = std::env::current_dir().unwrap_or_else(|_| "/".into());
                let files = doctor::GoMod::here(&here, &Env::from_process());
                let modules = files.into_iter().flat_map(|file| file.modules);
                modules.map(|(path, _)| path).collect()
            }
        }
    }
}

fn completions_for(shell: CompletionShell) -> String {
    fn made(generator: impl Generator) -> String {
        let mut bytes = Vec::new();
        generate(generator, &mut help::completed(), "gomend", &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
    match shell {
        CompletionShell::Bash => {
            made(clap_complete::Shell::Bash) + include_str!("../../shell/complete.bash")
        }
        CompletionShell::Zsh => {
            made(clap_complete::Shell::Zsh) + include_str!("../../shell/complete.zsh")
        }
        CompletionShell::Fish => {
            made(clap_complete::Shell::Fish) + include_str!("../../shell/complete.fish")
        }
        CompletionShell::Pwsh => made(clap_complete::Shell::PowerShell),
        CompletionShell::Nu => made(clap_complete_nushell::Nushell),
    }
}

/// A manual page: through man(1) where a person reads, else as it is; or all of them into a
/// folder.
pub(super) fn man(name: Option<&str>, dir: Option<&Path>, markdown: bool) -> Result<i32, String> {
    if markdown {
        return print_own(&manual::markdown()).map(|()| exit::OK);
    }
    if let Some(dir) = dir {
        let written = manual::all_pages(dir).map(|()| exit::OK);
        return written.map_err(|error| {
            let dir = dir.display();
            tr!("can't write the pages into `{dir}`: {error}", dir, error)
        });
    }
    let gomend = help::page();
    let command = match name {
        None => &gomend,
        Some(name) => gomend.find_subcommand(name).ok_or_else(|| {
            let help = tr!(
                "help: `{command}` lists what there is",
                command = "gomend --help"
            );
            format!("{}\n{help}", tr!("there is no command `{name}`", name))
        })?,
    };
    let page = manual::page(command).map_err(|error| error.to_string())?;
    if !(sys::is_terminal(1) && shown(&page)) {
        print_own(&String::from_utf8_lossy(&page))?;
    }
    Ok(exit::OK)
}

/// Whether man(1) showed the page.
fn shown(page: &[u8]) -> bool {
    let Ok(mut man) = Process::new("man")
        .args(["-l", "-"])
        .stdin(Stdio::piped())
        .spawn()
    else {
        return false;
    };
    if let Some(mut stdin) = man.stdin.take() {
        let _ = stdin.write_all(page); // a reader that has left has seen enough
    }
    man.wait().is_ok_and(|status| status.success())
}
