//! Which levels of which pictures are wanted now, and in which order they are made and sent.
//!
//! Two orders, because they cost different things. *Making* a picture is dominated by decoding it, so for pictures ahead
//! of the cursor the good level is made first and the first paint falls out of the same decode. *Sending* is dominated
//! by bytes, so the first paints of the neighbours go out before the good level of anything but the nearest.

use super::recipe::{Recipe, Wanted};
use crate::app::picture::PictureArea;
use crate::term::caps::Protocol;
use crate::term::graphics::Level;

/// How long nothing was pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// A key was just pressed.
    #[default]
    Busy,
    /// Long enough that the person probably looks at this picture.
    Pause,
    /// Long enough to spend the link on pixels nobody may need.
    Idle,
}

/// What the link and the person are doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mood {
    /// The link cannot carry exact pictures in no time: coarser levels come first.
    pub slow: bool,
    /// How long nothing was pressed.
    pub moment: Moment,
    /// Bytes of pictures that may go into this frame besides the one under the cursor.
    pub room: usize,
}

impl Default for Mood {
    /// A terminal on the same machine.
    fn default() -> Self {
        Self { slow: false, moment: Moment::Busy, room: usize::MAX }
    }
}

/// What there is of a picture at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Have {
    Nothing,
    /// Made; whether it is exact.
    Made(bool),
    /// In the terminal (or, where the terminal keeps nothing, made); whether it is exact.
    There(bool),
}

impl Have {
    fn is_there(self) -> bool {
        matches!(self, Self::There(_))
    }

    fn is_exact(self) -> bool {
        matches!(self, Self::There(true) | Self::Made(true))
    }
}

/// What to make and what to send, the most urgent first.
#[derive(Debug, Default)]
pub(super) struct Orders {
    pub(super) make: Vec<Wanted>,
    pub(super) send: Vec<Wanted>,
}

/// One picture that is wanted.
struct Goal<'a> {
    area: &'a PictureArea,
    /// 0 on the screen, from 1 ahead of it.
    distance: u32,
    exact: bool,
}

/// The orders for a frame that shows `areas` and may soon show `ahead`.
pub(super) fn orders(
    areas: &[PictureArea],
    ahead: &[PictureArea],
    recipe: Recipe,
    mood: Mood,
    mut have: impl FnMut(&Wanted) -> Have,
) -> Orders {
    if recipe.protocol == Protocol::None {
        return Orders::default();
    }
    let on_screen = areas.iter().map(|area| (area, 0));
    let soon = ahead.iter().zip(1..);
    let mut make: Vec<(u32, Wanted)> = Vec::new();
    let mut send: Vec<(u32, Wanted)> = Vec::new();
    for (area, distance) in on_screen.chain(soon) {
        let goal = Goal { area, distance, exact: area.exact || mood.moment == Moment::Idle };
        let base = Wanted::new(area, recipe, Level::Exact);
        for level in levels(&goal, &base, mood, recipe.protocol.keeps(), &mut have) {
            let wanted = base.at(level);
            make.push((make_rank(&goal, level), wanted.clone()));
            send.push((send_rank(&goal, level), wanted));
        }
    }
    Orders { make: sorted(make), send: sorted(send) }
}

/// The levels of one picture that are worth making now. Where the terminal keeps no pictures the first paint is always
/// one of them: it alone is small enough for the frame that answers a key.
fn levels(
    goal: &Goal<'_>,
    base: &Wanted,
    mood: Mood,
    keeps: bool,
    have: &mut impl FnMut(&Wanted) -> Have,
) -> Vec<Level> {
    if !mood.slow {
        // To encode these takes longer than a frame; the first paint does not, and covers the place until then.
        let drawn = matches!(base.recipe.protocol, Protocol::Sixel | Protocol::Iterm);
        let bare = drawn && !goal.area.thumbnail && !have(base).is_there();
        return if bare { vec![Level::First, Level::Exact] } else { vec![Level::Exact] };
    }
    let (exact, good) = (have(base), have(&base.at(Level::Good)));
    if exact.is_there() && (keeps || goal.area.thumbnail) {
        return vec![Level::Exact];
    }
    if goal.area.thumbnail {
        return vec![Level::Good];
    }
    let mut out = Vec::with_capacity(3);
    if !keeps || !good.is_there() {
        out.push(Level::First);
    }
    out.push(Level::Good);
    if goal.distance == 0 && goal.exact && !good.is_exact() {
        out.push(Level::Exact);
    }
    out
}

/// The picture under the cursor as soon as anything of it can be had; of the others the good level, and with it the
/// first paint.
fn make_rank(goal: &Goal<'_>, level: Level) -> u32 {
    match (goal.area.thumbnail, goal.distance, level) {
        (false, 0, level) => level as u32,
        (true, 0, _) => 3,
        (_, distance, Level::First) => 4 + 2 * distance + 1,
        (_, distance, Level::Good | Level::Exact) => 4 + 2 * distance,
    }
}

/// In steps of about a first paint's cost: a good picture waits for the first paints of the next two, an exact one for
/// the good ones of the next two as well, unless it was asked for.
fn send_rank(goal: &Goal<'_>, level: Level) -> u32 {
    let distance = goal.distance;
    match (goal.area.thumbnail, level) {
        (true, _) => 20 + distance,
        (false, Level::First) => 10 * distance,
        (false, Level::Good) if distance == 0 => 21,
        (false, Level::Good) => 15 + 30 * distance,
        (false, Level::Exact) if goal.area.exact => 22,
        (false, Level::Exact) => 80 + 30 * distance,
    }
}

fn sorted(mut ranked: Vec<(u32, Wanted)>) -> Vec<Wanted> {
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut seen = std::collections::HashSet::new();
    ranked.into_iter().map(|(_, wanted)| wanted).filter(|w| seen.insert(w.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::picture::{CellRect, PictureRef};
    use crate::domain::lake_path::LakePath;
    use crate::term::caps::Caps;
    use std::sync::Arc;

    fn area(number: usize, thumbnail: bool) -> PictureArea {
        let path = Arc::new(LakePath::Local(format!("/{number}")));
        let picture = PictureRef { path, etag: "".into() };
        PictureArea::plain(0, picture, CellRect { x: 0, y: 0, w: 9, h: 9 }, thumbnail)
    }

    fn recipe() -> Recipe {
        Recipe::new(&Caps { protocol: Protocol::Kitty { shared_memory: false }, ..Caps::default() })
    }

    fn names(list: &[Wanted]) -> Vec<(String, Level)> {
        list.iter().map(|w| (w.picture.path.name().to_owned(), w.level)).collect()
    }

    fn of(list: &[(usize, Level)]) -> Vec<(String, Level)> {
        list.iter().map(|(n, level)| (n.to_string(), *level)).collect()
    }

    const SLOW: Mood = Mood { slow: true, moment: Moment::Busy, room: 0 };

    #[test]
    fn a_slow_link_carries_first_paints_before_good_pictures() {
        use Level::{Exact, First, Good};
        let ahead: Vec<_> = (1..4).map(|n| area(n, false)).collect();
        let orders = orders(&[area(0, false)], &ahead, recipe(), SLOW, |_| Have::Nothing);
        let sent = [(0, First), (1, First), (2, First), (0, Good), (3, First), (1, Good), (2, Good), (3, Good)];
        assert_eq!(names(&orders.send), of(&sent));
        let made = [(0, First), (0, Good), (1, Good), (1, First), (2, Good), (2, First), (3, Good), (3, First)];
        assert_eq!(names(&orders.make), of(&made));

        let idle = Mood { moment: Moment::Idle, ..SLOW };
        let good = |w: &Wanted| if w.level == Good { Have::There(false) } else { Have::Nothing };
        let orders = super::orders(&[area(0, false)], &ahead, recipe(), idle, good);
        assert_eq!(names(&orders.send), of(&[(0, Good), (1, Good), (2, Good), (0, Exact), (3, Good)]));
        let exact = |w: &Wanted| if w.level == Good { Have::There(true) } else { Have::Nothing };
        let orders = super::orders(&[area(0, false)], &[], recipe(), idle, exact);
        assert_eq!(names(&orders.send), of(&[(0, Good)]), "nothing is better than exact");
    }

    #[test]
    fn a_fast_link_has_one_level_and_thumbnails_never_need_more_than_two() {
        let areas = [area(0, true), area(1, true)];
        let fast = orders(&areas, &[area(2, false)], recipe(), Mood::default(), |_| Have::Nothing);
        assert_eq!(names(&fast.make), of(&[(0, Level::Exact), (1, Level::Exact), (2, Level::Exact)]));
        let slow = orders(&areas, &[], recipe(), Mood { moment: Moment::Idle, ..SLOW }, |_| Have::Nothing);
        assert_eq!(names(&slow.send), of(&[(0, Level::Good), (1, Level::Good)]));
    }
}
