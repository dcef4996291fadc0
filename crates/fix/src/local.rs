//! This machine: clock, owners, directories.

use std::path::Path;

use super::disk::{Disk, Item};
use super::{Line, Need, Proposal, Risk, Scope, Situation, goenv, owned, quote, shell};
use crate::cause::Cause;
use crate::lang::{Text, msg};
use crate::probe::http;
use crate::rules::said::{self, Phrase};
use crate::verdict::{Reason, Verdict};
use gomend_core::place::System;

/// A clock that is wrong.
pub(super) fn clock(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let skew = s.seen(|seen| seen.clock()?.skew_s);
    let right = skew.is_some_and(|skew| skew.abs() <= http::SKEW_BOUND_S);
    if right && verdict.reason != Some(Reason::WrongClock) {
        return None;
    }
    let off = skew.map_or_else(Text::default, |skew| {
        let minutes = skew.abs() / 60;
        if skew > 0 {
            msg!("It is {minutes} minutes ahead.", minutes)
        } else {
            msg!("It is {minutes} minutes behind.", minutes)
        }
    });
    let rule = msg!("Certificates are valid between two dates by this machine's clock.");
    let why = Text::sentences([rule, off]);
    let proposal = Proposal::advice("clock", msg!("Set this machine's clock"), why)
        .scope(Scope::System)
        .need(Need::Root);
    Some(if s.wsl {
        proposal.command(Line::with(
            "sudo hwclock -s",
            msg!("or, in Windows: {command}", command = "wsl --shutdown"),
        ))
    } else if s.place.is(System::Macos) {
        proposal.command("sudo sntp -sS time.apple.com")
    } else {
        proposal
            .command("date -u")
            .command(format!("{}timedatectl set-ntp true", s.sudo()))
    })
}

/// A folder of this user's own without the right to write in it.
fn locked(s: &Situation) -> Option<std::path::PathBuf> {
    if s.saved {
        return None;
    }
    let named = said::path(s.named())?;
    let there = s.disk.nearest(Path::new(&named))?;
    let node = s.disk.node(there)?;
    let is_locked = node.is_ours && node.is_folder && !s.disk.may_write(there);
    (is_locked && owned::ours(there, s).is_some()).then(|| there.to_owned())
}

/// The right to write that somebody took away, given back.
pub(super) fn write_bit(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if is_read_only(s) {
        return None;
    }
    let dir = locked(s)?;
    Some(
        Proposal::advice(
            "write-bit",
            msg!("Let yourself write to {dir} again", dir = s.short(&dir)),
            msg!("It is yours, and its mode forbids you to write there."),
        )
        .command(format!("chmod u+rwx {}", s.argument(&dir))),
    )
}

/// Files of another user, left behind by sudo or a container.
pub(super) fn own(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if is_read_only(s) || s.place.is(System::Windows) || locked(s).is_some() {
        return None; // no owner of a file decides there
    }
    let whole = if s.saved {
        let named = said::path(s.named())?;
        let whole = owned::cache_shaped(&named)?;
        if whole.starts_with("/root") {
            return None;
        }
        // what could not be made is not there: its parent is
        match whole.parent() {
            Some(parent) if s.says(Phrase::Mkdir) && Path::new(&named) == whole => {
                parent.to_owned()
            }
            _ => whole,
        }
    } else if let Some(named) = said::path(s.named()) {
        owned::ours(Path::new(&named), s)?
    } else {
        let cache = owned::module_cache(s)?;
        // no path is named that may be believed: that something isn't ours is seen here
        (!s.foreign || owned::has_strangers(&cache, &s.disk)).then_some(cache)?
    };
    let shown = whole
        .to_str()
        .filter(|path| !path.contains(char::is_control))?;
    if !s.saved && !s.disk.has(&whole) {
        // nothing to take back yet, and the folder above is not go's
        let above = s.disk.nearest(&whole)?;
        return Some(
            Proposal::advice(
                "chown",
                msg!("Make {whole} as a folder of yours", whole = shown),
                msg!(
                    "{above} belongs to another user, and go may make nothing in it.",
                    above = s.short(above)
                ),
            )
            .scope(Scope::System)
            .need(Need::Root)
            .command(format!(
                "sudo install -d -o \"$(id -u)\" -g \"$(id -g)\" -- {}",
                quote(shown)
            )),
        );
    }
    Some(
        Proposal::advice(
            "chown",
            msg!("Take {whole} back", whole = shown),
            msg!("A go or git that ran as another user (sudo, a container) left files behind that you may not change."),
        )
        .scope(Scope::System)
        .need(Need::Root)
        .command(if s.saved && s.container {
            Line::with(format!("RUN chown -R -- USER {}", quote(shown)), msg!("before the line USER of the Dockerfile"))
        } else {
            Line::from(format!("sudo chown -R -- \"$(id -u):$(id -g)\" {}", quote(shown)))
        }),
    )
}

fn is_read_only(s: &Situation) -> bool {
    s.says(Phrase::ReadOnly)
}

/// A file system that nobody may write to.
pub(super) fn read_only(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !is_read_only(s) {
        return None;
    }
    let of_module = s.says(Phrase::ModuleFile);
    let why = msg!(
        "The file system is mounted read-only: neither owner nor mode of a file matters there."
    );
    let proposal = Proposal::advice(
        "mount-writable",
        msg!("Mount it writable, or write elsewhere"),
        why,
    )
    .scope(Scope::System);
    let proposal = if s.container || s.ci.is_some() || s.saved {
        proposal.command(Line::note(msg!(
            "a bind mount: without `:ro` or `readonly`"
        )))
    } else {
        proposal
    };
    Some(if of_module {
        proposal
            .command("go build -modfile=/tmp/go.mod ./...")
            .command(Line::note(msg!("after: cp go.mod go.sum /tmp/")))
    } else {
        proposal.command("export GOMODCACHE=/tmp/mod GOCACHE=/tmp/go-build")
    })
}

/// A file that another program of Windows holds.
pub(super) fn held(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.place.is(System::Windows).then(|| {
        Proposal::advice(
            "file-held",
            msg!("Run it again; if it stays, keep the virus scanner away from the module cache"),
            msg!(
                "Windows refuses to rename or write a file that another program has open: a virus scanner that looks at the new file, an \
                 editor, a running gopls."
            ),
        )
        .command("go env GOMODCACHE")
        .command("# Windows Security > Virus & threat protection > Exclusions")
    })
}

/// Files of Go itself that may not be read.
pub(super) fn goroot(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let named = said::path(s.named())?;
    let root = &named[..named.find("/go/src/")? + "/go".len()];
    (shell::is_plain(root, "/._-") && !root.contains("/pkg/mod")).then(|| {
        Proposal::advice(
            "readable-goroot",
            msg!("Let everybody read Go's own files in {root}", root),
            msg!("The file belongs to the installation of Go, not to a cache: it was unpacked with modes that keep others out."),
        )
        .scope(Scope::System)
        .need(Need::Root)
        .command(format!("{}chmod -R a+rX {}", s.sudo(), quote(root)))
    })
}

/// Another user with root's HOME.
pub(super) fn root_home(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let named = said::path(s.named())?;
    if !s.saved || !named.starts_with("/root/") || is_read_only(s) {
        return None;
    }
    let proposal = Proposal::advice(
        "own-home",
        msg!("Give the user that runs go a HOME of its own"),
        msg!(
            "Only root writes below /root. Where go runs as another user, HOME was kept from root."
        ),
    );
    Some(if s.container {
        proposal.command("ENV HOME=/tmp GOCACHE=/tmp/go-build GOPATH=/tmp/go")
    } else {
        proposal.command("sudo -H -u USER go env GOMODCACHE GOCACHE")
    })
}

/// Caches elsewhere.
pub(super) fn move_caches(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let elsewhere = is_read_only(s) || goroot(verdict, s).is_some();
    if verdict.cause == Cause::PermissionDenied && elsewhere {
        return None;
    }
    let proposal = Proposal::advice(
        "move-caches",
        msg!("Keep Go's caches in another place"),
        msg!("A directory on a disk with room, or one that is yours. The old caches stay until you remove them."),
    )
    .scope(Scope::User);
    if s.saved {
        let root = match (verdict.cause, s.place.is(System::Windows)) {
            (_, true) => "D:/go-cache",
            (Cause::PermissionDenied, false) => "\"$HOME\"/.cache/go",
            _ => "/PATH/WITH/ROOM",
        };
        return Some(
            proposal
                .command("go env GOPATH GOMODCACHE GOCACHE")
                .command(format!(
                    "go env -w GOMODCACHE={root}/mod GOCACHE={root}/build"
                )),
        );
    }
    Some(
        proposal
            .command("go env -w GOMODCACHE=/PATH/WITH/ROOM/mod GOCACHE=/PATH/WITH/ROOM/build")
            .command(format!(
                "du -sh {}",
                s.goenv
                    .mod_cache(s.home.as_deref())
                    .map_or_else(|| "~/go".to_owned(), |path| s.argument(&path))
            )),
    )
}

/// The cache below the user's own folder for caches, where the one that go has can't be written to or
/// is full.
pub(super) fn other_cache(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    /// What a module cache takes at least, bytes.
    const ROOM: u64 = 64 << 20;
    if s.saved || !s.names(Phrase::Cache) && verdict.cause != Cause::DiskFull {
        return None;
    }
    let home = s.home.as_deref()?;
    let caches = match s.env.var("XDG_CACHE_HOME") {
        Some(dir) => Path::new(dir).to_owned(),
        None => home.join(".cache"),
    };
    let full = verdict.cause == Cause::DiskFull;
    let built = match s.goenv.value("GOCACHE") {
        "" => caches.join("go-build"),
        set => set.into(),
    };
    let named = s.line.find(built.to_str()?).is_some(); // a path, whatever is said of it
    let is_go_s_build = s.says(Phrase::BuildCache) || named;
    let (key, old, new) = if is_go_s_build {
        ("GOCACHE", built, caches.join("go-build-2"))
    } else {
        (
            "GOMODCACHE",
            s.goenv.mod_cache(Some(home))?,
            caches.join("go-mod"),
        )
    };
    let roomy = s.disk.room(&new).is_some_and(|room| room >= ROOM);
    let bad = if full {
        s.disk.room(&old).is_some_and(|room| room < ROOM)
    } else {
        !may_write_all(&old, &s.disk)
    };
    if old == new || !bad || !roomy || !s.disk.may_write_below(&new) {
        return None;
    }
    let shown = s.short(&new);
    let why = msg!(
        "go can't write to {old}; below {shown} it can. The old one stays as it is.",
        old = s.short(&old),
        shown
    );
    let title = msg!("Keep {key} in {shown}", key, shown);
    Some(goenv::set(
        Proposal::new("other-cache", title, why).risk(Risk::Medium),
        s,
        key,
        new.to_str()?,
    ))
}

/// Whether this user may write to a directory and to all folders below it, as far as go made them.
fn may_write_all(dir: &Path, disk: &Disk) -> bool {
    /// As deep as `cache/download/HOST/ORG`.
    const DEEPEST: usize = 4;
    fn all(dir: &Path, depth: usize, disk: &Disk) -> bool {
        // what is unpacked is read-only by intention
        let is_kept = |item: &&Item| item.is_folder && !item.name().contains('@');
        disk.may_write_below(dir)
            && (depth == 0
                || disk.folder(dir).is_none_or(|items| {
                    let mut kept = items.iter().filter(is_kept);
                    kept.all(|item| all(&item.path, depth - 1, disk))
                }))
    }
    all(dir, DEEPEST, disk)
}

/// A place of Go's that somebody set and go can't use: no absolute path, or one where this user may
/// not write. go has defaults.
pub(super) fn unusable_place(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.saved {
        return None; // the log's machine is another one
    }
    let (key, reason) = ["GOPATH", "GOMODCACHE", "GOCACHE"]
        .into_iter()
        .find_map(|key| {
            let value = s.goenv.value(key);
            let off = key == "GOCACHE" && value == "off" && !s.says(Phrase::CacheOff);
            let first = std::env::split_paths(value).next()?;
            if value.is_empty() || off {
                None
            } else if value == "off" {
                Some((key, msg!("go can't build without it")))
            } else if !first.is_absolute() {
                Some((key, msg!("go wants an absolute path")))
            } else {
                (!s.disk.may_write_below(&first))
                    .then(|| (key, msg!("this user may not write there")))
            }
        })?;
    let why = msg!(
        "{key} is `{value}`: {reason}. Without it go keeps its files below your home directory.",
        key,
        value = s.goenv.value(key),
        reason
    );
    let title = msg!("Go back to Go's default for {key}", key);
    Some(goenv::unset(
        Proposal::new("default-place", title, why),
        s,
        key,
    ))
}

/// A service or container without HOME.
pub(super) fn home(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason == Some(Reason::GopathSetting) {
        return None; // HOME is not what is wrong
    }
    let why = msg!(
        "Without HOME go does not know where its caches are. Services, cron jobs and containers with another user often lack it."
    );
    let proposal = Proposal::advice("set-home", msg!("Tell go where its caches are"), why);
    Some(if s.container {
        proposal.command("docker run -e HOME=/tmp -e GOCACHE=/tmp/go-build -e GOPATH=/tmp/go ...")
    } else {
        proposal
            .command("export HOME=/DIRECTORY/OF/YOURS")
            .command("# systemd: Environment=HOME=%S/NAME GOCACHE=%C/go-build GOPATH=%S/NAME/go")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Env;

    /// What is not there yet belongs to nobody: it is made, and nothing above it is taken.
    #[test]
    fn a_cache_below_a_folder_of_somebody_else_is_made() {
        let env: Env = [("HOME", "/home/x"), ("GOMODCACHE", "/srv/go/mod")]
            .into_iter()
            .collect();
        let mut s = Situation::look(env, Path::new("/"), None);
        s.disk = Disk::with(&[("/srv/go/README", ""), ("/home/x/.bashrc", "")]);
        s.line =
            "go: could not create module cache: mkdir /srv/go/mod: permission denied".to_owned();
        let none = Verdict::of(Cause::NotOurs, crate::evidence::Target::default());
        let proposal = own(&none, &s).unwrap();
        let worded = proposal.worded(crate::lang::Lang::En);
        assert_eq!(
            worded.commands,
            ["sudo install -d -o \"$(id -u)\" -g \"$(id -g)\" -- /srv/go/mod"]
        );
        assert!(
            worded.why.contains("/srv/go belongs to another user"),
            "{}",
            worded.why
        );
    }
}
