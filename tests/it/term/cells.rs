//! Our writer of cells against ratatui's: the same screen, in fewer bytes.

use lakelens::term::cells;
use proptest::prelude::*;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::num::NonZeroU16;

const SIZE: (u16, u16) = (30, 8);

fn colour() -> impl Strategy<Value = Color> {
    prop_oneof![
        Just(Color::Reset),
        Just(Color::Red),
        Just(Color::LightBlue),
        Just(Color::White),
        any::<u8>().prop_map(Color::Indexed),
        (0_u8..4, 0_u8..4).prop_map(|(r, g)| Color::Rgb(r * 80, g * 80, 7)),
    ]
}

fn modifier() -> impl Strategy<Value = Modifier> {
    let of = |bits: u8| {
        let all = [Modifier::BOLD, Modifier::DIM, Modifier::ITALIC, Modifier::UNDERLINED, Modifier::REVERSED];
        all.iter().enumerate().filter(|(i, _)| bits & (1 << i) != 0).fold(Modifier::empty(), |sum, (_, m)| sum | *m)
    };
    prop_oneof![3 => Just(Modifier::empty()), 1 => (0_u8..32).prop_map(of)]
}

prop_compose! {
    fn buffer()(runs in proptest::collection::vec(
        (0..SIZE.0, 0..SIZE.1, prop_oneof!["[a-z ]{1,12}", "[▀▄█─]{1,6}", "[日本語]{1,3}"], colour(), colour(), modifier()),
        0..24,
    )) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        for (x, y, text, fg, bg, modifier) in runs {
            buffer.set_string(x, y, text, Style::new().fg(fg).bg(bg).add_modifier(modifier));
        }
        buffer
    }
}

fn sides() -> (NonZeroU16, NonZeroU16) {
    (NonZeroU16::new(SIZE.0).unwrap(), NonZeroU16::new(SIZE.1).unwrap())
}

/// What a terminal shows in a cell; the colour of a blank cannot be seen.
fn seen(cell: Option<&vt100::Cell>) -> Option<(String, Option<vt100::Color>, vt100::Color, [bool; 5])> {
    let cell = cell?;
    let modes = [cell.bold(), cell.dim(), cell.italic(), cell.underline(), cell.inverse()];
    let text = if cell.has_contents() { cell.contents().to_owned() } else { " ".to_owned() };
    let colour = (text != " " || modes.contains(&true)).then(|| cell.fgcolor());
    Some((text, colour, cell.bgcolor(), modes))
}

proptest! {
    #[test]
    fn the_screen_is_the_same_and_never_costs_more(before in buffer(), after in buffer()) {
        let mut ours = vt100::Parser::new(sides().1, sides().0, 0);
        let mut theirs = vt100::Parser::new(sides().1, sides().0, 0);
        let empty = Buffer::empty(before.area);
        for (from, to) in [(&empty, &before), (&before, &after)] {
            let (mut a, mut b) = (Vec::new(), Vec::new());
            cells::write(from.diff(to).into_iter(), &mut a);
            CrosstermBackend::new(&mut b).draw(from.diff(to).into_iter()).unwrap();
            prop_assert!(a.len() <= b.len() + 8, "{} bytes against {}", a.len(), b.len());
            ours.process(&a);
            theirs.process(&b);
            for (x, y) in (0..SIZE.0).flat_map(|x| (0..SIZE.1).map(move |y| (x, y))) {
                prop_assert_eq!(seen(ours.screen().cell(y, x)), seen(theirs.screen().cell(y, x)), "{},{}", x, y);
            }
        }
    }
}
