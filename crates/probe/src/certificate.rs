//! What a certificate says, read by x509-parser (RFC 5280). Names come from
//! servers: they are masked, and lengths bounded.

use rustls::pki_types::CertificateDer;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;

use super::tls::Certificate;
use crate::mask;

/// The most names that are kept: certificates of large sites hold hundreds.
const NAMES: usize = 20;

/// One certificate taken apart, with its dates in seconds since 1970.
pub(super) struct Parsed {
    pub(super) shown: Certificate,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) names_issuer_url: bool,
}

/// Reads a certificate; `None`: it is none.
pub(super) fn read(der: &CertificateDer<'_>) -> Option<Parsed> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let (not_before, not_after) = (
        certificate.validity().not_before.timestamp(),
        certificate.validity().not_after.timestamp(),
    );
    let shown = Certificate {
        subject: plain(&certificate.subject().to_string()),
        issuer: plain(&certificate.issuer().to_string()),
        names: names(&certificate),
        not_before: rfc3339(not_before),
        not_after: rfc3339(not_after),
        key: key(&certificate),
        sha256: sha256(der),
        self_signed: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        der: None,
    };
    let names_issuer_url = certificate.extensions().iter().any(|extension| {
        matches!(
            extension.parsed_extension(),
            ParsedExtension::AuthorityInfoAccess(_)
        )
    });
    Some(Parsed {
        shown,
        not_before,
        not_after,
        names_issuer_url,
    })
}

/// From when to when it is valid, seconds since 1970.
pub(super) fn dates(der: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let validity = certificate.validity();
    Some((
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    ))
}

/// The content of the issuer's name, as root stores keep subjects.
pub(super) fn issuer_name(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    content(certificate.issuer().as_raw()).map(<[u8]>::to_vec)
}

/// The public key (the content of its SEQUENCE) of a certificate whose issuer has the name of its subject.
pub(super) fn own_key(der: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let is_own = certificate.issuer().as_raw() == certificate.subject().as_raw();
    content(certificate.public_key().raw)
        .filter(|_| is_own)
        .map(<[u8]>::to_vec)
}

/// The organisation in a name (the content of its SEQUENCE), if it has one.
pub(super) fn organisation(name: &[u8]) -> Option<String> {
    let length = name.len();
    let mut der = vec![0x30]; // SEQUENCE (X.690, 8.9)
    match length {
        0..0x80 => der.push(u8::try_from(length).ok()?),
        0x80..0x100 => der.extend([0x81, u8::try_from(length).ok()?]),
        _ => {
            der.push(0x82);
            der.extend(u16::try_from(length).ok()?.to_be_bytes());
        }
    }
    der.extend_from_slice(name);
    let (_, name) = x509_parser::x509::X509Name::from_der(&der).ok()?;
    name.iter_organization()
        .next()?
        .as_str()
        .ok()
        .map(str::to_owned)
}

/// The content of a DER value: without tag and length.
fn content(der: &[u8]) -> Option<&[u8]> {
    let first = *der.get(1)?;
    let header = if first < 0x80 {
        2
    } else {
        2 + usize::from(first & 0x7f)
    };
    der.get(header..)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(mask::host(name)),
        GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
            Ok(v4) => Some(std::net::IpAddr::from(v4).to_string()),
            Err(_) => <[u8; 16]>::try_from(*bytes)
                .ok()
                .map(|v6| std::net::IpAddr::from(v6).to_string()),
        },
        _ => None,
    };
    extension
        .value
        .general_names
        .iter()
        .filter_map(name)
        .take(NAMES)
        .collect()
}

fn key(certificate: &X509Certificate<'_>) -> String {
    match certificate.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {}", key.key_size()),
        Ok(PublicKey::EC(point)) => format!("EC {}", point.key_size()),
        _ => format!("{}", certificate.public_key().algorithm.algorithm),
    }
}

/// SHA-256 of the DER form, hex.
fn sha256(der: &[u8]) -> String {
    use std::fmt::Write;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der);
    digest
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a string cannot fail
            text
        })
}

fn rfc3339(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}

/// One line that a terminal can bear, at most 200 characters of it, without secrets.
pub(super) fn plain(text: &str) -> String {
    mask::short(text, 200)
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    #[test]
    fn nothing_hides_beside_a_fingerprint() {
        let name = "Cor\u{202e}p\u{2066} CA\u{61c}\u{2028}\u{ad}\u{e0041} token=s3cret\u{1b}[2J";
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        for kind in [DnType::CommonName, DnType::OrganizationName] {
            params.distinguished_name.push(kind, name);
        }
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let shown = read(certificate.der()).unwrap().shown;
        for name in [shown.subject, shown.issuer] {
            assert!(!name.chars().any(mask::is_hidden), "{name:?}");
            assert!(
                name.contains("Corp CA token=***") && !name.contains("s3cret"),
                "{name:?}"
            );
        }
    }
}
