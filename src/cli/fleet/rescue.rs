//! `gomend rescue`: the ways that remain, in words.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use console::{Alignment, pad_str};
use serde_json::json;

use crate::cli::Call;
use crate::cli::table::{Look, Table};
use crate::cli::{Common, complain, failure, look, note, print, print_json};
use crate::config::Config;
use crate::fix::Situation;
use crate::fleet::memory::{Memory, Rehearsal, now};
use crate::fleet::rescue::folder::{self, Defect, Rejection, Stand};
use crate::fleet::rescue::plan::{self, Activation, Plan, Replacement, Score};
use crate::fleet::rescue::{self, Need, rehearse, switch};
use crate::lang::{Lang, tr};
use crate::mend;
use crate::report::{Ci, SCHEMA};
use crate::settings::Env;
use crate::settings::goenv::GoEnv;
use crate::state::State;
use crate::world::World;
use crate::{exit, sys, wrap};

/// What `gomend rescue` understands.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    #[command(subcommand)]
    step: Step,
    /// The folder that takes a module proxy's place, instead of one in your data folder; a share, perhaps
    #[arg(long, value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, Subcommand)]
enum Step {
    /// Say which ways remain if the module proxy, the forge, the checksum database or the network is gone
    Plan,
    /// Make or update the folder from the module cache, each file against its hash in go.sum
    Build,
    /// Prove that go builds with the folder alone, in a network with nothing in it
    Rehearse,
    /// Let go use the folder from now on; tried first, and taken back with `back`
    Switch,
    /// Undo `switch`, to the byte
    Back,
}

struct Here {
    env: Env,
    goenv: GoEnv,
    go: Option<PathBuf>,
    need: Need,
    folder: PathBuf,
}

/// Takes one step.
pub(in crate::cli) fn run(call: Call<'_>, args: &Args) -> Result<i32, String> {
    if args.step == Step::Back {
        return back(call.common);
    }
    let env = Env::from_process();
    let go = look::real_go(call.world);
    let goenv = GoEnv::read(&env, go.as_deref());
    let need =
        Need::read(&look::here(), &env, &goenv).ok_or_else(|| tr!("there is no go.mod here"))?;
    let folder = args
        .folder
        .clone()
        .or_else(|| rescue::default_folder(&env))
        .ok_or_else(|| tr!("HOME is not set"))?;
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let here = Here {
        env,
        goenv,
        go,
        need,
        folder,
    };
    match args.step {
        Step::Plan => here.plan(call.common),
        Step::Build => here.build(call.common),
        Step::Rehearse => here.rehearse(call.world, call.config, call.common),
        Step::Switch => here.switch(call.common),
        Step::Back => back(call.common),
    }
}

fn back(common: Common) -> Result<i32, String> {
    match switch::back(&failure::journal()?) {
        Ok(entry) if common.json => print_json(&entry.worded(Lang::spoken()))?,
        Ok(entry) => note(&tr!("taken back: {title}", title = entry.title.words())),
        Err(error) => return Err(error.text().words()),
    }
    Ok(exit::OK)
}

impl Here {
    fn plan(&self, common: Common) -> Result<i32, String> {
        let kept = State::of(&self.env)
            .map(|state| Memory::read(&state))
            .unwrap_or_default();
        let rehearsal = kept.rehearsals.get(&self.key());
        let plan = plan::of(&self.need, &self.goenv, &self.folder, rehearsal);
        if common.json {
            print_json(&json!({"schema": SCHEMA, "folder": self.folder, "plan": plan}))?;
        } else {
            print(&table(&plan))?;
        }
        let survives = plan.ways.iter().any(|score| score.without_network);
        Ok(if survives { exit::OK } else { exit::PROBLEM })
    }

    fn key(&self) -> String {
        self.need.root.display().to_string()
    }

    fn build(&self, common: Common) -> Result<i32, String> {
        let home = self.env.var("HOME").map(Path::new);
        let cache = self
            .goenv
            .mod_cache(home)
            .ok_or_else(|| tr!("HOME is not set"))?
            .join("cache/download");
        let stand = folder::build(&self.need, &cache, &self.folder).map_err(|error| {
            tr!(
                "can't write `{path}`: {error}",
                path = self.folder.display(),
                error
            )
        })?;
        self.tell(common, &stand)?;
        if stand.defects.is_empty() {
            return Ok(exit::OK);
        }
        note(&tr!(
            "`go mod download` fetches what is missing; then build again"
        ));
        Ok(exit::PROBLEM)
    }

    fn tell(&self, common: Common, stand: &Stand) -> Result<(), String> {
        if common.json {
            return print_json(&json!({"schema": SCHEMA, "folder": self.folder, "stand": stand}));
        }
        let mut text = String::new();
        for Defect {
            file,
            module,
            wrong,
        } in &stand.defects
        {
            let what = match wrong {
                Rejection::Missing => tr!("missing"),
                Rejection::Damaged => tr!("damaged"),
                Rejection::Other => tr!("wrong hash"),
            };
            let _ = writeln!(text, "{what}: {module} ({file})");
        }
        let size = tr!("{mb} MB", mb = stand.bytes.div_ceil(1_000_000));
        let said = tr!(
            "{folder}: {files} files, {size}; copied now: {copied}, licences: {licences}, not needed and left out: {left}",
            folder = self.folder.display(),
            files = stand.files,
            size,
            copied = stand.copied,
            licences = stand.licences,
            left = stand.left_out
        );
        print(&(text + &said + "\n"))
    }

    /// Whether the folder is sound; what isn't is named.
    fn is_sound(&self, common: Common) -> Result<bool, String> {
        let stand = folder::verify(&self.need, &self.folder);
        if stand.defects.is_empty() && stand.files > 0 {
            return Ok(true);
        }
        self.tell(common, &stand)?;
        complain(&tr!("the folder isn't complete: `gomend rescue build`"));
        Ok(false)
    }

    fn rehearse(&self, world: &World, config: &Config, common: Common) -> Result<i32, String> {
        let keep = |rehearsal: Rehearsal| {
            let wanted = Ci::of(world).is_none() || config.metrics();
            if let (true, Ok(state)) = (wanted, State::of(&self.env)) {
                let _ = Memory::update(&state, |memory| {
                    if rehearsal.passed {
                        memory.counters.success(rehearsal.time);
                    }
                    memory.rehearsals.insert(self.key(), rehearsal);
                });
            }
        };
        let go = self
            .go
            .as_deref()
            .ok_or_else(|| tr!("there is no go on PATH"))?;
        if !self.is_sound(common)? {
            keep(Rehearsal {
                time: now(),
                ..Rehearsal::default()
            });
            return Ok(exit::PROBLEM);
        }
        sys::note_interrupts();
        let env = rehearse::with_folder(&self.env, &self.folder);
        let acts = match rehearse::run(&self.need, &env, go) {
            Ok(acts) => acts,
            Err(error) => {
                complain(&tr!(
                    "can't rehearse: this system allows no network of its own ({error})",
                    error
                ));
                return Ok(exit::UNDECIDED);
            }
        };
        if let Some(signal) = sys::interrupted_by() {
            return Ok(128 + signal);
        }
        let passed = acts.len() == rehearse::COMMANDS.len() && acts.iter().all(|act| act.passed);
        let millis = acts.iter().map(|act| act.millis).sum();
        keep(Rehearsal {
            time: now(),
            passed,
            millis,
        });
        if common.json {
            print_json(&json!({"schema": SCHEMA, "passed": passed, "acts": acts}))?;
        } else {
            let mut text = String::new();
            for act in &acts {
                let mark = if act.passed { tr!("ok") } else { tr!("FAILS") };
                let _ = writeln!(
                    text,
                    "{} {} ({} ms)",
                    pad_str(&mark, 6, Alignment::Left, None),
                    act.command,
                    act.millis
                );
                for line in act.said.lines() {
                    let _ = writeln!(text, "         {line}");
                }
            }
            print(&text)?;
            note(&if passed {
                tr!("rehearsed: go builds with the folder alone")
            } else {
                tr!("the rehearsal failed: go doesn't build with the folder alone")
            });
        }
        Ok(if passed { exit::OK } else { exit::PROBLEM })
    }

    fn switch(&self, common: Common) -> Result<i32, String> {
        let go = self
            .go
            .as_deref()
            .ok_or_else(|| tr!("there is no go on PATH"))?;
        let situation = Situation::look(self.env.clone(), &self.need.root, Some(go));
        if let Some(name) = switch::hidden_by(&situation) {
            complain(&tr!(
                "{name} is set in the environment, which hides what is written: unset it first",
                name
            ));
            return Ok(exit::PROBLEM);
        }
        if !self.is_sound(common)? {
            return Ok(exit::PROBLEM);
        }
        sys::note_interrupts();
        match switch::to(
            &self.need,
            &self.env,
            go,
            &self.folder,
            &failure::journal()?,
        ) {
            Ok(entry) if common.json => print_json(&entry.worded(Lang::spoken()))?,
            Ok(entry) => note(&tr!(
                "done: {title}; `gomend rescue back` takes it back",
                title = entry.title.words()
            )),
            Err(error) => {
                complain(&error.text().words());
                return Ok(mend::code_of(&error));
            }
        }
        Ok(exit::OK)
    }
}

fn table(plan: &Plan) -> String {
    let mut text = tr!(
        "modules: {modules}, private: {private}; what remains if this is gone:",
        modules = plan.modules,
        private = plan.private
    ) + "\n";
    let mut table = Table::new([
        tr!("way"),
        tr!("proxy"),
        tr!("forge"),
        tr!("sumdb"),
        tr!("network"),
        tr!("lacks"),
        tr!("restored in"),
        tr!("who must act"),
    ]);
    for score in &plan.ways {
        let mark = |remains: bool| {
            if remains {
                "✓".to_owned()
            } else {
                "✗".to_owned()
            }
        };
        let restored = score.restored_in.map_or_else(
            || tr!("not known"),
            |millis| tr!("{s} s", s = millis.div_ceil(1000)),
        );
        table.row([
            way(score),
            mark(score.without_proxy),
            mark(score.without_forge),
            mark(score.without_sumdb),
            mark(score.without_network),
            score.lacks.to_string(),
            restored,
            act(score.act),
        ]);
    }
    text += &table.render(Look {
        columns: wrap::columns(1),
        colour: false,
    });
    for module in &plan.unsummed {
        let _ = writeln!(text, "{}", tr!("go.sum lacks a line of {module}.", module));
    }
    text
}

fn way(score: &Score) -> String {
    match &score.way {
        Replacement::Proxy { name } => tr!("module proxy {name}", name),
        Replacement::Direct => tr!("direct, from the repositories"),
        Replacement::Vendor => tr!("vendor folder"),
        Replacement::Folder => tr!("the folder of `rescue build`"),
    }
}

fn act(act: Activation) -> String {
    match act {
        Activation::InUse => tr!("nobody: in use"),
        Activation::Falls => tr!("nobody: go falls back on it"),
        Activation::Set => tr!("you: set GOPROXY"),
        Activation::Switch => tr!("you: `gomend rescue switch`"),
        Activation::Build => tr!("you: `gomend rescue build`"),
        Activation::Vendor => tr!("you: `go mod vendor`"),
    }
}
