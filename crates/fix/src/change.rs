//! The kinds of change that gomend can make and take back.

use std::path::{Path, PathBuf};

use gomend_core::text;
use similar::TextDiff;

use super::{Situation, shell};
use crate::lang::{Text, msg};
use crate::mask;

/// One reversible change at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A line of the file that `go env -w` writes; `None` removes it, as `go env -u` does.
    GoEnv {
        /// For instance `GOPRIVATE`.
        key: String,
        /// The new value.
        value: Option<String>,
    },
    /// One more value in git's global configuration, as `git config --global --add`.
    GitConfig {
        /// `section.key` or `section.subsection.key`; the subsection may hold dots.
        key: String,
        /// The value.
        value: String,
    },
    /// A line of a text file is replaced or removed; refused if the line has changed.
    Line {
        /// The file.
        file: PathBuf,
        /// From 1.
        number: usize,
        /// The line as it was.
        old: String,
        /// As it will be; `None`: removed.
        new: Option<String>,
    },
    /// Lines at the end of a text file, which is made if it is not there.
    Append {
        /// The file.
        file: PathBuf,
        /// Whole lines.
        text: String,
        /// Permission bits that the file gets; `None`: those it has, else 0644.
        mode: Option<u32>,
    },
    /// Lines at the beginning of a text file, where the first match wins (`ssh_config`).
    Prepend {
        /// The file.
        file: PathBuf,
        /// Whole lines.
        text: String,
        /// As for [`Change::Append`].
        mode: Option<u32>,
    },
    /// A whole file.
    File {
        /// The file.
        file: PathBuf,
        /// Its new content.
        content: Vec<u8>,
        /// As for [`Change::Append`].
        mode: Option<u32>,
    },
    /// Login and password of one host in netrc; the password is filled in by [`Change::with_secret`].
    Netrc {
        /// The file.
        file: PathBuf,
        /// The host, as netrc names it.
        machine: String,
        /// The user name.
        login: String,
        /// `None` until it was asked for.
        password: Option<Secret>,
    },
    /// An exported variable in the shell's start-up file; it holds in shells started later.
    Variable {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// Permission bits.
    Mode {
        /// The file.
        file: PathBuf,
        /// The new bits.
        mode: u32,
    },
    /// `go.mod` and `go.sum` as this go command leaves them, run on copies.
    Modules {
        /// The directory of `go.mod`.
        root: PathBuf,
        /// The command, without `go`: `mod tidy`.
        args: Vec<String>,
    },
    /// A part of the module cache: moved aside, and away for good when the journal forgets it.
    MoveAside {
        /// File or directory.
        path: PathBuf,
    },
}

/// A line of a text file as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The file.
    pub(crate) file: PathBuf,
    /// From 1.
    pub(crate) number: usize,
    /// The line.
    pub(crate) line: String,
}

impl Spot {
    /// Another line in its place; `None`: none.
    pub(crate) fn becomes(self, new: Option<String>) -> Change {
        Change::Line {
            file: self.file,
            number: self.number,
            old: self.line,
            new,
        }
    }

    /// The same line as a comment.
    pub(crate) fn commented(self) -> Change {
        let comment = format!("# {}", self.line);
        self.becomes(Some(comment))
    }
}

/// A password or token. Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes what was typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that writes it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(...)")
    }
}

impl Change {
    /// The file or directory that it touches, as it is named; links are followed later.
    #[must_use]
    pub fn path(&self, s: &Situation) -> Option<PathBuf> {
        match self {
            Self::GoEnv { .. } => s.goenv.file.clone(),
            Self::GitConfig { .. } => s.git_config(),
            Self::Line { file, .. }
            | Self::Append { file, .. }
            | Self::Prepend { file, .. }
            | Self::File { file, .. }
            | Self::Netrc { file, .. }
            | Self::Variable { file, .. }
            | Self::Mode { file, .. } => Some(file.clone()),
            Self::Modules { root, .. } => Some(root.join("go.mod")),
            Self::MoveAside { path } => Some(path.clone()),
        }
    }

    /// The same change with the secret that was asked for, if it wants one.
    #[must_use]
    pub(crate) fn with_secret(self, secret: &Secret) -> Self {
        match self {
            Self::Netrc {
                file,
                machine,
                login,
                ..
            } => Self::Netrc {
                file,
                machine,
                login,
                password: Some(secret.clone()),
            },
            other => other,
        }
    }

    /// The variable of the process environment that a shell started later will see changed,
    /// with its new value; `None`: unset.
    #[must_use]
    pub fn exported(&self) -> Vec<(String, Option<String>)> {
        match self {
            Self::Variable { name, value, .. } => vec![(name.clone(), Some(value.clone()))],
            Self::Line { file, old, new, .. } if shell::is_file(file) => {
                let new = new.as_deref().map(shell::assigned).unwrap_or_default();
                let value = |name: &str| {
                    let mut new = new.iter();
                    new.find(|(same, _)| same == name)
                        .map(|(_, value)| value.clone())
                };
                let changed = shell::assigned(old).into_iter().filter_map(|(name, old)| {
                    let value = value(&name);
                    (value.as_ref() != Some(&old)).then_some((name, value))
                });
                changed.collect()
            }
            Self::Append { file, text, .. } if shell::is_file(file) => text
                .lines()
                .flat_map(shell::assigned)
                .map(|(name, value)| (name, Some(value)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// What the file holds afterwards.
    pub fn render(&self, before: Option<&[u8]>) -> Result<Vec<u8>, Refusal> {
        let old = before.unwrap_or_default();
        match self {
            Self::GoEnv { key, value } => go_env(old, key, value.as_deref()),
            Self::GitConfig { key, value } => {
                Ok(once(old, git_config(key, value)?.as_bytes(), joined))
            }
            Self::Line {
                number,
                old: expected,
                new,
                ..
            } => line(old, *number, expected, new.as_deref()),
            Self::Append { text, .. } => Ok(once(old, text.as_bytes(), joined)),
            Self::Prepend { text, .. } => {
                Ok(once(old, text.as_bytes(), |old, text| joined(text, old)))
            }
            Self::File { content, .. } => Ok(content.clone()),
            Self::Netrc {
                machine,
                login,
                password,
                ..
            } => netrc(old, machine, login, password.as_ref()),
            Self::Variable { name, value, .. } => {
                let line = format!("export {name}={}\n", super::quote(value));
                Ok(once(old, line.as_bytes(), joined))
            }
            Self::Mode { .. } => Ok(old.to_vec()),
            Self::Modules { .. } | Self::MoveAside { .. } => Err(Refusal::NotAFile),
        }
    }

    /// The permission bits that the file gets; `before`: those it has.
    pub(super) fn mode(&self, before: Option<u32>) -> u32 {
        match self {
            Self::Mode { mode, .. } => *mode,
            Self::Netrc { .. } => 0o600,
            Self::Append { mode, .. } | Self::Prepend { mode, .. } | Self::File { mode, .. } => {
                before.or(*mode).unwrap_or(0o644)
            }
            _ => before.unwrap_or(0o644),
        }
    }
}

/// Why a change cannot be worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The line that would be replaced is another one by now.
    LineChanged(usize),
    /// The value cannot be written in this file's format; why, translated where it is shown.
    Unwritable(&'static str),
    /// The secret has not been asked for yet.
    NoSecret,
    /// The change is not about the content of one file.
    NotAFile,
}

impl Refusal {
    /// Why, as a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::LineChanged(number) => {
                msg!("line {number} has changed since it was looked at", number)
            }
            &Self::Unwritable(what) => msg!(what),
            Self::NoSecret => msg!("the secret is missing"),
            Self::NotAFile => msg!("this is not a change of one file's content"),
        }
    }
}

/// Two texts, with a line end between them if the first lacks one.
fn joined(first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut both = first.to_vec();
    if !both.is_empty() && !both.ends_with(b"\n") && !second.is_empty() {
        both.push(b'\n');
    }
    both.extend_from_slice(second);
    both
}

/// A text with these lines in it: added, unless they stand there already.
fn once(old: &[u8], lines: &[u8], add: impl FnOnce(&[u8], &[u8]) -> Vec<u8>) -> Vec<u8> {
    let at_start = |at: usize| at == 0 || old[at - 1] == b'\n';
    let stands = !lines.is_empty()
        && old
            .windows(lines.len())
            .enumerate()
            .any(|(at, window)| window == lines && at_start(at));
    if stands {
        old.to_vec()
    } else {
        add(old, lines)
    }
}

/// `KEY=VALUE` in place of the last line of that key, or at the end (cmd/go/internal/envcmd).
fn go_env(old: &[u8], key: &str, value: Option<&str>) -> Result<Vec<u8>, Refusal> {
    if value.is_some_and(|value| value.contains(['\n', '\r', '\0'])) {
        return Err(Refusal::Unwritable(text!(
            "a value of go's settings is one line"
        )));
    }
    let prefix = format!("{key}=");
    let lines: Vec<&[u8]> = old.split_inclusive(|&byte| byte == b'\n').collect();
    let last = lines
        .iter()
        .rposition(|line| line.starts_with(prefix.as_bytes()));
    let mut new = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match (Some(index) == last, value) {
            (true, Some(value)) => new = joined(&new, format!("{key}={value}\n").as_bytes()),
            _ if line.starts_with(prefix.as_bytes()) => {}
            _ => new.extend_from_slice(line),
        }
    }
    match (last, value) {
        (None, Some(value)) => Ok(joined(&new, format!("{key}={value}\n").as_bytes())),
        _ => Ok(new),
    }
}

/// A section with one value, quoted as git-config(1), "Syntax", says.
pub(super) fn git_config(key: &str, value: &str) -> Result<String, Refusal> {
    let bad = Refusal::Unwritable(text!("this is not a key of git's configuration"));
    let (section, rest) = key.split_once('.').ok_or(bad.clone())?;
    if key.contains('\n') || value.contains(['\n', '\0']) {
        return Err(bad);
    }
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let head = match rest.rsplit_once('.') {
        Some((subsection, name)) => format!("[{section} \"{}\"]\n\t{name}", escaped(subsection)),
        None => format!("[{section}]\n\t{rest}"),
    };
    let plain =
        !value.is_empty() && value.trim() == value && !value.contains([';', '#', '"', '\\']);
    let value = if plain {
        value.to_owned()
    } else {
        format!("\"{}\"", escaped(value))
    };
    Ok(format!("{head} = {value}\n"))
}

fn line(old: &[u8], number: usize, expected: &str, new: Option<&str>) -> Result<Vec<u8>, Refusal> {
    let lines: Vec<&[u8]> = old.split_inclusive(|&byte| byte == b'\n').collect();
    let index = number
        .checked_sub(1)
        .filter(|index| *index < lines.len())
        .ok_or(Refusal::LineChanged(number))?;
    let found = lines[index];
    let bare = found.strip_suffix(b"\n").unwrap_or(found);
    let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
    if bare != expected.as_bytes() {
        return Err(Refusal::LineChanged(number));
    }
    let mut result = lines[..index].concat();
    if let Some(new) = new {
        result.extend_from_slice(new.as_bytes());
        result.extend_from_slice(&found[bare.len()..]);
    }
    result.extend(lines[index + 1..].concat());
    Ok(result)
}

/// The host's entry in front of all others: the first one of a host counts for Go and libcurl.
/// A former entry of the same host is left out.
fn netrc(
    old: &[u8],
    machine: &str,
    login: &str,
    password: Option<&Secret>,
) -> Result<Vec<u8>, Refusal> {
    let password = password.ok_or(Refusal::NoSecret)?.reveal();
    let word = |text: &str| {
        !text.is_empty()
            && !text.contains(|letter: char| {
                letter.is_whitespace() || letter.is_control() || letter == '"'
            })
    };
    if !word(machine) || !word(login) || !word(password) || password.starts_with('#') {
        return Err(Refusal::Unwritable(text!(
            "netrc cannot hold blanks or quotes in names and passwords"
        )));
    }
    let entry = format!("machine {machine} login {login} password {password}\n");
    Ok(joined(entry.as_bytes(), &without(old, machine)))
}

/// A netrc without the entry of one machine; anything unusual stays as it is.
fn without(netrc: &[u8], machine: &str) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(netrc) else {
        return netrc.to_vec();
    };
    let mut kept = String::new();
    let mut inside = false;
    let mut macro_body = false;
    for line in text.split_inclusive('\n') {
        let mut words = line.split_whitespace();
        let first = words.next();
        macro_body = if macro_body {
            first.is_some()
        } else {
            first == Some("macdef")
        };
        if !macro_body && matches!(first, Some("machine" | "default")) {
            // several entries on one line are nobody's habit: then nothing is taken out
            let single = line
                .split_whitespace()
                .filter(|word| *word == "machine")
                .count()
                == 1;
            inside = first == Some("machine") && words.next() == Some(machine) && single;
        } else if macro_body || first.is_none() || first.is_some_and(|word| word.starts_with('#')) {
            inside = false;
        }
        if !inside {
            kept.push_str(line);
        }
    }
    kept.into_bytes()
}

/// What changed, as a unified diff with its context; passwords and masked parts hidden.
#[must_use]
pub fn diff(path: &Path, before: Option<&[u8]>, after: &[u8]) -> String {
    const CONTEXT: usize = 2;
    let secret = path
        .file_name()
        .is_some_and(|name| name == ".netrc" || name == "_netrc");
    let shown = |bytes: &[u8]| -> String {
        // as a whole: a key or an entry of netrc goes over several lines
        let text = mask::page(&String::from_utf8_lossy(bytes));
        let line = |line: &str| {
            if secret {
                hidden(line)
            } else {
                line.to_owned()
            }
        };
        text.lines().map(|text| line(text) + "\n").collect()
    };
    let (old, new) = (shown(before.unwrap_or_default()), shown(after));
    TextDiff::from_lines(&old, &new)
        .unified_diff()
        .context_radius(CONTEXT)
        .to_string()
}

/// A line of netrc without its password.
fn hidden(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    for index in 0..words.len().saturating_sub(1) {
        if matches!(words[index], "password" | "account") {
            words[index + 1] = "***";
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(result: Result<Vec<u8>, Refusal>) -> String {
        String::from_utf8(result.unwrap()).unwrap()
    }

    #[test]
    fn go_settings_as_go_writes_them() {
        let set = |old: &str, value| text(go_env(old.as_bytes(), "GOPRIVATE", value));
        assert_eq!(set("", Some("a")), "GOPRIVATE=a\n");
        assert_eq!(set("GOSUMDB=x", Some("a")), "GOSUMDB=x\nGOPRIVATE=a\n");
        assert_eq!(
            set("GOPRIVATE=1\n# x\nGOPRIVATE=2\nB=1\n", Some("a")),
            "# x\nGOPRIVATE=a\nB=1\n"
        );
        assert_eq!(set("A=1\nGOPRIVATE=2\n", None), "A=1\n");
        assert!(go_env(b"", "K", Some("a\nGOFLAGS=x")).is_err());
    }

    #[test]
    fn git_reads_what_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        for (key, value) in [
            (
                "url.ssh://git@h.example/org/.insteadOf",
                "https://h.example/org/",
            ),
            ("safe.directory", "/a b/c;d#\"e\\"),
            (
                "credential.https://h.example.helper",
                "!/x y/gh auth git-credential",
            ),
            ("http.https://h.example/.version", "HTTP/1.1"),
        ] {
            let change = Change::GitConfig {
                key: key.into(),
                value: value.into(),
            };
            std::fs::write(&file, change.render(Some(b"[user]\n\tname = x")).unwrap()).unwrap();
            let git = std::process::Command::new("git")
                .args(["config", "--file"])
                .arg(&file)
                .args(["--get", key])
                .output()
                .unwrap();
            assert_eq!(
                String::from_utf8_lossy(&git.stdout).trim_end_matches('\n'),
                value
            );
        }
    }

    #[test]
    fn lines_are_only_replaced_where_they_stand() {
        let old = b"a\r\nexport X=1\nb";
        assert_eq!(
            text(line(old, 2, "export X=1", Some("export X=2"))),
            "a\r\nexport X=2\nb"
        );
        assert_eq!(text(line(old, 1, "a", Some("z"))), "z\r\nexport X=1\nb");
        assert_eq!(text(line(old, 3, "b", None)), "a\r\nexport X=1\n");
        assert!(line(old, 2, "export X=9", None).is_err());
        assert!(line(old, 9, "b", None).is_err());
    }

    #[test]
    fn netrc_holds_one_entry_of_a_host() {
        let secret = Secret::new("t0k".into());
        let put = |old: &str| text(netrc(old.as_bytes(), "h.example", "bob", Some(&secret)));
        let entry = "machine h.example login bob password t0k\n";
        assert_eq!(put(""), entry);
        assert_eq!(
            put("machine other login a password b"),
            format!("{entry}machine other login a password b")
        );
        assert_eq!(
            put("machine h.example\nlogin a\npassword b\nmachine other login a password b\n"),
            format!("{entry}machine other login a password b\n")
        );
        assert_eq!(
            put(
                "macdef x\nmachine h.example login a\n\nmachine h.example login a password b\ndefault login x password y\n"
            ),
            format!("{entry}macdef x\nmachine h.example login a\n\ndefault login x password y\n")
        );
        assert!(netrc(b"", "h.example", "bob", Some(&Secret::new("a b".into()))).is_err());
        assert!(!format!("{secret:?}").contains("t0k"));
    }

    #[test]
    fn differences_hide_passwords() {
        let after = b"machine h login bob password t0k\nmachine o login a password b\n";
        let shown = diff(
            Path::new("/home/x/.netrc"),
            Some(b"machine o login a password b\n"),
            after,
        );
        assert_eq!(
            shown,
            "@@ -1 +1,2 @@\n+machine h login bob password ***\n machine o login a password ***\n"
        );
        let shown = diff(
            Path::new("/x"),
            Some(b"1\n2\n3\n4\n5\n6\n"),
            b"1\n2\n3\nfour\n5\n6\n",
        );
        assert_eq!(shown, "@@ -2,5 +2,5 @@\n 2\n 3\n-4\n+four\n 5\n 6\n");
    }

    #[test]
    fn what_a_shell_will_see() {
        let change = Change::Line {
            file: "/h/.bashrc".into(),
            number: 1,
            old: "export HTTPS_PROXY=http://a:1".into(),
            new: Some("# export HTTPS_PROXY=http://a:1".into()),
        };
        assert_eq!(change.exported(), [("HTTPS_PROXY".into(), None)]);
        // git's configuration has such lines too
        let change = Change::Line {
            file: "/h/.gitconfig".into(),
            number: 1,
            old: "sslCAInfo=/x".into(),
            new: None,
        };
        assert_eq!(change.exported(), []);
    }
}
