use super::super::{BpeTrainer, Markup, Tokenizer, TokenizerError};
use super::*;

/// A small vocabulary of SentencePiece's kind: letters, bytes, and tokens with scores.
fn pieces() -> GgmlVocab {
    let mut vocab =
        GgmlVocab { model: "llama".into(), unknown: Some(0), bos: Some(1), ..GgmlVocab::default() };
    let mut push = |token: &str, kind, score| {
        vocab.tokens.push(token.to_owned());
        vocab.kinds.push(kind);
        vocab.scores.push(score);
    };
    push("<unk>", TokenKind::Unknown, 0.0);
    push("<s>", TokenKind::Control, 0.0);
    (0..=255).for_each(|byte: u8| push(&format!("<0x{byte:02X}>"), TokenKind::Byte, 0.0));
    for (i, token) in ["he", "ll", "hell", "▁hell", "hello", "▁hello", "lo", "▁he"].iter().enumerate() {
        push(token, TokenKind::Normal, -(i as f32));
    }
    for letter in ["▁", "h", "e", "l", "o"] {
        push(letter, TokenKind::Normal, -1e9);
    }
    push("<tool>", TokenKind::UserDefined, 0.0);
    vocab
}

#[track_caller]
fn check_pieces(text: &str, expected: &[&str]) {
    let tokenizer = pieces().to_tokenizer("test").unwrap();
    let ids = tokenizer.encode(text, Markup::Plain).unwrap();
    let tokens: Vec<_> = ids.iter().map(|id| tokenizer.token_of(*id).unwrap()).collect();
    assert_eq!(tokens, expected, "{text:?}");
    // The space that is put before each part is taken from the first alone, as Hugging Face's and llama.cpp's do.
    assert_eq!(tokenizer.decode(&ids, true).unwrap(), text.replace("<tool>", "<tool> "));
}

#[test]
fn sentence_piece_joins_by_score_and_falls_back_to_bytes() {
    check_pieces("hello", &["▁hello"]);
    check_pieces("hello hell", &["▁hello", "▁hell"]);
    check_pieces("é", &["▁", "<0xC3>", "<0xA9>"]);
    check_pieces("h<s>", &["▁", "h", "<0x3C>", "<0x73>", "<0x3E>"]);
    check_pieces("hello<tool>hello", &["▁hello", "<tool>", "▁hello"]);
}

#[test]
fn a_text_of_its_own_begins_as_the_file_says() {
    let mut vocab = pieces();
    let whole = |vocab: &GgmlVocab| vocab.to_tokenizer("test").unwrap().encode_whole("hello").unwrap();
    assert_eq!(whole(&vocab)[0], 1);
    vocab.add_bos = Some(false);
    assert_eq!(whole(&vocab).len(), 1);
    vocab.add_space_prefix = Some(false);
    let tokenizer = vocab.to_tokenizer("test").unwrap();
    let ids = tokenizer.encode("hello", Markup::Plain).unwrap();
    assert_eq!(tokenizer.token_of(ids[0]).unwrap(), "hello");
    assert_eq!(tokenizer.decode(&ids, true).unwrap(), "hello");
}

#[test]
fn a_vocabulary_is_the_same_after_a_file_of_llama_cpp() {
    let mut trainer = BpeTrainer::new();
    for i in 0..60 {
        trainer.add(&format!("주문 {i}번은 언제 도착하나요? Where is order {i}?"));
    }
    let texts = [
        "주문 3번은 언제?",
        "<|im_start|>user\nWhere's it?<|im_end|>\n",
        "  two  spaces\r\n",
        "가나다 abc 1234",
    ];
    for tokenizer in [trainer.finish(300).unwrap(), Tokenizer::bytes()] {
        let vocab = GgmlVocab::of(&tokenizer, 400).unwrap();
        assert_eq!((vocab.tokens.len(), vocab.pre.as_deref()), (400, Some("qwen2")));
        assert_eq!(vocab.kinds.last(), Some(&TokenKind::Unused));
        let again = vocab.to_tokenizer("test").unwrap();
        assert_eq!(again.special_ids(), tokenizer.special_ids());
        for text in texts {
            for markup in [Markup::Plain, Markup::Special] {
                let ids = tokenizer.encode(text, markup).unwrap();
                assert_eq!(again.encode(text, markup).unwrap(), ids, "{text:?}");
                assert_eq!(again.decode(&ids, false).unwrap(), tokenizer.decode(&ids, false).unwrap());
            }
        }
        assert_eq!(GgmlVocab::of(&again, 400).unwrap(), vocab);
    }
}

#[test]
fn pieces_are_the_same_after_a_file_of_llama_cpp() {
    let tokenizer = pieces().to_tokenizer("test").unwrap();
    let vocab = GgmlVocab::of(&tokenizer, 0).unwrap();
    assert_eq!((&*vocab.model, vocab.add_bos, vocab.add_space_prefix), ("llama", Some(true), Some(true)));
    assert_eq!(vocab.kinds, pieces().kinds);
    let again = vocab.to_tokenizer("test").unwrap();
    for text in ["hello hell hehe lolo", "helo hhe l", "é<tool>"] {
        let ids = tokenizer.encode(text, Markup::Plain).unwrap();
        assert_eq!(again.encode(text, Markup::Plain).unwrap(), ids, "{text:?}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let error = |change: &dyn Fn(&mut GgmlVocab)| {
        let mut vocab = pieces();
        change(&mut vocab);
        vocab.to_tokenizer("x.gguf").unwrap_err().to_string()
    };
    for (change, expected) in [
        (
            &(|v: &mut GgmlVocab| v.model = "bert".into()) as &dyn Fn(&mut GgmlVocab),
            "tokenizer.ggml.model is bert",
        ),
        (&|v: &mut GgmlVocab| v.tokens[3] = "<s>".into(), "the token \"<s>\" is there twice"),
        (&|v: &mut GgmlVocab| v.scores.truncate(3), "3 tokenizer.ggml.scores for 272 tokens"),
        (&|v: &mut GgmlVocab| v.eos = Some(9999), "has id 9999"),
        (&|v: &mut GgmlVocab| v.tokens.clear(), "it has no tokens"),
    ] {
        let message = error(change);
        assert!(message.starts_with("x.gguf: ") && message.contains(expected), "{message}");
    }
    let mut bytes = GgmlVocab::of(&Tokenizer::bytes(), 0).unwrap();
    bytes.pre = Some("tekken".into());
    assert!(matches!(bytes.to_tokenizer("x"), Err(TokenizerError::Unsupported { .. })));
    bytes.pre = None;
    bytes.merges.push("alone".into());
    assert!(matches!(bytes.to_tokenizer("x"), Err(TokenizerError::Parse { .. })));
}
