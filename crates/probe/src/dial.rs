//! Connects as a stack would: to the address, or through the HTTP proxy that
//! the stack chooses. Blocking, bounded by a deadline.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine as _;

use super::proxy::Connect;
use super::tcp::{Attempt, ConnectOutcome};
use crate::settings::url::Url;

/// The shortest patience that a socket takes.
const LEAST: Duration = Duration::from_millis(1);

/// What is left until `deadline`.
#[must_use]
pub fn patience(deadline: Instant) -> Duration {
    deadline
        .saturating_duration_since(Instant::now())
        .max(LEAST)
}

/// A stream whose reads and writes all end by one moment, however slowly the peer drips.
pub struct Timed<'a> {
    stream: &'a TcpStream,
    until: Instant,
    first: Vec<u8>,
}

/// Bytes that tell what a peer speaks.
const FIRST: usize = 64;

impl<'a> Timed<'a> {
    /// Until then.
    #[must_use]
    pub fn new(stream: &'a TcpStream, until: Instant) -> Self {
        Self {
            stream,
            until,
            first: Vec::new(),
        }
    }

    /// The first bytes that came.
    pub(super) fn first(&self) -> &[u8] {
        &self.first
    }

    fn left(&self) -> std::io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(left)
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        let read = self.stream.read(buffer)?;
        let room = FIRST.saturating_sub(self.first.len());
        self.first.extend_from_slice(&buffer[..read.min(room)]);
        Ok(read)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// An end before the deadline, so that what was seen by then is still told.
pub(super) fn early(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    Instant::now() + left / 5 * 4
}

/// What an I/O error says about a connection.
pub(super) fn outcome(error: &std::io::Error) -> ConnectOutcome {
    match error.kind() {
        ErrorKind::ConnectionRefused => ConnectOutcome::Refused,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => ConnectOutcome::Silence,
        ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable | ErrorKind::NetworkDown => {
            ConnectOutcome::Unreachable
        }
        ErrorKind::HostUnreachable => ConnectOutcome::NoSuchHost,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            ConnectOutcome::Reset
        }
        ErrorKind::PermissionDenied => ConnectOutcome::Forbidden,
        _ => ConnectOutcome::Unknown,
    }
}

/// One attempt, and the stream if it stands.
pub fn connect(address: SocketAddr, deadline: Instant) -> (Attempt, Option<TcpStream>) {
    let started = Instant::now();
    let result = TcpStream::connect_timeout(&address, patience(deadline));
    let outcome = result
        .as_ref()
        .map_or_else(outcome, |_| ConnectOutcome::Connected);
    let attempt = Attempt {
        address,
        outcome,
        ms: super::nameserver::millis(started),
    };
    let stream = result.ok();
    if let Some(stream) = &stream {
        let _ = stream.set_read_timeout(Some(patience(deadline))); // refused only for a zero patience
        let _ = stream.set_write_timeout(Some(patience(deadline)));
        let _ = stream.set_nodelay(true);
    }
    (attempt, stream)
}

/// All addresses at once; the first that connects is handed to `early`.
pub(super) fn connect_all(
    addresses: &[SocketAddr],
    deadline: Instant,
    early: impl Fn(SocketAddr),
) -> Vec<Attempt> {
    let connect = |&address: &SocketAddr| connect(address, deadline).0;
    side_by_side(addresses, connect, |attempt| {
        if attempt.outcome == ConnectOutcome::Connected {
            early(attempt.address);
        }
    })
}

/// What comes of each, all at once, in their order; `early` hears of each as it comes.
pub(super) fn side_by_side<T: Sync, R: Send>(
    all: &[T],
    look: impl Fn(&T) -> R + Sync,
    early: impl Fn(&R),
) -> Vec<R> {
    let (send, seen) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        for (place, one) in all.iter().enumerate() {
            let (send, look) = (send.clone(), &look);
            scope.spawn(move || send.send((place, look(one)))); // the receiver outlives the scope
        }
        drop(send);
        let mut found: Vec<(usize, R)> = Vec::new();
        for (place, one) in seen {
            early(&one);
            found.push((place, one));
        }
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, one)| one).collect()
    })
}

/// Largest response head of a proxy that is read.
const HEAD: usize = 16 << 10;

/// A proxy's answer to CONNECT.
pub struct Tunnel {
    /// What it comes down to.
    pub connect: Connect,
    /// The kind of login it wants (`Proxy-Authenticate`).
    pub asks_for: Option<String>,
    /// The way to the target, if the proxy opened it.
    pub stream: Option<TcpStream>,
}

impl Tunnel {
    pub(super) fn failed(connect: Connect) -> Self {
        Self {
            connect,
            asks_for: None,
            stream: None,
        }
    }

    fn opened(stream: TcpStream) -> Self {
        Self {
            stream: Some(stream),
            ..Self::failed(Connect::Opened)
        }
    }
}

/// Asks an HTTP proxy for a tunnel (RFC 9110, 9.3.6). `authorization` is what the proxy URL itself carries.
#[must_use]
pub fn tunnel(
    stream: TcpStream,
    host: &str,
    port: u16,
    authorization: Option<&str>,
    deadline: Instant,
) -> Tunnel {
    let bracketed = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let mut head = format!("CONNECT {bracketed}:{port} HTTP/1.1\r\nHost: {bracketed}:{port}\r\n");
    if let Some(value) = authorization {
        head.push_str("Proxy-Authorization: Basic ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    let mut timed = Timed::new(&stream, deadline);
    if let Err(error) = timed.write_all(head.as_bytes()) {
        return Tunnel::failed(Connect::Failed(outcome(&error)));
    }
    let mut reply = Vec::new();
    let mut byte = [0];
    while !reply.ends_with(b"\r\n\r\n") && reply.len() < HEAD {
        match timed.read(&mut byte) {
            Ok(0) => break,
            Ok(_) => reply.push(byte[0]),
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                return Tunnel::failed(if reply.is_empty() {
                    Connect::Silence
                } else {
                    Connect::NotHttp
                });
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Tunnel::failed(Connect::Failed(outcome(&error))),
        }
        if reply.len() >= 5 && !reply.starts_with(b"HTTP/") {
            return Tunnel::failed(Connect::NotHttp);
        }
    }
    let text = String::from_utf8_lossy(&reply);
    let code = text
        .split(' ')
        .nth(1)
        .and_then(|code| code.get(..3))
        .and_then(|code| code.parse::<u16>().ok());
    match code.filter(|_| text.starts_with("HTTP/")) {
        Some(200..=299) => Tunnel::opened(stream),
        Some(code) => {
            let asks_for = text.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let scheme = value.split_whitespace().next()?;
                let plain = scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                (name.eq_ignore_ascii_case("proxy-authenticate") && plain && scheme.len() < 20)
                    .then(|| scheme.to_owned())
            });
            Tunnel {
                asks_for,
                ..Tunnel::failed(Connect::Status(code))
            }
        }
        None => Tunnel::failed(if reply.is_empty() {
            Connect::Failed(ConnectOutcome::Reset)
        } else {
            Connect::NotHttp
        }),
    }
}

/// Asks a SOCKS5 proxy for a tunnel (RFC 1928, with RFC 1929 for a login) by name, as Go always does and curl
/// with `socks5h`: the proxy resolves it.
#[must_use]
pub fn socks5(
    stream: TcpStream,
    host: &str,
    port: u16,
    login: Option<&str>,
    deadline: Instant,
) -> Tunnel {
    /// What ends the conversation.
    enum End {
        Broken(std::io::Error),
        Says(Connect),
    }
    impl From<std::io::Error> for End {
        fn from(error: std::io::Error) -> Self {
            Self::Broken(error)
        }
    }
    const NO_LOGIN: u8 = 0;
    const LOGIN: u8 = 2;
    const NONE_FITS: u8 = 255;
    let size = |text: &[u8]| u8::try_from(text.len()).map_err(|_| End::Says(Connect::Malformed));
    let mut timed = Timed::new(&stream, deadline);
    let mut talk = || -> Result<(), End> {
        let login = login.map(|login| login.split_once(':').unwrap_or((login, "")));
        let methods: &[u8] = if login.is_some() {
            &[5, 2, NO_LOGIN, LOGIN]
        } else {
            &[5, 1, NO_LOGIN]
        };
        timed.write_all(methods)?;
        let mut chosen = [0; 2];
        timed.read_exact(&mut chosen)?;
        match (chosen, login) {
            ([5, NO_LOGIN], _) => {}
            ([5, LOGIN], Some((user, password))) => {
                let [user, password] = [user, password].map(decoded);
                let words = [
                    &[1, size(&user)?],
                    &user[..],
                    &[size(&password)?],
                    &password,
                ]
                .concat();
                timed.write_all(&words)?;
                timed.read_exact(&mut chosen)?;
                if chosen[1] != 0 {
                    return Err(End::Says(Connect::Socks(NONE_FITS)));
                }
            }
            ([5, _], _) => return Err(End::Says(Connect::Socks(NONE_FITS))),
            _ => return Err(End::Says(Connect::NotHttp)),
        }
        let name = [
            &[5, 1, 0, 3, size(host.as_bytes())?],
            host.as_bytes(),
            &port.to_be_bytes(),
        ];
        timed.write_all(&name.concat())?;
        let mut head = [0; 4];
        timed.read_exact(&mut head)?;
        let [_, code, _, kind] = head;
        if code != 0 {
            return Err(End::Says(Connect::Socks(code)));
        }
        let mut length = [0; 1];
        let rest = match kind {
            1 => 4,
            4 => 16,
            _ => {
                timed.read_exact(&mut length)?;
                usize::from(length[0])
            }
        };
        timed.read_exact(&mut vec![0; rest + 2])?;
        Ok(())
    };
    match talk() {
        Ok(()) => Tunnel::opened(stream),
        Err(End::Says(connect)) => Tunnel::failed(connect),
        Err(End::Broken(error)) => Tunnel::failed(match outcome(&error) {
            ConnectOutcome::Silence => Connect::Silence,
            ConnectOutcome::Unknown => Connect::Failed(ConnectOutcome::Reset), // it hung up
            other => Connect::Failed(other),
        }),
    }
}

/// The Basic credentials that a proxy URL carries, encoded (RFC 7617); `%xx` is decoded first.
#[must_use]
pub fn basic(proxy: &Url) -> Option<String> {
    let mut plain = decoded(proxy.userinfo.as_deref()?);
    if !plain.contains(&b':') {
        plain.push(b':');
    }
    Some(base64::engine::general_purpose::STANDARD.encode(plain))
}

/// `%xx` decoded (RFC 3986, 2.1).
fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            plain.push(byte);
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_of_a_proxy_url() {
        let url = Url::parse("http://u%40x:p%3a1@proxy.example:1").unwrap();
        assert_eq!(basic(&url).unwrap(), "dUB4OnA6MQ==");
        assert_eq!(basic(&Url::parse("http://p:1").unwrap()), None);
    }
}
