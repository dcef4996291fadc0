//! What answers behind the connection?
//!
//! One anonymous GET of the very URL that failed. Any status proves the
//! stages before it; `Date` gives the server's clock; HTML where a protocol is
//! due gives a portal away. Never sends a credential, never follows a redirect.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::net::TcpStream;

use super::context::{Context, side};
use super::tls::{self, Route, Trust};
use super::{Blind, Id, Probe, Seen, Stack, Status, certificate, dial};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::tr;
use crate::settings::url::Url;

/// An HTTP response, or how waiting for it ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// What was asked, without credentials.
    pub url: String,
    /// Status code; `None`: no HTTP came back.
    pub code: Option<u16>,
    /// `Content-Type`, without parameters.
    pub content_type: Option<String>,
    /// HTML where a protocol is due.
    pub html: bool,
    /// Host of a redirect's `Location`.
    pub redirects_to: Option<String>,
    /// Scheme of `WWW-Authenticate`.
    pub asks_for: Option<String>,
    /// The repository that a `go-import` meta tag names (Go modules reference, "Finding a repository").
    pub go_import: Option<String>,
    /// `Retry-After`, seconds.
    pub retry_after: Option<u64>,
    /// Where a module proxy refuses (403, 451): its status for a public module that every proxy has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<u16>,
    /// The connection was untrusted, so only `/` was asked for.
    pub root_only: bool,
    /// What broke the exchange.
    pub broke: Option<Broke>,
}

/// How an exchange breaks before an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Broke {
    /// The connection was reset.
    Reset,
    /// It was closed.
    Closed,
    /// No answer in time.
    Silence,
    /// What came is no HTTP, or the request could not be sent.
    Other,
}

impl Reply {
    /// Pass below 400 unless it is HTML in place of a protocol; skip if nothing came; else fail.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.code {
            None if self.broke.is_some() => Status::Fail,
            None => Status::Skip,
            Some(code) if code < 400 && !self.html => Status::Pass,
            Some(_) => Status::Fail,
        }
    }
}

/// This machine's clock against the `Date` of a server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// Whose `Date` it is.
    pub against: String,
    /// This machine's clock minus the server's, seconds (positive: ours is ahead).
    pub skew_s: Option<i64>,
}

/// Beyond five minutes certificates start to fail and so do signed requests (playbook row 17).
pub const SKEW_BOUND_S: i64 = 300;

impl Clock {
    /// Fail beyond [`SKEW_BOUND_S`].
    #[must_use]
    pub fn status(&self) -> Status {
        match self.skew_s {
            None => Status::Skip,
            Some(skew) if skew.abs() <= SKEW_BOUND_S => Status::Pass,
            Some(_) => Status::Fail,
        }
    }
}

/// The probe.
pub(super) struct Http;

impl Probe for Http {
    fn id(&self) -> Id {
        Id::Http
    }

    fn question(&self) -> &'static str {
        "What answers behind the connection?"
    }

    fn applies(&self, cx: &Context) -> bool {
        cx.subject.is_remote()
            && cx.subject.scheme.starts_with("http")
            && cx.subject.suspects.first() != Some(&Cause::RateLimited)
    }

    fn stacks(&self, _cx: &Context) -> &'static [Stack] {
        &[Stack::Go, Stack::Git]
    }

    fn target(&self, cx: &Context) -> String {
        cx.askable_url()
    }

    fn run(&self, cx: &Context, stack: Stack, deadline: Instant) -> Seen {
        let (reply, date) = match look(cx, stack, deadline) {
            Ok(looked) => looked,
            Err(blind) => {
                cx.date[side(stack)].keep(None);
                return Seen::Nothing(Id::Http, blind);
            }
        };
        cx.date[side(stack)].keep(date.map(|date| (cx.subject.host.clone(), date)));
        Seen::Http(reply)
    }
}

/// Asks, and returns the reply with our clock's lead over the server's, seconds.
fn look(cx: &Context, stack: Stack, deadline: Instant) -> Result<(Reply, Option<i64>), Blind> {
    let trusted = if cx.subject.has_tls() {
        let handshake = cx.handshake[side(stack)]
            .wait(deadline)
            .flatten()
            .ok_or(Blind::Behind(Id::Tls))?;
        if handshake.outcome != tls::Outcome::Completed {
            return Err(Blind::Behind(Id::Tls));
        }
        [handshake.go, handshake.git].contains(&Trust::Trusted)
            && handshake.name_matches == Some(true)
    } else {
        true
    };
    let route = Route::all(cx, stack, deadline)?
        .into_iter()
        .find_map(|route| Some((route.clone(), route.open(cx, stack, deadline)?)));
    let (route, stream) = route.ok_or(Blind::Behind(Id::Tcp))?;
    let proxied = matches!(route, Route::Proxy(_)) && !cx.subject.has_tls();
    let asked = cx.askable_url();
    // over a connection that nobody vouches for, not even the module's path is told
    let url = if trusted { asked } else { root_of(&asked) };
    let reply = Reply {
        url: url.clone(),
        root_only: !trusted,
        ..Reply::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime =
        runtime.map_err(|error| Blind::Machine(tr!("start a runtime: {error}", error)))?;
    let asking = exchange(cx, stream, &url, proxied);
    match runtime.block_on(async { tokio::time::timeout(dial::patience(deadline), asking).await }) {
        Ok(Ok(response)) => {
            let (reply, date) = read(cx, reply, &response);
            let control = control(cx, &reply).and_then(|url| {
                let stream = route.open(cx, stack, deadline)?;
                let asked = exchange(cx, stream, &url, proxied);
                let patience = dial::patience(deadline);
                let ended = async { tokio::time::timeout(patience, asked).await };
                Some(runtime.block_on(ended).ok()?.ok()?.code)
            });
            Ok((Reply { control, ..reply }, date))
        }
        Ok(Err(broke)) => Ok((
            Reply {
                broke: Some(broke),
                ..reply
            },
            None,
        )),
        Err(_) => Ok((
            Reply {
                broke: Some(Broke::Silence),
                ..reply
            },
            None,
        )),
    }
}

/// What else to ask a module proxy that refuses a module: whether it refuses every one.
fn control(cx: &Context, reply: &Reply) -> Option<String> {
    let refused = matches!(reply.code, Some(403 | 451)) && !reply.root_only;
    let host = cx.subject.module.as_deref()?.split('/').next()?;
    let (base, _) = reply.url.split_once(&format!("/{host}/"))?;
    (refused && cx.subject.role == Role::Goproxy)
        .then(|| format!("{base}/golang.org/x/text/@v/list"))
}

fn root_of(url: &str) -> String {
    Url::parse(url)
        .map(|url| format!("{}/", url.origin()))
        .unwrap_or_default()
}

/// A response's head, and the beginning of its body.
struct Response {
    code: u16,
    headers: hyper::HeaderMap,
    body: Bytes,
}

/// How much of a body is read: enough to tell HTML from a protocol, and for the head of a vanity page.
const BODY: usize = 64 << 10;

/// How long it is waited for once the head is there.
const BODY_PATIENCE: Duration = Duration::from_millis(500);

async fn exchange(
    cx: &Context,
    stream: std::net::TcpStream,
    url: &str,
    proxied: bool,
) -> Result<Response, Broke> {
    stream
        .set_nonblocking(true)
        .map_err(|error| of_io(&error))?;
    let stream = TcpStream::from_std(stream).map_err(|error| of_io(&error))?;
    let uri: Uri = url.parse().map_err(|_| Broke::Other)?;
    let target = match (proxied, uri.path_and_query()) {
        (true, _) => url.to_owned(), // to a proxy, plain HTTP is asked in absolute form
        (false, Some(path)) => path.to_string(),
        (false, None) => "/".to_owned(),
    };
    let agent = match cx.subject.role {
        Role::VcsHttps => "git/2 (gomend probe)", // some forges answer 404 to what is no git
        _ => "Go-http-client/1.1 (gomend probe)",
    };
    let host = uri
        .authority()
        .map_or(cx.subject.host.as_str(), |authority| authority.as_str());
    let request = Request::get(target)
        .header(header::HOST, host)
        .header(header::USER_AGENT, agent)
        .header(header::ACCEPT, "*/*")
        .body(Empty::<Bytes>::new())
        .map_err(|_| Broke::Other)?;
    if !cx.subject.has_tls() {
        return ask(stream, request).await;
    }
    let recorder = Arc::new(tls::Recorder::default());
    let config = tls::config(&recorder, None, &[b"http/1.1"]).ok_or(Broke::Other)?;
    let name = ServerName::try_from(cx.subject.host.clone()).map_err(|_| Broke::Other)?;
    let stream = tokio_rustls::TlsConnector::from(config)
        .connect(name, stream)
        .await;
    ask(stream.map_err(|error| of_io(&error))?, request).await
}

async fn ask<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Response, Broke>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|error| of_hyper(&error))?;
    let exchange = async move {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| of_hyper(&error))?;
        let (head, body) = response.into_parts();
        // a body without end, or none at all, must not cost what the head told
        let body = tokio::time::timeout(BODY_PATIENCE, Limited::new(body, BODY).collect()).await;
        let body = body.ok().and_then(Result::ok);
        let body = body
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default();
        Ok(Response {
            code: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    };
    tokio::pin!(connection);
    tokio::pin!(exchange);
    tokio::select! {
        done = &mut exchange => done,
        ended = &mut connection => {
            ended.map_err(|error| of_hyper(&error))?;
            exchange.await
        }
    }
}

fn of_io(error: &std::io::Error) -> Broke {
    match error.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Broke::Reset
        }
        ErrorKind::UnexpectedEof => Broke::Closed,
        ErrorKind::TimedOut => Broke::Silence,
        _ => Broke::Other,
    }
}

fn of_hyper(error: &hyper::Error) -> Broke {
    let io =
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    match io {
        Some(io) => of_io(io),
        None if error.is_incomplete_message() => Broke::Closed,
        None => Broke::Other,
    }
}

fn read(cx: &Context, reply: Reply, response: &Response) -> (Reply, Option<i64>) {
    let text = |name: header::HeaderName| {
        response
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let content_type = text(header::CONTENT_TYPE)
        .map(|value| certificate::plain(value.split(';').next().unwrap_or_default().trim()));
    let starts_as_html = response.body.trim_ascii_start().to_ascii_lowercase();
    let is_html = content_type.as_deref() == Some("text/html")
        || starts_as_html.starts_with(b"<!doctype html")
        || starts_as_html.starts_with(b"<html");
    // a vanity page is HTML by right; anything else that answers 2xx must not be
    let discovery = cx.subject.role == Role::ImportMeta || reply.url.contains("go-get=1");
    let html = is_html
        && (200..300).contains(&response.code)
        && !discovery
        && !(reply.root_only || reply.url.ends_with('/'));
    let location = text(header::LOCATION).and_then(Url::parse);
    let asks_for = text(header::WWW_AUTHENTICATE)
        .and_then(|value| value.split_whitespace().next())
        .map(certificate::plain);
    let retry_after = text(header::RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    let date = text(header::DATE).and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
    let skew = date.map(|date| (OffsetDateTime::now_utc() - date).whole_seconds());
    let reply = Reply {
        code: Some(response.code),
        content_type,
        html,
        redirects_to: location
            .map(|url| url.host)
            .filter(|host| *host != cx.subject.host),
        asks_for,
        go_import: discovery
            .then(|| go_import(&String::from_utf8_lossy(&response.body)))
            .flatten(),
        retry_after,
        ..reply
    };
    (reply, skew)
}

/// The repository of the first `<meta name="go-import" content="prefix vcs repository">`.
fn go_import(page: &str) -> Option<String> {
    let tag = page
        .split("<meta")
        .skip(1)
        .map(|tag| tag.split('>').next().unwrap_or_default());
    let mut tags = tag.filter(|tag| tag.contains("go-import"));
    let content = tags.next()?.split_once("content=")?.1.trim_start();
    let quote = content
        .chars()
        .next()
        .filter(|quote| matches!(quote, '"' | '\''))?;
    let content = content[1..].split(quote).next()?;
    let repository = content.split_whitespace().nth(2)?;
    Url::parse(repository)?;
    Some(certificate::plain(repository))
}

/// The probe of this machine's clock.
pub(super) struct ClockProbe;

impl Probe for ClockProbe {
    fn id(&self) -> Id {
        Id::Clock
    }

    fn question(&self) -> &'static str {
        "Is this machine's clock right?"
    }

    fn applies(&self, cx: &Context) -> bool {
        Http.applies(cx)
    }

    fn stacks(&self, _cx: &Context) -> &'static [Stack] {
        &[Stack::Both]
    }

    fn target(&self, cx: &Context) -> String {
        cx.subject.host.clone()
    }

    fn run(&self, cx: &Context, _stack: Stack, deadline: Instant) -> Seen {
        match cx
            .date
            .iter()
            .find_map(|date| date.wait(deadline).flatten())
        {
            Some((against, skew)) => Seen::Clock(Clock {
                against,
                skew_s: Some(skew),
            }),
            None => Seen::Nothing(Id::Clock, Blind::Behind(Id::Http)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::go_import;

    #[test]
    fn the_meta_tag() {
        let page = "<html><head><meta charset='utf-8'><meta name=\"go-import\" content=\"a.example/x git https://git.a.example/x\"></head>";
        assert_eq!(go_import(page).as_deref(), Some("https://git.a.example/x"));
        assert_eq!(go_import("<meta name=go-import content=>"), None);
        assert_eq!(
            go_import("<meta name='go-import' content='a git -oProxyCommand=x'>"),
            None
        );
    }
}
