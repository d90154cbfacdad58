//! Interviews to summarise: enough of them, varied, fit to be learned from, and the test apart from the training.

use synth::interview::{Interviews, Language, Split, csv, measures};

fn triples(seed: u64, split: Split, n: usize) -> Vec<synth::interview::Triple> {
    Interviews::new(seed, split).triples(n)
}

#[test]
fn triples_are_varied_and_the_test_is_apart() {
    let (train, test) = (triples(1, Split::Train, 3200), triples(1, Split::Test, 360));
    let found = measures(&train, &test);
    assert_eq!((found.train, found.test, found.verbatim_summaries), (3200, 360, 0));
    assert!(found.distinct >= 0.5, "{found:?}");
    assert!(found.distinct_summaries >= 0.95, "{found:?}");
    assert!(
        found.particles.checked > 10_000 && found.particles.agreement() >= 0.995,
        "{:?}",
        found.particles
    );
    assert!(found.answer_sentences.0 >= 3 && found.answer_sentences.1 <= 12, "{found:?}");
}

/// The alternatives of each rule of a grammar's text.
fn alternatives(text: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut rule = "";
    let mut all = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('@') {
            Some(name) => rule = name,
            None => all.push((rule, line)),
        }
    }
    all
}

#[test]
fn no_name_and_no_clause_of_the_test_stands_in_the_training() {
    for (train, test) in [
        (
            include_str!("../../src/interview/text/korean_train.txt"),
            include_str!("../../src/interview/text/korean_test.txt"),
        ),
        (
            include_str!("../../src/interview/text/english_train.txt"),
            include_str!("../../src/interview/text/english_test.txt"),
        ),
    ] {
        let (train, test) = (alternatives(train), alternatives(test));
        let rules = |of: &[(&'static str, &str)]| -> std::collections::BTreeSet<_> {
            of.iter().map(|(rule, _)| *rule).collect()
        };
        assert_eq!(rules(&train), rules(&test));
        let both: Vec<_> = test.iter().filter(|line| train.contains(line)).collect();
        assert!(test.len() > 100 && both.is_empty(), "{both:?}");
    }
}

#[test]
fn a_summary_needs_selecting() {
    for triple in triples(2, Split::Train, 600).iter().chain(&triples(2, Split::Test, 200)) {
        let lead = &triple.answer[synth::nano::sentences(&triple.answer)[0].clone()];
        assert!(!lead.contains(triple.summary.trim_end_matches('.')), "{triple:?}");
        assert!(synth::nano::sentences(&triple.summary).len() <= 2, "{triple:?}");
        assert!(triple.summary.chars().count() * 10 < triple.answer.chars().count() * 9, "{triple:?}");
        let is_korean = triple.summary.chars().any(|c| ('가'..='힣').contains(&c));
        assert_eq!(is_korean, triple.language == Language::Korean);
    }
    let found = measures(&triples(2, Split::Train, 600), &triples(2, Split::Test, 200));
    assert!(found.words_of_answer > 60.0 && found.words_of_lead < 15.0, "{found:?}");
}

#[test]
fn the_same_seed_gives_the_same_table_and_another_seed_another() {
    let table = |seed| csv(&triples(seed, Split::Train, 50));
    assert_eq!(table(5), table(5));
    assert_ne!(table(5), table(6));
    assert_eq!(table(5).lines().count(), 51);
    assert!(table(5).starts_with("kind,question,answer,summary\n"));
}
