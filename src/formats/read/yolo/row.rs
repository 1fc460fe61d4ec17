//! One row of numbers, as label files of YOLO and the lines of Ultralytics' data sets have them; the table in [`super`] lists
//! their forms.

use crate::domain::annotation::Shape;
use crate::domain::geometry::{BoxN, Point};
use crate::formats::dataset::{Mark, POINTS_IN_PARTS, Place, Unit};
use crate::formats::read::mark;

/// What the numbers of rows mean.
#[derive(Clone, Copy, Debug)]
pub(in crate::formats::read) struct Known<'a> {
    /// The classes by their numbers; empty for those that have no name.
    pub(in crate::formats::read) names: &'a [String],
    /// How many key points an object has, and how many numbers each.
    pub(in crate::formats::read) points: Option<(usize, usize)>,
}

impl Known<'_> {
    /// The class of a number.
    pub(in crate::formats::read) fn class(self, n: &str) -> Result<String, String> {
        let number = n
            .parse::<f64>()
            .ok()
            .filter(|n| n.fract() == 0.0 && *n >= 0.0)
            .ok_or_else(|| format!("the class `{}` is no number from 0", crate::domain::text::printable(n)))?
            as usize;
        match self.names.get(number) {
            Some(name) if !name.is_empty() => Ok(name.clone()),
            _ if self.names.is_empty() => Err(format!(
                "class {number} has no name: no data.yaml, classes.txt or obj.names with names is there; open the folder \
                 that has one, or write a classes.txt with one name a line"
            )),
            _ => Err(format!("class {number} has no name; there are {}", self.names.len())),
        }
    }
}

/// What a row says.
///
/// # Errors
/// What is wrong with it.
pub(in crate::formats::read) fn row(text: &str, known: Known<'_>, place: &Place) -> Result<Mark, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let numbers: Vec<Option<f64>> = words.iter().map(|w| w.parse::<f64>().ok().filter(|n| n.is_finite())).collect();
    let run = |from: usize, to: usize| {
        numbers.get(from..to).and_then(|part| part.iter().copied().collect::<Option<Vec<f64>>>())
    };
    let corners = |list: &[f64]| {
        list.chunks_exact(2).filter_map(|p| <[f64; 2]>::try_from(p).ok()).map(|[x, y]| Point { x, y }).collect()
    };
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    // DOTA: eight numbers, a name and a difficulty.
    for start in [0, 1] {
        let named = words.len() == start + 10 || (words.len() == start + 9);
        let is_name = named && numbers.get(start + 8).is_some_and(Option::is_none);
        if let (true, Some(list)) = (is_name, run(start, start + 8)) {
            let mut out = mark(word(start + 8), Shape::Polygon { parts: vec![corners(&list)] }, Unit::Pixel, place);
            if !matches!(word(start + 9), "" | "0") {
                out.attributes.insert("difficult".to_owned(), true.into());
            }
            return Ok(out);
        }
    }
    if let Some(at) = numbers.iter().position(Option::is_none) {
        return Err(format!(
            "column {} is `{}`, not a finite number",
            at + 1,
            crate::domain::text::printable(word(at))
        ));
    }
    let class = known.class(word(0))?;
    let list = run(1, words.len()).unwrap_or_default();
    let boxed = |list: &[f64]| match list {
        [cx, cy, w, h, ..] => Shape::Box(BoxN { x: cx - w / 2.0, y: cy - h / 2.0, w: *w, h: *h }),
        _ => Shape::Class,
    };
    if let (Some((n, d)), true) = (known.points, list.len() > 4)
        && list.len() == 4 + n * d
    {
        let mut out = mark(&class, boxed(&list), Unit::Part, place);
        let points = list.get(4..).unwrap_or_default().chunks(d.max(1)).flat_map(|point| match *point {
            [x, y, seen, ..] => [x, y, seen],
            // Without a third number, only what lies at the corner is nowhere.
            [x, y] if (x, y) != (0.0, 0.0) => [x, y, 2.0],
            _ => [0.0; 3],
        });
        let number = |n: f64| if n.fract() == 0.0 { (n as i64).into() } else { n.into() };
        let points: Vec<serde_json::Value> = points.map(number).collect();
        out.attributes.insert(POINTS_IN_PARTS.to_owned(), points.into());
        return Ok(out);
    }
    match list.len() {
        4 => Ok(mark(&class, boxed(&list), Unit::Part, place)),
        5 => {
            let mut out = mark(&class, boxed(&list), Unit::Part, place);
            out.score = list.last().copied().filter(|s| (0.0..=1.0).contains(s));
            if out.score.is_none() { Err(format!("the score {} is not between 0 and 1", word(5))) } else { Ok(out) }
        }
        n if n >= 6 && n % 2 == 0 => {
            Ok(mark(&class, Shape::Polygon { parts: vec![corners(&list)] }, Unit::Part, place))
        }
        n if n >= 7 => {
            let (score, points) = list.split_last().unwrap_or((&0.0, &[]));
            let mut out = mark(&class, Shape::Polygon { parts: vec![corners(points)] }, Unit::Part, place);
            out.score = Some(*score).filter(|s| (0.0..=1.0).contains(s));
            if out.score.is_none() { Err(format!("the score {score} is not between 0 and 1")) } else { Ok(out) }
        }
        n => Err(format!("a row has a class and 4 numbers, or 6 and more for a polygon, not {n}")),
    }
}
