//! How far a judge can be trusted: its replies, its flips, the pull of place and length, a person's labels.

use eval::report::{Agreement, Doubt, Duel, Interval, Judging, Kappa, Slope};

use super::super::html::{esc, int};
use super::super::table::{card, counts, table};
use super::super::words::Words;
use super::{name_of, signed, signed_range};

/// Why the figures should be doubted.
pub(super) fn doubts(judging: &Judging, words: Words) -> String {
    if judging.doubts.is_empty() {
        return String::new();
    }
    let items: String =
        judging.doubts.iter().map(|doubt| format!("<li>{}</li>\n", doubted(doubt, judging, words))).collect();
    let title = if judging.is_usable() {
        words.pick("심사를 그대로 믿기 어려운 까닭", "Why the judge should be doubted")
    } else {
        words.pick("이 심사는 아무것도 말해 주지 않습니다", "This judging says nothing")
    };
    format!("<aside class=\"warnings\" aria-label=\"{title}\"><h2>{title}</h2><ul>\n{items}</ul></aside>\n")
}

fn doubted(doubt: &Doubt, judging: &Judging, words: Words) -> String {
    let whole = |share: f64| format!("{:.0} %", 100.0 * share);
    let korean = words.pick("ko", "en") == "ko";
    match doubt {
        Doubt::Errors { rate } if korean => format!("판정의 {}가 오지 않았습니다.", whole(*rate)),
        Doubt::Errors { rate } => format!("{} of the verdicts did not come.", whole(*rate)),
        Doubt::OneGrade { grade } if korean => format!("모든 답이 {grade}점을 받았습니다."),
        Doubt::OneGrade { grade } => format!("Every answer got the grade {grade}."),
        Doubt::Flips { against, rate } => {
            let (name, rate) = (name_of(judging, against, words), whole(*rate));
            if korean {
                format!("{name}과 견줄 때 순서를 바꾸면 {rate}의 판정이 뒤집힙니다.")
            } else {
                format!("Against {name}, {rate} of the verdicts turn when the answers change places.")
            }
        }
        Doubt::Place { against, first_share } => {
            let (name, share) = (name_of(judging, against, words), whole(*first_share));
            if korean {
                format!("{name}과 견줄 때 승리의 {share}가 먼저 보인 답에 돌아갑니다.")
            } else {
                format!("Against {name}, {share} of the wins fall to the answer shown first.")
            }
        }
        Doubt::Length { system, slope } => {
            let (name, slope) = (name_of(judging, system, words), signed(*slope));
            if korean {
                format!("{name}: 백 글자가 길어질 때마다 {slope}. 길이에 끌리는 심사일 수 있습니다.")
            } else {
                format!("{name}: {slope} for a hundred characters more. Length may pull the judge.")
            }
        }
        Doubt::Agreement { kappa } if korean => {
            format!("사람의 판단과 우연보다 조금 더 맞을 뿐입니다(κ {kappa:.2}).")
        }
        Doubt::Agreement { kappa } => {
            format!("It agrees with a person little more than chance does (κ {kappa:.2}).")
        }
    }
}

/// Whether the judge holds: its replies, its flips, the pull of place and length, a person's labels.
pub(super) fn render(judging: &Judging, words: Words) -> String {
    let mut rows = vec![replies_row(judging, words)];
    rows.extend(judging.duels.iter().flat_map(|duel| duel_rows(duel, judging, words)));
    for grades in &judging.grades {
        let name = name_of(judging, &grades.system, words);
        rows.extend(grades.length.map(|slope| slope_row(slope, &name, words)));
    }
    if let Some(agreement) = &judging.agreement {
        rows.extend(agreement_rows(agreement, words));
    }
    let heads =
        [words.pick("무엇을 보았나", "What was looked at"), words.pick("값", "Value")].map(str::to_owned);
    let body = format!("{}{}", table(&heads, &rows), settings(judging, words));
    card(words.pick("심사를 얼마나 믿을 수 있나", "How far the judge can be trusted"), &body)
}

fn duel_rows(duel: &Duel, judging: &Judging, words: Words) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let against = name_of(judging, &duel.against, words);
    if let Some(rate) = duel.flip_rate {
        let asked = int(duel.judged() - duel.same);
        let of = words.pick("쌍 가운데", "pairs");
        rows.push(vec![
            format!(
                "{} <small>vs {against}</small>",
                words.pick("순서에 뒤집힌 판정", "Turned with the order")
            ),
            format!("<b>{:.0} %</b><small>{} / {asked} {of}</small>", 100.0 * rate, int(duel.flips)),
        ]);
    }
    if let (Some(first), Some(within)) = (duel.first_share, duel.first_interval) {
        rows.push(vec![
            format!(
                "{} <small>vs {against}</small>",
                words.pick("먼저 보인 답의 승리", "Wins of the answer shown first")
            ),
            format!(
                "<b>{:.0} %</b><small>{:.0}–{:.0}</small>",
                100.0 * first,
                100.0 * within.low,
                100.0 * within.high
            ),
        ]);
    }
    rows.extend(duel.length.map(|slope| slope_row(slope, &format!("vs {against}"), words)));
    rows
}

fn replies_row(judging: &Judging, words: Words) -> Vec<String> {
    let replies = &judging.replies;
    let mut notes = Vec::new();
    if !replies.errors.is_empty() {
        notes.push(counts(&replies.errors, |code| words.reason(code)));
    }
    if replies.asked_again > 0 {
        let again = int(replies.asked_again);
        notes.push(match words.pick("ko", "en") {
            "ko" => format!("{again}개는 다시 물어서 받음"),
            _ => format!("{again} came when asked again"),
        });
    }
    if let Some(error) = &replies.error {
        notes.push(esc(error).to_string());
    }
    let came = int(replies.tasks - replies.n_errors());
    vec![
        words.pick("판정", "Verdicts").to_owned(),
        format!("<b>{came}</b>/{}<small class=\"why\">{}</small>", int(replies.tasks), notes.join(" · ")),
    ]
}

fn slope_row(slope: Slope, of: &str, words: Words) -> Vec<String> {
    let name = words.pick("백 글자 길어질 때", "A hundred characters more");
    vec![
        format!("{name} <small>{of}</small>"),
        format!("<b>{}</b><small>{}</small>", signed(slope.value), signed_range(slope.interval, words)),
    ]
}

fn agreement_rows(agreement: &Agreement, words: Words) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let (grades, winners) = (
        words.pick("사람과의 일치(점수)", "Agreement with a person (grades)"),
        words.pick("사람과의 일치(나은 답)", "Agreement with a person (winners)"),
    );
    rows.extend(agreement.grades.as_ref().map(|kappa| kappa_row(grades, kappa, words)));
    rows.extend(agreement.winners.as_ref().map(|kappa| kappa_row(winners, kappa, words)));
    rows.push(vec![
        words.pick("사람이 매긴 답", "Labels of a person").to_owned(),
        format!(
            "<b>{}</b><small>{} {}</small>",
            int(agreement.labels),
            words.pick("심사한 답에 없음", "of no judged answer:"),
            int(agreement.unknown)
        ),
    ]);
    rows
}

fn kappa_row(name: &str, kappa: &Kappa, words: Words) -> Vec<String> {
    let value = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    let within = |interval: Option<Interval>| {
        interval.map_or_else(String::new, |within| format!(" ({:.2}–{:.2})", within.low, within.high))
    };
    let weighted = kappa.weighted.map_or_else(String::new, |weighted| {
        format!(" · {} {weighted:.2}{}", words.pick("가중 κ", "weighted κ"), within(kappa.weighted_interval))
    });
    let same = match words.pick("ko", "en") {
        "ko" => format!("{}개 가운데 {}개가 같음", int(kappa.rows), int(kappa.same)),
        _ => format!("the same in {} of {}", int(kappa.same), int(kappa.rows)),
    };
    let range = within(kappa.interval);
    vec![
        name.to_owned(),
        format!("<b>κ {}</b><small class=\"why\">{range}{weighted} · {same}</small>", value(kappa.value)),
    ]
}

fn settings(judging: &Judging, words: Words) -> String {
    let replies = &judging.replies;
    let title = words.pick("어떻게 물었나", "How it was asked");
    let told = match words.pick("ko", "en") {
        "ko" => format!(
            "문항 {}개(정답을 함께 보인 것 {}개) · 프롬프트 {}토큰 · 답 {}토큰",
            int(judging.rows),
            int(judging.with_reference),
            int(replies.prompt_tokens),
            int(replies.completion_tokens)
        ),
        _ => format!(
            "{} questions ({} beside the right answer) · {} tokens of prompts · {} of replies",
            int(judging.rows),
            int(judging.with_reference),
            int(replies.prompt_tokens),
            int(replies.completion_tokens)
        ),
    };
    format!(
        "<details><summary>{title}</summary><p>{told}</p><p><code>{} · {} · {}</code></p></details>\n",
        esc(&judging.name),
        esc(&judging.judge),
        esc(&judging.settings)
    )
}
