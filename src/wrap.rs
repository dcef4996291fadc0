//! Lines for a terminal: as wide as it is, words whole, what follows indented.
//!
//! In: text and columns. Out: the same text with line feeds. Widths are those on the terminal, not
//! counts of letters; what stands between backticks stays together where it fits. Where no terminal
//! is, nothing is broken: a log's reader has a width of their own.

use console::measure_text_width;
use textwrap::core::Word;
use textwrap::wrap_algorithms::wrap_first_fit;

/// Narrower than this is no place to wrap for.
const LEAST: usize = 40;

/// The columns of the terminal that stdout (1) or stderr (2) is; `None`: there is no terminal, or it doesn't say.
#[must_use]
pub(crate) fn columns(fd: i32) -> Option<usize> {
    let size = if fd == 1 {
        rustix::termios::tcgetwinsize(std::io::stdout())
    } else {
        rustix::termios::tcgetwinsize(std::io::stderr())
    };
    let columns = usize::from(size.ok()?.ws_col);
    (columns > 0).then(|| columns.max(LEAST))
}

/// The text in lines of at most `columns`. The first line has `used` columns before it already; the
/// others get an indent of `indent`. A word that is longer stays whole.
#[must_use]
pub(crate) fn fit(text: &str, used: usize, indent: usize, columns: Option<usize>) -> String {
    let Some(columns) = columns else {
        return text.to_owned();
    };
    if !text.contains('\n') && used + measure_text_width(text) <= columns {
        return text.to_owned();
    }
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let begin = if lines.is_empty() { used } else { indent };
        let room = [begin, indent].map(|before| columns.saturating_sub(before));
        let words = words(line.trim(), room[1]);
        let room = room.map(|columns| f64::from(u32::try_from(columns).unwrap_or(u32::MAX)));
        for words in wrap_first_fit(&words, &room) {
            let whole = words.iter().map(|word| [word.word, word.whitespace]);
            lines.push(whole.flatten().collect::<String>().trim_end().to_owned());
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// A line of a recipe, `indent` columns from the left: whole, to be pasted; a comment in as many lines as it takes.
#[must_use]
pub(crate) fn recipe(line: &str, indent: usize, columns: Option<usize>) -> String {
    const MARK: &str = "# ";
    let Some(comment) = line.strip_prefix(MARK) else {
        return line.to_owned();
    };
    let margin = " ".repeat(indent + MARK.len());
    let fitted = fit(comment, margin.len(), margin.len(), columns);
    let further = format!("\n{}{MARK}", " ".repeat(indent));
    format!("{MARK}{}", fitted.replace(&format!("\n{margin}"), &further))
}

/// What stays together in a line of `room` columns: words, what stands between backticks and fits, and wide
/// characters one by one with the punctuation that belongs to them (Unicode Standard Annex #14, which also parts
/// addresses at slashes and names at hyphens, and keeps a path's slash with the blank before it: neither is taken).
fn words(line: &str, room: usize) -> Vec<Word<'_>> {
    const BLANKS: [char; 2] = [' ', '\t'];
    let is_wide = |letter: char| measure_text_width(letter.encode_utf8(&mut [0; 4])) > 1;
    let (mut words, mut start, mut begin) = (Vec::new(), 0, 0);
    let ends = line.split_inclusive(BLANKS).flat_map(|word| {
        let before = begin;
        begin += word.len();
        unicode_linebreak::linebreaks(word).map(move |(at, _)| before + at)
    });
    for at in ends {
        let (before, behind) = line.split_at(at);
        let ends = before.ends_with(BLANKS) && !behind.starts_with(BLANKS)
            || before.ends_with(is_wide)
            || behind.starts_with(is_wide)
            || behind.is_empty();
        let is_open = |text: &str| text.matches('`').count() % 2 == 1;
        let quoted = is_open(&line[start..at])
            .then(|| behind.find('`'))
            .flatten();
        let is_held = quoted.is_some_and(|end| measure_text_width(&line[start..=at + end]) <= room);
        if ends && !is_held {
            words.push(Word::from(&line[start..at]));
            start = at;
        }
    }
    words
}

/// The part of a long line that tells: around `what` where that stands in it, else its end, for go and git nest
/// their errors and the cause stands last. Cut between words, with a mark where something is left out.
#[must_use]
pub(crate) fn excerpt(text: &str, what: Option<&str>, most: usize) -> String {
    const MARK: &str = "\u{2026} ";
    if measure_text_width(text) <= most {
        return text.to_owned();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let widths: Vec<usize> = words
        .iter()
        .map(|word| measure_text_width(word) + 1)
        .collect();
    let room = most.saturating_sub(2 * MARK.chars().count());
    let fitting = |from: usize| {
        let mut left = room;
        let fit = widths[from..].iter().take_while(|&&width| {
            let fits = width <= left + 1; // the last has no blank behind it
            left = left.saturating_sub(width);
            fits
        });
        from + fit.count()
    };
    // the last words that fit
    let mut first = words.len();
    let mut left = room;
    while first > 0 && widths[first - 1] <= left + 1 {
        left = left.saturating_sub(widths[first - 1]);
        first -= 1;
    }
    let matters = what.and_then(|what| {
        let at = text.find(what)?;
        Some(text[..at].split_whitespace().count().min(words.len() - 1))
    });
    let (first, last) = match matters {
        Some(word) if word < first => (word, fitting(word)),
        _ => (first, words.len()),
    };
    if first >= last {
        // one word longer than a line
        return hard(text, most);
    }
    let (before, behind) = (first > 0, last < words.len());
    let cut = words[first..last].join(" ");
    format!(
        "{}{cut}{}",
        if before { MARK } else { "" },
        if behind { " \u{2026}" } else { "" }
    )
}

/// The end of a text without blanks, in columns.
fn hard(text: &str, most: usize) -> String {
    let mut room = most - 1; // for the mark
    let kept = text.char_indices().rev().take_while(|&(at, letter)| {
        let width = measure_text_width(&text[at..at + letter.len_utf8()]);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    });
    let start = kept.last().map_or(text.len(), |(at, _)| at);
    format!("\u{2026}{}", &text[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_keeps_its_commands_and_wraps_its_comments() {
        let command = "export SSL_CERT_FILE=/home/dev/.config/gomend/ca.pem";
        assert_eq!(recipe(command, 4, Some(30)), command);
        assert_eq!(
            recipe("# change it where it is set (IDE, CI)", 4, Some(30)),
            "# change it where it is\n    # set (IDE, CI)"
        );
        assert_eq!(recipe("# short", 4, None), "# short");
    }

    #[test]
    fn sentences_are_wrapped() {
        let text = "word ".repeat(40);
        let lines = fit(&text, 8, 4, Some(60));
        for (at, line) in lines.lines().enumerate() {
            let used = if at == 0 { 8 } else { 0 };
            assert!(used + line.len() <= 60, "{line}");
            assert!(at == 0 || line.starts_with("    word"), "{line}");
        }
        assert_eq!(lines.split_whitespace().count(), 40);
        assert_eq!(fit(&text, 8, 4, None), text);
        let long = format!("see {}", "x".repeat(90));
        assert_eq!(
            fit(&long, 0, 2, Some(60)),
            format!("see\n  {}", "x".repeat(90))
        );
    }

    #[test]
    fn a_path_begins_a_line_where_it_fits_there() {
        for first in ["/", "!", "}", "...", ")"] {
            let word = format!("{first}{}", "x".repeat(50));
            assert_eq!(
                fit(&format!("here: {word}"), 7, 7, Some(60)),
                format!("here:\n       {word}")
            );
        }
    }

    #[test]
    fn a_command_stays_together_where_it_fits() {
        let text = "type it here and now: `gomend install --shell none --dir DIR`, then go on";
        let lines = fit(text, 0, 2, Some(60));
        assert!(
            lines.contains("`gomend install --shell none --dir DIR`,"),
            "{lines}"
        );
        let whole = format!("`{}`", "word ".repeat(30));
        assert!(
            fit(&whole, 0, 0, Some(40))
                .lines()
                .all(|line| line.len() <= 40)
        );
    }

    #[test]
    fn chinese_is_wrapped_by_the_width_of_its_characters() {
        let text = "之后 go 直接从仓库获取 git.corp.example/team，不再向模块代理和校验和数据库查询（`GOPRIVATE`）。git 必须能自行登录那里。";
        for text in [text.to_owned(), text.repeat(3), text.replace(' ', "")] {
            let lines = fit(&text, 2, 2, Some(78));
            for line in lines.lines() {
                assert!(measure_text_width(line) <= 78, "{line}");
                assert!(!line.trim_start().starts_with(['，', '。', '）']), "{line}");
                assert!(!line.ends_with('（'), "{line}");
            }
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(bare(&lines), bare(&text));
        }
    }

    #[test]
    fn an_excerpt_is_cut_between_words_around_what_matters() {
        let long = format!(
            "go: {}lookup x.example: no such host",
            "a.example/m@v1: ".repeat(20)
        );
        let cut = excerpt(&long, None, 60);
        assert!(cut.starts_with("\u{2026} a.example/m@v1: "), "{cut}");
        assert!(cut.ends_with("lookup x.example: no such host"), "{cut}");
        let early = format!(
            "go: lookup x.example: no such host {}",
            "and more ".repeat(30)
        );
        let cut = excerpt(&early, Some("no such host"), 60);
        assert!(
            cut.contains("no such host and more") && cut.ends_with('\u{2026}'),
            "{cut}"
        );
        for most in [40, 60, 140] {
            for text in [&long, &early, &"连接超时 ".repeat(60), &"x".repeat(400)] {
                assert!(measure_text_width(&excerpt(text, Some("host"), most)) <= most);
            }
        }
        assert_eq!(excerpt("short", None, 60), "short");
    }
}
