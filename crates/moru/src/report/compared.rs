//! Models beside each other: what each is worth, how fast it is, what it takes, and which of them nothing beats.

use eval::report::{Candidate, Compared, Report};

use super::html::{bytes, esc, int, one, signed};
use super::scatter::{Point, Scatter};
use super::summary::interval_name;
use super::table::{card, table};
use super::words::Words;

/// The table and the plots; empty where there is one model.
pub(super) fn render(report: &Report, words: Words) -> String {
    let Some(compared) = report.compared.as_ref().filter(|compared| !compared.candidates.is_empty()) else {
        return String::new();
    };
    let title = words.pick("모델 비교", "Models compared");
    let plots = plots(compared, words);
    format!(
        "<h2 id=\"compared-title\">{title}</h2>\n<p class=\"lead\">{}</p>\n{}{}{}",
        lead(compared, words),
        card(
            words.pick("품질 순서", "By quality"),
            &format!("{}{}", order(compared, words), rows(compared, words))
        ),
        plots,
        legend(words, plots.is_empty())
    )
}

fn lead(compared: &Compared, words: Words) -> String {
    let (prompt, reply) = compared.measured_tokens;
    let (measure, rows) = (words.measure(&compared.measure), int(compared.rows));
    let confidence = compared.candidates.first().map_or(0.95, |best| best.interval.confidence);
    let interval = interval_name(confidence, words);
    match words.pick("ko", "en") {
        "ko" => format!(
            "같은 {rows}문항의 {measure}({interval}), 이 컴퓨터에서 요청 하나로 잰 속도({prompt}토큰 읽기, {reply}토큰 쓰기)와 그동안의 최대 메모리, \
             디스크 크기입니다. ★는 파레토 최전선입니다. 품질·쓰기 속도·메모리·크기가 모두 같거나 낫고 하나라도 더 나은 모델이 없습니다."
        ),
        _ => format!(
            "{measure} on the same {rows} questions ({interval}); speed of one request on this machine ({prompt} tokens read, {reply} \
             written) and the most memory meanwhile; size on disk. ★ is the Pareto front: no other model is as good or \
             better in quality, tokens written a second, memory and size, and better in one of them."
        ),
    }
}

/// Whether the order could be chance.
fn order(compared: &Compared, words: Words) -> String {
    let Some(best) = compared.candidates.first() else { return String::new() };
    let tied: Vec<String> = compared.tied().map(|one| esc(&one.name).to_string()).collect();
    let (name, rows) = (esc(&best.name), int(compared.rows));
    let sentence = match (tied.is_empty(), words.pick("ko", "en")) {
        (true, "ko") => format!("{name}: 다른 모델보다 낫고, 우연으로 보기 어렵습니다."),
        (true, _) => format!("{name} is better than each other model by more than chance explains."),
        (false, "ko") => {
            format!(
                "순서가 오차 안에 있습니다. {rows}문항으로는 {name}, {}의 차이를 가릴 수 없습니다.",
                tied.join(", ")
            )
        }
        (false, _) => format!(
            "The order is within noise: {rows} questions do not tell {name} from {}.",
            tied.join(", ")
        ),
    };
    format!("<p class=\"note\">{sentence}</p>")
}

fn rows(compared: &Compared, words: Words) -> String {
    let measure = words.measure(&compared.measure);
    let heads = [
        words.pick("모델", "Model"),
        &measure,
        words.pick("최고와의 차이", "Behind the best"),
        words.pick("쓰기, 토큰/초", "Writes, tokens/s"),
        words.pick("읽기, 토큰/초", "Reads, tokens/s"),
        words.pick("메모리", "Memory"),
        words.pick("크기", "Size"),
    ];
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let rows: Vec<Vec<String>> =
        compared.candidates.iter().enumerate().map(|(at, one)| row(at, one, compared, words)).collect();
    format!(
        "<div class=\"wide\">{}</div><p class=\"signature\"><code>{}</code></p>",
        table(&heads, &rows),
        esc(&compared.signature)
    )
}

fn row(at: usize, candidate: &Candidate, compared: &Compared, words: Words) -> Vec<String> {
    let (none, is_tied) = (|| "–".to_owned(), compared.is_tied(candidate));
    let front = match candidate.on_front {
        Some(true) => {
            format!(" <span class=\"chip\" title=\"{0}\">★ {0}</span>", words.pick("최전선", "front"))
        }
        _ => String::new(),
    };
    let behind = candidate.behind.as_ref().map_or_else(none, |test| {
        let class = if is_tied { "same" } else { "down" };
        let noise = if is_tied { words.pick(" · 오차 안", " · within noise") } else { "" };
        let (low, high) = (signed(test.interval.low), signed(test.interval.high));
        format!("<b class=\"{class}\">{}</b><small>{low} ~ {high}{noise}</small>", one(test.difference))
    });
    let tokens = |of: fn(&eval::report::Speed) -> f64| {
        candidate.speed.as_ref().map_or_else(none, |speed| one(of(speed)))
    };
    vec![
        format!(
            "<b class=\"tag in-table\">{}</b> {}{front}<small>{}: {} · {}</small>",
            at + 1,
            esc(&candidate.name),
            esc(&candidate.model),
            esc(&candidate.base),
            esc(&candidate.form)
        ),
        format!(
            "<b>{}</b><small>{}–{}</small>",
            one(candidate.score),
            one(candidate.interval.low),
            one(candidate.interval.high)
        ),
        behind,
        tokens(|speed| speed.decode_tokens_per_s),
        tokens(|speed| speed.prefill_tokens_per_s),
        candidate.memory_bytes.map_or_else(none, bytes),
        bytes(candidate.bytes),
    ]
}

/// Quality over speed, memory and size, one beside the other.
fn plots(compared: &Compared, words: Words) -> String {
    let plot = |title: &'static str, x_text: fn(f64) -> String, x: fn(&Candidate) -> Option<f64>| {
        let points: Vec<Point> = compared
            .candidates
            .iter()
            .enumerate()
            .filter_map(|(at, one)| Some(point(at, one, x(one)?, x_text)))
            .collect();
        let told: Vec<String> =
            points.iter().map(|point| format!("{} {}", point.number, point.title)).collect();
        let description = format!("{title}: {}", told.join("; "));
        let figure = Scatter { title, description, x_text, points }.render();
        if figure.is_empty() { figure } else { format!("<div class=\"card\">{figure}</div>") }
    };
    let drawn = [
        plot(
            words.pick("품질 × 쓰기 속도(토큰/초)", "Quality × tokens written a second"),
            rate,
            |one| Some(one.speed?.decode_tokens_per_s),
        ),
        plot(words.pick("품질 × 메모리", "Quality × memory"), size, |one| {
            Some(one.memory_bytes? as f64)
        }),
        plot(words.pick("품질 × 디스크 크기", "Quality × size on disk"), size, |one| {
            Some(one.bytes as f64)
        }),
    ];
    format!("<div class=\"many\">{}</div>\n", drawn.concat())
}

fn point(at: usize, candidate: &Candidate, x: f64, x_text: fn(f64) -> String) -> Point {
    let class = match candidate.form.as_str() {
        "base" => "base",
        form if form.starts_with("lora") || form.starts_with("qlora") || form == "full" => "tuned",
        _ => "valid",
    };
    Point {
        number: at + 1,
        x,
        y: candidate.score,
        range: (candidate.interval.low, candidate.interval.high),
        class,
        is_full: candidate.on_front == Some(true),
        title: format!("{}: {}, {}", candidate.name, one(candidate.score), x_text(x)),
    }
}

/// A rate on an axis.
fn rate(x: f64) -> String {
    if x >= 1000.0 { format!("{}k", figures(x / 1000.0)) } else { figures(x) }
}

/// Bytes on an axis.
fn size(x: f64) -> String {
    match x {
        x if x >= 1e9 => format!("{} GB", figures(x / 1e9)),
        x if x >= 1e6 => format!("{} MB", figures(x / 1e6)),
        x if x > 0.0 => format!("{} kB", figures(x / 1e3)),
        _ => "0".to_owned(),
    }
}

/// Two decimals at most, without zeros at the end.
fn figures(x: f64) -> String {
    let text = format!("{x:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What colours and filled points mean.
fn legend(words: Words, is_empty: bool) -> String {
    if is_empty {
        return String::new();
    }
    let keys = [
        ("base", words.pick("기본 모델", "before tuning")),
        ("tuned", words.pick("학습한 모델", "tuned")),
        ("valid", words.pick("내보낸 모델", "written for other tools")),
    ];
    let keys: String = keys
        .iter()
        .map(|(class, name)| format!("<li><i class=\"key dotted {class}\"></i>{name}</li>"))
        .collect();
    let full = words.pick(
        "채운 점이 최전선입니다. 번호는 표의 번호, 세로선은 신뢰구간입니다.",
        "Filled points are the front. Numbers are those of the table, lines the intervals.",
    );
    format!("<ul class=\"legend\">{keys}<li>{full}</li></ul>\n")
}
