//! What there is to look up: causes, rules, settings with their origin, completions, manual pages.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use clap::ValueEnum;
use clap_complete::{Generator, generate};
use console::{Alignment, measure_text_width, pad_str};
use serde_json::json;

use super::{Common, RulesCommand, complain, failure, help, manual, print, print_own};
use crate::cause::Cause;
use crate::config::Config;
use crate::lang::tr;
use crate::settings::Env;
use crate::words;
use crate::{catalogue, exit, report, sys};

/// A shell that completions are made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
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
pub(super) fn causes(id: Option<&str>, markdown: bool) -> Result<i32, String> {
    let text = match id {
        Some(id) => catalogue::cause(Cause::from_id(id).ok_or_else(|| {
            tr!(
                "there is no cause `{id}`\nhelp: `gomend causes` lists them",
                id
            )
        })?),
        None if markdown => words::cause::markdown(),
        None => catalogue::causes(),
    };
    print(&text)?;
    Ok(exit::OK)
}

/// The rules: all of them, one, or those that match a text.
pub(super) fn rules(config: &Config, command: RulesCommand) -> Result<i32, String> {
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
            let (evidence, _) = failure::read_log(&file, config)?;
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
        print_own(&format!("{}\n", super::json(&all)))?;
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
    for ([name, value, origin], (key, ..)) in rows.iter().zip(config.entries()) {
        let (name, value) = (padded(name, names), padded(value, values));
        let about = key.about;
        let about = tr!(about);
        let _ = writeln!(text, "{name}  {value}  {origin}\n    {about}");
    }
    for problem in &config.problems {
        let _ = writeln!(text, "gomend: {problem}");
    }
    if let Some(file) = &config.file {
        let file = file.display();
        let _ = if config.file.as_ref().is_some_and(|file| file.is_file()) {
            writeln!(text, "\n{}", tr!("your file: {file}", file))
        } else {
            writeln!(text, "\n{}", tr!("your file: {file} (not there yet)", file))
        };
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

/// The completions for one shell, on stdout.
pub(super) fn completions(shell: Shell) -> Result<i32, String> {
    print_own(&completions_for(shell))?;
    Ok(exit::OK)
}

fn completions_for(shell: Shell) -> String {
    fn made(generator: impl Generator) -> String {
        let mut bytes = Vec::new();
        generate(generator, &mut help::completed(), "gomend", &mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
    match shell {
        Shell::Bash => made(clap_complete::Shell::Bash),
        Shell::Zsh => made(clap_complete::Shell::Zsh),
        Shell::Fish => made(clap_complete::Shell::Fish),
        Shell::Pwsh => made(clap_complete::Shell::PowerShell),
        Shell::Nu => made(clap_complete_nushell::Nushell),
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
