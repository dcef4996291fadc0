//! go.mod, as far as it says which modules are fetched, and the modules of a go.work. Not
//! handled: `exclude` and `retract`, which fetch nothing by themselves; `replace` in go.work.

use std::path::{Path, PathBuf};

use crate::file;
use crate::settings::Env;
use crate::settings::gofile::{self, GoFile};

/// What go.mod asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoMod {
    /// The file.
    pub file: PathBuf,
    /// The `go` line.
    pub go: Option<String>,
    /// Path and version of every module that is fetched, after `replace`.
    pub modules: Vec<(String, String)>,
}

impl GoMod {
    /// The go.mod of the module that `dir` is in.
    #[must_use]
    pub fn find(dir: &Path) -> Option<Self> {
        let (file, read) = GoFile::above(dir)?;
        Some(Self {
            file,
            ..Self::of(read)
        })
    }

    /// The go.mod files that count in `dir`: those that a go.work uses, else the one of the module.
    #[must_use]
    pub fn here(dir: &Path, env: &Env) -> Vec<Self> {
        let Some(work) = gofile::workspace(env, dir) else {
            return Self::find(dir).into_iter().collect();
        };
        let text = file::read(&work, file::Kind::Module).unwrap_or_default();
        let root = work.parent().unwrap_or(Path::new("/"));
        GoFile::parse(&String::from_utf8_lossy(&text))
            .uses
            .iter()
            .filter_map(|used| Self::find(&root.join(&used.folder)))
            .collect()
    }

    /// Reads the text; lines that are not understood ask for nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::of(GoFile::parse(text))
    }

    fn of(read: GoFile) -> Self {
        let fetched = read.fetched(None).into_iter();
        Self {
            file: PathBuf::new(),
            modules: fetched
                .map(|module| (module.path, module.version))
                .collect(),
            go: read.go.map(|(version, _)| version),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_lines_ask_for_nothing() {
        let text = "require a.example/x v1.0.0\nrequire b.example/y \"\"\nrequire \"\" v1\nreplace a.example/x => c.example/z \"\"\n\
                    replace a.example/x =>\nreplace a.example/x c.example/z v1\nreplace a.example/x => c.example/z v1 v2\n";
        let module = GoMod::parse(text);
        assert_eq!(
            module.modules,
            [("a.example/x".to_owned(), "v1.0.0".to_owned())]
        );
    }

    #[test]
    fn what_is_fetched() {
        let text = "module example.com/app // x\n\ngo 1.24.0\n\nrequire github.com/a/b v1.0.0\nrequire (\n\tgit.corp.example/x v0.1.0 // indirect\n\t\
                    \"old.example/y\" v1.2.3\n\tlocal.example/z v0.0.0\n)\nreplace old.example/y => github.com/fork/y v1.2.4\nreplace local.example/z => ../z\n";
        let module = GoMod::parse(text);
        assert_eq!(module.go.as_deref(), Some("1.24.0"));
        let modules: Vec<_> = module
            .modules
            .iter()
            .map(|(path, version)| format!("{path}@{version}"))
            .collect();
        assert_eq!(
            modules,
            [
                "github.com/a/b@v1.0.0",
                "git.corp.example/x@v0.1.0",
                "github.com/fork/y@v1.2.4"
            ]
        );
    }
}
