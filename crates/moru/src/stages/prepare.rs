//! `prepare`: rows become masked examples; every row that does not go on has a reason.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use data::Schema;
use data::clean::{Cleaner, Rule, Rules};
use data::ingest::Reader;
use data::output::Outputs;
use data::prepare::{
    Conversations, Format, Layout, OrderedStep, Prepared, Runner, Step, Template, Templates, Watch,
};
use data::privacy::{KnownValues, Masker, Secret};
use data::reject::{Language, Limits};
use data::sources::Source as _;
use data::steps::{Clean, Duplicates, Refuse, SketchQuestion};
use eval::report::MaskedExample;
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};

use super::privacy::{MaskRow, Tally, masker, personal_columns};
use super::settle::Settler;
use super::{Names, privacy};
use crate::console::error::fail;
use crate::machine;
use crate::project::Project;
use crate::recipe::{Prepare, Source};

/// Raised when the same rows would become other examples or other facts.
const VERSION: u32 = 4;

/// What the report wants to know of preparing, beside the files.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Rows by source.
    pub rows: BTreeMap<String, u64>,
    /// What was masked, by kind.
    pub masked: BTreeMap<String, Tally>,
    /// A few places where something was masked, by kind.
    pub places: BTreeMap<String, Vec<MaskedExample>>,
    /// Fields that each cleaning rule changed.
    pub cleaned: BTreeMap<String, u64>,
    /// Characters that each cleaning rule took out.
    #[serde(default)]
    pub cleaned_characters: BTreeMap<String, u64>,
    /// Rows set aside, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Conversations that are no pair of a prompt and a response: they are in `dataset.jsonl` alone.
    #[serde(default)]
    pub unpaired: u64,
    /// Conversations whose last turns were left out, because the assistant does not speak after them.
    #[serde(default)]
    pub unanswered: u64,
}

/// The stage.
pub fn stage(project: &Project) -> anyhow::Result<Stage<'_>> {
    let secret = privacy::secret_bytes(project)?;
    let mut inputs: Vec<_> = (project.resolved().source.values())
        .map(|source| Input::stage(&source.name, &Names::rows(source), Names::EXTRACT))
        .collect();
    let digest = pipeline::Digest::of(&secret);
    inputs.push(Input { name: "(secret)".into(), from: pipeline::From::Builtin(digest) });
    Ok(Stage {
        id: Names::PREPARE.into(),
        version: VERSION,
        inputs,
        outputs: vec![Names::PREPARED.into(), Names::KNOWN.into()],
        run: super::stage_fn(move |stage| run(stage, project, &secret)),
    })
}

/// What is read of a source besides its rows.
const READ: [&str; 2] = ["personal", "public"];

fn run(stage: &mut Context<'_>, project: &Project, secret: &[u8]) -> anyhow::Result<Vec<Counts>> {
    let prepare: Prepare = stage.param("prepare")?;
    for name in project.resolved().source.keys() {
        for key in READ {
            stage.param::<serde_json::Value>(&format!("source.{name}.{key}"))?;
        }
    }
    let folder = stage.output(Names::PREPARED)?;
    std::fs::create_dir(&folder)?;
    let mut outputs = Outputs::create(&folder)?;
    let mut facts = Facts::default();
    let mut known = KnownValues::new(&Secret::new(secret));
    let mut total = data::prepare::Counts::default();
    let mut first_rejected = None;
    // Rows that ingest could not read pass through here to be masked; they were counted there.
    let mut unreadable = BTreeMap::<String, u64>::new();
    let mut duplicates = Duplicates::new(prepare.reject.duplicates);
    for (name, source) in &project.resolved().source {
        let reader = Reader::open(&stage.input(name)?, name)?;
        let rows = reader.extract().rows + reader.extract().rejected.values().sum::<u64>();
        let unread = reader.extract().rejected.clone();
        let kit = Kit::new(&prepare, source, secret)?;
        let mut seen = 0;
        let counts = kit.run(reader, &mut duplicates, Watch::Off, &mut |prepared| {
            seen += 1;
            if seen % 500 == 0 {
                stage.progress(seen, Some(rows), "rows");
                if stage.is_cancelled() {
                    return Err(std::io::Error::other("stopped"));
                }
            }
            match prepared {
                Prepared::Example(example, _) => outputs.example(example),
                Prepared::Rejected(rejection) | Prepared::Failed(rejection) => {
                    first_rejected.get_or_insert_with(|| format!("{}: {}", rejection.id, rejection.detail));
                    outputs.rejected(rejection)
                }
            }
            .map_err(std::io::Error::other)
        });
        if stage.is_cancelled() {
            return Err(pipeline::Error::Cancelled.into());
        }
        let counts = counts?;
        facts.rows.insert(name.clone(), counts.rows_in);
        kit.add_to(&mut facts, &mut known);
        total.merge(&counts);
        for (reason, n) in unread {
            *unreadable.entry(reason).or_default() += n;
        }
    }
    facts.unpaired = outputs.unpaired();
    outputs.finish()?;
    known.save(&stage.output(Names::KNOWN)?)?;
    Settler::new(project, &known, secret)?.files(&folder, &mut facts)?;
    facts.rejected.clone_from(&total.rejected);
    tell(stage, &facts);
    pipeline::platform::write_atomic(&folder.join(Names::FACTS), &serde_json::to_vec_pretty(&facts)?)?;
    if total.rows_out == 0 {
        let reasons: Vec<_> = total.rejected.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        let hint = "loosen [prepare] reject; `moru why SOURCE#KEY` shows what became of one row";
        return Err(fail(
            format!(
                "no row is left: all {} were set aside ({}); the first, {}",
                total.rows_in,
                reasons.join(", "),
                first_rejected.unwrap_or_default()
            ),
            hint,
        ));
    }
    let rejected = total.rejected.into_iter().filter_map(|(reason, n)| {
        let here = n - unreadable.get(&reason).copied().unwrap_or(0).min(n);
        (here > 0).then_some((reason, here))
    });
    Ok(vec![Counts {
        unit: "rows".into(),
        input: total.rows_in - unreadable.values().sum::<u64>(),
        output: total.rows_out,
        rejected: rejected.collect(),
        failed: total.failed.values().sum(),
    }])
}

/// Everything that a row of one source goes through.
pub struct Kit {
    prepare: Prepare,
    source: Source,
    clean: Clean,
    masker: Masker,
    refuse: Refuse,
    noticed: std::sync::Mutex<Noticed>,
}

/// What masking noticed: counts and places by kind, and the values as fingerprints.
struct Noticed {
    tally: BTreeMap<String, Tally>,
    places: BTreeMap<String, Vec<MaskedExample>>,
    known: KnownValues,
    /// Conversations whose last turns nobody answered.
    unanswered: u64,
}

impl Kit {
    /// Makes the steps of the recipe.
    pub fn new(prepare: &Prepare, source: &Source, secret: &[u8]) -> anyhow::Result<Self> {
        let rules: Rules = prepare.strip.iter().filter_map(|name| Rule::from_name(name)).collect();
        Ok(Self {
            prepare: prepare.clone(),
            source: source.clone(),
            clean: Clean::new(Cleaner::new(rules, &prepare.strip_patterns)?),
            masker: masker(&prepare.mask, source.public, secret)?,
            refuse: Refuse { limits: limits(prepare)? },
            noticed: std::sync::Mutex::new(Noticed {
                tally: BTreeMap::new(),
                places: BTreeMap::new(),
                known: KnownValues::new(&Secret::new(secret)),
                unanswered: 0,
            }),
        })
    }

    /// Refuses columns of `meta` whose names are personal themselves: the name goes into every example.
    pub fn check_meta(&self) -> anyhow::Result<()> {
        for column in &self.prepare.meta {
            let masked = self.masker.mask(column).text;
            if masked != *column {
                return Err(fail(
                    format!(
                        "[prepare] meta carries the column `{masked}` along, whose name is itself personal"
                    ),
                    format!(
                        "name it otherwise, with [source.{}] columns = {{ ours = \"theirs\" }}, or take it out of meta",
                        self.source.name
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Takes the rows of an extract to their end.
    pub fn run(
        &self,
        mut rows: Reader,
        duplicates: &mut Duplicates,
        watch: Watch,
        sink: &mut dyn FnMut(&Prepared) -> std::io::Result<()>,
    ) -> anyhow::Result<data::prepare::Counts> {
        let layout = layout(&self.prepare, rows.schema())?;
        check_personal(&self.source, rows.schema())?;
        self.check_meta()?;
        let mask = MaskRow::new(&self.masker, personal_columns(&self.source, &self.prepare.mask)?);
        let mut row_steps: Vec<&dyn Step> = vec![&self.refuse];
        let mut ordered_steps: Vec<&mut dyn OrderedStep> = Vec::new();
        if self.prepare.reject.duplicates > 0.0 {
            row_steps.push(&SketchQuestion);
            ordered_steps.push(duplicates);
        }
        let redact = |text: &str| self.masker.mask(text).text;
        let mut runner = Runner {
            field_steps: vec![&self.clean, &mask],
            row_steps,
            ordered_steps,
            redact: &redact,
            threads: machine::threads(),
            watch,
        };
        let counts = runner.run(&mut rows, &layout, sink)?;
        drop(runner);
        if let Ok(mut noticed) = self.noticed.lock() {
            let tally = mask.tally();
            let (known, places) = mask.into_known();
            *noticed = Noticed { tally, places, known, unanswered: layout.unanswered() };
        }
        Ok(counts)
    }

    /// Adds what was noticed to the facts and to the known values.
    fn add_to(self, facts: &mut Facts, known: &mut KnownValues) {
        for (rule, n) in self.clean.changed() {
            *facts.cleaned.entry(rule.to_owned()).or_default() += n;
        }
        for (rule, n) in self.clean.removed_characters() {
            *facts.cleaned_characters.entry(rule.to_owned()).or_default() += n;
        }
        let Ok(noticed) = self.noticed.into_inner() else { return };
        known.merge(noticed.known);
        facts.unanswered += noticed.unanswered;
        for (kind, places) in noticed.places {
            let entry = facts.places.entry(kind).or_default();
            entry.extend(places);
            entry.truncate(super::places::MOST);
        }
        for (kind, tally) in noticed.tally {
            let entry = facts.masked.entry(kind).or_default();
            entry.masked += tally.masked;
            entry.rows += tally.rows;
            entry.kept += tally.kept;
        }
    }
}

fn conversations(n: u64) -> String {
    if n == 1 { "1 conversation".to_owned() } else { format!("{n} conversations") }
}

/// Says what became of conversations that do not fit every file.
fn tell(stage: &mut Context<'_>, facts: &Facts) {
    if facts.unpaired > 0 {
        stage.note(&format!(
            "{} with several turns or calls: in dataset.jsonl, and not among the pairs of qna_prompt_response",
            conversations(facts.unpaired)
        ));
    }
    if facts.unanswered > 0 {
        stage.note(&format!(
            "{} with turns after the assistant's last one: what nobody answers was left out",
            conversations(facts.unanswered)
        ));
    }
}

/// Which columns of one source go where: into the templates, or into a conversation.
pub fn layout(prepare: &Prepare, schema: &Arc<Schema>) -> anyhow::Result<Layout> {
    let templates = templates(prepare)?;
    Ok(match Format::from_name(&prepare.format) {
        None => templates.layout(schema)?,
        Some(format) => {
            Conversations { format, system: templates.system, meta: templates.meta }.layout(schema)?
        }
    })
}

/// The templates of the recipe.
pub fn templates(prepare: &Prepare) -> anyhow::Result<Templates> {
    let mut templates = Templates::new(&prepare.prompt, &prepare.response)?;
    if !prepare.system.is_empty() {
        templates.system = Some(Template::parse(&prepare.system)?);
    }
    templates.meta.clone_from(&prepare.meta);
    Ok(templates)
}

/// Refuses personal columns that the source does not have: their values would go unmasked in silence.
pub fn check_personal(source: &Source, schema: &Schema) -> anyhow::Result<()> {
    let columns: Vec<String> = schema.columns.iter().map(|c| c.name.clone()).collect();
    if let Some(column) = source.personal.keys().find(|column| !columns.contains(column)) {
        let hint = match crate::recipe::closest(column, &columns) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its columns: {}", data::sources::names::listed(&columns, "")),
        };
        return Err(fail(
            format!(
                "[source.{}] personal names the column `{column}`, which the source does not have",
                source.name
            ),
            hint,
        ));
    }
    Ok(())
}

fn limits(prepare: &Prepare) -> anyhow::Result<Limits> {
    let reject = &prepare.reject;
    let language = |code: &String| {
        Language::from_code(code).ok_or_else(|| {
            fail(
                format!("`prepare.reject.languages` has {code:?}, which is not known"),
                "known: \"ko\", \"en\"",
            )
        })
    };
    Ok(Limits {
        short_chars: reject.short_chars,
        long_chars: reject.long_chars,
        advertisements: reject.advertisements,
        not_a_question: reject.not_a_question,
        deferred_answers: reject.deferred_answers,
        languages: reject.languages.iter().map(language).collect::<anyhow::Result<_>>()?,
    })
}

/// The facts of a prepared folder.
pub fn facts(folder: &Path) -> anyhow::Result<Facts> {
    Ok(serde_json::from_slice(&std::fs::read(folder.join(Names::FACTS))?)?)
}
