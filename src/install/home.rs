//! Where a user's things are: start-up files, data, state.
//!
//! In: an environment. Out: folders, after the XDG Base Directory Specification, on macOS after
//! its own conventions. Nothing is looked at but who owns HOME, and what zsh calls its folder.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::settings::Env;
use crate::state::State;
use crate::tool::{self, Cancel, Tool};

/// One user's places.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    /// HOME.
    pub(crate) dir: PathBuf,
    /// gomend's state folder; it need not exist.
    pub(crate) state: PathBuf,
    env: Env,
    zsh: OnceCell<PathBuf>,
}

impl Home {
    /// The folder of replacements below the data folder.
    pub(crate) const RESCUE: &str = "gomend/rescue";

    /// The places that this environment names; `None` where nothing may be written (HOME is not
    /// set, or belongs to another user, as under sudo).
    #[must_use]
    pub(crate) fn of(env: &Env) -> Option<Self> {
        let state = State::of(env).ok()?.folder().to_owned();
        Some(Self {
            dir: PathBuf::from(env.var("HOME")?),
            state,
            env: env.clone(),
            zsh: OnceCell::new(),
        })
    }

    /// The folder that the shim is written to unless another one is asked for.
    #[must_use]
    pub(crate) fn shims(&self) -> PathBuf {
        self.data().join("gomend/shims")
    }

    /// What `gomend rescue build` made, unless a folder was named.
    #[must_use]
    pub(crate) fn rescue(&self) -> PathBuf {
        self.data().join(Self::RESCUE)
    }

    /// `$XDG_DATA_HOME`.
    #[must_use]
    pub(crate) fn data(&self) -> PathBuf {
        self.base("XDG_DATA_HOME", ".local/share")
    }

    /// gomend's configuration, which users write.
    #[must_use]
    pub(crate) fn own_config(&self) -> Option<PathBuf> {
        crate::config::folder(&self.env)
    }

    /// `$XDG_CONFIG_HOME`; fish and PowerShell take `~/.config` on macOS too.
    #[must_use]
    pub(crate) fn config(&self) -> PathBuf {
        self.env
            .folder("XDG_CONFIG_HOME")
            .unwrap_or_else(|| self.dir.join(".config"))
    }

    /// nu's folder (the Nushell Book, "Configuration").
    #[must_use]
    pub(crate) fn nu(&self) -> PathBuf {
        self.base("XDG_CONFIG_HOME", ".config").join("nushell")
    }

    /// The folder of zsh's start-up files (zshall(1), STARTUP/SHUTDOWN FILES): `$ZDOTDIR`, which is
    /// often set in `.zshenv` and so is not in our environment: then zsh is asked.
    #[must_use]
    pub(crate) fn zsh(&self) -> &Path {
        self.zsh.get_or_init(|| {
            self.env
                .folder("ZDOTDIR")
                .or_else(|| self.ask_zsh())
                .unwrap_or_else(|| self.dir.clone())
        })
    }

    fn ask_zsh(&self) -> Option<PathBuf> {
        const PATIENCE: Duration = Duration::from_secs(3);
        let program = tool::find("zsh", &self.env)?;
        let answer = Tool::alone(program, self.env.clone(), &self.dir)
            .args(["-c", r#"builtin printf '\n%s' "$ZDOTDIR""#])
            .run(Instant::now() + PATIENCE, &Cancel::default())
            .ok()?;
        let text = answer.text();
        let folder = PathBuf::from(text.rsplit_once('\n')?.1);
        folder.is_absolute().then_some(folder)
    }

    /// A path as people write it: `~` for HOME.
    #[must_use]
    pub(crate) fn tilde(&self, path: &Path) -> String {
        match path.strip_prefix(&self.dir) {
            Ok(rest) if rest.as_os_str().is_empty() => "~".to_owned(),
            Ok(rest) => format!("~/{}", rest.display()),
            Err(_) => path.display().to_string(),
        }
    }

    fn base(&self, variable: &str, below: &str) -> PathBuf {
        let base = self.env.base_folder(variable, below);
        base.expect("without an absolute HOME there is no `Home`")
    }
}
