//! Time and memory of the stages, and what it takes to make the result again.

use eval::report::{Report, Stage};

use super::chart::{Bar, bars};
use super::html::{bytes, esc, int};
use super::table;
use super::words::Words;

/// Stages with their counts and costs, and the provenance.
pub(super) fn render(report: &Report, words: Words) -> String {
    format!(
        "<h2 id=\"costs-title\">{}</h2>\n{}{}",
        words.pick("시간, 메모리, 재현", "Time, memory, and making it again"),
        stages(report, words),
        provenance(report, words)
    )
}

fn stages(report: &Report, words: Words) -> String {
    if report.stages.is_empty() {
        return String::new();
    }
    // What a stage counted beside its rows took no time of its own.
    let timed = report.stages.iter().filter(|stage| !stage.id.ends_with(')'));
    let rows: Vec<Bar> = timed.map(|stage| bar(stage, words)).collect();
    let total: f64 = report.stages.iter().filter_map(|stage| stage.seconds).sum();
    let peak = report.stages.iter().filter_map(|stage| stage.peak_memory_bytes).max();
    let memory = peak.map(|peak| format!(" · {} {}", words.pick("최대 메모리", "peak memory"), bytes(peak)));
    let note =
        format!("{} {}{}", words.pick("모두", "In all"), words.seconds(total), memory.unwrap_or_default());
    format!(
        "<div class=\"card\"><h3>{}</h3><p class=\"note\">{note}</p>{}{}</div>\n",
        words.pick("단계별 시간과 메모리", "Time and memory by stage"),
        bars(&rows),
        counts(report, words)
    )
}

fn bar(stage: &Stage, words: Words) -> Bar {
    let reused = if stage.reused {
        format!("<small>{}</small>", words.pick("다시 씀", "reused"))
    } else {
        String::new()
    };
    // Of a stage that keeps rows the table of rows tells it.
    let failed = match stage.rows_in {
        None if stage.failed > 0 => {
            format!("<small>{} {}</small>", words.pick("실패", "failed:"), int(stage.failed))
        }
        _ => String::new(),
    };
    let memory = stage.peak_memory_bytes.map(|peak| format!(" <small>{}</small>", bytes(peak)));
    Bar {
        label: format!("{}{reused}{failed}", words.stage(&stage.id)),
        parts: vec![(stage.seconds.unwrap_or(0.0).max(0.0), if stage.reused { "rest" } else { "ink" })],
        value: format!(
            "<b>{}</b>{}",
            stage.seconds.map_or_else(|| "–".to_owned(), |seconds| words.seconds(seconds)),
            memory.unwrap_or_default()
        ),
    }
}

/// Rows in, out, set aside and failed; a stage whose counts do not add up says so.
fn counts(report: &Report, words: Words) -> String {
    let heads = [
        words.pick("단계", "Stage"),
        words.pick("들어옴", "In"),
        words.pick("나감", "Out"),
        words.pick("따로 둠", "Set aside"),
        words.pick("실패", "Failed"),
    ]
    .map(str::to_owned);
    let row = |stage: &Stage| {
        let (rows_in, rows_out) = (stage.rows_in?, stage.rows_out?);
        let rejected: u64 = stage.rejected.iter().map(|count| count.count).sum();
        let mut name = words.stage(&stage.id);
        if !stage.adds_up() {
            name += &format!(" <b class=\"down\">{}</b>", words.pick("합이 맞지 않음", "does not add up"));
        }
        let why = match table::counts(&stage.rejected, |reason| words.reason(reason)) {
            none if none.is_empty() => none,
            why => format!("<small class=\"why\">{why}</small>"),
        };
        Some(vec![name, int(rows_in), int(rows_out), int(rejected) + &why, int(stage.failed)])
    };
    let rows: Vec<Vec<String>> = report.stages.iter().filter_map(row).collect();
    if rows.is_empty() {
        return String::new();
    }
    let title = words.pick("단계별 행 수", "Rows by stage");
    format!("<details><summary>{title}</summary>{}</details>\n", table::table(&heads, &rows))
}

fn provenance(report: &Report, words: Words) -> String {
    let provenance = &report.provenance;
    let code = |text: &str| format!("<code>{}</code>", esc(text));
    let mut facts = vec![
        (words.pick("기본 모델", "Base model"), code(&provenance.base_model)),
        (words.pick("시드", "Seed"), code(&provenance.seed.to_string())),
        (words.pick("레시피 SHA-256", "Recipe SHA-256"), code(&provenance.recipe_sha256)),
    ];
    if let Some(digest) = &provenance.dataset_sha256 {
        facts.push((words.pick("데이터 SHA-256", "Data set SHA-256"), code(digest)));
    }
    facts.push((words.pick("프로그램", "Program"), code(&format!("moru {}", provenance.version))));
    facts.push((
        words.pick("기계", "Machine"),
        format!("{} · {} {}", esc(&provenance.machine), provenance.threads, words.pick("스레드", "threads")),
    ));
    let lead = words.pick(
        "같은 레시피, 데이터, 시드는 같은 결과를 냅니다(같은 프로그램과 프로세서, 스레드 수에서).",
        "The same recipe, data and seed give the same result (same program, processor model and thread count).",
    );
    format!(
        "<div class=\"card\"><h3>{}</h3><p class=\"note\">{lead}</p>{}</div>\n",
        words.pick("다시 만들려면", "To make it again"),
        table::facts("provenance", &facts)
    )
}

/// The last line of the page.
pub(super) fn foot(report: &Report, words: Words) -> String {
    format!(
        "<footer class=\"foot\"><div class=\"wrap\"><p>moru {} · {}</p></div></footer>\n",
        esc(&report.provenance.version),
        words
            .pick("같은 내용의 자료: <code>report.json</code>", "the same as data: <code>report.json</code>")
    )
}
