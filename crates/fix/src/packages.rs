//! Programs that are missing: the line for this machine's package manager.

use std::path::Path;

use super::disk::Disk;
use super::{Line, Need, Proposal, Risk, Scope, Situation};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::probe::tls::Trust;
use crate::rules::said::{self, Phrase};
use crate::settings::{Env, forges};
use crate::verdict::{Reason, Verdict};
use gomend_core::place::System;

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// Debian, Ubuntu.
    Apt,
    /// Fedora, RHEL.
    Dnf,
    /// Alpine.
    Apk,
    /// Arch.
    Pacman,
    /// openSUSE.
    Zypper,
    /// Homebrew.
    Brew,
    /// Windows' own.
    Winget,
}

impl Manager {
    /// The first one on PATH; the system's own before Homebrew.
    #[must_use]
    pub(crate) fn detect(env: &Env, disk: &Disk) -> Option<Self> {
        let found = |name: &str| {
            let path = env.os("PATH").unwrap_or_default();
            std::env::split_paths(path)
                .chain(["/usr/bin".into(), "/sbin".into()])
                .any(|dir| disk.has_file(&dir.join(name)))
        };
        let all = [
            ("apt-get", Self::Apt),
            ("dnf", Self::Dnf),
            ("apk", Self::Apk),
            ("pacman", Self::Pacman),
            ("zypper", Self::Zypper),
            ("brew", Self::Brew),
        ];
        all.into_iter()
            .find(|(name, _)| found(name))
            .map(|(_, manager)| manager)
    }

    /// That of a system.
    #[must_use]
    pub fn of(system: System) -> Option<Self> {
        match system {
            System::Debian => Some(Self::Apt),
            System::Fedora => Some(Self::Dnf),
            System::Alpine => Some(Self::Apk),
            System::Arch => Some(Self::Pacman),
            System::Suse => Some(Self::Zypper),
            System::Macos => Some(Self::Brew),
            System::Windows => Some(Self::Winget),
            System::Linux => None,
        }
    }

    /// The system that has it.
    #[must_use]
    pub const fn system(self) -> System {
        match self {
            Self::Apt => System::Debian,
            Self::Dnf => System::Fedora,
            Self::Apk => System::Alpine,
            Self::Pacman => System::Arch,
            Self::Zypper => System::Suse,
            Self::Brew => System::Macos,
            Self::Winget => System::Windows,
        }
    }

    /// The command line that installs a package.
    fn install(self, sudo: &str, package: &str) -> String {
        match self {
            Self::Apt => format!("{sudo}apt-get install -y {package}"),
            Self::Dnf => format!("{sudo}dnf install -y {package}"),
            Self::Apk => format!("{sudo}apk add {package}"),
            Self::Pacman => format!("{sudo}pacman -S --needed {package}"),
            Self::Zypper => format!("{sudo}zypper install -y {package}"),
            Self::Brew => format!("brew install {package}"),
            Self::Winget => format!("winget install --id {package} -e"),
        }
    }

    /// What the package is called here.
    fn package(self, program: &str) -> &str {
        match (self, program) {
            (Self::Apt | Self::Apk | Self::Zypper | Self::Dnf, "hg") if self != Self::Zypper => {
                "mercurial"
            }
            (Self::Zypper | Self::Pacman | Self::Brew, "hg") => "mercurial",
            (Self::Winget, "git") => "Git.Git",
            (Self::Winget, "hg") => "Mercurial.Mercurial",
            (Self::Winget, "ssh") => "Microsoft.OpenSSH.Preview",
            (_, "svn") => "subversion",
            (Self::Apt, "ssh") => "openssh-client",
            (Self::Dnf | Self::Zypper, "ssh") => "openssh-clients",
            (Self::Apk, "ssh") => "openssh-client-default",
            (_, "ssh") => "openssh",
            (_, other) => other,
        }
    }
}

fn install(id: &str, s: &Situation, program: &str, why: Text) -> Proposal {
    let proposal = Proposal::new(id, msg!("Install {program}", program), why).scope(Scope::System);
    let proposal = if s.root {
        proposal
    } else {
        proposal.need(Need::Root)
    };
    match s.manager {
        Some(manager) => {
            let line = manager.install(s.sudo(), manager.package(program));
            let line = if manager == Manager::Apt {
                format!("{}apt-get update && {line}", s.sudo())
            } else {
                line
            };
            proposal.command(line)
        }
        None if s.saved => {
            let unknown = s.place.system.is_none();
            let managers = [
                Manager::Apt,
                Manager::Apk,
                Manager::Dnf,
                Manager::Brew,
                Manager::Winget,
            ];
            managers
                .into_iter()
                .filter(|manager| {
                    let linux = !matches!(manager, Manager::Brew | Manager::Winget);
                    linux || unknown && program != "ca-certificates"
                })
                .fold(proposal.scope(Scope::Manual), |proposal, manager| {
                    let line = manager.install("", manager.package(program));
                    proposal.command(format!("{line}   # {}", manager.system().name()))
                })
        }
        None => proposal.scope(Scope::Manual).command(Line::note(msg!(
            "install {program} with this system's package manager",
            program
        ))),
    }
}

/// git.
pub(super) fn git(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.has("git") {
        return None;
    }
    if s.place.is(System::Macos) && s.saved {
        return Some(
            Proposal::advice(
                "install-git",
                msg!("Install Apple's command line tools, which git belongs to"),
                msg!(
                    "git of macOS is a part of them; after an upgrade of the system they have to be installed anew."
                ),
            )
            .scope(Scope::System)
            .command("xcode-select --install"),
        );
    }
    Some(install(
        "install-git",
        s,
        "git",
        msg!("go runs git to fetch modules that no module proxy serves, and for version stamps."),
    ))
}

/// git is installed where this PATH does not look.
pub(super) fn git_elsewhere(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let places = [
        "/usr/bin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
        "/usr/local/git/bin",
        "/snap/bin",
    ];
    if s.saved {
        return None;
    }
    let dir = places
        .into_iter()
        .find(|dir| s.disk.has_file(&Path::new(dir).join("git")))?;
    if s.has("git") {
        return None;
    }
    let why = msg!(
        "git is installed in {dir}, and the PATH that go was started with does not name that directory.",
        dir
    );
    let line = format!("export PATH=\"$PATH:{dir}\"");
    let proposal = Proposal::new("git-on-path", msg!("Add {dir} to PATH", dir), why);
    Some(super::proxy::shell_lines(proposal, s, &[line]))
}

/// hg, svn, bzr or fossil, as the line names it.
pub(super) fn vcs(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let named = |name: &&str| said::names_program(&s.line, name);
    let program = ["hg", "svn", "fossil", "bzr"]
        .into_iter()
        .find(|name| named(name))
        .unwrap_or("hg");
    if program == "bzr" {
        return Some(Proposal::advice(
            "bzr-gone",
            msg!("Ask the module's author for a git repository"),
            msg!(
                "The module is kept in Bazaar, which Go 1.27 no longer supports. A module proxy may still have it."
            ),
        ));
    }
    Some(install(
        "install-vcs",
        s,
        program,
        msg!("The module's repository is not kept in git, and go runs this program to fetch it."),
    ))
}

/// ssh.
pub(super) fn ssh(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.has("ssh") {
        return None;
    }
    Some(install(
        "install-ssh",
        s,
        "ssh",
        msg!("git runs ssh for addresses that start with ssh:// or git@."),
    ))
}

/// A newer git.
pub(super) fn newer_git(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let asked_by_go = matches!(
        verdict.target.role,
        Role::Goproxy | Role::Sumdb | Role::ImportMeta | Role::Toolchain
    );
    if verdict.cause == Cause::TlsHandshake && asked_by_go {
        return None; // git took no part
    }
    let version = s.git().and_then(|git| git.version.clone());
    let have = version.map_or_else(Text::default, |version| {
        msg!("You have {version}.", version)
    });
    let needs = msg!("Go 1.26 and later need git 2.24, SHA-256 repositories need 2.29.");
    let why = Text::sentences([needs, have]);
    let proposal = Proposal::new("newer-git", msg!("Install a newer git"), why)
        .scope(Scope::System)
        .need(Need::Root);
    Some(match s.manager {
        Some(Manager::Apt) => proposal
            .command(format!(
                "{}apt-get update && {}apt-get install -y --only-upgrade git",
                s.sudo(),
                s.sudo()
            ))
            .command(Line::note(msg!(
                "older releases: the backports repository of Debian, the git-core PPA of Ubuntu"
            ))),
        Some(manager) => proposal.command(manager.install(s.sudo(), "git")),
        None => proposal
            .scope(Scope::Manual)
            .command("# https://git-scm.com/downloads"),
    })
}

/// The root certificates of this system.
pub(super) fn ca_certificates(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let bundles = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    ];
    let none = verdict.reason == Some(Reason::NoCaBundle)
        || s.tls().is_some_and(|tls| tls.system == Trust::NoRoots)
        || (!s.saved
            && s.tls().is_none()
            && cfg!(target_os = "linux")
            && !bundles.iter().any(|path| s.disk.has(Path::new(path))));
    let host = verdict.target.host.as_deref();
    // macOS and Windows bring theirs with the system
    let by_package = !s.place.is(System::Macos) && !s.place.is(System::Windows);
    let known = host.filter(|host| s.saved && by_package && forges::is_well_known(host));
    let known = known.filter(|_| verdict.reason != Some(Reason::RevocationUnknown));
    let why = match known {
        _ if s.says(Phrase::NoCaFile) => msg!(
            "The file of CA certificates that git was to read is not there: ca-certificates is not installed, or http.sslCAInfo or GIT_SSL_CAINFO names another file."
        ),
        _ if none => {
            msg!("This machine has no root certificates at all, so no certificate can be trusted.")
        }
        Some(host) => msg!(
            "Every system knows the CA of {host}: either this one has no root certificates or old ones, or an inspecting proxy answers with a CA of its own.",
            host
        ),
        None => return None,
    };
    let install = install("install-ca-certificates", s, "ca-certificates", why);
    Some(install.risk(Risk::Low))
}
