//! HTTP over a TCP or TLS stream: a [`Site`] answers requests.
//!
//! In: a stream and a function from request to reply. Out: the reply, whole or
//! cut off on purpose. HTTP/2 that breaks is in `http2`.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::events::{Event, EventLog};

/// What a site is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST` ...
    pub method: String,
    /// The `Host` header.
    pub host: String,
    /// The path, as sent.
    pub path: String,
    /// The query, without the question mark.
    pub query: String,
    /// Header names, lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
}

impl Request {
    async fn of(request: hyper::Request<Incoming>) -> Self {
        let (head, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        let text =
            |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
        let host = head
            .headers
            .get("host")
            .map(text)
            .or_else(|| head.uri.authority().map(ToString::to_string));
        Self {
            method: head.method.to_string(),
            host: host.unwrap_or_default(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), text(value)))
                .collect(),
            body,
        }
    }

    /// The first header of this name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// What a site answers.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Bytes,
    /// Send only so many bytes of it, though all were announced, and close.
    pub cut: Option<usize>,
    /// Send so many bytes of it a second; `None`: at once.
    pub pace: Option<usize>,
}

impl Reply {
    /// A reply with a `Content-Type`.
    pub fn new(status: u16, kind: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), kind.into())],
            body: body.into(),
            cut: None,
            pace: None,
        }
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    /// A page.
    pub fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, "text/html; charset=utf-8", body)
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Announces all, sends so many bytes, and closes.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

/// The same site, each answer so much later.
#[must_use]
pub fn late(inner: Site, delay: Duration) -> Site {
    site(move |request| {
        std::thread::sleep(delay);
        inner(request)
    })
}

/// The same site with bodies at this speed, bytes a second.
#[must_use]
pub fn paced(inner: Site, bytes: usize) -> Site {
    site(move |request| Reply {
        pace: Some(bytes),
        ..inner(request)
    })
}

/// The same site, but every `nth` request is answered by 503.
#[must_use]
pub fn failing(inner: Site, nth: usize) -> Site {
    let asked = AtomicUsize::new(0);
    site(move |request| {
        if (asked.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(nth) {
            return Reply::text(503, "overloaded\n");
        }
        inner(request)
    })
}

/// A web site: called on a thread that may block.
pub type Site = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

/// Makes a site of a function.
pub fn site(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Site {
    Arc::new(answer)
}

/// A site at an address, and where it is written down what it is asked.
#[derive(Clone)]
pub struct Service {
    /// The listening address.
    pub server: SocketAddr,
    /// What answers.
    pub site: Site,
    /// The scene's journal.
    pub journal: EventLog,
}

impl Service {
    /// Serves one connection until it is closed.
    pub async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request| self.answered(request));
        // A client that hangs up, or a reply cut on purpose, ends in an error here.
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    /// The same over HTTP/2.
    pub(crate) async fn serve_over_http2<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(|request| self.answered(request));
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new()) // as above
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    fn answered(
        &self,
        request: hyper::Request<Incoming>,
    ) -> impl Future<Output = Result<hyper::Response<Partial>, Infallible>> + Send + use<> {
        let service = self.clone();
        async move { Ok(service.answer(request).await) }
    }

    async fn answer(self, request: hyper::Request<Incoming>) -> hyper::Response<Partial> {
        let asked = Request::of(request).await;
        let (site, request) = (self.site, asked.clone());
        let reply = tokio::task::spawn_blocking(move || site(&request))
            .await
            .unwrap_or_else(|_| Reply::text(500, "the site panicked\n"));
        let path = if asked.query.is_empty() {
            asked.path.clone()
        } else {
            format!("{}?{}", asked.path, asked.query)
        };
        self.journal.note(Event::Http {
            server: self.server,
            authorization: asked.header("authorization").map(Into::into),
            method: asked.method,
            host: asked.host,
            path,
            status: reply.status,
        });
        response(reply)
    }
}

fn response(reply: Reply) -> hyper::Response<Partial> {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let promised = reply.body.len() as u64;
    let mut body = reply.body;
    let mut end = End::Whole;
    if let Some(cut) = reply.cut.filter(|cut| *cut < body.len()) {
        body.truncate(cut);
        end = End::Flush;
    }
    response
        .body(Partial {
            body: Some(body),
            promised,
            end,
            pace: reply.pace.map(Pace::new),
        })
        .expect("sites name valid statuses and headers")
}

/// A body that may end before its announced length.
#[derive(Debug)]
struct Partial {
    body: Option<Bytes>,
    promised: u64,
    end: End,
    pace: Option<Pace>,
}

/// A body sent piece by piece.
#[derive(Debug)]
struct Pace {
    piece: usize,
    next: Pin<Box<tokio::time::Sleep>>,
}

impl Pace {
    /// Short enough to be even, long enough for the machine.
    const STEP: Duration = Duration::from_millis(20);

    fn new(bytes_per_second: usize) -> Self {
        Self {
            piece: (bytes_per_second / 50).max(1),
            next: Box::pin(tokio::time::sleep(Self::STEP)),
        }
    }

    /// Ready when the next piece may be sent; the time after it counts from there.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        match self.next.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                let next = self.next.deadline() + Self::STEP;
                self.next.as_mut().reset(next);
                Poll::Ready(self.piece)
            }
        }
    }
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    Flush,
    Cut,
}

impl Body for Partial {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let this = &mut *self;
        if let (Some(pace), Some(body)) = (&mut this.pace, &mut this.body)
            && !body.is_empty()
        {
            return pace
                .poll(context)
                .map(|piece| Some(Ok(Frame::data(body.split_to(piece.min(body.len()))))));
        }
        if let Some(body) = self.body.take() {
            return Poll::Ready(Some(Ok(Frame::data(body))));
        }
        match self.end {
            End::Whole => Poll::Ready(None),
            End::Flush => {
                // Pending once: what was sent is flushed before the error.
                self.end = End::Cut;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            End::Cut => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Whole && self.body.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
