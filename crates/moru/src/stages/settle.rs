//! Masks what a text does not give away by itself, but its row or another row does.
//!
//! A name that stands beside a title once is known; where it stands again without one, masking that text
//! alone does not see it, and the sweep of `out/` would refuse it. So whatever `prepare` made is gone over
//! once more with all that was seen in any row.

use std::collections::BTreeMap;
use std::path::Path;

use chat::Example;
use data::Rejection;
use data::output::Outputs;
use data::privacy::{KnownValues, Masker, Secret, Sweep, Typed, insert_apart};
use serde_json::{Map, Value};

use super::prepare::Facts;
use super::privacy::{entity_name, masker, secret_bytes};
use super::{Names, jsonl};
use crate::project::Project;

/// Everything that was seen, and how each source's rows are masked.
pub struct Settler {
    sweep: Sweep,
    maskers: BTreeMap<String, Masker>,
}

/// What was replaced, by the kind's name.
type Replaced = BTreeMap<String, u64>;

impl Settler {
    /// For values that were seen. Rows of public sources stay as they are.
    pub fn new(project: &Project, known: &KnownValues, secret: &[u8]) -> anyhow::Result<Self> {
        let mask = &project.resolved().prepare.mask;
        let mut maskers = BTreeMap::new();
        for source in project.resolved().source.values().filter(|source| !source.public) {
            maskers.insert(source.name.clone(), masker(mask, false, secret)?);
        }
        Ok(Self { sweep: Sweep::new(known, &mask.keep), maskers })
    }

    /// For what the last `prepare` saw; none where it has not run.
    pub fn of(project: &Project) -> anyhow::Result<Option<Self>> {
        let Ok(path) = project.results()?.output(Names::PREPARE, Names::KNOWN) else { return Ok(None) };
        let secret = secret_bytes(project)?;
        Self::new(project, &KnownValues::load(&path, &Secret::new(&secret))?, &secret).map(Some)
    }

    /// Masks known values in a text of a row.
    pub fn text(&self, id: &str, text: &mut String, replaced: &mut Replaced) {
        let source = id.split_once('#').map_or("", |(source, _)| source);
        let Some(masker) = self.maskers.get(source) else { return };
        // From the last on, so that the places of the others stay right.
        for hit in self.sweep.check(text, Some(id)).hits.into_iter().rev() {
            *replaced.entry(entity_name(masker, hit.entity)).or_default() += 1;
            // Only the value is masked: going over the whole text again would mask what stands for others.
            let value = text[hit.range.clone()].to_owned();
            let typed = Typed { entity: hit.entity, value };
            let masked = masker.mask_row_text(&typed.value, std::slice::from_ref(&typed)).text;
            let unchanged = masked == typed.value;
            text.replace_range(hit.range, if unchanged { masker.token(hit.entity) } else { &masked });
        }
    }

    /// Masks known values in an example: its turns, calls and tools, and what is carried along.
    pub fn example(&self, example: &mut Example, replaced: &mut Replaced) {
        let Example { id, messages, tools, meta } = example;
        for message in messages {
            self.text(id, &mut message.content, replaced);
            for call in &mut message.tool_calls {
                self.entries(id, &mut call.arguments, replaced);
            }
        }
        for tool in tools {
            self.value(id, tool, replaced);
        }
        self.entries(id, meta, replaced);
    }

    /// Masks known values in every text of a nested value.
    fn value(&self, id: &str, value: &mut Value, replaced: &mut Replaced) {
        match value {
            Value::String(text) => self.text(id, text, replaced),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(id, item, replaced)),
            Value::Object(map) => self.entries(id, map, replaced),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks known values in the keys and the values of an object.
    fn entries(&self, id: &str, map: &mut Map<String, Value>, replaced: &mut Replaced) {
        for (mut key, mut item) in std::mem::take(map) {
            self.text(id, &mut key, replaced);
            self.value(id, &mut item, replaced);
            insert_apart(map, key, item);
        }
    }

    /// Goes over the files that `prepare` wrote; writes them anew where something was found.
    pub fn files(&self, folder: &Path, facts: &mut Facts) -> anyhow::Result<()> {
        let mut replaced = Replaced::new();
        // Written beside the files that are read, and dropped where nothing has changed.
        let mut outputs = Outputs::create(folder)?;
        for example in jsonl::lines::<Example>(&folder.join("dataset.jsonl"))? {
            let mut example = example?;
            self.example(&mut example, &mut replaced);
            outputs.example(&example)?;
        }
        for rejection in jsonl::lines::<Rejection>(&folder.join("rejected.jsonl"))? {
            let mut rejection = rejection?;
            self.text(&rejection.id, &mut rejection.text, &mut replaced);
            outputs.rejected(&rejection)?;
        }
        if !replaced.is_empty() {
            outputs.finish()?;
        }
        for place in facts.places.values_mut().flatten() {
            self.text(&place.id, &mut place.text, &mut Replaced::new());
        }
        for (kind, n) in replaced {
            facts.masked.entry(kind).or_default().masked += n;
        }
        Ok(())
    }
}
