//! Shells: quoting what is printed, and finding the line that sets a variable.
//!
//! Only assignments that a shell file spells out are found; what a tool, a desktop session
//! or a container image sets is not.

use std::path::{Path, PathBuf};

use super::change::Spot;
use super::disk::Disk;
use crate::file::Kind;
use crate::settings::Env;

/// Whether this user's shell is fish.
pub(super) fn is_fish(env: &Env) -> bool {
    is(env, "fish")
}

/// Whether this user's shell is zsh.
pub(super) fn is_zsh(env: &Env) -> bool {
    is(env, "zsh")
}

fn is(env: &Env, name: &str) -> bool {
    let shell = env.var("SHELL");
    shell.is_some_and(|shell| shell.rsplit('/').next() == Some(name))
}

/// A command as fish has it: what differs is `unset A B` and `read -rs A`; `export`, variables in front of a
/// command, `$(...)` and `&&` are the same (fish 3.4).
pub(super) fn in_fish(command: &str) -> String {
    const OTHERS: &[(&str, &str)] = &[("unset ", "set -e "), ("read -rs ", "read -s ")];
    let other =
        |(posix, fish): &(&str, &str)| Some(format!("{fish}{}", command.strip_prefix(posix)?));
    OTHERS
        .iter()
        .find_map(other)
        .unwrap_or_else(|| command.to_owned())
}

/// One argument, quoted for POSIX shells where it must be; fish reads it the same way.
#[must_use]
pub fn quote(argument: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,~".contains(&byte);
    if !argument.is_empty() && argument.bytes().all(plain) && !argument.starts_with('~') {
        return argument.to_owned();
    }
    // a quote inside is put between double quotes: backslashes differ between shells
    format!("'{}'", argument.replace('\'', r#"'"'"'"#))
}

/// Whether a word holds nothing but ASCII letters, digits and these.
pub(super) fn is_plain(word: &str, others: &str) -> bool {
    let is_other = |byte: &u8| others.as_bytes().contains(byte);
    word.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || is_other(&byte))
}

/// A list of the settings' with one more item.
pub(super) fn appended(list: &str, separator: char, item: &str) -> String {
    if list.is_empty() {
        item.to_owned()
    } else {
        format!("{list}{separator}{item}")
    }
}

/// Shell files below HOME, in the order in which a later one wins over an earlier one.
const FILES: &[&str] = &[
    ".profile",
    ".bash_profile",
    ".bash_login",
    ".zshenv",
    ".zprofile",
    ".bashrc",
    ".zshrc",
    ".bash_aliases",
    ".config/fish/config.fish",
    ".config/environment.d/go.conf",
    ".pam_environment",
];

/// What the shells of all users read, and the folders whose files they read.
const FILES_OF_ALL: &[&str] = &[
    "/etc/environment",
    "/etc/profile",
    "/etc/bash.bashrc",
    "/etc/bashrc",
    "/etc/zsh/zshenv",
    "/etc/zsh/zprofile",
    "/etc/zshenv",
    "/etc/zprofile",
    "/etc/fish/config.fish",
];
const FOLDERS_OF_ALL: &[&str] = &["/etc/profile.d", "/etc/fish/conf.d"];

/// The line that sets `variable`.
pub(super) fn setter(home: &Path, variable: &str, disk: &Disk) -> Option<Spot> {
    let mut files = FILES.iter().rev().map(|name| home.join(name));
    files.find_map(|path| setter_in(path, variable, disk))
}

/// The same where it is set for all users.
pub(super) fn setter_for_all(variable: &str, disk: &Disk) -> Option<Spot> {
    let inside = FOLDERS_OF_ALL.iter().flat_map(|folder| {
        let items = disk.folder(Path::new(folder));
        let items = items.iter().flat_map(|items| items.iter());
        items.map(|item| item.path.clone()).collect::<Vec<_>>()
    });
    let mut files = FILES_OF_ALL.iter().map(PathBuf::from).chain(inside);
    files.find_map(|path| setter_in(path, variable, disk))
}

fn setter_in(file: PathBuf, variable: &str, disk: &Disk) -> Option<Spot> {
    let text = disk.text(&file, Kind::Settings)?;
    let (number, line) = text
        .lines()
        .enumerate()
        .filter(|(_, line)| assigns(line, variable))
        .last()?;
    Some(Spot {
        number: number + 1,
        line: line.to_owned(),
        file,
    })
}

/// Whether a line of a shell file does nothing but set this variable.
fn assigns(line: &str, variable: &str) -> bool {
    let line = line.trim();
    if line.contains([';', '&', '|', '`']) || line.contains("$(") {
        return false;
    }
    if let Some(rest) = line.strip_prefix("set ") {
        // fish: set -gx NAME value
        let words: Vec<&str> = rest
            .split_whitespace()
            .filter(|word| !word.starts_with('-'))
            .collect();
        return rest.contains('-') && words.len() == 2 && words[0] == variable;
    }
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    line.strip_prefix(variable)
        .is_some_and(|rest| rest.starts_with('='))
}

/// The line without this variable: a comment, or what else it exports.
pub(super) fn dropped(line: &str, variable: &str) -> String {
    let words = line
        .trim()
        .strip_prefix("export ")
        .map(str::split_whitespace);
    let plain = !line.contains(['"', '\'', '\\', '$']);
    let others: Vec<&str> = words
        .into_iter()
        .flatten()
        .filter(|word| {
            !word
                .strip_prefix(variable)
                .is_some_and(|rest| rest.starts_with('='))
        })
        .collect();
    if plain && !others.is_empty() && others.iter().all(|word| word.contains('=')) {
        format!("export {}", others.join(" "))
    } else {
        format!("# {line}")
    }
}

/// The same line with another value.
pub(super) fn reassign(line: &str, variable: &str, value: &str) -> String {
    let indent = &line[..line.len() - line.trim_start().len()];
    let value = quote(value);
    let trimmed = line.trim();
    if trimmed.starts_with("set ") {
        format!("{indent}set -gx {variable} {value}")
    } else if trimmed.starts_with("export ") {
        format!("{indent}export {variable}={value}")
    } else {
        format!("{indent}{variable}={value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_survives_a_shell() {
        for argument in [
            "",
            "plain",
            "a b",
            "it's",
            "$HOME",
            "~/x",
            "https://h/?q=1&r=2",
            "a\nb",
            "\\",
            "*",
        ] {
            let output = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", quote(argument))])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), argument);
        }
        assert_eq!(quote("go.corp.example/team,x"), "go.corp.example/team,x");
    }

    #[test]
    fn the_line_that_wins() {
        let bashrc =
            "# GOPRIVATE=no\nexport GOPRIVATE=b\nGOPRIVATEX=1\nif x; then GOPRIVATE=c; fi\n";
        let disk = Disk::with(&[
            ("/home/x/.profile", "export GOPRIVATE=a\n"),
            ("/home/x/.bashrc", bashrc),
        ]);
        let set = |variable| setter(Path::new("/home/x"), variable, &disk);
        let Spot { file, number, line } = set("GOPRIVATE").unwrap();
        assert!(file.ends_with(".bashrc"));
        assert_eq!((number, line.as_str()), (2, "export GOPRIVATE=b"));
        assert_eq!(
            reassign(&line, "GOPRIVATE", "b,c d"),
            "export GOPRIVATE='b,c d'"
        );
        assert!(set("GOPROXY").is_none());
        assert_eq!(reassign("  set -gx X 1", "X", "2"), "  set -gx X 2");
    }
}
