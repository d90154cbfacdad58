//! Looking into what flows between stages, for `tap` and `why`: masked unless somebody may see raw text.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chat::sample::Sample;
use chat::{Encoder, Example, Message, Role};
use data::ingest::Reader;
use data::prepare::{Change, Prepared, Watch};
use data::privacy::{Entity, Masker, Typed};
use data::sources::{Item, Source as _};
use data::steps::Duplicates;
use data::{Record, Rejection};
use serde_json::{Map, Value};

use super::prepare::Kit;
use super::privacy::{masker, personal_columns, secret_bytes};
use super::settle::Settler;
use super::{Names, jsonl};
use crate::project::Project;
use crate::recipe::Source;

/// Shows rows of a source, masked unless `reveal`.
pub struct Rows {
    reader: Reader,
    masker: Masker,
    personal: Vec<(String, Entity)>,
    settler: Option<Settler>,
    reveal: bool,
    /// Rows that were given so far.
    number: usize,
}

impl Rows {
    /// Opens the extract of a source.
    pub fn open(project: &Project, source: &Source, reveal: bool) -> anyhow::Result<Self> {
        let folder = project.results()?.output(&Names::rows(source), Names::EXTRACT)?;
        let mask = &project.resolved().prepare.mask;
        Ok(Self {
            reader: Reader::open(&folder, &source.name)?,
            masker: masker(mask, source.public, &secret_bytes(project)?)?,
            personal: personal_columns(source, mask)?,
            settler: Settler::of(project)?,
            reveal,
            number: 0,
        })
    }

    /// The names of the columns.
    pub fn columns(&self) -> Vec<String> {
        self.reader.schema().columns.iter().map(|column| column.name.clone()).collect()
    }

    /// The next row: its id, and a text a column.
    pub fn next(&mut self) -> anyhow::Result<Option<(String, Vec<String>)>> {
        loop {
            match self.reader.next()? {
                None => return Ok(None),
                Some(Item::Rejected(_)) => {}
                Some(Item::Record(record)) => {
                    self.number += 1;
                    let key = &record.id.key;
                    let is_shown = self.reveal || self.masker.mask(key).text == *key;
                    let numbered = || numbered(&record.id.source, self.number);
                    let id = if is_shown { record.id.to_string() } else { numbered() };
                    return Ok(Some((id, self.cells(&record))));
                }
            }
        }
    }

    /// The row that is meant by any of the ids under which the program tells of it: its key, its number where
    /// the key is itself personal, or the place of a row that could not be read. With all ids of it.
    pub fn find(mut self, asked: &str) -> anyhow::Result<Option<(Vec<String>, Found)>> {
        let mut number = 0;
        while let Some(item) = self.reader.next()? {
            match item {
                Item::Record(record) => {
                    number += 1;
                    let ids = vec![record.id.to_string(), numbered(&record.id.source, number)];
                    if ids.iter().any(|id| id == asked) {
                        return Ok(Some((ids, Found::Row(self.cells(&record)))));
                    }
                }
                Item::Rejected(mut rejection) if rejection.id == asked => {
                    if !self.reveal {
                        rejection.text = self.masker.mask(&rejection.text).text;
                        if let Some(settler) = &self.settler {
                            settler.text(&rejection.id, &mut rejection.text, &mut BTreeMap::new());
                        }
                    }
                    return Ok(Some((vec![rejection.id.clone()], Found::Unread(rejection))));
                }
                Item::Rejected(_) => {}
            }
        }
        Ok(None)
    }

    fn cells(&self, record: &Record) -> Vec<String> {
        let text = |value: &data::Value| value.to_text().into_owned();
        if self.reveal {
            return record.values.iter().map(text).collect();
        }
        let typed = typed(&self.personal, record);
        let values: Vec<_> = record.values.iter().map(|value| unescaped(text(value))).collect();
        let texts: Vec<_> = values.iter().map(String::as_str).collect();
        let masked = self.masker.mask_fields(&texts, &typed);
        let columns = record.schema.columns.iter().zip(&values).zip(masked);
        columns
            .map(|((column, value), masked)| {
                match self.personal.iter().find(|(name, _)| *name == column.name) {
                    // The whole cell is the value: nothing of it is shown.
                    Some((_, entity)) if !value.trim().is_empty() && !self.masker.config().public => {
                        self.masker.token(*entity).to_owned()
                    }
                    _ => {
                        let mut text = masked.text;
                        if let Some(settler) = &self.settler {
                            settler.text(&record.id.to_string(), &mut text, &mut BTreeMap::new());
                        }
                        text
                    }
                }
            })
            .collect()
    }
}

/// A JSON text with its letters written out: one that is escaped would be hidden from masking, and shown.
fn unescaped(text: String) -> String {
    fn open(value: &mut Value) {
        match value {
            Value::String(text) if text.contains("\\u") => {
                if let Ok(mut inner @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(text) {
                    open(&mut inner);
                    *text = inner.to_string();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(open),
            Value::Object(map) => map.values_mut().for_each(open),
            _ => {}
        }
    }
    if !text.contains("\\u") {
        return text;
    }
    match serde_json::from_str(&text) {
        Ok(mut value @ (Value::Array(_) | Value::Object(_))) => {
            open(&mut value);
            value.to_string()
        }
        _ => text,
    }
}

/// A row of a source.
pub enum Found {
    /// A text a column.
    Row(Vec<String>),
    /// It could not be read.
    Unread(Rejection),
}

/// The id of a row whose key is itself personal: its number in the source, from 1.
fn numbered(source: &str, number: usize) -> String {
    format!("{source}#row:{number}")
}

/// The values of a row's personal columns.
fn typed(personal: &[(String, Entity)], record: &Record) -> Vec<Typed> {
    let columns = personal.iter().filter_map(|(column, entity)| Some((*entity, record.get(column)?)));
    let typed = columns.map(|(entity, value)| Typed { entity, value: value.to_text().into_owned() });
    typed.filter(|typed| !typed.value.trim().is_empty()).collect()
}

/// The values of the personal columns of every row, by the ids that an example may carry.
fn typed_by_id(
    rows: &mut Reader,
    personal: &[(String, Entity)],
) -> anyhow::Result<HashMap<String, Vec<Typed>>> {
    let mut all = HashMap::new();
    let mut number = 0;
    while let Some(item) = if personal.is_empty() { None } else { rows.next()? } {
        let Item::Record(record) = item else { continue };
        number += 1;
        let typed = typed(personal, &record);
        // A key that is itself personal is told as the row's number.
        all.insert(numbered(&record.id.source, number), typed.clone());
        all.insert(record.id.to_string(), typed);
    }
    Ok(all)
}

/// One line of CSV (RFC 4180).
pub fn csv_line(cells: &[String]) -> String {
    let quoted = |cell: &String| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.clone()
        }
    };
    cells.iter().map(quoted).collect::<Vec<_>>().join(",")
}

/// A row as a JSON object.
pub fn object(id: &str, columns: &[String], cells: &[String]) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), id.into());
    map.extend(columns.iter().cloned().zip(cells.iter().map(|cell| Value::from(cell.as_str()))));
    Value::Object(map)
}

/// What became of the rows of a source, or of all, in `prepare`, with what each step changed; found by
/// preparing them again. Sources that come before are prepared as well: duplicates are told across them.
/// Raw text only where `reveal`.
pub fn prepared(
    project: &Project,
    only: Option<&str>,
    reveal: bool,
    take: &mut dyn FnMut(Prepared),
) -> anyhow::Result<()> {
    let prepare = &project.resolved().prepare;
    let secret = secret_bytes(project)?;
    let settler = if reveal { None } else { Settler::of(project)? };
    let mut duplicates = Duplicates::new(prepare.reject.duplicates);
    for (name, source) in &project.resolved().source {
        let folder = project.results()?.output(&Names::rows(source), Names::EXTRACT)?;
        let kit = Kit::new(prepare, source, &secret)?;
        let personal = personal_columns(source, &prepare.mask)?;
        let masker = masker(&prepare.mask, source.public, &secret)?;
        let open = || Reader::open(&folder, name);
        let of_rows = if reveal { HashMap::new() } else { typed_by_id(&mut open()?, &personal)? };
        kit.run(open()?, &mut duplicates, Watch::Raw, &mut |prepared| {
            let mut prepared = prepared.clone();
            if let Prepared::Example(example, changes) = &mut prepared
                && !reveal
            {
                // A name that only its column gives away is hidden here as it is in the example.
                let typed = of_rows.get(&example.id).map_or(&[][..], Vec::as_slice);
                // A place names the keys on its way.
                let mut texts: Vec<&mut String> = (changes.iter_mut())
                    .flat_map(|change| [&mut change.column, &mut change.before, &mut change.after])
                    .collect();
                let raw: Vec<_> = texts.iter().map(|text| text.as_str()).collect();
                let masked = masker.mask_fields(&raw, typed);
                for (text, masked) in texts.iter_mut().zip(masked) {
                    **text = masked.text;
                    if let Some(settler) = &settler {
                        settler.text(&example.id, text, &mut BTreeMap::new());
                    }
                }
            }
            if let (Some(settler), Prepared::Example(example, _)) = (&settler, &mut prepared) {
                settler.example(example, &mut BTreeMap::new());
            }
            if only.is_none_or(|only| only == name) {
                take(prepared);
            }
            Ok(())
        })?;
        if only == Some(name) {
            break;
        }
    }
    Ok(())
}

/// The id of what was prepared.
pub fn id_of(prepared: &Prepared) -> &str {
    match prepared {
        Prepared::Example(example, _) => &example.id,
        Prepared::Rejected(rejection) | Prepared::Failed(rejection) => &rejection.id,
    }
}

/// Changes as lines: the step, the column, before and after.
pub fn change_lines(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        if change.before == change.after {
            // Both sides are masked: what was replaced looks the same on either.
            return format!("{} {}: values replaced", change.step, change.column);
        }
        format!(
            "{} {}:\n  - {}\n  + {}",
            change.step,
            change.column,
            flat(&change.before),
            flat(&change.after)
        )
    };
    changes.iter().map(line).collect()
}

/// A role as files write it.
pub fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

/// What a turn says and calls, on one line.
pub fn turn(message: &Message) -> String {
    let calls = message.tool_calls.iter().map(|call| {
        let arguments = chat::template::python_json(&Value::Object(call.arguments.clone()));
        format!("→ {}({arguments})", call.name)
    });
    let said = std::iter::once(flat(&message.content)).filter(|said| !said.is_empty());
    format!("{}: {}", role(message.role), said.chain(calls).collect::<Vec<_>>().join(" "))
}

/// Text on one line.
pub fn flat(text: &str) -> String {
    text.replace('\r', "").replace('\n', "⏎")
}

/// The split that holds a row with one of the ids, and the row.
pub fn split_of(splits: &Path, ids: &[String]) -> anyhow::Result<Option<(&'static str, Example)>> {
    for split in super::tokenize::SPLITS {
        for example in jsonl::lines::<Example>(&splits.join(format!("{split}.jsonl")))? {
            let example = example?;
            if ids.contains(&example.id) {
                return Ok(Some((split, example)));
            }
        }
    }
    Ok(None)
}

/// Tokens as text, trained runs in ⟦ ⟧.
pub fn marked(encoder: &Encoder, sample: &Sample) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut start = 0;
    while start < sample.ids.len() {
        let trained = sample.trained[start];
        let end =
            (start..sample.ids.len()).find(|&i| sample.trained[i] != trained).unwrap_or(sample.ids.len());
        let run = encoder.tokenizer().decode(&sample.ids[start..end], false)?;
        text += &if trained { format!("⟦{run}⟧") } else { run };
        start = end;
    }
    Ok(text)
}

/// The rows that `prepare` set aside.
pub fn rejected(project: &Project) -> anyhow::Result<Vec<Rejection>> {
    let prepared = project.results()?.output(Names::PREPARE, Names::PREPARED)?;
    jsonl::read(&prepared.join("rejected.jsonl"))
}

/// The rows of which `tokenize` made nothing to train on.
pub fn left_out(project: &Project) -> anyhow::Result<Vec<Rejection>> {
    let results = project.results()?;
    let mut all: Vec<Rejection> = Vec::new();
    for (name, train) in &project.resolved().train {
        for rejection in
            jsonl::read::<Rejection>(&results.output(&Names::shards_of(name, train), Names::LEFT_OUT)?)?
        {
            if !all.contains(&rejection) {
                all.push(rejection);
            }
        }
    }
    Ok(all)
}
