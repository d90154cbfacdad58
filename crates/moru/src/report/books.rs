//! Questions about documents: answered with their text at hand, and from memory.

use eval::report::{Asked, Book, Evaluation, Measure, Report, Slice, SystemRole};

use super::html::{int, one};
use super::scores::{effect, name_of};
use super::summary::interval_name;
use super::table::{card, table};
use super::words::Words;

/// Systems that a person asks about, in order.
const SHOWN: [SystemRole; 3] = [SystemRole::Base, SystemRole::Tuned, SystemRole::NearestQuestion];

/// A table for every model whose questions are about documents; empty where there is none.
pub(super) fn render(report: &Report, words: Words) -> String {
    let about: Vec<_> = report.evaluation.iter().filter(|e| e.asked.is_some()).collect();
    let mut models: Vec<&str> = about.iter().map(|e| model_of(e)).collect();
    models.dedup();
    if models.is_empty() {
        return String::new();
    }
    let title = words.pick("문서를 보고, 그리고 기억만으로", "With the text at hand, and from memory");
    let lead = words.pick(
        "‘문서를 보고’는 찾은 조문이 질문 앞에 놓인 것이고, ‘기억만으로’는 질문만 준 것입니다. ‘학습에 없던 조문’은 학습에서 \
         통째로 뺀 조문에 대한 질문이라 문서를 보고만 답합니다. 핵심 사실과 거절은 학습에도 평가 묶음에도 없는 별도의 질문으로 잽니다.",
        "With the text at hand, the article that was found stands before the question; from memory, the question stands \
         alone. Unseen articles were held out of the training as a whole and are asked with their text only. Key facts \
         and refusals are measured on further questions that are in no split.",
    );
    let bodies: String = models
        .iter()
        .map(|model| {
            let rows = about.iter().filter(|e| model_of(e) == *model).copied();
            let rows: Vec<&Evaluation> = rows.collect();
            let body = of_model(&rows, words);
            if models.len() > 1 {
                card(&super::html::esc(model).to_string(), &body)
            } else {
                format!("<div class=\"card\">{body}</div>\n")
            }
        })
        .collect();
    format!("<h2 id=\"books-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{bodies}")
}

/// The training that an evaluation is of.
fn model_of(evaluation: &Evaluation) -> &str {
    evaluation.name.split_once(": ").map_or(&evaluation.name, |(model, _)| model)
}

fn of_model(evaluations: &[&Evaluation], words: Words) -> String {
    let mut heads: Vec<String> =
        [words.pick("질문", "Questions"), words.pick("지표", "Measure")].map(str::to_owned).into();
    let Some(first) = evaluations.first() else { return String::new() };
    let system = |evaluation: &Evaluation, role| {
        evaluation.systems.iter().find(|system| system.role == role).map(|system| system.id.clone())
    };
    let shown: Vec<_> = SHOWN.into_iter().filter(|role| system(first, *role).is_some()).collect();
    let against = |role: &&SystemRole| **role != SystemRole::Tuned;
    heads.extend(shown.iter().map(|role| name_of(first, &system(first, *role).unwrap_or_default(), words)));
    let tuned = words.pick("학습한 모델", "Tuned");
    heads.extend(shown.iter().filter(against).map(|role| {
        format!("{tuned} − {}", name_of(first, &system(first, *role).unwrap_or_default(), words))
    }));
    let mut rows = Vec::new();
    for evaluation in evaluations {
        let Some(asked) = evaluation.asked else { continue };
        for measure in measures(evaluation, asked) {
            let mut row = vec![
                format!(
                    "{} <small>{} · {} {}</small>",
                    words.slice(asked.slice),
                    words.book(asked.book),
                    int(evaluation.rows),
                    words.pick("문항", "questions")
                ),
                words.measure(&measure.name),
            ];
            row.extend(shown.iter().map(|role| value(measure, system(evaluation, *role), *role)));
            row.extend(shown.iter().filter(against).map(|role| {
                let id = system(evaluation, *role);
                let test = measure.tests.iter().find(|test| Some(&test.against) == id.as_ref());
                test.map_or_else(|| "–".to_owned(), |test| effect(test, words))
            }));
            rows.push(row);
        }
    }
    format!("{}{}", table(&heads, &rows), note(first, words))
}

/// The leading measure; of refusals all three.
pub fn measures(evaluation: &Evaluation, asked: Asked) -> &[Measure] {
    let n = if asked.slice == Slice::Refusals { 3 } else { 1 };
    &evaluation.measures[..n.min(evaluation.measures.len())]
}

fn value(measure: &Measure, system: Option<String>, role: SystemRole) -> String {
    let Some(score) = system.and_then(|id| measure.score_of(&id)) else { return "–".to_owned() };
    let class = if role == SystemRole::Tuned { " class=\"strong\"" } else { "" };
    let (low, high) = (one(score.interval.low), one(score.interval.high));
    format!("<b{class}>{}</b><small>{low}–{high}</small>", one(score.value))
}

fn note(evaluation: &Evaluation, words: Words) -> String {
    let scores = evaluation.measures.iter().flat_map(|measure| &measure.scores);
    let interval = interval_name(scores.map(|score| score.interval.confidence).next().unwrap_or(0.95), words);
    let has_closed = evaluation.asked.is_some_and(|asked| asked.book == Book::Closed);
    let alone = words.pick(
        " 레시피의 context가 \"none\"이라 모두 기억만으로 답했습니다.",
        " The recipe's context is \"none\": everything was answered from memory.",
    );
    format!(
        "<p class=\"note\">{}{}</p>",
        match words.pick("ko", "en") {
            "ko" => format!("작은 숫자는 {interval}, 차이는 같은 문항끼리 짝지어 잰 것입니다."),
            _ => format!("Small numbers are the {interval}; differences are paired by question."),
        },
        if has_closed { alone } else { "" }
    )
}
