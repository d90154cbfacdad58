//! Cleaning: what a text loses before it is learnt from, and by which rule.
//!
//! 1. [`markup`]: HTML tags and entities become plain text.
//! 2. [`characters`]: NFC, full-width forms, zero-width and control characters, blanks.
//! 3. [`quotes`]: earlier mails quoted below a reply, and signatures.
//! 4. [`repeats`]: runs of ㅋㅋㅋ, ㅠㅠ, !!!, ~~~.
//! 5. [`phrases`]: greetings, closings and over-polite filler, sentence by sentence.
//!
//! Rules for phrases are data files under `rules/`, extendable by the recipe. A text that no rule
//! touches is not copied.

mod characters;
mod markup;
mod needles;
mod phrases;
mod quotes;
mod repeats;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use phrases::{PatternError, Phrases};

/// What a cleaning step is called in recipes, counts and diffs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// HTML tags and entities.
    Markup,
    /// Unicode forms, invisible characters and blanks.
    Characters,
    /// Earlier mails quoted below a text.
    Quotes,
    /// A name and address block below a text.
    Signatures,
    /// Runs of the same letter or mark.
    Repeats,
    /// "안녕하세요", "Hi there".
    Greetings,
    /// "감사합니다. 좋은 하루 되세요", "Best regards".
    Closings,
    /// "항상 저희 쇼핑몰을 이용해 주셔서 감사합니다".
    OverPolite,
    /// A pattern of the recipe's own.
    Custom,
}

impl Rule {
    /// All rules in the order in which they are applied.
    pub const ALL: [Self; 9] = [
        Self::Markup,
        Self::Characters,
        Self::Quotes,
        Self::Signatures,
        Self::Repeats,
        Self::Greetings,
        Self::Closings,
        Self::OverPolite,
        Self::Custom,
    ];

    /// The rule's name in a recipe.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markup => "markup",
            Self::Characters => "characters",
            Self::Quotes => "quotes",
            Self::Signatures => "signatures",
            Self::Repeats => "repeats",
            Self::Greetings => "greetings",
            Self::Closings => "closings",
            Self::OverPolite => "over-polite",
            Self::Custom => "custom",
        }
    }

    /// The rule of a name, where there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// A set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules(u16);

impl Rules {
    /// Every rule.
    pub fn all() -> Self {
        Rule::ALL.into_iter().collect()
    }

    /// Whether `rule` is in the set.
    pub fn contains(self, rule: Rule) -> bool {
        self.0 & rule.bit() != 0
    }

    /// Adds `rule`.
    pub fn insert(&mut self, rule: Rule) {
        self.0 |= rule.bit();
    }

    /// Whether the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The rules of the set in the order in which they are applied.
    pub fn iter(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.into_iter().filter(move |rule| self.contains(*rule))
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        let mut set = Self::default();
        rules.into_iter().for_each(|rule| set.insert(rule));
        set
    }
}

/// The rules that changed a text, and how many characters fewer it has by each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    by: Rules,
    characters: [u32; Rule::ALL.len()],
}

impl Removed {
    /// The rules that changed something.
    pub fn by(&self) -> Rules {
        self.by
    }

    /// Characters that a rule took out, less those that it wrote instead.
    pub fn characters(&self, rule: Rule) -> u64 {
        u64::from(self.characters[rule as usize])
    }

    /// Notes that a rule took `part` out.
    fn note(&mut self, rule: Rule, part: &str) {
        self.note_change(rule, part, "");
    }

    /// Notes that a rule made `after` of `before`.
    fn note_change(&mut self, rule: Rule, before: &str, after: &str) {
        self.by.insert(rule);
        let fewer = before.chars().count().saturating_sub(after.chars().count());
        let all = &mut self.characters[rule as usize];
        *all = all.saturating_add(u32::try_from(fewer).unwrap_or(u32::MAX));
    }
}

/// A text after cleaning, and what that took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// What the rules took out.
    pub removed: Removed,
}

/// Applies the rules that a recipe asks for.
///
/// ```
/// use data::clean::{Cleaner, Rules};
/// let cleaner = Cleaner::new(Rules::all(), &[]).unwrap();
/// let cleaned = cleaner.clean("안녕하세요 고객님, 항상 이용해 주셔서 감사합니다.<br>배송은 2일 걸립니다!!!");
/// assert_eq!(cleaned.text, "배송은 2일 걸립니다!");
/// ```
#[derive(Debug)]
pub struct Cleaner {
    rules: Rules,
    phrases: Phrases,
}

impl Cleaner {
    /// A cleaner for `rules`; `custom` are regular expressions whose matches are removed
    /// (they count as [`Rule::Custom`] and apply whether or not that rule is named).
    ///
    /// # Errors
    /// A custom pattern that is not a regular expression, or that matches the empty text.
    pub fn new(rules: Rules, custom: &[String]) -> Result<Self, PatternError> {
        Ok(Self { rules, phrases: Phrases::new(rules, custom)? })
    }

    /// The text without what the rules remove. Never fails, whatever the text.
    pub fn clean<'a>(&self, text: &'a str) -> Cleaned<'a> {
        let mut out = Cleaned { text: Cow::Borrowed(text), removed: Removed::default() };
        let seen = characters::Seen::in_text(text);
        if seen.markup {
            self.step(&mut out, Rule::Markup, markup::to_text);
        }
        // Entities can hide what the first look could not see.
        let seen = if out.removed.by.is_empty() { seen } else { characters::Seen::in_text(&out.text) };
        if seen.odd {
            self.step(&mut out, Rule::Characters, |text| characters::normalize(text, seen.rare));
        }
        if seen.quote {
            self.step(&mut out, Rule::Quotes, quotes::cut_quotes);
        }
        if seen.line_break {
            self.step(&mut out, Rule::Signatures, quotes::cut_signature);
        }
        if seen.repeat {
            self.step(&mut out, Rule::Repeats, repeats::shorten);
        }
        self.phrases.strip(&mut out);
        let trimmed = out.text.trim();
        if trimmed.len() != out.text.len() {
            out.text = match out.text {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(ref text) => Cow::Owned(text.trim().to_string()),
            };
        }
        out
    }

    fn step(&self, out: &mut Cleaned<'_>, rule: Rule, apply: impl Fn(&str) -> Option<String>) {
        if !self.rules.contains(rule) {
            return;
        }
        if let Some(changed) = apply(&out.text) {
            out.removed.note_change(rule, &out.text, &changed);
            out.text = Cow::Owned(changed);
        }
    }
}

#[cfg(test)]
mod tests;
