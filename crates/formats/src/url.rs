//! The parts of a URL, as far as settings and targets need them.
//!
//! In: text from users and servers, hostile. Out: parts that borrow nothing,
//! or `None`. RFC 3986 authority forms and git's `user@host:path` are read;
//! percent-decoding, relative references and IPv6 zones are not.

/// A URL taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Lower case; empty where the text had none.
    pub scheme: String,
    /// What stands before `@`; may hold a secret.
    pub userinfo: Option<String>,
    /// Lower case, without brackets.
    pub host: String,
    /// As written.
    pub port: Option<u16>,
    /// With its leading `/`, with query; may be empty.
    pub path: String,
}

impl Url {
    /// Reads `scheme://[user@]host[:port][/path]`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let named = scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if scheme.is_empty() || !named {
            return None;
        }
        Some(Self {
            scheme: scheme.to_ascii_lowercase(),
            ..Self::authority(rest)?
        })
    }

    /// Reads `[user@]host[:port][/path]`, the form without a scheme that proxies are set in.
    #[must_use]
    pub fn authority(text: &str) -> Option<Self> {
        let end = text.find(['/', '?', '#']).unwrap_or(text.len());
        let (authority, path) = text.split_at(end);
        let (userinfo, host_port) = match authority.rsplit_once('@') {
            Some((userinfo, rest)) => (Some(userinfo.to_owned()), rest),
            None => (None, authority),
        };
        let (host, port) = if let Some(bracketed) = host_port.strip_prefix('[') {
            let (host, after) = bracketed.split_once(']')?;
            (host, after.strip_prefix(':'))
        } else {
            match host_port.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host_port, None),
            }
        };
        let port = match port {
            None | Some("") => None,
            Some(port) => Some(port.parse().ok()?),
        };
        if !is_host(host) {
            return None;
        }
        Some(Self {
            scheme: String::new(),
            userinfo,
            host: host.to_ascii_lowercase(),
            port,
            path: path.to_owned(),
        })
    }

    /// Reads a proxy setting: a URL, or one that lacks the scheme.
    #[must_use]
    pub fn proxy(text: &str) -> Option<Self> {
        if text.contains("://") {
            Self::parse(text)
        } else {
            Self::authority(text)
        }
    }

    /// Reads what git accepts as a remote: a URL, or `[user@]host:path` for ssh.
    #[must_use]
    pub fn remote(text: &str) -> Option<Self> {
        if text.contains("://") {
            return Self::parse(text);
        }
        let (login, path) = text.split_once(':')?;
        if login.contains('/') {
            return None; // a local path
        }
        let url = Self::authority(login)?;
        Some(Self {
            scheme: "ssh".into(),
            path: format!("/{}", path.trim_start_matches('/')),
            ..url
        })
    }

    /// The port that is meant: as written, or the scheme's own.
    #[must_use]
    pub fn port_or_default(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_str() {
            "https" => Some(443),
            "http" | "" => Some(80),
            "ssh" | "git+ssh" | "ssh+git" => Some(22),
            "git" => Some(9418),
            "socks4" | "socks4a" | "socks5" | "socks5h" => Some(1080),
            _ => None,
        })
    }

    /// `scheme://host[:port]`, fit to be shown.
    #[must_use]
    pub fn origin(&self) -> String {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let scheme = if self.scheme.is_empty() {
            "http"
        } else {
            &self.scheme
        };
        format!("{scheme}://{host}{port}")
    }
}

/// Whether this may be a host at all: an address, or dot-separated labels of letters, digits,
/// `-` and `_`, at most 253 bytes (RFC 1035). What does not pass is never looked up or shown to a tool.
#[must_use]
pub fn is_host(text: &str) -> bool {
    if text.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let url = Url::parse("HTTPS://User:s3cret@Git.Corp.Example:8443/a/b?x=1").unwrap();
        assert_eq!(url.scheme, "https");
        assert_eq!(url.userinfo.as_deref(), Some("User:s3cret"));
        assert_eq!(
            (url.host.as_str(), url.port),
            ("git.corp.example", Some(8443))
        );
        assert_eq!(url.path, "/a/b?x=1");
        assert_eq!(url.origin(), "https://git.corp.example:8443");
        let v6 = Url::parse("http://[::1]:3128").unwrap();
        assert_eq!((v6.host.as_str(), v6.port), ("::1", Some(3128)));
        let ssh = Url::remote("git@github.com:org/repo.git").unwrap();
        assert_eq!(
            (ssh.scheme.as_str(), ssh.host.as_str(), ssh.path.as_str()),
            ("ssh", "github.com", "/org/repo.git")
        );
        assert_eq!(ssh.port_or_default(), Some(22));
        assert_eq!(Url::remote("/srv/git/x"), None);
    }

    #[test]
    fn hostile_hosts_do_not_pass() {
        for host in [
            "",
            "-oProxyCommand=x",
            "a b",
            "a..b",
            "a\u{1b}[31m",
            "a;b",
            "$(x)",
            "a/b",
            &"x".repeat(64),
        ] {
            assert!(!is_host(host), "{host:?}");
        }
        for host in [
            "localhost",
            "git.corp.example",
            "git.corp.example.",
            "10.0.0.1",
            "::1",
            "a_b.c-d",
        ] {
            assert!(is_host(host), "{host:?}");
        }
        assert_eq!(Url::parse("https://-oProxyCommand=x/y"), None);
        assert_eq!(Url::parse("https://host:99999/"), None);
    }
}
