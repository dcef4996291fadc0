//! The language that people are spoken to in: English, or Simplified Chinese.
//!
//! In: `--lang`, the environment. Out: [`tr!`](tr::tr), which every text for people goes through.
//! The English text itself is the key (gettext's way); `po/zh_CN.po` holds the translations and
//! is only read where Chinese is spoken. Ids, machine-readable fields, logs' own words and what
//! go and git say are never translated. Traditional Chinese is not handled: it gets English.

mod catalogue;

use std::ffi::OsStr;

use crate::world::World;
use catalogue::Catalogue;

/// Translates: `tr!("no such {thing}", thing = name)`; plurals: `tr!("one file" | "{n} files" % count)`.
pub(crate) use tr::tr;

/// Marks a text in a table, which is translated where it is shown (gettext's `N_`).
macro_rules! text {
    ($text:literal) => {
        $text
    };
}
pub(crate) use text;

/// The translations.
const CHINESE: &str = include_str!("../po/zh_CN.po");

/// A language of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Lang {
    /// English, which the sources are written in.
    En,
    /// Simplified Chinese.
    Zh,
}

impl Lang {
    /// From `GOMEND_LANG`, else from the locale (locale(7): `LC_ALL`, `LC_MESSAGES`, `LANG`).
    /// A Chinese locale in another encoding than UTF-8 gets English, which every terminal shows.
    #[must_use]
    pub(crate) fn of(world: &World) -> Self {
        if let Some(lang) = world.set_var("GOMEND_LANG").and_then(Self::named) {
            return lang;
        }
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| world.set_var(name));
        let is_utf8 = world.locale_is_utf8();
        locale
            .and_then(Self::named)
            .filter(|_| is_utf8)
            .unwrap_or(Self::En)
    }

    /// From a name like `zh`, `zh_CN.UTF-8`, `zh-Hans` or `en`.
    fn named(name: &OsStr) -> Option<Self> {
        let name = name.to_str()?.to_ascii_lowercase().replace('-', "_");
        let tag = name.split(['.', '@']).next().unwrap_or_default();
        match tag {
            "zh" | "zh_cn" | "zh_sg" | "zh_my" => Some(Self::Zh),
            "en" | "c" | "posix" => Some(Self::En),
            _ if tag.starts_with("zh_hans") => Some(Self::Zh),
            _ if tag.starts_with("en_") => Some(Self::En),
            _ => None,
        }
    }

    /// Speaks this language from now on, in the whole process.
    pub(crate) fn speak(self) {
        match self {
            Self::En => tr::unset_translator!(),
            Self::Zh => tr::set_translator!(Catalogue::parse(CHINESE)),
        }
    }
}

/// Sentences, one after the other: Chinese sets no space between them. Empty ones are left out.
pub(crate) fn sentences<'a>(sentences: impl IntoIterator<Item = &'a str>) -> String {
    let mut sentences = sentences
        .into_iter()
        .filter(|sentence| !sentence.is_empty());
    let first = sentences.next().unwrap_or_default().to_owned();
    sentences.fold(first, |text, next| tr!("{text} {next}", text, next))
}

/// Words side by side, as the language sets them.
pub(crate) fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(&tr!("between the words of a list" => ", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_names() {
        let named = |name: &str| Lang::named(OsStr::new(name));
        for name in ["zh", "zh_CN.UTF-8", "zh-CN", "zh_Hans_CN", "ZH_SG@pinyin"] {
            assert_eq!(named(name), Some(Lang::Zh), "{name}");
        }
        for name in ["en", "en_GB.UTF-8", "C", "C.UTF-8", "POSIX"] {
            assert_eq!(named(name), Some(Lang::En), "{name}");
        }
        for name in ["zh_TW.UTF-8", "zh-Hant", "de_DE.UTF-8", ""] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
