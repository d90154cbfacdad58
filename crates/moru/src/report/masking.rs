//! What was masked, what was kept on purpose, and whether anything came through.

use eval::report::{Leaks, MaskedEntity, Report};

use super::chart::{Bar, bars};
use super::html::{esc, int};
use super::table;
use super::words::Words;

/// The section on personal data; empty where nothing was looked for.
pub(super) fn render(report: &Report, words: Words) -> String {
    let data = &report.data;
    if data.masked.is_empty() && data.kept.is_empty() && report.leaks.is_none() {
        return String::new();
    }
    let lead = words.pick(
        "이 쪽의 글은 모두 가린 뒤의 것입니다. 원문은 이 보고서에 없습니다.",
        "Every text on this page is shown after masking. The originals are not in this report.",
    );
    format!(
        "<h2 id=\"privacy-title\">{}</h2>\n<p class=\"lead\">{lead}</p>\n{}{}{}",
        words.pick("개인정보", "Personal data"),
        report.leaks.as_ref().map(|leaks| leak_checks(leaks, words)).unwrap_or_default(),
        masked(&data.masked, words),
        kept(report, words)
    )
}

fn leak_checks(leaks: &Leaks, words: Words) -> String {
    let heads =
        [words.pick("살펴본 곳", "Searched"), words.pick("글", "Texts"), words.pick("찾은 값", "Found")]
            .map(str::to_owned);
    let rows: Vec<Vec<String>> = leaks
        .checks
        .iter()
        .map(|check| {
            let class = if check.found == 0 { "up" } else { "down" };
            let found = format!("<b class=\"{class}\">{}</b>", int(check.found));
            vec![esc(&check.what).to_string(), int(check.texts), found]
        })
        .collect();
    let exempt = match table::counts(&leaks.exempt, |name| words.kept(name)) {
        said if said.is_empty() => said,
        said => format!("<p class=\"note\">{} {said}</p>", words.pick("검사에서 뺀 값:", "Exempt:")),
    };
    table::card(
        words.pick("유출 검사", "Leak checks"),
        &format!("{}{}{exempt}", leak_verdict(leaks, words), table::table(&heads, &rows)),
    )
}

fn leak_verdict(leaks: &Leaks, words: Words) -> String {
    let (found, known) = (leaks.found(), int(leaks.known_values));
    let verdict = match (found, words.pick("ko", "en")) {
        (0, "ko") => format!("✓ 알려진 개인정보 {known}개 가운데 새어 나온 것이 없습니다."),
        (0, _) => format!("✓ None of {known} known personal values came through."),
        (_, "ko") => format!("! 알려진 개인정보가 {}번 나타났습니다.", int(found)),
        _ => format!("! Known personal values came through {} times.", int(found)),
    };
    format!("<p class=\"check {}\">{verdict}</p>", if found == 0 { "good" } else { "bad" })
}

fn masked(entities: &[MaskedEntity], words: Words) -> String {
    if entities.is_empty() {
        return String::new();
    }
    let mut entities: Vec<&MaskedEntity> = entities.iter().collect();
    entities.sort_by_key(|entity| std::cmp::Reverse(entity.count));
    let bar = |entity: &&MaskedEntity| Bar {
        label: words.entity(&entity.entity),
        parts: vec![(entity.count as f64, "valid")],
        value: format!(
            "<b>{}</b> <small>{} {}</small>",
            int(entity.count),
            int(entity.rows),
            words.pick("행", "rows")
        ),
    };
    let rows: Vec<Bar> = entities.iter().map(bar).collect();
    let unfolding = |(i, entity): (usize, &&MaskedEntity)| {
        let examples = entity.examples.iter();
        let examples = examples.map(|e| table::Example { id: &e.id, text: &e.text, detail: "" });
        table::examples(&words.entity(&entity.entity), words.pick("보기", "examples"), i == 0, examples)
    };
    let examples: String =
        entities.iter().filter(|entity| !entity.examples.is_empty()).enumerate().map(unfolding).collect();
    table::card(words.pick("가린 것", "Masked"), &format!("{}{examples}", bars(&rows)))
}

fn kept(report: &Report, words: Words) -> String {
    let rows: Vec<Bar> = report
        .data
        .kept
        .iter()
        .map(|kept| Bar {
            label: format!("{}<small>{}</small>", words.entity(&kept.entity), words.kept(&kept.reason)),
            parts: vec![(kept.count as f64, "base")],
            value: format!("<b>{}</b>", int(kept.count)),
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "<div class=\"card\"><h3>{}</h3>{}</div>\n",
        words.pick("일부러 남긴 것", "Kept on purpose"),
        bars(&rows)
    )
}

/// Escaped text with its placeholders – short words in square brackets – made visible.
pub(super) fn marked(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, from_open) = rest.split_at(open);
        html.push_str(&esc(before).to_string());
        if let Some(close) = from_open.find(']').filter(|&close| is_placeholder(&from_open[1..close])) {
            html.push_str(&format!("<mark>{}</mark>", esc(&from_open[..=close])));
            rest = &from_open[close + 1..];
        } else {
            html.push('[');
            rest = &from_open[1..];
        }
    }
    html.push_str(&esc(rest).to_string());
    html
}

fn is_placeholder(name: &str) -> bool {
    (1..=16).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_out_and_nothing_else_changes() {
        let cases = [
            ("[전화번호]로 주세요", "<mark>[전화번호]</mark>로 주세요"),
            ("a [b < c] d", "a [b &lt; c] d"),
            ("[[이름]]", "[<mark>[이름]</mark>]"),
            ("[ <b> ] [", "[ &lt;b&gt; ] ["),
            ("[]", "[]"),
            ("없음", "없음"),
        ];
        for (text, html) in cases {
            assert_eq!(marked(text), html);
        }
    }
}
