//! TLS servers with good and bad certificates and handshakes.
//!
//! In: whose certificate, what is wrong with it, and what is served behind it.
//! Out: an HTTPS server. TLS 1.0 and 1.1 are not implemented by rustls: a
//! server that knows only them is played as far as its first answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::sync::OnceCell;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::error::Result;
use crate::events::Event;
use crate::serve::Net;
use crate::serve::http::{Service, Site};
use crate::serve::http2;
use crate::serve::tcp::{Manner, finish, treat};
use crate::testbed::Testbed;

/// A certificate authority: a root and the intermediate that signs servers.
#[derive(Debug)]
pub struct Authority {
    root: rcgen::Certificate,
    intermediate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority of this name.
    pub fn new(name: &str) -> Result<Self> {
        let root_key = KeyPair::generate()?;
        let root_params = ca_params(&format!("{name} Root CA"))?;
        let root = root_params.self_signed(&root_key)?;
        let root_issuer = Issuer::new(root_params, root_key);
        let key = KeyPair::generate()?;
        let params = ca_params(&format!("{name} Issuing CA"))?;
        let intermediate = params.signed_by(&key, &root_issuer)?;
        Ok(Self {
            root,
            intermediate,
            issuer: Issuer::new(params, key),
        })
    }

    /// The one that scenes trust like a public one.
    pub fn trusted() -> Result<&'static Self> {
        static TRUSTED: OnceCell<Authority> = OnceCell::new();
        TRUSTED.get_or_try_init(|| Self::new("Lab"))
    }

    /// The root certificate, for a trust store.
    #[must_use]
    pub(crate) fn root_pem(&self) -> String {
        self.root.pem()
    }
}

fn ca_params(name: &str) -> Result<CertificateParams> {
    let mut params = params(name, &[])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// Common name, alternative names, and a validity of a year around now.
fn params(name: &str, alternatives: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = alternatives.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "gomend laboratory");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    let now = OffsetDateTime::now_utc();
    params.not_before = now - Duration::days(180);
    params.not_after = now + Duration::days(180);
    Ok(params)
}

/// What a server's certificate is like.
#[derive(Debug, Clone, Copy)]
pub enum Certificate<'a> {
    /// Valid, of the trusted authority.
    Good,
    /// Expired two days ago.
    Expired,
    /// Valid from the day after tomorrow.
    NotYetValid,
    /// Signed by itself.
    SelfSigned,
    /// Valid, of this authority.
    Of(&'a Authority),
    /// Of the trusted authority, but the intermediate isn't sent.
    NoIntermediate,
    /// Valid, for this name instead.
    For(&'a str),
    /// Valid, the name in the Common Name only.
    CommonNameOnly,
}

/// The key and chain that a server presents.
#[derive(Debug)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Makes a certificate for `name`.
    pub fn new(name: &str, kind: Certificate<'_>) -> Result<Self> {
        let authority = match kind {
            Certificate::Of(authority) => authority,
            _ => Authority::trusted()?,
        };
        let name = if let Certificate::For(other) = kind {
            other
        } else {
            name
        };
        let alternatives: &[&str] = if matches!(kind, Certificate::CommonNameOnly) {
            &[]
        } else {
            &[name]
        };
        let mut params = params(name, alternatives)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = OffsetDateTime::now_utc();
        match kind {
            Certificate::Expired => params.not_after = now - Duration::days(2),
            Certificate::NotYetValid => params.not_before = now + Duration::days(2),
            _ => {}
        }
        let key = KeyPair::generate()?;
        let chain = if let Certificate::SelfSigned = kind {
            vec![params.self_signed(&key)?.der().clone()]
        } else {
            if !matches!(kind, Certificate::Of(_)) {
                params.custom_extensions.push(issuer_location());
            }
            let leaf = params.signed_by(&key, &authority.issuer)?.der().clone();
            match kind {
                Certificate::NoIntermediate => vec![leaf],
                _ => vec![leaf, authority.intermediate.der().clone()],
            }
        };
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        Ok(Self { chain, key })
    }

    /// For a server that speaks no HTTP/2.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        self.config(false).map(TlsAcceptor::from)
    }

    fn config(&self, http2: bool) -> Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())?;
        let h2 = http2.then(|| b"h2".to_vec());
        config.alpn_protocols = h2.into_iter().chain([b"http/1.1".to_vec()]).collect();
        Ok(Arc::new(config))
    }
}

/// Authority information access (RFC 5280 section 4.2.2.1): where the issuer's
/// certificate can be fetched, as public authorities write it. Nothing is served
/// there.
fn issuer_location() -> CustomExtension {
    const URL: &[u8] = b"http://ca.lab.example/issuing.der";
    const CA_ISSUERS: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    let der = |tag, content: &[u8]| {
        let size = u8::try_from(content.len()).expect("less than 128 bytes");
        [&[tag, size], content].concat()
    };
    let location = [CA_ISSUERS, &der(0x86, URL)].concat();
    CustomExtension::from_oid_content(
        &[1, 3, 6, 1, 5, 5, 7, 1, 1],
        der(0x30, &der(0x30, &location)),
    )
}

/// How a handshake goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// As it should.
    Good,
    /// The connection is closed after the client's first message.
    Cut,
    /// It is reset there.
    Reset,
    /// Nothing follows the client's first message.
    Stalled,
    /// Reset if the client offers an ML-KEM key share, else good: a middlebox
    /// that knows no hello of more than one packet.
    IntolerantOfMlKem,
    /// Reset if the client offers signatures of ML-DSA, else good (golang/go#81199).
    IntolerantOfMlDsa,
    /// Reset if the client asks for this name, else good.
    Filtered(&'static str),
    /// Good, and HTTP/2 is agreed on if the client offers it, and breaks; HTTP/1.1 is served well.
    Http2(http2::Manner),
    /// Good, and both are served well.
    GoodHttp2,
    /// The first so many connections so, all others good.
    First(usize, &'static Handshake),
    /// Good, but so much later.
    Late(std::time::Duration),
    /// Good, and then the connection is treated so.
    Then(Manner),
    /// A server that knows nothing newer than TLS 1.0.
    Old,
    /// A fatal alert: no cipher or version in common.
    Alert,
    /// No TLS at all: HTTP is spoken on this port.
    Plain,
}

/// An HTTPS server.
pub struct Host {
    /// Its certificate.
    pub certificate: Certificate<'static>,
    /// How handshakes go.
    pub handshake: Handshake,
    /// What it serves.
    pub site: Site,
}

impl Host {
    /// With nothing wrong.
    pub fn good(site: Site) -> Self {
        Self {
            certificate: Certificate::Good,
            handshake: Handshake::Good,
            site,
        }
    }
}

/// Starts a host of this name.
pub fn https(
    world: &Testbed,
    net: &Net,
    server: SocketAddr,
    (name, host): (&str, Host),
) -> Result<()> {
    let identity = Identity::new(name, host.certificate)?;
    let acceptors = [identity.config(false)?, identity.config(true)?].map(TlsAcceptor::from);
    let service = Service {
        server,
        site: host.site,
        journal: net.journal.clone(),
    };
    let accepted = AtomicUsize::new(0);
    net.accept(world.listen(server, 128)?, move |stream, _| {
        let before = accepted.fetch_add(1, Ordering::Relaxed);
        let handshake = match host.handshake {
            Handshake::First(count, first) if before < count => *first,
            Handshake::First(..) => Handshake::Good,
            always => always,
        };
        let over_http2 = matches!(handshake, Handshake::Http2(_) | Handshake::GoodHttp2);
        let connection = Connection {
            acceptor: acceptors[usize::from(over_http2)].clone(),
            handshake,
            service: service.clone(),
        };
        connection.shake(stream)
    })?;
    Ok(())
}

/// One connection before its handshake.
struct Connection {
    acceptor: TlsAcceptor,
    handshake: Handshake,
    service: Service,
}

impl Connection {
    async fn shake(self, stream: TcpStream) {
        let hello = hello(&stream).await.unwrap_or_default();
        if let Hello { is_there: true, .. } = hello {
            self.service.journal.note(Event::ClientHello {
                server: self.service.server,
                name: hello.name.clone(),
                ml_kem: hello.ml_kem,
            });
        }
        match self.handshake {
            Handshake::Cut => treat(stream, Manner::Close).await,
            Handshake::Reset => treat(stream, Manner::Reset).await,
            Handshake::Stalled => treat(stream, Manner::Silent).await,
            Handshake::IntolerantOfMlKem if hello.ml_kem => treat(stream, Manner::Reset).await,
            Handshake::IntolerantOfMlDsa if hello.ml_dsa => treat(stream, Manner::Reset).await,
            Handshake::Filtered(name) if hello.name.as_deref() == Some(name) => {
                treat(stream, Manner::Reset).await;
            }
            Handshake::Old => answer(stream, &old_server_hello()).await,
            // RFC 8446 section 6: fatal (2), handshake_failure (40).
            Handshake::Alert => answer(stream, &[21, 3, 3, 0, 2, 2, 40]).await,
            Handshake::Plain => self.service.serve(stream).await,
            Handshake::Then(manner) => {
                if let Ok(mut stream) = self.acceptor.accept(stream).await {
                    // The request, then no answer.
                    let _ = stream.read(&mut vec![0; 4096]).await;
                    finish(stream.into_inner().0, manner).await;
                }
            }
            Handshake::Late(delay) => {
                tokio::time::sleep(delay).await;
                self.serve(stream).await;
            }
            Handshake::Good
            | Handshake::GoodHttp2
            | Handshake::Http2(_)
            | Handshake::First(..) // chosen before
            | Handshake::IntolerantOfMlKem
            | Handshake::IntolerantOfMlDsa
            | Handshake::Filtered(_) => self.serve(stream).await,
        }
    }

    /// After a good handshake; a client that rejects the certificate ends it.
    async fn serve(self, stream: TcpStream) {
        let Ok(stream) = self.acceptor.accept(stream).await else {
            return;
        };
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        match self.handshake {
            Handshake::Http2(manner) if is_http2 => {
                http2::serve(stream, manner, self.service.server, &self.service.journal).await;
            }
            _ if is_http2 => self.service.serve_over_http2(stream).await,
            _ => self.service.serve(stream).await,
        }
    }
}

/// Sends these bytes and waits until the client hangs up.
async fn answer(mut stream: TcpStream, bytes: &[u8]) {
    if stream.write_all(bytes).await.is_ok() {
        treat(stream, Manner::Silent).await;
    }
}

/// RFC 2246 section 7.4.1.3: version 3.1, a random, no session,
/// `TLS_RSA_WITH_AES_128_CBC_SHA`, no compression.
fn old_server_hello() -> Vec<u8> {
    let body = [&[3, 1][..], &[7; 32], &[0, 0x00, 0x2f, 0]].concat();
    let size = u8::try_from(body.len()).expect("38 bytes");
    [&[22, 3, 1, 0, size + 4, 2, 0, 0, size][..], &body].concat()
}

/// What a client's first message asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hello {
    /// It was one.
    is_there: bool,
    name: Option<String>,
    ml_kem: bool,
    ml_dsa: bool,
}

/// Looks at the first message without taking it.
async fn hello(stream: &TcpStream) -> Option<Hello> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let size = stream.peek(&mut buffer).await.ok()?;
        let seen = &buffer[..size];
        if size == 0 || seen[0] != 22 {
            return None;
        }
        let whole = seen
            .get(3..5)
            .map(|size| 5 + usize::from(u16::from_be_bytes([size[0], size[1]])));
        if let Some(whole) = whole.filter(|whole| *whole <= size) {
            return parse_hello(&seen[5..whole]);
        }
        tokio::task::yield_now().await;
    }
}

/// RFC 8446 section 4.1.2; extensions of RFC 6066 section 3 and RFC 8446
/// section 4.2.8.
fn parse_hello(bytes: &[u8]) -> Option<Hello> {
    const SERVER_NAME: u16 = 0;
    const KEY_SHARE: u16 = 51;
    const SIGNATURE_ALGORITHMS: u16 = 13;
    /// mldsa44, mldsa65, mldsa87 (draft-ietf-tls-mldsa).
    const ML_DSA: std::ops::RangeInclusive<u16> = 0x0904..=0x0906;
    /// `X25519MLKEM768`, `SecP256r1MLKEM768`, `SecP384r1MLKEM1024`.
    const ML_KEM: [u16; 3] = [4588, 4587, 4589];
    let mut rest = Reader(bytes.strip_prefix(&[1])?);
    rest.take(3 + 2 + 32)?;
    rest.vector::<1>()?;
    rest.vector::<2>()?;
    rest.vector::<1>()?;
    let mut extensions = Reader(rest.vector::<2>()?);
    let mut hello = Hello {
        is_there: true,
        ..Hello::default()
    };
    while let Some(kind) = extensions.u16() {
        let mut data = Reader(extensions.vector::<2>()?);
        match kind {
            SERVER_NAME => {
                let mut names = Reader(data.vector::<2>()?);
                names.take(1)?;
                hello.name = Some(String::from_utf8_lossy(names.vector::<2>()?).into());
            }
            SIGNATURE_ALGORITHMS => {
                let mut schemes = Reader(data.vector::<2>()?);
                while let Some(scheme) = schemes.u16() {
                    hello.ml_dsa |= ML_DSA.contains(&scheme);
                }
            }
            KEY_SHARE => {
                let mut shares = Reader(data.vector::<2>()?);
                while let Some(group) = shares.u16() {
                    hello.ml_kem |= ML_KEM.contains(&group);
                    shares.vector::<2>()?;
                }
            }
            _ => {}
        }
    }
    Some(hello)
}

/// Reads big-endian numbers and length-prefixed vectors.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)
            .map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A vector whose length takes `PREFIX` bytes.
    fn vector<const PREFIX: usize>(&mut self) -> Option<&'a [u8]> {
        let size = self
            .take(PREFIX)?
            .iter()
            .fold(0, |size, byte| size << 8 | usize::from(*byte));
        self.take(size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truncated_hello_is_no_hello() {
        assert_eq!(parse_hello(&[]), None);
        assert_eq!(parse_hello(&[1, 0, 0, 40, 3, 3]), None);
    }
}
