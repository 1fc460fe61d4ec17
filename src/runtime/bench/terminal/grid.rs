//! The cells of the scripted terminal: text, colours, and which picture was drawn where.

use unicode_width::UnicodeWidthChar;

/// A colour of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ink {
    /// The terminal's own.
    #[default]
    Plain,
    /// A number of the palette.
    Palette(u8),
    /// Red, green, blue.
    Rgb([u8; 3]),
}

/// A cell of a picture that was drawn into the cells: whose it is, and which of its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) drawing: u32,
    pub(crate) column: u16,
    pub(crate) row: u16,
}

/// A cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) symbol: char,
    /// The first two marks that follow it, for placeholders; `\0` where there are fewer.
    pub(crate) marks: [char; 2],
    pub(crate) foreground: Ink,
    pub(crate) background: Ink,
    pub(crate) drawn: Option<Drawn>,
}

/// A blank cell.
pub(crate) const BLANK: Cell =
    Cell { symbol: ' ', marks: ['\0'; 2], foreground: Ink::Plain, background: Ink::Plain, drawn: None };

/// The grid with its cursor and the colours in force.
#[derive(Debug)]
pub(super) struct Grid {
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) cells: Vec<Cell>,
    pub(super) cursor: (u16, u16),
    saved: (u16, u16),
    foreground: Ink,
    background: Ink,
    /// Where the last character went, for the marks after it.
    last: Option<usize>,
}

impl Grid {
    pub(super) fn new(columns: u16, rows: u16) -> Self {
        Self {
            columns,
            rows,
            cells: vec![BLANK; usize::from(columns) * usize::from(rows)],
            cursor: (0, 0),
            saved: (0, 0),
            foreground: Ink::Plain,
            background: Ink::Plain,
            last: None,
        }
    }

    fn index(&self, column: u16, row: u16) -> Option<usize> {
        (column < self.columns && row < self.rows)
            .then(|| usize::from(row) * usize::from(self.columns) + usize::from(column))
    }

    fn blank(&self) -> Cell {
        Cell { background: self.background, ..BLANK }
    }

    pub(super) fn text(&mut self, text: &str) {
        for symbol in text.chars() {
            match symbol.width().unwrap_or(0) {
                0 => self.mark(symbol),
                width => self.put(symbol, width),
            }
        }
    }

    fn mark(&mut self, mark: char) {
        if let Some(cell) = self.last.and_then(|at| self.cells.get_mut(at))
            && let Some(free) = cell.marks.iter_mut().find(|m| **m == '\0')
        {
            *free = mark;
        }
    }

    fn put(&mut self, symbol: char, width: usize) {
        if self.cursor.0 >= self.columns {
            self.cursor = (0, (self.cursor.1 + 1).min(self.rows.saturating_sub(1)));
        }
        self.last = self.index(self.cursor.0, self.cursor.1);
        for number in 0..width {
            let symbol = if number == 0 { symbol } else { ' ' };
            let cell = Cell { symbol, foreground: self.foreground, ..self.blank() };
            if let Some(at) = self.index(self.cursor.0, self.cursor.1)
                && let Some(old) = self.cells.get_mut(at)
            {
                *old = cell;
            }
            self.cursor.0 = self.cursor.0.saturating_add(1);
        }
    }

    pub(super) fn control(&mut self, byte: u8) {
        match byte {
            b'\r' => self.cursor.0 = 0,
            b'\n' => self.down(1),
            8 => self.cursor.0 = self.cursor.0.saturating_sub(1),
            b'\t' => self.cursor.0 = (self.cursor.0 / 8 * 8 + 8).min(self.columns.saturating_sub(1)),
            _ => {}
        }
    }

    /// Moves down, and the lines up when there is no room below.
    pub(super) fn down(&mut self, lines: u16) {
        for _ in 0..lines {
            if self.cursor.1 + 1 < self.rows {
                self.cursor.1 += 1;
            } else {
                self.cells.drain(..usize::from(self.columns).min(self.cells.len()));
                self.cells.extend(std::iter::repeat_n(self.blank(), usize::from(self.columns)));
            }
        }
    }

    pub(super) fn save(&mut self) {
        self.saved = self.cursor;
    }

    pub(super) fn restore(&mut self) {
        self.cursor = self.saved;
    }

    /// A control sequence that moves or erases; says whether it moved the cursor only.
    pub(super) fn csi(&mut self, parameters: &str, last: u8) -> bool {
        let mut numbers = parameters.split(';').map(|n| n.parse::<u16>().ok().filter(|n| *n > 0));
        let (first, second) = (numbers.next().flatten(), numbers.next().flatten());
        let (one, count) = (first.unwrap_or(1) - 1, first.unwrap_or(1));
        let (right, bottom) = (self.columns.saturating_sub(1), self.rows.saturating_sub(1));
        match last {
            b'H' | b'f' => self.cursor = ((second.unwrap_or(1) - 1).min(right), one.min(bottom)),
            b'A' => self.cursor.1 = self.cursor.1.saturating_sub(count),
            b'B' | b'e' => self.cursor.1 = self.cursor.1.saturating_add(count).min(bottom),
            b'C' | b'a' => self.cursor.0 = self.cursor.0.saturating_add(count).min(right),
            b'D' => self.cursor.0 = self.cursor.0.min(right).saturating_sub(count),
            b'E' => self.cursor = (0, self.cursor.1.saturating_add(count).min(bottom)),
            b'F' => self.cursor = (0, self.cursor.1.saturating_sub(count)),
            b'G' | b'`' => self.cursor.0 = one.min(right),
            b'd' => self.cursor.1 = one.min(bottom),
            b's' if parameters.is_empty() => self.save(),
            b'u' if parameters.is_empty() => self.restore(),
            b'J' => return self.erase_screen(first.unwrap_or(0)),
            b'K' => return self.erase_line(first.unwrap_or(0)),
            b'X' => return self.erase(self.at_cursor(), usize::from(count)),
            _ => return false,
        }
        true
    }

    fn at_cursor(&self) -> usize {
        let column = self.cursor.0.min(self.columns.saturating_sub(1));
        usize::from(self.cursor.1) * usize::from(self.columns) + usize::from(column)
    }

    fn erase(&mut self, from: usize, count: usize) -> bool {
        let blank = self.blank();
        self.cells.iter_mut().skip(from).take(count).for_each(|c| *c = blank);
        false
    }

    fn erase_screen(&mut self, kind: u16) -> bool {
        let (at, all) = (self.at_cursor(), self.cells.len());
        match kind {
            0 => self.erase(at, all - at.min(all)),
            1 => self.erase(0, at + 1),
            _ => self.erase(0, all),
        }
    }

    fn erase_line(&mut self, kind: u16) -> bool {
        let (at, columns) = (self.at_cursor(), usize::from(self.columns));
        let start = at / columns.max(1) * columns;
        match kind {
            0 => self.erase(at, columns - (at - start)),
            1 => self.erase(start, at + 1 - start),
            _ => self.erase(start, columns),
        }
    }

    /// Colours and attributes.
    pub(super) fn style(&mut self, parameters: &str) {
        let mut numbers = parameters.split([';', ':']).map(|n| n.parse::<u16>().unwrap_or(0));
        while let Some(number) = numbers.next() {
            let byte = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
            match number {
                0 => (self.foreground, self.background) = (Ink::Plain, Ink::Plain),
                30..=37 => self.foreground = Ink::Palette(byte(number - 30)),
                40..=47 => self.background = Ink::Palette(byte(number - 40)),
                90..=97 => self.foreground = Ink::Palette(byte(number - 82)),
                100..=107 => self.background = Ink::Palette(byte(number - 92)),
                39 => self.foreground = Ink::Plain,
                49 => self.background = Ink::Plain,
                38 | 48 | 58 => {
                    let colour = extended(&mut numbers);
                    match number {
                        38 => self.foreground = colour,
                        48 => self.background = colour,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// Marks cells as those of a picture drawn at the cursor.
    pub(super) fn draw(&mut self, drawing: u32, columns: u16, rows: u16) {
        let (left, top) = self.cursor;
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            if let Some(at) = self.index(left.saturating_add(column), top.saturating_add(row))
                && let Some(cell) = self.cells.get_mut(at)
            {
                *cell = Cell { drawn: Some(Drawn { drawing, column, row }), ..BLANK };
            }
        }
    }
}

/// What follows 38, 48 or 58.
fn extended(numbers: &mut impl Iterator<Item = u16>) -> Ink {
    let mut byte = || numbers.next().map_or(0, |n| u8::try_from(n).unwrap_or(u8::MAX));
    match byte() {
        2 => Ink::Rgb([byte(), byte(), byte()]),
        5 => Ink::Palette(byte()),
        _ => Ink::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(grid: &Grid, row: usize) -> String {
        let columns = usize::from(grid.columns);
        grid.cells[row * columns..(row + 1) * columns].iter().map(|c| c.symbol).collect()
    }

    #[test]
    fn text_moves_and_erasing() {
        let mut grid = Grid::new(6, 3);
        grid.text("ab");
        assert!(grid.csi("2;3", b'H'));
        grid.text("日x");
        assert_eq!((row(&grid, 0), row(&grid, 1)), ("ab    ".to_owned(), "  日 x ".to_owned()));
        grid.csi("2;3", b'H');
        assert!(!grid.csi("2", b'X'));
        assert_eq!(row(&grid, 1), "    x ");
        grid.csi("3", b'd');
        grid.control(b'\r');
        grid.control(b'\n');
        assert_eq!(row(&grid, 0), "    x ", "the lines moved up");
    }

    #[test]
    fn colours_and_placeholders() {
        let mut grid = Grid::new(6, 1);
        grid.style("38;2;1;2;3;48:5:9");
        grid.text("\u{10eeee}\u{305}\u{30d}");
        let cell = grid.cells[0];
        assert_eq!((cell.foreground, cell.background), (Ink::Rgb([1, 2, 3]), Ink::Palette(9)));
        assert_eq!(cell.marks, ['\u{305}', '\u{30d}']);
        assert_eq!(grid.cursor, (1, 0));
        grid.draw(7, 2, 3);
        assert_eq!(grid.cells[2].drawn, Some(Drawn { drawing: 7, column: 1, row: 0 }));
        grid.style("0;91");
        grid.text("x");
        assert_eq!((grid.cells[1].drawn, grid.cells[1].foreground), (None, Ink::Palette(9)));
    }
}
