//! Documents: rules, handbooks and manuals, from their files to the chunks that questions are asked about.
//!
//! 1. A file is read into [`Block`]s, by its format; what the reader met on the way is a [`PageReport`] for each page.
//! 2. Blocks become a [`Tree`] by their numbering and indentation first, and by their look where these say nothing.
//! 3. The tree's leaves become [`Chunk`]s, balanced by the model's own tokens.
//!
//! Nothing is lost on the way: furniture (running heads, page numbers) stays a block of its own kind, and a tree's
//! headings and texts, read in order, are the document's text without it.

pub mod block;
mod breaks;
pub mod chunk;
pub mod chunks;
pub mod docx;
mod flow;
pub mod html;
pub mod markdown;
pub mod numbering;
pub mod pdf;
pub mod read;
pub mod structure;
pub mod text;
pub mod tree;
pub mod versions;

pub use block::{
    Block, Cell, Content, Document, Look, OutlineEntry, PageFinding, PageReport, Place, Rect, Table,
};
pub use chunk::Chunk;
pub use read::{Format, LeftOut, Limits, ReadError, Reading, look, opens, read};
pub use tree::{Level, Node, Number, Tree, TreeFinding};
