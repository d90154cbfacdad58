//! A document becomes a tree.
//!
//! 1. Blocks become lines, each with what it may begin ([`numbering`](super::numbering)).
//! 2. Contents pages and tables of old and new wording are recognised and set apart.
//! 3. The headings that follow one another are the divisions and articles; a number out of its place is a cross
//!    reference. A document without articles has the headings that its format gives, else those that stand out.
//! 4. Lines become nodes, in order. Items of lists are decided here, each by the list that is open.
//! 5. The tree is held against the contents page and the bookmarks.

use super::block::{Content, Document};
use super::tree::{Level, Tree};

mod acceptance;
mod builder;
mod comparison;
mod contents;
mod headings;
mod lines;
mod lists;
mod paths;
mod revisions;
mod sequence;
mod title;

pub use acceptance::{Mismatch, accept, document_text, tree_text};

use lines::{Line, Role};

/// The structure of a document. Nothing is lost on the way; [`accept`] checks it.
pub fn tree(document: &Document) -> Tree {
    let texts = lines::texts(document);
    let mut lines = lines::lines(document, &texts);
    comparison::mark(&mut lines);
    let entries = contents::mark(&mut lines);
    let ranks = sequence::Ranks::of(&lines);
    sequence::mark(&mut lines, ranks);
    let articles =
        lines.iter().any(|l| l.role == Role::Division && l.marker.is_some_and(|m| m.level == Level::Article));
    if !articles {
        leave_to_format(&mut lines);
    }
    if headings::has_articles(&lines) {
        headings::mark_of_format(&mut lines);
    } else {
        headings::mark(&mut lines);
    }
    join_titles(&mut lines);
    let korean = is_korean(document);
    let mut builder = builder::Builder::new(&lines, ranks, korean, headings::has_articles(&lines));
    builder.build();
    let (nodes, findings) = (builder.nodes, builder.findings);
    let title = title::title(document, &lines);
    let mut tree = Tree { document: document.name.clone(), title: title.clone(), nodes, findings };
    tree.nodes[0].title = title;
    let checked = contents::check(&tree, &entries, &document.outline);
    tree.findings.extend(checked);
    tree
}

/// Without articles, headings of the format are what the format says, whatever their words; and where there are
/// many, a line `Chapter 2` that is none is a title page or a running head.
fn leave_to_format(lines: &mut [Line<'_>]) {
    let many = lines.iter().filter(|line| line.heading.is_some()).count() >= 5;
    let english = |line: &Line<'_>| {
        line.marker.is_some_and(|m| m.heading.starts_with(|c: char| c.is_ascii_alphabetic()))
    };
    for line in lines.iter_mut().filter(|line| line.role == Role::Division) {
        if line.heading.is_some() || (many && english(line)) {
            line.role = Role::Body;
        }
    }
}

/// A heading that is a number alone has its words on the next line.
fn join_titles(lines: &mut [Line<'_>]) {
    for i in 1..lines.len() {
        let (before, here) = (&lines[i - 1], &lines[i]);
        let Some(marker) = before.marker.filter(|m| before.role == Role::Division && m.title.is_empty())
        else {
            continue;
        };
        let words = here.text;
        let bracketed = words.starts_with(['(', '[', '【']) && words.ends_with([')', ']', '】']);
        let short = words.chars().count() <= 30 && !words.ends_with('.') && !words.ends_with('다');
        let fits = match marker.level {
            Level::Article => bracketed && short,
            Level::Part | Level::Chapter | Level::Section | Level::Subsection => short,
            _ => false,
        };
        let free = here.role == Role::Body && here.marker.is_none() && here.table.is_none() && !here.inline;
        if fits && free && marker.rest.is_empty() && !super::numbering::is_revision(words) {
            lines[i].role = Role::Title;
        }
    }
}

/// Whether most letters of the beginning are Hangul, which decides what paths are called.
fn is_korean(document: &Document) -> bool {
    let (mut hangul, mut latin) = (0usize, 0usize);
    for block in &document.blocks {
        let (Content::Paragraph(text) | Content::Heading { text, .. } | Content::ListItem { text, .. }) =
            &block.content
        else {
            continue;
        };
        for c in text.chars() {
            hangul += usize::from(('가'..='힣').contains(&c));
            latin += usize::from(c.is_ascii_alphabetic());
        }
        if hangul + latin > 20_000 {
            break;
        }
    }
    hangul * 3 > latin
}

#[cfg(test)]
mod tests;
