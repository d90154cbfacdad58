//! Personal values of each kind, written into sentences. Shares nothing with the rules that are measured.

use std::ops::Range;

use super::random::Draw;

/// A text with a personal value at `span`.
pub struct Positive {
    pub text: String,
    pub span: Range<usize>,
}

/// Sentences that name what follows; `@` is the value. `#` stands for the kind's label.
const LABELLED: &[&str] = &[
    "#: @",
    "#는 @입니다.",
    "#가 @인데 맞나요?",
    "제 #(@) 확인 부탁드려요",
    "[#] @",
    "#:@로 처리해 주세요",
    "| 이름 | # |\n| 가나 | @ |",
    "#\n@\n입니다",
    "변경할 # - @",
    "# @ 로 등록되어 있어요.",
];

/// Sentences that do not.
const BARE: &[&str] = &[
    "@로 연락 주세요.",
    "@입니다",
    "(@)",
    "어제도 말했는데 @ 이거예요.",
    "확인해 주세요 @",
    "@\n빨리 좀요",
    "저는 @을 쓰고 있습니다!",
    "문의: 배송이 안 와요/@/급해요",
    "주문했는데요,@,아직입니다",
    "\"@\"라고 적었습니다.",
];

fn written(draw: &mut Draw, sentences: &[&str], label: &str, value: &str) -> Positive {
    let sentence = draw.pick(sentences).replace('#', label);
    let at = sentence.find('@').expect("a sentence has a place for the value");
    Positive { text: sentence.replacen('@', value, 1), span: at..at + value.len() }
}

fn cases(n: usize, seed: u64, mut one: impl FnMut(&mut Draw) -> Positive) -> Vec<Positive> {
    let mut draw = Draw::new(seed);
    (0..n).map(|_| one(&mut draw)).collect()
}

/// Either kind of sentence.
fn anywhere(draw: &mut Draw, label: &str, value: &str) -> Positive {
    let sentences = if draw.within(0, 1) == 0 { LABELLED } else { BARE };
    written(draw, sentences, label, value)
}

/// A birth date and the seven digits after it; each seventh digit with the years it is written for.
fn born(draw: &mut Draw, kinds: &[(&str, u64, u64)]) -> [String; 2] {
    let (seventh, first, last) = kinds[draw.next() as usize % kinds.len()];
    let date = format!("{:02}{:02}{:02}", draw.within(first, last), draw.within(1, 12), draw.within(1, 28));
    [date, format!("{seventh}{}", draw.serial(6))]
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_digit() { char::from_u32(c as u32 + 0xFEE0).expect("a digit") } else { c })
        .collect()
}

/// Parts joined the ways people write them.
fn joined(draw: &mut Draw, parts: &[String], may_be_bare: bool) -> String {
    let separators = ["-", "-", "-", " ", " - ", "–", "‐", "―", "."];
    match draw.within(0, 11) {
        0 if may_be_bare => parts.concat(),
        1 => full_width(&parts.join("-")),
        _ => {
            let separator = draw.pick(&separators);
            parts.join(separator)
        }
    }
}

pub fn resident(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let kinds = [("1", 20, 99), ("2", 20, 99), ("3", 0, 26), ("4", 0, 26), ("9", 0, 99), ("0", 0, 99)];
        let parts = born(draw, &kinds);
        let separator = draw.pick(&["-", "-", "-", " - ", "–", " "]);
        let value = match draw.within(0, 7) {
            0 => full_width(&parts.join("-")),
            1 => parts.concat(),
            _ => parts.join(separator),
        };
        let label = draw.pick(&["주민등록번호", "주민번호", "주민 번호"]);
        // Thirteen digits in a row mean nothing by themselves, and nobody of the nineteenth century writes.
        let is_old = parts[1].starts_with(['9', '0']);
        if is_old || value.chars().count() == 13 {
            written(draw, LABELLED, label, &value)
        } else {
            anywhere(draw, label, &value)
        }
    })
}

pub fn foreigner(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let value = born(draw, &[("5", 20, 99), ("6", 20, 99), ("7", 0, 26), ("8", 0, 26)]).join("-");
        let label = draw.pick(&["외국인등록번호", "외국인 등록번호"]);
        anywhere(draw, label, &value)
    })
}

pub fn business(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let body = draw.digits(9);
        let weights = [1, 3, 7, 1, 3, 7, 1, 3, 5];
        let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
        let sum: u32 = digits.iter().zip(weights).map(|(d, w)| d * w).sum::<u32>() + digits[8] * 5 / 10;
        let value = format!("{}-{}-{}{}", &body[..3], &body[3..5], &body[5..], (10 - sum % 10) % 10);
        let label = draw.pick(&["사업자등록번호", "사업자번호", "사업자 등록번호"]);
        anywhere(draw, label, &value)
    })
}

pub fn licence(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let region = draw.pick(&[
            "11", "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26",
            "28",
        ]);
        let value = format!("{region}-{:02}-{}-{}", draw.within(0, 25), draw.serial(6), draw.serial(2));
        anywhere(draw, "운전면허번호", &value)
    })
}

pub fn passport(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let value = if draw.within(0, 1) == 0 {
            format!("{}{}", draw.pick(&["M", "S", "R", "O", "D"]), draw.serial(8))
        } else {
            format!(
                "{}{}{}{}",
                draw.pick(&["M", "S"]),
                draw.serial(3),
                draw.pick(&["A", "B", "K", "Z"]),
                draw.serial(4)
            )
        };
        let label = draw.pick(&["여권번호", "여권 번호", "passport no"]);
        written(draw, LABELLED, label, &value)
    })
}

pub fn phone(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let value = phone_number(draw);
        let label = draw.pick(&["연락처", "전화번호", "휴대폰", "핸드폰 번호", "HP", "Tel"]);
        anywhere(draw, label, &value)
    })
}

fn phone_number(draw: &mut Draw) -> String {
    match draw.within(0, 9) {
        0..=3 => {
            let parts = ["010".to_string(), draw.digits(4), draw.serial(4)];
            joined(draw, &parts, true)
        }
        4 => {
            let parts =
                [draw.pick(&["011", "016", "017", "018", "019"]).to_string(), draw.digits(3), draw.serial(4)];
            joined(draw, &parts, true)
        }
        5 => {
            let parts = ["02".to_string(), draw.digits(3), draw.serial(4)];
            joined(draw, &parts, false)
        }
        6 => {
            let area = draw.pick(&[
                "031", "032", "033", "041", "042", "043", "044", "051", "052", "053", "054", "055", "061",
                "062", "063", "064",
            ]);
            let parts = [area.to_string(), draw.digits(3), draw.serial(4)];
            if draw.within(0, 3) == 0 {
                format!("{}){}-{}", parts[0], parts[1], parts[2])
            } else {
                joined(draw, &parts, false)
            }
        }
        7 => {
            let parts = ["070".to_string(), draw.digits(4), draw.serial(4)];
            joined(draw, &parts, true)
        }
        8 => {
            let parts = [format!("050{}", draw.within(2, 8)), draw.digits(4), draw.serial(4)];
            joined(draw, &parts, true)
        }
        _ => format!(
            "+82{}10{}{}-{}",
            draw.pick(&["-", " "]),
            draw.pick(&["-", " "]),
            draw.digits(4),
            draw.serial(4)
        ),
    }
}

pub fn account(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let bank = draw.pick(&[
            "국민은행",
            "신한은행",
            "우리은행",
            "하나은행",
            "농협",
            "카카오뱅크",
            "기업은행",
            "새마을금고",
            "토스뱅크",
        ]);
        let groups: &[usize] =
            [&[6, 2, 6][..], &[3, 3, 6], &[4, 3, 6], &[3, 4, 4, 2], &[4, 2, 7], &[3, 2, 6]]
                [draw.next() as usize % 6];
        let value = groups.iter().map(|g| draw.digits(*g)).collect::<Vec<_>>().join("-");
        let label = format!("{bank} {}", draw.pick(&["계좌", "계좌번호", "환불 계좌", "입금 계좌"]));
        let sentences = ["#: @", "# @ 로 환불해 주세요.", "#는 @입니다", "#(@)로 보내 주세요", "#\n@"];
        written(draw, &sentences, &label, &value)
    })
}

pub fn card(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let body = format!(
            "{}{}",
            draw.pick(&["4", "51", "52", "53", "54", "55", "9410", "3563", "6210"]),
            draw.serial(14)
        );
        let body = &body[..15];
        let sum: u32 = body
            .chars()
            .rev()
            .enumerate()
            .map(|(i, c)| {
                let d = c.to_digit(10).expect("a digit") * if i % 2 == 0 { 2 } else { 1 };
                d / 10 + d % 10
            })
            .sum();
        let number = format!("{body}{}", (10 - sum % 10) % 10);
        let separator = draw.pick(&["-", " ", "-", ""]);
        let groups: Vec<&str> = (0..4).map(|g| &number[g * 4..g * 4 + 4]).collect();
        let value = groups.join(separator);
        let label = draw.pick(&["카드번호", "카드 번호", "신용카드"]);
        if separator.is_empty() {
            written(draw, LABELLED, label, &value)
        } else {
            anywhere(draw, label, &value)
        }
    })
}

pub fn address(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let city = draw.pick(&[
            "서울특별시 강남구",
            "서울 마포구",
            "서울시 노원구",
            "부산광역시 해운대구",
            "부산 사하구",
            "대구 수성구",
            "인천 부평구",
            "광주 북구",
            "대전 유성구",
            "울산 남구",
            "경기도 성남시 분당구",
            "경기 수원시 영통구",
            "경기도 고양시 일산동구",
            "강원특별자치도 춘천시",
            "충북 청주시 흥덕구",
            "충남 천안시 서북구",
            "전북 전주시 완산구",
            "전남 순천시",
            "경북 포항시 북구",
            "경남 창원시 성산구",
            "제주특별자치도 제주시",
            "세종특별자치시",
        ]);
        let place = match draw.within(0, 2) {
            0 => format!(
                "{} {}",
                draw.pick(&["테헤란로", "중앙로", "월드컵로", "번영로", "한밭대로", "청사로", "은행나무로"]),
                draw.within(1, 400)
            ),
            1 => format!(
                "{} {}-{}",
                draw.pick(&["새싹로12번길", "무지개로3길", "가람로45번길"]),
                draw.within(1, 90),
                draw.within(1, 20)
            ),
            _ => format!(
                "{} {}-{}",
                draw.pick(&["역삼동", "중동", "상계동", "우동", "봉선동", "노은동", "효자동"]),
                draw.within(1, 900),
                draw.within(1, 40)
            ),
        };
        let unit = match draw.within(0, 3) {
            0 => format!(" {}동 {}호", draw.within(101, 120), draw.within(101, 2500)),
            1 => format!(" {}호", draw.within(101, 900)),
            2 => format!(", {}층", draw.within(1, 20)),
            _ => String::new(),
        };
        // What is measured is the part that finds the door: a floor alone is not personal.
        let core = format!("{city} {place}");
        let label = draw.pick(&["주소", "배송지", "배송 주소", "받는 곳"]);
        let sentences = [
            "#: @%",
            "#는 @%입니다.",
            "#를 @%로 바꿔 주세요.",
            "@%로 보내 주세요.",
            "[#] @%",
            "@%\n여기로 다시 보내 주실 수 있나요",
            "(@%)",
            "지금 @% 에 삽니다",
        ];
        let mut positive = written(draw, &sentences, label, &core);
        positive.text = positive.text.replacen('%', &unit, 1);
        positive
    })
}

pub fn email(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let user = draw.pick(&[
            "minsu.kim",
            "hello_77",
            "jy-park",
            "a.b.c",
            "shop+test",
            "x1",
            "customer2024",
            "Nari_Lee",
        ]);
        let host = draw.pick(&[
            "example.com",
            "mail.example.co.kr",
            "naver.com",
            "gmail.com",
            "daum.net",
            "company.io",
            "univ.ac.kr",
        ]);
        let value = format!("{user}{}\u{40}{host}", draw.within(0, 99));
        let label = draw.pick(&["이메일", "메일", "E-mail", "메일 주소"]);
        let sentences = if draw.within(0, 1) == 0 { LABELLED } else { BARE };
        written(draw, sentences, label, &value)
    })
}

pub fn ip(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let value = format!(
            "{}.{}.{}.{}",
            draw.within(11, 223),
            draw.within(0, 255),
            draw.within(0, 255),
            draw.within(1, 254)
        );
        let label = draw.pick(&["IP", "접속 IP", "IP 주소", "ip"]);
        written(draw, LABELLED, label, &value)
    })
}

pub fn mac(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let separator = draw.pick(&[":", "-"]);
        let value =
            (0..6).map(|_| format!("{:02X}", draw.within(0, 255))).collect::<Vec<_>>().join(separator);
        // Six pairs of plain digits are anything.
        let is_hexadecimal = value.contains(|c: char| c.is_ascii_uppercase());
        let sentences = if is_hexadecimal && draw.within(0, 1) == 0 { BARE } else { LABELLED };
        written(draw, sentences, "MAC 주소", &value)
    })
}

pub fn plate(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let letter = draw.pick(&[
            "가", "나", "다", "라", "마", "거", "너", "더", "러", "머", "버", "서", "어", "저", "고", "노",
            "도", "로", "모", "보", "소", "오", "조", "구", "누", "두", "루", "무", "부", "수", "우", "주",
            "허", "하", "호",
        ]);
        let value = format!("{}{letter}{}{}", draw.within(10, 399), draw.pick(&["", " "]), draw.serial(4));
        let label = draw.pick(&["차량번호", "차 번호", "차량 번호"]);
        anywhere(draw, label, &value)
    })
}

const SURNAMES: &[&str] = &[
    "김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황", "안",
    "송", "류", "전", "홍", "고", "문", "양", "손", "배", "백", "허", "남", "심", "노", "하", "곽", "성",
    "차", "주", "우", "구", "민", "유", "나", "지", "엄", "채", "원", "천", "방", "남궁", "황보", "제갈",
    "선우",
];

const GIVEN: &[&str] = &[
    "민준", "서연", "도윤", "하은", "지호", "수아", "예준", "지우", "건우", "서현", "현우", "유진", "준서",
    "다은", "지훈", "은서", "승현", "가은", "동현", "수빈", "영희", "철수", "정숙", "영수", "미경", "성호",
    "은주", "상철", "경자", "순자", "재석", "혜교", "보검", "나래", "슬기", "한결", "아름", "솔", "찬",
    "빛나",
];

pub fn name(n: usize, seed: u64) -> Vec<Positive> {
    cases(n, seed, |draw| {
        let value = format!("{}{}", draw.pick(SURNAMES), draw.pick(GIVEN));
        let sentences = [
            "@님, 확인했습니다.",
            "@ 고객님 안녕하세요.",
            "성명: @",
            "이름: @\n연락 주세요",
            "받는 분: @",
            "입금자명: @",
            "저는 @입니다.",
            "제 이름은 @이고요",
            "예금주 @",
            "주문자: @ / 상품: 컵",
            "@ 씨가 받았다고 합니다",
            "수령인 @ 으로 바꿔 주세요",
            "담당자 @ 대리와 통화했어요",
            "@님께서 주문하신 상품",
            "보내는 사람: @",
            "| 성함 | @ |",
        ];
        written(draw, &sentences, "", &value)
    })
}
