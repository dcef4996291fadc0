//! A module proxy (GOPROXY protocol, <https://go.dev/ref/mod#goproxy-protocol>)
//! and its misbehaviours.

use hyper::body::Bytes;

use crate::module::Module;
use crate::serve::http::{Reply, Request, Site, site};

/// What is wrong with a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// Nothing.
    Good,
    /// It has no module, and says why its own git failed (404 or 410).
    GitFailed(u16),
    /// It has no module (404) and says nothing else.
    Empty,
    /// It has no such version yet: `unknown revision`.
    Stale,
    /// This status and text for everything.
    Status(u16, &'static str),
    /// A page with status 200 for everything: a captive portal.
    Portal,
    /// `.info` is no JSON.
    BadJson,
    /// The zip ends midway.
    CutZip,
    /// The zip has other content than it had when it was first published.
    WrongZip,
    /// The zip is none.
    NoZip,
}

/// The site of a proxy with these modules.
#[must_use]
pub fn proxy(kind: Proxy, modules: Vec<Module>) -> Site {
    site(move |request| match kind {
        Proxy::Status(status, text) => Reply::text(status, text),
        Proxy::Portal => portal(),
        _ => find(kind, &modules, request).unwrap_or_else(|| missing(kind, request)),
    })
}

/// A sign-in page.
#[must_use]
pub fn portal() -> Reply {
    Reply::html(
        200,
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body>Please sign in to use this network.</body></html>\n",
    )
}

fn find(kind: Proxy, modules: &[Module], request: &Request) -> Option<Reply> {
    let path = request.path.trim_start_matches('/');
    let known = !matches!(kind, Proxy::GitFailed(_) | Proxy::Empty);
    let of = |path: &str| {
        modules
            .iter()
            .filter(move |module| known && module.path == path)
            .collect::<Vec<_>>()
    };
    if let Some(module) = path.strip_suffix("/@latest") {
        return of(module).last().map(|module| info(kind, module));
    }
    let (path, file) = path.split_once("/@v/")?;
    let versions = of(path);
    if file == "list" && !versions.is_empty() {
        let mut list: Vec<&str> = versions.iter().map(|module| module.version).collect();
        list.push("");
        return Some(Reply::text(
            200,
            list.join(
                "
",
            ),
        ));
    }
    let (version, ending) = file.rsplit_once('.')?;
    let module = versions
        .into_iter()
        .find(|module| module.version == version)?;
    Some(match ending {
        "info" => info(kind, module),
        "mod" => Reply::text(200, module.go_mod()),
        "zip" => zip(kind, module),
        _ => return None,
    })
}

fn info(kind: Proxy, module: &Module) -> Reply {
    let body = if kind == Proxy::BadJson {
        "Version: v1\n".into()
    } else {
        format!(
            "{{\"Version\":\"{}\",\"Time\":\"2023-11-14T22:13:20Z\"}}\n",
            module.version
        )
    };
    Reply::new(200, "application/json", body)
}

fn zip(kind: Proxy, module: &Module) -> Reply {
    let zip = module.zip();
    let reply = |zip: Vec<u8>| Reply::new(200, "application/zip", zip);
    match kind {
        Proxy::CutZip => {
            let half = zip.len() / 2;
            reply(zip).cut_at(half)
        }
        Proxy::WrongZip => {
            const OTHER: &[(&str, &str)] = &[("other.go", "package other\n")];
            reply(
                Module {
                    files: OTHER,
                    ..*module
                }
                .zip(),
            )
        }
        Proxy::NoZip => Reply::new(
            200,
            "application/zip",
            Bytes::from_static(b"not a zip at all\n"),
        ),
        _ => reply(zip),
    }
}

/// 404, with the words of a proxy whose own git failed.
fn missing(kind: Proxy, request: &Request) -> Reply {
    let path = request.path.trim_start_matches('/');
    let (module, version) = path.split_once("/@v/").unwrap_or((path, "latest"));
    let version = version
        .rsplit_once('.')
        .map_or(version, |(version, _)| version);
    let host = module.split('/').next().unwrap_or_default();
    match kind {
        Proxy::GitFailed(status) => Reply::text(
            status,
            format!(
                "not found: {module}@{version}: invalid version: git ls-remote -q origin in \
                 /tmp/gopath/pkg/mod/cache/vcs/{}: exit status 128:\n\
                 \tfatal: could not read Username for 'https://{host}': terminal prompts disabled\n\
                 Confirm the import path was entered correctly.\n\
                 If this is a private repository, see https://golang.org/doc/faq#git_https for \
                 additional information.\n",
                "5f2b".repeat(16)
            ),
        ),
        Proxy::Stale => Reply::text(
            404,
            format!("not found: {module}@{version}: invalid version: unknown revision {version}\n"),
        ),
        _ => Reply::text(404, "not found\n"),
    }
}
