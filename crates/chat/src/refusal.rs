//! Answers that say that the documents do not say.

use std::sync::LazyLock;

use regex::Regex;

static REFUSAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:규정|규칙|지침|문서|조항|자료|내용|핸드북|법)\s?(?:에는|에|에서|에서는|이|은|는|을|상)?\s?(?:해당\s?(?:내용|사항|규정)[이은]?\s?|관련\s?(?:내용|사항|규정|조항)[이은]?\s?|그런\s?내용[이은]?\s?)?(?:없습니다|없어요|없음|없다|나와\s?있지\s?않|나오지\s?않|담겨\s?있지\s?않|다루고\s?있지\s?않|정하고\s?있지\s?않|정해져\s?있지\s?않|정하지\s?않|명시되어\s?있지\s?않|명시하고\s?있지\s?않|찾을\s?수\s?없|확인되지\s?않|확인할\s?수\s?없)",
        r"|(?:정해진|정한|다룬|적힌)\s?(?:바|것|내용|조항|규정)[이가은는]?\s?없",
        r"|\b(?:not (?:in (?:the|this|these|those|any|our|your) (?:\w+ )?(?:handbook|documents?|rules?|polic\w+|guides?|manual|text|sources?|materials?)|covered (?:in|by)|mentioned (?:in|by)|addressed (?:in|by)|specified (?:in|by)|stated in|found in)|(?:does|do) not (?:cover|mention|address|say|specify|contain|provide|describe)|no (?:rule|section|provision|information|policy|mention) (?:on|about|for|of|in))",
    ))
    .expect("the pattern is tested")
});

/// Whether an answer says that the documents do not say.
pub fn is_refusal(answer: &str) -> bool {
    REFUSAL.is_match(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_and_answers() {
        for text in [
            "규정에 없습니다. 담당 부서에 문의해 주세요.",
            "인사규정에는 사내 대출에 관한 규정이 없습니다.",
            "해당 내용은 규정에서 찾을 수 없습니다.",
            "취업규칙에 나와 있지 않습니다.",
            "이에 대해 정한 바가 없습니다.",
            "The handbook does not say anything about parking.",
            "That is not covered in the handbook.",
            "There is no rule on pets.",
        ] {
            assert!(is_refusal(text), "{text}");
        }
        for text in [
            "The desks by the door are not in the count.",
            "연차휴가는 15일입니다.",
            "직원은 겸직할 수 없습니다.",
            "급여를 지급하지 않습니다.",
            "You may not share passwords.",
            "There is no limit on sick leave.",
        ] {
            assert!(!is_refusal(text), "{text}");
        }
    }
}
