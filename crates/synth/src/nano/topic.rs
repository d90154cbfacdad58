//! What is asked about, and values for it.

use crate::korean::{count_word, won};
use crate::rng::Rng;

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Days,
    Won,
    Clock,
    Hours,
    Months,
    Percent,
    Sheets,
    Count,
    People,
    Books,
    Kilo,
    Giga,
}

/// A topic: the name of its rules, the category of a form, what its value counts.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    pub rule: &'static str,
    pub category: &'static str,
    pub unit: Unit,
}

const fn t(rule: &'static str, category: &'static str, unit: Unit) -> Topic {
    Topic { rule, category, unit }
}

/// Topics of shops.
pub const SHOP: &[Topic] = &[
    t("delivery", "배송", Unit::Days),
    t("shipfee", "배송", Unit::Won),
    t("freeship", "배송", Unit::Won),
    t("island", "배송", Unit::Won),
    t("sameday", "배송", Unit::Clock),
    t("exfee", "교환", Unit::Won),
    t("exdays", "교환", Unit::Days),
    t("retdays", "반품", Unit::Days),
    t("retfee", "반품", Unit::Won),
    t("cardref", "환불", Unit::Days),
    t("bankref", "환불", Unit::Days),
    t("cancel", "취소", Unit::Clock),
    t("deposit", "결제", Unit::Hours),
    t("install", "결제", Unit::Months),
    t("earn", "적립금", Unit::Percent),
    t("expire", "적립금", Unit::Months),
    t("minuse", "적립금", Unit::Won),
    t("coupons", "쿠폰", Unit::Sheets),
    t("review", "적립금", Unit::Won),
    t("signup", "쿠폰", Unit::Won),
    t("tier", "회원", Unit::Won),
    t("rejoin", "회원", Unit::Days),
    t("wrap", "상품", Unit::Won),
    t("warranty", "상품", Unit::Months),
    t("restock", "재입고", Unit::Days),
    t("taxinv", "세금계산서", Unit::Days),
    t("open", "고객센터", Unit::Clock),
    t("close", "고객센터", Unit::Clock),
    t("pickup", "매장", Unit::Days),
    t("limit", "주문", Unit::Count),
    t("bulk", "주문", Unit::Percent),
    t("regular", "정기배송", Unit::Percent),
    t("overseas", "배송", Unit::Days),
    t("addr", "배송", Unit::Clock),
    t("giftmin", "이벤트", Unit::Won),
    t("dormant", "회원", Unit::Months),
];

/// Topics of other services, in groups that one place can be asked about.
pub const SERVICES: &[(&[&str], &[Topic])] = &[
    (
        &["호텔", "펜션", "게스트하우스", "리조트"],
        &[
            t("checkin", "예약", Unit::Clock),
            t("checkout", "예약", Unit::Clock),
            t("breakfast", "요금", Unit::Won),
            t("extrabed", "요금", Unit::Won),
            t("roomcancel", "예약", Unit::Percent),
            t("parking", "주차", Unit::Won),
        ],
    ),
    (
        &["도서관", "작은도서관", "만화방"],
        &[
            t("loandays", "대출", Unit::Days),
            t("loancount", "대출", Unit::Books),
            t("latefee", "대출", Unit::Won),
            t("lastentry", "이용", Unit::Clock),
            t("locker", "이용", Unit::Won),
        ],
    ),
    (
        &["헬스장", "수영장", "요가원", "체육관"],
        &[
            t("gymjoin", "등록", Unit::Won),
            t("pause", "이용권", Unit::Days),
            t("locker", "이용", Unit::Won),
            t("freepark", "주차", Unit::Hours),
            t("lastentry", "이용", Unit::Clock),
        ],
    ),
    (
        &["의원", "치과", "병원", "한의원"],
        &[
            t("clinicend", "진료", Unit::Clock),
            t("certfee", "서류", Unit::Won),
            t("freepark", "주차", Unit::Hours),
            t("parking", "주차", Unit::Won),
        ],
    ),
    (
        &["학원", "어학원", "문화센터", "공방"],
        &[
            t("lessonref", "수강", Unit::Days),
            t("makeup", "수강", Unit::Days),
            t("pause", "수강", Unit::Days),
            t("group", "예약", Unit::People),
        ],
    ),
    (
        &["통신", "모바일", "텔레콤", "정수기 렌털"],
        &[
            t("contract", "가입", Unit::Months),
            t("penalty", "해지", Unit::Won),
            t("install_visit", "설치", Unit::Days),
            t("visitfee", "설치", Unit::Won),
            t("datause", "요금제", Unit::Giga),
        ],
    ),
    (
        &["식당", "한정식", "고깃집", "레스토랑"],
        &[
            t("lastorder", "예약", Unit::Clock),
            t("corkage", "이용", Unit::Won),
            t("group", "예약", Unit::People),
            t("freepark", "주차", Unit::Hours),
        ],
    ),
    (
        &["박물관", "미술관", "식물원", "과학관"],
        &[
            t("ticket", "관람", Unit::Won),
            t("lastentry", "관람", Unit::Clock),
            t("group", "관람", Unit::People),
            t("parking", "주차", Unit::Won),
        ],
    ),
    (
        &["렌터카", "캠핑용품 대여점", "한복 대여점"],
        &[
            t("rentdeposit", "대여", Unit::Won),
            t("roomcancel", "예약", Unit::Percent),
            t("checkout", "반납", Unit::Clock),
        ],
    ),
    (
        &["세탁소", "수선집", "시계방", "전자 서비스센터"],
        &[
            t("repairdays", "접수", Unit::Days),
            t("visitfee", "출장", Unit::Won),
            t("pickup", "보관", Unit::Days),
        ],
    ),
    (
        &["여행사", "항공", "고속버스", "여객선"],
        &[
            t("seatchange", "예매", Unit::Won),
            t("baggage", "수하물", Unit::Kilo),
            t("roomcancel", "예매", Unit::Percent),
        ],
    ),
];

/// English topics.
pub const ENGLISH: &[Topic] = &[
    t("delivery", "Delivery", Unit::Days),
    t("shipfee", "Delivery", Unit::Won),
    t("freeship", "Delivery", Unit::Won),
    t("retdays", "Returns", Unit::Days),
    t("retfee", "Returns", Unit::Won),
    t("refund", "Refunds", Unit::Days),
    t("warranty", "Products", Unit::Months),
    t("close", "Contact", Unit::Clock),
    t("wrap", "Products", Unit::Won),
    t("points", "Account", Unit::Percent),
];

/// The name that the grammar's rules have for the question word of a unit.
pub fn question_word(unit: Unit) -> &'static str {
    match unit {
        Unit::Days => "wh.days",
        Unit::Won => "wh.won",
        Unit::Clock => "wh.clock",
        Unit::Hours => "wh.hours",
        Unit::Months => "wh.months",
        Unit::Percent => "wh.percent",
        Unit::Sheets => "wh.sheets",
        Unit::Count => "wh.count",
        Unit::People => "wh.people",
        Unit::Books => "wh.books",
        Unit::Kilo => "wh.kilo",
        Unit::Giga => "wh.giga",
    }
}

/// An amount with its unit as Koreans write it.
pub fn value(unit: Unit, rng: &mut Rng) -> String {
    match unit {
        Unit::Days => days(rng),
        Unit::Won => won_text(rng),
        Unit::Clock => clock(rng),
        Unit::Hours => {
            format!("{}시간", *rng.pick(&[1, 2, 3, 4, 6, 8, 10, 12, 18, 24, 30, 36, 48, 60, 72, 96]))
        }
        Unit::Months => match rng.below(8) {
            0 => format!("{}년", rng.range(1, 5)),
            1 => format!("{} 달", count_word(rng.range(1, 12) as u64)),
            _ => format!("{}개월", rng.range(1, 48)),
        },
        Unit::Percent => format!("{}%", if rng.percent(60) { rng.range(1, 15) } else { rng.range(1, 99) }),
        Unit::Sheets => {
            if rng.percent(80) {
                format!("{}장", rng.range(1, 9))
            } else {
                format!("{} 장", count_word(rng.range(1, 9) as u64))
            }
        }
        Unit::Count => format!("{}개", rng.range(1, 50)),
        Unit::People => format!("{}명", rng.range(2, 120)),
        Unit::Books => format!("{}권", rng.range(1, 30)),
        Unit::Kilo => format!("{}킬로", rng.range(5, 40)),
        Unit::Giga => format!("{}기가", rng.range(1, 300)),
    }
}

fn days(rng: &mut Rng) -> String {
    match rng.below(12) {
        0 => format!("{}주", rng.range(1, 8)),
        1 => (*rng.pick(&["하루", "이틀", "사흘", "일주일", "열흘", "보름"])).to_owned(),
        2..=4 => format!("{}일", rng.range(1, 99)),
        _ => format!("{}일", rng.range(1, 30)),
    }
}

fn won_text(rng: &mut Rng) -> String {
    let amount = match rng.below(4) {
        0 => rng.range(1, 99) * 100,
        1 => rng.range(1, 40) * 500,
        2 => rng.range(1, 99) * 1000,
        _ => rng.range(1, 200) * 10_000,
    } as u64;
    match rng.below(10) {
        0 if amount.is_multiple_of(10_000) => format!("{}만 원", amount / 10_000),
        1 if amount.is_multiple_of(1000) && amount < 10_000 => format!("{}천 원", amount / 1000),
        2 => format!("{amount}원"),
        _ => format!("{}원", won(amount)),
    }
}

fn clock(rng: &mut Rng) -> String {
    let hour = rng.range(7, 23);
    let (half, twelve) =
        if hour < 12 { ("오전", hour) } else { ("오후", if hour > 12 { hour - 12 } else { 12 }) };
    match rng.below(10) {
        0 => format!("{hour}시"),
        1 => format!("{half} {twelve}시 {}분", rng.pick(&[10, 20, 30, 40, 50])),
        2 => format!("{half} {twelve}시 반"),
        _ => format!("{half} {twelve}시"),
    }
}

/// An amount with its unit in English.
pub fn english_value(unit: Unit, rng: &mut Rng) -> String {
    match unit {
        Unit::Days => {
            format!("{} {}", rng.range(2, 60), rng.pick(&["days", "days", "working days", "business days"]))
        }
        Unit::Won => match rng.below(3) {
            0 => format!("${}.{:02}", rng.range(1, 30), rng.below(100)),
            _ => format!("${}", rng.range(2, 300)),
        },
        Unit::Clock => format!("{} {}", rng.range(1, 11), rng.pick(&["pm", "am"])),
        Unit::Percent => format!("{}%", rng.range(1, 40)),
        _ => format!("{} months", rng.range(2, 60)),
    }
}
