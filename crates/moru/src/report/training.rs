//! Loss, learning rate and what the training cost.

use eval::report::{BatchTokens, Report, Training};

use super::curves::{Line, Plot, Style, smoothed};
use super::html::{bytes, esc, int, share, short};
use super::table;
use super::words::Words;

/// The curves of every training; empty where none was trained.
pub(super) fn render(report: &Report, words: Words) -> String {
    if report.training.is_empty() {
        return String::new();
    }
    let title = words.pick("학습", "Training");
    let bodies: String = report
        .training
        .iter()
        .map(|training| {
            let name = if report.training.len() > 1 {
                format!("<h3>{}</h3>", esc(&training.name))
            } else {
                String::new()
            };
            format!(
                "{name}{}\n<div class=\"two\">{}{}</div>\n{}",
                card(&loss(training, words)),
                card(&learning_rate(training, words)),
                card(&grad_norm(training, words)),
                facts(training, words)
            )
        })
        .collect();
    format!("<h2 id=\"training-title\">{title}</h2>\n<p class=\"lead\">{}</p>\n{bodies}", lead(words))
}

fn lead(words: Words) -> &'static str {
    words.pick(
        "손실은 답변 토큰 하나를 맞히기 어려운 정도로, 낮을수록 좋습니다. 학습 손실만 내려가고 검증 손실이 오르면 외우기 시작한 것입니다.",
        "Loss is how hard one answer token is to guess: lower is better. Where training loss falls and validation \
         loss rises, the model has begun to memorise.",
    )
}

fn card(body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("<div class=\"card\">{body}</div>") }
}

fn points(training: &Training, pick: fn(&eval::report::StepPoint) -> Option<f64>) -> Vec<(f64, f64)> {
    training.steps.iter().filter_map(|step| Some((step.step as f64, pick(step)?))).collect()
}

fn loss(training: &Training, words: Words) -> String {
    let raw = points(training, |step| Some(step.loss));
    let valid: Vec<(f64, f64)> = training.valid.iter().map(|v| (v.step as f64, v.loss)).collect();
    let smooth = smoothed(&raw, raw.len() / 40);
    let named = |name: &str, points: &[(f64, f64)]| match points.last() {
        Some((_, loss)) => format!("{name} {loss:.3}"),
        None => name.to_owned(),
    };
    let names =
        [named(words.pick("학습", "training"), &smooth), named(words.pick("검증", "validation"), &valid)];
    let title = words.pick("손실", "Loss");
    let description = format!("{title}: {}", names.join(", "));
    let [train_name, valid_name] = names;
    let line = |name, class, style, points| Line { name, class, style, points };
    let mark = training
        .best_step
        .map(|step| (step as f64, format!("{} {}", words.pick("남긴 가중치:", "kept:"), int(step))));
    Plot {
        title,
        description,
        x_name: words.pick("단계", "step"),
        from_zero: false,
        mark,
        lines: vec![
            line(String::new(), "tuned", Style::Faint, raw),
            line(train_name, "tuned", Style::Strong, smooth),
            line(valid_name, "valid", Style::Dots, valid),
        ],
    }
    .render()
}

fn single(
    training: &Training,
    title: &str,
    words: Words,
    pick: fn(&eval::report::StepPoint) -> Option<f64>,
) -> String {
    let points = points(training, pick);
    let line = Line { name: String::new(), class: "ink", style: Style::Strong, points };
    Plot {
        title,
        description: title.to_owned(),
        x_name: words.pick("단계", "step"),
        from_zero: true,
        mark: None,
        lines: vec![line],
    }
    .render()
}

fn learning_rate(training: &Training, words: Words) -> String {
    single(training, words.pick("학습률", "Learning rate"), words, |step| Some(step.learning_rate))
}

fn grad_norm(training: &Training, words: Words) -> String {
    single(training, words.pick("기울기 크기", "Gradient norm"), words, |step| step.grad_norm)
}

fn facts(training: &Training, words: Words) -> String {
    let small = |text: String| format!("<small>{text}</small>");
    let mut facts = vec![
        (words.pick("이름", "Name"), esc(&training.name).to_string()),
        (words.pick("방법", "Method"), method(training, words)),
        (words.pick("기본 모델", "Base model"), esc(&training.base_model).to_string()),
    ];
    if training.parameters > 0 {
        let part = small(format!("{:.2} %", share(training.trained_parameters, training.parameters)));
        let counts = [training.trained_parameters, training.parameters].map(short).join(" / ");
        facts.push((words.pick("학습한 매개변수", "Trained parameters"), format!("{counts} {part}")));
    }
    let steps = int(training.steps.last().map_or(0, |step| step.step));
    let epochs = small(format!("{:.1} {}", training.epochs, words.pick("에포크", "epochs")));
    facts.push((words.pick("단계", "Steps"), format!("{steps} {epochs}")));
    let with_loss =
        small(format!("{} {}", words.pick("손실을 건", "with loss:"), int(training.trained_tokens)));
    facts.push((words.pick("토큰", "Tokens"), format!("{} {with_loss}", int(training.tokens))));
    facts.extend(training.batch_tokens.as_ref().map(|tokens| laid(tokens, words)));
    facts.extend(costs(training, words));
    table::facts("facts card", &facts)
}

/// What an epoch computes, and what it would the other ways.
fn laid(tokens: &BatchTokens, words: Words) -> (&'static str, String) {
    let by = [
        (words.pick("트리", "as trees"), tokens.tree_tokens, "tree"),
        (words.pick("이어 붙임", "packed"), tokens.packed_tokens, "packed"),
        (words.pick("빈칸 채움", "padded"), tokens.padded_tokens, "padded"),
    ];
    let (done, others): (Vec<_>, Vec<_>) = by.into_iter().partition(|(.., name)| *name == tokens.batching);
    let text = |(name, count, _): &(&str, u64, &str)| format!("{name} {}", int(*count));
    let [done, others] = [done, others].map(|by| by.iter().map(text).collect::<Vec<_>>().join(", "));
    (
        words.pick("에포크의 토큰", "Tokens of an epoch"),
        format!("{done} <small>{others}; {} {}</small>", words.pick("행:", "rows:"), int(tokens.rows)),
    )
}

fn costs(training: &Training, words: Words) -> Vec<(&'static str, String)> {
    let mut costs = Vec::new();
    if let Some(rate) = training.tokens_per_second {
        let unit = words.pick("토큰/초", "tokens/s");
        costs.push((words.pick("속도", "Speed"), format!("{} {unit}", int(rate.max(0.0) as u64))));
    }
    if let Some(seconds) = training.seconds {
        costs.push((words.pick("시간", "Time"), words.seconds(seconds)));
    }
    if let Some(peak) = training.peak_memory_bytes {
        let predicted = training.predicted_memory_bytes.map(bytes);
        let predicted =
            predicted.map(|size| format!(" <small>{} {size}</small>", words.pick("예상", "predicted")));
        let value = format!("{}{}", bytes(peak), predicted.unwrap_or_default());
        costs.push((words.pick("최대 메모리", "Peak memory"), value));
    }
    costs
}

fn method(training: &Training, words: Words) -> String {
    match training.rank {
        Some(rank) => {
            format!("{} <small>{} {rank}</small>", esc(&training.method), words.pick("랭크", "rank"))
        }
        None => esc(&training.method).to_string(),
    }
}
