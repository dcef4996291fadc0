//! Can a fetch write where it must?
//!
//! Free space, owner and mode of the directories that go and git write to.
//! Nothing is written to find out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::{Id, Probe, Seen, Stack, Status};
use crate::cause::{Cause, Layer};

/// What a directory is to a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// HOME.
    Home,
    /// GOMODCACHE.
    ModCache,
    /// GOCACHE.
    BuildCache,
    /// GOTMPDIR or the system's.
    Temp,
    /// The repository that go was started in.
    Repository,
}

/// One directory, or the nearest one above it that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its part.
    pub part: Part,
    /// Where it is.
    pub path: String,
    /// It is there.
    pub exists: bool,
    /// We may write there.
    pub writable: bool,
    /// Numeric owner.
    pub owner: Option<u32>,
    /// The owner is who we are.
    pub ours: bool,
    /// Free bytes for us.
    pub free_bytes: Option<u64>,
    /// Free inodes.
    pub free_inodes: Option<u64>,
}

/// Below this a module download is likely to fail midway: 16 MiB.
pub(crate) const LOW_BYTES: u64 = 16 << 20;

impl Place {
    /// There is no room.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.free_bytes.is_some_and(|free| free < LOW_BYTES) || self.free_inodes == Some(0)
    }
}

/// The directories that matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Places {
    /// In a fixed order.
    pub places: Vec<Place>,
    /// HOME is set.
    pub has_home: bool,
}

impl Places {
    /// Fail if any is full or not writable, or HOME is missing.
    #[must_use]
    pub fn status(&self) -> Status {
        let bad =
            |place: &Place| place.is_full() || (!place.writable && place.part != Part::Repository);
        if self.places.iter().any(bad) || !self.has_home {
            Status::Fail
        } else {
            Status::Pass
        }
    }
}

/// The probe.
pub(super) const LOCAL: Probe = Probe {
    id: Id::Local,
    applies: |cx| {
        let local = |cause: &Cause| matches!(cause.layer(), Layer::Local | Layer::Transfer);
        cx.subject.suspects.is_empty() || cx.subject.suspects.iter().any(local)
    },
    stacks: |_| &[Stack::Both],
    target: |_| "this machine".to_owned(),
    run,
};

fn run(cx: &Context, _stack: Stack, _deadline: Instant) -> Seen {
    Seen::Local(look(cx))
}

fn look(cx: &Context) -> Places {
    let home = cx.home.clone();
    let set = |key: &str| {
        Some(cx.goenv.value(key))
            .filter(|value| !value.is_empty() && *value != "off")
            .map(PathBuf::from)
    };
    let caches = match cx
        .env
        .var("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
    {
        Some(path) => Some(path),
        None => home.as_ref().map(|home| {
            home.join(if cfg!(target_os = "macos") {
                "Library/Caches"
            } else {
                ".cache"
            })
        }),
    };
    let temp = set("GOTMPDIR")
        .or_else(|| cx.env.var("TMPDIR").map(PathBuf::from))
        .unwrap_or_else(std::env::temp_dir);
    let parts = [
        (Part::Home, home.clone()),
        (Part::ModCache, cx.goenv.mod_cache(home.as_deref())),
        (
            Part::BuildCache,
            set("GOCACHE").or_else(|| Some(caches?.join("go-build"))),
        ),
        (Part::Temp, Some(temp)),
        (Part::Repository, Some(cx.dir.clone())),
    ];
    let places = parts
        .into_iter()
        .filter_map(|(part, path)| Some(place(part, &path?)))
        .collect();
    Places {
        places,
        has_home: home.is_some(),
    }
}

/// Looks at the directory, or at the nearest one above it, where it would be made.
fn place(part: Part, path: &Path) -> Place {
    let exists = path.exists();
    let nearest = path
        .ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"));
    let (owner, ours) = owner(nearest);
    let (free_bytes, free_inodes) = room(nearest);
    Place {
        part,
        path: path.display().to_string(),
        exists,
        writable: writable(nearest),
        owner,
        ours,
        free_bytes,
        free_inodes,
    }
}

fn owner(path: &Path) -> (Option<u32>, bool) {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(path).ok().map(|metadata| metadata.uid());
    (
        owner,
        owner.is_none_or(|owner| owner == rustix::process::geteuid().as_raw()),
    )
}

fn room(path: &Path) -> (Option<u64>, Option<u64>) {
    match rustix::fs::statvfs(path) {
        // a file system that counts no inodes says 0 of 0
        Ok(room) => (
            Some(room.f_bavail.saturating_mul(room.f_frsize)),
            (room.f_files > 0).then_some(room.f_favail),
        ),
        Err(_) => (None, None),
    }
}

fn writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_directory_is_judged_by_where_it_would_be() {
        let dir = tempfile::tempdir().unwrap();
        let place = place(Part::ModCache, &dir.path().join("a/b"));
        assert!(!place.exists && place.writable && place.ours);
        assert!(place.free_bytes.unwrap() > 0);
    }
}
