//! The terminal's side: its answers as bytes, and what is made of them.

use lakelens::term::guard::WindowSize;
use lakelens::term::input::InputEvent;
use lakelens::term::input::parser::{MAX_PASTE, Parser};
use lakelens::term::probe::{Probe, Step};
use lakelens::term::surroundings::Surroundings;

/// Bytes the parser may hold: twice the longest paste, because a vector grows by doubling.
const HELD: usize = 2 * MAX_PASTE + (1 << 16);

/// Reads numbers from the front of the input; zeros when it is used up.
struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, &[][..]), |(b, rest)| (*b, rest));
        self.0 = rest;
        first
    }

    fn number(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// One answer with a body that may be anything but the end of an answer.
fn answer(source: &mut Source<'_>, out: &mut Vec<u8>) {
    let kind = source.byte();
    let length = usize::from(source.byte()) * if kind & 0x80 == 0 { 1 } else { 64 };
    let body = source.bytes(length);
    // An Escape at the very end would be half a terminator.
    let text = || body.iter().copied().filter(|b| !matches!(b, 0x1b | 0x07 | b'\\'));
    let numbers = || body.iter().map(|b| b"0123456789;:?"[usize::from(*b) % 13]);
    match kind % 6 {
        0 => out.extend(b"\x1b_G".iter().copied().chain(text()).chain(*b"\x1b\\")),
        1 => out.extend(b"\x1bP>|".iter().copied().chain(text()).chain(*b"\x1b\\")),
        2 => out.extend(b"\x1b]11;".iter().copied().chain(text()).chain(*b"\x07")),
        3 => out.extend(b"\x1b[?".iter().copied().chain(numbers()).chain(*b"c")),
        4 => out.extend(b"\x1b[?".iter().copied().chain(numbers()).chain(*b"u")),
        _ => out.extend(b"\x1b[6;".iter().copied().chain(numbers().filter(u8::is_ascii_digit)).chain(*b";9t")),
    }
}

/// Bytes in any pieces to events. No panic, bounded memory, the same however it is cut, and no answer becomes a key.
pub fn replies(input: &[u8]) {
    soup(input);
    let mut source = Source(input);
    let (mut bytes, mut typed) = (Vec::new(), 0);
    while !source.0.is_empty() {
        match source.byte() % 3 {
            0 => {
                bytes.push(b'j');
                typed += 1;
            }
            _ => answer(&mut source, &mut bytes),
        }
    }
    let mut events = Vec::new();
    let mut parser = Parser::new();
    parser.feed(&bytes, &mut events);
    let keys = events.iter().filter(|e| matches!(e, InputEvent::Key { .. })).count();
    assert_eq!(keys, typed, "an answer became a key, or took one: {events:?}");
    assert!(parser.held() <= HELD);
}

/// The first bytes say where the rest is cut, and where nothing follows for a while.
fn soup(input: &[u8]) {
    let mut source = Source(input);
    let cuts = source.bytes(8).to_vec();
    let (mut parser, mut whole) = (Parser::new(), (Parser::new(), Vec::new()));
    let (mut pieces, mut silent) = (Vec::new(), false);
    whole.0.feed(source.0, &mut whole.1);
    for cut in cuts {
        parser.feed(source.bytes(usize::from(cut >> 1)), &mut pieces);
        if cut & 1 == 1 {
            parser.timeout(&mut pieces);
            silent = true;
        }
        assert!(parser.held() <= HELD);
    }
    parser.feed(source.0, &mut pieces);
    if !silent {
        assert_eq!(pieces, whole.1, "it means something else when it is cut");
    }
}

/// Answers in any order, late, twice, with resizes between them. A cell always fits a screen, nothing printable comes
/// out unescaped, and a terminal that never settles is not followed for ever.
pub fn probe(input: &[u8]) {
    let mut source = Source(input);
    let flags = source.byte();
    let set = move |name: &str| match name {
        "TERM" if flags & 1 == 0 => Some("xterm-256color".to_owned()),
        "TERM" => Some("tmux-256color".to_owned()),
        "SSH_TTY" if flags & 4 != 0 => Some("x".to_owned()),
        "LANG" if flags & 8 != 0 => Some("C.UTF-8".to_owned()),
        _ => None,
    };
    let size = |source: &mut Source<'_>| WindowSize {
        columns: source.number(),
        rows: source.number(),
        width: source.number(),
        height: source.number(),
    };
    let mut window = size(&mut source);
    // A local probe makes a shared memory object for every input.
    let surroundings = Surroundings { size: Some(window), ssh: true, ..Surroundings::from_lookup(set) };
    let mut probe = Probe::new(surroundings);
    drop(probe.start());
    let (mut parser, mut told, mut asked, mut resizes) = (Parser::new(), 0, 0, 0);
    while !source.0.is_empty() {
        match source.byte() {
            0 => check_caps(&probe.on_deadline(), window),
            1 => {
                window = size(&mut source);
                resizes += 1;
                check_cell(probe.resized(window).0, window);
            }
            length => {
                let mut events = Vec::new();
                parser.feed(source.bytes(length.into()), &mut events);
                for event in events {
                    let InputEvent::Reply(reply) = event else { continue };
                    match probe.on_reply(&reply) {
                        Step::Wait => {}
                        Step::Ask(_) => asked += 1,
                        Step::Done(caps) => {
                            told += 1;
                            check_caps(&caps, window);
                        }
                    }
                }
            }
        }
    }
    assert!(asked <= 1, "asked {asked} times");
    assert!(told <= 9 * (resizes + 1), "told {told} times");
}

fn check_caps(caps: &lakelens::term::caps::Caps, window: WindowSize) {
    check_cell(caps.cell, window);
    for finding in &caps.findings {
        assert!(!finding.chars().any(char::is_control), "{finding:?}");
    }
}

fn check_cell((width, height): (u16, u16), window: WindowSize) {
    let pixels = |cell: u16, count: u16| u64::from(cell) * u64::from(count.max(1));
    let area = pixels(width, window.columns) * pixels(height, window.rows);
    assert!(
        width > 0 && height > 0 && (area <= 64 << 20 || (width, height) == (1, 1)),
        "{width} x {height}: {window:?}"
    );
}
