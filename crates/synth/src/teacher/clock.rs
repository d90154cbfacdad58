//! Time as the caller measures it: a library does not read the clock.

use std::time::Duration;

use chat::CancelToken;

/// How long a wait goes on without looking whether it was cancelled.
const SLICE: Duration = Duration::from_millis(100);

/// A clock that also waits. The front door has the machine's; tests have one that jumps.
pub trait Clock: Send + Sync {
    /// Time since some moment that does not change; never goes back.
    fn now(&self) -> Duration;

    /// Returns when so much time has passed.
    fn sleep(&self, time: Duration);
}

/// Ends waits and keeps new requests from being sent: the caller's wish, or ours.
#[derive(Debug, Clone, Default)]
pub(super) struct Halt {
    caller: CancelToken,
    own: CancelToken,
}

impl Halt {
    pub fn new(caller: &CancelToken) -> Self {
        Self { caller: caller.clone(), own: CancelToken::default() }
    }

    /// The same, which a caller's token ends, too.
    pub fn with(&self, caller: &CancelToken) -> Self {
        Self { caller: caller.clone(), own: self.own.clone() }
    }

    pub fn now(&self) {
        self.own.cancel();
    }

    pub fn is_on(&self) -> bool {
        self.caller.is_cancelled() || self.own.is_cancelled()
    }
}

/// Waits in slices; false where it was halted meanwhile.
pub(super) fn wait(clock: &dyn Clock, time: Duration, halt: &Halt) -> bool {
    let until = clock.now().saturating_add(time);
    loop {
        if halt.is_on() {
            return false;
        }
        let left = until.saturating_sub(clock.now());
        if left.is_zero() {
            return true;
        }
        clock.sleep(left.min(SLICE));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A clock that jumps: a wait is over at once, and time has passed.
    #[derive(Debug, Default)]
    pub struct Jumping(Mutex<Duration>);

    impl Clock for Jumping {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }

        fn sleep(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    #[test]
    fn a_wait_ends_when_its_time_has_passed_or_when_it_is_cancelled() {
        let (clock, cancel) = (Jumping::default(), CancelToken::default());
        let halt = Halt::new(&cancel);
        assert!(wait(&clock, Duration::from_millis(250), &halt));
        assert_eq!(clock.now(), Duration::from_millis(250));
        cancel.cancel();
        assert!(!wait(&clock, Duration::from_secs(9), &halt));
        let halt = Halt::default();
        halt.now();
        assert!(halt.is_on() && !Halt::default().is_on());
        assert_eq!(clock.now(), Duration::from_millis(250));
    }
}
