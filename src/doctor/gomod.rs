//! go.mod, as far as it says which modules are fetched, and the modules of a go.work. Not
//! handled: `exclude` and `retract`, which fetch nothing by themselves.

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
            ..Self::of(read, None)
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
        let work = GoFile::parse(&String::from_utf8_lossy(&text));
        let of = |folder: &str| {
            let (file, read) = GoFile::above(&root.join(folder))?;
            Some(Self {
                file,
                ..Self::of(read, Some(&work))
            })
        };
        work.uses
            .iter()
            .filter_map(|used| of(&used.folder))
            .collect()
    }

    /// Reads the text; lines that are not understood ask for nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::of(GoFile::parse(text), None)
    }

    fn of(read: GoFile, work: Option<&GoFile>) -> Self {
        let fetched = read.fetched(work).into_iter();
        Self {
            file: PathBuf::new(),
            modules: fetched
                .filter(|module| is_path(&module.path))
                .map(|module| (module.path, module.version))
                .collect(),
            go: read.go.map(|(version, _)| version),
        }
    }
}

/// Whether go would fetch a module of this path (`golang.org/x/mod/module`, `CheckPath`): else it names no
/// host, whatever port, login or address it looks like.
fn is_path(path: &str) -> bool {
    let is_element = |element: &str| {
        !element.is_empty()
            && !element.starts_with('.')
            && !element.ends_with('.')
            && element
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
    };
    let first = path.split('/').next().unwrap_or_default();
    let is_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    path.split('/').all(is_element)
        && first.contains('.')
        && !first.starts_with('-')
        && first.bytes().all(is_host)
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

    #[test]
    fn what_go_would_not_fetch_names_no_host() {
        let paths = |lines: &str| -> Vec<String> {
            let module = GoMod::parse(&format!("module m\nrequire (\n{lines}\n)\n"));
            module.modules.into_iter().map(|(path, _)| path).collect()
        };
        for path in [
            "127.0.0.1:22/x",
            "[::1]/x",
            "user:pw@evil.example/x",
            "-evil.example/x",
            "evil.example/../../x",
            "evil.example//x",
            "evil.example/x/",
            "EVIL.example/x",
            "nohost/x",
            "evil.example/x?y",
            "\u{430}pple.com/x",
        ] {
            assert_eq!(paths(&format!("\t{path} v1.0.0")), [""; 0], "{path}");
        }
        let good = "git.corp.example/team/Lib_x~1/v2";
        assert_eq!(paths(&format!("\t{good} v2.0.0")), [good]);
    }
}
