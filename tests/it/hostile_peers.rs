//! Peers that lie, drip, flood and never end: no probe tells them anything private, takes longer than
//! its deadline, or grows.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::support::DEADLINE;

/// A module's path that nobody untrusted may hear.
const SECRET: &str = "team/secret-project";

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// A server for this name, valid from one year to another.
    pub(crate) fn server(&self, name: &str, begin: i32, end: i32) -> Arc<ServerConfig> {
        let (params, key) = leaf(&[name.to_owned()], begin, end);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        config(certificate.der().clone(), &key)
    }
}

fn leaf(names: &[String], begin: i32, end: i32) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(begin, 1, 1);
    params.not_after = date_time_ymd(end, 1, 1);
    (params, KeyPair::generate().unwrap())
}

fn self_signed() -> Arc<ServerConfig> {
    let (params, key) = leaf(&["localhost".to_owned()], 2020, 2090);
    config(params.self_signed(&key).unwrap().der().clone(), &key)
}

pub(crate) fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let shown = CertifiedKey::new(vec![certificate], key); // whatever it is: nobody looks at it here
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    Arc::new(config)
}

/// Serves every connection on a thread of its own.
pub(crate) fn listen(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new(serve);
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let serve = Arc::clone(&serve);
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

/// What servers were told.
pub(crate) type Heard = Arc<Mutex<Vec<String>>>;

/// Reads a request's head.
pub(crate) fn head(stream: &mut impl Read) -> Vec<u8> {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        request.push(byte[0]);
    }
    request
}

/// Notes what was heard, if anything was.
pub(crate) fn note(heard: &Heard, request: &[u8]) {
    if !request.is_empty() {
        let text = String::from_utf8_lossy(request).into_owned();
        heard.lock().unwrap().push(text);
    }
}

/// Reads a request's head, notes it, answers.
fn answer(stream: &mut (impl Read + Write), heard: &Heard) {
    let request = head(stream);
    note(heard, &request);
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

/// An HTTPS server that shows its first connections one certificate, and later ones the next.
pub(crate) fn https(
    first: Arc<ServerConfig>,
    later: Arc<ServerConfig>,
    firsts: usize,
) -> (SocketAddr, Heard) {
    let (heard, count) = (Heard::default(), AtomicUsize::new(0));
    let ours = Arc::clone(&heard);
    let address = listen(move |stream| {
        let config = if count.fetch_add(1, Ordering::SeqCst) < firsts {
            &first
        } else {
            &later
        };
        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        answer(&mut stream, &ours);
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    (address, heard)
}

/// gomend in a home of its own, with nothing of ours in the environment.
pub(crate) fn gomend(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gomend"));
    command
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("GOENV", "off")
        .env("GOMEND_LANG", "en")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// What a server shows.
#[derive(Clone, Copy)]
enum Shown {
    /// A certificate of an authority, for this name, valid from one year to another.
    Signed(&'static str, i32, i32),
    /// One that vouches for itself.
    SelfSigned,
}

const GOOD: Shown = Shown::Signed("localhost", 2020, 2090);
const EXPIRED: Shown = Shown::Signed("localhost", 2010, 2020);
const ALWAYS: usize = usize::MAX;

rows! {
    /// What is shown first and later, how often first, whether go and git trust the authority, how many are told the
    /// path.
    only_the_root_goes_over_a_connection_that_the_stack_refuses = goes_over;
    good: GOOD, GOOD, ALWAYS, (true, true), 2;
    git_s_alone: GOOD, GOOD, ALWAYS, (false, true), 1;
    go_s_alone: GOOD, GOOD, ALWAYS, (true, false), 0;
    nobody_s: GOOD, GOOD, ALWAYS, (false, false), 0;
    // the two handshakes that the tls probe makes see the good one, what comes after another
    self_signed_later: GOOD, Shown::SelfSigned, 2, (true, true), 0;
    expired_later: GOOD, EXPIRED, 2, (true, true), 0;
    expired: EXPIRED, GOOD, ALWAYS, (true, true), 0;
    not_valid_yet: Shown::Signed("localhost", 2080, 2090), GOOD, ALWAYS, (true, true), 0;
    another_name: Shown::Signed("other.example", 2020, 2090), GOOD, ALWAYS, (true, true), 0;
    self_signed: Shown::SelfSigned, GOOD, ALWAYS, (true, true), 0;
}

fn goes_over(first: Shown, later: Shown, firsts: usize, (go, git): (bool, bool), told: usize) {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let shown = |shown| match shown {
        Shown::Signed(name, begin, end) => authority.server(name, begin, end),
        Shown::SelfSigned => self_signed(),
    };
    let home = tempfile::tempdir().unwrap();
    for (file, is_trusted) in [("go.pem", go), ("git.pem", git)] {
        let one = if is_trusted { &authority } else { &stranger };
        std::fs::write(home.path().join(file), &one.pem).unwrap();
    }
    let empty = home.path().join("none");
    std::fs::create_dir(&empty).unwrap();
    let (address, heard) = https(shown(first), shown(later), firsts);
    let url = format!("https://localhost:{}/{SECRET}", address.port());
    let mut command = gomend(home.path(), &["probe", "http", &url, "--json"]);
    command
        .env("SSL_CERT_FILE", home.path().join("go.pem"))
        .env("SSL_CERT_DIR", &empty)
        .env("GIT_SSL_CAINFO", home.path().join("git.pem"))
        .env("GIT_SSL_CAPATH", &empty);
    let output = command.output().unwrap();
    let heard = heard.lock().unwrap();
    let tells = |head: &&String| head.contains("secret-project");
    // git's own look at the repository verifies by itself, and names what it is
    let ours = heard.iter().filter(|head| head.contains("gomend probe"));
    assert_eq!(ours.clone().filter(tells).count(), told, "{heard:?}");
    let roots = ours.filter(|head| head.starts_with("GET / ")).count();
    assert_eq!(roots, 2 - told, "{heard:?} {output:?}");
    assert!(
        told > 0 || git || heard.iter().filter(tells).count() == 0,
        "{heard:?}"
    );
}

rows! {
    /// A variable, its value, and whether the path is told.
    the_path_goes_in_the_clear_only_where_the_settings_want_it = goes_in_the_clear;
    nothing_is_set: "GOMEND_LANG", "en", false;
    another_scheme: "GOPROXY", "https://localhost:PORT", false;
    this_scheme: "GOPROXY", "http://localhost:PORT", true;
    insecure: "GOINSECURE", "localhost", false; // no module's path has a port
}

fn goes_in_the_clear(name: &str, value: &str, told: bool) {
    let home = tempfile::tempdir().unwrap();
    let heard = Heard::default();
    let ours = Arc::clone(&heard);
    let address = listen(move |mut stream| answer(&mut stream, &ours));
    let port = address.port().to_string();
    let url = format!("http://localhost:{port}/{SECRET}");
    let mut command = gomend(home.path(), &["probe", "http", &url, "--json"]);
    command.env(name, value.replace("PORT", &port));
    command.output().unwrap();
    let heard = heard.lock().unwrap();
    let mut ours = heard.iter().filter(|head| head.contains("gomend probe"));
    assert!(ours.clone().count() >= 2, "{heard:?}");
    let is_told = ours.any(|head| head.contains("secret-project"));
    assert_eq!(is_told, told, "{heard:?}");
}

/// What a hostile peer does with a connection.
type Peer = fn(TcpStream);

/// Writes this again and again, until nobody listens.
fn forever(stream: &mut TcpStream, piece: &[u8]) {
    while stream.write_all(piece).is_ok() {}
}

/// Writes it once, then a byte of it at a time, slower than anybody waits for.
fn drip(stream: &mut TcpStream, piece: &[u8]) {
    for byte in piece.iter().cycle() {
        if stream.write_all(&[*byte]).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20)); // the peer's manner, nothing is waited for
    }
}

/// Takes what was sent first.
fn take(stream: &mut TcpStream) {
    let _ = stream.set_read_timeout(Some(DEADLINE));
    let _ = stream.read(&mut [0; 4096]);
}

/// Keeps the connection open without a word.
fn silent(stream: &mut TcpStream) {
    let mut piece = [0; 4096];
    loop {
        match stream.read(&mut piece) {
            Ok(1..) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return,
        }
    }
}

const PEERS: &[(&str, Peer)] = &[
    ("silence", |mut stream| silent(&mut stream)),
    ("lines before the version", |mut stream| {
        forever(&mut stream, b"hello\r\n");
    }),
    ("a line without end", |mut stream| {
        forever(&mut stream, &[b'A'; 65_536]);
    }),
    ("an ssh version without end", |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-");
        forever(&mut stream, &[b'v'; 65_536]);
    }),
    ("an ssh version in drips", |mut stream| {
        drip(&mut stream, b"SSH-2.0-x\x1b[31m");
    }),
    ("noise", |mut stream| {
        forever(&mut stream, &[0, 255, 13, 10, 7, 27, 128, 1]);
    }),
    ("an ssh packet of 4 GiB", |mut stream| {
        let _ = stream.write_all(b"SSH-2.0-x\r\n\xff\xff\xff\xff");
        forever(&mut stream, &[0; 65_536]);
    }),
    ("headers without end", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 407 Go away\r\n");
        forever(&mut stream, b"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    }),
    ("headers in drips", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        drip(&mut stream, b"X-Filler: a\r\n");
    }),
    ("interim answers without end", |mut stream| {
        take(&mut stream);
        forever(&mut stream, b"HTTP/1.1 100 Continue\r\n\r\n");
    }),
    ("chunks without end", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(
            b"HTTP/1.1 200 OK\r\nDate: Foo, 99 Bar 0000 99:99:99\r\nTransfer-Encoding: chunked\r\n\r\n",
        );
        let piece = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
        forever(&mut stream, &piece);
    }),
    ("a body of 1 EiB", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1152921504606846976\r\n\r\n");
        forever(&mut stream, &vec![b'x'; 65_536]);
    }),
    ("a status line without end", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 ");
        forever(&mut stream, &[b'O'; 65_536]);
    }),
    ("TLS records of nothing", |mut stream| {
        take(&mut stream);
        forever(&mut stream, &[22, 3, 3, 0, 0]);
    }),
    ("a TLS handshake in drips", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(&[22, 3, 3, 0x40, 0, 2, 0, 0x3f, 0xfc]);
        drip(&mut stream, &[0]);
    }),
    ("a handshake message of 16 MiB", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(&[22, 3, 3, 0x40, 0, 11, 0xff, 0xff, 0xff]);
        forever(&mut stream, &[0; 0x4000]);
    }),
    ("warnings without end", |mut stream| {
        take(&mut stream);
        forever(&mut stream, &[21, 3, 3, 0, 2, 1, 0]);
    }),
    ("an alert in pieces", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(&[21, 3, 3, 0, 1, 2, 21, 3, 3, 0, 1, 40]);
        silent(&mut stream);
    }),
    ("socks without end", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(&[5, 0]);
        drip(&mut stream, &[5, 0, 0, 3, 255]);
    }),
    ("socks and a name without end", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(&[5, 0]);
        take(&mut stream);
        let _ = stream.write_all(&[5, 0, 0, 3, 255]);
        forever(&mut stream, &[b'a'; 65_536]);
    }),
    ("socks that wants a login again and again", |mut stream| {
        take(&mut stream);
        forever(&mut stream, &[5, 2]);
    }),
    ("socks that goes through to nobody", |mut stream| {
        take(&mut stream);
        let _ = stream.write_all(&[5, 0]);
        take(&mut stream);
        let _ = stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        silent(&mut stream);
    }),
    ("a redirect to itself", |mut stream| {
        take(&mut stream);
        let to = stream.local_addr().unwrap();
        let _ = write!(
            stream,
            "HTTP/1.1 302 Found\r\nLocation: http://{to}/\r\nContent-Length: 0\r\n\r\n"
        );
        silent(&mut stream);
    }),
];

/// Arguments, and variables.
type Way = (
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
);

/// How the probe gets to the peer: the arguments, and variables; `PEER` is its `address:port`.
const WAYS: &[Way] = &[
    (&["probe", "tcp", "PEER"], &[]),
    (&["probe", "tls", "PEER"], &[]),
    (&["probe", "http", "https://PEER/a/b"], &[]),
    (
        &["probe", "http", "http://PEER/a/b"],
        &[("GOPROXY", "http://PEER")],
    ),
    (&["probe", "ssh", "git@PEER"], &[]),
    (&["probe", "git", "http://PEER/a/b"], &[]),
    (&["probe", "git", "ssh://git@PEER/a/b"], &[]),
    (
        &["probe", "http", "https://git.invalid/a/b"],
        &[("HTTPS_PROXY", "http://PEER")],
    ),
    (
        &["probe", "proxy", "https://git.invalid/a/b"],
        &[("HTTPS_PROXY", "https://PEER")],
    ),
    (
        &["probe", "git", "https://git.invalid/a/b"],
        &[("HTTPS_PROXY", "socks5://PEER")],
    ),
    (
        &["probe", "http", "https://git.invalid/a/b"],
        &[("HTTPS_PROXY", "socks5://me:login@PEER")],
    ),
    (&["doctor", "PEER"], &[]),
];

/// What a run took: time, and the most memory it held at once, KiB (`VmHWM`, proc(5)).
fn measured(mut command: Command) -> (Duration, u64) {
    let started = Instant::now();
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        // between fork and exec it is still this very program
        let is_gomend = text.starts_with("Name:\tgomend\n");
        let line = text
            .lines()
            .filter(|_| is_gomend)
            .find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        most = most.max(held.unwrap_or(0));
        if started.elapsed() > DEADLINE {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(5)); // between samples
    }
    (started.elapsed(), most)
}

/// Three seconds are the probes'; the rest is what a busy machine takes to start and end programs.
const BOUND: Duration = Duration::from_secs(9);

/// By their own clocks, which don't count that: the deadline, and 200 ms.
const OWN_BOUND: u64 = 3200;

/// KiB.
const MEMORY: u64 = 64 << 10;

/// How long the slowest probe took by its own clock, ms.
fn slowest(json: &[u8]) -> u64 {
    let json: Value = serde_json::from_slice(json).unwrap_or_default();
    let probes = json["probes"].as_array().into_iter().flatten();
    let times = probes.filter_map(|probe| probe["elapsed_ms"].as_u64());
    times.max().unwrap_or(0)
}

#[test]
fn no_peer_outlasts_the_deadline_or_fills_the_memory() {
    let home = tempfile::tempdir().unwrap();
    let (mut failed, mut worst) = (Vec::new(), (Duration::ZERO, 0, 0));
    for (name, peer) in PEERS {
        let address = listen(peer).to_string();
        let runs: Vec<_> = WAYS
            .iter()
            .map(|(args, vars)| {
                let args: Vec<String> = args
                    .iter()
                    .chain(&["--json"])
                    .map(|arg| arg.replace("PEER", &address))
                    .collect();
                let said = tempfile::NamedTempFile::new().unwrap();
                let mut command = gomend(
                    home.path(),
                    &args.iter().map(String::as_str).collect::<Vec<_>>(),
                );
                for (key, value) in *vars {
                    command.env(key, value.replace("PEER", &address));
                }
                command.stdout(said.reopen().unwrap());
                (args, said, std::thread::spawn(move || measured(command)))
            })
            .collect();
        for (args, said, run) in runs {
            let (took, memory) = run.join().unwrap();
            let own = slowest(&std::fs::read(said.path()).unwrap());
            worst = (worst.0.max(took), worst.1.max(memory), worst.2.max(own));
            if took > BOUND || memory > MEMORY || own > OWN_BOUND {
                failed.push(format!(
                    "{name}: {args:?}: {took:?}, {own} ms, {memory} KiB"
                ));
            }
        }
    }
    println!("the worst: {worst:?}");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(worst.1 > 1024 && worst.2 > 0, "measured: {worst:?}");
}

/// What a peer does once the handshake is done and a request is under way.
type Spoken = fn(&mut dyn Wire);

/// Both ways of a connection.
trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

/// Writes it, then this again and again, until nobody listens.
fn flood(wire: &mut dyn Wire, first: &[u8], then: &[u8]) {
    let mut wanted = wire.write_all(first);
    while wanted.is_ok() {
        wanted = wire.write_all(then);
    }
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];

/// Behind a certificate that everybody trusts; `true`: over HTTP/2.
const SPOKEN: &[(&str, bool, Spoken)] = &[
    ("a body without end", false, |wire| {
        flood(wire, b"HTTP/1.1 200 OK\r\n\r\n", &vec![b'x'; 65_536]);
    }),
    ("headers without end", false, |wire| {
        flood(wire, b"HTTP/1.1 200 OK\r\n", b"X-Filler: aaaaaaaaaaaa\r\n");
    }),
    ("interim answers without end", false, |wire| {
        flood(wire, &[], b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n");
    }),
    ("interim answers without end, over HTTP/2", true, |wire| {
        flood(wire, &SETTINGS, &frame(1, 4, 1, b"\x08\x03103"));
    }),
    ("a header block of empty pieces", true, |wire| {
        let begun = frame(1, 0, 1, &[0x88]);
        flood(
            wire,
            &[&SETTINGS[..], &begun].concat(),
            &frame(9, 0, 1, &[]),
        );
    }),
    // one large field, and thousands of bytes that each mean it again (RFC 7541, 7.3)
    ("fields that are all one large one", true, |wire| {
        let field = [&b"\x40\x01a\x7f\xa1\x1e"[..], &[b'x'; 4000]].concat();
        let block = [&[0x88][..], &field, &[0xbe; 12_000]].concat();
        flood(wire, &SETTINGS, &frame(1, 4, 1, &block));
    }),
    ("resets and farewells without end", true, |wire| {
        let reset = frame(3, 0, 1, &[0, 0, 0, 11]);
        let farewell = frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]);
        flood(wire, &SETTINGS, &[reset, farewell].concat());
    }),
    ("settings without end", true, |wire| {
        flood(wire, &[], &SETTINGS);
    }),
    ("pings without end", true, |wire| {
        flood(wire, &SETTINGS, &frame(6, 0, 0, &[0; 8]));
    }),
    ("a header block without end", true, |wire| {
        let begun = frame(1, 0, 1, &[0x88]);
        let more = frame(9, 0, 1, &[0x40, 1, b'a', 1, b'b'].repeat(2000));
        flood(wire, &[&SETTINGS[..], &begun].concat(), &more);
    }),
    ("data beyond the window", true, |wire| {
        let begun = frame(1, 4, 1, &[0x88]);
        flood(
            wire,
            &[&SETTINGS[..], &begun].concat(),
            &frame(0, 0, 1, &[b'x'; 16_384]),
        );
    }),
    ("empty data without end", true, |wire| {
        let begun = frame(1, 4, 1, &[0x88]);
        flood(
            wire,
            &[&SETTINGS[..], &begun].concat(),
            &frame(0, 0, 1, &[]),
        );
    }),
    ("pushes without end", true, |wire| {
        flood(wire, &SETTINGS, &frame(5, 4, 1, &[0, 0, 0, 2, 0x88]));
    }),
    ("windows without end", true, |wire| {
        flood(wire, &SETTINGS, &frame(8, 0, 0, &[0, 0, 0, 1]));
    }),
    ("frames of an unknown kind", true, |wire| {
        flood(wire, &SETTINGS, &frame(0xee, 0, 0, &[0; 16_384]));
    }),
    ("settings, then silence", true, |wire| {
        let _ = wire.write_all(&SETTINGS).and_then(|()| wire.flush());
        while matches!(wire.read(&mut [0; 4096]), Ok(1..)) {}
    }),
];

/// A server for `localhost` that speaks so, and the authority that vouches for it.
fn speaking(authority: &Authority, over_http2: bool, spoken: Spoken) -> SocketAddr {
    let mut config = (*authority.server("localhost", 2020, 2090)).clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if over_http2 {
        config.alpn_protocols.insert(0, b"h2".to_vec());
    }
    let config = Arc::new(config);
    listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
            spoken(&mut stream);
        }
    })
}

#[test]
fn no_trusted_peer_outlasts_the_deadline_or_fills_the_memory() {
    let home = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let ca = home.path().join("ca.pem");
    std::fs::write(&ca, &authority.pem).unwrap();
    let trusting = |mut command: Command| {
        command
            .env("SSL_CERT_FILE", &ca)
            .env("SSL_CERT_DIR", home.path())
            .env("GIT_SSL_CAINFO", &ca);
        command
    };
    let (mut failed, mut worst) = (Vec::new(), (Duration::ZERO, 0, 0));
    for &(name, over_http2, spoken) in SPOKEN {
        let port = speaking(&authority, over_http2, spoken).port();
        let url = format!("https://localhost:{port}/a/b");
        let said = tempfile::NamedTempFile::new().unwrap();
        let mut probe = trusting(gomend(home.path(), &["probe", "http", &url, "--json"]));
        probe.stdout(said.reopen().unwrap());
        let mut compared = trusting(comparing(home.path(), PRIVATE));
        compared.env("GOPROXY", format!("https://localhost:{port}"));
        let compared = std::thread::spawn(move || measured(compared));
        let (took, memory) = measured(probe);
        let own = slowest(&std::fs::read(said.path()).unwrap());
        let (long, more) = compared.join().unwrap();
        worst = (
            worst.0.max(took).max(long),
            worst.1.max(memory).max(more),
            worst.2.max(own),
        );
        if took > BOUND || long > PATIENT || memory.max(more) > MEMORY || own > OWN_BOUND {
            failed.push(format!(
                "{name}: {took:?} and {long:?}, {own} ms, {memory} and {more} KiB"
            ));
        }
    }
    println!("the worst: {worst:?}");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(worst.1 > 1024 && worst.2 > 0, "measured: {worst:?}");
}

/// A module that no public service is asked for.
const PRIVATE: &str = "git.corp.example/team/lib@v1.0.0";

/// What a comparison of one candidate, asked once, may take: five seconds, and a busy machine's share.
const PATIENT: Duration = Duration::from_secs(12);

/// A comparison in one round, of loopback alone: no go is there that would look for the repository.
fn comparing(home: &Path, target: &str) -> Command {
    let mut command = gomend(home, &["compare", target, "--rounds", "1", "--json"]);
    command.env("PATH", "/usr/bin:/bin");
    command
}

#[test]
fn no_peer_holds_up_a_comparison_or_fills_the_memory() {
    let home = tempfile::tempdir().unwrap();
    let (mut failed, mut worst) = (Vec::new(), (Duration::ZERO, 0));
    for (name, peer) in PEERS {
        let address = listen(peer).to_string();
        let mut mirror = comparing(home.path(), PRIVATE);
        mirror.env("GOPROXY", format!("http://{address}"));
        let runs = [comparing(home.path(), &address), mirror].map(|mut command| {
            command.stdout(Stdio::null());
            std::thread::spawn(move || measured(command))
        });
        for run in runs {
            let (took, memory) = run.join().unwrap();
            worst = (worst.0.max(took), worst.1.max(memory));
            if took > PATIENT || memory > MEMORY {
                failed.push(format!("{name}: {took:?}, {memory} KiB"));
            }
        }
    }
    println!("the worst: {worst:?}");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(worst.1 > 1024, "measured: {worst:?}");
}

/// A zip in which `count` names share one file of `size` zeros.
fn bomb(count: u32, size: usize) -> Vec<u8> {
    use std::io::Cursor;
    let name = "git.corp.example/team/lib@v1.0.0/00000000";
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file(name, options).unwrap();
    writer.write_all(&vec![0; size]).unwrap();
    let one = writer.finish().unwrap().into_inner();
    let end = one.len() - 22; // the last record, without a comment
    let at = |from: usize| u32::from_le_bytes(one[from..from + 4].try_into().unwrap()) as usize;
    let (length, begin) = (at(end + 12), at(end + 16));
    let entry = &one[begin..begin + length];
    let mut all = one[..begin].to_vec();
    for number in 0..count {
        let begin = all.len();
        all.extend(entry);
        let digits = begin + 46 + name.len() - 8; // behind a name's 46 bytes (APPNOTE, 4.3.12)
        all[digits..digits + 8].copy_from_slice(format!("{number:08}").as_bytes());
    }
    let mut last = one[end..].to_vec();
    last[8..10].copy_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    last[10..12].copy_from_slice(&u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes());
    last[12..16].copy_from_slice(&(u32::try_from(length).unwrap() * count).to_le_bytes());
    all.extend(last);
    all
}

#[test]
fn a_mirror_s_zip_is_bounded_too() {
    let home = tempfile::tempdir().unwrap();
    for (name, zip) in [
        ("without end", Vec::new()),
        ("one file again and again", bomb(400, 4 << 20)),
        ("a directory of many names", bomb(65_000, 1)),
    ] {
        let zip = Arc::new(zip);
        let address = listen(move |mut stream| {
            let mut request = [0; 4096];
            let length = stream.read(&mut request).unwrap_or(0);
            if String::from_utf8_lossy(&request[..length]).contains(".info") {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{\"Version\":\"v1.0.0\"}");
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            if zip.is_empty() {
                forever(&mut stream, &vec![b'x'; 65_536]);
            }
            let _ = stream.write_all(&zip);
        });
        let mut command = comparing(home.path(), PRIVATE);
        command.env("GOPROXY", format!("http://{address}"));
        let said = tempfile::NamedTempFile::new().unwrap();
        command.stdout(said.reopen().unwrap());
        let (took, memory) = measured(command);
        println!("{name}: {took:?}, {memory} KiB");
        let said = std::fs::read_to_string(said.path()).unwrap();
        let json: Value = serde_json::from_str(&said).unwrap();
        let seat = &json["contests"][0]["entries"][0];
        assert!(seat["samples"][0]["ms"].is_null(), "{name}: {seat}");
        assert!(took < Duration::from_secs(40), "{name}: {took:?}");
        assert!(memory < MEMORY, "{name}: {memory} KiB");
    }
}

/// The first connection is refused in order; the quiet repetition that follows meets the others.
#[test]
fn no_peer_holds_up_the_repetition() {
    const BOUND: Duration = Duration::from_secs(20); // ten, two for the alarm, a busy machine's share
    let runs: Vec<_> = PEERS
        .iter()
        .filter(|(name, _)| {
            ["silence", "in drips", "without end", "1 EiB", "to itself"]
                .iter()
                .any(|word| name.contains(word))
                && !["ssh", "socks", "line"]
                    .iter()
                    .any(|word| name.contains(word))
        })
        .map(|&(name, peer)| {
            std::thread::spawn(move || {
                let count = AtomicUsize::new(0);
                let count = Arc::new(count);
                let ours = Arc::clone(&count);
                let address = listen(move |mut stream| {
                    if ours.fetch_add(1, Ordering::SeqCst) > 0 {
                        return peer(stream);
                    }
                    take(&mut stream);
                    let _ = stream.write_all(
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                    );
                });
                let home = crate::support::home::Home::new();
                let path = format!(
                    "{}:{}",
                    crate::support::shims().display(),
                    home.path.display()
                );
                let mut command = home.command(crate::support::shims().join("go"));
                command
                    .env("PATH", path)
                    .env("GOPROXY", format!("http://{address}"))
                    .env("GOSUMDB", "off")
                    .env("GOMEND_REPORT", home.at("report.json"))
                    .args(["mod", "download", "-json", "m.example/x@v1.0.0"]);
                let started = Instant::now();
                let ended: crate::support::Ended = command.output().unwrap().into();
                let took = started.elapsed();
                (name, took, count.load(Ordering::SeqCst), ended)
            })
        })
        .collect();
    assert!(runs.len() > 4);
    for run in runs {
        let (name, took, connections, ended) = run.join().unwrap();
        println!("{name}: {took:?}, {connections} connections");
        assert!(connections > 1, "{name}: nothing was repeated: {ended:?}");
        assert!(took < BOUND, "{name}: {took:?}");
        assert_eq!(ended.how, crate::support::How::Code(1), "{name}: {ended:?}");
    }
}

/// What a handshake with this server shows.
fn tls(certificate: Arc<ServerConfig>) -> (Value, u64) {
    let home = tempfile::tempdir().unwrap();
    let (address, _) = https(Arc::clone(&certificate), certificate, usize::MAX);
    let target = format!("localhost:{}", address.port());
    let mut command = gomend(home.path(), &["probe", "tls", &target]);
    command.stdout(Stdio::null());
    let (_, memory) = measured(command);
    let output = gomend(home.path(), &["probe", "tls", &target, "--json"])
        .output()
        .unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    (json["probes"][0]["detail"].clone(), memory)
}

#[test]
fn a_certificate_of_ten_thousand_names_is_tls_all_the_same() {
    let names: Vec<String> = (0..10_000)
        .map(|at| format!("host-{at}.example"))
        .chain(["localhost".to_owned()])
        .collect();
    let (params, key) = leaf(&names, 2020, 2090);
    let huge = config(params.self_signed(&key).unwrap().der().clone(), &key);
    let (seen, memory) = tls(huge);
    assert_eq!(seen["outcome"], "incompatible", "{seen}");
    assert!(memory < MEMORY, "{memory} KiB");
}

#[test]
fn a_target_is_what_people_write() {
    let home = tempfile::tempdir().unwrap();
    let address = listen(|mut stream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
        silent(&mut stream);
    });
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (open, closed) = (address.port(), closed.port());
    // arguments, exit code, what the first observation is about
    let table = [
        (
            format!("tcp localhost:{open}"),
            0,
            format!("localhost:{open}"),
        ),
        (
            format!("tcp 127.0.0.1:{open}"),
            0,
            format!("127.0.0.1:{open}"),
        ),
        (format!("tcp {open}"), 0, format!("localhost:{open}")),
        (format!("tcp :{open}"), 0, format!("localhost:{open}")),
        (format!("tcp [::1]:{closed}"), 1, format!("[::1]:{closed}")),
        (
            format!("tls 127.0.0.1:{closed}"),
            1,
            format!("127.0.0.1:{closed}"),
        ),
        (
            format!("tls 127.0.0.1:{open}"),
            1,
            format!("127.0.0.1:{open}"),
        ),
        (
            format!("http 127.0.0.1:{closed}"),
            1,
            format!("127.0.0.1:{closed}"),
        ),
        (
            format!("ssh git@127.0.0.1:{closed}"),
            1,
            format!("127.0.0.1:{closed}"),
        ),
        ("tls git@localhost:a/b".to_owned(), 2, String::new()),
        ("tcp localhost:99999".to_owned(), 2, String::new()),
    ];
    for (words, code, about) in table {
        let mut args = vec!["probe"];
        args.extend(words.split(' '));
        args.push("--json");
        let output = gomend(home.path(), &args).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}: {output:?}");
        if code < 2 {
            let json: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(json["probes"][0]["target"], about, "{words}: {json}");
        }
    }
    let target = format!("localhost:{closed}");
    let output = gomend(home.path(), &["doctor", &target]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.code() == Some(1) && text.contains("FAILS") && !text.contains("hosts file"),
        "{text}"
    );
}
