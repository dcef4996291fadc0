//! `gomend rescue`: ways that remain when the module proxy, the forge, the checksum database or the network is
//! gone, built and rehearsed before that.
//!
//! ```text
//! go.mod, go.sum > plan > build (a folder of GOPROXY's shape) > rehearse (no network) > switch > back
//! ```
//! go.sum is the truth: no file is taken, kept or used whose hash isn't there.

pub(crate) mod folder;
pub(crate) mod plan;
pub(crate) mod rehearse;
pub(crate) mod switch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::settings::gofile::{GoFile, Required, Sum, sums};

use crate::doctor::GoMod;
use crate::file;
use crate::install::Home;
use crate::settings::Env;
use crate::settings::goenv::GoEnv;

/// The module or workspace that a replacement is for.
#[derive(Debug, Clone)]
pub(crate) struct Need {
    /// The folder of go.mod or go.work.
    pub(crate) root: PathBuf,
    /// Every line of go.sum and go.work.sum.
    pub(crate) sums: BTreeSet<Sum>,
    /// The modules that go.mod names, after `replace`.
    pub(crate) wanted: BTreeSet<(String, String)>,
    /// Those of them that no public proxy may hear of.
    pub(crate) private: BTreeSet<String>,
    /// go.mod names every module that gives a package (from Go 1.17 on).
    pub(crate) pruned: bool,
}

impl Need {
    /// Reads what lies in and above `dir`; `None`: no module.
    pub(crate) fn read(dir: &Path, env: &Env, goenv: &GoEnv) -> Option<Self> {
        let files: Vec<PathBuf> = GoMod::here(dir, env)
            .into_iter()
            .map(|found| found.file)
            .collect();
        let module_root = files.first()?.parent()?.to_owned();
        let text = |path: &Path| file::text(path, file::Kind::Module).unwrap_or_default();
        let is_workspace = env.var("GOWORK") != Some("off");
        let work = dir
            .ancestors()
            .map(|dir| dir.join("go.work"))
            .find(|path| is_workspace && path.is_file());
        let parsed = work.as_deref().map(|path| GoFile::parse(&text(path)));
        let mut need = Self {
            root: work
                .as_deref()
                .and_then(Path::parent)
                .map_or(module_root, Path::to_owned),
            sums: BTreeSet::new(),
            wanted: BTreeSet::new(),
            private: BTreeSet::new(),
            pruned: true,
        };
        for path in &files {
            let go_mod = GoFile::parse(&text(path));
            need.pruned &= go_mod
                .go
                .as_ref()
                .and_then(|(version, _)| crate::settings::version::Version::parse(version))
                >= crate::settings::version::Version::parse("1.17");
            need.sums
                .extend(sums(&text(&path.with_file_name("go.sum"))));
            let fetched = go_mod.fetched(parsed.as_ref());
            need.wanted.extend(
                fetched
                    .into_iter()
                    .map(|Required { path, version, .. }| (path, version)),
            );
        }
        need.sums
            .extend(sums(&text(&need.root.join("go.work.sum"))));
        need.private = need
            .wanted
            .iter()
            .map(|(path, _)| path.clone())
            .filter(|path| goenv.skips_proxies(path))
            .collect();
        Some(need)
    }

    /// Whether go can't do without the zip or go.mod of this line.
    fn is_needed(&self, sum: &Sum) -> bool {
        self.wanted
            .contains(&(sum.path.clone(), sum.version.clone()))
            && (sum.go_mod || self.pruned)
    }

    /// Modules of go.mod without their lines in go.sum.
    pub(crate) fn unsummed(&self) -> Vec<String> {
        let has = |path: &str, version: &str, go_mod: bool| {
            self.sums
                .iter()
                .any(|sum| sum.path == path && sum.version == version && sum.go_mod == go_mod)
        };
        let lacks = |(path, version): &&(String, String)| {
            !has(path, version, true) || (self.pruned && !has(path, version, false))
        };
        self.wanted
            .iter()
            .filter(lacks)
            .map(|(path, version)| format!("{path}@{version}"))
            .collect()
    }
}

/// Where replacements are kept unless somebody says otherwise.
pub(crate) fn default_folder(env: &Env) -> Option<PathBuf> {
    Some(
        env.base_folder("XDG_DATA_HOME", ".local/share")?
            .join(Home::RESCUE),
    )
}
