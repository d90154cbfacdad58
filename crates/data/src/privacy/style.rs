//! What is written in place of a find: a token, a surrogate, or the value with its middle hidden.

use super::entity::Entity;
use super::keyed::Secret;
use super::surrogate;

/// How a find is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// `[전화번호]`: best for training text.
    #[default]
    Token,
    /// A value of the same form that nobody has; the same value gives the same surrogate everywhere.
    Surrogate,
    /// The value with its identifying part starred: `010-****-5678`.
    Partial,
}

impl Style {
    /// The style of that name in a recipe.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "token" => Some(Self::Token),
            "surrogate" => Some(Self::Surrogate),
            "partial" => Some(Self::Partial),
            _ => None,
        }
    }
}

/// The replacement of a value, whose view is `value`; `token` is what the kind's token is called.
pub(crate) fn replacement(style: Style, entity: Entity, value: &str, token: &str, secret: &Secret) -> String {
    match style {
        Style::Token => token.to_owned(),
        Style::Surrogate => surrogate::of(entity, value, token, secret),
        Style::Partial => partial(entity, value, token),
    }
}

fn partial(entity: Entity, value: &str, token: &str) -> String {
    match entity {
        Entity::Resident | Entity::Foreigner => star_digits(value, 7, 0),
        Entity::Card => star_digits(value, 4, 4),
        Entity::Mobile
        | Entity::Landline
        | Entity::Voip
        | Entity::SafeNumber
        | Entity::TollFree
        | Entity::Representative
        | Entity::ForeignPhone => star_digits(value, phone_head(value), 4),
        Entity::Business | Entity::Corporate | Entity::DriverLicence | Entity::Account => {
            star_digits(value, 3, 0)
        }
        Entity::Passport => star_after(value, 1),
        Entity::Email => {
            let (local, host) = value.split_once('@').unwrap_or((value, ""));
            format!("{}***@{host}", local.chars().next().unwrap_or('*'))
        }
        Entity::Ip if value.contains('.') => {
            let mut octets = value.split('.');
            format!("{}.{}.*.*", octets.next().unwrap_or("*"), octets.next().unwrap_or("*"))
        }
        Entity::Ip | Entity::Mac => star_after(value, 5),
        Entity::Plate => star_after(value, value.chars().count().saturating_sub(4)),
        Entity::Person => star_name(value),
        Entity::Address => {
            let head: Vec<&str> =
                value.split_whitespace().take(2).filter(|w| w.chars().all(char::is_alphabetic)).collect();
            if head.is_empty() { "***".to_owned() } else { format!("{} ***", head.join(" ")) }
        }
        Entity::Url | Entity::Pattern(_) | Entity::Personal => token.to_owned(),
    }
}

/// The digits that name the network or area.
fn phone_head(value: &str) -> usize {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    match digits.as_str() {
        d if d.starts_with("82") => 4,
        d if d.starts_with("02") => 2,
        d if d.starts_with("050") => 4,
        d if d.len() <= 8 => 4.min(d.len().saturating_sub(4)),
        _ => 3,
    }
}

/// Stars for all digits but the first `head` and the last `tail`.
fn star_digits(value: &str, head: usize, tail: usize) -> String {
    let total = value.chars().filter(char::is_ascii_digit).count();
    let mut seen = 0;
    value
        .chars()
        .map(|c| {
            if !c.is_ascii_digit() {
                return c;
            }
            seen += 1;
            if seen <= head || seen > total.saturating_sub(tail) { c } else { '*' }
        })
        .collect()
}

/// Stars for all letters and digits after the first `head` characters.
fn star_after(value: &str, head: usize) -> String {
    value.chars().enumerate().map(|(i, c)| if i >= head && c.is_alphanumeric() { '*' } else { c }).collect()
}

/// 김*수, 김*, 남궁**, `J*** S****`.
fn star_name(value: &str) -> String {
    if value.is_ascii() {
        return value.split(' ').map(|w| star_after(w, 1)).collect::<Vec<_>>().join(" ");
    }
    let n = value.chars().count();
    let shown = |i: usize| i == 0 || (n == 3 && i == 2);
    value.chars().enumerate().map(|(i, c)| if shown(i) || !c.is_alphanumeric() { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_forms() {
        let cases = [
            (Entity::Mobile, "010-1234-5678", "010-****-5678"),
            (Entity::Landline, "02)123-4567", "02)***-4567"),
            (Entity::Mobile, "+82-10-1234-5678", "+82-10-****-5678"),
            (Entity::Resident, "900101-1234567", "900101-1******"),
            (Entity::Card, "1234-5678-9012-3456", "1234-****-****-3456"),
            (Entity::Account, "110-123-456789", "110-***-******"),
            (Entity::Email, "hong@example.com", "h***@example.com"),
            (Entity::Person, "김민수", "김*수"),
            (Entity::Person, "김산", "김*"),
            (Entity::Person, "John Smith", "J*** S****"),
            (Entity::Passport, "M12345678", "M********"),
            (Entity::Plate, "12가3456", "12가****"),
            (Entity::Ip, "192.168.0.1", "192.168.*.*"),
            (Entity::Address, "서울시 강남구 테헤란로 123", "서울시 강남구 ***"),
        ];
        for (entity, value, shown) in cases {
            assert_eq!(partial(entity, value, entity.token()), shown);
        }
    }
}
