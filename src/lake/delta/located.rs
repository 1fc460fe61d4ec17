//! Where the files of a catalog's table lie, and with whose credentials they are read.
//!
//! Why the catalog is asked first: it lends credentials for just this table to everybody who may read it, where keys of
//! the cloud are somebody's for everything. What always holds: where it refuses, one's own keys are tried as for any path,
//! and a failure of those says both.

use super::{DeltaError, Result};
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::lake::TableInfo;
use crate::lake::place::{Lake, LakeError, Stat};
use crate::lake::reach::Reached;
use crate::lake::remote::{Asked, Mark, Page, Piece, RemoteError, RemoteVolume, RemoteWriter, Stop, Trouble, Version};
use std::ops::Range;
use std::sync::Arc;

/// How a refusal of the catalog is called beside the failure of one's own keys.
const TRIED: &str = "the catalog lends no credentials for this table";

/// The place of the files, and the way there.
pub(super) fn located(lake: &Lake, path: &LakePath, stop: &Stop) -> Result<(LakePath, Reached)> {
    let info = lake.table(path, stop)?;
    let at = location(&info, path)?;
    let refusal = match lake.table_files((path, &info, &at), stop) {
        Ok(Some(volume)) => return Ok((at.clone(), Reached::Volume(volume, inside(&at)))),
        Ok(None) => None,
        Err(LakeError::Remote(error)) if is_bucket(&at) && error.trouble != Trouble::Cancelled => Some(error),
        Err(error) => return Err(error.into()),
    };
    let Some(refusal) = refusal else { return Ok((at.clone(), lake.reach(&at, stop)?.0)) };
    tracing::info!(%refusal, "no credentials are lent; those of the person are tried");
    match lake.reach(&at, stop) {
        Ok((Reached::Volume(own, inside), _)) => Ok((at, Reached::Volume(Arc::new(Unlent { own, refusal }), inside))),
        Ok((other, _)) => Ok((at, other)),
        Err(LakeError::Remote(error)) => Err(LakeError::Remote(error.after(TRIED, &refusal)).into()),
        Err(error) => Err(error.into()),
    }
}

fn is_bucket(at: &LakePath) -> bool {
    matches!(at, LakePath::Remote { .. })
}

fn inside(at: &LakePath) -> String {
    match at {
        LakePath::Remote { path, .. } => path.clone(),
        _ => String::new(),
    }
}

fn location(info: &TableInfo, path: &LakePath) -> Result<LakePath> {
    let cannot = |why: String| DeltaError::NotHere { place: printable(&path.to_string()).into_owned(), why };
    if !info.format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("delta")) {
        let format = info.format.as_deref().unwrap_or("a view or of no format");
        return Err(cannot(format!("it is no Delta table ({})", printable(format))));
    }
    let location = info.location.as_deref().filter(|l| !l.is_empty());
    let location = location.ok_or_else(|| cannot("the catalog does not say where its files lie".to_owned()))?;
    LakePath::parse(location, "/").map_err(cannot)
}

/// Files that are read with one's own keys because the catalog lends none.
struct Unlent {
    own: Arc<dyn RemoteVolume>,
    refusal: RemoteError,
}

impl Unlent {
    /// Where it may be the keys, the catalog's refusal is part of the answer.
    fn told(&self, error: RemoteError) -> RemoteError {
        match error.trouble {
            Trouble::NotFound | Trouble::Busy | Trouble::Cut | Trouble::Changed | Trouble::Cancelled => error,
            _ => error.after(TRIED, &self.refusal),
        }
    }
}

impl RemoteVolume for Unlent {
    fn page<'a>(&'a self, folder: &'a str, deep: bool, from: &'a Mark) -> Asked<'a, Page> {
        Box::pin(async move { self.own.page(folder, deep, from).await.map_err(|e| self.told(e)) })
    }

    fn stat<'a>(&'a self, path: &'a str) -> Asked<'a, Stat> {
        Box::pin(async move { self.own.stat(path).await.map_err(|e| self.told(e)) })
    }

    fn read<'a>(&'a self, path: &'a str, range: Range<u64>, version: Option<&'a Version>) -> Asked<'a, Piece> {
        Box::pin(async move { self.own.read(path, range, version).await.map_err(|e| self.told(e)) })
    }

    fn lists_deep(&self) -> bool {
        self.own.lists_deep()
    }

    fn writer(&self) -> Option<&dyn RemoteWriter> {
        self.own.writer()
    }
}
