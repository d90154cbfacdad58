//! How much of a text another one has: by runs of letters, and by words.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::OnceLock;

use super::text::words::{english, listed};
use super::text::{bare, has_stem, is_hangul, spaced, stems};

const SYNONYMS: &str = include_str!("synonyms.txt");

/// The share of a text's character trigrams that another has, 0 to 1; 1 for a text of fewer than three letters.
pub fn containment(text: &str, source: &str) -> f32 {
    let grams = trigrams(&bare(text));
    if grams.is_empty() {
        return 1.0;
    }
    let of_source: HashSet<[char; 3]> = trigrams(&bare(source)).into_iter().collect();
    grams.iter().filter(|gram| of_source.contains(*gram)).count() as f32 / grams.len() as f32
}

fn trigrams(text: &str) -> Vec<[char; 3]> {
    let chars: Vec<char> = text.chars().collect();
    chars.windows(3).map(|w| [w[0], w[1], w[2]]).collect()
}

/// The cosine of two texts' words, weighted by `weight` (inverse document frequency), 0 to 1. Only words of the
/// first text and their partners in the second are compared in the second's norm, so that a short answer to a long
/// text is not punished for what it leaves out.
pub fn similarity(text: &str, source: &str, weight: &dyn Fn(&str) -> f32) -> f32 {
    let own = counts(text);
    let source_letters = spaced(source);
    let (mut shared, mut all) = (0.0, 0.0);
    for (stem, n) in &own {
        let w = weight(stem) * (*n as f32).sqrt();
        all += w * w;
        shared += w * w * coverage(stem, &source_letters);
    }
    if all == 0.0 { 1.0 } else { shared / all }
}

fn counts(text: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for stem in stems(text) {
        *counts.entry(stem).or_default() += 1;
    }
    counts
}

/// How much of a word a text (its letters, see `spaced`) has, 0 to 1. A Korean compound may be written with others between
/// its parts (연차휴가, 연차 유급휴가); a synonym counts nearly as much as the word.
pub fn coverage(stem: &str, letters: &str) -> f32 {
    if has_stem(letters, stem) {
        return 1.0;
    }
    if synonyms(stem).iter().any(|other| has_stem(letters, other)) {
        return 0.9;
    }
    if stem.starts_with(is_hangul) { parts(stem, letters) } else { prefix(stem, letters) }
}

/// The share of a compound's syllables in runs of two or more that the text has.
fn parts(stem: &str, letters: &str) -> f32 {
    let syllables: Vec<char> = stem.chars().collect();
    if syllables.len() < 3 {
        return 0.0;
    }
    let (mut at, mut found) = (0, 0);
    while at + 1 < syllables.len() {
        let run = |n: usize| syllables[at..at + n].iter().collect::<String>();
        let longest = (2..=syllables.len() - at).rev().find(|&n| {
            let run = run(n);
            letters.contains(&run) || synonyms(&run).iter().any(|other| letters.contains(*other))
        });
        found += longest.unwrap_or(0);
        at += longest.unwrap_or(1);
    }
    // Half of a compound is much less than half of what it says.
    (found as f32 / syllables.len() as f32).powi(2)
}

/// Forms of one English word begin alike.
fn prefix(stem: &str, letters: &str) -> f32 {
    let n = stem.chars().count();
    if n < 6 {
        return 0.0;
    }
    let head: String = stem.chars().take(n - 2).collect();
    if has_stem(letters, &head) { 0.8 } else { 0.0 }
}

/// Words that are said for a word, without itself.
pub fn synonyms(word: &str) -> Vec<&'static str> {
    static GROUPS: OnceLock<HashMap<&str, Vec<&str>>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| {
        let mut of_word: HashMap<&str, Vec<&str>> = HashMap::new();
        for line in SYNONYMS.lines().filter(|line| !line.starts_with('#')) {
            // Words are compared by their stems.
            let stem = |word: &'static str| -> &'static str {
                if word.is_ascii() { &word[..english(word).len().min(word.len())] } else { word }
            };
            let group: Vec<&'static str> = listed(line).map(stem).collect();
            for word in &group {
                // A single syllable stands in too many words to stand for one.
                let partners = group.iter().filter(|other| *other != word && other.chars().count() > 1);
                of_word.entry(word).or_default().extend(partners);
            }
        }
        of_word
    });
    groups.get(word).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compounds_and_synonyms_are_found() {
        let letters = spaced("연차 유급휴가는 소속 부서장의 승인을 받아 사용한다. 급여는 매월 지급한다.");
        for (stem, least, most) in
            [("연차휴가", 0.99, 1.0), ("승인", 1.0, 1.0), ("월급", 0.85, 0.95), ("출장비", 0.0, 0.0)]
        {
            let c = coverage(stem, &letters);
            assert!((least..=most).contains(&c), "{stem}: {c}");
        }
    }

    #[test]
    fn english_words_are_found_where_words_begin() {
        let letters = spaced("The office is open to 2 teleworkers");
        for (stem, want) in [("offic", 1.0), ("pen", 0.0), ("telework", 1.0), ("work", 0.0)] {
            assert_eq!(coverage(stem, &letters), want, "{stem}");
        }
    }

    #[test]
    fn shares_are_of_the_first_text() {
        assert_eq!(containment("휴가는 15일", "모든 휴가는 15일이다"), 1.0);
        assert_eq!(containment("출장비 정산", "휴가는 15일이다"), 0.0);
        assert_eq!(similarity("휴가 승인", "승인을 받아 휴가를 간다", &|_| 1.0), 1.0);
        assert_eq!(similarity("출장비", "휴가", &|_| 1.0), 0.0);
    }
}
