//! Makes a byte-level vocabulary from text: the commonest neighbouring pair is merged, again and again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};

use tokenizers::{Normalizer, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer};

use super::byte_level::byte_char;
use super::{ByteLevelVocab, Tokenizer};

/// Why a vocabulary cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// Fewer tokens asked for than bytes and markup take.
    #[error("a vocabulary of {asked} tokens is too small: bytes and markup alone take {least}")]
    TooSmall {
        /// Tokens asked for.
        asked: usize,
        /// The least there can be.
        least: usize,
    },
    /// The text has too few repeated pairs.
    #[error("the text gives {found} tokens of the {asked} asked for; give more text, or ask for fewer")]
    TooLittleText {
        /// Tokens asked for.
        asked: usize,
        /// Tokens that the text gives.
        found: usize,
    },
}

/// Collects text, then makes the vocabulary. The result depends on the text as a multiset of
/// pieces only: not on the order, nor on how the text is cut at line ends.
#[derive(Debug)]
pub struct BpeTrainer {
    rules: tokenizers::Tokenizer,
    /// Pieces as the Qwen2 rule splits them, in visible characters, with their counts.
    pieces: HashMap<String, u64>,
}

type Pair = (u32, u32);

impl Default for BpeTrainer {
    fn default() -> Self {
        Self::new()
    }
}

impl BpeTrainer {
    /// A trainer that has seen nothing.
    pub fn new() -> Self {
        let rules = tokenizers::Tokenizer::from_bytes(ByteLevelVocab::bytes().to_json())
            .expect("the byte vocabulary is well formed");
        Self { rules, pieces: HashMap::new() }
    }

    /// Counts the pieces of a text.
    pub fn add(&mut self, text: &str) {
        let mut split = PreTokenizedString::from(text);
        if let Some(normalizer) = self.rules.get_normalizer() {
            split.normalize(|s| normalizer.normalize(s)).expect("NFC cannot fail");
        }
        if let Some(rule) = self.rules.get_pre_tokenizer() {
            rule.pre_tokenize(&mut split).expect("the Qwen2 rule cannot fail");
        }
        for (piece, _, _) in split.get_splits(OffsetReferential::Original, OffsetType::Byte) {
            if let Some(count) = self.pieces.get_mut(piece) {
                *count += 1;
            } else {
                self.pieces.insert(piece.to_string(), 1);
            }
        }
    }

    /// Makes a vocabulary of exactly `vocab_size` ids, bytes and Qwen's markup included. Of equally
    /// common pairs the one with the smaller ids is merged first.
    ///
    /// # Errors
    /// [`TrainError`].
    pub fn finish(self, vocab_size: usize) -> Result<Tokenizer, TrainError> {
        let least = 256 + ByteLevelVocab::QWEN_ADDED;
        if vocab_size < least {
            return Err(TrainError::TooSmall { asked: vocab_size, least });
        }
        let target = vocab_size - ByteLevelVocab::QWEN_ADDED;
        let (tokens, merges) = Merger::new(self.pieces).run(target);
        if tokens.len() < target {
            let found = tokens.len() + ByteLevelVocab::QWEN_ADDED;
            return Err(TrainError::TooLittleText { asked: vocab_size, found });
        }
        let json = ByteLevelVocab::qwen(tokens, merges).to_json();
        Ok(Tokenizer::from_bytes(&json).expect("a trained vocabulary is well formed"))
    }
}

/// The state of merging: pieces as symbols, and for each pair its count and the pieces that hold it.
struct Merger {
    pieces: Vec<(Vec<u32>, u64)>,
    tokens: Vec<String>,
    id_of: HashMap<String, u32>,
    counts: HashMap<Pair, u64>,
    holders: HashMap<Pair, HashSet<u32>>,
}

impl Merger {
    fn new(pieces: HashMap<String, u64>) -> Self {
        let tokens: Vec<String> = (0..=255).map(|byte| byte_char(byte).to_string()).collect();
        let id_of: HashMap<String, u32> =
            tokens.iter().enumerate().map(|(id, token)| (token.clone(), id as u32)).collect();
        let sorted: BTreeMap<String, u64> = pieces.into_iter().collect();
        let symbols =
            |piece: &str| piece.chars().map(|c| id_of[c.encode_utf8(&mut [0; 4]) as &str]).collect();
        let pieces: Vec<(Vec<u32>, u64)> =
            sorted.iter().map(|(piece, count)| (symbols(piece), *count)).collect();
        let mut merger = Self { pieces, tokens, id_of, counts: HashMap::new(), holders: HashMap::new() };
        for i in 0..merger.pieces.len() {
            merger.count_pairs(i, true);
        }
        merger
    }

    /// Adds (or takes away) the pairs of one piece.
    fn count_pairs(&mut self, piece_idx: usize, add: bool) -> Vec<Pair> {
        let (symbols, count) = &self.pieces[piece_idx];
        let pairs: Vec<Pair> = symbols.windows(2).map(|w| (w[0], w[1])).collect();
        for pair in &pairs {
            let total = self.counts.entry(*pair).or_default();
            if add {
                *total += count;
                self.holders.entry(*pair).or_default().insert(piece_idx as u32);
            } else {
                *total -= count;
            }
        }
        pairs
    }

    /// Merges until there are `target` tokens, or no pair occurs twice.
    fn run(mut self, target: usize) -> (Vec<String>, Vec<(String, String)>) {
        let mut merges = Vec::new();
        let mut queue: BinaryHeap<(u64, Reverse<Pair>)> =
            self.counts.iter().map(|(pair, count)| (*count, Reverse(*pair))).collect();
        while self.tokens.len() < target {
            let Some((count, Reverse(pair))) = queue.pop() else { break };
            let now = self.counts.get(&pair).copied().unwrap_or(0);
            if now != count {
                // The count has changed since it was queued.
                if now > 1 {
                    queue.push((now, Reverse(pair)));
                }
                continue;
            }
            if count < 2 {
                break;
            }
            let (a, b) = (self.tokens[pair.0 as usize].clone(), self.tokens[pair.1 as usize].clone());
            let merged = self.id_for(format!("{a}{b}"));
            merges.push((a, b));
            for changed in self.merge(pair, merged) {
                queue.push((self.counts[&changed], Reverse(changed)));
            }
        }
        (self.tokens, merges)
    }

    /// The id of a token's text. Two pairs may spell the same text: they share the id.
    fn id_for(&mut self, text: String) -> u32 {
        if let Some(&id) = self.id_of.get(&text) {
            return id;
        }
        let id = self.tokens.len() as u32;
        self.tokens.push(text.clone());
        self.id_of.insert(text, id);
        id
    }

    /// Replaces a pair by its merged id in every piece, and says which pairs' counts grew.
    fn merge(&mut self, pair: Pair, merged: u32) -> Vec<Pair> {
        let mut holders: Vec<u32> = self.holders.remove(&pair).unwrap_or_default().into_iter().collect();
        holders.sort_unstable();
        let mut grown = Vec::new();
        for piece_idx in holders {
            let piece_idx = piece_idx as usize;
            let before = &self.pieces[piece_idx].0;
            if !before.windows(2).any(|w| (w[0], w[1]) == pair) {
                continue;
            }
            self.count_pairs(piece_idx, false);
            let before = std::mem::take(&mut self.pieces[piece_idx].0);
            let mut after = Vec::with_capacity(before.len());
            let mut at = 0;
            while at < before.len() {
                if at + 1 < before.len() && (before[at], before[at + 1]) == pair {
                    after.push(merged);
                    at += 2;
                } else {
                    after.push(before[at]);
                    at += 1;
                }
            }
            self.pieces[piece_idx].0 = after;
            grown.extend(self.count_pairs(piece_idx, true));
        }
        self.counts.remove(&pair);
        grown.sort_unstable();
        grown.dedup();
        grown
    }
}
