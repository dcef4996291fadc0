//! The language that people are spoken to in: English, or Simplified Chinese.
//!
//! In: `--lang`, the environment. Out: [`tr!`](tr::tr), which makes words where something is shown, in
//! the language that the reader has chosen; and [`msg!`](text::msg), for what is shown later or
//! elsewhere: a [`Text`] without words. The English text itself is the key of either (gettext's way);
//! `po/zh_CN.po` holds the translations and is only read where Chinese is spoken. Ids, machine-readable fields, logs' own words and what
//! go and git say are never translated. Traditional Chinese is not handled: it gets English.

mod catalogue;
mod text;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::world::World;

/// Translates: `tr!("no such {thing}", thing = name)`; plurals: `tr!("one file" | "{n} files" % count)`.
pub(crate) use tr::tr;

pub(crate) use gomend_core::text;
pub(crate) use text::{Text, ToText, msg};

/// The translations.
const CHINESE: &str = include_str!("../po/zh_CN.po");

/// Whether Chinese is spoken: like the translator, one for the whole process.
static SPEAKS_CHINESE: AtomicBool = AtomicBool::new(false);

/// A language of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
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
    pub(crate) fn of(world: &World) -> Self {
        if world.speaks_chinese() {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// The language that is spoken.
    #[must_use]
    pub(crate) fn spoken() -> Self {
        if SPEAKS_CHINESE.load(Ordering::Relaxed) {
            Self::Zh
        } else {
            Self::En
        }
    }

    /// As `--lang` and `GOMEND_LANG` take it.
    #[must_use]
    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// Speaks this language from now on, in the whole process.
    pub(crate) fn speak(self) {
        SPEAKS_CHINESE.store(self == Self::Zh, Ordering::Relaxed);
        match self {
            Self::En => tr::unset_translator!(),
            Self::Zh => tr::set_translator!(Arc::clone(catalogue::chinese())),
        }
    }
}

/// Without the blanks that Chinese doesn't set: between two of its characters, and beside its punctuation. Names
/// that are filled into a sentence may be in either script.
pub(crate) fn close_up(text: String) -> String {
    const PUNCTUATION: &str = "（），。：；、";
    if Lang::spoken() != Lang::Zh {
        return text;
    }
    let is_wide = |letter: char| console::measure_text_width(letter.encode_utf8(&mut [0; 4])) > 1;
    let letters: Vec<char> = text.chars().collect();
    let is_needless = |at: usize| {
        let (Some(&before), Some(&after)) = (letters.get(at.wrapping_sub(1)), letters.get(at + 1))
        else {
            return false;
        };
        letters[at] == ' '
            && (is_wide(before) && is_wide(after)
                || PUNCTUATION.contains(before)
                || PUNCTUATION.contains(after))
    };
    let kept = (0..letters.len()).filter(|&at| !is_needless(at));
    kept.map(|at| letters[at]).collect()
}

/// Words side by side, as the language sets them.
pub(crate) fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(&tr!("between the words of a list" => ", "))
}
