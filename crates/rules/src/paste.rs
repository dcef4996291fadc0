//! What copying does to a line: typographic quotes, full-width colons, code fences and blanks
//! inside addresses go in, the line as go or git wrote it comes out.
//!
//! Only lines that show that they are such are touched: other languages use the same quotes
//! and colons rightly.

use std::borrow::Cow;

use super::unwrap::Line;

/// Words of go's and git's behind which an ASCII quote stands.
const BEFORE_QUOTE: [&str; 14] = [
    "Get ",
    "Head ",
    "parse ",
    "parsing ",
    "exec: ",
    "path ",
    "access ",
    "for ",
    "module ",
    "query ",
    "repository ",
    "proxy ",
    "read ",
    "version ",
];
/// Words behind which go or git writes a colon and a blank.
const BEFORE_COLON: [&str; 8] = [
    "go：",
    "fatal：",
    "tcp：",
    "Get：",
    "x509：",
    "：dial ",
    "：Get ",
    "：reading ",
];
/// Words between two addresses, not inside one.
const WORDS: [&str; 12] = [
    "and", "at", "but", "for", "from", "in", "is", "of", "on", "or", "to", "with",
];
/// What only the address of a module's file or of the checksum database has.
const MARKS: [&str; 5] = ["/@v/", "/@latest", "/lookup/", "?go-get=1", "/tile/"];
/// Pieces that an address is torn into at most.
const MAX_PIECES: usize = 3;

/// Mends every line, and joins what belongs to an address to the line above it: a bare HTTP
/// status, curl's reason, what a shell's continuation sign announces.
pub(super) fn mend(lines: Vec<Line>) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    for mut line in lines {
        if let Cow::Owned(text) = mended(&line.text) {
            line.text = text;
        }
        match out.last_mut() {
            Some(last) if goes_on(&last.text, &line.text) => {
                let whole = last.text.trim_end().trim_end_matches('\\').trim_end().len();
                last.text.truncate(whole);
                last.text.push(' ');
                last.text.push_str(line.text.trim_start());
            }
            _ => out.push(line),
        }
    }
    out
}

fn mended(line: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(unfenced(line));
    if !text.is_ascii() {
        if text.contains(['“', '”', '‘', '’', '″'])
            && BEFORE_QUOTE.iter().any(|word| {
                text.contains(&format!("{word}“")) || text.contains(&format!("{word}‘"))
            })
        {
            text = Cow::Owned(text.replace(['“', '”', '″'], "\"").replace(['‘', '’'], "'"));
        }
        if BEFORE_COLON.iter().any(|word| text.contains(word)) || ends_version(&text) {
            text = Cow::Owned(narrow(&text));
        }
    }
    if let Some(whole) = rejoined(&text) {
        text = Cow::Owned(whole);
    }
    match text {
        Cow::Borrowed(text) if text.len() == line.len() => Cow::Borrowed(line),
        text => Cow::Owned(text.into_owned()),
    }
}

/// A full-width colon stands directly behind `@v1.2.3`.
fn ends_version(text: &str) -> bool {
    text.match_indices('：').any(|(at, _)| {
        let word = text[..at].rsplit(' ').next().unwrap_or_default();
        word.is_ascii() && word.contains("@v")
    })
}

/// Without a code fence in front of or directly behind the text.
fn unfenced(line: &str) -> &str {
    let text = line.trim_end();
    let text = match text.strip_suffix("```") {
        Some(rest) if !rest.trim().is_empty() => rest,
        _ => line,
    };
    match text.strip_prefix("```") {
        Some(rest) if rest.contains(' ') => rest,
        _ => text,
    }
}

/// ASCII colons, with the blank that go writes behind them outside of addresses.
fn narrow(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('：') {
        out.push_str(&rest[..at]);
        rest = &rest[at + '：'.len_utf8()..];
        let tight = rest.starts_with("//") || rest.starts_with(|c: char| c.is_ascii_digit());
        out.push_str(if tight || rest.starts_with(' ') {
            ":"
        } else {
            ": "
        });
    }
    out.push_str(rest);
    out
}

/// An address that was torn by blanks, in one piece; `None` if none was.
fn rejoined(text: &str) -> Option<String> {
    if !text.contains("://") || !MARKS.iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let words: Vec<&str> = text.split(' ').collect();
    let marked =
        |word: &&str| MARKS.iter().any(|mark| word.contains(mark)) && !word.contains("://");
    let last = words.iter().position(marked)?;
    let first = (last.saturating_sub(MAX_PIECES)..last)
        .rev()
        .find(|at| words[*at].contains("://"))?;
    let whole = words[first..last].iter().all(|word| {
        !word.is_empty()
            && !WORDS.contains(word)
            && word.ends_with(|c: char| c.is_ascii_alphanumeric() || "/-_.~!@".contains(c))
            && !word.contains(['(', ')', ',', ';'])
    });
    let inside = words[first + 1..=last]
        .iter()
        .all(|word| !word.starts_with(['"', '\'', '(']));
    (whole && inside).then(|| {
        let joined = [
            words[..first].join(" "),
            words[first..=last].concat(),
            words[last + 1..].join(" "),
        ];
        let parts: Vec<String> = joined.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    })
}

/// The statement in `last` ends with `next`.
fn goes_on(last: &str, next: &str) -> bool {
    let end = last.trim_end();
    if end.starts_with("go ") && end.ends_with(": \\") {
        return !next.trim().is_empty();
    }
    // what go does with a module stands behind its name
    let asked = ["reading http", "Get \"http", "read \"http"];
    let of_module = end.ends_with(':')
        && end
            .rsplit(' ')
            .next()
            .is_some_and(|word| word.contains("@v"));
    if of_module
        && asked
            .iter()
            .any(|start| next.trim_start().starts_with(start))
    {
        return true;
    }
    let address = end.ends_with([':', '：']) && end.contains("://");
    let by_git = || {
        let start = end.trim_start();
        start.starts_with("fatal: ") || super::lang::leads(start)
    };
    address
        && (is_status(next)
            || by_git()
                && next.starts_with(char::is_alphabetic)
                && !super::wrap::starts_fresh(next))
}

/// `404 Not Found`
fn is_status(text: &str) -> bool {
    let text = text.trim_start();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 3
        && text.starts_with(['3', '4', '5'])
        && text[3..]
            .strip_prefix(' ')
            .is_some_and(|words| words.starts_with(|c: char| c.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_mended() {
        for (given, whole) in [
            (
                "parse “GOPROXY=https://goproxy.cn“: x",
                "parse \"GOPROXY=https://goproxy.cn\": x",
            ),
            (
                "unable to access ‘https://github.com/a/b/’: x",
                "unable to access 'https://github.com/a/b/': x",
            ),
            (
                "go：m@v1.0.0：Get \"https：//p.example/m\"：dial tcp 1.2.3.4：443：i/o timeout",
                "go: m@v1.0.0: Get \"https://p.example/m\": dial tcp 1.2.3.4:443: i/o timeout",
            ),
            (
                "reading https://n.example/a/proto l/b/@v/v1.mod: 401 Unauthorized",
                "reading https://n.example/a/protol/b/@v/v1.mod: 401 Unauthorized",
            ),
            (
                "cannot find module providing package a.b/c```",
                "cannot find module providing package a.b/c",
            ),
        ] {
            assert_eq!(mended(given), whole);
        }
    }

    #[test]
    fn what_is_whole_is_left_alone() {
        for text in [
            "致命错误：无法访问 'https://github.com/a/b/'：x",
            "see https://a.example for https://p.example/@v/list",
            "Wert „x“ für “y”",
            "```go",
            "```",
            "reading https://n.example/a: failed, asking /@v/list",
        ] {
            assert!(matches!(mended(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn a_status_belongs_to_the_address_above() {
        let lines = [
            "go: m@v1: reading https://p.example/m/@v/v1.info:",
            "\t404 Not Found",
            "404 lines",
        ];
        let lines = lines.map(|text| Line {
            text: text.to_owned(),
            number: 1,
        });
        let texts: Vec<String> = mend(lines.to_vec())
            .into_iter()
            .map(|line| line.text)
            .collect();
        assert_eq!(
            texts,
            [
                "go: m@v1: reading https://p.example/m/@v/v1.info: 404 Not Found",
                "404 lines"
            ]
        );
    }
}
