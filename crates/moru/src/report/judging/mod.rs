//! What a judge made of the answers: grades, the tuned model against the base model, and how far it can be trusted.

mod samples;
mod trust;

use eval::report::{Duel, GradeDifference, Grades, Interval, Judging, Report, System, SystemRole};

use super::chart::{Bar, bars};
use super::html::{esc, int, percent, probability};
use super::scores::class_of;
use super::summary::{SIGNIFICANT, interval_name};
use super::table::{card, table};
use super::words::Words;

/// The judgings; empty where nobody judged.
pub(super) fn render(report: &Report, words: Words) -> String {
    if report.judging.is_empty() {
        return String::new();
    }
    let title = words.pick("심사", "Judged");
    let lead = words.pick(
        "더 큰 모델이 누구의 답인지 모른 채 읽고 매겼습니다. 점수는 1점에서 10점까지이고, 둘을 견줄 때는 순서를 바꾸어 두 번 \
         물어 두 번 모두 이긴 답만 이긴 것으로 셉니다.",
        "A larger model read the answers without knowing whose they are. Grades go from 1 to 10; two answers are \
         compared twice, in both orders, and only the one that wins both times has won.",
    );
    let bodies: String = report.judging.iter().map(|judging| one(judging, report, words)).collect();
    format!("<h2 id=\"judging-title\">{title}</h2>\n<p class=\"lead\">{lead}</p>\n{bodies}")
}

fn one(judging: &Judging, report: &Report, words: Words) -> String {
    let heading = if report.judging.len() > 1 {
        format!("<h3 class=\"group\">{}</h3>\n", esc(&judging.name))
    } else {
        String::new()
    };
    format!(
        "{heading}{}{}{}{}{}",
        trust::doubts(judging, words),
        grades(judging, words),
        duels(judging, words),
        trust::render(judging, words),
        samples::render(judging, words)
    )
}

fn name_of(judging: &Judging, id: &str, words: Words) -> String {
    words.system(role_of(judging, id), id)
}

fn role_of(judging: &Judging, id: &str) -> SystemRole {
    let system = judging.systems.iter().find(|system| system.id == id);
    system.map_or(SystemRole::Other, |system: &System| system.role)
}

/// Two decimals, with a sign.
fn signed(x: f64) -> String {
    let size = format!("{:.2}", x.abs());
    match x {
        _ if size == "0.00" => size,
        x if x < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

fn signed_range(interval: Interval, words: Words) -> String {
    format!("{}{}{}", signed(interval.low), words.pick(" ~ ", " to "), signed(interval.high))
}

/// The mean grade of each system on one scale.
fn grades(judging: &Judging, words: Words) -> String {
    if judging.grades.is_empty() {
        return String::new();
    }
    let rows: String = judging.grades.iter().map(|grades| grade_row(grades, judging, words)).collect();
    let axis: String = [1, 4, 7, 10]
        .iter()
        .map(|mark| format!(r#"<span style="left:{}">{mark}</span>"#, on_scale(f64::from(*mark))))
        .collect();
    let differences: String =
        judging.differences.iter().map(|difference| difference_line(difference, judging, words)).collect();
    let body = format!(
        "<ul class=\"forest\">\n{rows}<li class=\"axis\" aria-hidden=\"true\"><span></span>\
         <span class=\"track\">{axis}</span><span></span></li></ul>\n<ul class=\"notes\">{differences}</ul>{}",
        histogram(judging, words)
    );
    card(words.pick("점수의 평균", "Mean grade"), &body)
}

/// A grade's place between 1 and 10.
fn on_scale(grade: f64) -> String {
    percent(100.0 * (grade - 1.0) / 9.0)
}

fn grade_row(grades: &Grades, judging: &Judging, words: Words) -> String {
    let class = class_of(role_of(judging, &grades.system));
    let name = name_of(judging, &grades.system, words);
    let mut errors = format!("<small>{} {}", int(grades.graded), words.pick("답", "answers"));
    if grades.errors > 0 {
        errors += &format!(" · {} {}", words.pick("판정 없음", "no verdict:"), int(grades.errors));
    }
    errors += "</small>";
    let (Some(mean), Some(within)) = (grades.mean, grades.interval) else {
        return format!(
            "<li class=\"{class}\"><span class=\"forest-label\">{name}{errors}</span>\
             <span class=\"track\"></span><span class=\"forest-value\">–</span></li>\n"
        );
    };
    format!(
        "<li class=\"{class}\"><span class=\"forest-label\">{name}{errors}</span>\
         <span class=\"track\" aria-hidden=\"true\"><i class=\"interval\" style=\"left:{low};width:{width}\"></i>\
         <i class=\"point\" style=\"left:{at}\"></i></span>\
         <span class=\"forest-value\"><b>{mean:.2}</b> <small>{:.2}–{:.2}</small></span></li>\n",
        within.low,
        within.high,
        low = on_scale(within.low),
        width = percent(100.0 * (within.high - within.low) / 9.0),
        at = on_scale(mean),
    )
}

/// `Tuned model over the base model +2.10 (95 % interval +1.30 to +2.80), p = 0.002`.
fn difference_line(of: &GradeDifference, judging: &Judging, words: Words) -> String {
    let class = match (of.p_randomisation < SIGNIFICANT, of.mean > 0.0) {
        (true, true) => "up",
        (true, false) => "down",
        _ => "same",
    };
    let (system, against) = (name_of(judging, &of.system, words), name_of(judging, &of.against, words));
    let who = match words.pick("ko", "en") {
        "ko" => format!("{system} − {against}"),
        _ => format!("{system} over {against}"),
    };
    format!(
        "<li>{who} <b class=\"{class}\">{}</b> <small>{} {} · p {} · {} {}</small></li>\n",
        signed(of.mean),
        interval_name(of.interval.confidence, words),
        signed_range(of.interval, words),
        probability(of.p_randomisation),
        int(of.rows),
        words.pick("문항", "questions")
    )
}

/// How often each system got each grade.
fn histogram(judging: &Judging, words: Words) -> String {
    let mut heads = vec![words.pick("점수", "Grade").to_owned()];
    heads.extend(judging.grades.iter().map(|grades| name_of(judging, &grades.system, words)));
    let row = |grade: usize| {
        let mut row = vec![(grade + 1).to_string()];
        row.extend(judging.grades.iter().map(|grades| int(grades.histogram[grade])));
        row
    };
    let rows: Vec<Vec<String>> = (0..10).rev().map(row).collect();
    let title = words.pick("점수마다 답이 몇 개인지", "Answers by grade");
    format!("<details><summary>{title}</summary>{}</details>", table(&heads, &rows))
}

/// Who wins against whom, in both orders.
fn duels(judging: &Judging, words: Words) -> String {
    if judging.duels.is_empty() {
        return String::new();
    }
    let rows: Vec<Bar> = judging.duels.iter().map(|duel| duel_bar(duel, judging, words)).collect();
    let keys = [
        ("tuned", words.pick("두 번 모두 나음", "better both times")),
        ("other", words.pick("비김", "as good")),
        ("test", words.pick("순서에 따라 뒤집힘", "turns with the order")),
        ("base", words.pick("두 번 모두 못함", "worse both times")),
    ];
    let legend: String =
        keys.iter().map(|(class, name)| format!("<li><i class=\"key {class}\"></i>{name}</li>")).collect();
    let details: String = judging.duels.iter().map(|duel| duel_line(duel, words)).collect();
    let body = format!("<ul class=\"legend\">{legend}</ul>{}<ul class=\"notes\">{details}</ul>", bars(&rows));
    let system = judging.duels.first().map_or("", |duel| duel.system.as_str());
    let title = match words.pick("ko", "en") {
        "ko" => format!("{}을 견주면", name_of(judging, system, words)),
        _ => format!("{} against others", name_of(judging, system, words)),
    };
    card(&title, &body)
}

fn duel_bar(duel: &Duel, judging: &Judging, words: Words) -> Bar {
    let rate = duel.win_rate.map_or_else(
        || "–".to_owned(),
        |rate| {
            let within = duel.interval.map_or_else(String::new, |within| {
                format!(" <small>({:.0}–{:.0})</small>", 100.0 * within.low, 100.0 * within.high)
            });
            format!("<b>{:.0} %</b>{within}", 100.0 * rate)
        },
    );
    let against = name_of(judging, &duel.against, words);
    Bar {
        label: match words.pick("ko", "en") {
            "ko" => format!("{against}과"),
            _ => format!("against {against}"),
        },
        parts: vec![
            (duel.wins as f64, "tuned"),
            (duel.ties as f64, "other"),
            (duel.flips as f64, "test"),
            (duel.losses as f64, "base"),
        ],
        value: rate,
    }
}

fn duel_line(duel: &Duel, words: Words) -> String {
    let mut parts = vec![
        format!("{} <b>{}</b>", words.pick("나음", "better"), int(duel.wins)),
        format!("{} <b>{}</b>", words.pick("비김", "as good"), int(duel.ties)),
        format!("{} <b>{}</b>", words.pick("뒤집힘", "turned"), int(duel.flips)),
        format!("{} <b>{}</b>", words.pick("못함", "worse"), int(duel.losses)),
    ];
    if duel.same > 0 {
        parts.push(format!("{} {}", words.pick("같은 답", "same answer:"), int(duel.same)));
    }
    if duel.errors > 0 {
        parts.push(format!("{} {}", words.pick("판정 없음", "no verdict:"), int(duel.errors)));
    }
    parts.push(format!("{} p {}", words.pick("부호 검정", "sign test"), probability(duel.p_sign)));
    format!("<li>{}</li>\n", parts.join(" · "))
}
