//! What an import can be told.

use super::{Choice, Field, Table, Value, choose, name_of, pairs, values};
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::domain::version::At;
use crate::formats::read::{Format, VocOrigin};
use std::collections::BTreeMap;

/// How names are matched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Matching {
    /// By the whole path.
    #[default]
    Path,
    /// By the file name alone.
    Name,
    /// By the end of the path.
    Suffix,
}

impl Matching {
    /// The name in flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(&MATCHINGS, &self)
    }
}

/// What becomes of a picture that the project does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnMissing {
    /// Nothing is imported.
    #[default]
    Error,
    /// It is left out.
    Skip,
    /// It becomes a sample.
    Create,
}

/// What becomes of a picture that has an answer already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnExisting {
    /// Its answer stays.
    #[default]
    Skip,
    /// Its answer is that of the file.
    Replace,
    /// Everything of the file is added.
    Append,
    /// What is not there yet is added.
    Merge,
}

/// What becomes of a row that is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnBadRow {
    /// Nothing is imported.
    #[default]
    Fail,
    /// The row is left out, the rest of its picture is kept.
    Keep,
    /// Its picture is left out.
    Drop,
}

/// What marks become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Become {
    /// Those with a score predictions, the others annotations.
    #[default]
    Auto,
    /// Annotations, whatever their score.
    Annotations,
    /// Predictions; without a score they are certain.
    Predictions,
}

/// What becomes of a class that the project does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NewClasses {
    /// It is added, in the order of the file.
    #[default]
    Add,
    /// Its rows are wrong.
    Error,
}

/// Everything an import can be told besides what it reads and where it goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportOptions {
    /// What the file is; by its content without it.
    pub format: Option<Format>,
    /// Which state of a Delta table.
    pub state: At,
    /// The file that a list of results belongs to.
    pub reference: Option<LakePath>,
    /// How names are matched.
    pub matching: Matching,
    /// Pictures that the project does not have.
    pub on_missing: OnMissing,
    /// Pictures with an answer.
    pub on_existing: OnExisting,
    /// Rows that are wrong.
    pub on_bad_row: OnBadRow,
    /// Cut off what leaves its picture.
    pub clamp: bool,
    /// The first pixel of VOC boxes.
    pub voc_origin: VocOrigin,
    /// What marks become.
    pub become_what: Become,
    /// Classes that the project does not have.
    pub classes: NewClasses,
    /// Classes of the file that are other classes in the project, by their name in the file.
    pub class_map: BTreeMap<String, String>,
    /// Columns of tables.
    pub columns: BTreeMap<String, String>,
    /// The model that predictions are of, where the file does not say.
    pub model: Option<String>,
}

impl ImportOptions {
    /// The name in the project of a class of the file.
    #[must_use]
    pub fn class<'a>(&'a self, name: &'a str) -> &'a str {
        let name = name.trim();
        self.class_map.get(name).map_or(name, String::as_str)
    }
}

const MATCHINGS: Table<Matching, 3> = [
    (Matching::Path, "path", "by the whole path"),
    (Matching::Name, "name", "by the file name alone"),
    (Matching::Suffix, "suffix", "by the end of the path"),
];
const MISSING: Table<OnMissing, 3> = [
    (OnMissing::Error, "error", "nothing is imported"),
    (OnMissing::Skip, "skip", "left out"),
    (OnMissing::Create, "create", "become samples"),
];
const EXISTING: Table<OnExisting, 4> = [
    (OnExisting::Skip, "skip", "their answer stays"),
    (OnExisting::Replace, "replace", "their answer becomes that of the file"),
    (OnExisting::Append, "append", "everything of the file is added"),
    (OnExisting::Merge, "merge", "what is not there yet is added"),
];
const BAD_ROW: Table<OnBadRow, 3> = [
    (OnBadRow::Fail, "fail", "nothing is imported"),
    (OnBadRow::Keep, "keep", "left out, the rest of the picture is kept"),
    (OnBadRow::Drop, "drop", "left out with their picture"),
];
const CLAMPS: Table<bool, 2> =
    [(false, "off", "boxes that leave the picture are wrong"), (true, "on", "cut off at the edge of the picture")];
const ORIGINS: Table<VocOrigin, 3> = [
    (VocOrigin::Auto, "auto", "judged by what the files say"),
    (VocOrigin::Zero, "0", "counted from 0"),
    (VocOrigin::One, "1", "counted from 1, as the devkit does"),
];
const BECOMES: Table<Become, 3> = [
    (Become::Auto, "auto", "predictions where there is a score"),
    (Become::Annotations, "annotations", "annotations, whatever the score"),
    (Become::Predictions, "predictions", "predictions, certain without a score"),
];
const NEW: Table<NewClasses, 2> =
    [(NewClasses::Add, "add", "added"), (NewClasses::Error, "error", "their rows are wrong")];

/// What stands for a format that the content decides.
pub const BY_CONTENT: &str = "auto";

/// What the file is.
pub const FORMAT: Choice<ImportOptions> = Choice {
    flag: "format",
    title: "format",
    help: "What it is; without it, by its content. `list` lists all formats",
    only: &[],
    values: formats,
    get: |o| o.format.map_or(BY_CONTENT, Format::name),
    set: |o, name| o.format = Format::from_name(name),
};
/// How names are matched.
pub const MATCH: Choice<ImportOptions> = Choice {
    flag: "match",
    title: "find pictures",
    help: "How names in the file are matched with pictures",
    only: &[],
    values: || values(&MATCHINGS),
    get: |o| o.matching.name(),
    set: |o, name| choose(&MATCHINGS, &mut o.matching, name),
};
/// Pictures that the project does not have.
pub const ON_MISSING: Choice<ImportOptions> = Choice {
    flag: "on-missing",
    title: "unknown pictures",
    help: "Pictures that the project does not have",
    only: &[],
    values: || values(&MISSING),
    get: |o| name_of(&MISSING, &o.on_missing),
    set: |o, name| choose(&MISSING, &mut o.on_missing, name),
};
/// Pictures with an answer.
pub const ON_EXISTING: Choice<ImportOptions> = Choice {
    flag: "on-existing",
    title: "answered pictures",
    help: "Pictures that have an answer already",
    only: &[],
    values: || values(&EXISTING),
    get: |o| name_of(&EXISTING, &o.on_existing),
    set: |o, name| choose(&EXISTING, &mut o.on_existing, name),
};
/// Rows that are wrong.
pub const ON_BAD_ROW: Choice<ImportOptions> = Choice {
    flag: "on-bad-row",
    title: "wrong rows",
    help: "Rows that are wrong: fail stops, keep leaves out the row, drop leaves out its picture",
    only: &[],
    values: || values(&BAD_ROW),
    get: |o| name_of(&BAD_ROW, &o.on_bad_row),
    set: |o, name| choose(&BAD_ROW, &mut o.on_bad_row, name),
};
/// Cut off what leaves its picture.
pub const CLAMP: Choice<ImportOptions> = Choice {
    flag: "clamp",
    title: "clamp",
    help: "Cut off boxes and polygons at the edge of the picture",
    only: &[],
    values: || values(&CLAMPS),
    get: |o| name_of(&CLAMPS, &o.clamp),
    set: |o, name| choose(&CLAMPS, &mut o.clamp, name),
};
/// The first pixel of VOC boxes.
pub const VOC_ORIGIN: Choice<ImportOptions> = Choice {
    flag: "voc-origin",
    title: "first pixel",
    help: "The first pixel of Pascal VOC boxes",
    only: &["voc"],
    values: || values(&ORIGINS),
    get: |o| name_of(&ORIGINS, &o.voc_origin),
    set: |o, name| choose(&ORIGINS, &mut o.voc_origin, name),
};
/// What marks become.
pub const AS: Choice<ImportOptions> = Choice {
    flag: "as",
    title: "become",
    help: "What it becomes; without it, what has a score becomes predictions",
    only: &[],
    values: || values(&BECOMES),
    get: |o| name_of(&BECOMES, &o.become_what),
    set: |o, name| choose(&BECOMES, &mut o.become_what, name),
};
/// Classes that the project does not have.
pub const CLASSES: Choice<ImportOptions> = Choice {
    flag: "classes",
    title: "new classes",
    help: "Classes that the project does not have",
    only: &[],
    values: || values(&NEW),
    get: |o| name_of(&NEW, &o.classes),
    set: |o, name| choose(&NEW, &mut o.classes, name),
};
/// All of them, in the order of the screen.
pub const CHOICES: [&Choice<ImportOptions>; 9] =
    [&FORMAT, &MATCH, &ON_MISSING, &ON_EXISTING, &ON_BAD_ROW, &CLASSES, &CLAMP, &AS, &VOC_ORIGIN];

/// Columns of a table.
pub const COLUMNS: Field<ImportOptions> = Field {
    flag: "columns",
    title: "columns",
    help: "Columns of a table: path=FILE,class=LABEL,x=XMIN,...",
    form: "path=FILE,class=LABEL,x=XMIN",
    empty: "by the usual names",
    only: &["csv", "parquet", "delta"],
    get: |o| joined(&o.columns),
    set: |o, text| columns(text).map(|found| o.columns = found),
};
/// Classes under another name.
pub const CLASS_MAP: Field<ImportOptions> = Field {
    flag: "map",
    title: "classes",
    help: "Classes of the file that have another name in the project: person=worker,...",
    form: "person=worker,car=vehicle",
    empty: "by their names",
    only: &[],
    get: |o| joined(&o.class_map),
    set: |o, text| class_map(text).map(|found| o.class_map = found),
};
/// The model of predictions.
pub const MODEL: Field<ImportOptions> = Field {
    flag: "model",
    title: "model",
    help: "The model that predictions are of; without it, what the file says or its name",
    form: "resnet50",
    empty: "what the file says, or its name",
    only: &[],
    get: |o| o.model.clone().unwrap_or_default(),
    set: |o, text| {
        o.model = Some(text.trim().to_owned()).filter(|name| !name.is_empty());
        Ok(())
    },
};
/// The state of a Delta table.
pub const AT: Field<ImportOptions> = Field {
    flag: "at",
    title: "version",
    help: "delta: the state to read, a version or a time; without it, the table as it is now",
    form: "7, or 2026-01-31",
    empty: "as it is now",
    only: &["delta"],
    get: |o| if o.state == At::Now { String::new() } else { o.state.to_string() },
    set: |o, text| {
        let text = text.trim();
        At::parse(if text.is_empty() { "now" } else { text }).map(|state| o.state = state)
    },
};
/// Fields of the screen; classes have lines of their own there.
pub const FIELDS: [&Field<ImportOptions>; 3] = [&COLUMNS, &MODEL, &AT];

fn formats() -> Vec<Value> {
    let own = Value { name: BY_CONTENT, about: "by its content" };
    std::iter::once(own).chain(Format::ALL.map(|f| Value { name: f.name(), about: f.about() })).collect()
}

fn joined(pairs: &BTreeMap<String, String>) -> String {
    pairs.iter().map(|(key, name)| format!("{key}={name}")).collect::<Vec<_>>().join(",")
}

/// What a column of a table can be.
const KEYS: [&str; 15] =
    ["path", "class", "x", "y", "w", "h", "xmin", "ymin", "xmax", "ymax", "width", "height", "score", "model", "split"];

fn columns(text: &str) -> Result<BTreeMap<String, String>, String> {
    let wrong = |part: &str| {
        let part = printable(part);
        format!("`{part}` does not say what a column is; write KEY=NAME with one of {}", KEYS.join(", "))
    };
    let mut out = BTreeMap::new();
    for (key, name) in pairs(text).map_err(|part| wrong(&part))? {
        let key = key.to_lowercase();
        if !KEYS.contains(&key.as_str()) {
            return Err(wrong(&format!("{key}={name}")));
        }
        out.insert(key, name);
    }
    Ok(out)
}

fn class_map(text: &str) -> Result<BTreeMap<String, String>, String> {
    let wrong = |part: String| {
        format!("`{}` is no pair of classes; write FILE=PROJECT, such as person=worker", printable(&part))
    };
    Ok(pairs(text).map_err(wrong)?.into_iter().collect())
}

/// A message that names flags, in the words of the screen: ``--on-missing skip`` is `` `unknown pictures: skip` `` there.
#[must_use]
pub fn on_screen(message: &str) -> String {
    let titles = CHOICES.iter().map(|c| (c.flag, c.title, c.names()));
    let titles: Vec<_> = titles.chain(FIELDS.iter().map(|f| (f.flag, f.title, Vec::new()))).collect();
    let (mut out, mut words) = (String::with_capacity(message.len()), message.split(' ').peekable());
    while let Some(word) = words.next() {
        let start = word.find("--").filter(|at| word.get(..*at).is_some_and(|s| s.chars().all(|c| c == '(')));
        let (before, flag) = word.split_at(start.unwrap_or(word.len()));
        let end = |text: &str| text.trim_end_matches([')', ',', ';', '.', ':']).len();
        let named = flag.get(2..end(flag)).and_then(|name| titles.iter().find(|(flag, ..)| *flag == name));
        out.push_str(before);
        match named {
            Some((name, title, values)) => {
                let mut rest = flag.get(name.len() + 2..).unwrap_or_default();
                let value = words.peek().map(|next| next.split_at(end(next))).filter(|(v, _)| values.contains(v));
                match value.filter(|_| rest.is_empty()) {
                    Some((value, after)) => {
                        out.push_str(&format!("`{title}: {value}`"));
                        rest = after;
                        words.next();
                    }
                    None => out.push_str(&format!("`{title}`")),
                }
                out.push_str(rest);
            }
            None => out.push_str(flag),
        }
        if words.peek().is_some() {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_has_the_default_of_the_options_first_and_takes_all_its_values() {
        for choice in CHOICES {
            let mut options = ImportOptions::default();
            assert_eq!((choice.get)(&options), choice.default(), "{}", choice.flag);
            for name in choice.names() {
                (choice.set)(&mut options, name);
                assert_eq!((choice.get)(&options), name, "{}", choice.flag);
                assert!(!choice.about(&options).is_empty());
            }
            choice.step(&mut options, true);
            assert_eq!((choice.get)(&options), choice.default(), "round the end");
            choice.step(&mut options, false);
            assert_eq!(Some((choice.get)(&options)), choice.names().last().copied());
        }
    }

    #[test]
    fn fields_read_what_they_write_and_name_what_is_wrong() {
        let mut options = ImportOptions::default();
        (COLUMNS.set)(&mut options, " Path=file name, class=Label ").unwrap();
        assert_eq!((COLUMNS.get)(&options), "class=Label,path=file name");
        assert!((COLUMNS.set)(&mut options, "colour=c").unwrap_err().contains("`colour=c` does not say"));
        assert!((COLUMNS.set)(&mut options, "path").unwrap_err().contains("one of path, class"));
        (CLASS_MAP.set)(&mut options, "person=worker").unwrap();
        assert_eq!((options.class(" person "), options.class("car ")), ("worker", "car"));
        assert!((CLASS_MAP.set)(&mut options, "person").unwrap_err().contains("FILE=PROJECT"));
        (MODEL.set)(&mut options, " ").unwrap();
        assert_eq!(options.model, None);
    }

    #[test]
    fn flags_are_told_in_the_words_of_the_screen() {
        for (message, shown) in [
            ("--on-missing skip leaves them out", "`unknown pictures: skip` leaves them out"),
            ("a file name alone (--match name), 2 of", "a file name alone (`find pictures: name`), 2 of"),
            ("leaves the picture; --clamp cuts it off", "leaves the picture; `clamp` cuts it off"),
            ("a  b --other c -- `--x`", "a  b --other c -- `--x`"),
            ("--on-missing", "`unknown pictures`"),
            ("--on-missing, skip", "`unknown pictures`, skip"),
            ("", ""),
        ] {
            assert_eq!(on_screen(message), shown);
        }
    }
}
