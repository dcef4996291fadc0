//! `gomend metrics`: to stdout, or into a file that `node_exporter` reads.

use std::path::PathBuf;

use crate::cli::Call;
use crate::cli::{look, print_own};
use crate::doctor::{self, Request};
use crate::exit;
use crate::fleet::metrics::{self, Form};
use crate::lang::tr;
use crate::settings::Env;
use crate::state::State;
use crate::tool::Cancel;

/// What `gomend metrics` understands.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Write to a file, whole or not at all
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The form; without it, what `node_exporter` reads for a file that ends in .prom, else `OpenMetrics`
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Look at the hosts that the settings name, as `gomend doctor` does: whether they answer, and when their certificates end
    #[arg(long)]
    doctor: bool,
}

/// Writes the text.
pub(in crate::cli) fn run(call: Call<'_>, args: &Args) -> Result<i32, String> {
    let env = Env::from_process();
    let state = State::of(&env).map_err(|unusable| unusable.to_string())?;
    let health = args.doctor.then(|| {
        let request = Request {
            targets: Vec::new(),
            env: env.clone(),
            dir: look::here(),
            go: look::real_go(call.world),
            options: look::options(call.config, true, false),
            cancel: Cancel::default(),
        };
        doctor::examine(&request, &mut |_, _| {})
    });
    let is_textfile = args
        .output
        .as_ref()
        .is_some_and(|path| path.extension().is_some_and(|end| end == "prom"));
    let form = args.format.unwrap_or(if is_textfile {
        Form::Prometheus
    } else {
        Form::Openmetrics
    });
    let text = metrics::text(&state, health.as_ref(), form);
    match &args.output {
        None => print_own(&text)?,
        Some(path) => metrics::write(path, &text).map_err(|error| {
            tr!(
                "can't write `{path}`: {error}",
                path = path.display(),
                error
            )
        })?,
    }
    Ok(exit::OK)
}
