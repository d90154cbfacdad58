//! Records and tables of invented fields: a value is read off them, or they are written in another form.

use chat::example::Role;

use super::script::Script;
use crate::grammar::Register;

/// A field: what it is called, and the grammar's rule for its value.
type Field = (&'static str, &'static str);

const KOREAN: &[Field] = &[
    ("이름", "rd.who"),
    ("담당자", "rd.who"),
    ("신청인", "rd.who"),
    ("날짜", "rd.date"),
    ("접수일", "rd.date"),
    ("마감일", "rd.date"),
    ("시각", "rd.clock"),
    ("출발 시각", "rd.clock"),
    ("장소", "place"),
    ("부서", "dept"),
    ("업체", "shop"),
    ("품목", "item"),
    ("물건", "item"),
    ("수량", "rd.count"),
    ("인원", "rd.people.n"),
    ("금액", "rd.won"),
    ("보증금", "rd.won"),
    ("번호", "rd.code"),
    ("관리 번호", "rd.code"),
    ("기간", "rd.length"),
    ("걸린 시간", "rd.length"),
    ("서류", "doc"),
];

const ENGLISH: &[Field] = &[
    ("name", "e.rd.who"),
    ("contact", "e.rd.who"),
    ("manager", "e.rd.who"),
    ("date", "e.rd.date"),
    ("deadline", "e.rd.date"),
    ("time", "rd.clock.e"),
    ("place", "e.place"),
    ("item", "e.item"),
    ("shop", "e.shop"),
    ("price", "e.rd.money"),
    ("deposit", "e.rd.money"),
    ("number", "rd.code"),
    ("order id", "rd.code"),
    ("duration", "e.rd.length"),
];

/// So many fields, no two with values of one rule: a question names one of them only.
fn draw(s: &mut Script, count: usize, english: bool) -> Vec<Field> {
    let mut all = if english { ENGLISH } else { KOREAN }.to_vec();
    s.rng.shuffle(&mut all);
    let mut fields: Vec<Field> = Vec::new();
    for field in all {
        if fields.len() < count && fields.iter().all(|(_, rule)| *rule != field.1) {
            fields.push(field);
        }
    }
    fields
}

/// One document: a record, or a table of several.
pub fn record(s: &mut Script, english: bool) {
    let register = if s.rng.percent(50) { Register::Formal } else { Register::Polite };
    s.register(register);
    if s.rng.percent(40) {
        s.say(if english { "e.rd.sys" } else { "rd.sys" });
        s.end(Role::System);
    }
    if s.rng.percent(45) { table(s, english) } else { single(s, english) }
}

/// The name that a record goes by.
fn title(s: &mut Script, english: bool) -> String {
    if s.rng.percent(50) {
        return s.aside("rd.code");
    }
    s.aside(if english { "e.rd.who" } else { "rd.who" })
}

fn single(s: &mut Script, english: bool) {
    let count = s.rng.range(3, 7) as usize;
    let mut fields = draw(s, count, english);
    let absent = fields.pop().expect("three fields or more are drawn");
    let values: Vec<(Field, String)> = fields.into_iter().map(|f| (f, s.aside(f.1))).collect();
    let about = title(s, english);
    s.set("about", about.clone());
    let first = s.rng.below(5);
    write(s, &about, &values, first, english);
    s.put("\n\n");
    for _ in 0..s.rng.range(1, 3) {
        match s.rng.below(20) {
            0 | 1 => missing(s, absent.0, english),
            2..=8 => as_json(s, &about, &values, english),
            9..=11 if !english => in_words(s, &values),
            _ => {
                let ((label, _), value) = &values[s.rng.below(values.len())];
                field(s, label, value, english);
            }
        }
    }
}

/// Writes the record in one of five forms.
fn write(s: &mut Script, about: &str, values: &[(Field, String)], form: usize, english: bool) {
    s.put(&match form {
        0 | 1 => format!("[{about}]"),
        2 => format!("{about}: "),
        3 => format!("{about}\n"),
        _ => format!("# {about}"),
    });
    if form == 3 {
        s.put(&json(values.iter().map(|((label, _), v)| (*label, v.as_str()))));
        return;
    }
    for (i, ((label, _), value)) in values.iter().enumerate() {
        let line = match form {
            0 => format!("\n{label}: {value}"),
            1 => format!("\n- {label}: {value}"),
            2 if english => format!("{}{label} {value}", if i > 0 { "; " } else { "" }),
            2 => format!("{}{label} {value}", if i > 0 { ", " } else { "" }),
            _ => format!("\n* {label} = {value}"),
        };
        s.put(&line);
    }
}

/// A JSON object with the keys in order.
fn json<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let quoted = |t: &str| serde_json::Value::from(t).to_string();
    let inside: Vec<String> = pairs.map(|(k, v)| format!("{}: {}", quoted(k), quoted(v))).collect();
    format!("{{{}}}", inside.join(", "))
}

/// Asks for a value that stands there.
fn field(s: &mut Script, label: &str, value: &str, english: bool) {
    s.set("label", label).set("v", value);
    if english {
        s.say("e.rd.askfield").end(Role::User).say("e.rd.sayfield").end(Role::Assistant);
    } else {
        s.say("rd.askfield").end(Role::User).speak("rd.sayfield").end(Role::Assistant);
    }
}

/// Asks for a value that does not stand there.
fn missing(s: &mut Script, label: &str, english: bool) {
    s.set("label", label);
    if english {
        s.say("e.rd.askfield").end(Role::User).say("e.rd.nofield").end(Role::Assistant);
    } else {
        s.say("rd.askfield").end(Role::User).speak("rd.nofield").end(Role::Assistant);
    }
}

/// Asks for all fields or some of them as JSON.
fn as_json(s: &mut Script, about: &str, values: &[(Field, String)], english: bool) {
    let all = s.rng.percent(40);
    let mut chosen: Vec<&(Field, String)> = values.iter().collect();
    if !all {
        s.rng.shuffle(&mut chosen);
        chosen.truncate(s.rng.range(1, 3) as usize);
    }
    let keys: Vec<&str> = chosen.iter().map(|((label, _), _)| *label).collect();
    s.set("about", about).set("keys", keys.join(if english { " and " } else { ", " }));
    let start = s.here();
    s.say(if english { "e.rd.askjson" } else { "rd.askjson" });
    // A question that names no keys asks for all of them.
    let named = keys.iter().all(|k| s.since(start).contains(k));
    s.end(Role::User);
    let pairs = |v: &(Field, String)| (v.0.0, v.1.clone());
    let written: Vec<(&str, String)> =
        if named { chosen.into_iter().map(pairs).collect() } else { values.iter().map(pairs).collect() };
    s.put(&json(written.iter().map(|(k, v)| (*k, v.as_str())))).end(Role::Assistant);
}

/// Asks for the fields in words.
fn in_words(s: &mut Script, values: &[(Field, String)]) {
    s.say("rd.asksentence").end(Role::User);
    for (i, ((label, _), value)) in values.iter().enumerate() {
        s.put(label).put(if i == 0 { "" } else { " " }).take_end(" ");
        s.say("topic").put(value);
        if i + 1 == values.len() {
            s.speak("is");
        } else {
            s.say("rd.and");
        }
    }
    s.end(Role::Assistant);
}

/// A table with a row for each record, and questions about its cells.
fn table(s: &mut Script, english: bool) {
    let columns = s.rng.range(2, 4) as usize;
    let rows = s.rng.range(2, 6) as usize;
    let fields = draw(s, columns, english);
    let mut titles: Vec<String> = Vec::new();
    while titles.len() < rows {
        let new = title(s, english);
        if !titles.contains(&new) {
            titles.push(new);
        }
    }
    let cells: Vec<Vec<String>> =
        titles.iter().map(|_| fields.iter().map(|f| s.aside(f.1)).collect()).collect();
    let key = if english { "key" } else { "구분" };
    let marked = s.rng.percent(60);
    let line = |parts: Vec<&str>| {
        if marked { format!("| {} |\n", parts.join(" | ")) } else { parts.join(", ") + "\n" }
    };
    s.put(&line(std::iter::once(key).chain(fields.iter().map(|f| f.0)).collect()));
    if marked {
        s.put(&format!("|{}\n", "---|".repeat(columns + 1)));
    }
    for (name, row) in titles.iter().zip(&cells) {
        s.put(&line(std::iter::once(name.as_str()).chain(row.iter().map(String::as_str)).collect()));
    }
    s.put("\n");
    for _ in 0..s.rng.range(1, 4) {
        let (r, c) = (s.rng.below(rows), s.rng.below(columns));
        s.set("about", titles[r].clone()).set("label", fields[c].0).set("v", cells[r][c].clone());
        let single = cells.iter().filter(|row| row[c] == cells[r][c]).count() == 1;
        if !english && single && s.rng.percent(30) {
            s.say("rd.askwhich").end(Role::User).put(&titles[r]).speak("is").end(Role::Assistant);
        } else {
            cell(s, english);
        }
    }
}

/// Asks for the cell that `about`, `label` and `v` name; a table's question names its row.
fn cell(s: &mut Script, english: bool) {
    if english {
        s.say("e.rd.askcell").end(Role::User).say("e.rd.sayfield").end(Role::Assistant);
    } else {
        s.say("rd.askcell").end(Role::User).speak("rd.sayfield").end(Role::Assistant);
    }
}
