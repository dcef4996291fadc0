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

/// Shell files below HOME, in the order in which a later one wins over an earlier one, and the shell that
/// reads them; none: several, or the session.
const FILES: &[(&str, &str)] = &[
    (".profile", ""),
    (".bash_profile", "bash"),
    (".bash_login", "bash"),
    (".zshenv", "zsh"),
    (".zprofile", "zsh"),
    (".bashrc", "bash"),
    (".zshrc", "zsh"),
    (".bash_aliases", "bash"),
    (".config/fish/config.fish", "fish"),
    (".config/environment.d/go.conf", ""),
    (".pam_environment", ""),
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

/// Whether shells read this file as they start, or the session for them.
pub(super) fn is_file(path: &Path) -> bool {
    let own = FILES.iter().any(|(name, _)| path.ends_with(name));
    own || FILES_OF_ALL.iter().any(|name| path == Path::new(name))
}

/// The lines that give `variable` the value that it has, where the user's shell reads them: the last one first.
pub(super) fn setters(home: &Path, env: &Env, variable: &str, disk: &Disk) -> Vec<Spot> {
    let Some(value) = env.var(variable) else {
        return Vec::new();
    };
    let known = ["bash", "zsh", "fish"]
        .into_iter()
        .find(|name| is(env, name));
    let is_read = |of: &str| of.is_empty() || known.is_none_or(|name| name == of);
    let read = FILES.iter().rev().filter(|(_, of)| is_read(of));
    let gives = |line: &str| {
        let given = Setting::of(line).and_then(|setting| setting.literal(variable, home));
        given.is_some_and(|given| given == value)
    };
    let mut files: Vec<PathBuf> = Vec::new();
    let mut found = Vec::new();
    for (name, _) in read {
        let path = home.join(name);
        // one may be a link to the other
        let file = disk.canonical(&path).unwrap_or_else(|| path.clone());
        if !files.contains(&file) {
            found.extend(spots(&path, disk, &gives));
            files.push(file);
        }
    }
    found
}

/// The line that sets it for all users.
pub(super) fn setter_for_all(variable: &str, disk: &Disk) -> Option<Spot> {
    let inside = FOLDERS_OF_ALL.iter().flat_map(|folder| {
        let items = disk.folder(Path::new(folder));
        let items = items.iter().flat_map(|items| items.iter());
        items.map(|item| item.path.clone()).collect::<Vec<_>>()
    });
    let mut files = FILES_OF_ALL.iter().map(PathBuf::from).chain(inside);
    let sets =
        |line: &str| Setting::of(line).is_some_and(|setting| setting.written(variable).is_some());
    files.find_map(|path| spots(&path, disk, &sets).into_iter().next())
}

/// The lines of a file that are such, the last one first. One that is all of a block's body isn't taken: an empty
/// body is an error.
fn spots(file: &Path, disk: &Disk, is_one: &dyn Fn(&str) -> bool) -> Vec<Spot> {
    const OPENERS: &[&str] = &["then", "else", "do", "{", "("];
    const OPENERS_OF_FISH: &[&str] = &[
        "if", "else", "for", "while", "function", "begin", "switch", "case",
    ];
    let Some(text) = disk.text(file, Kind::Settings) else {
        return Vec::new();
    };
    let is_fish = file
        .extension()
        .is_some_and(|extension| extension == "fish");
    let (mut opens, mut goes_on) = (false, false);
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let is_free = !opens || line.starts_with([' ', '\t']);
        if is_free && !goes_on && is_one(line) {
            found.push(Spot {
                file: file.to_owned(),
                number: at + 1,
                line: line.to_owned(),
            });
        }
        goes_on = line.ends_with('\\');
        let mut code = line.split_whitespace();
        if let Some(first) = code.next().filter(|first| !first.starts_with('#')) {
            let last = code.next_back().unwrap_or(first);
            opens = if is_fish {
                OPENERS_OF_FISH.contains(&first) && last != "end"
            } else {
                OPENERS.contains(&last)
            };
        }
    }
    found.reverse();
    found
}

/// A line of a shell file that does nothing but set variables: `NAME=value`, `export NAME=value NAME=value`,
/// `set -gx NAME value`.
#[derive(Debug)]
struct Setting<'a> {
    /// The indent, and what stands before the first name.
    lead: &'a str,
    /// Names, and their values as they are written.
    words: Vec<(&'a str, &'a str)>,
    /// Between a name and its value.
    joint: char,
    /// The comment behind.
    comment: &'a str,
}

impl<'a> Setting<'a> {
    fn of(line: &'a str) -> Option<Self> {
        let body = line.trim_start();
        if body.contains([';', '&', '|', '`']) || body.contains("$(") {
            return None;
        }
        let (words, comment) = words(body)?;
        let is_fish = words.first() == Some(&"set");
        let behind = if is_fish {
            let flags = words[1..].iter().take_while(|word| word.starts_with('-'));
            let flags = flags.count();
            (flags > 0).then_some(1 + flags)?
        } else {
            usize::from(words.first() == Some(&"export"))
        };
        let set = words.get(behind..).filter(|set| !set.is_empty())?;
        let lead = set[0].as_ptr() as usize - line.as_ptr() as usize;
        let words = match set {
            &[name, value] if is_fish => Some(vec![(name, value)]),
            _ if is_fish => None,
            set => set.iter().map(|word| word.split_once('=')).collect(),
        }?;
        let is_name = |name: &str| !name.is_empty() && is_plain(name, "_");
        words.iter().all(|(name, _)| is_name(name)).then(|| Self {
            lead: &line[..lead],
            words,
            joint: if is_fish { ' ' } else { '=' },
            comment,
        })
    }

    /// The value that it gives a variable, as it is written.
    fn written(&self, variable: &str) -> Option<&'a str> {
        let mut words = self.words.iter().rev();
        words
            .find(|(name, _)| *name == variable)
            .map(|(_, raw)| *raw)
    }

    /// The value that it gives a variable, where that hangs on nothing but HOME.
    fn literal(&self, variable: &str, home: &Path) -> Option<String> {
        bare(self.written(variable)?, Some(home))
    }

    fn line(&self, words: &[(&str, &str)]) -> String {
        let joint = self.joint;
        let words: Vec<String> = words
            .iter()
            .map(|(name, raw)| format!("{name}{joint}{raw}"))
            .collect();
        let comment = if self.comment.is_empty() {
            String::new()
        } else {
            format!(" {}", self.comment)
        };
        format!("{}{}{comment}", self.lead, words.join(" "))
    }
}

/// A line's words as they are written, and the comment behind them; `None`: a quote stays open.
fn words(line: &str) -> Option<(Vec<&str>, &str)> {
    let (mut words, mut start, mut quote, mut is_escaped) = (Vec::new(), None, None, false);
    for (at, letter) in line.char_indices() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match (quote, letter) {
            (None, '#') if start.is_none() => return Some((words, &line[at..])),
            (None, ' ' | '\t') => {
                words.extend(start.take().map(|start| &line[start..at]));
                continue;
            }
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None | Some('"'), '\\') => is_escaped = true,
            _ => {}
        }
        start.get_or_insert(at);
    }
    words.extend(start.map(|start| &line[start..]));
    (quote.is_none() && !is_escaped).then_some((words, ""))
}

/// A word without its quotes. With a home directory in place of `~` and `$HOME`: `None` where something else is
/// replaced; without, variables stay as they are written.
fn bare(word: &str, home: Option<&Path>) -> Option<String> {
    let home = home.and_then(Path::to_str);
    let (mut text, mut quote) = (String::new(), None);
    let mut rest = word;
    if let (Some(behind), Some(home)) = (rest.strip_prefix("~/"), home) {
        text = format!("{home}/");
        rest = behind;
    }
    while let Some(letter) = rest.chars().next() {
        let behind = &rest[letter.len_utf8()..];
        rest = behind;
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None | Some('"'), '\\') => {
                let escaped = behind.chars().next()?;
                if quote.is_some() && !['$', '`', '"', '\\'].contains(&escaped) {
                    text.push('\\');
                }
                text.push(escaped);
                rest = &behind[escaped.len_utf8()..];
            }
            (None | Some('"'), '$') if home.is_some() => {
                let home_is = ["HOME", "{HOME}"];
                let behind = home_is.iter().find_map(|name| behind.strip_prefix(name))?;
                if behind.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_') {
                    return None;
                }
                text += home?;
                rest = behind;
            }
            _ => text.push(letter),
        }
    }
    Some(text)
}

/// The variables that a line sets and does nothing else, with their values.
pub(super) fn assigned(line: &str) -> Vec<(String, String)> {
    let setting = Setting::of(line);
    let words = setting.map(|setting| setting.words).unwrap_or_default();
    let known = words
        .into_iter()
        .filter_map(|(name, raw)| Some((name.to_owned(), bare(raw, None)?)));
    known.collect()
}

/// The line without this variable: what else it sets, or a comment; within a block with a command that does
/// nothing, for its body may not be empty.
pub(super) fn dropped(line: &str, variable: &str) -> String {
    if let Some(setting) = Setting::of(line) {
        let others = setting.words.iter().copied();
        let others: Vec<_> = others.filter(|(name, _)| *name != variable).collect();
        if !others.is_empty() {
            return setting.line(&others);
        }
    }
    let body = line.trim_start();
    match &line[..line.len() - body.len()] {
        "" => format!("# {line}"),
        indent => format!("{indent}: # {body}"),
    }
}

/// The same line with another value.
pub(super) fn reassign(line: &str, variable: &str, value: &str) -> String {
    let Some(setting) = Setting::of(line) else {
        return line.to_owned();
    };
    let value = quote(value);
    let words = setting.words.iter().map(|&(name, raw)| {
        let raw = if name == variable { &value } else { raw };
        (name, raw)
    });
    setting.line(&words.collect::<Vec<_>>())
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
    fn the_lines_that_win() {
        let bashrc = "# GOPRIVATE=no\nexport GOPRIVATE=b # ours\nGOPRIVATEX=1\nif x; then GOPRIVATE=c; fi\n\
                      if y; then\nexport GOPRIVATE=b\nfi\nproxy_on() {\n  export A=1 GOPRIVATE='b'\n}\n\
                      alias please=sudo\n\n# x\nexport GOPRIVATE=b\nexport A=1 \\\n  GOPRIVATE=b\n";
        let disk = Disk::with(&[
            (
                "/home/x/.profile",
                "export GOPRIVATE=a\nexport GOPATH=$HOME/go\n",
            ),
            ("/home/x/.bashrc", bashrc),
            ("/home/x/.zshrc", "export GOPRIVATE=b\n"),
        ]);
        let lines = |name: &str, value: &str| {
            let mut env = Env::default();
            env.set("SHELL", "/bin/bash".to_owned());
            env.set(name, value.to_owned());
            let found = setters(Path::new("/home/x"), &env, name, &disk);
            let place = |spot: &Spot| (spot.file.clone(), spot.number);
            found.iter().map(place).collect::<Vec<_>>()
        };
        let bashrc = || PathBuf::from("/home/x/.bashrc");
        assert_eq!(lines("GOPRIVATE", "b"), [14, 9, 2].map(|at| (bashrc(), at)));
        assert_eq!(lines("GOPRIVATE", "a"), [("/home/x/.profile".into(), 1)]);
        assert_eq!(
            lines("GOPATH", "/home/x/go"),
            [("/home/x/.profile".into(), 2)]
        );
        assert!(lines("GOPRIVATE", "set by direnv").is_empty());
        assert!(lines("GOPROXY", "off").is_empty());
    }

    #[test]
    fn what_else_a_line_sets_stays() {
        for (line, given, without) in [
            (
                "export GOPROXY=a",
                "export GOPROXY='b c'",
                "# export GOPROXY=a",
            ),
            (
                "export GOPROXY=a GOPRIVATE=\"x y\" # ours",
                "export GOPROXY='b c' GOPRIVATE=\"x y\" # ours",
                "export GOPRIVATE=\"x y\" # ours",
            ),
            ("  GOPROXY=a", "  GOPROXY='b c'", "  : # GOPROXY=a"),
            (
                "  set -gx GOPROXY a",
                "  set -gx GOPROXY 'b c'",
                "  : # set -gx GOPROXY a",
            ),
        ] {
            assert_eq!(reassign(line, "GOPROXY", "b c"), given);
            assert_eq!(dropped(line, "GOPROXY"), without);
            let output = std::process::Command::new("sh")
                .args(["-nc", &format!("if x; then\n{without}\n:; fi")])
                .status();
            assert!(output.unwrap().success(), "{without}");
        }
    }

    #[test]
    fn what_a_line_assigns() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (line, assigns) in [
            ("export X='a b' # c", vec![pair("X", "a b")]),
            ("set -gx X 'a b'", vec![pair("X", "a b")]),
            (
                "export A=1 B=\"2 3\"",
                vec![pair("A", "1"), pair("B", "2 3")],
            ),
            ("export X='it'\"'\"'s'", vec![pair("X", "it's")]),
            ("export X=\"$Y:/z\"", vec![pair("X", "$Y:/z")]),
            ("# export X=1", Vec::new()),
            ("helper = x", Vec::new()),
            ("sshCommand=/x y", Vec::new()),
        ] {
            assert_eq!(assigned(line), assigns, "{line}");
        }
    }
}
