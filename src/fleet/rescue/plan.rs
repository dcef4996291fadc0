//! The ways that remain, and how they stand: computed from settings, files and the last rehearsal.

use std::path::Path;

use serde::Serialize;

use super::folder::Stand;
use super::{Need, folder};
use crate::file;
use crate::fleet::memory::Rehearsal;
use crate::settings::goenv::GoEnv;
use crate::settings::goproxy::{self, Entry, Onward, Source};

/// A way to modules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub(crate) enum Replacement {
    /// An entry of GOPROXY.
    Proxy {
        /// Its host, or its path.
        name: String,
    },
    /// Each module's own repository.
    Direct,
    /// The folder `vendor`.
    Vendor,
    /// A folder that was built.
    Folder,
}

/// What somebody has to do for a way to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Activation {
    /// Nothing: it is what go takes now.
    InUse,
    /// Nothing: go falls back on it after any error.
    Falls,
    /// GOPROXY has to be set: go falls back on it after 404 and 410 alone.
    Set,
    /// `gomend rescue switch`.
    Switch,
    /// `gomend rescue build` first.
    Build,
    /// `go mod vendor` first.
    Vendor,
}

/// How a way stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what may be gone, each by itself"
)]
pub(crate) struct Score {
    /// The way.
    pub(crate) way: Replacement,
    /// It remains when the module proxy that is used is gone.
    pub(crate) without_proxy: bool,
    /// It remains when the forges are gone.
    pub(crate) without_forge: bool,
    /// It remains when the checksum database is gone.
    pub(crate) without_sumdb: bool,
    /// It remains when there is no network.
    pub(crate) without_network: bool,
    /// Modules of go.mod that it can't give, of [`Plan::modules`].
    pub(crate) lacks: usize,
    /// Until a build has what it needs, milliseconds; `None`: never tried.
    pub(crate) restored_in: Option<u64>,
    /// When it was proven, Unix time.
    pub(crate) proven: Option<i64>,
    /// Who must act, and how.
    pub(crate) act: Activation,
}

/// Everything that a plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Plan {
    /// Modules that go.mod names.
    pub(crate) modules: usize,
    /// Those that no public proxy may hear of.
    pub(crate) private: usize,
    /// Those without their lines in go.sum: each needs the checksum database.
    pub(crate) unsummed: Vec<String>,
    /// The ways, in the order in which they would be taken.
    pub(crate) ways: Vec<Score>,
}

/// Computes it.
pub(crate) fn of(need: &Need, goenv: &GoEnv, folder: &Path, rehearsal: Option<&Rehearsal>) -> Plan {
    let unsummed = need.unsummed();
    let summed = unsummed.is_empty();
    let private = need.private.len();
    let mut ways = Vec::new();
    let mut act = Activation::InUse;
    for (at, Entry { source, onward }) in goproxy::entries(goenv.value("GOPROXY")).enumerate() {
        match source {
            Source::Off => break,
            Source::Direct => {
                ways.push(direct(summed, act));
                break;
            }
            Source::Proxy(entry) => {
                let folder = entry.strip_prefix("file://");
                let name = match (folder, source.url()) {
                    (Some(folder), _) => folder.to_owned(),
                    (None, Some(url)) => url.host,
                    (None, None) => entry.to_owned(),
                };
                ways.push(Score {
                    way: Replacement::Proxy { name },
                    without_proxy: at > 0,
                    // a private module goes to its forge, whatever GOPROXY says
                    without_forge: private == 0
                        || !source.is_public() && goenv.private("GONOPROXY").is_empty(),
                    without_sumdb: summed,
                    without_network: folder.is_some() && summed && private == 0,
                    lacks: private,
                    restored_in: None,
                    proven: None,
                    act,
                });
            }
        }
        act = match onward {
            Onward::Any => Activation::Falls,
            Onward::Missing | Onward::Never => Activation::Set,
        };
    }
    if !ways.iter().any(|score| score.way == Replacement::Direct) {
        ways.push(direct(summed, Activation::Set));
    }
    ways.push(vendor(need));
    ways.push(built(need, &folder::verify(need, folder), rehearsal));
    Plan {
        modules: need.wanted.len(),
        private,
        unsummed,
        ways,
    }
}

fn direct(summed: bool, act: Activation) -> Score {
    Score {
        way: Replacement::Direct,
        without_proxy: act != Activation::InUse || summed,
        without_forge: false,
        without_sumdb: summed,
        without_network: false,
        lacks: 0,
        restored_in: None,
        proven: None,
        act,
    }
}

/// `vendor/modules.txt` names each module that it holds: `# path version`, or `# path version => other version`
/// where it is replaced.
fn vendor(need: &Need) -> Score {
    let text = file::text(&need.root.join("vendor/modules.txt"), file::Kind::Module);
    let is_there = text.is_ok();
    let text = text.unwrap_or_default();
    let held: std::collections::BTreeSet<(&str, &str)> = text
        .lines()
        .filter_map(|line| {
            let named = line.strip_prefix("# ")?;
            let held = named.split_once(" => ").map_or(named, |(_, held)| held);
            held.split_once(' ')
        })
        .collect();
    let lacks = need
        .wanted
        .iter()
        .filter(|(path, version)| !held.contains(&(path.as_str(), version.as_str())))
        .count();
    let works = is_there && lacks == 0;
    Score {
        way: Replacement::Vendor,
        without_proxy: works,
        without_forge: works,
        without_sumdb: works,
        without_network: works,
        lacks,
        restored_in: None,
        proven: None,
        act: if works {
            Activation::InUse
        } else {
            Activation::Vendor
        },
    }
}

fn built(need: &Need, stand: &Stand, rehearsal: Option<&Rehearsal>) -> Score {
    let mut bad: Vec<&str> = stand
        .defects
        .iter()
        .map(|defect| defect.module.as_str())
        .collect();
    bad.dedup();
    let passed = rehearsal.filter(|rehearsal| rehearsal.passed);
    let works = stand.defects.is_empty() && stand.files > 0;
    Score {
        way: Replacement::Folder,
        without_proxy: works,
        without_forge: works,
        without_sumdb: works,
        without_network: works,
        lacks: bad.len().min(need.wanted.len()),
        restored_in: passed.map(|rehearsal| rehearsal.millis),
        proven: passed.map(|rehearsal| rehearsal.time),
        act: if works {
            Activation::Switch
        } else {
            Activation::Build
        },
    }
}
