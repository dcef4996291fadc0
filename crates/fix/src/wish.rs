//! A project's wishes: what its `.gomend.toml` would like Go's settings to be.
//!
//! In: the file, hostile until the user agrees. Out: proposals that say so. A wish is never
//! applied unasked and never tried, never a pattern that covers everything, and a module proxy that
//! a project names is a change of trust. Keys that are not known here are left to others.

use serde::Deserialize;

use super::{Consent, Need, Proposal, Risk, Situation, consequence, goenv, shell};
use crate::file::Kind;
use crate::lang::msg;
use crate::settings::goproxy::{self, Source};
use crate::settings::pattern;

/// The part of the file that wishes for settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "lowercase")]
struct File {
    go: Go,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "UPPERCASE")]
struct Go {
    #[serde(rename = "GOPRIVATE")]
    private: Option<String>,
    #[serde(rename = "GOPROXY")]
    proxy: Option<String>,
}

/// What the project's file wishes for and is not so yet. A file that cannot be read wishes nothing.
#[must_use]
pub fn wishes(s: &Situation) -> Vec<Proposal> {
    let Some(root) = s.project.as_ref().map(|project| &project.root) else {
        return Vec::new();
    };
    let path = root.join(".gomend.toml");
    let text = s.disk.text_within(root, &path, Kind::Config);
    let text = text.unwrap_or_default();
    let Ok(File { go }) = toml::from_str::<File>(&text) else {
        return Vec::new();
    };
    let private = go.private.and_then(|list| private(&list, s));
    let proxy = go.proxy.and_then(|list| proxy(&list, s));
    let mut wishes: Vec<Proposal> = private.into_iter().chain(proxy).collect();
    for wish in &mut wishes {
        wish.asks.push(Consent::ProjectWish);
        super::preview(wish, s);
        consequence::weigh(wish, None, s);
    }
    wishes
}

fn private(list: &str, s: &Situation) -> Option<Proposal> {
    let old = s.goenv.value("GOPRIVATE");
    let missing: Vec<&str> = pattern::items(list)
        .filter(|item| narrow(item) && !pattern::matches(old, item))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let wished = missing.join(",");
    let why = msg!(
        "This project's .gomend.toml wishes it. Modules below {wished} are then fetched straight from their repositories.",
        wished
    );
    let value = shell::appended(old, ',', &wished);
    let proposal = Proposal::new(
        "wish-goprivate",
        msg!("The project wishes: mark {wished} as private", wished),
        why,
    )
    .need(Need::Consent);
    Some(goenv::set(proposal, s, "GOPRIVATE", &value))
}

/// One host at least, spelt out, and nothing that a list or file could read differently.
fn narrow(pattern: &str) -> bool {
    let host = pattern.split('/').next().unwrap_or_default();
    let plain = shell::is_plain(pattern, "-._~/*");
    let labels: Vec<&str> = host.trim_start_matches("*.").split('.').collect();
    plain
        && labels.len() >= 2
        && labels
            .iter()
            .all(|label| !label.is_empty() && !label.contains('*'))
}

fn proxy(list: &str, s: &Situation) -> Option<Proposal> {
    let plain = shell::is_plain(list, "-._~/:,|");
    let is_https = |source: Source<'_>| source.text().starts_with("https://");
    let https = goproxy::entries(list)
        .all(|entry| is_https(entry.source) || entry.source == Source::Direct);
    let whole = goproxy::entries(list).any(|entry| is_https(entry.source));
    if list == s.goenv.value("GOPROXY") || !plain || !https || !whole {
        return None;
    }
    let why = msg!(
        "This project's .gomend.toml wishes it. Whoever runs these proxies learns which modules you use, in every project, and \
               serves their code; go.sum and the checksum database still vouch for public ones."
    );
    let proposal = Proposal::new(
        "wish-goproxy",
        msg!("The project wishes: fetch modules through {list}", list),
        why,
    )
    .risk(Risk::High)
    .need(Need::Consent);
    Some(goenv::set(proposal, s, "GOPROXY", list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Lang;

    fn wish(file: &str) -> Vec<Proposal> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("go.mod"), "module x\n").unwrap();
        std::fs::write(dir.path().join(".gomend.toml"), file).unwrap();
        let env = [("HOME", dir.path().to_str().unwrap())]
            .into_iter()
            .collect();
        wishes(&Situation::look(env, dir.path(), None))
    }

    #[test]
    fn a_wish_is_shown_and_never_applied_unasked() {
        let wished = wish(
            "[go]\nGOPRIVATE = \"git.corp.example/team, *.internal.example\"\nGOPROXY = \"https://goproxy.corp.example,direct\"\n",
        );
        let commands: Vec<String> = wished
            .iter()
            .flat_map(|proposal| proposal.worded(Lang::En).commands)
            .collect();
        assert_eq!(
            commands,
            [
                "go env -w GOPRIVATE='git.corp.example/team,*.internal.example'",
                "go env -w GOPROXY=https://goproxy.corp.example,direct"
            ]
        );
        for mut proposal in wished {
            proposal.verified = Some(true);
            assert!(!proposal.unattended() && !proposal.may_be_tried());
            assert!(
                proposal
                    .worded(Lang::En)
                    .title
                    .starts_with("The project wishes")
            );
        }
    }

    #[test]
    fn hostile_wishes_are_none() {
        for file in [
            "[go]\nGOPRIVATE = \"*\"",
            "[go]\nGOPRIVATE = \"*.com\"",
            "[go]\nGOPRIVATE = \"*/*,*corp.example\"",
            "[go]\nGOPRIVATE = \"a.example\\nGOFLAGS=-exec=x\"",
            "[go]\nGOPROXY = \"off\"",
            "[go]\nGOPROXY = \"direct\"",
            "[go]\nGOPROXY = \"http://evil.example\"",
            "[go]\nGOPROXY = \"https://u:p@evil.example\"",
            "[go]\nGOSUMDB = \"off\"\nGOINSECURE = \"*\"\nGOFLAGS = \"-toolexec=x\"",
            "not toml at all [",
            "",
        ] {
            assert!(wish(file).is_empty(), "{file}");
        }
    }
}
