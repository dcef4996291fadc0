//! What a look into folders settles: module proxies on `file://` (Go modules reference, "GOPROXY
//! protocol"), and a toolchain that no list of proxies could bring.
//!
//! In: Go's settings, the modules of go.mod. Out: troubles. Nobody is asked.

use std::path::{Path, PathBuf};

use super::{Trouble, offline, trouble};
use crate::cause::Cause;
use crate::lang::{list, tr};
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::settings::gofile::escaped;
use crate::settings::goproxy::Source;
use crate::verdict::Reason;

/// The folder that serves as a module proxy.
fn folder(source: Source<'_>) -> Option<PathBuf> {
    source.text().strip_prefix("file://").map(PathBuf::from)
}

/// The entries of one path at the file proxies, if nothing behind them could have it.
fn only_files(goenv: &GoEnv) -> Option<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for source in goenv.sources() {
        match folder(source) {
            Some(folder) => folders.push(folder),
            None if source == Source::Off => break,
            None => return None,
        }
    }
    Some(folders)
}

/// The modules that go would look for in folders alone, and that are in none of them nor in the
/// cache.
pub(super) fn lacking(modules: &[(String, String)], goenv: &GoEnv, env: &Env) -> Option<Trouble> {
    let folders = only_files(goenv).filter(|folders| !folders.is_empty())?;
    let home = env.folder("HOME");
    let cache = goenv.mod_cache(home.as_deref())?.join("cache/download");
    let has = |folder: &Path, path: &str, version: &str| {
        let names = escaped(path).zip(escaped(version));
        // a name that can't stand in a cache is go's to complain about
        names
            .is_none_or(|(path, version)| folder.join(format!("{path}/@v/{version}.mod")).is_file())
    };
    let missing: Vec<String> = modules
        .iter()
        .filter(|(path, _)| !goenv.skips_proxies(path))
        .filter(|(path, version)| {
            let places = folders.iter().chain([&cache]);
            !places.into_iter().any(|folder| has(folder, path, version))
        })
        .map(|(path, version)| format!("{path}@{version}"))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let summary = tr!(
        "neither the folders that GOPROXY names nor the cache have {modules}",
        modules = list(&missing)
    );
    Some(Trouble {
        setting: Some("GOPROXY".to_owned()),
        ..trouble(Cause::UnknownRevision, None, summary)
    })
}

/// A toolchain that GOPROXY can't bring, as far as that needs no network; and what isn't known.
pub(super) fn toolchain(
    version: &str,
    goenv: &GoEnv,
    skipped: &mut Vec<String>,
) -> Option<Trouble> {
    let name = format!(
        "golang.org/toolchain/@v/{}.zip",
        offline::toolchain_module(version)
    );
    let (summary, setting) = if goenv.value("GOSUMDB").trim() == "off" {
        let told = tr!(
            "go {version} is wanted, and with GOSUMDB=off go downloads no toolchain",
            version
        );
        (told, "GOSUMDB")
    } else {
        let has =
            |source: &Source<'_>| folder(*source).is_none_or(|folder| folder.join(&name).is_file());
        match goenv.sources().find(has) {
            Some(Source::Proxy(_)) => return None,
            Some(Source::Direct) => {
                skipped.push(tr!("go {version}: whether golang.org offers it", version));
                return None;
            }
            Some(Source::Off) | None => {
                let told = tr!(
                    "go {version} is wanted, and GOPROXY leads to nobody who could have it",
                    version
                );
                (told, "GOPROXY")
            }
        }
    };
    Some(Trouble {
        setting: Some(setting.to_owned()),
        ..trouble(
            Cause::ToolchainUnavailable,
            Some(Reason::NoToolchain),
            summary,
        )
    })
}
