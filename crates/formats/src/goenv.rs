//! Go's settings: the value in effect and the layer that decides it.
//!
//! Read as `cmd/go/internal/cfg` reads them, from the environment, the file
//! that `go env -w` writes and `GOROOT/go.env`, without running go: `go env`
//! itself may want to download a toolchain. An empty variable counts as unset,
//! an empty line in a file does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Env;
use super::version::Version;
use crate::file;

/// The layer that decides a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The process environment.
    Environment,
    /// The file that `go env -w` writes.
    User,
    /// `GOROOT/go.env`.
    Goroot,
    /// Built into go.
    #[default]
    Default,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Setting {
    /// For instance `GOPROXY`.
    pub key: String,
    /// The value in effect; may hold a secret in a URL until masked.
    pub value: String,
    /// Who decides it.
    pub layer: Layer,
    /// What `go env -w` wrote, where the environment hides it.
    pub hidden: Option<String>,
    /// What holds where the deciding layer sets nothing.
    #[serde(skip)]
    pub fallback: String,
}

/// What decides how modules are fetched, with Go's built-in defaults.
const KEYS: &[(&str, &str)] = &[
    ("GOPROXY", "https://proxy.golang.org,direct"),
    ("GOPRIVATE", ""),
    ("GONOPROXY", ""),
    ("GONOSUMDB", ""),
    ("GOSUMDB", "sum.golang.org"),
    ("GOINSECURE", ""),
    ("GOVCS", ""),
    ("GOAUTH", "netrc"),
    ("GOFLAGS", ""),
    ("GOTOOLCHAIN", "auto"),
    ("GO111MODULE", ""),
    ("GOPATH", ""),
    ("GOMODCACHE", ""),
    ("GOCACHE", ""),
    ("GOTMPDIR", ""),
];

/// The value that is built into go; empty if the key is unknown.
#[must_use]
pub fn default_of(key: &str) -> &'static str {
    KEYS.iter()
        .find(|(known, _)| *known == key)
        .map_or("", |(_, default)| default)
}

/// Go's settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoEnv {
    /// In the order of the table above.
    pub values: Vec<Setting>,
    /// The file that `go env -w` writes; `None`: switched off or nowhere to be.
    pub file: Option<PathBuf>,
}

/// The value of a setting, empty if the key is unknown.
#[must_use]
pub fn value<'a>(settings: &'a [Setting], key: &str) -> &'a str {
    settings
        .iter()
        .find(|setting| setting.key == key)
        .map_or("", |setting| &setting.value)
}

impl GoEnv {
    /// Reads all layers. `go` is the go program, whose GOROOT may hold a `go.env`.
    #[must_use]
    pub fn read(env: &Env, go: Option<&Path>) -> Self {
        let file = user_file(env);
        let user = file.as_deref().map(entries).unwrap_or_default();
        let root = goroot(env, go)
            .map(|root| entries(&root.join("go.env")))
            .unwrap_or_default();
        let values = KEYS
            .iter()
            .map(|&(key, default)| setting(key, default, env, &user, &root))
            .collect();
        Self { values, file }
    }

    /// The value in effect, empty if the key is unknown.
    #[must_use]
    pub fn value(&self, key: &str) -> &str {
        value(&self.values, key)
    }

    /// The patterns in effect of GONOPROXY or GONOSUMDB, which default to GOPRIVATE.
    #[must_use]
    pub fn private(&self, key: &str) -> &str {
        let own = self.value(key);
        if own.is_empty() {
            self.value("GOPRIVATE")
        } else {
            own
        }
    }

    /// The same with other values; `None`: the layer that decides sets nothing any more.
    #[must_use]
    pub fn with(&self, changes: &[(String, Option<String>)]) -> Self {
        let mut after = self.clone();
        for setting in &mut after.values {
            // the last change of a key counts
            if let Some((_, value)) = changes.iter().rfind(|(key, _)| *key == setting.key) {
                setting.value = value.clone().unwrap_or_else(|| setting.fallback.clone());
            }
        }
        after
    }

    /// GOMODCACHE as go would choose it.
    #[must_use]
    pub fn mod_cache(&self, home: Option<&Path>) -> Option<PathBuf> {
        let set = self.value("GOMODCACHE");
        if !set.is_empty() {
            return Some(set.into());
        }
        let first = std::env::split_paths(self.value("GOPATH"))
            .next()
            .filter(|path| !path.as_os_str().is_empty());
        Some(
            first
                .or_else(|| home.map(|home| home.join("go")))?
                .join("pkg/mod"),
        )
    }
}

fn setting(
    key: &str,
    default: &str,
    env: &Env,
    user: &BTreeMap<String, String>,
    root: &BTreeMap<String, String>,
) -> Setting {
    let written = user.get(key);
    let below = root.get(key).map_or(default, String::as_str).to_owned();
    let fallback = if env.var(key).is_some() {
        written.cloned().unwrap_or(below)
    } else {
        below
    };
    let (value, layer, hidden) = if let Some(value) = env.var(key) {
        let hidden = written.filter(|written| *written != value).cloned();
        (value.to_owned(), Layer::Environment, hidden)
    } else if let Some(value) = written {
        (value.clone(), Layer::User, None)
    } else if let Some(value) = root.get(key) {
        (value.clone(), Layer::Goroot, None)
    } else {
        (default.to_owned(), Layer::Default, None)
    };
    Setting {
        key: key.to_owned(),
        value,
        layer,
        hidden,
        fallback,
    }
}

/// `$GOENV`, else `go/env` in the user's configuration directory (`os.UserConfigDir`).
fn user_file(env: &Env) -> Option<PathBuf> {
    match env.var("GOENV") {
        Some("off") => return None,
        Some(path) => return Some(path.into()),
        None => {}
    }
    let home = || env.var("HOME").map(PathBuf::from);
    let config = if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        match env.var("XDG_CONFIG_HOME").map(Path::new) {
            Some(path) if path.is_absolute() => Some(path.to_path_buf()),
            Some(_) => None, // go gives up on a relative one
            None => home().map(|home| home.join(".config")),
        }
    };
    Some(config?.join("go/env"))
}

/// The minor release of a Go, by its GOROOT: 27 for Go 1.27.3.
#[must_use]
pub fn release(env: &Env, go: Option<&Path>) -> Option<u32> {
    let stated = stated_in(&goroot(env, go)?)?;
    Some(Version::parse(&stated)?.release().1)
}

/// The version that the distribution of a go program states of itself, `go1.27.3`. Nothing is run for
/// it: go itself might download a toolchain to tell.
#[must_use]
pub fn stated_version(go: &Path) -> Option<String> {
    stated_in(go.canonicalize().ok()?.parent()?.parent()?)
}

/// The first line of a GOROOT's `VERSION`.
fn stated_in(root: &Path) -> Option<String> {
    let text = file::text(&root.join("VERSION"), file::Kind::Version).ok()?;
    let line = text.lines().next()?.trim();
    line.starts_with("go").then(|| line.to_owned())
}

/// The GOROOT of a go program: the variable, else two levels above the real file.
fn goroot(env: &Env, go: Option<&Path>) -> Option<PathBuf> {
    if let Some(root) = env.var("GOROOT") {
        return Some(root.into());
    }
    Some(go?.canonicalize().ok()?.parent()?.parent()?.to_path_buf())
}

/// `KEY=VALUE` lines whose first byte is a capital letter; the last one of a key counts. No quoting, no trimming.
fn entries(path: &Path) -> BTreeMap<String, String> {
    let text = file::text(path, file::Kind::Settings);
    let text = text.unwrap_or_default(); // go too ignores a file it cannot read
    let lines = text
        .split('\n')
        .filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_winning_layer() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("env");
        std::fs::write(
            &file,
            "GOPRIVATE=corp.example\nGOSUMDB=off\n# note\nGOFLAGS=\n",
        )
        .unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(root.join("go.env"), "GOPROXY=https://mirror.example\n").unwrap();
        let env: Env = [
            ("GOENV", file.to_str().unwrap()),
            ("GOROOT", root.to_str().unwrap()),
            ("GOPRIVATE", "other.example"),
            ("GOSUMDB", ""),
        ]
        .into_iter()
        .collect();
        let settings = GoEnv::read(&env, None);
        let layer = |key: &str| {
            settings
                .values
                .iter()
                .find(|setting| setting.key == key)
                .unwrap()
                .clone()
        };
        assert_eq!(layer("GOPRIVATE").layer, Layer::Environment);
        assert_eq!(layer("GOPRIVATE").hidden.as_deref(), Some("corp.example"));
        assert_eq!(
            (layer("GOSUMDB").layer, layer("GOSUMDB").value.as_str()),
            (Layer::User, "off")
        );
        assert_eq!(
            (layer("GOFLAGS").layer, layer("GOFLAGS").value.as_str()),
            (Layer::User, "")
        );
        assert_eq!(layer("GOPROXY").layer, Layer::Goroot);
        assert_eq!(layer("GOTOOLCHAIN").layer, Layer::Default);
        assert_eq!(settings.private("GONOPROXY"), "other.example");
    }
}
