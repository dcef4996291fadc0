//! Whom go would ask: GOPROXY's entries, the checksum database, and the hosts
//! of modules that go fetches itself. Each host once, in that order.

use super::{Check, GoMod, Request};
use crate::evidence::Role;
use crate::lang::tr;
use crate::probe::{Seen, Subject};
use crate::settings::forges;
use crate::settings::goenv::GoEnv;
use crate::settings::pattern;
use crate::settings::url::Url;

/// A host to be looked at.
pub(super) struct Patient {
    pub(super) subject: Subject,
    pub(super) named_by: Vec<String>,
}

/// Everyone who would be asked, and what is left out.
pub(super) fn wanted(request: &Request, goenv: &GoEnv) -> (Vec<Patient>, Vec<String>) {
    let mut patients = Vec::new();
    let mut skipped = Vec::new();
    if !request.targets.is_empty() {
        for text in &request.targets {
            match Subject::from_text(text) {
                Some(subject) => add(&mut patients, subject, text),
                None => skipped.push(tr!(
                    "`{text}`: neither a host, nor a URL, nor a module",
                    text = text.escape_default()
                )),
            }
        }
        return (patients, skipped);
    }
    let modules = GoMod::find(&request.dir).map(|module| module.modules);
    if modules.is_none() {
        skipped.push(tr!("modules: no go.mod here or above"));
    }
    let modules = modules.unwrap_or_default();
    let own = |path: &str| goes_direct(goenv, path);
    if modules.is_empty() || modules.iter().any(|(path, _)| !own(path)) {
        for url in proxies(goenv) {
            add(&mut patients, at(&url, Role::Goproxy), "GOPROXY");
        }
    }
    let checked = |path: &str| !pattern::matches(goenv.private("GONOSUMDB"), path);
    if modules.is_empty() || modules.iter().any(|(path, _)| checked(path)) {
        match sumdb(goenv) {
            Some(url) => add(&mut patients, at(&url, Role::Sumdb), "GOSUMDB"),
            None => skipped.push(tr!("checksum database: switched off")),
        }
    }
    for (path, _) in modules.iter().filter(|(path, _)| own(path)) {
        for subject in of_module(path) {
            add(&mut patients, subject, path);
        }
    }
    (patients, skipped)
}

/// The repository that a discovery page names, if its host is one that is looked at anyway.
pub(super) fn found(check: &Check, hosts: &[String], skipped: &mut Vec<String>) -> Option<Patient> {
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
    Some(Patient {
        subject,
        named_by: check.named_by.clone(),
    })
}

/// Each host and part once; who else names it is noted.
fn add(patients: &mut Vec<Patient>, subject: Subject, named_by: &str) {
    let same = |patient: &&mut Patient| {
        let known = &patient.subject;
        known.host == subject.host && known.port == subject.port && known.role == subject.role
    };
    match patients.iter_mut().find(same) {
        Some(patient) => patient.named_by.push(named_by.to_owned()),
        None => patients.push(Patient {
            subject,
            named_by: vec![named_by.to_owned()],
        }),
    }
}

/// go fetches it from its own host: it is private, or `direct` comes first.
fn goes_direct(goenv: &GoEnv, path: &str) -> bool {
    let first = goenv
        .value("GOPROXY")
        .split([',', '|'])
        .map(str::trim)
        .find(|item| !item.is_empty());
    first == Some("direct") || pattern::matches(goenv.private("GONOPROXY"), path)
}

fn proxies(goenv: &GoEnv) -> Vec<Url> {
    let items = goenv
        .value("GOPROXY")
        .split([',', '|'])
        .map(str::trim)
        .filter(|item| !item.is_empty());
    let before = items.take_while(|item| !matches!(*item, "direct" | "off"));
    let urls = before.filter_map(|item| {
        if item.contains("://") {
            Url::parse(item)
        } else {
            Url::parse(&format!("https://{item}"))
        }
    });
    urls.filter(|url| url.scheme.starts_with("http")).collect()
}

fn sumdb(goenv: &GoEnv) -> Option<Url> {
    let value = goenv.value("GOSUMDB");
    if value == "off" {
        return None;
    }
    if let Some(url) = value.split_whitespace().nth(1).and_then(Url::parse) {
        return Some(url);
    }
    Url::parse(&format!("https://{}", value.split(['+', ' ']).next()?))
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
        tag: None,
        module: None,
        suspects: Vec::new(),
    }
}

/// The page that says where the module is kept, and the repository that is probably there.
fn of_module(path: &str) -> Vec<Subject> {
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
