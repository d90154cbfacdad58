//! Numbers that a person works out from those of the source and of the case that a question brings: sums, what is left,
//! shares, and so much for each.

use super::super::super::quantity::{Bound, ONE, Quantity, Unit, quantities};
use super::super::super::text::sentences;
use super::derived::Said;

/// Words of an answer that give a sum.
const SUMS: &[&str] =
    &["합", "모두", "총", "더하", "더해", "전부", "total", "together", "combined", "in all", "sum"];

/// Words of an answer that give what is left.
const RESTS: &[&str] = &[
    "나머지",
    "남은",
    "남는",
    "남아",
    "모자라",
    "넘는",
    "넘은",
    "초과",
    "그 뒤",
    "그 후",
    "이후",
    "rest",
    "remain",
    "left",
    "beyond",
    "more",
];

/// Whether a number follows from others by counting: from the source's, and from those that the question or the answer
/// gives.
pub(super) fn is_computed(own: &Quantity, said: Said<'_>) -> bool {
    let theirs = quantities(said.source);
    let given = quantities(said.question);
    let claimed = quantities(said.claims);
    let before: Vec<&Quantity> = claimed.iter().filter(|q| q.end <= own.start).collect();
    let sentence = sentence_of(said.claims, own.start);
    let has = |cues: &[&str]| cues.iter().any(|cue| sentence.contains(cue));
    let asks = |cues: &[&str]| has(cues) || cues.iter().any(|cue| said.question.contains(cue));
    let of_case: Vec<&Quantity> = given.iter().chain(before.iter().copied()).collect();
    is_share(own, &theirs, &of_case)
        || is_twice(own, said.source, &theirs)
        || is_calendar_day(own, said.source, &theirs, &given)
        || is_multiple(own, &theirs, &given)
        || is_rate(own, said.source, &theirs, &given)
        || has(SUMS) && is_total(own, &theirs, &before)
        || asks(RESTS) && is_rest(own, &theirs, &of_case)
}

fn sentence_of(text: &str, at: usize) -> String {
    let start = |s: &str| s.as_ptr() as usize - text.as_ptr() as usize;
    let found = sentences(text).into_iter().find(|s| (start(s)..=start(s) + s.len()).contains(&at));
    // `more than` compares, and says nothing of what is left.
    found.unwrap_or_default().to_ascii_lowercase().replace("more than", "over")
}

fn is_of(quantity: &Quantity, all: &[Quantity]) -> bool {
    all.iter().any(|q| q.equals(quantity))
}

/// 80만원 of 예상 금액의 80퍼센트, where the question says 100만원; twice so much of 두 배.
fn is_share(own: &Quantity, theirs: &[Quantity], of_case: &[&Quantity]) -> bool {
    theirs.iter().any(|share| {
        let whole = match share.unit {
            Unit::Percent => 100 * ONE,
            Unit::Times => ONE,
            _ => return false,
        };
        let mut amounts = of_case.iter().filter(|q| q.unit == own.unit && own.unit != Unit::Percent);
        amounts.any(|q| is_part(own, q.value * share.value / whole, q.value / ONE + 1))
    })
}

/// Whether a number is such a part, but for what its share was rounded by; of people the next whole one.
fn is_part(own: &Quantity, part: i128, rounded: i128) -> bool {
    let whole = (part - rounded + ONE - 1).div_euclid(ONE) * ONE;
    (own.value - part).abs() <= rounded || own.unit == Unit::People && own.value == whole
}

/// 8년 of 임기는 4년으로 하고, 한 차례 중임할 수 있다.
fn is_twice(own: &Quantity, source: &str, theirs: &[Quantity]) -> bool {
    const ONCE: [&str; 5] = ["한 차례", "1차에", "1회", "한 번", "once"];
    const AGAIN: [&str; 5] = ["중임할 수 있", "연임할 수 있", "중임할수 있", "연임될 수 있", "be renewed"];
    let has = |words: &[&str]| words.iter().any(|word| source.contains(word));
    has(&ONCE) && has(&AGAIN) && theirs.iter().any(|q| q.unit == own.unit && q.value * 2 == own.value)
}

/// 5월 31일 of 그 달의 말일, where the question says 5월 10일; 20일 of 그 전날, where it says 21일.
fn is_calendar_day(own: &Quantity, source: &str, theirs: &[Quantity], given: &[Quantity]) -> bool {
    const LAST: [&str; 2] = ["말일", "last day of the month"];
    const DAY: i128 = ONE;
    const MONTH: i128 = 100 * ONE;
    let has = |words: &[&str]| words.iter().any(|word| source.contains(word));
    let (day, month) = (own.value % MONTH / DAY, own.value / MONTH % 100);
    let n_days: &[i128] = match month {
        2 => &[28, 29],
        4 | 6 | 9 | 11 => &[30],
        _ => &[31],
    };
    let is_same_month = |q: &Quantity| q.unit == Unit::Date && q.value / MONTH % 100 == month;
    let is_last = own.unit == Unit::Date && n_days.contains(&day) && given.iter().any(is_same_month);
    let beside = |step: i128| {
        let is_day = matches!(own.unit, Unit::Date | Unit::Days);
        is_day && theirs.iter().chain(given).any(|q| q.unit == own.unit && q.value + step * DAY == own.value)
    };
    has(&LAST) && is_last
        || has(&["전날", "전일", "the day before"]) && beside(-1)
        || has(&["다음 날", "다음날", "the next day", "the following day"]) && beside(1)
}

/// 15만원 of 1회에 5만원, where the question says 세 번.
fn is_multiple(own: &Quantity, theirs: &[Quantity], given: &[Quantity]) -> bool {
    use Unit::{Dollars, Euros, Pounds, Won};
    let is_money = matches!(own.unit, Won | Dollars | Euros | Pounds);
    // A day of the calendar and a grade are no number of anything.
    let is_count = |q: &&Quantity| {
        matches!(
            q.unit,
            Unit::Occasions | Unit::People | Unit::Pieces | Unit::Days | Unit::Months | Unit::Bare
        )
    };
    let mut rates = theirs.iter().filter(|rate| is_money && rate.unit == own.unit);
    rates.any(|rate| given.iter().filter(is_count).any(|n| rate.value * n.value == own.value * ONE))
}

/// 3시간 of 1시간에 대하여 1.5시간, where the question says 두 시간.
fn is_rate(own: &Quantity, source: &str, theirs: &[Quantity], given: &[Quantity]) -> bool {
    const FOR_EACH: [&str; 6] = ["에 대하여", "마다", "당", "에", "for each", "for every"];
    theirs.windows(2).any(|pair| {
        let [each, rate] = pair else { return false };
        let between = source.get(each.end..rate.start).unwrap_or_default().trim();
        let is_of = |n: &Quantity| {
            n.unit == each.unit && rate.unit == own.unit && own.value * each.value == rate.value * n.value
        };
        FOR_EACH.contains(&between) && given.iter().any(is_of)
    })
}

/// 합쳐서 18만원 of 3만원, 5만원 and 10만원, all of which the source has.
fn is_total(own: &Quantity, theirs: &[Quantity], before: &[&Quantity]) -> bool {
    let parts: Vec<&&Quantity> = before.iter().filter(|q| q.unit == own.unit && is_of(q, theirs)).collect();
    parts.len() > 1 && parts.iter().map(|q| q.value).sum::<i128>() == own.value
}

/// 나머지 5일, where the case has 15일 and the source 10일; `20 more`, where the source has 80 hours and the case 60.
fn is_rest(own: &Quantity, theirs: &[Quantity], of_case: &[&Quantity]) -> bool {
    of_case.iter().any(|case| {
        theirs.iter().filter(|q| q.unit == case.unit && q.value != case.value).any(|q| {
            let rest = Quantity { value: (q.value - case.value).abs(), unit: q.unit, ..own.clone() };
            rest.equals(own)
        })
    })
}

/// 1년 6개월 of 1년으로 한다 … 6개월을 더 쓸 수 있다, 3년 of 2년 … 1년의 범위에서 늘릴 수 있다: what is added makes a sum.
pub(super) fn is_sum(own: &Quantity, source: &str) -> bool {
    let all = quantities(source);
    let is_part = |q: &&Quantity| q.unit == own.unit && q.bound != Some(Bound::Before);
    // 6개월을 더, `another 6 months`.
    let is_added = |q: &Quantity| {
        let after: String = source[q.end..].chars().take(24).collect();
        let after = after.split(['.', ',', '\n']).next().unwrap_or_default();
        let before = source[..q.start].trim_end().to_ascii_lowercase();
        after.chars().take(3).any(|c| c == '더')
            || ["늘릴", "늘려", "연장"].iter().any(|word| after.contains(word))
            || ["additional", "extra", "another"].iter().any(|word| before.ends_with(word))
    };
    let sums = |b: &Quantity| {
        let mut first = all.iter().filter(is_part).filter(|a| a.start < b.start);
        is_added(b) && first.any(|a| a.value + b.value == own.value)
    };
    all.iter().filter(is_part).any(sums)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worked_out_is_right_or_wrong() {
        for (question, claims, source, want) in [
            ("학비가 400만원이면요?", "절반인 200만원입니다.", "학비의 50퍼센트를 지원한다.", true),
            ("학비가 400만원이면요?", "300만원입니다.", "학비의 50퍼센트를 지원한다.", false),
            ("숙직을 세 번 서면요?", "12만원을 받습니다.", "숙직 1회에 4만원을 준다.", true),
            ("네 시간 더 서면요?", "6시간을 쉽니다.", "숙직 1시간에 대하여 1.5시간을 쉰다.", true),
            ("네 시간 더 서면요?", "5시간을 쉽니다.", "숙직 1시간에 대하여 1.5시간을 쉰다.", false),
            ("숙직을 세 번 서면요?", "10만원을 받습니다.", "숙직 1회에 4만원을 준다.", false),
            ("얼마인가요?", "2만원과 4만원이므로 모두 6만원입니다.", "첫째는 2만원, 둘째는 4만원", true),
            ("얼마인가요?", "2만원과 4만원이므로 모두 7만원입니다.", "첫째는 2만원, 둘째는 4만원", false),
            ("열흘 쉬면요?", "3일은 유급, 나머지 7일은 무급입니다.", "처음 3일은 유급으로 한다.", true),
            (
                "위원 300명이면요?",
                "200명이 찬성해야 합니다.",
                "재적위원 3분의 2 이상이 찬성하여야 한다.",
                true,
            ),
            (
                "위원 300명이면요?",
                "180명이 찬성해야 합니다.",
                "재적위원 3분의 2 이상이 찬성하여야 한다.",
                false,
            ),
            ("다섯 명이 나오면요?", "네 명이 찬성해야 합니다.", "3분의 2 이상이 찬성하여야 한다.", true),
            ("다섯 명이 나오면요?", "세 명이 찬성해야 합니다.", "3분의 2 이상이 찬성하여야 한다.", false),
            ("길면 몇 년인가요?", "길어야 6년입니다.", "임기는 3년으로 하고 한 번 연임할 수 있다.", true),
            ("길면 몇 년인가요?", "길어야 6년입니다.", "임기는 3년으로 하고 연임할 수 없다.", false),
            ("6월 3일에 빌리면요?", "6월 30일까지입니다.", "빌린 달의 말일까지 돌려준다.", true),
            ("6월 3일에 빌리면요?", "6월 29일까지입니다.", "빌린 달의 말일까지 돌려준다.", false),
            ("15일이 휴일이면요?", "14일에 줍니다.", "휴일이면 그 전날에 준다.", true),
            ("15일이 휴일이면요?", "16일에 줍니다.", "휴일이면 그 전날에 준다.", false),
            ("How many weeks are left of my 5?", "Seven.", "It lasts 12 weeks.", false),
            ("I used 5 weeks. How many are left?", "7 weeks.", "It lasts 12 weeks.", true),
            ("I have 30 hours", "You may earn 20 more.", "The most is 50 hours.", true),
            ("I have 30 hours", "You may earn 25 more.", "The most is 50 hours.", false),
            ("In 15 days?", "More than 8 days are reported.", "More than 7 days are reported.", false),
            ("열흘 쉬면요?", "3일은 유급, 나머지 6일은 무급입니다.", "처음 3일은 유급으로 한다.", false),
        ] {
            let own = quantities(claims).pop().unwrap();
            assert_eq!(is_computed(&own, Said { question, claims, source }), want, "{claims}");
        }
    }

    #[test]
    fn what_may_be_added_makes_a_sum() {
        let source = "임대 기간은 2년으로 하되, 1년의 범위에서 한 차례 늘릴 수 있다.";
        for (answer, want) in [("최대 3년입니다.", true), ("최대 4년입니다.", false)] {
            assert_eq!(is_sum(&quantities(answer)[0], source), want, "{answer}");
        }
    }
}
