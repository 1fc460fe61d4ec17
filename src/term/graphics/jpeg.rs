//! A photo as a JPEG of as few bytes as the similarity it needs allows.
//!
//! How alike the result will be is known before anything is encoded: what JPEG loses of the brightness is the rounding
//! of its cosine coefficients, and mean, variance and covariance of a block, which structural similarity is made of,
//! are the same sums over coefficients as over pixels (Parseval). A ninth of the blocks is enough to choose by.

use super::{GraphicsError, Pixels};
use jpeg_encoder::{ColorType, Encoder, QuantizationTableType, SamplingFactor};

/// Steps of the coefficients of brightness: the geometric mean of ITU-T T.81 annex K (0.7) and 1.6 times those of
/// Ahumada, Watson and Peterson (1992) (0.3). At the same similarity it takes 2 % less than either.
const LUMA: [u8; 64] = [
    18, 13, 12, 17, 24, 37, 47, 58, 13, 14, 15, 18, 24, 45, 49, 49, 15, 14, 18, 24, 35, 46, 56, 52, 15, 17, 22, 29, 45,
    68, 67, 59, 20, 21, 33, 48, 59, 86, 87, 74, 26, 31, 45, 55, 70, 89, 99, 90, 46, 51, 61, 71, 87, 104, 109, 102, 65,
    71, 75, 81, 96, 95, 103, 106,
];
/// Steps of the coefficients of hue (ITU-T T.81 annex K), rows of the first corner; all others are the largest.
const CHROMA: [[u8; 4]; 4] = [[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]];
const CHROMA_LARGEST: u8 = 99;
/// What the steps of hue are multiplied with at most: similarity says nothing about it.
const CHROMA_COARSEST: f32 = 1.4;
/// The same for the mean brightness of a block.
const MEAN_COARSEST: f32 = 1.6;
/// What the steps are multiplied with at most and at least when a similarity is wanted: beyond, blocks are seen that the
/// measure does not tell of, or bytes go into what nobody sees.
const SCALES: (f32, f32) = (0.4, 2.8);

/// How much is given up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Loss {
    /// The steps of annex K (quality 50) times this.
    Scale(f32),
    /// Down to this structural similarity of the brightness.
    Similarity(f32),
}

/// Encodes with hue at half the resolution, progressively (in two scans a colour, more cost more), with the codes that
/// are the best for this picture.
///
/// # Errors
/// The encoder failed.
pub(super) fn encode(pixels: Pixels<'_>, loss: Loss) -> Result<Vec<u8>, GraphicsError> {
    let (scale, of_hue) = match loss {
        Loss::Scale(scale) => (scale, scale),
        Loss::Similarity(similarity) => {
            let scale = scale_for(pixels, similarity);
            (scale, scale.min(CHROMA_COARSEST))
        }
    };
    let failed = |reason: String| GraphicsError::Encode { format: "JPEG", reason };
    let side = |n: u32| u16::try_from(n).map_err(|_| failed(format!("{n} pixels are too many for a side")));
    let (width, height) = (side(pixels.width())?, side(pixels.height())?);
    let chroma = std::array::from_fn(|i| {
        let corner = CHROMA.get(i / 8).and_then(|row| row.get(i % 8));
        step(*corner.unwrap_or(&CHROMA_LARGEST), of_hue)
    });
    let mut data = Vec::new();
    let mut encoder = Encoder::new(&mut data, 50);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive_scans(2);
    encoder.set_optimized_huffman_tables(true);
    encoder.set_quantization_tables(custom(luma_steps(scale)), custom(chroma));
    encoder.encode(pixels.rgb(), width, height, ColorType::Rgb).map_err(|e| failed(e.to_string()))?;
    Ok(data)
}

fn custom(steps: [u16; 64]) -> QuantizationTableType {
    QuantizationTableType::Custom(Box::new(steps))
}

/// The steps of brightness; that of the mean of a block is never so coarse that flat areas show blocks.
fn luma_steps(scale: f32) -> [u16; 64] {
    std::array::from_fn(|i| step(LUMA[i], if i == 0 { scale.min(MEAN_COARSEST) } else { scale }))
}

fn step(of: u8, scale: f32) -> u16 {
    (f32::from(of) * scale).round().clamp(1.0, 255.0) as u16
}

/// The largest scale of steps, to about 2 %, that keeps this similarity.
fn scale_for(pixels: Pixels<'_>, similarity: f32) -> f32 {
    let blocks = sample(pixels);
    let (mut low, mut high) = SCALES;
    while high > low * 1.02 {
        let middle = (low * high).sqrt();
        if similarity_at(&blocks, middle) >= similarity { low = middle } else { high = middle }
    }
    low
}

/// Cosine coefficients of the brightness of a block of 8 x 8.
type Block = [f32; 64];

/// Every third block of every third row of blocks, each row beginning one block later.
fn sample(pixels: Pixels<'_>) -> Vec<Block> {
    let basis = basis();
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let rows: Vec<&[u8]> = pixels.rows().collect();
    let mut out = Vec::new();
    for (number, top) in (0..height.div_ceil(8)).step_by(3).enumerate() {
        for left in (number % 3..width.div_ceil(8)).step_by(3) {
            // Beyond the edges the last pixel goes on, as in the encoder.
            let luma = std::array::from_fn(|i| {
                let row = rows.get((top * 8 + i / 8).min(height - 1)).copied().unwrap_or_default();
                let at = (left * 8 + i % 8).min(width - 1) * 3;
                match row.get(at..at + 3) {
                    Some([r, g, b]) => 0.299 * f32::from(*r) + 0.587 * f32::from(*g) + 0.114 * f32::from(*b) - 128.0,
                    _ => 0.0,
                }
            });
            out.push(transform(&transform(&luma, &basis), &basis));
        }
    }
    out
}

/// Row `i`: the orthonormal cosine of frequency `i`.
fn basis() -> Block {
    std::array::from_fn(|i| {
        let (frequency, at) = ((i / 8) as f32, (i % 8) as f32);
        let size = if i < 8 { (0.125_f32).sqrt() } else { 0.5 };
        size * ((2.0 * at + 1.0) * frequency * std::f32::consts::PI / 16.0).cos()
    })
}

/// Transforms each row and turns rows into columns: applied twice, both directions are done.
fn transform(block: &Block, basis: &Block) -> Block {
    let mut out = [0.0; 64];
    for (y, row) in block.chunks_exact(8).enumerate() {
        for (frequency, cosine) in basis.chunks_exact(8).enumerate() {
            out[frequency * 8 + y] = row.iter().zip(cosine).map(|(a, b)| a * b).sum();
        }
    }
    out
}

/// Mean structural similarity (Wang et al. 2004) of the blocks to what is left of them with steps of this scale.
fn similarity_at(blocks: &[Block], scale: f32) -> f32 {
    let steps = luma_steps(scale).map(f32::from);
    let inverse = steps.map(|s| 1.0 / s);
    let (c1, c2) = (6.5025, 58.5225);
    let one = |block: &Block| {
        let mut sums = [0.0_f32; 3];
        let mut means = [0.0_f32; 2];
        for (i, ((x, step), inverse)) in block.iter().zip(&steps).zip(&inverse).enumerate() {
            let y = (x * inverse).round() * step;
            if i == 0 {
                means = [x / 8.0 + 128.0, y / 8.0 + 128.0];
                continue;
            }
            sums = [sums[0] + x * x, sums[1] + y * y, sums[2] + x * y];
        }
        let [a, b] = means;
        let [own, left, shared] = sums.map(|s| s / 64.0);
        (2.0 * a * b + c1) / (a * a + b * b + c1) * (2.0 * shared + c2) / (own + left + c2)
    };
    blocks.iter().map(one).sum::<f32>() / blocks.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(width: u32, height: u32) -> Vec<u8> {
        let value = |x: u32, y: u32, i: u32| {
            let wave = ((x as f32 * 0.3 + i as f32).sin() * (y as f32 * 0.2).cos()) * 60.0 + 127.0;
            wave as u8 ^ (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)).to_be_bytes()[0] & 15
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..3).map(move |i| value(x, y, i)))).collect()
    }

    #[test]
    fn finer_steps_cost_more_and_what_was_foretold_is_what_a_decoder_sees() {
        let rgb = waves(160, 120);
        let pixels = Pixels::new(&rgb, 160, 120).unwrap();
        let mut before = 0;
        for scale in [2.5, 1.0, 0.5] {
            let data = encode(pixels, Loss::Scale(scale)).unwrap();
            let foretold = similarity_at(&sample(pixels), scale);
            let back = image::load_from_memory(&data).unwrap().to_rgb8().into_raw();
            // The coefficients of both, without any rounding.
            let seen: Vec<f32> = sample(pixels)
                .iter()
                .zip(&sample(Pixels::new(&back, 160, 120).unwrap()))
                .map(|(a, b)| block_similarity(a, b))
                .collect();
            let seen = seen.iter().sum::<f32>() / seen.len() as f32;
            assert!((seen - foretold).abs() < 0.02, "{seen} for {foretold}");
            assert!(data.len() > before);
            before = data.len();
        }
    }

    fn block_similarity(a: &Block, b: &Block) -> f32 {
        let inner = |a: &Block, b: &Block| a.iter().zip(b).skip(1).map(|(a, b)| a * b).sum::<f32>() / 64.0;
        let (m, n) = (a[0] / 8.0 + 128.0, b[0] / 8.0 + 128.0);
        (2.0 * m * n + 6.5) / (m * m + n * n + 6.5) * (2.0 * inner(a, b) + 58.5) / (inner(a, a) + inner(b, b) + 58.5)
    }

    #[test]
    fn any_size_can_be_encoded() {
        for (width, height) in [(1, 1), (1, 50), (50, 1), (9, 17)] {
            let rgb = waves(width, height);
            let pixels = Pixels::new(&rgb, width, height).unwrap();
            let data = encode(pixels, Loss::Similarity(0.93)).unwrap();
            let back = image::load_from_memory(&data).unwrap();
            assert_eq!((back.width(), back.height()), (width, height));
        }
    }
}
