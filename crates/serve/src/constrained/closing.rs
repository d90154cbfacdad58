//! How a text that was begun ends soonest, by the graph of its schema.

use super::leaf::{Text, Walked};
use super::shape::{Array, Graph, Node, NodeId, Object};

/// Stands between members and items.
pub(super) const SEPARATOR: &str = ", ";
/// Stands between a name and its value.
pub(super) const COLON: &str = ": ";

/// Deepest nesting of values that is followed.
const DEEPEST: usize = 300;
/// Most values that are looked at for one ending.
const MOST_LOOKS: usize = 200_000;

/// How far a search has come.
struct Trip {
    depth: usize,
    looks: usize,
}

impl Graph {
    /// Finds the shortest text of every node, shorter ones from shorter ones until nothing changes.
    pub(super) fn settle(&mut self) {
        self.shortest = vec![None; self.nodes.len()];
        for _ in 0..=self.nodes.len() {
            let mut changed = false;
            for id in 0..self.nodes.len() {
                let fresh = self.shortest_of(id);
                let old = &self.shortest[id];
                if let Some(fresh) = fresh.filter(|f| old.as_ref().is_none_or(|old| f.len() < old.len())) {
                    self.shortest[id] = Some(fresh);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn shortest_of(&self, id: NodeId) -> Option<Vec<u8>> {
        match &self.nodes[id] {
            Node::Never => None,
            Node::Literal(bytes) => Some(bytes.clone()),
            Node::OneOf(nodes) => {
                nodes.iter().filter_map(|&node| self.least(node)).min_by_key(|text| text.len()).cloned()
            }
            Node::Sequence(nodes) => nodes
                .iter()
                .map(|&node| self.least(node).cloned())
                .collect::<Option<Vec<_>>>()
                .map(|all| all.concat()),
            Node::Repeated(node, _) => self.least(*node).cloned(),
            Node::Number(number) => number.shortest(),
            Node::Text(text) => Some(text.shortest()),
            Node::Pattern(pattern) => pattern.shortest(),
            Node::Array(array) => Some([b"[".to_vec(), self.rest_of_array(array, 0)?].concat()),
            Node::Object(object) => Some([b"{".to_vec(), self.rest_of_object(object, 0, true)?].concat()),
        }
    }

    fn least(&self, id: NodeId) -> Option<&Vec<u8>> {
        self.shortest[id].as_ref()
    }

    /// What makes a whole of a text that began as this node; nothing where it is whole.
    pub(super) fn ending(&self, root: NodeId, text: &[u8]) -> Option<Vec<u8>> {
        match self.walk(root, text, 0, &mut Trip { depth: 0, looks: 0 }) {
            Walked::Done(at) if at == text.len() => Some(Vec::new()),
            Walked::Open(ending) => Some(ending),
            Walked::Done(_) | Walked::No => None,
        }
    }

    fn walk(&self, id: NodeId, text: &[u8], at: usize, trip: &mut Trip) -> Walked {
        if at == text.len() {
            return open(self.least(id).cloned());
        }
        trip.looks += 1;
        if trip.depth >= DEEPEST || trip.looks >= MOST_LOOKS {
            return Walked::No;
        }
        trip.depth += 1;
        let walked = match &self.nodes[id] {
            Node::Never => Walked::No,
            Node::Literal(bytes) => literal(bytes, text, at),
            Node::OneOf(nodes) => self.walk_one_of(nodes, text, at, trip),
            Node::Sequence(nodes) => self.walk_sequence(nodes, text, at, trip),
            Node::Repeated(node, between) => self.walk_repeated(*node, between, text, at, trip),
            Node::Number(number) => number.walk(text, at),
            Node::Text(one) => one.walk(text, at),
            Node::Pattern(pattern) => pattern.walk(text, at),
            Node::Array(array) => self.walk_array(array, text, at, trip),
            Node::Object(object) => self.walk_object(object, text, at, trip),
        };
        trip.depth -= 1;
        walked
    }

    fn walk_one_of(&self, nodes: &[NodeId], text: &[u8], at: usize, trip: &mut Trip) -> Walked {
        let mut best: Option<Vec<u8>> = None;
        for &node in nodes {
            match self.walk(node, text, at, trip) {
                Walked::Done(end) => return Walked::Done(end),
                Walked::Open(ending) if best.as_ref().is_none_or(|best| ending.len() < best.len()) => {
                    best = Some(ending);
                }
                Walked::Open(_) | Walked::No => {}
            }
        }
        open(best)
    }

    fn walk_sequence(&self, nodes: &[NodeId], text: &[u8], mut at: usize, trip: &mut Trip) -> Walked {
        for (n, &node) in nodes.iter().enumerate() {
            match self.walk(node, text, at, trip) {
                Walked::Done(end) => at = end,
                Walked::Open(ending) => {
                    let rest = nodes[n + 1..].iter().map(|&node| self.least(node).cloned());
                    let rest: Option<Vec<_>> = rest.collect();
                    return open(rest.map(|rest| [ending, rest.concat()].concat()));
                }
                Walked::No => return Walked::No,
            }
        }
        Walked::Done(at)
    }

    fn walk_repeated(
        &self,
        node: NodeId,
        between: &[u8],
        text: &[u8],
        mut at: usize,
        trip: &mut Trip,
    ) -> Walked {
        loop {
            match self.walk(node, text, at, trip) {
                Walked::Done(end) if end == text.len() => return Walked::Done(end),
                Walked::Done(end) => match literal(between, text, end) {
                    Walked::Done(next) => at = next,
                    Walked::Open(rest) => return join(Some(rest), [self.least(node).cloned()]),
                    Walked::No => return Walked::Done(end),
                },
                other => return other,
            }
        }
    }

    fn walk_array(&self, array: &Array, text: &[u8], at: usize, trip: &mut Trip) -> Walked {
        if text[at] != b'[' {
            return Walked::No;
        }
        let (mut at, mut n) = (at + 1, 0);
        loop {
            match text.get(at) {
                None => return open(self.rest_of_array(array, n)),
                Some(b']') => return Walked::Done(at + 1),
                Some(_) if n >= array.max => return Walked::No,
                Some(_) => {}
            }
            if n > 0 {
                match literal(SEPARATOR.as_bytes(), text, at) {
                    Walked::Done(end) => at = end,
                    Walked::Open(rest) => {
                        let item = self.least(array.item(n)).cloned();
                        return join(Some(rest), [item, self.rest_of_array(array, n + 1)]);
                    }
                    Walked::No => return Walked::No,
                }
            }
            match self.walk(array.item(n), text, at, trip) {
                Walked::Done(end) => (at, n) = (end, n + 1),
                Walked::Open(ending) => return join(Some(ending), [self.rest_of_array(array, n + 1)]),
                Walked::No => return Walked::No,
            }
        }
    }

    /// From behind `n` items to behind the bracket.
    fn rest_of_array(&self, array: &Array, n: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for item in n..array.min {
            if item > 0 {
                out.extend_from_slice(SEPARATOR.as_bytes());
            }
            out.extend_from_slice(self.least(array.item(item))?);
        }
        out.push(b']');
        Some(out)
    }

    fn walk_object(&self, object: &Object, text: &[u8], at: usize, trip: &mut Trip) -> Walked {
        if text[at] != b'{' {
            return Walked::No;
        }
        let (mut at, mut next, mut first) = (at + 1, 0, true);
        loop {
            match text.get(at) {
                None => return open(self.rest_of_object(object, next, first)),
                Some(b'}') => return Walked::Done(at + 1),
                Some(_) => {}
            }
            let value = match self.walk_key(object, text, &mut at, &mut next, first) {
                Ok(value) => value,
                Err(walked) => return walked,
            };
            first = false;
            match self.walk(value, text, at, trip) {
                Walked::Done(end) => at = end,
                Walked::Open(ending) => {
                    return join(Some(ending), [self.rest_of_object(object, next, false)]);
                }
                Walked::No => return Walked::No,
            }
        }
    }

    /// The separator before a member (unless it is the first), its name and its colon: gives the node of its value
    /// and moves on to it. Where the text ends before, what became of the object.
    fn walk_key(
        &self,
        object: &Object,
        text: &[u8],
        at: &mut usize,
        next: &mut usize,
        first: bool,
    ) -> Result<NodeId, Walked> {
        if !first {
            match literal(SEPARATOR.as_bytes(), text, *at) {
                Walked::Done(end) => *at = end,
                Walked::Open(rest) => return Err(join(Some(rest), [self.member(object, *next, b"")])),
                Walked::No => return Err(Walked::No),
            }
        }
        let end = match (Text { min: 0 }).walk(text, *at) {
            Walked::Done(end) => end,
            Walked::Open(_) => return Err(open(self.member(object, *next, &text[*at..]))),
            Walked::No => return Err(Walked::No),
        };
        let known = object.properties.iter().position(|property| property.key == text[*at..end]);
        let value = known.map_or(object.others, |known| object.properties[known].value);
        *next = known.map_or(*next, |known| known + 1);
        match literal(COLON.as_bytes(), text, end) {
            Walked::Done(end) => *at = end,
            Walked::Open(rest) => {
                let value = self.least(value).cloned();
                return Err(join(Some(rest), [value, self.rest_of_object(object, *next, false)]));
            }
            Walked::No => return Err(Walked::No),
        }
        Ok(value)
    }

    /// From a member that is about to be written, of which `begun` stands, to behind the brace.
    fn member(&self, object: &Object, next: usize, begun: &[u8]) -> Option<Vec<u8>> {
        let mut best: Option<Vec<u8>> = None;
        let mut offer = |candidate: Option<Vec<u8>>| {
            if let Some(candidate) = candidate.filter(|c| best.as_ref().is_none_or(|b| c.len() < b.len())) {
                best = Some(candidate);
            }
        };
        for (n, property) in object.properties.iter().enumerate().skip(next) {
            if let Some(rest) = property.key.strip_prefix(begun) {
                let value = self.least(property.value).cloned();
                let after = self.rest_of_object(object, n + 1, false);
                offer(concat([Some(rest.to_vec()), Some(COLON.into()), value, after]));
            }
            if property.required {
                return best;
            }
        }
        let key = match (Text { min: 0 }).walk(begun, 0) {
            Walked::Open(ending) => Some(ending),
            Walked::Done(_) | Walked::No => None,
        };
        let value = self.least(object.others).cloned();
        offer(concat([key, Some(COLON.into()), value, Some(b"}".to_vec())]));
        best
    }

    /// From behind a member (or the brace, where nothing stands yet) to behind the closing brace.
    fn rest_of_object(&self, object: &Object, next: usize, mut first: bool) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for property in object.properties[next..].iter().filter(|property| property.required) {
            if !first {
                out.extend_from_slice(SEPARATOR.as_bytes());
            }
            first = false;
            out.extend_from_slice(&property.key);
            out.extend_from_slice(COLON.as_bytes());
            out.extend_from_slice(self.least(property.value)?);
        }
        out.push(b'}');
        Some(out)
    }
}

fn open(ending: Option<Vec<u8>>) -> Walked {
    ending.map_or(Walked::No, Walked::Open)
}

fn concat<const N: usize>(parts: [Option<Vec<u8>>; N]) -> Option<Vec<u8>> {
    parts.into_iter().collect::<Option<Vec<_>>>().map(|parts| parts.concat())
}

fn join<const N: usize>(first: Option<Vec<u8>>, parts: [Option<Vec<u8>>; N]) -> Walked {
    open(concat([first, concat(parts)]))
}

/// Bytes that stand as they are.
fn literal(bytes: &[u8], text: &[u8], at: usize) -> Walked {
    let rest = &text[at..];
    if rest.starts_with(bytes) {
        Walked::Done(at + bytes.len())
    } else if bytes.starts_with(rest) {
        Walked::Open(bytes[rest.len()..].to_vec())
    } else {
        Walked::No
    }
}
