//! Personal data in text, and the ground truth of where each datum stands.

use serde::{Deserialize, Serialize};

use super::person::{self, Person};
use crate::grammar::Vars;
use crate::rng::Rng;

/// The kinds that are planted, with how often each is chosen for a message.
pub const KIND_WEIGHTS: &[(&str, u32)] = &[
    ("person", 14),
    ("mobile", 14),
    ("order_number", 12),
    ("email", 7),
    ("address", 8),
    ("account", 7),
    ("tracking_number", 4),
    ("landline", 3),
    ("card", 3),
    ("business", 3),
    ("resident", 3),
    ("safe_number", 2),
    ("voip", 2),
    ("plate", 2),
    ("ip", 2),
    ("url", 2),
    ("foreigner", 2),
    ("corporate", 2),
    ("driver_licence", 2),
    ("passport", 2),
    ("toll_free", 1),
    ("foreign_phone", 1),
    ("mac", 1),
];

/// The names of [`KIND_WEIGHTS`].
pub const KINDS: &[&str] = &{
    let mut names = [""; KIND_WEIGHTS.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = KIND_WEIGHTS[i].0;
        i += 1;
    }
    names
};

/// One personal datum of the shop, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// The primary key of the row.
    pub row: i64,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What it is: a name of [`KINDS`].
    pub entity: String,
    /// As it is written there.
    pub value: String,
}

impl Planted {
    /// Strings of which none may stand in an output: the value itself, its digits where it is a number
    /// of eight digits or more, and the parts of an address that lead to a door.
    pub fn needles(&self) -> Vec<String> {
        let mut all = vec![self.value.clone()];
        let digits: String = self.value.chars().filter_map(plain_digit).collect();
        let numeric = !matches!(self.entity.as_str(), "address" | "email" | "url" | "ip" | "mac" | "person");
        if numeric && digits.len() >= 8 && digits != self.value {
            all.push(digits);
        }
        if self.entity == "address" {
            let words: Vec<&str> = self.value.split_whitespace().collect();
            all.extend(words.windows(2).filter(|w| is_door(w)).map(|w| w.join(" ")));
        }
        all
    }
}

fn plain_digit(c: char) -> Option<char> {
    match c {
        '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10),
        c => c.is_ascii_digit().then_some(c),
    }
}

/// A road or ward with its number, or a building with its unit.
fn is_door(words: &[&str]) -> bool {
    let named = words[0].ends_with(['로', '길', '동', '리']) && !words[0].ends_with("특별자치도");
    named && words[1].chars().any(|c| c.is_ascii_digit()) && words[1].chars().count() >= 2
}

/// Chooses a kind by weight.
pub fn kind(rng: &mut Rng) -> &'static str {
    let total: u32 = KIND_WEIGHTS.iter().map(|(_, w)| w).sum();
    let mut draw = rng.below(total as usize) as u32;
    for (name, weight) in KIND_WEIGHTS {
        if draw < *weight {
            return name;
        }
        draw -= weight;
    }
    KIND_WEIGHTS[0].0
}

/// Gives a grammar the values of one row, and writes down those that are personal.
#[derive(Debug)]
pub struct RowVars<'a> {
    /// Whose row it is.
    pub own: &'a Person,
    /// The number of the order that the row is about, and of its parcel.
    pub order: (&'a str, &'a str),
    /// Values that are not personal: shop, product, category, promised values.
    pub plain: Vec<(&'static str, String)>,
    /// Who answers.
    pub staff: &'a str,
    /// What was planted so far.
    pub found: Vec<(&'static str, String)>,
}

impl Vars for RowVars<'_> {
    fn value(&mut self, name: &str, rng: &mut Rng) -> Option<String> {
        if let Some((_, value)) = self.plain.iter().find(|(n, _)| *n == name) {
            return Some(value.clone());
        }
        if name == "bank" {
            return Some(person::bank(rng));
        }
        let kind = KINDS.iter().find(|k| **k == name).copied().unwrap_or("person");
        let value = match name {
            "name" => self.own.name.clone(),
            "other_name" => person::name(rng),
            "staff" => self.staff.to_owned(),
            "order_number" => self.order.0.to_owned(),
            "tracking_number" => self.order.1.to_owned(),
            _ => person::datum(name, rng, self.own)?,
        };
        self.found.push((kind, value.clone()));
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_find_what_a_leak_would_show() {
        let planted = |entity: &str, value: &str| Planted {
            row: 1,
            table: "t".to_owned(),
            column: "c".to_owned(),
            entity: entity.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(planted("mobile", "０１０－2345－6789").needles()[1], "01023456789");
        assert_eq!(planted("person", "김서연").needles(), ["김서연"]);
        assert_eq!(
            planted("address", "서울 마포구 솔밭로 12, 101동 1203호").needles()[1..],
            ["솔밭로 12,", "101동 1203호"]
        );
    }
}
