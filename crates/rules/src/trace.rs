//! git's trace2 events (JSON lines, one per event) of the git processes that go
//! started: what go hides (VCS stamping, pings of `.git` paths) is in them.
//!
//! Source: git's `Documentation/technical/api-trace2.adoc`, event format version 3 and 4.
//! Events of a git that something else started are ignored: the outermost process
//! of a chain names its parents in `cmd_ancestry`.

use std::collections::HashMap;

use serde::Deserialize;

use super::engine::{self, Candidate};
use super::structure::Doc;
use super::unwrap::Line;
use gomend_core::cause::Cause;
use gomend_core::evidence::{NamedBy, Source};

/// The fields of an event that matter here.
#[derive(Deserialize)]
struct Event {
    #[serde(rename = "event")]
    kind: String,
    #[serde(default)]
    sid: String,
    #[serde(default)]
    argv: Vec<String>,
    #[serde(default)]
    ancestry: Vec<String>,
    #[serde(default)]
    msg: String,
}

/// One chain of git processes below one that go may have started.
#[derive(Default)]
struct Chain {
    by_go: bool,
    argv: Vec<String>,
    errors: Vec<(usize, String)>,
}

/// Findings in what git reported to the trace.
pub(super) fn candidates(trace: &[u8]) -> Vec<Candidate> {
    let mut chains: HashMap<String, Chain> = HashMap::new();
    let mut order = Vec::new();
    for (at, line) in trace.split(|byte| *byte == b'\n').enumerate() {
        let Ok(event) = serde_json::from_slice::<Event>(line) else {
            continue;
        };
        let root = event.sid.split('/').next().unwrap_or_default().to_owned();
        let chain = chains.entry(root.clone()).or_insert_with(|| {
            order.push(root);
            Chain::default()
        });
        let outermost = !event.sid.contains('/');
        match event.kind.as_str() {
            "start" if outermost => chain.argv = event.argv,
            "cmd_ancestry" if outermost => {
                chain.by_go = event.ancestry.first().is_some_and(|parent| is_go(parent));
            }
            "error" => chain.errors.push((at + 1, event.msg)),
            _ => {}
        }
    }
    let chains = order
        .iter()
        .filter_map(|root| chains.get(root))
        .filter(|chain| chain.by_go && !chain.errors.is_empty());
    chains
        .enumerate()
        .flat_map(|(at, chain)| of_chain(at, chain))
        .collect()
}

fn is_go(parent: &str) -> bool {
    let name = parent.rsplit(['/', '\\']).next().unwrap_or(parent);
    name.strip_suffix(".exe").unwrap_or(name) == "go" || name.starts_with("go1.")
}

/// The chain's errors as go would have printed them below git's command line.
fn of_chain(at: usize, chain: &Chain) -> Vec<Candidate> {
    let number = chain.errors.first().map_or(1, |(line, _)| *line);
    let mut lines = vec![Line {
        text: format!("{} in .: exit status 128:", chain.argv.join(" ")),
        number,
    }];
    let mut own = Vec::new();
    for (number, message) in &chain.errors {
        for (first, text) in message.lines().enumerate() {
            let fatal = if first == 0 { "fatal: " } else { "" };
            // git's own words begin its message; what a server said may follow, on lines of its own
            if first == 0 && !text.starts_with("remote error") {
                own.push(lines.len());
            }
            lines.push(Line {
                text: format!("\t{fatal}{text}"),
                number: *number,
            });
        }
    }
    let doc = Doc::new(lines, false, None);
    engine::hits(&doc)
        .into_iter()
        .filter(|hit| matches!(hit.rule.by, super::By::Vcs | super::By::Clone) && hit.line > 0)
        .filter(|hit| own.contains(&hit.line) || hit.rule.suspects[0] != Cause::DubiousOwnership)
        .map(|hit| {
            let foreign = !own.contains(&hit.line);
            let mut candidate = engine::candidate(&doc, hit, Source::GitTrace);
            candidate.finding.foreign = foreign;
            if !foreign {
                candidate.finding.target.named_by = NamedBy::Client;
            }
            // Behind everything that go printed, in the order of the processes.
            candidate.order.0 += (at + 1) * 1_000_000;
            candidate.block = usize::MAX - at;
            candidate
        })
        .collect()
}
