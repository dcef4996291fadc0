//! go.mod, go.work and go.sum with their lines (Go modules reference, "go.mod files",
//! "Workspaces", "go.sum files"). Lines that are not understood say nothing: go itself judges them.

use std::collections::BTreeSet;

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
}

impl GoFile {
    /// Reads the text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut file = Self::default();
        let mut block = String::new();
        for (at, line) in text.lines().enumerate() {
            let bare = line.split("//").next().unwrap_or_default();
            let mut words: Vec<&str> = bare
                .split_whitespace()
                .map(|word| word.trim_matches(['"', '`']))
                .collect();
            if words.iter().any(|word| word.is_empty()) {
                continue; // go refuses empty strings
            }
            match words.as_slice() {
                [")"] => {
                    block.clear();
                    continue;
                }
                [verb, "("] => {
                    (*verb).clone_into(&mut block);
                    continue;
                }
                _ if !block.is_empty() => words.insert(0, &block),
                _ => {}
            }
            file.take(&words, at + 1);
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

/// A module path or version as the protocol writes it (`golang.org/x/mod/module.EscapePath`):
/// `!` before a capital letter, which becomes small. `None`: go knows no such path.
#[must_use]
pub fn escaped(text: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/+".contains(&byte);
    let steps = text
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.'));
    if steps || !text.bytes().all(plain) {
        return None;
    }
    let mut escaped = String::new();
    for letter in text.chars() {
        if letter.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(letter.to_ascii_lowercase());
    }
    Some(escaped)
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
}
