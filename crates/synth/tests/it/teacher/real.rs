//! A real server: `tools/peers/teacher_llama_cpp.py` starts one and runs this.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use chat::{Event as Heard, FinishReason, Request, Responder};
use synth::teacher::{EndpointResponder, Structure, TeacherError};

use super::*;

/// The machine's clock.
struct Real(Instant);

impl Clock for Real {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program that starts the server names it in the environment"
)]
fn setting(name: &str) -> String {
    let value = std::env::var_os(name).unwrap_or_else(|| panic!("{name} names no server"));
    value.into_string().unwrap()
}

/// As [`plan`], told as the server understands it, with room for what a small model says.
fn plan_for(model: Model, n: usize) -> Plan {
    let asks = plan(n).asks().to_vec();
    Plan::new(model, asks).unwrap().with_re_asks(1, synth::teacher::COMPLAINT_KO)
}

#[test]
#[ignore = "needs a server: tools/peers/teacher_llama_cpp.py"]
fn peer_llama_cpp_answers_in_the_required_form() {
    let url = setting("MORU_TEACHER_URL");
    let model = Model { structure: Structure::JsonObjectSchema, ..Model::new(setting("MORU_TEACHER_MODEL")) };
    let dir = tempfile::tempdir().unwrap();
    let endpoint = |url: &str| {
        let settings = Settings { concurrency: 2, attempts: 2, ..Settings::new(url) };
        Endpoint::new(settings, Arc::new(Real(Instant::now()))).unwrap()
    };
    let server = Arc::new(endpoint(&url));
    let events = Mutex::new(Vec::new());
    let ask = |desk: &mut Desk| {
        desk.with(|job, _| online::ask(job, &server, &mut |event| events.lock().unwrap().push(event)))
    };
    let mut desk = Desk::new(&dir.path().join("a"), plan_for(model.clone(), 6));
    let tally = ask(&mut desk).unwrap().tally();
    println!("form: {tally:?}, spent {}", desk.state.spent());
    assert_eq!((tally.asks, tally.open), (6, 0));
    assert!(tally.used >= 5, "a grammar holds the answers: {tally:?}");
    assert!(
        events.lock().unwrap().iter().any(|event| matches!(event, Event::Answered { tokens: Some(_), .. }))
    );
    let (answers, spent) = (desk.state.answers(), desk.state.spent());
    ask(&mut desk).unwrap();
    assert_eq!((desk.state.answers(), desk.state.spent()), (answers, spent), "nothing is asked twice");

    // A form that this server is told in words it does not know.
    let mut desk = Desk::new(
        &dir.path().join("b"),
        plan_for(Model { structure: Structure::JsonSchema, ..model.clone() }, 1),
    );
    let error = ask(&mut desk).unwrap_err();
    println!("unknown form: {error}");
    assert!(matches!(error, TeacherError::Failing { .. } | TeacherError::Refusing { .. }), "{error}");

    // A path that is none.
    let wrong = endpoint(&format!("{url}/nowhere"));
    let error = desk.with(|job, _| online::ask(job, &wrong, &mut |_| {})).unwrap_err();
    assert!(matches!(error, TeacherError::NotFound { .. }), "{error}");

    // As a responder.
    let mut responder = EndpointResponder::new(server, model);
    let mut request =
        Request { messages: vec![Message::new(Role::User, "안녕하세요")], ..Request::default() };
    request.sampling.max_tokens = 16;
    let (mut text, mut ended) = (String::new(), None);
    responder
        .respond(&[request], &mut |_, event| match event {
            Heard::Text(piece) => text += &piece,
            Heard::Done { finish, usage } => ended = Some((finish, usage)),
            _ => {}
        })
        .unwrap();
    println!("replied {text:?} {ended:?}");
    let (finish, usage) = ended.unwrap();
    assert!(matches!(finish, FinishReason::Stop | FinishReason::Length) && usage.completion_tokens <= 16);
}
