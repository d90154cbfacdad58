//! Rust source as the walls read it: without comments, without texts, without tests.
//!
//! Everything that is left out becomes blanks, so that lines keep their numbers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The code of a file, and where the modules lie that it keeps for its tests.
pub struct Code {
    /// As long as the file, line by line.
    pub text: String,
    /// Names of modules declared as `#[cfg(test)] mod NAME;`.
    test_modules: Vec<String>,
}

impl Code {
    /// Reads the text of a file.
    pub fn of(text: &str) -> Self {
        let mut code: Vec<char> = without_words(text);
        let mut test_modules = Vec::new();
        let mut at = 0;
        while let Some(bracket) = find(&code, at, "[cfg(") {
            let inner = code[..bracket].ends_with(&['#', '!']);
            let start = bracket.saturating_sub(1 + usize::from(inner));
            let end = closing(&code, bracket);
            at = end;
            let attribute: String = code[bracket..end].iter().filter(|c| !c.is_whitespace()).collect();
            if code[start] != '#' || !is_for_tests(&attribute) {
                continue;
            }
            let item_end = if inner { code.len() } else { end_of_item(&code, end) };
            test_modules.extend(module_name(&code[end..item_end]));
            blank(&mut code[start..item_end]);
            at = item_end;
        }
        Self { text: code.into_iter().collect(), test_modules }
    }

    /// Where the modules for tests lie of the file at `path`: a file or a folder each.
    pub fn test_places(&self, path: &Path) -> HashSet<PathBuf> {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let folder = path.parent().unwrap_or(path);
        let inside =
            if ["mod", "lib", "main"].contains(&stem) { folder.to_path_buf() } else { folder.join(stem) };
        let places = self.test_modules.iter().map(|name| [format!("{name}.rs"), name.clone()]);
        places.flatten().map(|name| inside.join(name)).collect()
    }
}

/// Whether `[cfg(…)]` holds in tests only.
fn is_for_tests(attribute: &str) -> bool {
    let condition = attribute.strip_prefix("[cfg(").and_then(|rest| rest.strip_suffix(")]")).unwrap_or("");
    let all = condition.strip_prefix("all(").and_then(|rest| rest.strip_suffix(')'));
    condition == "test" || all.is_some_and(|all| all.split(',').any(|part| part == "test"))
}

/// The name in `mod NAME;`.
fn module_name(item: &[char]) -> Option<String> {
    let item: String = item.iter().collect();
    let declared = item.trim().strip_suffix(';')?;
    let (before, name) = declared.rsplit_once(char::is_whitespace)?;
    (before.split_whitespace().last() == Some("mod")).then(|| name.to_owned())
}

/// Where the item ends that begins at `at`: behind its `;` or its braces, further attributes included.
fn end_of_item(code: &[char], mut at: usize) -> usize {
    while at < code.len() {
        match code[at] {
            '(' | '[' => at = closing(code, at),
            '{' => {
                let end = closing(code, at);
                let semicolon = code[end..].iter().position(|c| !c.is_whitespace()).map(|n| end + n);
                return semicolon.filter(|at| code[*at] == ';').map_or(end, |at| at + 1);
            }
            ';' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Behind the bracket that closes the one at `open`.
fn closing(code: &[char], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.iter().enumerate().skip(open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

fn find(code: &[char], from: usize, word: &str) -> Option<usize> {
    let word: Vec<char> = word.chars().collect();
    (from..code.len()).find(|&at| code[at..].starts_with(&word))
}

fn blank(code: &mut [char]) {
    for c in code {
        if *c != '\n' {
            *c = ' ';
        }
    }
}

/// The text with comments, texts and characters blanked; quotes stay.
fn without_words(text: &str) -> Vec<char> {
    let mut code: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < code.len() {
        let end = match (code[at], code.get(at + 1)) {
            ('/', Some('/')) => find(&code, at, "\n").unwrap_or(code.len()),
            ('/', Some('*')) => block_comment(&code, at),
            ('"', _) => quoted(&code, at, '"'),
            ('r', Some('"' | '#')) if !is_word(&code, at) => raw(&code, at),
            ('\'', _) => character(&code, at),
            _ => at + 1,
        };
        if end > at + 1 {
            blank(&mut code[at..end]);
        }
        at = end;
    }
    code
}

/// Whether the character before `at` belongs to the same word; `b` and `c` begin a text as `r` does.
fn is_word(code: &[char], at: usize) -> bool {
    let part = |at: usize| code[at].is_alphanumeric() || code[at] == '_';
    match at {
        0 => false,
        1 => part(0) && !matches!(code[0], 'b' | 'c'),
        _ => part(at - 1) && (!matches!(code[at - 1], 'b' | 'c') || part(at - 2)),
    }
}

fn block_comment(code: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at + 1 < code.len() {
        match (code[at], code[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    code.len()
}

/// Behind the quote that ends the text at `start`.
fn quoted(code: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < code.len() {
        match code[at] {
            '\\' => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    code.len()
}

/// Behind the raw text `r"…"` or `r#"…"#` at `start`; a raw name such as `r#type` is one character.
fn raw(code: &[char], start: usize) -> usize {
    let hashes = code[start + 1..].iter().take_while(|c| **c == '#').count();
    if code.get(start + 1 + hashes) != Some(&'"') {
        return start + 1;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    find(code, start + hashes + 2, &end).map_or(code.len(), |at| at + end.chars().count())
}

/// Behind the character `'x'` at `start`; a lifetime is one character.
fn character(code: &[char], start: usize) -> usize {
    match (code.get(start + 1), code.get(start + 2)) {
        (Some('\\'), _) => quoted(code, start, '\''),
        (Some(_), Some('\'')) => start + 3,
        _ => start + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(text: &str) -> String {
        let code = Code::of(text).text;
        assert_eq!(code.chars().count(), text.chars().count(), "{code}");
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        for (text, code) in [
            ("a(); // b()\nc();", "a(); c();"),
            ("a(/* b /* c */ d */ e);", "a( e);"),
            (r#"a("b \" c", 'd', '\'', '"', e);"#, "a( , , , , e);"),
            (r##"a(r#"b " c"#, br"\", r#type, xr);"##, "a( , b , r#type, xr);"),
            ("fn a<'b>(c: &'b str) {}", "fn a<'b>(c: &'b str) {}"),
            ("a(\"b\nc\"); d();", "a( ); d();"),
        ] {
            assert_eq!(left(text), code, "{text}");
        }
    }

    #[test]
    fn tests_are_left_out_and_what_follows_them_is_not() {
        for (text, code) in [
            ("a();\n#[cfg(test)]\nmod tests { fn b() { c(\"}\"); } }\nfn d() {}", "a(); fn d() {}"),
            ("#[cfg(test)]\nmod tests;\nfn d() {}", "fn d() {}"),
            ("#[cfg(test)]\n#[allow(x)]\npub(crate) fn a(b: [u8; 2]) -> u8 { b[0] }\nfn d() {}", "fn d() {}"),
            ("#[cfg(all(test, unix))]\nuse x::{y, z};\nfn d() {}", "fn d() {}"),
            ("#[cfg(not(test))]\nfn d() {}", "#[cfg(not(test))] fn d() {}"),
            ("#[cfg(any(test, unix))]\nfn d() {}", "#[cfg(any(test, unix))] fn d() {}"),
            ("#![cfg(test)]\n#[cfg(test)]\nmod a;\nfn d() {}", ""),
            ("// #[cfg(test)]\nfn d() {}", "fn d() {}"),
        ] {
            assert_eq!(left(text), code, "{text}");
        }
    }

    #[test]
    fn the_files_of_test_modules_are_known() {
        let code = Code::of("#[cfg(test)]\npub mod tests;\n#[cfg(test)]\nmod inline { }\nmod other;\n");
        for (file, place) in
            [("src/a.rs", "src/a/tests"), ("src/lib.rs", "src/tests"), ("b/mod.rs", "b/tests")]
        {
            let places = code.test_places(Path::new(file));
            assert_eq!(places, [format!("{place}.rs"), place.to_owned()].map(PathBuf::from).into(), "{file}");
        }
    }
}
