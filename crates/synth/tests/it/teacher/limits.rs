//! Budgets, and limits a minute.

use std::io::{Read, Write};
use std::time::Duration;

use synth::teacher::batch::{self, BatchSettings};
use synth::teacher::{Assumed, Clock, Estimate, Money, Settings, TeacherError};

use super::*;

/// What a request may cost and what it costs, in the double's own counting: the form is 150 characters or so, and an
/// answer of `{"n":1}` is far shorter than its limit.
#[test]
fn over_budget_it_stops_before_it_spends() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(100));
    let endpoint = settings(&double);
    let estimate = desk.with(|job, _| Estimate::of(job, &endpoint, Assumed::default())).unwrap();
    let budget = Money::of(estimate.most.amount() / 4.0);
    desk.budget = Some(budget);
    let error = desk.online(settings(&double)).unwrap_err();
    let TeacherError::Budget { spent, next, .. } = &error else { panic!("{error}") };
    assert!(*spent + *next > budget, "the next one would not have fit: {error}");
    assert!(desk.state.spent() <= budget);
    let answered = desk.state.answers();
    assert!((20..100).contains(&answered), "{answered}");
    assert_eq!(double.requests().len(), answered, "nothing was sent that is not paid for");
    // A second run does not begin at zero.
    drop(desk);
    let mut desk = Desk::new(dir.path(), plan(100));
    desk.budget = Some(budget);
    desk.online(settings(&double)).unwrap_err();
    assert_eq!(double.requests().len(), answered);
    desk.budget = None;
    assert_right(&desk.online(settings(&double)).unwrap(), 100);
}

/// An answer that is lost on the way may have been paid for, so it is asked for again only if both fit.
#[test]
fn what_is_lost_counts_as_spent() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(1));
    let endpoint = settings(&double);
    let most = desk.with(|job, _| Estimate::of(job, &endpoint, Assumed::default())).unwrap().most;
    double.rule(|_, _| Some(testing::endpoint::Reply::nothing()));
    desk.budget = Some(Money::of(most.amount() * 3.5));
    let error = desk.online(settings(&double)).unwrap_err();
    assert!(matches!(error, TeacherError::Budget { .. }), "{error}");
    assert_eq!(double.requests().len(), 3);
    drop(desk);
    let desk = Desk::new(dir.path(), plan(1));
    assert_eq!(desk.state.spent(), desk.state.lost());
    assert!(desk.state.spent() >= most + most && desk.state.spent() <= Money::of(most.amount() * 3.5));
}

/// Speaks HTTP and no TLS, whatever comes.
fn without_tls() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("https://{}/v1", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

/// A name that nobody has, no TLS, nobody there: nothing was sent, so nothing can have been paid.
#[test]
fn what_was_never_sent_costs_nothing() {
    for url in ["http://no.such.host.invalid/v1", &without_tls(), "http://127.0.0.1:9/v1"] {
        let dir = tempfile::tempdir().unwrap();
        let mut desk = Desk::new(dir.path(), plan(3));
        desk.budget = Some(Money::of(1.0));
        let settings =
            Settings { attempts: 3, answer_timeout: Duration::from_secs(20), ..Settings::new(url) };
        let error = desk.online(settings.clone()).unwrap_err();
        assert!(matches!(error, TeacherError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("is its address right?"), "{error}");
        let endpoint = desk.endpoint(settings);
        let batches = BatchSettings::default();
        let error = desk.with(|job, on_event| batch::ask(job, &endpoint, &batches, on_event)).unwrap_err();
        assert!(matches!(error, TeacherError::Unreachable { .. }), "{error}");
        drop(desk);
        assert_eq!(Desk::new(dir.path(), plan(3)).state.spent(), Money::ZERO, "{url}");
    }
}

#[test]
fn a_budget_of_nothing_answers_from_what_is_there() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(5));
    desk.online(settings(&double)).unwrap();
    desk.budget = Some(Money::ZERO);
    assert_right(&desk.online(settings(&double)).unwrap(), 5);
    desk.plan = plan(6);
    desk.prices = Prices::default();
    let error = desk.online(settings(&double)).unwrap_err();
    assert!(error.to_string().starts_with("the budget of 0.0000 is used up"), "{error}");
    assert_eq!(double.requests().len(), 5);
}

#[test]
fn an_estimate_says_what_it_will_be() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(60));
    let endpoint = Settings { requests_per_minute: Some(30), ..settings(&double) };
    let estimated = |desk: &mut Desk| {
        desk.with(|job, _| Estimate::of(job, &endpoint, Assumed { answer_tokens: 8, ..Assumed::default() }))
            .unwrap()
    };
    let estimate = estimated(&mut desk);
    assert_eq!((estimate.asks, estimate.requests, estimate.seconds), (60, 60, 120.0));
    assert_eq!(estimate.answer_tokens, 480);
    assert_eq!(estimate.batch_cost.amount(), estimate.cost.amount() / 2.0);
    desk.online(endpoint.clone()).unwrap();
    let spent = desk.state.spent().amount();
    assert!((spent / estimate.cost.amount() - 1.0).abs() < 0.05, "{spent} beside {}", estimate.cost);
    let after = estimated(&mut desk);
    assert_eq!((after.requests, after.cost, after.spent), (0, Money::ZERO, desk.state.spent()));
}

#[test]
fn limits_a_minute_are_kept() {
    let (dir, double) = (tempfile::tempdir().unwrap(), double());
    let mut desk = Desk::new(dir.path(), plan(31));
    let slow = Settings { requests_per_minute: Some(60), concurrency: 1, ..settings(&double) };
    desk.online(slow).unwrap();
    let passed = desk.clock.now();
    assert!(passed >= Duration::from_secs(29) && passed <= Duration::from_secs(31), "{passed:?}");
}
