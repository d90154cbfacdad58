//! Which stages will run, and why.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::graph::{From, Graph, Stage};
use crate::lock::{InputState, Record, base_key};
use crate::params;
use crate::project::Project;

/// What is asked of a plan or a run.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Stages to bring up to date, with all they need; all stages where nothing is named.
    pub targets: Option<Vec<String>>,
    /// What to read anew although nothing tells that it changed.
    pub refresh: Refresh,
}

/// What to read anew.
#[derive(Debug, Clone, Default)]
pub enum Refresh {
    /// Nothing.
    #[default]
    No,
    /// Every source that has no digest.
    Pinned,
    /// The named stages.
    Stages(Vec<String>),
}

/// One stage of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Planned {
    /// The stage's id.
    pub stage: String,
    /// What will happen.
    pub action: Action,
    /// Why, where it runs.
    pub reasons: Vec<Reason>,
    /// What else is worth knowing.
    pub notes: Vec<Note>,
}

/// What will happen to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing: the lock's result holds.
    Keep,
    /// The result of an earlier run is taken back from the store.
    Restore,
    /// It runs.
    Run,
    /// It runs if a stage before it writes something else than last time.
    Depends,
}

/// Why a stage runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Reason {
    /// It has never finished.
    FirstRun,
    /// The program does it otherwise now.
    VersionChanged {
        /// Before.
        from: u32,
        /// Now.
        to: u32,
    },
    /// A parameter that it reads has another value.
    ParamChanged {
        /// The parameter.
        path: String,
        /// Before; `null` where there was none.
        from: Value,
        /// Now; `null` where there is none.
        to: Value,
    },
    /// What it reads has other bytes.
    InputChanged {
        /// The input.
        input: String,
    },
    /// It reads something that it did not read before, or no longer does.
    InputsDiffer {
        /// The input that came or went.
        input: String,
    },
    /// A source's probe gives another answer.
    ProbeChanged {
        /// The input.
        input: String,
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// What it wrote is no longer in the store, or damaged.
    OutputLost {
        /// The output.
        output: String,
    },
    /// It was asked for.
    Refresh,
    /// A stage before it runs.
    Upstream {
        /// That stage.
        stage: String,
    },
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FirstRun => write!(f, "first run"),
            Self::VersionChanged { from, to } => write!(f, "stage version changed from {from} to {to}"),
            Self::ParamChanged { path, from, to } => match (from, to) {
                (Value::Null, to) => write!(f, "{path} is now {}", shown(to)),
                (from, Value::Null) => write!(f, "{path} is no longer set (was {})", shown(from)),
                _ => write!(f, "{path} changed from {} to {}", shown(from), shown(to)),
            },
            Self::InputChanged { input } => write!(f, "input `{input}` changed"),
            Self::InputsDiffer { input } => write!(f, "input `{input}` came or went"),
            Self::ProbeChanged { input, from, to } => {
                write!(f, "source `{input}` changed: its probe said {from}, now {to}")
            }
            Self::OutputLost { output } => write!(f, "its output `{output}` is missing or damaged"),
            Self::Refresh => write!(f, "a refresh was asked for"),
            Self::Upstream { stage } => write!(f, "`{stage}` runs before it"),
        }
    }
}

/// A value as one short line.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        return text;
    }
    format!("{}…", text.chars().take(59).collect::<String>())
}

/// What is worth knowing about a stage although it does not make it run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// A source file is absent; what was read from it earlier is used.
    SourceAbsent {
        /// The input.
        input: String,
    },
    /// A source could not be asked whether it changed; what was read from it earlier is used.
    ProbeFailed {
        /// The input.
        input: String,
        /// Why.
        why: String,
    },
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SourceAbsent { input } => {
                write!(f, "`{input}` is absent; what was read from it earlier is used")
            }
            Self::ProbeFailed { input, why } => {
                write!(
                    f,
                    "`{input}` could not be asked whether it changed ({why}); what was read earlier is used"
                )
            }
        }
    }
}

/// What is to be done with one stage.
pub(crate) enum Decision {
    Keep(Box<Record>),
    Restore(Box<Record>),
    Run(Vec<Reason>),
}

/// The states of a stage's inputs, as far as they are known.
pub(crate) struct Inputs {
    pub states: BTreeMap<String, InputState>,
    /// Stages that run before this one, so that what they write is not known yet.
    pub unknown: Vec<String>,
    pub notes: Vec<Note>,
}

/// The stages that are read anew.
pub(crate) fn refreshed(graph: &Graph<'_>, request: &Request) -> Result<Vec<String>, Error> {
    match &request.refresh {
        Refresh::No => Ok(Vec::new()),
        Refresh::Pinned => {
            Ok(graph.stages().iter().filter(|s| s.is_pinned()).map(|s| s.id.clone()).collect())
        }
        Refresh::Stages(names) => {
            let mut found = Vec::new();
            for name in names {
                found.extend(graph.matching(name)?.into_iter().map(str::to_owned));
            }
            Ok(found)
        }
    }
}

impl Project {
    /// Tells for each stage that is needed whether it will run, and why.
    pub fn plan(&self, graph: &Graph<'_>, params: &Value, request: &Request) -> Result<Vec<Planned>, Error> {
        let refresh = refreshed(graph, request)?;
        let mut results: BTreeMap<&str, Record> = BTreeMap::new();
        let mut plan = Vec::new();
        for (stage, needed) in graph.stages().iter().zip(graph.needed(request.targets.as_deref())?) {
            if !needed {
                continue;
            }
            let inputs = self.inputs(stage, |id| results.get(id).cloned())?;
            let notes = inputs.notes.clone();
            let (action, reasons) = if inputs.unknown.is_empty() {
                match self.decide(stage, &inputs, params, refresh.contains(&stage.id)) {
                    Decision::Keep(record) => {
                        results.insert(&stage.id, *record);
                        (Action::Keep, Vec::new())
                    }
                    Decision::Restore(record) => {
                        results.insert(&stage.id, *record);
                        (Action::Restore, Vec::new())
                    }
                    Decision::Run(reasons) => (Action::Run, reasons),
                }
            } else {
                self.behind(stage, &inputs, params, refresh.contains(&stage.id))
            };
            plan.push(Planned { stage: stage.id.clone(), action, reasons, notes });
        }
        self.store().save()?;
        Ok(plan)
    }

    /// A stage behind one that runs: certain to run only if it has a reason of its own.
    fn behind(
        &self,
        stage: &Stage<'_>,
        inputs: &Inputs,
        params: &Value,
        refresh: bool,
    ) -> (Action, Vec<Reason>) {
        let mut reasons = if refresh { vec![Reason::Refresh] } else { self.reasons(stage, inputs, params) };
        let action = if reasons.is_empty() { Action::Depends } else { Action::Run };
        if reasons != [Reason::FirstRun] {
            reasons.extend(inputs.unknown.iter().map(|stage| Reason::Upstream { stage: stage.clone() }));
        }
        (action, reasons)
    }

    /// The states of a stage's inputs; `result` gives what a stage before it wrote, where that is known.
    pub(crate) fn inputs(
        &self,
        stage: &Stage<'_>,
        result: impl Fn(&str) -> Option<Record>,
    ) -> Result<Inputs, Error> {
        let old = self.lock().stages.get(&stage.id);
        let mut inputs = Inputs { states: BTreeMap::new(), unknown: Vec::new(), notes: Vec::new() };
        for input in &stage.inputs {
            let before = old.and_then(|record| record.inputs.get(&input.name)).cloned();
            let name = input.name.clone();
            let state = match &input.from {
                From::Builtin(digest) => InputState::Digest(*digest),
                From::Stage { stage: from, output } => {
                    let Some(record) = result(from) else {
                        inputs.unknown.push(from.clone());
                        continue;
                    };
                    let lost = || Error::NoArtifact { stage: from.clone(), output: output.clone() };
                    InputState::Digest(record.outputs.get(output).ok_or_else(lost)?.digest)
                }
                From::File(path) => {
                    let path = self.root().join(path);
                    match (path.exists(), before) {
                        (true, _) => InputState::Digest(self.store().digest_of(&path)?),
                        (false, Some(before)) => {
                            inputs.notes.push(Note::SourceAbsent { input: name.clone() });
                            before
                        }
                        (false, None) => {
                            return Err(Error::InputAbsent { stage: stage.id.clone(), input: name, path });
                        }
                    }
                }
                From::Pinned(None) => InputState::Pinned(None),
                From::Pinned(Some(probe)) => match (probe(), before) {
                    (Ok(answer), _) => InputState::Pinned(Some(answer)),
                    (Err(why), Some(before)) => {
                        let note = Note::ProbeFailed { input: name.clone(), why: why.to_string() };
                        inputs.notes.push(note);
                        before
                    }
                    (Err(source), None) => return Err(Error::Stage { stage: stage.id.clone(), source }),
                },
            };
            inputs.states.insert(name, state);
        }
        inputs.unknown.dedup();
        Ok(inputs)
    }

    /// What to do with a stage whose inputs are all known.
    pub(crate) fn decide(
        &self,
        stage: &Stage<'_>,
        inputs: &Inputs,
        params: &Value,
        refresh: bool,
    ) -> Decision {
        if refresh {
            return Decision::Run(vec![Reason::Refresh]);
        }
        let mut reasons = self.reasons(stage, inputs, params);
        if reasons.is_empty() {
            let record = self.lock().stages[&stage.id].clone();
            match self.lost_output(stage, &record) {
                None => return Decision::Keep(Box::new(record)),
                Some(output) => reasons.push(Reason::OutputLost { output }),
            }
        }
        if !stage.is_pinned() {
            let base = base_key(&stage.id, stage.version, &inputs.states);
            let earlier = self.results(base).into_iter().find(|record| {
                params::unchanged(&record.params, params) && self.lost_output(stage, record).is_none()
            });
            if let Some(record) = earlier {
                return Decision::Restore(Box::new(record));
            }
        }
        Decision::Run(reasons)
    }

    /// The first output of a result that is not whole in the store.
    fn lost_output(&self, stage: &Stage<'_>, record: &Record) -> Option<String> {
        let whole = |output: &&String| record.outputs.get(*output).is_some_and(|a| self.store().is_whole(a));
        stage.outputs.iter().find(|output| !whole(output)).cloned()
    }

    /// What differs between the lock's result and what is asked for now, as far as it is known.
    fn reasons(&self, stage: &Stage<'_>, inputs: &Inputs, params: &Value) -> Vec<Reason> {
        let Some(old) = self.lock().stages.get(&stage.id) else { return vec![Reason::FirstRun] };
        let mut reasons = Vec::new();
        if old.version != stage.version {
            reasons.push(Reason::VersionChanged { from: old.version, to: stage.version });
        }
        for difference in params::differences(&old.params, params) {
            let params::Difference { path, from, to } = difference;
            reasons.push(Reason::ParamChanged { path, from, to });
        }
        for (name, state) in &inputs.states {
            match (old.inputs.get(name), state) {
                (Some(InputState::Digest(a)), InputState::Digest(b)) if a != b => {
                    reasons.push(Reason::InputChanged { input: name.clone() });
                }
                (Some(InputState::Pinned(Some(from))), InputState::Pinned(Some(to))) if from != to => {
                    let (from, to) = (from.clone(), to.clone());
                    reasons.push(Reason::ProbeChanged { input: name.clone(), from, to });
                }
                (Some(InputState::Digest(_)), InputState::Digest(_))
                | (Some(InputState::Pinned(_)), InputState::Pinned(_)) => {}
                _ => reasons.push(Reason::InputsDiffer { input: name.clone() }),
            }
        }
        let declared = |name: &String| stage.inputs.iter().any(|input| input.name == *name);
        for name in old.inputs.keys().filter(|name| !declared(name)) {
            reasons.push(Reason::InputsDiffer { input: name.clone() });
        }
        reasons
    }
}
