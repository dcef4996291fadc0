//! Fixes are real: in the laboratory a fault makes go fail, `gomend fix` mends it, the very same
//! command succeeds, and `gomend undo` restores every byte and the failure.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use gomend::lab::{Outcome, Scene};
use serde_json::Value;

use crate::support::scene::{Ending, Furnish, ids, toolchain};
use crate::support::terminal::Terminal;
use crate::support::{self, How, LATEST, gocache, shims};

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

const GOOD: By = By::Secret("dev", "correct-horse");

rows! {
    /// Every fault that a file of this user can mend: the fix that does, and how it is carried out.
    a_fix_mends_and_undo_restores_the_fault = mends;
    private_via_proxy_by_goprivate: "private-via-proxy", "goprivate", By::Yes;
    private_via_proxy_410_by_goprivate: "private-via-proxy-410", "goprivate", By::Yes;
    private_via_sumdb_by_goprivate: "private-via-sumdb", "goprivate", By::Yes;
    goproxy_invalid_by_reset_setting: "goproxy-invalid", "reset-setting", By::Menu;
    vcs_disallowed_by_govcs: "vcs-disallowed", "govcs", By::Menu;
    cache_corrupt_git_by_cache_repository: "cache-corrupt-git", "cache-repository", By::Yes;
    cache_corrupt_zip_by_cache_download: "cache-corrupt-zip", "cache-download", By::Menu;
    git_config_broken_by_git_config_line: "git-config-broken", "git-config-line", By::Yes;
    git_rewrite_broken_by_git_rewrite: "git-rewrite-broken", "git-rewrite", By::Yes;
    vcs_stamping_by_no_vcs_stamping: "vcs-stamping", "no-vcs-stamping", By::Yes;
    missing_go_sum_by_go_sum: "missing-go-sum", "go-sum", By::Menu;
    ssh_key_refused_by_https_for_org: "ssh-key-refused", "https-for-org", By::Yes;
    ssh_no_key_by_https_for_org: "ssh-no-key", "https-for-org", By::Yes;
    ssh_host_key_unknown_by_https_for_org: "ssh-host-key-unknown", "https-for-org", By::Yes;
    ssh_port_blocked_by_https_for_org: "ssh-port-blocked", "https-for-org", By::Yes;
    ssh_refused_by_https_for_org: "ssh-refused", "https-for-org", By::Yes;
    ssh_missing_by_https_for_org: "ssh-missing", "https-for-org", By::Yes;
    https_credentials_for_git_only_by_goauth_git: "https-credentials-for-git-only", "goauth-git", By::Menu;
    dubious_ownership_by_safe_directory: "dubious-ownership", "safe-directory", By::Menu;
    https_no_credentials_by_store_credentials: "https-no-credentials", "store-credentials", GOOD;
    https_credentials_for_go_only_by_store_credentials: "https-credentials-for-go-only", "store-credentials", GOOD;
    https_credentials_refused_by_replace_credentials: "https-credentials-refused", "replace-credentials", GOOD;
    netrc_with_port_by_store_credentials: "netrc-with-port", "store-credentials", GOOD;
    goproxy_off_by_goproxy_default: "goproxy-off", "goproxy-default", By::Menu;
    proxy_down_by_proxy_unset: "proxy-down", "proxy-unset", By::Menu;
    proxy_typo_by_proxy_unset: "proxy-typo", "proxy-unset", By::Menu;
    proxy_scheme_by_proxy_value: "proxy-scheme", "proxy-value", By::Menu;
    proxy_no_proxy_dialect_by_no_proxy: "proxy-no-proxy-dialect", "no-proxy", By::Menu;
    proxy_required_by_proxy_set: "proxy-required", "proxy-set", By::Menu;
    proxy_git_only_by_proxy_set: "proxy-git-only", "proxy-set", By::Menu;
    dns_typo_by_goproxy_default: "dns-typo", "goproxy-default", By::Menu;
    tls_private_ca_by_trust_ca: "tls-private-ca", "trust-ca", By::Menu;
    tls_self_signed_by_trust_ca: "tls-self-signed", "trust-ca", By::Menu;
    tls_inspection_go_by_ca_for_go: "tls-inspection-go", "ca-for-go", By::Menu;
    tls_inspection_git_by_ca_for_git: "tls-inspection-git", "ca-for-git", By::Menu;
    tls_ml_kem_by_no_mlkem: "tls-ml-kem", "no-mlkem", By::Menu;
    git_missing_by_git_on_path: "git-missing", "git-on-path", By::Yes;
    git_rewrite_path_by_git_rewrite: "git-rewrite-path", "git-rewrite", By::Yes;
    git_lock_left_by_stale_lock: "git-lock-left", "stale-lock", By::Yes;
    git_proxy_down_by_proxy_unset: "git-proxy-down", "proxy-unset", By::Menu;
    goproxy_typo_by_repair_setting: "goproxy-typo", "repair-setting", By::Menu;
    gomodcache_unwritable_by_default_place: "gomodcache-unwritable", "default-place", By::Menu;
    ssh_key_open_by_ssh_modes: "ssh-key-open", "ssh-modes", By::Menu;
    git_proxy_included_by_proxy_unset: "git-proxy-included", "proxy-unset", By::Yes;
    git_rewrite_host_by_git_rewrite: "git-rewrite-host", "git-rewrite", By::Yes;
    ssh_hostname_by_ssh_setting: "ssh-hostname", "ssh-setting", By::Yes;
    goproxy_near_name_by_repair_setting: "goproxy-near-name", "repair-setting", By::Yes;
    gotmpdir_missing_by_reset_setting: "gotmpdir-missing", "reset-setting", By::Yes;
    go111module_off_by_reset_setting: "go111module-off", "reset-setting", By::Yes;
    go_sum_conflict_by_go_sum_lines: "go-sum-conflict", "go-sum-lines", By::Yes;
    vendor_stale_by_mod_vendor: "vendor-stale", "mod-vendor", By::Yes;
}

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
    let mut screen = desk.menu(&[id]);
    screen.answer(&[("do it", "y")]);
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
        let fault = support::scene::fault(fault);
        let toolchain = toolchain(LATEST);
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
            if let Some(value) = scene.environment.remove(OsStr::new(name)) {
                let profile = scene.world.outside("home/.profile");
                let former = fs::read_to_string(&profile).unwrap_or_default();
                let line = format!("{former}export {name}={}\n", value.to_str().unwrap());
                scene.put("home/.profile", line);
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

    /// In front of a fault that has shown.
    pub(crate) fn failed(fault: &str) -> Self {
        Self::failed_and_changed(fault, |_| {})
    }

    /// The same with something changed before the servers start.
    #[track_caller]
    pub(crate) fn failed_and_changed(fault: &str, change: impl FnOnce(&mut Scene)) -> Self {
        let desk = Self::changed(fault, change);
        desk.go().failed();
        desk
    }

    /// The user's own command.
    pub(crate) fn go(&self) -> Outcome {
        let words: Vec<&str> = self.command.iter().map(String::as_str).collect();
        self.ended(&words)
    }

    pub(crate) fn gomend(&self, args: &[&str]) -> Outcome {
        self.ended(&[LOGIN, &["gomend"], args].concat())
    }

    /// The proposals that stand after everything was tried that may be unasked.
    #[track_caller]
    pub(crate) fn tried(&self) -> Value {
        self.gomend(&["fix", "--json", "--quiet"]).json()
    }

    /// A menu of fixes, on a terminal.
    pub(crate) fn menu(&self, words: &[&str]) -> Terminal {
        on_terminal(&self.scene, &[&["gomend", "fix"], words].concat())
    }

    /// Takes `GOMEND_REPORT` away: it stands for somebody who reads a report and wants no menu.
    pub(crate) fn without_report(mut self) -> Self {
        self.scene.environment.remove(OsStr::new("GOMEND_REPORT"));
        self
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

    pub(crate) fn report(&self) -> Value {
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

/// Carries the fix out.
fn mend(desk: &Desk, fix: &str, by: &By) {
    if let By::Yes = *by {
        desk.gomend(&["fix", fix, "--yes"]).succeeded();
        return;
    }
    let mut screen = desk.menu(&[fix]);
    // what go has worked out is shown before it is written
    screen.answer(match fix {
        "go-sum" => &[("do it", "y"), ("go.sum", ""), ("do it", "y")],
        _ => &[("do it", "y")],
    });
    if let By::Secret(login, token) = *by {
        screen.answer(&[("User name", &format!("\u{15}{login}\r"))]);
        screen.wait_for("Token or password");
        screen.type_unseen(token);
    }
    let (how, text) = screen.end();
    assert_eq!(how, How::Code(0), "{text}");
    if let By::Secret(_, token) = *by {
        assert!(!text.contains(token), "the token is on the screen: {text}");
    }
}

fn mends(fault: &str, fix: &str, by: By) {
    let desk = Desk::new(fault);
    let is_cache = fix.starts_with("cache-") || fix == "stale-lock";
    let failed = desk.go().failed();
    let untouched = desk.picture();
    let report = desk.report();
    let known = ids(&report["fixes"]);
    assert!(
        known.contains(&fix),
        "no such fix for {} ({}): {known:?}\n{failed}",
        report["cause"],
        report["reason"],
    );
    mend(&desk, fix, &by);
    if !is_cache {
        desk.forget();
    }
    let fixed = desk.picture();
    desk.go().succeeded();
    let ran = desk.picture();
    if let By::Secret(_, token) = by {
        let holders = desk.holders(token);
        let known = |path: &PathBuf| {
            path == Path::new("home/.netrc") || path == Path::new("home/secrets/netrc")
        };
        assert!(holders.iter().all(known), "the token stands in {holders:?}");
    }
    desk.gomend(&["undo"]).succeeded();
    let after = desk.picture();
    for (path, now) in &after {
        let by_go = fixed.get(path) != ran.get(path); // what it builds, and go.sum
        let is_restored = untouched.get(path) == Some(now) || by_go;
        assert!(is_restored, "undo left {} different", path.display());
    }
    for path in untouched.keys() {
        let is_there = after.contains_key(path);
        assert!(is_there, "undo took {} away", path.display());
    }
    if is_cache {
        // what go needs the repository for
        let cache = desk.scene.world.outside("home/go/pkg/mod");
        remove(&cache.join("cache/download/git.corp.example"));
        remove(&cache.join("git.corp.example"));
        let clones = cache.join("cache/vcs");
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
    desk.go().failed();
}
