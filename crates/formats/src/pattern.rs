//! Go's module path patterns: GOPRIVATE, GONOPROXY, GONOSUMDB, GOINSECURE.
//!
//! As `golang.org/x/mod/module.MatchPrefixPatterns`: a pattern with n slashes
//! is matched, by Go's `path.Match`, against the first n+1 elements of the
//! path. No trimming of blanks; bad patterns match nothing.

/// The patterns of a list, without the blanks around them, which go takes for a part of a pattern.
pub fn items(patterns: &str) -> impl Iterator<Item = &str> {
    let items = patterns.split(',').map(str::trim);
    items.filter(|item| !item.is_empty())
}

/// Whether one of the comma-separated patterns matches a prefix of `path`.
#[must_use]
pub fn matches(patterns: &str, path: &str) -> bool {
    patterns
        .split(',')
        .any(|pattern| matches_one(pattern, path))
}

/// Whether one pattern matches a prefix of `path`.
#[must_use]
pub(crate) fn matches_one(pattern: &str, path: &str) -> bool {
    let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
    if pattern.is_empty() {
        return false;
    }
    let elements = pattern.matches('/').count() + 1;
    let mut ends = path
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([path.len()]);
    ends.nth(elements - 1)
        .is_some_and(|end| glob(pattern.as_bytes(), &path.as_bytes()[..end]))
}

/// Go's `path.Match`: `*` and `?` stop at `/`; `[...]` with ranges and `^`; `\` quotes.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.first() {
        None => name.is_empty(),
        Some(b'*') => {
            let reach = name
                .iter()
                .position(|&byte| byte == b'/')
                .unwrap_or(name.len());
            (0..=reach).any(|skipped| glob(&pattern[1..], &name[skipped..]))
        }
        Some(b'?') => {
            name.first().is_some_and(|&byte| byte != b'/') && glob(&pattern[1..], &name[1..])
        }
        Some(b'[') => class(&pattern[1..], name),
        Some(b'\\') => {
            pattern
                .get(1)
                .is_some_and(|byte| name.first() == Some(byte))
                && glob(&pattern[2..], &name[1..])
        }
        Some(byte) => name.first() == Some(byte) && glob(&pattern[1..], &name[1..]),
    }
}

/// The rest of a `[` class, then the rest of the pattern.
fn class(pattern: &[u8], name: &[u8]) -> bool {
    let Some(&byte) = name.first().filter(|&&byte| byte != b'/') else {
        return false;
    };
    let (negated, mut rest) = match pattern.first() {
        Some(b'^') => (true, &pattern[1..]),
        _ => (false, pattern),
    };
    let (mut hit, mut any) = (false, false);
    loop {
        match rest.first() {
            None => return false, // unterminated: a bad pattern
            Some(b']') if any => break,
            Some(&low) => {
                let (low, after) = if low == b'\\' {
                    let Some(&quoted) = rest.get(1) else {
                        return false;
                    };
                    (quoted, &rest[2..])
                } else {
                    (low, &rest[1..])
                };
                if let [b'-', high, after @ ..] = after
                    && *high != b']'
                {
                    hit |= (low..=*high).contains(&byte);
                    rest = after;
                } else {
                    hit |= low == byte;
                    rest = after;
                }
                any = true;
            }
        }
    }
    hit != negated && glob(&rest[1..], &name[1..])
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn as_go_matches() {
        // pattern, path; verified with the go binary (shared notes on GOPRIVATE patterns)
        let yes = [
            ("*", "github.com/org/repo"),
            ("github.com", "github.com/org/repo"),
            ("github.com/org", "github.com/org/repo/v2"),
            ("github.com/org/*", "github.com/org/repo/sub/deep"),
            ("*.corp.com", "a.b.corp.com/x"),
            ("*/*", "github.com/org/repo"),
            ("github.com/o?g", "github.com/org/repo"),
            ("github.com/[ox]rg", "github.com/org/repo"),
            ("github.com/org/", "github.com/org/repo"),
            (",,github.com/org", "github.com/org/repo"),
            ("*corp.com", "evilcorp.com/x"),
        ];
        let no = [
            ("github.com/org", "github.com/organization/repo"),
            ("github.com/org/*", "github.com/org"),
            ("*.corp.com", "corp.com/x"),
            ("corp.com", "git.corp.com/x"),
            ("github.com/org/repo/v2", "github.com/org/repo"),
            ("github.com/org/...", "github.com/org/repo"),
            ("a.com, b.com", "b.com/x"),
            ("https://github.com/org", "github.com/org/repo"),
            ("{a,b}.com", "a.com/x"),
            ("Github.com", "github.com/org"),
            ("/github.com", "github.com/org"),
            ("!x", "x/y"),
            ("[", "x/y"),
            ("", "x/y"),
            ("none", "github.com/org"),
        ];
        for (pattern, path) in yes {
            assert!(matches(pattern, path), "{pattern} should match {path}");
        }
        for (pattern, path) in no {
            assert!(!matches(pattern, path), "{pattern} should not match {path}");
        }
    }
}
