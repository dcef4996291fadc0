//! The language that this process speaks: what [`gomend_lang`] knows, and [`tr!`](tr::tr), which makes
//! words where something is shown.

use std::sync::Arc;

pub(crate) use gomend_core::text;
pub(crate) use gomend_lang::Lang;
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
