//! Templates for prompt, response and system text: `[{category}] [고객문의] {question}`.
//!
//! `{column}` is a column's text, `{{` and `}}` are the braces themselves. Nothing else is special.

use crate::record::Schema;

/// A template as it was written, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Column(String),
}

/// Why a template does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace without its partner.
    #[error(
        "the template `{template}` has a lone `{brace}` at character {at}; write `{brace}{brace}` for the brace itself, `{{column}}` for a column"
    )]
    LoneBrace {
        /// The template.
        template: String,
        /// The brace.
        brace: char,
        /// Its place, counted in characters from 1.
        at: usize,
    },
    /// `{}`.
    #[error("the template `{template}` has an empty `{{}}` at character {at}; write a column's name into it")]
    EmptyName {
        /// The template.
        template: String,
        /// Its place, counted in characters from 1.
        at: usize,
    },
    /// A column that the source does not have.
    #[error(
        "the template `{template}` names the column `{column}`, but `{table}` has {}{}",
        crate::sources::quoted(columns),
        also(needed)
    )]
    UnknownColumn {
        /// The template.
        template: String,
        /// The name.
        column: String,
        /// The source.
        table: String,
        /// The columns there are.
        columns: Vec<String>,
        /// All columns that the recipe's templates name, where there are several.
        needed: Vec<String>,
    },
    /// The main column is none of the template's.
    #[error(
        "the template `{template}` does not use its main column `{column}`; it uses {}",
        crate::sources::quoted(columns)
    )]
    MainColumn {
        /// The template.
        template: String,
        /// The main column.
        column: String,
        /// The columns it uses.
        columns: Vec<String>,
    },
    /// A source whose columns are not those of the format.
    #[error(
        "`{table}` has {}, and conversations of the format `{format}` stand in {}; rename its columns with \
         [source.{table}] columns = {{ ours = \"theirs\" }}, or name another [prepare] format",
        crate::sources::quoted(columns),
        wanted.join(", or in ")
    )]
    NotTheFormat {
        /// The source.
        table: String,
        /// The format.
        format: &'static str,
        /// The columns of the format, in each of its forms.
        wanted: Vec<String>,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// A source of whose columns the format cannot be told.
    #[error("`{table}`: {source}")]
    Shape {
        /// The source.
        table: String,
        /// Why.
        source: Box<chat::ImportError>,
    },
    /// A template for the answer or the question that uses no column.
    #[error(
        "the template `{template}` uses no column, so every row would read the same; write `{{column}}` where a column belongs"
    )]
    NoColumn {
        /// The template.
        template: String,
    },
}

fn also(needed: &[String]) -> String {
    if needed.len() < 2 {
        return String::new();
    }
    format!("; the recipe's templates need {}", crate::sources::quoted(needed))
}

impl TemplateError {
    /// The same error with all columns that the templates of a recipe need.
    pub(super) fn with_needed(mut self, all: Vec<String>) -> Self {
        if let Self::UnknownColumn { needed, .. } = &mut self {
            *needed = all;
        }
        self
    }

    /// A column that `meta` names and the source lacks.
    pub(super) fn no_meta(meta: &[String], column: &str, schema: &Schema) -> Self {
        Self::UnknownColumn {
            template: format!("meta = [{}]", meta.join(", ")),
            column: column.to_owned(),
            table: schema.source.clone(),
            columns: schema.columns.iter().map(|c| c.name.clone()).collect(),
            needed: Vec::new(),
        }
    }
}

impl Template {
    /// Takes a template apart.
    ///
    /// # Errors
    /// Lone braces and empty names.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut chars = source.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let lone = |brace| TemplateError::LoneBrace { template: source.to_owned(), brace, at: i + 1 };
            match c {
                '{' | '}' if chars.peek().is_some_and(|&(_, next)| next == c) => {
                    chars.next();
                    text.push(c);
                }
                '}' => return Err(lone('}')),
                '{' => {
                    let mut name = String::new();
                    loop {
                        match chars.next() {
                            None | Some((_, '{')) => return Err(lone('{')),
                            Some((_, '}')) => break,
                            Some((_, c)) => name.push(c),
                        }
                    }
                    let name = name.trim().to_owned();
                    if name.is_empty() {
                        return Err(TemplateError::EmptyName { template: source.to_owned(), at: i + 1 });
                    }
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Column(name));
                }
                _ => text.push(c),
            }
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { source: source.to_owned(), pieces })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The columns it uses, in their order, with repetitions.
    pub fn columns(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Column(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// Checks that a source has every column.
    ///
    /// # Errors
    /// The first column that it has not, with those that it has.
    pub fn check(&self, schema: &Schema) -> Result<(), TemplateError> {
        match self.columns().find(|c| schema.index_of(c).is_none()) {
            None => Ok(()),
            Some(column) => Err(TemplateError::UnknownColumn {
                template: self.source.clone(),
                column: column.to_owned(),
                table: schema.source.clone(),
                columns: schema.columns.iter().map(|c| c.name.clone()).collect(),
                needed: Vec::new(),
            }),
        }
    }

    /// The text of the last column in a rendered text, found by the words that the template puts before and after it.
    /// The whole text where nothing stands before it, or where those words are not there.
    pub fn last_column_of<'t>(&self, rendered: &'t str) -> &'t str {
        let Some(last) = self.pieces.iter().rposition(|piece| matches!(piece, Piece::Column(_))) else {
            return rendered;
        };
        let literal = |piece: Option<&Piece>| match piece {
            Some(Piece::Text(text)) => text.clone(),
            _ => String::new(),
        };
        let before = literal(last.checked_sub(1).and_then(|at| self.pieces.get(at)));
        let after = literal(self.pieces.get(last + 1));
        let start = if last == 1 {
            rendered.strip_prefix(before.trim_start()).map(|rest| rendered.len() - rest.len())
        } else {
            rendered.find(&before).filter(|_| !before.is_empty()).map(|at| at + before.len())
        };
        let text = &rendered[start.unwrap_or(0)..];
        text.strip_suffix(after.trim_end()).unwrap_or(text)
    }

    /// The text of a column in a rendered text, and what of the text stands elsewhere. The words of the template tell
    /// them apart; all other columns are taken to be as short as they can be. None where the column does not stand in
    /// the template once, or those words are not there.
    pub fn taken_apart<'t>(&self, rendered: &'t str, column: &str) -> Option<(&'t str, String)> {
        let is_it = |piece: &&Piece| matches!(piece, Piece::Column(name) if name == column);
        if self.pieces.iter().filter(is_it).count() != 1 {
            return None;
        }
        let at = self.pieces.iter().position(|piece| is_it(&piece))?;
        let (before, after) = (&self.pieces[..at], &self.pieces[at + 1..]);
        let start = end_of(before, rendered)?;
        let end = start + start_of(after, &rendered[start..], before.is_empty())?;
        let rest = format!("{}{}", &rendered[..start], &rendered[end..]);
        Some((&rendered[start..end], rest.trim().to_owned()))
    }

    /// Appends the template's text, with each column's text from `lookup`.
    pub fn render<'a>(&self, out: &mut String, lookup: impl Fn(&str) -> &'a str) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Column(name) => out.push_str(lookup(name)),
            }
        }
    }
}

/// Where the text of these pieces, from the beginning of a text, ends first.
fn end_of(pieces: &[Piece], text: &str) -> Option<usize> {
    let (mut at, mut is_open) = (0, false);
    for (n, piece) in pieces.iter().enumerate() {
        let Piece::Text(words) = piece else {
            is_open = true;
            continue;
        };
        // Blanks at either end of a rendered text are cut off.
        let words = if n == 0 { words.trim_start() } else { words };
        let found = text[at..].find(words).filter(|&found| is_open || found == 0)?;
        at += found + words.len();
        is_open = false;
    }
    (!is_open).then_some(at)
}

/// Where the text of these pieces, up to the end of a text, begins last. Where they stand at its very beginning, the
/// blanks that they begin with were cut off.
fn start_of(pieces: &[Piece], text: &str, is_first: bool) -> Option<usize> {
    let (mut at, mut is_open) = (text.len(), false);
    for (n, piece) in pieces.iter().enumerate().rev() {
        let Piece::Text(words) = piece else {
            is_open = true;
            continue;
        };
        let words = if n + 1 == pieces.len() { words.trim_end() } else { words };
        let ends = |found: &usize| is_open || found + words.len() == at;
        let bare = words.trim_start();
        at = match text[..at].rfind(words).filter(ends) {
            Some(found) => found,
            None if is_first && n == 0 && text.starts_with(bare) && (is_open || bare.len() == at) => 0,
            None => return None,
        };
        is_open = false;
    }
    (!is_open).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, want: &str) {
        let got = Template::parse(template).map_or_else(
            |e| format!("error: {e}"),
            |t| {
                let mut out = String::new();
                t.render(&mut out, |c| match c {
                    "category" => "배송",
                    "question" => "언제 오나요? {}",
                    _ => "?",
                });
                out
            },
        );
        assert_eq!(got, want, "{template}");
    }

    #[test]
    fn render() {
        check("[{category}] [고객문의] {question}", "[배송] [고객문의] 언제 오나요? {}");
        check("{ category }{category}", "배송배송");
        check("{{category}} {category}", "{category} 배송");
        check("{{{category}}}", "{배송}");
        check("", "");
        check("no column", "no column");
    }

    #[test]
    fn the_last_column_is_found_again() {
        for (template, rendered, last) in [
            ("{answer}", "하나. 둘.", "하나. 둘."),
            ("답: {answer}", "답: 하나. 둘.", "하나. 둘."),
            ("질문: {question}\n\n답: {answer}", "질문: 왜요?\n\n답: 하나. 둘.", "하나. 둘."),
            ("{question}\n{answer}\n끝", "왜요?\n하나. 둘.\n끝", "하나. 둘."),
            ("{question}{answer}", "왜요?하나.", "왜요?하나."),
            ("질문: {question}\n답: {answer}", "다른 말", "다른 말"),
            ("고정", "고정", "고정"),
        ] {
            assert_eq!(Template::parse(template).unwrap().last_column_of(rendered), last, "{template}");
        }
    }

    #[test]
    fn a_column_is_taken_out_of_a_rendered_text() {
        let two = "제1조 …\n\n질문: 함정\n제2조";
        for (template, rendered, column, want) in [
            (
                "{context}\n\n질문: {q}",
                "제1조 …\n\n제2조\n\n질문: 왜요?",
                "context",
                Some(("제1조 …\n\n제2조", "질문: 왜요?")),
            ),
            ("{context}\n\n질문: {q}", "제1조\n\n질문: 왜요?", "q", Some(("왜요?", "제1조\n\n질문:"))),
            ("{context}\n\n질문: {q}", "질문: 왜요?", "context", Some(("", "질문: 왜요?"))),
            (
                "질문: {q}\n\n{context}",
                "질문: 왜요?\n\n제1조\n\n제2조",
                "context",
                Some(("제1조\n\n제2조", "질문: 왜요?")),
            ),
            ("질문: {q}\n\n{context}", "질문: 왜요?", "context", None),
            ("[{a}] {context} <{q}>", "[b] x <y> z <왜>", "context", Some(("x <y> z", "[b]  <왜>"))),
            (
                "{context}\n\n질문: {q}",
                &format!("{two}\n\n질문: 왜요?"),
                "context",
                Some((two, "질문: 왜요?")),
            ),
            ("{context}", "전부", "context", Some(("전부", ""))),
            ("{context}{q}", "둘", "context", None),
            ("{q}{context}", "둘", "context", None),
            ("{context} {context}", "둘 둘", "context", None),
            ("{q}", "왜", "context", None),
            ("{context}\n끝", "다른 말", "context", None),
        ] {
            let found = Template::parse(template).unwrap().taken_apart(rendered, column);
            let found = found.as_ref().map(|(text, rest)| (*text, rest.as_str()));
            assert_eq!(found, want, "{template}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        check(
            "a { b",
            "error: the template `a { b` has a lone `{` at character 3; write `{{` for the brace itself, `{column}` for a column",
        );
        check(
            "배송} b",
            "error: the template `배송} b` has a lone `}` at character 3; write `}}` for the brace itself, `{column}` for a column",
        );
        check(
            "{a{b}",
            "error: the template `{a{b}` has a lone `{` at character 1; write `{{` for the brace itself, `{column}` for a column",
        );
        check(
            "x { }",
            "error: the template `x { }` has an empty `{}` at character 3; write a column's name into it",
        );
    }
}
