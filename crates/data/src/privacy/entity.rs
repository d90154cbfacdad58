//! The kinds of personal data, their names in a recipe, and their tokens.

use serde::{Deserialize, Serialize};

/// A kind of personal data. The order of the variants is the order of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// 주민등록번호.
    Resident,
    /// 외국인등록번호.
    Foreigner,
    /// 법인등록번호.
    Corporate,
    /// 사업자등록번호.
    Business,
    /// 운전면허번호.
    DriverLicence,
    /// 여권번호.
    Passport,
    /// 01x mobile numbers.
    Mobile,
    /// Numbers with an area code.
    Landline,
    /// 070 numbers.
    Voip,
    /// 050x numbers, which stand for another number.
    SafeNumber,
    /// 080 numbers, paid by the callee.
    TollFree,
    /// 15xx, 16xx and 18xx numbers of companies; kept by default.
    Representative,
    /// Numbers of other countries, by `+` and country code or in the North American plan.
    ForeignPhone,
    /// 계좌번호.
    Account,
    /// 카드번호.
    Card,
    /// Postal addresses, road and lot form, with unit and postal code.
    Address,
    /// Email addresses.
    Email,
    /// URLs that carry an identity.
    Url,
    /// IPv4 and IPv6 addresses.
    Ip,
    /// Hardware addresses.
    Mac,
    /// 차량번호.
    Plate,
    /// Names of persons.
    Person,
    /// The pattern of this number in the recipe.
    Pattern(u8),
    /// A value of a column that the recipe declares personal, of no kind above.
    Personal,
}

impl Entity {
    /// All kinds that need no recipe pattern, in the order of reports.
    pub const ALL: [Self; 22] = [
        Self::Resident,
        Self::Foreigner,
        Self::Corporate,
        Self::Business,
        Self::DriverLicence,
        Self::Passport,
        Self::Mobile,
        Self::Landline,
        Self::Voip,
        Self::SafeNumber,
        Self::TollFree,
        Self::Representative,
        Self::ForeignPhone,
        Self::Account,
        Self::Card,
        Self::Address,
        Self::Email,
        Self::Url,
        Self::Ip,
        Self::Mac,
        Self::Plate,
        Self::Person,
    ];

    /// Its name in a recipe and in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Foreigner => "foreigner",
            Self::Corporate => "corporate",
            Self::Business => "business",
            Self::DriverLicence => "driver_licence",
            Self::Passport => "passport",
            Self::Mobile => "mobile",
            Self::Landline => "landline",
            Self::Voip => "voip",
            Self::SafeNumber => "safe_number",
            Self::TollFree => "toll_free",
            Self::Representative => "representative",
            Self::ForeignPhone => "foreign_phone",
            Self::Account => "account",
            Self::Card => "card",
            Self::Address => "address",
            Self::Email => "email",
            Self::Url => "url",
            Self::Ip => "ip",
            Self::Mac => "mac",
            Self::Plate => "plate",
            Self::Person => "person",
            Self::Pattern(_) => "pattern",
            Self::Personal => "personal",
        }
    }

    /// The kind of that name, where there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.name() == name)
    }

    /// The token that stands for a value in the `token` style. Recipe patterns bring their own.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Resident => "[주민등록번호]",
            Self::Foreigner => "[외국인등록번호]",
            Self::Corporate => "[법인등록번호]",
            Self::Business => "[사업자등록번호]",
            Self::DriverLicence => "[운전면허번호]",
            Self::Passport => "[여권번호]",
            Self::Mobile
            | Self::Landline
            | Self::Voip
            | Self::SafeNumber
            | Self::TollFree
            | Self::ForeignPhone => "[전화번호]",
            Self::Representative => "[대표번호]",
            Self::Account => "[계좌번호]",
            Self::Card => "[카드번호]",
            Self::Address => "[주소]",
            Self::Email => "[이메일]",
            Self::Url => "[URL]",
            Self::Ip => "[IP주소]",
            Self::Mac => "[MAC주소]",
            Self::Plate => "[차량번호]",
            Self::Person => "[이름]",
            Self::Pattern(_) => "[식별번호]",
            Self::Personal => "[개인정보]",
        }
    }

    /// Which of two overlapping finds is believed: the smaller number.
    ///
    /// Recipe patterns are the user's word and come first. Then kinds that carry a check of their
    /// own, then shapes, then kinds that rest on context.
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Self::Pattern(_) => 0,
            Self::Url => 1,
            Self::Email => 2,
            Self::Resident | Self::Foreigner => 3,
            Self::Card => 4,
            Self::Business | Self::Corporate => 5,
            Self::DriverLicence | Self::Passport => 6,
            Self::Mobile | Self::SafeNumber | Self::Voip | Self::TollFree => 7,
            Self::Mac | Self::Ip => 8,
            Self::Account => 9,
            Self::Landline | Self::Representative | Self::ForeignPhone => 10,
            Self::Address => 11,
            Self::Plate => 12,
            Self::Personal => 13,
            Self::Person => 14,
        }
    }

    /// Whether the value is digits with separators, so that its digits alone identify it.
    pub(crate) const fn is_numeric(self) -> bool {
        matches!(
            self,
            Self::Resident
                | Self::Foreigner
                | Self::Corporate
                | Self::Business
                | Self::DriverLicence
                | Self::Mobile
                | Self::Landline
                | Self::Voip
                | Self::SafeNumber
                | Self::TollFree
                | Self::Representative
                | Self::ForeignPhone
                | Self::Account
                | Self::Card
        )
    }

    /// A small number for tables and keyed hashes; patterns and typed values follow the named kinds.
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Personal => Self::ALL.len(),
            Self::Pattern(n) => Self::ALL.len() + 1 + n as usize,
            named => Self::ALL.iter().position(|&e| e == named).unwrap_or(0),
        }
    }

    /// The kind of that number.
    pub(crate) fn from_index(index: usize) -> Option<Self> {
        if let Some(&named) = Self::ALL.get(index) {
            return Some(named);
        }
        match index - Self::ALL.len() {
            0 => Some(Self::Personal),
            n => u8::try_from(n - 1).ok().map(Self::Pattern),
        }
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntitySet(u32);

impl EntitySet {
    /// Nothing.
    pub const fn none() -> Self {
        Self(0)
    }

    /// Every kind, the numbers of companies among them.
    pub fn every() -> Self {
        Entity::ALL.into_iter().fold(Self::none(), Self::with)
    }

    /// Every kind but representative numbers, which are a company's.
    pub fn standard() -> Self {
        Self::every().without(Entity::Representative)
    }

    /// With this kind.
    #[must_use]
    pub fn with(self, entity: Entity) -> Self {
        Self(self.0 | Self::bit(entity))
    }

    /// Without this kind.
    #[must_use]
    pub fn without(self, entity: Entity) -> Self {
        Self(self.0 & !Self::bit(entity))
    }

    /// Whether the kind is in it. Recipe patterns and typed values always are: they were asked for.
    pub fn contains(self, entity: Entity) -> bool {
        matches!(entity, Entity::Pattern(_) | Entity::Personal) || self.0 & Self::bit(entity) != 0
    }

    fn bit(entity: Entity) -> u32 {
        match entity {
            Entity::Pattern(_) | Entity::Personal => 0,
            named => 1 << named.index(),
        }
    }
}

impl Default for EntitySet {
    fn default() -> Self {
        Self::standard()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for entity in Entity::ALL {
            assert_eq!(Entity::from_name(entity.name()), Some(entity));
            assert_eq!(Entity::from_index(entity.index()), Some(entity));
        }
        for entity in [Entity::Personal, Entity::Pattern(0), Entity::Pattern(9)] {
            assert_eq!(Entity::from_index(entity.index()), Some(entity));
        }
        assert_eq!(Entity::from_name("telephone"), None);
    }

    #[test]
    fn representative_numbers_are_kept_by_default() {
        assert!(!EntitySet::default().contains(Entity::Representative));
        assert!(EntitySet::every().contains(Entity::Representative));
        assert!(EntitySet::none().contains(Entity::Pattern(3)));
    }
}
