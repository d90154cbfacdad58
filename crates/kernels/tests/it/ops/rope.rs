use kernels::{Groups, Place};

use crate::harness::{Bench, Op, Ran, check};

struct Rope {
    rows: usize,
    heads: usize,
    width: usize,
    /// Distance of the heads: more than the width where a part of each is rotated.
    step: usize,
    stride: usize,
    offset: usize,
}

impl Op for Rope {
    fn name(&self) -> String {
        format!("rope of {}x{}x{} every {}", self.rows, self.heads, self.width, self.step)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.rows * self.stride]
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let positions: Vec<u32> = (0..self.rows as u32).map(|n| n * 7 % 50).collect();
        let frequencies: Vec<f64> = (0..self.width / 2).map(|i| f64::from(0.5f32.powi(i as i32))).collect();
        let mut angles = d.output(self.rows * self.width);
        let whole = Groups::whole(self.rows, self.width);
        d.rope_angles(&mut angles, &d.ids(&positions), &d.input(&frequencies), 1.25, whole);
        let place = Place { offset: self.offset, stride: self.stride };
        let shape = Groups { rows: self.rows, groups: self.heads, width: self.width, step: self.step, place };
        let mut x = d.input(&inputs[0]);
        d.rope(&mut x, &angles, shape, false);
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut dx = d.input(c);
            d.rope(&mut dx, &angles, shape, true);
            vec![d.take(&dx)]
        });
        let mut output = d.take(&x);
        if cotangent.is_some() {
            output.extend(d.take(&angles));
        }
        Ran { output, gradients }
    }
}

#[test]
fn rotations() {
    for (rows, heads, width, step, offset, stride) in [
        (1, 1, 2, 2, 0, 2),
        (5, 3, 6, 6, 2, 21),
        (130, 4, 64, 64, 256, 1024),
        (5, 3, 4, 10, 1, 33),
        (70, 4, 32, 128, 0, 512),
    ] {
        check(&Rope { rows, heads, width, step, stride, offset });
    }
}
