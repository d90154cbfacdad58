//! `moru top`: watch a training.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::top::figures::{Curves, Figures, State, is_busy};
use crate::top::log::{Place, Reader, places};
use crate::top::screen;
use crate::top::terminal::{Key, Terminal, show};

/// Between two looks at the log.
const TICK: Duration = Duration::from_millis(500);

/// Watch a training, running or finished: its curves, speed, memory and time left
///
/// In a terminal it draws until q is pressed, and the training does not notice. Without one, or with
/// --once, it prints what is known now and ends.
#[derive(Debug, Args)]
pub struct Top {
    /// This training of the recipe; the one written to last where absent
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Print what is known now, and end
    #[arg(long)]
    once: bool,
    /// The same as JSON, with every point of the curves
    #[arg(long)]
    json: bool,
    /// The project folder
    #[arg(short = 'C', long = "project", value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

impl Top {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let mut reader = Reader::new(self.place()?);
        reader.update()?;
        if !(self.once || self.json)
            && console.interactive
            && let Ok(_taken) = Terminal::take()
        {
            self.watch(reader, console.colour)?;
            return Ok(Outcome::Good);
        }
        let (figures, curves) = self.told(&reader);
        if self.json {
            console.print_json(&json!({ "figures": figures, "curves": curves }));
        } else {
            console.print(screen::plain(&figures, &curves));
            if let Some(hint) = screen::hint(&figures) {
                console.print(hint);
            }
        }
        Ok(Outcome::Good)
    }

    /// Draws until the person has seen enough.
    fn watch(&self, mut reader: Reader, colour: bool) -> anyhow::Result<()> {
        loop {
            let (figures, curves) = self.told(&reader);
            show(&screen::draw(&figures, &curves, Terminal::size(), colour))?;
            if Terminal::wait(TICK) == Key::Quit {
                return Ok(());
            }
            // A finished training's log moves out of its working folder; another training may have begun.
            if let Ok(place) = self.place().map(|place| (place != reader.place).then_some(place)) {
                reader = place.map_or(reader, Reader::new);
            }
            let _ = reader.update();
        }
    }

    fn told(&self, reader: &Reader) -> (Figures, Curves) {
        let state = State::of(&reader.place, &reader.log, is_busy(&self.folder));
        (Figures::of(&reader.place.name, state, &reader.log), Curves::of(&reader.log))
    }

    fn place(&self) -> anyhow::Result<Place> {
        choose(&self.folder, self.name.as_deref())
    }
}

fn choose(folder: &Path, name: Option<&str>) -> anyhow::Result<Place> {
    if !folder.is_dir() {
        let hint = "`moru top -C DIR` names a project";
        return Err(fail(format!("there is no folder {}", folder.display()), hint));
    }
    let found = places(folder);
    let Some(name) = name else {
        let none = || {
            fail(
                format!("no training was begun in {}", folder.display()),
                "`moru run` or `moru train` begins one; `moru top -C DIR` looks at another project",
            )
        };
        return found.into_iter().next().ok_or_else(none);
    };
    let mut names: Vec<_> = found.iter().map(|place| place.name.clone()).collect();
    names.sort();
    names.dedup();
    let missing = || {
        let hint = if names.is_empty() {
            "`moru run` or `moru train` begins one".to_owned()
        } else {
            format!("trainings that were begun: {}", names.join(", "))
        };
        fail(format!("no training `{name}` was begun in {}", folder.display()), hint)
    };
    found.into_iter().find(|place| place.name == name).ok_or_else(missing)
}
