//! A line of a recipe: what is typed, and what is said of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::lang::{Lang, Text};

/// A command line for a POSIX shell unless its proposal says otherwise, a line of a file, or a comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// As it is typed.
    Plain(String),
    /// A comment alone.
    Note {
        /// What a comment begins with in the reader's shell.
        mark: Cow<'static, str>,
        /// The comment.
        note: Text,
    },
    /// A command with a comment behind it.
    With {
        /// As it is typed.
        command: String,
        /// The comment.
        note: Text,
    },
}

impl Line {
    /// A comment alone.
    pub fn note(note: impl Into<Text>) -> Self {
        Self::Note {
            mark: Cow::Borrowed("#"),
            note: note.into(),
        }
    }

    /// A command with a comment behind it.
    pub fn with(command: impl Into<String>, note: impl Into<Text>) -> Self {
        Self::With {
            command: command.into(),
            note: note.into(),
        }
    }

    /// Whether it does something.
    pub(super) fn is_command(&self) -> bool {
        match self {
            Self::Plain(line) => !line.starts_with('#') && !line.starts_with("rem"),
            Self::Note { .. } => false,
            Self::With { .. } => true,
        }
    }

    /// The line, its comment in words of this language.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Plain(line) => line.clone(),
            Self::Note { mark, note } => format!("{mark} {}", note.render(lang)),
            Self::With { command, note } => format!("{command}   # {}", note.render(lang)),
        }
    }
}

impl From<String> for Line {
    fn from(line: String) -> Self {
        Self::Plain(line)
    }
}

impl From<&str> for Line {
    fn from(line: &str) -> Self {
        Self::Plain(line.to_owned())
    }
}
