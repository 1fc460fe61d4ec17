//! The inverse DCT at 8, 4, 2 and 1 samples a side: the small ones take the low frequencies alone, which is the picture at
//! reduced size. In floats, which every machine multiplies fast and to the same bits; the eight-point one is that of Arai,
//! Agui and Nakajima (1988), whose first multiplications are part of the quantisation table.

/// Square root of two; of two times the cosine of 22.5 and 67.5 degrees.
const ROOT: f32 = std::f32::consts::SQRT_2;
const LONG: f32 = 1.306_563;
const SHORT: f32 = 0.541_196_1;

/// What each coefficient has to be multiplied with before it goes into [`inverse`], besides its quantisation.
pub(super) fn weight(size: usize, row: usize, column: usize) -> f32 {
    let along = |k: usize| match k {
        1..8 if size == 8 => (k as f64 * std::f64::consts::PI / 16.0).cos() * std::f64::consts::SQRT_2,
        _ => 1.0,
    };
    (along(row) * along(column) / 8.0) as f32
}

/// Turns the `size` x `size` weighted coefficients of a block into samples at `at` of a plane. `C` is one more than their
/// number.
#[inline(always)]
pub(super) fn inverse<const C: usize>(coefficients: &[f32; C], plane: &mut [u8], at: usize, stride: usize) {
    let c = |place: usize| coefficients[place];
    match C {
        2 => put(plane, at, [c(0)]),
        5 => {
            let (a, b, d, e) = (c(0) + c(2), c(0) - c(2), c(1) + c(3), c(1) - c(3));
            put(plane, at, [a + d, a - d]);
            put(plane, at + stride, [b + e, b - e]);
        }
        17 => {
            let mut rows: [[f32; 4]; 4] = std::array::from_fn(|y| std::array::from_fn(|x| c(4 * y + x)));
            quartets(&mut rows);
            let mut rows = turned(&rows);
            quartets(&mut rows);
            for (y, row) in turned(&rows).into_iter().enumerate() {
                put(plane, at + y * stride, row);
            }
        }
        _ => {
            let mut rows: [[f32; 8]; 8] = std::array::from_fn(|y| std::array::from_fn(|x| c(8 * y + x)));
            octets(&mut rows);
            let mut rows = turned(&rows);
            octets(&mut rows);
            for (y, row) in turned(&rows).into_iter().enumerate() {
                put(plane, at + y * stride, row);
            }
        }
    }
}

/// A block whose only coefficient is the first.
#[inline(always)]
pub(super) fn flat<const N: usize>(first: f32, plane: &mut [u8], at: usize, stride: usize) {
    for y in 0..N {
        put(plane, at + y * stride, [first; N]);
    }
}

/// Rounds distances from middle grey to samples.
#[inline(always)]
fn put<const N: usize>(plane: &mut [u8], at: usize, values: [f32; N]) {
    // Added to a number below 2^22, it leaves the rounded number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let Some(out) = plane.get_mut(at..).and_then(|p| p.first_chunk_mut::<N>()) else { return };
    for (sample, value) in out.iter_mut().zip(values) {
        *sample = ((value + 128.0).clamp(0.0, 255.0) + ROUND).to_bits() as u8;
    }
}

#[inline(always)]
fn turned<const N: usize>(rows: &[[f32; N]; N]) -> [[f32; N]; N] {
    std::array::from_fn(|y| std::array::from_fn(|x| rows[x][y]))
}

/// Four points down each of four columns at once.
#[inline(always)]
fn quartets(x: &mut [[f32; 4]; 4]) {
    let [x0, x1, x2, x3] = x;
    for (((x0, x1), x2), x3) in x0.iter_mut().zip(x1).zip(x2).zip(x3) {
        let (even, odd) = (*x0 + *x2, *x0 - *x2);
        let (outer, inner) = (*x1 * LONG + *x3 * SHORT, *x1 * SHORT - *x3 * LONG);
        (*x0, *x1, *x2, *x3) = (even + outer, odd + inner, odd - inner, even - outer);
    }
}

/// Eight points down each of eight columns at once.
#[inline(always)]
fn octets(x: &mut [[f32; 8]; 8]) {
    let [x0, x1, x2, x3, x4, x5, x6, x7] = x;
    let left = x0.iter_mut().zip(x1).zip(x2).zip(x3);
    let right = x4.iter_mut().zip(x5).zip(x6).zip(x7);
    for ((((x0, x1), x2), x3), (((x4, x5), x6), x7)) in left.zip(right) {
        let (sum, gap) = (*x0 + *x4, *x0 - *x4);
        let wide = *x2 + *x6;
        let narrow = (*x2 - *x6) * ROOT - wide;
        let even = [sum + wide, gap + narrow, gap - narrow, sum - wide];

        let (inner_sum, inner_gap) = (*x5 + *x3, *x5 - *x3);
        let (outer_sum, outer_gap) = (*x1 + *x7, *x1 - *x7);
        let turn = (inner_gap + outer_gap) * (2.0 * LONG / ROOT);
        let first = outer_sum + inner_sum;
        let second = turn - inner_gap * (2.0 * LONG) - first;
        let third = (outer_sum - inner_sum) * ROOT - second;
        let fourth = turn - outer_gap * (2.0 * SHORT) - third;
        (*x0, *x7) = (even[0] + first, even[0] - first);
        (*x1, *x6) = (even[1] + second, even[1] - second);
        (*x2, *x5) = (even[2] + third, even[2] - third);
        (*x3, *x4) = (even[3] + fourth, even[3] - fourth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition (T.81, A.3.3), with the frequencies below `size` alone.
    fn defined(size: usize, c: &[i32]) -> Vec<f64> {
        let norm = |u: usize| if u == 0 { 0.5_f64.sqrt() } else { 1.0 };
        let wave = |i: usize, u: usize| {
            ((2 * i + 1) as f64 * u as f64 * std::f64::consts::PI / (2 * size) as f64).cos() * norm(u)
        };
        let sample = |y: usize, x: usize| {
            let mut sum = 0.0;
            for v in 0..size {
                for u in 0..size {
                    sum += f64::from(c[v * size + u]) * wave(y, v) * wave(x, u);
                }
            }
            (sum / 4.0 + 128.0).clamp(0.0, 255.0)
        };
        (0..size * size).map(|i| sample(i / size, i % size)).collect()
    }

    fn check<const C: usize>(size: usize) {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 20) as i32 - 2048
        };
        for round in 0..200 {
            let values: Vec<i32> = (0..size * size).map(|_| next() / (1 + round % 17)).collect();
            let mut c = [0.0; C];
            for (place, (to, from)) in c.iter_mut().zip(&values).enumerate() {
                *to = *from as f32 * weight(size, place / size, place % size);
            }
            let mut plane = vec![0; 64];
            inverse(&c, &mut plane, 0, size);
            for (sample, wanted) in plane.iter().zip(defined(size, &values)) {
                assert!((f64::from(*sample) - wanted).abs() < 0.51, "{size}: {sample} for {wanted}");
            }
        }
        for value in [f32::MAX, f32::MIN, f32::INFINITY, f32::NAN] {
            inverse(&[value; C], &mut [0; 64], 0, size);
            inverse(&[value; C], &mut [0; 3], 1, size);
        }
    }

    #[test]
    fn every_size_is_the_defined_transform_rounded_and_survives_any_number() {
        check::<2>(1);
        check::<5>(2);
        check::<17>(4);
        check::<65>(8);
    }

    #[test]
    fn a_block_of_one_coefficient_is_flat() {
        let mut plane = [9; 24];
        flat::<4>(1016.0 * weight(4, 0, 0), &mut plane, 1, 6);
        assert_eq!(plane[..12], [9, 255, 255, 255, 255, 9, 9, 255, 255, 255, 255, 9]);
    }
}
