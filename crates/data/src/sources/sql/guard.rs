//! Refuses a query that would write, before it reaches a server.
//!
//! This is the first of two locks; the second is the read-only session. It reads the query as the
//! database's lexer would (strings, quoted names, comments), so that a word inside a string is no
//! command and a command inside a comment that MySQL executes is one.

use super::SqlError;
use super::settings::Scheme;

/// Words that write or lock inside a statement that begins as a reading one. A column may carry such
/// a name when it is quoted or qualified (`t.update`); `replace(…)` and `insert(…)` are functions.
const WRITING: [&str; 6] = ["insert", "update", "delete", "merge", "replace", "into"];
const FUNCTIONS: [&str; 2] = ["replace", "insert"];

/// Checks one query, and gives it without its final semicolon.
///
/// # Errors
/// [`SqlError::Writes`] for anything but one reading statement.
pub(super) fn check(query: &str, scheme: Scheme) -> Result<String, SqlError> {
    let (tokens, end) = statement(query, scheme)?;
    let refuse = |detail: String| Err(SqlError::Writes { detail });
    let mut first = true;
    let mut before = &Token::Start;
    for (i, token) in tokens.iter().enumerate() {
        if let Token::Word(word) = token {
            let word = word.to_ascii_lowercase();
            if first && !["select", "with", "values", "table"].contains(&word.as_str()) {
                return refuse(format!("it begins with `{}`", word.to_ascii_uppercase()));
            }
            first = false;
            let called = tokens.get(i + 1) == Some(&Token::Symbol('('));
            let function = called && FUNCTIONS.contains(&word.as_str());
            if WRITING.contains(&word.as_str()) && *before != Token::Symbol('.') && !function {
                return refuse(format!(
                    "it contains `{}` (a column of that name has to be quoted)",
                    word.to_ascii_uppercase()
                ));
            }
        } else if first && *token != Token::Symbol('(') {
            return refuse("it does not begin with SELECT, WITH, VALUES or TABLE".to_owned());
        }
        before = token;
    }
    if first {
        return refuse("it is empty".to_owned());
    }
    Ok(query[..end].trim().to_owned())
}

/// The tokens of the only statement, and where it ends.
fn statement(query: &str, scheme: Scheme) -> Result<(Vec<Token<'_>>, usize), SqlError> {
    let mut lexer = Lexer { rest: query, scheme, end: 0, total: query.len() };
    let (mut tokens, mut end, mut ended) = (Vec::new(), 0, false);
    while let Some(token) = lexer.next()? {
        if ended {
            return Err(SqlError::Writes { detail: "there is a second statement after `;`".to_owned() });
        }
        if token == Token::Symbol(';') {
            ended = true;
        } else {
            end = lexer.end;
            tokens.push(token);
        }
    }
    Ok((tokens, end))
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Start,
    Word(&'a str),
    Symbol(char),
    Quoted,
}

struct Lexer<'a> {
    rest: &'a str,
    scheme: Scheme,
    /// Where the latest token ends in the query.
    end: usize,
    total: usize,
}

impl<'a> Lexer<'a> {
    fn next(&mut self) -> Result<Option<Token<'a>>, SqlError> {
        self.skip_blank()?;
        let Some(c) = self.rest.chars().next() else { return Ok(None) };
        let token = match c {
            '\'' => {
                self.quoted('\'', self.scheme == Scheme::MySql)?;
                Token::Quoted
            }
            '"' => {
                self.quoted('"', self.scheme == Scheme::MySql)?;
                Token::Quoted
            }
            '`' => {
                self.quoted('`', false)?;
                Token::Quoted
            }
            '[' if self.scheme == Scheme::Sqlite => {
                self.until("]", 1)?;
                Token::Quoted
            }
            '$' if self.scheme == Scheme::Postgres && self.dollar_quote()? => Token::Quoted,
            _ if is_word(c) => self.word()?,
            _ => {
                self.advance(c.len_utf8());
                Token::Symbol(c)
            }
        };
        self.end = self.total - self.rest.len();
        Ok(Some(token))
    }

    fn word(&mut self) -> Result<Token<'a>, SqlError> {
        let len = self.rest.find(|c| !is_word(c) && c != '$').unwrap_or(self.rest.len());
        let word = &self.rest[..len];
        self.advance(len);
        // PostgreSQL: E'it\'s', where a backslash escapes.
        if self.scheme == Scheme::Postgres && word.eq_ignore_ascii_case("e") && self.rest.starts_with('\'') {
            self.quoted('\'', true)?;
            return Ok(Token::Quoted);
        }
        Ok(Token::Word(word))
    }

    fn skip_blank(&mut self) -> Result<(), SqlError> {
        loop {
            self.rest = self.rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
            let dashes = self.rest.strip_prefix("--");
            // MySQL takes `--` for two minus signs unless a blank follows.
            let comment = dashes.is_some_and(|after| {
                self.scheme != Scheme::MySql
                    || after.is_empty()
                    || after.starts_with(|c: char| c.is_whitespace() || c.is_control())
            });
            let hash = self.scheme == Scheme::MySql && self.rest.starts_with('#');
            if comment || hash {
                let len = self.rest.find('\n').unwrap_or(self.rest.len());
                self.advance(len);
            } else if self.rest.starts_with("/*") {
                self.block_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn block_comment(&mut self) -> Result<(), SqlError> {
        if self.scheme == Scheme::MySql && (self.rest.starts_with("/*!") || self.rest.starts_with("/*M!")) {
            return Err(SqlError::Writes {
                detail: "it contains a comment that the server executes (`/*!`)".to_owned(),
            });
        }
        if self.scheme != Scheme::Postgres {
            return self.until("*/", 2);
        }
        // PostgreSQL's comments nest.
        let mut depth = 0usize;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.advance(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.advance(2);
                if depth == 0 {
                    return Ok(());
                }
            } else {
                let Some(c) = self.rest.chars().next() else { return Err(unclosed("/*")) };
                self.advance(c.len_utf8());
            }
        }
    }

    /// `$tag$ … $tag$`; false where the dollar is something else (a parameter).
    fn dollar_quote(&mut self) -> Result<bool, SqlError> {
        let Some(len) = self.rest[1..].find('$') else { return Ok(false) };
        let tag = &self.rest[..len + 2];
        let name = &tag[1..tag.len() - 1];
        if !name.chars().all(is_word) || name.starts_with(|c: char| c.is_ascii_digit()) {
            return Ok(false);
        }
        self.until(tag, tag.len()).map(|()| true)
    }

    /// Past the closing quote; a doubled quote is a quote, and with `escapes` a backslash hides one.
    fn quoted(&mut self, quote: char, escapes: bool) -> Result<(), SqlError> {
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((i, c)) = chars.next() {
            if escapes && c == '\\' {
                chars.next();
            } else if c == quote {
                if chars.peek().is_some_and(|&(_, next)| next == quote) {
                    chars.next();
                } else {
                    self.advance(i + c.len_utf8());
                    return Ok(());
                }
            }
        }
        Err(unclosed(&quote.to_string()))
    }

    fn until(&mut self, close: &str, skip: usize) -> Result<(), SqlError> {
        let at = self.rest[skip..].find(close).ok_or_else(|| unclosed(close))?;
        self.advance(skip + at + close.len());
        Ok(())
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn unclosed(what: &str) -> SqlError {
    SqlError::Writes { detail: format!("`{what}` is never closed, so that its end cannot be told") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(query: &str) {
        for scheme in [Scheme::MySql, Scheme::Postgres, Scheme::Sqlite] {
            assert!(check(query, scheme).is_ok(), "{scheme:?}: {query}: {:?}", check(query, scheme));
        }
    }

    fn writes(query: &str, scheme: Scheme) {
        assert!(matches!(check(query, scheme), Err(SqlError::Writes { .. })), "{scheme:?}: {query}");
    }

    #[test]
    fn reading() {
        reads("select 1");
        reads("SELECT * FROM t WHERE note = 'delete; drop table t' -- update\n;  ");
        reads("/* insert */ WITH a AS (SELECT 1) SELECT replace(x, 'a', 'b'), updated_at, t.update FROM a");
        reads("(select 1) union (select 2)");
        reads("select 'it''s', \"into\" from t");
        reads("select 문의내용 from 문의");
        assert_eq!(check("select 1 ; -- bye", Scheme::MySql).unwrap(), "select 1");
        assert!(check("select E'\\'; delete from t; --'", Scheme::Postgres).is_ok());
        assert!(check("select '\\'; delete from t; -- '", Scheme::MySql).is_ok());
        assert!(check("select $q$ ; delete $q$", Scheme::Postgres).is_ok());
        assert!(check("select [delete] from t", Scheme::Sqlite).is_ok());
    }

    #[test]
    fn writing() {
        for query in [
            "",
            "-- nothing",
            "delete from t",
            "UPDATE t SET a = 1",
            "select 1; delete from t",
            "select 1;;",
            "with d as (delete from t returning *) select * from d",
            "select * into u from t",
            "select * from t for update",
            "replace into t values (1)",
            "select 'open",
            "pragma query_only = 0",
            "set transaction read write",
            "explain analyze delete from t",
        ] {
            for scheme in [Scheme::MySql, Scheme::Postgres, Scheme::Sqlite] {
                writes(query, scheme);
            }
        }
        writes("select 1 /*! ; delete from t */", Scheme::MySql);
        writes("select 1 --1\n; delete from t", Scheme::MySql);
        writes("select '\\'; delete from t; -- '", Scheme::Postgres);
        writes("select '\\'; delete from t; -- '", Scheme::Sqlite);
        writes("select /* /* */ 1 */; delete from t", Scheme::Postgres);
        writes("select 1 # ; \n; delete from t", Scheme::Postgres);
    }
}
