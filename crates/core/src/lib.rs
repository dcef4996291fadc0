//! The vocabulary that all of gomend speaks, as data without sentences: which causes there are, what
//! evidence is made of, which hosts everybody knows; and the one filter that text from outside goes
//! through before it is kept or shown.
//!
//! Comes in: ids, bytes of anybody. Goes out: values. No I/O.

pub mod cause;
pub mod escape;
pub mod evidence;
pub mod forges;
pub mod mask;
pub mod place;
pub mod trigrams;

/// Marks a text in a table, which is translated where it is shown (gettext's `N_`).
#[macro_export]
macro_rules! text {
    ($text:literal) => {
        $text
    };
}
