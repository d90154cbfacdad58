use std::collections::HashMap;

use chat::tokenizer::read_folder;
use chat::{Markup, Tokenizer};

use super::*;

/// llama.cpp's texts and the ids that it gives them.
fn cases(folder: &Path, name: &str) -> Vec<(String, Vec<u32>)> {
    let path = folder.join(format!("models/ggml-vocab-{name}.gguf.inp"));
    let texts = std::fs::read_to_string(&path).unwrap();
    let ids = std::fs::read_to_string(path.with_extension("out")).unwrap();
    let texts: Vec<_> = texts.split("\n__ggml_vocab_test__\n").collect();
    let ids: Vec<Vec<u32>> =
        ids.split('\n').map(|line| line.split_whitespace().map(|id| id.parse().unwrap()).collect()).collect();
    assert_eq!((texts.len(), ids.len()), (47, 47), "{name}");
    texts.into_iter().map(str::to_owned).zip(ids).collect()
}

#[track_caller]
fn check(tokenizer: &Tokenizer, folder: &Path, name: &str) {
    for (text, expected) in cases(folder, name) {
        assert_eq!(tokenizer.encode(&text, Markup::Plain).unwrap(), expected, "{name}: {text:?}");
        assert_eq!(tokenizer.decode(&expected, true).unwrap(), text, "{name}");
    }
}

#[test]
fn texts_become_the_tokens_that_llama_cpp_makes_of_them() {
    let Some(folder) = testing::shared_data("llamacpp-tokenizers") else { return };
    for name in ["gpt-2", "phi-3"] {
        let file = GgufFile::open(&folder.join(format!("models/ggml-vocab-{name}.gguf"))).unwrap();
        let files = text_of(&file).unwrap();
        assert_eq!(files.template.is_some(), name == "phi-3");
        check(&files.tokenizer, &folder, name);
        // Once more through our own keys.
        let keys = text_keys(&files, 0).unwrap();
        let scratch = tempfile::TempDir::new().unwrap();
        let path = scratch.path().join("v.gguf");
        model::weights::gguf::write_gguf(&path, &keys, &[], &mut |_, _| Ok(())).unwrap();
        let again = text_files(&path).unwrap();
        check(&again.tokenizer, &folder, name);
        assert_eq!(again.tokenizer.special_ids(), files.tokenizer.special_ids());
        assert_eq!(again.template, files.template);
    }
}

#[test]
fn gpt_2_s_two_files_are_a_tokenizer() {
    let Some(folder) = testing::shared_data("llamacpp-tokenizers") else { return };
    let file = GgufFile::open(&folder.join("models/ggml-vocab-gpt-2.gguf")).unwrap();
    let vocab = vocabulary(&file).unwrap();
    let scratch = tempfile::TempDir::new().unwrap();
    let put = |name: &str, text: String| {
        pipeline::platform::write_atomic(&scratch.path().join(name), text.as_bytes()).unwrap();
    };
    let ids: HashMap<_, _> = vocab.tokens.iter().zip(0..).collect();
    put("vocab.json", serde_json::to_string(&ids).unwrap());
    put("merges.txt", format!("#version: 0.2\n{}\n", vocab.merges.join("\n")));
    let tokenizer = read_folder(scratch.path()).unwrap().tokenizer;
    check(&tokenizer, &folder, "gpt-2");
    assert_eq!(tokenizer.special_ids().eos, Some(50256));
}

/// The bytes of a line of base64.
fn decoded(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|c| *c != b'=').map(value).collect();
    let mut out = Vec::new();
    for four in digits.chunks(4) {
        let bits =
            four.iter().fold(0u32, |bits, digit| bits << 6 | u32::from(*digit)) << (6 * (4 - four.len()));
        out.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}

/// The two tokens whose union was made a token last: all better pairs in it are joined first.
fn parents(token: &[u8], ranks: &HashMap<Vec<u8>, usize>) -> Option<[Vec<u8>; 2]> {
    let own = ranks[token];
    let mut parts: Vec<Vec<u8>> = token.iter().map(|byte| vec![*byte]).collect();
    while parts.len() > 2 {
        let joined = |at: usize| ranks.get(&parts[at..at + 2].concat()).copied().filter(|rank| *rank < own);
        let best = (0..parts.len() - 1).filter_map(|at| Some((joined(at)?, at))).min()?;
        let right = parts.remove(best.1 + 1);
        parts[best.1].extend(right);
    }
    parts.try_into().ok()
}

/// Qwen's tokenizer, derived from the ranks that its makers publish.
fn qwen(ranks: &str) -> Tokenizer {
    let mut tokens: Vec<Vec<u8>> = Vec::new();
    for line in ranks.lines() {
        let (token, rank) = line.split_once(' ').unwrap();
        assert_eq!(rank.parse(), Ok(tokens.len()));
        tokens.push(decoded(token));
    }
    let places: HashMap<_, _> = tokens.iter().cloned().zip(0..).collect();
    let visible = byte_characters();
    let written = |token: &[u8]| token.iter().map(|byte| visible[usize::from(*byte)]).collect::<String>();
    let merges = tokens.iter().filter(|token| token.len() > 1).map(|token| {
        let [left, right] = parents(token, &places).unwrap();
        (written(&left), written(&right))
    });
    let merges = merges.collect();
    let tokens = tokens.iter().map(|token| written(token)).collect();
    Tokenizer::from_bytes(&chat::tokenizer::ByteLevelVocab::qwen(tokens, merges).to_json()).unwrap()
}

/// The visible characters of the 256 bytes.
fn byte_characters() -> Vec<char> {
    let tokenizer = Tokenizer::bytes();
    (0..256).map(|id| tokenizer.token_of(id).unwrap().chars().next().unwrap()).collect()
}

#[test]
fn qwen_s_own_vocabulary_gives_the_tokens_that_llama_cpp_gives() {
    let Some(folder) = testing::shared_data("llamacpp-tokenizers") else { return };
    let Some(own) = testing::shared_data("qwen-tokenizer") else { return };
    let ranks = std::fs::read_to_string(own.join("qwen_agent/utils/qwen.tiktoken")).unwrap();
    let tokenizer = qwen(&ranks);
    assert_eq!(tokenizer.id_of("<|endoftext|>"), Some(151_643));
    check(&tokenizer, &folder, "qwen2");
    // And through a GGUF file's keys, at the size of Qwen2's embedding.
    let files = TokenizerFiles { tokenizer, template: None };
    let scratch = tempfile::TempDir::new().unwrap();
    let path = scratch.path().join("q.gguf");
    let keys = text_keys(&files, 151_936).unwrap();
    model::weights::gguf::write_gguf(&path, &keys, &[], &mut |_, _| Ok(())).unwrap();
    check(&text_files(&path).unwrap().tokenizer, &folder, "qwen2");
}
