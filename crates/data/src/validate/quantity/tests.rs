use super::*;
use crate::validate::text::fold;

fn read(text: &str) -> Vec<(i128, Unit)> {
    quantities(&fold(text)).into_iter().map(|q| (q.value, q.unit)).collect()
}

/// Texts on one line say the same amount.
#[test]
fn amounts_are_equal_however_they_are_written() {
    for texts in [
        vec!["15일", "십오일", "열다섯 날", "보름", "15 일", "１５일", "15 days", "fifteen days"],
        vec!["1개월", "한 달", "한달", "일개월", "one month", "1 month"],
        vec!["3개월", "석 달", "세 달", "삼개월", "three months"],
        vec!["50%", "100분의 50", "50퍼센트", "절반", "2분의 1", "백분의 오십", "50 percent", "one-half"],
        vec!["3분의 2", "삼분의 이", "two-thirds"],
        vec!["3천만원", "30,000,000원", "삼천만원", "3,000만 원", "30000000원"],
        vec!["5만 3천원", "53,000원", "5만3,000원"],
        vec!["7일", "일주일", "1주일", "1주", "one week", "a 7-day"],
        vec!["2시간", "두 시간", "120분", "two hours", "2-hour"],
        vec!["1년", "12개월", "일년", "one year"],
        vec!["2024년 1월 1일", "2024. 1. 1.", "2024-01-01", "January 1, 2024"],
        vec!["3월 2일", "March 2", "3월2일"],
        vec!["오후 6시", "18시", "18:00", "6 p.m.", "6pm"],
        vec!["오전 9시 30분", "9시 반", "9:30"],
        vec!["$1,500", "1,500 dollars", "1500달러"],
        vec!["3회", "세 번", "3번", "three times"],
        vec!["5명", "다섯 명", "5인", "5 people"],
        vec!["2시간 15분", "2.25시간", "135분", "2 hours and 15 minutes"],
        vec!["2시간 30분", "두 시간 반", "150분", "2.5 hours"],
        vec!["2년 6개월", "2년 반", "30개월", "2 years and 6 months"],
        vec!["네 단계", "4단계", "네 가지"],
        vec!["과반수", "절반", "조합원과반수"],
        vec!["낮 12시", "정오", "noon"],
        vec!["4월 9일", "2026년 4월 9일", "April 9, 2026", "4/9/2026", "4/9/26", "9 April", "9th April 2026"],
        vec!["the 26th of each month", "26th of the month"],
        vec!["£0.45", "45p"],
    ] {
        let first = &quantities(&fold(texts[0]))[0];
        for text in &texts {
            let found = quantities(&fold(text));
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert!(found[0].equals(first), "{text} and {}: {found:?} {first:?}", texts[0]);
        }
    }
}

#[test]
fn what_is_no_amount_is_not_read_as_one() {
    for text in [
        "제12조제3항에 따라",
        "제5조의2",
        "사용자는 이 규정을 지킨다",
        "이 일은 사원이 한다",
        "1. 신청서\n2. 증명서",
        "일반직 사원",
        "오인하여 신고한 자",
        "세부 사항",
        "한 번도 두드러지지 않은 개인".split_once("도 ").unwrap().1,
        "COVID-19",
        "전체 이사회",
        "someone or anyone",
        "Section 4.2",
        "먼저 1) 신청서를 쓰고 2) 서명한 뒤 3) 제출한다",
        "순서는 1. 접수 2. 심사 3. 통보이다",
        "Do this: 1) log in, 2) pick a form, 3) send it",
        "the 3-ring binder and the four-eyes check",
    ] {
        assert_eq!(read(text), [], "{text}");
    }
}

#[test]
fn several_in_one_text() {
    assert_eq!(
        read("3년 이상 근속한 자는 2년마다 1일을 더하되 25일을 넘지 못한다."),
        [(36 * ONE, Unit::Months), (24 * ONE, Unit::Months), (ONE, Unit::Days), (25 * ONE, Unit::Days)]
    );
    assert_eq!(read("3~5일 안에"), [(3 * ONE, Unit::Days), (5 * ONE, Unit::Days)]);
    assert_eq!(read("1.5배"), [(3 * ONE / 2, Unit::Times)]);
}

#[test]
fn bounds_are_those_beside_the_number() {
    let bound = |text: &str| quantities(&fold(text))[0].bound;
    for (text, want) in [
        ("3년 이상 근속", Some(Bound::Least)),
        ("3일 이내에", Some(Bound::Most)),
        ("30일 전까지", Some(Bound::Before)),
        ("5일을 준다", None),
        ("at least 3 days", Some(Bound::Least)),
        ("no later than 5 days", Some(Bound::Most)),
        ("10 days before the trip", Some(Bound::Before)),
        ("You can't store more than 30 files", Some(Bound::Most)),
        ("They don't need more than 30 files", Some(Bound::Most)),
    ] {
        assert_eq!(bound(text), want, "{text}");
    }
}

#[test]
fn this_month_is_no_number_of_months() {
    assert_eq!(read("이달 말까지 낸다"), []);
    assert_eq!(read("두 달 안에 낸다"), [(2 * ONE, Unit::Months)]);
}
