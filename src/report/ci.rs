//! What CI systems want besides the text: an annotation, a summary.

use std::io::Write;
use std::path::Path;

use super::Report;
use super::artifact::SourceLine;
use crate::escape;
use crate::file;
use crate::lang::tr;
use crate::world::World;

/// A CI system, as its environment variables tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// GitHub Actions: workflow commands, job summary.
    GitHub,
    /// Azure Pipelines: logging commands.
    Azure,
    /// GitLab CI: collapsible sections.
    GitLab,
    /// `TeamCity`: service messages.
    TeamCity,
    /// Buildkite: groups.
    Buildkite,
    /// Any other: plain text.
    Other,
}

impl Ci {
    /// The CI system that this process runs in.
    #[must_use]
    pub fn of(world: &World) -> Option<Self> {
        let is_set = |name| {
            world
                .set_var(name)
                .is_some_and(|value| value != "false" && value != "0")
        };
        if is_set("GITHUB_ACTIONS") {
            Some(Self::GitHub)
        } else if is_set("TF_BUILD") {
            Some(Self::Azure)
        } else if is_set("GITLAB_CI") {
            Some(Self::GitLab)
        } else if is_set("TEAMCITY_VERSION") {
            Some(Self::TeamCity)
        } else if is_set("BUILDKITE") {
            Some(Self::Buildkite)
        } else if is_set("CI") || is_set("JENKINS_URL") {
            Some(Self::Other)
        } else {
            None
        }
    }
}

/// What is printed around the text: before it, and behind it.
#[must_use]
pub fn annotate(ci: Ci, world: &World, report: &Report) -> (String, String) {
    let cause = report.cause.id();
    match ci {
        // docs.github.com: workflow commands, `error`
        Ci::GitHub => {
            let at = SourceLine::of(report, world.set_var("GITHUB_WORKSPACE").map(Path::new));
            let at = at.map_or_else(String::new, |at| {
                let column = at.column.map_or_else(String::new, |n| format!(",col={n}"));
                format!(
                    ",file={},line={}{column}",
                    escape::github_property(&at.file),
                    at.line
                )
            });
            let message = escape::github(&message(report));
            (
                String::new(),
                format!(
                    "::error title={}{at}::{message}\n",
                    escape::github_property(cause)
                ),
            )
        }
        // Azure Pipelines logging commands, `task.logissue`
        Ci::Azure => {
            let root = world.set_var("BUILD_SOURCESDIRECTORY").map(Path::new);
            let at = SourceLine::of(report, root).map_or_else(String::new, |at| {
                let column = at
                    .column
                    .map_or_else(String::new, |n| format!(";columnnumber={n}"));
                let file = escape::azure_property(&at.file);
                format!(";sourcepath={file};linenumber={}{column}", at.line)
            });
            let message = escape::azure(&message(report));
            (
                String::new(),
                format!("##vso[task.logissue type=error{at}]{message}\n"),
            )
        }
        // TeamCity, service messages, `message`. A warning: an error may fail a build that goes on
        Ci::TeamCity => {
            let text = format!("gomend: {cause}: {}", message(report));
            (
                String::new(),
                format!(
                    "##teamcity[message text='{}' status='WARNING']\n",
                    escape::teamcity(&text)
                ),
            )
        }
        // Buildkite, managing log output: opens the group that go has failed in
        Ci::Buildkite => ("^^^ +++\n".to_owned(), String::new()),
        // GitLab: custom collapsible sections
        Ci::GitLab => {
            let seconds = time::OffsetDateTime::now_utc().unix_timestamp();
            (
                format!(
                    "\x1b[0Ksection_start:{seconds}:gomend\r\x1b[0Kgomend: {}\n",
                    report.cause
                ),
                format!("\x1b[0Ksection_end:{seconds}:gomend\r\x1b[0K\n"),
            )
        }
        Ci::Other => (String::new(), String::new()),
    }
}

/// Adds to the job summary, where the CI system has one; a full disk loses only this.
pub fn summarise(world: &World, report: &Report, text: &str) {
    let Some(path) = world.set_var("GITHUB_STEP_SUMMARY") else {
        return;
    };
    let path = file::to_write(Path::new(path));
    if let Ok(mut file) = path.and_then(|path| file::open_to_add(&path)) {
        let fence = fence(text);
        let _ = writeln!(
            file,
            "### gomend: {}\n\n{fence}text\n{text}{fence}",
            report.cause
        );
    }
}

pub(super) fn message(report: &Report) -> String {
    let summary = report.summary();
    match report.fixes.first() {
        Some(fix) => tr!("{summary}; {fix}", summary, fix = fix.title.words()),
        None => summary,
    }
}

/// A fence that no line of the text can close (`CommonMark`, 4.5).
fn fence(text: &str) -> String {
    let ticks = text.split(|letter| letter != '`').map(str::len).max();
    "`".repeat(ticks.unwrap_or(0).max(2) + 1)
}
