//! What is said of a forge's tokens.

use crate::lang::{Text, msg};
use crate::settings::forges::Token;

/// What a token must be allowed to do.
pub(super) fn scope(token: &Token) -> Text {
    msg!(token.scope)
}

/// Where a token is made.
pub(super) fn page(token: &Token) -> Text {
    msg!(token.page)
}

/// Why a good-looking token may still be refused.
pub(super) fn rules(token: &Token) -> Text {
    msg!(token.rules)
}
