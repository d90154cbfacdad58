//! What is asked of a model to score it: the test split, and questions that nothing is trained on. Questions about
//! documents are asked beside the text that was found, and once more without it.
//!
//! `answer:…` asks, `evaluate:NAME` scores; both go through [`Exam::of`], so that the answer at a place belongs to the
//! question at that place.

use chat::{Example, Message, Role};
use eval::compare::{TestRow, question_text};
use eval::report::{Asked, Book, Slice};
use eval::run::Question;

use super::answer::OwnQuestion;
use super::{prepare, questions};
use crate::project::Project;
use crate::recipe::Prepare;

/// What an id ends with where the question stands alone in the prompt.
const CLOSED: &str = " (closed book)";

/// The column that names a question's slice.
pub const SLICE: &str = "slice";

/// The slice of articles that the training never sees.
pub const UNSEEN: &str = "test_unseen";

/// Columns that tell where a question belongs, not of what sort it is.
const PLACES: [&str; 2] = [SLICE, "split"];

/// One question of an exam.
pub struct Item {
    /// As it is asked.
    pub question: Question,
    /// As it is scored.
    pub row: TestRow,
    /// Whether its reference is a right answer, which tells whether it is to be refused.
    pub is_expected: bool,
    /// Which part of the exam it belongs to.
    pub part: Part,
}

/// A part of an exam, which is scored by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The test split of rows that are not about documents.
    Test,
    /// The recipe's own questions, or further ones about documents; the latter with text or without.
    Further(Option<Book>),
    /// The test split of questions about documents.
    Documents(Asked),
}

impl Part {
    /// What is at hand.
    pub fn book(self) -> Option<Book> {
        match self {
            Self::Test => None,
            Self::Further(book) => book,
            Self::Documents(asked) => Some(asked.book),
        }
    }
}

/// How a recipe asks.
pub struct Manner<'a> {
    prepare: &'a Prepare,
    prompt: Option<data::prepare::Template>,
    /// Whether the rows are questions about documents.
    is_about_documents: bool,
    /// Whether a text of the documents stands in their prompts.
    is_open: bool,
    category: Option<String>,
}

/// The column of `[prepare] meta` by which rows are told apart.
pub fn category(project: &Project, prepare: &Prepare) -> Option<String> {
    let is_place = |column: &&String| has_documents(project) && PLACES.contains(&column.as_str());
    prepare.meta.iter().find(|column| !is_place(column)).cloned()
}

/// Whether a recipe asks about documents.
pub fn has_documents(project: &Project) -> bool {
    project.resolved().source.values().any(crate::recipe::Source::is_documents)
}

impl<'a> Manner<'a> {
    /// Of a recipe; `context` is what stands beside questions about documents.
    pub fn of(project: &Project, prepare: &'a Prepare, context: &str) -> anyhow::Result<Self> {
        let prompt = (!prepare.is_conversations())
            .then(|| prepare::templates(prepare))
            .transpose()?
            .map(|all| all.prompt);
        let has_place =
            prompt.as_ref().is_some_and(|prompt| prompt.columns().any(|of| of == questions::CONTEXT));
        let is_about_documents = has_documents(project);
        Ok(Self {
            prepare,
            prompt,
            is_about_documents,
            is_open: is_about_documents && has_place && context != "none",
            category: category(project, prepare),
        })
    }

    fn book(&self) -> Option<Book> {
        self.is_about_documents.then_some(if self.is_open { Book::Open } else { Book::Closed })
    }

    /// What a person would call the question of a prompt: without the text that stands beside it.
    pub fn question<'t>(&self, prompt: &'t str) -> std::borrow::Cow<'t, str> {
        let Some(template) = self.prompt.as_ref().filter(|_| self.is_about_documents) else {
            return prompt.into();
        };
        match (template.taken_apart(prompt, "question"), template.taken_apart(prompt, questions::CONTEXT)) {
            (Some((question, _)), _) => question.into(),
            (None, Some((_, rest))) => rest.into(),
            (None, None) => prompt.into(),
        }
    }

    /// The prompt without the text of the documents; none where it has no such text.
    fn closed(&self, messages: &[Message]) -> Option<Vec<Message>> {
        let template = self.prompt.as_ref().filter(|_| self.is_open)?;
        let mut messages = messages.to_vec();
        let asked = messages.iter_mut().rev().find(|message| message.role == Role::User)?;
        asked.content = template.taken_apart(&asked.content, questions::CONTEXT)?.1;
        Some(messages)
    }

    fn of_example(&self, example: &Example) -> anyhow::Result<Item> {
        let (question, mut row) = TestRow::of(example, self.category.as_deref(), None)?;
        row.question = self.question(question_text(&question.messages)).into_owned();
        let is_unseen = example.meta.get(SLICE).and_then(serde_json::Value::as_str) == Some(UNSEEN);
        let slice = if is_unseen { Slice::TestUnseen } else { Slice::Test };
        let part = self.book().map_or(Part::Test, |book| Part::Documents(Asked { slice, book }));
        Ok(Item { question, row, is_expected: true, part })
    }

    fn of_own(&self, own: &OwnQuestion) -> anyhow::Result<Item> {
        let messages = own.messages(self.prepare)?;
        let facts = || own.facts.iter().filter_map(|any| any.first().cloned()).collect::<Vec<_>>().join(", ");
        let row = TestRow {
            id: own.id.clone(),
            question: self.question(question_text(&messages)).into_owned(),
            references: vec![own.expected.clone().unwrap_or_else(facts)],
            facts: own.key_facts(),
            category: None,
        };
        // Questions of the recipe's own are about documents where those of its documents are.
        let part = Part::Further(self.book());
        let question = Question { id: own.id.clone(), messages, tools: Vec::new() };
        Ok(Item { question, row, is_expected: own.expected.is_some(), part })
    }

    /// The same question without the text beside it.
    fn alone(&self, item: &Item) -> Option<Item> {
        let part = match item.part {
            // See [`UNKNOWABLE`].
            Part::Test | Part::Documents(Asked { slice: Slice::TestUnseen, .. }) => return None,
            Part::Documents(asked) => Part::Documents(Asked { book: Book::Closed, ..asked }),
            Part::Further(book) => Part::Further(book.map(|_| Book::Closed)),
        };
        let messages = self.closed(&item.question.messages)?;
        let id = format!("{}{CLOSED}", item.question.id);
        let question = Question { id, messages, tools: item.question.tools.clone() };
        Some(Item { question, row: item.row.clone(), is_expected: item.is_expected, part })
    }
}

/// Everything that is asked, in order.
pub struct Exam {
    /// Each question.
    pub items: Vec<Item>,
    /// Questions about articles that were held out, where no text would stand beside them.
    pub left_out: usize,
}

impl Exam {
    /// The test rows, the questions that nothing is trained on, and those of both that are asked without a text.
    ///
    /// # Errors
    /// A row without an answer, or a question without a column of the prompt.
    pub fn of(manner: &Manner<'_>, rows: &[Example], own: &[OwnQuestion]) -> anyhow::Result<Self> {
        let rows = rows.iter().map(|row| manner.of_example(row));
        let mut items =
            rows.chain(own.iter().map(|own| manner.of_own(own))).collect::<anyhow::Result<Vec<_>>>()?;
        let all = items.len();
        items.retain(|item| item.part != UNKNOWABLE);
        let left_out = all - items.len();
        let alone: Vec<Item> = items.iter().filter_map(|item| manner.alone(item)).collect();
        items.extend(alone);
        Ok(Self { items, left_out })
    }

    /// The places and rows of some items.
    pub fn part(&self, is_it: impl Fn(&Item) -> bool) -> (Vec<usize>, Vec<TestRow>) {
        let all = self.items.iter().enumerate().filter(|(_, item)| is_it(item));
        all.map(|(at, item)| (at, item.row.clone())).unzip()
    }
}

/// What the training never saw cannot be remembered.
const UNKNOWABLE: Part = Part::Documents(Asked { slice: Slice::TestUnseen, book: Book::Closed });

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "{context}\n\n질문: {question}";

    fn manner(prepare: &Prepare, is_open: bool) -> Manner<'_> {
        Manner {
            prepare,
            prompt: Some(data::prepare::Template::parse(PROMPT).unwrap()),
            is_about_documents: true,
            is_open,
            category: Some("type".to_owned()),
        }
    }

    fn example(id: &str, slice: &str) -> Example {
        let text = format!("[복무규정 > 제3조]\n15일을 준다.\n\n질문: {id}은 며칠인가요?");
        let messages = [Message::new(Role::User, text), Message::new(Role::Assistant, "15일입니다.")];
        let meta = serde_json::json!({ SLICE: slice, "type": "lookup" });
        serde_json::from_value(serde_json::json!({ "id": id, "messages": messages, "meta": meta })).unwrap()
    }

    fn asked(exam: &Exam) -> Vec<(String, Part)> {
        exam.items.iter().map(|item| (item.question.id.clone(), item.part)).collect()
    }

    #[test]
    fn what_was_held_out_is_never_asked_without_its_text() {
        let prepare = crate::recipe::Recipe::parse(
            &format!("[source.r]\nkind = \"documents\"\npath = \"r\"\n[prepare]\nprompt = {PROMPT:?}\nresponse = \"{{answer}}\"\n"),
            "r",
            &[],
        )
        .unwrap()
        .resolved
        .prepare;
        let rows = [example("연차", "test"), example("병가", UNSEEN)];
        let own = OwnQuestion {
            id: "further".to_owned(),
            facts: vec![vec!["3일".to_owned()]],
            expected: Some("3일 전입니다.".to_owned()),
            columns: [("context", "[복무규정]\n3일 전"), ("question", "언제 신청하나요?")]
                .map(|(key, value)| (key.to_owned(), value.into()))
                .into_iter()
                .collect(),
        };
        let part = |slice, book| Part::Documents(Asked { slice, book });
        let exam = Exam::of(&manner(&prepare, true), &rows, std::slice::from_ref(&own)).unwrap();
        assert_eq!(
            asked(&exam),
            [
                ("연차".to_owned(), part(Slice::Test, Book::Open)),
                ("병가".to_owned(), part(Slice::TestUnseen, Book::Open)),
                ("further".to_owned(), Part::Further(Some(Book::Open))),
                ("연차 (closed book)".to_owned(), part(Slice::Test, Book::Closed)),
                ("further (closed book)".to_owned(), Part::Further(Some(Book::Closed))),
            ]
        );
        let said: Vec<_> = exam.items.iter().map(|item| item.question.messages[0].content.as_str()).collect();
        assert!(said[0].contains("15일을 준다."), "{said:?}");
        assert_eq!(said[3..], ["질문: 연차은 며칠인가요?", "질문: 언제 신청하나요?"]);
        // Neither the report nor the nearest question sees the text.
        let shown: Vec<_> = exam.items.iter().map(|item| item.row.question.as_str()).collect();
        assert_eq!(
            shown,
            [
                "연차은 며칠인가요?",
                "병가은 며칠인가요?",
                "언제 신청하나요?",
                "연차은 며칠인가요?",
                "언제 신청하나요?"
            ]
        );
        // Without a text in the prompt there is nothing to take away, and what was held out is not asked.
        let exam = Exam::of(&manner(&prepare, false), &rows, &[own]).unwrap();
        assert_eq!(
            asked(&exam),
            [
                ("연차".to_owned(), part(Slice::Test, Book::Closed)),
                ("further".to_owned(), Part::Further(Some(Book::Closed)))
            ]
        );
        assert_eq!(exam.left_out, 1);
    }
}
