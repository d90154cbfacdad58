//! Talk with the support of shops and services: the answer is read off the policy at hand, or, where
//! there is none, has the shape that such an answer has.

use chat::example::Role;

use super::script::Script;
use super::topic::{self, ENGLISH, SERVICES, SHOP, Topic};
use crate::grammar::Register;

/// A fact of a place.
struct Fact {
    topic: Topic,
    noun: String,
    value: String,
}

/// Draws a place and so many of its facts, no topic twice.
fn place(s: &mut Script, most: usize) -> (String, Vec<Fact>) {
    let shop = s.rng.percent(72);
    let (name, mut topics) = if shop {
        (s.aside("shop"), SHOP.to_vec())
    } else {
        let (names, topics) = *s.rng.pick(SERVICES);
        let first = s.aside("shopa");
        (format!("{first} {}", s.rng.pick(names)), topics.to_vec())
    };
    s.rng.shuffle(&mut topics);
    topics.truncate(most);
    let facts = topics
        .into_iter()
        .map(|topic| Fact {
            topic,
            noun: s.aside(&format!("n.{}", topic.rule)),
            value: topic::value(topic, &mut s.rng),
        })
        .collect();
    (name, facts)
}

fn customer(s: &mut Script) {
    let register = match s.rng.below(10) {
        0..=5 => Register::Polite,
        6 | 7 => Register::Formal,
        _ => Register::Casual,
    };
    s.register(register);
}

fn agent(s: &mut Script) {
    let register = if s.rng.percent(50) { Register::Polite } else { Register::Formal };
    s.register(register);
}

/// Adds a question about a topic to the turn.
fn ask(s: &mut Script, topic: Topic, bare: bool) {
    s.forget();
    let chance = |s: &mut Script, percent| !bare && s.rng.percent(percent);
    if chance(s, 30) {
        s.speak("hello");
    }
    if chance(s, 10) {
        s.say("personal").put(" ");
    }
    let plain = format!("h.{}", topic.rule);
    if s.has(&plain) && s.rng.percent(25) {
        if s.rng.percent(92) {
            s.say("hpre");
        }
        s.say(&plain);
    } else {
        lead(s, topic);
        question(s, topic);
    }
    if s.rng.percent(15) {
        slip(s);
    }
    if chance(s, 6) {
        s.put(" ").say("personal");
    }
    if chance(s, 12) {
        s.put(" ").speak("bye");
    }
}

/// Adds what led to the question: a situation of the topic, one of any topic, or nothing.
fn lead(s: &mut Script, topic: Topic) {
    let own = format!("w.{}", topic.rule);
    let shop = s.has(&own);
    match s.rng.below(20) {
        0..=10 if shop => {
            s.say(&own).speak("wjoin");
        }
        0..=15 if !shop => {
            s.say("w.service").speak("wjoin");
        }
        11..=13 if shop => {
            s.say("sit").speak("join");
        }
        14..=17 if shop => {
            s.say("qpre");
        }
        _ => {}
    }
}

fn question(s: &mut Script, topic: Topic) {
    match s.rng.below(20) {
        0..=3 => {
            s.say(&format!("n.{}", topic.rule)).speak("nq");
        }
        4 => {
            s.say(&format!("n.{}", topic.rule)).say("topic").say(topic::question_word(topic.unit)).speak("q");
        }
        _ => {
            s.say(&format!("c.{}", topic.rule)).speak("q");
        }
    }
}

/// Ends the question as people do who type in haste.
fn slip(s: &mut Script) {
    let end = *s.rng.pick(&["", "", "??", " ㅠㅠ", "?? ㅠ", " 궁금해요", "?!", " 알려주세요", " ㅎㅎ", ".."]);
    if s.take_end("?") {
        let end = if s.rng.percent(25) && s.take_end("요") { format!("여{end}") } else { end.to_owned() };
        s.put(&end);
    } else if s.take_end(".") {
        s.put(if end.contains(['?', '궁', '알']) { "" } else { end });
    }
}

/// Adds an answer that states a fact to the turn.
fn answer(s: &mut Script, fact: &Fact, short: bool) {
    s.set("v", fact.value.clone()).set("noun", fact.noun.clone());
    let goods = topic::about_goods(fact.topic);
    if s.rng.percent(if short { 52 } else { 60 }) {
        s.speak(if goods { "ack" } else { "back" });
    } else if s.rng.percent(50) {
        s.say(if goods { "pre.goods" } else { "pre" });
    }
    if s.rng.percent(20) {
        s.put(&fact.noun).say("topic").put(&fact.value).speak(if goods { "is" } else { "bis" });
    } else {
        s.say(&format!("s.{}", fact.topic.rule)).speak(if goods { "a" } else { "b" });
    }
    if goods && s.rng.percent(if short { 4 } else { 12 }) {
        s.put(" ").speak("but");
    }
    if s.rng.percent(if short { 10 } else { 18 }) {
        s.put(" ").speak(if goods { "close" } else { "bclose" });
    }
}

fn facts_list(s: &mut Script, facts: &[Fact]) {
    let style = s.rng.below(20);
    if style >= 4 {
        return facts_inline(s, facts, style >= 15);
    }
    for fact in facts {
        s.put("\n");
        match style {
            0 => s.put("- ").put(&fact.noun).put(": ").put(&fact.value),
            1 => s.put(&fact.noun).put(": ").put(&fact.value),
            2 => s.put("* ").put(&fact.noun).put(" ").put(&fact.value),
            _ => {
                s.register(Register::Formal).set("v", fact.value.clone());
                s.put("- ").say(&format!("s.{}", fact.topic.rule)).say("plain")
            }
        };
    }
}

/// The facts in one paragraph: as a list with commas, or as sentences.
fn facts_inline(s: &mut Script, facts: &[Fact], told: bool) {
    s.put("\n").register(Register::Formal);
    for (i, fact) in facts.iter().enumerate() {
        let last = i + 1 == facts.len();
        if told {
            s.set("v", fact.value.clone()).say(&format!("s.{}", fact.topic.rule));
            s.say(if last { "told.last" } else { "told.more" });
        } else {
            s.put(&fact.noun).put(" ").put(&fact.value).put(if last { "" } else { ", " });
        }
    }
}

/// One Korean document.
pub fn korean(s: &mut Script) {
    match s.rng.below(100) {
        0..=29 => with_policy(s, true),
        30..=37 => with_policy(s, false),
        38..=84 => form(s),
        85..=91 => page(s),
        _ => chat_through(s),
    }
}

/// The policy stands in the system prompt or the first turn; questions are answered from it.
fn with_policy(s: &mut Script, in_system: bool) {
    let most = s.rng.range(2, 8) as usize;
    let (name, mut facts) = place(s, most + 1);
    let absent = if facts.len() > most { facts.pop() } else { None };
    s.set("place", name);
    agent(s);
    s.say("sys");
    facts_list(s, &facts);
    if in_system {
        s.end(Role::System);
    } else {
        s.put("\n\n");
    }
    let turns = s.rng.range(1, 3) as usize;
    customer(s);
    for i in 0..turns {
        if let Some(absent) = absent.as_ref().filter(|_| s.rng.percent(10)) {
            customer(s);
            ask(s, absent.topic, i > 0);
            s.end(Role::User);
            agent(s);
            s.set("noun", absent.noun.clone()).speak("absent").end(Role::Assistant);
            continue;
        }
        let fact = &facts[s.rng.below(facts.len())];
        customer(s);
        ask(s, fact.topic, i > 0);
        s.end(Role::User);
        agent(s);
        answer(s, fact, true);
        s.end(Role::Assistant);
    }
}

/// A form with a category, answered briefly.
fn form(s: &mut Script) {
    let (name, facts) = place(s, 1);
    let fact = &facts[0];
    s.set("place", name);
    if s.rng.percent(15) {
        s.say("sysbare").end(Role::System);
    }
    let head = match s.rng.below(10) {
        0..=6 => format!("[{}] [고객문의] ", fact.topic.category),
        7 => format!("[{}] ", fact.topic.category),
        8 => format!("유형: {} / 문의: ", fact.topic.category),
        _ => String::new(),
    };
    s.put(&head);
    customer(s);
    let bare = s.rng.percent(60);
    ask(s, fact.topic, bare);
    s.end(Role::User);
    agent(s);
    answer(s, fact, true);
    s.end(Role::Assistant);
}

/// A page of questions and answers.
fn page(s: &mut Script) {
    let most = s.rng.range(2, 6) as usize;
    let (name, facts) = place(s, most);
    s.put(&name).say("faq").put("\n").set("place", name);
    let marks = *s.rng.pick(&[("Q) ", "A) "), ("질문: ", "답변: "), ("Q: ", "A: "), ("문의 ", "안내 ")]);
    for fact in &facts {
        s.register(Register::Polite).put(marks.0);
        ask(s, fact.topic, true);
        s.put("\n").put(marks.1);
        agent(s);
        answer(s, fact, false);
        s.put("\n");
    }
}

/// Writes a talk of a customer and an agent about one fact, each after a mark, and gives the fact's name and
/// value.
pub fn exchange(s: &mut Script) -> (String, String) {
    let (name, mut facts) = place(s, 1);
    let fact = facts.pop().expect("one fact was asked for");
    let marks =
        *s.rng.pick(&[("고객: ", "상담원: "), ("손님: ", "직원: "), ("문의: ", "답변: "), ("Q: ", "A: ")]);
    s.set("place", name).put(marks.0);
    customer(s);
    ask(s, fact.topic, false);
    s.put("\n").put(marks.1);
    agent(s);
    answer(s, &fact, false);
    (fact.noun, fact.value)
}

/// A longer talk about one place, with thanks at the end.
fn chat_through(s: &mut Script) {
    let most = s.rng.range(2, 4) as usize;
    let (name, facts) = place(s, most);
    s.set("place", name).say("sysbare").end(Role::System);
    for (i, fact) in facts.iter().enumerate() {
        customer(s);
        ask(s, fact.topic, i > 0);
        s.end(Role::User);
        agent(s);
        answer(s, fact, false);
        s.end(Role::Assistant);
        // The same again in other words has the same answer.
        if s.rng.percent(30) {
            customer(s);
            ask(s, fact.topic, true);
            s.end(Role::User);
            agent(s);
            answer(s, fact, true);
            s.end(Role::Assistant);
        }
    }
    customer(s);
    s.speak("thanks").end(Role::User);
    agent(s);
    s.speak("welcome").end(Role::Assistant);
}

/// One English document.
pub fn english(s: &mut Script) {
    let mut topics = ENGLISH.to_vec();
    s.rng.shuffle(&mut topics);
    topics.truncate(s.rng.range(2, 6) as usize);
    let facts: Vec<Fact> = topics
        .into_iter()
        .map(|topic| Fact {
            topic,
            noun: s.aside(&format!("e.n.{}", topic.rule)),
            value: topic::english_value(topic, &mut s.rng),
        })
        .collect();
    let given = s.rng.percent(65);
    if given {
        s.say("e.sys");
        let lines = s.rng.percent(25);
        for (i, fact) in facts[1..].iter().enumerate() {
            s.put(if lines {
                "\n- "
            } else if i > 0 {
                "; "
            } else {
                "\n"
            });
            s.put(&fact.noun).put(": ").put(&fact.value);
        }
        s.end(Role::System);
    } else if s.rng.percent(50) {
        s.say("e.sysbare").end(Role::System);
    }
    for i in 0..s.rng.range(1, 3) {
        let absent = given && s.rng.percent(10);
        let fact = if absent { &facts[0] } else { &facts[1 + s.rng.below(facts.len() - 1)] };
        s.set("noun", fact.noun.clone()).set("v", fact.value.clone());
        english_question(s, fact, i > 0);
        if absent {
            s.say("e.absent");
        } else {
            english_answer(s, fact);
        }
        s.end(Role::Assistant);
    }
}

fn english_question(s: &mut Script, fact: &Fact, bare: bool) {
    if !bare && s.rng.percent(50) {
        s.say("e.hello").put(" ");
    }
    if s.rng.percent(70) {
        let link = *s.rng.pick(&[", and ", ", so "]);
        s.say("e.sit").put(link);
    } else {
        s.say("e.cpre");
    }
    s.say(&format!("e.c.{}", fact.topic.rule));
    if s.rng.percent(12) {
        s.put(" ").say("e.bye");
    }
    s.end(Role::User);
}

fn english_answer(s: &mut Script, fact: &Fact) {
    let acknowledged = s.rng.percent(40);
    if acknowledged {
        s.say("e.ack").put(" ");
    }
    let start = s.here();
    if s.rng.percent(30) {
        let lead = *s.rng.pick(&["The ", "At the moment the ", "For all orders the ", "By our policy the "]);
        s.put(lead).put(&fact.noun).put(" ").say("e.is").put(".");
    } else {
        s.say(&format!("e.s.{}", fact.topic.rule));
    }
    if acknowledged {
        s.lower_at(start);
    }
    if s.rng.percent(88) {
        s.trim_stop().say("e.tail");
    }
    if s.rng.percent(20) {
        s.put(" ").say("e.but");
    }
    if s.rng.percent(20) {
        s.put(" ").say("e.close");
    }
}
