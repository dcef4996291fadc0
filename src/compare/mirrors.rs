//! Module mirrors: the entries of GOPROXY, the documented ones, and the repository itself.
//!
//! In: a module. Out: candidates that fetch it as go does, `.info` in every round and the zip as
//! often as it takes no time, and whose zip is checked against go.sum or the checksum database. A
//! module that is not known to be public is asked for only where go would ask for it anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::{self, Client, Fetched, Trouble, redacted};
use super::module::Module;
use super::{Attempt, Candidate, Candidates, Contest, From, Kind, Loss, Request, Target, dirhash};
use crate::lang::tr;
use crate::probe;
use crate::scratch;
use crate::settings::forges;
use crate::settings::goenv::GoEnv;
use crate::settings::goproxy::Source;
use crate::settings::url::Url;
use crate::tool::{self, Cancel, End, Tool};

/// How long `.info` may take: what go's users put up with.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a zip may take.
const ZIP: Duration = Duration::from_secs(30);
/// A zip that took longer is not fetched again.
const QUICK: Duration = Duration::from_secs(1);

/// The module proxies in GOPROXY that are asked over HTTP, in order.
pub(super) fn configured(goenv: &GoEnv) -> Vec<String> {
    goenv.sources().filter_map(base).collect()
}

/// The URL of a module proxy that is asked over HTTP; not of `direct`, `off`, a folder, and what is no URL.
pub(super) fn base(source: Source<'_>) -> Option<String> {
    let url = source.url()?;
    let text = source.text().trim_end_matches('/');
    match url.scheme.as_str() {
        "https" | "http" if text.contains("://") => Some(text.to_owned()),
        "https" => Some(format!("https://{text}")),
        _ => None,
    }
}

/// The module proxies that go itself would ask for this module.
pub(super) fn would_be_asked(request: &Request, path: &str) -> Vec<String> {
    if request.goenv.skips_proxies(path) {
        return Vec::new();
    }
    configured(&request.goenv)
}

/// A public service that would hear a name that may be private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Disclosure {
    /// The module.
    pub module: String,
    /// Who would hear it.
    pub host: String,
}

/// Who would hear what if this was compared. Nothing is sent.
#[must_use]
pub(crate) fn disclosures(request: &Request) -> Vec<Disclosure> {
    let mut all = Vec::new();
    for target in &request.targets {
        let Target::Module(path, _) = target else {
            continue;
        };
        if !probe::looks_private(&request.goenv, path) {
            continue;
        }
        for url in would_be_asked(request, path) {
            let host = Url::parse(&url).map(|url| url.host).unwrap_or_default();
            let disclosure = Disclosure {
                module: path.clone(),
                host,
            };
            if forges::is_public_proxy(&disclosure.host) && !all.contains(&disclosure) {
                all.push(disclosure);
            }
        }
    }
    all
}

/// One contest for each module that was named.
pub(super) fn groups(
    request: &Request,
    client: &Arc<Client>,
    notes: &mut Vec<String>,
) -> Vec<Candidates> {
    if request.goenv.sources().next() == Some(Source::Off) {
        notes.push(tr!(
            "GOPROXY=off forbids every download: no module proxy is asked"
        ));
        return Vec::new();
    }
    let named = request.targets.iter().filter_map(|target| match target {
        Target::Module(path, version) => {
            Some(Module::of(path, version.as_deref(), request, client))
        }
        _ => None,
    });
    let mut modules = Vec::new();
    for module in named {
        match module {
            Ok(module) => modules.push(module),
            Err(why) => notes.push(why),
        }
    }
    let any = request
        .targets
        .iter()
        .any(|target| matches!(target, Target::Module(..)));
    if !any {
        modules.push(Module::fixed());
    }
    modules
        .iter()
        .map(|module| candidates(request, module, client, notes))
        .collect()
}

fn candidates(
    request: &Request,
    module: &Module,
    client: &Arc<Client>,
    notes: &mut Vec<String>,
) -> Candidates {
    let mut candidates = Candidates::new(Kind::Mirrors, module.name());
    let mirror = |url: &str| Mirror {
        base: url.to_owned(),
        module: module.clone(),
        client: Arc::clone(client),
        heavy: AtomicBool::new(false),
    };
    let configured = if request.named_only {
        Vec::new()
    } else {
        would_be_asked(request, &module.path)
    };
    for url in configured {
        candidates.add(redacted(&url), From::Configured, mirror(&url));
    }
    for target in &request.targets {
        let Target::Mirror(url) = target else {
            continue;
        };
        let host = Url::parse(url).map(|url| url.host).unwrap_or_default();
        if module.public || !forges::is_public_proxy(&host) {
            candidates.add(redacted(url), From::Argument, mirror(url));
        } else {
            notes.push(kept(module));
        }
    }
    if request.named_only {
        return candidates;
    }
    if module.public {
        for url in forges::proxies() {
            candidates.add(redacted(url), From::WellKnown, mirror(url));
        }
    } else {
        notes.push(kept(module));
    }
    let goenv = &request.goenv;
    let is_direct = goenv.sources().any(|source| source == Source::Direct);
    let from = if is_direct || goenv.skips_proxies(&module.path) {
        From::Configured
    } else {
        From::WellKnown
    };
    match Direct::new(request, module) {
        Ok(candidate) => candidates.add("direct", from, candidate),
        Err(error) => notes.push(tr!("direct: {error}", error)),
    }
    notes.dedup();
    candidates
}

fn kept(module: &Module) -> String {
    tr!(
        "{module} is not known to be public: only those whom go would ask for it anyway are asked",
        module = module.path
    )
}

/// A module proxy.
struct Mirror {
    base: String,
    module: Module,
    client: Arc<Client>,
    /// Its zip takes too long to be fetched every time.
    heavy: AtomicBool,
}

impl Candidate for Mirror {
    fn attempt(&self, _round: u32, _cancel: &Cancel) -> Attempt {
        let info = self
            .client
            .get(&self.module.url(&self.base, "info"), PATIENCE);
        let (took, protocol) = match info {
            Ok(mut info) => match self.read(&mut info) {
                None => (info.head + info.transfer, info.protocol),
                Some(attempt) => return attempt,
            },
            Err(trouble) => return lost(&trouble),
        };
        if self.heavy.load(Ordering::Relaxed) {
            return Attempt::Found {
                took,
                answers: Vec::new(),
                transfer: None,
                protocol: Some(protocol),
            };
        }
        match self.client.get(&self.module.url(&self.base, "zip"), ZIP) {
            Ok(zip) if zip.status == 200 => {
                self.heavy.store(zip.transfer > QUICK, Ordering::Relaxed);
                self.check(zip, took)
            }
            Ok(zip) => Attempt::Lost(format!("HTTP {} for the zip", zip.status), Loss::NoAnswer),
            Err(trouble) => lost(&trouble),
        }
    }
}

impl Mirror {
    /// What an `.info` says that is not what it should; `None`: it is right.
    fn read(&self, info: &mut Fetched) -> Option<Attempt> {
        let body = info.bytes();
        match info.status {
            200 if client::is_html(&body) => {
                return Some(Attempt::Wrong(tr!("a web page, no module proxy")));
            }
            200 => {}
            404 | 410 => {
                return Some(Attempt::Lost(
                    tr!("does not have it ({status})", status = info.status),
                    Loss::NoAnswer,
                ));
            }
            401 | 403 => {
                return Some(Attempt::Lost(
                    tr!("wants a login ({status})", status = info.status),
                    Loss::NoAnswer,
                ));
            }
            status => return Some(Attempt::Lost(format!("HTTP {status}"), Loss::NoAnswer)),
        }
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        match json["Version"].as_str() {
            Some(version) if version == self.module.version => None,
            Some(_) => Some(Attempt::Wrong(tr!("names another version"))),
            None => Some(Attempt::Wrong(tr!("its .info is no JSON"))),
        }
    }

    fn check(&self, zip: Fetched, took: Duration) -> Attempt {
        let Some(sum) = dirhash::h1(zip.body) else {
            return Attempt::Wrong(tr!("its zip is none"));
        };
        if self.module.sum.as_ref().is_some_and(|known| *known != sum) {
            return Attempt::Wrong(tr!("its zip has another checksum"));
        }
        Attempt::Found {
            took,
            answers: vec![sum],
            transfer: usize::try_from(zip.size)
                .ok()
                .map(|size| (size, zip.transfer)),
            protocol: Some(zip.protocol),
        }
    }
}

fn lost(trouble: &Trouble) -> Attempt {
    match trouble {
        Trouble::Certificate(_) => Attempt::Wrong(trouble.words()),
        _ => Attempt::Lost(trouble.words(), trouble.loss()),
    }
}

/// The repository, by go and git themselves: a whole fetch first, then git's look at the remote.
struct Direct {
    module: Module,
    request: Fetch,
    /// Where go found the repository.
    remote: std::sync::OnceLock<Option<String>>,
}

/// What running go and git takes.
struct Fetch {
    go: Tool,
    git: Tool,
    dir: scratch::Folder,
}

impl Direct {
    fn new(request: &Request, module: &Module) -> Result<Self, tool::Error> {
        let dir =
            scratch::Folder::new().map_err(|error| tool::Error::Start("go".to_owned(), error))?;
        let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        let go = match &request.go {
            Some(go) => Tool::at(go.clone(), &request.env, dir.path()),
            None => Tool::new("go", &request.env, dir.path())?,
        };
        let go = go
            .env("GOPATH", &path("gopath"))
            .env("GOMODCACHE", &path("modcache"))
            .env("GOCACHE", &path("cache"))
            .env("GOTMPDIR", "")
            .env("GOFLAGS", "-modcacherw")
            .env("GOPROXY", "direct")
            .env("GONOSUMDB", "*") // the checksum is compared here; the database's time is not the repository's
            .env("PWD", &dir.path().to_string_lossy());
        let git = Tool::new("git", &request.env, dir.path())?;
        Ok(Self {
            module: module.clone(),
            request: Fetch { go, git, dir },
            remote: std::sync::OnceLock::new(),
        })
    }

    /// A whole fetch into an empty cache.
    fn download(&self, cancel: &Cancel) -> Attempt {
        let started = Instant::now();
        let output = self
            .request
            .go
            .clone()
            .args(["mod", "download", "-json"])
            .args([self.module.name()])
            .run(started + ZIP, cancel);
        let took = started.elapsed();
        let output = match output {
            Ok(output) if output.end == End::Deadline => {
                return Attempt::Lost(tr!("no answer in time"), Loss::Silence);
            }
            Ok(output) => output,
            Err(error) => return Attempt::Lost(error.to_string(), Loss::NoAnswer),
        };
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        match (json["Sum"].as_str(), json["Error"].as_str()) {
            (Some(sum), _) if self.module.sum.as_deref().is_some_and(|known| known != sum) => {
                Attempt::Wrong(tr!("its content has another checksum"))
            }
            (Some(sum), _) => {
                let remote = json["Origin"]["URL"].as_str().map(str::to_owned);
                let _ = self.remote.set(remote); // a second fetch finds the same
                let zip = json["Zip"]
                    .as_str()
                    .and_then(|zip| std::fs::metadata(zip).ok());
                let bytes = zip.and_then(|zip| usize::try_from(zip.len()).ok());
                Attempt::Found {
                    took,
                    answers: vec![sum.to_owned()],
                    transfer: bytes.map(|bytes| (bytes, took)),
                    protocol: None,
                }
            }
            (None, Some(error)) => {
                let last = error.lines().rev().find(|line| !line.trim().is_empty());
                let said = last.unwrap_or(error);
                let said = said
                    .strip_prefix(&format!("{}: ", self.module.name()))
                    .unwrap_or(said);
                Attempt::Lost(crate::mask::line(said), Loss::NoAnswer)
            }
            (None, None) => Attempt::Lost(tr!("go could not fetch it"), Loss::NoAnswer),
        }
    }

    /// git's look at the remote.
    fn look(&self, remote: &str, cancel: &Cancel) -> Attempt {
        let started = Instant::now();
        let git = self.request.git.clone();
        let output = git
            .args(["ls-remote", "-q", "--", remote, "HEAD"])
            .run(started + 2 * PATIENCE, cancel);
        match output {
            Ok(output) if output.succeeded() => Attempt::Found {
                took: started.elapsed(),
                answers: Vec::new(),
                transfer: None,
                protocol: None,
            },
            Ok(output) if output.end == End::Deadline => {
                Attempt::Lost(tr!("no answer in time"), Loss::Silence)
            }
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                let last = said.lines().rev().find(|line| !line.trim().is_empty());
                Attempt::Lost(
                    crate::mask::line(last.unwrap_or("git failed")),
                    Loss::NoAnswer,
                )
            }
            Err(error) => Attempt::Lost(error.to_string(), Loss::NoAnswer),
        }
    }
}

impl Candidate for Direct {
    fn attempt(&self, _round: u32, cancel: &Cancel) -> Attempt {
        let downloaded = match self.remote.get() {
            None => self.download(cancel),
            Some(Some(remote)) => return self.look(remote, cancel),
            Some(None) => {
                let _ = std::fs::remove_dir_all(self.request.dir.path().join("modcache"));
                return self.download(cancel);
            }
        };
        // the latency of the first round is git's, as that of the later ones
        match (downloaded, self.remote.get().cloned().flatten()) {
            (
                Attempt::Found {
                    answers, transfer, ..
                },
                Some(remote),
            ) => match self.look(&remote, cancel) {
                Attempt::Found { took, .. } => Attempt::Found {
                    took,
                    answers,
                    transfer,
                    protocol: None,
                },
                lost => lost,
            },
            (downloaded, _) => downloaded,
        }
    }
}

/// Where no checksum is known, what most deliver is taken for right.
pub(super) fn judge(contest: &mut Contest) {
    let answers: Vec<Vec<String>> = contest
        .entries
        .iter()
        .map(|entry| entry.answers.clone())
        .collect();
    let voters = answers.iter().filter(|sums| !sums.is_empty()).count();
    for (entry, own) in contest.entries.iter_mut().zip(&answers) {
        let same = answers.iter().filter(|other| *other == own).count();
        if !own.is_empty() && 2 * same < voters {
            entry.wrong = entry
                .wrong
                .take()
                .or(Some(tr!("its checksum differs from most")));
        } else if own.len() > 1 {
            entry.wrong = Some(tr!("its checksum changes"));
        }
    }
}
