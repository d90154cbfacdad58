//! `moru init`: a project folder from a template, or from a table of your own.

mod regulations;
mod summarize;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Make a project folder with a recipe that runs
///
/// `moru init support DIR` writes the recipe of a support bot with an example shop's inquiries as
/// SQLite, so that `moru run` works at once; then point [source.inquiries] at your own database.
/// `moru init classify DIR` writes that of a classifier, which says what an inquiry of the same shop is about.
/// `moru init regulations DIR` writes that of an expert on rules, with the invented rules of a company as PDF.
/// `moru init summarize DIR` writes that of a model that summarises interviews, with invented ones as CSV.
/// `moru init --from FILE.csv DIR` writes a recipe for a table with a question and an answer column; with a column
/// `summary` beside them, that of summaries.
#[derive(Debug, Args)]
pub struct Init {
    /// The template (support, regulations, classify, summarize), or the folder when --from is given
    #[arg(value_name = "TEMPLATE")]
    first: String,
    /// The folder to make
    #[arg(value_name = "DIR", required_unless_present = "from")]
    second: Option<PathBuf>,
    /// A CSV or TSV file with a header; it is copied into the project
    #[arg(long, value_name = "FILE.csv")]
    from: Option<PathBuf>,
    /// The column with the questions; guessed by its name where absent
    #[arg(long, requires = "from")]
    question: Option<String>,
    /// The column with the answers; guessed by its name where absent
    #[arg(long, requires = "from")]
    answer: Option<String>,
    /// The column with the summaries, of the template summarize; `summary` where absent
    #[arg(long, requires = "from")]
    summary: Option<String>,
    /// A second table of the template summarize, with the rows that are scored and never learned
    #[arg(long, requires = "from", value_name = "FILE.csv")]
    test: Option<PathBuf>,
    /// Only the recipe, without the example shop, rules or interviews
    #[arg(long, conflicts_with = "from")]
    no_example: bool,
    /// The shop, or the interviews, that the example draws: the same number, the same rows
    #[arg(long, default_value_t = 1, value_name = "SEED")]
    shop_seed: u64,
}

const TEMPLATES: [&str; 4] = ["support", "regulations", "classify", "summarize"];
const SUPPORT: &str = include_str!("../../../../examples/support/moru.toml");
const CLASSIFY: &str = include_str!("../../../../examples/classify/moru.toml");
const CSV: &str = include_str!("init/csv.toml");
const IGNORED: &str = ".env\n.moru/\nout/\n";

impl Init {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        match (&self.from, &self.second) {
            (Some(file), None) if summarize::is_wanted(file, &self)? => {
                summarize::from_csv(file, Path::new(&self.first), &self, console)?;
            }
            (Some(file), None) => from_csv(file, Path::new(&self.first), &self, console)?,
            (Some(file), Some(folder)) if self.first == "summarize" => {
                summarize::from_csv(file, folder, &self, console)?;
            }
            (Some(_), Some(_)) => {
                return Err(fail(
                    format!("the template {} and --from were both given", self.first),
                    "`moru init --from FILE.csv DIR`, without a template",
                ));
            }
            (None, second) => {
                if !TEMPLATES.contains(&self.first.as_str()) {
                    let hint = format!("templates: {}", TEMPLATES.join(", "));
                    return Err(fail(format!("there is no template `{}`", self.first), hint));
                }
                let folder = second.clone().unwrap_or_default();
                let shop_seed = (!self.no_example).then_some(self.shop_seed);
                match self.first.as_str() {
                    "regulations" => regulations::example(&folder, !self.no_example)?,
                    "classify" => classify(&folder, shop_seed)?,
                    "summarize" => summarize::example(&folder, shop_seed)?,
                    _ => support(&folder, "builtin:nano", shop_seed)?,
                }
                console.say(format!("wrote {}", folder.join("moru.toml").display()));
            }
        }
        let folder = self.second.unwrap_or_else(|| PathBuf::from(&self.first));
        let shown = folder.display().to_string();
        let shown = if shown.contains(' ') { format!("\"{shown}\"") } else { shown };
        console.say(format!("next: cd {shown} && moru check && moru run"));
        Ok(Outcome::Good)
    }
}

/// Writes the support project, with the example shop of a seed where asked.
pub fn support(folder: &Path, base: &str, shop_seed: Option<u64>) -> anyhow::Result<()> {
    begin(folder)?;
    let name = folder.file_name().map_or("support".into(), |name| name.to_string_lossy());
    let mut recipe = SUPPORT.replace("shop-support", &quoted(&name)).replace("builtin:nano", base);
    if shop_seed.is_none() {
        // They are about the example shop.
        let kept: Vec<_> = recipe.lines().filter(|line| !line.starts_with("questions =")).collect();
        recipe = kept.join("\n") + "\n";
    }
    // The recipe comes last: a folder with one is a whole project.
    if let Some(seed) = shop_seed {
        crate::stages::shop::write(folder, seed)?;
    }
    Ok(pipeline::platform::write_atomic(&folder.join("moru.toml"), recipe.as_bytes())?)
}

/// Writes the project of a classifier, with the example shop of a seed where asked.
fn classify(folder: &Path, shop_seed: Option<u64>) -> anyhow::Result<()> {
    begin(folder)?;
    let name = folder.file_name().map_or("classify".into(), |name| name.to_string_lossy());
    if let Some(seed) = shop_seed {
        crate::stages::shop::write(folder, seed)?;
    }
    let recipe = CLASSIFY.replace("shop-classify", &quoted(&name));
    Ok(pipeline::platform::write_atomic(&folder.join("moru.toml"), recipe.as_bytes())?)
}

/// Makes the folder; one that already holds a recipe is refused.
fn begin(folder: &Path) -> anyhow::Result<()> {
    if folder.join("moru.toml").exists() {
        let hint = "choose another folder, or edit its recipe";
        return Err(fail(format!("{} already holds a project", folder.display()), hint));
    }
    fs::create_dir_all(folder)
        .map_err(|e| anyhow::Error::from(e).context(format!("could not create {}", folder.display())))?;
    if !folder.join(".gitignore").exists() {
        pipeline::platform::write_atomic(&folder.join(".gitignore"), IGNORED.as_bytes())?;
    }
    Ok(())
}

/// A name inside a TOML string.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Names that question and answer columns usually have.
const QUESTIONS: [&str; 12] = [
    "question",
    "질문",
    "문의내용",
    "문의",
    "prompt",
    "instruction",
    "input",
    "query",
    "q",
    "user",
    "inquiry",
    "content",
];
const ANSWERS: [&str; 11] = [
    "answer",
    "답변",
    "답변내용",
    "응답",
    "response",
    "output",
    "completion",
    "reply",
    "a",
    "assistant",
    "summary",
];

/// Names that columns of personal data usually have, with what they hold.
const PERSONAL: [(&str, &[&str]); 11] = [
    ("email", &["email", "e-mail", "mail", "이메일", "메일"]),
    ("mobile", &["phone", "mobile", "tel", "cell", "전화", "연락처", "휴대폰", "핸드폰"]),
    ("address", &["address", "addr", "주소", "배송지"]),
    ("resident", &["resident", "ssn", "주민번호", "주민등록"]),
    ("account", &["account", "계좌"]),
    ("card", &["card", "카드"]),
    ("plate", &["plate", "차량번호", "차번호"]),
    ("business", &["business_no", "사업자번호", "사업자등록"]),
    ("passport", &["passport", "여권"]),
    ("ip", &["ip_addr", "ip주소", "아이피"]),
    (
        "person",
        &[
            "name",
            "customer",
            "buyer",
            "writer",
            "이름",
            "성명",
            "성함",
            "고객명",
            "작성자",
            "주문자",
            "수령인",
            "회원명",
        ],
    ),
];

/// Names that are no person's although they hold the word.
const NO_PERSON: [&str; 8] =
    ["product", "item", "file", "category", "상품", "제품", "customer_id", "customer_no"];

/// What a column holds of a person, by its name.
fn personal_kind(column: &str) -> Option<&'static str> {
    let column = column.to_lowercase();
    if NO_PERSON.iter().any(|word| column.contains(word)) {
        return None;
    }
    PERSONAL.iter().find(|(_, words)| words.iter().any(|word| column.contains(word))).map(|(kind, _)| *kind)
}

/// `[source.table.personal]` for the columns that look like it: their values are then masked wherever they stand.
fn personal_lines(columns: &[&String]) -> String {
    let found: Vec<_> = columns.iter().filter_map(|c| Some((*c, personal_kind(c)?))).collect();
    if found.is_empty() {
        return "# personal = { customer = \"person\" } # columns of personal data: their values are masked in every text\n".to_owned();
    }
    let pairs: Vec<_> = found.iter().map(|(c, kind)| format!("\"{}\" = \"{kind}\"", quoted(c))).collect();
    let pairs = pairs.join(", ");
    format!(
        "personal = {{ {pairs} }} # by their names: look whether it is so; their values are masked in every text\n"
    )
}

/// `key` where a column is called like one and tells the rows apart.
fn key_line(file: &Path, columns: &[&String]) -> anyhow::Result<String> {
    const KEYS: [&str; 6] = ["id", "no", "key", "번호", "문의번호", "접수번호"];
    for column in columns.iter().filter(|column| KEYS.contains(&column.to_lowercase().as_str())) {
        if crate::stages::sources::is_unique(file, column)? {
            return Ok(format!(
                "key = [\"{}\"]               # the column that tells rows apart",
                quoted(column)
            ));
        }
    }
    Ok("# key = [\"id\"]             # the column that tells rows apart; rows are numbered without it"
        .to_owned())
}

fn from_csv(file: &Path, folder: &Path, init: &Init, console: &Console) -> anyhow::Result<()> {
    let kind = file.extension().map(|kind| kind.to_string_lossy().to_ascii_lowercase());
    if let Some(kind) =
        kind.filter(|kind| crate::recipe::KINDS.contains(&kind.as_str()) && kind != "csv" && kind != "tsv")
    {
        return Err(fail(
            format!("{} is no CSV or TSV file", file.display()),
            format!(
                "`moru init support --no-example DIR`, then in [source.inquiries] kind = {kind:?} and path = \"…\""
            ),
        ));
    }
    let columns = crate::stages::sources::columns_of_csv(file)?;
    let pick = |given: &Option<String>, names: &[&str], what: &str| -> anyhow::Result<String> {
        if let Some(name) = given {
            if columns.contains(name) {
                return Ok(name.clone());
            }
            return Err(fail(
                format!("{} has no column `{name}`", file.display()),
                format!("its columns: {}", data::sources::names::listed(&columns, "")),
            ));
        }
        let exact = names.iter().find_map(|name| columns.iter().find(|c| c.to_lowercase() == *name));
        let part = || {
            names
                .iter()
                .filter(|n| n.chars().count() > 1)
                .find_map(|name| columns.iter().find(|c| c.to_lowercase().contains(name)))
        };
        exact.or_else(part).cloned().ok_or_else(|| {
            fail(
                format!("no column of {} looks like {what}", file.display()),
                format!(
                    "name it with --question and --answer; its columns: {}",
                    data::sources::names::listed(&columns, "")
                ),
            )
        })
    };
    let question = pick(&init.question, &QUESTIONS, "the questions")?;
    let answer = pick(&init.answer, &ANSWERS, "the answers")?;
    begin(folder)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    fs::create_dir_all(folder.join("data"))?;
    pipeline::export::<pipeline::Error>(file, &folder.join("data").join(&name), &mut |_| Ok(()))?;
    let project = folder.file_name().map_or("project".into(), |name| name.to_string_lossy());
    let others: Vec<_> = columns.iter().filter(|c| **c != question && **c != answer).collect();
    let recipe = CSV
        .replace("@KEY@", &key_line(file, &others)?)
        .replace("@PERSONAL@\n", &personal_lines(&others))
        .replace("@NAME@", &quoted(&project))
        .replace("@PATH@", &quoted(&format!("data/{name}")))
        .replace("@QUESTION@", &quoted(&question))
        .replace("@ANSWER@", &quoted(&answer));
    pipeline::platform::write_atomic(&folder.join("moru.toml"), recipe.as_bytes())?;
    console.say(format!(
        "wrote {}: questions are `{question}`, answers are `{answer}`",
        folder.join("moru.toml").display()
    ));
    Ok(())
}
