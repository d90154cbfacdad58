use kernels::Activation;

use crate::harness::{Bench, Op, Ran, check};

struct Activate {
    len: usize,
    kind: Activation,
}

impl Op for Activate {
    fn name(&self) -> String {
        format!("{:?} of {}", self.kind, self.len)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.len]
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let x = d.input(&inputs[0]);
        let mut out = d.output(self.len);
        d.activate(&mut out, &x, self.len, self.kind);
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut dx = d.output(self.len);
            d.activate_backward(&mut dx, &d.input(c), &x, self.len, self.kind);
            vec![d.take(&dx)]
        });
        Ran { output: d.take(&out), gradients }
    }
    fn shape_input(&self, _: usize, values: &mut [f64]) {
        // Far out the function is a line, and must not become NaN on the way.
        for (value, far) in values.iter_mut().zip([-90.0, 90.0, -12.0, 12.0, 0.0]) {
            *value = far;
        }
    }
}

struct Gated {
    rows: usize,
    width: usize,
    kind: Activation,
}

impl Op for Gated {
    fn name(&self) -> String {
        format!("gated {:?} of {} by {}", self.kind, self.rows, self.width)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![2 * self.rows * self.width]
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran {
        let x = d.input(&inputs[0]);
        let mut out = d.output(self.rows * self.width);
        d.gated(&mut out, &x, self.rows, self.width, self.kind);
        let gradients = cotangent.map_or(Vec::new(), |c| {
            let mut dx = d.output(2 * self.rows * self.width);
            d.gated_backward(&mut dx, &d.input(c), &x, self.rows, self.width, self.kind);
            vec![d.take(&dx)]
        });
        Ran { output: d.take(&out), gradients }
    }
}

#[test]
fn activations() {
    for kind in [Activation::GeluTanh, Activation::GeluErf, Activation::Silu] {
        for len in [1, 17, 8_192, 20_001] {
            check(&Activate { len, kind });
        }
        for (rows, width) in [(1, 1), (3, 33), (50, 700)] {
            check(&Gated { rows, width, kind });
        }
    }
}
