//! How varied the texts are: distinct sentences once values are masked, and held-back sentences that
//! stand verbatim in the training text.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use chat::example::Role;

use super::{Body, Document, DocumentKind, NanoText};
use crate::grammar::mask;
use crate::korean::{ParticleReport, check_particles};

/// What a sample of the text is like.
#[derive(Debug, Clone, PartialEq)]
pub struct Variety {
    /// Bytes looked at.
    pub bytes: usize,
    /// Sentences in them.
    pub sentences: usize,
    /// Share of sentences that are distinct when digits and slot values are masked.
    pub distinct: f64,
    /// Share of the bytes that are Korean support talk.
    pub support_korean: f64,
    /// Bytes of each kind.
    pub bytes_by_kind: Vec<(DocumentKind, usize)>,
    /// Whether particles agree.
    pub particles: ParticleReport,
}

/// How much of the held-back text is in the training text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Held-back sentences.
    pub sentences: usize,
    /// Those that stand verbatim in the training text.
    pub verbatim: usize,
    /// The same two counts for each kind of document.
    pub by_kind: Vec<(DocumentKind, usize, usize)>,
}

impl Held {
    /// The share that stands verbatim.
    pub fn share(&self) -> f64 {
        if self.sentences == 0 { 0.0 } else { self.verbatim as f64 / self.sentences as f64 }
    }
}

/// Byte ranges of the sentences of a text: up to a line break, or a full stop, question or exclamation
/// mark with a blank after it.
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut push = |from: usize, to: usize| {
        let piece = &text[from..to];
        let lead = piece.len() - piece.trim_start().len();
        let piece = piece.trim();
        if piece.chars().any(char::is_alphabetic) {
            out.push(from + lead..from + lead + piece.len());
        }
    };
    let bytes = text.as_bytes();
    for (i, b) in bytes.iter().enumerate() {
        let stop = matches!(b, b'.' | b'?' | b'!') && matches!(bytes.get(i + 1), None | Some(b' '));
        if stop || *b == b'\n' {
            push(start, i + 1);
            start = i + 1;
        }
    }
    push(start, text.len());
    out
}

impl Document {
    /// Turns with the places of slot values; results of tools are data, not text.
    fn spoken(&self) -> Vec<(&str, &[Range<usize>])> {
        match &self.body {
            Body::Text(text) => vec![(text.as_str(), self.slots[0].as_slice())],
            Body::Chat { messages, .. } => messages
                .iter()
                .zip(&self.slots)
                .filter(|(m, _)| m.role != Role::Tool && !m.content.is_empty())
                .map(|(m, slots)| (m.content.as_str(), slots.as_slice()))
                .collect(),
        }
    }

    /// The sentences with slot values as `§` and digits as `0`.
    pub fn masked_sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        for (text, slots) in self.spoken() {
            for s in sentences(text) {
                let inside: Vec<Range<usize>> = slots
                    .iter()
                    .filter(|v| v.start >= s.start && v.end <= s.end)
                    .map(|v| v.start - s.start..v.end - s.start)
                    .collect();
                all.push(mask(&text[s], &inside));
            }
        }
        all
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Measures the first documents of at least so many bytes.
pub fn variety(text: &NanoText, bytes: usize) -> Variety {
    let mut seen = HashSet::new();
    let mut by_kind: HashMap<DocumentKind, usize> = HashMap::new();
    let mut out = Variety {
        bytes: 0,
        sentences: 0,
        distinct: 0.0,
        support_korean: 0.0,
        bytes_by_kind: Vec::new(),
        particles: ParticleReport::default(),
    };
    for document in text.documents() {
        out.bytes += document.len();
        *by_kind.entry(document.kind).or_default() += document.len();
        for sentence in document.masked_sentences() {
            out.sentences += 1;
            seen.insert(digest(&sentence));
        }
        for part in document.texts() {
            out.particles.add(&check_particles(part));
        }
        if out.bytes >= bytes {
            break;
        }
    }
    out.distinct = seen.len() as f64 / out.sentences.max(1) as f64;
    let support = by_kind.get(&DocumentKind::SupportKorean).copied().unwrap_or(0);
    out.support_korean = support as f64 / out.bytes.max(1) as f64;
    out.bytes_by_kind = by_kind.into_iter().collect();
    out.bytes_by_kind.sort_unstable();
    out
}

/// Looks for so many sentences of `held` in the first `train_bytes` bytes of `train`.
pub fn held_back_share(train: &NanoText, train_bytes: usize, held: &NanoText, held_sentences: usize) -> Held {
    let mut wanted: HashMap<u64, Vec<DocumentKind>> = HashMap::new();
    let mut counts: BTreeMap<DocumentKind, (usize, usize)> = BTreeMap::new();
    let mut out = Held { sentences: 0, verbatim: 0, by_kind: Vec::new() };
    'documents: for document in held.documents() {
        for (text, _) in document.spoken() {
            for s in sentences(text) {
                if out.sentences == held_sentences {
                    break 'documents;
                }
                out.sentences += 1;
                counts.entry(document.kind).or_default().0 += 1;
                wanted.entry(digest(&text[s])).or_default().push(document.kind);
            }
        }
    }
    let mut seen = 0;
    for document in train.documents() {
        for (text, _) in document.spoken() {
            for s in sentences(text) {
                for kind in wanted.remove(&digest(&text[s])).unwrap_or_default() {
                    out.verbatim += 1;
                    counts.entry(kind).or_default().1 += 1;
                }
            }
        }
        seen += document.len();
        if seen >= train_bytes {
            break;
        }
    }
    out.by_kind = counts.into_iter().map(|(kind, (all, found))| (kind, all, found)).collect();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_readers_end_them() {
        let text = "안녕하세요. 3.5%예요!  네?\n- 목록\n\n123\n끝";
        let found: Vec<&str> = sentences(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, ["안녕하세요.", "3.5%예요!", "네?", "- 목록", "끝"]);
    }
}
