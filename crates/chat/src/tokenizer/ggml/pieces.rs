//! SentencePiece's scores and the merges of a `tokenizer.json`.
//!
//! SentencePiece joins, of all neighbours whose union is a token, those whose union has the greatest score. The merges
//! of a `tokenizer.json` say the same when each way to make a token stands in the order of the token's score.

use std::collections::HashMap;

use super::{GgmlVocab, TokenKind};

/// All ways to join two tokens to a third, the best first.
pub(super) fn merges(vocab: &GgmlVocab) -> Vec<[&str; 2]> {
    let joined = |id: usize| vocab.kind(id) == TokenKind::Normal;
    let ids: HashMap<&str, usize> =
        (0..vocab.tokens.len()).filter(|id| joined(*id)).map(|id| (&*vocab.tokens[id], id)).collect();
    let mut found = Vec::new();
    for (token, &id) in &ids {
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if let (Some(&l), Some(&r)) = (ids.get(left), ids.get(right)) {
                found.push((vocab.scores.get(id).copied().unwrap_or(0.0), l, r, left, right));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    found.into_iter().map(|(_, _, _, left, right)| [left, right]).collect()
}

/// Scores that lead to the same merges: of each token, minus the place of the first merge that makes it.
pub(super) fn scores(tokens: &[String], merges: &[(String, String)]) -> Vec<f32> {
    let mut places: HashMap<String, usize> = HashMap::with_capacity(merges.len());
    for (place, (left, right)) in merges.iter().enumerate() {
        places.entry(format!("{left}{right}")).or_insert(place);
    }
    let last = merges.len();
    // What no merge makes, such as a single character, is never compared: its score is the least.
    tokens.iter().map(|token| -(places.get(token).copied().unwrap_or(last) as f32)).collect()
}
