//! One triple, written: key facts in the answer, digressions around them, the facts again in the summary.

use super::{Language, Triple};
use crate::grammar::{Expansion, Grammar, Vars};
use crate::rng::Rng;

/// Names that hold for a whole triple.
struct Cast(Vec<(&'static str, String)>);

impl Vars for Cast {
    fn value(&mut self, name: &str, _: &mut Rng) -> Option<String> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }
}

/// Interviews in which people speak as they do at a counter or at home.
const POLITE: [&str; 3] = ["customer", "oral", "exit"];

struct Writer<'g> {
    grammar: &'g Grammar,
    rng: Rng,
    cast: Cast,
    out: Expansion,
}

impl Writer<'_> {
    fn say(&mut self, rule: &str) {
        self.grammar.expand(rule, &mut self.rng, &mut self.cast, &mut self.out);
    }

    /// A sentence after those that stand there already.
    fn sentence(&mut self, rule: &str) {
        self.sentence_led(None, rule);
    }

    /// A sentence, half the time with words before it that lead to it. A draw whose beginning stands there already is
    /// drawn again: the same remark with another number would be none.
    fn sentence_led(&mut self, lead: Option<&str>, rule: &str) {
        let before = self.out.clone();
        let known = before.text.to_lowercase();
        for trial in 0.. {
            if !self.out.text.is_empty() {
                self.out.text.push(' ');
            }
            let start = self.out.text.len();
            if let Some(lead) = lead.filter(|_| self.rng.percent(50)) {
                self.say(lead);
                self.out.text.push(' ');
            }
            let at = self.out.text.len();
            self.say(rule);
            let begin: String = self.out.text[at..].chars().take(ALIKE).collect();
            capitalise(&mut self.out.text, start);
            if trial == TRIALS || !known.contains(&begin.to_lowercase()) {
                return;
            }
            self.out = before.clone();
        }
    }
}

/// Characters at its beginning by which a sentence is taken for another.
const ALIKE: usize = 5;

/// Draws before a sentence is taken as it is.
const TRIALS: usize = 12;

/// Makes the Latin letter at a place a capital.
fn capitalise(text: &mut String, at: usize) {
    if let Some(letter) = text.get(at..=at) {
        let capital = letter.to_ascii_uppercase();
        text.replace_range(at..=at, &capital);
    }
}

fn cast(grammar: &Grammar, rng: &mut Rng, language: Language, kind: &str) -> Cast {
    let (prefix, between) = if language == Language::Korean { ("", "") } else { ("e.", " ") };
    let two = |rng: &mut Rng, head: &str, tail: &str| {
        let head = grammar.text(&format!("{prefix}{head}"), rng);
        format!("{head}{between}{}", grammar.text(&format!("{prefix}{tail}"), rng))
    };
    let family_first = language == Language::Korean;
    let person =
        |rng: &mut Rng| if family_first { two(rng, "surname", "given") } else { two(rng, "given", "family") };
    let firm = |rng: &mut Rng| two(rng, "firmhead", "firmtail");
    let (name, firm1) = (person(rng), firm(rng));
    let mut others = [person(rng), firm(rng)];
    while others[0] == name {
        others[0] = person(rng);
    }
    while others[1] == firm1 {
        others[1] = firm(rng);
    }
    let code = if language == Language::Korean { "ko" } else { "en" };
    let role = grammar.text(&format!("{code}.{kind}.role"), rng);
    let [other, firm2] = others;
    Cast(vec![("name", name), ("firm", firm1), ("other", other), ("firm2", firm2), ("role", role)])
}

/// Who is summarised: by name where the question called them so, else by the part they play.
fn named(cast: &mut Cast, language: Language, by_name: bool) {
    let of = |name: &str| cast.0.iter().find(|(known, _)| *known == name).map(|(_, v)| v.clone());
    let (name, role) = (of("name").unwrap_or_default(), of("role").unwrap_or_default());
    let (who, they) = match (language, by_name) {
        (Language::Korean, true) => (format!("{name} 씨"), format!("{name} 씨")),
        (Language::English, true) => (name.clone(), name),
        (Language::Korean, false) => (role.clone(), role),
        (Language::English, false) => {
            let small = role.to_ascii_lowercase();
            (role, small)
        }
    };
    cast.0.extend([("who", who), ("they", they)]);
}

pub(super) fn triple(
    grammar: &Grammar,
    mut rng: Rng,
    language: Language,
    kind: &'static str,
    topic: usize,
) -> Triple {
    let code = if language == Language::Korean { "ko" } else { "en" };
    let tone = if language == Language::Korean && POLITE.contains(&kind) { "p" } else { "f" };
    let mut cast = cast(grammar, &mut rng, language, kind);
    let by_name = rng.percent(50);
    named(&mut cast, language, by_name);
    let mut writer = Writer { grammar, rng, cast, out: Expansion::default() };
    if by_name {
        writer.say(&format!("{code}.{kind}.address"));
        writer.out.text.push(',');
    }
    writer.sentence(&format!("{code}.{kind}.q{topic}"));
    let (question, question_slots) = writer.out.next_turn();
    answer(&mut writer, code, kind, topic, tone);
    let (answer, answer_slots) = writer.out.next_turn();
    writer.sentence(&format!("{code}.{kind}.{topic}s"));
    let (summary, summary_slots) = writer.out.next_turn();
    Triple { kind, language, question, answer, summary, slots: [question_slots, answer_slots, summary_slots] }
}

/// The key facts in order, and what surrounds them.
fn answer(writer: &mut Writer<'_>, code: &str, kind: &str, topic: usize, tone: &str) {
    let [open, close, aside] = ["open", "close", "aside"].map(|part| format!("{code}.{part}.{tone}"));
    let side = format!("{code}.{kind}.side");
    if writer.rng.percent(75) {
        writer.sentence(&open);
    } else {
        writer.sentence(&side);
    }
    let keys: Vec<String> = ["a", "b", "c"]
        .iter()
        .map(|part| format!("{code}.{kind}.{topic}{part}"))
        .filter(|rule| writer.grammar.has(rule))
        .collect();
    for key in &keys {
        if writer.rng.percent(45) {
            writer.sentence_led(Some(&aside), &side);
            if writer.rng.percent(15) {
                writer.sentence_led(Some(&aside), &side);
            }
        }
        writer.sentence(key);
    }
    // A short answer digresses in any case: there has to be something to leave out.
    if keys.len() < 3 || writer.rng.percent(40) {
        writer.sentence_led(Some(&aside), &side);
    }
    if writer.rng.percent(40) {
        writer.sentence(&close);
    }
}
