//! `out/`: copies for people, swept before each gets its place.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use eval::report::{LeakCheck, Leaks};
use serde_json::Value;
use synth::shop::Planted;

use super::{Names, shop};
use crate::console::error::fail;
use crate::project::Project;

/// Copies what stages wrote into `out/`, and counts what should not be there. Returns the names of the
/// files that were written, and what was looked for in them. Files that are there already, unchanged,
/// are left.
pub fn write(project: &Project, results: &pipeline::Project) -> anyhow::Result<(Vec<String>, Option<Leaks>)> {
    let out = project.folder.join("out");
    let known = Known::of(project)?;
    let mut checks = Vec::new();
    let mut wrote = Vec::new();
    let mut copied = Copied::read(results);
    for (stage, output, from, to) in wanted(project) {
        let Ok(artifact) = results.artifact(&stage, output) else { continue };
        let digest = artifact.digest.to_string();
        let source = results.output(&stage, output)?.join(from);
        let place = out.join(&to);
        let check = known.search(&to, &source)?;
        let clean = check.as_ref().is_none_or(|check| check.found == 0);
        checks.extend(check.clone());
        if !clean {
            return Err(leak(&check.unwrap_or_default()));
        }
        if copied.is_there(&to, &digest, &place) {
            continue;
        }
        pipeline::export::<pipeline::Error>(&source, &place, &mut |_| Ok(()))?;
        copied.note(to.clone(), digest, &place);
        wrote.push(format!("out/{to}"));
    }
    copied.write(results)?;
    let leaks = known.leaks(checks);
    Ok((wrote, leaks))
}

/// Whether every file for people lies there as it was written.
pub fn are_there(project: &Project, results: &pipeline::Project) -> bool {
    let (out, copied) = (project.folder.join("out"), Copied::read(results));
    wanted(project).into_iter().all(|(stage, output, _, to)| {
        let place = out.join(&to);
        results.artifact(&stage, output).map_or(true, |a| copied.is_there(&to, &a.digest.to_string(), &place))
    })
}

/// Looks for known values in a text; one that has any is refused.
pub fn check(project: &Project, name: &str, text: &str) -> anyhow::Result<Option<LeakCheck>> {
    let check = Known::of(project)?.search_text(name, text);
    match check {
        Some(check) if check.found > 0 => Err(leak(&check)),
        other => Ok(other),
    }
}

/// Writes one text file for people.
pub fn write_text(project: &Project, name: &str, text: &str) -> anyhow::Result<()> {
    let out = project.folder.join("out");
    std::fs::create_dir_all(&out)?;
    Ok(pipeline::platform::write_atomic(&out.join(name), text.as_bytes())?)
}

fn leak(check: &LeakCheck) -> anyhow::Error {
    fail(
        format!("{} known personal values stand in {}; it was not written", check.found, check.what),
        "this is a fault of the masking: please report the kind of value, not the value; \
         [source.NAME] personal and [prepare] mask.patterns can cover it meanwhile",
    )
}

/// (stage, output, path inside it, name in `out/`).
fn wanted(project: &Project) -> Vec<(String, &'static str, &'static str, String)> {
    let prepared = |name: &'static str| (Names::PREPARE.to_owned(), Names::PREPARED, name, name.to_owned());
    let mut wanted = vec![
        prepared("dataset.jsonl"),
        prepared("qna_prompt_response.csv"),
        prepared("qna_prompt_response.jsonl"),
        prepared("rejected.jsonl"),
    ];
    for (name, train) in &project.resolved().train {
        let kind = if train.method == "full" { "model" } else { "adapter" };
        let folder = if name == "main" { kind.to_owned() } else { format!("{kind}-{name}") };
        wanted.push((Names::train(name), Names::TUNED, "", folder));
        wanted.push((Names::answer(Some(name)), Names::ANSWERS, "", format!("samples/{name}.jsonl")));
    }
    wanted.push((Names::answer(None), Names::ANSWERS, "", "samples/base.jsonl".to_owned()));
    wanted
}

/// Which results lie in `out/` already.
struct Copied(HashMap<String, (String, pipeline::platform::Stamp)>);

impl Copied {
    fn file(results: &pipeline::Project) -> PathBuf {
        results.private().join("out.json")
    }

    fn read(results: &pipeline::Project) -> Self {
        let bytes = std::fs::read(Self::file(results)).unwrap_or_default();
        Self(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn is_there(&self, name: &str, digest: &str, place: &Path) -> bool {
        // A file that was edited by hand has another stamp, and is written again.
        stamp(place).is_some_and(|now| self.0.get(name) == Some(&(digest.to_owned(), now)))
    }

    fn note(&mut self, name: String, digest: String, place: &Path) {
        if let Some(stamp) = stamp(place) {
            self.0.insert(name, (digest, stamp));
        }
    }

    fn write(&self, results: &pipeline::Project) -> anyhow::Result<()> {
        Ok(pipeline::platform::write_atomic(&Self::file(results), &serde_json::to_vec(&self.0)?)?)
    }
}

fn stamp(place: &Path) -> Option<pipeline::platform::Stamp> {
    std::fs::metadata(place).ok().map(|meta| pipeline::platform::Stamp::of(&meta))
}

/// Personal values that are known to be in the sources, where the truth about them is at hand.
struct Known {
    /// Values that may stand nowhere: six characters or more, and no names.
    anywhere: Option<AhoCorasick>,
    /// Shorter values and names, by the row that carries them.
    of_row: HashMap<i64, Vec<String>>,
    values: u64,
}

impl Known {
    fn of(project: &Project) -> anyhow::Result<Self> {
        let planted = shop::planted(&project.folder)?.unwrap_or_default();
        let mut anywhere = Vec::new();
        let mut of_row: HashMap<i64, Vec<String>> = HashMap::new();
        for planted in &planted {
            for needle in planted.needles() {
                if planted.entity != "person" && needle.chars().count() >= 6 {
                    anywhere.push(needle);
                } else if is_of_inquiry(planted) {
                    of_row.entry(planted.row).or_default().push(needle);
                }
            }
        }
        anywhere.sort_unstable();
        anywhere.dedup();
        let anywhere = (!anywhere.is_empty()).then(|| AhoCorasick::new(&anywhere)).transpose()?;
        Ok(Self { anywhere, of_row, values: planted.len() as u64 })
    }

    fn leaks(&self, checks: Vec<LeakCheck>) -> Option<Leaks> {
        self.anywhere.as_ref()?;
        Some(Leaks { known_values: self.values, checks, exempt: Vec::new() })
    }

    /// Counts known values in a file; folders are searched file by file, numbers in them are no text.
    fn search(&self, what: &str, path: &Path) -> anyhow::Result<Option<LeakCheck>> {
        if path.is_dir() {
            let mut all = LeakCheck { what: what.to_owned(), ..LeakCheck::default() };
            for entry in std::fs::read_dir(path)? {
                let path = entry?.path();
                if path.extension().is_some_and(|e| e == "json" || e == "md" || e == "jsonl")
                    && let Some(check) = self.search(what, &path)?
                {
                    all.texts += check.texts;
                    all.found += check.found;
                }
            }
            return Ok(self.anywhere.as_ref().map(|_| all));
        }
        if self.anywhere.is_none() {
            return Ok(None);
        }
        Ok(self.search_text(what, &String::from_utf8_lossy(&std::fs::read(path)?)))
    }

    fn search_text(&self, what: &str, text: &str) -> Option<LeakCheck> {
        let anywhere = self.anywhere.as_ref()?;
        let mut check = LeakCheck { what: what.to_owned(), ..LeakCheck::default() };
        for line in text.lines() {
            let Ok(value) = serde_json::from_str::<Value>(line) else {
                check.texts += 1;
                check.found += anywhere.find_iter(line).count() as u64;
                continue;
            };
            let row = value.get("id").and_then(Value::as_str).and_then(row_key);
            let of_row = row.and_then(|row| self.of_row.get(&row)).map_or(&[][..], Vec::as_slice);
            // Escapes of JSON would hide a value with a line break in it: texts are searched, not lines.
            each_text(&value, &mut |text| {
                check.texts += 1;
                check.found += anywhere.find_iter(text).count() as u64;
                check.found += of_row.iter().filter(|value| text.contains(value.as_str())).count() as u64;
            });
        }
        Some(check)
    }
}

/// Whether the row of the planted value is the inquiry's, whose key the examples carry.
fn is_of_inquiry(planted: &Planted) -> bool {
    planted.table == "inquiries"
}

fn row_key(id: &str) -> Option<i64> {
    id.rsplit_once('#')?.1.parse().ok()
}

fn each_text(value: &Value, f: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => f(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, f)),
        Value::Object(map) => map.values().for_each(|item| each_text(item, f)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
