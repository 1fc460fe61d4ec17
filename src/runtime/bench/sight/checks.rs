//! What is seen is what was encoded: the scripted terminal against the encoders.

#[cfg(test)]
mod tests {
    use super::super::super::Graphics;
    use super::super::super::pty::Window;
    use super::super::super::terminal::Terminal;
    use super::super::*;
    use crate::term::caps::{BlockKind, Depth};
    use crate::term::graphics::{Fit, Pixels, blocks, fit, iterm, kitty, placeholder, sixel};
    use crate::term::{seq, tmux};
    use ratatui::style::Color;
    use std::time::Instant;

    const SIZE: (u32, u32) = (120, 80);
    const WINDOW: Window = Window { columns: 40, rows: 12, cell: (10, 20) };

    /// Ragged noise in a colour of its own, so that levels can be told apart.
    fn pixels(number: u32, (width, height): (u32, u32)) -> Vec<u8> {
        let point = |i: u32| {
            let (x, y) = (i % width * SIZE.0 / width, i / width * SIZE.1 / height);
            let grain = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35) >> 26;
            [(number * 70 + grain) as u8, (200 - number * 60 + x / 2) as u8, (y * 2 + grain) as u8]
        };
        (0..width * height).flat_map(point).collect()
    }

    struct Stage {
        terminal: Terminal,
        sight: Sight,
        inside: bool,
    }

    impl Stage {
        fn new(graphics: Graphics, inside: bool) -> Self {
            let reference = |n| Reference::of(Rgba::of_rgb(&pixels(n, SIZE), SIZE.0, SIZE.1));
            let sight = Sight::of((0..3).map(reference).collect(), WINDOW.cell, graphics == Graphics::Blocks);
            Self { terminal: Terminal::new(graphics, inside, WINDOW), sight, inside }
        }

        fn write(&mut self, bytes: &[u8]) {
            self.terminal.feed(bytes, Instant::now());
        }

        /// A synchronized update, and what is seen after it.
        fn frame(&mut self, bytes: &[u8]) -> (Look, Scene) {
            // What was written outside of frames may have been seen as well.
            drop(self.terminal.take_scenes());
            self.write(&[seq::SYNC_BEGIN, bytes, seq::SYNC_END].concat());
            let mut scenes = self.terminal.take_scenes();
            assert_eq!(scenes.len(), 1, "one frame is one scene");
            let scene = scenes.remove(0);
            (self.sight.look(&scene), scene)
        }

        fn send(&mut self, id: u32, number: u32, size: (u32, u32)) -> usize {
            let rgb = pixels(number, size);
            let (payload, _) =
                kitty::png_payload(Pixels::new(&rgb, size.0, size.1).unwrap(), &own(size), Level::Exact).unwrap();
            let kitty::Payload::Png(png) = payload else { panic!("no PNG") };
            let chunks = kitty::transmit_png(id, &png, self.inside, false);
            chunks.iter().for_each(|chunk| self.write(chunk));
            chunks.concat().len()
        }
    }

    fn own(size: (u32, u32)) -> Fit {
        fit((12, 4), WINDOW.cell, size)
    }

    fn placement(image: u32, column: u16) -> kitty::Placement {
        kitty::Placement {
            image,
            number: 1,
            column,
            row: 2,
            columns: 12,
            rows: 4,
            part: None,
            above: false,
            spot: false,
        }
    }

    fn show(image: u32) -> Vec<u8> {
        let mut out = Vec::new();
        kitty::place(&mut out, &placement(image, 5), None, false);
        out
    }

    #[test]
    fn kitty_pictures_are_recognised_with_their_level_and_their_bytes() {
        let mut stage = Stage::new(Graphics::Kitty, false);
        let sent = stage.send(9, 1, SIZE);
        let quarter = stage.send(8, 2, (30, 20));
        assert!(stage.terminal.take_scenes().is_empty(), "a transmission shows nothing");
        let (look, scene) = stage.frame(&show(9));
        assert_eq!((look.matches, look.level, look.sent), (vec![1], Some(Level::Exact), sent));
        assert_eq!(look.cells, Some(CellRect { x: 5, y: 2, w: 12, h: 4 }));
        assert_eq!((scene.bytes.graphics, scene.bytes.sent), (show(9).len(), 0));
        let mut change = show(8);
        kitty::unplace(&mut change, 9, 1, false);
        let (look, scene) = stage.frame(&[b"text".to_vec(), change.clone()].concat());
        assert_eq!((look.matches, look.level, look.sent), (vec![2], Some(Level::First), quarter));
        assert_eq!((scene.bytes.graphics, scene.bytes.all), (change.len(), change.len() + 4 + 16));
        let mut take = Vec::new();
        kitty::free(&mut take, 8, false);
        assert!(!stage.frame(&take).0.any, "nothing is left");
        assert!(stage.terminal.received().len() == 2 && stage.terminal.take_answers().is_empty());
    }

    #[test]
    fn data_that_show_themselves_are_seen_when_they_are_whole_as_other_programs_send_them() {
        let mut stage = Stage::new(Graphics::Kitty, false);
        let rgb = pixels(1, SIZE);
        let text = base64_simd::STANDARD.encode_to_string(&rgb);
        let (first, rest) = text.split_at(4096);
        stage.write(format!("\x1b_Ga=T,f=24,s={},v={},c=12,r=4,m=1;{first}\x1b\\", SIZE.0, SIZE.1).as_bytes());
        assert!(stage.terminal.take_scenes().is_empty(), "half a picture is shown");
        stage.write(format!("\x1b_Gm=1;{rest}\x1b\\\x1b_Gm=0\x1b\\").as_bytes());
        let scenes = stage.terminal.take_scenes();
        assert_eq!(stage.sight.look(scenes.last().unwrap()).matches, [1]);
        assert!(stage.terminal.take_answers().is_empty(), "a picture without a name was answered");
    }

    #[test]
    fn lossy_pictures_are_good_but_not_exact() {
        let mut stage = Stage::new(Graphics::Kitty, false);
        let mut rgb = pixels(1, SIZE);
        rgb.iter_mut().for_each(|v| *v = (*v & 0xf0) | 8);
        let size = format!("s={},v={}", SIZE.0, SIZE.1);
        let data = base64_simd::STANDARD.encode_to_string(&rgb);
        stage.write(format!("\x1b_Ga=t,f=24,{size},i=3,q=2;{data}\x1b\\").as_bytes());
        let (look, _) = stage.frame(&show(3));
        assert_eq!((look.matches, look.level), (vec![1], Some(Level::Good)));
    }

    #[test]
    fn what_a_terminal_would_punish_is_counted() {
        let mut stage = Stage::new(Graphics::Kitty, false);
        stage.frame(&show(77));
        let rgb = pixels(0, SIZE);
        let (payload, _) =
            kitty::png_payload(Pixels::new(&rgb, SIZE.0, SIZE.1).unwrap(), &own(SIZE), Level::Exact).unwrap();
        let kitty::Payload::Png(png) = payload else { panic!("no PNG") };
        stage.write(&kitty::transmit_png(5, &png, false, false)[0]);
        let mut delete = Vec::new();
        kitty::unplace(&mut delete, 1, 1, false);
        stage.write(&delete);
        let trouble = stage.terminal.trouble();
        assert_eq!((trouble.missing, trouble.aborted), (1, 1));
        stage.write(b"\x1b_Ga=p,i=4\x1b\\\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[5n");
        let answers = String::from_utf8(stage.terminal.take_answers()).unwrap();
        assert!(
            answers.starts_with("\x1b_Gi=4;ENOENT") && answers.ends_with("\x1b_Gi=31;OK\x1b\\\x1b[0n"),
            "{answers:?}"
        );
        stage.send(6, 0, SIZE);
        stage.write(b"\x1b[2J");
        assert!(!stage.frame(&show(6)).0.any, "`CSI 2 J` takes everything");
    }

    #[test]
    fn tmux_hands_on_what_is_wrapped_and_placeholders_or_anchors_show_it() {
        let mut stage = Stage::new(Graphics::Kitty, true);
        stage.write(b"\x1b_Ga=q,i=1\x1b\\\x1b[>0q");
        stage.write(&tmux::wrap(b"\x1b[>0q"));
        let answers = String::from_utf8(stage.terminal.take_answers()).unwrap();
        assert_eq!(answers, "\x1bP>|tmux 3.5a\x1b\\\x1bP>|kitty(0.41.1)\x1b\\");
        assert_eq!(stage.terminal.trouble().unwrapped, 1);
        stage.send(0x01_0203, 2, SIZE);
        let mut virtual_place = Vec::new();
        kitty::place_virtual(&mut virtual_place, 0x01_0203, 12, 4, true);
        stage.write(&virtual_place);
        let Color::Rgb(r, g, b) = placeholder::colour(0x01_0203, Depth::True) else { panic!("no colour") };
        let mut cells = format!("\x1b[38;2;{r};{g};{b}m").into_bytes();
        for row in 0..4 {
            seq::move_to(&mut cells, 3, row);
            (0..12).for_each(|column| cells.extend_from_slice(placeholder::symbol(column, row).unwrap().as_bytes()));
        }
        let (look, scene) = stage.frame(&cells);
        assert_eq!((look.matches, look.level), (vec![2], Some(Level::Exact)));
        assert_eq!(scene.bytes.graphics, cells.len());
        // A second picture beside the first one's corner, above it.
        stage.send(7, 1, SIZE);
        let beside = b"\x1b_Ga=p,i=7,p=1,P=66051,Q=0,H=0,V=0,c=12,r=4,z=1,q=2\x1b\\";
        let (look, scene) = stage.frame(&tmux::wrap(beside));
        assert_eq!((look.matches, scene.bytes.graphics), (vec![1], tmux::wrap(beside).len()));
        stage.write(&tmux::wrap(&vec![b'x'; 1 << 20]));
        assert_eq!(stage.terminal.trouble().dropped, 1);
    }

    #[test]
    fn files_and_sixels_are_drawn_into_cells_and_erased_by_text() {
        let rgb = pixels(1, SIZE);
        let pixels = Pixels::new(&rgb, SIZE.0, SIZE.1).unwrap();
        let file = iterm::encode(pixels, &own(SIZE), Level::Good, 20).unwrap();
        let sixels = sixel::encode(pixels, &own(SIZE), Level::Good, (20, None));
        let shown = [
            (Graphics::Iterm, iterm::show(&file, (4, 1), (12, 4), false).concat()),
            (Graphics::Sixel, sixel::show(&sixels, (4, 1), false).concat()),
        ];
        for (graphics, bytes) in shown {
            let mut stage = Stage::new(graphics, false);
            let (look, scene) = stage.frame(&bytes);
            assert_eq!((look.matches, look.level), (vec![1], Some(Level::Good)), "{graphics:?}");
            assert_eq!(look.cells, Some(CellRect { x: 4, y: 1, w: 12, h: 4 }), "{graphics:?}");
            assert_eq!((scene.bytes.graphics, look.sent > 1000), (bytes.len(), true));
            let mut text = Vec::new();
            for row in 1..5 {
                seq::move_to(&mut text, 4, row);
                text.extend_from_slice(b"            ");
            }
            assert!(!stage.frame(&text).0.any, "{graphics:?}: text covers it");
            let mut inside = Stage::new(graphics, true);
            let (look, _) = inside.frame(&tmux::wrap(&bytes));
            assert_eq!(look.matches, [1], "{graphics:?} in tmux");
            inside.frame(&bytes);
            assert_eq!(inside.terminal.trouble().unwrapped, 1);
        }
    }

    #[test]
    fn a_file_in_parts_is_one_file() {
        let mut stage = Stage::new(Graphics::Iterm, false);
        let rgb = pixels(2, SIZE);
        let file = iterm::encode(Pixels::new(&rgb, SIZE.0, SIZE.1).unwrap(), &own(SIZE), Level::Good, 20).unwrap();
        let data = base64_simd::STANDARD.encode_to_string(&file.files[0]);
        let (head, tail) = data.split_at(data.len() / 8 * 4);
        let parts = format!(
            "\x1b]1337;MultipartFile=inline=1;width=12;height=4\x07\x1b]1337;FilePart={head}\x07\
             \x1b]1337;FilePart={tail}\x07\x1b]1337;FileEnd\x07"
        );
        let (look, _) = stage.frame(parts.as_bytes());
        assert_eq!((look.matches, look.sent), (vec![2], parts.len()));
    }

    #[test]
    fn pictures_of_characters_are_read_back() {
        let rgb = pixels(2, SIZE);
        let pixels = Pixels::new(&rgb, SIZE.0, SIZE.1).unwrap();
        for kind in [BlockKind::Half, BlockKind::Quadrant, BlockKind::Sextant, BlockKind::Octant] {
            let grid = blocks::encode(pixels, &own(SIZE), kind, Depth::True, Level::Good);
            let mut bytes = Vec::new();
            for (row, cells) in grid.cells.chunks(usize::from(grid.columns)).enumerate() {
                seq::move_to(&mut bytes, 2, u16::try_from(row).unwrap());
                for cell in cells {
                    let (Color::Rgb(r, g, b), Color::Rgb(x, y, z)) = (cell.foreground, cell.background) else {
                        panic!("no colours")
                    };
                    let text = format!("\x1b[38;2;{r};{g};{b};48;2;{x};{y};{z}m{}", cell.symbol);
                    bytes.extend_from_slice(text.as_bytes());
                }
            }
            for (graphics, level) in [(Graphics::Blocks, Level::Good), (Graphics::Sixel, Level::First)] {
                let (look, _) = Stage::new(graphics, false).frame(&bytes);
                assert_eq!((look.matches, look.level), (vec![2], Some(level)), "{kind:?}");
            }
        }
    }
}
