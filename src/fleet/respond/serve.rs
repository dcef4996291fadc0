//! The receiver: HTTP on the loopback or a socket, for one sender that knows the token.
//!
//! In: bytes of any program of this machine. Out: alerts, one notification at a time, each on a thread that the next
//! one does not wait for. Every connection ends within [`PATIENCE`], every size is bounded, and what is refused is
//! one line.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use gomend_fleet::respond::{Alert, LARGEST, alerts};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

use crate::lang::tr;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at a time; one more waits.
const AT_ONCE: usize = 8;
/// The largest head of a request.
const HEAD: usize = 16 << 10;
/// Where notifications are taken.
const PATH: &str = "/alerts";
/// The first descriptor that systemd passes (`sd_listen_fds(3)`).
const FIRST_FD: i32 = 3;

/// Where it is listened.
pub(crate) enum Endpoint {
    /// The loopback.
    Tcp(std::net::TcpListener),
    /// A socket in the file system.
    Unix(UnixListener),
}

impl Endpoint {
    /// An address of the loopback.
    pub(crate) fn at(address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let why = tr!("only this machine's own programs are listened to: 127.0.0.1 or ::1");
            return Err(io::Error::other(why));
        }
        std::net::TcpListener::bind(address).map(Self::Tcp)
    }

    /// A socket for this user's programs; one that was left behind is replaced.
    pub(crate) fn socket(path: &Path) -> io::Result<Self> {
        if path
            .symlink_metadata()
            .is_ok_and(|old| old.file_type().is_socket())
        {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self::Unix(listener))
    }

    /// What systemd has opened for this process; `None`: nothing.
    pub(crate) fn of_systemd(var: impl Fn(&str) -> Option<u32>) -> Option<io::Result<Self>> {
        if var("LISTEN_PID") != Some(std::process::id()) || var("LISTEN_FDS") != Some(1) {
            return None;
        }
        let fd = OwnedFd::from(crate::sys::inherited(FIRST_FD));
        let listener = std::net::TcpListener::from(fd);
        Some(match listener.local_addr() {
            Ok(address) if address.ip().is_loopback() => Ok(Self::Tcp(listener)),
            Ok(_) => Err(io::Error::other(tr!(
                "only this machine's own programs are listened to: 127.0.0.1 or ::1"
            ))),
            Err(_) => {
                let listener = UnixListener::from(OwnedFd::from(listener));
                listener.local_addr().map(|_| Self::Unix(listener))
            }
        })
    }

    /// In words.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Tcp(listener) => listener.local_addr().map_or_else(
                |_| String::new(),
                |address| format!("http://{address}{PATH}"),
            ),
            Self::Unix(listener) => listener
                .local_addr()
                .ok()
                .and_then(|address| address.as_pathname().map(|path| path.display().to_string()))
                .unwrap_or_default(),
        }
    }
}

/// Hears each line.
pub(crate) type Say = Arc<dyn Fn(&str) + Send + Sync>;
/// Answers alerts, or says why nothing was done.
pub(crate) type Answer = Arc<dyn Fn(&[Alert]) -> Result<(), String> + Send + Sync>;

struct Receiver {
    token: Vec<u8>,
    is_busy: AtomicBool,
    answer: Answer,
    say: Say,
}

/// Listens until this process ends.
pub(crate) fn serve(door: Endpoint, token: Vec<u8>, answer: Answer, say: Say) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let desk = Arc::new(Receiver {
        token,
        is_busy: AtomicBool::new(false),
        answer,
        say,
    });
    let places = Arc::new(Semaphore::new(AT_ONCE));
    runtime.block_on(async {
        match door {
            Endpoint::Tcp(listener) => {
                listener.set_nonblocking(true)?;
                let listener = tokio::net::TcpListener::from_std(listener)?;
                loop {
                    let place = Arc::clone(&places).acquire_owned().await;
                    if let Some((stream, _)) = accepted(listener.accept().await).await {
                        tokio::spawn(talk(stream, Arc::clone(&desk), place.ok()));
                    }
                }
            }
            Endpoint::Unix(listener) => {
                listener.set_nonblocking(true)?;
                let listener = tokio::net::UnixListener::from_std(listener)?;
                loop {
                    let place = Arc::clone(&places).acquire_owned().await;
                    if let Some((stream, _)) = accepted(listener.accept().await).await {
                        tokio::spawn(talk(stream, Arc::clone(&desk), place.ok()));
                    }
                }
            }
        }
    })
}

/// A sender that went away at once, or a moment without descriptors, ends nothing (accept(2)).
async fn accepted<T>(accepted: io::Result<T>) -> Option<T> {
    if accepted.is_err() {
        tokio::time::sleep(Duration::from_millis(100)).await; // not as fast as errors come
    }
    accepted.ok()
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    desk: Arc<Receiver>,
    _place: Option<tokio::sync::OwnedSemaphorePermit>,
) {
    let served = service_fn(|request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.take(request).await) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .header_read_timeout(None::<Duration>) // the whole connection has one
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), served);
    match tokio::time::timeout(PATIENCE, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => (desk.say)(&tr!("refused: it is no HTTP request, or was broken off")),
        Err(_) => (desk.say)(&tr!("refused: it took too long")),
    }
}

impl Receiver {
    async fn take(self: Arc<Self>, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, why) = match self.alerts(request).await {
            Ok(alerts) => {
                if self.begin(alerts) {
                    return response(StatusCode::ACCEPTED);
                }
                let why = tr!("another notification is being answered");
                (StatusCode::SERVICE_UNAVAILABLE, why) // Alertmanager sends it again
            }
            Err(refused) => refused,
        };
        (self.say)(&tr!("refused: {why}", why));
        response(status)
    }

    async fn alerts(&self, request: Request<Incoming>) -> Result<Vec<Alert>, (StatusCode, String)> {
        let headers = request.headers();
        let given = headers
            .get(header::AUTHORIZATION)
            .map(header::HeaderValue::as_bytes);
        let given = given
            .and_then(|given| given.strip_prefix(b"Bearer "))
            .unwrap_or_default();
        if verify_slices_are_equal(given, &self.token).is_err() {
            return Err((
                StatusCode::UNAUTHORIZED,
                tr!("the token is missing or wrong"),
            ));
        }
        if request.uri().path() != PATH {
            return Err((
                StatusCode::NOT_FOUND,
                tr!("there is nothing but {path}", path = PATH),
            ));
        }
        if request.method() != Method::POST {
            return Err((StatusCode::METHOD_NOT_ALLOWED, tr!("it is no POST")));
        }
        let too_large = || {
            let why = super::refused(gomend_fleet::respond::Refusal::TooLarge);
            (StatusCode::PAYLOAD_TOO_LARGE, why)
        };
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: usize| length > LARGEST) {
            return Err(too_large());
        }
        let body = Limited::new(request.into_body(), LARGEST);
        let body = body.collect().await.map_err(|_| too_large())?.to_bytes();
        alerts(&body).map_err(|refusal| (StatusCode::BAD_REQUEST, super::refused(refusal)))
    }

    /// Answers them on a thread; false: somebody is at it.
    fn begin(self: &Arc<Self>, alerts: Vec<Alert>) -> bool {
        if self.is_busy.swap(true, Ordering::SeqCst) {
            return false;
        }
        let desk = Arc::clone(self);
        let busy = Busy(desk);
        let work = move || {
            let Busy(desk) = &busy;
            if let Err(why) = (desk.answer)(&alerts) {
                (desk.say)(&why);
            }
        };
        std::thread::Builder::new().spawn(work).is_ok() // a closure that isn't run is dropped
    }
}

/// Somebody is at it, however that ends.
struct Busy(Arc<Receiver>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.is_busy.store(false, Ordering::SeqCst);
    }
}

fn response(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
