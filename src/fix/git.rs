//! git's global configuration: rewrites for one organisation, one directory, one host.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of fixes has one shape: a plan may have nothing to say"
)]

use std::path::{Path, PathBuf};

use super::{Change, Proposal, Risk, Scope, Situation, place, quote};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::tr;
use crate::probe::ssh::Agent;
use crate::verdict::Verdict;

/// Adds a value to git's global configuration.
pub(super) fn add(proposal: Proposal, s: &Situation, key: &str, value: &str) -> Proposal {
    let proposal = proposal.command(format!(
        "git config --global --add {} {}",
        quote(key),
        quote(value)
    ));
    match s.git_config() {
        Some(_) => proposal.change(Change::GitConfig {
            key: key.to_owned(),
            value: value.to_owned(),
        }),
        None => proposal.scope(Scope::Manual),
    }
}

/// Fetches one organisation over ssh instead of HTTPS.
pub(super) fn ssh_for_org(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let https = verdict.target.role == Role::VcsHttps || verdict.cause == Cause::InsecureProtocol;
    let has_key = match s.ssh() {
        Some(ssh) => !ssh.identities.is_empty() || matches!(ssh.agent, Agent::Keys(1..)),
        None => has_key_file(s),
    };
    if !https
        || !has_key
        || verdict
            .target
            .port
            .is_some_and(|port| !matches!(port, 443 | 80))
    {
        return None;
    }
    let scope = place::scope(&verdict.target, s)?;
    let why = tr!(
        "You have an ssh key; git then uses it for everything below {host}/{scope} and keeps HTTPS for the rest.",
        host,
        scope
    );
    let proposal = Proposal::new(
        "ssh-for-org",
        tr!("Fetch {host}/{scope} over ssh", host, scope),
        why,
    );
    Some(add(
        proposal,
        s,
        &format!("url.ssh://git@{host}/{scope}.insteadOf"),
        &format!("https://{host}/{scope}"),
    ))
}

/// Fetches one organisation over HTTPS instead of ssh.
pub(super) fn https_for_org(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if !place::is_ssh(&verdict.target) && verdict.cause != Cause::SshNotFound {
        return None;
    }
    let scope = place::scope(&verdict.target, s)?;
    let why = tr!(
        "ssh does not get through; HTTPS may. A repository that is not public then wants a token."
    );
    let mut proposal = Proposal::new(
        "https-for-org",
        tr!("Fetch {host}/{scope} over HTTPS", host, scope),
        why,
    );
    for old in [
        format!("ssh://git@{host}/{scope}"),
        format!("git@{host}:{scope}"),
        // to itself: the longest match counts, so a rewrite of the whole host to ssh is passed by
        format!("https://{host}/{scope}"),
    ] {
        proposal = add(
            proposal,
            s,
            &format!("url.https://{host}/{scope}.insteadOf"),
            &old,
        );
    }
    Some(proposal)
}

fn has_key_file(s: &Situation) -> bool {
    let Some(home) = &s.home else { return false };
    ["id_ed25519", "id_ecdsa", "id_rsa"]
        .iter()
        .any(|name| home.join(".ssh").join(name).is_file())
}

/// Trusts exactly this repository, although another user owns it.
pub(super) fn safe_directory(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.saved {
        return Some(safe_elsewhere());
    }
    let directory = refused_directory(s)?;
    let shown = directory.to_str()?;
    if shown.contains('*')
        || shown.contains(char::is_control)
        || (verdict.cause != Cause::DubiousOwnership && owned(&directory))
    {
        return None;
    }
    let why = tr!(
        "git runs programs that a repository's configuration names, so it refuses one that another user owns. \
         Do this only if you trust whoever owns {shown}.",
        shown
    );
    let proposal = Proposal::new(
        "safe-directory",
        tr!("Trust the repository {shown}", shown),
        why,
    )
    .risk(Risk::Medium)
    .need(super::Need::Consent);
    Some(add(proposal, s, "safe.directory", shown))
}

/// The repository that git refuses, where go itself asked about it: a clone of go's own, or a
/// repository of the project. Where the text names another, there is none.
pub(super) fn refused_directory(s: &Situation) -> Option<PathBuf> {
    if s.saved {
        return None;
    }
    let named = ["repository at '", "unsafe repository ('"]
        .iter()
        .find_map(|lead| s.line.split_once(lead))
        .and_then(|(_, rest)| rest.split_once('\''))
        .map(|(path, _)| Path::new(path));
    let own = s.repositories();
    let Some(named) = named else {
        return own.into_iter().next();
    };
    let clones = s
        .goenv
        .mod_cache(s.home.as_deref())
        .map(|cache| cache.join("cache/vcs"));
    let is_clone = named
        .parent()
        .is_some_and(|parent| clones.as_deref() == Some(parent));
    let canonical = named.canonicalize().ok().filter(|path| path == named)?;
    (is_clone || own.contains(&canonical)).then_some(canonical)
}

/// What a log's reader can do where the log was written: there, git and not the log says which directory.
fn safe_elsewhere() -> Proposal {
    Proposal::advice(
        "safe-directory",
        tr!("Trust the repository that go was started in"),
        tr!("git runs programs that a repository's configuration names, so it refuses one that another user owns. \
             Do this in the project's directory, and only if you trust whoever owns it."),
    )
    .risk(Risk::Medium)
    .need(super::Need::Consent)
    .command("git config --global --add safe.directory \"$PWD\"")
}

fn owned(directory: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(directory)
        .is_ok_and(|metadata| metadata.uid() == rustix::process::geteuid().as_raw())
}

/// Shows what git says about this repository, which go hides.
pub(super) fn repository(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let git = if s.saved {
        "git".to_owned() // in the directory that the log's reader knows
    } else {
        let directory = refused_directory(s)?;
        format!("git -C {}", quote(&directory.to_string_lossy()))
    };
    Some(
        Proposal::advice(
            "git-status",
            tr!("See what git says about this repository"),
            tr!("go asks git for the current commit and hides why git failed. A damaged or half-cloned repository shows itself here."),
        )
        .command(format!("{git} status"))
        .command(format!("{git} log -1 --format=%H")),
    )
}

/// One long transfer breaks over HTTP/2 and not over HTTP/1.1.
pub(super) fn http_1_1(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if verdict.target.role != Role::VcsHttps {
        return None;
    }
    let why = tr!(
        "Some proxies and servers cut long HTTP/2 transfers. git then uses HTTP/1.1 for {host} alone.",
        host
    );
    let proposal = Proposal::new("git-http-1-1", tr!("Use HTTP/1.1 with {host}", host), why);
    Some(add(
        proposal,
        s,
        &format!("http.https://{host}/.version"),
        "HTTP/1.1",
    ))
}

/// Logs in from the first request on, where anonymous requests are limited.
pub(super) fn proactive_auth(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if verdict.target.role != Role::VcsHttps {
        return None;
    }
    let why = tr!(
        "{host} limits anonymous requests, and git uses a stored login only after it was refused once. \
         This sends it at once, to {host} only. It needs git 2.46 and a stored credential.",
        host
    );
    let proposal = Proposal::new(
        "proactive-auth",
        tr!("Log in to {host} from the first request on", host),
        why,
    );
    Some(add(
        proposal,
        s,
        &format!("http.https://{host}/.proactiveAuth"),
        "basic",
    ))
}

/// The line of a configuration file that git cannot read.
pub(super) fn bad_line(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.saved {
        return None; // the files of the machine that the log speaks of are elsewhere
    }
    let (file, number) = named_line(s).or_else(|| {
        let file = s.git_config()?;
        let text = crate::file::text(&file, crate::file::Kind::Settings).ok()?;
        Some((file, unreadable_line(&text)?))
    })?;
    let text = crate::file::text(&file, crate::file::Kind::Settings).ok()?;
    let old = text.lines().nth(number.checked_sub(1)?)?.to_owned();
    let ours = s.home.as_deref().is_some_and(|home| file.starts_with(home));
    let shown = s.short(&file);
    let why = tr!(
        "git cannot read line {number} of {shown} and therefore does nothing at all. The line becomes a comment.",
        number,
        shown
    );
    let proposal = Proposal::new(
        "git-config-line",
        tr!("Comment out line {number} of {shown}", number, shown),
        why,
    )
    .risk(Risk::Medium)
    .command(format!(
        "sed -i '{number}s/^/# /' {}",
        quote(&file.to_string_lossy())
    ));
    let new = Some(format!("# {old}"));
    Some(if ours {
        proposal.change(Change::Line {
            file,
            number,
            old,
            new,
        })
    } else {
        proposal.scope(Scope::System).need(super::Need::Root)
    })
}

/// `bad config line N in file F`, where F is a file that git reads for this user and for all.
fn named_line(s: &Situation) -> Option<(PathBuf, usize)> {
    let rest = s.named().split_once("bad config line ")?.1;
    let (number, file) = rest.split_once(" in file ")?;
    let file = PathBuf::from(file.trim().trim_matches(['\'', '"']));
    let system = file == Path::new("/etc/gitconfig");
    let ours = s.git_config().is_some_and(|global| global == file);
    Some((file, number.trim().parse().ok()?)).filter(|_| system || ours)
}

/// The first line that is neither blank, comment, section, key nor the rest of a value
/// (git-config(1), "Syntax"); from 1.
fn unreadable_line(text: &str) -> Option<usize> {
    let mut continued = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        let entry = match trimmed.strip_prefix('[') {
            _ if continued || trimmed.is_empty() || trimmed.starts_with(['#', ';']) => "",
            Some(section) => match section.split_once(']') {
                Some((_, rest)) => rest.trim(), // a key may stand behind the section
                None => return Some(index + 1),
            },
            None => trimmed,
        };
        continued = line.ends_with('\\');
        let name = entry.split('=').next().unwrap_or_default().trim();
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !entry.is_empty() && !entry.starts_with(['#', ';']) && !is_name {
            return Some(index + 1);
        }
    }
    None
}

/// A rewrite that leads the URL nowhere.
pub(super) fn broken_rewrite(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let file = s.git_config()?;
    let text = crate::file::text(&file, crate::file::Kind::Settings).ok()?;
    let (number, old, base) = rewrite_line(&text)?;
    let shown = s.short(&file);
    let why = tr!(
        "This insteadOf turns addresses into `{base}...`, for which git has no program.",
        base
    );
    Some(
        Proposal::new(
            "git-rewrite",
            tr!(
                "Comment out the rewrite in line {number} of {shown}",
                number,
                shown
            ),
            why,
        )
        .risk(Risk::Medium)
        .command("git config --global --show-origin --get-regexp '^url\\..*\\.insteadof$'")
        .change(Change::Line {
            new: Some(format!("# {old}")),
            file,
            number,
            old,
        }),
    )
}

/// The `insteadOf` line of the first section whose base git has no transport for: number from 1,
/// text, base.
fn rewrite_line(text: &str) -> Option<(usize, String, String)> {
    const TRANSPORTS: &[&str] = &[
        "https", "http", "ssh", "git+ssh", "ssh+git", "git", "file", "ftp", "ftps",
    ];
    let mut broken: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            let base = trimmed
                .strip_prefix("[url \"")
                .and_then(|rest| rest.split_once('"'))
                .map(|(base, _)| base);
            broken = base.filter(|base| {
                base.split_once("://")
                    .is_some_and(|(scheme, _)| !TRANSPORTS.contains(&scheme))
            });
        } else if let Some(base) = broken
            && trimmed.to_ascii_lowercase().starts_with("insteadof")
        {
            return Some((index + 1, line.to_owned(), base.to_owned()));
        }
    }
    None
}

/// A credential helper that is configured and not installed.
pub(super) fn missing_helper(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    /// git's own: never missing where git is.
    const SHIPPED: &[&str] = &["store", "cache"];
    let name = s
        .line
        .split_once("git: 'credential-")
        .and_then(|(_, rest)| rest.split_once('\''))
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && !SHIPPED.contains(name))?;
    // whoever wrote the line: that the helper is missing is seen here
    if s.saved || s.has(&format!("git-credential-{name}")) {
        return None;
    }
    let file = s.git_config()?;
    let text = crate::file::text(&file, crate::file::Kind::Settings).ok()?;
    let (index, old) = text.lines().enumerate().find(|(_, line)| {
        let line = line.trim();
        line.starts_with("helper")
            && line
                .split_once('=')
                .is_some_and(|(_, value)| value.split_whitespace().next() == Some(name))
    })?;
    let shown = s.short(&file);
    let why = tr!(
        "git is told to ask `git-credential-{name}`, which is not installed. Installing it is the other way.",
        name
    );
    Some(
        Proposal::new(
            "git-helper",
            tr!(
                "Comment out the credential helper `{name}` in {shown}",
                name,
                shown
            ),
            why,
        )
        .risk(Risk::Medium)
        .command("git config --global --show-origin --get-all credential.helper")
        .change(Change::Line {
            new: Some(format!("# {old}")),
            number: index + 1,
            old: old.to_owned(),
            file,
        }),
    )
}

/// Where each setting of git comes from.
pub(super) fn origin_of_settings(_verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    Some(
        Proposal::advice(
            "git-config-origin",
            tr!("See where git's settings come from"),
            tr!("The setting that breaks git stands in one of these files; without them git works as it comes."),
        )
        .command("git config --list --show-origin")
        .command(format!(
            "GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git ls-remote URL   # {}",
            tr!("without any of them")
        )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rewrite_is_found() {
        let text = "[user]\n\tname = x\n[url \"corp://h/\"]\n\tinsteadOf = https://h/\n[url \"https://o/\"]\n\tinsteadOf = x\n";
        assert_eq!(
            rewrite_line(text),
            Some((4, "\tinsteadOf = https://h/".into(), "corp://h/".into()))
        );
        assert_eq!(
            rewrite_line("[url \"git@h:\"]\n\tinsteadOf = https://h/\n"),
            None
        );
    }

    #[test]
    fn the_unreadable_line_is_found() {
        for good in [
            "",
            "[a]\n\tb = c\n# x\n;y\n\n[a \"b.c\"] d = e\n\tlong = a \\\n  = b\n\tflag\n",
            "[a]\n\tx-y=1 # z",
        ] {
            assert_eq!(unreadable_line(good), None, "{good}");
        }
        assert_eq!(unreadable_line("[user]\n\t= nobody\n"), Some(2));
        assert_eq!(unreadable_line("[user\n\tname = x\n"), Some(1));
        assert_eq!(unreadable_line("[a]\n<<<<<<< HEAD\n"), Some(2));
    }
}
