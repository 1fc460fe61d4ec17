//! Huffman tables (T.81, annexes C and F), made so that most symbols take one look: code, run, size and value together;
//! and a second one for coefficients that nobody needs, which passes over as many symbols as its bits hold.

use super::bits::{BitReader, extend};

/// Bits of the first look.
const LOOK: u32 = 10;
/// Bits of the look that passes over symbols.
const PASS: u32 = 12;

/// An entry of the first look: bits used (0..6), the two flags below, run (8..12), value (16..32); 0 where the code does
/// not fit. The value's bits did not fit: only the code is used, and the value is its size.
const PARTIAL: u32 = 0x40;
/// The block ends here.
const END: u32 = 0x80;
/// The bits that count.
const LENGTH: u32 = 0x3F;
/// The same end in an entry of the second.
const ENDS: u16 = 0x20;

/// One table, for differences of the first coefficient or for the others.
pub(super) struct Table {
    look: Box<[u32; 1 << LOOK]>,
    /// Length (8..16) and symbol of a code; 0 where it does not fit.
    codes: Box<[u16; 1 << LOOK]>,
    /// Bits used (0..5), end (5), coefficients passed (8..16); 0 where the first code does not fit. The bits of the last
    /// value need not fit, as nobody looks at them.
    pass: Box<[u16; 1 << PASS]>,
    /// The first code beyond each length, left-aligned in 16 bits.
    beyond: [u32; 17],
    /// What to add to a code of each length for its place among the values.
    shift: [i32; 17],
    values: Vec<u8>,
}

impl Table {
    /// A table of codes by length, with their symbols in order; nothing when the lengths are no code. Only one with
    /// `passing` can pass over coefficients quickly.
    pub(super) fn new(counts: &[u8; 16], values: &[u8], passing: bool) -> Option<Self> {
        let mut table = Self {
            look: Box::new([0; 1 << LOOK]),
            codes: Box::new([0; 1 << LOOK]),
            pass: Box::new([0; 1 << PASS]),
            beyond: [0; 17],
            shift: [0; 17],
            values: values.to_vec(),
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for length in 1..=16_usize {
            let count = usize::from(counts[length - 1]);
            table.shift[length] = place as i32 - code as i32;
            code += count as u32;
            place += count;
            if code > 1 << length || place > values.len() {
                return None;
            }
            table.beyond[length] = code << (16 - length);
            code <<= 1;
        }
        for bits in 0..1 << LOOK {
            table.look[bits as usize] = table.entry(bits);
            let code = table.find(bits << (16 - LOOK)).filter(|(length, _)| *length <= LOOK);
            table.codes[bits as usize] = code.map_or(0, |(length, symbol)| (length as u16) << 8 | u16::from(symbol));
        }
        for bits in (0..1 << PASS).filter(|_| passing) {
            table.pass[bits as usize] = table.passing(bits);
        }
        Some(table)
    }

    /// Length and symbol of the code at the top of 16 bits.
    #[inline]
    fn find(&self, bits: u32) -> Option<(u32, u8)> {
        let length = (1..=16_usize).find(|l| bits < self.beyond[*l])?;
        let place = (bits >> (16 - length)) as i32 + self.shift[length];
        Some((length as u32, *self.values.get(usize::try_from(place).ok()?)?))
    }

    fn entry(&self, bits: u32) -> u32 {
        let Some((length, symbol)) = self.find(bits << (16 - LOOK)).filter(|(l, _)| *l <= LOOK) else { return 0 };
        let (run, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 {
            return length | run << 8 | if run < 15 { END } else { 0 };
        }
        if length + size > LOOK {
            return length | PARTIAL | run << 8 | size << 16;
        }
        let value = extend((bits >> (LOOK - length - size)) as i32 & ((1 << size) - 1), size);
        (length + size) | run << 8 | (value as u32) << 16
    }

    fn passing(&self, bits: u32) -> u16 {
        let (mut used, mut passed) = (0, 0_u16);
        while let Some((length, symbol)) = self.find((bits << (16 - PASS + used)) & 0xFFFF) {
            let (run, size) = (u16::from(symbol >> 4), u32::from(symbol & 15));
            if used + length > PASS || passed + run + 1 > 64 {
                break;
            }
            used += length + size;
            if size == 0 && run < 15 {
                return used as u16 | ENDS | passed << 8;
            }
            passed += run + 1;
            if used >= PASS {
                break;
            }
        }
        used as u16 | passed << 8
    }

    /// A symbol; nothing for bits that are no code.
    #[inline]
    pub(super) fn symbol(&self, reader: &mut BitReader<'_>) -> Option<u8> {
        reader.refill();
        let entry = self.codes[reader.peek(LOOK)];
        let (length, symbol) = match entry {
            0 => self.find(reader.peek(16) as u32)?,
            _ => (u32::from(entry >> 8), entry as u8),
        };
        reader.consume(length);
        Some(symbol)
    }

    /// A difference of the first coefficient.
    #[inline(always)]
    pub(super) fn difference(&self, reader: &mut BitReader<'_>) -> Option<i32> {
        reader.refill();
        let entry = self.look[reader.peek(LOOK)];
        if entry & (PARTIAL | 0xF00) == 0 && entry != 0 {
            reader.consume(entry & LENGTH);
            return Some(entry as i32 >> 16);
        }
        let (length, symbol) = self.find(reader.peek(16) as u32)?;
        reader.consume(length);
        let size = u32::from(symbol);
        (size <= 15).then(|| reader.value(size))
    }

    /// The coefficients of a block up to place `need`, given to `put` by place; the rest is passed over. `None` for bits
    /// that are no code, or that run over the end of the block.
    #[inline(always)]
    pub(super) fn block(&self, reader: &mut BitReader<'_>, need: usize, mut put: impl FnMut(usize, i32)) -> Option<()> {
        let mut place = 1;
        while place <= need {
            reader.refill();
            let entry = self.look[reader.peek(LOOK)];
            let mut value = entry as i32 >> 16;
            let mut run = (entry >> 8 & 15) as usize;
            reader.consume(entry & LENGTH);
            if entry & (PARTIAL | END) != 0 || entry == 0 {
                if entry & END != 0 {
                    return Some(());
                }
                if entry == 0 {
                    let (length, symbol) = self.find(reader.peek(16) as u32)?;
                    reader.consume(length);
                    (run, value) = (usize::from(symbol >> 4), i32::from(symbol & 15));
                    if value == 0 && run < 15 {
                        return Some(());
                    }
                }
                value = reader.value(value as u32);
            }
            place += run;
            if place > 63 {
                return None;
            }
            put(place, value);
            place += 1;
        }
        self.pass_over(reader, place)
    }

    /// Passes over the rest of a block from `place`.
    #[inline(always)]
    pub(super) fn pass_over(&self, reader: &mut BitReader<'_>, mut place: usize) -> Option<()> {
        while place < 64 {
            reader.refill();
            let entry = self.pass[reader.peek(PASS)];
            let passed = usize::from(entry >> 8);
            // A block that is full has no end symbol: what looks like one belongs to the next.
            if entry != 0 && place + passed + usize::from(entry & ENDS != 0) <= 64 {
                place += passed;
                reader.consume(u32::from(entry & 31));
                if entry & ENDS != 0 {
                    return Some(());
                }
                continue;
            }
            let symbol = self.symbol(reader)?;
            let (run, size) = (symbol >> 4, u32::from(symbol & 15));
            if size == 0 && run < 15 {
                return Some(());
            }
            reader.consume(size);
            place += usize::from(run) + 1;
        }
        (place == 64).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::Bits;
    use super::*;

    /// Codes of two to sixteen bits, and the symbols that they stand for.
    fn table() -> (Table, Vec<(u32, u32, u8)>) {
        let counts = [0, 2, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
        let symbols =
            [0x01, 0x00, 0x02, 0x11, 0x03, 0xF0, 0x21, 0x04, 0x35, 0x52, 0x16, 0xE1, 0x0A, 0x47, 0x7F, 0x08, 0xA3];
        let (mut code, mut list, mut next) = (0, Vec::new(), symbols.iter());
        for (length, count) in (1..).zip(counts) {
            for _ in 0..count {
                list.push((code, length, *next.next().unwrap()));
                code += 1;
            }
            code <<= 1;
        }
        (Table::new(&counts, &symbols, true).unwrap(), list)
    }

    /// Blocks of random symbols, as bits in bytes, with their coefficients.
    fn blocks(count: usize, list: &[(u32, u32, u8)]) -> (Vec<u8>, Vec<[i32; 64]>) {
        let mut state = 5_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        let (mut bits, mut blocks) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (mut block, mut place) = ([0; 64], 1);
            while place < 64 {
                let (code, length, symbol) = list[next() as usize % list.len()];
                let (run, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
                let ends = size == 0 && run < 15;
                if place + run > 63 && !ends {
                    continue;
                }
                bits.extend((0..length).rev().map(|b| code >> b & 1));
                if ends {
                    break;
                }
                let value = next() & ((1 << size) - 1);
                bits.extend((0..size).rev().map(|b| value >> b & 1));
                place += run;
                block[place] = extend(value as i32, size);
                place += 1;
            }
            blocks.push(block);
        }
        let mut data = Vec::new();
        for byte in bits.chunks(8) {
            data.push(byte.iter().enumerate().fold(0, |v, (i, b)| v | (*b as u8) << (7 - i)));
            if data.last() == Some(&0xFF) {
                data.push(0);
            }
        }
        (data, blocks)
    }

    #[test]
    fn blocks_are_read_or_passed_over_to_the_same_bit() {
        let (table, list) = table();
        let (data, blocks) = blocks(3000, &list);
        for need in [0, 4, 24, 63] {
            let mut reader = BitReader::new(&data, Bits::default());
            for (index, wanted) in blocks.iter().enumerate() {
                let mut got = [0; 64];
                table.block(&mut reader, need, |place, value| got[place] = value).unwrap();
                assert_eq!(got[..=need], wanted[..=need], "block {index} up to {need}");
            }
            assert!(!reader.overrun());
            for _ in 0..12 {
                reader.number(16);
            }
            assert!(reader.overrun(), "all bits are used");
        }
    }

    #[test]
    fn lengths_that_are_no_code_are_refused() {
        assert!(Table::new(&[3; 16], &[0; 48], true).is_none());
        assert!(Table::new(&[1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[1], true).is_none());
        let table = Table::new(&[0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[0x01], true).unwrap();
        let mut reader = BitReader::new(&[0xF0; 8], Bits::default());
        assert!(table.symbol(&mut reader).is_none() && table.block(&mut reader, 63, |_, _| {}).is_none());
    }
}
