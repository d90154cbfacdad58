//! An endpoint as a responder, and a responder as a teacher.

use chat::{Event as Heard, FinishReason, Request, Responder, Script, ScriptedResponder, ToolCall};
use serde_json::json;
use synth::teacher::{EndpointResponder, Model, Prices, State, local};
use testing::endpoint::{Reply, Said};

use super::*;

fn hear(responder: &mut dyn Responder, requests: &[Request]) -> Vec<(String, Vec<ToolCall>, FinishReason)> {
    let mut heard = vec![(String::new(), Vec::new(), FinishReason::Cancelled); requests.len()];
    let ended = responder.respond(requests, &mut |i, event| match event {
        Heard::Text(text) => heard[i].0 += &text,
        Heard::ToolCall(call) => heard[i].1.push(call),
        Heard::Done { finish, .. } => heard[i].2 = finish,
        Heard::Token { .. } => {}
    });
    ended.unwrap();
    heard
}

fn request(text: &str) -> Request {
    Request { messages: vec![Message::new(Role::User, text)], ..Request::default() }
}

#[test]
fn an_endpoint_answers_like_a_model_of_ones_own() {
    let (dir, double) = (tempfile::tempdir().unwrap(), Double::start());
    double.answer(|body| match body["messages"][0]["content"].as_str().unwrap() {
        "call" => Said {
            tool_calls: Some(
                json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]),
            ),
            finish: "tool_calls",
            ..Said::default()
        },
        "cut" => Said { finish: "length", .."half".into() },
        "never" => Said { refusal: Some("no".into()), ..Said::default() },
        text => format!("{}!", text.to_uppercase()).into(),
    });
    double.rule(|request, _| {
        String::from_utf8_lossy(&request.body).contains("\"bad\"").then(|| Reply::error(400, "", "too long"))
    });
    let desk = Desk::new(&dir.path().join("a"), plan(0));
    let endpoint = Arc::new(desk.endpoint(settings(&double)));
    let state = Arc::new(State::open(&dir.path().join("b")).unwrap());
    let judge = || EndpointResponder::new(Arc::clone(&endpoint), Model::new("judge"));
    let mut responder = judge().with_state(Arc::clone(&state), Prices::default(), None);
    let mut requests = ["hi", "call", "cut", "never", "bad", "hi", "late"].map(request);
    requests[1].tools = vec![json!({"type": "function", "function": {"name": "f", "parameters": {}}})];
    requests[5].adapter = Some("tuned".to_owned());
    requests[6].cancel.cancel();
    let heard = hear(&mut responder, &requests);
    let text: Vec<&str> = heard.iter().map(|h| h.0.as_str()).collect();
    assert_eq!(text, ["HI!", "", "half", "", "", "HI!", ""]);
    assert_eq!(heard[1].1[0].arguments["a"], 1);
    let failed = |why: &str| FinishReason::Failed(why.to_owned());
    let ends: Vec<FinishReason> = heard.into_iter().map(|h| h.2).collect();
    let wanted = [
        FinishReason::Stop,
        FinishReason::ToolCalls,
        FinishReason::Length,
        failed("the model refuses to answer"),
        failed("status 400: too long"),
        FinishReason::Stop,
        FinishReason::Cancelled,
    ];
    assert_eq!(ends, wanted);
    let bodies = double.bodies("/chat/completions");
    assert!(
        bodies.iter().any(|body| body.contains("\"model\":\"tuned\"")),
        "an adapter is a model of its own"
    );
    let before = bodies.len();
    hear(&mut responder, &requests[..3]);
    assert_eq!(double.requests().len(), before, "what was answered is remembered");
    // A budget of nothing gives what is known and asks no more.
    let mut stingy = judge().with_state(state, Prices::default(), Some(Money::ZERO));
    hear(&mut stingy, &requests[..1]);
    let error = stingy.respond(&["new".to_owned()].map(|text| request(&text)), &mut |_, _| {}).unwrap_err();
    assert!(error.to_string().contains("the budget of 0.0000 is used up"), "{error}");
    assert_eq!(double.requests().len(), before);
}

#[test]
fn a_model_of_ones_own_teaches() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(dir.path(), plan(3));
    let say = |text: &str| Script::Say(text.to_owned());
    let mut responder = ScriptedResponder::new([
        say("{\"n\": 0}"),
        say("none"),
        Script::Fail("too long".into()),
        say("{\"n\": 1}"),
    ]);
    let standing = desk.with(|job, on_event| local::ask(job, &mut responder, on_event)).unwrap();
    let tally = standing.tally();
    assert_eq!((tally.used, tally.asked_again, tally.set_aside["refused"]), (2, 1, 1));
    assert_eq!(responder.asked.len(), 4);
    assert_eq!(responder.asked[3].messages.len(), 4, "asked again with what was wrong");
    assert!(responder.asked[0].schema.is_some());
    // What was answered here is not asked of an endpoint: the key is the body's alone.
    let double = double();
    desk.state.forgive().unwrap();
    desk.online(settings(&double)).unwrap();
    assert_eq!(double.requests().len(), 1);
}
