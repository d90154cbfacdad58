//! Asking a model: the same prompts for all, and nothing asked twice after a kill.

use std::path::Path;

use chat::{Event, Example, FinishReason, Message, Request, Responder, ResponderError, Role, Usage};
use eval::EvalError;
use eval::run::{Answer, Asking, Finish, Progress, Question, answer_all};

/// Answers with the question turned round, and writes down what it was asked.
#[derive(Default)]
struct Scripted {
    asked: Vec<Vec<String>>,
    /// Fails as a whole from this batch on.
    fault_from_batch: Option<usize>,
    /// Cannot answer this question.
    refuses: Option<&'static str>,
    /// Comes back without ending its replies.
    unfinished: bool,
    /// Speaks of a request that was not made.
    strays: bool,
    /// Cancels the run during this batch.
    cancels_in_batch: Option<usize>,
}

impl Responder for Scripted {
    fn respond(
        &mut self,
        requests: &[Request],
        on_event: &mut dyn FnMut(usize, Event),
    ) -> Result<(), ResponderError> {
        let batch = self.asked.len();
        if self.fault_from_batch.is_some_and(|from| batch >= from) {
            return Err(ResponderError::ContextExceeded { prompt_tokens: 9, context: 8 });
        }
        self.asked.push(requests.iter().map(|r| r.messages.last().unwrap().content.clone()).collect());
        if self.cancels_in_batch == Some(batch) {
            requests[0].cancel.cancel();
        }
        // Replies come interleaved and in pieces, as they do from a real one.
        for (i, request) in requests.iter().enumerate().rev() {
            on_event(i, Event::Text(request.messages.last().unwrap().content.chars().rev().collect()));
        }
        for (i, request) in requests.iter().enumerate() {
            on_event(i, Event::Text("!".into()));
            let usage = Usage { prompt_tokens: 5, completion_tokens: 2 };
            let finish = if request.cancel.is_cancelled() {
                FinishReason::Cancelled
            } else if self.refuses == request.messages.last().map(|m| m.content.as_str()) {
                FinishReason::Failed("busy".into())
            } else {
                FinishReason::Stop
            };
            if !self.unfinished {
                on_event(i, Event::Done { finish, usage });
            }
        }
        if self.strays {
            on_event(requests.len(), Event::Text("?".into()));
        }
        Ok(())
    }
}

fn questions(n: usize) -> Vec<Question> {
    (0..n)
        .map(|i| Question {
            id: format!("inquiries#{i}"),
            messages: vec![Message::new(Role::System, "짧게"), Message::new(Role::User, format!("질문{i}"))],
            tools: Vec::new(),
        })
        .collect()
}

fn asking() -> Asking<'static> {
    Asking { batch: 3, ..Asking::greedy("nano@1", 96) }
}

fn run(responder: &mut Scripted, questions: &[Question], path: &Path) -> Result<Vec<Answer>, EvalError> {
    answer_all(responder, questions, &asking(), path, &mut |_| {})
}

fn write(path: &Path, bytes: &[u8]) {
    use std::io::Write;
    std::fs::File::create(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let folder = tempfile::tempdir().unwrap();
    let mut responder = Scripted::default();
    let mut seen = Vec::new();
    let mut note = |progress: Progress| seen.push((progress.answered, progress.continued));
    let path = folder.path().join("base.jsonl");
    let answers = answer_all(&mut responder, &questions(7), &asking(), &path, &mut note).unwrap();
    assert_eq!(responder.asked.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(seen, [(0, 0), (3, 0), (6, 0), (7, 0)]);
    let texts: Vec<&str> = answers.iter().map(|a| a.text.as_str()).collect();
    assert_eq!(texts, ["0문질!", "1문질!", "2문질!", "3문질!", "4문질!", "5문질!", "6문질!"]);
    assert_eq!((answers[0].prompt_tokens, answers[0].completion_tokens), (5, 2));
    assert_eq!(answers[0].finish, Finish::Stop);
}

#[test]
fn a_failed_run_continues_with_the_batch_in_flight() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tuned.jsonl");
    let mut failing = Scripted { fault_from_batch: Some(2), ..Scripted::default() };
    assert!(matches!(run(&mut failing, &questions(8), &path), Err(EvalError::Responder(_))));
    let mut responder = Scripted::default();
    let answers = run(&mut responder, &questions(8), &path).unwrap();
    assert_eq!(responder.asked, [["질문6", "질문7"]]);
    assert_eq!(answers.len(), 8);
    let mut third = Scripted::default();
    assert_eq!(run(&mut third, &questions(8), &path).unwrap(), answers);
    assert!(third.asked.is_empty());
}

#[test]
fn a_file_cut_anywhere_by_a_kill_ends_in_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.jsonl");
    let answers = run(&mut Scripted::default(), &questions(5), &path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        let torn = folder.path().join("torn.jsonl");
        write(&torn, &whole[..cut]);
        let mut responder = Scripted::default();
        assert_eq!(run(&mut responder, &questions(5), &torn).unwrap(), answers, "cut at {cut}");
        let kept = whole[..cut].split(|&b| b == b'\n').count().saturating_sub(2);
        assert_eq!(responder.asked.concat().len(), 5 - kept, "cut at {cut}");
        assert_eq!(std::fs::read(&torn).unwrap(), whole, "cut at {cut}");
    }
}

#[test]
fn answers_of_other_runs_are_not_mixed_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.jsonl");
    run(&mut Scripted::default(), &questions(4), &path).unwrap();
    let other_model = Asking { identity: "nano@2", ..asking() };
    let longer = Asking::greedy("nano@1", 97);
    let adapter = Asking { adapter: Some("qna".into()), ..asking() };
    for other in [&other_model, &longer, &adapter] {
        let outcome = answer_all(&mut Scripted::default(), &questions(4), other, &path, &mut |_| {});
        assert!(matches!(outcome, Err(EvalError::OtherRun { .. })));
    }
    assert!(matches!(run(&mut Scripted::default(), &questions(5), &path), Err(EvalError::OtherRun { .. })));
    let wider = Asking { batch: 4, ..asking() };
    assert!(answer_all(&mut Scripted::default(), &questions(4), &wider, &path, &mut |_| {}).is_ok());
}

#[test]
fn what_failed_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.jsonl");
    let mut refusing = Scripted { refuses: Some("질문1"), ..Scripted::default() };
    let answers = run(&mut refusing, &questions(3), &path).unwrap();
    assert_eq!(answers[1].finish, Finish::Failed("busy".into()));
    let mut responder = Scripted::default();
    let answers = run(&mut responder, &questions(3), &path).unwrap();
    assert_eq!(responder.asked, [["질문1"]]);
    assert_eq!(answers[1].finish, Finish::Stop);
}

#[test]
fn a_cancelled_run_says_so_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.jsonl");
    let mut responder = Scripted { cancels_in_batch: Some(1), ..Scripted::default() };
    let outcome = run(&mut responder, &questions(7), &path);
    assert!(matches!(outcome, Err(EvalError::Cancelled { answered: 3, questions: 7 })), "{outcome:?}");
    let mut next = Scripted::default();
    run(&mut next, &questions(7), &path).unwrap();
    assert_eq!(next.asked.concat().len(), 4);
}

#[test]
fn faults_name_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("answers.jsonl");
    let mut twice = questions(2);
    twice[1].id = twice[0].id.clone();
    let message = |outcome: Result<Vec<Answer>, EvalError>| outcome.unwrap_err().to_string();
    assert_eq!(
        message(run(&mut Scripted::default(), &twice, &path)),
        "two test rows have the id `inquiries#0`; ids must be unique"
    );
    let mut unfinished = Scripted { unfinished: true, ..Scripted::default() };
    assert!(message(run(&mut unfinished, &questions(2), &path)).contains("inquiries#0"));
    let mut strays = Scripted { strays: true, ..Scripted::default() };
    assert_eq!(
        message(run(&mut strays, &questions(2), &path)),
        "the responder answered request 2 of a batch of 2"
    );
    run(&mut Scripted::default(), &questions(2), &path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let second = bytes.iter().position(|&b| b == b'\n').unwrap() + 1;
    bytes[second] = b'#';
    write(&path, &bytes);
    let damaged = message(run(&mut Scripted::default(), &questions(2), &path));
    assert!(damaged.contains("answers.jsonl:2: not an answer"), "{damaged}");
    let nowhere = folder.path().join("missing").join("answers.jsonl");
    assert!(message(run(&mut Scripted::default(), &questions(1), &nowhere)).contains("answers.jsonl"));
    write(&path, b"not ours\n");
    assert!(message(run(&mut Scripted::default(), &questions(1), &path)).contains("answers.jsonl:1"));
    write(&path, b"\n");
    assert!(message(run(&mut Scripted::default(), &questions(1), &path)).contains("answers.jsonl:1"));
}

#[test]
fn an_example_is_taken_apart_before_its_last_answer() {
    let turn = Message::new;
    let example = |messages| Example {
        id: "inquiries#7".into(),
        messages,
        tools: Vec::new(),
        meta: serde_json::Map::new(),
    };
    let talk = vec![
        turn(Role::User, "안녕"),
        turn(Role::Assistant, "네"),
        turn(Role::User, "언제 와요?"),
        turn(Role::Assistant, "내일이요"),
    ];
    let (question, reference) = Question::of(&example(talk.clone())).unwrap();
    assert_eq!((question.messages.as_slice(), reference.as_str()), (&talk[..3], "내일이요"));
    assert_eq!(eval::compare::question_text(&question.messages), "언제 와요?");
    for messages in [vec![], vec![turn(Role::User, "네?")]] {
        assert!(matches!(Question::of(&example(messages)), Err(EvalError::NoFinalAnswer { .. })));
    }
}
