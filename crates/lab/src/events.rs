//! What the servers of a scene were asked, in order: the proof that a private
//! name never left the company or that a refused credential was not repeated.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// One thing that a server saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A DNS question.
    Dns {
        /// The resolver that was asked.
        server: SocketAddr,
        /// The name, lower case, without the last dot.
        name: String,
        /// `A`, `AAAA` ...
        kind: String,
        /// Over TCP, not UDP.
        tcp: bool,
        /// The rcode that is answered (RFC 1035); `None`: nothing is.
        rcode: Option<u8>,
    },
    /// A TCP connection was accepted.
    Connection {
        /// The listening address.
        server: SocketAddr,
    },
    /// A TLS client's first message.
    ClientHello {
        /// The listening address.
        server: SocketAddr,
        /// The server name that the client asked for.
        name: Option<String>,
        /// Whether it offered an ML-KEM key share.
        ml_kem: bool,
    },
    /// An HTTP request and its answer.
    Http {
        /// The listening address.
        server: SocketAddr,
        /// `GET`, `POST`, `CONNECT` ...
        method: String,
        /// The host that was asked for (for CONNECT host and port).
        host: String,
        /// Path and query.
        path: String,
        /// The `Authorization` header (for CONNECT `Proxy-Authorization`).
        authorization: Option<String>,
        /// The status that was answered.
        status: u16,
    },
}

/// The list of events, shared by all servers of a scene.
#[derive(Debug, Clone, Default)]
pub struct EventLog(Arc<Mutex<Vec<(Instant, Event)>>>);

impl EventLog {
    /// Adds an event.
    pub fn note(&self, event: Event) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((Instant::now(), event));
    }

    /// All events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.timed().into_iter().map(|(_, event)| event).collect()
    }

    /// All events so far, with the time when each was seen.
    #[must_use]
    pub fn timed(&self) -> Vec<(Instant, Event)> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Forgets what was seen, so that the next command is looked at alone.
    pub fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The names that this resolver was asked for, once each, sorted.
    #[must_use]
    pub fn asked(&self, resolver: std::net::IpAddr) -> Vec<String> {
        let mut names: Vec<String> = self
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Dns { server, name, .. } if server.ip() == resolver => Some(name),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// Every credential that was sent, in order, with the host it went to.
    #[must_use]
    pub fn credentials(&self) -> Vec<(String, String)> {
        self.events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Http {
                    host,
                    authorization: Some(value),
                    ..
                } => Some((host, value)),
                _ => None,
            })
            .collect()
    }
}
