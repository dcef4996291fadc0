//! Other languages: what git, the C library, `GnuTLS` and Windows (Winsock's and the file
//! system's messages, where no English ones are installed) print in place of a rule's English
//! words. A file per language in `lang/`: `[RULE]`, and below it the phrases that count as its
//! needle; `{}` stands for a name, a number or a path. `[error]` and `[warning]` hold what git
//! begins such lines with.
//!
//! go hands its locale on to git, and only what git *says* is translated: `remote:` lines,
//! curl's, ssh's and the prompts are not. Prefix and reason may be in two languages. Quotes
//! and punctuation around a name differ between releases and don't count. Not handled:
//! languages that none of these translates.

use std::collections::HashMap;
use std::sync::OnceLock;

const FILES: &[&str] = &[
    include_str!("lang/be.txt"),
    include_str!("lang/bg.txt"),
    include_str!("lang/ca.txt"),
    include_str!("lang/cs.txt"),
    include_str!("lang/da.txt"),
    include_str!("lang/de.txt"),
    include_str!("lang/el.txt"),
    include_str!("lang/eo.txt"),
    include_str!("lang/es.txt"),
    include_str!("lang/fi.txt"),
    include_str!("lang/fr.txt"),
    include_str!("lang/ga.txt"),
    include_str!("lang/gl.txt"),
    include_str!("lang/hr.txt"),
    include_str!("lang/hu.txt"),
    include_str!("lang/id.txt"),
    include_str!("lang/it.txt"),
    include_str!("lang/ja.txt"),
    include_str!("lang/ka.txt"),
    include_str!("lang/ko.txt"),
    include_str!("lang/lt.txt"),
    include_str!("lang/ms.txt"),
    include_str!("lang/nb.txt"),
    include_str!("lang/nl.txt"),
    include_str!("lang/pl.txt"),
    include_str!("lang/pt_BR.txt"),
    include_str!("lang/pt_PT.txt"),
    include_str!("lang/ro.txt"),
    include_str!("lang/ru.txt"),
    include_str!("lang/sk.txt"),
    include_str!("lang/sl.txt"),
    include_str!("lang/sr.txt"),
    include_str!("lang/sv.txt"),
    include_str!("lang/tr.txt"),
    include_str!("lang/uk.txt"),
    include_str!("lang/vi.txt"),
    include_str!("lang/zh_CN.txt"),
    include_str!("lang/zh_TW.txt"),
];

/// What stands around a placeholder or ends a sentence, and changes with git's release.
const LOOSE: [char; 26] = [
    ' ', '.', ',', ':', ';', '!', '?', '"', '\'', '`', '(', ')', '“', '”', '„', '«', '»', '‘', '’',
    '「', '」', '：', '，', '。', '（', '）',
];

/// By section: its phrases in all languages.
fn sections() -> &'static HashMap<&'static str, Vec<&'static str>> {
    static SECTIONS: OnceLock<HashMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    SECTIONS.get_or_init(|| {
        let mut sections: HashMap<&str, Vec<&str>> = HashMap::new();
        for file in FILES {
            let mut section = "";
            let lines = file
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'));
            for line in lines {
                if let Some(name) = line
                    .strip_prefix('[')
                    .and_then(|rest| rest.strip_suffix(']'))
                {
                    section = name;
                } else {
                    sections.entry(section).or_default().push(line);
                }
            }
        }
        sections
    })
}

/// The phrases of a rule.
pub(super) fn phrases(id: &str) -> &'static [&'static str] {
    sections().get(id).map_or(&[], Vec::as_slice)
}

/// The longest part of a phrase: what is searched for.
pub(super) fn needle(phrase: &'static str) -> &'static str {
    parts(phrase)
        .max_by_key(|part| part.len())
        .unwrap_or(phrase)
}

/// All parts of the phrase stand in the text, in order.
pub(super) fn fits(phrase: &str, text: &str) -> bool {
    let mut rest = text;
    parts(phrase).all(|part| {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        true
    })
}

/// A line that git begins in another language as it begins an error.
pub(super) fn leads(text: &str) -> bool {
    begins(text, "error")
}

/// A line that git begins in another language as it begins a warning.
pub(super) fn warns(text: &str) -> bool {
    begins(text, "warning")
}

fn begins(text: &str, section: &str) -> bool {
    let text = text.trim_start();
    phrases(section).iter().any(|word| {
        text.strip_prefix(word)
            .is_some_and(|rest| rest.trim_start_matches(' ').starts_with([':', '：']))
    })
}

fn parts(phrase: &str) -> impl Iterator<Item = &str> {
    phrase
        .split("{}")
        .map(|part| {
            part.trim_matches(|of: char| !of.is_ascii_alphanumeric() && LOOSE.contains(&of))
        })
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phrase_belongs_to_a_rule_and_can_be_searched() {
        for (section, phrases) in sections() {
            if ["error", "warning"].contains(section) {
                continue;
            }
            assert!(crate::by_id(section).is_some(), "{section}");
            for phrase in phrases {
                assert!(
                    needle(phrase).len() >= 9 && fits(phrase, &phrase.replace("{}", "x")),
                    "{phrase}"
                );
            }
        }
    }

    #[test]
    fn a_lead_ends_with_a_colon_of_any_width() {
        for text in [
            "致命错误：x",
            "致命错误: x",
            "fatal : x",
            "Schwerwiegend: x",
        ] {
            assert!(leads(text), "{text}");
        }
        assert!(!leads("Fehlerhaft: x") && !leads("fatal x") && warns("警告：x"));
    }
}
