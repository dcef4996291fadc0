//! This machine's own files: ownership, caches, configuration, space.

use aws_lc_rs::digest::{SHA256, digest};

use super::{HERE, NEEDS, private, public};
use crate::cause::Cause;
use crate::places::GIT_CORP;
use crate::town::LIB;
use crate::verdict::Reason;
use crate::{Error, Fault, Result, Scene, hex};
use gomend_core::text;

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        id: "dubious-ownership",
        means: text!("the project belongs to somebody else, and go asks git about it"),
        cause: Cause::DubiousOwnership,
        reason: Reason::RepositoryOfOther,
        command: &["go", "build", "./..."],
        prints: &["error obtaining VCS status: exit status 128"],
        setup: |scene| {
            scene.app(&[])?;
            project(scene, &["init", "-q"])?;
            // Only root can give files away: git's own switch for its tests of
            // this (setup.c, ensure_valid_ownership) works for everybody.
            scene.env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1");
            Ok(())
        },
        ..HERE
    },
    Fault {
        id: "vcs-stamping",
        means: text!("the project's .git is broken, and go asks git about it"),
        cause: Cause::VcsStampingFailed,
        reason: Reason::RepositoryBroken,
        command: &["go", "build", "./..."],
        prints: &["error obtaining VCS status: exit status 128"],
        setup: |scene| {
            scene.app(&[])?;
            scene.world.write("home/app/.git/HEAD", "nonsense\n")
        },
        ..HERE
    },
    Fault {
        id: "cache-corrupt-git",
        means: text!("the cached clone in GOMODCACHE is damaged"),
        cause: Cause::CacheCorrupt,
        reason: Reason::CloneDamaged,
        module: Some(LIB.path),
        needs: NEEDS,
        prints: &["does not appear to be a git repository"],
        setup: |scene| {
            private(scene)?;
            let clone = clone_of_lib(scene)?;
            scene
                .world
                .write(&format!("{clone}/objects/pack/left-over"), "")
        },
        ..HERE
    },
    Fault {
        id: "cache-corrupt-zip",
        means: text!("the cached zip in GOMODCACHE is damaged"),
        cause: Cause::CacheCorrupt,
        reason: Reason::ZipDamaged,
        needs: NEEDS,
        prints: &["zip: not a valid zip file"],
        setup: |scene| {
            let cached = "home/go/pkg/mod/cache/download/github.com/acme/widget/@v/v1.0.0.zip";
            scene.world.write(cached, "half a zip")?;
            public(scene)
        },
        ..HERE
    },
    Fault {
        id: "git-config-broken",
        means: text!("git cannot read the user's configuration"),
        cause: Cause::GitConfigBroken,
        reason: Reason::ConfigLine,
        module: Some(LIB.path),
        needs: NEEDS,
        // Go >= 1.26 hides what git said.
        prints: &["exit status 128"],
        setup: |scene| {
            scene.git_config("[user]\n\t= nobody\n")?;
            private(scene)
        },
        ..HERE
    },
    Fault {
        id: "git-rewrite-broken",
        means: text!("insteadOf rewrites the URL to a protocol that git does not know"),
        cause: Cause::GitConfigBroken,
        reason: Reason::RewriteBroken,
        module: Some(LIB.path),
        needs: NEEDS,
        prints: &["remote-corp' is not a git command"],
        setup: |scene| {
            scene.git_config(
                "[url \"corp://git.corp.example/\"]\n\tinsteadOf = https://git.corp.example/\n",
            )?;
            private(scene)
        },
        ..HERE
    },
    Fault {
        id: "git-rewrite-path",
        means: text!("insteadOf rewrites the URL to a directory that is not there"),
        cause: Cause::GitConfigBroken,
        reason: Reason::RewriteBroken,
        module: Some(LIB.path),
        needs: NEEDS,
        prints: &["does not appear to be a git repository"],
        setup: |scene| {
            scene
                .git_config("[url \"/srv/mirror/\"]\n\tinsteadOf = https://git.corp.example/\n")?;
            private(scene)
        },
        ..HERE
    },
    Fault {
        id: "git-lock-left",
        means: text!("a git that was killed left its lock in go's copy of the repository"),
        cause: Cause::CacheCorrupt,
        reason: Reason::LockLeft,
        module: Some(LIB.path),
        needs: NEEDS,
        // Go >= 1.26 hides what git said.
        prints: &["git fetch"],
        setup: |scene| {
            private(scene)?;
            let clone = clone_of_lib(scene)?;
            let inside = scene.world.inside(&clone);
            let url = format!("https://{}/team/lib", GIT_CORP.name);
            let bare = format!("--git-dir={}", inside.display());
            project(scene, &[&bare, "init", "-q", "--bare"])?;
            project(scene, &[&bare, "remote", "add", "origin", &url])?;
            let lock = format!("{clone}/refs/tags/{}.lock", LIB.version);
            scene.world.write(&lock, "")
        },
        ..HERE
    },
    Fault {
        id: "disk-full",
        means: text!("the module cache's disk is full"),
        cause: Cause::DiskFull,
        reason: Reason::NoRoom,
        needs: NEEDS,
        prints: &["no space left on device"],
        setup: |scene| {
            scene.world.small_disk("home/go")?;
            public(scene)
        },
        ..HERE
    },
    Fault {
        id: "permission-denied",
        means: text!("the module cache may not be written by this user"),
        cause: Cause::PermissionDenied,
        reason: Reason::CacheReadOnly,
        needs: NEEDS,
        prints: &["permission denied"],
        setup: |scene| {
            scene.world.write("home/go/pkg/mod/README", "")?;
            scene.world.mode("home/go/pkg/mod", 0o555)?;
            public(scene)
        },
        ..HERE
    },
    Fault {
        id: "gomodcache-unwritable",
        means: text!("GOMODCACHE is below a directory where this user may not write"),
        cause: Cause::PermissionDenied,
        reason: Reason::CacheReadOnly,
        needs: NEEDS,
        prints: &["permission denied"],
        setup: |scene| {
            scene.world.write("home/locked/README", "")?;
            scene.world.mode("home/locked", 0o555)?;
            let cache = scene.world.inside("home/locked/mod");
            scene.go_env("GOMODCACHE", &cache.to_string_lossy())?;
            public(scene)
        },
        ..HERE
    },
    Fault {
        id: "no-home",
        means: text!("HOME is not set (a service, a container's user)"),
        cause: Cause::NoHome,
        reason: Reason::HomeUnset,
        needs: NEEDS,
        prints: &["GOPATH", "HOME"],
        setup: |scene| {
            scene.environment.remove(std::ffi::OsStr::new("HOME"));
            public(scene)
        },
        ..HERE
    },
];

/// Where go keeps its clone of the private module's repository, known by name and still empty.
fn clone_of_lib(scene: &Scene) -> Result<String> {
    let url = format!("git3:https://{}/team/lib", GIT_CORP.name);
    let hash = hex(digest(&SHA256, url.as_bytes()).as_ref());
    let clone = format!("home/go/pkg/mod/cache/vcs/{hash}");
    scene.world.write(&format!("{clone}.info"), &url)?;
    Ok(clone)
}

/// Runs git in the project, before anything is wrong.
fn project(scene: &Scene, arguments: &[&str]) -> Result<()> {
    let outcome = scene.run(&[&["git"], arguments].concat())?;
    if outcome.status.success() {
        return Ok(());
    }
    Err(Error::Program(text!("prepare the project"), outcome.text()))
}
