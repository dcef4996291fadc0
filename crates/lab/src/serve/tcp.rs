//! Connections that go wrong before anything is said: unanswered, reset,
//! closed at once, silent. (Refused and unreachable need no server at all.)

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use tokio::io::AsyncReadExt;

use crate::error::{Error, Result};
use crate::serve::Net;
use crate::testbed::Testbed;
use gomend_core::text;

/// What happens to an accepted connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Reset as soon as the client has sent something.
    Reset,
    /// Closed as soon as the client has sent something.
    Close,
    /// Kept open, never answered.
    Silent,
}

/// A server that treats every connection in this manner.
pub(crate) fn rude(world: &Testbed, net: &Net, address: SocketAddr, manner: Manner) -> Result<()> {
    net.accept(world.listen(address, 64)?, move |stream, _| {
        treat(stream, manner)
    })?;
    Ok(())
}

/// Treats one connection so, once the client has sent something.
pub(crate) async fn treat(mut stream: tokio::net::TcpStream, manner: Manner) {
    // Whatever it was, and also if the client hung up.
    let _ = stream.read(&mut vec![0; 16 * 1024]).await;
    finish(stream, manner).await;
}

/// Treats a connection so now.
pub async fn finish(mut stream: tokio::net::TcpStream, manner: Manner) {
    let mut buffer = vec![0; 4096];
    match manner {
        Manner::Silent => while matches!(stream.read(&mut buffer).await, Ok(1..)) {},
        Manner::Close => {}
        // Closing with a zero linger time sends RST (socket(7)).
        Manner::Reset => _ = stream.set_zero_linger(),
    }
}

/// Sockets that keep an address from answering.
#[derive(Debug)]
pub struct Unanswered {
    _listener: std::net::TcpListener,
    _waiting: Vec<TcpStream>,
}

/// Lets every SYN to `address` go unanswered, as a firewall that drops does:
/// the backlog is full and nobody accepts.
pub fn unanswered(world: &Testbed, address: SocketAddr) -> Result<Unanswered> {
    let step = |error| Error::Io(text!("fill a backlog"), error);
    let listener = world.listen(address, 0)?;
    let mut waiting = Vec::new();
    // A backlog of 0 holds one connection; a second proves that it is full.
    for _ in 0..2 {
        let socket = world
            .network(text!("fill a backlog"))?
            .stream(address.is_ipv6())
            .map_err(step)?;
        waiting.push(connecting(socket, address).map_err(step)?);
    }
    Ok(Unanswered {
        _listener: listener,
        _waiting: waiting,
    })
}

/// Starts to connect a socket of a scene's network and doesn't wait for long:
/// here only the attempt counts.
fn connecting(socket: OwnedFd, address: SocketAddr) -> io::Result<TcpStream> {
    crate::sys::namespace::connect(&socket, address)?;
    Ok(TcpStream::from(socket))
}
