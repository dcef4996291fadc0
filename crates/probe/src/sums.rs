//! Who has which content of one version of a module?
//!
//! Where checksums differ, each party is asked for its own: go.sum and the module cache on this machine, the
//! module proxies and the checksum database that go asks anyway, and the repository itself. The real go fetches,
//! into throw-away caches, so that what is compared is what go would compare. Nobody hears the name of a module that
//! may be private, and nobody whom the settings keep out: of such a one, only what lies on this machine is read. The
//! repository is asked without netrc, helper or key where GOPROXY has `direct`; the checksum database where go has asked it, or
//! where the module is asked for in public anyway. Nothing is judged here.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::context::Context;
use super::{Id, Probe, Seen, Stack, Status, Unavailable};
use crate::cause::Cause;
use crate::file::{self, Kind};
use crate::settings::goenv::GoEnv;
use crate::settings::gofile;
use crate::settings::goproxy::{self, Source, Sumdb};
use crate::tool::Tool;
use gomend_system::scratch;

/// Who keeps a checksum, or what one can be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The go.sum of the module here.
    GoSum,
    /// The checksum database.
    Database,
    /// The module proxy.
    Proxy,
    /// The repository.
    Origin,
    /// The module cache.
    Cache,
}

/// What one of them has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Who.
    pub party: Party,
    /// `h1:` and the hash in base64 (golang.org/x/mod/sumdb/dirhash).
    pub sum: String,
}

/// What all of them have.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// `module@version`.
    pub of: String,
    /// Who could be asked, each once.
    pub parties: Vec<Sum>,
}

impl Sums {
    /// Of this one.
    #[must_use]
    pub fn of(&self, party: Party) -> Option<&str> {
        let mut all = self.parties.iter();
        all.find(|one| one.party == party)
            .map(|one| one.sum.as_str())
    }

    /// Fail if two differ.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.parties.as_slice() {
            [] | [_] => Status::Skip,
            [first, others @ ..] if others.iter().all(|one| one.sum == first.sum) => Status::Pass,
            _ => Status::Fail,
        }
    }
}

/// What `go mod download -json` says of a module (go help mod download).
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Downloaded {
    sum: String,
    error: String,
}

/// The probe.
pub(super) const SUMS: Probe = Probe {
    id: Id::Sums,
    applies: |cx| {
        cx.subject.suspects.first() == Some(&Cause::ChecksumMismatch)
            && !cx.options.saved
            && cx.go.is_some()
            && at(cx).is_some()
    },
    stacks: |_| &[Stack::Both],
    target: |cx| {
        at(cx).map_or_else(String::new, |(module, version)| {
            format!("{module}@{version}")
        })
    },
    run,
};

fn run(cx: &Context, _stack: Stack, deadline: Instant) -> Seen {
    let (Some((module, version)), Some(go)) = (at(cx), &cx.go) else {
        return Seen::Nothing(Id::Sums, Unavailable::NothingElse);
    };
    let fetch = Fetch {
        cx,
        go,
        module,
        version,
        deadline,
    };
    let (published, origin) = if cx.looks_private(module) {
        Default::default()
    } else {
        std::thread::scope(|scope| {
            let origin = scope.spawn(|| fetch.origin());
            (fetch.published(), origin.join().unwrap_or_default())
        })
    };
    let (proxy, database) = (published.0, published.1.or(origin.1));
    let origin = origin.0;
    let all = [
        (Party::GoSum, go_sum(&cx.dir, module, version)),
        (Party::Database, database),
        (Party::Proxy, proxy),
        (Party::Origin, origin),
        (Party::Cache, cached(cx, module, version)),
    ];
    let known = all
        .into_iter()
        .filter_map(|(party, sum)| Some(Sum { party, sum: sum? }));
    Seen::Sums(Sums {
        of: format!("{module}@{version}"),
        parties: known.collect(),
    })
}

/// Module and version, such as go takes for arguments.
fn at(cx: &Context) -> Option<(&str, &str)> {
    let module = cx.subject.module.as_deref()?;
    let version = cx.subject.version.as_deref()?;
    let plain = |word: &str| !word.starts_with('-') && gofile::escaped(word).is_some();
    (plain(module) && plain(version) && version.starts_with('v')).then_some((module, version))
}

/// The checksum of a module's zip in the go.sum of the module at `dir`; in its workspace's where the module has none.
#[must_use]
pub fn go_sum(dir: &Path, module: &str, version: &str) -> Option<String> {
    let line = |file: &Path| {
        let text = file::text(file, Kind::Module).ok()?;
        let is_it = |sum: &gofile::Sum| sum.path == module && sum.version == version && !sum.go_mod;
        gofile::sums(&text)
            .into_iter()
            .find(is_it)
            .map(|sum| sum.hash)
    };
    let beside = |name: &str, sums: &str| {
        let mut above = dir.ancestors();
        let root = above.find(|folder| folder.join(name).is_file())?;
        line(&root.join(sums))
    };
    beside("go.mod", "go.sum").or_else(|| beside("go.work", "go.work.sum"))
}

/// Whether go, started in `dir`, asks the checksum database for a module: it has not where go.sum has the line, and
/// then a name that only a private module proxy was told stays there. `off` keeps every name.
#[must_use]
pub fn is_database_asked(goenv: &GoEnv, dir: &Path, module: &str, version: &str) -> bool {
    let is_told = |source: Source<'_>| source == Source::Direct || source.is_public();
    goenv.sumdb(module).is_some()
        && goenv.sources().next() != Some(Source::Off)
        && (goenv.sources().any(is_told) || go_sum(dir, module, version).is_none())
}

/// What go noted beside the zip as it put it into the cache.
fn cached(cx: &Context, module: &str, version: &str) -> Option<String> {
    let cache = cx.goenv.mod_cache(cx.home.as_deref())?;
    let file = format!(
        "cache/download/{}/@v/{}.ziphash",
        gofile::escape(module),
        gofile::escape(version)
    );
    let text = file::text(&cache.join(file), Kind::Module).ok()?;
    Some(text.trim().to_owned()).filter(|sum| sum.starts_with("h1:"))
}

/// What a version is fetched with.
struct Fetch<'a> {
    cx: &'a Context,
    go: &'a Path,
    module: &'a str,
    version: &'a str,
    deadline: Instant,
}

impl Fetch<'_> {
    /// What the module proxies serve and what the checksum database recorded, where go asks them for this module.
    fn published(&self) -> (Option<String>, Option<String>) {
        let cx = self.cx;
        let proxies: String = goproxy::entries(cx.goenv.value("GOPROXY"))
            .take_while(|entry| matches!(entry.source, Source::Proxy(_)))
            .map(|entry| entry.to_string())
            .collect();
        let proxies = proxies.trim_end_matches([',', '|']);
        if proxies.is_empty() || cx.goenv.skips_proxies(self.module) {
            return (None, None);
        }
        self.fetched(proxies)
    }

    /// What the repository has now, and what the checksum database recorded.
    fn origin(&self) -> (Option<String>, Option<String>) {
        if self.is_direct() {
            self.fetched("direct")
        } else {
            (None, None)
        }
    }

    /// Whether go may ask the repository itself.
    fn is_direct(&self) -> bool {
        self.cx
            .goenv
            .sources()
            .any(|source| source == Source::Direct)
    }

    /// What comes from there, and what the checksum database says of it.
    fn fetched(&self, from: &str) -> (Option<String>, Option<String>) {
        let &Self {
            cx,
            module,
            version,
            ..
        } = self;
        let is_asked = is_database_asked(&cx.goenv, &cx.dir, module, version);
        let sumdb = if is_asked {
            cx.goenv.value("GOSUMDB")
        } else {
            "off"
        };
        let Some(said) = self.download(from, sumdb) else {
            return (None, None);
        };
        let database = Sumdb::parse(sumdb).map_or("off", |sumdb| sumdb.name);
        if !said.sum.is_empty() {
            let recorded = is_asked.then(|| said.sum.clone());
            return (Some(said.sum), recorded);
        }
        // both stand in what go says of the difference
        let after = |label: &str| {
            let mut lines = said.error.lines();
            let line = lines.find_map(|line| line.trim().strip_prefix(label));
            let sum = line.map(str::trim).filter(|sum| sum.starts_with("h1:"));
            sum.map(str::to_owned)
        };
        (after("downloaded:"), after(&format!("{database}:")))
    }

    /// A fetch outside of any module, so that no go.sum has a say, into a throw-away cache; what comes is compared,
    /// and never built.
    fn download(&self, from: &str, sumdb: &str) -> Option<Downloaded> {
        let &Self {
            cx,
            module,
            version,
            ..
        } = self;
        let folder = scratch::Folder::new().ok()?;
        let set = cx.env.var("GIT_CONFIG_COUNT");
        let set: usize = set.and_then(|set| set.parse().ok()).unwrap_or(0);
        let below = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let mut tool = Tool::at(self.go.to_path_buf(), &cx.env, folder.path())
            .env("GOPATH", &below("gopath"))
            .env("GOMODCACHE", &below("modcache"))
            .env("GOCACHE", &below("cache"))
            .env("GOTMPDIR", "")
            .env("GOFLAGS", "-modcacherw")
            .env("GOPROXY", from)
            .env("GOSUMDB", sumdb)
            // no helper hears of it, and none forgets a login for it: anybody may fetch this
            .env("GIT_CONFIG_COUNT", &(set + 1).to_string())
            .env(&format!("GIT_CONFIG_KEY_{set}"), "credential.helper")
            .env(&format!("GIT_CONFIG_VALUE_{set}"), "")
            .env("PWD", &folder.path().to_string_lossy());
        if from == "direct" {
            // anybody may fetch this: no netrc and no key. A go that finds a new HOME starts an uploader otherwise
            let telemetry = folder.path().join(".config/go/telemetry");
            std::fs::create_dir_all(&telemetry).ok()?;
            std::fs::write(telemetry.join("mode"), "off\n").ok()?;
            tool = tool
                .env("HOME", &folder.path().to_string_lossy())
                .env("NETRC", "/dev/null")
                .env("GOAUTH", "off")
                .env("GIT_ALLOW_PROTOCOL", "https");
            if let Some(file) = &cx.goenv.file {
                tool = tool.env("GOENV", &file.to_string_lossy());
            }
            let config = cx.home.as_ref().map(|home| home.join(".gitconfig"));
            if let (Some(config), None) = (config, cx.env.os("GIT_CONFIG_GLOBAL")) {
                tool = tool.env("GIT_CONFIG_GLOBAL", &config.to_string_lossy());
            }
        }
        let output = tool
            .args(["mod", "download", "-json"])
            .args([format!("{module}@{version}")])
            .run(self.deadline, &cx.cancel)
            .ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }
}
