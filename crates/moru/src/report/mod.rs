//! The page a person reads: [`render`] turns a [`Report`] into one HTML file.
//!
//! 1. [`summary`] – what came out, in one sentence and a few numbers; what to be careful about.
//! 2. [`books`] – questions about documents, with their text at hand and from memory.
//! 3. [`facts`] – the recipe's own questions, and whether the answers state their facts.
//! 4. [`answers`] – the same questions before and after, side by side.
//! 5. [`scores`] – every measure with interval, baselines and paired tests; [`classification`] – label by label;
//!    [`compared`] – models beside each other; [`judging`] – what a larger model made of the answers.
//! 6. [`training`] – loss and learning rate; [`pretraining`] – a model trained from the beginning.
//! 7. [`data`] – what was read, set aside; categories, lengths, tokens.
//! 8. [`masking`] – what was masked; [`leaks`] – whether anything came through.
//! 9. [`costs`] – time and memory of the stages, and what it takes to make the result again.
//!
//! The page stands alone: no network, no fonts or scripts from elsewhere, readable without its few lines
//! of script, in light and dark, on a phone and on paper. Its policy forbids it to load anything.
//! Whatever comes from data goes through [`html::esc`].
#![expect(clippy::format_collect, reason = "a page is put together from small pieces; it is written once")]

mod answers;
mod artifacts;
pub mod books;
mod chart;
mod classification;
mod compared;
mod costs;
mod coverage;
mod curves;
mod data;
mod editions;
pub mod facts;
pub mod html;
mod judging;
mod leaks;
mod masking;
mod pretraining;
mod scatter;
mod scores;
mod summary;
mod table;
#[cfg(test)]
mod tests;
mod training;
mod words;

use eval::report::{Language, Report};

use html::esc;
use words::Words;

/// One self-contained HTML page in the language asked for.
pub fn render(report: &Report, language: Language) -> String {
    let words = Words(language);
    let sections = sections(report, words);
    let shown: Vec<_> = sections.iter().filter(|(_, _, body)| !body.is_empty()).collect();
    let links: String =
        shown.iter().map(|(id, title, _)| format!(r##"<li><a href="#{id}">{title}</a></li>"##)).collect();
    // A number and its sign of percent stay on one line.
    let whole = |html: String| html.replace(" %", "\u{a0}%");
    let bodies: String = shown
        .iter()
        .map(|(id, _, body)| {
            format!("<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n{body}</section>\n")
        })
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"generator\" content=\"moru {version}\">\n<title>{project} – {title}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">{skip}</a>\n\
         {head}<nav aria-label=\"{contents}\"><ul>{links}</ul></nav>\n\
         <main id=\"main\">\n{bodies}</main>\n{foot}<script>\n{script}</script>\n</body>\n</html>\n",
        lang = words.code(),
        version = esc(&report.provenance.version),
        project = esc(&report.project),
        title = words.pick("학습 보고서", "training report"),
        style = include_str!("style.css"),
        skip = words.pick("본문으로", "Skip to content"),
        contents = words.pick("차례", "Contents"),
        head = whole(summary::render(report, words)),
        bodies = whole(bodies),
        foot = costs::foot(report, words),
        script = include_str!("script.js"),
    )
}

/// Id, title and body of each section; the body is empty where there is nothing to show.
fn sections(report: &Report, words: Words) -> [(&'static str, &'static str, String); 13] {
    [
        ("books", words.pick("문서와 기억", "Text and memory"), books::render(report, words)),
        ("facts", words.pick("핵심 사실", "Key facts"), facts::render(report, words)),
        ("answers", words.pick("답변 비교", "Answers"), answers::render(report, words)),
        ("scores", words.pick("점수", "Scores"), scores::render(report, words)),
        ("judging", words.pick("심사", "Judged"), judging::render(report, words)),
        ("compared", words.pick("모델 비교", "Models"), compared::render(report, words)),
        ("classification", words.pick("라벨", "Labels"), classification::render(report, words)),
        ("artifacts", words.pick("내보낸 모델", "Exports"), artifacts::render(report, words)),
        ("training", words.pick("학습", "Training"), training::render(report, words)),
        ("pretraining", words.pick("사전 학습", "Pretraining"), pretraining::render(report, words)),
        ("data", words.pick("데이터", "Data"), data::render(report, words)),
        ("privacy", words.pick("개인정보", "Personal data"), masking::render(report, words)),
        ("costs", words.pick("시간과 재현", "Costs"), costs::render(report, words)),
    ]
}
