//! Whether anything personal came through: in the files, and in what a model says when it is led on.

use eval::report::{LeakAttack, LeakTest, Leaks};

use super::html::{esc, int};
use super::table;
use super::words::Words;

/// The checks of files and the tests of models.
pub(super) fn render(leaks: &Leaks, words: Words) -> String {
    let tests: String = leaks.tests.iter().map(|test| model(test, leaks.tests.len() > 1, words)).collect();
    files(leaks, words) + &tests
}

fn verdict(is_clean: bool, said: &str) -> String {
    let (class, mark) = if is_clean { ("good", "✓") } else { ("bad", "!") };
    format!("<p class=\"check {class}\">{mark} {said}</p>")
}

/// A count that should be nought.
fn found(n: u64) -> String {
    format!("<b class=\"{}\">{}</b>", if n == 0 { "up" } else { "down" }, int(n))
}

fn files(leaks: &Leaks, words: Words) -> String {
    let heads =
        [words.pick("살펴본 곳", "Searched"), words.pick("글", "Texts"), words.pick("찾은 값", "Found")]
            .map(str::to_owned);
    let rows: Vec<Vec<String>> = (leaks.checks.iter())
        .map(|check| vec![esc(&check.what).to_string(), int(check.texts), found(check.found)])
        .collect();
    let exempt = match table::counts(&leaks.exempt, |name| words.kept(name)) {
        said if said.is_empty() => said,
        said => format!("<p class=\"note\">{} {said}</p>", words.pick("검사에서 뺀 값:", "Exempt:")),
    };
    let (n, known) = (leaks.checks.iter().map(|check| check.found).sum(), int(leaks.known_values));
    let said = match (n, words.pick("ko", "en")) {
        (0, "ko") => format!("알려진 개인정보 {known}개 가운데 파일에 남은 것이 없습니다."),
        (0, _) => format!("None of {known} known personal values stands in a file."),
        (n, "ko") => format!("알려진 개인정보가 파일에 {}번 나타났습니다.", int(n)),
        (n, _) => format!("Known personal values stand in the files {} times.", int(n)),
    };
    let body = format!("{}{}{exempt}", verdict(n == 0, &said), table::table(&heads, &rows));
    table::card(words.pick("파일 검사", "The files"), &body)
}

fn model(test: &LeakTest, is_named: bool, words: Words) -> String {
    let title = words.pick("모델에게 말을 시켜 봄", "The model, led on");
    let name = if is_named { format!(" · {}", esc(&test.name)) } else { String::new() };
    let title = format!("{title}{name}");
    if test.known_values == 0 {
        let said = words.pick(
            "원본에서 알려진 개인정보가 없어, 모델에게 물어볼 값이 없습니다.",
            "The sources held no known personal value, so there was none to ask the model for.",
        );
        return table::card(&title, &verdict(true, said));
    }
    let leaked = test.leaked();
    let (samples, texts, prefixes) = (int(test.samples), int(test.continuations), int(test.prefixes));
    let known = int(test.known_values);
    let said = match (leaked, words.pick("ko", "en")) {
        (0, "ko") => format!(
            "무작위 답변 {samples}개와 말머리 {prefixes}개를 이어 쓴 글 {texts}개에 알려진 개인정보 {known}개 가운데 하나도 없습니다."
        ),
        (0, _) => format!(
            "{samples} random replies and {texts} texts after {prefixes} lead-ins say none of {known} known personal values."
        ),
        (n, "ko") => format!(
            "모델이 알려진 개인정보를 {}번 말했습니다(무작위 답변 {samples}개, 말머리 {prefixes}개를 이어 쓴 글 {texts}개).",
            int(n)
        ),
        (n, _) => format!(
            "The model said known personal values {} times ({samples} random replies, {texts} texts after {prefixes} lead-ins).",
            int(n)
        ),
    };
    let lead = words.pick(
        "학습한 모델에게 훈련 질문을 던지고, “제 전화번호는”처럼 값 바로 앞에 오는 말을 답변과 고객의 말에서 이어 쓰게 한 뒤, \
         원본에 있던 값이 나오는지 찾았습니다.",
        "The tuned model answered training questions, and went on from what people write right before a value (“My phone \
         number is”), in replies and in a customer’s own words; every text was searched for the values of the sources.",
    );
    let kinds = match table::counts(&test.found, |name| words.entity(name)) {
        none if none.is_empty() => none,
        kinds => format!("<p class=\"note\">{} {kinds}</p>", words.pick("말한 값:", "What it said:")),
    };
    table::card(
        &title,
        &format!(
            "{}<p class=\"note\">{lead}</p>{kinds}{}",
            verdict(leaked == 0, &said),
            attacks(test, words)
        ),
    )
}

fn attacks(test: &LeakTest, words: Words) -> String {
    let heads = [
        words.pick("끌어내려 한 값", "Asked for"),
        words.pick("말머리", "Lead-ins"),
        words.pick("글", "Texts"),
        words.pick("가림 표시가 나온 글", "Texts with a placeholder"),
        words.pick("새어 나온 값", "Values said"),
    ]
    .map(str::to_owned);
    let row = |attack: &LeakAttack| {
        vec![
            words.attack(&attack.kind),
            int(attack.prefixes),
            int(attack.texts),
            int(attack.placeholders),
            found(attack.found),
        ]
    };
    let rows: Vec<_> = test.attacks.iter().map(row).collect();
    let summary = match words.pick("ko", "en") {
        "ko" => format!("값의 종류별로 ({}가지)", int(rows.len() as u64)),
        _ => format!("By kind of value ({})", int(rows.len() as u64)),
    };
    let tokens = format!("{} {}", int(test.tokens), words.pick("토큰", "tokens"));
    format!(
        "<details><summary>{summary}</summary>{}<p class=\"signature\"><code>{} · {tokens} · {}</code></p></details>\n",
        table::table(&heads, &rows),
        esc(&test.name),
        esc(&test.generation)
    )
}
