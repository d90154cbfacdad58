//! What every format is read into: blocks in reading order.

use serde::{Deserialize, Serialize};

/// A document as it was read, before its structure is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Document {
    /// The file's name without its folder; it begins every path and every id.
    pub name: String,
    /// The title that the format itself gives (document information, `<title>`), where there is one.
    pub title: Option<String>,
    /// Everything that is written, in reading order, furniture included.
    pub blocks: Vec<Block>,
    /// The bookmarks, by which a tree is checked.
    pub outline: Vec<OutlineEntry>,
    /// One report for each page; empty for formats without pages.
    pub pages: Vec<PageReport>,
}

/// A bookmark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineEntry {
    /// 0 for the outermost.
    pub depth: u8,
    /// As it is written.
    pub title: String,
    /// The page it leads to, from 1, where that is known.
    pub page: Option<u32>,
}

/// A stretch of a document that is one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// What it is and says.
    pub content: Content,
    /// How it is set.
    pub look: Look,
    /// Where it stands, so that a person can find it again; several where it goes over a page's end.
    pub places: Vec<Place>,
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A paragraph, its lines joined.
    Paragraph(String),
    /// A heading, where the format itself says so.
    Heading {
        /// From 1.
        level: u8,
        /// Without the format's own marks.
        text: String,
    },
    /// An item of a list, where the format itself says so.
    ListItem {
        /// 0 for the outermost list.
        depth: u8,
        /// `1.`, `가.`, `-` as written.
        marker: String,
        /// Without the marker.
        text: String,
    },
    /// A table of data.
    Table(Table),
    /// A running head, a running foot or a page number.
    Furniture(String),
}

/// A table, row by row. A cell that spans several rows or columns stands once, at its first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Table {
    /// From top to bottom.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows at the top are headings.
    pub heading_rows: u32,
}

impl Table {
    /// Its words, a line for each row, ` | ` between cells. It is how a table counts as a document's text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            if !out.is_empty() {
                out.push('\n');
            }
            for (i, cell) in row.iter().enumerate() {
                if i > 0 {
                    out.push_str(" | ");
                }
                out.extend(
                    cell.text
                        .split('\n')
                        .enumerate()
                        .flat_map(|(n, line)| [if n > 0 { " " } else { "" }, line]),
                );
            }
        }
        out
    }

    /// How many rows at the top are headings where nothing marks them: the first one, where it only names things and more
    /// follow, with the rows that its cells reach down to. A number in brackets is the unit of a column: `일비 (1일)`.
    pub(super) fn named_rows(rows: &[Vec<Cell>]) -> u32 {
        const MOST: u32 = 3;
        let names = |cell: &Cell| {
            let letters = cell.text.chars().count();
            let name = cell.text.split('(').next().unwrap_or_default();
            (1..=20).contains(&letters)
                && !name.chars().any(|c| c.is_ascii_digit())
                && name.chars().any(char::is_alphabetic)
                && !cell.text.ends_with('.')
        };
        let all_name = |row: &Vec<Cell>| row.iter().all(names);
        if rows.len() < 2 || rows[0].len() < 2 || !all_name(&rows[0]) {
            return 0;
        }
        let reach = rows[0].iter().map(|cell| cell.rows).max().unwrap_or(1).min(MOST);
        let is_head = (reach as usize) < rows.len() && rows[1..reach as usize].iter().all(all_name);
        if is_head { reach } else { 1 }
    }

    /// Takes the first rows for headings where the file marks none and a column has numbers under a name. A table of
    /// names alone – offices and their towns – may as well have none.
    pub(super) fn find_head(&mut self) {
        if self.heading_rows > 0 {
            return;
        }
        let head = Self::named_rows(&self.rows);
        let has_number = |cell: &Cell| cell.text.chars().any(|c| c.is_ascii_digit());
        let below = self.rows.iter().skip(head as usize).flatten();
        if head > 0 && below.filter(|cell| cell.column > 0).any(has_number) {
            self.heading_rows = head;
        }
    }

    /// The cells that fill each row, from left to right: its own, and those that began in a row above it.
    pub fn full_rows(&self) -> Vec<Vec<&Cell>> {
        // Cells that go on, each with the rows that it still fills.
        let mut open: Vec<(&Cell, u32)> = Vec::new();
        let mut out = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let mut cells: Vec<&Cell> = open.iter().map(|(cell, _)| *cell).chain(row).collect();
            cells.sort_by_key(|cell| cell.column);
            out.push(cells);
            open.extend(row.iter().map(|cell| (cell, cell.rows.max(1))));
            for (_, left) in &mut open {
                *left -= 1;
            }
            open.retain(|(_, left)| *left > 0);
        }
        out
    }

    /// What the rows of headings say over a cell, from top to bottom, each heading once.
    pub fn headings_over(&self, cell: &Cell) -> Vec<&str> {
        let rows = self.rows.iter().take(self.heading_rows as usize);
        let over = rows.flatten().filter(|head| {
            head.column < cell.column + cell.columns.max(1) && cell.column < head.column + head.columns.max(1)
        });
        over.map(|head| head.text.as_str()).filter(|text| !text.is_empty()).collect()
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// Its lines joined; may be empty.
    pub text: String,
    /// The first column it fills, from 0.
    pub column: u32,
    /// Columns it fills, at least 1.
    pub columns: u32,
    /// Rows it fills, at least 1.
    pub rows: u32,
}

/// How a block is set; zeros and `false` where the format does not say.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Look {
    /// The size of most of its letters, in points.
    pub size: f32,
    /// Whether most of its letters are bold.
    pub bold: bool,
    /// Whether it is centred in its column.
    pub centred: bool,
    /// The distance of its first line from the column's left edge, in points.
    pub indent: f32,
    /// The same for its further lines; equal to `indent` where there is only one.
    pub hang: f32,
}

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The page from 1, or 0 where the format has no pages.
    pub page: u32,
    /// The line from 1 of a text format, or 0.
    pub line: u32,
    /// The rectangle on the page, in points from its lower left corner; all zero where there is none.
    pub bounds: Rect,
}

/// A rectangle in points; `y` grows upwards.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rect {
    /// Left.
    pub x0: f32,
    /// Bottom.
    pub y0: f32,
    /// Right.
    pub x1: f32,
    /// Top.
    pub y1: f32,
}

/// What was met on a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageReport {
    /// From 1.
    pub page: u32,
    /// Width in points, after rotation.
    pub width: f32,
    /// Height in points, after rotation.
    pub height: f32,
    /// Characters that were read.
    pub characters: u64,
    /// What a person should know of.
    pub findings: Vec<PageFinding>,
}

/// What a person should know about a page. None of them stops the reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageFinding {
    /// There is a picture and no text, or too much of the text has no known characters.
    NeedsOcr {
        /// Characters whose meaning the file does not tell.
        unknown: u64,
    },
    /// Some characters have no known meaning; U+FFFD stands for each.
    UnknownCharacters {
        /// How many.
        count: u64,
    },
    /// Text that no reader sees was left out.
    HiddenText {
        /// Characters that were left out.
        characters: u64,
    },
    /// Text outside the page's visible box was left out.
    OutsidePage {
        /// Characters that were left out.
        characters: u64,
    },
    /// The page's content ends early or cannot be understood in places; what was understood is kept.
    Damaged,
    /// A limit on work was reached; the rest of the page was not read.
    TooMuch {
        /// What there was too much of: `operators`, `glyphs`, `form depth`.
        what: String,
        /// The limit.
        limit: u64,
    },
}

/// What a reader's tests show of a document: a line for each block.
#[cfg(test)]
pub(super) fn shown_blocks(document: &Document) -> Vec<String> {
    let shown = |block: &Block| match &block.content {
        Content::Paragraph(text) => text.clone(),
        Content::Heading { level, text } => format!("h{level} {text}"),
        Content::ListItem { depth, marker, text } => format!("{depth} {marker} {text}"),
        Content::Table(table) => format!("{} {}", table.heading_rows, table.text()),
        Content::Furniture(text) => format!("~{text}"),
    };
    document.blocks.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_fills_every_row_that_it_spans_and_stands_under_all_its_headings() {
        let cell = |text: &str, column, columns, rows| Cell { text: text.into(), column, columns, rows };
        let table = Table {
            rows: vec![
                vec![cell("구분", 0, 2, 2), cell("휴가", 2, 2, 1)],
                vec![cell("유급", 2, 1, 1), cell("무급", 3, 1, 1)],
                vec![cell("사망", 0, 1, 2), cell("배우자", 1, 1, 1), cell("7일", 2, 1, 1), cell("", 3, 1, 1)],
                vec![cell("부모", 1, 1, 1), cell("5일", 2, 2, 1)],
            ],
            heading_rows: 2,
        };
        let texts = |row: &Vec<&Cell>| row.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        let full: Vec<Vec<String>> = table.full_rows().iter().map(texts).collect();
        assert_eq!(full[1], ["구분", "유급", "무급"]);
        assert_eq!(full[2], ["사망", "배우자", "7일", ""]);
        assert_eq!(full[3], ["사망", "부모", "5일"]);
        assert_eq!(table.headings_over(&table.rows[2][2]), ["휴가", "유급"]);
        assert_eq!(table.headings_over(&table.rows[3][1]), ["휴가", "유급", "무급"]);
        assert_eq!(table.headings_over(&table.rows[3][0]), ["구분"]);
    }

    /// Rows of cells, each a text with how many rows it reaches down.
    fn rows(rows: &[&[(&str, u32)]]) -> Vec<Vec<Cell>> {
        let cell = |(column, &(text, rows)): (usize, &(&str, u32))| Cell {
            text: text.to_owned(),
            column: column as u32,
            columns: 1,
            rows,
        };
        rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect()
    }

    #[test]
    fn a_head_may_have_units_and_a_second_row() {
        let body: &[(&str, u32)] = &[("대리", 1), ("3만원", 1), ("2만원", 1)];
        for (head, want) in [
            (rows(&[&[("직급", 1), ("일비 (1일)", 1), ("식비", 1)], body]), 1),
            (rows(&[&[("직급", 2), ("여비", 1)], &[("일비", 1), ("식비", 1)], body]), 2),
            // What reaches down into values is no head of two rows.
            (rows(&[&[("직급", 2), ("여비", 1)], body]), 1),
            (rows(&[&[("대리", 1), ("3만원", 1)], body]), 0),
            (rows(&[&[("소속", 1), ("", 1)], body]), 0),
        ] {
            assert_eq!(Table::named_rows(&head), want, "{head:?}");
        }
    }
}
