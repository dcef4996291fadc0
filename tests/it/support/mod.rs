//! Sandboxes: a folder, an environment built from nothing, a go with or without gomend before it.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod event;
pub(crate) mod home;
pub(crate) mod scene;
pub(crate) mod terminal;

use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};

use rustix::process::Signal;
use tempfile::TempDir;

/// Rows of a table, each a test of its own: its name, and what the check is called with.
macro_rules! rows {
    ($(#[$meta:meta])* $module:ident = $check:path; $($name:ident: $($argument:expr),+;)+) => {
        $(#[$meta])*
        mod $module {
            #[allow(unused_imports, reason = "not every row names something")]
            use super::*;

            $(#[test]
            fn $name() {
                $check($($argument),+);
            })+
        }
    };
}

/// The same for faults of the laboratory, which are named by their ids.
macro_rules! faults {
    ($(#[$meta:meta])* $module:ident = $check:ident; $($name:ident)+) => {
        $(#[$meta])*
        mod $module {
            $(#[test]
            fn $name() {
                super::$check(&stringify!($name).replace('_', "-"));
            })+
        }
    };
}

/// Calls a macro with every fault of the laboratory behind what it is given.
macro_rules! with_every_fault {
    ($callback:ident! { $($before:tt)* }) => {
        $callback! {
            $($before)*
            https_no_credentials https_credentials_for_go_only https_credentials_for_git_only https_credentials_refused
            https_forbidden https_repo_not_found ssh_key_refused ssh_no_key ssh_key_open ssh_host_key_unknown
            ssh_host_key_changed ssh_repo_not_found ssh_port_blocked ssh_refused dns_typo dns_no_address dns_split
            dns_filtered dns_hidden dns_forged dns_forged_page dns_hosts_file dns_hosts_families dns_nsswitch
            https_proxy_407 dns_servfail dns_refused dns_servfail_ssh dns_silent dns_slow dns_resolver_down
            dns_resolver_unreachable dubious_ownership vcs_stamping cache_corrupt_git cache_corrupt_zip
            git_config_broken git_rewrite_broken git_rewrite_path git_lock_left disk_full permission_denied
            gomodcache_unwritable no_home unknown_revision vanity_404 vanity_sign_in module_path_mismatch
            package_missing ambiguous_import checksum_mismatch retag retag_at_proxy go_sum_differs cache_differs
            missing_go_sum invalid_version vcs_disallowed insecure_protocol ping_refused toolchain_unavailable
            toolchain_version toolchain_language toolchain_not_at_proxy toolchain_sumdb_off toolchain_not_in_sumdb
            go_too_old tcp_unanswered tcp_unanswered_git tcp_refused tcp_refused_git tcp_unreachable tcp_host_down
            tcp_ipv6 tcp_reset tcp_closed sni_filter proxy_required proxy_git_only proxy_no_proxy_dialect proxy_407
            proxy_407_git proxy_403 socks5_refuses proxy_down git_proxy_down proxy_typo proxy_scheme private_via_proxy
            private_via_proxy_410 private_via_sumdb sumdb_down goproxy_401 netrc_with_port goproxy_403 goproxy_curation
            goproxy_403_silent goproxy_403_country egress_403 fresh_tag fresh_tag_sumdb goproxy_502 goproxy_transient
            goproxy_html goproxy_bad_json goproxy_off goproxy_invalid goproxy_typo git_proxy_included git_rewrite_host
            ssh_hostname goproxy_near_name gotmpdir_missing go111module_off go_sum_conflict vendor_stale tls_inspection
            tls_inspection_go tls_inspection_git tls_no_bundle tls_private_ca tls_self_signed tls_no_intermediate
            tls_expired tls_not_yet_valid tls_clock tls_wrong_name tls_common_name captive_portal tls_plain_http tls_cut
            tls_cut_git tls_reset tls_stalled tls_ml_kem tls_ml_dsa tls_old tls_alert git_missing hg_missing ssh_missing
            git_cut zip_cut flaky_proxy http2_reset http2_goaway http2_stalled git_429 goproxy_429 git_503 vanity_500
        }
    };
}

/// The Go versions that behaviours are compared with.
pub(crate) const VERSIONS: [&str; 3] = ["1.27.3", "1.24.11", "1.21.13"];
/// The one that most tests take.
pub(crate) const LATEST: &str = VERSIONS[0];
/// Longer than anything here takes: a test that waits for so long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The GOROOT of a Go version.
pub(crate) fn goroot(version: &str) -> PathBuf {
    let toolchains = std::env::var_os("GOMEND_TOOLCHAINS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/toolchains"),
        PathBuf::from,
    );
    let goroot = toolchains.join(version).join("go");
    assert!(
        goroot.join("bin/go").is_file(),
        "Go {version} is not in {}: run tests/setup, or set GOMEND_TOOLCHAINS",
        toolchains.display()
    );
    goroot
}

/// A program that tests/setup brings without installing it, else as it is on PATH.
pub(crate) fn tool(name: &str) -> PathBuf {
    let tools = std::env::var_os("GOMEND_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools"),
        PathBuf::from,
    );
    let program = tools.join(name);
    if program.is_file() {
        return program;
    }
    which::which(name).unwrap_or_else(|_| {
        panic!(
            "{name} is neither in {} nor on PATH: run tests/setup",
            tools.display()
        )
    })
}

/// Whoever starts tests with signals ignored (nohup, a job in the background, some CI) hands that on to every program
/// below: what is caught is back at its default there, and here it has no effect still.
pub(crate) fn hear_signals() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        for signal in [Signal::HUP, Signal::INT, Signal::QUIT] {
            let number = signal.as_raw();
            if ignored.unwrap_or(0) >> (number - 1) & 1 == 1 {
                signal_hook::flag::register(number, Arc::default()).unwrap();
            }
        }
    });
}

/// A folder with the shim `go` and `gomend`, as `gomend install` writes them; one per build.
pub(crate) fn shims() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let gomend = Path::new(env!("CARGO_BIN_EXE_gomend"));
        let built = fs::metadata(gomend).unwrap().modified().unwrap();
        let key = built.duration_since(UNIX_EPOCH).unwrap().as_nanos();
        made_once(&format!("shims-{key}"), |folder| {
            let install = Command::new(gomend)
                .args(["install", "--shell", "none", "--dir"])
                .arg(folder)
                .output()
                .unwrap();
            assert!(install.status.success(), "{install:?}");
        })
    })
}

/// The stand-in for go (`probe.c`).
pub(crate) fn probe() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let source = include_bytes!("probe.c");
        let hash = source
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
            });
        made_once(&format!("probe-{hash:x}"), |folder| {
            compile_c(source, &folder.join("probe"));
        })
        .join("probe")
    })
}

/// Compiles a C program with `$CC` (default `cc`).
pub(crate) fn compile_c(source: &[u8], to: &Path) {
    let cc = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let file = to.with_extension("c");
    fs::write(&file, source).unwrap();
    let compiled = Command::new(cc)
        .args(["-O1", "-o"])
        .arg(to)
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
}

/// Compiled packages of the standard library, which tests share, and nothing else.
pub(crate) fn gocache(version: &str) -> PathBuf {
    made_once(&format!("gocache-{version}"), |_| {})
}

/// A folder below target/tmp that is complete or not there, whoever else makes it just now.
fn made_once(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = parent.join(name);
    if !folder.exists() {
        let fresh = tempfile::Builder::new()
            .prefix(name)
            .tempdir_in(parent)
            .unwrap();
        make(fresh.path());
        if fs::rename(fresh.path(), &folder).is_ok() {
            let _ = fresh.keep();
        }
    }
    folder
}

/// A private world: HOME, caches, a working folder, and one go.
pub(crate) struct Sandbox {
    folder: TempDir,
    /// The folder of the real go.
    pub(crate) bin: PathBuf,
    real: bool,
    vars: Vec<(OsString, Option<OsString>)>,
}

impl Sandbox {
    /// With a real Go.
    pub(crate) fn with_go(version: &str) -> Self {
        let sandbox = Self::empty(goroot(version).join("bin"), true);
        sandbox.write("work/go.mod", "module example.com/work\n\ngo 1.21\n");
        sandbox.write("work/main.go", "package main\n\nfunc main() {}\n");
        // go's telemetry would go on in a process of its own, and write into a folder that is being deleted
        sandbox.write("home/.config/go/telemetry/mode", "off");
        sandbox.var("GOCACHE", gocache(version))
    }

    /// With the stand-in, which does what `commands` says (see `probe.c`).
    pub(crate) fn with_probe(commands: &str) -> Self {
        let sandbox = Self::empty(PathBuf::new(), false);
        let bin = sandbox.path("bin");
        fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(probe(), bin.join("go")).unwrap();
        let probe = commands.replace("$D", &sandbox.path("").to_string_lossy());
        let mut sandbox = sandbox.var("PROBE", probe.trim_end_matches('/'));
        sandbox.bin = bin;
        sandbox
    }

    fn empty(bin: PathBuf, real: bool) -> Self {
        hear_signals();
        let folder = tempfile::Builder::new()
            .prefix("gomend-it")
            .tempdir()
            .unwrap();
        for name in ["home", "work", "tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self {
            folder,
            bin,
            real,
            vars: Vec::new(),
        }
    }

    /// Sets a variable for everything that runs here.
    pub(crate) fn var(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.vars
            .push((name.into(), Some(value.as_ref().to_owned())));
        self
    }

    /// Takes a variable away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.vars.push((name.into(), None));
        self
    }

    /// A path in the sandbox's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes an executable file.
    pub(crate) fn script(&self, name: &str, content: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.write(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// gomend, with the sandbox's environment and nothing else.
    pub(crate) fn gomend_command(&self, args: &[&str]) -> Command {
        let program = Command::new(env!("CARGO_BIN_EXE_gomend"));
        let mut command = self.direct().environment(program);
        command.args(args);
        command
    }

    /// Runs gomend to its end.
    pub(crate) fn gomend(&self, args: &[&str]) -> Ended {
        self.gomend_command(args).output().unwrap().into()
    }

    /// Puts a shell script into the place of the stand-in.
    pub(crate) fn go_script(&self, script: &str) {
        fs::remove_file(self.path("bin/go")).unwrap(); // a link, which would be followed
        self.script("bin/go", &format!("#!/bin/sh\n{script}\n"));
    }

    /// What a file in the sandbox holds.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// go without gomend.
    pub(crate) fn direct(&self) -> Go<'_> {
        Go {
            sandbox: self,
            shims: None,
        }
    }

    /// go through the shim.
    pub(crate) fn shimmed(&self) -> Go<'_> {
        self.through(shims())
    }

    /// go through the `go` in another folder.
    pub(crate) fn through(&self, shims: &Path) -> Go<'_> {
        Go {
            sandbox: self,
            shims: Some(shims.to_owned()),
        }
    }

    /// Does the same with and without gomend; what comes out must be the same.
    pub(crate) fn same<T: PartialEq + Debug>(&self, act: impl Fn(&Go<'_>) -> T) -> T {
        let direct = act(&self.direct());
        let shimmed = act(&self.shimmed());
        assert_eq!(shimmed, direct, "with gomend (left) and without it (right)");
        shimmed
    }
}

/// One way to start go.
pub(crate) struct Go<'a> {
    /// Where it runs.
    pub(crate) sandbox: &'a Sandbox,
    shims: Option<PathBuf>,
}

impl Go<'_> {
    /// The program that `go` is here.
    pub(crate) fn program(&self) -> PathBuf {
        self.shims
            .as_deref()
            .unwrap_or(&self.sandbox.bin)
            .join("go")
    }

    /// Whether gomend stands before it.
    pub(crate) fn is_shimmed(&self) -> bool {
        self.shims.is_some()
    }

    /// The PATH on which `go` is that program.
    pub(crate) fn search_path(&self) -> OsString {
        let mut path = OsString::new();
        for folder in self.shims.iter().chain([&self.sandbox.bin]) {
            path.push(folder);
            path.push(":");
        }
        path.push("/usr/local/bin:/usr/bin:/bin");
        path
    }

    /// `go ARGS`, with the sandbox's environment and nothing else.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = self.environment(Command::new(self.program()));
        command.args(args);
        command
    }

    /// A shell's command line in which `go` is that program.
    pub(crate) fn sh(&self, line: &str) -> Command {
        let mut command = self.environment(Command::new("/bin/sh"));
        command.args(["-c", line]);
        command
    }

    /// Any program with the sandbox's environment.
    pub(crate) fn environment(&self, mut command: Command) -> Command {
        let here = |name: &str| self.sandbox.path(name);
        command
            .env_clear()
            .env("PATH", self.search_path())
            .env("HOME", here("home"))
            .env("TMPDIR", here("tmp"))
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .current_dir(here("work"));
        if self.sandbox.real {
            command
                .env("GOPATH", here("gopath"))
                .env("GOFLAGS", "-modcacherw")
                .env("GOPROXY", "off")
                .env("GOTOOLCHAIN", "local")
                .env("GOTELEMETRY", "off");
        }
        for (name, value) in &self.sandbox.vars {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs `go ARGS` to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Ended {
        self.command(args).output().unwrap().into()
    }

    /// Runs a shell's command line to its end.
    pub(crate) fn run_sh(&self, line: &str) -> Ended {
        self.sh(line).output().unwrap().into()
    }
}

/// How a program ended, and what it said.
#[derive(PartialEq, Eq)]
pub(crate) struct Ended {
    /// Exit code or signal.
    pub(crate) how: How,
    /// All of stdout.
    pub(crate) stdout: Vec<u8>,
    /// All of stderr.
    pub(crate) stderr: Vec<u8>,
}

/// Exit code or signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Exit code.
    Code(i32),
    /// Signal.
    Signal(i32),
}

impl From<ExitStatus> for How {
    fn from(status: ExitStatus) -> Self {
        match status.code() {
            Some(code) => Self::Code(code),
            None => Self::Signal(status.signal().expect("a code or a signal")),
        }
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            how: output.status.into(),
            stdout: output.stdout,
            stderr: output.stderr,
        }
    }
}

impl Ended {
    /// stderr as text.
    pub(crate) fn words(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// stdout as text.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Both streams as text, stdout first.
    pub(crate) fn text(&self) -> String {
        self.said() + &self.words()
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.how, How::Code(code), "{self:?}");
        self
    }
}

impl Debug for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text =
            |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(4000)]).into_owned();
        write!(
            f,
            "{:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.how,
            text(&self.stdout),
            text(&self.stderr)
        )
    }
}

/// The lines of a probe's dump that start with `word`, without it.
pub(crate) fn dumped(dump: &[u8], word: &str) -> Vec<Vec<u8>> {
    let word = format!("{word} ");
    dump.split(|&byte| byte == 0)
        .filter_map(|line| line.strip_prefix(word.as_bytes()))
        .map(<[u8]>::to_vec)
        .collect()
}

/// What `gomend explain --offline` makes of a text, in a home where nothing else is.
pub(crate) fn explained(text: &str) -> serde_json::Value {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gomend"))
        .args(["explain", "--offline", "--json", "-"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    Ended::from(child.wait_with_output().unwrap()).json()
}

/// Makes a pipe with a name.
pub(crate) fn mkfifo(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Bytes as an argument.
pub(crate) fn raw(bytes: &[u8]) -> &OsStr {
    OsStr::from_bytes(bytes)
}
