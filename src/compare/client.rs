//! HTTP as Go's client speaks it, timed: direct or through the proxy that Go would choose, with
//! Go's roots, asked of each connection anew.
//!
//! In: a URL, a deadline. Out: the answer and how long it took from the first packet on; the
//! lookup of the name is not counted, so that mirrors are compared and not their resolvers.
//! Redirects are followed as Go follows them, never from https to http. Credentials go only to
//! the host whose URL carries them. HTTP/2 is spoken where Go would speak it; where it breaks, HTTP/1.1
//! is asked beside it. Not handled: netrc, proxies other than `http://`.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, header};
use rustls::ClientConfig;
use tempfile::SpooledTempFile;

use super::Loss;
use crate::lang::{text, tr};
use crate::mask;
use crate::probe::channel::{self, Channel, Verified};
use crate::probe::http::{self, Http2};
use crate::probe::proxy::Connect;
use crate::probe::tcp::ConnectOutcome;
use crate::probe::trust::{Refusal, Verifier};
use crate::probe::{dial, dns};
use crate::settings::url::Url;
use crate::settings::{Env, proxies};

/// Redirects that Go's client follows.
const REDIRECTS: usize = 10;

/// Larger bodies are given up: a module zip has at most 500 MB, and a measurement needs less.
const LARGEST: u64 = 128 << 20;

/// What is kept in memory of a body; the rest goes through a file that has no name.
const IN_MEMORY: usize = 1 << 20;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The name has no address; the resolver was silent if `true`.
    NoAddress(bool),
    /// The connection was not made.
    Connect(ConnectOutcome),
    /// The HTTP proxy did not open a tunnel.
    Proxy(Connect),
    /// The certificate is not valid for this name, or nobody vouches for it.
    Certificate(&'static str),
    /// TLS broke otherwise.
    Tls,
    /// Nothing in time.
    Silence,
    /// The connection broke, or what came is no HTTP.
    Broken,
    /// HTTP/2 was agreed on and broke so; whether the same request passes over HTTP/1.1.
    Http2(Http2, bool),
    /// More came than anybody would wait for.
    TooLarge,
    /// This machine refused the means, or the URL is none.
    Impossible,
}

impl Trouble {
    /// How the answer was lost.
    pub(super) fn loss(&self) -> Loss {
        match self {
            Self::Silence
            | Self::Http2(Http2::Stalled, false)
            | Self::NoAddress(true)
            | Self::Connect(ConnectOutcome::Silence)
            | Self::Proxy(Connect::Silence) => Loss::Silence,
            Self::NoAddress(false) | Self::Connect(_) | Self::Impossible => Loss::NoContact,
            _ => Loss::NoAnswer,
        }
    }

    /// In a few words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::NoAddress(false) => tr!("no such name"),
            Self::NoAddress(true) => tr!("the resolver is silent"),
            Self::Connect(ConnectOutcome::Refused) => tr!("connection refused"),
            Self::Connect(ConnectOutcome::Unreachable | ConnectOutcome::NoSuchHost) => {
                tr!("no route")
            }
            Self::Connect(ConnectOutcome::Silence) | Self::Silence => tr!("no answer in time"),
            Self::Connect(ConnectOutcome::Reset) => tr!("connection reset"),
            Self::Connect(_) => tr!("no connection"),
            Self::Proxy(Connect::Status(status)) => {
                tr!("the HTTP proxy refuses ({status})", status)
            }
            Self::Proxy(_) => tr!("the HTTP proxy opens no tunnel"),
            Self::Certificate(words) => tr!("certificate: {words}", words = tr!(words)),
            Self::Tls => tr!("TLS broke off"),
            Self::Broken => tr!("the connection broke"),
            Self::Http2(how, true) => tr!(
                "HTTP/2 breaks ({how}), HTTP/1.1 passes: `GODEBUG=http2client=0` for one run",
                how = ended(*how)
            ),
            Self::Http2(Http2::Stalled, false) => tr!("no answer in time"),
            Self::Http2(how, false) => tr!(
                "HTTP/2 breaks ({how}), and HTTP/1.1 does not pass either",
                how = ended(*how)
            ),
            Self::TooLarge => tr!("its answer is too large to be measured"),
            Self::Impossible => tr!("can't be asked"),
        }
    }
}

/// How HTTP/2 ended, in a few words.
fn ended(how: Http2) -> String {
    match how {
        Http2::Reset => tr!("the stream is reset"),
        Http2::GoAway => "GOAWAY".to_owned(),
        Http2::Stalled => tr!("the stream stalls"),
        Http2::Closed | Http2::NotOffered | Http2::Answers => tr!("the connection is closed"),
    }
}

/// What was agreed on (ALPN).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/1.1, or nothing.
    Http1,
    /// HTTP/2.
    Http2,
}

impl Protocol {
    /// As ALPN calls it.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Http1 => "http/1.1",
            Self::Http2 => "h2",
        }
    }
}

/// An answer, and when its parts came.
#[derive(Debug)]
pub(super) struct Fetched {
    /// What was spoken.
    pub(super) protocol: Protocol,
    /// The status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: SpooledTempFile,
    /// Its size, bytes.
    pub(super) size: u64,
    /// From the start to the end of the head.
    pub(super) head: Duration,
    /// From the end of the head to the end of the body.
    pub(super) transfer: Duration,
}

impl Fetched {
    /// What a short body says: its first mebibyte.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let whole = self.body.rewind().is_ok()
            && (&mut self.body)
                .take(IN_MEMORY as u64)
                .read_to_end(&mut bytes)
                .is_ok();
        if whole { bytes } else { Vec::new() }
    }
}

/// HTML where a protocol is due: a portal, a sign-in page.
pub(super) fn is_html(body: &[u8]) -> bool {
    let start = body.trim_ascii_start();
    let start = start[..start.len().min(16)].to_ascii_lowercase();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// How a host is reached.
#[derive(Debug, Clone)]
pub(super) enum Via {
    /// Over one of these addresses.
    Direct(Vec<IpAddr>),
    /// Through this HTTP proxy.
    Proxy(Url),
}

/// Names that a resolver may leave unanswered, where it has answered for none, until it counts as silent.
const MOST_LATE: usize = 2;

/// The client: Go's settings, and what was looked up so far.
pub(super) struct Client {
    env: Env,
    /// What Go offers, and HTTP/1.1 alone.
    tls: [Arc<ClientConfig>; 2],
    verifier: Verifier,
    /// Whether HTTP/1.1 passes where HTTP/2 broke, by URL.
    over_http1: Mutex<HashMap<String, bool>>,
    addresses: Mutex<HashMap<String, Result<Vec<IpAddr>, Trouble>>>,
}

impl Client {
    /// With the roots that Go trusts here. `None`: the TLS library is of no use.
    pub(super) fn new(env: &Env) -> Option<Self> {
        let is_off = |godebug: &str| godebug.split(',').any(|one| one == "http2client=0");
        let offered = match env.var("GODEBUG") {
            Some(godebug) if is_off(godebug) => channel::HTTP_1,
            _ => channel::BOTH,
        };
        Some(Self {
            env: env.clone(),
            tls: [channel::config(offered)?, channel::config(channel::HTTP_1)?],
            verifier: Verifier::go(env),
            over_http1: Mutex::default(),
            addresses: Mutex::default(),
        })
    }

    /// The addresses of a name, looked up once. A resolver that answered for nobody yet is not waited for again.
    pub(super) fn addresses(&self, host: &str, deadline: Instant) -> Result<Vec<IpAddr>, Trouble> {
        if let Ok(ip) = host.parse() {
            return Ok(vec![ip]);
        }
        let lock = || {
            self.addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let silent = Err(Trouble::NoAddress(true));
        {
            let known = lock();
            if let Some(known) = known.get(host) {
                return known.clone();
            }
            if known.len() >= MOST_LATE && known.values().all(|one| *one == silent) {
                return silent;
            }
        }
        let found = match dns::libc(host, deadline) {
            None => Err(Trouble::NoAddress(true)),
            Some(lookup) if lookup.addresses.is_empty() => Err(Trouble::NoAddress(false)),
            Some(lookup) => Ok(lookup.addresses),
        };
        lock().insert(host.to_owned(), found.clone());
        found
    }

    /// The way that Go would take.
    pub(super) fn way(&self, url: &Url, deadline: Instant) -> Result<Via, Trouble> {
        let port = url.port_or_default().unwrap_or(443);
        match proxies::go(&self.env, &url.scheme, &url.host, port) {
            proxies::Choice::Proxy(proxy, _) => Ok(Via::Proxy(proxy)),
            proxies::Choice::Malformed(_) => Err(Trouble::Impossible),
            proxies::Choice::Direct(_) => self.addresses(&url.host, deadline).map(Via::Direct),
        }
    }

    /// GET, redirects followed.
    pub(super) fn get(&self, url: &str, patience: Duration) -> Result<Fetched, Trouble> {
        self.ask(url, &Method::GET, &[], patience)
    }

    /// POST of a DNS message (RFC 8484).
    pub(super) fn post_dns(
        &self,
        url: &str,
        message: &[u8],
        patience: Duration,
    ) -> Result<Fetched, Trouble> {
        self.ask(url, &Method::POST, message, patience)
    }

    /// As Go would ask; where HTTP/2 breaks, HTTP/1.1 is asked once beside it.
    fn ask(
        &self,
        url: &str,
        method: &Method,
        body: &[u8],
        patience: Duration,
    ) -> Result<Fetched, Trouble> {
        let [both, http1] = &self.tls;
        let with = |tls| self.ask_with(tls, url, (method, body), patience);
        let how = match with(both) {
            Err(Trouble::Http2(how, _)) => how,
            other => return other,
        };
        let known = || {
            self.over_http1
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let told = known().get(url).copied();
        let passes = told.unwrap_or_else(|| with(http1).is_ok());
        known().insert(url.to_owned(), passes);
        Err(Trouble::Http2(how, passes))
    }

    fn ask_with(
        &self,
        tls: &Arc<ClientConfig>,
        url: &str,
        (method, body): (&Method, &[u8]),
        patience: Duration,
    ) -> Result<Fetched, Trouble> {
        let mut url = Url::parse(url).ok_or(Trouble::Impossible)?;
        let mut way = self.way(&url, Instant::now() + patience)?;
        let started = Instant::now();
        let deadline = started + patience;
        for _ in 0..=REDIRECTS {
            let stream = self.reach(&way, &url, deadline)?;
            let proxied = matches!(way, Via::Proxy(_)) && url.scheme == "http";
            let asked = Query {
                url: &url,
                method,
                body,
                proxied,
                started,
                deadline,
            };
            let (fetched, location) = self.exchange(tls, stream, &asked)?;
            let next = location.and_then(|location| follow(&url, &location));
            match next.filter(|_| (300..400).contains(&fetched.status)) {
                None => return Ok(fetched),
                Some(next) => {
                    url = next;
                    way = self.way(&url, deadline)?;
                }
            }
        }
        Err(Trouble::Broken)
    }

    /// A connection on which the host can be spoken to.
    pub(super) fn reach(
        &self,
        way: &Via,
        url: &Url,
        deadline: Instant,
    ) -> Result<std::net::TcpStream, Trouble> {
        let port = url.port_or_default().unwrap_or(443);
        let proxy = match way {
            Via::Direct(addresses) => return connect(addresses, port, deadline),
            Via::Proxy(proxy) => proxy,
        };
        if !matches!(proxy.scheme.as_str(), "" | "http") {
            return Err(Trouble::Impossible);
        }
        let addresses = self.addresses(&proxy.host, deadline)?;
        let stream = connect(&addresses, proxy.port_or_default().unwrap_or(80), deadline)?;
        if url.scheme == "http" {
            return Ok(stream);
        }
        let authorization = dial::basic(proxy);
        let tunnel = dial::tunnel(stream, &url.host, port, authorization.as_deref(), deadline);
        tunnel.stream.ok_or(Trouble::Proxy(tunnel.connect))
    }

    /// The handshake alone: whether the certificate is valid for this name.
    pub(super) fn handshake(
        &self,
        stream: std::net::TcpStream,
        host: &str,
        deadline: Instant,
    ) -> Result<(), Trouble> {
        timed(deadline, async {
            self.secure(&self.tls[0], stream, host).await.map(drop)
        })
    }

    /// A connection whose certificate Go would accept.
    async fn secure(
        &self,
        tls: &Arc<ClientConfig>,
        stream: std::net::TcpStream,
        host: &str,
    ) -> Result<Verified, Trouble> {
        let verifiers = [&self.verifier; 2];
        match channel::secure(Arc::clone(tls), verifiers, host, stream).await {
            Ok(Channel::Verified(verified)) => Ok(verified),
            Ok(Channel::Unverified(_, refusal)) => Err(refused(refusal)),
            Err(error) => Err(of_handshake(&error)),
        }
    }

    fn exchange(
        &self,
        tls: &Arc<ClientConfig>,
        stream: std::net::TcpStream,
        asked: &Query<'_>,
    ) -> Result<(Fetched, Option<String>), Trouble> {
        let spoken = Cell::new(Protocol::Http1);
        let answer = timed(asked.deadline, async {
            let verified = if asked.url.scheme == "https" {
                self.secure(tls, stream, &asked.url.host).await?
            } else {
                // in the clear: named so by the settings or the person, or by a redirect that go follows
                match channel::clear(stream, true) {
                    Ok(Channel::Verified(verified)) => verified,
                    _ => return Err(Trouble::Impossible),
                }
            };
            if verified.is_http2() {
                spoken.set(Protocol::Http2);
            }
            speak(verified, asked).await
        });
        match answer {
            Err(Trouble::Silence) if spoken.get() == Protocol::Http2 => {
                Err(Trouble::Http2(Http2::Stalled, false))
            }
            other => other,
        }
    }
}

/// A request.
struct Query<'a> {
    url: &'a Url,
    method: &'a Method,
    body: &'a [u8],
    /// In the clear, by way of an HTTP proxy.
    proxied: bool,
    /// Before the first redirect.
    started: Instant,
    deadline: Instant,
}

/// The first address that connects; each but the last may use half of the time that is left.
fn connect(
    addresses: &[IpAddr],
    port: u16,
    deadline: Instant,
) -> Result<std::net::TcpStream, Trouble> {
    let mut worst = Trouble::Connect(ConnectOutcome::Unknown);
    for (at, &ip) in addresses.iter().enumerate() {
        let left = dial::patience(deadline);
        let until = if at + 1 < addresses.len() {
            Instant::now() + left / 2
        } else {
            deadline
        };
        match dial::connect(SocketAddr::new(ip, port), until) {
            (_, Some(stream)) => return Ok(stream),
            (attempt, None) => worst = Trouble::Connect(attempt.outcome),
        }
    }
    Err(worst)
}

/// Runs this on a runtime of its own until the deadline.
fn timed<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|_| Trouble::Impossible)?;
    runtime
        .block_on(async { tokio::time::timeout(dial::patience(deadline), work).await })
        .unwrap_or(Err(Trouble::Silence))
}

/// Why Go would not accept the certificate.
fn refused(refusal: Option<Refusal>) -> Trouble {
    Trouble::Certificate(match refusal {
        Some(Refusal::Expired) => text!("expired"),
        Some(Refusal::NotYetValid) => text!("not valid yet"),
        Some(Refusal::OtherName) => text!("for another name"),
        Some(Refusal::UnknownIssuer) => text!("unknown issuer"),
        Some(Refusal::Invalid) | None => text!("not valid"),
    })
}

/// What an error says about the handshake.
fn of_handshake(error: &std::io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Trouble::Silence,
        _ => Trouble::Tls,
    }
}

async fn speak(
    verified: Verified,
    asked: &Query<'_>,
) -> Result<(Fetched, Option<String>), Trouble> {
    let protocol = if verified.is_http2() {
        Protocol::Http2
    } else {
        Protocol::Http1
    };
    let request = request(asked, protocol).ok_or(Trouble::Impossible)?;
    let ready = verified.with(request);
    let broke = |error: hyper::Error| match protocol {
        Protocol::Http1 => Trouble::Broken,
        Protocol::Http2 => Trouble::Http2(http::broken(&error), false),
    };
    let response = match protocol {
        Protocol::Http1 => ready.send().await,
        Protocol::Http2 => ready.send_over_http2().await,
    };
    let response = response.map_err(broke)?;
    let head = asked.started.elapsed();
    let location = response
        .headers()
        .get(header::LOCATION)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let status = response.status().as_u16();
    let (body, size) = whole(response.into_body(), broke).await?;
    let fetched = Fetched {
        protocol,
        status,
        body,
        size,
        head,
        transfer: asked.started.elapsed().saturating_sub(head),
    };
    Ok((fetched, location))
}

/// The body and its size.
async fn whole(
    mut body: Incoming,
    broke: impl Fn(hyper::Error) -> Trouble,
) -> Result<(SpooledTempFile, u64), Trouble> {
    let (mut all, mut size) = (SpooledTempFile::new(IN_MEMORY), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(&broke)?;
        if let Some(piece) = frame.data_ref() {
            size += piece.len() as u64;
            all.write_all(piece).map_err(|_| Trouble::Impossible)?;
        }
        if size > LARGEST {
            return Err(Trouble::TooLarge);
        }
    }
    Ok((all, size))
}

/// As the protocol wants it: HTTP/2 has the host in its target (RFC 9113, section 8.3.1), and so has an
/// HTTP proxy's.
fn request(asked: &Query<'_>, protocol: Protocol) -> Option<Request<Full<Bytes>>> {
    let (url, body) = (asked.url, asked.body);
    let authority = url.origin();
    let authority = authority.split_once("://")?.1;
    let path = match url.path.split('#').next().unwrap_or_default() {
        "" => "/".to_owned(),
        path => path.to_owned(),
    };
    let target = if asked.proxied || protocol == Protocol::Http2 {
        format!("{}{path}", url.origin())
    } else {
        path
    };
    let mut request = Request::builder()
        .method(asked.method)
        .uri(target)
        .header(header::ACCEPT, if body.is_empty() { "*/*" } else { DNS });
    request = match protocol {
        Protocol::Http1 => request
            .header(header::HOST, authority)
            .header(header::USER_AGENT, "Go-http-client/1.1 (gomend compare)"),
        Protocol::Http2 => {
            request.header(header::USER_AGENT, "Go-http-client/2.0 (gomend compare)")
        }
    };
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, DNS);
    }
    if let Some(login) = dial::basic(url) {
        request = request.header(header::AUTHORIZATION, format!("Basic {login}"));
    }
    request.body(Full::from(body.to_vec())).ok()
}

/// RFC 8484, section 6.
const DNS: &str = "application/dns-message";

/// Where a redirect leads: never from https to http, and without the login of another host.
fn follow(from: &Url, location: &str) -> Option<Url> {
    let next = match Url::parse(location) {
        Some(next) => next,
        None if location.starts_with('/') => Url {
            path: location.to_owned(),
            ..from.clone()
        },
        None => return None,
    };
    (next.scheme == "https" || (next.scheme == "http" && from.scheme == "http")).then_some(next)
}

/// A URL fit to be shown: without its login.
pub(super) fn redacted(url: &str) -> String {
    match Url::parse(url) {
        Some(url) => mask::line(&format!(
            "{}{}",
            url.origin(),
            url.path.trim_end_matches('/')
        )),
        None => mask::line(url),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_never_lose_encryption_or_carry_a_login_elsewhere() {
        let from = Url::parse("https://u:p@a.example/x").unwrap();
        assert_eq!(follow(&from, "http://a.example/y"), None);
        assert_eq!(follow(&from, "y"), None);
        let away = follow(&from, "https://cdn.example/y?z=1").unwrap();
        assert_eq!((away.host.as_str(), away.userinfo), ("cdn.example", None));
        let here = follow(&from, "/y").unwrap();
        assert_eq!(
            (here.host.as_str(), here.path.as_str()),
            ("a.example", "/y")
        );
        assert!(here.userinfo.is_some());
        assert_eq!(
            redacted("https://u:p@a.example:8443/x/"),
            "https://a.example:8443/x"
        );
    }
}
