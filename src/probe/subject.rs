//! What is looked at: one host and what was wanted of it.
//!
//! In: evidence, hostile, or what a person names. Out: a host that may be one
//! (RFC 1035), and URLs without credentials. Nothing is looked up here.

use std::time::{Duration, Instant};

use super::Id;
use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding, Role, Side, Target};
use crate::settings::Env;
use crate::settings::gitconfig;
use crate::settings::url::{Url, is_host};
use crate::tool::Cancel;

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
        let Some(url) =
            gitconfig::effective(env, &std::env::temp_dir(), repository, deadline, cancel)
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
        let url = match Url::remote(text) {
            Some(url) => url,
            None if text.contains("://") => return None,
            None => Url {
                scheme: "https".into(),
                ..Url::authority(text)?
            },
        };
        let scheme = if url.scheme.contains("ssh") {
            "ssh".to_owned()
        } else {
            url.scheme.clone()
        };
        let named = url.path.len() > 1 && scheme != "file";
        let origin = url.origin();
        Some(Self {
            role: if scheme == "ssh" {
                Role::VcsSsh
            } else if named {
                Role::VcsHttps
            } else {
                Role::None
            },
            port: url.port_or_default().unwrap_or(443),
            repository: named.then(|| format!("{origin}{}", url.path)),
            url: (named && scheme.starts_with("http")).then(|| format!("{origin}{}", url.path)),
            module: (!text.contains("://") && named).then(|| text.to_owned()),
            host: url.host,
            scheme,
            suspects: Vec::new(),
        })
    }

    /// What a person names for one probe: for ssh the port is ssh's, whatever the text says about a scheme.
    #[must_use]
    pub fn for_probe(id: Id, text: &str) -> Option<Self> {
        let subject = Self::from_text(text)?;
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
    pub fn has_tls(&self) -> bool {
        self.scheme == "https"
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
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
    let depth = if WELL_KNOWN_FORGES.contains(&host) {
        2
    } else {
        usize::MAX
    };
    let path: Vec<&str> = path.split('/').take(depth).collect();
    let user = if scheme == "ssh" { "git@" } else { "" };
    Some(format!("{scheme}://{user}{host}/{}", path.join("/")))
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
        _ => own.map(str::to_owned),
    }
}

/// Forges where a repository is host/owner/name.
const WELL_KNOWN_FORGES: &[&str] = &["github.com", "bitbucket.org", "codeberg.org", "gitea.com"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Source;

    fn evidence(target: Target) -> Evidence {
        Evidence {
            findings: vec![Finding {
                rule: "test".into(),
                suspects: vec![Cause::TcpTimeout],
                source: Source::Stderr,
                line: 1,
                text: String::new(),
                times: 1,
                target,
            }],
        }
    }

    fn subject(target: Target) -> Subject {
        Subject::from_evidence(&evidence(target)).unwrap()
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
        assert_eq!(
            of("github.com"),
            Some(("https".into(), "github.com:443".into()))
        );
        assert_eq!(
            of("git@github.com:a/b.git"),
            Some(("ssh".into(), "github.com:22".into()))
        );
        assert_eq!(
            of("http://h.example:8080/x"),
            Some(("http".into(), "h.example:8080".into()))
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
