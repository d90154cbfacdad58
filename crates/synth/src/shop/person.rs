//! Invented people and their numbers, in the forms in which customers write them.
//!
//! Nothing here is taken from a register: names are drawn from common syllables, numbers are random
//! within the published formats (ITU-T E.164 plan of Korea, check digits of the tax office and the
//! registry of corporations, ISO/IEC 7812 for cards).

use crate::rng::Rng;

const SURNAMES: &str = "김 김 김 이 이 이 박 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 전 홍 고 문 양 손 배 백 허 유 남 심 노 하 곽 성 차 주 우 구 민 진 나 지 엄 채 원 천 방 공 현 함 변 남궁 황보";
const GIVEN: &str = "민준 서준 도윤 예준 시우 하준 지호 주원 지훈 준서 건우 현우 우진 선우 유준 서연 서윤 지우 서현 하은 하윤 민서 지유 윤서 채원 수아 지아 지민 예은 다은 은서 수빈 소율 예린 영수 영호 정숙 미경 은주 현정 성민 정훈 동현 상훈 재현 진영 경희 혜진 보람 가은 나연 승현 태윤 유나 시은 규리 세영 아린 민재 현서 준영 정우 승민 윤아 지안 하린 소윤 연우 다인 유진 재원 수현 도현 성훈 미영 영숙 순자 종현 병철 광수 춘자 말순 금희 옥자 길동 은하";
const MAIL_WORDS: &str = "sunny happy blue minji junho star moon river green dream cloud apple mint coco bear tiger rabbit snow rain wind leaf stone hana duri sky pink lucky river77 jinny momo kiki yuna hyun soo young dodo nana";
const MAIL_HOSTS: &str = "naver.com naver.com naver.com gmail.com gmail.com daum.net hanmail.net kakao.com nate.com outlook.com hotmail.com korea.kr yahoo.co.kr";
const BANKS: &str = "국민은행 신한은행 우리은행 하나은행 농협 기업은행 카카오뱅크 토스뱅크 새마을금고 우체국 SC제일은행 케이뱅크";

/// Provinces and cities with districts, their wards, and codes of telephone areas.
const PLACES: &[(&str, &str, &str, &str)] = &[
    (
        "서울특별시",
        "서울",
        "02",
        "마포구:망원동,서교동,연남동 강남구:역삼동,논현동,대치동 송파구:잠실동,문정동,가락동 노원구:상계동,중계동,월계동 관악구:신림동,봉천동 은평구:불광동,응암동",
    ),
    (
        "부산광역시",
        "부산",
        "051",
        "해운대구:우동,좌동,재송동 수영구:광안동,민락동 사하구:하단동,괴정동 동래구:온천동,명륜동",
    ),
    ("대구광역시", "대구", "053", "수성구:범어동,만촌동 달서구:상인동,월성동 북구:침산동,칠성동"),
    ("인천광역시", "인천", "032", "남동구:구월동,간석동 연수구:송도동,동춘동 부평구:부평동,산곡동"),
    ("광주광역시", "광주", "062", "북구:용봉동,운암동 광산구:수완동,첨단동"),
    ("대전광역시", "대전", "042", "유성구:봉명동,관평동 서구:둔산동,탄방동"),
    ("울산광역시", "울산", "052", "남구:삼산동,달동 중구:태화동,우정동"),
    (
        "경기도",
        "경기",
        "031",
        "성남시 분당구:정자동,서현동,수내동 수원시 영통구:매탄동,망포동 고양시 일산동구:장항동,마두동 용인시 수지구:풍덕천동,죽전동 화성시:반송동,능동 김포시:구래동,장기동",
    ),
    ("강원특별자치도", "강원", "033", "춘천시:퇴계동,석사동 원주시:단계동,무실동 강릉시:교동,포남동"),
    ("충청북도", "충북", "043", "청주시 흥덕구:복대동,가경동 충주시:연수동,칠금동"),
    ("충청남도", "충남", "041", "천안시 서북구:불당동,쌍용동 아산시:배방읍,탕정면"),
    ("전북특별자치도", "전북", "063", "전주시 완산구:효자동,서신동 군산시:나운동,수송동"),
    ("전라남도", "전남", "061", "여수시:학동,여서동 순천시:연향동,조례동"),
    ("경상북도", "경북", "054", "포항시 북구:양덕동,장성동 구미시:옥계동,인동동"),
    ("경상남도", "경남", "055", "창원시 성산구:상남동,반림동 김해시:내동,장유동"),
    ("제주특별자치도", "제주", "064", "제주시:노형동,연동,이도이동 서귀포시:동홍동,강정동"),
];
const ROADS: &str = "은행나무로 솔밭로 중앙로 문화로 해오름길 월드컵로 양지로 새터로 한빛로 달맞이길 봉황로 청솔로 샘터길 버드내로 가온로 무지개로 정자일로 꽃재로 시청로 학동로 느티나무길";
const BUILDINGS: &str = "한빛아파트 푸른마을아파트 래온빌 가온오피스텔 솔내마을 행복주택 대림빌라 새한타운";

/// Someone with contact data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Family and given name.
    pub name: String,
    /// Mobile number with hyphens.
    pub mobile: String,
    /// Mail address.
    pub email: String,
    /// Road address with unit.
    pub address: String,
    /// Postal code.
    pub zip: String,
}

fn word<'a>(rng: &mut Rng, list: &'a str) -> &'a str {
    let words: Vec<&str> = list.split_whitespace().collect();
    words[rng.below(words.len())]
}

impl Person {
    /// Draws a person.
    pub fn draw(rng: &mut Rng) -> Self {
        let zip = format!("{:05}", rng.range(1000, 63_999));
        Self {
            name: name(rng),
            mobile: plain_mobile(rng),
            email: email(rng),
            address: address(rng, false),
            zip,
        }
    }
}

/// A name such as 김서연.
pub fn name(rng: &mut Rng) -> String {
    format!("{}{}", word(rng, SURNAMES), word(rng, GIVEN))
}

/// The name of a bank.
pub fn bank(rng: &mut Rng) -> String {
    word(rng, BANKS).to_owned()
}

fn plain_mobile(rng: &mut Rng) -> String {
    format!("010-{}{}-{}", rng.range(2, 9), rng.digits(3), rng.digits(4))
}

/// A mobile number, most often this one, in one of the ways in which people write it.
pub fn mobile(rng: &mut Rng, own: &str) -> String {
    let number = if rng.percent(70) { own.to_owned() } else { plain_mobile(rng) };
    let parts: Vec<&str> = number.split('-').collect();
    let join = |sep: &str| parts.join(sep);
    match rng.below(20) {
        0..=9 => number,
        10..=12 => join(""),
        13 | 14 => join(" "),
        15 | 16 => join("."),
        17 => format!("+82 10-{}-{}", parts[1], parts[2]),
        18 => join("–"),
        _ => join("-").chars().map(|c| c.to_digit(10).map_or('－', full_width)).collect(),
    }
}

fn full_width(digit: u32) -> char {
    char::from_u32('０' as u32 + digit).expect("ten digits in a row")
}

fn separated(rng: &mut Rng, parts: &[String]) -> String {
    parts.join(*rng.pick(&["-", "-", "-", "-", "", " ", "."]))
}

fn email(rng: &mut Rng) -> String {
    let tail = ["", ".", "_"][rng.below(3)];
    let number = rng.range(1, 9999);
    match rng.below(3) {
        0 => format!("{}{number}@{}", word(rng, MAIL_WORDS), word(rng, MAIL_HOSTS)),
        1 => format!("{}{tail}{}@{}", word(rng, MAIL_WORDS), word(rng, MAIL_WORDS), word(rng, MAIL_HOSTS)),
        _ => format!(
            "{}{tail}{}{}@{}",
            word(rng, MAIL_WORDS),
            word(rng, MAIL_WORDS),
            number % 100,
            word(rng, MAIL_HOSTS)
        ),
    }
}

/// An address; `loose` also gives the short and the lot forms that people write in messages.
pub fn address(rng: &mut Rng, loose: bool) -> String {
    let (full, short, _, districts) = *rng.pick(PLACES);
    let districts: Vec<(&str, Vec<&str>)> = split_districts(districts);
    let (district, wards) = rng.pick(&districts).clone();
    let city = if loose && rng.percent(60) { short } else { full };
    let unit = match rng.below(5) {
        0 => String::new(),
        1 => format!(" {}층", rng.range(1, 12)),
        2 => format!(
            " {} {}동 {}호",
            word(rng, BUILDINGS),
            rng.range(101, 120),
            rng.range(1, 24) * 100 + rng.range(1, 6)
        ),
        3 => format!(" {}호", rng.range(2, 15) * 100 + rng.range(1, 12)),
        _ => format!(" {}동 {}호", rng.range(101, 120), rng.range(1, 24) * 100 + rng.range(1, 6)),
    };
    let place = if loose && rng.percent(30) {
        let mountain = if rng.percent(10) { "산" } else { "" };
        let tail = if rng.percent(40) { "번지" } else { "" };
        format!("{} {mountain}{}-{}{tail}", rng.pick(&wards), rng.range(1, 999), rng.range(1, 40))
    } else {
        let lane = if rng.percent(25) { format!("{}번길 ", rng.range(2, 90)) } else { String::new() };
        let tail = if rng.percent(30) { format!("-{}", rng.range(1, 30)) } else { String::new() };
        let road = word(rng, ROADS);
        let lane = if road.ends_with('로') { lane } else { String::new() };
        format!("{road}{}{lane}{}{tail}", if lane.is_empty() { " " } else { "" }, rng.range(1, 399))
    };
    let comma = if !unit.is_empty() && rng.percent(30) { "," } else { "" };
    format!("{city} {district} {place}{comma}{unit}")
}

fn split_districts(text: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
    // A district may hold a blank (성남시 분당구), so entries end at the last ward before a blank.
    let mut out = Vec::new();
    let mut start = 0;
    while let Some(colon) = text[start..].find(':').map(|i| start + i) {
        let end = text[colon..].find(' ').map_or(text.len(), |i| colon + i);
        out.push((text[start..colon].trim(), text[colon + 1..end].split(',').collect()));
        start = end;
    }
    out
}

/// A datum of the named kind as written in a message. `own` is whose message it is.
/// None for a kind that is not known here.
pub fn datum(kind: &str, rng: &mut Rng, own: &Person) -> Option<String> {
    Some(match kind {
        "person" => own.name.clone(),
        "mobile" => mobile(rng, &own.mobile),
        "landline" => landline(rng),
        "voip" => {
            let parts = ["070".to_owned(), format!("{}{}", rng.range(2, 8), rng.digits(3)), rng.digits(4)];
            separated(rng, &parts)
        }
        "safe_number" => {
            let parts = [format!("050{}", rng.range(2, 8)), rng.digits(4), rng.digits(4)];
            separated(rng, &parts)
        }
        "toll_free" => format!("080-{}-{}", rng.range(200, 899), rng.digits(4)),
        "foreign_phone" => {
            format!("+1 {}-{}-{}", rng.pick(&[213, 415, 206, 646]), rng.range(200, 999), rng.digits(4))
        }
        "resident" => resident(rng, false),
        "foreigner" => resident(rng, true),
        "corporate" => corporate(rng),
        "business" => business(rng),
        "driver_licence" => {
            format!("{}-{:02}-{}-{}", rng.range(11, 26), rng.range(0, 24), rng.digits(6), rng.digits(2))
        }
        "passport" => passport(rng),
        "account" => account(rng),
        "card" => card(rng),
        "address" if rng.percent(60) => own.address.clone(),
        "address" => address(rng, true),
        "email" if rng.percent(70) => own.email.clone(),
        "email" => email(rng),
        "url" => url(rng),
        "ip" => ip(rng),
        "mac" => mac(rng),
        "plate" => plate(rng),
        _ => return None,
    })
}

fn landline(rng: &mut Rng) -> String {
    let (_, _, area, _) = *rng.pick(PLACES);
    let middle = if rng.percent(50) { rng.range(200, 899) } else { rng.range(2000, 8999) };
    match rng.below(6) {
        0 => format!("{area}){middle}-{}", rng.digits(4)),
        1 => format!("({area}) {middle}-{}", rng.digits(4)),
        2 => format!("{area}{middle}{}", rng.digits(4)),
        3 => format!("{area} {middle} {}", rng.digits(4)),
        _ => format!("{area}-{middle}-{}", rng.digits(4)),
    }
}

fn resident(rng: &mut Rng, foreigner: bool) -> String {
    let (year, month) = (rng.range(1945, 2007), rng.range(1, 12));
    let last = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
    let century = if year < 2000 { 1 } else { 3 };
    let sex = century + rng.range(0, 1) + if foreigner { 4 } else { 0 };
    let head = format!("{:02}{month:02}{:02}", year % 100, rng.range(1, last));
    let tail = format!("{sex}{}", rng.digits(6));
    head + *rng.pick(&["-", "-", "-", "-", " - ", "", " "]) + &tail
}

fn corporate(rng: &mut Rng) -> String {
    let head = format!("{}{}", rng.pick(&["110111", "131111", "180111", "120111"]), rng.digits(6));
    let sum: u32 = head.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * (1 + i as u32 % 2)).sum();
    let check = (10 - sum % 10) % 10;
    let sep = rng.pick(&["-", "-", ""]);
    format!("{}{sep}{}{check}", &head[..6], &head[6..])
}

fn business(rng: &mut Rng) -> String {
    let head = format!("{}{:02}{}", rng.range(101, 899), rng.range(1, 89), rng.digits(4));
    let weights = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let digits: Vec<u32> = head.bytes().map(|b| u32::from(b - b'0')).collect();
    let sum: u32 = digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() + digits[8] * 5 / 10;
    let check = (10 - sum % 10) % 10;
    let sep = *rng.pick(&["-", "-", "-", ""]);
    format!("{}{sep}{}{sep}{}{check}", &head[..3], &head[3..5], &head[5..])
}

fn passport(rng: &mut Rng) -> String {
    let letter = *rng.pick(&['M', 'M', 'M', 'S', 'R', 'D']);
    if rng.percent(50) {
        format!("{letter}{}", rng.digits(8))
    } else {
        format!("{letter}{}{}{}", rng.digits(3), *rng.pick(&['A', 'B', 'C', 'D']), rng.digits(4))
    }
}

fn account(rng: &mut Rng) -> String {
    let shapes: [&[usize]; 6] = [&[6, 2, 6], &[3, 3, 6], &[4, 3, 6], &[4, 2, 7], &[3, 4, 4, 2], &[3, 6, 5]];
    let shape = *rng.pick(&shapes);
    let parts: Vec<String> = shape
        .iter()
        .enumerate()
        .map(
            |(i, n)| {
                if i == 0 { format!("{}{}", rng.range(1, 9), rng.digits(n - 1)) } else { rng.digits(*n) }
            },
        )
        .collect();
    parts.join(*rng.pick(&["-", "-", "-", "", " "]))
}

fn card(rng: &mut Rng) -> String {
    let mut digits = format!("{}{}", rng.pick(&["4", "51", "52", "54", "55", "9"]), rng.digits(14));
    digits.truncate(15);
    let sum: u32 = digits
        .bytes()
        .enumerate()
        .map(|(i, b)| {
            let d = u32::from(b - b'0') * if i % 2 == 0 { 2 } else { 1 };
            if d > 9 { d - 9 } else { d }
        })
        .sum();
    digits.push(char::from(b'0' + ((10 - sum % 10) % 10) as u8));
    let sep = *rng.pick(&["-", "-", " ", ""]);
    [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]].join(sep)
}

fn url(rng: &mut Rng) -> String {
    let id = format!("{}{}", word(rng, MAIL_WORDS), rng.range(10, 9999));
    match rng.below(4) {
        0 => format!("https://blog.naver.com/{id}"),
        1 => format!("https://www.instagram.com/{id}/"),
        2 => format!("https://shop.example.com/my/orders?member_id={id}&no={}", rng.range(1000, 99_999)),
        _ => format!("http://photo.example.co.kr/u/{id}/album"),
    }
}

fn ip(rng: &mut Rng) -> String {
    if rng.percent(15) {
        return format!(
            "2001:db8:{:x}:{:x}::{:x}",
            rng.range(1, 65_535),
            rng.range(1, 65_535),
            rng.range(1, 255)
        );
    }
    format!(
        "{}.{}.{}.{}",
        rng.pick(&[58, 112, 121, 175, 211, 220]),
        rng.range(1, 254),
        rng.range(0, 255),
        rng.range(2, 254)
    )
}

fn mac(rng: &mut Rng) -> String {
    let sep = *rng.pick(&[":", "-"]);
    let bytes: Vec<String> = (0..6).map(|_| format!("{:02X}", rng.below(256))).collect();
    bytes.join(sep)
}

fn plate(rng: &mut Rng) -> String {
    let letter = *rng.pick(&[
        "가", "나", "다", "라", "마", "거", "너", "더", "러", "머", "버", "서", "어", "저", "고", "노", "도",
        "로", "모", "보", "소", "오", "조", "구", "누", "두", "루", "무", "부", "수", "우", "주", "하", "허",
        "호",
    ]);
    let blank = *rng.pick(&[" ", ""]);
    match rng.below(8) {
        0 => format!("서울{}{letter}{blank}{}", rng.range(11, 79), rng.digits(4)),
        1..=3 => format!("{}{letter}{blank}{}", rng.range(11, 79), rng.digits(4)),
        _ => format!("{}{letter}{blank}{}", rng.range(100, 799), rng.digits(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_hold() {
        let mut rng = Rng::new(3);
        for _ in 0..200 {
            let digits = |s: &str| {
                s.bytes().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0')).collect::<Vec<_>>()
            };
            let card = digits(&card(&mut rng));
            let luhn: u32 = card
                .iter()
                .rev()
                .enumerate()
                .map(|(i, d)| if i % 2 == 1 { d * 2 / 10 + d * 2 % 10 } else { *d })
                .sum();
            assert_eq!((card.len(), luhn % 10), (16, 0));
            let b = digits(&business(&mut rng));
            let sum: u32 = b[..9].iter().zip([1, 3, 7, 1, 3, 7, 1, 3, 5]).map(|(d, w)| d * w).sum::<u32>()
                + b[8] * 5 / 10
                + b[9];
            assert_eq!((b.len(), sum % 10), (10, 0));
        }
    }

    #[test]
    fn districts_keep_their_city() {
        let found = split_districts("성남시 분당구:정자동,서현동 화성시:반송동");
        assert_eq!(found, [("성남시 분당구", vec!["정자동", "서현동"]), ("화성시", vec!["반송동"])]);
    }

    #[test]
    fn every_kind_has_values() {
        let mut rng = Rng::new(5);
        let own = Person::draw(&mut rng);
        for kind in super::super::plant::KINDS {
            if !matches!(*kind, "order_number" | "tracking_number") {
                assert!(!datum(kind, &mut rng, &own).unwrap().is_empty());
            }
        }
        assert_eq!(datum("nonsense", &mut rng, &own), None);
    }
}
