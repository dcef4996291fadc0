//! The manual: one source for man(1)'s pages (man-pages(7), roff) and for `docs/reference.md`.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::help;
use crate::config;
use crate::exit;
use crate::lang::{text, tr};

/// What each exit code says.
const EXIT_CODES: &[(i32, &str)] = &[
    (exit::OK, text!("done, or nothing is wrong")),
    (
        exit::PROBLEM,
        text!("a problem was found, or the command could not be carried out"),
    ),
    (
        exit::USAGE,
        text!("the command line or a configuration file cannot be understood"),
    ),
    (exit::ROLLED_BACK, text!("a fix failed and was rolled back")),
    (
        exit::UNDECIDED,
        text!(
            "undecided: no known cause, none of gomend's business, or not everything could be looked at"
        ),
    ),
    (exit::FORBIDDEN, text!("the real go may not be executed")),
    (exit::NO_GO, text!("the shim found no real go")),
    (exit::INTERRUPTED, text!("interrupted by Ctrl-C")),
];

/// Environment variables beyond those of the settings.
const VARIABLES: &[(&str, &str)] = &[
    (
        "GOMEND_GO",
        text!("the real go, where PATH does not lead to it"),
    ),
    (
        "GOMEND_REPORT",
        text!("a file that gets the whole report of a failure as JSON"),
    ),
    (
        "GOMEND_JUNIT",
        text!("a file that gets a failure as a failed test, in JUnit's XML"),
    ),
    (
        "GOMEND_CODEQUALITY",
        text!("a file that gets a failure in the form of GitLab's code quality"),
    ),
    (
        "_GOMEND_GUARD",
        text!("set by the shim for go's children, so that it cannot call itself for ever"),
    ),
    (
        "_GOMEND_MARK",
        text!(
            "set by the shim for `go run`, to learn whether the program was started; not for the program"
        ),
    ),
    (
        "NO_COLOR, CLICOLOR, CLICOLOR_FORCE, TERM",
        text!("whether colours are used, where the setting is `auto`"),
    ),
    (
        "LC_ALL, LC_MESSAGES, LANG",
        text!("the language, where the setting is `auto`"),
    ),
    (
        "CI, GITHUB_ACTIONS, GITLAB_CI, TF_BUILD, TEAMCITY_VERSION, BUILDKITE, JENKINS_URL",
        text!("a CI system: nothing is asked, nothing is kept, the log is annotated"),
    ),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, XDG_DATA_HOME",
        text!("where gomend's folders lie"),
    ),
];

/// Files of ours, as they are without XDG variables on Linux.
const FILES: &[(&str, &str)] = &[
    ("~/.config/gomend/config.toml", text!("the settings")),
    (
        "/etc/xdg/gomend/config.toml",
        text!("the system's settings; yours stand above them"),
    ),
    ("~/.config/gomend/rules.toml", text!("your own rules")),
    (
        "~/.local/state/gomend/",
        text!("the last reports and the journal of fixes, readable by you alone"),
    ),
    (
        "~/.local/share/gomend/shims/",
        text!("the shim, and a link to gomend"),
    ),
    (
        "~/.local/share/gomend/rescue/",
        text!("what `gomend rescue build` made of the module cache; `gomend uninstall` leaves it"),
    ),
    (
        ".gomend.toml",
        text!("beside go.mod: what a project wishes for (data only)"),
    ),
];

/// One page; gomend's own also has examples, exit codes, variables and files.
pub(super) fn page(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone())
        .source(concat!("gomend ", env!("CARGO_PKG_VERSION")))
        .manual(tr!("gomend's manual"));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    let is_root = command.get_name() == "gomend";
    if is_root {
        section(&tr!("EXAMPLES"), help::EXAMPLES.iter().copied(), &mut page)?;
    }
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if is_root {
        let codes: Vec<(String, &str)> = EXIT_CODES
            .iter()
            .map(|(code, what)| (code.to_string(), *what))
            .collect();
        let codes = codes.iter().map(|(code, what)| (code.as_str(), *what));
        section(&tr!("EXIT STATUS"), codes, &mut page)?;
        section(&tr!("ENVIRONMENT"), variables(), &mut page)?;
        section(&tr!("FILES"), FILES.iter().copied(), &mut page)?;
    }
    Ok(page)
}

fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    let settings = config::KEYS.iter().map(|key| (key.env, key.about));
    settings.chain(VARIABLES.iter().copied())
}

fn section<'a>(
    title: &str,
    rows: impl Iterator<Item = (&'a str, &'a str)>,
    page: &mut Vec<u8>,
) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (term, what) in rows {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(tr!(what))]);
    }
    roff.to_writer(page)
}

/// Writes `gomend.1` and `gomend-COMMAND.1` for every command into a folder, which is made.
pub(super) fn all_pages(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let gomend = help::page();
    fs::write(dir.join("gomend.1"), page(&gomend)?)?;
    for command in gomend.get_subcommands() {
        let name = format!("gomend-{}", command.get_name());
        let named = command.clone().name(name.clone());
        fs::write(dir.join(format!("{name}.1")), page(&named)?)?;
    }
    Ok(())
}

/// The reference in Markdown: every command's help, exit codes, variables, settings and files.
pub(super) fn markdown() -> String {
    let title = tr!("Reference");
    let origin = tr!("Generated by `gomend man --markdown`.");
    let mut text = format!("# {title}\n\n{origin}\n");
    let mut table = |title: String, head: String, rows: &[(String, &str)]| {
        let _ = write!(text, "\n## {title}\n\n| {head} | |\n|---|---|\n");
        for &(ref name, what) in rows {
            let _ = writeln!(text, "| `{name}` | {} |", tr!(what));
        }
    };
    let owned = |(name, what): (&str, &'static str)| (name.to_owned(), what);
    let codes: Vec<_> = EXIT_CODES
        .iter()
        .map(|(code, what)| (code.to_string(), *what))
        .collect();
    table(tr!("Exit codes"), tr!("code"), &codes);
    let settings: Vec<_> = config::KEYS
        .iter()
        .map(|key| (format!("{} = {}", key.name, key.shipped()), key.about))
        .collect();
    table(
        tr!("Settings in config.toml"),
        tr!("setting and default"),
        &settings,
    );
    let all: Vec<_> = variables().map(owned).collect();
    table(tr!("Environment"), tr!("variable"), &all);
    let files: Vec<_> = FILES.iter().copied().map(owned).collect();
    table(tr!("Files"), tr!("file"), &files);
    let _ = write!(text, "\n## {}\n", tr!("Commands"));
    for command in help::command().get_subcommands_mut() {
        let name = command.get_name().to_owned();
        let help = command.render_help().to_string();
        let _ = write!(
            text,
            "\n### gomend {name}\n\n```text\n{}\n```\n",
            help.trim_end()
        );
    }
    text
}
