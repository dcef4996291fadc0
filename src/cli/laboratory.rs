//! `gomend simulate`: faults on purpose, in words.

use std::collections::BTreeMap;
use std::fmt::Write;

use console::{Alignment, pad_str};

use super::{Common, look, note, print, style};
use crate::config::Config;
use crate::lab::FAULTS;
use crate::lang::tr;
use crate::report::{self, Style};
use crate::simulate::{self, Degree, Match, Stage};
use crate::world::World;
use crate::{exit, sys};

pub(super) fn list(common: Common) -> Result<i32, String> {
    let mut text = String::new();
    for fault in FAULTS {
        let means = fault.means;
        let means = tr!(means);
        if common.json {
            let reason = fault.reason.words();
            let json = serde_json::json!({
                "schema": report::SCHEMA, "id": fault.id, "cause": fault.cause.id(),
                "reason": tr!(reason), "reason_id": fault.reason.id(), "means": means,
            });
            let _ = writeln!(text, "{json}");
        } else {
            let _ = writeln!(text, "{:<34} {:<26} {means}", fault.id, fault.cause.id());
        }
    }
    print(&text)?;
    Ok(exit::OK)
}

/// One fault: go's real words, and gomend's.
pub(super) fn one(
    world: &World,
    config: &Config,
    common: Common,
    name: &str,
    args: &[String],
    mend: bool,
) -> Result<i32, String> {
    let fault = simulate::find(name).ok_or_else(|| {
        tr!(
            "there is no fault `{name}`\nhelp: `gomend simulate` lists them",
            name
        )
    })?;
    let stage = stage(world)?;
    let args: Vec<&str> = args
        .iter()
        .map(String::as_str)
        .skip_while(|arg| *arg == "go")
        .collect();
    let shown = if mend {
        stage.mend(fault, &args)
    } else {
        stage.show(fault, &args)
    };
    let shown = shown.map_err(|error| error.to_string())?;
    if common.json {
        let report = shown.report.map_or(serde_json::Value::Null, |report| {
            serde_json::to_value(report).unwrap_or_default()
        });
        let json = serde_json::json!({
            "schema": report::SCHEMA, "fault": fault.id, "expected": fault.cause.id(),
            "exit_code": shown.outcome.status.code(), "output": shown.outcome.text(), "report": report,
        });
        print(&format!("{json:#}\n"))?;
        return Ok(exit::OK);
    }
    if !common.quiet {
        let means = fault.means;
        let means = tr!(means);
        note(&tr!("{means}; nothing leaves this machine", means));
    }
    let typed = if args.is_empty() {
        fault.command.join(" ")
    } else {
        format!("go {}", args.join(" "))
    };
    print(&format!("$ {typed}\n{}", shown.outcome.text()))?;
    match shown.report {
        Some(report) => print(&report::render(
            &report,
            Style {
                details: false,
                ..style(world, config, common, 1)
            },
        ))?,
        None => note(&tr!("gomend stayed silent")),
    }
    for (command, outcome) in &shown.acts {
        let code = outcome.status.code().unwrap_or(-1);
        let ended = tr!("[exit code {code}]", code);
        print(&format!("$ {command}\n{}{ended}\n", outcome.text()))?;
    }
    Ok(exit::OK)
}

/// Every fault: the match degree.
pub(super) fn all(world: &World, common: Common) -> Result<i32, String> {
    let stage = stage(world)?;
    let matches = simulate::all(&stage, !common.quiet && sys::is_terminal(2));
    let degrees = simulate::degrees(&matches);
    let is_perfect = matches
        .iter()
        .all(|one| one.skipped.is_some() || one.is_right());
    if common.json {
        let degrees: serde_json::Map<_, _> = degrees
            .iter()
            .map(|(layer, degree)| {
                let value = serde_json::json!({
                    "shown": degree.shown, "right": degree.right,
                    "precision": degree.precision(), "recall": degree.recall(),
                });
                ((*layer).to_owned(), value)
            })
            .collect();
        let json =
            serde_json::json!({"schema": report::SCHEMA, "faults": matches, "layers": degrees});
        print(&format!("{json:#}\n"))?;
    } else {
        print(&table(&matches, &degrees))?;
    }
    Ok(if is_perfect { exit::OK } else { exit::PROBLEM })
}

fn table(matches: &[Match], degrees: &BTreeMap<&str, Degree>) -> String {
    let mut text = String::new();
    let left = |text: String, width| pad_str(&text, width, Alignment::Left, None).into_owned();
    let right = |text: String, width| pad_str(&text, width, Alignment::Right, None).into_owned();
    for one in matches {
        let (mark, words) = match (&one.skipped, &one.diagnosed) {
            (Some(why), _) => (tr!("score" => "skip"), why.clone()),
            (None, _) if one.is_right() => (tr!("ok"), one.reason.clone().unwrap_or_default()),
            (None, Some(cause)) => (tr!("score" => "MISS"), cause.clone()),
            (None, None) => (tr!("score" => "MISS"), tr!("gomend stayed silent")),
        };
        let _ = writeln!(
            text,
            "{} {:<34} {:<26} {:>6} ms  {words}",
            left(mark, 5),
            one.fault,
            one.expected,
            one.elapsed_ms
        );
    }
    let _ = writeln!(
        text,
        "\n{} {} {} {} {}",
        left(tr!("score" => "layer"), 10),
        right(tr!("score" => "shown"), 6),
        right(tr!("score" => "right"), 6),
        right(tr!("score" => "precision"), 10),
        right(tr!("score" => "recall"), 7)
    );
    for (layer, degree) in degrees {
        let _ = writeln!(
            text,
            "{layer:<10} {:>6} {:>6} {:>10.3} {:>7.3}",
            degree.shown,
            degree.right,
            degree.precision(),
            degree.recall()
        );
    }
    text
}

/// The laboratory with the real go that the shim would find.
fn stage(world: &World) -> Result<Stage, String> {
    let go = look::real_go(world)
        .ok_or_else(|| tr!("no go found on PATH\nhelp: install Go, or set GOMEND_GO"))?;
    Stage::new(&go).map_err(|error| error.to_string())
}
