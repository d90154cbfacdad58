use std::ops::Range;

use kernels::plan::KeySegment;
use kernels::{AttentionShape, Place, Rows, ScratchNeed};

use crate::harness::{Bench, Op, Ran, check};

/// Attention inside a stacked (N, q + k + v).
struct Attention {
    heads: usize,
    kv_heads: usize,
    width: usize,
    /// (length, ancestors) of each segment.
    segments: Vec<(usize, Vec<Range<usize>>)>,
}

impl Attention {
    fn shape(&self) -> AttentionShape {
        let scale = 1.0 / (self.width as f32).sqrt();
        AttentionShape { heads: self.heads, kv_heads: self.kv_heads, head_dim: self.width, scale }
    }
    fn rows(&self) -> usize {
        self.segments.iter().map(|s| s.0).sum()
    }
    fn stride(&self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.width
    }
    fn plan(&self) -> Vec<KeySegment> {
        let mut start = 0;
        let mut plan = Vec::new();
        for (len, ancestors) in &self.segments {
            plan.push(KeySegment { queries: start..start + len, own: start, ancestors: ancestors.clone() });
            start += len;
        }
        plan
    }
}

impl Op for Attention {
    fn name(&self) -> String {
        format!(
            "attention of {}/{} heads of {} over {:?}",
            self.heads, self.kv_heads, self.width, self.segments
        )
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.rows() * self.stride()]
    }
    fn budget(&self) -> f64 {
        3e-6
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let (n, shape, stride) = (self.rows(), self.shape(), self.stride());
        let qkv = d.input(&inputs[0]);
        let [q, k, v] = [0, self.heads, self.heads + self.kv_heads]
            .map(|heads| Rows { buffer: &qkv, place: Place { offset: heads * self.width, stride } });
        let mut plan = D::AttentionPlan::default();
        d.plan_attention(&mut plan, &self.plan());
        let need = ScratchNeed {
            rows: n,
            head_dim: self.width,
            group: self.heads / self.kv_heads,
            ..Default::default()
        };
        let mut scratch = d.output(d.scratch_len(&need));
        let mut out = d.output(n * self.heads * self.width);
        let mut lse = d.output(n * self.heads);
        d.attention(&mut out, &mut lse, q, k, v, shape, &plan, &mut scratch);
        let mut output = d.take(&out);
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut dqkv = d.output(n * stride);
            d.attention_backward(&mut dqkv, &d.input(c), &out, &lse, q, k, v, shape, &plan, &mut scratch);
            vec![d.take(&dqkv)]
        });
        d.take(&scratch);
        if cotangent.is_some() {
            output.extend(d.take(&lse));
        }
        Ran { output, gradients }
    }
}

#[test]
fn segments_and_trees() {
    let alone = |len: usize| (len, vec![]);
    let layouts: [Vec<(usize, Vec<Range<usize>>)>; 7] = [
        vec![alone(1)],
        vec![alone(9)],
        vec![alone(5), alone(1), alone(8)],
        // A prefix, a branch with two leaves, a leaf of the prefix, and a sample of its own.
        vec![(4, vec![]), (3, vec![0..4]), (2, vec![0..4, 4..7]), (5, vec![0..7]), (3, vec![0..4]), alone(6)],
        // More than one tile of queries and of keys, with edges off the tiles.
        vec![alone(131)],
        vec![alone(150), (70, vec![0..150]), (66, vec![0..150])],
        vec![alone(64), (64, vec![0..64]), (1, vec![0..64, 64..128])],
    ];
    for segments in layouts {
        for (heads, kv_heads, width) in [(1, 1, 3), (3, 1, 6), (6, 3, 16)] {
            check(&Attention { heads, kv_heads, width, segments: segments.clone() });
        }
    }
    check(&Attention { heads: 2, kv_heads: 2, width: 64, segments: vec![alone(140)] });
    check(&Attention { heads: 2, kv_heads: 1, width: 128, segments: vec![alone(70), (5, vec![0..70])] });
}

/// Large scores: a running softmax must not overflow, and hidden keys must not leak.
#[test]
fn large_scores() {
    struct Loud(Attention);
    impl Op for Loud {
        fn name(&self) -> String {
            format!("loud {}", self.0.name())
        }
        fn inputs(&self) -> Vec<usize> {
            self.0.inputs()
        }
        fn budget(&self) -> f64 {
            2e-4
        }
        fn shape_input(&self, _: usize, values: &mut [f64]) {
            values.iter_mut().for_each(|v| *v *= 16.0);
        }
        fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], _: Option<&[f64]>) -> Ran {
            self.0.run(d, inputs, None)
        }
        fn differentiable(&self) -> bool {
            false
        }
    }
    check(&Loud(Attention { heads: 2, kv_heads: 1, width: 16, segments: vec![(200, vec![])] }));
}
