//! The tables of a shop, row by row from the shop's seed.

use super::calendar;
use super::inquiry::{self, INTENTS, Intent, Writer};
use super::person::{self, Person};
use super::plant::{Planted, RowVars};
use super::table::{Cell, Kind, Table};
use super::{PolicyTable, Shop, ShopSize};
use crate::grammar::Grammar;
use crate::rng::Rng;

/// 2024-01-01 in seconds.
const OPENING: i64 = 19_723 * 86_400;
const SHOP_FIRST: &[&str] =
    &["모아", "하루", "소담", "봄빛", "라온", "다솜", "온새미", "나래", "해솔", "두레"];
const SHOP_LAST: &[&str] = &["상점", "마켓", "스토어", "몰", "샵"];
const PRODUCTS: &[&str] = &[
    "린넨 셔츠",
    "기모 맨투맨",
    "와이드 슬랙스",
    "니트 가디건",
    "데님 자켓",
    "롱 패딩",
    "캔버스 가방",
    "가죽 지갑",
    "러닝화",
    "슬리퍼",
    "텀블러",
    "머그컵 세트",
    "무선 이어폰",
    "보조배터리",
    "전기 포트",
    "가습기",
    "스탠드 조명",
    "극세사 이불",
    "메모리폼 베개",
    "수건 세트",
    "캐리어",
    "등산 배낭",
    "접이식 의자",
    "캠핑 랜턴",
    "보온 도시락",
    "프라이팬",
    "도마 세트",
    "주방 가위",
    "원목 선반",
    "커튼",
    "아기 내복",
    "유아 식판",
    "강아지 방석",
    "고양이 스크래처",
    "요가 매트",
    "아령 세트",
    "만년필",
    "다이어리",
    "블루투스 키보드",
    "손목시계",
];
const STATUSES: &[&str] = &["결제완료", "배송준비", "배송중", "배송완료", "교환접수", "반품접수", "취소완료"];

struct Draft {
    seed: u64,
    name: String,
    policies: PolicyTable,
    grammar: Grammar,
    people: Vec<Person>,
    staff: Vec<String>,
    /// Number of the order, tracking number, customer (an index) and product (an index).
    orders: Vec<(String, String, usize, usize)>,
    planted: Vec<Planted>,
}

pub fn shop(seed: u64, size: ShopSize) -> Shop {
    let mut rng = Rng::stream(seed, "shop", 0);
    let name = format!("{}{}", rng.pick(SHOP_FIRST), rng.pick(SHOP_LAST));
    let people = (0..size.inquiries.div_ceil(2).max(1))
        .map(|i| Person::draw(&mut Rng::stream(seed, "customer", i as u64)))
        .collect();
    let staff = (0..6).map(|_| person::name(&mut rng)).collect();
    let mut draft = Draft {
        seed,
        name,
        policies: PolicyTable::draw(seed),
        grammar: inquiry::grammar(),
        people,
        staff,
        orders: Vec::new(),
        planted: Vec::new(),
    };
    let mut tables = vec![draft.customers(), draft.products()];
    let (orders, lines) = draft.orders(size.inquiries * 4 / 5 + 1);
    tables.extend([orders, lines]);
    let (inquiries, answers) = draft.inquiries(size.inquiries);
    tables.extend([inquiries, answers]);
    Shop { name: draft.name, policies: draft.policies, tables, planted: draft.planted }
}

impl Draft {
    fn plant(&mut self, table: &str, row: usize, column: &str, entity: &str, value: &str) {
        self.planted.push(Planted {
            row: row as i64 + 1,
            table: table.to_owned(),
            column: column.to_owned(),
            entity: entity.to_owned(),
            value: value.to_owned(),
        });
    }

    fn plant_all(&mut self, table: &str, row: usize, column: &str, found: &[(&'static str, String)]) {
        for (entity, value) in found {
            self.plant(table, row, column, entity, value);
        }
    }

    fn customers(&mut self) -> Table {
        let mut table = Table::new(
            "customers",
            &["customer_id"],
            &[
                ("customer_id", Kind::Int, None),
                ("name", Kind::Short(40), None),
                ("phone", Kind::Short(30), None),
                ("email", Kind::Short(100), None),
                ("address", Kind::Short(200), None),
                ("zip", Kind::Short(10), None),
                ("grade", Kind::Short(10), None),
                ("marketing", Kind::Bool, None),
                ("joined_on", Kind::Date, None),
            ],
        );
        for (i, p) in self.people.clone().into_iter().enumerate() {
            let mut rng = Rng::stream(self.seed, "member", i as u64);
            for (column, entity, value) in [
                ("name", "person", &p.name),
                ("phone", "mobile", &p.mobile),
                ("email", "email", &p.email),
                ("address", "address", &p.address),
            ] {
                self.plant("customers", i, column, entity, value);
            }
            let joined = calendar::date(OPENING / 86_400 - rng.range(1, 1500));
            table.rows.push(vec![
                (i as i64 + 1).into(),
                p.name.into(),
                p.mobile.into(),
                p.email.into(),
                p.address.into(),
                p.zip.into(),
                (*rng.pick(&["일반", "일반", "실버", "골드", "VIP"])).into(),
                rng.percent(60).into(),
                joined.into(),
            ]);
        }
        table
    }

    fn products(&self) -> Table {
        let mut table = Table::new(
            "products",
            &["product_id"],
            &[("product_id", Kind::Int, None), ("name", Kind::Short(60), None), ("price", Kind::Money, None)],
        );
        for (i, name) in PRODUCTS.iter().enumerate() {
            table.rows.push(vec![(i as i64 + 1).into(), (*name).into(), Cell::Money(self.price(i))]);
        }
        table
    }

    fn price(&self, product: usize) -> i64 {
        Rng::stream(self.seed, "price", product as u64).range(49, 1290) * 100
    }

    fn orders(&mut self, n: usize) -> (Table, Table) {
        let mut orders = Table::new(
            "orders",
            &["order_id"],
            &[
                ("order_id", Kind::Int, None),
                ("customer_id", Kind::Int, Some(("customers", "customer_id"))),
                ("order_no", Kind::Short(30), None),
                ("status", Kind::Short(20), None),
                ("recipient", Kind::Short(40), None),
                ("recipient_phone", Kind::Short(30), None),
                ("ship_address", Kind::Short(200), None),
                ("tracking_no?", Kind::Short(30), None),
                ("memo?", Kind::Text, None),
                ("total", Kind::Money, None),
                ("ordered_at", Kind::Time, None),
            ],
        );
        let mut lines = Table::new(
            "order_lines",
            &["order_id", "line_no"],
            &[
                ("order_id", Kind::Int, Some(("orders", "order_id"))),
                ("line_no", Kind::Int, None),
                ("product_id", Kind::Int, Some(("products", "product_id"))),
                ("quantity", Kind::Int, None),
                ("unit_price", Kind::Money, None),
            ],
        );
        for i in 0..n {
            let row = self.order(i, &mut lines);
            orders.rows.push(row);
        }
        (orders, lines)
    }

    fn order(&mut self, i: usize, lines: &mut Table) -> Vec<Cell> {
        let mut rng = Rng::stream(self.seed, "order", i as u64);
        let customer = rng.below(self.people.len());
        let own = self.people[customer].clone();
        let at = OPENING + i as i64 * 14_400 + rng.range(0, 14_000);
        let day = calendar::date(at / 86_400).replace('-', "");
        let order_no = format!("{day}-{}", rng.digits(7));
        let tracking = format!("{}{}", rng.pick(&["6", "5", "4"]), rng.digits(11));
        let mut total = 0;
        let mut product = 0;
        for line in 0..rng.range(1, 3) {
            product = rng.below(PRODUCTS.len());
            let quantity = rng.range(1, 3);
            total += quantity * self.price(product);
            lines.rows.push(vec![
                (i as i64 + 1).into(),
                (line + 1).into(),
                (product as i64 + 1).into(),
                quantity.into(),
                Cell::Money(self.price(product)),
            ]);
        }
        let (recipient, phone) = if rng.percent(80) {
            (own.name.clone(), own.mobile.clone())
        } else {
            (person::name(&mut rng), person::mobile(&mut rng, &own.mobile))
        };
        let shipped = rng.percent(75);
        let memo = rng.percent(60).then(|| {
            let mut vars = self.vars(&own, (&order_no, &tracking), PRODUCTS[product], "");
            let text = self.writer().other("memo", &mut rng, &mut vars);
            (text, vars.found)
        });
        let mut typed = vec![
            ("order_no", "order_number", &order_no),
            ("recipient", "person", &recipient),
            ("recipient_phone", "mobile", &phone),
            ("ship_address", "address", &own.address),
        ];
        if shipped {
            typed.push(("tracking_no", "tracking_number", &tracking));
        }
        for (column, entity, value) in typed {
            self.plant("orders", i, column, entity, value);
        }
        let memo = memo.map(|(text, found)| {
            self.plant_all("orders", i, "memo", &found);
            text
        });
        self.orders.push((order_no.clone(), tracking.clone(), customer, product));
        vec![
            (i as i64 + 1).into(),
            (customer as i64 + 1).into(),
            order_no.into(),
            (*rng.pick(STATUSES)).into(),
            recipient.into(),
            phone.into(),
            own.address.into(),
            if shipped { tracking.into() } else { Cell::Null },
            memo.map_or(Cell::Null, Cell::from),
            Cell::Money(total),
            calendar::time(at).into(),
        ]
    }

    fn writer(&self) -> Writer<'_> {
        Writer { grammar: &self.grammar, policies: &self.policies }
    }

    fn vars<'a>(
        &self,
        own: &'a Person,
        order: (&'a str, &'a str),
        product: &str,
        staff: &'a str,
    ) -> RowVars<'a> {
        let plain = vec![
            ("shop", self.name.clone()),
            ("product", product.to_owned()),
            ("representative", format!("1{}-{}", 500 + self.seed % 400, 1000 + self.seed % 8999)),
        ];
        RowVars { own, order, plain, staff, found: Vec::new() }
    }

    fn inquiries(&mut self, n: usize) -> (Table, Table) {
        let mut inquiries = Table::new(
            "inquiries",
            &["inquiry_id"],
            &[
                ("inquiry_id", Kind::Int, None),
                ("customer_id", Kind::Int, Some(("customers", "customer_id"))),
                ("order_id?", Kind::Int, Some(("orders", "order_id"))),
                ("category", Kind::Short(20), None),
                ("title", Kind::Short(100), None),
                ("body?", Kind::Text, None),
                ("is_secret", Kind::Bool, None),
                ("created_at", Kind::Time, None),
            ],
        );
        let mut answers = Table::new(
            "answers",
            &["answer_id"],
            &[
                ("answer_id", Kind::Int, None),
                ("inquiry_id", Kind::Int, Some(("inquiries", "inquiry_id"))),
                ("staff_name", Kind::Short(40), None),
                ("body?", Kind::Text, None),
                ("answered_at", Kind::Time, None),
            ],
        );
        let mut written: Vec<Written> = Vec::with_capacity(n);
        for i in 0..n {
            let next = self.write(i, &written);
            self.push(i, &next, &mut inquiries, &mut answers);
            written.push(next);
        }
        (inquiries, answers)
    }

    /// One inquiry: most are questions with answers; the rest is what a real table also holds.
    fn write(&self, i: usize, before: &[Written]) -> Written {
        let mut rng = Rng::stream(self.seed, "inquiry", i as u64);
        let kind = rng.below(100);
        let order = rng.below(self.orders.len());
        let staff = rng.below(self.staff.len());
        let (order_no, tracking, customer, product) = &self.orders[order];
        let own = &self.people[*customer];
        let copied = before.get(rng.below(before.len().max(1))).filter(|w| w.plain);
        if let (0..=5, Some(copied)) = (kind, copied) {
            return repeat(copied, kind >= 3, &mut rng);
        }
        let intent = &INTENTS[rng.below(INTENTS.len())];
        let writer = self.writer();
        let mut vars = self.vars(own, (order_no, tracking), PRODUCTS[*product], &self.staff[staff]);
        let mut out =
            Written { intent, order, staff, at: rng.range(0, 12_000), plain: false, ..Written::of(intent) };
        out.question = Some(match kind {
            6..=8 => writer.other("ad", &mut rng, &mut vars),
            9 => String::new(),
            10 => writer.other("thin", &mut rng, &mut vars),
            _ => writer.question(intent, &mut rng, &mut vars),
        });
        if kind == 9 && rng.percent(50) {
            out.question = None;
        }
        out.in_question = std::mem::take(&mut vars.found);
        vars.plain.push(("category", intent.category.to_owned()));
        out.title = writer.other("title", &mut rng, &mut vars);
        out.answer = match kind {
            6..=8 | 11..=13 => Reply::None,
            14..=16 => Reply::Text(writer.other("wait", &mut rng, &mut vars)),
            17 if rng.percent(50) => Reply::Blank,
            17 => Reply::Text(String::new()),
            _ => Reply::Text(writer.answer(intent, &mut rng, &mut vars)),
        };
        out.in_answer = vars.found;
        out.plain = kind > 17;
        out
    }

    fn push(&mut self, i: usize, w: &Written, inquiries: &mut Table, answers: &mut Table) {
        let asked = OPENING + i as i64 * 12_000 + w.at;
        let has_order = !matches!(w.intent.category, "회원정보" | "기타" | "재입고");
        inquiries.rows.push(vec![
            (i as i64 + 1).into(),
            (self.orders[w.order].2 as i64 + 1).into(),
            if has_order { (w.order as i64 + 1).into() } else { Cell::Null },
            w.intent.category.into(),
            w.title.as_str().into(),
            w.question.clone().map_or(Cell::Null, Cell::from),
            (w.at % 3 == 0).into(),
            calendar::time(asked).into(),
        ]);
        self.plant_all("inquiries", i, "body", &w.in_question);
        let body = match &w.answer {
            Reply::None => return,
            Reply::Blank => Cell::Null,
            Reply::Text(text) => text.as_str().into(),
        };
        let row = answers.rows.len();
        let staff = self.staff[w.staff].clone();
        self.plant("answers", row, "staff_name", "person", &staff);
        self.plant_all("answers", row, "body", &w.in_answer);
        answers.rows.push(vec![
            (row as i64 + 1).into(),
            (i as i64 + 1).into(),
            staff.into(),
            body,
            calendar::time(asked + 600 + w.at * 5).into(),
        ]);
    }
}

/// What `answers` holds for an inquiry.
#[derive(Clone)]
enum Reply {
    /// No row.
    None,
    /// A row without text.
    Blank,
    /// A row.
    Text(String),
}

/// What one inquiry says.
#[derive(Clone)]
struct Written {
    intent: &'static Intent,
    /// Indices into the orders and the staff.
    order: usize,
    staff: usize,
    /// Seconds after the earliest time of the row.
    at: i64,
    title: String,
    question: Option<String>,
    answer: Reply,
    in_question: Vec<(&'static str, String)>,
    in_answer: Vec<(&'static str, String)>,
    /// Whether it is an ordinary question with an ordinary answer.
    plain: bool,
}

impl Written {
    fn of(intent: &'static Intent) -> Self {
        Self {
            intent,
            order: 0,
            staff: 0,
            at: 0,
            title: String::new(),
            question: None,
            answer: Reply::None,
            in_question: Vec::new(),
            in_answer: Vec::new(),
            plain: false,
        }
    }
}

/// The same customer sends the same again, or nearly.
fn repeat(of: &Written, nearly: bool, rng: &mut Rng) -> Written {
    let mut again = of.clone();
    again.at = rng.range(0, 12_000);
    again.plain = false;
    if let (true, Some(text)) = (nearly, &mut again.question) {
        match rng.below(4) {
            0 => text.push_str(" 빠른 답변요"),
            1 => text.push_str("!!"),
            2 => *text = format!("재문의) {text}"),
            _ => text.push_str(" ㅠㅠ"),
        }
    }
    again
}

pub fn question_answer_csv(shop: &Shop) -> String {
    let mut out = "inquiry_id,category,question,answer\r\n".to_owned();
    let (Some(inquiries), Some(answers)) = (shop.table("inquiries"), shop.table("answers")) else {
        return out;
    };
    let mut next = 0;
    for i in 0..inquiries.rows.len() {
        let mut answer = "";
        if answers.rows.get(next).is_some_and(|a| a[1] == Cell::Int(i as i64 + 1)) {
            answer = answers.text(next, "body").unwrap_or("");
            next += 1;
        }
        let fields = [
            &(i + 1).to_string(),
            inquiries.text(i, "category").unwrap_or(""),
            inquiries.text(i, "body").unwrap_or(""),
            answer,
        ];
        out.push_str(&fields.map(quoted).join(","));
        out.push_str("\r\n");
    }
    out
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
