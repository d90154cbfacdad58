//! Every measure with its interval, the baselines, and the paired tests.

use eval::report::{CategoryScore, Evaluation, Measure, PairedTest, Report, System, SystemRole};

use super::chart::{Bar, bars, tick_text, ticks};
use super::facts::is_about_facts;
use super::html::{esc, int, one, percent, probability, share, signed};
use super::summary::{SIGNIFICANT, interval_name, signed_range};
use super::table::{card, table};
use super::words::Words;

/// The scores of every evaluation; empty where nothing was measured.
pub(super) fn render(report: &Report, words: Words) -> String {
    let evaluations: Vec<_> =
        report.evaluation.iter().filter(|e| !e.measures.is_empty() && !is_about_facts(e)).collect();
    if evaluations.is_empty() {
        return String::new();
    }
    let title = words.pick("점수", "Scores");
    let lead = words.pick(
        "0이 가장 나쁘고 100이 가장 좋습니다. 점은 점수, 가로선은 문항을 다시 뽑았을 때의 신뢰구간입니다. \
         기준선은 모델 없이 얻는 답으로, 이보다 못한 모델은 배운 것이 없습니다.",
        "0 is worst, 100 is best. The dot is the score, the bar its confidence interval when the questions are \
         drawn again. The baselines need no model; a model that does not beat them has learnt nothing.",
    );
    let bodies: String = evaluations
        .iter()
        .map(|evaluation| {
            let name = if evaluations.len() > 1 { heading(evaluation, words) } else { String::new() };
            format!(
                "{name}{}{}{}{}{}",
                leading(evaluation, words),
                facts(evaluation, words),
                categories(evaluation, words),
                measures(evaluation, words),
                tests(evaluation, words)
            )
        })
        .collect();
    format!("<h2 id=\"scores-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{bodies}")
}

/// What tells one of several evaluations from the others.
pub(super) fn heading(evaluation: &Evaluation, words: Words) -> String {
    format!("<h3 class=\"group\">{}</h3>\n", words.evaluation(evaluation))
}

pub(super) fn class_of(role: SystemRole) -> &'static str {
    match role {
        SystemRole::Base => "base",
        SystemRole::Tuned => "tuned",
        SystemRole::CommonestAnswer => "other commonest",
        SystemRole::NearestQuestion => "other nearest",
        SystemRole::LeadSentence => "other lead",
        SystemRole::Other => "other",
    }
}

pub(super) fn name_of(evaluation: &Evaluation, id: &str, words: Words) -> String {
    let system = evaluation.systems.iter().find(|system| system.id == id);
    words.system(system.map_or(SystemRole::Other, |system| system.role), id)
}

/// The leading measure: a row for each system on one scale.
pub(super) fn leading(evaluation: &Evaluation, words: Words) -> String {
    let Some(measure) = evaluation.measures.first() else { return String::new() };
    let highest = measure.scores.iter().map(|score| score.interval.high).fold(1.0, f64::max);
    let marks = ticks(0.0, highest.min(100.0), 4);
    let (top, step) = (marks[marks.len() - 1], marks[1]);
    let rows: String =
        evaluation.systems.iter().filter_map(|system| row(system, measure, top, words)).collect();
    let axis: String = marks
        .iter()
        .map(|mark| {
            format!(r#"<span style="left:{}">{}</span>"#, percent(100.0 * mark / top), tick_text(*mark, step))
        })
        .collect();
    format!(
        "<div class=\"card\"><h3>{}</h3><ul class=\"forest\">\n{rows}\
         <li class=\"axis\" aria-hidden=\"true\"><span></span><span class=\"track\">{axis}</span><span></span></li></ul>\
         <p class=\"signature\"><code>{}</code></p></div>\n",
        words.measure(&measure.name),
        esc(&measure.signature)
    )
}

fn row(system: &System, measure: &Measure, top: f64, words: Words) -> Option<String> {
    let score = measure.score_of(&system.id)?;
    let at = |value: f64| percent(100.0 * value / top);
    let width = percent(100.0 * (score.interval.high - score.interval.low) / top);
    let troubles = troubles(system, words);
    Some(format!(
        "<li class=\"{class}\"><span class=\"forest-label\">{name}{troubles}</span>\
         <span class=\"track\" aria-hidden=\"true\"><i class=\"interval\" style=\"left:{low};width:{width}\"></i>\
         <i class=\"point\" style=\"left:{value_at}\"></i></span>\
         <span class=\"forest-value\"><b>{value}</b> <small>{low_text}–{high_text}</small></span></li>\n",
        class = class_of(system.role),
        name = words.system(system.role, &system.id),
        low = at(score.interval.low),
        value_at = at(score.value),
        value = one(score.value),
        low_text = one(score.interval.low),
        high_text = one(score.interval.high),
    ))
}

/// Answers that were cut off or failed.
fn troubles(system: &System, words: Words) -> String {
    let mut said = Vec::new();
    if system.cut_off > 0 {
        said.push(format!("{} {}", words.pick("잘린 답", "cut off:"), int(system.cut_off)));
    }
    if system.failed > 0 {
        said.push(format!("{} {}", words.pick("실패", "failed:"), int(system.failed)));
    }
    if said.is_empty() { String::new() } else { format!("<small>{}</small>", said.join(" · ")) }
}

fn facts(evaluation: &Evaluation, words: Words) -> String {
    let rows: Vec<Bar> = evaluation
        .key_facts
        .iter()
        .map(|score| {
            let system = evaluation.systems.iter().find(|system| system.id == score.system);
            let facts = match words.pick("ko", "en") {
                "ko" => format!("사실 {}개 가운데 {}개", int(score.facts), int(score.facts_found)),
                _ => format!("{} of {} facts", int(score.facts_found), int(score.facts)),
            };
            Bar {
                label: format!("{}<small>{facts}</small>", name_of(evaluation, &score.system, words)),
                parts: vec![
                    (score.rows_with_all as f64, system.map_or("other", |system| class_of(system.role))),
                    ((score.rows - score.rows_with_all.min(score.rows)) as f64, "rest"),
                ],
                value: format!(
                    "<b>{}</b>/{} <small>{:.0} % ({:.0}–{:.0})</small>",
                    int(score.rows_with_all),
                    int(score.rows),
                    share(score.rows_with_all, score.rows),
                    score.interval.low,
                    score.interval.high
                ),
            }
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let title = words.pick("핵심 사실이 모두 든 답", "Answers that hold every key fact");
    card(title, &bars(&rows))
}

/// Base and tuned by category, joined by a line.
fn categories(evaluation: &Evaluation, words: Words) -> String {
    let id_of = |role| evaluation.systems.iter().find(|system| system.role == role).map(|s| s.id.as_str());
    let (Some(base), Some(tuned)) = (id_of(SystemRole::Base), id_of(SystemRole::Tuned)) else {
        return String::new();
    };
    let rows: String = evaluation
        .by_category
        .iter()
        .filter_map(|category| category_row(category, base, tuned, words))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let measure = evaluation.measures.first().map_or("", |measure| measure.name.as_str());
    let legend = format!(
        "<ul class=\"legend\"><li><i class=\"key point base\"></i>{}</li><li><i class=\"key point tuned\"></i>{}</li></ul>",
        words.system(SystemRole::Base, base),
        words.system(SystemRole::Tuned, tuned)
    );
    card(
        &format!("{} {}", words.measure(measure), words.pick("유형별", "by category")),
        &format!("{legend}<ul class=\"forest\">\n{rows}</ul>{}", every_category(evaluation, words)),
    )
}

/// Every system's score by category, the baselines' too.
fn every_category(evaluation: &Evaluation, words: Words) -> String {
    let mut heads = vec![words.pick("유형", "Category").to_owned()];
    heads.extend(evaluation.systems.iter().map(|system| words.system(system.role, &system.id)));
    let row = |category: &CategoryScore| {
        let score = |system: &System| {
            let found = category.scores.iter().find(|(id, _)| *id == system.id);
            found.map_or_else(|| "–".to_owned(), |(_, score)| one(*score))
        };
        let mut row = vec![esc(&category.category).to_string()];
        row.extend(evaluation.systems.iter().map(score));
        row
    };
    let rows: Vec<Vec<String>> = evaluation.by_category.iter().map(row).collect();
    let title = words.pick("기준선까지 모두", "With the baselines");
    format!("<details><summary>{title}</summary>{}</details>", table(&heads, &rows))
}

fn category_row(category: &CategoryScore, base: &str, tuned: &str, words: Words) -> Option<String> {
    let score = |id: &str| category.scores.iter().find(|(system, _)| system == id).map(|s| s.1);
    let (before, after) = (score(base)?, score(tuned)?);
    Some(format!(
        "<li><span class=\"forest-label\">{name}<small>{rows} {unit}</small></span>\
         <span class=\"track\" aria-hidden=\"true\"><i class=\"bridge\" style=\"left:{left};width:{width}\"></i>\
         <i class=\"point base\" style=\"left:{before_at}\"></i><i class=\"point tuned\" style=\"left:{after_at}\"></i>\
         </span><span class=\"forest-value\">{before_text} → <b>{after_text}</b></span></li>\n",
        name = esc(&category.category),
        rows = int(category.rows),
        unit = words.pick("문항", "questions"),
        left = percent(before.min(after)),
        width = percent((before - after).abs()),
        before_at = percent(before),
        after_at = percent(after),
        before_text = one(before),
        after_text = one(after),
    ))
}

/// All measures of all systems, and the effect of the training.
fn measures(evaluation: &Evaluation, words: Words) -> String {
    let base = evaluation.systems.iter().find(|system| system.role == SystemRole::Base);
    let mut heads = vec![words.pick("지표", "Measure").to_owned()];
    heads.extend(evaluation.systems.iter().map(|system| words.system(system.role, &system.id)));
    heads.push(words.pick("학습 효과", "Tuned − base").to_owned());
    let rows: Vec<Vec<String>> = evaluation
        .measures
        .iter()
        .map(|measure| {
            let test = base.and_then(|base| measure.tests.iter().find(|test| test.against == base.id));
            let mut row = vec![words.measure(&measure.name)];
            row.extend(evaluation.systems.iter().map(|system| score_cell(measure, system)));
            row.push(test.map_or_else(|| "–".to_owned(), |test| effect(test, words)));
            row
        })
        .collect();
    let body =
        format!("{}{}{}", table(&heads, &rows), reading_note(evaluation, words), settings(evaluation, words));
    card(words.pick("모든 지표", "All measures"), &body)
}

fn score_cell(measure: &Measure, system: &System) -> String {
    let Some(score) = measure.score_of(&system.id) else { return "–".to_owned() };
    let class = if system.role == SystemRole::Tuned { " class=\"strong\"" } else { "" };
    let (low, high) = (one(score.interval.low), one(score.interval.high));
    format!("<b{class}>{}</b><small>{low}–{high}</small>", one(score.value))
}

fn reading_note(evaluation: &Evaluation, words: Words) -> String {
    let scores = evaluation.measures.iter().flat_map(|measure| &measure.scores);
    let confidence = scores.map(|score| score.interval.confidence).next().unwrap_or(0.95);
    let interval = interval_name(confidence, words);
    let note = match words.pick("ko", "en") {
        "ko" => format!(
            "작은 숫자는 {interval}입니다. 색이 있는 차이는 우연으로 보기 어렵습니다(무작위 치환 검정 p &lt; {SIGNIFICANT})."
        ),
        _ => format!(
            "Small numbers are the {interval}. Coloured differences are unlikely by chance \
             (randomisation test, p &lt; {SIGNIFICANT})."
        ),
    };
    format!("<p class=\"note\">{note}</p>")
}

pub(super) fn effect(test: &PairedTest, words: Words) -> String {
    let class = match (test.p_randomisation < SIGNIFICANT, test.difference > 0.0) {
        (true, true) => "up",
        (true, false) => "down",
        _ => "same",
    };
    format!(
        "<b class=\"{class}\">{}</b><small>{}</small>",
        signed(test.difference),
        signed_range(test, words)
    )
}

fn settings(evaluation: &Evaluation, words: Words) -> String {
    let mut seen = Vec::new();
    for measure in &evaluation.measures {
        if !seen.contains(&measure.signature.as_str()) {
            seen.push(&measure.signature);
        }
    }
    let lines: String =
        seen.iter().map(|signature| format!("<li><code>{}</code></li>", esc(signature))).collect();
    let generation = if evaluation.generation.is_empty() {
        String::new()
    } else {
        format!(
            "<p>{} <code>{} · {}</code></p>",
            words.pick("생성 설정:", "Generation:"),
            esc(&evaluation.name),
            esc(&evaluation.generation)
        )
    };
    let title = words.pick("계산 방법(서명)", "How they are computed (signatures)");
    format!("<details><summary>{title}</summary>{generation}<ul class=\"codes\">{lines}</ul></details>\n")
}

/// The tuned model against every other system, on every measure.
pub(super) fn tests(evaluation: &Evaluation, words: Words) -> String {
    let tests =
        || evaluation.measures.iter().flat_map(|measure| measure.tests.iter().map(move |t| (measure, t)));
    let Some(trials) = tests().map(|(_, test)| test.trials).max() else { return String::new() };
    let heads = [
        words.pick("지표", "Measure"),
        words.pick("차이", "Difference"),
        words.pick("p, 붓스트랩", "p, bootstrap"),
        words.pick("p, 무작위 치환", "p, randomisation"),
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<String>> = tests()
        .map(|(measure, test)| {
            let against = name_of(evaluation, &test.against, words);
            vec![
                format!("{} <small>vs {against}</small>", words.measure(&measure.name)),
                effect(test, words),
                probability(test.p_bootstrap),
                probability(test.p_randomisation),
            ]
        })
        .collect();
    let title = words.pick("짝지은 검정", "Paired tests");
    let lead = match words.pick("ko", "en") {
        "ko" => {
            format!("같은 문항에서 학습한 모델과 다른 답을 비교했습니다. 각각 {}번 뽑았습니다.", int(trials))
        }
        _ => format!("The tuned model against the others on the same questions, {} draws each.", int(trials)),
    };
    format!(
        "<details class=\"card\"><summary>{title}</summary><p>{lead}</p>{}</details>\n",
        table(&heads, &rows)
    )
}
