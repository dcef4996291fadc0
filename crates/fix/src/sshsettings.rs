//! The line of ssh's configuration that leads astray: taken out alone.
//!
//! In: `~/.ssh/config`, the verdict. Out: a proposal for each line that can have broken this very
//! connection. The trial tells which did; host keys are checked as ever.

use std::path::Path;

use super::change::Spot;
use super::gitsettings::runs;
use super::{Family, Proposal, Risk, Situation, Way};
use crate::cause::{Cause, Layer};
use crate::evidence::Role;
use crate::file::Kind;
use crate::lang::msg;
use crate::verdict::Verdict;

/// A line of ssh's configuration: keyword in lower case, arguments.
struct Entry<'a> {
    at: Spot,
    keyword: String,
    value: &'a str,
}

/// Lines that can have broken this connection.
pub(super) fn culprits(verdict: &Verdict, s: &Situation) -> Vec<Proposal> {
    let by_ssh = verdict.target.role == Role::VcsSsh;
    let file = s.home.as_ref().map(|home| home.join(".ssh/config"));
    let (false, true, Some(file)) = (s.saved, by_ssh, file) else {
        return Vec::new();
    };
    let Some(text) = s.disk.text(&file, Kind::Settings) else {
        return Vec::new();
    };
    let shown = s.short(&file);
    let broken = entries(&file, &text).filter(|entry| breaks(entry, verdict, s));
    broken
        .enumerate()
        .map(|(index, entry)| {
            let (number, keyword) = (entry.at.number, entry.at.line.trim());
            let why = msg!(
                "Line {number} of {shown} says `{keyword}`, and with it ssh gets no further.",
                number,
                shown,
                keyword
            );
            let title = msg!(
                "Take line {number} of {shown} out: {keyword}",
                number,
                shown,
                keyword
            );
            let id = match index {
                0 => "ssh-setting".to_owned(),
                _ => format!("ssh-setting-{}", index + 1),
            };
            Proposal::new(&id, title, why)
                .family(Family::SshSetting)
                .risk(Risk::Medium)
                .way(Way::OwnAddress)
                .command(format!("sed -i '{number}s/^/# /' {}", s.argument(&file)))
                .change(entry.at.commented())
        })
        .collect()
}

/// `keyword arguments` or `keyword=arguments` (`ssh_config(5)`).
fn entries<'a>(file: &'a Path, text: &'a str) -> impl Iterator<Item = Entry<'a>> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let trimmed = line.trim();
        let end = trimmed.find([' ', '\t', '='])?;
        let (keyword, value) = trimmed.split_at(end);
        (!trimmed.starts_with('#')).then(|| Entry {
            at: Spot {
                file: file.to_owned(),
                number: index + 1,
                line: line.to_owned(),
            },
            keyword: keyword.to_ascii_lowercase(),
            value: value.trim_start_matches(['=', ' ', '\t']).trim(),
        })
    })
}

fn breaks(entry: &Entry<'_>, verdict: &Verdict, s: &Situation) -> bool {
    let reached = !(Layer::Dns..=Layer::Tls).contains(&verdict.cause.layer());
    match entry.keyword.as_str() {
        "hostname" | "port" | "proxyjump" => !reached,
        "proxycommand" => !reached || !runs(entry.value, s),
        "identityfile" | "identityagent" => {
            verdict.cause == Cause::SshKeyRejected
                && !entry.value.contains('%')
                && !matches!(entry.value, "none" | "SSH_AUTH_SOCK")
                && !s.disk.has(&s.expanded(entry.value.trim_matches('"')))
        }
        "identitiesonly" | "user" | "pubkeyauthentication" => {
            verdict.cause == Cause::SshKeyRejected
        }
        _ => false,
    }
}
