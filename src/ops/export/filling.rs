//! A folder behind a server while an export fills it.
//!
//! What always holds: from before the first file on until after the last one a note there says that it is unfinished, and
//! whose it is; whoever does not find the own note there removes nothing and does not say that it is whole; every file
//! that was begun there is known here ([`Begun`]), so that the same export goes on with it after whatever broke it off.

use super::begun::Begun;
use super::manifest::NAME;
use super::outputs::{SUMS, listed};
use super::removal;
use super::ship::{Shipper, reached};
use super::standing::{self, note};
use super::{Export, here};
use crate::domain::project::Project;
use crate::domain::text::{grouped, printable};
use crate::lake::Lake;
use crate::lake::target::{Stands, Target};
use crate::ops::report::{ExportReport, TaskProgress};
use crate::ops::{OpsError, Watch};
use crate::store::Store;
use std::collections::HashSet;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

/// A longer line of a list of checksums is none of ours: no store takes such a name.
const LINE: u64 = 64 << 10;

/// An export that fills a folder.
pub(super) struct Filling<'a> {
    pub(super) lake: &'a Lake,
    pub(super) target: &'a Target,
    /// A folder of this machine for what waits.
    pub(super) aside: &'a Path,
    /// The export as it is made here.
    pub(super) inner: &'a Export,
    pub(super) begun: Arc<Begun>,
    pub(super) manifest: Target,
}

impl Filling<'_> {
    /// Fills it. `stood` is what was there before.
    pub(super) fn fill(
        &self,
        stood: Stands,
        store: &mut dyn Store,
        project: &Project,
        watch: &mut Watch<'_>,
    ) -> Result<ExportReport, OpsError> {
        let began = self.begin(stood);
        let whole = match began {
            Err(error) => {
                self.did_not_begin();
                return Err(error);
            }
            Ok(()) => self.ship(store, project, watch),
        };
        match whole {
            Ok(report) => {
                self.begun.end();
                Ok(report)
            }
            Err(error) => {
                self.target.settle();
                Err(if self.begun.is_fresh() { self.taken_back(error, stood, watch) } else { self.half(error) })
            }
        }
    }

    /// From now on what is there says that it is unfinished. Of two exports into the same new folder one ends here.
    fn begin(&self, stood: Stands) -> Result<(), OpsError> {
        if matches!(stood, Stands::Nothing | Stands::Empty) {
            return match self.manifest.make(note(self.begun.run()).into_bytes()).map_err(reached)? {
                true => Ok(()),
                false => Err(OpsError::Exists(printable(&self.target.path().to_string()).into_owned())),
            };
        }
        self.note_listed()?;
        let place = self.aside.join("unfinished");
        fs::write(&place, note(self.begun.run())).map_err(|e| OpsError::file("write", &place, &e))?;
        self.manifest.put(&place).map_err(reached)
    }

    /// Notes what the earlier export has there, by its list.
    fn note_listed(&self) -> Result<(), OpsError> {
        let (at, place) = (self.target.below(SUMS).map_err(reached)?, self.aside.join("before"));
        if at.stands().map_err(reached)? != Stands::File {
            return Ok(());
        }
        let mut copy = File::create_new(&place).map_err(|e| OpsError::file("write", &place, &e))?;
        at.read(u64::MAX, &mut copy).map_err(reached)?;
        let noted = File::open(&place).and_then(|list| each_listed(list, &mut |path| self.begun.note(path)));
        noted.map_err(|e| OpsError::file("read", &place, &e))
    }

    /// Nothing was written but perhaps the note, whose answer may have been lost.
    fn did_not_begin(&self) {
        self.target.settle();
        match standing::is_of(&self.manifest.to_the_end(), self.begun.run()) {
            Ok(true) if self.begun.is_fresh() && self.manifest.remove().is_ok() => self.begun.end(),
            Ok(false) => self.begun.end(),
            // What stands there now is known by its note here, and taken up by the next export.
            _ => {}
        }
    }

    fn ship(&self, store: &mut dyn Store, project: &Project, watch: &mut Watch<'_>) -> Result<ExportReport, OpsError> {
        let shipper = Arc::new(Shipper::start(self.target, Arc::clone(&self.begun))?);
        let made = here(store, self.lake, project, (self.inner, Some(Arc::clone(&shipper))), watch);
        // The first cause is told: what could not be taken away, unless it was the person who ended it.
        let sent = shipper.finish();
        match (made, sent) {
            (Err(OpsError::Cancelled), _) | (_, Err(OpsError::Cancelled)) => Err(OpsError::Cancelled),
            (_, Err(error)) | (Err(error), Ok(())) => Err(error),
            (Ok(report), Ok(())) => self.end(&shipper.sent(), watch).map(|()| report),
        }
    }

    /// Removes what only earlier exports had, then puts the list of checksums and the manifest there.
    fn end(&self, sent: &HashSet<u64>, watch: &mut Watch<'_>) -> Result<(), OpsError> {
        self.check_owner()?;
        self.remove_others(sent, watch)?;
        let sums = self.target.below(SUMS).map_err(reached)?;
        sums.put(&self.inner.dest.join(SUMS)).map_err(reached)?;
        self.check_owner()?;
        self.manifest.put(&self.inner.dest.join(NAME)).map_err(reached)
    }

    /// That nobody else has begun to fill the folder meanwhile.
    fn check_owner(&self) -> Result<(), OpsError> {
        if standing::is_of(&self.manifest, self.begun.run())? {
            return Ok(());
        }
        let place = printable(&self.target.path().to_string()).into_owned();
        Err(OpsError::Data(format!(
            "another export to `{place}` has begun meanwhile; nothing of it was removed: let it end, then export again"
        )))
    }

    fn remove_others(&self, sent: &HashSet<u64>, watch: &mut Watch<'_>) -> Result<(), OpsError> {
        let mut others = |take: &mut dyn FnMut(&str)| {
            self.begun.each(&mut |path| {
                if !sent.contains(&hashed(path)) && path != NAME && path != SUMS {
                    take(path);
                }
            })
        };
        let removed = removal::remove(self.target, &mut others, &mut |gone| {
            tell("removing what is not in it any more", gone, watch);
            watch.check().is_ok()
        });
        let removed = removed.map_err(|e| OpsError::file("read", self.aside, &e))?;
        watch.check()?;
        removed.error.map_or(Ok(()), Err)
    }

    /// Removes everything again; says so where something stays.
    fn taken_back(&self, error: OpsError, stood: Stands, watch: &mut Watch<'_>) -> OpsError {
        let place = printable(&self.target.path().to_string()).into_owned();
        let ours = standing::is_of(&self.manifest.to_the_end(), self.begun.run());
        let left = match ours {
            Ok(true) => self.remove_all(stood, watch),
            Ok(false) => return error,
            Err(_) => None,
        };
        let rest = match left {
            Some(0) => return error,
            Some(left) => format!("{} files of it are left in `{place}`", grouped(left)),
            None => format!("what it has written is left in `{place}`"),
        };
        let first = if matches!(error, OpsError::Cancelled) { "stopped".to_owned() } else { error.to_string() };
        OpsError::Data(format!("{first}; {rest}: the same export goes on with them"))
    }

    /// How many files stay, if that is known.
    fn remove_all(&self, stood: Stands, watch: &mut Watch<'_>) -> Option<u64> {
        let mut all = |take: &mut dyn FnMut(&str)| {
            take(SUMS);
            self.begun.each(take)
        };
        let mut goes_on = |gone| {
            tell("taking back", gone, watch);
            true
        };
        let removed = removal::remove(self.target, &mut all, &mut goes_on).ok()?;
        if removed.left > 0 {
            return Some(removed.left);
        }
        if self.manifest.remove().is_err() {
            return Some(1);
        }
        self.begun.end();
        if stood != Stands::Empty {
            drop(self.target.remove_folder());
        }
        Some(0)
    }

    /// An error after which what was there before is neither whole nor gone.
    fn half(&self, error: OpsError) -> OpsError {
        let place = printable(&self.target.path().to_string()).into_owned();
        let rest = format!("the earlier export in `{place}` is half replaced; export again to finish it");
        match error {
            OpsError::Cancelled => OpsError::Data(format!("stopped; {rest}")),
            error => OpsError::Data(format!("{error}; {rest}")),
        }
    }
}

fn tell(step: &str, done: u64, watch: &mut Watch<'_>) {
    watch.tell(&TaskProgress { step: step.into(), unit: "files".into(), done, ..TaskProgress::default() });
}

/// Gives the paths in a list of checksums that is somebody else's: nothing of it leads out of its folder.
pub(super) fn each_listed(list: impl Read, take: &mut dyn FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let (mut list, mut line) = (BufReader::new(list), Vec::new());
    loop {
        line.clear();
        if list.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.pop() != Some(b'\n') {
            let why = "the list of checksums there has a line that is no line of one; choose another folder";
            return Err(io::Error::new(io::ErrorKind::InvalidData, why));
        }
        if let Some(path) = std::str::from_utf8(&line).ok().and_then(listed).filter(|path| !path.contains('\0')) {
            take(&path)?;
        }
    }
}

/// A path, small enough to remember all.
pub(super) fn hashed(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}
