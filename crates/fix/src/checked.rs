//! Changes that no failed fetch asked for: what a policy demands, a replacement that is switched to.
//! As any other change: planned under the lock, journaled, proven, or taken back at once.

use std::time::Instant;

use super::{Entry, Error, Journal, Proposal, Situation, WORK_OUT, journal, step};

/// Carries it out. `holds` says whether it did what it should, or what is still wrong:
/// [`Error::StillFails`], and every byte is as before.
pub fn apply_checked(
    proposal: &Proposal,
    s: &Situation,
    journal: &Journal,
    holds: impl FnOnce() -> Result<(), String>,
) -> Result<Entry, Error> {
    if !proposal.applies() {
        return Err(Error::NothingToApply);
    }
    let plan = || step::prepare(&proposal.changes, s, Instant::now() + WORK_OUT);
    let prove = || match holds() {
        Ok(()) => journal::Proof::Holds,
        Err(said) => journal::Proof::Fails(crate::lang::Text::Plain(said)),
    };
    journal.apply_planned(proposal, plan, prove, &mut |_| true)
}
