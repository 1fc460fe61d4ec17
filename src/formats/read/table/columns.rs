//! Which column of a table says what, and the item of a row.

use super::super::{Reading, broken, class_of_cell, item, mark, split_of_cell, xml};
use super::layout::Layout;
use super::listed;
use super::place;
use crate::domain::annotation::Shape;
use crate::domain::geometry::BoxN;
use crate::domain::text::printable;
use crate::formats::csv::{CsvRows, split_labels};
use crate::formats::dataset::{Item, Mark, Place, ReadError, Standing, Unit};
use std::sync::Arc;

/// What columns of pictures are called, best first.
pub(super) const PATH: [&str; 21] = [
    "path",
    "filename",
    "file_name",
    "file",
    "filepath",
    "file_path",
    "image_path",
    "image_name",
    "image_file",
    "image_filename",
    "imagename",
    "imagepath",
    "img_filename",
    "img_name",
    "img_path",
    "image",
    "img",
    "image_id",
    "imageid",
    "img_id",
    "id",
];
/// What columns of classes are called, best first.
pub(super) const CLASS: [&str; 14] = [
    "class",
    "label",
    "labels",
    "class_name",
    "classname",
    "labelname",
    "label_name",
    "category",
    "category_name",
    "cat_name",
    "class_label",
    "species",
    "target",
    "cls",
];
const XMIN: [&str; 6] = ["xmin", "x_min", "x1", "left", "bbox_xmin", "ann_bbox_xmin"];
const YMIN: [&str; 6] = ["ymin", "y_min", "y1", "top", "bbox_ymin", "ann_bbox_ymin"];
const XMAX: [&str; 6] = ["xmax", "x_max", "x2", "right", "bbox_xmax", "ann_bbox_xmax"];
const YMAX: [&str; 6] = ["ymax", "y_max", "y2", "bottom", "bbox_ymax", "ann_bbox_ymax"];
const W: [&str; 4] = ["w", "bbox_width", "box_width", "bbox_w"];
const H: [&str; 4] = ["h", "bbox_height", "box_height", "bbox_h"];

/// The names of the columns of a table.
pub(in crate::formats::read) trait Named {
    /// The index of a column by its name or number.
    fn column(&mut self, name: &str) -> Result<usize, String>;
    /// The first column with one of these names.
    fn column_like(&self, names: &[&str]) -> Option<usize>;
    /// The names, where the table has any.
    fn header(&self) -> Option<&[String]>;
    /// The first row, where there is no header.
    fn first(&self) -> Option<Vec<String>> {
        None
    }
}

impl Named for CsvRows {
    fn column(&mut self, name: &str) -> Result<usize, String> {
        Self::column(self, name).map_err(|e| e.to_string())
    }

    fn column_like(&self, names: &[&str]) -> Option<usize> {
        Self::column_like(self, names)
    }

    fn header(&self) -> Option<&[String]> {
        Self::header(self)
    }

    fn first(&self) -> Option<Vec<String>> {
        Self::first(self)
    }
}

impl Named for Vec<String> {
    fn column(&mut self, name: &str) -> Result<usize, String> {
        self.column_like(&[name.trim()]).ok_or_else(|| {
            let names: Vec<String> = self.iter().map(|n| format!("`{}`", printable(n))).collect();
            format!("there is no column `{}`; the columns are {}", printable(name), names.join(", "))
        })
    }

    fn column_like(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.iter().position(|own| own.trim().eq_ignore_ascii_case(name)))
    }

    fn header(&self) -> Option<&[String]> {
        Some(self)
    }
}

/// Where the columns are.
pub(in crate::formats::read) struct Columns {
    path: usize,
    class: Option<usize>,
    place: [Option<usize>; 4],
    /// What the file calls them.
    called: [String; 4],
    /// The last two of `place` are a size, not a corner.
    sized: bool,
    /// All of the box in one cell.
    whole: Option<usize>,
    width: Option<usize>,
    height: Option<usize>,
    score: Option<usize>,
    model: Option<usize>,
    split: Option<usize>,
    /// Our own export says how far a picture is.
    status: Option<usize>,
    reason: Option<usize>,
    /// A column for each class.
    one_hot: Vec<(usize, String)>,
    /// See [`Columns::hold_lists`].
    lists: bool,
}

/// Why a table is not read that has no column for something.
fn missing(what: &str, key: &str, header: &[String]) -> String {
    let names: Vec<String> = header.iter().take(30).map(|c| format!("`{}`", printable(c))).collect();
    format!("no column names the {what}; the columns are {}; say it with --columns {key}=NAME", names.join(", "))
}

/// Why a table is not read whose columns have no names.
fn nameless(first: &[String]) -> String {
    let cells: Vec<String> = first.iter().take(12).map(|c| printable(c).into_owned()).collect();
    format!(
        "it has no header, and its {} columns are those of no program that is known (the first row is {}); say which \
         column is which by their numbers: --columns path=1,class=2",
        first.len(),
        cells.join(", ")
    )
}

impl Columns {
    pub(in crate::formats::read) fn new(
        rows: &mut dyn Named,
        file: &Arc<str>,
        with: &Reading<'_>,
    ) -> Result<Self, ReadError> {
        let mut asked = |key: &str, usual: &[&str]| -> Result<Option<usize>, ReadError> {
            match with.columns.get(key) {
                Some(name) => rows.column(name).map(Some).map_err(|e| broken(file, e)),
                None => Ok(rows.column_like(usual)),
            }
        };
        let path = asked("path", &PATH)?;
        let class = asked("class", &CLASS)?;
        let corners = [asked("xmin", &XMIN)?, asked("ymin", &YMIN)?, asked("xmax", &XMAX)?, asked("ymax", &YMAX)?];
        let (x, y) = (asked("x", &["x", "bbox_x"])?, asked("y", &["y", "bbox_y"])?);
        let mut sizes = [asked("w", &W)?, asked("h", &H)?];
        let (mut width, mut height) = (
            asked("width", &["width", "image_width", "img_width"])?,
            asked("height", &["height", "image_height", "img_height"])?,
        );
        let (score, model) = (asked("score", &["score", "confidence", "conf"])?, asked("model", &["model"])?);
        let mut split = asked("split", &["split", "subset", "set"])?;
        let sized = corners[2].is_none();
        if sized && x.is_some() && sizes[0].is_none() {
            // `x, y, width, height` is a box.
            sizes = [width.take(), height.take()];
        }
        let mut place = if sized { [x, y, sizes[0], sizes[1]] } else { corners };
        let (mut sized, mut path, mut class) = (sized, path, class);
        let named = |key: &str| rows.header().and_then(|h| h.iter().position(|c| c.trim().eq_ignore_ascii_case(key)));
        let (status, reason) = (named("status"), named("skip_reason"));
        let one_hot = if file.ends_with("_classes.csv") && class.is_none() {
            let cells = rows.header().unwrap_or_default().iter().enumerate();
            cells.filter(|(i, _)| Some(*i) != path).map(|(i, name)| (i, name.trim().to_owned())).collect()
        } else {
            Vec::new()
        };
        let said = path.is_some() || class.is_some() || place.iter().any(Option::is_some);
        if let Some(first) = rows.first().filter(|_| !said) {
            let layout = Layout::of(&first).ok_or_else(|| broken(file, nameless(&first)))?;
            (path, class, sized) = (Some(layout.path), layout.class, layout.sized);
            place = layout.place.map_or([None; 4], |columns| columns.map(Some));
            (width, height) = layout.sides.map(|[w, h]| (w, h)).unzip();
            split = layout.split;
        }
        let whole = rows.column_like(&place::NAMES).filter(|_| place.iter().any(Option::is_none));
        // By its place alone no column is told from another: half a word would take one for two things, or drop the labels.
        let half = said && (path.is_none() || class.is_none());
        if let Some(first) = rows.first().filter(|first| half && first.len() > 1) {
            return Err(broken(file, nameless(&first)));
        }
        let headless = rows.header().is_none();
        let path = match path {
            Some(path) => path,
            None if headless => 0,
            None => return Err(broken(file, missing("picture", "path", rows.header().unwrap_or_default()))),
        };
        if class.is_none() && one_hot.is_empty() && !headless {
            return Err(broken(file, missing("class", "class", rows.header().unwrap_or_default())));
        }
        let header = rows.header().unwrap_or_default();
        let called = place.map(|column| {
            let named = column.and_then(|c| header.get(c)).map(|name| format!("`{}`", printable(name.trim())));
            named.or(column.map(|c| (c + 1).to_string())).unwrap_or_default()
        });
        Ok(Self {
            path,
            class,
            place,
            called,
            sized,
            whole,
            width,
            height,
            score,
            model,
            split,
            status,
            reason,
            one_hot,
            lists: false,
        })
    }

    pub(in crate::formats::read) fn has_boxes(&self) -> bool {
        self.whole.is_some() || self.place.iter().all(Option::is_some)
    }

    /// The column of the class.
    pub(in crate::formats::read) fn class(&self) -> Option<usize> {
        self.class
    }

    /// The cells of the class hold lists of texts, as JSON.
    pub(in crate::formats::read) fn hold_lists(&mut self) {
        self.lists = true;
    }

    /// The classes in a cell.
    fn classes(&self, cell: &str) -> Result<Vec<String>, String> {
        let cell = class_of_cell(cell)?;
        match self.lists {
            true => {
                serde_json::from_str(cell).map_err(|_| format!("the class is {}, no list of texts", printable(cell)))
            }
            false if self.status.is_some() => Ok(split_labels(cell)),
            false => Ok(listed::texts(cell).unwrap_or_else(|| vec![cell.to_owned()])),
        }
    }

    /// Whether the box of a row can only be in pixels.
    pub(in crate::formats::read) fn in_pixels(&self, cells: &[String]) -> bool {
        if let Some(b) = self.whole.and_then(|c| place::of_cell(cells.get(c)?).ok()) {
            return [b.x, b.y, b.w, b.h].into_iter().any(|n| n > 1.5);
        }
        let mut numbers = self.place.iter().flatten().filter_map(|c| cells.get(*c)?.trim().parse::<f64>().ok());
        numbers.any(|n| n > 1.5)
    }

    /// The item of a row, with what of it cannot be taken.
    pub(super) fn item(&self, cells: &[String], place: &Place, unit: Unit) -> Result<(Item, Vec<String>), String> {
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i)).map(|c| c.trim()).filter(|c| !c.is_empty());
        let name = cell(Some(self.path)).ok_or("it names no picture")?;
        let mut out = item(name, place);
        (out.width, out.height) = (xml::side(cell(self.width)), xml::side(cell(self.height)));
        out.split = cell(self.split).and_then(split_of_cell);
        let mut wrong = Vec::new();
        for (column, class) in &self.one_hot {
            match cell(Some(*column)) {
                Some("1" | "1.0" | "true" | "True") => out.marks.push(mark(class, Shape::Class, unit, place)),
                None | Some("0" | "0.0" | "false" | "False") => {}
                Some(other) => wrong.push(format!("column `{class}` is \"{other}\", neither 0 nor 1")),
            }
        }
        match cell(self.status) {
            Some("skipped") => out.standing = Standing::Skipped,
            Some("unlabeled" | "pre_labeled") => out.standing = Standing::Listed,
            _ => {}
        }
        if let Some(reason) = cell(self.reason) {
            out.extra.insert("reason".to_owned(), reason.into());
        }
        // Numbers without a class are wrong; neither is a picture with nothing on it.
        let boxed = match self.whole {
            Some(_) => cell(self.whole).map(place::of_cell),
            None => self.place.iter().any(|c| cell(*c).is_some()).then(|| self.boxed(cells)),
        };
        match (cell(self.class), boxed) {
            // Where the file has classes of whole pictures only, one without is not answered.
            (None, None) if !self.has_boxes() && self.one_hot.is_empty() && cell(self.status).is_none() => {
                out.standing = Standing::Listed;
            }
            (None, None) => {}
            (None, Some(_)) => wrong.push("the box has no class".to_owned()),
            (Some(class), None) => {
                let names = self.classes(class).unwrap_or_else(|reason| {
                    wrong.push(reason);
                    Vec::new()
                });
                let marks = names.iter().map(|name| self.scored(mark(name, Shape::Class, unit, place), cells));
                marks.for_each(|made| made.map_or_else(|e| wrong.push(e), |m| out.marks.push(m)));
            }
            (Some(class), Some(made)) => {
                let boxed = made.and_then(|b| Ok(mark(&self.only_class(class)?, Shape::Box(b), unit, place)));
                match boxed.and_then(|mark| self.scored(mark, cells)) {
                    Ok(mark) => out.marks.push(mark),
                    Err(reason) => wrong.push(reason),
                }
            }
        }
        Ok((out, wrong))
    }

    /// The class of a box.
    fn only_class(&self, cell: &str) -> Result<String, String> {
        match self.status {
            Some(_) if !self.lists => class_of_cell(cell).map(str::to_owned),
            _ => match <[String; 1]>::try_from(self.classes(cell)?) {
                Ok([one]) => Ok(one),
                Err(several) => Err(format!("the box has {} classes, not one", several.len())),
            },
        }
    }

    fn scored(&self, mut mark: Mark, cells: &[String]) -> Result<Mark, String> {
        let cell = |at: Option<usize>| at.and_then(|i| cells.get(i)).map(|c| c.trim()).filter(|c| !c.is_empty());
        if let Some(score) = cell(self.score) {
            let score = xml::number(Some(score), "score")?;
            if !(0.0..=1.0).contains(&score) {
                return Err(format!("score is {score}, not between 0 and 1"));
            }
            mark.score = Some(score);
        }
        mark.author = cell(self.model).map(str::to_owned);
        Ok(mark)
    }

    /// A number of the box with what its column is called, where that is something else.
    fn told(&self, at: usize, name: &str) -> String {
        let called = self.called.get(at).map_or("", String::as_str);
        if called == format!("`{name}`") { name.to_owned() } else { format!("{name} (column {called})") }
    }

    fn boxed(&self, cells: &[String]) -> Result<BoxN, String> {
        let names = if self.sized { ["x", "y", "w", "h"] } else { ["xmin", "ymin", "xmax", "ymax"] };
        let mut numbers = [0.0; 4];
        for (at, ((slot, column), name)) in numbers.iter_mut().zip(self.place).zip(names).enumerate() {
            let column = column.ok_or_else(|| format!("there is no column for {name} (--columns {name}=NAME)"))?;
            let cell = cells.get(column).map(|c| c.trim()).filter(|c| !c.is_empty());
            *slot = xml::number(cell, name).or_else(|_| xml::number(cell, &self.told(at, name)))?;
        }
        let [x, y, a, b] = numbers;
        Ok(if self.sized { BoxN { x, y, w: a, h: b } } else { BoxN { x, y, w: a - x, h: b - y } })
    }
}
