//! `gomend compare` against servers whose delay, loss and wrong answers are known.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant};

use gomend::lab::module::Module;
use gomend::lab::places::{
    GIT_CORP, GITHUB, GOPROXY_CORP, PROXY_CORP, PROXY_GOLANG, PUBLIC_RESOLVERS, Place, RESOLVER,
    RESOLVER_2, SINKHOLE, SUM_GOLANG, place,
};
use gomend::lab::serve::connect::{self, Policy};
use gomend::lab::serve::dns::{self, Answer, Zone};
use gomend::lab::serve::http::{self, Site};
use gomend::lab::serve::http2;
use gomend::lab::serve::modproxy::{Proxy, proxy};
use gomend::lab::serve::sumdb::{self, Signer};
use gomend::lab::serve::tls::{Handshake, Host};
use gomend::lab::town::WIDGET;
use gomend::lab::{Event, Outcome, Scene};
use serde_json::Value;

use crate::support::scene::{Ending, Furnish, healthy};
use crate::support::{DEADLINE, Ended, LATEST, goroot, shims};

const GOPROXY_CN: Place = place("goproxy.cn", [203, 0, 113, 40]);
const GOPROXY_IO: Place = place("goproxy.io", [203, 0, 113, 41]);
const MIRROR: Place = place("mirror.widgets.example", [203, 0, 113, 42]);
const DOH: Place = place("dns.google", [203, 0, 113, 43]);

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The office's resolver, which knows the mirrors too.
fn office() -> Zone {
    [GOPROXY_CN, GOPROXY_IO, MIRROR, DOH]
        .iter()
        .fold(Zone::office(), |zone, place| {
            zone.with(place.name, Answer::Addresses(vec![place.address.into()]))
        })
}

/// A healthy scene with gomend on PATH, not opened yet.
fn scene() -> Scene {
    let mut scene = healthy(LATEST);
    scene.path.insert(0, shims().to_owned());
    scene.zones.insert(RESOLVER.into(), office());
    scene
}

/// What `gomend compare --json` found.
struct Found {
    json: Value,
    outcome: Outcome,
}

fn compare(scene: &Scene, args: &[&str]) -> Found {
    let outcome = scene
        .run(&[&["gomend", "compare", "--json"], args].concat())
        .unwrap();
    Found {
        json: outcome.json(),
        outcome,
    }
}

impl Found {
    fn entry(&self, kind: &str, name: &str) -> &Value {
        let contests = self.json["contests"].as_array().unwrap();
        contests
            .iter()
            .filter(|contest| contest["kind"] == kind)
            .flat_map(|contest| contest["entries"].as_array().unwrap())
            .find(|entry| entry["name"] == name)
            .unwrap_or_else(|| panic!("no {name} among {kind}: {:#}", self.json))
    }

    fn figure(&self, kind: &str, name: &str, figure: &str) -> f64 {
        self.entry(kind, name)["figures"][figure]
            .as_f64()
            .unwrap_or_else(|| panic!("{name} has no {figure}: {:#}", self.json))
    }

    fn names(&self, kind: &str) -> Vec<String> {
        let contests = self.json["contests"].as_array().unwrap();
        contests
            .iter()
            .filter(|contest| contest["kind"] == kind)
            .flat_map(|contest| contest["entries"].as_array().unwrap())
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect()
    }

    fn advice(&self, kind: &str) -> &Value {
        let advice = self.json["advice"].as_array().unwrap();
        advice.iter().find(|advice| advice["kind"] == kind).unwrap()
    }
}

/// Within ten per cent of what the server does.
#[track_caller]
fn is_about(measured: f64, known: f64) {
    assert!(
        (measured - known).abs() <= 0.1 * known,
        "measured {measured}, known {known}"
    );
}

#[test]
fn resolvers_with_known_delay_and_loss_and_a_forger() {
    let mut scene = scene();
    let [eight, one, silent, forger] = PUBLIC_RESOLVERS;
    let zones = [
        (RESOLVER, office().late(millis(600))),
        (
            RESOLVER_2,
            office().late(millis(300)).lagging(4, millis(1600)),
        ),
        (eight, Zone::public().late(millis(200))),
        (one, Zone::public().late(millis(250)).losing(4)),
        (silent, Zone::always(Answer::Silence)),
        (
            forger,
            Zone::always(Answer::Addresses(vec![SINKHOLE.into()])),
        ),
    ];
    for (address, zone) in zones {
        scene.zones.insert(address.into(), zone);
    }
    let both = format!("nameserver {RESOLVER}\nnameserver {RESOLVER_2}\n");
    scene.world.etc("resolv.conf", &both).unwrap();
    scene.open().unwrap();
    let found = compare(&scene, &["proxy.golang.org", "--rounds", "8"]);
    let median = |name: &str| found.figure("resolvers", name, "median_ms");
    let name = |ip: Ipv4Addr| ip.to_string();
    is_about(median("system"), 600.0);
    is_about(median(&name(RESOLVER)), 600.0);
    is_about(median(&name(RESOLVER_2)), 300.0);
    is_about(median(&name(eight)), 200.0);
    is_about(median(&name(one)), 250.0);
    is_about(
        found.figure("resolvers", &name(RESOLVER_2), "p95_ms"),
        1600.0,
    );
    is_about(found.figure("resolvers", &name(one), "loss"), 0.25);
    is_about(found.figure("resolvers", &name(one), "timeouts"), 2.0);
    is_about(found.figure("resolvers", &name(silent), "loss"), 1.0);
    assert!(found.figure("resolvers", &name(eight), "loss").abs() < f64::EPSILON);
    let wrong = &found.entry("resolvers", &name(forger))["wrong"];
    assert!(wrong.is_string(), "{:#}", found.json);
    assert!(found.entry("resolvers", &name(eight))["wrong"].is_null());
    assert_eq!(found.advice("resolvers")["best"], name(eight));
    assert_eq!(
        found.outcome.status.code(),
        Some(0),
        "{}",
        found.outcome.text()
    );
}

/// Each round asks everybody once before anybody is asked again.
#[test]
fn rounds_are_interleaved() {
    let mut scene = scene();
    scene.open().unwrap();
    compare(&scene, &["github.com", "--rounds", "6"]);
    let asked: Vec<IpAddr> = scene
        .journal()
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Dns { server, name, .. } if name == "github.com" => Some(server.ip()),
            _ => None,
        })
        // the system resolver and the configured nameserver are one server here
        .filter(|ip| {
            PUBLIC_RESOLVERS
                .iter()
                .any(|known| IpAddr::from(*known) == *ip)
        })
        .collect();
    assert_eq!(asked.len(), 6 * PUBLIC_RESOLVERS.len(), "{asked:?}");
    for round in asked.chunks(PUBLIC_RESOLVERS.len()) {
        let mut round = round.to_vec();
        round.sort();
        round.dedup();
        assert_eq!(round.len(), PUBLIC_RESOLVERS.len(), "{asked:?}");
    }
}

/// A resolver over HTTPS, of the documented ones and of one's own.
#[test]
fn resolvers_over_https() {
    let mut scene = scene();
    let server = SocketAddr::from((DOH.address, 443));
    let site = dns::over_https(scene.net(), server, Zone::public().late(millis(1000)));
    scene.serve(DOH, site);
    let own = dns::over_https(scene.net(), server, office());
    scene.serve(MIRROR, own);
    scene.open().unwrap();
    let own = format!("https://{}/dns-query", MIRROR.name);
    let found = compare(&scene, &["github.com", &own, "--rounds", "3"]);
    is_about(
        found.figure("resolvers", "https://dns.google/dns-query", "median_ms"),
        1000.0, // a connection and its handshake come on top
    );
    assert!(found.figure("resolvers", &own, "median_ms") < 250.0);
    for name in ["https://dns.google/dns-query", &own] {
        assert_eq!(found.entry("resolvers", name)["answers"][0], "203.0.113.20");
    }
}

/// A module large enough to be timed, and the scene's checksum database for it.
fn large(scene: &mut Scene) -> Module {
    let text = format!("package widget\n\nconst Text = `{}`\n", "x".repeat(300_000));
    let files: &'static [_] = Box::leak(Box::new([
        ("go.mod", WIDGET.go_mod()),
        ("widget.go", &*Box::leak(text.into_boxed_str())),
    ]));
    let module = Module {
        version: "v1.1.0",
        files,
        ..WIDGET
    };
    let signer = Signer::new(SUM_GOLANG.name).unwrap();
    scene.go_env("GOSUMDB", &signer.verifier()).unwrap();
    let database = sumdb::database(&signer, &[WIDGET, module]).unwrap();
    scene.keep(signer);
    scene.serve(SUM_GOLANG, database);
    module
}

const LARGE: &str = "github.com/acme/widget@v1.1.0";

fn good(module: Module, delay: u64, pace: usize) -> Site {
    let site = proxy(Proxy::Good, vec![WIDGET, module]);
    http::paced(http::late(site, millis(delay)), pace)
}

/// Go's own proxy is slow, another one is faster, a third one forges, a fourth one fails at times. They are slower
/// by `times` where figures are looked at, so that what the machine itself needs is little of them.
fn mirrors(times: u32) -> Scene {
    let mut scene = scene();
    let module = large(&mut scene);
    let good = |delay, pace| good(module, delay * u64::from(times), pace / times as usize);
    scene.serve(PROXY_GOLANG, good(800, 1_000_000));
    scene.serve(GOPROXY_CN, good(400, 2_000_000));
    scene.serve(GOPROXY_IO, proxy(Proxy::WrongZip, vec![module]));
    scene.serve(MIRROR, http::failing(good(500, 4_000_000), 8));
    scene.open().unwrap();
    scene
}

#[test]
fn mirrors_with_known_delay_speed_and_loss_and_a_bad_checksum() {
    let scene = mirrors(2);
    let other = format!("https://{}", MIRROR.name);
    let found = compare(&scene, &[LARGE, &other, "--rounds", "8"]);
    let of = |name: &str, figure: &str| found.figure("mirrors", name, figure);
    is_about(of("https://proxy.golang.org", "median_ms"), 1600.0);
    is_about(of("https://proxy.golang.org", "bytes_per_second"), 5e5);
    is_about(of("https://goproxy.cn", "median_ms"), 800.0);
    is_about(of("https://goproxy.cn", "bytes_per_second"), 1e6);
    is_about(of(&other, "median_ms"), 1000.0);
    is_about(of(&other, "bytes_per_second"), 2e6);
    is_about(of(&other, "loss"), 0.25);
    let forged = found.entry("mirrors", "https://goproxy.io");
    assert_eq!(forged["wrong"], "its zip has another checksum");
    let sum = large_sum(&scene);
    for name in ["https://proxy.golang.org", "https://goproxy.cn", &other] {
        let entry = found.entry("mirrors", name);
        assert!(entry["wrong"].is_null(), "{entry:#}");
        assert_eq!(entry["answers"][0], sum.as_str());
    }
    let advice = found.advice("mirrors");
    assert_eq!(advice["best"], "https://goproxy.cn", "{advice:#}");
    assert_eq!(
        advice["goproxy"],
        "https://goproxy.cn|https://proxy.golang.org,direct"
    );
}

/// The checksum as the real go finds it.
fn large_sum(scene: &Scene) -> String {
    let outcome = scene
        .run(&["go", "mod", "download", "-modcacherw", "-json", LARGE])
        .unwrap();
    let json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    json["Sum"].as_str().unwrap().to_owned()
}

#[test]
fn the_recommendation_is_applied_and_undone() {
    let scene = mirrors(1);
    let goproxy = || {
        let outcome = scene.run(&["go", "env", "GOPROXY"]).unwrap();
        String::from_utf8(outcome.stdout).unwrap().trim().to_owned()
    };
    let before = goproxy();
    let advised = scene
        .run(&["gomend", "compare", LARGE, "--rounds", "2"])
        .unwrap();
    assert_eq!(goproxy(), before, "{}", advised.text());
    let applied = scene
        .run(&["gomend", "compare", LARGE, "--rounds", "2", "--apply"])
        .unwrap();
    assert_eq!(applied.status.code(), Some(0), "{}", applied.text());
    assert_eq!(
        goproxy(),
        "https://goproxy.cn|https://proxy.golang.org,direct"
    );
    // now it is what is used, and nothing is better
    let again = scene
        .run(&["gomend", "compare", LARGE, "--rounds", "2", "--apply"])
        .unwrap();
    assert!(
        again.text().contains("nothing to apply"),
        "{}",
        again.text()
    );
    let undone = scene.run(&["gomend", "undo"]).unwrap();
    assert!(undone.status.success(), "{}", undone.text());
    assert_eq!(goproxy(), before);
}

/// Modules may lie in a folder that only the company has: a list that names one stays as it is.
#[test]
fn a_list_with_a_folder_of_modules_stays() {
    let mut scene = mirrors(1);
    let list = "file:///srv/modules,https://proxy.golang.org,direct";
    scene.env("GOPROXY", "");
    scene.go_env("GOPROXY", list).unwrap();
    let words = ["gomend", "compare", LARGE, "--rounds", "2", "--apply"];
    let outcome = scene.run(&words).unwrap();
    let text = outcome.text();
    assert!(text.contains("it names a proxy that only"), "{text}");
    assert!(text.contains("nothing to apply"), "{text}");
    let settings = scene.text("home/.config/go/env");
    assert!(
        settings.ends_with(&format!("GOPROXY={list}\n")),
        "{settings}"
    );
}

rows! {
    /// HTTP/2 is spoken where Go would speak it; where it breaks, that is a failure, and HTTP/1.1 is asked beside it.
    http_2_that_breaks_is_a_failure_of_its_own = breaks;
    reset: http2::Manner::Reset, "the stream is reset";
    goaway: http2::Manner::GoAway, "the connection is closed"; // the stream counts as taken
    stalled: http2::Manner::Stalled(DEADLINE), "the stream stalls";
}

fn breaks(manner: http2::Manner, how: &str) {
    let mut scene = scene();
    scene.serve(GOPROXY_CN, proxy(Proxy::Good, vec![WIDGET]));
    scene.host(GOPROXY_CN).handshake = Handshake::GoodHttp2;
    scene.host(PROXY_GOLANG).handshake = Handshake::Http2(manner);
    scene.serve(GOPROXY_IO, proxy(Proxy::Good, vec![WIDGET]));
    scene.open().unwrap();
    let found = compare(&scene, &["github.com/acme/widget@v1.0.0", "--rounds", "2"]);
    let good = found.entry("mirrors", "https://goproxy.cn");
    assert_eq!(good["protocol"], "h2", "{good:#}");
    assert_eq!(good["figures"]["lost"], 0, "{good:#}");
    let old = found.entry("mirrors", "https://goproxy.io");
    assert_eq!(old["protocol"], "http/1.1", "{old:#}");
    let broken = found.entry("mirrors", "https://proxy.golang.org");
    assert_eq!(broken["figures"]["lost"], 2, "{broken:#}");
    let said = broken["trouble"].as_str().unwrap();
    let passes = format!("HTTP/2 breaks ({how}), HTTP/1.1 passes");
    assert!(said.starts_with(&passes), "{said}");
    assert_ne!(found.advice("mirrors")["best"], "https://proxy.golang.org");
}

/// Where HTTP/1.1 is the user's own choice, HTTP/2 is not offered.
#[test]
fn http_1_1_that_is_chosen_is_spoken() {
    let mut scene = scene();
    scene.host(PROXY_GOLANG).handshake = Handshake::Http2(http2::Manner::Reset);
    scene.env("GODEBUG", "http2client=0");
    scene.open().unwrap();
    let found = compare(&scene, &["github.com/acme/widget@v1.0.0", "--rounds", "1"]);
    let chosen = found.entry("mirrors", "https://proxy.golang.org");
    assert_eq!(chosen["protocol"], "http/1.1", "{chosen:#}");
}

/// go and git fetch from the repository themselves.
#[test]
fn the_repository_itself_takes_part() {
    let mut scene = scene();
    scene.open().unwrap();
    let found = compare(&scene, &["github.com/acme/widget@v1.0.0", "--rounds", "2"]);
    let direct = found.entry("mirrors", "direct");
    assert_eq!(direct["figures"]["loss"], 0.0, "{:#}", found.json);
    assert_eq!(
        direct["answers"],
        found.entry("mirrors", "https://proxy.golang.org")["answers"]
    );
    assert!(direct["figures"]["bytes_per_second"].is_number());
}

#[test]
fn paths_direct_and_through_a_proxy_v4_and_v6() {
    let mut scene = scene();
    let v6: IpAddr = "2001:db8::20".parse().unwrap();
    let network = scene.world.network("add an address").unwrap();
    network.address_v6("2001:db8::20".parse().unwrap()).unwrap();
    let host = GITHUB;
    scene.host(host).handshake = Handshake::Late(millis(1600));
    let both = Answer::Addresses(vec![host.address.into(), v6]);
    let zone = office().with(host.name, both);
    scene.zones.insert(RESOLVER.into(), zone);
    let other = Host {
        handshake: Handshake::Late(millis(800)),
        ..Host::good(http::site(|_| http::Reply::text(200, "ok\n")))
    };
    scene
        .hosts
        .insert(SocketAddr::new(v6, 443), (host.name, other));
    connect::proxy(
        &scene.world,
        scene.net(),
        SocketAddr::from((PROXY_CORP.address, 3128)),
        Policy::Open,
    )
    .unwrap();
    scene.env("HTTPS_PROXY", "http://proxy.corp.example:3128");
    scene.open().unwrap();
    let found = compare(&scene, &[host.name, "--rounds", "3"]);
    is_about(
        found.figure("paths", "IPv4 203.0.113.20", "median_ms"),
        1600.0,
    );
    is_about(
        found.figure("paths", "IPv6 2001:db8::20", "median_ms"),
        800.0,
    );
    let proxied = found.entry("paths", "proxy http://proxy.corp.example:3128");
    assert_eq!(proxied["from"], "configured");
    is_about(proxied["figures"]["median_ms"].as_f64().unwrap(), 1600.0);
    assert_eq!(found.advice("paths")["best"], "IPv6 2001:db8::20");
}

/// A public module proxy that GOPROXY names hears of a private module with consent only.
#[test]
fn a_configured_public_proxy_hears_private_names_with_consent_only() {
    let mut scene = scene();
    scene.open().unwrap();
    let run = |more: &[&str]| {
        let words = [
            "gomend",
            "--no-input",
            "compare",
            "git.corp.example/team/lib@v1.2.3",
        ];
        scene.journal().clear();
        let outcome = scene
            .run(&[&words[..], &["--rounds", "1"], more].concat())
            .unwrap();
        let events = scene.journal().events();
        let told = events.into_iter().any(|event| {
            matches!(event, Event::Http { host, path, .. }
                if host == PROXY_GOLANG.name && path.contains("corp.example"))
        });
        (outcome, told)
    };
    let (outcome, told) = run(&[]);
    let text = outcome.text();
    assert!(!told && outcome.status.code() == Some(1), "{text}");
    assert!(text.contains("--disclose"), "{text}");
    let (outcome, told) = run(&["--disclose"]);
    assert!(told, "{}", outcome.text());
}

/// Names that may be private never reach those who are open to everybody.
#[test]
fn private_names_stay_at_home() {
    let mut scene = scene();
    scene.serve(GOPROXY_CN, proxy(Proxy::Good, vec![WIDGET]));
    scene.serve(GOPROXY_IO, proxy(Proxy::Good, vec![WIDGET]));
    scene.serve(
        DOH,
        dns::over_https(scene.net(), SocketAddr::from((DOH.address, 443)), office()),
    );
    scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
    scene.open().unwrap();
    let told = |scene: &Scene, word: &str| -> Vec<String> {
        scene
            .journal()
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Dns { server, name, .. }
                    if name.contains(word) && server.ip() != IpAddr::from(RESOLVER) =>
                {
                    Some(format!("{server} {name}"))
                }
                Event::Http { host, path, .. } if path.contains(word) => {
                    Some(format!("{host}{path}"))
                }
                _ => None,
            })
            .collect()
    };
    let found = compare(
        &scene,
        &[
            "git.corp.example",
            "git.corp.example/team/lib@v1.2.3",
            "--rounds",
            "2",
        ],
    );
    assert_eq!(found.names("resolvers"), ["system", "10.20.0.53"]);
    assert_eq!(found.names("mirrors"), ["direct"]);
    let strangers = told(&scene, "corp.example");
    assert!(strangers.is_empty(), "{strangers:?}");
    assert!(
        found.json["notes"].to_string().contains("--public-dns"),
        "{:#}",
        found.json
    );
    // on a public forge, and known to nobody: only those whom go asks anyway
    scene.journal().clear();
    let found = compare(&scene, &["github.com/acme/secret@v1.0.0", "--rounds", "1"]);
    assert_eq!(
        found.names("mirrors"),
        ["https://proxy.golang.org", "direct"]
    );
    let strangers: Vec<String> = told(&scene, "secret")
        .into_iter()
        .filter(|told| told.contains("goproxy"))
        .collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    // and with consent
    let found = compare(
        &scene,
        &["git.corp.example", "--public-dns", "--rounds", "1"],
    );
    assert!(found.names("resolvers").contains(&"8.8.8.8".to_owned()));
}

/// The checksum database hears a name only where go would tell it, and through the module proxy that serves it.
#[test]
fn the_checksum_database_is_asked_as_go_asks_it() {
    const BROKEN: Place = place("broken.corp.example", [10, 20, 0, 13]);
    let mut scene = scene();
    scene.serve(GOPROXY_CORP, proxy(Proxy::Empty, Vec::new()));
    let serves = |request: &http::Request| {
        let is_served = request.path.ends_with("/supported");
        http::Reply::text(if is_served { 200 } else { 404 }, "")
    };
    scene.serve(MIRROR, http::site(serves));
    let answer = Answer::Addresses(vec![BROKEN.address.into()]);
    let zone = office().with(BROKEN.name, answer);
    scene.zones.insert(RESOLVER.into(), zone);
    let breaks = Proxy::Status(502, "Bad Gateway");
    scene.serve(BROKEN, proxy(breaks, Vec::new()));
    scene.open().unwrap();
    let mut looked_up = |list: &str, go_sum: &str| -> Vec<String> {
        scene.env("GOPROXY", list);
        scene.put("home/app/go.mod", "module example.com/app\n\ngo 1.21\n");
        scene.put("home/app/go.sum", go_sum);
        scene.journal().clear();
        let words = ["gomend", "compare", "github.com/acme/secret@v1.0.0"];
        scene
            .run(&[&words[..], &["--rounds", "1"]].concat())
            .unwrap();
        let hosts = scene
            .journal()
            .events()
            .into_iter()
            .filter_map(|event| match event {
                Event::Http { host, path, .. } if path.contains("/lookup/") => Some(host),
                _ => None,
            });
        hosts.collect()
    };
    let known = "github.com/acme/secret v1.0.0 h1:nlvtQB0wlHGKKyTDfcQpGTxV9HIPuqYjHEdWSaLhsHA=\n";
    let own = "https://goproxy.corp.example";
    assert_eq!(looked_up(own, ""), [SUM_GOLANG.name]);
    for (list, go_sum) in [
        (own, known),                               // go.sum vouches for it
        ("off", ""),                                // nobody is asked
        ("https://goproxy.corp.example,off", ""),   // nobody else is asked
        ("https://broken.corp.example,direct", ""), // it breaks, and go goes no further
    ] {
        let told = looked_up(list, go_sum);
        assert!(told.is_empty(), "{list}: {told:?}");
    }
    let through = format!("https://{},direct", MIRROR.name);
    assert_eq!(looked_up(&through, ""), [MIRROR.name]);
}

/// A resolver over HTTPS hears the private host of GOPROXY with consent only, unless it is the own network's.
#[test]
fn a_foreign_resolver_over_https_hears_no_private_name() {
    const QUAD: Place = place("dns.quad9.net", [203, 0, 113, 44]);
    let mut scene = scene();
    let zone = office().with(QUAD.name, Answer::Addresses(vec![QUAD.address.into()]));
    scene.zones.insert(RESOLVER.into(), zone);
    for at in [QUAD, GOPROXY_CORP] {
        let server = SocketAddr::from((at.address, 443));
        scene.serve(at, dns::over_https(scene.net(), server, office()));
    }
    scene.open().unwrap();
    scene.env("GOPROXY", "https://goproxy.corp.example");
    let foreign = format!("https://{}/dns-query", QUAD.name);
    let own = format!("https://{}/dns-query", GOPROXY_CORP.name);
    let found = compare(&scene, &[&foreign, &own, "--rounds", "1"]);
    let names = found.names("resolvers");
    assert!(
        names.contains(&own) && !names.contains(&foreign),
        "{names:?}"
    );
    assert!(
        found.json["notes"].to_string().contains("--public-dns"),
        "{:#}",
        found.json
    );
    let found = compare(&scene, &[&foreign, "--public-dns", "--rounds", "1"]);
    assert!(found.names("resolvers").contains(&foreign));
}

/// Ctrl-C shows what is known so far.
#[test]
fn an_interrupt_gives_a_partial_table() {
    let mut scene = scene();
    scene.open().unwrap();
    let command = scene
        .command(&["gomend", "compare", "github.com", "--rounds", "1000"])
        .unwrap();
    // another program inside sees it by its name
    let interrupt = "for it in /proc/[0-9]*; do read -r name < $it/comm; \
                     case $name in gomend) kill -INT ${it#/proc/};; esac; done";
    let mut interrupt = scene.command(&["sh", "-c", interrupt]).unwrap();
    let journal = scene.journal().clone();
    let waiting = std::thread::spawn(move || {
        let began = Instant::now();
        let asked = || {
            let of_first = |event: &&Event| matches!(event, Event::Dns { server, .. } if server.ip() == IpAddr::from(PUBLIC_RESOLVERS[0]));
            journal.events().iter().filter(of_first).count()
        };
        while asked() < 3 {
            assert!(began.elapsed() < DEADLINE);
            std::thread::yield_now();
        }
        assert!(interrupt.status().unwrap().success());
    });
    let outcome = scene.finish(command).unwrap();
    waiting.join().unwrap();
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(130), "{text}");
    assert!(text.contains("8.8.8.8"), "{text}");
    assert!(
        text.contains("interrupted: these are the figures so far"),
        "{text}"
    );
}

#[test]
fn targets_that_are_none_and_targets_that_are_not_there() {
    let mut scene = scene();
    scene.open().unwrap();
    let targets = ["ful", "github.com", "nowhere.example"];
    let words = [&["gomend", "compare"], &targets[..], &["--rounds", "1"]].concat();
    let outcome = scene.run(&words).unwrap();
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(1), "{text}");
    for word in [
        "`ful` is no module, host, URL or resolver",
        "nowhere.example: no such name",
        "paths to github.com:443",
        "8.8.8.8",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let outcome = scene
        .run(&["gomend", "compare", "ful", "-", "x:y"])
        .unwrap();
    assert_eq!(outcome.status.code(), Some(2), "{}", outcome.text());
}

/// A name that nobody knows has no best resolver; who denies one that others know is no success either.
#[test]
fn a_denial_is_no_success() {
    let mut scene = scene();
    for address in PUBLIC_RESOLVERS {
        scene.zones.insert(address.into(), Zone::public());
    }
    // the office's second resolver knows nothing, the first knows the code host
    scene
        .zones
        .insert(RESOLVER_2.into(), Zone::always(Answer::NxDomain));
    scene.open().unwrap();
    let found = compare(
        &scene,
        &["nowhere.example", "--public-dns", "--rounds", "4"],
    );
    assert_eq!(found.outcome.status.code(), Some(1));
    let advice = found.advice("resolvers");
    assert_eq!(advice["best"], Value::Null, "{advice}");
    assert_eq!(
        advice["says"], "nobody who answers knows nowhere.example",
        "{advice}"
    );
    for name in found
        .names("resolvers")
        .iter()
        .filter(|name| !name.starts_with("https"))
    {
        let entry = found.entry("resolvers", name);
        is_about(entry["figures"]["loss"].as_f64().unwrap(), 1.0);
        assert_eq!(entry["figures"]["timeouts"], 0, "{entry}");
        assert_eq!(entry["samples"][0]["loss"], "denied", "{entry}");
    }
    let second = RESOLVER_2.to_string();
    let found = compare(&scene, &[GIT_CORP.name, &second, "--rounds", "1"]);
    let second = found.entry("resolvers", &RESOLVER_2.to_string());
    assert_eq!(
        second["wrong"], "says \u{201c}no such name\u{201d}, others know it",
        "{second}"
    );
    assert_ne!(found.advice("resolvers")["best"], RESOLVER_2.to_string());
}

/// A machine without any network, and one where everybody is silent or refuses.
#[test]
fn without_a_network_it_says_so_at_once() {
    let began = Instant::now();
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(which::which("unshare").unwrap())
        .args(["-Urn", env!("CARGO_BIN_EXE_gomend"), "compare"])
        .env_clear()
        .env("HOME", dir.path())
        .env("PATH", goroot(LATEST).join("bin"))
        .output();
    let ended = Ended::from(output.unwrap()).with_code(1);
    let text = ended.words();
    assert!(text.contains("this machine is offline"), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(ended.stdout.is_empty());
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );

    let mut scene = scene();
    for zone in scene.zones.values_mut() {
        *zone = Zone::always(Answer::Silence);
    }
    scene.open().unwrap();
    let outcome = scene.run(&["gomend", "compare", "github.com"]).unwrap();
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(1), "{text}");
    assert!(text.contains("nobody answers"), "{text}");
}

#[test]
fn profiles_are_kept_compared_with_and_imported() {
    let mut scene = scene();
    scene.open().unwrap();
    let run = |args: &[&str]| scene.run(&[&["gomend", "compare"], args].concat()).unwrap();
    run(&["github.com", "--rounds", "2", "--save", "office"]).succeeded();
    let json = scene.text("home/.local/state/gomend/profiles/office.json");
    let with = run(&["github.com", "--rounds", "2", "--with", "office"]).succeeded();
    assert!(with.contains(" office"), "{with}");
    // a colleague's file, kept under a name and shown again: the same figures
    scene.put("home/app/anna.json", &json);
    run(&["--import", "anna.json", "--save", "anna"]).succeeded();
    let shown = run(&["--import", "anna.json", "--with", "anna", "--json"]).json();
    let office: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(shown["contests"], office["contests"]);
    assert_eq!(shown["with"], office);
    for (args, code, word) in [
        (
            &["--with", "nobody"][..],
            1,
            "there is no profile `nobody`, only anna, office",
        ),
        (&["--save", "../x"], 2, "can't name a profile"),
        (&["--import", "go.mod"], 1, "`go.mod`"),
        (&["--import", "bad.json"], 1, "holds no comparison"),
    ] {
        scene.put("home/app/bad.json", "{\"schema\":1,");
        let outcome = run(args);
        let text = outcome.text();
        assert_eq!(outcome.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(word), "{args:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
