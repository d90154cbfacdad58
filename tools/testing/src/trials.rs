//! Many cases tried in child processes, so that one that panics, hangs, runs out of memory or of stack is a
//! finding with a number, and the others still run.
//!
//! The child is an ignored test of the same binary that calls [`child`]. Its parent calls [`survive`]:
//!
//! ```no_run
//! // #[test] #[ignore = "a child of the others"]
//! fn each_case() {
//!     testing::trials::child(&mut |group, case| println!("{group} {case}"));
//! }
//! // #[test]
//! fn cases() {
//!     testing::trials::survive("module::each_case", "csv", 0..200);
//! }
//! ```

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Tells the child which cases are its own: `GROUP:FIRST:END`.
const VARIABLE: &str = "MORU_TRIAL";

/// Begins each line that a child says to its parent; the test harness writes to the same stream.
const MARK: &str = "@@";

/// Address space of a child in KiB. A case that asks for more is one that believes what a file says.
const MEMORY_KIB: u64 = 2 << 20;

/// How long one case may take, on a machine that has other things to do as well.
const DEADLINE: Duration = Duration::from_secs(20);

/// Runs the cases that the parent asked for; without a parent, none.
pub fn child(case: &mut dyn FnMut(&str, u64)) {
    let Ok(asked) = std::env::var(VARIABLE) else { return };
    let mut parts = asked.split(':');
    let group = parts.next().unwrap_or_default().to_owned();
    let mut number = || parts.next().and_then(|n| n.parse::<u64>().ok()).expect("a number of cases");
    let cases = number()..number();
    // What a panic says goes to the parent in one line instead.
    std::panic::set_hook(Box::new(|_| {}));
    for i in cases {
        say(&format!("case {i}"));
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&group, i))) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            let text = text.unwrap_or_else(|| "a panic without words".to_owned());
            say(&format!("panic {}", text.replace('\n', " ⏎ ")));
        }
    }
    say("end");
}

fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // The harness may have left a line open.
    let _ = writeln!(out, "\n{MARK}{text}").and_then(|()| out.flush());
}

/// Runs the same `cases` of several groups, one group after another.
///
/// # Panics
/// As [`survive`].
pub fn survive_each(test: &str, groups: &[&str], cases: Range<u64>) {
    for group in groups {
        survive(test, group, cases.clone());
    }
}

/// Runs `cases` of a group in children that run `test`, an ignored test of this binary.
///
/// # Panics
/// At the end, when a case panicked, hung or died; the message lists the cases.
pub fn survive(test: &str, group: &str, cases: Range<u64>) {
    let faults = faults(test, group, cases.clone(), DEADLINE);
    assert!(
        faults.is_empty(),
        "{group}: {} of the cases {cases:?} end badly:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// What went wrong in which case, up to twenty times.
fn faults(test: &str, group: &str, cases: Range<u64>, deadline: Duration) -> Vec<String> {
    let (mut next, mut faults) = (cases.start, Vec::new());
    while next < cases.end && faults.len() < 20 {
        let mut running = Running::start(test, group, next..cases.end, deadline);
        next = running.follow(&mut faults).map_or(cases.end, |last| last + 1);
    }
    faults
}

/// A child at work.
struct Running {
    deadline: Duration,
    child: Child,
    lines: Receiver<String>,
    /// What it says to nobody; read on, so that it never waits for a reader.
    talk: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    fn start(test: &str, group: &str, cases: Range<u64>, deadline: Duration) -> Self {
        let program = std::env::current_exe().expect("a test knows its binary");
        let mut command = if cfg!(unix) {
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"")).arg(program);
            shell
        } else {
            Command::new(program)
        };
        let mut child = command
            .args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"])
            .env(VARIABLE, format!("{group}:{}:{}", cases.start, cases.end))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a child starts");
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        std::thread::spawn(move || {
            let mut out = out;
            let mut line = Vec::new();
            // What a case prints itself need not be text.
            while out.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                if let Some(said) = String::from_utf8_lossy(&line).trim_end().strip_prefix(MARK)
                    && sender.send(said.to_owned()).is_err()
                {
                    return;
                }
                line.clear();
            }
        });
        let mut err = child.stderr.take().expect("a pipe");
        let talk = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = err.read_to_end(&mut bytes);
            bytes
        });
        Self { deadline, child, lines, talk: Some(talk) }
    }

    /// Hears a child out. Gives the case that ended it, where one did.
    fn follow(&mut self, faults: &mut Vec<String>) -> Option<u64> {
        let mut current = None;
        loop {
            match self.lines.recv_timeout(self.deadline) {
                Ok(line) if line == "end" => {
                    self.child.wait().expect("a child ends");
                    return None;
                }
                Ok(line) => match line.split_once(' ') {
                    Some(("case", number)) => current = number.parse().ok(),
                    _ => faults.push(format!("  case {}: {line}", current.unwrap_or_default())),
                },
                Err(why) => {
                    let last = current.expect("a child that ends before its first case is broken");
                    faults.push(format!("  case {last}: {}", self.ended(why)));
                    return Some(last);
                }
            }
        }
    }

    fn ended(&mut self, why: RecvTimeoutError) -> String {
        if why == RecvTimeoutError::Timeout {
            let _ = self.child.kill();
            let _ = self.child.wait();
            return format!("still at it after {} s", self.deadline.as_secs());
        }
        let status = self.child.wait().expect("a child ends");
        let talk = self.talk.take().and_then(|talk| talk.join().ok()).unwrap_or_default();
        let said = String::from_utf8_lossy(&talk).trim().replace('\n', " ⏎ ");
        let mut text = format!("{status}");
        if !said.is_empty() {
            let _ = write!(text, ": {}", said.chars().take(400).collect::<String>());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "a child of the test beside it"]
    fn each_case() {
        child(&mut |group, case| match (group, case) {
            ("bad", 1) => panic!("what a\npanic says"),
            ("bad", 2) => drop(std::hint::black_box(vec![1_u8; 8 << 30])),
            ("bad", 4) => std::process::abort(),
            ("bad", 6) => std::thread::sleep(Duration::from_mins(10)),
            _ => {}
        });
    }

    #[cfg(unix)]
    #[test]
    fn what_ends_badly_is_told_and_the_others_still_run() {
        let faults = |group| faults("trials::tests::each_case", group, 0..8, Duration::from_secs(5));
        assert_eq!(faults("good"), Vec::<String>::new());
        let bad = faults("bad");
        let starts = [
            "case 1: panic what a ⏎ panic says",
            "case 2: signal",
            "case 4: signal",
            "case 6: still at it after 5 s",
        ];
        assert_eq!(bad.len(), starts.len(), "{bad:?}");
        assert!(bad.iter().zip(starts).all(|(fault, start)| fault.trim().starts_with(start)), "{bad:?}");
        assert!(bad[1].contains("memory allocation"), "{bad:?}");
    }
}
