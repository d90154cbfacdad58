//! Checking a value against a schema that was read.

use std::cell::Cell;

use serde_json::{Map, Number, Value};

use super::read::types;
use super::{Schema, Violation, resolve, step};

/// References may lead in a circle without going deeper into the value.
const MOST_LEVELS: usize = 256;

/// Schemas that are tried for one value: choices of references multiply.
const MOST_STEPS: usize = 10_000_000;

/// A schema at work on one value.
pub(super) struct Work<'a> {
    schema: &'a Schema,
    steps: Cell<usize>,
}

impl<'a> Work<'a> {
    pub(super) fn new(schema: &'a Schema) -> Self {
        Self { schema, steps: Cell::new(0) }
    }
}

/// Adds what `schema` does not allow of `value`, which stands at `at`.
pub(super) fn check(
    of: &Work<'_>,
    schema: &Value,
    value: &Value,
    at: &mut String,
    level: usize,
    found: &mut Vec<Violation>,
) {
    let object = match schema {
        Value::Bool(true) => return,
        Value::Object(object) => object,
        _ => return add(found, at, "nothing is allowed here"),
    };
    of.steps.set(of.steps.get() + 1);
    if level > MOST_LEVELS || of.steps.get() > MOST_STEPS {
        return add(found, at, "nested too deeply to be checked");
    }
    let walk = Walk { of, object, level: level + 1 };
    walk.any_type(value, at, found);
    walk.combined(value, at, found);
    match value {
        Value::Number(number) => walk.number(number, at, found),
        Value::String(text) => walk.text(text, at, found),
        Value::Array(items) => walk.array(items, at, found),
        Value::Object(members) => walk.members(members, at, found),
        Value::Null | Value::Bool(_) => {}
    }
}

fn add(found: &mut Vec<Violation>, at: &str, what: impl Into<String>) {
    found.push(Violation { at: at.to_owned(), what: what.into() });
}

/// One schema's keywords.
struct Walk<'a> {
    of: &'a Work<'a>,
    object: &'a Map<String, Value>,
    level: usize,
}

impl<'a> Walk<'a> {
    fn get(&self, keyword: &str) -> Option<&'a Value> {
        self.object.get(keyword)
    }

    fn count(&self, keyword: &str) -> Option<usize> {
        self.get(keyword)?.as_f64().map(|n| n as usize)
    }

    fn list(&self, keyword: &str) -> impl Iterator<Item = &'a Value> {
        self.get(keyword).and_then(Value::as_array).into_iter().flatten()
    }

    fn map(&self, keyword: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.get(keyword).and_then(Value::as_object).into_iter().flatten()
    }

    fn inner(&self, schema: &Value, value: &Value, at: &mut String, found: &mut Vec<Violation>) {
        check(self.of, schema, value, at, self.level, found);
    }

    /// Checks what stands one step further down.
    fn below(&self, schema: &Value, value: &Value, at: &mut String, name: &str, found: &mut Vec<Violation>) {
        let length = at.len();
        at.push_str(&step(name));
        self.inner(schema, value, at, found);
        at.truncate(length);
    }

    fn allows(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.inner(schema, value, &mut String::new(), &mut found);
        found.is_empty()
    }

    fn any_type(&self, value: &Value, at: &str, found: &mut Vec<Violation>) {
        if let Some(allowed) = self.get("type").and_then(types)
            && !allowed.iter().any(|name| is_of(value, name))
        {
            add(found, at, format!("{}; allowed: {}", kind(value), allowed.join(", ")));
        }
        if let Some(wanted) = self.get("const")
            && !same(wanted, value)
        {
            add(found, at, format!("only {wanted} is allowed"));
        }
        if self.get("enum").is_some() && !self.list("enum").any(|allowed| same(allowed, value)) {
            let allowed: Vec<String> = self.list("enum").take(20).map(Value::to_string).collect();
            add(found, at, format!("not one of {}", allowed.join(", ")));
        }
    }

    fn combined(&self, value: &Value, at: &mut String, found: &mut Vec<Violation>) {
        if let Some(schema) =
            self.get("$ref").and_then(Value::as_str).and_then(|name| resolve(&self.of.schema.root, name))
        {
            self.inner(schema, value, at, found);
        }
        for schema in self.list("allOf") {
            self.inner(schema, value, at, found);
        }
        if self.get("anyOf").is_some() && !self.list("anyOf").any(|schema| self.allows(schema, value)) {
            add(found, at, "none of the schemas in anyOf allows it");
        }
        if self.get("oneOf").is_some() {
            let n = self.list("oneOf").filter(|schema| self.allows(schema, value)).count();
            if n != 1 {
                add(found, at, format!("{n} of the schemas in oneOf allow it; exactly one has to"));
            }
        }
        if self.get("not").is_some_and(|schema| self.allows(schema, value)) {
            add(found, at, "the schema in `not` allows it");
        }
        if let Some(condition) = self.get("if") {
            let branch = if self.allows(condition, value) { "then" } else { "else" };
            if let Some(schema) = self.get(branch) {
                self.inner(schema, value, at, found);
            }
        }
    }

    fn number(&self, number: &Number, at: &str, found: &mut Vec<Violation>) {
        let x = number.as_f64().unwrap_or(f64::NAN);
        type Rule = (&'static str, fn(f64, f64) -> bool, &'static str);
        const RULES: [Rule; 4] = [
            ("minimum", |x, limit| x >= limit, "less than"),
            ("maximum", |x, limit| x <= limit, "more than"),
            ("exclusiveMinimum", |x, limit| x > limit, "not more than"),
            ("exclusiveMaximum", |x, limit| x < limit, "not less than"),
        ];
        for (keyword, holds, words) in RULES {
            if let Some(limit) = self.get(keyword).and_then(Value::as_f64)
                && !holds(x, limit)
            {
                add(found, at, format!("{words} {limit}"));
            }
        }
        if let Some(unit) = self.get("multipleOf").and_then(Value::as_f64) {
            let times = x / unit;
            // Decimal fractions have no exact form: 0.07 is seven times 0.01.
            if (times - times.round()).abs() > 1e-9 * times.abs().max(1.0) {
                add(found, at, format!("no multiple of {unit}"));
            }
        }
    }

    fn text(&self, text: &str, at: &str, found: &mut Vec<Violation>) {
        let length = text.chars().count();
        self.within("minLength", "maxLength", length, "characters", at, found);
        if let Some(pattern) = self.get("pattern").and_then(Value::as_str)
            && !self.of.schema.patterns.get(pattern).is_some_and(|p| p.is_match(text))
        {
            add(found, at, format!("does not match {pattern}"));
        }
    }

    fn within(&self, min: &str, max: &str, n: usize, unit: &str, at: &str, found: &mut Vec<Violation>) {
        if let Some(limit) = self.count(min).filter(|limit| n < *limit) {
            add(found, at, format!("{n} {unit}; at least {limit}"));
        }
        if let Some(limit) = self.count(max).filter(|limit| n > *limit) {
            add(found, at, format!("{n} {unit}; at most {limit}"));
        }
    }

    fn array(&self, items: &[Value], at: &mut String, found: &mut Vec<Violation>) {
        self.within("minItems", "maxItems", items.len(), "items", at, found);
        // The older form has the first items' schemas in `items` and the others' in `additionalItems`.
        let older = self.get("items").is_some_and(Value::is_array);
        let (first, others) = if older { ("items", "additionalItems") } else { ("prefixItems", "items") };
        let first: Vec<&Value> = self.list(first).collect();
        for (i, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(i).copied().or_else(|| self.get(others)) {
                self.below(schema, item, at, &i.to_string(), found);
            }
        }
        if self.get("uniqueItems") == Some(&Value::Bool(true)) {
            let twice = (1..items.len()).find(|&i| items[..i].iter().any(|before| same(before, &items[i])));
            if let Some(i) = twice {
                add(found, at, format!("item {i} stands there twice"));
            }
        }
        if let Some(schema) = self.get("contains") {
            let n = items.iter().filter(|item| self.allows(schema, item)).count();
            let least = self.count("minContains").unwrap_or(1);
            if n < least || self.count("maxContains").is_some_and(|most| n > most) {
                add(found, at, format!("{n} items are as `contains` says"));
            }
        }
    }

    fn members(&self, members: &Map<String, Value>, at: &mut String, found: &mut Vec<Violation>) {
        self.within("minProperties", "maxProperties", members.len(), "properties", at, found);
        for name in self.list("required").filter_map(Value::as_str) {
            if !members.contains_key(name) {
                add(found, at, format!("`{name}` is missing"));
            }
        }
        for (name, needed) in self.map("dependentRequired").filter(|(name, _)| members.contains_key(*name)) {
            let needed = needed.as_array().into_iter().flatten().filter_map(Value::as_str);
            for other in needed.filter(|other| !members.contains_key(*other)) {
                add(found, at, format!("`{other}` is missing, which goes with `{name}`"));
            }
        }
        for (name, schema) in self.map("dependentSchemas") {
            if members.contains_key(name) {
                let whole = Value::Object(members.clone());
                self.inner(schema, &whole, at, found);
            }
        }
        for (name, value) in members {
            self.member(name, value, at, found);
        }
    }

    fn member(&self, name: &str, value: &Value, at: &mut String, found: &mut Vec<Violation>) {
        if let Some(schema) = self.get("propertyNames")
            && !self.allows(schema, &Value::String(name.to_owned()))
        {
            add(found, at, "has a name that propertyNames does not allow");
        }
        let mut known = false;
        if let Some(schema) = self.get("properties").and_then(|all| all.get(name)) {
            known = true;
            self.below(schema, value, at, name, found);
        }
        for (pattern, schema) in self.map("patternProperties") {
            if self.of.schema.patterns.get(pattern).is_some_and(|p| p.is_match(name)) {
                known = true;
                self.below(schema, value, at, name, found);
            }
        }
        match self.get("additionalProperties").filter(|_| !known) {
            Some(Value::Bool(false)) => add(found, at, format!("no property `{name}` is allowed")),
            Some(schema) => self.below(schema, value, at, name, found),
            None => {}
        }
    }
}

/// What a value is, in words that hold none of it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match (name, value) {
        ("null", Value::Null)
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("string", Value::String(_))
        | ("array", Value::Array(_))
        | ("object", Value::Object(_)) => true,
        ("integer", Value::Number(n)) => {
            n.is_i64() || n.is_u64() || n.as_f64().is_some_and(|x| x.fract() == 0.0)
        }
        _ => false,
    }
}

/// Equality as JSON Schema has it: 1 and 1.0 are the same number, members have no order.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(x), Value::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same(x, y)),
        (Value::Object(x), Value::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(name, x)| y.get(name).is_some_and(|y| same(x, y)))
        }
        _ => a == b,
    }
}
