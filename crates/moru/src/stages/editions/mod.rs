//! Several editions of one rule among the documents of a source: which is asked about, which are set aside, and what
//! changed from one to the next.
//!
//! 1. `parse` finds them ([`Editions::of`]).
//! 2. `chunk` leaves out what is set aside, and says and writes what changed without personal values ([`Editions::mask`],
//!    [`told`]).
//! 3. `out/editions.csv` and the report tell it to people.

pub mod told;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use data::documents::Tree;
use data::documents::versions::{self, Card, Change, Changed, Date, DateSource, VersionFinding};
use data::privacy::{KnownValues, Masker};
use serde::{Deserialize, Serialize};

use super::{jsonl, look};
use crate::console::error::fail;
use crate::recipe::{self, Source};

/// What was found, in what a parse stage writes of documents, and in what a chunk stage writes of editions; there
/// without personal values.
pub const EDITIONS: &str = "editions.json";

/// What changed as a table for people, beside it in a chunk stage's output.
pub const TABLE: &str = "editions.csv";

/// The columns of the table.
const COLUMNS: [&str; 11] = [
    "rule",
    "newer",
    "newer_date",
    "older",
    "older_date",
    "date_from",
    "set_aside",
    "change",
    "path",
    "before",
    "after",
];

/// The rules of a source of which there is more than one edition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Editions {
    /// In the order of their first document.
    pub rules: Vec<Rule>,
}

/// A rule with its editions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// What it is called.
    pub title: String,
    /// The newest first; at least two.
    pub editions: Vec<Edition>,
    /// The place among them of the one that is in effect; before it stand those that are not yet.
    #[serde(default)]
    pub current: usize,
    /// What a person should look at.
    pub doubts: Vec<Doubt>,
}

/// An edition of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// The document that holds it.
    pub document: String,
    /// The date of effect or of the last revision.
    pub date: Option<String>,
    /// Where the date stands.
    pub date_from: DateSource,
    /// Whether nothing is asked about it.
    pub set_aside: bool,
    /// What the next newer edition changed in it; nothing for the newest.
    pub changes: Vec<Change>,
}

/// Something about the editions of a rule that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Of what kind.
    pub kind: DoubtKind,
    /// The documents that it is about; of a copy, the copy first.
    pub documents: Vec<String>,
}

/// Kinds of doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtKind {
    /// Nothing tells which of them is the newest.
    Undecided,
    /// It has no date, and others do.
    Undated,
    /// Only its name tells the date of the newest.
    DateFromName,
    /// It has another title, and nearly the same articles.
    OtherTitle,
    /// The one says what the other says.
    Identical,
    /// No edition is in effect on the day that the recipe names.
    NotYet,
}

impl DoubtKind {
    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Undated => "undated",
            Self::DateFromName => "date_from_name",
            Self::OtherTitle => "other_title",
            Self::Identical => "identical",
            Self::NotYet => "not_yet",
        }
    }

    /// Whether another edition may be the one in force.
    pub fn is_grave(self) -> bool {
        matches!(self, Self::Undecided | Self::Undated | Self::DateFromName | Self::NotYet)
    }
}

impl Editions {
    /// The editions among the documents whose structures lie in a file, in the order of `cards`.
    pub fn of(
        cards: &[Card],
        trees: &Path,
        wanted: recipe::Editions,
        on: Option<Date>,
    ) -> anyhow::Result<Self> {
        let mut rules = versions::rules(cards, on);
        rules.retain(|rule| documents(rule).count() > 1);
        let several: BTreeSet<usize> = rules.iter().flat_map(documents).collect();
        let mut held = HashMap::new();
        if !several.is_empty() {
            for (at, tree) in jsonl::lines::<Tree>(trees)?.enumerate() {
                let tree = tree?;
                if several.contains(&at) {
                    held.insert(at, tree);
                }
            }
        }
        let is_set_aside = wanted == recipe::Editions::Newest;
        Ok(Self { rules: rules.iter().map(|found| rule(found, cards, &held, is_set_aside)).collect() })
    }

    /// What a parse or chunk stage found; none where an earlier version wrote the folder and did not look for any.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        match std::fs::read(folder.join(EDITIONS)) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(e.into()),
        }
    }

    /// Writes them beside what they were found in.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let bytes = serde_json::to_vec_pretty(self)?;
        Ok(pipeline::platform::write_atomic(&folder.join(EDITIONS), &bytes)?)
    }

    /// Writes them into a folder of their own, with what changed as a table.
    pub fn write_for_people(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir(folder)?;
        self.write(folder)?;
        Ok(pipeline::platform::write_atomic(&folder.join(TABLE), self.table().as_bytes())?)
    }

    /// The documents that nothing is asked about, each with the edition of its rule that is.
    pub fn set_aside(&self) -> BTreeMap<&str, &str> {
        let mut out = BTreeMap::new();
        for rule in &self.rules {
            let aside = rule.editions.iter().filter(|edition| edition.set_aside);
            out.extend(aside.map(|edition| (edition.document.as_str(), rule.current())));
        }
        out
    }

    /// The documents of which there is another edition, each with room for what it says.
    pub fn documents(&self) -> HashMap<String, Vec<String>> {
        let all = self.rules.iter().flat_map(|rule| &rule.editions);
        all.map(|edition| (edition.document.clone(), Vec::new())).collect()
    }

    /// Ends the run where a recipe wants one edition of each rule and there are more.
    pub fn refuse(&self, source: &Source) -> anyhow::Result<()> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let rules: Vec<_> = (self.rules.iter())
            .map(|rule| {
                let all: Vec<_> = rule.editions.iter().map(told::dated).collect();
                format!("  {}", all.join(", "))
            })
            .collect();
        Err(fail(
            format!(
                "[source.{}]: documents are editions of one rule, and [parse] editions = \"refuse\"\n{}",
                source.name,
                rules.join("\n")
            ),
            "move the older ones out of the folder, or let editions = \"newest\" set them aside",
        ))
    }

    /// Takes personal values out. `texts` holds, for each document with another edition, all that it says: a name that
    /// one place gives away is hidden in all.
    pub fn mask(&mut self, masker: &Masker, known: &mut KnownValues, texts: &HashMap<String, Vec<String>>) {
        for rule in &mut self.rules {
            rule.title = masker.mask(&rule.title).text;
            let said: Vec<&str> = (rule.editions.iter())
                .filter_map(|edition| texts.get(&edition.document))
                .flatten()
                .map(String::as_str)
                .collect();
            for edition in &mut rule.editions {
                let document = edition.document.clone();
                let mut own: Vec<&mut String> = Vec::new();
                for change in &mut edition.changes {
                    own.extend([&mut change.path, &mut change.heading]);
                    own.extend(change.before.iter_mut().chain(&mut change.after));
                }
                let raw: Vec<String> = own.iter().map(|text| (*text).clone()).collect();
                let all: Vec<&str> = raw.iter().map(String::as_str).chain(said.iter().copied()).collect();
                for ((text, raw), masked) in own.into_iter().zip(&raw).zip(masker.mask_fields(&all, &[])) {
                    known.observe(&document, raw, &masked);
                    *text = masked.text;
                }
            }
        }
    }

    /// What changed, a row for each place of each older edition: CSV with a byte order mark, so that spreadsheets read
    /// its Korean. An older edition in which nothing changed has one row that says so.
    pub fn table(&self) -> String {
        let mut out = String::from("\u{FEFF}");
        let mut line = |cells: &[String]| {
            out += &look::csv_line(cells);
            out += "\r\n";
        };
        line(&COLUMNS.map(str::to_owned));
        for rule in &self.rules {
            for pair in rule.editions.windows(2) {
                let of = |change: &str, path: &str, before: &[String], after: &[String]| {
                    let [newer, older] = [&pair[0], &pair[1]];
                    let date = |edition: &Edition| edition.date.clone().unwrap_or_default();
                    [
                        rule.title.clone(),
                        newer.document.clone(),
                        date(newer),
                        older.document.clone(),
                        date(older),
                        told::date_source(older.date_from).to_owned(),
                        if older.set_aside { "yes" } else { "no" }.to_owned(),
                        change.to_owned(),
                        path.to_owned(),
                        before.join("\n"),
                        after.join("\n"),
                    ]
                };
                if pair[1].changes.is_empty() {
                    line(&of("none", "", &[], &[]));
                }
                for change in &pair[1].changes {
                    line(&of(changed(change.how), &change.path, &change.before, &change.after));
                }
            }
        }
        out
    }
}

impl Rule {
    /// The document that holds the edition in effect.
    pub fn current(&self) -> &str {
        self.editions.get(self.current).map_or("", |edition| edition.document.as_str())
    }
}

/// What happened to a place, as it is written in files.
fn changed(how: Changed) -> &'static str {
    match how {
        Changed::Altered => "altered",
        Changed::Added => "added",
        Changed::Removed => "removed",
    }
}

/// A rule's documents, the newest first.
fn documents(rule: &versions::Rule) -> impl Iterator<Item = usize> + '_ {
    rule.coming.iter().copied().chain([rule.current]).chain(rule.older.iter().copied())
}

fn rule(found: &versions::Rule, cards: &[Card], trees: &HashMap<usize, Tree>, is_set_aside: bool) -> Rule {
    let order: Vec<usize> = documents(found).collect();
    let edition = |(place, at): (usize, &usize)| {
        let said = &cards[*at].edition;
        let newer = place.checked_sub(1).map(|newer| order[newer]);
        let trees = newer.and_then(|newer| Some((trees.get(at)?, trees.get(&newer)?)));
        Edition {
            document: cards[*at].document.clone(),
            date: said.date.map(|date| date.to_string()),
            date_from: said.source,
            set_aside: is_set_aside && place != found.coming.len(),
            changes: trees.map_or_else(Vec::new, |(older, newer)| versions::changes(older, newer)),
        }
    };
    let name = |at: &usize| cards[*at].document.clone();
    let doubt = |finding: &VersionFinding| {
        let (kind, documents) = match finding {
            VersionFinding::Undecided { documents } => {
                (DoubtKind::Undecided, documents.iter().map(name).collect())
            }
            VersionFinding::Identical { document, same_as } => {
                (DoubtKind::Identical, vec![name(document), name(same_as)])
            }
            VersionFinding::OtherTitle { document } => (DoubtKind::OtherTitle, vec![name(document)]),
            VersionFinding::DateFromName { document } => (DoubtKind::DateFromName, vec![name(document)]),
            VersionFinding::Undated { document } => (DoubtKind::Undated, vec![name(document)]),
            VersionFinding::NotYet { document } => (DoubtKind::NotYet, vec![name(document)]),
        };
        Doubt { kind, documents }
    };
    Rule {
        title: found.title.clone(),
        editions: order.iter().enumerate().map(edition).collect(),
        current: found.coming.len(),
        doubts: found.findings.iter().map(doubt).collect(),
    }
}
