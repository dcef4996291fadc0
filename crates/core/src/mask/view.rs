//! A text as a reader would understand it, and where each of its bytes stands in the original: what
//! is found in the view is masked in the text itself, which is otherwise left as it is.

use std::ops::Range;

use super::hidden;

/// What is hidden, and how long: [`hidden::piece`], or more carefully.
pub(super) type Hides = fn(&str) -> usize;

/// Bytes, and the range of the original that each came from.
pub(super) struct View {
    pub(super) text: Vec<u8>,
    from: Vec<Range<usize>>,
    hides: Hides,
    /// Whether sequences were taken away that hide more than their own characters, if they are none.
    pub(super) lost: bool,
}

impl View {
    /// Without what is hidden; line ends and tabs stay, they end a secret.
    pub(super) fn visible(text: &str, hides: Hides) -> Self {
        let mut view = Self::empty(text.len(), hides);
        let mut at = 0;
        while at < text.len() {
            let letter = text[at..].chars().next().map_or(1, char::len_utf8);
            let stays = matches!(text.as_bytes()[at], b'\n' | b'\r' | b'\t');
            let hidden = if stays { 0 } else { hides(&text[at..]) };
            view.lost |= hidden > letter && hidden::common(&text[at..]).is_none();
            if hidden == 0 {
                for byte in at..at + letter {
                    view.push(text.as_bytes()[byte], byte..byte + 1);
                }
            }
            at += hidden.max(letter * usize::from(hidden == 0));
        }
        view
    }

    /// With percent-encoding (RFC 3986), JSON's escapes (RFC 8259), those of signs in shells and names
    /// (RFC 1035, 5.1), HTML's of signs and of any letter, and full-width letters (U+FF01 to U+FF5E)
    /// resolved once, and without what then turns out to be hidden; `None`: nothing was encoded.
    pub(super) fn decoded(&self) -> Option<Self> {
        let mut view = Self::empty(self.text.len(), self.hides);
        let mut at = 0;
        while at < self.text.len() {
            let (length, bytes) = decode(&self.text[at..]);
            let from = self.from[at].start..self.from[at + length - 1].end;
            for byte in &bytes {
                view.push(*byte, from.clone());
            }
            at += length;
        }
        (view.text != self.text).then(|| view.without_hidden())
    }

    fn without_hidden(self) -> Self {
        let Ok(text) = std::str::from_utf8(&self.text) else {
            return self; // half a character is encoded: nothing hides in it
        };
        let shown = Self::visible(text, self.hides);
        let from = shown
            .from
            .iter()
            .map(|range| self.from[range.start].clone());
        Self {
            from: from.collect(),
            ..shown
        }
    }

    /// Where a range of the view stands in the original.
    pub(super) fn origin(&self, range: &Range<usize>) -> Range<usize> {
        self.from[range.start].start..self.from[range.end - 1].end
    }

    fn empty(capacity: usize, hides: Hides) -> Self {
        Self {
            text: Vec::with_capacity(capacity),
            from: Vec::with_capacity(capacity),
            hides,
            lost: false,
        }
    }

    fn push(&mut self, byte: u8, from: Range<usize>) {
        self.text.push(byte);
        self.from.push(from);
    }
}

/// How many bytes the unit takes that `text` begins with, and what it stands for.
fn decode(text: &[u8]) -> (usize, Vec<u8>) {
    const ENTITIES: &[(&[u8], u8)] = &[
        (b"&quot;", b'"'),
        (b"&apos;", b'\''),
        (b"&amp;", b'&'),
        (b"&lt;", b'<'),
        (b"&gt;", b'>'),
        (b"&equals;", b'='),
        (b"&colon;", b':'),
        (b"&commat;", b'@'),
        (b"&sol;", b'/'),
        (b"&lowbar;", b'_'),
    ];
    let hex = |digits: &[u8]| -> Option<u32> {
        let digits = std::str::from_utf8(digits).ok()?;
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| all)
    };
    let plain = || (1, vec![text[0]]);
    match *text {
        [b'%', high, low, ..] => hex(&[high, low])
            .and_then(|code| u8::try_from(code).ok())
            .map_or_else(plain, |byte| (3, vec![byte])),
        [b'\\', b'x', high, low, ..] => hex(&[high, low])
            .and_then(|code| u8::try_from(code).ok())
            .map_or_else(plain, |byte| (4, vec![byte])),
        [b'\\', b'u', b'{', ref rest @ ..] => {
            letter(rest, 16, b'}').map_or_else(plain, |(length, bytes)| (3 + length, bytes))
        }
        [b'&', b'#', b'x' | b'X', ref rest @ ..] => {
            letter(rest, 16, b';').map_or_else(plain, |(length, bytes)| (3 + length, bytes))
        }
        [b'&', b'#', ref rest @ ..] => {
            letter(rest, 10, b';').map_or_else(plain, |(length, bytes)| (2 + length, bytes))
        }
        [0xef, 0xbc, low @ 0x81..=0xbf, ..] => (3, vec![low - 0x81 + b'!']),
        [0xef, 0xbd, low @ 0x80..=0x9e, ..] => (3, vec![low - 0x80 + b'`']),
        [b'\\', b'u', ref rest @ ..] => {
            let unit = |from: usize| rest.get(from..from + 4).and_then(hex);
            let encoded =
                |code: u32| char::from_u32(code).map(|letter| letter.to_string().into_bytes());
            match unit(0) {
                // a surrogate pair; half of one is nothing
                Some(high @ 0xd800..0xdc00) if rest[4..].starts_with(b"\\u") => match unit(6) {
                    Some(low @ 0xdc00..0xe000) => {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        (12, encoded(code).unwrap_or_default())
                    }
                    _ => (6, Vec::new()),
                },
                Some(code) => (6, encoded(code).unwrap_or_default()),
                None => plain(),
            }
        }
        // a byte in octal: what git quotes, and names of DNS
        [
            b'\\',
            high @ b'0'..=b'3',
            mid @ b'0'..=b'7',
            low @ b'0'..=b'7',
            ..,
        ] => {
            let digits = [high, mid, low].map(|digit| digit - b'0');
            (4, vec![digits[0] << 6 | digits[1] << 3 | digits[2]])
        }
        [b'\\', b'n' | b'r', ..] => (2, vec![b'\n']),
        [b'\\', b't', ..] => (2, vec![b'\t']),
        [b'\\', sign, ..] if sign.is_ascii_punctuation() => (2, vec![sign]),
        [b'&', ..] => ENTITIES
            .iter()
            .find(|(entity, _)| text.starts_with(entity))
            .map_or_else(plain, |(entity, sign)| (entity.len(), vec![*sign])),
        _ => plain(),
    }
}

/// The number that `text` begins with, up to `end`: how long it is with that, and the letter it stands for.
fn letter(text: &[u8], radix: u32, end: u8) -> Option<(usize, Vec<u8>)> {
    const MOST: usize = 8; // digits
    let length = text.iter().take(MOST + 1).position(|byte| *byte == end)?;
    let digits = std::str::from_utf8(&text[..length]).ok()?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| is_number)?;
    let letter = char::from_u32(code)?;
    Some((length + 1, letter.to_string().into_bytes()))
}
