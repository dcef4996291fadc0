//! The module that mirrors are compared by: which one, which version, which checksum, and whether
//! strangers may hear its name.
//!
//! In: what the person named, go.mod and go.sum, the settings. Out: a [`Module`]. Without a
//! name: a fixed public module whose checksum is known. A module counts as public only if nothing
//! says that it is private *and* the checksum database knows it, which is asked where go would ask it, and in
//! go's order. The database's signatures are not checked: its TLS certificate vouches for the one line that is read.

use std::time::Duration;

use super::client::Client;
use super::{Request, mirrors};
use crate::lang::tr;
use crate::probe::{self, sums};
use crate::settings::forges;
use crate::settings::gofile::{self, GoFile, Sum, escape};
use crate::settings::goproxy::{self, Onward, Source};

/// A public module that every mirror serves: a few megabytes, one directory of Go's own project.
const FIXED: (&str, &str, &str) = (
    "golang.org/x/text",
    "v0.3.0",
    "h1:g61tztE5qeGQ89tm6NTjjM9VPIM088od1l6aSorWRWg=",
);

/// How long somebody may take who is asked before the rounds begin.
const PATIENCE: Duration = Duration::from_secs(4);

/// A module to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Module {
    pub(super) path: String,
    pub(super) version: String,
    /// The checksum of its zip, from go.sum or the checksum database.
    pub(super) sum: Option<String>,
    /// Anybody may hear its name.
    pub(super) public: bool,
}

impl Module {
    /// The one to compare by when nobody named any.
    pub(super) fn fixed() -> Self {
        let (path, version, sum) = FIXED;
        Self {
            path: path.to_owned(),
            version: version.to_owned(),
            sum: Some(sum.to_owned()),
            public: true,
        }
    }

    /// Finds out about a module that was named; the reason if it cannot be fetched.
    pub(super) fn of(
        path: &str,
        version: Option<&str>,
        request: &Request,
        client: &Client,
    ) -> Result<Self, String> {
        let version = match version {
            Some("latest") | None => required(path, request)
                .or_else(|| latest(path, request, client))
                .ok_or_else(|| {
                    tr!(
                        "{path}: no version is known here; name one: {path}@v1.2.3",
                        path
                    )
                })?,
            Some(version) => version.to_owned(),
        };
        let Request { goenv, dir, .. } = request;
        let is_asked = !probe::looks_private(goenv, path)
            && sums::is_database_asked(goenv, dir, path, &version);
        let known = is_asked
            .then(|| from_database(path, &version, request, client))
            .flatten();
        Ok(Self {
            sum: sums::go_sum(dir, path, &version).or_else(|| known.clone()),
            public: known.is_some(),
            path: path.to_owned(),
            version,
        })
    }

    /// `path@version`.
    pub(super) fn name(&self) -> String {
        format!("{}@{}", self.path, self.version)
    }

    /// The URL of one of its files below a module proxy.
    pub(super) fn url(&self, base: &str, ending: &str) -> String {
        format!(
            "{}/{}/@v/{}.{ending}",
            base.trim_end_matches('/'),
            escape(&self.path),
            escape(&self.version)
        )
    }
}

/// The version that go.mod requires.
fn required(path: &str, request: &Request) -> Option<String> {
    let (_, read) = GoFile::above(&request.dir)?;
    let wanted = read.requires.into_iter().find(|wanted| wanted.path == path);
    wanted.map(|wanted| wanted.version)
}

/// The hash of a whole module.
fn sum_in(text: &str, path: &str, version: &str) -> Option<String> {
    let is_it = |sum: &Sum| sum.path == path && sum.version == version && !sum.go_mod;
    gofile::sums(text)
        .into_iter()
        .find(is_it)
        .map(|sum| sum.hash)
}

/// The newest version, by the first module proxy that go itself would ask.
fn latest(path: &str, request: &Request, client: &Client) -> Option<String> {
    mirrors::would_be_asked(request, path)
        .iter()
        .find_map(|base| {
            let url = format!("{}/{}/@latest", base.trim_end_matches('/'), escape(path));
            let mut fetched = client.get(&url, PATIENCE).ok()?;
            let json: serde_json::Value = serde_json::from_slice(&fetched.bytes()).ok()?;
            let version = json["Version"].as_str()?;
            (fetched.status == 200 && version.starts_with('v')).then(|| version.to_owned())
        })
}

/// The checksum database's record.
fn from_database(path: &str, version: &str, request: &Request, client: &Client) -> Option<String> {
    let base = database(path, request, client)?;
    let url = format!("{base}/lookup/{}@{}", escape(path), escape(version));
    let mut fetched = client.get(&url, PATIENCE).ok()?;
    let body = fetched.bytes();
    let text = String::from_utf8_lossy(&body);
    (fetched.status == 200)
        .then(|| sum_in(&text, path, version))
        .flatten()
}

/// Where go asks the checksum database (cmd/go, modfetch/sumdb.go): at the address that GOSUMDB gives, else through
/// the first module proxy that serves it, else at its own host. A company's module proxy that fails otherwise than with
/// 404 or 410 ends the search, as GOPROXY's separators have it; behind `off`, nobody is asked.
fn database(path: &str, request: &Request, client: &Client) -> Option<String> {
    let sumdb = request.goenv.sumdb(path)?;
    if let Some(address) = sumdb.address {
        return Some(address.trim_end_matches('/').to_owned());
    }
    let host = forges::signer(sumdb.name);
    let own = format!("https://{}", sumdb.name);
    let mut is_broken = false;
    for entry in goproxy::entries(request.goenv.value("GOPROXY")) {
        match entry.source {
            Source::Direct => return Some(own),
            Source::Off => return None,
            // a folder, which serves none
            Source::Proxy(text) if text.starts_with("file:") => continue,
            Source::Proxy(_) => {}
        }
        let base = mirrors::base(entry.source).map(|base| format!("{base}/sumdb/{host}"));
        let status = base.as_ref().and_then(|base| {
            let asked = client.get(&format!("{base}/supported"), PATIENCE);
            Some(asked.ok()?.status)
        });
        match status {
            Some(200) => return base,
            Some(404 | 410) => {}
            _ if entry.source.is_public() => {} // the name is none that is kept inside
            _ if entry.onward == Onward::Any => is_broken = true,
            _ => return None,
        }
    }
    (!is_broken).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_go_sum() {
        let text = "a.example/x v1.0.0/go.mod h1:b=\na.example/x v1.0.0 h1:a=\na.example/x\n";
        assert_eq!(
            sum_in(text, "a.example/x", "v1.0.0").as_deref(),
            Some("h1:a=")
        );
        assert_eq!(sum_in(text, "a.example/x", "v1.0.1"), None);
        let module = Module {
            path: "github.com/BurntSushi/toml".into(),
            version: "v1.0.0-RC".into(),
            sum: None,
            public: true,
        };
        assert_eq!(
            module.url("https://p.example/", "zip"),
            "https://p.example/github.com/!burnt!sushi/toml/@v/v1.0.0-!r!c.zip"
        );
    }
}
