//! A report for somebody else: the administrator of a network, the support of a forge or mirror.
//!
//! In: a masked report. Out: Markdown with what they ask for first: what was asked, from where, when, which
//! answer, which certificate, what was tried. No login, no fix of this machine's settings, and of its paths, which go and
//! git quote, neither HOME nor the command's folder.

use std::fmt::Write as _;
use std::path::Path;

use super::{Command, Report, Step, domain};
use crate::lang::tr;
use crate::mask;
use crate::probe::{Id, Seen, Stack};
use crate::words;

/// The ticket; `home`: the HOME of whoever gives it away.
#[must_use]
pub fn ticket(report: &Report, home: Option<&Path>) -> String {
    let mut ticket = Ticket(String::new());
    let _ = writeln!(ticket.0, "# {}\n", report.summary()); // to a String: cannot fail
    ticket.asked(report);
    ticket.answered(report);
    ticket.certificate(report);
    ticket.seen(report);
    ticket.tried(report);
    let command = report.command.as_ref();
    let started = command.and_then(|command| command.dir.clone());
    let folder = command.and_then(Command::folder);
    let mut text = ticket.0;
    for (place, short) in [
        (folder.as_deref(), "."),
        (started.as_deref().map(Path::new), "."),
        (home, "~"),
    ] {
        if let Some(place) = place.and_then(Path::to_str) {
            text = without(&text, place.trim_end_matches('/'), short);
        }
    }
    mask::page(&text)
}

/// A text in which a folder is named otherwise, where it is one: `/home/al` is not in `/home/alice`, nor in
/// `https://x.example/home/al`.
fn without(text: &str, folder: &str, short: &str) -> String {
    let is_name = |sign: char| sign.is_alphanumeric() || "-_.".contains(sign);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(folder).filter(|_| !folder.is_empty()) {
        let (before, behind) = (&rest[..at], &rest[at + folder.len()..]);
        let mut follows = behind.chars();
        let goes_on = match follows.next() {
            Some('.') => follows.next().is_some_and(is_name), // else the end of a sentence
            next => next.is_some_and(is_name),
        };
        out += before;
        out += if out.ends_with(is_name) || goes_on {
            folder
        } else {
            short
        };
        rest = behind;
    }
    out + rest
}

struct Ticket(String);

impl Ticket {
    fn head(&mut self, title: &str) {
        let _ = writeln!(self.0, "\n## {title}\n"); // to a String: cannot fail
    }

    fn row(&mut self, name: &str, value: &str) {
        let _ = writeln!(self.0, "- {name}: {value}");
    }

    fn asked(&mut self, report: &Report) {
        let target = &report.target;
        self.row(&tr!("when"), &report.time);
        let domain = domain::of(report.cause, report.reason_id).unwrap_or("-");
        let reason = report.reason_id.map_or("-", crate::verdict::Reason::id);
        self.row(
            &tr!("what"),
            &format!("{} / {reason} ({domain})", report.cause),
        );
        if let Some(module) = &target.module {
            let version = target
                .version
                .as_ref()
                .map_or_else(String::new, |version| format!("@{version}"));
            self.row(&tr!("module"), &format!("{module}{version}"));
        }
        if let Some(host) = &target.host {
            let port = target
                .port
                .map_or_else(String::new, |port| format!(":{port}"));
            self.row(
                &tr!("server"),
                &format!("{host}{port} ({})", target.role.id()),
            );
        }
        if let Some(url) = &target.url {
            self.row(&tr!("asked for"), url);
        }
        if let Some(proxy) = &report.proxy {
            self.row(&tr!("through"), proxy);
        }
        if let Some(command) = &report.command {
            let version = command.go_version.as_deref().unwrap_or("go");
            let mut words = command.words(); // no path of this machine
            words.truncate(3);
            self.row(
                &tr!("by"),
                &format!(
                    "`{}` ({version}, {})",
                    words.join(" "),
                    std::env::consts::OS
                ),
            );
        }
    }

    fn answered(&mut self, report: &Report) {
        let Some(said) = report.evidence.first() else {
            return;
        };
        self.head(&tr!("Answer"));
        let _ = writeln!(
            self.0,
            "```text\n{}\n```",
            said.text.replace("```", "` ` `")
        );
        if let Some(answer) = &said.answer {
            self.row(&tr!("the server's words"), answer);
        }
    }

    fn certificate(&mut self, report: &Report) {
        let chain = report.probes.iter().find_map(|one| match &one.seen {
            Seen::Tls(handshake) if !handshake.chain.is_empty() => Some(&handshake.chain),
            _ => None,
        });
        let Some(chain) = chain else { return };
        self.head(&tr!("Certificate as sent"));
        for one in chain {
            self.row(
                &one.subject,
                &tr!(
                    "issued by {issuer}, valid from {from} to {to}, SHA-256 {sha256}",
                    issuer = one.issuer,
                    from = one.not_before,
                    to = one.not_after,
                    sha256 = one.sha256
                ),
            );
        }
    }

    fn seen(&mut self, report: &Report) {
        let mut seen = Self(String::new());
        for one in &report.probes {
            let stack = if one.stack == Stack::Both {
                Stack::Go
            } else {
                one.stack
            };
            let learned = words::seen(&one.seen, stack);
            let of_this_machine = matches!(
                one.id(),
                Id::Goenv | Id::Netrc | Id::Local | Id::Git | Id::Ssh | Id::Sums
            );
            if learned.is_empty() || of_this_machine {
                continue;
            }
            let whose = match one.stack {
                Stack::Go => "go",
                Stack::Git => "git",
                Stack::Both => "go, git",
            };
            let name = format!("{} {} ({whose})", one.id().id(), one.target);
            let ms = one.elapsed_ms;
            seen.row(&name, &tr!("{what} ({ms} ms)", what = learned, ms));
        }
        if !seen.0.is_empty() {
            self.head(&tr!("Seen from here"));
            self.0 += &seen.0;
        }
    }

    fn tried(&mut self, report: &Report) {
        let tried: Vec<_> = report
            .fixes
            .iter()
            .filter(|fix| fix.verified.is_some() || fix.further)
            .collect();
        if tried.is_empty() && report.attempts.is_empty() {
            return;
        }
        self.head(&tr!("Tried"));
        for attempt in &report.attempts {
            let step = match attempt.step {
                Step::Command => tr!("the command"),
                Step::Fetch => tr!("its downloads alone"),
            };
            let outcome = attempt.cause.map_or_else(
                || {
                    attempt
                        .exit_code
                        .map_or_else(|| "-".to_owned(), |code| tr!("exit code {code}", code))
                },
                |cause| cause.id().to_owned(),
            );
            let ms = attempt.ms;
            self.row(&step, &tr!("{what} ({ms} ms)", what = outcome, ms));
        }
        for fix in tried {
            let outcome = match fix.verified {
                Some(true) => tr!("helps"),
                Some(false) => tr!("does not help alone"),
                None => tr!("gets further, and fails there"),
            };
            self.row(&fix.title.words(), &outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_otherwise_where_they_are_meant() {
        let short = |text: &str| without(text, "/home/al", "~");
        assert_eq!(
            short("at '/home/al/app' and /home/al."),
            "at '~/app' and ~."
        );
        assert_eq!(
            short("/home/alice /home/al.old"),
            "/home/alice /home/al.old"
        );
        let url = "https://x.example/home/al/y";
        assert_eq!(short(url), url);
        assert_eq!(without("/etc", "", "~"), "/etc");
    }
}
