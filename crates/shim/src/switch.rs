//! Commands that don't fetch by themselves may still download a toolchain: go switches before it looks at its
//! arguments (Go toolchains reference, "Go toolchain selection"). Whether that is possible is seen from two
//! lines of go.mod or go.work, from GOTOOLCHAIN in the environment or in the file of `go env -w`, and from the
//! toolchain's own version; where it isn't, nothing is watched.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::locate::Go;
use crate::marker;
use crate::sys;
use crate::world::World;

/// Of go.mod, whose first lines say it; bytes.
const MOST: u64 = 1 << 20;

/// Release, minor and patch; a language version is older than its first release.
type Version = (u32, u32, i32);

/// The first release that switches: what asks for no more is asked by nobody in vain.
const OLDEST: Version = (1, 21, 0);

/// Whether this go may have to fetch another one before it runs anything in `folder` (of `-C`, or empty).
#[must_use]
pub(crate) fn is_possible(world: &World, go: &Go, folder: &OsStr) -> bool {
    let set = world.set_var("GOTOOLCHAIN").map(OsStr::as_bytes);
    let kept = if set.is_none() { kept(world) } else { None };
    match set.or(kept.as_deref()) {
        Some(b"local") => return false,
        // a fixed one, whatever go.mod says; before `+` the least that is wanted
        Some(named) if named.starts_with(b"go1") => {
            let mut parts = named.splitn(2, |&byte| byte == b'+');
            let least = parts.next().and_then(version);
            let is_other = least.is_some() && least != own(go);
            if is_other || parts.next().is_none() {
                return is_other;
            }
        }
        _ => {}
    }
    if world.var("GO111MODULE").is_some_and(|value| value == "off") {
        return false;
    }
    let Some(wanted) = wanted(world, folder) else {
        return false;
    };
    wanted > OLDEST && own(go).is_some_and(|own| own < wanted)
}

/// GOTOOLCHAIN in the file of `go env -w`: its last line counts.
fn kept(world: &World) -> Option<Vec<u8>> {
    let text = sys::file::read(&marker::env_file(world)?, marker::MOST).ok()?;
    let lines = text.split(|&byte| byte == b'\n').rev();
    let mut values = lines.filter_map(|line| line.trim_ascii().strip_prefix(b"GOTOOLCHAIN="));
    values.next().map(<[u8]>::to_vec)
}

/// The version of the toolchain here; those before Go 1.21 don't switch.
fn own(go: &Go) -> Option<Version> {
    let program = Path::new(OsStr::from_bytes(&go.path));
    let beside = |program: &Path| {
        let file = program.parent()?.parent()?.join("VERSION");
        sys::file::read(&file, MOST).ok()
    };
    // resolving links costs more than a look where there are none
    let text = beside(program).or_else(|| beside(&std::fs::canonicalize(program).ok()?))?;
    version(text.split(|&byte| byte == b'\n').next()?).filter(|own| own.1 >= 21)
}

/// The newest version that go.work, else go.mod asks for.
fn wanted(world: &World, folder: &OsStr) -> Option<Version> {
    let here = std::env::current_dir().ok()?.join(folder);
    let work = match world.set_var("GOWORK") {
        Some(off) if off == "off" => None,
        Some(named) => asks(Path::new(named)),
        None => above(&here, "go.work"),
    };
    work.or_else(|| above(&here, "go.mod"))?.lines
}

/// A file that was found, and what it asks for.
struct Request {
    lines: Option<Version>,
}

fn above(here: &Path, name: &str) -> Option<Request> {
    here.ancestors()
        .find_map(|folder| asks(&PathBuf::from(folder).join(name)))
}

fn asks(file: &Path) -> Option<Request> {
    let text = sys::file::read(file, MOST).ok()?;
    let asked = text.split(|&byte| byte == b'\n').filter_map(|line| {
        let line = line.trim_ascii();
        let go = line.strip_prefix(b"go ");
        let named = go.or_else(|| line.strip_prefix(b"toolchain go"))?;
        version(named.trim_ascii())
    });
    Some(Request { lines: asked.max() })
}

/// `1.22`, `1.22.3`, `go1.22rc1`; whatever follows is left out.
fn version(text: &[u8]) -> Option<Version> {
    let text = text.strip_prefix(b"go").unwrap_or(text);
    let mut parts = text.splitn(3, |&byte| byte == b'.').map(number);
    let (release, minor) = (parts.next()??, parts.next()??);
    let patch = match parts.next() {
        Some(patch) => i32::try_from(patch?).ok()?,
        None => -1,
    };
    Some((release, minor, patch))
}

fn number(text: &[u8]) -> Option<u32> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_go_orders_them() {
        assert_eq!(version(b"1.22"), Some((1, 22, -1)));
        assert_eq!(version(b"go1.27.3"), Some((1, 27, 3)));
        assert_eq!(version(b"go1.27.3 // x"), Some((1, 27, 3)));
        assert_eq!(version(b"1.23rc1"), Some((1, 23, -1)));
        assert_eq!(version(b"default"), None);
        assert!(version(b"1.22") < version(b"1.22.0"));
        assert!(version(b"1.9.9") < version(b"1.21"));
    }
}
