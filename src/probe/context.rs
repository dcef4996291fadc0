//! What every probe is handed: the subject, the user's settings, and what
//! earlier stages have found.
//!
//! Stages wait for each other through [`Promise`]s, so that all probes can be
//! started at once and each waits only for what it needs.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::trust::Stores;
use super::{Id, Stack, tls};
use crate::cause::{Cause, Layer};
use crate::evidence::{Evidence, Finding, Role, Side, Target};
use crate::settings::gitconfig::{self, GitConfig};
use crate::settings::goenv::GoEnv;
use crate::settings::proxies;
use crate::settings::url::{Url, is_host};
use crate::settings::{Env, pattern};
use crate::tool::{Cancel, Tool};

/// A value that one thread finds and others wait for.
#[derive(Debug)]
pub(super) struct Promise<T> {
    value: Mutex<Option<T>>,
    found: Condvar,
}

impl<T> Default for Promise<T> {
    fn default() -> Self {
        Self {
            value: Mutex::new(None),
            found: Condvar::new(),
        }
    }
}

impl<T: Clone> Promise<T> {
    /// Keeps the first value.
    pub(super) fn keep(&self, value: T) {
        let mut kept = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_none() {
            *kept = Some(value);
            self.found.notify_all();
        }
    }

    /// The value, or `None` if it did not come in time.
    pub(super) fn wait(&self, deadline: Instant) -> Option<T> {
        let kept = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = deadline.saturating_duration_since(Instant::now());
        let waited = self
            .found
            .wait_timeout_while(kept, patience, |kept| kept.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

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
    fn rewritten(self, env: &Env, cancel: &Cancel) -> Self {
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

/// Hosts that everybody knows: only these names may be asked of public resolvers unasked, and only
/// these are public module proxies or databases, which must not be told a private module's name.
pub const PUBLIC_HOSTS: &[&str] = &[
    "proxy.golang.org",
    "sum.golang.org",
    "sum.golang.google.cn",
    "index.golang.org",
    "goproxy.cn",
    "goproxy.io",
    "mirrors.aliyun.com",
    "storage.googleapis.com",
    "go.dev",
    "golang.org",
    "google.golang.org",
    "gopkg.in",
    "go.uber.org",
    "k8s.io",
    "github.com",
    "ssh.github.com",
    "api.github.com",
    "codeload.github.com",
    "gitlab.com",
    "altssh.gitlab.com",
    "bitbucket.org",
    "altssh.bitbucket.org",
    "codeberg.org",
    "gitea.com",
    "git.sr.ht",
    "dev.azure.com",
    "ssh.dev.azure.com",
];

/// Public module proxies and databases among them.
const PUBLIC_PROXIES: &[&str] = &[
    "proxy.golang.org",
    "sum.golang.org",
    "sum.golang.google.cn",
    "goproxy.cn",
    "goproxy.io",
    "mirrors.aliyun.com",
];

/// What may be done, and within which time.
#[derive(Debug, Clone)]
pub struct Options {
    /// All probes together: 3 s by default, 10 s in CI.
    pub overall: Duration,
    /// Ask public resolvers for any name, by consent.
    pub public_dns_for_all: bool,
    /// The public resolvers.
    pub public_resolvers: Vec<SocketAddr>,
    /// resolv.conf.
    pub resolv_conf: PathBuf,
    /// The hosts file.
    pub hosts: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            overall: Duration::from_secs(3),
            public_dns_for_all: false,
            public_resolvers: [
                [8, 8, 8, 8],
                [1, 1, 1, 1],
                [114, 114, 114, 114],
                [223, 5, 5, 5],
            ]
            .map(|ip| SocketAddr::from((ip, 53)))
            .to_vec(),
            resolv_conf: "/etc/resolv.conf".into(),
            hosts: if cfg!(windows) {
                r"C:\Windows\System32\drivers\etc\hosts"
            } else {
                "/etc/hosts"
            }
            .into(),
        }
    }
}

impl Options {
    /// With the longer time that CI grants.
    #[must_use]
    pub fn ci() -> Self {
        Self {
            overall: Duration::from_secs(10),
            ..Self::default()
        }
    }
}

/// Everything that a probe may look at.
#[derive(Debug)]
pub struct Context {
    /// What is looked at.
    pub subject: Subject,
    /// The user's environment.
    pub env: Env,
    /// The user's home directory.
    pub home: Option<PathBuf>,
    /// Where go was started.
    pub dir: PathBuf,
    /// Go's settings.
    pub goenv: GoEnv,
    /// Limits and consents.
    pub options: Options,
    /// Set when the person has had enough.
    pub cancel: Cancel,
    pub(super) gitconfig: Promise<Option<GitConfig>>,
    pub(super) addresses: [Promise<Vec<IpAddr>>; 2],
    pub(super) connected: [Promise<Option<SocketAddr>>; 2],
    pub(super) handshake: [Promise<Option<tls::Handshake>>; 2],
    stores: OnceLock<Stores>,
    pub(super) date: [Promise<Option<(String, i64)>>; 2],
}

impl Context {
    /// A context for one subject. `go` is the real go, whose GOROOT may hold settings.
    #[must_use]
    pub fn new(
        subject: Subject,
        env: Env,
        dir: &Path,
        go: Option<&Path>,
        options: Options,
        cancel: Cancel,
    ) -> Self {
        let home = env
            .var(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
            .map(PathBuf::from);
        Self {
            goenv: GoEnv::read(&env, go),
            subject: subject.rewritten(&env, &cancel),
            home,
            dir: dir.to_path_buf(),
            options,
            cancel,
            env,
            gitconfig: Promise::default(),
            addresses: Default::default(),
            connected: Default::default(),
            handshake: Default::default(),
            stores: OnceLock::new(),
            date: Default::default(),
        }
    }

    /// Where tools run: outside of any repository of the user's, as go runs git.
    #[must_use]
    pub fn neutral_dir(&self) -> PathBuf {
        let cache = self.goenv.mod_cache(self.home.as_deref());
        cache
            .filter(|dir| dir.is_dir())
            .unwrap_or_else(std::env::temp_dir)
    }

    /// A tool on the user's PATH with the user's environment, restrained.
    pub(super) fn tool(&self, name: &str) -> Result<Tool, crate::tool::Error> {
        Tool::new(name, &self.env, &self.neutral_dir())
    }

    /// git's configuration for the subject, once the git-config reader has it.
    pub(super) fn git_config(&self, deadline: Instant) -> Option<GitConfig> {
        self.gitconfig.wait(deadline).flatten()
    }

    /// The root stores, read once.
    pub(super) fn stores(&self, deadline: Instant) -> &Stores {
        self.stores
            .get_or_init(|| Stores::read(&self.env, &self.git_config(deadline).unwrap_or_default()))
    }

    /// The proxy that a stack chooses for the subject.
    pub(super) fn proxy(&self, stack: Stack, deadline: Instant) -> proxies::Choice {
        let Subject {
            scheme, host, port, ..
        } = &self.subject;
        if stack == Stack::Go {
            return proxies::go(&self.env, scheme, host, *port);
        }
        let config = self.git_config(deadline).unwrap_or_default();
        proxies::git(&self.env, config.http("proxy"), scheme, host)
    }

    /// Whether this name may be asked of public resolvers.
    #[must_use]
    pub fn is_public(&self, host: &str) -> bool {
        self.options.public_dns_for_all || PUBLIC_HOSTS.contains(&host)
    }

    /// Whether the settings call the module private, or its host is none that everybody knows.
    #[must_use]
    pub fn looks_private(&self, module: &str) -> bool {
        let host = module.split('/').next().unwrap_or_default();
        !PUBLIC_HOSTS.contains(&host)
            || ["GONOPROXY", "GONOSUMDB"]
                .iter()
                .any(|key| pattern::matches(self.goenv.private(key), module))
    }

    /// What the http probe may ask for: a public proxy is never told a module's name again.
    pub(super) fn askable_url(&self) -> String {
        let Subject {
            scheme,
            host,
            port,
            url,
            ..
        } = &self.subject;
        let private = self
            .subject
            .module
            .as_deref()
            .is_none_or(|module| self.looks_private(module));
        if private && PUBLIC_PROXIES.contains(&host.as_str()) {
            return match host.as_str() {
                "sum.golang.org" | "sum.golang.google.cn" => format!("https://{host}/latest"),
                "mirrors.aliyun.com" => format!("https://{host}/goproxy/golang.org/x/text/@v/list"),
                _ => format!("https://{host}/golang.org/x/text/@v/list"),
            };
        }
        let own = if (scheme == "https" && *port == 443) || (scheme == "http" && *port == 80) {
            format!("{scheme}://{host}/")
        } else {
            format!("{scheme}://{host}:{port}/")
        };
        url.clone().unwrap_or(own)
    }
}

/// The place of a stack in the pairs above.
pub(super) fn side(stack: Stack) -> usize {
    usize::from(stack == Stack::Git)
}

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
