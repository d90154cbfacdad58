//! The same questions, before and after.

use eval::report::{Evaluation, Report, Sample, SampleAnswer, SystemRole};

use super::facts::is_about_facts;
use super::html::{esc, int, one};
use super::scores::heading;
use super::words::Words;

/// Questions shown at once; the others unfold.
const OPEN: usize = 5;

/// Answers side by side; empty where there are none.
pub(super) fn render(report: &Report, words: Words) -> String {
    let is_shown = |e: &&Evaluation| !e.samples.is_empty() && !is_about_facts(e);
    let evaluations: Vec<_> = report.evaluation.iter().filter(is_shown).collect();
    if evaluations.is_empty() {
        return String::new();
    }
    let title = words.pick("같은 질문, 학습 전과 후", "The same question, before and after");
    let lead = words.pick(
        "평가용 질문에서 유형마다 고르게 뽑은 것으로, 사람이 고르지 않았습니다. 두 모델은 글자 하나까지 같은 질문을 받았습니다.",
        "Spread evenly over the categories of the test questions, picked by nobody. Both models got the same prompts, letter by letter.",
    );
    let bodies: String = evaluations
        .iter()
        .map(|evaluation| {
            let name = if evaluations.len() > 1 { heading(evaluation, words) } else { String::new() };
            name + &side_by_side(evaluation, words)
        })
        .collect();
    format!("<h2 id=\"answers-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{bodies}")
}

fn side_by_side(evaluation: &Evaluation, words: Words) -> String {
    let measure = evaluation.measures.first().map_or("", |measure| measure.name.as_str());
    let cards: Vec<String> =
        evaluation.samples.iter().map(|sample| card(sample, evaluation, measure, words)).collect();
    folded(&cards, OPEN, words)
}

/// Cards of which the first `open` are shown, and the others unfold.
pub(super) fn folded(cards: &[String], open: usize, words: Words) -> String {
    let (open, folded) = cards.split_at(open.min(cards.len()));
    let rest = if folded.is_empty() {
        String::new()
    } else {
        let more = match words.pick("ko", "en") {
            "ko" => format!("{}개 더 보기", int(folded.len() as u64)),
            _ => format!("{} more", int(folded.len() as u64)),
        };
        format!("<details class=\"more\"><summary>{more}</summary>\n{}</details>\n", folded.concat())
    };
    format!("<div class=\"samples\">\n{}{rest}</div>\n", open.concat())
}

fn card(sample: &Sample, evaluation: &Evaluation, measure: &str, words: Words) -> String {
    let role_of = |answer: &SampleAnswer| {
        let system = evaluation.systems.iter().find(|system| system.id == answer.system);
        system.map_or(SystemRole::Other, |system| system.role)
    };
    let is_model = |role| matches!(role, SystemRole::Base | SystemRole::Tuned);
    let shown = |models: bool| -> String {
        let answers = sample.answers.iter().filter(|answer| is_model(role_of(answer)) == models);
        answers.map(|answer| bubble(answer, role_of(answer), measure, words)).collect()
    };
    let category =
        sample.category.as_deref().map(|name| format!("<span class=\"chip\">{}</span>", esc(name)));
    let others = shown(false);
    let baselines = if others.is_empty() {
        String::new()
    } else {
        let title = words.pick("모델 없이 얻는 답", "Answers without a model");
        format!("<details><summary>{title}</summary><div class=\"replies\">{others}</div></details>")
    };
    format!(
        "<article class=\"sample\"><header>{category}<code>{id}</code></header>\n\
         <p class=\"question\" dir=\"auto\">{question}</p>\n<div class=\"replies\">{models}\
         <div class=\"reply reference\"><h3>{person}</h3><p dir=\"auto\">{reference}</p></div></div>\n\
         {baselines}</article>\n",
        category = category.unwrap_or_default(),
        id = esc(&sample.id),
        question = esc(&sample.question),
        models = shown(true),
        person = words.pick("사람이 쓴 답", "A person’s answer"),
        reference = esc(&sample.reference),
    )
}

fn bubble(answer: &SampleAnswer, role: SystemRole, measure: &str, words: Words) -> String {
    let class = match role {
        SystemRole::Base => "base",
        SystemRole::Tuned => "tuned",
        _ => "other",
    };
    let fact = match answer.holds_facts {
        Some(true) => format!("<span class=\"fact yes\">✓ {}</span>", words.pick("핵심 사실", "key fact")),
        Some(false) => format!("<span class=\"fact no\">✗ {}</span>", words.pick("핵심 사실", "key fact")),
        None => String::new(),
    };
    let text = if answer.text.trim().is_empty() {
        format!("<p class=\"nothing\">{}</p>", words.pick("(빈 답)", "(empty answer)"))
    } else {
        format!("<p dir=\"auto\">{}</p>", esc(&answer.text))
    };
    format!(
        "<div class=\"reply {class}\"><h3>{}</h3>{text}<footer>{} {}{fact}</footer></div>\n",
        words.system(role, &answer.system),
        words.measure(measure),
        one(answer.score),
    )
}
