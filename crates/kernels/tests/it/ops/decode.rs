use kernels::{AttentionShape, CachePrecision, CacheShape, Place, Rows, ScratchNeed};

use crate::harness::{Bench, Op, Ran, check};

/// Keys and values written to slots of a cache, then one query a row over them.
struct Decode {
    heads: usize,
    kv_heads: usize,
    width: usize,
    capacity: usize,
    lengths: Vec<u32>,
    precision: CachePrecision,
}

impl Decode {
    fn shape(&self) -> CacheShape {
        CacheShape {
            slots: self.lengths.len(),
            capacity: self.capacity,
            heads: self.kv_heads,
            head_dim: self.width,
            precision: self.precision,
        }
    }

    /// A cache full of numbers, (slots · capacity, Hk·D).
    fn filled<D: Bench>(&self, d: &D, numbers: &[f64]) -> D::Cache {
        let shape = self.shape();
        let mut cache = d.cache(shape);
        let count = shape.slots * shape.capacity;
        let rows = d.ids(&(0..count as u32).collect::<Vec<_>>());
        let place = Place { offset: 0, stride: self.kv_heads * self.width };
        d.cache_write(&mut cache, Rows { buffer: &d.input(numbers), place }, &rows, count);
        cache
    }

    /// All of a cache, slot by slot.
    fn all<D: Bench>(&self, d: &D, cache: &D::Cache) -> Vec<f64> {
        let shape = self.shape();
        let one = |slot| {
            let mut out = d.output(shape.len() / shape.slots);
            d.cache_read(&mut out, cache, slot, shape.capacity);
            d.take(&out)
        };
        (0..shape.slots).flat_map(one).collect()
    }
}

impl Op for Decode {
    fn name(&self) -> String {
        let Self { heads, kv_heads, width, lengths, precision, .. } = self;
        format!("decode of {heads}/{kv_heads} heads of {width} over {lengths:?} in {precision:?}")
    }
    fn inputs(&self) -> Vec<usize> {
        let cache = self.shape().len();
        vec![self.lengths.len() * (self.heads + 2 * self.kv_heads) * self.width, cache, cache]
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
        let (mut keys, mut values) = (self.filled(d, &inputs[1]), self.filled(d, &inputs[2]));
        // Slots in reverse order; the new key is the last that a row sees.
        let slots: Vec<u32> = (0..rows as u32).rev().collect();
        let places: Vec<u32> =
            slots.iter().zip(&self.lengths).map(|(s, l)| s * self.capacity as u32 + l - 1).collect();
        d.cache_write(&mut keys, k, &d.ids(&places), rows);
        d.cache_write(&mut values, v, &d.ids(&places), rows);
        let scale = 1.0 / (self.width as f32).sqrt();
        let shape =
            AttentionShape { heads: self.heads, kv_heads: self.kv_heads, head_dim: self.width, scale };
        let mut out = d.output(rows * self.heads * self.width);
        let group = self.heads / self.kv_heads;
        let need = ScratchNeed { cached: self.capacity, group, ..ScratchNeed::default() };
        let mut scratch = d.output(d.scratch_len(&need));
        let (slots, lengths) = (d.ids(&slots), d.ids(&self.lengths));
        d.attention_decode(&mut out, q, &keys, &values, &slots, &lengths, rows, shape, &mut scratch);
        d.take(&scratch);
        // What one slot has is another's, too, after copying; the rest stays as it was.
        d.cache_copy(&mut keys, 0, rows - 1, self.capacity - 1);
        Ran {
            output: [d.take(&out), self.all(d, &keys), self.all(d, &values)].concat(),
            gradients: Vec::new(),
        }
    }
}

#[test]
fn cached_attention() {
    for precision in [CachePrecision::F32, CachePrecision::F16] {
        for (heads, kv_heads, width) in [(1, 1, 3), (6, 3, 16), (4, 1, 64), (14, 2, 40), (3, 1, 128)] {
            for lengths in [vec![1], vec![5, 1, 20], vec![20; 17]] {
                check(&Decode { heads, kv_heads, width, capacity: 20, lengths, precision });
            }
        }
    }
}

/// What half floats cannot hold becomes their greatest number, and what is no number stays none.
#[test]
fn numbers_beyond_half_floats_are_the_greatest_of_them() {
    fn read<D: Bench>(d: &D) -> Vec<f64> {
        let precision = CachePrecision::F16;
        let mut cache = d.cache(CacheShape { slots: 1, capacity: 2, heads: 2, head_dim: 3, precision });
        let row = d.input(&[1e30, -1e30, f64::NAN, 1.0, 65_520.0, 1e-30]);
        let from = Rows { buffer: &row, place: Place { offset: 0, stride: 6 } };
        d.cache_write(&mut cache, from, &d.ids(&[1]), 1);
        let mut out = d.output(12);
        d.cache_read(&mut out, &cache, 0, 2);
        d.take(&out)
    }
    let found = read(&kernels::Cpu::new(2));
    let wanted = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 65_504.0, -65_504.0, f64::NAN, 1.0, 65_504.0, 0.0];
    assert!(
        found.iter().zip(wanted).all(|(f, w)| f.to_bits() == w.to_bits() || (f.is_nan() && w.is_nan())),
        "{found:?}"
    );
    assert_eq!(format!("{found:?}"), format!("{:?}", read(&kernels::Reference::<f64>::new())));
}
