//! The one door for every file that gomend reads, and who may stand behind a path.
//!
//! In: a path and its [`Kind`]. Out: bytes of a regular file, bounded, or a [`Refusal`] that says
//! in a line why not. A link is followed where whoever made it could as well have read the target:
//! `protected_symlinks` of proc(5), for reading; one in a project leads nowhere outside of it.
//! Logs that a person names may be pipes, and come through [`stream`].

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use crate::lang::{Text, ToText, msg};
use crate::sys;
use crate::sys::file as door;

/// What is read: how large it can be, bytes, and be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// gomend's own configuration, and a project's.
    Config,
    /// Rules of one's own.
    Rules,
    /// Settings of go, git and ssh, logins, start-up files of shells.
    Settings,
    /// Lists of hosts and users: known hosts, `/etc/hosts`, `/etc/passwd`.
    List,
    /// `go.mod`, `go.sum`; go itself reads no larger go.mod (`modload`, 16 MiB).
    Module,
    /// The file `VERSION` of a toolchain.
    Version,
    /// A bundle of certificates.
    Certificates,
    /// An entry of the journal: a changed file in Base64 and what belongs to it.
    Entry,
    /// A report, observations, a comparison.
    Report,
    /// A program of ours.
    Program,
}

impl Kind {
    const fn limit(self) -> u64 {
        match self {
            Self::Config => 64 << 10,
            Self::Rules => 1 << 20,
            Self::Settings | Self::Report | Self::Certificates => 4 << 20,
            Self::List | Self::Module | Self::Program => 16 << 20,
            Self::Version => 4 << 10,
            Self::Entry => 24 << 20,
        }
    }
}

/// Why a file is not read.
#[derive(Debug)]
pub enum Refusal {
    /// The system says no.
    Io(io::Error),
    /// It is a folder, a pipe, a device or a socket.
    NotAFile,
    /// It is no folder.
    NotAFolder,
    /// It is larger than this, bytes.
    TooLarge(u64),
    /// A link of one user to a file of another.
    ForeignLink,
    /// A link in a project to a file outside of it.
    LeadsOut,
    /// It belongs to this user, who is neither root nor the one who reads.
    Foreign(u32),
    /// Others can write to it.
    Open,
    /// There is a link where there should be none.
    Link,
}

impl Refusal {
    /// There is no such file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl From<door::Refusal> for Refusal {
    fn from(refusal: door::Refusal) -> Self {
        match refusal {
            door::Refusal::Io(error) => Self::Io(error),
            door::Refusal::NotAFile => Self::NotAFile,
            door::Refusal::TooLarge(most) => Self::TooLarge(most),
        }
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Io(error) => error,
            Refusal::TooLarge(_) => Self::new(io::ErrorKind::FileTooLarge, refusal.to_string()),
            Refusal::NotAFile => Self::new(io::ErrorKind::InvalidInput, refusal.to_string()),
            _ => Self::new(io::ErrorKind::PermissionDenied, refusal.to_string()),
        }
    }
}

impl Refusal {
    /// Why, as a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Io(error) => error.to_text(),
            Self::NotAFile => msg!("it is no regular file"),
            Self::NotAFolder => msg!("it is no folder"),
            Self::TooLarge(most) => msg!("larger than {most} bytes", most),
            Self::ForeignLink => msg!("it is a link of one user to a file of another"),
            Self::LeadsOut => msg!("it is a link that leads out of the project"),
            Self::Foreign(user) => msg!("it belongs to another user ({user})", user),
            Self::Open => msg!("others can write to it"),
            Self::Link => msg!("it is a link"),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().words())
    }
}

/// The whole file.
///
/// # Errors
/// It is none, larger than its kind may be, reached by a link of somebody else's, or the system's.
pub fn read(path: &Path, kind: Kind) -> Result<Vec<u8>, Refusal> {
    if !may_follow(path)? {
        return Err(Refusal::ForeignLink);
    }
    Ok(door::read(path, kind.limit())?)
}

/// The whole file as text; what is no UTF-8 is replaced.
pub fn text(path: &Path, kind: Kind) -> Result<String, Refusal> {
    let bytes = read(path, kind)?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// A file that a project brings along: it may not show the user's other files.
///
/// # Errors
/// [`Refusal::LeadsOut`] where a link leads out of the project; else as for [`read`].
pub fn text_within(root: &Path, path: &Path, kind: Kind) -> Result<String, Refusal> {
    if path.symlink_metadata()?.is_symlink()
        && !path.canonicalize()?.starts_with(root.canonicalize()?)
    {
        return Err(Refusal::LeadsOut);
    }
    text(path, kind)
}

/// A file that nobody but this user and root can have written or exchanged ([`open_ours`]), as text.
///
/// # Errors
/// The file or folder that others can write to, and as for [`read`].
pub fn text_of_ours(path: &Path, kind: Kind) -> Result<String, Untrusted> {
    let (file, metadata, end) = open_ours(path)?;
    let bytes = door::whole(file, &metadata, kind.limit());
    let bytes = bytes.map_err(|why| Untrusted::new(&end, why.into()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Opens a file that nobody but this user and root can have written or exchanged ([`trust`]); and where it lies,
/// at the end of all links.
///
/// # Errors
/// The file or folder that others can write to, or the system's.
pub fn open_ours(path: &Path) -> Result<(File, Metadata, PathBuf), Untrusted> {
    // where nothing is, whoever could put it there hasn't
    path.metadata()
        .map_err(|error| Untrusted::new(path, error.into()))?;
    trust(path)?;
    let end = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let untrusted = |why| Untrusted::new(&end, why);
    let (file, metadata) = door::open(&end).map_err(|why| untrusted(why.into()))?;
    if !is_trusted(metadata.uid()) {
        return Err(untrusted(Refusal::Foreign(metadata.uid())));
    }
    if may_be_written(&metadata) {
        return Err(untrusted(Refusal::Open));
    }
    Ok((file, metadata, end))
}

/// A file that only this user or root may have written, and no link.
pub fn read_own(path: &Path, kind: Kind) -> Result<Vec<u8>, Refusal> {
    let file = open_own(path)?;
    let metadata = file.metadata()?;
    Ok(door::whole(file, &metadata, kind.limit())?)
}

/// Opens such a file.
pub(crate) fn open_own(path: &Path) -> Result<File, Refusal> {
    if path.symlink_metadata()?.is_symlink() {
        return Err(Refusal::Link);
    }
    let (file, metadata) = door::open(path)?;
    if metadata.uid() != sys::effective_user() {
        return Err(Refusal::Foreign(metadata.uid()));
    }
    // a second name would be a file from elsewhere, which only looks like ours
    if metadata.permissions().mode() & 0o022 != 0 || metadata.nlink() != 1 {
        return Err(Refusal::Open);
    }
    Ok(file)
}

/// The last `most` bytes of a file.
pub fn tail(path: &Path, most: u64) -> Result<Vec<u8>, Refusal> {
    use std::io::{Seek, SeekFrom};
    let (mut file, metadata) = door::open(path)?;
    file.seek(SeekFrom::Start(metadata.len().saturating_sub(most)))?;
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, most), &mut bytes)?;
    Ok(bytes)
}

/// What a person names on the command line: a file of any size, or a pipe.
pub fn stream(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Links that are followed on the way to one file, as the kernel does it (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// Whether the links that a path ends in may be followed: those of root and those to one's own.
fn may_follow(path: &Path) -> io::Result<bool> {
    let mut at = path.to_owned();
    let mut owners = Vec::new();
    for _ in 0..MOST_LINKS {
        let metadata = at.symlink_metadata()?;
        if !metadata.is_symlink() {
            let target = metadata.uid();
            let trusted = |owner: u32| owner == 0 || owner == sys::effective_user();
            return Ok(owners.iter().all(|&owner| {
                owner == 0 || owner == target || (trusted(owner) && trusted(target))
            }));
        }
        owners.push(metadata.uid());
        let target = fs::read_link(&at)?;
        at = at.parent().unwrap_or(Path::new("/")).join(target);
    }
    Ok(false)
}

/// Whether what belongs to this owner can only have been put there by this user or root.
#[must_use]
pub fn is_trusted(owner: u32) -> bool {
    // in a user namespace root's own files may belong to whoever stands for everybody outside
    let root = || fs::metadata("/").map_or(0, |root| root.uid());
    owner == sys::effective_user() || owner == 0 || owner == root()
}

/// Where a file that somebody names is to be written: at the end of the links on the way, each of which
/// must be this user's own or root's. In a folder for everybody others may have put one there first, and the
/// kernel's `protected_symlinks` is off on some systems.
///
/// # Errors
/// Somebody else's link, too many of them, or the system's.
pub fn to_write(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let mut left = names(&path);
    let (mut at, mut links) = (PathBuf::from("/"), 0);
    loop {
        match at.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                links += 1;
                if !is_trusted(metadata.uid()) {
                    return Err(Refusal::ForeignLink.into());
                }
                if links > MOST_LINKS {
                    return Err(Refusal::Link.into());
                }
                let target = fs::read_link(&at)?;
                at.pop();
                left.extend(names(&at.join(target)));
                at = PathBuf::from("/");
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound && left.is_empty() => {}
            Err(error) => return Err(error),
        }
        match left.pop() {
            Some(name) if name == ".." => {
                at.pop();
            }
            Some(name) => at.push(name),
            None => return Ok(at),
        }
    }
}

/// A path, and why what lies there can't be trusted.
#[derive(Debug)]
pub struct Untrusted {
    /// The folder or file that somebody else could exchange or write.
    pub path: PathBuf,
    /// Why.
    pub why: Refusal,
}

impl std::fmt::Display for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().words())
    }
}

impl Untrusted {
    /// Why, as a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        let (path, why) = (self.path.display(), self.why.text());
        msg!("`{path}` can't be trusted: {why}", path, why)
    }

    fn new(path: &Path, why: Refusal) -> Self {
        Self {
            path: path.to_owned(),
            why,
        }
    }
}

/// Whether nobody but this user and root could exchange what lies at `path`, there or not: each
/// folder above it, and each link on the way, belongs to one of the two, and nobody else can write
/// there, unless the folder is sticky. A group that has no other member is nobody else.
///
/// # Errors
/// The first folder or link that is somebody else's or open to others.
pub fn trust(path: &Path) -> Result<(), Untrusted> {
    let mut left: Vec<std::ffi::OsString> = names(path);
    let (mut at, mut links) = (PathBuf::from("/"), 0);
    loop {
        let metadata = match at.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Untrusted::new(&at, error.into())),
        };
        if !is_trusted(metadata.uid()) {
            return Err(Untrusted::new(&at, Refusal::Foreign(metadata.uid())));
        }
        if metadata.is_symlink() {
            links += 1;
            let target = fs::read_link(&at).map_err(|error| Untrusted::new(&at, error.into()))?;
            if links > MOST_LINKS {
                return Err(Untrusted::new(path, Refusal::Link));
            }
            let folder = at.parent().unwrap_or(Path::new("/")).join(target);
            left.extend(names(&folder));
            at = PathBuf::from("/");
        } else if is_open(&metadata) && !left.is_empty() {
            return Err(Untrusted::new(&at, Refusal::Open));
        }
        match left.pop() {
            Some(name) if name == ".." => at = at.parent().unwrap_or(Path::new("/")).to_owned(),
            Some(name) => at.push(name),
            None => return Ok(()),
        }
    }
}

/// Whether a folder of this user's own is there; others are kept out of it from now on. A link is
/// none, and neither is somebody else's.
///
/// # Errors
/// Something else lies there, or it is another user's.
pub fn own_folder(path: &Path) -> Result<bool, Untrusted> {
    let untrusted = |why| Untrusted::new(path, why);
    let metadata = match path.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(untrusted(error.into())),
    };
    if metadata.is_symlink() {
        return Err(untrusted(Refusal::Link));
    }
    if !metadata.is_dir() {
        return Err(untrusted(Refusal::NotAFolder));
    }
    if metadata.uid() != sys::effective_user() {
        return Err(untrusted(Refusal::Foreign(metadata.uid())));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        let closed = fs::Permissions::from_mode(0o700);
        fs::set_permissions(path, closed).map_err(|error| untrusted(error.into()))?;
    }
    Ok(true)
}

/// Opens a file of this user's own to write to it and to lock it, made if it is not there; never
/// through a link.
///
/// # Errors
/// Something else lies there, it is another user's or has a second name, or the system's.
pub fn open_to_lock(path: &Path) -> io::Result<File> {
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(door::CALM | door::NO_LINK)
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Refusal::NotAFile.into());
    }
    if metadata.uid() != sys::effective_user() || metadata.nlink() != 1 {
        return Err(Refusal::Foreign(metadata.uid()).into());
    }
    Ok(file)
}

/// Opens a file to add to it, made if it is not there.
///
/// # Errors
/// A pipe without a reader is refused, not waited for; else the system's.
pub fn open_to_add(path: &Path) -> io::Result<File> {
    let file = File::options()
        .append(true)
        .create(true)
        .custom_flags(door::CALM)
        .open(path)?;
    // whoever reads may be slow
    rustix::io::ioctl_fionbio(&file, false)?;
    Ok(file)
}

/// A path's names, the last one first.
fn names(path: &Path) -> Vec<std::ffi::OsString> {
    path.components()
        .rev()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            _ => None,
        })
        .collect()
}

/// Whether somebody else can exchange what lies in this folder.
fn is_open(folder: &Metadata) -> bool {
    let is_sticky = folder.permissions().mode() & 0o1000 != 0;
    !is_sticky && may_be_written(folder)
}

/// Whether somebody else can write to it.
fn may_be_written(metadata: &Metadata) -> bool {
    let (mode, group) = (metadata.permissions().mode(), metadata.gid());
    let by_group = mode & 0o020 != 0 && group != 0 && !is_private_group(group);
    mode & 0o002 != 0 || by_group
}

/// Whether a group is this user's alone, as many systems make one for each user (and a umask of
/// 002): it has no other member, and is no other user's own (group(5), passwd(5)). One that a directory service
/// has, and these files haven't, is if it has the user's number, as such groups do.
fn is_private_group(group: u32) -> bool {
    let us = sys::effective_user().to_string();
    let group = group.to_string();
    let fields = |file: &str| -> Option<Vec<Vec<String>>> {
        let text = text(Path::new(file), Kind::List).ok()?;
        let split = |line: &str| line.split(':').map(str::to_owned).collect();
        Some(text.lines().map(split).collect())
    };
    let (Some(groups), Some(users)) = (fields("/etc/group"), fields("/etc/passwd")) else {
        return false;
    };
    let field = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();
    let Some(found) = groups.iter().find(|line| field(line, 2) == group) else {
        return group == us;
    };
    let name_of_us = users.iter().find(|line| field(line, 2) == us);
    let name_of_us = name_of_us.map(|line| field(line, 0)).unwrap_or_default();
    let members = field(found, 3);
    let mut members = members.split(',').filter(|name| !name.is_empty());
    members.all(|name| name == name_of_us)
        && users
            .iter()
            .all(|line| field(line, 3) != group || field(line, 2) == us)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_of_a_size() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("good"), "x").unwrap();
        symlink("good", at("link")).unwrap();
        symlink("/dev/zero", at("endless")).unwrap();
        File::create(at("large"))
            .unwrap()
            .set_len(65 << 10)
            .unwrap();
        assert_eq!(read(&at("good"), Kind::Config).unwrap(), b"x");
        assert_eq!(read(&at("link"), Kind::Config).unwrap(), b"x");
        assert!(matches!(
            read(&at("endless"), Kind::Config),
            Err(Refusal::NotAFile)
        ));
        assert!(matches!(
            read(dir.path(), Kind::Config),
            Err(Refusal::NotAFile)
        ));
        assert!(matches!(
            read(&at("large"), Kind::Config),
            Err(Refusal::TooLarge(_))
        ));
        assert!(read(&at("none"), Kind::Config).unwrap_err().is_missing());
        assert!(matches!(
            read_own(&at("link"), Kind::Config),
            Err(Refusal::Link)
        ));
        assert_eq!(read_own(&at("good"), Kind::Config).unwrap(), b"x");
        fs::set_permissions(at("good"), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(
            read_own(&at("good"), Kind::Config),
            Err(Refusal::Open)
        ));
    }

    #[test]
    fn a_way_that_somebody_else_could_change() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let open = |mode: u32| fs::Permissions::from_mode(mode);
        fs::create_dir_all(at("a/b")).unwrap();
        symlink("a", at("link")).unwrap();
        assert!(trust(&at("a/b/c/d")).is_ok());
        fs::set_permissions(at("a"), open(0o1777)).unwrap();
        assert!(trust(&at("a/b")).is_ok());
        fs::set_permissions(at("a"), open(0o777)).unwrap();
        for way in ["a/b", "link/b", "a/b/c"] {
            let error = trust(&at(way)).unwrap_err();
            assert!(error.path.ends_with("a"), "{way}: {error}");
        }
        // what is at its end is for its owner to close
        assert!(trust(&at("a")).is_ok());
    }

    /// No other file of the sources opens files to read them.
    #[test]
    fn there_is_one_door() {
        /// With the reason.
        const OTHERS: &[&str] = &[
            "crates/system/src/sys/",        // the door itself, and /proc
            "crates/system/src/file.rs",     // this one
            "crates/core/src/mask/tests.rs", // a corpus
            "crates/lab/",                   // files of the laboratory's own
            "src/simulate/",                 // a report in a scene of our own
            "crates/shim/",                  // its own door (`sys::file`), and metadata
            "crates/fix/src/modules.rs",     // copies in a folder of our own
            "crates/fix/src/bench.rs",       // the same
        ];
        let forbidden = ["fs::read(", "read_to_string(", "File::open(", "fs::copy("];
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders = vec![root.join("src"), root.join("crates")];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                if OTHERS.iter().any(|other| name.starts_with(other)) {
                    continue;
                }
                let source = fs::read_to_string(&path).unwrap();
                let source = source.split("mod tests {").next().unwrap();
                for (number, line) in source.lines().enumerate() {
                    if forbidden.iter().any(|call| line.contains(call)) {
                        found.push(format!("{name}:{}: {}", number + 1, line.trim()));
                    }
                }
            }
        }
        assert!(found.is_empty(), "{found:#?}");
    }
}
