//! What a terminal doesn't show, or shows elsewhere than it stands.
//!
//! The principle is Unicode's: `Default_Ignorable_Code_Point`, `Bidi_Control`, and the general
//! categories Cc, Cf, Zl and Zp (Unicode 16, `DerivedCoreProperties.txt`, `PropList.txt`). A table of
//! ranges, because no crate in the tree has these properties in non-test builds.

use std::ops::RangeInclusive;

/// All of it, in order.
const HIDDEN: &[RangeInclusive<char>] = &[
    '\0'..='\u{1f}',
    '\u{7f}'..='\u{9f}',
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Control characters, and characters that hide or reorder text in a terminal.
#[must_use]
pub fn is_hidden(letter: char) -> bool {
    if (' '..='~').contains(&letter) {
        return false;
    }
    let after = HIDDEN.partition_point(|range| *range.start() <= letter);
    after > 0 && HIDDEN[after - 1].contains(&letter)
}

/// The length of the hidden piece that `text` begins with, in bytes: an escape sequence as a whole
/// (ECMA-48, 5.4 and 5.6), else one character; 0 if it begins with something visible.
pub(super) fn piece(text: &str) -> usize {
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return 0;
    };
    let (kind, introducer) = match first {
        '\x1b' => match letters.next() {
            Some(kind) => (kind, 1 + kind.len_utf8()),
            None => return 1,
        },
        '\u{9b}' => ('[', first.len_utf8()),
        '\u{9d}' => (']', first.len_utf8()),
        _ if is_hidden(first) => return first.len_utf8(),
        _ => return 0,
    };
    let rest = &text[introducer..];
    match kind {
        '[' => {
            let parameters = rest
                .bytes()
                .take_while(|byte| (0x20..=0x3f).contains(byte))
                .count();
            let ends = rest.as_bytes().get(parameters);
            let ends = ends.is_some_and(|byte| (0x40..=0x7e).contains(byte));
            introducer + parameters * usize::from(ends) + usize::from(ends)
        }
        // an operating system command, a string: up to BEL or ST, on one line
        ']' | 'P' | 'X' | '^' | '_' => {
            let line = rest.split(['\n', '\r']).next().unwrap_or_default();
            let end = ["\x07", "\x1b\\", "\u{9c}"]
                .iter()
                .filter_map(|end| Some(line.find(end)? + end.len()))
                .min();
            introducer + end.unwrap_or(0)
        }
        '(' | ')' => introducer + usize::from(rest.starts_with(['0', 'A', 'B'])),
        kind if is_hidden(kind) => 1,
        _ => 1, // what follows may begin a token
    }
}

/// The length of the hidden piece, if of sequences only those of every log are taken as a whole: a
/// token may stand behind an introducer, or be taken for the words of a string.
pub(super) fn careful_piece(text: &str) -> usize {
    match (common(text), text.chars().next()) {
        (Some((length, _)), _) => length,
        (None, Some(letter)) if is_hidden(letter) => letter.len_utf8(),
        _ => 0,
    }
}

/// The length of the sequence that colours (SGR, `m`) or clears the line (EL, `K`; ECMA-48, 8.3) and
/// that `text` begins with, and its last letter.
pub(super) fn common(text: &str) -> Option<(usize, u8)> {
    let rest = text.strip_prefix("\x1b[")?;
    let parameters = rest
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b';')
        .count();
    let last = *rest.as_bytes().get(parameters)?;
    b"mK".contains(&last).then_some((3 + parameters, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_unicodes() {
        let unicode = regex::Regex::new(r"^[\p{DI}\p{Bidi_C}\p{Cc}\p{Cf}\p{Zl}\p{Zp}]$").unwrap();
        for letter in '\0'..=char::MAX {
            let is_one = unicode.is_match(letter.encode_utf8(&mut [0; 4]));
            assert_eq!(is_hidden(letter), is_one, "U+{:04X}", u32::from(letter));
        }
    }

    #[test]
    fn escape_sequences_go_as_a_whole() {
        for (text, length) in [
            ("\x1b[31mx", 5),
            ("\u{9b}31mx", 5),
            ("\x1b]0;title\x07x", 10),
            ("\x1b]8;;http://x\x1b\\x", 15),
            ("\x1b]0;no end", 2),
            ("\x1b(Bx", 3),
            ("\x1bcx", 1),
            ("\x1b", 1),
            ("\x1b[", 2),
            ("\u{200b}x", 3),
            ("x\x1b[m", 0),
            ("", 0),
        ] {
            assert_eq!(piece(text), length, "{text:?}");
        }
    }
}
