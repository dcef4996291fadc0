//! Fixes are real: in the laboratory a fault makes go fail, `gomend fix` mends it, the very same
//! command succeeds, and `gomend undo` restores every byte and the failure.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gomend::lab::{Fault, Outcome, Scene, Toolchain};

use crate::support::terminal::Terminal;
use crate::support::{How, LATEST, gocache, goroot, shims};

/// How a fix is carried out.
#[derive(Clone, Copy)]
enum By {
    /// `gomend fix ID --yes`.
    Yes,
    /// The menu, on a terminal: it touches whom the user trusts, or its trial goes further than the
    /// failed run did.
    Menu,
    /// The menu, with this user name and token.
    Secret(&'static str, &'static str),
}

/// A fault, the fix that mends it, and how it is carried out.
struct Case {
    fault: &'static str,
    fix: &'static str,
    by: By,
}

const fn case(fault: &'static str, fix: &'static str, by: By) -> Case {
    Case { fault, fix, by }
}

const GOOD: By = By::Secret("dev", "correct-horse");

/// Every fault that a file of this user can mend.
const CASES: &[Case] = &[
    case("private-via-proxy", "goprivate", By::Yes),
    case("private-via-proxy-410", "goprivate", By::Yes),
    case("private-via-sumdb", "goprivate", By::Yes),
    case("goproxy-invalid", "reset-setting", By::Menu),
    case("vcs-disallowed", "govcs", By::Menu),
    case("cache-corrupt-git", "cache-repository", By::Yes),
    case("cache-corrupt-zip", "cache-download", By::Menu),
    case("git-config-broken", "git-config-line", By::Yes),
    case("git-rewrite-broken", "git-rewrite", By::Yes),
    case("vcs-stamping", "no-vcs-stamping", By::Yes),
    case("missing-go-sum", "go-sum", By::Menu),
    case("ssh-key-refused", "https-for-org", By::Yes),
    case("ssh-no-key", "https-for-org", By::Yes),
    case("ssh-host-key-unknown", "https-for-org", By::Yes),
    case("ssh-port-blocked", "https-for-org", By::Yes),
    case("ssh-refused", "https-for-org", By::Yes),
    case("ssh-missing", "https-for-org", By::Yes),
    case("https-credentials-for-git-only", "goauth-git", By::Menu),
    case("dubious-ownership", "safe-directory", By::Menu),
    case("https-no-credentials", "store-credentials", GOOD),
    case("https-credentials-for-go-only", "store-credentials", GOOD),
    case("https-credentials-refused", "replace-credentials", GOOD),
    case("netrc-with-port", "store-credentials", GOOD),
    case("goproxy-off", "goproxy-default", By::Menu),
    case("proxy-down", "proxy-unset", By::Menu),
    case("proxy-typo", "proxy-unset", By::Menu),
    case("proxy-scheme", "proxy-value", By::Menu),
    case("proxy-no-proxy-dialect", "no-proxy", By::Menu),
    case("proxy-required", "proxy-set", By::Menu),
    case("proxy-git-only", "proxy-set", By::Menu),
    case("dns-typo", "goproxy-default", By::Menu),
    case("tls-private-ca", "trust-ca", By::Menu),
    case("tls-self-signed", "trust-ca", By::Menu),
    case("tls-inspection-go", "ca-for-go", By::Menu),
    case("tls-inspection-git", "ca-for-git", By::Menu),
    case("tls-ml-kem", "no-mlkem", By::Menu),
    case("git-missing", "git-on-path", By::Yes),
    case("git-rewrite-path", "git-rewrite", By::Yes),
    case("git-lock-left", "stale-lock", By::Yes),
    case("git-proxy-down", "proxy-unset", By::Menu),
    case("goproxy-typo", "repair-setting", By::Menu),
    case("gomodcache-unwritable", "default-place", By::Menu),
    case("ssh-key-open", "ssh-modes", By::Menu),
    case("git-proxy-included", "proxy-unset", By::Yes),
    case("git-rewrite-host", "git-rewrite", By::Yes),
    case("ssh-hostname", "ssh-setting", By::Yes),
    case("goproxy-near-name", "repair-setting", By::Yes),
    case("gotmpdir-missing", "reset-setting", By::Yes),
    case("go111module-off", "reset-setting", By::Yes),
    case("go-sum-conflict", "go-sum-lines", By::Yes),
    case("vendor-stale", "mod-vendor", By::Yes),
];

/// A terminal of its own for a command in a scene.
pub(crate) fn on_terminal(scene: &Scene, words: &[&str]) -> Terminal {
    let setsid = which::which("setsid").unwrap();
    let words = [
        &[setsid.to_str().unwrap(), "--ctty", "--wait"],
        LOGIN,
        words,
    ]
    .concat();
    Terminal::of(scene.command(&words).unwrap())
}

/// Presses the first fix of the menu and agrees to it.
pub(crate) fn agree(desk: &Desk, id: &str) -> (How, String) {
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", id]);
    screen.wait_for("do it");
    screen.press("y");
    screen.end()
}

/// Runs its arguments as a login shell's child would run.
pub(crate) const LOGIN: &[&str] = &[
    "sh",
    "-c",
    "if [ -f ~/.profile ]; then . ~/.profile; fi; exec \"$@\"",
    "sh",
];

/// Files with their mode and content.
pub(crate) type Picture = BTreeMap<PathBuf, (u32, Vec<u8>)>;

/// A user in front of a fault.
pub(crate) struct Desk {
    /// The machine.
    pub(crate) scene: Scene,
    command: Vec<String>,
}

impl Desk {
    pub(crate) fn new(fault: &str) -> Self {
        Self::changed(fault, |_| {})
    }

    /// A fault with something changed before the servers start.
    pub(crate) fn changed(fault: &str, change: impl FnOnce(&mut Scene)) -> Self {
        let fault = Fault::of(fault).unwrap_or_else(|| panic!("no fault {fault}"));
        let toolchain = Toolchain::of(&goroot(LATEST).join("bin/go")).unwrap();
        let healthy = Scene::new(&toolchain);
        let mut scene = match healthy {
            Err(_) if !fault.needs.network => Scene::bare(&toolchain).unwrap(),
            scene => scene.unwrap(),
        };
        (fault.setup)(&mut scene).unwrap();
        change(&mut scene);
        if fault.command.contains(&"build") {
            keep_built(&scene);
        }
        Self::at(scene, fault.command)
    }

    /// A user who types `command` in a scene that is set up and not opened yet.
    pub(crate) fn at(mut scene: Scene, command: &[&str]) -> Self {
        scene.open().unwrap();
        scene.path.insert(0, shims().to_owned());
        // as a user sets them: in a file that gomend can find
        for name in ["HTTPS_PROXY", "NO_PROXY"] {
            if let Some(value) = scene.environment.remove(std::ffi::OsStr::new(name)) {
                let profile = scene.world.outside("home/.profile");
                let former = fs::read_to_string(&profile).unwrap_or_default();
                let line = format!("{former}export {name}={}\n", value.to_str().unwrap());
                scene.world.write("home/.profile", line, false).unwrap();
            }
        }
        let report = scene.world.inside("report.json");
        scene.env("GOMEND_REPORT", report);
        // as if a login shell had started it: what a fix writes to a start-up file holds
        let command = LOGIN.iter().chain(command).map(|word| (*word).to_owned());
        Self {
            command: command.collect(),
            scene,
        }
    }

    /// The user's own command.
    pub(crate) fn go(&self) -> Outcome {
        let words: Vec<&str> = self.command.iter().map(String::as_str).collect();
        self.ended(&words)
    }

    pub(crate) fn gomend(&self, args: &[&str]) -> Outcome {
        self.ended(&[LOGIN, &["gomend"], args].concat())
    }

    /// A command that comes to its own end: one that was killed says nothing of a fix.
    fn ended(&self, words: &[&str]) -> Outcome {
        let outcome = self.scene.run(words).unwrap();
        assert!(
            !outcome.timed_out,
            "{words:?} did not end within {:?}: {}",
            self.scene.limit,
            outcome.text()
        );
        outcome
    }

    pub(crate) fn report(&self) -> serde_json::Value {
        let json = fs::read(self.scene.world.outside("report.json")).unwrap_or_default();
        serde_json::from_slice(&json).unwrap_or_default()
    }

    /// Forgets what go has downloaded; what it has built stays.
    pub(crate) fn forget(&self) {
        remove(&self.scene.world.outside("home/go"));
    }

    /// Every file of the home but for caches and gomend's own state.
    pub(crate) fn picture(&self) -> Picture {
        self.without(&["go", ".cache", ".local"])
    }

    /// The same with what go has downloaded.
    pub(crate) fn whole_picture(&self) -> Picture {
        self.without(&[".cache", ".local"])
    }

    fn without(&self, skipped: &[&str]) -> Picture {
        let home = self.scene.world.outside("home");
        let mut files = BTreeMap::new();
        let mut folders = vec![home.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                let below = path.strip_prefix(&home).unwrap().to_owned();
                if skipped.iter().any(|name| below == Path::new(name)) {
                    continue;
                }
                let bytes = if metadata.is_file() {
                    fs::read(&path).unwrap()
                } else {
                    Vec::new()
                };
                files.insert(below, (metadata.permissions().mode(), bytes));
                if metadata.is_dir() {
                    folders.push(path);
                }
            }
        }
        files
    }

    /// Every file below the scene's directory that holds this text.
    pub(crate) fn holders(&self, text: &str) -> Vec<PathBuf> {
        let root = self.scene.world.outside("");
        let mut holders = Vec::new();
        let mut folders = vec![root.join("home"), root.join("tmp")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() && !path.is_symlink() {
                    folders.push(path);
                } else if fs::read(&path).is_ok_and(|bytes| {
                    bytes
                        .windows(text.len())
                        .any(|window| window == text.as_bytes())
                }) {
                    holders.push(path.strip_prefix(&root).unwrap().to_owned());
                }
            }
        }
        holders
    }
}

/// The build cache is that of all tests: on a busy machine the standard library takes longer to build
/// than a scene's command may.
pub(crate) fn keep_built(scene: &Scene) {
    let caches = scene.world.outside("home/.cache");
    if !caches.exists() {
        fs::create_dir(&caches).unwrap();
        std::os::unix::fs::symlink(gocache(LATEST), caches.join("go-build")).unwrap();
    }
}

/// Removes a tree that may be read-only, as go leaves it.
pub(crate) fn remove(path: &Path) {
    if path.is_dir() && !path.is_symlink() {
        let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            remove(&entry.path());
        }
        let _ = fs::remove_dir(path);
    } else {
        let _ = fs::remove_file(path);
    }
}

/// Carries the fix out; what went wrong, if anything did.
fn mend(desk: &Desk, case: &Case) -> Result<(), String> {
    if let By::Yes = case.by {
        let outcome = desk.gomend(&["fix", case.fix, "--yes"]);
        return match outcome.status.code() {
            Some(0) => Ok(()),
            code => Err(format!("fix ended with {code:?}: {}", outcome.text())),
        };
    }
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix", case.fix]);
    // what go has worked out is shown before it is written
    let steps = match case.fix {
        "go-sum" => &[("do it", "y"), ("go.sum", ""), ("do it", "y")][..],
        _ => &[("do it", "y")],
    };
    if let By::Secret(login, token) = case.by {
        for &(text, keys) in steps {
            if !screen.comes(text) {
                return Err(format!("no {text:?}: {}", screen.end().1));
            }
            screen.press(keys);
        }
        for text in ["User name", "Token or password"] {
            if !screen.comes(text) {
                return Err(format!("no {text:?}: {}", screen.end().1));
            }
            if text == "User name" {
                screen.press(&format!("\u{15}{login}\r"));
            } else {
                screen.type_unseen(token);
            }
        }
    } else {
        for &(text, keys) in steps {
            if !screen.comes(text) {
                return Err(format!("no {text:?}: {}", screen.end().1));
            }
            screen.press(keys);
        }
    }
    let (how, text) = screen.end();
    if let By::Secret(_, token) = case.by
        && text.contains(token)
    {
        return Err(format!("the token is on the screen: {text}"));
    }
    if how == How::Code(0) {
        Ok(())
    } else {
        Err(format!("fix ended with {how:?}: {text}"))
    }
}

/// What is wrong with a case; empty if it holds.
fn complaint(case: &Case) -> String {
    let desk = Desk::new(case.fault);
    let is_cache = case.fix.starts_with("cache-") || case.fix == "stale-lock";
    let failed = desk.go();
    let mut text = String::new();
    if failed.status.success() {
        let _ = writeln!(text, "it does not fail at first");
    }
    let untouched = desk.picture();
    let report = desk.report();
    let known: Vec<&str> = report["fixes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|fix| fix["id"].as_str())
        .collect();
    if !known.contains(&case.fix) {
        return format!(
            "{text}no such fix for {} ({}), {}: {known:?}\n{}",
            report["cause"],
            report["reason"],
            report["target"],
            failed.text()
        );
    }
    if let Err(error) = mend(&desk, case) {
        let (named, why, target) = (&report["cause"], &report["reason"], &report["target"]);
        let offered = desk.gomend(&["fix", case.fix]).text();
        let _ = writeln!(text, "{error}\n{named}: {why}: {target}\n{offered}");
        if desk.picture() != untouched {
            let _ = writeln!(text, "and something was left behind");
        }
        return text;
    }
    if !is_cache {
        desk.forget();
    }
    let fixed = desk.picture();
    let mended = desk.go();
    let ran = desk.picture();
    if !mended.status.success() {
        let _ = writeln!(text, "it still fails: {}", mended.text());
    }
    if let By::Secret(_, token) = case.by {
        let holders = desk.holders(token);
        let known = |path: &PathBuf| {
            path == Path::new("home/.netrc") || path == Path::new("home/secrets/netrc")
        };
        if !holders.iter().all(known) {
            let _ = writeln!(text, "the token stands in {holders:?}");
        }
    }
    let undone = desk.gomend(&["undo"]);
    if undone.status.code() != Some(0) {
        let _ = writeln!(text, "undo: {}", undone.text());
    }
    let after = desk.picture();
    for (path, now) in &after {
        let by_go = fixed.get(path) != ran.get(path); // what it builds, and go.sum
        if untouched.get(path) != Some(now) && !by_go {
            let _ = writeln!(text, "undo left {} different", path.display());
        }
    }
    for path in untouched.keys().filter(|path| !after.contains_key(*path)) {
        let _ = writeln!(text, "undo took {} away", path.display());
    }
    if is_cache {
        // what go needs the repository for
        remove(
            &desk
                .scene
                .world
                .outside("home/go/pkg/mod/cache/download/git.corp.example"),
        );
        remove(&desk.scene.world.outside("home/go/pkg/mod/git.corp.example"));
        let clones = desk.scene.world.outside("home/go/pkg/mod/cache/vcs");
        for clone in fs::read_dir(clones).into_iter().flatten().flatten() {
            remove(&clone.path().join("refs/tags/v1.2.3"));
            let objects = fs::read_dir(clone.path().join("objects"));
            for object in objects.into_iter().flatten().flatten() {
                remove(&object.path());
            }
        }
    } else {
        desk.forget();
    }
    if desk.go().status.success() {
        let _ = writeln!(text, "after undo it does not fail any more");
    }
    text
}

/// Cases that are named in `GOMEND_CASES`, else all.
fn wanted() -> Vec<&'static Case> {
    let named = std::env::var("GOMEND_CASES").unwrap_or_default();
    CASES
        .iter()
        .filter(|case| named.is_empty() || named.split(',').any(|name| name == case.fault))
        .collect()
}

#[test]
fn fixes_mend_and_undo_restores_the_fault() {
    /// A trial has five seconds: more at a time would make a slow machine look like a bad fix.
    const WORKERS: usize = 2;
    let queue = Mutex::new(wanted().into_iter().collect::<VecDeque<_>>());
    let failures = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = { queue.lock().unwrap().pop_front() } {
                    let complaint = complaint(case);
                    if !complaint.is_empty() {
                        let _ = writeln!(
                            failures.lock().unwrap(),
                            "== {} by {}\n{complaint}",
                            case.fault,
                            case.fix
                        );
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures}");
}
