//! Whom go would ask: GOPROXY's entries, the checksum database, and the hosts
//! of modules that go fetches itself. Each host once, in that order.

use super::{Check, GoMod, Request, offline};
use crate::evidence::Role;
use crate::lang::tr;
use crate::probe::{Seen, Subject};
use crate::settings::forges;
use crate::settings::goenv::GoEnv;
use crate::settings::goproxy::{Source, Sumdb};
use crate::settings::url::Url;

/// A host to be looked at.
pub(super) struct HostCheck {
    pub(super) subject: Subject,
    pub(super) named_by: Vec<String>,
}

/// Everyone who would be asked, and what is left out.
/// `toolchain`: a Go version that go would fetch first.
pub(super) fn wanted(
    request: &Request,
    goenv: &GoEnv,
    toolchain: Option<&str>,
) -> (Vec<HostCheck>, Vec<String>) {
    let mut hosts = Vec::new();
    let mut skipped = Vec::new();
    if !request.targets.is_empty() {
        for text in &request.targets {
            match Subject::from_text(text) {
                Some(subject) => add(&mut hosts, subject, text),
                None => skipped.push(tr!(
                    "`{text}`: neither a host, nor a URL, nor a module",
                    text = text.escape_default()
                )),
            }
        }
        return (hosts, skipped);
    }
    if let Some(version) = toolchain {
        for url in proxies(goenv) {
            let named_by = format!("go {version}");
            add(&mut hosts, toolchain_at(&url, version), &named_by);
        }
    }
    let modules = modules(request);
    if modules.is_none() {
        skipped.push(tr!("modules: no go.mod here or above"));
    }
    let modules = modules.unwrap_or_default();
    let own = |path: &str| goes_direct(goenv, path);
    if modules.is_empty() || modules.iter().any(|(path, _)| !own(path)) {
        for url in proxies(goenv) {
            add(&mut hosts, at(&url, Role::Goproxy), "GOPROXY");
        }
    }
    let fetches = goenv.sources().next() != Some(Source::Off);
    let is_checked = |path: &str| !goenv.skips_sumdb(path);
    if fetches && (modules.is_empty() || modules.iter().any(|(path, _)| is_checked(path))) {
        match Sumdb::parse(goenv.value("GOSUMDB")).and_then(Sumdb::url) {
            Some(url) => add(&mut hosts, at(&url, Role::Sumdb), "GOSUMDB"),
            None => skipped.push(tr!("checksum database: switched off")),
        }
    }
    for (path, _) in modules.iter().filter(|(path, _)| own(path)) {
        for subject in of_module(path) {
            add(&mut hosts, subject, path);
        }
    }
    (hosts, skipped)
}

/// What the module here asks for, or every module of the workspace.
pub(super) fn modules(request: &Request) -> Option<Vec<(String, String)>> {
    let files = GoMod::here(&request.dir, &request.env);
    (!files.is_empty()).then(|| files.into_iter().flat_map(|file| file.modules).collect())
}

/// The repository that a discovery page names, if its host is one that is looked at anyway.
pub(super) fn found(
    check: &Check,
    hosts: &[String],
    skipped: &mut Vec<String>,
) -> Option<HostCheck> {
    let repository = check
        .probes
        .iter()
        .find_map(|observation| match &observation.seen {
            Seen::Http(reply) => reply.go_import.as_deref(),
            _ => None,
        })?;
    let subject = Subject::from_text(repository)?;
    if !hosts.contains(&subject.host) {
        skipped.push(tr!(
            "{host}: named only by the page at {page}",
            host = subject.host,
            page = check.host
        ));
        return None;
    }
    Some(HostCheck {
        subject,
        named_by: check.named_by.clone(),
    })
}

/// Each host and part once; who else names it is noted.
pub(super) fn add(hosts: &mut Vec<HostCheck>, subject: Subject, named_by: &str) {
    let same = |check: &&mut HostCheck| {
        let known = &check.subject;
        known.host == subject.host && known.port == subject.port && known.role == subject.role
    };
    match hosts.iter_mut().find(same) {
        Some(check) => check.named_by.push(named_by.to_owned()),
        None => hosts.push(HostCheck {
            subject,
            named_by: vec![named_by.to_owned()],
        }),
    }
}

/// go fetches it from its own host: it is private, or `direct` comes first.
pub(super) fn goes_direct(goenv: &GoEnv, path: &str) -> bool {
    goenv.sources().next() == Some(Source::Direct) || goenv.skips_proxies(path)
}

/// What the proxies lack, go fetches from its own host.
pub(super) fn ends_direct(goenv: &GoEnv) -> bool {
    goenv.sources().any(|source| source == Source::Direct)
}

fn proxies(goenv: &GoEnv) -> Vec<Url> {
    let urls = goenv.sources().filter_map(Source::url);
    urls.filter(|url| url.scheme.starts_with("http")).collect()
}

/// A server of the module protocols. What is asked for is chosen by the http probe: never a module of the user's.
fn at(url: &Url, role: Role) -> Subject {
    let base = format!("{}{}", url.origin(), url.path.trim_end_matches('/'));
    let asked = match role {
        Role::Sumdb => format!("{base}/latest"),
        _ => format!("{base}/golang.org/x/text/@v/list"),
    };
    Subject {
        role,
        scheme: url.scheme.clone(),
        host: url.host.clone(),
        port: url.port_or_default().unwrap_or(443),
        url: Some(asked),
        repository: None,
        version: None,
        tag: None,
        module: None,
        suspects: Vec::new(),
    }
}

/// A toolchain's zip at a module proxy: its name is public.
fn toolchain_at(url: &Url, version: &str) -> Subject {
    let base = format!("{}{}", url.origin(), url.path.trim_end_matches('/'));
    let module = offline::toolchain_module(version);
    Subject {
        role: Role::Toolchain,
        url: Some(format!("{base}/golang.org/toolchain/@v/{module}.zip")),
        ..at(url, Role::Toolchain)
    }
}

/// The page that says where the module is kept, and the repository that is probably there.
pub(super) fn of_module(path: &str) -> Vec<Subject> {
    let Some(repository) = Subject::from_text(path) else {
        return Vec::new();
    };
    let wired = forges::of(&repository.host).is_some_and(|forge| forge.wired);
    if wired || path.contains(".git") {
        let short: Vec<&str> = path.split('/').take(3).collect();
        return Subject::from_text(&short.join("/")).into_iter().collect();
    }
    // where the repository is, only the page tells: it may be on another host, which go would learn there
    let page = Subject {
        role: Role::ImportMeta,
        url: Some(format!("https://{path}?go-get=1")),
        repository: None,
        ..repository.clone()
    };
    vec![page]
}
