//! The module itself: versions, go.mod, go.sum, vendor.

use super::privacy::{self, Standing};
use super::{Change, Line, Proposal, Scope, Situation, place, quote, shell};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::rules::said::{self, Phrase};
use crate::verdict::{Reason, Verdict, policy};

fn module(verdict: &Verdict) -> Option<&str> {
    verdict.target.module.as_deref()
}

/// A mistyped path looks like a private one.
pub(super) fn check_path(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason == Some(Reason::Redirected) {
        return None; // the page is there
    }
    let Some(path) = module(verdict).or(verdict.target.url.as_deref()) else {
        return s.saved.then(|| {
            Proposal::advice(
                "check-path",
                msg!("Check the repository's address, and whether you may read it"),
                msg!("A repository that was renamed, deleted or mistyped answers exactly as a hidden one does."),
            )
            .command("git remote -v")
        });
    };
    let close = s
        .requires()
        .find(|other| other.as_str() != path && other.eq_ignore_ascii_case(path));
    let mut why = msg!(
        "A repository that was renamed, deleted or mistyped answers exactly as a hidden one does. Open it in a browser: {path}.",
        path
    );
    if let Some(other) = close {
        let other = msg!(
            "go.mod also names {other}, which differs in case only.",
            other
        );
        why = Text::sentences([why, other]);
    }
    let host_only = path.split_once("://").map_or(path, |(_, rest)| rest);
    // neither a login, which was masked, nor a version belongs to the address
    let host_only = match host_only.split_once('/') {
        Some((authority, _)) => authority
            .rsplit_once('@')
            .map_or(host_only, |(login, _)| &host_only[login.len() + 1..]),
        None => host_only,
    };
    let host_only = host_only.split("@v").next().unwrap_or(host_only);
    Some(
        Proposal::advice(
            "check-path",
            msg!("Check that {host_only} is spelt right", host_only),
            why,
        )
        .command(format!(
            "git ls-remote {}",
            quote(&format!(
                "https://{}",
                host_only.trim_end_matches("/info/refs")
            ))
        )),
    )
}

/// An import path that names no host.
pub(super) fn no_host(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.says(Phrase::Hostless)
        || module(verdict).is_some_and(|module| {
            module
                .split('/')
                .next()
                .is_some_and(|host| host.contains('.'))
        })
    {
        return None;
    }
    Some(
        Proposal::advice(
            "full-import-path",
            msg!("Write the import path in full"),
            msg!(
                "A path without a host is a package of the standard library or of this module: the latter starts with the path after `module` in \
                 go.mod. A repository's path starts with its host, as github.com does."
            ),
        )
        .scope(Scope::Project)
        .command("go list -m"),
    )
}

/// Whether a version was made from a commit (<https://go.dev/ref/mod#pseudo-versions>).
fn is_pseudo(version: &str) -> bool {
    let mut parts = version.rsplit('-');
    let hash = parts.next().unwrap_or_default();
    let stamp = parts.next().unwrap_or_default();
    let stamp = stamp.rsplit('.').next().unwrap_or_default();
    hash.len() == 12
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        && stamp.len() == 14
        && stamp.bytes().all(|byte| byte.is_ascii_digit())
}

/// Which versions there are.
pub(super) fn versions(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if module(verdict).is_none() && s.saved {
        return Some(
            Proposal::advice(
                "list-versions",
                msg!("Choose a version that exists"),
                msg!("A tag must be pushed, start with v, and carry the subdirectory in front for a module below the root."),
            )
            .scope(Scope::Project)
            .command("go list -m -versions MODULE"),
        );
    }
    let module = module(verdict)?;
    let asked = verdict
        .target
        .version
        .as_deref()
        .filter(|version| !matches!(*version, "latest" | "upgrade" | "patch" | "none"))
        .filter(|_| verdict.cause == Cause::UnknownRevision) // an invalid one may well be there
        .map_or_else(Text::default, |version| {
            msg!("{version} is not one of them.", version)
        });
    let pseudo = verdict.target.version.as_deref().is_some_and(is_pseudo);
    if s.saved && verdict.reason == Some(Reason::NotProvided) {
        return None; // a package is no module
    }
    if s.saved && pseudo && verdict.cause == Cause::UnknownRevision {
        return None; // a commit is missing, not a tag
    }
    let is_query = matches!(
        verdict.target.version.as_deref(),
        Some("latest" | "upgrade" | "patch")
    );
    let rule = msg!(
        "A tag must be pushed, start with v, and carry the subdirectory in front for a module below the root."
    );
    Some(
        Proposal::advice(
            "list-versions",
            msg!("Choose a version of {module} that exists", module),
            Text::sentences([rule, asked]),
        )
        .scope(Scope::Project)
        .command(format!("go list -m -versions {}", quote(module)))
        .command(if is_query {
            // the query itself found nothing
            format!("go get {}", quote(&format!("{module}@BRANCH-OR-COMMIT")))
        } else {
            format!("go get {}", quote(&format!("{module}@latest")))
        }),
    )
}

/// A public module that a proxy does not have: perhaps in another version.
pub(super) fn published(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if privacy::standing(verdict, s) != Standing::Open {
        return None;
    }
    versions(verdict, s)
}

/// The tag may be there, and the proxy or database does not know it yet.
pub(super) fn new_tag(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = module(verdict)?;
    let version = verdict.target.version.as_deref()?;
    let is_tag = version.starts_with('v') && version.contains('.');
    if !is_tag || privacy::standing(verdict, s) == Standing::Own {
        return None;
    }
    if is_pseudo(version) {
        let unreached = verdict.target.role == Role::Sumdb && Phrase::Unconnected.is_in(&s.answer);
        if s.saved && (policy::is_hidden(&s.answer) || unreached) {
            return None; // who asked could not get in: nothing is said of the commit
        }
        return Some(
            Proposal::advice(
                "lost-commit",
                msg!("Use a commit of {module} that is still there", module),
                msg!(
                    "{version} is made from a commit, not from a tag. A commit that was rebased away, squashed or never pushed is not found.",
                    version
                ),
            )
            .scope(Scope::Project)
            .command(format!("go get {}", quote(&format!("{module}@latest")))),
        );
    }
    let fresh = verdict.reason == Some(Reason::FreshTag);
    let push = format!("git push origin {}", quote(version));
    let at = quote(&format!("{module}@{version}"));
    if verdict.target.role == Role::Sumdb {
        // whoever fetches from the repository is checked against the same database
        let proposal = Proposal::advice(
            "new-tag",
            if fresh {
                msg!("Wait a while: the checksum database looks again when it is asked later")
            } else {
                msg!(
                    "If the tag is new: push it, then wait until the checksum database looks again"
                )
            },
            msg!(
                "It remembers for some minutes that a version was missing. To leave the module out of it would give up its verification for good."
            ),
        );
        let proposal = if fresh {
            proposal
        } else {
            proposal.command(push)
        };
        return Some(proposal.command(format!("go mod download {at}")));
    }
    let memory = msg!(
        "A module proxy remembers for up to 30 minutes that a version was missing. Asking the repository directly, for this one \
         module and command, shows whether the tag is there."
    );
    let proposal = if fresh {
        let title = msg!(
            "Wait up to 30 minutes, or fetch {version} from the repository this once",
            version
        );
        Proposal::advice("new-tag", title, memory)
    } else {
        let title = msg!("If the tag is new: push it, then bypass the proxy's cache");
        Proposal::advice("new-tag", title, memory).command(push)
    };
    Some(proposal.command(format!("GOPROXY=direct go list -m {at}")))
}

/// The form that go wants a version in.
pub(super) fn canonical_version(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = module(verdict)?;
    let version = verdict.target.version.as_deref().unwrap_or("COMMIT");
    let commit = version
        .rsplit('-')
        .next()
        .filter(|tail| tail.len() == 12)
        .unwrap_or(version);
    let major = version
        .strip_prefix('v')
        .and_then(|version| version.split('.').next()?.parse::<u32>().ok())
        .filter(|major| *major > 1 && !version.ends_with("+incompatible"));
    // the go.mod there names another path: under this one no version is right
    let named = said::path_of_go_mod(s.named()).filter(|named| *named != module);
    if let Some(named) = named {
        return Some(
            Proposal::advice(
                "canonical-version",
                msg!("Ask for {named}", named),
                msg!("That is the path that go.mod has at this revision; from v2 on a path ends in its major version."),
            )
            .scope(Scope::Project)
            .command(format!("go get {}", quote(&format!("{named}@latest")))),
        );
    }
    let suffixed = |major| module.ends_with(&format!("/v{major}"));
    let module = match major {
        Some(major) if commit == version && !suffixed(major) => format!("{module}/v{major}"),
        _ => module.to_owned(),
    };
    Some(
        Proposal::advice(
            "canonical-version",
            msg!("Let go write the version itself"),
            msg!("From v2 on the module path ends in /v2 and so on; a commit between tags has a pseudo-version that go computes from the \
             commit."),
        )
        .scope(Scope::Project)
        .command(format!("go get {}", quote(&format!("{module}@{commit}")))),
    )
}

/// The path that the module gives itself.
pub(super) fn declared_path(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = module(verdict)?;
    let declared = declared(s);
    let (title, why) = match &declared {
        Some(name) => (
            msg!("Require {name}", name),
            msg!(
                "The module calls itself {name}; under the name {module} go must not use it. Import it under that name.",
                name,
                module
            ),
        ),
        None => (
            msg!("Require the path that its go.mod declares"),
            msg!(
                "The module calls itself the path that its go.mod declares; under the name {module} go must not use it. Import it under that name.",
                module
            ),
        ),
    };
    let target = declared.unwrap_or_else(|| "DECLARED/PATH".to_owned());
    Some(
        Proposal::advice("declared-path", title, why)
            .scope(Scope::Project)
            .command(format!("go mod edit -droprequire={}", quote(module)))
            .command(format!("go get {}", quote(&format!("{target}@latest")))),
    )
}

/// A fork keeps the name of the original.
pub(super) fn replace(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = module(verdict)?;
    let declared = declared(s).unwrap_or_else(|| "DECLARED/PATH".to_owned());
    let version = verdict.target.version.as_deref().unwrap_or("VERSION");
    Some(
        Proposal::advice(
            "replace-fork",
            msg!("If it is a fork: replace the original by it"),
            msg!("Imports keep the original's path, and go.mod says where the code comes from."),
        )
        .scope(Scope::Project)
        .command(format!(
            "go mod edit -replace={}",
            quote(&format!("{declared}={module}@{version}"))
        ))
        .command("go mod tidy"),
    )
}

/// `module declares its path as: X`.
fn declared(s: &Situation) -> Option<String> {
    let path = said::declared_path(s.named())?;
    shell::is_plain(path, "-._~/").then(|| path.to_owned())
}

/// The package has gone elsewhere.
pub(super) fn moved_package(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = module(verdict)?;
    Some(
        Proposal::advice(
            "moved-package",
            msg!("See where the package has gone"),
            msg!("A later version may have moved it to another path or module; an earlier one still holds it."),
        )
        .scope(Scope::Project)
        .command(format!("# https://pkg.go.dev/{module}?tab=versions"))
        .command(format!("go get {}", quote(&format!("{module}@VERSION")))),
    )
}

/// Two modules provide the same package.
pub(super) fn drop_absorbed(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = module(verdict).unwrap_or("OLD/MODULE");
    Some(
        Proposal::advice(
            "drop-absorbed",
            msg!("Upgrade the module that held the package before, or drop it"),
            msg!("The line names both modules. A later version of the older one leaves the package out; where nothing needs the older one, drop it."),
        )
        .scope(Scope::Project)
        .command(format!("go get {}", quote(&format!("{module}@latest"))))
        .command(Line::with(format!("go get {}", quote(&format!("{module}@none"))), msg!("or without it")))
        .command("go mod tidy"),
    )
}

/// `go mod tidy`, proven on copies of go.mod and go.sum.
pub(super) fn tidy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let by_vendor = s.saved && verdict.reason == Some(Reason::VendorStale); // which tidies first
    if s.project.is_none() && !s.saved || by_vendor {
        return None;
    }
    let why = msg!(
        "go.mod and go.sum are brought in line with what the code imports. Versions that nothing pins may move, so look at \
               the difference."
    );
    let proposal = Proposal::new("mod-tidy", msg!("Tidy go.mod and go.sum"), why)
        .scope(Scope::Project)
        .command("go mod tidy");
    let Some(project) = &s.project else {
        return Some(proposal);
    };
    if s.workspace.is_some() || (project.vendored && verdict.cause == Cause::MissingGoSum) {
        return Some(proposal); // go.work.sum and vendor lie beyond go.mod's own files
    }
    if let Some(another) = another_go_mod(s) {
        return Some(proposal.command(another));
    }
    Some(proposal.change(Change::Modules {
        root: project.root.clone(),
        args: vec!["mod".into(), "tidy".into()],
    }))
}

/// Only the missing checksums.
pub(super) fn go_sum(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let project = s.project.as_ref()?;
    if s.workspace.is_some() || project.vendored || !s.says(Phrase::GoSum) {
        return None;
    }
    let lacks = match module(verdict) {
        Some(module) => msg!("go.sum lacks the checksums of {module}.", module),
        None => msg!("go.sum lacks the checksums of all modules."),
    };
    let stays = msg!("go.mod stays as it is.");
    let why = Text::sentences([lacks, who_confirms(module(verdict), s), stays]);
    let args: Vec<String> = ["mod", "download", "all"].map(str::to_owned).to_vec();
    let proposal = Proposal::new("go-sum", msg!("Add the missing checksums to go.sum"), why)
        .scope(Scope::Project)
        .command("go mod download all");
    if let Some(another) = another_go_mod(s) {
        return Some(proposal.command(another));
    }
    Some(proposal.change(Change::Modules {
        root: project.root.clone(),
        args,
    }))
}

/// Where checksums come from that are not in go.sum yet, and who confirms them (Go modules
/// reference, "Authenticating modules").
fn who_confirms(module: Option<&str>, s: &Situation) -> Text {
    let unasked = s.goenv.private("GONOSUMDB");
    match module {
        _ if s.goenv.value("GOSUMDB").trim() == "off" => msg!(
            "They are worked out from what is downloaded, and nobody confirms them (GOSUMDB=off)."
        ),
        Some(module) if s.goenv.skips_sumdb(module) => msg!(
            "They are worked out from what is downloaded, and nobody confirms them: the checksum database is not asked about {patterns}.",
            patterns = unasked
        ),
        None if !unasked.is_empty() => msg!(
            "The checksum database confirms them, but for those of {patterns}, which nobody confirms.",
            patterns = unasked
        ),
        _ => msg!("The checksum database confirms them."),
    }
}

/// The command took another file for go.mod, whose own go.sum lies beside that one (Go reference, `-modfile`).
fn another_go_mod(s: &Situation) -> Option<Line> {
    let file = s.build_flag("modfile")?;
    Some(Line::note(msg!(
        "with -modfile={file}, as your command has it",
        file
    )))
}

/// The vendor directory lags behind.
pub(super) fn vendor(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.project.is_none() && !s.saved {
        return None;
    }
    let vendored = s.project.as_ref().is_some_and(|project| project.vendored);
    let vendor_mode = s.goenv.value("GOFLAGS").contains("-mod=vendor") || s.says(Phrase::Vendor);
    if !vendored && !vendor_mode {
        return None;
    }
    let why = msg!(
        "vendor/modules.txt and go.mod do not name the same modules, and with a vendor directory go looks nowhere else."
    );
    let title = if verdict.cause == Cause::GoproxyDisabled {
        msg!("Vendor the module")
    } else {
        msg!("Write the vendor directory anew")
    };
    let proposal = Proposal::advice("mod-vendor", title, why).scope(Scope::Project);
    let proposal = if verdict.cause == Cause::GoproxyDisabled {
        proposal.command(Line::note(msg!("on a machine that may download")))
    } else {
        proposal
    };
    let stale = verdict.reason == Some(Reason::VendorStale) && vendored && !s.saved;
    if let (true, Some(project)) = (stale, &s.project) {
        let why = msg!(
            "{why} Where go would remove files as well, that is left to you.",
            why = proposal.why
        );
        return Some(
            Proposal::new(&proposal.id, proposal.title, why)
                .scope(Scope::Project)
                .command("go mod vendor")
                .change(Change::Modules {
                    root: project.root.clone(),
                    args: vec!["mod".into(), "vendor".into()],
                }),
        );
    }
    Some(proposal.command("go mod tidy").command("go mod vendor"))
}

/// A line of go.sum that nobody else agrees with.
pub(super) fn wrong_sum(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::GoSumDiffers) {
        return None;
    }
    let module = module(verdict)?;
    Some(
        Proposal::advice(
            "go-sum-line",
            msg!("Find out who changed the lines of {module} in go.sum", module),
            msg!(
                "All others have the same content, so the line here is what is wrong: a merge, a tool or a hand changed it, or it was written while the \
                 module was another. Once that is clear, delete the module's two lines; go writes them again and compares with the checksum database."
            ),
        )
        .scope(Scope::Project)
        .command(format!("git log -p -S {} -- go.sum", quote(&format!("{module} "))))
        .command("go mod tidy"),
    )
}

/// Who is wrong about a checksum, where that is not known yet.
pub(super) fn checksum(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !matches!(verdict.reason, None | Some(Reason::ChecksumsDiffer)) {
        return None;
    }
    let module = module(verdict)?;
    let version = verdict.target.version.as_deref().unwrap_or("VERSION");
    let at = quote(&format!("{module}@{version}"));
    let prefix = place::prefix(&verdict.target);
    let private = prefix.is_some_and(|prefix| s.goenv.skips_sumdb(&prefix));
    let own = if private {
        msg!("For a private module that you retagged yourself, drop its lines from go.sum by hand.")
    } else {
        Text::default()
    };
    let parties = msg!(
        "The same version has two contents. Only the local copy differs: the cache is damaged. The repository differs from \
         the proxy: the tag was moved, so use the next version. Never switch the checksum database off for it."
    );
    Some(
        Proposal::advice(
            "checksum-parties",
            msg!("Find out who differs: this cache, the proxy, or the author"),
            Text::sentences([parties, own]),
        )
        .command(Line::with(format!("cd \"$(mktemp -d)\" && GOMODCACHE=$PWD/c GOFLAGS=-modcacherw go mod download -json {at}"), msg!("the proxy's")))
        .command(Line::with(format!("cd \"$(mktemp -d)\" && GOMODCACHE=$PWD/c GOFLAGS=-modcacherw GOPROXY=direct go mod download -json {at}"), msg!("the repository's"))),
    )
}
