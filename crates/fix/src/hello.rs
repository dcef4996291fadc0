//! What Go sends since some release that something on the way cannot bear: ML-DSA in its first TLS message,
//! HTTP/2.

use super::{Proposal, Scope, Situation, quote, shell};
use crate::lang::msg;
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
            msg!("Use Go 1.26 until the network bears Go 1.27"),
            msg!(
                "A first TLS message to {host} without ML-DSA passes here, and Go 1.26 sends none with it; Go 1.27 has no switch for it, and GODEBUG=tlsmlkem=0 \
                 does not take it out. Whoever runs the firewall or inspection product has to let signature schemes 0x0904 to 0x0906 pass: ask for an update of it.",
                host
            ),
        )
        .scope(Scope::System)
        .command("# https://go.dev/dl/ (Go 1.26)"),
    )
}

/// HTTP/1.1 for one run: it was seen to pass where HTTP/2 breaks.
pub(super) fn http_1_1(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::Http2Cut) {
        return None;
    }
    let old = s.env.var("GODEBUG").unwrap_or_default();
    let args: Vec<_> = s.args.iter().map(|arg| quote(arg)).collect();
    let godebug = quote(&shell::appended(old, ',', "http2client=0"));
    Some(
        Proposal::advice(
            "http-1-1",
            msg!("Use HTTP/1.1 for this run"),
            msg!(
                "The same request passed over HTTP/1.1 just now, and broke over HTTP/2. The switch holds for one command: kept for good it would cost each fetch its \
                 parallel streams, and reach every Go program that is started with it. What runs the network or {host} has to mend HTTP/2.",
                host = verdict.target.host.as_deref().unwrap_or_default()
            ),
        )
        .command(format!("GODEBUG={godebug} go {}", args.join(" "))),
    )
}
