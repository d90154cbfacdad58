//! Faults planted into good pairs, by plain string work that knows nothing of how they are looked for.

use data::validate::{Kind, Pair};

/// The kinds of faults of the measured table.
pub const FAULTS: [&str; 6] = ["number", "article", "negation", "entity", "unanswerable", "duplicate"];

/// A pair with a fault of a kind; none where the pair offers no place for it.
pub fn plant(fault: &str, pair: &Pair, others: &[Pair], n: usize) -> Option<Pair> {
    let mut planted = pair.clone();
    planted.id = format!("{}+{fault}", pair.id);
    let (body, citation) = match pair.answer.rfind('(') {
        Some(at) if at > 0 => pair.answer.split_at(at),
        _ => (pair.answer.as_str(), ""),
    };
    match fault {
        "number" => planted.answer = format!("{}{citation}", other_number(body, n)?),
        "article" => {
            let numbered = citation.find(" 제").or_else(|| citation.find("Section "));
            planted.answer = match numbered {
                Some(at) => {
                    let (title, place) = citation.split_at(at);
                    format!("{body}{title}{}", other_number(place, n)?)
                }
                None => format!("{body}{}", other_heading(citation, others, n)?),
            };
        }
        "negation" => planted.answer = format!("{}{citation}", turned(body)?),
        "entity" => planted.answer = format!("{}{citation}", other_name(body, n)?),
        "duplicate" => planted.question = asked_again(&pair.question, n),
        "unanswerable" => {
            let far = others.iter().cycle().skip(n * 7 + 11).take(others.len());
            let other =
                far.into_iter().find(|o| o.kind != Kind::Absent && !o.paths.is_empty() && is_far(pair, o))?;
            planted.answer.clone_from(&other.answer);
            planted.document.clone_from(&other.document);
            planted.paths.clone_from(&other.paths);
        }
        other => panic!("no fault {other}"),
    }
    (planted.question != pair.question || planted.answer != pair.answer).then_some(planted)
}

/// A citation by a quoted heading, with the heading that another pair cites.
fn other_heading(citation: &str, others: &[Pair], n: usize) -> Option<String> {
    let heading = |text: &str| {
        let (_, rest) = text.rsplit_once('“')?;
        Some(rest.split_once('”')?.0.to_owned())
    };
    let own = heading(citation)?;
    let far = others.iter().cycle().skip(n * 7 + 5).take(others.len());
    let other = far.filter_map(|other| heading(&other.answer)).find(|other| *other != own)?;
    Some(citation.replace(&own, &other))
}

/// Whether two pairs stand in other articles.
fn is_far(a: &Pair, b: &Pair) -> bool {
    let article = |pair: &Pair| {
        let path = pair.paths.first().cloned().unwrap_or_default();
        let end = path.find("조").map_or(path.rfind('/').unwrap_or(path.len()), |at| at + "조".len());
        path[..end].to_owned()
    };
    (a.document != b.document || article(a) != article(b)) && a.answer != b.answer
}

/// The first number of digits, changed; numbers of a word such as `제3조` in the body are passed over.
fn other_number(text: &str, n: usize) -> Option<String> {
    let starts: Vec<usize> = text
        .char_indices()
        .filter(|(at, c)| {
            let before = text[..*at].chars().next_back();
            c.is_ascii_digit() && !before.is_some_and(|b| b.is_ascii_digit() || b == ',' || b == '.')
        })
        .map(|(at, _)| at)
        .collect();
    let own: Vec<usize> = if text.starts_with(" 제") || text.starts_with("Section") {
        starts
    } else {
        starts.into_iter().filter(|at| !text[..*at].ends_with('제')).collect()
    };
    let at = *own.get(n % own.len().max(1))?;
    let end = text[at..].find(|c: char| !c.is_ascii_digit() && c != ',').map_or(text.len(), |i| at + i);
    let digits: String = text[at..end].chars().filter(char::is_ascii_digit).collect();
    let value: u64 = digits.parse().ok()?;
    let changed = match n % 3 {
        0 => value + 1,
        1 => value * 2 + 1,
        _ => value + 7,
    };
    let punctuation = if text[at..end].ends_with(',') { "," } else { "" };
    Some(format!("{}{changed}{punctuation}{}", &text[..at], &text[end..]))
}

/// What affirms now negates, and the other way round.
fn turned(text: &str) -> Option<String> {
    const TURNS: [(&str, &str); 30] = [
        ("할 수 없습니다", "할 수 있습니다"),
        ("수 없습니다", "수 있습니다"),
        ("수 있습니다", "수 없습니다"),
        ("해서는 안 됩니다", "해도 됩니다"),
        ("서는 안 됩니다", "도 됩니다"),
        ("지 않습니다", "지 않는 것은 아닙니다"),
        ("지 못합니다", "ㄹ 수 있습니다"),
        ("해야 합니다", "하지 않아도 됩니다"),
        ("받아야 합니다", "받지 않아도 됩니다"),
        ("내야 합니다", "내지 않아도 됩니다"),
        ("지급합니다", "지급하지 않습니다"),
        ("보장됩니다", "보장되지 않습니다"),
        ("보장합니다", "보장하지 않습니다"),
        ("가집니다", "가지지 않습니다"),
        ("합니다", "하지 않습니다"),
        ("됩니다", "되지 않습니다"),
        ("집니다", "지지 않습니다"),
        (" must not ", " may "),
        (" may not ", " may "),
        (" cannot ", " can "),
        (" should not ", " should "),
        (" do not ", " do "),
        (" does not ", " does "),
        (" are not ", " are "),
        (" is not ", " is "),
        (" must ", " must not "),
        (" may ", " may not "),
        (" can ", " cannot "),
        (" should ", " should not "),
        (" will ", " will not "),
    ];
    let (from, to) = TURNS.iter().find(|(from, _)| text.contains(from))?;
    if *from == "지 않습니다" {
        // 받지 않습니다 → 받습니다.
        let at = text.rfind(from)?;
        let last = text[..at].chars().next_back()?;
        let is_open = (last as u32).checked_sub(0xAC00).is_some_and(|s| s % 28 == 0);
        let stem = &text[..at];
        let rest = &text[at + from.len()..];
        let start = &stem[..stem.len() - last.len_utf8()];
        let joined = char::from_u32(last as u32 + 17)?;
        let turned =
            if is_open { format!("{start}{joined}니다{rest}") } else { format!("{stem}습니다{rest}") };
        return Some(turned.replacen("아니요, ", "네, ", 1));
    }
    if *from == "지 못합니다" {
        return None;
    }
    let at = text.rfind(from)?;
    let turned = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
    let turned = match (turned.starts_with("네, "), turned.starts_with("아니요, ")) {
        (true, _) => turned.replacen("네, ", "아니요, ", 1),
        (_, true) => turned.replacen("아니요, ", "네, ", 1),
        _ => turned,
    };
    let turned = if let Some(rest) = turned.strip_prefix("Yes. ") {
        format!("No. {rest}")
    } else if let Some(rest) = turned.strip_prefix("No. ") {
        format!("Yes. {rest}")
    } else {
        turned
    };
    Some(turned)
}

/// Another name in the place of one.
fn other_name(text: &str, n: usize) -> Option<String> {
    const NAMES: [&[&str]; 4] = [
        &[
            "대표이사",
            "인사팀장",
            "감사",
            "총무부장",
            "재무팀장",
            "이사회",
            "인사팀",
            "재무팀",
            "부서장",
            "본부장",
            "총무팀",
            "위원장",
            "안전보건관리자",
        ],
        &[
            "대통령",
            "국무총리",
            "국회",
            "대법원장",
            "헌법재판소",
            "감사원",
            "국무위원",
            "대법관",
            "국회의장",
            "법원",
            "정부",
        ],
        &["진단서", "신청서", "보고서", "서약서", "사유서", "영수증", "계획서", "확인서", "동의서", "경위서"],
        &[
            "supervisor",
            "director",
            "contractor",
            "administrator",
            "president",
            "manager",
            "committee",
            "coordinator",
        ],
    ];
    for names in NAMES {
        let mut here: Vec<(usize, &str)> =
            names.iter().filter_map(|name| text.find(name).map(|at| (at, *name))).collect();
        // The longest at a place: 인사팀장 before 인사팀.
        here.sort_by_key(|(at, name)| (*at, std::cmp::Reverse(name.len())));
        let Some((at, name)) = here.first().copied() else { continue };
        // 국무회의, 국회의원 are other words.
        let after = text[at + name.len()..].chars().next().unwrap_or(' ');
        let is_whole = !after.is_alphabetic() || "은는이가을를의에과와로".contains(after) || after == 's';
        let before_ok = !text[..at].ends_with(|c: char| c.is_alphabetic());
        if is_whole && before_ok && !text[at..].starts_with("국회의원") && !text[at..].starts_with("국회의장")
        {
            let other =
                names.iter().cycle().skip(n + 1).take(names.len()).find(|other| !text.contains(**other))?;
            return Some(format!("{}{other}{}", &text[..at], agreeing(other, &text[at + name.len()..])));
        }
    }
    None
}

/// A rest that begins with a particle, with the form that goes with the name before it.
fn agreeing(name: &str, rest: &str) -> String {
    let last = name.chars().next_back().map_or(0, |c| c as u32);
    let is_open = last < 0xAC00 || (last - 0xAC00).is_multiple_of(28);
    for (closed, open) in [("은", "는"), ("이", "가"), ("을", "를"), ("과", "와")] {
        let Some(after) = rest.strip_prefix(closed).or_else(|| rest.strip_prefix(open)) else { continue };
        if !after.starts_with(|c: char| ('가'..='힣').contains(&c)) {
            return format!("{}{after}", if is_open { open } else { closed });
        }
    }
    rest.to_owned()
}

/// The same question with other blanks, marks and politeness.
fn asked_again(question: &str, n: usize) -> String {
    let is_korean = question.chars().any(|c| ('가'..='힣').contains(&c));
    let bare = question.trim_end_matches(['?', '.', '!']);
    match (is_korean, n % 4) {
        (true, 0) => format!("혹시 {bare}?"),
        (_, 1) => format!("{bare} ?"),
        (true, 2) => bare.replacen(' ', "", 1),
        (true, _) => format!("안녕하세요. {question}"),
        (false, 0) => bare.to_lowercase(),
        (false, 2) => format!("Please tell me: {question}"),
        (false, _) => format!("{bare}??"),
    }
}
