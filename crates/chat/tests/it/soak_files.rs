//! Vocabularies and shards changed at random: an error or a sound file, never a panic, a hang or a flood.

use std::sync::LazyLock;

use chat::sample::SampleView;
use chat::tokenizer::{BpeTrainer, Markup, Tokenizer};
use chat::{Shard, ShardWriter};
use sha2::{Digest as _, Sha256};
use testing::mutation::{Draws, mutated, write_new};
use testing::trials;

const KINDS: [&str; 2] = ["tokenizer", "shard"];

#[test]
fn vocabularies_and_shards_changed_at_random() {
    trials::survive_each("soak_files::each_case", &KINDS, 0..150);
}

#[test]
#[ignore = "thousands of cases; `cargo xtask soak`"]
fn soak_vocabularies_and_shards_changed_at_random() {
    trials::survive_each("soak_files::each_case", &KINDS, 0..5000);
}

#[test]
#[ignore = "a child of the tests beside it"]
fn each_case() {
    let folder = tempfile::tempdir().unwrap();
    trials::child(&mut |kind, case| match kind {
        "tokenizer" => tokenizer(&mut Draws::new(case)),
        _ => shard(&folder.path().join("x.shard"), &mut Draws::new(case)),
    });
}

fn tokenizer(draws: &mut Draws) {
    static FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
        let mut trainer = BpeTrainer::new();
        for i in 0..40 {
            trainer.add(&format!("주문 {i}번은 언제 도착하나요? Where is order {i}?"));
        }
        [Tokenizer::bytes().to_json().to_vec(), trainer.finish(300).unwrap().to_json().to_vec()]
    });
    let file: &Vec<u8> = draws.one(&*FILES);
    let bytes = mutated(file, draws);
    let Ok(tokenizer) = Tokenizer::from_bytes(&bytes) else { return };
    assert!(tokenizer.vocab_size() <= 64 * bytes.len() + (1 << 20), "ids that the file does not pay for");
    for text in ["주문 3번 <|im_end|>", "", "\u{0}\u{1F468}\u{200D}x "] {
        let Ok(ids) = tokenizer.encode(text, Markup::Special) else { continue };
        assert!(ids.len() <= 64 * (text.len() + 1), "{} ids", ids.len());
        let _ = tokenizer.decode(&ids, draws.below(2) == 0);
    }
}

fn shard(path: &std::path::Path, draws: &mut Draws) {
    static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.shard");
        let mut writer = ShardWriter::new(&path, &Tokenizer::bytes());
        for part in 0..4 {
            let ids: Vec<u32> = (0..20 + part).collect();
            let trained: Vec<u8> = ids.iter().map(|&id| u8::from(id > 9)).collect();
            writer.push(SampleView { row: "문의#1", part, ids: &ids, trained: &trained }).unwrap();
        }
        writer.finish().unwrap();
        std::fs::read(path).unwrap()
    });
    let mut bytes = mutated(&WHOLE, draws);
    // A digest only guards against accidents: half of the files were made to deceive, and have the right one.
    if bytes.len() > 128 && draws.below(2) == 0 {
        let digest = Sha256::digest(&bytes[128..]);
        bytes[40..72].copy_from_slice(&digest);
    }
    write_new(path, &bytes);
    let Ok(shard) = Shard::open(path) else { return };
    for sample in shard.iter() {
        assert_eq!(sample.ids.len(), sample.trained.len());
        assert!(
            sample.ids.iter().all(|&id| (id as usize) < shard.vocab_size()),
            "an id beyond the vocabulary"
        );
    }
}

#[test]
fn a_vocabulary_with_half_a_character_is_refused() {
    let json = String::from_utf8(Tokenizer::bytes().to_json().to_vec()).unwrap();
    let broken = json.replacen("<|im_end|>", "\\ud800", 1);
    assert_ne!(json, broken);
    assert!(Tokenizer::from_bytes(broken.as_bytes()).is_err());
}
