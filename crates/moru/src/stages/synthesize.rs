//! `synthesize`: text from this program's own generators, as splits that never meet.

use chat::{Example, Message, Role};
use pipeline::{Context, Counts, Stage};
use serde_json::{Map, Value};
use synth::nano::{Body, Document, DocumentKind, NanoText, Split};

use super::tokenize::SPLITS;
use super::{Names, jsonl};
use crate::recipe::Synthesize;

/// Raised when the same seed would give other text.
const VERSION: u32 = 2;

/// The key in an example's meta that says what its one turn is: running text, no conversation.
pub const RUNNING_TEXT: &str = "running_text";

/// The key in an example's meta with the kind of document.
pub const KIND: &str = "kind";

/// The stage.
pub fn stage() -> Stage<'static> {
    Stage {
        id: Names::SYNTHESIZE.into(),
        version: VERSION,
        inputs: Vec::new(),
        outputs: vec![Names::SPLITS.into()],
        run: super::stage_fn(run),
    }
}

fn run(stage: &mut Context<'_>) -> anyhow::Result<Vec<Counts>> {
    let synthesize: Synthesize = stage.param("synthesize")?;
    let seed: u64 = stage.param("project.seed")?;
    let folder = stage.output(Names::SPLITS)?;
    std::fs::create_dir(&folder)?;
    let held_back = megabytes(synthesize.held_back_megabytes);
    let mut n_documents = 0;
    // The test split is drawn with another seed than the one that is watched while training.
    let parts = [
        (Split::Train, seed, megabytes(synthesize.train_megabytes)),
        (Split::HeldBack, seed, held_back),
        (Split::HeldBack, seed.wrapping_add(1), held_back),
    ];
    for (name, (split, seed, wanted)) in SPLITS.into_iter().zip(parts) {
        let mut writer = jsonl::Writer::create(&folder.join(format!("{name}.jsonl")))?;
        let text = NanoText::new(seed, split);
        if split == Split::Train {
            let drills = text.clone().only(DocumentKind::Drill);
            n_documents +=
                write(stage, &mut writer, "drill", &drills, megabytes(synthesize.drill_megabytes))?;
        }
        n_documents += write(stage, &mut writer, name, &text, wanted)?;
        writer.finish()?;
    }
    Ok(vec![Counts::all("documents", n_documents)])
}

/// Writes documents until they have so many bytes, and counts them.
fn write(
    stage: &mut Context<'_>,
    writer: &mut jsonl::Writer,
    name: &str,
    text: &NanoText,
    wanted: u64,
) -> anyhow::Result<u64> {
    let (mut written, mut n_documents) = (0, 0_u64);
    for document in text.documents() {
        if written >= wanted {
            break;
        }
        written += document.len() as u64;
        writer.push(&example(&format!("{name}#{n_documents}"), document))?;
        n_documents += 1;
        if n_documents.is_multiple_of(500) {
            stage.progress(written, Some(wanted), "bytes");
            if stage.is_cancelled() {
                return Err(pipeline::Error::Cancelled.into());
            }
        }
    }
    Ok(n_documents)
}

fn megabytes(n: f64) -> u64 {
    (n * 1e6) as u64
}

/// A document as an example; running text is the assistant's one turn, marked in the meta.
fn example(id: &str, document: Document) -> Example {
    let mut meta = Map::new();
    meta.insert(KIND.into(), Value::String(format!("{:?}", document.kind)));
    let (messages, tools) = match document.body {
        Body::Text(text) => {
            meta.insert(RUNNING_TEXT.into(), Value::Bool(true));
            (vec![Message::new(Role::Assistant, text)], Vec::new())
        }
        Body::Chat { messages, tools } => (messages, tools),
    };
    Example { id: id.to_owned(), messages, tools, meta }
}
