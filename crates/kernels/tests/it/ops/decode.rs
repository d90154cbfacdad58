use kernels::{AttentionShape, CacheShape, Place, Rows, ScratchNeed};

use crate::harness::{Bench, Op, Ran, check};

/// Keys and values written to slots of a cache, then one query a row over them.
struct Decode {
    heads: usize,
    kv_heads: usize,
    width: usize,
    capacity: usize,
    lengths: Vec<u32>,
}

impl Op for Decode {
    fn name(&self) -> String {
        format!("decode of {}/{} heads of {} over {:?}", self.heads, self.kv_heads, self.width, self.lengths)
    }
    fn inputs(&self) -> Vec<usize> {
        let rows = self.lengths.len();
        let cache = rows * self.capacity * self.kv_heads * self.width;
        vec![rows * (self.heads + 2 * self.kv_heads) * self.width, cache, cache]
    }
    fn differentiable(&self) -> bool {
        false
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], _: Option<&[f64]>) -> Ran {
        let (rows, kv) = (self.lengths.len(), self.kv_heads * self.width);
        let stride = self.heads * self.width + 2 * kv;
        let qkv = d.input(&inputs[0]);
        let [q, k, v] = [0, self.heads, self.heads + self.kv_heads]
            .map(|heads| Rows { buffer: &qkv, place: Place { offset: heads * self.width, stride } });
        let (mut keys, mut values) = (d.input(&inputs[1]), d.input(&inputs[2]));
        // Slots in reverse order; the new key is the last that a row sees.
        let slots: Vec<u32> = (0..rows as u32).rev().collect();
        let places: Vec<u32> =
            slots.iter().zip(&self.lengths).map(|(s, l)| s * self.capacity as u32 + l - 1).collect();
        d.cache_write(&mut keys, &mut values, k, v, &d.ids(&places), rows, kv);
        let scale = 1.0 / (self.width as f32).sqrt();
        let shape =
            AttentionShape { heads: self.heads, kv_heads: self.kv_heads, head_dim: self.width, scale };
        let cache = CacheShape { capacity: self.capacity, width: kv };
        let mut out = d.output(rows * self.heads * self.width);
        let group = self.heads / self.kv_heads;
        let need = ScratchNeed { cached: self.capacity, group, ..ScratchNeed::default() };
        let mut scratch = d.output(d.scratch_len(&need));
        let (slots, lengths) = (d.ids(&slots), d.ids(&self.lengths));
        d.attention_decode(&mut out, q, &keys, &values, cache, &slots, &lengths, rows, shape, &mut scratch);
        d.take(&scratch);
        Ran { output: [d.take(&out), d.take(&keys), d.take(&values)].concat(), gradients: Vec::new() }
    }
}

#[test]
fn cached_attention() {
    for (heads, kv_heads, width) in [(1, 1, 3), (6, 3, 16), (4, 1, 64)] {
        for lengths in [vec![1], vec![5, 1, 20], vec![20; 17]] {
            check(&Decode { heads, kv_heads, width, capacity: 20, lengths });
        }
    }
}
