//! Credentials: asked for once, tried before they are stored, and kept where git and Go both
//! find them. A token never stands in a command line, a URL or a log.

use super::{
    Change, Consent, Line, Need, Proposal, Risk, Secret, Situation, forge, git, gitsettings, goenv,
    quote, shell,
};
use crate::evidence::Role;
use crate::file::Kind;
use crate::lang::{Text, msg};
use crate::rules::said::Phrase;
use crate::settings::forges::{self, Token};
use crate::settings::netrc;
use crate::verdict::Verdict;
use gomend_core::place::Ci;

fn token(host: &str) -> Option<&'static Token> {
    // a forge's programs are asked under a name of their own, with the same login
    let forge = forges::of(host).or_else(|| forges::of(host.strip_prefix("api.")?));
    forge?.token.as_ref()
}

/// Hosts that want a login over HTTPS.
fn https_host(verdict: &Verdict) -> Option<&str> {
    let https = matches!(
        verdict.target.role,
        Role::VcsHttps | Role::ImportMeta | Role::Goproxy | Role::Sumdb
    );
    verdict.target.host.as_deref().filter(|_| https)
}

/// The forge's own program as git's credential helper: no token on disk in git's configuration.
pub(super) fn forge_helper(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = https_host(verdict)?;
    let program = forges::of(host)?.program?;
    if !s.has(program) || verdict.target.role != Role::VcsHttps {
        return None;
    }
    let path = s.program(program)?;
    let path = path.to_str()?.replace(' ', "\\ ");
    let helper = format!("!{path} auth git-credential");
    let why = msg!(
        "{program} is installed and keeps a login of its own; git then asks it for {host}, and for no other host.",
        program,
        host
    );
    let proposal = Proposal::new(
        "credential-helper",
        msg!("Let git ask {program} for {host}", program, host),
        why,
    );
    let proposal = git::add(
        proposal,
        s,
        &format!("credential.https://{host}.helper"),
        &helper,
    );
    Some(proposal.command(Line::with(
        format!("{program} auth login --hostname {host} --git-protocol https"),
        msg!("once, if {program} is not logged in yet", program),
    )))
}

/// git has the credentials in its helper, and go's own requests need them too.
pub(super) fn go_asks_git(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = https_host(verdict)?;
    let by_go = verdict.target.role != Role::VcsHttps;
    let has_helper = s.git().is_some_and(|git| !git.helpers.is_empty());
    let proven = verdict.reason == Some(crate::verdict::Reason::CredentialsGitOnly);
    if !by_go || !s.go_at_least(24) || !(has_helper || proven) {
        return None;
    }
    let home = s
        .home
        .as_ref()?
        .to_str()
        .filter(|home| !home.contains([' ', ';']))?;
    let old = s.goenv.value("GOAUTH");
    let first = if old.is_empty() || old == "off" {
        "netrc"
    } else {
        old
    };
    if first.contains("git ") {
        return None;
    }
    let why = msg!(
        "git's credential helper has a login for {host}, and go's own requests there get none. Since Go 1.24 go can ask \
         git's helper after it was refused once. That holds for every host that the helper has a login for.",
        host
    );
    let proposal = Proposal::new(
        "goauth-git",
        msg!("Let go ask git's credential helper"),
        why,
    )
    .risk(Risk::Medium)
    .need(Need::Consent);
    Some(goenv::set(
        proposal,
        s,
        "GOAUTH",
        &format!("{first};git {home}"),
    ))
}

/// A login that is stored already, where git does not look: for another user name, in a file that no
/// helper is told of, or under a name of netrc's that nobody asks for. It is never shown.
pub(super) fn stored(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = https_host(verdict).filter(|_| !s.saved)?;
    if verdict.target.role != Role::VcsHttps {
        return None;
    }
    in_store(host, s).or_else(|| in_netrc(host, s))
}

fn of_stored(host: &str, why: Text) -> Proposal {
    Proposal::new(
        "stored-login",
        msg!(
            "Let git use the login for {host} that is stored already",
            host
        ),
        why,
    )
    .risk(Risk::Medium)
    .need(Need::Consent)
}

/// In a file of git's own helper `store` (git-credential-store(1), FILES).
fn in_store(host: &str, s: &Situation) -> Option<Proposal> {
    let home = s.home.as_deref()?;
    let config = s.env.base_folder("XDG_CONFIG_HOME", ".config");
    let files = [
        Some(home.join(".git-credentials")),
        config.map(|config| config.join("git/credentials")),
    ];
    let (file, user) = files.into_iter().flatten().find_map(|file| {
        let text = s.disk.text(&file, Kind::Settings)?;
        let user = text.lines().find_map(|line| user_at(line, host))?;
        Some((file, user))
    })?;
    let last = |name: &str| gitsettings::credential(s, host, name);
    let why = msg!(
        "{file} holds a login for {host}, and git does not look for it there. It is tried, and not shown.",
        file = s.short(&file),
        host
    );
    let mut proposal = of_stored(host, why);
    let key = |name: &str| format!("credential.https://{host}.{name}");
    if last("helper").as_deref() != Some("store") {
        proposal = git::add(proposal, s, &key("helper"), "store");
    }
    if last("username").is_some_and(|name| name != user) {
        proposal = git::add(proposal, s, &key("username"), &user);
    }
    proposal.applies().then_some(proposal)
}

/// The user name in a line of git's store for this host: `https://USER:PASSWORD@HOST`.
fn user_at(line: &str, host: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("https://")?;
    let (login, at) = rest.rsplit_once('@')?;
    let (user, password) = login.split_once(':')?;
    let named = at.split(['/', ':']).next()?;
    let plain = shell::is_plain(user, "._-+");
    (named.eq_ignore_ascii_case(host) && plain && !user.is_empty() && !password.is_empty())
        .then(|| user.to_owned())
}

/// In netrc with a port, or in a file that only Windows' git reads.
fn in_netrc(host: &str, s: &Situation) -> Option<Proposal> {
    let home = s.home.as_deref()?;
    let to = netrc::git_path(home);
    let is_known = |text: &str| netrc::holds(text, host) != netrc::Holds::Nothing;
    let known = s.disk.text(&to, Kind::Settings);
    if s.disk.has(&to) && known.is_none_or(|text| is_known(&text)) {
        return None; // that entry is what git was refused with
    }
    let port = format!("{host}:443");
    let (file, (login, password)) =
        [home.join("_netrc"), to.clone()]
            .into_iter()
            .find_map(|file| {
                let text = s.disk.text(&file, Kind::Settings)?;
                let found = netrc::login(&text, host).or_else(|| netrc::login(&text, &port))?;
                Some((file, found))
            })?;
    let why = msg!(
        "{file} holds a login for {host} under a name that git does not look for. It is copied to {to}, where git and Go look, and not shown.",
        file = s.short(&file),
        host,
        to = s.short(&to)
    );
    let mut proposal = of_stored(host, why);
    // it was not typed for this
    proposal.asks.push(Consent::LogIn {
        host: host.to_owned(),
    });
    Some(proposal.change(Change::Netrc {
        file: to,
        machine: host.to_owned(),
        login,
        password: Some(Secret::new(password)),
    }))
}

/// Asks for a token and stores it where git and Go find it.
pub(super) fn store(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if super::reader::is_ssh_answer(s)
        || super::reader::is_gopath_mode(s) && s.says(Phrase::NoVanityPage)
    {
        return None;
    }
    if s.saved && s.says(Phrase::OtherImportPath) {
        return None; // the page was read
    }
    let host = https_host(verdict)?;
    entry(
        "store-credentials",
        msg!("Store a login for {host}", host),
        host,
        verdict,
        s,
    )
}

/// Asks for another token, where the stored one is refused.
pub(super) fn replace(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = https_host(verdict)?;
    entry(
        "replace-credentials",
        msg!("Store another login for {host}", host),
        host,
        verdict,
        s,
    )
}

fn entry(id: &str, title: Text, host: &str, verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let home = s.home.as_ref()?;
    let known = token(host);
    let login = known.map_or_else(
        || s.env.var("USER").unwrap_or("git").to_owned(),
        |token| token.login.to_owned(),
    );
    let scope = known.map_or_else(Text::default, |token| {
        msg!(
            "A token needs: {scope}; {page}.",
            scope = forge::scope(token),
            page = forge::page(token)
        )
    });
    let helpers = s.git().map(|git| git.helpers.clone()).unwrap_or_default();
    // git asks its helper only over git's own HTTPS; Go needs netrc for discovery and module proxies
    let by_helper = !helpers.is_empty() && verdict.target.role == Role::VcsHttps;
    let elsewhere = s
        .env
        .var("NETRC")
        .is_some_and(|path| std::path::Path::new(path) != netrc::git_path(home));
    let file = if verdict.target.role == Role::VcsHttps {
        netrc::git_path(home)
    } else {
        netrc::go_path(&s.env, home)
    };
    let read_by = match (elsewhere, verdict.target.role) {
        (false, _) => msg!("Git and Go both read it there."),
        (true, Role::VcsHttps) => {
            msg!("Git reads it there; NETRC names another file, which only Go reads.")
        }
        (true, _) => msg!("Only Go reads it there: NETRC names that file."),
    };
    let machine = match (
        &verdict.target.role,
        &verdict.target.scheme,
        verdict.target.port,
    ) {
        (Role::VcsHttps, ..) | (_, None, _) | (_, _, None) => host.to_owned(),
        (_, Some(scheme), Some(port)) => netrc::go_machine(scheme, host, port),
    };
    let kept = msg!(
        "{host} wants a user name and a token. It is asked for without echo, tried once, and kept in {file}, mode 0600, in plain \
         text.",
        host,
        file = s.short(&file)
    );
    let port = verdict.target.port.filter(|_| machine != host);
    let port = port.map_or_else(Text::default, |port| {
        msg!(
            "Its URL has a port: Go looks for `{host}:{port}` in that file, git for `{host}` alone.",
            host,
            port
        )
    });
    let why = Text::sentences([kept, read_by, port, scope]);
    let quoted = s.argument(&file);
    let mut proposal = Proposal::new(id, title, why)
        .risk(Risk::Medium)
        .need(Need::Secret);
    proposal = proposal.command(Line::with(
        "read -rs TOKEN",
        msg!("type or paste it: it is not shown"),
    ));
    if by_helper {
        proposal = proposal.command(Line::with(format!("printf 'protocol=https\\nhost=%s\\nusername=%s\\npassword=%s\\n\\n' {} {} \"$TOKEN\" | git credential approve", quote(host), quote(&login)), msg!("keeps it in: {helpers}", helpers = Text::list(&helpers))));
    }
    if id == "replace-credentials" {
        let old = msg!(
            "first take the old entry of {machine} out of {file}: of several the first one counts",
            machine,
            file = s.short(&file)
        );
        proposal = proposal.command(Line::note(old));
    }
    proposal = proposal.command(format!(
        "touch {quoted} && chmod 600 {quoted} && printf 'machine %s login %s password %s\\n' {} {} \"$TOKEN\" >> {quoted}",
        quote(&machine),
        quote(&login),
    ));
    Some(proposal.change(Change::Netrc {
        file,
        machine,
        login,
        password: None,
    }))
}

/// A module proxy that wants a login.
pub(super) fn for_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let wants = verdict.reason == Some(crate::verdict::Reason::ProxyLogin)
        || s.http().is_some_and(|reply| reply.code == Some(401))
        || s.says(Phrase::Unauthorized);
    let host = verdict.target.host.as_deref()?;
    if !wants || forges::is_public_proxy(host) {
        return None;
    }
    entry(
        "store-credentials",
        msg!("Store a login for the module proxy {host}", host),
        host,
        verdict,
        s,
    )
}

/// Where a token is made, and with which rights.
pub(super) fn token_page(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = https_host(verdict)?;
    let token = token(host)?;
    Some(
        Proposal::advice(
            "make-token",
            msg!("Make a token at {host}", host),
            msg!(
                "Read-only and expiring: {scope}.",
                scope = forge::scope(token)
            ),
        )
        .command(Line::note(forge::page(token))),
    )
}

/// Why a forge refuses a token that looks good.
pub(super) fn forge_rules(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let forget = Line::with(
        format!("printf 'protocol=https\\nhost={host}\\n\\n' | git credential reject"),
        msg!("forget the stored one"),
    );
    let title = msg!("Check the token for {host}", host);
    let Some(token) = token(host) else {
        let why = msg!(
            "It may have expired, lack the right to read this repository, or belong to another account."
        );
        return Some(Proposal::advice("check-token", title, why).command(forget));
    };
    let needs = msg!("It needs: {scope}.", scope = forge::scope(token));
    let why = Text::sentences([forge::rules(token), needs]);
    let proposal = Proposal::advice("check-token", title, why);
    Some(
        proposal
            .command(Line::note(forge::page(token)))
            .command(forget),
    )
}

/// Two Authorization headers: the one that actions/checkout leaves behind, and yours.
pub(super) fn duplicate_header(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.says(Phrase::DuplicateHeader) && s.ci != Some(Ci::Github) {
        return None;
    }
    Some(
        Proposal::advice(
            "duplicate-header",
            msg!("Let actions/checkout keep no credentials"),
            msg!("actions/checkout stores its own token as an extra header for the whole host; a second login then makes two headers, \
             or the first one, which sees one repository only, wins."),
        )
        .snippet("- uses: actions/checkout@v6\n  with:\n    persist-credentials: false"),
    )
}

/// GitLab hides subgroups from anonymous discovery.
pub(super) fn gitlab_subgroup(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    let elements: Vec<&str> = module.split('/').collect();
    if elements.len() < 4 || elements.iter().any(|element| element.contains(".git")) {
        return None;
    }
    let root = elements[..4].join("/");
    Some(
        Proposal::advice(
            "gitlab-subgroup",
            msg!("Name the repository in the module path"),
            msg!(
                "GitLab answers go's question anonymously with the path cut to two elements, so a repository in a subgroup is not \
                 found. A `.git` element says where the repository ends: {root}.git. Or store a token with read_api for Go.", root),
        )
        .command(format!("go get {}", quote(&format!("{root}.git")))),
    )
}
