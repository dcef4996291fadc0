//! The match degree as `JUnit` XML, as CI systems read it (the schema of Jenkins' `JUnit` plugin).
//!
//! In: matches. Out: one test suite, one test case for each fault: failed if it was not recognised,
//! skipped if it could not be shown.

use std::fmt::Write as _;

use gomend_core::escape::xml as escaped;

use super::Match;

/// The whole document.
pub(crate) fn document(matches: &[Match]) -> String {
    let count = |of: &dyn Fn(&Match) -> bool| matches.iter().filter(|one| of(one)).count();
    let failures = count(&|one| one.skipped.is_none() && !one.is_right());
    let skipped = count(&|one| one.skipped.is_some());
    let all: u64 = matches.iter().map(|one| one.elapsed_ms).sum();
    let counts = format!(
        "tests=\"{}\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\" time=\"{}\"",
        matches.len(),
        seconds(all)
    );
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gomend simulate\" {counts}>\n  \
         <testsuite name=\"faults\" {counts}>\n"
    );
    for one in matches {
        let _ = write!(
            xml,
            "    <testcase classname=\"gomend.{}\" name=\"{}\" time=\"{}\"",
            escaped(one.layer),
            escaped(one.fault),
            seconds(one.elapsed_ms)
        ); // to a String: cannot fail
        match &one.skipped {
            Some(why) => {
                let _ = writeln!(
                    xml,
                    ">\n      <skipped message=\"{}\"/>\n    </testcase>",
                    escaped(why)
                );
            }
            None if one.is_right() => xml.push_str("/>\n"),
            None => {
                let message = format!(
                    "expected {}, diagnosed {}",
                    one.expected,
                    one.diagnosed.as_deref().unwrap_or("nothing")
                );
                let reason = one.reason.as_deref().unwrap_or("none");
                let host = if one.host_is_right { "right" } else { "wrong" };
                let _ = writeln!(
                    xml,
                    ">\n      <failure type=\"{}\" message=\"{}\">{}\nreason: {}\nhost: {host}</failure>\n    \
                     </testcase>",
                    escaped(one.expected),
                    escaped(&message),
                    escaped(&message),
                    escaped(reason)
                );
            }
        }
    }
    xml + "  </testsuite>\n</testsuites>\n"
}

#[expect(clippy::cast_precision_loss, reason = "minutes at most")]
fn seconds(ms: u64) -> String {
    format!("{:.3}", ms as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::FAULTS;

    #[test]
    fn failures_and_skips_escaped() {
        let mut right = Match::skipped(&FAULTS[0], "");
        right.skipped = None;
        right.diagnosed = Some(right.expected.to_owned());
        right.host_is_right = true;
        right.elapsed_ms = 1234;
        let missed = Match {
            diagnosed: Some("a<b>&\"c\u{1b}".to_owned()),
            ..right.clone()
        };
        let skipped = Match::skipped(&FAULTS[0], "no <network>\nhere");
        let xml = document(&[right, missed, skipped]);
        assert!(
            xml.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"2.468\""),
            "{xml}"
        );
        assert!(
            xml.contains("diagnosed a&lt;b&gt;&amp;&quot;c\u{fffd}"),
            "{xml}"
        );
        assert!(
            xml.contains("message=\"no &lt;network&gt;&#10;here\""),
            "{xml}"
        );
        assert_eq!(xml.matches("<testcase").count(), 3);
    }
}
