//! The real go: `GOMEND_GO`, else the first `go` on PATH behind the entry that
//! we were started from, else the first one before it. Programs are told apart
//! by identity (device and inode), never by folder: a real go may live beside us.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::guard::{Guard, Identity};
use crate::sys;
use crate::world::World;

/// The program to run in our place.
pub struct Go {
    /// Where it is, as found.
    pub path: Vec<u8>,
    /// Which file that is.
    pub identity: Identity,
}

/// Why there is nothing to run.
pub enum Missing {
    /// `GOMEND_GO` names something that can't be executed.
    Named(io::Error),
    /// `GOMEND_GO` names a program that leads back to us.
    NamedLeadsBack,
    /// PATH has one, but this user may not execute it.
    Forbidden(Vec<u8>),
    /// PATH has no other go.
    NotOnPath,
    /// PATH has only programs that lead back to us.
    OnlyLoops,
}

/// Which file we are.
#[must_use]
pub fn own_identity() -> Option<Identity> {
    if cfg!(target_os = "linux") {
        return identity(Path::new("/proc/self/exe")).ok();
    }
    identity(&std::env::current_exe().ok()?).ok()
}

/// Finds the real go.
pub fn locate(world: &World, guard: &Guard, own: Option<Identity>) -> Result<Go, Missing> {
    let is_new = |id: Identity| Some(id) != own && !guard.tried.contains(&id);
    if let Some(named) = world.set_var("GOMEND_GO") {
        let identity = executable(Path::new(named)).map_err(Missing::Named)?;
        if !is_new(identity) {
            return Err(Missing::NamedLeadsBack);
        }
        return Ok(Go {
            path: named.as_bytes().to_vec(),
            identity,
        });
    }
    on_path(world, own, is_new)
}

fn on_path(
    world: &World,
    own: Option<Identity>,
    is_new: impl Fn(Identity) -> bool,
) -> Result<Go, Missing> {
    // an unset or empty PATH means no search, not the current directory
    let path = world.set_var("PATH").ok_or(Missing::NotOnPath)?.as_bytes();
    let (mut behind_us, mut before, mut loops, mut forbidden) = (false, None, false, None);
    for folder in path.split(|&byte| byte == b':') {
        let entry = entry_of(folder);
        let identity = match executable(Path::new(OsStr::from_bytes(&entry))) {
            Ok(identity) => identity,
            Err(error) => {
                if error.kind() == io::ErrorKind::PermissionDenied {
                    forbidden.get_or_insert(entry);
                }
                continue;
            }
        };
        if Some(identity) == own {
            behind_us = true;
        } else if !is_new(identity) {
            loops = true;
        } else if behind_us {
            return Ok(Go {
                path: entry,
                identity,
            });
        } else if before.is_none() {
            before = Some(Go {
                path: entry,
                identity,
            });
        }
    }
    before.ok_or(match forbidden {
        Some(path) => Missing::Forbidden(path), // as execvp(3) says it, once there is no other
        None if loops => Missing::OnlyLoops,
        None => Missing::NotOnPath,
    })
}

/// An empty PATH entry is the current directory, as for every shell.
fn entry_of(folder: &[u8]) -> Vec<u8> {
    let mut entry = Vec::with_capacity(folder.len() + 5);
    entry.extend_from_slice(if folder.is_empty() { b"." } else { folder });
    entry.extend_from_slice(b"/go");
    entry
}

fn executable(path: &Path) -> io::Result<Identity> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if metadata.is_file() && sys::may_execute(path) {
        return Ok((metadata.dev(), metadata.ino()));
    }
    Err(io::Error::from(io::ErrorKind::PermissionDenied))
}

/// The go at this path.
#[cfg(not(gomend_shim))]
pub(crate) fn at(path: &Path) -> io::Result<Go> {
    Ok(Go {
        path: path.as_os_str().as_bytes().to_vec(),
        identity: executable(path)?,
    })
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
