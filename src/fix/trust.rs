//! Certificates: whom this machine trusts. Verification is never switched off.

use std::path::Path;

use super::packages::Manager;
use super::{Change, Need, Proposal, Risk, Scope, Situation, quote};
use crate::probe::tls::{Certificate, Trust};
use crate::verdict::{Reason, Verdict};

/// The certificate to trust: the topmost one that was sent, if it is a CA or signed by itself.
pub(super) fn topmost(s: &Situation) -> Option<&Certificate> {
    s.tls()?.chain.last()
}

/// A variable or setting names a bundle that is not there.
pub(super) fn bundle_path(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    for name in [
        "SSL_CERT_FILE",
        "GIT_SSL_CAINFO",
        "SSL_CERT_DIR",
        "GIT_SSL_CAPATH",
    ] {
        let Some(path) = s.env.var(name) else {
            continue;
        };
        if std::env::split_paths(path).any(|path| path.exists()) {
            continue;
        }
        let why = format!(
            "{name} names {path}, which is not there: nothing is left that could vouch for a certificate."
        );
        let proposal = Proposal::new("ca-path", format!("Take {name} out"), why)
            .command(format!("unset {name}"));
        return Some(match s.setter(name) {
            Some((file, number, old)) => {
                let new = Some(format!("# {old}"));
                proposal.change(Change::Line {
                    file,
                    number,
                    old,
                    new,
                })
            }
            None => proposal
                .scope(Scope::Manual)
                .command(format!("# {name} is set outside of your shell files")),
        });
    }
    let file = s.git_config()?;
    let text = std::fs::read_to_string(&file).ok()?;
    let (index, old) = text.lines().enumerate().find(|(_, line)| {
        let named = line.split_once('=').filter(|(key, _)| {
            let key = key.trim();
            key.eq_ignore_ascii_case("sslCAInfo") || key.eq_ignore_ascii_case("sslCAPath")
        });
        named.is_some_and(|(_, path)| !expanded(path.trim().trim_matches('"'), s).exists())
    })?;
    let shown = s.short(&file);
    let why = "git is told to trust a bundle that is not there, so it trusts nobody.";
    Some(
        Proposal::new(
            "ca-path",
            format!("Comment out line {} of {shown}", index + 1),
            why,
        )
        .command(format!("# {shown}: {}", old.trim()))
        .change(Change::Line {
            new: Some(format!("# {old}")),
            number: index + 1,
            old: old.to_owned(),
            file,
        }),
    )
}

fn expanded(path: &str, s: &Situation) -> std::path::PathBuf {
    match (path.strip_prefix("~/"), &s.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => Path::new(path).to_owned(),
    }
}

/// Trusts one CA for this user: git for this host, Go through `SSL_CERT_FILE`.
pub(super) fn user_ca(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if matches!(
        verdict.reason,
        Some(Reason::NoCaBundle | Reason::MissingIntermediate)
    ) {
        return None;
    }
    let tls = s.tls();
    let needs = |trust: Option<Trust>| trust.is_none_or(|trust| trust != Trust::Trusted);
    let (go, git) = (needs(tls.map(|tls| tls.go)), needs(tls.map(|tls| tls.git)));
    let which = topmost(s).map_or_else(
        || format!("The certificate of {host} comes from a CA that is not trusted here."),
        |certificate| {
            format!(
                "{} (SHA-256 {}) vouches for {host}.",
                certificate.subject,
                spaced(&certificate.sha256)
            )
        },
    );
    let why = format!(
        "{which} Trust it only if the people who run {host} or your network confirm that fingerprint over another way; \
         whoever holds its key can then stand in for {host}{}.",
        if go {
            " and, for Go, for every host"
        } else {
            ""
        }
    );
    let mut proposal = Proposal::new("trust-ca", "Trust this CA, for your user only", why)
        .risk(Risk::High)
        .need(Need::Fingerprint)
        .command("# CA.pem: the CA certificate, from the people who run the host or the network");
    if git {
        let key = format!("http.https://{host}/.sslCAInfo");
        proposal = proposal.command(format!("git config --global {} ~/CA.pem", quote(&key)));
    }
    if go {
        proposal = proposal.command("cat /etc/ssl/certs/ca-certificates.crt ~/CA.pem > ~/ca-bundle.pem && export SSL_CERT_FILE=~/ca-bundle.pem");
    }
    Some(proposal)
}

/// A fingerprint as people compare it.
fn spaced(hex: &str) -> String {
    let bytes = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).to_uppercase());
    bytes.collect::<Vec<_>>().join(":")
}

/// Trusts one CA for the whole machine.
pub(super) fn system_store(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if matches!(
        verdict.reason,
        Some(Reason::NoCaBundle | Reason::MissingIntermediate)
    ) {
        return None;
    }
    let sudo = s.sudo();
    let inspection = matches!(
        verdict.reason,
        Some(Reason::InspectionCa | Reason::InspectionCaGo | Reason::InspectionCaGit)
    );
    let source = if inspection {
        "your network's administrators"
    } else {
        "the people who run this host"
    };
    let why = format!(
        "Go, git and every other program then trust it. CA.crt must come from {source}; compare its fingerprint with them."
    );
    let proposal = Proposal::new(
        "trust-ca-system",
        "Add the CA to this system's trust store",
        why,
    )
    .scope(Scope::System)
    .risk(Risk::High)
    .need(Need::Fingerprint);
    let proposal = if s.root {
        proposal
    } else {
        proposal.need(Need::Root)
    };
    let proposal =
        proposal.command("openssl x509 -in CA.crt -noout -subject -enddate -fingerprint -sha256");
    Some(match s.manager {
        Some(Manager::Dnf) => proposal.command(format!("{sudo}cp CA.crt /etc/pki/ca-trust/source/anchors/ && {sudo}update-ca-trust")),
        Some(Manager::Pacman) => proposal.command(format!("{sudo}trust anchor CA.crt")),
        Some(Manager::Zypper) => proposal.command(format!("{sudo}cp CA.crt /etc/pki/trust/anchors/ && {sudo}update-ca-certificates")),
        Some(Manager::Brew) => {
            proposal.command("sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain CA.crt")
        }
        _ => proposal.command(format!("{sudo}cp CA.crt /usr/local/share/ca-certificates/ && {sudo}update-ca-certificates")),
    })
}
