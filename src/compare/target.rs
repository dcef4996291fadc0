//! What a person names to be compared: a module, a host, a module proxy, a resolver.
//!
//! In: one word of the command line. Out: what it is, or nothing. Pure.

use std::net::{IpAddr, SocketAddr};

use crate::settings::url::{self, Url};

/// One target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A module, with its version where one is named.
    Module(String, Option<String>),
    /// A host: its name is looked up, its paths are tried.
    Host(String, u16),
    /// A module proxy: the URL as given, with what it may carry.
    Mirror(String),
    /// A nameserver.
    Nameserver(SocketAddr),
    /// A resolver over HTTPS (RFC 8484).
    OverHttps(String),
}

impl Target {
    /// What a word names; `None`: nothing of these.
    #[must_use]
    pub(crate) fn parse(word: &str) -> Option<Self> {
        if let Some(address) = nameserver(word) {
            return Some(Self::Nameserver(address));
        }
        if word.contains("://") {
            let url = Url::parse(word)?;
            let resolver = url.path.contains("/dns-query") || url.path.ends_with("/resolve");
            return match url.scheme.as_str() {
                "https" if resolver => Some(Self::OverHttps(word.to_owned())),
                "https" | "http" => Some(Self::Mirror(word.to_owned())),
                _ => None,
            };
        }
        let (path, version) = match word.split_once('@') {
            Some((path, version)) => (path, Some(version)),
            None => (word, None),
        };
        if path.contains('/') {
            let host = path.split('/').next().unwrap_or_default();
            let named = host.contains('.') && url::is_host(host) && is_plain(path);
            let version = version.map(str::to_owned);
            return (named && version.as_deref().is_none_or(is_plain))
                .then(|| Self::Module(path.trim_end_matches('/').to_owned(), version));
        }
        let url = Url::authority(word).filter(|url| url.userinfo.is_none())?;
        // a bare word is a mistyped option or command rather than a host
        let named = url.host.contains('.') || url.host == "localhost";
        (named && url.path.is_empty()).then(|| Self::Host(url.host, url.port.unwrap_or(443)))
    }
}

/// `1.1.1.1`, `1.1.1.1:5353`, `2606:4700::1111`, `[::1]:53`.
fn nameserver(word: &str) -> Option<SocketAddr> {
    word.parse::<IpAddr>()
        .map(|ip| SocketAddr::new(ip, 53))
        .or_else(|_| word.parse())
        .ok()
}

/// A module path or version that is safe in a URL and as an argument.
fn is_plain(word: &str) -> bool {
    !word.is_empty()
        && !word.starts_with('-')
        && !word.contains("..")
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let parse = |word: &str| Target::parse(word);
        assert_eq!(
            parse("github.com/BurntSushi/toml@v1.2.0"),
            Some(Target::Module(
                "github.com/BurntSushi/toml".into(),
                Some("v1.2.0".into())
            ))
        );
        assert_eq!(
            parse("golang.org/x/text"),
            Some(Target::Module("golang.org/x/text".into(), None))
        );
        assert_eq!(
            parse("github.com"),
            Some(Target::Host("github.com".into(), 443))
        );
        assert_eq!(
            parse("git.x.example:8443"),
            Some(Target::Host("git.x.example".into(), 8443))
        );
        assert_eq!(
            parse("https://goproxy.cn"),
            Some(Target::Mirror("https://goproxy.cn".into()))
        );
        assert_eq!(
            parse("https://dns.google/dns-query"),
            Some(Target::OverHttps("https://dns.google/dns-query".into()))
        );
        assert_eq!(
            parse("9.9.9.9"),
            Some(Target::Nameserver("9.9.9.9:53".parse().unwrap()))
        );
        assert_eq!(
            parse("[::1]:5353"),
            Some(Target::Nameserver("[::1]:5353".parse().unwrap()))
        );
        for word in [
            "",
            "ful",
            "-x",
            "a b.example",
            "ftp://a.example",
            "https://",
            "x.example/-y;z",
            "x.example/../y",
            "github.com/x@-v",
            "u:p@a.example",
        ] {
            assert_eq!(parse(word), None, "{word:?}");
        }
    }
}
