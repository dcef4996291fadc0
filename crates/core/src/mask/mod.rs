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
pub use json::{to_string, to_string_pretty};
pub use shapes::{Find, SHAPES, Shape};
use view::View;

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
    let shown = visible(&secrets(text), |_| ' ');
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
    let shown = visible(&secrets(text), |end| end);
    match defused(&shown) {
        Cow::Borrowed(_) => shown,
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
        let colour = colour(&rest[escape..]);
        let (front, behind) = rest.split_at(escape + colour.max(1));
        out += &visible(&front[..escape], |end| end);
        out += &front[front.len() - colour..];
        rest = match colour {
            0 => &behind[hidden::piece(&rest[escape..]) - 1..],
            _ => behind,
        };
    }
    out += &visible(rest, |end| end);
    match defused(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(defused) => defused,
    }
}

/// The length of the colour that `text` begins with (ECMA-48, SGR), 0 if it is none.
fn colour(text: &str) -> usize {
    let parameters = text[2..]
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
        .count();
    match text.as_bytes().get(2 + parameters) {
        Some(b'm') => 3 + parameters,
        _ => 0,
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
    let mut found = Vec::new();
    let mut view = View::visible(text);
    for _ in 0..=ENCODINGS {
        for range in find(&view.text) {
            found.push(view.origin(&range));
        }
        match view.decoded() {
            Some(decoded) => view = decoded,
            None => break,
        }
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_by_key(|range| (range.start, range.end));
    Cow::Owned(replaced(text, &found))
}

/// Where secrets are.
fn find(text: &[u8]) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let hit = |needle: &&str| memmem::find(&lower, needle.as_bytes()).is_some();
    for (at, shape) in SHAPES.iter().enumerate() {
        if !shape.needles.iter().any(|needle| hit(&needle)) {
            continue;
        }
        let is_none: fn(&[u8]) -> bool = match shape.find {
            Find::Unless(_, is_none) => is_none,
            _ => |_| false,
        };
        match shape.find {
            Find::Words(words) => found.extend(words(text)),
            Find::Pattern(pattern) | Find::Unless(pattern, _) => {
                for captures in compiled(at, pattern).captures_iter(text) {
                    let groups = captures.iter().skip(1).flatten();
                    let secrets = groups.filter(|group| !is_none(group.as_bytes()));
                    found.extend(secrets.map(|group| group.range()));
                }
            }
        }
    }
    found.retain(|range| !range.is_empty() && &text[range.clone()] != MASK.as_bytes());
    found
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
        let start = text.floor_char_boundary(range.start).max(done);
        let end = text.ceil_char_boundary(range.end);
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
