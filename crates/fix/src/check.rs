//! What a proposal is tried with: the narrowest command that showed the failure.
//!
//! In: a proposal, a verdict, the situation. Out: a [`Check`]. Nothing is run here.

use std::path::PathBuf;

use super::situation::Project;
use super::{Change, Proposal, Situation, Way, git, shell};
use gomend_core::text;

use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::settings::url::Url;
use crate::verdict::Verdict;

/// A public module that every mirror serves, where the failing one is not known.
pub(super) const PUBLIC_MODULE: &str = "golang.org/x/text@v0.3.0";

/// The narrowest command that shows a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Check {
    /// `go mod download -json` or `go list -m -json` of one `module@version`, in the module or workspace
    /// of the failed run, on copies of what go reads and writes there.
    Module(String),
    /// `git ls-remote` of one repository.
    Remote(String),
    /// Whether git opens the repository at a directory: nothing that it names runs.
    Repository(PathBuf),
    /// `go mod download` in the module or workspace of the failed run, on copies as well.
    Download(PathBuf),
    /// `go list ./...` in the project; `deps`: with everything it imports.
    Listing { root: PathBuf, deps: bool },
    /// `go list -compiled` of a package of the standard library: go opens its build cache and its
    /// folder for temporary files, and asks nobody.
    Places,
    /// Whether the vendor folder agrees with go.mod; the module's root.
    Vendored(PathBuf),
    /// `go list -m` on a copy of go.mod, toolchain switching allowed.
    Toolchain(PathBuf),
    /// Nothing can be tried; why, translated where it is shown.
    Nothing(&'static str),
}

impl Check {
    /// The narrowest command for this verdict and this proposal.
    pub(super) fn of(proposal: &Proposal, verdict: &Verdict, s: &Situation) -> Self {
        let target = &verdict.target;
        let root = s.project.as_ref().map(|project| project.root.clone());
        let of_flags = proposal
            .makes(|change| matches!(change, Change::GoEnv { key, .. } if key == "GOFLAGS"));
        let of_modules = super::is_worked_out_by_go(proposal);
        let module = || of_module(verdict).map(Self::Module);
        if proposal.way == Way::Mirror {
            // a mirror is offered for what is public alone
            return module().unwrap_or_else(|| Self::Module(PUBLIC_MODULE.to_owned()));
        }
        let removes = |change: &Change| matches!(change, Change::MoveAside { .. });
        if (proposal.way == Way::OwnAddress || proposal.makes(removes))
            && let Some(check) = module()
        {
            return check;
        }
        let of_work = |change: &Change| {
            let path = change.path(s);
            path.is_some_and(|path| path.ends_with("go.work") || path.ends_with("go.sum"))
        };
        if let Some(root) = &root
            && !of_modules
            && proposal.makes(of_work)
        {
            return Self::Listing {
                root: root.clone(),
                deps: true,
            };
        }
        let of_vendor = |change: &Change| matches!(change, Change::Modules { args, .. } if args.last().is_some_and(|arg| arg == "vendor"));
        if let Some(root) = &root
            && proposal.makes(of_vendor)
        {
            return Self::Vendored(root.clone());
        }
        let of_places = |key: &str| matches!(key, "GOCACHE" | "GOTMPDIR" | "TMPDIR");
        if proposal.settings.iter().any(|(key, _)| of_places(key)) {
            return Self::Places;
        }
        let of_trust = proposal.makes(
            |change| matches!(change, Change::GitConfig { key, .. } if key == "safe.directory"),
        );
        let here = || {
            let refused = git::refused_directory(s);
            refused.map_or(
                Self::Nothing(text!("no repository is named")),
                Self::Repository,
            )
        };
        match (verdict.cause, root) {
            _ if of_trust => return here(),
            (_, Some(root)) if of_modules => return Self::Listing { root, deps: true },
            (Cause::VcsStampingFailed | Cause::DubiousOwnership, Some(root))
                if of_flags || verdict.cause == Cause::VcsStampingFailed =>
            {
                return Self::Listing { root, deps: false };
            }
            // what was looked up need not be anything that the project imports
            (Cause::GoproxyDisabled, _) if of_flags => {}
            (_, Some(root)) if of_flags && downloads_all(&s.args) => return Self::Download(root),
            (_, Some(root)) if of_flags => return Self::Listing { root, deps: true },
            (Cause::DubiousOwnership, _) => return here(),
            (Cause::GoTooOld | Cause::ToolchainUnavailable, Some(root)) => {
                return Self::Toolchain(root);
            }
            _ => {}
        }
        // whom go asks changes, or what failed came after the list of refs: that list proves nothing
        let of_route = proposal.settings.iter().any(|(key, _)| key == "GOPROXY");
        let later = matches!(
            verdict.cause,
            Cause::TransferInterrupted | Cause::UnknownRevision
        );
        if (of_route || later)
            && let Some(check) = module()
        {
            return check;
        }
        let by_vcs = matches!(target.role, Role::VcsHttps | Role::VcsSsh | Role::VcsGit);
        if by_vcs && let Some(url) = target.url.as_deref().and_then(repository) {
            return Self::Remote(url);
        }
        let download = |project: &Project| Self::Download(project.root.clone());
        module()
            .or_else(|| s.project.as_ref().map(download))
            .unwrap_or(Self::Nothing(text!(
                "the failing step is not known well enough"
            )))
    }

    /// What was run, for people.
    pub(super) fn text(&self) -> Text {
        match self {
            Self::Module(at) => msg!("fetching {module}", module = at),
            Self::Remote(url) => format!("git ls-remote {url}").into(),
            Self::Repository(dir) => msg!("opening the repository {dir}", dir = dir.display()),
            Self::Download(_) => "go mod download".into(),
            Self::Listing { .. } => "go list ./...".into(),
            Self::Vendored(_) => "go list -mod=vendor".into(),
            Self::Places => "go list -compiled errors".into(),
            Self::Toolchain(_) => "go list -m".into(),
            Self::Nothing(_) => msg!("nothing"),
        }
    }
}

/// Whether a command is `go mod download` without a module's name.
fn downloads_all(args: &[String]) -> bool {
    let mut words = args.iter().filter(|arg| !arg.starts_with('-'));
    words.next().is_some_and(|word| word == "mod")
        && words.next().is_some_and(|word| word == "download")
        && words.next().is_none()
}

/// `module@version` of the failing step.
fn of_module(verdict: &Verdict) -> Option<String> {
    let target = &verdict.target;
    let module = target.module.as_deref().filter(|module| plain(module))?;
    let version = target
        .version
        .as_deref()
        .map(|version| version.trim_end_matches("/go.mod"));
    let version = version.filter(|version| plain(version)).unwrap_or("latest");
    Some(format!("{module}@{version}"))
}

/// A module path or version that is safe as an argument.
fn plain(word: &str) -> bool {
    !word.starts_with('-') && shell::is_plain(word, "-._~/+!")
}

/// The repository of a URL that was asked for: without git's own sub-resources.
fn repository(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let url = url.strip_suffix("/info/refs").unwrap_or(url);
    let parsed = Url::parse(url);
    // a bare host is no repository
    let known = parsed.is_some_and(|url| {
        !url.path.trim_matches('/').is_empty() && {
            matches!(
                url.scheme.as_str(),
                "https" | "ssh" | "git+ssh" | "http" | "git"
            )
        }
    });
    (known && !url.starts_with('-')).then(|| url.to_owned())
}
