//! Messages that are in no language yet: what is planned and stored holds these, and words are made
//! of them where they are shown.
//!
//! In: the English text as it stands in the sources (gettext's key), and what is filled in. Out: the
//! same in a [`Lang`], by [`Text::render`] alone. Stored as JSON: a plain string, or the key with its
//! parameters.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Display;

use serde::{Deserialize, Serialize};

use super::{Lang, catalogue};
use crate::msg;

/// A text of the sources, or one that was read back.
type Key = Cow<'static, str>;

/// A message, or something that is the same in every language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// A name, a path, a command, what somebody else said.
    Plain(String),
    /// A sentence or a part of one, made by [`msg!`](crate::msg).
    Message {
        /// In English, with `{names}`.
        text: Key,
        /// Tells equal texts apart that are translated differently.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        context: Option<Key>,
        /// What stands for the names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        with: Vec<(Key, Text)>,
    },
    /// Several, with something between each two.
    Joined {
        /// The parts.
        parts: Vec<Text>,
        /// What stands between them.
        by: Box<Text>,
    },
    /// A sentence in the middle of another: a word's capital goes, an acronym's stays.
    Within {
        /// The sentence.
        within: Box<Text>,
    },
}

impl Text {
    /// Words side by side, as a language sets them.
    pub fn list<T: ToText>(words: impl IntoIterator<Item = T>) -> Self {
        Self::joined(msg!("between the words of a list" => ", "), words)
    }

    /// Sentences, one after the other. Empty ones are left out.
    pub fn sentences<T: ToText>(sentences: impl IntoIterator<Item = T>) -> Self {
        let mut sentences = sentences.into_iter().map(|sentence| sentence.to_text());
        let mut sentences = sentences.by_ref().filter(|sentence| !sentence.is_empty());
        let first = sentences.next().unwrap_or_default();
        sentences.fold(first, |text, next| msg!("{text} {next}", text, next))
    }

    /// These, with `by` between each two.
    pub fn joined<T: ToText>(by: Self, parts: impl IntoIterator<Item = T>) -> Self {
        Self::Joined {
            parts: parts.into_iter().map(|part| part.to_text()).collect(),
            by: Box::new(by),
        }
    }

    /// In the middle of a sentence.
    #[must_use]
    pub fn within(self) -> Self {
        Self::Within {
            within: Box::new(self),
        }
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Plain(words) => words.is_empty(),
            Self::Joined { parts, .. } => parts.iter().all(Self::is_empty),
            Self::Message { .. } | Self::Within { .. } => false,
        }
    }

    /// In words of this language.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Plain(words) => words.clone(),
            Self::Message {
                text,
                context,
                with,
            } => {
                let words = catalogue::find(lang, text, context.as_deref()).unwrap_or(text);
                filled(words, with, lang)
            }
            Self::Joined { parts, by } => {
                let parts: Vec<String> = parts.iter().map(|part| part.render(lang)).collect();
                parts.join(&by.render(lang))
            }
            Self::Within { within } => uncapitalised(within.render(lang)),
        }
    }

    /// In words of the language that the reader has chosen.
    #[must_use]
    pub fn words(&self) -> String {
        self.render(Lang::spoken())
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        Self::Plain(words)
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        Self::Plain(words.to_owned())
    }
}

/// What can stand for a name in a message.
pub trait ToText {
    /// As a part of a message.
    fn to_text(&self) -> Text;
}

impl ToText for Text {
    fn to_text(&self) -> Text {
        self.clone()
    }
}

impl<T: ToText + ?Sized> ToText for &T {
    fn to_text(&self) -> Text {
        (**self).to_text()
    }
}

macro_rules! plain {
    ($($type:ty),*) => {
        $(impl ToText for $type {
            fn to_text(&self) -> Text {
                Text::Plain(self.to_string())
            }
        })*
    };
}

plain!(
    str,
    String,
    Key,
    Display<'_>,
    char,
    usize,
    u16,
    u32,
    u64,
    i64,
    std::io::Error
);

/// A template with its `{names}` replaced; braces that name nothing stay.
fn filled(template: &str, with: &[(Key, Text)], lang: Lang) -> String {
    let mut words = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        words.push_str(before);
        let value = behind.split_once('}').and_then(|(name, after)| {
            let (_, value) = with.iter().find(|(known, _)| known == name)?;
            Some((value, after))
        });
        rest = if let Some((value, after)) = value {
            let _ = write!(words, "{}", value.render(lang)); // writing to a String cannot fail
            after
        } else {
            words.push('{');
            behind
        };
    }
    words + rest
}

/// Without the capital of a word; an acronym keeps its own.
fn uncapitalised(words: String) -> String {
    let mut letters = words.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(next)) if !next.is_uppercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => words,
    }
}

/// A [`Text`], written as `tr!` is: `msg!("no such {thing}", thing = name)`.
#[macro_export]
macro_rules! msg {
    (@value $name:ident) => {
        $crate::ToText::to_text(&$name)
    };
    (@value $name:ident $value:expr) => {
        $crate::ToText::to_text(&$value)
    };
    ($context:literal => $text:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::Text::Message {
            text: ($text).into(),
            context: Some($context.into()),
            with: vec![$((stringify!($name).into(), $crate::msg!(@value $name $($value)?))),*],
        }
    };
    ($text:expr $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        $crate::Text::Message {
            text: ($text).into(),
            context: None,
            with: vec![$((stringify!($name).into(), $crate::msg!(@value $name $($value)?))),*],
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_stored_without_words_and_read_in_either_language() {
        let name = "a.example";
        let text = Text::sentences([
            msg!("Mark {prefix} as private", prefix = name),
            Text::list(["a", "{prefix}"]),
            Text::default(),
            msg!("Use Go's default module proxy").within(),
        ]);
        let english = "Mark a.example as private a, {prefix} use Go's default module proxy";
        assert_eq!(text.render(Lang::En), english);
        let chinese = text.render(Lang::Zh);
        assert!(
            !chinese.contains("private") && chinese.contains(name),
            "{chinese}"
        );
        let json = serde_json::to_string(&text).unwrap();
        assert!(!json.contains("私"), "{json}");
        assert_eq!(serde_json::from_str::<Text>(&json).unwrap(), text);
        // as reports of earlier versions have it
        let old: Text = serde_json::from_str("\"Do it\"").unwrap();
        assert_eq!(old.render(Lang::Zh), "Do it");
    }

    #[test]
    fn what_is_filled_in_is_taken_as_it_is() {
        let text = msg!(
            "{first}, and {second}",
            first = "{second}",
            second = "b {x} {"
        );
        assert_eq!(text.render(Lang::En), "{second}, and b {x} {");
    }

    #[test]
    fn capitals_of_words_go_within_a_sentence() {
        assert_eq!(uncapitalised("Trust it".to_owned()), "trust it");
        assert_eq!(uncapitalised("GOPROXY is set".to_owned()), "GOPROXY is set");
        assert_eq!(uncapitalised(String::new()), "");
    }

    /// What is stored passes the mask: a key must come out as it went in.
    #[test]
    fn no_key_looks_like_a_secret() {
        for key in catalogue::keys() {
            assert_eq!(gomend_core::mask::secrets(key), key);
        }
    }
}
