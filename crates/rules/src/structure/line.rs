//! What one line shows of its author.

use super::command;
use crate::unwrap::is_remote;

/// go names the command: `git ls-remote -q origin in DIR: exit status 128:`,
/// `# cd DIR; git clone URL`.
pub(super) fn is_header(text: &str) -> bool {
    if is_remote(text) {
        return false;
    }
    let runs = ["git ", "hg ", "svn ", "bzr ", "fossil "]
        .iter()
        .any(|tool| text.contains(tool));
    if !runs {
        return false;
    }
    (text.contains(" in ")
        && (text.contains(": exit status ")
            || text.contains(": signal: ")
            || text.contains(": exec: ")))
        || (is_own(text) || text.contains("invalid version: ")) && command(text).is_some()
        || text.contains("cache/vcs/")
        || text.contains(r"cache\vcs\")
        || (text.contains("cd ")
            && ["; git ", "; hg ", "; svn ", "; bzr "]
                .iter()
                .any(|run| text.contains(run)))
        || text.trim_start().starts_with("git ls-remote -q")
        || (text.contains("unable to resolve git version"))
}

/// GOPATH mode names the package below: `package P: exit status 128`.
pub(super) fn is_footer(text: &str) -> bool {
    let text = text.trim_start();
    (text.starts_with("package ") || text.starts_with("imports ") || text.starts_with("go get "))
        && text.contains(": exit status ")
        || text.starts_with("error obtaining VCS status")
}

/// A line that only go itself begins so.
pub(crate) fn is_own(text: &str) -> bool {
    [
        "go: ",
        "go get",
        "go mod ",
        "go list",
        "go build",
        "go install",
        "go: finding",
        "verifying ",
        "package ",
        "error obtaining VCS status",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        || is_position(text)
}

/// `FILE.go:L:C: `: a place in a source file, by go's loader or a compiler.
pub(crate) fn is_position(text: &str) -> bool {
    let Some(at) = text.find(".go:") else {
        return false;
    };
    let rest = &text[at + 4..];
    let line = rest.bytes().take_while(u8::is_ascii_digit).count();
    let Some(rest) = rest[line..].strip_prefix(':').filter(|_| line > 0) else {
        return false;
    };
    let column = rest.bytes().take_while(u8::is_ascii_digit).count();
    column > 0 && rest[column..].starts_with(": ") && !text[..at].contains([' ', '\t', '"'])
}

/// `MODULE@VERSION: ` begins the line, or follows the package that needs it
/// (`PACKAGE: MODULE@VERSION: `, the last line of an import chain).
pub(crate) fn names_module(text: &str) -> bool {
    let mut parts = text.trim_start().split(": ");
    let (Some(head), Some(next)) = (parts.next(), parts.next()) else {
        return false;
    };
    let is_word = |part: &str| !part.is_empty() && !part.contains([' ', '\t', '"']);
    if !is_word(head) {
        return false;
    }
    if let Some((path, version)) = head.split_once('@') {
        return path.contains('.') && !version.is_empty();
    }
    let is_version = |version: &str| {
        let number = version.strip_prefix('v');
        number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()))
    };
    let module = next.split_once('@');
    parts.next().is_some()
        && is_word(next)
        && head.contains('.')
        && module.is_some_and(|(path, version)| path.contains('.') && is_version(version))
}

/// `FAIL\tpkg\t0.213s`, `ok  \tpkg\t(cached)`, `?   \tpkg\t[no test files]`
pub(super) fn is_result(text: &str) -> bool {
    let mut words = text.split_whitespace();
    match words.next() {
        Some("ok" | "FAIL") => {}
        Some("?") => return text.ends_with("[no test files]"),
        _ => return false,
    }
    let (Some(package), Some(time)) = (words.next(), words.next()) else {
        return false;
    };
    !package.ends_with(':')
        && (time == "(cached)"
            || time
                .strip_suffix('s')
                .is_some_and(|t| t.parse::<f64>().is_ok()))
}

/// `FAIL\tpkg [setup failed]`: go's own word about a package that it could not build.
pub(super) fn is_unbuilt(text: &str) -> bool {
    text.starts_with("FAIL")
        && (text.ends_with("[setup failed]") || text.ends_with("[build failed]"))
}

/// What `testing`, its relatives and their reporters begin lines with.
pub(super) fn is_test_line(text: &str) -> bool {
    let text = text.trim_start();
    [
        "--- FAIL",
        "--- PASS",
        "--- SKIP",
        "=== RUN",
        "=== CONT",
        "=== PAUSE",
        "=== NAME",
        "Error Trace:",
        "FAIL: ",
        "OOPS: ",
        "• Failure",
        "[Fail]",
        "[FAIL]",
        "• [FAILED]",
        "WARNING: DATA RACE",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        || text.contains("--- FAIL: Test")
        || is_test_log(text)
        // go help test2json; lines may have been joined before it
        || text.contains("\"Action\":\"output\"") && text.contains("\"Package\":")
}

/// `x_test.go:142: message`: a test's log line has no column.
pub(super) fn is_test_log(text: &str) -> bool {
    let Some(at) = text.find("_test.go:").or_else(|| text.find("_tests.go:")) else {
        return false;
    };
    if text[..at].contains(' ') {
        return false;
    }
    let rest = &text[at..];
    let rest = &rest[rest.find(".go:").map_or(0, |dot| dot + 4)..];
    let line = rest.bytes().take_while(u8::is_ascii_digit).count();
    let Some(rest) = rest[line..].strip_prefix(':').filter(|_| line > 0) else {
        return false;
    };
    !rest.starts_with(|c: char| c.is_ascii_digit())
}
