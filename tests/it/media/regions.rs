//! A part of a TIFF in tiles or strips: the pixels of the whole, from the tiles that hold it alone.

use super::decode_bytes;
use lakelens::domain::geometry::BoxN;
use lakelens::media::{ByteSource, DecodeRequest, Limits, MemorySource, Picture, decode};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

const SIZE: (u32, u32) = (333, 250);

/// How pixels are stored.
#[derive(Clone, Copy, Debug, Default)]
struct Kind {
    samples: u16,
    bits: u16,
    /// 1 grey, 2 RGB, 3 palette.
    photometric: u16,
    planar: bool,
    alpha: bool,
    turned: bool,
    float: bool,
}

const GREY: Kind =
    Kind { samples: 1, bits: 8, photometric: 1, planar: false, alpha: false, turned: false, float: false };
const RGB: Kind = Kind { samples: 3, photometric: 2, ..GREY };

/// Pixels across and down of a tile, or rows of a strip.
#[derive(Clone, Copy, Debug)]
enum Cut {
    Tiles(u32, u32),
    Strips(u32),
}

fn value(x: u32, y: u32, band: u16, bits: u16) -> u64 {
    let hash = x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b) ^ u32::from(band).wrapping_mul(0xc2b2_ae35);
    // Smooth enough that a resize says something, and different everywhere.
    let smooth = u64::from((x * 2 + y * (1 + u32::from(band))) % 256) * 200 + u64::from(hash >> 24) * 40;
    (smooth % 65_536) >> (16 - bits)
}

/// One tile, strip or plane of it. Pixels beyond the picture are there too.
fn chunk(kind: Kind, (left, top): (u32, u32), (wide, high): (u32, u32), plane: Option<u16>) -> Vec<u8> {
    let bands = plane.map_or(0..kind.samples, |p| p..p + 1);
    let mut out = Vec::new();
    for y in top..top + high {
        let (mut held, mut bits) = (0_u64, 0);
        for x in left..left + wide {
            for band in bands.clone() {
                let value = value(x, y, band, kind.bits.min(16));
                match (kind.float, kind.bits) {
                    (true, _) => out.extend((value as f32).to_le_bytes()),
                    (_, 16) => out.extend((value as u16).to_le_bytes()),
                    _ => {
                        (held, bits) = (held << kind.bits | value, bits + kind.bits);
                        if bits == 8 {
                            out.push(held as u8);
                            (held, bits) = (0, 0);
                        }
                    }
                }
            }
        }
        if bits > 0 {
            out.push((held << (8 - bits)) as u8);
        }
    }
    out
}

/// An uncompressed TIFF, and where its tiles or strips lie (in one plane after the other).
fn tiff(kind: Kind, cut: Cut) -> (Vec<u8>, Vec<(usize, usize)>) {
    let (wide, high, tiled) = match cut {
        Cut::Tiles(wide, high) => (wide, high, true),
        Cut::Strips(rows) => (SIZE.0, rows, false),
    };
    let planes: Vec<Option<u16>> = if kind.planar { (0..kind.samples).map(Some).collect() } else { vec![None] };
    let mut data = vec![0; 8];
    let mut places = Vec::new();
    for plane in planes {
        for top in (0..SIZE.1).step_by(high as usize) {
            for left in (0..SIZE.0).step_by(wide as usize) {
                let rows = if tiled { high } else { high.min(SIZE.1 - top) };
                let chunk = chunk(kind, (left, top), (wide, rows), plane);
                places.push((data.len(), chunk.len()));
                data.extend(chunk);
            }
        }
    }
    let longs =
        |all: Vec<u32>| (4_u16, all.len() as u32, all.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
    let shorts =
        |all: Vec<u16>| (3_u16, all.len() as u32, all.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
    let offsets = longs(places.iter().map(|p| p.0 as u32).collect());
    let lengths = longs(places.iter().map(|p| p.1 as u32).collect());
    let mut tags = vec![
        (256, longs(vec![SIZE.0])),
        (257, longs(vec![SIZE.1])),
        (258, shorts(vec![kind.bits; kind.samples.into()])),
        (259, shorts(vec![1])),
        (262, shorts(vec![kind.photometric])),
        (274, shorts(vec![if kind.turned { 6 } else { 1 }])),
        (277, shorts(vec![kind.samples])),
        (284, shorts(vec![if kind.planar { 2 } else { 1 }])),
        (339, shorts(vec![if kind.float { 3 } else { 1 }; kind.samples.into()])),
    ];
    match tiled {
        true => tags.extend([(322, longs(vec![wide])), (323, longs(vec![high])), (324, offsets), (325, lengths)]),
        false => tags.extend([(273, offsets), (278, longs(vec![high])), (279, lengths)]),
    }
    if kind.photometric == 3 {
        tags.push((320, shorts((0..3 << kind.bits).map(|v: u32| (v * 7919) as u16).collect())));
    }
    if kind.alpha {
        tags.push((338, shorts(vec![2])));
    }
    tags.sort_by_key(|(tag, _)| *tag);
    let directory = data.len() as u32;
    data[..8].copy_from_slice(&[&b"II*\0"[..], &directory.to_le_bytes()].concat());
    let mut behind = Vec::new();
    let end = directory + 2 + 12 * tags.len() as u32 + 4;
    data.extend((tags.len() as u16).to_le_bytes());
    for (tag, (kind, count, bytes)) in tags {
        data.extend([&(tag as u16).to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes()].concat());
        match bytes.len() {
            0..=4 => data.extend([bytes, vec![0; 4]].concat().iter().take(4)),
            _ => {
                data.extend((end + behind.len() as u32).to_le_bytes());
                behind.extend(bytes);
            }
        }
    }
    data.extend([0; 4]);
    data.extend(behind);
    (data, places)
}

fn part([x, y, w, h]: [u32; 4], (width, height): (u32, u32)) -> BoxN {
    let share = |v: u32, of: u32| f64::from(v) / f64::from(of);
    BoxN { x: share(x, width), y: share(y, height), w: share(w, width), h: share(h, height) }
}

fn apart(a: &Picture, b: &Picture) -> u8 {
    assert_eq!((a.width, a.height, a.full, &a.info.colour), (b.width, b.height, b.full, &b.info.colour));
    a.rgb.iter().zip(&b.rgb).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn a_part_has_the_pixels_of_the_whole() {
    let kinds = [
        GREY,
        RGB,
        Kind { turned: true, ..RGB },
        Kind { planar: true, ..RGB },
        Kind { samples: 4, alpha: true, ..RGB },
        Kind { bits: 16, ..RGB },
        Kind { bits: 16, ..GREY },
        Kind { bits: 16, planar: true, ..RGB },
        Kind { bits: 1, ..GREY },
        Kind { bits: 4, ..GREY },
        Kind { photometric: 3, ..GREY },
        Kind { bits: 4, photometric: 3, ..GREY },
        // Stretched by the range of all of it, wherever one looks.
        Kind { bits: 32, float: true, ..GREY },
    ];
    let windows = [[0, 0, 40, 30], [7, 100, 100, 3], [120, 61, 130, 140], [201, 180, 132, 70], [33, 0, 1, 250]];
    for kind in kinds {
        let displayed = if kind.turned { (SIZE.1, SIZE.0) } else { SIZE };
        let (whole, _) = tiff(kind, Cut::Strips(SIZE.1));
        for cut in [Cut::Tiles(64, 48), Cut::Tiles(16, 112), Cut::Strips(9), Cut::Strips(100)] {
            let (file, _) = tiff(kind, cut);
            for window in windows.map(|[x, y, w, h]| if kind.turned { [y, x, h, w] } else { [x, y, w, h] }) {
                let plain = DecodeRequest { window: part(window, displayed), ..DecodeRequest::fit(999, 999) };
                let smaller = DecodeRequest { max_width: 29, max_height: 23, ..plain };
                // Not so large that pixels become blocks: where their edges fall between two is a matter of rounding.
                let larger = DecodeRequest { enlarge: true, max_width: 100, max_height: 100, ..plain };
                for (request, most) in [(plain, 0), (smaller, 1), (larger, 1)] {
                    let seen = decode_bytes(&file, "", &request).unwrap();
                    let wanted = decode_bytes(&whole, "", &request).unwrap();
                    let apart = apart(&seen, &wanted);
                    assert!(apart <= most && seen.info.damaged.is_none(), "{kind:?} {cut:?} {window:?}: {apart}");
                }
            }
        }
    }
}

#[test]
fn tiles_elsewhere_are_not_looked_at() {
    for (cut, near) in [(Cut::Tiles(64, 48), [8, 9, 14, 15].to_vec()), (Cut::Strips(10), (5..15).collect())] {
        for kind in [RGB, Kind { planar: true, ..RGB }] {
            let (good, places) = tiff(kind, cut);
            let plane = places.len() / if kind.planar { 3 } else { 1 };
            // Offsets of the tiles that hold nothing of the part lie behind the end of the file.
            let mut torn = good.clone();
            let list = good.windows(8).position(|w| {
                let first = [(places[0].0 as u32).to_le_bytes(), (places[1].0 as u32).to_le_bytes()].concat();
                w == first
            });
            let list = list.unwrap();
            for index in (0..places.len()).filter(|i| !near.contains(&(i % plane))) {
                torn[list + 4 * index..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
            }
            let window = part([140, 60, 104, 80], SIZE);
            let request = DecodeRequest { window, ..DecodeRequest::fit(999, 999) };
            let (seen, wanted) =
                (decode_bytes(&torn, "", &request).unwrap(), decode_bytes(&good, "", &request).unwrap());
            assert!(apart(&seen, &wanted) == 0 && seen.info.damaged.is_none(), "{cut:?} {kind:?}");
            // What is torn is told where it is seen.
            let window = part([0, 0, 250, 140], SIZE);
            let seen = decode_bytes(&torn, "", &DecodeRequest { window, ..request });
            assert!(seen.is_err() || seen.unwrap().info.damaged.is_some(), "{cut:?} {kind:?}");
        }
    }
}

/// A file that is too long to be read whole, and counts what is read.
struct Long {
    start: MemorySource,
    read: AtomicU64,
}

const LENGTH: u64 = 80 << 20;

impl ByteSource for Long {
    fn len(&self) -> io::Result<u64> {
        Ok(LENGTH)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = (LENGTH.saturating_sub(offset)).min(buf.len() as u64) as usize;
        buf[..count].fill(0);
        self.start.read_at(offset, &mut buf[..count])?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

#[test]
fn a_corner_of_a_large_file_costs_its_tiles() {
    let wide = Kind { bits: 16, samples: 4, alpha: true, ..RGB };
    let (file, places) = tiff(wide, Cut::Tiles(16, 16));
    let all: usize = places.iter().map(|p| p.1).sum();
    let read = |window: [u32; 4]| {
        let source = Long { start: MemorySource::new(file.as_slice()), read: AtomicU64::new(0) };
        let request = DecodeRequest { window: part(window, SIZE), ..DecodeRequest::fit(999, 999) };
        let asked = std::cell::Cell::new(0_usize);
        let picture = decode(&source, "a.tif", &request, &Limits::default(), &|| {
            asked.set(asked.get() + 1);
            false
        });
        assert_eq!(picture.unwrap().width, window[2]);
        (source.read.into_inner() as usize, asked.get())
    };
    let (whole, corner) = (read([0, 0, SIZE.0, SIZE.1]), read([300, 200, 20, 20]));
    assert!(whole.0 >= all, "{whole:?} of {all}");
    assert!(corner.0 * 2 < whole.0 && corner.1 * 10 < whole.1, "{corner:?} of {whole:?}");
}
