//! A POST that costs no more than it may: one connection, no redirect followed, no answer read beyond its head.
//!
//! In: a URL, headers, a body, a deadline. Out: the status. As Go's stack would go there: its roots, its HTTP proxy.

use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, header};

use crate::probe::channel::{self, Channel};
use crate::probe::trust::Verifier;
use crate::probe::{dial, dns};
use crate::settings::url::Url;
use crate::settings::{Env, proxies};

/// Sends it. `None`: it did not arrive, or nobody vouches for the server.
pub(super) fn post(
    env: &Env,
    url: &Url,
    headers: &[(String, String)],
    body: Vec<u8>,
    deadline: Instant,
) -> Option<u16> {
    let port = url.port_or_default()?;
    let (stream, absolute) = reach(env, url, port, deadline)?;
    let request = request(url, headers, body, absolute)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let verifier = (url.scheme == "https").then(|| Verifier::go(env));
    let work = async {
        let channel = match &verifier {
            Some(verifier) => {
                let config = channel::config(channel::HTTP_1)?;
                channel::secure(config, [verifier; 2], &url.host, stream).await
            }
            None => channel::clear(stream, true),
        };
        let Ok(Channel::Verified(connection)) = channel else {
            return None;
        };
        let response = connection.with(request).send().await.ok()?;
        Some(response.status().as_u16())
    };
    let status = runtime.block_on(async {
        tokio::time::timeout(dial::patience(deadline), work)
            .await
            .ok()
    });
    runtime.shutdown_background();
    status?
}

/// A connection to the server, and whether an HTTP proxy has to be told where to go.
fn reach(env: &Env, url: &Url, port: u16, deadline: Instant) -> Option<(TcpStream, bool)> {
    let proxy = match proxies::go(env, &url.scheme, &url.host, port) {
        proxies::Choice::Direct(_) => return Some((dialled(&url.host, port, deadline)?, false)),
        proxies::Choice::Malformed(_) => return None,
        proxies::Choice::Proxy(proxy, _) => proxy,
    };
    if !matches!(proxy.scheme.as_str(), "" | "http") {
        return None;
    }
    let stream = dialled(&proxy.host, proxy.port_or_default()?, deadline)?;
    if url.scheme == "http" {
        return Some((stream, true));
    }
    let login = dial::basic(&proxy);
    let tunnel = dial::tunnel(stream, &url.host, port, login.as_deref(), deadline);
    Some((tunnel.stream?, false))
}

fn dialled(host: &str, port: u16, deadline: Instant) -> Option<TcpStream> {
    let addresses = match host.parse() {
        Ok(address) => vec![address],
        Err(_) => dns::libc(host, deadline)?.addresses,
    };
    addresses
        .into_iter()
        .take_while(|_| Instant::now() < deadline)
        .find_map(|address| dial::connect(SocketAddr::new(address, port), deadline).1)
}

fn request(
    url: &Url,
    headers: &[(String, String)],
    body: Vec<u8>,
    absolute: bool,
) -> Option<Request<Full<Bytes>>> {
    let origin = url.origin();
    let path = url.path.split('#').next().filter(|path| !path.is_empty());
    let path = path.unwrap_or("/");
    let target = if absolute {
        format!("{origin}{path}")
    } else {
        path.to_owned()
    };
    let mut request = Request::post(target)
        .header(header::HOST, origin.split_once("://")?.1)
        .header(
            header::USER_AGENT,
            concat!("gomend/", env!("CARGO_PKG_VERSION")),
        )
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Full::from(body)).ok()
}
