//! A text of several lines and the cursor in it.
//!
//! What always holds: there is at least one line; the cursor stands on a character of its line or behind the last one; no
//! line holds a control character.

/// Characters of a text at most.
const LONGEST: usize = 64 * 1024;
/// What a tab in pasted text becomes.
const TAB: &str = "  ";

/// The text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor {
    lines: Vec<String>,
    /// The line with the cursor.
    pub row: usize,
    /// Characters before the cursor in its line.
    pub column: usize,
}

impl Default for Editor {
    fn default() -> Self {
        Self { lines: vec![String::new()], row: 0, column: 0 }
    }
}

impl Editor {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Replaces the text; the cursor stands at its end.
    pub fn set(&mut self, text: &str) {
        *self = Self::default();
        self.insert(text);
    }

    /// Puts the cursor at a place, as far as there is one; counted from 0.
    pub fn go_to(&mut self, row: usize, column: usize) {
        self.row = row.min(self.lines.len() - 1);
        self.column = column.min(self.length());
    }

    fn line(&mut self) -> &mut String {
        let row = self.row.min(self.lines.len().saturating_sub(1));
        if self.lines.is_empty() {
            self.lines.push(String::new());
        }
        &mut self.lines[row]
    }

    fn length(&self) -> usize {
        self.lines.get(self.row).map_or(0, |line| line.chars().count())
    }

    /// The byte of the cursor in its line.
    fn byte(&self) -> usize {
        let Some(line) = self.lines.get(self.row) else { return 0 };
        line.char_indices().nth(self.column).map_or(line.len(), |(at, _)| at)
    }

    /// Inserts a text at the cursor; line ends begin lines, other control characters are left out.
    pub fn insert(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.lines.iter().map(String::len).sum());
        for c in text.chars().take(room) {
            match c {
                '\n' => self.break_line(),
                '\t' => TAB.chars().for_each(|c| self.put(c)),
                c if c.is_control() => {}
                c => self.put(c),
            }
        }
    }

    fn put(&mut self, c: char) {
        let at = self.byte();
        self.line().insert(at, c);
        self.column += 1;
    }

    /// Begins a new line at the cursor.
    pub fn break_line(&mut self) {
        let at = self.byte();
        let tail = self.line().split_off(at);
        self.lines.insert(self.row + 1, tail);
        (self.row, self.column) = (self.row + 1, 0);
    }

    /// Removes the character before the cursor, or joins the line to the one above.
    pub fn backspace(&mut self) {
        if self.column > 0 {
            self.column -= 1;
            let at = self.byte();
            self.line().remove(at);
        } else if self.row > 0 {
            let tail = self.lines.remove(self.row);
            self.row -= 1;
            self.column = self.length();
            self.line().push_str(&tail);
        }
    }

    /// Removes the character under the cursor, or joins the line below to this one.
    pub fn delete(&mut self) {
        if self.column < self.length() {
            let at = self.byte();
            self.line().remove(at);
        } else if self.row + 1 < self.lines.len() {
            let tail = self.lines.remove(self.row + 1);
            self.line().push_str(&tail);
        }
    }

    /// Removes the word before the cursor.
    pub fn delete_word(&mut self) {
        let blank = |e: &Self| e.before().is_none_or(char::is_whitespace);
        if self.column == 0 {
            return self.backspace();
        }
        while self.column > 0 && blank(self) {
            self.backspace();
        }
        while self.column > 0 && !blank(self) {
            self.backspace();
        }
    }

    fn before(&self) -> Option<char> {
        self.lines.get(self.row)?.chars().nth(self.column.checked_sub(1)?)
    }

    /// Removes what stands before the cursor in its line.
    pub fn delete_to_start(&mut self) {
        let at = self.byte();
        self.line().drain(..at);
        self.column = 0;
    }

    /// One to the left, also into the line above.
    pub fn left(&mut self) {
        if self.column > 0 {
            self.column -= 1;
        } else if self.row > 0 {
            self.row -= 1;
            self.column = self.length();
        }
    }

    /// One to the right, also into the line below.
    pub fn right(&mut self) {
        if self.column < self.length() {
            self.column += 1;
        } else if self.row + 1 < self.lines.len() {
            (self.row, self.column) = (self.row + 1, 0);
        }
    }

    /// To the beginning of the line.
    pub fn start(&mut self) {
        self.column = 0;
    }

    /// To the end of the line.
    pub fn end(&mut self) {
        self.column = self.length();
    }

    /// One line up; says whether there is one.
    pub fn up(&mut self) -> bool {
        let moved = self.row > 0;
        self.row = self.row.saturating_sub(1);
        self.column = self.column.min(self.length());
        moved
    }

    /// One line down; says whether there is one.
    pub fn down(&mut self) -> bool {
        let moved = self.row + 1 < self.lines.len();
        self.row = (self.row + 1).min(self.lines.len() - 1);
        self.column = self.column.min(self.length());
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_and_joined() {
        let mut editor = Editor::default();
        editor.insert("SELECT 1\u{1b}[31m\r\nFROM t\tx");
        assert_eq!(editor.lines(), ["SELECT 1[31m", "FROM t  x"]);
        assert_eq!((editor.row, editor.column), (1, 9));
        editor.delete_word();
        editor.backspace();
        assert_eq!(editor.text(), "SELECT 1[31m\nFROM t ");
        editor.start();
        editor.backspace();
        assert_eq!((editor.text().as_str(), editor.row, editor.column), ("SELECT 1[31mFROM t ", 0, 12));
        editor.break_line();
        assert!(!editor.down() && editor.up() && !editor.up());
        editor.end();
        editor.delete();
        assert_eq!(editor.lines().len(), 1);
        editor.delete_to_start();
        assert_eq!(editor.text(), "FROM t ");
    }

    #[test]
    fn the_cursor_counts_characters() {
        let mut editor = Editor::default();
        editor.insert("äö日");
        editor.left();
        editor.left();
        editor.insert("x");
        assert_eq!(editor.text(), "äxö日");
        editor.right();
        editor.delete();
        assert_eq!(editor.text(), "äxö");
        editor.set("a\nb");
        assert_eq!((editor.row, editor.column), (1, 1));
        editor.go_to(9, 9);
        assert_eq!((editor.row, editor.column), (1, 1));
        editor.left();
        editor.left();
        assert_eq!((editor.row, editor.column), (0, 1));
        editor.right();
        assert_eq!((editor.row, editor.column), (1, 0));
    }
}
