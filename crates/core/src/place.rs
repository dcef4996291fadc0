//! The machine that a failure happened on, as far as a text or this machine shows it: which system,
//! shell, image build, CI system, and which program ran go.

use serde::{Deserialize, Serialize};

/// What a fact rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Basis {
    /// A line of the text says so.
    Text {
        /// Its number, from 1.
        line: usize,
        /// What it says there, masked.
        text: String,
    },
    /// It happened on this machine, which was looked at.
    Here,
}

/// A fact and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known<T> {
    /// The fact.
    pub is: T,
    /// What it rests on.
    pub basis: Basis,
}

/// An operating system, and a Linux distribution as far as its package manager tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// Any Linux.
    Linux,
    /// Debian, Ubuntu: `apt-get`.
    Debian,
    /// Fedora, RHEL: `dnf`.
    Fedora,
    /// Alpine: `apk`.
    Alpine,
    /// Arch: `pacman`.
    Arch,
    /// openSUSE: `zypper`.
    Suse,
    /// macOS.
    Macos,
    /// Windows.
    Windows,
}

impl System {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Debian => "Debian/Ubuntu",
            Self::Fedora => "Fedora/RHEL",
            Self::Alpine => "Alpine",
            Self::Arch => "Arch",
            Self::Suse => "openSUSE",
            Self::Macos => "macOS",
            Self::Windows => "Windows",
        }
    }
}

impl Ci {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub Actions",
            Self::Gitlab => "GitLab CI",
            Self::Azure => "Azure Pipelines",
            Self::Jenkins => "Jenkins",
            Self::Buildkite => "Buildkite",
            Self::Circleci => "CircleCI",
            Self::Travis => "Travis CI",
            Self::Other => "CI",
        }
    }
}

impl Container {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker build",
            Self::Buildkit => "docker build (BuildKit)",
            Self::Running => "container",
        }
    }
}

/// A family of shells, by how they quote and set variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shell {
    /// POSIX shells.
    Sh,
    /// `cmd.exe`.
    Cmd,
    /// PowerShell.
    PowerShell,
}

/// A CI system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ci {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Azure Pipelines.
    Azure,
    /// Jenkins.
    Jenkins,
    /// Buildkite.
    Buildkite,
    /// `CircleCI`.
    Circleci,
    /// Travis CI.
    Travis,
    /// Another one.
    Other,
}

/// What builds an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Container {
    /// Docker's old builder: `Step 4/9`.
    Docker,
    /// `BuildKit`: `#12 3.4`.
    Buildkit,
    /// A container that is running.
    Running,
}

/// A program that runs go with settings and caches of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrapper {
    /// Hugo's modules.
    Hugo,
    /// pre-commit.
    PreCommit,
    /// Bazel with `rules_go` and gazelle.
    Bazel,
    /// xcaddy.
    Xcaddy,
    /// Cloud Native Buildpacks.
    Buildpacks,
    /// golangci-lint.
    GolangciLint,
    /// Nix.
    Nix,
    /// `GoLand`.
    Goland,
}

impl Wrapper {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hugo => "Hugo",
            Self::PreCommit => "pre-commit",
            Self::Bazel => "Bazel",
            Self::Xcaddy => "xcaddy",
            Self::Buildpacks => "Buildpacks",
            Self::GolangciLint => "golangci-lint",
            Self::Nix => "Nix",
            Self::Goland => "GoLand",
        }
    }

    /// The command that empties the cache where it keeps modules, if it has one of its own.
    #[must_use]
    pub const fn cleaning(self) -> Option<&'static str> {
        match self {
            Self::Hugo => Some("hugo mod clean --all"),
            Self::PreCommit => Some("pre-commit clean"),
            Self::Bazel => Some("bazel clean --expunge"),
            Self::Buildpacks => Some("pack build IMAGE --clear-cache"),
            Self::Xcaddy | Self::GolangciLint | Self::Nix | Self::Goland => None,
        }
    }
}

/// A setting that names a script which chooses proxies (PAC), or asks for one to be found (WPAD): browsers read
/// it, go and git don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoProxy {
    /// The variable `auto_proxy`.
    Variable,
    /// The desktop's own settings.
    Desktop,
    /// `AutoConfigURL` in Windows' registry.
    Windows,
    /// `ProxyAutoConfigURLString` among macOS' network services.
    Macos,
    /// A script is named, whoever names it.
    Script,
}

impl AutoProxy {
    /// What it is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Variable => "auto_proxy",
            Self::Desktop => "kioslaverc",
            Self::Windows => "AutoConfigURL",
            Self::Macos => "ProxyAutoConfigURLString",
            Self::Script => "proxy.pac",
        }
    }
}

/// Whose machine it is; `None` is unknown, never guessed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Place {
    /// The operating system.
    pub system: Option<Known<System>>,
    /// The shell that commands are typed into.
    pub shell: Option<Known<Shell>>,
    /// An image build, or a container.
    pub container: Option<Known<Container>>,
    /// The CI system.
    pub ci: Option<Known<Ci>>,
    /// The program that ran go.
    pub wrapper: Option<Known<Wrapper>>,
    /// Proxies are chosen by a script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_proxy: Option<Known<AutoProxy>>,
}

impl Place {
    /// Whether this is the system.
    #[must_use]
    pub fn is(&self, system: System) -> bool {
        self.system.as_ref().is_some_and(|known| known.is == system)
    }
}
