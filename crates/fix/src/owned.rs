//! Which paths may be taken back from another user.
//!
//! In: a path that a line names, or none. Out: what belongs to this user by its place (a cache of
//! go's, the project, a file of the home that go, git or ssh reads), else nothing: neither `/`, nor a
//! system's folder, nor a path that leads elsewhere.

use std::path::{Component, Path, PathBuf};

use super::Situation;
use super::disk::Disk;

/// Folders that belong to the system, with everything below.
const SYSTEM: &[&str] = &[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/run",
    "/sbin",
    "/snap",
    "/sys",
    "/usr",
    "/System",
    "/Library",
    "/private/etc",
];

/// Folders whose entries may be anybody's, but which are nobody's themselves.
const SHARED: &[&str] = &[
    "/",
    "/Users",
    "/Volumes",
    "/builds",
    "/data",
    "/home",
    "/media",
    "/mnt",
    "/opt",
    "/private",
    "/private/tmp",
    "/private/var",
    "/root",
    "/srv",
    "/tmp",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/tmp",
    "/workspace",
];

/// Files of the home that go, git and ssh read.
const OF_HOME: &[&str] = &[
    ".config/git",
    ".config/go",
    ".git-credentials",
    ".gitconfig",
    ".netrc",
    ".ssh",
];

/// What of this user's holds the path: the cache, the project or the file of the home as a whole.
pub(super) fn ours(named: &Path, s: &Situation) -> Option<PathBuf> {
    let path = canonical(named, &s.disk)?;
    let home = s.home.as_deref();
    let caches = [
        module_cache(s),
        build_cache(s),
        std::env::split_paths(s.goenv.value("GOPATH"))
            .next()
            .filter(|path| path.is_absolute()),
        home.map(|home| home.join("go")),
        s.project.as_ref().map(|project| project.root.clone()),
    ];
    let files = home
        .into_iter()
        .flat_map(|home| OF_HOME.iter().map(|name| home.join(name)));
    caches
        .into_iter()
        .flatten()
        .chain(files)
        .filter(|root| canonical(root, &s.disk).as_ref() == Some(root) && may_be_whole(root, home))
        .find(|root| path.starts_with(root))
}

/// GOMODCACHE, if it may be taken back whole.
pub(super) fn module_cache(s: &Situation) -> Option<PathBuf> {
    let cache = s.goenv.mod_cache(s.home.as_deref())?;
    let cache = canonical(&cache, &s.disk).filter(|canonical| *canonical == cache)?;
    may_be_whole(&cache, s.home.as_deref()).then_some(cache)
}

fn build_cache(s: &Situation) -> Option<PathBuf> {
    let set = s.goenv.value("GOCACHE");
    if !set.is_empty() {
        return Some(PathBuf::from(set)).filter(|path| path.is_absolute());
    }
    let caches = match s.env.var("XDG_CACHE_HOME") {
        Some(folder) if folder.starts_with('/') => PathBuf::from(folder),
        _ => s.home.as_ref()?.join(".cache"),
    };
    Some(caches.join("go-build"))
}

/// Whether somebody else owns a part of the module cache that go writes to.
pub(super) fn has_strangers(cache: &Path, disk: &Disk) -> bool {
    ["", "cache", "cache/lock", "cache/vcs", "cache/download"]
        .iter()
        .any(|name| {
            disk.own_node(&cache.join(name))
                .is_some_and(|node| !node.is_ours)
        })
}

/// The cache that a path of another machine lies in, by its shape: `.../pkg/mod`, `.../go-build`.
pub(super) fn cache_shaped(named: &str) -> Option<PathBuf> {
    let end = ["/pkg/mod", "/go-build"].iter().find_map(|shape| {
        let end = named.find(shape)? + shape.len();
        (named[end..].is_empty() || named[end..].starts_with('/')).then_some(end)
    })?;
    let plain = |letter: char| letter.is_alphanumeric() || "/._- @+".contains(letter);
    let root = Path::new(&named[..end]);
    (is_plain(Path::new(named)) && named[..end].chars().all(plain) && may_be_whole(root, None))
        .then(|| root.to_owned())
}

/// Absolute, without `.` and `..`.
fn is_plain(path: &Path) -> bool {
    path.is_absolute()
        && path
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)))
        && !path.to_string_lossy().split('/').any(|part| part == ".")
}

/// The path, if it is absolute and no part of it that exists leads elsewhere.
fn canonical(path: &Path, disk: &Disk) -> Option<PathBuf> {
    let there = path
        .ancestors()
        .find(|part| disk.own_node(part).is_some())?;
    let straight = disk
        .canonical(there)
        .is_some_and(|canonical| canonical == there);
    (is_plain(path) && straight).then(|| path.to_owned())
}

/// Neither the system's, nor shared, nor the home or something above it.
fn may_be_whole(root: &Path, home: Option<&Path>) -> bool {
    is_plain(root)
        && !SYSTEM.iter().any(|system| root.starts_with(system))
        && !SHARED.iter().any(|shared| root == Path::new(shared))
        && !home.is_some_and(|home| home.starts_with(root))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_the_users_is_taken_back() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        let cache = home.join("go/pkg/mod");
        std::fs::create_dir_all(cache.join("cache")).unwrap();
        std::fs::create_dir(home.join(".ssh")).unwrap();
        std::os::unix::fs::symlink("/etc", cache.join("link")).unwrap();
        let mut env = crate::settings::Env::default();
        env.set("HOME", home.as_os_str());
        let s = Situation::look(env, &home, None);
        let ours = |path: &Path| super::ours(path, &s);
        assert_eq!(ours(&cache.join("cache/lock")), Some(cache.clone()));
        assert_eq!(ours(&home.join(".ssh/config")), Some(home.join(".ssh")));
        for path in ["link/passwd", "../../../x", "./x"] {
            assert_eq!(ours(&cache.join(path)), None, "{path}");
        }
        for path in [
            "/",
            "/etc",
            "/usr/lib/go",
            "/home",
            "/tmp",
            "rel",
            "/srv/other",
        ] {
            assert_eq!(ours(Path::new(path)), None, "{path}");
        }
        assert_eq!(ours(&home), None);
    }

    #[test]
    fn a_cache_elsewhere_is_known_by_its_shape() {
        let shaped = |path| cache_shaped(path).map(|path| path.display().to_string());
        assert_eq!(
            shaped("/root/go/pkg/mod/cache/lock").as_deref(),
            Some("/root/go/pkg/mod")
        );
        assert_eq!(
            shaped("/root/.cache/go-build/00").as_deref(),
            Some("/root/.cache/go-build")
        );
        for bad in [
            "/etc/pkg/mod/x",
            "/usr/pkg/mod",
            "/x/../etc/pkg/mod",
            "/x/$(id)/pkg/mod",
            "/x\n/pkg/mod",
            "/x/pkg/modern",
            "pkg/mod",
            "/x/pkg/mod/../../etc",
        ] {
            assert_eq!(shaped(bad), None, "{bad}");
        }
    }
}
