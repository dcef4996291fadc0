//! A git server: `git http-backend` (git-http-backend(1)) behind HTTPS, with the
//! manners of a forge: credentials wanted or refused, missing, limited, broken.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Weak};

use hyper::body::Bytes;

use crate::error::{Error, Result};
use crate::serve::http::{Reply, Request, Site, site};
use crate::testbed::Testbed;
use gomend_core::text;

/// A file of a revision: path and content.
pub type Files<'a> = &'a [(&'a str, &'a str)];

/// Creates a bare repository below `srv/` whose `tags` each point to a revision
/// with these files; the last one is also `main`. Times and names are fixed, so
/// that every hash is the same each time.
pub fn repository(world: &Testbed, name: &str, tags: &[(&str, Files<'_>)]) -> Result<()> {
    let path = world.inside("srv").join(name);
    git(
        world,
        &[
            "init",
            "-q",
            "--bare",
            "-b",
            "main",
            &path.to_string_lossy(),
        ],
        b"",
    )?;
    let mut stream = Vec::new();
    for (index, (tag, files)) in tags.iter().enumerate() {
        let seconds = 1_700_000_000 + index;
        let message = format!("{tag}\n");
        let mut line = |text: String| stream.extend_from_slice(text.as_bytes());
        line("commit refs/heads/main\n".into());
        line(format!(
            "committer Lab <lab@corp.example> {seconds} +0000\n"
        ));
        line(format!("data {}\n{message}deleteall\n", message.len()));
        for (path, content) in *files {
            line(format!(
                "M 100644 inline {path}\ndata {}\n{content}\n",
                content.len()
            ));
        }
        line(format!("\nreset refs/tags/{tag}\nfrom refs/heads/main\n\n"));
    }
    let git_dir = format!("--git-dir={}", path.display());
    git(world, &[&git_dir, "fast-import", "--quiet"], &stream)
}

/// Runs git inside, as the server's user, and waits for it.
fn git(world: &Testbed, arguments: &[&str], input: &[u8]) -> Result<()> {
    let output = run(world, arguments, &[], input)?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::Program(
        text!("prepare a repository"),
        String::from_utf8_lossy(&output.stderr).into(),
    ))
}

fn run(
    world: &Testbed,
    arguments: &[&str],
    environment: &[(&str, &str)],
    input: &[u8],
) -> Result<std::process::Output> {
    let failed = |error| Error::Io(text!("run git"), error);
    let mut child = world
        .command(program()?, &world.inside(""))?
        .args(arguments)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", world.inside("srv"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // Requests and revisions are smaller than a pipe's buffer (64 KiB); git
    // may end without reading them.
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().map_err(failed)
}

/// The real git, also for scenes whose PATH lacks it.
pub fn program() -> Result<PathBuf> {
    which::which("git").map_err(|_| Error::Missing("git"))
}

/// Who may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Open,
    /// Nobody without credentials (401), and only this user and password.
    Only(&'static str, &'static str),
    /// Whoever sends credentials gets this status, the others 401.
    Refuses(u16),
    /// Everybody gets this status.
    Status(u16, &'static str),
}

/// The site of a git server over the repositories below `srv/`. Requests that
/// are none of git's (`?go-get=1`) get `page`'s answer.
pub fn server(
    world: &Arc<Testbed>,
    access: Access,
    page: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> Site {
    let world = Arc::downgrade(world);
    site(move |request| {
        if !is_git(request) {
            return page(request);
        }
        denial(request, access).unwrap_or_else(|| backend(request, &world))
    })
}

/// The same, but each pack is cut off after `bytes` bytes.
pub(crate) fn cut_server(
    world: &Arc<Testbed>,
    bytes: usize,
    page: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> Site {
    let whole = server(world, Access::Open, page);
    site(move |request| {
        let reply = whole(request);
        let fetch = request.path.ends_with("/git-upload-pack")
            && request
                .body
                .windows(13)
                .any(|window| window == b"command=fetch");
        if fetch { reply.cut_at(bytes) } else { reply }
    })
}

/// Whether a request belongs to git's protocol (gitprotocol-http(5)).
#[must_use]
pub(crate) fn is_git(request: &Request) -> bool {
    request.path.ends_with("/info/refs") || request.path.ends_with("/git-upload-pack")
}

fn denial(request: &Request, access: Access) -> Option<Reply> {
    let sent = request.header("authorization");
    let wanted = || {
        Reply::text(401, "authentication required\n")
            .with("www-authenticate", "Basic realm=\"git.corp.example\"")
    };
    match access {
        Access::Open => None,
        Access::Status(status, text) => Some(Reply::text(status, text)),
        Access::Only(user, password) => {
            let right = format!(
                "Basic {}",
                crate::base64(format!("{user}:{password}").as_bytes())
            );
            (sent != Some(&right)).then(wanted)
        }
        Access::Refuses(status) => Some(match (sent, status) {
            (None, _) | (Some(_), 401) => wanted(),
            (Some(_), status) => Reply::text(status, "access denied\n"),
        }),
    }
}

/// The CGI (RFC 3875): the request in environment and stdin, the reply with
/// its headers on stdout.
fn backend(request: &Request, world: &Weak<Testbed>) -> Reply {
    let Some(world) = world.upgrade() else {
        return Reply::text(503, "shutting down\n");
    };
    let root = world.inside("srv");
    let size = request.body.len().to_string();
    let environment = [
        ("GIT_PROJECT_ROOT", &*root.to_string_lossy()),
        ("GIT_HTTP_EXPORT_ALL", "1"),
        ("PATH_INFO", &*repository_path(&root, &world, &request.path)),
        ("QUERY_STRING", &request.query),
        ("REQUEST_METHOD", &request.method),
        (
            "CONTENT_TYPE",
            request.header("content-type").unwrap_or_default(),
        ),
        (
            "HTTP_CONTENT_ENCODING",
            request.header("content-encoding").unwrap_or_default(),
        ),
        (
            "GIT_PROTOCOL",
            request.header("git-protocol").unwrap_or_default(),
        ),
        ("CONTENT_LENGTH", &size),
        ("REMOTE_ADDR", "127.0.0.1"),
    ];
    match run(&world, &["http-backend"], &environment, &request.body) {
        Ok(output) => cgi(&output.stdout),
        Err(error) => Reply::text(500, error.to_string()),
    }
}

/// Forges serve `team/lib` and `team/lib.git` alike; the repository's own name
/// is the one without the ending.
fn repository_path(root: &Path, world: &Testbed, path: &str) -> String {
    let stripped = path.replacen(".git/", "/", 1);
    let below = root.strip_prefix(world.inside("")).unwrap_or(root);
    let name = path.trim_start_matches('/');
    let exact = name
        .split_once(".git/")
        .map(|(name, _)| format!("{name}.git"));
    match exact {
        Some(exact) if world.outside(below).join(&exact).is_dir() => path.into(),
        _ => stripped,
    }
}

fn cgi(output: &[u8]) -> Reply {
    let end = output.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(end) = end else {
        return Reply::text(500, "no headers from http-backend\n");
    };
    let mut reply = Reply {
        status: 200,
        body: Bytes::copy_from_slice(&output[end + 4..]),
        ..Reply::default()
    };
    let mut head = String::new();
    // Headers of http-backend are ASCII; reading from memory cannot fail.
    let _ = (&output[..end]).read_to_string(&mut head);
    for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "status" => {
                reply.status = value
                    .split(' ')
                    .next()
                    .and_then(|code| code.parse().ok())
                    .unwrap_or(500);
            }
            name => reply.headers.push((name.into(), value.into())),
        }
    }
    reply
}
