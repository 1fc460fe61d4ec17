//! What exports have begun behind servers and not ended, noted on this machine.
//!
//! Why: such a place gives files their names one after the other, and what an export that was broken off has left there is
//! listed nowhere else. What always holds: a name is noted before the first byte of its file leaves; the note of an export
//! is locked as long as it goes on, and stays until the export is whole or taken back.

use super::super::OpsError;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What stands between two names; no name holds it.
const END: u8 = 0;
/// What stands first where nothing was there before, and where something was.
const FRESH: &str = "fresh";
const OVER: &str = "over";

/// The note of one export.
pub(super) struct Begun {
    run: String,
    fresh: bool,
    place: PathBuf,
    file: Mutex<File>,
}

impl Begun {
    /// A note without names, in a folder that is made if it is not there; `fresh` says that nothing is there yet.
    pub(super) fn new(folder: &Path, fresh: bool) -> Result<Self, OpsError> {
        let run = name_of_run();
        let place = folder.join(&run);
        let failed = |e: io::Error| OpsError::file("write", &place, &e);
        fs::create_dir_all(folder).map_err(failed)?;
        let file = File::create_new(&place).map_err(failed)?;
        // Where the disk knows no locks, two of one machine are only told apart by what stands over there.
        drop(file.try_lock());
        let begun = Self { run, fresh, place: place.clone(), file: Mutex::new(file) };
        begun.note(if fresh { FRESH } else { OVER }).map_err(failed)?;
        Ok(begun)
    }

    /// The note of an export that was broken off; nothing where this machine has none.
    pub(super) fn resume(folder: &Path, run: &str) -> Result<Option<Self>, OpsError> {
        if run.len() != 32 || !run.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let place = folder.join(run);
        let failed = |e: io::Error| OpsError::file("read", &place, &e);
        let file = match File::options().read(true).append(true).open(&place) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(failed(e)),
        };
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let text = "an export to this place is under way on this machine; wait for its end, or stop it";
            return Err(OpsError::Data(text.to_owned()));
        }
        let mut first = None;
        each_name(&place, &mut |name| {
            first.get_or_insert_with(|| name.to_owned());
        })
        .map_err(failed)?;
        let fresh = first.as_deref() == Some(FRESH);
        Ok(Some(Self { run: run.to_owned(), fresh, place, file: Mutex::new(file) }))
    }

    /// What tells it from all others.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// Whether nothing was there when it began, so that all of it may be taken back.
    pub(super) fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// Notes a name, at once.
    pub(super) fn note(&self, path: &str) -> io::Result<()> {
        let record = [path.as_bytes(), &[END]].concat();
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&record)
    }

    /// Gives every name that was noted, some perhaps more than once.
    pub(super) fn each(&self, take: &mut dyn FnMut(&str)) -> io::Result<()> {
        let mut first = true;
        each_name(&self.place, &mut |name| {
            if !std::mem::take(&mut first) {
                take(name);
            }
        })
    }

    /// Nothing is left to be noted.
    pub(super) fn end(&self) {
        if let Err(error) = fs::remove_file(&self.place) {
            tracing::warn!(run = self.run, %error, "the note of an export stays");
        }
    }
}

/// What tells one export from all others.
pub(super) fn name_of_run() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Gives the names of a note; one whose end is missing was never begun.
fn each_name(place: &Path, take: &mut dyn FnMut(&str)) -> io::Result<()> {
    let (mut file, mut name) = (BufReader::new(File::open(place)?), Vec::new());
    loop {
        name.clear();
        file.read_until(END, &mut name)?;
        if name.pop() != Some(END) {
            return Ok(());
        }
        take(&String::from_utf8_lossy(&name));
    }
}
