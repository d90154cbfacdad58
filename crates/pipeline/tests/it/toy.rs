//! Toy stages: count lines of a file, join two counts, number lines slowly with checkpoints.

use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use pipeline::{
    Action, Counts, Error, Event, Graph, Input, Planned, Project, Refresh, Request, Stage, StageError,
    Summary,
};
use serde_json::{Value, json};

pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    pipeline::platform::write_atomic(path, text.as_bytes()).unwrap();
}

/// A project folder with a source of five lines.
pub fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("lines.txt"), "delta\nalpha\n\necho\nbravo\n");
    dir
}

pub fn params() -> Value {
    json!({
        "filter": {"min_chars": 1, "unused": true},
        "number": {"start": 1, "every": 2},
        "join": {"separator": "+"},
    })
}

/// `filter` keeps lines that are long enough; `number` writes one numbered file a line, slowly;
/// `join` makes one line of both.
pub fn graph<'a>() -> Graph<'a> {
    Graph::new(vec![
        Stage {
            id: "filter".into(),
            version: 1,
            inputs: vec![Input::file("lines", "lines.txt")],
            outputs: vec!["kept".into()],
            run: Box::new(filter),
        },
        Stage {
            id: "number:main".into(),
            version: 1,
            inputs: vec![Input::stage("lines", "filter", "kept")],
            outputs: vec!["numbered".into(), "log".into()],
            run: Box::new(number),
        },
        Stage {
            id: "join".into(),
            version: 1,
            inputs: vec![
                Input::stage("numbered", "number:main", "numbered"),
                Input::stage("lines", "filter", "kept"),
            ],
            outputs: vec!["joined".into()],
            run: Box::new(join),
        },
    ])
    .unwrap()
}

fn filter(stage: &mut pipeline::Context<'_>) -> Result<Vec<Counts>, StageError> {
    let min_chars: usize = stage.param("filter.min_chars")?;
    let text = fs::read_to_string(stage.input("lines")?)?;
    let kept: Vec<_> = text.lines().filter(|line| line.len() >= min_chars).collect();
    let n = text.lines().count() as u64;
    write(&stage.output("kept")?, &kept.join("\n"));
    let mut counts = Counts { output: kept.len() as u64, ..Counts::all("lines", n) };
    counts.rejected.insert("short".into(), n - counts.output);
    Ok(vec![counts])
}

/// Numbers lines, with a checkpoint every few lines that a later run continues from.
fn number(stage: &mut pipeline::Context<'_>) -> Result<Vec<Counts>, StageError> {
    let (start, every): (usize, usize) = (stage.param("number.start")?, stage.param("number.every")?);
    let text = fs::read_to_string(stage.input("lines")?)?;
    let lines: Vec<_> = text.lines().collect();
    let work = stage.work_dir()?;
    let done: usize = fs::read_to_string(work.join("done")).map_or(0, |text| text.parse().unwrap());
    for i in done..lines.len() {
        write(&work.join(format!("files/{i}.txt")), &format!("{} {}", start + i, lines[i]));
        let mut log = fs::File::options().create(true).append(true).open(work.join("../number.log"))?;
        writeln!(log, "{i}")?;
        if (i + 1) % every == 0 {
            write(&work.join("done"), &(i + 1).to_string());
        }
        stage.progress(i as u64 + 1, Some(lines.len() as u64), "lines");
        if stage.is_cancelled() {
            return Err(Error::Cancelled.into());
        }
    }
    fs::create_dir(stage.output("numbered")?)?;
    for i in 0..lines.len() {
        fs::copy(work.join(format!("files/{i}.txt")), stage.output("numbered")?.join(format!("{i}.txt")))?;
    }
    write(&stage.output("log")?, "numbered");
    Ok(vec![Counts::all("lines", lines.len() as u64)])
}

fn join(stage: &mut pipeline::Context<'_>) -> Result<Vec<Counts>, StageError> {
    let separator: String = stage.param("join.separator")?;
    let mut files: Vec<_> = fs::read_dir(stage.input("numbered")?)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let parts: Vec<_> = files.iter().map(fs::read_to_string).collect::<Result<_, _>>()?;
    write(&stage.output("joined")?, &parts.join(&separator));
    Ok(Vec::new())
}

pub fn run(dir: &Path, params: &Value) -> Result<Summary, Error> {
    run_graph(dir, &graph(), params, &Request::default())
}

pub fn run_graph(dir: &Path, graph: &Graph<'_>, params: &Value, request: &Request) -> Result<Summary, Error> {
    Project::open(dir)?.run(graph, params, request, &AtomicBool::new(false), &mut |_| {})
}

pub fn joined(dir: &Path) -> String {
    fs::read_to_string(Project::open(dir).unwrap().output("join", "joined").unwrap()).unwrap()
}

/// The plan as `stage: action (reasons) [notes]`, one line a stage.
pub fn plan(dir: &Path, graph: &Graph<'_>, params: &Value, request: &Request) -> Vec<String> {
    let plan = Project::open(dir).unwrap().plan(graph, params, request).unwrap();
    plan.iter().map(line).collect()
}

fn line(planned: &Planned) -> String {
    let action = match planned.action {
        Action::Keep => "keep",
        Action::Restore => "restore",
        Action::Run => "run",
        Action::Depends => "depends",
    };
    let mut line = format!("{}: {action}", planned.stage);
    if !planned.reasons.is_empty() {
        let reasons: Vec<_> = planned.reasons.iter().map(ToString::to_string).collect();
        line += &format!(" ({})", reasons.join("; "));
    }
    for note in &planned.notes {
        line += &format!(" [{note}]");
    }
    line
}

pub fn refresh_pinned() -> Request {
    Request { refresh: Refresh::Pinned, ..Request::default() }
}

/// A pinned stage that gives the value of `table`, probed through `probe` where given.
pub fn pinned<'a>(table: &'a Cell<u32>, probe: Option<&'a Cell<Option<u32>>>) -> Graph<'a> {
    let asked = probe.map(|probe| {
        let ask = move || probe.get().map(|n| n.to_string()).ok_or_else(|| StageError::from("no connection"));
        Box::new(ask) as pipeline::Probe<'a>
    });
    Graph::new(vec![Stage {
        id: "extract".into(),
        version: 1,
        inputs: vec![Input::pinned("table", asked)],
        outputs: vec!["rows".into()],
        run: Box::new(|stage| {
            write(&stage.output("rows")?, &table.get().to_string());
            Ok(Vec::new())
        }),
    }])
    .unwrap()
}

/// The ids of stages and steps as events tell them.
pub fn step(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Started { stage, .. } => Some(format!("{stage} started")),
        Event::Progress { stage, done, .. } => Some(format!("{stage} at {done}")),
        Event::Computed { stage } => Some(format!("{stage} computed")),
        Event::Stored { stage, output } => Some(format!("{stage} stored {output}")),
        Event::Recorded { stage } => Some(format!("{stage} recorded")),
        Event::Finished { stage, .. } => Some(format!("{stage} finished")),
        Event::Damaged { stage, producer } => Some(format!("{stage} found {producer} damaged")),
        Event::UpToDate { .. } | Event::Note { .. } => None,
    }
}
