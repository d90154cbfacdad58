//! What a question asks for, and whether a text has such a thing.

use std::sync::LazyLock;

use regex::Regex;

use super::entity::{EntityKind, entities};
use super::quantity::{Quantity, Unit, quantities};
use super::text::words;

/// What a question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// 며칠: a period in days, or shorter or longer.
    Period,
    /// 언제: a day, a time, a period, an occasion.
    When,
    /// 얼마: an amount of money, or a share.
    Amount,
    /// 얼마나: a number of anything.
    Extent,
    /// 몇 명, 몇 회, 몇 퍼센트: a number of this unit.
    Count(Unit),
    /// 누구: somebody.
    Who,
    /// Something else, that is told by its words alone.
    Other,
}

static KOREAN: LazyLock<Vec<(Regex, Asked)>> = LazyLock::new(|| {
    let entry = |pattern: &str, asked| (Regex::new(pattern).expect("the pattern is tested"), asked);
    vec![
        entry(r"몇\s?(?:명|사람|인)", Asked::Count(Unit::People)),
        entry(r"몇\s?(?:번|회|차례)", Asked::Count(Unit::Occasions)),
        entry(r"몇\s?(?:퍼센트|프로|%)", Asked::Count(Unit::Percent)),
        entry(r"몇\s?(?:배)", Asked::Count(Unit::Times)),
        entry(r"몇\s?(?:살|세)", Asked::Count(Unit::Age)),
        entry(r"몇\s?시(?:까지|부터|에|인|$|\?|예)", Asked::Count(Unit::Clock)),
        entry(
            r"며칠|몇\s?일|몇\s?(?:개월|달|년|주|시간|분|영업일)|얼마\s?동안|얼마나\s?(?:오래|걸)|기간은?\s?얼마",
            Asked::Period,
        ),
        // 언제나, 언제든지 ask nothing.
        entry(r"언제(?:나요|나\?|[^나든]|$)", Asked::When),
        entry(r"얼마(?:입|인|예|까지|를|씩|의|$|\?|인가|일까)", Asked::Amount),
        entry(r"얼마나", Asked::Extent),
        entry(r"누구|누가|어느\s?(?:부서|기관|분)|담당\s?부서는", Asked::Who),
    ]
});

static ENGLISH: LazyLock<Vec<(Regex, Asked)>> = LazyLock::new(|| {
    let entry =
        |pattern: &str, asked| (Regex::new(&format!("(?i){pattern}")).expect("the pattern is tested"), asked);
    vec![
        entry(r"\bhow many people|\bhow many (?:employees|persons)", Asked::Count(Unit::People)),
        entry(r"\bhow many times|\bhow often", Asked::Count(Unit::Occasions)),
        entry(r"\bwhat (?:percentage|percent|share)", Asked::Count(Unit::Percent)),
        entry(
            r"\bhow long|\bhow many (?:\w+ )?(?:days|weeks|months|years|hours|minutes)|\bhow (?:soon|far in advance)|\bwithin what",
            Asked::Period,
        ),
        entry(
            r"\bhow much (?:\w+ )?(?:money|pay|is (?:the|paid)|salary|bonus|budget|cost|spend)|\bwhat (?:is the amount|amount)",
            Asked::Amount,
        ),
        // `when the alarm sounds` is a condition.
        entry(
            r"\bwhen (?:do|does|did|is|are|was|were|can|could|must|should|shall|will|would|may|has|have)\b|\b(?:know|tell me|ask|say|sure|wondering|look up|about) when\b|\bwhen\W*$|\b(?:on|by|at|before|from|until) what (?:date|day|time)",
            Asked::When,
        ),
        entry(r"\bwho(?:m|se)?\b|\bwhich (?:team|office|department)", Asked::Who),
    ]
});

/// 몇 살부터인지 법에 나오나요?
static WHETHER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:몇|며칠|얼마|언제|누구|누가)[^.?]{0,20}지(?:도|가|는)?\s(?:\S+에(?:서|도|는)?\s)?(?:나오|나와|적혀|정해져|쓰여|규정되어|명시되어)\S*(?:\s있)?(?:나요|습니까|나|어요|는지요)\?")
        .expect("the pattern is tested")
});

/// How many things a folded question asks for by a question word: two in `how many days, and from whom`.
pub fn count(question: &str) -> usize {
    let mut places: Vec<(usize, usize)> = Vec::new();
    // `Who` begins clauses, too.
    for (regex, _) in KOREAN.iter().chain(ENGLISH.iter()).filter(|(_, asked)| *asked != Asked::Who) {
        let found = regex.find_iter(question).map(|m| (m.start(), m.end()));
        for (start, end) in found {
            if places.iter().all(|(from, to)| end <= *from || *to <= start) {
                places.push((start, end));
            }
        }
    }
    places.len()
}

/// With these, 얼마 asks for a period.
const PERIOD_WORDS: &[&str] = &["기간", "시간", "동안", "기한", "오래"];

/// What a folded question asks for.
pub fn asked(question: &str) -> Asked {
    // Which of two says what holds asks for what holds.
    let question = question.trim_end().trim_end_matches("Who is right?").trim_end();
    // The question word nearest to the end is the one that is meant: `when … , how many days`.
    let last = |patterns: &[(Regex, Asked)]| {
        patterns
            .iter()
            .filter_map(|(regex, asked)| regex.find_iter(question).last().map(|m| (m.start(), *asked)))
            .min_by_key(|(at, _)| *at)
    };
    // Whether a text says how many is asked for a yes or a no.
    if WHETHER.is_match(question) {
        return Asked::Other;
    }
    let korean = last(&KOREAN);
    // `When I leave, …?` asks nothing by its `when`; a clause before a comma does not.
    let english_part = match question.rsplit_once(", ") {
        Some((_, rest)) if rest.len() > 8 => rest,
        _ => question,
    };
    let english = ENGLISH.iter().find(|(regex, _)| {
        regex
            .find(english_part)
            .is_some_and(|m| m.start() < english_part.len() / 2 || regex.as_str().contains("how"))
    });
    let korean = korean.map(|(_, asked)| match asked {
        // 기간은 얼마인가요.
        Asked::Amount if PERIOD_WORDS.iter().any(|word| question.contains(word)) => Asked::Period,
        // 얼마까지 쉴 수 있나요: not of money alone.
        Asked::Amount if !names_money(question) => Asked::Extent,
        other => other,
    });
    korean.or(english.map(|(_, asked)| *asked)).unwrap_or(Asked::Other)
}

/// Whether a Korean question is about money: a word of it ends like one for money.
fn names_money(question: &str) -> bool {
    const MONEY: &[&str] = &[
        "비", "료", "금", "액", "돈", "값", "가격", "비용", "수당", "급여", "봉급", "보수", "임금", "상여",
        "연봉", "월급", "예산",
    ];
    words(question).iter().any(|word| word.stem != "지금" && MONEY.iter().any(|end| word.stem.ends_with(end)))
}

/// Whether a folded question asks for whoever does something, by name or as a place: 누가, 어디, `who`.
pub fn is_for_somebody(question: &str) -> bool {
    static SOMEBODY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)누구|누가|어디|어느\s?(?:부서|기관|분|곳)|(?:^|, |\b(?:to|from|by|with) )(?:who|whom|whose|which (?:team|office|department))\b|^where\b.*\b(?:send|submit|go|goes|file|apply|routed)\b")
            .expect("the pattern is tested")
    });
    SOMEBODY.is_match(question)
}

static OCCASIONS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)즉시|지체\s?없이|바로|때|날|매월|매년|매주|분기|연말|월말|이후|후에|뒤|다음에|전에|까지|부터|동안|당일|경우|다음\s?달|immediately|as soon as|before|after|when|upon|monthly|annual|daily|weekly|quarter|during|every|until|once",
    )
    .expect("the pattern is tested")
});

static HOW_LONG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)매월|매년|매주|매일|분기|즉시|지체\s?없이|바로|까지|동안|immediately|until|during|every|annual|monthly|weekly|daily|as long as|however long|no (?:maximum|limit)|indefinite",
    )
    .expect("the pattern is tested")
});
static HOW_OFTEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)매월|매년|매주|매일|분기|언제든|\d월|every|annual|monthly|weekly|daily|once|twice|quarter|each",
    )
    .expect("the pattern is tested")
});

impl Asked {
    /// Whether a folded text has something of the kind.
    pub fn is_in(self, text: &str) -> bool {
        let any = |is: &dyn Fn(&Quantity) -> bool| quantities(text).iter().any(is);
        match self {
            Self::Period => {
                any(&|q| {
                    let is_time = matches!(q.unit, Unit::Seconds | Unit::Minutes | Unit::Days | Unit::Months);
                    is_time || matches!(q.unit, Unit::Bare | Unit::Date | Unit::Clock)
                }) || HOW_LONG.is_match(text)
            }
            Self::Extent => {
                let all = ["실비", "전액", "과반수"];
                any(&|_| true) || HOW_LONG.is_match(text) || all.iter().any(|word| text.contains(word))
            }
            Self::When => {
                OCCASIONS.is_match(text)
                    || any(&|q| {
                        matches!(
                            q.unit,
                            Unit::Date | Unit::Clock | Unit::Days | Unit::Months | Unit::Minutes | Unit::Bare
                        )
                    })
            }
            Self::Amount => {
                let is_amount = |q: &Quantity| {
                    use Unit::{Bare, Dollars, Euros, Percent, Points, Pounds, Times, Won};
                    matches!(q.unit, Won | Dollars | Pounds | Euros | Percent | Times | Points | Bare)
                };
                any(&is_amount) || text.contains("실비") || text.contains("전액") || text.contains('$')
            }
            Self::Count(unit) => {
                let is_of = |q: &Quantity| q.unit == unit || matches!(q.unit, Unit::Bare | Unit::Pieces);
                // A number of people may be said as a share of them.
                let is_share = |q: &Quantity| unit == Unit::People && q.unit == Unit::Percent;
                any(&|q| is_of(q) || is_share(q)) || unit == Unit::Occasions && HOW_OFTEN.is_match(text)
            }
            Self::Who => names_somebody(text),
            Self::Other => true,
        }
    }

    /// How the missing thing is called in a finding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Period => "a period",
            Self::When => "a date, a time or an occasion",
            Self::Amount => "an amount",
            Self::Count(Unit::People) => "a number of people",
            Self::Count(Unit::Percent) => "a share in per cent",
            Self::Count(_) | Self::Extent => "a number",
            Self::Who => "somebody",
            Self::Other => "what is asked for",
        }
    }
}

/// Whether a text names somebody. `-자` and `-인` name people that no list has: 취업자, 청구인, anyone.
fn names_somebody(text: &str) -> bool {
    static SOMEBODY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)누구든지|아무도|사람|(?:^|\s)(?:이|분|자)(?:[은는이가를의,.( ]|에게|입니다|$)|\bthose\b|\bpeople\b|[가-힣]{2,}(?:자|인|관|원|부|과|실|단|처|청)(?:[은는이가을를의,.( ]|에게|에서|입니다|$)|\bany(?:one|body)|\bevery(?:one|body)|\byou\b|\bteammate|\bmember")
            .expect("the pattern is tested")
    });
    entities(text).iter().any(|e| e.kind != EntityKind::Document) || SOMEBODY.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_ask_for_kinds_of_things() {
        for (question, want) in [
            ("연차휴가는 며칠인가요?", Asked::Period),
            ("사직서는 언제까지 내야 하나요?", Asked::When),
            ("재판은 언제나 볼 수 있나요?", Asked::Other),
            ("창구는 언제든지 여나요?", Asked::Other),
            ("정산일은 언제나요?", Asked::When),
            ("On what day of the month are fees due?", Asked::When),
            ("We disagree about whether a lamp may be lit. Who is right?", Asked::Other),
            ("출장비는 얼마인가요?", Asked::Amount),
            ("창고는 얼마까지 쓸 수 있나요?", Asked::Extent),
            ("위원회는 몇 명으로 구성되나요?", Asked::Count(Unit::People)),
            ("누구의 승인을 받아야 하나요?", Asked::Who),
            ("휴가는 어떻게 신청하나요?", Asked::Other),
            ("휴가가 며칠인지 규칙에 적혀 있나요?", Asked::Other),
            ("휴가가 며칠인지 알려 주세요", Asked::Period),
            ("How many days of leave do I get?", Asked::Period),
            ("When I travel, who approves the trip?", Asked::Who),
            ("What do I submit when I am sick?", Asked::Other),
        ] {
            assert_eq!(asked(question), want, "{question}");
        }
        assert!(Asked::Count(Unit::People).is_in("지원자의 5퍼센트까지 뽑는다"));
        assert_eq!(count("휴가는 며칠이고 언제까지 신청하나요?"), 2);
        assert_eq!(count("How long may a guest who has no card stay?"), 1);
        assert!(is_for_somebody("열쇠는 어디에 반납하나요?") && is_for_somebody("Who keeps the keys?"));
        assert!(!is_for_somebody("May a guest who has no card stay?"));
    }
}
