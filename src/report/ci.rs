//! What CI systems want besides the text: an annotation, a summary.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::Report;
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
        } else if is_set("CI") || is_set("JENKINS_URL") || is_set("TEAMCITY_VERSION") {
            Some(Self::Other)
        } else {
            None
        }
    }
}

/// What is printed around the text: before it, and behind it.
#[must_use]
pub fn annotate(ci: Ci, report: &Report) -> (String, String) {
    match ci {
        // docs.github.com: workflow commands, `error`
        Ci::GitHub => (
            String::new(),
            format!(
                "::error title={}::{}\n",
                property(report.cause.id()),
                data(&message(report))
            ),
        ),
        // Azure Pipelines logging commands, `task.logissue`
        Ci::Azure => (
            String::new(),
            format!(
                "##vso[task.logissue type=error]{}\n",
                logged(&message(report))
            ),
        ),
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
    if let Ok(mut file) = File::options()
        .append(true)
        .create(true)
        .open(Path::new(path))
    {
        let fence = fence(text);
        let _ = writeln!(
            file,
            "### gomend: {}\n\n{fence}text\n{text}{fence}",
            report.cause
        );
    }
}

fn message(report: &Report) -> String {
    let summary = report.summary();
    match report.fixes.first() {
        Some(fix) => tr!("{summary}; {fix}", summary, fix = fix.title.words()),
        None => summary,
    }
}

/// Escapes the message of a logging command.
fn logged(text: &str) -> String {
    text.replace('%', "%AZP25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A fence that no line of the text can close (`CommonMark`, 4.5).
fn fence(text: &str) -> String {
    let ticks = text.split(|letter| letter != '`').map(str::len).max();
    "`".repeat(ticks.unwrap_or(0).max(2) + 1)
}

/// Escapes the data of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
