//! What only the people who run a server can mend: words to pass on to them.

use super::{Line, Proposal, Scope, Situation, git};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::probe::tls::Certificate;
use crate::rules::said;
use crate::settings::forges;
use crate::verdict::{Reason, Verdict, policy};

fn host(verdict: &Verdict) -> Text {
    let known = verdict.target.host.as_deref();
    known.map_or_else(|| msg!("the server"), Text::from)
}

/// For a command line.
fn argument(verdict: &Verdict) -> &str {
    verdict.target.host.as_deref().unwrap_or("HOST")
}

fn leaf(s: &Situation) -> Option<&Certificate> {
    s.tls()?.chain.first()
}

/// The chain has a gap.
pub(super) fn intermediate(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let missing = verdict.reason == Some(Reason::MissingIntermediate)
        || s.tls().is_some_and(|tls| tls.intermediate_missing);
    missing.then(|| {
        let issuer = leaf(s).map_or_else(Text::default, |leaf| {
            msg!("It is the certificate of {issuer}.", issuer = leaf.issuer)
        });
        let chain = msg!("Browsers fetch the missing certificate themselves; Go and git do not. The server must send its full chain.");
        let title = msg!(
            "Tell the people who run {host}: the intermediate certificate is not sent",
            host = host(verdict)
        );
        let host = argument(verdict);
        Proposal::advice("missing-intermediate", title, Text::sentences([chain, issuer]))
        .command(format!("openssl s_client -connect {host}:443 -servername {host} -showcerts </dev/null"))
    })
}

/// The server that says which certificates are revoked is out of reach.
pub(super) fn revocation(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    (verdict.reason == Some(Reason::RevocationUnknown)).then(|| {
        Proposal::advice(
            "reach-revocation",
            msg!("Ask those who run this network to let revocation checks through"),
            msg!(
                "Windows asks an address that the certificate names (CRL or OCSP, plain HTTP, port 80). A firewall closes it, or an inspecting proxy's own \
                 certificate names none. To switch that check off would take a stolen certificate for a good one."
            ),
        )
        .command(Line::with(
            "certutil -verify -urlfetch CERTIFICATE.cer",
            msg!("shows which address fails"),
        ))
    })
}

/// An ssh server and an ssh without a common algorithm: which of the two is too old shows in the offer.
pub(super) fn ssh_algorithms(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let offer = said::ssh_offer(&s.line)?;
    let host = host(verdict);
    let (title, why) = if offer.split(',').all(is_outdated) {
        (
            msg!(
                "Tell the people who run {host}: its ssh server offers only outdated algorithms",
                host
            ),
            msg!(
                "It offers {offer}. OpenSSH no longer takes ssh-rsa (SHA-1) and ssh-dss by itself; a current server offers ssh-ed25519 or rsa-sha2-256.",
                offer
            ),
        )
    } else {
        (
            msg!(
                "Upgrade ssh here: it takes nothing of what {host} offers",
                host
            ),
            msg!("The server offers {offer}.", offer),
        )
    };
    Some(Proposal::advice("ssh-algorithms", title, why))
}

/// What OpenSSH no longer takes unless it is told to (its release notes, 7.0 to 8.8).
fn is_outdated(algorithm: &str) -> bool {
    let old = ["ssh-rsa", "ssh-dss", "diffie-hellman-group1-sha1"];
    old.contains(&algorithm)
        || ["-cbc", "-sha1", "-md5", "-md5-96", "-sha1-96"]
            .iter()
            .any(|end| algorithm.ends_with(end))
        || algorithm.starts_with("arcfour")
}

/// The certificate of a host that isn't everybody's: that it has ended is likelier than a clock that is
/// ahead.
pub(super) fn renew_unknown(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let known = verdict.target.host.as_deref();
    known
        .is_some_and(|host| !forges::is_well_known(host))
        .then(|| renew(verdict, s))
        .flatten()
}

/// An expired certificate.
pub(super) fn renew(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let known = verdict.target.host.as_deref();
    let early = verdict.cause == Cause::TlsNotYetValid && known.is_some_and(forges::is_well_known);
    if verdict.reason == Some(Reason::WrongClock) || early {
        return None; // what everybody uses was valid yesterday too
    }
    let dates = leaf(s).map_or_else(Text::default, |leaf| {
        msg!(
            "It is valid from {start} to {end}.",
            start = leaf.not_before,
            end = leaf.not_after
        )
    });
    let nobody =
        msg!("Nobody but them can renew it, and a client that looked away could be led anywhere.");
    Some(Proposal::advice(
        "renew-certificate",
        msg!(
            "Tell the people who run {host}: the certificate is out of date",
            host = host(verdict)
        ),
        Text::sentences([nobody, dates]),
    ))
}

/// A certificate for other names.
pub(super) fn name(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let names = leaf(s)
        .map(|leaf| Text::list(&leaf.names))
        .filter(|names| !names.is_empty());
    let names = names.map_or_else(Text::default, |names| {
        msg!("It is valid for: {names}.", names)
    });
    let host = host(verdict);
    let either = msg!(
        "Either the address is wrong (another name, a stale DNS entry), or the certificate must name {host} as subject alternative name.",
        host
    );
    Some(
        Proposal::advice(
            "certificate-name",
            msg!(
                "Tell the people who run {host}: the certificate does not name it",
                host
            ),
            Text::sentences([either, names]),
        )
        .command(format!("getent hosts {}", argument(verdict))),
    )
}

/// The server's alert says that it has no such name.
pub(super) fn unknown_name(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::NameUnrecognized) {
        return None;
    }
    let named = argument(verdict);
    Some(
        Proposal::advice(
            "unknown-name",
            msg!(
                "Tell the people who run {host}: the server that answers has no certificate for that name",
                host = host(verdict)
            ),
            msg!("Either the name leads to the wrong server (a stale DNS entry, a load balancer), or the server was never told of it."),
        )
        .command(format!("getent hosts {named}"))
        .command(format!(
            "openssl s_client -connect {named}:443 -servername {named} </dev/null"
        )),
    )
}

/// The server wants to know the client by a certificate, which git can send and go cannot.
pub(super) fn client_certificate(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::ClientCertificate) {
        return None;
    }
    let host = host(verdict);
    let proposal = Proposal::advice(
        "client-certificate",
        msg!(
            "Ask those who run {host} for a way in without a client certificate",
            host
        ),
        msg!(
            "go itself sends none, to module proxies and import path pages alike; git sends the one that http.sslCert and http.sslKey name."
        ),
    );
    let key = git::http_key(&verdict.target, argument(verdict), "");
    Some(if s.saved || verdict.target.role == Role::VcsHttps {
        proposal
            .command(Line::with(
                format!("git config --global {key}sslCert CERT.pem"),
                msg!("where git fetches from it"),
            ))
            .command(format!("git config --global {key}sslKey KEY.pem"))
    } else {
        proposal
    })
}

/// Old protocols.
pub(super) fn protocol(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if matches!(
        verdict.reason,
        Some(Reason::NameUnrecognized | Reason::ClientCertificate)
    ) {
        return None;
    }
    let named = verdict.target.host.as_deref();
    if s.saved && named.is_some_and(forges::is_well_known) {
        return None; // those speak what is current: this end does not
    }
    Some(Proposal::advice(
        "tls-version",
        msg!(
            "Tell the people who run {host}: TLS 1.2 or newer is needed",
            host = host(verdict)
        ),
        msg!("Go 1.22 and later refuse TLS 1.0 and 1.1, Go 1.27 also RSA key exchange and 3DES."),
    ))
}

/// A TLS alert in an HTTP answer's place: something spoke plain HTTP to a port that wants TLS.
pub(super) fn tls_for_http(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::TlsForHttp) {
        return None;
    }
    let (title, why) = if verdict.target.scheme.as_deref() == Some("http") {
        (
            msg!(
                "Write https:// in the address of {host}",
                host = host(verdict)
            ),
            msg!("That port wants TLS, and the address says http://."),
        )
    } else {
        (
            msg!(
                "Tell the people who run {host}: its gateway speaks plain HTTP to a server that wants TLS",
                host = host(verdict)
            ),
            msg!("go's own connection is encrypted and stands; the alert comes from behind it."),
        )
    };
    let port = super::place::port(&verdict.target);
    Some(Proposal::advice("tls-behind", title, why).command(format!(
        "curl -sv -o /dev/null https://{}:{port}/",
        argument(verdict)
    )))
}

/// A page that leads on and on.
pub(super) fn redirects(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::Redirected) {
        return None;
    }
    let url = verdict.target.url.as_deref()?;
    Some(
        Proposal::advice(
            "see-redirects",
            msg!("See where {host} sends go", host = host(verdict)),
            msg!("Mostly to a sign-in page: then a login is missing. Or two addresses send to each other: then those who run them have to mend that."),
        )
        .command(format!("curl -sIL {} | grep -i ^location", super::quote(url))),
    )
}

/// Plain HTTP on that port.
pub(super) fn plain(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict.reason == Some(Reason::TlsForHttp) {
        return None; // it does speak TLS
    }
    let host = host(verdict);
    let port = verdict
        .target
        .port
        .map_or_else(String::new, |port| format!(":{port}"));
    Some(
        Proposal::advice(
            "plain-http",
            msg!("Check the port and scheme of {host}{port}", host, port),
            msg!("What answers there speaks plain text: a wrong port, an http:// service behind an https:// address, or a sign-in page."),
        )
        .command(format!("curl -sI http://{}{port}/", argument(verdict))),
    )
}

/// A setting that forbids.
pub(super) fn policy(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let title = msg!("Ask for the module to be allowed");
    let rule = msg!(
        "This is a rule that somebody made, not a fault. The people who run the module proxy, or who set GOPROXY, can allow it."
    );
    let for_all = (!s.saved && s.setters("GOPROXY").is_empty())
        .then(|| s.setter_for_all("GOPROXY"))
        .flatten();
    let place = for_all.map_or_else(Text::default, |spot| {
        msg!(
            "It is set for all users of this machine, in line {number} of {file}.",
            number = spot.number,
            file = spot.file.display()
        )
    });
    Some(Proposal::advice(
        "proxy-policy",
        title,
        Text::sentences([rule, place]),
    ))
}

/// Somebody decided against the request: who can change that, and what to ask for.
pub(super) fn refusal(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let reason = verdict.reason.filter(|reason| reason.is_refusal())?;
    let host = host(verdict);
    let who = match policy::read(&s.answer).and_then(|refusal| refusal.by) {
        Some(product) => msg!("those who run {product} for {host}", product, host),
        None if reason == Reason::Gatekeeper
            || reason == Reason::ProxyRefuses && verdict.proxy.is_none() =>
        {
            msg!("those who run this network or sandbox")
        }
        None => msg!("those who run {host}", host),
    };
    let target = &verdict.target;
    let what = match (&target.module, &target.version) {
        (Some(module), Some(version)) => format!("{module}@{version}").into(),
        (Some(module), None) => module.as_str().into(),
        _ => host.clone(),
    };
    let (title, why) = match reason {
        Reason::ProxyPolicy => (
            msg!("Ask {who} to allow {what}", who, what),
            msg!(
                "This is a rule that somebody made, not a fault: nothing on this machine can or should go round it."
            ),
        ),
        Reason::Gatekeeper | Reason::ProxyRefuses => (
            msg!("Ask {who} to let requests for {what} through", who, what),
            msg!(
                "What passes is decided between here and there, not by this machine and not by the module's host."
            ),
        ),
        Reason::AddressRefused => (
            msg!("Ask {who} why this address is refused", who),
            msg!("Its words are about where the request comes from: this network, or its country."),
        ),
        _ => (
            msg!("Ask {who} why {what} is refused", who, what),
            msg!(
                "A 403 without words is one of four: this module is blocked, this address is, a gatekeeper stands in between, or it \
                 is a moment's trouble. Whether another module passes tells the first from the others."
            ),
        ),
    };
    let ask = match said::status(&s.line) {
        Some(status) => msg!("{what}: {host} answers {status}", what, host, status),
        None => msg!("{what}: refused at {host}", what, host),
    };
    let mut proposal = Proposal::advice("proxy-policy", title, why).command(Line::note(ask));
    if !s.answer.is_empty() {
        proposal = proposal.command(Line::note(s.answer.as_str()));
    }
    Some(proposal)
}

/// A login that a public module proxy never wants.
pub(super) fn login(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if verdict.reason != Some(Reason::ProxyLogin) || !forges::is_public_proxy(host) {
        return None;
    }
    Some(Proposal::advice(
        "no-login-there",
        msg!(
            "Ask those who run this network who answers for {host}",
            host
        ),
        msg!(
            "{host} is open to everybody and asks nobody for a login: somebody else answers in its place.",
            host
        ),
    ))
}

/// A host in trouble.
pub(super) fn status(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    if verdict
        .reason
        .is_some_and(|reason| reason.is_refusal() || reason == Reason::ProxyLogin)
    {
        return None;
    }
    let page = match verdict.target.host.as_deref() {
        Some(host) if forges::is_default(host) => Some("https://status.cloud.google.com"),
        Some(host) => forges::of(host).and_then(|forge| forge.status),
        None => None,
    };
    let page = page.map_or_else(
        || msg!("the status page or the people who run it"),
        Text::from,
    );
    Some(
        Proposal::advice(
            "server-status",
            msg!("Look whether {host} has trouble", host = host(verdict)),
            msg!("The answer is its own error."),
        )
        .command(Line::note(page)),
    )
}

/// The vanity page.
pub(super) fn vanity(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    let host = module.split('/').next()?;
    Some(
        Proposal::advice(
            "vanity-page",
            msg!(
                "Tell the people who run {host}: the page must say where the module is kept",
                host = self::host(verdict)
            ),
            msg!("go asks the page for a go-import meta tag: the prefix, the VCS and the repository's address."),
        )
        .command(format!("curl -s 'https://{module}?go-get=1' | grep go-import"))
        .command(format!("# <meta name=\"go-import\" content=\"{host}/NAME git https://REPOSITORY\">")),
    )
}

/// Something answers that is no module proxy.
pub(super) fn answer(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let proposal = Proposal::advice(
        "see-answer",
        msg!("See what answers in place of the module proxy"),
        msg!(
            "A module proxy answers with JSON or plain text. A page means that a gateway, a login or a wrong address stands in its place."
        ),
    );
    // a module proxy's own first page is a web page, rightly
    let listed = |url: &str| {
        let module = verdict
            .target
            .module
            .as_deref()
            .and_then(crate::settings::gofile::escaped)?;
        (!url.contains("/@")).then(|| format!("{}/{module}/@v/list", url.trim_end_matches('/')))
    };
    let url = verdict.target.url.as_deref().filter(|_| !s.foreign);
    let url = url.map(|url| listed(url).unwrap_or_else(|| url.to_owned()));
    let url = url.as_deref();
    Some(match url {
        Some(url) => proposal.command(format!("curl -si {}", super::quote(url))),
        None => proposal.command("go env GOPROXY"),
    })
}

/// A tag that moved.
pub(super) fn retagged(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.as_deref()?;
    let title = match verdict.reason {
        Some(Reason::TagMoved) => msg!("Use another version of {module}", module),
        None | Some(Reason::ChecksumsDiffer) => msg!(
            "If the author moved the tag: use another version of {module}",
            module
        ),
        _ => return None,
    };
    Some(
        Proposal::advice(
            "next-version",
            title,
            msg!("A published version never changes; the author must tag a new one."),
        )
        .command(format!("go list -m -versions {}", super::quote(module))),
    )
}

/// A module proxy whose copy is not what was published.
pub(super) fn purge(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.reason != Some(Reason::ProxyDiffers) {
        return None;
    }
    let module = verdict.target.module.as_deref()?;
    let version = verdict.target.version.as_deref()?;
    let hosts = s
        .goenv
        .sources()
        .filter_map(|source| Some(source.url()?.host));
    let hosts: Vec<String> = hosts.collect();
    let title = match hosts.as_slice() {
        [] => return None,
        [host] => msg!(
            "Tell the people who run {host}: its copy of {module}@{version} is not what was published",
            host,
            module,
            version
        ),
        several => msg!(
            "Ask those who run {hosts}: the copy of {module}@{version} that one of them has is not what was published",
            hosts = several.join(", "),
            module,
            version
        ),
    };
    Some(
        Proposal::advice(
            "purge-at-proxy",
            title,
            msg!(
                "go compared and refused it: nothing of it was built. They have to delete that version from the proxy's storage, and to find out who changed \
                 it. Never switch the checksum database off for it."
            ),
        )
        .scope(Scope::System),
    )
}

/// HTTPS where there is none.
pub(super) fn https(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    Some(Proposal::advice(
        "offer-https",
        msg!(
            "Tell the people who run {host}: serve the repository over HTTPS",
            host = host(verdict)
        ),
        msg!(
            "go fetches code over encrypted connections only; for a `.git` path it tries https and ssh and hides why each failed."
        ),
    ))
}
