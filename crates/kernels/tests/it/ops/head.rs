use kernels::plan::LossRow;
use kernels::{At, DType, HeadShape, Layout, Matrix, ScratchNeed, WeightPart};

use super::linear::stored;
use crate::harness::{Bench, Op, Ran, check};

struct Head {
    rows: usize,
    hidden: usize,
    vocab: usize,
    dtype: Option<DType>,
}

impl Head {
    /// Row n has one target, or now and then three, two of them the same token.
    fn plan(&self) -> (Vec<LossRow>, Vec<(u32, f32)>) {
        let (mut rows, mut targets) = (Vec::new(), Vec::new());
        for n in 0..self.rows {
            let first = targets.len() as u32;
            let token = |k: usize| ((n * 5 + k) % self.vocab) as u32;
            targets.push((token(0), 0.5 + n as f32 % 3.0));
            if n % 4 == 1 {
                targets.extend([(token(3), 2.0), (token(0), 0.0)]);
            }
            rows.push(LossRow { first, count: targets.len() as u32 - first });
        }
        (rows, targets)
    }
}

impl Op for Head {
    fn name(&self) -> String {
        format!("head of {} rows, {} to {}, {:?}", self.rows, self.hidden, self.vocab, self.dtype)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.rows * self.hidden, self.vocab * self.hidden]
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let shape = HeadShape { rows: self.rows, hidden: self.hidden, vocab: self.vocab };
        let x = d.input(&inputs[0]);
        let table = d.input(&inputs[1]);
        let frozen = self.dtype.map(|dtype| {
            let bytes = stored(&inputs[1], dtype);
            d.weight(
                self.hidden,
                &[WeightPart { dtype, bytes: &bytes, outputs: self.vocab, layout: Layout::OutIn }],
            )
        });
        let matrix = match &frozen {
            Some(frozen) => Matrix::Frozen(frozen),
            None => Matrix::Dense(At { buffer: &table, offset: 0 }, Layout::OutIn),
        };
        let (rows, mut targets) = self.plan();
        // The gradient is that of the losses' sum; a cotangent is carried by the weights.
        if let Some(c) = cotangent {
            targets.iter_mut().zip(c).for_each(|(t, c)| t.1 *= *c as f32);
        }
        let mut plan = D::LossPlan::default();
        d.plan_loss(&mut plan, &rows, &targets);
        let need = ScratchNeed {
            loss_rows: self.rows,
            vocab: self.vocab,
            hidden: self.hidden,
            ..Default::default()
        };
        let mut scratch = d.output(d.scratch_len(&need));
        let mut losses = d.output(targets.len());
        if cotangent.is_none() {
            d.head_loss(&mut losses, None, None, &x, matrix, shape, &plan, &mut scratch);
            return Ran { output: d.take(&losses), gradients: Vec::new() };
        }
        let mut dx = d.output(self.rows * self.hidden);
        let mut grads = d.input(&vec![0.0; inputs[1].len()]);
        let to = Some(&mut grads);
        d.head_loss(&mut losses, Some(&mut dx), to, &x, matrix, shape, &plan, &mut scratch);
        d.take(&scratch);
        let grads = if frozen.is_some() { Vec::new() } else { d.take(&grads) };
        Ran { output: d.take(&losses), gradients: vec![d.take(&dx), grads] }
    }
}

#[test]
fn losses() {
    for dtype in [None, Some(DType::F32)] {
        for (rows, hidden, vocab) in [(1, 3, 5), (5, 7, 11), (33, 20, 450), (270, 24, 37)] {
            check(&Head { rows, hidden, vocab, dtype });
        }
    }
}

/// Narrow tables: parity only, since differences would move the rounded numbers.
#[test]
fn losses_over_narrow_tables() {
    struct Narrow(Head);
    impl Op for Narrow {
        fn name(&self) -> String {
            self.0.name()
        }
        fn inputs(&self) -> Vec<usize> {
            self.0.inputs()
        }
        fn differentiable(&self) -> bool {
            false
        }
        fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], _: Option<&[f64]>) -> Ran {
            let count = self.0.plan().1.len();
            let ran = self.0.run(d, inputs, Some(&vec![1.0; count]));
            Ran { output: [ran.output, ran.gradients.concat()].concat(), gradients: Vec::new() }
        }
    }
    for dtype in [DType::Bf16, DType::F16] {
        check(&Narrow(Head { rows: 9, hidden: 600, vocab: 700, dtype: Some(dtype) }));
    }
}
