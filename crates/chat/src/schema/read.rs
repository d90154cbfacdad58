//! Reading a schema: every keyword once, before any value is checked.

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use super::{SchemaError, resolve, step};

/// Levels of schemas within schemas.
const MOST_LEVELS: usize = 64;

/// The names of types.
pub(super) const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

/// What a keyword holds.
enum Holds {
    Schema,
    SchemaOrList,
    List,
    Schemas,
    Type,
    Values,
    Anything,
    Count,
    Number,
    Flag,
    Names,
    NamesByName,
    Pattern,
    Reference,
}

fn holds(keyword: &str) -> Option<Holds> {
    Some(match keyword {
        "additionalProperties"
        | "additionalItems"
        | "propertyNames"
        | "contains"
        | "not"
        | "if"
        | "then"
        | "else" => Holds::Schema,
        "items" => Holds::SchemaOrList,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Holds::List,
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => Holds::Schemas,
        "type" => Holds::Type,
        "enum" => Holds::Values,
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => Holds::Count,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Holds::Number,
        "uniqueItems" => Holds::Flag,
        "required" => Holds::Names,
        "dependentRequired" => Holds::NamesByName,
        "pattern" => Holds::Pattern,
        "$ref" => Holds::Reference,
        "const" | "$schema" | "$id" | "id" | "$comment" | "title" | "description" | "default"
        | "readOnly" | "writeOnly" | "deprecated" | "examples" | "example" | "format" | "contentEncoding"
        | "contentMediaType" => Holds::Anything,
        _ if keyword.starts_with("x-") => Holds::Anything,
        _ => return None,
    })
}

/// Reads `schema`, which stands at `at` of `root`, and all within it.
pub(super) fn read(
    root: &Value,
    schema: &Value,
    at: &str,
    level: usize,
    patterns: &mut HashMap<String, Regex>,
) -> Result<(), SchemaError> {
    if level > MOST_LEVELS {
        return Err(SchemaError::TooDeep { at: at.to_owned(), most: MOST_LEVELS });
    }
    let object = match schema {
        Value::Bool(_) => return Ok(()),
        Value::Object(object) => object,
        _ => return Err(SchemaError::NotASchema { at: at.to_owned() }),
    };
    for (keyword, value) in object {
        let holds = holds(keyword)
            .ok_or_else(|| SchemaError::Keyword { keyword: keyword.clone(), at: at.to_owned() })?;
        let here = format!("{at}{}", step(keyword));
        let wrong = |allowed| SchemaError::Value { keyword: keyword.clone(), at: at.to_owned(), allowed };
        if let Some(allowed) = fault(&holds, value) {
            return Err(wrong(allowed));
        }
        match (&holds, value) {
            (Holds::SchemaOrList | Holds::List, Value::Array(list)) => {
                for (i, schema) in list.iter().enumerate() {
                    read(root, schema, &format!("{here}/{i}"), level + 1, patterns)?;
                }
            }
            (Holds::Schema | Holds::SchemaOrList, schema) => read(root, schema, &here, level + 1, patterns)?,
            (Holds::Schemas, Value::Object(schemas)) => {
                if keyword == "patternProperties" {
                    compile(schemas.keys(), at, patterns)?;
                }
                for (name, schema) in schemas {
                    read(root, schema, &format!("{here}{}", step(name)), level + 1, patterns)?;
                }
            }
            (Holds::Pattern, Value::String(pattern)) => compile([pattern], at, patterns)?,
            (Holds::Reference, Value::String(reference)) if resolve(root, reference).is_none() => {
                return Err(SchemaError::Reference { reference: reference.clone(), at: at.to_owned() });
            }
            _ => {}
        }
    }
    Ok(())
}

fn compile<'a>(
    sources: impl IntoIterator<Item = &'a String>,
    at: &str,
    patterns: &mut HashMap<String, Regex>,
) -> Result<(), SchemaError> {
    for source in sources {
        let wrong = |_| SchemaError::Pattern { pattern: source.clone(), at: at.to_owned() };
        patterns.insert(source.clone(), Regex::new(source).map_err(wrong)?);
    }
    Ok(())
}

/// What a keyword would have to hold, where it holds something else.
fn fault(holds: &Holds, value: &Value) -> Option<&'static str> {
    let names = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    let each = |map: &Map<String, Value>| map.values().all(names);
    let (good, allowed) = match holds {
        Holds::Schema | Holds::SchemaOrList | Holds::Anything => (true, ""),
        Holds::List => (value.as_array().is_some_and(|l| !l.is_empty()), "a list of at least one schema"),
        Holds::Schemas => (value.is_object(), "an object of schemas"),
        Holds::Type => (
            types(value).is_some_and(|types| !types.is_empty() && types.iter().all(|t| TYPES.contains(t))),
            "one or several of null, boolean, integer, number, string, array, object",
        ),
        Holds::Values => (value.as_array().is_some_and(|l| !l.is_empty()), "a list of at least one value"),
        Holds::Count => (value.as_f64().is_some_and(|n| n >= 0.0 && n.fract() == 0.0), "a count"),
        Holds::Number => (value.is_number(), "a number"),
        Holds::Flag => (value.is_boolean(), "true or false"),
        Holds::Names => (names(value), "a list of names"),
        Holds::NamesByName => (value.as_object().is_some_and(each), "an object of lists of names"),
        Holds::Pattern => (value.is_string(), "a regular expression"),
        Holds::Reference => (value.is_string(), "a reference such as #/$defs/name"),
    };
    (!good).then_some(allowed)
}

/// The types that `type` names.
pub(super) fn types(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(name) => Some(vec![name]),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
