//! `gomend hosts`: whom a fetch of the module here would speak to.

use std::fmt::Write as _;

use super::look::{here, options, real_go};
use super::{print, print_json};
use crate::cli::Call;
use crate::doctor::Request;
use crate::doctor::hosts::{self, Basis, Host, Hosts, NotKnown, When};
use crate::exit;
use crate::lang::tr;
use crate::settings::Env;
use crate::tool::Cancel;
use crate::{words, wrap};

/// Names shown of those that name a host.
const MOST_NAMES: usize = 3;

/// Lists them.
pub(super) fn list(call: Call<'_>, ask: bool) -> Result<i32, String> {
    let request = Request {
        targets: Vec::new(),
        env: Env::from_process(),
        dir: here(),
        go: real_go(call.world),
        options: options(call.config, false, false),
        cancel: Cancel::default(),
    };
    let found = hosts::list(&request, ask);
    if call.common.json {
        print_json(&found)?;
    } else {
        print(&rendered(&found))?;
    }
    let is_refused = |unknown: &NotKnown| matches!(unknown, NotKnown::Setting { .. });
    Ok(if found.unknown.iter().any(is_refused) {
        exit::PROBLEM
    } else {
        exit::OK
    })
}

fn rendered(found: &Hosts) -> String {
    let name = |host: &Host| format!("{}:{}", host.host, host.port);
    let width = found
        .hosts
        .iter()
        .map(|host| name(host).len())
        .max()
        .unwrap_or(0);
    let columns = wrap::columns(1);
    let mut text = String::new();
    for host in &found.hosts {
        let mut by = host.named_by.clone();
        let more = by.len().saturating_sub(MOST_NAMES);
        by.truncate(MOST_NAMES);
        if more > 0 {
            by.push(tr!("{count} more", count = more));
        }
        let names = by.join(&tr!("list" => ", "));
        let role = words::role(&host.role);
        let what = match (host.when, host.basis) {
            (When::Fallback, _) => tr!(
                "{role}, only for what the module proxies lack ({names})",
                role,
                names
            ),
            (_, Basis::Known) => tr!("{role}, as is known of it ({names})", role, names),
            (_, Basis::Asked) => tr!("{role}, as it said just now ({names})", role, names),
            (_, Basis::Settings) => tr!("{role} ({names})", role, names),
        };
        let what = wrap::fit(&what, width + 2, width + 2, columns);
        let _ = writeln!(text, "{:width$}  {what}", name(host)); // to a String: cannot fail
    }
    for unknown in &found.unknown {
        let line = match unknown {
            NotKnown::Repository { host, module } => tr!(
                "not known: where {host} says that {module} is kept (`gomend hosts --ask` asks it)",
                host,
                module
            ),
            NotKnown::Storage { host } => tr!(
                "not known: whether {host} sends on to a storage host (`gomend hosts --ask` asks it)",
                host
            ),
            NotKnown::NoModule => {
                tr!("not known: the modules, since there is no go.mod here or above")
            }
            NotKnown::Setting { lint } => {
                let (key, what) = (&lint.key, words::flaw(lint));
                let instead = words::instead(lint, None);
                tr!(
                    "not known: whom go asks for modules, for it refuses {key}: {what}; instead: {instead}",
                    key,
                    what,
                    instead
                )
            }
        };
        let line = wrap::fit(&line, 8, 8, columns);
        let _ = writeln!(text, "gomend: {line}");
    }
    text
}
