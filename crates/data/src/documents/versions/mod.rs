//! Several documents may hold one rule, as it was and as it is: which is the current one.
//!
//! Documents are one rule where their titles agree, apart from what says which edition it is, and some of their articles
//! (of a short document or a handbook: its lines), or nearly all of their articles do. The latest date of effect or
//! revision is the current one's: as its head or its 부칙 says, else its marks of revision, else its file's name. A clause
//! that takes effect later than the rest (`다만, 제5조는 …`) does not make the whole edition later.
//! A document without any date is taken for older than those with one, unless its name says that it is the current one;
//! either way that is said, because nothing but a person can know it.
//!
//! Where a day is named, an edition that takes effect after it is not the current one. No clock is asked: the same
//! documents give the same answer tomorrow.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::tree::{Level, Tree};
use crate::hash::hash128;

mod changes;
mod date;

pub use changes::{Change, Changed, changes};
pub use date::Date;

/// How many articles two documents must share to be one rule whatever they are called.
const SAME: f64 = 0.8;
/// How many they must share where they are called the same.
const NOT_OTHER: f64 = 0.2;
/// How many lines documents with few articles must share where they are called the same; the title is one of them.
const ALIKE: f64 = 0.3;
/// Fewer articles tell nothing.
const ENOUGH_ARTICLES: usize = 5;

/// A rule with its editions. The numbers are those of the documents in the order they were given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What it is called, without dates and marks of editions.
    pub title: String,
    /// Those that hold it as it will be after the day that was named, the latest first.
    pub coming: Vec<usize>,
    /// The document that holds it as it is.
    pub current: usize,
    /// Those that hold it as it was, the latest first.
    pub older: Vec<usize>,
    /// What a person should look at.
    pub findings: Vec<VersionFinding>,
}

/// What a document says about its edition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// What the rule is called, for comparing.
    pub rule: String,
    /// The date of effect or of the last revision.
    pub date: Option<Date>,
    /// Where the date stands.
    pub source: DateSource,
}

/// Where a date was found, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateSource {
    /// Before the first article, or in a 부칙.
    Text,
    /// In marks such as `<개정 2024. 1. 1.>`.
    Revisions,
    /// In the file's name.
    Name,
    /// Nowhere.
    None,
}

/// What a person should look at. None of them stops the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionFinding {
    /// Nothing tells which of these is the current one; the last by name was taken.
    Undecided {
        /// The documents.
        documents: Vec<usize>,
    },
    /// Two documents say the same.
    Identical {
        /// The one.
        document: usize,
        /// The other.
        same_as: usize,
    },
    /// A document with another title has nearly the same articles.
    OtherTitle {
        /// The document.
        document: usize,
    },
    /// Only the file's name tells the date of the current one.
    DateFromName {
        /// The document.
        document: usize,
    },
    /// A document says nothing of its date, and another edition does: it was taken for older, or for the current one
    /// where its name says so.
    Undated {
        /// The document.
        document: usize,
    },
    /// No edition is in effect on the day that was named: the first to take effect was taken.
    NotYet {
        /// The document.
        document: usize,
    },
}

/// What is compared of a document: a small thing, so that many documents need not be held at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The document's name.
    pub document: String,
    /// Its title.
    pub title: String,
    /// What it says about its edition.
    pub edition: Edition,
    articles: HashSet<String>,
    /// What its headings, paragraphs, items and rows say.
    lines: HashSet<u64>,
    /// Of its letters.
    digest: u128,
}

impl Card {
    /// The card of a document.
    pub fn of(tree: &Tree) -> Self {
        Self {
            document: tree.document.clone(),
            title: tree.title.clone(),
            edition: edition(tree),
            articles: articles(tree),
            lines: lines(tree),
            digest: digest(tree),
        }
    }

    fn is_same_rule(&self, other: &Self) -> bool {
        let few = self.articles.len().min(other.articles.len()) < ENOUGH_ARTICLES;
        // Chapters of one handbook may all be called `Overview`: without articles, their words decide.
        let called = !self.edition.rule.is_empty() && self.edition.rule == other.edition.rule;
        if few {
            return called && shared(&self.lines, &other.lines) >= ALIKE;
        }
        let shared = shared(&self.articles, &other.articles);
        (called && shared >= NOT_OTHER) || shared >= SAME
    }

    /// How new a document is: greater is newer. A date decides; without one, a name that says `현행` is newer than
    /// any date, and all others are older. Of equal dates a date in the name decides, which a person can write there.
    fn age(&self) -> (u8, Option<Date>, Option<Date>, (i32, u32)) {
        let rank = name_rank(&self.document);
        let date = self.edition.date;
        let named = date::latest(&self.document);
        let class = match date {
            Some(_) => 1,
            None if rank.0 > 0 => 2,
            None => 0,
        };
        (class, date, named, rank)
    }
}

/// The share of what either has that both have.
fn shared<T: Eq + std::hash::Hash>(one: &HashSet<T>, other: &HashSet<T>) -> f64 {
    one.intersection(other).count() as f64 / one.union(other).count().max(1) as f64
}

/// The rules that documents hold, in the order of their first document, each as it is on a day: at last where none is
/// named.
pub fn rules(cards: &[Card], on: Option<Date>) -> Vec<Rule> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, card) in cards.iter().enumerate() {
        // One document may be like two that are not like each other: all three are one rule, in whatever order.
        let is_of = |group: &Vec<usize>| group.iter().any(|&other| card.is_same_rule(&cards[other]));
        let (like, mut others): (Vec<_>, Vec<_>) = groups.into_iter().partition(is_of);
        let mut merged: Vec<usize> = like.concat();
        merged.push(at);
        merged.sort_unstable();
        let place = others.partition_point(|group| group[0] < merged[0]);
        others.insert(place, merged);
        groups = others;
    }
    groups.into_iter().map(|group| rule(group, cards, on)).collect()
}

/// The articles by number and title.
fn articles(tree: &Tree) -> HashSet<String> {
    let articles = tree.nodes.iter().filter(|node| node.level == Level::Article && !node.title.is_empty());
    articles.map(|node| format!("{:?}{}", node.number, node.title.replace(' ', ""))).collect()
}

/// What the nodes of a document say, blanks aside.
fn lines(tree: &Tree) -> HashSet<u64> {
    let said = tree.nodes.iter().filter(|node| !node.level.is_apart()).flat_map(super::tree::Node::pieces);
    let rows = said.flat_map(|piece| piece.lines().map(squeezed).collect::<Vec<_>>());
    rows.filter(|row| !row.is_empty()).map(|row| hash128(0, &[row.as_bytes()]) as u64).collect()
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// What a document says about its edition.
pub fn edition(tree: &Tree) -> Edition {
    let stem = tree.document.rsplit_once('.').map_or(tree.document.as_str(), |(stem, _)| stem);
    let titled = plain(&tree.title);
    let rule = if titled.is_empty() { plain(stem) } else { titled };
    let said = tree.nodes.iter().enumerate().filter(|(at, node)| {
        node.level == Level::Preamble
            || node.level == Level::Supplement
            || tree
                .ancestors(*at)
                .any(|above| matches!(tree.nodes[above].level, Level::Preamble | Level::Supplement))
    });
    let text = said
        .flat_map(|(_, node)| [date::latest_of_effect(&node.heading), date::latest_of_effect(&node.text)]);
    let revised = tree.nodes.iter().flat_map(|node| &node.revisions).filter_map(|mark| date::latest(mark));
    let found = [
        (text.flatten().max(), DateSource::Text),
        (revised.max(), DateSource::Revisions),
        (date::latest(stem).or_else(|| date::latest(&tree.title)), DateSource::Name),
    ];
    let (date, source) =
        found.into_iter().find(|(date, _)| date.is_some()).unwrap_or((None, DateSource::None));
    Edition { rule, date, source }
}

/// A title without dates and words that say which edition it is. What else stands in brackets tells rules apart:
/// `취업규칙(계약직)`.
fn plain(title: &str) -> String {
    let mut words: Vec<(String, bool)> = vec![(String::new(), false)];
    let mut depth = 0u32;
    for c in title.chars() {
        match c {
            '(' | '[' | '<' | '【' | '（' => depth += 1,
            ')' | ']' | '>' | '】' | '）' => depth = depth.saturating_sub(1),
            c if c.is_whitespace() || "_-.,·".contains(c) => {}
            c => {
                if let Some((word, _)) = words.last_mut() {
                    word.extend(c.to_lowercase());
                }
                continue;
            }
        }
        words.push((String::new(), depth > 0));
    }
    words.retain(|(word, in_brackets)| !(is_of_edition(word) || *in_brackets && is_issue(word)));
    let joined: String = words.into_iter().map(|(word, _)| word).collect();
    ["전부개정", "일부개정", "개정안", "개정본", "개정"]
        .iter()
        .fold(joined, |text, end| text.strip_suffix(end).map(str::to_owned).unwrap_or(text))
}

/// Whether a word counts the issues of a law: `제18176호`.
fn is_issue(word: &str) -> bool {
    let digits = word.strip_suffix('호').map(|word| word.trim_start_matches('제'));
    digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

/// Whether a word says which edition something is: `v2`, `2024`, `최종`, `구`.
fn is_of_edition(word: &str) -> bool {
    const WORDS: [&str; 29] = [
        "최종",
        "최종본",
        "최신",
        "최신판",
        "신",
        "구",
        "현행",
        "개정",
        "개정본",
        "개정판",
        "개정안",
        "안",
        "전부개정",
        "일부개정",
        "시행",
        "시행일",
        "제정",
        "old",
        "new",
        "final",
        "current",
        "latest",
        "copy",
        "사본",
        "rev",
        "draft",
        "초안",
        "edition",
        "version",
    ];
    let lower = word.to_lowercase();
    let digits = lower
        .trim_start_matches(['v', '제'])
        .trim_end_matches(['년', '도', '월', '일', '판', '차', '개', '정']);
    word.is_empty()
        || WORDS.contains(&lower.as_str())
        || (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
}

fn rule(mut group: Vec<usize>, cards: &[Card], on: Option<Date>) -> Rule {
    // Latest first; what is equally new, by its name.
    let key = |at: usize| (cards[at].age(), cards[at].document.as_str());
    group.sort_by(|a, b| key(*b).cmp(&key(*a)));
    let in_effect = |at: &usize| on.is_none_or(|day| cards[*at].edition.date.is_none_or(|date| date <= day));
    let place = group.iter().position(in_effect);
    let coming = group[..place.unwrap_or(group.len() - 1)].to_vec();
    let group = &group[coming.len()..];
    let mut findings = identical(group, cards);
    let current = group[0];
    if place.is_none() {
        findings.push(VersionFinding::NotYet { document: current });
    }
    let copies: Vec<usize> = findings
        .iter()
        .filter_map(|finding| match finding {
            VersionFinding::Identical { document, .. } => Some(*document),
            _ => None,
        })
        .collect();
    let different: Vec<usize> = group.iter().copied().filter(|at| !copies.contains(at)).collect();
    let age = cards[current].age();
    let undecided: Vec<usize> = different.iter().copied().filter(|at| cards[*at].age() == age).collect();
    if undecided.len() > 1 {
        findings.push(VersionFinding::Undecided { documents: undecided });
    } else if different.len() > 1 && cards[current].edition.source == DateSource::Name {
        findings.push(VersionFinding::DateFromName { document: current });
    }
    let is_dated = |at: &usize| cards[*at].edition.date.is_some();
    if coming.iter().chain(&different).any(is_dated) {
        let undated = different.iter().filter(|at| !is_dated(at));
        findings.extend(undated.map(|&document| VersionFinding::Undated { document }));
    }
    let usual = cards[current].edition.rule.as_str();
    for &at in group.iter().filter(|at| cards[**at].edition.rule != usual) {
        findings.push(VersionFinding::OtherTitle { document: at });
    }
    Rule { title: cards[current].title.clone(), coming, current, older: group[1..].to_vec(), findings }
}

/// What a file's name says about its age: greater is newer.
fn name_rank(name: &str) -> (i32, u32) {
    let lower = name.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let age =
        i32::from(has(&["최신", "최종", "현행", "(신)", "_신", "new", "current", "latest", "final", "개정"]))
            - i32::from(has(&["(구)", "_구", "구버전", "종전", "폐지", "old", "draft", "초안", "이전"]));
    let version = lower
        .match_indices('v')
        .filter_map(|(i, _)| {
            let digits: String = lower[i + 1..].chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        })
        .max();
    (age, version.unwrap_or(0))
}

/// Documents with one text.
fn identical(group: &[usize], cards: &[Card]) -> Vec<VersionFinding> {
    let mut seen: BTreeMap<u128, usize> = BTreeMap::new();
    let mut out = Vec::new();
    for &at in group {
        match seen.get(&cards[at].digest) {
            Some(&same_as) => out.push(VersionFinding::Identical { document: at, same_as }),
            None => {
                seen.insert(cards[at].digest, at);
            }
        }
    }
    out
}

/// Of a document's letters in their order, blanks aside.
fn digest(tree: &Tree) -> u128 {
    let text: String = super::structure::tree_text(tree).split_whitespace().collect();
    hash128(0, &[text.as_bytes()])
}

#[cfg(test)]
mod tests;
