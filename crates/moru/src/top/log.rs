//! The log of a training: where it lies, and what is in it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

/// The log's file name.
const LOG_FILE: &str = "trainer_log.jsonl";

/// Where unfinished trainings lie in a project.
const WORK: &str = ".moru/work";

/// Where a training's log was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The training's name in the recipe.
    pub name: String,
    /// The log.
    pub path: PathBuf,
    /// Whether it lies in the training's own working folder: it has not been finished.
    pub open: bool,
}

/// The logs of a project, the one written last first: those of unfinished trainings below `.moru/work`, those of
/// finished ones below `out/logs`. A project's recipe is not read, so that a training can be watched while its
/// recipe is being changed.
pub fn places(project: &Path) -> Vec<Place> {
    let mut found: Vec<(SystemTime, Place)> = Vec::new();
    let mut look = |folder: &Path, open: bool| {
        for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path().join(LOG_FILE);
            let Ok(written) = path.metadata().and_then(|about| about.modified()) else { continue };
            let folder_name = entry.file_name().to_string_lossy().into_owned();
            let name = if open { name_of_work(&folder_name) } else { Some(folder_name) };
            if let Some(name) = name {
                found.push((written, Place { name, path, open }));
            }
        }
    };
    look(&project.join(WORK), true);
    look(&project.join("out/logs"), false);
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    found.into_iter().map(|(_, place)| place).collect()
}

/// `main` of `train-main-1a2b3c4d`: a working folder is named by its stage and its key.
fn name_of_work(folder: &str) -> Option<String> {
    let (name, _key) = folder.strip_prefix("train-")?.rsplit_once('-')?;
    Some(name.to_owned())
}

/// One optimizer step of the log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoneStep {
    pub step: u64,
    pub epoch: f64,
    pub loss: f64,
    pub grad_norm: f64,
    pub learning_rate: f64,
    pub tokens: u64,
    pub trained_tokens: u64,
    pub seconds: f64,
}

/// One look at the validation split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    pub step: u64,
    pub loss: f64,
    pub seconds: f64,
}

/// Bytes of memory, as far as the log tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// The process's, foretold.
    pub predicted: Option<u64>,
    /// The process's greatest so far.
    pub peak: Option<u64>,
    /// The process's after the last step.
    pub held: Option<u64>,
}

/// How a log ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum End {
    /// It does not say.
    #[default]
    None,
    /// It was asked to stop, and goes on from a checkpoint.
    Stopped,
    /// The result stands.
    Finished,
}

/// What a log says, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    pub total_steps: u64,
    pub total_epochs: Option<f64>,
    pub num_tokens: u64,
    pub steps: Vec<DoneStep>,
    pub looks: Vec<Look>,
    /// The step with the least validation loss, or the best metric.
    pub best: Option<u64>,
    /// Steps after which a checkpoint was written.
    pub checkpoints: Vec<u64>,
    pub memory: Memory,
    pub end: End,
    /// Lines that could not be understood.
    pub odd_lines: u64,
}

impl Log {
    /// Takes one line in. What is not known is passed over, so that newer logs can be read.
    pub fn push(&mut self, line: &str) {
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            self.odd_lines += u64::from(!line.trim().is_empty());
            return;
        };
        let whole = |key: &str| value.get(key).and_then(Value::as_u64);
        if let Some(step) = whole("resumed_after_step") {
            // What was done beyond the checkpoint is done again.
            self.steps.retain(|s| s.step <= step);
            self.looks.retain(|l| l.step <= step);
            self.checkpoints.retain(|&c| c <= step);
            self.best = self.best.filter(|&best| best <= step);
        } else if let Some(steps) = whole("planned_steps") {
            self.total_steps = steps;
            self.total_epochs = value.get("planned_epochs").and_then(Value::as_f64);
            self.memory = Memory { predicted: whole("predicted_peak_bytes"), ..Memory::default() };
        } else if let Some(step) = whole("checkpoint_after_step") {
            self.checkpoints.push(step);
        } else if let Some(ending) = value.get("ending").and_then(Value::as_str) {
            self.end = if ending == "stopped" { End::Stopped } else { End::Finished };
            return;
        } else {
            self.push_measured(&value);
        }
        self.memory.peak = whole("peak_bytes").or(self.memory.peak);
        self.memory.held = whole("held_bytes").or(self.memory.held);
        self.end = End::None;
    }

    fn push_measured(&mut self, value: &Value) {
        let Some(step) = value.get("step").and_then(Value::as_u64) else { return };
        // serde_json writes what is not finite as null.
        let number = |key: &str| value.get(key).map(|number| number.as_f64().unwrap_or(f64::NAN));
        let whole = |key: &str| value.get(key).and_then(Value::as_u64).unwrap_or(0);
        let seconds = number("seconds").unwrap_or(0.0);
        if let Some(loss) = number("eval_loss") {
            if value["best"] == true {
                self.best = Some(step);
            }
            self.looks.push(Look { step, loss, seconds });
        } else if let Some(loss) = number("loss") {
            self.total_steps = whole("total_steps").max(step);
            self.num_tokens = whole("num_tokens");
            self.steps.push(DoneStep {
                step,
                epoch: number("epoch").unwrap_or(0.0),
                loss,
                grad_norm: number("grad_norm").unwrap_or(f64::NAN),
                learning_rate: number("learning_rate").unwrap_or(f64::NAN),
                tokens: whole("tokens"),
                trained_tokens: whole("trained_tokens"),
                seconds,
            });
        }
    }
}

/// A log that is read as it grows.
#[derive(Debug)]
pub struct Reader {
    pub place: Place,
    pub log: Log,
    /// Bytes that were taken in: whole lines only.
    read: u64,
}

impl Reader {
    pub fn new(place: Place) -> Self {
        Self { place, log: Log::default(), read: 0 }
    }

    /// Takes in what was appended. A file that became shorter is another one, and is read from its beginning.
    ///
    /// # Errors
    /// The file cannot be read; it moves when a training ends.
    pub fn update(&mut self) -> std::io::Result<()> {
        let mut file = File::open(&self.place.path)?;
        if file.metadata()?.len() < self.read {
            (self.log, self.read) = (Log::default(), 0);
        }
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |last| last + 1);
        String::from_utf8_lossy(&bytes[..whole]).lines().for_each(|line| self.log.push(line));
        self.read += whole as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: u64, loss: f64) -> String {
        serde_json::json!({ "step": step, "total_steps": 9, "epoch": 0.5, "loss": loss, "grad_norm": 1.0,
            "learning_rate": 1e-4, "num_tokens": 100 * step, "tokens": 100, "trained_tokens": 40, "seconds": 0.5 })
        .to_string()
    }

    #[test]
    fn a_step_that_was_done_again_stands_once() {
        let mut log = Log::default();
        let lines = [
            r#"{"planned_steps":9,"planned_epochs":1.5,"predicted_peak_bytes":1000}"#.to_owned(),
            r#"{"dry_step_seconds":0.1,"peak_bytes":900}"#.to_owned(),
            step(1, 3.0),
            r#"{"checkpoint_after_step":1}"#.to_owned(),
            step(2, 2.0),
            r#"{"step":2,"epoch":0.4,"eval_loss":2.5,"best":true,"seconds":1.0}"#.to_owned(),
            r#"{"ending":"stopped","step":2}"#.to_owned(),
            "half a li".to_owned(),
        ];
        for line in lines {
            log.push(&line);
        }
        assert_eq!((log.best, log.end, log.odd_lines), (Some(2), End::Stopped, 1));
        log.push(r#"{"resumed_after_step":1}"#);
        log.push(&step(2, 1.5));
        assert_eq!(log.steps.iter().map(|s| (s.step, s.loss)).collect::<Vec<_>>(), [(1, 3.0), (2, 1.5)]);
        assert_eq!((log.looks.len(), log.best, log.end), (0, None, End::None));
        assert_eq!((log.checkpoints.as_slice(), log.num_tokens, log.total_steps), (&[1][..], 200, 9));
        assert_eq!((log.memory.predicted, log.memory.peak), (Some(1000), Some(900)));
    }

    #[test]
    fn a_loss_that_is_not_finite_is_kept_as_such() {
        let mut log = Log::default();
        log.push(r#"{"step":1,"total_steps":9,"loss":null,"seconds":0.5}"#);
        assert!(log.steps[0].loss.is_nan());
    }

    #[test]
    fn the_newest_log_of_a_project_comes_first_and_half_a_line_waits() {
        let project = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = project.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            pipeline::platform::write_atomic(&path, text.as_bytes()).unwrap();
        };
        write("out/logs/old/trainer_log.jsonl", "");
        std::thread::sleep(std::time::Duration::from_millis(20));
        let open = |stage: &str| format!("{WORK}/{stage}-0123/{LOG_FILE}");
        write(&open("train-my-bot"), &(step(1, 3.0) + "\n" + &step(2, 2.0)));
        write(&open("tokenize"), "");
        let found = places(project.path());
        let names: Vec<_> = found.iter().map(|p| (p.name.as_str(), p.open)).collect();
        assert_eq!(names, [("my-bot", true), ("old", false)]);

        let mut reader = Reader::new(found[0].clone());
        reader.update().unwrap();
        assert_eq!((reader.log.steps.len(), reader.log.odd_lines), (1, 0), "half a line waits for its end");
        write(&open("train-my-bot"), &(step(1, 3.0) + "\n" + &step(2, 2.0) + "\n"));
        reader.update().unwrap();
        assert_eq!(reader.log.steps.len(), 2);
        write(&open("train-my-bot"), "\n");
        reader.update().unwrap();
        assert_eq!(reader.log, Log::default(), "a shorter file is another one");
    }
}
