//! Replies of a model that knows nothing, held to schemas drawn at random: each is valid, and none is cut.

use std::sync::Arc;

use chat::tokenizer::BpeTrainer;
use chat::{
    Builtin, Encoder, Event, FinishReason, Message, Request, Responder as _, Role, Sampling, Tokenizer,
};
use model::{Cpu, Decoder, ModelConfig};
use serde_json::{Map, Value, json};
use serve::{Assistant, AssistantOptions, DecoderEngine};
use testing::mutation::Draws;

#[test]
fn replies_of_random_weights_satisfy_random_schemas() {
    check(0..24);
}

#[test]
#[ignore = "a thousand generations; `cargo xtask soak`"]
fn soak_replies_of_random_weights_satisfy_random_schemas() {
    check(0..1000);
}

fn check(cases: std::ops::Range<u64>) {
    let tokenizers = [Tokenizer::bytes(), merged()];
    let mut wrong = Vec::new();
    for (which, tokenizer) in tokenizers.iter().enumerate() {
        let mut assistant = assistant(tokenizer);
        let own: Vec<u64> = cases.clone().filter(|case| *case as usize % 2 == which).collect();
        for batch in own.chunks(8) {
            let schemas: Vec<Value> = batch.iter().map(|&case| schema(&mut Draws::new(case))).collect();
            let requests: Vec<Request> =
                batch.iter().zip(&schemas).map(|(&case, schema)| request(case, schema)).collect();
            for (i, (text, finish)) in told(&mut assistant, &requests).into_iter().enumerate() {
                let fault = match serde_json::from_str::<Value>(&text) {
                    Ok(value) => fault(&value, &schemas[i], &schemas[i]),
                    Err(error) => Some(error.to_string()),
                };
                if fault.is_some() || finish != FinishReason::Stop {
                    wrong.push(format!("case {}: {fault:?} {finish:?}\n{}\n{text}", batch[i], schemas[i]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.end - cases.start, wrong.join("\n"));
}

fn assistant(tokenizer: &Tokenizer) -> Assistant<DecoderEngine<'static, Cpu>> {
    let vocab = tokenizer.vocab_size().next_multiple_of(8);
    let nano = ModelConfig::preset("nano").unwrap();
    let sizes = ModelConfig { vocab, context: 1024, layers: 1, hidden: 32, mlp_hidden: 48, ..nano };
    let config = ModelConfig { heads: 4, head_dim: 8, ..sizes };
    let decoder = Decoder::random(Arc::new(Cpu::new(1)), config, 7).unwrap();
    let engine = DecoderEngine::new(decoder, 8, 1024);
    let encoder = Encoder::builtin(Builtin::ChatMl, tokenizer.clone()).unwrap();
    Assistant::new(engine, encoder, AssistantOptions { prefix_slots: 0, ..AssistantOptions::default() })
        .unwrap()
}

fn request(case: u64, schema: &Value) -> Request {
    // From a little room to much.
    let max_tokens = 350 + (case as usize % 5) * 100;
    let sampling = Sampling { max_tokens, temperature: 1.0, seed: case, ..Sampling::default() };
    let messages = vec![Message::new(Role::User, "JSON")];
    Request { messages, sampling, schema: Some(schema.clone()), ..Request::default() }
}

fn told(
    assistant: &mut Assistant<DecoderEngine<'static, Cpu>>,
    requests: &[Request],
) -> Vec<(String, FinishReason)> {
    let mut told = vec![(String::new(), FinishReason::Cancelled); requests.len()];
    let on_event = &mut |i: usize, event| match event {
        Event::Text(text) => told[i].0.push_str(&text),
        Event::Done { finish, .. } => told[i].1 = finish,
        _ => {}
    };
    assistant.respond(requests, on_event).unwrap();
    told
}

/// A vocabulary with tokens of several bytes, some of them across the marks of JSON.
fn merged() -> Tokenizer {
    let mut trainer = BpeTrainer::new();
    for i in 0..60 {
        trainer.add(&format!(
            "{{\"name\": \"주문 {i}\", \"ids\": [{i}, {}], \"ok\": true, \"x\": null}}",
            i * 7
        ));
    }
    trainer.finish(285).unwrap()
}

const PATTERNS: [&str; 6] = [
    "^[a-c]{2,4}$",
    "^(ab|cd){1,3}-\\d{1,3}$",
    "^[가-힣]{1,3}$",
    "^\\+82-\\d{2}$",
    "^x?y?z$",
    "^[A-F0-9]{4}$",
];

/// An object at least three deep.
fn schema(draws: &mut Draws) -> Value {
    let inner = object(draws, 2);
    let list = json!({"type": "array", "items": inner, "minItems": draws.below(2), "maxItems": 2});
    let mut root = object(draws, 1);
    root["properties"]["list"] = list;
    root["properties"]["chain"] = json!({"$ref": "#/$defs/chain"});
    root["required"].as_array_mut().unwrap().push("list".into());
    let link = json!({"anyOf": [{"$ref": "#/$defs/chain"}, {"type": "null"}]});
    root["$defs"] = json!({
        "chain": {"type": "object", "properties": {"n": {"$ref": "#/$defs/leaf"}, "next": link},
                  "required": ["n", "next"], "additionalProperties": false},
        "leaf": leaf(draws),
    });
    root
}

fn object(draws: &mut Draws, depth: usize) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for n in 0..=draws.below(3) {
        let name = ["a", "이름", "with \"quotes\""][n];
        let value = if depth > 0 { nested(draws, depth - 1) } else { leaf(draws) };
        properties.insert(name.to_owned(), value);
        if draws.below(2) == 0 {
            required.push(Value::from(name));
        }
    }
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn nested(draws: &mut Draws, depth: usize) -> Value {
    match draws.below(4) {
        0 => object(draws, depth),
        1 => json!({"type": "array", "items": leaf(draws), "minItems": draws.below(3), "maxItems": 3}),
        2 => json!({"anyOf": [object(draws, depth), leaf(draws)]}),
        _ => json!({"$ref": "#/$defs/leaf"}),
    }
}

fn leaf(draws: &mut Draws) -> Value {
    let low = draws.below(2000) as i64 - 1000;
    match draws.below(9) {
        0 => json!({"enum": ["red", "초록", 3, null, true]}),
        1 => json!({"const": ["a", {"b": 1}]}),
        2 => json!({"type": "string", "minLength": draws.below(4), "maxLength": 4 + draws.below(12)}),
        3 => json!({"type": "string", "pattern": PATTERNS[draws.below(PATTERNS.len())]}),
        4 => json!({"type": "integer", "minimum": low, "maximum": low + draws.below(500) as i64}),
        5 => json!({"type": "number", "minimum": low, "exclusiveMaximum": low as f64 + 1.5}),
        6 => json!({"type": ["boolean", "null"]}),
        7 => json!({"type": "string", "format": "date"}),
        _ => json!({"type": "integer", "multipleOf": 5, "minimum": 0, "maximum": 1000}),
    }
}

/// What is wrong with a value: a validator that shares nothing with the grammar.
fn fault(value: &Value, schema: &Value, root: &Value) -> Option<String> {
    let fails = |what: &str| Some(format!("{what}: {value}"));
    if let Some(reference) = schema["$ref"].as_str() {
        return fault(value, root.pointer(&reference[1..]).unwrap(), root);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let one_holds = options.iter().any(|option| fault(value, option, root).is_none());
        return if one_holds { None } else { fails("anyOf") };
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().map(|one| one.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    let is = |name: &&str| match *name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    };
    if !types.is_empty() && !types.iter().any(is) {
        return fails("type");
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        return fails("enum");
    }
    if schema.get("const").is_some_and(|constant| constant != value) {
        return fails("const");
    }
    match value {
        Value::Object(map) => object_fault(map, schema, root),
        Value::Array(items) => {
            let bound = |keyword: &str| schema[keyword].as_u64().map(|n| n as usize);
            if bound("minItems").is_some_and(|n| items.len() < n)
                || bound("maxItems").is_some_and(|n| items.len() > n)
            {
                return fails("number of items");
            }
            let of = schema.get("items")?;
            items.iter().find_map(|item| fault(item, of, root))
        }
        Value::String(text) => text_fault(text, schema),
        Value::Number(number) => {
            let x = number.as_f64().unwrap();
            let bound = |keyword: &str| schema[keyword].as_f64();
            let wrong = bound("minimum").is_some_and(|b| x < b)
                || bound("maximum").is_some_and(|b| x > b)
                || bound("exclusiveMaximum").is_some_and(|b| x >= b)
                || bound("multipleOf").is_some_and(|b| x % b != 0.0);
            if wrong { fails("bounds") } else { None }
        }
        _ => None,
    }
}

fn object_fault(map: &Map<String, Value>, schema: &Value, root: &Value) -> Option<String> {
    let required = schema["required"].as_array().into_iter().flatten();
    if let Some(absent) = required.map(|name| name.as_str().unwrap()).find(|name| !map.contains_key(*name)) {
        return Some(format!("{absent} is required"));
    }
    map.iter().find_map(|(name, value)| match schema["properties"].get(name) {
        Some(of) => fault(value, of, root),
        None => (schema["additionalProperties"] == false).then(|| format!("{name} is too much")),
    })
}

fn text_fault(text: &str, schema: &Value) -> Option<String> {
    let n = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| n < least)
        || schema["maxLength"].as_u64().is_some_and(|most| n > most)
    {
        return Some(format!("{n} characters: {text}"));
    }
    let pattern = schema["pattern"].as_str().map(str::to_owned);
    let date = (schema["format"] == "date").then(|| r"^\d{4}-\d{2}-\d{2}$".to_owned());
    let pattern = pattern.or(date)?;
    let holds = regex::Regex::new(&pattern).unwrap().is_match(text);
    (!holds).then(|| format!("{pattern}: {text}"))
}
