//! The go command as the report keeps it: enough to recognise it, nothing that may
//! hold a secret.

use std::ffi::OsString;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mask;
use crate::settings::goenv;
use crate::supervise::handover::Handover;
use crate::sys::Exit;

/// The go command that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Command {
    /// Command words, module arguments and flag names; no flag values that may hold secrets.
    pub argv: Vec<String>,
    /// The working directory.
    pub dir: Option<String>,
    /// The real go.
    pub go: Option<String>,
    /// Its version, from GOROOT/VERSION.
    pub go_version: Option<String>,
    /// Exit code; 128 + N for death by signal N.
    pub exit_code: Option<i32>,
    /// Wall time, milliseconds.
    pub duration_ms: Option<u64>,
}

impl Command {
    /// Where go worked: below the working directory if `-C` says so.
    #[must_use]
    pub fn folder(&self) -> Option<PathBuf> {
        let dir = PathBuf::from(self.dir.as_ref()?);
        Some(
            self.parted()
                .0
                .map_or_else(|| dir.clone(), |below| dir.join(below)),
        )
    }

    /// What was typed, without the folder of `-C`.
    pub(super) fn words(&self) -> Vec<&str> {
        self.parted().1
    }

    /// The folder of `-C`, which is the first flag (go help build); and all else.
    fn parted(&self) -> (Option<&str>, Vec<&str>) {
        let mut words: Vec<&str> = self.argv.iter().map(String::as_str).collect();
        let at = words.iter().position(|word| word.starts_with('-'));
        let named = at.and_then(|at| words[at].trim_start_matches('-').strip_prefix('C'));
        let (folder, taken) = match (at, named) {
            (Some(at), Some("")) => (words.get(at + 1).copied(), at..(at + 2).min(words.len())),
            (Some(at), Some(named)) if named.starts_with('=') => (Some(&named[1..]), at..at + 1),
            _ => return (None, words),
        };
        words.drain(taken);
        (folder, words)
    }
}

/// Flags whose value is free text: user code, linker values, other programs.
const FREE_TEXT: &[&str] = &[
    "asmflags",
    "exec",
    "gccgoflags",
    "gcflags",
    "ldflags",
    "toolexec",
    "vettool",
    "args",
];

impl Command {
    /// Of what the shim saw.
    #[must_use]
    pub fn of(handover: &Handover) -> Self {
        Self {
            argv: kept(&handover.argv),
            dir: std::env::current_dir()
                .ok()
                .map(|dir| dir.display().to_string()),
            go: Some(handover.go.display().to_string()),
            go_version: goenv::stated_version(&handover.go),
            exit_code: Some(match handover.exit {
                Exit::Code(code) => code,
                Exit::Signal(signal) => 128 + signal,
            }),
            duration_ms: u64::try_from(handover.duration.as_millis()).ok(),
        }
    }
}

/// Whether the next word may be a flag's value (go help build: all but the boolean ones).
fn takes_value(word: &str) -> bool {
    const BOOLEAN: &[&str] = &[
        "a",
        "asan",
        "cover",
        "linkshared",
        "modcacherw",
        "msan",
        "n",
        "race",
        "trimpath",
        "v",
        "work",
        "x",
    ];
    let flag = word.trim_start_matches('-');
    word.starts_with('-') && !flag.contains('=') && !BOOLEAN.contains(&flag)
}

/// argv without what may hold secrets.
fn kept(argv: &[OsString]) -> Vec<String> {
    let mut kept = vec!["go".to_owned()];
    let mut words = argv.iter().skip(1).map(|arg| arg.to_string_lossy());
    let mut names_secret = false;
    while let Some(arg) = words.next() {
        if std::mem::take(&mut names_secret) {
            kept.push(mask::MASK.to_owned());
            continue;
        }
        let Some(flag) = arg
            .strip_prefix('-')
            .map(|flag| flag.trim_start_matches('-'))
        else {
            let takes_program = matches!(kept.get(1).map(String::as_str), Some("run" | "tool"));
            let is_value = kept.last().is_some_and(|last| takes_value(last));
            let is_program = takes_program && !is_value && !arg.ends_with(".go");
            kept.push(mask::line(&arg));
            if is_program {
                break; // what follows is the program's own
            }
            continue;
        };
        let (name, value) = flag
            .split_once('=')
            .map_or((flag, None), |(name, value)| (name, Some(value)));
        if name == "args" {
            kept.push("-args".to_owned());
            break;
        }
        if FREE_TEXT.contains(&name) {
            kept.push(format!("-{name}"));
            if value.is_none() {
                words.next();
            }
        } else {
            names_secret =
                value.is_none() && mask::secrets(&format!("{arg} x")).ends_with(mask::MASK);
            kept.push(mask::line(&arg));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_where_go_worked() {
        for (line, folder, words) in [
            ("go build ./...", "/w", "go build ./..."),
            ("go -C sub build", "/w/sub", "go build"),
            ("go build -C=../x ./...", "/w/../x", "go build ./..."),
            ("go build --C sub", "/w/sub", "go build"),
            ("go build -v -C sub", "/w", "go build -v -C sub"),
            ("go build -C", "/w", "go build"),
        ] {
            let command = Command {
                argv: line.split(' ').map(str::to_owned).collect(),
                dir: Some("/w".to_owned()),
                ..Command::default()
            };
            assert_eq!(command.folder(), Some(PathBuf::from(folder)), "{line}");
            assert_eq!(command.words().join(" "), words, "{line}");
        }
    }

    #[test]
    fn values_that_may_hold_secrets_are_dropped() {
        let argv = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(
            kept(&argv(
                "go build -ldflags -X=a.token=s3cret --gcflags=-N -race ./cmd"
            )),
            ["go", "build", "-ldflags", "-gcflags", "-race", "./cmd"]
        );
        assert_eq!(
            kept(&argv("go test ./... -args -password x")),
            ["go", "test", "./...", "-args"]
        );
        assert_eq!(
            kept(&argv("go run -race ./cmd --password hunter hunter")),
            ["go", "run", "-race", "./cmd"]
        );
        assert_eq!(
            kept(&argv("go get --token hunter example.com/x")),
            ["go", "get", "--token", "***", "example.com/x"]
        );
    }
}
