//! From answers to the evaluation part of a report.

use chat::{Example, Message, Role};
use eval::compare::{Answers, Comparison, TestRow};
use eval::report::{Evaluation, System, SystemRole};
use eval::scorers::{KeyFact, Scorer, by_name, from_recipe};
use eval::statistics::Resampling;
use eval::{EvalError, scorers};

fn rows() -> Vec<TestRow> {
    (0..24)
        .map(|i| TestRow {
            id: format!("inquiries#{i}"),
            question: format!("{}번 상품 배송은 며칠 걸리나요?", i),
            references: vec![format!("{}번 상품은 {}일 안에 도착합니다.", i, i % 5 + 1)],
            facts: if i % 2 == 0 { vec![KeyFact::new(format!("{}일", i % 5 + 1))] } else { Vec::new() },
            category: (i % 4 != 3).then(|| if i % 3 == 0 { "배송".into() } else { "교환".into() }),
        })
        .collect()
}

fn model(id: &str, role: SystemRole, answer: impl Fn(usize, &TestRow) -> String) -> Answers {
    let texts = rows().iter().enumerate().map(|(i, row)| answer(i, row)).collect();
    Answers { system: System { id: id.into(), role, cut_off: 0, failed: 0 }, texts }
}

fn systems() -> Vec<Answers> {
    let training: Vec<(String, String)> = (0..30)
        .map(|i| {
            (
                format!("{i}번 상품 배송은 며칠 걸리나요"),
                format!("{i}번 상품은 {}일 안에 도착합니다.", i % 5 + 1),
            )
        })
        .chain([("잘 받았어요".into(), "감사합니다.".into()), ("고마워요".into(), "감사합니다.".into())])
        .collect();
    let mut systems = vec![
        model("base", SystemRole::Base, |i, _| format!("{i}, 무엇을 도와드릴까요?")),
        model("tuned", SystemRole::Tuned, |i, row| match i % 8 {
            0 => "도착합니다.".into(),
            _ => row.references[0].clone(),
        }),
    ];
    systems.extend(Answers::of_baselines(&training, &rows()));
    systems
}

fn evaluate(
    rows: &[TestRow],
    systems: &[Answers],
    scorers: &[Box<dyn Scorer>],
) -> Result<Evaluation, EvalError> {
    let resampling = Resampling { trials: 200, ..Resampling::default() };
    let comparison = Comparison {
        name: "main",
        rows,
        systems,
        scorers,
        leading: "",
        resampling,
        samples: 6,
        generation: "greedy",
    };
    comparison.evaluate()
}

fn named(names: &[&str]) -> Vec<Box<dyn Scorer>> {
    names.iter().map(|name| by_name(name).unwrap()).collect()
}

#[test]
fn every_system_has_every_score_and_the_tuned_one_is_tested_against_all() {
    let scorers = named(&["chrf", "bleu", "rouge", "rouge-ko", "exact", "key-facts"]);
    let evaluation = evaluate(&rows(), &systems(), &scorers).unwrap();
    let ids: Vec<&str> = evaluation.systems.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["base", "tuned", "commonest", "nearest"]);
    assert_eq!(evaluation.measures.len(), 1 + 1 + 4 + 6 + 1 + 1);
    for measure in &evaluation.measures {
        assert_eq!(measure.scores.iter().map(|s| s.system.as_str()).collect::<Vec<_>>(), ids);
        assert!(measure.scores.iter().all(|s| s.interval.low <= s.value && s.value <= s.interval.high));
        let against: Vec<&str> = measure.tests.iter().map(|t| t.against.as_str()).collect();
        assert_eq!(against, ["base", "commonest", "nearest"]);
        for test in &measure.tests {
            let gap =
                measure.score_of("tuned").unwrap().value - measure.score_of(&test.against).unwrap().value;
            assert!((test.difference - gap).abs() < 1e-9);
        }
    }
    let chrf = &evaluation.measures[0];
    assert_eq!(
        (chrf.name.as_str(), chrf.signature.as_str()),
        ("chrF2", "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0")
    );
    assert!(chrf.tests[0].p_randomisation < 0.01 && chrf.tests[0].interval.low > 0.0);
    let exact = evaluation.measures.iter().find(|m| m.name == "exact").unwrap();
    assert_eq!(exact.score_of("tuned").unwrap().value, 87.5);
    assert_eq!(exact.score_of("nearest").unwrap().value, 100.0);
    assert_eq!(exact.score_of("commonest").unwrap().value, 0.0);
}

#[test]
fn facts_categories_and_samples() {
    let evaluation = evaluate(&rows(), &systems(), &named(&["chrf"])).unwrap();
    let facts: Vec<(u64, u64, u64)> =
        evaluation.key_facts.iter().map(|f| (f.rows, f.rows_with_all, f.facts_found)).collect();
    assert_eq!(facts, [(12, 0, 0), (12, 9, 9), (12, 0, 0), (12, 12, 12)]);
    let categories: Vec<(&str, u64)> =
        evaluation.by_category.iter().map(|c| (c.category.as_str(), c.rows)).collect();
    assert_eq!(categories, [("교환", 12), ("배송", 6)]);
    assert_eq!(evaluation.by_category[0].scores.len(), 4);
    let places: Vec<&str> = evaluation.samples.iter().map(|s| s.id.as_str()).collect();
    // Twelve rows of one category, six of another, six of none take turns, two each, evenly apart.
    let wanted = [1, 0, 3, 13, 12, 15].map(|i| format!("inquiries#{i}"));
    assert_eq!(places, wanted);
    let first = &evaluation.samples[1];
    assert_eq!(first.answers[1].text, "도착합니다.");
    assert_eq!((first.answers[1].holds_facts, first.answers[3].holds_facts), (Some(false), Some(true)));
    assert!((first.answers[3].score - 100.0).abs() < 1e-9 && first.answers[1].score < 50.0);
    assert_eq!(evaluation, evaluate(&rows(), &systems(), &named(&["chrf"])).unwrap());
}

#[test]
fn a_row_takes_category_and_facts_from_the_columns_that_are_named() {
    let facts = |facts: serde_json::Value| {
        let messages = vec![Message::new(Role::User, "언제요?"), Message::new(Role::Assistant, "3일이요")];
        let meta = serde_json::json!({ "category": "배송", "facts": facts, "n": 3 });
        let meta = meta.as_object().unwrap().clone();
        let example = Example { id: "inquiries#1".into(), messages, tools: Vec::new(), meta };
        let (question, row) = TestRow::of(&example, Some("category"), Some("facts")).unwrap();
        assert_eq!((question.id, question.messages.len()), (row.id.clone(), 1));
        assert_eq!((row.question.as_str(), row.references[0].as_str()), ("언제요?", "3일이요"));
        assert_eq!(row.category.as_deref(), Some("배송"));
        assert_eq!(TestRow::of(&example, Some("n"), None).unwrap().1.category, None);
        row.facts.into_iter().map(|fact| fact.any_of).collect::<Vec<_>>()
    };
    assert_eq!(facts(serde_json::json!("3일")), [["3일"]]);
    assert_eq!(facts(serde_json::json!(["3일", "무료"])), [["3일"], ["무료"]]);
    assert_eq!(facts(serde_json::json!([["3일", "사흘"], [], 7])), [["3일", "사흘"]]);
    assert_eq!(facts(serde_json::json!(null)), Vec::<Vec<String>>::new());
}

#[test]
fn more_samples_than_rows_show_each_row_once() {
    let (rows, systems): (Vec<_>, Vec<_>) = (
        rows()[..3].to_vec(),
        systems().into_iter().map(|a| Answers { texts: a.texts[..3].to_vec(), ..a }).collect(),
    );
    let evaluation = evaluate(&rows, &systems, &named(&["exact"])).unwrap();
    let mut places: Vec<&str> = evaluation.samples.iter().map(|s| s.id.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["inquiries#0", "inquiries#1", "inquiries#2"]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let message = |outcome: Result<Evaluation, EvalError>| outcome.unwrap_err().to_string();
    let chrf = named(&["chrf"]);
    assert!(message(evaluate(&[], &[], &chrf)).starts_with("the test split has no rows"));
    assert!(message(evaluate(&rows(), &systems(), &[])).starts_with("no metric is asked for"));
    let mut bare = rows();
    bare[3].references.clear();
    assert_eq!(message(evaluate(&bare, &systems(), &chrf)), "test row `inquiries#3` has no reference answer");
    let mut short = systems();
    short[1].texts.pop();
    assert_eq!(message(evaluate(&rows(), &short, &chrf)), "system `tuned` has 23 answers for 24 test rows");
    assert!(Answers::of_baselines(&[], &rows()).is_empty());
}

#[test]
fn rouge_alone_refuses_to_judge_what_it_cannot_see() {
    let ask = |names: &[&str], reference: &str| {
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        from_recipe(&names, [reference]).map(|s| s.iter().map(|s| s.measures().remove(0)).collect::<Vec<_>>())
    };
    let korean = "배송은 CJ대한통운으로 2일 걸립니다.";
    let refused = ask(&["rouge"], korean).unwrap_err().to_string();
    assert!(refused.contains("82 %") && refused.contains("`rouge-ko`"), "{refused}");
    assert!(ask(&["rouge", "rouge"], korean).is_err());
    assert_eq!(ask(&["rouge", "chrf"], korean).unwrap(), ["rouge1", "chrF2"]);
    assert_eq!(ask(&["rouge"], "It takes two days, 김.").unwrap(), ["rouge1"]);
    assert!(matches!(ask(&[], korean), Err(EvalError::NoMetric { .. })));
    let unknown = ask(&["chrf", "bleurt"], korean).unwrap_err().to_string();
    assert!(unknown.starts_with("unknown metric `bleurt`; there are: chrf, bleu"), "{unknown}");
    assert!(scorers::NAMES.iter().all(|name| by_name(name).is_ok()));
}

#[test]
fn the_leading_measure_comes_first_and_is_the_one_shown() {
    let scorers = named(&["chrf", "rouge-ko"]);
    let resampling = Resampling { trials: 50, ..Resampling::default() };
    let (rows, systems) = (rows(), systems());
    let of = |leading| {
        let name = "main";
        let scorers = &scorers;
        let (rows, systems) = (&rows, &systems);
        Comparison { name, rows, systems, scorers, leading, resampling, samples: 4, generation: "greedy" }
            .evaluate()
    };
    let (plain, led) = (of("").unwrap(), of("rougeL-syllable").unwrap());
    let names = |of: &Evaluation| of.measures.iter().map(|m| m.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&led)[..3], ["rougeL-syllable", "chrF2", "rouge1-char"]);
    let sorted = |of| {
        let mut names = names(of);
        names.sort();
        names
    };
    assert_eq!(sorted(&plain), sorted(&led));
    let whole = |of: &Evaluation| of.by_category.iter().map(|c| c.scores[1].1).collect::<Vec<_>>();
    assert_ne!(whole(&plain), whole(&led));
    let lead = by_name("rouge-ko").unwrap();
    let sample = &led.samples[0];
    let row = rows.iter().find(|row| row.id == sample.id).unwrap();
    let facts = lead.statistics(&scorers::Row {
        prediction: &sample.answers[1].text,
        references: &row.references,
        facts: &[],
    });
    assert!((sample.answers[1].score - lead.scores(&facts)[5]).abs() < 1e-9);
    let wrong = of("rougeX").unwrap_err().to_string();
    assert!(wrong.contains("`rougeX`") && wrong.contains("rougeL-syllable"), "{wrong}");
}

#[test]
fn a_lead_is_the_first_sentence_of_each_text() {
    let lead = Answers::of_lead(["하나. 둘.", "셋"]);
    assert_eq!((lead.system.role, lead.texts), (SystemRole::LeadSentence, vec!["하나.".into(), "셋".into()]));
}
