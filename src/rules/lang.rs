//! git's translations.

/// Other languages' wordings of a rule's needle.
pub(super) fn needles(_id: &str) -> &'static [&'static str] {
    &[]
}
