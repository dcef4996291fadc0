//! Which netrc does each stack read, and does it name the host?
//!
//! Presence only: neither names nor secrets are kept.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::{Id, Probe, Seen, Stack, Status, Unavailable};
use crate::settings::netrc::{self, Holds};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it is.
    pub path: String,
    /// Who reads it: git never reads the one that `NETRC` names.
    pub read_by: Stack,
    /// What it says about the host.
    pub holds: Holds,
    /// Permission bits, where there are any.
    pub mode: Option<u32>,
}

/// All netrc files that either stack would read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Entries {
    /// One or two files.
    pub files: Vec<File>,
}

impl Entries {
    /// Whether this stack finds a usable entry.
    #[must_use]
    pub fn usable(&self, stack: Stack) -> bool {
        self.files.iter().any(|file| {
            file.read_by.covers(stack)
                && (file.holds == Holds::Complete
                    || (stack == Stack::Git && file.holds == Holds::DefaultOnly))
        })
    }

    /// Pass if anyone finds an entry; nothing stored is no failure.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.usable(Stack::Go) || self.usable(Stack::Git) {
            Status::Pass
        } else {
            Status::Skip
        }
    }
}

/// The probe.
pub(super) const NETRC: Probe = Probe {
    id: Id::Netrc,
    applies: |cx| cx.subject.is_remote() && cx.subject.scheme.starts_with("http"),
    stacks: |_| &[Stack::Both],
    target: |cx| cx.subject.host.clone(),
    run,
};

fn run(cx: &Context, _stack: Stack, _deadline: Instant) -> Seen {
    let Some(home) = &cx.home else {
        return Seen::Nothing(Id::Netrc, Unavailable::NoHome);
    };
    let (go, git) = (netrc::go_path(&cx.env, home), netrc::git_path(home));
    let machine = netrc::go_machine(&cx.subject.scheme, &cx.subject.host, cx.subject.port);
    let look = |path: &Path, machine: &str, read_by| File {
        holds: netrc::look(path, machine),
        mode: mode(path),
        path: path.display().to_string(),
        read_by,
    };
    let host = &cx.subject.host;
    let files = if go == git && machine == *host {
        vec![look(&go, host, Stack::Both)]
    } else {
        vec![look(&go, &machine, Stack::Go), look(&git, host, Stack::Git)]
    };
    Seen::Netrc(Entries { files })
}

fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .ok()
        .map(|metadata| metadata.permissions().mode() & 0o777)
}
