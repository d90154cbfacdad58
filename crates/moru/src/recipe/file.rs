//! The recipe as typed: a tree in which each value knows its place.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::error::RecipeError;

/// Where a value was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A line of the recipe.
    Line(usize),
    /// The text after `--set`.
    Flag(String),
}

/// A table in the order in which it was typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table(pub Vec<Field>);

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Text.
    String(String),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// A date or time, as typed.
    Time(String),
    /// Values in a row.
    Array(Vec<Node>),
    /// Keys with values.
    Table(Table),
}

impl Node {
    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "text",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Time(_) => "a date",
            Self::Array(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

impl std::fmt::Display for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::String(s) | Self::Time(s) => write!(f, "{s:?}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) => write!(f, "{x}"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Array(items) => {
                let items: Vec<_> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Table(_) => write!(f, "{{…}}"),
        }
    }
}

impl Table {
    /// The field of a key.
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.key == key)
    }
}

/// A recipe file and what `--set` changed in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct File {
    /// Its sections.
    pub root: Table,
}

impl File {
    /// Reads TOML. `path` is named in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, RecipeError> {
        let table = DeTable::parse(text).map_err(|e| RecipeError::Syntax {
            path: path.to_owned(),
            line: e.span().map_or(1, |span| line_of(text, span.start)),
            message: e.message().lines().next().unwrap_or_default().to_owned(),
        })?;
        Ok(Self { root: table_of(text, table.get_ref()) })
    }

    /// Overrides one value: `train.rank=16`. What is not TOML is taken as text.
    pub fn set(&mut self, assignment: &str) -> Result<(), RecipeError> {
        let wrong = || RecipeError::Assignment { given: assignment.to_owned() };
        let (keys, value) = keys_and_value(assignment).ok_or_else(wrong)?;
        if keys.len() < 2 {
            return Err(wrong());
        }
        let place = Place::Flag(keys.join("."));
        let typed = format!("value = {value}");
        let node = match DeTable::parse(&typed) {
            Ok(table) => table_of(&typed, table.get_ref()).0.swap_remove(0).value,
            Err(_) => Node::String(value.trim().to_owned()),
        };
        insert(&mut self.root, &keys, node, &place);
        Ok(())
    }
}

/// The keys of `a.b = value` and the text of its value. Keys are as in TOML, bare or in quotes; of bare ones
/// letters of every language are allowed.
fn keys_and_value(assignment: &str) -> Option<(Vec<String>, &str)> {
    let mut keys = Vec::new();
    let mut rest = assignment;
    loop {
        rest = rest.trim_start();
        let (key, after) = if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            quoted_key(rest, quote)?
        } else {
            let (key, after) = rest.split_at(rest.find(['.', '='])?);
            (key.trim().to_owned(), after)
        };
        let is_sound = after.starts_with(['.', '=']) && !key.is_empty();
        keys.push(is_sound.then_some(key)?);
        rest = &after[1..];
        if after.starts_with('=') {
            return Some((keys, rest));
        }
    }
}

/// A key in quotes at the beginning of a text, and what follows it.
fn quoted_key(text: &str, quote: char) -> Option<(String, &str)> {
    let mut escaped = false;
    let ends = |c: char| {
        let ends = c == quote && !escaped;
        escaped = quote == '"' && c == '\\' && !escaped;
        ends
    };
    let (key, after) = text.split_at(1 + text[1..].find(ends)? + 1);
    let table = DeTable::parse(&format!("{key}=0")).ok().map(|table| table_of("", table.get_ref()))?;
    Some((table.0.first()?.key.clone(), after.trim_start()))
}

fn insert(table: &mut Table, keys: &[String], value: Node, place: &Place) {
    let at = table.0.iter().position(|field| field.key == keys[0]).unwrap_or_else(|| {
        let empty = Node::Table(Table::default());
        table.0.push(Field { key: keys[0].clone(), place: place.clone(), value: empty });
        table.0.len() - 1
    });
    let field = &mut table.0[at];
    if keys.len() == 1 {
        field.place = place.clone();
        field.value = value;
        return;
    }
    if !matches!(field.value, Node::Table(_)) {
        field.value = Node::Table(Table::default());
    }
    if let Node::Table(inner) = &mut field.value {
        insert(inner, &keys[1..], value, place);
    }
}

fn table_of(text: &str, table: &DeTable<'_>) -> Table {
    let mut fields: Vec<_> = table
        .iter()
        .map(|(key, value)| {
            let place = Place::Line(line_of(text, key.span().start));
            let field =
                Field { key: key.get_ref().to_string(), place, value: node_of(text, value.get_ref()) };
            (key.span().start, field)
        })
        .collect();
    fields.sort_by_key(|(start, _)| *start);
    Table(fields.into_iter().map(|(_, field)| field).collect())
}

fn node_of(text: &str, value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(s) => Node::String(s.to_string()),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix())
            .map_or_else(|_| Node::Float(i.as_str().parse().unwrap_or(f64::INFINITY)), Node::Int),
        DeValue::Float(x) => Node::Float(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Node::Bool(*b),
        DeValue::Datetime(t) => Node::Time(t.to_string()),
        DeValue::Array(items) => {
            Node::Array(items.iter().map(|item| node_of(text, item.get_ref())).collect())
        }
        DeValue::Table(table) => Node::Table(table_of(text, table)),
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_overrides() {
        let text = "[train]\nrank = 8\n\n[prepare]\nmask = { style = \"token\" }\n";
        let mut file = File::parse(Path::new("moru.toml"), text).unwrap();
        let at = |file: &File, section: &str, key: &str| {
            let Node::Table(table) = &file.root.get(section).unwrap().value else { panic!() };
            table.get(key).unwrap().clone()
        };
        assert_eq!(at(&file, "train", "rank").place, Place::Line(2));
        file.set("train.rank=16").unwrap();
        file.set("prepare.mask.style=partial").unwrap();
        file.set("split.by = [\"a\"]").unwrap();
        assert_eq!(at(&file, "train", "rank").value, Node::Int(16));
        assert_eq!(at(&file, "train", "rank").place, Place::Flag("train.rank".into()));
        assert_eq!(at(&file, "split", "by").value, Node::Array(vec![Node::String("a".into())]));
        let Node::Table(mask) = at(&file, "prepare", "mask").value else { panic!() };
        assert_eq!(mask.get("style").unwrap().value, Node::String("partial".into()));
        for wrong in ["rank", "rank=1", "=1", "a..b=1", "a.\"b=1", "a.\"b\"c=1", "a.\"\\q\"=1", "a.'b"] {
            assert!(file.set(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_in_quotes_are_as_toml_has_them() {
        for (typed, key, place) in [
            (r#"prepare."mask"=1"#, "mask", "prepare.mask"),
            (r#""prepare" . 'a.b = c' = 1"#, "a.b = c", "prepare.a.b = c"),
            (r#"prepare."say \"hi\" \u00e9"=1"#, "say \"hi\" é", "prepare.say \"hi\" é"),
            (r"prepare.'C:\dir'=1", r"C:\dir", r"prepare.C:\dir"),
            ("prepare.전화번호=1", "전화번호", "prepare.전화번호"),
        ] {
            let mut file = File::default();
            file.set(typed).unwrap();
            let Node::Table(table) = &file.root.get("prepare").unwrap().value else { panic!("{typed}") };
            let field = &table.0[0];
            assert_eq!((field.key.as_str(), &field.value), (key, &Node::Int(1)), "{typed}");
            assert_eq!(field.place, Place::Flag(place.into()), "{typed}");
        }
        let mut file = File::parse(Path::new("moru.toml"), "[a]\nb = 1\n").unwrap();
        file.set("a.\"b\"=two words").unwrap();
        let Node::Table(table) = &file.root.get("a").unwrap().value else { panic!() };
        assert_eq!((table.0.len(), &table.0[0].value), (1, &Node::String("two words".into())));
    }

    #[test]
    fn syntax_errors_have_a_line() {
        let error = File::parse(Path::new("moru.toml"), "[train]\nrank = 8\nrank = 9\n").unwrap_err();
        assert!(error.to_string().starts_with("moru.toml:3: "), "{error}");
    }
}
