//! Which HTTP proxy each stack would use for a URL, and why.
//!
//! Go: `golang.org/x/net/http/httpproxy` (upper case first, no `ALL_PROXY`,
//! `NO_PROXY` with ports, CIDR and `*.x`). git: `http.[url.]proxy`, else the
//! variables as git's `http.c` reads them (lower case wins, no upper-case
//! `HTTP_PROXY`, `ALL_PROXY` counts) and libcurl's `NO_PROXY` (suffixes, CIDR,
//! blanks separate, no ports). Not handled: `remote.*.proxy`, which a module
//! fetch has none of; international names in `NO_PROXY`.

use std::net::IpAddr;

use super::Env;
use super::url::Url;

/// Every variable that names a proxy.
pub const VARIABLES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// A choice and what decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// No proxy; the variable that exempts the host, if one does.
    Direct(Option<String>),
    /// This proxy, named by this variable or key.
    Proxy(Url, String),
    /// A proxy is set by this variable or key, and cannot be read.
    Malformed(String),
}

impl Choice {
    /// The proxy, if one is chosen.
    #[must_use]
    pub fn proxy(&self) -> Option<&Url> {
        match self {
            Self::Proxy(url, _) => Some(url),
            _ => None,
        }
    }
}

/// Go's choice for `scheme://host:port`.
#[must_use]
pub fn go(env: &Env, scheme: &str, host: &str, port: u16) -> Choice {
    let names: &[&str] = match scheme {
        "https" => &["HTTPS_PROXY", "https_proxy"],
        "http" if env.var("REQUEST_METHOD").is_some() => &[], // CGI: Go refuses HTTP_PROXY there
        "http" => &["HTTP_PROXY", "http_proxy"],
        _ => &[],
    };
    let Some((name, value)) = first(env, names) else {
        return Choice::Direct(None);
    };
    if host == "localhost" || address(host).is_some_and(|ip| ip.is_loopback()) {
        return Choice::Direct(Some("loopback".into()));
    }
    if let Some((no_proxy, list)) = first(env, &["NO_PROXY", "no_proxy"])
        && list.split(',').any(|entry| go_exempts(entry, host, port))
    {
        return Choice::Direct(Some(no_proxy.into()));
    }
    chosen(name, value)
}

/// git's choice for `scheme://host:port`; `configured` is `http.[url.]proxy` if set, even empty.
#[must_use]
pub fn git(env: &Env, configured: Option<&str>, scheme: &str, host: &str) -> Choice {
    let names: &[&str] = match scheme {
        "https" => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        "http" => &["http_proxy", "all_proxy", "ALL_PROXY"],
        _ => return Choice::Direct(None), // ssh and git:// know none of these
    };
    let (name, value) = match configured {
        Some("") => return Choice::Direct(Some("http.proxy".into())),
        Some(value) => ("http.proxy", value),
        None => match first(env, names) {
            Some(found) => found,
            None => return Choice::Direct(None),
        },
    };
    if let Some((no_proxy, list)) = first(env, &["no_proxy", "NO_PROXY"])
        && (list.trim() == "*"
            || list
                .split([',', ' ', '\t'])
                .any(|entry| curl_exempts(entry, host)))
    {
        return Choice::Direct(Some(no_proxy.into()));
    }
    chosen(name, value)
}

fn first<'a>(env: &'a Env, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    names
        .iter()
        .find_map(|&name| env.var(name).map(|value| (name, value)))
}

/// Both stacks take a proxy without a scheme for `http`.
fn chosen(name: &str, value: &str) -> Choice {
    match Url::proxy(value) {
        Some(url)
            if matches!(
                url.scheme.as_str(),
                "" | "http" | "https" | "socks5" | "socks5h" | "socks4" | "socks4a"
            ) =>
        {
            Choice::Proxy(url, name.to_owned())
        }
        _ => Choice::Malformed(name.to_owned()),
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.parse().ok()
}

/// One entry of Go's `NO_PROXY`: `*`, CIDR, `host[:port]`, `.sub`, `*.sub`.
fn go_exempts(entry: &str, host: &str, port: u16) -> bool {
    let entry = entry.trim().to_ascii_lowercase();
    if entry.is_empty() || entry == "*" {
        return entry == "*";
    }
    if let Some(within) = in_network(&entry, host) {
        return within;
    }
    let (name, wanted) = match entry.rsplit_once(':') {
        Some((name, digits)) if !name.contains(':') || name.ends_with(']') => {
            (name, digits.parse::<u16>().ok())
        }
        _ => (entry.as_str(), None),
    };
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if let Some(ip) = address(name) {
        return address(host) == Some(ip);
    }
    let host = host.to_ascii_lowercase();
    match name
        .strip_prefix('*')
        .filter(|rest| rest.starts_with('.'))
        .or(name.strip_prefix('.').map(|_| name))
    {
        Some(suffix) => host.ends_with(suffix),
        None => {
            host == name
                || host
                    .strip_suffix(name)
                    .is_some_and(|front| front.ends_with('.'))
        }
    }
}

/// One entry of libcurl's `NO_PROXY`: a domain that matches itself and all below, an address, or CIDR (since 7.86).
fn curl_exempts(entry: &str, host: &str) -> bool {
    let entry = entry.trim().to_ascii_lowercase();
    let name = entry
        .strip_prefix('.')
        .unwrap_or(&entry)
        .trim_end_matches('.');
    if name.is_empty() {
        return false;
    }
    if let Some(ip) = address(host) {
        return in_network(name, host)
            .unwrap_or_else(|| address(name.trim_matches(['[', ']'])) == Some(ip));
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == name
        || host
            .strip_suffix(name)
            .is_some_and(|front| front.ends_with('.'))
}

/// Whether `host` is an address within `network` (CIDR); `None`: that is no network.
fn in_network(network: &str, host: &str) -> Option<bool> {
    let (base, bits) = network.split_once('/')?;
    let (base, bits) = (address(base)?, bits.parse::<u32>().ok()?);
    let within = match (base, address(host)) {
        (IpAddr::V4(base), Some(IpAddr::V4(ip))) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            u32::from(base) & mask == u32::from(ip) & mask
        }
        (IpAddr::V6(base), Some(IpAddr::V6(ip))) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            u128::from(base) & mask == u128::from(ip) & mask
        }
        _ => false,
    };
    Some(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        vars.iter().copied().collect()
    }

    fn by(choice: &Choice) -> String {
        match choice {
            Choice::Direct(why) => format!("direct {}", why.as_deref().unwrap_or("-")),
            Choice::Proxy(url, why) => format!("{} {why}", url.host),
            Choice::Malformed(why) => format!("malformed {why}"),
        }
    }

    #[test]
    fn the_stacks_read_other_variables() {
        let both = env(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "lower:2"),
        ]);
        assert_eq!(
            by(&go(&both, "https", "h.example", 443)),
            "upper HTTPS_PROXY"
        );
        assert_eq!(
            by(&git(&both, None, "https", "h.example")),
            "lower https_proxy"
        );
        let all = env(&[("ALL_PROXY", "socks5://all:1")]);
        assert_eq!(by(&go(&all, "https", "h.example", 443)), "direct -");
        assert_eq!(by(&git(&all, None, "https", "h.example")), "all ALL_PROXY");
        let upper = env(&[("HTTP_PROXY", "http://upper:1")]);
        assert_eq!(by(&go(&upper, "http", "h.example", 80)), "upper HTTP_PROXY");
        assert_eq!(by(&git(&upper, None, "http", "h.example")), "direct -");
        assert_eq!(
            by(&git(&both, Some("http://conf:1"), "https", "h.example")),
            "conf http.proxy"
        );
        assert_eq!(
            by(&git(&both, Some(""), "https", "h.example")),
            "direct http.proxy"
        );
        assert_eq!(by(&go(&both, "https", "localhost", 443)), "direct loopback");
        assert_eq!(
            by(&git(&both, None, "https", "localhost")),
            "lower https_proxy"
        );
        assert_eq!(by(&git(&both, None, "ssh", "h.example")), "direct -");
    }

    #[test]
    fn no_proxy_has_two_dialects() {
        // entry, host, Go exempts, curl exempts
        let table = [
            ("corp.example", "git.corp.example", true, true),
            ("corp.example", "corp.example", true, true),
            ("corp.example", "evilcorp.example", false, false),
            (".corp.example", "git.corp.example", true, true),
            (".corp.example", "corp.example", false, true),
            ("*.corp.example", "git.corp.example", true, false),
            ("git.corp.example:443", "git.corp.example", true, false),
            ("git.corp.example:80", "git.corp.example", false, false),
            ("a.example b.example", "b.example", false, true),
            ("a.example, b.example", "b.example", true, true),
            ("10.0.0.0/8", "10.1.2.3", true, true),
            ("10.0.0.0/8", "11.1.2.3", false, false),
            ("*", "anything.example", true, true),
            ("0.0.0.0/0", "10.1.2.3", true, true),
            ("GIT.Corp.Example", "git.corp.example", true, true),
        ];
        for (list, host, in_go, in_git) in table {
            let env = env(&[("https_proxy", "http://p:1"), ("no_proxy", list)]);
            let choices = (go(&env, "https", host, 443), git(&env, None, "https", host));
            assert_eq!(choices.0.proxy().is_none(), in_go, "Go, {list} for {host}");
            assert_eq!(
                choices.1.proxy().is_none(),
                in_git,
                "git, {list} for {host}"
            );
        }
    }

    #[test]
    fn odd_values() {
        for value in ["ftp://p:1", "http://", "http://p:notaport", "://"] {
            let env = env(&[("HTTPS_PROXY", value)]);
            assert_eq!(
                by(&go(&env, "https", "h.example", 443)),
                "malformed HTTPS_PROXY",
                "{value}"
            );
        }
    }
}
