//! Do the user's own settings lead from what was fetched to this host?
//!
//! In: evidence whose hosts a remote may have written (ssh hands on a server's words as they are), and the
//! settings of go, git and ssh. Out: evidence in which such a host stands only where go's cache or the
//! settings name it: `insteadOf`, `HostName`, `ProxyJump`, a proxy. No network is touched.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gomend_core::evidence::{Evidence, NamedBy, Target};

use super::Env;
use super::gitconfig;
use super::goenv::GoEnv;
use super::url::{Url, is_host};
use crate::file::{self, Kind};
use crate::proxies;
use crate::tool::{Cancel, NOWHERE, Tool};

/// What asking git and ssh for their settings may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Hosts that are followed: an alias, its jump hosts, their aliases.
const MOST: usize = 8;

/// Takes out of the evidence what a remote may have made up. `saved`: from a log, where a text in which
/// nothing else is fetched is taken at its word.
#[must_use]
pub fn settle(mut evidence: Evidence, env: &Env, saved: bool) -> Evidence {
    let mut led: Option<(String, bool)> = None; // the first finding is what is looked at
    for finding in &mut evidence.findings {
        let target = std::mem::take(&mut finding.target);
        let unproven = match &target.named_by {
            NamedBy::Client => None,
            NamedBy::Remote { .. } if saved && target.module.is_none() => None,
            NamedBy::Remote { ran_in } => target.host.clone().zip(Some(ran_in.clone())),
        };
        finding.target = match unproven {
            None => Target {
                named_by: NamedBy::Client,
                ..target
            },
            Some((host, ran_in)) => {
                let (known, leads) = led.get_or_insert_with(|| {
                    let way = Settings {
                        asks_ssh: !saved,
                        ..Settings::new(env)
                    };
                    let leads = way.leads(&target, ran_in.as_deref(), &host);
                    (host.clone(), leads)
                });
                if *leads && *known == host {
                    Target {
                        named_by: NamedBy::Client,
                        ..target
                    }
                } else {
                    target.without_host()
                }
            }
        };
    }
    evidence
}

/// The settings, as they are asked.
struct Settings<'a> {
    env: &'a Env,
    /// `ssh -G` runs what `Match exec` names, and may ask DNS: for a host of go's own run alone, which ssh
    /// was given already, and never for one that a log names.
    asks_ssh: bool,
    deadline: Instant,
    cancel: Cancel,
}

impl<'a> Settings<'a> {
    fn new(env: &'a Env) -> Self {
        Self {
            env,
            asks_ssh: true,
            deadline: Instant::now() + PATIENCE,
            cancel: Cancel::default(),
        }
    }

    /// Whether a fetch of the target's module comes to `host`.
    fn leads(&self, target: &Target, ran_in: Option<&str>, host: &str) -> bool {
        let nowhere = Path::new(NOWHERE);
        let config = gitconfig::list(self.env, nowhere, self.deadline, &self.cancel);
        let config = config.ok().flatten().unwrap_or_default();
        if self.proxies(&config).iter().any(|proxy| proxy == host) {
            return true;
        }
        let module = target.module.as_ref().map(|path| format!("https://{path}"));
        let cloned = ran_in.and_then(|folder| self.cloned_from(Path::new(folder)));
        let named = module.into_iter().chain(cloned);
        let mut hosts: Vec<String> = Vec::new();
        for url in named {
            let used = gitconfig::effective(self.env, nowhere, &url, self.deadline, &self.cancel);
            let both = [Some(url), used].into_iter().flatten();
            hosts.extend(both.filter_map(|url| Some(Url::remote(&url)?.host)));
        }
        let ssh = gitconfig::ssh_command(self.env, &config);
        let mut at = 0;
        while at < hosts.len().min(MOST) {
            if hosts[at] == host {
                return true;
            }
            let further = self.by_ssh(&ssh, &hosts[at]);
            let new = further.into_iter().filter(|host| is_host(host));
            let new: Vec<String> = new.filter(|host| !hosts.contains(host)).collect();
            hosts.extend(new);
            at += 1;
        }
        hosts.iter().any(|named| named == host)
    }

    /// The hosts of every proxy and database that go's and git's settings name.
    fn proxies(&self, config: &[(String, String)]) -> Vec<String> {
        let goenv = GoEnv::read(self.env, None);
        let of_go = ["GOPROXY", "GOSUMDB"].map(|key| goenv.value(key).to_owned());
        let of_env = proxies::VARIABLES
            .iter()
            .filter_map(|name| self.env.var(name));
        let is_proxy = |key: &str| key.starts_with("http.") && key.ends_with("proxy");
        let of_git = config.iter().filter(|(key, _)| is_proxy(key));
        let values = of_go
            .iter()
            .map(String::as_str)
            .chain(of_env)
            .chain(of_git.map(|(_, value)| value.as_str()));
        values
            .flat_map(|value| value.split([',', '|', ' ', '+']))
            .filter_map(|word| Some(Url::proxy(word)?.host))
            .collect()
    }

    /// Where a clone in go's module cache comes from: `cache/vcs/HASH.info` holds `git3:URL`
    /// (`modfetch/codehost`, `WorkDir`).
    fn cloned_from(&self, folder: &Path) -> Option<String> {
        let home = self.env.os("HOME").map(PathBuf::from);
        let cache = GoEnv::read(self.env, None).mod_cache(home.as_deref())?;
        let name = folder.file_name()?.to_str()?;
        let is_hash = name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if folder.parent() != Some(&cache.join("cache/vcs")) || !is_hash {
            return None;
        }
        let info = file::text(&folder.with_extension("info"), Kind::Version).ok()?;
        let (_, url) = info.trim().split_once(':')?;
        Url::remote(url).map(|_| url.to_owned())
    }

    /// Where ssh's configuration leads from a host.
    fn by_ssh(&self, command: &str, host: &str) -> Vec<String> {
        if !self.asks_ssh {
            return Vec::new();
        }
        let mut words = gitconfig::ssh_words(command).into_iter();
        let ask = || {
            let ssh = Tool::new(words.next()?, self.env, Path::new(NOWHERE)).ok()?;
            let ssh = ssh.args(words).args(["-G", "--"]);
            let output = ssh.args([format!("git@{host}")]);
            output.run(self.deadline, &self.cancel).ok()
        };
        let Some(output) = ask().filter(crate::tool::Output::succeeded) else {
            return Vec::new();
        };
        let text = output.text();
        let pairs = text.lines().filter_map(|line| line.split_once(' '));
        let named = pairs.flat_map(|(key, value)| match key {
            "hostname" | "proxyjump" | "proxycommand" => {
                value.split([',', ' ']).collect::<Vec<_>>()
            }
            _ => Vec::new(),
        });
        named
            .filter_map(|word| {
                let word = word.strip_prefix("ssh://").unwrap_or(word);
                Some(Url::authority(word)?.host)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A home in which git and ssh are told other names.
    fn home() -> (tempfile::TempDir, Env) {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        fs::create_dir_all(at("go/pkg/mod/cache/vcs")).unwrap();
        let alias = "[url \"ssh://git@forge/\"]\n\tinsteadOf = https://git.corp.example/\n[http \"https://x.example\"]\n\tproxy = http://web.corp.example:3128\n";
        fs::write(at("gitconfig"), alias).unwrap();
        let ssh = "Host forge\n  HostName forge.inside.example\n  ProxyJump jump\nHost jump\n  HostName jump.corp.example\n";
        fs::write(at("ssh"), ssh).unwrap();
        fs::write(
            at("go/pkg/mod/cache/vcs/abc1.info"),
            "git3:https://src.vanity.example/lib",
        )
        .unwrap();
        let mut env = Env::from_process();
        env.set("HOME", home.path());
        for name in ["GOPATH", "GOMODCACHE", "GOENV", "GIT_SSH"] {
            env.remove(name);
        }
        env.set("GIT_CONFIG_GLOBAL", at("gitconfig"));
        env.set("GIT_CONFIG_NOSYSTEM", "1");
        let command = format!("ssh -F {}", at("ssh").display());
        env.set("GIT_SSH_COMMAND", command);
        env.set("GOPROXY", "https://goproxy.corp.example,direct");
        (home, env)
    }

    #[test]
    fn settings_lead_to_a_host_and_words_do_not() {
        let (home, env) = home();
        let vcs = home.path().join("go/pkg/mod/cache/vcs");
        let leads = |module: &str, folder: &str, host: &str| {
            let target = Target {
                module: Some(module.into()),
                host: Some(host.into()),
                ..Target::default()
            };
            let folder = vcs.join(folder).display().to_string();
            Settings {
                deadline: Instant::now() + Duration::from_secs(60),
                ..Settings::new(&env)
            }
            .leads(&target, Some(&folder), host)
        };
        for host in [
            "git.corp.example",
            "forge",
            "forge.inside.example",
            "jump",
            "jump.corp.example",
            "web.corp.example",
            "goproxy.corp.example",
        ] {
            assert!(leads("git.corp.example/team/lib", "none", host), "{host}");
        }
        // of another host's settings, or of nobody's
        let other = "go.vanity.example/lib";
        assert!(!leads(other, "none", "forge.inside.example"));
        assert!(!leads("git.corp.example/team/lib", "none", "evil.example"));
        // go has written where a clone comes from
        assert!(leads(other, "abc1", "src.vanity.example"));
        assert!(!leads(other, "none", "src.vanity.example"));
        assert!(!leads(other, "../vcs/abc1/../x", "src.vanity.example"));
    }
}
