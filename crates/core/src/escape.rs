//! Text as other formats take it, so that none of it speaks for gomend there.

use std::fmt::Write as _;

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // to a String: cannot fail
        hex
    })
}

/// A path in a URI: percent-encoded but for unreserved characters and slashes (RFC 3986, 2.3 and 3.3).
#[must_use]
pub fn uri_path(path: &[u8]) -> String {
    path.iter().fold(String::new(), |mut uri, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}"); // to a String: cannot fail
        }
        uri
    })
}

/// An attribute or content of XML. What XML 1.0 has no place for (section 2.2, Char) becomes U+FFFD.
#[must_use]
pub fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\r' => escaped.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The message of a workflow command of GitHub's.
#[must_use]
pub fn github(text: &str) -> String {
    one_line(text, "%25")
}

/// A property of a workflow command of GitHub's.
#[must_use]
pub fn github_property(text: &str) -> String {
    github(text).replace(':', "%3A").replace(',', "%2C")
}

/// The message of a logging command of Azure's.
#[must_use]
pub fn azure(text: &str) -> String {
    one_line(text, "%AZP25")
}

/// A property of a logging command of Azure's.
#[must_use]
pub fn azure_property(text: &str) -> String {
    azure(text).replace(';', "%3B").replace(']', "%5D")
}

fn one_line(text: &str, percent: &str) -> String {
    text.replace('%', percent)
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A value of a service message of `TeamCity`; beyond ASCII as UTF-16.
#[must_use]
pub fn teamcity(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '\'' | '[' | ']' => out.extend(['|', letter]),
            '\n' => out += "|n",
            '\r' => out += "|r",
            _ if letter.is_ascii() => out.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "|0x{unit:04X}"); // to a String: cannot fail
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of each system's own documentation.
    #[test]
    fn values_are_escaped_as_documented() {
        assert_eq!(github_property("a:b,c%\r\n"), "a%3Ab%2Cc%25%0D%0A");
        assert_eq!(
            github("100%: a, b\n::error::x"),
            "100%25: a, b%0A::error::x"
        );
        assert_eq!(azure("50%\r\nx"), "50%AZP25%0D%0Ax");
        assert_eq!(azure_property("a;b]c"), "a%3Bb%5Dc");
        assert_eq!(teamcity("|'[]\n\r"), "|||'|[|]|n|r");
        assert_eq!(teamcity("Бx😀"), "|0x0411x|0xD83D|0xDE00");
        assert_eq!(uri_path("a b/ü".as_bytes()), "a%20b/%C3%BC");
        assert_eq!(hex(&[0, 0xaf]), "00af");
    }
}
