//! What the failing step talked to: host, port, scheme, role, module and version are
//! read from the line of a finding and from the command line that go names for it.
//!
//! Lines that begin with `remote:` are written by a server and never believed.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use super::structure::Doc;
use super::unwrap::is_remote;
use gomend_core::evidence::{Role, Side, Target};
use gomend_core::forges;
use gomend_core::mask;

/// A URL or an scp-like address, as git and go write them.
static URL: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:(?i:https?|ssh|git\+ssh|git|svn|svn\+ssh|bzr|bzr\+ssh|socks5h?)(?::|：)/{1,2}[^\s'"<>()\\]+|\*{3}[A-Za-z0-9.-]+\.[A-Za-z]{2,}/[^\s'"]+|\b[A-Za-z0-9_.-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s'"]+)"#,
    )
});

/// `MODULE@VERSION`, not inside a URL.
static MODULE_AT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:^|[\s"'(\[:])(?P<module>[A-Za-z0-9][\w.-]*\.[A-Za-z][\w-]*(?:/[\w.~+!-]+)*)["'}\]),;`]*@(?P<version>[\w.+/-]+)"#,
    )
});

/// `reading MODULE/go.mod at revision VERSION`
static AT_REVISION: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"reading (?P<module>\S+?)/go\.mod at revision (?P<version>[\w.+/-]*\w)")
});

/// The modules below `ambiguous import: found package P in multiple modules:`.
static LISTED: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:^|modules:)\s+(?P<module>[\w.-]+\.[a-z]+(?:/[\w.~+!-]+)*) v\d\S* \(")
});

/// A module or import path without a version, in the places where go writes one.
static MODULE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:\bmodule |\bpackage |unrecognized import path "|\bimport "|\bgo get |\bverifying |malformed module path "|\bgo: |providing package |\brequire |\bimports )(?P<module>[A-Za-z0-9][\w.-]*\.[A-Za-z][\w-]*(?:/[\w.~+!-]+)*)"?(?:[\s:@,;(]|$)"#,
    )
});

/// The host in ssh's own words, whatever language the reason behind it is in.
static SSH_HOST: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"(?:connect to host|resolve hostname) (?P<host>[A-Za-z0-9._-]+)(?: port (?P<port>\d+))?")
});

/// Where GOPATH mode puts a clone: `.../src/HOST/...`
static GOPATH_SRC: LazyLock<Regex> =
    LazyLock::new(|| regex(r"[/\\]src[/\\](?P<host>[a-z0-9][a-z0-9.-]*\.[a-z]{2,})[/\\]"));

/// What other languages quote with.
const QUOTES: [char; 13] = [
    '“', '”', '„', '«', '»', '‘', '’', '「', '」', '『', '』', '：', '，',
];

/// How far below git's message the address may stand (`clone of 'URL' ... failed`).
const BELOW: usize = 8;
/// How far below `misbehavior detected` the first signature stands.
const SIGNED_BELOW: usize = 20;
/// How far above (`Cloning into`, `Submodule 'x' (URL) registered`).
const ABOVE: usize = 6;

/// Compiles a pattern of this crate over bytes: ASCII classes compile in a tenth of the time
/// that Unicode's take, and delimiters are ASCII anyway.
pub(super) fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).build()
}

fn regex(pattern: &str) -> Regex {
    compile(pattern).expect("patterns of this file are constants and compile")
}

/// What a group holds, as text.
fn group(captures: &Captures<'_>, name: &str) -> Option<String> {
    let found = captures.name(name)?;
    Some(String::from_utf8_lossy(found.as_bytes()).into_owned())
}

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// As asked, without credentials.
    pub(super) url: String,
    pub(super) path: String,
}

/// Takes a URL or an scp-like address (`git@host:path`) apart.
pub(super) fn address(text: &str) -> Option<Address> {
    let text = text.trim_end_matches(['.', ',', ';', ':', '`', ')', ']', '\'', '"']);
    let narrow = text.contains("：/").then(|| text.replacen("：/", ":/", 1));
    let text = narrow.as_deref().unwrap_or(text);
    // a slash in a password ends no authority: taken apart, the rest of it would no longer be known for one
    let safe = text.contains('@').then(|| mask::line(text));
    let text = safe.as_deref().unwrap_or(text);
    if text
        .split_once("***@")
        .is_some_and(|(_, host)| is_version(host))
    {
        return None; // `HOST:WORD@v1.2.3`: where the host begins isn't known
    }
    let (scheme, rest) = match text.split_once(":/") {
        Some((scheme, rest)) if scheme.len() < 12 => (
            Some(scheme.to_ascii_lowercase()),
            rest.trim_start_matches('/'),
        ),
        _ => (None, text.trim_start_matches('*')),
    };
    let scheme = scheme.map(|scheme| {
        if scheme == "git+ssh" {
            "ssh".to_owned()
        } else {
            scheme
        }
    });
    // A folder on this machine has no host.
    if scheme.as_deref() == Some("file") {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let masked = text.starts_with('*');
    let (user, authority) = authority
        .rsplit_once('@')
        .map_or((None, authority), |(user, host)| (Some(user), host));
    let (host, port, path, scheme) = if scheme.is_none() && !masked {
        // scp-like: what follows the colon is a path.
        let (host, first) = authority.split_once(':')?;
        (host, None, format!("{first}{path}"), Some("ssh".to_owned()))
    } else if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        (
            host,
            port.strip_prefix(':').and_then(|port| port.parse().ok()),
            path.to_owned(),
            scheme,
        )
    } else {
        let (host, port) = authority
            .split_once(':')
            .map_or((authority, None), |(host, port)| (host, port.parse().ok()));
        (host, port, path.to_owned(), scheme)
    };
    let host = host_name(host)?;
    let scheme = if masked {
        Some("https".to_owned())
    } else {
        scheme
    };
    let shown = scheme.as_deref().unwrap_or("https");
    let at = port.map(|port| format!(":{port}")).unwrap_or_default();
    let slash = if path.starts_with('/') || path.is_empty() {
        ""
    } else {
        "/"
    };
    let login = match (shown, user) {
        ("ssh", Some(user)) if !user.contains(':') => format!("{user}@"),
        _ => String::new(),
    };
    let url = format!("{shown}://{login}{host}{at}{slash}{path}");
    let port = port.or(match shown {
        "https" => Some(443),
        "http" => Some(80),
        "ssh" => Some(22),
        "git" => Some(9418),
        _ => None,
    });
    Some(Address {
        scheme,
        host,
        port,
        url,
        path,
    })
}

/// A host name or address, lower case; nothing that could not be one.
pub(super) fn host_name(text: &str) -> Option<String> {
    let text = text
        .trim_matches(['[', ']', '\'', '"', '`'])
        .trim_end_matches('.');
    let valid = !text.is_empty()
        && text.len() <= 253
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || ".-_:%".contains(c))
        && !text.starts_with('-')
        && text.contains(char::is_alphanumeric);
    valid.then(|| text.to_lowercase())
}

/// The addresses in one line, with their columns.
fn addresses(text: &str) -> impl Iterator<Item = (usize, Address)> + '_ {
    URL.find_iter(text.as_bytes()).filter_map(|found| {
        let found_text = String::from_utf8_lossy(found.as_bytes());
        if is_no_address(text, found.start(), found.end()) {
            return None;
        }
        // Typographic quotes end an address as ASCII ones do.
        let end = found_text.find(QUOTES).unwrap_or(found_text.len());
        Some((found.start(), address(&found_text[..end])?))
    })
}

/// What only looks like `USER@HOST:PATH`: a shell's prompt, `MODULE@v1.2.3:`.
fn is_no_address(text: &str, start: usize, end: usize) -> bool {
    let found = &text[start..end];
    let Some((user, rest)) = found
        .split_once('@')
        .filter(|_| !found.contains(":/") || !found.contains("//"))
    else {
        return false;
    };
    let host = rest.split(':').next().unwrap_or(rest);
    let version = is_version(host);
    let query = ["latest", "master", "main", "upgrade", "patch"].contains(&host);
    version || query || is_prompt(text, start, end) || user.is_empty()
}

/// `v1.2.3`, and what begins so.
fn is_version(text: &str) -> bool {
    let rest = text.strip_prefix('v');
    rest.is_some_and(|rest| rest.starts_with(|sign: char| sign.is_ascii_digit()))
}

/// `user@box:~/src$ `, `root@box:/src# `
fn is_prompt(text: &str, start: usize, end: usize) -> bool {
    const SIGNS: [char; 4] = ['$', '#', '%', '>'];
    let path = text[start..end]
        .split_once(':')
        .map_or("", |(_, path)| path);
    let behind = text[end..].trim_start();
    path.starts_with(['~', '/'])
        && (path.ends_with(SIGNS) || behind.starts_with(SIGNS) || path.contains(['$', '#']))
}

/// The address that a message at `column` speaks of: the last before it, else the first behind.
fn nearest(text: &str, column: usize) -> Option<Address> {
    let mut behind = None;
    let mut before = None;
    for (at, address) in addresses(text) {
        if is_help(&address) {
            continue;
        }
        if at <= column {
            before = Some(address);
        } else if behind.is_none() {
            behind = Some(address);
        }
    }
    before.or(behind)
}

/// Links to documentation are not what failed.
fn is_help(address: &Address) -> bool {
    let path = address.path.as_str();
    matches!(address.host.as_str(), "golang.org" | "go.dev")
        && (path.starts_with("/doc/")
            || path.starts_with("/s/")
            || path.starts_with("/issue")
            || path.starts_with("/cl/"))
        || address.host.starts_with("docs.")
        || path.contains("/sslcerts")
}

/// What the rule's own pattern has already said.
#[derive(Debug, Default, Clone)]
pub(super) struct Pulled {
    pub(super) url: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) module: Option<String>,
    pub(super) version: Option<String>,
}

impl Pulled {
    pub(super) fn new(captures: &Captures<'_>) -> Self {
        Self {
            url: group(captures, "url"),
            host: group(captures, "host"),
            port: group(captures, "port").and_then(|port| port.parse().ok()),
            module: group(captures, "module"),
            version: group(captures, "version"),
        }
    }
}

/// Where the message stands and what is known of it.
pub(super) struct Place<'a> {
    pub(super) doc: &'a Doc,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) pulled: Pulled,
    /// The rule's role, [`Role::None`] to tell it from the address.
    pub(super) role: Role,
    /// git, ssh or another VCS printed it.
    pub(super) by_vcs: bool,
    /// A server's answer: the address that was asked stands above.
    pub(super) answer: bool,
    /// Nothing outside this machine took part.
    pub(super) local: bool,
}

/// The target of the failing step at `place`.
pub(super) fn target(place: &Place<'_>) -> Target {
    let doc = place.doc;
    let text = doc.text(place.line);
    let header = place.by_vcs.then(|| doc.header(place.line)).flatten();
    let unmarked = Pulled::default();
    let remote = is_remote(text);
    // What a server says is never believed for names.
    let pulled = if remote { &unmarked } else { &place.pulled };
    let unspoken = place.by_vcs && header != Some(place.line) && doc.hung_up(place.line);
    let possible = |address: &Address| {
        !unspoken || !matches!(address.scheme.as_deref(), Some("https" | "http"))
    };
    let mut found = pulled.url.as_deref().and_then(address).filter(possible);
    if found.is_none() && !place.local {
        if !remote {
            found = nearest(text, place.column).filter(possible);
        }
        if found.is_none() && place.by_vcs {
            found = vcs_address(doc, place.line, header);
        }
    }
    if place.answer {
        let above = (place.line.saturating_sub(ABOVE)..place.line).rev();
        found = above
            .into_iter()
            .find_map(|at| nearest(doc.text(at), usize::MAX));
    }
    let ssh = SSH_HOST
        .captures(text.as_bytes())
        .filter(|_| place.by_vcs && !remote && pulled.host.is_none())
        .and_then(|captures| group(&captures, "host"));
    let host = pulled
        .host
        .as_deref()
        .or(ssh.as_deref())
        .and_then(host_name);
    let (module, version) = module(place, header);
    let mut target = Target {
        side: Some(Side::Local),
        module,
        version,
        ..Target::default()
    };
    if let Some(host) = host {
        let same = found.as_ref().filter(|address| address.host == host);
        target.scheme = same.and_then(|address| address.scheme.clone());
        target.url = same.map(|address| address.url.clone());
        target.port = pulled
            .port
            .or_else(|| same.and_then(|address| address.port));
        target.role = same.map_or(Role::None, |address| role(address, text, place.by_vcs));
        target.host = Some(host);
    } else if let Some(address) = found {
        target.role = role(&address, text, place.by_vcs);
        target.scheme.clone_from(&address.scheme);
        target.port = pulled.port.or(address.port);
        target.host = Some(address.host);
        target.url = Some(address.url);
    } else if place.by_vcs && !place.local {
        target.host = fallback_host(doc, place.line, target.module.as_deref());
    }
    if place.role == Role::Sumdb && target.host.is_none() {
        target.host = signer(doc, place.line);
    }
    // an HTTP proxy is spoken of, and the host is the one that was wanted behind it
    let unnamed_proxy =
        place.role == Role::HttpProxy && pulled.host.is_none() && target.role != Role::None;
    if place.role != Role::None && !unnamed_proxy {
        target.role = place.role;
    } else if target.role == Role::None && place.by_vcs && target.host.is_some() {
        target.role = if text.contains("ssh") || text.contains("publickey") {
            Role::VcsSsh
        } else {
            Role::VcsHttps
        };
    }
    // git was given another address, and its settings made it one for ssh.
    if target.role == Role::VcsSsh
        && target
            .scheme
            .as_deref()
            .is_some_and(|scheme| scheme != "ssh")
    {
        target.scheme = Some("ssh".to_owned());
        target.port = place.pulled.port;
        target.url = None;
    }
    target
}

/// The part that an address plays.
fn role(address: &Address, text: &str, by_vcs: bool) -> Role {
    let path = address.path.as_str();
    let proxy_path = path.contains("/@v/") || path.contains("/@latest");
    if path.contains("golang.org/toolchain/@v")
        || (proxy_path && text.contains("golang.org/toolchain@"))
    {
        Role::Toolchain
    } else if path.contains("/sumdb/")
        || path.starts_with("/lookup/")
        || path.starts_with("/tile/")
        || path.starts_with("/latest")
        || address.host.starts_with("sum.golang.")
    {
        Role::Sumdb
    } else if proxy_path || (address.host == "proxy.golang.org" && !by_vcs) {
        Role::Goproxy
    } else if path.contains("go-get=1") || address.url.contains("go-get=1") {
        Role::ImportMeta
    } else {
        match address.scheme.as_deref() {
            Some("ssh") => Role::VcsSsh,
            Some("git") => Role::VcsGit,
            Some("https" | "http") if by_vcs => Role::VcsHttps,
            _ => Role::None,
        }
    }
}

/// The checksum database that signed a note: `— sum.golang.org Az3g...`
fn signer(doc: &Doc, line: usize) -> Option<String> {
    let below =
        (line..doc.lines.len().min(line + SIGNED_BELOW)).map(|at| doc.text(at).trim_start());
    below
        .into_iter()
        .find_map(|text| host_name(text.strip_prefix("— ")?.split(' ').next()?))
}

/// The repository's address in the lines around git's message.
fn vcs_address(doc: &Doc, line: usize, header: Option<usize>) -> Option<Address> {
    let usable = |at: &usize| {
        let text = doc.text(*at).trim_start();
        !is_remote(text) && !doc.is_silent(*at)
    };
    if let Some(address) = header.and_then(|at| nearest(doc.text(at), usize::MAX)) {
        return Some(address);
    }
    let below = (line + 1..(line + 1 + BELOW).min(doc.lines.len())).filter(usable);
    for at in below {
        let text = doc.text(at);
        if text.trim_start().starts_with("go: ") {
            break;
        }
        if let Some(address) = nearest(text, 0) {
            return Some(address);
        }
    }
    let above = (line.saturating_sub(ABOVE)..line).rev().filter(usable);
    above
        .into_iter()
        .find_map(|at| nearest(doc.text(at), usize::MAX))
}

/// A host that the text names without an address: the directory that GOPATH mode
/// clones into, or a module path whose forge is its first element.
fn fallback_host(doc: &Doc, line: usize, module: Option<&str>) -> Option<String> {
    let from = line.saturating_sub(ABOVE);
    let cloned = (from..=line).rev().find_map(|at| {
        GOPATH_SRC
            .captures(doc.text(at).as_bytes())
            .and_then(|captures| group(&captures, "host"))
    });
    let forge = module.and_then(|module| {
        let host = module.split('/').next()?.to_ascii_lowercase();
        let named = [
            "git.",
            "gitlab.",
            "github.",
            "gitea.",
            "bitbucket.",
            "code.",
        ]
        .iter()
        .any(|start| host.starts_with(start));
        (named || forges::of(&host).is_some()).then_some(host)
    });
    cloned.or(forge)
}

/// Module and version that a message is about.
fn module(place: &Place<'_>, header: Option<usize>) -> (Option<String>, Option<String>) {
    // Below a command that talks to a remote, go's own line tells the module; the others may be the remote's.
    let remote = is_remote(place.doc.text(place.line))
        || header.is_some() && place.doc.is_remote(place.line, place.by_vcs);
    if let Some(module) = place.pulled.module.as_deref().and_then(checked)
        && !remote
    {
        return (
            Some(module),
            place.pulled.version.as_deref().and_then(version),
        );
    }
    let in_line = |at: usize, column: usize| {
        let mut text = place.doc.text(at);
        if header == Some(at) {
            // what follows on the same line is the command's
            text = text.split(": exit status ").next().unwrap_or(text);
        }
        let bytes = text.as_bytes();
        let named = |pattern: &Regex, bytes: &[u8]| -> Vec<(Option<String>, Option<String>)> {
            let all = pattern.captures_iter(bytes).filter_map(|found| {
                let module = checked(&group(&found, "module")?)?;
                Some((
                    Some(module),
                    group(&found, "version").as_deref().and_then(version),
                ))
            });
            all.collect()
        };
        let before = named(&MODULE_AT, &bytes[..column.min(bytes.len())]).pop();
        let first = |pattern: &Regex| named(pattern, bytes).into_iter().next();
        before
            .or_else(|| first(&AT_REVISION))
            .or_else(|| first(&MODULE_AT))
            .or_else(|| first(&MODULE).map(|(module, _)| (module, None)))
            .unwrap_or_default()
    };
    let own = in_line(place.line, place.column);
    if own.0.is_some() && (!remote || header == Some(place.line)) {
        return own;
    }
    if let Some(header) = header {
        return in_line(header, usize::MAX);
    }
    if !remote && place.line > 0 && place.doc.text(place.line).starts_with([' ', '\t']) {
        return in_line(place.line - 1, usize::MAX);
    }
    (None, None)
}

/// A module or import path, without punctuation; nothing that can't be one.
fn checked(path: &str) -> Option<String> {
    const FILES: [&str; 6] = [
        ".go",
        "go.mod",
        "go.sum",
        "go.work",
        "go.env",
        "modules.txt",
    ];
    let path = path.trim_matches([
        '"', '\'', '`', '(', ')', '[', ']', '{', '}', ',', ';', ':', '.', '/', '“', '”',
    ]);
    let host = path.split('/').next().unwrap_or(path);
    let valid = host.contains('.')
        && !FILES
            .iter()
            .any(|file| host.ends_with(file) || path.ends_with(file) && *file != ".go")
        && path
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._~/+!".contains(c));
    valid.then(|| path.to_owned())
}

/// A version or query, without punctuation and the file that was read of it.
fn version(text: &str) -> Option<String> {
    let text = text
        .trim_end_matches("/go.mod")
        .trim_end_matches(['.', '/', '-', '+', ',', ':']);
    (!text.is_empty()).then(|| text.to_owned())
}

/// The first module that an ambiguous import is found in: listed behind the message or below it.
pub(super) fn listed_module(doc: &Doc, line: usize) -> Option<String> {
    let end = (line + 1 + BELOW).min(doc.lines.len());
    (line..end).find_map(|at| {
        let found = LISTED.captures(doc.text(at).as_bytes())?;
        checked(&group(&found, "module")?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        assert!(address("https://github.com:acme/lib@v1.2.3").is_none());
        for (given, scheme, host, port) in [
            (
                "https://User:pw@Git.Example:8443/x.git",
                "https",
                "git.example",
                Some(8443),
            ),
            ("git@github.com:org/repo.git", "ssh", "github.com", Some(22)),
            (
                "https:/me:pass/word@git.example/x",
                "https",
                "git.example",
                Some(443),
            ),
            (
                "ssh://git@[2001:db8::1]:2222/x",
                "ssh",
                "2001:db8::1",
                Some(2222),
            ),
            (
                "https:/proxy.golang.org/@v/v1.zip",
                "https",
                "proxy.golang.org",
                Some(443),
            ),
            ("***github.com/org/repo/", "https", "github.com", Some(443)),
        ] {
            let address = address(given).expect(given);
            assert_eq!(
                (
                    address.scheme.as_deref(),
                    address.host.as_str(),
                    address.port
                ),
                (Some(scheme), host, port),
                "{given}"
            );
            assert!(!address.url.contains("pw"));
        }
    }

    #[test]
    fn nonsense_is_no_host() {
        for text in ["", "-oProxyCommand=x", "a b", "a;b", "$(x)", "..", "a/b"] {
            assert_eq!(host_name(text), None, "{text}");
        }
    }
}
