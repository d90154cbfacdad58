//! Markdown, by CommonMark with tables; front matter is not text, but may name a title.
//!
//! A line end in a paragraph is a blank there. Rules are often written with a line for each number and no blank line
//! between them, so a line that begins with a number begins a block here as it does in plain text.

use pulldown_cmark::{Event, HeadingLevel, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::block::Document;
use super::flow::{Flow, Kind};
use super::html;
use super::read::LeftOut;

/// A text as a document, and what of it is no text.
pub fn document(name: &str, text: &str) -> (Document, Vec<LeftOut>) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut reader = Reader {
        flow: Flow::default(),
        html: html::Reader::default(),
        meta: None,
        title: None,
        images: 0,
        note: None,
    };
    let starts: Vec<usize> =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i + 1)).collect();
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        if reader.flow.is_between() {
            reader.flow.line = starts.partition_point(|start| *start <= range.start) as u32;
        }
        match event {
            Event::Start(Tag::Item) => reader.flow.begin_item_as(printed(&text[range])),
            event => reader.event(event),
        }
    }
    let mut left_out = reader.html.left_out();
    if reader.images > 0 {
        left_out.push(LeftOut { what: "images".to_owned(), count: reader.images });
    }
    let blocks = reader.flow.finish();
    (Document { name: name.to_owned(), title: reader.title, blocks, ..Document::default() }, left_out)
}

struct Reader {
    flow: Flow,
    html: html::Reader,
    /// The front matter while it is read.
    meta: Option<String>,
    title: Option<String>,
    images: u64,
    /// The mark of a footnote that begins.
    note: Option<String>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                match &mut self.meta {
                    Some(meta) => meta.push_str(&text),
                    None if self.html.is_skipping() => {}
                    None => self.flow.text(&text),
                }
            }
            Event::Html(tag) | Event::InlineHtml(tag) => self.html.feed(&tag, &mut self.flow),
            Event::FootnoteReference(name) => self.flow.text(&format!("[{name}]")),
            Event::SoftBreak => self.flow.soft_break(),
            Event::HardBreak => self.flow.line_break(),
            Event::Rule => self.flow.end(),
            Event::TaskListMarker(done) => self.flow.text(if done { "[x] " } else { "[ ] " }),
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => self.flow.begin(Kind::Heading(number(*level))),
            Tag::Paragraph => {
                self.flow.begin(Kind::Paragraph);
                if let Some(mark) = self.note.take() {
                    self.flow.text(&mark);
                }
            }
            Tag::BlockQuote(_) | Tag::HtmlBlock | Tag::DefinitionListTitle => {
                self.flow.begin(Kind::Paragraph);
            }
            Tag::CodeBlock(_) => {
                self.flow.begin(Kind::Paragraph);
                self.flow.verbatim = true;
            }
            Tag::List(first) => self.flow.begin_list(*first),
            Tag::FootnoteDefinition(name) => self.note = Some(format!("[{name}] ")),
            Tag::Table(_) => self.flow.begin_table(),
            Tag::TableHead | Tag::TableRow => self.flow.begin_row(),
            // The format has heading cells in its first row, and only there.
            Tag::TableCell => self.flow.begin_cell(self.flow.is_first_row(), 1, 1),
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle | MetadataBlockKind::PlusesStyle) => {
                self.meta = Some(String::new());
            }
            Tag::Image { .. } => self.images += 1,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::CodeBlock => {
                self.flow.end();
                self.flow.verbatim = false;
            }
            TagEnd::Heading(_)
            | TagEnd::Paragraph
            | TagEnd::BlockQuote(_)
            | TagEnd::FootnoteDefinition
            | TagEnd::HtmlBlock => {
                self.flow.end();
            }
            TagEnd::List(_) => self.flow.end_list(),
            TagEnd::Item => self.flow.end_item(),
            TagEnd::Table => self.flow.end_table(),
            TagEnd::TableHead | TagEnd::TableRow => self.flow.end_row(),
            TagEnd::TableCell => self.flow.end_cell(),
            TagEnd::MetadataBlock(_) => {
                let meta = self.meta.take().unwrap_or_default();
                let title = meta.lines().find_map(|line| line.strip_prefix("title:"));
                self.title =
                    title.map(|t| t.trim().trim_matches(['"', '\'']).to_owned()).filter(|t| !t.is_empty());
            }
            _ => {}
        }
    }
}

/// The number that an item of a list begins with, and what stands behind it: `3.`, `3)`.
fn printed(item: &str) -> Option<(u64, char)> {
    let item = item.trim_start();
    let digits = item.bytes().take_while(u8::is_ascii_digit).count();
    let after = item[digits..].chars().next().filter(|c| ".)".contains(*c))?;
    Some((item[..digits].parse().ok()?, after))
}

fn number(level: HeadingLevel) -> u8 {
    level as u8
}

#[cfg(test)]
mod tests {
    use super::super::block::shown_blocks;
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        shown_blocks(&document("t.md", text).0)
    }

    #[test]
    fn blocks() {
        let text = "---\ntitle: \"Leave\"\n---\n# A *b*\n\none\ntwo\\\nthree\n\n* x\n  - y\n\n    z\n2. n\n3. m\n\n```\nlet a;\n  b\n```\n";
        assert_eq!(document("t", text).0.title.as_deref(), Some("Leave"));
        assert_eq!(
            shown(text),
            ["h1 A b", "one two\nthree", "0 - x", "1 - y", "z", "0 2. n", "0 3. m", "let a;\n  b"]
        );
    }

    #[test]
    fn tables_and_html() {
        assert_eq!(shown("| a | b |\n|---|---|\n| 1 | `2` |\n"), ["1 a | b\n1 | 2"]);
        assert_eq!(
            shown("<script>alert(1)</script>\n\n<div>in <b>bold</b></div>\n\nout<br>side <!-- no -->\n"),
            ["in bold", "out\nside"]
        );
        assert_eq!(shown("text[^1]\n\n[^1]: note\n"), ["text[1]", "[1] note"]);
    }

    #[test]
    fn a_line_with_a_number_begins_a_block() {
        let text = "**제1조(목적)** 이 규칙은\n휴가를 정한다.\n**제2조(휴가)**\n휴가는 다음과 같다.\n① 회사는\n1. 하나\n가. 목\n\
            3. 셋\\\n② 둘\n- ③ 셋\n\n제3조(끝)\n1) 하나\n---\n";
        let want = [
            "제1조(목적) 이 규칙은 휴가를 정한다.",
            "제2조(휴가)",
            "휴가는 다음과 같다.",
            "① 회사는",
            "0 1. 하나",
            "가. 목",
            "0 3. 셋",
            "② 둘",
            "③ 셋",
            "제3조(끝)",
            "0 1) 하나",
        ];
        assert_eq!(shown(text), want);
        let (document, _) = document("t.md", text);
        let lines: Vec<u32> = document.blocks.iter().map(|b| b.places[0].line).collect();
        assert_eq!(lines, [1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]);
    }

    #[test]
    fn other_lines_are_one_paragraph() {
        let text = "The days are counted as in\nSection 5(b) and section 6, and 12. 31. is\nthe last; see\n3.5 above.\n\n\
            휴가는 제2조 및\n제5조에 따라 준\n다. 끝\n";
        let want = [
            "The days are counted as in Section 5(b) and section 6, and 12. 31. is the last; see 3.5 above.",
            "휴가는 제2조 및 제5조에 따라 준 다. 끝",
        ];
        assert_eq!(shown(text), want);
    }

    #[test]
    fn lines_are_told() {
        let (document, _) = document("t.md", "# a\n\nb\n\nc\n");
        let lines: Vec<u32> = document.blocks.iter().map(|b| b.places[0].line).collect();
        assert_eq!(lines, [1, 3, 5]);
    }
}
