//! The failing step once more, quietly, when the user's own run didn't say enough:
//! its streams were left alone (`go run`) or its errors went to stdout (`-json`).
//!
//! In: the failed command. Out: what go says when it fetches, outside the module and
//! into throw-away caches, the first module that the user's cache lacks. Nothing in
//! the project is touched, nothing can prompt, and a `GIT_DIR` in the environment (a git
//! hook) ends it before it begins: go would act on the user's own repository.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::scratch;
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::settings::gofile::escape;
use crate::supervise::handover::Handover;
use crate::tool::{Cancel, Tool};

/// Modules that are tried: the first failure is what the user met.
const MOST_MODULES: usize = 3;

/// What `go mod edit -json` says, as far as it matters here (go help mod edit).
#[derive(Deserialize)]
struct GoMod {
    #[serde(rename = "Require", default)]
    require: Option<Vec<Required>>,
    #[serde(rename = "Replace", default)]
    replace: Option<Vec<Replaced>>,
    #[serde(rename = "Tool", default)]
    tool: Option<Vec<ToolLine>>,
}

/// A `tool` line (Go 1.24): the package that is the tool.
#[derive(Deserialize)]
struct ToolLine {
    #[serde(rename = "Path")]
    path: String,
}

#[derive(Deserialize)]
struct Required {
    #[serde(rename = "Path")]
    path: String,
    #[serde(rename = "Version", default)]
    version: String,
}

#[derive(Deserialize)]
struct Replaced {
    #[serde(rename = "Old")]
    old: Required,
    #[serde(rename = "New")]
    new: Required,
}

/// What `go mod download -json` says of a module (go help mod download).
#[derive(Deserialize)]
struct Downloaded {
    #[serde(rename = "Error", default)]
    error: Option<String>,
}

/// go's words about the first module that can't be fetched; `None` if nothing is missing.
#[must_use]
pub(crate) fn replay(handover: &Handover, env: &Env, within: Duration) -> Option<Vec<u8>> {
    if env.os("GIT_DIR").is_some() {
        return None;
    }
    let deadline = Instant::now() + within;
    wanted(handover, env, deadline)?
        .iter()
        .take(MOST_MODULES)
        .find_map(|module| fetch(&handover.go, module, env, deadline))
}

/// `path@version` arguments, else the requirements that are not in the module cache.
fn wanted(handover: &Handover, env: &Env, deadline: Instant) -> Option<Vec<String>> {
    let named: Vec<String> = handover
        .argv
        .iter()
        .filter_map(|arg| arg.to_str())
        .filter(|arg| !arg.starts_with('-') && arg.contains('@') && arg.contains('.'))
        .map(str::to_owned)
        .collect();
    if !named.is_empty() {
        return Some(named);
    }
    let dir = std::env::current_dir().ok()?;
    let output = Tool::at(handover.go.clone(), env, &dir)
        .args(["mod", "edit", "-json"])
        .run(deadline, &Cancel::default())
        .ok()?;
    let go_mod: GoMod = serde_json::from_slice(&output.stdout).ok()?;
    let home = env.os("HOME").map(PathBuf::from);
    let cache = GoEnv::read(env, Some(&handover.go)).mod_cache(home.as_deref())?;
    let missing = |is_meant: &dyn Fn(&str) -> bool| missing(&go_mod, &cache, is_meant);
    let Some(tool) = tool_of(handover) else {
        return Some(missing(&|_| true));
    };
    let module = go_mod.module_of_tool(tool)?;
    Some(missing(&|path| path == module))
}

/// The tool of a `go tool NAME`.
fn tool_of(handover: &Handover) -> Option<&str> {
    let mut words = handover.argv.iter().skip(1).filter_map(|arg| arg.to_str());
    words.find(|word| *word == "tool")?;
    words.next()
}

impl GoMod {
    /// The module whose absence alone shows that the tool was never built, and so that it isn't the
    /// tool which has failed: the one that holds its package. A tool is named by its package or
    /// by the last element of that (go help tool).
    fn module_of_tool(&self, name: &str) -> Option<&str> {
        let tools = self.tool.as_deref().unwrap_or_default();
        let is_named = |path: &str| path == name || path.rsplit('/').next() == Some(name);
        let package = &tools.iter().find(|tool| is_named(&tool.path))?.path;
        let holds = |module: &str| {
            let rest = package.strip_prefix(module);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let require = self.require.as_deref().unwrap_or_default();
        let modules = require.iter().map(|module| module.path.as_str());
        modules
            .filter(|path| holds(path))
            .max_by_key(|path| path.len())
    }
}

fn missing(go_mod: &GoMod, cache: &Path, is_meant: &dyn Fn(&str) -> bool) -> Vec<String> {
    let replace = go_mod.replace.as_deref().unwrap_or_default();
    let require = go_mod.require.as_deref().unwrap_or_default();
    require
        .iter()
        .filter(|module| is_meant(&module.path))
        .map(|module| {
            let new = replace.iter().find(|replaced| {
                replaced.old.path == module.path
                    && (replaced.old.version.is_empty() || replaced.old.version == module.version)
            });
            new.map_or(module, |replaced| &replaced.new)
        })
        .filter(|module| !module.version.is_empty()) // a folder needs no fetch
        .filter(|module| !is_cached(cache, module))
        .map(|module| format!("{}@{}", module.path, module.version))
        .collect()
}

/// The cache's layout: `cache/download/PATH/@v/VERSION.zip` (go help goproxy).
fn is_cached(cache: &Path, module: &Required) -> bool {
    let folder = cache
        .join("cache/download")
        .join(escape(&module.path))
        .join("@v");
    folder
        .join(format!("{}.zip", escape(&module.version)))
        .exists()
}

/// go's complaint about one module, with its commands (`-x`) behind it.
fn fetch(go: &Path, module: &str, env: &Env, deadline: Instant) -> Option<Vec<u8>> {
    let folder = scratch::Folder::new().ok()?;
    let at = |name: &str| folder.path().join(name).display().to_string();
    let output = Tool::at(go.to_owned(), env, folder.path())
        .env("GOPATH", &at("gopath"))
        .env("GOMODCACHE", &at("gopath/pkg/mod"))
        .env("GOFLAGS", "-modcacherw")
        .env("GODEBUG", "netdns=2,toolchaintrace=1")
        .args(["mod", "download", "-json", "-x", module])
        .run(deadline, &Cancel::default())
        .ok()?;
    let downloaded: Downloaded = serde_json::from_slice(&output.stdout).ok()?;
    let mut text = format!("go: {}\n", downloaded.error?).into_bytes();
    text.extend(output.stderr);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaced_and_cached_modules_are_not_missing() {
        let cache = tempfile::tempdir().unwrap();
        let folder = cache.path().join("cache/download/example.com/!upper/@v");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("v1.0.0.zip"), "").unwrap();
        let go_mod: GoMod = serde_json::from_str(
            r#"{"Require":[{"Path":"example.com/Upper","Version":"v1.0.0"},
                {"Path":"example.com/local","Version":"v1.0.0"},
                {"Path":"example.com/moved","Version":"v1.0.0"}],
               "Replace":[{"Old":{"Path":"example.com/local"},"New":{"Path":"../local"}},
                {"Old":{"Path":"example.com/moved"},"New":{"Path":"example.com/there","Version":"v2.0.0"}}]}"#,
        )
        .unwrap();
        let missing = missing(&go_mod, cache.path(), &|_| true);
        assert_eq!(missing, ["example.com/there@v2.0.0"]);
    }

    #[test]
    fn a_tool_is_in_the_module_with_the_longest_path() {
        let go_mod: GoMod = serde_json::from_str(
            r#"{"Tool":[{"Path":"example.com/a/b/cmd/x"},{"Path":"example.com/y"}],
                "Require":[{"Path":"example.com/a"},{"Path":"example.com/a/b"},{"Path":"example.com/a/bc"}]}"#,
        )
        .unwrap();
        assert_eq!(go_mod.module_of_tool("x"), Some("example.com/a/b"));
        assert_eq!(
            go_mod.module_of_tool("example.com/a/b/cmd/x"),
            Some("example.com/a/b")
        );
        assert_eq!(go_mod.module_of_tool("y"), None); // of the main module
        assert_eq!(go_mod.module_of_tool("z"), None);
    }
}
