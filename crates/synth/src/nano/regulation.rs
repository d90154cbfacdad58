//! Parts of a rule book as they are found for a question, and answers that say their sentences again with the place
//! where they stand.

use chat::example::Role;

use super::script::Script;
use crate::grammar::Memory;

/// How many kinds of sentences and of lists the grammar has: `g1` … and `gl1` ….
const SENTENCES: i64 = 20;
const LISTS: i64 = 4;

/// Something that is asked about, with what its labels stand for.
struct Fact {
    kind: String,
    labels: Memory,
    /// The items of a list.
    items: Vec<String>,
    /// As an answer cites it: 제5조 제2항.
    place: String,
}

impl Fact {
    fn draw(s: &mut Script, place: String) -> Self {
        s.forget();
        let list = s.rng.percent(18);
        let kind = if list {
            format!("gl{}", s.rng.range(1, LISTS))
        } else {
            format!("g{}", s.rng.range(1, SENTENCES))
        };
        let mut items: Vec<String> = Vec::new();
        for _ in 0..if list { s.rng.range(2, 5) } else { 0 } {
            let item = s.aside(&format!("{kind}.i"));
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Self { kind, labels: Memory::default(), items, place }
    }

    /// Writes it as the rule has it.
    fn write(&mut self, s: &mut Script) {
        s.forget();
        s.say(&self.kind);
        if self.items.is_empty() {
            s.say(&format!("{}.d", self.kind));
        }
        self.labels = s.memory();
        for (i, item) in self.items.iter().enumerate() {
            s.put(&format!("\n{}. {item}", i + 1));
        }
    }

    fn question(&self, s: &mut Script) -> String {
        s.recall(&self.labels);
        s.form(&format!("{}.q", self.kind))
    }

    fn answer(&self, s: &mut Script, book: &str) {
        s.recall(&self.labels);
        if self.items.is_empty() {
            s.say(&self.kind).say(&format!("{}.f", self.kind)).take_end(".");
        } else {
            s.say(&format!("{}.a", self.kind)).put(&self.items.join(", "));
        }
        s.put(&format!("({book} {}).", self.place)).end(Role::Assistant);
    }
}

/// One document: a part of a book with several questions.
pub fn regulation(s: &mut Script) {
    let book = s.aside("rg.book");
    s.set("book", book.clone());
    let in_system = s.rng.percent(15);
    if in_system || s.rng.percent(70) {
        s.say("rg.sys");
        if in_system {
            s.put("\n\n");
        } else {
            s.end(Role::System);
        }
    }
    let facts = part(s, &book);
    if in_system {
        s.end(Role::System);
    } else {
        s.put("\n\n");
    }
    let mut order: Vec<usize> = (0..facts.len()).collect();
    s.rng.shuffle(&mut order);
    let most = s.rng.range(1, 4) as usize;
    for &at in order.iter().take(most) {
        if s.rng.percent(18) {
            absent(s);
            continue;
        }
        let question = facts[at].question(s);
        ask(s, question);
        facts[at].answer(s, &book);
    }
}

/// Asks about something that does not stand there.
fn absent(s: &mut Script) {
    s.forget();
    let topic = s.aside("v.what");
    s.set("topic", topic.clone()).remember("v.what#a", &topic);
    let kind = s.rng.range(1, SENTENCES);
    let alike = s.form(&format!("g{kind}.q"));
    let question = if alike.contains(&topic) { alike } else { s.form("rg.absent") };
    ask(s, question);
    s.forget();
    s.say("rg.none").end(Role::Assistant);
}

fn ask(s: &mut Script, question: String) {
    s.set("q", question);
    let polite = s.form("rg.polite");
    s.set("q", polite);
    s.say("rg.ask").end(Role::User);
}

/// Writes the heading and some articles.
fn part(s: &mut Script, book: &str) -> Vec<Fact> {
    // An answer names the book, so the book stands there.
    let chapter = s.aside("rg.chapter");
    let chapter = if s.rng.percent(75) { format!(" > {chapter}") } else { String::new() };
    s.put(&format!("[{book}{chapter}]\n"));
    let first = s.rng.range(1, 110);
    let mut facts = Vec::new();
    for i in 0..s.rng.range(1, 3) {
        article(s, first + i, &mut facts);
    }
    facts
}

fn article(s: &mut Script, number: i64, facts: &mut Vec<Fact>) {
    const MARKS: [&str; 5] = ["①", "②", "③", "④", "⑤"];
    s.forget();
    let title = s.aside("title");
    s.put(&format!("제{number}조({title})"));
    let paragraphs = s.rng.range(1, 5) as usize;
    let known = facts.len();
    for (i, mark) in MARKS.iter().enumerate().take(paragraphs) {
        let place = if paragraphs > 1 {
            format!("제{number}조 제{}항", i + 1)
        } else {
            format!("제{number}조")
        };
        s.put(&if paragraphs > 1 { format!("\n{mark} ") } else { " ".to_owned() });
        if s.rng.percent(65) || (i + 1 == paragraphs && facts.len() == known) {
            let mut fact = Fact::draw(s, place);
            fact.write(s);
            facts.push(fact);
        } else {
            s.forget();
            s.say("rg.noise");
        }
    }
    s.put("\n");
}
