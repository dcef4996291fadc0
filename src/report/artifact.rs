//! Files that CI systems read: the report itself, `JUnit` XML, GitLab's code quality; and the place in
//! the sources that a failure is about, where go names one.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use regex::Regex;
use serde::Serialize;

use super::ci::message;
use super::{Report, Style, render};
use crate::escape;
use crate::evidence::Source;
use crate::world::World;

/// A variable that names a file, and what the file gets.
pub struct Artifact {
    /// The variable.
    pub variable: &'static str,
    /// The file's text.
    pub write: fn(&World, &Report) -> String,
}

/// All of them.
pub const ARTIFACTS: &[Artifact] = &[
    Artifact {
        variable: "GOMEND_REPORT",
        write: |_, report| report.to_json(),
    },
    Artifact {
        variable: "GOMEND_JUNIT",
        write: |_, report| junit(report),
    },
    Artifact {
        variable: "GOMEND_CODEQUALITY",
        write: code_quality,
    },
];

/// A place in the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceLine {
    /// Relative to the repository's root where that is known, else as go names it.
    pub(super) file: String,
    /// From 1.
    pub(super) line: u32,
    /// In bytes, from 1.
    pub(super) column: Option<u32>,
}

impl SourceLine {
    /// The place that the failure's own line begins with (`main.go:5:2: `). Nothing that a server may
    /// have written, nothing outside of `root`, if that is known.
    pub(super) fn of(report: &Report, root: Option<&Path>) -> Option<Self> {
        static AT: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(?:go: )?((?:[^\s:]+/)?(?:[^\s:/]+\.go|go\.mod|go\.work)):([0-9]{1,9})(?::([0-9]{1,9}))?: ")
                .expect("a constant pattern")
        });
        let finding = report.evidence.first()?;
        if finding.foreign || finding.source != Source::Stderr {
            return None;
        }
        let found = AT.captures(&finding.text)?;
        let number = |group| found.get(group).and_then(|text| text.as_str().parse().ok());
        Some(Self {
            file: relative(Path::new(&found[1]), report, root)?,
            line: number(2)?,
            column: number(3),
        })
    }
}

/// `file` of the command's folder, as seen from `root`.
fn relative(file: &Path, report: &Report, root: Option<&Path>) -> Option<String> {
    let dir = report
        .command
        .as_ref()
        .and_then(|command| command.dir.as_deref());
    let (Some(root), Some(dir)) = (root, dir) else {
        return Some(file.display().to_string());
    };
    let mut whole = PathBuf::new();
    for part in Path::new(dir).join(file).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                whole.pop();
            }
            part => whole.push(part),
        }
    }
    let inside = whole.strip_prefix(root).ok()?;
    Some(inside.display().to_string())
}

/// One failed test case, as Jenkins, `CircleCI`, GitLab and Azure Pipelines read it (the de facto form
/// of Ant's `JUnit` task).
fn junit(report: &Report) -> String {
    let cause = escape::xml(report.cause.id());
    let text = render(
        report,
        Style {
            colour: false,
            unicode: true,
            details: false,
            leads_on: false,
            columns: None,
        },
    );
    let (message, text) = (escape::xml(&message(report)), escape::xml(&text));
    let mut out = String::new();
    out += "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    out += "<testsuites tests=\"1\" failures=\"1\">\n  <testsuite name=\"gomend\" tests=\"1\" failures=\"1\" errors=\"0\" skipped=\"0\">\n";
    let _ = writeln!(
        out,
        "    <testcase classname=\"gomend\" name=\"{cause}\">\n      <failure type=\"{cause}\" message=\"{message}\">{text}</failure>\n    </testcase>"
    ); // to a String: cannot fail
    out += "  </testsuite>\n</testsuites>\n";
    out
}

/// An issue of GitLab's code quality report.
#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    /// The same failure has the same one in each pipeline.
    fingerprint: String,
    severity: &'a str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

/// docs.gitlab.com: code quality, report format. An issue needs a place: without one it is go.mod.
fn code_quality(world: &World, report: &Report) -> String {
    let root = world.set_var("CI_PROJECT_DIR").map(Path::new);
    let at = SourceLine::of(report, root).or_else(|| {
        Some(SourceLine {
            file: relative(Path::new("go.mod"), report, root)?,
            line: 1,
            column: None,
        })
    });
    let (path, begin) = at.map_or_else(|| ("go.mod".to_owned(), 1), |at| (at.file, at.line));
    let target = &report.target;
    let what = format!(
        "{} {:?} {:?} {path}",
        report.cause.id(),
        target.host,
        target.module
    );
    let fingerprint = escape::hex(digest(&SHA256, what.as_bytes()).as_ref());
    let issue = Issue {
        description: message(report),
        check_name: report.cause.id(),
        fingerprint,
        severity: "blocker",
        location: Location {
            path,
            lines: Lines { begin },
        },
    };
    serde_json::to_string_pretty(&[issue]).expect("plain data with string keys is always JSON")
}
