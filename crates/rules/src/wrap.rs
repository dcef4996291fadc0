//! Hard wraps: lines that a terminal has cut or a program has folded at a fixed width
//! are joined again.
//!
//! A text can look like both; the caller then reads it either way and keeps the reading
//! that says more. Not handled: words that a wrap at unequal widths has torn apart.

use super::prefix;
use super::unwrap::Line;

/// Widths at which terminals and mail programs wrap.
const WIDTHS: [usize; 8] = [72, 76, 78, 79, 80, 100, 120, 132];

/// How a text that may have been wrapped either way is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// After a number of characters, inside words too.
    Cut,
    /// At blanks.
    Folded,
}

/// Joins what a terminal or a mail program has wrapped at a fixed width.
pub(super) fn rejoin(lines: Vec<Line>, like: Wrapping, ambiguous: &mut bool) -> Vec<Line> {
    let widths: Vec<usize> = lines.iter().map(|line| line.text.chars().count()).collect();
    let (cut, folded) = wraps(&lines, &widths);
    *ambiguous |= cut.is_some() && folded.is_some();
    let wrap = match like {
        Wrapping::Cut => cut.or(folded),
        Wrapping::Folded => folded.or(cut),
    };
    let Some(wrap) = wrap else { return lines };
    let open: Vec<bool> = (0..lines.len())
        .map(|at| {
            if wrap.by_words {
                is_folded(&lines, &widths, at, wrap.width)
            } else {
                widths[at] == wrap.width
            }
        })
        .collect();
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    for (at, line) in lines.into_iter().enumerate() {
        let goes_on =
            at > 0 && open[at - 1] && !line.text.trim().is_empty() && !starts_fresh(&line.text);
        match out.last_mut() {
            Some(last) if goes_on && wrap.by_words => {
                if !last.text.ends_with(' ') {
                    last.text.push(' ');
                }
                last.text.push_str(&line.text);
            }
            Some(last) if goes_on => last.text.push_str(
                line.text
                    .strip_prefix(wrap.indent.as_str())
                    .unwrap_or(&line.text),
            ),
            _ => out.push(line),
        }
    }
    out
}

struct Wrap {
    width: usize,
    by_words: bool,
    indent: String,
}

/// The width at which this text was wrapped, if it was. Cut: no line is longer, and lines
/// that reach the width exactly go on below. Folded: no line with a blank is longer, and
/// lines end where the next word would not have fitted.
fn wraps(lines: &[Line], widths: &[usize]) -> (Option<Wrap>, Option<Wrap>) {
    let continued = |at: usize| {
        let next = lines.get(at + 1);
        next.is_some_and(|next| !next.text.trim().is_empty() && !starts_fresh(&next.text))
    };
    let Some(width) = widths.iter().copied().max() else {
        return (None, None);
    };
    let exact = (0..lines.len())
        .filter(|at| widths[*at] == width && continued(*at))
        .count();
    let cut = (60..=400).contains(&width) && (exact > 1 || exact == 1 && WIDTHS.contains(&width));
    let indents = lines
        .iter()
        .filter(|line| !line.text.trim().is_empty())
        .map(|line| leading(&line.text));
    let indent = indents
        .min_by_key(|indent| indent.len())
        .unwrap_or_default()
        .to_owned();
    let cut = cut.then_some(Wrap {
        width,
        by_words: false,
        indent,
    });

    let spaced = lines
        .iter()
        .zip(widths)
        .filter(|(line, _)| line.text.trim().contains(' '));
    let limit = spaced.map(|(_, width)| *width).max().and_then(|spaced| {
        WIDTHS
            .into_iter()
            .find(|limit| *limit >= spaced && limit - spaced < 20)
    });
    let folded = limit.filter(|limit| {
        (0..lines.len()).any(|at| continued(at) && is_folded(lines, widths, at, *limit))
    });
    let folded = folded.map(|width| Wrap {
        width,
        by_words: true,
        indent: String::new(),
    });
    (cut, folded)
}

/// The first word of the next line would not have fitted behind line `at`.
fn is_folded(lines: &[Line], widths: &[usize], at: usize, limit: usize) -> bool {
    let Some(next) = lines.get(at + 1) else {
        return false;
    };
    let word = next
        .text
        .split(' ')
        .next()
        .map_or(0, |word| word.chars().count());
    let full = widths[at] + 1 + word > limit;
    leading(&next.text).is_empty()
        && widths[at] > 0
        && full
        && (widths[at] <= limit || !lines[at].text.trim().contains(' '))
}

fn leading(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]
}

/// `Nov 12 09:14:02 `: syslog.
fn is_dated(text: &str) -> bool {
    const MONTHS: [&str; 12] = [
        "Jan ", "Feb ", "Mar ", "Apr ", "May ", "Jun ", "Jul ", "Aug ", "Sep ", "Oct ", "Nov ",
        "Dec ",
    ];
    text.get(..4).is_some_and(|month| MONTHS.contains(&month))
        && text[4..]
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit())
}

/// A line that no wrapping has produced.
pub(super) fn starts_fresh(text: &str) -> bool {
    const FRESH: &[&str] = &[
        "go: ",
        "go get ",
        "go mod ",
        "package ",
        "fatal: ",
        "error: ",
        "remote: ",
        "warning: ",
        "--- ",
        "=== ",
        "FAIL\t",
        "FAIL ",
        "ok  \t",
        "ok \t",
        "?   \t",
        "PASS",
        "#",
        "Confirm the import path",
        "If this is a private",
        "Please make sure",
        "SECURITY ERROR",
        "verifying ",
        "Cloning into",
        "make: ",
        "make[",
        "exit status ",
        "panic: ",
        "$ ",
        "+ ",
        "npm ",
        "Error: ",
        "ERROR: ",
        "```",
        "plugin/",
    ];
    let text = prefix::strip(text);
    let numbered = text
        .strip_prefix("error: ")
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    text.starts_with('\t')
        || is_dated(text)
        || !numbered && FRESH.iter().any(|start| text.starts_with(start))
}
