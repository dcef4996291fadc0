//! Every setting: what it is called, what its value may be, and what it is without anybody's say.

use std::net::IpAddr;

use serde::Serialize;
use toml::de::DeValue;

use crate::lang::{text, tr};

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// Whole seconds, at least 1 and at most this.
    Seconds(i64),
    /// A number from 0 to this.
    Count(i64),
    /// A list of IP addresses.
    Addresses,
}

/// One setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// In a file.
    pub(crate) name: &'static str,
    /// In the environment.
    pub(crate) env: &'static str,
    /// What it is for; translated where it is shown.
    pub(crate) about: &'static str,
    pub(super) kind: Kind,
    pub(super) is_for_projects: bool,
    pub(super) default: fn() -> Value,
}

/// Every setting there is.
pub(crate) const KEYS: &[Key] = &[
    Key {
        name: "mode",
        env: "GOMEND",
        about: text!(
            "when gomend speaks: auto, ask (offer fixes below scripts too), log (always, and never ask), quiet (only keep the report), off"
        ),
        kind: Kind::Word(&["auto", "ask", "log", "quiet", "off"]),
        is_for_projects: true,
        default: || Value::Word("auto".to_owned()),
    },
    Key {
        name: "lang",
        env: "GOMEND_LANG",
        about: text!("the language: auto (as the locale says), en, zh"),
        kind: Kind::Word(&["auto", "en", "zh"]),
        is_for_projects: false,
        default: || Value::Word("auto".to_owned()),
    },
    Key {
        name: "color",
        env: "GOMEND_COLOR",
        about: text!("when to use colours: auto, always, never"),
        kind: Kind::Word(&["auto", "always", "never"]),
        is_for_projects: false,
        default: || Value::Word("auto".to_owned()),
    },
    Key {
        name: "patience",
        env: "GOMEND_PATIENCE",
        about: text!("how many seconds the probes may take; in CI it is 10 unless set"),
        kind: Kind::Seconds(60),
        is_for_projects: true,
        default: || Value::Seconds(3),
    },
    Key {
        name: "retry",
        env: "GOMEND_RETRY",
        about: text!(
            "how often a command is tried again after a failure that passes by itself, before it has done anything but download"
        ),
        kind: Kind::Count(5),
        is_for_projects: true,
        default: || Value::Count(0),
    },
    Key {
        name: "public-dns",
        env: "GOMEND_PUBLIC_DNS",
        about: text!("ask public resolvers for private names too"),
        kind: Kind::Flag,
        is_for_projects: false,
        default: || Value::Flag(false),
    },
    Key {
        name: "public-resolvers",
        env: "GOMEND_PUBLIC_RESOLVERS",
        about: text!("the public resolvers that are asked for well-known public names"),
        kind: Kind::Addresses,
        is_for_projects: false,
        default: || {
            Value::Addresses(
                [
                    [8, 8, 8, 8],
                    [1, 1, 1, 1],
                    [114, 114, 114, 114],
                    [223, 5, 5, 5],
                ]
                .map(IpAddr::from)
                .to_vec(),
            )
        },
    },
    Key {
        name: "project-rules",
        env: "GOMEND_PROJECT_RULES",
        about: text!("use the rules in a project's .gomend.toml"),
        kind: Kind::Flag,
        is_for_projects: false,
        default: || Value::Flag(false),
    },
    #[cfg(feature = "fleet")]
    Key {
        name: "metrics",
        env: "GOMEND_METRICS",
        about: text!("keep the counters of `gomend metrics` in CI too"),
        kind: Kind::Flag,
        is_for_projects: false,
        default: || Value::Flag(false),
    },
];

impl Key {
    /// The value without anybody's say, in TOML.
    pub(crate) fn shipped(&self) -> String {
        toml_of(&(self.default)())
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Value {
    /// One of a few words.
    Word(String),
    /// Yes or no.
    Flag(bool),
    /// Whole seconds.
    Seconds(i64),
    /// A number of things.
    Count(i64),
    /// IP addresses.
    Addresses(Vec<IpAddr>),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Seconds(number) | Self::Count(number) => write!(f, "{number}"),
            Self::Addresses(list) => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                f.write_str(&list.join(","))
            }
        }
    }
}

impl Kind {
    pub(super) fn expects(self) -> String {
        match self {
            Self::Word(words) => tr!("one of {words}", words = words.join(", ")),
            Self::Flag => tr!("`true` or `false`"),
            Self::Seconds(most) => tr!("a whole number of seconds from 1 to {most}", most),
            Self::Count(most) => tr!("a whole number from 0 to {most}", most),
            Self::Addresses => tr!("a list of IP addresses"),
        }
    }

    pub(super) fn of_toml(self, value: &DeValue<'_>) -> Option<Value> {
        match (self, value) {
            (Self::Word(_), DeValue::String(text)) => self.parse(text),
            (Self::Flag, DeValue::Boolean(flag)) => Some(Value::Flag(*flag)),
            (Self::Seconds(_) | Self::Count(_), DeValue::Integer(number)) => {
                self.parse(number.as_str())
            }
            (Self::Addresses, DeValue::Array(items)) => {
                let addresses = items.iter().map(|item| match item.get_ref() {
                    DeValue::String(text) => text.parse().ok(),
                    _ => None,
                });
                addresses.collect::<Option<_>>().map(Value::Addresses)
            }
            _ => None,
        }
    }

    /// From a variable's value.
    pub(super) fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Word(words) => words.contains(&text).then(|| Value::Word(text.to_owned())),
            Self::Flag => match text {
                "1" | "true" => Some(Value::Flag(true)),
                "0" | "false" => Some(Value::Flag(false)),
                _ => None,
            },
            Self::Seconds(most) => text
                .parse()
                .ok()
                .filter(|seconds| (1..=most).contains(seconds))
                .map(Value::Seconds),
            Self::Count(most) => text
                .parse()
                .ok()
                .filter(|count| (0..=most).contains(count))
                .map(Value::Count),
            Self::Addresses => text
                .split(',')
                .map(|item| item.trim().parse().ok())
                .collect::<Option<_>>()
                .map(Value::Addresses),
        }
    }
}

/// The setting with this name, and a value of it as a file has it; else what is wrong with them.
pub(crate) fn setting(
    name: &str,
    value: Option<&str>,
) -> Result<(&'static Key, Option<String>), String> {
    let key = KEYS.iter().find(|key| key.name == name);
    let key = key.ok_or_else(|| unknown(name))?;
    let value = value.map(|text| {
        let expected = || tr!("`{name}` must be {what}", name, what = key.kind.expects());
        key.kind
            .parse(text)
            .map(|value| toml_of(&value))
            .ok_or_else(expected)
    });
    Ok((key, value.transpose()?))
}

pub(super) fn unknown(name: &str) -> String {
    match nearest(name) {
        Some(near) => tr!(
            "there is no setting `{name}`; did you mean `{near}`?",
            name,
            near
        ),
        None => tr!(
            "there is no setting `{name}`; `gomend config` shows all",
            name
        ),
    }
}

/// A value as a file has it.
fn toml_of(value: &Value) -> String {
    match value {
        Value::Word(word) => format!("\"{word}\""),
        Value::Addresses(list) => {
            let list: Vec<String> = list.iter().map(|ip| format!("\"{ip}\"")).collect();
            format!("[{}]", list.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether the value names a language of ours, or none, as a locale does.
pub(super) fn names_ours(value: &str) -> bool {
    let language = value.split(['_', '-', '.', '@']).next();
    language.is_some_and(|language| matches!(language, "en" | "zh" | "C" | "POSIX"))
}

/// The setting that somebody may have meant.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase().replace('_', "-");
    KEYS.iter()
        .map(|key| (strsim::jaro_winkler(&name, key.name), key.name))
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .filter(|(likeness, _)| *likeness > 0.8)
        .map(|(_, near)| near)
}
