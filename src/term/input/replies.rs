//! Sequences that are answers of the terminal.

use super::{InputEvent, Reply};

/// A control sequence that is an answer. Every private sequence (`CSI ? …`, `CSI > …`) is one, known or not.
pub(super) fn csi(parameters: &[u8], last: u8) -> Option<InputEvent> {
    let private = parameters.first().is_some_and(|b| matches!(b, b'?' | b'>' | b'='));
    let reply = match (private, last) {
        (true, _) => private_reply(parameters, last),
        (false, b't') => window(parameters),
        (false, b'n') if parameters == b"0" => Reply::Status,
        (false, b'n' | b'c' | b'x' | b'y') => Reply::Other,
        _ => return None,
    };
    Some(InputEvent::Reply(reply))
}

fn private_reply(parameters: &[u8], last: u8) -> Reply {
    let asked = parameters.first() == Some(&b'?');
    let body = parameters.get(1..).unwrap_or_default();
    match last {
        b'c' if asked => Reply::Attributes(numbers(body)),
        b'u' if asked => Reply::Keyboard(numbers(body).first().map_or(0, |n| u32::from(*n))),
        b'y' if asked => match (body.strip_suffix(b"$").map(numbers)).as_deref() {
            Some([mode, value]) => Reply::Mode { mode: *mode, value: *value },
            _ => Reply::Other,
        },
        _ => Reply::Other,
    }
}

fn window(parameters: &[u8]) -> Reply {
    match numbers(parameters)[..] {
        [kind, height, width] => Reply::Window { kind, height, width },
        _ => Reply::Other,
    }
}

fn numbers(text: &[u8]) -> Vec<u16> {
    text.split(|b| *b == b';').filter_map(|part| std::str::from_utf8(part).ok()?.parse().ok()).collect()
}

/// A string answer, by its introducer: `P` DCS, `]` OSC, `_` APC.
pub(super) fn string(kind: u8, body: &[u8]) -> Reply {
    let found = match kind {
        b'_' => body.strip_prefix(b"G").and_then(graphics),
        b'P' => body.strip_prefix(b">|").map(|name| Reply::Version(lossy(name))),
        b']' => colour(body),
        _ => None,
    };
    found.unwrap_or(Reply::Other)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn graphics(body: &[u8]) -> Option<Reply> {
    let at = body.iter().position(|b| *b == b';')?;
    let (keys, message) = (body.get(..at)?, body.get(at + 1..)?);
    let number = |key: &[u8]| {
        let value = keys.split(|b| *b == b',').find_map(|pair| pair.strip_prefix(key))?;
        std::str::from_utf8(value).ok()?.parse().ok()
    };
    let (id, placement) = (number(b"i=").unwrap_or(0), number(b"p=").unwrap_or(0));
    Some(Reply::Graphics { id, placement, message: lossy(message) })
}

/// `11;rgb:1e1e/1e1e/2e2e`, with one to four digits a channel.
fn colour(body: &[u8]) -> Option<Reply> {
    let text = std::str::from_utf8(body).ok()?;
    let (slot, value) = text.split_once(';')?;
    let rgb = value.split_once("rgb:").or_else(|| value.split_once("rgba:"))?.1;
    let mut channels = rgb.split('/').map(channel);
    let rgb = (channels.next()??, channels.next()??, channels.next()??);
    Some(Reply::Colour { slot: slot.parse().ok()?, rgb })
}

/// Hexadecimal digits, scaled to 16 bits.
fn channel(digits: &str) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    let full = (1_u32 << (4 * digits.len())) - 1;
    u16::try_from(value * 0xffff / full).ok()
}
