//! A teacher's answers beside the quotas: what is asked again, what is chosen, what is said to be missing.

use data::validate::{Kind, Validator};
use serde_json::{Value, json};
use synth::questions::prompts::Bilingual;
use synth::questions::teacher::Ask;
use synth::questions::{Asker, Drafts, Lesson, Question, Quotas, Setting, write};

use crate::validators::{simple, validator};

fn rules() -> Validator {
    validator(vec![simple::korean("복무규정", include_str!("validators/rules.ko.txt"))])
}

const QUOTAS: Quotas =
    Quotas { lookup: 12, procedure: 8, absent: 4, further_absent: 2, further_answerable: 2, cover: false };

/// What somebody who reads well writes about each chunk.
fn known() -> Vec<Question> {
    let quotas = Quotas {
        lookup: 40,
        procedure: 40,
        absent: 0,
        further_absent: 0,
        further_answerable: 0,
        cover: false,
    };
    write(&mut rules(), &Setting { quotas, ..Setting::default() }).questions
}

/// The answer to an ask: so many of the questions that are known of its chunk, from the first that is asked for.
fn answer(known: &[Question], ask: &Ask, from: usize, n: usize) -> Value {
    let here = known.iter().filter(|question| question.chunk.as_deref() == Some(&ask.id));
    let pair = |q: &Question| {
        let facts: Vec<&String> = q.facts.iter().flatten().collect();
        json!({"type": q.pair.kind, "question": q.pair.question, "answer": q.pair.answer,
            "paths": q.pair.paths, "facts": facts})
    };
    json!({ "pairs": here.skip(from).take(n).map(pair).collect::<Vec<_>>() })
}

fn count(questions: &[Question], kind: Kind) -> usize {
    questions.iter().filter(|question| question.pair.kind == kind).count()
}

#[test]
fn what_is_missing_is_asked_for_again_with_what_is_known() {
    let known = known();
    let mut lesson = Lesson::new(rules(), QUOTAS, 7, Bilingual::default());
    let first = lesson.asks();
    // One question of each chunk, and of one chunk no answer at all.
    let answers: Vec<Option<Value>> =
        first.iter().enumerate().map(|(i, ask)| (i != 2).then(|| answer(&known, ask, 0, 1))).collect();
    assert_eq!(lesson.hear(&first, &answers), 0);
    let second = lesson.asks();
    assert!(!second.is_empty() && lesson.round() == 2);
    let asked = &answers[0].as_ref().unwrap()["pairs"][0]["question"];
    let about = second.iter().find(|ask| ask.id == first[0].id);
    assert!(about.is_none_or(|ask| ask.messages[0].content.contains(asked.as_str().unwrap())));
    assert!(second.iter().any(|ask| ask.messages[0].content.contains("이미 만든 질문")));
    let answers: Vec<_> = second.iter().map(|ask| Some(answer(&known, ask, 0, 9))).collect();
    lesson.hear(&second, &answers);
    let Drafts { questions, further, coverage, .. } = lesson.end();
    assert_eq!([count(&questions, Kind::Lookup), count(&questions, Kind::Procedure)], [12, 8]);
    assert_eq!((count(&questions, Kind::Absent), further.len(), coverage.unfilled.len()), (4, 4, 0));
    let facts: Vec<&String> = questions.iter().filter_map(|question| question.fact.as_ref()).collect();
    assert_eq!(facts.len(), 20, "every question is known to ask for a fact");
    let distinct: std::collections::BTreeSet<&&String> = facts.iter().collect();
    assert!(distinct.len() >= 18, "facts are asked before any is asked twice: {}", distinct.len());
}

/// Over the quotas the teacher's own questions come first, and what it left is taken from the text.
#[test]
fn every_fact_that_a_teacher_left_is_asked_from_the_text() {
    let known = known();
    let mut lesson = Lesson::new(rules(), Quotas { cover: true, ..QUOTAS }, 7, Bilingual::default());
    let asks = lesson.asks();
    let answers: Vec<_> = asks.iter().map(|ask| Some(answer(&known, ask, 0, 9))).collect();
    lesson.hear(&asks, &answers);
    let Drafts { questions, coverage, .. } = lesson.end();
    let (besides, of_quota): (Vec<Question>, Vec<Question>) = questions.into_iter().partition(|q| q.besides);
    assert_eq!([count(&of_quota, Kind::Lookup), count(&of_quota, Kind::Procedure)], [12, 8]);
    assert_eq!(count(&of_quota, Kind::Absent), 4);
    assert!(coverage.facts_left.len() * 20 <= coverage.facts, "{:?}", coverage.facts_left);
    assert!(
        coverage.articles_asked_once.len() * 20 <= coverage.articles,
        "{:?}",
        coverage.articles_asked_once
    );
    for asker in [Asker::Teacher, Asker::Builtin] {
        assert!(besides.iter().any(|question| question.asker == asker), "{asker:?}");
    }
    let absent = count(&besides, Kind::Absent);
    let answered = besides.iter().filter(|q| q.asker == Asker::Builtin).count() - absent;
    assert_eq!(absent, (answered as f64 * 4.0 / 20.0).round() as usize);
    let ids: std::collections::BTreeSet<&str> =
        besides.iter().chain(&of_quota).map(|q| q.pair.id.as_str()).collect();
    assert_eq!(ids.len(), besides.len() + of_quota.len());
}

#[test]
fn what_cannot_be_filled_is_said_and_asking_ends() {
    let known = known();
    let mut lesson = Lesson::new(rules(), QUOTAS, 7, Bilingual::default());
    let mut rounds = 0;
    loop {
        let asks = lesson.asks();
        if asks.is_empty() {
            break;
        }
        rounds += 1;
        // Only of the first chunk something is known; one answer is of no use.
        let answers: Vec<_> = asks
            .iter()
            .enumerate()
            .map(|(i, ask)| match i {
                0 => Some(answer(&known, ask, 0, 1)),
                1 => Some(json!({"pairs": [{"type": "poem"}]})),
                _ => None,
            })
            .collect();
        assert_eq!(lesson.hear(&asks, &answers), usize::from(asks.len() > 1));
    }
    assert!((2..=3).contains(&rounds), "{rounds}");
    let drafts = lesson.end();
    let said: Vec<String> = drafts.coverage.unfilled.iter().map(ToString::to_string).collect();
    assert!(said[0].contains("of 12 wanted for `lookup`"), "{said:?}");
    assert!(said[1].contains("of 8 wanted for `procedure`"), "{said:?}");
    assert_eq!(count(&drafts.questions, Kind::Absent), 4, "what is absent needs no teacher");
}

#[test]
fn the_same_answers_give_the_same_questions() {
    let known = known();
    let taught = || {
        let mut lesson = Lesson::new(rules(), QUOTAS, 7, Bilingual::default());
        let asks = lesson.asks();
        let answers: Vec<_> = asks.iter().map(|ask| Some(answer(&known, ask, 0, 9))).collect();
        lesson.hear(&asks, &answers);
        (asks, lesson.end())
    };
    assert_eq!(taught(), taught());
}
