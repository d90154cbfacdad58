//! Dialogues with the tools of a delivery app, over a small world that gives the results.

use chat::example::Role;
use serde_json::{Map, Value, json};

use super::script::Script;
use crate::korean::won;
use crate::rng::Rng;

/// A restaurant with what it sells.
struct Restaurant {
    id: String,
    name: String,
    dishes: Vec<(String, i64)>,
    minimum: i64,
    fee: i64,
}

fn restaurant(s: &mut Script, menu: &str) -> Restaurant {
    let name = s.set("menu", menu).aside("restname");
    let name = if s.rng.percent(50) { name } else { format!("{} {menu}", s.aside("shopa")) };
    let id = format!("r{}", s.rng.range(100, 9999));
    let n = s.rng.range(2, 4) as usize;
    let mut dishes: Vec<(String, i64)> = vec![(menu.to_owned(), price(&mut s.rng, 60))];
    while dishes.len() < n {
        let dish = (*s.rng.pick(beside(menu))).to_owned();
        if dishes.iter().all(|(d, _)| *d != dish) {
            dishes.push((dish, price(&mut s.rng, 15)));
        }
    }
    Restaurant { id, name, dishes, minimum: s.rng.range(8, 25) * 1000, fee: s.rng.range(0, 10) * 500 }
}

/// A price from so many hundred won.
fn price(rng: &mut Rng, least: i64) -> i64 {
    rng.range(least, least * 4) * 100
}

/// What a place that sells a dish sells besides.
fn beside(menu: &str) -> &'static [&'static str] {
    match menu {
        "치킨" => &["양념치킨", "간장치킨", "감자튀김", "치즈볼", "콜라", "치킨무"],
        "피자" | "파스타" => &["치즈 오븐 스파게티", "마늘빵", "감자튀김", "리조토", "콜라"],
        "짜장면" | "짬뽕" => &["탕수육", "볶음밥", "군만두", "잡채밥", "깐풍기"],
        "떡볶이" | "김밥" | "만두" => &["순대", "튀김", "어묵", "라면", "쫄면", "주먹밥"],
        "초밥" | "돈가스" | "우동" | "카레" => {
            &["메밀국수", "새우튀김", "연어덮밥", "미소국", "고로케"]
        }
        "햄버거" | "샐러드" => &["감자튀김", "치즈스틱", "수프", "샌드위치", "콜라", "주스"],
        "쌀국수" => &["분짜", "짜조", "볶음면", "월남쌈", "새우볶음밥"],
        "마라탕" => &["마라샹궈", "꿔바로우", "계란볶음밥", "건두부무침", "꽃빵"],
        "족발" | "보쌈" => &["막국수", "불족발", "주먹밥", "계란찜", "쟁반국수"],
        _ => &["공깃밥", "계란찜", "김치전", "비빔국수", "된장찌개", "해물파전"],
    }
}

fn schema(name: &str, description: &str, properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().map(|p| p.keys().collect()).unwrap_or_default();
    json!({"type": "function", "function": {"name": name, "description": description,
        "parameters": {"type": "object", "properties": properties, "required": required}}})
}

fn schemas(rng: &mut Rng) -> Vec<Value> {
    let text = json!({"type": "string"});
    let mut all = vec![
        schema("search_restaurants", "음식점을 찾는다", &json!({"query": text})),
        schema("get_restaurant_detail", "음식점의 메뉴를 본다", &json!({"restaurant_id": text})),
        schema(
            "add_cart_item",
            "장바구니에 담는다",
            &json!({"restaurant_id": text, "menu": text, "quantity": {"type": "integer"}}),
        ),
        schema("prepare_checkout", "주문 금액을 계산한다", &json!({"restaurant_id": text})),
        schema("place_order", "주문한다", &json!({"checkout_id": text})),
        schema("get_order_status", "주문 상태를 본다", &json!({"order_id": text})),
        schema("cancel_order", "주문을 취소한다", &json!({"order_id": text})),
    ];
    if rng.percent(50) {
        rng.shuffle(&mut all);
    }
    all
}

fn arguments(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
}

fn user(s: &mut Script, rule: &str) {
    s.say(rule).end(Role::User);
}

fn assistant(s: &mut Script, rule: &str) {
    s.say(rule).end(Role::Assistant);
}

/// One dialogue: a search, mostly followed by an order; sometimes a request that no tool can do.
pub fn dialogue(s: &mut Script) {
    let tools = schemas(&mut s.rng);
    s.tools(tools).say("sys.tools").end(Role::System);
    match s.rng.below(10) {
        0 => {
            user(s, "t.unsupported");
            return assistant(s, "t.cannot");
        }
        1 => {
            user(s, "t.vague");
            assistant(s, "t.ask");
        }
        _ => {}
    }
    let menu = s.aside("menu");
    let n = s.rng.range(2, 4);
    let found: Vec<Restaurant> = (0..n).map(|_| restaurant(s, &menu)).collect();
    search(s, &menu, &found);
    if s.rng.percent(15) {
        return;
    }
    let chosen = &found[s.rng.below(found.len())];
    detail(s, chosen);
    if s.rng.percent(15) {
        return;
    }
    let (total, quantity, dish) = cart(s, chosen);
    if let Some((order, minutes)) = order(s, chosen, &dish, quantity, total) {
        after(s, &order, minutes);
    }
}

fn search(s: &mut Script, menu: &str, found: &[Restaurant]) {
    s.set("menu", menu);
    user(s, "t.search");
    let result: Vec<Value> = found
        .iter()
        .map(|r| json!({"restaurant_id": r.id, "name": r.name, "minimum": r.minimum, "fee": r.fee}))
        .collect();
    s.call("search_restaurants", arguments(&[("query", menu.into())]), &json!({"restaurants": result}));
    let names: Vec<&str> = found.iter().map(|r| r.name.as_str()).collect();
    s.set("names", names.join(", "));
    assistant(s, "t.found");
}

fn detail(s: &mut Script, r: &Restaurant) {
    s.set("name", r.name.clone()).set("min", won(r.minimum as u64));
    user(s, "t.pick");
    let menus: Vec<Value> = r.dishes.iter().map(|(d, p)| json!({"menu": d, "price": p})).collect();
    let result = json!({"restaurant_id": r.id, "menus": menus, "minimum": r.minimum});
    s.call("get_restaurant_detail", arguments(&[("restaurant_id", r.id.as_str().into())]), &result);
    let dishes: Vec<String> = r.dishes.iter().map(|(d, p)| format!("{d} {}원", won(*p as u64))).collect();
    s.set("dishes", dishes.join(", "));
    assistant(s, "t.menu");
}

fn cart(s: &mut Script, r: &Restaurant) -> (i64, i64, String) {
    let (dish, price) = s.rng.pick(&r.dishes).clone();
    let quantity = s.rng.range(1, 5).max(r.minimum / price + 1).min(30);
    let total = quantity * price;
    s.set("dish", dish.clone()).set("n", quantity.to_string()).set("total", won(total as u64));
    user(s, "t.add");
    let call = arguments(&[
        ("restaurant_id", r.id.as_str().into()),
        ("menu", dish.as_str().into()),
        ("quantity", quantity.into()),
    ]);
    s.call("add_cart_item", call, &json!({"items": [{"menu": dish, "quantity": quantity}], "total": total}));
    assistant(s, "t.added");
    (total, quantity, dish)
}

/// The number of the order and the minutes until it comes, unless the customer changes their mind.
fn order(s: &mut Script, r: &Restaurant, dish: &str, quantity: i64, total: i64) -> Option<(String, i64)> {
    let sum = total + r.fee;
    s.set("fee", won(r.fee as u64)).set("sum", won(sum as u64));
    user(s, "t.order");
    let checkout = format!("c{}", s.rng.range(1000, 99_999));
    let result =
        json!({"checkout_id": checkout, "menu": dish, "quantity": quantity, "fee": r.fee, "sum": sum});
    s.call("prepare_checkout", arguments(&[("restaurant_id", r.id.as_str().into())]), &result);
    assistant(s, "t.confirm");
    if s.rng.percent(10) {
        user(s, "t.no");
        assistant(s, "t.stopped");
        return None;
    }
    user(s, "t.yes");
    let order = format!("{}", s.rng.range(100_000, 999_999));
    let minutes = s.rng.range(15, 70);
    let result = json!({"order_id": order, "eta_minutes": minutes});
    s.call("place_order", arguments(&[("checkout_id", checkout.into())]), &result);
    s.set("order", order.clone()).set("min", minutes.to_string());
    assistant(s, "t.placed");
    Some((order, minutes))
}

fn after(s: &mut Script, order: &str, eta: i64) {
    let call = arguments(&[("order_id", order.into())]);
    match s.rng.below(10) {
        0..=3 => {
            let state = *s.rng.pick(&["접수", "조리 중", "배달 중", "곧 도착"]);
            let minutes = s.rng.range(3, eta - 1);
            user(s, "t.status");
            s.call(
                "get_order_status",
                call,
                &json!({"order_id": order, "state": state, "eta_minutes": minutes}),
            );
            s.set("state", state).set("min", minutes.to_string());
            assistant(s, "t.state");
        }
        4 => {
            user(s, "t.cancel");
            s.call("cancel_order", call, &json!({"order_id": order, "cancelled": true}));
            assistant(s, "t.cancelled");
        }
        _ => {}
    }
}
