//! Running stages: each at most once, kept only when whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use serde_json::Value;

use crate::context::Context;
use crate::counts::Counts;
use crate::digest::Digest;
use crate::error::Error;
use crate::event::Event;
use crate::graph::{From, Graph, Stage, StageError};
use crate::lock::{InputState, Record, base_key, key};
use crate::params::{self, Reads};
use crate::plan::{Decision, Inputs, Reason, Request, refreshed};
use crate::platform::{self, FolderLock};
use crate::project::Project;

/// How often content that turns out damaged is made anew before the disk is given up on.
const MAX_REPAIRS: usize = 3;

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Stages that ran.
    pub ran: Vec<String>,
    /// Stages whose earlier result was taken back from the store.
    pub restored: Vec<String>,
    /// Stages that had nothing to do.
    pub kept: Vec<String>,
}

/// What ends the handling of one stage early.
enum Halt {
    /// What this stage wrote is damaged.
    Damaged(String),
    Error(Error),
}

impl<E: Into<Error>> std::convert::From<E> for Halt {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// A result of the last run, and the places of its outputs.
type Earlier = (Record, BTreeMap<String, PathBuf>);

/// What a stage's function left behind.
struct Computed {
    counts: Vec<Counts>,
    reads: Reads,
    work: Option<PathBuf>,
}

impl Project {
    /// Brings stages up to date, in order. `params` is the whole resolved recipe without secrets.
    /// The project is locked for the time of the run.
    pub fn run(
        &mut self,
        graph: &Graph<'_>,
        params: &Value,
        request: &Request,
        cancelled: &AtomicBool,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Summary, Error> {
        let held = self.hold()?;
        self.run_held(&held, graph, params, request, cancelled, on_event)
    }

    /// As [`Project::run`], in a project that is held already: what is made of the results afterwards is then made
    /// by one process at a time, too.
    pub fn run_held(
        &mut self,
        _held: &FolderLock,
        graph: &Graph<'_>,
        params: &Value,
        request: &Request,
        cancelled: &AtomicBool,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Summary, Error> {
        platform::remove(&self.staging_dir())?;
        let mut refresh = refreshed(graph, request)?;
        let mut ran = Vec::new();
        for _ in 0..MAX_REPAIRS {
            let mut summary = Summary::default();
            match self.pass(
                graph,
                params,
                request,
                &mut refresh,
                (cancelled, on_event),
                &mut summary,
                &mut ran,
            ) {
                Ok(()) => {
                    self.forget_removed(graph, request)?;
                    self.store().save()?;
                    summary.kept.retain(|id| !ran.contains(id));
                    return Ok(Summary { ran, ..summary });
                }
                Err(Halt::Error(error)) => {
                    // What is known of files only saves time; the first trouble is the one to tell.
                    let _ = self.store().save();
                    return Err(error);
                }
                Err(Halt::Damaged(_)) => {}
            }
        }
        Err(Error::Corrupt { digest: "(made anew again and again)".into() })
    }

    /// One pass over the stages; ends early when content turns out damaged.
    fn pass(
        &mut self,
        graph: &Graph<'_>,
        params: &Value,
        request: &Request,
        refresh: &mut Vec<String>,
        (cancelled, on_event): (&AtomicBool, &mut (dyn FnMut(&Event<'_>) + Send)),
        summary: &mut Summary,
        ran: &mut Vec<String>,
    ) -> Result<(), Halt> {
        let needed = graph.needed(request.targets.as_deref())?;
        for (stage, _) in graph.stages().iter().zip(needed).filter(|(_, needed)| *needed) {
            if cancelled.load(Ordering::Relaxed) {
                return Err(Error::Cancelled.into());
            }
            let inputs = self.inputs(stage, |id| self.lock().stages.get(id).cloned())?;
            match self.decide(stage, &inputs, params, refresh.contains(&stage.id)) {
                Decision::Keep(_) => {
                    on_event(&Event::UpToDate { stage: &stage.id, restored: false });
                    summary.kept.push(stage.id.clone());
                }
                Decision::Restore(record) => {
                    self.lock_mut().stages.insert(stage.id.clone(), *record);
                    self.write_lock()?;
                    on_event(&Event::UpToDate { stage: &stage.id, restored: true });
                    summary.restored.push(stage.id.clone());
                }
                Decision::Run(reasons) => {
                    if let Err(Halt::Damaged(producer)) = self.check_inputs(stage) {
                        on_event(&Event::Damaged { stage: &stage.id, producer: &producer });
                        return Err(Halt::Damaged(producer));
                    }
                    let afresh = refresh.contains(&stage.id) || !stage.is_pinned();
                    let earlier = if afresh { None } else { self.earlier(stage, params) };
                    self.execute(stage, &inputs, params, (&reasons, earlier), cancelled, on_event)?;
                    refresh.retain(|id| *id != stage.id);
                    ran.push(stage.id.clone());
                }
            }
        }
        Ok(())
    }

    /// What the lock holds of a stage, if the same version wrote it with the same parameters and it is whole.
    fn earlier(&self, stage: &Stage<'_>, params: &Value) -> Option<Earlier> {
        let record = self.lock().stages.get(&stage.id)?;
        let is_same = record.version == stage.version && params::unchanged(&record.params, params);
        let mut places = BTreeMap::new();
        for (output, artifact) in record.outputs.iter().filter(|_| is_same) {
            self.store().verify(artifact).ok()?;
            places.insert(output.clone(), self.store().path(artifact).ok()?);
        }
        is_same.then(|| (record.clone(), places))
    }

    /// Reads every byte of what a stage is about to read from the store.
    fn check_inputs(&self, stage: &Stage<'_>) -> Result<(), Halt> {
        for input in &stage.inputs {
            if let From::Stage { stage: producer, output } = &input.from
                && self.store().verify(self.artifact(producer, output)?).is_err()
            {
                return Err(Halt::Damaged(producer.clone()));
            }
        }
        Ok(())
    }

    fn execute(
        &mut self,
        stage: &Stage<'_>,
        inputs: &Inputs,
        params: &Value,
        (reasons, earlier): (&[Reason], Option<Earlier>),
        cancelled: &AtomicBool,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<(), Halt> {
        on_event(&Event::Started { stage: &stage.id, reasons });
        let start = Instant::now();
        let base = base_key(&stage.id, stage.version, &inputs.states);
        let staging = self.staging_dir().join(stage.id.replace(':', "-"));
        platform::create_private_dir(&staging)?;
        let paths = self.input_paths(stage)?;
        let computed = compute(
            stage,
            Context {
                id: &stage.id,
                params,
                base_key: base,
                inputs: paths,
                outputs: &stage.outputs,
                is_refreshed: reasons.contains(&Reason::Refresh),
                earlier,
                staging: staging.clone(),
                work_root: &self.work_dir(),
                work: None,
                reads: Reads::new(),
                cancelled,
                on_event,
            },
        )?;
        on_event(&Event::Computed { stage: &stage.id });
        self.check_unchanged(stage, inputs)?;
        let record = self.keep(stage, inputs, base, &staging, &computed, on_event)?;
        let counts = record.counts.clone();
        self.lock_mut().stages.insert(stage.id.clone(), record);
        self.write_lock()?;
        platform::remove(&staging)?;
        if let Some(work) = computed.work {
            platform::remove(&work)?;
        }
        on_event(&Event::Finished { stage: &stage.id, counts: &counts, took: start.elapsed() });
        Ok(())
    }

    /// Moves what a stage wrote into the store, and notes it under its key.
    fn keep(
        &self,
        stage: &Stage<'_>,
        inputs: &Inputs,
        base: Digest,
        staging: &Path,
        computed: &Computed,
        on_event: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Record, Error> {
        let mut outputs = BTreeMap::new();
        for output in &stage.outputs {
            let path = staging.join(output);
            if !path.exists() {
                let (stage, output) = (stage.id.clone(), output.clone());
                return Err(Error::OutputNotWritten { stage, output });
            }
            outputs.insert(output.clone(), self.store().put(&path)?);
            on_event(&Event::Stored { stage: &stage.id, output });
        }
        let record = Record {
            key: key(base, &computed.reads),
            version: stage.version,
            inputs: inputs.states.clone(),
            params: computed.reads.clone(),
            outputs,
            counts: computed.counts.clone(),
        };
        self.store().save()?;
        self.note_result(base, &record)?;
        on_event(&Event::Recorded { stage: &stage.id });
        Ok(record)
    }

    /// Where a stage reads its inputs. What is pinned or built in has no path.
    fn input_paths(&self, stage: &Stage<'_>) -> Result<BTreeMap<String, PathBuf>, Error> {
        let mut paths = BTreeMap::new();
        for input in &stage.inputs {
            let path = match &input.from {
                From::Stage { stage, output } => self.store().path(self.artifact(stage, output)?)?,
                From::File(path) if !self.root().join(path).exists() => {
                    let (stage, path) = (stage.id.clone(), self.root().join(path));
                    return Err(Error::InputAbsent { stage, input: input.name.clone(), path });
                }
                From::File(path) => self.root().join(path),
                From::Builtin(_) | From::Pinned(_) => continue,
            };
            paths.insert(input.name.clone(), path);
        }
        Ok(paths)
    }

    /// A source file that changed while it was read gives a result that belongs to neither version.
    fn check_unchanged(&self, stage: &Stage<'_>, inputs: &Inputs) -> Result<(), Error> {
        for input in &stage.inputs {
            if let From::File(path) = &input.from {
                let path = self.root().join(path);
                let now = InputState::Digest(self.store().digest_of(&path)?);
                if inputs.states.get(&input.name) != Some(&now) {
                    return Err(Error::InputChanged {
                        stage: stage.id.clone(),
                        input: input.name.clone(),
                        path,
                    });
                }
            }
        }
        Ok(())
    }

    /// Stages that the recipe no longer has leave the lock, but only a run of everything can tell.
    fn forget_removed(&mut self, graph: &Graph<'_>, request: &Request) -> Result<(), Error> {
        let known = |id: &String| graph.stages().iter().any(|stage| stage.id == *id);
        if request.targets.is_some() || self.lock().stages.keys().all(known) {
            return Ok(());
        }
        self.lock_mut().stages.retain(|id, _| known(id));
        self.write_lock()
    }
}

/// Calls the stage's function and checks its counts.
fn compute(stage: &Stage<'_>, mut context: Context<'_>) -> Result<Computed, Error> {
    let counts = (stage.run)(&mut context).map_err(|source| failed(stage, source))?;
    if let Some(wrong) = counts.iter().find(|counts| !counts.add_up()) {
        return Err(Error::Counts { stage: stage.id.clone(), counts: wrong.to_string() });
    }
    Ok(Computed { counts, reads: context.reads, work: context.work })
}

/// Our own errors pass as they are; a stage's own get the stage's name.
fn failed(stage: &Stage<'_>, source: StageError) -> Error {
    match source.downcast::<Error>() {
        Ok(ours) => *ours,
        Err(source) => Error::Stage { stage: stage.id.clone(), source },
    }
}
