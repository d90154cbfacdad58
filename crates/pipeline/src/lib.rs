//! Stages with named inputs and outputs, run when something they read has changed, and only then.
//!
//! The principal types are [`Graph`] (stages in order), [`Project`] (a folder with a lock file and a
//! content store) and [`Context`] (what a stage sees while it runs).
//!
//! ```
//! use pipeline::{Graph, Input, Project, Request, Stage};
//!
//! # let dir = tempfile::tempdir()?;
//! # std::io::Write::write_all(&mut std::fs::File::create(dir.path().join("words.txt"))?, b"b a")?;
//! let sort = Stage {
//!     id: "sort".into(),
//!     version: 1,
//!     inputs: vec![Input::file("words", "words.txt")],
//!     outputs: vec!["sorted".into()],
//!     run: Box::new(|stage| {
//!         let separator: String = stage.param("sort.separator")?;
//!         let text = std::fs::read_to_string(stage.input("words")?)?;
//!         let mut words: Vec<_> = text.split(' ').collect();
//!         words.sort();
//!         pipeline::platform::write_atomic(&stage.output("sorted")?, words.join(&separator).as_bytes())?;
//!         Ok(vec![pipeline::Counts::all("words", words.len() as u64)])
//!     }),
//! };
//! let graph = Graph::new(vec![sort])?;
//! let params = serde_json::json!({"sort": {"separator": "+"}});
//! let mut project = Project::open(dir.path())?;
//! let cancelled = std::sync::atomic::AtomicBool::new(false);
//! let summary = project.run(&graph, &params, &Request::default(), &cancelled, &mut |_| {})?;
//! assert_eq!(summary.ran, ["sort"]);
//! assert_eq!(std::fs::read_to_string(project.output("sort", "sorted")?)?, "a+b");
//! let summary = project.run(&graph, &params, &Request::default(), &cancelled, &mut |_| {})?;
//! assert_eq!(summary.kept, ["sort"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Never depends on anything that knows about machine learning.

mod clean;
mod context;
mod counts;
mod digest;
mod error;
mod event;
mod export;
mod graph;
mod lock;
mod params;
mod plan;
pub mod platform;
mod project;
mod run;
mod stamps;
mod store;

pub use clean::{Cleaned, Usage};
pub use context::Context;
pub use counts::Counts;
pub use digest::{Digest, Hasher, NotADigest};
pub use error::Error;
pub use event::Event;
pub use export::export;
pub use graph::{From, Graph, Input, Probe, Stage, StageError, StageFn};
pub use lock::{InputState, Lock, Record};
pub use plan::{Action, Note, Planned, Reason, Refresh, Request};
pub use project::Project;
pub use run::Summary;
pub use store::{Artifact, Entry, Kind, Store};
