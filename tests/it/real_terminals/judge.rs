//! Judges a film of a walk through pictures: was the place ever empty between two of them, was an older one ever seen
//! after a newer one, did one ever stand where another should.

use super::camera::Grab;
use super::flats::{self, NONE};
use std::time::Instant;

/// Of a picture's points, so many in a hundred must show it for it to count as wholly there: at a coarse level, and in
/// few colours, a point may be off.
const WHOLE: usize = 98;
/// Fewer points than one in so many are no picture: a terminal's rounding of an edge.
const SPECK: usize = 50;

/// What was learned of the pictures when each stood still.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Points of the grid, across.
    columns: usize,
    /// The points inside each picture, without its edge.
    inside: Vec<Vec<usize>>,
    /// Where the list's bar is when the cursor is on it.
    bar: Vec<Option<usize>>,
}

/// A press, and the picture under the cursor after it.
pub(super) type Press = (Instant, usize);

/// What was found. Every grab counts once, for the worst it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Grabs looked at.
    pub(super) grabs: usize,
    /// The longest time between two grabs, in ms.
    pub(super) longest: u128,
    /// Pictures seen wholly, one after the other.
    pub(super) changes: usize,
    /// A part of the area that the picture before, the picture after and all that were asked for in between share was
    /// empty in between.
    pub(super) blank: Vec<String>,
    /// A picture was seen that an older press had asked for, or none at all.
    pub(super) stale: Vec<String>,
    /// The bar of the list was on one picture and another one was seen: the frame was not shown in one step.
    pub(super) apart: Vec<String>,
    /// Parts of the one and the other picture were seen at once.
    pub(super) torn: usize,
}

/// What a grab shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    Whole(usize),
    Other,
}

impl Known {
    pub(super) fn new(columns: usize) -> Self {
        Self { columns, inside: vec![Vec::new(); flats::COUNT], bar: vec![None; flats::COUNT] }
    }

    /// Learns where a picture stands from a grab in which it stands still.
    pub(super) fn learn(&mut self, picture: usize, grab: &Grab) {
        let is = |at: usize| grab.seen.get(at).is_some_and(|s| usize::from(*s) == picture);
        let inner = |at: &usize| {
            let neighbours = [at - 1, at + 1, at - self.columns, at + self.columns];
            is(*at) && neighbours.into_iter().all(is)
        };
        let last = grab.seen.len().saturating_sub(self.columns);
        self.inside[picture] = (self.columns..last).filter(inner).collect();
        self.bar[picture] = grab.bar;
    }

    pub(super) fn knows(&self, picture: usize) -> bool {
        !self.inside[picture].is_empty()
    }

    /// Whether a grab shows nothing but this picture, and the bar is on it.
    pub(super) fn shows(&self, grab: &Grab, picture: usize) -> bool {
        self.sight(grab) == Sight::Whole(picture) && grab.bar == self.bar[picture]
    }

    fn sight(&self, grab: &Grab) -> Sight {
        let [(picture, _)] = self.present(grab)[..] else { return Sight::Other };
        let inside = &self.inside[picture];
        let right = inside.iter().filter(|at| usize::from(grab.seen[**at]) == picture).count();
        if right * 100 >= inside.len() * WHOLE { Sight::Whole(picture) } else { Sight::Other }
    }

    /// The pictures of which more than a speck is seen.
    fn present(&self, grab: &Grab) -> Vec<(usize, usize)> {
        let mut counts = grab.counts();
        counts.retain(|(picture, count)| *count > 2 + self.inside[*picture].len() / SPECK);
        counts
    }

    /// Points that all of these pictures cover and at which none is seen, and how many such points there are.
    fn holes(&self, grab: &Grab, pictures: &[usize]) -> (usize, usize) {
        let Some((first, others)) = pictures.split_first() else { return (0, 0) };
        let by_all = |at: &&usize| others.iter().all(|p| self.inside[*p].binary_search(at).is_ok());
        let shared: Vec<usize> = self.inside[*first].iter().filter(by_all).copied().collect();
        (shared.iter().filter(|at| grab.seen[**at] == NONE).count(), shared.len())
    }
}

impl Verdict {
    /// Judges the film of one walk. `walk` begins with the picture that stood there before the first press.
    pub(super) fn of(film: &[Grab], walk: &[Press], known: &Known) -> Self {
        let mut verdict = Self { grabs: film.len(), ..Self::default() };
        verdict.longest = film.windows(2).map(|w| (w[1].at - w[0].at).as_millis()).max().unwrap_or(0);
        // The press that asked for what was last seen wholly.
        let (mut step, mut last) = (0, walk[0].1);
        let mut between: Vec<(&Grab, usize)> = Vec::new();
        for grab in film {
            let pressed = walk.iter().take_while(|(at, _)| *at <= grab.at).count();
            verdict.check(grab, &walk[step..pressed.max(step + 1)], known);
            match known.sight(grab) {
                Sight::Whole(picture) => {
                    verdict.look_between(&between, &walk[step..], (last, picture), known);
                    between.clear();
                    verdict.changes += usize::from(picture != last);
                    step += walk[step..].iter().position(|(_, p)| *p == picture).unwrap_or(0);
                    last = picture;
                }
                Sight::Other => between.push((grab, pressed.saturating_sub(step))),
            }
        }
        verdict
    }

    /// Whether what is seen may be seen: `possible` are the presses from the one last answered to the newest.
    fn check(&mut self, grab: &Grab, possible: &[Press], known: &Known) {
        let present = known.present(grab);
        let foreign = present.iter().find(|(picture, _)| possible.iter().all(|(_, p)| p != picture));
        if let Some((picture, points)) = foreign {
            let wanted: Vec<usize> = possible.iter().map(|(_, p)| *p).collect();
            self.stale.push(format!("{points} points of picture {picture} while {wanted:?} were asked for"));
        }
        self.torn += usize::from(present.len() > 1);
        let under = grab.bar.and_then(|bar| known.bar.iter().position(|b| *b == Some(bar)));
        if let Some(under) = under
            && let Some((picture, points)) = present.iter().find(|(picture, _)| *picture != under)
        {
            self.apart.push(format!("{points} points of picture {picture}, the bar on {under}"));
        }
    }

    /// `asked` are the presses from the one last answered; with each grab comes how many of them there were by then.
    fn look_between(&mut self, between: &[(&Grab, usize)], asked: &[Press], (a, b): (usize, usize), known: &Known) {
        for (index, (grab, count)) in between.iter().enumerate() {
            let possible = asked.iter().take(*count).map(|(_, picture)| *picture);
            let pictures: Vec<usize> = [a, b].into_iter().chain(possible).collect();
            let (holes, shared) = known.holes(grab, &pictures);
            // A point at a time may be off at a coarse level.
            if holes * SPECK > shared {
                let of = between.len();
                self.blank
                    .push(format!("{holes} points empty between pictures {a} and {b}, grab {} of {of}", index + 1));
            }
        }
    }

    /// In one line.
    pub(super) fn summary(&self) -> String {
        let Self { grabs, longest, changes, blank, stale, apart, torn } = self;
        format!(
            "{changes} changes seen in {grabs} grabs (at most {longest} ms apart): {} blank, {} stale, {torn} torn, {} apart from the list",
            blank.len(),
            stale.len(),
            apart.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Duration;

    const COLUMNS: usize = 20;

    /// A moment with pictures in bands of columns, from 10 rows down in a grid of 20 x 30.
    fn grab(start: Instant, at: u64, bar: usize, bands: &[(usize, std::ops::Range<usize>)]) -> Grab {
        let mut seen = vec![NONE; COLUMNS * 30];
        for (picture, columns) in bands {
            for row in 10..25 {
                seen[row * COLUMNS..][columns.clone()].fill(u8::try_from(*picture).unwrap());
            }
        }
        Grab { at: start + Duration::from_millis(at), bar: Some(bar), seen: Arc::from(seen) }
    }

    fn judged(film: impl Fn(Instant) -> Vec<Grab>) -> Verdict {
        let start = Instant::now();
        let mut known = Known::new(COLUMNS);
        for (picture, width) in [(0, 16), (1, 12), (2, 14)] {
            known.learn(picture, &grab(start, 0, picture * 10, &[(picture, 2..2 + width)]));
        }
        let at = |ms: u64| start + Duration::from_millis(ms);
        Verdict::of(&film(start), &[(at(0), 0), (at(100), 1), (at(200), 2)], &known)
    }

    #[test]
    fn a_clean_walk_has_no_fault() {
        let verdict = judged(|s| {
            let (a, b, c) = ([(0, 2..18)], [(1, 2..14)], [(2, 2..16)]);
            vec![grab(s, 1, 0, &a), grab(s, 110, 10, &b), grab(s, 210, 20, &c)]
        });
        assert_eq!(verdict, Verdict { grabs: 3, longest: 109, changes: 2, ..Verdict::default() });
    }

    #[test]
    fn an_empty_place_between_two_is_seen_also_where_it_is_partly_empty() {
        let verdict = judged(|s| {
            let (a, b, c) = ([(0, 2..18)], [(1, 2..14)], [(2, 2..16)]);
            let moments = [grab(s, 105, 10, &[]), grab(s, 110, 10, &b), grab(s, 205, 20, &[(2, 2..8)])];
            [vec![grab(s, 1, 0, &a)], moments.into(), vec![grab(s, 220, 20, &c)]].concat()
        });
        assert_eq!((verdict.blank.len(), verdict.stale.len(), verdict.changes), (2, 0, 2));
    }

    #[test]
    fn an_older_picture_after_a_newer_one_is_seen_and_so_is_one_too_early() {
        let (a, b) = ([(0, 2..18)], [(1, 2..14)]);
        let back = judged(|s| vec![grab(s, 1, 0, &a), grab(s, 110, 10, &b), grab(s, 150, 10, &a)]);
        assert_eq!((back.stale.len(), back.apart.len()), (1, 1), "{back:?}");
        let early = judged(|s| vec![grab(s, 1, 0, &a), grab(s, 50, 0, &b)]);
        assert_eq!((early.stale.len(), early.apart.len()), (1, 1), "{early:?}");
    }

    #[test]
    fn what_a_narrower_picture_in_between_leaves_uncovered_is_not_empty_and_what_it_covers_is() {
        let walk = |middle: std::ops::Range<usize>| {
            judged(|s| {
                // The second is drawn over the first, and never seen wholly before the third comes.
                let torn = grab(s, 205, 10, &[(0, 2..4), (1, middle.clone())]);
                vec![grab(s, 1, 0, &[(0, 2..18)]), torn, grab(s, 220, 20, &[(2, 2..16)])]
            })
        };
        assert_eq!(walk(4..14).blank.len(), 0);
        assert_eq!(walk(4..8).blank.len(), 1);
    }

    #[test]
    fn a_torn_moment_is_no_blank_one() {
        let verdict = judged(|s| {
            let torn = grab(s, 105, 10, &[(0, 9..18), (1, 2..9)]);
            vec![grab(s, 1, 0, &[(0, 2..18)]), torn, grab(s, 110, 10, &[(1, 2..14)])]
        });
        assert_eq!((verdict.torn, verdict.blank.len(), verdict.stale.len()), (1, 0, 0), "{verdict:?}");
    }
}
