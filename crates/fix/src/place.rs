//! Where things live: the files that settings are written to, and the parts of a target
//! that settings are scoped by.

use std::path::PathBuf;

use super::disk::Disk;
use super::{Family, Line, Proposal, Situation, shell};
use crate::evidence::{Role, Target};
use crate::lang::msg;
use crate::settings::Env;
use crate::settings::gofile::escaped;
use crate::settings::url::Url;
use crate::verdict::{Reason, Verdict};
use gomend_core::place::{Shell, System};

/// The file that `git config --global` writes (git-config(1), FILES).
pub(super) fn git_config(env: &Env, disk: &Disk) -> Option<PathBuf> {
    if let Some(path) = env.os("GIT_CONFIG_GLOBAL") {
        return Some(PathBuf::from(path)).filter(|path| !path.as_os_str().is_empty());
    }
    let own = PathBuf::from(env.var("HOME")?).join(".gitconfig");
    let xdg = xdg_git_config(env)?;
    if !disk.has(&own) && disk.has(&xdg) {
        Some(xdg)
    } else {
        Some(own)
    }
}

/// The other file that git reads beside `~/.gitconfig`.
pub(super) fn xdg_git_config(env: &Env) -> Option<PathBuf> {
    let config = match env.var("XDG_CONFIG_HOME") {
        Some(config) => PathBuf::from(config),
        None => PathBuf::from(env.var("HOME")?).join(".config"),
    };
    Some(config.join("git/config"))
}

/// The narrowest module path prefix that covers an organisation: `host/org`, or the module
/// itself where it has no more than two elements.
pub(super) fn prefix(target: &Target) -> Option<String> {
    let path = target.module.clone().or_else(|| {
        let url = Url::parse(target.url.as_deref()?)?;
        Some(format!(
            "{}{}",
            url.host,
            url.path.split(['?', '#']).next().unwrap_or_default()
        ))
    })?;
    let mut elements = path
        .trim_end_matches(".git")
        .split('/')
        .filter(|element| !element.is_empty());
    let host = elements.next()?;
    if host.contains(['*', '?', '[', ',', '\\', ' ']) || !host.contains('.') {
        return None; // would not be one host
    }
    match elements.next() {
        Some(org) if !org.contains(['*', '?', '[', ',', '\\', ' ']) => {
            Some(format!("{host}/{org}"))
        }
        Some(_) => None,
        None => Some(host.to_owned()),
    }
}

/// What a rewrite is scoped by: `org/` of the repository behind a target, or the repository
/// itself where it stands right below the host; never a whole host.
pub(super) fn scope(target: &Target, s: &Situation) -> Option<String> {
    let url = target
        .url
        .as_deref()
        .and_then(Url::parse)
        .map(|url| url.path);
    let path = url
        .filter(|path| !path.trim_matches('/').is_empty())
        .or_else(|| {
            let module = target
                .module
                .clone()
                .or_else(|| only_module(target.host.as_deref()?, s))?;
            Some(module.split_once('/')?.1.to_owned())
        })?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut elements = path.split('/').filter(|element| !element.is_empty());
    let first = elements.next()?.trim_start_matches('~');
    if first.is_empty() || first.contains(['"', '\\', '\n', ' ']) {
        return None;
    }
    Some(if elements.next().is_some() {
        format!("{first}/")
    } else {
        first.to_owned()
    })
}

/// A module that go.mod requires from this host, if all of them belong to one organisation.
fn only_module(host: &str, s: &Situation) -> Option<String> {
    let mut here = s
        .requires()
        .filter(|path| path.split('/').next() == Some(host));
    let first = here.next()?;
    let org = |path: &str| path.split('/').nth(1).map(str::to_owned);
    here.all(|path| org(path) == org(first))
        .then(|| first.clone())
}

/// Whether the target is reached over ssh, as far as the text told.
pub(super) fn is_ssh(target: &Target) -> bool {
    target.role == Role::VcsSsh
        || target.port == Some(22)
        || matches!(target.scheme.as_deref(), Some("ssh" | "git+ssh"))
}

/// The port that the target is reached at: the one that is named, else its scheme's.
pub(super) fn port(target: &Target) -> u16 {
    let default = if is_ssh(target) { 22 } else { 443 };
    let url = target.url.as_deref().and_then(Url::parse);
    let port = target.port.or_else(|| url?.port_or_default());
    port.unwrap_or(default)
}

/// Commands of Linux by their beginnings, and what does the same on macOS and on Windows; `None`:
/// nothing does. What follows the beginning is kept where the substitute ends with a space.
const SUBSTITUTES: &[(&str, Option<&str>, Option<&str>)] = &[
    (
        "getent hosts ",
        Some("dscacheutil -q host -a name "),
        Some("nslookup "),
    ),
    (
        "cat /etc/resolv.conf",
        Some("scutil --dns"),
        Some("ipconfig /all"),
    ),
    (
        "timedatectl ",
        Some("sudo sntp -sS time.apple.com"),
        Some("w32tm /resync"),
    ),
    ("date -u", Some("date -u"), None),
    ("resolvectl ", None, None),
    ("systemctl ", None, None),
    ("sysctl ", None, None),
    ("ip link ", None, None),
    ("$EDITOR /etc/", None, None),
    ("sed -i ", None, None),
    ("rm -rf ", Some("rm -rf "), None),
    ("chmod ", Some("chmod "), None),
    ("touch ", Some("touch "), None),
    ("chown ", Some("chown "), None),
    ("du -sh ", Some("du -sh "), None),
    ("df -h ", Some("df -h "), None),
    (
        "env | grep -i _proxy",
        Some("env | grep -i _proxy"),
        Some("Get-ChildItem Env:*_proxy"),
    ),
    ("curl -s", Some("curl -s"), Some("curl.exe -s")),
    (
        "cp CA.crt /usr/local/share/ca-certificates/",
        Some(
            "security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain CA.crt",
        ),
        Some("certutil -addstore Root CA.crt"),
    ),
    ("update-ca-certificates", None, None),
    ("cd \"$(mktemp -d)\"", Some("cd \"$(mktemp -d)\""), None),
];

/// Removes folders, in PowerShell.
const POWERSHELL_REMOVES: &str = "Remove-Item -Recurse -Force";

/// How many proposals a reader of a saved log is given.
const MOST: usize = 3;

/// A line for the reader's system and shell; `None`: it means nothing there.
fn translated(line: &Line, system: System, shell: Shell) -> Option<Vec<Line>> {
    match line {
        Line::Note { note, .. } => Some(vec![Line::Note {
            mark: (if shell == Shell::Cmd { "rem" } else { "#" }).into(),
            note: note.clone(),
        }]),
        Line::Plain(line) => Some(
            plain(line, system, shell)?
                .into_iter()
                .map(Line::Plain)
                .collect(),
        ),
        Line::With { command, note } => {
            let lines = plain(command, system, shell)?;
            let last = lines.len().saturating_sub(1);
            let noted = |(at, line)| {
                if at == last && shell != Shell::Cmd {
                    Line::with(line, note.clone())
                } else {
                    Line::Plain(line)
                }
            };
            Some(lines.into_iter().enumerate().map(noted).collect())
        }
    }
}

/// The same for a line that is no translated comment and has none.
fn plain(line: &str, system: System, shell: Shell) -> Option<Vec<String>> {
    if line.starts_with("# docker") || line.starts_with("# systemd") {
        return None;
    }
    if let Some(words) = line.strip_prefix('#') {
        let comment = match shell {
            Shell::Cmd => format!("rem{words}"),
            Shell::Sh | Shell::PowerShell => line.to_owned(),
        };
        return Some(vec![comment]);
    }
    if let Some((command, comment)) = line.split_once("   # ") {
        let mut lines = plain(command, system, shell)?;
        if let (Some(last), false) = (lines.last_mut(), shell == Shell::Cmd) {
            *last = format!("{last}   # {comment}");
        }
        return Some(lines);
    }
    if line.starts_with(POWERSHELL_REMOVES) {
        return Some(vec![line.to_owned()]);
    }
    let bare = line.strip_prefix("sudo ").unwrap_or(line);
    let sudo = if bare.len() < line.len() && system == System::Macos {
        "sudo "
    } else {
        ""
    };
    if let Some((lead, macos, windows)) =
        SUBSTITUTES.iter().find(|(lead, ..)| bare.starts_with(lead))
    {
        let other = (if system == System::Macos {
            macos
        } else {
            windows
        })
        .as_deref()?;
        let same = format!("{sudo}{other}");
        return Some(vec![
            if other == *lead || other.ends_with(' ') || lead.ends_with("-s") {
                format!("{same}{}", &bare[lead.len()..])
            } else {
                same
            },
        ]);
    }
    if system == System::Macos {
        return Some(vec![line.to_owned()]);
    }
    if bare.contains("/etc/")
        || bare.starts_with("read ")
        || bare.contains("$(")
        || bare.contains(" | ")
    {
        return None;
    }
    if bare.contains(" && ") {
        let parts: Option<Vec<Vec<String>>> = bare
            .split(" && ")
            .map(|part| plain(part, system, shell))
            .collect();
        return Some(parts?.concat()); // half of it would be something else
    }
    Some(in_windows(bare, shell))
}

/// Variables in front of a command, and `export`, as Windows' shells write them.
fn in_windows(command: &str, shell: Shell) -> Vec<String> {
    let set = |name: &str, value: &str| {
        let value = value.trim_matches(['\'', '"']);
        match shell {
            Shell::Cmd => format!("set {name}={}", value.replacen("~/", "%USERPROFILE%\\", 1)),
            Shell::Sh | Shell::PowerShell => {
                format!("$env:{name} = \"{}\"", value.replacen("~/", "$HOME/", 1))
            }
        }
    };
    let name_of = |word: &str| {
        let (name, value) = word.split_once('=')?;
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        (!name.is_empty() && name.bytes().all(plain)).then(|| (name.to_owned(), value.to_owned()))
    };
    if let Some(variables) = command.strip_prefix("export ") {
        let several: Option<Vec<_>> = variables.split(' ').map(name_of).collect();
        let all = several.or_else(|| Some(vec![name_of(variables)?])); // a value may hold blanks
        let all = all.unwrap_or_default();
        return all.iter().map(|(name, value)| set(name, value)).collect();
    }
    if let Some(names) = command.strip_prefix("unset ") {
        let unset = |name| match shell {
            Shell::Cmd => format!("set {name}="),
            Shell::Sh | Shell::PowerShell => format!("Remove-Item Env:{name}"),
        };
        return names.split(' ').map(unset).collect();
    }
    let mut rest = command;
    let mut lines = Vec::new();
    while let Some((word, behind)) = rest.split_once(' ')
        && let Some((name, value)) = name_of(word)
    {
        lines.push(set(&name, &value));
        rest = behind;
    }
    lines.push(rest.to_owned());
    lines
}

fn in_fish(mut proposal: Proposal) -> Proposal {
    for line in &mut proposal.commands {
        if let Line::Plain(command) | Line::With { command, .. } = line {
            *command = shell::in_fish(command);
        }
    }
    proposal
}

/// zsh takes a comment that is typed behind a command for arguments (`INTERACTIVE_COMMENTS`, off by default): it
/// stands before the command.
fn in_zsh(mut proposal: Proposal) -> Proposal {
    let apart = |line| match line {
        Line::With { command, note } => vec![Line::note(note), Line::Plain(command)],
        other => vec![other],
    };
    proposal.commands = proposal.commands.into_iter().flat_map(apart).collect();
    proposal
}

/// The proposals of a saved log, as its reader can carry them out: in the words of that system, and
/// nothing written here. What means nothing there is left out.
pub(super) fn fitted(proposals: Vec<Proposal>, s: &Situation) -> Vec<Proposal> {
    if !s.saved {
        return if shell::is_fish(&s.env) {
            proposals.into_iter().map(in_fish).collect()
        } else if shell::is_zsh(&s.env) {
            proposals.into_iter().map(in_zsh).collect()
        } else {
            proposals
        };
    }
    let system = s.place.system.as_ref().map(|known| known.is);
    let shell = s
        .place
        .shell
        .as_ref()
        .map_or(Shell::PowerShell, |known| known.is);
    let foreign = system.filter(|system| {
        matches!(system, System::Macos | System::Windows) && s.place.container.is_none()
    });
    let fitted = |mut proposal: Proposal| {
        proposal.changes.clear();
        proposal.edits.clear();
        let Some(system) = foreign else {
            return Some(proposal);
        };
        let asks = matches!(&*proposal.id, "store-credentials" | "replace-credentials");
        if asks && system == System::Windows {
            // what reads a token without echo is a shell's that is not there
            proposal.why = msg!(
                "Git for Windows asks for it in a window and keeps it in the system's store, where the git that go runs finds it."
            );
            proposal.commands = vec![
                "git config --global credential.helper manager".into(),
                Line::note(msg!("then `git ls-remote` of the repository asks once")),
            ];
        }
        let had = proposal.commands.len();
        let lines = std::mem::take(&mut proposal.commands);
        proposal.commands = lines
            .iter()
            .filter_map(|line| translated(line, system, shell))
            .flatten()
            .collect();
        let meant = lines.iter().any(Line::is_command);
        (had == 0 || !meant || proposal.commands.iter().any(Line::is_command)).then_some(proposal)
    };
    let mut fitted: Vec<Proposal> = proposals.into_iter().filter_map(fitted).collect();
    if s.ci.is_some() || s.container {
        // what is set on a person's machine does not reach a job
        fitted.sort_by_key(|proposal| proposal.family != Family::Job);
    }
    let given = |id: &str| fitted.iter().any(|proposal| proposal.id == id);
    let job = s.ci.is_some() && given("ci-credentials") || given("docker-netrc");
    let hook = given("hook-go");
    fitted.retain(|proposal| match &*proposal.id {
        // nobody types into a job
        "store-credentials" | "replace-credentials" | "make-token" => !job,
        "known-host-compare" => s.ci.is_none(),
        // of the hook's own repository
        "full-version" | "mod-tidy" | "install-go" => !hook,
        _ => true,
    });
    fitted.truncate(MOST);
    fitted
}

/// The cache of the program that ran go: `go clean` does not reach it.
pub(super) fn cache_of_wrapper(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    let wrapper = s.place.wrapper.as_ref()?.is;
    let cleaning = wrapper.cleaning()?;
    Some(
        Proposal::advice(
            "wrapper-cache",
            msg!("Empty the cache of {wrapper}", wrapper = wrapper.name()),
            msg!(
                "{wrapper} runs go with a module cache of its own; `go clean -modcache` does not reach it.",
                wrapper = wrapper.name()
            ),
        )
        .command(cleaning),
    )
}

/// One damaged module or clone in the cache of another machine, as the text names it.
pub(super) fn damaged_part(verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    if !s.saved || verdict.reason == Some(Reason::LockLeft) {
        return None;
    }
    let plain =
        |path: &str| shell::is_plain(path, "/._-@!+") && !path.split('/').any(|part| part == "..");
    let line = s.named().replace('\\', "/");
    let below = line.split_once("pkg/mod/").map_or("", |(_, below)| below);
    let parts: Vec<String> = if s.foreign || below.is_empty() && verdict.target.version.is_none() {
        if verdict.reason != Some(Reason::CloneDamaged) {
            return Some(
                Proposal::advice(
                    "verify-cache",
                    msg!("Let go say which module is damaged"),
                    msg!("It compares every module in the cache with what go.sum says of it; what is damaged can then be removed by itself."),
                )
                .command("go mod verify"),
            );
        }
        vec!["cache/vcs".to_owned()] // nothing that a remote can have written is taken
    } else if let Some(clone) = below.strip_prefix("cache/vcs/") {
        let hash = clone
            .split(|letter: char| !letter.is_ascii_hexdigit())
            .next()?;
        let hash = if hash.len() == 64 { hash } else { "HASH" };
        vec![format!("cache/vcs/{hash}")]
    } else {
        let unpacked = || {
            let (path, behind) = below.split_once('@')?;
            let version = behind.split(['/', ':', ' ']).next()?;
            (!path.starts_with("cache/")).then(|| (path.to_owned(), version.to_owned()))
        };
        let target = || {
            let target = &verdict.target;
            let version = target
                .version
                .clone()
                .filter(|version| version.starts_with('v'))?;
            Some((escaped(target.module.as_deref()?)?, escaped(&version)?))
        };
        let (path, version) = unpacked()
            .or_else(target)
            .unwrap_or_else(|| ("MODULE".to_owned(), "VERSION".to_owned()));
        vec![
            format!("cache/download/{path}/@v/{version}.*"),
            format!("{path}@{version}"),
        ]
    };
    if !parts.iter().all(|part| plain(part.trim_end_matches(".*"))) {
        return None;
    }
    let list: Vec<String> = parts
        .iter()
        .map(|part| format!("\"$(go env GOMODCACHE)\"/{part}"))
        .collect();
    let list = list.join(" ");
    Some(
        Proposal::advice(
            "cache-part",
            msg!("Remove the damaged part of the module cache, and nothing else"),
            msg!("go fetches it again and compares it with go.sum and the checksum database as always."),
        )
        .scope(super::Scope::User)
        .command(if s.place.is(System::Windows) {
            let list = parts
                .iter()
                .map(|part| format!("\"$(go env GOMODCACHE)/{part}\""))
                .collect::<Vec<_>>()
                .join(", ");
            format!("{POWERSHELL_REMOVES} {list}")
        } else {
            format!("chmod -R u+w {list}; rm -rf {list}")
        }),
    )
}

/// Where a saved log says no more: the machine itself.
pub(super) fn look_there(_verdict: &Verdict, s: &Situation) -> Option<Proposal> {
    s.saved.then(|| {
        Proposal::advice(
            "look-there",
            msg!("Run the command again where it failed, with gomend in front of go"),
            msg!("This text does not name what is needed; there the settings, the host and the network can be looked at."),
        )
        .command("gomend doctor")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str) -> Target {
        Target {
            module: Some(path.into()),
            ..Target::default()
        }
    }

    #[test]
    fn prefixes_are_narrow() {
        let of = |path: &str| prefix(&module(path));
        assert_eq!(
            of("git.corp.example/team/lib/v2").as_deref(),
            Some("git.corp.example/team")
        );
        assert_eq!(
            of("go.corp.example/lib").as_deref(),
            Some("go.corp.example/lib")
        );
        assert_eq!(of("go.corp.example").as_deref(), Some("go.corp.example"));
        assert_eq!(of("*/x"), None);
        assert_eq!(of("github.com/*/x"), None);
        assert_eq!(of("localpackage"), None);
        let url = Target {
            url: Some("https://git.corp.example/team/lib.git/info/refs".into()),
            ..Target::default()
        };
        assert_eq!(prefix(&url).as_deref(), Some("git.corp.example/team"));
    }

    #[test]
    fn a_rewrite_never_covers_a_whole_host() {
        let of = |target: &Target| scope(target, &Situation::default());
        assert_eq!(of(&module("github.com/acme/lib")).as_deref(), Some("acme/"));
        assert_eq!(of(&module("git.corp.example/lib")).as_deref(), Some("lib"));
        let host = Target {
            url: Some("https://github.com".into()),
            host: Some("github.com".into()),
            ..Target::default()
        };
        assert_eq!(of(&host), None);
    }
}
