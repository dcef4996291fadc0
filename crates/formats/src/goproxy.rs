//! Where modules come from: GOPROXY, and GOSUMDB, which vouches for them.
//!
//! In: the values. Out: their entries, as `cmd/go/internal/modfetch` (`proxyList`, `dbDial`) reads them, in the
//! order in which go asks them. Whether a value is sound is for [`super::lint`] to say.

use std::fmt;

use super::goenv::GoEnv;
use super::url::Url;
use super::{forges, pattern};

/// How far an entry of GOPROXY lets go on to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Onward {
    /// It is the last one.
    Never,
    /// If it has no such module.
    Missing,
    /// On any failure.
    Any,
}

impl Onward {
    fn separator(self) -> &'static str {
        match self {
            Self::Never => "",
            Self::Missing => ",",
            Self::Any => "|",
        }
    }
}

/// Whom an entry of GOPROXY names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// Nobody.
    Off,
    /// The module's own repository.
    Direct,
    /// A module proxy, as it is written.
    Proxy(&'a str),
}

impl<'a> Source<'a> {
    /// As it is written, without blanks around it.
    #[must_use]
    pub fn text(self) -> &'a str {
        match self {
            Self::Off => "off",
            Self::Direct => "direct",
            Self::Proxy(text) => text,
        }
    }

    /// The proxy's address: what looks like a host gets https. A bare word names nobody.
    #[must_use]
    pub fn url(self) -> Option<Url> {
        match self {
            Self::Proxy(text) if text.contains("://") => Url::parse(text),
            Self::Proxy(text) if text.contains(['.', ':', '/']) => {
                Url::parse(&format!("https://{text}"))
            }
            _ => None,
        }
    }

    /// Whether it is a module proxy that is open to everybody.
    #[must_use]
    pub fn is_public(self) -> bool {
        self.url()
            .is_some_and(|url| forges::is_public_proxy(&url.host))
    }
}

/// An entry of GOPROXY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Who is asked.
    pub source: Source<'a>,
    /// When the next one is.
    pub onward: Onward,
}

/// As it is written, with the separator behind it.
impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.source.text())?;
        f.write_str(self.onward.separator())
    }
}

/// All entries of a GOPROXY, those too that stand behind the one where go stops.
pub fn entries(list: &str) -> impl Iterator<Item = Entry<'_>> {
    list.split_inclusive([',', '|']).filter_map(|item| {
        let onward = match item.as_bytes().last() {
            Some(b'|') => Onward::Any,
            Some(b',') => Onward::Missing,
            _ => Onward::Never,
        };
        let source = match item.trim_end_matches([',', '|']).trim() {
            "" => return None,
            "off" => Source::Off,
            "direct" => Source::Direct,
            text => Source::Proxy(text),
        };
        Some(Entry { source, onward })
    })
}

/// A checksum database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sumdb<'a> {
    /// Its name, without the key.
    pub name: &'a str,
    /// The address that GOSUMDB gives.
    pub address: Option<&'a str>,
}

impl<'a> Sumdb<'a> {
    /// Reads `name`, `name+hash+key` or either with a URL behind it (Go reference, "Checksum database");
    /// `None`: switched off, or named by nothing.
    #[must_use]
    pub fn parse(value: &'a str) -> Option<Self> {
        let mut words = value.split_whitespace();
        let name = words.next()?.split('+').next()?;
        (name != "off").then(|| Self {
            name,
            address: words.next(),
        })
    }

    /// Where it is asked, if no module proxy answers for it.
    #[must_use]
    pub fn url(self) -> Option<Url> {
        let named = self.address.and_then(Url::parse);
        named.or_else(|| Url::parse(&format!("https://{}", self.name)))
    }
}

impl GoEnv {
    /// Whom GOPROXY makes go ask, in order: up to the first keyword, behind which go reads nothing.
    pub fn sources(&self) -> impl Iterator<Item = Source<'_>> {
        let mut is_over = false;
        let sources = entries(self.value("GOPROXY")).map(|entry| entry.source);
        sources.take_while(move |source| {
            !std::mem::replace(&mut is_over, !matches!(source, Source::Proxy(_)))
        })
    }

    /// Whether GONOPROXY or GOPRIVATE send go to this module's own repository.
    #[must_use]
    pub fn skips_proxies(&self, module: &str) -> bool {
        pattern::matches(self.private("GONOPROXY"), module)
    }

    /// Whether GONOSUMDB or GOPRIVATE keep this module from the checksum database.
    #[must_use]
    pub fn skips_sumdb(&self, module: &str) -> bool {
        pattern::matches(self.private("GONOSUMDB"), module)
    }

    /// The checksum database that is asked about a module.
    #[must_use]
    pub fn sumdb(&self, module: &str) -> Option<Sumdb<'_>> {
        Sumdb::parse(self.value("GOSUMDB")).filter(|_| !self.skips_sumdb(module))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    #[test]
    fn entries_are_read_as_go_reads_them() {
        type Expected<'a> = (&'a str, Onward, Option<&'a str>);
        let rows: &[(&str, &[Expected<'_>])] = &[
            ("", &[]),
            (" , |", &[]),
            (
                "https://a.example/x | goproxy.cn,direct",
                &[
                    ("https://a.example/x", Onward::Any, Some("a.example")),
                    ("goproxy.cn", Onward::Missing, Some("goproxy.cn")),
                    ("direct", Onward::Never, None),
                ],
            ),
            (
                "word,off,https://late.example",
                &[
                    ("word", Onward::Missing, None),
                    ("off", Onward::Missing, None),
                    ("https://late.example", Onward::Never, Some("late.example")),
                ],
            ),
        ];
        for (list, wanted) in rows {
            let read: Vec<_> = entries(list)
                .map(|Entry { source, onward }| (source.text(), onward, source.url()))
                .collect();
            let read: Vec<_> = read
                .iter()
                .map(|(text, onward, url)| (*text, *onward, url.as_ref().map(|u| u.host.as_str())))
                .collect();
            assert_eq!(read, *wanted, "{list}");
        }
    }

    #[test]
    fn go_stops_at_the_first_keyword() {
        let env: Env = [
            ("GOENV", "off"),
            ("GOPROXY", "a.example,direct,https://never.example"),
            ("GOPRIVATE", "corp.example"),
        ]
        .into_iter()
        .collect();
        let goenv = GoEnv::read(&env, None);
        let asked: Vec<_> = goenv.sources().collect();
        assert_eq!(asked, [Source::Proxy("a.example"), Source::Direct]);
        assert!(goenv.skips_proxies("corp.example/x"));
        assert_eq!(goenv.sumdb("corp.example/x"), None);
        assert_eq!(goenv.sumdb("rsc.io/quote").unwrap().name, "sum.golang.org");
    }

    #[test]
    fn databases() {
        let named =
            |value| Sumdb::parse(value).map(|sumdb| (sumdb.name, sumdb.url().unwrap().host));
        assert_eq!(named("off"), None);
        assert_eq!(named(" "), None);
        let at = |name, host: &str| Some((name, host.to_owned()));
        assert_eq!(named("sum.example"), at("sum.example", "sum.example"));
        assert_eq!(named("sum.example+1+key"), at("sum.example", "sum.example"));
        assert_eq!(
            named("sum.example+1+key https://b.example/s"),
            at("sum.example", "b.example")
        );
    }
}
