//! HTTP proxies: `CONNECT` (RFC 9110 section 9.3.6) and what can go wrong with it.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpSocket, TcpStream};

use crate::error::Result;
use crate::events::{Event, EventLog};
use crate::places::{PLACES, Place};
use crate::serve::Net;
use crate::serve::tls::Identity;
use crate::testbed::Testbed;

/// How the proxy answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Connects whomever it is asked for, by its own idea of the names.
    Open,
    /// The same, and the firewall of its users is none for it: it reaches this place at another
    /// address.
    Past(Place),
    /// Wants credentials (407), and these are never good enough.
    WantsCredentials,
    /// Refuses (403).
    Forbids,
}

/// Starts a proxy. It knows the names of the laboratory without asking DNS, as
/// a proxy with a resolver of its own.
pub fn proxy(world: &Arc<Testbed>, net: &Net, address: SocketAddr, policy: Policy) -> Result<()> {
    net.proxy(world, address, move |stream, server, world, journal| {
        serve(stream, server, policy, world, journal)
    })
}

/// The same behind TLS, as an `https://` proxy.
pub fn over_tls(
    world: &Arc<Testbed>,
    net: &Net,
    address: SocketAddr,
    identity: &Identity,
    policy: Policy,
) -> Result<()> {
    let acceptor = identity.acceptor()?;
    net.proxy(world, address, move |stream, server, world, journal| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(stream).await?;
            serve(stream, server, policy, world, journal).await
        }
    })
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    server: SocketAddr,
    policy: Policy,
    world: Weak<Testbed>,
    journal: EventLog,
) -> std::io::Result<()> {
    let Some(head) = read_head(&mut stream).await? else {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            .await?;
        return Ok(());
    };
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, authority) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let authorization = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"))
        .map(|(_, value)| value.trim().to_owned());
    let upstream = match policy {
        Policy::Open if method == "CONNECT" => dial(authority, &world).await.ok(),
        Policy::Past(place) if method == "CONNECT" => {
            let other = authority
                .strip_prefix(place.name)
                .map(|port| format!("{}{port}", place.address));
            dial(other.as_deref().unwrap_or(authority), &world)
                .await
                .ok()
        }
        _ => None,
    };
    let (status, reply) = match policy {
        Policy::Open | Policy::Past(_) if upstream.is_some() => {
            (200, "200 Connection established\r\n\r\n")
        }
        Policy::Open | Policy::Past(_) => (502, "502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
        Policy::WantsCredentials => (
            407,
            "407 Proxy Authentication Required\r\n\
             Proxy-Authenticate: Basic realm=\"corp\"\r\nContent-Length: 0\r\n\r\n",
        ),
        Policy::Forbids => (403, "403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
    };
    journal.note(Event::Http {
        server,
        method: method.into(),
        host: authority.into(),
        path: String::new(),
        authorization,
        status,
    });
    stream
        .write_all(format!("HTTP/1.1 {reply}").as_bytes())
        .await?;
    if let Some(mut upstream) = upstream {
        copy_bidirectional(&mut stream, &mut upstream).await?;
    }
    Ok(())
}

/// The request line and headers; `None` if this is no HTTP (a TLS hello).
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<String>> {
    /// Longer than any header section of go, git or curl.
    const LIMIT: usize = 16 * 1024;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < LIMIT {
        head.push(stream.read_u8().await?);
        if !head[0].is_ascii_uppercase() {
            return Ok(None);
        }
    }
    Ok(Some(String::from_utf8_lossy(&head).into()))
}

/// Connects to `name:port` in the scene's network.
pub(super) async fn dial(authority: &str, world: &Weak<Testbed>) -> std::io::Result<TcpStream> {
    let lost = || std::io::Error::from(std::io::ErrorKind::HostUnreachable);
    let (name, port) = authority.rsplit_once(':').ok_or_else(lost)?;
    let address = match PLACES.iter().find(|place| place.name == name) {
        Some(place) => place.address,
        None => name.parse().map_err(|_| lost())?,
    };
    let address = SocketAddr::from((address, port.parse().map_err(|_| lost())?));
    let socket = {
        let world = world.upgrade().ok_or_else(lost)?;
        let network = world.network("dial").map_err(|_| lost())?;
        std::net::TcpStream::from(network.stream(false)?)
    };
    socket.set_nonblocking(true)?;
    TcpSocket::from_std_stream(socket).connect(address).await
}
