//! Online: every trap that an endpoint may lay for one request, and those that end a run.

use std::time::Duration;

use serde_json::json;
use synth::teacher::{Settings, TeacherError, ask_again};
use testing::endpoint::{Reply, Said};

use super::*;

#[test]
fn a_plan_is_answered_and_never_asked_again() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(20));
    assert_right(&desk.online(settings(&double)).unwrap(), 20);
    assert_eq!(double.requests().len(), 20);
    let first = &double.requests()[0];
    assert_eq!(first.headers["authorization"], format!("Bearer {KEY}"));
    assert_eq!(first.headers["content-type"], "application/json");
    let spent = desk.state.spent();
    drop(desk);
    let mut desk = Desk::new(dir.path(), plan(20));
    assert_right(&desk.online(settings(&double)).unwrap(), 20);
    assert_eq!((double.requests().len(), desk.state.spent()), (20, spent), "everything is remembered");
}

/// Each trap is laid for the first request alone; the waits are those that were wished for, or doubled with jitter.
#[test]
fn what_passes_is_waited_out() {
    let plain = |status| move || Reply::error(status, "busy", "come back later");
    type Trap = Box<dyn Fn() -> Reply + Send + Sync>;
    let traps: Vec<(&str, Trap, std::ops::RangeInclusive<u128>)> = vec![
        (
            "429 with retry-after-ms",
            Box::new(move || plain(429)().with("retry-after-ms", "1234").with("retry-after", "9")),
            1234..=1234,
        ),
        ("429 with retry-after", Box::new(move || plain(429)().with("retry-after", "7")), 7000..=7000),
        (
            "429 with a date",
            Box::new(move || {
                let reply = plain(429)().with("date", "Sun, 22 Nov 2026 01:00:00 GMT");
                reply.with("retry-after", "Sun, 22 Nov 2026 01:00:11 GMT")
            }),
            11_000..=11_000,
        ),
        ("429 without a wish", Box::new(plain(429)), 375..=500),
        ("408", Box::new(plain(408)), 375..=500),
        ("409", Box::new(plain(409)), 375..=500),
        ("500", Box::new(plain(500)), 375..=500),
        ("503", Box::new(|| Reply::text(503, "<html>Bad Gateway")), 375..=500),
        (
            "400 that should be retried",
            Box::new(move || plain(400)().with("x-should-retry", "true")),
            375..=500,
        ),
        ("no answer", Box::new(Reply::nothing), 375..=500),
        (
            "half an answer",
            Box::new(|| Reply::text(200, "{\"choices\": [{\"message\": {\"conte").cut(20)),
            375..=500,
        ),
        (
            "half an answer that says it is whole",
            Box::new(|| Reply::text(200, "{\"choices\": [{\"mess")),
            375..=500,
        ),
        (
            "an error with a good status",
            Box::new(|| Reply::json(200, &json!({"error": {"message": "overloaded", "code": 503}}))),
            375..=500,
        ),
        ("a slow answer", Box::new(|| Reply::text(200, "{}").after(Duration::from_millis(1500))), 375..=500),
    ];
    for (name, trap, waits) in traps {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        double.rule(move |_, before| (before == 0).then(&trap));
        let mut desk = Desk::new(dir.path(), plan(2));
        let patient =
            Settings { concurrency: 1, answer_timeout: Duration::from_millis(800), ..settings(&double) };
        assert_right(&desk.online(patient).unwrap_or_else(|error| panic!("{name}: {error}")), 2);
        assert_eq!(double.requests().len(), 3, "{name}");
        let waited = desk.waits();
        assert!(waited.len() == 1 && waits.contains(&waited[0]), "{name}: {waited:?}");
        // An answer that was lost may have been paid for; a refusal was not.
        let lost = ["no answer", "half an", "a slow"].iter().any(|start| name.starts_with(start));
        assert_eq!(desk.state.lost() > Money::ZERO, lost, "{name}");
    }
}

#[test]
fn waits_double_and_end() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.rule(|_, _| Some(Reply::error(500, "", "down")));
    let mut desk = Desk::new(dir.path(), plan(1));
    let error = desk.online(settings(&double)).unwrap_err().to_string();
    assert!(error.contains("failed 6 times in a row, at last with status 500 (down)"), "{error}");
    assert!(error.contains("0 of 1 answers are kept"), "{error}");
    let waits = desk.waits();
    for (wait, most) in waits.iter().zip([500, 1000, 2000, 4000, 8000]) {
        assert!(*wait <= most && *wait >= most * 3 / 4, "{waits:?}");
    }
    assert_eq!((waits.len(), double.requests().len()), (5, 6));
}

/// Requests that fail are counted as requests, and their tries as tries.
#[test]
fn a_failing_endpoint_is_told_of_by_requests_and_tries() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.rule(|_, _| Some(Reply::error(500, "", "down")));
    let mut desk = Desk::new(dir.path(), plan(9));
    let error = desk.online(Settings { concurrency: 1, ..settings(&double) }).unwrap_err().to_string();
    assert!(error.contains("failed on 3 requests in a row, each tried 6 times, at last with"), "{error}");
    assert_eq!(double.requests().len(), 18);
}

/// What no waiting mends ends the run with what to do next, after the first answers are kept.
#[test]
fn what_does_not_pass_ends_the_run_and_keeps_what_was_answered() {
    let said = |reply: fn() -> Reply| {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        double.rule(move |_, before| (before >= 3).then(reply));
        let mut desk = Desk::new(dir.path(), plan(9));
        let error = desk.online(Settings { concurrency: 1, ..settings(&double) }).unwrap_err();
        let (text, debug) = (error.to_string(), format!("{error:?}"));
        assert!(!text.contains(KEY) && !debug.contains(KEY), "{text}");
        assert_eq!(desk.state.answers(), 3, "{text}");
        assert!(double.requests().len() <= 5, "{text}: it is not tried on and on");
        text.replace(double.base_url(), "URL")
    };
    assert_eq!(
        said(|| Reply::error(401, "invalid_api_key", "Incorrect API key provided: k3y-f0r-t3sts")),
        "URL/chat/completions refuses the key (401): Incorrect API key provided: [key]. Look at the key in the \
         environment or in .env. 3 of 9 answers are kept"
    );
    let text = said(|| Reply::error(404, "model_not_found", "The model `teacher-1` does not exist"));
    assert!(
        text.starts_with("URL/chat/completions knows no model `teacher-1`, or is no endpoint (404)"),
        "{text}"
    );
    let text = said(|| Reply::error(429, "insufficient_quota", "You exceeded your current quota"));
    assert!(text.contains("has no credit left"), "{text}");
    let text = said(|| Reply::error(402, "", "pay first"));
    assert!(text.contains("has no credit left"), "{text}");
    let text = said(|| Reply::text(307, "").with("location", "https://elsewhere/v1?token=secret"));
    assert!(text.contains("sends on to https://elsewhere/v1:") && !text.contains("secret"), "{text}");
    let text = said(|| Reply::error(429, "", "slow").with("retry-after", "3600"));
    assert!(text.contains("asks to wait for 3600 s"), "{text}");
}

#[test]
fn what_is_no_endpoint_says_so() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.rule(|_, _| Some(Reply::text(200, "<html>Welcome!</html>")));
    let mut desk = Desk::new(dir.path(), plan(3));
    let error = desk.online(settings(&double)).unwrap_err().to_string();
    assert!(
        error.contains("cannot be used: no JSON but <html>Welcome!</html>. Is it an OpenAI-compatible"),
        "{error}"
    );
    let nowhere = Settings::new("http://127.0.0.1:9/v1");
    let error = desk.online(nowhere).unwrap_err().to_string();
    assert!(
        error.contains("http://127.0.0.1:9/v1 cannot be reached: connection refused. Is the endpoint"),
        "{error}"
    );
}

#[test]
fn no_key_is_told_apart_from_a_wrong_one() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.rule(|_, _| Some(Reply::error(401, "", "no key")));
    let mut desk = Desk::new(dir.path(), plan(1));
    let error = desk.online(Settings { key: None, ..settings(&double) }).unwrap_err().to_string();
    assert!(error.contains("No key was given"), "{error}");
    assert!(!double.requests()[0].headers.contains_key("authorization"));
}

/// A request that the endpoint will not answer is set aside; one after the other refused from the start is the plan's
/// fault.
#[test]
fn refused_requests_are_set_aside_unless_all_are() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let refuse = |which: fn(u64) -> bool| {
        move |request: &testing::endpoint::Request, _: usize| {
            let body = serde_json::from_slice(&request.body).unwrap();
            which(number(&body).unwrap()).then(|| Reply::error(400, "context_length_exceeded", "too long"))
        }
    };
    double.rule(refuse(|_| true));
    let mut desk = Desk::new(dir.path(), plan(9));
    let error = desk.online(Settings { concurrency: 1, ..settings(&double) }).unwrap_err().to_string();
    assert!(error.contains("refuses every request (400): too long"), "{error}");
    assert_eq!(double.requests().len(), 3);
    double.rule(refuse(|n| n % 3 == 0));
    let standing = desk.online(settings(&double)).unwrap();
    let tally = standing.tally();
    assert_eq!((tally.used, tally.set_aside["refused"]), (6, 3));
    let why = standing.settled[3].result.as_ref().unwrap_err().to_string();
    assert_eq!(why, "the endpoint refuses the request (400): too long");
    // They are not sent again unless they are forgiven.
    let before = double.requests().len();
    desk.online(settings(&double)).unwrap();
    assert_eq!(double.requests().len(), before);
    desk.state.forgive().unwrap();
    double.rule(|_, _| None);
    assert_right(&desk.online(settings(&double)).unwrap(), 9);
    assert_eq!(double.requests().len(), before + 3);
}

/// A server that does not know the form says so with whatever status: it is not tried on and on, and told of with the
/// setting that helps.
#[test]
fn a_form_that_the_endpoint_does_not_know_names_the_setting() {
    let unknown =
        "[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'input': 'json_schema'}]";
    for status in [400, 422, 500] {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        double.rule(move |_, _| Some(Reply::error(status, "", unknown)));
        let mut desk = Desk::new(dir.path(), plan(9));
        let error = desk.online(Settings { concurrency: 1, ..settings(&double) }).unwrap_err().to_string();
        assert!(error.contains(&format!("refuses every request ({status})")), "{error}");
        assert!(error.contains("`structure` in its [endpoint.NAME]"), "{error}");
        assert!(error.contains("\"json_object_schema\" (llama-cpp-python)"), "{error}");
        assert_eq!(double.requests().len(), 3, "{error}");
    }
}

/// Answers that cannot be used are asked for again, told why, and set aside in the end.
#[test]
fn bad_answers_are_repaired_asked_for_again_or_set_aside() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.answer(|body| {
        let n = number(body).unwrap();
        let turns = body["messages"].as_array().unwrap().len();
        let whole = json!({ "n": n }).to_string();
        match (n, turns) {
            (1, _) => format!("```json\n{whole}\n```").into(),
            (2, _) => format!("Sure! {{\"n\": {n},}} Anything else?").into(),
            (3, 2) => "seven".into(),
            (4, 2) => Said { finish: "length", ..format!("{{\"note\": \"a\", \"n\": {n}").into() },
            (5, _) => Said { refusal: Some("I can't help with that.".into()), ..Said::default() },
            (6, _) => "죄송하지만 답변할 수 없습니다.".into(),
            (7, _) => "{\"n\": \"seven\"}".into(),
            (8, _) => Said { finish: "content_filter", ..Said::default() },
            (9, _) => Said { finish: "length", ..format!("{{\"n\": {n}, \"note\": \"cut of").into() },
            (0 | 3 | 4, _) => whole.into(),
            _ => "?".into(),
        }
    });
    let mut desk = Desk::new(dir.path(), plan(10));
    let standing = desk.online(settings(&double)).unwrap();
    let codes: Vec<String> = standing
        .settled
        .iter()
        .map(|settled| match &settled.result {
            Ok(usable) => format!("{} {}", settled.asked, serde_json::to_string(&usable.repairs).unwrap()),
            Err(why) => format!("{} {}", settled.asked, why.code()),
        })
        .collect();
    let wanted = [
        "1 []",
        "1 [\"surroundings\"]",
        "1 [\"surroundings\",\"trailing_comma\"]",
        "2 []",
        "2 []",
        "1 refusal",
        "1 refusal",
        "3 form",
        "1 content_filter",
        "1 [\"cut_off\"]",
    ];
    assert_eq!(codes, wanted);
    let complaints: Vec<String> =
        double.bodies("/chat/completions").into_iter().filter(|b| b.contains("cannot be used")).collect();
    assert!(complaints.iter().any(|b| b.contains("/n: a text; allowed: integer")), "{complaints:?}");
    assert!(
        complaints.iter().any(|b| b.contains("cut off after 50 tokens") && b.contains("\"max_tokens\":100"))
    );
    assert_eq!(double.requests().len(), 10 + 1 + 1 + 2);
}

/// A server that was mended is asked again for what it answered badly, and for nothing else; what was spent is spent.
#[test]
fn what_was_set_aside_can_be_asked_for_again() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.answer(|body| match number(body) {
        Some(1) => "seven".into(),
        Some(2) => Said { refusal: Some("no".into()), ..Said::default() },
        Some(3) => Said { finish: "content_filter", ..Said::default() },
        _ => right(body),
    });
    let mut desk = Desk::new(dir.path(), plan(6));
    assert_eq!(desk.online(settings(&double)).unwrap().tally().used, 3);
    assert_eq!(ask_again(&desk.plan, &desk.state).unwrap(), 0, "what was heard just now is not asked again");
    let (before, spent) = (double.requests().len(), desk.state.spent());
    drop(desk);
    double.answer(right);
    let mut desk = Desk::new(dir.path(), plan(6));
    assert_eq!(desk.online(settings(&double)).unwrap().tally().used, 3);
    assert_eq!(double.requests().len(), before, "nobody asked for it");
    assert_eq!(ask_again(&desk.plan, &desk.state).unwrap(), 3);
    assert_eq!(desk.state.spent(), spent);
    desk.budget = Some(spent);
    let error = desk.online(settings(&double)).unwrap_err();
    assert!(matches!(error, TeacherError::Budget { .. }), "{error}");
    desk.budget = None;
    assert_right(&desk.online(settings(&double)).unwrap(), 6);
    assert_eq!(double.requests().len(), before + 3);
    drop(desk);
    let mut desk = Desk::new(dir.path(), plan(6));
    assert_right(&desk.online(settings(&double)).unwrap(), 6);
    assert_eq!(double.requests().len(), before + 3, "remembered");
    assert!(desk.state.spent() > spent);
}

/// A request that always fails leaves the others answered, and the run says that it is not whole.
#[test]
fn one_bad_request_does_not_hold_up_the_others() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.rule(|request, _| {
        let body = serde_json::from_slice(&request.body).unwrap();
        (number(&body) == Some(4)).then(|| Reply::error(500, "", "boom"))
    });
    let mut desk = Desk::new(dir.path(), plan(9));
    let error = desk.online(Settings { concurrency: 1, ..settings(&double) }).unwrap_err();
    assert!(matches!(error, TeacherError::Unanswered { open: 1, .. }), "{error}");
    assert_eq!(desk.state.answers(), 8);
    double.rule(|_, _| None);
    assert_right(&desk.online(settings(&double)).unwrap(), 9);
}

#[test]
fn cancelled_it_keeps_what_is_under_way() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(40));
    let cancel = desk.cancel.clone();
    double.rule(move |_, before| {
        if before == 10 {
            cancel.cancel();
        }
        None
    });
    let error = desk.online(Settings { concurrency: 3, ..settings(&double) }).unwrap_err();
    assert!(matches!(error, TeacherError::Cancelled { .. }), "{error}");
    let answered = double.requests().len();
    assert!((11..=14).contains(&answered), "{answered}");
    assert_eq!(desk.state.answers(), answered, "what was paid for is kept");
}
