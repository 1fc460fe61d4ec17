//! Pictures of 100 megapixels that a person leaves before they are there: how long the loop of the program could hear
//! nothing meanwhile, and how long the decoder went on.

use super::{pool, turns, wanted};
use lakelens::term::graphics::Level;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use termlens::{Key, Terminal};

const SIDE: u16 = 10_000;
/// The bars, in milliseconds: a turn of the loop, and the end of what nobody wants any more.
const BARS: (u32, u32) = (16, 50);
/// Moments of a decode at which it is left.
const MOMENTS: u32 = 12;
const PATIENCE: Duration = Duration::from_secs(120);

/// Prints the table.
pub(crate) fn measure() {
    println!(
        "\n| a picture of 100 megapixels, looked at and left | decoded in ms | longest turn of the loop, ms | bar | left, it goes on for ms | bar |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    let folder = tempfile::tempdir().unwrap();
    let kinds = [
        ("PNG", "large.png", png as fn(&Path)),
        ("16-bit TIFF", "large.tif", tiff),
        ("progressive JPEG", "large.jpg", progressive),
    ];
    for (name, file, write) in kinds {
        let place = folder.path().join(file.replace('.', "_"));
        std::fs::create_dir(&place).unwrap();
        let file = place.join(file);
        write(&file);
        let (whole, longest) = left(&file);
        let turn = in_the_program(&place, whole);
        let (turns, ends) = BARS;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        println!("| {name} | {:.0} | {turn} | {turns} | {:.1} | {ends} |", ms(whole), ms(longest));
        std::fs::remove_file(file).unwrap();
    }
}

/// Rows with a grain, of `samples` 16-bit values a pixel; a few of them again and again.
fn rows(samples: usize) -> Vec<Vec<u16>> {
    let mut state = 1_u32;
    let mut value = |x: usize, y: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((x * 5 + y * 700) % 60_000) as u16 + (state >> 24) as u16 * 4
    };
    (0..16).map(|y| (0..usize::from(SIDE) * samples).map(|x| value(x / samples, y)).collect()).collect()
}

fn bytes(samples: usize) -> Vec<u8> {
    let rows = rows(samples);
    (0..usize::from(SIDE)).flat_map(|y| rows[y / 9 % rows.len()].iter().map(|v| (v >> 8) as u8)).collect()
}

fn png(path: &Path) {
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path).unwrap()), SIDE.into(), SIDE.into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    encoder.write_header().unwrap().write_image_data(&bytes(3)).unwrap();
}

fn tiff(path: &Path) {
    let rows = rows(1);
    let pixels: Vec<u16> = (0..usize::from(SIDE)).flat_map(|y| rows[y / 9 % rows.len()].iter().copied()).collect();
    let file = BufWriter::new(File::create(path).unwrap());
    let encoder = tiff::encoder::TiffEncoder::new(file).unwrap().with_compression(tiff::encoder::Compression::Lzw);
    let side = u32::from(SIDE);
    { encoder }.write_image::<tiff::encoder::colortype::Gray16>(side, side, &pixels).unwrap();
}

fn progressive(path: &Path) {
    let mut encoder = jpeg_encoder::Encoder::new(BufWriter::new(File::create(path).unwrap()), 85);
    encoder.set_progressive(true);
    encoder.encode(&bytes(3), SIDE, SIDE, jpeg_encoder::ColorType::Rgb).unwrap();
}

/// How long a decode takes, and how long at most it goes on after it was left.
fn left(file: &Path) -> (Duration, Duration) {
    let (pool, results) = pool();
    let wanted = wanted(file, Level::Good);
    let begun = Instant::now();
    pool.want(vec![wanted.clone()]);
    let decoded = results.recv_timeout(PATIENCE).unwrap();
    let whole = begun.elapsed();
    assert!(decoded.result.is_ok(), "{:?}", decoded.result);
    pool.acknowledge(&wanted);
    pool.want(Vec::new());
    let mut longest = Duration::ZERO;
    for moment in 1..MOMENTS {
        pool.want(vec![wanted.clone()]);
        std::thread::sleep(whole * moment / MOMENTS);
        pool.want(Vec::new());
        let begun = Instant::now();
        while pool.load().0 > 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
        longest = longest.max(begun.elapsed());
        // One that was faster than the first has told its result.
        results.try_iter().for_each(|decoded| pool.acknowledge(&decoded.wanted));
    }
    (whole, longest)
}

/// The longest turn of the program's loop, as it says itself, while the picture is looked at and left again and again.
fn in_the_program(folder: &Path, whole: Duration) -> String {
    let small = |name: &str| image::RgbImage::from_pixel(40, 30, image::Rgb([9; 3])).save(folder.join(name)).unwrap();
    ["a.png", "z.png"].into_iter().for_each(small);
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.toml"), "").unwrap();
    let builder = Terminal::builder().size(96, 40).cell_size(10, 20).timeout(PATIENCE).env_clear();
    let of_home = |name: &str| PathBuf::from(home.path()).join(name);
    let builder = builder
        .envs([("HOME", home.path()), ("LAKELENS_DATA_DIR", home.path())])
        .env("LAKELENS_CONFIG", of_home("config.toml"))
        .envs([("LANG", "C.UTF-8"), ("PATH", "/usr/bin:/bin"), ("TERM", "xterm-256color")])
        .envs([("COLORTERM", "truecolor"), ("LAKELENS_LOG", "debug")]);
    let mut terminal = builder.current_dir(home.path()).args([folder]).spawn(env!("CARGO_BIN_EXE_lakelens")).unwrap();
    terminal.wait_until(|screen| screen.text().contains("z.png")).unwrap();
    for moment in 0..MOMENTS {
        // Down to it, and on after a while; the way back goes over it too.
        for key in if moment % 2 == 0 { ['j', 'j'] } else { ['k', 'k'] } {
            terminal.send(Key::Char(key)).unwrap();
            std::thread::sleep(whole * moment / MOMENTS);
        }
    }
    terminal.send(Key::Char('Q')).unwrap();
    terminal.wait_exit().unwrap();
    turns::of(home.path()).map_or_else(|| "not told".to_owned(), |(longest, _)| longest)
}
