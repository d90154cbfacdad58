//! The report: everything that stages found out, gathered for a person and for a program.

use std::collections::BTreeMap;

use anyhow::Context;
use chat::Example;
use data::Rejection;
use eval::report::{
    BatchTokens, Category, Count, Data, FORMAT, Histogram, Language, Leaks, MaskedEntity, Provenance,
    RejectedExample, RejectedReason, Report, Source, SplitTokens, Stage, StepPoint, Stripped, TokenCounts,
    Training, ValidPoint, Warning,
};
use serde_json::Value;

use super::classify::labelled::Labels;
use super::costs::Costs;
use super::{Names, base, costs, evaluate, jsonl, parse, prepare, questions, tokenize};
use crate::machine::{self, Machine};
use crate::project::Project;
use crate::recipe::Train;
use crate::top::log::{Memory, Place, Reader, places};

/// Bars of a histogram.
const BINS: usize = 24;

/// Rejected rows shown a reason.
const EXAMPLES: usize = 3;

/// Gathers the report of what the lock names. Parts whose stage has not run are empty.
pub fn gather(
    project: &Project,
    results: &pipeline::Project,
    leaks: Option<Leaks>,
) -> anyhow::Result<Report> {
    let costs = costs::read(results);
    let resolved = project.resolved();
    let digest = |stage: &str, output| results.artifact(stage, output).ok().map(|a| a.digest.to_string());
    let recipe = serde_json::to_vec(&project.recipe.params())?;
    Ok(Report {
        format: FORMAT,
        project: if resolved.report.title.is_empty() {
            resolved.project.name.clone()
        } else {
            resolved.report.title.clone()
        },
        language: language(project),
        provenance: Provenance {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            recipe_sha256: pipeline::Digest::of(&recipe).to_string(),
            dataset_sha256: digest(Names::SPLIT, Names::SPLITS),
            seed: resolved.project.seed,
            base_model: resolved.model.bases(),
            finished: finished(&costs),
            machine: machine_words(),
            threads: machine::cores(),
        },
        stages: stages(project, results, &costs)?,
        data: data(project, results)?,
        training: training(project, results, &costs)?,
        pretraining: pretraining(project, results)?,
        evaluation: evaluations(project, results)?,
        judging: judgings(project, results)?,
        classification: classifications(project, results)?,
        artifacts: super::export::read(project, results)?,
        compared: super::compared::read(project, results)?,
        leaks,
        warnings: warnings(project, results)?,
    })
}

/// When the last stage that ran came to its end.
fn finished(costs: &Costs) -> Option<String> {
    let last = costs.values().map(|cost| cost.ended_unix).max().filter(|ended| *ended > 0)?;
    Some(crate::console::format::utc(last))
}

/// The language of the page.
pub fn language(project: &Project) -> Language {
    language_of(&project.resolved().report.language)
}

/// The language of a page, by what a recipe says.
pub fn language_of(said: &str) -> Language {
    if said == "en" { Language::English } else { Language::Korean }
}

fn machine_words() -> String {
    let machine = Machine::here();
    let memory =
        machine.memory_bytes.map_or(String::new(), |b| format!(", {}", crate::console::format::bytes(b)));
    format!("{}, {} cores{memory}", machine.processor.unwrap_or(machine.system), machine.cores)
}

fn warnings(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<Warning>> {
    let korean = language(project) == Language::Korean;
    let pick = |ko: &str, en: &str| if korean { ko.to_owned() } else { en.to_owned() };
    let mut warnings = Vec::new();
    if project.resolved().model.all().any(|(_, model)| model.base == base::TOY) {
        warnings.push(Warning {
            what: pick(
                "기반 모델이 학습되지 않은 builtin:toy입니다.",
                "The base model is builtin:toy, which is untrained.",
            ),
            why: pick(
                "모든 단계가 도는지만 보여 주며, 답변의 품질은 의미가 없습니다.",
                "It shows that everything runs; the quality of its answers means nothing.",
            ),
            next: pick("[model] base에 실제 모델을 지정하세요.", "Name a real model in [model] base."),
        });
    }
    if let Ok(prepared) = results.output(Names::PREPARE, Names::PREPARED) {
        warnings.extend(conversation_warnings(&prepare::facts(&prepared)?, pick));
    }
    warnings.extend(super::editions::told::warnings(project, results, pick)?);
    for (name, train) in project.resolved().train.iter().filter(|(_, train)| train.is_classifier()) {
        if let Ok(shards) = results.output(&Names::shards_of(name, train), Names::SHARDS) {
            warnings.extend(label_warning(&Labels::read(&shards)?, pick));
        }
    }
    Ok(warnings)
}

/// What conversations lost on their way into files. `pick` takes the Korean or the English words.
fn conversation_warnings(facts: &prepare::Facts, pick: impl Fn(&str, &str) -> String) -> Vec<Warning> {
    let prepare::Facts { unpaired, unanswered, .. } = *facts;
    let mut warnings = Vec::new();
    if unpaired > 0 {
        warnings.push(Warning {
            what: pick(
                &format!("대화 {unpaired}개는 qna_prompt_response 파일에 없습니다."),
                &format!("{unpaired} conversations are not in the files qna_prompt_response."),
            ),
            why: pick(
                "여러 턴이거나 도구를 호출해서 질문과 답변 한 쌍으로 쓸 수 없습니다. 학습에는 쓰입니다.",
                "They have several turns or call tools, which a pair of prompt and response cannot hold. They are trained on.",
            ),
            next: pick("dataset.jsonl에서 보세요.", "Find them in dataset.jsonl."),
        });
    }
    if unanswered > 0 {
        warnings.push(Warning {
            what: pick(
                &format!("대화 {unanswered}개에서 마지막 턴을 뺐습니다."),
                &format!("The last turns of {unanswered} conversations were left out."),
            ),
            why: pick(
                "그 뒤에 어시스턴트의 답이 없어 배울 것이 없습니다.",
                "The assistant does not speak after them, so there is nothing to learn from them.",
            ),
            next: pick(
                "답이 있어야 할 대화인지 원본을 확인하세요.",
                "See in the source whether an answer is missing.",
            ),
        });
    }
    warnings
}

/// Labels that are hardly learned.
fn label_warning(labels: &Labels, pick: impl Fn(&str, &str) -> String) -> Option<Warning> {
    let rare: Vec<_> = labels.rare().iter().map(|(label, rows)| format!("{label} {rows}")).collect();
    (!rare.is_empty()).then(|| Warning {
        what: pick(
            &format!("학습 행이 너무 적은 라벨: {}", rare.join(", ")),
            &format!("Labels with too few rows to train on: {}", rare.join(", ")),
        ),
        why: pick(
            "몇 행만으로는 라벨을 배우기 어렵고, 점수도 우연에 좌우됩니다.",
            "A label is hardly learned from a few rows, and its scores are a matter of chance.",
        ),
        next: pick("행을 더 모으거나 라벨을 합치세요.", "Gather more rows, or merge labels."),
    })
}

fn stages(project: &Project, results: &pipeline::Project, costs: &Costs) -> anyhow::Result<Vec<Stage>> {
    let graph = super::graph(project)?;
    let of = |id: &str| -> Vec<Stage> {
        let Some(record) = results.lock().stages.get(id) else { return Vec::new() };
        let cost = costs.get(id);
        let row = |name: String, counts: Option<&pipeline::Counts>| Stage {
            id: name,
            reused: false,
            rows_in: counts.map(|c| c.input),
            rows_out: counts.map(|c| c.output),
            rejected: counts.map_or(Vec::new(), |c| self::counts(&c.rejected)),
            failed: counts.map_or(0, |c| c.failed),
            seconds: None,
            peak_memory_bytes: None,
        };
        let first = Stage {
            seconds: cost.map(|c| c.seconds),
            peak_memory_bytes: cost.map(|c| c.peak_rss_bytes).filter(|bytes| *bytes > 0),
            ..row(id.to_owned(), record.counts.first())
        };
        // What else a stage counted: of questions, the answers that they were read from.
        let further = record.counts.iter().skip(1);
        let further = further.map(|counts| row(format!("{id} ({})", counts.unit), Some(counts)));
        [first].into_iter().chain(further).collect()
    };
    Ok(graph.stages().iter().flat_map(|stage| of(&stage.id)).collect())
}

fn counts(map: &BTreeMap<String, u64>) -> Vec<Count> {
    map.iter().map(|(name, count)| Count { name: name.clone(), count: *count }).collect()
}

fn data(project: &Project, results: &pipeline::Project) -> anyhow::Result<Data> {
    let editions = super::editions::told::reported(project, results)?;
    let unread = parse::reported(project, results)?;
    let coverage = questions::reported(project, results)?;
    let mut data = Data { editions, unread, coverage, ..Data::default() };
    if let Ok(prepared) = results.output(Names::PREPARE, Names::PREPARED) {
        let facts = prepare::facts(&prepared)?;
        data.sources = (project.resolved().source.values())
            .map(|source| Source {
                name: source.name.clone(),
                kind: source.kind.clone(),
                rows: facts.rows.get(&source.name).copied().unwrap_or(0),
                licence: (!source.licence.is_empty()).then(|| source.licence.clone()),
                public: source.public,
            })
            .collect();
        data.masked = (facts.masked.iter().filter(|(_, tally)| tally.masked > 0))
            .map(|(entity, tally)| MaskedEntity {
                entity: entity.clone(),
                count: tally.masked,
                rows: tally.rows,
                examples: facts.places.get(entity).cloned().unwrap_or_default(),
            })
            .collect();
        data.kept = (facts.masked.iter().filter(|(_, tally)| tally.kept > 0))
            .map(|(entity, tally)| eval::report::Kept {
                entity: entity.clone(),
                reason: "by recipe".to_owned(),
                count: tally.kept,
            })
            .collect();
        data.stripped = (facts.cleaned.iter())
            .map(|(rule, texts)| Stripped {
                rule: rule.clone(),
                texts: *texts,
                characters: facts.cleaned_characters.get(rule).copied().unwrap_or(0),
            })
            .collect();
        data.rejected = rejected(&prepared.join("rejected.jsonl"), &facts.rejected)?;
    }
    if let Ok(splits) = results.output(Names::SPLIT, Names::SPLITS) {
        data.categories = categories(project, &splits)?;
    }
    let tokenized = project.resolved().train.iter().map(|(name, train)| Names::shards_of(name, train));
    // Trainings of one kind share their shards; of several kinds the first one's are shown.
    if let Some((stage, shards)) = tokenized
        .filter_map(|stage| Some((results.output(&stage, Names::SHARDS).ok()?, stage)))
        .map(|(s, id)| (id, s))
        .next()
    {
        let facts = tokenize::facts(&shards)?;
        if let Ok(path) = results.output(&stage, Names::LEFT_OUT) {
            let mut totals = BTreeMap::new();
            for (reason, rows) in facts.values().flat_map(|split| &split.left_out) {
                *totals.entry(reason.clone()).or_default() += rows;
            }
            data.rejected.extend(rejected(&path, &totals)?);
        }
        data.tokens = tokens(&facts);
        let all = |of: fn(&tokenize::SplitFacts) -> &Vec<u64>| {
            facts.values().flat_map(of).copied().collect::<Vec<_>>()
        };
        data.lengths = vec![
            Histogram::of("prompt", "tokens", &all(|f| &f.prompt_lengths), BINS),
            Histogram::of("response", "tokens", &all(|f| &f.response_lengths), BINS),
            Histogram::of("sample", "tokens", &all(|f| &f.sample_lengths), BINS),
        ];
    }
    Ok(data)
}

fn rejected(path: &std::path::Path, totals: &BTreeMap<String, u64>) -> anyhow::Result<Vec<RejectedReason>> {
    let mut reasons: BTreeMap<&str, RejectedReason> = (totals.iter())
        .map(|(reason, rows)| {
            (reason.as_str(), RejectedReason { reason: reason.clone(), rows: *rows, examples: Vec::new() })
        })
        .collect();
    for rejection in jsonl::lines::<Rejection>(path)? {
        let Rejection { id, reason, detail, text } = rejection?;
        if let Some(entry) = reasons.get_mut(reason.as_str()).filter(|entry| entry.examples.len() < EXAMPLES)
        {
            let text = crate::console::format::clipped(&text, 160);
            entry.examples.push(RejectedExample { id, detail, text });
        }
    }
    Ok(reasons.into_values().collect())
}

fn categories(project: &Project, splits: &std::path::Path) -> anyhow::Result<Vec<Category>> {
    let Some(column) = super::exam::category(project, &project.resolved().prepare) else {
        return Ok(Vec::new());
    };
    let mut found: BTreeMap<String, Category> = BTreeMap::new();
    for (i, split) in tokenize::SPLITS.iter().enumerate() {
        for example in jsonl::lines::<Example>(&splits.join(format!("{split}.jsonl")))? {
            let example = example?;
            let Some(name) = example.meta.get(&column).and_then(Value::as_str) else { continue };
            let entry = found
                .entry(name.to_owned())
                .or_insert_with(|| Category { name: name.to_owned(), ..Category::default() });
            *[&mut entry.train, &mut entry.valid, &mut entry.test][i] += 1;
        }
    }
    let mut found: Vec<_> = found.into_values().collect();
    found.sort_by_key(|category| std::cmp::Reverse(category.rows()));
    Ok(found)
}

fn tokens(facts: &tokenize::Facts) -> TokenCounts {
    let split = |name: &str| {
        facts.get(name).map_or_else(SplitTokens::default, |f| SplitTokens {
            rows: f.rows_kept(),
            tokens: f.tokens,
            trained_tokens: f.trained_tokens,
        })
    };
    let sum = |of: fn(&tokenize::SplitFacts) -> usize| facts.values().map(of).sum::<usize>() as u64;
    let over_long = [
        ("split", sum(|f| f.fit.split)),
        ("shortened", sum(|f| f.fit.shortened)),
        ("dropped", sum(|f| f.fit.dropped_examples)),
    ];
    TokenCounts {
        train: split("train"),
        valid: split("valid"),
        test: split("test"),
        over_long: over_long
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| Count { name: name.to_owned(), count })
            .collect(),
    }
}

fn training(project: &Project, results: &pipeline::Project, costs: &Costs) -> anyhow::Result<Vec<Training>> {
    let mut all = Vec::new();
    for (name, recipe) in &project.resolved().train {
        let id = Names::train(name);
        let Ok(path) = results.output(&id, Names::STATE) else { continue };
        let state: Value = serde_json::from_slice(&std::fs::read(&path)?).context("trainer_state.json")?;
        let plan: Value = results
            .output(&id, Names::PLAN)
            .ok()
            .and_then(|path| serde_json::from_slice(&std::fs::read(path).ok()?).ok())
            .unwrap_or_default();
        let history = state["log_history"].as_array().map_or(&[][..], Vec::as_slice);
        let number = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_f64);
        let cost = costs.get(&id);
        let memory = logged_memory(project, name);
        let tokens = state["num_input_tokens_seen"].as_u64().unwrap_or(0);
        all.push(Training {
            name: name.clone(),
            method: match &recipe.tune {
                Some(tune) => format!("{}, {tune}", recipe.method),
                None => recipe.method.clone(),
            },
            base_model: base_model(project, recipe),
            parameters: plan["base_parameters"].as_u64().unwrap_or(0),
            trained_parameters: plan["trainable_parameters"].as_u64().unwrap_or(0),
            rank: (recipe.tuned() != "full").then_some(recipe.rank as u32),
            steps: (history.iter())
                .filter_map(|entry| {
                    Some(StepPoint {
                        step: entry["step"].as_u64()?,
                        epoch: number(entry, "epoch")?,
                        loss: number(entry, "loss")?,
                        learning_rate: number(entry, "learning_rate")?,
                        grad_norm: number(entry, "grad_norm"),
                    })
                })
                .collect(),
            valid: (history.iter())
                .filter_map(|entry| {
                    Some(ValidPoint { step: entry["step"].as_u64()?, loss: number(entry, "eval_loss")? })
                })
                .collect(),
            best_step: state["best_global_step"].as_u64(),
            epochs: state["epoch"].as_f64().unwrap_or(0.0),
            tokens,
            trained_tokens: history.iter().filter_map(|entry| entry["trained_tokens"].as_u64()).sum(),
            batch_tokens: batch_tokens(&plan),
            tokens_per_second: cost.filter(|c| c.seconds > 0.0).map(|c| tokens as f64 / c.seconds),
            seconds: cost.map(|c| c.seconds),
            peak_memory_bytes: memory.peak.or(cost.map(|c| c.peak_rss_bytes).filter(|bytes| *bytes > 0)),
            predicted_memory_bytes: memory.predicted,
        });
    }
    Ok(all)
}

/// What a training begins with.
fn base_model(project: &Project, recipe: &Train) -> String {
    project.resolved().model.get(recipe.model_name()).map(|model| model.base.clone()).unwrap_or_default()
}

/// What lay ahead, by how rows are laid together; a plan of an earlier version does not say it.
fn batch_tokens(plan: &Value) -> Option<BatchTokens> {
    let count = |key: &str| plan[key].as_u64();
    Some(BatchTokens {
        batching: plan["batching"].as_str()?.to_owned(),
        rows: count("samples")?,
        padded_tokens: count("padded_tokens")?,
        packed_tokens: count("packed_tokens")?,
        tree_tokens: count("tree_tokens")?,
    })
}

/// What a finished training's log says of memory; nothing where it is gone.
fn logged_memory(project: &Project, name: &str) -> Memory {
    let finished = |place: &Place| !place.open && place.name == name;
    let Some(place) = places(&project.folder).into_iter().find(finished) else { return Memory::default() };
    let mut reader = Reader::new(place);
    reader.update().map_or_else(|_| Memory::default(), |()| reader.log.memory)
}

fn pretraining(
    project: &Project,
    results: &pipeline::Project,
) -> anyhow::Result<Vec<eval::report::Pretraining>> {
    let names = project.resolved().train.keys();
    let found = names.filter_map(|name| results.output(&Names::measure(name), Names::MEASURES).ok());
    found.map(|path| super::pretraining::read(&path)).collect()
}

fn classifications(
    project: &Project,
    results: &pipeline::Project,
) -> anyhow::Result<Vec<eval::report::Classification>> {
    let names = project.resolved().train.keys();
    let found = names.filter_map(|name| results.output(&Names::evaluate(name), Names::CLASSES).ok());
    found.map(|path| super::classify::evaluate::read(&path)).collect()
}

fn judgings(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<eval::report::Judging>> {
    let names = project.resolved().train.keys();
    let found = names.filter_map(|name| results.output(&Names::judge(name), Names::JUDGED).ok());
    found.map(|path| super::judge::read(&path)).collect()
}

fn evaluations(
    project: &Project,
    results: &pipeline::Project,
) -> anyhow::Result<Vec<eval::report::Evaluation>> {
    let mut all = Vec::new();
    for name in project.resolved().train.keys() {
        if let Ok(path) = results.output(&Names::evaluate(name), Names::SCORES) {
            all.extend(evaluate::read(&path)?);
        }
    }
    Ok(all)
}
