//! A document without pages: its places one after the other, each with its level and path.

use std::fmt::Write as _;

use data::documents::{Content, Level, Node, Table};

use super::words::Words;
use super::{Sheet, class, is_headed};
use crate::report::html::esc;

/// Lines that were taken out and are shown.
const FURNITURE: usize = 40;

/// Writes the first `most` places.
pub(super) fn write(out: &mut String, sheet: &Sheet, most: usize, words: Words) {
    out.push_str("<div class=\"flow\">\n");
    for node in sheet.tree.nodes.iter().take(most) {
        if node.heading.is_empty() && node.text.is_empty() && node.table.is_none() {
            continue;
        }
        place(out, node, words);
    }
    let blocks = sheet.document.blocks.iter();
    let taken: Vec<&str> = blocks
        .filter_map(|block| match &block.content {
            Content::Furniture(text) => Some(text.as_str()),
            _ => None,
        })
        .take(FURNITURE)
        .collect();
    for text in taken {
        let _ = writeln!(
            out,
            "<div class=\"place\"><span class=\"where\"></span><p class=\"furniture\">{}</p></div>",
            esc(text)
        );
    }
    out.push_str("</div>\n");
}

fn place(out: &mut String, node: &Node, words: Words) {
    let name = if is_headed(node.level) || node.level == Level::Preamble {
        format!("<b class=\"mark {}\">{}</b> {}", class(node.level), words.level(node.level), esc(&node.path))
    } else {
        String::new()
    };
    let heading = if node.heading.is_empty() {
        String::new()
    } else {
        format!("<b class=\"ground {}\">{}</b> ", class(node.level), esc(&node.heading))
    };
    let table = node.table.as_ref().map(table).unwrap_or_default();
    let text = format!("{heading}{}", esc(&node.text));
    let text = if text.is_empty() { String::new() } else { format!("<p>{text}</p>") };
    let _ = writeln!(
        out,
        "<div class=\"place\"><span class=\"where\">{name}</span><div dir=\"auto\">{text}{table}</div></div>"
    );
}

fn table(table: &Table) -> String {
    let mut out = String::from("<table>");
    for (n, row) in table.rows.iter().enumerate() {
        let tag = if n < table.heading_rows as usize { "th" } else { "td" };
        out.push_str("<tr>");
        for cell in row {
            let _ = write!(
                out,
                "<{tag} colspan=\"{}\" rowspan=\"{}\">{}</{tag}>",
                cell.columns,
                cell.rows,
                esc(&cell.text)
            );
        }
        out.push_str("</tr>\n");
    }
    out + "</table>"
}
