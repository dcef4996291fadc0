//! Where things live: the files that settings are written to, and the parts of a target
//! that settings are scoped by.

use std::path::PathBuf;

use super::Situation;
use crate::evidence::{Role, Target};
use crate::settings::Env;
use crate::settings::url::Url;

/// The file that `git config --global` writes (git-config(1), FILES).
pub(super) fn git_config(env: &Env) -> Option<PathBuf> {
    if let Some(path) = env.os("GIT_CONFIG_GLOBAL") {
        return Some(PathBuf::from(path)).filter(|path| !path.as_os_str().is_empty());
    }
    let own = PathBuf::from(env.var("HOME")?).join(".gitconfig");
    let xdg = xdg_git_config(env)?;
    if !own.exists() && xdg.exists() {
        Some(xdg)
    } else {
        Some(own)
    }
}

/// The other file that git reads beside `~/.gitconfig`.
pub(super) fn xdg_git_config(env: &Env) -> Option<PathBuf> {
    let config = match env.var("XDG_CONFIG_HOME") {
        Some(config) => PathBuf::from(config),
        None => PathBuf::from(env.var("HOME")?).join(".config"),
    };
    Some(config.join("git/config"))
}

/// The narrowest module path prefix that covers an organisation: `host/org`, or the module
/// itself where it has no more than two elements.
pub(super) fn prefix(target: &Target) -> Option<String> {
    let path = target.module.clone().or_else(|| {
        let url = Url::parse(target.url.as_deref()?)?;
        Some(format!(
            "{}{}",
            url.host,
            url.path.split(['?', '#']).next().unwrap_or_default()
        ))
    })?;
    let mut elements = path
        .trim_end_matches(".git")
        .split('/')
        .filter(|element| !element.is_empty());
    let host = elements.next()?;
    if host.contains(['*', '?', '[', ',', '\\', ' ']) || !host.contains('.') {
        return None; // would not be one host
    }
    match elements.next() {
        Some(org) if !org.contains(['*', '?', '[', ',', '\\', ' ']) => {
            Some(format!("{host}/{org}"))
        }
        Some(_) => None,
        None => Some(host.to_owned()),
    }
}

/// What a rewrite is scoped by: `org/` of the repository behind a target, or the repository
/// itself where it stands right below the host; never a whole host.
pub(super) fn scope(target: &Target, s: &Situation) -> Option<String> {
    let url = target
        .url
        .as_deref()
        .and_then(Url::parse)
        .map(|url| url.path);
    let path = url
        .filter(|path| !path.trim_matches('/').is_empty())
        .or_else(|| {
            let module = target
                .module
                .clone()
                .or_else(|| only_module(target.host.as_deref()?, s))?;
            Some(module.split_once('/')?.1.to_owned())
        })?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut elements = path.split('/').filter(|element| !element.is_empty());
    let first = elements.next()?.trim_start_matches('~');
    if first.is_empty() || first.contains(['"', '\\', '\n', ' ']) {
        return None;
    }
    Some(if elements.next().is_some() {
        format!("{first}/")
    } else {
        first.to_owned()
    })
}

/// A module that go.mod requires from this host, if all of them belong to one organisation.
fn only_module(host: &str, s: &Situation) -> Option<String> {
    let requires = s
        .project
        .iter()
        .flat_map(|project| &project.requires)
        .map(|(path, _)| path);
    let mut here = requires.filter(|path| path.split('/').next() == Some(host));
    let first = here.next()?;
    let org = |path: &str| path.split('/').nth(1).map(str::to_owned);
    here.all(|path| org(path) == org(first))
        .then(|| first.clone())
}

/// Whether the target is reached over ssh, as far as the text told.
pub(super) fn is_ssh(target: &Target) -> bool {
    target.role == Role::VcsSsh
        || target.port == Some(22)
        || matches!(target.scheme.as_deref(), Some("ssh" | "git+ssh"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str) -> Target {
        Target {
            module: Some(path.into()),
            ..Target::default()
        }
    }

    #[test]
    fn prefixes_are_narrow() {
        let of = |path: &str| prefix(&module(path));
        assert_eq!(
            of("git.corp.example/team/lib/v2").as_deref(),
            Some("git.corp.example/team")
        );
        assert_eq!(
            of("go.corp.example/lib").as_deref(),
            Some("go.corp.example/lib")
        );
        assert_eq!(of("go.corp.example").as_deref(), Some("go.corp.example"));
        assert_eq!(of("*/x"), None);
        assert_eq!(of("github.com/*/x"), None);
        assert_eq!(of("localpackage"), None);
        let url = Target {
            url: Some("https://git.corp.example/team/lib.git/info/refs".into()),
            ..Target::default()
        };
        assert_eq!(prefix(&url).as_deref(), Some("git.corp.example/team"));
    }

    #[test]
    fn a_rewrite_never_covers_a_whole_host() {
        let of = |target: &Target| scope(target, &Situation::default());
        assert_eq!(of(&module("github.com/acme/lib")).as_deref(), Some("acme/"));
        assert_eq!(of(&module("git.corp.example/lib")).as_deref(), Some("lib"));
        let host = Target {
            url: Some("https://github.com".into()),
            host: Some("github.com".into()),
            ..Target::default()
        };
        assert_eq!(of(&host), None);
    }
}
