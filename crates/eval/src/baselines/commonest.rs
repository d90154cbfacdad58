//! The commonest training answer, whatever is asked.

use std::collections::HashMap;

/// The answer that stands most often in `answers`, blanks at its ends aside; of several the one that
/// comes first. None where there are no answers.
pub fn commonest_answer<'a>(answers: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for (place, answer) in answers.into_iter().enumerate() {
        counts.entry(answer.trim()).or_insert((0, place)).0 += 1;
    }
    counts
        .into_iter()
        .min_by_key(|&(_, (count, place))| (std::cmp::Reverse(count), place))
        .map(|(answer, _)| answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_of_the_commonest() {
        let cases: [(&[&str], Option<&str>); 5] = [
            (&[], None),
            (&["a"], Some("a")),
            (&["b", "a", "a", "b"], Some("b")),
            (&["c", "a ", " a", "b"], Some("a")),
            (&["네.", "네", "네."], Some("네.")),
        ];
        for (answers, commonest) in cases {
            assert_eq!(commonest_answer(answers.iter().copied()), commonest);
        }
    }
}
