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
        ("Submit it no later than 5 days after the trip", Is),
    ] {
        assert_eq!(signs(text).last(), Some(&want), "{text}: {:?}", segments(text));
    }
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
