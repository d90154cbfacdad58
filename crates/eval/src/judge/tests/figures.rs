//! Figures of judges whose faults are known.

use serde_json::Value;

use super::*;
use crate::report::{Doubt, Duel};

/// 60 questions; the base is wrong in every second one, the tuned one in every fifth; the tuned answers are longer.
fn many() -> Vec<Case> {
    let of = |n: usize| {
        let right = format!("{n} days");
        let long = format!("The rules give you {n} days {}", "of leave ".repeat(n % 7));
        let base = if n.is_multiple_of(2) { right.clone() } else { format!("{} days", n + 100) };
        let tuned = if n.is_multiple_of(5) { format!("{} days, I think", n + 200) } else { long };
        case(&format!("q{n}?"), &right, &[&base, &tuned])
    };
    (0..60).map(of).collect()
}

fn all_tasks(cases: &[Case]) -> Vec<Task> {
    let mut tasks = grades(cases);
    tasks.extend(duels(cases, 1, &[0]));
    tasks
}

fn judged(rule: impl FnMut(&str) -> String, labels: &[Label]) -> Judging {
    let (dir, cases) = (tempfile::tempdir().unwrap(), many());
    let mut responder = RuleJudge::new(rule);
    let heard = judge(&mut responder, &cases, &all_tasks(&cases), &dir.path().join("log")).unwrap();
    figures(&cases, &heard, &[0], labels)
}

fn counts(duel: &Duel) -> [u64; 5] {
    [duel.wins, duel.ties, duel.losses, duel.flips, duel.errors]
}

#[test]
fn a_good_judge_is_told_as_one() {
    let rule = |prompt: &str| {
        if prompt.contains("winner") { better(prompt) } else { by_reference(prompt) }
    };
    // A person who agrees in all but every tenth.
    let cases = many();
    let label = |(n, case): (usize, &Case)| {
        let is_right = (n % 5 > 0) != (n % 10 == 3);
        let labelled =
            Labelled::Grade { answer: case.answers[1].clone(), score: if is_right { 9 } else { 2 } };
        Label { id: case.id.clone(), labelled }
    };
    let mut labels: Vec<Label> = cases.iter().enumerate().map(label).collect();
    labels.push(Label {
        labelled: Labelled::Grade { answer: "no longer said".into(), score: 1 },
        ..labels[0].clone()
    });
    labels.push(Label { id: "rules#gone".into(), ..labels[0].clone() });
    let judging = judged(rule, &labels);
    let grades = |at: usize| (judging.grades[at].mean.unwrap(), judging.grades[at].interval.unwrap());
    // 30 of 60 and 48 of 60 get 9, the others 2.
    assert!((grades(0).0 - 5.5).abs() < 1e-9 && (grades(1).0 - 7.6).abs() < 1e-9);
    assert!(grades(1).1.low > grades(0).1.high - 0.8 && grades(1).1.low < 7.6 && grades(1).1.high > 7.6);
    assert_eq!(judging.grades[1].histogram, [0, 12, 0, 0, 0, 0, 0, 0, 48, 0]);
    let difference = &judging.differences[0];
    assert!((difference.mean - 2.1).abs() < 1e-9 && difference.p_randomisation < 0.01, "{difference:?}");
    let duel = &judging.duels[0];
    // Wins where only the base is wrong (24), losses where only the tuned one is (6).
    assert_eq!(counts(duel), [24, 30, 6, 0, 0]);
    assert_eq!((duel.flip_rate, duel.first_share), (Some(0.0), Some(0.5)));
    assert!((duel.win_rate.unwrap() - 39.0 / 60.0).abs() < 1e-9 && duel.p_sign < 0.002, "{duel:?}");
    let agreement = judging.agreement.as_ref().unwrap();
    assert_eq!((agreement.labels, agreement.unknown), (62, 2));
    let kappa = agreement.grades.as_ref().unwrap();
    assert_eq!((kappa.rows, kappa.same), (60, 54));
    // Of 60: both 9 in 42, both 2 in 12, the judge alone 9 in 6: chance gives (48·42 + 12·18) / 3600 = 0.62.
    assert!((kappa.value.unwrap() - (0.9 - 0.62) / 0.38).abs() < 1e-9, "{kappa:?}");
    assert!((kappa.weighted.unwrap() - kappa.value.unwrap()).abs() < 1e-9, "two grades weigh alike");
    let within = kappa.interval.unwrap();
    assert!(within.low > 0.4 && within.high < 1.0, "{within:?}");
    assert!(judging.is_usable());
    assert!(
        !judging.doubts.iter().any(|doubt| matches!(doubt, Doubt::Agreement { .. } | Doubt::Flips { .. }))
    );
    assert_eq!((judging.rows, judging.with_reference, judging.samples.len()), (60, 60, 4));
    let shown: Vec<Option<u8>> = judging.samples.iter().map(|viewed| viewed.answers[1].score).collect();
    assert_eq!((shown[0], shown[3]), (Some(2), Some(9)), "from the worst to the best");
}

#[test]
fn a_judge_that_takes_the_first_is_found_out() {
    let rule = |prompt: &str| {
        let verdict = if prompt.contains("winner") { r#""winner": "A""# } else { r#""score": 7"# };
        format!("{{\"reason\": \"x\", {verdict}}}")
    };
    let judging = judged(rule, &[]);
    let duel = &judging.duels[0];
    assert_eq!((duel.wins, duel.losses, duel.flips + duel.same), (0, 0, 60));
    assert_eq!((duel.flip_rate, duel.first_share), (Some(1.0), Some(1.0)));
    assert!(judging.doubts.iter().any(|doubt| matches!(doubt, Doubt::Flips { rate, .. } if *rate == 1.0)));
    assert!(judging.doubts.iter().any(|doubt| matches!(doubt, Doubt::Place { .. })));
    assert!(judging.doubts.contains(&Doubt::OneGrade { grade: 7 }), "{:?}", judging.doubts);
    assert!(!judging.is_usable());
    assert_eq!(judging.agreement, None);
}

#[test]
fn a_judge_that_likes_length_is_found_out() {
    let rule = |prompt: &str| {
        let length = |name: &str| block(prompt, name).unwrap().chars().count();
        if prompt.contains("winner") {
            let winner = if length("ANSWER A") > length("ANSWER B") { "A" } else { "B" };
            return format!(r#"{{"reason": "x", "winner": "{winner}"}}"#);
        }
        format!(r#"{{"reason": "x", "score": {}}}"#, (1 + length("ANSWER") / 12).min(10))
    };
    let judging = judged(rule, &[]);
    let length = judging.grades[1].length.unwrap();
    // A grade for every 12 characters is 8.3 for every hundred.
    assert!((length.value - 8.3).abs() < 1.0 && length.is_certain(), "{length:?}");
    let of = |system: &str| {
        judging
            .doubts
            .iter()
            .any(|doubt| matches!(doubt, Doubt::Length { system: s, .. } if s.starts_with(system)))
    };
    assert!(of("tuned"), "{:?}", judging.doubts);
}

#[test]
fn a_judge_that_says_nothing_is_unusable_and_told_so() {
    let judging = judged(|_| "네, 알겠습니다.".to_owned(), &[]);
    assert_eq!(judging.replies.n_errors(), judging.replies.tasks);
    assert_eq!((judging.grades[0].graded, judging.grades[0].errors, judging.grades[0].mean), (0, 60, None));
    let duel = &judging.duels[0];
    assert_eq!(duel.errors + duel.same, 60);
    assert_eq!(judging.differences, []);
    assert_eq!(judging.doubts[0], Doubt::Errors { rate: 1.0 });
    assert!(!judging.is_usable());
    let json = serde_json::to_value(&judging).unwrap();
    assert_eq!(serde_json::from_value::<Judging>(json).unwrap(), judging);
}

#[test]
fn labels_of_pairs_are_compared_in_whichever_order_the_person_saw_them() {
    let rule = |prompt: &str| {
        if prompt.contains("winner") { better(prompt) } else { by_reference(prompt) }
    };
    let label = |(n, case): (usize, &Case)| {
        let [base, tuned] = [&case.answers[0], &case.answers[1]];
        let winner = match (n % 2 == 0, n % 5 > 0) {
            (false, true) => Some(tuned),
            (true, false) => Some(base),
            _ => None,
        };
        let (a, b) = if n % 3 == 0 { (base, tuned) } else { (tuned, base) };
        let winner = winner.map_or(Ruling::Tie, |w| if w == a { Ruling::First } else { Ruling::Second });
        Label { id: case.id.clone(), labelled: Labelled::Pair { a: a.clone(), b: b.clone(), winner } }
    };
    let labels: Vec<Label> = many().iter().enumerate().map(label).collect();
    let kappa = judged(rule, &labels).agreement.unwrap().winners.unwrap();
    assert_eq!((kappa.rows, kappa.same, kappa.value, kappa.weighted), (60, 60, Some(1.0), None));
}

#[test]
fn what_a_judge_says_is_read_or_counted_whatever_it_is() {
    let (dir, cases) = (tempfile::tempdir().unwrap(), many());
    let said = "Sure:\n```json\n{\"reason\": \"금액이 \\\"다름\\\"\", \"score\": 7, \"winner\": \"A\",}\n```";
    let mut draws = testing::mutation::Draws::new(4);
    let mut responder = RuleJudge::new(|_: &str| {
        String::from_utf8_lossy(&testing::mutation::mutated(said.as_bytes(), &mut draws)).into_owned()
    });
    let heard = judge(&mut responder, &cases, &all_tasks(&cases), &dir.path().join("log")).unwrap();
    let judging = figures(&cases, &heard, &[0], &[]);
    let right = judging.replies.tasks - judging.replies.n_errors();
    assert!(right > 60, "{right} of {}", judging.replies.tasks);
    assert!(responder.asked.iter().all(|request| request.schema.as_ref().is_some_and(Value::is_object)));
}
