//! How far two judges agree beyond chance.

/// What a disagreement weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weights {
    /// Every disagreement is one.
    Same,
    /// As the square of its distance: for grades, where 7 and 8 are nearly the same.
    Quadratic,
}

/// Cohen's κ of pairs of categories, each below `categories`: 1 − Σ w·observed / Σ w·expected, where what is expected
/// follows from how often either judge uses each category (Cohen 1960; weighted: Cohen 1968, with the squares of
/// Fleiss and Cohen 1973). 1 is agreement in everything, 0 is what chance gives. None where chance gives no
/// disagreement, because both always say the same one thing, and where there are no pairs.
pub fn cohen(
    pairs: impl Iterator<Item = (usize, usize)>,
    categories: usize,
    weights: Weights,
) -> Option<f64> {
    let (mut first, mut second) = (vec![0.0; categories], vec![0.0; categories]);
    let weight = |a: usize, b: usize| match weights {
        Weights::Same => f64::from(a != b),
        Weights::Quadratic => (a.abs_diff(b) * a.abs_diff(b)) as f64,
    };
    let (mut n, mut observed) = (0.0, 0.0);
    for (a, b) in pairs {
        n += 1.0;
        first[a] += 1.0;
        second[b] += 1.0;
        observed += weight(a, b);
    }
    let mut expected = 0.0;
    for (a, x) in first.iter().enumerate() {
        expected += second.iter().enumerate().map(|(b, y)| weight(a, b) * x * y).sum::<f64>();
    }
    (n > 0.0 && expected > 0.0).then(|| 1.0 - observed / (expected / n))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(counts: &[&[usize]]) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        for (a, row) in counts.iter().enumerate() {
            for (b, n) in row.iter().enumerate() {
                pairs.extend(std::iter::repeat_n((a, b), *n));
            }
        }
        pairs
    }

    #[test]
    fn kappa_is_that_worked_by_hand() {
        // 35 of 50 agree; chance gives 0.5·0.6 + 0.5·0.4 = 0.5.
        let pairs = table(&[&[20, 5], &[10, 15]]);
        assert!((cohen(pairs.iter().copied(), 2, Weights::Same).unwrap() - 0.4).abs() < 1e-12);
        // Three grades: two disagreements of distance 1 and one of distance 2 weigh 6.
        let pairs = table(&[&[3, 1, 0], &[1, 2, 0], &[1, 0, 2]]);
        let quadratic = cohen(pairs.iter().copied(), 3, Weights::Quadratic).unwrap();
        let (rows, columns) = ([4.0, 3.0, 3.0], [5.0, 3.0, 2.0]);
        let mut expected = 0.0;
        for a in 0..3usize {
            for b in 0..3usize {
                expected += (a as f64 - b as f64).powi(2) * rows[a] * columns[b] / 10.0;
            }
        }
        assert!((quadratic - (1.0 - 6.0 / expected)).abs() < 1e-12, "{quadratic}");
    }

    #[test]
    fn its_ends_are_right() {
        let same = [(0, 0), (1, 1), (2, 2)];
        assert_eq!(cohen(same.into_iter(), 3, Weights::Same), Some(1.0));
        assert_eq!(cohen(same.into_iter(), 3, Weights::Quadratic), Some(1.0));
        assert_eq!(cohen([(0, 1), (1, 0)].into_iter(), 2, Weights::Same), Some(-1.0));
        assert_eq!(cohen([(1, 1), (1, 1)].into_iter(), 2, Weights::Same), None);
        assert_eq!(cohen(std::iter::empty(), 2, Weights::Same), None);
    }
}
