//! Certificates: whom this machine trusts. Verification is never switched off.

use std::path::Path;

use super::packages::Manager;
use super::{Change, Line, Need, Proposal, Risk, Scope, Situation, git, gitsettings, quote};
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::probe::tls::{Certificate, Trust};
use crate::verdict::{Reason, Verdict};

/// The certificate to trust: the topmost one that was sent, unless it is the server's own that another one signed.
fn topmost(s: &Situation) -> Option<&Certificate> {
    let chain = &s.tls()?.chain;
    let top = chain.last()?;
    (chain.len() > 1 || top.self_signed).then_some(top)
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
        if std::env::split_paths(path).any(|path| s.disk.has(&path)) {
            continue;
        }
        let why = msg!(
            "{name} names {path}, which is not there: nothing is left that could vouch for a certificate.",
            name,
            path
        );
        let proposal = Proposal::new("ca-path", msg!("Take {name} out", name), why);
        return Some(gitsettings::without(proposal, s, name));
    }
    let setting = git::settings(s).into_iter().find(|setting| {
        setting.is_of("http", &["sslcainfo", "sslcapath"])
            && !s.disk.has(&s.expanded(&setting.value))
    })?;
    let why = msg!("git is told to trust a bundle that is not there, so it trusts nobody.");
    let title = msg!(
        "Comment out line {number} of {shown}",
        number = setting.at.number,
        shown = s.short(&setting.at.file)
    );
    Some(setting.taken_out(Proposal::new("ca-path", title, why), s))
}

/// One stack trusts the CA already, by a file that the user named: the other one is told of it.
pub(super) fn as_the_other_stack(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    let tls = s.tls()?;
    let trusted = |trust| trust == Trust::Trusted;
    if trusted(tls.go) && !trusted(tls.git) {
        let file = s
            .env
            .var("SSL_CERT_FILE")
            .filter(|path| s.disk.has_file(Path::new(path)))?;
        let why = msg!(
            "SSL_CERT_FILE names {file}, which vouches for {host}; git does not read that variable. Go trusts it already.",
            file,
            host
        );
        let proposal = Proposal::new("ca-for-git", msg!("Let git trust what Go trusts"), why)
            .risk(Risk::Medium)
            .need(Need::Consent);
        return Some(git::add(
            proposal,
            s,
            &git::http_key(&verdict.target, host, "sslCAInfo"),
            file,
        ));
    }
    if trusted(tls.git) && !trusted(tls.go) {
        let file = git_bundle(s, host)?;
        let shown = file.to_str()?;
        let why = msg!(
            "git trusts {shown}, which vouches for {host}; Go does not read git's settings. The system's own certificates stay.",
            shown,
            host
        );
        let why = Text::sentences([why, others_read_it()]);
        let proposal = Proposal::new("ca-for-go", msg!("Let Go trust what git trusts"), why)
            .risk(Risk::Medium)
            .need(Need::Consent);
        return export(proposal, s, shown);
    }
    None
}

/// The bundle that git takes for a host.
fn git_bundle(s: &Situation, host: &str) -> Option<std::path::PathBuf> {
    if let Some(file) = s.env.var("GIT_SSL_CAINFO") {
        return Some(file.into());
    }
    let named = gitsettings::of_host(s, "http", "sslcainfo", host)?;
    Some(s.expanded(&named))
}

/// Whom else `SSL_CERT_FILE` reaches (OpenSSL's `SSL_CTX_set_default_verify_paths`(3)).
fn others_read_it() -> Text {
    msg!(
        "Other programs that read SSL_CERT_FILE (curl's and Python's with OpenSSL) then trust that file alone: set it for Go only where that matters."
    )
}

/// `SSL_CERT_FILE` in the shell's start-up file. On Linux go reads the system's certificate
/// directories beside it; elsewhere it would replace the system's trust.
fn export(proposal: Proposal, s: &Situation, file: &str) -> Option<Proposal> {
    if !cfg!(target_os = "linux") || s.env.var("SSL_CERT_FILE").is_some() {
        return None;
    }
    Some(super::proxy::shell_lines(
        proposal,
        s,
        &[format!("export SSL_CERT_FILE={}", quote(file))],
    ))
}

/// Trusts one CA for this user: git for this host, Go through `SSL_CERT_FILE`.
pub(super) fn user_ca(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    if matches!(
        verdict.reason,
        Some(Reason::NoCaBundle | Reason::MissingIntermediate | Reason::RevocationUnknown)
    ) {
        return None;
    }
    let tls = s.tls();
    let needs = |trust: Option<Trust>| trust.is_none_or(|trust| trust != Trust::Trusted);
    let (go, git) = (needs(tls.map(|tls| tls.go)), needs(tls.map(|tls| tls.git)));
    // a module proxy or database is asked by go alone; git's fetch is git's alone
    let (go, git) = match verdict.target.role {
        Role::Goproxy | Role::Sumdb | Role::Toolchain => (true, false),
        Role::VcsHttps if git => (false, true),
        _ => (go, git),
    };
    let which = topmost(s).map_or_else(
        || {
            msg!(
                "The certificate of {host} comes from a CA that is not trusted here.",
                host
            )
        },
        |certificate| {
            msg!(
                "`{subject}` (SHA-256 {fingerprint}) vouches for {host}.",
                subject = certificate.subject,
                fingerprint = spaced(&certificate.sha256),
                host
            )
        },
    );
    let issued = topmost(s).map(|certificate| {
        let day = |time: &str| time.split('T').next().unwrap_or_default().to_owned();
        msg!(
            "It was issued by `{issuer}` and is valid from {begin} to {end}.",
            issuer = certificate.issuer,
            begin = day(&certificate.not_before),
            end = day(&certificate.not_after)
        )
    });
    let only = if topmost(s).is_none() {
        msg!(
            "Get its certificate from the people who run {host}, or those who run your network if they inspect connections, and compare its fingerprint \
             through another channel; whoever holds its key can then stand in for what trusts it.",
            host
        )
    } else if go {
        msg!(
            "Trust it only if the people who run {host} or your network confirm that fingerprint through another channel; \
             whoever holds its key can then stand in for {host} and, for Go, for every host.",
            host
        )
    } else {
        msg!(
            "Trust it only if the people who run {host} or your network confirm that fingerprint through another channel; \
             whoever holds its key can then stand in for {host}.",
            host
        )
    };
    let others = go.then(others_read_it);
    let why = Text::sentences(
        [Some(which), issued, Some(only), others]
            .into_iter()
            .flatten(),
    );
    let proposal = Proposal::new("trust-ca", msg!("Trust this CA, for your user only"), why)
        .risk(Risk::High)
        .need(Need::Fingerprint);
    let written = topmost(s)
        .and_then(|certificate| with_file(proposal.clone(), s, verdict, certificate, (go, git)));
    Some(written.unwrap_or_else(|| {
        let mut proposal = proposal.scope(Scope::Manual).command(Line::note(msg!(
            "CA.pem: the CA certificate, from the people who run the host or the network"
        )));
        if git {
            let key = git::http_key(&verdict.target, host, "sslCAInfo");
            proposal = proposal.command(format!("git config --global {} ~/CA.pem", quote(&key)));
        }
        if go {
            proposal = proposal.command(Line::with(
                "export SSL_CERT_FILE=~/CA.pem",
                msg!("on Linux: the system's certificates stay"),
            ));
        }
        proposal
    }))
}

/// The certificate as it was sent goes into a file of its own, which both stacks are told of.
fn with_file(
    proposal: Proposal,
    s: &Situation,
    verdict: &Verdict,
    certificate: &Certificate,
    (go, git): (bool, bool),
) -> Option<Proposal> {
    use base64::Engine as _;
    let host = verdict.target.host.as_deref()?;
    let der = base64::engine::general_purpose::STANDARD
        .decode(certificate.der.as_deref()?)
        .ok()?;
    let file = s.home.as_ref()?.join(format!(
        ".config/gomend/ca-{}.pem",
        certificate.sha256.get(..16)?
    ));
    let path = file.to_str()?.to_owned();
    let mut proposal = proposal.command(Line::note(msg!(
        "{file}: the certificate as {host} sent it, SHA-256 {fingerprint}",
        file = s.short(&file),
        host,
        fingerprint = spaced(&certificate.sha256)
    )));
    if git {
        proposal = git::add(
            proposal,
            s,
            &git::http_key(&verdict.target, host, "sslCAInfo"),
            &path,
        );
    }
    if go {
        proposal = export(proposal, s, &path)?;
    }
    Some(proposal.change(Change::File {
        file,
        content: pem(&der).into_bytes(),
        mode: None,
    }))
}

/// A certificate in PEM (RFC 7468).
fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned());
    let body = lines.fold(String::new(), |body, line| body + &line + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
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
        Some(Reason::NoCaBundle | Reason::MissingIntermediate | Reason::RevocationUnknown)
    ) {
        return None;
    }
    let sudo = s.sudo();
    let inspection = matches!(
        verdict.reason,
        Some(Reason::InspectionCa | Reason::InspectionCaGo | Reason::InspectionCaGit)
    );
    let why = if inspection {
        msg!(
            "Go, git and every other program then trust it. CA.crt must come from your network's administrators; compare its fingerprint with them."
        )
    } else {
        msg!(
            "Go, git and every other program then trust it. CA.crt must come from the people who run this host; compare its fingerprint with them."
        )
    };
    let proposal = Proposal::new(
        "trust-ca-system",
        msg!("Add the CA to this system's trust store"),
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
