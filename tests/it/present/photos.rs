//! Real photos through everything that makes a picture ready for a terminal.

use super::rig::{area, caps};
use crate::support::pictures::real_data;
use lakelens::app::picture::CellRect;
use lakelens::media::{FileSource, Limits, decode};
use lakelens::runtime::present::recipe::{Recipe, Wanted, prepare};
use lakelens::term::caps::{Caps, Protocol};
use lakelens::term::graphics::Level;
use std::path::Path;

/// Boxes of a thumbnail, of a small window and of a large one, in cells of 10 x 19 pixels.
const BOXES: [(u16, u16); 3] = [(13, 7), (54, 19), (81, 34)];

fn ready(file: &Path, wanted: &Wanted) {
    let source = FileSource::open(file).unwrap();
    let picture = decode(&source, "photo.jpg", &wanted.request(), &Limits::default(), &|| false).unwrap();
    let prepared = prepare(&picture, wanted);
    assert!(prepared.is_ok(), "{}: {prepared:?}", file.display());
}

#[test]
fn photos_can_be_made_ready_at_every_level_for_every_size() {
    let Some(folder) = real_data("flowers") else { return };
    for class in ["roses", "tulips"] {
        let files = std::fs::read_dir(folder.join(class)).unwrap().map(|e| e.unwrap().path());
        let mut files: Vec<_> = files.filter(|f| f.extension().is_some_and(|e| e == "jpg")).collect();
        files.sort();
        // All of them would take minutes without optimisation.
        for file in files.into_iter().step_by(6) {
            for (w, h) in BOXES {
                let cells = CellRect { x: 0, y: 0, w, h };
                let recipe = Recipe::new(&Caps { cell: (10, 19), ..caps(Protocol::KittyAnchored, true) });
                for level in [Level::First, Level::Good] {
                    println!("{} {w}x{h} {level:?}", file.display());
                    ready(&file, &Wanted::new(&area(0, cells), recipe, level));
                }
            }
        }
    }
}
