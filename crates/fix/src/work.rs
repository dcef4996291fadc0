//! go.work and go.sum: the one line that go can't use, and the one that is missing.

use std::path::{Path, PathBuf};

use super::{Change, Proposal, Scope, Situation, bench};
use crate::lang::msg;
use crate::verdict::Verdict;

/// What can be mended in the project's own files.
pub(super) fn culprits(_verdict: &Verdict, s: &Situation) -> Vec<Proposal> {
    if s.saved {
        return Vec::new();
    }
    workspace(s).into_iter().chain(sums(s)).collect()
}

/// A directory that a go.work uses: line from 1, the line, the directory as written.
struct Use<'a> {
    number: usize,
    line: &'a str,
    dir: &'a str,
}

/// The directories that a go.work uses (<https://go.dev/ref/mod#go-work-file-use>).
fn uses(text: &str) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    let mut block = false;
    for (index, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let dir = match words.as_slice() {
            ["use", "(", ..] => {
                block = true;
                None
            }
            [")", ..] => {
                block = false;
                None
            }
            ["use", dir, ..] => Some(*dir),
            [dir, ..] if block && !dir.starts_with("//") => Some(*dir),
            _ => None,
        };
        found.extend(dir.map(|dir| Use {
            number: index + 1,
            line,
            dir: dir.trim_matches(['"', '`']),
        }));
    }
    found
}

/// The version on the `go` line of a file: `(1, 24)` and as written.
fn go_line(text: &str) -> Option<(usize, &str, (u32, u32))> {
    text.lines().enumerate().find_map(|(index, line)| {
        let version = line.strip_prefix("go ")?.trim();
        let mut numbers = version.split('.').map(|number| {
            let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<u32>().ok()
        });
        let release = (numbers.next()??, numbers.next().flatten().unwrap_or(0));
        Some((index + 1, version, release))
    })
}

/// go.work doesn't agree with the modules around it.
fn workspace(s: &Situation) -> Option<Proposal> {
    if !s.line.contains("go.work") {
        return None;
    }
    let file = bench::workspace(&s.env, s)?;
    let dir = file.parent()?.to_owned();
    let text = crate::file::text(&file, crate::file::Kind::Module).ok()?;
    let shown = s.short(&file);
    let used = uses(&text);
    let read = |used: &Use<'_>| {
        let path = dir.join(used.dir).join("go.mod");
        crate::file::text(&path, crate::file::Kind::Module).ok()
    };
    if let Some(gone) = used.iter().find(|used| read(used).is_none()) {
        let why = msg!(
            "go.work names {dir}, where there is no go.mod.",
            dir = gone.dir
        );
        let title = msg!("Take {dir} out of {shown}", dir = gone.dir, shown);
        return Some(
            Proposal::new("go-work", title, why)
                .scope(Scope::Project)
                .command(format!("go work edit -dropuse={}", super::quote(gone.dir)))
                .change(Change::Line {
                    file,
                    number: gone.number,
                    old: gone.line.to_owned(),
                    new: Some(format!("// {}", gone.line.trim_start())),
                }),
        );
    }
    let newest = used.iter().filter_map(|used| {
        let text = read(used)?;
        let (_, version, release) = go_line(&text)?;
        Some((release, version.to_owned()))
    });
    let own = go_line(&text);
    if let (Some((release, version)), Some((number, old, lists))) = (newest.max(), own)
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
                    old: format!("go {old}"),
                    new: Some(format!("go {version}")),
                }),
        );
    }
    let root = &s.project.as_ref()?.root;
    let known = used.iter().any(|used| same(&dir.join(used.dir), root));
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

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    real(one).is_some_and(|one| Some(one) == real(other))
}

/// Lines of go.sum that are none: what a merge has left.
fn sums(s: &Situation) -> Option<Proposal> {
    if !s.line.contains("go.sum") {
        return None;
    }
    let file: PathBuf = s.project.as_ref()?.root.join("go.sum");
    let text = crate::file::text(&file, crate::file::Kind::Module).ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_work_is_read() {
        let text =
            "go 1.21\n\nuse ./a // here\nuse (\n\t.\n\t// no\n\t\"./b\"\n)\nreplace x => ./y\n";
        let found: Vec<(usize, &str)> =
            uses(text).iter().map(|one| (one.number, one.dir)).collect();
        assert_eq!(found, [(3, "./a"), (5, "."), (7, "./b")]);
        assert_eq!(go_line(text), Some((1, "1.21", (1, 21))));
    }
}
