//! What a teacher is asked, and how its answers become questions. Who asks it, and how, is another's business: here
//! are messages and a schema, and there comes a JSON value.

use std::collections::BTreeMap;

use chat::{Message, Role};
use data::documents::Chunk;
use data::validate::text::is_korean;
use data::validate::{Kind, Pair, Sources};
use serde::Deserialize;
use serde_json::{Value, json};

use super::facts::{Fact, Facts};
use super::plan::Quotas;
use super::prompts::{Bilingual, PromptKind};
use super::question::{Asker, Question};

/// A request to a teacher.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Unique in a run; the answer is given back with it.
    pub id: String,
    /// The chunk that is asked about.
    pub chunk: usize,
    /// The turns.
    pub messages: Vec<Message>,
    /// The schema's name.
    pub schema_name: &'static str,
    /// The JSON schema of the answer.
    pub schema: Value,
}

/// An answer that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The JSON is not of the schema.
    #[error("the answer to `{id}` is not what was asked for: {source}")]
    Shape {
        /// The request.
        id: String,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// Nothing in it.
    #[error("the answer to `{id}` has no pair in it")]
    Empty {
        /// The request.
        id: String,
    },
}

/// The schema of a teacher's answer.
pub fn schema(paths: &[String]) -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["pairs"],
        "properties": {"pairs": {"type": "array", "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["type", "question", "answer", "paths", "facts"],
            "properties": {
                "type": {"type": "string", "enum": ["lookup", "procedure"]},
                "question": {"type": "string"},
                "answer": {"type": "string"},
                "paths": {"type": "array", "items": {"type": "string", "enum": paths}},
                "facts": {"type": "array", "items": {"type": "string"}},
            },
        }}},
    })
}

/// How many questions of which kind are wanted of each chunk.
pub(super) type Wanted = BTreeMap<usize, BTreeMap<Kind, usize>>;

/// The requests that fill the quotas: each chunk by the facts that it holds, at least one question for each chunk
/// that holds any where so many are wanted, and a quarter more than is needed, because some are refused.
pub fn asks(sources: &Sources, facts: &Facts, quotas: &Quotas, prompts: &Bilingual) -> Vec<Ask> {
    let held = facts.facts.iter().map(|fact| (fact, fact.kind.asked_by()));
    let wanted = shares(sources, held, &|kind| quotas.of(kind));
    wanted.iter().map(|(&at, kinds)| ask(sources, at, kinds, &[], prompts)).collect()
}

/// So many questions of each kind, and a quarter more, over the chunks that hold the facts.
pub(super) fn shares<'a>(
    sources: &Sources,
    facts: impl Iterator<Item = (&'a Fact, Kind)>,
    quota: &dyn Fn(Kind) -> usize,
) -> Wanted {
    let mut held = Wanted::new();
    let mut all: BTreeMap<Kind, usize> = BTreeMap::new();
    for (fact, kind) in facts {
        if let Some(chunk) = sources.chunks_of(&fact.document, &fact.path).first() {
            *held.entry(*chunk).or_default().entry(kind).or_default() += 1;
            *all.entry(kind).or_default() += 1;
        }
    }
    for (kind, total) in all {
        spread(&mut held, kind, total, (quota(kind) * 5).div_ceil(4));
    }
    for kinds in held.values_mut() {
        kinds.retain(|_, n| *n > 0);
    }
    held.retain(|_, kinds| !kinds.is_empty());
    held
}

/// Turns the facts of a kind that each chunk holds into the questions that are wanted of it: at least one of each, as
/// long as so many are wanted; fewer are spread evenly from the first chunk to the last.
fn spread(held: &mut Wanted, kind: Kind, total: usize, wanted: usize) {
    let n_chunks = held.values().filter(|kinds| kinds.contains_key(&kind)).count();
    let (mut facts, mut given) = (0, 0);
    for n in held.values_mut().filter_map(|kinds| kinds.get_mut(&kind)) {
        facts += *n;
        if wanted >= n_chunks {
            *n = (wanted * *n).div_ceil(total);
        } else {
            let by_now = (wanted * facts).div_ceil(total);
            *n = (by_now - given).min(1);
            given += *n;
        }
    }
}

/// The request about one chunk, of which `asked` is known already.
pub(super) fn ask(
    sources: &Sources,
    at: usize,
    kinds: &BTreeMap<Kind, usize>,
    asked: &[&str],
    prompts: &Bilingual,
) -> Ask {
    let chunk = &sources.chunks()[at];
    let prompts = prompts.of(is_korean_chunk(chunk));
    let of = |kind: Kind| kinds.get(&kind).copied().unwrap_or(0).to_string();
    let mut text = prompts.fill(
        PromptKind::Ask,
        &[
            ("n_lookup", &of(Kind::Lookup)),
            ("n_procedure", &of(Kind::Procedure)),
            ("document", &chunk.document),
            ("breadcrumb", &chunk.breadcrumb.join(" > ")),
            ("paths", &chunk.paths.join("\n")),
            ("passage", &chunk.text),
        ],
    );
    if !asked.is_empty() {
        let asked = asked.iter().map(|question| format!("- {question}")).collect::<Vec<_>>().join("\n");
        text += "\n\n";
        text += &prompts.fill(PromptKind::Again, &[("asked", &asked)]);
    }
    Ask {
        id: chunk.id.clone(),
        chunk: at,
        messages: vec![Message::new(Role::User, text)],
        schema_name: "question_pairs",
        schema: schema(&chunk.paths),
    }
}

#[derive(Deserialize)]
struct Answer {
    pairs: Vec<AnswerPair>,
}

#[derive(Deserialize)]
struct AnswerPair {
    #[serde(rename = "type")]
    kind: Kind,
    question: String,
    answer: String,
    paths: Vec<String>,
    #[serde(default)]
    facts: Vec<String>,
}

/// The questions of an answer, not yet judged. `ids` gives each its id.
///
/// # Errors
/// A value that is not of the schema, or has nothing in it.
pub fn questions(
    ask: &Ask,
    answer: &Value,
    sources: &Sources,
    ids: &mut dyn FnMut() -> String,
) -> Result<Vec<Question>, AnswerError> {
    let read: Answer = serde_json::from_value(answer.clone())
        .map_err(|source| AnswerError::Shape { id: ask.id.clone(), source })?;
    if read.pairs.is_empty() {
        return Err(AnswerError::Empty { id: ask.id.clone() });
    }
    let chunk = &sources.chunks()[ask.chunk];
    Ok(read.pairs.into_iter().map(|pair| question(pair, chunk, sources, ids())).collect())
}

fn question(pair: AnswerPair, chunk: &Chunk, sources: &Sources, id: String) -> Question {
    let path = pair.paths.first().cloned().unwrap_or_default();
    Question {
        article: article(sources, &chunk.document, &path),
        chunk: Some(chunk.id.clone()),
        fact: None,
        // What the answer does not have cannot be asked of it.
        facts: pair
            .facts
            .into_iter()
            .filter(|fact| pair.answer.contains(fact.as_str()))
            .map(|f| vec![f])
            .collect(),
        asker: Asker::Teacher,
        besides: false,
        verdict: data::validate::Verdict::default(),
        pair: Pair {
            id,
            kind: pair.kind,
            question: pair.question.trim().to_owned(),
            answer: pair.answer.trim().to_owned(),
            document: chunk.document.clone(),
            paths: pair.paths,
        },
    }
}

/// The article or heading that a path stands in.
pub(super) fn article(sources: &Sources, document: &str, path: &str) -> String {
    let tree = sources.trees().iter().find(|tree| tree.document == document);
    let node =
        tree.and_then(|tree| tree.nodes.iter().position(|node| node.path == path).map(|at| (tree, at)));
    node.map_or(path.to_owned(), |(tree, at)| tree.nodes[super::facts::article_of(tree, at)].path.clone())
}

/// Whether a document is asked about in Korean.
pub fn is_korean_chunk(chunk: &Chunk) -> bool {
    is_korean(&chunk.text)
}
