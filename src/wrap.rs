//! Lines for a terminal: as wide as it is, words whole, what follows indented.
//!
//! In: text and columns. Out: the same text with line feeds. Widths are those on the terminal, not
//! counts of letters; what stands between backticks stays together where it fits. Where no terminal
//! is, nothing is broken: a log's reader has a width of their own.

use console::measure_text_width;

/// Narrower than this is no place to wrap for.
const LEAST: usize = 40;

/// The columns of the terminal that stdout (1) or stderr (2) is; `None`: there is no terminal, or it doesn't say.
#[must_use]
pub fn columns(fd: i32) -> Option<usize> {
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
pub fn fit(text: &str, used: usize, indent: usize, columns: Option<usize>) -> String {
    let Some(columns) = columns else {
        return text.to_owned();
    };
    if !text.contains('\n') && used + measure_text_width(text) <= columns {
        return text.to_owned();
    }
    let mut lines = String::new();
    for (at, line) in text.split('\n').enumerate() {
        let mut column = used;
        if at > 0 {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            column = indent;
        }
        let mut begins = true;
        for (blank, piece) in pieces(line, columns.saturating_sub(indent)) {
            let width = measure_text_width(piece);
            let blank = if begins { "" } else { blank };
            if !begins && column + blank.len() + width > columns {
                lines.push('\n');
                lines.push_str(&" ".repeat(indent));
                column = indent;
            } else {
                lines.push_str(blank);
                column += blank.len();
            }
            lines.push_str(piece);
            column += width;
            begins = false;
        }
    }
    lines
}

/// A line of a recipe, `indent` columns from the left: whole, to be pasted; a comment in as many lines as it takes.
#[must_use]
pub fn recipe(line: &str, indent: usize, columns: Option<usize>) -> String {
    const MARK: &str = "# ";
    let Some(comment) = line.strip_prefix(MARK) else {
        return line.to_owned();
    };
    let margin = " ".repeat(indent + MARK.len());
    let fitted = fit(comment, margin.len(), margin.len(), columns);
    let further = format!("\n{}{MARK}", " ".repeat(indent));
    format!("{MARK}{}", fitted.replace(&format!("\n{margin}"), &further))
}

/// What stays together in a line of `room` columns, with the blank that stands before it otherwise:
/// words, what stands between backticks, and Chinese characters one by one with the punctuation
/// that belongs to them.
fn pieces(text: &str, room: usize) -> Vec<(&'static str, &str)> {
    let mut pieces = Vec::new();
    for word in spans(text, room) {
        let mut starts = vec![0];
        let letters = word.char_indices().zip(word.chars().skip(1));
        let mut quoted = false;
        for ((at, letter), next) in letters {
            quoted ^= letter == '`';
            if !quoted && parts(letter, next) {
                starts.push(at + letter.len_utf8());
            }
        }
        let ends = starts.iter().skip(1).copied().chain([word.len()]);
        for (start, end) in starts.iter().zip(ends.collect::<Vec<_>>()) {
            pieces.push((if *start == 0 { " " } else { "" }, &word[*start..end]));
        }
    }
    pieces
}

/// Words; several as one where backticks hold them together and they fit into a line.
fn spans(text: &str, room: usize) -> Vec<&str> {
    let begins = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let mut spans = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let mut span = word;
        let mut ahead = words.clone();
        while !span.matches('`').count().is_multiple_of(2)
            && let Some(next) = ahead.next()
        {
            span = &text[begins(word)..begins(next) + next.len()];
        }
        let closed = span.matches('`').count().is_multiple_of(2);
        if closed && measure_text_width(span) <= room {
            spans.push(span);
            words = ahead;
        } else {
            spans.push(word);
        }
    }
    spans
}

/// Whether a line may end between two letters: beside a wide one, but neither before what closes
/// nor behind what opens (Requirements for Chinese Text Layout, "Prohibition rules for line
/// start and line end").
fn parts(letter: char, next: char) -> bool {
    const OPENS: &str = "（“‘《〈【「『([{`";
    const CLOSES: &str = "，。；：、！？）”’》〉】」』…—)]},.;:!?`%";
    let is_wide = |letter: char| measure_text_width(letter.encode_utf8(&mut [0; 4])) > 1;
    (is_wide(letter) || is_wide(next)) && !OPENS.contains(letter) && !CLOSES.contains(next)
}

/// The part of a long line that tells: around `what` where that stands in it, else its end, for go and git nest
/// their errors and the cause stands last. Cut between words, with a mark where something is left out.
#[must_use]
pub fn excerpt(text: &str, what: Option<&str>, most: usize) -> String {
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
