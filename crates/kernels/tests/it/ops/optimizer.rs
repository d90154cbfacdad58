use kernels::AdamW;

use crate::harness::{Bench, Op, Ran, check};

struct Step {
    len: usize,
    settings: AdamW,
}

impl Op for Step {
    fn name(&self) -> String {
        format!("adamw of {}", self.len)
    }
    fn inputs(&self) -> Vec<usize> {
        vec![self.len; 4]
    }
    fn differentiable(&self) -> bool {
        false
    }
    fn shape_input(&self, index: usize, values: &mut [f64]) {
        if index == 2 {
            values.iter_mut().for_each(|v| *v = v.abs());
        }
    }
    fn run<D: Bench>(&self, d: &D, inputs: &[Vec<f64>], _: Option<&[f64]>) -> Ran {
        let [mut values, mut mean, mut square, grads] = [0, 1, 2, 3].map(|i| d.input(&inputs[i]));
        let range = self.len / 3..self.len;
        d.adamw(&mut values, &mut mean, &mut square, &grads, range.clone(), &self.settings);
        let mut output = [d.take(&values), d.take(&mean), d.take(&square)].concat();
        for (k, input) in inputs[..3].iter().enumerate() {
            assert!(
                output[k * self.len..][..range.start] == input[..range.start],
                "numbers before the range stay"
            );
        }
        output.push(d.sum_of_squares(&grads, range.clone()));
        output.push(d.sum(&grads, range));
        Ran { output, gradients: Vec::new() }
    }
}

#[test]
fn steps() {
    let settings = AdamW {
        learning_rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weight_decay: 0.1,
        step: 3,
        grad_scale: 0.5,
    };
    for len in [1, 100, 50_001] {
        check(&Step { len, settings });
    }
}

/// Three steps by hand, with the numbers that `torch.optim.AdamW` documents: value − lr·wd·value − lr·m̂/(√v̂ + ε).
#[test]
fn three_steps_by_hand() {
    use kernels::{Device, Reference};
    let device = Reference::<f64>::new();
    let (mut value, mut mean, mut square) = (vec![1.0], vec![0.0], vec![0.0]);
    let mut expected = 1.0;
    let (mut m, mut v) = (0.0, 0.0);
    for step in 1..=3 {
        let grad = 0.3 * step as f64 - 0.5;
        let settings = AdamW {
            learning_rate: 0.1,
            beta1: 0.8,
            beta2: 0.95,
            eps: 1e-6,
            weight_decay: 0.02,
            step,
            grad_scale: 2.0,
        };
        device.adamw(&mut value, &mut mean, &mut square, &vec![grad / 2.0], 0..1, &settings);
        m = 0.8 * m + 0.2 * grad;
        v = 0.95 * v + 0.05 * grad * grad;
        let power = |beta: f64| 1.0 - beta.powi(step as i32);
        expected -= 0.1 * 0.02 * expected;
        expected -= 0.1 * (m / power(0.8)) / ((v / power(0.95)).sqrt() + 1e-6);
        assert!((value[0] - expected).abs() < 1e-12, "step {step}: {} {expected}", value[0]);
    }
}
