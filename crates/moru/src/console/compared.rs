//! Models beside each other, as a table on a terminal.

use eval::report::{Candidate, Compared};

use super::{format, table};

/// The table, what its mark means, and whether the order may be chance.
pub fn text(compared: &Compared) -> String {
    let heads = [
        "",
        "model",
        "of",
        "form",
        &compared.measure,
        "behind the best",
        "writes",
        "reads",
        "memory",
        "disk",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(compared.candidates.iter().map(|one| row(one, compared.is_tied(one))));
    let (prompt, reply) = compared.measured_tokens;
    format!(
        "{}\n* nothing else is as good or better in quality, tokens a second, memory and size together\n\
         {} questions, 95 % intervals; writes and reads: tokens a second of one request ({prompt} tokens and {reply}); \
         memory: the most that was held meanwhile\n{}",
        table::render(&rows, &[4, 5, 6, 7, 8, 9]),
        compared.rows,
        order(compared)
    )
}

fn row(one: &Candidate, is_tied: bool) -> Vec<String> {
    let none = || "–".to_owned();
    let behind = one.behind.as_ref().map_or_else(none, |test| {
        let mark = if is_tied { " ~" } else { "" };
        // What rounds to zero has no sign.
        let [low, high] = [test.interval.low, test.interval.high].map(|x| (x * 10.0).round() / 10.0 + 0.0);
        format!("{:.1} [{low:.1}, {high:.1}]{mark}", test.difference)
    });
    let rate = |of: fn(&eval::report::Speed) -> f64| {
        one.speed.as_ref().map_or_else(none, |speed| format!("{:.1}", of(speed)))
    };
    vec![
        if one.on_front == Some(true) { "*".to_owned() } else { String::new() },
        one.name.clone(),
        one.base.clone(),
        one.form.clone(),
        format!("{:.1} [{:.1}, {:.1}]", one.score, one.interval.low, one.interval.high),
        behind,
        rate(|speed| speed.decode_tokens_per_s),
        rate(|speed| speed.prefill_tokens_per_s),
        one.memory_bytes.map_or_else(none, format::bytes),
        format::bytes(one.bytes),
    ]
}

/// Whether the order of quality could be chance.
fn order(compared: &Compared) -> String {
    let Some(best) = compared.candidates.first() else { return String::new() };
    let tied: Vec<&str> = compared.tied().map(|one| one.name.as_str()).collect();
    if tied.is_empty() {
        return format!("{} is better than each of the others by more than chance explains", best.name);
    }
    format!(
        "~ the order is within noise: {} questions do not tell {} from {}",
        compared.rows,
        best.name,
        tied.join(", ")
    )
}
