//! `evaluate:NAME` of a classifier: its labels of the test split against the true ones, beside the commonest label
//! and the label of the most similar training text.

use std::collections::HashMap;
use std::path::Path;

use chat::{Example, SampleView, Shard};
use eval::classification::{Confusion, calibration_error, greatest};
use eval::compare::{Answers, Comparison, TestRow};
use eval::report::{Classification, System, SystemRole};
use eval::scorers::{Scorer, accuracy::Accuracy, macro_f1::MacroF1};
use eval::statistics::Resampling;
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};

use super::classifier::Classifier;
use super::labelled::{Labelled, Labels};
use super::tokenize::text_of;
use crate::stages::{Names, jsonl, stage_fn};

/// Raised when the same model would be scored otherwise.
const VERSION: u32 = 1;

/// A row of the test split with what the classifier takes it for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prediction {
    /// `source#key`.
    pub id: String,
    /// The text.
    pub text: String,
    /// The true label.
    pub label: String,
    /// The label of the greatest probability.
    pub predicted: String,
    /// That probability.
    pub confidence: f64,
    /// The probability of each label.
    pub probabilities: serde_json::Map<String, serde_json::Value>,
}

/// The stage of one training.
pub fn stage<'a>(name: &'a str, model: Input<'static>) -> Stage<'a> {
    Stage {
        id: Names::evaluate(name),
        version: VERSION,
        inputs: vec![
            Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS),
            Input::stage(Names::SHARDS, &Names::tokenize_of(name), Names::SHARDS),
            model,
            Input::stage(Names::TUNED, &Names::train(name), Names::TUNED),
        ],
        outputs: vec![Names::SCORES.into(), Names::CLASSES.into(), Names::PREDICTIONS.into()],
        run: stage_fn(move |stage| run(stage, name)),
    }
}

fn run(stage: &mut Context<'_>, name: &str) -> anyhow::Result<Vec<Counts>> {
    let (seed, samples): (u64, usize) = (stage.param("project.seed")?, stage.param("report.examples")?);
    let column = stage.param::<Option<String>>(&format!("train.{name}.label"))?.unwrap_or_default();
    let (splits, shards) = (stage.input(Names::SPLITS)?, stage.input(Names::SHARDS)?);
    let labels = Labels::read(&shards)?;
    let shard = Shard::open(&shards.join("test.shard"))?;
    let rows: Vec<SampleView<'_>> = shard.iter().collect();
    let found = probabilities(stage, &rows)?;
    let texts = texts(&splits, &column)?;
    let predictions: Vec<_> = (rows.iter().zip(&found))
        .map(|(row, probabilities)| prediction(row, probabilities, &labels, &texts))
        .collect();
    let mut writer = jsonl::Writer::create(&stage.output(Names::PREDICTIONS)?)?;
    predictions.iter().try_for_each(|prediction| writer.push(prediction))?;
    writer.finish()?;
    let evaluation = compare(name, &predictions, &labels, &splits, &column, seed, samples)?;
    let classes = classes(name, &rows, &found, &labels);
    stage.note(&format!(
        "accuracy {:.1} % (the commonest label: {:.1} %), macro-F1 {:.3}, of {} rows",
        100.0 * classes.accuracy,
        100.0 * classes.majority_accuracy,
        classes.macro_f1,
        classes.rows
    ));
    let write = |output: &str, bytes: Vec<u8>| -> anyhow::Result<()> {
        Ok(pipeline::platform::write_atomic(&stage.output(output)?, &bytes)?)
    };
    write(Names::SCORES, serde_json::to_vec_pretty(&[evaluation])?)?;
    write(Names::CLASSES, serde_json::to_vec_pretty(&classes)?)?;
    Ok(vec![Counts::all("texts", rows.len() as u64)])
}

fn probabilities(stage: &mut Context<'_>, rows: &[SampleView<'_>]) -> anyhow::Result<Vec<Vec<f64>>> {
    let classifier = Classifier::open(&stage.input(Names::MODEL)?, &stage.input(Names::TUNED)?)?;
    let texts: Vec<&[u32]> = rows.iter().map(|row| text_of(row).0).collect();
    let found = classifier.probabilities(&texts, &mut |done| {
        stage.progress(done as u64, Some(rows.len() as u64), "texts");
        !stage.is_cancelled()
    })?;
    if found.len() < rows.len() { Err(pipeline::Error::Cancelled.into()) } else { Ok(found) }
}

/// The texts of the test split by their rows.
fn texts(splits: &Path, column: &str) -> anyhow::Result<HashMap<String, String>> {
    let text = |example: anyhow::Result<Example>| {
        Labelled::of(&example?, column).map(|labelled| (labelled.row, labelled.text))
    };
    jsonl::lines::<Example>(&splits.join("test.jsonl"))?.map(text).collect()
}

fn prediction(
    row: &SampleView<'_>,
    probabilities: &[f64],
    labels: &Labels,
    texts: &HashMap<String, String>,
) -> Prediction {
    let predicted = greatest(probabilities);
    Prediction {
        id: row.row.to_owned(),
        text: texts.get(row.row).cloned().unwrap_or_default(),
        label: labels.names[text_of(row).1 as usize].clone(),
        predicted: labels.names[predicted].clone(),
        confidence: probabilities[predicted],
        probabilities: labels.names.iter().cloned().zip(probabilities.iter().map(|&p| p.into())).collect(),
    }
}

/// Accuracy and macro-F1 with their intervals, tested against the baselines.
fn compare(
    name: &str,
    predictions: &[Prediction],
    labels: &Labels,
    splits: &Path,
    column: &str,
    seed: u64,
    samples: usize,
) -> anyhow::Result<eval::report::Evaluation> {
    let row = |prediction: &Prediction| TestRow {
        id: prediction.id.clone(),
        question: prediction.text.clone(),
        references: vec![prediction.label.clone()],
        facts: Vec::new(),
        category: Some(prediction.label.clone()),
    };
    let rows: Vec<_> = predictions.iter().map(row).collect();
    let training = jsonl::lines::<Example>(&splits.join("train.jsonl"))?
        .map(|example| Labelled::of(&example?, column).map(|labelled| (labelled.text, labelled.label)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let system = System { id: "tuned".to_owned(), role: SystemRole::Tuned, cut_off: 0, failed: 0 };
    let said = predictions.iter().map(|prediction| prediction.predicted.clone()).collect();
    let mut systems = vec![Answers { system, texts: said }];
    systems.extend(Answers::of_baselines(&training, &rows));
    let scorers: [Box<dyn Scorer>; 2] = [Box::new(Accuracy), Box::new(MacroF1::new(&labels.names))];
    let comparison = Comparison {
        name,
        rows: &rows,
        systems: &systems,
        scorers: &scorers,
        leading: "",
        resampling: Resampling { seed, ..Resampling::default() },
        samples,
        generation: "the label of the greatest probability",
    };
    Ok(comparison.evaluate()?)
}

/// What was found and what it was taken for.
fn classes(name: &str, rows: &[SampleView<'_>], found: &[Vec<f64>], labels: &Labels) -> Classification {
    let mut confusion = Confusion::new(&labels.names);
    let commonest = labels.commonest();
    let (mut loss, mut majority, mut believed) = (0.0, 0u64, Vec::with_capacity(rows.len()));
    for (row, probabilities) in rows.iter().zip(found) {
        let (truth, predicted) = (text_of(row).1 as usize, greatest(probabilities));
        confusion.add(truth, predicted);
        // As scikit-learn: a probability of nil costs much, not everything.
        loss -= probabilities[truth].max(f64::EPSILON).ln();
        majority += u64::from(truth == commonest);
        believed.push((probabilities[predicted], truth == predicted));
    }
    let n = rows.len().max(1) as f64;
    Classification {
        name: name.to_owned(),
        rows: rows.len() as u64,
        accuracy: confusion.accuracy(),
        macro_f1: confusion.macro_f1(),
        weighted_f1: confusion.weighted_f1(),
        log_loss: loss / n,
        calibration_error: calibration_error(&believed),
        majority_accuracy: majority as f64 / n,
        majority_label: labels.names[commonest].clone(),
        classes: confusion.by_class(),
        confusion: confusion.counts().to_vec(),
    }
}

/// What an evaluation found, label by label.
pub fn read(path: &Path) -> anyhow::Result<Classification> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}
