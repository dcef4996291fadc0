//! Shells: quoting what is printed, and finding the line that sets a variable.
//!
//! Only assignments that a shell file spells out are found; what a tool, a desktop session
//! or a container image sets is not.

use std::path::{Path, PathBuf};

use super::disk::Disk;
use crate::file::Kind;
use crate::settings::Env;

/// Whether this user's shell is fish.
pub(super) fn is_fish(env: &Env) -> bool {
    let shell = env.var("SHELL");
    shell.is_some_and(|shell| shell.rsplit('/').next() == Some("fish"))
}

/// `unset A B`, as fish has it; anything else as it is.
pub(super) fn unset_in_fish(command: &str) -> String {
    let names = command.strip_prefix("unset ");
    names.map_or_else(|| command.to_owned(), |names| format!("set -e {names}"))
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

/// The line that sets `variable`: file, number from 1, text.
pub(super) fn setter(home: &Path, variable: &str, disk: &Disk) -> Option<(PathBuf, usize, String)> {
    FILES.iter().rev().find_map(|name| {
        let path = home.join(name);
        let text = disk.text(&path, Kind::Settings)?;
        let (number, line) = text
            .lines()
            .enumerate()
            .filter(|(_, line)| assigns(line, variable))
            .last()?;
        Some((path, number + 1, line.to_owned()))
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
        let (path, number, line) = set("GOPRIVATE").unwrap();
        assert!(path.ends_with(".bashrc"));
        assert_eq!((number, line.as_str()), (2, "export GOPRIVATE=b"));
        assert_eq!(
            reassign(&line, "GOPRIVATE", "b,c d"),
            "export GOPRIVATE='b,c d'"
        );
        assert!(set("GOPROXY").is_none());
        assert_eq!(reassign("  set -gx X 1", "X", "2"), "  set -gx X 2");
    }
}
