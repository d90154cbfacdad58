//! Counts particles that do not agree with the sound before them.
//!
//! The check looks at finished text and knows nothing of the grammar that wrote it. Words that merely
//! end like a particle (마을, 먹는, 결과) are told apart by rule and by a list of exceptions.

use super::jamo::{self, NONE, RIEUL};
use super::particle::{Final, final_sound};

/// What the check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParticleReport {
    /// Words that end in a particle with two forms.
    pub checked: usize,
    /// Words whose particle has the wrong form.
    pub wrong: usize,
    /// The first twenty wrong words.
    pub examples: Vec<String>,
}

impl ParticleReport {
    /// The share of right forms, 1 for a text without particles.
    pub fn agreement(&self) -> f64 {
        if self.checked == 0 { 1.0 } else { 1.0 - self.wrong as f64 / self.checked as f64 }
    }

    /// Adds another text's counts.
    pub fn add(&mut self, other: &Self) {
        self.checked += other.checked;
        self.wrong += other.wrong;
        let room = 20_usize.saturating_sub(self.examples.len());
        self.examples.extend(other.examples.iter().take(room).cloned());
    }
}

/// Words that end in a vowel and 을 or 은 or 과 without any particle.
const OPEN_WORDS: &[&str] = &[
    "마을",
    "가을",
    "노을",
    "개울",
    "고을",
    "서울을",
    "지은",
    "나은",
    "부은",
    "이은",
    "그은",
    "저은",
    "쏟은",
    "젊은",
    "작은",
    "사과",
    "효과",
    "결과",
    "초과",
    "경과",
    "통과",
    "투과",
    "과과",
    "치과",
    "안과",
    "이과",
    "외과",
    "내과",
    "학과",
    "제과",
    "모은",
    "모과",
    "다과",
    "여과",
    "부과",
    "전과",
    "성과",
    "일과",
    "간과",
    "날과",
    "기은",
    "주은",
    "놓은",
    "더과",
    "아은",
];

/// Checks every word of a text.
pub fn check_particles(text: &str) -> ParticleReport {
    let mut report = ParticleReport::default();
    for word in text.split_whitespace() {
        let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        let Some(right) = agrees(word) else { continue };
        report.checked += 1;
        if !right {
            report.wrong += 1;
            if report.examples.len() < 20 {
                report.examples.push(word.to_owned());
            }
        }
    }
    report
}

/// Whether the particle at the end of the word has the right form; none where there is none that can
/// be told from the word itself.
fn agrees(word: &str) -> Option<bool> {
    if OPEN_WORDS.iter().any(|w| word.ends_with(w)) {
        return None;
    }
    let mut chars = word.char_indices().rev();
    let (at, last) = chars.next()?;
    let before = &word[..at];
    let (_, previous) = chars.next()?;
    if last == '로' {
        if let Some(stem) = before.strip_suffix('으') {
            return (!stem.is_empty()).then(|| final_sound(stem) == Final::Consonant);
        }
        return spoken(previous).then(|| final_sound(before) != Final::Consonant);
    }
    if !spoken(previous) {
        return None;
    }
    let open = final_sound(before) == Final::Vowel;
    match last {
        // A stem without a final never takes 은; 은 after a consonant may be a particle or an ending.
        '을' | '과' | '은' => Some(!open),
        '를' | '와' => Some(open),
        // 는 after a consonant is an ending (먹는) unless what precedes it is no verb stem.
        '는' if open => Some(true),
        '는' => (!verb_stem(previous)).then_some(false),
        _ => None,
    }
}

fn spoken(c: char) -> bool {
    jamo::split(c).is_some() || c.is_ascii_alphanumeric() || matches!(c, ')' | '"' | '\'' | '”' | '’')
}

/// Syllables with a final that end verb stems taking 는.
fn verb_stem(c: char) -> bool {
    let stems = "있없먹않받찾싶겠는듣걷묻닫믿얻입잡뽑접집맞잊벗씻웃짓잇남넘담참감숨심굶닮삶읽늙긁밝젖찍박막녹묶섞닦겪엮\
        깎낚볶꺾앉얹끊많잃앓뵙듬들안곪꿇뚫옳끓싫놓넣낳쌓땋찧뜯쏟돋굳꽂늦갖빚짖맺찢꽂붙맡뱉같흩깊덮갚높엎쫓좇빗솟업씹꼽돕굽눕줍죽썩속\
        았었였했됐갔왔봤렸졌셨냈났샀탔섰켰췄뒀줬꿨샜쳤폈떴썼컸껐";
    match jamo::split(c) {
        Some((_, _, NONE | RIEUL)) | None => false,
        Some(_) => stems.contains(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_and_wrong_forms() {
        for (word, want) in [
            ("사과를", Some(true)),
            ("사과을", Some(false)),
            ("책를", Some(false)),
            ("책을,", Some(true)),
            ("고객은", Some(true)),
            ("가게은", Some(false)),
            ("가게는", Some(true)),
            ("고객는", Some(false)),
            ("먹는", None),
            ("있는", None),
            ("부산으로", Some(true)),
            ("서울으로", Some(false)),
            ("서울로", Some(true)),
            ("집로", Some(false)),
            ("3,000원와", Some(false)),
            ("010-1234-5678로", Some(true)),
            ("VIP은", Some(false)),
            ("마을", None),
            ("결과", None),
            ("안녕하세요", None),
            ("", None),
        ] {
            let word = word.trim_end_matches(',');
            assert_eq!(agrees(word), want, "{word}");
        }
    }

    #[test]
    fn shares_add_up() {
        let mut report = check_particles("책을 사과을 먹는 사람은 서울로 간다.");
        assert_eq!((report.checked, report.wrong), (4, 1));
        assert_eq!(report.agreement(), 0.75);
        report.add(&check_particles("물를"));
        assert_eq!(report.examples, ["사과을", "물를"]);
    }
}
