//! YOLO (v5, v8, v11 and Darknet): a text file of numbers for each picture.
//!
//! | columns | what |
//! |---|---|
//! | class cx cy w h | a box, in parts of the displayed picture |
//! | class cx cy w h score | the same as a prediction |
//! | class x1 y1 x2 y2 x3 y3 … | a polygon (segment); with eight numbers the corners of a turned box |
//! | class cx cy w h, then key points | a box with key points, where `data.yaml` has `kpt_shape` |
//! | x1 y1 … x4 y4 class difficulty | DOTA's turned boxes, in pixels |
//! | class x1 y1 … x4 y4 name difficulty | the same with a number in front, as Roboflow writes them |
//!
//! Classes are in `data.yaml` (`names`, a list or a mapping; with no more than `nc` they are `class_0` and so on, as
//! Ultralytics calls them), `classes.txt`, `obj.names` or `_darknet.labels`. Text files that list pictures are no labels, but
//! `train.txt` and its like say which part of the data set a picture is of; those that list boxes beside them, as keras-yolo3 has it, are read (see [`lists`]). An empty file is a picture with
//! nothing on it; a picture without a file is only listed. Folders without any label files, `train/CLASS/picture`, are
//! `imagefolder`.

mod lists;
pub(super) mod row;

pub(super) use lists::is_of_boxes as is_list_of_boxes;

use super::parts::Lists;
use super::sorter::{Key, key_of};
use super::yaml::{self, Yaml};
use super::{Reading, document_label, documents, item, split_of_folders};
use crate::domain::natural::NameList;
use crate::domain::picture_name::is_picture_name;
use crate::formats::dataset::{Bad, ClassInfo, Files, Found, Item, Place, ReadError, Spot, Standing, Take};
use row::{Known, row};
use std::collections::HashSet;
use std::io::{BufReader, Read};
use std::sync::Arc;

/// Text files that hold no labels.
const NO_LABELS: [&str; 12] = [
    "classes.txt",
    "_classes.txt",
    "train.txt",
    "val.txt",
    "valid.txt",
    "test.txt",
    "labels.txt",
    "names.txt",
    "readme.txt",
    "license.txt",
    "readme.roboflow.txt",
    "readme.dataset.txt",
];

/// Reads a folder, or one label file.
///
/// # Errors
/// When nothing can be read, or the names of the classes cannot.
pub fn read(files: &dyn Files, _with: &Reading<'_>, take: &mut Take<'_>) -> Result<(), ReadError> {
    let set = Set::new(files)?;
    if let Some((file, count)) = set.counted.as_ref().filter(|_| set.has_counted_names) {
        let why = format!("it has no names for its {count} classes: they are called class_0 and so on");
        take(Found::Note(Place { file: Arc::clone(file), at: Spot::Whole }, why))?;
    }
    take(Found::Classes(
        set.names.iter().map(|name| ClassInfo { name: name.clone(), ..ClassInfo::default() }).collect(),
    ))?;
    let mut labelled: Labelled = vec![false; set.pictures.len()];
    let labels = documents(files, &["txt"])?;
    let mut found = 0;
    for path in labels.iter().filter(|p| set.may_be_labels(p)) {
        found += u64::from(labels_of(files, &path, &set, &mut labelled, take)?);
    }
    if found == 0 {
        let why = "there are no label files (.txt) in it; for folders named after classes use --format imagefolder";
        return Err(super::broken(&document_label(files, ""), why));
    }
    // Pictures without a label file have not been looked at.
    for (path, labelled) in set.pictures.iter().zip(labelled) {
        if !labelled {
            let place = Place { file: document_label(files, &path), at: Spot::Whole };
            let mut listed = item(&path, &place);
            listed.standing = Standing::Listed;
            listed.split = set.part_of(&path, &path);
            take(Found::Item(Box::new(listed)))?;
        }
    }
    Ok(())
}

/// Whether a file holds the names of classes, one a line.
fn is_names(name: &str) -> bool {
    matches!(name, "classes.txt" | "_classes.txt" | "_darknet.labels") || name.ends_with(".names")
}

/// The names of classes, one a line; empty lines at the end are none.
fn names_in(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let mut names: Vec<String> = text.split(['\n', '\r']).map(|line| line.trim().to_owned()).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    names
}

/// Which of the pictures have labels, by their places.
type Labelled = Vec<bool>;

/// What a folder holds besides the labels.
struct Set {
    names: Vec<String>,
    /// How many classes a `data.yaml` has that does not name them.
    counted: Option<(Arc<str>, usize)>,
    /// The names are no more than numbers of that.
    has_counted_names: bool,
    /// How many key points an object has, and how many numbers each.
    points: Option<(usize, usize)>,
    /// Parts of the data set by lists of pictures.
    lists: Lists,
    /// Pictures in the order of the listing.
    pictures: NameList,
    /// Where each stands, in the order of the hashes of their paths without ending.
    by_path: Vec<(u64, u32)>,
    /// The same by their names without folder and ending, which many may share.
    by_stem: Vec<(u64, u32)>,
}

impl Set {
    fn new(files: &dyn Files) -> Result<Self, ReadError> {
        let mut set = Self {
            names: Vec::new(),
            points: None,
            counted: None,
            has_counted_names: false,
            lists: Lists::default(),
            pictures: NameList::default(),
            by_path: Vec::new(),
            by_stem: Vec::new(),
        };
        if files.is_file() {
            return Ok(set);
        }
        // A `data.yaml` says more than a list of names, and where both are there it counts.
        let (mut listed, mut wrong) = (Vec::new(), None);
        for path in files.list("").map_err(|e| super::io_error(files.shown(), e))? {
            let path = path.map_err(|e| super::io_error(files.shown(), e))?;
            let name = path.rsplit('/').next().unwrap_or_default();
            if is_picture_name(name) {
                let place = set.pictures.len() as u32;
                set.by_path.push((hash(stem_path(&path)), place));
                set.by_stem.push((hash(stem(name)), place));
                set.pictures.push(&path);
            } else if set.names.is_empty() && (name.ends_with(".yaml") || name.ends_with(".yml")) {
                wrong = set.data(files, &path).err().or(wrong);
            } else if listed.is_empty() && is_names(name) {
                listed = names_in(&text_of(files, &path)?);
            } else if Lists::may_be(&path) {
                set.lists.read(files, &path)?;
            }
        }
        set.lists.sort();
        if set.names.is_empty() {
            set.names = listed;
        }
        if let Some(wrong) = wrong.filter(|_| set.names.is_empty()) {
            return Err(wrong);
        }
        if let Some((_, count)) = set.counted.as_ref().filter(|_| set.names.is_empty()) {
            set.names = (0..*count).map(|n| format!("class_{n}")).collect();
            set.has_counted_names = true;
        }
        set.by_path.sort_unstable();
        set.by_stem.sort_unstable();
        Ok(set)
    }

    /// What the numbers of its rows mean.
    fn known(&self) -> Known<'_> {
        Known { names: &self.names, points: self.points }
    }

    /// Whether a text file may hold labels: what is called like a list of pictures does where a picture is called so too.
    fn may_be_labels(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        let lower = name.to_ascii_lowercase();
        !NO_LABELS.contains(&lower.as_str()) || (!is_names(&lower) && self.named(stem(name)).next().is_some())
    }

    fn data(&mut self, files: &dyn Files, path: &str) -> Result<(), ReadError> {
        let wrong = |reason: String| super::broken(&document_label(files, path), reason);
        let keys = yaml::keys(&text_of(files, path)?, &["names", "nc", "kpt_shape"]).map_err(wrong)?;
        match keys.get("names") {
            Some(Yaml::List(names)) => self.names.clone_from(names),
            Some(Yaml::Map(map)) => {
                for (key, name) in map {
                    let n: usize =
                        key.parse().map_err(|_| wrong(format!("names has the key `{key}`, which is no number")))?;
                    if n > 100_000 {
                        return Err(wrong(format!("names has the key {n}, which is too large")));
                    }
                    if self.names.len() <= n {
                        self.names.resize(n + 1, String::new());
                    }
                    if let Some(slot) = self.names.get_mut(n) {
                        slot.clone_from(name);
                    }
                }
            }
            Some(Yaml::Text(_)) => return Err(wrong("names is neither a list nor a mapping".to_owned())),
            None => {
                let count = keys.get("nc").and_then(|nc| if let Yaml::Text(n) = nc { n.parse().ok() } else { None });
                let count = count.filter(|n| (1..=100_000).contains(n));
                self.counted = count.map(|n| (document_label(files, path), n)).or(self.counted.take());
            }
        }
        if let Some(Yaml::List(shape)) = keys.get("kpt_shape") {
            let numbers: Vec<usize> = shape.iter().filter_map(|n| n.parse().ok()).collect();
            self.points = <[usize; 2]>::try_from(numbers).ok().map(|[n, d]| (n, d));
        }
        Ok(())
    }

    /// The picture that a label file is about, with its place: the one whose path differs in `labels` and `images` only,
    /// else the only one of its name; or the name that a picture which is not there would have.
    fn picture(&self, label: &str) -> Result<(usize, String), String> {
        let bare = label.strip_suffix(".txt").or_else(|| label.strip_suffix(".TXT")).unwrap_or(label);
        let wanted = match bare.rfind("labels/").filter(|at| *at == 0 || bare.as_bytes().get(at - 1) == Some(&b'/')) {
            Some(at) => format!("{}images/{}", &bare[..at], &bare[at + "labels/".len()..]),
            None => bare.replace("labelTxt/", "images/"),
        };
        let same = self.beside(&wanted).into_iter().chain(self.beside(bare)).min_by_key(|(at, _)| *at);
        if let Some(one) = same {
            return Ok(one);
        }
        let mut named = self.named(bare.rsplit('/').next().unwrap_or_default());
        match (named.next(), named.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(wanted),
        }
    }

    /// The part of the data set that a picture is listed in, or that the folder of its labels says.
    fn part_of(&self, picture: &str, labels: &str) -> Option<String> {
        self.lists.part(picture).or_else(|| split_of_folders(labels))
    }

    /// The place of a picture.
    fn place_of(&self, path: &str) -> Option<usize> {
        self.all(&self.by_path, stem_path(path)).find(|(_, found)| found == path).map(|(at, _)| at)
    }

    /// The first picture of this path without its ending.
    fn beside(&self, path: &str) -> Option<(usize, String)> {
        self.all(&self.by_path, path).find(|(_, found)| stem_path(found) == path)
    }

    /// The pictures of a name without folder and ending, with their places.
    fn named(&self, name: &str) -> impl Iterator<Item = (usize, String)> {
        let named = move |(_, path): &(usize, String)| stem(path.rsplit('/').next().unwrap_or_default()) == name;
        self.all(&self.by_stem, name).filter(named)
    }

    /// The pictures that stand under a text, and perhaps others.
    fn all(&self, index: &[(u64, u32)], text: &str) -> impl Iterator<Item = (usize, String)> {
        let wanted = hash(text);
        let from = index.partition_point(|(hash, _)| *hash < wanted);
        let same = index.iter().skip(from).take_while(move |(hash, _)| *hash == wanted);
        same.filter_map(move |(_, at)| Some((*at as usize, self.pictures.get(*at as usize)?)))
    }
}

fn hash(name: &str) -> u64 {
    (key_of(name) & Key::from(u64::MAX)) as u64
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn stem_path(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(stem, _)| stem)
}

fn text_of(files: &dyn Files, path: &str) -> Result<String, ReadError> {
    let mut bytes = Vec::new();
    super::open(files, path)?.take(4 << 20).read_to_end(&mut bytes).map_err(|e| super::io_error(path, e))?;
    Ok(String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).into_owned())
}

/// Reads one text file; whether there were labels in it. `labelled` is told which pictures it is about.
fn labels_of(
    files: &dyn Files,
    path: &str,
    set: &Set,
    labelled: &mut Labelled,
    take: &mut Take<'_>,
) -> Result<bool, ReadError> {
    let file = document_label(files, path);
    let whole = Place { file: Arc::clone(&file), at: Spot::Whole };
    let (at, bare) = match (path.is_empty(), set.picture(path)) {
        (true, _) => (None, stem(&file).to_owned()),
        (false, Ok((at, name))) => (Some(at), name),
        (false, Err(name)) => (None, name),
    };
    let mut list = None;
    let mut out: Item = item(&bare, &whole);
    out.split = set.part_of(&bare, path);
    let mut seen = HashSet::new();
    let mut input = BufReader::new(super::open(files, path)?);
    let mut take_row = |n: u64, line: &[u8]| {
        let place = Place { file: Arc::clone(&file), at: Spot::Line(n) };
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        // DOTA's two lines of heading.
        if text.starts_with("imagesource:") || text.starts_with("gsd:") {
            return Ok(());
        }
        let list = list.get_or_insert_with(|| lists::List::of(files, path, text));
        if let Some(list) = list {
            return list.row(text, set, &place, labelled, take);
        }
        match row(text, set.known(), &place) {
            // The same row twice is one box, as in Ultralytics' own reader.
            Ok(_) if !seen.insert(text.to_owned()) => Ok(()),
            Ok(_) if out.marks.len() >= super::MARKS => Err(super::too_many(&file, &bare)),
            Ok(mark) => {
                out.marks.push(mark);
                Ok(())
            }
            Err(reason) => {
                let row = super::lines::short(line);
                take(Found::Bad(Bad { place, reason, name: Some(bare.clone()), whole: false, row }))
            }
        }
    };
    // Rows that end as on old Macs would be one long row, which may look like a polygon.
    super::lines::each_line(&mut input, &file, &mut |n, line| {
        let rows = line.split(|byte| *byte == b'\r').filter(|row| !row.trim_ascii().is_empty());
        rows.into_iter().try_for_each(|row| take_row(n, row))
    })?;
    if let Some(Some(list)) = list {
        return Ok(list.has_boxes());
    }
    at.and_then(|at| labelled.get_mut(at)).into_iter().for_each(|slot| *slot = true);
    take(Found::Item(Box::new(out))).map(|()| true)
}
