//! A folder of GOPROXY's shape (<https://go.dev/ref/mod#goproxy-protocol>), as `file://` serves it: made from
//! the module cache, each file against its hash in go.sum.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::escape;
use crate::settings::gofile::{Sum, escaped};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Need;
use crate::compare::dirhash;
use crate::lang::tr;
use crate::sys::file as door;

/// The largest go.mod that go reads (`modload`, 16 MiB).
const GO_MOD: u64 = 16 << 20;
/// The largest licence that is copied out.
const LICENCE: u64 = 1 << 20;
/// Licences of one module that are copied out: packed, thousands of the largest are a small zip.
const MOST_LICENCES: usize = 16;

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rejection {
    /// It isn't there.
    Missing,
    /// It can't be read as what it is.
    Damaged,
    /// It is whole, and another one than go.sum says.
    #[serde(rename = "wrong-hash")]
    Other,
}

/// A file that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Defect {
    /// From the folder on.
    pub(crate) file: String,
    /// `path@version`.
    pub(crate) module: String,
    /// What is wrong.
    pub(crate) wrong: Rejection,
}

/// How a folder stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Stand {
    /// Files that are there and right.
    pub(crate) files: usize,
    /// Their size, bytes.
    pub(crate) bytes: u64,
    /// Those that were copied now.
    pub(crate) copied: usize,
    /// Licence files that lie beside the modules.
    pub(crate) licences: usize,
    /// Lines of go.sum that go.mod doesn't need, and that aren't there.
    pub(crate) left_out: usize,
    /// What can't be used, sorted.
    pub(crate) defects: Vec<Defect>,
}

/// A line of go.sum as a file: where it is below the folder and below the cache.
fn file_of(sum: &Sum) -> Option<String> {
    let end = if sum.go_mod { "mod" } else { "zip" };
    Some(format!(
        "{}/@v/{}.{end}",
        escaped(&sum.path)?,
        escaped(&sum.version)?
    ))
}

/// Whether a file is the one that go.sum means, and its size.
fn judge(path: &Path, sum: &Sum) -> Result<u64, Rejection> {
    let (mut file, metadata) = door::open(path).map_err(|refusal| match refusal {
        door::Refusal::Io(error) if error.kind() == io::ErrorKind::NotFound => Rejection::Missing,
        _ => Rejection::Damaged,
    })?;
    let hash = if sum.go_mod {
        let mut text = Vec::new();
        Read::by_ref(&mut file)
            .take(GO_MOD)
            .read_to_end(&mut text)
            .map_err(|_| Rejection::Damaged)?;
        h1_of_go_mod(&text)
    } else {
        dirhash::h1(&mut file).ok_or(Rejection::Damaged)?
    };
    if hash == sum.hash {
        Ok(metadata.len())
    } else {
        Err(Rejection::Other)
    }
}

/// `h1:` of a go.mod alone (golang.org/x/mod/sumdb/dirhash, `Hash1` over the one name `go.mod`).
fn h1_of_go_mod(text: &[u8]) -> String {
    let line = escape::hex(digest(&SHA256, text).as_ref()) + "  go.mod\n";
    format!(
        "h1:{}",
        STANDARD.encode(digest(&SHA256, line.as_bytes()).as_ref())
    )
}

/// Looks at every file that go.sum names, and changes nothing.
pub(crate) fn verify(need: &Need, folder: &Path) -> Stand {
    let mut stand = Stand::default();
    for sum in &need.sums {
        let Some(name) = file_of(sum) else {
            continue; // no path of go's
        };
        match judge(&folder.join(&name), sum) {
            Ok(size) => stand.count(size),
            Err(Rejection::Missing) if !need.is_needed(sum) => stand.left_out += 1,
            Err(wrong) => stand.defects.push(defect(name, sum, wrong)),
        }
    }
    stand.lacks(need);
    stand
}

/// Brings what is missing from the module cache (`GOMODCACHE/cache/download`).
pub(crate) fn build(need: &Need, cache: &Path, folder: &Path) -> io::Result<Stand> {
    fs::create_dir_all(folder)?;
    let mut stand = Stand::default();
    let mut versions = BTreeMap::<PathBuf, BTreeSet<String>>::new();
    for sum in &need.sums {
        let Some(name) = file_of(sum) else {
            continue;
        };
        no_link(folder, Path::new(&name))?;
        let (target, source) = (folder.join(&name), cache.join(&name));
        let size = match judge(&target, sum) {
            Ok(size) => size,
            Err(_) => match judge(&source, sum) {
                Ok(size) => {
                    copy(&source, &target)?;
                    stand.copied += 1;
                    size
                }
                Err(Rejection::Missing) if !need.is_needed(sum) => {
                    // a bad one must not lie there for go to find
                    if target.exists() {
                        stand.defects.push(defect(
                            name,
                            sum,
                            judge(&target, sum).err().unwrap_or(Rejection::Damaged),
                        ));
                    } else {
                        stand.left_out += 1;
                    }
                    continue;
                }
                Err(wrong) => {
                    stand.defects.push(defect(name, sum, wrong));
                    continue;
                }
            },
        };
        stand.count(size);
        if sum.go_mod {
            continue;
        }
        let info = target.with_extension("info");
        if !is_plain_file(&info) {
            match door::read(&source.with_extension("info"), GO_MOD) {
                Ok(bytes) => put(&info, &bytes)?,
                Err(_) => put(
                    &info,
                    serde_json::json!({"Version": sum.version})
                        .to_string()
                        .as_bytes(),
                )?,
            }
        }
        stand.licences += licences(&target, folder, sum)?;
        if let Some(list) = target.parent() {
            versions
                .entry(list.join("list"))
                .or_default()
                .insert(sum.version.clone());
        }
    }
    for (list, mut versions) in versions {
        versions.extend(listed(&list));
        put(
            &list,
            (versions.into_iter().collect::<Vec<_>>().join("\n") + "\n").as_bytes(),
        )?;
    }
    stand.lacks(need);
    Ok(stand)
}

impl Stand {
    fn count(&mut self, size: u64) {
        self.files += 1;
        self.bytes += size;
    }

    /// What go.mod wants and go.sum has no hash of can't be trusted from anywhere.
    fn lacks(&mut self, need: &Need) {
        for module in need.unsummed() {
            let file = "go.sum".to_owned();
            self.defects.push(Defect {
                file,
                module,
                wrong: Rejection::Missing,
            });
        }
        self.defects.sort();
    }
}

fn defect(file: String, sum: &Sum, wrong: Rejection) -> Defect {
    Defect {
        file,
        module: format!("{}@{}", sum.path, sum.version),
        wrong,
    }
}

/// Whoever can write to a share may have put a link where a folder of ours should be: what is written through it would
/// lie elsewhere.
fn no_link(folder: &Path, below: &Path) -> io::Result<()> {
    let mut at = folder.to_owned();
    for part in below.components() {
        at.push(part);
        match at.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                let link = tr!("`{path}` is a link", path = at.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, link));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Whether a file lies there itself: where a link leads is not the folder's.
fn is_plain_file(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|metadata| metadata.is_file())
}

/// The versions that a list names already. Nothing else of it is kept: it is the share's, and what a link led to
/// would be read by others there.
fn listed(list: &Path) -> Vec<String> {
    let old = if is_plain_file(list) {
        door::read(list, GO_MOD).unwrap_or_default()
    } else {
        Vec::new()
    };
    let old = String::from_utf8_lossy(&old);
    let is_version = |line: &&str| line.starts_with('v') && escaped(line).is_some();
    old.lines().filter(is_version).map(str::to_owned).collect()
}

/// Whole or not at all.
fn copy(source: &Path, target: &Path) -> io::Result<()> {
    let (mut from, _) =
        door::open(source).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    stage(target, |to| io::copy(&mut from, to).map(drop))
}

fn put(target: &Path, bytes: &[u8]) -> io::Result<()> {
    stage(target, |to| to.write_all(bytes))
}

fn stage(target: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = target.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    let mut fresh = tempfile::Builder::new()
        .prefix(".new-")
        .tempfile_in(folder)?;
    fill(fresh.as_file_mut())?;
    let readable = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    fs::set_permissions(fresh.path(), readable)?;
    fresh.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// Lays a module's licences beside the modules, for people; the zip keeps its own. How many there are.
fn licences(zip: &Path, folder: &Path, sum: &Sum) -> io::Result<usize> {
    const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"];
    let (Some(path), Some(version)) = (escaped(&sum.path), escaped(&sum.version)) else {
        return Ok(0);
    };
    let Ok((file, _)) = door::open(zip) else {
        return Ok(0);
    };
    let Ok(mut archive) = zip::ZipArchive::new(file) else {
        return Ok(0);
    };
    let (head, mut count) = (format!("{}@{}/", sum.path, sum.version), 0);
    for index in 0..archive.len() {
        let Ok(file) = archive.by_index(index) else {
            continue;
        };
        let Some(name) = file
            .name()
            .ok()
            .and_then(|name| name.strip_prefix(head.as_str()).map(str::to_owned))
        else {
            continue;
        };
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if !plain
            || !NAMES
                .iter()
                .any(|known| name.to_ascii_uppercase().starts_with(known))
        {
            continue;
        }
        count += 1;
        if count > MOST_LICENCES {
            return Ok(MOST_LICENCES);
        }
        let below = format!("licences/{path}@{version}/{name}");
        no_link(folder, Path::new(&below))?;
        let target = folder.join(below);
        if !target.is_file() {
            let mut text = Vec::new();
            file.take(LICENCE).read_to_end(&mut text)?;
            put(&target, &text)?;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::town::WIDGET;
    use crate::settings::gofile::sums;

    #[test]
    fn the_hashes_of_go_sum() {
        let lines = sums(&WIDGET.go_sum());
        let of_mod = lines.iter().find(|sum| sum.go_mod).unwrap();
        assert_eq!(h1_of_go_mod(WIDGET.go_mod().as_bytes()), of_mod.hash);
    }
}
