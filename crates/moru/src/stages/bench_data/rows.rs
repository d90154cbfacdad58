//! Generated rows: support talk with personal data, greetings, filler, remains of HTML and rows that are
//! to be refused. The same row for the same number.

use std::io::Write;
use std::path::Path;

use chat::seeded;

/// Openings that cleaning removes.
const GREETINGS: [&str; 5] =
    ["안녕하세요.", "안녕하세요 담당자님,", "수고 많으십니다.", "반갑습니다.", "안녕하세요!!"];

/// Endings that cleaning removes.
const CLOSINGS: [&str; 5] =
    ["감사합니다.", "빠른 답변 부탁드립니다.", "수고하세요.", "좋은 하루 되세요.", "감사합니다!!!"];

/// Sentences of a question. A name in braces is filled by [`Draw::slot`].
const SENTENCES: [&str; 36] = [
    "{date}에 주문한 {color} {item} 상품이 아직 도착하지 않았습니다.",
    "주문번호는 {stamp}-{d6}입니다.",
    "운송장 번호 6{d3}-{d4}-{d4}로 조회하면 {city}에 {n1}일째 머물러 있다고 나와요.",
    "배송지를 {city} 쪽으로 바꾸고 싶은데 어떻게 하면 되나요?",
    "{item} 가격이 {money}원에서 {money}원으로 올랐던데 이유가 궁금합니다!!",
    "제 연락처는 010-{d4}-{d4}입니다.",
    "휴대폰 010{d4}{d4}로 문자 남겨 주세요.",
    "급하면 010.{d4}.{d4} 쪽이 더 빨라요.",
    "회사 번호 02-{n3}-{d4}로 걸어 주셔도 됩니다.",
    "매장 전화 031-{n3}-{d4}는 계속 통화 중이네요ㅠㅠ",
    "메일은 {user}{n3}@example.com으로 보내 주세요.",
    "영수증을 {user}.{user}@mail.example.org 앞으로 받을 수 있을까요?",
    "받는 주소는 {address}입니다.",
    "{address}로 다시 보내 주실 수 있나요?",
    "본인 확인에 주민등록번호 {born}-{sex}{d6}도 필요한가요?",
    "결제한 카드는 {card}이고 할부는 {n1}개월이에요.",
    "환불 계좌는 국민은행 {d6}-{d2}-{d6}입니다.",
    "지난주에 산 {item}의 {color} 색이 사진과 많이 다릅니다.",
    "교환 신청을 했는데 진행 상태가 그대로예요ㅠㅠㅠ",
    "쿠폰 {n2}장이 {item} 결제에 적용되지 않아요.",
    "포인트 {money}점은 언제까지 쓸 수 있나요?",
    "{item} 크기가 {n2}센티미터인지 {n2}센티미터인지 설명마다 달라요.",
    "세탁을 {n1}번 했더니 {color} 물이 빠졌습니다.",
    "설명서 {n2}쪽에 적힌 대로 했는데 {item} 전원이 켜지지 않습니다.",
    "앱 버전 {n1}.{n2}.{n1}에서 {item} 목록이 비어 있어요ㅋㅋㅋ",
    "회원 등급이 {date}부터 낮아졌다는데 기준을 알고 싶습니다.",
    "{item} 재입고는 {date} 이전에 되나요??",
    "선물 포장을 {n1}개만 따로 할 수 있는지 확인 바라며 색은 {color}이면 좋겠습니다.",
    "{date} 오후 {n1}시에 방문 설치를 예약했는데 기사님이 오지 않았습니다.",
    "같은 {item} 상품을 {n1}개 샀는데 하나만 왔어요...",
    "상자가 찢어져 있었고 {color} {item} 모서리에 흠집이 있습니다.",
    "무료 배송 기준이 {money}원인데 배송비가 왜 붙었을까요?",
    "이벤트 당첨 문자를 {date}에 받았지만 {item} 쿠폰이 보이지 않아요~~~",
    "반품 상자는 {city}에 있는 편의점에 맡겨도 되나요?",
    "비밀번호를 {n1}번 틀려서 로그인이 잠겼습니다.",
    "{item} 부품만 {money}원에 따로 살 수 있는지 궁금해요.",
];

/// Filler of an answer that cleaning removes.
const FILLER: [&str; 4] = [
    "문의해 주셔서 감사합니다.",
    "항상 저희 쇼핑몰을 이용해 주셔서 감사합니다.",
    "이용에 불편을 드려 죄송합니다.",
    "추가 문의사항이 있으시면 언제든지 문의해 주세요.",
];

/// What an answer says.
const ANSWERS: [&str; 8] = [
    "{item} 상품은 {date}에 출고되어 {n1}일 안에 도착할 예정입니다.",
    "환불은 접수한 날부터 {n1}일 안에 결제한 카드로 처리됩니다.",
    "교환 배송비 {money}원은 저희가 부담합니다.",
    "{color} 색은 {date}에 다시 들어옵니다.",
    "쿠폰은 {money}원 이상 주문에만 쓸 수 있습니다.",
    "배송지는 출고 전까지 주문 내역에서 바꿀 수 있습니다.",
    "담당 매장 번호는 02-{n3}-{d4}입니다.",
    "회원 등급은 최근 {n1}개월의 구매 금액으로 정해집니다.",
];

const ITEMS: [&str; 14] = [
    "가방",
    "운동화",
    "전기포트",
    "이불",
    "책상",
    "무선 이어폰",
    "청소기",
    "우산",
    "텀블러",
    "등산복",
    "접시",
    "선풍기",
    "커튼",
    "어린이 자전거",
];
const COLORS: [&str; 7] = ["검은", "하얀", "파란", "남색", "연두", "회색", "분홍"];
const CITIES: [&str; 6] = ["수원", "청주", "전주", "창원", "춘천", "목포"];
const USERS: [&str; 5] = ["haneul", "bada", "sori", "maru", "dal"];
const STREETS: [&str; 6] = [
    "서울특별시 강남구 테헤란로",
    "부산광역시 해운대구 센텀중앙로",
    "대전광역시 유성구 대학로",
    "경기도 성남시 분당구 판교역로",
    "인천광역시 연수구 컨벤시아대로",
    "광주광역시 북구 용봉로",
];

/// Writes `id,question,answer` with rows of so many bytes on average; gives the bytes written.
pub fn write_table(path: &Path, rows: u64, mean_bytes: usize) -> anyhow::Result<u64> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
    let header = "id,question,answer\n";
    out.write_all(header.as_bytes())?;
    let (mut written, mut line) = (0, String::new());
    for row in 0..rows {
        line.clear();
        // What earlier rows were too long or too short by is made good, so that the mean comes out.
        let owed = (mean_bytes as u64 * row) as f64 - written as f64;
        table_line(&mut line, row, mean_bytes as f64, owed);
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    out.flush()?;
    Ok(written + header.len() as u64)
}

fn table_line(line: &mut String, row: u64, mean_bytes: f64, owed: f64) {
    let mut draw = Draw { row, next: 0 };
    let mut answer = String::new();
    reply(&mut answer, &mut draw);
    // Half to one and a half times the mean, so that rows differ in length.
    let wanted = mean_bytes * (0.5 + draw.unit()) + owed - answer.len() as f64;
    *line += &format!("{row},\"");
    ask(line, &mut draw, wanted.max(0.0) as usize);
    *line += "\",\"";
    *line += &answer;
    *line += "\"\n";
}

/// About so many bytes of questions, the first of every table: what masking is measured on.
pub fn questions(bytes: usize) -> Vec<String> {
    let (mut all, mut total) = (Vec::new(), 0);
    for row in 0.. {
        let mut question = String::new();
        ask(&mut question, &mut Draw { row, next: 0 }, 320);
        total += question.len();
        all.push(question);
        if total >= bytes {
            break;
        }
    }
    all
}

fn ask(text: &mut String, draw: &mut Draw, wanted: usize) {
    match draw.below(100) {
        0 => return *text += "(광고) 무료 체험 회원을 모집합니다. 지금 바로 신청 주세요.",
        1 => return *text += "감사합니다.",
        2 => return *text += "네??",
        _ => {}
    }
    let start = text.len();
    if draw.below(10) < 6 {
        draw.one_of(text, &GREETINGS);
    }
    loop {
        separate(text, start, draw);
        draw.sentence(text, &SENTENCES);
        // A sentence is about 80 bytes; half of the last one stands over.
        if text.len() - start + 40 >= wanted {
            break;
        }
    }
    if draw.below(2) == 0 {
        text.push(' ');
        draw.one_of(text, &CLOSINGS);
    }
}

fn reply(text: &mut String, draw: &mut Draw) {
    match draw.below(100) {
        0 => return,
        1 | 2 => return *text += "확인 후 연락드리겠습니다.",
        _ => {}
    }
    if draw.below(3) == 0 {
        draw.one_of(text, &FILLER);
        text.push(' ');
    }
    draw.sentence(text, &ANSWERS);
    if draw.below(3) == 0 {
        text.push(' ');
        draw.one_of(text, &FILLER);
    }
    if draw.below(8) == 0 {
        *text += "<br>모루상점 고객센터 드림";
    }
}

/// A blank between two sentences, now and then as an editor for HTML leaves it.
fn separate(text: &mut String, start: usize, draw: &mut Draw) {
    if text.len() > start {
        *text += match draw.below(40) {
            0 => "<br>",
            1 => "&nbsp;",
            2 => "  ",
            _ => " ",
        };
    }
}

/// The random numbers of a row, one after another.
struct Draw {
    row: u64,
    next: u64,
}

impl Draw {
    fn number(&mut self) -> u64 {
        self.next += 1;
        seeded::at(self.row, self.next)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.number() % n
    }

    fn unit(&mut self) -> f64 {
        self.next += 1;
        seeded::unit(self.row, self.next)
    }

    fn one_of(&mut self, text: &mut String, list: &[&str]) {
        *text += list[self.below(list.len() as u64) as usize];
    }

    /// Adds one of the sentences with its slots filled.
    fn sentence(&mut self, text: &mut String, list: &[&'static str]) {
        let mut rest = list[self.below(list.len() as u64) as usize];
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').expect("braces of a constant pair up");
            *text += before;
            self.slot(text, name);
            rest = after;
        }
        *text += rest;
    }

    fn slot(&mut self, text: &mut String, name: &str) {
        match name {
            "item" => self.one_of(text, &ITEMS),
            "color" => self.one_of(text, &COLORS),
            "city" => self.one_of(text, &CITIES),
            "user" => self.one_of(text, &USERS),
            "address" => {
                self.one_of(text, &STREETS);
                *text += &format!(" {}, {}호", 1 + self.below(300), 101 + self.below(1900));
            }
            "date" => *text += &format!("{}월 {}일", 1 + self.below(12), 1 + self.below(28)),
            "stamp" => *text += &format!("2025{:02}{:02}", 1 + self.below(12), 1 + self.below(28)),
            "born" => {
                let (year, month, day) = (60 + self.below(40), 1 + self.below(12), 1 + self.below(28));
                *text += &format!("{year}{month:02}{day:02}");
            }
            "sex" => *text += &(1 + self.below(2)).to_string(),
            "money" => *text += &format!("{},{:03}", 1 + self.below(99), 10 * self.below(100)),
            "card" => *text += &self.card(),
            _ => self.digits(text, name),
        }
    }

    /// `d4`: four digits; `n3`: three, the first of them not 0.
    fn digits(&mut self, text: &mut String, name: &str) {
        let n: u32 = name[1..].parse().expect("a constant slot ends in its number of digits");
        let least = if name.starts_with('n') { 10u64.pow(n - 1) } else { 0 };
        let value = least + self.below(10u64.pow(n) - least);
        *text += &format!("{value:0width$}", width = n as usize);
    }

    /// Sixteen digits that begin with 4 and pass Luhn's sum.
    fn card(&mut self) -> String {
        let mut digits = [0u64; 16];
        digits[0] = 4;
        for digit in &mut digits[1..15] {
            *digit = self.below(10);
        }
        let doubled = |d: u64| if d > 4 { 2 * d - 9 } else { 2 * d };
        let sum: u64 =
            (digits[..15].iter().enumerate()).map(|(i, &d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
        digits[15] = (10 - sum % 10) % 10;
        let text: String = digits.iter().map(|d| char::from(b'0' + *d as u8)).collect();
        format!("{}-{}-{}-{}", &text[..4], &text[4..8], &text[8..12], &text[12..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_the_mean_that_was_asked_for_and_depend_on_their_number_only() {
        let folder = tempfile::tempdir().unwrap();
        let [long, short] = ["long.csv", "short.csv"].map(|name| folder.path().join(name));
        let bytes = write_table(&long, 3000, 400).unwrap();
        assert_eq!(bytes, std::fs::metadata(&long).unwrap().len());
        assert!((395..=405).contains(&(bytes / 3000)), "{} bytes a row", bytes / 3000);
        write_table(&short, 100, 400).unwrap();
        let (long, short) = (std::fs::read(long).unwrap(), std::fs::read(short).unwrap());
        assert!(long.starts_with(&short));
    }

    #[test]
    fn cards_pass_their_sum() {
        for row in 0..50 {
            let card = Draw { row, next: 0 }.card();
            let digits = card.bytes().filter(u8::is_ascii_digit).map(|b| u32::from(b - b'0'));
            let sum: u32 = (digits.enumerate())
                .map(|(i, d)| if i % 2 == 1 { d } else { [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][d as usize] })
                .sum();
            assert_eq!(sum % 10, 0, "{card}");
        }
    }
}
