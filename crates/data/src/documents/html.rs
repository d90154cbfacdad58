//! HTML: what a reader sees as text, with its headings, lists and tables.
//!
//! The tokens are a browser's. Tags are not put into a tree: what a tag opens ends where its like or something
//! around it ends, which is enough for text, and no page nests too deep.

use std::borrow::Cow;
use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::block::Document;
use super::flow::{Flow, Kind};
use super::read::LeftOut;

/// What is in these is no text of the document.
const SKIPPED: [&str; 17] = [
    "script", "style", "noscript", "template", "nav", "svg", "math", "iframe", "object", "button", "select",
    "textarea", "canvas", "audio", "video", "datalist", "dialog",
];
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
const BLOCKS: [&str; 25] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "aside",
    "header",
    "body",
    "html",
    "blockquote",
    "figure",
    "figcaption",
    "details",
    "summary",
    "fieldset",
    "form",
    "address",
    "center",
    "dt",
    "dd",
    "dl",
    "hr",
    "caption",
    "legend",
    "head",
];

/// A page as a document, and what of it was left out.
pub fn document(name: &str, text: &str) -> (Document, Vec<LeftOut>) {
    let mut reader = Reader::default();
    let mut flow = Flow::default();
    reader.feed(text, &mut flow);
    let title = reader
        .title
        .take()
        .map(|t| t.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|t| !t.is_empty());
    let left_out = reader.left_out();
    (Document { name: name.to_owned(), title, blocks: flow.finish(), ..Document::default() }, left_out)
}

/// Where a page is at.
#[derive(Default)]
pub(super) struct Reader {
    /// The tag that is skipped, and how many of its like are open in it.
    skipped: Option<(String, u32)>,
    /// How often each tag was skipped.
    counts: BTreeMap<String, u64>,
    in_title: bool,
    title: Option<String>,
    /// How many `footer`s are open.
    footers: u32,
}

impl Reader {
    pub(super) fn left_out(&self) -> Vec<LeftOut> {
        self.counts.iter().map(|(what, count)| LeftOut { what: what.clone(), count: *count }).collect()
    }

    /// Whether a tag is open whose text is left out.
    pub(super) fn is_skipping(&self) -> bool {
        self.skipped.is_some()
    }

    /// Reads a piece of HTML into blocks.
    pub(super) fn feed(&mut self, text: &str, flow: &mut Flow) {
        let mut emitter = DefaultEmitter::<()>::default();
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(text, emitter) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => self.start(&tag, flow),
                Token::EndTag(tag) => self.end(&lossy(&tag.name), flow),
                Token::String(text) if self.in_title => {
                    self.title.get_or_insert_default().push_str(&lossy(&text));
                }
                Token::String(text) if self.skipped.is_none() => flow.text(&lossy(&text)),
                Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
    }

    fn start(&mut self, tag: &StartTag<()>, flow: &mut Flow) {
        let name = lossy(&tag.name);
        if let Some((skipped, depth)) = &mut self.skipped {
            *depth += u32::from(*skipped == name && !tag.self_closing);
            return;
        }
        let void = VOID.contains(&name.as_ref());
        let hidden = !void && is_hidden(tag);
        if SKIPPED.contains(&name.as_ref()) || hidden {
            let what = if hidden { "hidden elements" } else { name.as_ref() };
            *self.counts.entry(what.to_owned()).or_default() += 1;
            // `<svg/>` and `<path/>` end where they begin; no other tag does.
            if !(tag.self_closing && matches!(name.as_ref(), "svg" | "math")) {
                self.skipped = Some((name.into_owned(), 1));
            }
            return;
        }
        match name.as_ref() {
            "title" => self.in_title = true,
            "img" => *self.counts.entry("images".to_owned()).or_default() += 1,
            "br" => flow.line_break(),
            "pre" => {
                flow.begin(Kind::Paragraph);
                flow.verbatim = !flow.in_table();
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => flow.begin(Kind::Heading(name.as_bytes()[1] - b'0')),
            "ul" | "menu" => flow.begin_list(None),
            "ol" => flow.begin_list(Some(u64::from(number(tag, "start", 1)))),
            "li" => flow.begin_item(),
            "table" => flow.begin_table(),
            "tr" => flow.begin_row(),
            "td" | "th" => {
                flow.begin_cell(name == "th", number(tag, "colspan", 1), number(tag, "rowspan", 1));
            }
            "footer" => {
                self.footers += 1;
                flow.begin(Kind::Furniture);
            }
            block if BLOCKS.contains(&block) => self.block(flow),
            _ => {}
        }
    }

    fn block(&self, flow: &mut Flow) {
        flow.begin(if self.footers > 0 { Kind::Furniture } else { Kind::Paragraph });
    }

    fn end(&mut self, name: &str, flow: &mut Flow) {
        if let Some((skipped, depth)) = &mut self.skipped {
            if skipped == name {
                *depth -= 1;
                if *depth == 0 {
                    self.skipped = None;
                }
            }
            return;
        }
        match name {
            "title" => self.in_title = false,
            "pre" => {
                flow.end();
                flow.verbatim = false;
            }
            "ul" | "menu" | "ol" => flow.end_list(),
            "li" => flow.end_item(),
            "table" => flow.end_table(),
            "tr" => flow.end_row(),
            "td" | "th" => flow.end_cell(),
            "footer" => {
                flow.end();
                self.footers = self.footers.saturating_sub(1);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => flow.end(),
            block if BLOCKS.contains(&block) => self.block(flow),
            _ => {}
        }
    }
}

fn lossy(bytes: &html5gum::HtmlString) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn attribute<'t>(tag: &'t StartTag<()>, name: &str) -> Option<Cow<'t, str>> {
    let value = tag.attributes.iter().find(|(key, _)| key.as_slice() == name.as_bytes())?.1;
    Some(String::from_utf8_lossy(value))
}

fn number(tag: &StartTag<()>, name: &str, otherwise: u32) -> u32 {
    attribute(tag, name).and_then(|value| value.trim().parse().ok()).unwrap_or(otherwise)
}

/// Whether no reader sees what is in a tag.
fn is_hidden(tag: &StartTag<()>) -> bool {
    let style = attribute(tag, "style").map(|style| style.to_lowercase().replace(' ', ""));
    attribute(tag, "hidden").is_some()
        || style.is_some_and(|s| s.contains("display:none") || s.contains("visibility:hidden"))
}

#[cfg(test)]
mod tests {
    use super::super::block::{Content, shown_blocks};
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        shown_blocks(&document("t.html", text).0)
    }

    #[test]
    fn a_page() {
        let page = "<!doctype html><html><head><title>취업 규칙</title><style>p{}</style></head><body><nav><a>menu</a></nav>\
            <h1>취업규칙</h1><p>제1조(목적)&nbsp;이 규칙은<br>정한다.<p>둘<ul><li>가<li>나<ol start=3><li>다</ol></ul>\
            <table><tr><th>a<th colspan=2>b<tr><td rowspan=2>1<td>2<td>3<tr><td>4<td>5</table><pre>x\n  y</pre>\
            <div hidden>no</div><footer><p>바닥</p></footer><script>if (a < b) { x() }</script>tail</body>";
        assert_eq!(
            shown(page),
            [
                "h1 취업규칙",
                "제1조(목적) 이 규칙은\n정한다.",
                "둘",
                "0 - 가",
                "0 - 나",
                "1 3. 다",
                "1 a | b\n1 | 2 | 3\n4 | 5",
                "x\n  y",
                "~바닥",
                "tail"
            ]
        );
        let (document, left_out) = document("t", page);
        assert_eq!(document.title.as_deref(), Some("취업 규칙"));
        let counts: Vec<(&str, u64)> = left_out.iter().map(|l| (l.what.as_str(), l.count)).collect();
        assert_eq!(counts, [("hidden elements", 1), ("nav", 1), ("script", 1), ("style", 1)]);
        let Content::Table(table) = &document.blocks[6].content else { panic!() };
        let columns: Vec<u32> = table.rows[2].iter().map(|cell| cell.column).collect();
        assert_eq!(columns, [1, 2]);
    }

    #[test]
    fn broken_pages() {
        assert_eq!(shown("<p>a<div>b</p>c</li></table></ul><td>d"), ["a", "b", "c", "d"]);
        assert_eq!(shown(&"<div><ul><table>".repeat(5000)), Vec::<String>::new());
        assert_eq!(shown("<table><tr><td>a<table><tr><td>b<td>c</table></table>"), ["a\nb | c"]);
        assert_eq!(shown("<script>never closed <p>x"), Vec::<String>::new());
    }
}
