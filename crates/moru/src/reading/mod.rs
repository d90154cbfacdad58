//! How documents were read, as a page on which a person can check it: [`Pages`] puts it together.
//!
//! 1. [`sheet`] – what is known of one document.
//! 2. [`cover`] – personal values taken out of it, on the page where they stand.
//! 3. [`drawing`] – a page of a PDF, with what was made of it laid over; [`flow`] – a document without pages.
//! 4. [`words`] – what is said, in Korean and English.
//!
//! The page stands alone: no network, no script, in light and dark. It holds so many pages and no more; which are left
//! out, and how they are seen, stands in it.

pub mod cover;
mod drawing;
mod flow;
pub mod sheet;
mod words;

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use data::documents::Level;
use eval::report::Language;

pub use sheet::Sheet;

use crate::report::html::esc;
use words::Words;

/// Pages of one document that are drawn, unless somebody asks for others.
const PAGES_OF_ONE: usize = 60;
/// Pages of all documents that are drawn.
const PAGES_OF_ALL: usize = 240;
/// Places of a document without pages that are shown.
const PLACES_OF_ONE: usize = 800;
/// Places of all documents without pages that are shown.
const PLACES_OF_ALL: usize = 4000;
/// Lines of a document's outline.
const OUTLINE: usize = 500;
/// Findings of one document.
const FINDINGS: usize = 100;

/// How documents were read, document by document.
pub struct Pages {
    words: Words,
    /// Whether personal values stand in it.
    is_raw: bool,
    /// Pages that are drawn whatever the limits; the first ones where absent.
    asked: Option<RangeInclusive<u32>>,
    links: String,
    body: String,
    documents: usize,
    /// How many more pages of PDF files may be drawn.
    drawings_left: usize,
    /// How many more places of documents without pages may be shown.
    places_left: usize,
}

impl Pages {
    /// An empty page about documents whose personal values are taken out.
    pub fn covered(language: Language) -> Self {
        Self {
            words: Words(language),
            is_raw: false,
            asked: None,
            links: String::new(),
            body: String::new(),
            documents: 0,
            drawings_left: PAGES_OF_ALL,
            places_left: PLACES_OF_ALL,
        }
    }

    /// An empty page about one document as it is; of its pages the first, or those that are asked for.
    pub fn raw(language: Language, asked: Option<RangeInclusive<u32>>) -> Self {
        Self { is_raw: true, asked, ..Self::covered(language) }
    }

    /// Adds a document.
    pub fn add(&mut self, sheet: &Sheet) {
        self.documents += 1;
        let (n, words) = (self.documents, self.words);
        let name = esc(&sheet.document.name).to_string();
        let _ = writeln!(self.links, "<li><a href=\"#d{n}\">{name}</a></li>");
        let _ = write!(
            self.body,
            "<section class=\"document\" id=\"d{n}\"><h2>{name} <small>{}</small></h2>\n<p class=\"counts\">{}</p>\n",
            esc(&sheet.tree.title),
            words.counts(sheet)
        );
        if let Some(used) = &sheet.used_instead {
            let _ = writeln!(self.body, "<p class=\"aside\">{}</p>", words.aside(&esc(used).to_string()));
        }
        self.findings(sheet);
        self.outline(sheet);
        match &sheet.look {
            Some(_) => self.pages(sheet),
            None => self.flow(sheet),
        }
        self.body.push_str("</section>\n");
    }

    fn findings(&mut self, sheet: &Sheet) {
        let all = self.words.findings(sheet);
        if all.is_empty() {
            return;
        }
        let shown: Vec<_> =
            all.iter().take(FINDINGS).map(|found| format!("<li>{}</li>", esc(found))).collect();
        let shown = shown.concat();
        let more = all.len().saturating_sub(FINDINGS);
        let more = if more > 0 { format!("<li>{}</li>", self.words.more(more)) } else { String::new() };
        let _ = writeln!(self.body, "<ul class=\"findings\">{shown}{more}</ul>");
    }

    /// The structure, folded: level, path and heading of each place that has one.
    fn outline(&mut self, sheet: &Sheet) {
        let headed: Vec<_> = sheet.tree.nodes.iter().filter(|node| is_headed(node.level)).collect();
        if headed.is_empty() {
            return;
        }
        let line = |node: &&data::documents::Node| {
            let page = node.places.first().map_or(0, |place| place.page);
            let page =
                if page > 0 { format!(" <small>{}</small>", self.words.page(page)) } else { String::new() };
            format!(
                "<li><b class=\"mark {}\">{}</b> <code>{}</code> {}{page}</li>\n",
                class(node.level),
                self.words.level(node.level),
                esc(&node.path),
                esc(&node.heading)
            )
        };
        let lines: String = headed.iter().take(OUTLINE).map(line).collect();
        let more = headed.len().saturating_sub(OUTLINE);
        let more = if more > 0 { format!("<li>{}</li>", self.words.more(more)) } else { String::new() };
        let _ = writeln!(
            self.body,
            "<details><summary>{}</summary><ul class=\"outline\">{lines}{more}</ul></details>",
            self.words.pick("구조", "Structure")
        );
    }

    fn pages(&mut self, sheet: &Sheet) {
        let chosen = self.chosen(sheet);
        let Some(look) = &sheet.look else { return };
        for page in look.pages.iter().filter(|page| chosen.contains(&page.page)) {
            drawing::draw(&mut self.body, sheet, page, (self.documents, self.words));
        }
        self.drawings_left = self.drawings_left.saturating_sub(chosen.len());
        let left_out: Vec<u32> =
            look.pages.iter().map(|page| page.page).filter(|page| !chosen.contains(page)).collect();
        if let (Some(first), Some(last)) = (left_out.first(), left_out.last()) {
            let said = self.words.not_drawn(left_out.len(), *first, *last, &sheet.file);
            let _ = writeln!(self.body, "<p class=\"rest\">{said}</p>");
        }
    }

    /// The pages that are drawn: those that are asked for, else those with findings and then the first ones.
    fn chosen(&self, sheet: &Sheet) -> Vec<u32> {
        let numbers = sheet.document.pages.iter().map(|report| report.page);
        if let Some(asked) = &self.asked {
            return numbers.filter(|page| asked.contains(page)).collect();
        }
        let most = PAGES_OF_ONE.min(self.drawings_left);
        let found = sheet.document.pages.iter().filter(|report| !report.findings.is_empty());
        let mut chosen: Vec<u32> = found.map(|report| report.page).take(most).collect();
        for page in numbers {
            if chosen.len() < most && !chosen.contains(&page) {
                chosen.push(page);
            }
        }
        chosen
    }

    fn flow(&mut self, sheet: &Sheet) {
        let most = PLACES_OF_ONE.min(self.places_left);
        flow::write(&mut self.body, sheet, most, self.words);
        self.places_left -= most.min(sheet.tree.nodes.len());
        let more = sheet.tree.nodes.len().saturating_sub(most);
        if more > 0 {
            let _ = writeln!(self.body, "<p class=\"rest\">{}</p>", self.words.not_shown(more));
        }
    }

    /// The page as HTML.
    pub fn finish(self) -> String {
        let words = self.words;
        let title = words.pick("문서를 읽은 결과", "How documents were read");
        let raw = if self.is_raw { words.raw() } else { "" };
        format!(
            "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             base-uri 'none'; form-action 'none'\">\n<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n\
             <header><h1>{title}</h1>\n<p>{lead} {raw}</p>\n{legend}\n<ul class=\"links\">\n{links}</ul></header>\n\
             <main>\n{body}</main>\n</body>\n</html>\n",
            lang = words.pick("ko", "en"),
            style = include_str!("style.css"),
            lead = words.lead(),
            legend = words.legend(),
            links = self.links,
            body = self.body,
        )
    }
}

/// Whether a level stands in an outline and in the margin.
fn is_headed(level: Level) -> bool {
    !matches!(level, Level::Document | Level::Preamble | Level::Text)
}

/// The class that colours a level.
fn class(level: Level) -> &'static str {
    match level {
        Level::Part | Level::Chapter | Level::Section | Level::Subsection | Level::Heading(_) => "division",
        Level::Article => "article",
        Level::Supplement | Level::Annex | Level::Form => "annex",
        Level::Contents | Level::Comparison => "apart",
        Level::Table => "table",
        _ => "item",
    }
}
