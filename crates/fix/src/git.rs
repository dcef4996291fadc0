//! git's global configuration: rewrites for one organisation, one directory, one host.

use std::path::{Path, PathBuf};

use super::change::Spot;
use super::disk::Disk;
use super::{Change, Line, Proposal, Risk, Scope, Situation, Way, place, quote};
use crate::cause::Cause;
use crate::evidence::{Role, Target};
use crate::file::Kind;
use crate::lang::{Text, msg};
use crate::probe::ssh::Agent;
use crate::rules::said;
use crate::settings::gitconfig;
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

/// The key of git that holds for one server alone, with its port: git compares that too
/// (git-config(1), `http.<url>.*`).
pub(super) fn http_key(target: &Target, host: &str, name: &str) -> String {
    let scheme = target.scheme.as_deref().filter(|scheme| *scheme == "http");
    let scheme = scheme.unwrap_or("https");
    let usual = if scheme == "http" { 80 } else { 443 };
    let port = target.port.filter(|port| *port != usual);
    let port = port.map_or_else(String::new, |port| format!(":{port}"));
    format!("http.{scheme}://{host}{port}/.{name}")
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
    let why = msg!(
        "You have an ssh key; git then uses it for everything below {host}/{scope} and keeps HTTPS for the rest.",
        host,
        scope
    );
    let proposal = Proposal::new(
        "ssh-for-org",
        msg!("Fetch {host}/{scope} over ssh", host, scope),
        why,
    )
    .way(Way::OtherProtocol);
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
    let why = msg!(
        "ssh does not get through; HTTPS may. A repository that is not public then wants a token."
    );
    let mut proposal = Proposal::new(
        "https-for-org",
        msg!("Fetch {host}/{scope} over HTTPS", host, scope),
        why,
    )
    .way(Way::OtherProtocol);
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
        .any(|name| s.disk.has_file(&home.join(".ssh").join(name)))
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
        || (verdict.cause != Cause::DubiousOwnership
            && s.disk.node(&directory).is_some_and(|node| node.is_ours))
    {
        return None;
    }
    let why = msg!(
        "git runs programs that a repository's configuration names, so it refuses one that another user owns. \
         Do this only if you trust whoever owns {shown}.",
        shown
    );
    let proposal = Proposal::new(
        "safe-directory",
        msg!("Trust the repository {shown}", shown),
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
    let named = said::refused_repository(&s.line).map(Path::new);
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
    let canonical = s.disk.canonical(named).filter(|path| path == named)?;
    (is_clone || own.contains(&canonical)).then_some(canonical)
}

/// What a log's reader can do where the log was written: there, git and not the log says which directory.
fn safe_elsewhere() -> Proposal {
    Proposal::advice(
        "safe-directory",
        msg!("Trust the repository that go was started in"),
        msg!("git runs programs that a repository's configuration names, so it refuses one that another user owns. \
             Do this in the project's directory, and only if you trust whoever owns it."),
    )
    .risk(Risk::Medium)
    .need(super::Need::Consent)
    .command("git config --global --add safe.directory \"$PWD\"")
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
            msg!("See what git says about this repository"),
            msg!("go asks git for the current commit and hides why git failed. A damaged or half-cloned repository shows itself here."),
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
    let why = msg!(
        "Some proxies and servers cut long HTTP/2 transfers. git then uses HTTP/1.1 for {host} alone.",
        host
    );
    let proposal = Proposal::new("git-http-1-1", msg!("Use HTTP/1.1 with {host}", host), why);
    Some(add(
        proposal,
        s,
        &http_key(&verdict.target, host, "version"),
        "HTTP/1.1",
    ))
}

/// Logs in from the first request on, where anonymous requests are limited.
pub(super) fn proactive_auth(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if verdict.target.role != Role::VcsHttps {
        return None;
    }
    let why = msg!(
        "{host} limits anonymous requests, and git uses a stored login only after it was refused once. \
         This sends it at once, to {host} only. It needs git 2.46 and a stored credential.",
        host
    );
    let proposal = Proposal::new(
        "proactive-auth",
        msg!("Log in to {host} from the first request on", host),
        why,
    );
    Some(add(
        proposal,
        s,
        &http_key(&verdict.target, host, "proactiveAuth"),
        "basic",
    ))
}

/// The line of a configuration file that git cannot read.
pub(super) fn bad_line(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.saved {
        return None; // the files of the machine that the log speaks of are elsewhere
    }
    let (file, number) = named_line(s).or_else(|| {
        files(s).into_iter().find_map(|file| {
            let text = s.disk.text(&file, Kind::Settings)?;
            let number = unreadable_line(&text)?;
            Some((file, number))
        })
    })?;
    let text = s.disk.text(&file, Kind::Settings)?;
    let line = text.lines().nth(number.checked_sub(1)?)?.to_owned();
    let shown = s.short(&file);
    let why = msg!(
        "git cannot read line {number} of {shown} and therefore does nothing at all. The line becomes a comment.",
        number,
        shown
    );
    let proposal = Proposal::new(
        "git-config-line",
        msg!("Comment out line {number} of {shown}", number, shown),
        why,
    )
    .risk(Risk::Medium);
    let new = format!("# {line}");
    Some(taken_out(proposal, Spot { file, number, line }, new, s))
}

/// A line of git's configuration taken out; where the file isn't the user's own, the administrator does it.
fn taken_out(proposal: Proposal, spot: Spot, new: String, s: &Situation) -> Proposal {
    let proposal = proposal.command(format!(
        "sed -i '{}s/^/# /' {}",
        spot.number,
        quote(&spot.file.to_string_lossy())
    ));
    if s.disk.may_write(&spot.file) {
        proposal.change(spot.becomes(Some(new)))
    } else {
        proposal.scope(Scope::System).need(super::Need::Root)
    }
}

/// `bad config line N in file F`, where F is a file that git reads for this user and for all.
fn named_line(s: &Situation) -> Option<(PathBuf, usize)> {
    let (number, file) = said::bad_config_line(&s.line)?;
    let file = PathBuf::from(file);
    // whoever wrote the text: only a file that git reads for this user
    let known = files(s).contains(&file);
    known.then_some((file, number))
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
        let quotes = line.matches('"').count() - line.matches("\\\"").count();
        if quotes % 2 == 1
            && !line.ends_with('\\')
            && !continued
            && !entry.is_empty()
            && !entry.starts_with(['#', ';'])
            && !entry.contains(" #")
            && !entry.contains(" ;")
        {
            return Some(index + 1);
        }
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

/// A setting of git as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    /// Its line; the file is named as git comes to it.
    pub(super) at: Spot,
    /// Section and subsection: `http`, `url.corp://h/`; the section in lower case.
    pub(super) section: String,
    /// In lower case.
    pub(super) name: String,
    /// Without quotes around it.
    pub(super) value: String,
}

impl Setting {
    /// The line without the setting: a comment, or the section that it opens.
    fn without(&self) -> String {
        let line = &self.at.line;
        match line.split_once(']') {
            Some((head, rest)) if line.trim_start().starts_with('[') => {
                format!("{head}] #{rest}")
            }
            _ => format!("# {line}"),
        }
    }

    /// Whether it stands in this section, for one URL or for all, under one of these names.
    pub(super) fn is_of(&self, section: &str, names: &[&str]) -> bool {
        let head = self.section.split('.').next();
        head == Some(section) && names.contains(&&*self.name)
    }

    /// The file that it includes.
    pub(super) fn included(&self, s: &Situation) -> PathBuf {
        let beside = self.at.file.parent().unwrap_or(Path::new("/"));
        beside.join(s.expanded(&self.value))
    }

    /// Taken out of its file.
    pub(super) fn taken_out(self, proposal: Proposal, s: &Situation) -> Proposal {
        let without = self.without();
        taken_out(proposal, self.at, without, s)
    }

    /// `line 3 of ~/.gitconfig`.
    pub(super) fn place(&self, s: &Situation) -> Text {
        msg!(
            "line {number} of {file}",
            number = self.at.number,
            file = s.short(&self.at.file)
        )
    }
}

/// Every file that git reads for this user, included ones too.
pub(super) fn files(s: &Situation) -> Vec<PathBuf> {
    let included = settings(s)
        .into_iter()
        .filter(|setting| includes(&setting.section) && setting.name == "path")
        .map(|setting| setting.included(s));
    let mut all = Vec::new();
    for file in first_files(s).into_iter().chain(included) {
        if !all.contains(&file) {
            all.push(file);
        }
    }
    all
}

/// The settings that git reads for this user, in git's order: the system's file, the user's two,
/// each with what it includes, by a condition too (git-config(1), FILES). Not those of the environment
/// and of repositories.
pub(super) fn settings(s: &Situation) -> Vec<Setting> {
    let mut found = Vec::new();
    for file in first_files(s) {
        read_settings(&file, s, 0, &mut found);
    }
    found
}

/// The files that git reads by itself, in its order.
fn first_files(s: &Situation) -> Vec<PathBuf> {
    if s.saved {
        return Vec::new(); // the files of the machine that the log speaks of are elsewhere
    }
    let mut files = Vec::new();
    if s.env.var("GIT_CONFIG_NOSYSTEM").is_none() {
        if let Some(named) = s.env.os("GIT_CONFIG_SYSTEM").map(PathBuf::from) {
            files.push(named);
        } else {
            // below git's own prefix, where that isn't the system's (git's Makefile, sysconfdir)
            let prefix = s
                .program("git")
                .and_then(|git| s.disk.canonical(&git))
                .and_then(|git| Some(git.parent()?.parent()?.to_owned()))
                .filter(|prefix| prefix != Path::new("/usr"));
            files.push(PathBuf::from("/etc/gitconfig"));
            files.extend(prefix.map(|prefix| prefix.join("etc/gitconfig")));
        }
    }
    if s.env.os("GIT_CONFIG_GLOBAL").is_none() {
        files.extend(place::xdg_git_config(&s.env));
    }
    let global = s.git_config();
    files.extend(global.filter(|global| files.last() != Some(global)));
    files
}

/// Whether a section includes another file, always or by a condition: whether that holds where go
/// starts git, git alone can tell.
pub(super) fn includes(section: &str) -> bool {
    section == "include" || section.starts_with("includeif.")
}

/// How deep files include each other, as in git (config.c, `MAX_INCLUDE_DEPTH`).
pub(super) const DEEPEST: usize = 10;

fn read_settings(file: &Path, s: &Situation, depth: usize, found: &mut Vec<Setting>) {
    let Some(text) = s.disk.text(file, Kind::Settings) else {
        return;
    };
    for entry in gitconfig::entries(&text) {
        let setting = Setting {
            at: Spot {
                file: file.to_owned(),
                number: entry.number,
                line: entry.line.to_owned(),
            },
            section: entry.section,
            name: entry.name,
            value: entry.value,
        };
        if includes(&setting.section) && setting.name == "path" && depth < DEEPEST {
            read_settings(&setting.included(s), s, depth + 1, found);
        }
        found.push(setting);
    }
}

/// A rewrite that leads the URL nowhere.
pub(super) fn broken_rewrite(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref();
    let host = host.or_else(|| verdict.target.module_host());
    let broken = settings(s).into_iter().find(|setting| {
        let base = setting.section.strip_prefix("url.");
        setting.name == "insteadof"
            && base.is_some_and(|base| leads_nowhere(base, &s.disk))
            && host
                .is_none_or(|host| setting.value.contains(host) || setting.value.ends_with("://"))
    })?;
    let base = broken.section["url.".len()..].to_owned();
    let place = broken.place(s);
    let why = msg!(
        "This insteadOf turns addresses into `{base}...`, where git finds nothing.",
        base
    );
    let proposal = Proposal::new(
        "git-rewrite",
        msg!("Comment out the rewrite in {place}", place),
        why,
    )
    .risk(Risk::Medium);
    Some(broken.taken_out(proposal, s))
}

/// Whether no address that begins so can be a repository: a protocol that git doesn't know, ssh's
/// short form inside of a URL or without its colon, a directory that isn't there.
fn leads_nowhere(base: &str, disk: &Disk) -> bool {
    const TRANSPORTS: &[&str] = &[
        "https", "http", "ssh", "git+ssh", "ssh+git", "git", "file", "ftp", "ftps",
    ];
    let missing = |path: &str| {
        let whole = Path::new(path);
        let folder = if path.ends_with('/') {
            Some(whole)
        } else {
            whole.parent()
        };
        folder.is_none_or(|folder| !disk.has_folder(folder))
    };
    match base.split_once("://") {
        Some(("file", path)) => missing(path),
        Some(("ssh" | "git+ssh" | "ssh+git", rest)) => {
            let authority = rest.split('/').next().unwrap_or(rest);
            let port = authority.rsplit_once(':').map(|(_, port)| port);
            !authority.contains('[')
                && port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()))
        }
        Some((scheme, _)) => !TRANSPORTS.contains(&scheme),
        // `git@host:` is ssh, `helper::address` is a program; the rest is a path
        None if base.contains(':') => false,
        None => missing(base),
    }
}

/// Where each setting of git comes from.
pub(super) fn origin_of_settings(_verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    Some(
        Proposal::advice(
            "git-config-origin",
            msg!("See where git's settings come from"),
            msg!("The setting that breaks git stands in one of these files; without them git works as it comes."),
        )
        .command("git config --list --show-origin")
        .command(Line::with("GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 git ls-remote URL", msg!("without any of them"))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_that_lead_nowhere() {
        let disk = Disk::with(&[("/file", "")]);
        for base in [
            "corp://h/",
            "ssh://git@h:team/",
            "git@h/",
            "/nowhere/mirror/",
            "file:///nowhere/",
        ] {
            assert!(leads_nowhere(base, &disk), "{base}");
        }
        for base in [
            "https://h/",
            "git@h:",
            "git@h:team/",
            "ssh://git@h:2222/",
            "ssh://git@[::1]:22/",
            "/",
            "ext::prog ",
        ] {
            assert!(!leads_nowhere(base, &disk), "{base}");
        }
    }

    #[test]
    fn settings_have_their_place() {
        let own =
            "[include]\n\tpath = more\n[HTTP \"https://h/\"] Proxy = \"http://p:1\"\n\tsslVerify\n";
        let more = "# x\n[url \"Corp://h/\"]\n\tinsteadOf = https://h/\n";
        let env = [("HOME", "/home/x"), ("GIT_CONFIG_NOSYSTEM", "1")];
        let s = Situation {
            env: env.into_iter().collect(),
            home: Some("/home/x".into()),
            disk: Disk::with(&[("/home/x/.gitconfig", own), ("/home/x/more", more)]),
            ..Situation::default()
        };
        let found: Vec<(usize, String)> = settings(&s)
            .iter()
            .map(|setting| {
                let Setting { section, name, .. } = setting;
                let value = &setting.value;
                (setting.at.number, format!("{section}.{name}={value}"))
            })
            .collect();
        assert_eq!(
            found,
            [
                (3, "url.Corp://h/.insteadof=https://h/".to_owned()),
                (2, "include.path=more".to_owned()),
                (3, "http.https://h/.proxy=http://p:1".to_owned()),
                (4, "http.https://h/.sslverify=true".to_owned()),
            ]
        );
        assert_eq!(
            settings(&s)[2].without(),
            "[HTTP \"https://h/\"] # Proxy = \"http://p:1\""
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
