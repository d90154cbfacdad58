//! A screen of a training, laid out for the size that there is, and the same as plain text.

use std::time::Duration;

use super::chart;
use super::figures::{Curves, Figures, State};
use crate::console::format::{self, width};

/// A terminal's size in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// Lines of a screen; none is wider than the terminal, and they are no more than its rows.
pub fn draw(figures: &Figures, curves: &Curves, size: Size, colour: bool) -> Vec<String> {
    let paint = Paint { colour };
    let mut lines = vec![paint.title(figures, size.columns)];
    lines.push(bar(figures, size.columns));
    lines.extend(facts(figures).into_iter().map(|fact| paint.name(&fact, size.columns)));
    lines.push(String::new());
    let left = size.rows.saturating_sub(lines.len());
    lines.extend(charts(figures, curves, Size { rows: left, ..size }, &paint));
    lines.truncate(size.rows);
    lines
}

/// Name, value.
type Fact = (&'static str, String);

/// What is known, a line each.
fn facts(f: &Figures) -> Vec<Fact> {
    let mut facts = vec![("loss", losses(f))];
    facts.extend(step(f).map(|step| ("step", step)));
    facts.push(("speed", speed(f)));
    facts.extend(memory(f).map(|memory| ("memory", memory)));
    facts.push(("checkpoint", checkpoint(f)));
    facts
}

fn losses(f: &Figures) -> String {
    let Some(loss) = f.loss else { return "no step is done yet".to_owned() };
    let mut parts = vec![format!("{loss:.4}")];
    if let Some(eval) = f.eval_loss {
        let best = match (f.best_eval_loss, f.best_step) {
            (Some(loss), Some(step)) => format!(" (best {loss:.4} after step {})", format::count(step)),
            _ => String::new(),
        };
        parts.push(format!("validation {eval:.4}{best}"));
    }
    parts.join("  ")
}

/// What the optimizer did last.
fn step(f: &Figures) -> Option<String> {
    let norm = f.grad_norm.map(|norm| format!("gradient norm {}", short(norm)));
    let rate = f.learning_rate.map(|rate| format!("learning rate {}", short(rate)));
    let parts: Vec<_> = [norm, rate].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

fn speed(f: &Figures) -> String {
    let (Some(rate), Some(step_s)) = (f.tokens_per_s, f.step_s) else { return "not known yet".to_owned() };
    let trained = f
        .trained_tokens_per_s
        .map_or(String::new(), |rate| format!(" ({} trained)", format::rate(rate, "tokens")));
    let step = match step_s {
        short if short < 1.0 => format!("{:.0} ms", 1000.0 * short),
        long => format::duration(Duration::try_from_secs_f64(long).unwrap_or_default()),
    };
    format!(
        "{}{trained}  {step} a step  {} tokens so far",
        format::rate(rate, "tokens"),
        format::count(f.num_tokens)
    )
}

fn memory(f: &Figures) -> Option<String> {
    let said = |name: &str, bytes: Option<u64>| bytes.map(|bytes| format!("{name}{}", format::bytes(bytes)));
    let parts = [
        said("", f.held_bytes),
        said("peak ", f.peak_bytes),
        said("predicted peak ", f.predicted_peak_bytes),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

fn checkpoint(f: &Figures) -> String {
    match f.checkpoints.last() {
        Some(&step) => format!("after step {}", format::count(step)),
        None => "none yet".to_owned(),
    }
}

/// `1.9e-4`, `0.83`, `12.4`.
fn short(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => "not a number".to_owned(),
        0.0 => "0".to_owned(),
        size if !(1e-2..1e4).contains(&size) => format!("{value:.1e}"),
        size if size < 1.0 => format!("{value:.3}"),
        size if size < 10.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    }
}

/// `step 120 of 400  epoch 1.20 of 3.00  2 min 10 s left`
fn progress(f: &Figures) -> String {
    let mut text = format!("step {} of {}", format::count(f.step), format::count(f.total_steps));
    text += &match f.total_epochs {
        Some(total) => format!("  epoch {:.2} of {total:.2}", f.epoch),
        None => format!("  epoch {:.2}", f.epoch),
    };
    if let Some(left) = f.remaining() {
        text += &format!("  {} left", format::duration(left));
    }
    text
}

fn share(f: &Figures) -> f64 {
    if f.total_steps == 0 { 0.0 } else { (f.step as f64 / f.total_steps as f64).min(1.0) }
}

/// `━━━━━━──────  30 %  step 120 of 400 …`
fn bar(f: &Figures, columns: usize) -> String {
    let text = format!("  {:3.0} %  {}", 100.0 * share(f), progress(f));
    let cells = columns.saturating_sub(width(&text)).min(40);
    let full = (share(f) * cells as f64) as usize;
    clip(&format!("{}{}{text}", "━".repeat(full), "─".repeat(cells - full)), columns)
}

struct Paint {
    colour: bool,
}

impl Paint {
    fn in_colour(&self, text: &str, code: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// Name and state on the left, the key on the right.
    fn title(&self, f: &Figures, columns: usize) -> String {
        let left = clip(&format!("moru top  {}  {}", f.name, f.state.word()), columns);
        let key = "q quits";
        let gap = columns.saturating_sub(width(&left) + width(key));
        let left = self.in_colour(&left, "1");
        if gap < 2 { left } else { format!("{left}{}{}", " ".repeat(gap), self.in_colour(key, "2")) }
    }

    fn name(&self, (name, value): &Fact, columns: usize) -> String {
        let padded = format!("{name:<10}  ");
        let value = clip(value, columns.saturating_sub(padded.len()));
        format!("{}{value}", self.in_colour(&clip(&padded, columns), "2"))
    }
}

/// A curve and how it is told apart.
struct Curve<'a> {
    title: &'static str,
    points: &'a [(u64, f64)],
    code: &'static str,
}

/// Least cells of a chart: narrower or lower ones say nothing.
const LEAST: Size = Size { columns: 24, rows: 4 };

/// As many charts as fit: two by two, one upon another, or the loss alone.
fn charts(f: &Figures, curves: &Curves, size: Size, paint: &Paint) -> Vec<String> {
    let all = [
        Curve { title: "loss", points: &curves.loss, code: "36" },
        Curve { title: "validation loss", points: &curves.eval_loss, code: "35" },
        Curve { title: "learning rate", points: &curves.learning_rate, code: "33" },
        Curve { title: "gradient norm", points: &curves.grad_norm, code: "32" },
    ];
    let gap = 3;
    let beside = if size.columns >= 2 * LEAST.columns + gap { 2 } else { 1 };
    let count = all.len().min(beside * (size.rows / LEAST.rows));
    let down = count.div_ceil(beside).max(1);
    if count == 0 || size.columns < LEAST.columns {
        return Vec::new();
    }
    let each = Size { columns: (size.columns - gap * (beside - 1)) / beside, rows: size.rows / down };
    let mut lines = Vec::new();
    for row in all[..count].chunks(beside) {
        let drawn: Vec<_> = row.iter().map(|curve| chart(curve, f.total_steps, each, paint)).collect();
        for at in 0..each.rows {
            let line: Vec<_> = drawn.iter().map(|chart| chart[at].as_str()).collect();
            lines.push(line.join(&" ".repeat(gap)));
        }
    }
    lines
}

/// A title, and the curve with its greatest and least value at its left; exactly `size`.
fn chart(curve: &Curve<'_>, last_step: u64, size: Size, paint: &Paint) -> Vec<String> {
    let label = 9;
    let mut title = curve.title.to_owned();
    if curve.points.is_empty() {
        title += ": not measured yet";
    }
    let mut lines = vec![paint.in_colour(&pad(&title, size.columns), "1")];
    let rows = size.rows.saturating_sub(2);
    let drawn = chart::curve(curve.points, last_step, size.columns.saturating_sub(label), rows);
    let (low, high) =
        chart::range(curve.points).map_or_else(Default::default, |(low, high)| (short(low), short(high)));
    for (at, cells) in drawn.iter().enumerate() {
        let value = match at {
            0 => high.as_str(),
            _ if at + 1 == rows && low != high => low.as_str(),
            _ => "",
        };
        let left = paint.in_colour(&format!("{value:>7} │"), "2");
        lines.push(format!("{left}{}", paint.in_colour(cells, curve.code)));
    }
    lines.resize(size.rows, " ".repeat(size.columns));
    lines
}

fn pad(text: &str, columns: usize) -> String {
    let text = clip(text, columns);
    let gap = columns.saturating_sub(width(&text));
    text + &" ".repeat(gap)
}

/// At most `columns` columns of a line, its blanks kept.
fn clip(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += width(c.encode_utf8(&mut [0; 4]));
        used <= columns
    };
    text.chars().take_while(fits).collect()
}

/// For a reader that is no terminal.
pub fn plain(f: &Figures, curves: &Curves) -> String {
    let mut lines = vec![format!("{}: {}", f.name, f.state.word()), progress(f)];
    let name = |(name, value): Fact| format!("{name:<16}{value}");
    lines.extend(facts(f).into_iter().map(name));
    let all = [
        ("loss", &curves.loss),
        ("validation loss", &curves.eval_loss),
        ("learning rate", &curves.learning_rate),
        ("gradient norm", &curves.grad_norm),
    ];
    for (name, points) in all {
        if let Some((low, high)) = chart::range(points) {
            let line = chart::sparkline(points, 40);
            lines.push(format!("{name:<16}{line}  {} to {}", short(low), short(high)));
        }
    }
    lines.join("\n")
}

/// Said where the state is [`State::Stopped`] and no checkpoint stands.
pub fn hint(f: &Figures) -> Option<&'static str> {
    (f.state == State::Stopped && f.checkpoints.is_empty())
        .then_some("no checkpoint was written: `moru run` begins this training anew")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::log::Log;

    fn log(steps: u64) -> Log {
        let mut log = Log::default();
        log.push(r#"{"planned_steps":400,"planned_epochs":3.0,"predicted_peak_bytes":1300000000}"#);
        for step in 1..=steps {
            let loss = 2.0 + 3.0 * (-0.02 * step as f64).exp();
            let line = serde_json::json!({ "step": step, "total_steps": 400, "epoch": step as f64 / 133.0,
                "loss": loss, "grad_norm": 0.5 + 1.0 / step as f64, "learning_rate": 2e-4 * (1.0 - step as f64 / 400.0),
                "num_tokens": 800 * step, "tokens": 800, "trained_tokens": 400, "seconds": 0.5,
                "held_bytes": 1_100_000_000u64, "peak_bytes": 1_200_000_000u64 });
            log.push(&line.to_string());
            if step % 50 == 0 {
                let best =
                    format!(r#"{{"step":{step},"eval_loss":{},"best":true,"seconds":2.0}}"#, loss + 0.1);
                log.push(&best);
                log.push(&format!(r#"{{"checkpoint_after_step":{step}}}"#));
            }
        }
        log
    }

    fn of(log: &Log) -> (Figures, Curves) {
        (Figures::of("main", State::Running, log), Curves::of(log))
    }

    #[test]
    fn a_screen_has_its_size_whatever_it_is() {
        for steps in [0, 1, 2, 130, 400] {
            let (figures, curves) = of(&log(steps));
            for (columns, rows) in [(80, 24), (200, 60), (120, 12), (50, 40), (20, 6), (3, 2), (1, 1), (0, 0)]
            {
                let lines = draw(&figures, &curves, Size { columns, rows }, false);
                assert!(lines.len() <= rows, "{columns}x{rows}: {} lines", lines.len());
                for line in &lines {
                    assert!(width(line) <= columns, "{columns}x{rows}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn a_screen_of_80_by_24() {
        let (figures, curves) = of(&log(130));
        let lines = draw(&figures, &curves, Size { columns: 80, rows: 24 }, false);
        insta::assert_snapshot!("screen-80x24", lines.join("\n"));
        let coloured = draw(&figures, &curves, Size { columns: 80, rows: 24 }, true).join("\n");
        assert!(coloured.contains("\x1b[36m") && coloured.matches("\x1b[0m").count() > 20);
    }

    #[test]
    fn plain_text_says_the_same() {
        let (figures, curves) = of(&log(130));
        insta::assert_snapshot!("plain", plain(&figures, &curves));
        let (figures, curves) = of(&log(0));
        let text = plain(&figures, &curves);
        assert!(text.contains("no step is done yet") && text.contains("none yet"), "{text}");
    }
}
