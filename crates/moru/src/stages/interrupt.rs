//! Ctrl-C while work is done that can be continued.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::console::Console;

/// The first Ctrl-C asks the work to end where it can be continued; the second ends the process. Whoever asks in one
/// process gets the same flag.
pub fn stop_on_ctrl_c(console: Console) -> Arc<AtomicBool> {
    static CANCELLED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let set = || {
        let cancelled = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&cancelled);
        // Where a handler cannot be set, Ctrl-C ends the process as it always does.
        let _ = ctrlc::set_handler(move || {
            if asked.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            // A line of progress may be open.
            let begin = if console.live { "\r\x1b[K" } else { "" };
            console
                .say(format!("{begin}stopping where the work can be continued; Ctrl-C again ends at once"));
        });
        cancelled
    };
    Arc::clone(CANCELLED.get_or_init(set))
}
