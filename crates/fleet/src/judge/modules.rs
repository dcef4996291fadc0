//! go.mod, go.work and go.sum against the policy.

use std::collections::BTreeSet;

use super::{Judge, at};
use crate::finding::{Finding, Remedy, Rule};
use crate::policy::ReplaceLocal;
use gomend_formats::gofile::{GoFile, Instead, Sum, sums};
use gomend_formats::version::Version;

impl Judge<'_> {
    pub(super) fn go_mod(&mut self, path: &str, text: &str) {
        let file = GoFile::parse(text);
        self.go_file(path, text, &file);
        let folder = path.strip_suffix("go.mod").unwrap_or_default();
        let work = self.text_of("go.work").map(GoFile::parse);
        let fetched = file.fetched(work.as_ref());
        if self.policy.require.go_sum {
            let mut known: BTreeSet<Sum> = self
                .text_of(&format!("{folder}go.sum"))
                .map(sums)
                .unwrap_or_default();
            known.extend(self.text_of("go.work.sum").map(sums).unwrap_or_default());
            let has = |path: &str, version: &str, go_mod: bool| {
                known
                    .iter()
                    .any(|sum| sum.path == path && sum.version == version && sum.go_mod == go_mod)
            };
            // from Go 1.17 on go.mod names every module that gives a package
            let complete = file
                .go
                .as_ref()
                .and_then(|(version, _)| Version::parse(version))
                >= Version::parse("1.17");
            for module in &fetched {
                let lacks = !has(&module.path, &module.version, true)
                    || (complete && !has(&module.path, &module.version, false));
                if lacks {
                    let named = format!("{}@{}", module.path, module.version);
                    self.add(
                        Finding::new(Rule::GoSum, at(path, module.line, 1)).with("module", &named),
                    );
                }
            }
        }
        for module in &fetched {
            let host = module.path.split('/').next().unwrap_or_default();
            self.host(&at(path, module.line, 1), host, &module.path);
        }
        if let Some(wanted) = &self.policy.require.toolchain.clone() {
            self.toolchain(path, text, &file, wanted);
        }
    }

    fn text_of(&self, path: &str) -> Option<&str> {
        let document = self
            .facts
            .documents
            .iter()
            .find(|document| document.path == path)?;
        document.text.as_deref().ok()
    }

    /// What go.mod and go.work share.
    pub(super) fn go_file(&mut self, path: &str, text: &str, file: &GoFile) {
        if let (Some(wanted), Some((version, line))) = (self.policy.require.go.clone(), &file.go)
            && Version::parse(version) < Version::parse(&wanted)
        {
            self.add(
                Finding::new(Rule::GoMinimum, at(path, *line, 1))
                    .with("version", version)
                    .with("wanted", &wanted),
            );
        }
        let forbidden = self.policy.forbid.replace_local;
        for replaced in &file.replaces {
            let Instead::Folder(folder) = &replaced.by else {
                continue;
            };
            let depth = path.matches('/').count();
            let is_bad = match forbidden {
                ReplaceLocal::None => false,
                ReplaceLocal::All => true,
                ReplaceLocal::Outside => leads_out(folder, depth),
            };
            if is_bad {
                let column = text
                    .lines()
                    .nth(replaced.line - 1)
                    .and_then(|line| line.find(folder.as_str()))
                    .unwrap_or(0)
                    + 1;
                self.add(
                    Finding::new(Rule::ReplaceLocal, at(path, replaced.line, column))
                        .with("module", &replaced.path)
                        .with("folder", folder),
                );
            }
        }
    }

    fn toolchain(&mut self, path: &str, text: &str, file: &GoFile, wanted: &str) {
        let line = |number: usize| text.lines().nth(number - 1).unwrap_or_default();
        match &file.toolchain {
            Some((name, _)) if wanted == "any" || name == wanted => {}
            Some((name, number)) => {
                let old = line(*number);
                let remedy = Remedy::Line {
                    path: path.to_owned(),
                    number: *number,
                    old: old.to_owned(),
                    new: Some(old.replace(name.as_str(), wanted)),
                };
                self.add(
                    Finding::new(Rule::Toolchain, at(path, *number, 1))
                        .with("found", name)
                        .with("wanted", wanted)
                        .mended_by(Some(remedy)),
                );
            }
            None => {
                let number = file.go.as_ref().map_or(1, |(_, number)| *number);
                let old = line(number);
                let remedy = (wanted != "any" && file.go.is_some()).then(|| Remedy::Line {
                    path: path.to_owned(),
                    number,
                    old: old.to_owned(),
                    new: Some(format!("{old}\n\ntoolchain {wanted}")),
                });
                self.add(
                    Finding::new(Rule::Toolchain, at(path, number, 1))
                        .with("found", "")
                        .with("wanted", wanted)
                        .mended_by(remedy),
                );
            }
        }
    }
}

/// Whether a folder, as a file `depth` folders below the root names it, lies outside of it.
fn leads_out(folder: &str, depth: usize) -> bool {
    if folder.starts_with('/') || folder.contains(':') {
        return true;
    }
    let mut level = i64::try_from(depth).unwrap_or(i64::MAX);
    for part in folder.split('/') {
        match part {
            "" | "." => {}
            ".." => level -= 1,
            _ => level += 1,
        }
        if level < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::leads_out;

    #[test]
    fn folders_that_lead_out() {
        for (folder, depth, out) in [
            ("../y", 0, true),
            ("../y", 1, false),
            ("./a/../..", 0, true),
            ("/x", 3, true),
            ("./sub", 0, false),
        ] {
            assert_eq!(leads_out(folder, depth), out, "{folder}");
        }
    }
}
