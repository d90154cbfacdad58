//! AdamW (Loshchilov and Hutter 2019), in the order of operations of `torch.optim.AdamW`.

use super::Real;
use crate::AdamW;

/// One step over slices of equal length.
pub fn adamw<R: Real>(values: &mut [R], mean: &mut [R], square: &mut [R], grads: &[R], s: &AdamW) {
    let (beta1, beta2) = (s.beta1, s.beta2);
    let correction1 = 1.0 - beta1.powf(s.step as f64);
    let correction2 = (1.0 - beta2.powf(s.step as f64)).sqrt();
    let step_size = R::of(s.learning_rate / correction1);
    for (((value, mean), square), &grad) in values.iter_mut().zip(mean).zip(square).zip(grads) {
        let grad = grad * R::of(s.grad_scale);
        *value -= *value * R::of(s.learning_rate * s.weight_decay);
        *mean = *mean * R::of(beta1) + grad * R::of(1.0 - beta1);
        *square = *square * R::of(beta2) + grad * grad * R::of(1.0 - beta2);
        let denominator = square.sqrt() / R::of(correction2) + R::of(s.eps);
        *value -= step_size * *mean / denominator;
    }
}
