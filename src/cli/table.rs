//! A table as wide as the terminal; where that is too narrow for it, a few lines for each row.
//!
//! In: heads and cells, painted or not. Out: text. Widths are those on the terminal. Columns in
//! which nothing stands are left out.

use console::{Alignment, Style as Paint, measure_text_width, pad_str};

use crate::wrap;

/// Before every line.
const MARGIN: usize = 2;
/// Between two columns.
const GAP: usize = 2;
/// The least room in which the last cell goes on below itself, columns.
const LEAST: usize = 24;

/// How a table may look.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Look {
    /// The terminal's width; `None`: whoever reads it breaks the lines.
    pub(in crate::cli) columns: Option<usize>,
    /// ANSI colours.
    pub(in crate::cli) colour: bool,
}

/// What stands above the columns, and below.
pub(in crate::cli) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows yet; empty heads: no line above the columns.
    pub(in crate::cli) fn new<const N: usize>(head: [String; N]) -> Self {
        Self {
            head: head.into(),
            rows: Vec::new(),
        }
    }

    /// One more row, with a cell for each column.
    pub(in crate::cli) fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.head.len(), "a cell for each column");
        self.rows.push(cells.into());
    }

    /// No row at all.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Its lines, each with its end.
    pub(in crate::cli) fn render(&self, look: Look) -> String {
        let used: Vec<usize> = (0..self.head.len())
            .filter(|&at| self.rows.iter().any(|row| !row[at].is_empty()))
            .collect();
        let Some((&last, before)) = used.split_last() else {
            return String::new();
        };
        let widths: Vec<usize> = used.iter().map(|&at| self.width(at)).collect();
        let (last_width, before_widths) = widths.split_last().unwrap_or((&0, &[]));
        let begin = MARGIN + before_widths.iter().map(|width| width + GAP).sum::<usize>();
        let fits = look.columns.is_none_or(|columns| {
            let needed = if self.is_prose(last) {
                LEAST
            } else {
                *last_width
            };
            begin + needed <= columns
        });
        if !fits {
            return self.in_lines(&used, look);
        }
        let line = |cells: &[String], paint: &Paint| {
            let mut line = " ".repeat(MARGIN);
            for (&at, &width) in before.iter().zip(before_widths) {
                let cell = paint.apply_to(&cells[at]).to_string();
                line += &pad_str(&cell, width + GAP, Alignment::Left, None);
            }
            let cell = wrap::fit(&cells[last], begin, begin, look.columns);
            line += &paint.apply_to(cell).to_string();
            line.trim_end().to_owned() + "\n"
        };
        let mut text = String::new();
        if used.iter().any(|&at| !self.head[at].is_empty()) {
            text += &line(&self.head, &dim(look));
        }
        for row in &self.rows {
            text += &line(row, &Paint::new());
        }
        text
    }

    /// As wide as its widest cell.
    fn width(&self, at: usize) -> usize {
        let cells = self.rows.iter().chain([&self.head]).map(|row| &row[at]);
        cells
            .map(|cell| measure_text_width(cell))
            .max()
            .unwrap_or(0)
    }

    /// Whether the cells of a column may be broken between words.
    fn is_prose(&self, at: usize) -> bool {
        let is_long = |row: &Vec<String>| measure_text_width(&row[at]) > LEAST;
        self.rows.iter().any(is_long)
    }

    /// A row's first cell, and below it what the others are called and hold.
    fn in_lines(&self, used: &[usize], look: Look) -> String {
        let heads = used.iter().skip(1);
        let label = heads
            .map(|&at| measure_text_width(&self.head[at]))
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for row in &self.rows {
            let mut first = true;
            for &at in used {
                if row[at].is_empty() && !first {
                    continue;
                }
                let head = if first || label == 0 {
                    String::new()
                } else {
                    let head = dim(look).apply_to(&self.head[at]).to_string();
                    pad_str(&head, label + GAP, Alignment::Left, None).into_owned()
                };
                let indent = if first { MARGIN } else { 2 * MARGIN };
                let begin = " ".repeat(indent) + &head;
                let column = measure_text_width(&begin);
                let cell = wrap::fit(&row[at], column, column, look.columns);
                text += (begin + &cell).trim_end();
                text.push('\n');
                first = false;
            }
        }
        text
    }
}

/// What is beside the point.
pub(in crate::cli) fn dim(look: Look) -> Paint {
    Paint::new().dim().force_styling(look.colour)
}

/// A mark, and what it stands before, to the terminal's width.
pub(in crate::cli) fn marked(mark: &str, text: &str) -> String {
    let mark = console::pad_str(mark, 6, console::Alignment::Left, None);
    let text = wrap::fit(text, 7, 7, wrap::columns(1));
    format!("{mark} {text}\n")
}

/// A line that belongs to the one above it.
pub(in crate::cli) fn below(text: &str) -> String {
    format!("         {}\n", wrap::fit(text, 9, 9, wrap::columns(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(columns: Option<usize>) -> Look {
        Look {
            columns,
            colour: false,
        }
    }

    fn table() -> Table {
        let words = |words: [&str; 4]| words.map(str::to_owned);
        let mut table = Table::new(words(["asked", "answer", "", "time"]));
        table.row(words(["10.20.0.53", "NXDOMAIN", "", "2 ms"]));
        table.row(words(["名称服务器", "没有这个名称", "", "30 ms"]));
        table
    }

    #[test]
    fn columns_stand_below_each_other_in_either_script() {
        let text = table().render(look(None));
        assert_eq!(
            text,
            "  asked       answer        time\n  10.20.0.53  NXDOMAIN      2 ms\n  名称服务器  没有这个名称  30 ms\n"
        );
        assert_eq!(text, table().render(look(Some(60))));
    }

    #[test]
    fn a_narrow_terminal_gets_lines() {
        assert_eq!(
            table().render(look(Some(24))),
            "  10.20.0.53\n    answer  NXDOMAIN\n    time    2 ms\n  名称服务器\n    answer  没有这个名称\n    time    30 ms\n"
        );
    }

    #[test]
    fn prose_goes_on_below_itself() {
        let mut table = Table::new([String::new(), String::new()]);
        let said = "a server said so much that no line can hold it all".to_owned();
        table.row(["it says".to_owned(), said]);
        for line in table.render(look(Some(40))).lines().skip(1) {
            assert!(
                line.starts_with("           ") && line.len() <= 40,
                "{line}"
            );
        }
    }

    #[test]
    fn nothing_is_painted_without_colours() {
        assert!(!table().render(look(None)).contains('\u{1b}'));
        let look = Look {
            columns: None,
            colour: true,
        };
        assert!(table().render(look).contains('\u{1b}'));
    }
}
