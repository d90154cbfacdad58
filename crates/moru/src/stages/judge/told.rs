//! What a judge said, for people: a line a system, and a file of verdicts.

use std::path::Path;

use eval::judge::{Heard, Ruling, Task};
use eval::report::{Doubt, Duel, GradeDifference, Grades, Interval, Judging, Kappa};
use serde::Serialize;

use super::Bench;
use crate::stages::jsonl;

/// A verdict as it stands in a file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    id: &'a str,
    kind: &'static str,
    /// Whose answers were shown, in their order.
    systems: Vec<&'a str>,
    /// The answers.
    answers: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<u8>,
    /// The system whose answer is better, or `tie`.
    #[serde(skip_serializing_if = "Option::is_none")]
    winner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// How often the judge was asked.
    asked: u32,
}

/// Writes every verdict, one a line.
pub fn write_verdicts(path: &Path, bench: &Bench<'_>, heard: &[Heard]) -> anyhow::Result<()> {
    let mut writer = jsonl::Writer::create(path)?;
    heard.iter().try_for_each(|heard| writer.push(&line(bench, heard)))?;
    writer.finish()
}

fn line<'a>(bench: &'a Bench<'_>, heard: &'a Heard) -> Line<'a> {
    let (kind, shown) = match heard.task {
        Task::Grade { system, .. } => ("grade", vec![system]),
        Task::Duel { first, second, .. } => ("pair", vec![first, second]),
    };
    let case = &bench.cases[heard.task.case()];
    let name = |at: usize| bench.systems[at].id.as_str();
    let (mut score, mut winner) = (None, None);
    match heard.verdict.as_ref().map(|verdict| verdict.ruling) {
        Ok(Ruling::Score(grade)) => score = Some(grade),
        Ok(Ruling::First) => winner = Some(name(shown[0])),
        Ok(Ruling::Second) => winner = shown.get(1).map(|&at| name(at)),
        Ok(Ruling::Tie) => winner = Some("tie"),
        Err(_) => {}
    }
    Line {
        id: &case.id,
        kind,
        systems: shown.iter().map(|&at| name(at)).collect(),
        answers: shown.iter().map(|&at| case.answers[at].as_str()).collect(),
        score,
        winner,
        reason: heard.verdict.as_ref().ok().map(|verdict| verdict.reason.as_str()),
        error: heard.verdict.as_ref().err().map(ToString::to_string),
        asked: heard.asked,
    }
}

/// What came of a judging, a line a system, a pair, a doubt.
pub fn lines(judging: &Judging) -> Vec<String> {
    let mut lines: Vec<String> = judging.grades.iter().map(grade).collect();
    lines.extend(judging.differences.iter().map(difference));
    lines.extend(judging.duels.iter().map(duel));
    if let Some(agreement) = &judging.agreement {
        for (what, kappa) in [("grades", &agreement.grades), ("winners", &agreement.winners)] {
            lines.extend(kappa.as_ref().map(|kappa| agreed(what, kappa)));
        }
        if agreement.unknown > 0 {
            lines.push(format!(
                "{} of {} labels are of answers that were not judged, and count for nothing",
                agreement.unknown, agreement.labels
            ));
        }
    }
    lines.extend(judging.doubts.iter().map(|doubt| format!("in doubt: {}", doubted(doubt))));
    lines
}

fn within(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |within| format!(" [{:.2}, {:.2}]", within.low, within.high))
}

fn grade(grades: &Grades) -> String {
    let Grades { system, graded, errors, .. } = grades;
    let mean = grades.mean.map_or_else(|| "no grade".to_owned(), |mean| format!("grade {mean:.2}"));
    let errors = if *errors > 0 { format!(", {errors} without") } else { String::new() };
    format!("{system}: {mean}{} of 10, {graded} answers{errors}", within(grades.interval))
}

fn difference(of: &GradeDifference) -> String {
    format!(
        "{} over {}: {:+.2}{}, p = {:.4}",
        of.system,
        of.against,
        of.mean,
        within(Some(of.interval)),
        of.p_randomisation
    )
}

fn duel(duel: &Duel) -> String {
    let share = duel.win_rate.map_or_else(String::new, |rate| {
        let within = duel.interval.map_or_else(String::new, |within| {
            format!(" [{:.0}, {:.0}]", 100.0 * within.low, 100.0 * within.high)
        });
        format!(": {:.0} %{within}", 100.0 * rate)
    });
    format!(
        "{} against {}: {} better, {} as good, {} worse, {} undecided (the orders disagree), {} without a verdict{share}",
        duel.system, duel.against, duel.wins, duel.ties, duel.losses, duel.flips, duel.errors
    )
}

fn agreed(what: &str, kappa: &Kappa) -> String {
    let value = kappa.value.map_or_else(|| "none".to_owned(), |value| format!("{value:.2}"));
    let weighted = kappa.weighted.map_or_else(String::new, |value| {
        format!(", weighted {value:.2}{}", within(kappa.weighted_interval))
    });
    format!(
        "agreement with a person ({what}): κ {value}{}{weighted}, the same in {} of {}",
        within(kappa.interval),
        kappa.same,
        kappa.rows
    )
}

fn doubted(doubt: &Doubt) -> String {
    let percent = |share: f64| format!("{:.0} %", 100.0 * share);
    match doubt {
        Doubt::Errors { rate } => format!("{} of the verdicts did not come", percent(*rate)),
        Doubt::OneGrade { grade } => format!("every answer got the grade {grade}"),
        Doubt::Flips { against, rate } => {
            format!(
                "against {against}, {} of the verdicts turn when the answers change places",
                percent(*rate)
            )
        }
        Doubt::Place { against, first_share } => {
            format!("against {against}, {} of the wins fall to the answer shown first", percent(*first_share))
        }
        Doubt::Length { system, slope } => {
            format!("{system}: a hundred characters more bring {slope:+.2}; length may pull the judge")
        }
        Doubt::Agreement { kappa } => {
            format!("it agrees with a person little more than chance does (κ {kappa:.2})")
        }
    }
}
