//! The questions of the test split with everybody's answers, as a judge is shown them.

use std::collections::HashMap;

use chat::{Message, Role, seeded};
use eval::compare::{Answers, TestRow, question_text};
use eval::judge::Case;
use eval::report::{System, SystemRole};
use eval::run::Answer;
use pipeline::Context;

use crate::project::Project;
use crate::recipe::Prepare;
use crate::stages::answer::test_rows;
use crate::stages::exam::{self, Exam, Item, Manner, Part};
use crate::stages::{Names, evaluate, jsonl, prepare};

/// The inputs of the stage that hold answers.
pub const BASE: &str = "base answers";
pub const TUNED: &str = "tuned answers";

/// Tells the shuffle of the rows apart from others of the same seed.
const STREAM: u64 = 7;

/// Who answered, and the questions of the test split as they are asked in use: those about documents beside their text.
/// At most so many as the recipe says, drawn by its seed.
pub fn cases(
    stage: &mut Context<'_>,
    project: &Project,
    with_reference: bool,
) -> anyhow::Result<(Vec<System>, Vec<Case>)> {
    let (most, max_rows): (usize, usize) =
        (stage.param("evaluate.judge_rows")?, stage.param("evaluate.max_rows")?);
    let baselines: Vec<String> = stage.param("evaluate.baselines")?;
    let seed: u64 = stage.param("project.seed")?;
    let prepare: Prepare = stage.param("prepare")?;
    let context =
        if exam::has_documents(project) { stage.param("questions.context")? } else { String::new() };
    let manner = Manner::of(project, &prepare, &context)?;
    let splits = stage.input(Names::SPLITS)?;
    let exam = Exam::of(&manner, &test_rows(&splits, max_rows, seed)?, &[])?;
    let places = drawn(&exam, most, seed);
    if places.is_empty() {
        return Err(eval::EvalError::NoRows.into());
    }
    let rows: Vec<TestRow> = places.iter().map(|&at| exam.items[at].row.clone()).collect();
    let templates = (!prepare.is_conversations()).then(|| prepare::templates(&prepare)).transpose()?;
    let training = evaluate::pairs(&splits.join("train.jsonl"), &manner)?;
    let mut systems = Vec::new();
    if project.resolved().evaluate.base {
        systems.push(of_model(stage, BASE, ("base", SystemRole::Base), &exam, &places)?);
    }
    systems.push(of_model(stage, TUNED, ("tuned", SystemRole::Tuned), &exam, &places)?);
    systems.extend(evaluate::of_baselines(&baselines, templates.as_ref(), &training, &rows));
    let case = |(n, &at): (usize, &usize)| Case {
        id: exam.items[at].row.id.clone(),
        question: asked(&exam.items[at].question.messages),
        reference: rows[n].references.first().filter(|_| with_reference).cloned(),
        answers: systems.iter().map(|answers| answers.texts[n].clone()).collect(),
    };
    let cases = places.iter().enumerate().map(case).collect();
    Ok((systems.into_iter().map(|answers| answers.system).collect(), cases))
}

/// The places of the questions that are judged: the test split, asked as in use.
fn drawn(exam: &Exam, most: usize, seed: u64) -> Vec<usize> {
    let book = exam.items.first().and_then(|item| item.part.book());
    let is_it = |item: &Item| match item.part {
        Part::Test => true,
        Part::Documents(asked) => Some(asked.book) == book,
        Part::Further(_) => false,
    };
    let (mut places, _) = exam.part(is_it);
    if most > 0 && places.len() > most {
        seeded::shuffle(&mut places, seed, STREAM);
        places.truncate(most);
        places.sort_unstable();
    }
    places
}

/// A model's answers to the questions at these places. Answers are found by their ids: an exam asks more than a judge.
fn of_model(
    stage: &Context<'_>,
    input: &str,
    (id, role): (&str, SystemRole),
    exam: &Exam,
    places: &[usize],
) -> anyhow::Result<Answers> {
    let all: Vec<Answer> = jsonl::read(&stage.input(input)?)?;
    let of_id: HashMap<&str, &Answer> = all.iter().map(|answer| (answer.id.as_str(), answer)).collect();
    let found = places.iter().filter_map(|&at| of_id.get(exam.items[at].question.id.as_str()));
    let answers: Vec<Answer> = found.map(|answer| (*answer).clone()).collect();
    if answers.len() != places.len() {
        let (system, given, rows) = (id.to_owned(), answers.len(), places.len());
        return Err(eval::EvalError::AnswerCount { system, given, rows }.into());
    }
    Ok(Answers::of_model(id, role, &answers))
}

/// What was asked, with the text that came with it; of a conversation every turn with who says it.
fn asked(messages: &[Message]) -> String {
    let mut turns = messages.iter().filter(|message| message.role != Role::System);
    if let (Some(_), None) = (turns.next(), turns.next()) {
        return question_text(messages).to_owned();
    }
    let turn = |message: &Message| {
        let who = match message.role {
            Role::System => return None,
            Role::User => "USER",
            Role::Assistant => "ASSISTANT",
            Role::Tool => "TOOL",
        };
        Some(format!("{who}: {}", message.content.trim()))
    };
    messages.iter().filter_map(turn).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_shown_with_who_says_what() {
        let turn = |role, text: &str| Message::new(role, text);
        let system = turn(Role::System, "Be brief.");
        assert_eq!(asked(&[system.clone(), turn(Role::User, "When?")]), "When?");
        let talk = [system, turn(Role::User, "Hi"), turn(Role::Assistant, "Yes?"), turn(Role::User, "When?")];
        assert_eq!(asked(&talk), "USER: Hi\n\nASSISTANT: Yes?\n\nUSER: When?");
    }
}
