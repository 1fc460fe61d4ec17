//! Keeps exports that replace a folder off what nobody asked them to remove: pictures of projects, and files that are no
//! part of the earlier export.
//!
//! What always holds: no folder is replaced that is or holds the source of a project, in which a project has pictures, or
//! in which files of this machine lie that its list does not name.

use super::filling::{each_listed, hashed};
use super::manifest::NAME;
use super::outputs::SUMS;
use super::{Export, Format, is_one_file};
use crate::domain::lake_path::LakePath;
use crate::domain::project::Project;
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::{encode_os, grouped, printable};
use crate::lake::Lake;
use crate::ops::{OpsError, shown};
use crate::store::Store;
use crate::store::records::{Direction, From, Shelf};
use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Samples of a page.
const PAGE: usize = 500;

/// That a folder which is to be replaced holds no pictures of a project.
///
/// # Errors
/// When it does, with the project; when the store says no.
pub(super) fn check(store: &mut dyn Store, lake: &Lake, wanted: &Export) -> Result<(), OpsError> {
    if !wanted.overwrite || wanted.format == Format::Delta || is_one_file(wanted) {
        return Ok(());
    }
    let dest = match &wanted.far {
        Some(far) => spelled(lake, far),
        None => on_disk(&wanted.dest),
    };
    for project in store.projects(Shelf::All)? {
        let source = LakePath::parse(&project.source, "/").ok().map(|source| spelled(lake, &source));
        let within = match &source {
            Some(source) if below(source, &dest).is_some() => Some(String::new()),
            Some(source) => below(&dest, source).map(str::to_owned),
            // Its pictures have whole paths.
            None => Some(dest.trim_start_matches('/').to_owned()),
        };
        let in_danger = match within {
            Some(path) if path.is_empty() => true,
            Some(path) => has_pictures(store, &project, &path)?,
            None => false,
        };
        if in_danger {
            return Err(OpsError::Invalid(format!(
                "`{}` holds pictures of the project `{}` and is not replaced; choose another folder",
                printable(&dest),
                printable(&project.name)
            )));
        }
    }
    Ok(())
}

/// The one spelling of a place.
fn spelled(lake: &Lake, path: &LakePath) -> String {
    match (lake.local_path(path), path) {
        (Ok(local), _) => on_disk(&local),
        // Two names of one container.
        (Err(_), LakePath::Remote { scheme: "wasbs", authority, path }) => {
            let authority = authority.replace(".blob.", ".dfs.");
            LakePath::Remote { scheme: "abfss", authority, path: path.clone() }.to_string()
        }
        (Err(_), other) => other.to_string().trim_end_matches('/').to_owned(),
    }
}

fn on_disk(path: &Path) -> String {
    let real = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    encode_os(real.as_deref().unwrap_or(path).as_os_str())
}

/// The path of a place below a folder, empty for the folder itself; nothing where it lies elsewhere.
fn below<'a>(place: &'a str, folder: &str) -> Option<&'a str> {
    let rest = place.strip_prefix(folder.trim_end_matches('/'))?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Whether a project has pictures below a path of its own.
fn has_pictures(store: &mut dyn Store, project: &Project, path: &str) -> Result<bool, OpsError> {
    let start = format!("{path}/");
    let filter = Filter { text: vec![start.clone()], ..Filter::default() };
    let (queue, mut from) = (Queue { filter, order: Order::Path }, From::Edge);
    loop {
        let page = store.page(project.id, &queue, &from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { return Ok(false) };
        from = From::After(last.cursor.clone());
        if page.iter().any(|found| found.sample.path.trim_start_matches('/').starts_with(&start)) {
            return Ok(true);
        }
    }
}

/// That a folder of this machine which is to be replaced holds only what its list names.
///
/// # Errors
/// When it holds something else, and when it cannot be read.
pub(super) fn check_files(dest: &Path) -> Result<(), OpsError> {
    let failed = |e: io::Error| OpsError::file("read", dest, &e);
    let mut known = HashSet::from([hashed(NAME), hashed(SUMS)]);
    match File::open(dest.join(SUMS)) {
        Ok(list) => each_listed(list, &mut |path| {
            known.insert(hashed(path));
            Ok(())
        })
        .map_err(failed)?,
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        Err(e) => return Err(failed(e)),
    }
    let (mut first, mut others, mut folders) = (None, 0_u64, vec![dest.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, meta) = (entry.path(), entry.metadata().map_err(failed)?);
            let name = path.strip_prefix(dest).unwrap_or(&path).to_str().map(hashed);
            // Of a file with several names nothing is lost with one of them, nor with a link.
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_file() && meta.nlink() == 1 && name.is_none_or(|name| !known.contains(&name)) {
                first.get_or_insert(path);
                others += 1;
            }
        }
    }
    first.map_or(Ok(()), |first| {
        Err(OpsError::Invalid(format!(
            "`{}` holds files that the export there did not write, such as `{}` ({} in all); move them elsewhere, or \
             choose another folder",
            shown(dest),
            shown(&first),
            grouped(others)
        )))
    })
}
