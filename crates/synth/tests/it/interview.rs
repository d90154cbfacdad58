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
    assert!(found.distinct >= 0.15, "{found:?}");
    assert!(found.distinct_summaries >= 0.8, "{found:?}");
    assert!(
        found.particles.checked > 10_000 && found.particles.agreement() >= 0.995,
        "{:?}",
        found.particles
    );
    assert!(found.answer_sentences.0 >= 3 && found.answer_sentences.1 <= 11, "{found:?}");
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
