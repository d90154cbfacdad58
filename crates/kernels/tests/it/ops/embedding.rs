use kernels::{At, DType, Layout, LinearShape, Matrix, Phase, WeightPart};

use crate::harness::{Bench, Op, Ran, check};

struct Embed {
    rows: usize,
    vocab: usize,
    width: usize,
    add: bool,
}

impl Embed {
    fn ids(&self) -> Vec<u32> {
        (0..self.rows).map(|n| (n * n % self.vocab) as u32).collect()
    }
}

impl Op for Embed {
    fn name(&self) -> String {
        format!("embed {} of {}x{}, add {}", self.rows, self.vocab, self.width, self.add)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.vocab * self.width, self.rows * self.width]
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let shape =
            LinearShape { rows: self.rows, inputs: self.width, outputs: self.vocab, phase: Phase::Many };
        let table = d.input(&inputs[0]);
        let ids = d.ids(&self.ids());
        let mut out = if self.add { d.input(&inputs[1]) } else { d.output(self.rows * self.width) };
        d.embed(
            &mut out,
            Matrix::Dense(At { buffer: &table, offset: 0 }, Layout::OutIn),
            &ids,
            shape,
            self.add,
        );
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut grads = d.input(&vec![0.0; 3 + inputs[0].len()]);
            d.embed_backward(&mut grads, 3, &d.input(c), &ids, shape);
            vec![d.take(&grads)[3..].to_vec(), if self.add { c.to_vec() } else { Vec::new() }]
        });
        Ran { output: d.take(&out), gradients }
    }
}

#[test]
fn embeddings() {
    for add in [false, true] {
        for (rows, vocab, width) in [(1, 1, 1), (9, 5, 7), (40, 33, 200)] {
            check(&Embed { rows, vocab, width, add });
        }
    }
}

/// Gather, scatter, fills and copies, and embedding from a frozen table of each dtype.
struct Moves {
    rows: usize,
    width: usize,
    dtype: DType,
}

impl Op for Moves {
    fn name(&self) -> String {
        format!("moves of {}x{} {:?}", self.rows, self.width, self.dtype)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.rows * self.width]
    }
    fn differentiable(&self) -> bool {
        false
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], _: Option<&[f64]>) -> Ran {
        let (n, w) = (self.rows, self.width);
        let x = d.input(&inputs[0]);
        let order: Vec<u32> = (0..n as u32).rev().collect();
        let index = d.ids(&order);
        let mut reversed = d.output(n * w);
        d.gather(&mut reversed, &x, &index, n, w);
        let mut back = d.output(n * w);
        d.scatter(&mut back, &reversed, &index, n, w);
        assert_eq!(d.take(&back), d.take(&x), "scatter undoes gather");
        d.add(&mut back, &reversed, n * w);
        d.scale(&mut back, 0..w, 3.0);
        d.fill(&mut back, w..w + 1, 0.5);
        let mut copy = d.output(n * w);
        d.copy(&mut copy, &back, n * w);
        let bytes = super::linear::stored(&inputs[0], self.dtype);
        let part = WeightPart { dtype: self.dtype, bytes: &bytes, outputs: n, layout: Layout::OutIn };
        let table = d.weight(w, &[part]);
        let shape = LinearShape { rows: n, inputs: w, outputs: n, phase: Phase::Many };
        let mut embedded = d.output(n * w);
        d.embed(&mut embedded, Matrix::Frozen(&table), &index, shape, false);
        let mut turned = d.output(n * w);
        d.expand(&mut turned, 0, &table, 0..n, Layout::InOut);
        Ran { output: [d.take(&copy), d.take(&embedded), d.take(&turned)].concat(), gradients: Vec::new() }
    }
}

#[test]
fn moves() {
    for dtype in [DType::F32, DType::Bf16, DType::F16] {
        for (rows, width) in [(2, 3), (40, 130)] {
            check(&Moves { rows, width, dtype });
        }
    }
}
