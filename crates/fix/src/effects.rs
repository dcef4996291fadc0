//! What a trial would do beyond what the failed run did by itself, worked out before anything runs.
//!
//! In: a proposal, the verdict, the situation. Out: [`Effects`]: what needs consent, who the
//! trial is towards servers, and whether it may use the network. Pure: no program, no network.
//! What the failed run did needs no consent: the same module asked of the same hosts with the same
//! logins. A module's own host may be told of its module, unless a module proxy that isn't public
//! stands between.
//!
//! What no trial does, whatever is agreed to: approve, reject or erase a credential, run what a
//! repository that isn't proven the user's own names, prompt, or write outside of its bench
//! (`bench.rs` sees to it).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Check, PUBLIC_MODULE};
use super::gitsettings::{self, Entry, Origin};
use super::{Change, Family, Proposal, Situation, is_worked_out_by_go, privacy};
use crate::cause::{Cause, Layer};
use crate::evidence::Role;
use crate::lang::{Text, ToText, msg};
use crate::settings::forges::{self, is_public_proxy};
use crate::settings::goenv::{self, GoEnv};
use crate::settings::goproxy::{Source, Sumdb};
use crate::settings::proxies;
use crate::settings::url::Url;
use crate::verdict::{Reason, Verdict};

/// What hosts learn of without each name being listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum More {
    /// What the code imports.
    Imports,
    /// The other modules of go.mod.
    Modules,
}

impl More {
    fn text(self) -> Text {
        match self {
            Self::Imports => msg!("what the code imports"),
            Self::Modules => msg!("the other modules of go.mod"),
        }
    }
}

/// One thing that a trial would do beyond the failed run: it waits until a person agrees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Consent {
    /// git opens a repository of another user.
    ReadForeignRepository {
        /// The repository.
        dir: String,
    },
    /// A server whose certificate the user's settings refuse is asked for the module.
    TrustCertificate {
        /// The server.
        host: String,
    },
    /// An ssh server is accepted by a key that the user has not confirmed, or at another address.
    TrustHostKey {
        /// The server.
        host: String,
    },
    /// Hosts learn of modules or repositories that the failed run did not tell them of.
    Tell {
        /// Those hosts.
        hosts: Vec<String>,
        /// What they learn of: modules and repositories.
        names: Vec<String>,
        /// What they learn of besides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        more: Option<More>,
    },
    /// A host is reached past the HTTP proxy.
    PassProxy {
        /// The host.
        host: String,
    },
    /// Requests go through another HTTP proxy.
    UseProxy {
        /// As `host:port`.
        proxy: String,
    },
    /// A login is sent that the failed run did not send.
    LogIn {
        /// The server.
        host: String,
    },
    /// A version control program runs that GOVCS forbids.
    RunForbiddenVcs {
        /// What GOVCS is to be.
        rules: String,
    },
    /// Another Go is downloaded and runs.
    RunToolchain,
    /// A setting changes of which nothing more is known.
    ChangeSetting {
        /// The setting.
        name: String,
    },
    /// A project's file wishes it: never tried, even if it is agreed to.
    ProjectWish,
}

impl Consent {
    /// What would happen, as the rest of "not tried: ".
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::ReadForeignRepository { dir } => {
                msg!(
                    "it would let git open {dir}, which belongs to another user",
                    dir
                )
            }
            Self::TrustCertificate { host } => msg!(
                "it would ask {host} for the module, a server that your machine doesn't trust (no login is sent)",
                host = server(host)
            ),
            Self::TrustHostKey { host } => msg!(
                "it would connect to {host} with a host key that you have not confirmed (no login is sent)",
                host = server(host)
            ),
            Self::Tell { hosts, names, more } => msg!(
                "it would tell {hosts} of {names}, which your command did not",
                hosts = Text::list(hosts),
                names = Text::list((names.iter().map(ToText::to_text)).chain(more.map(More::text)))
            ),
            Self::PassProxy { host } => msg!(
                "it would connect to {host} past the HTTP proxy",
                host = server(host)
            ),
            Self::UseProxy { proxy } => msg!("it would go through the HTTP proxy {proxy}", proxy),
            Self::LogIn { host } => {
                msg!(
                    "it would log in to {host}, where your command did not",
                    host = server(host)
                )
            }
            Self::RunForbiddenVcs { rules } => {
                msg!(
                    "it would run programs that GOVCS forbids (GOVCS={rules})",
                    rules
                )
            }
            Self::RunToolchain => msg!("it would download another Go and run it"),
            Self::ChangeSetting { name } => msg!("it would run with another {name}", name),
            Self::ProjectWish => msg!("a project's file wishes it, and wishes are never tried"),
        }
    }

    /// Whether somebody would be trusted who is not trusted yet.
    const fn is_trust(&self) -> bool {
        matches!(
            self,
            Self::ReadForeignRepository { .. }
                | Self::TrustCertificate { .. }
                | Self::TrustHostKey { .. }
        )
    }
}

/// Who a trial is towards servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nobody: no netrc, credential helper, GOAUTH, cookie, extra header, client certificate or ssh key. A login that
    /// was typed for this trial is all that it has.
    Nobody,
    /// The user, as in the failed run: logins are looked up, never approved, rejected or erased.
    User,
}

/// What a trial does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that don't depend on each other"
)]
pub(super) struct Effects {
    /// What goes beyond the failed run.
    pub(super) asks: Vec<Consent>,
    /// Who it is.
    pub(super) identity: Identity,
    /// Whether it may use the network: where the failed run asked nobody, what the module cache
    /// holds must do.
    pub(super) network: bool,
    /// Somebody new is trusted: what a login would show is not tried.
    pub(super) trusts: bool,
    /// `--yes` agrees to all that it asks: it is what the user's own settings ask for, without what
    /// is broken in them, or what Go does by default with a public module.
    pub(super) by_yes: bool,
    /// Where it may not use the network: what that would tell whom. A trial that can't do without asks for it.
    pub(super) tells: Vec<Consent>,
    /// Whoever says `--yes` has agreed to what it [tells](Self::tells).
    pub(super) network_by_yes: bool,
}

impl Effects {
    /// The failed run again.
    pub(super) const AS_THE_RUN: Self = Self {
        asks: Vec::new(),
        identity: Identity::User,
        network: true,
        trusts: false,
        by_yes: true,
        tells: Vec::new(),
        network_by_yes: false,
    };

    /// Of trying this proposal.
    pub(super) fn of(proposal: &Proposal, verdict: &Verdict, s: &Situation) -> Self {
        let check = Check::of(proposal, verdict, s);
        let after = after(proposal, s);
        let mut asks = proposal.asks.clone(); // a wish; a login that an earlier trial lacked
        for change in &proposal.changes {
            asks.extend(of_change(change, verdict, s));
        }
        let asked = !asked_nobody(verdict);
        let works_out = is_worked_out_by_go(proposal); // go asks for whatever the code imports
        let is_of_all = match check {
            Check::Listing { .. } => true,
            // with another value of who is asked, only asking shows something
            Check::Download(_) => {
                let mut keys = proposal.settings.iter().map(|(key, _)| key);
                verdict.cause == Cause::GoproxyInvalid && keys.all(|key| key == "GOFLAGS")
            }
            _ => false,
        };
        let offline = !asked && is_of_all && !works_out;
        if proposal.applies() && !offline {
            asks.extend(if works_out {
                told_of_all(verdict, false, &after, s)
            } else {
                told(&check, verdict, asked, &after, s)
            });
        }
        let mut once: Vec<Consent> = Vec::new();
        for ask in asks {
            if !once.contains(&ask) {
                once.push(ask);
            }
        }
        // what `--yes` can't apply it doesn't try for anybody's ears either
        let is_for_yes = proposal.needs.is_empty();
        let is_meant = |ask: &Consent| is_for_yes && is_meant(ask, proposal, verdict, s);
        let by_yes = once.iter().all(is_meant);
        let trusts = once.iter().any(Consent::is_trust);
        let elsewhere = once.is_empty() && goes_elsewhere(&check, proposal, &s.goenv, &after);
        let identity = if trusts || is_typed(proposal) || elsewhere {
            Identity::Nobody
        } else {
            Identity::User
        };
        let tells = if offline {
            told_of_all(verdict, false, &after, s)
        } else {
            Vec::new()
        };
        Self {
            asks: once,
            identity,
            network: !offline,
            trusts,
            by_yes,
            network_by_yes: offline && tells.iter().all(is_meant),
            tells,
        }
    }

    /// Whether it is never tried.
    pub(super) fn is_wish(&self) -> bool {
        self.asks.contains(&Consent::ProjectWish)
    }
}

/// Whether whoever says `--yes` has agreed to it: trust, logins and other programs never.
fn is_meant(ask: &Consent, proposal: &Proposal, verdict: &Verdict, s: &Situation) -> bool {
    match ask {
        Consent::Tell { hosts, names, more } => {
            let unnamed = more.map(|_| ""); // expected by nobody but a host that the settings name
            let expects = |host: &String| {
                let names = names.iter().map(String::as_str).chain(unnamed);
                names.into_iter().all(|name| leads_to(name, host, s))
            };
            hosts.iter().all(expects)
        }
        Consent::PassProxy { host } => nobody_stands(proposal, verdict, host, s),
        // the other stack goes through it already
        Consent::UseProxy { .. } => proposal.id == "proxy-set",
        Consent::ChangeSetting { name } => match proposal.id.as_str() {
            "git-protocol" => name == "allow",
            "other-cache" => matches!(name.as_str(), "GOMODCACHE" | "GOCACHE"),
            _ => false,
        },
        // where the failed run was to log in, by ssh's own settings
        Consent::LogIn { .. } => {
            proposal.family == Family::SshSetting
                || proposal.id == "ssh-modes"
                    && proposal.changes.iter().all(|change| {
                        matches!(change, Change::Mode { file, .. } if file.ends_with(".ssh/config"))
                    })
        }
        _ => false,
    }
}

/// Whether a module's name may go to a host by what the user has set, as it is meant, or by Go's
/// defaults.
fn leads_to(module: &str, host: &str, s: &Situation) -> bool {
    let set = |key: &str| {
        let setting = s.goenv.values.iter().find(|setting| setting.key == key);
        let setting = setting.filter(|setting| {
            matches!(
                setting.layer,
                goenv::Layer::User | goenv::Layer::Environment
            )
        });
        let named = setting.into_iter().flat_map(|setting| {
            let inside = |letter: char| letter.is_ascii_alphanumeric() || ".-".contains(letter);
            setting.value.split(move |letter| !inside(letter))
        });
        named.into_iter().any(|name| name == host)
    };
    let is_default =
        forges::proxy_of(host) == Some(forges::DEFAULT_PROXY) || host == forges::DEFAULT_DATABASE;
    let is_public = forges::is_well_known(first(module)) && !privacy::is_own(module, s);
    first(module) == host || set("GOPROXY") || set("GOSUMDB") || is_default && is_public
}

/// Nobody stands behind the HTTP proxy that is passed by: a program of this machine that doesn't run,
/// a name that nobody has, a value that is no address; or go goes past it already.
fn nobody_stands(proposal: &Proposal, verdict: &Verdict, host: &str, s: &Situation) -> bool {
    let nobody = matches!(
        verdict.reason,
        Some(Reason::ProxyNameUnknown | Reason::ProxyMalformed)
    );
    let here = verdict.target.role == Role::HttpProxy
        && verdict
            .target
            .host
            .as_deref()
            .is_some_and(privacy::is_loopback);
    let of_git = proposal.changes.iter().all(|change| {
        let mut exported = change.exported().into_iter();
        exported.all(|(name, _)| name.starts_with("GIT_"))
    });
    let direct = matches!(
        proxies::go(&s.env, "https", host, 443),
        proxies::Choice::Direct(_)
    );
    let jump = proposal.family == Family::SshSetting
        && (verdict.cause == Cause::DnsNotFound
            || proposal.makes(|change| match change {
                Change::Line { old, .. } => {
                    let command = old.trim().split_once([' ', '=']);
                    command.is_some_and(|(_, command)| !gitsettings::runs(command, s))
                }
                _ => false,
            }));
    jump || proposal.id == "proxy-unset" && (nobody || here || of_git && direct)
}

/// All that a trial would do beyond the failed run, in one line.
pub(super) fn text(asks: &[Consent]) -> Text {
    Text::joined(
        msg!("between sentences" => "; "),
        asks.iter().map(Consent::text),
    )
}

/// A login was typed for this trial.
pub(super) fn is_typed(proposal: &Proposal) -> bool {
    proposal.makes(|change| matches!(change, Change::Netrc { .. }))
}

/// Failures that come before anybody is asked anything.
fn asked_nobody(verdict: &Verdict) -> bool {
    match verdict.cause {
        Cause::MissingGoSum
        | Cause::GoproxyDisabled
        | Cause::GoproxyInvalid
        | Cause::DubiousOwnership
        | Cause::VcsStampingFailed
        | Cause::GoTooOld
        | Cause::AmbiguousImport
        | Cause::DiskFull
        | Cause::PermissionDenied
        | Cause::NoHome => true,
        Cause::CacheCorrupt => !matches!(
            verdict.reason,
            Some(Reason::CloneDamaged | Reason::LockLeft)
        ),
        _ => false,
    }
}

/// The server that the failing step was to speak to: behind the HTTP proxy, if there is one; empty if
/// nothing names it.
fn host_of(verdict: &Verdict) -> String {
    let target = &verdict.target;
    let own = target
        .host
        .clone()
        .filter(|_| target.role != Role::HttpProxy);
    let url = || Some(Url::parse(target.url.as_deref()?)?.host);
    own.or_else(url)
        .or_else(|| Some(first(target.module.as_deref()?).to_owned()))
        .unwrap_or_default()
}

/// A server by its name, where something names it.
fn server(host: &str) -> Text {
    if host.is_empty() {
        msg!("the server")
    } else {
        host.into()
    }
}

/// The host of a module path.
fn first(module: &str) -> &str {
    module.split('/').next().unwrap_or_default()
}

/// What one change brings with it, wherever its settings lead.
fn of_change(change: &Change, verdict: &Verdict, s: &Situation) -> Vec<Consent> {
    let host = host_of(verdict);
    match change {
        Change::GoEnv { key, value } => of_go(key, value.as_deref(), &host),
        Change::GitConfig { key, value } => of_git(key, value, host),
        Change::Line { old, file, .. } if file.ends_with(".ssh/config") => {
            let keyword = old.trim().to_ascii_lowercase();
            let is = |name: &&str| keyword.starts_with(name);
            if ["proxycommand", "proxyjump"].iter().any(&is) {
                vec![Consent::PassProxy { host }]
            } else if ["hostname", "port"].iter().any(is) {
                Vec::new()
            } else {
                vec![Consent::LogIn { host }]
            }
        }
        Change::Line { old, .. } => {
            let mut asks: Vec<Consent> = variables(change, s, &host);
            let key = old.split('=').next().unwrap_or_default();
            let key = key.split_whitespace().next_back().unwrap_or_default(); // behind `[section]`
            if asks.is_empty() && change.exported().is_empty() {
                let present = old
                    .split_once('=')
                    .is_none_or(|(_, value)| is_there(value, s));
                asks.extend(of_git_key(&key.to_ascii_lowercase(), host, false, present));
            }
            asks
        }
        Change::Append { file, .. } | Change::File { file, .. }
            if file.ends_with(".ssh/known_hosts") =>
        {
            vec![Consent::TrustHostKey { host }]
        }
        Change::Prepend { text, .. } if text.contains("HostName") => {
            vec![Consent::TrustHostKey { host }]
        }
        // another key is offered, or one that ssh refused to read
        Change::Prepend { .. } | Change::Mode { .. } => vec![Consent::LogIn { host }],
        Change::Append { .. } | Change::Variable { .. } => variables(change, s, &host),
        // a certificate: whoever is told of the file asks; netrc: typed for this; the rest is told of below
        Change::File { .. }
        | Change::Netrc { .. }
        | Change::Modules { .. }
        | Change::MoveAside { .. } => Vec::new(),
    }
}

/// Whether something can be read where a setting or a variable names a path.
fn is_there(value: &str, s: &Situation) -> bool {
    s.is_there(value.trim().trim_matches(['"', '\'']))
}

/// A setting of Go's; who is told what by it is worked out apart.
fn of_go(key: &str, value: Option<&str>, host: &str) -> Vec<Consent> {
    match (key, value) {
        (
            "GOPROXY" | "GOPRIVATE" | "GONOPROXY" | "GONOSUMDB" | "GOSUMDB" | "GOFLAGS"
            | "GOTOOLCHAIN",
            _,
        )
        // a place that go can't use: the default instead
        | (
            "GOAUTH" | "GOPATH" | "GOMODCACHE" | "GOCACHE" | "GOTMPDIR" | "TMPDIR" | "GO111MODULE"
            | "GOROOT" | "GOWORK" | "GOVCS",
            None,
        ) => Vec::new(),
        ("GOAUTH", _) => vec![Consent::LogIn {
            host: host.to_owned(),
        }],
        ("GOVCS", rules) => vec![Consent::RunForbiddenVcs {
            rules: rules.unwrap_or_default().to_owned(),
        }],
        _ => vec![Consent::ChangeSetting {
            name: key.to_owned(),
        }],
    }
}

/// A value that is added to git's configuration.
fn of_git(key: &str, value: &str, host: String) -> Vec<Consent> {
    let last = key.rsplit('.').next().unwrap_or_default();
    if key == "safe.directory" {
        return vec![Consent::ReadForeignRepository {
            dir: value.to_owned(),
        }];
    }
    if key.starts_with("url.") && last == "insteadOf" {
        let base = key
            .trim_start_matches("url.")
            .trim_end_matches(".insteadOf");
        let to = Url::remote(base).map(|url| url.host);
        return match to {
            Some(to) if to == host => Vec::new(),
            to => vec![Consent::Tell {
                hosts: to.into_iter().collect(),
                names: vec![value.to_owned()],
                more: None,
            }],
        };
    }
    of_git_key(&last.to_ascii_lowercase(), host, true, true)
}

/// A key of git's configuration by its last part, lower case; it `comes`, or it goes.
fn of_git_key(key: &str, host: String, comes: bool, present: bool) -> Vec<Consent> {
    match key {
        // without a bundle of its own git trusts the system's; what was not there vouched for nobody
        "sslcainfo" | "sslcapath" if comes || present => {
            vec![Consent::TrustCertificate { host }]
        }
        "proxy" => vec![Consent::PassProxy { host }],
        "helper" | "proactiveauth" if comes => vec![Consent::LogIn { host }],
        "version" => Vec::new(),
        _ if comes => vec![Consent::ChangeSetting {
            name: key.to_owned(),
        }],
        _ => Vec::new(), // a rewrite that leads nowhere, a line that git cannot read
    }
}

/// Variables that a shell started later will see.
fn variables(change: &Change, s: &Situation, host: &str) -> Vec<Consent> {
    let exported = change.exported().into_iter();
    exported
        .flat_map(|(name, value)| of_variable(&name, value.as_deref(), s, host))
        .collect()
}

fn of_variable(name: &str, value: Option<&str>, s: &Situation, host: &str) -> Vec<Consent> {
    let host = host.to_owned();
    match name {
        "SSL_CERT_FILE" | "SSL_CERT_DIR" | "GIT_SSL_CAINFO" | "GIT_SSL_CAPATH"
            if value.is_some() || s.env.var(name).is_none_or(|old| is_there(old, s)) =>
        {
            vec![Consent::TrustCertificate { host }]
        }
        // what is seen not to be there vouched for nobody
        "SSL_CERT_FILE" | "SSL_CERT_DIR" | "GIT_SSL_CAINFO" | "GIT_SSL_CAPATH" => Vec::new(),
        "GIT_CONFIG_COUNT" | "GIT_CONFIG_PARAMETERS" if value.is_none() => {
            let all = gitsettings::entries(s).into_iter();
            let of_name =
                |entry: &Entry| matches!(entry.origin, Origin::Variable(own) if own == name);
            all.filter(of_name)
                .flat_map(|entry| {
                    let present = is_there(&entry.value, s);
                    of_git_key(&entry.name, host.clone(), false, present)
                })
                .collect()
        }
        // programs that git starts as it comes, what is no directory
        _ if value.is_none() && name.starts_with("GIT_") => Vec::new(),
        "NO_PROXY" | "no_proxy" => vec![Consent::PassProxy { host }],
        _ if name.to_ascii_uppercase().ends_with("_PROXY") => {
            let old = s.env.var(name).and_then(Url::proxy);
            match (value.and_then(Url::proxy), old) {
                (None, _) => vec![Consent::PassProxy { host }],
                // the same party, told no secret in another way
                (Some(new), Some(old))
                    if new.host == old.host && new.port == old.port && new.userinfo.is_none() =>
                {
                    Vec::new()
                }
                (Some(new), _) => vec![Consent::UseProxy {
                    proxy: new.origin(),
                }],
            }
        }
        // folders of the system's own; a key share less
        "PATH" | "GODEBUG" => Vec::new(),
        _ => of_go(name, value, &host),
    }
}

/// Go's settings with the proposal's changes in them.
fn after(proposal: &Proposal, s: &Situation) -> GoEnv {
    let changes = proposal.changes.iter().flat_map(|change| match change {
        Change::GoEnv { key, value } => vec![(key.clone(), value.clone())],
        other => other.exported(),
    });
    s.goenv.with(&changes.collect::<Vec<_>>())
}

/// Whom Go's settings lead to for one module.
#[derive(Debug, Default, PartialEq, Eq)]
struct Route {
    /// Module proxies, in order.
    proxies: Vec<String>,
    /// The checksum database.
    database: Option<String>,
    /// The module's own host.
    origin: bool,
}

impl Route {
    fn of(goenv: &GoEnv, module: &str) -> Self {
        let mut route = Self::default();
        if goenv.skips_proxies(module) {
            route.origin = true;
        } else {
            let urls = goenv.sources().filter_map(Source::url);
            route.proxies = urls.map(|url| url.host).collect();
            route.origin = goenv.sources().any(|source| source == Source::Direct);
        }
        route.database = goenv.sumdb(module).map(database_host);
        route
    }

    /// Those of this route that the failed run told of the module. Where no connection stood, they
    /// learnt of nothing; the database is asked last.
    fn told(mut self, verdict: &Verdict) -> Self {
        let stood = !(Layer::Dns..=Layer::Tls).contains(&verdict.cause.layer());
        let role = verdict.target.role;
        let last = verdict.target.host.as_ref();
        match role {
            Role::VcsHttps | Role::VcsSsh | Role::VcsGit | Role::ImportMeta | Role::Sumdb => {}
            _ if !stood => self.proxies.clear(),
            Role::Goproxy => {
                let failed = self.proxies.iter().position(|host| Some(host) == last);
                self.proxies.truncate(failed.map_or(0, |at| at + 1));
            }
            _ => {}
        }
        if !(stood && role == Role::Sumdb) {
            self.database = None;
        }
        self
    }

    /// Module proxies and the database.
    fn hosts(&self) -> impl Iterator<Item = &String> {
        self.proxies.iter().chain(&self.database)
    }

    /// All module proxies are open to everybody: none stands there to keep somebody inside.
    fn is_public(&self) -> bool {
        self.proxies.iter().all(|host| is_public_proxy(host))
    }
}

/// `name[+hash+key] [url]` (go help module-auth).
fn database_host(sumdb: Sumdb<'_>) -> String {
    let url = sumdb.address.and_then(Url::parse);
    url.map_or_else(|| sumdb.name.to_owned(), |url| url.host)
}

/// Who would learn what beyond the failed run, which asked somebody or not.
fn told(
    check: &Check,
    verdict: &Verdict,
    asked: bool,
    after: &GoEnv,
    s: &Situation,
) -> Vec<Consent> {
    match check {
        Check::Module(at) => {
            let module = path_of(at);
            let hosts = newly_told(module, verdict, asked, after, s);
            if hosts.is_empty() {
                return Vec::new();
            }
            vec![Consent::Tell {
                hosts,
                names: vec![module.to_owned()],
                more: None,
            }]
        }
        Check::Remote(url) if !asked => {
            let host = Url::remote(url).map(|url| url.host);
            vec![Consent::Tell {
                hosts: host.into_iter().collect(),
                names: vec![url.clone()],
                more: None,
            }]
        }
        Check::Toolchain(_) if after.value("GOTOOLCHAIN") != "local" => {
            vec![Consent::RunToolchain]
        }
        Check::Download(_) | Check::Listing { .. } => told_of_all(verdict, asked, after, s),
        Check::Remote(_)
        | Check::Places
        | Check::Vendored(_)
        | Check::Toolchain(_)
        | Check::Repository(_)
        | Check::Nothing(_) => Vec::new(),
    }
}

/// Whether all modules of go.mod can be fetched with this change and nobody learns what the failed
/// command would not have told them, had it come so far.
pub(super) fn tells_nobody_else(proposal: &Proposal, verdict: &Verdict, s: &Situation) -> bool {
    let after = after(proposal, s);
    !asked_nobody(verdict)
        && s.requires().all(|module| {
            let (before, new) = (Route::of(&s.goenv, module), Route::of(&after, module));
            let known = |host: &String| before.hosts().any(|old| old == host);
            new.hosts().all(known) && (!new.origin || before.origin || before.is_public())
        })
}

/// The hosts that would learn of a module by these settings and did not by the failed run.
fn newly_told(
    module: &str,
    verdict: &Verdict,
    asked: bool,
    after: &GoEnv,
    s: &Situation,
) -> Vec<String> {
    let new = Route::of(after, module);
    let before = Route::of(&s.goenv, module);
    let (led, is_public) = (before.origin, before.is_public());
    let told = if asked && !is_ours(module) {
        before.told(verdict)
    } else if asked {
        before // nobody's secret: whoever the settings name may be told of it
    } else {
        Route::default()
    };
    let hosts = new
        .hosts()
        .filter(|host| told.hosts().all(|old| old != *host));
    let mut hosts: Vec<String> = hosts.cloned().collect();
    let free = asked && (led || is_public) && !is_ours(module);
    if new.origin && !free {
        hosts.push(first(module).to_owned());
    }
    hosts
}

/// The public module that stands in for the user's own.
fn is_ours(module: &str) -> bool {
    path_of(PUBLIC_MODULE) == module
}

/// The path of `module@version`.
fn path_of(at: &str) -> &str {
    at.rsplit_once('@').map_or(at, |(module, _)| module)
}

/// Modules that are named one by one where several are told of.
const NAMED: usize = 3;

/// As [`told`], for all modules that go.mod requires. Where nobody was asked, somebody is now.
fn told_of_all(verdict: &Verdict, asked: bool, after: &GoEnv, s: &Situation) -> Vec<Consent> {
    let (mut hosts, mut names): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut more = None;
    for module in s.requires() {
        let new = newly_told(module, verdict, asked, after, s);
        if new.is_empty() {
            continue;
        }
        for host in new {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        names.push(module.clone());
    }
    if !asked && names.is_empty() {
        hosts = Route::of(after, "").hosts().cloned().collect();
        more = Some(More::Imports);
    }
    if names.len() > NAMED {
        names.truncate(NAMED);
        more = Some(More::Modules);
    }
    if (names.is_empty() && more.is_none()) || hosts.is_empty() {
        return Vec::new();
    }
    vec![Consent::Tell { hosts, names, more }]
}

/// The failing step changes its way, so that a login would go where the failed run sent none.
fn goes_elsewhere(check: &Check, proposal: &Proposal, before: &GoEnv, after: &GoEnv) -> bool {
    match check {
        Check::Module(at) => {
            let module = path_of(at);
            Route::of(after, module).origin && !Route::of(before, module).origin
        }
        Check::Remote(_) => proposal.makes(
            |change| matches!(change, Change::GitConfig { key, .. } if key.starts_with("url.")),
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Side, Target};

    const MODULE: &str = "git.corp.example/team/lib";

    fn judged(cause: Cause, role: Role, host: &str) -> Verdict {
        let scheme = if role == Role::VcsSsh { "ssh" } else { "https" };
        let target = Target {
            role,
            scheme: Some(scheme.into()),
            host: Some(host.into()),
            url: Some(format!("{scheme}://{host}/team/lib")),
            module: Some(MODULE.into()),
            version: Some("v1.2.3".into()),
            side: Some(Side::Local),
            ..Target::default()
        };
        crate::tests::decided(cause, target)
    }

    fn with(variables: &[(&str, &str)]) -> Situation {
        let home = [("HOME", "/nowhere"), ("PATH", "/nowhere/bin")];
        let env = home.iter().chain(variables).copied().collect();
        Situation::look(env, std::path::Path::new("/nowhere"), None)
    }

    fn of(changes: &[Change], verdict: &Verdict, s: &Situation) -> Effects {
        let mut proposal = Proposal::new("test", "Test", "It is one.");
        proposal.changes = changes.to_vec();
        Effects::of(&proposal, verdict, s)
    }

    fn go(key: &str, value: Option<&str>) -> Change {
        Change::GoEnv {
            key: key.into(),
            value: value.map(str::to_owned),
        }
    }

    fn git(key: &str, value: &str) -> Change {
        Change::GitConfig {
            key: key.into(),
            value: value.into(),
        }
    }

    fn line(old: &str, new: &str) -> Change {
        Change::Line {
            file: "/nowhere/.profile".into(),
            number: 1,
            old: old.into(),
            new: Some(new.into()),
        }
    }

    fn tell(hosts: &[&str]) -> Consent {
        Consent::Tell {
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
            names: vec![MODULE.into()],
            more: None,
        }
    }

    #[test]
    fn a_module_s_own_host_may_be_told_of_it() {
        let verdict = judged(Cause::PrivateViaProxy, Role::Goproxy, "proxy.golang.org");
        let private = [go("GOPRIVATE", Some("git.corp.example"))];
        let default = of(&private, &verdict, &with(&[]));
        assert_eq!((default.asks, default.identity), (vec![], Identity::User));
        // go would not have gone there by itself: no login goes there either
        let public = with(&[("GOPROXY", "https://proxy.golang.org")]);
        let public = of(&private, &verdict, &public);
        assert_eq!((public.asks, public.identity), (vec![], Identity::Nobody));
        let company = with(&[("GOPROXY", "https://goproxy.corp.example")]);
        assert_eq!(
            of(&private, &verdict, &company).asks,
            [tell(&["git.corp.example"])]
        );
    }

    #[test]
    fn whoever_is_new_is_asked_about() {
        let verdict = judged(Cause::DnsNotFound, Role::Goproxy, "goproxy.corp.example");
        let own = with(&[
            ("GOPROXY", "https://goproxy.corp.example"),
            ("GONOSUMDB", "*"),
        ]);
        assert_eq!(
            of(&[go("GOPROXY", None)], &verdict, &own).asks,
            [tell(&["proxy.golang.org", "git.corp.example"])]
        );
        // where go asked nobody, the same settings are no licence
        let nobody = judged(Cause::GoproxyInvalid, Role::Goproxy, "goproxy");
        let asks = of(&[go("GOPROXY", None)], &nobody, &with(&[])).asks;
        assert_eq!(
            asks,
            [tell(&[
                "proxy.golang.org",
                "sum.golang.org",
                "git.corp.example"
            ])]
        );
        // and where no connection stood, nobody learnt of anything
        let cut = judged(Cause::TlsInterrupted, Role::Goproxy, "proxy.golang.org");
        let smaller = line("export GODEBUG=", "export GODEBUG=tlsmlkem=0");
        assert_eq!(
            of(&[smaller], &cut, &with(&[])).asks,
            [tell(&["proxy.golang.org", "sum.golang.org"])]
        );
    }

    #[test]
    fn trust_and_programs_wait_for_consent() {
        /// There, and not empty.
        const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let host = "git.corp.example";
        let https = judged(Cause::TlsUnknownAuthority, Role::VcsHttps, host);
        let ssh = judged(Cause::SshHostKey, Role::VcsSsh, host);
        let key = Change::Append {
            file: "/nowhere/.ssh/known_hosts".into(),
            text: "h ssh-ed25519 AAAA\n".into(),
            mode: None,
        };
        let (bundle, gone) = (
            line(&format!("export SSL_CERT_FILE={FILE}"), "# gone"),
            line("export SSL_CERT_FILE=/gone", "# gone"),
        );
        // whoever names no file trusts the system's store
        let s = with(&[("SSL_CERT_FILE", "/gone")]);
        assert!(!of(&[gone], &https, &s).trusts);
        for (change, verdict) in [
            (git("safe.directory", "/x"), &https),
            (
                git("http.https://git.corp.example/.sslCAInfo", "/ca"),
                &https,
            ),
            (bundle, &https),
            (line(&format!("\tsslCAInfo = {FILE}"), "# gone"), &https),
            (key, &ssh),
        ] {
            let effects = of(std::slice::from_ref(&change), verdict, &with(&[]));
            assert!(effects.trusts && !effects.asks.is_empty(), "{change:?}");
            assert_eq!(effects.identity, Identity::Nobody, "{change:?}");
        }
        for change in [
            go("GOAUTH", Some("netrc;git /x")),
            go("GOVCS", Some("*:all")),
            git("credential.https://git.corp.example.helper", "!gh"),
            git("http.https://git.corp.example/.proactiveAuth", "basic"),
            git("core.anything", "x"),
            line("export HTTPS_PROXY=http://p:1", "# gone"),
            line(
                "export HTTPS_PROXY=http://p:1",
                "export HTTPS_PROXY=http://q:1",
            ),
        ] {
            let s = with(&[("HTTPS_PROXY", "http://p:1")]);
            let effects = of(std::slice::from_ref(&change), &https, &s);
            assert!(!effects.asks.is_empty(), "{change:?}");
        }
    }

    #[test]
    fn the_same_party_spelt_rightly_needs_none() {
        let verdict = judged(Cause::HttpProxy, Role::HttpProxy, "p");
        let s = with(&[
            ("HTTPS_PROXY", "https://p:1"),
            ("GOPRIVATE", "*.corp.example"),
        ]);
        let scheme = line(
            "export HTTPS_PROXY=https://p:1",
            "export HTTPS_PROXY=http://p:1",
        );
        assert_eq!(of(&[scheme], &verdict, &s).asks, []);
        // a password would now go in the clear
        let secret = line(
            "export HTTPS_PROXY=https://u:p@p:1",
            "export HTTPS_PROXY=http://u:p@p:1",
        );
        assert_ne!(of(&[secret], &verdict, &s).asks, []);
    }

    #[test]
    fn another_transport_goes_without_a_login() {
        let verdict = judged(Cause::TcpTimeout, Role::VcsSsh, "git.corp.example");
        let rewrite = git(
            "url.https://git.corp.example/team/.insteadOf",
            "ssh://git@git.corp.example/team/",
        );
        let effects = of(&[rewrite], &verdict, &with(&[]));
        assert_eq!((effects.asks, effects.identity), (vec![], Identity::Nobody));
        let elsewhere = git(
            "url.https://evil.example/team/.insteadOf",
            "ssh://git@git.corp.example/team/",
        );
        assert_ne!(of(&[elsewhere], &verdict, &with(&[])).asks, []);
    }

    #[test]
    fn what_go_works_out_tells_in_any_case() {
        let tidy = Change::Modules {
            root: "/nowhere".into(),
            args: vec!["mod".into(), "tidy".into()],
        };
        for cause in [Cause::MissingGoSum, Cause::GoproxyStatus] {
            let verdict = judged(cause, Role::Goproxy, "proxy.golang.org");
            let asks = of(std::slice::from_ref(&tidy), &verdict, &with(&[])).asks;
            assert!(
                matches!(&asks[..], [Consent::Tell { hosts, .. }] if hosts.contains(&"proxy.golang.org".to_owned())),
                "{asks:?}"
            );
        }
    }
}
