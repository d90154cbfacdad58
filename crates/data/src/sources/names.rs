//! Names of columns as messages show them: where a table has no header, they are the values of its first row.

use std::sync::LazyLock;

use crate::privacy::{MaskConfig, Masker};

/// A longer name is shown by its beginning.
const LONGEST: usize = 60;

static MASKER: LazyLock<Option<Masker>> = LazyLock::new(|| Masker::new(MaskConfig::default()).ok());

/// Names for a message, each between two of `mark`: `` `a`, `b` ``. Personal values in them are masked; where
/// they look like a row of data, only those that are plainly names are shown.
pub fn listed(names: &[String], mark: &str) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let is_data = look_like_data(names);
    let shown: Vec<_> = (names.iter())
        .filter_map(|name| {
            let masked = masked(name);
            (!is_data || is_plain(name) || masked != *name).then(|| format!("{mark}{}{mark}", cut(&masked)))
        })
        .collect();
    if !is_data {
        return shown.join(", ");
    }
    let hidden = names.len() - shown.len();
    let several = if hidden == 1 { "column" } else { "columns" };
    let hidden = (hidden > 0).then(|| format!("{hidden} {several} whose name is not shown"));
    format!(
        "{} (the first row looks like data; is there no header? header = false)",
        shown.into_iter().chain(hidden).collect::<Vec<_>>().join(", ")
    )
}

/// Whether the names of a table's columns are rather the values of a row.
pub fn look_like_data(names: &[String]) -> bool {
    names.iter().any(|name| {
        let ends_a_sentence =
            name.contains(' ') && name.trim_end().ends_with(['요', '다', '까', '?', '.', '!']);
        let is_number = name.contains(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_digit() || "-./:, ".contains(c));
        ends_a_sentence
            || is_number
            || name.chars().count() > LONGEST
            || name.contains(char::is_control)
            || masked(name) != *name
            || is_person(name)
    })
}

/// Whether a name is one that somebody gave to a column: `order_no`.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.len() <= LONGEST
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn masked(name: &str) -> String {
    MASKER.as_ref().map_or_else(|| name.to_owned(), |masker| masker.mask(name).text)
}

/// Whether a sentence would name a person by it.
fn is_person(name: &str) -> bool {
    let whole = |masker: &Masker| {
        let spans = masker.mask(&format!("{name}입니다")).spans;
        spans.iter().any(|span| span.range == (0..name.len()))
    };
    !name.is_ascii() && MASKER.as_ref().is_some_and(whole)
}

fn cut(name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> String {
        listed(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>(), "`")
    }

    #[test]
    fn names_are_listed_and_rows_are_not() {
        let header = ["order_no", "문의 내용", "답변", "고객명", "전화번호", "문의일", "상태"];
        assert_eq!(list(&header), format!("`{}`", header.join("`, `")));
        for row in [
            &["남궁민수", "010-4242-5353", "배송은 언제 오나요", "내일 갑니다"][..],
            &["홍길동", "배송", "환불"],
            &["1", "김서연", "언제 오나요?"],
            &["배송은 언제 오나요", "내일 갑니다"],
        ] {
            let said = list(row);
            assert!(said.contains("header = false"), "{said}");
            assert!(row.iter().all(|name| !said.contains(name)), "{said}");
        }
        let mixed = list(&["phone", "answer", "회원 010-9876-5432"]);
        assert!(mixed.starts_with("`phone`, `answer`, `회원 [전화번호]`"), "{mixed}");
        assert!(list(&[&"煵".repeat(70)]).chars().count() < 140);
        assert_eq!(listed(&[], "`"), "none");
    }
}
