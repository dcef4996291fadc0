//! gomend's messages: sentences that are in no language until somebody reads them.
//!
//! ```text
//! msg!("no such {thing}", thing = name) > Text > stored, compared, passed on > render(Lang) > String
//! ```
//!
//! Comes in: English as it stands in the sources (gettext's key), what is filled in, and
//! `po/zh_CN.po`, which is only read where Chinese is spoken. Goes out: a [`Text`], and its words in a [`Lang`].
//! Ids, machine-readable fields, logs' own words and what go and git say are never translated. Traditional
//! Chinese is not handled: it gets English.
//!
//! `text` holds [`Text`] and [`msg!`]; `catalogue` reads the PO file. What is printed then and there is
//! translated at once by the program's `tr!`, which asks the same catalogue.

mod catalogue;
mod text;

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use gomend_shim::world::World;

pub use catalogue::{Catalogue, chinese};
pub use text::{Text, ToText};

/// The translations.
const CHINESE: &str = include_str!("../../../po/zh_CN.po");

/// Whether Chinese is spoken: like the translator, one for the whole process.
static SPEAKS_CHINESE: AtomicBool = AtomicBool::new(false);

/// A language of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English, which the sources are written in.
    #[default]
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// The user's: see [`World::speaks_chinese`].
    #[must_use]
    pub fn of(world: &World) -> Self {
        if world.speaks_chinese() {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// The language that is spoken.
    #[must_use]
    pub fn spoken() -> Self {
        if SPEAKS_CHINESE.load(Ordering::Relaxed) {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// The one with this [id](Self::id), in capitals or not.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        [Self::En, Self::Zh]
            .into_iter()
            .find(|lang| lang.id().eq_ignore_ascii_case(id))
    }

    /// As `--lang` and `GOMEND_LANG` take it.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// Makes this the language that is [spoken](Self::spoken).
    pub fn speak(self) {
        SPEAKS_CHINESE.store(self == Self::Zh, Ordering::Relaxed);
    }
}
