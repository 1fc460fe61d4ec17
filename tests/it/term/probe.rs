//! The probe, fed with what real terminals answer.

use lakelens::term::caps::{BlockKind, Caps, Depth, Protocol};
use lakelens::term::guard::WindowSize;
use lakelens::term::input::parser::Parser;
use lakelens::term::input::{InputEvent, Reply};
use lakelens::term::probe::{Probe, Step};
use lakelens::term::surroundings::{Surroundings, Wish};
use lakelens::term::tmux::Passthrough;

fn around(variables: &[(&str, &str)]) -> Surroundings {
    let lookup = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    Surroundings {
        size: Some(WindowSize { columns: 80, rows: 24, width: 804, height: 484 }),
        ..Surroundings::from_lookup(lookup)
    }
}

/// Feeds the bytes a terminal answers, and gives what the probe made of it, with the keys among them.
fn answer(probe: &mut Probe, bytes: &[u8]) -> (Option<Step>, usize) {
    let (mut parser, mut events) = (Parser::new(), Vec::new());
    parser.feed(bytes, &mut events);
    let (mut last, mut keys) = (None, 0);
    for event in events {
        match event {
            InputEvent::Reply(reply) => match probe.on_reply(&reply) {
                Step::Wait => {}
                step => last = Some(step),
            },
            InputEvent::Key { .. } => keys += 1,
            other => panic!("{other:?}"),
        }
    }
    (last, keys)
}

fn probed(around: Surroundings, bytes: &[u8]) -> Caps {
    let mut probe = Probe::new(around);
    let asked = probe.start();
    assert!(asked.ends_with(b"\x1b[c"), "the device attributes are asked last");
    let (Some(Step::Done(caps)), _) = answer(&mut probe, bytes) else { panic!("not done") };
    assert_eq!(probe.on_reply(&Reply::Attributes(vec![1])), Step::Wait, "it is over");
    *caps
}

const UTF8: (&str, &str) = ("LANG", "C.UTF-8");

#[test]
fn kitty_with_shared_memory_and_keys_typed_meanwhile() {
    let mut probe = Probe::new(around(&[UTF8, ("TERM", "xterm-kitty")]));
    drop(probe.start());
    let bytes = b"jj\x1bP>|kitty(0.41.1)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[4;480;800t\x1b[6;20;10t\
        \x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?0u\x1b_Gi=32;OK\x1b\\x\x1b[?62;c";
    let (Some(Step::Done(caps)), 3) = answer(&mut probe, bytes) else { panic!("not done, or keys lost") };
    assert_eq!(caps.protocol, Protocol::Kitty { shared_memory: true });
    assert_eq!((caps.cell, caps.depth, caps.light), ((10, 20), Depth::True, Some(true)));
    assert!(caps.keyboard && caps.unicode && caps.name.starts_with("kitty"));
}

#[test]
fn xterm_with_sixel_says_so_in_its_attributes() {
    let caps = probed(around(&[UTF8, ("TERM", "xterm-256color")]), b"\x1bP>|XTerm(379)\x1b\\\x1b[?63;1;2;4;6;9;15;22c");
    assert_eq!((caps.protocol, caps.cell), (Protocol::Sixel, (10, 20)));
}

#[test]
fn a_silent_terminal_gets_blocks_when_the_time_is_over() {
    let mut probe = Probe::new(around(&[UTF8, ("TERM", "xterm-256color"), ("SSH_TTY", "/dev/pts/1")]));
    drop(probe.start());
    assert_eq!(probe.patience().as_secs(), 4);
    let caps = probe.on_deadline();
    assert_eq!((caps.protocol, caps.depth), (Protocol::Blocks(BlockKind::Half), Depth::Ansi256));
    assert!(caps.ssh && !caps.keyboard);
    assert!(caps.findings.iter().any(|f| f.contains("did not answer")));
}

#[test]
fn inside_tmux_the_terminal_outside_is_asked_in_wraps() {
    let first = b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c";
    let outside =
        |version: &str| format!("\x1bP>|{version}\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;c\x1b[0n").into_bytes();
    for (version, expected) in [
        ("kitty(0.41.1)", Protocol::KittyAnchored),
        ("kitty(0.28.1)", Protocol::KittyPlaceholders),
        ("ghostty 1.2.0", Protocol::KittyPlaceholders),
        ("kitty(0.26.5)", Protocol::Blocks(BlockKind::Sextant)),
        ("iTerm2 3.5.10", Protocol::Iterm),
    ] {
        let mut probe = Probe::new(around(&[UTF8, ("TERM", "tmux-256color"), ("TMUX", "/tmp/t,1,0")]));
        assert!(!probe.start().windows(2).any(|w| w == b"\x1b_"), "tmux would take it as the title of the pane");
        let (Some(Step::Ask(asked)), _) = answer(&mut probe, first) else { panic!("no second round") };
        assert!(asked.starts_with(b"\x1bPtmux;\x1b\x1b[>0q\x1b\\"));
        assert!(asked.ends_with(b"\x1bPtmux;\x1b\x1b[5n\x1b\\"), "the terminator is wrapped too");
        let (Some(Step::Done(caps)), _) = answer(&mut probe, &outside(version)) else { panic!("not done") };
        assert_eq!(caps.protocol, expected, "{version}");
        assert!(caps.tmux);
    }
}

#[test]
fn without_passthrough_the_findings_say_what_to_do() {
    let mut surroundings = around(&[UTF8, ("TERM", "tmux-256color"), ("TMUX", "/tmp/t,1,0")]);
    surroundings.tmux = Some(Passthrough::Off("put `set -g allow-passthrough on` into tmux.conf".into()));
    let caps = probed(surroundings, b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c");
    assert_eq!(caps.protocol, Protocol::Blocks(BlockKind::Half));
    assert!(caps.findings.iter().any(|f| f.contains("allow-passthrough")));
}

#[test]
fn wishes_and_poor_terminals() {
    let wish = |wish| Surroundings { wish, ..around(&[UTF8, ("TERM", "xterm")]) };
    assert_eq!(Probe::guess(&wish(Wish::Sixel)).protocol, Protocol::Sixel);
    assert_eq!(Probe::guess(&wish(Wish::None)).protocol, Protocol::None);
    let dumb = around(&[("TERM", "dumb")]);
    assert!(Probe::new(dumb.clone()).start().is_empty());
    let caps = Probe::guess(&dumb);
    assert_eq!((caps.depth, caps.protocol, caps.unicode), (Depth::Mono, Protocol::Ascii, false));
    let quiet = Probe::guess(&around(&[UTF8, ("TERM", "xterm-256color"), ("NO_COLOR", "1")]));
    assert_eq!(quiet.depth, Depth::Mono);
    let light = Probe::guess(&around(&[UTF8, ("TERM", "xterm"), ("COLORFGBG", "0;15")]));
    assert_eq!(light.light, Some(true));
}

const KITTY: &[u8] = b"\x1bP>|kitty(0.41.1)\x1b\\\x1b[4;480;800t\x1b[6;20;10t\x1b[?0u\x1b_Gi=31;OK\x1b\\";

#[test]
fn answers_after_the_deadline_still_count() {
    let mut probe = Probe::new(around(&[UTF8, ("TERM", "xterm-256color")]));
    drop(probe.start());
    let early = probe.on_deadline();
    assert_eq!(early.protocol, Protocol::Blocks(BlockKind::Half));
    assert_eq!(answer(&mut probe, KITTY), (None, 0), "told at once, not in pieces");
    let (Some(Step::Done(late)), 0) = answer(&mut probe, b"\x1b[?62;c") else { panic!("not told") };
    assert_eq!(late.protocol, Protocol::Kitty { shared_memory: false });
    assert!(late.keyboard && late.name.starts_with("kitty"));
    // The same answers once more are no news, and a picture of ours with the same id takes nothing back.
    let twice = [KITTY, b"\x1b[?62;c\x1b[0n", KITTY, b"\x1b_Gi=31;ENOENT:no such image\x1b\\"].concat();
    assert_eq!(answer(&mut probe, &twice), (None, 0));
}

#[test]
fn answers_after_the_one_that_should_be_the_last_still_count() {
    let mut probe = Probe::new(around(&[UTF8, ("TERM", "xterm-256color")]));
    drop(probe.start());
    let (Some(Step::Done(first)), _) = answer(&mut probe, b"\x1b[?62;4c") else { panic!("not done") };
    assert_eq!(first.protocol, Protocol::Sixel);
    let (Some(Step::Done(then)), _) = answer(&mut probe, KITTY) else { panic!("not told") };
    assert_eq!(then.protocol, Protocol::Kitty { shared_memory: false });
    // A terminal that cannot make up its mind is not followed for ever.
    let changes = (0..500).filter(|i| {
        let other = format!("\x1bP>|kitty(0.{i})\x1b\\");
        answer(&mut probe, other.as_bytes()).0.is_some()
    });
    assert!(changes.count() < 10);
}

#[test]
fn a_late_second_round_inside_tmux_takes_no_status_of_others() {
    let mut probe = Probe::new(around(&[UTF8, ("TERM", "tmux-256color"), ("TMUX", "/tmp/t,1,0")]));
    drop(probe.start());
    drop(probe.on_deadline());
    let (Some(Step::Ask(asked)), _) = answer(&mut probe, b"\x1bP>|tmux 3.3a\x1b\\\x1b[?1;2c") else {
        panic!("no second round")
    };
    assert!(!asked.windows(3).any(|w| w == b"[5n"), "the writer would take the answer for its own");
    assert!(!probe.takes_status());
    assert_eq!(answer(&mut probe, KITTY).0, None);
    let (Some(Step::Done(caps)), _) = answer(&mut probe, b"\x1b[?62;c") else { panic!("not told") };
    assert_eq!(caps.protocol, Protocol::KittyAnchored);
}

#[test]
fn a_resized_window_has_its_own_cells() {
    let mut probe = Probe::new(around(&[UTF8, ("TERM", "xterm-256color")]));
    drop(probe.start());
    let (Some(Step::Done(caps)), _) = answer(&mut probe, &[KITTY, b"\x1b[?62;c"].concat()) else { panic!("not done") };
    assert_eq!(caps.cell, (10, 20));
    // Another font.
    let larger = WindowSize { columns: 40, rows: 12, width: 802, height: 484 };
    let (cell, asked) = probe.resized(larger);
    assert_eq!((cell, asked.as_slice()), ((20, 40), &b"\x1b[14t\x1b[16t"[..]));
    assert_eq!(answer(&mut probe, b"\x1b[4;480;800t\x1b[6;40;20t").0, None, "it is known already");
    // The system lies, or says nothing: the terminal's own word stays.
    for (width, height) in [(0, 0), (40, 12), (65_535, 65_535)] {
        assert_eq!(probe.resized(WindowSize { width, height, ..larger }).0, (20, 40), "{width} x {height}");
    }
    let mute = Probe::new(around(&[UTF8, ("TERM", "xterm")])).resized(larger);
    assert_eq!(mute, ((20, 40), Vec::new()), "a terminal that did not answer is not asked");
}
