//! Which HTTP proxy is in between, why, and does it let us through?
//!
//! Per stack, since Go and libcurl read other variables in another order.
//! Where a proxy is chosen, the direct way is tried beside it. Not handled:
//! proxy auto-configuration files, NTLM and Kerberos.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::channel::{self, Channel};
use super::context::{Context, side};
use super::{Id, Probe, Seen, Stack, Status, Unavailable, dial, dns, tcp};
use crate::cause::Cause;
use crate::settings::proxies;
use crate::settings::url::Url;

/// What the proxy did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connect {
    /// The tunnel stands (or, for a plain `http` target, the proxy accepts connections).
    Opened,
    /// The proxy answered the CONNECT with an error status.
    Status(u16),
    /// The proxy's name cannot be resolved.
    NoSuchName,
    /// No connection to the proxy.
    Failed(tcp::ConnectOutcome),
    /// The SOCKS proxy answered with this error (RFC 1928, section 6); 255: it takes none of our ways to log in.
    Socks(u8),
    /// What answers at the proxy's address speaks no HTTP.
    NotHttp,
    /// The proxy accepts the connection and never answers.
    Silence,
    /// A `https` scheme, and the proxy speaks no TLS.
    NotTls,
    /// A `https` scheme, and the stack refuses the proxy's certificate.
    NotTrusted,
    /// The setting cannot be read as a proxy URL.
    Malformed,
    /// No proxy is chosen, or it was not tried.
    #[default]
    NotTried,
}

/// The choice of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The proxy, without credentials; `None`: direct.
    pub proxy: Option<String>,
    /// The variable or configuration key that decided, either way.
    pub decided_by: Option<String>,
    /// The setting carries a user name.
    pub has_user: bool,
    /// What the proxy did.
    pub connect: Connect,
    /// The scheme that `Proxy-Authenticate` names, after a 407.
    pub asks_for: Option<String>,
    /// How the direct way went, where a proxy is chosen.
    pub direct: tcp::ConnectOutcome,
}

impl Choice {
    /// Pass if direct or let through.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.connect {
            Connect::Opened => Status::Pass,
            Connect::NotTried if self.proxy.is_none() => Status::Pass,
            Connect::NotTried => Status::Skip,
            _ => Status::Fail,
        }
    }
}

/// The probe.
pub(super) const PROXY: Probe = Probe {
    id: Id::Proxy,
    applies: |cx| cx.subject.is_remote() && cx.subject.scheme.starts_with("http"),
    stacks: |_| &[Stack::Go, Stack::Git, Stack::Both],
    target: |cx| cx.subject.address(),
    run,
};

fn run(cx: &Context, stack: Stack, deadline: Instant) -> Seen {
    if stack == Stack::Both {
        return unused(cx, deadline);
    }
    match cx.proxy(stack, deadline) {
        proxies::Choice::Direct(decided_by) => Seen::Proxy(Choice {
            decided_by,
            ..Choice::default()
        }),
        proxies::Choice::Malformed(key) => Seen::Proxy(Choice {
            decided_by: Some(key),
            connect: Connect::Malformed,
            ..Choice::default()
        }),
        proxies::Choice::Proxy(url, key) => {
            let choice = Choice {
                proxy: Some(url.origin()),
                decided_by: Some(key),
                has_user: url.userinfo.is_some(),
                ..Choice::default()
            };
            if url.scheme.starts_with("socks4") {
                return Seen::Nothing(Id::Proxy, Unavailable::ProxyNotSpoken);
            }
            let tunnel = through(cx, stack, &url, deadline);
            let direct = if tunnel.connect == Connect::Opened {
                tcp::ConnectOutcome::Unknown
            } else {
                direct(cx, stack, deadline)
            };
            Seen::Proxy(Choice {
                connect: tunnel.connect,
                asks_for: tunnel.asks_for,
                direct,
                ..choice
            })
        }
    }
}

/// A proxy that the settings mention, and that neither stack chooses here: where the direct way is closed,
/// it may be the one that is missing.
fn unused(cx: &Context, deadline: Instant) -> Seen {
    let in_use = [Stack::Go, Stack::Git].map(|stack| cx.proxy(stack, deadline));
    let is_taken = |url: &Url| {
        in_use
            .iter()
            .filter_map(proxies::Choice::proxy)
            .any(|other| other.host == url.host)
    };
    let config = cx.git_config(deadline).unwrap_or_default();
    let by_variable = proxies::VARIABLES
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), Url::proxy(cx.env.var(name)?)?)));
    let keys = config
        .all
        .iter()
        .filter(|(key, _)| key.starts_with("http.") && key.ends_with("proxy"));
    let configured = keys.filter_map(|(key, value)| Some((key.clone(), Url::proxy(value)?)));
    let mentioned = by_variable
        .chain(configured)
        .find(|(_, url)| matches!(url.scheme.as_str(), "" | "http") && !is_taken(url));
    let Some((key, url)) = mentioned else {
        return Seen::Nothing(Id::Proxy, Unavailable::NothingElse);
    };
    let tunnel = through(cx, Stack::Go, &url, deadline);
    Seen::Proxy(Choice {
        proxy: Some(url.origin()),
        decided_by: Some(key),
        has_user: url.userinfo.is_some(),
        connect: tunnel.connect,
        asks_for: tunnel.asks_for,
        direct: tcp::ConnectOutcome::Unknown,
    })
}

/// Whether the direct way stands: the tcp probe tries it anyway.
fn direct(cx: &Context, stack: Stack, deadline: Instant) -> tcp::ConnectOutcome {
    match cx.connected[side(stack)].wait(deadline) {
        Some(Some(_)) => tcp::ConnectOutcome::Connected,
        _ => tcp::ConnectOutcome::Unknown,
    }
}

/// A tunnel to the subject through `proxy`, as `stack` would open it.
pub(super) fn through(cx: &Context, stack: Stack, proxy: &Url, deadline: Instant) -> dial::Tunnel {
    let (whole, deadline) = (deadline, dial::early(deadline));
    let failed = dial::Tunnel::failed;
    let reached = || reach(cx, stack, proxy, deadline);
    let mut stream = match reached() {
        Ok(stream) => stream,
        Err(connect) => return failed(connect),
    };
    if proxy.scheme.starts_with("socks5") {
        let login = proxy.userinfo.as_deref();
        return dial::socks5(stream, &cx.subject.host, cx.subject.port, login, deadline);
    }
    if cx.subject.scheme == "http" {
        return failed(Connect::Opened); // plain requests are sent to the proxy, not tunnelled
    }
    if proxy.scheme == "https" && !super::tls::answers_in_tls(&stream, deadline) {
        return failed(Connect::NotTls);
    }
    if proxy.scheme == "https" {
        // the first connection has told what it speaks
        match reached().and_then(|stream| within_tls(cx, stack, stream, proxy, whole)) {
            Ok(clear) => stream = clear,
            Err(connect) => return failed(connect),
        }
    }
    // A login that the proxy has just refused is not sent again.
    let refused = cx
        .subject
        .suspects(&[Cause::HttpProxy, Cause::HttpsCredentialsRejected]);
    let authorization = if refused { None } else { dial::basic(proxy) };
    dial::tunnel(
        stream,
        &cx.subject.host,
        cx.subject.port,
        authorization.as_deref(),
        deadline,
    )
}

/// The clear side of a TLS connection to an `https://` proxy: what is written into it reaches the proxy through a thread
/// that ends with it, at the deadline at the latest. A proxy whose certificate the stack refuses is told nothing.
fn within_tls(
    cx: &Context,
    stack: Stack,
    stream: TcpStream,
    proxy: &Url,
    deadline: Instant,
) -> Result<TcpStream, Connect> {
    let untried = |_| Connect::NotTried;
    let (ours, theirs) = UnixStream::pair().map_err(untried)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(untried)?;
    let config = channel::config(channel::HTTP_1).ok_or(Connect::NotTried)?;
    let verifier = cx.stores(deadline).verifier(stack);
    let shaken = runtime.block_on(async {
        let shake = channel::secure(config, [verifier; 2], &proxy.host, stream);
        tokio::time::timeout(dial::patience(dial::early(deadline)), shake).await
    });
    let open = match shaken {
        Ok(Ok(Channel::Verified(open))) => open,
        Ok(Ok(Channel::Unverified(..))) => return Err(Connect::NotTrusted),
        Ok(Err(error)) => return Err(Connect::Failed(dial::outcome(&error))),
        Err(_) => return Err(Connect::Silence),
    };
    let _ = ours.set_read_timeout(Some(dial::patience(deadline))); // refused only for a zero patience
    let _ = ours.set_write_timeout(Some(dial::patience(deadline)));
    std::thread::spawn(move || {
        let relayed =
            async { tokio::time::timeout(dial::patience(deadline), open.relay(theirs)).await };
        runtime.block_on(relayed)
    });
    Ok(OwnedFd::from(ours).into()) // a socket is a socket: nothing here asks for its addresses
}

fn reach(cx: &Context, stack: Stack, proxy: &Url, deadline: Instant) -> Result<TcpStream, Connect> {
    let addresses = if stack == Stack::Git && proxy.host.parse::<IpAddr>().is_err() {
        dns::libc(&proxy.host, deadline).map_or_else(Vec::new, |lookup| lookup.addresses)
    } else {
        dns::addresses(cx, &proxy.host, deadline)
    };
    let port = proxy.port_or_default().unwrap_or(80);
    let mut worst = Connect::NoSuchName;
    for ip in addresses.into_iter().take(3) {
        let (attempt, stream) = dial::connect(SocketAddr::new(ip, port), deadline);
        match stream {
            Some(stream) => return Ok(stream),
            None => worst = Connect::Failed(attempt.outcome),
        }
    }
    Err(worst)
}
