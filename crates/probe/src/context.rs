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
use super::{Stack, Subject, tls};
use crate::settings::forges;
use crate::settings::gitconfig::GitConfig;
use crate::settings::goenv::{self, GoEnv};
use crate::settings::proxies;
use crate::settings::{Env, pattern};
use crate::tool::{Cancel, NOWHERE, Tool};

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
    /// nsswitch.conf.
    pub nsswitch: PathBuf,
    /// The words come from a saved log: the directory that somebody reads it in says nothing.
    pub saved: bool,
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
            hosts: "/etc/hosts".into(),
            nsswitch: "/etc/nsswitch.conf".into(),
            saved: false,
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
    /// The real go.
    pub go: Option<PathBuf>,
    /// The minor release of the go concerned: 27 for Go 1.27.
    pub release: Option<u32>,
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
        let home = env.var("HOME").map(PathBuf::from);
        Self {
            goenv: GoEnv::read(&env, go),
            release: goenv::release(&env, go),
            go: go.map(Path::to_path_buf),
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

    /// A tool on the user's PATH with the user's environment, restrained, outside of any repository.
    pub(super) fn tool(&self, name: &str) -> Result<Tool, crate::tool::Error> {
        Tool::new(name, &self.env, Path::new(NOWHERE))
    }

    /// git's configuration for the subject, once the git-config reader has it.
    pub(super) fn git_config(&self, deadline: Instant) -> Option<GitConfig> {
        self.gitconfig.wait(deadline).flatten()
    }

    /// The root stores, read once.
    pub(super) fn stores(&self, deadline: Instant) -> &Stores {
        self.stores
            .get_or_init(|| Stores::read(&self.env, self.git_config(deadline).as_ref()))
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
        self.options.public_dns_for_all || forges::is_well_known(host)
    }

    /// Whether the settings call the module private, or its host is none that everybody knows.
    #[must_use]
    pub fn looks_private(&self, module: &str) -> bool {
        looks_private(&self.goenv, module)
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
        if private && forges::is_public_proxy(host) {
            return match host.as_str() {
                host if forges::is_database(host) => format!("https://{host}/latest"),
                host => format!(
                    "{}/golang.org/x/text/@v/list",
                    forges::proxy_of(host).unwrap_or_default()
                ),
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

/// Whether these settings call a module private, or its host is none that everybody knows.
#[must_use]
pub fn looks_private(goenv: &GoEnv, module: &str) -> bool {
    let host = module.split('/').next().unwrap_or_default();
    !forges::is_well_known(host)
        || ["GONOPROXY", "GONOSUMDB"]
            .iter()
            .any(|key| pattern::matches(goenv.private(key), module))
}

/// The place of a stack in the pairs above.
pub(super) fn side(stack: Stack) -> usize {
    usize::from(stack == Stack::Git)
}
