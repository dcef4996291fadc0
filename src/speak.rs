//! Who is listening, and how they are spoken to.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::config::{Config, Origin, Problem};
use crate::mask;
use crate::report::{self, Ci, Report, Style};
use crate::sys;
use crate::world::{World, leak};
use crate::wrap;

/// How a diagnosis is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// To a person at a terminal.
    Terminal,
    /// Into a CI system's log.
    Ci(Ci),
    /// Into any log, where nobody can be asked (`GOMEND=log`).
    Log,
    /// Not at all: an editor, a script; the report is only saved.
    Silent,
}

impl Voice {
    /// As the streams, the CI variables and the settings say.
    #[must_use]
    pub(crate) fn of(world: &World, config: &Config) -> Self {
        let (quiet, log) = (config.mode() == "quiet", config.mode() == "log");
        match Ci::of(world) {
            _ if quiet => Self::Silent,
            Some(_) if !log && !sys::session::stderr_is_the_log(is_job) => Self::Silent,
            Some(ci) => Self::Ci(ci),
            None if log => Self::Log,
            None if sys::is_terminal(2) => Self::Terminal,
            None => Self::Silent,
        }
    }

    /// Tells the report on stderr, behind what is wrong with the settings. A closed stream loses
    /// only this.
    pub(crate) fn tell(self, world: &World, config: &Config, report: &Report) {
        let style = style_of(world, config, 2);
        let text = report::render(
            report,
            Style {
                leads_on: self == Self::Terminal,
                ..style
            },
        );
        let (before, behind) = match self {
            Self::Silent => return,
            Self::Terminal | Self::Log => (String::new(), String::new()),
            Self::Ci(ci) => {
                report::summarise(world, report, &text);
                report::annotate(ci, world, report)
            }
        };
        let mut broken = String::new();
        let is_said = |problem: &&Problem| {
            problem.is_error
                || problem.is_refusal
                || matches!(problem.at, Origin::Environment { .. })
        };
        for problem in config.problems.iter().filter(is_said) {
            let _ = writeln!(broken, "gomend: {}", mask::line(&problem.to_string())); // to a String: cannot fail
        }
        let _ = io::stderr()
            .lock()
            .write_all(format!("{broken}{before}{text}{behind}").as_bytes());
    }
}

/// Whether an environment is a CI job's.
fn is_job(environment: &[u8]) -> bool {
    let env = environment.split(|&byte| byte == 0).map(leak).collect();
    let args = Vec::new();
    Ci::of(&World { args, env }).is_some()
}

/// Colours and characters for a stream: the settings, `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and
/// the locale.
#[must_use]
pub(crate) fn style_of(world: &World, config: &Config, fd: i32) -> Style {
    let forced = world
        .set_var("CLICOLOR_FORCE")
        .is_some_and(|value| value != "0");
    let refused = world.set_var("NO_COLOR").is_some()
        || world.var("CLICOLOR").is_some_and(|value| value == "0")
        || world.var("TERM").is_some_and(|term| term == "dumb");
    let colour = match config.color() {
        "always" => true,
        "never" => false,
        _ => forced || (!refused && sys::is_terminal(fd)),
    };
    Style {
        colour,
        unicode: world.locale_is_utf8(),
        details: false,
        leads_on: false,
        columns: wrap::columns(fd),
    }
}
