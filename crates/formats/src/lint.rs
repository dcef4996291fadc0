//! Settings that do not do what they look like, or that weaken security.
//!
//! In: Go's settings, the environment, git's configuration. Out: one lint
//! each; the sentence and the safe equivalent are made where it is shown. Values that may hold secrets are never
//! repeated. Error: a fetch fails because of it. Warning: no effect, or a
//! check that is switched off.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Env;
use super::forges::{self, Visibility};
use super::gitconfig::GitConfig;
use super::goenv::{GoEnv, Layer};
use super::goproxy::{self, Entry, Source};
use super::url::Url;
use crate::mask;

/// How much a lint, or a finding of a check, matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth to know.
    Note,
    /// It has no effect, weakens security, or should be otherwise.
    Warning,
    /// Fetching fails because of it, or it may not be.
    Error,
}

impl Severity {
    /// As SARIF's `level` spells it (SARIF 2.1.0, 3.27.10).
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What is wrong with a setting. The ids are part of the reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "id")]
pub enum Flaw {
    /// A variable hides what `go env -w` wrote.
    HiddenByEnvironment,
    /// The value ends with a blank or a carriage return, which is part of it.
    TrailingBlank {
        /// The value without it.
        trimmed: String,
    },
    /// `GO111MODULE=off`: go.mod is ignored.
    ModulesOff,
    /// `-insecure` was removed in Go 1.17.
    InsecureFlag,
    /// Quotes are part of a pattern.
    QuotesInList {
        /// The list as it was meant.
        fixed: String,
    },
    /// A pattern with a scheme matches nothing.
    SchemeInList {
        /// The list as it was meant.
        fixed: String,
    },
    /// Only commas separate patterns.
    BlanksInList {
        /// The list as it was meant.
        fixed: String,
    },
    /// A pattern ends in `.git`.
    GitSuffixInList,
    /// A proxy auto-configuration file, which neither go nor git reads.
    ProxyAutoConfig,
    /// `...` has no meaning in a pattern.
    DotsInList {
        /// The list as it was meant.
        fixed: String,
    },
    /// Patterns are matched to the letter, and hosts in module paths are lower case.
    CapitalHostInList {
        /// The list as it was meant.
        fixed: String,
    },
    /// `GOINSECURE=*`.
    InsecureForAll,
    /// `GONOSUMDB=*`.
    UnverifiedForAll,
    /// `GOPRIVATE=*`, `GONOPROXY=*`.
    PrivateForAll,
    /// Quotes are part of GOPROXY.
    QuotesInGoproxy {
        /// The list as it was meant.
        fixed: String,
    },
    /// `direct/` is taken for the address of a proxy.
    DirectWithSlash,
    /// `direct` is joined to an address by a slash.
    DirectJoined,
    /// A proxy's scheme must be https, http or file.
    GoproxyScheme,
    /// An entry is neither an address nor a word that go knows.
    GoproxyWord {
        /// The entry.
        word: String,
    },
    /// GOPROXY has no entries.
    GoproxyEmpty,
    /// `GOSUMDB=off`.
    SumdbOff,
    /// `netrc:/path` is taken for a command.
    GoauthNetrcPath,
    /// go has no such variable.
    NoSuchVariable,
    /// git checks no certificate.
    GitUnverified,
    /// A variable names a file that is not there.
    NoSuchFile,
    /// Upper and lower case differ: Go takes the first, git the second.
    ProxyCasesDiffer {
        /// The lower-case variable.
        lower: String,
    },
    /// The value cannot be read as a proxy's URL.
    ProxyMalformed,
    /// Go takes only commas between the entries of `NO_PROXY`.
    NoProxyBlanks,
    /// git (libcurl) does not know `*.domain`.
    NoProxyStar,
    /// git uses `ALL_PROXY` and Go does not.
    AllProxyOnly,
    /// ssh accepts any host key.
    HostKeysUnchecked,
    /// `safe.directory=*`.
    AnyDirectorySafe,
    /// git has no such key.
    NoSuchKey,
    /// A credential stands in git's configuration in plain text.
    TokenInRewrite,
    /// Every repository of a public forge goes through ssh.
    WholeHostRewritten {
        /// The forge.
        host: String,
    },
}

impl Flaw {
    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::ModulesOff
            | Self::InsecureFlag
            | Self::QuotesInGoproxy { .. }
            | Self::DirectWithSlash
            | Self::DirectJoined
            | Self::GoproxyScheme
            | Self::GoproxyWord { .. }
            | Self::GoproxyEmpty
            | Self::GoauthNetrcPath
            | Self::ProxyMalformed => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

/// Something in the settings that does not do what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// What is wrong.
    #[serde(flatten)]
    pub flaw: Flaw,
    /// How much it matters.
    pub severity: Severity,
    /// The setting.
    pub key: String,
}

impl Lint {
    fn new(flaw: Flaw, key: &str) -> Self {
        Self {
            severity: flaw.severity(),
            key: key.to_owned(),
            flaw,
        }
    }
}

/// Everything that is wrong with Go's settings and the variables around them.
#[must_use]
pub fn go(settings: &GoEnv, env: &Env) -> Vec<Lint> {
    let mut lints = Vec::new();
    for key in ["GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE"] {
        patterns(key, settings.value(key), &mut lints);
    }
    proxy_list(settings.value("GOPROXY"), &mut lints);
    sumdb(settings.value("GOSUMDB"), &mut lints);
    auth(settings.value("GOAUTH"), &mut lints);
    for setting in &settings.values {
        if setting.hidden.is_some() {
            let key = &setting.key;
            lints.push(Lint::new(Flaw::HiddenByEnvironment, key));
        }
        if setting.layer == Layer::User && setting.value.ends_with([' ', '\t', '\r']) {
            lints.push(Lint::new(
                Flaw::TrailingBlank {
                    trimmed: setting.value.trim_end().to_owned(),
                },
                &setting.key,
            ));
        }
    }
    if settings.value("GO111MODULE") == "off" {
        lints.push(Lint::new(Flaw::ModulesOff, "GO111MODULE"));
    }
    if settings
        .value("GOFLAGS")
        .split_whitespace()
        .any(|flag| flag == "-insecure")
    {
        lints.push(Lint::new(Flaw::InsecureFlag, "GOFLAGS"));
    }
    environment(env, &mut lints);
    lints
}

/// A comma-separated list of module path patterns.
fn patterns(key: &str, list: &str, lints: &mut Vec<Lint>) {
    if list.contains(['"', '\'']) {
        lints.push(Lint::new(
            Flaw::QuotesInList {
                fixed: list.replace(['"', '\''], ""),
            },
            key,
        ));
    }
    if list.contains("://") {
        let bare = list
            .split(',')
            .map(|item| item.split_once("://").map_or(item, |(_, rest)| rest));
        lints.push(Lint::new(
            Flaw::SchemeInList {
                fixed: bare.collect::<Vec<_>>().join(","),
            },
            key,
        ));
    }
    if list.contains([' ', '\t', ';']) {
        let items = list
            .split([',', ';', ' ', '\t'])
            .filter(|item| !item.is_empty());
        lints.push(Lint::new(
            Flaw::BlanksInList {
                fixed: items.collect::<Vec<_>>().join(","),
            },
            key,
        ));
    }
    if list
        .split(',')
        .any(|item| item.trim_end_matches('/').strip_suffix(".git").is_some())
    {
        lints.push(Lint::new(Flaw::GitSuffixInList, key));
    }
    if list.contains("...") {
        lints.push(Lint::new(
            Flaw::DotsInList {
                fixed: list.replace("/...", ""),
            },
            key,
        ));
    }
    // what stands behind the host is compared letter by letter
    let lowered = list.split(',').map(|item| match item.split_once('/') {
        Some((host, path)) => format!("{}/{path}", host.to_ascii_lowercase()),
        None => item.to_ascii_lowercase(),
    });
    let fixed = lowered.collect::<Vec<_>>().join(",");
    if fixed != list {
        lints.push(Lint::new(Flaw::CapitalHostInList { fixed }, key));
    }
    if list.split(',').any(|item| item == "*") {
        match key {
            "GOINSECURE" => lints.push(Lint::new(Flaw::InsecureForAll, key)),
            "GONOSUMDB" => lints.push(Lint::new(Flaw::UnverifiedForAll, key)),
            _ => lints.push(Lint::new(Flaw::PrivateForAll, key)),
        }
    }
}

/// GOPROXY, as `cmd/go/internal/modfetch/proxy.go` reads it.
fn proxy_list(list: &str, lints: &mut Vec<Lint>) {
    const KEY: &str = "GOPROXY";
    if list.contains(['"', '\'']) {
        lints.push(Lint::new(
            Flaw::QuotesInGoproxy {
                fixed: list.replace(['"', '\''], ""),
            },
            KEY,
        ));
        return;
    }
    let mut empty = true;
    for Entry { source, .. } in goproxy::entries(list) {
        empty = false;
        let Source::Proxy(item) = source else {
            return; // what follows is never read
        };
        match item {
            item if item.trim_end_matches('/') == "direct" => {
                lints.push(Lint::new(Flaw::DirectWithSlash, KEY));
            }
            item if item.ends_with("/direct") => lints.push(Lint::new(Flaw::DirectJoined, KEY)),
            item => match item.split_once("://") {
                Some(("https" | "http" | "file", _)) => {}
                Some(_) => lints.push(Lint::new(Flaw::GoproxyScheme, KEY)),
                None if item.contains(['.', ':', '/']) => {}
                None => lints.push(Lint::new(Flaw::GoproxyWord { word: plain(item) }, KEY)),
            },
        }
    }
    if empty {
        lints.push(Lint::new(Flaw::GoproxyEmpty, KEY));
    }
}

fn sumdb(value: &str, lints: &mut Vec<Lint>) {
    if value == "off" {
        lints.push(Lint::new(Flaw::SumdbOff, "GOSUMDB"));
    }
}

fn auth(value: &str, lints: &mut Vec<Lint>) {
    let named = value
        .split(';')
        .map(str::trim)
        .any(|item| item.starts_with("netrc:"));
    if named {
        lints.push(Lint::new(Flaw::GoauthNetrcPath, "GOAUTH"));
    }
}

/// Variables that are no settings of go's own.
fn environment(env: &Env, lints: &mut Vec<Lint>) {
    if env.var("GONOSUMCHECK").is_some() {
        lints.push(Lint::new(Flaw::NoSuchVariable, "GONOSUMCHECK"));
    }
    if env.os("GIT_SSL_NO_VERIFY").is_some() {
        lints.push(Lint::new(Flaw::GitUnverified, "GIT_SSL_NO_VERIFY"));
    }
    for key in ["SSL_CERT_FILE", "GIT_SSL_CAINFO"] {
        if let Some(file) = env.var(key)
            && !Path::new(file).is_file()
        {
            lints.push(Lint::new(Flaw::NoSuchFile, key));
        }
    }
    for (upper, lower) in [
        ("HTTPS_PROXY", "https_proxy"),
        ("HTTP_PROXY", "http_proxy"),
        ("NO_PROXY", "no_proxy"),
    ] {
        if let (Some(first), Some(second)) = (env.var(upper), env.var(lower))
            && first != second
        {
            lints.push(Lint::new(
                Flaw::ProxyCasesDiffer {
                    lower: lower.to_owned(),
                },
                upper,
            ));
        }
    }
    for key in [
        "auto_proxy",
        "AUTO_PROXY",
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
    ] {
        let value = env.var(key);
        if value.is_some_and(|value| {
            key.eq_ignore_ascii_case("auto_proxy") || names_proxy_script(value)
        }) {
            lints.push(Lint::new(Flaw::ProxyAutoConfig, key));
        }
    }
    for key in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        if let Some(value) = env.var(key)
            && Url::proxy(value).is_none()
        {
            lints.push(Lint::new(Flaw::ProxyMalformed, key));
        }
    }
    if let Some((key, value)) = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|key| Some((key, env.var(key)?)))
    {
        if value.trim().contains([' ', '\t']) && !value.contains(',') {
            lints.push(Lint::new(Flaw::NoProxyBlanks, key));
        }
        if value.split(',').any(|entry| entry.trim().starts_with("*.")) {
            lints.push(Lint::new(Flaw::NoProxyStar, key));
        }
    }
    if env.var("ALL_PROXY").or(env.var("all_proxy")).is_some()
        && env.var("HTTPS_PROXY").or(env.var("https_proxy")).is_none()
    {
        lints.push(Lint::new(Flaw::AllProxyOnly, "ALL_PROXY"));
    }
    if let Some(command) = env.var("GIT_SSH_COMMAND") {
        ssh_command("GIT_SSH_COMMAND", command, lints);
    }
}

/// Whether a proxy's value is the address of a script that chooses one (PAC).
#[must_use]
pub fn names_proxy_script(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let path = value.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('.').next() == Some("pac")
        || path.ends_with("/wpad.dat")
        || value.starts_with("pac+")
}

fn ssh_command(key: &str, command: &str, lints: &mut Vec<Lint>) {
    let squeezed = command.replace([' ', '\t'], "").to_ascii_lowercase();
    if squeezed.contains("stricthostkeychecking=no")
        || squeezed.contains("stricthostkeychecking=off")
    {
        lints.push(unchecked_hosts(key));
    }
}

fn unchecked_hosts(key: &str) -> Lint {
    Lint::new(Flaw::HostKeysUnchecked, key)
}

/// Everything that is wrong with git's configuration for fetching.
#[must_use]
pub fn git(config: &GitConfig) -> Vec<Lint> {
    let mut lints = Vec::new();
    let off = |value: &str| {
        matches!(
            value.to_ascii_lowercase().as_str(),
            "false" | "no" | "off" | "0"
        )
    };
    for (key, value) in &config.all {
        let lower = key.to_ascii_lowercase();
        if lower.starts_with("http.") && lower.ends_with("sslverify") && off(value) {
            lints.push(Lint::new(Flaw::GitUnverified, &key_only(key)));
        }
        if lower == "safe.directory" && value == "*" {
            lints.push(Lint::new(Flaw::AnyDirectorySafe, "safe.directory"));
        }
        if lower == "https.proxy" {
            lints.push(Lint::new(Flaw::NoSuchKey, "https.proxy"));
        }
        if lower == "core.sshcommand" {
            ssh_command("core.sshCommand", value, &mut lints);
        }
        if let Some(base) = lower
            .strip_prefix("url.")
            .and_then(|rest| rest.strip_suffix(".insteadof"))
        {
            rewrite(base, value, &mut lints);
        }
    }
    lints
}

/// `url.<base>.insteadOf = value`. `base` may hold a token and is never repeated.
fn rewrite(base: &str, value: &str, lints: &mut Vec<Lint>) {
    const KEY: &str = "url.*.insteadOf";
    let to = Url::remote(base);
    if to.as_ref().is_some_and(|url| {
        url.scheme.starts_with("http")
            && url.userinfo.as_deref().is_some_and(|user| !user.is_empty())
    }) {
        lints.push(Lint::new(Flaw::TokenInRewrite, KEY));
    }
    if let Some(from) = Url::parse(value)
        && from.path.trim_matches('/').is_empty()
        && to.is_some_and(|url| url.scheme == "ssh")
        && forges::of(&from.host).is_some_and(|forge| forge.visibility != Visibility::Members)
    {
        lints.push(Lint::new(
            Flaw::WholeHostRewritten {
                host: from.host.clone(),
            },
            KEY,
        ));
    }
}

/// What is wrong with `~/.ssh/config`: only what switches the host key check off.
#[must_use]
pub fn ssh(config: &str) -> Vec<Lint> {
    let unchecked = config.lines().any(|line| {
        let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
        words
            .next()
            .is_some_and(|key| key.eq_ignore_ascii_case("StrictHostKeyChecking"))
            && words.next().is_some_and(|value| {
                value.eq_ignore_ascii_case("no") || value.eq_ignore_ascii_case("off")
            })
    });
    if unchecked {
        vec![unchecked_hosts("~/.ssh/config")]
    } else {
        Vec::new()
    }
}

/// `http.https://user:token@host/.sslverify` without the user.
fn key_only(key: &str) -> String {
    match (key.find("://"), key.find('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}{}", &key[..scheme + 3], &key[at + 1..])
        }
        _ => key.to_owned(),
    }
}

/// A short word that came from a setting, safe to show.
fn plain(word: &str) -> String {
    mask::short(word, 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(lint: &Lint) -> String {
        serde_json::to_value(lint).unwrap()["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn ids(vars: &[(&str, &str)]) -> Vec<String> {
        let mut env: Env = vars.iter().copied().collect();
        env.set("GOENV", "off");
        go(&GoEnv::read(&env, None), &env)
            .into_iter()
            .map(|lint| id(&lint))
            .collect()
    }

    #[test]
    fn each_setting_has_its_lint() {
        let table: &[(&str, &str, &str)] = &[
            ("GOPRIVATE", "\"corp.example\"", "quotes-in-list"),
            ("GOPRIVATE", "https://corp.example/x", "scheme-in-list"),
            ("GOPRIVATE", "a.example, b.example", "blanks-in-list"),
            ("GOPRIVATE", "a.example;b.example", "blanks-in-list"),
            ("GOPRIVATE", "github.com/org/repo.git", "git-suffix-in-list"),
            ("GOPRIVATE", "github.com/org/...", "dots-in-list"),
            ("GOPRIVATE", "GitHub.com/org", "capital-host-in-list"),
            ("GOPRIVATE", "*", "private-for-all"),
            ("GOINSECURE", "*", "insecure-for-all"),
            ("GONOSUMDB", "*", "unverified-for-all"),
            ("GONOSUMCHECK", "1", "no-such-variable"),
            (
                "GOPROXY",
                "https://proxy.golang.org,direct/",
                "direct-with-slash",
            ),
            (
                "GOPROXY",
                "https://proxy.golang.org/direct",
                "direct-joined",
            ),
            ("GOPROXY", "ftp://mirror.example", "goproxy-scheme"),
            ("GOPROXY", "mirror,direct", "goproxy-word"),
            ("GOPROXY", "'https://proxy.golang.org'", "quotes-in-goproxy"),
            ("GOPROXY", ",", "goproxy-empty"),
            ("GOSUMDB", "off", "sumdb-off"),
            ("GOAUTH", "netrc:/home/x/.netrc", "goauth-netrc-path"),
            ("GO111MODULE", "off", "modules-off"),
            ("GOFLAGS", "-v -insecure", "insecure-flag"),
            ("GIT_SSL_NO_VERIFY", "1", "git-unverified"),
            ("SSL_CERT_FILE", "/no/such/file", "no-such-file"),
            ("HTTPS_PROXY", "http://p:notaport", "proxy-malformed"),
            ("NO_PROXY", "a.example b.example", "no-proxy-blanks"),
            ("NO_PROXY", "*.corp.example", "no-proxy-star"),
            ("ALL_PROXY", "socks5://p:1", "all-proxy-only"),
            (
                "GIT_SSH_COMMAND",
                "ssh -o StrictHostKeyChecking=no",
                "host-keys-unchecked",
            ),
        ];
        let mut lints = Vec::new();
        patterns("GOPRIVATE", "GitHub.com/MyOrg,a.example", &mut lints);
        let fixed = "github.com/MyOrg,a.example".to_owned();
        assert_eq!(
            lints[0].flaw,
            Flaw::CapitalHostInList { fixed },
            "go compares the path letter by letter"
        );
        for (key, value, id) in table {
            assert!(
                ids(&[(key, value)]).iter().any(|found| found == id),
                "{key}={value}: {id}"
            );
        }
        assert_eq!(
            ids(&[("HTTPS_PROXY", "http://a:1"), ("https_proxy", "http://b:1")]),
            ["proxy-cases-differ"]
        );
    }

    #[test]
    fn good_settings_are_left_alone() {
        for vars in [
            &[(
                "GOPRIVATE",
                "corp.example,github.com/org/*,*.internal.example",
            )][..],
            &[(
                "GOPROXY",
                "https://goproxy.cn|https://proxy.golang.org,direct",
            )],
            &[("GOPROXY", "proxy.corp.example:8081/go")],
            &[("GOPROXY", "off")],
            &[
                ("HTTPS_PROXY", "http://user:p%40ss@proxy.corp.example:3128"),
                ("NO_PROXY", "corp.example,10.0.0.0/8"),
            ],
            &[("GOSUMDB", "sum.golang.google.cn"), ("GOAUTH", "netrc")],
        ] {
            assert_eq!(ids(vars), Vec::<String>::new(), "{vars:?}");
        }
    }

    #[test]
    fn git_configuration() {
        let config = |pairs: &[(&str, &str)]| GitConfig {
            all: pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            ..GitConfig::default()
        };
        let ids = |pairs: &[(&str, &str)]| {
            git(&config(pairs))
                .into_iter()
                .map(|lint| id(&lint))
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&[("http.sslverify", "false")]), ["git-unverified"]);
        assert_eq!(ids(&[("safe.directory", "*")]), ["any-directory-safe"]);
        assert_eq!(ids(&[("https.proxy", "http://p:1")]), ["no-such-key"]);
        assert_eq!(
            ids(&[("core.sshcommand", "ssh -oStrictHostKeyChecking=no")]),
            ["host-keys-unchecked"]
        );
        let token = [(
            "url.https://ghp_secret@github.com/org/.insteadof",
            "https://github.com/org/",
        )];
        assert_eq!(ids(&token), ["token-in-rewrite"]);
        assert!(!format!("{:?}", git(&config(&token))).contains("ghp_secret"));
        assert_eq!(
            ids(&[("url.git@github.com:.insteadof", "https://github.com/")]),
            ["whole-host-rewritten"]
        );
        assert_eq!(
            ids(&[(
                "url.ssh://git@github.com/org/.insteadof",
                "https://github.com/org/"
            )]),
            [""; 0]
        );
        let keyed = git(&config(&[("http.https://tok@h.example/.sslverify", "0")]));
        assert_eq!(keyed[0].key, "http.https://h.example/.sslverify");
    }

    #[test]
    fn ssh_configuration() {
        assert_eq!(ssh("Host *\n  StrictHostKeyChecking no\n").len(), 1);
        assert_eq!(ssh("Host *\n  StrictHostKeyChecking=accept-new\n").len(), 0);
    }
}
