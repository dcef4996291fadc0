//! Lints in words: what is wrong, and the safe equivalent.

use crate::lang::tr;
use crate::settings::goenv::{Layer, Setting};
use crate::settings::lint::{Flaw, Lint};

/// What is wrong, one sentence.
pub(crate) fn flaw(lint: &Lint) -> String {
    let key = &lint.key;
    match &lint.flaw {
        Flaw::HiddenByEnvironment => tr!("the variable {key} hides what `go env -w` wrote", key),
        Flaw::TrailingBlank { .. } => {
            tr!("the value ends with a blank or a carriage return, which is part of it")
        }
        Flaw::ModulesOff => tr!("modules are switched off: go.mod is ignored"),
        Flaw::InsecureFlag => tr!("-insecure was removed in Go 1.17"),
        Flaw::QuotesInList { .. } => {
            tr!("quotes are part of the pattern, so it matches nothing")
        }
        Flaw::SchemeInList { .. } => {
            tr!("a pattern with a scheme matches nothing: patterns are module path prefixes")
        }
        Flaw::BlanksInList { .. } => {
            tr!("only commas separate patterns, and blanks are part of them")
        }
        Flaw::GitSuffixInList => {
            tr!("a pattern that ends in .git matches only module paths that do so too")
        }
        Flaw::DotsInList { .. } => {
            tr!("`...` has no meaning here: a prefix already covers everything below")
        }
        Flaw::CapitalHostInList { .. } => {
            tr!("patterns are matched to the letter, and hosts in module paths are lower case")
        }
        Flaw::InsecureForAll => tr!("switches certificate checks off for every discovery"),
        Flaw::UnverifiedForAll => tr!("switches the checksum database off for every module"),
        Flaw::PrivateForAll => {
            tr!("treats every module as private: no proxy and no checksum database")
        }
        Flaw::QuotesInGoproxy { .. } => tr!("quotes are part of the value"),
        Flaw::DirectWithSlash => tr!("`direct/` is taken for the address of a proxy"),
        Flaw::DirectJoined => tr!("`direct` is joined to an address by a slash"),
        Flaw::GoproxyScheme => tr!("a proxy's scheme must be https, http or file"),
        Flaw::GoproxyWord { word } => {
            tr!("`{word}` is neither an address nor `direct` or `off`", word)
        }
        Flaw::GoproxyEmpty => tr!("the list has no entries"),
        Flaw::SumdbOff => tr!(
            "nothing is checked against the checksum database, and toolchains cannot be downloaded"
        ),
        Flaw::GoauthNetrcPath => tr!("`netrc:/path` is taken for a command"),
        Flaw::NoSuchVariable => tr!("go has no such variable"),
        Flaw::GitUnverified if is_variable(lint) => tr!("git checks no certificate at all"),
        Flaw::GitUnverified => tr!("git checks no certificate there"),
        Flaw::NoSuchFile => tr!("names a file that is not there"),
        Flaw::ProxyCasesDiffer { lower } => tr!(
            "{upper} and {lower} differ: Go takes the first, git the second",
            upper = key,
            lower
        ),
        Flaw::ProxyAutoConfig => {
            tr!("names a proxy auto-configuration (PAC), which neither go nor git reads")
        }
        Flaw::ProxyMalformed => tr!("cannot be read as a proxy's URL"),
        Flaw::NoProxyBlanks => tr!("Go takes only commas between the entries"),
        Flaw::NoProxyStar => tr!("git (libcurl) does not know `*.domain`"),
        Flaw::AllProxyOnly => tr!("git uses it and Go does not"),
        Flaw::HostKeysUnchecked => tr!("ssh accepts any host key"),
        Flaw::AnyDirectorySafe => tr!("git trusts repositories of every user"),
        Flaw::NoSuchKey => tr!("git has no such key"),
        Flaw::TokenInRewrite => {
            tr!("a credential stands in git's configuration in plain text")
        }
        Flaw::WholeHostRewritten { host } => tr!(
            "every repository on {host} goes through ssh, public ones too",
            host
        ),
    }
}

/// The safe equivalent, as something to type or do. `layer`: who sets it, where it is a setting of go's.
pub(crate) fn instead(lint: &Lint, layer: Option<Layer>) -> String {
    let key = &lint.key;
    // what the environment sets wins over `go env -w`
    let (set, unset) = if layer == Some(Layer::Environment) {
        ("export", "unset")
    } else {
        ("go env -w", "go env -u")
    };
    match &lint.flaw {
        Flaw::HiddenByEnvironment => tr!("unset {key} in the shell, or change it there", key),
        Flaw::TrailingBlank { trimmed: value }
        | Flaw::QuotesInList { fixed: value }
        | Flaw::SchemeInList { fixed: value }
        | Flaw::BlanksInList { fixed: value }
        | Flaw::DotsInList { fixed: value }
        | Flaw::CapitalHostInList { fixed: value }
        | Flaw::QuotesInGoproxy { fixed: value } => format!("{set} {key}={value}"),
        Flaw::ModulesOff | Flaw::GoproxyEmpty => format!("{unset} {key}"),
        Flaw::InsecureFlag => tr!("use HTTPS, or GOINSECURE for that one host"),
        Flaw::GitSuffixInList => tr!("leave .git away"),
        Flaw::InsecureForAll => tr!("name the one host, or better: let it have a certificate"),
        Flaw::UnverifiedForAll => tr!("name the private prefixes only, with GOPRIVATE"),
        Flaw::PrivateForAll => tr!("name the private prefixes only"),
        Flaw::DirectWithSlash => tr!("write `direct` without a slash"),
        Flaw::DirectJoined => tr!("put a comma before `direct`"),
        Flaw::GoproxyScheme => tr!("write https://"),
        Flaw::GoproxyWord { word } => {
            let near = ["direct", "off"]
                .into_iter()
                .find(|near| strsim::damerau_levenshtein(word, near) <= 2 && word.len() > 2);
            near.map_or_else(
                || tr!("write the address with https://"),
                |near| tr!("did you mean `{near}`? an address needs https://", near),
            )
        }
        Flaw::SumdbOff => tr!("{unset} GOSUMDB, and GOPRIVATE for what is private", unset),
        Flaw::GoauthNetrcPath => {
            tr!("go env -w GOAUTH=netrc, and the variable NETRC for another file")
        }
        Flaw::NoSuchVariable => tr!("GONOSUMDB, or GOPRIVATE, for the private prefixes"),
        Flaw::GitUnverified if is_variable(lint) => {
            tr!("unset it, and name the CA with GIT_SSL_CAINFO or http.sslCAInfo")
        }
        Flaw::GitUnverified => tr!("unset it, and name the CA with http.sslCAInfo"),
        Flaw::NoSuchFile => tr!("correct the path, or unset it"),
        Flaw::ProxyCasesDiffer { .. } => tr!("set both to the same value"),
        Flaw::ProxyAutoConfig => {
            tr!(
                "set HTTPS_PROXY to the proxy that the file names for public hosts, and NO_PROXY to what it lets go directly"
            )
        }
        Flaw::ProxyMalformed => {
            tr!("write http://host:port, and %-escape odd characters in a password")
        }
        Flaw::NoProxyBlanks => tr!("separate them with commas"),
        Flaw::NoProxyStar => tr!("write the bare domain, which both take with all below it"),
        Flaw::AllProxyOnly => tr!("set HTTPS_PROXY and https_proxy"),
        Flaw::HostKeysUnchecked => {
            tr!("remove StrictHostKeyChecking=no, and add the host's published key to known_hosts")
        }
        Flaw::AnyDirectorySafe => "git config --global --add safe.directory /exact/path".to_owned(),
        Flaw::NoSuchKey => "git config --global http.proxy http://host:port".to_owned(),
        Flaw::TokenInRewrite => tr!(
            "store it in a credential helper or in ~/.netrc (mode 0600), and remove the rewrite"
        ),
        Flaw::WholeHostRewritten { host } => tr!("rewrite https://{host}/ORG/ only", host),
    }
}

/// A variable of the environment, not a key of git's configuration.
fn is_variable(lint: &Lint) -> bool {
    lint.key == "GIT_SSL_NO_VERIFY"
}

/// A setting of go's with its value, and who sets it; nothing of a default.
pub(crate) fn set_by(setting: &Setting) -> Option<String> {
    let (key, value) = (&setting.key, &setting.value);
    Some(match setting.layer {
        Layer::Environment => tr!("{key}={value}, set in the environment", key, value),
        Layer::User => tr!("{key}={value}, set with `go env -w`", key, value),
        Layer::Goroot => tr!("{key}={value}, set in GOROOT/go.env", key, value),
        Layer::Default => return None,
    })
}
