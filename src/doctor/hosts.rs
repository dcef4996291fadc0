//! Every host that a fetch of the module here would speak to, for firewalls, sandboxes and the allow-lists of
//! coding agents.
//!
//! In: settings, go.mod and go.sum, of a workspace all of them. Out: hosts and ports, each with its part and who names it; and what can't be
//! known from files. Nobody is contacted unless that is wanted ([`Request::ask`]): then each server is asked
//! where it sends one on to. No credential is read, sent or shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::plan::{self, HostCheck};
use super::{GoMod, Request, offline, role_id};
use crate::evidence::Role;
use crate::file;
use crate::probe::{self, Id, Seen, Subject};
use crate::settings::gitconfig::{self, GitConfig};
use crate::settings::goenv::GoEnv;
use crate::settings::gofile;
use crate::settings::lint::{self, Lint, Severity};
use crate::settings::proxies;
use crate::tool::NOWHERE;

/// The version of this list's shape.
const SCHEMA: u32 = 1;

/// Where a server is known to send go on to, by the beginning of the path that is asked for (2026-11).
const KNOWN: &[(&str, Role, &str)] = &[
    ("proxy.golang.org", Role::Goproxy, "storage.googleapis.com"),
    ("golang.org/x", Role::ImportMeta, "go.googlesource.com"),
    ("google.golang.org", Role::ImportMeta, "github.com"),
    ("cloud.google.com/go", Role::ImportMeta, "github.com"),
    ("go.opentelemetry.io", Role::ImportMeta, "github.com"),
    ("go.uber.org", Role::ImportMeta, "github.com"),
    ("gopkg.in", Role::ImportMeta, "github.com"),
    ("k8s.io", Role::ImportMeta, "github.com"),
    ("sigs.k8s.io", Role::ImportMeta, "github.com"),
];

/// When a host is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// By every fetch of what is not cached.
    Always,
    /// Where the module proxies lack a module (`direct` stands last in GOPROXY).
    Fallback,
}

/// How it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Settings and go.mod name it.
    Settings,
    /// gomend ships it.
    Known,
    /// A server named it just now.
    Asked,
}

/// A host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Host {
    /// Its name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// `https`, `http`, `ssh`, `git` or a proxy's scheme.
    pub scheme: String,
    /// Its part: `goproxy`, `sumdb`, `toolchain`, `import-meta`, `vcs-https`, `vcs-ssh`, `http-proxy`, or
    /// `redirect` for where another one sends go on to.
    pub role: String,
    /// Settings, modules or hosts that name it.
    pub named_by: Vec<String>,
    /// When it is spoken to.
    pub when: When,
    /// How it is known.
    pub basis: Basis,
}

impl Host {
    /// The one that is looked at, named by nobody yet.
    fn of(subject: &Subject, role: &str, when: When, basis: Basis) -> Self {
        Self {
            host: subject.host.clone(),
            port: subject.port,
            scheme: subject.scheme.clone(),
            role: role.to_owned(),
            named_by: Vec::new(),
            when,
            basis,
        }
    }
}

/// Something that no file tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NotKnown {
    /// Where a page says that these modules are kept.
    Repository {
        /// The page's host.
        host: String,
        /// One of the modules.
        module: String,
    },
    /// Whether this module proxy sends on to a storage host.
    Storage {
        /// The proxy.
        host: String,
    },
    /// There is no go.mod here or above: modules are not known.
    NoModule,
    /// Whom go asks for modules: it refuses this setting.
    Setting {
        /// What is wrong with it.
        lint: Lint,
    },
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hosts {
    /// Of this form.
    pub schema: u32,
    /// Each host, port and part once.
    pub hosts: Vec<Host>,
    /// What can't be told without asking, or at all.
    pub unknown: Vec<NotKnown>,
}

/// Lists them. `ask`: servers are asked where they send on to.
#[must_use]
pub fn list(request: &Request, ask: bool) -> Hosts {
    let goenv = GoEnv::read(&request.env, request.go.as_deref());
    let mut list = List {
        request,
        ask,
        out: Hosts {
            schema: SCHEMA,
            hosts: Vec::new(),
            unknown: Vec::new(),
        },
    };
    let refused = lint::go(&goenv, &request.env).into_iter();
    let refused = refused.filter(|lint| lint.key == "GOPROXY" && lint.severity == Severity::Error);
    let refused = refused.map(|lint| NotKnown::Setting { lint });
    list.out.unknown.extend(refused);
    let toolchain = offline::ask(request, &goenv).toolchain;
    let (always, _) = plan::wanted(request, &goenv, toolchain.as_deref());
    let direct = plan::ends_direct(&goenv);
    let modules = modules(request);
    if GoMod::here(&request.dir, &request.env).is_empty() {
        list.out.unknown.push(NotKnown::NoModule);
    }
    let mut fallback = Vec::new();
    for module in &modules {
        for subject in plan::of_module(module) {
            let own = plan::goes_direct(&goenv, module);
            if own || direct {
                plan::add(&mut fallback, subject, module);
            }
        }
    }
    for check in always {
        list.add(check, When::Always);
    }
    for check in fallback {
        let own = check
            .named_by
            .iter()
            .any(|module| plan::goes_direct(&goenv, module));
        list.add(check, if own { When::Always } else { When::Fallback });
    }
    list.out
        .hosts
        .sort_by(|a, b| (a.when, &a.host, a.port).cmp(&(b.when, &b.host, b.port)));
    list.out
}

/// Module paths of go.mod and go.sum, of each module of a workspace and its own: all of the graph that was ever needed
/// here.
fn modules(request: &Request) -> Vec<String> {
    let modules = GoMod::here(&request.dir, &request.env);
    let beside = modules
        .iter()
        .map(|module| module.file.with_extension("sum"));
    let of_workspace = gofile::workspace(&request.env, &request.dir).map(|file| {
        let mut name = file.into_os_string();
        name.push(".sum");
        PathBuf::from(name)
    });
    let files: Vec<PathBuf> = beside.chain(of_workspace).collect();
    let summed = files.iter().flat_map(|path| {
        let sums = file::text(path, file::Kind::Module).unwrap_or_default();
        let paths = sums.lines().filter_map(|line| line.split(' ').next());
        paths.map(str::to_owned).collect::<Vec<_>>()
    });
    let required = modules.iter().flat_map(|module| &module.modules);
    let mut all: Vec<String> = required
        .map(|(path, _)| path.clone())
        .chain(summed)
        .collect();
    all.retain(|path| !path.is_empty());
    all.sort();
    all.dedup();
    all
}

struct List<'a> {
    request: &'a Request,
    ask: bool,
    out: Hosts,
}

impl List<'_> {
    fn add(&mut self, check: HostCheck, when: When) {
        let subject = self.rewritten(check.subject);
        let (host, role) = (subject.host.clone(), subject.role);
        let named_by = check.named_by;
        self.push(Host {
            named_by: named_by.clone(),
            ..Host::of(&subject, role_id(role), when, Basis::Settings)
        });
        if subject.scheme.starts_with("http") {
            self.through(&subject, when);
        }
        let path = named_by.first().cloned().unwrap_or_default();
        let next = match role {
            Role::Goproxy | Role::Toolchain => known(&host, Role::Goproxy),
            Role::ImportMeta => known(&path, Role::ImportMeta),
            _ => return,
        };
        let next = next.map(|next| (next, Basis::Known));
        let asked = if self.ask {
            self.asked(subject)
        } else {
            Vec::new()
        };
        let all: Vec<_> = next
            .into_iter()
            .map(|(next, basis)| (format!("https://{next}/"), basis))
            .chain(asked.into_iter().map(|next| (next, Basis::Asked)))
            .collect();
        if all.is_empty() && !self.ask {
            self.out.unknown.push(match role {
                Role::ImportMeta => NotKnown::Repository {
                    host: host.clone(),
                    module: path,
                },
                _ => NotKnown::Storage { host: host.clone() },
            });
        }
        for (next, basis) in all {
            if let Some(next) = Subject::from_text(&next).filter(|next| next.host != host) {
                self.push(Host {
                    named_by: vec![host.clone()],
                    ..Host::of(&next, "redirect", when, basis)
                });
            }
        }
    }

    /// git's `insteadOf` leads elsewhere.
    fn rewritten(&self, subject: Subject) -> Subject {
        let deadline = Instant::now() + Duration::from_secs(1);
        let Some(url) = subject
            .repository
            .as_deref()
            .filter(|_| subject.role == Role::VcsHttps)
        else {
            return subject;
        };
        let url = gitconfig::effective(
            &self.request.env,
            Path::new(NOWHERE),
            url,
            deadline,
            &self.request.cancel,
        );
        url.and_then(|url| Subject::from_text(&url))
            .unwrap_or(subject)
    }

    /// The HTTP proxy in between, as the stack that asks there chooses it.
    fn through(&mut self, subject: &Subject, when: When) {
        let env = &self.request.env;
        let choice = if subject.role == Role::VcsHttps {
            let url = format!("{}://{}/", subject.scheme, subject.host);
            let deadline = Instant::now() + Duration::from_secs(1);
            let nowhere = Path::new(NOWHERE);
            let config = GitConfig::read(env, nowhere, &url, deadline, &self.request.cancel);
            let set = config.as_ref().ok().and_then(|config| config.http("proxy"));
            proxies::git(env, set, &subject.scheme, &subject.host)
        } else {
            proxies::go(env, &subject.scheme, &subject.host, subject.port)
        };
        let proxies::Choice::Proxy(url, key) = choice else {
            return;
        };
        let scheme = if url.scheme.is_empty() {
            "http"
        } else {
            &url.scheme
        };
        let proxy = Subject {
            scheme: scheme.to_owned(),
            port: url.port_or_default().unwrap_or(80),
            host: url.host.clone(),
            ..Subject::nobody()
        };
        self.push(Host {
            named_by: vec![key],
            ..Host::of(&proxy, role_id(Role::HttpProxy), when, Basis::Settings)
        });
    }

    /// Where a server sends one on to, and where its page says that the modules are kept.
    fn asked(&self, subject: Subject) -> Vec<String> {
        let url = subject.url.map(|url| {
            url.replace(
                "/golang.org/x/text/@v/list",
                "/golang.org/x/sync/@v/v0.1.0.zip",
            )
        });
        let subject = Subject { url, ..subject };
        let cx = self.request.context(subject);
        let seen = probe::run_one(&Arc::new(cx), Id::Http, &mut |_| {});
        let replies = seen.into_iter().filter_map(|one| match one.seen {
            Seen::Http(reply) => Some(reply),
            _ => None,
        });
        let on = replies.flat_map(|reply| {
            let redirected = reply.redirects_to.map(|host| format!("https://{host}/"));
            [redirected, reply.go_import]
        });
        on.flatten().collect()
    }

    /// Each host, port and part once; the more frequent need counts.
    fn push(&mut self, new: Host) {
        let key = |host: &Host| (host.host.clone(), host.port, host.role.clone());
        let same = |host: &&mut Host| key(host) == key(&new);
        let Some(host) = self.out.hosts.iter_mut().find(same) else {
            return self.out.hosts.push(new);
        };
        host.when = host.when.min(new.when);
        host.basis = host.basis.max(new.basis);
        host.named_by.extend(new.named_by);
        host.named_by.sort();
        host.named_by.dedup();
    }
}

/// Where this host, or page for a module, is known to send on to.
fn known(name: &str, role: Role) -> Option<&'static str> {
    let fits = |beginning: &str| {
        name.strip_prefix(beginning)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    KNOWN
        .iter()
        .find(|(beginning, of, _)| *of == role && fits(beginning))
        .map(|(.., next)| *next)
}
