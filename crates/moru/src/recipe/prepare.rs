//! `[prepare]`: from rows to examples.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// What can be stripped.
pub const RULES: [&str; 8] =
    ["markup", "characters", "quotes", "signatures", "repeats", "greetings", "closings", "over-polite"];

/// The format whose rows are written by templates.
const TEMPLATE: &str = "template";

/// What a row can be.
const FORMATS: [&str; 8] =
    [TEMPLATE, "auto", "messages", "sharegpt", "alpaca", "prompt-completion", "question-answer", TEXT_LABEL];

/// The format whose rows are a text and its label.
pub const TEXT_LABEL: &str = "text-label";

/// `[prepare]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepare {
    /// What is masked, and how.
    pub mask: Mask,
    /// What is taken out of texts.
    pub strip: Vec<String>,
    /// Patterns that are taken out as well.
    pub strip_patterns: Vec<String>,
    /// Which rows are set aside.
    pub reject: Reject,
    /// `template`, or the shape of rows that are conversations already, or `auto`.
    pub format: String,
    /// The user's turn.
    pub prompt: String,
    /// The assistant's turn.
    pub response: String,
    /// The instructions; none where empty.
    pub system: String,
    /// Columns carried along for splits and reports.
    pub meta: Vec<String>,
}

/// `mask` of `[prepare]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// The kinds of personal data; `all`, or `none`.
    pub entities: Vec<String>,
    /// `token`, `surrogate` or `partial`.
    pub style: String,
    /// Values that are never masked.
    pub keep: Vec<String>,
    /// The recipe's own kinds: name and pattern.
    pub patterns: BTreeMap<String, String>,
}

/// `reject` of `[prepare]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reject {
    /// Fewest characters of a question and of an answer.
    pub short_chars: usize,
    /// Most characters; 0 is no limit.
    pub long_chars: usize,
    /// Set advertisements aside.
    pub advertisements: bool,
    /// Set aside what asks for nothing.
    pub not_a_question: bool,
    /// Set aside answers that only promise one.
    pub deferred_answers: bool,
    /// Languages that are kept; all where empty.
    pub languages: Vec<String>,
    /// Set aside rows that are at least this similar to an earlier one; 0 keeps all.
    pub duplicates: f64,
}

impl Prepare {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let mask = Mask::read(s.table("mask"));
        let reject = Reject::read(s.table("reject"));
        let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
        let prepare = Self {
            mask,
            strip: owned(s.choices("strip", &RULES, &RULES, "what is taken out of texts")),
            strip_patterns: s.value(
                "strip_patterns",
                Vec::new(),
                "regular expressions that are taken out as well",
            ),
            reject,
            format: s
                .choice(
                    "format",
                    TEMPLATE,
                    &FORMATS,
                    "what a row is: columns for the templates `prompt` and `response`, or a conversation already: messages (OpenAI), conversations (sharegpt), instruction, input and output (alpaca), a column that asks and one that answers, or a text and its label; auto finds out by the columns of each source",
                )
                .to_owned(),
            prompt: s.value(
                "prompt",
                "{question}".to_owned(),
                "the user's turn; {column} stands for a column",
            ),
            response: s.value(
                "response",
                "{answer}".to_owned(),
                "the assistant's turn; {column} stands for a column",
            ),
            system: s.value(
                "system",
                String::new(),
                "the instructions before every conversation that brings none of its own; none where absent",
            ),
            meta: s.value(
                "meta",
                Vec::new(),
                "columns carried along for splits and reports, never trained on",
            ),
        };
        for key in ["prompt", "response"] {
            if prepare.is_conversations() && s.has(key) {
                s.impossible(
                    key,
                    format!(
                        "`prepare.{key}` belongs to format = \"{TEMPLATE}\"; rows of the format \"{}\" are conversations already",
                        prepare.format
                    ),
                );
            }
        }
        s.finish(false);
        prepare
    }

    /// Whether rows are conversations already.
    pub fn is_conversations(&self) -> bool {
        self.format != TEMPLATE
    }
}

impl Mask {
    fn read(mut s: Section<'_>) -> Self {
        let style = s.choice(
            "style",
            "token",
            &["token", "surrogate", "partial"],
            "what stands in the place of a value: [전화번호], an invented number, or 010-****-5678",
        );
        let mask = Self {
            entities: s.value(
                "entities",
                vec!["all".to_owned()],
                "the kinds of personal data that are masked; \"all\", \"none\", or a list",
            ),
            style: style.to_owned(),
            keep: s.value("keep", Vec::new(), "values that are never masked, such as the shop's own hotline"),
            patterns: s.words("patterns", "kinds of your own, { 주문번호 = \"ORD-[0-9]{8}\" }"),
        };
        s.finish(false);
        mask
    }
}

impl Reject {
    fn read(mut s: Section<'_>) -> Self {
        let reject = Self {
            short_chars: s.value(
                "short_chars",
                5,
                "fewest characters of a question and of an answer, blanks not counted",
            ),
            long_chars: s.value("long_chars", 0, "most characters of either; 0 is no limit"),
            advertisements: s.value("advertisements", true, "set advertisements aside"),
            not_a_question: s.value(
                "not_a_question",
                false,
                "set aside what asks for nothing, such as thanks",
            ),
            deferred_answers: s.value("deferred_answers", true, "set aside answers that only promise one"),
            languages: s.value(
                "languages",
                Vec::new(),
                "languages that are kept (\"ko\", \"en\"); all where absent",
            ),
            duplicates: s.within(
                "duplicates",
                0.9,
                0.0..=1.0,
                "set aside rows at least this similar to an earlier one; 0 keeps all",
            ),
        };
        if reject.long_chars > 0 && reject.long_chars < reject.short_chars {
            s.impossible(
                "long_chars",
                format!(
                    "`reject.long_chars` ({}) is less than `short_chars` ({}): every row would be set aside",
                    reject.long_chars, reject.short_chars
                ),
            );
        }
        s.finish(false);
        reject
    }
}
