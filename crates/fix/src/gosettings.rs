//! Settings of Go's that go can't use: corrected where it is plain what was meant, else taken out.
//!
//! In: the settings with their layers, the line that failed. Out: a proposal for each setting that
//! can have broken this very command; the trial tells.

use std::path::Path;

use super::{Proposal, Risk, Situation, goenv};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::msg;
use crate::rules::said::{self, Phrase};
use crate::settings::goenv::Layer;
use crate::settings::url::Url;
use crate::verdict::{Reason, Verdict};

/// What a setting is to be.
enum Mended {
    /// This value.
    To(String),
    /// Go's default.
    Out,
}

/// Settings of Go's and of the system's that can break a command.
const KEYS: &[&str] = &[
    "GOPROXY",
    "GOFLAGS",
    "GOTOOLCHAIN",
    "GO111MODULE",
    "GOVCS",
    "GOROOT",
    "GOWORK",
    "GOTMPDIR",
    "TMPDIR",
];

/// Proposals for all settings that can have broken this command.
pub(super) fn culprits(verdict: &Verdict, s: &Situation) -> Vec<Proposal> {
    if s.saved {
        return Vec::new();
    }
    let all = KEYS.iter().filter_map(|key| {
        let value = set(key, s)?;
        let mended = mended(key, &value, verdict, s)?;
        let shown = crate::mask::line(&value);
        let why = msg!(
            "{key} is `{shown}`: with it go gets no further.",
            key,
            shown
        );
        Some(match mended {
            Mended::To(new) => {
                let proposal = Proposal::new("repair-setting", msg!("Repair {key}", key), why);
                goenv::set(proposal, s, key, &new)
            }
            Mended::Out => {
                let title = if *key == "TMPDIR" {
                    msg!("Go back to the system's folder for temporary files") // go has none of its own
                } else {
                    msg!("Go back to Go's default for {key}", key)
                };
                let proposal = Proposal::new("reset-setting", title, why).risk(Risk::Medium);
                goenv::unset(proposal, s, key)
            }
        })
    });
    all.collect()
}

/// What the user has set.
fn set(key: &str, s: &Situation) -> Option<String> {
    let known = s.goenv.values.iter().find(|setting| setting.key == key);
    let value = match known {
        Some(known) if matches!(known.layer, Layer::Environment | Layer::User) => {
            known.value.clone()
        }
        Some(_) => return None,
        None => s.env.var(key)?.to_owned(),
    };
    Some(value).filter(|value| !value.is_empty())
}

fn mended(key: &str, value: &str, verdict: &Verdict, s: &Situation) -> Option<Mended> {
    let gone = || Some(Mended::Out);
    let folder = || {
        let path = Path::new(value);
        let usable = s.disk.has_folder(path) && s.disk.may_write(path);
        s.says(Phrase::WorkFolder) && !usable
    };
    match key {
        "GOPROXY" => proxies(value, verdict, s),
        "GOFLAGS" => flags(value, verdict, s),
        "GOTOOLCHAIN" if s.says(Phrase::ToolchainInvalid) => gone(),
        "GO111MODULE" if s.says(Phrase::ModulesSetting) => gone(),
        "GOVCS" if s.says(Phrase::VcsInvalid) => gone(),
        "GOROOT" if s.says(Phrase::Goroot) => gone(),
        "GOWORK" if value != "off" && !s.disk.has_file(Path::new(value)) => gone(),
        "GOTMPDIR" if folder() => gone(),
        "TMPDIR" if folder() && set("GOTMPDIR", s).is_none() => gone(),
        _ => None,
    }
}

/// GOPROXY as it was meant; nothing where it can be read as it is.
fn proxies(value: &str, verdict: &Verdict, s: &Situation) -> Option<Mended> {
    let by_proxy = matches!(
        verdict.target.role,
        Role::Goproxy | Role::Sumdb | Role::Toolchain | Role::None
    );
    let answered = matches!(
        verdict.cause,
        Cause::GoproxyStatus | Cause::ChecksumMismatch | Cause::GoproxyBadResponse
    );
    if !by_proxy || answered || value == "off" {
        return None;
    }
    let refused = verdict.cause == Cause::TcpRefused;
    let host = verdict.target.host.as_deref();
    let meant = goenv::repaired_proxies(value);
    let mut left = String::new();
    for item in meant.split_inclusive([',', '|']) {
        let entry = item.trim_end_matches([',', '|']);
        let folder = entry.strip_prefix("file://");
        let gone = folder.is_some_and(|folder| !s.disk.has_folder(Path::new(folder)));
        // a program of this machine that doesn't run
        let silent = refused
            && Url::parse(entry).is_some_and(|url| {
                super::privacy::is_loopback(&url.host) && Some(url.host.as_str()) == host
            });
        if !gone && !silent {
            left.push_str(item);
        }
    }
    let left = left.trim_end_matches([',', '|']);
    match left {
        _ if left == value => None,
        "" => Some(Mended::Out),
        _ => Some(Mended::To(left.to_owned())),
    }
}

/// GOFLAGS without what go can't use in it.
fn flags(value: &str, verdict: &Verdict, s: &Situation) -> Option<Mended> {
    let stale = verdict.reason == Some(Reason::VendorStale)
        && s.project.as_ref().is_some_and(|project| !project.vendored);
    let root = s.project.as_ref().map(|project| project.root.as_path());
    let unknown = said::unknown_flag(&s.line);
    let is_known = |word: &&str| {
        let name = word.trim_start_matches('-').split('=').next();
        name != unknown.map(|name| name.trim_start_matches('-'))
    };
    let kept: Vec<String> = value
        .split_whitespace()
        .filter(is_known)
        .filter_map(|word| {
            if !word.starts_with('-') {
                let known = ["mod=", "modfile=", "tags=", "buildvcs="];
                let meant = known.iter().any(|name| word.starts_with(name));
                return meant.then(|| format!("-{word}"));
            }
            let (name, value) = word.trim_start_matches('-').split_once('=')?;
            let file = || root.unwrap_or(&s.dir).join(value);
            let broken = match name {
                "mod" if value == "vendor" => stale,
                "mod" => !matches!(value, "mod" | "readonly"),
                "modfile" => !s.disk.has_file(&file()) && !s.disk.has_file(&s.dir.join(value)),
                _ => false,
            };
            (!broken).then(|| word.to_owned())
        })
        .chain(
            value
                .split_whitespace()
                .filter(is_known)
                .filter(|word| word.starts_with('-') && !word.contains('='))
                .map(str::to_owned),
        )
        .collect();
    let left = kept.join(" ");
    let same = left.split_whitespace().count() == value.split_whitespace().count()
        && value.split_whitespace().all(|word| word.starts_with('-'));
    match left.as_str() {
        _ if same => None,
        "" => Some(Mended::Out),
        _ => Some(Mended::To(left)),
    }
}
