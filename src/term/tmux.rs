//! tmux: sequences for the terminal outside of it, and whether it lets them through.

use std::process::{Command, Stdio};

/// The longest sequence tmux lets through; a longer one vanishes silently (measured with 3.3a: 1 MiB).
pub const MAX_PASSTHROUGH: usize = 1 << 20;

/// Wraps one whole sequence so that tmux hands it to the terminal outside: every Escape is doubled, the terminator of
/// the sequence included.
#[must_use]
pub fn wrap(sequence: &[u8]) -> Vec<u8> {
    let escapes = sequence.iter().filter(|b| **b == 0x1b).count();
    let mut out = Vec::with_capacity(sequence.len() + escapes + 9);
    out.extend_from_slice(b"\x1bPtmux;");
    for &byte in sequence {
        if byte == 0x1b {
            out.push(0x1b);
        }
        out.push(byte);
    }
    out.extend_from_slice(b"\x1b\\");
    out
}

/// Whether the pane lets wrapped sequences through, and what to tell the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passthrough {
    /// On, as the user's configuration says, or an old tmux that always lets them through.
    On,
    /// Off; the text says what to do.
    Off(String),
}

/// Asks tmux for `allow-passthrough`. Only asks: changing what the user configured is the user's to do. Runs the
/// `tmux` program and takes some milliseconds, so it belongs on a thread of its own.
#[must_use]
pub fn passthrough() -> Passthrough {
    let asked = Command::new("tmux")
        .args(["show-options", "-Apv", "allow-passthrough"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    match asked {
        Ok(output) if output.status.success() => read_answer(&String::from_utf8_lossy(&output.stdout)),
        // Before 3.3 the option does not exist and everything passes.
        Ok(_) => Passthrough::On,
        Err(error) => Passthrough::Off(format!("`tmux` could not be asked for `allow-passthrough`: {error}")),
    }
}

/// Where the pane lies on the terminal outside: columns and rows before its top left cell. Runs the `tmux` program.
#[must_use]
pub fn origin() -> Option<(u16, u16)> {
    let format = "#{pane_left} #{pane_top} #{status} #{status-position}";
    let asked = Command::new("tmux").args(["display-message", "-p", format]).stdin(Stdio::null()).output().ok()?;
    read_origin(&String::from_utf8_lossy(&asked.stdout))
}

fn read_origin(text: &str) -> Option<(u16, u16)> {
    let mut words = text.split_whitespace();
    let (left, top) = (words.next()?.parse().ok()?, words.next()?.parse::<u16>().ok()?);
    let lines = match words.next()? {
        "off" => 0,
        "on" => 1,
        lines => lines.parse().ok()?,
    };
    let above = if words.next() == Some("top") { lines } else { 0 };
    Some((left, top.saturating_add(above)))
}

fn read_answer(text: &str) -> Passthrough {
    match text.trim() {
        "on" | "all" => Passthrough::On,
        _ => Passthrough::Off(
            "tmux does not let pictures through: put `set -g allow-passthrough on` into tmux.conf".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_doubled_once() {
        assert_eq!(wrap(b"\x1b_Gi=1\x1b\\"), b"\x1bPtmux;\x1b\x1b_Gi=1\x1b\x1b\\\x1b\\");
        assert_eq!(read_origin("40 12 on top\n"), Some((40, 13)));
        assert_eq!(read_origin("0 0 2 bottom"), Some((0, 0)));
        assert_eq!(read_answer("on\n"), Passthrough::On);
        assert!(matches!(read_answer("off\n"), Passthrough::Off(_)));
    }
}
