//! Laws of the input parser.

use lakelens::domain::key::{Key, KeyPress};
use lakelens::term::input::encode::encode;
use lakelens::term::input::parser::{MAX_PASTE, Parser, Pending};
use lakelens::term::input::{InputEvent, MouseKind, Reply};
use proptest::prelude::*;

fn parse(pieces: &[&[u8]]) -> Vec<InputEvent> {
    let mut parser = Parser::new();
    let mut out = Vec::new();
    for piece in pieces {
        parser.feed(piece, &mut out);
    }
    if parser.pending() == Pending::Escape {
        parser.timeout(&mut out);
    }
    out
}

fn keys(bytes: &[u8]) -> String {
    let show = |e: &InputEvent| match e {
        InputEvent::Key { press, repeat } => format!("{press}{}", if *repeat { "*" } else { "" }),
        other => format!("{other:?}"),
    };
    parse(&[bytes]).iter().map(show).collect::<Vec<_>>().join(" ")
}

#[test]
fn legacy_encodings_of_every_family() {
    for (bytes, expected) in [
        (&b"a"[..], "a"),
        (b"\x1ba", "<A-a>"),
        (b"\x1b", "<esc>"),
        (b"\x1b\x1b", "<esc> <esc>"),
        (b"\r\t\x7f", "<enter> <tab> <backspace>"),
        (b"\x00\x01\x0a\x1c", "<C-space> <C-a> <C-j> <C-4>"),
        (b"\x1b\r", "<A-enter>"),
        (b"\x1b[A\x1bOB\x1b[1;5C\x1b[1;2D", "<up> <down> <C-right> <S-left>"),
        (b"\x1b[H\x1b[F\x1bOH\x1b[1~\x1b[8~", "<home> <end> <home> <home> <end>"),
        (b"\x1b[Z", "<backtab>"),
        (b"\x1b\x1b[A", "<A-up>"),
        (b"\x1b[5~\x1b[6;5~\x1b[3;3~", "<pgup> <C-pgdn> <A-del>"),
        (b"\x1bOP\x1b[11~\x1b[[A\x1b[24~\x1b[34~", "<f1> <f1> <f1> <f12> <f20>"),
        (b"\x1b[a\x1bOa\x1b[7$\x1b[7^\x1b[7@", "<S-up> <C-up> <S-home> <C-home> <C-S-home>"),
        (b"\x1bOj\x1bOM\x1bOw", "* <enter> 7"),
        ("é日🙂".as_bytes(), "é 日 🙂"),
        ("\x1bé".as_bytes(), "<A-é>"),
    ] {
        assert_eq!(keys(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn kitty_keyboard_with_event_types() {
    for (bytes, expected) in [
        (&b"\x1b[27u"[..], "<esc>"),
        (b"\x1b[97;5u", "<C-a>"),
        (b"\x1b[97;5:2u\x1b[97;5:3u", "<C-a>*"),
        (b"\x1b[1;1:2A\x1b[1;1:3A", "<up>*"),
        (b"\x1b[97:65;2u", "A"),
        (b"\x1b[97;9u\x1b[57358u\x1b[57441;2u", ""),
        (b"\x1b[57399u\x1b[57414u\x1b[57376u", "0 <enter> <f13>"),
        (b"\x1b[27;5;105~", "<C-i>"),
        (b"\x1b[9;2u", "<backtab>"),
        (b"\x1b[97;133u", "<C-a>"),
        // Text as typed: shift, caps lock, AltGr, a dead key; releases say nothing.
        (b"\x1b[97:65;2;65u\x1b[97:65;2:3u", "A"),
        (b"\x1b[97;65;65u", "A"),
        (b"\x1b[113;1;64u", "@"),
        (b"\x1b[0;;233u", "\u{e9}"),
        (b"\x1b[13;1u\x1b[13;1:3u", "<enter>"),
        (b"\x1b[49;1:2;49u", "1*"),
    ] {
        assert_eq!(keys(bytes), expected, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_paste_is_one_event_and_never_keys() {
    let text = "line\r\nj\x1b[Ax";
    let bytes = format!("\x1b[200~{text}\x1b[201~q");
    assert_eq!(parse(&[bytes.as_bytes()]), [InputEvent::Paste(text.into()), InputEvent::key(KeyPress::char('q'))]);
    let long = format!("\x1b[200~{}\x1b[201~q", "y".repeat(MAX_PASTE + 12_345));
    let events = parse(&[long.as_bytes()]);
    assert!(matches!(&events[..], [InputEvent::Paste(p), InputEvent::Key { .. }] if p.len() == MAX_PASTE));
}

#[test]
fn the_mouse_and_the_focus() {
    let events = parse(&[b"\x1b[<64;10;5M\x1b[<0;1;1m\x1b[I\x1b[O\x1b[M !!"]);
    let [InputEvent::Mouse(wheel), InputEvent::Mouse(release), InputEvent::Focus(true), InputEvent::Focus(false)] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((wheel.kind, wheel.column, wheel.row), (MouseKind::WheelUp, 9, 4));
    assert_eq!(release.kind, MouseKind::Release(0));
}

/// Answers as terminals really send them, and what they mean.
fn replies() -> Vec<(&'static [u8], Reply)> {
    vec![
        (b"\x1b_Gi=31;OK\x1b\\", Reply::Graphics { id: 31, placement: 0, message: "OK".into() }),
        (b"\x1b_Gi=7,I=3;ENOENT:no\x1b\\", Reply::Graphics { id: 7, placement: 0, message: "ENOENT:no".into() }),
        (b"\x1b_Gi=7,p=3;ENOENT:no\x1b\\", Reply::Graphics { id: 7, placement: 3, message: "ENOENT:no".into() }),
        (b"\x1b[?62;4;22c", Reply::Attributes(vec![62, 4, 22])),
        (b"\x1b[>1;3000;0c", Reply::Other),
        (b"\x1bP>|kitty(0.26.5)\x1b\\", Reply::Version("kitty(0.26.5)".into())),
        (b"\x1b]11;rgb:1e1e/ff/0\x1b\\", Reply::Colour { slot: 11, rgb: (0x1e1e, 0xffff, 0) }),
        (b"\x1b]11;rgb:ffff/ffff/ffff\x07", Reply::Colour { slot: 11, rgb: (0xffff, 0xffff, 0xffff) }),
        (b"\x1b[6;20;10t", Reply::Window { kind: 6, height: 20, width: 10 }),
        (b"\x1b[0n", Reply::Status),
        (b"\x1b[?2026;2$y", Reply::Mode { mode: 2026, value: 2 }),
        (b"\x1b[?997;1n", Reply::Other),
        (b"\x1b[?3u", Reply::Keyboard(3)),
        (b"\x1bP1$r0m\x1b\\", Reply::Other),
    ]
}

#[test]
fn a_reply_cut_anywhere_is_the_same_reply_and_no_key() {
    for (bytes, expected) in replies() {
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(parse(&[a, b]), [InputEvent::Reply(expected.clone())], "{bytes:?} cut at {cut}");
        }
    }
}

#[test]
fn escape_pressed_while_a_reply_is_on_its_way_is_the_key() {
    for (bytes, reply) in replies() {
        let together = [b"\x1b", bytes].concat();
        let expected = [InputEvent::key(KeyPress::plain(Key::Esc)), InputEvent::Reply(reply)];
        assert_eq!(parse(&[&together]), expected, "{}", together.escape_ascii());
    }
}

#[test]
fn a_reply_whose_rest_never_comes_is_no_key() {
    for (bytes, _) in replies() {
        for cut in 2..bytes.len() {
            let (mut parser, mut out) = (Parser::new(), Vec::new());
            parser.feed(&bytes[..cut], &mut out);
            parser.timeout(&mut out);
            assert!(!out.iter().any(|e| matches!(e, InputEvent::Key { .. })), "{bytes:?} cut at {cut}: {out:?}");
            assert_eq!(parser.pending(), Pending::Nothing);
        }
    }
}

#[test]
fn the_rest_of_a_reply_after_a_long_silence_is_still_the_reply() {
    for (bytes, expected) in replies() {
        for cut in 1..bytes.len() {
            let (mut parser, mut out) = (Parser::new(), Vec::new());
            parser.feed(&bytes[..cut], &mut out);
            parser.timeout(&mut out);
            // An Escape that stands alone is the key; nobody can know better yet.
            assert_eq!(out.len(), usize::from(cut == 1), "{bytes:?} cut at {cut}: {out:?}");
            out.clear();
            parser.feed(&[&bytes[cut..], b"j"].concat(), &mut out);
            let expected = [InputEvent::Reply(expected.clone()), InputEvent::key(KeyPress::char('j'))];
            assert_eq!(out, expected, "{bytes:?} cut at {cut}");
        }
    }
}

#[test]
fn what_a_person_types_after_a_cut_sequence_are_keys() {
    for head in [&b"\x1b"[..], b"\x1b[", b"\x1bO", b"\x1b_Gi=3", b"\x1bP>|ki", b"\x1b[200~pas"] {
        for typed in ["j", "3", "n", "c", "A", "[A", "]x", "hello world", "\u{7}x", "é"] {
            let (mut parser, mut out) = (Parser::new(), Vec::new());
            parser.feed(head, &mut out);
            parser.timeout(&mut out);
            out.clear();
            parser.feed(typed.as_bytes(), &mut out);
            let pressed = out.iter().filter(|e| matches!(e, InputEvent::Key { .. })).count();
            assert_eq!(pressed, typed.chars().count(), "{head:?} {typed}: {out:?}");
        }
    }
}

#[test]
fn a_paste_that_stalls_goes_on_as_a_paste() {
    let (mut parser, mut out) = (Parser::new(), Vec::new());
    parser.feed(b"\x1b[200~first ", &mut out);
    parser.timeout(&mut out);
    parser.feed(&[b'1'; 500], &mut out);
    parser.feed(b"\x1b[201~j", &mut out);
    let expected =
        [InputEvent::Paste("first ".into()), InputEvent::Paste("1".repeat(500)), InputEvent::key(KeyPress::char('j'))];
    assert_eq!(out, expected);
}

#[test]
fn escapes_inside_of_an_answer_do_not_end_it() {
    let many = "Q".repeat(100_000);
    for body in ["\x1b[31mjjQ", "\x1b]0;t\u{7}jj", "a\x1b[2Jb\x1bcd\x18e\x1afg", "\x1b\x1bOAj\x1b[[A", &many] {
        let bytes = format!("\x1bP>|{body}\x1b\\j");
        let out = parse(&[bytes.as_bytes()]);
        let keys: Vec<_> = out.iter().filter(|e| matches!(e, InputEvent::Key { .. })).collect();
        assert_eq!(keys, [&InputEvent::key(KeyPress::char('j'))], "{out:?}");
    }
    // An answer that lost its end takes no other answer with it, and no key after those.
    let lost = b"\x1bP>|kit\x1b_Gi=31;OK\x1b\\\x1bP>|kit\x1b[?62;4c\x1bP>|x\x1b]11;rgb:00/00/00\x07j";
    let out = parse(&[lost]);
    assert!(
        matches!(
            &out[..],
            [
                InputEvent::Reply(Reply::Graphics { id: 31, .. }),
                InputEvent::Reply(Reply::Attributes(_)),
                InputEvent::Reply(Reply::Colour { slot: 11, .. }),
                InputEvent::Key { .. }
            ]
        ),
        "{out:?}"
    );
}

#[test]
fn endless_numbers_are_no_keys() {
    let (mut parser, mut out) = (Parser::new(), Vec::new());
    parser.feed(b"\x1b[", &mut out);
    for _ in 0..200 {
        parser.feed(&[b'7'; 1024], &mut out);
    }
    assert!(parser.held() < 1 << 16, "{} bytes", parser.held());
    parser.feed(b"mj", &mut out);
    assert_eq!(out, [InputEvent::key(KeyPress::char('j'))]);
}

#[test]
fn an_endless_string_does_not_deafen_the_program() {
    let (mut parser, mut out) = (Parser::new(), Vec::new());
    parser.feed(b"\x1b_G", &mut out);
    for _ in 0..200 {
        parser.feed(&[b'='; 1024], &mut out);
    }
    parser.timeout(&mut out);
    out.clear();
    parser.feed(b"j", &mut out);
    assert_eq!(out, [InputEvent::key(KeyPress::char('j'))]);
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        any::<char>()
            .prop_filter("printable", |c| !c.is_control() && !('\u{e000}'..='\u{f8ff}').contains(c))
            .prop_map(Key::Char),
        (1_u8..=24).prop_map(Key::F),
        proptest::sample::select(vec![
            Key::Enter,
            Key::Esc,
            Key::Tab,
            Key::BackTab,
            Key::Backspace,
            Key::Delete,
            Key::Insert,
            Key::Left,
            Key::Right,
            Key::Up,
            Key::Down,
            Key::Home,
            Key::End,
            Key::PageUp,
            Key::PageDown,
        ]),
    ]
}

proptest! {
    #[test]
    fn byte_soup_never_panics_and_means_the_same_however_it_is_cut(
        soup in proptest::collection::vec(
            prop_oneof![any::<u8>(), proptest::sample::select(b"\x1b\x1b\x1b[]_PO?;:0129~uMmc\\$\x07".to_vec())], 0..300),
        cuts in proptest::collection::vec(0_usize..300, 0..6),
    ) {
        let mut whole = (Parser::new(), Vec::new());
        whole.0.feed(&soup, &mut whole.1);
        whole.0.timeout(&mut whole.1);
        let mut pieces = (Parser::new(), Vec::new());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(soup.len())).collect();
        cuts.sort_unstable();
        let mut from = 0;
        for cut in cuts.into_iter().chain([soup.len()]) {
            pieces.0.feed(&soup[from..cut], &mut pieces.1);
            from = cut;
        }
        pieces.0.timeout(&mut pieces.1);
        prop_assert_eq!(whole.1, pieces.1);
        prop_assert_eq!(pieces.0.pending(), Pending::Nothing);
    }

    #[test]
    fn replies_between_keys_cost_no_key(which in proptest::collection::vec(0_usize..13, 1..8)) {
        let all = replies();
        let mut bytes = Vec::new();
        for index in &which {
            bytes.extend_from_slice(all[*index].0);
            bytes.push(b'j');
        }
        let found = parse(&[&bytes]);
        let pressed = found.iter().filter(|e| matches!(e, InputEvent::Key { .. })).count();
        prop_assert_eq!(pressed, which.len());
        prop_assert_eq!(found.len(), which.len() * 2);
    }

    #[test]
    fn every_key_has_an_encoding_that_parses_back(key in any_key(), ctrl: bool, alt: bool, shift: bool) {
        let press = KeyPress { key, ctrl, alt, shift }.normalised();
        let press = KeyPress { shift: press.shift && !matches!(press.key, Key::Char(_)), ..press };
        // Control folds a letter to lower case where it has one character for it.
        prop_assume!(press == press.normalised());
        prop_assert_eq!(parse(&[&encode(press)]), vec![InputEvent::key(press)]);
    }
}
