//! The machine that a scene plays on: a private network, a private `/etc`, a
//! directory for everything else.
//!
//! In: nothing. Out: paths, sockets and commands. All files live in a memory
//! file system inside, which this process reaches through
//! `/proc/<anchor>/root`; nothing touches the disk but one empty directory.
//!
//! A testbed without a network (where namespaces are not to be had) is an
//! ordinary temporary directory: enough for faults of files and settings. A
//! shell waits to remove what is left when this process ends.

use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use once_cell::sync::OnceCell;

use crate::error::{Error, Result};
use crate::places::NETWORKS;
use crate::sys::namespace::{Namespace, UID, tie};
use gomend_core::text;

/// Entries of `/etc` that a scene has of its own; the others stay as they are.
const OWN_ETC: &[&str] = &[
    "ca-certificates",
    "gai.conf",
    "gitconfig",
    "group",
    "host.conf",
    "hosts",
    "nsswitch.conf",
    "passwd",
    "pki",
    "resolv.conf",
    "shadow",
    "ssh",
    "ssl",
];

/// Sockets of resolver caches, which would carry names out of the network.
const RESOLVER_SOCKETS: &[&str] = &["/run/nscd", "/run/systemd/resolve"];

/// One private machine; everything ends with it.
#[derive(Debug)]
pub struct Testbed {
    namespace: Option<Namespace>,
    /// The directory's path inside.
    root: PathBuf,
    /// The same directory as this process reaches it.
    outside: PathBuf,
    /// Removes the directory if the namespaces didn't.
    _directory: tempfile::TempDir,
}

/// A shell that removes the directories of this process when its standard input ends: at the end of
/// this process, whatever ends it.
struct Cleaner {
    /// How all their names begin.
    prefix: String,
    /// Held open.
    _shell: Child,
}

impl Cleaner {
    fn started() -> Result<&'static Self> {
        static CLEANER: OnceCell<Cleaner> = OnceCell::new();
        CLEANER.get_or_try_init(Self::start)
    }

    fn start() -> Result<Self> {
        // what writes there may take some seconds to end, on a busy machine
        const SCRIPT: &str = "read -r _; tries=0; while [ $tries -lt 300 ]; do \
                              chmod -R u+w -- \"$1\"*; rm -rf -- \"$1\"* && exit; \
                              sleep 0.1; tries=$((tries + 1)); done";
        let token = RandomState::new().hash_one(std::process::id());
        let prefix = format!("gomend-lab.{token:016x}.");
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "sh"])
            .arg(std::env::temp_dir().join(&prefix))
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0) // Ctrl-C is not for it
            .spawn()
            .map_err(|error| Error::Io(text!("start a shell"), error))?;
        Ok(Self {
            prefix,
            _shell: shell,
        })
    }
}

impl Testbed {
    /// A machine with a private network. [`Error::Namespace`] where the system
    /// allows none.
    pub fn enter() -> Result<Self> {
        let (directory, root) = temporary()?;
        let namespace = Namespace::new(&root).map_err(Error::Namespace)?;
        let outside = Path::new("/proc")
            .join(namespace.anchor().to_string())
            .join("root")
            .join(root.strip_prefix("/").unwrap_or(&root));
        let testbed = Self {
            namespace: Some(namespace),
            root,
            outside,
            _directory: directory,
        };
        testbed.own_etc()?;
        testbed.own_network()?;
        Ok(testbed)
    }

    /// A machine that is only a directory: no servers, no names.
    pub fn bare() -> Result<Self> {
        let (directory, root) = temporary()?;
        Ok(Self {
            namespace: None,
            outside: root.clone(),
            root,
            _directory: directory,
        })
    }

    /// A path of the testbed's directory, as commands inside know it.
    pub fn inside(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root.join(path)
    }

    /// The same path, for this process.
    pub fn outside(&self, path: impl AsRef<Path>) -> PathBuf {
        self.outside.join(path)
    }

    /// Writes a file below the testbed's directory, with its parents.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.write_for(path, content.as_ref(), (0o644, 0o755))
    }

    /// The same for its user alone.
    pub fn write_secret(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.write_for(path, content.as_ref(), (0o600, 0o700))
    }

    /// The same as a program.
    pub fn write_program(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        self.write(path, content)?;
        self.mode(path, 0o755)
    }

    /// Sets permission bits.
    pub fn mode(&self, path: &str, mode: u32) -> Result<()> {
        let file = self.outside(path);
        fs::set_permissions(&file, fs::Permissions::from_mode(mode))
            .map_err(|error| Error::File(file, error))
    }

    /// Modes: of the file, and of folders that are made for it.
    fn write_for(&self, path: &str, content: &[u8], (mode, folders): (u32, u32)) -> Result<()> {
        use std::io::Write as _;
        let file = self.outside(path);
        let parent = file.parent().unwrap_or(&self.outside);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(folders)
            .create(parent)
            .map_err(|error| Error::File(parent.to_owned(), error))?;
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&file)
            .and_then(|mut open| open.write_all(content))
            .map_err(|error| Error::File(file, error))
    }

    /// Replaces a file of the scene's `/etc`: `resolv.conf`.
    pub fn etc(&self, name: &str, content: &str) -> Result<()> {
        self.write(&format!("etc/{name}"), content)
    }

    /// A listening socket inside; see [`Namespace::listen`] for the backlog.
    pub fn listen(&self, address: SocketAddr, backlog: i32) -> Result<TcpListener> {
        self.on_network(text!("listen inside"), |network| {
            network.listen(address, backlog)
        })
    }

    /// A bound UDP socket inside.
    pub fn udp(&self, address: SocketAddr) -> Result<UdpSocket> {
        self.on_network(text!("bind a UDP socket inside"), |network| {
            network.udp(address)
        })
    }

    /// The private network itself.
    pub fn network(&self, step: &'static str) -> Result<&Namespace> {
        self.namespace.as_ref().ok_or(Error::NeedsNetwork(step))
    }

    /// Does something with the private network: this step.
    pub fn on_network<T>(
        &self,
        step: &'static str,
        act: impl FnOnce(&Namespace) -> std::io::Result<T>,
    ) -> Result<T> {
        act(self.network(step)?).map_err(|error| Error::Io(step, error))
    }

    /// A folder becomes a file system with room for a page.
    pub fn small_disk(&self, folder: &str) -> Result<()> {
        self.write(&format!("{folder}/README"), "")?;
        let place = self.inside(folder);
        self.on_network(text!("mount a small disk"), |network| {
            network.memory(&place, 4096)
        })
    }

    /// A command that runs inside, in `directory` (a path inside), with an
    /// empty environment.
    pub fn command(&self, program: impl AsRef<OsStr>, directory: &Path) -> Result<Command> {
        let mut command = Command::new(program);
        command.env_clear();
        match &self.namespace {
            Some(namespace) => namespace
                .enter(&mut command, directory)
                .map_err(|error| Error::Io(text!("enter the namespaces"), error))?,
            None => tie(command.current_dir(directory)),
        }
        Ok(command)
    }

    /// A directory of links to the real `/etc` but for [`OWN_ETC`], shown in
    /// its place.
    fn own_etc(&self) -> Result<()> {
        const STEP: &str = text!("replace /etc");
        let real = self.outside("etc.real");
        let own = self.outside("etc");
        for directory in [&real, &own, &own.join("ssl/certs"), &own.join("ssh")] {
            fs::create_dir_all(directory).map_err(|error| Error::File(directory.clone(), error))?;
        }
        let step = |error| Error::Io(STEP, error);
        let bind = |from: &Path, to: &Path| self.on_network(STEP, |network| network.bind(from, to));
        bind(Path::new("/etc"), &self.inside("etc.real"))?;
        for entry in fs::read_dir("/etc").map_err(step)?.flatten() {
            let name = entry.file_name();
            if !OWN_ETC.iter().any(|own| name == *own) {
                symlink(self.inside("etc.real").join(&name), own.join(&name)).map_err(step)?;
            }
        }
        let home = self.inside("home");
        let git = self.inside("srv");
        self.etc(
            "passwd",
            &format!(
                "dev:x:{UID}:{UID}:dev:{}:/bin/sh\ngit:x:{UID}:{UID}:git:{}:/bin/sh\n\
                 nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
                home.display(),
                git.display()
            ),
        )?;
        self.etc("group", &format!("dev:x:{UID}:\nnogroup:x:65534:\n"))?;
        self.etc("hosts", "127.0.0.1 localhost\n::1 localhost\n")?;
        self.etc(
            "nsswitch.conf",
            "passwd: files\ngroup: files\nhosts: files dns\n",
        )?;
        self.etc("host.conf", "multi on\n")?;
        bind(&self.inside("etc"), Path::new("/etc"))
    }

    fn own_network(&self) -> Result<()> {
        for (address, prefix) in NETWORKS {
            self.on_network(text!("add an address"), |network| {
                network.address_v4(*address, *prefix)
            })?;
        }
        for path in RESOLVER_SOCKETS
            .iter()
            .map(Path::new)
            .filter(|path| path.is_dir())
        {
            self.on_network(text!("hide a resolver's socket"), |network| {
                network.memory(path, 4096)
            })?;
        }
        Ok(())
    }
}

fn temporary() -> Result<(tempfile::TempDir, PathBuf)> {
    let directory = tempfile::Builder::new()
        .prefix(&Cleaner::started()?.prefix)
        .tempdir()
        .map_err(|error| Error::Io(text!("make a temporary directory"), error))?;
    let root = directory
        .path()
        .canonicalize()
        .map_err(|error| Error::File(directory.path().to_owned(), error))?;
    Ok((directory, root))
}
