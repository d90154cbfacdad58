//! A JSON schema as a graph of values that can be closed: what a text that was begun still needs.
//!
//! The graph says how a value may end soonest; it decides nothing. Whether an ending is right is asked of the
//! grammar, so a keyword that the graph knows only roughly costs a longer ending and never a wrong one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ConstraintError;
use super::leaf::{Number, Pattern, Text};

/// Place of a node in its graph.
pub(super) type NodeId = usize;

/// A value, or text round values.
#[derive(Debug)]
pub(super) enum Node {
    /// Nothing satisfies it.
    Never,
    /// These bytes.
    Literal(Vec<u8>),
    /// One of these.
    OneOf(Vec<NodeId>),
    /// One after another.
    Sequence(Vec<NodeId>),
    /// Once or more, with bytes between.
    Repeated(NodeId, Vec<u8>),
    Number(Number),
    Text(Text),
    Pattern(Pattern),
    Array(Array),
    Object(Object),
}

#[derive(Debug)]
pub(super) struct Array {
    pub(super) prefix: Vec<NodeId>,
    /// The items behind the prefix.
    pub(super) items: NodeId,
    pub(super) min: usize,
    pub(super) max: usize,
}

impl Array {
    pub(super) fn item(&self, at: usize) -> NodeId {
        self.prefix.get(at).copied().unwrap_or(self.items)
    }
}

#[derive(Debug)]
pub(super) struct Object {
    /// In the order in which they are written.
    pub(super) properties: Vec<Property>,
    /// What other names hold.
    pub(super) others: NodeId,
}

#[derive(Debug)]
pub(super) struct Property {
    /// As JSON writes it, quotes included.
    pub(super) key: Vec<u8>,
    pub(super) value: NodeId,
    pub(super) required: bool,
}

/// All nodes of a schema.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    /// The shortest text of each, where there is one.
    pub(super) shortest: Vec<Option<Vec<u8>>>,
}

/// Keywords that are understood.
const KEYWORDS: [&str; 27] = [
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "const",
    "enum",
    "type",
    "items",
    "additionalItems",
    "prefixItems",
    "minItems",
    "maxItems",
    "properties",
    "additionalProperties",
    "patternProperties",
    "required",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Keywords that describe, and restrict nothing.
const REMARKS: [&str; 16] = [
    "$anchor",
    "$defs",
    "definitions",
    "$schema",
    "$id",
    "id",
    "$comment",
    "title",
    "description",
    "default",
    "readOnly",
    "writeOnly",
    "examples",
    "contentMediaType",
    "contentEncoding",
    "deprecated",
];

const TYPES: [&str; 6] = ["null", "boolean", "number", "string", "array", "object"];

/// Most schemas that are read, so that a hostile one ends.
const MOST_NODES: usize = 100_000;
/// Deepest nesting of schemas that is read.
const DEEPEST: usize = 200;

/// Reads a schema into a graph.
pub(super) struct Reader<'a> {
    root: &'a Value,
    graph: &'a mut Graph,
    references: BTreeMap<String, NodeId>,
    depth: usize,
    any: Option<NodeId>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(root: &'a Value, graph: &'a mut Graph) -> Self {
        Self { root, graph, references: BTreeMap::new(), depth: 0, any: None }
    }

    /// The node of a schema; `at` is its JSON pointer.
    pub(super) fn read(&mut self, schema: &Value, at: &str) -> Result<NodeId, ConstraintError> {
        if self.graph.nodes.len() >= MOST_NODES || self.depth >= DEEPEST {
            return Err(ConstraintError::TooLarge { at: at.to_owned(), schemas: self.graph.nodes.len() });
        }
        self.depth += 1;
        let node = match schema {
            Value::Bool(true) => Ok(self.any()),
            Value::Bool(false) => Ok(Node::Never),
            Value::Object(map) => self.read_map(map, at),
            other => Err(ConstraintError::NotASchema { at: at.to_owned(), given: kind(other) }),
        };
        self.depth -= 1;
        let node = node?;
        Ok(self.graph.add(node))
    }

    fn read_map(&mut self, map: &Map<String, Value>, at: &str) -> Result<Node, ConstraintError> {
        let known = |key: &String| KEYWORDS.contains(&key.as_str()) || REMARKS.contains(&key.as_str());
        if let Some(keyword) = map.keys().find(|key| !known(key)) {
            return Err(ConstraintError::Keyword { keyword: keyword.clone(), at: at.to_owned() });
        }
        let is_empty =
            |keyword: &&str| map.get(*keyword).and_then(Value::as_array).is_some_and(Vec::is_empty);
        if let Some(keyword) = ["enum", "anyOf", "oneOf"].into_iter().find(is_empty) {
            return Err(ConstraintError::Empty { keyword, at: at.to_owned() });
        }
        if let Some(Value::String(reference)) = map.get("$ref") {
            return Ok(Node::OneOf(vec![self.reference(reference, at)?]));
        }
        if let Some(Value::Array(all)) = map.get("allOf") {
            return self.all_of(map, all, at);
        }
        for keyword in ["anyOf", "oneOf"] {
            if let Some(Value::Array(any)) = map.get(keyword) {
                let rest: Map<_, _> = without(map, keyword);
                let one = |(i, branch): (usize, &Value)| {
                    let merged = merge(&Value::Object(rest.clone()), branch);
                    self.read(&merged, &format!("{at}/{keyword}/{i}"))
                };
                return Ok(Node::OneOf(any.iter().enumerate().map(one).collect::<Result<_, _>>()?));
            }
        }
        if let Some(value) = map.get("const") {
            return Ok(self.constant(value));
        }
        if let Some(Value::Array(values)) = map.get("enum") {
            let one = |value: &Value| {
                let node = self.constant(value);
                self.graph.add(node)
            };
            return Ok(Node::OneOf(values.iter().map(one).collect()));
        }
        self.typed(map, at)
    }

    fn typed(&mut self, map: &Map<String, Value>, at: &str) -> Result<Node, ConstraintError> {
        let types: Vec<&str> = match map.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ if map.keys().all(|key| REMARKS.contains(&key.as_str())) => return Ok(self.any()),
            _ => TYPES.to_vec(),
        };
        if let [one] = types[..] {
            return self.of_type(one, map, at);
        }
        let mut nodes = Vec::new();
        for one in types {
            let node = self.of_type(one, map, at)?;
            nodes.push(self.graph.add(node));
        }
        Ok(Node::OneOf(nodes))
    }

    fn of_type(&mut self, name: &str, map: &Map<String, Value>, at: &str) -> Result<Node, ConstraintError> {
        Ok(match name {
            "null" => Node::Literal(b"null".to_vec()),
            "boolean" => {
                let of = |text: &str| Node::Literal(text.as_bytes().to_vec());
                Node::OneOf(vec![self.graph.add(of("true")), self.graph.add(of("false"))])
            }
            "number" | "integer" => Node::Number(Number::read(map, name == "integer")),
            "string" if map.contains_key("pattern") || map.contains_key("format") => {
                let of = |keyword| map.get(keyword).and_then(Value::as_str).unwrap_or_default();
                let pattern = Pattern::read(map).map_err(|why| ConstraintError::Pattern {
                    pattern: [of("pattern"), of("format")].concat(),
                    at: at.to_owned(),
                    why,
                })?;
                Node::Pattern(pattern)
            }
            "string" => Node::Text(Text { min: count(map, "minLength", 0) }),
            "array" => Node::Array(self.array(map, at)?),
            "object" => Node::Object(self.object(map, at)?),
            other => {
                return Err(ConstraintError::Type { given: other.to_owned(), at: at.to_owned() });
            }
        })
    }

    fn array(&mut self, map: &Map<String, Value>, at: &str) -> Result<Array, ConstraintError> {
        let (prefix, items) = match (map.get("prefixItems"), map.get("items")) {
            (None, Some(Value::Array(prefix))) => (Some(prefix), map.get("additionalItems")),
            (prefix, items) => (prefix.and_then(Value::as_array), items),
        };
        let mut ids = Vec::new();
        for (i, item) in prefix.into_iter().flatten().enumerate() {
            ids.push(self.read(item, &format!("{at}/prefixItems/{i}"))?);
        }
        let items = self.read(items.unwrap_or(&Value::Bool(true)), &format!("{at}/items"))?;
        let (min, max) = (count(map, "minItems", 0), count(map, "maxItems", usize::MAX));
        Ok(Array { prefix: ids, items, min, max })
    }

    fn object(&mut self, map: &Map<String, Value>, at: &str) -> Result<Object, ConstraintError> {
        let required: Vec<&str> = match map.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let empty = Map::new();
        let known = map.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let others = map.get("additionalProperties").unwrap_or(&Value::Bool(true));
        let mut properties = Vec::new();
        for (name, schema) in known {
            let value = self.read(schema, &format!("{at}/properties/{}", escaped(name)))?;
            properties.push(Property {
                key: quoted(name),
                value,
                required: required.contains(&name.as_str()),
            });
        }
        let others = self.read(others, &format!("{at}/additionalProperties"))?;
        for name in required.iter().filter(|name| !known.contains_key(**name)) {
            properties.push(Property { key: quoted(name), value: others, required: true });
        }
        Ok(Object { properties, others })
    }

    /// Any JSON value: one node that holds itself.
    fn any(&mut self) -> Node {
        if let Some(id) = self.any {
            return Node::OneOf(vec![id]);
        }
        let id = self.graph.add(Node::Never);
        self.any = Some(id);
        let literal = |text: &str| Node::Literal(text.as_bytes().to_vec());
        let values = [
            Node::Number(Number::read(&Map::new(), false)),
            Node::Text(Text { min: 0 }),
            literal("null"),
            literal("true"),
            literal("false"),
            Node::Array(Array { prefix: Vec::new(), items: id, min: 0, max: usize::MAX }),
            Node::Object(Object { properties: Vec::new(), others: id }),
        ];
        let values = values.into_iter().map(|node| self.graph.add(node)).collect();
        self.graph.nodes[id] = Node::OneOf(values);
        Node::OneOf(vec![id])
    }

    /// A value as it is. What stands in objects and arrays is written with our separators.
    fn constant(&mut self, value: &Value) -> Node {
        match value {
            Value::Object(map) => {
                let mut properties = Vec::new();
                for (name, value) in map {
                    let node = self.constant(value);
                    let value = self.graph.add(node);
                    properties.push(Property { key: quoted(name), value, required: true });
                }
                Node::Object(Object { properties, others: self.graph.add(Node::Never) })
            }
            Value::Array(values) => {
                let mut prefix = Vec::new();
                for value in values {
                    let node = self.constant(value);
                    prefix.push(self.graph.add(node));
                }
                let (items, len) = (self.graph.add(Node::Never), values.len());
                Node::Array(Array { prefix, items, min: len, max: len })
            }
            plain => Node::Literal(plain.to_string().into_bytes()),
        }
    }

    /// A reference within this schema: each is read once, so that they may go in circles.
    fn reference(&mut self, reference: &str, at: &str) -> Result<NodeId, ConstraintError> {
        if let Some(&known) = self.references.get(reference) {
            return Ok(known);
        }
        let id = self.graph.add(Node::Never);
        self.references.insert(reference.to_owned(), id);
        let target = self.target(reference, at)?;
        let read = self.read(&target, reference.trim_start_matches('#'))?;
        self.graph.nodes[id] = Node::OneOf(vec![read]);
        Ok(id)
    }

    fn target(&self, reference: &str, at: &str) -> Result<Value, ConstraintError> {
        let found = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
        let absent = || ConstraintError::Reference { reference: reference.to_owned(), at: at.to_owned() };
        found.cloned().ok_or_else(absent)
    }

    /// All of several schemas as one: bounds are put together, references looked up one level deep.
    fn all_of(&mut self, map: &Map<String, Value>, all: &[Value], at: &str) -> Result<Node, ConstraintError> {
        let mut merged = Value::Object(without(map, "allOf"));
        for (i, part) in all.iter().enumerate() {
            let part = match part.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.target(reference, &format!("{at}/allOf/{i}"))?,
                None => part.clone(),
            };
            merged = merge(&merged, &part);
        }
        Ok(Node::OneOf(vec![self.read(&merged, &format!("{at}/allOf"))?]))
    }
}

impl Graph {
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }
}

/// A keyword that counts.
fn count(map: &Map<String, Value>, keyword: &str, otherwise: usize) -> usize {
    map.get(keyword).and_then(Value::as_u64).map_or(otherwise, |n| n as usize)
}

fn without(map: &Map<String, Value>, keyword: &str) -> Map<String, Value> {
    map.iter().filter(|(key, _)| *key != keyword).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Two schemas that hold at once, roughly: objects key by key, lists of required names joined, of bounds the second.
fn merge(a: &Value, b: &Value) -> Value {
    let (Value::Object(a), Value::Object(b)) = (a, b) else { return b.clone() };
    let mut out = a.clone();
    for (key, value) in b {
        let merged = match (out.get(key), value) {
            (Some(old @ Value::Object(_)), Value::Object(_)) => merge(old, value),
            (Some(Value::Array(old)), Value::Array(fresh)) if key == "required" => {
                Value::Array(old.iter().chain(fresh).cloned().collect())
            }
            (Some(Value::Array(old)), Value::Array(fresh)) if key == "enum" => {
                Value::Array(old.iter().filter(|value| fresh.contains(value)).cloned().collect())
            }
            _ => value.clone(),
        };
        out.insert(key.clone(), merged);
    }
    Value::Object(out)
}

fn quoted(name: &str) -> Vec<u8> {
    Value::String(name.to_owned()).to_string().into_bytes()
}

/// A name in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
