//! Particles (조사) that agree with the sound before them.

use super::jamo;

/// How a word ends when it is read aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Final {
    /// A vowel.
    Vowel,
    /// The consonant ㄹ, after which `으로` loses its vowel.
    Rieul,
    /// Any other consonant.
    Consonant,
}

/// A particle with its two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Particle {
    /// Form after a consonant, which also names it in a grammar.
    pub closed: &'static str,
    /// Form after a vowel.
    pub open: &'static str,
}

/// All particles a grammar can name, longer names first.
const PARTICLES: &[Particle] = &[
    Particle { closed: "이에요", open: "예요" },
    Particle { closed: "이어서", open: "여서" },
    Particle { closed: "이었", open: "였" },
    Particle { closed: "이라도", open: "라도" },
    Particle { closed: "이라", open: "라" },
    Particle { closed: "이란", open: "란" },
    Particle { closed: "이랑", open: "랑" },
    Particle { closed: "이나", open: "나" },
    Particle { closed: "이든", open: "든" },
    Particle { closed: "이며", open: "며" },
    Particle { closed: "이고", open: "고" },
    Particle { closed: "이면", open: "면" },
    Particle { closed: "이죠", open: "죠" },
    Particle { closed: "이야", open: "야" },
    Particle { closed: "이다", open: "다" },
    Particle { closed: "으로", open: "로" },
    Particle { closed: "은", open: "는" },
    Particle { closed: "을", open: "를" },
    Particle { closed: "과", open: "와" },
    Particle { closed: "이", open: "가" },
    Particle { closed: "아", open: "야" },
];

impl Particle {
    /// The particle whose name begins `text`, and the length of the name in bytes.
    pub fn at_start(text: &str) -> Option<(Self, usize)> {
        PARTICLES.iter().find(|p| text.starts_with(p.closed)).map(|p| (*p, p.closed.len()))
    }

    /// The form that agrees with the end of `before`.
    pub fn after(self, before: &str) -> &'static str {
        match final_sound(before) {
            Final::Vowel => self.open,
            Final::Rieul if self.closed == "으로" => self.open,
            Final::Rieul | Final::Consonant => self.closed,
        }
    }
}

/// How a text ends when read aloud in Korean: syllables by their final, digits by their names,
/// capitals by the names of the letters, other Latin words by how they are commonly transcribed.
/// A bracketed remark is passed over, as a reader does.
pub fn final_sound(text: &str) -> Final {
    let text = spoken_end(text);
    let mut back = text.chars().rev();
    let Some(last) = back.next() else { return Final::Vowel };
    if let Some((_, _, last)) = jamo::split(last) {
        return match last {
            jamo::NONE => Final::Vowel,
            jamo::RIEUL => Final::Rieul,
            _ => Final::Consonant,
        };
    }
    match last {
        '1' | '7' | '8' => Final::Rieul,
        '0' | '3' | '6' => Final::Consonant,
        c if c.is_ascii_uppercase() => match c {
            'L' | 'R' => Final::Rieul,
            'M' | 'N' => Final::Consonant,
            _ => Final::Vowel,
        },
        c if c.is_ascii_lowercase() => latin_final(text),
        _ => Final::Vowel,
    }
}

/// The text without closing quotes and bracketed remarks at its end.
fn spoken_end(text: &str) -> &str {
    let mut rest = text.trim_end();
    loop {
        let before = rest;
        rest = rest.trim_end_matches(['"', '\'', '’', '”', ']', '」', '』', '>', '*', '`']);
        if let Some(inner) = rest.strip_suffix(')')
            && let Some(open) = inner.rfind('(')
            && open > 0
        {
            rest = rest[..open].trim_end();
        }
        if rest == before || rest.is_empty() {
            return before;
        }
    }
}

fn latin_final(text: &str) -> Final {
    let start = text
        .rfind(|c: char| !c.is_ascii_alphabetic())
        .map_or(0, |i| i + text[i..].chars().next().map_or(1, char::len_utf8));
    let word = &text[start..];
    let ends = |tails: &[&str]| tails.iter().any(|t| word.ends_with(t));
    let vowel_before_last =
        word.len() > 1 && matches!(word.as_bytes()[word.len() - 2], b'a' | b'e' | b'i' | b'o' | b'u');
    if ends(&["l", "le"]) {
        Final::Rieul
    } else if ends(&["m", "n", "ng", "ne", "me"])
        || (vowel_before_last && ends(&["p", "k", "b", "t", "c"]))
        || ends(&["pp", "ck"])
    {
        Final::Consonant
    } else {
        Final::Vowel
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_agree() {
        for (word, name, want) in [
            ("사과", "은", "는"),
            ("수박", "은", "은"),
            ("서울", "으로", "로"),
            ("부산", "으로", "으로"),
            ("제주", "으로", "로"),
            ("010-1234-5670", "으로", "으로"),
            ("7", "으로", "로"),
            ("2", "을", "를"),
            ("3,000", "은", "은"),
            ("VIP", "은", "는"),
            ("FAQ", "이", "가"),
            ("SMS", "을", "를"),
            ("URL", "으로", "로"),
            ("email", "으로", "로"),
            ("app", "을", "을"),
            ("Python", "은", "은"),
            ("server", "을", "를"),
            ("적립금(포인트)", "은", "은"),
            ("'반품'", "이", "이"),
            ("5%", "을", "를"),
            ("책", "이에요", "이에요"),
            ("사과", "이에요", "예요"),
        ] {
            let (particle, used) = Particle::at_start(name).unwrap();
            assert_eq!(used, name.len());
            assert_eq!(particle.after(word), want, "{word} + {name}");
        }
    }

    #[test]
    fn odd_ends_do_not_panic() {
        for text in ["", " ", ")", "()", "(a)", "…", "🙂", "\u{200b}", "))"] {
            let _ = final_sound(text);
        }
    }
}
