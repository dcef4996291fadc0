//! Versions of Go and git, as far as one is older than another.

/// Major, minor, patch; a release candidate stands before its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
    patch: i64,
}

impl Version {
    /// Reads `1.24`, `go1.21.3`, `1.25rc1`, `2.47.1.windows.1`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix("go").unwrap_or(text);
        let mut parts = text.splitn(4, '.');
        let major = parts.next()?.parse().ok()?;
        let (minor, tail) = number(parts.next()?)?;
        let patch = match parts.next() {
            _ if !tail.is_empty() => -1, // 1.25rc1
            Some(patch) => number(patch)?.0.into(),
            None => 0,
        };
        Some(Self {
            major,
            minor,
            patch,
        })
    }

    /// Major and minor: what Go calls the language version.
    #[must_use]
    pub fn release(self) -> (u32, u32) {
        (self.major, self.minor)
    }

    /// Reads every version that stands in a text after `before`: `golang:1.21-alpine`.
    pub fn after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        text.match_indices(before).filter_map(move |(at, _)| {
            let start = at + before.len();
            let rest = &text[start..];
            let end = rest
                .find(|letter: char| !(letter.is_ascii_digit() || letter == '.'))
                .unwrap_or(rest.len());
            let found = rest[..end].trim_end_matches('.');
            Self::parse(found).map(|_| (start, found))
        })
    }
}

/// A number, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_releases() {
        let order = [
            "1.9",
            "1.21rc2",
            "go1.21",
            "1.21.3",
            "1.24.11",
            "2.1.0.windows.1",
        ];
        let read: Vec<_> = order.map(|text| Version::parse(text).unwrap()).to_vec();
        assert!(read.is_sorted(), "{read:?}");
        assert_eq!(Version::parse("1"), None);
        assert_eq!(Version::parse("latest"), None);
        let found: Vec<_> =
            Version::after("FROM golang:1.21-alpine AS golang:x", "golang:").collect();
        assert_eq!(found, [(12, "1.21")]);
    }
}
