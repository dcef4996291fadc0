//! HTTP proxies: the variables that Go and git read, and git's `http.proxy`.
//!
//! A variable lives in the process environment: what is changed is the line of the shell file
//! that sets it; where none is found, the command to type is shown.

use std::path::PathBuf;

use super::{Change, Line, Need, Proposal, Risk, Scope, Situation, git, network, quote, shell};
use crate::evidence::Role;
use crate::lang::{Text, msg};
use crate::probe::proxy::{Choice, Connect};
use crate::probe::{Status, tcp};
use crate::settings::lint;
use crate::settings::proxies::{self, VARIABLES};
use crate::settings::url::Url;
use crate::verdict::{Reason, Verdict};
use gomend_core::place::{AutoProxy, System};

/// What mends the proxy setting, where the observations or the value itself tell.
pub(super) fn fix(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let other_stack = matches!(
        verdict.reason,
        Some(Reason::ProxyRequired | Reason::ProxyGitOnly | Reason::ProxyGoOnly)
    );
    if other_stack || only_git_has_one(verdict, s) {
        return required(verdict, s);
    }
    if s.saved && verdict.reason == Some(Reason::ProxyAuth) {
        // what reads without echo is a shell's that Windows has not
        return (!s.place.is(System::Windows)).then(|| login("HTTPS_PROXY", None));
    }
    let choice = s.bad_proxy();
    let name = variable(verdict, s, choice)?;
    let value = s.env.var(&name).map(str::to_owned);
    match verdict.reason {
        Some(Reason::ProxyAuth) => return Some(login(&name, choice)),
        Some(Reason::ProxyBypass | Reason::NoProxyDialect) => return exempt(verdict, s),
        Some(Reason::ProxyRefuses) => return None, // who decides is asked, not gone round

        _ => {}
    }
    if let Some(value) = &value {
        let scheme = verdict.reason == Some(Reason::ProxyScheme)
            || choice.is_some_and(|choice| choice.connect == Connect::NotTls);
        if let Some(better) = better(value, scheme) {
            return Some(rewrite(s, &name, &better));
        }
    }
    if choice.is_some_and(|choice| choice.direct == tcp::ConnectOutcome::Connected)
        || dead(verdict, choice)
    {
        return Some(drop(s, &name, verdict));
    }
    None
}

/// Proxies that a script chooses, for browsers: go and git go directly.
pub(super) fn auto(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let known = s.place.auto_proxy.as_ref()?;
    let is_set = |key: &&str| {
        let value = s.env.var(key);
        value.is_some_and(|value| !lint::names_proxy_script(value))
    };
    if ["HTTPS_PROXY", "https_proxy"].iter().any(is_set) {
        return None; // both read that
    }
    let setting = known.is.name();
    let ask = match known.is {
        AutoProxy::Windows => {
            "reg query \"HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\" /v AutoConfigURL"
        }
        AutoProxy::Macos => "scutil --proxy",
        AutoProxy::Variable => "env | grep -i '^auto_proxy='",
        AutoProxy::Desktop => "grep -A4 '^ProxyType' ~/.config/kioslaverc",
        AutoProxy::Script => "env | grep -i _proxy",
    };
    let set = if known.is == AutoProxy::Windows {
        "set HTTPS_PROXY=http://PROXY:PORT"
    } else {
        "export HTTPS_PROXY=http://PROXY:PORT"
    };
    Some(
        Proposal::advice(
            "proxy-script",
            msg!(
                "Set HTTPS_PROXY: {setting} names a script that chooses proxies, and neither go nor git reads it",
                setting
            ),
            msg!(
                "Browsers run that script (PAC) and find the proxy in it; go and git try to get out directly. Take the proxy that it names for public \
                 hosts, and put into NO_PROXY what it lets go directly."
            ),
        )
        .command(ask)
        .command(Line::with(set, msg!("the `PROXY host:port` of that script"))),
    )
}

/// What can be said about a proxy that nothing else is known about.
pub(super) fn advice(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let rule = msg!(
        "Go reads HTTPS_PROXY before https_proxy and no ALL_PROXY, git reads the lower-case one first and http.proxy \
         before both. Set both cases to the same value."
    );
    let used = verdict
        .proxy
        .as_deref()
        .map_or_else(Text::default, |proxy| {
            msg!("{proxy} is what was used.", proxy)
        });
    Some(
        Proposal::advice(
            "proxy-settings",
            msg!("Compare the proxy settings of Go and git"),
            Text::sentences([rule, used]),
        )
        .command("env | grep -i _proxy")
        .command("git config --show-origin --get-regexp '^http\\..*proxy$'"),
    )
}

/// The variable (or `http.proxy`) that chose the proxy.
fn variable(verdict: &Verdict, s: &Situation, choice: Option<&Choice>) -> Option<String> {
    if let Some(name) = choice.and_then(|choice| choice.decided_by.clone()) {
        return Some(name);
    }
    let target = &verdict.target;
    let scheme = target.scheme.as_deref().unwrap_or("https");
    let host = target.host.as_deref().unwrap_or_default();
    let named = VARIABLES.into_iter().find(|name| {
        let value = s
            .env
            .var(name)
            .and_then(|value| Url::parse(value).or_else(|| Url::authority(value)));
        value.is_some_and(|url| url.host == host)
    });
    if let Some(name) = named {
        return Some(name.to_owned());
    }
    match proxies::go(&s.env, scheme, host, target.port.unwrap_or(443)) {
        proxies::Choice::Proxy(_, name) | proxies::Choice::Malformed(name) => Some(name),
        proxies::Choice::Direct(_) => VARIABLES
            .into_iter()
            .find(|name| s.env.var(name).is_some())
            .map(str::to_owned),
    }
}

/// The proxy that is set does not answer, or has no such name.
fn dead(verdict: &Verdict, choice: Option<&Choice>) -> bool {
    let unreachable = |choice: &Choice| {
        matches!(
            choice.connect,
            Connect::NoSuchName | Connect::Failed(_) | Connect::Silence | Connect::NotHttp
        )
    };
    let reason = matches!(
        verdict.reason,
        Some(
            Reason::ProxyDown
                | Reason::ProxyNameUnknown
                | Reason::ProxyNotHttp
                | Reason::ProxyMalformed
        )
    );
    reason
        || choice.is_some_and(unreachable)
        || (choice.is_none() && verdict.target.role == Role::HttpProxy)
}

/// The same proxy with the scheme that proxies have, or with its password encoded.
fn better(value: &str, wrong_scheme: bool) -> Option<String> {
    if wrong_scheme && let Some(rest) = value.strip_prefix("https://") {
        return Some(format!("http://{rest}"));
    }
    let (scheme, rest) = value.split_once("://").unwrap_or(("http", value));
    let (userinfo, host) = rest.rsplit_once('@').unwrap_or(("", rest));
    let bad = |byte: char| matches!(byte, '@' | '#' | '/' | '?' | '%' | ' ');
    let encoded = userinfo.contains(bad) && !looks_encoded(userinfo);
    if !encoded {
        let typo = matches!(scheme, "htp" | "htttp" | "http:" | "hhtp");
        return typo.then(|| format!("http://{rest}"));
    }
    let (user, password) = userinfo.split_once(':')?;
    Some(format!(
        "{scheme}://{}:{}@{host}",
        encode(user),
        encode(password)
    ))
}

fn looks_encoded(text: &str) -> bool {
    let mut parts = text.split('%').skip(1).peekable();
    parts.peek().is_some()
        && parts.all(|part| {
            part.get(..2)
                .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
        && !text.contains(['@', '#', '/', '?', ' '])
}

/// Percent-encoding of everything that is not unreserved (RFC 3986, section 2.3).
fn encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}"); // writing to a String cannot fail
        }
        encoded
    })
}

/// Another value for the variable, and for its twin in the other case.
fn rewrite(s: &Situation, name: &str, value: &str) -> Proposal {
    let secret = Url::parse(value).is_some_and(|url| url.userinfo.is_some());
    let shown = if secret {
        "http://USER:PASSWORD@HOST:PORT"
    } else {
        value
    };
    let why = msg!(
        "The scheme of a proxy setting says how to talk to the proxy itself, and that is plain HTTP as a rule, also for \
               https:// targets; special characters in a password are written as %40 and the like."
    );
    let mut proposal =
        Proposal::new("proxy-value", msg!("Correct {name}", name), why).risk(Risk::Medium);
    for name in twins(name) {
        if s.env.var(&name).is_none() {
            continue;
        }
        proposal = proposal.command(format!("export {name}={}", quote(shown)));
        for spot in s.setters(&name) {
            proposal = proposal.line(spot, |line| shell::reassign(line, &name, value));
        }
    }
    located(proposal, name)
}

/// Without the proxy.
fn drop(s: &Situation, name: &str, verdict: &Verdict) -> Proposal {
    if name.starts_with("http.") {
        return git_proxy(s, &wanted_host(verdict).unwrap_or_default());
    }
    let host = network::host(verdict);
    let why = msg!(
        "The proxy that {name} names does not let go through, and without it the way is open. ({host})",
        name,
        host
    );
    let mut proposal =
        Proposal::new("proxy-unset", msg!("Take {name} out", name), why).risk(Risk::Medium);
    for name in twins(name) {
        if s.env.var(&name).is_none() {
            continue;
        }
        proposal = proposal.command(format!("unset {name}"));
        for spot in s.setters(&name) {
            proposal = proposal.line(spot, |line| shell::dropped(line, &name));
        }
    }
    located(proposal, name)
}

/// Without the proxy that git's configuration names.
fn git_proxy(s: &Situation, host: &str) -> Proposal {
    let why = msg!(
        "The proxy that git's configuration names does not let go through, and without it the way is open. ({host})",
        host
    );
    match git_proxy_line(s, host) {
        Some(setting) => {
            let place = setting.place(s);
            let title = msg!("Comment out git's proxy in {place}", place);
            let proposal = Proposal::new("proxy-unset", title, why).risk(Risk::Medium);
            setting.taken_out(proposal, s)
        }
        None => Proposal::advice("proxy-unset", msg!("Take git's http.proxy out"), why)
            .risk(Risk::Medium)
            .command("git config --show-origin --show-scope --get-regexp '^http\\..*proxy$'"),
    }
}

/// The host goes past the proxy, in the form that both stacks understand.
fn exempt(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let named = verdict
        .target
        .url
        .as_deref()
        .and_then(Url::parse)
        .map(|url| url.host);
    let own = verdict
        .target
        .host
        .clone()
        .filter(|_| verdict.target.role != Role::HttpProxy);
    let host = named.or(own).filter(|host| !host.is_empty())?;
    let why = msg!(
        "The proxy does not let {host} through, and the direct way works. A bare name without `*` or a leading dot is what \
         Go and git both understand.",
        host
    );
    let proposal = Proposal::new(
        "no-proxy",
        msg!("Reach {host} without the proxy", host),
        why,
    )
    .risk(Risk::Medium);
    let one = |name: &str| s.env.var(name).filter(|list| !list.is_empty());
    let values = [("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")].map(|(name, twin)| {
        let old = one(name).or_else(|| one(twin)).unwrap_or_default();
        (name, shell::appended(old, ',', &host))
    });
    Some(export_both(proposal, s, &values))
}

/// go goes the direct way and does not get through, and git's configuration names a proxy.
fn only_git_has_one(verdict: &Verdict, s: &Situation) -> bool {
    let target = &verdict.target;
    let by_go = matches!(
        target.role,
        Role::Goproxy | Role::Sumdb | Role::ImportMeta | Role::Toolchain
    );
    let direct = |host: &str| {
        matches!(
            proxies::go(&s.env, "https", host, 443),
            proxies::Choice::Direct(None)
        )
    };
    by_go
        && target
            .host
            .as_deref()
            .is_some_and(|host| direct(host) && git_proxy_line(s, host).is_some())
}

/// The `http.proxy` or `http.<url>.proxy` that git takes for a host: the more particular one, else
/// the last.
fn git_proxy_line(s: &Situation, host: &str) -> Option<git::Setting> {
    let of_host = |section: &str| {
        let url = section.strip_prefix("http.").and_then(Url::parse);
        url.is_some_and(|url| url.host == host)
    };
    let named: Vec<git::Setting> = git::settings(s)
        .into_iter()
        .filter(|setting| setting.name == "proxy" && !setting.value.is_empty())
        .filter(|setting| setting.section == "http" || of_host(&setting.section))
        .collect();
    let particular = named.iter().rfind(|setting| of_host(&setting.section));
    particular.or(named.last()).cloned()
}

/// The host that git wanted to reach: not the proxy.
fn wanted_host(verdict: &Verdict) -> Option<String> {
    let target = &verdict.target;
    let url = target.url.as_deref().and_then(Url::parse);
    let module = || target.module_host().map(str::to_owned);
    let own = target
        .host
        .clone()
        .filter(|_| target.role != Role::HttpProxy);
    own.or(url.map(|url| url.host)).or_else(module)
}

/// Whether the proxy was seen not to let through.
fn refuses(s: &Situation, proxy: &str) -> bool {
    let host = |url: &str| Url::parse(url).map(|url| (url.host.clone(), url.port_or_default()));
    let fails = |choice: &&Choice| {
        let seen = choice.proxy.as_deref();
        choice.status() == Status::Fail && seen.is_some_and(|seen| host(seen) == host(proxy))
    };
    s.seen(|seen| seen.proxy().filter(fails)).is_some()
}

/// The direct way is closed; one stack knows the proxy already.
fn required(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let opens = |choice: &&Choice| choice.connect == Connect::Opened;
    let opened = s.seen(|seen| seen.proxy().filter(opens)?.proxy.clone());
    let proxy = opened.or_else(|| {
        let host = verdict.target.host.as_deref().unwrap_or_default();
        let line = git_proxy_line(s, host)?;
        (!refuses(s, &line.value)).then_some(line.value)
    })?;
    if Url::parse(&proxy).is_some_and(|url| url.userinfo.is_some()) {
        return None; // a password would stand in one more place
    }
    let host = network::host(verdict);
    let why = msg!(
        "The direct way to {host} is closed, and one of Go and git knows the proxy {proxy} already. Both spellings are needed: \
         Go prefers one, git the other.",
        host,
        proxy
    );
    let proposal = Proposal::new(
        "proxy-set",
        msg!("Use the HTTP proxy {proxy} for Go and git", proxy),
        why,
    )
    .risk(Risk::Medium)
    .need(Need::Consent);
    let values = ["HTTPS_PROXY", "https_proxy"].map(|name| (name, proxy.clone()));
    Some(export_both(proposal, s, &values))
}

/// A proxy that wants a login.
fn login(name: &str, choice: Option<&Choice>) -> Proposal {
    let scheme = choice.and_then(|choice| choice.asks_for.clone());
    let negotiate = scheme.as_ref().is_some_and(|scheme| {
        scheme.eq_ignore_ascii_case("negotiate") || scheme.eq_ignore_ascii_case("ntlm")
    });
    let why = match scheme {
        Some(scheme) if negotiate => msg!(
            "The proxy wants {scheme}, which Go does not speak. A local helper such as px or cntlm logs in for you; {name} then names the helper.",
            scheme,
            name
        ),
        Some(scheme) => msg!(
            "The proxy wants {scheme}. User and password go into {name}, special characters percent-encoded, in both spellings.",
            scheme,
            name
        ),
        None => msg!(
            "The proxy wants a login. User and password go into {name}, special characters percent-encoded, in both spellings.",
            name
        ),
    };
    let proposal = Proposal::advice("proxy-login", msg!("Log in to the HTTP proxy"), why);
    if negotiate {
        return proposal.command(Line::with(
            "export HTTPS_PROXY=http://127.0.0.1:3128",
            msg!("the helper"),
        ));
    }
    let proxy = choice.and_then(|choice| choice.proxy.as_deref());
    let way = match proxy {
        Some(proxy) if proxy.starts_with("https://") => "https",
        _ => "http",
    };
    proposal
        .command(Line::with(
            "read -rs LOGIN",
            msg!("USER:PASSWORD, which is not shown"),
        ))
        .command(format!("export HTTPS_PROXY={way}://\"$LOGIN\"@HOST:PORT"))
}

/// The upper-case and lower-case name.
fn twins(name: &str) -> [String; 2] {
    [name.to_ascii_uppercase(), name.to_ascii_lowercase()]
}

/// Both names with their values, where they are set now, else in the shell's start-up file.
fn export_both(proposal: Proposal, s: &Situation, values: &[(&str, String); 2]) -> Proposal {
    let mut proposal = proposal;
    for (name, value) in values {
        proposal = proposal.command(format!("export {name}={}", quote(value)));
        let spots = s.setters(name);
        if let (true, Some(file)) = (spots.is_empty(), shell_file(s)) {
            proposal = proposal.change(Change::Variable {
                file,
                name: (*name).to_owned(),
                value: value.clone(),
            });
        }
        for spot in spots {
            proposal = proposal.line(spot, |line| shell::reassign(line, name, value));
        }
    }
    located(proposal, values[0].0)
}

/// Lines that the shell's start-up file gets.
pub(super) fn shell_lines(proposal: Proposal, s: &Situation, lines: &[String]) -> Proposal {
    let mut proposal = proposal;
    for line in lines {
        proposal = proposal.command(line.clone());
    }
    match shell_file(s) {
        Some(file) => {
            let text = lines
                .iter()
                .fold(String::new(), |text, line| text + line + "\n");
            proposal.change(Change::Append {
                file,
                text,
                mode: None,
            })
        }
        None => proposal.scope(Scope::Manual),
    }
}

/// The start-up file of the user's shell, where gomend knows how to write to it.
pub(super) fn shell_file(s: &Situation) -> Option<PathBuf> {
    let home = s.home.as_ref()?;
    let shell = s
        .env
        .var("SHELL")
        .unwrap_or("sh")
        .rsplit('/')
        .next()
        .unwrap_or_default();
    match shell {
        "bash" => Some(home.join(".bashrc")),
        "zsh" => Some(home.join(".zshrc")),
        "sh" | "dash" | "ksh" | "ash" => Some(home.join(".profile")),
        _ => None,
    }
}

/// Says where to look, if nothing could be found to write to.
fn located(proposal: Proposal, name: &str) -> Proposal {
    if proposal.applies() {
        return proposal;
    }
    proposal.scope(Scope::Manual).command(Line::note(msg!(
        "{name} is set outside of your shell files: change it where it comes from",
        name
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_corrected() {
        assert_eq!(
            better("https://p.example:3128", true).as_deref(),
            Some("http://p.example:3128")
        );
        assert_eq!(better("https://p.example:3128", false), None);
        assert_eq!(
            better("http://bob:p@ss#1@p.example:3128", false).as_deref(),
            Some("http://bob:p%40ss%231@p.example:3128")
        );
        assert_eq!(better("http://bob:p%40ss@p.example:3128", false), None);
    }
}
