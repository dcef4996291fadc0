//! What go works out itself: go.mod, go.sum and the vendor folder as a go command leaves them.
//!
//! In: the command. Out: the files with their new content, worked out on copies; nothing of the module is touched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::attempt::last_line;
use super::bench::Bench;
use super::effects::Effects;
use super::error::{Error, Operation};
use super::{Proposal, Situation};
use crate::rules::said;
use crate::tool::{Cancel, Tool};

/// `go.mod` and `go.sum` as a go command leaves them, worked out on copies.
pub(super) fn modules(
    root: &Path,
    args: &[String],
    s: &Situation,
    deadline: Instant,
) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
    let (cancel, nothing) = (Cancel::default(), Proposal::new("", "", ""));
    let bench = Bench::new(s, deadline, &cancel)?;
    let copy = bench.copy_modules(root)?;
    let overlay = bench.overlay(&nothing, &[], &Effects::AS_THE_RUN)?;
    let tool = bench.go(&overlay.env, root)?;
    let [first, second, rest @ ..] = args else {
        return Ok(Vec::new());
    };
    let flag = format!("-modfile={}", copy.join("go.mod").display());
    let out = copy.join("vendor");
    let vendors = second == "vendor";
    let into = vendors.then(|| ["-o".to_owned(), out.to_string_lossy().into_owned()]);
    let tool = tool
        .args([first.clone(), second.clone(), flag])
        .args(into.into_iter().flatten())
        .args(rest.iter().cloned());
    let run = |tool: Tool| tool.run(deadline, &cancel).map_err(Error::Tool);
    let mut output = run(bench.proxied(tool.clone(), &s.goenv, true))?;
    if said::Phrase::LooksForModule.is_in(&String::from_utf8_lossy(&output.stderr)) {
        // which version is the latest, the user's own cache may not know
        bench.copy_modules(root)?;
        output = run(tool)?;
    }
    if !output.succeeded() {
        let said = last_line(&output);
        return Err(Error::GoFailed(said));
    }
    let mut files = Vec::new();
    if vendors {
        let vendor = root.join("vendor");
        tree(&out, &vendor, &mut files).map_err(Error::io(Operation::READ, &out))?;
        // what go would take away would be built with what it writes anew
        let written: BTreeSet<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
        let gone = count(&vendor, &|path| !written.contains(path));
        return match gone {
            0 => Ok(files),
            gone => Err(Error::WouldRemove(vendor, gone)),
        };
    }
    for name in ["go.mod", "go.sum"] {
        if let Ok(bytes) = fs::read(copy.join(name)) {
            files.push((root.join(name), bytes));
        }
    }
    Ok(files)
}

/// How many files below a folder are such; what can't be listed has none.
fn count(folder: &Path, is_one: &dyn Fn(&Path) -> bool) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => count(&path, is_one),
            _ => usize::from(is_one(&path)),
        }
    };
    entries.map(of).sum()
}

/// Every file below a folder that go has just made, in the order of the names, as it is to stand below
/// another one.
fn tree(from: &Path, to: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> std::io::Result<()> {
    let mut entries = fs::read_dir(from)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            tree(&entry.path(), &path, files)?;
        } else {
            files.push((path, fs::read(entry.path())?));
        }
    }
    Ok(())
}
