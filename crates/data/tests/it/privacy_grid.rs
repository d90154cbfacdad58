//! Every checkable kind × separators × what follows × what stands around × labelled or not; and what is none.

use data::privacy::{Entity, EntitySet, MaskConfig, Masker};

/// A small generator of numbers, so that the grid is the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % bound
    }
    fn digits(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b'0' + self.below(10) as u8)).collect()
    }
}

fn masker() -> Masker {
    Masker::new(MaskConfig { entities: EntitySet::every(), ..MaskConfig::default() }).unwrap()
}

/// Groups joined by a separator.
fn joined(groups: &[String], sep: &str) -> String {
    groups.join(sep)
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xFEE0).unwrap() } else { c })
        .collect()
}

/// A number with its separators as people write them.
fn written(groups: &[String], seps: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = seps.iter().map(|s| joined(groups, s)).collect();
    if seps.contains(&"-") {
        all.push(full_width(&joined(groups, "-")));
        all.push(joined(groups, "-").replacen('-', "-\n", 1));
        let mut zero_width = joined(groups, "-");
        zero_width.insert(1, '\u{200B}');
        all.push(zero_width);
    }
    all
}

const ANY: [&str; 9] = ["-", ".", " ", "", "‐", "–", "—", "ㅡ", " - "];

/// Sentences around a value, `{}` where it stands.
const AROUND: [&str; 14] = [
    "{}",
    "{}로 보내 주세요",
    "{}입니다.",
    "제 것은 {}이에요",
    "확인({}) 부탁드려요",
    "| 접수 | {} | 완료 |",
    "{}\n다음 줄입니다",
    "앞 줄입니다\n{}",
    "\"{}\"",
    "{}, 그리고 다른 말",
    "바꿔 주세요:{}",
    "<b>{}</b>",
    "{}은 안 되나요?",
    "이전 것은 {}이었고",
];

/// Values that must be found whole, as this kind.
fn check(entity: Entity, values: &[String], labels: &[&str], bare_too: bool) {
    let masker = masker();
    let mut missed = Vec::new();
    let mut n = 0;
    for value in values {
        for around in AROUND {
            let heads = labels.iter().copied().chain(bare_too.then_some(""));
            for label in heads {
                let text = around.replace("{}", &format!("{label}{value}"));
                let at = text.find(value.as_str()).unwrap();
                let masked = masker.mask(&text);
                n += 1;
                let hit = masked
                    .spans
                    .iter()
                    .any(|s| s.entity == entity && s.range.start <= at && s.range.end >= at + value.len());
                if !hit {
                    missed.push(format!("{text:?} → {:?}", masked.text));
                }
            }
        }
    }
    let recall = 1.0 - missed.len() as f64 / n as f64;
    println!("{:<16} {n:>6} written, recall {recall:.5}", entity.name());
    missed.truncate(12);
    assert!(recall >= 0.999, "{}: recall {recall:.5}\n{}", entity.name(), missed.join("\n"));
}

fn check_resident(gender: &[u8], entity: Entity, labels: &[&str]) {
    let mut draw = Draw(7);
    let mut values = Vec::new();
    for i in 0..24 {
        let g = gender[i % gender.len()];
        let old = matches!(g, 1 | 2 | 5 | 6);
        let year = if old { 30 + draw.below(70) } else { draw.below(26) };
        let head = format!("{year:02}{:02}{:02}", 1 + draw.below(12), 1 + draw.below(28));
        let tail = format!("{g}{}", draw.digits(6));
        values.extend(written(&[head, tail], &ANY));
    }
    check(entity, &values, labels, true);
}

#[test]
fn resident_numbers() {
    check_resident(&[1, 2, 3, 4], Entity::Resident, &["주민번호 ", "주민등록번호: "]);
}

#[test]
fn foreigner_numbers() {
    check_resident(&[5, 6, 7, 8], Entity::Foreigner, &["외국인등록번호 ", "외국인등록번호는 "]);
}

/// Appends the digit for which the check holds.
fn with_check(head: &str, weights: &[u32], extra: impl Fn(&[u32]) -> u32) -> String {
    let d: Vec<u32> = head.bytes().map(|b| u32::from(b - b'0')).collect();
    let sum: u32 = d.iter().zip(weights.iter().cycle()).map(|(a, b)| a * b).sum::<u32>() + extra(&d);
    format!("{head}{}", (10 - sum % 10) % 10)
}

#[test]
fn business_numbers() {
    let mut draw = Draw(11);
    let values: Vec<String> = (0..40)
        .flat_map(|_| {
            let head = format!("{}{:02}{}", 101 + draw.below(60), 1 + draw.below(98), draw.digits(4));
            let all = with_check(&head, &[1, 3, 7, 1, 3, 7, 1, 3, 5], |d| d[8] * 5 / 10);
            written(&[all[..3].into(), all[3..5].into(), all[5..].into()], &ANY)
        })
        .collect();
    check(Entity::Business, &values, &["사업자등록번호 ", "사업자번호: "], true);
}

#[test]
fn corporate_numbers() {
    let mut draw = Draw(13);
    let values: Vec<String> = (0..30)
        .flat_map(|_| {
            let head = format!(
                "{}11{:07}",
                ["1101", "1301", "2101", "1801"][draw.below(4) as usize],
                draw.below(500_000)
            );
            let all = with_check(&head[..12], &[1, 2], |_| 0);
            written(&[all[..6].into(), all[6..].into()], &["-", " ", "–"])
        })
        .collect();
    check(Entity::Corporate, &values, &["법인등록번호 ", "법인번호: "], true);
}

#[test]
fn cards() {
    let mut draw = Draw(17);
    let mut values = Vec::new();
    for i in 0..40 {
        let head = format!("{}{}", ["4", "51", "54", "9410", "6210", "3560"][i % 6], draw.digits(15));
        let head = &head[..15];
        // Luhn: every second digit from the right of the whole number counts double.
        let sum: u32 = head
            .bytes()
            .enumerate()
            .map(|(i, b)| {
                let d = u32::from(b - b'0');
                if i % 2 == 0 { d * 2 / 10 + d * 2 % 10 } else { d }
            })
            .sum();
        let all = format!("{head}{}", (10 - sum % 10) % 10);
        values
            .extend(written(&[all[..4].into(), all[4..8].into(), all[8..12].into(), all[12..].into()], &ANY));
    }
    check(Entity::Card, &values, &["카드번호 ", "신용카드: "], true);
}

#[test]
fn licences() {
    let mut draw = Draw(19);
    let groups: Vec<[String; 4]> = (0..30)
        .map(|i| {
            let region = if i % 17 == 16 { 28 } else { 11 + i % 16 };
            [region.to_string(), draw.digits(2), draw.digits(6), draw.digits(2)]
        })
        .collect();
    let apart: Vec<String> = groups.iter().flat_map(|g| written(g, &["-", ".", " ", "–", "ㅡ"])).collect();
    check(Entity::DriverLicence, &apart, &["운전면허 ", "면허번호: "], true);
    let bare: Vec<String> = groups.iter().map(|g| joined(g, "")).collect();
    check(Entity::DriverLicence, &bare, &["운전면허 ", "면허번호: "], false);
}

#[test]
fn passports() {
    let mut draw = Draw(23);
    let values: Vec<String> = (0..40)
        .map(|i| {
            let letter = ["M", "S", "R", "O", "D"][i % 5];
            if i % 2 == 0 {
                format!("{letter}{}", draw.digits(8))
            } else {
                format!("{letter}{}A{}", draw.digits(3), draw.digits(4))
            }
        })
        .collect();
    check(Entity::Passport, &values, &["여권번호 ", "passport no: ", "여권은 "], false);
}

fn phones(prefixes: &[&str], middles: &[usize]) -> Vec<String> {
    let mut draw = Draw(29);
    let mut values = Vec::new();
    for prefix in prefixes {
        for &middle in middles {
            let exchange = format!("{}{}", 2 + draw.below(8), draw.digits(middle - 1));
            values.extend(written(&[(*prefix).into(), exchange, draw.digits(4)], &ANY));
        }
    }
    values
}

#[test]
fn telephones() {
    let labels = ["연락처 ", "전화번호: ", "휴대폰은 ", "tel. "];
    check(Entity::Mobile, &phones(&["010", "010", "010"], &[4]), &labels, true);
    check(Entity::Mobile, &phones(&["011", "016", "017", "018", "019"], &[3, 4]), &labels, true);
    let areas = [
        "02", "031", "032", "033", "041", "042", "043", "044", "051", "052", "053", "054", "055", "061",
        "062", "063", "064",
    ];
    check(Entity::Landline, &phones(&areas, &[3, 4]), &labels, true);
    check(Entity::Voip, &phones(&["070"], &[4]), &labels, true);
    check(Entity::SafeNumber, &phones(&["0502", "0503", "0505", "0507", "0508"], &[4]), &labels, true);
    check(Entity::TollFree, &phones(&["080"], &[3]), &labels, true);
    let abroad: Vec<String> = [
        "+82 10-1234-5678",
        "+82-10-1234-5678",
        "+821012345678",
        "82-10-1234-5678",
        "+82(0)10-1234-5678",
        "+82 (0)10 1234 5678",
        "0082-10-1234-5678",
        "(+82)10-1234-5678",
    ]
    .map(String::from)
    .to_vec();
    check(Entity::Mobile, &abroad, &labels, true);
    let broken = [
        "010-12\n34-5678",
        "010-1234\n5678",
        "(010)1234-5678",
        "010)1234-5678",
        "010(1234)5678",
        "010/1234/5678",
        "⓪①⓪-①②③④-⑤⑥⑦⑧",
    ];
    check(Entity::Mobile, &broken.map(String::from), &labels, true);
    let representative = ["1588-1234", "1644 5678", "1899-0000"].map(String::from);
    check(Entity::Representative, &representative, &["대표전화 "], true);
}

#[test]
fn accounts_need_a_bank() {
    let mut draw = Draw(31);
    let shapes: [&[usize]; 10] = [
        &[3, 3, 6],
        &[3, 2, 6],
        &[6, 2, 6],
        &[4, 3, 6],
        &[4, 2, 7],
        &[3, 6, 5],
        &[3, 4, 4, 2],
        &[3, 6, 2, 3],
        &[4, 4, 4],
        &[3, 2, 4, 3],
    ];
    let values: Vec<String> = shapes
        .iter()
        .flat_map(|shape| {
            let mut groups: Vec<String> = shape.iter().map(|&n| draw.digits(n)).collect();
            groups[0].replace_range(..1, "1");
            written(&groups, &["-", " ", "", "–"])
        })
        .collect();
    let labels = ["신한은행 ", "계좌번호: ", "환불 계좌 국민 ", "농협 ", "입금 계좌는 ", "카카오뱅크 "];
    let masker = masker();
    let mut missed = Vec::new();
    let mut n = 0;
    for value in &values {
        for label in labels {
            let text = format!("{label}{value}으로 부탁드려요");
            n += 1;
            // A number that is also a card or a date of birth is that.
            let whole = masker.mask(&text).spans.iter().any(|s| s.range.len() >= value.len());
            if !whole {
                missed.push(format!("{text:?} → {}", masker.mask(&text).text));
            }
        }
        let after = format!("{value} 신한은행 김민수");
        n += 1;
        if masker.mask(&after).spans.is_empty() {
            missed.push(after);
        }
    }
    let recall = 1.0 - missed.len() as f64 / f64::from(n);
    println!("account          {n:>6} written, recall {recall:.5}");
    missed.truncate(10);
    assert!(recall >= 0.98, "{recall}\n{}", missed.join("\n"));
}

#[test]
fn network_addresses() {
    let emails = [
        "hong@example.com",
        "kim.minsu+shop@naver.com",
        "a_b-c@mail.company.co.kr",
        "Hong123@gmail.com",
        "x@y.io",
    ];
    check(Entity::Email, &emails.map(String::from), &["이메일 ", "메일주소: ", "e-mail:"], true);
    let full = emails.map(full_width);
    check(Entity::Email, &full, &["이메일 "], true);
    check(Entity::Email, &["hong[at]example.com", "hong(at)example.com"].map(String::from), &["메일 "], true);
    let ips = [
        "192.168.0.1",
        "8.8.8.8",
        "203.0.113.45",
        "255.255.255.0",
        "2001:db8::8a2e:370:7334",
        "fe80::1ff:fe23:4567:890a",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
    ];
    check(Entity::Ip, &ips.map(String::from), &["IP ", "접속 IP: "], true);
    let macs = ["00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5e", "aa:bb:cc:dd:ee:ff"];
    check(Entity::Mac, &macs.map(String::from), &["MAC ", "맥주소: "], true);
    let urls = [
        "https://shop.example.com/user/hong123",
        "https://example.com/?uid=1234",
        "http://example.com/a?x=1&email=h@e.com",
        "https://blog.naver.com/hong_gd",
        "instagram.com/hong_gd",
        "https://example.com/@hong",
    ];
    check(Entity::Url, &urls.map(String::from), &["주소 ", "링크: "], true);
}

#[test]
fn plates() {
    let tight =
        ["12가3456", "123나4567", "01허2345", "서울12바3456", "99호1234", "345조6789"].map(String::from);
    check(Entity::Plate, &tight, &["차량번호 ", "차번호: "], true);
    let spaced = ["12가 3456", "서울 12가 3456", "경기 34나 5678", "123러 4567"].map(String::from);
    check(Entity::Plate, &spaced, &["차량번호 ", "차 번호는 "], true);
}

#[test]
fn what_is_nobodys_stays() {
    let masker = Masker::new(MaskConfig::default()).unwrap();
    let mut draw = Draw(37);
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..60 {
        let (a, b, c) = (draw.digits(4), draw.digits(6), draw.digits(7));
        let day = format!("2024{:02}{:02}", 1 + draw.below(12), 1 + draw.below(28));
        let (month, date, hour, minute) =
            (1 + draw.below(12), 1 + draw.below(28), draw.below(24), draw.below(60));
        texts.extend([
            format!("주문번호 {day}-{c} 확인 부탁드려요"),
            format!("주문번호 {day}{b}입니다"),
            format!("주문번호는 ORD-{day}-{b}이에요"),
            format!("상품번호 {}{a} 재입고 되나요?", draw.digits(6)),
            format!("상품코드: {a}-{b}"),
            format!("운송장번호 {}-{}-{}", draw.digits(4), draw.digits(4), draw.digits(4)),
            format!("송장 {}", draw.digits(12)),
            format!("{}원 결제했는데 {}원만 환불", draw.digits(7), draw.digits(5)),
            format!("총 1,{}원입니다", draw.digits(3)),
            format!("2024.{month}.{date} {hour:02}:{minute:02} 접수"),
            format!("2024-{month:02}-{date:02}T{hour:02}:{minute:02}:00Z"),
            format!("24년 {month}월 {date}일 {hour}시 {minute}분"),
            format!("바코드 880{}", draw.digits(10)),
            format!("ISBN 978-89-{}-{}-{}", draw.digits(4), draw.digits(3), draw.digits(1)),
            format!("버전 {}.{}.{}.{}", draw.below(20), draw.below(20), draw.below(20), draw.below(200)),
            format!("v{}.{}.{} 업데이트", draw.below(20), draw.below(20), draw.below(200)),
            format!("모델명 SM-{}N, 시리얼 R{}", draw.digits(4), draw.digits(9)),
            format!("{}호 태풍, {}동 매장", draw.below(30), draw.below(9) + 1),
            format!("제{}조 제{}항에 따라", draw.below(99) + 1, draw.below(9) + 1),
            format!("{}개월 {}% 할인, {}kg", draw.below(12) + 1, draw.below(90), draw.below(100)),
            format!("조회수 {}회, 포인트 {}점", draw.digits(10), draw.digits(6)),
            format!("게시글 {} 참고", draw.digits(10)),
            format!("https://example.com/product/{}", draw.digits(8)),
            format!("{hour:02}:{minute:02}~{:02}:00 운영", (hour + 1) % 24),
            format!("사이즈 {}-{}-{}", draw.below(100), draw.below(100), draw.below(100)),
            format!("예약번호 {}", draw.digits(8)),
            format!("쿠폰 {}-{}-{}", draw.digits(4), draw.digits(4), draw.digits(4)),
            format!("{}번 출구에서 {}분", 1 + draw.below(9), draw.below(60)),
        ]);
    }
    let wrong: Vec<String> = texts
        .iter()
        .filter(|t| !masker.mask(t).spans.is_empty())
        .map(|t| format!("{t:?} → {}", masker.mask(t).text))
        .collect();
    let share = wrong.len() as f64 / texts.len() as f64;
    println!("hard negatives   {:>6} texts, masked {share:.5}", texts.len());
    assert!(share <= 0.002, "{share}\n{}", wrong[..wrong.len().min(15)].join("\n"));
}
