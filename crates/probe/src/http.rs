//! What answers behind the connection?
//!
//! One anonymous GET of the very URL that failed, over a connection whose own
//! chain the stack accepts; over any other, of `/`. Any status proves the
//! stages before it; `Date` gives the server's clock; HTML where a protocol is
//! due gives a portal away. Never sends a credential, never follows a redirect.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::http::uri::Authority;
use hyper::{Request, Uri, header};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::channel::{self, Channel};
use super::context::{Context, side};
use super::tls::{self, Route};
use super::{Id, Probe, Seen, Stack, Status, Unavailable, certificate, dial};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::mask;
use crate::settings::goproxy;
use crate::settings::pattern;
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
    /// The same request over HTTP/2, where a transfer was cut: Go speaks it whenever it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http2: Option<Http2>,
    /// The connection was not one that the stack accepts, so only `/` was asked for.
    pub root_only: bool,
    /// What broke the exchange.
    pub broke: Option<Broke>,
}

/// How a request over HTTP/2 ends (RFC 9113).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Http2 {
    /// The server doesn't offer it.
    NotOffered,
    /// It answers.
    Answers,
    /// The stream is reset (`RST_STREAM`).
    Reset,
    /// The connection is given up (`GOAWAY`).
    GoAway,
    /// The connection breaks.
    Closed,
    /// Nothing comes, or no more.
    Stalled,
}

impl Http2 {
    /// Whether it breaks where HTTP/1.1 may pass.
    #[must_use]
    pub fn is_broken(self) -> bool {
        !matches!(self, Self::NotOffered | Self::Answers)
    }
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
pub(super) const HTTP: Probe = Probe {
    id: Id::Http,
    applies: |cx| {
        cx.subject.is_remote()
            && cx.subject.scheme.starts_with("http")
            && cx.subject.suspects.first() != Some(&Cause::RateLimited)
    },
    stacks: |_| &[Stack::Go, Stack::Git],
    target: |cx| cx.askable_url(),
    run,
};

fn run(cx: &Context, stack: Stack, deadline: Instant) -> Seen {
    let (reply, date) = match look(cx, stack, deadline) {
        Ok(looked) => looked,
        Err(why) => {
            cx.date[side(stack)].keep(None);
            return Seen::Nothing(Id::Http, why);
        }
    };
    cx.date[side(stack)].keep(date.map(|date| (cx.subject.host.clone(), date)));
    Seen::Http(reply)
}

/// Asks, and returns the reply with our clock's lead over the server's, seconds.
fn look(
    cx: &Context,
    stack: Stack,
    deadline: Instant,
) -> Result<(Reply, Option<i64>), Unavailable> {
    if cx.subject.has_tls() {
        let handshake = cx.handshake[side(stack)]
            .wait(deadline)
            .flatten()
            .ok_or(Unavailable::Behind(Id::Tls))?;
        if handshake.outcome != tls::HandshakeOutcome::Completed {
            return Err(Unavailable::Behind(Id::Tls));
        }
    }
    let route = Route::all(cx, stack, deadline)?
        .into_iter()
        .find_map(|route| Some((route.clone(), route.open(cx, stack, deadline)?)));
    let (route, stream) = route.ok_or(Unavailable::Behind(Id::Tcp))?;
    let proxied = matches!(&route, Route::Proxy(url) if !url.scheme.starts_with("socks"))
        && !cx.subject.has_tls();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Unavailable::Machine(error.to_string()))?;
    let ask = |url: &str, stream, reply: &mut Reply| {
        let exchange = exchange(cx, stack, url, (stream, proxied), reply, deadline);
        runtime
            .block_on(async { tokio::time::timeout(dial::patience(deadline), exchange).await })
            .unwrap_or(Err(Broke::Silence))
    };
    let mut reply = Reply::default();
    match ask(&cx.askable_url(), stream, &mut reply) {
        Ok(response) => {
            let (mut reply, date) = read(cx, reply, &response);
            let is_own = stack == owner(cx.subject.role, stack);
            let control = control(cx, &reply).filter(|_| is_own);
            reply.control = control.and_then(|url| {
                let stream = route.open(cx, stack, deadline)?;
                Some(ask(&url, stream, &mut Reply::default()).ok()?.code)
            });
            let is_cut = cx.subject.suspects(&[Cause::TransferInterrupted]);
            let is_gos = stack == Stack::Go && owner(cx.subject.role, Stack::Git) == Stack::Go;
            if is_cut && is_gos && cx.subject.has_tls() && !reply.root_only {
                reply.http2 = route.open(cx, stack, deadline).and_then(|stream| {
                    runtime.block_on(over_http2(cx, &reply.url, stream, deadline))
                });
            }
            Ok((reply, date))
        }
        Err(broke) => {
            reply.broke = Some(broke);
            Ok((reply, None))
        }
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

/// Whose request it is: what only go asks, git's connections don't carry unless go would accept them too.
fn owner(role: Role, stack: Stack) -> Stack {
    match role {
        Role::Goproxy | Role::Sumdb | Role::ImportMeta | Role::Toolchain => Stack::Go,
        Role::VcsHttps | Role::VcsSsh | Role::VcsGit => Stack::Git,
        Role::HttpProxy | Role::None => stack,
    }
}

/// Whether the user's own settings send this request in the clear: a GOPROXY of theirs, GOINSECURE, or an
/// `insteadOf` that leads there.
fn in_the_clear(cx: &Context, asked: &Url, deadline: Instant) -> bool {
    let same = |text: &str| {
        Url::parse(text).is_some_and(|url| {
            url.scheme == "http"
                && url.host == asked.host
                && url.port_or_default() == asked.port_or_default()
        })
    };
    let insecure = |module: &str| pattern::matches(cx.goenv.value("GOINSECURE"), module);
    let mut proxies = goproxy::entries(cx.goenv.value("GOPROXY"));
    proxies.any(|entry| same(entry.source.text()))
        || cx.subject.module.as_deref().is_some_and(insecure)
        || cx.git_config(deadline).is_some_and(|config| {
            let bases = config
                .all
                .iter()
                .filter_map(|(key, _)| key.strip_prefix("url.")?.strip_suffix(".insteadof"));
            bases.into_iter().any(same)
        })
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

/// One request on a stream, which may lead to an HTTP proxy; `reply` is told what was asked as soon
/// as that is known.
async fn exchange(
    cx: &Context,
    stack: Stack,
    url: &str,
    (stream, proxied): (std::net::TcpStream, bool),
    reply: &mut Reply,
    deadline: Instant,
) -> Result<Response, Broke> {
    let asked = Url::parse(url).ok_or(Broke::Other)?;
    let root = format!("{}/", asked.origin());
    reply.url.clone_from(&root);
    let agent = match cx.subject.role {
        Role::VcsHttps => "git/2 (gomend probe)", // some forges answer 404 to what is no git
        _ => "Go-http-client/1.1 (gomend probe)",
    };
    let channel = if cx.subject.has_tls() {
        let stores = cx.stores(deadline);
        let verifiers = [stack, owner(cx.subject.role, stack)].map(|stack| stores.verifier(stack));
        let config = channel::config(channel::HTTP_1).ok_or(Broke::Other)?;
        channel::secure(config, verifiers, &cx.subject.host, stream).await
    } else {
        channel::clear(stream, in_the_clear(cx, &asked, deadline))
    };
    let ready = match channel.map_err(|error| of_io(&error))? {
        Channel::Unverified(unverified, _) => {
            reply.root_only = url != root;
            unverified.root(&asked, agent, proxied)
        }
        Channel::Verified(verified) => {
            url.clone_into(&mut reply.url);
            let uri: Uri = url.parse().map_err(|_| Broke::Other)?;
            let path = uri.path_and_query().map_or("/", |path| path.as_str());
            // to a proxy, plain HTTP is asked in absolute form
            let target = if proxied { url } else { path };
            let request = Request::get(target)
                .header(header::HOST, uri.authority().map_or("", Authority::as_str))
                .header(header::USER_AGENT, agent)
                .header(header::ACCEPT, "*/*")
                .body(Full::default());
            request.ok().map(|request| verified.with(request))
        }
    };
    let response = ready.ok_or(Broke::Other)?.send().await;
    let (head, body) = response.map_err(|error| of_hyper(&error))?.into_parts();
    // a body without end, or none at all, must not cost what the head told
    let body = tokio::time::timeout(BODY_PATIENCE, Limited::new(body, BODY).collect()).await;
    let body = body.ok().and_then(Result::ok);
    Ok(Response {
        code: head.status.as_u16(),
        headers: head.headers,
        body: body
            .map(http_body_util::Collected::to_bytes)
            .unwrap_or_default(),
    })
}

/// A stream on which nothing came for so long stalls: HTTP/1.1 has just answered.
const STALLED: Duration = Duration::from_secs(1);

/// The same GET over HTTP/2, to the end of the body or of what is read of it; `None`: nothing was learnt.
async fn over_http2(
    cx: &Context,
    url: &str,
    stream: std::net::TcpStream,
    deadline: Instant,
) -> Option<Http2> {
    let stores = cx.stores(deadline);
    let verifiers =
        [Stack::Go, owner(cx.subject.role, Stack::Go)].map(|stack| stores.verifier(stack));
    let config = channel::config(channel::HTTP_2)?;
    let until = tokio::time::Instant::from_std(dial::early(deadline));
    let channel = channel::secure(config, verifiers, &cx.subject.host, stream);
    let verified = match tokio::time::timeout_at(until, channel).await.ok()? {
        Ok(Channel::Verified(verified)) if verified.is_http2() => verified,
        // a server that knows only others answers with an alert, or goes on without
        _ => return Some(Http2::NotOffered),
    };
    let request = Request::get(url)
        .header(header::USER_AGENT, "Go-http-client/2.0 (gomend probe)")
        .header(header::ACCEPT, "*/*")
        .body(Full::default())
        .ok()?;
    let exchange = async {
        let body = match verified.with(request).send_over_http2().await {
            Ok(response) => response.into_body(),
            Err(error) => return broken(&error),
        };
        match Limited::new(body, BODY).collect().await {
            Ok(_) => Http2::Answers,
            Err(error) => error
                .downcast_ref::<hyper::Error>()
                .map_or(Http2::Answers, broken), // longer than what is read
        }
    };
    let began = Instant::now();
    match tokio::time::timeout_at(until, exchange).await {
        Ok(ended) => Some(ended),
        Err(_) => (began.elapsed() >= STALLED).then_some(Http2::Stalled),
    }
}

/// What HTTP/2 says of its end.
#[must_use]
pub fn broken(error: &hyper::Error) -> Http2 {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let said = causes
        .into_iter()
        .find_map(|cause| cause.downcast_ref::<h2::Error>());
    match said {
        Some(said) if said.is_go_away() => Http2::GoAway,
        Some(said) if said.is_reset() => Http2::Reset,
        _ => Http2::Closed,
    }
}

/// A name of an authentication scheme (RFC 9110, section 11.1; IANA's registry has none longer).
fn is_auth_scheme(word: &str) -> bool {
    const LONGEST: usize = 24;
    word.len() <= LONGEST
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
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
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let io = causes
        .into_iter()
        .find_map(|cause| cause.downcast_ref::<std::io::Error>());
    match io {
        Some(io) => of_io(io),
        None if error.is_incomplete_message() || error.is_canceled() => Broke::Closed,
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
        .filter(|scheme| is_auth_scheme(scheme))
        .map(str::to_owned);
    let retry_after = text(header::RETRY_AFTER).and_then(|value| value.trim().parse().ok());
    let date = text(header::DATE).and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
    let skew = date.map(|date| (OffsetDateTime::now_utc() - date).whole_seconds());
    let reply = Reply {
        code: Some(response.code),
        content_type,
        html,
        redirects_to: location
            .map(|url| url.host)
            .filter(|host| *host != cx.subject.host)
            .map(|host| mask::host(&host)),
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
pub(super) const CLOCK: Probe = Probe {
    id: Id::Clock,
    applies: HTTP.applies,
    stacks: |_| &[Stack::Both],
    target: |cx| cx.subject.host.clone(),
    run: run_clock,
};

fn run_clock(cx: &Context, _stack: Stack, deadline: Instant) -> Seen {
    match cx
        .date
        .iter()
        .find_map(|date| date.wait(deadline).flatten())
    {
        Some((against, skew)) => Seen::Clock(Clock {
            against,
            skew_s: Some(skew),
        }),
        None => Seen::Nothing(Id::Clock, Unavailable::Behind(Id::Http)),
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
