//! Whom a request may be told: a connection, and whether the stack that it speaks for accepts it.
//!
//! In: a TCP stream, the verifiers of the stacks concerned. Out: a [`Channel`]. Each connection's
//! own chain is judged, dates and name included, after its own handshake: what an earlier
//! connection showed counts for nothing. Only a [`Verified`] takes a request; all that an
//! [`Unverified`] can ask is `/`. Sessions are never resumed.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, header};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::tls::{self, Hello, Recorder};
use super::trust::{self, Refusal, Verifier};
use crate::settings::url::Url;

/// No head of an answer is larger, bytes. hyper reads so much at a time, and what never ends (interim
/// answers) keeps it from the clock for as long as many such pieces last.
const LARGEST_HEAD: usize = 64 << 10;

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection whose own chain the stacks concerned accept, or one in the clear that the settings want;
/// and whether HTTP/2 was agreed on (ALPN).
pub struct Verified(Box<dyn Stream>, bool);

/// A connection that nobody vouches for.
pub struct Unverified(Box<dyn Stream>);

/// A connection on which HTTP can be spoken.
pub enum Channel {
    /// Private things may be told.
    Verified(Verified),
    /// Nothing may be told; why, where a certificate was refused.
    Unverified(Unverified, Option<Refusal>),
}

/// What is offered to be spoken, the dearest first (ALPN, RFC 7301).
pub const HTTP_1: &[&[u8]] = &[b"http/1.1"];
/// HTTP/2 and nothing else.
pub(crate) const HTTP_2: &[&[u8]] = &[b"h2"];
/// As Go's client offers it.
pub const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];

/// The client's side of TLS, shared by all connections: it accepts any chain, which [`secure`] then judges.
#[must_use]
pub fn config(offered: &[&[u8]]) -> Option<Arc<ClientConfig>> {
    tls::config(
        &Arc::new(Recorder::of(Hello::CLASSIC)),
        Hello::CLASSIC,
        offered,
    )
}

/// A handshake, and what both verifiers say to the chain of this very connection: that of the stack
/// that asks, and that of the stack whose request it is.
///
/// # Errors
/// The handshake's own; a refused certificate is none.
pub async fn secure(
    config: Arc<ClientConfig>,
    verifiers: [&Verifier; 2],
    host: &str,
    stream: std::net::TcpStream,
) -> io::Result<Channel> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let connector = tokio_rustls::TlsConnector::from(config);
    let stream = connector.connect(name.clone(), into_async(stream)?).await?;
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let now = trust::now();
    let refused = verifiers
        .iter()
        .find_map(|verifier| verifier.check(chain, &name, now).err());
    let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream: Box<dyn Stream> = Box::new(stream);
    Ok(match refused {
        None => Channel::Verified(Verified(stream, is_http2)),
        some => Channel::Unverified(Unverified(stream), some),
    })
}

/// No TLS at all; `wanted`: the user's own settings send requests to this server in the clear.
///
/// # Errors
/// This machine's: the socket can't be used.
pub fn clear(stream: std::net::TcpStream, wanted: bool) -> io::Result<Channel> {
    let stream: Box<dyn Stream> = Box::new(into_async(stream)?);
    Ok(if wanted {
        Channel::Verified(Verified(stream, false))
    } else {
        Channel::Unverified(Unverified(stream), None)
    })
}

fn into_async(stream: std::net::TcpStream) -> io::Result<TcpStream> {
    stream.set_nonblocking(true)?;
    TcpStream::from_std(stream)
}

/// A request and the connection that may carry it.
pub struct Ready {
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
}

impl Verified {
    /// Whether HTTP/2 was agreed on.
    #[must_use]
    pub fn is_http2(&self) -> bool {
        self.1
    }

    /// Carries bytes both ways between this connection and another one of this machine's, until both have ended.
    pub(super) async fn relay(mut self, other: UnixStream) -> io::Result<()> {
        other.set_nonblocking(true)?;
        let mut other = tokio::net::UnixStream::from_std(other)?;
        tokio::io::copy_bidirectional(&mut self.0, &mut other).await?;
        Ok(())
    }

    /// Any request.
    pub fn with(self, request: Request<Full<Bytes>>) -> Ready {
        Ready {
            stream: self.0,
            request,
        }
    }
}

impl Unverified {
    /// GET of `/`, the only request there is; in absolute form for an HTTP proxy. `None`: `origin` is none.
    pub fn root(self, origin: &Url, agent: &'static str, absolute: bool) -> Option<Ready> {
        let origin = origin.origin();
        let target = if absolute {
            format!("{origin}/")
        } else {
            "/".to_owned()
        };
        let request = Request::get(target)
            .header(header::HOST, origin.split_once("://")?.1)
            .header(header::USER_AGENT, agent)
            .header(header::ACCEPT, "*/*")
            .body(Full::default())
            .ok()?;
        Some(Ready {
            stream: self.0,
            request,
        })
    }
}

impl Ready {
    /// Sends it over HTTP/2, in absolute form; the head of the answer.
    ///
    /// # Errors
    /// hyper's, with that of HTTP/2 among its sources.
    pub async fn send_over_http2(self) -> hyper::Result<Response<Incoming>> {
        let (stream, runtime) = (TokioIo::new(self.stream), TokioExecutor::new());
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(runtime, stream).await?;
        tokio::spawn(async move {
            let _ = connection.await; // as below
        });
        sender.send_request(self.request).await
    }

    /// Sends it; the head of the answer, whose body comes as it is read. Within a runtime.
    ///
    /// # Errors
    /// hyper's, with the connection's own among its sources.
    pub async fn send(self) -> hyper::Result<Response<Incoming>> {
        let stream = TokioIo::new(self.stream);
        let mut http1 = hyper::client::conn::http1::Builder::new();
        http1.max_buf_size(LARGEST_HEAD);
        let (mut sender, connection) = http1.handshake(stream).await?;
        tokio::spawn(async move {
            let _ = connection.await; // what breaks it is told to who waits for the answer
        });
        sender.send_request(self.request).await
    }
}
