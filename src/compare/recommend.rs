//! What the figures come down to: a sentence for each contest, and a GOPROXY that would be better.
//!
//! In: a comparison, Go's settings. Out: advice. Pure. What is configured stays unless something
//! else is better by more than chance: see [`Bar`]. A list with a company's proxy or folder in it is never
//! touched, since only that has its modules; `direct` is never put first.

use serde::Serialize;

use super::{Comparison, Contest, Entry, From, Kind};
use crate::lang::tr;
use crate::settings::forges;
use crate::settings::goenv::GoEnv;
use crate::settings::goproxy::{self, Source};
use crate::settings::url::Url;

/// A module of this size stands for all when latency and speed are taken together, bytes.
const TYPICAL: f64 = 100_000.0;

/// How much better something has to be.
struct Bar {
    /// Its time, of the configured one's, at most.
    share: f64,
    /// And less by so many milliseconds.
    ms: f64,
}

const BAR: Bar = Bar {
    share: 0.8,
    ms: 10.0,
};

/// Or it loses fewer attempts: so many, and this share of all.
const FEWER_LOST: (u32, f64) = (2, 0.2);

/// What one contest comes down to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Advice {
    /// What was compared.
    pub kind: Kind,
    /// The task.
    pub about: String,
    /// The best one; null if nobody is usable.
    pub best: Option<String>,
    /// One sentence.
    pub says: String,
    /// A GOPROXY that is better than the one in effect.
    pub goproxy: Option<String>,
}

/// Advice for every contest.
#[must_use]
pub(crate) fn advise(comparison: &Comparison, goenv: &GoEnv) -> Vec<Advice> {
    comparison
        .contests
        .iter()
        .map(|contest| of_contest(contest, goenv))
        .collect()
}

/// The one that takes the least time, the repository itself only where nobody else is usable.
#[must_use]
pub(crate) fn best(contest: &Contest) -> Option<&Entry> {
    let usable = || contest.entries.iter().filter(|entry| entry.is_usable());
    usable()
        .filter(|entry| entry.name != DIRECT)
        .min_by(|a, b| weight(a).total_cmp(&weight(b)))
        .or_else(|| usable().next())
}

fn of_contest(contest: &Contest, goenv: &GoEnv) -> Advice {
    let best = best(contest);
    let used = used(contest);
    let (says, goproxy) = match (best, used) {
        (None, _) if contest.entries.iter().any(Entry::denies) => (
            tr!("nobody who answers knows {name}", name = contest.about),
            None,
        ),
        (None, _) if contest.kind == Kind::Paths => (tr!("no path leads there"), None),
        (None, _) => (tr!("nobody gives a right answer"), None),
        (Some(best), Some(_)) if contest.entries.len() == 1 => {
            (tr!("{name} is the only one", name = best.name), None)
        }
        (Some(best), Some(used)) if std::ptr::eq(best, used) => (
            tr!("{name}, which you use, is the best", name = used.name),
            None,
        ),
        (Some(best), Some(used)) => match why_better(best, used) {
            Some(why) => better(contest, best, &why, goenv),
            None => (
                tr!(
                    "{name}, which you use, is as good (others gain less than 20 % or 10 ms)",
                    name = used.name
                ),
                None,
            ),
        },
        (Some(best), None) => better(
            contest,
            best,
            &tr!("{name} is the best", name = best.name),
            goenv,
        ),
    };
    Advice {
        kind: contest.kind,
        about: contest.about.clone(),
        best: best.map(|best| best.name.clone()),
        says,
        goproxy,
    }
}

/// The repository itself among the mirrors.
const DIRECT: &str = "direct";

/// The one that the settings make everybody use now: the first of them.
fn used(contest: &Contest) -> Option<&Entry> {
    contest
        .entries
        .iter()
        .find(|entry| entry.from == From::Configured)
}

/// Milliseconds that a typical use takes, with a penalty for what is lost.
fn weight(entry: &Entry) -> f64 {
    let time = time(entry).unwrap_or(f64::MAX);
    time / (1.0 - entry.figures.loss).max(0.01)
}

/// Milliseconds to the answer, and to a typical module where zips were fetched.
fn time(entry: &Entry) -> Option<f64> {
    let transfer = entry
        .figures
        .bytes_per_second
        .map_or(0.0, |speed| 1000.0 * TYPICAL / speed);
    Some(entry.figures.median_ms? + transfer)
}

/// In words; `None`: not by enough.
fn why_better(best: &Entry, used: &Entry) -> Option<String> {
    let (name, other) = (&best.name, &used.name);
    if let Some(wrong) = &used.wrong {
        return Some(tr!(
            "{other}, which you use, is wrong ({wrong}); {name} is right",
            other,
            wrong,
            name
        ));
    }
    let (Some(mine), Some(theirs)) = (time(best), time(used)) else {
        return Some(tr!(
            "{other}, which you use, does not answer; {name} does",
            other,
            name
        ));
    };
    let (lost, share) = FEWER_LOST;
    if used.figures.lost >= best.figures.lost + lost
        && used.figures.loss >= best.figures.loss + share
    {
        return Some(tr!(
            "{other}, which you use, loses {more} of {all}; {name} {less}",
            other,
            more = used.figures.lost,
            all = used.figures.attempts,
            name,
            less = best.figures.lost
        ));
    }
    (mine <= BAR.share * theirs && mine + BAR.ms <= theirs).then(|| {
        tr!(
            "{name} takes {mine} where {other}, which you use, takes {theirs}",
            name,
            mine = super::picture::millis(mine),
            other,
            theirs = super::picture::millis(theirs)
        )
    })
}

/// What to do about it.
fn better(contest: &Contest, best: &Entry, why: &str, goenv: &GoEnv) -> (String, Option<String>) {
    match contest.kind {
        Kind::Mirrors if names_own(goenv.value("GOPROXY")) => (
            tr!(
                "{why}; GOPROXY stays as it is: it names a proxy that only your company knows",
                why
            ),
            None,
        ),
        Kind::Mirrors if best.name == DIRECT => (
            tr!(
                "{why}; GOPROXY stays as it is: doing without module proxies is for you to decide (`go env -w GOPROXY=direct`)",
                why
            ),
            None,
        ),
        Kind::Mirrors => (why.to_owned(), list(contest, best, goenv)),
        Kind::Resolvers => (
            tr!(
                "{why}; internal names need your network's own resolver",
                why
            ),
            None,
        ),
        Kind::Paths => (why.to_owned(), None),
    }
}

/// The best, then the next best, each passed over on any error; `direct` after a clear no only,
/// and only if it is in the list now.
fn list(contest: &Contest, best: &Entry, goenv: &GoEnv) -> Option<String> {
    let mut others: Vec<&Entry> = contest
        .entries
        .iter()
        .filter(|entry| {
            entry.is_usable()
                && entry.name != DIRECT
                && entry.name != best.name
                && is_public(&entry.name)
        })
        .collect();
    others.sort_by(|a, b| weight(a).total_cmp(&weight(b)));
    let proxies: Vec<&str> = std::iter::once(best)
        .chain(others.into_iter().take(1))
        .map(|entry| entry.name.as_str())
        .collect();
    goproxy(&proxies.join("|"), goenv.value("GOPROXY"))
}

/// Whether a GOPROXY has an entry that is not open to everybody: a company's module proxy, a folder.
fn names_own(list: &str) -> bool {
    let is_own = |entry: goproxy::Entry<'_>| {
        matches!(entry.source, Source::Proxy(_)) && !entry.source.is_public()
    };
    goproxy::entries(list).any(is_own)
}

fn is_public(url: &str) -> bool {
    Url::parse(url).is_some_and(|url| forges::is_public_proxy(&url.host))
}

/// GOPROXY with these module proxies, and `direct` behind them where it is there now; `None`: so it is.
pub(crate) fn goproxy(proxies: &str, now: &str) -> Option<String> {
    let end = if goproxy::entries(now).any(|entry| entry.source == Source::Direct) {
        ",direct"
    } else {
        ""
    };
    let list = format!("{proxies}{end}");
    (list != now).then_some(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Figures;
    use crate::settings::Env;

    fn entry(name: &str, from: From, ms: f64, lost: u32) -> Entry {
        Entry {
            name: name.into(),
            from,
            figures: Figures {
                attempts: 10,
                lost,
                loss: f64::from(lost) / 10.0,
                median_ms: Some(ms),
                ..Figures::default()
            },
            answers: Vec::new(),
            wrong: None,
            trouble: None,
            protocol: None,
            samples: Vec::new(),
        }
    }

    fn advice(goproxy: &str, entries: Vec<Entry>) -> Advice {
        let env: Env = [("GOPROXY", goproxy), ("GOENV", "off")]
            .into_iter()
            .collect();
        let contest = Contest {
            kind: Kind::Mirrors,
            about: "m@v1.0.0".into(),
            entries,
        };
        of_contest(&contest, &GoEnv::read(&env, None))
    }

    const GOOGLE: &str = "https://proxy.golang.org";
    const CN: &str = "https://goproxy.cn";

    #[test]
    fn only_a_real_difference_counts() {
        let default = "https://proxy.golang.org,direct";
        let of = |google: f64, cn: f64, lost| {
            advice(
                default,
                vec![
                    entry(GOOGLE, From::Configured, google, lost),
                    entry(CN, From::WellKnown, cn, 0),
                    entry(DIRECT, From::Configured, 1.0, 0),
                ],
            )
            .goproxy
        };
        let better = Some(format!("{CN}|{GOOGLE},direct"));
        assert_eq!(of(100.0, 50.0, 0), better);
        assert_eq!(of(100.0, 85.0, 0), None, "less than 20 %");
        assert_eq!(of(12.0, 4.0, 0), None, "less than 10 ms");
        assert_eq!(of(100.0, 100.0, 1), None, "one loss is chance");
        assert_eq!(of(100.0, 100.0, 3), better);
        assert_eq!(of(50.0, 100.0, 0), None, "it is used already");
    }

    #[test]
    fn a_wrong_one_never_wins_and_is_left_out() {
        let mut wrong = entry(CN, From::WellKnown, 1.0, 0);
        wrong.wrong = Some("its zip has another checksum".into());
        let found = advice(
            "https://goproxy.io",
            vec![
                wrong.clone(),
                entry("https://goproxy.io", From::Configured, 100.0, 0),
                entry(GOOGLE, From::WellKnown, 40.0, 0),
            ],
        );
        assert_eq!(
            found.goproxy.as_deref(),
            Some("https://proxy.golang.org|https://goproxy.io")
        );
        wrong.from = From::Configured;
        let found = advice(
            "https://goproxy.cn,direct",
            vec![wrong, entry(GOOGLE, From::WellKnown, 400.0, 0)],
        );
        assert_eq!(
            found.goproxy.as_deref(),
            Some("https://proxy.golang.org,direct")
        );
    }

    #[test]
    fn a_company_proxy_stays() {
        let found = advice(
            "https://goproxy.corp.example,direct",
            vec![
                entry("https://goproxy.corp.example", From::Configured, 300.0, 0),
                entry(GOOGLE, From::WellKnown, 10.0, 0),
            ],
        );
        assert_eq!(found.goproxy, None);
        assert!(found.says.contains("your company"), "{}", found.says);
    }

    /// Behind the one where go stops as well: somebody put it there.
    #[test]
    fn whoever_is_not_open_to_everybody_is_the_company_s() {
        for own in [
            "file:///srv/modules,https://proxy.golang.org,direct",
            "https://proxy.golang.org|file:///srv/modules",
            "https://proxy.golang.org,direct,goproxy.corp.example",
            "https://proxy.golang.org,word",
        ] {
            let entries = vec![
                entry(GOOGLE, From::Configured, 300.0, 0),
                entry(CN, From::WellKnown, 10.0, 0),
            ];
            let found = advice(own, entries);
            assert_eq!(found.goproxy, None, "{own}");
            assert!(found.says.contains("your company"), "{}", found.says);
        }
    }

    #[test]
    fn where_no_module_proxy_answers_none_is_called_the_company_s() {
        let mut blocked = entry(GOOGLE, From::Configured, 1.0, 3);
        blocked.figures.median_ms = None;
        let direct = entry(DIRECT, From::Configured, 50.0, 0);
        let found = advice("https://proxy.golang.org,direct", vec![blocked, direct]);
        assert_eq!(found.goproxy, None);
        assert!(
            found.says.contains("GOPROXY=direct") && !found.says.contains("company"),
            "{}",
            found.says
        );
    }
}
