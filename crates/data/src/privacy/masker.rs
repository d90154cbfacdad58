//! The masker: one text in, the masked text and what was replaced out.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use regex::Regex;

use super::counts::Counts;
use super::cues::Cues;
use super::entity::{Entity, EntitySet};
use super::keyed::Secret;
use super::scan::{Found, Scan};
use super::style::{Style, replacement};
use super::typed::{self, Typed};
use super::view::View;
use super::{address, canonical, names, overlap, walk};

/// What is wrong with a masking configuration.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// A recipe pattern that is not a regular expression.
    #[error("mask pattern `{name}` is not a regular expression: {source}")]
    BadPattern {
        /// The pattern's name.
        name: String,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
    /// A recipe pattern that matches an empty text, and so would match everywhere.
    #[error("mask pattern `{name}` matches an empty text; make it need at least one character")]
    EmptyPattern {
        /// The pattern's name.
        name: String,
    },
    /// More recipe patterns than an entity can number.
    #[error("{given} mask patterns, at most {allowed} are possible; join some with `|`")]
    TooManyPatterns {
        /// How many there are.
        given: usize,
        /// How many there may be.
        allowed: usize,
    },
    /// A store of known values could not be read or written.
    #[error("known values at {path}: {source}")]
    Store {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that is no store of known values, or is damaged.
    #[error(
        "{path} is no store of known values (byte {at}: expected {expected}); run the stage that wrote it again"
    )]
    BadStore {
        /// The file.
        path: std::path::PathBuf,
        /// The place.
        at: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A store that was written under another secret, so that no value would be recognised.
    #[error(
        "{path} was written under another project secret; restore the secret or run the stage that wrote it again"
    )]
    OtherSecret {
        /// The file.
        path: std::path::PathBuf,
    },
}

/// A pattern of the recipe: order numbers, parcel numbers, member numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Its name in the recipe.
    pub name: String,
    /// What is written in place of a match, for example `[주문번호]`.
    pub token: String,
    /// A regular expression, matched on the normalised view.
    pub regex: String,
}

/// What to find and how to replace it.
#[derive(Debug, Clone)]
pub struct MaskConfig {
    /// The kinds that are masked; others are found and counted as kept.
    pub entities: EntitySet,
    /// How finds are replaced.
    pub style: Style,
    /// Values that stay: a company's own hotline or address of its shop.
    pub keep: Vec<String>,
    /// A public source: everything is found and counted, nothing replaced.
    pub public: bool,
    /// The recipe's own patterns.
    pub patterns: Vec<Pattern>,
    /// What makes surrogates this project's own.
    pub secret: Secret,
}

impl Default for MaskConfig {
    fn default() -> Self {
        Self {
            entities: EntitySet::default(),
            style: Style::Token,
            keep: Vec::new(),
            public: false,
            patterns: Vec::new(),
            secret: Secret::new(b"moru"),
        }
    }
}

/// A replaced (or kept) value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// What it is.
    pub entity: Entity,
    /// Its byte range in the original.
    pub range: Range<usize>,
    /// What stands there now.
    pub replacement: Cow<'static, str>,
    /// Whether it is a part of a name, found by its context: elsewhere it may be a word, such as Will or May.
    pub is_part: bool,
}

/// A masked text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Masked {
    /// The text with every span replaced.
    pub text: String,
    /// What was replaced, in order of place.
    pub spans: Vec<Span>,
    /// What was found and kept, in order of place; `replacement` is empty.
    pub kept: Vec<Span>,
}

impl Masked {
    /// How many of each kind.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.spans.iter().for_each(|s| counts.masked(s.entity));
        self.kept.iter().for_each(|s| counts.kept(s.entity));
        counts
    }
}

/// Finds and replaces personal data. Cheap to share between threads.
#[derive(Debug)]
pub struct Masker {
    config: MaskConfig,
    patterns: Vec<(Entity, Regex)>,
    keep: HashSet<String>,
}

impl Masker {
    /// A masker for a configuration.
    ///
    /// # Errors
    /// When a recipe pattern is no regular expression or matches an empty text.
    pub fn new(config: MaskConfig) -> Result<Self, PrivacyError> {
        const MOST: usize = 64;
        if config.patterns.len() > MOST {
            return Err(PrivacyError::TooManyPatterns { given: config.patterns.len(), allowed: MOST });
        }
        let compile = |(i, p): (usize, &Pattern)| {
            let regex = Regex::new(&p.regex)
                .map_err(|e| PrivacyError::BadPattern { name: p.name.clone(), source: Box::new(e) })?;
            if regex.is_match("") {
                return Err(PrivacyError::EmptyPattern { name: p.name.clone() });
            }
            Ok((Entity::Pattern(i as u8), regex))
        };
        let patterns = config.patterns.iter().enumerate().map(compile).collect::<Result<_, _>>()?;
        let keep =
            config.keep.iter().flat_map(|k| [super::squeeze::squeeze(k), canonical(Entity::Mobile, k)]);
        let keep = keep.filter(|k| !k.is_empty()).collect();
        Ok(Self { config, patterns, keep })
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &MaskConfig {
        &self.config
    }

    /// Masks one text.
    pub fn mask(&self, text: &str) -> Masked {
        self.mask_row_text(text, &[])
    }

    /// Masks one text of a row whose typed personal columns hold `typed`.
    pub fn mask_row_text(&self, text: &str, typed: &[Typed]) -> Masked {
        self.mask_with(text, typed, &[])
    }

    /// Masks one text of a row whose other texts hold names with these parts.
    pub(crate) fn mask_with(&self, text: &str, typed: &[Typed], parts: &[String]) -> Masked {
        let view = View::of(text);
        let found = self.find(view.text(), typed, parts);
        self.replace(text, &view, &found, parts)
    }

    /// Masks the texts of one row: a name in Latin letters that one of them says in full is also masked where
    /// another addresses the person by a part of it.
    pub fn mask_fields(&self, texts: &[&str], typed: &[Typed]) -> Vec<Masked> {
        let mask = |parts: &[String]| texts.iter().map(|text| self.mask_with(text, typed, parts)).collect();
        let once: Vec<Masked> = mask(&[]);
        let parts = parts_of(texts.iter().copied().zip(&once));
        if parts.is_empty() { once } else { mask(&parts) }
    }

    /// Masks many texts.
    pub fn mask_batch<T: AsRef<str>>(&self, texts: &[T]) -> Vec<Masked> {
        texts.iter().map(|t| self.mask(t.as_ref())).collect()
    }

    /// The token that the `token` style writes for a kind.
    pub fn token(&self, entity: Entity) -> &str {
        match entity {
            Entity::Pattern(n) => {
                self.config.patterns.get(n as usize).map_or_else(|| entity.token(), |p| &p.token)
            }
            named => named.token(),
        }
    }

    fn find(&self, view: &str, typed: &[Typed], parts: &[String]) -> Vec<Found> {
        // A row's number, which every row is asked about: too short to be a number of a person.
        let is_small_number = view.len() < 8 && view.bytes().all(|b| b.is_ascii_digit());
        if is_small_number && self.patterns.is_empty() && typed.is_empty() {
            return Vec::new();
        }
        let cues = Cues::of(view);
        let mut scan = Scan::new(view, &cues);
        walk::numbers_and_nets(&mut scan);
        address::scan(&mut scan);
        names::scan(&mut scan);
        let mut found = scan.found;
        for (entity, regex) in &self.patterns {
            let whole = regex.find_iter(view).filter(|m| !cuts_a_number(view, m.range()));
            found.extend(whole.map(|m| Found { entity: *entity, start: m.start(), end: m.end() }));
        }
        found.extend(typed::find(view, typed));
        let person = |(start, end)| Found { entity: Entity::Person, start, end };
        found.extend(names::parts_in_context(view, parts).into_iter().map(person));
        overlap::resolve(view, found)
    }

    fn replace(&self, original: &str, view: &View<'_>, found: &[Found], parts: &[String]) -> Masked {
        let mut masked = Masked { text: String::with_capacity(original.len()), ..Masked::default() };
        let mut at = 0;
        for find in found {
            let range = view.original_range(find.start..find.end);
            // Two finds inside one composed character cannot be told apart in the original.
            if range.start < at {
                continue;
            }
            let value = &view.text()[find.start..find.end];
            if self.is_kept(find.entity, value) {
                let replacement = Cow::Borrowed("");
                masked.kept.push(Span { entity: find.entity, range, replacement, is_part: false });
                continue;
            }
            let replacement = self.replacement(find.entity, value);
            masked.text.push_str(&original[at..range.start]);
            masked.text.push_str(&replacement);
            at = range.end;
            let is_part = find.entity == Entity::Person && parts.iter().any(|part| part == value);
            masked.spans.push(Span { entity: find.entity, range, replacement, is_part });
        }
        masked.text.push_str(&original[at..]);
        masked
    }

    /// What is written in place of a value. Most are tokens, which need no memory of their own.
    fn replacement(&self, entity: Entity, value: &str) -> Cow<'static, str> {
        match (self.config.style, entity) {
            (Style::Token, Entity::Pattern(_)) => Cow::Owned(self.token(entity).to_owned()),
            (Style::Token, named) => Cow::Borrowed(named.token()),
            (style, _) => {
                Cow::Owned(replacement(style, entity, value, self.token(entity), &self.config.secret))
            }
        }
    }

    fn is_kept(&self, entity: Entity, value: &str) -> bool {
        self.config.public
            || !self.config.entities.contains(entity)
            || (!self.keep.is_empty() && self.keep.contains(&canonical(entity, value)))
    }
}

/// The parts of the names in Latin letters that were found in texts.
pub(super) fn parts_of<'a>(masked: impl Iterator<Item = (&'a str, &'a Masked)>) -> Vec<String> {
    let mut parts = Vec::new();
    for (text, masked) in masked {
        for span in masked.spans.iter().filter(|span| span.entity == Entity::Person) {
            parts.extend(names::parts(&text[span.range.clone()]).map(str::to_owned));
        }
    }
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// Whether a match begins or ends within a run of digits: a parcel's number is no part of a longer account.
fn cuts_a_number(text: &str, range: Range<usize>) -> bool {
    let bytes = text.as_bytes();
    let joined = |at: usize| at > 0 && at < bytes.len() && bytes[at - 1..=at].iter().all(u8::is_ascii_digit);
    !range.is_empty() && (joined(range.start) || joined(range.end))
}
