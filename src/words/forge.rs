//! What is said of a forge's tokens.

use crate::lang::tr;
use crate::settings::forges::Token;

/// What a token must be allowed to do.
pub(crate) fn scope(token: &Token) -> String {
    let scope = token.scope;
    tr!(scope)
}

/// Where a token is made.
pub(crate) fn page(token: &Token) -> String {
    let page = token.page;
    tr!(page)
}

/// Why a good-looking token may still be refused.
pub(crate) fn rules(token: &Token) -> String {
    let rules = token.rules;
    tr!(rules)
}
