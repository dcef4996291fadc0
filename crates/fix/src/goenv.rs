//! Go's own settings: written as `go env -w` writes them, merged, in the layer that wins.

use super::consequence::can_be_asked;
use super::privacy::{self, Standing};
use super::{Change, Line, Need, Proposal, Risk, Scope, Situation, place, quote, shell};
use crate::cause::Cause;
use crate::evidence::Role;
use crate::lang::msg;
use crate::rules::said::{self, Phrase};
use crate::settings::forges;
use crate::settings::goenv::Layer;
use crate::settings::goproxy::{self, Source};
use crate::settings::pattern;
use crate::verdict::{Reason, Verdict};

/// Marks the organisation as private: no module proxy, no checksum database. Only what is shown to
/// be private; what a server merely hides is for the person to say.
pub(super) fn private(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let module = verdict.target.module.clone()?;
    let prefix = place::prefix(&verdict.target)?;
    let standing = privacy::standing(verdict, s);
    // the page that says where the module is was asked itself
    let asked = s.saved
        && verdict.cause == Cause::ImportPathUnresolved
        && verdict.target.role == Role::ImportMeta;
    if standing == Standing::Open || asked || super::reader::is_gopath_mode(s) {
        return None;
    }
    let hidden = |list: &str| !pattern::matches(s.goenv.private(list), &module);
    let mut keys: Vec<&str> = Vec::new();
    for list in ["GONOPROXY", "GONOSUMDB"] {
        if hidden(list) {
            // GOPRIVATE is only the default of the two
            let key = if s.goenv.value(list).is_empty() {
                "GOPRIVATE"
            } else {
                list
            };
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let why = msg!(
        "go then fetches {prefix} straight from its repository and asks neither module proxy nor \
         checksum database about it. git must be able to log in there by itself.",
        prefix
    );
    let mut proposal = if standing == Standing::Own {
        Proposal::new("goprivate", msg!("Mark {prefix} as private", prefix), why)
    } else {
        let title = msg!("If {prefix} is yours: mark it as private", prefix);
        Proposal::new("goprivate", title, why).need(Need::Consent)
    };
    for key in &keys {
        proposal = set(proposal, s, key, &merged(s.goenv.value(key), &prefix));
    }
    if keys.is_empty() {
        None
    } else {
        Some(proposal)
    }
}

/// A private proxy serves it, and only the checksum database does not know it.
pub(super) fn no_sumdb(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let prefix = place::prefix(&verdict.target)?;
    let first = s.goenv.sources().next();
    let own_proxy =
        first.is_some_and(|first| matches!(first, Source::Proxy(_)) && !first.is_public());
    let own = privacy::standing(verdict, s) == Standing::Own;
    if !own || !own_proxy || !s.goenv.value("GONOSUMDB").is_empty() {
        return None;
    }
    let value = merged(s.goenv.value("GOPRIVATE"), &prefix);
    let why = msg!(
        "Your module proxy serves {prefix}; only the public checksum database does not know it.",
        prefix
    );
    let proposal = Proposal::new(
        "gonosumdb",
        msg!("Leave {prefix} out of the checksum database", prefix),
        why,
    );
    Some(set(proposal, s, "GONOSUMDB", &value))
}

/// The proxy is the company's, and is meant to see private modules.
pub(super) fn company_proxy(verdict: &Verdict, _s: &Situation) -> Option<Proposal> {
    let host = verdict.target.host.as_deref()?;
    (!forges::is_public_proxy(host) && !privacy::is_loopback(host)).then(|| {
        Proposal::advice(
            "company-proxy",
            msg!("Ask the people who run {host}", host),
            msg!("{host} has to serve this module: only the people who run it can see what its own access to the repository lacks.", host),
        )
        .command("go env GOPROXY GOPRIVATE GONOPROXY")
    })
}

/// Takes GOPROXY=off back.
pub(super) fn enable_proxy(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let off = s.goenv.value("GOPROXY") == "off" || s.saved && s.says(Phrase::ProxyOff);
    if !off || is_by_administrator("GOPROXY", s) {
        return None;
    }
    let proposal = Proposal::new(
        "goproxy-default",
        msg!("Let go ask module proxies again"),
        msg!("GOPROXY=off forbids every download. If that is a rule of your company, keep it and vendor the module instead."),
    )
    .risk(Risk::Medium)
    .need(Need::Consent);
    let proposal = unset(proposal, s, "GOPROXY");
    Some(if s.saved {
        proposal.command(Line::with(
            "unset GOPROXY",
            msg!("where the environment sets it"),
        ))
    } else {
        proposal
    })
}

/// Whether a setting is the rule of whoever administers this machine: Go's own `go.env`, or a file that all
/// users' shells read.
fn is_by_administrator(key: &str, s: &Situation) -> bool {
    let mut values = s.goenv.values.iter();
    let layer = values.find(|setting| setting.key == key);
    match layer.map(|setting| setting.layer) {
        Some(Layer::Goroot) => true,
        Some(Layer::Environment) => s.setters(key).is_empty() && s.setter_for_all(key).is_some(),
        _ => false,
    }
}

/// `-mod=vendor` or `-mod=readonly` in GOFLAGS.
pub(super) fn mod_mode(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if s.says(Phrase::ProxyOff) {
        return None; // what is looked up then is not downloaded either
    }
    let flags = s.goenv.value("GOFLAGS");
    let rest: Vec<&str> = flags
        .split_whitespace()
        .filter(|flag| !flag.starts_with("-mod="))
        .collect();
    if rest.len() == flags.split_whitespace().count() {
        return Some(
            Proposal::advice(
                "mod-mod",
                msg!("Allow the lookup for this command"),
                msg!("-mod=vendor or -mod=readonly forbids it; without a vendor directory go looks modules up by itself."),
            )
            .command("go mod tidy"),
        );
    }
    let proposal = Proposal::new(
        "goflags-mod",
        msg!("Take -mod out of GOFLAGS"),
        msg!("GOFLAGS forbids go to look modules up in every command."),
    )
    .risk(Risk::Medium);
    Some(if rest.is_empty() {
        unset(proposal, s, "GOFLAGS")
    } else {
        set(proposal, s, "GOFLAGS", &rest.join(" "))
    })
}

/// Whether the failing line complains of this setting, or of none by its name.
fn may_be_meant(key: &str, s: &Situation) -> bool {
    said::malformed_setting(&s.line).is_none_or(|(named, _)| named == key)
}

/// Rewrites a malformed value, where it is plain what was meant.
pub(super) fn repair(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let repaired = |key: &'static str, meant: fn(&str) -> String| {
        let old = s.goenv.value(key);
        let value = meant(old);
        (may_be_meant(key, s) && value != old && !value.is_empty()).then(|| {
            let why = msg!("`{old}` is not a value that go can read.", old);
            set(
                Proposal::new("repair-setting", msg!("Repair {key}", key), why),
                s,
                key,
                &value,
            )
        })
    };
    repaired("GOPROXY", repaired_proxies).or_else(|| repaired("GOSUMDB", repaired_database))
}

/// Falls back to Go's default for the setting that is malformed.
pub(super) fn reset(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let default = |key: &str, good: &dyn Fn(&str) -> bool| {
        let setting = s.goenv.values.iter().find(|setting| setting.key == key)?;
        let ours = matches!(setting.layer, Layer::User | Layer::Environment);
        (ours && may_be_meant(key, s) && !good(&setting.value)).then(|| key.to_owned())
    };
    let proxy_is_good = |value: &str| !value.is_empty() && repaired_proxies(value) == value;
    let sumdb_is_good =
        |value: &str| value == "off" || forges::is_database(value) || value.split('+').count() >= 3;
    // only go says whether it can use a command that GOAUTH names
    let auth_is_good = |_: &str| said::setting(&s.line) != Some("GOAUTH");
    let key = default("GOPROXY", &proxy_is_good)
        .or_else(|| default("GOSUMDB", &sumdb_is_good))
        .or_else(|| default("GOAUTH", &auth_is_good))?;
    let why = msg!(
        "go cannot read the value of {key}; its default works everywhere.",
        key
    );
    let proposal = Proposal::new(
        "reset-setting",
        msg!("Go back to Go's default for {key}", key),
        why,
    )
    .risk(Risk::Medium);
    Some(unset(proposal, s, &key))
}

/// The setting that a saved log complains of: where to look, as its value is not known here.
pub(super) fn look_up(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let named = said::setting(&s.line);
    let of_proxy = s.says(Phrase::Proxy) || verdict.reason == Some(Reason::NotAModuleProxy);
    let key = named.or_else(|| of_proxy.then_some("GOPROXY"));
    let key = key.filter(|_| s.saved)?;
    let meant = said::malformed_setting(&s.line)
        .and_then(|(of, value)| value.filter(|value| of == "GOPROXY" && !value.contains('=')))
        .map(repaired_proxies)
        .filter(|meant| !meant.is_empty());
    if let Some(meant) = meant {
        return Some(
            Proposal::advice(
                "repair-setting",
                msg!("Repair {key}", key),
                msg!(
                    "What was meant is probably `{meant}`. A variable of the environment (CI, container image, shell file) wins over what `go env -w` wrote.",
                    meant
                ),
            )
            .command("go env GOPROXY")
            .command(format!("go env -w GOPROXY={}", quote(&meant))),
        );
    }
    Some(
        Proposal::advice(
            "look-up-setting",
            msg!("See what {key} is set to, and where", key),
            msg!(
                "A variable of the environment (CI, container image, shell file) wins over what `go env -w` wrote; quotes, spaces and \
                 typographic characters become a part of the value."
            ),
        )
        .command(format!("go env {key}"))
        .command(Line::with(format!("go env -u {key}"), msg!("back to the default, where `go env -w` set it"))),
    )
}

/// A GOSUMDB as it was probably meant: a database is named without a scheme; its key is base64, and an address
/// may stand behind it (Go reference, "Checksum database").
fn repaired_database(value: &str) -> String {
    let value = value.trim_matches(['"', '\'', ' ']);
    let (name, address) = value.split_once(' ').unwrap_or((value, ""));
    let name = name.strip_prefix("https://").unwrap_or(name);
    let name = if name.contains('+') {
        name
    } else {
        name.trim_end_matches('/')
    };
    [name, address.trim_start()].join(" ").trim_end().to_owned()
}

/// Every item of a GOPROXY list as it was probably meant. What go can read stays as it is written.
pub(super) fn repaired_proxies(list: &str) -> String {
    let bare = |url: &str| url.strip_prefix("https://").unwrap_or(url).to_owned();
    let is_good = |source| match source {
        Source::Proxy(text) => {
            let meant = repaired_item(text);
            can_be_asked(text) && meant.is_some_and(|meant| bare(&meant) == bare(text))
        }
        Source::Off | Source::Direct => true,
    };
    let mut sources = goproxy::entries(list).map(|entry| entry.source).peekable();
    if sources.peek().is_some() && sources.all(is_good) {
        return list.to_owned();
    }
    let list = list.trim_matches(['"', '\'', ' ']).replace(';', ",");
    let list = list.split_whitespace().collect::<Vec<_>>().join(",");
    let mut repaired = String::new();
    for item in list.split_inclusive([',', '|']) {
        let (item, separator) = match item.strip_suffix([',', '|']) {
            Some(rest) => (rest, &item[rest.len()..]),
            None => (item, ""),
        };
        let item = item.trim().trim_matches(['"', '\'']);
        let Some(item) = repaired_item(item) else {
            continue;
        };
        repaired.push_str(&item);
        repaired.push_str(separator);
    }
    repaired.trim_end_matches([',', '|']).to_owned()
}

/// One item of a GOPROXY list as it was probably meant: a word with one wrong letter, a URL whose
/// scheme is missing or misspelt. Nothing for what names no module proxy.
fn repaired_item(item: &str) -> Option<String> {
    let word = item.trim_end_matches('/').to_ascii_lowercase();
    if let Some(word) = ["direct", "off"]
        .into_iter()
        .find(|known| is_near(&word, known))
    {
        return Some(word.to_owned());
    }
    if let Some((proxy, "direct")) = item.rsplit_once('/')
        && forges::proxies().any(|url| url == proxy)
    {
        return Some(format!("{proxy},direct"));
    }
    if let Some(url) = well_known(item) {
        return Some(url.to_owned());
    }
    if ["https://", "http://", "file://"]
        .iter()
        .any(|scheme| item.starts_with(scheme))
    {
        return Some(item.to_owned());
    }
    let (scheme, rest) = match item.split_once(":/").or_else(|| item.split_once("//")) {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest.trim_start_matches('/')),
        None => (String::new(), item),
    };
    let known = ["https", "http"]
        .into_iter()
        .find(|known| is_near(&scheme, known));
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let scheme = match known {
        // `htps` is as near to the one as to the other: the safe one
        Some("http") if scheme == "http" => "http",
        Some(_) => "https",
        None if scheme.is_empty() && host.contains('.') => "https",
        None => return None, // a bare word names nothing, and nobody serves modules over ftp
    };
    (!host.is_empty()).then(|| format!("{scheme}://{rest}"))
}

/// The module proxy that is open to everybody and that an item names by its host, or all but: over
/// another protocol, or with a letter wrong. What names one as it is stays.
fn well_known(item: &str) -> Option<&'static str> {
    let rest = item.rsplit("//").next().unwrap_or(item);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.to_ascii_lowercase();
    if !path.is_empty() || item.starts_with("https://") && forges::is_public_proxy(&host) {
        return None;
    }
    forges::proxies().find(|url| {
        let known = url.trim_start_matches("https://");
        known == host || is_near(&host, known) && !forges::is_public_proxy(&host)
    })
}

/// Whether a host is a well-known module proxy's but for a letter: nobody decides anything there.
pub(super) fn is_misspelt(host: &str) -> bool {
    !forges::is_public_proxy(host) && well_known(&format!("https://{host}")).is_some()
}

/// Whether a word is another one, or is it with one letter more, less, changed or swapped.
fn is_near(word: &str, known: &str) -> bool {
    if word == known {
        return true;
    }
    let (word, known) = (word.as_bytes(), known.as_bytes());
    let same = word.iter().zip(known).take_while(|(a, b)| a == b).count();
    let (word, known) = (&word[same..], &known[same..]);
    let after = |word: usize, known: usize| Some(word).zip(Some(known));
    let rest = |skipped: Option<(usize, usize)>| {
        skipped.is_some_and(|(a, b)| {
            word.get(a..)
                .is_some_and(|word| Some(word) == known.get(b..))
        })
    };
    let swapped = matches!((word, known), ([a, b, ..], [c, d, ..]) if a == d && b == c);
    same > 0 && (rest(after(1, 0)) || rest(after(0, 1)) || rest(after(1, 1)))
        || same > 0 && swapped && rest(after(2, 2))
}

/// Allows one more VCS, for this host only.
pub(super) fn vcs(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let prefix = place::prefix(&verdict.target)?;
    let system = said::version_control(&s.line)?;
    let rule = format!("{prefix}:{system}");
    let old = s.goenv.value("GOVCS");
    // the first match wins, and go refuses an entry that an earlier one shadows
    let value = if old.is_empty() {
        format!("{rule},public:git|hg,private:all")
    } else {
        format!("{rule},{old}")
    };
    let why = msg!(
        "By default go uses only git and hg for public modules. This allows {system} for {prefix} and nothing else.",
        system,
        prefix
    );
    let proposal = Proposal::new(
        "govcs",
        msg!("Allow {system} for {prefix}", system, prefix),
        why,
    )
    .risk(Risk::Medium);
    Some(set(proposal, s, "GOVCS", &value))
}

/// The last resort for one host without HTTPS; shown, never written.
pub(super) fn insecure(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let prefix = place::prefix(&verdict.target)?;
    (privacy::standing(verdict, s) == Standing::Own).then(|| {
        Proposal::advice(
            "goinsecure-one",
            msg!("Last resort: fetch {prefix} without encryption", prefix),
            msg!("Only in a network that you trust, for this prefix alone, and better never; git needs a setting of its own."),
        )
        .setting("GOINSECURE", Some(&prefix))
        .risk(Risk::High)
        .command(format!("go env -w GOINSECURE={}", quote(&prefix)))
    })
}

/// Builds without version control stamps.
pub(super) fn no_stamping(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if verdict.cause == Cause::GitTooOld && (verdict.target.module.is_some() || s.saved) {
        return None; // a fetch, and no build, wants the newer git
    }
    let flags = s.goenv.value("GOFLAGS");
    if flags.contains("-buildvcs=") {
        return None;
    }
    let value = shell::appended(flags, ' ', "-buildvcs=false");
    let proposal = Proposal::new(
        "no-vcs-stamping",
        msg!("Build without version control stamps"),
        msg!("go then does not ask git about this repository; the binary does not say which commit it was built from. \
         For one command, `-buildvcs=false` on its command line is enough."),
    )
    .risk(Risk::Medium);
    Some(set(proposal, s, "GOFLAGS", &value))
}

/// A list with one more item, unless that is in it already.
fn merged(list: &str, item: &str) -> String {
    let mut items: Vec<&str> = pattern::items(list).collect();
    if !items.contains(&item) {
        items.push(item);
    }
    items.join(",")
}

/// Sets a variable of Go in the layer that wins.
pub(super) fn set(proposal: Proposal, s: &Situation, key: &str, value: &str) -> Proposal {
    write(proposal, s, key, Some(value))
}

/// Falls back to the layers below.
pub(super) fn unset(proposal: Proposal, s: &Situation, key: &str) -> Proposal {
    write(proposal, s, key, None)
}

fn write(proposal: Proposal, s: &Situation, key: &str, value: Option<&str>) -> Proposal {
    let mut proposal = proposal.setting(key, value);
    let shown = value.map(|value| format!("{key}={}", quote(value)));
    if s.env.var(key).is_none() {
        let command = shown.map_or_else(
            || format!("go env -u {key}"),
            |shown| format!("go env -w {shown}"),
        );
        proposal = proposal.command(command);
        return match s.goenv.file {
            Some(_) => proposal.change(Change::GoEnv {
                key: key.to_owned(),
                value: value.map(str::to_owned),
            }),
            None => proposal.scope(Scope::Manual).command(Line::note(msg!(
                "GOENV=off: set it in the environment instead"
            ))),
        };
    }
    // The variable hides whatever `go env -w` would write.
    let spots = s.setters(key);
    for spot in &spots {
        let new = match value {
            Some(value) => shell::reassign(&spot.line, key, value),
            None => shell::dropped(&spot.line, key),
        };
        let typed = value.map(|_| new.trim().to_owned());
        proposal = proposal.command(Line::with(
            typed.unwrap_or_else(|| format!("unset {key}")),
            msg!(
                "replaces line {number} of {file}, which hides `go env -w`",
                number = spot.number,
                file = s.short(&spot.file)
            ),
        ));
        proposal = proposal.line(spot.clone(), |line| match value {
            Some(value) => shell::reassign(line, key, value),
            None => shell::dropped(line, key),
        });
    }
    if !spots.is_empty() {
        return proposal;
    }
    let hint = Line::note(msg!(
        "{key} comes from the environment and hides `go env -w`: change it where it is set (this shell, an IDE, CI, a container image, systemd)",
        key
    ));
    let by_hand = shown.map_or_else(|| format!("unset {key}"), |shown| format!("export {shown}"));
    proposal.scope(Scope::Manual).command(hint).command(by_hand)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_merged() {
        assert_eq!(merged("", "a.example/x"), "a.example/x");
        assert_eq!(merged("b.example", "a.example/x"), "b.example,a.example/x");
        assert_eq!(
            merged("a.example/x, b.example", "a.example/x"),
            "a.example/x,b.example"
        );
    }

    #[test]
    fn proxies_are_repaired() {
        for (bad, good) in [
            (
                "\"https://proxy.golang.org,direct\"",
                "https://proxy.golang.org,direct",
            ),
            (
                "https://proxy.golang.org,direct/",
                "https://proxy.golang.org,direct",
            ),
            ("https://a.example;direct", "https://a.example,direct"),
            ("proxy,https://a.example|direct", "https://a.example|direct"),
            (
                "https://proxy.golang.org,direct",
                "https://proxy.golang.org,direct",
            ),
            ("https://a.example, direct", "https://a.example, direct"),
            ("https://a.example,,direct", "https://a.example,,direct"),
            ("https://a.example,directt", "https://a.example,direct"),
            ("https://a.example|driect", "https://a.example|direct"),
            ("proxy.golang.org,direct", "proxy.golang.org,direct"),
            ("a.example:8080/x,off", "a.example:8080/x,off"),
            ("http://proxy.golang.org", "https://proxy.golang.org"),
            ("proxy.golang.og", "https://proxy.golang.org"),
            ("htps://a.example,direct", "https://a.example,direct"),
            ("https//a.example,direct", "https://a.example,direct"),
            ("https:/a.example", "https://a.example"),
            ("http://a.example", "http://a.example"),
            ("ftp://a.example,direct", "direct"),
            (",", ""),
            ("goproxy", ""),
        ] {
            assert_eq!(repaired_proxies(bad), good);
        }
    }

    #[test]
    fn databases_are_repaired() {
        for (bad, good) in [
            ("https://sum.golang.org/", "sum.golang.org"),
            ("\"sum.golang.org\"", "sum.golang.org"),
            ("sum.golang.org", "sum.golang.org"),
            (
                "sum.golang.org https://goproxy.cn/sumdb",
                "sum.golang.org https://goproxy.cn/sumdb",
            ),
            // base64 may end so
            (
                "s.example+03b75263+AW84GLBj/",
                "s.example+03b75263+AW84GLBj/",
            ),
        ] {
            assert_eq!(repaired_database(bad), good);
        }
    }
}
