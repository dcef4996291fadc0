//! git's configuration as it holds for one URL, read by git itself.
//!
//! Matching `http.<url>.*` and `url.<base>.insteadOf` is git's business: this
//! asks `git config --get-urlmatch` and `git ls-remote --get-url`, which touch
//! no network. Run outside of any repository, as go runs git.

use std::path::Path;
use std::time::Instant;

use super::Env;
use crate::tool::{self, Cancel, End, Tool};

/// git's configuration for one URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitConfig {
    /// `http.*` for this URL: lower-case key without `http.`, value; several keys at most once.
    pub http: Vec<(String, String)>,
    /// Every `key value` of all layers, in git's order, later ones win.
    pub all: Vec<(String, String)>,
    /// git cannot read its own configuration.
    pub broken: bool,
    /// The URL after `insteadOf`.
    pub effective_url: Option<String>,
}

impl GitConfig {
    /// Asks git. What git does not answer stays empty.
    ///
    /// # Panics
    /// Never: the threads that ask do not.
    pub fn read(
        env: &Env,
        dir: &Path,
        url: &str,
        deadline: Instant,
        cancel: &Cancel,
    ) -> Result<Self, tool::Error> {
        let git = Tool::new("git", env, dir)?;
        let ask = |args: &[&str]| git.clone().args(args.iter().copied()).run(deadline, cancel);
        let (http, all, effective) = std::thread::scope(|scope| {
            let http = scope.spawn(|| ask(&["config", "-z", "--get-urlmatch", "http", url]));
            let all = scope.spawn(|| ask(&["config", "-z", "--list", "--includes"]));
            let effective = ask(&["ls-remote", "--get-url", "--", url]);
            let http = http.join().expect("asking git does not panic");
            (
                http,
                all.join().expect("asking git does not panic"),
                effective,
            )
        });
        let (http, all, effective) = (http?, all?, effective?.text());
        let effective = effective.trim_end();
        Ok(Self {
            http: pairs(&http.text())
                .map(|(key, value)| (strip(&key, "http."), value))
                .collect(),
            broken: matches!(all.end, End::Exit(Some(code)) if code != 0),
            all: pairs(&all.text()).collect(),
            effective_url: Some(effective.to_owned()).filter(|effective| !effective.is_empty()),
        })
    }

    /// `http.<key>` for this URL.
    #[must_use]
    pub fn http(&self, key: &str) -> Option<&str> {
        self.http
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// The last value of a key, lower case as git prints it.
    #[must_use]
    pub fn last(&self, key: &str) -> Option<&str> {
        self.all
            .iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value.as_str())
    }

    /// Whether git is told not to verify certificates for this URL.
    #[must_use]
    pub fn unverified(&self, env: &Env) -> bool {
        let off = |value: &str| {
            matches!(
                value.to_ascii_lowercase().as_str(),
                "false" | "no" | "off" | "0"
            )
        };
        env.os("GIT_SSL_NO_VERIFY").is_some() || self.http("sslverify").is_some_and(off)
    }
}

/// Every `key value` of all layers, in git's order; `None`: git cannot read its own configuration.
pub fn list(
    env: &Env,
    dir: &Path,
    deadline: Instant,
    cancel: &Cancel,
) -> Result<Option<Vec<(String, String)>>, tool::Error> {
    let output = Tool::new("git", env, dir)?
        .args(["config", "-z", "--list", "--includes"])
        .run(deadline, cancel)?;
    Ok(output.succeeded().then(|| pairs(&output.text()).collect()))
}

/// The URL that git would use for `url`, after `insteadOf`.
#[must_use]
pub fn effective(
    env: &Env,
    dir: &Path,
    url: &str,
    deadline: Instant,
    cancel: &Cancel,
) -> Option<String> {
    let output = Tool::new("git", env, dir)
        .ok()?
        .args(["ls-remote", "--get-url", "--", url])
        .run(deadline, cancel)
        .ok()?;
    output
        .succeeded()
        .then(|| output.text().trim_end().to_owned())
}

/// The command that git starts for ssh, by the environment and `config`, as [`list`] has it.
#[must_use]
pub fn ssh_command(env: &Env, config: &[(String, String)]) -> String {
    let configured = || {
        let mut set = config.iter().rev();
        set.find(|(key, _)| key == "core.sshcommand")
            .map(|(_, value)| value.clone())
    };
    let quoted = |path: &str| format!("'{}'", path.replace('\'', r"'\''"));
    env.var("GIT_SSH_COMMAND")
        .map(str::to_owned)
        .or_else(configured)
        .or_else(|| env.var("GIT_SSH").map(quoted))
        .unwrap_or_else(|| "ssh".to_owned())
}

/// The program and options of that command. What only a shell can read is left to git.
#[must_use]
pub fn ssh_words(command: &str) -> Vec<&str> {
    let simple = !command.contains(|letter: char| "'\"\\$`;|&<>()*?~#\n".contains(letter));
    if simple {
        command.split_whitespace().collect()
    } else {
        vec!["ssh"]
    }
}

fn strip(key: &str, prefix: &str) -> String {
    key.strip_prefix(prefix).unwrap_or(key).to_owned()
}

/// `key newline value NUL`, as `-z` prints it; a key without a value is a boolean that is true.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('\0')
        .filter(|entry| !entry.is_empty())
        .map(|entry| {
            let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
            (key.to_owned(), value.to_owned())
        })
}

/// A credential helper that is asked and never told (gitcredentials(7), "Custom helpers").
#[must_use]
pub fn only_get(helper: &str) -> String {
    let command = match helper.strip_prefix('!') {
        _ if helper.is_empty() => return String::new(),
        Some(snippet) => snippet.to_owned(),
        None if Path::new(helper).is_absolute() => helper.to_owned(),
        None => format!("git credential-{helper}"),
    };
    format!("!f() {{ test \"$1\" = get || exit 0; {command} \"$@\"; }}; f")
}

/// An entry of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its line's number, from 1.
    pub number: usize,
    /// Its line.
    pub line: &'a str,
    /// Section and subsection: `http`, `url.https://h/`; the section in lower case.
    pub section: String,
    /// In lower case.
    pub name: String,
    /// Without quotes and comment.
    pub value: String,
}

/// The entries of a file in their order, without those of several lines and those that git refuses.
#[must_use]
pub fn entries(text: &str) -> Vec<Entry<'_>> {
    let (mut section, mut goes_on) = (String::new(), false);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut entry = line.trim();
        if goes_on {
            goes_on = matches!(scan(entry), Err(Unread::GoesOn));
            continue;
        }
        if let Some((head, rest)) = self::section(entry) {
            section = head;
            entry = rest.trim();
        }
        if entry.is_empty() || entry.starts_with(['#', ';']) {
            continue;
        }
        let (name, raw) = entry.split_once('=').unwrap_or((entry, "true"));
        match scan(raw) {
            Ok(value) => found.push(Entry {
                number: index + 1,
                line,
                section: section.clone(),
                name: name.trim().to_ascii_lowercase(),
                value,
            }),
            Err(unread) => goes_on = matches!(unread, Unread::GoesOn),
        }
    }
    found
}

/// A value as a line of a file has it, behind the `=` (git-config(1), "Syntax"): quotes toggle, a backslash escapes,
/// `#` and `;` begin a comment. `None`: it goes on in the next line, or git refuses it.
#[must_use]
pub fn value(raw: &str) -> Option<String> {
    scan(raw).ok()
}

/// Why a line has no value.
enum Unread {
    /// The next line goes on.
    GoesOn,
    /// git refuses it.
    Refused,
}

fn scan(raw: &str) -> Result<String, Unread> {
    let (mut value, mut kept, mut is_quoted) = (String::new(), 0, false);
    let mut letters = raw.trim_start().chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => is_quoted = !is_quoted,
            '#' | ';' if !is_quoted => break,
            '\\' => value.push(match letters.next().ok_or(Unread::GoesOn)? {
                'n' => '\n',
                't' => '\t',
                'b' => '\u{8}',
                other @ ('"' | '\\') => other,
                _ => return Err(Unread::Refused),
            }),
            other => value.push(other),
        }
        if is_quoted || !letter.is_ascii_whitespace() {
            kept = value.len(); // blanks at the end count within quotes
        }
    }
    value.truncate(kept);
    if is_quoted {
        Err(Unread::Refused)
    } else {
        Ok(value)
    }
}

/// A section's head, and what stands behind it in its line: `core` and `url.https://h/`, the section's name in lower
/// case.
#[must_use]
pub fn section(line: &str) -> Option<(String, &str)> {
    let head = line.trim_start().strip_prefix('[')?;
    let Some((name, sub)) = head.split_once('"').filter(|(name, _)| !name.contains(']')) else {
        let (name, rest) = head.split_once(']')?;
        return Some((name.trim().to_ascii_lowercase(), rest));
    };
    let (mut subsection, mut letters) = (String::new(), sub.char_indices());
    loop {
        match letters.next()? {
            (_, '\\') => subsection.push(letters.next()?.1),
            (at, '"') => {
                let rest = sub[at + 1..].trim_start().strip_prefix(']')?;
                let name = name.trim().to_ascii_lowercase();
                return Some((format!("{name}.{subsection}"), rest));
            }
            (_, letter) => subsection.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn git_answers_for_a_url() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config");
        std::fs::write(
            &config,
            "[http]\n\tsslVerify = true\n[http \"https://git.corp.example\"]\n\tproxy = http://p:1\n\tsslVerify = false\n\
             [url \"ssh://git@git.corp.example/\"]\n\tinsteadOf = https://git.corp.example/\n",
        )
        .unwrap();
        let mut env = Env::from_process();
        env.set("GIT_CONFIG_GLOBAL", config.as_os_str());
        env.set("GIT_CONFIG_NOSYSTEM", "1");
        let deadline = Instant::now() + Duration::from_secs(20);
        let read =
            |url| GitConfig::read(&env, dir.path(), url, deadline, &Cancel::default()).unwrap();
        let ours = read("https://git.corp.example/a/b");
        assert_eq!(ours.http("proxy"), Some("http://p:1"));
        assert!(ours.unverified(&env));
        assert_eq!(
            ours.effective_url.as_deref(),
            Some("ssh://git@git.corp.example/a/b")
        );
        let other = read("https://other.example/a");
        assert_eq!(other.http("proxy"), None);
        assert!(!other.unverified(&env));
        assert_eq!(
            other.effective_url.as_deref(),
            Some("https://other.example/a")
        );
    }

    #[test]
    fn values_are_read_as_git_does() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (raw, expected) in [
            (" /etc/pinned.pem # corp", Some("/etc/pinned.pem")),
            ("/a;b", Some("/a")),
            (" \"a # b\" ", Some("a # b")),
            (" a \"b \" ", Some("a b ")),
            (r#""C:\\x\ty""#, Some("C:\\x\ty")),
            ("", Some("")),
            (" a \\", None),
            (r"a\x", None),
            ("\"a", None),
        ] {
            assert_eq!(value(raw).as_deref(), expected, "{raw}");
            std::fs::write(&file, format!("[a]\n\tb ={raw}\n")).unwrap();
            let git = std::process::Command::new("git")
                .args(["config", "-z", "--file"])
                .arg(file.path())
                .args(["--get", "a.b"])
                .output()
                .unwrap();
            if let Some(expected) = expected {
                assert_eq!(
                    String::from_utf8_lossy(&git.stdout),
                    format!("{expected}\0"),
                    "{raw}"
                );
            }
        }
    }

    #[test]
    fn a_file_is_read_entry_by_entry() {
        let text = "# c \\\n[core] a = 1 # x \\\n\tB\n[remote \"O\"]\n  url = a \\\n  b = 2\n  Url = \"x y\"\n c = x\\\\\n[d]\ne = f\n";
        let read: Vec<_> = entries(text)
            .into_iter()
            .map(|entry| (entry.number, entry.section, entry.name, entry.value))
            .collect();
        let entry = |number, section: &str, name: &str, value: &str| {
            (
                number,
                section.to_owned(),
                name.to_owned(),
                value.to_owned(),
            )
        };
        assert_eq!(
            read,
            [
                entry(2, "core", "a", "1"),
                entry(3, "core", "b", "true"),
                entry(7, "remote.O", "url", "x y"),
                entry(8, "remote.O", "c", "x\\"),
                entry(10, "d", "e", "f"),
            ]
        );
    }

    #[test]
    fn sections_are_read_as_git_does() {
        for (line, name, rest) in [
            ("[Core]", "core", ""),
            (
                "  [url \"https://[::1]/\"] insteadOf = x",
                "url.https://[::1]/",
                " insteadOf = x",
            ),
            (
                r#"[includeIf "gitdir:~/a\"b/"]"#,
                r#"includeif.gitdir:~/a"b/"#,
                "",
            ),
        ] {
            assert_eq!(section(line), Some((name.to_owned(), rest)), "{line}");
        }
        assert_eq!(section("key = [x]"), None);
    }
}
