//! Tables without a header whose columns are known all the same, because one program always writes them so.
//!
//! What always holds: nothing is guessed from a table that looks like none of them; labels read out of the wrong column
//! would look like labels.

use crate::domain::picture_name::is_picture_name;

/// Which column says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) path: usize,
    pub(super) class: Option<usize>,
    /// `xmin ymin xmax ymax`, or `x y w h`.
    pub(super) place: Option<[usize; 4]>,
    /// The last two of `place` are a size.
    pub(super) sized: bool,
    /// Width and height of the picture.
    pub(super) sides: Option<[usize; 2]>,
    /// The part of the data set.
    pub(super) split: Option<usize>,
}

const LIST: Layout = Layout { path: 0, class: None, place: None, sized: false, sides: None, split: None };
const CLASSES: Layout = Layout { class: Some(1), ..LIST };
/// keras-retinanet: `path,x1,y1,x2,y2,class`, with empty cells for a picture with nothing on it.
const RETINANET: Layout = Layout { class: Some(5), place: Some([1, 2, 3, 4]), ..LIST };
/// makesense.ai: `class,x,y,w,h,name,width,height`.
const MAKE_SENSE: Layout =
    Layout { path: 5, class: Some(0), place: Some([1, 2, 3, 4]), sized: true, sides: Some([6, 7]), split: None };
/// makesense.ai, whole pictures: `class,name,width,height`.
const MAKE_SENSE_CLASSES: Layout = Layout { path: 1, class: Some(0), sides: Some([2, 3]), ..LIST };

/// Google's AutoML and Vertex AI: `set,path,class,xmin,ymin,,,xmax,ymax,,`, where all corners may be said.
const AUTO_ML: Layout = Layout { path: 1, class: Some(2), place: Some([3, 4, 7, 8]), split: Some(0), ..LIST };
/// The same without the set.
const AUTO_ML_BARE: Layout = Layout { class: Some(1), place: Some([2, 3, 6, 7]), ..LIST };
/// The same for classes of whole pictures.
const AUTO_ML_CLASSES: Layout = Layout { path: 1, class: Some(2), split: Some(0), ..LIST };
/// What it calls the sets.
const SETS: [&str; 7] = ["TRAIN", "TRAINING", "VALIDATE", "VALIDATION", "TEST", "TESTING", "UNASSIGNED"];

impl Layout {
    /// The layout of a table with this first row; nothing where it looks like none.
    pub(super) fn of(first: &[String]) -> Option<Self> {
        let cell = |i: usize| first.get(i).map(|c| c.trim()).unwrap_or_default();
        let picture = |i: usize| is_picture_name(cell(i));
        let numbers = |at: &[usize]| at.iter().all(|i| cell(*i).parse::<f64>().is_ok());
        let empty = |at: &[usize]| at.iter().all(|i| cell(*i).is_empty());
        let set = || SETS.iter().any(|set| cell(0).eq_ignore_ascii_case(set));
        match first.len() {
            0 | 1 => Some(LIST),
            2 => Some(CLASSES),
            6 if picture(0) && (numbers(&[1, 2, 3, 4]) || empty(&[1, 2, 3, 4, 5])) => Some(RETINANET),
            8 if picture(5) && numbers(&[1, 2, 3, 4, 6, 7]) => Some(MAKE_SENSE),
            4 if picture(1) && numbers(&[2, 3]) => Some(MAKE_SENSE_CLASSES),
            3 if picture(1) && set() => Some(AUTO_ML_CLASSES),
            10 if picture(0) && (numbers(&[2, 3, 6, 7]) || empty(&[1, 2, 3, 6, 7])) => Some(AUTO_ML_BARE),
            11 if picture(1) && set() && (numbers(&[3, 4, 7, 8]) || empty(&[2, 3, 4, 7, 8])) => Some(AUTO_ML),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(row: &str) -> Option<Layout> {
        Layout::of(&row.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn only_what_is_known_is_taken_for_it() {
        assert_eq!(layout("a/b.jpg,10,20,40,60,cat"), Some(RETINANET));
        assert_eq!(layout("a/b.jpg,,,,,"), Some(RETINANET));
        assert_eq!(layout("cat,10,20,30,40,a.jpg,640,480"), Some(MAKE_SENSE));
        assert_eq!(layout("cat,a.jpg,640,480"), Some(MAKE_SENSE_CLASSES));
        assert_eq!(layout("TRAIN,gs://b/a.jpg,cat,0.1,0.2,,,0.3,0.4,,"), Some(AUTO_ML));
        assert_eq!(layout("unassigned,gs://b/a.jpg,,,,,,,,,"), Some(AUTO_ML));
        assert_eq!(layout("gs://b/a.jpg,cat,0.1,0.2,0.3,0.2,0.3,0.4,0.1,0.4"), Some(AUTO_ML_BARE));
        assert_eq!(layout("TEST,gs://b/a.jpg,cat"), Some(AUTO_ML_CLASSES));
        assert_eq!(layout("a,cat"), Some(CLASSES));
        assert_eq!(layout("a.jpg"), Some(LIST));
        for other in
            ["a.jpg,cat,2021", "a.jpg,ten,20,40,60,cat", "cat,1,2,3,4,name,640,480", "1,2,3,4,5,6,7", "x,a.jpg,cat"]
        {
            assert_eq!(layout(other), None, "{other}");
        }
    }
}
