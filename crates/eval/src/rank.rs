//! The order of several systems by one measure, and whether chance could have made it.

use crate::compare::{Answers, Comparison, TestRow, leading_place};
use crate::error::EvalError;
use crate::report::{Behind, Score};
use crate::scorers::{Row, Scorer};
use crate::statistics::{Resampling, intervals, paired, sum};

/// Systems in the order of their scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The measure: `chrF2`.
    pub measure: String,
    /// How it was computed.
    pub signature: String,
    /// The best first; of equals the one that was given first.
    pub places: Vec<Place>,
}

/// A system's place in a ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its score.
    pub score: Score,
    /// How far it is behind the best on the same rows; absent for the best.
    pub behind: Option<Behind>,
}

/// Ranks systems that answered the same rows by the leading measure, as [`Comparison`] takes it.
///
/// # Errors
/// As [`Comparison::evaluate`].
pub fn rank(
    rows: &[TestRow],
    systems: &[Answers],
    scorers: &[Box<dyn Scorer>],
    leading: &str,
    resampling: Resampling,
) -> Result<Ranking, EvalError> {
    Comparison { name: "", rows, systems, scorers, leading, resampling, samples: 0, generation: "" }
        .check()?;
    let (place, at) = leading_place(scorers, leading)?;
    let scorer = scorers[place].as_ref();
    let mut all: Vec<(Score, Vec<Vec<f64>>)> = (systems.iter())
        .map(|answers| {
            let rows = statistics(scorer, rows, answers);
            let value = scorer.scores(&sum(&rows))[at];
            let interval = intervals(scorer, &rows, &resampling)[at];
            (Score { system: answers.system.id.clone(), value, interval }, rows)
        })
        .collect();
    all.sort_by(|a, b| b.0.value.total_cmp(&a.0.value));
    let best = all.first().map(|(_, rows)| rows.clone());
    let behind = |n: usize, rows: &[Vec<f64>]| {
        let best = best.as_ref().filter(|_| n > 0)?;
        let test = paired::compare(scorer, best, rows, &resampling)[at];
        Some(Behind { difference: test.difference, interval: test.interval })
    };
    let places = all
        .iter()
        .enumerate()
        .map(|(n, (score, rows))| Place { score: score.clone(), behind: behind(n, rows) });
    let references = rows.iter().map(|row| row.references.len()).max().unwrap_or(1);
    Ok(Ranking {
        measure: scorer.measures()[at].clone(),
        signature: scorer.signature(references),
        places: places.collect(),
    })
}

/// Sufficient statistics of a system's answers, one a row.
fn statistics(scorer: &dyn Scorer, rows: &[TestRow], answers: &Answers) -> Vec<Vec<f64>> {
    let of_row = |(row, text): (&TestRow, &String)| {
        scorer.statistics(&Row { prediction: text, references: &row.references, facts: &row.facts })
    };
    rows.iter().zip(&answers.texts).map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{System, SystemRole};

    fn answers(id: &str, texts: &[&str]) -> Answers {
        let system = System { id: id.to_owned(), role: SystemRole::Other, cut_off: 0, failed: 0 };
        Answers { system, texts: texts.iter().map(|&text| text.to_owned()).collect() }
    }

    #[test]
    fn the_best_comes_first_and_the_others_know_how_far_they_are_behind() {
        let row = |n: usize| TestRow {
            id: format!("r#{n}"),
            references: vec![format!("the answer is {n}")],
            ..TestRow::default()
        };
        let rows: Vec<TestRow> = (0..12).map(row).collect();
        let right: Vec<String> = (0..12).map(|n| format!("the answer is {n}")).collect();
        let right: Vec<&str> = right.iter().map(String::as_str).collect();
        let mut nearly = right.clone();
        nearly[3] = "no idea";
        let wrong = vec!["no idea"; 12];
        let systems = [answers("wrong", &wrong), answers("nearly", &nearly), answers("right", &right)];
        let metrics = ["exact".to_owned()];
        let scorers = crate::scorers::from_recipe(&metrics, right.iter().copied()).unwrap();
        let ranking = rank(&rows, &systems, &scorers, "", Resampling::default()).unwrap();
        let order: Vec<&str> = ranking.places.iter().map(|place| place.score.system.as_str()).collect();
        assert_eq!((ranking.measure.as_str(), &order[..]), ("exact", &["right", "nearly", "wrong"][..]));
        let behind: Vec<_> = ranking.places.iter().map(|place| place.behind).collect();
        assert!(behind[0].is_none());
        let (near, far) = (behind[1].unwrap(), behind[2].unwrap());
        assert!(
            near.difference > 0.0 && near.interval.low <= 0.0,
            "one row of twelve may be chance: {near:?}"
        );
        assert!(far.interval.low > 50.0, "{far:?}");
    }

    #[test]
    fn what_did_not_answer_every_row_is_refused() {
        let rows = vec![TestRow { references: vec!["a".into()], ..TestRow::default() }; 2];
        let scorers = crate::scorers::from_recipe(&["exact".to_owned()], ["a"]).unwrap();
        let error = rank(&rows, &[answers("x", &["a"])], &scorers, "", Resampling::default()).unwrap_err();
        assert!(matches!(error, EvalError::AnswerCount { given: 1, rows: 2, .. }), "{error}");
    }
}
