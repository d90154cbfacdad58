use super::*;

fn signs(text: &str) -> Vec<Sign> {
    segments(text).into_iter().map(|segment| segment.sign).collect()
}

#[test]
fn signs_of_korean_predicates() {
    use Sign::{Is, May, Must, MustNot, NeedNot, Not};
    for (text, want) in [
        ("직원은 겸직할 수 없다", MustNot),
        ("직원은 겸직하여서는 아니 된다", MustNot),
        ("허가 없이 겸직하면 안 됩니다", Must),
        ("겸직은 금지됩니다", MustNot),
        ("휴직을 허가할 수 있다", May),
        ("휴직을 허가하지 아니할 수 있다", NeedNot),
        ("신고하지 않아도 됩니다", NeedNot),
        ("신고할 필요가 없습니다", NeedNot),
        ("신고하여야 한다", Must),
        ("신고해야 합니다", Must),
        ("신고하지 않으면 안 된다", Must),
        ("승인 없이는 반출할 수 없다", Must),
        ("차별을 받지 아니한다", Not),
        ("급여를 지급하지 않습니다", Not),
        ("급여를 지급한다", Is),
        ("수습기간은 근속연수에서 제외한다", Not),
        ("지체 없이 보고한다", Is),
        ("지체 없이", Is),
        ("본인의 동의를 받지 않아도 파견할 수 있다", May),
        ("술에 취한 상태로 근무해도 됩니다", May),
        ("신청서는 내도 됩니다", May),
        ("사원에게 알릴 의무는 없습니다", NeedNot),
        ("회사의 허가는 필요하지 않습니다", NeedNot),
        ("책임을 면하지 못합니다", Is),
        ("주거의 자유를 침해받습니다", Is),
        ("그렇게 하면 허가받기 어렵습니다", MustNot),
    ] {
        assert_eq!(signs(text).last(), Some(&want), "{text}: {:?}", segments(text));
    }
}

#[test]
fn signs_of_english_predicates() {
    use Sign::{Is, May, Must, MustNot, NeedNot, Not};
    for (text, want) in [
        ("Employees must not share passwords", MustNot),
        ("You cannot carry leave over", MustNot),
        ("You may carry leave over", May),
        ("Employees must submit a report", Must),
        ("You do not have to submit a report", NeedNot),
        ("Leave is not paid", Not),
        ("Leave is paid", Is),
        ("Hours of credit: No - not available with this plan", Not),
        ("Submit it no later than 5 days after the trip", Is),
    ] {
        assert_eq!(signs(text).last(), Some(&want), "{text}: {:?}", segments(text));
    }
}

#[test]
fn a_clause_that_ends_with_its_own_verb_does_not_share_the_next_one() {
    use Sign::{Is, MustNot};
    assert_eq!(signs("해마다 하루씩 늘어나지만, 합계는 25일을 넘지 못한다"), [Is, MustNot]);
    assert_eq!(signs("주간에는 도시락을, 야간에는 음료를 나누어 주지 아니한다").first(), Some(&Sign::Not));
}

#[test]
fn contradictions_are_found_and_agreement_is_none() {
    let source = "회사는 3년 이상 근속한 직원에게 휴직을 허가하여야 한다. 다만, 대체인력을 구할 수 없는 경우에는 허가하지 아니할 수 있다. \
                  직원은 대표이사의 승인 없이 겸직할 수 없다. 휴직기간은 무급으로 한다.";
    for (answer, is_contradiction) in [
        ("대체인력을 구할 수 없는 경우에는 휴직을 허가하지 않을 수 있습니다.", false),
        ("3년 이상 근속한 직원에게는 휴직을 허가해야 합니다.", false),
        ("3년 이상 근속한 직원에게는 휴직을 허가하지 않습니다.", true),
        ("겸직하려면 대표이사의 승인을 받아야 합니다.", false),
        ("휴직기간은 무급입니다.", false),
        ("휴직기간은 유급입니다.", true),
        ("휴직기간은 유급이 아닙니다.", false),
    ] {
        let found = differs(answer, "", source, &|_| 1.0);
        assert_eq!(found.is_some(), is_contradiction, "{answer}: {found:?}");
    }
    let source = "Employees may carry over up to 240 hours. Award leave is not paid out.";
    for (answer, is_contradiction) in [
        ("You may carry over up to 240 hours.", false),
        ("You may not carry over 240 hours.", true),
        ("Award leave is paid out.", true),
        ("Award leave will not be paid out.", false),
    ] {
        let found = differs(answer, "", source, &|_| 1.0);
        assert_eq!(found.is_some(), is_contradiction, "{answer}: {found:?}");
    }
}

#[test]
fn predicates_are_told_by_the_stems_of_their_verbs() {
    for (text, want) in [
        ("주거의 자유를 침해받지 아니한다", "침해받"),
        ("주거의 자유를 침해받습니다", "침해받"),
        ("거듭 처벌받을 수 있습니다", "처벌받"),
        ("연금을 가진다", "가지"),
        ("세 차례를 결근으로 봅니다", "결근"),
        ("세 차례를 결근으로 보지 아니한다", "결근"),
        ("직을 겸할 수 없다", "겸하"),
        ("언론에 대한 검열은 허용됩니다", "검열"),
    ] {
        assert_eq!(segments(text).last().unwrap().predicate, want, "{text}");
    }
}

#[test]
fn what_only_says_when_is_a_condition() {
    for (text, want) in [
        ("대체인력을 구할 수 없을 때에는 허가하지 아니한다", [true, false]),
        ("신고하지 아니하면 부과한다", [true, false]),
        ("쓰지 아니한 휴가는 보상한다", [true, false]),
        ("부서장이 승인한 때에만 연장근로로 본다", [false, false]),
        ("부서장이 승인하지 않아도 연장근로로 본다", [false, false]),
    ] {
        let found: Vec<bool> = segments(text).iter().map(|segment| segment.is_condition).collect();
        assert_eq!(found, want, "{text}");
    }
}

#[test]
fn lists_exceptions_and_conditions_are_read_with_what_they_belong_to() {
    let acts = "사원은 다음 각 호의 행위를 하여서는 아니 된다.\n허가 없이 촬영하는 행위\n술에 취한 상태로 근무하는 행위";
    let people = "다음 각 호의 사람은 재택근무를 할 수 없다.\n수습 중인 사람\n징계를 받은 사람";
    let except = "출근 시각은 3개월 동안 바꿀 수 없다. 다만, 가족의 간호가 필요한 때에는 그러하지 아니하다.";
    let written = "해고는 서면으로 통지하여야 효력이 있다.";
    let groups = "If a large group visits, you must tell the guard. If a small group visits, you need not tell the guard.";
    let allowances = "현장에서는 식비를 지급하고, 숙박비는 지급하지 아니한다.";
    for (source, answer, is_contradiction) in [
        (acts, "술에 취한 상태로 근무해도 됩니다.", true),
        (acts, "술에 취한 상태로 근무해서는 안 됩니다.", false),
        (people, "수습 중인 사람에게도 재택근무가 허용됩니다.", true),
        (people, "수습 중인 사람은 재택근무를 할 수 없습니다.", false),
        (except, "3개월 동안에도 출근 시각을 바꿀 수 있습니다.", true),
        (except, "가족의 간호가 필요하면 바꿀 수 있습니다.", false),
        (written, "서면이 아니어도 효력이 있습니다.", true),
        (written, "서면으로 통지하지 않은 해고는 효력이 없습니다.", false),
        (written, "해고는 말로 통지해도 효력이 있습니다.", true),
        (acts, "허가 없이 촬영해서는 안 됩니다.", false),
        (allowances, "현장에서는 숙박비도 지급합니다.", true),
        (allowances, "현장에서는 식비를 지급합니다.", false),
        (groups, "If a small group visits, you need not tell the guard.", false),
        ("남은 점수는 다음 달로 넘기지 아니한다.", "남은 점수는 다음 달로 넘어갑니다.", true),
        ("휴직기간은 근속기간에서 뺀다.", "휴직기간은 근속기간에 넣습니다.", true),
        ("휴직기간은 근속기간에서 뺀다.", "휴직기간은 근속기간에 넣지 않습니다.", false),
        ("No papers are asked for.", "Yes, papers are asked for.", true),
        ("No papers are asked for.", "No papers are asked for.", false),
    ] {
        let found = differs(answer, "", source, &|_| 1.0);
        assert_eq!(found.is_some(), is_contradiction, "{answer}: {found:?}\n{:?}", segments(source));
    }
}

fn contradicts(source: &str, answer: &str) -> bool {
    differs(answer, "", source, &|_| 1.0).is_some()
}

#[test]
fn a_negation_that_is_turned_says_the_same() {
    let lit = "관리인이 가스를 점검하기 전에는 화덕을 켜지 아니한다.";
    let fire = "정문은 화재를 제외하고는 밤에 열지 아니한다.";
    let tickets = "정기권은 30일을, 할인권은 10일을 넘을 수 없다.";
    for (source, answer, want) in [
        (lit, "관리인이 가스를 점검한 뒤에야 화덕을 켤 수 있습니다.", false),
        (lit, "관리인이 가스를 점검하기 전에도 화덕을 켤 수 있습니다.", true),
        (fire, "화재가 나면 밤에도 정문을 엽니다.", false),
        (fire, "화재가 난 때라도 정문은 밤에 열지 않습니다.", true),
        (tickets, "정기권은 30일을 넘지 못합니다.", false),
        (tickets, "정기권은 30일까지 쓸 수 있습니다.", false),
        ("주차 허가는 하지 아니한다.", "주차는 허가가 안 되는 사항입니다.", false),
        ("주차를 허가할 수 있다.", "주차는 허가가 안 됩니다.", true),
        ("가입하려면 회비를 내야 한다.", "회비를 내지 않으면 가입할 수 없습니다.", false),
        ("위원은 표를 사거나 교환하거나 전매할 수 없다.", "위원은 표를 교환할 수 있습니다.", true),
        ("벌점은 합계에서 뺀다.", "벌점은 합계에서 제외됩니다.", false),
        ("벌점을 받은 자는 출입이 정지된다.", "벌점을 받으면 출입할 수 없습니다.", false),
        ("벌점을 받은 자는 출입이 정지된다.", "벌점을 받아도 출입할 수 있습니다.", true),
        ("기숙사의 규율", "기숙사의 규율은 적용되지 않습니다.", false),
        ("You can store up to 20 boxes.", "You can't store more than 20 boxes.", false),
        (
            "The heater will not start until the lid is closed.",
            "The heater starts once the lid is closed.",
            false,
        ),
        (
            "The heater will not start until the lid is closed.",
            "It starts even before the lid is closed.",
            true,
        ),
        ("You may borrow a tent if it does not rain.", "You may borrow a tent even if it rains.", true),
    ] {
        assert_eq!(contradicts(source, answer), want, "{answer}: {:#?}", segments(source));
    }
}

#[test]
fn english_verbs_are_found_behind_their_negations() {
    for (source, answer, want) in [
        (
            "A late fee does not count against your deposit.",
            "A late fee is deducted from your deposit.",
            true,
        ),
        ("Guests have no opportunity to cancel a booking.", "Guests can cancel a booking.", true),
        (
            "A permit is optional for visitors.",
            "Visitors need no permit; it is optional for people without a car.",
            false,
        ),
        ("Locks and chains are not issued.", "Locks and chains are issued.", true),
        (
            "The number of keys you can hold depends on your floor. Guests cannot hold keys.",
            "Guests can't hold keys.",
            false,
        ),
        ("If you paid, and you did not use the pool, you get a refund.", "You can use the pool.", false),
    ] {
        assert_eq!(contradicts(source, answer), want, "{answer}: {:#?}", segments(source));
    }
}
