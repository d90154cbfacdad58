//! Keys that were written where they do not belong, taken out of what people are shown.

use super::source::redacted;

/// What stands in a key's place.
const HIDDEN: &str = "***";

/// How keys begin, of those who give them out.
const PREFIXES: [&str; 9] = ["sk-", "sk_", "pk-", "hf_", "gsk_", "xai-", "ghp_", "github_pat_", "AIza"];

/// What is said before a key.
const NAMES: [&str; 9] =
    ["api_key", "apikey", "api-key", "access_key", "access_token", "token", "secret", "password", "key"];

/// A text without what looks like a key: the password and the query's values of an address, `api_key=…`, `sk-…`.
pub fn hidden(text: &str) -> String {
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '(' | ')' | '<' | '>');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_end).unwrap_or(rest.len());
        out += &word(&redacted(&rest[..end]));
        let next = rest[end..].chars().next().map_or(0, char::len_utf8);
        out += &rest[end..end + next];
        rest = &rest[end + next..];
    }
    out
}

fn word(word: &str) -> String {
    let query = word.find("://").and_then(|at| Some(at + word[at..].find('?')?));
    let Some(at) = query else { return without_keys(word) };
    let end = word[at..].find('#').map_or(word.len(), |n| at + n);
    let values = word[at + 1..end].split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() => format!("{name}={HIDDEN}"),
        _ => without_keys(pair),
    });
    let values: Vec<String> = values.collect();
    format!("{}?{}{}", without_keys(&word[..at]), values.join("&"), without_keys(&word[end..]))
}

/// A word without keys that are told by how they begin, or by what stands before them.
fn without_keys(word: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |n| start + n);
        let (before, part) = (&rest[..start], &rest[start..end]);
        out += before;
        let is_named = before.ends_with('=') && NAMES.iter().any(|name| ends_with_name(&out, name));
        out += if is_key(part) || (is_named && is_mixed(part)) { HIDDEN } else { part };
        rest = &rest[end..];
    }
    out + rest
}

fn ends_with_name(text: &str, name: &str) -> bool {
    text.strip_suffix('=').is_some_and(|text| text.to_ascii_lowercase().ends_with(name))
}

/// Whether it begins as a key does and goes on like one: words such as `hf_transfer` do not.
fn is_key(part: &str) -> bool {
    PREFIXES.iter().any(|prefix| {
        part.strip_prefix(prefix).is_some_and(|rest| is_mixed(rest) || (*prefix == "sk-" && rest.len() > 5))
    })
}

/// Letters and digits, or small letters and capitals, in a word that is no short one.
fn is_mixed(part: &str) -> bool {
    let has = |is: fn(&char) -> bool| part.chars().any(|c| is(&c));
    let kinds = usize::from(has(char::is_ascii_digit))
        + usize::from(has(char::is_ascii_lowercase))
        + usize::from(has(char::is_ascii_uppercase));
    part.len() >= 8 && kinds > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_out_of_what_is_shown() {
        for (text, expected) in [
            (
                "`teacher` is \"http://h/v1?api_key=SEKRET99#m\"; allowed",
                "`teacher` is \"http://h/v1?api_key=***#m\"; allowed",
            ),
            ("is http://h/v1?a=1&token=x2 here", "is http://h/v1?a=***&token=*** here"),
            ("is \"http://u:SEKRET@h/v1\"", "is \"http://u:***@h/v1\""),
            ("is \"sk-proj-SEKRETabc\"", "is \"***\""),
            ("local:hf_AbCdEfGhIjKlMn", "local:***"),
            ("models/api_key=AbC123def9/x", "models/api_key=***/x"),
            ("--set endpoint.a.token=AbC123def9", "--set endpoint.a.token=***"),
        ] {
            assert_eq!(hidden(text), expected);
        }
        for plain in [
            "write `TEACHER_KEY=…` into .env",
            "a task-force of sk-learn, hf_transfer and sk-1",
            "http://localhost:8000/v1#Qwen/Qwen3-8B",
            "source.rows.key=order_id; did you mean `keys`?",
            "어디에 있나요? https://example.org/a 와 key=가나다",
            "",
        ] {
            assert_eq!(hidden(plain), plain);
        }
    }
}
