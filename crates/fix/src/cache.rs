//! The module cache: the one broken part is moved aside, never the whole.

use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::{Change, Line, Proposal, Risk, Scope, Situation, quote};
use crate::file::Kind;
use crate::lang::msg;
use crate::settings::gitconfig;
use crate::settings::gofile::escaped;
use crate::verdict::{Reason, Verdict};

fn mod_cache(s: &Situation) -> Option<PathBuf> {
    s.goenv
        .mod_cache(s.home.as_deref())
        .filter(|path| path.is_absolute())
}

/// The bare repository that go keeps for the module.
pub(super) fn repository(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let dir = clone_of(verdict, s)?;
    let why = msg!(
        "go's copy of the repository is damaged. It is fetched again; everything else in the cache stays."
    );
    let shown = s.short(&dir);
    let mut proposal = Proposal::new(
        "cache-repository",
        msg!("Remove go's broken copy of the repository: {shown}", shown),
        why,
    )
    .command(format!("rm -rf {}", quote(&dir.to_string_lossy())))
    .change(Change::MoveAside { path: dir.clone() });
    let info = dir.with_extension("info");
    if s.disk.has(&info) {
        proposal = proposal.change(Change::MoveAside { path: info });
    }
    Some(proposal)
}

/// The same where the text speaks of something else: that it is damaged is seen here.
pub(super) fn damaged_clone(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let dir = clone_of(verdict, s)?;
    if is_whole(&dir, &s.disk) {
        return None;
    }
    repository(verdict, s)
}

/// Whether a bare repository has what each has: HEAD, a configuration without extensions that go
/// never asked for and with go's own origin, and objects.
fn is_whole(dir: &Path, disk: &Disk) -> bool {
    let config = disk
        .text(&dir.join("config"), Kind::Settings)
        .unwrap_or_default();
    let entries = gitconfig::entries(&config);
    let known = ["objectformat", "compatobjectformat", "refstorage"];
    let mut extensions = entries.iter().filter(|entry| entry.section == "extensions");
    let mut urls = entries
        .iter()
        .filter(|entry| entry.section.starts_with("remote.") && entry.name == "url");
    let info = disk
        .text(&dir.with_extension("info"), Kind::Settings)
        .unwrap_or_default();
    let origin = info.split_once(':').map_or("", |(_, url)| url.trim());
    let leads = origin.is_empty() || urls.all(|url| url.value == origin);
    let holds = |folder: &Path| disk.folder(folder).is_some_and(|items| !items.is_empty());
    let filled = disk.folder(&dir.join("objects")).is_some_and(|folders| {
        let mut folders = folders.iter();
        folders.any(|folder| folder.name() != "info" && holds(&folder.path))
    });
    let fetched = holds(&dir.join("refs/tags"))
        || disk.has(&dir.join("packed-refs"))
        || disk.has(&dir.join("shallow"));
    disk.has_file(&dir.join("HEAD"))
        && !config.is_empty()
        && extensions.all(|entry| known.contains(&&*entry.name))
        && leads
        && (filled || !fetched)
}

/// Locks that a git which was killed left in go's copy of a repository, where none runs there now.
pub(super) fn stale_lock(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let dir = clone_of(verdict, s)?;
    let lock = lock_below(&dir, &s.disk)?;
    if s.disk.is_used(&dir)? {
        return None;
    }
    let shown = s.short(&lock);
    let why = msg!(
        "A git that was killed left it behind: no program that is running now uses this directory. Everything else in the cache stays."
    );
    let title = msg!("Remove the lock that nobody holds: {shown}", shown);
    Some(
        Proposal::new("stale-lock", title, why)
            .command(format!("rm -f {}", quote(&lock.to_string_lossy())))
            .change(Change::MoveAside { path: lock }),
    )
}

/// The first lock file of git's in a bare repository: beside its files, or beside one of its refs.
fn lock_below(dir: &Path, disk: &Disk) -> Option<PathBuf> {
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in &*disk.folder(&folder)? {
            let is_lock = item.path.extension().is_some_and(|ending| ending == "lock");
            if item.is_file && is_lock {
                return Some(item.path.clone());
            }
            let holds_refs = folder != *dir || item.name() == "refs";
            if item.is_folder && holds_refs {
                folders.push(item.path.clone());
            }
        }
    }
    None
}

/// The bare repository below `cache/vcs` that the text names, or go's of this module.
fn clone_of(verdict: &Verdict, s: &Situation) -> Option<PathBuf> {
    let vcs = mod_cache(s)?.join("cache/vcs");
    named(&vcs, s).or_else(|| by_url(&vcs, verdict, &s.disk))
}

/// A directory below `cache/vcs` that the text names.
fn named(vcs: &Path, s: &Situation) -> Option<PathBuf> {
    let line = s.named();
    let at = line.find("cache/vcs/")? + "cache/vcs/".len();
    let hash = line.get(at..at + 64)?;
    let hex = hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    Some(vcs.join(hash)).filter(|dir| hex && s.disk.has_folder(dir))
}

/// Where a zip's central directory ends: the last 22 bytes and a comment (APPNOTE 4.3.16), bytes.
const ZIP_END: u64 = 22 + u16::MAX as u64;

/// The directory whose `.info` names the repository (`git3:URL`).
fn by_url(vcs: &Path, verdict: &Verdict, disk: &Disk) -> Option<PathBuf> {
    let module = verdict.target.module.as_deref();
    let wanted = verdict.target.url.as_deref().map(|url| {
        url.split(['?', '#'])
            .next()
            .unwrap_or(url)
            .trim_end_matches("/info/refs")
    });
    let items = disk.folder(vcs)?;
    let mut found: Vec<PathBuf> = items
        .iter()
        .map(|item| &item.path)
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "info")
        })
        .filter(|path| {
            let text = disk.text(path, Kind::Settings).unwrap_or_default();
            let url = text.split_once(':').map_or("", |(_, url)| url).trim();
            let bare = url
                .split_once("://")
                .map_or(url, |(_, rest)| rest)
                .trim_end_matches(".git");
            let by_module = module.is_some_and(|module| {
                !bare.is_empty() && (module == bare || module.starts_with(&format!("{bare}/")))
            });
            by_module || wanted.is_some_and(|wanted| wanted == url)
        })
        .map(|path| path.with_extension(""))
        .filter(|dir| disk.has_folder(dir))
        .collect();
    found.sort();
    (found.len() == 1).then(|| found.remove(0))
}

/// The downloaded zip and what was unpacked from it.
pub(super) fn download(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let is_others = matches!(
        verdict.reason,
        Some(Reason::TagMoved | Reason::ProxyDiffers | Reason::GoSumDiffers)
    );
    if is_others {
        return None;
    }
    let cache = mod_cache(s)?;
    let named = verdict
        .target
        .module
        .clone()
        .zip(verdict.target.version.clone());
    let (module, version) = named.or_else(|| damaged(&cache, s))?;
    let (path, at) = (escaped(&module)?, escaped(&version)?);
    let files = ["zip", "ziphash", "info", "mod", "partial"];
    let download = cache.join("cache/download").join(&path).join("@v");
    let mut paths: Vec<PathBuf> = files
        .iter()
        .map(|kind| download.join(format!("{at}.{kind}")))
        .collect();
    paths.push(cache.join(format!("{path}@{at}")));
    let there: Vec<&PathBuf> = paths
        .iter()
        .filter(|path| s.disk.own_node(path).is_some())
        .collect();
    if there.is_empty() {
        return None;
    }
    let why = msg!(
        "Only this download is removed; go fetches it again and compares it with go.sum and the checksum database as always. \
               If the checksum is wrong again, the cache was not at fault."
    );
    let list = there
        .iter()
        .map(|path| quote(&path.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ");
    let title = msg!(
        "Remove {module}@{version} from the module cache",
        module,
        version
    );
    let proposal = Proposal::new("cache-download", title, why)
        .command(format!("chmod -R u+w {list} && rm -rf {list}"));
    // those that are not there too: undo takes away what go has put there since
    Some(paths.into_iter().fold(proposal, |proposal, path| {
        proposal.change(Change::MoveAside { path })
    }))
}

/// The first module of go.mod whose zip in the cache has no end: every zip ends with its directory
/// (PKWARE APPNOTE, section 4.3.16).
fn damaged(cache: &Path, s: &Situation) -> Option<(String, String)> {
    let requires = s.project.iter().flat_map(|project| &project.requires);
    let mut damaged = requires.filter(|(module, version)| {
        let (Some(path), Some(at)) = (escaped(module), escaped(version)) else {
            return false;
        };
        let zip = cache
            .join("cache/download")
            .join(path)
            .join("@v")
            .join(format!("{at}.zip"));
        s.disk
            .tail(&zip, ZIP_END)
            .is_some_and(|bytes| memchr::memmem::rfind(&bytes, b"PK\x05\x06").is_none())
    });
    damaged.next().cloned()
}

/// The whole cache, as the last resort.
pub(super) fn clean(_verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    Some(
        Proposal::advice(
            "cache-clean",
            msg!("Last resort: empty the module cache"),
            msg!("Every module of every project is fetched again."),
        )
        .scope(Scope::User)
        .risk(Risk::Medium)
        .command("go clean -modcache"),
    )
}

/// Room on a full disk.
pub(super) fn make_room(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let cache = if s.saved {
        super::reader::named_cache(s).unwrap_or_else(|| "\"$(go env GOMODCACHE)\"".to_owned())
    } else {
        mod_cache(s).map_or_else(|| "~/go/pkg/mod".to_owned(), |path| s.argument(&path))
    };
    Some(
        Proposal::advice(
            "make-room",
            msg!("Make room"),
            msg!("The build cache is made again by the next builds; nothing is lost but time."),
        )
        .scope(Scope::User)
        .command(Line::with(
            format!("df -h {cache} && df -i {cache}"),
            msg!("space, and room for new files"),
        ))
        .command("go clean -cache -testcache"),
    )
}
