//! Users' own rules: a TOML file goes in, rules and the problems of those that are none
//! come out; a bad rule is named with its line and skipped, the rest work.
//!
//! ```toml
//! [[rule]]
//! id = "corp-vpn"
//! cause = "tcp-timeout"              # or suspects = ["tcp-timeout", "dns-timeout"]
//! needle = "corp gateway says no"    # searched for as it is
//! pull = 'host (?<host>\S+)'         # optional; url, host, port, module, version
//! seen = "our gateway, since 2026"   # optional, as are sample and help
//! ```
//!
//! A user rule reads single lines and speaks before the shipped ones. Its id must not be
//! one of theirs.

use std::path::{Path, PathBuf};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::cause::Cause;
use crate::config::{self, Config};
use crate::evidence::Evidence;
use crate::file::{self, Refusal};
use crate::lang::tr;
use crate::mask;
use crate::rules::user::{self, UserRule};
use crate::rules::{self, Context, by_id};
use crate::settings::{Env, leads};

/// Compiled size of one pattern: user patterns must stay as harmless as shipped ones.
const MAX_PATTERN: usize = 1024 * 1024;
/// Shortest needle: a shorter one would hit every line.
const MIN_NEEDLE: usize = 4;

/// Why a rule, or a file, was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, a lower-case fragment that says what to do.
    pub message: String,
}

/// The user's own rules, `rules.toml` beside `config.toml`; and behind them the project's, where
/// the user wants those.
pub(crate) fn users_rules(env: &Env, config: &Config) -> (Vec<UserRule>, Vec<Problem>) {
    let own = config::rules_file(env).map(|file| load_own(&file));
    let projects = config.project_rules().map(load);
    let mut all = (Vec::new(), Vec::new());
    for (rules, problems) in own.into_iter().chain(projects) {
        all.0.extend(rules);
        all.1.extend(problems);
    }
    all
}

/// What the user's rules find, before what the shipped ones find; a host that a remote may have written
/// stands where the user's settings lead there.
pub(crate) fn scan(text: &[u8], context: &Context<'_>, env: &Env, config: &Config) -> Evidence {
    let (rules, _) = users_rules(env, config);
    let mut evidence = user::scan(text, &rules);
    evidence
        .findings
        .extend(rules::scan(text, context).findings);
    leads::settle(evidence, env, context.args.is_none())
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    rule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    cause: Option<String>,
    suspects: Option<Vec<String>>,
    needle: String,
    pull: Option<String>,
    sample: Option<String>,
    seen: Option<String>,
    help: Option<String>,
}

/// As [`load`], of the user's own: nobody else may have written it. One that somebody else could have has no rules;
/// the settings name it ([`crate::config::Config::load`]).
#[must_use]
fn load_own(path: &Path) -> (Vec<UserRule>, Vec<Problem>) {
    read(
        path,
        file::text_of_ours(path, file::Kind::Rules).map_err(|untrusted| untrusted.why),
    )
}

fn unread(path: &Path, error: &Refusal) -> Problem {
    Problem {
        file: path.to_owned(),
        line: 1,
        message: tr!("cannot read the file: {error}", error),
    }
}

/// Reads a rule file. A file that is not there has no rules and no problems.
#[must_use]
fn load(path: &Path) -> (Vec<UserRule>, Vec<Problem>) {
    read(path, file::text(path, file::Kind::Rules))
}

fn read(path: &Path, text: Result<String, Refusal>) -> (Vec<UserRule>, Vec<Problem>) {
    let problem = |message: String| {
        (
            Vec::new(),
            vec![Problem {
                file: path.to_owned(),
                line: 1,
                message,
            }],
        )
    };
    match text {
        Ok(text) => parse(&text, path),
        Err(Refusal::Foreign(_) | Refusal::Open) => (Vec::new(), Vec::new()),
        Err(refusal) if refusal.is_missing() => (Vec::new(), Vec::new()),
        Err(Refusal::TooLarge(most)) => {
            problem(tr!("the file is larger than {most} bytes; split it", most))
        }
        Err(error) => (Vec::new(), vec![unread(path, &error)]),
    }
}

/// Reads rules from the text of `file`. Each `[[rule]]` is read by itself, so that a slip in
/// one doesn't take the others along.
#[must_use]
pub fn parse(text: &str, file: &Path) -> (Vec<UserRule>, Vec<Problem>) {
    let mut rules: Vec<UserRule> = Vec::new();
    let mut problems = Vec::new();
    for (line, part) in parts(text) {
        let made = entry(part, line)
            .and_then(|entry| rule(entry, file, line).map_err(|message| (line, message)));
        let made = made.and_then(
            |rule| match rules.iter().find(|other| other.id == rule.id) {
                Some(other) => Err((
                    line,
                    tr!(
                        "rule `{id}` stands in line {line} already; choose another id",
                        id = rule.id,
                        line = other.line
                    ),
                )),
                None => Ok(rule),
            },
        );
        match made {
            Ok(rule) => rules.push(rule),
            Err((line, message)) => problems.push(Problem {
                file: file.to_owned(),
                line,
                message,
            }),
        }
    }
    (rules, problems)
}

/// The text of each `[[rule]]` and the line that it begins in.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.trim_start().starts_with("[[rule]]") {
            parts.push((index + 1, at));
        }
        at += line.len();
    }
    let ends = parts
        .iter()
        .skip(1)
        .map(|(_, start)| *start)
        .chain([text.len()]);
    parts
        .iter()
        .zip(ends)
        .map(|((line, start), end)| (*line, &text[*start..end]))
        .collect()
}

/// The fields of one `[[rule]]` that begins in `line`, or where and why it cannot be read.
fn entry(part: &str, line: usize) -> Result<Entry, (usize, String)> {
    let parsed: Result<File, _> = toml::from_str(part);
    let at = |span: Option<std::ops::Range<usize>>| {
        let before = span
            .and_then(|span| part.get(..span.start))
            .unwrap_or_default();
        line + before.matches('\n').count()
    };
    let mut file = parsed.map_err(|error| (at(error.span()), error.message().to_owned()))?;
    file.rule
        .pop()
        .ok_or_else(|| (line, tr!("this is no rule")))
}

/// One rule, or what is wrong with it.
fn rule(entry: Entry, file: &Path, line: usize) -> Result<UserRule, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.id.is_empty() || entry.id.len() > 64 || !entry.id.chars().all(plain) {
        return Err(tr!(
            "id `{id}` has other characters than a-z, 0-9 and -",
            id = mask::line(&entry.id)
        ));
    }
    let id = entry.id;
    if by_id(&id).is_some() {
        return Err(tr!(
            "rule `{id}` is one of gomend's own; choose another id",
            id
        ));
    }
    if entry.needle.len() < MIN_NEEDLE || entry.needle.contains('\n') {
        return Err(tr!(
            "rule `{id}`: the needle needs at least {least} bytes in one line",
            id,
            least = MIN_NEEDLE
        ));
    }
    let names = entry.suspects.into_iter().flatten().chain(entry.cause);
    let suspects: Vec<Cause> = names
        .map(|name| {
            Cause::from_id(&name)
                .filter(|cause| *cause != Cause::NotOurs)
                .ok_or(name)
        })
        .collect::<Result<_, _>>()
        .map_err(|name| {
            tr!(
                "rule `{id}`: there is no cause `{name}`; `gomend causes` lists them",
                id,
                name = mask::line(&name)
            )
        })?;
    if suspects.is_empty() {
        return Err(tr!("rule `{id}` names no cause", id));
    }
    let pull = entry
        .pull
        .map(|pattern| compile(&pattern))
        .transpose()
        .map_err(|error| tr!("rule `{id}`: {error}", id, error))?;
    Ok(UserRule {
        id,
        suspects,
        needle: entry.needle,
        pull,
        sample: entry.sample,
        seen: entry.seen,
        help: entry.help,
        file: file.to_owned(),
        line,
    })
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(MAX_PATTERN)
        .build()
        .map_err(|error| {
            let last = error.to_string();
            let last = last.lines().last().unwrap_or_default().trim().to_owned();
            tr!("the pattern does not compile: {last}", last)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::user::scan;

    const FILE: &str = r#"
[[rule]]
id = "corp-vpn"
cause = "tcp-timeout"
needle = "corp gateway says no"
pull = 'to (?<host>[a-z.]+)'

[[rule]]
id = "bad-pattern"
cause = "tcp-timeout"
needle = "something"
pull = '(unclosed'

[[rule]]
id = "no-such-cause"
cause = "gremlins"
needle = "something"

[[rule]]
id = "corp-vpn"
cause = "tcp-timeout"
needle = "again"

[[rule]]
id = "git-no-username"
cause = "tcp-timeout"
needle = "theirs"

[[rule]]
id = "typo"
causes = "tcp-timeout"
needle = "theirs"
"#;

    #[test]
    fn bad_rules_are_named_and_the_rest_work() {
        let (rules, problems) = parse(FILE, Path::new("rules.toml"));
        assert_eq!(rules.len(), 1);
        let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [8, 14, 19, 24, 31], "{problems:#?}");
        let evidence = scan(b"dial: corp gateway says no to git.corp.example", &rules);
        assert_eq!(
            evidence.findings[0].target.host.as_deref(),
            Some("git.corp.example")
        );
        assert!(scan(b"corp gateway is silent", &rules).findings.is_empty());
    }

    #[test]
    fn a_slip_in_one_rule_spares_the_others() {
        let file = FILE.replace("needle = \"again\"", "needle = again");
        let (rules, problems) = parse(&file, Path::new("rules.toml"));
        assert_eq!((rules.len(), problems.len()), (1, 5));
        assert!(problems.iter().any(|problem| problem.line == 22));
    }

    #[test]
    fn a_file_that_is_no_toml_is_one_problem() {
        let (rules, problems) = parse("[[rule]]\nid = \n", Path::new("rules.toml"));
        assert!(rules.is_empty());
        assert_eq!((problems.len(), problems[0].line), (1, 2));
    }

    #[test]
    fn a_missing_file_is_no_problem() {
        let (rules, problems) = load(Path::new("/nonexistent/rules.toml"));
        assert!(rules.is_empty() && problems.is_empty());
    }
}
