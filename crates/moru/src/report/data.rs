//! What was read, what was set aside and why, and what the rest looks like.

use eval::report::{RejectedReason, Report, SplitTokens, Stripped};

use super::chart::{Bar, bars, histogram};
use super::html::{esc, int, percent, share};
use super::masking::Placeholders;
use super::table::{self, card};
use super::words::Words;

/// Reasons whose examples are shown, and categories that are shown one by one.
const MOST: usize = 16;

/// The data section; empty where nothing is known about the data.
pub(super) fn render(report: &Report, words: Words) -> String {
    let parts = [
        flow(report, words),
        sources(report, words),
        super::editions::render(report, words),
        super::coverage::render(report, words),
        rejected(report, words),
        stripped(report, words),
        categories(report, words),
        lengths(report, words),
        tokens(report, words),
    ]
    .concat();
    if parts.is_empty() {
        return String::new();
    }
    let lead = words.pick(
        "들어온 행은 모두 나갔거나, 이유와 함께 따로 두었습니다. 말없이 사라진 행은 없습니다.",
        "Every row that came in either went on or was set aside with a reason. None vanished.",
    );
    format!(
        "<h2 id=\"data-title\">{}</h2>\n<p class=\"lead\">{lead}</p>\n{parts}",
        words.pick("데이터", "Data")
    )
}

/// Where the rows went, as one bar.
fn flow(report: &Report, words: Words) -> String {
    let tokens = &report.data.tokens;
    let rejected: u64 = report.data.rejected.iter().map(|reason| reason.rows).sum();
    let parts = [
        ("tuned", words.pick("학습", "train"), tokens.train.rows),
        ("valid", words.pick("검증", "valid"), tokens.valid.rows),
        ("test", words.pick("평가", "test"), tokens.test.rows),
        ("base soft", words.pick("따로 둠", "set aside"), rejected),
    ];
    let total: u64 = parts.iter().map(|(_, _, rows)| rows).sum();
    if total == rejected {
        return String::new();
    }
    let bar: String = parts
        .iter()
        .filter(|(_, _, rows)| *rows > 0)
        .map(|(class, _, rows)| {
            format!(r#"<i class="{class}" style="width:{}"></i>"#, percent(share(*rows, total)))
        })
        .collect();
    let legend: String = parts
        .iter()
        .map(|(class, name, rows)| {
            format!(
                "<li><i class=\"key {class}\"></i>{name} <b>{}</b> <small>{:.1} %</small></li>",
                int(*rows),
                share(*rows, total)
            )
        })
        .collect();
    card(
        words.pick("읽은 행이 간 곳", "Where the rows went"),
        &format!("<div class=\"flow\" aria-hidden=\"true\">{bar}</div><ul class=\"legend\">{legend}</ul>"),
    )
}

fn sources(report: &Report, words: Words) -> String {
    let rows: Vec<Bar> = report
        .data
        .sources
        .iter()
        .map(|source| {
            let mut notes = vec![esc(&source.kind).to_string()];
            notes.extend(source.licence.as_deref().map(|licence| esc(licence).to_string()));
            if source.public {
                notes.push(words.pick("공개", "public").to_owned());
            }
            Bar {
                label: format!("{}<small>{}</small>", esc(&source.name), notes.join(" · ")),
                parts: vec![(source.rows as f64, "ink")],
                value: format!("<b>{}</b> {}", int(source.rows), words.pick("행", "rows")),
            }
        })
        .collect();
    if rows.is_empty() { String::new() } else { card(words.pick("출처", "Sources"), &bars(&rows)) }
}

fn rejected(report: &Report, words: Words) -> String {
    let reasons = &report.data.rejected;
    if reasons.is_empty() {
        return String::new();
    }
    let total: u64 = reasons.iter().map(|reason| reason.rows).sum();
    let read: u64 = report.data.sources.iter().map(|source| source.rows).sum();
    let rows: Vec<Bar> = reasons
        .iter()
        .map(|reason| Bar {
            label: words.reason(&reason.reason),
            parts: vec![(reason.rows as f64, "base")],
            value: format!("<b>{}</b> <small>{:.1} %</small>", int(reason.rows), share(reason.rows, total)),
        })
        .collect();
    let note = match words.pick("ko", "en") {
        "ko" if read > 0 => format!("모두 {}행, 읽은 행의 {:.1} %.", int(total), share(total, read)),
        "ko" => format!("모두 {}행.", int(total)),
        _ if read > 0 => format!("{} rows, {:.1} % of what was read.", int(total), share(total, read)),
        _ => format!("{} rows.", int(total)),
    };
    let placeholders = Placeholders::of(report);
    let with_examples = reasons.iter().filter(|reason| !reason.examples.is_empty()).take(MOST).enumerate();
    let examples: String =
        with_examples.map(|(i, reason)| rejected_examples(reason, i == 0, &placeholders, words)).collect();
    card(
        words.pick("따로 둔 행", "Rows set aside"),
        &format!("<p class=\"note\">{note}</p>{}{examples}", bars(&rows)),
    )
}

fn rejected_examples(
    reason: &RejectedReason,
    open: bool,
    placeholders: &Placeholders,
    words: Words,
) -> String {
    let examples = reason.examples.iter();
    let examples = examples.map(|e| table::Example { id: &e.id, text: &e.text, detail: &e.detail });
    table::examples(
        &words.reason(&reason.reason),
        words.pick("보기", "examples"),
        open,
        placeholders,
        examples,
    )
}

fn stripped(report: &Report, words: Words) -> String {
    let value = |rule: &Stripped| {
        let texts = format!("<b>{}</b> {}", int(rule.texts), words.pick("건", "texts"));
        match rule.characters {
            0 => texts,
            n => format!("{texts} <small>{} {}</small>", int(n), words.pick("글자", "characters")),
        }
    };
    let bar = |rule: &Stripped| Bar {
        label: words.rule(&rule.rule),
        parts: vec![(rule.texts as f64, "ink")],
        value: value(rule),
    };
    let rows: Vec<Bar> = report.data.stripped.iter().map(bar).collect();
    if rows.is_empty() {
        String::new()
    } else {
        card(words.pick("덜어낸 말", "Phrases taken out"), &bars(&rows))
    }
}

fn categories(report: &Report, words: Words) -> String {
    let mut categories: Vec<_> = report.data.categories.iter().collect();
    if categories.is_empty() {
        return String::new();
    }
    categories.sort_by_key(|category| std::cmp::Reverse(category.rows()));
    let total: u64 = categories.iter().map(|category| category.rows()).sum();
    let bar = |label: String, [train, valid, test]: [u64; 3]| {
        let rows = train + valid + test;
        Bar {
            label,
            parts: vec![(train as f64, "tuned"), (valid as f64, "valid"), (test as f64, "test")],
            value: format!("<b>{}</b> <small>{:.1} %</small>", int(rows), share(rows, total)),
        }
    };
    let (shown, others) = categories.split_at(MOST.min(categories.len()));
    let mut rows: Vec<Bar> =
        shown.iter().map(|c| bar(esc(&c.name).to_string(), [c.train, c.valid, c.test])).collect();
    if !others.is_empty() {
        let sum = |pick: fn(&eval::report::Category) -> u64| others.iter().map(|c| pick(c)).sum();
        let label = format!("{} {}", words.pick("그 밖의 유형", "others:"), int(others.len() as u64));
        rows.push(bar(label, [sum(|c| c.train), sum(|c| c.valid), sum(|c| c.test)]));
    }
    let legend = format!(
        "<ul class=\"legend\"><li><i class=\"key tuned\"></i>{}</li><li><i class=\"key valid\"></i>{}</li>\
         <li><i class=\"key test\"></i>{}</li></ul>",
        words.pick("학습", "train"),
        words.pick("검증", "valid"),
        words.pick("평가", "test")
    );
    card(words.pick("유형 분포", "Categories"), &format!("{legend}{}", bars(&rows)))
}

fn lengths(report: &Report, words: Words) -> String {
    let figures: String = report
        .data
        .lengths
        .iter()
        .filter(|lengths| !lengths.bins.is_empty())
        .map(|lengths| {
            let (name, unit) = (words.length(&lengths.name), words.length(&lengths.unit));
            let label = match words.pick("ko", "en") {
                "ko" => format!("{} 길이: 중앙값 {}, 95 % {}, 최대 {}", lengths.name, lengths.median, lengths.p95, lengths.max),
                _ => format!("Length of {}: median {}, 95 % {}, greatest {}", lengths.name, lengths.median, lengths.p95, lengths.max),
            };
            let marks = [words.pick("중앙값", "median"), words.pick("95 %", "95 %")];
            format!(
                "<figure class=\"card\"><figcaption><h3>{name} <small>{unit} · {} {}</small></h3></figcaption>{}</figure>\n",
                words.pick("최대", "greatest"),
                int(lengths.max),
                histogram(lengths, &label, marks)
            )
        })
        .collect();
    if figures.is_empty() {
        return String::new();
    }
    format!(
        "<h3 class=\"group\">{}</h3><div class=\"many\">{figures}</div>\n",
        words.pick("길이 분포", "Lengths")
    )
}

fn tokens(report: &Report, words: Words) -> String {
    let tokens = &report.data.tokens;
    let splits = [
        (words.pick("학습", "train"), tokens.train),
        (words.pick("검증", "valid"), tokens.valid),
        (words.pick("평가", "test"), tokens.test),
    ];
    if splits.iter().all(|(_, split)| *split == SplitTokens::default()) {
        return String::new();
    }
    let heads = [
        words.pick("묶음", "Split"),
        words.pick("행", "Rows"),
        words.pick("토큰", "Tokens"),
        words.pick("손실을 건 토큰", "Tokens with loss"),
    ]
    .map(str::to_owned);
    let rows = splits.map(|(name, split)| {
        let part = share(split.trained_tokens, split.tokens);
        let trained = format!("{} <small>{part:.0} %</small>", int(split.trained_tokens));
        vec![name.to_owned(), int(split.rows), int(split.tokens), trained]
    });
    let over_long = match table::counts(&tokens.over_long, |name| words.reason(name)) {
        said if said.is_empty() => said,
        said => format!(
            "<p class=\"note\">{} {said}</p>",
            words.pick("컨텍스트보다 긴 행:", "Rows over the context:")
        ),
    };
    card(words.pick("토큰 수", "Token counts"), &format!("{}{over_long}", table::table(&heads, &rows)))
}
