//! The forms in which a right answer may state a value.

use data::validate::quantity::{ONE, Unit, quantities};
use data::validate::text::fold;

use crate::korean::{count_word, sino_number, won};
use crate::questions::facts::{Fact, FactKind};

/// What an answer has to contain: each fact in any of its forms. The place comes last.
pub(in crate::questions) fn key_facts(fact: &Fact) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    match fact.kind {
        FactKind::Value(_) | FactKind::Deadline(_) => out.push(value_forms(fact.value())),
        FactKind::Document | FactKind::Responsible | FactKind::Definition => {
            out.push(vec![fact.value().to_owned()]);
        }
        FactKind::List => out.extend(fact.items.iter().take(3).map(|item| vec![item.clone()])),
        FactKind::Duty => {}
    }
    out.extend(place_form(&fact.citation).map(|place| vec![place]));
    out
}

/// `제23조 제1항` of `인사규정 제23조 제1항`; `Section 4.2`.
fn place_form(citation: &str) -> Option<String> {
    let at = citation
        .find(" 제")
        .map(|at| at + 1)
        .or_else(|| citation.find("별표"))
        .or_else(|| citation.find(", ").map(|at| at + 2))?;
    Some(citation[at..].to_owned())
}

/// A value as it is written, and how else it is said.
fn value_forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let folded = fold(value);
    let read = quantities(&folded);
    let [quantity] = read.as_slice() else { return forms };
    let Some(n) = u64::try_from(quantity.value / ONE).ok().filter(|_| quantity.value % ONE == 0) else {
        return forms;
    };
    let is_korean = data::validate::text::is_korean(&folded) || folded.contains('%');
    match quantity.unit {
        Unit::Days if is_korean => {
            forms.extend([format!("{n}일"), format!("{}일", sino_number(n))]);
            forms.extend(day_word(n).map(str::to_owned));
            if n.is_multiple_of(7) {
                forms.extend([format!("{}주", n / 7), format!("{}주일", n / 7)]);
            }
        }
        Unit::Months if is_korean => {
            forms.push(format!("{n}개월"));
            if n.is_multiple_of(12) {
                forms.extend([format!("{}년", n / 12), format!("{}년", sino_number(n / 12))]);
            } else {
                forms.push(format!("{} 달", count_word(n)));
            }
        }
        Unit::Won => {
            forms.extend([format!("{}원", won(n)), format!("{}원", sino_number(n))]);
            if n.is_multiple_of(10_000) {
                forms.push(format!("{}만원", won(n / 10_000)));
            }
        }
        Unit::Percent if is_korean => {
            forms.extend([format!("{n}%"), format!("{n}퍼센트"), format!("100분의 {n}")]);
        }
        Unit::Percent => forms.extend([format!("{n}%"), format!("{n} percent")]),
        Unit::Minutes if is_korean && n.is_multiple_of(60) => forms.push(format!("{}시간", n / 60)),
        _ => {}
    }
    forms.dedup();
    let mut seen = std::collections::HashSet::new();
    forms.retain(|form| seen.insert(form.clone()));
    forms
}

fn day_word(n: u64) -> Option<&'static str> {
    Some(match n {
        1 => "하루",
        2 => "이틀",
        3 => "사흘",
        4 => "나흘",
        5 => "닷새",
        7 => "일주일",
        10 => "열흘",
        15 => "보름",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_known_in_other_words() {
        for (value, form) in [
            ("15일", "보름"),
            ("1년", "12개월"),
            ("30만원", "300,000원"),
            ("100분의 50", "50%"),
            ("2시간", "2시간"),
        ] {
            assert!(value_forms(value).contains(&form.to_owned()), "{value}: {:?}", value_forms(value));
        }
        assert_eq!(place_form("인사규정 제23조 제1항").as_deref(), Some("제23조 제1항"));
        assert_eq!(place_form("Handbook, Section 4.2").as_deref(), Some("Section 4.2"));
    }
}
