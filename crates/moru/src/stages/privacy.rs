//! What is masked, as the recipe says it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use data::prepare::{DraftRow, Outcome, Step};
use data::privacy::{
    Counts, Entity, EntitySet, KnownValues, MaskConfig, Masker, Pattern, Secret, Style, Typed,
};
use eval::report::MaskedExample;
use serde::{Deserialize, Serialize};

use super::places::Places;
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Mask, Source};

/// The bytes that make surrogates and fingerprints this project's own: MORU_SECRET of the environment, or
/// a file of the private folder that is drawn once.
pub fn secret_bytes(project: &Project) -> anyhow::Result<Vec<u8>> {
    if let Some(secret) = project.environment.get("MORU_SECRET") {
        return Ok(secret.into_bytes());
    }
    let path = project.results()?.private().join("secret");
    if let Ok(bytes) = std::fs::read(&path)
        && bytes.len() == 32
    {
        return Ok(bytes);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("the system gives no random bytes: {e}"))?;
    // Of two runs that begin at once both have to use the same: the first to write it decides.
    if path.exists() {
        pipeline::platform::write_atomic(&path, &bytes)?;
    } else if !pipeline::platform::write_new(&path, &bytes)? {
        return secret_bytes(project);
    }
    Ok(bytes.to_vec())
}

/// The masker of one source.
pub fn masker(mask: &Mask, public: bool, secret: &[u8]) -> anyhow::Result<Masker> {
    let patterns = mask.patterns.iter().map(|(name, regex)| Pattern {
        name: name.clone(),
        token: format!("[{name}]"),
        regex: regex.clone(),
    });
    let config = MaskConfig {
        entities: entities(&mask.entities)?,
        style: Style::from_name(&mask.style).unwrap_or_default(),
        keep: mask.keep.clone(),
        public,
        patterns: patterns.collect(),
        secret: Secret::new(secret),
    };
    Ok(Masker::new(config)?)
}

/// `all`, `none`, or kinds by name.
pub fn entities(names: &[String]) -> anyhow::Result<EntitySet> {
    match names {
        [all] if all == "all" => return Ok(EntitySet::standard()),
        [none] if none == "none" => return Ok(EntitySet::none()),
        _ => {}
    }
    let mut set = EntitySet::none();
    for name in names {
        set = set.with(entity(name).ok_or_else(|| unknown(name, &[]))?);
    }
    Ok(set)
}

fn entity(name: &str) -> Option<Entity> {
    Entity::from_name(name)
}

fn unknown(name: &str, patterns: &[&str]) -> anyhow::Error {
    let known: Vec<String> = Entity::ALL
        .iter()
        .map(|e| e.name().to_owned())
        .chain(patterns.iter().map(|p| (*p).to_owned()))
        .collect();
    let hint = match crate::recipe::closest(name, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    fail(format!("there is no kind of personal data called `{name}`"), hint)
}

/// The personal columns of a source with what they hold: a kind, or a pattern of the recipe by name.
pub fn personal_columns(source: &Source, mask: &Mask) -> anyhow::Result<Vec<(String, Entity)>> {
    let names: Vec<_> = mask.patterns.keys().map(String::as_str).collect();
    let kind = |word: &str| {
        let pattern = names.iter().position(|name| *name == word).map(|i| Entity::Pattern(i as u8));
        let other = (word == "personal").then_some(Entity::Personal);
        pattern.or(other).or_else(|| entity(word)).ok_or_else(|| unknown(word, &names))
    };
    let masked = entities(&mask.entities)?;
    let read = |(column, word): (&String, &String)| {
        let entity = kind(word)?;
        if !source.public && !masked.contains(entity) {
            return Err(fail(
                format!(
                    "[source.{}] personal says that `{column}` holds `{word}`, which [prepare.mask] entities leaves unmasked",
                    source.name
                ),
                format!("add \"{word}\" to entities, or take the column out of personal"),
            ));
        }
        Ok((column.clone(), entity))
    };
    source.personal.iter().map(read).collect()
}

/// The name of a kind in counts: a pattern's as the recipe calls it.
pub fn entity_name(masker: &Masker, entity: Entity) -> String {
    match entity {
        Entity::Pattern(_) => masker.token(entity).trim_matches(['[', ']']).to_owned(),
        named => named.name().to_owned(),
    }
}

/// What was masked and kept of one kind, for the report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Replaced.
    pub masked: u64,
    /// Rows with at least one replaced.
    pub rows: u64,
    /// Found and left: kept by the recipe, or of a public source.
    pub kept: u64,
}

/// Places where threads note what they masked, so that they seldom wait for each other.
const N_NOTES: usize = 16;

/// What one thread, or a few, masked so far.
struct Notes {
    tally: BTreeMap<Entity, Tally>,
    known: KnownValues,
    places: Places,
}

/// Masks every field of a row, and counts.
pub struct MaskRow<'a> {
    masker: &'a Masker,
    columns: Vec<(String, Entity)>,
    notes: Vec<Mutex<Notes>>,
}

impl<'a> MaskRow<'a> {
    /// A step for one source.
    pub fn new(masker: &'a Masker, columns: Vec<(String, Entity)>) -> Self {
        let known = || KnownValues::new(&masker.config().secret);
        let notes =
            || Mutex::new(Notes { tally: BTreeMap::new(), known: known(), places: Places::default() });
        Self { masker, columns, notes: std::iter::repeat_with(notes).take(N_NOTES).collect() }
    }

    /// Fingerprints of every value that was masked or declared, to be looked for in outputs; and by the kind's
    /// name a few places where something was masked.
    pub fn into_known(self) -> (KnownValues, BTreeMap<String, Vec<MaskedExample>>) {
        let Self { masker, notes, .. } = self;
        let (mut known, mut places) = (KnownValues::new(&masker.config().secret), Places::default());
        for notes in notes {
            let notes = notes.into_inner().unwrap_or_else(PoisonError::into_inner);
            known.merge(notes.known);
            places.merge(notes.places);
        }
        let named = places.into_iter().map(|(entity, places)| (entity_name(masker, entity), places));
        (known, named.collect())
    }

    /// What was masked so far, by the kind's name.
    pub fn tally(&self) -> BTreeMap<String, Tally> {
        let mut all = BTreeMap::<String, Tally>::new();
        for notes in &self.notes {
            for (entity, tally) in &notes.lock().unwrap_or_else(PoisonError::into_inner).tally {
                let entry = all.entry(entity_name(self.masker, *entity)).or_default();
                entry.masked += tally.masked;
                entry.kept += tally.kept;
                entry.rows += tally.rows;
            }
        }
        all
    }

    /// The place of this thread.
    fn notes(&self) -> MutexGuard<'_, Notes> {
        let mut hasher = DefaultHasher::new();
        std::thread::current().id().hash(&mut hasher);
        let place = hasher.finish() as usize % self.notes.len();
        self.notes[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Step for MaskRow<'_> {
    fn name(&self) -> &'static str {
        "mask"
    }

    fn apply(&self, row: &mut DraftRow) -> Outcome {
        let typed: Vec<_> = (self.columns.iter())
            .filter_map(|(column, entity)| {
                let value = row.record.get(column)?.to_text().into_owned();
                (!value.trim().is_empty()).then_some(Typed { entity: *entity, value })
            })
            .collect();
        let mut counts = Counts::default();
        let id = row.id().text();
        let is_masked =
            |entity| !self.masker.config().public && self.masker.config().entities.contains(entity);
        let seen: Vec<_> = if row.is_conversation() {
            let texts: Vec<_> = row.fields.iter().map(|f| (f.label(), f.text.as_str())).collect();
            self.masker.mask_together(&texts, &typed)
        } else {
            let texts: Vec<_> = row.fields.iter().map(|field| field.text.as_str()).collect();
            self.masker.mask_fields(&texts, &typed)
        };
        for masked in &seen {
            counts.add(&masked.counts());
        }
        let mut notes = self.notes();
        for typed in typed.iter().filter(|typed| is_masked(typed.entity)) {
            notes.known.add_typed(&id, typed.entity, &typed.value);
        }
        for (field, masked) in row.fields.iter_mut().zip(seen) {
            notes.known.observe(&id, &field.text, &masked);
            notes.places.note(&id, &masked, self.masker);
            if masked.text != field.text {
                field.text = masked.text;
            }
        }
        for (entity, count) in counts.iter() {
            let entry = notes.tally.entry(entity).or_default();
            entry.masked += count.masked;
            entry.kept += count.kept;
            entry.rows += u64::from(count.masked > 0);
        }
        Outcome::Keep
    }
}
