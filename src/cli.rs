//! gomend's own commands: words in, calls out.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::world::World;
use crate::{exit, install};

/// The `go` command that mends itself.
#[derive(Parser)]
#[command(name = "gomend", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Put the shim on PATH
    Install {
        /// Which shell's start-up file to edit
        #[arg(long, value_enum, default_value = "none")]
        shell: Shell,
        /// The folder for the shim
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    /// Only write the files
    None,
}

/// Runs one command; the exit code.
pub(crate) fn run(world: &World) -> i32 {
    let args = world
        .args
        .iter()
        .map(|arg| OsStr::from_bytes(arg.to_bytes()));
    match Cli::try_parse_from(args) {
        Ok(cli) => dispatch(cli.command),
        Err(error) => {
            let _ = error.print(); // a closed stream leaves nothing to do
            if error.use_stderr() {
                exit::USAGE
            } else {
                exit::OK
            }
        }
    }
}

fn dispatch(command: Command) -> i32 {
    match command {
        Command::Install {
            shell: Shell::None,
            dir,
        } => match install::into_folder(&dir) {
            Ok(()) => exit::OK,
            Err(error) => {
                complain(&error);
                exit::PROBLEM
            }
        },
    }
}

/// One line for people, on stderr.
#[expect(clippy::print_stderr, reason = "where gomend's own errors are said")]
fn complain(error: &dyn std::fmt::Display) {
    eprintln!("gomend: {error}");
}
