//! Rows of a table, and rows moved by index.

use super::buffer::Shared;
use super::linear::each_row;
use super::panel::Source;
use super::pool::Pool;

/// `out[n] = table[ids[n]]`, or `+=`.
pub fn forward(pool: &Pool, out: &mut [f32], table: Source<'_>, ids: &[u32], width: usize, add: bool) {
    let out = Shared::new(out);
    each_row(pool, ids.len(), width, |row| {
        // SAFETY: rows are disjoint.
        let out = unsafe { out.part(row * width, width) };
        let id = ids[row] as usize;
        match table {
            Source::Plain(values, _) => {
                let values = &values[id * width..][..width];
                if add {
                    out.iter_mut().zip(values).for_each(|(o, v)| *o += v)
                } else {
                    out.copy_from_slice(values)
                }
            }
            Source::Narrow(weight) => {
                for i in 0..width {
                    let mut value = [0.0];
                    weight.expand_row(&mut value, id, i..i + 1);
                    out[i] = if add { out[i] + value[0] } else { value[0] };
                }
            }
        }
    });
}

/// `grads[ids[n]] += dout[n]`: threads share out the columns, so that rows are added in order.
pub fn backward(pool: &Pool, grads: &mut [f32], dout: &[f32], ids: &[u32], width: usize) {
    let grads = Shared::new(grads);
    let chunk = 64;
    pool.run(width.div_ceil(chunk), |task, _| {
        let columns = super::chunk(task, chunk, width);
        for (n, &id) in ids.iter().enumerate() {
            // SAFETY: columns are disjoint, and this task's rows come one after the other.
            let to = unsafe { grads.part(id as usize * width + columns.start, columns.len()) };
            for (t, d) in to.iter_mut().zip(&dout[n * width + columns.start..]) {
                *t += d;
            }
        }
    });
}

/// `dst[k] = src[index[k]]`.
pub fn gather(pool: &Pool, dst: &mut [f32], src: &[f32], index: &[u32], width: usize) {
    let dst = Shared::new(dst);
    each_row(pool, index.len(), width, |row| {
        // SAFETY: rows are disjoint.
        let dst = unsafe { dst.part(row * width, width) };
        dst.copy_from_slice(&src[index[row] as usize * width..][..width]);
    });
}

/// `dst[index[k]] = src[k]`; an index occurs once.
pub fn scatter(dst: &mut [f32], src: &[f32], index: &[u32], width: usize) {
    for (row, &to) in index.iter().enumerate() {
        dst[to as usize * width..][..width].copy_from_slice(&src[row * width..][..width]);
    }
}
