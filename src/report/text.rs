//! The report for people: what failed, why, what to do; at most twelve lines
//! before details, clear without colour, and in ASCII where the terminal wants it.

use std::fmt::Write;

use console::{Alignment, Style as Paint, measure_text_width, truncate_str};

use super::{Attempt, Report, Step};
use crate::cause::{Cause, Layer};
use crate::evidence::{Role, Side, Target};
use crate::fix::{self, Proposal};
use crate::lang::{Lang, close_up, list, tr};
use crate::place::Basis;
use crate::probe::{Id, Observation, Seen, Stack, Status};
use crate::rules;
use crate::settings::forges;
use crate::verdict::{Confidence, Stage};
use crate::words;
use crate::wrap;

/// How text may look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
    /// Everything that is known, instead of the short form.
    pub details: bool,
    /// The shim itself is asking: name the commands that lead on.
    pub leads_on: bool,
    /// The terminal's width; `None`: whoever reads it breaks the lines.
    pub columns: Option<usize>,
}

/// Fixes in the short form.
const MOST_FIXES: usize = 2;
/// Lines of commands of one fix in the short form, where gomend can carry it out instead.
const MOST_COMMANDS: usize = 2;

/// The whole text, ending in a line feed.
#[must_use]
pub fn render(report: &Report, style: Style) -> String {
    let mut text = Text {
        style,
        out: String::new(),
    };
    text.headline(report);
    text.target(&report.target);
    text.disclosure(report);
    text.said(report);
    text.setting(report);
    text.place(report);
    text.stages(report);
    text.sums(&report.probes);
    text.attempts(&report.attempts);
    if style.details {
        text.stacks(&report.probes);
        text.unknown(report);
    }
    text.fixes(&report.fixes);
    text.others(report);
    if style.leads_on {
        text.lead_on(report);
    }
    if style.unicode {
        text.out
    } else {
        ascii(&text.out)
    }
}

struct Text {
    style: Style,
    out: String,
}

impl Text {
    fn headline(&mut self, report: &Report) {
        let name = self.paint(Paint::new().bold().red(), "gomend:");
        let summary = report.summary();
        let has_passed = report
            .attempts
            .last()
            .is_some_and(|last| last.exit_code == Some(0));
        let summary = if has_passed {
            tr!(
                "it passed when it was tried again; before that: {summary}",
                summary
            )
        } else {
            summary
        };
        let summary = self.paint(Paint::new().bold(), &summary);
        let doubt = match report.confidence {
            Confidence::Certain => String::new(),
            Confidence::Likely => self.paint(Paint::new().dim(), &tr!(" (likely)")),
            Confidence::Possible => self.paint(Paint::new().dim(), &tr!(" (possible)")),
        };
        let line = wrap::fit(
            &format!("{name} {summary}{doubt}"),
            0,
            4,
            self.style.columns,
        );
        let _ = writeln!(self.out, "{line}");
    }

    fn target(&mut self, target: &Target) {
        let module = match (&target.module, &target.version) {
            (Some(module), Some(version)) => Some(format!("{module}@{version}")),
            (Some(module), None) => Some(module.clone()),
            _ => None,
        };
        let host = target.host.as_ref().map(|host| {
            let port = target
                .port
                .filter(|port| is_unusual(*port, target.scheme.as_deref()));
            port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
        });
        let at = host.map(|host| part_of(target.role, &host));
        let side = (target.side == Some(Side::Proxy)).then(|| tr!("on the proxy's side"));
        let parts: Vec<String> = module.into_iter().chain(at).chain(side).collect();
        if !parts.is_empty() {
            self.line(&tr!("label" => "what"), &parts.join(&tr!("list" => ", ")));
        }
    }

    /// A name that looks private and would go to strangers once this failure is mended.
    fn disclosure(&mut self, report: &Report) {
        let target = &report.target;
        let is_on_the_way = matches!(
            report.cause.layer(),
            Layer::Dns | Layer::Network | Layer::Tls
        );
        let (Some(module), Some(host)) = (&target.module, &target.host) else {
            return;
        };
        let name = module.split('/').next().and_then(fix::internal);
        if let Some(name) = name.filter(|_| is_on_the_way && forges::is_public_proxy(host)) {
            self.line(
                &tr!("label" => "note"),
                &tr!(
                    "{module} looks private (a name with .{name} belongs to an internal network), and {host} would be told of it: `gomend doctor` says how to keep it",
                    module,
                    name,
                    host
                ),
            );
        }
    }

    fn said(&mut self, report: &Report) {
        if let Some(entry) = report.evidence.first() {
            // two lines of the terminal; of a narrow one as many as that is
            let most = self
                .style
                .columns
                .map_or(EXCERPT, |columns| (2 * (columns - LABEL)).max(EXCERPT));
            let needle = rules::by_id(&entry.rule).map(|rule| rule.needle);
            let text = wrap::excerpt(&entry.text, needle, most);
            let text = self.paint(Paint::new().dim(), &text);
            self.line(&tr!("label" => "said"), &text);
        }
    }

    /// The setting that the line complains of, its value and who sets it.
    fn setting(&mut self, report: &Report) {
        if !matches!(report.cause, Cause::GoproxyDisabled | Cause::GoproxyInvalid) {
            return;
        }
        let settings = report.probes.iter().find_map(|probe| match &probe.seen {
            Seen::Goenv(settings) => Some(settings),
            _ => None,
        });
        let said = report
            .evidence
            .first()
            .map_or("", |entry| entry.text.as_str());
        let key = rules::said::setting(said).unwrap_or("GOPROXY");
        let mut values = settings.into_iter().flat_map(|settings| &settings.values);
        let setting = values.find(|setting| setting.key == key);
        if let Some(told) = setting.and_then(words::set_by) {
            self.line(&tr!("label" => "set"), &told);
        }
    }

    /// Whose machine the text speaks of, with the line that says so.
    fn place(&mut self, report: &Report) {
        let place = &report.place;
        let system = place
            .system
            .as_ref()
            .map(|fact| (fact.is.name(), &fact.basis));
        let container = place
            .container
            .as_ref()
            .map(|fact| (fact.is.name(), &fact.basis));
        let ci = place.ci.as_ref().map(|fact| (fact.is.name(), &fact.basis));
        let wrapper = place
            .wrapper
            .as_ref()
            .map(|fact| (fact.is.name(), &fact.basis));
        let shown = [system, container, ci, wrapper].into_iter().flatten();
        let shown: Vec<String> = shown
            .filter_map(|(name, basis)| match basis {
                Basis::Text { line, .. } => Some(tr!("{name} (line {line})", name, line)),
                Basis::Here => None,
            })
            .collect();
        if !shown.is_empty() {
            self.line(&tr!("label" => "place"), &list(&shown));
        }
    }

    /// What was seen is proof; what only follows from the text is said to do so.
    fn stages(&mut self, report: &Report) {
        let stages = report.verdict.stages.stages();
        let named = [
            (tr!("stage" => "dns"), stages.dns),
            (tr!("stage" => "connection"), stages.policy),
            (tr!("stage" => "certificate"), stages.certificate),
        ];
        let (seen, said): (Vec<_>, Vec<_>) = named
            .into_iter()
            .filter(|(_, stage)| *stage != Stage::NotKnown)
            .partition(|(_, stage)| stage.is_seen());
        let mut reason = report.reason_id.map(words::of_reason);
        for (is_seen, stages) in [(true, seen), (false, said)] {
            if stages.is_empty() {
                continue;
            }
            let stages: Vec<String> = stages
                .iter()
                .map(|(name, stage)| {
                    let is_ascii = name.is_ascii(); // Chinese sets no blank between its characters
                    let blank = if is_ascii { " " } else { "" };
                    format!("{name}{blank}{}", self.stage(stage))
                })
                .collect();
            let stages = list(&stages);
            let (label, stages) = if is_seen {
                (tr!("label" => "proof"), stages)
            } else {
                (
                    tr!("label" => "text"),
                    tr!("from its words alone: {stages}", stages),
                )
            };
            let line = match reason.take() {
                Some(reason) => tr!("{stages} \u{2014} {reason}", stages, reason),
                None => stages,
            };
            self.line(&label, &line);
        }
    }

    fn stage(&self, stage: &Stage) -> String {
        match stage {
            Stage::Passes(_) => self.paint(Paint::new().green(), &tr!("ok")),
            Stage::Fails(_) => self.paint(Paint::new().red().bold(), &tr!("FAILS")),
            Stage::NotKnown => self.paint(Paint::new().dim(), "?"),
        }
    }

    /// Who has which content, a line for each.
    fn sums(&mut self, probes: &[Observation]) {
        let sums = probes.iter().find_map(|probe| match &probe.seen {
            Seen::Sums(sums) => Some(sums),
            _ => None,
        });
        let mut label = tr!("label" => "sums");
        for (sum, parties) in sums.map(words::parties).unwrap_or_default() {
            self.line(&label, &format!("{sum}  {}", list(&parties)));
            label = String::new();
        }
    }

    /// What was tried more than once, and how each try went.
    fn attempts(&mut self, attempts: &[Attempt]) {
        let tried = attempts.iter().map(|attempt| {
            let ms = attempt.ms;
            let what = match (attempt.cause, attempt.exit_code) {
                (Some(cause), _) => cause.id().to_owned(),
                (None, Some(0)) => tr!("ok"),
                (None, _) => tr!("failed"),
            };
            match attempt.step {
                Step::Command => tr!("{what} ({ms} ms)", what, ms),
                Step::Fetch => tr!("the downloads alone: {what} ({ms} ms)", what, ms),
            }
        });
        let tried: Vec<String> = tried.collect();
        if !tried.is_empty() {
            self.line(&tr!("label" => "tries"), &tried.join(&tr!("list" => ", ")));
        }
    }

    /// Go's stack and git's, side by side.
    fn stacks(&mut self, probes: &[Observation]) {
        const ROWS: [Id; 8] = [
            Id::Dns,
            Id::Proxy,
            Id::Tcp,
            Id::Tls,
            Id::Http,
            Id::Git,
            Id::Ssh,
            Id::Netrc,
        ];
        let width = self
            .style
            .columns
            .unwrap_or(80)
            .saturating_sub(LABEL + NAME)
            / 2;
        let seen = |id| [Stack::Go, Stack::Git].map(|stack| cell(probes, id, stack, width));
        if ROWS.iter().all(|id| seen(*id) == [None, None]) {
            return;
        }
        let row = |name: &str, go: &str, git: &str| {
            let columns = [(name, NAME), (go, width)];
            columns.map(|(text, width)| padded(text, width)).concat() + git
        };
        self.row(
            &tr!("label" => "probes"),
            &row("", &tr!("as go"), &tr!("as git")),
        );
        for id in ROWS {
            let [go, git] = seen(id);
            if go.is_some() || git.is_some() {
                let (go, git) = (go.unwrap_or_default(), git.unwrap_or_default());
                self.row("", &row(id.id(), &go, &git));
            }
        }
    }

    fn unknown(&mut self, report: &Report) {
        for missing in &report.verdict.not_seen {
            self.line(&tr!("label" => "unknown"), &words::not_seen(missing));
        }
    }

    fn fixes(&mut self, fixes: &[Proposal]) {
        let (most, commands) = if self.style.details {
            (usize::MAX, usize::MAX)
        } else {
            (MOST_FIXES, MOST_COMMANDS)
        };
        for (at, fix) in fixes.iter().take(most).enumerate() {
            let verified = match fix.verified {
                Some(true) => self.paint(Paint::new().green(), &tr!(" [verified]")),
                Some(false) => {
                    self.paint(Paint::new().yellow(), &tr!(" [tried: does not help alone]"))
                }
                None if fix.further => self.paint(
                    Paint::new().yellow(),
                    &tr!(" [tried: gets further, and fails there]"),
                ),
                None => String::new(),
            };
            let title = self.paint(Paint::new().bold(), &fix.title.words());
            let label = if at == 0 {
                tr!("label" => "do")
            } else {
                tr!("label" => "or")
            };
            self.line(&label, &format!("{title}{verified}"));
            if self.style.details {
                self.line("", &self.paint(Paint::new().dim(), &fix.why.words()));
            }
            let recipe: Vec<String> = fix
                .commands
                .iter()
                .map(|line| line.render(Lang::spoken()))
                .collect();
            let lines: Vec<&str> = recipe.iter().flat_map(|line| line.lines()).collect();
            // half a recipe helps nobody
            let whole = format!("gomend fix {}", fix.id);
            let lines = if lines.len() > commands && fix.applies() {
                vec![whole.as_str()]
            } else {
                lines
            };
            for line in lines {
                let line = wrap::recipe(line, LABEL + 2, self.style.columns);
                let line = self.paint(Paint::new().cyan(), &line);
                self.row("", &format!("  {line}"));
            }
        }
    }

    fn others(&mut self, report: &Report) {
        if report.others.is_empty() {
            return;
        }
        let names: Vec<String> = report
            .others
            .iter()
            .take(if self.style.details { usize::MAX } else { 3 })
            .map(|other| match &other.target.host {
                Some(host) => tr!("{cause} ({host})", cause = other.cause, host),
                None => other.cause.id().to_owned(),
            })
            .collect();
        self.line(&tr!("label" => "also"), &list(&names));
    }

    /// What to type next.
    fn lead_on(&mut self, report: &Report) {
        let fix = report.fixes.iter().find(|fix| fix.applies());
        let text = match fix {
            Some(fix) => tr!(
                "`gomend fix {fix}` tries it and does it, `gomend last` shows everything",
                fix = fix.id
            ),
            None => tr!("`gomend last` shows everything"),
        };
        self.line(
            &tr!("label" => "more"),
            &self.paint(Paint::new().dim(), &text),
        );
    }

    /// A label and a sentence.
    fn line(&mut self, label: &str, text: &str) {
        let text = wrap::fit(text, LABEL, LABEL, self.style.columns);
        self.row(label, &text);
    }

    /// A label, and what keeps its line.
    fn row(&mut self, label: &str, text: &str) {
        let label = console::pad_str(label, 8, Alignment::Right, None);
        let label = self.paint(Paint::new().dim(), &label);
        let _ = writeln!(self.out, "{label}  {text}");
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        paint
            .force_styling(self.style.colour)
            .apply_to(text)
            .to_string()
    }
}

/// Columns of go's words that tell enough.
const EXCERPT: usize = 140;
/// Columns of a label and the gap behind it.
const LABEL: usize = 10;
/// Columns of a probe's name.
const NAME: usize = 7;

/// One stack's cell; two of them, the probe's name and the label fill a line.
fn cell(probes: &[Observation], id: Id, stack: Stack, width: usize) -> Option<String> {
    let probe = probes
        .iter()
        .find(|probe| probe.id() == id && probe.stack.covers(stack))?;
    let status = match probe.status() {
        Status::Pass => tr!("ok"),
        Status::Fail => tr!("FAILS"),
        Status::Skip => "?".to_owned(),
    };
    let learned = words::seen(&probe.seen, stack);
    let ms = probe.elapsed_ms;
    let time = tr!("({ms} ms)", ms);
    if learned.is_empty() {
        return Some(format!("{status} {time}"));
    }
    // the time is what matters least
    let room = width.saturating_sub(1);
    let words = format!("{status} {learned}");
    let whole = close_up(format!("{words} {time}"));
    Some(if measure_text_width(&whole) <= room {
        whole
    } else {
        truncate_str(&words, room, "\u{2026}").into_owned()
    })
}

/// A counterpart and its part in the fetch, in words.
fn part_of(role: Role, host: &str) -> String {
    match role {
        Role::Goproxy => tr!("module proxy {host}", host),
        Role::Sumdb => tr!("checksum database {host}", host),
        Role::VcsHttps => tr!("git over https at {host}", host),
        Role::VcsSsh => tr!("git over ssh at {host}", host),
        Role::VcsGit => tr!("git protocol at {host}", host),
        Role::ImportMeta => tr!("import path page at {host}", host),
        Role::Toolchain => tr!("toolchain download from {host}", host),
        Role::HttpProxy => tr!("HTTP proxy {host}", host),
        Role::None => tr!("at {host}", host),
    }
}

/// Filled up with spaces to a width in columns of the terminal.
fn padded(text: &str, width: usize) -> String {
    console::pad_str(text, width, Alignment::Left, None).into_owned()
}

fn is_unusual(port: u16, scheme: Option<&str>) -> bool {
    !matches!(
        (scheme, port),
        (Some("https") | None, 443) | (Some("http"), 80) | (Some("ssh"), 22)
    )
}

/// The few characters beyond ASCII that gomend itself uses.
fn ascii(text: &str) -> String {
    text.replace('\u{2014}', "-")
        .replace('\u{2026}', "...")
        .replace('\u{b7}', "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_in_either_script() {
        for text in ["as go", "按 go", "正常（12 毫秒）", ""] {
            assert_eq!(console::measure_text_width(&padded(text, 22)), 22);
        }
    }
}
