//! Stages with named inputs and outputs, and the order in which they run.

use std::path::PathBuf;

use crate::context::Context;
use crate::counts::Counts;
use crate::digest::Digest;
use crate::error::Error;

/// Whatever a stage says when it fails.
pub type StageError = Box<dyn std::error::Error + Send + Sync>;

/// What a stage does: reads its inputs, writes its outputs, counts.
pub type StageFn<'a> = Box<dyn Fn(&mut Context<'_>) -> Result<Vec<Counts>, StageError> + 'a>;

/// One named instance of a stage, such as `train:main`.
pub struct Stage<'a> {
    /// `name` or `name:instance`; unique in a graph.
    pub id: String,
    /// Raised whenever the stage would make something else of the same inputs.
    pub version: u32,
    /// What it reads.
    pub inputs: Vec<Input<'a>>,
    /// The names of what it writes.
    pub outputs: Vec<String>,
    /// What it does.
    pub run: StageFn<'a>,
}

/// One named input of a stage.
pub struct Input<'a> {
    /// The name under which the stage asks for it.
    pub name: String,
    /// Where it comes from.
    pub from: From<'a>,
}

/// Asks a source that has no digest whether it changed; the text it gives is compared with the last one.
pub type Probe<'a> = Box<dyn Fn() -> Result<String, StageError> + 'a>;

/// Where an input comes from.
pub enum From<'a> {
    /// An output of another stage.
    Stage {
        /// The stage's id.
        stage: String,
        /// The output's name.
        output: String,
    },
    /// A file or folder; a relative path is relative to the project.
    File(PathBuf),
    /// Content that is part of the program, by its digest.
    Builtin(Digest),
    /// Something without a digest, such as a database: what was read once stays, until a refresh is
    /// asked for or the probe's answer changes.
    Pinned(Option<Probe<'a>>),
}

impl<'a> Input<'a> {
    /// An output of another stage.
    pub fn stage(name: &str, stage: &str, output: &str) -> Self {
        let from = From::Stage { stage: stage.to_owned(), output: output.to_owned() };
        Self { name: name.to_owned(), from }
    }

    /// A file or folder.
    pub fn file(name: &str, path: impl Into<PathBuf>) -> Self {
        Self { name: name.to_owned(), from: From::File(path.into()) }
    }

    /// Something without a digest.
    pub fn pinned(name: &str, probe: Option<Probe<'a>>) -> Self {
        Self { name: name.to_owned(), from: From::Pinned(probe) }
    }
}

impl Stage<'_> {
    /// Whether an input has no digest.
    pub fn is_pinned(&self) -> bool {
        self.inputs.iter().any(|input| matches!(input.from, From::Pinned(_)))
    }

    fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inputs.iter().filter_map(|input| match &input.from {
            From::Stage { stage, output } => Some((stage.as_str(), output.as_str())),
            _ => None,
        })
    }
}

/// Stages in an order in which they can run.
pub struct Graph<'a> {
    stages: Vec<Stage<'a>>,
}

impl<'a> Graph<'a> {
    /// Orders the stages: after what they read, otherwise as given.
    pub fn new(stages: Vec<Stage<'a>>) -> Result<Self, Error> {
        check_names(&stages)?;
        let mut waiting = stages;
        let mut ordered: Vec<Stage<'a>> = Vec::with_capacity(waiting.len());
        while !waiting.is_empty() {
            let ready = waiting
                .iter()
                .position(|stage| stage.sources().all(|(from, _)| ordered.iter().any(|s| s.id == from)));
            let Some(place) = ready else {
                return Err(Error::Cycle { stages: waiting.into_iter().map(|s| s.id).collect() });
            };
            ordered.push(waiting.remove(place));
        }
        Ok(Self { stages: ordered })
    }

    /// The stages in order.
    pub fn stages(&self) -> &[Stage<'a>] {
        &self.stages
    }

    /// The stages a name means: an id, or all instances of a stage.
    pub fn matching(&self, name: &str) -> Result<Vec<&str>, Error> {
        let found: Vec<_> = self
            .stages
            .iter()
            .map(|stage| stage.id.as_str())
            .filter(|id| *id == name || id.split(':').next() == Some(name))
            .collect();
        if found.is_empty() {
            let known = self.stages.iter().map(|stage| stage.id.clone()).collect();
            return Err(Error::UnknownStage { name: name.to_owned(), known });
        }
        Ok(found)
    }

    /// For each stage, whether it is needed for the named ones; all of them where nothing is named.
    pub(crate) fn needed(&self, targets: Option<&[String]>) -> Result<Vec<bool>, Error> {
        let Some(targets) = targets else { return Ok(vec![true; self.stages.len()]) };
        let mut needed = vec![false; self.stages.len()];
        for target in targets {
            let ids = self.matching(target)?;
            for (need, stage) in needed.iter_mut().zip(&self.stages) {
                *need |= ids.contains(&stage.id.as_str());
            }
        }
        for i in (0..self.stages.len()).rev() {
            if needed[i] {
                let sources: Vec<_> = self.stages[i].sources().map(|(from, _)| from).collect();
                for j in 0..i {
                    needed[j] |= sources.contains(&self.stages[j].id.as_str());
                }
            }
        }
        Ok(needed)
    }
}

fn check_names(stages: &[Stage<'_>]) -> Result<(), Error> {
    for (i, stage) in stages.iter().enumerate() {
        if stages[..i].iter().any(|s| s.id == stage.id) {
            return Err(Error::DuplicateStage { stage: stage.id.clone() });
        }
        for (from, output) in stage.sources() {
            let there = stages.iter().any(|s| s.id == from && s.outputs.iter().any(|o| o == output));
            if !there {
                return Err(Error::UnknownInput {
                    stage: stage.id.clone(),
                    producer: from.to_owned(),
                    from: output.to_owned(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(id: &str, reads: &[&str]) -> Stage<'static> {
        Stage {
            id: id.into(),
            version: 1,
            inputs: reads.iter().map(|from| Input::stage(from, from, "out")).collect(),
            outputs: vec!["out".into()],
            run: Box::new(|_| Ok(Vec::new())),
        }
    }

    fn order(graph: &Graph<'_>) -> Vec<String> {
        graph.stages().iter().map(|s| s.id.clone()).collect()
    }

    #[test]
    fn order_follows_what_is_read() {
        let graph =
            Graph::new(vec![stage("c", &["b", "a"]), stage("b", &["a"]), stage("a", &[]), stage("d", &[])])
                .unwrap();
        assert_eq!(order(&graph), ["a", "b", "c", "d"]);
        assert_eq!(graph.needed(Some(&["b".into()])).unwrap(), [true, true, false, false]);
        assert_eq!(graph.needed(None).unwrap(), [true; 4]);
    }

    #[test]
    fn instances_share_a_name() {
        let graph = Graph::new(vec![stage("train:main", &[]), stage("train:qna", &[])]).unwrap();
        assert_eq!(graph.matching("train").unwrap(), ["train:main", "train:qna"]);
        assert_eq!(graph.matching("train:qna").unwrap(), ["train:qna"]);
        let error = graph.matching("trian").unwrap_err().to_string();
        assert_eq!(error, "no stage is called `trian`; the stages are train:main, train:qna");
    }

    #[test]
    fn faults_are_named() {
        let error = |stages| Graph::new(stages).err().unwrap().to_string();
        assert_eq!(
            error(vec![stage("a", &["b"]), stage("b", &["a"]), stage("c", &[])]),
            "stages wait for each other in a circle: a, b"
        );
        assert_eq!(error(vec![stage("a", &[]), stage("a", &[])]), "two stages are called `a`");
        assert_eq!(
            error(vec![stage("a", &["z"])]),
            "stage `a` reads `out` of stage `z`, which does not write it"
        );
    }
}
