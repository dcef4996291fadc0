//! `gomend respond`: an alert, a playbook, the end of the alert; and senders that mean no good.

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, ChildStderr, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::hostile_peers::{head, listen};
use crate::support::home::Home;
use crate::support::{DEADLINE, Ended, How};

const TOKEN: &str = "a-token-that-nobody-guesses";
const MODULE: &str = "dep.example/x@v1.0.0";

fn zip() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("go.mod", "module dep.example/x\n\ngo 1.21\n"),
        ("x.go", "package x\n"),
    ] {
        let options = zip::write::SimpleFileOptions::default();
        writer
            .start_file(format!("{MODULE}/{name}"), options)
            .unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A module proxy; `before` is called before each answer, which is this status unless it is 200.
fn proxy(status: u16, before: impl Fn() + Send + Sync + 'static) -> SocketAddr {
    let zip = zip();
    listen(move |mut stream| {
        let request = head(&mut stream);
        before();
        let text = String::from_utf8_lossy(&request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default();
        let body = match path.rsplit('/').next().unwrap_or_default() {
            "list" => b"v1.0.0\n".to_vec(),
            "v1.0.0.info" => b"{\"Version\":\"v1.0.0\",\"Time\":\"2020-01-01T00:00:00Z\"}".to_vec(),
            "v1.0.0.mod" => b"module dep.example/x\n\ngo 1.21\n".to_vec(),
            "v1.0.0.zip" => zip.clone(),
            _ => Vec::new(),
        };
        let status = if body.is_empty() { 404 } else { status };
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&body);
    })
}

/// A user whose module proxy is gone, with these playbooks.
fn user(settings: &str) -> Home {
    let home = Home::new();
    home.write("token", format!("{TOKEN}\n"));
    home.mode("token", 0o600);
    let token = home.at("token").display().to_string();
    home.write(
        ".config/gomend/config.toml",
        format!("[respond]\ntoken-file = \"{token}\"\n{settings}"),
    );
    home.write(
        ".config/go/env",
        "GOPROXY=http://127.0.0.1:1\nGOSUMDB=off\n",
    );
    home
}

fn switch(proxies: &[SocketAddr]) -> String {
    let proxies: Vec<String> = proxies
        .iter()
        .map(|address| format!("\"http://{address}\""))
        .collect();
    format!(
        "[[respond.playbook]]\nalert = \"MirrorDown\"\n[respond.playbook.switch]\nproxies = [{}]\nmodules = [\"{MODULE}\"]\n",
        proxies.join(", ")
    )
}

fn alert(name: &str, status: &str, fingerprint: &str) -> String {
    let name = serde_json::Value::from(name);
    format!(
        "{{\"version\":\"4\",\"status\":\"{status}\",\"receiver\":\"x\",\"alerts\":[{{\"status\":\"{status}\",\"labels\":\
         {{\"alertname\":{name},\"severity\":\"critical\"}},\"annotations\":{{}},\"fingerprint\":\"{fingerprint}\"}}]}}"
    )
}

fn once(home: &Home, notification: &str, more: &[&str]) -> Ended {
    home.write("alert.json", notification);
    home.gomend(&[&["respond", "--once", "alert.json"], more].concat())
}

#[test]
fn switched_when_it_fires_and_undone_when_it_is_over() {
    let (broken, good) = (proxy(500, || {}), proxy(200, || {}));
    let home = user(&switch(&[broken, good]));
    let before = home.read(".config/go/env");
    let firing = alert("MirrorDown", "firing", "0a");
    let dry = once(&home, &firing, &[]);
    assert_eq!(
        (dry.how, dry.words().as_str()),
        (
            How::Code(0),
            "gomend: MirrorDown: would be answered by `switch` (`--apply` does it)\n"
        )
    );
    assert_eq!(home.read(".config/go/env"), before);
    assert!(!home.at(".local/state/gomend/journal").exists());

    let done = once(&home, &firing, &["--apply"]);
    assert!(
        done.words().starts_with(&format!(
            "gomend: MirrorDown: done: Set GOPROXY=http://{good}"
        )),
        "{done:?}"
    );
    assert_eq!(
        home.read(".config/go/env"),
        format!("GOPROXY=http://{good}\nGOSUMDB=off\n")
    );
    // Alertmanager repeats itself
    let again = once(&home, &firing, &["--apply"]);
    assert_eq!(again.words(), "gomend: MirrorDown: answered already\n");
    let over = alert("MirrorDown", "resolved", "0a");
    let dry = once(&home, &over, &[]);
    assert!(dry.words().contains("would be done"), "{dry:?}");
    let done = once(&home, &over, &["--apply"]);
    assert!(
        done.words().contains("over; taken back: Set GOPROXY="),
        "{done:?}"
    );
    assert_eq!(home.read(".config/go/env"), before);
    let again = once(&home, &over, &["--apply"]);
    assert_eq!(
        again.words(),
        "gomend: MirrorDown: over; nothing was done about it\n"
    );
}

#[test]
fn what_would_not_help_is_not_written() {
    let (broken, wrong) = (proxy(500, || {}), proxy(404, || {}));
    let home = user(&switch(&[broken, wrong]));
    let before = home.read(".config/go/env");
    let done = once(&home, &alert("MirrorDown", "firing", "0a"), &["--apply"]);
    assert!(done.words().contains("`switch` did not help: "), "{done:?}");
    assert_eq!(home.read(".config/go/env"), before);
    // a variable would hide what is written
    let home = home.var("GOPROXY", "http://127.0.0.1:1");
    let done = once(&home, &alert("MirrorDown", "firing", "0a"), &["--apply"]);
    assert!(
        done.words().contains("GOPROXY is set in the environment"),
        "{done:?}"
    );
}

#[test]
fn what_a_person_changed_since_stays() {
    let good = proxy(200, || {});
    let home = user(&switch(&[good]));
    once(&home, &alert("MirrorDown", "firing", "0a"), &["--apply"]);
    home.write(".config/go/env", "GOPROXY=https://mine.example\n");
    let over = once(&home, &alert("MirrorDown", "resolved", "0a"), &["--apply"]);
    assert!(
        over.words().contains("over, and not taken back: "),
        "{over:?}"
    );
    assert_eq!(
        home.read(".config/go/env"),
        "GOPROXY=https://mine.example\n"
    );
}

#[test]
fn looks_warms_and_tickets() {
    let good = proxy(200, || {});
    let home = user(&format!(
        "per-hour = 2\n[[respond.playbook]]\nalert = \"Look\"\ndoctor = [\"127.0.0.1:1\"]\n\
         [[respond.playbook]]\nalert = \"Warm\"\nwarm = {{ proxies = [\"http://{good}\"], modules = [\"{MODULE}\"] }}\n\
         [[respond.playbook]]\nalert = \"Ticket\"\nreport = true\n"
    ));
    let ended = once(&home, &alert("Ticket", "firing", "1"), &["--apply"]);
    assert!(
        ended.words().contains("nothing was diagnosed yet"),
        "{ended:?}"
    );
    let ended = once(&home, &alert("Warm", "firing", "2"), &["--apply"]);
    assert_eq!(ended.words(), "gomend: Warm: fetched: 1\n");
    // two in an hour, one of which failed
    let ended = once(&home, &alert("Look", "firing", "3"), &["--apply"]);
    assert_eq!(
        ended.words(),
        "gomend: Look: refused: 2 playbooks have run within the hour\n"
    );
    fs::remove_file(home.at(".local/state/gomend/fleet/responses.json")).unwrap();
    let ended = once(&home, &alert("Look", "firing", "3"), &["--apply"]);
    assert!(ended.words().contains("hosts looked at: 1"), "{ended:?}");
    let looks = fs::read_dir(home.at(".local/state/gomend/fleet/looks"))
        .unwrap()
        .count();
    assert_eq!(looks, 1);
}

#[test]
fn nothing_but_what_is_configured() {
    let home = user("");
    for (name, notification) in [
        ("unknown", alert("Other", "firing", "0a")),
        ("path", alert("../../../etc/passwd", "firing", "0a")),
        ("control", alert("a\u{1b}]0;x\u{7}b", "firing", "0a")),
    ] {
        let ended = once(&home, &notification, &["--apply"]);
        assert_eq!(ended.words().lines().count(), 1, "{name}: {ended:?}");
        assert!(
            ended
                .words()
                .ends_with(": refused: no playbook is for it\n"),
            "{name}: {ended:?}"
        );
        assert!(!ended.words().contains('\u{1b}'), "{name}");
    }
    for (name, notification) in [
        ("fingerprint", alert("X", "firing", "../x")),
        ("bomb", "[".repeat(200_000)),
        (
            "deep",
            format!("{{\"version\":\"4\",\"alerts\":{}", "[".repeat(100_000)),
        ),
        ("50 MB", " ".repeat(50 << 20)),
        ("empty", String::new()),
    ] {
        let ended = once(&home, &notification, &["--apply"]);
        assert_eq!(
            (ended.how, ended.words().lines().count()),
            (How::Code(1), 1),
            "{name}: {ended:?}"
        );
        assert!(
            ended.words().starts_with("gomend: refused: "),
            "{name}: {ended:?}"
        );
    }
    for (what, settings) in [
        ("no table", String::new()),
        (
            "two acts",
            "[[respond.playbook]]\nalert = \"A\"\nreport = true\ndoctor = [\"x\"]\n".to_owned(),
        ),
        (
            "a word that names nothing",
            "[[respond.playbook]]\nalert = \"A\"\ndoctor = [\"git.corp.example:99999\"]\n"
                .to_owned(),
        ),
        (
            "a program",
            "[[respond.playbook]]\nalert = \"A\"\nrun = \"sh\"\n".to_owned(),
        ),
    ] {
        home.write(".config/gomend/config.toml", settings);
        let ended = once(&home, &alert("A", "firing", "0a"), &["--apply"]);
        assert_eq!(
            (ended.how, ended.words().lines().count()),
            (How::Code(2), 1),
            "{what}: {ended:?}"
        );
    }
}

/// A receiver that runs; its lines come as they are said.
struct Receiver {
    child: Child,
    lines: mpsc::Receiver<String>,
    address: String,
}

impl Receiver {
    fn start(home: &Home, args: &[&str]) -> Self {
        let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
        command.arg("respond").args(args).stderr(Stdio::piped());
        Self::of(command.spawn().unwrap())
    }

    fn of(mut child: Child) -> Self {
        let stderr: ChildStderr = child.stderr.take().unwrap();
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut receiver = Self {
            child,
            lines,
            address: String::new(),
        };
        let line = receiver.line();
        let said = line
            .strip_prefix("gomend: listening: ")
            .unwrap_or_else(|| panic!("{line}"));
        let name = said.split(';').next().unwrap();
        let address = name
            .trim_start_matches("http://")
            .trim_end_matches("/alerts");
        address.clone_into(&mut receiver.address);
        receiver
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(DEADLINE).unwrap()
    }

    fn post(&self, body: &str) -> String {
        self.ask(&format!(
            "POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// The status of the answer; empty: none came.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let _ = stream.write_all(request.as_bytes()); // it may be refused before it is read
        status(&mut stream)
    }
}

fn status(stream: &mut impl Read) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer); // reset: what came until then
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.split(' ').nth(1).unwrap_or_default().to_owned()
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let home = user("");
    home.write(".local/state/gomend/fleet", "");
    let ended = once(&home, &alert("MirrorDown", "firing", "0a"), &[]);
    let path = home.at(".local/state/gomend/fleet");
    let said = format!("can't write `{}`: ", path.display());
    assert!(ended.words().contains(&said), "{ended:?}");
}

#[test]
fn over_http_one_at_a_time() {
    let (open, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let reached = Arc::new((Mutex::new(false), std::sync::Condvar::new()));
    let there = Arc::clone(&reached);
    let good = proxy(200, move || {
        *there.0.lock().unwrap() = true;
        there.1.notify_all();
        let _ = gate.lock().unwrap().recv(); // open from then on
    });
    let home = user(&switch(&[good]));
    let before = home.read(".config/go/env");
    let receiver = Receiver::start(&home, &["--listen", "127.0.0.1:0", "--apply"]);
    assert_eq!(receiver.post(&alert("MirrorDown", "firing", "0a")), "202");
    let guard = reached.0.lock().unwrap();
    drop(reached.1.wait_while(guard, |reached| !*reached).unwrap());
    assert_eq!(receiver.post(&alert("MirrorDown", "firing", "0b")), "503");
    assert_eq!(
        receiver.line(),
        "gomend: refused: another notification is being answered"
    );
    let meanwhile = once(&home, &alert("MirrorDown", "firing", "0c"), &["--apply"]);
    assert_eq!(
        meanwhile.words(),
        "gomend: refused: another gomend is answering\n"
    );
    drop(open);
    let line = receiver.line();
    assert!(
        line.starts_with("gomend: MirrorDown: done: Set GOPROXY="),
        "{line}"
    );
    let over = alert("MirrorDown", "resolved", "0a");
    while receiver.post(&over) == "503" {} // the line is said a moment before the place is free
    loop {
        let line = receiver.line();
        if line != "gomend: refused: another notification is being answered" {
            assert!(
                line.starts_with("gomend: MirrorDown: over; taken back: "),
                "{line}"
            );
            break;
        }
    }
    assert_eq!(home.read(".config/go/env"), before);
}

#[test]
fn senders_that_mean_no_good() {
    let home = user("[[respond.playbook]]\nalert = \"Ticket\"\nreport = true\n");
    let receiver = Receiver::start(&home, &["--listen", "127.0.0.1:0", "--apply"]);
    let head = |path: &str, token: &str, rest: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n{rest}\r\n\r\n")
    };
    let token = format!("Bearer {TOKEN}");
    let (good, large) = (token.as_str(), "1".repeat(20_000));
    let cases: Vec<(&str, String, &[&str])> = vec![
        (
            "no token",
            "POST /alerts HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".to_owned(),
            &["401"],
        ),
        (
            "a wrong one",
            head(
                "/alerts",
                "Bearer a-token-that-nobody-guesse",
                "Content-Length: 0",
            ),
            &["401"],
        ),
        (
            "another scheme",
            head("/alerts", "Basic YTpi", "Content-Length: 0"),
            &["401"],
        ),
        (
            "another path",
            head("/../../etc/passwd", good, "Content-Length: 0"),
            &["404"],
        ),
        (
            "GET",
            head("/alerts", good, "").replace("POST", "GET"),
            &["405"],
        ),
        (
            "50 MB",
            head("/alerts", good, "Content-Length: 52428800"),
            &["413"],
        ),
        (
            "nothing",
            head("/alerts", good, "Content-Length: 0"),
            &["400"],
        ),
        (
            "a large head",
            head("/alerts", good, &format!("X: {large}")),
            &["431", ""],
        ),
        ("no HTTP", "SSH-2.0-x\r\n\r\n".to_owned(), &["400", ""]),
        (
            "a smuggled one",
            head(
                "/alerts",
                good,
                "Content-Length: 0\r\nTransfer-Encoding: chunked",
            ),
            &["400", ""],
        ),
    ];
    for (what, request, expected) in cases {
        let found = receiver.ask(&request);
        assert!(expected.contains(&found.as_str()), "{what}: {found}");
        let line = receiver.line();
        assert!(line.starts_with("gomend: refused: "), "{what}: {line}");
    }
    for (what, body) in [
        ("a bomb", "[".repeat(200_000)),
        (
            "a deep one",
            format!(
                "{{\"version\":\"4\",\"alerts\":{}",
                "{\"a\":".repeat(40_000)
            ),
        ),
        (
            "many",
            format!(
                "{{\"version\":\"4\",\"alerts\":[{}]}}",
                vec!["{}"; 5000].join(",")
            ),
        ),
        ("no UTF-8", "\u{0}\u{7f}".repeat(100)),
    ] {
        assert_eq!(receiver.post(&body), "400", "{what}");
        let line = receiver.line();
        assert!(
            line.starts_with("gomend: refused: ") && line.len() < 300,
            "{what}: {line}"
        );
    }
}

#[test]
fn senders_that_do_not_end() {
    let home = user("[[respond.playbook]]\nalert = \"Ticket\"\nreport = true\n");
    let receiver = Receiver::start(&home, &["--listen", "127.0.0.1:0", "--apply"]);
    let head = format!(
        "POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    // an endless body, as fast as it is taken
    let mut endless = TcpStream::connect(&receiver.address).unwrap();
    endless.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let mut sent = 0;
    while sent < 200 << 20 && endless.write_all(chunk.as_bytes()).is_ok() {
        sent += chunk.len();
    }
    assert!(sent < 100 << 20, "it was taken for ever");
    assert!(receiver.line().starts_with("gomend: refused: "));
    // all places taken by those who say nothing, or a letter at a time
    let started = Instant::now();
    let idle: Vec<TcpStream> = (0..8)
        .map(|_| TcpStream::connect(&receiver.address).unwrap())
        .collect();
    let mut drip = idle[0].try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        while drip.write_all(b"P").is_ok() {
            std::thread::sleep(Duration::from_millis(100)); // the drip itself
        }
    });
    assert_eq!(receiver.post(&alert("Other", "firing", "0a")), "202");
    assert!(started.elapsed() < Duration::from_secs(30));
    dripping.join().unwrap();
    let (mut late, mut answered) = (0, false);
    while late < 8 || !answered {
        let line = receiver.line();
        late += usize::from(line == "gomend: refused: it took too long");
        answered |= line == "gomend: Other: refused: no playbook is for it";
    }
    let memory = fs::read_to_string(format!("/proc/{}/status", receiver.child.id())).unwrap();
    let most = memory
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = most.trim().trim_end_matches(" kB").trim().parse().unwrap();
    assert!(kib < 100 << 10, "{kib} KiB");
}

#[test]
fn where_it_listens_and_whom_it_believes() {
    let home = user("");
    let refused = |args: &[&str], why: &str| {
        let ended = home.gomend(&[&["respond"], args].concat());
        assert!(
            ended.words().contains(why) && ended.words().lines().count() == 1,
            "{why}: {ended:?}"
        );
        assert_ne!(ended.how, How::Code(0));
    };
    refused(
        &["--listen", "0.0.0.0:0"],
        "only this machine's own programs",
    );
    refused(&[], "where to listen?");
    home.mode("token", 0o644);
    refused(&["--listen", "127.0.0.1:0"], "others can read");
    home.mode("token", 0o602);
    refused(&["--listen", "127.0.0.1:0"], "chmod go-w");
    home.write("token", "short\n");
    home.mode("token", 0o600);
    refused(&["--listen", "127.0.0.1:0"], "one word of at least 16");
    fs::remove_file(home.at("token")).unwrap();
    refused(&["--listen", "127.0.0.1:0"], "can't be read");

    let home = user("");
    let path = home.at("gomend.sock");
    let receiver = Receiver::start(&home, &["--socket", path.to_str().unwrap()]);
    let body = alert("Other", "firing", "0a");
    let request = format!(
        "POST /alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    assert_eq!(status(&mut stream), "202");
    assert_eq!(
        receiver.line(),
        "gomend: Other: refused: no playbook is for it"
    );
    drop(receiver);

    // as systemd hands a socket over (sd_listen_fds(3))
    let script = "import os,socket,sys\ns=socket.socket(); s.bind(('127.0.0.1',0)); s.listen()\nos.dup2(s.fileno(),3); os.set_inheritable(3,True)\n\
                  os.environ.update(LISTEN_PID=str(os.getpid()),LISTEN_FDS='1')\nos.execv(sys.argv[1],[sys.argv[1],'respond'])";
    let mut command = home.command("python3");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_gomend")])
        .stderr(Stdio::piped());
    let receiver = Receiver::of(command.spawn().unwrap());
    assert_eq!(receiver.post(&body), "202");
}
