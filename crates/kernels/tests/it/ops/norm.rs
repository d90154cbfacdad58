use kernels::{At, Groups, NormWeights, Place, Rows};

use crate::harness::{Bench, Op, Ran, check};

/// Norm of `groups` vectors a row that begin `offset` into rows of `stride`.
struct Norm {
    rows: usize,
    groups: usize,
    width: usize,
    stride: usize,
    offset: usize,
    bias: bool,
    added: f32,
    in_place: bool,
}

impl Norm {
    fn shape(&self) -> Groups {
        Groups {
            rows: self.rows,
            groups: self.groups,
            width: self.width,
            step: self.width,
            place: self.place(),
        }
    }
    fn place(&self) -> Place {
        Place { offset: self.offset, stride: self.stride }
    }
    /// Takes the vectors out of strided rows.
    fn vectors(&self, all: &[f64]) -> Vec<f64> {
        let shape = self.shape();
        let starts = (0..self.rows).flat_map(|r| (0..self.groups).map(move |g| shape.start(r, g)));
        starts.flat_map(|s| all[s..s + self.width].to_vec()).collect()
    }
    /// Puts vectors into strided rows whose other numbers are sentinels of their own.
    fn strided(&self, vectors: &[f64]) -> Vec<f64> {
        let mut all = vec![0.5; self.rows * self.stride];
        let shape = self.shape();
        for (i, vector) in vectors.chunks(self.width).enumerate() {
            let start = shape.start(i / self.groups, i % self.groups);
            all[start..start + self.width].copy_from_slice(vector);
        }
        all
    }
}

impl Op for Norm {
    fn name(&self) -> String {
        format!(
            "norm of {}x{}x{} every {}, bias {}, weight plus {}, in place {}",
            self.rows, self.groups, self.width, self.stride, self.bias, self.added, self.in_place
        )
    }
    fn inputs(&self) -> Vec<usize> {
        let mut lens = vec![self.rows * self.groups * self.width, self.width];
        lens.extend(self.bias.then_some(self.width));
        lens
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let (shape, place) = (self.shape(), self.place());
        let x = d.input(&self.strided(&inputs[0]));
        // Weight and bias lie one after the other behind a gap, as in a buffer of parameters.
        let mut flat = vec![0.25; 5];
        flat.extend(inputs[1..].iter().flatten());
        let w = d.input(&flat);
        let weights = NormWeights {
            weight: At { buffer: &w, offset: 5 },
            bias: self.bias.then_some(At { buffer: &w, offset: 5 + self.width }),
            added: self.added,
            eps: 1e-5,
        };
        let mut out = d.input(&self.strided(&vec![f64::NAN; inputs[0].len()]));
        let mut stats = d.output(2 * self.rows * self.groups);
        d.norm(&mut out, place, &mut stats, &x, shape, weights);
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut grads = d.input(&vec![0.0; flat.len()]);
            let from = Rows { buffer: &x, place };
            let mut dout = d.input(&self.strided(c));
            let dx = if self.in_place {
                d.norm_backward_in_place(&mut dout, Some(&mut grads), from, &stats, shape, weights);
                self.vectors(&d.take(&dout))
            } else {
                let mut dx = d.input(&self.strided(&vec![1.0; c.len()]));
                d.norm_backward(
                    Some((&mut dx, place)),
                    Some(&mut grads),
                    &dout,
                    from,
                    &stats,
                    shape,
                    weights,
                );
                // It adds to what was there.
                self.vectors(&d.take(&dx)).iter().map(|v| v - 1.0).collect()
            };
            let grads = d.take(&grads);
            assert!(grads[..5].iter().all(|g| *g == 0.0), "gradients before the weight's offset");
            let mut all = vec![dx];
            all.extend(grads[5..].chunks(self.width).map(<[f64]>::to_vec));
            all
        });
        let all = d.take(&out);
        let output = self.vectors(&all);
        assert!(all == self.strided(&output), "numbers between the vectors are left alone");
        Ran { output, gradients }
    }
}

#[test]
fn norms() {
    for bias in [false, true] {
        for in_place in [false, true] {
            for (rows, groups, width, offset, stride) in [
                (1, 1, 5, 0, 5),
                (3, 1, 15, 0, 15),
                (7, 3, 6, 4, 31),
                (70, 1, 768, 0, 768),
                (65, 2, 128, 256, 640),
            ] {
                if bias && groups > 1 {
                    continue; // No architecture has a LayerNorm over heads.
                }
                check(&Norm { rows, groups, width, stride, offset, bias, added: 0.0, in_place });
            }
        }
    }
    for in_place in [false, true] {
        check(&Norm {
            rows: 7,
            groups: 1,
            width: 24,
            stride: 24,
            offset: 0,
            bias: false,
            added: 1.0,
            in_place,
        });
        check(&Norm {
            rows: 5,
            groups: 3,
            width: 6,
            stride: 31,
            offset: 4,
            bias: false,
            added: 1.0,
            in_place,
        });
    }
}
