//! What is judged, and what a judgement says.

use serde::{Deserialize, Serialize};

/// What kind of question it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A value is looked up: a number, a period, an amount, a definition.
    Lookup,
    /// How something is done: steps, documents, deadlines, who decides.
    Procedure,
    /// The documents do not say; the answer says so.
    Absent,
}

impl Kind {
    /// All, in the order in which they are counted.
    pub const ALL: [Self; 3] = [Self::Lookup, Self::Procedure, Self::Absent];

    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Procedure => "procedure",
            Self::Absent => "absent",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A question with its answer, and where the answer stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Unique among all pairs.
    pub id: String,
    /// What kind of question it is.
    pub kind: Kind,
    /// As a person asks it.
    pub question: String,
    /// As it should be answered.
    pub answer: String,
    /// The document that is cited; empty for an absent question.
    pub document: String,
    /// The paths of the cited nodes in it; empty for an absent question.
    pub paths: Vec<String>,
}

/// What a pair is refused for. The name is what refusals are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Question or answer says nothing.
    Empty,
    /// No cited place, or one that the documents do not have.
    UnknownCitation,
    /// The answer names another article than the cited one.
    WrongReference,
    /// An amount, a period, a share or a count that the cited text does not have.
    NumberNotInSource,
    /// A number that the cited text has, for something else.
    NumberSwapped,
    /// A bound turned round: `이상` for `이내`, `before` for `after`.
    BoundDiffers,
    /// A person, body, document or name that the cited text does not have.
    EntityNotInSource,
    /// Someone that the cited text has, in another's place.
    EntitySwapped,
    /// The answer affirms what the cited text negates, or the other way round.
    NegationDiffers,
    /// The answer has too little in common with the cited text.
    LittleInCommon,
    /// The cited text does not have what is asked for.
    NotAnswerable,
    /// The answer does not have what is asked for.
    NotAnswered,
    /// The question was asked before, letter by letter or nearly.
    Duplicate,
    /// A question that should have no answer is answered by the documents.
    NotAbsent,
    /// A question that should have no answer got one.
    NotRefused,
    /// The answer says that the documents do not say, although the question is not an absent one.
    Refused,
    /// A judge that saw the source refused the pair.
    Judge,
}

impl Code {
    /// As it is written in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::UnknownCitation => "unknown_citation",
            Self::WrongReference => "wrong_reference",
            Self::NumberNotInSource => "number_not_in_source",
            Self::NumberSwapped => "number_swapped",
            Self::BoundDiffers => "bound_differs",
            Self::EntityNotInSource => "entity_not_in_source",
            Self::EntitySwapped => "entity_swapped",
            Self::NegationDiffers => "negation_differs",
            Self::LittleInCommon => "little_in_common",
            Self::NotAnswerable => "not_answerable",
            Self::NotAnswered => "not_answered",
            Self::Duplicate => "duplicate",
            Self::NotAbsent => "not_absent",
            Self::NotRefused => "not_refused",
            Self::Refused => "refused",
            Self::Judge => "judge",
        }
    }
}

/// A reason to refuse a pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// To count by.
    pub code: Code,
    /// What of the pair is wrong: the words themselves.
    pub claim: String,
    /// What the documents say instead, or where it was looked for.
    pub evidence: String,
}

/// The judgement of a pair. It is kept with the pair.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// Nothing, where the pair is accepted.
    pub findings: Vec<Finding>,
    /// The share of the answer's letters in runs that the cited text has, 0 to 1.
    pub overlap: f32,
    /// The similarity of answer and cited text by their words, 0 to 1.
    pub similarity: f32,
    /// The place of the cited chunk when the question is searched for, from 1; 0 where it is not found.
    pub rank: u32,
}

impl Verdict {
    /// Whether there is no reason to refuse the pair.
    pub fn is_accepted(&self) -> bool {
        self.findings.is_empty()
    }

    /// The codes of the findings, each once, in order.
    pub fn codes(&self) -> Vec<Code> {
        let mut codes: Vec<Code> = self.findings.iter().map(|finding| finding.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}
