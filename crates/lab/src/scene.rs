//! A scene: the machine, its little internet, a user with a module, and the
//! commands that the user types.
//!
//! In: a toolchain. Healthy at first: names resolve, certificates are good,
//! repositories are open; a fault's `setup` changes what it needs before the
//! scene is opened. Out: outcomes of commands, and the journal. Everything
//! ends when the scene is dropped.

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, Once, PoisonError, mpsc};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::events::EventLog;
use crate::module::Module;
use crate::places::{PUBLIC_RESOLVERS, Place, RESOLVER};
use crate::serve::Net;
use crate::serve::dns::{self, Zone};
use crate::serve::git;
use crate::serve::http::Site;
use crate::serve::tls::{self, Authority, Host};
use crate::testbed::Testbed;
use crate::town;
use gomend_core::text;

/// Programs that every scene's PATH offers, if this machine has them.
const PROGRAMS: &[&str] = &[
    "cat",
    "env",
    "git",
    "sh",
    "sleep",
    "ssh",
    "ssh-add",
    "ssh-agent",
    "ssh-keygen",
    "ssh-keyscan",
    "true",
];

/// Longer than any time-out of go's own that a fault shows (30 s to dial).
const LIMIT: Duration = Duration::from_secs(75);

/// A Go toolchain: its `go` and what version it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The `go` program.
    pub go: PathBuf,
    /// Major, minor and patch version: 1, 27, 3.
    pub version: (u32, u32, u32),
}

impl Toolchain {
    /// Reads the version of the toolchain that this `go` belongs to (the file
    /// `VERSION` in its GOROOT). A version manager's `go` is asked where that is.
    pub fn of(go: &Path) -> Result<Self> {
        let found = go
            .canonicalize()
            .map_err(|error| Error::File(go.to_owned(), error))?;
        match Self::in_root(&found) {
            Err(error) => match goroot(&found) {
                Some(root) => Self::in_root(&root.join("bin/go")),
                None => Err(error),
            },
            toolchain => toolchain,
        }
    }

    fn in_root(go: &Path) -> Result<Self> {
        let go = go.to_owned();
        let root = go.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        let file = root.join("VERSION");
        let text = std::fs::read_to_string(&file).map_err(|error| Error::File(file, error))?;
        let mut numbers = text
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("go")
            .split(|sign: char| !sign.is_ascii_digit())
            .map(|number| number.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        Ok(Self {
            version: (next(), next(), next()),
            go,
        })
    }
}

/// Where a `go` that is a script of a version manager keeps its toolchain.
fn goroot(go: &Path) -> Option<PathBuf> {
    let output = Command::new(go)
        .args(["env", "GOROOT"])
        .env("GOTOOLCHAIN", "local")
        .env_remove("GOROOT")
        .stdin(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let root = String::from_utf8(output.stdout).ok()?;
    Path::new(root.trim()).canonicalize().ok()
}

/// The result of one command.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its exit status; that of a killed one if it didn't end in time.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub stdout: Vec<u8>,
    /// What it wrote to stderr.
    pub stderr: Vec<u8>,
    /// How long it took.
    pub elapsed: Duration,
    /// It was killed at the deadline.
    pub timed_out: bool,
}

impl Outcome {
    /// Both streams as text, stderr first.
    #[must_use]
    pub fn text(&self) -> String {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        text(&self.stderr) + &text(&self.stdout)
    }
}

/// One scene; see the module's description.
pub struct Scene {
    net: Net,
    /// The machine.
    pub world: Arc<Testbed>,
    /// The toolchain whose `go` is on PATH.
    pub toolchain: Toolchain,
    /// Resolvers by address, until the scene is opened.
    pub zones: BTreeMap<IpAddr, Zone>,
    /// HTTPS hosts by address, until the scene is opened.
    pub hosts: BTreeMap<SocketAddr, (&'static str, Host)>,
    /// The commands' environment, built from nothing.
    pub environment: BTreeMap<OsString, OsString>,
    /// PATH.
    pub path: Vec<PathBuf>,
    /// Where commands run, as seen inside.
    pub directory: PathBuf,
    /// When a command is killed.
    pub limit: Duration,
    /// Set when the repositories of the town have been made.
    pub repositories: Arc<Once>,
    kept: Vec<Box<dyn Any + Send>>,
}

impl Scene {
    /// A healthy scene with a private network, not opened yet.
    pub fn new(toolchain: &Toolchain) -> Result<Self> {
        let mut scene = Self::on(Testbed::enter()?, toolchain)?;
        scene.zones.insert(RESOLVER.into(), Zone::office());
        for resolver in PUBLIC_RESOLVERS {
            scene.zones.insert(resolver.into(), Zone::public());
        }
        scene
            .world
            .etc("resolv.conf", &format!("nameserver {RESOLVER}\n"))?;
        scene.trust(&Authority::trusted()?.root_pem())?;
        town::build(&mut scene)?;
        Ok(scene)
    }

    /// A scene without a private network: for faults that need none. What
    /// would use the real one is sent to a port where nothing listens.
    pub fn bare(toolchain: &Toolchain) -> Result<Self> {
        let mut scene = Self::on(Testbed::bare()?, toolchain)?;
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            scene.env(name, "http://127.0.0.1:9");
        }
        Ok(scene)
    }

    fn on(world: Testbed, toolchain: &Toolchain) -> Result<Self> {
        let home = world.inside("home");
        let path = vec![
            world.inside("bin"),
            toolchain.go.parent().unwrap_or(Path::new("/")).to_owned(),
        ];
        let environment = [
            ("HOME", home.clone().into_os_string()),
            ("TMPDIR", world.inside("tmp").into_os_string()),
            ("USER", "dev".into()),
            ("LOGNAME", "dev".into()),
            ("SHELL", "/bin/sh".into()),
            ("LANG", "C.UTF-8".into()),
            ("TERM", "xterm".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ];
        let scene = Self {
            net: Net::start()?,
            directory: world.inside("home/app"),
            world: Arc::new(world),
            toolchain: toolchain.clone(),
            zones: BTreeMap::new(),
            hosts: BTreeMap::new(),
            environment: environment.map(|(name, value)| (name.into(), value)).into(),
            path,
            limit: LIMIT,
            repositories: Arc::new(Once::new()),
            kept: Vec::new(),
        };
        for directory in ["home/app", "srv", "tmp", "bin"] {
            let path = scene.world.outside(directory);
            std::fs::create_dir_all(&path).map_err(|error| Error::File(path, error))?;
        }
        // Without it, go >= 1.23 starts an uploader that may outlive it.
        scene
            .world
            .write("home/.config/go/telemetry/mode", "off\n")?;
        for program in PROGRAMS {
            scene.offer(program)?;
        }
        Ok(scene)
    }

    /// Puts a program of this machine on the scene's PATH, if it is there.
    fn offer(&self, program: &str) -> Result<()> {
        let Ok(real) = which::which(program) else {
            return Ok(());
        };
        let link = self.world.outside("bin").join(program);
        symlink(real, &link).map_err(|error| Error::File(link, error))
    }

    /// Takes a program off the scene's PATH.
    pub fn without(&self, program: &str) -> Result<()> {
        let link = self.world.outside("bin").join(program);
        match std::fs::remove_file(&link) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::File(link, error))
            }
            _ => Ok(()),
        }
    }

    /// Starts all that was prepared: resolvers and hosts.
    pub fn open(&mut self) -> Result<()> {
        for (address, zone) in std::mem::take(&mut self.zones) {
            dns::resolver(&self.world, &self.net, address, zone)?;
        }
        for (address, host) in std::mem::take(&mut self.hosts) {
            tls::https(&self.world, &self.net, address, host)?;
        }
        Ok(())
    }

    /// A prepared HTTPS host, to be changed.
    ///
    /// # Panics
    ///
    /// If none was prepared there, or the scene is open.
    pub fn host(&mut self, place: Place) -> &mut Host {
        let address = SocketAddr::from((place.address, 443));
        &mut self
            .hosts
            .get_mut(&address)
            .expect("the town has a host at each place")
            .1
    }

    /// Lets a place serve this, with a good certificate.
    pub fn serve(&mut self, place: Place, site: Site) {
        self.serve_at(place, 443, site);
    }

    /// The same on another port.
    pub(crate) fn serve_at(&mut self, place: Place, port: u16, site: Site) {
        self.hosts
            .insert((place.address, port).into(), (place.name, Host::good(site)));
    }

    /// The forge's repository of the public module, before git first asks: with these versions.
    pub(crate) fn repository_of_widget(&self, versions: &[Module]) -> Result<()> {
        let tags: Vec<_> = versions
            .iter()
            .map(|module| (module.version, module.files))
            .collect();
        let mut made = Ok(());
        self.repositories
            .call_once(|| made = git::repository(&self.world, "acme/widget", &tags));
        made
    }

    /// Takes a place's HTTPS server away.
    pub fn close(&mut self, place: Place) {
        self.hosts.remove(&SocketAddr::from((place.address, 443)));
    }

    /// The thread that serves, for servers of a fault's own.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// What the servers saw.
    #[must_use]
    pub fn journal(&self) -> &EventLog {
        &self.net.journal
    }

    /// Keeps a value until the scene ends.
    pub fn keep(&mut self, value: impl Any + Send) {
        self.kept.push(Box::new(value));
    }

    /// The certificates that the machine trusts: Go and git alike.
    pub fn trust(&self, pem: &str) -> Result<()> {
        self.world.etc("ssl/certs/ca-certificates.crt", pem)
    }

    /// Sets an environment variable.
    pub fn env(&mut self, name: &str, value: impl AsRef<OsStr>) {
        self.environment.insert(name.into(), value.as_ref().into());
    }

    /// Sets a go setting as `go env -w` does.
    pub fn go_env(&self, name: &str, value: &str) -> Result<()> {
        const FILE: &str = "home/.config/go/env";
        let former = std::fs::read_to_string(self.world.outside(FILE)).unwrap_or_default();
        self.world.write(FILE, format!("{former}{name}={value}\n"))
    }

    /// The user's git configuration, added to.
    pub fn git_config(&self, text: &str) -> Result<()> {
        const FILE: &str = "home/.gitconfig";
        let former = std::fs::read_to_string(self.world.outside(FILE)).unwrap_or_default();
        self.world.write(FILE, former + text)
    }

    /// Writes the user's module: it requires these and imports the first.
    pub fn app(&self, required: &[&Module]) -> Result<()> {
        let lines = |line: &dyn Fn(&Module) -> String| -> String {
            required.iter().map(|module| line(module)).collect()
        };
        let needs = lines(&|module| {
            format!(
                "
require {} {}
",
                module.path, module.version
            )
        });
        let imports = lines(&|module| {
            format!(
                "import _ \"{}\"
",
                module.path
            )
        });
        let go_mod = format!(
            "module example.com/app

go 1.21
{needs}"
        );
        let main = format!(
            "package main

{imports}
func main() {{}}
"
        );
        self.world.write("home/app/go.mod", go_mod)?;
        self.world.write("home/app/main.go", main)
    }

    /// A command of the user, ready to be changed and started: stdin is empty,
    /// both other streams are pipes. `argv[0]` is looked up in the scene's PATH.
    pub fn command(&self, argv: &[&str]) -> Result<Command> {
        let program = argv.first().copied().unwrap_or_default();
        let path = std::env::join_paths(&self.path)
            .map_err(|_| Error::Io(text!("join PATH"), std::io::ErrorKind::InvalidInput.into()))?;
        let mut command = self.world.command(self.find(program), &self.directory)?;
        command
            .args(argv.iter().skip(1))
            .envs(&self.environment)
            .env("PATH", path)
            .env("PWD", &self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }

    /// The first entry of PATH with this program; paths are inside paths.
    fn find(&self, program: &str) -> PathBuf {
        let inside = self.world.inside("");
        let exists = |path: &PathBuf| match path.strip_prefix(&inside) {
            Ok(below) => self.world.outside(below).symlink_metadata().is_ok(),
            Err(_) => path.exists(),
        };
        let found = self
            .path
            .iter()
            .map(|entry| entry.join(program))
            .find(exists);
        found.unwrap_or_else(|| program.into())
    }

    /// Runs a command of the user to its end or to the deadline.
    pub fn run(&self, argv: &[&str]) -> Result<Outcome> {
        self.finish(self.command(argv)?)
    }

    /// Runs a prepared command to its end or to the deadline.
    pub fn finish(&self, mut command: Command) -> Result<Outcome> {
        let failed = |error| Error::Io(text!("run a command"), error);
        let start = Instant::now();
        let mut child = command.spawn().map_err(failed)?;
        let stdout = Capture::of(child.stdout.take());
        let stderr = Capture::of(child.stderr.take());
        let (status, timed_out) = wait(&mut child, start + self.limit).map_err(failed)?;
        let elapsed = start.elapsed();
        Ok(Outcome {
            status,
            stdout: stdout.end(),
            stderr: stderr.end(),
            elapsed,
            timed_out,
        })
    }
}

impl std::fmt::Debug for Scene {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene")
            .field("world", &self.world)
            .field("toolchain", &self.toolchain)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// Waits until the child ends; kills it at the deadline.
fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<(ExitStatus, bool)> {
    /// Std waits without a limit or not at all; go takes 20 ms at least.
    const STEP: Duration = Duration::from_millis(5);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok((status, false));
        }
        if Instant::now() >= deadline {
            child.kill()?;
            return Ok((child.wait()?, true));
        }
        std::thread::sleep(STEP);
    }
}

/// Reads a stream on a thread of its own, so that a grandchild that keeps it
/// open holds nobody up.
struct Capture {
    bytes: Arc<Mutex<Vec<u8>>>,
    ended: mpsc::Receiver<()>,
}

impl Capture {
    fn of(stream: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (sender, ended) = mpsc::channel();
        let into = Arc::clone(&bytes);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            let Some(mut stream) = stream else {
                return drop(sender);
            };
            while let Ok(size @ 1..) = stream.read(&mut buffer) {
                let mut into = into.lock().unwrap_or_else(PoisonError::into_inner);
                into.extend_from_slice(&buffer[..size]);
            }
            drop(sender);
        });
        Self { bytes, ended }
    }

    /// What was read; waits half a second for a stream that is still open.
    fn end(self) -> Vec<u8> {
        // Both "closed" and "still open" are fine.
        let _ = self.ended.recv_timeout(Duration::from_millis(500));
        std::mem::take(&mut self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
