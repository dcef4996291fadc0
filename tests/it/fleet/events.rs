//! Events: what reaches a collector, what never does, and what a bad collector costs.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::hostile_peers::{Authority, Heard, head, listen, note};
use crate::support::home::Home;
use crate::support::{Ended, How, mkfifo};

/// What nobody may hear, wherever it stands.
const CANARIES: [&str; 9] = [
    "hunter2canary",
    "secret-module",
    "127.0.0.2",
    "secret-folder",
    "secret-user",
    "secret-flag",
    "secret.internal",
    "example.com/app",
    "gomend-home",
];

/// Reads a request with its body, notes it, answers with this status.
fn receive(stream: &mut (impl Read + Write), heard: &Heard, status: &str) {
    let mut request = head(stream);
    let fields = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = fields
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    let _ = stream.read_exact(&mut body);
    request.extend(body);
    note(heard, &request);
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
}

fn collector(status: &'static str) -> (SocketAddr, Heard) {
    let heard = Heard::default();
    let ours = Arc::clone(&heard);
    let address = listen(move |mut stream| receive(&mut stream, &ours, status));
    (address, heard)
}

fn over_tls(config: Arc<ServerConfig>) -> (SocketAddr, Heard) {
    let heard = Heard::default();
    let ours = Arc::clone(&heard);
    let address = listen(move |stream| {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        receive(&mut stream, &ours, "200 OK");
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    (address, heard)
}

/// The log records of all requests.
fn records(heard: &Heard) -> Vec<Value> {
    let heard = heard.lock().unwrap();
    let body = |text: &String| -> Value {
        serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    let bodies: Vec<Value> = heard.iter().map(body).collect();
    let of = |body: &Value| {
        let logs = &body["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
        logs.as_array().unwrap().clone()
    };
    bodies.iter().flat_map(of).collect()
}

fn attribute<'v>(record: &'v Value, key: &str) -> Option<&'v str> {
    let all = record["attributes"].as_array().unwrap();
    let value = &all.iter().find(|one| one["key"] == key)?["value"];
    value["stringValue"].as_str().or(value["intValue"].as_str())
}

fn names(heard: &Heard) -> Vec<String> {
    let name = |record: &Value| record["eventName"].as_str().unwrap().to_owned();
    records(heard).iter().map(name).collect()
}

/// A user full of secrets, whose module proxy refuses connections.
fn failing(settings: &str) -> Home {
    let home = Home::new()
        .var("GOPROXY", "http://bot:hunter2canary@127.0.0.2:1")
        .var("GOSUMDB", "off")
        .var("GOFLAGS", "-modcacherw -tags=secret-flag")
        .var("USER", "secret-user")
        .var("LOGNAME", "secret-user")
        .var("HOSTNAME", "secret.internal")
        .var("GOPRIVATE", "secret.internal")
        .var("GITHUB_TOKEN", "hunter2canary");
    home.write(".config/gomend/config.toml", settings);
    home.write(
        "secret-folder/go.mod",
        "module example.com/app\n\ngo 1.21\n\nrequire secret-module.example/team/lib v1.0.0\n",
    );
    home.write(
        "secret-folder/app.go",
        "package app\n\nimport _ \"secret-module.example/team/lib\"\n",
    );
    home
}

fn go(home: &Home, args: &[&str]) -> Ended {
    home.go("secret-folder", args)
}

/// go's own end stays, whatever a collector does.
fn fails(home: &Home) {
    let ended = go(
        home,
        &["mod", "download", "secret-module.example/team/lib@v1.0.0"],
    );
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
}

fn to(address: SocketAddr) -> String {
    format!("[telemetry]\nendpoint = \"http://{address}\"\n")
}

fn sings(heard: &Heard) -> Vec<&'static str> {
    let all = heard.lock().unwrap().join("\n");
    let is_in = |canary: &&&str| all.contains(**canary);
    CANARIES.iter().filter(is_in).copied().collect()
}

fn waiting(home: &Home) -> usize {
    let spool = fs::read_dir(home.at(SPOOL));
    let names = spool
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    names
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .count()
}

#[test]
fn a_failure_is_told_with_what_is_allowed_and_nothing_else() {
    let (address, heard) = collector("200 OK");
    let settings = to(address)
        + "hosts = [\"github.com\"]\nattributes = { \"deployment.environment.name\" = \"ci\" }\n";
    let home = failing(&settings)
        .var("CI", "true")
        .var("GITHUB_ACTIONS", "true")
        .var("GITHUB_WORKFLOW", "nightly")
        .var("GITHUB_RUN_ID", "42")
        .var("GITHUB_JOB", "unit")
        .var("GITHUB_SERVER_URL", "https://x:hunter2canary@github.com")
        .var("GITHUB_REPOSITORY", "acme/widgets")
        .var("GITHUB_ACTOR", "secret-user")
        .var(
            "TRACEPARENT",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )
        .var("OTEL_RESOURCE_ATTRIBUTES", "host.name=secret.internal")
        .var("OTEL_EXPORTER_OTLP_HEADERS", "x-secret=hunter2canary");
    fails(&home);
    assert_eq!(names(&heard), ["gomend.fetch.failure"]);
    let record = &records(&heard)[0];
    for (key, value) in [
        ("error.type", Some("tcp-refused")),
        ("gomend.layer", Some("network")),
        ("gomend.role", Some("goproxy")),
        ("process.exit.code", Some("1")),
        ("cicd.pipeline.name", Some("nightly")),
        ("cicd.pipeline.run.id", Some("42")),
        ("cicd.pipeline.task.name", Some("unit")),
        (
            "vcs.repository.url.full",
            Some("https://github.com/acme/widgets"),
        ),
        ("server.address", None),
    ] {
        assert_eq!(attribute(record, key), value, "{key} in {record}");
    }
    assert_eq!(record["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(record["spanId"], "00f067aa0ba902b7");
    let text = heard.lock().unwrap()[0].clone();
    assert!(text.starts_with("POST /v1/logs HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("deployment.environment.name"), "{text}");
    assert_eq!(sings(&heard), [""; 0], "{text}");
    assert_eq!(waiting(&home), 0);

    // a host that is listed is named
    let home = failing(&(to(address) + "hosts = [\"127.0.0.2\"]\n"));
    fails(&home);
    let record = records(&heard).pop().unwrap();
    assert_eq!(attribute(&record, "server.address"), Some("127.0.0.2"));
}

#[test]
fn through_a_proxy_that_records_everything() {
    let (proxy, heard) = collector("200 OK");
    let home = failing("[telemetry]\nendpoint = \"http://collector.example/own\"\n")
        .var("HTTP_PROXY", format!("http://{proxy}"))
        .var("http_proxy", format!("http://{proxy}"));
    fails(&home);
    assert_eq!(names(&heard), ["gomend.fetch.failure"]);
    let text = heard.lock().unwrap()[0].clone();
    assert!(
        text.starts_with("POST http://collector.example/own HTTP/1.1\r\n"),
        "{text}"
    );
    assert_eq!(sings(&heard), [""; 0], "{text}");
}

#[test]
fn nobody_is_told_unless_the_user_or_the_system_says_so() {
    let (address, heard) = collector("200 OK");
    let url = format!("http://{address}");
    let home = failing("")
        .var("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .var("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &url)
        .var("OTEL_LOGS_EXPORTER", "otlp")
        .var("GOMEND_TELEMETRY", &url);
    home.write("secret-folder/.gomend.toml", to(address));
    fails(&home);
    let settings = go(&home, &["version"]);
    assert_eq!(settings.how, How::Code(0));
    home.gomend(&["doctor", "--json", "localhost"]);
    assert_eq!(heard.lock().unwrap().len(), 0);
    assert!(!home.at(SPOOL).exists());
    let text = home.gomend_in("secret-folder", &["config"]).said();
    assert!(
        text.contains("a project may not set `telemetry`") && !text.contains("events go to"),
        "{text}"
    );

    // the system's file
    home.write("xdg/gomend/config.toml", to(address));
    let folder = home.at("xdg");
    let home = home.var("XDG_CONFIG_DIRS", folder);
    fails(&home);
    assert_eq!(names(&heard), ["gomend.fetch.failure"]);
    assert!(
        home.done(&["config"])
            .contains("events go to http://127.0.0.1")
    );
}

#[test]
fn what_finds_no_collector_goes_with_the_next() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let home = failing(&to(gone));
    fails(&home);
    fails(&home);
    assert_eq!(waiting(&home), 2);
    let spool = home.at(SPOOL);
    assert_eq!(
        fs::metadata(&spool).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for entry in fs::read_dir(&spool).unwrap() {
        let metadata = entry.unwrap().metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
    let (address, heard) = collector("503 Unavailable");
    home.write(".config/gomend/config.toml", to(address));
    fails(&home);
    assert_eq!((waiting(&home), heard.lock().unwrap().len()), (3, 1));
    let (address, heard) = collector("200 OK");
    home.write(".config/gomend/config.toml", to(address));
    fails(&home);
    assert_eq!(
        (
            names(&heard).len(),
            heard.lock().unwrap().len(),
            waiting(&home)
        ),
        (4, 1, 0)
    );
    // what a collector will never take is not offered for ever
    let (address, _) = collector("400 Bad Request");
    home.write(".config/gomend/config.toml", to(address));
    fails(&home);
    assert_eq!(waiting(&home), 0);
}

/// Where events wait.
const SPOOL: &str = ".local/state/gomend/fleet/events";

/// More waits there than may.
fn fill(home: &Home) {
    for number in 0..900 {
        let name = format!("{SPOOL}/{number:024x}-1-0.json");
        home.write(&name, vec![b' '; 1000]);
        home.mode(&name, 0o600);
    }
}

/// Bytes that wait.
fn spooled(home: &Home) -> u64 {
    let entries = fs::read_dir(home.at(SPOOL)).unwrap();
    let sizes = entries.map(|entry| entry.unwrap().metadata().unwrap().len());
    sizes.sum()
}

#[test]
fn what_waits_is_bounded() {
    let gone = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let home = failing(&to(gone));
    fails(&home);
    fill(&home);
    home.write(
        &format!("{SPOOL}/{:024x}-2-0.json", 0),
        vec![b'x'; 50 << 20],
    );
    home.link(&format!("{SPOOL}/{:024x}-3-0.json", 0), "/dev/zero");
    mkfifo(&home.at(&format!("{SPOOL}/{:024x}-4-0.json", 0)));
    fails(&home);
    assert!(spooled(&home) <= 256 << 10);
    assert!(waiting(&home) > 200);
    let (address, heard) = collector("200 OK");
    home.write(".config/gomend/config.toml", to(address));
    fails(&home);
    assert_eq!(
        (names(&heard).len(), waiting(&home)),
        (3, 0),
        "what is no record is forgotten"
    );
}

/// What a server does with a connection.
type Serve = Box<dyn Fn(std::net::TcpStream) + Send + Sync>;

/// Whatever it does, go's end is told in time, and nothing grows.
#[test]
fn a_hostile_collector_costs_a_moment() {
    let elsewhere = collector("200 OK");
    let target = elsewhere.0;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let kinds: Vec<(&str, Serve)> = vec![
        (
            "silent",
            Box::new(|stream| {
                let mut all = Vec::new();
                let _ = (&stream).read_to_end(&mut all);
            }),
        ),
        (
            "drips its head",
            Box::new(|mut stream| {
                while stream.write_all(b"H").is_ok() {
                    std::thread::sleep(Duration::from_millis(50)); // the drip itself
                }
            }),
        ),
        (
            "drips headers",
            Box::new(|mut stream| {
                let mut line = "HTTP/1.1 200 OK\r\n".to_owned();
                while stream.write_all(line.as_bytes()).is_ok() {
                    "X: y\r\n".clone_into(&mut line);
                }
            }),
        ),
        (
            "endless body",
            Box::new(move |mut stream| {
                let _ = write!(stream, "{head}Transfer-Encoding: chunked\r\n\r\n");
                while stream.write_all(b"10\r\n0123456789abcdef\r\n").is_ok() {}
            }),
        ),
        (
            "50 MB",
            Box::new(move |mut stream| {
                let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n", 50 << 20);
                let block = [b'x'; 1 << 16];
                for _ in 0..800 {
                    if stream.write_all(&block).is_err() {
                        break;
                    }
                }
            }),
        ),
        (
            "redirects",
            Box::new(move |mut stream| {
                receive(
                    &mut stream,
                    &Heard::default(),
                    &format!("307 Temporary Redirect\r\nLocation: http://{target}/v1/logs"),
                );
            }),
        ),
        (
            "no HTTP",
            Box::new(|mut stream| {
                let _ = stream.write_all(b"SSH-2.0-x\r\n\r\n");
            }),
        ),
        ("closes", Box::new(drop)),
    ];
    for (what, serve) in kinds {
        let address = listen(serve);
        let home = failing(&to(address));
        let started = Instant::now();
        fails(&home);
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        assert!(waiting(&home) <= 1, "{what}");
        for canary in CANARIES {
            let spool = fs::read_dir(home.at(SPOOL)).unwrap();
            for entry in spool {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                assert!(!text.contains(canary), "{what}: {canary} in {text}");
            }
        }
    }
    assert_eq!(
        elsewhere.1.lock().unwrap().len(),
        0,
        "no redirect is followed"
    );
}

/// Events go there over TLS, with what stands in `token`.
fn with_headers(address: SocketAddr) -> Home {
    let home = failing("");
    let settings = format!(
        "[telemetry]\nendpoint = \"https://localhost:{}\"\nheaders-file = \"{}\"\n",
        address.port(),
        home.at("token").display()
    );
    home.write(".config/gomend/config.toml", settings);
    home
}

#[test]
fn a_certificate_that_nobody_vouches_for_gets_nothing() {
    let (ours, stranger) = (Authority::new(), Authority::new());
    let (address, heard) = over_tls(ours.server("localhost", 2020, 2090));
    let home = with_headers(address);
    home.write(
        "token",
        "# for the collector\nAuthorization: Bearer collectors-own\n",
    );
    home.write("stranger.pem", &stranger.pem);
    home.write("ours.pem", &ours.pem);
    let (file, none) = (home.at("stranger.pem"), home.at("none"));
    // no more roots than these: reading hundreds takes a program that isn't optimised its time
    let home = home.var("SSL_CERT_FILE", file).var("SSL_CERT_DIR", none);
    fails(&home);
    assert_eq!((heard.lock().unwrap().len(), waiting(&home)), (0, 1));
    let file = home.at("ours.pem");
    let home = home.var("SSL_CERT_FILE", file);
    let mut failures = 1;
    while waiting(&home) > 0 && failures < 50 {
        fails(&home); // a busy machine may need more than the half second of one
        failures += 1;
    }
    assert_eq!((names(&heard).len(), waiting(&home)), (failures, 0));
    let text = heard.lock().unwrap()[0].clone();
    assert!(
        text.contains("authorization: Bearer collectors-own\r\n"),
        "{text}"
    );
    assert_eq!(sings(&heard), [""; 0], "{text}");
}

/// A login that others could have exchanged goes nowhere, and one line says so.
#[test]
fn headers_that_others_could_have_written_are_not_sent() {
    let ours = Authority::new();
    let (address, heard) = over_tls(ours.server("localhost", 2020, 2090));
    let home = with_headers(address);
    home.write("token", "Authorization: Bearer planted\n");
    home.write("ours.pem", &ours.pem);
    let (file, none) = (home.at("ours.pem"), home.at("none"));
    let home = home.var("SSL_CERT_FILE", file).var("SSL_CERT_DIR", none);
    home.mode("token", 0o666);
    fails(&home);
    assert_eq!((heard.lock().unwrap().len(), waiting(&home)), (0, 1));
    let remedy = format!("`chmod go-w {}`", home.at("token").display());
    let ended = home.gomend(&["history"]);
    let words = ended.words();
    let lines = words.lines().filter(|line| line.contains(&remedy));
    assert_eq!((ended.how, lines.count()), (How::Code(0), 1), "{words}");
    // what waits until that is mended is bounded too
    fill(&home);
    fails(&home);
    assert!(waiting(&home) > 200 && spooled(&home) <= 256 << 10);
}

rows! {
    settings_that_would_tell_too_much_are_refused = is_refused;
    a_login: "endpoint = \"http://u:p@127.0.0.1:1\"", "a login belongs in `headers-file`";
    headers_in_the_clear: "endpoint = \"http://c.example\"\nheaders-file = \"/x\"", "is sent over https:// alone";
    a_scheme: "endpoint = \"ftp://c.example\"", "must be an https:// or http:// URL";
    an_attribute: "endpoint = \"https://c.example\"\nattributes = { \"A b\" = \"x\" }", "`A b` can't be an attribute";
    modules: "endpoint = \"https://c.example\"\nmodules = true", "unknown field";
    no_endpoint: "hosts = []", "missing field `endpoint`";
}

fn is_refused(settings: &str, why: &str) {
    let home = failing(&format!("[telemetry]\n{settings}\n"));
    let ended = home.gomend(&["history"]);
    assert!(ended.words().contains(why), "{ended:?}");
    let ended = home.gomend(&["doctor"]).with_code(2);
    assert_eq!(ended.words().lines().count(), 1, "{ended:?}");
    fails(&home);
    assert!(!home.at(SPOOL).exists());
}

#[test]
fn changes_are_told() {
    let (address, heard) = collector("200 OK");
    let home = super::sinner();
    home.write(".config/gomend/config.toml", to(address));
    home.gomend_in("repo", &["check", "--fix", "--scope", "repository"]);
    home.done(&["undo"]);
    home.done(&["history"]);
    let told: Vec<(String, Option<String>)> = records(&heard)
        .iter()
        .map(|record| {
            let id = attribute(record, "gomend.fix.id").map(str::to_owned);
            (record["eventName"].as_str().unwrap().to_owned(), id)
        })
        .collect();
    let id = || Some("policy".to_owned());
    assert_eq!(
        told,
        [
            ("gomend.fix.applied".to_owned(), id()),
            ("gomend.fix.undone".to_owned(), id())
        ]
    );
}

#[test]
fn a_second_try_is_told() {
    let (address, heard) = collector("200 OK");
    let count = std::sync::atomic::AtomicUsize::new(0);
    // refused by the server once, then there
    let proxy = listen(move |mut stream| {
        let first = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        let quiet = Heard::default();
        receive(
            &mut stream,
            &quiet,
            if first {
                "503 Service Unavailable"
            } else {
                "404 Not Found"
            },
        );
    });
    let home = failing(&to(address))
        .var("GOPROXY", format!("http://{proxy}"))
        .var("GOMEND_RETRY", "1");
    let ended = go(&home, &["mod", "download"]);
    assert_eq!(ended.how, How::Code(1), "{ended:?}");
    assert_eq!(
        names(&heard),
        ["gomend.fetch.retry", "gomend.fetch.failure"],
        "{ended:?}"
    );
    let retry = &records(&heard)[0];
    assert_eq!(
        attribute(retry, "gomend.retry.number"),
        Some("1"),
        "{retry}"
    );
    assert_eq!(attribute(retry, "process.exit.code"), Some("1"), "{retry}");
    assert_ne!(attribute(retry, "error.type"), Some("_OTHER"), "{retry}");
    // and counted
    let metrics = home.done(&["metrics"]);
    assert!(metrics.contains("\ngomend_retries_total 1\n"), "{metrics}");
}
