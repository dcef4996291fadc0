//! Does the handshake stand, and who vouches for the certificate?
//!
//! The chain is recorded as sent and judged against Go's roots, git's, the
//! system's and Mozilla's; name and dates are judged apart from trust, so that
//! *unknown issuer*, *expired* and *wrong name* come apart even when several
//! hold. Not handled: revocation, client certificates.

use std::io::{ErrorKind, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, NamedGroup, PeerIncompatible,
    SignatureScheme,
};
use serde::{Deserialize, Serialize};

use super::context::{Context, side};
use super::trust::{self, Stores};
use super::{Id, Probe, Seen, Stack, Status, Unavailable, certificate, dial, nameserver, proxy};
use crate::settings::url::Url;

/// How a handshake ended, certificates left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HandshakeOutcome {
    /// It stands.
    Completed,
    /// No answer to the `ClientHello` in time.
    Silence,
    /// Reset after the `ClientHello`.
    Reset,
    /// Closed without a word after the `ClientHello`.
    Closed,
    /// The peer sent an alert: no common version, cipher or name.
    Alert,
    /// The peer answers, and not in TLS.
    NotTls,
    /// The peer offers no version that is still allowed.
    TooOld,
    /// Our TLS library refuses what the peer offers; go and git may not.
    Incompatible,
    /// Not tried or not known.
    #[default]
    Unknown,
}

impl HandshakeOutcome {
    /// The peer or something between cut the handshake without a TLS answer.
    #[must_use]
    pub fn is_cut(self) -> bool {
        matches!(self, Self::Silence | Self::Reset | Self::Closed)
    }
}

/// A `ClientHello` that differs in one point from the default one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// Without the ML-KEM hybrid key share (Go 1.24 and later send it; `GODEBUG=tlsmlkem=0`).
    NoMlkem,
    /// Without the ML-DSA signature schemes, which Go 1.27 and later offer: as Go 1.26 sends it.
    NoMldsa,
    /// With neither: as Go 1.23 sends it.
    Classic,
    /// TLS 1.2 only.
    Tls12,
    /// Another server name on the same address.
    OtherName,
}

/// What a `ClientHello` offers that not everything on the way can bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hello {
    /// A key share of ML-KEM, which makes it longer than one segment.
    ml_kem: bool,
    /// Signature schemes of ML-DSA.
    ml_dsa: bool,
    /// TLS 1.2 and nothing newer.
    old: bool,
}

impl Hello {
    /// What everything bears.
    pub(super) const CLASSIC: Self = Self {
        ml_kem: false,
        ml_dsa: false,
        old: false,
    };

    /// As this stack sends it: Go by its release (the newest, where that is not known), git as its libraries
    /// mostly do (ML-DSA came to OpenSSL with 3.5, and not to `GnuTLS`).
    fn of(stack: Stack, release: Option<u32>) -> Self {
        let release = release.unwrap_or(u32::MAX);
        Self {
            ml_kem: stack == Stack::Git || release >= 24,
            ml_dsa: stack != Stack::Git && release >= 27,
            old: false,
        }
    }

    fn varied(self, variant: Option<Variant>) -> Self {
        match variant {
            None | Some(Variant::OtherName) => self,
            Some(Variant::NoMlkem) => Self {
                ml_kem: false,
                ..self
            },
            Some(Variant::NoMldsa) => Self {
                ml_dsa: false,
                ..self
            },
            Some(Variant::Classic) => Self::CLASSIC,
            Some(Variant::Tls12) => Self {
                old: true,
                ..Self::CLASSIC
            },
        }
    }

    /// The variations that differ from this one and from each other.
    fn variants(self) -> Vec<Variant> {
        let mut variants = Vec::new();
        if self.ml_kem {
            variants.push(Variant::NoMlkem);
        }
        if self.ml_dsa {
            variants.push(Variant::NoMldsa);
        }
        if self.ml_kem && self.ml_dsa {
            variants.push(Variant::Classic);
        }
        variants.extend([Variant::Tls12, Variant::OtherName]);
        variants
    }
}

/// Whether a root store vouches for the chain, name and dates left aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// A root of this store issued it.
    Trusted,
    /// No root of this store did.
    Unknown,
    /// The store holds no certificate at all.
    NoRoots,
    /// Not judged: no chain, or one that our library cannot read.
    #[default]
    NotJudged,
}

/// A certificate as sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Certificate {
    /// Distinguished name, RFC 4514 style.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// DNS names and addresses it is valid for.
    pub names: Vec<String>,
    /// RFC 3339, UTC.
    pub not_before: String,
    /// RFC 3339, UTC.
    pub not_after: String,
    /// Algorithm and size of the public key.
    pub key: String,
    /// SHA-256 of the DER form, hex.
    pub sha256: String,
    /// Subject and issuer are the same.
    pub self_signed: bool,
    /// DER in base64, of the topmost certificate only: what could be trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub der: Option<String>,
}

/// The dates of the certificates against this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dates {
    /// Within.
    Valid,
    /// One of the chain has expired.
    Expired,
    /// One of the chain is not valid yet.
    NotYetValid,
    /// No chain.
    #[default]
    NotJudged,
}

/// A handshake with one address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Try {
    /// The address (the HTTP proxy's, where there is one; `0.0.0.0:0` behind an `https://` proxy).
    pub address: SocketAddr,
    /// What was varied; `None`: the default `ClientHello`.
    #[serde(default)]
    pub variant: Option<Variant>,
    /// How it ended.
    pub outcome: HandshakeOutcome,
    /// The alert's number (RFC 8446, section 6).
    #[serde(default)]
    pub alert: Option<u8>,
    /// The alert's name, or what came instead of TLS, in one line.
    #[serde(default)]
    pub said: Option<String>,
    /// How long it took, milliseconds.
    #[serde(default)]
    pub ms: u64,
}

/// What a handshake showed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Handshake {
    /// The server name that was sent.
    pub name: String,
    /// How the default handshake ended, on the best address.
    pub outcome: HandshakeOutcome,
    /// Every handshake that was tried.
    pub tries: Vec<Try>,
    /// Protocol version.
    pub version: Option<String>,
    /// Cipher suite.
    pub cipher: Option<String>,
    /// Key exchange group.
    pub group: Option<String>,
    /// ALPN protocol.
    pub alpn: Option<String>,
    /// The chain as sent, leaf first.
    pub chain: Vec<Certificate>,
    /// Whether the leaf is valid for the name.
    pub name_matches: Option<bool>,
    /// The dates of the chain.
    pub dates: Dates,
    /// Judged against what Go reads.
    pub go: Trust,
    /// Judged against what git reads.
    pub git: Trust,
    /// Judged against this system's store.
    pub system: Trust,
    /// Judged against Mozilla's roots, as shipped with gomend.
    pub mozilla: Trust,
    /// The leaf's issuer was not sent, and it isn't a root of any store either.
    pub intermediate_missing: bool,
    /// git is told not to verify (`http.sslVerify=false`, `GIT_SSL_NO_VERIFY`).
    pub git_unverified: bool,
}

impl Handshake {
    /// How the handshake with this variation ended, if it was tried.
    #[must_use]
    pub fn variant(&self, variant: Variant) -> Option<HandshakeOutcome> {
        let tried = self
            .tries
            .iter()
            .filter(|tried| tried.variant == Some(variant));
        tried
            .map(|tried| tried.outcome)
            .min_by_key(|outcome| *outcome != HandshakeOutcome::Completed)
    }

    /// Pass if it stands and name and dates hold and no store that was judged refuses it.
    #[must_use]
    pub fn status(&self) -> Status {
        self.by(&[self.go, self.git])
    }

    /// The same by the roots of one stack alone.
    #[must_use]
    pub fn status_for(&self, stack: Stack) -> Status {
        match stack {
            Stack::Go => self.by(&[self.go]),
            Stack::Git => self.by(&[self.git]),
            Stack::Both => self.status(),
        }
    }

    fn by(&self, trusts: &[Trust]) -> Status {
        let refused = |trust: &Trust| matches!(trust, Trust::Unknown | Trust::NoRoots);
        match self.outcome {
            HandshakeOutcome::Unknown | HandshakeOutcome::Incompatible => Status::Skip,
            HandshakeOutcome::Completed
                if self.name_matches != Some(false)
                    && matches!(self.dates, Dates::Valid | Dates::NotJudged)
                    && !trusts.iter().any(refused) =>
            {
                if trusts.contains(&Trust::NotJudged) {
                    Status::Skip
                } else {
                    Status::Pass
                }
            }
            _ => Status::Fail,
        }
    }
}

/// The probe.
pub(super) const TLS: Probe = Probe {
    id: Id::Tls,
    applies: |cx| cx.subject.is_remote() && cx.subject.has_tls(),
    stacks: |_| &[Stack::Go, Stack::Git],
    target: |cx| cx.subject.address(),
    run,
};

fn run(cx: &Context, stack: Stack, deadline: Instant) -> Seen {
    let seen = look(cx, stack, deadline);
    cx.handshake[side(stack)].keep(seen.clone().ok());
    match seen {
        Ok(handshake) => Seen::Tls(handshake),
        Err(why) => Seen::Nothing(Id::Tls, why),
    }
}

/// The way to the server.
#[derive(Clone)]
pub(super) enum Route {
    Address(SocketAddr),
    Proxy(Url),
}

impl Route {
    /// The ways that a stack has: its proxy, or the first address of each family.
    pub(super) fn all(
        cx: &Context,
        stack: Stack,
        deadline: Instant,
    ) -> Result<Vec<Self>, Unavailable> {
        if let Some(url) = cx.proxy(stack, deadline).proxy() {
            if url.scheme.starts_with("socks4") {
                return Err(Unavailable::ProxyNotSpoken);
            }
            return Ok(vec![Self::Proxy(url.clone())]);
        }
        let addresses = cx.addresses[side(stack)].wait(deadline).unwrap_or_default();
        let first = |v6: bool| addresses.iter().find(|ip| ip.is_ipv6() == v6);
        let routes: Vec<_> = [first(false), first(true)]
            .into_iter()
            .flatten()
            .map(|&ip| Self::Address((ip, cx.subject.port).into()))
            .collect();
        if routes.is_empty() {
            Err(Unavailable::Behind(Id::Dns))
        } else {
            Ok(routes)
        }
    }

    /// A connection on this way.
    pub(super) fn open(&self, cx: &Context, stack: Stack, deadline: Instant) -> Option<TcpStream> {
        match self {
            Self::Address(address) => dial::connect(*address, deadline).1,
            Self::Proxy(url) => proxy::through(cx, stack, url, deadline).stream,
        }
    }
}

/// When the comparisons start although the first handshake is still silent.
const IMPATIENCE: Duration = Duration::from_millis(400);

fn look(cx: &Context, stack: Stack, deadline: Instant) -> Result<Handshake, Unavailable> {
    let name = cx.subject.host.clone();
    let server = ServerName::try_from(name.clone()).map_err(|_| Unavailable::NotATlsName)?;
    let routes = Route::all(cx, stack, deadline)?;
    // roots take milliseconds to read: meanwhile the handshakes run
    let (stores, mut greetings) = std::thread::scope(|scope| {
        let stores = scope.spawn(|| cx.stores(deadline));
        let threads: Vec<_> = routes
            .iter()
            .map(|route| scope.spawn(|| greet_all(cx, stack, route, &server, deadline)))
            .collect();
        let greetings: Vec<_> = threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("a handshake does not panic"))
            .collect();
        (
            stores.join().expect("reading roots does not panic"),
            greetings,
        )
    });
    if greetings.is_empty() {
        return Err(Unavailable::Behind(Id::Tcp));
    }
    let best = greetings.iter().position(|greeting| {
        greeting.tried.variant.is_none() && greeting.tried.outcome == HandshakeOutcome::Completed
    });
    let best = best.unwrap_or(0);
    // without a whole handshake, the chain of whichever variant got one
    let chain = greetings[best].chain.clone().or_else(|| {
        greetings
            .iter_mut()
            .find_map(|greeting| greeting.chain.take())
    });
    let tries = greetings
        .iter()
        .map(|greeting| greeting.tried.clone())
        .collect();
    let mut handshake = Handshake {
        name,
        outcome: greetings[best].tried.outcome,
        tries,
        ..greetings.swap_remove(best).shown
    };
    if let Some(chain) = chain {
        judge(&mut handshake, &chain, &server, stores);
    }
    handshake.git_unverified = cx
        .git_config(deadline)
        .is_some_and(|config| config.unverified(&cx.env));
    Ok(handshake)
}

/// The default handshake on one way, and the comparisons if it is cut or slow.
fn greet_all(
    cx: &Context,
    stack: Stack,
    route: &Route,
    server: &ServerName<'static>,
    deadline: Instant,
) -> Vec<Greeting> {
    let until = dial::early(deadline);
    let own = Hello::of(stack, cx.release);
    let greet = |variant: Option<Variant>, until: Instant| {
        let stream = route.open(cx, stack, until)?;
        let name = if variant == Some(Variant::OtherName) {
            ServerName::try_from("www.example.com").ok()?
        } else {
            server.clone()
        };
        Some(greet(&stream, &name, own.varied(variant), variant, until))
    };
    std::thread::scope(|scope| {
        let (done, is_done) = std::sync::mpsc::channel();
        let first = scope.spawn(move || {
            let greeting = greet(None, until);
            let is_cut = |greeting: &Greeting| greeting.tried.outcome.is_cut();
            let _ = done.send(greeting.as_ref().is_none_or(is_cut));
            greeting
        });
        let compare = is_done.recv_timeout(IMPATIENCE).unwrap_or(true);
        let others: Vec<_> = if compare {
            own.variants()
                .into_iter()
                .map(|variant| scope.spawn(move || greet(Some(variant), until)))
                .collect()
        } else {
            Vec::new()
        };
        let Some(first) = first.join().expect("a handshake does not panic") else {
            return Vec::new();
        };
        let others = others
            .into_iter()
            .filter_map(|thread| thread.join().expect("a handshake does not panic"));
        std::iter::once(first).chain(others).collect()
    })
}

/// One handshake.
struct Greeting {
    tried: Try,
    chain: Option<Vec<CertificateDer<'static>>>,
    /// What was agreed on.
    shown: Handshake,
}

fn greet(
    stream: &TcpStream,
    name: &ServerName<'static>,
    hello: Hello,
    variant: Option<Variant>,
    until: Instant,
) -> Greeting {
    let started = Instant::now();
    let address = stream
        .peer_addr()
        .unwrap_or_else(|_| ([0, 0, 0, 0], 0).into());
    let recorder = Arc::new(Recorder::of(hello));
    let mut ended = (HandshakeOutcome::Unknown, None, None);
    let mut shown = Handshake::default();
    let config = config(&recorder, hello, &[b"h2".as_slice(), b"http/1.1"]);
    if let Some(mut connection) =
        config.and_then(|config| ClientConnection::new(config, name.clone()).ok())
    {
        ended = complete(&mut connection, stream, until);
        let suite = connection.negotiated_cipher_suite();
        let group = connection.negotiated_key_exchange_group();
        let version = connection.protocol_version();
        shown.version = version.and_then(|version| version.as_str().map(str::to_owned));
        shown.cipher = suite.and_then(|suite| suite.suite().as_str().map(str::to_owned));
        shown.group = group.map(|group| format!("{:?}", group.name()));
        shown.alpn = connection
            .alpn_protocol()
            .map(|protocol| certificate::plain(&String::from_utf8_lossy(protocol)));
    }
    let (outcome, alert, said) = ended;
    Greeting {
        tried: Try {
            address,
            variant,
            outcome,
            alert,
            said,
            ms: nameserver::millis(started),
        },
        chain: recorder.chain(),
        shown,
    }
}

/// A client that accepts and records every chain: it sends nothing that needs trust.
pub(super) fn config(
    recorder: &Arc<Recorder>,
    hello: Hello,
    alpn: &[&[u8]],
) -> Option<Arc<ClientConfig>> {
    let mut provider = aws_lc_rs::default_provider();
    if !hello.ml_kem {
        provider.kx_groups.retain(|group| {
            !matches!(
                group.name(),
                NamedGroup::X25519MLKEM768 | NamedGroup::secp256r1MLKEM768 | NamedGroup::MLKEM768
            )
        });
    } else if let Some(hybrid) = aws_lc_rs::ALL_KX_GROUPS
        .iter()
        .find(|group| group.name() == NamedGroup::X25519MLKEM768)
    {
        // first, as Go since 1.24: the size of this key share is what middleboxes cut
        provider
            .kx_groups
            .retain(|group| group.name() != NamedGroup::X25519MLKEM768);
        provider.kx_groups.insert(0, *hybrid);
    }
    let versions: &[_] = if hello.old {
        &[&rustls::version::TLS12]
    } else {
        rustls::ALL_VERSIONS
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::<Recorder>::clone(recorder))
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    config.resumption = rustls::client::Resumption::disabled();
    Some(Arc::new(config))
}

fn complete(
    connection: &mut ClientConnection,
    stream: &TcpStream,
    until: Instant,
) -> (HandshakeOutcome, Option<u8>, Option<String>) {
    let mut timed = dial::Timed::new(stream, until);
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(&mut timed) {
            return broke(&error, timed.first());
        }
    }
    (HandshakeOutcome::Completed, None, None)
}

/// What an error says about the handshake, by variant; `first`: the first bytes that came.
fn broke(error: &std::io::Error, first: &[u8]) -> (HandshakeOutcome, Option<u8>, Option<String>) {
    use PeerIncompatible::{
        ServerDoesNotSupportTls12Or13, ServerTlsVersionIsDisabledByOurConfig, Tls12NotOffered,
        Tls12NotOfferedOrEnabled,
    };
    if let Some(inner) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>())
    {
        return match inner {
            Error::AlertReceived(alert) => (
                HandshakeOutcome::Alert,
                Some(u8::from(*alert)),
                Some(format!("{alert:?}")),
            ),
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::PeerSentOversizedRecord
                if !is_record(first) =>
            {
                (HandshakeOutcome::NotTls, None, greeting(first))
            }
            Error::PeerIncompatible(
                ServerDoesNotSupportTls12Or13
                | ServerTlsVersionIsDisabledByOurConfig
                | Tls12NotOffered
                | Tls12NotOfferedOrEnabled,
            ) => (HandshakeOutcome::TooOld, None, None),
            _ => (
                HandshakeOutcome::Incompatible,
                None,
                Some(certificate::plain(&inner.to_string())),
            ),
        };
    }
    let outcome = match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => HandshakeOutcome::Silence,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            HandshakeOutcome::Reset
        }
        ErrorKind::UnexpectedEof => HandshakeOutcome::Closed,
        _ => HandshakeOutcome::Unknown,
    };
    (outcome, None, None)
}

/// A TLS record's content type and major version (RFC 8446, 5.1).
fn is_record(first: &[u8]) -> bool {
    matches!(first, [20..=23, 3, ..])
}

/// The first line that came instead of TLS, if it is text.
fn greeting(first: &[u8]) -> Option<String> {
    let line = first.split(|&byte| byte == b'\n').next()?;
    let text = std::str::from_utf8(line).ok()?.trim();
    (text.len() > 2).then(|| certificate::plain(text))
}

/// Whether a `ClientHello` is answered by a TLS record, handshake or alert.
pub(super) fn answers_in_tls(stream: &TcpStream, until: Instant) -> bool {
    let recorder = Arc::new(Recorder::of(Hello::CLASSIC));
    let Some(config) = config(&recorder, Hello::CLASSIC, &[]) else {
        return false;
    };
    let Ok(name) = ServerName::try_from("proxy.invalid") else {
        return false;
    };
    let Ok(mut connection) = ClientConnection::new(config, name) else {
        return false;
    };
    let mut timed = dial::Timed::new(stream, until);
    let mut kind = [0];
    // 21: alert, 22: handshake (RFC 8446, 5.1)
    connection.write_tls(&mut timed).is_ok()
        && timed.read_exact(&mut kind).is_ok()
        && matches!(kind[0], 21 | 22)
}

/// Trust, name and dates, each on its own.
fn judge(
    handshake: &mut Handshake,
    chain: &[CertificateDer<'static>],
    name: &ServerName<'_>,
    stores: &Stores,
) {
    let parsed: Vec<_> = chain.iter().filter_map(certificate::read).collect();
    let Some(leaf) = parsed.first() else { return };
    let now = trust::now();
    handshake.dates = if parsed.iter().any(|certificate| now > certificate.not_after) {
        Dates::Expired
    } else if parsed
        .iter()
        .any(|certificate| now < certificate.not_before)
    {
        Dates::NotYetValid
    } else {
        Dates::Valid
    };
    // a moment when the whole chain is valid, so that dates do not spoil the question of trust
    let begin = parsed
        .iter()
        .map(|certificate| certificate.not_before)
        .max()
        .unwrap_or(now);
    let end = parsed
        .iter()
        .map(|certificate| certificate.not_after)
        .min()
        .unwrap_or(now);
    let when = trust::unix(if (begin..=end).contains(&now) {
        now
    } else {
        end.min(begin.saturating_add(1))
    });
    handshake.name_matches = trust::name_matches(&chain[0], name);
    handshake.go = stores.go.judge(chain, when);
    handshake.git = stores.git.judge(chain, when);
    handshake.system = stores.system.judge(chain, when);
    handshake.mozilla = stores.mozilla.judge(chain, when);
    let issuer = certificate::issuer_name(&chain[0]).unwrap_or_default();
    let hangs_below = leaf.names_issuer_url || stores.know_organisation(&issuer);
    handshake.intermediate_missing =
        chain.len() == 1 && !leaf.shown.self_signed && !stores.know_issuer(&issuer) && hangs_below;
    handshake.chain = parsed
        .into_iter()
        .map(|certificate| certificate.shown)
        .collect();
    if let (Some(topmost), Some(der)) = (handshake.chain.last_mut(), chain.last()) {
        use base64::Engine as _;
        topmost.der = Some(base64::engine::general_purpose::STANDARD.encode(der));
    }
}

/// Accepts every chain, and keeps it.
#[derive(Debug)]
pub(super) struct Recorder {
    chain: Mutex<Option<Vec<CertificateDer<'static>>>>,
    provider: CryptoProvider,
    ml_dsa: bool,
}

impl Recorder {
    /// For handshakes with this first message.
    pub(super) fn of(hello: Hello) -> Self {
        Self {
            chain: Mutex::new(None),
            provider: aws_lc_rs::default_provider(),
            ml_dsa: hello.ml_dsa,
        }
    }

    fn chain(&self) -> Option<Vec<CertificateDer<'static>>> {
        self.chain
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(leaf)
            .chain(rest)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = Some(chain);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            leaf,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            leaf,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let mut schemes = algorithms.supported_schemes();
        schemes.retain(|scheme| self.ml_dsa || !is_ml_dsa(*scheme));
        schemes
    }
}

fn is_ml_dsa(scheme: SignatureScheme) -> bool {
    matches!(
        scheme,
        SignatureScheme::ML_DSA_44 | SignatureScheme::ML_DSA_65 | SignatureScheme::ML_DSA_87
    )
}
