//! A comparison as a picture in the terminal: a line for each candidate, a bar to its median and
//! a lighter one to its p95.
//!
//! In: a comparison, perhaps a former one, advice, the width and the manners of the terminal. Out:
//! text. Where there is no room for bars, there are none.

use std::fmt::Write as _;

use console::{Alignment, Style as Paint, measure_text_width, pad_str, truncate_str};

use super::recommend::Advice;
use super::{Comparison, Contest, Entry, From, Kind};
use crate::lang::tr;
use crate::report::Style;
use crate::wrap;

/// The shortest bars that tell anything, and the longest that the eye follows.
const BARS: std::ops::RangeInclusive<usize> = 8..=30;
/// A name is shortened to so many columns, but no further.
const NAME: usize = 16;

/// The whole text.
#[must_use]
pub(crate) fn render(
    comparison: &Comparison,
    former: Option<(&str, &Comparison)>,
    advice: &[Advice],
    style: Style,
    width: usize,
) -> String {
    let mut text = String::new();
    for contest in &comparison.contests {
        let advice = advice
            .iter()
            .find(|advice| advice.kind == contest.kind && advice.about == contest.about);
        let former = former.map(|(name, former)| {
            let same = former
                .contests
                .iter()
                .find(|other| other.kind == contest.kind && other.about == contest.about)
                // another place has other names; the kind is what is compared
                .or_else(|| {
                    former
                        .contests
                        .iter()
                        .find(|other| other.kind == contest.kind)
                });
            (name, same)
        });
        Table {
            contest,
            former,
            best: advice.and_then(|advice| advice.best.as_deref()),
            style,
            width,
        }
        .render(&mut text, comparison.rounds);
        if let Some(advice) = advice {
            say(&mut text, &advice.says, width);
            if let Some(list) = &advice.goproxy {
                let _ = writeln!(text, "    GOPROXY={list}"); // to a String: cannot fail
            }
        }
        text.push('\n');
    }
    for note in &comparison.notes {
        say(&mut text, note, width);
    }
    let _ = writeln!(
        text,
        "{}",
        tr!("\u{2022} in your settings   \u{2713} the best   \u{2717} wrong")
    );
    if style.unicode { text } else { ascii(&text) }
}

struct Table<'a> {
    contest: &'a Contest,
    former: Option<(&'a str, Option<&'a Contest>)>,
    best: Option<&'a str>,
    style: Style,
    width: usize,
}

impl Table<'_> {
    fn render(&self, text: &mut String, rounds: u32) {
        let about = &self.contest.about;
        let rounds = u64::from(rounds);
        let title = match self.contest.kind {
            Kind::Resolvers => {
                tr!(
                    "resolvers for {about}, 1 round" | "resolvers for {about}, {n} rounds" % rounds,
                    about
                )
            }
            Kind::Mirrors => {
                tr!(
                    "module mirrors for {about}, 1 round"
                        | "module mirrors for {about}, {n} rounds" % rounds,
                    about
                )
            }
            Kind::Paths => tr!(
                "paths to {about}, 1 round" | "paths to {about}, {n} rounds" % rounds,
                about
            ),
        };
        let _ = writeln!(text, "{}", self.paint(Paint::new().bold(), &title)); // to a String: cannot fail
        let longest = self
            .contest
            .entries
            .iter()
            .map(|entry| measure_text_width(&entry.name))
            .max()
            .unwrap_or_default();
        // mark, median, p95 and loss; speed; a former median
        let columns =
            31 + if self.contest.kind == Kind::Mirrors {
                11
            } else {
                0
            } + if self.former.is_some() { 12 } else { 0 };
        let name = longest.min(self.width.saturating_sub(columns).max(NAME));
        let mut header = format!(
            "    {}{}{}{}",
            right("", name),
            right(&tr!("median"), 10),
            right("p95", 10),
            right(&tr!("loss"), 7)
        );
        if self.contest.kind == Kind::Mirrors {
            header.push_str(&right(&tr!("speed"), 11));
        }
        if let Some((former, _)) = self.former {
            header.push_str(&right(&truncate_str(former, 10, ""), 12));
        }
        let columns = measure_text_width(&header);
        let bars = self.width.saturating_sub(columns + 3).min(*BARS.end());
        let _ = writeln!(
            text,
            "{}",
            self.paint(Paint::new().dim(), header.trim_end())
        );
        for entry in &self.contest.entries {
            let why = entry.wrong.as_ref().or(entry.trouble.as_ref());
            let (mut line, figures) = (self.name(entry, name), entry.figures.median_ms);
            // without figures the reason stands in their place
            if let (None, Some(why)) = (figures, why) {
                let room = self.width.saturating_sub(name + 6);
                let _ = writeln!(text, "{line}  {}", self.reason(entry, why, room));
                continue;
            }
            line.push_str(&self.figures(entry));
            if bars >= *BARS.start() {
                line.push_str("  ");
                line.push_str(&self.bar(entry, bars));
            }
            let _ = writeln!(text, "{}", line.trim_end());
            if let Some(why) = why {
                let room = self.width.saturating_sub(6);
                let _ = writeln!(text, "      {}", self.reason(entry, why, room));
            }
        }
    }

    fn reason(&self, entry: &Entry, why: &str, room: usize) -> String {
        let why = truncate_str(why, room.max(20), "\u{2026}");
        if entry.wrong.is_some() {
            self.paint(Paint::new().red(), &why)
        } else {
            self.paint(Paint::new().dim(), &why)
        }
    }

    fn name(&self, entry: &Entry, name: usize) -> String {
        let is_best = self.best == Some(entry.name.as_str());
        let mark = match entry {
            _ if entry.wrong.is_some() => self.paint(Paint::new().red().bold(), "\u{2717}"),
            _ if is_best => self.paint(Paint::new().green().bold(), "\u{2713}"),
            _ => " ".to_owned(),
        };
        // what is used now stands out
        let used = if entry.from == From::Configured {
            "\u{2022}"
        } else {
            " "
        };
        let shown = truncate_str(&entry.name, name, "\u{2026}");
        let shown = pad_str(&shown, name, Alignment::Left, None).into_owned();
        let shown = if entry.wrong.is_some() {
            self.paint(Paint::new().red(), &shown)
        } else if is_best {
            self.paint(Paint::new().green(), &shown)
        } else {
            shown
        };
        format!("{mark} {used} {shown}")
    }

    fn figures(&self, entry: &Entry) -> String {
        let figures = &entry.figures;
        let ms = |ms: Option<f64>| ms.map_or_else(|| "-".to_owned(), millis);
        let mut line = format!(
            "{}{}{}",
            right(&ms(figures.median_ms), 10),
            right(&ms(figures.p95_ms), 10),
            right(&format!("{:.0} %", 100.0 * figures.loss), 7)
        );
        if self.contest.kind == Kind::Mirrors {
            let speed = figures.bytes_per_second;
            line.push_str(&right(&speed.map_or_else(|| "-".to_owned(), speed_of), 11));
        }
        if let Some((_, former)) = self.former {
            let other = former.and_then(|former| {
                former
                    .entries
                    .iter()
                    .find(|other| other.name == entry.name)
                    .and_then(|other| other.figures.median_ms)
            });
            line.push_str(&right(&ms(other), 12));
        }
        line
    }

    /// Full to the median, lighter to the p95; all bars of a contest have one scale.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few dozen columns"
    )]
    fn bar(&self, entry: &Entry, columns: usize) -> String {
        let largest = self
            .contest
            .entries
            .iter()
            .filter_map(|entry| entry.figures.p95_ms)
            .fold(0.0, f64::max);
        let (Some(median), Some(p95)) = (entry.figures.median_ms, entry.figures.p95_ms) else {
            return String::new();
        };
        let length = |ms: f64| (ms / largest.max(f64::EPSILON) * columns as f64).round() as usize;
        let full = length(median).max(1);
        let light = length(p95).saturating_sub(full);
        let bar = "\u{2588}".repeat(full);
        let bar = match entry {
            _ if entry.wrong.is_some() => self.paint(Paint::new().red(), &bar),
            _ if self.best == Some(entry.name.as_str()) => self.paint(Paint::new().green(), &bar),
            _ => bar,
        };
        bar + &self.paint(Paint::new().dim(), &"\u{2591}".repeat(light))
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        paint
            .force_styling(self.style.colour)
            .apply_to(text)
            .to_string()
    }
}

fn right(text: &str, columns: usize) -> String {
    pad_str(text, columns, Alignment::Right, None).into_owned()
}

/// A sentence behind an arrow, wrapped.
fn say(text: &mut String, sentence: &str, width: usize) {
    let sentence = wrap::fit(sentence, 4, 4, Some(width.max(40)));
    let _ = writeln!(text, "  \u{2192} {sentence}"); // to a String: cannot fail
}

/// Milliseconds as people read them.
#[must_use]
pub(crate) fn millis(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.1} ms"),
        ms if ms < 10_000.0 => format!("{ms:.0} ms"),
        ms => format!("{:.1} s", ms / 1000.0),
    }
}

/// Bytes a second as people read them.
fn speed_of(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1e6 => format!("{:.0} kB/s", bytes / 1e3),
        bytes if bytes < 1e8 => format!("{:.1} MB/s", bytes / 1e6),
        bytes => format!("{:.0} MB/s", bytes / 1e6),
    }
}

/// For terminals that have nothing else.
fn ascii(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '\u{2588}' => "#".to_owned(),
            '\u{2591}' => "-".to_owned(),
            '\u{2717}' => "x".to_owned(),
            '\u{2713}' => "+".to_owned(),
            '\u{2022}' => "*".to_owned(),
            '\u{2192}' => ">".to_owned(),
            '\u{2026}' => ".".to_owned(),
            '\u{201c}' | '\u{201d}' => "\"".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Figures, recommend::Advice};

    fn entry(name: &str, from: From, median: Option<f64>, p95: f64, lost: u32) -> Entry {
        Entry {
            name: name.into(),
            from,
            figures: Figures {
                attempts: 4,
                lost,
                timeouts: lost,
                loss: f64::from(lost) / 4.0,
                median_ms: median,
                p95_ms: median.map(|_| p95),
                bytes_per_second: None,
            },
            answers: Vec::new(),
            wrong: None,
            trouble: None,
            protocol: None,
            samples: Vec::new(),
        }
    }

    const PLAIN: Style = Style {
        colour: false,
        unicode: false,
        details: false,
        leads_on: false,
        columns: None,
    };

    fn comparison() -> Comparison {
        let mut forged = entry("10.0.0.9", From::Argument, Some(0.8), 1.2, 0);
        forged.wrong = Some("its address has no certificate for the name: unknown issuer".into());
        let mut silent = entry("114.114.114.114", From::WellKnown, None, 0.0, 4);
        silent.trouble = Some("no answer in time".into());
        Comparison {
            schema: 1,
            gomend: "0.1.0".into(),
            time: "2026-11-24T15:00:00Z".into(),
            rounds: 4,
            interrupted: false,
            contests: vec![Contest {
                kind: Kind::Resolvers,
                about: "proxy.golang.org".into(),
                entries: vec![
                    entry("system", From::Configured, Some(21.3), 40.0, 0),
                    entry("1.1.1.1", From::WellKnown, Some(12.0), 18.6, 1),
                    forged,
                    silent,
                ],
            }],
            notes: vec!["something was left out".into()],
        }
    }

    fn picture(style: Style, width: usize) -> String {
        let advice = Advice {
            kind: Kind::Resolvers,
            about: "proxy.golang.org".into(),
            best: Some("1.1.1.1".into()),
            says: "system, which you use, is as good".into(),
            goproxy: None,
        };
        let comparison = comparison();
        render(
            &comparison,
            Some(("home", &comparison)),
            &[advice],
            style,
            width,
        )
    }

    #[test]
    fn a_terminal_with_unicode_and_one_without() {
        let unicode = Style {
            unicode: true,
            ..PLAIN
        };
        insta::assert_snapshot!(picture(unicode, 80), @r"
        resolvers for proxy.golang.org, 4 rounds
                               median       p95   loss        home
          • system              21 ms     40 ms    0 %       21 ms  ██████████░░░░░░░░░
        ✓   1.1.1.1             12 ms     19 ms   25 %       12 ms  ██████░░░
        ✗   10.0.0.9           0.8 ms    1.2 ms    0 %      0.8 ms  █
              its address has no certificate for the name: unknown issuer
            114.114.114.114  no answer in time
          → system, which you use, is as good

          → something was left out
        • in your settings   ✓ the best   ✗ wrong
        ");
        insta::assert_snapshot!(picture(PLAIN, 80), @r"
        resolvers for proxy.golang.org, 4 rounds
                               median       p95   loss        home
          * system              21 ms     40 ms    0 %       21 ms  ##########---------
        +   1.1.1.1             12 ms     19 ms   25 %       12 ms  ######---
        x   10.0.0.9           0.8 ms    1.2 ms    0 %      0.8 ms  #
              its address has no certificate for the name: unknown issuer
            114.114.114.114  no answer in time
          > system, which you use, is as good

          > something was left out
        * in your settings   + the best   x wrong
        ");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        for width in [60, 72, 80, 100, 200] {
            for line in picture(PLAIN, width).lines() {
                assert!(measure_text_width(line) <= width.max(60), "{width}: {line}");
            }
        }
        assert!(!picture(PLAIN, 60).contains('#'));
    }
}
