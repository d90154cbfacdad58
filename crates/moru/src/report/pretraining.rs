//! What a model that was trained from the beginning learned of its text, and how much of it it copies.

use eval::report::{Copied, Pretraining, Report, TextFit};

use super::chart::{Bar, bars};
use super::html::{esc, int};
use super::table::{self, card};
use super::words::Words;

/// The section of every pretrained model; empty where there is none.
pub(super) fn render(report: &Report, words: Words) -> String {
    if report.pretraining.is_empty() {
        return String::new();
    }
    let title = words.pick("처음부터 학습한 모델", "Trained from the beginning");
    let lead = words.pick(
        "바이트당 비트는 처음 보는 글 한 바이트를 맞히는 데 드는 정보량입니다. 낮을수록 좋고, 압축하지 않은 글은 8입니다.",
        "Bits per byte is what it takes to guess a byte of text that the model has not seen: lower is better, 8 is text \
         as it stands.",
    );
    let bodies: String = report.pretraining.iter().map(|model| body(model, words)).collect();
    format!("<h2 id=\"pretraining-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{bodies}")
}

/// Four figures after the point, as a fit is compared in the third.
fn bits(fit: &TextFit) -> String {
    format!("{:.4}", fit.bits_per_byte)
}

fn sizes(fit: &TextFit, words: Words) -> String {
    format!(
        "{} {} · {} {} · {} {} · {:.0} nat",
        int(fit.samples),
        words.pick("글", "texts"),
        int(fit.bytes),
        words.pick("바이트", "bytes"),
        int(fit.tokens),
        words.pick("토큰", "tokens"),
        fit.nats
    )
}

fn body(model: &Pretraining, words: Words) -> String {
    let small = |text: String| format!("<small>{text}</small>");
    let mut facts = vec![(
        words.pick("처음 보는 글, 바이트당 비트", "Held-back text, bits per byte"),
        format!("{} {}", bits(&model.held_back), small(sizes(&model.held_back, words))),
    )];
    if let Some(fit) = &model.quantised {
        let name = words.pick("8비트로 줄인 모델", "The model in eight bits");
        facts.push((name, format!("{} {}", bits(fit), small(sizes(fit, words)))));
    }
    let kinds = if model.kinds.is_empty() {
        String::new()
    } else {
        let bar = |fit: &TextFit| Bar {
            label: format!("{}<small>{}</small>", esc(&fit.name), sizes(fit, words)),
            parts: vec![(fit.bits_per_byte, "valid")],
            value: format!("<b>{}</b>", bits(fit)),
        };
        let rows: Vec<Bar> = model.kinds.iter().map(bar).collect();
        card(words.pick("글의 종류별", "By kind of text"), &bars(&rows))
    };
    format!(
        "<h3 class=\"group\">{} <small>{}</small></h3>\n{}{kinds}{}",
        esc(&model.name),
        esc(&model.held_back.name),
        table::facts("facts card", &facts),
        model.copied.as_ref().map(|copied| copying(copied, words)).unwrap_or_default()
    )
}

fn copying(copied: &Copied, words: Words) -> String {
    let said = match words.pick("ko", "en") {
        "ko" => format!(
            "표본 {}개({}자)와 학습한 글 {}개에 함께 있는 가장 긴 글은 <b>{}자</b>입니다.",
            int(copied.samples),
            int(copied.characters),
            int(copied.training_texts),
            int(copied.longest)
        ),
        _ => format!(
            "The longest run that {} samples ({} characters) share with {} training texts has <b>{} characters</b>.",
            int(copied.samples),
            int(copied.characters),
            int(copied.training_texts),
            int(copied.longest)
        ),
    };
    let text = format!("<blockquote dir=\"auto\">{}</blockquote>", esc(&copied.text));
    card(words.pick("베낀 글", "What it copies"), &format!("<p>{said}</p>{text}"))
}
