//! What tuned models were written as: size, what it cost in likelihood, and speed.

use eval::report::{Artifact, Report};

use super::html::esc;
use super::table::{card, table};
use super::words::Words;
use crate::console::format;

/// The table of every model that was written; empty where there is none.
pub(super) fn render(report: &Report, words: Words) -> String {
    if report.artifacts.is_empty() {
        return String::new();
    }
    let title = words.pick("내보낸 모델", "Models for other tools");
    let lead = words.pick(
        "음의 로그 가능도는 평가 데이터의 정답 토큰 하나를 맞히는 데 드는 정보량입니다. 낮을수록 좋습니다. 속도는 이 컴퓨터에서 잰 것입니다.",
        "The negative log-likelihood is what it takes to guess a token of the test answers: lower is better. Speed is \
         that of this machine.",
    );
    let heads = [
        ("모델", "Model"),
        ("크기", "Size"),
        ("토큰당 nat", "Nats per token"),
        ("튜닝한 모델과의 차이", "Against the tuned model"),
        ("읽기 · 쓰기, 초당 토큰", "Reads · writes, tokens a second"),
    ];
    let heads: Vec<String> = heads.iter().map(|(ko, en)| words.pick(ko, en).to_owned()).collect();
    let rows: Vec<_> = report.artifacts.iter().map(|artifact| row(artifact, words)).collect();
    format!(
        "<h2 id=\"artifacts-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{}",
        card(title, &table(&heads, &rows))
    )
}

fn row(artifact: &Artifact, words: Words) -> Vec<String> {
    let none = || "–".to_owned();
    let fit = artifact.fit.as_ref();
    let against = fit.map_or_else(none, |fit| {
        let gate = fit.allowed.map_or_else(String::new, |allowed| {
            format!(" <small>{} {allowed:.4}</small>", words.pick("허용", "allowed"))
        });
        format!(
            "{:+.4} <small>{} {:.4}</small>{gate}",
            fit.increase(),
            words.pick("튜닝", "tuned"),
            fit.tuned
        )
    });
    vec![
        format!("{} <small>{}</small>", esc(&artifact.format), esc(&artifact.name)),
        // Bytes to the last one, for a size is compared with a file's.
        format!("{} <small>{} B</small>", format::bytes(artifact.bytes), super::html::int(artifact.bytes)),
        fit.map_or_else(none, |fit| {
            let tokens = words.pick("토큰", "tokens");
            format!("{:.4} <small>{} {tokens}</small>", fit.written, super::html::int(fit.tokens))
        }),
        against,
        artifact.speed.map_or_else(none, |speed| {
            format!("{:.0} · {:.1}", speed.prefill_tokens_per_s, speed.decode_tokens_per_s)
        }),
    ]
}
