//! Takes the noise off: bytes from any log go in, logical lines come out, with
//! what docker, `BuildKit`, compose, CI systems, loggers and terminals added
//! removed, JSON escapes undone and hard-wrapped lines joined again.
//!
//! Indentation below a prefix is kept: go's own blocks are told by it. Not
//! handled: words that a wrap at unequal widths has torn apart.

use std::borrow::Cow;

/// One logical line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// The text without noise, indentation kept.
    pub(super) text: String,
    /// Number of the first raw line that it comes from, from 1.
    pub(super) number: usize,
}

/// Prefixes stacked deeper than this are left alone.
const MAX_PREFIXES: usize = 6;
/// JSON inside JSON inside JSON, and no further.
const MAX_ESCAPES: usize = 3;
/// Widths at which terminals and mail programs wrap.
const WIDTHS: [usize; 8] = [72, 76, 78, 79, 80, 100, 120, 132];

/// The logical lines of a log.
pub(super) fn lines(text: &[u8]) -> Vec<Line> {
    let text = decode(text);
    let text = strip_escapes(&text);
    let mut raw = Vec::new();
    for (at, chunk) in text.split('\n').enumerate() {
        let chunk = chunk.strip_suffix('\r').unwrap_or(chunk);
        // A lone carriage return redraws a line: each drawing counts.
        for piece in chunk.split('\r') {
            raw.push(Line {
                text: piece.to_owned(),
                number: at + 1,
            });
        }
    }
    let raw = rejoin(raw);
    let mut out = Vec::with_capacity(raw.len());
    for line in raw {
        unescape(line, &mut out, MAX_ESCAPES);
    }
    for line in &mut out {
        let rest = strip_prefixes(&line.text);
        if rest.len() != line.text.len() {
            line.text = rest.to_owned();
        }
    }
    rejoin(out)
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
    if text.len() > 8 && odd * 5 > text.len() * 2 {
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

/// Splits a line that holds escaped line ends (`{"stderr":"go: x\n\tfatal: y"}`).
fn unescape(line: Line, out: &mut Vec<Line>, depth: usize) {
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
    for piece in text.split('\n') {
        unescape(
            Line {
                text: piece.to_owned(),
                number: line.number,
            },
            out,
            depth - 1,
        );
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

/// What is left of a line below the prefixes of container, CI and log programs.
pub(super) fn strip_prefixes(line: &str) -> &str {
    let mut rest = line;
    for _ in 0..MAX_PREFIXES {
        match prefix(rest) {
            Some(below) => rest = below,
            None => break,
        }
    }
    rest
}

/// One prefix less, if there is one.
fn prefix(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    match bytes.first()? {
        b'#' => buildkit(line),
        b'0'..=b'9' => timestamp(line).or_else(|| seconds(line)),
        b'[' => bracketed(line),
        b'>' => line
            .strip_prefix("> ")
            .filter(|below| !below.trim_start().starts_with('>')),
        b'|' => line.strip_prefix("| "),
        b'!' => line.strip_prefix("! "),
        b' ' | b'\t' => indented(line),
        b'"' => line.strip_prefix('"').filter(|below| is_own_start(below)),
        0xe2 => ["│ ", "┃ ", "│", "┃"]
            .iter()
            .find_map(|bar| line.strip_prefix(bar)),
        b'A'..=b'Z' | b'a'..=b'z' => compose(line)
            .or_else(|| level(line))
            .or_else(|| buildkit_named(line)),
        _ => None,
    }
}

/// Words that only the beginning of go's or git's own lines have.
fn is_own_start(text: &str) -> bool {
    [
        "go: ",
        "go get",
        "fatal: ",
        "error: ",
        "remote: ",
        "package ",
        "verifying ",
    ]
    .iter()
    .any(|start| text.starts_with(start))
}

/// `#12 14.70 go: ...`, `#12 ERROR: ...`
fn buildkit(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest[digits..].strip_prefix(' ').filter(|_| digits > 0)?;
    Some(seconds(rest).unwrap_or(rest))
}

/// `build #15 4.702 go: ...`
fn buildkit_named(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once(" #")?;
    let plain = name.len() < 40
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b));
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if !plain || digits == 0 {
        return None;
    }
    let rest = rest[digits..].strip_prefix(' ')?;
    Some(seconds(rest).unwrap_or(rest))
}

/// `14.70 go: ...`, as `BuildKit` prints seconds.
fn seconds(line: &str) -> Option<&str> {
    let whole = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = line[whole..]
        .strip_prefix('.')
        .filter(|_| whole > 0 && whole < 7)?;
    let part = rest.bytes().take_while(u8::is_ascii_digit).count();
    let rest = rest[part..].strip_prefix('s').unwrap_or(&rest[part..]);
    rest.strip_prefix(' ').filter(|_| (1..=3).contains(&part))
}

/// `web_1  | `, `updater | `: a container's name.
fn compose(line: &str) -> Option<&str> {
    let (name, rest) = line.split_once('|')?;
    let word = name.trim_end();
    let plain = !word.is_empty()
        && word.len() < 64
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    (plain && name.ends_with(' ')).then(|| rest.strip_prefix(' ').unwrap_or(rest))
}

/// `INFO `, `ERROR: `, `Error: `, `level=error msg="`
fn level(line: &str) -> Option<&str> {
    for word in [
        "INFO", "WARN", "WARNING", "ERROR", "DEBUG", "TRACE", "FATAL", "info", "warn", "debug",
        "Error:",
    ] {
        if let Some(rest) = line.strip_prefix(word) {
            let rest = rest.strip_prefix(':').unwrap_or(rest);
            let rest = rest.strip_prefix('\t').or_else(|| rest.strip_prefix(' '))?;
            return Some(rest.strip_prefix("- ").unwrap_or(rest));
        }
    }
    None
}

/// `2024-08-29T07:08:17.246Z `, `2023/08/15 07:40:03 `, `12:53:47 `, `07:08:17,246 - `
fn timestamp(line: &str) -> Option<&str> {
    let length = line
        .bytes()
        .take_while(|b| b.is_ascii_digit() || b"-/:.,TZ+".contains(b))
        .count();
    let stamp = &line[..length];
    let digits = stamp.bytes().filter(u8::is_ascii_digit).count();
    let clock = stamp.matches(':').count() >= 2;
    let date = stamp.matches('-').count() >= 2 || stamp.matches('/').count() == 2;
    let minutes = stamp.len() <= 6 && stamp.len() >= 5 && stamp.matches(':').count() == 1;
    if !(digits >= 4 && (clock || date || minutes)) {
        return None;
    }
    let rest = line[length..]
        .strip_prefix(' ')
        .or_else(|| line[length..].strip_prefix('\t'))?;
    let rest = rest.strip_prefix("UTC ").unwrap_or(rest);
    Some(rest.strip_prefix("- ").unwrap_or(rest))
}

/// `[2019-09-04T07:41:12.213Z] `, `[   24s] `, `[INFO] `, `[builder] `, `[1260 ms] `
fn bracketed(line: &str) -> Option<&str> {
    let (inside, rest) = line[1..].split_once(']')?;
    let word = inside.trim();
    let plain = !word.is_empty()
        && word.len() < 48
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" :./,-_+\\".contains(&b));
    if !plain || word.contains("setup failed") || word.contains("build failed") {
        return None;
    }
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix(' ')
    }
}

/// Prefixes that stand behind indentation: ` > `, `  │ `, ` [date] `, ` 12.3 `.
fn indented(line: &str) -> Option<&str> {
    let below = line.trim_start_matches([' ', '\t']);
    let first = below.chars().next()?;
    let inner = match first {
        '>' => below
            .strip_prefix('>')
            .map(|r| r.strip_prefix(' ').unwrap_or(r)),
        '│' | '┃' => prefix(below),
        '|' => below.strip_prefix("| "),
        '[' if line.len() - below.len() <= 4 => bracketed(below)
            .filter(|_| below[1..].starts_with(|c: char| c.is_ascii_digit() || c == ' ')),
        '0'..='9' if line.len() - below.len() <= 6 => timestamp(below),
        'a'..='z' if line.len() - below.len() <= 2 => compose(below),
        _ => None,
    }?;
    Some(inner)
}

/// Joins what a terminal or a mail program has wrapped at a fixed width.
fn rejoin(lines: Vec<Line>) -> Vec<Line> {
    let widths: Vec<usize> = lines.iter().map(|line| line.text.chars().count()).collect();
    let Some(wrap) = wrapping(&lines, &widths) else {
        return lines;
    };
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    let mut open = false;
    for (line, width) in lines.into_iter().zip(widths) {
        let joined = match out.last_mut() {
            Some(last) if open && !starts_fresh(&line.text) => {
                if wrap.by_words && !last.text.ends_with(' ') && width > 0 {
                    last.text.push(' ');
                }
                last.text.push_str(if wrap.by_words {
                    line.text.trim_start()
                } else {
                    line.text
                        .strip_prefix(wrap.indent.as_str())
                        .unwrap_or(&line.text)
                });
                true
            }
            _ => false,
        };
        open = if wrap.by_words {
            width * 10 > wrap.width * 6 && width <= wrap.width
        } else {
            width == wrap.width
        };
        if !joined {
            out.push(line);
        }
    }
    out
}

struct Wrap {
    width: usize,
    by_words: bool,
    indent: String,
}

/// The width at which this text was wrapped, if it was: no line is longer, and
/// lines that reach it exactly (or end where the next word would not have fitted)
/// are followed by more text.
fn wrapping(lines: &[Line], widths: &[usize]) -> Option<Wrap> {
    let width = *widths.iter().max()?;
    if !(60..=400).contains(&width) {
        return None;
    }
    let continued = |at: usize| {
        lines
            .get(at + 1)
            .is_some_and(|next| !next.text.trim().is_empty() && !starts_fresh(&next.text))
    };
    let exact = (0..lines.len())
        .filter(|at| widths[*at] == width && continued(*at))
        .count();
    if exact > 0 && (WIDTHS.contains(&width) || exact > 1) {
        let indent: String = lines
            .iter()
            .filter(|l| !l.text.trim().is_empty())
            .map(|l| leading(&l.text))
            .min_by_key(|lead| lead.len())
            .unwrap_or_default()
            .to_owned();
        return Some(Wrap {
            width,
            by_words: false,
            indent,
        });
    }
    let limit = WIDTHS
        .into_iter()
        .find(|limit| *limit >= width && limit - width < 20)?;
    let broken = (0..lines.len()).filter(|at| {
        let Some(next) = lines.get(at + 1) else {
            return false;
        };
        let word = next
            .text
            .trim_start()
            .split(' ')
            .next()
            .map_or(0, |word| word.chars().count());
        widths[*at] * 10 > limit * 6
            && continued(*at)
            && leading(&next.text).is_empty()
            && widths[*at] + 1 + word > limit
    });
    (broken.count() > 0).then_some(Wrap {
        width: limit,
        by_words: true,
        indent: String::new(),
    })
}

fn leading(text: &str) -> &str {
    &text[..text.len() - text.trim_start_matches([' ', '\t']).len()]
}

/// A line that no wrapping has produced.
fn starts_fresh(text: &str) -> bool {
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
    ];
    let text = strip_prefixes(text);
    text.starts_with('\t') || FRESH.iter().any(|start| text.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        lines(text.as_bytes())
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
            assert_eq!(strip_prefixes(line).trim(), "go: x", "{line}");
        }
    }

    #[test]
    fn indentation_below_a_prefix_is_kept() {
        assert_eq!(strip_prefixes("#17 2.512 \tfatal: x"), "\tfatal: x");
        assert_eq!(strip_prefixes("[builder] \tfatal: x"), "\tfatal: x");
    }

    #[test]
    fn json_escapes_become_lines() {
        assert_eq!(
            texts(r#"{"stderr":"go: a\n\tfatal: \"b\"\n"}"#),
            ["{\"stderr\":\"go: a", "\tfatal: \"b\"", "\"}"]
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
        assert_eq!(lines(&wide)[0].text.trim_start_matches('\u{feff}'), "go: x");
    }
}
