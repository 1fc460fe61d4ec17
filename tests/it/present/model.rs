//! A terminal that understands just enough to check what we write: cells, the Kitty protocol, sixel, iTerm2 images.
//! It fails the test on whatever a real one would punish: an id sent again while it is alive, `CSI 2 J`, chunks that are
//! too large, sequences that tmux would drop, deletes that abort an upload.

use std::collections::{BTreeMap, BTreeSet};

pub(crate) type Rgba = [u8; 4];

#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) foreground: Option<(u8, u8, u8)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<Rgba>,
    pub(crate) virtual_cells: Option<(u16, u16)>,
    /// Of two at the same depth, the one that was sent later is above.
    order: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Placed {
    pub(crate) column: u16,
    pub(crate) row: u16,
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) part: Option<[usize; 4]>,
    pub(crate) z: i32,
    /// The picture of its anchor, and how many columns and rows beside it.
    pub(crate) parent: Option<(u32, i16, i16)>,
    /// In its own size.
    pub(crate) spot: bool,
}

#[derive(Default)]
struct Loading {
    id: u32,
    format: u32,
    size: (usize, usize),
    data: String,
}

pub(crate) struct Model {
    pub(crate) columns: u16,
    pub(crate) cell: (usize, usize),
    pub(crate) tmux: bool,
    pub(crate) cells: Vec<Cell>,
    /// Pixels drawn by sixel or iTerm2; a character written on a cell erases its part.
    pub(crate) canvas: Vec<Option<Rgba>>,
    pub(crate) images: BTreeMap<u32, Image>,
    pub(crate) placed: BTreeMap<(u32, u32), Placed>,
    pub(crate) aborted: usize,
    /// It may have forgotten pictures, and says so.
    pub(crate) forgetful: bool,
    pub(crate) answers: Vec<(u32, String)>,
    /// Transmissions that were closed too early.
    pub(crate) broken: usize,
    pub(crate) peak: usize,
    /// Cells full of a drawn picture that a character erased, since somebody cleared this.
    pub(crate) erased: BTreeSet<(usize, usize)>,
    /// Of those, how many another picture then filled: each was blank for a moment.
    pub(crate) blinks: usize,
    loading: Option<Loading>,
    order: usize,
    cursor: (u16, u16),
    saved: (u16, u16),
    foreground: Option<(u8, u8, u8)>,
    inside_wrap: bool,
}

impl Model {
    pub(crate) fn new(columns: u16, rows: u16, cell: (usize, usize), tmux: bool) -> Self {
        let count = usize::from(columns) * usize::from(rows);
        Self {
            columns,
            cell,
            tmux,
            cells: vec![Cell::default(); count],
            canvas: vec![None; count * cell.0 * cell.1],
            images: BTreeMap::new(),
            placed: BTreeMap::new(),
            aborted: 0,
            broken: 0,
            forgetful: false,
            answers: Vec::new(),
            peak: 0,
            erased: BTreeSet::new(),
            blinks: 0,
            loading: None,
            order: 0,
            cursor: (0, 0),
            saved: (0, 0),
            foreground: None,
            inside_wrap: false,
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            rest = match first {
                0x1b => self.escape(rest),
                0x00..=0x1f => &rest[1..],
                _ => self.text(rest),
            };
        }
    }

    /// A character with the marks that follow it.
    fn text<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = bytes.iter().position(|b| *b < 0x20).unwrap_or(bytes.len());
        let text = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut chars = text.char_indices().skip(1);
        let mark = |c: char| unicode_width::UnicodeWidthChar::width(c) == Some(0);
        let stop = chars.find(|(_, c)| !mark(*c)).map_or(end, |(i, _)| i);
        self.put(&text[..stop]);
        &bytes[stop..]
    }

    fn put(&mut self, text: &str) {
        let (x, y) = self.cursor;
        let index = usize::from(y) * usize::from(self.columns) + usize::from(x);
        self.cells[index] = Cell { text: text.to_owned(), foreground: self.foreground };
        let stride = usize::from(self.columns) * self.cell.0;
        let mut full = true;
        for line in 0..self.cell.1 {
            let from = (usize::from(y) * self.cell.1 + line) * stride + usize::from(x) * self.cell.0;
            full &= self.canvas[from..from + self.cell.0].iter().all(Option::is_some);
            self.canvas[from..from + self.cell.0].fill(None);
        }
        if full {
            self.erased.insert((x.into(), y.into()));
        }
        self.cursor.0 += 1;
    }

    fn escape<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        match bytes.get(1) {
            Some(b'[') => self.csi(bytes),
            Some(b'7') => {
                self.saved = self.cursor;
                &bytes[2..]
            }
            Some(b'8') => {
                self.cursor = self.saved;
                &bytes[2..]
            }
            Some(b'_') => {
                let (body, rest) = string(bytes);
                assert!(!self.tmux || self.inside_wrap, "tmux would swallow a graphics command that is not wrapped");
                self.kitty(std::str::from_utf8(&body[1..]).unwrap());
                rest
            }
            Some(b'P') if bytes.starts_with(b"\x1bPtmux;") => self.unwrap(bytes),
            Some(b'P') => {
                let (body, rest) = string(bytes);
                self.sixel(body);
                rest
            }
            Some(b']') => {
                let end = bytes.iter().position(|b| *b == 7).expect("an OSC without an end");
                self.iterm(std::str::from_utf8(&bytes[2..end]).unwrap());
                &bytes[end + 1..]
            }
            other => panic!("unexpected escape {other:?}"),
        }
    }

    fn unwrap<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        assert!(self.tmux, "wrapped without tmux");
        let mut inner = Vec::new();
        let mut at = 7;
        loop {
            match (bytes[at], bytes.get(at + 1)) {
                (0x1b, Some(0x1b)) => {
                    inner.push(0x1b);
                    at += 2;
                }
                (0x1b, Some(b'\\')) => break,
                (byte, _) => {
                    assert_ne!(byte, 0x1b, "an Escape inside a wrap must be doubled");
                    inner.push(byte);
                    at += 1;
                }
            }
        }
        assert!(at < 1 << 20, "tmux drops a sequence of {at} bytes");
        self.inside_wrap = true;
        self.write(&inner);
        self.inside_wrap = false;
        &bytes[at + 2..]
    }

    fn csi<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = 2 + bytes[2..].iter().position(|b| (0x40..0x7f).contains(b)).unwrap();
        let body = std::str::from_utf8(&bytes[2..end]).unwrap();
        let numbers: Vec<u16> = body.split([';', ':']).map(|n| n.parse().unwrap_or(0)).collect();
        match bytes[end] {
            b'C' => self.cursor.0 += numbers[0].max(1),
            b'H' => self.cursor = (numbers[1] - 1, numbers[0] - 1),
            b'm' => self.style(&numbers),
            b'J' => assert_ne!(body, "2", "CSI 2 J wipes every picture kitty holds"),
            _ => {}
        }
        &bytes[end + 1..]
    }

    fn style(&mut self, numbers: &[u16]) {
        match numbers {
            [] => {}
            [38, 2, r, g, b, rest @ ..] => {
                self.foreground = Some((*r as u8, *g as u8, *b as u8));
                self.style(rest);
            }
            [38, 5, n, rest @ ..] => {
                self.foreground = Some((0, 0, *n as u8));
                self.style(rest);
            }
            [48, 2, _, _, _, rest @ ..] | [48, 5, _, rest @ ..] => self.style(rest),
            [0 | 39, rest @ ..] => {
                self.foreground = None;
                self.style(rest);
            }
            [_, rest @ ..] => self.style(rest),
        }
    }

    fn kitty(&mut self, body: &str) {
        let (keys, data) = body.strip_prefix('G').unwrap().split_once(';').unwrap_or((&body[1..], ""));
        let keys: BTreeMap<&str, &str> = keys.split(',').filter_map(|k| k.split_once('=')).collect();
        let number = |k: &str| keys.get(k).map_or(0, |v| v.parse::<u32>().unwrap());
        let quiet = if self.tmux && keys.get("a") != Some(&"p") { 2 } else { 1 };
        assert!(number("q") >= quiet, "an answer would come: {body:.60}");
        assert!(data.len() <= 4096, "a chunk of {} bytes", data.len());
        match keys.get("a") {
            Some(&"t") => {
                self.aborted += usize::from(self.loading.is_some());
                assert!(!self.images.contains_key(&number("i")), "id {} is sent again while alive", number("i"));
                let size = (number("s") as usize, number("v") as usize);
                self.loading = Some(Loading { id: number("i"), format: number("f"), size, data: data.to_owned() });
                if keys.get("t") == Some(&"s") {
                    self.read_shared(data, number("S") as usize);
                } else if number("m") == 0 {
                    self.loaded();
                }
            }
            Some(&"p") => self.place(&keys),
            Some(&"d") => {
                self.aborted += usize::from(self.loading.take().is_some());
                let (id, p) = (number("i"), number("p"));
                self.placed.retain(|k, _| k.0 != id || (p != 0 && k.1 != p));
                if keys.get("d") == Some(&"I") {
                    self.images.remove(&id);
                }
            }
            None => {
                let Some(loading) = &mut self.loading else { return };
                loading.data.push_str(data);
                if number("m") == 0 {
                    self.loaded();
                }
            }
            other => panic!("unexpected action {other:?}"),
        }
    }

    /// Where the placeholder of an anchor stands.
    fn anchor(&self, image: u32) -> Option<(u16, u16)> {
        let [_, r, g, b] = image.to_be_bytes();
        let is = |c: &Cell| c.text.starts_with('\u{10eeee}') && c.foreground == Some((r, g, b));
        let at = self.cells.iter().position(is)?;
        Some(((at % usize::from(self.columns)) as u16, (at / usize::from(self.columns)) as u16))
    }

    fn place(&mut self, keys: &BTreeMap<&str, &str>) {
        let number = |k: &str| keys.get(k).map_or(0, |v| v.parse::<i32>().unwrap());
        if self.forgetful && !self.images.contains_key(&(number("i") as u32)) {
            self.answers.push((number("i") as u32, "ENOENT:Put command refers to non-existent image".to_owned()));
            return;
        }
        let image = self.images.get_mut(&(number("i") as u32)).expect("a placement of a picture that is not there");
        let (columns, rows) = (number("c") as u16, number("r") as u16);
        if number("U") == 1 {
            image.virtual_cells = Some((columns, rows));
            return;
        }
        let part = keys.contains_key("w").then(|| ["x", "y", "w", "h"].map(|k| number(k) as usize));
        let parent = keys.contains_key("P").then(|| (number("P") as u32, number("H") as i16, number("V") as i16));
        let spot = columns == 0;
        assert!(number("C") == 1 || parent.is_some() || spot, "the cursor would move");
        let (column, row) = if parent.is_some() { (0, 0) } else { self.cursor };
        let placed = Placed { column, row, columns, rows, part, z: number("z"), parent, spot };
        self.placed.insert((number("i") as u32, number("p") as u32), placed);
    }

    fn read_shared(&mut self, name: &str, size: usize) {
        let name = String::from_utf8(base64_simd::STANDARD.decode_to_vec(name).unwrap()).unwrap();
        let flags = rustix::shm::OFlags::RDONLY;
        let object = rustix::shm::open(&name, flags, rustix::shm::Mode::empty()).expect("a shared memory object");
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::fs::File::from(object), &mut bytes).unwrap();
        rustix::shm::unlink(&name).unwrap();
        assert_eq!(bytes.len(), size);
        self.loaded_bytes(bytes);
    }

    fn loaded(&mut self) {
        let data = base64_simd::STANDARD.decode_to_vec(&self.loading.as_ref().unwrap().data).unwrap();
        self.loaded_bytes(data);
    }

    fn loaded_bytes(&mut self, data: Vec<u8>) {
        let loading = self.loading.take().unwrap();
        let (size, pixels) = match loading.format {
            100 => {
                let Ok(image) = image::load_from_memory(&data) else {
                    self.broken += 1;
                    return;
                };
                let image = image.to_rgba8();
                ((image.width() as usize, image.height() as usize), image.pixels().map(|p| p.0).collect())
            }
            24 => (loading.size, data.chunks_exact(3).map(|p| [p[0], p[1], p[2], 255]).collect::<Vec<_>>()),
            32 => (loading.size, data.chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]]).collect()),
            other => panic!("format {other}"),
        };
        assert_eq!(pixels.len(), size.0 * size.1);
        self.images.insert(
            loading.id,
            Image { width: size.0, height: size.1, pixels, virtual_cells: None, order: self.order },
        );
        self.order += 1;
        self.peak = self.peak.max(self.images.values().map(|i| i.width * i.height * 4).sum());
    }

    fn iterm(&mut self, body: &str) {
        let Some((_, data)) = body.strip_prefix("1337;File=").and_then(|b| b.split_once(':')) else { return };
        let file = base64_simd::STANDARD.decode_to_vec(data).unwrap();
        let image = image::load_from_memory(&file).unwrap().to_rgba8();
        let pixels: Vec<Rgba> = image.pixels().map(|p| p.0).collect();
        self.blit(&pixels, image.width() as usize);
    }

    fn sixel(&mut self, body: &[u8]) {
        let (width, pixels) = decode_sixel(body);
        self.blit(&pixels, width);
    }

    fn blit(&mut self, pixels: &[Rgba], width: usize) {
        let stride = usize::from(self.columns) * self.cell.0;
        let (column, row) = (usize::from(self.cursor.0), usize::from(self.cursor.1));
        let (x, y) = (column * self.cell.0, row * self.cell.1);
        let (right, bottom) = (column + width / self.cell.0, row + pixels.len() / width / self.cell.1);
        let filled = |(x, y): &&(usize, usize)| (column..right).contains(x) && (row..bottom).contains(y);
        self.blinks += self.erased.iter().filter(filled).count();
        for (line, row) in pixels.chunks_exact(width).enumerate() {
            let from = (y + line) * stride + x;
            for (to, pixel) in self.canvas[from..from + width].iter_mut().zip(row) {
                *to = Some(*pixel);
            }
        }
    }

    /// Everything that is seen, as pixels; text is not.
    pub(crate) fn screen(&self) -> Vec<Option<Rgba>> {
        let mut out = self.canvas.clone();
        let mut all: Vec<(&(u32, u32), &Placed)> = self.placed.iter().collect();
        all.sort_by_key(|((id, _), p)| (p.z, self.images[id].order));
        for ((id, _), placed) in all {
            self.draw(&mut out, &self.images[id], placed);
        }
        out
    }

    fn draw(&self, out: &mut [Option<Rgba>], image: &Image, placed: &Placed) {
        let stride = usize::from(self.columns) * self.cell.0;
        let [px, py, pw, ph] = placed.part.unwrap_or([0, 0, image.width, image.height]);
        let (w, h) = match placed.spot {
            true => (pw, ph),
            false => (usize::from(placed.columns) * self.cell.0, usize::from(placed.rows) * self.cell.1),
        };
        let (column, row) = match placed.parent {
            None => (placed.column, placed.row),
            // What stands beside an anchor that is not on the screen is not seen.
            Some((parent, across, down)) => match self.anchor(parent) {
                Some((x, y)) => (x.wrapping_add_signed(across), y.wrapping_add_signed(down)),
                None => return,
            },
        };
        for y in 0..h {
            for x in 0..w {
                let pixel = image.pixels[(py + y * ph / h) * image.width + px + x * pw / w];
                let line = usize::from(row) * self.cell.1 + y;
                let at = line * stride + usize::from(column) * self.cell.0 + x;
                if pixel[3] != 0 {
                    out[at] = Some(pixel);
                }
            }
        }
    }

    pub(crate) fn cell_at(&self, x: u16, y: u16) -> &Cell {
        &self.cells[usize::from(y) * usize::from(self.columns) + usize::from(x)]
    }
}

/// The body between the introducer and `ESC \`, and what follows.
fn string(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.windows(2).position(|w| w == b"\x1b\\").expect("a string without an end");
    (&bytes[1..end], &bytes[end + 2..])
}

/// Width and pixels; every pixel of ours is set.
pub(crate) fn decode_sixel(body: &[u8]) -> (usize, Vec<Rgba>) {
    let text = std::str::from_utf8(body).unwrap();
    let (_, data) = text.split_once('q').unwrap();
    let bytes = data.as_bytes();
    let mut at = 0;
    let number = |at: &mut usize| {
        let start = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        data[start..*at].parse::<usize>().unwrap()
    };
    let (mut width, mut height) = (0, 0);
    let mut palette = BTreeMap::new();
    let mut pixels = Vec::new();
    let (mut x, mut y, mut colour) = (0, 0, 0);
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        let mut count = 1;
        let mut mask = byte;
        match byte {
            b'"' => {
                let mut values = [0; 4];
                for value in &mut values {
                    *value = number(&mut at);
                    at += usize::from(bytes[at] == b';');
                }
                (width, height) = (values[2], values[3]);
                pixels = vec![[0; 4]; width * height];
                continue;
            }
            b'#' => {
                colour = number(&mut at);
                if bytes.get(at) == Some(&b';') {
                    let mut values = [0; 4];
                    for value in &mut values {
                        at += 1;
                        *value = number(&mut at);
                    }
                    let level = |v: usize| ((v * 255 + 50) / 100) as u8;
                    palette.insert(colour, [level(values[1]), level(values[2]), level(values[3]), 255]);
                }
                continue;
            }
            b'$' => {
                x = 0;
                continue;
            }
            b'-' => {
                (x, y) = (0, y + 6);
                continue;
            }
            b'!' => {
                count = number(&mut at);
                mask = bytes[at];
                at += 1;
            }
            _ => {}
        }
        for _ in 0..count {
            for line in (0..6).filter(|line| (mask - b'?') >> line & 1 == 1) {
                assert!(x < width && y + line < height, "a sixel outside of the picture");
                pixels[(y + line) * width + x] = palette[&colour];
            }
            x += 1;
        }
    }
    (width, pixels)
}
