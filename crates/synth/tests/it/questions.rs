//! Questions about the example rules: by quota, over every fact, in good Korean; judged and reviewed.

use std::collections::{BTreeMap, BTreeSet};

use chat::{Script, ScriptedResponder};
use data::validate::{Code, Kind, Pair, Validator, is_refusal};
use serde_json::json;
use synth::korean::check_particles;
use synth::questions::judge::{Judged, Ruling, Settings, judge};
use synth::questions::prompts::{Bilingual, Prompts};
use synth::questions::{Asker, Question, Quotas, Setting, facts, slices, teacher, write};
use synth::rules::{Answer, Book, Rules, exam};

use crate::validators::{simple, validator};

fn company() -> Validator {
    validator(vec![Rules::of(Book::Employment).tree, Rules::of(Book::Pay).tree])
}

pub fn small() -> Validator {
    let rules = include_str!("validators/rules.ko.txt");
    validator(vec![simple::korean("복무규정", rules)])
}

#[test]
fn the_quotas_are_filled_from_the_example_rules() {
    let drafts = write(&mut company(), &Setting::default());
    assert_eq!(drafts.coverage.unfilled, []);
    let count = |kind| drafts.questions.iter().filter(|q| q.pair.kind == kind).count();
    assert_eq!([Kind::Lookup, Kind::Procedure, Kind::Absent].map(count), [150, 100, 50]);
    let further = drafts.further.iter().filter(|q| q.is_absent()).count();
    assert_eq!((further, drafts.further.len() - further), (50, 50));
    let all: Vec<&Question> = drafts.questions.iter().chain(&drafts.further).collect();
    let texts: BTreeSet<&str> = all.iter().map(|q| q.pair.question.as_str()).collect();
    let ids: BTreeSet<&str> = all.iter().map(|q| q.pair.id.as_str()).collect();
    assert_eq!((texts.len(), ids.len()), (all.len(), all.len()));
    for question in all {
        assert!(question.verdict.is_accepted());
        assert_eq!(is_refusal(&question.pair.answer), question.is_absent(), "{}", question.pair.answer);
        let holds =
            |forms: &Vec<String>| forms.iter().any(|form| question.pair.answer.contains(form.as_str()));
        assert!(question.is_absent() || question.facts.iter().all(holds), "{question:?}");
        assert_eq!(question.chunk.is_some(), !question.is_absent());
        assert_eq!(Question::from_example(&question.to_example("")).unwrap(), *question);
    }
    println!("{} of {} facts", drafts.coverage.facts_asked, drafts.coverage.facts);
    for question in drafts.questions.iter().step_by(3) {
        println!("{}: {}\n    {}", question.pair.kind.name(), question.pair.question, question.pair.answer);
    }
}

#[test]
fn no_fact_is_asked_twice_before_every_fact_was_asked() {
    let mut validator = small();
    let all = facts(validator.sources().trees());
    let n = |kind| all.facts.iter().filter(|fact| fact.kind.asked_by() == kind).count();
    let (n_lookup, n_procedure) = (n(Kind::Lookup), n(Kind::Procedure));
    let quotas = Quotas { lookup: n_lookup, procedure: n_procedure, ..Quotas::default() };
    let drafts = write(&mut validator, &Setting { quotas, seed: 3, again: 0.0 });
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for fact in drafts.questions.iter().filter_map(|q| q.fact.as_deref()) {
        *times.entry(fact).or_default() += 1;
    }
    // A fact whose wordings were all refused leaves its place to another's second one.
    let twice = times.values().filter(|n| **n > 1).count();
    let left = drafts.coverage.facts_left.len();
    assert!(
        left * 20 <= all.facts.len() && twice <= left,
        "{left} left, {twice} twice: {:?}",
        drafts.coverage.facts_left
    );
    let again = write(&mut small(), &Setting { quotas, seed: 3, again: 0.0 });
    assert_eq!(again.questions, drafts.questions);
    let mut twofold = small();
    let quotas = Quotas { lookup: 2 * n_lookup, procedure: 2 * n_procedure, ..Quotas::default() };
    let more = write(&mut twofold, &Setting { quotas, seed: 3, again: 0.0 });
    let few = &more.coverage.articles_asked_once;
    assert!(few.len() * 10 <= more.coverage.articles, "{few:?}");
}

/// The example's job: the quotas as they are, and over them every fact, and every article twice.
#[test]
fn every_fact_is_asked_and_every_article_twice_over_the_quotas() {
    let quotas = Quotas { cover: true, ..Quotas::default() };
    // 42 is the seed of the template.
    for seed in [7, 42] {
        let coverage = write(&mut company(), &Setting { quotas, seed, ..Setting::default() }).coverage;
        assert_eq!((coverage.facts_asked, &coverage.facts_left[..]), (coverage.facts, &[][..]), "{seed}");
        assert!(coverage.articles_asked_once.is_empty(), "{seed}: {:?}", coverage.articles_asked_once);
    }
    let setting = Setting { quotas, ..Setting::default() };
    let (drafts, bare) = (write(&mut company(), &setting), write(&mut company(), &Setting::default()));
    let (besides, of_quota): (Vec<&Question>, Vec<_>) = drafts.questions.iter().partition(|q| q.besides);
    let count = |kind| of_quota.iter().filter(|q| q.pair.kind == kind).count();
    assert_eq!([Kind::Lookup, Kind::Procedure, Kind::Absent].map(count), [150, 100, 50]);
    assert_eq!(drafts.coverage.unfilled, []);
    let coverage = &drafts.coverage;
    println!("{} over the quotas; {} of {}", besides.len(), coverage.facts_asked, coverage.facts);
    println!("left {:#?}; once {:#?}", coverage.facts_left, coverage.articles_asked_once);
    // Without it there are far more facts than the quotas have questions.
    assert!(bare.coverage.facts_asked * 2 < coverage.facts, "{}", bare.coverage.facts_asked);
    assert_eq!((coverage.facts_asked, &coverage.facts_left[..]), (coverage.facts, &[][..]));
    assert!(coverage.articles_asked_once.is_empty(), "{:?}", coverage.articles_asked_once);
    let absent = besides.iter().filter(|q| q.is_absent()).count();
    println!("absent over the quota {absent}");
    let split = slices::split(&drafts.questions, &slices::Shares::default(), 1);
    let held = slices::articles(&drafts.questions, &split, 3);
    for (question, place) in drafts.questions.iter().zip(&split.places).filter(|(q, _)| q.besides) {
        let is_held = held.contains(&(question.pair.document.as_str(), question.article.as_str()));
        assert_eq!(*place == 3, is_held && !question.is_absent(), "{question:?}");
        assert!(matches!(*place, 0 | 3) && question.verdict.is_accepted());
    }
}

#[test]
fn a_quota_that_the_text_cannot_fill_says_so_with_numbers() {
    let drafts = write(
        &mut small(),
        &Setting { quotas: Quotas { lookup: 2000, ..Quotas::default() }, ..Setting::default() },
    );
    let unfilled = drafts.coverage.unfilled.iter().find(|u| u.quota == "lookup").unwrap();
    assert!(unfilled.wanted == 2000 && unfilled.written > 30 && unfilled.facts > 20, "{unfilled:?}");
    let said = unfilled.to_string();
    assert!(said.contains("2000") && said.contains("lower the quota or add documents"), "{said}");
}

#[test]
fn korean_questions_have_particles_that_agree_and_vary() {
    let drafts = write(&mut company(), &Setting::default());
    let (mut report, mut openings) = (synth::korean::ParticleReport::default(), BTreeSet::new());
    for question in &drafts.questions {
        report.add(&check_particles(&question.pair.question));
        report.add(&check_particles(&question.pair.answer));
        openings.insert(question.pair.question.chars().take(4).collect::<String>());
        assert!(question.pair.answer.trim_end().ends_with(['.', '다', '요']), "{}", question.pair.answer);
    }
    assert!(report.agreement() > 0.985, "{report:?}");
    assert!(openings.len() > 100, "{}", openings.len());
}

#[test]
fn english_rules_are_asked_in_english() {
    let mut validator = validator(vec![Rules::of(Book::Handbook).tree]);
    let quotas = Quotas {
        lookup: 60,
        procedure: 40,
        absent: 20,
        further_absent: 10,
        further_answerable: 10,
        cover: false,
    };
    let drafts = write(&mut validator, &Setting { quotas, seed: 1, again: 0.2 });
    assert_eq!(drafts.coverage.unfilled, []);
    for question in &drafts.questions {
        assert!(!question.pair.question.chars().any(|c| ('가'..='힣').contains(&c)));
        if !question.is_absent() {
            assert!(question.pair.answer.contains("Section"), "{}", question.pair.answer);
        }
    }
    for question in drafts.questions.iter().step_by(4) {
        println!("{}: {}\n    {}", question.pair.kind.name(), question.pair.question, question.pair.answer);
    }
}

/// The same of the English handbook, whatever the seed.
#[test]
fn every_fact_of_english_rules_is_asked_and_every_article_twice() {
    for seed in 1..=5 {
        let mut validator = validator(vec![Rules::of(Book::Handbook).tree]);
        let quotas = Quotas { lookup: 60, procedure: 40, absent: 20, cover: true, ..Quotas::default() };
        let drafts = write(&mut validator, &Setting { quotas, seed, again: 0.2 });
        let coverage = &drafts.coverage;
        for question in drafts.refused.iter().filter(|q| !q.is_absent()) {
            println!(
                "refused {:?}: {} -> {}",
                question.verdict, question.pair.question, question.pair.answer
            );
        }
        println!("seed {seed}: {} of {} facts", coverage.facts_asked, coverage.facts);
        assert_eq!(
            (&coverage.facts_left[..], coverage.facts_asked),
            (&[][..], coverage.facts),
            "seed {seed}"
        );
        assert!(coverage.articles_asked_once.is_empty(), "seed {seed}: {:?}", coverage.articles_asked_once);
    }
}

/// The questions of the exam were written apart from all of this: what they call absent has to be proven absent, and
/// what they call answered has not.
#[test]
fn absence_is_told_from_presence_on_questions_of_others() {
    let mut wrong = Vec::new();
    let mut n = 0;
    for book in [Book::Employment, Book::Pay, Book::Handbook] {
        let validator = validator(vec![Rules::of(book).tree]);
        for question in exam().iter().filter(|question| question.book == book) {
            n += 1;
            let pair = Pair {
                id: "exam".into(),
                kind: Kind::Absent,
                question: question.text.clone(),
                answer: "규정에 없습니다. There is no rule on this.".into(),
                document: String::new(),
                paths: Vec::new(),
            };
            let is_refused = validator.judge_alone(&pair).codes().contains(&Code::NotAbsent);
            if matches!(question.answer, Answer::Absent { .. }) && is_refused {
                wrong.push((question.text.clone(), validator.presence(&question.text).0));
            }
        }
    }
    println!("{} of {n}: {wrong:#?}", wrong.len());
    assert!(wrong.len() * 20 <= n, "{wrong:?}");
}

#[test]
fn a_teacher_is_asked_about_every_chunk_with_a_fact_and_its_answers_become_questions() {
    let validator = small();
    let all = facts(validator.sources().trees());
    let asks = teacher::asks(validator.sources(), &all, &Quotas::default(), &Bilingual::default());
    assert!(asks.len() > 15, "{}", asks.len());
    let ask = asks.iter().find(|ask| ask.id.ends_with("제20조")).unwrap();
    assert!(ask.messages[0].content.contains("14일 이내에 지급한다"), "{}", ask.messages[0].content);
    assert!(!ask.messages[0].content.contains("{passage}"));
    let path = &validator.sources().chunks()[ask.chunk].paths[0];
    let answer = json!({"pairs": [{
        "type": "lookup", "question": "퇴직금은 며칠 안에 받나요?",
        "answer": "퇴직한 날부터 14일 이내에 지급됩니다(복무규정 제20조).",
        "paths": [path], "facts": ["14일", "없는 말"],
    }]});
    let mut n = 0;
    let mut ids = || {
        n += 1;
        format!("questions#t{n}")
    };
    let questions = teacher::questions(ask, &answer, validator.sources(), &mut ids).unwrap();
    assert_eq!(questions[0].asker, Asker::Teacher);
    assert_eq!(questions[0].facts, [["14일"]]);
    assert!(validator.judge_alone(&questions[0].pair).is_accepted());
    let error = teacher::questions(ask, &json!({"pairs": []}), validator.sources(), &mut ids).unwrap_err();
    assert!(error.to_string().contains("제20조"), "{error}");
    assert!(
        teacher::questions(ask, &json!({"pairs": [{"type": "poem"}]}), validator.sources(), &mut ids)
            .is_err()
    );
}

#[test]
fn a_judge_sees_the_source_and_its_verdict_is_read() {
    let validator = small();
    let pair = |answer: &str| Pair {
        id: "a".into(),
        kind: Kind::Lookup,
        question: "퇴직금은 언제 나오나요?".into(),
        answer: answer.into(),
        document: "복무규정".into(),
        paths: vec!["제6장/제20조".into()],
    };
    let absent =
        Pair {
            kind: Kind::Absent, document: String::new(), paths: Vec::new(), ..pair("규정에 없습니다.")
        };
    let pairs = [
        pair("14일 이내에 지급됩니다."),
        absent,
        pair("40일 이내에 지급됩니다."),
        pair("모릅니다."),
        pair("곧 나옵니다."),
    ];
    let reply = |verdict: &str| {
        Script::Say(
            json!({"evidence": "퇴직한 날부터 14일 이내", "reason": "원문과 견줌", "verdict": verdict})
                .to_string(),
        )
    };
    let mut responder = ScriptedResponder::new([
        reply("supported"),
        reply("contradicted"),
        Script::Say("supported".into()),
        Script::Fail("busy".into()),
    ]);
    let prompts = Prompts::defaults(true);
    let judged = judge(&mut responder, &pairs, validator.sources(), &Settings::new(&prompts)).unwrap();
    assert_eq!(responder.asked.len(), 4);
    for (request, answer) in responder.asked.iter().zip(["14일 이내에 지급됩니다.", "40일"]) {
        let prompt = &request.messages[0].content;
        assert!(
            prompt.contains("퇴직금은 퇴직한 날부터 14일 이내에 지급한다") && prompt.contains(answer),
            "{prompt}"
        );
        assert!(request.schema.is_some());
        // Whoever wrote the document or the answer cannot write the end of the fence.
        let (_, mark) = prompt.split_once("<<<SOURCE ").unwrap();
        let mark = mark.split_once('\n').unwrap().0;
        assert_eq!(prompt.matches(&format!("\nANSWER {mark}>>>")).count(), 1, "{prompt}");
        assert!(prompt.contains(&format!("`<<<이름 {mark}`")), "{prompt}");
    }
    let ruling = |at: usize| match &judged[at] {
        Some(Judged::Said(judgement)) => Some(judgement.verdict),
        _ => None,
    };
    assert_eq!((ruling(0), ruling(2)), (Some(Ruling::Supported), Some(Ruling::Contradicted)));
    assert!(judged[1].is_none());
    assert!(
        matches!(judged[3], Some(Judged::Unusable(_))) && judged[4] == Some(Judged::Unusable("busy".into()))
    );
    let Some(Judged::Said(contradicted)) = &judged[2] else { panic!("{judged:?}") };
    assert_eq!(contradicted.finding().unwrap().code, Code::Judge);
}

#[test]
fn the_main_test_asks_known_facts_in_other_words_and_unseen_articles_are_whole() {
    let drafts = write(&mut company(), &Setting::default());
    let split = slices::split(&drafts.questions, &slices::Shares::default(), 1);
    let of = |slice: usize| {
        let is = move |(_, place): &(&Question, &usize)| **place == slice;
        drafts
            .questions
            .iter()
            .zip(&split.places)
            .filter(is)
            .map(|(question, _)| question)
            .collect::<Vec<_>>()
    };
    let (train, valid, test, unseen) = (of(0), of(1), of(2), of(3));
    println!("{} {} {} {}, alone {}", train.len(), valid.len(), test.len(), unseen.len(), split.alone.len());
    assert!(split.alone.len() <= 6, "{:?}", split.alone);
    assert!((26..=31).contains(&test.len()) && (26..=31).contains(&valid.len()) && unseen.len() >= 8);
    let held = slices::articles(&drafts.questions, &split, 3);
    assert!(slices::articles(&drafts.questions, &split, 0).is_disjoint(&held));
    for kind in Kind::ALL {
        assert!(test.iter().any(|question| question.pair.kind == kind));
    }
}

/// Thousands of queries over thousands of chunks in well under a second each thousand.
#[test]
fn retrieval_is_fast() {
    let chunks = Rules::of(Book::Employment);
    let texts: Vec<String> = (0..3000)
        .map(|n| {
            let node = &chunks.tree.nodes[n % chunks.tree.nodes.len()];
            format!("{} {} {n}", node.title, node.text)
        })
        .collect();
    let index = data::validate::Retriever::new(&texts);
    let questions: Vec<String> = exam().into_iter().map(|question| question.text).collect();
    let pace = std::time::Instant::now();
    let found: usize = (0..1000).map(|n| index.search(&questions[n % questions.len()], 5).len()).sum();
    let seconds = pace.elapsed().as_secs_f64();
    println!("1,000 queries over {} chunks: {seconds:.3} s", index.len());
    assert!(found > 4000 && seconds < 2.0, "{found} found in {seconds} s");
}
