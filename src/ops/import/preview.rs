//! A look at the first pictures of a file through the real reader and the real rules, before anything is decided.
//!
//! What always holds: nothing is written; what is shown of a picture is what the import would do with it; a file that is
//! broken further on still shows what comes before, and where it breaks.

use super::gather::Gather;
use super::rejects::Rejects;
use super::rules::usable;
use super::{Import, LakeFiles, NewClasses, open, reading};
use crate::domain::annotation::Shape;
use crate::domain::project::Project;
use crate::domain::text::printable;
use crate::formats::dataset::{Found, Item, Mark, ReadError, Standing};
use crate::formats::read;
use crate::lake::Lake;
use crate::lake::remote::Stop;
use crate::ops::report::exchange::{ClassMeans, Fate, ImportPreview, PreviewClass, PreviewRow};
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use std::collections::HashMap;

/// Pictures and wrong rows that are shown.
const ROWS: usize = 20;
/// Marks of a picture that are named.
const MARKS: usize = 6;
/// Classes that are listed.
const CLASSES: usize = 2000;

/// Reads the first pictures of a file and says what would become of them.
///
/// # Errors
/// When it cannot be read at all or is of no known format, the store says no, or it was cancelled.
pub fn preview(
    store: &mut dyn Store,
    lake: &Lake,
    project: &Project,
    wanted: &Import,
    stop: &Stop,
    watch: &mut Watch<'_>,
) -> Result<ImportPreview, OpsError> {
    let (format, files) = open(lake, wanted, stop)?;
    let reference = wanted.how.reference.as_ref().map(|path| LakeFiles::new(lake, path, stop)).transpose()?;
    let gather = Gather::new(store, lake, project, wanted, &files, Rejects::aside(&wanted.scratch), stop, watch);
    let mut look = Look { gather, out: ImportPreview::default(), classes: Classes::default() };
    let mut failed = None;
    let read = read::read(format, &files, &reading(wanted, reference.as_ref()), &mut |found| {
        if look.out.rows.len() >= ROWS {
            look.out.more = true;
            return Err(ReadError::Stopped);
        }
        look.take(found).map_err(|error| {
            failed = Some(error);
            ReadError::Stopped
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    let Look { mut out, classes, .. } = look;
    match read {
        Ok(()) => {}
        Err(ReadError::Stopped) if out.more => {}
        Err(error) if out.rows.is_empty() => return Err(error.into()),
        Err(error) => out.broken = Some(error.to_string()),
    }
    (out.format, out.recognised) = (format.name(), wanted.how.format.is_none());
    out.classes = classes.mean(project, wanted);
    Ok(out)
}

struct Look<'a, 'w> {
    gather: Gather<'a, 'w>,
    out: ImportPreview,
    classes: Classes,
}

impl Look<'_, '_> {
    fn take(&mut self, found: Found) -> Result<(), OpsError> {
        let mut on_it: Vec<String> = Vec::new();
        let mut row = match &found {
            Found::Classes(all) => {
                all.iter().for_each(|class| self.classes.see(&class.name, 0));
                return Ok(());
            }
            Found::Note(place, text) => {
                self.out.notes.push(format!("{place}: {}", printable(text)));
                return Ok(());
            }
            Found::Item(item) => {
                on_it.extend(item.marks.iter().map(|mark| mark.class.clone()));
                let picture = printable(&item.name).into_owned();
                PreviewRow { place: item.place.to_string(), picture, says: said(item), ..PreviewRow::default() }
            }
            Found::Bad(bad) => {
                let picture = bad.name.as_deref().map(|name| printable(name).into_owned()).unwrap_or_default();
                let place = bad.place.to_string();
                let says = bad.row.as_deref().map(|row| printable(row).into_owned()).unwrap_or_default();
                PreviewRow { place, picture, says, ..PreviewRow::default() }
            }
        };
        let bad = matches!(found, Found::Bad(_));
        (row.fate, row.faults) = self.gather.look(found)?;
        if bad {
            row.fate = Fate::Wrong;
        }
        for class in &on_it {
            self.classes.see(class, 1);
            self.classes.uses.meet(class.trim(), row.fate != Fate::LeftOut);
        }
        self.out.rows.push(row);
        Ok(())
    }
}

/// What is on a picture, in words: `box cat, polygon dog 0.91`.
fn said(item: &Item) -> String {
    let mark = |mark: &Mark| {
        let class = printable(&mark.class).into_owned();
        let score = mark.score.map(|s| format!(" {s:.2}")).unwrap_or_default();
        match mark.shape {
            Shape::Class => format!("{class}{score}"),
            ref shape => format!("{} {class}{score}", shape.kind()),
        }
    };
    let mut parts: Vec<String> = item.marks.iter().take(MARKS).map(mark).collect();
    if item.marks.len() > MARKS {
        parts.push(format!("and {} more", item.marks.len() - MARKS));
    }
    match (parts.is_empty(), item.standing) {
        (false, _) => parts.join(", "),
        (true, Standing::Judged | Standing::Answered) => "nothing on it".to_owned(),
        (true, Standing::Listed) => "only listed".to_owned(),
        (true, Standing::Skipped) => "skipped".to_owned(),
    }
}

/// Classes in the order in which they are met.
#[derive(Default)]
struct Classes {
    list: Vec<PreviewClass>,
    index: HashMap<String, usize>,
    uses: super::classes::Classes,
}

impl Classes {
    fn see(&mut self, name: &str, times: u64) {
        let name = name.trim();
        let at = self.index.get(name).copied().unwrap_or(self.list.len());
        if let Some(class) = self.list.get_mut(at) {
            class.seen += times;
        } else if at < CLASSES {
            self.index.insert(name.to_owned(), at);
            self.list.push(PreviewClass { name: name.to_owned(), seen: times, ..PreviewClass::default() });
        }
    }

    /// What they are in the project.
    fn mean(mut self, project: &Project, wanted: &Import) -> Vec<PreviewClass> {
        let (_, left) = self.uses.part();
        let known: HashMap<String, &str> =
            project.labels.live().map(|c| (c.name.to_lowercase(), c.name.as_str())).collect();
        for class in &mut self.list {
            let name = wanted.how.class(&class.name);
            class.means = match (known.get(&name.to_lowercase()), usable(name)) {
                (Some(own), _) => ClassMeans::Known((*own).to_owned()),
                (None, Err(why)) => ClassMeans::Refused(why),
                (None, Ok(())) if left.contains(&class.name.to_lowercase()) => ClassMeans::LeftOut,
                (None, Ok(())) if wanted.how.classes == NewClasses::Add => ClassMeans::New(name.to_owned()),
                (None, Ok(())) => ClassMeans::Refused("the project has no such class".to_owned()),
            };
        }
        self.list
    }
}
