//! Documents: their structure, and the pieces they are read in.

use std::path::Path;

use data::documents::{Level, Node, Reading, Tree};
use serde_json::json;

use super::Tap;
use crate::console::error::fail;
use crate::console::{Console, format};
use crate::project::Project;
use crate::recipe::Source;
use crate::stages::editions::Editions;
use crate::stages::{Names, chunk, folder, jsonl, look, parse, privacy, tree_mask};

/// Columns of a node's text that are shown.
const SHOWN_COLUMNS: usize = 72;

impl Tap {
    /// The sources of documents that are meant.
    pub(super) fn documents<'a>(project: &'a Project, instance: &str) -> anyhow::Result<Vec<&'a Source>> {
        let all: Vec<_> = project.resolved().source.values().filter(|source| source.is_documents()).collect();
        let meant: Vec<_> =
            all.iter().copied().filter(|s| instance.is_empty() || s.name == instance).collect();
        if meant.is_empty() {
            let known: Vec<_> = all.iter().map(|source| format!("`{}`", source.name)).collect();
            let hint = match known.as_slice() {
                [] => {
                    "[source.NAME] kind = \"documents\" reads PDF, DOCX, Markdown, HTML and text".to_owned()
                }
                known => format!("there are {}", known.join(", ")),
            };
            return Err(fail("there is no such source of documents in the recipe", hint));
        }
        Ok(meant)
    }

    /// The structure of each document; all of it unless -n is given.
    pub(super) fn trees(
        &self,
        project: &Project,
        instance: &str,
        reveal: bool,
        console: &Console,
    ) -> anyhow::Result<()> {
        let limit = self.n.filter(|&n| n > 0).unwrap_or(usize::MAX);
        for source in Self::documents(project, instance)? {
            let folder = project.results()?.output(&Names::parse(&source.name), Names::TREES)?;
            if self.rejected {
                self.unread(&folder, console)?;
                continue;
            }
            let secret = privacy::secret_bytes(project)?;
            let masker = privacy::masker(&project.resolved().prepare.mask, source.public, &secret)?;
            let editions = Editions::read(&folder)?;
            let aside = editions.set_aside();
            let readings = jsonl::lines::<Reading>(&folder.join(parse::READINGS))?;
            for (tree, reading) in jsonl::lines::<Tree>(&folder.join(parse::TREES))?.zip(readings) {
                let (mut tree, reading) = (tree?, reading?);
                if !reveal {
                    tree_mask::mask(&mut tree, &masker, None, &mut std::collections::BTreeMap::new());
                }
                if self.json {
                    tree.nodes.truncate(limit);
                    console.print(json!(tree).to_string());
                    continue;
                }
                let pages = match reading.document.pages.len() {
                    0 => String::new(),
                    1 => ", 1 page".to_owned(),
                    n => format!(", {n} pages"),
                };
                console.print(format!("{}: {}{pages}", tree.document, tree.title));
                if let Some(used) = aside.get(tree.document.as_str()) {
                    console.print(format!("  ! set aside: the edition in use is {used}"));
                }
                for line in outline(&tree).into_iter().take(limit) {
                    console.print(line);
                }
                for finding in findings(&reading, &tree) {
                    console.print(format!("  ! {finding}"));
                }
            }
            for line in folder::lines(&parse::unread(&folder)?) {
                self.head(&format!("! {line}"), console);
            }
        }
        Ok(())
    }

    /// What lies among the documents and is not read.
    fn unread(&self, folder: &Path, console: &Console) -> anyhow::Result<()> {
        for file in self.first(parse::unread(folder)?) {
            self.show(console, &format!("{}  of {}: {}", file.file, file.what, file.next), &json!(file));
        }
        Ok(())
    }

    /// The pieces that documents are read in.
    pub(super) fn chunks(&self, project: &Project, instance: &str, console: &Console) -> anyhow::Result<()> {
        for source in Self::documents(project, instance)? {
            let folder = project.results()?.output(&Names::chunk(&source.name), Names::CHUNKS)?;
            for piece in self.first(chunk::read(&folder)?) {
                let head = format!("{}  {} tokens", piece.id, piece.tokens);
                let text = format!("{head}\n  {}\n{}\n", piece.breadcrumb.join(" > "), piece.text);
                self.show(console, &text, &json!(piece));
            }
        }
        Ok(())
    }
}

/// The tree as lines, the inner further to the right.
fn outline(tree: &Tree) -> Vec<String> {
    let mut depths: Vec<usize> = Vec::with_capacity(tree.nodes.len());
    let mut lines = Vec::new();
    for node in &tree.nodes {
        let depth = node.parent.map_or(0, |parent| depths[parent] + 1);
        depths.push(depth);
        if node.level != Level::Document || !node.text.is_empty() {
            lines.push(format!("{}{}", "  ".repeat(depth), line(node)));
        }
    }
    lines
}

/// A node on a line: its heading, and how its text begins.
fn line(node: &Node) -> String {
    let text = match &node.table {
        Some(table) => {
            let columns = table.rows.iter().map(|row| row.iter().map(|cell| cell.columns).sum::<u32>()).max();
            let first = table
                .rows
                .first()
                .map(|row| row.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(" | "));
            let first = first.unwrap_or_default();
            format!("[{} × {} table] {first}", table.rows.len(), columns.unwrap_or(0))
        }
        None => node.text.clone(),
    };
    let line = [node.heading.as_str(), text.as_str()].into_iter().filter(|part| !part.is_empty());
    format::clipped(&look::flat(&line.collect::<Vec<_>>().join("  ")), SHOWN_COLUMNS)
}

/// All that a person should look at.
fn findings(reading: &Reading, tree: &Tree) -> Vec<String> {
    let pages = reading.document.pages.iter().flat_map(|page| {
        page.findings.iter().map(|finding| format!("page {}: {}", page.page, parse::page_words(finding)))
    });
    let left_out = reading.left_out.iter().map(|left| format!("{} {} left out", left.count, left.what));
    pages.chain(left_out).chain(tree.findings.iter().map(parse::tree_words)).collect()
}
