//! What a person is shown of a PDF: the file's own words about itself, and what was made of each page.

use serde::{Deserialize, Serialize};

use super::super::{Place, Rect};
use super::join::{Join, JoinReason};
use super::page::Order;

/// A PDF as it was read. The rectangles are in points from a page's lower left corner.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PdfLook {
    /// `1.7`.
    pub version: String,
    /// The program that wrote the file, by its own word.
    pub producer: Option<String>,
    /// The program that the document was written in.
    pub creator: Option<String>,
    /// Whether it is encrypted (then it opens without a password).
    pub encrypted: bool,
    /// What was found broken in the file and is read nevertheless.
    pub repairs: Vec<Repair>,
    /// The fonts, in the order in which they were met.
    pub fonts: Vec<FontLook>,
    /// One for each page.
    pub pages: Vec<PageLook>,
    /// Where lines were joined, in the order of the blocks.
    pub joins: Vec<JoinLook>,
}

/// What was found broken and is read nevertheless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// The table of objects does not stand where the file says; the objects were searched for.
    CrossReferences,
    /// The file does not begin with its header.
    Header,
    /// The end of the file is missing.
    End,
}

/// A font.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FontLook {
    /// Without the mark of a subset.
    pub name: String,
    /// Whether the file brings its letters along.
    pub embedded: bool,
    /// Whether the file tells its characters (ToUnicode).
    pub has_characters: bool,
    /// Whether it is bold.
    pub bold: bool,
}

/// What was made of a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageLook {
    /// From 1.
    pub page: u32,
    /// How its lines were put in order.
    pub order: Order,
    /// Its lines, in reading order.
    pub lines: Vec<LineLook>,
    /// The grids of its rules.
    pub grids: Vec<GridLook>,
    /// Text that no reader sees; of very much of it the beginning.
    pub hidden: Vec<HiddenLook>,
}

/// A line on a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LineLook {
    /// As it is read.
    pub text: String,
    /// Where it stands.
    pub bounds: Rect,
    /// The index of the block that it is part of; furniture is a block too.
    pub block: u32,
    /// Its place among the lines of the block, from 0: a table is read cell by cell.
    pub rank: u32,
}

/// Text that no reader sees, and that is therefore in no line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HiddenLook {
    /// What it says, as far as the file tells.
    pub text: String,
    /// Where it stands; outside of the page it may be.
    pub bounds: Rect,
    /// Why nobody sees it.
    pub reason: HiddenReason,
}

/// Why text is not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HiddenReason {
    /// It is neither filled nor stroked, as the text layer over a scanned page is.
    Invisible,
    /// Its letters are smaller than half a point.
    Tiny,
    /// It is white on nothing.
    White,
    /// It stands outside of the page's visible box.
    Outside,
}

/// A grid of rules on a page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridLook {
    /// The columns' edges, from left to right.
    pub xs: Vec<f32>,
    /// The rows' edges, from top to bottom.
    pub ys: Vec<f32>,
    /// Its cells.
    pub cells: Vec<Rect>,
    /// Whether it became a table; else its lines are text.
    pub is_table: bool,
}

/// Two lines that were joined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct JoinLook {
    /// The index of the block.
    pub block: u32,
    /// The line above.
    pub upper: Place,
    /// The line below.
    pub lower: Place,
    /// What stands between them now.
    pub join: Join,
    /// Why.
    pub reason: JoinReason,
}
