//! Advice for the reader of a saved log: what an expert would say who sees the text and not the
//! machine. Nothing here is written by gomend.

use super::{Line, Proposal, Scope, Situation, ci, network, owned, quote, shell};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::msg;
use crate::rules::said::{self, Phrase};
use crate::settings::forges;
use crate::verdict::{Basis, Reason, Verdict};
use gomend_core::place::{Ci, System, Wrapper};

/// Whether a program of these wraps go.
fn wrapped_by(s: &Situation, wrapper: Wrapper) -> bool {
    s.place
        .wrapper
        .as_ref()
        .is_some_and(|known| known.is == wrapper)
}

/// The rule that read the line.
fn rule(verdict: &Verdict) -> &str {
    let said = verdict.rests_on.iter().find_map(|basis| match basis {
        Basis::Said { rule, .. } => Some(rule.as_str()),
        Basis::Seen { .. } => None,
    });
    said.unwrap_or_default()
}

/// The log is a DNS server's own: what its operator can do.
pub(super) fn nameserver(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.saved || !rule(verdict).starts_with("nameserver-") {
        return None;
    }
    let host = verdict.target.host.as_deref().unwrap_or("NAME");
    let (title, why, commands): (_, _, &[&str]) = match rule(verdict) {
        "nameserver-refused" => (
            msg!("Let this DNS server answer its clients"),
            msg!(
                "It refuses by its own rules: the client's address is not among those that it serves, or it does no recursion."
            ),
            &[
                "# BIND: allow-recursion, allow-query-cache; unbound: access-control; CoreDNS: acl, forward",
            ],
        ),
        "nameserver-failed" => (
            msg!("Look why this DNS server cannot find out"),
            msg!(
                "SERVFAIL: a server further up failed or answered what is not believed. If `+cd` gets an answer, DNSSEC is the reason."
            ),
            &[
                "dig {host} @127.0.0.1",
                "dig +cd {host} @127.0.0.1",
                "dig {host} @UPSTREAM",
            ],
        ),
        "nameserver-no-such-name" => (
            msg!("Look whether the name should exist, and who should know it"),
            msg!(
                "For an internal name this server needs a forward to the one that has the zone; a search domain makes names of its own."
            ),
            &[
                "dig {host}",
                "# BIND: zone of type forward; unbound: forward-zone; dnsmasq: server=/DOMAIN/ADDRESS; CoreDNS: DOMAIN { forward . ADDRESS }",
            ],
        ),
        _ => (
            msg!("Let this DNS server reach the ones that it asks"),
            msg!(
                "What it asks does not answer: a forwarder that is gone, or port 53 that is closed on the way out (UDP and TCP)."
            ),
            &[
                "dig {host} @UPSTREAM",
                "dig +tcp {host} @UPSTREAM",
                "# BIND: forwarders; unbound: forward-addr; dnsmasq: server=; CoreDNS: forward; systemd-resolved: DNS=",
            ],
        ),
    };
    let proposal = Proposal::advice("dns-server", title, why).scope(Scope::System);
    Some(commands.iter().fold(proposal, |proposal, line| {
        proposal.command(line.replace("{host}", host))
    }))
}

/// The resolver denies a name that everybody knows.
pub(super) fn public_name(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if !s.saved || !forges::is_well_known(host) {
        return None;
    }
    ci::dns(verdict, s).or_else(|| network::resolver(verdict, s))
}

/// A public name leads to the machine itself.
pub(super) fn loopback(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let local = super::privacy::is_loopback(host) || host.parse::<std::net::IpAddr>().is_ok();
    if !s.saved || local || !s.says(Phrase::DialLoopback) || verdict.target.role == Role::HttpProxy
    {
        return None;
    }
    Some(
        Proposal::advice(
            "loopback-name",
            msg!("Look why {host} leads to this very machine", host),
            msg!("The address is a loopback one: an entry of the hosts file, or a filter that answers so for what it blocks."),
        )
        .command(format!("getent hosts {host}"))
        .command("cat /etc/hosts"),
    )
}

/// Nothing but the run itself can be repeated.
pub(super) fn retry(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.saved {
        network::retry(verdict, s)
    } else {
        None
    }
}

/// What stood and then fell silent may well stand the next time.
pub(super) fn retry_established(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.says(Phrase::Established)
        .then(|| retry(verdict, s))
        .flatten()
}

/// A lock file of git's, on a machine that nobody can look at.
pub(super) fn lock(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let left = s.saved && verdict.reason == Some(Reason::LockLeft);
    left.then(|| {
        let remove = if s.says(Phrase::ConfigLocked) {
            "rm -f ~/.gitconfig.lock"
        } else {
            "find \"$(go env GOMODCACHE)\"/cache/vcs -mindepth 2 -name '*.lock' -delete"
        };
        Proposal::advice(
            "stale-lock",
            msg!("Wait for the other git, or remove the lock that nobody holds"),
            msg!("git makes that file while it writes, and one that was killed leaves it behind. Remove it only where no git is running."),
        )
        .command("pgrep -a git")
        .command(remove)
    })
}

/// An image, job or hook with a Go that is new enough.
pub(super) fn newer_go(version: Option<&str>, s: &Situation) -> Option<Proposal> {
    if !s.saved {
        return None;
    }
    let why = msg!(
        "What is installed in a job or an image is gone with it: the description names the Go."
    );
    let minor = version.map(|version| {
        let mut numbers = version.split('.');
        let parts: Vec<&str> = numbers.by_ref().take(2).collect();
        parts.join(".")
    });
    let minor = minor.as_deref().unwrap_or("VERSION");
    if wrapped_by(s, Wrapper::PreCommit) {
        let full = version.filter(|version| version.matches('.').count() == 2);
        let full = match (full, version) {
            (Some(full), _) => full.to_owned(),
            (None, Some(_)) => format!("{minor}.0"),
            (None, None) => minor.to_owned(),
        };
        return Some(
            Proposal::advice(
                "hook-go",
                msg!("Give the hook a newer Go, or take another version of it"),
                msg!("pre-commit builds the hook from its own repository, whose go.mod is not yours to change."),
            )
            .command(format!("# .pre-commit-config.yaml: language_version: {full}"))
            .command("pre-commit autoupdate"),
        );
    }
    let title = msg!("Name a newer Go where the job or the image is described");
    match s.ci {
        _ if s.container => Some(
            Proposal::for_job("docker-go", title, why)
                .command(format!("FROM golang:{minor}"))
                .command(Line::with(
                    "ENV GOTOOLCHAIN=auto",
                    msg!("or: from Go 1.21 on go then fetches the one that is asked for"),
                )),
        ),
        Some(Ci::Github) => Some(
            Proposal::for_job("ci-go", title, why)
                .snippet("- uses: actions/setup-go@v5\n  with:\n    go-version-file: go.mod"),
        ),
        Some(Ci::Gitlab) => {
            Some(Proposal::for_job("ci-go", title, why).command(format!("image: golang:{minor}")))
        }
        _ => None,
    }
}

/// The CA of a GitLab server, which hands it to its jobs
/// (<https://docs.gitlab.com/ci/variables/predefined_variables/>).
pub(super) fn gitlab_ca(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let job = s.saved && s.ci == Some(Ci::Gitlab) && !s.container;
    job.then(|| {
        Proposal::for_job(
            "ci-ca",
            msg!("Trust the CA in the job, before it downloads"),
            msg!("A runner that was given the server's CA hands it to the job as a file; another CA comes from a CI variable of type file."),
        )
        .snippet("before_script:\n  - cp \"$CI_SERVER_TLS_CA_FILE\" /usr/local/share/ca-certificates/ca.crt && update-ca-certificates")
    })
}

/// go names the command itself.
pub(super) fn go_get(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.saved || verdict.reason != Some(Reason::NotRequired) {
        return None;
    }
    let package = verdict.target.module.as_deref()?;
    Some(
        Proposal::advice(
            "go-get",
            msg!("Add the module of {package} to go.mod", package),
            msg!("The code imports it, and go.mod names no module that has it. Commit go.mod and go.sum."),
        )
        .scope(Scope::Project)
        .command(format!("go get {}", quote(package))),
    )
}

/// GOPATH, GOMODCACHE or GOCACHE of another machine leads to what is no directory.
pub(super) fn unusable_place(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.saved || verdict.reason != Some(Reason::GopathSetting) {
        return None;
    }
    let proposal = Proposal::advice(
        "default-place",
        msg!("Go back to Go's defaults for its directories"),
        msg!(
            "One of these settings is relative, or leads to a file. Without it go keeps its files below the home directory."
        ),
    );
    Some(
        proposal
            .command("go env GOPATH GOMODCACHE GOCACHE")
            .command("unset GOPATH GOMODCACHE GOCACHE")
            .command(Line::with(
                "go env -u GOPATH && go env -u GOMODCACHE && go env -u GOCACHE",
                msg!("where `go env -w` set it"),
            )),
    )
}

/// HTTP/1.1 for one run, where the log shows that HTTP/2 broke off.
pub(super) fn http_1_1(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let by_go = verdict.target.role != Role::VcsHttps && s.says(Phrase::Http2);
    (s.saved && by_go).then(|| {
        Proposal::advice(
            "http-1-1",
            msg!("If it happens again: use HTTP/1.1 for this run"),
            msg!(
                "HTTP/2 is what broke off: some proxies and firewalls break it. The switch is for one command; kept for good it would cost each fetch its \
                 parallel streams."
            ),
        )
        .command("GODEBUG=http2client=0 go mod download")
    })
}

/// No resolver is configured: Go then asks the machine itself
/// (<https://pkg.go.dev/net#hdr-Name_Resolution>).
pub(super) fn assumed_resolver(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (s.saved && s.says(Phrase::AssumedResolver)).then(|| {
        Proposal::advice(
            "no-nameserver",
            msg!("Name a resolver in /etc/resolv.conf"),
            msg!("Go asks 127.0.0.1 and [::1] where that file is missing or names none, as on Android, in chroots and in bare containers."),
        )
        .scope(Scope::System)
        .command("cat /etc/resolv.conf")
        .command(Line::with("echo 'nameserver ADDRESS' | sudo tee -a /etc/resolv.conf", msg!("ADDRESS: your network's resolver")))
    })
}

/// GOROOT leads to what is not there.
pub(super) fn missing_goroot(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.says(Phrase::GorootGone).then(|| {
        Proposal::advice(
            "goroot",
            msg!("Take GOROOT out: go finds its own"),
            msg!("GOROOT is only for a Go that was moved after it was built. A shell file, a CI variable or an editor's setting still names a Go that is gone."),
        )
        .command("env | grep '^GOROOT='")
        .command("unset GOROOT")
        .command(Line::with("which -a go", msg!("the Go that runs then")))
    })
}

/// Packages that every Go has.
const ALWAYS: &[&str] = &[
    "bufio", "bytes", "errors", "flag", "fmt", "io", "log", "net", "os", "runtime", "sort",
    "strconv", "strings", "sync", "time", "unsafe",
];

/// go does not find its own standard library.
pub(super) fn goroot(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let named = |package: &&str| said::names_package(s.named(), package);
    (s.saved && ALWAYS.iter().any(named)).then(|| {
        Proposal::advice(
            "goroot",
            msg!("Let go find its own standard library"),
            msg!("These packages belong to every Go: GOROOT leads to another directory, or the installation is not whole."),
        )
        .command("go env GOROOT && go version")
        .command(Line::with("unset GOROOT", msg!("go finds its own")))
    })
}

/// A git without its part for https.
pub(super) fn remote_helper(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    (verdict.reason == Some(Reason::HelperMissing)).then(|| {
        Proposal::advice(
            "whole-git",
            msg!("Install git with its part for https"),
            msg!("git-remote-https is a program of its own, made with libcurl: this git was built without it, or GIT_EXEC_PATH leads elsewhere."),
        )
        .scope(Scope::System)
        .command("git --exec-path")
        .command("git --version")
    })
}

/// A repository without the remote that was named.
pub(super) fn remotes(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (s.saved && verdict.reason == Some(Reason::NoSuchRemote)).then(|| {
        Proposal::advice(
            "git-remotes",
            msg!("See which remotes this repository has"),
            msg!("git was given a name or a path under which there is no repository."),
        )
        .command("git remote -v")
        .command(Line::with(
            "git remote add origin URL",
            msg!("where it has none"),
        ))
    })
}

/// An insteadOf with the colon of the short form in a URL.
pub(super) fn rewrite_colon(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let name = said::unresolved_host(&s.line)?;
    let host = verdict.target.host.as_deref()?;
    if !s.saved
        || !name
            .strip_prefix(host)
            .is_some_and(|rest| rest.starts_with(':'))
    {
        return None;
    }
    Some(
        Proposal::advice(
            "rewrite-colon",
            msg!("Correct the insteadOf for {host}: `/`, not `:`, behind the host of a URL", host),
            msg!("Only the short form git@HOST:PATH has a colon there; behind ssh://git@HOST it belongs to the name."),
        )
        .command("git config --global --get-regexp '^url\\.'"),
    )
}

/// An editor that forbids its go to download.
pub(super) fn editor_offline(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (s.saved && s.says(Phrase::Editor)).then(|| {
        Proposal::advice(
            "download-in-shell",
            msg!("Download the modules in a shell, then let the editor load them again"),
            msg!("gopls runs go with GOPROXY=off, so that typing downloads nothing; your own setting is not the reason."),
        )
        .scope(Scope::Project)
        .command("go mod download")
    })
}

/// Clones of a forge that cannot be reached: a module proxy has them ready.
pub(super) fn by_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let module = verdict.target.module.as_deref()?;
    let by_git = verdict.target.role == Role::VcsHttps;
    if !s.saved
        || !by_git
        || !forges::is_well_known(host)
        || !forges::is_well_known(module.split('/').next()?)
    {
        return None;
    }
    Some(
        Proposal::advice(
            "through-proxy",
            msg!(
                "If {module} is public: fetch it through a module proxy, without git",
                module
            ),
            msg!("go ran git because GOPROXY is `direct` or GOPRIVATE covers the module."),
        )
        .command(Line::with(
            "go env -w GOPROXY=https://proxy.golang.org,direct",
            msg!("in China: {list}", list = "https://goproxy.cn,direct"),
        ))
        .command("go env GOPRIVATE GONOPROXY"),
    )
}

/// The way that git takes to a forge.
pub(super) fn git_proxy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    (s.saved && verdict.target.role == Role::VcsHttps && forges::is_well_known(host)).then(|| {
        Proposal::advice(
            "git-proxy",
            msg!("Let git go through your HTTP proxy to {host}", host),
            msg!("Where the direct way is closed. For go itself: HTTPS_PROXY."),
        )
        .command(format!(
            "git config --global http.https://{host}.proxy http://PROXY:PORT"
        ))
    })
}

/// Why https and ssh failed, which go hides.
pub(super) fn unmask(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    s.saved.then(|| {
        Proposal::advice(
            "unmask",
            msg!("See why https and ssh fail"),
            msg!("For a `.git` path go tries both and hides what each said; mostly a login is missing."),
        )
        .command(format!("git ls-remote {}", quote(&format!("https://{module}"))))
        .command(format!("git ls-remote {}", quote(&format!("ssh://git@{module}"))))
    })
}

/// Caches below the reader's own home.
pub(super) fn own_caches(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.saved || verdict.cause != Cause::PermissionDenied || s.place.is(System::Windows) {
        return None;
    }
    if s.says(Phrase::GitFolder) {
        return Some(
            Proposal::advice(
                "clone-owner",
                msg!("Give the clone below GOPATH back to the user that runs go"),
                msg!("A go or git that ran as another user (sudo, a container) left files behind that you may not change."),
            )
            .command("sudo chown -R -- \"$(id -u):$(id -g)\" \"$(go env GOPATH)/src\""),
        );
    }
    None
}

/// The cache that a line of another machine names.
pub(super) fn named_cache(s: &Situation) -> Option<String> {
    let named = said::path(s.named())?;
    let cache = owned::cache_shaped(&named)?;
    Some(quote(cache.to_str()?))
}

/// A gateway answers in the place of a host that everybody knows.
pub(super) fn impostor(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if !s.saved || !forges::is_well_known(host) {
        return None;
    }
    let other = said::certified_name(s.named())?;
    shell::is_plain(other, ".-*").then(|| {
        Proposal::advice(
            "impostor",
            msg!("Ask those who run {other}: it answers in the place of {host}", other, host),
            msg!("A gateway or sign-in page of this network, or a wrong DNS entry. {host} itself has certificates of its own.", host),
        )
        .command(format!("getent hosts {host}"))
    })
}

/// A module that the text doesn't name, and nobody but its owner sees.
pub(super) fn private_unnamed(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    (s.saved && verdict.target.module.is_none()).then(|| {
        Proposal::advice(
            "goprivate",
            msg!("If the module is yours: mark it as private"),
            msg!("go then fetches it straight from its repository and asks neither module proxy nor checksum database about it."),
        )
        .command("go env -w GOPRIVATE=HOST/ORGANISATION")
    })
}

/// Over ssh a repository is missing for whoever the key belongs to.
pub(super) fn ssh_identity(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    (s.saved && is_ssh_answer(s)).then(|| {
        Proposal::advice(
            "ssh-identity",
            msg!("Offer {host} a key that may read the repository", host),
            msg!("The login worked: the key belongs to an account, or is the deploy key of another repository, that does not see this one."),
        )
        .command(Line::with(format!("ssh -T git@{host}"), msg!("says whose key it is")))
    })
}

/// The line of git's settings that a log names.
pub(super) fn bad_line(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let (number, file) = said::bad_config_line(s.named())?;
    (s.saved && !file.is_empty() && shell::is_plain(file, "/._-:~")).then(|| {
        Proposal::advice(
            "git-config-line",
            msg!("Correct line {number} of {file}", number, file),
            msg!("git reads none of its settings before every line can be read."),
        )
        .command("git config --global --edit")
    })
}

/// A saved log in which `go get` works below GOPATH, as before Go had modules: neither module proxy
/// nor GOPRIVATE take part.
pub(super) fn is_gopath_mode(s: &Situation) -> bool {
    s.saved && said::is_gopath_mode(&s.line)
}

/// A forge's answer in the form that it has over ssh.
pub(super) fn is_ssh_answer(s: &Situation) -> bool {
    s.says(Phrase::SshAnswer)
}
