//! Bars and histograms, drawn with plain elements so that their words keep their size on a phone.

use super::html::{esc, int, percent};

/// One bar of [`bars`].
pub(super) struct Bar {
    /// Escaped label.
    pub label: String,
    /// Parts from left to right: length, class of its colour.
    pub parts: Vec<(f64, &'static str)>,
    /// Escaped words at the right.
    pub value: String,
}

/// Horizontal bars, all to the scale of the longest.
pub(super) fn bars(bars: &[Bar]) -> String {
    let length = |bar: &Bar| bar.parts.iter().map(|(length, _)| length).sum::<f64>();
    let longest = bars.iter().map(length).fold(0.0, f64::max);
    let rows: String = bars
        .iter()
        .map(|bar| {
            let parts: String = bar
                .parts
                .iter()
                .filter(|(length, _)| *length > 0.0)
                .map(|(length, class)| {
                    format!(r#"<i class="{class}" style="width:{}"></i>"#, percent(100.0 * length / longest))
                })
                .collect();
            format!(
                "<li><span class=\"bar-label\">{}</span><span class=\"bar-track\" aria-hidden=\"true\">{parts}\
                 </span><span class=\"bar-value\">{}</span></li>\n",
                bar.label, bar.value
            )
        })
        .collect();
    format!("<ul class=\"bars\">\n{rows}</ul>\n")
}

/// A histogram with its middle and its 95 % mark. `label` names it for those who cannot see it.
pub(super) fn histogram(histogram: &eval::report::Histogram, label: &str, marks: [&str; 2]) -> String {
    let highest = histogram.bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    let (Some(first), Some(last)) = (histogram.bins.first(), histogram.bins.last()) else {
        return String::new();
    };
    let bars: String = histogram
        .bins
        .iter()
        .map(|bin| {
            format!(
                r#"<i style="height:{}" title="{}–{}: {}"></i>"#,
                percent(100.0 * bin.count as f64 / highest as f64),
                int(bin.from),
                int(bin.to.saturating_sub(1)),
                int(bin.count)
            )
        })
        .collect();
    let span = (last.to - first.from).max(1) as f64;
    let mark = |value: u64, name: &str, class: &str| {
        let left = (100.0 * (value.saturating_sub(first.from) as f64 + 0.5) / span).clamp(0.0, 100.0);
        let side = if left > 50.0 { " mark-left" } else { "" };
        format!(
            r#"<b class="{class}{side}" style="left:{}"><span>{name} {}</span></b>"#,
            percent(left),
            int(value)
        )
    };
    format!(
        "<div class=\"histogram\" role=\"img\" aria-label=\"{}\"><div class=\"histogram-bars\">{bars}{}{}</div>\
         <div class=\"histogram-axis\"><span>{}</span><span>{}</span></div></div>\n",
        esc(label),
        mark(histogram.median, marks[0], "mark"),
        mark(histogram.p95, marks[1], "mark mark-low"),
        int(first.from),
        int(last.to)
    )
}

/// Numbers at round distances that cover `low..=high`: about `count` of them, ends included.
pub(super) fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (low, high) = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
    let rough = (high - low) / count.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * power).find(|s| *s >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let (from, to) = ((low / step).floor() as i64, (high / step).ceil() as i64);
    (from..=to).map(|i| i as f64 * step).collect()
}

/// A tick in as many decimals as tell neighbours apart; in powers of ten where `step`, their distance, is tiny.
pub(super) fn tick_text(value: f64, step: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if step < 1e-3 || value.abs() >= 1e6 {
        return format!("{value:.1e}").replace(".0e", "e").replace("e-", "e−");
    }
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize;
    let scaled = step * 10f64.powi(decimals as i32);
    let needs_one_more = (scaled - scaled.round()).abs() > 1e-6;
    format!("{value:.*}", decimals + usize::from(needs_one_more))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_range() {
        let cases: [(f64, f64, &[f64]); 5] = [
            (0.0, 100.0, &[0.0, 25.0, 50.0, 75.0, 100.0]),
            (0.3, 3.9, &[0.0, 1.0, 2.0, 3.0, 4.0]),
            (2.0, 2.0, &[1.5, 1.75, 2.0, 2.25, 2.5]),
            (-1.0, 5.0, &[-2.0, 0.0, 2.0, 4.0, 6.0]),
            (0.0, 2e-4, &[0.0, 5e-5, 1e-4, 1.5e-4, 2e-4]),
        ];
        for (low, high, wanted) in cases {
            let ticks = ticks(low, high, 4);
            assert_eq!(ticks.len(), wanted.len(), "{ticks:?}");
            assert!(ticks.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{ticks:?}");
        }
    }

    #[test]
    fn tick_texts_tell_neighbours_apart() {
        let cases = [
            (2.5, 2.5, "2.5"),
            (75.0, 25.0, "75"),
            (1.75, 0.25, "1.75"),
            (0.0, 5e-5, "0"),
            (3.0, 1.0, "3"),
            (2e-3, 5e-4, "2e−3"),
        ];
        for (value, step, text) in cases {
            assert_eq!(tick_text(value, step), text);
        }
        assert_eq!((tick_text(2e-4, 5e-5), tick_text(5e-5, 5e-5)), ("2e−4".into(), "5e−5".into()));
    }
}
