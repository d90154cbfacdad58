//! `[questions]`: what is asked about documents, by whom, and what stands in the prompt.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::endpoint::{self, Endpoint};
use super::reader::Section;

/// The writer that needs no model.
pub const EXTRACTIVE: &str = "builtin:extractive";

/// What stands in the prompt beside a question.
pub const CONTEXTS: [&str; 3] = ["retrieved", "cited", "none"];

/// `[questions]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Questions {
    /// Who writes them.
    pub teacher: String,
    /// The folder of the words that it is asked with; empty where they are moru's own.
    pub prompts: String,
    /// Whether it goes on with what was answered where asking ends early.
    pub partial: bool,
    /// Questions about values and definitions.
    pub lookup: usize,
    /// Questions about steps, documents, deadlines, responsibles, duties.
    pub procedure: usize,
    /// Questions that the documents do not answer.
    pub absent: usize,
    /// Further absent questions, that nothing is trained on.
    pub further_absent: usize,
    /// Further answerable questions, that nothing is trained on.
    pub further_answerable: usize,
    /// Whether every fact that the quotas leave is asked as well.
    pub cover: bool,
    /// The share of answerable questions whose articles are held out as a whole.
    pub unseen: f64,
    /// One of [`CONTEXTS`].
    pub context: String,
    /// Chunks that are retrieved.
    pub top_k: usize,
    /// Who judges them beside their source; nobody where empty.
    #[serde(default)]
    pub judge: String,
    /// A table of questions as a person corrected it; empty where nobody did.
    pub review: String,
}

impl Questions {
    pub(super) fn read(mut s: Section<'_>, endpoints: &BTreeMap<String, Endpoint>) -> Self {
        let teacher = s.value("teacher", EXTRACTIVE.to_owned(), "who writes questions about sources of documents: \"builtin:extractive\" takes them from the text, without a model; else the name of an [endpoint.NAME], or an endpoint by one line: \"http://localhost:8000/v1#MODEL\", or \"local:MODEL\" for a model on this machine");
        endpoint::check_word(&s, "teacher", &teacher, &endpoint::NOBODY, endpoints);
        let judge = s.value("judge", String::new(), "who reads every question that the validators accept beside its source, and refuses what does not agree with it: the name of an [endpoint.NAME], or an endpoint by one line, as for `teacher`; nobody where absent");
        if !judge.is_empty() {
            endpoint::check_word(&s, "judge", &judge, &[], endpoints);
        }
        let context = s.choice("context", CONTEXTS[0], &CONTEXTS, "what the column `context` of a question holds: the chunks that a search for it finds, the chunk that it cites, or nothing");
        let questions = Self {
            teacher,
            prompts: s.value("prompts", String::new(), "a folder with the words that a teacher is asked with: ask.ko.md, again.ko.md, ask.en.md, again.en.md, as `moru init regulations` writes them; moru's own where absent"),
            partial: s.value("partial", false, "go on with what was answered where asking ends early: the budget is used up, the endpoint is down"),
            lookup: s.value("lookup", 150, "questions about values and definitions"),
            procedure: s.value(
                "procedure",
                100,
                "questions about steps, documents, deadlines, who is responsible, what is a duty",
            ),
            absent: s.value("absent", 50, "questions that the documents do not answer, which is to be said"),
            further_absent: s.value(
                "further_absent",
                50,
                "further absent questions, asked of base and tuned model to score refusals",
            ),
            further_answerable: s.value(
                "further_answerable",
                50,
                "further answerable questions, asked of base and tuned model to score key facts",
            ),
            cover: s.value("cover", false, "ask every fact that the quotas leave as well, and every article that holds one at least twice, with as many more absent questions as keep their share: to learn from, beside the questions of the quotas"),
            unseen: s.within(
                "unseen",
                0.05,
                0.0..=0.5,
                "the share of answerable questions that is held out with all of its articles",
            ),
            context: context.to_owned(),
            judge,
            top_k: s.within("top_k", 2, 1..=20, "chunks that a search takes"),
            review: s.value(
                "review",
                String::new(),
                "a table of questions that a person corrected, made from out/review.csv; its corrections win. With several sources of documents, \"review-{source}.csv\" names one for each",
            ),
        };
        s.finish(false);
        questions
    }
}
