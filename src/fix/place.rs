//! Where things live: the files that settings are written to, and the parts of a target
//! that settings are scoped by.

use std::path::PathBuf;

use crate::evidence::Target;
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

/// `org/` of the repository behind a target: what rewrites are scoped by.
pub(super) fn org(target: &Target) -> Option<String> {
    let path = match target.url.as_deref().and_then(Url::parse) {
        Some(url) => url.path,
        None => target.module.as_deref()?.split_once('/')?.1.to_owned(),
    };
    let mut elements = path.split(['/', '?']).filter(|element| !element.is_empty());
    let org = elements.next()?;
    elements.next()?; // a repository right below the host has no organisation
    Some(org.trim_start_matches('~').to_owned())
        .filter(|org| !org.is_empty() && !org.contains(['"', '\\', '\n']))
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
    fn an_organisation_is_above_a_repository() {
        assert_eq!(org(&module("github.com/acme/lib")).as_deref(), Some("acme"));
        assert_eq!(org(&module("git.corp.example/lib")), None);
    }
}
