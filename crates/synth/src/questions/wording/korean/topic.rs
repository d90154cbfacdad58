//! The topic of a sentence, and how a clause takes it before a noun.

use data::validate::text::fold::final_of;

use crate::korean::Particle;

/// The topic of a sentence as the subject of a clause: 회사는 → 회사가.
pub(super) fn subject_form(before: &str) -> String {
    match Topic::of(before) {
        Some(topic) => topic.with(Particle { closed: "이", open: "가" }),
        None => before.to_owned(),
    }
}

/// What stands before a limit as a clause that goes before a noun, and from when on the limit counts:
/// `직원은 출장에서 돌아온 날부터` → `직원이`, `출장에서 돌아온 날부터`.
pub(super) fn clause(before: &str, predicate: &str) -> Option<(String, String)> {
    let Some(topic) = Topic::of(before) else {
        // `시작하는 날의 3일 전까지`: nothing that the day could be parted from.
        return (!before.ends_with(['의', '기'])).then(|| (before.to_owned(), String::new()));
    };
    let words: Vec<&str> = topic.after.split_whitespace().collect();
    let start = words.iter().rposition(|word| is_converb(word)).map_or(0, |at| at + 1);
    let counts = topic.after.ends_with("부터") || topic.after.ends_with(['의', '기']);
    let (own, since) = if counts { words.split_at(start) } else { (&words[..], &[][..]) };
    let has_object = own[start.min(own.len())..]
        .iter()
        .copied()
        .chain(predicate.split_whitespace())
        .any(|word| word.ends_with(['을', '를']));
    let particle = if !has_object && topic.is_acted_on(predicate) {
        Particle { closed: "을", open: "를" }
    } else {
        Particle { closed: "이", open: "가" }
    };
    let noun = Topic { after: "", ..topic }.with(particle);
    Some((format!("{noun} {}", own.join(" ")).trim().to_owned(), since.join(" ")))
}

/// Whether a word ends a clause that comes before the predicate's.
fn is_converb(word: &str) -> bool {
    ["받아", "하여", "해", "내어", "하고", "거쳐", "따라", "들어", "적어", "붙여", "면"]
        .iter()
        .any(|end| word.ends_with(end))
}

/// The topic of a sentence: the noun before its 은 or 는.
#[derive(Clone, Copy)]
struct Topic<'a> {
    before: &'a str,
    noun: &'a str,
    after: &'a str,
}

impl<'a> Topic<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut at = 0;
        for word in text.split(' ') {
            let end = at + word.len();
            if let Some(noun) = topic_noun(word) {
                return Some(Self { before: &text[..at], noun, after: text[end..].trim_start() });
            }
            at = end + 1;
        }
        None
    }

    fn with(self, particle: Particle) -> String {
        format!("{}{}{} {}", self.before, self.noun, particle.after(self.noun), self.after).trim().to_owned()
    }

    /// Whether the topic is what the predicate does something to: `퇴직급여는 14일 이내에 지급한다`.
    fn is_acted_on(self, predicate: &str) -> bool {
        const DONE: &[&str] = &[
            "지급하다",
            "의결하다",
            "실시하다",
            "보존하다",
            "보관하다",
            "검토하다",
            "처리하다",
            "반납하다",
            "제출하다",
            "통보하다",
            "통지하다",
            "공고하다",
            "작성하다",
            "정산하다",
            "반환하다",
            "청구하다",
            "내다",
            "열다",
            "내주다",
            "싣다",
        ];
        // Persons and bodies act.
        const ACT: &[char] =
            &['원', '자', '팀', '실', '장', '회', '부', '인', '과', '관', '처', '국', '사', '민', '생', '가'];
        DONE.contains(&predicate.trim()) && !self.noun.ends_with(ACT)
    }
}

/// The noun of a word that ends in the particle of a topic; none for a verb (받은, 하려는) and for `에는`.
fn topic_noun(word: &str) -> Option<&str> {
    const VERBS: &[&str] = &[
        "하는",
        "되는",
        "려는",
        "시키는",
        "주는",
        "내는",
        "드는",
        "쓰는",
        "따르는",
        "이르는",
        "걸리는",
        "다니는",
        "만드는",
        "부르는",
        "모르는",
        "가지는",
        "맡기는",
        "옮기는",
        "바뀌는",
        "생기는",
        "끝나는",
        "지나는",
        "나오는",
        "들어오는",
        "보내는",
        "에는",
        "게는",
        "서는",
        "로는",
        "부터는",
        "까지는",
        "받은",
        "않은",
        "남은",
        "넘은",
        "같은",
        "많은",
        "높은",
        "낮은",
        "적은",
        "좋은",
        "찾은",
        "맡은",
        "얻은",
        "잃은",
        "입은",
        "늦은",
        "짧은",
        "깊은",
        "넓은",
        "죽은",
        "뽑은",
        "작은",
        "젊은",
        "닫은",
        "앉은",
    ];
    let noun = word.strip_suffix(['은', '는'])?;
    let closed = noun.chars().next_back().and_then(final_of).is_some_and(|last| last > 0);
    // 은 stands after a closed syllable; a 는 there belongs to a verb: 있는, 받는.
    let agrees = closed == word.ends_with('은');
    (agrees && noun.chars().count() > 1 && !VERBS.iter().any(|verb| word.ends_with(verb))).then_some(noun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_becomes_a_subject_and_a_verb_stays() {
        for (text, want) in [
            ("회사는 직원에게", "회사가 직원에게"),
            ("조사하는 동안 신고인은 서면으로", "조사하는 동안 신고인이 서면으로"),
            ("통지를 받은 사람은 그날부터", "통지를 받은 사람이 그날부터"),
            ("방문한 날에는 담당자가", "방문한 날에는 담당자가"),
            ("휴가는 회사가", "휴가가 회사가"),
        ] {
            assert_eq!(subject_form(text), want);
        }
    }
}
