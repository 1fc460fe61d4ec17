//! A zlib stream (RFC 1950, 1951) out of bytes that are mostly zero: Huffman codes and runs, no search for repeats.
//!
//! What a PNG filter leaves of a smoothed photo is zeros in runs and single small values. A general compressor takes
//! every repeat of three bytes it finds far away, which costs more bits than the three bytes themselves, and most of its
//! time goes into finding them. Here nothing is searched: on such data the result is smaller, in a quarter of the time.

/// Most symbols that share one set of codes: few enough to follow the picture from its sky to its grass.
const BLOCK: usize = 24 * 1024;
/// Literals, the end of the block, lengths.
const SYMBOLS: usize = 286;
/// The symbol that ends a block.
const END: usize = 256;
/// The longest run in one symbol.
const LONGEST: usize = 258;
/// The most bits of a code.
const MAX_BITS: u8 = 15;
/// The most bits of a code for a code length.
const MAX_LENGTH_BITS: u8 = 7;
/// Code lengths are sent in this order (RFC 1951, 3.2.7).
const LENGTH_ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Compresses `data`.
#[must_use]
pub(super) fn zlib(data: &[u8]) -> Vec<u8> {
    let mut bits = Bits { out: Vec::with_capacity(data.len() / 4), ..Bits::default() };
    bits.out.extend_from_slice(&[0x78, 0x01]);
    let mut rest = data;
    let mut tokens = Vec::with_capacity(BLOCK + 8);
    loop {
        tokens.clear();
        rest = take(rest, &mut tokens);
        write_block(&mut bits, &tokens, rest.is_empty());
        if rest.is_empty() {
            break;
        }
    }
    let mut out = bits.finish();
    out.extend_from_slice(&adler32(data).to_be_bytes());
    out
}

/// A byte, or from 257 on a run of the byte before: symbol, number of extra bits, extra bits.
type Token = (u16, u8, u8);

/// Turns bytes into tokens until a block is full. Returns what is left.
fn take<'a>(mut data: &'a [u8], tokens: &mut Vec<Token>) -> &'a [u8] {
    while let Some(&byte) = data.first()
        && tokens.len() < BLOCK
    {
        let run = data.iter().take_while(|b| **b == byte).count();
        // A zero costs little more than a bit, so that short runs of it are cheaper one by one.
        if run < if byte == 0 { 7 } else { 4 } {
            tokens.extend(std::iter::repeat_n((u16::from(byte), 0, 0), run));
            data = data.get(run..).unwrap_or_default();
            continue;
        }
        tokens.push((u16::from(byte), 0, 0));
        let mut left = run - 1;
        while left >= 3 && tokens.len() < BLOCK {
            // What remains must not be shorter than the shortest run.
            let length = if left > LONGEST && left < LONGEST + 3 { LONGEST - 3 } else { left.min(LONGEST) };
            tokens.push(length_token(length));
            left -= length;
        }
        data = data.get(run - left..).unwrap_or_default();
    }
    data
}

/// The symbol of a run of `length` bytes, 3-258.
fn length_token(length: usize) -> Token {
    let over = u32::try_from(length.saturating_sub(3)).unwrap_or(0);
    match length {
        LONGEST => (285, 0, 0),
        0..=10 => (257 + over as u16, 0, 0),
        _ => {
            let extra = 29 - over.leading_zeros();
            let symbol = 261 + 4 * extra + ((over >> extra) & 3);
            (symbol as u16, extra as u8, (over & ((1 << extra) - 1)) as u8)
        }
    }
}

fn write_block(bits: &mut Bits, tokens: &[Token], last: bool) {
    let mut counts = [0_u32; SYMBOLS];
    counts[END] = 1;
    for (symbol, ..) in tokens {
        counts[usize::from(*symbol)] += 1;
    }
    let lengths = code_lengths(&counts, MAX_BITS);
    let codes = codes(&lengths);
    bits.put(u32::from(last) | 2 << 1, 3);
    write_lengths(bits, &lengths);
    for (symbol, extra, value) in tokens {
        let (code, length) = codes[usize::from(*symbol)];
        bits.put(code, length);
        if *symbol > END as u16 {
            // The extra bits of the length, then one bit for the only distance there is: one byte back.
            bits.put(u32::from(*value), extra + 1);
        }
    }
    let (code, length) = codes[END];
    bits.put(code, length);
}

/// The lengths of the codes, themselves coded.
fn write_lengths(bits: &mut Bits, lengths: &[u8; SYMBOLS]) {
    let used = lengths.iter().rposition(|l| *l > 0).map_or(257, |i| (i + 1).max(257));
    // One distance code, of one bit.
    let all: Vec<u8> = lengths.iter().take(used).copied().chain([1]).collect();
    let symbols = run_lengths(&all);
    let mut counts = [0_u32; 19];
    symbols.iter().for_each(|(symbol, ..)| counts[usize::from(*symbol)] += 1);
    let of_lengths = code_lengths(&counts, MAX_LENGTH_BITS);
    let codes = codes(&of_lengths);
    let sent = LENGTH_ORDER.iter().rposition(|i| of_lengths[*i] > 0).map_or(4, |i| (i + 1).max(4));
    bits.put(used as u32 - 257, 5);
    bits.put(0, 5);
    bits.put(sent as u32 - 4, 4);
    LENGTH_ORDER.iter().take(sent).for_each(|i| bits.put(u32::from(of_lengths[*i]), 3));
    for (symbol, extra, value) in symbols {
        let (code, length) = codes[usize::from(symbol)];
        bits.put(code, length);
        bits.put(u32::from(value), extra);
    }
}

/// Code lengths with their runs: 16 repeats the one before, 17 and 18 are zeros.
fn run_lengths(lengths: &[u8]) -> Vec<Token> {
    let mut out = Vec::with_capacity(lengths.len());
    for run in lengths.chunk_by(|a, b| a == b) {
        let value = run.first().copied().unwrap_or(0);
        let mut left = run.len();
        if value > 0 {
            out.push((u16::from(value), 0, 0));
            left -= 1;
        }
        while left > 0 {
            let (token, taken) = match (value, left) {
                (0, 11..) => ((18, 7, (left.min(138) - 11) as u8), left.min(138)),
                (0, 3..) => ((17, 3, (left - 3) as u8), left),
                (1.., 3..) => ((16, 2, (left.min(6) - 3) as u8), left.min(6)),
                _ => ((u16::from(value), 0, 0), 1),
            };
            out.push(token);
            left -= taken;
        }
    }
    out
}

/// Lengths of Huffman codes for symbols that occur so often, none longer than `limit`.
fn code_lengths<const N: usize>(counts: &[u32; N], limit: u8) -> [u8; N] {
    let mut counts = *counts;
    // A tree of one symbol has no code: another one is added.
    for i in 0..N {
        if counts.iter().filter(|c| **c > 0).count() >= 2 {
            break;
        }
        counts[i] = counts[i].max(1);
    }
    loop {
        let lengths = huffman(&counts);
        if lengths.iter().all(|l| *l <= limit) {
            return lengths;
        }
        // Flatter counts give a flatter tree; all equal, it is far below any limit here.
        counts.iter_mut().filter(|c| **c > 0).for_each(|c| *c = c.div_ceil(4) + 1);
    }
}

/// Huffman's algorithm with two queues: leaves in order, inner nodes in the order they arise.
fn huffman<const N: usize>(counts: &[u32; N]) -> [u8; N] {
    let mut leaves: Vec<usize> = (0..N).filter(|i| counts[*i] > 0).collect();
    leaves.sort_unstable_by_key(|i| counts[*i]);
    let count = leaves.len();
    // Nodes: the leaves, then the inner ones; each with its weight and its parent.
    let mut weights: Vec<u32> = leaves.iter().map(|i| counts[*i]).collect();
    let mut parents = vec![0_usize; 2 * count];
    let (mut leaf, mut inner) = (0, count);
    for node in count..(2 * count).saturating_sub(1) {
        let mut sum = 0;
        for _ in 0..2 {
            let from_leaves = leaf < count && (inner >= weights.len() || weights[leaf] <= weights[inner]);
            let next = if from_leaves { &mut leaf } else { &mut inner };
            sum += weights[*next];
            parents[*next] = node;
            *next += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0_u8; weights.len()];
    for node in (0..weights.len().saturating_sub(1)).rev() {
        depths[node] = depths[parents[node]].saturating_add(1);
    }
    let mut lengths = [0; N];
    leaves.iter().zip(depths).for_each(|(symbol, depth)| lengths[*symbol] = depth);
    lengths
}

/// The canonical codes of these lengths, first bit lowest, each with its length.
fn codes<const N: usize>(lengths: &[u8; N]) -> [(u32, u8); N] {
    let mut next = [0_u32; MAX_BITS as usize + 2];
    let mut code = 0;
    for bits in 1..=MAX_BITS {
        next[usize::from(bits)] = code;
        code = (code + lengths.iter().filter(|l| **l == bits).count() as u32) << 1;
    }
    lengths.map(|length| {
        let code = next[usize::from(length)];
        next[usize::from(length)] += 1;
        (if length == 0 { 0 } else { code.reverse_bits() >> (32 - u32::from(length)) }, length)
    })
}

/// Bits into bytes, lowest first.
#[derive(Default)]
struct Bits {
    out: Vec<u8>,
    held: u64,
    count: u8,
}

impl Bits {
    /// Adds the `count` (up to 16) low bits of `value`.
    fn put(&mut self, value: u32, count: u8) {
        self.held |= u64::from(value) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let bytes = usize::from(self.count.div_ceil(8));
        self.out.extend(self.held.to_le_bytes().iter().take(bytes));
        self.out
    }
}

fn adler32(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    // The longest part after which the sums cannot have overflowed.
    for part in data.chunks(5552) {
        for byte in part {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65521;
        b %= 65521;
    }
    b << 16 | a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unpack(data: &[u8]) -> Vec<u8> {
        let mut decoder = ::png::Decoder::new(std::io::Cursor::new(data)).read_info().unwrap();
        let mut out = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.next_frame(&mut out).unwrap();
        out
    }

    /// As the image data of a grey PNG of one row, filter 0.
    fn round_trip(data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = ::png::Encoder::new(&mut file, data.len() as u32, 1);
        encoder.set_color(::png::ColorType::Grayscale);
        let mut writer = encoder.write_header().unwrap();
        writer.write_chunk(::png::chunk::IDAT, &zlib(&[&[0], data].concat())).unwrap();
        writer.finish().unwrap();
        unpack(&file)
    }

    proptest! {
        #[test]
        fn every_byte_comes_back(
            runs in proptest::collection::vec((prop_oneof![Just(0_u8), any::<u8>()], 1_usize..700), 1..60),
            skew in 0_u32..5,
        ) {
            let data: Vec<u8> = runs.iter().flat_map(|(b, n)| std::iter::repeat_n(*b, 1 + (n >> (skew * 2)))).collect();
            prop_assert_eq!(round_trip(&data), data);
        }
    }

    #[test]
    fn codes_stay_below_the_limit_however_uneven_the_counts() {
        let mut counts = [0_u32; SYMBOLS];
        let (mut a, mut b) = (1, 1);
        for count in counts.iter_mut().take(40) {
            *count = a;
            (a, b) = (b, a + b);
        }
        let lengths = code_lengths(&counts, MAX_BITS);
        assert!(lengths.iter().take(40).all(|l| (1..=15).contains(l)));
        let kraft: f64 = lengths.iter().filter(|l| **l > 0).map(|l| 0.5_f64.powi(i32::from(*l))).sum();
        assert!((kraft - 1.0).abs() < 1e-9, "{kraft}");
        let many: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        assert_eq!(round_trip(&many), many);
    }
}
