//! Ways to one host: IPv4 against IPv6, direct against the HTTP proxies of the settings.
//!
//! In: a host and a port. Out: candidates that connect and shake hands; the certificate must be
//! valid for the name. Which HTTP proxy counts: Go's and git's choice, where they differ both.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{Client, Trouble, Via};
use super::{Attempt, Candidate, Candidates, From, Kind, Request};
use crate::lang::tr;
use crate::settings::gitconfig::GitConfig;
use crate::settings::proxies;
use crate::settings::url::Url;
use crate::tool::{Cancel, NOWHERE};

/// How long a connection with its handshake may take: as long as go's users put up with.
const PATIENCE: Duration = Duration::from_secs(5);

/// Every way to this host; `None`: there is none to compare.
pub(super) fn candidates(
    request: &Request,
    host: &str,
    port: u16,
    client: &Arc<Client>,
    notes: &mut Vec<String>,
) -> Option<Candidates> {
    let scheme = if port == 80 { "http" } else { "https" };
    let bracketed = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let url = Url::parse(&format!("{scheme}://{bracketed}:{port}/"))?;
    let mut candidates = Candidates::new(Kind::Paths, format!("{bracketed}:{port}"));
    let path = |way| Path {
        url: url.clone(),
        way,
        client: Arc::clone(client),
    };
    let chosen = chosen(request, &url);
    let has_proxy = !chosen.is_empty();
    let used = |proxied: bool| {
        if proxied == has_proxy {
            From::Configured
        } else {
            From::WellKnown
        }
    };
    match client.addresses(host, Instant::now() + PATIENCE) {
        Ok(addresses) => {
            for (family, of) in [
                ("IPv4", IpAddr::is_ipv4 as fn(&IpAddr) -> bool),
                ("IPv6", IpAddr::is_ipv6),
            ] {
                let own: Vec<IpAddr> = addresses.iter().copied().filter(of).collect();
                if let Some(first) = own.first() {
                    candidates.add(
                        format!("{family} {first}"),
                        used(false),
                        path(Via::Direct(own.clone())),
                    );
                }
            }
        }
        // behind a proxy the name need not be known here
        Err(trouble) if !has_proxy => {
            notes.push(tr!("{host}: {words}", host, words = trouble.words()));
        }
        Err(_) => {}
    }
    for proxy in chosen {
        if matches!(proxy.scheme.as_str(), "" | "http") {
            // looked up now, so that no round pays for it
            let _ = client.addresses(&proxy.host, Instant::now() + PATIENCE);
            let name = format!("proxy {}", proxy.origin());
            candidates.add(name, used(true), path(Via::Proxy(proxy)));
        } else {
            notes.push(tr!(
                "{proxy}: only http:// proxies can be compared",
                proxy = proxy.origin()
            ));
        }
    }
    Some(candidates).filter(|candidates| !candidates.members.is_empty())
}

/// The proxies that Go and git would use.
fn chosen(request: &Request, url: &Url) -> Vec<Url> {
    let port = url.port_or_default().unwrap_or(443);
    let deadline = Instant::now() + Duration::from_secs(1);
    let config = GitConfig::read(
        &request.env,
        std::path::Path::new(NOWHERE),
        &url.origin(),
        deadline,
        &request.cancel,
    )
    .unwrap_or_default();
    let choices = [
        proxies::go(&request.env, &url.scheme, &url.host, port),
        proxies::git(&request.env, config.http("proxy"), &url.scheme, &url.host),
    ];
    let mut chosen: Vec<Url> = choices
        .iter()
        .filter_map(proxies::Choice::proxy)
        .cloned()
        .collect();
    chosen.dedup_by_key(|proxy| proxy.origin());
    chosen
}

/// One way.
struct Path {
    url: Url,
    way: Via,
    client: Arc<Client>,
}

impl Candidate for Path {
    fn attempt(&self, _round: u32, _cancel: &Cancel) -> Attempt {
        let started = Instant::now();
        let deadline = started + PATIENCE;
        let reached =
            self.client
                .reach(&self.way, &self.url, deadline)
                .and_then(|stream| match self.url.scheme.as_str() {
                    "https" => self.client.handshake(stream, &self.url.host, deadline),
                    _ => Ok(()),
                });
        match reached {
            Ok(()) => Attempt::Found {
                took: started.elapsed(),
                answers: Vec::new(),
                transfer: None,
                protocol: None,
            },
            Err(Trouble::Certificate(why)) => Attempt::Wrong(Trouble::Certificate(why).words()),
            Err(trouble) => Attempt::Lost(trouble.words(), trouble.loss()),
        }
    }
}
