//! What a teacher is asked, and how its answers become questions. Who asks it, and how, is another's business: here
//! are messages and a schema, and there comes a JSON value.

use std::collections::BTreeMap;

use chat::{Message, Role};
use data::documents::Chunk;
use data::validate::text::is_korean;
use data::validate::{Kind, Pair, Sources};
use serde::Deserialize;
use serde_json::{Value, json};

use super::facts::Facts;
use super::plan::Quotas;
use super::prompts::{PromptKind, Prompts};
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

/// The requests that fill the quotas: each chunk by the facts that it holds, at least one question for each chunk
/// that holds any, and a quarter more than is needed, because some are refused.
pub fn asks(sources: &Sources, facts: &Facts, quotas: &Quotas, prompts: &Prompts) -> Vec<Ask> {
    let mut held: BTreeMap<usize, BTreeMap<Kind, usize>> = BTreeMap::new();
    let mut all: BTreeMap<Kind, usize> = BTreeMap::new();
    for fact in &facts.facts {
        let kind = fact.kind.asked_by();
        if let Some(chunk) = sources.chunks_of(&fact.document, &fact.path).first() {
            *held.entry(*chunk).or_default().entry(kind).or_default() += 1;
            *all.entry(kind).or_default() += 1;
        }
    }
    let share = |kind: Kind, n: usize| {
        let total = all.get(&kind).copied().unwrap_or(0).max(1);
        (quotas.of(kind) * n * 5).div_ceil(total * 4)
    };
    held.iter()
        .map(|(&at, kinds)| {
            let of = |kind: Kind| kinds.get(&kind).map_or(0, |n| share(kind, *n));
            ask(&sources.chunks()[at], at, of(Kind::Lookup), of(Kind::Procedure), prompts)
        })
        .collect()
}

fn ask(chunk: &Chunk, at: usize, n_lookup: usize, n_procedure: usize, prompts: &Prompts) -> Ask {
    let text = prompts.fill(
        PromptKind::Ask,
        &[
            ("n_lookup", &n_lookup.to_string()),
            ("n_procedure", &n_procedure.to_string()),
            ("document", &chunk.document),
            ("breadcrumb", &chunk.breadcrumb.join(" > ")),
            ("paths", &chunk.paths.join("\n")),
            ("passage", &chunk.text),
        ],
    );
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
fn article(sources: &Sources, document: &str, path: &str) -> String {
    let tree = sources.trees().iter().find(|tree| tree.document == document);
    let node =
        tree.and_then(|tree| tree.nodes.iter().position(|node| node.path == path).map(|at| (tree, at)));
    node.map_or(path.to_owned(), |(tree, at)| tree.nodes[super::facts::article_of(tree, at)].path.clone())
}

/// Whether a document is asked about in Korean.
pub fn is_korean_chunk(chunk: &Chunk) -> bool {
    is_korean(&chunk.text)
}
