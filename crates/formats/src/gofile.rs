//! go.mod, go.work and go.sum with their lines (Go modules reference, "go.mod files",
//! "Workspaces", "go.sum files"), and module paths as the protocol writes them. Lines that are not
//! understood say nothing: go itself judges them. A reader of our own, because none is there for Rust, and a
//! go.mod with a mistake in it must be read too. The shim, which has no crate, looks for two lines
//! of it by itself (`crates/shim/src/switch.rs`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Env;
use crate::file;

/// A module that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Required {
    /// The module path.
    pub path: String,
    /// The version.
    pub version: String,
    /// From 1.
    pub line: usize,
}

/// What takes a module's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// A folder, as written.
    Folder(String),
    /// Another module, path and version.
    Module(String, String),
}

/// A `replace` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// The module that is replaced.
    pub path: String,
    /// Only this version of it.
    pub version: Option<String>,
    /// What takes its place.
    pub by: Instead,
    /// From 1.
    pub line: usize,
}

/// A `use` line of go.work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The module's folder, as written.
    pub folder: String,
    /// From 1.
    pub line: usize,
}

/// What go.mod or go.work says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoFile {
    /// The path after `module`.
    pub module: Option<String>,
    /// The version after `go`, and its line.
    pub go: Option<(String, usize)>,
    /// The name after `toolchain`, and its line.
    pub toolchain: Option<(String, usize)>,
    /// The modules after `require`.
    pub requires: Vec<Required>,
    /// The `replace` lines.
    pub replaces: Vec<Replaced>,
    /// The `use` lines.
    pub uses: Vec<Used>,
}

/// The words of each line that says something, its block's verb in front; the number from 1.
fn directives(text: &str) -> Vec<(usize, Vec<&str>)> {
    let mut found = Vec::new();
    let mut block = "";
    for (at, line) in text.lines().enumerate() {
        let bare = line.split("//").next().unwrap_or_default();
        let mut words: Vec<&str> = bare
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '`']))
            .collect();
        match words.as_slice() {
            [] => {}
            _ if words.iter().any(|word| word.is_empty()) => {} // go refuses empty strings
            [")"] => block = "",
            [verb, "("] => block = verb,
            _ => {
                if !block.is_empty() {
                    words.insert(0, block);
                }
                found.push((at + 1, words));
            }
        }
    }
    found
}

impl GoFile {
    /// The go.mod of the module that `dir` is in, and where it stands.
    #[must_use]
    pub fn above(dir: &Path) -> Option<(PathBuf, Self)> {
        let path = above(dir, "go.mod")?;
        let text = file::text(&path, file::Kind::Module).ok()?;
        Some((path, Self::parse(&text)))
    }

    /// Reads the text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        for (line, words) in directives(text) {
            file.take(&words, line);
        }
        file
    }

    fn take(&mut self, words: &[&str], line: usize) {
        match words {
            ["module", path] => self.module = Some((*path).to_owned()),
            ["go", version] => self.go = Some(((*version).to_owned(), line)),
            ["toolchain", name] => self.toolchain = Some(((*name).to_owned(), line)),
            ["require", path, version] => self.requires.push(Required {
                path: (*path).to_owned(),
                version: (*version).to_owned(),
                line,
            }),
            ["use", folder] => self.uses.push(Used {
                folder: (*folder).to_owned(),
                line,
            }),
            ["replace", path, rest @ ..] => {
                let (version, by) = match rest {
                    ["=>", by @ ..] => (None, by),
                    [version, "=>", by @ ..] => (Some((*version).to_owned()), by),
                    _ => return,
                };
                let by = match by {
                    [folder] => Instead::Folder((*folder).to_owned()),
                    [path, version] => Instead::Module((*path).to_owned(), (*version).to_owned()),
                    _ => return,
                };
                self.replaces.push(Replaced {
                    path: (*path).to_owned(),
                    version,
                    by,
                    line,
                });
            }
            _ => {}
        }
    }

    /// The modules that are fetched, after `replace`; `work`: a go.work whose lines count first.
    #[must_use]
    pub fn fetched(&self, work: Option<&Self>) -> Vec<Required> {
        let replaces: Vec<&Replaced> = work
            .into_iter()
            .flat_map(|work| &work.replaces)
            .chain(&self.replaces)
            .collect();
        let of = |required: &Required| {
            let fits = |replaced: &&&Replaced| {
                replaced.path == required.path
                    && replaced
                        .version
                        .as_ref()
                        .is_none_or(|version| *version == required.version)
            };
            match replaces.iter().find(fits).map(|replaced| &replaced.by) {
                None => Some(required.clone()),
                Some(Instead::Folder(_)) => None,
                Some(Instead::Module(path, version)) => Some(Required {
                    path: path.clone(),
                    version: version.clone(),
                    line: required.line,
                }),
            }
        };
        self.requires.iter().filter_map(of).collect()
    }
}

/// The nearest file of this name in the folder or above it.
fn above(dir: &Path, name: &str) -> Option<PathBuf> {
    dir.ancestors()
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

/// The go.work that applies in a folder (go help work).
#[must_use]
pub fn workspace(env: &Env, dir: &Path) -> Option<PathBuf> {
    match env.var("GOWORK") {
        Some("off") => None,
        Some(path) => Some(PathBuf::from(path)),
        None => above(dir, "go.work"),
    }
}

/// go.mod or go.work with the folders behind `use` and `=>` named from the root: it is read elsewhere than
/// in `dir`. Every other byte stays.
#[must_use]
pub fn with_absolute_folders(text: &str, dir: &Path) -> String {
    let directives = directives(text);
    let folder = |number: usize| {
        let (_, words) = directives.iter().find(|(at, _)| *at == number)?;
        match words.as_slice() {
            ["use", folder] => Some(*folder),
            ["replace", .., "=>", folder] if folder.starts_with('.') => Some(*folder),
            _ => None,
        }
    };
    let mut whole = String::new();
    for (at, line) in text.lines().enumerate() {
        match folder(at + 1) {
            Some(path) => {
                let full = format!("\"{}\"", clean(&dir.join(path)).display());
                let quoted = [format!("\"{path}\""), format!("`{path}`")];
                let written = quoted.iter().find(|quoted| line.contains(*quoted));
                let old = written.map_or(path, String::as_str);
                let said = line.split("//").next().unwrap_or(line);
                // the last one: a module path in front may hold the same text
                let at = said.rfind(old).unwrap_or_default();
                whole.push_str(&line[..at]);
                whole.push_str(&full);
                whole.push_str(&line[at + old.len()..]);
            }
            None => whole.push_str(line),
        }
        whole.push('\n');
    }
    whole
}

/// A path without `.` and `..` in it, by its words alone: go compares absolute ones as they stand.
fn clean(path: &Path) -> PathBuf {
    use std::path::Component;
    path.components().fold(PathBuf::new(), |mut clean, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
        clean
    })
}

/// A line of go.sum: module, version (with `/go.mod` or not) and hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum {
    /// The module path.
    pub path: String,
    /// The version.
    pub version: String,
    /// The hash is that of go.mod alone.
    pub go_mod: bool,
    /// `h1:...`.
    pub hash: String,
}

/// Every line of a go.sum, sorted.
#[must_use]
pub fn sums(text: &str) -> BTreeSet<Sum> {
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let (path, version, hash) = (words.next()?, words.next()?, words.next()?);
        let go_mod = version.strip_suffix("/go.mod");
        Some(Sum {
            path: path.to_owned(),
            version: go_mod.unwrap_or(version).to_owned(),
            go_mod: go_mod.is_some(),
            hash: hash.to_owned(),
        })
    };
    text.lines().filter_map(line).collect()
}

/// A module path or version as the protocol and the module cache write it
/// (`golang.org/x/mod/module.EscapePath`): `!` before a capital letter, which becomes small.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(letter.to_ascii_lowercase());
    }
    escaped
}

/// The same of a text that may come from anybody. `None`: go knows no such path, or it would lead out
/// of the folder that it is joined to.
#[must_use]
pub fn escaped(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/+".contains(&byte);
    let steps = text
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.'));
    (!steps && text.bytes().all(plain)).then(|| escape(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_after_both_files_have_spoken() {
        let file = GoFile::parse(
            "module example.com/app\n\ngo 1.24.0\ntoolchain go1.27.3\nrequire (\n\ta.example/x v1.0.0\n\tb.example/y v1.1.0 // indirect\n\
             \tc.example/z v0.1.0\n)\nreplace b.example/y v1.1.0 => d.example/y v1.1.1\nreplace c.example/z => ../z\n",
        );
        let names = |all: Vec<Required>| -> Vec<String> {
            all.iter()
                .map(|one| format!("{}@{}:{}", one.path, one.version, one.line))
                .collect()
        };
        assert_eq!(
            names(file.fetched(None)),
            ["a.example/x@v1.0.0:6", "d.example/y@v1.1.1:7"]
        );
        let work = GoFile::parse("go 1.24\nuse .\nreplace a.example/x => ./x\n");
        assert_eq!(names(file.fetched(Some(&work))), ["d.example/y@v1.1.1:7"]);
        assert_eq!(file.toolchain, Some(("go1.27.3".to_owned(), 4)));
    }

    #[test]
    fn no_path_leads_out() {
        assert_eq!(
            escaped("github.com/BurntSushi/toml").unwrap(),
            "github.com/!burnt!sushi/toml"
        );
        for bad in ["../x", "a/../b", "/etc", "a//b", "a b", "a\0", "", "a/.git"] {
            assert_eq!(escaped(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_workspace_is_read_from_elsewhere() {
        let text = "go 1.24\n\nuse ./a\nuse (\n\t. // here\n\t// no\n\t\"../b\"\n)\n\nreplace m.example/x => ./x\n\treplace m.example/y => m.example/z v1.0.0\n";
        let uses = GoFile::parse(text).uses;
        let uses: Vec<(usize, &str)> = uses
            .iter()
            .map(|used| (used.line, used.folder.as_str()))
            .collect();
        assert_eq!(uses, [(3, "./a"), (5, "."), (7, "../b")]);
        assert_eq!(
            with_absolute_folders(text, Path::new("/w/k")),
            "go 1.24\n\nuse \"/w/k/a\"\nuse (\n\t\"/w/k\" // here\n\t// no\n\t\"/w/b\"\n)\n\nreplace m.example/x => \"/w/k/x\"\n\treplace m.example/y => m.example/z v1.0.0\n"
        );
    }
}
