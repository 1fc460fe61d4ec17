//! A folder for each class, with the pictures in it, an index and a manifest.

use super::super::{OpsError, Watch, shown};
use super::manifest::NAME as MANIFEST;
use super::scratch::Scratch;
use super::{Images, Run};
use crate::domain::sample::Sample;
use crate::formats::csv::CsvOut;
use crate::formats::folders::Names;
use crate::lake::far::Place;
use crate::lake::remote::Stop;
use crate::lake::{Lake, RemoteFile, open_plain, resolve};
use crate::ops::report::ExportReport;
use crate::ops::scan::source_place;
use serde::Serialize;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The index of an exported folder.
const INDEX: &str = "index.csv";
/// Bytes of one read from a server.
const PIECE: usize = 2 << 20;

#[derive(Default, Serialize)]
struct IndexRow {
    /// Inside the exported folder; empty where the picture is not there.
    file: String,
    label: String,
    /// Relative to the project's source.
    path: String,
}

pub(super) fn write(run: &mut Run<'_>, lake: &Lake, watch: &mut Watch<'_>) -> Result<ExportReport, OpsError> {
    let dest = run.wanted.dest.clone();
    let standing = may_replace(&dest, run.wanted.overwrite)?;
    let (source, _) = source_place(lake, &run.project.source)?;
    let scratch = Scratch::beside(&dest);
    fs::create_dir(scratch.path()).map_err(|e| scratch.failed(&e))?;
    fill(run, &scratch, &source, watch)?;
    let manifest = run.manifest().bytes(&dest)?;
    fs::write(scratch.path().join(MANIFEST), manifest).map_err(|e| scratch.failed(&e))?;
    watch.check()?;
    match standing {
        false => scratch.publish(false)?,
        true => replace(scratch, &dest)?,
    }
    Ok(run.report(&dest.join(MANIFEST)))
}

/// Whether there is a folder to be replaced. Only an earlier export or an empty folder may be: everything else would be
/// somebody's files.
fn may_replace(dest: &Path, overwrite: bool) -> Result<bool, OpsError> {
    let Ok(meta) = dest.symlink_metadata() else { return Ok(false) };
    if !overwrite {
        return Err(OpsError::Exists(shown(dest)));
    }
    let empty = || fs::read_dir(dest).is_ok_and(|mut entries| entries.next().is_none());
    if meta.is_dir() && (dest.join(MANIFEST).is_file() || empty()) {
        return Ok(true);
    }
    let reason =
        format!("`{}` is no earlier export of this kind and is not replaced; choose another folder", shown(dest));
    Err(OpsError::Invalid(reason))
}

/// Moves the old folder aside, gives the new one its name, then removes the old one; puts it back if that fails.
fn replace(scratch: Scratch, dest: &Path) -> Result<(), OpsError> {
    let aside = Scratch::beside(dest);
    fs::rename(dest, aside.path()).map_err(|e| scratch.failed(&e))?;
    let published = scratch.publish(false);
    if published.is_err() && fs::rename(aside.path(), dest).is_err() {
        let kept = shown(aside.path());
        std::mem::forget(aside);
        return Err(OpsError::Invalid(format!("the new folder could not get its name; the old one is now `{kept}`")));
    }
    published
}

fn fill(run: &mut Run<'_>, scratch: &Scratch, source: &Place, watch: &mut Watch<'_>) -> Result<(), OpsError> {
    let root = scratch.path().to_owned();
    let (labels, images) = (&run.project.labels, run.wanted.images);
    let index = File::create_new(root.join(INDEX)).map_err(|e| scratch.failed(&e))?;
    let mut index = CsvOut::new(index);
    let (mut names, mut made) = (Names::default(), HashSet::new());
    names.reserve(&[INDEX, MANIFEST]);
    run.each(watch, &mut |tally, sample, answer| {
        tally.lose_shapes(answer);
        let classes = answer.classes(labels);
        let Some(first) = classes.first() else {
            let what = match answer.annotations.is_empty() && answer.status == crate::domain::sample::Status::Labeled {
                true => "verified empty pictures are left out",
                false => "pictures without a class are left out",
            };
            tally.lose(what, 1);
            return Ok(());
        };
        tally.lose("further classes of a picture are left out", classes.len() as u64 - 1);
        let label = labels.name(*first);
        let folder = names.folder(&label);
        if made.insert(folder.clone()) {
            fs::create_dir(root.join(&folder)).map_err(|e| scratch.failed(&e))?;
        }
        let mut row = IndexRow { file: String::new(), label, path: sample.path.clone() };
        if images != Images::None {
            let file = format!("{folder}/{}", names.file(&folder, &sample.path));
            match place(source, sample, &root.join(&file), images) {
                Ok(()) => row.file = file,
                Err(Placed::Unreadable) => tally.lose("pictures cannot be read and are only in the index", 1),
                Err(Placed::Failed(error)) => return Err(scratch.failed(&error)),
            }
        }
        tally.images += 1;
        tally.annotations += 1;
        index.write(&row).map_err(|e| scratch.failed(&e))
    })?;
    if run.tally.images == 0 {
        index.header_of(&IndexRow::default()).map_err(|e| scratch.failed(&e))?;
    }
    index.finish().map(drop).map_err(|e| scratch.failed(&e))
}

enum Placed {
    /// The picture itself is gone, closed or no file: told, and the export goes on.
    Unreadable,
    /// The destination cannot be written: the export ends.
    Failed(io::Error),
}

fn place(source: &Place, sample: &Sample, to: &Path, images: Images) -> Result<(), Placed> {
    let source = match source {
        Place::Here(folder) => folder,
        // A file behind a server can only be copied.
        Place::There(folder) => return fetch(&folder.file(&sample.path, &sample.etag, &Stop::never()), to),
    };
    let from: PathBuf = resolve(source, &sample.path).map_err(|_| Placed::Unreadable)?;
    let mut opened = open_plain(&from).map_err(|_| Placed::Unreadable)?;
    if images == Images::Reference {
        let real = fs::canonicalize(&from).map_err(|_| Placed::Unreadable)?;
        let linked = fs::hard_link(&real, to).or_else(|_| std::os::unix::fs::symlink(&real, to));
        return linked.map_err(Placed::Failed);
    }
    let mut out = File::create_new(to).map_err(Placed::Failed)?;
    // The kernel copies between files, sharing blocks where the file system can.
    io::copy(&mut opened, &mut out).map_err(Placed::Failed)?;
    Ok(())
}

/// Copies a file from behind a server.
fn fetch(from: &RemoteFile, to: &Path) -> Result<(), Placed> {
    let size = from.size().map_err(|_| Placed::Unreadable)?;
    let mut piece = vec![0; PIECE];
    let count = from.read_at(0, &mut piece).map_err(|_| Placed::Unreadable)?;
    let mut out = File::create_new(to).map_err(Placed::Failed)?;
    out.write_all(&piece[..count]).map_err(Placed::Failed)?;
    let mut at = count as u64;
    while at < size {
        let read = from.read_at(at, &mut piece).ok().filter(|count| *count > 0);
        let Some(count) = read else {
            // Half a picture is no picture.
            drop(fs::remove_file(to));
            return Err(Placed::Unreadable);
        };
        out.write_all(&piece[..count]).map_err(Placed::Failed)?;
        at += count as u64;
    }
    Ok(())
}
