//! Words for people: what the rest of the program holds as ids and parameters becomes sentences
//! here, in the language that is spoken, at the moment it is shown.

/// A table of texts: a row for each variant, none missing; translated where they are shown.
macro_rules! texts {
    ($(#[$doc:meta])* $name:ident($of:ident) -> $columns:literal; $($variant:ident: $($text:literal),+;)+) => {
        $(#[$doc])*
        const fn $name(of: $of) -> [&'static str; $columns] {
            match of {
                $($of::$variant => [$($text),+],)+
            }
        }
    };
}

pub mod cause;
mod lint;
mod observation;
pub(crate) mod reason;
mod role;
mod verdict;

pub(crate) use lint::{flaw, instead, set_by};
pub(crate) use observation::{
    common_name, outcome as connection, parties, seen, shake, unavailable,
};
pub(crate) use role::role;
pub(crate) use verdict::{Summary, not_seen, of_reason, summary, title, verdict};
