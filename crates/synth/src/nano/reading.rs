//! Texts with questions that only the text at hand answers: who did what, sentences to be copied, endings
//! to be changed, long talk to be shortened, fields of records and tables.
//!
//! What a model learns here is to find a place, to copy what stands there and to say it in another form;
//! support answers, rules and summaries of later training rest on it.

use chat::example::Role;

use super::record;
use super::script::Script;
use super::support;
use crate::grammar::Register;

/// The grammar's labels for who, when, where and what was done.
const KOREAN: [&str; 4] = ["rd.who#w", "rd.time#t", "place#x", "rd.body#b"];
const ENGLISH: [&str; 4] = ["e.rd.who#w", "e.rd.time#t", "e.place#x", "e.rd.body#b"];

/// One thing that happened.
struct Event {
    english: bool,
    who: String,
    time: String,
    place: String,
    done: String,
}

impl Event {
    fn draw(s: &mut Script, english: bool) -> Self {
        let rules = if english { ENGLISH } else { KOREAN };
        let [who, time, place, done] =
            rules.map(|label| s.aside(label.split('#').next().unwrap_or_default()));
        Self { english, who, time, place, done }
    }

    /// Makes the labels of the grammar stand for this event.
    fn tell(&self, s: &mut Script) {
        s.forget();
        let values = [&self.who, &self.time, &self.place, &self.done];
        for (label, value) in if self.english { ENGLISH } else { KOREAN }.iter().zip(values) {
            s.remember(label, value);
        }
    }
}

/// So many events with different people, times and places, where the grammar has as many.
fn events(s: &mut Script, count: i64, english: bool) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::new();
    for _ in 0..count * 8 {
        let new = Event::draw(s, english);
        let known = |e: &Event| e.who == new.who || e.time == new.time || e.place == new.place;
        if !all.iter().any(known) && all.len() < count as usize {
            all.push(new);
        }
    }
    all
}

/// Writes a text of sentences, one an event, and gives each as it was written.
fn passage(s: &mut Script, events: &[Event], rule: &str) -> Vec<String> {
    let lines = rule.starts_with("rd.log") || s.rng.percent(15);
    let mut sentences = Vec::new();
    for (i, event) in events.iter().enumerate() {
        event.tell(s);
        s.put(if i == 0 {
            ""
        } else if lines {
            "\n"
        } else {
            " "
        });
        let start = s.here();
        s.say(rule);
        sentences.push(s.since(start));
    }
    sentences
}

/// Ends of sentences that a Korean text may have: plain, formal, polite, casual.
const ENDS: [&str; 4] = ["d", "f", "p", "c"];

/// One document.
pub fn reading(s: &mut Script) {
    let english = s.rng.percent(22);
    match s.rng.below(100) {
        0..=39 => asked(s, english),
        40..=52 if english => record::record(s, true),
        40..=52 => whole(s),
        53..=69 => shortened(s, english),
        70..=77 => note(s),
        _ => record::record(s, english),
    }
}

/// Adds the line that leads a passage in, or nothing.
fn head(s: &mut Script, english: bool) {
    s.forget();
    if s.rng.percent(60) {
        s.say(if english { "e.rd.head" } else { "rd.head" }).put("\n");
    }
}

/// A passage in the system turn or the first turn, and some questions about it.
fn asked(s: &mut Script, english: bool) {
    let count = s.rng.range(2, 8);
    let all = events(s, count + 1, english);
    let (absent, events) = all.split_last().expect("at least one event is drawn");
    let in_system = s.rng.percent(35);
    if in_system || s.rng.percent(25) {
        s.say(if english { "e.rd.sys" } else { "rd.sys" });
        if in_system {
            s.put("\n\n");
        } else {
            s.end(Role::System);
        }
    }
    head(s, english);
    let rule = if english {
        "e.rd.unit".to_owned()
    } else if s.rng.percent(10) {
        (*s.rng.pick(&["rd.log.line", "rd.log.item"])).to_owned()
    } else {
        format!("rd.unit.{}", s.rng.pick(&ENDS))
    };
    let sentences = passage(s, events, &rule);
    if in_system {
        s.end(Role::System);
    } else {
        s.put("\n\n");
    }
    let register = if s.rng.percent(50) { Register::Formal } else { Register::Polite };
    s.register(register);
    for _ in 0..s.rng.range(1, 4) {
        question(s, events, absent, &sentences, english);
    }
}

/// A question about one of the events, and its answer.
fn question(s: &mut Script, events: &[Event], absent: &Event, sentences: &[String], english: bool) {
    let i = s.rng.below(events.len());
    let own = if english { "e." } else { "" };
    if s.rng.percent(9) {
        absent.tell(s);
        s.say(&format!("{own}rd.q.what")).end(Role::User);
        return say(s, "rd.none", "rd.a.none", english);
    }
    events[i].tell(s);
    if s.rng.percent(25) {
        s.say(&format!("{own}rd.quote")).end(Role::User);
        s.put(&sentences[i]).end(Role::Assistant);
        return;
    }
    let about = *s.rng.pick(&["what", "what", "who", "when", "where"]);
    s.say(&format!("{own}rd.q.{about}")).end(Role::User);
    say(s, &format!("rd.a.{about}"), &format!("rd.a.{about}"), english);
}

/// Ends the answer's turn with a rule of English, or of the speaker's register in Korean.
fn say(s: &mut Script, english_rule: &str, korean_rule: &str, english: bool) {
    if english {
        s.say(&format!("e.{english_rule}"));
    } else {
        s.speak(korean_rule);
    }
    s.end(Role::Assistant);
}

/// A task on a whole Korean passage: a sentence by its number, other endings, the people, a list.
fn whole(s: &mut Script) {
    let count = s.rng.range(2, 6);
    let events = events(s, count, false);
    let first = s.rng.percent(40);
    let from = s.rng.below(4);
    let to = (from + 1 + s.rng.below(3)) % 4;
    let task = s.rng.below(4);
    let target = s.rng.below(events.len());
    let ask = |s: &mut Script| {
        events[if task == 0 { target } else { 0 }].tell(s);
        s.set("n", ordinal(target, events.len()));
        let rule = match task {
            0 => "rd.ordinal".to_owned(),
            1 => format!("rd.style.{}", ENDS[to]),
            2 => "rd.people".to_owned(),
            _ => "rd.lines".to_owned(),
        };
        s.say(&rule);
    };
    if first {
        ask(s);
        s.put("\n\n");
    }
    let sentences = passage(s, &events, &format!("rd.unit.{}", ENDS[from]));
    if !first {
        s.put("\n\n");
        ask(s);
    }
    s.end(Role::User);
    match task {
        0 => {
            s.put(&sentences[target]);
        }
        1 => restyle(s, &events, &sentences, ENDS[from], ENDS[to]),
        2 => {
            let people: Vec<&str> = events.iter().map(|e| e.who.as_str()).collect();
            s.put(&people.join(", "));
        }
        _ => {
            let rule = format!("rd.line.{}", s.rng.pick(&["f", "p", "d"]));
            for (i, event) in events.iter().enumerate() {
                event.tell(s);
                s.put(if i > 0 { "\n" } else { "" }).say(&rule);
            }
        }
    }
    s.end(Role::Assistant);
}

/// The same sentences with other endings: what differs is the last word of each.
fn restyle(s: &mut Script, events: &[Event], sentences: &[String], from: &str, to: &str) {
    for (i, (event, sentence)) in events.iter().zip(sentences).enumerate() {
        event.tell(s);
        s.put(if i > 0 { " " } else { "" });
        let (old, new) = (s.form(&format!("rd.end.{from}")), s.form(&format!("rd.end.{to}")));
        let beginning = sentence.strip_suffix(old.as_str()).expect("a sentence ends with what was done");
        s.put(beginning).put(&new);
    }
}

fn ordinal(at: usize, count: usize) -> &'static str {
    if at > 0 && at + 1 == count {
        return "마지막";
    }
    ["첫 번째", "두 번째", "세 번째", "네 번째", "다섯 번째", "여섯 번째"][at.min(5)]
}

/// Somebody talks at length, and the answer says in one sentence what it comes to.
fn shortened(s: &mut Script, english: bool) {
    let event = Event::draw(s, english);
    let second = !english && s.rng.percent(45);
    let then = if english { String::new() } else { s.aside("rd.act") };
    let tell = |s: &mut Script| {
        event.tell(s);
        s.remember("rd.act#c", &then);
    };
    if s.rng.percent(30) {
        s.say(if english { "e.rd.sys" } else { "rd.sys" }).end(Role::System);
    }
    s.register(Register::Polite);
    let side = if english { "e.rd.side" } else { "rd.side" };
    let mark = *s.rng.pick(&[": ", ": ", "\n", " - "]);
    s.put(&event.who).put(mark);
    for _ in 0..s.rng.range(0, 3) {
        s.forget();
        s.say(side).end_sentence().put(" ");
    }
    tell(s);
    s.say(if english { "e.rd.core" } else { "rd.core1" }).end_sentence();
    if s.rng.percent(60) {
        s.forget();
        s.put(" ").say(side).end_sentence();
    }
    if second {
        tell(s);
        s.put(" ").say("rd.core2").end_sentence();
    }
    for _ in 0..s.rng.range(0, 2) {
        s.forget();
        s.put(" ").say(side).end_sentence();
    }
    tell(s);
    s.put("\n\n").say(if english { "e.rd.askcore" } else { "rd.askcore" }).end(Role::User);
    if english {
        s.put(&event.who).put(" ").put(&event.done).put(".");
    } else {
        s.say(if second { "rd.sum2" } else { "rd.sum1" });
    }
    s.end(Role::Assistant);
}

/// A support talk as a record, and a note of one line about it.
fn note(s: &mut Script) {
    let fact = support::exchange(s);
    s.set("noun", fact.0).set("v", fact.1);
    s.put("\n\n").say("rd.asknote").end(Role::User);
    s.say("rd.note").end(Role::Assistant);
}
