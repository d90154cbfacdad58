//! A question as it travels: in files, through the split, into training and evaluation.

use chat::{Example, Message, Role};
use data::validate::{Kind, Pair, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Who wrote a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asker {
    /// `builtin:extractive`.
    Builtin,
    /// A model behind an endpoint, or one of our own.
    Teacher,
    /// A person, in the review file.
    Person,
}

/// A question with everything that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Question, answer and where the answer stands.
    pub pair: Pair,
    /// The chunk that holds the cited place; none for an absent question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<String>,
    /// The fact that is asked for, where that is known. Questions with one fact are wordings of each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
    /// The article or heading that the cited place stands in; the subject of an absent question.
    pub article: String,
    /// What a right answer contains, each in any of its forms; as `eval`'s key facts are written.
    pub facts: Vec<Vec<String>>,
    /// Who wrote it.
    pub asker: Asker,
    /// Whether it was asked over the quotas, so that every fact is asked: it is learned from, and tests nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub besides: bool,
    /// What the validators said.
    pub verdict: Verdict,
}

/// An example that holds no question.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// A turn is missing.
    #[error("example `{id}` has no turn of the {role}; a question has a user turn and an assistant turn")]
    NoTurn {
        /// The example's id.
        id: String,
        /// `user` or `assistant`.
        role: &'static str,
    },
    /// A column is missing or is not of its kind.
    #[error("example `{id}`: the column `{column}` is missing or malformed: {source}")]
    Column {
        /// The example's id.
        id: String,
        /// The column.
        column: &'static str,
        /// What the parser says.
        source: serde_json::Error,
    },
}

/// The columns of an example's `meta`.
pub mod columns {
    /// `lookup`, `procedure`, `absent`: what the split is stratified by.
    pub const TYPE: &str = "type";
    /// The document's name.
    pub const DOCUMENT: &str = "document";
    /// The cited paths.
    pub const PATHS: &str = "paths";
    /// The chunk's id: what stands in the prompt with `context = "cited"`.
    pub const CHUNK: &str = "chunk";
    /// The fact's id.
    pub const FACT: &str = "fact";
    /// The article, the leaf that `test_unseen` holds out as a whole.
    pub const ARTICLE: &str = "article";
    /// Key facts, as lists of wordings.
    pub const FACTS: &str = "facts";
    /// Who wrote it.
    pub const ASKER: &str = "asker";
    /// Whether it was asked over the quotas.
    pub const BESIDES: &str = "besides";
    /// The verdict.
    pub const VERDICT: &str = "verdict";
}

impl Question {
    /// As a conversation to learn from: the system's words (none where empty), the question, the answer; everything
    /// else in `meta`.
    pub fn to_example(&self, system: &str) -> Example {
        let mut messages = Vec::new();
        if !system.is_empty() {
            messages.push(Message::new(Role::System, system));
        }
        messages.push(Message::new(Role::User, &self.pair.question));
        messages.push(Message::new(Role::Assistant, &self.pair.answer));
        let mut meta = Map::new();
        meta.insert(columns::TYPE.into(), json!(self.pair.kind));
        meta.insert(columns::DOCUMENT.into(), json!(self.pair.document));
        meta.insert(columns::PATHS.into(), json!(self.pair.paths));
        meta.insert(columns::CHUNK.into(), json!(self.chunk));
        meta.insert(columns::FACT.into(), json!(self.fact));
        meta.insert(columns::ARTICLE.into(), json!(self.article));
        meta.insert(columns::FACTS.into(), json!(self.facts));
        meta.insert(columns::ASKER.into(), json!(self.asker));
        if self.besides {
            meta.insert(columns::BESIDES.into(), true.into());
        }
        meta.insert(columns::VERDICT.into(), json!(self.verdict));
        Example { id: self.pair.id.clone(), messages, tools: Vec::new(), meta }
    }

    /// The question of an example that [`Self::to_example`] made.
    ///
    /// # Errors
    /// An example without its turns or columns.
    pub fn from_example(example: &Example) -> Result<Self, QuestionError> {
        let turn = |role: Role, name: &'static str| {
            let found = example.messages.iter().rev().find(|message| message.role == role);
            found
                .map(|message| message.content.clone())
                .ok_or_else(|| QuestionError::NoTurn { id: example.id.clone(), role: name })
        };
        Ok(Self {
            pair: Pair {
                id: example.id.clone(),
                kind: column(example, columns::TYPE)?,
                question: turn(Role::User, "user")?,
                answer: turn(Role::Assistant, "assistant")?,
                document: column(example, columns::DOCUMENT)?,
                paths: column(example, columns::PATHS)?,
            },
            chunk: column(example, columns::CHUNK)?,
            fact: column(example, columns::FACT)?,
            article: column(example, columns::ARTICLE)?,
            facts: column(example, columns::FACTS)?,
            asker: column(example, columns::ASKER)?,
            besides: column::<Option<bool>>(example, columns::BESIDES)?.unwrap_or(false),
            verdict: column(example, columns::VERDICT)?,
        })
    }

    /// A line of a recipe's own questions (`[evaluate] questions`): id, key facts, and the columns of its prompt.
    pub fn to_own_question(&self) -> Value {
        json!({
            "id": self.pair.id,
            "facts": self.facts,
            "question": self.pair.question,
            "type": self.pair.kind,
            "chunk": self.chunk,
        })
    }

    /// Whether the documents do not answer it.
    pub fn is_absent(&self) -> bool {
        self.pair.kind == Kind::Absent
    }
}

fn column<T: serde::de::DeserializeOwned>(
    example: &Example,
    column: &'static str,
) -> Result<T, QuestionError> {
    let value = example.meta.get(column).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|source| QuestionError::Column {
        id: example.id.clone(),
        column,
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_gives_its_question_back() {
        let question = Question {
            pair: Pair {
                id: "questions#1".into(),
                kind: Kind::Lookup,
                question: "연차휴가는 며칠인가요?".into(),
                answer: "15일입니다(인사규정 제23조 제1항).".into(),
                document: "인사규정".into(),
                paths: vec!["제23조/제1항".into()],
            },
            chunk: Some("인사규정/제23조".into()),
            fact: Some("인사규정/제23조/제1항#1".into()),
            article: "제23조".into(),
            facts: vec![vec!["15일".into(), "보름".into()]],
            asker: Asker::Builtin,
            besides: true,
            verdict: Verdict::default(),
        };
        let example = question.to_example("인사 규정 전문가");
        assert_eq!(example.messages.len(), 3);
        assert_eq!(Question::from_example(&example).unwrap(), question);
        let mut broken = example.clone();
        broken.meta.remove("type");
        assert!(Question::from_example(&broken).unwrap_err().to_string().contains("`type`"));
        broken = example;
        broken.messages.truncate(1);
        assert!(Question::from_example(&broken).unwrap_err().to_string().contains("user"));
    }
}
