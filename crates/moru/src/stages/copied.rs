//! The longest run of characters that some texts share with others, found while the others pass by.
//!
//! A suffix automaton (Blumer et al. 1985) is built of the texts in question, which are short; the others
//! are read once, character by character, and not kept. Memory grows with the former only.

use std::collections::BTreeMap;

/// The separators of texts begin here, beyond every character; each is another one.
const SEPARATOR: u32 = 0x11_0000;

/// A state: all substrings that end at the same places.
#[derive(Debug, Clone, Default)]
struct State {
    /// Characters of its longest substring.
    len: usize,
    /// The state of the longest suffix that ends at more places.
    link: Option<usize>,
    /// One of the places, as an index behind a character.
    end: usize,
    /// States by the character that follows.
    next: BTreeMap<u32, usize>,
}

/// The texts in question, and the longest run of them that was met so far.
#[derive(Debug)]
pub struct Runs {
    characters: Vec<u32>,
    states: Vec<State>,
    /// Where the longest run lies in `characters`.
    longest: std::ops::Range<usize>,
}

impl Runs {
    /// Of these texts; a run never spans two of them.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut runs = Self { characters: Vec::new(), states: vec![State::default()], longest: 0..0 };
        let mut last = 0;
        for (n, text) in texts.into_iter().enumerate() {
            for character in text.chars().map(u32::from).chain([SEPARATOR + n as u32]) {
                last = runs.append(last, character);
            }
        }
        runs
    }

    /// Reads a text, and keeps the longest run that it shares if it is longer than those before.
    pub fn meet(&mut self, text: &str) {
        let (mut state, mut len) = (0, 0);
        for character in text.chars().map(u32::from) {
            // Shorter suffixes, until one goes on with this character.
            while !self.states[state].next.contains_key(&character)
                && let Some(link) = self.states[state].link
            {
                (state, len) = (link, self.states[link].len);
            }
            if let Some(&next) = self.states[state].next.get(&character) {
                (state, len) = (next, len + 1);
            }
            if len > self.longest.len() {
                let end = self.states[state].end;
                self.longest = end - len..end;
            }
        }
    }

    /// The longest run that was met.
    pub fn longest(&self) -> String {
        self.characters[self.longest.clone()].iter().filter_map(|&c| char::from_u32(c)).collect()
    }

    /// Appends a character behind state `last`; gives the state of the whole.
    fn append(&mut self, last: usize, character: u32) -> usize {
        self.characters.push(character);
        let (len, end) = (self.states[last].len + 1, self.characters.len());
        let new = self.push(State { len, end, ..State::default() });
        let mut at = Some(last);
        while let Some(state) = at {
            if let Some(&target) = self.states[state].next.get(&character) {
                let link = self.part(state, character, target);
                self.states[new].link = Some(link);
                return new;
            }
            self.states[state].next.insert(character, new);
            at = self.states[state].link;
        }
        self.states[new].link = Some(0);
        new
    }

    /// The state of what `state` and `character` spell and no more: `target`, or a part split off from it.
    fn part(&mut self, state: usize, character: u32, target: usize) -> usize {
        let len = self.states[state].len + 1;
        if self.states[target].len == len {
            return target;
        }
        let part = self.push(State { len, ..self.states[target].clone() });
        self.states[target].link = Some(part);
        let mut at = Some(state);
        while let Some(state) = at.filter(|&s| self.states[s].next.get(&character) == Some(&target)) {
            self.states[state].next.insert(character, part);
            at = self.states[state].link;
        }
        part
    }

    fn push(&mut self, state: State) -> usize {
        self.states.push(state);
        self.states.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(texts: &[&str], others: &[&str], longest: &str) {
        let mut runs = Runs::of(texts.iter().copied());
        for other in others {
            runs.meet(other);
        }
        assert_eq!(runs.longest(), longest);
    }

    #[test]
    fn the_longest_shared_run_is_found() {
        check(&["배송은 3일 걸립니다"], &["환불은 3일 걸려요", "교환"], "은 3일 걸");
        check(&["abcab", "xabz"], &["zzabcz"], "abc");
        check(&["ab", "cd"], &["abcd"], "ab");
        check(&["aabaab"], &["cabaa", "aab"], "abaa");
        check(&["", "x"], &["", "y"], "");
        check(&[], &["abc"], "");
    }

    /// Against every substring, over small alphabets, where links and splits abound.
    #[test]
    fn it_agrees_with_looking_at_every_substring() {
        let mut bits = 0x2545_f491_4f6c_dd1d_u64;
        let mut word = |len: usize| -> String {
            let mut next = || {
                bits ^= bits << 13;
                bits ^= bits >> 7;
                bits ^= bits << 17;
                ['a', '나', 'c'][(bits % 3) as usize]
            };
            (0..len).map(|_| next()).collect()
        };
        for round in 0..300 {
            let (texts, others) = ([word(round % 17), word(9)], [word(round % 23), word(12)]);
            let mut runs = Runs::of(texts.iter().map(String::as_str));
            for other in &others {
                runs.meet(other);
            }
            let shared = |run: &str| others.iter().any(|other| other.contains(run));
            let longest = (texts.iter())
                .flat_map(|text| {
                    let c: Vec<char> = text.chars().collect();
                    let n = c.len();
                    (0..n)
                        .flat_map(|a| (a..=n).map(move |b| (a, b)))
                        .map(|(a, b)| c[a..b].iter().collect())
                        .collect::<Vec<String>>()
                })
                .filter(|run| shared(run))
                .map(|run| run.chars().count())
                .max();
            let found = runs.longest();
            assert_eq!(found.chars().count(), longest.unwrap_or(0), "{texts:?} {others:?}");
            assert!(shared(&found) && texts.iter().any(|text| text.contains(&found)));
        }
    }
}
