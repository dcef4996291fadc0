//! gomend's lines in somebody else's file, between two marks.
//!
//! In: a file's bytes. Out: its bytes with the lines, or without them exactly what it was. What
//! had to be changed to fit them in (a missing line end, no file at all) is written into the first
//! mark, so that nothing else need be remembered. Line ends of the file stay as they are; the
//! block's own are `\n`, which every shell reads.

use std::ops::Range;

/// How the first line begins.
pub(crate) const BEGIN: &str = "# >>> gomend >>>";
/// The last line.
const END: &str = "# <<< gomend <<<";

/// What the file was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Whole lines.
    Lines,
    /// Its last line had no end, and got one.
    Unended,
    /// It wasn't there.
    Nothing,
}

impl Before {
    const ALL: [Self; 3] = [Self::Unended, Self::Nothing, Self::Lines];

    /// As the first mark says it.
    const fn words(self) -> &'static str {
        match self {
            Self::Lines => "(`gomend uninstall` takes these lines out)",
            Self::Unended => {
                "(`gomend uninstall` takes these lines and the line end before them out)"
            }
            Self::Nothing => "(`gomend uninstall` removes this file, if nothing else is in it)",
        }
    }
}

/// The first mark has no second one behind it; the number of its line, from 1.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unclosed(pub(crate) usize);

/// A file without the lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// There were none.
    Untouched,
    /// This is what is left.
    Bytes(Vec<u8>),
    /// Nothing is left, and there was no file before.
    NoFile,
}

/// Whether the lines are there.
#[must_use]
pub(crate) fn is_in(bytes: &[u8]) -> bool {
    matches!(find(bytes), Ok(Some(_)))
}

/// What stands behind the lines; `None`: they are not there.
#[must_use]
pub(crate) fn behind(bytes: &[u8]) -> Option<&[u8]> {
    let (range, _) = find(bytes).ok()??;
    Some(&bytes[range.end..])
}

/// The file with the lines. They keep their place if they are there already, unless what stands
/// behind them `overtakes` them: then they go to the end.
pub(crate) fn put(
    before: Option<&[u8]>,
    code: &str,
    overtakes: fn(&[u8]) -> bool,
) -> Result<Vec<u8>, Unclosed> {
    let Some(bytes) = before else {
        return Ok(block(Before::Nothing, code));
    };
    let Some((range, kind)) = find(bytes)? else {
        let kind = if bytes.is_empty() || bytes.ends_with(b"\n") {
            Before::Lines
        } else {
            Before::Unended
        };
        let gap: &[u8] = if kind == Before::Unended { b"\n" } else { b"" };
        return Ok([bytes, gap, &block(kind, code)].concat());
    };
    if overtakes(&bytes[range.end..]) {
        return match take(bytes)? {
            Rest::Bytes(rest) => put(Some(&rest), code, |_| false),
            Rest::Untouched | Rest::NoFile => {
                unreachable!("lines are there, and others behind them")
            }
        };
    }
    Ok([
        &bytes[..range.start],
        &block(kind, code),
        &bytes[range.end..],
    ]
    .concat())
}

/// The file without the lines.
pub(crate) fn take(bytes: &[u8]) -> Result<Rest, Unclosed> {
    let (mut rest, mut was_made, mut found) = (bytes.to_vec(), false, false);
    while let Some((range, kind)) = find(&rest)? {
        found = true;
        was_made |= kind == Before::Nothing;
        // with other lines behind it, the line end has come to be theirs
        let gap = usize::from(kind == Before::Unended && range.end == rest.len());
        rest.drain(range.start.saturating_sub(gap)..range.end);
    }
    Ok(match () {
        () if !found => Rest::Untouched,
        () if was_made && rest.is_empty() => Rest::NoFile,
        () => Rest::Bytes(rest),
    })
}

fn block(before: Before, code: &str) -> Vec<u8> {
    format!("{BEGIN} {}\n{code}{END}\n", before.words()).into_bytes()
}

/// The first block: where it is, with the end of its last line.
fn find(bytes: &[u8]) -> Result<Option<(Range<usize>, Before)>, Unclosed> {
    let mut begun: Option<(usize, usize, Before)> = None;
    let mut at = 0;
    for (number, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if begun.is_none() && line.starts_with(BEGIN.as_bytes()) {
            let says = |words: &str| memchr::memmem::find(line, words.as_bytes()).is_some();
            let before = Before::ALL.into_iter().find(|before| says(before.words()));
            begun = Some((at, number + 1, before.unwrap_or(Before::Lines)));
        }
        at += line.len();
        if let Some((start, _, before)) = begun
            && line.starts_with(END.as_bytes())
        {
            return Ok(Some((start..at, before)));
        }
    }
    match begun {
        Some((_, number, _)) => Err(Unclosed(number)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(before: Option<&[u8]>) -> Vec<u8> {
        put(before, "code\n", |_| false).unwrap()
    }

    #[test]
    fn in_twice_and_out_to_the_byte() {
        for before in ["", "a", "a\n", "a\r\n", "\n", "\n\n", "a\r\nb", "\u{fffd}"] {
            let once = with(Some(before.as_bytes()));
            let twice = with(Some(&once));
            assert_eq!(once, twice, "{before:?}");
            assert_eq!(take(&twice), Ok(Rest::Bytes(before.into())), "{before:?}");
        }
        assert_eq!(take(&with(Some(&with(None)))), Ok(Rest::NoFile));
        assert_eq!(take(b"nothing here\n"), Ok(Rest::Untouched));
    }

    #[test]
    fn what_a_user_adds_stays() {
        let mut bytes = with(Some(b"a"));
        bytes.extend_from_slice(b"b\n");
        assert_eq!(take(&bytes), Ok(Rest::Bytes(b"a\nb\n".to_vec())));
        let mut made = with(None);
        made.extend_from_slice(b"b\n");
        assert_eq!(take(&made), Ok(Rest::Bytes(b"b\n".to_vec())));
    }

    #[test]
    fn what_overtakes_is_overtaken() {
        let overtakes = |behind: &[u8]| behind.starts_with(b"PATH");
        let mut bytes = with(Some(b"a"));
        bytes.extend_from_slice(b"PATH=b\n");
        let moved = put(Some(&bytes), "code\n", overtakes).unwrap();
        assert!(moved.starts_with(b"a\nPATH=b\n# >>> gomend"));
        assert_eq!(take(&moved), Ok(Rest::Bytes(b"a\nPATH=b\n".to_vec())));
        let mut harmless = with(Some(b"a\n"));
        harmless.extend_from_slice(b"# vim: ft=sh\n");
        assert_eq!(put(Some(&harmless), "code\n", overtakes).unwrap(), harmless);
    }

    #[test]
    fn copies_go_too_and_half_a_block_is_left_alone() {
        let twice = [with(Some(b"a\n")), with(Some(b"b\n"))].concat();
        assert_eq!(take(&twice), Ok(Rest::Bytes(b"a\nb\n".to_vec())));
        let half = b"a\n# >>> gomend >>> (x)\nb\n";
        assert_eq!(take(half), Err(Unclosed(2)));
        assert_eq!(put(Some(half), "code\n", |_| false), Err(Unclosed(2)));
        // an editor turned the line ends
        let turned = String::from_utf8(with(Some(b"a\n")))
            .unwrap()
            .replace('\n', "\r\n");
        assert_eq!(take(turned.as_bytes()), Ok(Rest::Bytes(b"a\r\n".to_vec())));
    }
}
