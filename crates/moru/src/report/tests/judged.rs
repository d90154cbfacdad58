//! A judging as an endpoint would give it: real figures of made-up verdicts.

use eval::judge::{Case, Fault, Findings, Heard, Label, Labelled, Ruling, Task, Verdict, duels, grades};
use eval::report::{Evaluation, Judging, Language};
use eval::statistics::Resampling;

use super::{has, sample};
use crate::report::render;

/// Grades that follow from how much of the right answer is said; a judge that likes the first place now and then.
pub fn judging(evaluation: &Evaluation) -> Judging {
    let systems = evaluation.systems.clone();
    let samples = &evaluation.samples;
    let cases: Vec<Case> = (0..40)
        .map(|n| {
            let sample = &samples[n % samples.len()];
            let answers =
                sample.answers.iter().map(|a| format!("{}{}", a.text, " 네.".repeat(n / samples.len())));
            Case {
                id: format!("{}-{n}", sample.id),
                question: sample.question.clone(),
                reference: Some(sample.reference.clone()),
                answers: answers.collect(),
            }
        })
        .collect();
    let worth = |case: usize, system: usize| {
        let score = samples[case % samples.len()].answers[system].score;
        (1.0 + score * 0.09).round().clamp(1.0, 10.0) as u8
    };
    let others = [0];
    let mut tasks = grades(&cases);
    tasks.extend(duels(&cases, 1, &others));
    let heard: Vec<Heard> = tasks
        .into_iter()
        .enumerate()
        .map(|(n, task)| heard(n, task, &|case, system| worth(case, system)))
        .collect();
    let label = |n: usize| Label {
        id: cases[n].id.clone(),
        labelled: Labelled::Grade {
            answer: if n == 9 { "—".to_owned() } else { cases[n].answers[1].clone() },
            score: worth(n, 1).saturating_sub(u8::from(n.is_multiple_of(3))).max(1),
        },
    };
    let pair = |n: usize| Label {
        id: cases[n].id.clone(),
        labelled: Labelled::Pair {
            a: cases[n].answers[1].clone(),
            b: cases[n].answers[0].clone(),
            winner: if n.is_multiple_of(4) { Ruling::Tie } else { Ruling::First },
        },
    };
    let labels: Vec<Label> = (0..20).map(label).chain((20..32).map(pair)).collect();
    Findings {
        name: "main",
        judge: "judge-large",
        settings: "grade+pair+reference; prompts of moru (ko); temperature 0; at most 2048 tokens",
        systems: &systems,
        cases: &cases,
        heard: &heard,
        others: &others,
        labels: &labels,
        resampling: Resampling { trials: 200, ..Resampling::default() },
        samples: 5,
    }
    .judging()
}

fn heard(n: usize, task: Task, worth: &dyn Fn(usize, usize) -> u8) -> Heard {
    let ruling = match task {
        Task::Grade { case, system } => Ruling::Score(worth(case, system)),
        Task::Duel { case, first, second } => match worth(case, first).cmp(&worth(case, second)) {
            // It does not always mind the order.
            _ if case.is_multiple_of(7) => Ruling::First,
            std::cmp::Ordering::Greater => Ruling::First,
            std::cmp::Ordering::Less => Ruling::Second,
            std::cmp::Ordering::Equal => Ruling::Tie,
        },
    };
    let reason = format!("{n}번째 판정: 정답의 숫자와 기간을 견주었습니다.");
    let verdict = match n % 41 {
        40 => Err(Fault::NoJson),
        _ => Ok(Verdict { reason, ruling }),
    };
    let tokens = chat::Usage { prompt_tokens: 900 + n, completion_tokens: 60 };
    Heard { task, verdict, asked: 1 + u32::from(n.is_multiple_of(40)), tokens }
}

#[test]
fn the_judge_and_its_doubts_are_told_in_both_languages() {
    let report = sample::report();
    let judging = &report.judging[0];
    assert!(judging.is_usable() && !judging.doubts.is_empty(), "{:?}", judging.doubts);
    let (korean, english) = (render(&report, Language::Korean), render(&report, Language::English));
    for said in ["점수의 평균", "순서에 따라 뒤집힘", "사람과의 일치(점수)", "심사를 그대로 믿기 어려운 까닭"]
    {
        has(&korean, said);
    }
    for said in ["Mean grade", "Turned with the order", "Agreement with a person (winners)", "weighted κ"] {
        has(&english, said);
    }
    for grades in &judging.grades {
        has(&english, &format!("<b>{:.2}</b>", grades.mean.unwrap()));
    }
    let mut silent = report.clone();
    silent.judging[0].doubts = vec![eval::report::Doubt::OneGrade { grade: 7 }];
    has(&render(&silent, Language::English), "This judging says nothing");
    silent.judging.clear();
    assert!(!render(&silent, Language::English).contains("<section id=\"judging\""));
}
