//! Whether work grows with its text and not with the text's square, told robustly on a machine that is busy.

use std::time::Instant;

/// Bytes of the longer text.
const BYTES: usize = 200_000;

/// The shorter text is this many times shorter.
const FACTOR: usize = 4;

/// Work that grows with the square takes `FACTOR²` times as long for the longer text; linear work takes `FACTOR`
/// times as long. Between the two lies room for what other programs do to the caches.
const GREATEST_GROWTH: f64 = 9.0;

/// Seconds below which nothing is told of: a step of the clock would decide.
const LEAST_SECONDS: f64 = 0.02;

/// Runs of each, in turn; the fastest counts.
const RUNS: usize = 3;

/// Runs of each before the growth is believed: a neighbour that takes the caches or the machine away for a while slows
/// the longer text more, and what grows with the square is as slow in every run.
const MOST_RUNS: usize = 20;

/// Work whose time grew faster than its text.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Seconds of the processor for the shorter text.
    pub short: f64,
    /// And for the longer.
    pub long: f64,
}

/// Does the work for a piece repeated to 50 kB and to 200 kB.
///
/// # Errors
/// The time that each took, where the longer text took more than its share.
pub fn linear(piece: &str, work: &mut dyn FnMut(&str)) -> Result<(), Pace> {
    let [short, long] = [BYTES / FACTOR, BYTES].map(|bytes| piece.repeat(bytes / piece.len()));
    let mut pace = Pace { short: f64::INFINITY, long: f64::INFINITY };
    for run in 1..=MOST_RUNS {
        pace.long = pace.long.min(processor_seconds(&mut || work(&long)));
        if pace.long < LEAST_SECONDS {
            return Ok(());
        }
        pace.short = pace.short.min(processor_seconds(&mut || work(&short)));
        if run >= RUNS && pace.long <= GREATEST_GROWTH * pace.short {
            return Ok(());
        }
    }
    Err(pace)
}

/// Seconds that the processor spent on work of this thread, whatever else it had to do meanwhile; where the system
/// does not tell, seconds that passed.
pub fn processor_seconds(work: &mut dyn FnMut()) -> f64 {
    let start = (Instant::now(), of_thread());
    work();
    match (start.1, of_thread()) {
        (Some(before), Some(after)) if after > 0 => (after - before) as f64 / 1e9,
        _ => start.0.elapsed().as_secs_f64(),
    }
}

/// Nanoseconds of the processor that this thread had, as Linux counts them.
fn of_thread() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the bytes that follow a byte and are equal to it, for every 64th byte: `n² / 128` steps.
    fn quadratic(text: &str) -> usize {
        let bytes = text.as_bytes();
        let equal_after = |i: usize| bytes[i..].iter().map(|b| usize::from(*b == bytes[i])).sum::<usize>();
        (0..bytes.len()).step_by(64).map(equal_after).sum()
    }

    #[test]
    fn work_that_grows_with_the_square_is_caught() {
        let pace = linear("ab ", &mut |text| {
            std::hint::black_box(quadratic(text));
        })
        .unwrap_err();
        assert!(pace.long / pace.short > 10.0, "{pace:?}");
    }

    /// Bytes of which the work is quadratic where the whole of it is linear.
    const PIECE: usize = 1024;

    #[test]
    fn work_that_grows_with_the_text_is_not() {
        let each = |text: &str| {
            for start in (0..text.len() - PIECE).step_by(4) {
                std::hint::black_box(quadratic(&text[start..start + PIECE]));
            }
        };
        linear("ab ", &mut |text| each(text)).unwrap();
        let seconds = processor_seconds(&mut || each(&"ab ".repeat(BYTES / 3)));
        assert!(seconds > LEAST_SECONDS, "too little to be told of: {seconds}");
    }

    #[test]
    fn waiting_is_no_work() {
        if of_thread().is_some() {
            let wait = || std::thread::sleep(std::time::Duration::from_millis(80));
            let seconds = processor_seconds(&mut || wait());
            assert!(seconds < 0.04, "{seconds}");
        }
    }
}
