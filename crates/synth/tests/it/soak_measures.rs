//! What the generators make, measured at the size at which it is used and printed as a table: `cargo xtask gen`.

use std::collections::BTreeSet;

use synth::interview::{self, Interviews};
use synth::nano::{NanoText, Split, held_back_share, variety};
use synth::shop::{INTENTS, Shop, ShopSize, questions};

/// Bytes of the text that the built-in model learns from.
const TRAIN_BYTES: usize = 76_000_000;

/// Bytes of the sample in which sentences are counted.
const SAMPLE_BYTES: usize = 10_000_000;

const HELD_SENTENCES: usize = 10_000;

/// Columns of a table, padded; Hangul takes two places in a terminal.
fn row(cells: &[&str]) {
    let width = |text: &str| text.chars().map(|c| if c >= '\u{1100}' { 2 } else { 1 }).sum::<usize>();
    let padded = cells.iter().enumerate().map(|(i, cell)| {
        let blanks = " ".repeat([26_usize, 12, 12, 12][i.min(3)].saturating_sub(width(cell)));
        if i == 0 { format!("{cell}{blanks}") } else { format!("{blanks}{cell}") }
    });
    println!("{}", padded.collect::<String>().trim_end());
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

#[test]
#[ignore = "a minute; `cargo xtask gen`"]
fn measure_pretraining_text() {
    let (train, held) = (NanoText::new(1, Split::Train), NanoText::new(1, Split::HeldBack));
    let sample = variety(&train, SAMPLE_BYTES);
    let whole = variety(&train, TRAIN_BYTES);
    let found = held_back_share(&train, TRAIN_BYTES, &held, HELD_SENTENCES);

    println!("\npretraining text, seed 1\n");
    row(&["", "measured", "wanted"]);
    row(&["distinct, 10 MB", &percent(sample.distinct), "≥ 60 %"]);
    row(&["distinct, 76 MB", &percent(whole.distinct), ""]);
    row(&["held back and verbatim", &percent(found.share()), "≤ 5 %"]);
    row(&["particles that agree", &percent(whole.particles.agreement()), "≥ 99 %"]);
    row(&["particles looked at", &whole.particles.checked.to_string(), ""]);
    row(&["sentences, 76 MB", &whole.sentences.to_string(), ""]);
    row(&["Korean support talk", &percent(whole.support_korean), "about half"]);
    println!();
    row(&["kind", "bytes", "held back", "verbatim"]);
    for (kind, bytes) in &whole.bytes_by_kind {
        let (all, verbatim) =
            found.by_kind.iter().find(|(k, ..)| k == kind).map_or((0, 0), |(_, all, found)| (*all, *found));
        row(&[
            &format!("{kind:?}"),
            &percent(*bytes as f64 / whole.bytes as f64),
            &all.to_string(),
            &verbatim.to_string(),
        ]);
    }
    if !whole.particles.examples.is_empty() {
        println!("\nparticles that do not agree: {}", whole.particles.examples.join(", "));
    }

    assert_eq!(found.sentences, HELD_SENTENCES);
    assert!(whole.bytes >= TRAIN_BYTES && whole.particles.checked > 100_000, "{} bytes", whole.bytes);
    assert!(sample.distinct >= 0.6, "distinct {}", percent(sample.distinct));
    assert!(found.share() <= 0.05, "verbatim {}", percent(found.share()));
    assert!(whole.particles.agreement() >= 0.99, "particles {}", percent(whole.particles.agreement()));
}

#[test]
#[ignore = "with the others; `cargo xtask gen`"]
fn measure_example_shop() {
    println!("\nexample shop, three seeds\n");
    row(&["", "seed 1", "seed 2", "seed 3"]);
    let shops = [1, 2, 3].map(|seed| Shop::new(seed, ShopSize::default()));
    let line = |name: &str, of: &dyn Fn(&Shop) -> usize| {
        let cells = shops.each_ref().map(|shop| of(shop).to_string());
        row(&[name, &cells[0], &cells[1], &cells[2]]);
        shops.each_ref().map(of)
    };
    let texts = |shop: &Shop, table: &str| -> Vec<String> {
        let table = shop.table(table).unwrap();
        (0..table.rows.len()).filter_map(|i| table.text(i, "body")).map(str::to_owned).collect()
    };
    let distinct = |texts: Vec<String>| texts.into_iter().collect::<BTreeSet<_>>().len();
    for table in shops[0].tables() {
        line(table.name, &|shop| shop.table(table.name).unwrap().rows.len());
    }
    let kinds = line("kinds of inquiry", &|shop| {
        let table = shop.table("inquiries").unwrap();
        (0..table.rows.len()).filter_map(|i| table.text(i, "category")).collect::<BTreeSet<_>>().len()
    });
    line("distinct inquiries", &|shop| distinct(texts(shop, "inquiries")));
    line("distinct answers", &|shop| distinct(texts(shop, "answers")));
    println!();
    row(&["personal data planted", "seed 1", "seed 2", "seed 3"]);
    let names: BTreeSet<&str> = shops.iter().flat_map(Shop::planted).map(|p| p.entity.as_str()).collect();
    for name in names {
        let counts = line(name, &|shop| shop.planted().iter().filter(|p| p.entity == name).count());
        assert!(counts.iter().all(|count| *count > 0), "{name}: {counts:?}");
    }
    assert!(kinds.iter().all(|kinds| *kinds >= 8) && INTENTS.len() >= 8, "{kinds:?}");
    let inquiries = shops[0].table("inquiries").unwrap().rows.len();
    assert!(inquiries >= 3000 && questions().len() == 20, "{inquiries} inquiries");
}

#[test]
#[ignore = "with the others; `cargo xtask gen`"]
fn measure_interviews() {
    println!("\ninterviews to summarise, three seeds\n");
    row(&["", "seed 1", "seed 2", "seed 3"]);
    let found = [1, 2, 3].map(|seed| {
        let of = |split, n| Interviews::new(seed, split).triples(n);
        interview::measures(&of(interview::Split::Train, 3200), &of(interview::Split::Test, 360))
    });
    let line = |name: &str, of: &dyn Fn(&interview::Measures) -> String| {
        let cells = found.each_ref().map(of);
        row(&[name, &cells[0], &cells[1], &cells[2]]);
    };
    line("triples", &|m| m.train.to_string());
    line("to test with", &|m| m.test.to_string());
    line("Korean", &|m| m.korean.to_string());
    line("sentences", &|m| m.sentences.to_string());
    line("distinct, masked", &|m| percent(m.distinct));
    line("distinct summaries", &|m| percent(m.distinct_summaries));
    line("particles that agree", &|m| percent(m.particles.agreement()));
    line("test summaries verbatim", &|m| m.verbatim_summaries.to_string());
    line("test sentences verbatim", &|m| percent(m.verbatim_sentences));
    line("sentences of an answer", &|m| format!("{}–{}", m.answer_sentences.0, m.answer_sentences.1));
    line("characters of an answer", &|m| format!("{:.0}", m.answer_characters));
    line("characters of a summary", &|m| format!("{:.0}", m.summary_characters));
    line("words in the answer, %", &|m| format!("{:.1}", m.words_of_answer));
    line("words in its lead, %", &|m| format!("{:.1}", m.words_of_lead));
    for measures in &found {
        assert_eq!(measures.verbatim_summaries, 0);
        assert!(measures.particles.agreement() >= 0.995, "{:?}", measures.particles.examples);
    }
}
