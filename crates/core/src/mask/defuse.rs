//! Commands that CI systems read out of logs, made into plain text. A blank is put in where the
//! command would be recognised; what is hidden must have been taken away before.

use std::borrow::Cow;

/// Recognised anywhere in a line, and where the blank goes.
const ANYWHERE: &[(&str, usize)] = &[
    ("##[", 2),             // Azure Pipelines; the first form of GitHub's workflow commands
    ("##vso[", 2),          // Azure Pipelines, logging commands
    ("##teamcity[", 2),     // TeamCity, service messages
    ("section_start:", 13), // GitLab, collapsible sections
    ("section_end:", 11),
    ("travis_fold:", 11),
    ("travis_time:", 11),
];

/// Recognised at a line's start: Buildkite's groups.
const GROUPS: &[&str] = &["---", "+++", "~~~", "^^^"];

/// The text without live commands.
#[must_use]
pub fn defused(text: &str) -> Cow<'_, str> {
    if !is_live(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let from = out.len();
        let blank = line.len() - line.trim_start().len();
        if opens_group(line) {
            out.push(' ');
        }
        if is_workflow_command(line.trim_start()) {
            out += &line[..blank];
            out += ": ";
            out += &line[blank + 1..];
        } else {
            out += line;
        }
        for (command, at) in ANYWHERE {
            let mut searched = from;
            while let Some(found) = position(&out[searched..], command) {
                out.insert(searched + found + at, ' ');
                searched += found + at;
            }
        }
    }
    Cow::Owned(out)
}

fn is_live(text: &str) -> bool {
    let may_be = memchr::memchr2(b'#', b'_', text.as_bytes()).is_some(); // one is in each of them
    may_be
        && ANYWHERE
            .iter()
            .any(|(command, _)| position(text, command).is_some())
        || text
            .split('\n')
            .any(|line| opens_group(line) || is_workflow_command(line.trim_start()))
}

/// Without regard to case: Azure's agent has none.
fn position(text: &str, command: &str) -> Option<usize> {
    text.as_bytes()
        .windows(command.len())
        .position(|part| part.eq_ignore_ascii_case(command.as_bytes()))
}

/// `::name ...::` (GitHub Actions, also behind blanks); an IPv6 address is none.
fn is_workflow_command(line: &str) -> bool {
    line.strip_prefix("::").is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphabetic()) && rest.contains("::")
    })
}

fn opens_group(line: &str) -> bool {
    GROUPS.iter().any(|group| {
        line.strip_prefix(group)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\n', '\r']))
    })
}

#[cfg(test)]
mod tests {
    use super::defused;

    #[test]
    fn commands_become_text() {
        for (given, expected) in [
            ("x ##vso[task.setvariable]y", "x ## vso[task.setvariable]y"),
            ("##VSO[x]##[error]", "## VSO[x]## [error]"),
            ("##teamcity[x]", "## teamcity[x]"),
            ("::error file=x::y\n", ": :error file=x::y\n"),
            ("  ::set-env name=x::y", "  : :set-env name=x::y"),
            ("a\n::stop-commands::b", "a\n: :stop-commands::b"),
            ("section_start:1:x", "section_start :1:x"),
            ("--- group", " --- group"),
            ("a\n+++\n", "a\n +++\n"),
        ] {
            assert_eq!(defused(given), expected);
            assert_eq!(defused(expected), expected, "twice is once");
        }
        for plain in [
            "::1",
            "::ffff:10.0.0.1",
            "-----BEGIN X-----",
            "--- FAIL",
            "a::b",
            "### x",
            "# [x]",
        ] {
            let expected = plain.replace("--- F", " --- F");
            assert_eq!(defused(plain), expected);
        }
    }
}
