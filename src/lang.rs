//! The language that this process speaks: what [`gomend_lang`] knows, and [`tr!`](tr::tr), which makes
//! words where something is shown.

use std::sync::Arc;

pub(crate) use gomend_core::text;
pub(crate) use gomend_lang::{Lang, msg};
/// Translates: `tr!("no such {thing}", thing = name)`; plurals: `tr!("one file" | "{n} files" % count)`.
pub(crate) use tr::tr;

/// Speaks this language from now on, in the whole process.
pub(crate) fn speak(lang: Lang) {
    lang.speak();
    match lang {
        Lang::En => tr::unset_translator!(),
        Lang::Zh => tr::set_translator!(Arc::clone(gomend_lang::chinese())),
    }
}

/// Words side by side, as the language sets them.
pub(crate) fn list<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    words.join(&tr!("between the words of a list" => ", "))
}
