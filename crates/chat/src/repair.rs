//! JSON as models write it: in fences, between words, with commas too many, or cut off.
//!
//! What is repaired is punctuation. What was cut off is dropped and never guessed: a text or a number at the cut may
//! have gone on, so its member goes; of a list, the item at the cut goes as a whole.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// What had to be done to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Words, a fence or thoughts round the JSON were left out.
    Surroundings,
    /// A comma behind the last item was left out.
    TrailingComma,
    /// A line end or another control character inside a text was escaped.
    ControlCharacter,
    /// Python's `True`, `False` and `None` were read as JSON's words.
    PythonWord,
    /// It was cut off, and what was cut is left out.
    CutOff,
}

/// Values within values that are read.
const MOST_LEVELS: usize = 64;

/// The JSON in a text with what had to be repaired, in order; None where there is none.
pub fn json(text: &str) -> Option<(Value, Vec<Repair>)> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return Some((value, Vec::new()));
    }
    let said = without_thoughts(text);
    // The first value that is whole wins; one that was cut off is taken where none is.
    let mut cut = None;
    for (at, _) in said.match_indices(['{', '[']) {
        let mut reader = Reader { text: &said[at..], at: 0, repairs: Vec::new() };
        match reader.value(0) {
            Read::Whole(value) if is_something(&value) => {
                let round = !text.starts_with(['{', '[']) || !reader.rest().trim().is_empty();
                return Some((value, reader.told(round)));
            }
            Read::Cut(Some(value)) if cut.is_none() && is_something(&value) => {
                cut = Some((value, reader.told(!text.starts_with(['{', '[']))));
                // What is behind a cut is inside it.
                break;
            }
            _ => {}
        }
    }
    cut
}

/// Brackets in prose, such as `[1]`, are no answer.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => items.iter().any(|item| item.is_object() || item.is_array()),
        _ => false,
    }
}

/// What a model says behind its thoughts.
fn without_thoughts(text: &str) -> &str {
    text.rsplit_once("</think>").map_or(text, |(_, said)| said)
}

enum Read {
    Whole(Value),
    /// The text ends here; what of the value is sure, if it is an object or a list.
    Cut(Option<Value>),
    Wrong,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    repairs: Vec<Repair>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn told(&self, round: bool) -> Vec<Repair> {
        let mut told = self.repairs.clone();
        if round {
            told.push(Repair::Surroundings);
        }
        told.sort_unstable();
        told.dedup();
        told
    }

    /// The next sign behind white space, which stays.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.text.as_bytes().get(self.at).copied()
    }

    /// The reply's own end, or the fence that ends it.
    fn is_end(&mut self) -> bool {
        self.peek().is_none() || self.rest().starts_with("```")
    }

    fn cut(&mut self, value: Option<Value>) -> Read {
        self.repairs.push(Repair::CutOff);
        Read::Cut(value)
    }

    fn value(&mut self, level: usize) -> Read {
        if level > MOST_LEVELS {
            return Read::Wrong;
        }
        if self.is_end() {
            return self.cut(None);
        }
        match self.peek() {
            Some(b'{') => self.object(level),
            Some(b'[') => self.array(level),
            Some(b'"') => match self.string() {
                Some(Ok(text)) => Read::Whole(text.into()),
                Some(Err(())) => Read::Wrong,
                None => self.cut(None),
            },
            _ => self.scalar(),
        }
    }

    fn object(&mut self, level: usize) -> Read {
        self.at += 1;
        let mut members = Map::new();
        loop {
            if self.is_end() {
                return self.cut(Some(Value::Object(members)));
            }
            match self.peek() {
                Some(b'}') => {
                    self.at += 1;
                    return Read::Whole(Value::Object(members));
                }
                Some(b'"') => {}
                _ => return Read::Wrong,
            }
            let name = match self.string() {
                Some(Ok(name)) => name,
                Some(Err(())) => return Read::Wrong,
                None => return self.cut(Some(Value::Object(members))),
            };
            if self.is_end() {
                return self.cut(Some(Value::Object(members)));
            }
            if self.peek() != Some(b':') {
                return Read::Wrong;
            }
            self.at += 1;
            match self.value(level + 1) {
                Read::Whole(value) => drop(members.insert(name, value)),
                Read::Cut(value) => {
                    members.extend(value.map(|value| (name, value)));
                    return Read::Cut(Some(Value::Object(members)));
                }
                Read::Wrong => return Read::Wrong,
            }
            if !self.separator(b'}') {
                return if self.is_end() { self.cut(Some(Value::Object(members))) } else { Read::Wrong };
            }
        }
    }

    fn array(&mut self, level: usize) -> Read {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            if self.is_end() {
                return self.cut(Some(Value::Array(items)));
            }
            if self.peek() == Some(b']') {
                self.at += 1;
                return Read::Whole(Value::Array(items));
            }
            match self.value(level + 1) {
                Read::Whole(value) => items.push(value),
                Read::Cut(_) => return Read::Cut(Some(Value::Array(items))),
                Read::Wrong => return Read::Wrong,
            }
            if !self.separator(b']') {
                return if self.is_end() { self.cut(Some(Value::Array(items))) } else { Read::Wrong };
            }
        }
    }

    /// Behind an item: a comma, which is taken, or the end, which stays.
    fn separator(&mut self, end: u8) -> bool {
        match self.peek() {
            Some(b',') => {
                self.at += 1;
                if self.peek() == Some(end) {
                    self.repairs.push(Repair::TrailingComma);
                }
                true
            }
            other => other == Some(end),
        }
    }

    /// A text with its quotes; None where it is cut off.
    fn string(&mut self) -> Option<Result<String, ()>> {
        let bytes = self.text.as_bytes();
        let (start, mut i) = (self.at, self.at + 1);
        let mut control = false;
        loop {
            match bytes.get(i)? {
                b'"' => break,
                b'\\' => i += 2,
                byte => {
                    control |= *byte < 0x20;
                    i += 1;
                }
            }
        }
        self.at = i + 1;
        let raw = &self.text[start..self.at];
        if !control {
            return Some(serde_json::from_str(raw).map_err(drop));
        }
        self.repairs.push(Repair::ControlCharacter);
        let escape = |c: char| if c < ' ' { format!("\\u{:04x}", c as u32) } else { c.to_string() };
        Some(serde_json::from_str(&raw.chars().map(escape).collect::<String>()).map_err(drop))
    }

    /// A number or a word. At the text's end it may have gone on.
    fn scalar(&mut self) -> Read {
        let rest = self.rest();
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        if length == rest.len() && length > 0 {
            return self.cut(None);
        }
        self.at += length;
        let word = &rest[..length];
        if matches!(word, "True" | "False" | "None") {
            self.repairs.push(Repair::PythonWord);
        }
        match word {
            "true" | "True" => Read::Whole(true.into()),
            "false" | "False" => Read::Whole(false.into()),
            "null" | "None" => Read::Whole(Value::Null),
            number => number.parse::<Number>().map_or(Read::Wrong, |n| Read::Whole(n.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Repair::{ControlCharacter, CutOff, PythonWord, Surroundings, TrailingComma};
    use super::*;

    #[test]
    fn answers_are_repaired() {
        let pair = json!({"q": "연차는?", "a": [1, 2]});
        let whole = pair.to_string();
        for (text, repairs) in [
            (whole.clone(), vec![]),
            (format!("\n {whole} \n"), vec![]),
            (format!("```json\n{whole}\n```"), vec![Surroundings]),
            (format!("Here it is [1]: {whole} — done {{ok}}."), vec![Surroundings]),
            (format!("<think>maybe {{\"q\": 1}}?</think>\n{whole}"), vec![Surroundings]),
            ("{\"q\": \"연차는?\", \"a\": [1, 2,],}".to_owned(), vec![TrailingComma]),
            ("```\n{\"q\": \"연차는?\", \"a\": [1, 2,]}\n```".to_owned(), vec![Surroundings, TrailingComma]),
        ] {
            assert_eq!(json(&text), Some((pair.clone(), repairs)), "{text}");
        }
        let control = json!({"a": "한 줄\n두 줄\t"});
        assert_eq!(json("{\"a\": \"한 줄\n두 줄\t\"}"), Some((control, vec![ControlCharacter])));
        assert_eq!(
            json("{\"a\": True, \"b\": None}"),
            Some((json!({"a": true, "b": null}), vec![PythonWord]))
        );
    }

    #[test]
    fn what_is_cut_off_is_left_out() {
        for (text, value) in [
            ("{\"a\": 1, \"b\": \"15", json!({"a": 1})),
            ("{\"a\": 1, \"b\": 12", json!({"a": 1})),
            ("{\"a\": 1, \"b", json!({"a": 1})),
            ("{\"a\": 1, \"b\":", json!({"a": 1})),
            ("{\"a\": 1, ", json!({"a": 1})),
            ("{\"a\": 1", Value::Null),
            ("{\"a\": [{\"q\": 1}, {\"q\": 2", json!({"a": [{"q": 1}]})),
            ("{\"a\": [{\"q\": 1}, {\"q\": 2, \"r\": 3}", json!({"a": [{"q": 1}, {"q": 2, "r": 3}]})),
            ("{\"a\": {\"b\": true, \"c\": \"x", json!({"a": {"b": true}})),
            ("[{\"q\": 1}, {\"q\"", json!([{"q": 1}])),
            ("{\"a\": \"x\\", Value::Null),
            ("```json\n{\"a\": 1, \"b\": \n```", json!({"a": 1})),
        ] {
            let found = json(text);
            if value.is_null() {
                assert_eq!(found, None, "{text}");
                continue;
            }
            let (found, repairs) = found.unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found, value, "{text}");
            assert!(repairs.contains(&CutOff), "{text}: {repairs:?}");
        }
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in [
            "",
            "죄송합니다.",
            "{",
            "[1] says so",
            "{a: 1}",
            "{\"a\" 1}",
            "{\"a\": 1 \"b\": 2}",
            "{'a': 1}",
            "{\"a\": \"\\x\"}",
        ] {
            assert_eq!(json(text), None, "{text}");
        }
        let deep = "[".repeat(100_000);
        assert_eq!(json(&deep), None);
    }

    #[test]
    fn no_cut_makes_a_value_that_was_not_said() {
        let whole = json!({"list": [{"q": "a\"b", "n": -1.5e3, "t": true}, {"q": "나", "n": null, "t": []}], "end": "끝"});
        let text = whole.to_string();
        for cut in (0..text.len()).filter(|&cut| text.is_char_boundary(cut)) {
            let Some((value, _)) = json(&text[..cut]) else { continue };
            let list = value["list"].as_array().cloned().unwrap_or_default();
            for (item, said) in list.iter().zip(whole["list"].as_array().unwrap()) {
                assert_eq!(item, said, "cut at {cut}");
            }
        }
    }

    #[test]
    fn whatever_a_model_says_is_read_or_refused() {
        let said = "Sure [1]:\n```json\n{\"목록\": [{\"q\": \"a\\\"b\", \"n\": -1.5e3,},], \"t\": None}\n```";
        let mut draws = testing::mutation::Draws::new(12);
        let mut read = 0;
        for _ in 0..3000 {
            let bytes = testing::mutation::mutated(said.as_bytes(), &mut draws);
            read += usize::from(json(&String::from_utf8_lossy(&bytes)).is_some());
        }
        assert!(read > 300, "{read} of 3000 are read");
    }
}
