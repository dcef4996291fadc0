//! The prefixes of container, CI and log programs: one line goes in, what is left below
//! them comes out.
//!
//! Indentation below a prefix is kept: go's own blocks are told by it.

/// Prefixes stacked deeper than this are left alone.
const MAX_PREFIXES: usize = 6;

/// What is left of a line below the prefixes of container, CI and log programs.
pub(super) fn strip(line: &str) -> &str {
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
    let rest = gitlab_section(rest).unwrap_or(rest);
    Some(rest.strip_prefix("- ").unwrap_or(rest))
}

/// `01O `, `00E `: the stream that GitLab notes behind a timestamp.
fn gitlab_section(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let section = bytes.len() > 3
        && bytes[..2].iter().all(u8::is_ascii_hexdigit)
        && matches!(bytes[2], b'O' | b'E')
        && matches!(bytes[3], b' ' | b'+');
    section.then(|| &line[4..])
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
