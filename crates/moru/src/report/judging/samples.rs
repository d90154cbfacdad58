//! Some answers with what the judge said of them.

use eval::report::{Judging, Outcome, PairVerdict, SystemRole, Viewed, ViewedAnswer};

use super::super::answers::folded;
use super::super::html::esc;
use super::super::scores::class_of;
use super::super::words::Words;
use super::{name_of, role_of};

/// Questions shown at once; the others unfold.
const OPEN: usize = 3;

/// Some answers with what was said of them, from the worst to the best of the tuned model.
pub(super) fn render(judging: &Judging, words: Words) -> String {
    if judging.samples.is_empty() {
        return String::new();
    }
    let cards: Vec<String> = judging.samples.iter().map(|viewed| sample(viewed, judging, words)).collect();
    folded(&cards, OPEN, words)
}

fn sample(viewed: &Viewed, judging: &Judging, words: Words) -> String {
    let is_model = |answer: &&ViewedAnswer| {
        matches!(role_of(judging, &answer.system), SystemRole::Base | SystemRole::Tuned)
    };
    let (models, others): (Vec<_>, Vec<_>) = viewed.answers.iter().partition(is_model);
    let replies = |answers: &[&ViewedAnswer]| -> String {
        answers.iter().map(|answer| reply(answer, judging, words)).collect()
    };
    let reference = viewed.reference.as_deref().map_or_else(String::new, |text| {
        format!(
            "<div class=\"reply reference\"><h3>{}</h3><p dir=\"auto\">{}</p></div>",
            words.pick("정답", "Right answer"),
            esc(text)
        )
    });
    let others = if others.is_empty() {
        String::new()
    } else {
        let title = words.pick("모델 없이 얻는 답", "Answers without a model");
        format!(
            "<details><summary>{title}</summary><div class=\"replies\">{}</div></details>",
            replies(&others)
        )
    };
    let pairs: String = viewed.pairs.iter().map(|pair| pair_line(pair, judging, words)).collect();
    let pairs = if pairs.is_empty() { pairs } else { format!("<ul class=\"notes\">{pairs}</ul>") };
    format!(
        "<article class=\"sample\"><header><code>{}</code></header><p class=\"question\" dir=\"auto\">{}</p>\
         <div class=\"replies\">{}{reference}</div>{pairs}{others}</article>\n",
        esc(&viewed.id),
        esc(&viewed.question),
        replies(&models),
    )
}

fn reply(answer: &ViewedAnswer, judging: &Judging, words: Words) -> String {
    let role = role_of(judging, &answer.system);
    let text = match answer.text.trim() {
        "" => format!("<p class=\"nothing\">{}</p>", words.pick("(빈 답)", "(empty answer)")),
        text => format!("<p dir=\"auto\">{}</p>", esc(text)),
    };
    let score = answer.score.map_or_else(String::new, |score| format!("<b>{score}</b>/10 "));
    let said = format!("{score}{}", esc(&answer.reason));
    let footer = if said.is_empty() { said } else { format!("<footer><span>{said}</span></footer>") };
    format!(
        "<div class=\"reply {}\"><h3>{}</h3>{text}{footer}</div>",
        class_of(role),
        words.system(role, &answer.system)
    )
}

fn pair_line(pair: &PairVerdict, judging: &Judging, words: Words) -> String {
    let (system, against) = (name_of(judging, &pair.system, words), name_of(judging, &pair.against, words));
    let (class, outcome) = match pair.outcome {
        Outcome::Win => ("up", words.pick("나음", "better")),
        Outcome::Tie => ("same", words.pick("비김", "as good")),
        Outcome::Loss => ("down", words.pick("못함", "worse")),
        Outcome::Flip => ("same", words.pick("순서에 따라 뒤집힘", "turns with the order")),
        Outcome::Error => ("same", words.pick("판정 없음", "no verdict")),
    };
    let reasons: Vec<String> = pair
        .reasons
        .iter()
        .filter(|reason| !reason.is_empty())
        .map(|reason| esc(reason).to_string())
        .collect();
    let reasons =
        if reasons.is_empty() { String::new() } else { format!(" <small>{}</small>", reasons.join(" / ")) };
    format!("<li>{system} vs {against}: <b class=\"{class}\">{outcome}</b>{reasons}</li>\n")
}
