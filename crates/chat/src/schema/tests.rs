use serde_json::{Value, json};

use super::*;

/// Each schema with values that it allows and values that it does not.
fn table() -> Vec<(Value, Vec<Value>, Vec<Value>)> {
    vec![
        (json!(true), vec![json!(1), json!(null)], vec![]),
        (json!(false), vec![], vec![json!(1), json!({})]),
        (json!({"type": "integer"}), vec![json!(3), json!(3.0)], vec![json!(3.5), json!("3"), json!(null)]),
        (json!({"type": ["string", "null"]}), vec![json!("a"), json!(null)], vec![json!(0)]),
        (json!({"const": {"a": 1, "b": [2]}}), vec![json!({"b": [2.0], "a": 1})], vec![json!({"a": 1})]),
        (json!({"enum": ["예", "아니오", 1]}), vec![json!("예"), json!(1.0)], vec![json!("네"), json!(true)]),
        (
            json!({"minLength": 2, "maxLength": 3}),
            vec![json!("연차"), json!(1)],
            vec![json!("가"), json!("네글자임")],
        ),
        (json!({"pattern": "^제\\d+조$"}), vec![json!("제15조")], vec![json!("15조"), json!("제15조의2")]),
        (json!({"minimum": 1, "exclusiveMaximum": 5}), vec![json!(1), json!(4.9)], vec![json!(0), json!(5)]),
        (json!({"multipleOf": 0.01}), vec![json!(0.07), json!(3)], vec![json!(0.071)]),
        (
            json!({"items": {"type": "integer"}, "minItems": 1}),
            vec![json!([1])],
            vec![json!([]), json!([1, "2"])],
        ),
        (
            json!({"prefixItems": [{"type": "string"}], "items": false}),
            vec![json!(["a"])],
            vec![json!(["a", 1]), json!([1])],
        ),
        (
            json!({"items": [{"type": "string"}], "additionalItems": {"type": "null"}}),
            vec![json!(["a", null])],
            vec![json!(["a", 1])],
        ),
        (
            json!({"uniqueItems": true}),
            vec![json!([1, 2])],
            vec![json!([1, 1.0]), json!([{"a": 1}, {"a": 1}])],
        ),
        (
            json!({"contains": {"const": 1}, "maxContains": 2}),
            vec![json!([0, 1])],
            vec![json!([0]), json!([1, 1, 1])],
        ),
        (
            json!({"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false}),
            vec![json!({"a": ""}), json!([])],
            vec![json!({}), json!({"a": 1}), json!({"a": "", "b": 1})],
        ),
        (
            json!({"patternProperties": {"^n_": {"type": "number"}}, "additionalProperties": {"type": "string"}}),
            vec![json!({"n_a": 1, "b": ""})],
            vec![json!({"n_a": ""}), json!({"b": 1})],
        ),
        (
            json!({"propertyNames": {"maxLength": 1}, "maxProperties": 1}),
            vec![json!({"a": 1})],
            vec![json!({"ab": 1}), json!({"a": 1, "b": 2})],
        ),
        (
            json!({"dependentRequired": {"a": ["b"]}}),
            vec![json!({"a": 1, "b": 1}), json!({})],
            vec![json!({"a": 1})],
        ),
        (
            json!({"dependentSchemas": {"a": {"required": ["c"]}}}),
            vec![json!({"b": 1})],
            vec![json!({"a": 1})],
        ),
        (json!({"allOf": [{"minimum": 1}, {"maximum": 2}]}), vec![json!(2)], vec![json!(0), json!(3)]),
        (json!({"anyOf": [{"type": "null"}, {"minimum": 9}]}), vec![json!(null), json!(9)], vec![json!(1)]),
        (json!({"oneOf": [{"minimum": 1}, {"maximum": 2}]}), vec![json!(0), json!(3)], vec![json!(1.5)]),
        (json!({"not": {"type": "string"}}), vec![json!(1)], vec![json!("a")]),
        (
            json!({"if": {"type": "string"}, "then": {"minLength": 2}, "else": {"type": "null"}}),
            vec![json!("ab"), json!(null)],
            vec![json!("a"), json!(1)],
        ),
        (
            json!({"$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["n"]}}, "$ref": "#/$defs/node"}),
            vec![json!({"n": 1, "next": {"n": 2}})],
            vec![json!({"n": 1, "next": {}}), json!([])],
        ),
        (
            json!({"definitions": {"a b": {"type": "null"}}, "items": {"$ref": "#/definitions/a%20b"}}),
            vec![json!([null])],
            vec![json!([1])],
        ),
    ]
}

#[test]
fn values_are_told_apart() {
    for (schema, good, bad) in table() {
        let read = Schema::new(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"));
        for value in good {
            assert_eq!(read.check(&value), [], "{schema} allows {value}");
        }
        for value in bad {
            assert!(!read.allows(&value), "{schema} does not allow {value}");
        }
    }
}

#[test]
fn what_is_wrong_is_named_by_place_and_without_its_value() {
    let schema = json!({"type": "object", "properties": {"list": {"items": {
        "type": "object", "properties": {"a/b": {"type": "string"}}, "required": ["kind"]}}}});
    let found = Schema::new(&schema).unwrap().check(&json!({"list": [{"kind": 1}, {"a/b": 110_119}]}));
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["/list/1: `kind` is missing", "/list/1/a~1b: a number; allowed: string"]);
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    for (schema, said) in [
        (json!([]), "what stands at # is no schema: a schema is an object, true or false"),
        (json!({"items": 3}), "what stands at #/items is no schema: a schema is an object, true or false"),
        (
            json!({"properties": {"a": {"typ": "string"}}}),
            "the schema's keyword `typ` (at #/properties/a) is not supported: leave it out",
        ),
        (
            json!({"type": "text"}),
            "the schema's `type` (at #) is not one or several of null, boolean, integer, number, string, array, object",
        ),
        (json!({"required": "a"}), "the schema's `required` (at #) is not a list of names"),
        (json!({"$ref": "#/$defs/a"}), "`$ref` (at #) names `#/$defs/a`, which this schema does not hold"),
        (
            json!({"pattern": "(?=a)"}),
            "`pattern` (at #) cannot be read: `(?=a)`: look-around and back-references are not supported",
        ),
    ] {
        assert_eq!(Schema::new(&schema).unwrap_err().to_string(), said);
    }
    let deep = (0..100).fold(json!(true), |inner, _| json!({"not": inner}));
    assert!(matches!(Schema::new(&deep), Err(SchemaError::TooDeep { .. })));
}

#[test]
fn a_circle_of_references_ends() {
    let schema = Schema::new(&json!({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"})).unwrap();
    assert_eq!(schema.check(&json!(1))[0].what, "nested too deeply to be checked");
    let both = json!({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]});
    assert!(!Schema::new(&both).unwrap().allows(&json!(1)));
}
