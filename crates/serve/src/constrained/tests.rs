use serde_json::json;

use super::*;

fn grammars() -> Grammars {
    Grammars::new(&Tokenizer::bytes()).unwrap()
}

/// What a model of no opinion says: of the tokens that may follow, those that `prefer` likes.
fn say(constraint: &mut Constraint, most: usize, prefer: impl Fn(usize, u32) -> f32) -> (String, usize) {
    let tokenizer = Tokenizer::bytes();
    constraint.fits(most).unwrap();
    let mut said = Vec::new();
    while said.len() < most {
        let place = said.len();
        let mut logits: Vec<f32> = (0..tokenizer.vocab_size() as u32).map(|id| prefer(place, id)).collect();
        let greatest = |logits: &[f32]| {
            (0..logits.len() as u32)
                .max_by(|a, b| logits[*a as usize].total_cmp(&logits[*b as usize]))
                .unwrap()
        };
        match constraint.next(&mut logits, most - said.len(), true, greatest).unwrap() {
            Next::Tokens(tokens) => said.extend(tokens),
            Next::End => break,
        }
    }
    assert!(said.len() <= most);
    assert!(constraint.is_whole(), "{said:?}");
    (tokenizer.decode(&said, true).unwrap(), said.len())
}

#[test]
fn the_shortest_reply_is_said_where_there_is_room_for_no_other() {
    for (schema, shortest) in [
        (
            json!({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}),
            r#"{"a": 0}"#,
        ),
        (json!({"enum": ["gold", "tin", {"x": [1, 2]}]}), r#""tin""#),
        (json!({"const": {"x": [1, "b"], "y": null}}), r#"{"x": [1, "b"], "y": null}"#),
        (json!({"type": "array", "items": {"type": "boolean"}, "minItems": 2}), "[true, true]"),
        (json!({"type": "integer", "minimum": 1234, "maximum": 1300}), "1234"),
        (json!({"type": "number", "exclusiveMinimum": 0.25, "exclusiveMaximum": 0.75}), "0.5"),
        (json!({"type": "string", "minLength": 3}), r#""aaa""#),
        (json!({"type": "string", "pattern": "^[b-d]{2}-\\d+$"}), r#""bb-0""#),
        (json!({"type": "string", "format": "date"}), r#""0000-01-01""#),
        (
            json!({"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", "required": ["n"], "properties":
            {"n": {"anyOf": [{"$ref": "#/$defs/t"}, {"type": "null"}]}}}}}),
            r#"{"n": null}"#,
        ),
        (
            json!({"allOf": [{"required": ["a"]}, {"properties": {"a": {"const": 1}}}], "type": "object"}),
            r#"{"a": 1}"#,
        ),
        (json!(true), "0"),
    ] {
        let mut constraint = grammars().schema(&schema).unwrap();
        let least = constraint.plan.len();
        assert_eq!(
            constraint.fits(least - 1),
            Err(ConstraintError::TooShort { tokens: least, most: least - 1 })
        );
        // Whatever it would rather say.
        say(&mut constraint, least, |_, id| id as f32);
        let planned = grammars().schema(&schema).unwrap();
        assert_eq!(Tokenizer::bytes().decode(&planned.plan, true).unwrap(), shortest, "{schema}");
    }
}

#[test]
fn what_cannot_be_followed_is_said_before_with_its_keyword() {
    for (schema, words) in [
        (json!({"type": "object", "unevaluatedProperties": false}), "`unevaluatedProperties`"),
        (json!({"properties": {"a": {"type": "array", "contains": {}}}}), "`contains` (at #/properties/a)"),
        (json!({"type": "strnig"}), "`strnig`"),
        (json!({"$ref": "https://example.org/x"}), "`$ref`"),
        (json!({"$ref": "#/$defs/absent"}), "absent"),
        (json!({"type": "string", "minLength": 3, "maxLength": 2}), "minLength (3)"),
        (json!({"type": "integer", "minimum": 3, "maximum": 2}), "minimum"),
        (json!({"enum": []}), "`enum` (at #) is empty"),
        (json!({"items": {"anyOf": []}}), "`anyOf` (at #/items) is empty"),
        (json!({"type": "object", "properties": {"a": false}, "required": ["a"]}), "required"),
        (json!({"type": "string", "pattern": "("}), "`pattern`"),
        (json!({"type": "string", "format": "colour"}), "format"),
        (json!(false), "schema"),
        (json!(3), "a number"),
    ] {
        let error = grammars().schema(&schema).unwrap_err().to_string();
        assert!(error.contains(words), "{schema}: {error}");
    }
}

fn tools() -> Vec<Value> {
    vec![
        json!({"type": "function", "function": {"name": "order", "parameters": {
            "type": "object", "properties": {"id": {"$ref": "#/$defs/id"}}, "required": ["id"],
            "additionalProperties": false, "$defs": {"id": {"type": "integer"}}}}}),
        json!({"type": "function", "function": {"name": "주소", "parameters": {
            "type": "object", "properties": {"where": {"type": "string", "maxLength": 5}},
            "additionalProperties": false}}}),
    ]
}

#[test]
fn calls_are_in_form_and_end_in_time() {
    for most in [80, 120, 200, 333] {
        for seed in 0..8u32 {
            let mut constraint = grammars().calls(&tools(), Choice::Any).unwrap();
            let noise = |place: usize, id: u32| {
                chat::seeded::unit(u64::from(seed), place as u64 * 1000 + u64::from(id)) as f32
            };
            let (text, _) = say(&mut constraint, most, noise);
            let reply = chat::tools::hermes::parse(&text).unwrap();
            assert!(!reply.tool_calls.is_empty() && reply.content.is_empty(), "{text}");
            for call in reply.tool_calls {
                assert!(call.name == "주소" || call.arguments["id"].is_number(), "{text}");
            }
        }
    }
    let mut named = grammars().calls(&tools(), Choice::Named("order")).unwrap();
    let (text, _) = say(&mut named, 200, |_, id| -(id as f32));
    let reply = chat::tools::hermes::parse(&text).unwrap();
    assert_eq!((reply.tool_calls.len(), reply.tool_calls[0].name.as_str()), (1, "order"));
}

#[test]
fn functions_that_cannot_be_called_are_named() {
    let grammars = grammars();
    let error = |tools: &[Value], choice| grammars.calls(tools, choice).unwrap_err().to_string();
    assert!(error(&[], Choice::Any).contains("no function"));
    assert!(error(&tools(), Choice::Named("refund")).contains("`refund` must be called; given: order, 주소"));
    assert!(error(&[json!({"function": {}})], Choice::Any).contains("function 0 has no name"));
    let unsupported = json!({"name": "f", "parameters": {"type": "object", "if": {}}});
    assert!(error(&[unsupported], Choice::Any).contains("`if`"));
}
