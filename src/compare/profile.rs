//! Named profiles: comparisons that were kept, of this machine or a colleague's.
//!
//! In: a name, or a file from anybody. Out: a [`Comparison`] whose texts are fit to be shown. They
//! lie in gomend's state folder, private, one JSON file each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Comparison, SCHEMA};
use crate::file::{self, Refusal};
use crate::lang::tr;
use crate::mask;
use crate::state::State;

/// Why a profile cannot be kept or read.
#[derive(Debug)]
pub(crate) enum Error {
    /// The name is none that a profile can have.
    Name(String),
    /// Nothing was kept under this name; what was.
    Unknown(String, Vec<String>),
    /// The file cannot be read or written.
    File(PathBuf, io::Error),
    /// It holds no comparison.
    Malformed(PathBuf, String),
    /// It is of another schema.
    Schema(PathBuf, u32),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&match self {
            Self::Name(name) => tr!(
                "`{name}` can't name a profile: take letters, digits, `-`, `_` and `.`, 64 at most",
                name = mask::line(name)
            ),
            Self::Unknown(name, known) if known.is_empty() => tr!(
                "there is no profile `{name}`, nor any other; `gomend compare --save {name}` makes one",
                name
            ),
            Self::Unknown(name, known) => tr!(
                "there is no profile `{name}`, only {known}",
                name,
                known = known.join(", ")
            ),
            Self::File(path, error) => {
                tr!("`{path}`: {error}", path = path.display(), error)
            }
            Self::Malformed(path, why) => tr!(
                "`{path}` holds no comparison of `gomend compare --json`: {why}",
                path = path.display(),
                why
            ),
            Self::Schema(path, schema) => tr!(
                "`{path}` is of schema {schema}: another gomend is needed to read it",
                path = path.display(),
                schema
            ),
        })
    }
}

impl std::error::Error for Error {}

/// Whether a profile can have this name: it becomes a file's.
pub(crate) fn check(name: &str) -> Result<(), Error> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let good = (1..=64).contains(&name.len()) && !name.starts_with('.') && name.bytes().all(plain);
    if good {
        return Ok(());
    }
    Err(Error::Name(name.to_owned()))
}

/// Keeps a comparison; the file.
pub(crate) fn save(state: &State, name: &str, comparison: &Comparison) -> Result<PathBuf, Error> {
    check(name)?;
    let folder = state
        .make("profiles")
        .map_err(|error| Error::File(state.folder().to_owned(), error))?;
    let path = folder.join(format!("{name}.json"));
    let json = serde_json::to_vec_pretty(comparison)
        .map_err(|error| Error::File(path.clone(), error.into()))?;
    crate::state::write_private(&path, &json).map_err(|error| Error::File(path.clone(), error))?;
    Ok(path)
}

/// A comparison that was kept.
pub(crate) fn load(state: &State, name: &str) -> Result<Comparison, Error> {
    check(name)?;
    let folder = state.folder().join("profiles");
    let path = folder.join(format!("{name}.json"));
    if !path.exists() {
        return Err(Error::Unknown(name.to_owned(), names(&folder)));
    }
    read(&path)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            Some(
                entry
                    .file_name()
                    .to_str()?
                    .strip_suffix(".json")?
                    .to_owned(),
            )
        })
        .collect();
    names.sort();
    names
}

/// A comparison from a file of anybody's.
pub(crate) fn read(path: &Path) -> Result<Comparison, Error> {
    let malformed = |why: String| Error::Malformed(path.to_owned(), mask::line(&why));
    let bytes = match file::read(path, file::Kind::Report) {
        Ok(bytes) => bytes,
        Err(refusal @ Refusal::Io(_)) => return Err(Error::File(path.to_owned(), refusal.into())),
        Err(Refusal::TooLarge(_)) => return Err(malformed(tr!("it is larger than 4 MB"))),
        Err(refusal) => return Err(malformed(refusal.to_string())),
    };
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    match json.get("schema").and_then(serde_json::Value::as_u64) {
        Some(schema) if schema != u64::from(SCHEMA) => {
            return Err(Error::Schema(
                path.to_owned(),
                u32::try_from(schema).unwrap_or(u32::MAX),
            ));
        }
        _ => {}
    }
    let comparison: Comparison =
        serde_json::from_value(json).map_err(|error| malformed(error.to_string()))?;
    Ok(harmless(comparison))
}

/// Its texts go to a terminal.
fn harmless(mut comparison: Comparison) -> Comparison {
    let clean = |text: &mut String| *text = mask::line(text);
    clean(&mut comparison.time);
    clean(&mut comparison.gomend);
    comparison.notes.iter_mut().for_each(clean);
    for contest in &mut comparison.contests {
        clean(&mut contest.about);
        for entry in &mut contest.entries {
            clean(&mut entry.name);
            entry.answers.iter_mut().for_each(clean);
            entry.wrong.iter_mut().for_each(clean);
            entry.trouble.iter_mut().for_each(clean);
        }
    }
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_no_paths() {
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a b",
            "-\n",
            &"x".repeat(65),
            "\u{e4}",
        ] {
            assert!(matches!(check(name), Err(Error::Name(_))), "{name:?}");
        }
        for name in ["office", "home-2", "a.b_c", "1"] {
            assert!(check(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn files_of_anybody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        for (text, word) in [
            ("", "holds no comparison"),
            ("[1, 2", "holds no comparison"),
            ("{\"schema\": 1}", "missing field"),
            ("{\"schema\": 7}", "schema 7"),
            ("\u{1b}[31m", "holds no comparison"),
        ] {
            fs::write(&path, text).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(
                error.contains(word) && !error.contains('\n'),
                "{text:?}: {error}"
            );
        }
        let text = r#"{"schema":1,"gomend":"0","time":"t","rounds":1,"interrupted":false,"notes":["a\u001b[31mb"],
            "contests":[{"kind":"paths","about":"h\n:1","entries":[]}]}"#;
        fs::write(&path, text).unwrap();
        let comparison = read(&path).unwrap();
        assert_eq!(comparison.contests[0].about, "h :1");
        assert!(
            !comparison.notes[0].contains('\u{1b}'),
            "{:?}",
            comparison.notes
        );
        fs::write(&path, b" ".repeat(5 << 20)).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("4 MB"));
    }
}
