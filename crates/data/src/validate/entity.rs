//! Who and what is named: people, bodies, documents, and names in Latin letters.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::overlap::synonyms;
use super::text::words::{english, listed};
use super::text::{Word, is_hangul, words};

const ENTITIES: &str = include_str!("entities.txt");

/// What an entity is. Only entities of one kind can be swapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntityKind {
    /// Somebody who does or decides something.
    Role,
    /// A document.
    Document,
    /// A name in Latin letters: a program, a body, an abbreviation.
    Name,
}

/// Somebody or something that a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// Lower case, without particle. In English with the word that tells it from others: `finance team`.
    pub name: String,
    /// What it is.
    pub kind: EntityKind,
    /// The particle behind it.
    pub particle: String,
    /// Where it begins, in bytes of the folded text.
    pub start: usize,
    /// Where it ends, with its particle.
    pub end: usize,
}

impl Entity {
    /// Whether a text, and its letters (see `bare`), have the entity, or what is said for it.
    pub fn is_in(&self, text: &str, letters: &str) -> bool {
        // The letters of OPM stand in `development`, too.
        if self.name.len() < 5 && self.name.is_ascii() {
            let is_it = |word: &Word| text[word.start..word.end].to_ascii_lowercase().starts_with(&self.name);
            return words(text).iter().any(is_it);
        }
        if self.is_doer(text) {
            return true;
        }
        let parts = || self.name.split(' ').all(|part| letters.contains(part));
        let name: String = self.name.chars().filter(|c| c.is_alphanumeric()).collect();
        letters.contains(&name)
            || (self.name.contains(' ') && self.kind == EntityKind::Name && parts())
            || synonyms(&self.name).iter().any(|other| letters.contains(other))
    }

    /// Whether a text says with a verb who is meant: 신청자 of 신청한 사람.
    fn is_doer(&self, text: &str) -> bool {
        const PEOPLE: [&str; 6] = ["사원", "사람", "직원", "근로자", "자", "국민"];
        let Some(root) = self.name.strip_suffix(['자', '인']).filter(|root| root.chars().count() > 1)
        else {
            return false;
        };
        text.match_indices(root).any(|(at, _)| {
            let mut words = text[at + root.len()..].split_whitespace();
            let (verb, somebody) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let is_verb = ["한", "하는", "하려는", "된", "받은", "받는"].contains(&verb);
            is_verb && PEOPLE.iter().any(|word| somebody.starts_with(word))
        })
    }

    /// Whether it names nobody in particular.
    pub fn is_everybody(&self) -> bool {
        const EVERYBODY: &[&str] = &[
            "직원",
            "사원",
            "근로자",
            "임직원",
            "회사",
            "사용자",
            "종업원",
            "국민",
            "국가",
            "employee",
            "employees",
            "staff",
        ];
        self.kind == EntityKind::Role
            && EVERYBODY.iter().any(|name| self.name == *name || english(name) == self.name)
    }

    /// Whether both name the same.
    pub fn is(&self, other: &Self) -> bool {
        self.name == other.name || synonyms(&self.name).contains(&other.name.as_str())
    }
}

/// The entities of a folded text, in order.
pub fn entities(text: &str) -> Vec<Entity> {
    let all = words(text);
    let mut out = Vec::new();
    for (i, word) in all.iter().enumerate() {
        if let Some(kind) = kind_of(text, &all, i) {
            let (name, start) = with_modifier(text, &all, i);
            out.push(Entity { name, kind, particle: word.particle.clone(), start, end: word.end });
        }
    }
    out
}

/// English heads that say little without the word before them.
const GENERIC_HEADS: &[&str] = &[
    "head",
    "team",
    "manager",
    "director",
    "officer",
    "council",
    "department",
    "committee",
    "board",
    "office",
    "lead",
    "leader",
    "desk",
    "specialist",
    "partner",
    "official",
    "admin",
    "representative",
];

/// Words before a head that tell it from no other.
const NO_MODIFIERS: &[&str] = &[
    "new",
    "former",
    "own",
    "direct",
    "immediate",
    "current",
    "other",
    "same",
    "responsible",
    "whole",
    "entire",
    "full",
    "next",
    "respective",
];

/// The name of the entity at a word, with the word before it where that belongs to it, and where it begins.
fn with_modifier(text: &str, all: &[Word], at: usize) -> (String, usize) {
    let word = &all[at];
    let mut name = word.stem.clone();
    if name.starts_with(is_hangul) && !heads().keys().any(|head| name.ends_with(head)) {
        name.pop();
    }
    let plain = (name, word.start);
    if !GENERIC_HEADS.contains(&word.stem.trim_end_matches('s')) || at == 0 {
        return plain;
    }
    let before = &all[at - 1];
    let surface = text[before.start..before.end].to_ascii_lowercase();
    let is_beside = &text[before.end..word.start] == " ";
    let is_verb = ["tell", "ask", "inform", "notify", "contact"].contains(&surface.as_str());
    let tells = !NO_MODIFIERS.contains(&surface.as_str()) && !is_verb;
    let is_word = before.is_content
        || surface.len() == 2 && text[before.start..before.end].bytes().all(|b| b.is_ascii_uppercase());
    if is_beside && is_word && tells && surface.is_ascii() {
        return (format!("{surface} {}", word.stem), before.start);
    }
    plain
}

/// Whether a Korean word names somebody, by its head.
pub(super) fn is_role(stem: &str) -> bool {
    heads()
        .iter()
        .any(|(head, kind)| *kind == EntityKind::Role && head.chars().count() > 1 && stem.ends_with(head))
}

fn kind_of(text: &str, all: &[Word], at: usize) -> Option<EntityKind> {
    let word = &all[at];
    let surface = &text[word.start..word.end];
    if surface.starts_with(is_hangul) {
        let heads = heads();
        // 신체검사 is no prosecutor.
        let is_meant = |stem: &str, head: &str| stem.ends_with(head) && (head != "검사" || stem == head);
        let of = |stem: &str| heads.keys().filter(|head| is_meant(stem, head)).max_by_key(|head| head.len());
        // A particle in the wrong form is one all the same.
        let loose = || word.stem.strip_suffix(['은', '는', '이', '가', '을', '를', '과', '와']).and_then(of);
        return heads.get(of(&word.stem).or_else(loose)?).copied();
    }
    if !surface.is_ascii() || surface.len() < 2 {
        return None;
    }
    let lower = surface.to_ascii_lowercase();
    let pair =
        all.get(at + 1).map(|next| format!("{lower}_{}", text[next.start..next.end].to_ascii_lowercase()));
    if let Some(kind) = heads().get(lower.as_str()).or_else(|| heads().get(pair.as_deref()?)) {
        return Some(*kind);
    }
    (is_name(text, word) && !CALENDAR.contains(&lower.as_str())).then_some(EntityKind::Name)
}

/// Months and days are written like names, and are dates.
const CALENDAR: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "mondays",
    "tuesdays",
    "wednesdays",
    "thursdays",
    "fridays",
    "saturdays",
    "sundays",
];

/// Capitals: an abbreviation anywhere, a capitalised word inside a sentence.
fn is_name(text: &str, word: &Word) -> bool {
    let surface = &text[word.start..word.end];
    let n_capitals = surface.bytes().filter(u8::is_ascii_uppercase).count();
    if n_capitals >= 2 {
        return true;
    }
    let before = text[..word.start].trim_end_matches([' ', '"', '\'', '(']);
    let begins_sentence = before.is_empty() || before.ends_with(['.', '?', '!', ':', '\n', '-', ';', '|']);
    n_capitals == 1
        && surface.starts_with(|c: char| c.is_ascii_uppercase())
        && !begins_sentence
        && word.is_content
}

fn heads() -> &'static BTreeMap<&'static str, EntityKind> {
    static HEADS: OnceLock<BTreeMap<&str, EntityKind>> = OnceLock::new();
    HEADS.get_or_init(|| {
        let mut kind = EntityKind::Role;
        let mut heads = BTreeMap::new();
        for entry in listed(ENTITIES) {
            match entry {
                "[role]" => kind = EntityKind::Role,
                "[document]" => kind = EntityKind::Document,
                head => {
                    heads.insert(head, kind);
                }
            }
        }
        heads
    })
}

#[cfg(test)]
mod tests {
    use super::super::text::bare;
    use super::*;

    #[test]
    fn short_names_are_words_of_their_own() {
        let is_in = |name: &str, text: &str| entities(name)[0].is_in(text, &bare(text));
        assert!(is_in("ask NOA", "NOA signs it") && is_in("ask NOA", "the NOAs sign it"));
        assert!(!is_in("ask NOA", "Fill in annoauthorized fields"));
        assert!(is_in("수급자", "쌀을 수급한 사람을 적는다") && !is_in("수급자", "쌀을 수급한다"));
    }

    #[test]
    fn people_documents_and_names() {
        let read = |text: &str| -> Vec<(String, EntityKind)> {
            entities(text).into_iter().map(|e| (e.name, e.kind)).collect()
        };
        use EntityKind::{Document, Name, Role};
        assert_eq!(
            read("인사팀장은 진단서를 받아 대표이사에게 ERP로 보고한다."),
            [
                ("인사팀장".into(), Role),
                ("진단서".into(), Document),
                ("대표이사".into(), Role),
                ("erp".into(), Name)
            ]
        );
        assert_eq!(
            read("Submit the receipt in Concur. Your supervisor approves it."),
            [("receipt".into(), Document), ("concur".into(), Name), ("supervisor".into(), Role)]
        );
        assert_eq!(read("휴가를 신청한다. Submit it."), []);
        assert_eq!(read("It ends in March or on a Tuesday."), []);
    }
}
