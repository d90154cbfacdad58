//! Points with numbers beside them. As with curves, the drawing is stretched and what has to be read is an element of its
//! own; numbers stand where they cover neither a point nor one another.

use super::chart::{tick_text, ticks};
use super::html::{esc, percent};

/// Width and height in pixels in which numbers are laid out: the least that a plot is drawn in. In a larger one they
/// are only farther apart.
const AREA: (f64, f64) = (240.0, 180.0);
/// Pixels across a number's disc.
const TAG: f64 = 20.0;
/// Pixels between the centres of a number and a point, at least.
const NEAR: f64 = 16.0;
/// Distances in pixels from its point at which a number is tried.
const REACH: [f64; 7] = [17.0, 24.0, 32.0, 42.0, 54.0, 68.0, 84.0];
/// Directions that are tried at each of them.
const TURNS: usize = 16;
/// The greatest value over the least from which on an axis is logarithmic.
const WIDE: f64 = 8.0;

/// One point.
pub(super) struct Point {
    /// What stands beside it.
    pub number: usize,
    /// Along.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Where `y` lies.
    pub range: (f64, f64),
    /// Class of its colour.
    pub class: &'static str,
    /// Whether it is filled.
    pub is_full: bool,
    /// What is told of it under the pointer, plain.
    pub title: String,
}

/// A plot of points.
pub(super) struct Scatter<'a> {
    /// Heading, plain.
    pub title: &'a str,
    /// What it shows, for those who cannot see it, plain.
    pub description: String,
    /// How a value of the horizontal axis is written.
    pub x_text: fn(f64) -> String,
    /// The points.
    pub points: Vec<Point>,
}

/// An axis from 0 % to 100 %.
struct Axis {
    low: f64,
    high: f64,
    is_log: bool,
    marks: Vec<f64>,
}

impl Axis {
    /// From zero; in powers where values are far apart.
    fn along(values: &[f64]) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(0.0, f64::max);
        if low > 0.0 && high / low >= WIDE {
            let (low, high) = (low / 1.4, high * 1.4);
            return Self { low, high, is_log: true, marks: powers(low, high) };
        }
        let marks = ticks(0.0, if high > 0.0 { high } else { 1.0 }, 4);
        Self { low: 0.0, high: marks[marks.len() - 1], is_log: false, marks }
    }

    /// Around the ranges of all points.
    fn up(points: &[Point]) -> Self {
        let low = points.iter().map(|p| p.range.0.min(p.y)).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|p| p.range.1.max(p.y)).fold(f64::NEG_INFINITY, f64::max);
        let marks = ticks(low, high, 4);
        Self { low: marks[0], high: marks[marks.len() - 1], is_log: false, marks }
    }

    /// Percent from the beginning.
    fn at(&self, value: f64) -> f64 {
        let scale = |x: f64| if self.is_log { x.max(self.low).ln() } else { x };
        100.0 * (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
    }
}

/// 1, 2 and 5 times powers of ten between two values, or powers alone where those would be too many.
fn powers(low: f64, high: f64) -> Vec<f64> {
    let all = |steps: &[f64]| -> Vec<f64> {
        let range = low.log10().floor() as i32..=high.log10().ceil() as i32;
        let each = range.flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
        each.filter(|x| (low..=high).contains(x)).collect()
    };
    [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]]
        .into_iter()
        .map(all)
        .find(|marks| marks.len() <= 5)
        .unwrap_or_else(|| vec![low, high])
}

impl Scatter<'_> {
    /// The figure; empty where there is nothing to draw.
    pub(super) fn render(mut self) -> String {
        self.points.retain(|point| point.x.is_finite() && point.y.is_finite());
        if self.points.is_empty() {
            return String::new();
        }
        let x = Axis::along(&self.points.iter().map(|point| point.x).collect::<Vec<_>>());
        let y = Axis::up(&self.points);
        let at: Vec<(f64, f64)> =
            self.points.iter().map(|point| (x.at(point.x), 100.0 - y.at(point.y))).collect();
        let tags = places(&at);
        let drawn: String = self.points.iter().zip(&at).map(|(point, at)| range(point, *at, &y)).collect();
        let leads: String = at.iter().zip(&tags).map(|(at, tag)| lead(*at, *tag)).collect();
        let dots: String = self.points.iter().zip(&at).map(|(point, at)| dot(point, *at)).collect();
        let numbers: String = self.points.iter().zip(&tags).map(|(point, at)| number(point, *at)).collect();
        format!(
            "<figure class=\"plot\"><figcaption><h3>{title}</h3></figcaption>\
             <div class=\"plot-frame\"><div class=\"plot-y\" aria-hidden=\"true\">{y_labels}</div>\
             <div class=\"plot-area\" role=\"img\" aria-label=\"{description}\">\
             <svg viewBox=\"0 0 100 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{grid}{drawn}{leads}</svg>\
             {dots}{numbers}</div><div class=\"plot-x\" aria-hidden=\"true\">{x_labels}</div></div></figure>\n",
            title = esc(self.title),
            description = esc(&self.description),
            y_labels = y_labels(&y),
            grid = y.marks.iter().map(|mark| grid(100.0 - y.at(*mark))).collect::<String>(),
            x_labels = x.marks.iter().map(|mark| self.x_label(*mark, &x)).collect::<String>(),
        )
    }

    fn x_label(&self, mark: f64, axis: &Axis) -> String {
        format!(r#"<span style="left:{}">{}</span>"#, percent(axis.at(mark)), esc(&(self.x_text)(mark)))
    }
}

fn y_labels(axis: &Axis) -> String {
    let step = axis.marks[1] - axis.marks[0];
    let label = |mark: &f64| {
        format!(r#"<span style="top:{}">{}</span>"#, percent(100.0 - axis.at(*mark)), tick_text(*mark, step))
    };
    axis.marks.iter().map(label).collect()
}

fn grid(top: f64) -> String {
    format!(r#"<path class="grid" d="M0 {top:.3}H100"/>"#)
}

fn range(point: &Point, (left, _): (f64, f64), axis: &Axis) -> String {
    let [from, to] = [point.range.0, point.range.1].map(|value| 100.0 - axis.at(value));
    format!(r#"<path class="range {}" d="M{left:.2} {from:.2}V{to:.2}"/>"#, point.class)
}

fn lead((left, top): (f64, f64), (to_left, to_top): (f64, f64)) -> String {
    format!(r#"<path class="lead-line" d="M{left:.2} {top:.2}L{to_left:.2} {to_top:.2}"/>"#)
}

fn dot(point: &Point, (left, top): (f64, f64)) -> String {
    let full = if point.is_full { "" } else { " hollow" };
    format!(
        r#"<i class="dot big {}{full}" style="left:{};top:{}" title="{}"></i>"#,
        point.class,
        percent(left),
        percent(top),
        esc(&point.title)
    )
}

fn number(point: &Point, (left, top): (f64, f64)) -> String {
    format!(r#"<b class="tag" style="left:{};top:{}">{}</b>"#, percent(left), percent(top), point.number)
}

/// Where the numbers of points stand, all in percent.
fn places(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let pixels = |(left, top): (f64, f64)| (left * AREA.0 / 100.0, top * AREA.1 / 100.0);
    let points: Vec<(f64, f64)> = points.iter().map(|at| pixels(*at)).collect();
    let mut tags: Vec<(f64, f64)> = Vec::new();
    let is_in = |(x, y): (f64, f64)| {
        (TAG / 2.0..=AREA.0 - TAG / 2.0).contains(&x) && (TAG / 2.0..=AREA.1 - TAG / 2.0).contains(&y)
    };
    for point in &points {
        let is_free = |at: &(f64, f64)| {
            is_in(*at)
                && tags.iter().all(|tag| apart(*at, *tag) >= TAG + 1.0)
                && points.iter().all(|dot| apart(*at, *dot) >= NEAR)
        };
        let tried = REACH.iter().flat_map(|reach| (0..TURNS).map(move |turn| (*reach, turn)));
        let around = tried.map(|(reach, turn)| {
            // From the upper right on.
            let angle = std::f64::consts::TAU * (turn as f64 / TURNS as f64 - 0.125);
            (point.0 + reach * angle.cos(), point.1 + reach * angle.sin())
        });
        let found = around.into_iter().find(is_free).unwrap_or(*point);
        tags.push(found);
    }
    tags.into_iter().map(|(x, y)| (100.0 * x / AREA.0, 100.0 * y / AREA.1)).collect()
}

fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_cover_neither_points_nor_one_another() {
        let spread: Vec<(f64, f64)> =
            (0..14).map(|i| (f64::from(i * 37 % 101), f64::from(i * 53 % 97))).collect();
        let cases = [spread, vec![(50.0, 50.0); 6], vec![(0.0, 0.0), (100.0, 100.0), (0.0, 0.0)]];
        for points in cases {
            let tags = places(&points);
            let pixels = |(x, y): (f64, f64)| (x * AREA.0 / 100.0, y * AREA.1 / 100.0);
            for (i, tag) in tags.iter().enumerate() {
                let tag = pixels(*tag);
                let others = tags.iter().enumerate().filter(|(j, _)| *j != i);
                assert!(others.into_iter().all(|(_, other)| apart(tag, pixels(*other)) >= TAG), "{points:?}");
                assert!(points.iter().all(|dot| apart(tag, pixels(*dot)) >= NEAR - 0.01));
            }
        }
    }

    #[test]
    fn values_far_apart_have_an_axis_of_powers() {
        let near = Axis::along(&[10.0, 30.0]);
        assert!(!near.is_log && near.at(0.0).abs() < 1e-9);
        let wide = Axis::along(&[2.0, 90.0]);
        assert!(wide.is_log && wide.marks.len() <= 5 && wide.marks.len() >= 2, "{:?}", wide.marks);
        assert!((wide.at(wide.low) - 0.0).abs() < 1e-9 && (wide.at(wide.high) - 100.0).abs() < 1e-9);
        assert!(Axis::along(&[0.0]).at(0.0).is_finite());
    }

    #[test]
    fn nothing_to_draw_is_no_figure() {
        let scatter = |points| Scatter {
            title: "t",
            description: String::new(),
            x_text: |x| format!("{x:.0}"),
            points,
        };
        assert_eq!(scatter(Vec::new()).render(), "");
        let point = |x| Point {
            number: 1,
            x,
            y: 30.0,
            range: (29.0, 31.0),
            class: "tuned",
            is_full: true,
            title: "\"a\"".into(),
        };
        assert_eq!(scatter(vec![point(f64::NAN)]).render(), "");
        let one = scatter(vec![point(5.0)]).render();
        assert!(one.contains("class=\"tag\"") && one.contains("&quot;a&quot;") && !one.contains("NaN"));
    }
}
