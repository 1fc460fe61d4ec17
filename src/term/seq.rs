//! Escape sequences the screen writes besides cells and pictures.
//!
//! What always holds: text from outside cannot end a sequence early (control characters are taken out), and nothing
//! here clears the whole screen: `CSI 2 J` would wipe every picture the terminal keeps.

use super::tmux;

/// Starts a synchronized update: the terminal shows nothing until [`SYNC_END`].
pub const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
/// Ends a synchronized update.
pub const SYNC_END: &[u8] = b"\x1b[?2026l";
/// Resets colours and attributes.
pub const RESET_STYLE: &[u8] = b"\x1b[0m";
/// Saves the cursor.
pub const SAVE_CURSOR: &[u8] = b"\x1b7";
/// Restores the cursor.
pub const RESTORE_CURSOR: &[u8] = b"\x1b8";
/// Asks the terminal to answer when it has consumed everything before.
pub const ASK_STATUS: &[u8] = b"\x1b[5n";
/// The longest text that terminals take by OSC 52 (xterm's limit, and tmux's).
pub const MAX_COPY: usize = 74 * 1024;

/// Makes a synchronized update of what a frame has between [`SYNC_BEGIN`] and [`SYNC_END`].
///
/// kitty up to 0.26 loses a string sequence (a picture, a placement) that follows the beginning directly, where the line
/// cuts it in two: something that changes nothing is put between them.
#[must_use]
pub fn synchronized(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(SYNC_BEGIN.len() + 3 + content.len() + SYNC_END.len());
    out.extend_from_slice(SYNC_BEGIN);
    if matches!(content, [0x1b, b'_' | b'P' | b']' | b'^' | b'X', ..]) {
        out.extend_from_slice(b"\x1b[m");
    }
    out.extend_from_slice(content);
    out.extend_from_slice(SYNC_END);
    out
}

/// Moves the cursor to a cell, 0-based from the top left.
pub fn move_to(out: &mut Vec<u8>, column: u16, row: u16) {
    out.extend_from_slice(format!("\x1b[{};{}H", u32::from(row) + 1, u32::from(column) + 1).as_bytes());
}

/// Blanks a rectangle of cells in the present background, without touching the rest of the lines.
pub fn erase(out: &mut Vec<u8>, column: u16, row: u16, width: u16, height: u16) {
    if width == 0 {
        return;
    }
    for line in 0..height {
        move_to(out, column, row.saturating_add(line));
        // ECH erases without moving the cursor or wrapping, and takes a picture's pixels with it.
        out.extend_from_slice(format!("\x1b[{width}X").as_bytes());
    }
}

/// Blanks the whole screen of `height` rows line by line, which keeps the pictures that Kitty holds unplaced.
pub fn erase_screen(out: &mut Vec<u8>, height: u16) {
    out.extend_from_slice(RESET_STYLE);
    for row in 0..height {
        move_to(out, 0, row);
        out.extend_from_slice(b"\x1b[2K");
    }
    out.extend_from_slice(b"\x1b[H");
}

/// Copies `text` into the clipboard of the terminal's machine (OSC 52), or nothing if it is longer than
/// [`MAX_COPY`]. Inside tmux both tmux's own buffer and the terminal outside get it.
#[must_use]
pub fn copy(text: &str, in_tmux: bool) -> Option<Vec<u8>> {
    let encoded = base64_simd::STANDARD.encode_to_string(text.as_bytes());
    if encoded.len() > MAX_COPY {
        return None;
    }
    let sequence = format!("\x1b]52;c;{encoded}\x07").into_bytes();
    if !in_tmux {
        return Some(sequence);
    }
    let mut both = sequence.clone();
    both.extend_from_slice(&tmux::wrap(&sequence));
    Some(both)
}

/// Sets the window title. Control characters in `text` are left out.
#[must_use]
pub fn title(text: &str) -> Vec<u8> {
    let clean: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    format!("\x1b]2;{clean}\x1b\\").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_sequence_follows_the_beginning_of_an_update_directly() {
        assert_eq!(synchronized(b"a"), b"\x1b[?2026ha\x1b[?2026l");
        assert_eq!(synchronized(b"\x1b[1;1H\x1b_Ga=p\x1b\\"), b"\x1b[?2026h\x1b[1;1H\x1b_Ga=p\x1b\\\x1b[?2026l");
        for string in [&b"\x1b_Ga=p\x1b\\"[..], b"\x1bPq\x1b\\", b"\x1b]2;a\x07"] {
            assert_eq!(synchronized(string), [b"\x1b[?2026h\x1b[m", string, SYNC_END].concat());
        }
    }

    #[test]
    fn a_title_cannot_end_its_own_sequence() {
        assert_eq!(title("a\x1b\\b\x07c\u{9c}d"), b"\x1b]2;a\\bcd\x1b\\");
    }

    #[test]
    fn a_copy_has_a_limit_and_reaches_both_in_tmux() {
        assert_eq!(copy("hi", false).unwrap(), b"\x1b]52;c;aGk=\x07");
        assert!(copy(&"x".repeat(60 * 1024), true).is_none());
        let both = copy("hi", true).unwrap();
        assert!(both.starts_with(b"\x1b]52;") && both.ends_with(b"\x1b\\"));
    }
}
