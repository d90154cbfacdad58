//! What was masked, what was kept on purpose, and whether anything came through.

use data::privacy::Entity;
use eval::report::{MaskedEntity, Report};

use super::chart::{Bar, bars};
use super::html::{esc, int};
use super::words::Words;
use super::{leaks, table};

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
        report.leaks.as_ref().map(|leaks| leaks::render(leaks, words)).unwrap_or_default(),
        masked(report, words),
        kept(report, words)
    )
}

fn masked(report: &Report, words: Words) -> String {
    let mut entities: Vec<&MaskedEntity> = report.data.masked.iter().collect();
    if entities.is_empty() {
        return String::new();
    }
    let placeholders = Placeholders::of(report);
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
        table::examples(
            &words.entity(&entity.entity),
            words.pick("보기", "examples"),
            i == 0,
            &placeholders,
            examples,
        )
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

/// The words that masking puts in place of values: those of every kind, and the recipe's own.
pub(super) struct Placeholders(Vec<String>);

impl Placeholders {
    /// Those that may stand in a report's texts.
    pub(super) fn of(report: &Report) -> Self {
        let known = Entity::ALL.iter().map(|entity| entity.token().trim_matches(['[', ']']).to_owned());
        Self(known.chain(report.data.masked.iter().map(|masked| masked.entity.clone())).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|known| known == name)
    }
}

/// Escaped text with its placeholders made visible; other words in square brackets stay as they are.
pub(super) fn marked(text: &str, placeholders: &Placeholders) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        let (before, from_open) = rest.split_at(open);
        html.push_str(&esc(before).to_string());
        if let Some(close) = from_open.find(']').filter(|&close| placeholders.has(&from_open[1..close])) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_out_and_nothing_else_changes() {
        let cases = [
            ("[전화번호]로 주세요", "<mark>[전화번호]</mark>로 주세요"),
            ("a [b < c] d", "a [b &lt; c] d"),
            ("[[이름]]", "[<mark>[이름]</mark>]"),
            ("[배송] [주문번호]", "[배송] <mark>[주문번호]</mark>"),
            ("[ <b> ] [", "[ &lt;b&gt; ] ["),
            ("[]", "[]"),
            ("없음", "없음"),
        ];
        let mut report = super::super::tests::sample::report();
        report.data.masked[0].entity = "주문번호".into();
        let placeholders = Placeholders::of(&report);
        for (text, html) in cases {
            assert_eq!(marked(text, &placeholders), html);
        }
    }
}
