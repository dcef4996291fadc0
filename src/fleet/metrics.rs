//! `gomend metrics`: this machine's state as text for Prometheus.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use gomend_fleet::metrics::{HOSTS, Host, Now, open_metrics, prometheus};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::memory::Memory;
use crate::doctor::{Check, Health};
use crate::probe::Seen;
use crate::state::State;

/// The text's form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// `OpenMetrics` 1.0
    Openmetrics,
    /// The text format 0.0.4, which `node_exporter` reads from files
    Prometheus,
}

/// What is known, and what the doctor has just seen, if it looked.
pub(crate) fn text(state: &State, health: Option<&Health>, form: Form) -> String {
    // a state that nobody may write is read all the same
    let memory = Memory::update(state, |_| {}).unwrap_or_else(|_| Memory::read(state));
    let now = Now {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        hosts: health.map(hosts).unwrap_or_default(),
        rehearsals: memory.rehearsed(),
        policy: memory.drift,
    };
    let text = open_metrics(&memory.counters, &now);
    match form {
        Form::Openmetrics => text,
        Form::Prometheus => prometheus(&text),
    }
}

fn hosts(health: &Health) -> Vec<Host> {
    let host = |check: &Check| Host {
        name: check.host.clone(),
        role: check.role.clone(),
        up: check.seen.then_some(check.trouble.is_none()),
        certificate_ends: check.probes.iter().find_map(|seen| match &seen.seen {
            Seen::Tls(handshake) => ends(&handshake.chain.first()?.not_after),
            _ => None,
        }),
    };
    health.checks.iter().take(HOSTS).map(host).collect()
}

fn ends(time: &str) -> Option<i64> {
    Some(OffsetDateTime::parse(time, &Rfc3339).ok()?.unix_timestamp())
}

/// Whole or not at all, and for everybody to read: `node_exporter` is another user. Its collector reads `*.prom`,
/// so that what is written first must be called otherwise.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut fresh = tempfile::Builder::new()
        .prefix(".gomend-")
        .suffix(".new")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    io::Write::write_all(&mut fresh, text.as_bytes())?;
    fs::set_permissions(fresh.path(), Permissions::from_mode(0o644))?;
    fresh.as_file().sync_all()?;
    fresh.persist(path).map_err(|error| error.error)?;
    Ok(())
}
