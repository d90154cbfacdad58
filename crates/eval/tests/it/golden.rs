//! Every metric equals its reference implementation on the committed numbers of `tools/golden/metrics.py`.

use eval::scorers::bleu::{Bleu, Smoothing, Tokenizer};
use eval::scorers::chrf::Chrf;
use eval::scorers::rouge::{Rouge, RougeScores};
use eval::scorers::rouge_ko::Tokenisation;
use eval::scorers::{Row, Scorer, by_name};
use serde_json::Value;

const TOLERANCE: f64 = 1e-12;

fn golden() -> Value {
    serde_json::from_str(include_str!("../golden/metrics.json")).unwrap()
}

struct Case {
    name: String,
    prediction: String,
    references: Vec<String>,
    numbers: Value,
}

fn cases() -> Vec<Case> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cases: Vec<Case> = golden()["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| Case {
            name: text(&case["name"]),
            prediction: text(&case["prediction"]),
            references: case["references"].as_array().unwrap().iter().map(text).collect(),
            numbers: case.clone(),
        })
        .collect();
    assert!(cases.len() >= 60);
    cases
}

fn bleu_settings() -> Vec<(&'static str, Bleu)> {
    let plain = Bleu::default();
    let eff = Bleu { effective_order: true, ..plain };
    let smooth = |smoothing, bleu| Bleu { smoothing, ..bleu };
    let cut = |tokenizer, bleu| Bleu { tokenizer, ..bleu };
    vec![
        ("13a", plain),
        ("13a eff", eff),
        ("13a none", smooth(Smoothing::None, plain)),
        ("13a floor", smooth(Smoothing::Floor(0.1), plain)),
        ("13a floor 0.01", smooth(Smoothing::Floor(0.01), plain)),
        ("13a add-k", smooth(Smoothing::AddK(1.0), plain)),
        ("13a add-k 0.5 eff", smooth(Smoothing::AddK(0.5), eff)),
        ("13a lc eff", Bleu { lowercase: true, ..eff }),
        ("char", cut(Tokenizer::Char, plain)),
        ("char eff", cut(Tokenizer::Char, eff)),
        ("zh eff", cut(Tokenizer::Zh, eff)),
        ("intl eff", cut(Tokenizer::Intl, eff)),
        ("none", cut(Tokenizer::None, plain)),
        ("none floor eff", smooth(Smoothing::Floor(0.1), cut(Tokenizer::None, eff))),
    ]
}

fn chrf_settings() -> Vec<(&'static str, Chrf)> {
    let plain = Chrf::default();
    vec![
        ("chrF2", plain),
        ("chrF2++", Chrf { word_order: 2, ..plain }),
        ("chrF2+ lc", Chrf { word_order: 1, lowercase: true, ..plain }),
        ("chrF3 nc4", Chrf { beta: 3, char_order: 4, ..plain }),
        ("chrF1", Chrf { beta: 1, ..plain }),
    ]
}

/// Collects what differs, so that one run shows all of it.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check(&mut self, what: impl std::fmt::Display, ours: f64, theirs: &Value) {
        let theirs = theirs.as_f64().unwrap();
        if (ours - theirs).abs() > TOLERANCE * theirs.abs().max(1.0) {
            self.0.push(format!("{what}: {ours} is not {theirs}"));
        }
    }
}

impl Drop for Differences {
    fn drop(&mut self) {
        assert!(self.0.is_empty(), "{} differences:\n{}", self.0.len(), self.0.join("\n"));
    }
}

/// Every setting of the reference is compared: a name that is missing here would pass unseen.
fn same_names<T>(settings: &[(&str, T)], numbers: &Value) {
    let mut ours: Vec<&str> = settings.iter().map(|(name, _)| *name).collect();
    let mut theirs: Vec<&str> = numbers.as_object().unwrap().keys().map(String::as_str).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
}

#[test]
fn bleu_of_sentences() {
    let mut differences = Differences::default();
    for case in cases() {
        same_names(&bleu_settings(), &case.numbers["bleu"]);
        for (name, bleu) in bleu_settings() {
            let score = bleu.sentence(&case.prediction, &case.references).score;
            differences.check(format_args!("{} / {name}", case.name), score, &case.numbers["bleu"][name]);
        }
    }
}

#[test]
fn chrf_of_sentences() {
    let mut differences = Differences::default();
    for case in cases() {
        same_names(&chrf_settings(), &case.numbers["chrf"]);
        for (name, chrf) in chrf_settings() {
            let score = chrf.sentence(&case.prediction, &case.references);
            differences.check(format_args!("{} / {name}", case.name), score, &case.numbers["chrf"][name]);
        }
    }
}

#[test]
fn bleu_and_chrf_of_the_corpus_and_their_signatures() {
    let golden = golden();
    let mut differences = Differences::default();
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.references.len() == 1).collect();
    let summed = |scorer: &dyn Scorer| {
        let rows: Vec<Vec<f64>> = cases
            .iter()
            .map(|case| {
                let [prediction, references] = [&case.prediction, &case.references[0]];
                let references = std::slice::from_ref(references);
                scorer.statistics(&Row { prediction, references, facts: &[] })
            })
            .collect();
        eval::statistics::sum(&rows)
    };
    for (name, bleu) in bleu_settings() {
        let theirs = &golden["corpus"]["bleu"][name];
        let score = bleu.score(&summed(&bleu));
        differences.check(name, score.score, &theirs["score"]);
        differences.check(format_args!("{name} bp"), score.brevity_penalty, &theirs["bp"]);
        differences.check(format_args!("{name} sys_len"), score.prediction_len, &theirs["sys_len"]);
        differences.check(format_args!("{name} ref_len"), score.reference_len, &theirs["ref_len"]);
        for (n, precision) in score.precisions.into_iter().enumerate() {
            differences.check(format_args!("{name} p{}", n + 1), precision, &theirs["precisions"][n]);
        }
        assert_eq!(bleu.signature(1), theirs["signature"].as_str().unwrap());
        let rows = cases.iter().map(|case| (case.prediction.as_str(), case.references.as_slice()));
        assert_eq!(bleu.corpus(rows), score);
    }
    for (name, chrf) in chrf_settings() {
        let theirs = &golden["corpus"]["chrf"][name];
        differences.check(name, chrf.scores(&summed(&chrf))[0], &theirs["score"]);
        assert_eq!(chrf.signature(1), theirs["signature"].as_str().unwrap());
        assert_eq!(chrf.measures(), [theirs["name"].as_str().unwrap()]);
    }
}

#[test]
fn rouge_and_rouge_ko() {
    let mut differences = Differences::default();
    for case in cases() {
        let (prediction, references) = (&case.prediction, &case.references);
        let scores: [(&str, RougeScores); 4] = [
            ("plain", Rouge { stem: false }.score(prediction, references)),
            ("stem", Rouge { stem: true }.score(prediction, references)),
            ("char", Tokenisation::Char.score(prediction, references)),
            ("syllable", Tokenisation::Syllable.score(prediction, references)),
        ];
        same_names(&scores, &case.numbers["rouge"]);
        for (name, scores) in scores {
            let kinds = [scores.rouge1, scores.rouge2, scores.rouge_l, scores.rouge_l_sum];
            for (kind, ours) in kinds.into_iter().enumerate() {
                for (part, value) in [ours.precision, ours.recall, ours.f].into_iter().enumerate() {
                    let what = format_args!("{} / {name} / {kind} / {part}", case.name).to_string();
                    differences.check(what, value, &case.numbers["rouge"][name][kind][part]);
                }
            }
        }
    }
}

#[test]
fn stems_are_those_of_nltk() {
    let golden = golden();
    let stems = golden["stems"].as_object().unwrap();
    assert!(stems.len() > 200);
    let stemmer = Rouge { stem: true };
    let differences: Vec<String> = stems
        .iter()
        .filter(|(word, _)| word.len() > 3)
        .filter(|(word, stem)| stemmer.tokens(word) != [stem.as_str().unwrap()])
        .map(|(word, stem)| format!("{word}: {:?} is not {stem}", stemmer.tokens(word)))
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    // Words of up to three letters are left alone even where they have a stem.
    assert_eq!(stemmer.tokens("ties ads bed"), ["tie", "ads", "bed"]);
}

#[test]
fn means_over_rows_are_in_percent() {
    let references = [["a b c d".to_owned()], ["x y".to_owned()]];
    for (name, wanted) in [("rouge", [75.0, 50.0, 75.0, 75.0].as_slice()), ("exact", &[50.0])] {
        let scorer = by_name(name).unwrap();
        let rows: Vec<Vec<f64>> = [("a b c d", &references[0]), ("x z", &references[1])]
            .iter()
            .map(|(prediction, references)| {
                scorer.statistics(&Row { prediction, references: *references, facts: &[] })
            })
            .collect();
        assert_eq!(scorer.scores(&eval::statistics::sum(&rows)), wanted, "{name}");
        assert_eq!(scorer.measures().len(), wanted.len());
    }
}
