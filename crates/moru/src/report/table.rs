//! Tables that fall apart into blocks on a phone, where each cell carries the name of its column.

use super::html::int;
use super::masking::{Placeholders, marked};

/// A table. `heads` are escaped and plain enough for an attribute; the first cell of each row names it.
pub(super) fn table(heads: &[String], rows: &[Vec<String>]) -> String {
    let head: String = heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
    let body: String = rows.iter().map(|row| table_row(heads, row)).collect();
    format!("<table class=\"stack\"><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n")
}

fn table_row(heads: &[String], row: &[String]) -> String {
    let Some((name, cells)) = row.split_first() else { return String::new() };
    let cells: String = heads[1..]
        .iter()
        .zip(cells)
        .map(|(head, cell)| format!("<td data-label=\"{head}\">{cell}</td>"))
        .collect();
    format!("<tr><th scope=\"row\">{name}</th>{cells}</tr>\n")
}

/// Names and values, one below the other.
pub(super) fn facts(class: &str, facts: &[(&str, String)]) -> String {
    let items: String =
        facts.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>\n")).collect();
    format!("<dl class=\"{class}\">\n{items}</dl>\n")
}

/// Counts in one line: `name 12 · other 3`.
pub(super) fn counts(counts: &[eval::report::Count], name: impl Fn(&str) -> String) -> String {
    let said: Vec<String> = counts.iter().map(|c| format!("{} {}", name(&c.name), int(c.count))).collect();
    said.join(" · ")
}

/// A card with a heading.
pub(super) fn card(title: &str, body: &str) -> String {
    format!("<div class=\"card\"><h3>{title}</h3>{body}</div>\n")
}

/// One thing that was masked or set aside: where, the masked text, what was wrong.
pub(super) struct Example<'a> {
    pub id: &'a str,
    pub text: &'a str,
    pub detail: &'a str,
}

/// Examples that unfold under a name; unfolded already where `open`.
pub(super) fn examples<'a>(
    name: &str,
    hint: &str,
    open: bool,
    placeholders: &Placeholders,
    examples: impl Iterator<Item = Example<'a>>,
) -> String {
    let items: String = examples
        .map(|example| {
            let detail = match example.detail {
                "" => String::new(),
                detail => format!("<small>{}</small>", super::html::esc(detail)),
            };
            format!(
                "<li><code>{}</code><p dir=\"auto\">{}</p>{detail}</li>\n",
                super::html::esc(example.id),
                marked(example.text, placeholders)
            )
        })
        .collect();
    let open = if open { " open" } else { "" };
    format!(
        "<details{open}><summary>{name} <small>{hint}</small></summary><ul class=\"examples\">\n{items}</ul></details>\n"
    )
}
