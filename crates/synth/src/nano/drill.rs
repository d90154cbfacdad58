//! Drills: values and sentences that stand earlier in the text are written again, many in one document.
//!
//! Nothing but looking back tells what comes next here, so a model learns early to do it; what the other
//! texts ask once in a page is asked in every line.

use chat::example::Role;

use super::script::Script;
use crate::grammar::Register;

const KOREAN: [&str; 14] = [
    "rd.code",
    "rd.date",
    "rd.won",
    "rd.length",
    "rd.count",
    "rd.clock",
    "place",
    "item",
    "dept",
    "doc",
    "rd.who",
    "v.limit",
    "v.what",
    "v.board",
];
const ENGLISH: [&str; 8] =
    ["rd.code", "e.rd.date", "e.rd.money", "e.rd.length", "rd.clock.e", "e.place", "e.item", "e.rd.who"];
const SENTENCES: [&str; 7] = ["sentd", "sentp", "sentf", "art", "tdef", "rg.noise", "art"];
/// Syllables of words that mean nothing.
const SYLLABLES: &str = "가거고구그기나너노누느니다더도두드디라러로루르리마머모무미바버보부비사서소수스시아어오우으이자저조주지차처초추치카코쿠크키타토투트티파포푸프피하허호후히간건곤군근긴난논눈는단돈둔든란론룬린만문민반본분빈산손순신안온운은인잔존준진찬춘친한혼훈흔힌감곰금김담돔람름림맘밤봄빔삼솜숨심암음임잠줌짐참춤침함흠강공궁낭농당동둥랑롱링망몽방봉빙상송숭싱앙옹잉장종중징창총충칭항홍흥";

/// One document.
pub fn drill(s: &mut Script) {
    let english = s.rng.percent(25);
    let register = if s.rng.percent(60) { Register::Formal } else { Register::Polite };
    s.register(register);
    match s.rng.below(10) {
        0..=5 => pairs(s, english),
        6..=7 => copied(s, english),
        _ => lines(s, english),
    }
}

fn rule(name: &str, english: bool) -> String {
    if english { format!("e.{name}") } else { name.to_owned() }
}

/// A word that means nothing.
fn word(s: &mut Script, english: bool) -> String {
    let length = s.rng.range(2, 4) as usize;
    if english {
        let letters = |s: &mut Script, all: &str| {
            let at = s.rng.below(all.len());
            all[at..=at].to_owned()
        };
        return (0..length).map(|_| letters(s, "bcdfghjklmnprstvwz") + &letters(s, "aeiou")).collect();
    }
    let all: Vec<char> = SYLLABLES.chars().collect();
    (0..length).map(|_| *s.rng.pick(&all)).collect()
}

/// A value of one of the kinds; the kinds beyond the grammar's are words that mean nothing.
fn value(s: &mut Script, kind: usize, english: bool) -> String {
    let rules: &[&str] = if english { &ENGLISH } else { &KOREAN };
    match rules.get(kind) {
        Some(rule) => s.aside(rule),
        None => word(s, english),
    }
}

fn kind(s: &mut Script, english: bool) -> usize {
    let known = if english { ENGLISH.len() } else { KOREAN.len() };
    s.rng.below(known + known / 2)
}

/// Names with values, and then the values of most of them, asked together, one by one or only listed.
fn pairs(s: &mut Script, english: bool) {
    let (of_keys, of_values) = (kind(s, english), kind(s, english));
    let mixed = s.rng.percent(30);
    let count = s.rng.range(3, 14) as usize;
    let mut all: Vec<(String, String)> = Vec::new();
    for _ in 0..count {
        let key = value(s, of_keys, english);
        let of_value = if mixed { kind(s, english) } else { of_values };
        let found = value(s, of_value, english);
        if all.iter().all(|(k, _)| *k != key) {
            all.push((key, found));
        }
    }
    let between = *s.rng.pick(&[": ", " - ", " = ", " → ", " / ", "\t", " "]);
    let next = *s.rng.pick(&["\n", "\n", "\n", "; ", "\n- "]);
    let listed: Vec<String> = all.iter().map(|(k, v)| format!("{k}{between}{v}")).collect();
    s.put(&listed.join(next)).put("\n\n");
    s.rng.shuffle(&mut all);
    if s.rng.percent(35) {
        let again: Vec<String> = all.iter().map(|(k, v)| format!("{k}{between}{v}")).collect();
        s.put(&again.join(next));
        return;
    }
    if s.rng.percent(50) {
        together(s, &all, between, english);
    }
    let most = s.rng.range(1, 5) as usize;
    for (key, found) in all.iter().rev().take(most) {
        s.set("key", key.clone()).set("v", found.clone());
        s.say(&rule("dr.one", english)).end(Role::User);
        if english {
            s.say("e.dr.say");
        } else {
            s.speak("dr.say");
        }
        s.end(Role::Assistant);
    }
}

/// Asks for several values in one turn.
fn together(s: &mut Script, all: &[(String, String)], between: &str, english: bool) {
    let some = &all[..s.rng.range(1, all.len() as i64) as usize];
    let keys: Vec<&str> = some.iter().map(|(k, _)| k.as_str()).collect();
    s.set("keys", keys.join(", "));
    s.say(&rule("dr.each", english)).end(Role::User);
    let bare = s.rng.percent(40);
    let answers: Vec<String> =
        some.iter().map(|(k, v)| if bare { v.clone() } else { format!("{k}{between}{v}") }).collect();
    s.put(&answers.join("\n")).end(Role::Assistant);
}

/// A text that is written twice.
fn copied(s: &mut Script, english: bool) {
    let mut parts: Vec<String> = Vec::new();
    let words = s.rng.percent(40);
    for _ in 0..s.rng.range(1, 5) {
        parts.push(if words {
            let count = s.rng.range(2, 8);
            let kind = kind(s, english);
            (0..count).map(|_| value(s, kind, english)).collect::<Vec<_>>().join(" ")
        } else {
            sentence(s, english)
        });
    }
    let text = parts.join(*s.rng.pick(&["\n", " ", "\n"]));
    if s.rng.percent(30) {
        s.put(&text).put("\n\n").say(&rule("dr.again", english)).put("\n").put(&text);
        return;
    }
    if s.rng.percent(50) {
        s.say(&rule("dr.copy", english)).put("\n\n").put(&text);
    } else {
        s.put(&text).put("\n\n").say(&rule("dr.copy", english));
    }
    s.end(Role::User).put(&text).end(Role::Assistant);
}

fn sentence(s: &mut Script, english: bool) -> String {
    let rule = if english { *s.rng.pick(&["e.sent", "e.rule"]) } else { *s.rng.pick(&SENTENCES) };
    s.set("book", "규정");
    s.aside(rule)
}

/// Sentences with marks before them, and some of them asked by the mark.
fn lines(s: &mut Script, english: bool) {
    let form = s.rng.below(4);
    let from = s.rng.range(1, 60);
    let mark = |i: usize| match form {
        0 => format!("{}.", i + 1),
        1 => format!("({})", i + 1),
        2 if english => format!("§{}", from + i as i64),
        2 => format!("제{}조", from + i as i64),
        _ => ["①", "②", "③", "④", "⑤", "⑥", "⑦", "⑧"][i].to_owned(),
    };
    let count = s.rng.range(2, 8) as usize;
    let all: Vec<(String, String)> = (0..count).map(|i| (mark(i), sentence(s, english))).collect();
    let listed: Vec<String> = all.iter().map(|(m, t)| format!("{m} {t}")).collect();
    s.put(&listed.join("\n")).put("\n\n");
    let mut order: Vec<usize> = (0..count).collect();
    s.rng.shuffle(&mut order);
    let most = s.rng.range(1, 4) as usize;
    for &i in order.iter().take(most) {
        s.set("mark", all[i].0.clone());
        s.say(&rule("dr.line", english)).end(Role::User);
        s.put(&all[i].1).end(Role::Assistant);
    }
}
