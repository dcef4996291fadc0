//! Masking: text of any origin goes in, printable text without secrets goes out.
//!
//! The order is the same everywhere: what is encoded is decoded, what is hidden is taken away, and
//! in what a reader would then see, secrets are looked for ([`SHAPES`]). Runs where evidence is
//! made, before anything is stored or shown, and once more on what is printed.
//!
//! Not handled: secrets without any known shape (a bare password in prose).

mod defuse;
mod hidden;
mod json;
mod shapes;
mod view;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use memchr::memmem;
use regex::bytes::{Regex, RegexBuilder};

pub use defuse::defused;
pub use hidden::is_hidden;
pub use json::{changed, to_string, to_string_pretty};
pub use shapes::{Find, SHAPES, Shape};
use view::View;

use crate::trigrams::Trigrams;

/// What a masked secret is replaced with.
pub const MASK: &str = "***";

/// Longest line kept, in characters; what go prints about one failure fits well.
const MAX_CHARS: usize = 600;

/// How often something may be encoded on top of another encoding: a URL in a URL in JSON.
const ENCODINGS: usize = 3;

/// Makes one line fit to be stored and shown: secrets masked, control and direction-changing
/// characters removed, commands of CI systems defused, tabs and line ends turned into spaces, cut
/// after 600 characters.
#[must_use]
pub fn line(text: &str) -> String {
    short(text, MAX_CHARS)
}

/// As [`line`], cut after `most` characters.
#[must_use]
pub fn short(text: &str, most: usize) -> String {
    let shown = shown(text, |_| ' ');
    let mut out = String::with_capacity(shown.len());
    let mut chars = 0;
    for c in shown.trim().chars() {
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        if chars == most {
            out.push('…');
            break;
        }
        out.push(c);
        chars += 1;
    }
    out.truncate(out.trim_end().len());
    match defused(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(defused) => defused,
    }
}

/// A host's name fit to be compared by eye: letters beyond ASCII as the resolver would ask for them
/// (RFC 5891), or by their numbers where no name has such letters.
#[must_use]
pub fn host(name: &str) -> String {
    let name = short(name, 253);
    if name.is_ascii() {
        return name;
    }
    match idna::domain_to_ascii(&name) {
        Ok(encoded) => encoded,
        Err(_) => name
            .chars()
            .map(|letter| match letter {
                letter if letter.is_ascii() => letter.to_string(),
                letter => letter.escape_unicode().to_string(),
            })
            .collect(),
    }
}

/// Makes text of several lines fit to be shown: as [`line`], but line ends and tabs stay, and
/// nothing is cut.
#[must_use]
pub fn page(text: &str) -> String {
    let shown = shown(text, |end| end);
    match defused(&shown) {
        Cow::Borrowed(_) => shown.into_owned(),
        Cow::Owned(defused) => defused,
    }
}

/// As [`page`] for text that gomend has painted, of parts that went through the mask before: colours
/// stay.
#[must_use]
pub fn painted(text: &str) -> String {
    let masked = secrets(text);
    let mut out = String::with_capacity(masked.len());
    let mut rest = &*masked;
    while let Some(escape) = rest.find("\x1b[") {
        out += &visible(&rest[..escape], |end| end);
        rest = &rest[escape..];
        let length = match hidden::common(rest) {
            Some((length, b'm')) => {
                out += &rest[..length];
                length
            }
            _ => hidden::piece(rest),
        };
        rest = &rest[length..];
    }
    out += &visible(rest, |end| end);
    match defused(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(defused) => defused,
    }
}

/// Without secrets and what is hidden; tabs and line ends become what `blank` says.
fn shown(text: &str, blank: fn(char) -> char) -> Cow<'_, str> {
    let masked = secrets(text);
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    if blank('\n') == '\n' && masked.bytes().all(is_plain) {
        return masked;
    }
    let shown = visible(&masked, blank);
    // what a sequence has swallowed may have been all that stood between the halves of a token
    if masked.contains(['\x1b', '\u{9b}', '\u{9d}']) {
        Cow::Owned(secrets(&shown).into_owned())
    } else {
        Cow::Owned(shown)
    }
}

/// Without what is hidden; tabs and line ends become what `blank` says.
fn visible(text: &str, blank: impl Fn(char) -> char) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '\t' | '\n' | '\r' => {
                out.push(blank(if letter == '\r' { ' ' } else { letter }));
                1
            }
            _ => match hidden::piece(rest) {
                0 => {
                    out.push(letter);
                    letter.len_utf8()
                }
                hidden => hidden,
            },
        };
        rest = &rest[length..];
    }
    out
}

/// Masks secrets in `text`, however they are encoded and whatever hides in them, and leaves
/// everything else as it is.
#[must_use]
pub fn secrets(text: &str) -> Cow<'_, str> {
    let is_plain =
        |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t') && !b"%&\\".contains(&byte);
    let mut found = if text.bytes().all(is_plain) {
        find(text.as_bytes())
    } else {
        let (mut found, lost) = find_in_views(text, hidden::piece);
        if lost {
            found.extend(find_in_views(text, hidden::careful_piece).0);
        }
        found
    };
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|range| (range.start, range.end));
    Cow::Owned(replaced(text, &found))
}

/// Where secrets are in what a reader sees and in what is encoded in it, and whether sequences were
/// taken away that may be none.
fn find_in_views(text: &str, hides: view::Hides) -> (Vec<Range<usize>>, bool) {
    let (mut found, mut lost) = (Vec::new(), false);
    let mut view = View::visible(text, hides);
    for _ in 0..=ENCODINGS {
        found.extend(find(&view.text).iter().map(|range| view.origin(range)));
        lost |= view.lost;
        match view.decoded() {
            Some(decoded) => view = decoded,
            None => break,
        }
    }
    (found, lost)
}

/// Where secrets are.
fn find(text: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<_> = possible(text)
        .flat_map(|(at, shape)| matches(at, &shape.find, text))
        .collect();
    found.retain(|range| !range.is_empty() && &text[range.clone()] != MASK.as_bytes());
    found
}

/// What the row at `at`, found as `find` says, holds for secrets.
fn matches(at: usize, find: &Find, text: &[u8]) -> Vec<Range<usize>> {
    let (pattern, is_none): (_, fn(&[u8]) -> bool) = match *find {
        Find::Words(words) => return words(text),
        Find::If(may_be, find) if may_be(text) => return matches(at, find, text),
        Find::If(..) => return Vec::new(),
        Find::Pattern(pattern) => (pattern, |_| false),
        Find::Unless(pattern, is_none) => (pattern, is_none),
    };
    let pattern = compiled(at, pattern);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(captures) = pattern.captures_at(text, from) {
        let groups = captures.iter().skip(1).flatten();
        let groups: Vec<_> = groups.map(|group| group.range()).collect();
        // what stands behind the secret may begin the next one
        let next = groups.first().map_or(from, |first| first.end);
        from = next.max(from + 1);
        found.extend(
            groups
                .into_iter()
                .filter(|group| !is_none(&text[group.clone()])),
        );
        if from > text.len() {
            break;
        }
    }
    found
}

/// The rows that needles don't rule out, with their places in the table.
pub fn possible(text: &[u8]) -> impl Iterator<Item = (usize, &'static Shape)> {
    let is_apart = |byte: &u8| !byte.is_ascii_whitespace() && !b"\"'".contains(byte);
    let mut squeezed: Vec<u8> = text.iter().copied().filter(is_apart).collect();
    squeezed.make_ascii_lowercase();
    let trigrams = Trigrams::of(&squeezed);
    let holds = move |needle: &&str| {
        trigrams.may_hold(needle) && memmem::find(&squeezed, needle.as_bytes()).is_some()
    };
    let rows = SHAPES.iter().enumerate();
    rows.filter(move |(_, shape)| shape.needles.is_empty() || shape.needles.iter().any(&holds))
}

/// The pattern of the row at `at`.
fn compiled(at: usize, pattern: &str) -> &'static Regex {
    static COMPILED: [OnceLock<Regex>; SHAPES.len()] = [const { OnceLock::new() }; SHAPES.len()];
    COMPILED[at].get_or_init(|| {
        RegexBuilder::new(pattern)
            .unicode(false)
            .build()
            .expect("patterns of the table are constants and compile")
    })
}

/// `text` with [`MASK`] in the place of sorted ranges, one on each line that they run over.
fn replaced(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let mut ranges = ranges.iter().cloned().peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start < range.end) {
            range.end = range.end.max(next.end);
        }
        let is_boundary = |at: &usize| text.is_char_boundary(*at);
        let start = (0..=range.start).rev().find(is_boundary).unwrap_or(0);
        let start = start.max(done);
        let end = (range.end..text.len()).find(is_boundary);
        let end = end.unwrap_or(text.len());
        out += &text[done..start];
        for (at, line) in text[start..end].split('\n').enumerate() {
            if at > 0 {
                out.push('\n');
            }
            if !line.trim().is_empty() {
                out += MASK;
            }
        }
        done = end;
    }
    out + &text[done..]
}

#[cfg(test)]
mod tests;
