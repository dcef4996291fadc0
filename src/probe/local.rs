//! Can a fetch write where it must?
//!
//! Free space, owner and mode of the directories that go and git write to.
//! Nothing is written to find out.

use serde::{Deserialize, Serialize};

use super::Status;

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
pub const LOW_BYTES: u64 = 16 << 20;

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
