//! From typed to meant: reads a section key by key, with defaults, types, ranges and places.
//!
//! What a key means is written where it is read. Keys that nobody asked for are errors, and every
//! error of a recipe is collected, so that they are told together.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use data::documents::versions::Date;
use serde::Serialize;
use serde_json::Value;

use super::error::RecipeError;
use super::file::{Field, Node, Place, Table};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Nobody said otherwise.
    Default,
    /// A line of the recipe.
    Recipe(usize),
    /// A `--set` flag.
    Flag,
}

impl From<&Place> for Origin {
    fn from(place: &Place) -> Self {
        match place {
            Place::Line(line) => Self::Recipe(*line),
            Place::Flag(_) => Self::Flag,
        }
    }
}

/// What a key is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyDoc {
    /// The section, as in `[train]`.
    pub section: String,
    /// The key.
    pub key: String,
    /// Its default, as it would be typed; empty where there is none.
    pub default: String,
    /// What it does.
    pub doc: &'static str,
    /// The words it may hold; none where it is free.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<&'static str>,
}

/// What is gathered while sections are read.
#[derive(Debug, Default)]
pub struct Gathered {
    /// All faults.
    pub errors: RefCell<Vec<RecipeError>>,
    /// Where each value comes from, by its path.
    pub origins: RefCell<BTreeMap<String, Origin>>,
    /// What each key is for.
    pub docs: RefCell<Vec<KeyDoc>>,
}

/// A type that a value can have.
pub trait FromNode: Sized {
    /// What is expected, for messages.
    const EXPECTED: &'static str;
    /// The value, if the node has the type.
    fn from_node(node: &Node) -> Option<Self>;
    /// As it would be typed.
    fn typed(&self) -> String;
}

impl FromNode for String {
    const EXPECTED: &'static str = "text in quotes";
    fn from_node(node: &Node) -> Option<Self> {
        if let Node::String(s) = node { Some(s.clone()) } else { None }
    }
    fn typed(&self) -> String {
        if self.is_empty() { String::new() } else { format!("{self:?}") }
    }
}

impl FromNode for bool {
    const EXPECTED: &'static str = "true or false";
    fn from_node(node: &Node) -> Option<Self> {
        if let Node::Bool(b) = node { Some(*b) } else { None }
    }
    fn typed(&self) -> String {
        self.to_string()
    }
}

impl FromNode for u64 {
    const EXPECTED: &'static str = "a whole number, zero or more";
    fn from_node(node: &Node) -> Option<Self> {
        if let Node::Int(i) = node { (*i).try_into().ok() } else { None }
    }
    fn typed(&self) -> String {
        self.to_string()
    }
}

impl FromNode for i64 {
    const EXPECTED: &'static str = "a whole number";
    fn from_node(node: &Node) -> Option<Self> {
        if let Node::Int(i) = node { Some(*i) } else { None }
    }
    fn typed(&self) -> String {
        self.to_string()
    }
}

impl FromNode for usize {
    const EXPECTED: &'static str = "a whole number, zero or more";
    fn from_node(node: &Node) -> Option<Self> {
        if let Node::Int(i) = node { (*i).try_into().ok() } else { None }
    }
    fn typed(&self) -> String {
        self.to_string()
    }
}

impl FromNode for f64 {
    const EXPECTED: &'static str = "a number";
    fn from_node(node: &Node) -> Option<Self> {
        match node {
            Node::Int(i) => Some(*i as f64),
            Node::Float(x) if x.is_finite() => Some(*x),
            _ => None,
        }
    }
    fn typed(&self) -> String {
        format!("{self:?}")
    }
}

impl FromNode for Date {
    const EXPECTED: &'static str = "a day, such as 2026-01-31";
    fn from_node(node: &Node) -> Option<Self> {
        match node {
            Node::String(text) | Node::Time(text) => text.parse().ok(),
            _ => None,
        }
    }
    fn typed(&self) -> String {
        self.to_string()
    }
}

/// Nothing is said unless it was typed.
impl<T: FromNode> FromNode for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn from_node(node: &Node) -> Option<Self> {
        T::from_node(node).map(Some)
    }
    fn typed(&self) -> String {
        self.as_ref().map(FromNode::typed).unwrap_or_default()
    }
}

impl FromNode for Vec<String> {
    const EXPECTED: &'static str = "text, or a list of texts";
    fn from_node(node: &Node) -> Option<Self> {
        match node {
            Node::String(s) => Some(vec![s.clone()]),
            Node::Array(items) => items.iter().map(String::from_node).collect(),
            _ => None,
        }
    }
    fn typed(&self) -> String {
        format!("{self:?}")
    }
}

fn json_of(node: &Node) -> Value {
    match node {
        Node::String(text) | Node::Time(text) => text.as_str().into(),
        Node::Int(n) => (*n).into(),
        Node::Float(x) => (*x).into(),
        Node::Bool(b) => (*b).into(),
        Node::Array(items) => items.iter().map(json_of).collect(),
        Node::Table(table) => {
            table.0.iter().map(|field| (field.key.clone(), json_of(&field.value))).collect()
        }
    }
}

/// One section, or a table in it, while it is read.
pub struct Section<'a> {
    table: Option<&'a Table>,
    /// The path of its values: `train.main`.
    path: String,
    /// The name in messages: `train`.
    name: String,
    asked: Vec<&'static str>,
    /// Whether tables in it are instances with a reading of their own.
    with_instances: bool,
    gathered: &'a Gathered,
}

impl<'a> Section<'a> {
    /// The section of a name in a table; an absent one gives defaults.
    pub fn new(root: &'a Table, name: &str, gathered: &'a Gathered) -> Self {
        let table = root.get(name).and_then(|field| match &field.value {
            Node::Table(table) => Some(table),
            other => {
                gathered.errors.borrow_mut().push(RecipeError::WrongType {
                    place: field.place.clone(),
                    key: name.to_owned(),
                    given: other.kind().to_owned(),
                    expected: match name {
                        "source" => "a section with a name: [source.rows]".to_owned(),
                        "endpoint" => "a section with a name: [endpoint.teacher]".to_owned(),
                        _ => format!("a section: [{name}]"),
                    },
                });
                None
            }
        });
        Self {
            table,
            path: name.to_owned(),
            name: name.to_owned(),
            asked: Vec::new(),
            with_instances: false,
            gathered,
        }
    }

    /// The same section under another path: `[train]` gives the values of `train.main`.
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The same section, whose tables are instances with a reading of their own.
    pub fn without_tables(mut self) -> Self {
        self.with_instances = true;
        self
    }

    /// Whether a key was typed.
    pub fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    /// Whether it holds named instances and nothing else.
    pub fn is_only_tables(&self) -> bool {
        self.table.is_some_and(|table| table.0.iter().all(|field| matches!(field.value, Node::Table(_))))
    }

    /// The tables in this section that are none of the given keys: named instances.
    pub fn instances(&self, keys: &[&str]) -> Vec<(String, Section<'a>)> {
        let Some(table) = self.table else { return Vec::new() };
        let named = table.0.iter().filter(|field| !keys.contains(&field.key.as_str()));
        named
            .filter_map(|field| match &field.value {
                Node::Table(inner) => Some((field.key.clone(), self.inner(&field.key, Some(inner)))),
                _ => None,
            })
            .collect()
    }

    fn inner(&self, key: &str, table: Option<&'a Table>) -> Section<'a> {
        Section {
            table,
            path: format!("{}.{key}", self.path),
            name: format!("{}.{key}", self.name),
            asked: Vec::new(),
            with_instances: false,
            gathered: self.gathered,
        }
    }

    /// A table inside this section.
    pub fn table(&mut self, key: &'static str) -> Section<'a> {
        self.asked.push(key);
        let table = self.field(key).and_then(|field| match &field.value {
            Node::Table(table) => Some(table),
            other => {
                self.wrong_type(field, other, "a table: { … }");
                None
            }
        });
        self.inner(key, table)
    }

    fn field(&self, key: &str) -> Option<&'a Field> {
        self.table.and_then(|table| table.get(key))
    }

    /// The place of a key, or of nothing.
    pub fn place(&self, key: &str) -> Place {
        self.field(key).map_or(Place::Line(1), |field| field.place.clone())
    }

    /// How many faults were noted so far, in all sections.
    pub fn n_faults(&self) -> usize {
        self.gathered.errors.borrow().len()
    }

    /// Notes a fault at a key.
    pub fn impossible(&self, key: &str, what: impl Into<String>) {
        self.error(RecipeError::Impossible { place: self.place(key), what: what.into() });
    }

    /// Notes a fault.
    pub fn error(&self, error: RecipeError) {
        self.gathered.errors.borrow_mut().push(error);
    }

    fn wrong_type(&self, field: &Field, node: &Node, expected: &str) {
        self.error(RecipeError::WrongType {
            place: field.place.clone(),
            key: format!("{}.{}", self.name, field.key),
            given: match node {
                Node::Table(_) | Node::Array(_) => node.kind().to_owned(),
                _ => format!("{node} ({})", node.kind()),
            },
            expected: expected.to_owned(),
        });
    }

    fn document(&mut self, key: &'static str, default: String, doc: &'static str) {
        self.asked.push(key);
        let section = self.name.clone();
        let allowed = Vec::new();
        self.gathered.docs.borrow_mut().push(KeyDoc { section, key: key.to_owned(), default, doc, allowed });
    }

    /// The key that was documented last takes these words only.
    fn only(&self, allowed: &[&'static str]) {
        if let Some(doc) = self.gathered.docs.borrow_mut().last_mut() {
            doc.allowed = allowed.to_vec();
        }
    }

    fn note_origin(&self, key: &str, origin: Origin) {
        self.gathered.origins.borrow_mut().insert(format!("{}.{key}", self.path), origin);
    }

    fn read<T: FromNode>(&self, key: &str) -> Option<T> {
        let field = self.field(key)?;
        let value = T::from_node(&field.value);
        if value.is_none() {
            self.wrong_type(field, &field.value, T::EXPECTED);
        }
        self.note_origin(key, Origin::from(&field.place));
        value
    }

    /// A value with a default.
    pub fn value<T: FromNode>(&mut self, key: &'static str, default: T, doc: &'static str) -> T {
        self.document(key, default.typed(), doc);
        if self.field(key).is_none() {
            self.note_origin(key, Origin::Default);
        }
        self.read(key).unwrap_or(default)
    }

    /// A number within a range.
    pub fn within<T>(
        &mut self,
        key: &'static str,
        default: T,
        range: RangeInclusive<T>,
        doc: &'static str,
    ) -> T
    where
        T: FromNode + PartialOrd + Copy + std::fmt::Display,
    {
        let value = self.value(key, default, doc);
        if range.contains(&value) {
            return value;
        }
        let (least, most) = (range.start(), range.end());
        let path = format!("{}.{key}", self.name);
        self.impossible(key, format!("`{path}` is {value}; allowed: {least} to {most}"));
        default
    }

    /// One of several words.
    pub fn choice(
        &mut self,
        key: &'static str,
        default: &'static str,
        allowed: &[&'static str],
        doc: &'static str,
    ) -> &'static str {
        let given = self.value(key, default.to_owned(), doc);
        self.only(allowed);
        self.chosen(key, &given, allowed).unwrap_or(default)
    }

    /// Several of several words.
    pub fn choices(
        &mut self,
        key: &'static str,
        default: &[&'static str],
        allowed: &[&'static str],
        doc: &'static str,
    ) -> Vec<&'static str> {
        let typed = default.iter().map(|&s| s.to_owned()).collect();
        let given: Vec<String> = self.value(key, typed, doc);
        self.only(allowed);
        given.iter().filter_map(|word| self.chosen(key, word, allowed)).collect()
    }

    fn chosen(&self, key: &str, given: &str, allowed: &[&'static str]) -> Option<&'static str> {
        let found = allowed.iter().find(|word| **word == given).copied();
        if found.is_none() {
            self.unknown_choice(key, given, allowed);
        }
        found
    }

    /// Notes a fault at a key whose word is none of those that are allowed.
    pub fn unknown_choice(&self, key: &str, given: &str, allowed: &[&str]) {
        self.error(RecipeError::UnknownChoice {
            place: self.place(key),
            key: format!("{}.{key}", self.name),
            given: given.to_owned(),
            allowed: allowed.iter().map(|&s| s.to_owned()).collect(),
        });
    }

    /// All keys of a table whose keys are names that the recipe chooses, with text values.
    pub fn words(&mut self, key: &'static str, doc: &'static str) -> BTreeMap<String, String> {
        self.document(key, "{}".to_owned(), doc);
        let section = {
            self.asked.pop();
            self.table(key)
        };
        let Some(table) = section.table else { return BTreeMap::new() };
        let mut words = BTreeMap::new();
        for field in &table.0 {
            match String::from_node(&field.value) {
                Some(text) => {
                    section.note_origin(&field.key, Origin::from(&field.place));
                    words.insert(field.key.clone(), text);
                }
                None => section.wrong_type(field, &field.value, String::EXPECTED),
            }
        }
        words
    }

    /// A table of anything that JSON can say.
    pub fn json(&mut self, key: &'static str, doc: &'static str) -> serde_json::Map<String, Value> {
        self.document(key, "{}".to_owned(), doc);
        let Some(field) = self.field(key) else {
            self.note_origin(key, Origin::Default);
            return serde_json::Map::new();
        };
        self.note_origin(key, Origin::from(&field.place));
        let Value::Object(map) = json_of(&field.value) else {
            self.wrong_type(field, &field.value, "a table: { … }");
            return serde_json::Map::new();
        };
        map
    }

    /// A list of texts, or a table of names that the recipe chooses.
    pub fn list_or_words(
        &mut self,
        key: &'static str,
        doc: &'static str,
    ) -> Result<Vec<String>, BTreeMap<String, String>> {
        if self.field(key).is_some_and(|field| matches!(field.value, Node::Table(_))) {
            return Err(self.words(key, doc));
        }
        Ok(self.value(key, Vec::new(), doc))
    }

    /// The first key that holds no table.
    pub fn loose_key(&self) -> Option<&'a str> {
        let fields = self.table.iter().flat_map(|table| &table.0);
        fields.filter(|field| !matches!(field.value, Node::Table(_))).map(|field| field.key.as_str()).next()
    }

    /// Ends the section: keys that nobody asked for are faults. Named instances are none.
    pub fn finish(self, instances: bool) {
        let instances = instances || self.with_instances;
        let Some(table) = self.table else { return };
        for field in &table.0 {
            let known = self.asked.contains(&field.key.as_str());
            let is_instance = instances && matches!(field.value, Node::Table(_));
            if !known && !is_instance {
                self.error(RecipeError::UnknownKey {
                    place: field.place.clone(),
                    key: field.key.clone(),
                    section: self.name.clone(),
                    known: self.asked.iter().map(|&s| s.to_owned()).collect(),
                });
            }
        }
    }
}
