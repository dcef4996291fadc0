//! The verdict in words: title, summary, what could not be seen.
//!
//! In: causes, reasons, names. Out: sentences. A reason's own sentence says more than its cause's.

use std::borrow::Cow;

use super::{cause, reason};
use crate::cause::Cause;
use crate::evidence::{Role, Target};
use crate::lang::{close_up, tr};
use crate::probe::Id;
use crate::rules;
use crate::verdict::{NotSeen, Reason, Verdict};

/// A few words: the reason's, else the cause's.
pub(crate) fn title(cause: Cause, refined: Option<Reason>) -> String {
    refined.map_or_else(
        || {
            let title = cause.title();
            let title = title.as_str();
            tr!(title)
        },
        of_reason,
    )
}

/// What lies behind, in a few words.
pub(crate) fn of_reason(reason: Reason) -> String {
    let words = reason::words(reason);
    tr!(words)
}

/// What a verdict's sentence is made of.
pub(crate) struct Summary<'a> {
    pub(crate) cause: Cause,
    pub(crate) reason: Option<Reason>,
    pub(crate) target: &'a Target,
    /// The host that go or git wanted to reach.
    pub(crate) wanted: Option<&'a str>,
    /// The HTTP proxy, where one is part of the story.
    pub(crate) proxy: Option<&'a str>,
    /// The line of the failure.
    pub(crate) said: &'a str,
}

/// One sentence with names filled in.
pub(crate) fn summary(of: &Summary<'_>) -> String {
    let &Summary {
        cause,
        reason,
        target,
        wanted,
        proxy,
        said,
    } = of;
    if let Some(sentence) = reason.and_then(|reason| of_line(reason, target, wanted, said)) {
        return close_up(sentence);
    }
    if let (Some(Reason::ProxyAuth), Some(proxy)) = (reason, proxy) {
        return tr!(
            "the HTTP proxy {proxy} wants a user name and password (407)",
            proxy
        );
    }
    if let (Some(Reason::ProxyRefuses), None, Some(host)) = (reason, proxy, wanted) {
        return tr!(
            "an HTTP proxy in between refuses to connect to {host}",
            host
        );
    }
    let template = reason.map_or_else(|| cause::sentence(cause), reason::sentence);
    let said = tail(said);
    let of_proxy = matches!(target.role, Role::Goproxy | Role::Sumdb);
    let url = target.url.as_deref().filter(|_| !of_proxy); // its URL is no name of a module
    let module = target.module.as_deref().or(url);
    let module = module.map_or_else(|| tr!("the module"), str::to_owned);
    let proxy = proxy.or(target.host.as_deref());
    let proxy = proxy.map_or_else(|| tr!("the proxy"), str::to_owned);
    let host = wanted.map_or_else(
        || match target.role {
            Role::Goproxy => tr!("the module proxy"), // a folder, `file://`
            _ => tr!("the server"),
        },
        str::to_owned,
    );
    if reason == Some(Reason::NotAtProxy) && target.version.is_none() {
        return close_up(tr!("{host} does not have {module}", host, module));
    }
    close_up(tr!(template, host, module, proxy, said))
}

/// The sentence of a reason, where the line names what it is about: a setting, a path, a release, a port.
fn of_line(reason: Reason, target: &Target, wanted: Option<&str>, said: &str) -> Option<String> {
    let path = || rules::said::path(said);
    Some(match reason {
        Reason::MalformedSetting => match rules::said::malformed_setting(said)? {
            (setting, Some(value)) => tr!("{setting} is malformed: `{value}`", setting, value),
            (setting, None) => tr!("{setting} is malformed", setting),
        },
        Reason::GopathSetting => {
            let setting = folder(said)?;
            tr!("{setting} is set to what go cannot use", setting)
        }
        Reason::NoRoom => {
            let path = path()?;
            tr!("no room is left where go writes: {path}", path)
        }
        Reason::OwnedByOther => {
            let path = path()?;
            tr!(
                "go cannot write to {path}: it, or the folder that it lies in, belongs to another user",
                path
            )
        }
        Reason::MountedReadOnly => {
            let path = path()?;
            tr!("{path} is on a read-only file system", path)
        }
        Reason::NoToolchain => {
            let version = rules::said::wanted_go(said)?;
            tr!(
                "Go {version} is asked for, and no toolchain of that version is offered",
                version
            )
        }
        Reason::NothingListens => {
            let (host, port) = (wanted?, target.port?);
            tr!(
                "{host} refuses the connection: nothing listens on port {port}",
                host,
                port
            )
        }
        _ => return None,
    })
}

/// The setting of a folder that a line complains of; nothing where it names several.
fn folder(said: &str) -> Option<&'static str> {
    const NAMES: [&str; 5] = ["GOMODCACHE", "GOCACHE", "GOTMPDIR", "TMPDIR", "GOPATH"];
    let is_word = |word: &str| {
        said.split(|sign: char| !sign.is_alphanumeric())
            .any(|one| one == word)
    };
    let mut named = NAMES.into_iter().filter(|name| is_word(name));
    named.next().filter(|_| named.next().is_none())
}

/// The end of a line, where the words stand that nobody knows.
fn tail(said: &str) -> Cow<'_, str> {
    const MOST: usize = 160;
    let said = said.trim();
    let from = said.len().saturating_sub(MOST);
    if from == 0 {
        return Cow::Borrowed(said);
    }
    let at = (from..said.len()).find(|at| said.is_char_boundary(*at));
    let end = at.map_or(said, |at| &said[at..]);
    // not from the middle of a word
    let whole = end.split_once(' ').map_or(end, |(_, rest)| rest);
    Cow::Owned(format!("... {whole}"))
}

/// The verdict in one sentence.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    summary(&Summary {
        cause: verdict.cause,
        reason: verdict.reason,
        target: &verdict.target,
        wanted: verdict.wanted.as_deref(),
        proxy: verdict.proxy.as_deref(),
        said: &verdict.said,
    })
}

/// What nobody could see, and why not.
pub(crate) fn not_seen(missing: &NotSeen) -> String {
    let (probe, target, because) = match missing {
        NotSeen::RefusedCredentials => {
            return tr!(
                "whether the credentials are accepted by now: what was refused is not sent again"
            );
        }
        NotSeen::Probe {
            probe,
            target,
            because,
        } => (probe, target, because),
    };
    let what = match probe {
        Id::Dns => tr!("how the name resolves"),
        Id::Tcp => tr!("whether a connection is accepted"),
        Id::Tls => tr!("what the TLS handshake shows"),
        Id::Http => tr!("what answers behind the connection"),
        Id::Proxy => tr!("what the HTTP proxy does"),
        Id::Git => tr!("what git itself sees"),
        Id::Ssh => tr!("what ssh itself sees"),
        Id::Clock => tr!("whether this machine's clock is right"),
        Id::Control => tr!("whether other hosts answer"),
        Id::Sums => tr!("who has which content of it"),
        Id::Goenv | Id::Netrc | Id::Local => tr!("what is set on this machine"),
    };
    let why = super::unavailable(because);
    tr!("{what} ({target}): {why}", what, target, why)
}

#[cfg(test)]
mod tests {
    use crate::verdict::decide;

    #[test]
    fn a_headline_is_true_of_its_text() {
        let git = "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:";
        for (text, says, never) in [
            (
                "go: inconsistent vendoring in /src/app:\n\tm.example/x@v1.2.0: is explicitly required in go.mod, but not marked as explicit in vendor/modules.txt",
                "vendor",
                "go.sum",
            ),
            (
                "go: module . listed in go.work file requires go >= 1.25.0, but go.work lists go 1.24.1; to update it:\n\tgo work use",
                "go.work names",
                "runs",
            ),
            (
                "go: GOPATH entry is relative; must be absolute path: \"work/go\".",
                "GOPATH",
                "HOME",
            ),
            (
                "main.go:3:8: no required module provides package m.example/x; to add it:\n\tgo get m.example/x",
                "no module in go.mod provides m.example/x",
                "go.sum",
            ),
            (
                "go: invalid GOTOOLCHAIN \"bash\"",
                "GOTOOLCHAIN is malformed: `bash`",
                "GOPROXY",
            ),
            (
                "go: m.example/x@v1.0.0: invalid proxy URL missing scheme: bogus",
                "GOPROXY is malformed: `bogus`",
                "GOSUMDB",
            ),
            (
                "go: m.example/x@v1.0.0: invalid proxy URL scheme (must be https, http, file): ftp://x",
                "GOPROXY is malformed: `ftp://x`",
                "GOSUMDB",
            ),
            (git, "missing from this text", "login"),
            (
                &format!("{git}\n\tfatal: the moon is in the wrong phase"),
                "does not know: fatal: the moon is in the wrong phase",
                "login",
            ),
            (
                "go: github.com/a/b@v1.0.0: reading https://goproxy.cn/github.com/a/b/@v/v1.0.0.mod: 404 Not Found",
                "does not have github.com/a/b",
                "private",
            ),
            (
                "go: m.example/x@v1.0.0: invalid version: missing go.mod",
                "not valid for m.example/x",
                "does not fit the path",
            ),
            (
                "/go/pkg/mod/m.example/x@v1.0.0/a.go:1:1: expected 'package', found 'EOF'",
                "source file",
                "clone",
            ),
        ] {
            let found = crate::rules::scan(text.as_bytes(), &crate::rules::Context::default());
            let summary = super::verdict(&decide(&found, &[]));
            assert!(
                summary.contains(says) && !summary.contains(never),
                "{text}: {summary}"
            );
        }
    }
}
