use chat::{
    Builtin, Encoder, Event, FinishReason, Likelihood as _, Message, Placeholders, Request, Responder as _,
    Role, Sampling, Tokenizer, Usage,
};
use serde_json::json;

use super::*;
use crate::engine::SuccessorEngine;

const VOCAB: usize = 265;

fn assistant(slots: usize, options: AssistantOptions) -> Assistant<SuccessorEngine> {
    let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes()).unwrap();
    Assistant::new(SuccessorEngine::new(VOCAB, 200, slots + options.prefix_slots), encoder, options).unwrap()
}

fn ask(question: &str, sampling: Sampling) -> Request {
    Request { messages: vec![Message::new(Role::User, question)], sampling, ..Request::default() }
}

fn tokens(max_tokens: usize) -> Sampling {
    Sampling { max_tokens, ..Sampling::default() }
}

/// What each request was told.
#[derive(Debug, Clone, Default, PartialEq)]
struct Told {
    text: String,
    log_probs: Vec<(Option<u32>, f32)>,
    calls: Vec<chat::ToolCall>,
    done: Option<(FinishReason, Usage)>,
}

fn respond(assistant: &mut Assistant<impl Engine>, requests: &[Request]) -> Vec<Told> {
    let mut told = vec![Told::default(); requests.len()];
    let on_event = &mut |i: usize, event| {
        let one: &mut Told = &mut told[i];
        assert!(one.done.is_none(), "nothing comes after the end");
        match event {
            Event::Text(text) => one.text.push_str(&text),
            Event::Token { id, log_prob, .. } => one.log_probs.push((id, log_prob)),
            Event::ToolCall(call) => one.calls.push(call),
            Event::Done { finish, usage } => one.done = Some((finish, usage)),
        }
    };
    assistant.respond(requests, on_event).unwrap();
    assert!(told.iter().all(|one| one.done.is_some()), "every request ends");
    told
}

fn finish(told: &Told) -> &FinishReason {
    &told.done.as_ref().unwrap().0
}

#[test]
fn more_requests_than_slots_are_answered_as_if_alone() {
    let requests: Vec<Request> = (0..40)
        .map(|i| {
            let sampling = Sampling { temperature: 1.5, seed: i, top_k: 20, ..tokens(1 + i as usize % 9) };
            let mut request = ask(&format!("질문 {i}"), sampling);
            request.log_probs = true;
            if i % 3 == 0 {
                request.messages.insert(0, Message::new(Role::System, format!("규칙 {}", i % 2)));
            }
            request
        })
        .collect();
    let mut busy = assistant(16, AssistantOptions::default());
    let together = respond(&mut busy, &requests);
    assert_eq!(busy.engine().widest, 16, "all slots were used at once");
    for (request, told) in requests.iter().zip(&together) {
        let options = AssistantOptions { prefix_slots: 0, ..AssistantOptions::default() };
        let alone = respond(&mut assistant(1, options), std::slice::from_ref(request));
        assert_eq!(&alone[0], told);
    }
    let mut texts: Vec<&str> = together.iter().map(|told| told.text.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert!(texts.len() > 20, "seeds make replies differ");
}

#[test]
fn a_system_turn_is_computed_once() {
    let request = |question: &str, rule: &str| {
        let mut request = ask(question, tokens(2));
        request.messages.insert(0, Message::new(Role::System, rule));
        request
    };
    let long = "규칙 ".repeat(10);
    let mut assistant = assistant(4, AssistantOptions::default());
    let questions: Vec<Request> = (0..6).map(|i| request(&i.to_string(), &long)).collect();
    respond(&mut assistant, &questions);
    assert_eq!(assistant.prefix_counts(), (1, 5));
    let shared = "<|im_start|>system\n<|im_end|>\n".len() + long.len();
    assert!(assistant.engine().computed < shared + 6 * 40, "{}", assistant.engine().computed);
    // Two are remembered; the third takes the place of the one that was used longest ago.
    for rule in ["b", &long, "c", &long, "b"] {
        respond(&mut assistant, &[request("q", rule)]);
    }
    assert_eq!(assistant.prefix_counts(), (4, 7));
}

#[test]
fn replies_end_for_the_reason_they_end() {
    let mut assistant = assistant(4, AssistantOptions::default());
    // The prompt ends with byte 10, so 11, 12, 13 … follow.
    let stop = Sampling { stop: vec!["\u{10}".into()], ..tokens(50) };
    let told = respond(&mut assistant, &[ask("a", tokens(3)), ask("a", stop), ask("a", tokens(0))]);
    assert_eq!((told[0].text.as_str(), finish(&told[0])), ("\u{b}\u{c}\r", &FinishReason::Length));
    let prompt_tokens = assistant.encoder().prompt(&[Message::new(Role::User, "a")], &[]).unwrap().len();
    assert_eq!(told[0].done.as_ref().unwrap().1, Usage { prompt_tokens, completion_tokens: 3 });
    assert_eq!((told[1].text.as_str(), finish(&told[1])), ("\u{b}\u{c}\r\u{e}\u{f}", &FinishReason::Stop));
    assert_eq!((told[2].text.as_str(), finish(&told[2])), ("", &FinishReason::Length));
    // The context is the end of every reply.
    let long = respond(&mut assistant, &[ask(&"x".repeat(150), tokens(500))]);
    let usage = long[0].done.as_ref().unwrap().1;
    assert_eq!(finish(&long[0]), &FinishReason::Length);
    assert_eq!(usage.prompt_tokens + usage.completion_tokens, 201, "the last token needs no place");
}

#[test]
fn a_request_that_cannot_be_answered_is_refused_by_itself() {
    let mut assistant = assistant(2, AssistantOptions::default());
    let cancelled = ask("a", tokens(3));
    cancelled.cancel.cancel();
    let mut schema = ask("a", tokens(3));
    schema.schema = Some(json!({"type": "object", "contains": {}}));
    let mut adapter = ask("a", tokens(3));
    adapter.adapter = Some("billing".into());
    let too_long = ask(&"x".repeat(300), tokens(3));
    let requests = [cancelled, schema, adapter, too_long, ask("a", tokens(1))];
    let told = respond(&mut assistant, &requests);
    assert_eq!(finish(&told[0]), &FinishReason::Cancelled);
    for (one, words) in
        [(1, "`contains`"), (2, "no adapter named `billing`"), (3, "the model's context is 200")]
    {
        let FinishReason::Failed(why) = finish(&told[one]) else { panic!("{:?}", told[one]) };
        assert!(why.contains(words), "{why}");
    }
    assert_eq!(told[4].text, "\u{b}");
}

#[test]
fn a_reply_can_be_cancelled_while_it_is_written() {
    let mut assistant = assistant(2, AssistantOptions::default());
    let request = ask("a", tokens(100));
    let cancel = request.cancel.clone();
    let mut pieces = 0;
    let mut end = None;
    let on_event = &mut |_, event| match event {
        Event::Text(_) => {
            pieces += 1;
            if pieces == 5 {
                cancel.cancel();
            }
        }
        Event::Done { finish, usage } => end = Some((finish, usage.completion_tokens)),
        _ => {}
    };
    assistant.respond(&[request], on_event).unwrap();
    assert_eq!(end, Some((FinishReason::Cancelled, 5)));
}

#[test]
fn adapters_answer_by_name_and_by_default() {
    let options = AssistantOptions {
        adapters: vec!["even".into(), "third".into()],
        default_adapter: Some(1),
        ..AssistantOptions::default()
    };
    let mut assistant = assistant(4, options);
    let mut named = ask("a", tokens(3));
    named.adapter = Some("even".into());
    let told = respond(&mut assistant, &[named, ask("a", tokens(3))]);
    assert_eq!((told[0].text.as_str(), told[1].text.as_str()), ("\u{c}\u{e}\u{10}", "\r\u{10}\u{13}"));
}

/// Says a fixed text, byte after byte, then ends the turn.
struct Reciter {
    text: Vec<u32>,
    said: Vec<usize>,
}

impl Engine for Reciter {
    fn shape(&self) -> crate::EngineShape {
        crate::EngineShape { vocab: VOCAB, context: 2000, slots: self.said.len() }
    }

    fn prefill(&mut self, slot: usize, _: &[u32], _: Option<usize>) -> Result<Vec<f32>, ModelError> {
        self.said[slot] = 0;
        Ok(self.next(slot))
    }

    fn decode(&mut self, rows: &[model::DecodeRow], logits: &mut [f32]) -> Result<(), ModelError> {
        for (row, out) in rows.iter().zip(logits.chunks_mut(VOCAB)) {
            out.copy_from_slice(&self.next(row.slot));
        }
        Ok(())
    }

    fn keep(&mut self, _: usize, _: usize, _: usize) {}

    fn losses(&mut self, ids: &[u32], first: usize, _: Option<usize>) -> Result<Vec<f32>, ModelError> {
        Ok(vec![0.5; ids.len() - first])
    }
}

impl Reciter {
    fn assistant(text: &str, placeholders: Placeholders) -> Assistant<Self> {
        let tokenizer = Tokenizer::bytes();
        let text = tokenizer.encode(text, chat::Markup::Plain).unwrap();
        let encoder = Encoder::builtin(Builtin::ChatMl, tokenizer).unwrap();
        let options = AssistantOptions { placeholders, prefix_slots: 0, ..AssistantOptions::default() };
        Assistant::new(Self { text, said: vec![0; 2] }, encoder, options).unwrap()
    }

    fn next(&mut self, slot: usize) -> Vec<f32> {
        let end = Tokenizer::bytes().special_ids().end_of_turn.unwrap();
        let id = self.text.get(self.said[slot]).copied().unwrap_or(end);
        self.said[slot] += 1;
        (0..VOCAB as u32).map(|other| f32::from(u8::from(other == id)) * 9.0).collect()
    }
}

#[test]
fn calls_are_told_as_calls_and_masked_words_never() {
    let call =
        "확인하겠습니다.\n<tool_call>\n{\"name\": \"order\", \"arguments\": {\"id\": 3}}\n</tool_call>";
    let mut assistant = Reciter::assistant(call, Placeholders::default());
    let mut with_tools = ask("a", tokens(500));
    with_tools.tools.push(json!({"type": "function", "function": {"name": "order"}}));
    let told = respond(&mut assistant, &[with_tools, ask("a", tokens(500))]);
    assert_eq!((told[0].text.as_str(), finish(&told[0])), ("확인하겠습니다.", &FinishReason::ToolCalls));
    assert_eq!((told[0].calls[0].name.as_str(), &told[0].calls[0].arguments["id"]), ("order", &json!(3)));
    assert_eq!((told[1].text.as_str(), finish(&told[1])), (call, &FinishReason::Stop));

    let value = ("[전화번호]".to_string(), "1588-0000".to_string());
    let placeholders = Placeholders::new(["[이름]", "[전화번호]"], [value]);
    let mut assistant = Reciter::assistant("[이름]님 안녕하세요. [전화번호]로 전화 주세요.", placeholders);
    let told = respond(&mut assistant, &[ask("a", tokens(500))]);
    assert_eq!(told[0].text, "1588-0000로 전화 주세요.");
}

/// A model whose numbers went wrong.
struct Broken;

impl Engine for Broken {
    fn shape(&self) -> crate::EngineShape {
        crate::EngineShape { vocab: VOCAB, context: 100, slots: 4 }
    }

    fn prefill(&mut self, _: usize, _: &[u32], _: Option<usize>) -> Result<Vec<f32>, ModelError> {
        Ok(vec![f32::NAN; VOCAB])
    }

    fn decode(&mut self, _: &[model::DecodeRow], _: &mut [f32]) -> Result<(), ModelError> {
        Ok(())
    }

    fn keep(&mut self, _: usize, _: usize, _: usize) {}

    fn losses(&mut self, ids: &[u32], first: usize, _: Option<usize>) -> Result<Vec<f32>, ModelError> {
        Ok(vec![f32::NAN; ids.len() - first])
    }
}

#[test]
fn a_damaged_model_says_so() {
    let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes()).unwrap();
    let mut assistant = Assistant::new(Broken, encoder, AssistantOptions::default()).unwrap();
    for temperature in [0.0, 1.0] {
        let sampling = Sampling { temperature, ..tokens(5) };
        let told = respond(&mut assistant, &[ask("a", sampling)]);
        assert!(matches!(finish(&told[0]), FinishReason::Failed(why) if why.contains("damaged")));
        assert_eq!(told[0].text, "");
    }
}

#[test]
fn a_text_is_scored_as_a_reply() {
    let mut assistant = Reciter::assistant("", Placeholders::default());
    let prompt = [Message::new(Role::User, "a")];
    assert_eq!(assistant.log_likelihood(&prompt, "가나").unwrap(), (-3.0, 6));
    assert_eq!(assistant.log_likelihood(&prompt, "").unwrap(), (0.0, 0));
    let error = assistant.log_likelihood(&prompt, &"x".repeat(3000)).unwrap_err();
    assert!(matches!(error, chat::ResponderError::ContextExceeded { context: 2000, .. }), "{error}");
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes()).unwrap();
    let make = |engine, options| Assistant::new(engine, encoder.clone(), options).unwrap_err();
    let small = make(SuccessorEngine::new(100, 50, 8), AssistantOptions::default());
    assert!(matches!(small, AssistantError::Vocabulary { tokenizer: VOCAB, model: 100 }), "{small}");
    let narrow = make(SuccessorEngine::new(VOCAB, 50, 2), AssistantOptions::default());
    assert!(matches!(narrow, AssistantError::NoRoom { slots: 2, prefix_slots: 2, .. }), "{narrow}");
    let options = AssistantOptions { default_adapter: Some(0), ..AssistantOptions::default() };
    let absent = make(SuccessorEngine::new(VOCAB, 50, 8), options);
    assert!(matches!(absent, AssistantError::DefaultAdapter { given: 0, adapters: 0 }), "{absent}");
}

#[test]
fn a_prompt_of_ten_megabytes_is_refused_before_it_is_encoded() {
    let mut assistant = assistant(1, AssistantOptions::default());
    let told = respond(&mut assistant, &[ask(&"가나".repeat(1 << 21), tokens(3)), ask("a", tokens(1))]);
    let FinishReason::Failed(why) = finish(&told[0]) else { panic!("{:?}", told[0].done) };
    assert!(why.contains("12582912 bytes") && why.contains("200 tokens"), "{why}");
    assert_eq!(told[1].text, "\u{b}");
}

#[test]
fn requests_come_and_go_and_are_answered_in_order() {
    let mut assistant = assistant(2, AssistantOptions::default());
    let (mut asked, mut idle) = (0, 0);
    let (mut order, mut texts) = (Vec::new(), vec![String::new(); 6]);
    let arrival = &mut |is_idle: bool| {
        idle += usize::from(is_idle);
        // The third comes when the first two are done; after the sixth nobody comes.
        if asked == 6 || (asked == 2 && !is_idle) {
            return None;
        }
        asked += 1;
        Some(ask("a", tokens(3)))
    };
    let on_event = &mut |i: usize, event| match event {
        Event::Text(text) => texts[i].push_str(&text),
        Event::Done { finish, .. } => order.push((i, finish)),
        _ => {}
    };
    assistant.answer(arrival, on_event).unwrap();
    assert_eq!(order.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);
    assert!(order.iter().all(|(_, finish)| *finish == FinishReason::Length));
    assert!(texts.iter().all(|text| text == "\u{b}\u{c}\r"), "{texts:?}");
    assert!(idle >= 2, "asked {idle} times while nothing was under way");
}

#[test]
fn a_reply_to_a_schema_is_of_the_schema_however_it_is_sampled() {
    let schema = json!({
        "type": "object", "required": ["kind", "ids"], "additionalProperties": false,
        "properties": {
            "kind": {"enum": ["배송", "환불"]},
            "ids": {"type": "array", "maxItems": 3, "items": {"type": "integer", "minimum": 0, "maximum": 99}},
        },
    });
    let requests: Vec<Request> = (0..24)
        .map(|seed| {
            let sampling = Sampling { temperature: 1.0, seed, ..tokens(40 + seed as usize) };
            Request { schema: Some(schema.clone()), ..ask("a", sampling) }
        })
        .collect();
    let mut busy = assistant(8, AssistantOptions::default());
    let together = respond(&mut busy, &requests);
    for (request, told) in requests.iter().zip(&together) {
        let value: serde_json::Value = serde_json::from_str(&told.text).unwrap();
        assert!(value["kind"] == "배송" || value["kind"] == "환불", "{value}");
        assert!(value["ids"].as_array().unwrap().iter().all(|id| id.as_u64().unwrap() < 100));
        assert_eq!(finish(told), &FinishReason::Stop);
        assert_eq!(
            &respond(&mut assistant(1, AssistantOptions::default()), std::slice::from_ref(request))[0],
            told
        );
        // Token by token it is the same reply.
        let stepwise = Request { log_probs: true, ..request.clone() };
        assert_eq!(respond(&mut assistant(1, AssistantOptions::default()), &[stepwise])[0].text, told.text);
    }
    let short = Request { schema: Some(schema), ..ask("a", tokens(10)) };
    let told = respond(&mut busy, &[short]);
    assert!(
        matches!(finish(&told[0]), FinishReason::Failed(why) if why.contains("shortest reply takes")),
        "{:?}",
        told[0].done
    );
}

#[test]
fn calls_are_held_to_the_functions() {
    use chat::ToolChoice;
    let order = json!({"type": "function", "function": {"name": "order", "parameters": {
        "type": "object", "required": ["id"], "additionalProperties": false,
        "properties": {"id": {"type": "integer", "minimum": 0, "maximum": 9}}}}});
    let asked =
        |choice, sampling| Request { tools: vec![order.clone()], tool_choice: choice, ..ask("a", sampling) };
    let assistant = || {
        let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes()).unwrap();
        Assistant::new(SuccessorEngine::new(VOCAB, 1000, 4), encoder, AssistantOptions::default()).unwrap()
    };
    let free = |max_tokens| Sampling { temperature: 2.0, seed: 5, ..tokens(max_tokens) };
    for choice in [ToolChoice::Required, ToolChoice::Named("order".into())] {
        let told = respond(&mut assistant(), &[asked(choice, free(70))]);
        assert_eq!((told[0].text.as_str(), finish(&told[0])), ("", &FinishReason::ToolCalls), "{told:?}");
        assert!(told[0].calls.iter().all(|call| call.name == "order" && call.arguments["id"].is_u64()));
    }
    let absent = respond(&mut assistant(), &[asked(ToolChoice::Named("refund".into()), free(50))]);
    assert!(matches!(finish(&absent[0]), FinishReason::Failed(why) if why.contains("given: order")));
    // The model says something, begins a call, and would then write nonsense: what it began becomes a call.
    let mut reciter = Reciter::assistant("네.\n<tool_call>\nnonsense", Placeholders::default());
    let told = respond(&mut reciter, &[asked(ToolChoice::Auto, tokens(100))]);
    assert_eq!((told[0].text.as_str(), finish(&told[0])), ("네.", &FinishReason::ToolCalls), "{told:?}");
    assert_eq!(told[0].calls[0].name, "order");
    // Where no call fits any more, none is begun.
    let told = respond(&mut reciter, &[asked(ToolChoice::Auto, tokens(20))]);
    assert!(told[0].calls.is_empty() && !told[0].text.contains("<tool_call>"), "{told:?}");
}
