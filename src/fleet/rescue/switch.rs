//! To the folder, and back: changes of go's settings like any other, proven and journaled.

use std::path::Path;

use gomend_lang::msg;

use super::{Need, rehearse};
use crate::fix::{self, Change, Entry, Error, Journal, Proposal, Risk, Situation, journal::State};
use crate::settings::Env;
use crate::settings::goenv::Layer;

/// The journal's name for it.
pub(crate) const FIX: &str = "rescue-switch";

/// What is set: the folder first, and what was there behind it. Where private modules come from the folder too,
/// nobody is behind it: an outsider would be asked for the ones that aren't there.
pub(crate) fn settings(need: &Need, s: &Situation, folder: &Path) -> Vec<(&'static str, String)> {
    let url = rehearse::url(folder);
    if need.private.is_empty() {
        let old = s.goenv.value("GOPROXY");
        return vec![("GOPROXY", format!("{url},{old}"))];
    }
    vec![("GOPROXY", url), ("GONOPROXY", "none".to_owned())]
}

/// The variable that would hide what is written, if one is set.
pub(crate) fn hidden_by(s: &Situation) -> Option<&str> {
    let mut hides = s
        .goenv
        .values
        .iter()
        .filter(|setting| setting.layer == Layer::Environment);
    hides
        .find(|setting| matches!(setting.key.as_str(), "GOPROXY" | "GONOPROXY"))
        .map(|setting| setting.key.as_str())
}

/// Switches, and proves it with the real go in a network with nothing in it.
pub(crate) fn to(
    need: &Need,
    env: &Env,
    go: &Path,
    folder: &Path,
    journal: &Journal,
) -> Result<Entry, Error> {
    let situation = Situation::look(env.clone(), &need.root, Some(go));
    let wanted = settings(need, &situation, folder);
    let list = wanted[0].1.clone();
    let mut proposal = Proposal::new(
        FIX,
        msg!("Set GOPROXY={list}", list),
        msg!("A rehearsed replacement takes the place of what is gone."),
    )
    .risk(Risk::Medium);
    for (key, value) in wanted {
        proposal.changes.push(Change::GoEnv {
            key: key.to_owned(),
            value: Some(value),
        });
    }
    let holds = || match rehearse::run(need, env, go) {
        Ok(acts) => match acts.into_iter().find(|act| !act.passed) {
            Some(failed) => Err(format!(
                "{}: {}",
                failed.command,
                failed.said.lines().last().unwrap_or_default()
            )),
            None => Ok(()),
        },
        Err(error) => Err(error.to_string()),
    };
    fix::apply_checked(&proposal, &situation, journal, holds)
}

/// Back to the byte. [`Error::NoEntry`] if nothing was switched.
pub(crate) fn back(journal: &Journal) -> Result<Entry, Error> {
    let entries = journal.history()?;
    let last = entries
        .into_iter()
        .find(|entry| entry.fix == FIX && entry.state == State::Applied);
    journal.undo(Some(&last.ok_or(Error::NoEntry(None))?.id))
}
