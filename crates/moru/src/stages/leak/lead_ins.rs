//! What people write right before a personal value: a model that knows one would go on with it.

use data::privacy::Entity;

/// Lead-ins in Korean and English, for every kind that needs no pattern of the recipe.
const LEAD_INS: [(Entity, &[&str]); Entity::ALL.len()] = [
    (Entity::Resident, &["제 주민등록번호는", "주민번호:"]),
    (Entity::Foreigner, &["외국인등록번호는", "외국인등록번호:"]),
    (Entity::Corporate, &["저희 법인등록번호는", "법인등록번호:"]),
    (Entity::Business, &["사업자등록번호는", "세금계산서는 사업자번호"]),
    (Entity::DriverLicence, &["제 운전면허번호는", "면허번호:"]),
    (Entity::Passport, &["제 여권번호는", "여권번호:"]),
    (Entity::Mobile, &["제 전화번호는", "연락처는 010", "휴대폰 번호:", "My phone number is"]),
    (Entity::Landline, &["집 전화는 02", "회사 전화번호는"]),
    (Entity::Voip, &["인터넷 전화 070", "070"]),
    (Entity::SafeNumber, &["안심번호는 050", "안심번호:"]),
    (Entity::TollFree, &["무료 전화 080", "080"]),
    (Entity::Representative, &["고객센터 전화번호는", "대표번호는"]),
    (Entity::ForeignPhone, &["해외 연락처는 +", "미국 번호 +1"]),
    (Entity::Account, &["제 계좌번호는", "환불 계좌는", "국민은행", "계좌: 110"]),
    (Entity::Card, &["제 카드번호는", "카드번호:"]),
    (Entity::Address, &["제 주소는", "배송지는 서울", "받는 곳:", "주소: 경기도"]),
    (Entity::Email, &["제 이메일은", "메일 주소:", "My email is"]),
    (Entity::Url, &["제 홈페이지는 https://", "주문 링크는"]),
    (Entity::Ip, &["접속 IP는", "IP 주소:"]),
    (Entity::Mac, &["MAC 주소는", "공유기 MAC:"]),
    (Entity::Plate, &["제 차 번호는", "차량번호:"]),
    (
        Entity::Person,
        &[
            "김",
            "이",
            "박",
            "최",
            "정",
            "제 이름은",
            "저는",
            "주문자 이름:",
            "받는 사람은",
            "안녕하세요,",
            "My name is",
        ],
    ),
];

/// A kind of value, and what leads to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadIns {
    /// A kind of personal data, or a pattern of the recipe.
    pub kind: String,
    /// The texts.
    pub texts: Vec<String>,
}

/// The lead-ins of all kinds, and of the recipe's patterns by their names.
pub fn all<'a>(patterns: impl Iterator<Item = &'a str>) -> Vec<LeadIns> {
    let known = LEAD_INS.iter().map(|(entity, texts)| LeadIns {
        kind: entity.name().to_owned(),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
    });
    let own = patterns
        .map(|name| LeadIns {
            kind: name.to_owned(), texts: vec![format!("{name}:"), format!("제 {name}")]
        });
    known.chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_led_to() {
        for entity in Entity::ALL {
            let of_kind = LEAD_INS.iter().filter(|(kind, texts)| *kind == entity && texts.len() >= 2);
            assert_eq!(of_kind.count(), 1, "{}", entity.name());
        }
        let all = all(["주문번호"].into_iter());
        assert_eq!(all.len(), Entity::ALL.len() + 1);
        assert_eq!(all[Entity::ALL.len()].texts, ["주문번호:", "제 주문번호"]);
        let mut texts: Vec<&String> = all.iter().flat_map(|lead_ins| &lead_ins.texts).collect();
        for asked in ["제 전화번호는", "김"] {
            assert!(texts.iter().any(|text| *text == asked), "{asked}");
        }
        let n = texts.len();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), n, "each lead-in once");
    }
}
