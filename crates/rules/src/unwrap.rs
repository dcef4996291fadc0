//! Takes the noise off: bytes from any log go in, logical lines come out, with
//! what docker, `BuildKit`, compose, CI systems, loggers and terminals added
//! removed, JSON escapes undone and hard-wrapped lines joined again.
//!
//! Indentation below a prefix is kept: go's own blocks are told by it.

use std::borrow::Cow;

use super::wrap::{Wrapping, rejoin};
use super::{paste, prefix};

/// One logical line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The text without noise, indentation kept.
    pub(super) text: String,
    /// Number of the first raw line that it comes from, from 1.
    pub(super) number: usize,
}

/// JSON inside JSON inside JSON, and no further.
const MAX_ESCAPES: usize = 3;
/// Depth to which a JSON object is searched for text.
const MAX_NESTING: usize = 4;
/// The logical lines of a log, and whether hard wraps in it can be read another way too.
pub(super) fn lines(text: &[u8], wrapping: Wrapping) -> (Vec<Line>, bool) {
    let mut ambiguous = false;
    let text = decode(text);
    let text = strip_escapes(&text);
    // No-break spaces (French punctuation) come and go with copying.
    let text = if text.contains('\u{a0}') {
        Cow::Owned(text.replace('\u{a0}', " "))
    } else {
        text
    };
    let mut raw = Vec::new();
    for (at, chunk) in text.split('\n').enumerate() {
        let chunk = chunk.strip_suffix('\r').unwrap_or(chunk);
        // A lone carriage return redraws a line: each drawing counts, and is the same speaker's.
        for (drawing, piece) in chunk.split('\r').enumerate() {
            let speaker = if drawing == 0 { "" } else { speaker(chunk) };
            raw.push(Line {
                text: format!("{speaker}{piece}"),
                number: at + 1,
            });
        }
    }
    let raw = rejoin(raw, wrapping, &mut ambiguous);
    let mut out = Vec::with_capacity(raw.len());
    for line in raw {
        unescape(line, &mut out, MAX_ESCAPES);
    }
    for line in &mut out {
        if line.text.starts_with('\t') {
            continue; // go's own indentation: what git printed, whatever that begins with
        }
        let rest = prefix::strip(&line.text);
        if rest.len() != line.text.len() {
            line.text = rest.to_owned();
        }
    }
    let lines = paste::mend(rejoin(out, wrapping, &mut ambiguous));
    (lines, ambiguous)
}

/// UTF-8 as far as it goes; UTF-16 (`PowerShell` redirections) when it is marked or
/// every second byte is NUL; NUL bytes are dropped.
fn decode(text: &[u8]) -> Cow<'_, str> {
    let wide = |little: bool| {
        let units: Vec<u16> = text
            .chunks_exact(2)
            .map(|pair| {
                if little {
                    u16::from_le_bytes([pair[0], pair[1]])
                } else {
                    u16::from_be_bytes([pair[0], pair[1]])
                }
            })
            .collect();
        Cow::Owned(String::from_utf16_lossy(&units))
    };
    match text {
        [0xff, 0xfe, ..] => return wide(true),
        [0xfe, 0xff, ..] => return wide(false),
        _ => {}
    }
    if !text.contains(&0) {
        return String::from_utf8_lossy(text);
    }
    let odd = text.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
    // From the beginning: a server that sends NUL bytes below go's line doesn't say how that is read.
    let begins = text.iter().skip(1).step_by(2).take(4).all(|b| *b == 0);
    if begins && text.len() > 8 && odd * 5 > text.len() * 2 {
        return wide(true);
    }
    let kept: Vec<u8> = text.iter().copied().filter(|b| *b != 0).collect();
    Cow::Owned(String::from_utf8_lossy(&kept).into_owned())
}

/// Removes terminal control sequences (ECMA-48 CSI, OSC and two-byte escapes),
/// and colour codes whose ESC byte a log has lost (`[91m`).
fn strip_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains(['\u{1b}', '\u{9b}']) && !text.contains("[0m") && !text.contains("[91m") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\u{1b}', '\u{9b}', '[']) {
        out.push_str(&rest[..at]);
        let tail = &rest[at..];
        let length = escape_length(tail);
        if length == 0 {
            out.push('[');
            rest = &tail[1..];
        } else {
            rest = &tail[length..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Length of the control sequence that `tail` starts with; 0 if it is only a bracket.
fn escape_length(tail: &str) -> usize {
    let bytes = tail.as_bytes();
    let body = match bytes[0] {
        0x1b if bytes.get(1) == Some(&b'[') => 2,
        0x1b if bytes.get(1) == Some(&b']') => {
            let end = bytes.iter().position(|b| *b == 0x07 || *b == b'\n');
            return end.map_or(
                bytes.len(),
                |end| if bytes[end] == b'\n' { end } else { end + 1 },
            );
        }
        0x1b => {
            let next = tail[1..].chars().next().filter(|c| *c != '\n');
            return 1 + next.map_or(0, char::len_utf8);
        }
        b'[' => {
            let digits = bytes[1..]
                .iter()
                .take_while(|b| b.is_ascii_digit() || **b == b';')
                .count();
            let ends = bytes.get(1 + digits) == Some(&b'm');
            return if ends && (1..=8).contains(&digits) {
                digits + 2
            } else {
                0
            };
        }
        _ => '\u{9b}'.len_utf8(),
    };
    let parameters = bytes[body..]
        .iter()
        .take_while(|b| (0x20..0x40).contains(*b))
        .count();
    let end = body + parameters;
    if bytes.get(end).is_some_and(|b| (0x40..0x7f).contains(b)) {
        end + 1
    } else {
        end
    }
}

/// How a line begins that goes on in another line's name: a server's words stay a server's, and what
/// go indents stays below go's line.
fn speaker(line: &str) -> &str {
    let indent = line.len() - line.trim_start_matches('\t').len();
    if is_remote(line) {
        &line[..line.find("remote:").unwrap_or_default() + "remote:".len()]
    } else {
        &line[..indent]
    }
}

/// What a server says, as git marks it.
pub(super) fn is_remote(line: &str) -> bool {
    line.trim_start().starts_with("remote:")
}

/// Splits a line that holds escaped line ends (`{"stderr":"go: x\n\tfatal: y"}`).
fn unescape(line: Line, out: &mut Vec<Line>, depth: usize) {
    if is_remote(prefix::strip(&line.text)) {
        out.push(line); // git has split it: what looks like a line end is the server's
        return;
    }
    let object = line.text.trim_start().starts_with("{\"");
    if let Some(text) = (depth > 0 && object)
        .then(|| object_text(line.text.trim()))
        .flatten()
    {
        for piece in strip_escapes(&text).split('\n') {
            let piece = Line {
                text: piece.to_owned(),
                number: line.number,
            };
            unescape(piece, out, depth - 1);
        }
        return;
    }
    if depth == 0 || !is_escaped(&line.text) {
        if line.text.contains("%0A") && line.text.contains("::") {
            let text = line
                .text
                .replace("%0A", "\n")
                .replace("%0D", "")
                .replace("%25", "%");
            push_pieces(&text, line.number, out);
        } else if line.text.contains("&#39;") || line.text.contains("&quot;") {
            let text = line
                .text
                .replace("&#39;", "'")
                .replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&gt;", ">")
                .replace("&lt;", "<")
                .replace("&amp;", "&");
            out.push(Line {
                text,
                number: line.number,
            });
        } else {
            out.push(line);
        }
        return;
    }
    let mut text = String::with_capacity(line.text.len());
    let mut rest = line.text.as_str();
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let mut chars = tail.chars();
        let used = match chars.next() {
            Some('n') => {
                text.push('\n');
                1
            }
            Some('r') => 1,
            Some('t') => {
                text.push('\t');
                1
            }
            Some(c @ ('"' | '\\' | '/' | '\'')) => {
                text.push(c);
                1
            }
            Some('u') => {
                let code = tail
                    .get(1..5)
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok());
                text.push(code.map_or('\\', |code| char::from_u32(code).unwrap_or('\u{fffd}')));
                if code.is_some() { 5 } else { 0 }
            }
            _ => {
                text.push('\\');
                0
            }
        };
        rest = &tail[used..];
    }
    text.push_str(rest);
    let text = strip_escapes(&text);
    for (at, piece) in text.split('\n').enumerate() {
        let speaker = if at == 0 { "" } else { speaker(&line.text) };
        unescape(
            Line {
                text: format!("{speaker}{piece}"),
                number: line.number,
            },
            out,
            depth - 1,
        );
    }
}

/// The sentences in a JSON object (docker's `log`, a logger's `msg`, `go build -json`'s
/// `Output`); `None` for what is not JSON and for the output of a test.
fn object_text(line: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(line).ok()?;
    if value.get("Action").is_some_and(|action| action == "output") {
        return None;
    }
    // docker's json-file driver: one line a object, blank ones too.
    if let Some(serde_json::Value::String(log)) = value.get("log") {
        return Some(log.strip_suffix('\n').unwrap_or(log).to_owned());
    }
    let mut text = String::new();
    collect(&value, &mut text, MAX_NESTING);
    text.truncate(text.trim_end_matches('\n').len());
    Some(text)
}

fn collect(value: &serde_json::Value, text: &mut String, depth: usize) {
    match value {
        serde_json::Value::String(string) if string.trim().contains([' ', '\n']) => {
            text.push_str(string.strip_suffix('\n').unwrap_or(string));
            text.push('\n');
        }
        serde_json::Value::Array(values) if depth > 0 => values
            .iter()
            .for_each(|value| collect(value, text, depth - 1)),
        serde_json::Value::Object(fields) if depth > 0 => fields
            .values()
            .for_each(|value| collect(value, text, depth - 1)),
        _ => {}
    }
}

fn push_pieces(text: &str, number: usize, out: &mut Vec<Line>) {
    out.extend(text.split('\n').map(|piece| Line {
        text: piece.to_owned(),
        number,
    }));
}

/// Escaped text has `\n`, `\t` or `\"` near quotes; a Windows path has a drive letter
/// with a single backslash behind it.
fn is_escaped(text: &str) -> bool {
    let Some(first) = text.find('\\') else {
        return false;
    };
    let has = |what: &str| text[first..].contains(what);
    if !(has("\\n") || has("\\t") || has("\\\"") || has("\\u")) {
        return false;
    }
    if has_windows_path(text) {
        return false;
    }
    has("\\n\\t") || has("\\\"") || text[..first].contains('"') || text.contains("\\n")
}

fn has_windows_path(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(4).enumerate().any(|(at, w)| {
        w[0].is_ascii_alphabetic()
            && w[1] == b':'
            && w[2] == b'\\'
            && w[3] != b'\\'
            && w[3] != b'"'
            && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric())
        // `"msg":\n` style escapes never follow a single letter and a colon.
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        lines(text.as_bytes(), Wrapping::Cut)
            .0
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    #[test]
    fn prefixes_are_taken_off() {
        for line in [
            "#12 14.70 go: x",
            "build #15 4.702 go: x",
            "web_1  | go: x",
            " updater | 2024/02/15 21:52:11 INFO go: x",
            "2024-08-29T07:08:17.2461234Z go: x",
            "[2019-09-04T07:41:12.213Z] go: x",
            "[   24s] go: x",
            "12:53:47  go: x",
            "66.38 go: x",
            "       > go: x",
            "    ┃ go: x",
            "[builder] go: x",
        ] {
            assert_eq!(prefix::strip(line).trim(), "go: x", "{line}");
        }
    }

    #[test]
    fn indentation_below_a_prefix_is_kept() {
        assert_eq!(prefix::strip("#17 2.512 \tfatal: x"), "\tfatal: x");
        assert_eq!(prefix::strip("[builder] \tfatal: x"), "\tfatal: x");
    }

    #[test]
    fn json_escapes_become_lines() {
        assert_eq!(
            texts(r#"{"stderr":"go: a\n\tfatal: \"b\"\n"}"#),
            ["go: a", "\tfatal: \"b\""]
        );
    }

    #[test]
    fn windows_paths_are_not_escapes() {
        let path = r#"package x: "git" in C:\new\test: exit status 128"#;
        assert_eq!(texts(path), [path]);
    }

    #[test]
    fn colours_and_carriage_returns_go() {
        assert_eq!(
            texts("\x1b[31mgo: x\x1b[0m\r\n\x1b]0;title\x07y"),
            ["go: x", "y"]
        );
        assert_eq!(texts("[91mgo: x[0m"), ["go: x"]);
    }

    #[test]
    fn hard_wraps_are_joined() {
        let long = format!(
            "go: {}: could not read Username for 'https://github.com'",
            "m".repeat(50)
        );
        let (head, tail) = long.split_at(80);
        assert_eq!(texts(&format!("{head}\n{tail}")), [long]);
    }

    #[test]
    fn utf16_is_read() {
        let wide: Vec<u8> = "\u{feff}go: x"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(
            lines(&wide, Wrapping::Cut).0[0]
                .text
                .trim_start_matches('\u{feff}'),
            "go: x"
        );
    }
}
