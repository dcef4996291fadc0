//! `gomend check`: the policy, in words and in the formats of CI systems.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use gomend_fleet::finding::Severity;
use gomend_fleet::format::{self, Described, Format, Tool};
use gomend_fleet::metrics::Drift;

use crate::cli::Call;
use crate::cli::{Common, complain, failure, look, note, print, print_own};
use crate::config::Config;
use crate::exit;
use crate::fleet::check::{self, Check, Found, Scope};
use crate::fleet::memory::{Memory, now};
use crate::fleet::{gather, words};
use crate::lang::tr;
use crate::mend;
use crate::report::Ci;
use crate::settings::Env;
use crate::state::{State, write_out};
use crate::world::World;

/// What `gomend check` understands.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The policy, instead of .gomend-policy.toml in the repository's root
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write a policy from what is there
    #[arg(long, conflicts_with_all = ["fix", "format", "output"])]
    init: bool,
    /// Mend what needs no thought, all or nothing; `gomend undo` takes it back
    #[arg(long)]
    fix: bool,
    /// The form of the result
    #[arg(long, value_parser = readers(), default_value = "text")]
    format: Reader,
    /// What is checked
    #[arg(long, value_enum, default_value = "all", value_name = "WHAT")]
    scope: Scope,
    /// Write the result to a file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Sentences about what could not be read that are told, of however many.
const MOST_UNREAD: usize = 10;

/// Who reads it: `None`, a person.
#[derive(Debug, Clone, Copy)]
struct Reader(Option<Format>);

/// Names, what they are, who reads them.
const FORMATS: &[(&str, &str, Option<Format>)] = &[
    ("text", "For people", None),
    ("json", "One object", Some(Format::Json)),
    ("sarif", "SARIF 2.1.0", Some(Format::Sarif)),
    ("junit", "The XML of test results", Some(Format::Junit)),
    (
        "gitlab",
        "GitLab's code quality report",
        Some(Format::Gitlab),
    ),
    ("github", "GitHub's annotations", Some(Format::Github)),
    (
        "teamcity",
        "`TeamCity`'s inspections",
        Some(Format::Teamcity),
    ),
    (
        "buildkite",
        "Markdown for buildkite-agent annotate",
        Some(Format::Buildkite),
    ),
];

fn readers() -> impl TypedValueParser<Value = Reader> {
    let values = FORMATS
        .iter()
        .map(|(name, help, _)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(values).map(|name| {
        let format = FORMATS.iter().find(|(known, ..)| *known == name);
        Reader(format.and_then(|(_, _, format)| *format))
    })
}

/// Checks, or writes a policy.
pub(in crate::cli) fn run(call: Call<'_>, args: &Args) -> Result<i32, String> {
    let (env, dir) = (Env::from_process(), look::here());
    let (go, root) = (look::real_go(call.world), gather::root(&dir));
    let file = check::policy_file(&root, args.policy.as_deref());
    if args.init {
        return init(&env, go.as_deref(), &root, &file);
    }
    let policy = match check::read_policy(&file, args.policy.is_none().then_some(root.as_path())) {
        Ok(policy) => policy,
        Err(why) => {
            complain(&why);
            return Ok(exit::USAGE);
        }
    };
    let check = Check {
        env: &env,
        go: go.as_deref(),
        root,
        policy,
        scope: args.scope,
    };
    let mut found = check.run();
    if args.fix {
        match check.mend(&found, &failure::journal()?) {
            Ok(None) => note(&tr!("nothing here can be mended without thought")),
            Ok(Some(entry)) => {
                note(&tr!(
                    "done: {title}; `gomend undo {id}` takes it back",
                    title = entry.title.words(),
                    id = entry.id
                ));
                found = check.run();
            }
            Err(error) => {
                complain(&error.text().words());
                return Ok(mend::code_of(&error));
            }
        }
    }
    keep(call.world, call.config, &env, &found);
    tell(&check, call.common, args, &found)
}

fn init(env: &Env, go: Option<&Path>, root: &Path, file: &Path) -> Result<i32, String> {
    let draft = check::draft(env, go, root);
    let unwritten = |error| {
        tr!(
            "can't write `{path}`: {error}",
            path = file.display(),
            error
        )
    };
    let fresh = File::create_new(file);
    if let Err(error) = &fresh
        && error.kind() == ErrorKind::AlreadyExists
    {
        return Err(tr!(
            "`{path}` is there already, and stays as it is: `gomend check` checks it",
            path = file.display()
        ));
    }
    let mut fresh = fresh.map_err(unwritten)?;
    fresh.write_all(draft.as_bytes()).map_err(unwritten)?;
    note(&tr!(
        "{path}: written from what is there; read it, then `gomend check`",
        path = file.display()
    ));
    Ok(exit::OK)
}

/// Counts for `gomend metrics`; what can't be kept is lost.
fn keep(world: &World, config: &Config, env: &Env, found: &Found) {
    if Ci::of(world).is_some() && !config.metrics() {
        return;
    }
    let number =
        |severity| i64::try_from(check::count(&found.findings, severity)).unwrap_or(i64::MAX);
    let drift = Drift {
        time: now(),
        errors: number(Severity::Error),
        warnings: number(Severity::Warning),
    };
    if let Ok(state) = State::of(env) {
        let _ = Memory::update(&state, |memory| memory.drift = Some(drift));
    }
}

fn tell(check: &Check<'_>, common: Common, args: &Args, found: &Found) -> Result<i32, String> {
    let told: Vec<Described<'_>> = found
        .findings
        .iter()
        .map(|finding| Described {
            finding,
            message: words::message(finding),
            help: words::help(finding),
        })
        .collect();
    let format = if common.json {
        Some(Format::Json)
    } else {
        args.format.0
    };
    let fail_on = check.policy.fail_on;
    let tool = Tool {
        version: env!("CARGO_PKG_VERSION"),
        about: words::about,
        fail_on,
    };
    let text = match format {
        Some(format) => format::render(format, tool, &told),
        None => rendered(&told),
    };
    match &args.output {
        Some(path) => write_out(path, text.as_bytes()).map_err(|error| {
            tr!(
                "can't write `{path}`: {error}",
                path = path.display(),
                error
            )
        })?,
        None if format.is_none() => print(&text)?,
        None => print_own(&text)?,
    }
    if !common.quiet {
        note(&summary(found));
    }
    for what in found.unread.iter().take(MOST_UNREAD) {
        complain(what);
    }
    if let more @ 1.. = found.unread.len().saturating_sub(MOST_UNREAD) {
        complain(&tr!("could not be read either: {more} more", more));
    }
    let fails = found
        .findings
        .iter()
        .any(|finding| finding.waived.is_none() && finding.severity >= fail_on);
    Ok(if fails || !found.unread.is_empty() {
        exit::PROBLEM
    } else {
        exit::OK
    })
}

fn summary(found: &Found) -> String {
    let (errors, warnings) = (
        check::count(&found.findings, Severity::Error),
        check::count(&found.findings, Severity::Warning),
    );
    if errors + warnings == 0 {
        return if found.unread.is_empty() {
            tr!("the policy holds")
        } else {
            tr!("nothing was found against the policy; but not everything could be looked at")
        };
    }
    let mendable = found
        .findings
        .iter()
        .filter(|finding| finding.waived.is_none() && finding.remedy.is_some())
        .count();
    let counts = tr!("errors: {errors}, warnings: {warnings}", errors, warnings);
    match mendable {
        0 => counts,
        count => tr!(
            "{counts}; `gomend check --fix` mends {count}",
            counts,
            count
        ),
    }
}

fn rendered(told: &[Described<'_>]) -> String {
    let mut text = String::new();
    for told in told {
        let finding = told.finding;
        let severity = match &finding.waived {
            Some(reason) => tr!("excepted: {reason}", reason),
            None => words::severity(finding.severity),
        };
        let _ = writeln!(
            text,
            "{}  {severity}  {}\n    {}\n    {}",
            format::place(finding),
            finding.rule.id(),
            told.message,
            told.help
        );
    }
    text
}
