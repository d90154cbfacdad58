//! How far a run is: a line a stage, with a rate and the time that is left.

use std::io::Write;
use std::time::{Duration, Instant};

use pipeline::Event;

use super::Console;
use super::format;
use crate::recipe::hidden;

/// Between two drawings of a line.
const TICK: Duration = Duration::from_millis(120);

/// Draws the events of a run on stderr. Where stderr is no terminal, only whole lines are written.
pub struct Progress {
    console: Console,
    verbose: bool,
    stage_start: Instant,
    drawn: Option<Instant>,
    line_open: bool,
    /// Where counting began: a stage that continues has not done the first part at this rate.
    first: Option<(Instant, u64)>,
}

impl Progress {
    /// A fresh one. `verbose` also tells of stages that have nothing to do.
    pub fn new(console: Console, verbose: bool) -> Self {
        Self { console, verbose, stage_start: Instant::now(), drawn: None, line_open: false, first: None }
    }

    /// Draws one event.
    pub fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::UpToDate { stage, restored } => {
                if self.verbose || *restored {
                    let how = if *restored { "taken back from an earlier run" } else { "up to date" };
                    self.line(&format!("{}  {how}", self.name(stage)));
                }
            }
            Event::Started { stage, reasons } => {
                self.stage_start = Instant::now();
                (self.drawn, self.first) = (None, None);
                let why: Vec<_> = reasons.iter().map(|reason| hidden(&reason.to_string())).collect();
                self.line(&format!("{}  {}", self.name(stage), why.join("; ")));
            }
            Event::Progress { stage, done, total, unit } => self.draw(stage, *done, *total, unit),
            Event::Note { stage, text } => self.line(&format!("{}  {text}", self.name(stage))),
            Event::Finished { stage, counts, took } => {
                for counts in *counts {
                    self.line(&format!("{}  {counts}", self.name(stage)));
                }
                self.line(&format!("{}  done in {}", self.name(stage), format::duration(*took)));
            }
            Event::Damaged { stage, producer } => {
                self.line(&format!(
                    "{}  what `{producer}` wrote is damaged; it is made anew",
                    self.name(stage)
                ));
            }
            Event::Computed { .. } | Event::Stored { .. } | Event::Recorded { .. } => {}
        }
    }

    fn name(&self, stage: &str) -> String {
        self.console.mark(&format!("{stage:>12}"), 32)
    }

    /// A line that stays.
    pub fn line(&mut self, text: &str) {
        self.clear();
        self.console.say(text);
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.line_open) {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }

    fn draw(&mut self, stage: &str, done: u64, total: Option<u64>, unit: &str) {
        let now = Instant::now();
        let (start, from) = *self.first.get_or_insert((now, done));
        if !self.console.live || self.drawn.is_some_and(|drawn| now - drawn < TICK) {
            return;
        }
        self.drawn = Some(now);
        let text = line(done, total, unit, done.saturating_sub(from), (now - start).as_secs_f64());
        self.clear();
        let _ = write!(std::io::stderr(), "{}  {text}", self.name(stage));
        let _ = std::io::stderr().flush();
        self.line_open = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `1,200 / 5,000 rows  24 %  600 rows/s  6.3 s left`
fn line(done: u64, total: Option<u64>, unit: &str, counted: u64, seconds: f64) -> String {
    let mut text = match total {
        Some(total) if total > 0 => {
            let share = 100 * done.min(total) / total;
            format!("{} / {} {unit}  {share} %", format::count(done), format::count(total))
        }
        _ => format!("{} {unit}", format::count(done)),
    };
    if counted > 0 && seconds > 0.2 {
        let rate = counted as f64 / seconds;
        text += &format!("  {}", format::rate(rate, unit));
        if let Some(total) = total.filter(|total| *total > done) {
            let left = Duration::from_secs_f64((total - done) as f64 / rate);
            text += &format!("  {} left", format::duration(left));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn rate_and_time_left() {
        assert_eq!(
            line(1200, Some(5000), "rows", 1200, 2.0),
            "1,200 / 5,000 rows  24 %  600 rows/s  6.3 s left"
        );
        assert_eq!(line(70, Some(100), "steps", 10, 5.0), "70 / 100 steps  70 %  2.0 steps/s  15 s left");
        assert_eq!(line(7, None, "rows", 0, 0.0), "7 rows");
        assert_eq!(line(5, Some(5), "rows", 5, 1.0), "5 / 5 rows  100 %  5.0 rows/s");
    }
}
