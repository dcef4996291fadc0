//! Settings that do not do what they look like, or that weaken security.
//!
//! In: Go's settings, the environment, git's configuration. Out: one lint
//! each, with the safe equivalent. Values that may hold secrets are never
//! repeated. Error: a fetch fails because of it. Warning: no effect, or a
//! check that is switched off.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Env;
use super::forges::{self, Visibility};
use super::gitconfig::GitConfig;
use super::goenv::{GoEnv, Layer};
use super::url::Url;
use crate::lang::tr;

/// How much a lint matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Fetching fails because of it.
    Error,
    /// It has no effect, or weakens security.
    Warning,
}

/// Something in the settings that does not do what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// Stable id, for instance `quotes-in-list`.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// The setting.
    pub key: String,
    /// What is wrong, in one sentence.
    pub what: String,
    /// The safe equivalent, as something to type or do.
    pub instead: String,
}

fn warning(id: &str, key: &str, what: impl Into<String>, instead: impl Into<String>) -> Lint {
    Lint {
        id: id.to_owned(),
        severity: Severity::Warning,
        key: key.to_owned(),
        what: what.into(),
        instead: instead.into(),
    }
}

fn error(id: &str, key: &str, what: impl Into<String>, instead: impl Into<String>) -> Lint {
    Lint {
        severity: Severity::Error,
        ..warning(id, key, what, instead)
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
            lints.push(warning(
                "hidden-by-environment",
                key,
                tr!("the variable {key} hides what `go env -w` wrote", key),
                tr!("unset {key} in the shell, or change it there", key),
            ));
        }
        if setting.layer == Layer::User && setting.value.ends_with([' ', '\t', '\r']) {
            lints.push(warning(
                "trailing-blank",
                &setting.key,
                tr!("the value ends with a blank or a carriage return, which is part of it"),
                format!("go env -w {}={}", setting.key, setting.value.trim_end()),
            ));
        }
    }
    if settings.value("GO111MODULE") == "off" {
        lints.push(error(
            "modules-off",
            "GO111MODULE",
            tr!("modules are switched off: go.mod is ignored"),
            "go env -u GO111MODULE",
        ));
    }
    if settings
        .value("GOFLAGS")
        .split_whitespace()
        .any(|flag| flag == "-insecure")
    {
        lints.push(error(
            "insecure-flag",
            "GOFLAGS",
            tr!("-insecure was removed in Go 1.17"),
            tr!("use HTTPS, or GOINSECURE for that one host"),
        ));
    }
    environment(env, &mut lints);
    lints
}

/// A comma-separated list of module path patterns.
fn patterns(key: &str, list: &str, lints: &mut Vec<Lint>) {
    let fixed = |list: String| format!("go env -w {key}={list}");
    if list.contains(['"', '\'']) {
        lints.push(warning(
            "quotes-in-list",
            key,
            tr!("quotes are part of the pattern, so it matches nothing"),
            fixed(list.replace(['"', '\''], "")),
        ));
    }
    if list.contains("://") {
        let bare = list
            .split(',')
            .map(|item| item.split_once("://").map_or(item, |(_, rest)| rest));
        lints.push(warning(
            "scheme-in-list",
            key,
            tr!("a pattern with a scheme matches nothing: patterns are module path prefixes"),
            fixed(bare.collect::<Vec<_>>().join(",")),
        ));
    }
    if list.contains([' ', '\t', ';']) {
        let items = list
            .split([',', ';', ' ', '\t'])
            .filter(|item| !item.is_empty());
        lints.push(warning(
            "blanks-in-list",
            key,
            tr!("only commas separate patterns, and blanks are part of them"),
            fixed(items.collect::<Vec<_>>().join(",")),
        ));
    }
    if list
        .split(',')
        .any(|item| item.trim_end_matches('/').strip_suffix(".git").is_some())
    {
        lints.push(warning(
            "git-suffix-in-list",
            key,
            tr!("a pattern that ends in .git matches only module paths that do so too"),
            tr!("leave .git away"),
        ));
    }
    if list.contains("...") {
        lints.push(warning(
            "dots-in-list",
            key,
            tr!("`...` has no meaning here: a prefix already covers everything below"),
            fixed(list.replace("/...", "")),
        ));
    }
    let hosts = list.split(',').filter_map(|item| item.split('/').next());
    if hosts
        .into_iter()
        .any(|host| host.bytes().any(|byte| byte.is_ascii_uppercase()))
    {
        lints.push(warning(
            "capital-host-in-list",
            key,
            tr!("patterns are matched to the letter, and hosts in module paths are lower case"),
            fixed(list.to_ascii_lowercase()),
        ));
    }
    if list.split(',').any(|item| item == "*") {
        match key {
            "GOINSECURE" => lints.push(warning(
                "insecure-for-all",
                key,
                tr!("switches certificate checks off for every discovery"),
                tr!("name the one host, or better: let it have a certificate"),
            )),
            "GONOSUMDB" => lints.push(warning(
                "unverified-for-all",
                key,
                tr!("switches the checksum database off for every module"),
                tr!("name the private prefixes only, with GOPRIVATE"),
            )),
            _ => lints.push(warning(
                "private-for-all",
                key,
                tr!("treats every module as private: no proxy and no checksum database"),
                tr!("name the private prefixes only"),
            )),
        }
    }
}

/// GOPROXY, as `cmd/go/internal/modfetch/proxy.go` reads it.
fn proxy_list(list: &str, lints: &mut Vec<Lint>) {
    const KEY: &str = "GOPROXY";
    if list.contains(['"', '\'']) {
        lints.push(error(
            "quotes-in-goproxy",
            KEY,
            tr!("quotes are part of the value"),
            format!("go env -w GOPROXY={}", list.replace(['"', '\''], "")),
        ));
        return;
    }
    let mut empty = true;
    for item in list
        .split([',', '|'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
    {
        empty = false;
        match item {
            "direct" | "off" => return, // what follows is never read
            item if item.trim_end_matches('/') == "direct" => lints.push(error(
                "direct-with-slash",
                KEY,
                tr!("`direct/` is taken for the address of a proxy"),
                tr!("write `direct` without a slash"),
            )),
            item if item.ends_with("/direct") => lints.push(error(
                "direct-joined",
                KEY,
                tr!("`direct` is joined to an address by a slash"),
                tr!("put a comma before `direct`"),
            )),
            item => match item.split_once("://") {
                Some(("https" | "http" | "file", _)) => {}
                Some(_) => lints.push(error(
                    "goproxy-scheme",
                    KEY,
                    tr!("a proxy's scheme must be https, http or file"),
                    tr!("write https://"),
                )),
                None if item.contains(['.', ':', '/']) => {}
                None => lints.push(error(
                    "goproxy-word",
                    KEY,
                    tr!(
                        "`{word}` is neither an address nor `direct` or `off`",
                        word = plain(item)
                    ),
                    tr!("write the address with https://"),
                )),
            },
        }
    }
    if empty {
        lints.push(error(
            "goproxy-empty",
            KEY,
            tr!("the list has no entries"),
            "go env -u GOPROXY",
        ));
    }
}

fn sumdb(value: &str, lints: &mut Vec<Lint>) {
    if value == "off" {
        lints.push(warning(
            "sumdb-off",
            "GOSUMDB",
            tr!("nothing is checked against the checksum database, and toolchains cannot be downloaded"),
            tr!("go env -u GOSUMDB, and GOPRIVATE for what is private"),
        ));
    }
}

fn auth(value: &str, lints: &mut Vec<Lint>) {
    let named = value
        .split(';')
        .map(str::trim)
        .any(|item| item.starts_with("netrc:"));
    if named {
        lints.push(error(
            "goauth-netrc-path",
            "GOAUTH",
            tr!("`netrc:/path` is taken for a command"),
            tr!("go env -w GOAUTH=netrc, and the variable NETRC for another file"),
        ));
    }
}

/// Variables that are no settings of go's own.
fn environment(env: &Env, lints: &mut Vec<Lint>) {
    if env.var("GONOSUMCHECK").is_some() {
        lints.push(warning(
            "no-such-variable",
            "GONOSUMCHECK",
            tr!("go has no such variable"),
            tr!("GONOSUMDB, or GOPRIVATE, for the private prefixes"),
        ));
    }
    if env.os("GIT_SSL_NO_VERIFY").is_some() {
        lints.push(warning(
            "git-unverified",
            "GIT_SSL_NO_VERIFY",
            tr!("git checks no certificate at all"),
            tr!("unset it, and name the CA with GIT_SSL_CAINFO or http.sslCAInfo"),
        ));
    }
    for key in ["SSL_CERT_FILE", "GIT_SSL_CAINFO"] {
        if let Some(file) = env.var(key)
            && !Path::new(file).is_file()
        {
            lints.push(warning(
                "no-such-file",
                key,
                tr!("names a file that is not there"),
                tr!("correct the path, or unset it"),
            ));
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
            lints.push(warning(
                "proxy-cases-differ",
                upper,
                tr!(
                    "{upper} and {lower} differ: Go takes the first, git the second",
                    upper,
                    lower
                ),
                tr!("set both to the same value"),
            ));
        }
    }
    for key in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"] {
        if let Some(value) = env.var(key)
            && Url::proxy(value).is_none()
        {
            lints.push(error(
                "proxy-malformed",
                key,
                tr!("cannot be read as a proxy's URL"),
                tr!("write http://host:port, and %-escape odd characters in a password"),
            ));
        }
    }
    if let Some((key, value)) = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|key| Some((key, env.var(key)?)))
    {
        if value.trim().contains([' ', '\t']) && !value.contains(',') {
            lints.push(warning(
                "no-proxy-blanks",
                key,
                tr!("Go takes only commas between the entries"),
                tr!("separate them with commas"),
            ));
        }
        if value.split(',').any(|entry| entry.trim().starts_with("*.")) {
            lints.push(warning(
                "no-proxy-star",
                key,
                tr!("git (libcurl) does not know `*.domain`"),
                tr!("write the bare domain, which both take with all below it"),
            ));
        }
    }
    if env.var("ALL_PROXY").or(env.var("all_proxy")).is_some()
        && env.var("HTTPS_PROXY").or(env.var("https_proxy")).is_none()
    {
        lints.push(warning(
            "all-proxy-only",
            "ALL_PROXY",
            tr!("git uses it and Go does not"),
            tr!("set HTTPS_PROXY and https_proxy"),
        ));
    }
    if let Some(command) = env.var("GIT_SSH_COMMAND") {
        ssh_command("GIT_SSH_COMMAND", command, lints);
    }
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
    warning(
        "host-keys-unchecked",
        key,
        tr!("ssh accepts any host key"),
        tr!("remove StrictHostKeyChecking=no, and add the host's published key to known_hosts"),
    )
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
            lints.push(warning(
                "git-unverified",
                &key_only(key),
                tr!("git checks no certificate there"),
                tr!("unset it, and name the CA with http.sslCAInfo"),
            ));
        }
        if lower == "safe.directory" && value == "*" {
            lints.push(warning(
                "any-directory-safe",
                "safe.directory",
                tr!("git trusts repositories of every user"),
                "git config --global --add safe.directory /exact/path",
            ));
        }
        if lower == "https.proxy" {
            lints.push(warning(
                "no-such-key",
                "https.proxy",
                tr!("git has no such key"),
                "git config --global http.proxy http://host:port",
            ));
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
        lints.push(warning(
            "token-in-rewrite",
            KEY,
            tr!("a credential stands in git's configuration in plain text"),
            tr!(
                "store it in a credential helper or in ~/.netrc (mode 0600), and remove the rewrite"
            ),
        ));
    }
    if let Some(from) = Url::parse(value)
        && from.path.trim_matches('/').is_empty()
        && to.is_some_and(|url| url.scheme == "ssh")
        && forges::of(&from.host).is_some_and(|forge| forge.visibility != Visibility::Members)
    {
        lints.push(warning(
            "whole-host-rewritten",
            KEY,
            tr!(
                "every repository on {host} goes through ssh, public ones too",
                host = from.host
            ),
            tr!("rewrite https://{host}/ORG/ only", host = from.host),
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
    word.chars()
        .filter(|letter| !letter.is_control())
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(vars: &[(&str, &str)]) -> Vec<String> {
        let mut env: Env = vars.iter().copied().collect();
        env.set("GOENV", "off");
        go(&GoEnv::read(&env, None), &env)
            .into_iter()
            .map(|lint| lint.id)
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
                .map(|lint| lint.id)
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
