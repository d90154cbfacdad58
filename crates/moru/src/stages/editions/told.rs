//! What is said of editions: in the notes of a run, and in the report.

use data::documents::versions::{Changed, DateSource};
use eval::report::{RuleDoubt, RuleEdition, RuleEditions, Warning};
use pipeline::Context;

use super::{Doubt, DoubtKind, Edition, Editions, Rule};
use crate::project::Project;
use crate::stages::Names;

/// Paths of one edition that are told one by one.
const TOLD: usize = 8;

/// What tells which edition is in force, for a person.
const ADVICE: &str =
    "write its date into its name, as in RULE_20240301.pdf, or move the others out of the folder";

/// Where a date stands, as it is written in files.
pub fn date_source(source: DateSource) -> &'static str {
    match source {
        DateSource::Text => "text",
        DateSource::Revisions => "revisions",
        DateSource::Name => "name",
        DateSource::None => "none",
    }
}

/// A document with the date of its edition: `rules/old.pdf (2022-01-01)`.
pub fn dated(edition: &Edition) -> String {
    match &edition.date {
        Some(date) => format!("{} ({date})", edition.document),
        None => format!("{} (no date)", edition.document),
    }
}

/// Says which editions there are, what is set aside, and what changed.
pub fn tell(stage: &mut Context<'_>, editions: &Editions) {
    for rule in &editions.rules {
        stage.note(&which(rule));
        for pair in rule.editions.windows(2) {
            stage.note(&format!(
                "{} changed in {}: {}",
                pair[0].document,
                pair[1].document,
                changes(&pair[1])
            ));
        }
        for doubt in &rule.doubts {
            stage.note(&words(rule, doubt));
        }
    }
}

/// Which edition is asked about, and which are not.
fn which(rule: &Rule) -> String {
    let names = |editions: &[Edition]| editions.iter().map(dated).collect::<Vec<_>>().join(", ");
    let (coming, others) = rule.editions.split_at(rule.current.min(rule.editions.len()));
    let Some((used, older)) = others.split_first() else { return String::new() };
    if !rule.editions.iter().any(|edition| edition.set_aside) {
        return format!("{} are editions of one rule; all are asked about", names(&rule.editions));
    }
    let mut said = format!("{} is the newest edition of a rule", dated(used));
    if !coming.is_empty() {
        said = format!(
            "{} is the edition of a rule in effect; not yet, and set aside: {}",
            dated(used),
            names(coming)
        );
    }
    if !older.is_empty() {
        said += &format!("; set aside: {}", names(older));
    }
    said
}

/// What changed in an edition: `제3조, 제5조 altered; 제7조 added`.
fn changes(edition: &Edition) -> String {
    let mut parts = Vec::new();
    for how in [Changed::Altered, Changed::Added, Changed::Removed] {
        let paths = paths(edition, how);
        if paths.is_empty() {
            continue;
        }
        let more = paths.len().saturating_sub(TOLD);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let shown = paths.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
        parts.push(format!("{shown}{more} {}", super::changed(how)));
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") }
}

/// The places of an edition to which something happened.
fn paths(edition: &Edition, how: Changed) -> Vec<String> {
    let places = edition.changes.iter().filter(|change| change.how == how);
    places.map(|change| change.path.clone()).collect()
}

/// A doubt as a sentence.
fn words(rule: &Rule, doubt: &Doubt) -> String {
    let names = doubt.documents.join(", ");
    let used = rule.current();
    let is_used = doubt.documents.iter().any(|document| document == used);
    match doubt.kind {
        DoubtKind::Undecided => {
            format!("nothing tells which of {names} is the newest, and {used} was taken: {ADVICE}")
        }
        DoubtKind::Undated if is_used => {
            format!("{names} has no date and was taken for the newest by its name: {ADVICE}")
        }
        DoubtKind::Undated => {
            format!("{names} has no date and was taken for older than {used}: if it is the newest, {ADVICE}")
        }
        DoubtKind::DateFromName => format!("only its name tells the date of {names}"),
        DoubtKind::OtherTitle => {
            format!("{names} has another title and nearly the same articles as {used}")
        }
        DoubtKind::Identical => {
            let same = doubt.documents.get(1).map_or("", String::as_str);
            format!("{} says what {same} says", doubt.documents.first().map_or("", String::as_str))
        }
        DoubtKind::NotYet => format!(
            "no edition is in effect on the day of [parse] in_force_on; {names} is the first to be, and was taken"
        ),
    }
}

/// The editions of all sources, as far as they were found.
fn found(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<(String, Editions)>> {
    let mut all = Vec::new();
    for source in project.resolved().source.values().filter(|source| source.is_documents()) {
        if let Ok(folder) = results.output(&Names::chunk(&source.name), Names::EDITIONS) {
            all.push((source.name.clone(), Editions::read(&folder)?));
        }
    }
    Ok(all)
}

/// The editions for the report: what is set aside, and how much changed where.
pub fn reported(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<RuleEditions>> {
    let edition = |edition: &Edition| RuleEdition {
        document: edition.document.clone(),
        date: edition.date.clone(),
        date_from: date_source(edition.date_from).to_owned(),
        set_aside: edition.set_aside,
        altered: paths(edition, Changed::Altered),
        added: paths(edition, Changed::Added),
        removed: paths(edition, Changed::Removed),
    };
    let doubt =
        |doubt: &Doubt| RuleDoubt { kind: doubt.kind.name().to_owned(), documents: doubt.documents.clone() };
    let mut all = Vec::new();
    for (source, editions) in found(project, results)? {
        all.extend(editions.rules.iter().map(|rule| RuleEditions {
            source: source.clone(),
            title: rule.title.clone(),
            current: rule.current,
            editions: rule.editions.iter().map(edition).collect(),
            doubts: rule.doubts.iter().map(doubt).collect(),
        }));
    }
    Ok(all)
}

/// Editions that were set aside although they may be the ones in force. `pick` takes the Korean or the English words.
pub fn warnings(
    project: &Project,
    results: &pipeline::Project,
    pick: impl Fn(&str, &str) -> String,
) -> anyhow::Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    for (_, editions) in found(project, results)? {
        for rule in editions.rules.iter().filter(|rule| rule.editions.iter().any(|e| e.set_aside)) {
            let grave = rule.doubts.iter().filter(|doubt| doubt.kind.is_grave());
            warnings.extend(grave.map(|doubt| warning(rule, doubt, &pick)));
        }
    }
    Ok(warnings)
}

fn warning(rule: &Rule, doubt: &Doubt, pick: &impl Fn(&str, &str) -> String) -> Warning {
    let (names, used) = (doubt.documents.join(", "), rule.current());
    let what = match doubt.kind {
        DoubtKind::Undecided => pick(
            &format!("{names} 가운데 어느 것이 최신판인지 알 수 없어 {used} 파일을 썼습니다."),
            &format!("Nothing tells which of {names} is the newest; {used} was taken."),
        ),
        DoubtKind::NotYet => pick(
            &format!(
                "in_force_on에 적은 날에는 시행 중인 판이 없어, 가장 먼저 시행되는 {names} 파일을 썼습니다."
            ),
            &format!(
                "No edition is in effect on the day of in_force_on; {names} is the first to be, and was taken."
            ),
        ),
        DoubtKind::DateFromName => pick(
            &format!("{names} 문서의 시행일은 파일 이름에만 있습니다."),
            &format!("Only its name tells the date of {names}."),
        ),
        _ => pick(
            &format!("{names} 문서에 시행일이 없습니다. 최신판으로는 {used} 파일을 썼습니다."),
            &format!("{names} has no date; {used} was taken for the newest."),
        ),
    };
    let next = match doubt.kind {
        DoubtKind::NotYet => pick(
            "[parse] in_force_on의 날짜를 고치거나, 그날 시행 중인 판을 폴더에 넣으세요.",
            "Mend the day of [parse] in_force_on, or put the edition that is in effect on it into the folder.",
        ),
        _ => pick(
            "최신판 파일의 이름에 시행일을 적거나(예: 규정_20240301.pdf), 옛 판을 폴더에서 빼세요.",
            "Write the date into the name of the newest (RULE_20240301.pdf), or move the older ones out of the folder.",
        ),
    };
    Warning {
        what,
        why: pick(
            "같은 규정의 옛 판으로 묻고 배우면 지금과 다른 답을 하게 됩니다.",
            "A model that learns from an older edition answers what no longer holds.",
        ),
        next,
    }
}
