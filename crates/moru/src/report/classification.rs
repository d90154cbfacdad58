//! What a classifier finds, label by label, and what it takes for what.

use eval::report::{ClassScore, Classification, Report};

use super::html::{esc, int};
use super::table::{self, card, table};
use super::words::Words;

/// Labels up to which every pair has a cell of the matrix; of more, the commonest mistakes are listed alone.
const MATRIX: usize = 16;

/// Mistakes that are listed.
const LISTED: usize = 20;

/// The section of every classifier; empty where there is none.
pub(super) fn render(report: &Report, words: Words) -> String {
    if report.classification.is_empty() {
        return String::new();
    }
    let title = words.pick("라벨별 결과", "Label by label");
    let lead = words.pick(
        "정밀도는 그 라벨이라고 한 것 가운데 맞은 비율, 재현율은 그 라벨인 것 가운데 찾아낸 비율이며, F1은 둘의 조화평균입니다. \
         매크로 F1은 라벨마다 같은 무게로 평균합니다.",
        "Precision is the share of rows so labelled that are so, recall the share of such rows that were found, F1 their \
         harmonic mean. Macro-F1 counts every label alike.",
    );
    let bodies: String = report.classification.iter().map(|one| body(one, words)).collect();
    format!("<h2 id=\"classification-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{bodies}")
}

fn body(one: &Classification, words: Words) -> String {
    let name = format!("<h3 class=\"group\">{}</h3>\n", esc(&one.name));
    let mistakes = mistakes(one, words);
    let matrix = if one.classes.len() <= MATRIX { matrix(one, words) } else { String::new() };
    format!("{name}{}{}{matrix}{mistakes}", facts(one, words), classes(one, words))
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn facts(one: &Classification, words: Words) -> String {
    let small = |text: String| format!("<small>{text}</small>");
    let majority = small(format!(
        "{} {} ({})",
        words.pick("가장 흔한 라벨만 말하면", "always the commonest label:"),
        percent(one.majority_accuracy),
        esc(&one.majority_label)
    ));
    let rows = small(format!("{} {}", int(one.rows), words.pick("행", "rows")));
    let facts = [
        (words.pick("정확도", "Accuracy"), format!("{} {majority}", percent(one.accuracy))),
        (words.pick("매크로 F1", "Macro F1"), format!("{:.3} {rows}", one.macro_f1)),
        (words.pick("가중 F1", "Weighted F1"), format!("{:.3}", one.weighted_f1)),
        (words.pick("로그 손실", "Log loss"), format!("{:.3}", one.log_loss)),
        (
            words.pick("확신의 오차(ECE)", "Calibration error (ECE)"),
            format!(
                "{:.3} {}",
                one.calibration_error,
                small(
                    words
                        .pick("확신과 정답률의 평균 차이", "how far confidence is from being right")
                        .to_owned()
                )
            ),
        ),
    ];
    table::facts("facts card", &facts)
}

fn classes(one: &Classification, words: Words) -> String {
    let heads = [
        words.pick("라벨", "Label"),
        words.pick("정밀도", "Precision"),
        words.pick("재현율", "Recall"),
        "F1",
        words.pick("행", "Rows"),
        words.pick("예측", "Predicted"),
    ];
    let row = |class: &ClassScore| {
        vec![
            esc(&class.label).to_string(),
            format!("{:.3}", class.precision),
            format!("{:.3}", class.recall),
            format!("<b>{:.3}</b>", class.f1),
            int(class.support),
            int(class.predicted),
        ]
    };
    let rows: Vec<_> = one.classes.iter().map(row).collect();
    card(words.pick("라벨마다", "Each label"), &table(&heads.map(str::to_owned), &rows))
}

/// A row a true label, a column a predicted one.
fn matrix(one: &Classification, words: Words) -> String {
    let corner = words.pick("실제 ↓ 예측 →", "true ↓ predicted →").to_owned();
    let heads: Vec<String> = std::iter::once(corner)
        .chain(one.classes.iter().map(|class| esc(&class.label).to_string()))
        .collect();
    let row = |(truth, counts): (usize, &Vec<u64>)| {
        let cell = |(predicted, count): (usize, &u64)| match (*count, truth == predicted) {
            (0, _) => "<span class=\"same\">0</span>".to_owned(),
            (count, true) => format!("<b class=\"up\">{}</b>", int(count)),
            (count, false) => format!("<b class=\"down\">{}</b>", int(count)),
        };
        std::iter::once(esc(&one.classes[truth].label).to_string())
            .chain(counts.iter().enumerate().map(cell))
            .collect()
    };
    let rows: Vec<Vec<String>> = one.confusion.iter().enumerate().map(row).collect();
    let body = format!("<div class=\"wide\">{}</div>", table(&heads, &rows));
    card(words.pick("혼동 행렬", "Confusion matrix"), &body)
}

/// What is taken for what, most often first.
fn mistakes(one: &Classification, words: Words) -> String {
    let mut pairs: Vec<(u64, usize, usize)> = Vec::new();
    for (truth, counts) in one.confusion.iter().enumerate() {
        let wrong = counts.iter().enumerate().filter(|(predicted, count)| *predicted != truth && **count > 0);
        pairs.extend(wrong.map(|(predicted, count)| (*count, truth, predicted)));
    }
    pairs.sort_by_key(|&(count, truth, predicted)| (std::cmp::Reverse(count), truth, predicted));
    let heads = [words.pick("실제", "True"), words.pick("예측", "Predicted"), words.pick("행", "Rows")];
    let row = |&(count, truth, predicted): &(u64, usize, usize)| {
        let label = |n: usize| esc(&one.classes[n].label).to_string();
        vec![label(truth), label(predicted), int(count)]
    };
    let rows: Vec<_> = pairs.iter().take(LISTED).map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    card(words.pick("가장 흔한 실수", "Commonest mistakes"), &table(&heads.map(str::to_owned), &rows))
}
