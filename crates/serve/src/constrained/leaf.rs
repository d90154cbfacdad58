//! Numbers and texts: how one that was begun ends soonest.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use llguidance::derivre::{JsonQuoteOptions, Regex, RegexAst, RegexBuilder, StateID};
use serde_json::{Map, Value};

/// Escapes that texts may have.
const ESCAPES: &str = "nrbtf\\\"u";

/// Most steps of an automaton in the search for an ending.
const MOST_STEPS: usize = 400_000;

/// What became of a value at the end of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Walked {
    /// It ends before this byte.
    Done(usize),
    /// The text ends within it; with these bytes it would be whole.
    Open(Vec<u8>),
    /// The text is something else, or no ending is known.
    No,
}

/// A number with bounds.
#[derive(Debug)]
pub(super) struct Number {
    integer: bool,
    least: f64,
    most: f64,
    /// Bounds that do not belong to it.
    strict: [Option<f64>; 2],
    /// What it is a multiple of; 0 where it need not be one.
    step: f64,
    /// Numbers that are allowed, as they are written, the shortest first: bounds, what lies between, and 0.
    targets: Vec<String>,
}

impl Number {
    pub(super) fn read(map: &Map<String, Value>, integer: bool) -> Self {
        let of = |keyword: &str| map.get(keyword).and_then(Value::as_f64);
        let strict = [of("exclusiveMinimum"), of("exclusiveMaximum")];
        let least = strict[0].into_iter().chain(of("minimum")).fold(f64::NEG_INFINITY, f64::max);
        let most = strict[1].into_iter().chain(of("maximum")).fold(f64::INFINITY, f64::min);
        let step = of("multipleOf").filter(|step| *step > 0.0).unwrap_or(0.0);
        let mut number = Self { integer, least, most, strict, step, targets: Vec::new() };
        let grid = if step > 0.0 { step } else { 1.0 };
        let mut values = vec![0.0];
        for bound in [least, most].into_iter().filter(|bound| bound.is_finite()) {
            let near = (bound / grid).round() * grid;
            values.extend([bound, near, near + grid, near - grid]);
        }
        if least.is_finite() && most.is_finite() {
            values.extend([f64::midpoint(least, most), f64::midpoint(least, most).round()]);
        }
        let mut targets: Vec<String> = values.into_iter().map(written).collect();
        targets.retain(|text| number.allows(text));
        targets.sort_by_key(|text| (text.len(), text.clone()));
        targets.dedup();
        number.targets = targets;
        number
    }

    fn allows(&self, text: &str) -> bool {
        let Some(x) = json_number(text) else { return false };
        let multiple = self.step == 0.0 || ((x / self.step) - (x / self.step).round()).abs() < 1e-9;
        // Readers of JSON take `-0` for a number with a fraction.
        let whole = !self.integer || !(text.contains(['.', 'e', 'E']) || text == "-0");
        (self.least..=self.most).contains(&x) && !self.strict.contains(&Some(x)) && multiple && whole
    }

    pub(super) fn shortest(&self) -> Option<Vec<u8>> {
        self.targets.first().map(|text| text.as_bytes().to_vec())
    }

    pub(super) fn walk(&self, text: &[u8], at: usize) -> Walked {
        let rest = &text[at..];
        let part = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let len = rest.iter().take_while(|b| part(b)).count();
        let begun = std::str::from_utf8(&rest[..len]).unwrap_or_default();
        if len < rest.len() {
            return if self.allows(begun) { Walked::Done(at + len) } else { Walked::No };
        }
        let mut endings = self.endings(begun);
        let found = endings.find(|ending| self.allows(&format!("{begun}{ending}")));
        found.map_or(Walked::No, |ending| Walked::Open(ending.into_bytes()))
    }

    /// What may make a number of its beginning, shorter endings first.
    fn endings<'a>(&'a self, begun: &'a str) -> impl Iterator<Item = String> + 'a {
        let met = self.targets.iter().filter_map(move |text| text.strip_prefix(begun));
        let digits = (1..18).flat_map(|n| ["1", "0", "5", "9"].map(|digit| digit.repeat(n)));
        let fraction = [".5", ".0"].map(str::to_owned);
        std::iter::once(String::new()).chain(met.map(str::to_owned)).chain(digits).chain(fraction)
    }
}

/// The value of a number as JSON writes numbers.
fn json_number(text: &str) -> Option<f64> {
    let value: Value = serde_json::from_str(text).ok()?;
    value.as_f64()
}

/// A number without an exponent, as short as it can be.
fn written(x: f64) -> String {
    if x.fract() == 0.0 && x.abs() < 1e18 { format!("{}", x as i64) } else { format!("{x}") }
}

/// A text of which only the length is bounded. Lengths are characters.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) min: usize,
}

impl Text {
    pub(super) fn shortest(&self) -> Vec<u8> {
        let mut out = vec![b'a'; self.min + 2];
        (out[0], out[self.min + 1]) = (b'"', b'"');
        out
    }

    /// A text that begins at `at` with its quote.
    pub(super) fn walk(&self, text: &[u8], at: usize) -> Walked {
        let Some((&quote, rest)) = text[at..].split_first() else { return Walked::Open(self.shortest()) };
        if quote != b'"' {
            return Walked::No;
        }
        let (mut i, mut n) = (0, 0);
        let close = |mut begun: Vec<u8>, n: usize| {
            begun.resize(begun.len() + self.min.saturating_sub(n), b'a');
            begun.push(b'"');
            Walked::Open(begun)
        };
        while let Some(&byte) = rest.get(i) {
            n += 1;
            match byte {
                b'"' => return Walked::Done(at + 1 + i + 1),
                b'\\' => match rest.get(i + 1) {
                    None => return close(vec![b'n'], n),
                    Some(b'u') if rest.len() < i + 6 => return close(vec![b'0'; i + 6 - rest.len()], n),
                    Some(b'u') => i += 6,
                    Some(_) => i += 2,
                },
                first => {
                    let len = utf8_len(first);
                    if rest.len() < i + len {
                        return close(continuation(&rest[i..], len), n);
                    }
                    i += len;
                }
            }
        }
        close(Vec::new(), n)
    }
}

/// Bytes of the character that begins with this byte.
fn utf8_len(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// The bytes that make a character of `len` bytes whole.
fn continuation(begun: &[u8], len: usize) -> Vec<u8> {
    let mut out = vec![0x80; len - begun.len()];
    if let [first] = begun {
        out[0] = match first {
            0xE0 => 0xA0,
            0xF0 => 0x90,
            _ => 0x80,
        };
    }
    out
}

/// A text with a pattern or a format: an automaton over the bytes as JSON writes them.
pub(super) struct Pattern(Box<Mutex<Automaton>>);

struct Automaton {
    regex: Regex,
    endings: HashMap<StateID, Option<Vec<u8>>>,
}

impl std::fmt::Debug for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pattern")
    }
}

impl Pattern {
    /// From `pattern`, `format`, `minLength` and `maxLength`.
    pub(super) fn read(map: &Map<String, Value>) -> Result<Self, String> {
        let of = |keyword: &str| map.get(keyword).and_then(Value::as_str);
        let mut all = Vec::new();
        if let Some(pattern) = of("pattern") {
            all.push(RegexAst::SearchRegex(llguidance::regex_to_lark(pattern, "dw")));
        }
        if let Some(format) = of("format") {
            all.push(RegexAst::Regex(usual(format).to_owned()));
        }
        let bound = |keyword| map.get(keyword).and_then(Value::as_u64);
        let (min, max) = (bound("minLength").unwrap_or(0), bound("maxLength"));
        if min > 0 || max.is_some() {
            let max = max.map_or(String::new(), |max| max.to_string());
            all.push(RegexAst::Regex(format!("(?s:.{{{min},{max}}})")));
        }
        let options = JsonQuoteOptions { allowed_escapes: ESCAPES.to_owned(), raw_mode: false };
        let quoted = RegexAst::JsonQuote(Box::new(RegexAst::And(all)), options);
        let mut builder = RegexBuilder::new();
        let expression = builder.mk(&quoted).map_err(|error| error.to_string())?;
        let regex = builder.into_regex_limited(expression, 1_000_000).map_err(|error| error.to_string())?;
        Ok(Self(Box::new(Mutex::new(Automaton { regex, endings: HashMap::new() }))))
    }

    pub(super) fn shortest(&self) -> Option<Vec<u8>> {
        match self.walk(b"", 0) {
            Walked::Open(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn walk(&self, text: &[u8], at: usize) -> Walked {
        let mut automaton = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut state = automaton.regex.initial_state();
        for (i, &byte) in text[at..].iter().enumerate() {
            // A closed text has no way on.
            if automaton.regex.is_accepting(state) {
                return Walked::Done(at + i);
            }
            state = automaton.regex.transition(state, byte);
            if state.is_dead() {
                return Walked::No;
            }
        }
        if automaton.regex.is_accepting(state) {
            return Walked::Done(text.len());
        }
        automaton.ending(state).map_or(Walked::No, Walked::Open)
    }
}

impl Automaton {
    /// The fewest bytes to an end, found breadth first; of equals the one of plainest characters.
    fn ending(&mut self, from: StateID) -> Option<Vec<u8>> {
        if let Some(known) = self.endings.get(&from) {
            return known.clone();
        }
        let mut before: HashMap<StateID, (StateID, u8)> = HashMap::new();
        let found = self.search(from, &mut before);
        let (mut path, mut on_path) = (Vec::new(), Vec::new());
        let mut state = found;
        while let Some(&(previous, byte)) = state.and_then(|state| before.get(&state)) {
            path.push(byte);
            on_path.push(previous);
            state = (previous != from).then_some(previous);
        }
        // What is the way from a state is the way from all that lie on it.
        for (n, state) in on_path.iter().enumerate() {
            let way: Vec<u8> = path[..=n].iter().rev().copied().collect();
            self.endings.insert(*state, Some(way));
        }
        path.reverse();
        let ending = found.map(|_| path);
        self.endings.insert(from, ending.clone());
        ending
    }

    /// The nearest accepting state; `before` says from where and by which byte each state was reached.
    fn search(&mut self, from: StateID, before: &mut HashMap<StateID, (StateID, u8)>) -> Option<StateID> {
        let order: Vec<u8> =
            [b'"'].into_iter().chain(b'0'..=b'9').chain(b'a'..=b'z').chain(0..=255).collect();
        let mut queue = VecDeque::from([from]);
        let mut steps = 0;
        while let Some(state) = queue.pop_front() {
            for &byte in &order {
                steps += 1;
                let next = self.regex.transition(state, byte);
                if next.is_dead() || next == from || before.contains_key(&next) {
                    continue;
                }
                before.insert(next, (state, byte));
                if self.regex.is_accepting(next) {
                    return Some(next);
                }
                queue.push_back(next);
            }
            if steps > MOST_STEPS {
                return None;
            }
        }
        None
    }
}

/// The usual form of a format, which need not be every form of it. One that is not known allows any text.
fn usual(format: &str) -> &'static str {
    match format {
        "date" => r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
        "time" => {
            r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([zZ]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
        }
        "date-time" => {
            r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])[tT]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([zZ]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
        }
        "email" => r"[a-zA-Z0-9_+-]+(\.[a-zA-Z0-9_+-]+)*@[a-zA-Z0-9]+(\.[a-zA-Z0-9]+)*",
        "hostname" => r"[a-zA-Z0-9]+(\.[a-zA-Z0-9]+)*",
        "uuid" => r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
        "ipv4" => r"(([0-9]|[1-9][0-9]|1[0-9][0-9])\.){3}([0-9]|[1-9][0-9]|1[0-9][0-9])",
        "uri" => r"[a-z]+://[a-z0-9]+(\.[a-z0-9]+)*(/[a-z0-9]*)*",
        "duration" => r"P[0-9]+[YMDW]",
        _ => r"(?s:.*)",
    }
}
