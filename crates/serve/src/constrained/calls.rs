//! Calls of given functions in Hermes form: `<tool_call>\n{"name": …, "arguments": {…}}\n</tool_call>`.

use chat::tools::hermes;
use llguidance::api::TopLevelGrammar;
use serde_json::{Value, json};

use super::shape::{Graph, Node, Object, Property, Reader};
use super::{Constraint, ConstraintError, Grammars, on_one_line};

/// Which functions a reply calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice<'a> {
    /// Any of them, one or several.
    Any,
    /// This one, once.
    Named(&'a str),
}

impl Grammars {
    /// A reply of calls alone. `tools` are function schemas in OpenAI form.
    ///
    /// # Errors
    /// [`ConstraintError`].
    pub fn calls(&self, tools: &[Value], choice: Choice<'_>) -> Result<Constraint, ConstraintError> {
        let mut functions = functions(tools)?;
        if let Choice::Named(name) = choice {
            let given = functions.iter().map(|(name, _)| name.clone()).collect();
            functions.retain(|(known, _)| known == name);
            if functions.is_empty() {
                return Err(ConstraintError::UnknownFunction { name: name.to_owned(), given });
            }
        }
        if functions.is_empty() {
            return Err(ConstraintError::NoFunctions);
        }
        let (open, close) = (format!("{}\n", hermes::OPEN), format!("\n{}", hermes::CLOSE));
        let mut graph = Graph::default();
        let (mut objects, mut alternatives) = (Vec::new(), Vec::new());
        for (name, parameters) in &functions {
            let arguments = Reader::new(parameters, &mut graph).read(parameters, "")?;
            objects.push(object_of(&mut graph, name, arguments));
            alternatives.push(format!("%json {}", on_one_line(&schema_of(name, parameters))));
        }
        let [opened, closed] = [&open, &close].map(|text| graph.add(Node::Literal(text.as_bytes().to_vec())));
        let object = graph.add(Node::OneOf(objects));
        let call = graph.add(Node::Sequence(vec![opened, object, closed]));
        let (root, repeated) = match choice {
            Choice::Any => (graph.add(Node::Repeated(call, b"\n".to_vec())), r#" ("\n" call)*"#),
            Choice::Named(_) => (call, ""),
        };
        let [open, close] = [open, close].map(|text| Value::String(text).to_string());
        let lark = format!(
            "start: call{repeated}\ncall: {open} body {close}\nbody: {}\n",
            alternatives.join("\n    | ")
        );
        self.constraint(TopLevelGrammar::from_lark(lark), graph, root)
    }
}

/// Name and parameters of each function; without parameters it takes any.
fn functions(tools: &[Value]) -> Result<Vec<(String, Value)>, ConstraintError> {
    let one = |(index, tool): (usize, &Value)| {
        let function = tool.get("function").unwrap_or(tool);
        let name = function.get("name").and_then(Value::as_str);
        let name = name.ok_or(ConstraintError::NamelessFunction { index })?;
        let parameters = function.get("parameters").cloned().unwrap_or_else(|| json!({"type": "object"}));
        Ok((name.to_owned(), parameters))
    };
    tools.iter().enumerate().map(one).collect()
}

fn object_of(graph: &mut Graph, name: &str, arguments: usize) -> usize {
    let name = graph.add(Node::Literal(Value::from(name).to_string().into_bytes()));
    let others = graph.add(Node::Never);
    let property =
        |key: &str, value| Property { key: Value::from(key).to_string().into_bytes(), value, required: true };
    let properties = vec![property("name", name), property("arguments", arguments)];
    graph.add(Node::Object(Object { properties, others }))
}

/// The object of a call. What the parameters refer to within themselves moves with them.
fn schema_of(name: &str, parameters: &Value) -> Value {
    let mut moved = parameters.clone();
    moved_references(&mut moved);
    // Arguments are an object, whatever the parameters leave open.
    if let Value::Object(map) = &mut moved {
        map.entry("type").or_insert_with(|| "object".into());
    }
    json!({
        "type": "object",
        "properties": { "name": { "const": name }, "arguments": { "$ref": "#/$defs/arguments" } },
        "required": ["name", "arguments"],
        "additionalProperties": false,
        "$defs": { "arguments": moved },
    })
}

fn moved_references(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map.iter_mut() {
                match value {
                    Value::String(reference) if key == "$ref" && reference.starts_with('#') => {
                        reference.insert_str(1, "/$defs/arguments");
                    }
                    // What is a value stays as it is.
                    _ if key == "const" || key == "enum" => {}
                    other => moved_references(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(moved_references),
        _ => {}
    }
}
