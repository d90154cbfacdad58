//! Text to pretrain the embedded model on: talk, rules, prose and tool dialogues from grammars.
//!
//! 1. [`topic`]: what shops and services are asked about, and values for it.
//! 2. [`support`]: questions and answers, most with the policy at hand, in Korean and English.
//! 3. [`writing`]: rules, interviews, technical and everyday talk, prose.
//! 4. [`delivery`]: dialogues that call the tools of a delivery app.
//! 5. [`reading`]: passages, records and tables, and what is asked of them.
//! 6. [`regulation`]: parts of rule books, and answers that quote them with their place.
//! 7. [`drill`]: what stands earlier in the text, written again.
//! 8. [`variety`]: how much of it is new, and whether its particles agree.
//!
//! Policies are drawn anew for every document, so nothing can be learnt from them but how an answer is
//! read off the facts at hand.
//!
//! ```
//! use synth::nano::{NanoText, Split};
//!
//! let text = NanoText::new(1, Split::Train);
//! let bytes: usize = text.documents().take(20).map(|d| d.len()).sum();
//! assert!(bytes > 1000);
//! ```

mod delivery;
mod drill;
mod reading;
mod record;
mod regulation;
mod script;
mod support;
mod topic;
mod variety;
mod writing;

use std::ops::Range;
use std::sync::Arc;

use chat::example::Message;
use serde_json::Value;

use crate::grammar::Grammar;
use crate::rng::Rng;
use script::Script;

pub use variety::{Held, Variety, held_back_share, sentences, variety};

/// Which texts: those to train on, or others from the same grammars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// To train on.
    Train,
    /// To measure with.
    HeldBack,
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentKind {
    /// Korean talk with the support of shops and services.
    SupportKorean,
    /// The same in English.
    SupportEnglish,
    /// Company rules and questions about them.
    Rules,
    /// Job interviews.
    Interview,
    /// Technical questions and answers.
    Technical,
    /// Everyday talk.
    Talk,
    /// Prose.
    Prose,
    /// Dialogues that call tools.
    Tools,
    /// Passages, records and tables with questions that they answer.
    Reading,
    /// Parts of rule books with questions, and answers that quote them.
    Regulation,
    /// What stands earlier in the text, written again.
    Drill,
}

/// How often each kind is drawn, so that more than two fifths of the bytes are Korean support talk.
const WEIGHTS: &[(DocumentKind, usize)] = &[
    (DocumentKind::SupportKorean, 150),
    (DocumentKind::SupportEnglish, 8),
    (DocumentKind::Rules, 8),
    (DocumentKind::Interview, 6),
    (DocumentKind::Technical, 10),
    (DocumentKind::Talk, 12),
    (DocumentKind::Prose, 8),
    (DocumentKind::Tools, 2),
    (DocumentKind::Reading, 28),
    (DocumentKind::Regulation, 20),
    (DocumentKind::Drill, 34),
];

/// What a document says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Running text.
    Text(String),
    /// A conversation, and the schemas of the functions it may call.
    Chat {
        /// The turns.
        messages: Vec<Message>,
        /// Function schemas in OpenAI form.
        tools: Vec<Value>,
    },
}

/// One text.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What it is.
    pub kind: DocumentKind,
    /// What it says.
    pub body: Body,
    /// Places of slot values, for each turn (or the one text).
    slots: Vec<Vec<Range<usize>>>,
}

impl Document {
    /// Bytes of what is said, without roles and schemas.
    #[expect(clippy::len_without_is_empty, reason = "no document is empty")]
    pub fn len(&self) -> usize {
        self.texts().map(str::len).sum()
    }

    /// One line of JSONL: `{"text": …}`, or `{"messages": […], "tools": […]}` without empty lists.
    pub fn to_json(&self) -> String {
        match &self.body {
            Body::Text(text) => serde_json::json!({ "text": text }),
            Body::Chat { messages, tools } if tools.is_empty() => serde_json::json!({ "messages": messages }),
            Body::Chat { messages, tools } => serde_json::json!({ "messages": messages, "tools": tools }),
        }
        .to_string()
    }

    /// The text, or the turns' contents.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let (text, messages) = match &self.body {
            Body::Text(text) => (Some(text.as_str()), [].as_slice()),
            Body::Chat { messages, .. } => (None, messages.as_slice()),
        };
        text.into_iter().chain(messages.iter().map(|m| m.content.as_str()))
    }
}

/// The generators with a seed.
#[derive(Debug, Clone)]
pub struct NanoText {
    seed: u64,
    split: Split,
    only: Option<DocumentKind>,
    grammar: Arc<Grammar>,
}

impl NanoText {
    /// Texts of a seed.
    pub fn new(seed: u64, split: Split) -> Self {
        Self { seed, split, only: None, grammar: Arc::new(grammar()) }
    }

    /// Texts of one kind, which are none of those of all kinds.
    #[must_use]
    pub fn only(self, kind: DocumentKind) -> Self {
        Self { only: Some(kind), ..self }
    }

    /// The `index`-th document; each can be had without those before it.
    pub fn document(&self, index: u64) -> Document {
        let label = match self.split {
            Split::Train => "train",
            Split::HeldBack => "held back",
        };
        let label = if self.only.is_some() { format!("{label}, one kind") } else { label.to_owned() };
        let mut rng = Rng::stream(self.seed, &label, index);
        let total: usize = WEIGHTS.iter().map(|(_, w)| w).sum();
        let mut draw = rng.below(total);
        let mut kind = DocumentKind::Prose;
        for (k, weight) in WEIGHTS {
            kind = *k;
            if draw < *weight {
                break;
            }
            draw -= weight;
        }
        let kind = self.only.unwrap_or(kind);
        let mut script = Script::new(&self.grammar, rng);
        match kind {
            DocumentKind::SupportKorean => support::korean(&mut script),
            DocumentKind::SupportEnglish => support::english(&mut script),
            DocumentKind::Rules => writing::rules(&mut script),
            DocumentKind::Interview => writing::interview(&mut script),
            DocumentKind::Technical => writing::technical(&mut script),
            DocumentKind::Talk => writing::talk(&mut script),
            DocumentKind::Prose => writing::prose(&mut script),
            DocumentKind::Tools => delivery::dialogue(&mut script),
            DocumentKind::Reading => reading::reading(&mut script),
            DocumentKind::Regulation => regulation::regulation(&mut script),
            DocumentKind::Drill => drill::drill(&mut script),
        }
        script.finish(kind)
    }

    /// All documents, without end.
    pub fn documents(&self) -> impl Iterator<Item = Document> + '_ {
        (0..).map(|i| self.document(i))
    }
}

fn grammar() -> Grammar {
    Grammar::parse(&[
        include_str!("text/common.txt"),
        include_str!("text/topics_shop.txt"),
        include_str!("text/topics_other.txt"),
        include_str!("text/asks.txt"),
        include_str!("text/prose.txt"),
        include_str!("text/rules.txt"),
        include_str!("text/interview.txt"),
        include_str!("text/tech.txt"),
        include_str!("text/english.txt"),
        include_str!("text/tools.txt"),
        include_str!("text/reading.txt"),
        include_str!("text/regulations.txt"),
        include_str!("text/drills.txt"),
    ])
    .expect("the grammar is part of the program and tested")
}
