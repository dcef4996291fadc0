//! Which lines are a test's, a generator's or a panicking program's, and what a server answered.

use super::line::{is_own, is_result, is_test_line, is_unbuilt};
use super::{Mark, command};
use crate::unwrap::Line;

/// Everything that a tested package printed, up to its result line, and everything
/// from a test's line on where the result is missing. `alone`: nothing but one `go test` wrote the
/// text; then what stands above the time of a package is its own, whatever it looks like,
/// since go ends its own complaints about a package with `[setup failed]`.
pub(super) fn silence_tests(lines: &[Line], marks: &mut [Mark], mut testing: bool, alone: bool) {
    let mut start = 0;
    for (at, line) in lines.iter().enumerate() {
        let text = line.text.as_str();
        if is_result(text) || is_result(text.trim_start()) {
            let mut tested = alone && !text.starts_with('?');
            for (mark, line) in marks[start..at].iter_mut().zip(&lines[start..at]) {
                tested |= is_test_line(&line.text) || line.text.starts_with("panic: ");
                mark.silent |= tested || !is_own(&line.text);
            }
            (start, testing) = (at + 1, false);
        } else if is_unbuilt(text) {
            (start, testing) = (at + 1, false);
        } else if is_test_line(text) {
            testing = true;
            marks[at].silent = true;
        } else if testing {
            marks[at].silent = true;
            // The next command of a script, or go's next package.
            if text.starts_with("$ ") || text.starts_with("go: ") {
                testing = false;
                marks[at].silent = false;
            }
        }
    }
}

/// What the programs of `go generate` printed, up to `FILE.go:LINE: running "PROGRAM": ...`, if
/// one has failed that isn't go, or the program of a `go run` (which says `exit status N`).
pub(super) fn silence_generators(lines: &[Line], marks: &mut [Mark]) {
    let mut start = 0;
    for (at, line) in lines.iter().enumerate() {
        let Some((_, rest)) = line.text.split_once(": running \"") else {
            continue;
        };
        let program = rest.split('"').next().unwrap_or_default();
        let runs_go = program.rsplit('/').next() == Some("go");
        let has_run = at > start && lines[at - 1].text.starts_with("exit status ");
        if !runs_go || has_run {
            // the line too: what has been joined to it is the program's
            for mark in &mut marks[start..=at] {
                mark.silent = true;
            }
        }
        start = at + 1;
    }
}

/// A panic's message and its goroutines.
pub(super) fn silence_panics(lines: &[Line], marks: &mut [Mark]) {
    let mut inside = false;
    for (line, mark) in lines.iter().zip(marks) {
        let text = line.text.as_str();
        if text.starts_with("panic: ")
            || text.starts_with("fatal error: ")
            || text.starts_with("goroutine ") && text.ends_with("]:")
        {
            inside = true;
        } else if inside && (text.starts_with("go: ") || text.starts_with("$ ")) {
            inside = false;
        }
        mark.silent |= inside;
    }
}

/// What follows `server response:`: the rest of the line, and the indented lines below.
pub(super) fn mark_responses(lines: &[Line], marks: &mut [Mark]) {
    const WORD: &str = "server response:";
    let mut inside = false;
    for at in 0..lines.len() {
        let text = lines[at].text.as_str();
        if let Some(column) = text.find(WORD) {
            marks[at].proxied = Some(column);
            inside = true;
            continue;
        }
        if !inside {
            continue;
        }
        let indented = text.starts_with([' ', '\t']);
        let trimmed = text.trim_start();
        let below = trimmed.starts_with("fatal: ")
            || trimmed.starts_with("remote: ")
            || trimmed.starts_with("not found: ")
            || trimmed.starts_with("Confirm the import")
            || trimmed.starts_with("If this is a private");
        let opens = lines[at - 1].text.trim_end().ends_with(WORD);
        inside = !trimmed.is_empty() && (indented || below || opens) && !is_own(trimmed);
        if inside {
            marks[at].proxied = Some(0);
        }
    }
}

/// What a proxy or the checksum database answers, pasted without go's line: its own git failed,
/// in a folder of its own. Everything of the answer is the server's.
pub(super) fn mark_answers(lines: &[Line], marks: &mut [Mark]) {
    let mut inside = false;
    for at in 0..lines.len() {
        let text = lines[at].text.as_str();
        if marks[at].proxied.is_some() {
            inside = false;
            continue;
        }
        let above = at
            .checked_sub(1)
            .map_or("", |above| lines[above].text.as_str());
        let asked = ["reading http", "/lookup/", "/@v/", "not found: "]
            .iter()
            .any(|word| above.contains(word));
        let served = text.contains(" in /tmp/gopath/pkg/mod/cache/vcs/");
        let answer = text.find("not found: ").filter(|column| {
            command(&text[*column..]).is_some()
                && (*column == 0 || text[*column..].contains(" in /tmp/gopath/"))
        });
        if let Some(column) = answer {
            marks[at].proxied = Some(column);
            marks[at].answers = !text[..column].contains("reading http");
            inside = true;
        } else if served && asked && !is_own(text) {
            marks[at].proxied = Some(0);
            inside = true;
        } else if inside {
            inside = text.starts_with([' ', '\t']) || text.starts_with("fatal: ");
            if inside {
                marks[at].proxied = Some(0);
            }
        }
    }
}
