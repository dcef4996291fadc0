//! Masking: text of any origin goes in, one printable line without secrets goes
//! out. Runs where evidence is made, before anything is stored or shown.
//!
//! Not handled: secrets without any known shape (a bare password in prose).

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// What a masked secret is replaced with.
pub const MASK: &str = "***";

/// Longest line kept, in characters; what go prints about one failure fits well.
const MAX_CHARS: usize = 600;

/// `user:password@` in any URL, and a bare user (which may be a token) in http(s).
static USERINFO: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)\b(?P<head>https?://)[^/@\s'\x22<>]+@|\b(?P<ssh>[a-z][a-z0-9+.-]*://[^/@:\s'\x22]*:)[^/@\s'\x22]+@",
    )
});

/// Tokens that can be told by their prefix: GitHub, GitLab, Bitbucket, Slack, AWS,
/// npm, JWT.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"\b(?:gh[opsur]_[A-Za-z0-9]{8,}|github_pat_\w{8,}|gl(?:pat|dt|cbt|rt|ptt|ft|soat)-[\w.-]{8,}|AT(?:BB|ATT|CTT)[\w=-]{8,}|xox[abprs]-[\w-]{8,}|AKIA[0-9A-Z]{12,}|npm_\w{20,}|eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*)",
    )
});

/// Values of headers, netrc entries and query parameters that carry secrets.
static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)(?P<head>\b(?:authorization|proxy-authorization)\s*:\s*(?:basic |bearer |token )?|\b(?:private-token|job-token|deploy-token|x-auth-token|set-cookie|cookie)\s*:\s*|\bmachine \S+ login \S+ password |[?&;](?:access_token|private_token|token|password|passwd|secret|sig|signature|key|x-amz-[a-z-]+)=|(?:password|passwd|passphrase|token|secret|api[_-]?key|credentials?)=)(?:'[^']*'|"[^"]*"|[^\s&'"]+)"#,
    )
});

/// Over bytes: Unicode's classes would take ten times as long to compile.
fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern)
        .unicode(false)
        .build()
        .expect("patterns of this file are constants and compile")
}

/// Makes one line fit to be stored and shown: secrets masked, control and
/// direction-changing characters removed, tabs and line ends turned into spaces,
/// cut after 600 characters.
#[must_use]
pub fn line(text: &str) -> String {
    let masked = secrets(text);
    let mut out = String::with_capacity(masked.len());
    let mut chars = 0;
    for c in masked.trim().chars() {
        let c = match c {
            '\t' | '\n' | '\r' => ' ',
            c if is_hidden(c) => continue,
            c => c,
        };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if chars == MAX_CHARS {
            out.push('…');
            break;
        }
        out.push(c);
        chars += 1;
    }
    out.truncate(out.trim_end().len());
    out
}

/// Masks secrets in `text` and leaves everything else as it is.
#[must_use]
pub fn secrets(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.contains("://") {
        text = replace(text, &USERINFO, "${head}${ssh}***@");
    }
    text = replace(text, &TOKEN, MASK);
    if text.contains(':') || text.contains('=') || text.contains("password") {
        text = replace(text, &VALUE, "${head}***");
    }
    text
}

fn replace<'t>(text: Cow<'t, str>, what: &Regex, with: &str) -> Cow<'t, str> {
    match what.replace_all(text.as_bytes(), with.as_bytes()) {
        Cow::Borrowed(_) => text,
        Cow::Owned(new) => Cow::Owned(String::from_utf8_lossy(&new).into_owned()),
    }
}

/// Control characters, and characters that hide or reorder text in a terminal.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_and_tokens_are_masked() {
        for (given, expected) in [
            (
                "fatal: 'https://user:pw@git.example/x'",
                "fatal: 'https://***@git.example/x'",
            ),
            (
                "https://ghp_0123456789abcdef@github.com/x",
                "https://***@github.com/x",
            ),
            ("ssh://git@git.example/x", "ssh://git@git.example/x"),
            ("ssh://git:pw@git.example/x", "ssh://git:***@git.example/x"),
            ("token glpat-abcdefgh12345 end", "token *** end"),
            (
                "Authorization: Basic dXNlcjpwdw==",
                "Authorization: Basic ***",
            ),
            (
                "machine h login u password s3cret",
                "machine h login u password ***",
            ),
            (
                "GET /x?private_token=abc&y=1",
                "GET /x?private_token=***&y=1",
            ),
            ("export MY_TOKEN=abc; x", "export MY_TOKEN=*** x"),
            ("GITLAB_PASSWORD='s3 cret'", "GITLAB_PASSWORD=***"),
            ("--api-token=abc", "--api-token=***"),
        ] {
            assert_eq!(line(given), expected);
        }
    }

    #[test]
    fn control_and_direction_characters_are_removed() {
        assert_eq!(line("a\x1b[31mb\u{202e}c\td\u{85}"), "a[31mbc d");
    }

    #[test]
    fn long_lines_are_cut() {
        assert_eq!(line(&"x".repeat(2000)).chars().count(), MAX_CHARS + 1);
    }
}
