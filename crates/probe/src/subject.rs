//! What is looked at: one host and what was wanted of it.
//!
//! In: evidence, hostile, or what a person names. Out: a host that may be one
//! (RFC 1035), and URLs without credentials. Nothing is looked up here.

use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Id;
use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding, Role, Side, Target};
use crate::settings::Env;
use crate::settings::forges;
use crate::settings::gitconfig;
use crate::settings::gofile;
use crate::settings::url::{Url, is_host};
use crate::tool::{Cancel, NOWHERE};

/// What is looked at. The host passed [`is_host`]; nothing else is ever contacted, but for what the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The counterpart's part in the fetch.
    pub role: Role,
    /// `https`, `http`, `ssh` or `git`.
    pub scheme: String,
    /// Lower case.
    pub host: String,
    /// As written, else the scheme's own.
    pub port: u16,
    /// What the http probe asks for, without credentials; `None`: `/`.
    pub url: Option<String>,
    /// The repository for git, as go would name it to git.
    pub repository: Option<String>,
    /// Module path.
    pub module: Option<String>,
    /// The version that is asked for.
    pub version: Option<String>,
    /// Repository and tag of a version that a module proxy or checksum database does not have, at a
    /// forge that everybody knows.
    pub tag: Option<(String, String)>,
    /// What the text suspects, the most probable first.
    pub suspects: Vec<Cause>,
}

impl Subject {
    /// What the first finding is about; `None`: nothing was found. Where the text names no host, or one that cannot
    /// be a host, the subject has none either, and only this machine is looked at.
    #[must_use]
    pub fn from_evidence(evidence: &Evidence) -> Option<Self> {
        let finding = evidence.findings.first()?;
        let target = &finding.target;
        let url = target.url.as_deref().and_then(Url::remote);
        let of_module = || Self::of_module(target);
        let host = match (target.role, &url) {
            // the proxy in between is known from the settings; what was asked through it is the subject
            (Role::HttpProxy, Some(url)) => Some(url.host.clone()),
            (Role::HttpProxy, None) => of_module(),
            (_, Some(url)) if target.host.is_none() => Some(url.host.clone()),
            _ => match &target.host {
                Some(host) => Some(host.to_ascii_lowercase()),
                None if target.side == Some(Side::Proxy) => None,
                None => of_module(),
            },
        };
        let host = host.filter(|host| is_host(host)).unwrap_or_default();
        let scheme = match target.role {
            Role::VcsSsh => "ssh".to_owned(),
            Role::VcsGit => "git".to_owned(),
            _ => url
                .as_ref()
                .map(|url| url.scheme.clone())
                .or_else(|| target.scheme.clone())
                .unwrap_or_default(),
        };
        let scheme = match scheme.as_str() {
            "" => "https".to_owned(),
            "git+ssh" | "ssh+git" => "ssh".to_owned(),
            _ => scheme,
        };
        // a port that was read from another scheme's URL is not this one's
        let fits = |named: Option<&str>| {
            named.is_none_or(|named| named.contains("ssh") == (scheme == "ssh"))
        };
        let written = target
            .port
            .filter(|_| target.role != Role::HttpProxy && fits(target.scheme.as_deref()));
        let of_url = url
            .as_ref()
            .filter(|url| fits(Some(&url.scheme)))
            .and_then(|url| url.port);
        let port = written.or(of_url).unwrap_or(match scheme.as_str() {
            "ssh" => 22,
            "http" => 80,
            "git" => 9418,
            _ => 443,
        });
        Some(Self {
            role: target.role,
            repository: repository(finding, &scheme, &host),
            url: asked(finding, &host),
            scheme,
            host,
            port,
            module: target.module.clone(),
            version: target.version.clone(),
            tag: tag(target),
            suspects: finding.suspects.clone(),
        })
    }

    /// The host that a target's module is named after.
    #[must_use]
    pub fn of_module(target: &Target) -> Option<String> {
        target.module.as_deref().and_then(module_host)
    }

    /// Follows git's `insteadOf`: a repository that is asked for over https may be fetched over ssh, from elsewhere.
    #[must_use]
    pub(super) fn rewritten(self, env: &Env, cancel: &Cancel) -> Self {
        let Some(repository) = self
            .repository
            .as_deref()
            .filter(|_| matches!(self.role, Role::VcsHttps | Role::VcsSsh))
        else {
            return self;
        };
        let deadline = Instant::now() + Duration::from_millis(500);
        let Some(url) = gitconfig::effective(env, Path::new(NOWHERE), repository, deadline, cancel)
        else {
            return self;
        };
        match Url::remote(&url) {
            Some(url) if url.scheme.contains("ssh") => Self {
                role: Role::VcsSsh,
                scheme: "ssh".to_owned(),
                port: url.port.unwrap_or(22),
                host: url.host,
                url: None,
                ..self
            },
            _ => self,
        }
    }

    /// A host, URL or module that a person names.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let url = if text.contains("://") {
            Url::parse(text)?
        } else {
            bare(text)?
        };
        let scheme = if url.scheme.contains("ssh") {
            "ssh".to_owned()
        } else {
            url.scheme.clone()
        };
        let named = url.path.len() > 1 && scheme != "file";
        let origin = url.origin();
        let user = url
            .userinfo
            .as_deref()
            .filter(|user| scheme == "ssh" && is_host(user));
        let repository = match (origin.split_once("://"), user) {
            (Some((scheme, host)), Some(user)) => format!("{scheme}://{user}@{host}{}", url.path),
            _ => format!("{origin}{}", url.path),
        };
        Some(Self {
            role: if scheme == "ssh" {
                Role::VcsSsh
            } else if named {
                Role::VcsHttps
            } else {
                Role::None
            },
            repository: (named || user.is_some()).then_some(repository),
            url: (named && scheme.starts_with("http")).then(|| format!("{origin}{}", url.path)),
            // no module's path has a port or a login
            module: (!text.contains(':') && named && scheme != "ssh").then(|| text.to_owned()),
            port: url.port_or_default().unwrap_or(443),
            host: url.host,
            scheme,
            version: None,
            tag: None,
            suspects: Vec::new(),
        })
    }

    /// What a person names for one probe: for ssh the port is ssh's, whatever the text says about a scheme.
    #[must_use]
    pub fn for_probe(id: Id, text: &str) -> Option<Self> {
        let subject = Self::from_text(text)?;
        if id == Id::Tls && !text.contains("://") && subject.scheme == "http" {
            return Some(Self {
                scheme: "https".to_owned(),
                ..subject
            });
        }
        if id != Id::Ssh || subject.scheme == "ssh" {
            return Some(subject);
        }
        let written = subject.port != 443;
        Some(Self {
            role: Role::VcsSsh,
            scheme: "ssh".to_owned(),
            port: if written { subject.port } else { 22 },
            url: None,
            repository: None,
            ..subject
        })
    }

    /// Nobody: only this machine is looked at.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            role: Role::None,
            scheme: "https".to_owned(),
            host: String::new(),
            port: 443,
            url: None,
            repository: None,
            module: None,
            version: None,
            tag: None,
            suspects: Vec::new(),
        }
    }

    /// The text suspects one of these.
    #[must_use]
    pub fn suspects(&self, causes: &[Cause]) -> bool {
        self.suspects.iter().any(|suspect| causes.contains(suspect))
    }

    /// The way to the host is in question, or nothing is known yet.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let remote = |cause: &Cause| match cause.layer() {
            Layer::Dns | Layer::Network | Layer::Tls | Layer::Auth | Layer::Transfer => true,
            Layer::Routing => matches!(cause, Cause::GoproxyStatus | Cause::GoproxyBadResponse),
            Layer::Module => matches!(cause, Cause::ImportPathUnresolved | Cause::InsecureProtocol),
            Layer::Tool | Layer::Local | Layer::None => false,
        };
        !self.host.is_empty() && (self.suspects.is_empty() || self.suspects.iter().any(remote))
    }

    /// A handshake is part of the fetch.
    #[must_use]
    pub(crate) fn has_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// `host:port`, an IPv6 address in brackets.
    #[must_use]
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

/// What has no scheme: an address, `HOST[:PORT][/PATH]`, a port of this machine (`8443`, `:8443`), what ssh
/// takes (`user@host`), and last what git takes (`[user@]host:path`).
fn bare(text: &str) -> Option<Url> {
    let at = |host: &str, port: Option<u16>| Url {
        scheme: if port == Some(80) { "http" } else { "https" }.to_owned(),
        userinfo: None,
        host: host.to_owned(),
        port,
        path: String::new(),
    };
    if text.parse::<IpAddr>().is_ok() {
        return Some(at(&text.to_ascii_lowercase(), None));
    }
    let digits = text.strip_prefix(':').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(at("localhost", Some(digits.parse().ok()?)));
    }
    let Some(url) = Url::authority(text) else {
        let after = text.split_once(':')?.1.split('/').next()?;
        let is_port = !after.is_empty() && after.bytes().all(|byte| byte.is_ascii_digit());
        return Url::remote(text).filter(|_| !is_port); // 99999 is no port, and no path that anybody means
    };
    if url.userinfo.is_none() {
        return Some(Url {
            scheme: at("", url.port).scheme,
            ..url
        });
    }
    if url.port.is_some() && !url.path.is_empty() {
        return Url::remote(text); // `git@host:7/x` is a path to git
    }
    Some(Url {
        scheme: "ssh".to_owned(),
        ..url
    })
}

/// The first element of a module path, if it may be a host.
fn module_host(module: &str) -> Option<String> {
    let first = module.split('/').next()?;
    (first.contains('.') && is_host(first)).then(|| first.to_ascii_lowercase())
}

/// The repository, where git is the one who fetches.
fn repository(finding: &Finding, scheme: &str, host: &str) -> Option<String> {
    let target = &finding.target;
    if !matches!(target.role, Role::VcsHttps | Role::VcsSsh | Role::VcsGit) {
        return None;
    }
    let plain = |url: &str| {
        !url.starts_with('-') && !url.contains(|letter: char| letter.is_control() || letter == ' ')
    };
    // git names only the host when it asks for a user name: the module tells the rest
    if let Some(url) = target.url.as_deref()
        && Url::remote(url).is_some_and(|url| url.path.len() > 1 || target.module.is_none())
        && plain(url)
    {
        // what git asks is the repository, whatever request of it failed
        let end = url
            .find("/info/refs")
            .or_else(|| url.find("/git-upload-pack"))
            .unwrap_or(url.len());
        return Some(url[..end].to_owned());
    }
    let module = target.module.as_deref().filter(|module| plain(module))?;
    let path = module.split_once('/')?.1;
    let depth = match forges::of(host) {
        Some(forge) if !forge.nested => 2,
        _ => usize::MAX,
    };
    let path: Vec<&str> = path.split('/').take(depth).collect();
    let user = if scheme == "ssh" { "git@" } else { "" };
    Some(format!("{scheme}://{user}{host}/{}", path.join("/")))
}

/// Where the tag of a version stands (Go modules reference, "Mapping versions to commits"), for what
/// a module proxy or checksum database says it does not have.
fn tag(target: &Target) -> Option<(String, String)> {
    let version = target.version.as_deref()?.trim_end_matches("/go.mod");
    let plain = |word: &str| {
        word.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte))
    };
    let module = target.module.as_deref().filter(|module| plain(module))?;
    let is_tag = version.starts_with('v') && version.contains('.') && plain(version);
    if !is_tag || !matches!(target.role, Role::Goproxy | Role::Sumdb) {
        return None;
    }
    let mut elements = module.split('/');
    let (host, owner, name) = (elements.next()?, elements.next()?, elements.next()?);
    forges::of(host).filter(|forge| !forge.nested)?;
    let mut below: Vec<&str> = elements.collect();
    let is_major = |last: &&str| {
        last.strip_prefix('v')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    below.pop_if(|last| is_major(&&**last));
    below.push(version);
    Some((format!("https://{host}/{owner}/{name}"), below.join("/")))
}

/// What the http probe asks for: the very URL, git's first request, or discovery.
fn asked(finding: &Finding, host: &str) -> Option<String> {
    let target = &finding.target;
    let own = target.url.as_deref().filter(|url| {
        Url::parse(url).is_some_and(|parsed| parsed.host == host && parsed.userinfo.is_none())
    });
    match target.role {
        Role::VcsHttps => {
            let scheme = target.scheme.as_deref().unwrap_or("https");
            let base = repository(finding, scheme, host)?;
            Some(format!(
                "{}/info/refs?service=git-upload-pack",
                base.trim_end_matches('/')
            ))
        }
        Role::ImportMeta if own.is_none() => {
            Some(format!("https://{}?go-get=1", target.module.as_deref()?))
        }
        Role::VcsSsh | Role::VcsGit => None,
        Role::Goproxy => own.map(|url| with_module(url, target.module.as_deref())),
        _ => own.map(str::to_owned),
    }
}

/// The URL that go asked of a module proxy: Go 1.21's `read "https://proxy.example/@v/v1.0.0.mod": ...`
/// leaves the module out.
fn with_module(url: &str, module: Option<&str>) -> String {
    match (url.split_once("/@v/"), module.and_then(gofile::escaped)) {
        (Some((base, file)), Some(module)) if !base.ends_with(&module) => {
            format!("{base}/{module}/@v/{file}")
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(target: Target) -> Evidence {
        Evidence {
            findings: vec![Finding::new("test", &[Cause::TcpTimeout], target)],
        }
    }

    fn subject(target: Target) -> Subject {
        Subject::from_evidence(&evidence(target)).unwrap()
    }

    #[test]
    fn a_module_proxy_is_asked_for_the_module() {
        for (module, url) in [
            ("example.com/Lib", "https://proxy.example/go/@v/v1.0.0.mod"),
            (
                "example.com/Lib",
                "https://proxy.example/go/example.com/!lib/@v/v1.0.0.mod",
            ),
        ] {
            let target = Target {
                role: Role::Goproxy,
                scheme: Some("https".into()),
                host: Some("proxy.example".into()),
                module: Some(module.into()),
                url: Some(url.into()),
                ..Target::default()
            };
            let finding = evidence(target).findings.remove(0);
            assert_eq!(
                asked(&finding, "proxy.example").as_deref(),
                Some("https://proxy.example/go/example.com/!lib/@v/v1.0.0.mod")
            );
        }
    }

    #[test]
    fn the_repository_comes_from_the_url_or_the_module() {
        let git = |url: &str| Target {
            role: Role::VcsHttps,
            scheme: Some("https".into()),
            host: Some("git.corp.example".into()),
            url: Some(url.into()),
            module: Some("git.corp.example/team/lib".into()),
            ..Target::default()
        };
        let of = |url: &str| subject(git(url)).repository;
        assert_eq!(
            of("https://git.corp.example").as_deref(),
            Some("https://git.corp.example/team/lib")
        );
        assert_eq!(
            of("https://git.corp.example/a/b/info/refs?service=x").as_deref(),
            Some("https://git.corp.example/a/b")
        );
        assert_eq!(
            of("--upload-pack=x").as_deref(),
            Some("https://git.corp.example/team/lib")
        );
    }

    #[test]
    fn a_version_has_its_tag_at_the_forge() {
        let of = |module: &str, version: &str| {
            tag(&Target {
                role: Role::Goproxy,
                module: Some(module.into()),
                version: Some(version.into()),
                ..Target::default()
            })
        };
        let at = |repository: &str, tag: &str| Some((repository.to_owned(), tag.to_owned()));
        assert_eq!(
            of("github.com/acme/mono/sub/v2", "v2.1.0"),
            at("https://github.com/acme/mono", "sub/v2.1.0")
        );
        assert_eq!(
            of("github.com/acme/lib", "v1.0.0"),
            at("https://github.com/acme/lib", "v1.0.0")
        );
        assert_eq!(of("git.corp.example/team/lib", "v1.0.0"), None);
        assert_eq!(of("github.com/acme/lib", "latest"), None);
        assert_eq!(of("github.com/acme/--upload-pack=x", "v1.0.0"), None);
    }

    #[test]
    fn a_hostile_host_is_never_the_subject() {
        for host in ["-oProxyCommand=x", "a b", "$(id)", "a\u{1b}[0m", ""] {
            let hostile = Target {
                role: Role::VcsSsh,
                host: Some(host.into()),
                ..Target::default()
            };
            let subject = subject(hostile);
            assert_eq!(subject.host, "", "{host:?}");
            assert!(!subject.is_remote());
        }
    }

    #[test]
    fn what_a_person_names() {
        let of = |text: &str| {
            Subject::from_text(text).map(|subject| (subject.scheme.clone(), subject.address()))
        };
        for (text, scheme, address) in [
            ("github.com", "https", "github.com:443"),
            ("git@github.com:a/b.git", "ssh", "github.com:22"),
            ("http://h.example:8080/x", "http", "h.example:8080"),
            ("localhost:8443", "https", "localhost:8443"),
            ("127.0.0.1:8081", "https", "127.0.0.1:8081"),
            ("localhost:3000/mod", "https", "localhost:3000"),
            ("h.example:80", "http", "h.example:80"),
            ("[::1]:443", "https", "[::1]:443"),
            ("::1", "https", "[::1]:443"),
            ("8443", "https", "localhost:8443"),
            (":8443", "https", "localhost:8443"),
            ("bob@h.example", "ssh", "h.example:22"),
            ("bob@h.example:2222", "ssh", "h.example:2222"),
            ("git@h.example:7/x", "ssh", "h.example:22"),
            ("h.example:team/lib", "ssh", "h.example:22"),
        ] {
            assert_eq!(of(text), Some((scheme.into(), address.into())), "{text}");
        }
        for text in ["", ":", "99999", "localhost:99999", "-x:22"] {
            assert_eq!(of(text), None, "{text}");
        }
        let login = Subject::from_text("bob@h.example:2222").unwrap();
        assert_eq!(
            login.repository.as_deref(),
            Some("ssh://bob@h.example:2222")
        );
        assert_eq!(of("nonsense://"), None);
        assert_eq!(of("--help"), None);
        let ssh = Subject::for_probe(Id::Ssh, "github.com").unwrap();
        assert_eq!(
            (ssh.role, ssh.address()),
            (Role::VcsSsh, "github.com:22".into())
        );
    }
}
