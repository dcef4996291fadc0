//! What output must hold before gomend is started at all: cheap, and generous.
//! A wrong hit costs a few milliseconds after a failure; a miss costs the diagnosis.

/// Any of these in the output of a failed go makes it worth a look.
pub(crate) const NEEDLES: &[&[u8]] = &[b"exit status 128", b"dial tcp", b"x509", b"fatal: "];

/// Whether a failed go's words, or git's events, may be about a fetch.
#[must_use]
pub fn is_worth_a_look(words: &[u8], trace: &[u8]) -> bool {
    crate::sys::contains(trace, b"\"event\":\"error\"")
        || NEEDLES
            .iter()
            .any(|needle| crate::sys::contains(words, needle))
}
