//! `tokenize:NAME` of a classifier: a text's tokens, and behind them the number of its label, which alone is trained.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use chat::{Example, Sample, SampleView, ShardWriter, Tokenizer};
use data::Rejection;
use pipeline::{Context, Counts, Input, Stage};

use super::labelled::{Labelled, Labels, listed};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::Tokenize;
use crate::stages::tokenize::{Facts, SPLITS, SplitFacts, max_len};
use crate::stages::{Names, gguf, jsonl, splits_stage, stage_fn};

/// Raised when the same examples would become other tokens.
const VERSION: u32 = 1;

/// A row that is left out has more tokens than a sample may have.
const OVER_LONG: &str = "over_long";

/// A row that is left out says nothing.
const NO_TEXT: &str = "question_missing";

/// The stage of one training.
pub fn stage<'a>(project: &Project, name: &'a str, model: Input<'static>) -> Stage<'a> {
    Stage {
        id: Names::tokenize_of(name),
        version: VERSION,
        inputs: vec![Input::stage(Names::SPLITS, splits_stage(project), Names::SPLITS), model],
        outputs: vec![Names::SHARDS.into(), Names::LEFT_OUT.into()],
        run: stage_fn(move |stage| run(stage, name)),
    }
}

fn run(stage: &mut Context<'_>, name: &str) -> anyhow::Result<Vec<Counts>> {
    let tokenize: Tokenize = stage.param("tokenize")?;
    // Nothing else of the training changes a token.
    let label = stage.param::<Option<String>>(&format!("train.{name}.label"))?.unwrap_or_default();
    let given = stage.param::<Option<Vec<String>>>(&format!("train.{name}.labels"))?.unwrap_or_default();
    let model = stage.input(Names::MODEL)?;
    let splits = stage.input(Names::SPLITS)?;
    let mut rows = BTreeMap::new();
    for split in SPLITS {
        let of_split = jsonl::lines::<Example>(&splits.join(format!("{split}.jsonl")))?
            .map(|example| Labelled::of(&example?, &label))
            .collect::<anyhow::Result<Vec<_>>>()?;
        rows.insert(split, of_split);
    }
    let labels = Labels::settle(&rows, &given)?;
    tell(stage, &labels, &rows["train"]);
    let folder = stage.output(Names::SHARDS)?;
    std::fs::create_dir(&folder)?;
    labels.write(&folder)?;
    let mut maker = Maker {
        tokenizer: gguf::text_files(&model)?.tokenizer,
        max_len: max_len(&model, &tokenize)?,
        over_long: tokenize.over_long,
        labels,
        left_out: jsonl::Writer::create(&stage.output(Names::LEFT_OUT)?)?,
        counts: Counts { unit: "examples".into(), ..Counts::default() },
    };
    let mut facts = Facts::new();
    for (split, rows) in &rows {
        facts.insert((*split).into(), maker.write(stage, split, rows, &folder)?);
    }
    maker.left_out.finish()?;
    pipeline::platform::write_atomic(&folder.join(Names::FACTS), &serde_json::to_vec(&facts)?)?;
    if facts["train"].samples == 0 {
        return Err(fail(
            format!("all {} texts to train on were left out", facts["train"].rows),
            "raise [tokenize] max_len_tokens, or let over_long = \"keep_answer\" shorten them",
        ));
    }
    Ok(vec![maker.counts])
}

/// Makes samples of rows.
struct Maker {
    tokenizer: Tokenizer,
    labels: Labels,
    max_len: usize,
    /// What is done with texts that are too long.
    over_long: String,
    left_out: jsonl::Writer,
    counts: Counts,
}

impl Maker {
    /// Writes the shard of a split.
    fn write(
        &mut self,
        stage: &mut Context<'_>,
        split: &str,
        rows: &[Labelled],
        folder: &Path,
    ) -> anyhow::Result<SplitFacts> {
        let mut writer = ShardWriter::new(&folder.join(format!("{split}.shard")), &self.tokenizer);
        let mut seen = SplitFacts { rows: rows.len() as u64, ..SplitFacts::default() };
        for row in rows {
            self.counts.input += 1;
            match self.sample(row, &mut seen)? {
                Ok(sample) => {
                    self.counts.output += 1;
                    writer.push(sample.view())?;
                    seen.add(&sample);
                }
                Err(rejection) => {
                    for by_reason in [&mut self.counts.rejected, &mut seen.left_out] {
                        *by_reason.entry(rejection.reason.clone()).or_default() += 1;
                    }
                    self.left_out.push(&rejection)?;
                }
            }
            if self.counts.input.is_multiple_of(100) {
                stage.progress(self.counts.input, None, "examples");
                if stage.is_cancelled() {
                    return Err(pipeline::Error::Cancelled.into());
                }
            }
        }
        writer.finish()?;
        if seen.fit.shortened > 0 {
            let (n, max_len) = (seen.fit.shortened, self.max_len);
            stage.note(&format!(
                "{split}: {n} texts were shortened at their end, to stay within {max_len} tokens"
            ));
        }
        Ok(seen)
    }

    /// A row as training sees it, or why it is left out.
    fn sample(&self, row: &Labelled, seen: &mut SplitFacts) -> anyhow::Result<Result<Sample, Rejection>> {
        let left_out = |reason: &str, detail: String| {
            let (id, text) = (row.row.clone(), row.text.clone());
            Ok(Err(Rejection { id, reason: reason.to_owned(), detail, text }))
        };
        let mut ids = self.tokenizer.encode_whole(&row.text)?;
        if row.text.is_empty() || ids.is_empty() {
            return left_out(NO_TEXT, "the text is empty".to_owned());
        }
        // The label's number takes a place of its own.
        let most = self.max_len.saturating_sub(1).max(1);
        if ids.len() > most {
            let detail = format!("{} tokens; at most {most}", ids.len());
            match self.over_long.as_str() {
                "drop" => return left_out(OVER_LONG, detail),
                "error" => {
                    return Err(fail(
                        format!("{} has {detail}", row.row),
                        "raise [tokenize] max_len_tokens, or let over_long shorten such texts",
                    ));
                }
                _ => ids.truncate(most),
            }
            seen.fit.shortened += 1;
        }
        let number = self.labels.number(&row.label).unwrap_or_default() as u32;
        let trained = (0..=ids.len()).map(|at| at == ids.len()).collect();
        ids.push(number);
        Ok(Ok(Sample { row: row.row.clone(), part: 0, ids, trained }))
    }
}

/// The texts of a shard's rows: token ids, and the number of the label.
pub fn text_of<'a>(sample: &SampleView<'a>) -> (&'a [u32], u32) {
    let (label, text) = sample.ids.split_last().map_or((0, sample.ids), |(label, text)| (*label, text));
    (text, label)
}

/// Says what of the labels is worth knowing.
fn tell(stage: &mut Context<'_>, labels: &Labels, train: &[Labelled]) {
    stage.note(&format!("{} labels: {}", labels.names.len(), listed(&labels.names)));
    let rare: Vec<_> = labels.rare().iter().map(|(label, rows)| format!("`{label}` {rows}")).collect();
    if !rare.is_empty() {
        stage.note(&format!("labels with too few rows to train on to be learned well: {}", rare.join(", ")));
    }
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut contradictions = 0;
    for row in train {
        contradictions += usize::from(*seen.entry(&row.text).or_insert(&row.label) != row.label);
    }
    if contradictions > 0 {
        stage.note(&format!(
            "{contradictions} rows to train on have a text that another row labels otherwise: no model can get both right"
        ));
    }
    let tells = train.iter().filter(|row| row.text.contains(&row.label)).count();
    if tells * 10 > train.len() * 9 {
        stage.note(&format!(
            "{tells} of {} texts to train on have their label in them: is it meant to be there when a text is labelled later?",
            train.len()
        ));
    }
}
