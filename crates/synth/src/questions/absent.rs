//! Questions that the documents do not answer: about what sibling regulations would have.

use data::validate::{Kind, Pair, Validator};

use super::wording_frames;
use crate::korean::Particle;
use crate::rng::Rng;

const KOREAN: &str = include_str!("text/absent.ko.txt");
const ENGLISH: &str = include_str!("text/absent.en.txt");

/// A question without an answer, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absent {
    /// What is asked for: 사내 어린이집.
    pub subject: &'static str,
    /// The question.
    pub question: String,
    /// An answer that says that the documents do not say.
    pub answer: String,
}

/// Questions about subjects that no chunk has, in an order that the seed decides. Every subject comes once before
/// any comes twice.
pub fn questions(validator: &Validator, titles: &[String], is_korean: bool, seed: u64) -> Vec<Absent> {
    let text = if is_korean { KOREAN } else { ENGLISH };
    let (mut asked, frames, refusals) = (
        wording_frames(text, "subjects"),
        wording_frames(text, "questions"),
        wording_frames(text, "refusals"),
    );
    let mut rng = Rng::stream(seed, "absent", u64::from(is_korean));
    rng.shuffle(&mut asked);
    let asked: Vec<(&str, Vec<&str>)> = asked
        .iter()
        .filter_map(|line| {
            let (subject, kinds) = line.split_once('|')?;
            Some((subject.trim(), kinds.split_whitespace().collect()))
        })
        .filter(|(subject, _)| is_absent(validator, subject))
        .collect();
    let title = titles.first().map_or("", String::as_str);
    let mut out = Vec::new();
    for round in 0..4 {
        for (subject, kinds) in &asked {
            let of_kind: Vec<&&str> = frames
                .iter()
                .filter(|frame| frame.split_once('|').is_some_and(|(kind, _)| kinds.contains(&kind.trim())))
                .collect();
            if of_kind.is_empty() {
                continue;
            }
            // Another frame in each round; where they are used up the subject has had its turn.
            let first = rng.below(of_kind.len());
            if round >= of_kind.len() {
                continue;
            }
            let frame = of_kind[(first + round) % of_kind.len()];
            let question = frame.split_once('|').map_or("", |(_, question)| question.trim());
            let fill = |text: &str| {
                agreeing(&text.replace("{subject}", subject).replace("{title}", title), is_korean)
            };
            let refusal: &&str = rng.pick(&refusals);
            let answer = fill(refusal);
            out.push(Absent { subject, question: fill(question), answer });
        }
    }
    out
}

/// Whether no chunk has most of what a subject's words say.
fn is_absent(validator: &Validator, subject: &str) -> bool {
    validator.presence(subject).0 < 0.7
}

/// The pair of a question.
pub fn pair(absent: &Absent, id: String) -> Pair {
    Pair {
        id,
        kind: Kind::Absent,
        question: absent.question.clone(),
        answer: absent.answer.clone(),
        document: String::new(),
        paths: Vec::new(),
    }
}

fn agreeing(text: &str, is_korean: bool) -> String {
    if !is_korean {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('~') {
        out.push_str(before);
        rest = after;
        if let Some((particle, used)) = Particle::at_start(after) {
            out.push_str(particle.after(&out));
            rest = &after[used..];
        }
    }
    out + rest
}
