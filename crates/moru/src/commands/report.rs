//! `moru report`: write the report again, and tell what is in it.

use clap::Args;
use eval::report::{Book, ClassScore, Classification, Evaluation, Judging, SystemRole};

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, table};
use crate::project::Project;
use crate::stages;
use crate::stages::judge::told;

/// Write out/report.html and out/report.json again, and show the scores
#[derive(Debug, Args)]
pub struct Report {
    /// Write the report to stdout as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Report {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let mut results = project.results()?;
        let _held = results.hold()?;
        let report = stages::publish_report(&project, &results)?;
        for note in stages::notes(&project, &results)? {
            console.say(note);
        }
        if self.json {
            console.print_json(&report);
        } else {
            if let Some(books) = books(&report) {
                console.print(format!("{books}\n"));
            }
            console.print(scores(&report));
            for one in &report.classification {
                console.print(format!("\n{}", classes(one)));
            }
            if let Some(compared) = &report.compared {
                console.print(format!("\n{}", crate::console::compared::text(compared)));
            }
            if let Some(line) = key_facts(&report) {
                console.print(format!("\n{line}"));
            }
            for judging in &report.judging {
                console.print(format!("\n{}", judged(judging)));
            }
            console.print(format!("\nwrote {}", project.folder.join("out/report.html").display()));
        }
        Ok(Outcome::Good)
    }
}

/// Questions about documents: base, tuned model and nearest training question, with the text at hand and from memory.
pub fn books(report: &eval::report::Report) -> Option<String> {
    const SHOWN: [SystemRole; 3] = [SystemRole::Base, SystemRole::Tuned, SystemRole::NearestQuestion];
    let heads = [
        "questions",
        "book",
        "rows",
        "measure",
        "base",
        "tuned",
        "nearest",
        "tuned − base",
        "tuned − nearest",
    ];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for evaluation in &report.evaluation {
        let Some(asked) = evaluation.asked else { continue };
        let id = |role| evaluation.systems.iter().find(|system| system.role == role).map(|s| s.id.as_str());
        for measure in crate::report::books::measures(evaluation, asked) {
            let value = |role| {
                id(role)
                    .and_then(|id| measure.score_of(id))
                    .map_or("–".into(), |s| format!("{:.1}", s.value))
            };
            let difference = |role| {
                let test = measure.tests.iter().find(|test| Some(test.against.as_str()) == id(role));
                test.map_or("–".into(), |t| {
                    format!("{:+.1} [{:+.1}, {:+.1}]", t.difference, t.interval.low, t.interval.high)
                })
            };
            let book = match asked.book {
                Book::Open => "open",
                Book::Closed => "closed",
            };
            let mut row = vec![
                evaluation.name.clone(),
                book.to_owned(),
                evaluation.rows.to_string(),
                measure.name.clone(),
            ];
            row.extend(SHOWN.map(value));
            row.extend([SystemRole::Base, SystemRole::NearestQuestion].map(difference));
            rows.push(row);
        }
    }
    (rows.len() > 1).then(|| table::render(&rows, &[2, 4, 5, 6, 7, 8]))
}

/// How many answers of the recipe's own questions state their facts: `key facts 15 of 20 (base 0)`.
pub fn key_facts(report: &eval::report::Report) -> Option<String> {
    let evaluation = crate::report::facts::leading(report)?;
    let of = |role: SystemRole| {
        let system = evaluation.systems.iter().find(|system| system.role == role)?;
        evaluation.key_facts.iter().find(|score| score.system == system.id)
    };
    let tuned = of(SystemRole::Tuned)?;
    let base =
        of(SystemRole::Base).map_or_else(String::new, |base| format!(" (base {})", base.rows_with_all));
    Some(format!("key facts {} of {}{base}", tuned.rows_with_all, tuned.rows))
}

/// What a judge made of the answers.
pub fn judged(judging: &Judging) -> String {
    let head = format!("{}: {} questions judged by {}", judging.name, judging.rows, judging.judge);
    let lines = told::lines(judging).into_iter().map(|line| format!("  {line}"));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

/// Precision, recall and F1 of each label, and what is taken for what.
pub fn classes(one: &Classification) -> String {
    let row = |class: &ClassScore| {
        let three = |x: f64| format!("{x:.3}");
        let shares = [class.precision, class.recall, class.f1].map(three);
        let counts = [class.support, class.predicted].map(|n| n.to_string());
        [vec![class.label.clone()], shares.to_vec(), counts.to_vec()].concat()
    };
    let heads = ["label", "precision", "recall", "f1", "rows", "predicted"].map(str::to_owned).to_vec();
    let rows: Vec<_> = std::iter::once(heads).chain(one.classes.iter().map(row)).collect();
    let mut mistakes: Vec<(u64, String)> = Vec::new();
    for (truth, counts) in one.confusion.iter().enumerate() {
        for (predicted, &count) in counts.iter().enumerate().filter(|(n, count)| *n != truth && **count > 0) {
            let [truth, predicted] = [truth, predicted].map(|n| &one.classes[n].label);
            mistakes.push((count, format!("{truth} → {predicted} {count}")));
        }
    }
    mistakes.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    let listed: Vec<_> = mistakes.into_iter().take(MISTAKES).map(|(_, text)| text).collect();
    let mistakes =
        if listed.is_empty() { String::new() } else { format!("\nmistakes: {}", listed.join(", ")) };
    format!(
        "{}: accuracy {:.1} % (always `{}`: {:.1} %), macro-F1 {:.3}, log loss {:.3}\n{}{mistakes}",
        one.name,
        100.0 * one.accuracy,
        one.majority_label,
        100.0 * one.majority_accuracy,
        one.macro_f1,
        one.log_loss,
        table::render(&rows, &[1, 2, 3, 4, 5])
    )
}

/// Mistakes that are told.
const MISTAKES: usize = 8;

/// The scores of a report as a table, one system a column.
pub fn scores(report: &eval::report::Report) -> String {
    scores_of(&report.evaluation)
}

/// The scores of some evaluations as tables.
pub fn scores_of(evaluations: &[Evaluation]) -> String {
    let mut parts = Vec::new();
    for evaluation in evaluations {
        let systems: Vec<_> = evaluation.systems.iter().map(|system| system.id.as_str()).collect();
        let counted = if evaluation.rows == 1 { "row" } else { "rows" };
        let mut rows = vec![
            std::iter::once(format!("{} ({} {counted})", evaluation.name, evaluation.rows))
                .chain(systems.iter().map(|&id| id.to_owned()))
                .collect::<Vec<_>>(),
        ];
        for measure in &evaluation.measures {
            let score = |id: &&str| {
                measure.score_of(id).map_or_else(String::new, |s| {
                    format!("{:.1} [{:.1}, {:.1}]", s.value, s.interval.low, s.interval.high)
                })
            };
            rows.push(std::iter::once(measure.name.clone()).chain(systems.iter().map(score)).collect());
        }
        if !evaluation.key_facts.is_empty() {
            let facts = |id: &&str| {
                let found = evaluation.key_facts.iter().find(|score| score.system == **id);
                found.map_or_else(String::new, |s| format!("{} of {}", s.rows_with_all, s.rows))
            };
            let name = "answers with their key fact".to_owned();
            rows.push(std::iter::once(name).chain(systems.iter().map(facts)).collect());
        }
        parts.push(table::render(&rows, &(1..=systems.len()).collect::<Vec<_>>()));
    }
    if parts.is_empty() { "nothing is evaluated yet: moru run".to_owned() } else { parts.join("\n\n") }
}
