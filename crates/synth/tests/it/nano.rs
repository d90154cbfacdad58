//! The text for pretraining: varied, agreeing, apart from the example shop.

use std::collections::HashSet;

use chat::example::{Message, Role};
use synth::nano::{Body, DocumentKind, NanoText, Split, held_back_share, sentences, variety};
use synth::shop::questions;

#[test]
fn sentences_are_varied_and_particles_agree() {
    let v = variety(&NanoText::new(1, Split::Train), 2_000_000);
    assert!(v.distinct >= 0.6, "distinct {:.3}", v.distinct);
    assert!(v.particles.checked > 10_000 && v.particles.agreement() >= 0.99, "{:?}", v.particles);
    assert!((0.4..0.6).contains(&v.support_korean), "{:?}", v.bytes_by_kind);
    assert_eq!(v.bytes_by_kind.len(), 11);
}

#[test]
fn held_back_text_is_new() {
    let (train, held) = (NanoText::new(1, Split::Train), NanoText::new(1, Split::HeldBack));
    let found = held_back_share(&train, 3_000_000, &held, 2000);
    assert_eq!(found.sentences, 2000);
    assert!(found.share() <= 0.05, "{found:?}");
    // The measure finds what is there.
    assert!(held_back_share(&train, 300_000, &train, 1000).share() > 0.99);
}

#[test]
fn documents_are_the_same_for_the_same_seed_and_stand_alone() {
    let text = NanoText::new(5, Split::Train);
    let all: Vec<_> = text.documents().take(50).collect();
    assert_eq!(all[37], NanoText::new(5, Split::Train).document(37));
    assert_ne!(all[37], NanoText::new(6, Split::Train).document(37));
    assert_ne!(all[37], NanoText::new(5, Split::HeldBack).document(37));
}

#[test]
fn no_sentence_is_a_question_of_the_example() {
    let grams = |t: &str| {
        let c: Vec<char> = t.chars().filter(|c| c.is_alphanumeric()).collect();
        c.windows(3).map(|w| [w[0], w[1], w[2]]).collect::<HashSet<_>>()
    };
    let asked: Vec<(String, HashSet<_>)> =
        questions().into_iter().map(|q| (grams(&q.question), q.question)).map(|(g, q)| (q, g)).collect();
    for document in NanoText::new(1, Split::Train).documents().take(4000) {
        for text in document.texts() {
            assert!(asked.iter().all(|(q, _)| !text.contains(q)), "{text}");
            for sentence in sentences(text) {
                let found = grams(&text[sentence.clone()]);
                for (question, wanted) in &asked {
                    let both = found.intersection(wanted).count();
                    let share = both as f64 / (found.len() + wanted.len() - both).max(1) as f64;
                    assert!(share < 0.6, "{question}: {}", &text[sentence.clone()]);
                }
            }
        }
    }
}

/// Most facts that an assistant states in a support talk stand in an earlier turn.
#[test]
fn answers_are_read_off_the_policy_at_hand() {
    let number = regex::Regex::new(r"\d[\d,]*(원|일|시간|개월|%|장)").unwrap();
    let (mut stated, mut given) = (0, 0);
    for document in NanoText::new(2, Split::Train).documents().take(5000) {
        let Body::Chat { messages, .. } = &document.body else { continue };
        let with_policy = messages[0].content.lines().count() > 1;
        if document.kind != DocumentKind::SupportKorean || !with_policy {
            continue;
        }
        let mut before = String::new();
        for Message { role, content, .. } in messages {
            if *role == Role::Assistant {
                for value in number.find_iter(content) {
                    stated += 1;
                    given += usize::from(before.contains(value.as_str()));
                }
            }
            before.push_str(content);
        }
    }
    assert!(stated > 1000, "{stated}");
    assert!(given * 100 >= stated * 90, "{given} of {stated}");
}

#[test]
fn tool_dialogues_pair_calls_with_results_and_keep_to_what_they_returned() {
    let mut calls = 0;
    for document in NanoText::new(3, Split::Train).documents().take(6000) {
        let Body::Chat { messages, tools } = &document.body else { continue };
        if document.kind != DocumentKind::Tools {
            continue;
        }
        let names: Vec<&str> = tools.iter().filter_map(|t| t["function"]["name"].as_str()).collect();
        for (i, message) in messages.iter().enumerate() {
            for call in &message.tool_calls {
                calls += 1;
                assert!(names.contains(&call.name.as_str()));
                assert_eq!(messages[i + 1].role, Role::Tool);
                serde_json::from_str::<serde_json::Value>(&messages[i + 1].content).unwrap();
                // An id that is passed on was returned before.
                for (key, value) in call.arguments.iter().filter(|(k, _)| k.ends_with("_id")) {
                    let known = messages[..i]
                        .iter()
                        .any(|m| m.role == Role::Tool && m.content.contains(&format!("\"{key}\":{value}")));
                    assert!(known, "{key} {value}");
                }
            }
        }
    }
    assert!(calls > 100, "{calls}");
}

#[test]
fn lines_are_json() {
    for document in NanoText::new(4, Split::HeldBack).documents().take(200) {
        let line = document.to_json();
        assert!(!line.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(value.get("text").is_some() != value.get("messages").is_some());
        assert!(document.len() > 0);
    }
}
