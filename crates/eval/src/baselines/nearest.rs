//! The answer of the most similar training question.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// Longest character n-gram that is compared.
const ORDER: usize = 3;

/// Finds the training question that is most like a new one.
///
/// Questions are vectors over character n-grams of one to three letters (NFKC, lower case, one blank
/// between words), weighted `(1 + ln tf) · (1 + ln((1 + n) / (1 + df)))` and scaled to length one;
/// likeness is their cosine.
#[derive(Debug)]
pub struct NearestQuestion {
    /// For each n-gram, which questions have it and with what weight.
    postings: HashMap<u64, Posting>,
    questions: usize,
}

#[derive(Debug, Default)]
struct Posting {
    inverse_frequency: f64,
    weights: Vec<(u32, f64)>,
}

impl NearestQuestion {
    /// Indexes the training questions.
    pub fn new<'a>(questions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut postings: HashMap<u64, Posting> = HashMap::new();
        let mut count = 0;
        for (question, text) in questions.into_iter().enumerate() {
            for (gram, times) in gram_counts(text) {
                postings.entry(gram).or_default().weights.push((question as u32, dampened(times)));
            }
            count = question + 1;
        }
        let mut squares = vec![0.0; count];
        let mut grams: Vec<u64> = postings.keys().copied().collect();
        grams.sort_unstable();
        for gram in &grams {
            let posting = postings.get_mut(gram).expect("it is one of the keys");
            posting.inverse_frequency = 1.0 + ((1 + count) as f64 / (1 + posting.weights.len()) as f64).ln();
            for (question, weight) in &mut posting.weights {
                *weight *= posting.inverse_frequency;
                squares[*question as usize] += *weight * *weight;
            }
        }
        for posting in postings.values_mut() {
            for (question, weight) in &mut posting.weights {
                *weight /= squares[*question as usize].sqrt();
            }
        }
        Self { postings, questions: count }
    }

    /// The index of the nearest training question and the cosine; of several equally near ones the
    /// first. The first question at 0 where nothing is shared; none where there are no questions.
    pub fn find(&self, question: &str) -> Option<(usize, f64)> {
        let mut likeness = vec![0.0; self.questions];
        let mut square = 0.0;
        for (gram, times) in gram_counts(question) {
            if let Some(posting) = self.postings.get(&gram) {
                let weight = dampened(times) * posting.inverse_frequency;
                square += weight * weight;
                for (question, other) in &posting.weights {
                    likeness[*question as usize] += weight * other;
                }
            }
        }
        let mut best: Option<(usize, f64)> = None;
        for (question, &product) in likeness.iter().enumerate() {
            let cosine = if square > 0.0 { product / f64::sqrt(square) } else { 0.0 };
            // Equal vectors may differ in the last digits only by chance of summation.
            if best.is_none_or(|(_, most)| cosine > most + 1e-12) {
                best = Some((question, cosine));
            }
        }
        best
    }
}

fn dampened(times: u32) -> f64 {
    1.0 + f64::from(times).ln()
}

/// How often each n-gram stands in a text, in ascending order of the packed n-gram.
fn gram_counts(text: &str) -> Vec<(u64, u32)> {
    let normal: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = normal.split_whitespace().collect();
    let characters: Vec<char> = words.join(" ").chars().collect();
    let mut grams: Vec<u64> = (1..=ORDER)
        .flat_map(|n| characters.windows(n))
        .map(|gram| gram.iter().fold(0, |packed, &c| (packed << 21) | u64::from(c as u32 + 1)))
        .collect();
    grams.sort_unstable();
    let mut counts: Vec<(u64, u32)> = Vec::new();
    for gram in grams {
        match counts.last_mut() {
            Some((last, count)) if *last == gram => *count += 1,
            _ => counts.push((gram, 1)),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUESTIONS: [&str; 5] = [
        "배송은 얼마나 걸리나요?",
        "환불 신청은 어떻게 하나요?",
        "교환 배송비는 누가 내나요?",
        "배송은  얼마나 걸리나요?",
        "회원 탈퇴 방법을 알려주세요",
    ];

    #[test]
    fn nearest_and_first_of_equals() {
        let index = NearestQuestion::new(QUESTIONS);
        let cases = [
            ("배송 얼마나 걸려요", 0),
            ("환불은 어떻게 신청하나요", 1),
            ("교환할 때 배송비는요?", 2),
            ("탈퇴하고 싶어요", 4),
            ("xyz", 0),
            ("", 0),
        ];
        for (question, nearest) in cases {
            assert_eq!(index.find(question).unwrap().0, nearest, "{question}");
        }
        let (place, cosine) = index.find(QUESTIONS[3]).unwrap();
        assert_eq!(place, 0);
        assert!((cosine - 1.0).abs() < 1e-12);
        assert!(NearestQuestion::new([]).find("네").is_none());
    }

    #[test]
    fn cosine_is_what_the_formula_says() {
        // Grams of "ab": a, b, ab; of "ac": a, c, ac. n = 2, df(a) = 2, all others 1.
        let index = NearestQuestion::new(["ab", "ac"]);
        let (common, rare) = (1.0 + (3.0f64 / 3.0).ln(), 1.0 + (3.0f64 / 2.0).ln());
        let length = (common * common + 2.0 * rare * rare).sqrt();
        let expected = common * common / (length * common);
        let (place, cosine) = index.find("a").unwrap();
        assert_eq!(place, 0);
        assert!((cosine - expected).abs() < 1e-12, "{cosine} {expected}");
    }
}
