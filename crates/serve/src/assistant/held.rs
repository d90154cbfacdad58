//! What the answering slots still hold of earlier conversations: the next turn of one begins where its last one was asked.
//!
//! A prompt is always computed in the same parts, which end where an earlier turn of the same conversation was asked.
//! Only such a part is taken over, never the reply that was written behind it: one token at a time may round otherwise.

/// The prompt that a slot holds, and where its parts end.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    ids: Vec<u32>,
    ends: Vec<usize>,
    adapter: Option<usize>,
}

impl Held {
    /// A prompt that a slot holds from its beginning, in parts with these ends.
    pub(super) fn new(ids: Vec<u32>, ends: Vec<usize>, adapter: Option<usize>) -> Self {
        Self { ids, ends, adapter }
    }

    /// The tokens that another prompt takes over: as many of its parts, but the last, as this one has too, where they are
    /// more than what all conversations share.
    pub(super) fn in_common(&self, ids: &[u32], ends: &[usize], adapter: Option<usize>) -> usize {
        if self.adapter != adapter {
            return 0;
        }
        let same = self.ids.iter().zip(ids).take_while(|(a, b)| a == b).count();
        let inner = ends.split_last().map_or(&[][..], |(_, inner)| inner);
        let parts = inner.iter().zip(&self.ends).take_while(|(end, own)| end == own && **end <= same);
        parts.skip(1).last().map_or(0, |(end, _)| *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_parts_of_the_same_adapter_are_taken_over() {
        let held = Held::new(vec![1, 2, 3, 4, 5, 6], vec![2, 4, 6], None);
        for (ids, ends, adapter, wanted) in [
            (&[1, 2, 3, 4, 5, 6, 7, 8][..], &[2, 4, 6, 8][..], None, 6),
            (&[1, 2, 3, 4, 5, 6, 7, 8], &[2, 4, 6, 8], Some(0), 0),
            (&[1, 2, 3, 4, 5, 9, 7, 8], &[2, 4, 6, 8], None, 4),
            (&[1, 2, 3, 4, 5, 6, 7, 8], &[2, 5, 8], None, 0),
            // Other parts would have been computed otherwise.
            (&[1, 2, 3, 4, 5, 6, 7, 8], &[1, 2, 4, 8], None, 0),
            // The same prompt again still has its last part to compute, for what follows it.
            (&[1, 2, 3, 4, 5, 6], &[2, 4, 6], None, 4),
            // What all conversations share is remembered elsewhere.
            (&[1, 2, 9, 9], &[2, 4], None, 0),
            (&[], &[], None, 0),
        ] {
            assert_eq!(held.in_common(ids, ends, adapter), wanted, "{ids:?} {ends:?}");
        }
        assert_eq!(Held::default().in_common(&[1, 2], &[0, 1, 2], None), 0);
    }
}
