//! Our reading of real vocabularies gives the ids that llama.cpp's published cases expect.

use std::collections::HashMap;
use std::path::Path;

use chat::tokenizer::{BpeTrainer, ByteLevelVocab, Markup, Tokenizer};

/// The `.inp`/`.out` cases: texts between marker lines, and a line of ids for each.
fn cases(folder: &Path, name: &str) -> Vec<(String, Vec<u32>)> {
    let texts = std::fs::read_to_string(folder.join(format!("models/ggml-vocab-{name}.gguf.inp"))).unwrap();
    let ids = std::fs::read_to_string(folder.join(format!("models/ggml-vocab-{name}.gguf.out"))).unwrap();
    let ids = ids.lines().map(|line| line.split_whitespace().map(|id| id.parse().unwrap()).collect());
    let cases: Vec<_> = texts.split("\n__ggml_vocab_test__\n").map(str::to_string).zip(ids).collect();
    assert!(cases.len() >= 40, "{} cases", cases.len());
    cases
}

fn check(tokenizer: &Tokenizer, cases: &[(String, Vec<u32>)]) {
    for (text, ids) in cases {
        assert_eq!(&tokenizer.encode(text, Markup::Plain).unwrap(), ids, "{text:?}");
        assert_eq!(&tokenizer.decode(ids, false).unwrap(), text);
    }
}

/// The merges of a vocabulary that lists byte strings in rank order: each token is the last merge
/// of what the tokens before it make of its bytes.
fn tokens_and_merges(ranked: &[Vec<u8>]) -> (Vec<String>, Vec<(String, String)>) {
    let doubles = Tokenizer::bytes();
    let visible: Vec<String> = (0..256).map(|byte| doubles.token_of(byte).unwrap()).collect();
    let write = |bytes: &[u8]| -> String { bytes.iter().map(|&b| visible[b as usize].as_str()).collect() };
    let rank: HashMap<&[u8], usize> = ranked.iter().enumerate().map(|(i, b)| (b.as_slice(), i)).collect();
    let mut merges = Vec::new();
    for (own, token) in ranked.iter().enumerate().filter(|(_, token)| token.len() > 1) {
        let mut ends: Vec<usize> = (0..=token.len()).collect();
        while ends.len() > 3 {
            let best = (0..ends.len() - 2)
                .filter_map(|i| Some((*rank.get(&token[ends[i]..ends[i + 2]])?, i)))
                .filter(|(r, _)| *r < own)
                .min();
            let Some((_, i)) = best else { break };
            ends.remove(i + 1);
        }
        assert_eq!(ends.len(), 3, "a token that is no merge of two");
        merges.push((write(&token[..ends[1]]), write(&token[ends[1]..])));
    }
    (ranked.iter().map(|token| write(token)).collect(), merges)
}

fn base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|&c| c != b'=').map(value).collect();
    let mut out = Vec::new();
    for four in digits.chunks(4) {
        let bits = four.iter().enumerate().fold(0u32, |all, (i, d)| all | u32::from(*d) << (18 - 6 * i));
        out.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}

/// Qwen's own vocabulary, where the shared data is.
pub fn qwen() -> Option<Tokenizer> {
    let vocab = testing::shared_data("qwen-tokenizer")?;
    let listed = std::fs::read_to_string(vocab.join("qwen_agent/utils/qwen.tiktoken")).unwrap();
    let ranked: Vec<Vec<u8>> =
        listed.lines().map(|line| base64(line.split_whitespace().next().unwrap())).collect();
    assert_eq!(ranked.len(), 151_643);
    let (tokens, merges) = tokens_and_merges(&ranked);
    Some(Tokenizer::from_bytes(&ByteLevelVocab::qwen(tokens, merges).to_json()).unwrap())
}

#[test]
fn qwen2_ids_are_llama_cpps() {
    let Some(tokenizer) = qwen() else { return };
    let Some(expected) = testing::shared_data("llamacpp-tokenizers") else { return };
    assert_eq!(tokenizer.id_of("<|endoftext|>"), Some(151_643));
    assert_eq!(tokenizer.id_of("<|im_end|>"), Some(151_645));
    check(&tokenizer, &cases(&expected, "qwen2"));
    // Facts of Qwen2's own vocabulary.
    assert_eq!(tokenizer.encode("<|im_start|>user\n", Markup::Special).unwrap(), [151_644, 872, 198]);
}

/// The string arrays of a GGUF file's header, by key.
fn gguf_strings(path: &Path) -> HashMap<String, Vec<String>> {
    let bytes = std::fs::read(path).unwrap();
    let mut at = 24;
    let mut take = |n: usize| {
        at += n;
        &bytes[at - n..at]
    };
    let word = |b: &[u8]| u64::from_le_bytes(b.try_into().unwrap()) as usize;
    let size = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
    let count = word(&bytes[16..24]);
    let mut found = HashMap::new();
    for _ in 0..count {
        let n = word(take(8));
        let key = String::from_utf8(take(n).to_vec()).unwrap();
        let kind = take(4)[0] as usize;
        let (kind, len) = if kind == 9 { (take(4)[0] as usize, word(take(8))) } else { (kind, 1) };
        let mut strings = Vec::new();
        for _ in 0..len {
            let n = if kind == 8 { word(take(8)) } else { size[kind] };
            let value = take(n);
            if kind == 8 {
                strings.push(String::from_utf8(value.to_vec()).unwrap());
            }
        }
        found.insert(key, strings);
    }
    found
}

#[test]
fn gpt2_ids_are_llama_cpps() {
    let Some(folder) = testing::shared_data("llamacpp-tokenizers") else { return };
    let mut header = gguf_strings(&folder.join("models/ggml-vocab-gpt-2.gguf"));
    let tokens = header.remove("tokenizer.ggml.tokens").unwrap();
    let merges = header.remove("tokenizer.ggml.merges").unwrap();
    assert_eq!(tokens.len(), 50_257);
    // Written as GPT-2's own two files, so that their reader is what is tested.
    let scratch = tempfile::tempdir().unwrap();
    let (vocab_path, merges_path) = (scratch.path().join("vocab.json"), scratch.path().join("merges.txt"));
    let vocab: HashMap<&str, usize> = tokens.iter().enumerate().map(|(i, t)| (t.as_str(), i)).collect();
    put(&vocab_path, &serde_json::to_string(&vocab).unwrap());
    put(&merges_path, &format!("#version: 0.2\n{}\n", merges.join("\n")));
    let files = chat::tokenizer::read_folder(scratch.path()).unwrap();
    assert_eq!(files.tokenizer.vocab_size(), 50_257);
    assert_eq!(files.tokenizer.special_ids().eos, Some(50_256));
    assert_eq!(files.tokenizer.end_ids(), [50_256]);
    check(&files.tokenizer, &cases(&folder, "gpt-2"));
}

fn put(path: &Path, text: &str) {
    use std::io::Write as _;
    std::fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// All Markdown texts below a folder, in the order of their paths.
fn markdown(folder: &Path) -> Vec<String> {
    let mut folders = vec![folder.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                files.push(path);
            }
        }
    }
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn a_vocabulary_of_the_default_size_is_deterministic_and_short() {
    let Some(book) = testing::shared_data("rust-book-ko") else { return };
    let texts = markdown(&book);
    let (held_back, texts) = texts.split_at(texts.len() / 10);
    let train = |texts: &mut dyn Iterator<Item = &String>| {
        let mut trainer = BpeTrainer::new();
        texts.for_each(|text| trainer.add(text));
        trainer.finish(8192).unwrap()
    };
    let tokenizer = train(&mut texts.iter());
    assert_eq!(tokenizer.vocab_size(), 8192);
    assert_eq!(tokenizer.digest(), train(&mut texts.iter().rev()).digest());
    let (mut n_bytes, mut n_tokens) = (0, 0);
    for text in held_back {
        let ids = tokenizer.encode(text, Markup::Plain).unwrap();
        n_bytes += text.len();
        n_tokens += ids.len();
        // NFC is part of the rules: what is decoded is the normal form.
        assert_eq!(tokenizer.decode(&ids, false).unwrap().chars().count(), text.chars().count());
    }
    assert!(n_tokens * 3 < n_bytes, "{n_tokens} tokens for {n_bytes} bytes");
}
