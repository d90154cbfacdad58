//! Words that make a number a bound.

/// Which way a number is a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// So much or more: 이상, 초과, at least.
    Least,
    /// So much or less: 이하, 이내, 미만, at most.
    Most,
    /// So long before: 3일 전까지.
    Before,
    /// So long after: 3일 후.
    After,
}

impl Bound {
    /// Whether the two cannot both be meant.
    pub fn contradicts(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Least, Self::Most)
                | (Self::Most, Self::Least)
                | (Self::Before, Self::After)
                | (Self::After, Self::Before)
        )
    }
}

const AFTER_NUMBER: &[(&str, Bound)] = &[
    ("이상", Bound::Least),
    ("초과", Bound::Least),
    ("넘", Bound::Least),
    ("이하", Bound::Most),
    ("이내", Bound::Most),
    ("미만", Bound::Most),
    ("안에", Bound::Most),
    ("한도", Bound::Most),
    ("전까지", Bound::Before),
    ("전에", Bound::Before),
    ("전부터", Bound::Before),
    ("전 ", Bound::Before),
    ("후에", Bound::After),
    ("후부터", Bound::After),
    ("뒤에", Bound::After),
    ("or more", Bound::Least),
    ("or longer", Bound::Least),
    ("or less", Bound::Most),
    ("or fewer", Bound::Most),
    ("before", Bound::Before),
    ("in advance", Bound::Before),
    ("prior to", Bound::Before),
    ("after", Bound::After),
    ("following", Bound::After),
];

const BEFORE_NUMBER: &[(&str, Bound)] = &[
    ("최소", Bound::Least),
    ("적어도", Bound::Least),
    ("최대", Bound::Most),
    ("최장", Bound::Most),
    ("at least", Bound::Least),
    ("a minimum of", Bound::Least),
    ("no fewer than", Bound::Least),
    ("no less than", Bound::Least),
    ("not less than", Bound::Least),
    ("no more than", Bound::Most),
    ("not more than", Bound::Most),
    ("not exceed", Bound::Most),
    ("no later than", Bound::Most),
    ("not later than", Bound::Most),
    ("more than", Bound::Least),
    ("over", Bound::Least),
    ("exceeding", Bound::Least),
    ("at most", Bound::Most),
    ("up to", Bound::Most),
    ("within", Bound::Most),
    ("a maximum of", Bound::Most),
    ("maximum of", Bound::Most),
    ("fewer than", Bound::Most),
    ("less than", Bound::Most),
    ("under", Bound::Most),
];

/// The bound that the words on both sides of a number say.
pub(super) fn of(before: &str, after: &str) -> Option<Bound> {
    let after = after.trim_start_matches([' ', '(', ')', '의']);
    let after = after.strip_prefix("간 ").unwrap_or(after);
    if let Some((word, bound)) = AFTER_NUMBER.iter().find(|(word, _)| starts(after, word)) {
        // `3일 전 이상`: the nearest word counts.
        debug_assert!(!word.is_empty());
        return Some(*bound);
    }
    let before = before.trim_end();
    let (word, bound) = BEFORE_NUMBER.iter().find(|(word, _)| ends(before, word))?;
    let sentence = &before[before.rfind(['.', '\n', ';']).map_or(0, |at| at + 1)..before.len() - word.len()];
    // `No, gifts worth more than £40` answers a question with its first word.
    let sentence = sentence.trim_start();
    let sentence = sentence.strip_prefix("No,").or_else(|| sentence.strip_prefix("no,")).unwrap_or(sentence);
    let is_negated = sentence
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(str::to_ascii_lowercase)
        .any(|w| w.ends_with("n't") || ["no", "not", "never", "cannot", "nor"].contains(&w.as_str()));
    // `No employee may work more than 8 hours`: eight at most.
    Some(match bound {
        Bound::Least if is_negated && !word.contains("least") => Bound::Most,
        other => *other,
    })
}

fn starts(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn ends(text: &str, word: &str) -> bool {
    text.len().checked_sub(word.len()).and_then(|at| text.get(at..)).is_some_and(|end| {
        end.eq_ignore_ascii_case(word)
            && !(word.is_ascii()
                && text[..text.len() - word.len()].ends_with(|c: char| c.is_ascii_alphabetic()))
    })
}
