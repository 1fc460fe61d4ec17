//! Rectangles of cells: what of a picture is left when pop-ups stand before it.

use crate::app::picture::CellRect;
use std::collections::BTreeSet;

/// The part that both cover.
pub(super) fn common(a: CellRect, b: CellRect) -> Option<CellRect> {
    let (x, y) = (a.x.max(b.x), a.y.max(b.y));
    let right = a.x.saturating_add(a.w).min(b.x.saturating_add(b.w));
    let bottom = a.y.saturating_add(a.h).min(b.y.saturating_add(b.h));
    (right > x && bottom > y).then(|| CellRect { x, y, w: right - x, h: bottom - y })
}

/// `rect` without `hole`, as at most four rectangles that do not overlap.
pub(super) fn without(rect: CellRect, hole: CellRect) -> Vec<CellRect> {
    let Some(hole) = common(rect, hole) else { return vec![rect] };
    let (right, bottom) = (hole.x + hole.w, hole.y + hole.h);
    let pieces = [
        CellRect { h: hole.y - rect.y, ..rect },
        CellRect { y: bottom, h: rect.y + rect.h - bottom, ..rect },
        CellRect { x: rect.x, y: hole.y, w: hole.x - rect.x, h: hole.h },
        CellRect { x: right, y: hole.y, w: rect.x + rect.w - right, h: hole.h },
    ];
    pieces.into_iter().filter(|p| p.w > 0 && p.h > 0).collect()
}

/// `rect` without any of `holes`.
pub(super) fn visible(rect: CellRect, holes: &[CellRect]) -> Vec<CellRect> {
    holes.iter().fold(vec![rect], |pieces, hole| pieces.into_iter().flat_map(|p| without(p, *hole)).collect())
}

/// The same cells, each once, in few rectangles: runs along the rows, and equal runs below each other as one.
pub(super) fn merged(rects: &[CellRect]) -> Vec<CellRect> {
    let cells = |r: &CellRect| {
        let (r, right) = (*r, r.x.saturating_add(r.w));
        (r.y..r.y.saturating_add(r.h)).flat_map(move |y| (r.x..right).map(move |x| (y, x)))
    };
    let cells: BTreeSet<(u16, u16)> = rects.iter().flat_map(cells).collect();
    let mut runs: Vec<CellRect> = Vec::new();
    for (y, x) in cells {
        match runs.last_mut() {
            Some(run) if run.y == y && run.x + run.w == x => run.w += 1,
            _ => runs.push(CellRect { x, y, w: 1, h: 1 }),
        }
    }
    let mut out: Vec<CellRect> = Vec::new();
    for run in runs {
        let above = out.iter_mut().find(|r| (r.x, r.w) == (run.x, run.w) && r.y + r.h == run.y);
        match above {
            Some(above) => above.h += 1,
            None => out.push(run),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect() -> impl Strategy<Value = CellRect> {
        (0_u16..20, 0_u16..20, 1_u16..12, 1_u16..12).prop_map(|(x, y, w, h)| CellRect { x, y, w, h })
    }

    fn holds(r: CellRect, x: u16, y: u16) -> bool {
        (r.x..r.x + r.w).contains(&x) && (r.y..r.y + r.h).contains(&y)
    }

    proptest! {
        #[test]
        fn every_cell_is_visible_once_or_hidden(picture in rect(), holes in proptest::collection::vec(rect(), 0..4)) {
            let pieces = visible(picture, &holes);
            for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
                let expected = holds(picture, x, y) && !holes.iter().any(|h| holds(*h, x, y));
                let count = pieces.iter().filter(|p| holds(**p, x, y)).count();
                prop_assert_eq!(count, usize::from(expected));
            }
        }

        #[test]
        fn merged_rectangles_have_the_same_cells_once(rects in proptest::collection::vec(rect(), 0..6)) {
            let merged = merged(&rects);
            for (x, y) in (0..40).flat_map(|x| (0..40).map(move |y| (x, y))) {
                let count = merged.iter().filter(|r| holds(**r, x, y)).count();
                prop_assert_eq!(count, usize::from(rects.iter().any(|r| holds(*r, x, y))));
            }
        }
    }

    #[test]
    fn an_outline_is_four_rectangles() {
        let outline = without(CellRect { x: 3, y: 2, w: 9, h: 7 }, CellRect { x: 4, y: 3, w: 7, h: 5 });
        let cells = outline.iter().flat_map(|r| (r.x..r.x + r.w).flat_map(|x| (r.y..r.y + r.h).map(move |y| (x, y))));
        let cells: Vec<CellRect> = cells.map(|(x, y)| CellRect { x, y, w: 1, h: 1 }).collect();
        assert_eq!(merged(&cells).len(), 4);
    }
}
