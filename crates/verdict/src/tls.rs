//! Certificates and handshakes: rows 2, 9, 10 and 13 to 17 of the truth table.

use super::facts::Facts;
use super::{Confidence, Matrix, Reason, Ruling};
use crate::cause::Cause;
use crate::evidence::Target;
use crate::probe::git::RemoteOutcome;
use crate::probe::http::SKEW_BOUND_S;
use crate::probe::tls::{Certificate, Dates, Handshake, HandshakeOutcome, Trust, Variant};
use crate::probe::{Id, Stack};
use crate::settings::forges;
use gomend_rules::said::Phrase;

/// What is wrong with TLS on the connection that the failing stack needs.
pub(super) fn rule(facts: &Facts<'_>) -> Option<Ruling> {
    let tls = facts.tls(facts.stack)?;
    let (cause, reason, confidence) = match tls.outcome {
        HandshakeOutcome::Completed => certificate(facts, tls)?,
        HandshakeOutcome::Silence | HandshakeOutcome::Reset | HandshakeOutcome::Closed => cut(tls),
        HandshakeOutcome::Alert => {
            // 70: protocol_version (RFC 8446, section 6); the others mean that nothing fits
            let old = tls.tries.iter().any(|tried| tried.alert == Some(70));
            (
                Cause::TlsHandshake,
                if old {
                    Reason::ProtocolTooOld
                } else {
                    Reason::NoCommonCipher
                },
                Confidence::Likely,
            )
        }
        HandshakeOutcome::TooOld => (
            Cause::TlsHandshake,
            Reason::ProtocolTooOld,
            Confidence::Certain,
        ),
        HandshakeOutcome::NotTls => (Cause::TlsNotTls, Reason::PlainHttp, Confidence::Certain),
        HandshakeOutcome::Incompatible | HandshakeOutcome::Unknown => return None,
    };
    let stages = match reason {
        Reason::CaptivePortal | Reason::SniFiltered => Matrix::POLICY,
        _ => Matrix::CERTIFICATE,
    };
    Some(Ruling {
        cause,
        reason: Some(reason),
        confidence,
        matrix: if facts.is_proxied() {
            stages.without_dns()
        } else {
            stages
        },
        target: None,
        proxy: None,
        rests_on: facts.basis(&[
            (Id::Tls, facts.stack),
            (Id::Tls, facts.other()),
            (Id::Git, Stack::Git),
            (Id::Clock, Stack::Both),
            (Id::Control, Stack::Both),
        ]),
    })
}

/// Rows 9, 10 and 13: which `ClientHello` gets through?
fn cut(tls: &Handshake) -> (Cause, Reason, Confidence) {
    let stands = |variant| tls.variant(variant) == Some(HandshakeOutcome::Completed);
    let (reason, confidence) = if stands(Variant::NoMldsa) {
        (Reason::MldsaCut, Confidence::Certain)
    } else if !stands(Variant::NoMlkem) && stands(Variant::Classic) {
        (Reason::MldsaCut, Confidence::Likely) // and it can't bear ML-KEM either
    } else if stands(Variant::NoMlkem) {
        (Reason::MlkemCut, Confidence::Certain)
    } else if stands(Variant::Tls12) {
        (Reason::Tls13Cut, Confidence::Likely)
    } else if stands(Variant::OtherName) {
        (Reason::SniFiltered, Confidence::Certain)
    } else if tls.outcome == HandshakeOutcome::Silence {
        (Reason::HandshakeStalled, Confidence::Likely)
    } else {
        (Reason::HandshakeCut, Confidence::Likely)
    };
    (Cause::TlsInterrupted, reason, confidence)
}

/// The handshake stands. Dates, name and trust, in the order in which Go checks them
/// (`crypto/x509`, `Certificate.Verify`), unless the text names one that is wrong too.
fn certificate(facts: &Facts<'_>, tls: &Handshake) -> Option<(Cause, Reason, Confidence)> {
    let text = facts.finding.cause();
    let found: Vec<_> = [dates(facts, tls), name(facts, tls), trust(facts, tls)]
        .into_iter()
        .flatten()
        .collect();
    found
        .iter()
        .find(|(cause, ..)| *cause == text)
        .or(found.first())
        .copied()
}

/// Row 17: is it the certificate, or our clock?
fn dates(facts: &Facts<'_>, tls: &Handshake) -> Option<(Cause, Reason, Confidence)> {
    let (cause, reason) = match tls.dates {
        Dates::Expired => (Cause::TlsExpired, Reason::Expired),
        Dates::NotYetValid => (Cause::TlsNotYetValid, Reason::NotYetValid),
        Dates::Valid | Dates::NotJudged => return None,
    };
    match facts.clock(Stack::Both).and_then(|clock| clock.skew_s) {
        // a slow clock makes certificates "not valid yet", a fast one "expired"
        Some(skew)
            if skew > SKEW_BOUND_S && cause == Cause::TlsExpired
                || skew < -SKEW_BOUND_S && cause == Cause::TlsNotYetValid =>
        {
            Some((cause, Reason::WrongClock, Confidence::Likely))
        }
        Some(_) => Some((cause, reason, Confidence::Certain)),
        None => Some((cause, reason, Confidence::Likely)),
    }
}

/// Row 2: another name. Whose?
fn name(facts: &Facts<'_>, tls: &Handshake) -> Option<(Cause, Reason, Confidence)> {
    if tls.name_matches != Some(false) {
        return None;
    }
    let leaf = tls.chain.first();
    if leaf.is_some_and(|leaf| leaf.names.is_empty() && has_common_name(&leaf.subject, &tls.name)) {
        return Some((
            Cause::TlsNameMismatch,
            Reason::LegacyName,
            Confidence::Certain,
        ));
    }
    let ours = facts
        .dns(facts.stack)
        .map(|lookup| lookup.addresses.as_slice())
        .unwrap_or_default();
    let same_place = facts.control(Stack::Both).is_some_and(|control| {
        !control.addresses.is_empty()
            && control
                .addresses
                .iter()
                .all(|address| ours.contains(address))
    });
    let page = facts.http(facts.stack).is_some_and(|reply| {
        reply.redirects_to.is_some() || reply.content_type.as_deref() == Some("text/html")
    });
    // every name leads to one place, which shows a page of its own
    if same_place && page {
        return Some((
            Cause::TlsNameMismatch,
            Reason::CaptivePortal,
            Confidence::Likely,
        ));
    }
    Some((
        Cause::TlsNameMismatch,
        Reason::WrongName,
        Confidence::Certain,
    ))
}

fn has_common_name(subject: &str, host: &str) -> bool {
    subject.split(", ").any(|part| {
        part.strip_prefix("CN=")
            .is_some_and(|name| name.eq_ignore_ascii_case(host))
    })
}

/// Rows 14 to 16: who vouches for it, and to whom?
fn trust(facts: &Facts<'_>, tls: &Handshake) -> Option<(Cause, Reason, Confidence)> {
    let (go, git) = (judged(facts, Stack::Go), judged(facts, Stack::Git));
    let own = if facts.stack == Stack::Git { git } else { go };
    let other = if facts.stack == Stack::Git { go } else { git };
    let cause = Cause::TlsUnknownAuthority;
    match own {
        Trust::NoRoots => return Some((cause, Reason::NoCaBundle, Confidence::Certain)),
        // git could not even read what it was told to trust
        _ if Phrase::CaUnreadable.is_in(&facts.finding.text) => {
            return Some((cause, Reason::NoCaBundle, Confidence::Certain));
        }
        Trust::Unknown => {}
        Trust::Trusted | Trust::NotJudged => return None,
    }
    let leaf = tls.chain.first()?;
    if tls.mozilla == Trust::Trusted {
        // everybody knows this CA but the store that is used here
        return Some((cause, Reason::NoCaBundle, Confidence::Likely));
    }
    if other != Trust::Trusted {
        if leaf.self_signed {
            return Some((cause, Reason::SelfSigned, Confidence::Certain));
        }
        if tls.intermediate_missing {
            return Some((cause, Reason::MissingIntermediate, Confidence::Likely));
        }
    }
    let inspected = is_inspection(&facts.target, &tls.chain);
    let one_sided = other == Trust::Trusted;
    let reason = match (inspected, one_sided, facts.stack) {
        (true, true, Stack::Git) => Reason::InspectionCaGit,
        (true, true, _) => Reason::InspectionCaGo,
        (true, false, _) => Reason::InspectionCa,
        (false, true, Stack::Git) => Reason::PrivateCaGit,
        (false, true, _) => Reason::PrivateCaGo,
        (false, false, _) => Reason::PrivateCa,
    };
    let confidence = if one_sided {
        Confidence::Certain
    } else {
        Confidence::Likely
    };
    Some((cause, reason, confidence))
}

/// What a stack makes of the chain; git's own word outweighs our reading of its bundle.
fn judged(facts: &Facts<'_>, stack: Stack) -> Trust {
    let tls = facts.tls(stack).or_else(|| facts.tls(facts.stack));
    let read = tls.map_or(Trust::NotJudged, |tls| {
        if stack == Stack::Git { tls.git } else { tls.go }
    });
    if stack == Stack::Go {
        return read;
    }
    match facts.git(Stack::Git).map(|remote| &remote.outcome) {
        Some(RemoteOutcome::Answered) => Trust::Trusted,
        Some(RemoteOutcome::Failed(id))
            if id == Cause::TlsUnknownAuthority.id() && read == Trust::Trusted =>
        {
            Trust::Unknown
        }
        _ => read,
    }
}

/// A host that everybody knows has a public certificate, unless somebody on the way signs in its name.
fn is_inspection(target: &Target, chain: &[Certificate]) -> bool {
    let public = target.host.as_deref().is_some_and(forges::is_well_known);
    public
        || chain.iter().any(|certificate| {
            let issuer = certificate.issuer.to_ascii_lowercase();
            INSPECTORS.iter().any(|name| issuer.contains(name))
        })
}

/// Words in the issuer names of inspecting products, lower case.
const INSPECTORS: &[&str] = &[
    "zscaler",
    "netskope",
    "palo alto",
    "fortinet",
    "fortigate",
    "blue coat",
    "bluecoat",
    "umbrella",
    "sophos",
    "mcafee web",
    "forcepoint",
    "checkpoint",
    "check point",
    "barracuda",
    "kaspersky",
    "eset ssl",
    "avast",
    "inspection",
    "ssl proxy",
    "mitmproxy",
    "charles proxy",
    "squid",
    "cloudflare gateway",
    "goskope",
    "trend micro web",
];
