//! Batches: every trap between a file and its answers.

use std::time::Duration;

use synth::teacher::batch::{self, BatchReport, BatchSettings, BatchState, Stage, Step};
use synth::teacher::{Clock, Money, Standing, TeacherError};
use testing::endpoint::{Ends, Fate, Reply};

use super::*;

fn cut(lines: usize) -> BatchSettings {
    BatchSettings { lines, ..BatchSettings::default() }
}

impl Desk {
    fn batch(&mut self, double: &Double, cut: &BatchSettings) -> Result<Standing, TeacherError> {
        let endpoint = self.endpoint(settings(double));
        self.with(|job, on_event| batch::ask(job, &endpoint, cut, on_event))
    }

    fn step(
        &mut self,
        double: &Double,
        cut: &BatchSettings,
        step: Step,
    ) -> Result<BatchReport, TeacherError> {
        let endpoint = self.endpoint(settings(double));
        self.with(|job, on_event| batch::step(step, job, &endpoint, cut, on_event))
    }

    /// What was read of each batch, oldest first.
    fn read(&self) -> Vec<(String, batch::Read)> {
        let report = batch::status(self.state.folder()).unwrap();
        let read = |batch: BatchState| match batch.stage {
            Stage::Over { status, read } => (status, read),
            stage => panic!("{stage:?}"),
        };
        report.batches.into_iter().map(read).collect()
    }
}

fn over(report: &BatchReport) -> usize {
    report.batches.iter().filter(|batch| batch.is_over()).count()
}

#[test]
fn submitted_waited_for_and_retrieved() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.fates([Fate { looks: 3, ..Fate::default() }, Fate { looks: 1, ..Fate::default() }]);
    let mut desk = Desk::new(dir.path(), plan(10));
    let report = desk.step(&double, &cut(4), Step::Submit).unwrap();
    assert_eq!((report.batches.len(), report.under_way), (3, 10));
    // Submitting twice submits nothing more.
    desk.step(&double, &cut(4), Step::Submit).unwrap();
    assert_eq!((double.batches(), double.uploads().len()), (3, 3));
    let report = desk.step(&double, &cut(4), Step::Retrieve).unwrap();
    assert_eq!((over(&report), report.under_way, desk.state.answers()), (1, 8, 2), "the third was quick");
    // Another process looks at it, and the first one ends.
    drop(desk);
    let looked = batch::status(dir.path()).unwrap();
    assert_eq!(looked.batches[0].batch.as_deref(), Some("batch_0000"));
    let json = serde_json::to_value(&looked).unwrap();
    assert_eq!(json["batches"][2]["stage"]["is"], "over");
    assert_eq!(json["batches"][2]["stage"]["answered"], 2);
    let mut desk = Desk::new(dir.path(), plan(10));
    let report = desk.step(&double, &cut(4), Step::Wait).unwrap();
    assert_eq!((over(&report), report.under_way), (3, 0));
    let (clock, cut) = (desk.clock.now(), cut(4));
    assert!(clock >= Duration::from_mins(2) && clock <= Duration::from_mins(4), "a look a minute: {clock:?}");
    assert_right(&desk.batch(&double, &cut).unwrap(), 10);
    assert!(double.answered().values().all(|&n| n == 1));
    let listed = std::fs::read_dir(dir.path().join("batches")).unwrap();
    assert!(
        listed.flatten().all(|file| !file.path().to_string_lossy().ends_with(".jsonl")),
        "files are cleared away"
    );
}

/// Every way in which a batch may leave something unanswered: it is asked again, and nothing else is.
#[test]
fn what_a_batch_leaves_is_asked_again_and_nothing_else() {
    let fates: Vec<(&str, Fate, usize)> = vec![
        ("expired with some answers", Fate { ends: Ends::Expired, run: Some(4), ..Fate::default() }, 6),
        ("expired with none", Fate { ends: Ends::Expired, run: Some(0), ..Fate::default() }, 10),
        ("in reverse order", Fate { reversed: true, ..Fate::default() }, 0),
        ("some twice", Fate { twice: 3, reversed: true, ..Fate::default() }, 0),
        ("some in no file", Fate { lost: 2, ..Fate::default() }, 2),
        ("half a line and a stranger", Fate { torn: true, lost: 1, ..Fate::default() }, 1),
        ("some failed for now", Fate { fail: vec![(0, 500), (3, 429)], ..Fate::default() }, 2),
        (
            "all failed for now, with no file of answers",
            Fate { fail: (0..10).map(|i| (i, 500)).collect(), ..Fate::default() },
            10,
        ),
        ("completed before it names a file", Fate { nameless: 2, ..Fate::default() }, 0),
        ("completed, and never names a file", Fate { nameless: 99, ..Fate::default() }, 10),
    ];
    for (name, fate, again) in fates {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        let first = Fate { ends: fate.ends.clone(), ..fate.clone() };
        double.fates([first]);
        let mut desk = Desk::new(dir.path(), plan(10));
        // A round that answers nothing ends; what is open then is asked by the next run.
        let standing = desk.batch(&double, &cut(50)).or_else(|error| match error {
            TeacherError::Unanswered { open: 10, .. } if again == 10 => desk.batch(&double, &cut(50)),
            error => panic!("{name}: {error}"),
        });
        assert_right(&standing.unwrap(), 10);
        let uploads = double.uploads();
        assert_eq!(uploads.get(1).map_or(0, |lines| lines.lines().count()), again, "{name}");
        let (_, read) = desk.read().remove(0);
        assert_eq!((read.answered, read.missing), (10 - again, again), "{name}");
        assert_eq!(read.answered + read.refused + read.missing, 10, "{name}");
        assert_eq!(read.duplicates, if name == "some twice" { 3 } else { 0 }, "{name}");
        assert_eq!((read.strangers, read.unreadable), if fate.torn { (1, 1) } else { (0, 0) }, "{name}");
    }
}

#[test]
fn a_cancelled_batch_keeps_what_was_done() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.fates([Fate { looks: 2, run: Some(3), ..Fate::default() }]);
    let mut desk = Desk::new(dir.path(), plan(8));
    desk.step(&double, &cut(50), Step::Submit).unwrap();
    let report = desk.step(&double, &cut(50), Step::Cancel).unwrap();
    assert!(
        matches!(&report.batches[0].stage, Stage::Running { status, .. } if status == "cancelling"),
        "{report:?}"
    );
    let report = desk.step(&double, &cut(50), Step::Wait).unwrap();
    assert_eq!((over(&report), desk.state.answers()), (1, 3));
    assert_eq!(desk.read()[0].0, "cancelled");
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 8);
}

#[test]
fn files_that_come_late_are_waited_for() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.late(3, 2);
    let mut desk = Desk::new(dir.path(), plan(3));
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 3);
    assert_eq!((double.batches(), double.uploads().len()), (1, 1));
    assert!(desk.waits().len() >= 5, "{:?}", desk.waits());
    // One that never comes is an error, and the batch can be tried again.
    let (dir, double) = (tempfile::tempdir().unwrap(), self::double());
    double.late(99, 0);
    let mut desk = Desk::new(dir.path(), plan(3));
    let error = desk.batch(&double, &cut(50)).unwrap_err().to_string();
    assert!(
        error.contains("batch 0001 cannot be run (status 400 invalid_request_error): The file"),
        "{error}"
    );
    assert_eq!(batch::status(dir.path()).unwrap().batches[0].stage, Stage::Queued);
}

/// Batches wait for room in the endpoint's queue, whether its size was said or is learned.
#[test]
fn the_endpoints_queue_is_waited_for() {
    for said in [true, false] {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        let slow = || Fate { looks: 2, ..Fate::default() };
        double.fates((0..9).map(|_| slow()));
        let mut desk = Desk::new(dir.path(), plan(12));
        let open = Standing::of(&desk.plan, &desk.state).unwrap().open;
        let each = desk.with(|job, _| job.prompt_tokens(&open[11])) as u64;
        double.queue(each as usize * 7);
        let cut = BatchSettings { enqueued_tokens: said.then_some(each * 7), ..cut(3) };
        assert_right(&desk.batch(&double, &cut).unwrap(), 12);
        let report = batch::status(dir.path()).unwrap();
        let refused: usize = report.batches.iter().map(|batch| batch.past.len()).sum();
        assert_eq!(refused > 0, !said, "said: {said}, {refused} refused");
        assert_eq!(double.uploads().len(), 4, "a refused batch's file is used again");
        assert!(double.answered().values().all(|&n| n == 1));
    }
}

/// A batch that is too large for the queue by itself is cut into smaller ones.
#[test]
fn what_is_too_large_for_the_queue_is_cut() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(12));
    let open = Standing::of(&desk.plan, &desk.state).unwrap().open;
    let each = desk.with(|job, _| job.prompt_tokens(&open[11]));
    double.queue(each * 4);
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 12);
    assert_eq!(desk.read()[0].0, "too_large");
    double.queue(each / 2);
    desk.plan = plan(13);
    let error = desk.batch(&double, &cut(50)).unwrap_err().to_string();
    assert!(error.contains("cannot be run (token_limit_exceeded): Enqueued token limit reached"), "{error}");
}

/// A queue that is full for an hour, of others' batches, does not make all later batches small.
#[test]
fn a_queue_that_was_full_for_a_time_is_filled_again() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let full =
        || Fate { ends: Ends::Failed("token_limit_exceeded", "Enqueued token limit"), ..Fate::default() };
    double.fates([full(), full()]);
    let mut desk = Desk::new(dir.path(), plan(8));
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 8);
    let small = batch::status(dir.path()).unwrap().batches.iter().filter(|batch| batch.lines == 1).count();
    assert_eq!(small, 0, "{:?}", batch::status(dir.path()).unwrap());
    desk.plan = plan(40);
    let before = double.batches();
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 40);
    assert!(double.batches() - before <= 6, "{} batches of 32 requests", double.batches() - before);
    // What the recipe says is kept in any case.
    let open = Standing::of(&desk.plan, &desk.state).unwrap().settled.len() as u64;
    let last = batch::status(dir.path()).unwrap().batches.into_iter().last().unwrap();
    let each = last.tokens / last.lines as u64;
    desk.plan = plan(open as usize + 9);
    let said = BatchSettings { enqueued_tokens: Some(each * 4), ..cut(50) };
    assert_right(&desk.batch(&double, &said).unwrap(), open as usize + 9);
    let last = batch::status(dir.path()).unwrap().batches.into_iter().last().unwrap();
    assert!(last.tokens <= each * 4, "{last:?}");
}

#[test]
fn a_batch_that_cannot_be_run_says_why() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let ends = Ends::Failed("model_not_found", "The model `teacher-1` does not exist.");
    double.fates([Fate { ends, ..Fate::default() }]);
    let mut desk = Desk::new(dir.path(), plan(3));
    let error = desk.batch(&double, &cut(50)).unwrap_err().to_string();
    assert!(error.contains("batch batch_0000 cannot be run (model_not_found): The model"), "{error}");
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 3);
    // Every line refused is the plan's fault; some are set aside.
    desk.plan = plan(9);
    double.fates([Fate { fail: vec![(1, 400), (2, 422)], ..Fate::default() }]);
    let tally = desk.batch(&double, &cut(50)).unwrap().tally();
    assert_eq!((tally.used, tally.set_aside["refused"]), (7, 2));
    let (dir, double) = (tempfile::tempdir().unwrap(), self::double());
    double.fates([Fate { fail: (0..3).map(|i| (i, 400)).collect(), ..Fate::default() }]);
    let mut desk = Desk::new(dir.path(), plan(3));
    let error = desk.batch(&double, &cut(50)).unwrap_err().to_string();
    assert!(error.contains("refuses every request (400): it cannot"), "{error}");
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 3);
}

#[test]
fn a_batch_of_another_key_is_not_mistaken_for_a_lost_one() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(3));
    desk.step(&double, &cut(50), Step::Submit).unwrap();
    let elsewhere = self::double();
    let error = desk.batch(&elsewhere, &cut(50)).unwrap_err();
    assert!(error.to_string().contains("A batch belongs to the key that made it"), "{error}");
    assert!(error.to_string().contains("`moru batch give-up 1`"), "{error}");
    let report = desk.with(|job, _| batch::give_up(job, 1)).unwrap();
    assert_eq!(report.under_way, 0);
    assert!(desk.with(|job, _| batch::give_up(job, 1)).is_err(), "it is over");
    assert_right(&desk.batch(&elsewhere, &cut(50)).unwrap(), 3);
}

#[test]
fn an_endpoint_without_batches_is_asked_online() {
    for status in [404, 405] {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        double.rule(move |request, _| {
            (!request.path.ends_with("/chat/completions")).then(|| Reply::error(status, "", "Not Found"))
        });
        let mut desk = Desk::new(dir.path(), plan(3));
        let error = desk.batch(&double, &cut(2)).unwrap_err().to_string();
        let start =
            format!("{}/files is not there ({status}): the endpoint takes no batches", double.base_url());
        assert!(error.starts_with(&start) && error.contains("mode = \"online\""), "{error}");
        assert_eq!(batch::status(dir.path()).unwrap().under_way, 0, "nothing waits to be submitted");
        assert_right(&desk.online(settings(&double)).unwrap(), 3);
    }
}

#[test]
fn answers_that_the_endpoint_no_longer_has_are_given_up_by_number() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.rule(|request, _| {
        request.path.ends_with("/content").then(|| Reply::error(404, "not_found", "No such File object"))
    });
    let mut desk = Desk::new(dir.path(), plan(3));
    for _ in 0..2 {
        let error = desk.batch(&double, &cut(50)).unwrap_err().to_string();
        assert!(error.starts_with("the answers of batch 1 are not at"), "{error}");
        assert!(error.contains("`moru batch give-up 1`"), "{error}");
    }
    desk.with(|job, _| batch::give_up(job, 1)).unwrap();
    double.rule(|_, _| None);
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 3);
}

/// A creation that was made and not heard of is found, not made again.
#[test]
fn a_creation_that_was_not_heard_of_is_found() {
    for (name, reply) in
        [("cut off", Reply::nothing as fn() -> Reply), ("an error", || Reply::error(500, "", "oops"))]
    {
        let (dir, double) = (tempfile::tempdir().unwrap(), double());
        let mut desk = Desk::new(dir.path(), plan(12));
        // The creation goes through, and its answer does not come back.
        let made = Arc::new(double);
        let weak = Arc::downgrade(&made);
        made.rule(move |request, before| {
            let lost = request.kind() == "/v1/batches" && request.method == "POST" && before % 2 == 0;
            lost.then(|| {
                weak.upgrade().unwrap().quietly(request);
                reply()
            })
        });
        assert_right(&desk.batch(&made, &cut(2)).unwrap(), 12);
        assert_eq!(made.batches(), 6, "{name}: one a file");
        assert!(made.answered().values().all(|&n| n == 1), "{name}");
    }
}

#[test]
fn a_batch_over_budget_is_not_submitted() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(10));
    let open = Standing::of(&desk.plan, &desk.state).unwrap().open;
    let each = desk.with(|job, _| job.prompt_tokens(&open[0])) as f64 / 1e6 / 2.0 + 50.0 / 1e6;
    desk.budget = Some(Money::of(each * 4.5));
    let report = desk.step(&double, &cut(50), Step::Submit).unwrap();
    assert_eq!((report.under_way, report.over_budget), (4, 6));
    assert!(report.spent <= desk.budget.unwrap(), "what is under way counts as it may be");
    desk.step(&double, &cut(50), Step::Wait).unwrap();
    desk.budget = Some(Money::ZERO);
    let error = desk.batch(&double, &cut(50)).unwrap_err();
    assert!(matches!(error, TeacherError::Budget { .. }), "{error}");
    assert_eq!((double.batches(), desk.state.answers()), (1, 4));
    let spent = desk.state.spent();
    desk.budget = None;
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 10);
    assert!(desk.state.spent() > spent);
}

/// What fails is settled as online: told, asked again, set aside; and one way goes on where the other ended.
#[test]
fn answers_that_cannot_be_used_go_into_the_next_batch() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.answer(
        |body| if body["messages"].as_array().unwrap().len() == 2 { "no".into() } else { right(body) },
    );
    let mut desk = Desk::new(dir.path(), plan(4));
    let standing = desk.batch(&double, &cut(50)).unwrap();
    assert_right(&standing, 4);
    assert_eq!((standing.tally().asked_again, double.batches()), (4, 2));
    desk.plan = plan(6);
    desk.online(settings(&double)).unwrap();
    assert_eq!(double.bodies("/chat/completions").len(), 4, "two asked twice");
}

/// A file without one answer is an error that names the line, and one that was read already is none.
#[test]
fn a_file_that_holds_no_answers_says_what_is_expected() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(&dir.path().join("state"), plan(3));
    let (asked, path) = (dir.path().join("asked.jsonl"), dir.path().join("answers.jsonl"));
    desk.with(|job, _| batch::write_run_batch(job, &cut(50), &asked)).unwrap();
    let questions = std::fs::read_to_string(&asked).unwrap();
    let id = serde_json::from_str::<Value>(questions.lines().next().unwrap()).unwrap()["custom_id"].clone();
    let answer = |id: &Value| {
        let message = json!({"role": "assistant", "content": "{\"n\": 0}"});
        let body = json!({"choices": [{"message": message, "finish_reason": "stop"}]});
        json!({"custom_id": id, "response": {"status_code": 200, "body": body}, "error": null}).to_string()
    };
    for (text, said) in [
        ("\nnonsense\n".to_owned(), "line 2 of"),
        ("\nnonsense\n".to_owned(), "is no JSON"),
        (questions, "is a question, as `moru batch write` writes them"),
        (String::new(), "the file is empty"),
        (json!({"custom_id": &id}).to_string(), "has neither `response` nor `error`"),
        (json!({"response": null}).to_string(), "has no `custom_id`"),
        (answer(&json!("stranger")), "answers nothing that was asked here"),
    ] {
        testing::mutation::write_new(&path, text.as_bytes());
        let error = desk.with(|job, _| batch::read_run_batch(job, &path)).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("answers.jsonl"), "{error}");
        assert!(error.contains("expected is the file that `vllm run-batch -o` wrote"), "{error}");
    }
    testing::mutation::write_new(&path, answer(&id).as_bytes());
    let read = |desk: &mut Desk| desk.with(|job, _| batch::read_run_batch(job, &path)).unwrap();
    assert_eq!((read(&mut desk).answered, read(&mut desk).answered), (1, 0));
}

#[test]
fn a_request_larger_than_a_file_is_named() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(2));
    let error = desk.batch(&double, &BatchSettings { bytes: 100, ..cut(50) }).unwrap_err().to_string();
    assert!(error.starts_with("the request of `leaf#0` takes"), "{error}");
    let line = Standing::of(&desk.plan, &desk.state).unwrap().open[0].body.json.len() as u64 + 200;
    desk.batch(&double, &BatchSettings { bytes: line, ..cut(50) }).unwrap();
    assert_eq!(double.uploads().len(), 2, "files are cut by their bytes, too");
    assert!(double.uploads().iter().all(|file| file.len() as u64 <= line));
}

#[test]
fn waiting_can_be_cancelled_and_goes_on() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    double.fates([Fate { looks: 5, ..Fate::default() }]);
    let mut desk = Desk::new(dir.path(), plan(3));
    let cancel = desk.cancel.clone();
    double.rule(move |_, before| {
        if before == 2 {
            cancel.cancel();
        }
        None
    });
    let error = desk.batch(&double, &cut(50)).unwrap_err();
    assert!(matches!(error, TeacherError::Cancelled { .. }), "{error}");
    double.rule(|_, _| None);
    drop(desk);
    let mut desk = Desk::new(dir.path(), plan(3));
    assert_right(&desk.batch(&double, &cut(50)).unwrap(), 3);
    assert_eq!(double.batches(), 1);
}
