//! `gomend respond`: listens for Alertmanager, or answers one saved notification.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gomend_fleet::respond::{Act, Alert, LARGEST, Respond, alerts};

use crate::cli::Call;
use crate::cli::{complain, look, note};
use crate::config::{self};
use crate::exit;
use crate::fleet::respond::serve::{Endpoint, serve};
use crate::fleet::respond::{Responder, refused};
use crate::lang::tr;
use crate::probe::Subject;
use crate::settings::Env;
use crate::state::State;

/// The shortest token that nobody guesses.
const SHORTEST_TOKEN: usize = 16;

/// What `gomend respond` understands.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// An address of the loopback, for instance 127.0.0.1:9099; without it, the socket that systemd passes
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// A socket in the file system
    #[arg(long, value_name = "PATH", conflicts_with = "listen")]
    socket: Option<PathBuf>,
    /// Answer one notification from a file, and end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["listen", "socket"])]
    once: Option<PathBuf>,
    /// Do it; otherwise it is only said what would be done
    #[arg(long)]
    apply: bool,
}

/// Answers alerts.
pub(in crate::cli) fn run(call: Call<'_>, args: &Args) -> Result<i32, String> {
    let env = Env::from_process();
    let Some(respond) = call.config.fleet.respond.clone() else {
        complain(&tr!(
            "no playbook is configured: config.toml has no `[respond]`"
        ));
        return Ok(exit::USAGE);
    };
    if let Some(text) = nothing_to_look_at(&respond) {
        complain(&tr!(
            "`{text}`: neither a host, nor a URL, nor a module",
            text = text.escape_default()
        ));
        return Ok(exit::USAGE);
    }
    let state = State::of(&env).map_err(|unusable| unusable.to_string())?;
    let token_file = respond.token_file.clone();
    let responder = Responder {
        config: call.config.clone(),
        respond,
        dir: look::here(),
        go: look::real_go(call.world),
        options: look::options(call.config, true, false),
        state,
        apply: args.apply,
        env,
    };
    match &args.once {
        Some(file) => once(&responder, file),
        None => listen(responder, args, token_file.as_deref()),
    }
}

/// A word of a playbook's `doctor` that names nothing.
fn nothing_to_look_at(respond: &Respond) -> Option<&str> {
    let mut words = respond
        .playbook
        .iter()
        .flat_map(|playbook| match &playbook.act {
            Act::Doctor(targets) => targets.as_slice(),
            _ => &[],
        });
    let word = words.find(|word| Subject::from_text(word).is_none());
    word.map(String::as_str)
}

fn once(responder: &Responder, file: &Path) -> Result<i32, String> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX) + 1;
    crate::file::stream(file)
        .and_then(|stream| stream.take(most).read_to_end(&mut bytes))
        .map_err(|error| tr!("can't read `{file}`: {error}", file = file.display(), error))?;
    let alerts = match alerts(&bytes) {
        Ok(alerts) => alerts,
        Err(refusal) => {
            complain(&tr!("refused: {why}", why = refused(refusal)));
            return Ok(exit::PROBLEM);
        }
    };
    responder.answer(&alerts, &note).map(|()| exit::OK)
}

fn listen(responder: Responder, args: &Args, token_file: Option<&Path>) -> Result<i32, String> {
    let token = match token(token_file) {
        Ok(token) => token,
        Err(why) => {
            complain(&why);
            return Ok(exit::USAGE);
        }
    };
    let number = |name: &str| responder.env.var(name)?.parse::<u32>().ok();
    let door = match (args.listen, &args.socket) {
        (Some(address), _) => Endpoint::at(address),
        (None, Some(path)) => Endpoint::socket(path),
        (None, None) => {
            if let Some(door) = Endpoint::of_systemd(number) {
                door
            } else {
                complain(&tr!(
                    "where to listen? `--listen 127.0.0.1:9099`, `--socket PATH`, or systemd's socket"
                ));
                return Ok(exit::USAGE);
            }
        }
    };
    let failed = |error: std::io::Error| tr!("can't listen: {error}", error);
    let door = door.map_err(failed)?;
    let name = door.name();
    note(&if responder.apply {
        tr!("listening: {name}", name)
    } else {
        tr!("listening: {name}; nothing is done without `--apply`", name)
    });
    let answer = Arc::new(move |alerts: &[Alert]| responder.answer(alerts, &note));
    serve(door, token, answer, Arc::new(note)).map_err(failed)?;
    Ok(exit::OK)
}

/// The token that a sender must know.
fn token(file: Option<&Path>) -> Result<Vec<u8>, String> {
    let file =
        file.ok_or_else(|| tr!("`token-file` in `[respond]` must name the file with the token"))?;
    let path = file.display();
    let unreadable =
        |error: &dyn std::fmt::Display| tr!("can't read `{file}`: {error}", file = path, error);
    let text = config::own(file)
        .map_err(|untrusted| format!("{path}: {}", config::refused(&untrusted)))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(tr!("others can read `{path}`: chmod 600", path));
    }
    let token = text.trim();
    if token.len() < SHORTEST_TOKEN || token.contains(char::is_whitespace) {
        return Err(tr!(
            "`{path}` must hold one word of at least {count} letters",
            path,
            count = SHORTEST_TOKEN
        ));
    }
    Ok(token.as_bytes().to_vec())
}
