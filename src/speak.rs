//! Who is listening, and how they are spoken to.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::config::Config;
use crate::mask;
use crate::report::{self, Ci, Report, Style};
use crate::sys;
use crate::world::World;

/// How a diagnosis is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    /// To a person at a terminal.
    Terminal,
    /// Into a CI system's log.
    Ci(Ci),
    /// Not at all: an editor, a script; the report is only saved.
    Silent,
}

impl Voice {
    /// As the streams, the CI variables and the settings say.
    #[must_use]
    pub(crate) fn of(world: &World, config: &Config) -> Self {
        if config.mode() == "quiet" {
            return Self::Silent;
        }
        match Ci::of(world) {
            Some(ci) => Self::Ci(ci),
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
            Self::Terminal => (String::new(), String::new()),
            Self::Ci(ci) => {
                report::summarise(world, report, &text);
                report::annotate(ci, report)
            }
        };
        let mut broken = String::new();
        for problem in config.problems.iter().filter(|problem| problem.is_error) {
            let _ = writeln!(broken, "gomend: {}", mask::line(&problem.to_string())); // to a String: cannot fail
        }
        let _ = io::stderr()
            .lock()
            .write_all(format!("{broken}{before}{text}{behind}").as_bytes());
    }
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
    }
}
