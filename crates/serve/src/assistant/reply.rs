//! One reply as it grows: ids to whole characters, stop strings, calls.

use chat::placeholders::Filler;
use chat::tools::hermes;
use chat::{Event, Placeholders, StreamDecoder, Tokenizer, TokenizerError};

/// Text that is written before a call: the call's first characters, and the line end before them.
const CALL_OPEN: [&str; 2] = ["\n<tool_call>", hermes::OPEN];

/// Turns the ids of one reply into events.
#[derive(Debug)]
pub(super) struct Reply<'a> {
    stream: StreamDecoder,
    stop: Vec<String>,
    /// Whether functions may be called.
    calls: bool,
    /// Text that may turn out to be the beginning of a stop string or of a call.
    held: String,
    /// Everything from the first `<tool_call>` on.
    call: Option<String>,
    filler: Filler<'a>,
    stopped: bool,
}

impl<'a> Reply<'a> {
    pub(super) fn new(stop: Vec<String>, calls: bool, placeholders: &'a Placeholders) -> Self {
        Self {
            stream: StreamDecoder::new(),
            stop,
            calls,
            held: String::new(),
            call: None,
            filler: placeholders.filler(),
            stopped: false,
        }
    }

    /// Takes an id; gives the text that is settled. True when a stop string was met.
    pub(super) fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<(String, bool), TokenizerError> {
        let text = self.stream.push(tokenizer, id)?;
        let settled = self.take(&text);
        Ok((self.filler.push(&settled), self.stopped))
    }

    /// The end: what was held back, and the calls. True where functions were called.
    pub(super) fn finish(&mut self, tokenizer: &Tokenizer) -> Result<(Vec<Event>, bool), TokenizerError> {
        let mut text = String::new();
        if !self.stopped {
            let rest = self.stream.finish(tokenizer)?;
            text.push_str(&self.take(&rest));
            text.push_str(&std::mem::take(&mut self.held));
        }
        let calls = match self.call.take().map(|call| (hermes::parse(&call), call)) {
            Some((Ok(reply), _)) => reply.tool_calls,
            // What is nearly a call is shown as it is written: it must not look like an answer without one.
            Some((Err(_), call)) => {
                text.push_str(&call);
                Vec::new()
            }
            None => Vec::new(),
        };
        let mut text = self.filler.push(&text);
        text.push_str(&self.filler.finish());
        let mut events = Vec::new();
        if !text.is_empty() {
            events.push(Event::Text(text));
        }
        let called = !calls.is_empty();
        events.extend(calls.into_iter().map(Event::ToolCall));
        Ok((events, called))
    }

    /// Adds text, and gives what cannot become a stop string or a call any more.
    fn take(&mut self, text: &str) -> String {
        if self.stopped {
            return String::new();
        }
        if let Some(call) = &mut self.call {
            call.push_str(text);
            return String::new();
        }
        self.held.push_str(text);
        let stop = first_of(&self.held, self.stop.iter().map(String::as_str));
        let call = if self.calls { first_of(&self.held, CALL_OPEN) } else { None };
        match (stop, call) {
            (Some(at), call) if call.is_none_or(|call| at <= call) => {
                self.stopped = true;
                let settled = self.held[..at].to_string();
                self.held.clear();
                settled
            }
            (_, Some(at)) => {
                let call = self.held.split_off(at);
                self.call = Some(call);
                std::mem::take(&mut self.held)
            }
            _ => {
                let open = CALL_OPEN.iter().filter(|_| self.calls).copied();
                let keep = possible_start(&self.held, self.stop.iter().map(String::as_str).chain(open));
                let rest = self.held.split_off(self.held.len() - keep);
                std::mem::replace(&mut self.held, rest)
            }
        }
    }
}

fn first_of<'s>(text: &str, patterns: impl IntoIterator<Item = &'s str>) -> Option<usize> {
    patterns.into_iter().filter(|pattern| !pattern.is_empty()).filter_map(|pattern| text.find(pattern)).min()
}

/// Bytes at the end of a text that a pattern may begin with.
fn possible_start<'s>(text: &str, patterns: impl Iterator<Item = &'s str>) -> usize {
    let one = |pattern: &str| {
        let cuts = pattern.char_indices().map(|(at, _)| at).skip(1);
        cuts.filter(|&at| text.ends_with(&pattern[..at])).max().unwrap_or(0)
    };
    patterns.map(one).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use chat::Markup;

    use super::*;

    /// Feeds a text byte by byte; gives the text, whether it stopped, and the number of calls.
    fn run(text: &str, stop: &[&str], calls: bool) -> (String, bool, usize) {
        let tokenizer = Tokenizer::bytes();
        let stop: Vec<String> = stop.iter().map(|s| (*s).to_string()).collect();
        let placeholders = Placeholders::default();
        let mut reply = Reply::new(stop, calls, &placeholders);
        let (mut out, mut stopped) = (String::new(), false);
        for id in tokenizer.encode(text, Markup::Plain).unwrap() {
            let (piece, stop) = reply.push(&tokenizer, id).unwrap();
            out.push_str(&piece);
            stopped = stop;
            if stop {
                break;
            }
        }
        let (events, _) = reply.finish(&tokenizer).unwrap();
        let mut n_calls = 0;
        for event in events {
            match event {
                Event::Text(text) => out.push_str(&text),
                Event::ToolCall(_) => n_calls += 1,
                other => panic!("{other:?}"),
            }
        }
        (out, stopped, n_calls)
    }

    #[test]
    fn stop_strings_end_the_reply_and_are_not_part_of_it() {
        let said = |text, stop: &[&str]| {
            let (text, stopped, _) = run(text, stop, false);
            (text, stopped)
        };
        assert_eq!(said("안녕하세요 끝 더", &["끝"]), ("안녕하세요 ".into(), true));
        assert_eq!(said("ab###c", &["###"]), ("ab".into(), true));
        assert_eq!(said("ab##c", &["###"]), ("ab##c".into(), false));
        assert_eq!(said("ab##", &["###", ""]), ("ab##".into(), false));
        assert_eq!(said("xaab", &["aab", "ab"]), ("x".into(), true));
        assert_eq!(said("", &["x"]), (String::new(), false));
    }

    #[test]
    fn calls_are_taken_out_of_the_text() {
        let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"끝\"}}\n</tool_call>";
        assert_eq!(run(call, &[], true), (String::new(), false, 1));
        assert_eq!(run(&format!("네.\n{call}\n{call}"), &["끝"], true), ("네.".into(), false, 2));
        assert_eq!(run(&format!("네.\n{call}"), &[], false).2, 0);
        let broken = "네.\n<tool_call>\n{\"name\": \"f\"}";
        assert_eq!(run(broken, &[], true), (broken.into(), false, 0));
        assert_eq!(run("줄\n<tool", &[], true), ("줄\n<tool".into(), false, 0));
    }
}
