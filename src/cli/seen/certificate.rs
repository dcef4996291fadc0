//! The certificates that a server sent, and who trusts them.
//!
//! In: a handshake. Out: text, and a [`Table`]. A chain is shown as it came, the server's own
//! certificate first; of its names those that matter here.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::table::{Look, Table, dim};
use crate::lang::{list, tr};
use crate::probe::tls::{Certificate, Handshake, Trust};
use crate::words;
use crate::wrap;

/// How many names are shown beside the one that was asked for.
const NAMES: usize = 3;
/// Columns before what belongs to a certificate.
const INDENT: usize = 5;
/// Hexadecimal digits of a fingerprint in a line where all of them find no room.
const HALF: usize = 32;

/// The chain as sent.
pub(super) fn chain(handshake: &Handshake, look: Look) -> String {
    let now = OffsetDateTime::now_utc();
    let mut text = format!("  {}\n", dim(look).apply_to(tr!("chain, as sent")));
    for (at, certificate) in handshake.chain.iter().enumerate() {
        let mut line = |mark: &str, words: &str| {
            let words = wrap::fit(words, INDENT, INDENT, look.columns);
            let _ = writeln!(text, "  {mark:<3}{words}"); // a String takes everything
        };
        line(&(at + 1).to_string(), &certificate.subject);
        if !certificate.names.is_empty() {
            let names = names(certificate, handshake);
            line("", &tr!("for {names}", names));
        }
        let issuer = if certificate.self_signed {
            tr!("issued under its own name")
        } else {
            tr!("issued by {issuer}", issuer = certificate.issuer)
        };
        line("", &issuer);
        line("", &dates(certificate, now));
        line("", &certificate.key);
        let fingerprint = format!("SHA-256 {}", certificate.sha256);
        let has_room = look
            .columns
            .is_none_or(|columns| INDENT + fingerprint.len() <= columns);
        match certificate.sha256.split_at_checked(HALF) {
            Some((begin, end)) if !has_room => {
                line("", &format!("SHA-256 {begin}"));
                line("", &format!("        {end}"));
            }
            _ => line("", &fingerprint),
        }
    }
    text
}

/// The name that matters first, then some others.
fn names(certificate: &Certificate, handshake: &Handshake) -> String {
    let suffix = handshake.name.split_once('.').map(|(_, domain)| domain);
    let matters = |name: &&String| {
        **name == handshake.name
            || name
                .strip_prefix("*.")
                .is_some_and(|rest| Some(rest) == suffix)
    };
    let first = certificate.names.iter().filter(matters);
    let others = certificate.names.iter().filter(|name| !matters(name));
    let shown: Vec<&String> = first.chain(others).take(NAMES).collect();
    match certificate.names.len() - shown.len() {
        0 => list(&shown),
        more => tr!("{names} and {more} more", names = list(&shown), more),
    }
}

/// From when to when, and how long that is from now.
fn dates(certificate: &Certificate, now: OffsetDateTime) -> String {
    let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let day = |text: &str| text.split('T').next().unwrap_or_default().to_owned();
    let (begin, end) = (day(&certificate.not_before), day(&certificate.not_after));
    let (Some(from), Some(to)) = (read(&certificate.not_before), read(&certificate.not_after))
    else {
        return String::new();
    };
    let days = |from: OffsetDateTime, to: OffsetDateTime| {
        usize::try_from((to - from).whole_days()).unwrap_or(0)
    };
    let from_now = if now > to {
        match days(to, now) {
            0 => tr!("expired less than a day ago"),
            days => tr!("expired one day ago" | "expired {n} days ago" % days),
        }
    } else if now < from {
        match days(now, from) {
            0 => tr!("begins in less than a day"),
            days => tr!("begins in one day" | "begins in {n} days" % days),
        }
    } else {
        match days(now, to) {
            0 => tr!("less than a day left"),
            days => tr!("one day left" | "{n} days left" % days),
        }
    };
    tr!(
        "valid from {begin} to {end}: {from_now}",
        begin,
        end,
        from_now
    )
}

/// Where each store's trust ends.
pub(super) fn trust(handshake: &Handshake) -> Table {
    let mut table = Table::new([tr!("roots of"), tr!("trust")]);
    let git = if handshake.git_unverified {
        tr!("not asked: git is told not to verify")
    } else {
        ends(handshake, handshake.git)
    };
    for (store, trust) in [
        ("Go".to_owned(), ends(handshake, handshake.go)),
        ("git".to_owned(), git),
        (tr!("this system"), ends(handshake, handshake.system)),
        ("Mozilla".to_owned(), ends(handshake, handshake.mozilla)),
    ] {
        table.row([store, trust]);
    }
    table
}

/// Where trust ends by one store.
fn ends(handshake: &Handshake, trust: Trust) -> String {
    let leaf = handshake.chain.first();
    let top = handshake.chain.last();
    let issuer = |certificate: Option<&Certificate>| {
        certificate.map_or_else(String::new, |one| words::common_name(&one.issuer))
    };
    match trust {
        Trust::Trusted => tr!("trusted: the chain leads to one of them"),
        Trust::Unknown if handshake.intermediate_missing => tr!(
            "broken off: {issuer} is missing, the server did not send it",
            issuer = issuer(leaf)
        ),
        Trust::Unknown => tr!("not trusted: none is {issuer}", issuer = issuer(top)),
        Trust::NoRoots => tr!("there are none"),
        Trust::NotJudged => tr!("not judged"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(names: &[&str]) -> Certificate {
        Certificate {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            not_before: "2026-01-01T00:00:00Z".into(),
            not_after: "2026-03-01T00:00:00Z".into(),
            issuer: "O=Corp, CN=Corp Issuing CA".into(),
            ..Certificate::default()
        }
    }

    #[test]
    fn the_name_that_was_asked_for_comes_first() {
        let handshake = Handshake {
            name: "git.corp.example".into(),
            ..Handshake::default()
        };
        let all = [
            "a.example",
            "b.example",
            "*.corp.example",
            "git.corp.example",
        ];
        assert_eq!(
            names(&certificate(&all), &handshake),
            "*.corp.example, git.corp.example, a.example and 1 more"
        );
    }

    #[test]
    fn dates_say_how_long_from_now() {
        let at = |text: &str| {
            let now = OffsetDateTime::parse(text, &Rfc3339).unwrap();
            dates(&certificate(&[]), now)
        };
        let valid = "valid from 2026-01-01 to 2026-03-01: ";
        assert_eq!(at("2026-02-27T12:00:00Z"), format!("{valid}one day left"));
        assert_eq!(
            at("2026-03-11T00:00:00Z"),
            format!("{valid}expired 10 days ago")
        );
        assert_eq!(
            at("2025-12-30T23:00:00Z"),
            format!("{valid}begins in one day")
        );
        assert_eq!(
            at("2026-02-28T12:00:00Z"),
            format!("{valid}less than a day left")
        );
    }

    #[test]
    fn a_missing_intermediate_is_no_missing_root() {
        let handshake = |intermediate_missing| Handshake {
            chain: vec![certificate(&[])],
            intermediate_missing,
            ..Handshake::default()
        };
        assert_eq!(
            ends(&handshake(true), Trust::Unknown),
            "broken off: Corp Issuing CA is missing, the server did not send it"
        );
        assert_eq!(
            ends(&handshake(false), Trust::Unknown),
            "not trusted: none is Corp Issuing CA"
        );
    }
}
