//! How fast an endpoint is asked: requests and tokens a minute, and pauses that it wishes for.
//!
//! Each limit is a bucket that fills evenly and holds a second's worth, at least one request. Who asks takes its share
//! at once, also where it is not there yet, and waits until it would be: so requests go in the order in which they
//! came, and one that is larger than the bucket goes, too.

use std::time::Duration;

use super::Settings;

#[derive(Debug)]
struct Bucket {
    /// Filled in a second.
    rate: f64,
    most: f64,
    /// May be below zero: what others are waiting for.
    level: f64,
    at: Duration,
}

impl Bucket {
    fn new(per_minute: u32, least: f64, now: Duration) -> Self {
        let rate = f64::from(per_minute.max(1)) / 60.0;
        let most = rate.max(least);
        Self { rate, most, level: most, at: now }
    }

    fn fill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.level = (self.level + passed * self.rate).min(self.most);
        self.at = now.max(self.at);
    }

    /// Takes an amount; gives the wait until it may be used.
    fn take(&mut self, amount: f64, now: Duration) -> Duration {
        self.fill(now);
        // What is larger than the bucket waits until it is full.
        let missing = amount.min(self.most) - self.level;
        self.level -= amount;
        Duration::try_from_secs_f64(missing.max(0.0) / self.rate).unwrap_or(Duration::MAX)
    }
}

/// The limits of one endpoint.
#[derive(Debug)]
pub(super) struct Pace {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    not_before: Duration,
}

impl Pace {
    pub fn new(settings: &Settings, now: Duration) -> Self {
        Self {
            requests: settings.requests_per_minute.map(|n| Bucket::new(n, 1.0, now)),
            tokens: settings.tokens_per_minute.map(|n| Bucket::new(n, 1.0, now)),
            not_before: Duration::ZERO,
        }
    }

    /// Takes the share of a request with so many tokens; gives the wait until it may be sent.
    pub fn take(&mut self, tokens: usize, now: Duration) -> Duration {
        let requests = self.requests.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(1.0, now));
        let tokens = self.tokens.as_mut().map_or(Duration::ZERO, |bucket| bucket.take(tokens as f64, now));
        requests.max(tokens)
    }

    /// Corrects what was taken for a request, once its tokens are known.
    pub fn correct(&mut self, taken: usize, used: usize) {
        if let Some(bucket) = &mut self.tokens {
            bucket.level += taken as f64 - used as f64;
        }
    }

    /// Nothing is sent before this time.
    pub fn pause(&mut self, until: Duration) {
        self.not_before = self.not_before.max(until);
    }

    /// What is left of a pause.
    pub fn pause_left(&self, now: Duration) -> Duration {
        self.not_before.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(requests: Option<u32>, tokens: Option<u32>) -> Pace {
        let settings =
            Settings { requests_per_minute: requests, tokens_per_minute: tokens, ..Settings::new("") };
        Pace::new(&settings, Duration::ZERO)
    }

    /// The times at which requests go that all come at once.
    fn times(pace: &mut Pace, tokens: &[usize]) -> Vec<f64> {
        tokens.iter().map(|&tokens| pace.take(tokens, Duration::ZERO).as_secs_f64()).collect()
    }

    #[test]
    fn no_minute_holds_more_than_its_limit_and_a_second() {
        for limit in [1, 7, 60, 500, 3000] {
            let times = times(&mut pace(Some(limit), None), &vec![1; limit as usize * 3]);
            for (i, start) in times.iter().enumerate() {
                let within = times[i..].iter().filter(|t| **t < start + 60.0 - 1e-6).count();
                let most = limit as usize + (limit as usize / 60);
                assert!(within <= most, "{limit} a minute: {within} from {start}");
            }
            let wanted = (limit as f64 * 3.0 - (limit as f64 / 60.0).max(1.0)) * 60.0 / limit as f64;
            assert!((times.last().unwrap() - wanted).abs() < 1e-3, "and no time is lost");
        }
    }

    #[test]
    fn tokens_are_paced_and_corrected() {
        let mut limited = pace(None, Some(6000));
        assert_eq!(times(&mut limited, &[100, 100, 300, 100]), [0.0, 1.0, 2.0, 5.0]);
        let mut limited = pace(None, Some(6000));
        limited.take(1000, Duration::ZERO);
        limited.correct(1000, 100);
        assert_eq!(limited.take(100, Duration::ZERO), Duration::from_secs(1));
        assert_eq!(times(&mut pace(None, None), &[9; 9]), [0.0; 9]);
    }

    #[test]
    fn a_pause_holds_everybody() {
        let mut pace = pace(None, None);
        pace.pause(Duration::from_secs(9));
        pace.pause(Duration::from_secs(3));
        assert_eq!(pace.pause_left(Duration::from_secs(4)), Duration::from_secs(5));
        assert_eq!(pace.pause_left(Duration::from_secs(10)), Duration::ZERO);
    }
}
