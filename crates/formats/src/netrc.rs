//! Which netrc each stack reads, and whether it names a host.
//!
//! Go (`cmd/go/internal/auth/netrc.go`): `$NETRC`, else `~/.netrc` (`_netrc`
//! first on Windows); needs login and password, knows no `default`. libcurl:
//! `~/.netrc` only, honours `default`. Neither names nor secrets leave this
//! file; quoting, which only newer libcurl knows, is not handled.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Env;
use crate::file;

/// What one netrc file says about a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// There is no such file.
    NoFile,
    /// It cannot be read.
    Unreadable,
    /// It does not name the host.
    #[default]
    Nothing,
    /// A `default` entry only, which Go ignores.
    DefaultOnly,
    /// The host is named without login or without password: useless for Go.
    Incomplete,
    /// Login and password for the host.
    Complete,
}

/// The file that Go reads.
#[must_use]
pub fn go_path(env: &Env, home: &Path) -> PathBuf {
    env.var("NETRC")
        .map_or_else(|| git_path(home), PathBuf::from)
}

/// The file that libcurl reads.
#[must_use]
pub fn git_path(home: &Path) -> PathBuf {
    home.join(".netrc")
}

/// The name by which Go looks for a server of its own requests: with the port, if its URL has one
/// (golang/go#81253, every release); libcurl knows the host alone.
#[must_use]
pub fn go_machine(scheme: &str, host: &str, port: u16) -> String {
    let is_usual = matches!((scheme, port), ("https", 443) | ("http", 80));
    if is_usual {
        host.to_owned()
    } else {
        format!("{host}:{port}")
    }
}

/// What the file says about `host`.
#[must_use]
pub fn look(path: &Path, host: &str) -> Holds {
    match file::text(path, file::Kind::Settings) {
        Ok(text) => holds(&text, host),
        Err(refusal) if refusal.is_missing() => Holds::NoFile,
        Err(_) => Holds::Unreadable,
    }
}

/// An entry of a netrc (curl's `lib/netrc.c`, Go's `cmd/internal/web/auth`).
#[derive(Default)]
struct Entry<'t> {
    /// `None`: the `default` entry.
    machine: Option<&'t str>,
    login: Option<&'t str>,
    password: Option<&'t str>,
}

impl Entry<'_> {
    fn is_complete(&self) -> bool {
        self.login.is_some() && self.password.is_some()
    }
}

/// Its entries, in their order; macros and comments are none.
fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                word if word.starts_with('#') => break,
                "machine" => entries.push(Entry {
                    machine: Some(words.next().unwrap_or_default()),
                    ..Entry::default()
                }),
                "default" => entries.push(Entry::default()),
                "login" | "password" => {
                    let value = words.next();
                    match entries.last_mut() {
                        Some(entry) if word == "login" => entry.login = value,
                        Some(entry) => entry.password = value,
                        None => {}
                    }
                }
                "macdef" => {
                    // a macro runs to the next empty line
                    lines.by_ref().find(|line| line.is_empty());
                    break;
                }
                _ => {}
            }
        }
    }
    entries
}

/// Login and password that a netrc's text holds for a machine, for the one fix that copies them.
#[must_use]
pub fn login(text: &str, machine: &str) -> Option<(String, String)> {
    let entries = entries(text);
    let entry = entries
        .iter()
        .find(|entry| entry.machine == Some(machine))?;
    Some((entry.login?.to_owned(), entry.password?.to_owned()))
}

/// What a netrc's text says about `host`.
#[must_use]
pub fn holds(text: &str, host: &str) -> Holds {
    let entries = entries(text);
    match entries.iter().find(|entry| entry.machine == Some(host)) {
        Some(entry) if entry.is_complete() => Holds::Complete,
        Some(_) => Holds::Incomplete,
        None if entries
            .iter()
            .any(|entry| entry.machine.is_none() && entry.is_complete()) =>
        {
            Holds::DefaultOnly
        }
        None => Holds::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_only() {
        let text = "machine git.corp.example login bob password s3cret\n\
                    machine half.example login bob\n\
                    macdef init\nmachine macro.example login x password y\n\n\
                    machine\nsplit.example\n\
                    default login anonymous password x\n";
        assert_eq!(holds(text, "git.corp.example"), Holds::Complete);
        assert_eq!(holds(text, "half.example"), Holds::Incomplete);
        let account = "machine a account git.corp.example login x password y\nmachine git.corp.example login bob password z\n";
        let found = login(account, "git.corp.example");
        assert_eq!(found, Some(("bob".to_owned(), "z".to_owned())));
        assert_eq!(holds(text, "macro.example"), Holds::DefaultOnly);
        assert_eq!(holds("machine a login b password c", "x"), Holds::Nothing);
        assert_eq!(
            holds("machine a\nlogin b\npassword c\n", "a"),
            Holds::Complete
        );
        assert_eq!(
            holds("# machine a login b password c\n", "a"),
            Holds::Nothing
        );
    }

    #[test]
    fn go_looks_for_the_port_too() {
        assert_eq!(go_machine("https", "h.example", 443), "h.example");
        assert_eq!(go_machine("https", "h.example", 8443), "h.example:8443");
        assert_eq!(go_machine("http", "h.example", 80), "h.example");
    }

    #[test]
    fn only_go_reads_netrc_variable() {
        let env: Env = [("NETRC", "/elsewhere")].into_iter().collect();
        assert_eq!(go_path(&env, Path::new("/home/x")), Path::new("/elsewhere"));
        assert_eq!(git_path(Path::new("/home/x")), Path::new("/home/x/.netrc"));
    }
}
