//! go.work and go.sum: the one line that go can't use, and the one that is missing.

use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::{Change, Proposal, Scope, Situation};
use crate::file::Kind;
use crate::lang::msg;
use crate::rules::said::Phrase;
use crate::settings::gofile::{GoFile, Used};
use crate::settings::version::Version;
use crate::verdict::Verdict;

/// What can be mended in the project's own files.
pub(super) fn culprits(_verdict: &Verdict, s: &Situation) -> Vec<Proposal> {
    if s.saved {
        return Vec::new();
    }
    workspace(s).into_iter().chain(sums(s)).collect()
}

/// go.work doesn't agree with the modules around it.
fn workspace(s: &Situation) -> Option<Proposal> {
    if !s.says(Phrase::GoWork) {
        return None;
    }
    let file = s.workspace.clone()?;
    let dir = file.parent()?.to_owned();
    let text = s.disk.text(&file, Kind::Module)?;
    let shown = s.short(&file);
    let line = |number: usize| text.lines().nth(number - 1).unwrap_or_default().to_owned();
    let work = GoFile::parse(&text);
    let used = &work.uses;
    let read = |used: &Used| {
        let path = dir.join(&used.folder).join("go.mod");
        s.disk.text(&path, Kind::Module)
    };
    let newest = used.iter().filter_map(|used| {
        let (version, _) = GoFile::parse(&read(used)?).go?;
        Some((Version::parse(&version)?.release(), version))
    });
    let own = work.go.as_ref();
    let own = own.and_then(|(version, line)| Some((Version::parse(version)?.release(), *line)));
    if let (Some((release, version)), Some((lists, number))) = (newest.max(), own)
        && release > lists
    {
        if s.go_release.is_some_and(|known| known < release) {
            return None; // another Go is wanted first
        }
        let why = msg!("The go line of go.work must not be lower than that of any module in it.");
        let title = msg!("Raise the go line of {shown} to {version}", shown, version);
        return Some(
            Proposal::new("go-work-use", title, why)
                .scope(Scope::Project)
                .command("go work use")
                .change(Change::Line {
                    file,
                    number,
                    old: line(number),
                    new: Some(format!("go {version}")),
                }),
        );
    }
    let root = &s.project.as_ref()?.root;
    let known = used
        .iter()
        .any(|used| same(&dir.join(&used.folder), root, &s.disk));
    let below = root.strip_prefix(&dir).ok().filter(|_| !known)?;
    let below = match below.to_str()? {
        "" => ".".to_owned(),
        below => format!("./{below}"),
    };
    let why = msg!(
        "go.work applies here, and the module {below} is not one of those that it uses.",
        below
    );
    let title = msg!("Let {shown} use {below}", shown, below);
    Some(
        Proposal::new("go-work-use", title, why)
            .scope(Scope::Project)
            .command(format!("go work use {}", super::quote(&below)))
            .change(Change::Append {
                file,
                text: format!("\nuse {below}\n"),
                mode: None,
            }),
    )
}

fn same(one: &Path, other: &Path, disk: &Disk) -> bool {
    let real = |path: &Path| disk.canonical(path);
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// Lines of go.sum that are none: what a merge has left.
fn sums(s: &Situation) -> Option<Proposal> {
    if !s.says(Phrase::GoSum) {
        return None;
    }
    let file: PathBuf = s.project.as_ref()?.root.join("go.sum");
    let text = s.disk.text(&file, Kind::Module)?;
    let bad: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !matches!(line.split_whitespace().count(), 0 | 3))
        .map(|(index, line)| (index + 1, line))
        .collect();
    let (first, _) = bad.first()?;
    let shown = s.short(&file);
    let why = msg!(
        "Line {number} of {shown} is no checksum: a merge leaves such lines. All checksums stay, and go checks every one as before.",
        number = first,
        shown
    );
    let title = msg!("Take the lines out of {shown} that are no checksums", shown);
    let proposal = Proposal::new("go-sum-lines", title, why).scope(Scope::Project);
    // from the last one: the numbers of those before it stay
    Some(bad.iter().rev().fold(proposal, |proposal, (number, line)| {
        proposal
            .command(format!("sed -i '{number}d' {}", s.argument(&file)))
            .change(Change::Line {
                file: file.clone(),
                number: *number,
                old: (*line).to_owned(),
                new: None,
            })
    }))
}
