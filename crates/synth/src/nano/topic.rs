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

/// Whether the goods that a customer has in mind may be named in the answer.
pub fn about_goods(topic: Topic) -> bool {
    matches!(
        topic.rule,
        "delivery" | "shipfee" | "island" | "sameday" | "exfee" | "exdays" | "retdays" | "retfee" | "cardref"
    ) || matches!(
        topic.rule,
        "bankref" | "cancel" | "install" | "earn" | "wrap" | "restock" | "limit" | "overseas"
    )
}

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

/// An amount with its unit as Koreans write it, in the range that is usual for the topic.
pub fn value(topic: Topic, rng: &mut Rng) -> String {
    match topic.unit {
        Unit::Days => days(days_of(topic.rule), rng),
        Unit::Won => won_text(won_of(topic.rule), rng),
        Unit::Clock => clock(hours_of(topic.rule), rng),
        Unit::Hours if topic.rule == "freepark" => format!("{}시간", rng.range(1, 6)),
        Unit::Hours => format!("{}시간", *rng.pick(&[2, 3, 4, 6, 8, 12, 18, 24, 30, 36, 48, 60, 72, 96])),
        Unit::Months => months(months_of(topic.rule), rng),
        Unit::Percent => {
            let (low, high) = percent_of(topic.rule);
            if high <= 10 && rng.percent(25) {
                format!("{}.{}%", rng.range(low, high), rng.range(1, 9))
            } else {
                format!("{}%", rng.range(low, high))
            }
        }
        Unit::Sheets => {
            if rng.percent(80) {
                format!("{}장", rng.range(1, 5))
            } else {
                format!("{} 장", count_word(rng.range(1, 5) as u64))
            }
        }
        Unit::Count => format!("{}개", rng.range(1, 50)),
        Unit::People => format!("{}명", rng.range(8, 120)),
        Unit::Books => format!("{}권", rng.range(2, 20)),
        Unit::Kilo => format!("{}킬로", rng.range(10, 32)),
        Unit::Giga => format!("{}기가", rng.range(1, 150)),
    }
}

fn days_of(rule: &str) -> (i64, i64) {
    match rule {
        "delivery" | "bankref" => (1, 7),
        "exdays" | "cardref" | "taxinv" | "install_visit" => (2, 12),
        "retdays" | "lessonref" | "loandays" => (5, 30),
        "overseas" | "restock" | "repairdays" | "makeup" => (4, 30),
        "rejoin" | "pause" => (7, 90),
        _ => (2, 20),
    }
}

/// The least, the most and the step of an amount of money.
fn won_of(rule: &str) -> (i64, i64, i64) {
    match rule {
        "shipfee" | "island" | "retfee" => (2000, 7500, 100),
        "exfee" => (4000, 9000, 100),
        "freeship" | "giftmin" => (20_000, 150_000, 1000),
        "minuse" => (500, 10_000, 100),
        "review" => (100, 3000, 50),
        "signup" => (1000, 20_000, 500),
        "tier" => (200_000, 3_000_000, 10_000),
        "wrap" => (500, 6000, 100),
        "breakfast" | "ticket" | "corkage" | "certfee" => (3000, 35_000, 500),
        "extrabed" | "visitfee" => (10_000, 50_000, 1000),
        "parking" => (500, 5000, 100),
        "latefee" => (50, 1000, 50),
        "locker" => (2000, 20_000, 500),
        "gymjoin" => (30_000, 180_000, 1000),
        "penalty" | "rentdeposit" => (30_000, 400_000, 10_000),
        _ => (1000, 30_000, 500),
    }
}

fn hours_of(rule: &str) -> (i64, i64) {
    match rule {
        "open" => (7, 10),
        "sameday" | "cancel" | "addr" => (10, 18),
        "checkin" => (13, 17),
        "checkout" => (9, 13),
        "lastorder" => (19, 22),
        _ => (16, 21),
    }
}

fn months_of(rule: &str) -> (i64, i64) {
    match rule {
        "install" => (2, 12),
        "contract" => (12, 48),
        _ => (3, 36),
    }
}

fn percent_of(rule: &str) -> (i64, i64) {
    match rule {
        "earn" => (1, 7),
        "roomcancel" => (10, 90),
        _ => (3, 25),
    }
}

fn months((low, high): (i64, i64), rng: &mut Rng) -> String {
    let n = rng.range(low, high);
    match rng.below(8) {
        0 if n >= 12 => format!("{}년", n / 12),
        1 if n <= 12 => format!("{} 달", count_word(n as u64)),
        _ => format!("{n}개월"),
    }
}

fn days((low, high): (i64, i64), rng: &mut Rng) -> String {
    let n = rng.range(low, high);
    let word = match n {
        1 => "하루",
        2 => "이틀",
        3 => "사흘",
        7 => "일주일",
        10 => "열흘",
        15 => "보름",
        _ => "",
    };
    match rng.below(12) {
        0 | 1 if !word.is_empty() => word.to_owned(),
        0 if n >= 14 => format!("{}주", n / 7),
        2..=4 if high <= 12 => format!("{n}~{}일", n + rng.range(1, 3)),
        _ => format!("{n}일"),
    }
}

fn won_text((low, high, step): (i64, i64, i64), rng: &mut Rng) -> String {
    // Round amounts are the more usual ones.
    let round = [10_000, 5000, 1000, 500].into_iter().find(|r| *r > step && (high - low) / r >= 4);
    let step = round.filter(|_| rng.percent(60)).unwrap_or(step);
    let amount = (rng.range(low.div_euclid(step), high / step) * step).max(low) as u64;
    match rng.below(10) {
        0 if amount.is_multiple_of(10_000) => format!("{}만 원", amount / 10_000),
        1 if amount.is_multiple_of(1000) && amount < 10_000 => format!("{}천 원", amount / 1000),
        2 => format!("{amount}원"),
        _ => format!("{}원", won(amount)),
    }
}

fn clock((low, high): (i64, i64), rng: &mut Rng) -> String {
    let hour = rng.range(low, high);
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
pub fn english_value(topic: Topic, rng: &mut Rng) -> String {
    match topic.unit {
        Unit::Days => {
            let most = if topic.rule == "retdays" { 60 } else { 14 };
            format!("{} {}", rng.range(2, most), rng.pick(&["days", "days", "working days", "business days"]))
        }
        Unit::Won if topic.rule == "freeship" => format!("${}", rng.range(20, 150)),
        Unit::Won => match rng.below(3) {
            0 => format!("${}", rng.range(2, 15)),
            _ => format!("${}.{:02}", rng.range(1, 14), rng.below(20) * 5),
        },
        Unit::Clock => format!("{} pm", rng.range(3, 10)),
        Unit::Percent => format!("{}%", rng.range(1, 15)),
        _ => format!("{} months", rng.range(2, 60)),
    }
}
