//! What holds for any bytes whatever: no panic, no control character in what is kept, hosts
//! that are hosts, and time in proportion to length.

use std::time::{Duration, Instant};

use gomend::cause::Cause;
use gomend::evidence::Evidence;
use gomend::mask;
use gomend::rules::{self, Context};
use proptest::collection::vec;
use proptest::prelude::*;

/// Debug builds on a busy machine; a pattern that backtracks would need minutes.
const PATIENCE: Duration = Duration::from_secs(20);

fn check(evidence: &Evidence) -> Result<(), TestCaseError> {
    prop_assert!(evidence.findings.len() <= 32);
    for finding in &evidence.findings {
        prop_assert!(!finding.suspects.is_empty() && !finding.suspects.contains(&Cause::NotOurs));
        prop_assert!(
            !finding.text.chars().any(mask::is_hidden),
            "{:?}",
            finding.text
        );
        prop_assert!(finding.line > 0);
        let target = &finding.target;
        let names = [&target.host, &target.url, &target.module, &target.version];
        for name in names.into_iter().flatten() {
            prop_assert!(
                !name.chars().any(mask::is_hidden) && !name.is_empty(),
                "{name:?}"
            );
        }
        if let Some(host) = &target.host {
            prop_assert!(
                !host.starts_with('-') && !host.contains([' ', '/', '@', '$', ';', '`']),
                "{host:?}"
            );
        }
    }
    Ok(())
}

/// Words that rules look for, glued together at random.
fn phrases() -> impl Strategy<Value = Vec<u8>> {
    let rules: Vec<&'static str> = rules::all()
        .flat_map(|rule| [rule.needle, rule.sample])
        .collect();
    let glue = prop_oneof![
        Just("\n"),
        Just(" "),
        Just("\n\t"),
        Just(": "),
        Just("\\n\\t"),
        Just("\x1b[31m"),
        Just("\r"),
        Just("server response:"),
        Just("\u{202e}"),
        Just("'")
    ];
    let part = (proptest::sample::select(rules), glue, any::<u16>());
    vec(part, 0..12).prop_map(|parts| {
        let mut text = Vec::new();
        for (part, glue, cut) in parts {
            let end = if cut % 3 == 0 {
                usize::from(cut) % (part.len() + 1)
            } else {
                part.len()
            };
            text.extend_from_slice(&part.as_bytes()[..end]);
            text.extend_from_slice(glue.as_bytes());
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_survived(bytes in vec(any::<u8>(), 0..4096)) {
        let start = Instant::now();
        check(&rules::scan(&bytes, &Context::default()))?;
        prop_assert!(start.elapsed() < PATIENCE);
    }

    #[test]
    fn glued_phrases_are_survived(bytes in phrases(), trace in phrases()) {
        let start = Instant::now();
        check(&rules::scan(&bytes, &Context { args: None, trace: &trace }))?;
        let streamed = rules::stream::scan(bytes.as_slice(), &Context::default()).expect("reading memory does not fail");
        check(&streamed)?;
        prop_assert!(start.elapsed() < PATIENCE);
    }

    #[test]
    fn masking_is_stable(text in ".{0,200}") {
        let once = mask::line(&text);
        prop_assert!(!once.chars().any(mask::is_hidden));
        prop_assert_eq!(mask::line(&once), once);
    }
}

#[test]
fn huge_lines_take_proportionate_time() {
    for unit in [
        "go: ",
        "fatal: unable to access '",
        "https://a.b/",
        "\\n\\t\"",
        "[[[[",
        "a@b:",
        "reading https://x/@v/",
        "\u{1b}[",
        "lookup a on b:53: ",
    ] {
        let text = unit.repeat((256 * 1024) / unit.len());
        let start = Instant::now();
        let evidence = rules::scan(text.as_bytes(), &Context::default());
        assert!(evidence.findings.len() <= 32);
        assert!(
            start.elapsed() < PATIENCE,
            "{unit:?} took {:?}",
            start.elapsed()
        );
    }
}
