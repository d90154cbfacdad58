//! The head of the page: what came out, in a sentence and a few numbers; and what to be careful about.

use eval::report::{Evaluation, FactScore, LeakTest, Measure, PairedTest, Report, SystemRole, Training};

use super::html::{esc, int, one, share, short, signed};
use super::words::Words;

/// From here on a difference is called one.
pub(super) const SIGNIFICANT: f64 = 0.05;

/// The head of the page.
pub(super) fn render(report: &Report, words: Words) -> String {
    let finished = report.provenance.finished.as_deref().map(|time| format!("<span>{}</span>", when(time)));
    let verdict = report.evaluation.first().map(|evaluation| verdict(evaluation, words));
    format!(
        "<header class=\"head\"><div class=\"wrap\">\
         <p class=\"eyebrow\"><span class=\"brand\">moru</span>{kind}</p>\n<h1>{project}</h1>\n{verdict}\
         <p class=\"meta\"><span>{base} <b>{model}</b></span>{finished}<span>{machine}</span></p>\n\
         {tiles}{warnings}</div></header>\n",
        kind = words.pick("학습 보고서", "Training report"),
        project = esc(&report.project),
        verdict = verdict.unwrap_or_default(),
        base = words.pick("기본 모델", "Base model"),
        model = esc(&report.provenance.base_model),
        finished = finished.unwrap_or_default(),
        machine = esc(&report.provenance.machine),
        tiles = tiles(report, words),
        warnings = warnings(report, words),
    )
}

/// A time as people read it: `2026-11-21T08:45:00Z` is `2026-11-21 08:45 UTC`.
fn when(time: &str) -> String {
    match time.strip_suffix('Z').and_then(|time| time.split_once('T')) {
        Some((date, clock)) => format!("{} {} UTC", esc(date), esc(clock.get(..5).unwrap_or(clock))),
        None => esc(time).to_string(),
    }
}

/// The id of the system that plays a part.
fn id_of(evaluation: &Evaluation, role: SystemRole) -> Option<&str> {
    evaluation.systems.iter().find(|system| system.role == role).map(|system| system.id.as_str())
}

fn test_against(evaluation: &Evaluation, role: SystemRole) -> Option<(&Measure, &PairedTest)> {
    let measure = evaluation.measures.first()?;
    let against = id_of(evaluation, role)?;
    measure.tests.iter().find(|test| test.against == against).map(|test| (measure, test))
}

/// One sentence for the comparison with the base model, and one where a baseline is not beaten.
fn verdict(evaluation: &Evaluation, words: Words) -> String {
    let Some((measure, test)) = test_against(evaluation, SystemRole::Base) else {
        return of_classifier(evaluation, words);
    };
    let certain = test.p_randomisation < SIGNIFICANT;
    let sentence = match (test.difference > 0.0, certain) {
        (true, true) => {
            words.pick("학습한 모델이 기본 모델보다 낫습니다.", "The tuned model beats the base model.")
        }
        (false, true) => words
            .pick("학습한 모델이 기본 모델보다 못합니다.", "The tuned model does worse than the base model."),
        (_, false) => words.pick(
            "학습한 모델과 기본 모델의 차이는 우연일 수 있습니다.",
            "The tuned and the base model differ by no more than chance allows.",
        ),
    };
    let numbers = difference(&measure.name, test, words);
    let unbeaten = unbeaten(evaluation, words);
    let class = match (test.difference > 0.0, certain) {
        (true, true) => "good",
        (false, true) => "bad",
        _ => "open",
    };
    format!("<p class=\"verdict {class}\">{sentence} <span>{numbers}</span>{unbeaten}</p>\n")
}

/// One sentence for a classifier, which has no model before it: whether it beats always saying the commonest label.
fn of_classifier(evaluation: &Evaluation, words: Words) -> String {
    let against = test_against(evaluation, SystemRole::CommonestAnswer);
    let Some((measure, test)) = against.filter(|(measure, _)| measure.name == "accuracy") else {
        return String::new();
    };
    let beats = test.difference > 0.0 && test.p_randomisation < SIGNIFICANT;
    let (class, sentence) = if beats {
        let words = words.pick(
            "분류기가 언제나 가장 흔한 라벨을 말하는 것보다 낫습니다.",
            "The classifier beats always saying the commonest label.",
        );
        ("good", words)
    } else {
        let words = words.pick(
            "분류기가 언제나 가장 흔한 라벨을 말하는 것을 분명히 넘지 못했습니다.",
            "The classifier does not clearly beat always saying the commonest label.",
        );
        ("bad", words)
    };
    let numbers = difference(&measure.name, test, words);
    let unbeaten = if beats { unbeaten(evaluation, words) } else { String::new() };
    format!("<p class=\"verdict {class}\">{sentence} <span>{numbers}</span>{unbeaten}</p>\n")
}

/// A sentence about the baselines that are not clearly beaten.
fn unbeaten(evaluation: &Evaluation, words: Words) -> String {
    let baselines: Vec<String> =
        [SystemRole::NearestQuestion, SystemRole::LeadSentence, SystemRole::CommonestAnswer]
            .into_iter()
            .filter_map(|role| {
                let (measure, test) = test_against(evaluation, role)?;
                if test.difference > 0.0 && test.p_randomisation < SIGNIFICANT {
                    return None;
                }
                let score = measure.score_of(&test.against)?;
                let name = words.system(role, &test.against);
                Some(match words.pick("ko", "en") {
                    "ko" => format!("‘{name}’ {}", one(score.value)),
                    _ => format!("“{name}” ({})", one(score.value)),
                })
            })
            .collect();
    match (baselines.as_slice(), words.pick("ko", "en")) {
        ([], _) => String::new(),
        (names, "ko") => format!(" 다만 기준선({})을 분명히 넘지는 못했습니다.", names.join(", ")),
        ([name], _) => format!(" It does not clearly beat the baseline {name}."),
        (names, _) => format!(" It does not clearly beat the baselines {}.", names.join(" and ")),
    }
}

/// `95 % interval`.
pub(super) fn interval_name(confidence: f64, words: Words) -> String {
    format!("{:.0} % {}", 100.0 * confidence, words.pick("구간", "interval"))
}

/// `chrF2 +20.3 (95 % interval +16.1 to +25.2)`.
fn difference(measure: &str, test: &PairedTest, words: Words) -> String {
    format!(
        "{} <b>{}</b> <span class=\"nowrap\">({} {})</span>",
        words.measure(measure),
        signed(test.difference),
        interval_name(test.interval.confidence, words),
        signed_range(test, words)
    )
}

/// `+3.1 to +5.0`.
pub(super) fn signed_range(test: &PairedTest, words: Words) -> String {
    format!("{}{}{}", signed(test.interval.low), words.pick(" ~ ", " to "), signed(test.interval.high))
}

struct Tile {
    class: &'static str,
    name: String,
    value: String,
    note: String,
}

fn tiles(report: &Report, words: Words) -> String {
    let mut tiles = Vec::new();
    if let Some(evaluation) = report.evaluation.first() {
        tiles.extend(score_tile(evaluation, words));
    }
    let with_facts = super::facts::leading(report);
    tiles.extend(with_facts.and_then(|evaluation| facts_tile(evaluation, words)));
    tiles.extend(leaks_tile(report, words));
    tiles.extend(rows_tile(report, words));
    tiles.extend(report.training.first().map(|training| training_tile(training, words)));
    let body: String = tiles
        .iter()
        .map(|tile| {
            format!(
                "<div class=\"tile {}\"><dt>{}</dt><dd><b>{}</b><span>{}</span></dd></div>\n",
                tile.class, tile.name, tile.value, tile.note
            )
        })
        .collect();
    if body.is_empty() { body } else { format!("<dl class=\"tiles\">\n{body}</dl>\n") }
}

/// `before → after` for those who see it and those who hear it.
fn arrow(before: &str, after: &str, words: Words) -> String {
    let to = words.pick("에서", "to");
    format!(
        "<span class=\"before\">{before}</span><span class=\"arrow\" role=\"img\" aria-label=\"{to}\">→</span>{after}"
    )
}

fn score_tile(evaluation: &Evaluation, words: Words) -> Option<Tile> {
    let measure = evaluation.measures.first()?;
    let tuned = measure.score_of(id_of(evaluation, SystemRole::Tuned)?)?;
    let base = id_of(evaluation, SystemRole::Base).and_then(|id| measure.score_of(id));
    let after = one(tuned.value);
    Some(Tile {
        class: "hero",
        name: words.measure(&measure.name),
        value: base.map_or_else(|| after.clone(), |base| arrow(&one(base.value), &after, words)),
        note: format!(
            "{} {}–{} · {} {}",
            interval_name(tuned.interval.confidence, words),
            one(tuned.interval.low),
            one(tuned.interval.high),
            int(evaluation.rows),
            words.pick("문항", "questions")
        ),
    })
}

fn facts_tile(evaluation: &Evaluation, words: Words) -> Option<Tile> {
    let of = |role| -> Option<&FactScore> {
        let id = id_of(evaluation, role)?;
        evaluation.key_facts.iter().find(|score| score.system == id)
    };
    let tuned = of(SystemRole::Tuned)?;
    let after = format!("{}<small>/{}</small>", int(tuned.rows_with_all), int(tuned.rows));
    let before = of(SystemRole::Base).map(|base| int(base.rows_with_all));
    Some(Tile {
        class: "",
        name: words.pick("핵심 사실이 맞은 답", "Key fact right").to_owned(),
        value: before.map_or_else(|| after.clone(), |before| arrow(&before, &after, words)),
        note: format!(
            "{:.0} % · {} {:.0}–{:.0}",
            share(tuned.rows_with_all, tuned.rows),
            interval_name(tuned.interval.confidence, words),
            tuned.interval.low,
            tuned.interval.high
        ),
    })
}

fn leaks_tile(report: &Report, words: Words) -> Option<Tile> {
    let leaks = report.leaks.as_ref()?;
    let (found, known, files) = (leaks.found(), int(leaks.known_values), leaks.checks.len());
    let said: u64 = leaks.tests.iter().map(LeakTest::texts).sum();
    let note = match words.pick("ko", "en") {
        "ko" if said > 0 => {
            format!("알려진 값 {known}개 · 파일 {files}개와 모델이 쓴 글 {}개에서", int(said))
        }
        _ if said > 0 => format!("{known} known values · {files} files and {} texts of the model", int(said)),
        "ko" => format!("알려진 값 {known}개 · 파일 {files}개에서"),
        _ => format!("{known} known values · {files} files"),
    };
    Some(Tile {
        class: if found == 0 { "good" } else { "bad" },
        name: words.pick("새어 나온 개인정보", "Values leaked").to_owned(),
        value: int(found),
        note,
    })
}

fn rows_tile(report: &Report, words: Words) -> Option<Tile> {
    let read: u64 = report.data.sources.iter().map(|source| source.rows).sum();
    let tokens = &report.data.tokens;
    let used = tokens.train.rows + tokens.valid.rows + tokens.test.rows;
    if read == 0 && used == 0 {
        return None;
    }
    Some(Tile {
        class: "",
        name: words.pick("쓴 데이터", "Rows used").to_owned(),
        value: int(used),
        note: match words.pick("ko", "en") {
            "ko" => format!("읽은 {}행의 {:.0} %", int(read), share(used, read)),
            _ => format!("{:.0} % of {} rows read", share(used, read), int(read)),
        },
    })
}

fn training_tile(training: &Training, words: Words) -> Tile {
    let value = match training.seconds {
        Some(seconds) => words.seconds(seconds),
        None => {
            format!("{} {}", int(training.steps.last().map_or(0, |s| s.step)), words.pick("단계", "steps"))
        }
    };
    Tile {
        class: "",
        name: words.pick("학습 시간", "Training time").to_owned(),
        value,
        note: format!(
            "{} · {} {}",
            esc(&training.method),
            short(training.tokens),
            words.pick("토큰", "tokens")
        ),
    }
}

fn warnings(report: &Report, words: Words) -> String {
    if report.warnings.is_empty() {
        return String::new();
    }
    let items: String = report
        .warnings
        .iter()
        .map(|warning| {
            let next = if warning.next.is_empty() {
                String::new()
            } else {
                format!(
                    "<span class=\"next\">{} {}</span>",
                    words.pick("해 볼 것:", "Try:"),
                    esc(&warning.next)
                )
            };
            format!("<li><b>{}</b> <span>{}</span> {next}</li>\n", esc(&warning.what), esc(&warning.why))
        })
        .collect();
    let title = words.pick("살펴볼 점", "Worth knowing");
    format!("<aside class=\"warnings\" aria-label=\"{title}\"><h2>{title}</h2><ul>\n{items}</ul></aside>\n")
}
