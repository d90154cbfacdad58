//! Text and Markdown: files, paragraphs or lines as rows, with the headings above them.
//!
//! Columns: `file` (relative to what was opened), `heading` (Markdown headings joined by ` > `), `text`.

use std::collections::VecDeque;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoding::{self, Decoder};
use super::{Item, Note, Source, SourceError};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value};

/// What becomes a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// A whole file.
    File,
    /// What stands between blank lines or headings.
    #[default]
    Paragraph,
    /// A line that is not blank.
    Line,
}

/// How to read text.
#[derive(Debug, Clone)]
pub struct TextOptions {
    /// What becomes a row.
    pub unit: Unit,
    /// A larger file is set aside.
    pub max_file_bytes: u64,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { unit: Unit::Paragraph, max_file_bytes: 256 << 20 }
    }
}

/// A text file, or all `.txt`, `.md` and `.markdown` files of a folder, as a source.
pub struct TextSource {
    schema: Arc<Schema>,
    source: Arc<str>,
    options: TextOptions,
    root: PathBuf,
    files: VecDeque<PathBuf>,
    rows: VecDeque<Item>,
    notes: Vec<Note>,
}

impl TextSource {
    /// Opens a file or a folder; a folder's files come in the order of their paths.
    ///
    /// # Errors
    /// What cannot be read, and a folder without such a file.
    pub fn open(path: &Path, source: &str, options: &TextOptions) -> Result<Self, SourceError> {
        let mut files = Vec::new();
        let (root, expected) = if path.is_dir() {
            walk(path, &mut files)?;
            files.sort();
            (path.to_owned(), "a .txt, .md or .markdown file")
        } else {
            std::fs::metadata(path).map_err(|cause| SourceError::Io { path: path.to_owned(), cause })?;
            files.push(path.to_owned());
            (path.parent().unwrap_or(Path::new("")).to_owned(), "text")
        };
        if files.is_empty() {
            return Err(SourceError::Empty { path: path.to_owned(), expected });
        }
        let columns = ["file", "heading", "text"]
            .map(|name| Column { name: name.to_owned(), kind: ColumnKind::Text })
            .to_vec();
        Ok(Self {
            schema: Arc::new(Schema { source: source.to_owned(), columns }),
            source: Arc::from(source),
            options: options.clone(),
            root,
            files: files.into(),
            rows: VecDeque::new(),
            notes: Vec::new(),
        })
    }

    fn read(&mut self, path: &Path) -> Result<(), SourceError> {
        let name = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let failed = |cause| SourceError::Io { path: path.to_owned(), cause };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        let set_aside = |reason: &str, detail: String| {
            Item::Rejected(Rejection {
                id: format!("{}#{name}", self.source),
                reason: reason.to_owned(),
                detail: format!("{}: {detail}", path.display()),
                text: String::new(),
            })
        };
        if size > self.options.max_file_bytes {
            let item =
                set_aside("file_too_large", format!("{size} bytes, at most {}", self.options.max_file_bytes));
            self.rows.push_back(item);
            return Ok(());
        }
        let mut file = encoding::open(path)?;
        let mut bytes = Vec::new();
        file.reader.read_to_end(&mut bytes).map_err(failed)?;
        let decoded = file.decoder.decode(&bytes);
        if decoded.replaced > 0 {
            let name = file.decoder.encoding().name();
            self.rows.push_back(set_aside(
                "bad_encoding",
                format!("{} characters are not {name}, which the rest of the file is", decoded.replaced),
            ));
        } else {
            let markdown = path.extension().is_some_and(|e| e != "txt");
            for (number, (heading, text)) in
                pieces(&decoded.text, self.options.unit, markdown).into_iter().enumerate()
            {
                let key = match self.options.unit {
                    Unit::File => name.clone(),
                    Unit::Paragraph | Unit::Line => format!("{name}:{}", number + 1),
                };
                let id = RecordId { source: Arc::clone(&self.source), key };
                let values = vec![Value::Text(name.clone()), Value::Text(heading), Value::Text(text)];
                self.rows.push_back(Item::Record(Record { id, schema: Arc::clone(&self.schema), values }));
            }
        }
        self.note(&file.decoder);
        Ok(())
    }

    /// One note an encoding, with the faults of all its files.
    fn note(&mut self, decoder: &Decoder) {
        for note in decoder.notes() {
            let known = self.notes.iter_mut().find_map(|known| match (known, &note) {
                (Note::Encoding { name: a, replaced }, Note::Encoding { name: b, replaced: more })
                    if a == b =>
                {
                    Some((replaced, *more))
                }
                (Note::NulBytes { removed }, Note::NulBytes { removed: more }) => Some((removed, *more)),
                _ => None,
            });
            match known {
                Some((sum, more)) => *sum += more,
                None => self.notes.push(note),
            }
        }
    }
}

impl Source for TextSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        while self.rows.is_empty() {
            let Some(path) = self.files.pop_front() else { return Ok(None) };
            self.read(&path)?;
        }
        Ok(self.rows.pop_front())
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SourceError> {
    let failed = |cause| SourceError::Io { path: folder.to_owned(), cause };
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        let text = path.extension().and_then(|e| e.to_str());
        let text = text.is_some_and(|e| ["txt", "md", "markdown"].contains(&e.to_ascii_lowercase().as_str()));
        if kind.is_dir() {
            walk(&path, files)?;
        } else if kind.is_file() && text {
            files.push(path);
        }
    }
    Ok(())
}

/// The pieces of a text, each with the headings above it.
fn pieces(text: &str, unit: Unit, markdown: bool) -> Vec<(String, String)> {
    if unit == Unit::File {
        let text = text.trim();
        return if text.is_empty() { Vec::new() } else { vec![(String::new(), text.to_owned())] };
    }
    let mut out = Vec::new();
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut piece = String::new();
    let mut fenced = false;
    for line in text.lines() {
        let breadcrumb = headings.iter().map(|(_, h)| h.as_str()).collect::<Vec<_>>().join(" > ");
        let fence =
            markdown && (line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~"));
        fenced ^= fence;
        let heading = if markdown && !fenced && !fence { heading(line) } else { None };
        // A blank line inside a code fence does not end its paragraph.
        let ends = heading.is_some() || (line.trim().is_empty() && !fenced) || unit == Unit::Line;
        if ends && !piece.is_empty() {
            out.push((breadcrumb.clone(), std::mem::take(&mut piece)));
        }
        if let Some((level, title)) = heading {
            headings.retain(|(l, _)| *l < level);
            headings.push((level, title.to_owned()));
        } else if !line.trim().is_empty() || fenced {
            if unit == Unit::Line {
                out.push((breadcrumb, line.trim().to_owned()));
            } else {
                if !piece.is_empty() {
                    piece.push('\n');
                }
                piece.push_str(line.trim_end());
            }
        }
    }
    if !piece.is_empty() {
        let breadcrumb = headings.iter().map(|(_, h)| h.as_str()).collect::<Vec<_>>().join(" > ");
        out.push((breadcrumb, piece));
    }
    out
}

/// `## Title ##`: its level and title.
fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.bytes().take_while(|&b| b == b'#').count();
    let title = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| (level, title.trim().trim_end_matches('#').trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, unit: Unit, want: &[(&str, &str)]) {
        let want: Vec<_> = want.iter().map(|&(h, t)| (h.to_owned(), t.to_owned())).collect();
        assert_eq!(pieces(text, unit, true), want, "{text:?}");
    }

    #[test]
    fn paragraphs_under_headings() {
        check("", Unit::Paragraph, &[]);
        check("a\nb\n\n\nc", Unit::Paragraph, &[("", "a\nb"), ("", "c")]);
        check(
            "# 규정\n서문\n## 휴가 ##\n하루\n\n이틀\n# 끝\n#태그\n",
            Unit::Paragraph,
            &[("규정", "서문"), ("규정 > 휴가", "하루"), ("규정 > 휴가", "이틀"), ("끝", "#태그")],
        );
        check(
            "# A\n```\n# no heading\n\nx\n```\ny",
            Unit::Paragraph,
            &[("A", "```\n# no heading\n\nx\n```\ny")],
        );
        check("# A\n one \n\ntwo", Unit::Line, &[("A", "one"), ("A", "two")]);
        check("\n# A\nb\n", Unit::File, &[("", "# A\nb")]);
    }
}
