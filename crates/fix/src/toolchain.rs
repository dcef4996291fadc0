//! Go itself: which toolchain runs, and what newer ones send.

use super::{Need, Proposal, Risk, Scope, Situation, goenv, quote, shell};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::msg;
use crate::rules::said::{self, Phrase};
use crate::settings::forges;
use crate::settings::goproxy::Source;
use crate::verdict::{Reason, Verdict};
use gomend_core::place::Wrapper;

/// The version that go.mod or the text asks for: `1.25.3`.
fn wanted(verdict: &Verdict, s: &Situation) -> Option<String> {
    let version = verdict
        .target
        .version
        .as_deref()
        .map(|version| version.trim_start_matches("go").to_owned());
    let plain = |version: &String| shell::is_plain(version, ".");
    said::wanted_go(s.named())
        .map(str::to_owned)
        .or(version.filter(|version| version.starts_with(|first: char| first.is_ascii_digit())))
        .filter(plain)
        .or_else(|| s.project.as_ref()?.go.clone())
}

/// Packages of the standard library by the release that brought them
/// (<https://go.dev/doc/devel/release>).
const PACKAGES: &[(&str, &str)] = &[
    ("go/constant", "1.5"),
    ("go/importer", "1.5"),
    ("go/types", "1.5"),
    ("context", "1.7"),
    ("net/http/httptrace", "1.7"),
    ("math/bits", "1.9"),
    ("embed", "1.16"),
    ("io/fs", "1.16"),
    ("testing/fstest", "1.16"),
    ("net/netip", "1.18"),
    ("debug/buildinfo", "1.18"),
    ("crypto/ecdh", "1.20"),
    ("runtime/coverage", "1.20"),
    ("log/slog", "1.21"),
    ("slices", "1.21"),
    ("maps", "1.21"),
    ("cmp", "1.21"),
    ("testing/slogtest", "1.21"),
    ("math/rand/v2", "1.22"),
    ("go/version", "1.22"),
    ("iter", "1.23"),
    ("unique", "1.23"),
    ("structs", "1.23"),
    ("weak", "1.24"),
    ("crypto/mlkem", "1.24"),
    ("crypto/hkdf", "1.24"),
    ("crypto/pbkdf2", "1.24"),
    ("crypto/sha3", "1.24"),
    ("testing/synctest", "1.25"),
];

/// The package of the standard library that the line names, and the release that brought it.
fn package_since(s: &Situation) -> Option<(&'static str, &'static str)> {
    PACKAGES
        .iter()
        .copied()
        .find(|(name, _)| said::names_package(s.named(), name))
}

/// A package of the standard library that this Go does not have yet.
pub(super) fn standard_package(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let (package, version) = package_since(s)?;
    let why = msg!(
        "{package} belongs to the standard library since Go {version}; an older Go takes it for a module.",
        package,
        version
    );
    Some(
        Proposal::advice(
            "install-go",
            msg!("Install Go {version} or newer", version),
            why,
        )
        .scope(Scope::System)
        .command("# https://go.dev/dl/")
        .command("go version"),
    )
}

/// A language version stands where the name of a release is needed.
pub(super) fn full_version(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let version = wanted(verdict, s)?;
    let minor: u32 = version.strip_prefix("1.")?.parse().ok()?;
    if minor < 21 || !said::wants_download(s.named(), &version) {
        return None;
    }
    let full = format!("{version}.0");
    let why = msg!(
        "Since Go 1.21 the first release of a version is called {full}; there is no download called {version}.",
        full,
        version
    );
    let set = s.env.var("GOTOOLCHAIN").unwrap_or_default();
    if set.starts_with(&format!("go{version}")) {
        let title = msg!("Name a release in GOTOOLCHAIN: go{full}", full);
        let proposal = Proposal::advice("full-version", title, why);
        return Some(proposal.command(format!("export GOTOOLCHAIN=go{full}")));
    }
    let title = msg!("Write `go {full}` in go.mod", full);
    let proposal = Proposal::advice("full-version", title, why).scope(Scope::Project);
    Some(proposal.command(format!("go mod edit -go={full}")))
}

/// A newer Go where the job, the image or the hook is described.
pub(super) fn for_place(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let version = package_since(s)
        .map(|(_, version)| version.to_owned())
        .or_else(|| wanted(verdict, s));
    let hook = s.place.wrapper.as_ref().map(|known| known.is) == Some(Wrapper::PreCommit);
    if verdict.cause == Cause::MissingGoSum && !hook {
        return None;
    }
    super::reader::newer_go(version.as_deref(), s)
}

/// go.work asks for an older Go than its modules.
pub(super) fn work(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    (verdict.reason == Some(Reason::WorkspaceGo)).then(|| {
        Proposal::advice(
            "go-work-use",
            msg!("Raise the go line of go.work"),
            msg!("The go line of go.work must not be lower than that of any module in it."),
        )
        .scope(Scope::Project)
        .command("go work use")
    })
}

/// Lets go fetch the toolchain that is asked for.
pub(super) fn auto(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let setting = s.goenv.value("GOTOOLCHAIN");
    if setting == "auto" || setting.is_empty() || !s.go_at_least(21) || s.go_release.is_none() {
        return None;
    }
    let why = msg!(
        "GOTOOLCHAIN={setting} forbids go to switch. With auto it downloads the toolchain that go.mod asks for, checked against \
         the checksum database, and keeps it beside this one.",
        setting
    );
    let proposal = Proposal::new(
        "toolchain-auto",
        msg!("Let go fetch the toolchain that is asked for"),
        why,
    )
    .risk(Risk::Medium);
    Some(goenv::set(proposal, s, "GOTOOLCHAIN", "auto"))
}

/// Installs the Go that is asked for.
pub(super) fn install(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let version = wanted(verdict, s);
    let title = match &version {
        Some(version) => msg!("Install Go {version} or newer", version),
        None => msg!("Install a newer Go"),
    };
    let too_old = verdict.reason == Some(Reason::NoPathAtVersion);
    let why = if too_old {
        msg!("`go install` takes PATH@VERSION since Go 1.16.")
    } else {
        msg!("go.mod or a dependency asks for it, and this go may not or cannot switch by itself.")
    };
    let proposal = Proposal::advice("install-go", title, why).scope(Scope::System);
    let full = version.map(|version| {
        let minor = version
            .strip_prefix("1.")
            .and_then(|minor| minor.parse::<u32>().ok());
        if minor.is_some_and(|minor| minor >= 21) {
            format!("{version}.0") // before Go 1.21 the first release was called go1.20
        } else {
            version
        }
    });
    Some(
        proposal
            .command("# https://go.dev/dl/")
            .command(match full.filter(|_| !too_old) {
                // the go that runs could not do that either, where it is too old
                Some(version) => {
                    format!("go install golang.org/dl/go{version}@latest && go{version} download")
                }
                None => "go version".to_owned(),
            }),
    )
}

/// The toolchain that is here already.
pub(super) fn installed(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let setting = s.goenv.value("GOTOOLCHAIN");
    let (major, minor) = s.go_release?;
    let project = s.project.as_ref()?;
    let needs: (u32, u32) = {
        let mut numbers = project.go.as_deref().unwrap_or("1.0").split('.');
        (
            numbers.next()?.parse().ok()?,
            numbers
                .next()
                .and_then(|minor| minor.parse().ok())
                .unwrap_or(0),
        )
    };
    if setting == "local" || (major, minor) < needs {
        return None;
    }
    let why = msg!(
        "The go that is installed (1.{minor}) is new enough for this module; the other toolchain need not be fetched.",
        minor
    );
    let proposal = Proposal::new("toolchain-local", msg!("Use the Go that is installed"), why)
        .risk(Risk::Medium);
    Some(goenv::set(proposal, s, "GOTOOLCHAIN", "local"))
}

/// Toolchains are modules: a proxy that does not have them cannot serve them.
pub(super) fn default_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason == Some(Reason::ToolchainUnverified) {
        return None; // it was served
    }
    let first = s.goenv.sources().next();
    let has_default = s.goenv.value("GOPROXY").contains(forges::DEFAULT_PROXY);
    if has_default || first == Some(Source::Off) || first.is_some_and(Source::is_public) {
        return None; // a mirror is set where Go's own proxy cannot be reached
    }
    if matches!(first, Some(Source::Proxy(_))) {
        let why = msg!(
            "Toolchains come through GOPROXY as versions of golang.org/toolchain, and yours does not have the one that is asked for."
        );
        let title = msg!("Ask the people who run your module proxy to serve golang.org/toolchain");
        return Some(Proposal::advice("toolchain-proxy", title, why).command("go env GOPROXY"));
    }
    let why = msg!(
        "Toolchains come through GOPROXY as versions of golang.org/toolchain, and yours does not have them. They are always \
               checked against the checksum database, whatever GOSUMDB says."
    );
    let proposal = Proposal::new(
        "toolchain-proxy",
        msg!("Fetch toolchains from Go's own module proxy"),
        why,
    )
    .risk(Risk::Medium)
    .need(Need::Consent);
    let value = format!("{},direct", forges::DEFAULT_PROXY);
    Some(goenv::set(proposal, s, "GOPROXY", &value))
}

/// Asks for less.
pub(super) fn lower(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let (_, minor) = s.go_release?;
    if let Some(module) = verdict
        .target
        .module
        .as_deref()
        .filter(|module| !module.starts_with("golang.org/toolchain"))
    {
        return Some(
            Proposal::advice(
                "older-dependency",
                msg!("Use an older version of {module}", module),
                msg!(
                    "An earlier version may still build with Go 1.{minor}.",
                    minor
                ),
            )
            .scope(Scope::Project)
            .command(format!("go list -m -versions {}", quote(module)))
            .command(format!("go get {}", quote(&format!("{module}@VERSION")))),
        );
    }
    Some(
        Proposal::advice(
            "lower-go-line",
            msg!("Ask for an older Go in go.mod"),
            msg!("Only if the module does not use anything newer: go checks that when it builds."),
        )
        .scope(Scope::Project)
        .command(format!("go mod edit -go=1.{minor} -toolchain=none")),
    )
}

/// Where it was seen to help, or go ran here: before everything else.
pub(super) fn mlkem_first(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let proven = verdict.reason == Some(Reason::MlkemCut);
    (proven || !s.saved).then(|| mlkem(verdict, s)).flatten()
}

/// A middlebox that cannot bear the size of the post-quantum key share.
pub(super) fn mlkem(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let proven = verdict.reason == Some(Reason::MlkemCut);
    if verdict.reason == Some(Reason::MldsaCut) {
        return None; // it was seen not to help
    }
    let by_git = s.saved && verdict.target.role == Role::VcsHttps; // GODEBUG is Go's
    let old = s.saved && s.says(Phrase::BareAddress); // since Go 1.14 the address is quoted
    if by_git || old || !s.go_at_least(24) || (verdict.reason.is_some() && !proven) {
        return None;
    }
    let why = msg!(
        "Since Go 1.24 the first TLS message holds a post-quantum key share and no longer fits one packet; some firewalls and \
               VPNs drop it. This switches the share off and nothing else. Tell whoever runs the network."
    );
    let old = s.env.var("GODEBUG").unwrap_or_default();
    let value = shell::appended(old, ',', "tlsmlkem=0");
    let proposal = Proposal::new(
        "no-mlkem",
        msg!("Leave the post-quantum key share out"),
        why,
    )
    .risk(Risk::Medium);
    Some(super::proxy::shell_lines(
        proposal,
        s,
        &[format!("export GODEBUG={}", quote(&value))],
    ))
}
