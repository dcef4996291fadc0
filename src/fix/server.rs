//! What only the people who run a server can mend: words to pass on to them.

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of fixes has one shape: a plan may have nothing to say"
)]

use super::{Proposal, Situation};
use crate::probe::tls::Certificate;
use crate::verdict::{Reason, Verdict};

fn host(verdict: &Verdict) -> &str {
    verdict.target.host.as_deref().unwrap_or("the server")
}

fn leaf(s: &Situation) -> Option<&Certificate> {
    s.tls()?.chain.first()
}

fn tell(id: &str, verdict: &Verdict, what: &str, why: String) -> Proposal {
    Proposal::advice(
        id,
        format!("Tell the people who run {}: {what}", host(verdict)),
        why,
    )
}

/// The chain has a gap.
pub(super) fn intermediate(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let missing = verdict.reason == Some(Reason::MissingIntermediate)
        || s.tls().is_some_and(|tls| tls.intermediate_missing);
    missing.then(|| {
        let issuer = leaf(s).map_or_else(String::new, |leaf| format!(" It is the certificate of {}.", leaf.issuer));
        let host = host(verdict);
        tell(
            "missing-intermediate",
            verdict,
            "the intermediate certificate is not sent",
            format!("Browsers fetch the missing certificate themselves; Go and git do not. The server must send its full chain.{issuer}"),
        )
        .command(format!("openssl s_client -connect {host}:443 -servername {host} -showcerts </dev/null"))
    })
}

/// An expired certificate.
pub(super) fn renew(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason == Some(Reason::WrongClock) {
        return None;
    }
    let dates = leaf(s).map_or_else(String::new, |leaf| {
        format!(
            " It is valid from {} to {}.",
            leaf.not_before, leaf.not_after
        )
    });
    Some(tell(
        "renew-certificate",
        verdict,
        "the certificate is out of date",
        format!(
            "Nobody but them can renew it, and a client that looked away could be led anywhere.{dates}"
        ),
    ))
}

/// A certificate for other names.
pub(super) fn name(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let names = leaf(s)
        .map(|leaf| leaf.names.join(", "))
        .filter(|names| !names.is_empty());
    let names = names.map_or_else(String::new, |names| format!(" It is valid for: {names}."));
    let host = host(verdict);
    Some(
        tell(
            "certificate-name",
            verdict,
            "the certificate does not name it",
            format!("Either the address is wrong (another name, a stale DNS entry), or the certificate must name {host} as subject alternative name.{names}"),
        )
        .command(format!("getent hosts {host}")),
    )
}

/// Old protocols.
pub(super) fn protocol(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    Some(tell(
        "tls-version",
        verdict,
        "TLS 1.2 or newer is needed",
        "Go 1.22 and later refuse TLS 1.0 and 1.1, Go 1.27 also RSA key exchange and 3DES."
            .to_owned(),
    ))
}

/// Plain HTTP on that port.
pub(super) fn plain(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = host(verdict);
    let port = verdict
        .target
        .port
        .map_or_else(String::new, |port| format!(":{port}"));
    Some(
        Proposal::advice(
            "plain-http",
            format!("Check the port and scheme of {host}{port}"),
            "What answers there speaks plain text: a wrong port, an http:// service behind an https:// address, or a sign-in page.",
        )
        .command(format!("curl -sI http://{host}{port}/")),
    )
}

/// Policy is policy.
pub(super) fn policy(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let forbidden = verdict.reason == Some(Reason::ProxyPolicy)
        || s.http().is_some_and(|reply| reply.code == Some(403))
        || verdict.cause == crate::cause::Cause::GoproxyDisabled;
    forbidden.then(|| {
        Proposal::advice(
            "proxy-policy",
            "Ask for the module to be allowed",
            "This is a rule that somebody made, not a fault. The people who run the module proxy, or who set GOPROXY, can allow it.",
        )
    })
}

/// A code host in trouble.
pub(super) fn status(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let page = match verdict.target.host.as_deref() {
        Some("github.com") => "https://www.githubstatus.com",
        Some("gitlab.com") => "https://status.gitlab.com",
        Some("bitbucket.org") => "https://bitbucket.status.atlassian.com",
        Some("proxy.golang.org" | "sum.golang.org") => "https://status.cloud.google.com",
        _ => "the status page or the people who run it",
    };
    Some(
        Proposal::advice(
            "server-status",
            format!("Look whether {} has trouble", host(verdict)),
            "The answer is its own error.",
        )
        .command(format!("# {page}")),
    )
}

/// The vanity page.
pub(super) fn vanity(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    let host = module.split('/').next()?;
    Some(
        tell(
            "vanity-page",
            verdict,
            "the page must say where the module is kept",
            "go asks the page for a go-import meta tag: the prefix, the VCS and the repository's address.".to_owned(),
        )
        .command(format!("curl -s 'https://{module}?go-get=1' | grep go-import"))
        .command(format!("# <meta name=\"go-import\" content=\"{host}/NAME git https://REPOSITORY\">")),
    )
}

/// A tag that moved.
pub(super) fn retagged(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    Some(
        Proposal::advice(
            "next-version",
            format!("If the author moved the tag: use another version of {module}"),
            "A published version never changes; the author must tag a new one.",
        )
        .command(format!("go list -m -versions {}", super::quote(module))),
    )
}

/// HTTPS where there is none.
pub(super) fn https(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    Some(tell(
        "offer-https",
        verdict,
        "serve the repository over HTTPS",
        "go fetches code over encrypted connections only; for a `.git` path it tries https and ssh and hides why each failed.".to_owned(),
    ))
}
