//! The report for people: what failed, why, what to do; at most twelve lines
//! before details, clear without colour, and in ASCII where the terminal wants it.

use std::fmt::Write;

use console::Style as Paint;

use super::{Report, TargetEntry};
use crate::fix::Proposal;
use crate::probe::{Id, Observation, Stack, Status};

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
}

/// Fixes in the short form.
const MOST_FIXES: usize = 2;
/// Lines of commands of one fix in the short form.
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
    text.said(report);
    text.stages(report);
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
        let summary = self.paint(Paint::new().bold(), &report.summary);
        let doubt = if report.confidence == "certain" {
            String::new()
        } else {
            self.paint(Paint::new().dim(), &format!(" ({})", report.confidence))
        };
        let _ = writeln!(self.out, "{name} {summary}{doubt}");
    }

    fn target(&mut self, target: &TargetEntry) {
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
        let at = host.map(|host| format!("{} {host}", part_of(&target.role)));
        let side =
            (target.side.as_deref() == Some("proxy")).then(|| "on the proxy's side".to_owned());
        let parts: Vec<String> = module.into_iter().chain(at).chain(side).collect();
        if !parts.is_empty() {
            self.line("what", &parts.join(", "));
        }
    }

    fn said(&mut self, report: &Report) {
        if let Some(entry) = report.evidence.first() {
            let text = self.paint(Paint::new().dim(), &shortened(&entry.text, 140));
            self.line("said", &text);
        }
    }

    fn stages(&mut self, report: &Report) {
        let matrix = &report.verdict;
        if [&matrix.dns, &matrix.policy, &matrix.certificate]
            .iter()
            .all(|stage| *stage == "skip")
        {
            return;
        }
        let stages = [
            ("dns", &matrix.dns),
            ("connection", &matrix.policy),
            ("certificate", &matrix.certificate),
        ];
        let words: Vec<String> = stages
            .iter()
            .map(|(name, stage)| format!("{name} {}", self.stage(stage)))
            .collect();
        let mut line = words.join(", ");
        if let Some(reason) = &report.reason {
            let _ = write!(line, " \u{2014} {reason}");
        }
        self.line("proof", &line);
    }

    fn stage(&self, stage: &str) -> String {
        match stage {
            "pass" => self.paint(Paint::new().green(), "ok"),
            "fail" => self.paint(Paint::new().red().bold(), "FAILS"),
            _ => self.paint(Paint::new().dim(), "?"),
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
        if probes.is_empty() {
            return;
        }
        self.line("probes", &format!("{:<14}{:<22}{}", "", "as go", "as git"));
        for id in ROWS {
            let [go, git] = [Stack::Go, Stack::Git].map(|stack| cell(probes, id, stack));
            if go.is_some() || git.is_some() {
                let (go, git) = (go.unwrap_or_default(), git.unwrap_or_default());
                self.line("", &format!("{:<14}{go:<22}{git}", id.id()));
            }
        }
    }

    fn unknown(&mut self, report: &Report) {
        for sentence in &report.verdict.unknown {
            self.line("unknown", sentence);
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
                Some(true) => self.paint(Paint::new().green(), " [verified]"),
                Some(false) => self.paint(Paint::new().yellow(), " [tried: does not help alone]"),
                None => String::new(),
            };
            let title = self.paint(Paint::new().bold(), &fix.title);
            let label = if at == 0 { "do" } else { "or" };
            self.line(label, &format!("{title}{verified}"));
            if self.style.details {
                self.line("", &self.paint(Paint::new().dim(), &fix.why));
            }
            let lines = fix.commands.iter().flat_map(|command| command.lines());
            for line in lines.take(commands) {
                let line = self.paint(Paint::new().cyan(), line);
                self.line("", &format!("  {line}"));
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
                Some(host) => format!("{} ({host})", other.cause),
                None => other.cause.clone(),
            })
            .collect();
        self.line("also", &names.join(", "));
    }

    /// What to type next.
    fn lead_on(&mut self, report: &Report) {
        let fix = report.fixes.iter().find(|fix| fix.applies());
        let fix = fix.map(|fix| format!("`gomend fix {}` tries it and does it, ", fix.id));
        let text = format!("{}`gomend last` shows everything", fix.unwrap_or_default());
        self.line("more", &self.paint(Paint::new().dim(), &text));
    }

    fn line(&mut self, label: &str, text: &str) {
        let label = self.paint(Paint::new().dim(), &format!("{label:>8}"));
        let _ = writeln!(self.out, "{label}  {text}");
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        paint
            .force_styling(self.style.colour)
            .apply_to(text)
            .to_string()
    }
}

fn cell(probes: &[Observation], id: Id, stack: Stack) -> Option<String> {
    let probe = probes
        .iter()
        .find(|probe| probe.id() == id && probe.stack.covers(stack))?;
    let status = match probe.status() {
        Status::Pass => "ok",
        Status::Fail => "FAILS",
        Status::Skip => "?",
    };
    Some(format!("{status} ({} ms)", probe.elapsed_ms))
}

/// A counterpart's part in the fetch, in words.
fn part_of(role: &str) -> &'static str {
    match role {
        "goproxy" => "module proxy",
        "sumdb" => "checksum database",
        "vcs-https" => "git over https at",
        "vcs-ssh" => "git over ssh at",
        "vcs-git" => "git protocol at",
        "import-meta" => "import path page at",
        "toolchain" => "toolchain download from",
        "http-proxy" => "HTTP proxy",
        _ => "at",
    }
}

fn is_unusual(port: u16, scheme: Option<&str>) -> bool {
    !matches!(
        (scheme, port),
        (Some("https") | None, 443) | (Some("http"), 80) | (Some("ssh"), 22)
    )
}

/// The end of a long line: go and git nest their errors, the cause stands last.
fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    std::iter::once('\u{2026}')
        .chain(text.chars().skip(length - most + 1))
        .collect()
}

/// The few characters beyond ASCII that gomend itself uses.
fn ascii(text: &str) -> String {
    text.replace('\u{2014}', "-")
        .replace('\u{2026}', "...")
        .replace('\u{b7}', "|")
}
