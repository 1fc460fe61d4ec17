//! Which labels differ between two versions of a table.
//!
//! What always holds: a file that both versions have, with the same deleted rows, is not read, because it cannot differ;
//! in memory are the ids and classes of the other files, never their pictures.

use super::error::DeltaError;
use super::{DeltaTable, Engine, Result};
use crate::domain::text::printable;
use crate::domain::version::{At, Difference, What};
use crate::remote::sql::texts;
use delta_kernel::SnapshotRef;
use delta_kernel::scan::Scan;
use delta_kernel::scan::state::ScanFile;
use std::collections::HashMap;
use tokio_util::sync::CancellationToken;

/// Rows of one batch.
const BATCH: usize = 4096;

/// What the columns of a table mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Tells rows apart, together with the path.
    pub id: String,
    /// The class.
    pub class: String,
    /// The path of the picture.
    pub path: String,
}

/// One of the two versions.
struct Side {
    scan: Scan,
    files: Vec<ScanFile>,
    version: i64,
    /// The columns of id, path and class, as this version writes them.
    names: [String; 3],
}

/// Classes by id and path; several where a row is there more than once.
type Classes = HashMap<(String, String), Vec<Option<String>>>;

impl DeltaTable {
    /// The rows of which the class differs, or that are in one version only, by path.
    ///
    /// # Errors
    /// As [`Self::version`]; [`DeltaError::Column`] for a column that a version does not have;
    /// [`DeltaError::Unreadable`] for a file that was cleaned up.
    pub fn diff(&self, columns: &Columns, from: &At, to: &At, stop: &CancellationToken) -> Result<Vec<Difference>> {
        let engine = self.engine(BATCH)?;
        let (mut before, mut after) =
            (self.side(&engine, columns, from, stop)?, self.side(&engine, columns, to, stop)?);
        // A column that was renamed is another one in the same file.
        if before.scan.physical_schema() == after.scan.physical_schema() {
            leave_out_common(&mut before.files, &mut after.files);
        }
        let mut old = Classes::new();
        self.each_row(&engine, &before, stop, &mut |id, path, class| {
            old.entry(key(id, path)).or_default().push(class);
            true
        })?;
        let mut new = Classes::new();
        self.each_row(&engine, &after, stop, &mut |id, path, class| {
            let key = key(id, path);
            if !take_equal(&mut old, &key, class.as_deref()) {
                new.entry(key).or_default().push(class);
            }
            true
        })?;
        Ok(differences(old, new))
    }

    /// Checks that the table is there and has the columns.
    ///
    /// # Errors
    /// As [`Self::diff`].
    pub fn check(&self, columns: &Columns, stop: &CancellationToken) -> Result<()> {
        let engine = self.engine(BATCH)?;
        let snapshot = self.snapshot(&engine, self.version(&At::Now, stop)?, stop)?;
        self.names(&snapshot, columns).map(drop)
    }

    /// Gives id, path and class of all rows of a state, until `each` wants no more.
    ///
    /// # Errors
    /// As [`Self::diff`].
    pub fn labels(
        &self,
        columns: &Columns,
        at: &At,
        stop: &CancellationToken,
        mut each: impl FnMut(Option<String>, Option<String>, Option<String>) -> bool,
    ) -> Result<()> {
        let engine = self.engine(BATCH)?;
        let side = self.side(&engine, columns, at, stop)?;
        self.each_row(&engine, &side, stop, &mut each)
    }

    fn side(&self, engine: &Engine, columns: &Columns, at: &At, stop: &CancellationToken) -> Result<Side> {
        let version = self.version(at, stop)?;
        let snapshot = self.snapshot(engine, version, stop)?;
        let names = self.names(&snapshot, columns)?;
        let mut each: Vec<&String> = names.iter().collect();
        each.sort_unstable();
        each.dedup();
        let schema = snapshot.schema().project(&each).map_err(|e| self.unreadable("the schema", &e.to_string()))?;
        let scan = self.scan(&snapshot, Some(schema.clone()), stop)?;
        let files = self.scan_files(engine, &snapshot, Some(schema), stop)?;
        Ok(Side { scan, files, version, names })
    }

    fn names(&self, snapshot: &SnapshotRef, columns: &Columns) -> Result<[String; 3]> {
        let schema = snapshot.schema();
        let name = |what: &'static str, name: &String| {
            let exact = schema.field_names().find(|n| *n == name);
            let found = exact.or_else(|| schema.field_names().find(|n| n.eq_ignore_ascii_case(name)));
            found.cloned().ok_or_else(|| DeltaError::Column {
                place: self.place.clone(),
                name: printable(name).into_owned(),
                have: printable(&schema.field_names().map(String::as_str).collect::<Vec<_>>().join(", ")).into_owned(),
                what,
            })
        };
        Ok([name("id", &columns.id)?, name("path", &columns.path)?, name("class", &columns.class)?])
    }

    /// Calls `each` with id, path and class, until it wants no more.
    fn each_row(
        &self,
        engine: &Engine,
        side: &Side,
        stop: &CancellationToken,
        each: &mut dyn FnMut(Option<String>, Option<String>, Option<String>) -> bool,
    ) -> Result<()> {
        self.guarded(Some(side.version), stop, || {
            let mut more = true;
            for file in &side.files {
                if !more {
                    break;
                }
                self.read_file(engine, &side.scan, file, stop, |batch| {
                    let column = |i: usize| {
                        let at = batch.schema().index_of(&side.names[i]).map_err(|e| e.to_string());
                        let read = at.and_then(|at| texts(&batch, at, &self.place).map_err(|e| e.to_string()));
                        read.map_err(|why| self.unreadable(&file.path, &why))
                    };
                    let (ids, paths, classes) = (column(0)?, column(1)?, column(2)?);
                    for ((id, path), class) in ids.into_iter().zip(paths).zip(classes) {
                        more = more && each(id, path, class);
                    }
                    Ok(more)
                })?;
            }
            Ok(())
        })
    }
}

fn key(id: Option<String>, path: Option<String>) -> (String, String) {
    (id.unwrap_or_default(), path.unwrap_or_default())
}

/// Leaves out the files that both have with the same deleted rows.
fn leave_out_common(before: &mut Vec<ScanFile>, after: &mut Vec<ScanFile>) {
    let known: HashMap<&str, &ScanFile> = before.iter().map(|f| (f.path.as_str(), f)).collect();
    let same = |file: &ScanFile| {
        known.get(file.path.as_str()).is_some_and(|k| k.dv_info == file.dv_info && k.transform == file.transform)
    };
    let common: std::collections::HashSet<String> = after.iter().filter(|f| same(f)).map(|f| f.path.clone()).collect();
    before.retain(|f| !common.contains(&f.path));
    after.retain(|f| !common.contains(&f.path));
}

/// Takes a row out of the old ones where it is there with the same class.
fn take_equal(old: &mut Classes, key: &(String, String), class: Option<&str>) -> bool {
    let Some(classes) = old.get_mut(key) else { return false };
    let Some(at) = classes.iter().position(|c| c.as_deref() == class) else { return false };
    classes.swap_remove(at);
    if classes.is_empty() {
        old.remove(key);
    }
    true
}

fn differences(old: Classes, mut new: Classes) -> Vec<Difference> {
    let mut out = Vec::new();
    let row = |what, (id, path): (String, String), before, after| Difference { what, id, path, before, after };
    for (key, befores) in old {
        let mut afters = new.remove(&key).unwrap_or_default().into_iter();
        for before in befores {
            out.push(match afters.next() {
                Some(after) => row(What::Changed, key.clone(), before, after),
                None => row(What::Removed, key.clone(), before, None),
            });
        }
        out.extend(afters.map(|after| row(What::Added, key.clone(), None, after)));
    }
    for (key, afters) in new {
        out.extend(afters.into_iter().map(|after| row(What::Added, key.clone(), None, after)));
    }
    out.sort_by(|a, b| (&a.path, &a.id, &a.before, &a.after).cmp(&(&b.path, &b.id, &b.before, &b.after)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(rows: &[(&str, &str)]) -> Classes {
        let mut out = Classes::new();
        for (id, class) in rows {
            out.entry(((*id).to_owned(), "p".to_owned())).or_default().push(Some((*class).to_owned()));
        }
        out
    }

    #[test]
    fn rows_differ_by_class_or_by_being_there() {
        let mut old = classes(&[("1", "a"), ("2", "a"), ("3", "a"), ("3", "b")]);
        let mut new = Classes::new();
        for (id, class) in [("1", "a"), ("2", "b"), ("3", "b"), ("4", "c")] {
            let key = (id.to_owned(), "p".to_owned());
            if !take_equal(&mut old, &key, Some(class)) {
                new.entry(key).or_default().push(Some(class.to_owned()));
            }
        }
        let found = differences(old, new);
        let told: Vec<_> = found.iter().map(|d| (d.what, d.id.as_str())).collect();
        assert_eq!(told, [(What::Changed, "2"), (What::Removed, "3"), (What::Added, "4")]);
    }
}
