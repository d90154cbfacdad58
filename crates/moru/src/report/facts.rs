//! The recipe's own questions: which fact each answer has to state, and whether it does, before and after.

use eval::report::{Book, Evaluation, FactScore, Report, Sample, SampleAnswer, SystemRole};

use super::html::{esc, int, one, share};
use super::scores;
use super::words::{KEY_FACTS, Words};

/// Whether an evaluation is scored by its facts alone.
pub(super) fn is_about_facts(evaluation: &Evaluation) -> bool {
    evaluation.measures.first().is_some_and(|measure| measure.name == KEY_FACTS)
}

/// The evaluation whose key facts stand for the run: the last, where the text is at hand.
pub fn leading(report: &Report) -> Option<&Evaluation> {
    let with_facts = || report.evaluation.iter().rev().filter(|evaluation| !evaluation.key_facts.is_empty());
    let is_closed =
        |evaluation: &&Evaluation| evaluation.asked.is_some_and(|asked| asked.book == Book::Closed);
    with_facts().find(|evaluation| !is_closed(evaluation)).or_else(|| with_facts().next())
}

/// The questions with their facts; empty where the recipe has none.
pub(super) fn render(report: &Report, words: Words) -> String {
    let evaluations: Vec<_> = report.evaluation.iter().filter(|e| is_about_facts(e)).collect();
    if evaluations.is_empty() {
        return String::new();
    }
    let title = words.pick("핵심 사실", "Key facts");
    let of_documents = evaluations.iter().all(|evaluation| evaluation.asked.is_some());
    let who = if of_documents {
        words.pick(
            "학습에도 평가 묶음에도 없는, 문서에 대한 별도의 질문입니다.",
            "Further questions about the documents, which are in no split.",
        )
    } else {
        words.pick("사람이 쓴 질문입니다.", "Questions that people wrote.")
    };
    let lead = words.pick(
        "답이 그 질문의 사실(금액, 기간, 시각)을 그대로 말해야 맞은 것으로 셉니다. 말투는 보지 않습니다.",
        "An answer is right when it states the fact of its question: an amount, a period, \
         a time. How it is worded does not matter.",
    );
    let bodies: String = evaluations
        .iter()
        .map(|evaluation| {
            let name = if evaluations.len() > 1 { scores::heading(evaluation, words) } else { String::new() };
            let asked: String =
                evaluation.samples.iter().map(|sample| question(sample, evaluation, words)).collect();
            format!(
                "{name}{}<ol class=\"asks\">\n{asked}</ol>\n{}{}",
                scores::leading(evaluation, words),
                details(evaluation, words),
                scores::tests(evaluation, words)
            )
        })
        .collect();
    format!("<h2 id=\"facts-title\">{title}</h2>\n<p class=\"lead\">{who} {lead}</p>\n{bodies}")
}

fn question(sample: &Sample, evaluation: &Evaluation, words: Words) -> String {
    let role_of = |answer: &SampleAnswer| {
        let system = evaluation.systems.iter().find(|system| system.id == answer.system);
        system.map_or(SystemRole::Other, |system| system.role)
    };
    let (models, others): (Vec<_>, Vec<_>) = (sample.answers.iter().map(|a| (a, role_of(a))))
        .partition(|(_, role)| matches!(role, SystemRole::Base | SystemRole::Tuned));
    let cells: String = models.iter().map(|(a, role)| cell(a, *role, &sample.reference, words)).collect();
    let baselines: String = others.iter().map(|(a, role)| cell(a, *role, &sample.reference, words)).collect();
    let baselines = if baselines.is_empty() {
        baselines
    } else {
        let title = words.pick("모델 없이 얻는 답", "Answers without a model");
        format!("<details><summary>{title}</summary><div class=\"ask-cells\">{baselines}</div></details>")
    };
    let category =
        sample.category.as_deref().map(|name| format!("<span class=\"chip\">{}</span>", esc(name)));
    format!(
        "<li><div class=\"ask\">{category}<p dir=\"auto\">{question}</p><p class=\"wanted\"><small>{wanted}</small> \
         <b>{fact}</b> <code>{id}</code></p></div><div class=\"ask-cells\">{cells}</div>{baselines}</li>\n",
        category = category.unwrap_or_default(),
        question = esc(&sample.question),
        wanted = words.pick("말해야 할 사실", "has to state"),
        fact = esc(&sample.reference),
        id = esc(&sample.id),
    )
}

fn cell(answer: &SampleAnswer, role: SystemRole, fact: &str, words: Words) -> String {
    let (class, mark, said) = match answer.holds_facts {
        Some(true) => ("yes", "✓", words.pick("맞음", "stated")),
        Some(false) => ("no", "✗", words.pick("틀림", "missed")),
        None => ("none", "–", words.pick("사실 없음", "no fact")),
    };
    let text = match answer.text.trim() {
        "" => format!("<p class=\"nothing\">{}</p>", words.pick("(빈 답)", "(empty answer)")),
        text => format!("<p dir=\"auto\">{}</p>", with_fact(text, fact)),
    };
    let score = one(answer.score);
    format!(
        "<div class=\"ask-cell {class}\"><h3><span class=\"sign\" aria-hidden=\"true\" title=\"{score}\">{mark}</span>{} \
         <span class=\"fact {class}\">{said}</span></h3>{text}</div>",
        words.system(role, &answer.system)
    )
}

/// Escaped text in which the fact, where it stands to the letter, is marked.
fn with_fact(text: &str, fact: &str) -> String {
    let parts = fact.split(", ").filter(|part| !part.is_empty());
    let Some((at, part)) = parts.filter_map(|part| Some((text.find(part)?, part))).min() else {
        return esc(text).to_string();
    };
    let (before, rest) = text.split_at(at);
    format!("{}<mark>{}</mark>{}", esc(before), esc(part), esc(&rest[part.len()..]))
}

/// Counts of every system in words, with the interval of the share.
fn details(evaluation: &Evaluation, words: Words) -> String {
    let line = |score: &FactScore| {
        let name = scores::name_of(evaluation, &score.system, words);
        let facts = match words.pick("ko", "en") {
            "ko" => format!("사실 {}개 가운데 {}개", int(score.facts), int(score.facts_found)),
            _ => format!("{} of {} facts", int(score.facts_found), int(score.facts)),
        };
        format!(
            "<li>{name} <b>{}</b>/{} <small>{:.0} % · {} {:.0}–{:.0} % · {facts}</small></li>",
            int(score.rows_with_all),
            int(score.rows),
            share(score.rows_with_all, score.rows),
            super::summary::interval_name(score.interval.confidence, words),
            score.interval.low,
            score.interval.high
        )
    };
    let lines: String = evaluation.key_facts.iter().map(line).collect();
    let rows = format!("{} {}", int(evaluation.rows), words.pick("문항", "questions"));
    let title = words.pick("세어 보면", "Counted");
    let (name, generation) = (esc(&evaluation.name), esc(&evaluation.generation));
    format!(
        "<details class=\"card\"><summary>{title}</summary><p>{rows} · <code>{name} · {generation}</code></p><ul>{lines}</ul></details>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fact_is_marked_where_it_stands() {
        let cases = [
            ("배송비는 3,000원입니다", "3,000원", "배송비는 <mark>3,000원</mark>입니다"),
            ("무료이고 3일", "3일, 무료", "<mark>무료</mark>이고 3일"),
            ("<b>3일</b>", "3일", "&lt;b&gt;<mark>3일</mark>&lt;/b&gt;"),
            ("사흘", "3일", "사흘"),
            ("아무", "", "아무"),
        ];
        for (text, fact, html) in cases {
            assert_eq!(with_fact(text, fact), html);
        }
    }
}
