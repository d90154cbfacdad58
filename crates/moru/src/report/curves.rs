//! Line charts. The lines are a stretched drawing; axis numbers and dots are elements of their own, so
//! that they stay readable at any width.

use super::chart::{tick_text, ticks};
use super::html::{esc, percent};

/// Points that a line is thinned to.
const MOST_POINTS: usize = 300;

/// One line of a plot.
pub(super) struct Line {
    /// Its name, plain.
    pub name: String,
    /// Class of its colour.
    pub class: &'static str,
    /// How it is drawn.
    pub style: Style,
    /// Places in ascending order of x.
    pub points: Vec<(f64, f64)>,
}

/// How a line is drawn.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Style {
    /// A strong line.
    Strong,
    /// A faint line behind the others; it does not widen the scale.
    Faint,
    /// Dots joined by a line.
    Dots,
}

/// A plot over training steps.
pub(super) struct Plot<'a> {
    /// Heading, plain.
    pub title: &'a str,
    /// What it shows, for those who cannot see it, plain.
    pub description: String,
    /// Name of the horizontal axis, plain.
    pub x_name: &'a str,
    /// Whether the vertical axis begins at zero.
    pub from_zero: bool,
    /// A step to point out, with plain words.
    pub mark: Option<(f64, String)>,
    /// The lines, those in front last.
    pub lines: Vec<Line>,
}

/// Ranges and ticks of both axes.
struct Scale {
    x: (f64, f64),
    y: (f64, f64),
    y_ticks: Vec<f64>,
}

impl Scale {
    fn of(lines: &[Line], from_zero: bool) -> Option<Self> {
        let xs = || lines.iter().flat_map(|line| &line.points).map(|p| p.0);
        let solid = lines.iter().filter(|line| line.style != Style::Faint);
        let ys: Vec<f64> = solid.flat_map(|line| &line.points).map(|p| p.1).collect();
        let low = ys.iter().copied().reduce(f64::min)?;
        let high = ys.iter().copied().reduce(f64::max)?;
        let y_ticks = ticks(if from_zero { low.min(0.0) } else { low }, high, 4);
        let x = (xs().reduce(f64::min)?, xs().reduce(f64::max)?);
        Some(Self { x, y: (y_ticks[0], y_ticks[y_ticks.len() - 1]), y_ticks })
    }

    /// Percent from the left.
    fn left(&self, x: f64) -> f64 {
        if self.x.1 > self.x.0 { 100.0 * (x - self.x.0) / (self.x.1 - self.x.0) } else { 50.0 }
    }

    /// Percent from the top.
    fn top(&self, y: f64) -> f64 {
        100.0 * (self.y.1 - y) / (self.y.1 - self.y.0)
    }
}

impl Plot<'_> {
    /// The figure; empty where there is nothing to draw.
    pub(super) fn render(mut self) -> String {
        for line in &mut self.lines {
            line.points.retain(|(x, y)| x.is_finite() && y.is_finite());
            // One point is no line, and would not be seen.
            if line.points.len() == 1 && line.style == Style::Strong {
                line.style = Style::Dots;
            }
            if line.style != Style::Dots {
                line.points = thinned(&line.points, MOST_POINTS);
            }
        }
        self.lines.retain(|line| !line.points.is_empty());
        let Some(scale) = Scale::of(&self.lines, self.from_zero) else { return String::new() };
        format!(
            "<figure class=\"plot\"><figcaption><h3>{title}</h3><ul class=\"legend\">{legend}</ul></figcaption>\
             <div class=\"plot-frame\"><div class=\"plot-y\" aria-hidden=\"true\">{y_labels}</div>\
             <div class=\"plot-area\" role=\"img\" aria-label=\"{description}\" data-plot=\"{data}\">\
             <svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{grid}{paths}</svg>\
             {mark}{dots}</div><div class=\"plot-x\" aria-hidden=\"true\">{x_labels}</div></div></figure>\n",
            title = esc(self.title),
            legend = self.legend(),
            y_labels = y_labels(&scale),
            description = esc(&self.description),
            data = esc(&self.data(&scale)),
            grid = grid(&scale),
            paths = self.lines.iter().map(|line| path(line, &scale)).collect::<String>(),
            mark = self.mark(&scale),
            dots = self.lines.iter().map(|line| dots(line, &scale)).collect::<String>(),
            x_labels = self.x_labels(&scale),
        )
    }

    fn legend(&self) -> String {
        let named = self.lines.iter().filter(|line| !line.name.is_empty());
        named
            .map(|line| {
                let kind = match line.style {
                    Style::Strong => "line",
                    Style::Faint => "line faint",
                    Style::Dots => "line dotted",
                };
                format!(r#"<li><i class="key {kind} {}"></i>{}</li>"#, line.class, esc(&line.name))
            })
            .collect()
    }

    /// What the script shows under the pointer.
    fn data(&self, scale: &Scale) -> String {
        let lines: Vec<_> = self
            .lines
            .iter()
            .filter(|line| line.style != Style::Faint)
            .map(|line| serde_json::json!({ "name": line.name, "points": line.points }))
            .collect();
        serde_json::json!({ "x": scale.x, "axis": self.x_name, "lines": lines }).to_string()
    }

    fn mark(&self, scale: &Scale) -> String {
        let Some((x, name)) = &self.mark else { return String::new() };
        let left = scale.left(*x);
        let side = if left > 60.0 { "mark mark-left" } else { "mark" };
        format!(r#"<b class="{side}" style="left:{}"><span>{}</span></b>"#, percent(left), esc(name))
    }

    fn x_labels(&self, scale: &Scale) -> String {
        let all = ticks(scale.x.0, scale.x.1, 5);
        let step = all[1] - all[0];
        let inside = all.iter().filter(|x| (scale.x.0..=scale.x.1).contains(*x));
        let labels: String = inside
            .map(|x| {
                format!(r#"<span style="left:{}">{}</span>"#, percent(scale.left(*x)), tick_text(*x, step))
            })
            .collect();
        format!("{labels}<em>{}</em>", esc(self.x_name))
    }
}

/// Averages of neighbouring points where there are more than `most`; the ends stay.
fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    let size = points.len().div_ceil(most);
    let mean = |part: &[(f64, f64)], pick: fn(&(f64, f64)) -> f64| {
        part.iter().map(pick).sum::<f64>() / part.len() as f64
    };
    let mut thin = vec![points[0]];
    thin.extend(
        points[1..points.len() - 1].chunks(size).map(|part| (mean(part, |p| p.0), mean(part, |p| p.1))),
    );
    thin.push(points[points.len() - 1]);
    thin
}

/// Means over the `span` points before and at each point; a line that the eye can follow.
pub(super) fn smoothed(points: &[(f64, f64)], span: usize) -> Vec<(f64, f64)> {
    let span = span.max(1);
    (0..points.len())
        .map(|i| {
            let window = &points[(i + 1).saturating_sub(span)..=i];
            (points[i].0, window.iter().map(|p| p.1).sum::<f64>() / window.len() as f64)
        })
        .collect()
}

fn y_labels(scale: &Scale) -> String {
    let step = scale.y_ticks[1] - scale.y_ticks[0];
    scale
        .y_ticks
        .iter()
        .map(|&y| format!(r#"<span style="top:{}">{}</span>"#, percent(scale.top(y)), tick_text(y, step)))
        .collect()
}

fn grid(scale: &Scale) -> String {
    let line = |y: &f64| {
        let top = scale.top(*y);
        format!(r#"<path class="grid" d="M0 {top:.3}H100"/>"#)
    };
    scale.y_ticks.iter().map(line).collect()
}

fn path(line: &Line, scale: &Scale) -> String {
    let mut d = String::new();
    for (i, (x, y)) in line.points.iter().enumerate() {
        let command = if i == 0 { 'M' } else { 'L' };
        d.push_str(&format!("{command}{:.2} {:.2}", scale.left(*x), scale.top(*y)));
    }
    let faint = if line.style == Style::Faint { " faint" } else { "" };
    format!(r#"<path class="stroke {}{faint}" d="{d}"/>"#, line.class)
}

fn dots(line: &Line, scale: &Scale) -> String {
    if line.style != Style::Dots {
        return String::new();
    }
    let dot = |(x, y): &(f64, f64)| {
        let (left, top) = (percent(scale.left(*x)), percent(scale.top(*y)));
        format!(r#"<i class="dot {}" style="left:{left};top:{top}"></i>"#, line.class)
    };
    line.points.iter().map(dot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_ends_and_the_mean() {
        let points: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        let thin = thinned(&points, 100);
        assert!(thin.len() <= 102);
        assert_eq!((thin[0], thin[thin.len() - 1]), (points[0], points[9_999]));
        assert!(thin[1..thin.len() - 1].iter().all(|p| (p.1 - 0.5).abs() < 0.02));
        assert_eq!(thinned(&points[..50], 100), &points[..50]);
    }

    #[test]
    fn smoothing_is_the_mean_of_what_came_before() {
        let points = [(1.0, 4.0), (2.0, 2.0), (3.0, 0.0)];
        assert_eq!(smoothed(&points, 2), [(1.0, 4.0), (2.0, 3.0), (3.0, 1.0)]);
        assert_eq!(smoothed(&points, 0), points);
        assert!(smoothed(&[], 3).is_empty());
    }

    #[test]
    fn nothing_to_draw_is_no_figure() {
        let plot = |points: Vec<(f64, f64)>| {
            let line = Line { name: "loss".into(), class: "tuned", style: Style::Strong, points };
            Plot {
                title: "t",
                description: String::new(),
                x_name: "step",
                from_zero: false,
                mark: None,
                lines: vec![line],
            }
            .render()
        };
        assert_eq!(plot(vec![]), "");
        assert_eq!(plot(vec![(f64::NAN, 1.0), (1.0, f64::INFINITY)]), "");
        let single = plot(vec![(3.0, 2.0)]);
        assert!(single.contains("<figure") && !single.contains("NaN"));
    }
}
