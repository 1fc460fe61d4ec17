//! What the encoders write can be read back by decoders that others wrote, and is the same picture.

use lakelens::term::caps::{BlockKind, Depth};
use lakelens::term::graphics::kitty::{self, Payload};
use lakelens::term::graphics::{Level, Pixels, blocks, fit, iterm, sixel};
use proptest::prelude::*;

/// A picture of `colours` colours at most.
fn picture() -> impl Strategy<Value = (u32, u32, Vec<u8>)> {
    (1_u32..60, 1_u32..40, 1_usize..400, any::<u64>()).prop_map(|(width, height, colours, seed)| {
        let mut state = seed | 1;
        let mut next = move || {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let palette: Vec<[u8; 3]> = (0..colours).map(|_| [next() as u8, next() as u8, next() as u8]).collect();
        let count = (width * height) as usize;
        (width, height, (0..count).flat_map(|_| palette[next() as usize % colours]).collect())
    })
}

proptest! {
    #[test]
    fn kitty_pictures_survive_padded_and_chunked((width, height, rgb) in picture(), cell in (1_u16..12, 1_u16..20)) {
        let pixels = Pixels::new(&rgb, width, height).unwrap();
        let fit = fit((80, 60), cell, (width, height));
        let (Payload::Png(data), true) = kitty::png_payload(pixels, &fit, Level::Exact).unwrap() else { panic!("not PNG") };
        let image = image::load_from_memory(&data).unwrap().to_rgba8();
        prop_assert_eq!(image.dimensions(), fit.canvas);
        let inside: Vec<u8> = image.pixels().filter(|p| p.0[3] == 255).flat_map(|p| [p.0[0], p.0[1], p.0[2]]).collect();
        prop_assert_eq!(&inside, &rgb);
        prop_assert!(image.pixels().all(|p| p.0[3] == 255 || p.0[3] == 0));
        let chunks = kitty::transmit_png(7, &data, false, true);
        prop_assert!(chunks.iter().all(|c| c.len() < 4200));
        let sent: String = chunks.iter().map(|c| {
            let text = std::str::from_utf8(c).unwrap();
            text.strip_suffix("\x1b\\").unwrap().split_once(';').unwrap().1.to_owned()
        }).collect();
        prop_assert_eq!(base64_simd::STANDARD.decode_to_vec(sent).unwrap(), data);
    }

    #[test]
    fn sixel_keeps_every_pixel_of_few_colours((width, height, rgb) in picture()) {
        let pixels = Pixels::new(&rgb, width, height).unwrap();
        let fit = fit((80, 40), (7, 13), (width, height));
        let encoded = sixel::encode(pixels, &fit, Level::Exact, (2000, None));
        let body = encoded.strips[0].strip_prefix(b"\x1b").unwrap().strip_suffix(b"\x1b\\").unwrap();
        let (decoded_width, decoded) = crate::present::decode_sixel(body);
        prop_assert_eq!((decoded_width, decoded.len()), (width as usize, rgb.len() / 3));
        prop_assert!(decoded.iter().all(|p| p[3] == 255), "every pixel is set");
        // A hundred steps a channel: at most two of 256 away.
        let worst = decoded.iter().zip(rgb.chunks_exact(3))
            .flat_map(|(a, b)| (0..3).map(move |i| a[i].abs_diff(b[i]))).max().unwrap();
        prop_assert!(!encoded.exact || worst <= 2, "{} away", worst);
    }

    #[test]
    fn sixel_on_a_known_ground_fills_its_cells((width, height, rgb) in picture(), ground in any::<[u8; 3]>()) {
        let pixels = Pixels::new(&rgb, width, height).unwrap();
        let fit = fit((80, 40), (7, 13), (width, height));
        let encoded = sixel::encode(pixels, &fit, Level::Exact, (2000, Some(ground)));
        let body = encoded.strips[0].strip_prefix(b"\x1b").unwrap().strip_suffix(b"\x1b\\").unwrap();
        let (across, decoded) = crate::present::decode_sixel(body);
        prop_assert!(encoded.whole && encoded.strips.len() == 1);
        prop_assert_eq!((across, decoded.len()), (fit.canvas.0 as usize, (fit.canvas.0 * fit.canvas.1) as usize));
        let (left, top) = (fit.offset.0 as usize, fit.offset.1 as usize);
        for (i, pixel) in decoded.iter().enumerate() {
            let (x, y) = ((i % across).wrapping_sub(left), (i / across).wrapping_sub(top));
            let inside = x < width as usize && y < height as usize;
            let at = (y.wrapping_mul(width as usize).wrapping_add(x)).wrapping_mul(3);
            let want = if inside { &rgb[at..at + 3] } else { &ground[..] };
            let worst = (0..3).map(|i| pixel[i].abs_diff(want[i])).max().unwrap();
            prop_assert!(pixel[3] == 255 && (worst <= 2 || inside && !encoded.exact), "{} away", worst);
        }
    }

    #[test]
    fn blocks_never_leave_the_range_of_the_picture((width, height, rgb) in picture(), columns in 1_u16..30, rows in 1_u16..20) {
        let pixels = Pixels::new(&rgb, width, height).unwrap();
        let mut fit = fit((columns, rows), (4, 8), (width, height));
        (fit.columns, fit.rows) = (columns, rows);
        for kind in [BlockKind::Half, BlockKind::Quadrant, BlockKind::Sextant, BlockKind::Octant] {
            for depth in [Depth::True, Depth::Ansi256, Depth::Ansi16, Depth::Mono] {
                let grid = blocks::encode(pixels, &fit, kind, depth, Level::Exact);
                prop_assert_eq!(grid.cells.len(), usize::from(columns) * usize::from(rows));
            }
        }
    }
}

fn photo(width: u32, height: u32) -> Vec<u8> {
    let wave = |x: u32, y: u32, f: f32| (127.0 + 120.0 * ((x as f32 * f).sin() * (y as f32 * f * 0.7).cos())) as u8;
    (0..height)
        .flat_map(|y| (0..width).flat_map(move |x| [wave(x, y, 0.02), wave(x, y, 0.05), wave(y, x, 0.03)]))
        .collect()
}

/// Peak signal to noise ratio in dB.
fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2)).sum();
    10.0 * (255.0_f64.powi(2) / (sum / a.len() as f64)).log10()
}

#[test]
fn inline_images_are_close_and_small() {
    let rgb = photo(400, 300);
    let fits = |size| fit((40, 15), (10, 20), size);
    let file = iterm::encode(Pixels::new(&rgb, 400, 300).unwrap(), &fits((400, 300)), Level::Good, 20).unwrap();
    let back = image::load_from_memory(&file.files[0]).unwrap().to_rgb8();
    assert!(!file.exact && psnr(&rgb, back.as_raw()) > 28.0);
    assert!(file.bytes() * 5 < rgb.len());
    let flat = vec![200; 3 * 64 * 64];
    let file = iterm::encode(Pixels::new(&flat, 64, 64).unwrap(), &fits((64, 64)), Level::Good, 20).unwrap();
    assert!(file.exact && image::load_from_memory(&file.files[0]).unwrap().to_rgb8().as_raw() == &flat);
}

#[test]
fn exact_inline_images_come_in_strips_that_are_the_picture_together() {
    for (size, cell_height) in [((400, 300), 20), ((395, 291), 20), ((400, 289), 7)] {
        let rgb = photo(size.0, size.1);
        let fit = fit((40, 300 / cell_height + 1), (10, cell_height), size);
        let file = iterm::encode(Pixels::new(&rgb, size.0, size.1).unwrap(), &fit, Level::Exact, cell_height).unwrap();
        let mut canvas = Vec::new();
        for strip in &file.files {
            canvas.extend_from_slice(image::load_from_memory(strip).unwrap().to_rgba8().as_raw());
        }
        let canvas = image::RgbaImage::from_raw(fit.canvas.0, fit.canvas.1, canvas).expect("a strip is missing");
        let picture = image::imageops::crop_imm(&canvas, fit.offset.0, fit.offset.1, size.0, size.1).to_image();
        assert!(file.exact && image::DynamicImage::from(picture).to_rgb8().into_raw() == rgb, "{size:?}");
        for in_tmux in [false, true] {
            let sequences = iterm::show(&file, (3, 4), (fit.columns, fit.rows), in_tmux);
            assert!(sequences.len() > 4 && sequences.iter().all(|s| s.len() < 100_000));
            assert!(sequences.iter().all(|s| s.starts_with(b"\x1bPtmux;") == in_tmux));
            let heights = sequences.iter().map(|s| {
                let text = String::from_utf8_lossy(&s[..160]);
                let (_, rest) = text.split_once("height=").expect("no height");
                rest.split(';').next().and_then(|n| n.parse::<u16>().ok()).expect("no number")
            });
            assert_eq!(heights.sum::<u16>(), fit.rows, "the strips cover the cells");
        }
    }
}

#[test]
fn sixel_is_close_with_256_colours_and_fits_through_tmux() {
    let rgb = photo(800, 600);
    let pixels = Pixels::new(&rgb, 800, 600).unwrap();
    let fit = fit((80, 40), (10, 20), (800, 600));
    let encoded = sixel::encode(pixels, &fit, Level::Exact, (2000, None));
    let body = &encoded.strips[0][1..encoded.strips[0].len() - 2];
    let (_, decoded) = crate::present::decode_sixel(body);
    let back: Vec<u8> = decoded.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
    assert!(psnr(&rgb, &back) > 26.0, "{} dB", psnr(&rgb, &back));
    let noise: Vec<u8> = (0..800 * 600 * 3_u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
    let strips = sixel::encode(Pixels::new(&noise, 800, 600).unwrap(), &fit, Level::Exact, (20, None));
    let wrapped = sixel::show(&strips, (0, 0), true);
    assert!(wrapped.len() > 5 && wrapped.iter().all(|w| w.len() < 1 << 20));
}
