//! What Go's first TLS message holds that something on the way cannot bear.

use super::{Proposal, Scope, Situation};
use crate::lang::tr;
use crate::verdict::{Reason, Verdict};

/// Go 1.27 offers ML-DSA and has no switch for that (golang/go#81199): an earlier Go is what was seen to pass.
pub(super) fn ml_dsa(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::MldsaCut) {
        return None;
    }
    let host = verdict.target.host.clone().unwrap_or_default();
    Some(
        Proposal::advice(
            "older-hello",
            tr!("Use Go 1.26 until the network bears Go 1.27"),
            tr!(
                "A first TLS message to {host} without ML-DSA passes here, and Go 1.26 sends none with it; Go 1.27 has no switch for it, and GODEBUG=tlsmlkem=0 \
                 does not take it out. Whoever runs the firewall or inspection product has to let signature schemes 0x0904 to 0x0906 pass: ask for an update of it.",
                host
            ),
        )
        .scope(Scope::System)
        .command("# https://go.dev/dl/ (Go 1.26)"),
    )
}
