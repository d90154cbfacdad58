//! Rules, interviews, technical and everyday talk, prose.

use chat::example::Role;

use super::script::Script;
use crate::grammar::Register;

/// Articles of a rule; mostly followed by questions that are answered from them.
pub fn rules(s: &mut Script) {
    if s.rng.percent(12) {
        return english_rules(s);
    }
    let first = s.rng.range(1, 40);
    let asked = s.rng.percent(75);
    if asked {
        s.say("r.sys").put("\n\n");
    }
    let n = s.rng.range(2, 6);
    let target = s.rng.range(0, n - 1);
    let kind = s.rng.range(1, 3);
    for i in 0..n {
        let title = s.aside("title");
        s.put(&format!("제{}조({title}) ", first + i));
        if i == target {
            s.say(&format!("r.art{kind}"));
            if s.rng.percent(40) {
                s.put(" ").say("art");
            }
        } else {
            paragraphs(s);
        }
        s.put("\n");
    }
    if !asked {
        return;
    }
    s.set("n", (first + target).to_string());
    if s.rng.percent(50) {
        s.end(Role::System);
    }
    if s.rng.percent(8) {
        // A question about something else is not answered from what stands there.
        s.forget();
        s.say(&format!("r.q{}", 1 + kind % 3)).end(Role::User).say("r.none").end(Role::Assistant);
        return;
    }
    s.say(&format!("r.q{kind}")).end(Role::User).say(&format!("r.a{kind}")).end(Role::Assistant);
}

fn paragraphs(s: &mut Script) {
    let n = s.rng.range(1, 3);
    for (i, mark) in ["①", "②", "③"].iter().enumerate().take(n as usize) {
        if n > 1 {
            s.put(if i > 0 { " " } else { "" }).put(mark).put(" ");
        }
        s.say("art");
    }
}

fn english_rules(s: &mut Script) {
    for i in 1..=s.rng.range(3, 9) {
        s.put(&format!("{i}. ")).say("e.rule").put("\n");
    }
}

/// A job interview, as a conversation or as a written record.
pub fn interview(s: &mut Script) {
    s.register(Register::Formal);
    let record = s.rng.percent(50);
    let job = s.aside("job");
    s.set("job", job);
    for _ in 0..s.rng.range(2, 4) {
        s.forget();
        if record {
            s.put("면접관: ").say("iq").put("\n지원자: ");
        } else {
            s.say("iq").end(Role::User);
        }
        for k in 0..s.rng.range(1, 3) {
            s.put(if k > 0 { " " } else { "" }).say("ia");
        }
        if record {
            s.put("\n");
        } else {
            s.end(Role::Assistant);
        }
        if s.rng.percent(40) {
            if record {
                s.put("면접관: ").say("if").put("\n지원자: ").say("ia").put("\n");
            } else {
                s.say("if").end(Role::User).say("ia").end(Role::Assistant);
            }
        }
    }
}

/// Questions about machines and programs.
pub fn technical(s: &mut Script) {
    let english = s.rng.percent(35);
    let rules = if english { ("e.tq", "e.ta") } else { ("tq", "ta") };
    if !english && s.rng.percent(20) {
        for i in 0..s.rng.range(3, 7) {
            let rule = if s.rng.percent(60) { "tdef" } else { "ta" };
            s.put(if i > 0 { " " } else { "" }).say(rule);
        }
        return;
    }
    for _ in 0..s.rng.range(1, 3) {
        // An answer is about the machine and the fault of its question.
        s.forget();
        s.say(rules.0).end(Role::User);
        for k in 0..s.rng.range(1, 3) {
            s.put(if k > 0 { " " } else { "" }).say(rules.1);
        }
        s.end(Role::Assistant);
    }
}

/// Everyday talk.
pub fn talk(s: &mut Script) {
    let (question, answer, reply) = match s.rng.below(10) {
        0..=4 => ("talk.q", "talk.a", "talk.r"),
        5..=7 => ("talkc.q", "talkc.a", "talkc.r"),
        _ => ("e.talk.q", "e.talk.a", "e.talk.a"),
    };
    if question == "talk.q" && s.rng.percent(30) {
        s.say("sys.talk").end(Role::System);
    }
    s.say(question).end(Role::User);
    s.say(answer);
    if s.rng.percent(50) {
        s.put(" ").say(question);
    }
    s.end(Role::Assistant);
    for _ in 0..s.rng.range(0, 3) {
        let rule = if s.rng.percent(60) { reply } else { answer };
        s.say(rule).end(Role::User);
        s.say(answer);
        if s.rng.percent(30) {
            s.put(" ").say(reply);
        }
        s.end(Role::Assistant);
    }
}

/// Paragraphs of prose in one style.
pub fn prose(s: &mut Script) {
    let rule = match s.rng.below(10) {
        0..=4 => "sentd",
        5 | 6 => "sentp",
        7 => "sentf",
        _ => "e.sent",
    };
    for paragraph in 0..s.rng.range(1, 3) {
        s.put(if paragraph > 0 { "\n\n" } else { "" });
        for i in 0..s.rng.range(3, 8) {
            s.put(if i > 0 { " " } else { "" }).say(rule);
        }
    }
}
