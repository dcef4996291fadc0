//! Toolchains that go fetches for itself: where they are to be had, and what vouches for them.

use super::{Proposal, Scope, Situation, goenv};
use crate::evidence::Role;
use crate::lang::msg;
use crate::rules::said::Phrase;
use crate::settings::forges;
use crate::verdict::{Reason, Verdict};

/// A toolchain is verified whatever GOSUMDB says: with `off` it can't be had (Go toolchains reference).
pub(super) fn sumdb(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let is_meant = s.names(Phrase::ToolchainModule) && s.names(Phrase::ToolchainUnverified);
    is_meant.then(|| {
        let proposal = Proposal::new(
            "toolchain-sumdb",
            msg!("Let the checksum database vouch for toolchains"),
            msg!(
                "Go runs what it downloads as a toolchain, and so never without its checksum: GOSUMDB=off forbids the download itself. Private modules are left out by \
                 GOPRIVATE, and need no GOSUMDB=off."
            ),
        );
        goenv::unset(proposal, s, "GOSUMDB")
    })
}

/// A module proxy of one's own that doesn't have `golang.org/toolchain`.
pub(super) fn at_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let is_own = verdict.target.role == Role::Toolchain && !forges::is_public_proxy(host);
    let is_vouched = verdict.reason != Some(Reason::ToolchainUnverified);
    (is_own && is_vouched && s.names(Phrase::ToolchainModule)).then(|| {
        Proposal::advice(
            "toolchain-at-proxy",
            msg!("Ask the people who run {host} to serve golang.org/toolchain", host),
            msg!(
                "go fetches toolchains as versions of the module golang.org/toolchain, from GOPROXY like any other: a module proxy that serves listed modules alone \
                 lacks it."
            ),
        )
        .scope(Scope::System)
        .command("go env GOPROXY GOTOOLCHAIN")
    })
}

/// A toolchain that the checksum database never heard of.
pub(super) fn unknown(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (verdict.reason == Some(Reason::ToolchainUnverified) && !s.names(Phrase::ToolchainUnverified)).then(|| {
        Proposal::advice(
            "toolchain-unknown",
            msg!("Ask for a Go that was released"),
            msg!(
                "Releases of Go are in the checksum database. What the module proxy serves under this version is none, or was made by who runs the proxy; go \
                 does not run it, and no setting changes that."
            ),
        )
        .command("go env GOPROXY GOTOOLCHAIN")
        .command("# https://go.dev/dl/")
    })
}
