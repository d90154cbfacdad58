//! `out/README.md`: where the examples come from, and whether they may be passed on.

use eval::report::{Language, Report};

use crate::recipe::Resolved;

/// The card's words: title of the table's columns, yes and no, and what holds for all of it.
struct Words {
    about: &'static str,
    written: &'static str,
    head: &'static str,
    yes: &'static str,
    no: &'static str,
    unknown: &'static str,
    stays: &'static str,
    masked: &'static str,
}

const KOREAN: Words = Words {
    about: "이 폴더의 예제와 모델은 아래 자료에서 만들었습니다.",
    written: "이 폴더의 모델은 moru가 스스로 만든 글로만 학습했습니다.",
    head: "| 자료 | 종류 | 행 | 라이선스 | 외부 제공 | 공개 자료 |",
    yes: "예",
    no: "아니요",
    unknown: "표시 없음",
    stays: "외부에 제공할 수 없는 자료가 있습니다. 이 폴더의 파일을 조직 밖으로 내보내지 마십시오.",
    masked: "가린 개인정보 값의 수",
};

const ENGLISH: Words = Words {
    about: "The examples and models in this folder were made of these sources.",
    written: "The models in this folder were trained on text that moru wrote itself, and on nothing else.",
    head: "| source | kind | rows | licence | may be passed on | public |",
    yes: "yes",
    no: "no",
    unknown: "not stated",
    stays: "Not every source may be passed on: keep the files of this folder inside the organisation.",
    masked: "personal values masked",
};

/// The card of what a report tells of. It holds no times, so that the same results give the same bytes.
pub fn text(report: &Report, recipe: &Resolved) -> String {
    let words = if report.language == Language::Korean { KOREAN } else { ENGLISH };
    let yes_no = |yes: bool| if yes { words.yes } else { words.no };
    let may_leave = |name: &str| recipe.source.get(name).is_some_and(|source| source.redistribute);
    let sources = &report.data.sources;
    let licence = match sources.first().and_then(|source| source.licence.as_deref()) {
        Some(first) if sources.iter().all(|source| source.licence.as_deref() == Some(first)) => first,
        _ => "other",
    };
    let mut text =
        format!("---\nlicense: {}\n---\n\n# {}\n\n", serde_json::Value::from(licence), report.project);
    if sources.is_empty() {
        return text + words.written + "\n";
    }
    text += &format!("{}\n\n{}\n|---|---|---:|---|---|---|\n", words.about, words.head);
    for source in sources {
        let cells = [
            source.name.clone(),
            source.kind.clone(),
            source.rows.to_string(),
            source.licence.as_deref().unwrap_or(words.unknown).replace('|', "\\|"),
            yes_no(may_leave(&source.name)).to_owned(),
            yes_no(source.public).to_owned(),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    if sources.iter().any(|source| !may_leave(&source.name)) {
        text += &format!("\n{}\n", words.stays);
    }
    let masked: u64 = report.data.masked.iter().map(|entity| entity.count).sum();
    text + &format!("\n{}: {masked}\n", words.masked)
}
