//! Real texts: public hotlines that stay where they are declared public, and labelled English sentences.

use std::collections::BTreeMap;

use data::privacy::{Counts, Entity, MaskConfig, Masker};

#[test]
fn public_hotlines_stay_in_a_public_source_and_go_in_any_other() {
    let Some(folder) = testing::shared_data("welfare-qa") else { return };
    let text = std::fs::read_to_string(folder.join("welfare_qa_dev.csv")).unwrap();
    let run = |public: bool| {
        let masker = Masker::new(MaskConfig { public, ..MaskConfig::default() }).unwrap();
        let mut counts = Counts::default();
        let mut same = true;
        for line in text.lines() {
            let masked = masker.mask(line);
            same &= masked.text == line;
            counts.add(&masked.counts());
        }
        (counts, same)
    };
    let (public, same) = run(true);
    let (private, _) = run(false);
    assert!(same, "a public source is not changed");
    let landlines = public.of(Entity::Landline);
    println!("welfare-qa: {landlines:?} landline, {:?} representative", public.of(Entity::Representative));
    assert!((260..=290).contains(&landlines.kept) && landlines.masked == 0, "{landlines:?}");
    assert_eq!(private.of(Entity::Landline).masked, landlines.kept);
    assert!(private.of(Entity::Representative).kept > 400);
    // Six thousand texts name nobody.
    assert!(private.of(Entity::Person).masked <= 3, "{:?}", private.of(Entity::Person));
}

#[test]
fn labelled_english_sentences() {
    let Some(folder) = testing::shared_data("presidio-research") else { return };
    let file = std::fs::read_to_string(folder.join("presidio_synth_500.json")).unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_str(&file).unwrap();
    let masker = Masker::new(MaskConfig::default()).unwrap();
    let mut found: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for row in &rows {
        let text = row["full_text"].as_str().unwrap();
        let masked = masker.mask(text);
        let byte_of = |n: u64| text.char_indices().nth(n as usize).map_or(text.len(), |(i, _)| i);
        for span in row["spans"].as_array().unwrap() {
            let (from, to) = (
                byte_of(span["start_position"].as_u64().unwrap()),
                byte_of(span["end_position"].as_u64().unwrap()),
            );
            let count = found.entry(span["entity_type"].as_str().unwrap().to_owned()).or_default();
            count.1 += 1;
            count.0 += u32::from(masked.spans.iter().any(|s| s.range.start <= from && s.range.end >= to));
        }
    }
    for (entity, (hit, all)) in &found {
        println!("presidio-research {entity:<18} {hit:>4} of {all}");
    }
    let share = |entity: &str| f64::from(found[entity].0) / f64::from(found[entity].1);
    assert!(share("EMAIL_ADDRESS") >= 1.0 && share("IP_ADDRESS") >= 1.0, "{found:?}");
    assert!(share("CREDIT_CARD") >= 0.95, "{found:?}");
    // Many of its telephone numbers are of national plans without a country code, which no Korean text holds.
    assert!(share("PHONE_NUMBER") >= 0.3, "{found:?}");
}
