//! Questions about files: listings, facts, text previews, completions. Each slot has at most one at work.

use super::message::Sender;
use crate::app::effect::Query;
use crate::app::event::{Event, Reply};
use crate::app::picture::SESSION;
use crate::app::screens::lake::state::{Facts, TextPreview};
use crate::app::slots::{Slot, Tag};
use crate::domain::lake_path::LakePath;
use crate::domain::text::printable;
use crate::formats::preview::{self, Preview};
use crate::lake::listing::Arrange;
use crate::lake::remote::Stop;
use crate::lake::{Found, Lake, LakeError, Lister, open_plain};
use crate::ops::snap::snap;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Bytes of a file that a text preview reads.
const HEAD: u64 = 64 * 1024;

/// Answers questions about files.
pub struct Files {
    lake: Lake,
    sender: Sender,
    listers: HashMap<Slot, Running>,
    newest: Arc<Mutex<HashMap<Slot, u64>>>,
    work: mpsc::Sender<(Tag, Query)>,
}

/// A lister, what it lists, and the generation its snapshots answer.
struct Running {
    path: LakePath,
    generation: Arc<AtomicU64>,
    lister: Lister,
}

impl Files {
    /// Starts the thread that reads files. Without a thread, questions about files stay unanswered.
    #[must_use]
    pub fn start(lake: Lake, sender: Sender) -> Self {
        let (work, questions) = mpsc::channel::<(Tag, Query)>();
        let newest = Arc::new(Mutex::new(HashMap::new()));
        let (seen, answers, of_thread) = (Arc::clone(&newest), sender.clone(), lake.clone());
        let run = move || {
            for (tag, query) in questions {
                let current =
                    seen.lock().unwrap_or_else(PoisonError::into_inner).get(&tag.slot) == Some(&tag.generation);
                let (newest, slot, generation) = (Arc::clone(&seen), tag.slot, tag.generation);
                let stop = Stop::new(move || {
                    newest.lock().unwrap_or_else(PoisonError::into_inner).get(&slot) != Some(&generation)
                });
                if current && let Some(reply) = answer(&of_thread, query, &stop) {
                    answers.event(Event::Reply(tag, reply));
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name("files".to_owned()).spawn(run) {
            tracing::error!(%error, "no thread for reading files");
        }
        Self { lake, sender, listers: HashMap::new(), newest, work }
    }

    /// Takes a question, if it is one about files.
    pub fn ask(&mut self, tag: Tag, query: Query) -> Option<(Tag, Query)> {
        match query {
            Query::List { path, arrange } => self.list(tag, path, arrange),
            Query::Facts(_) | Query::Preview(_) | Query::Complete { .. } | Query::Snap { .. } => {
                self.note(tag);
                drop(self.work.send((tag, query)));
            }
            other => return Some((tag, other)),
        }
        None
    }

    /// Stops what runs for a slot.
    pub fn forget(&mut self, slot: Slot) {
        self.listers.remove(&slot);
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).remove(&slot);
    }

    fn note(&self, tag: Tag) {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).insert(tag.slot, tag.generation);
    }

    /// Lists a place, or arranges anew what is listed already.
    fn list(&mut self, tag: Tag, path: LakePath, arrange: Arrange) {
        if let Some(running) = self.listers.get(&tag.slot).filter(|r| r.path == path && tag.slot == Slot::Column(0)) {
            running.generation.store(tag.generation, Ordering::Release);
            running.lister.rearrange(arrange);
            return;
        }
        let generation = Arc::new(AtomicU64::new(tag.generation));
        let (of_lister, sender, slot) = (Arc::clone(&generation), self.sender.clone(), tag.slot);
        let publish = Box::new(move |listing| {
            let tag = Tag { slot, generation: of_lister.load(Ordering::Acquire) };
            sender.event(Event::Reply(tag, Reply::Listing(listing)));
        });
        let lister = self.lake.list(&path, arrange, publish);
        self.listers.insert(slot, Running { path, generation, lister });
    }

    /// Lists the column with the cursor from the disk again when it is asked for next.
    pub fn reread(&mut self) {
        self.listers.clear();
        self.lake.forget_listings();
    }
}

fn answer(lake: &Lake, query: Query, stop: &Stop) -> Option<Reply> {
    match query {
        Query::Facts(path) => {
            let facts = lake.stat_while(&path, stop).ok();
            Some(Reply::Facts(facts.and_then(|s| s.size.map(|size| Facts { size, modified: s.modified }))))
        }
        Query::Preview(path @ LakePath::Table(..)) => Some(Reply::Preview(match lake.table(&path, stop) {
            Ok(table) => TextPreview::Facts(table.lines()),
            Err(error) => TextPreview::Failed(error.to_string()),
        })),
        Query::Preview(path) => Some(Reply::Preview(head_of(lake, &path, stop))),
        Query::Snap { picture, at, reach } => {
            let stamp = if picture.etag.starts_with(SESSION) { "" } else { &picture.etag };
            Some(match snap(lake, (&picture.path, stamp), at, reach, stop) {
                Ok(to) => Reply::Snapped(to),
                Err(error) => Reply::Failed(error.to_string()),
            })
        }
        Query::Complete { text, base } => Some(Reply::Completions(lake.complete(&text, &base))),
        _ => None,
    }
}

fn head_of(lake: &Lake, path: &LakePath, stop: &Stop) -> TextPreview {
    let read = || -> Result<(Vec<u8>, u64), LakeError> {
        match lake.find(path, "", stop)? {
            Found::Here(file) => head_of_file(&file, path),
            Found::There(file) => {
                let mut head = vec![0; usize::try_from(file.size()?.min(HEAD)).unwrap_or(0)];
                let count = file.read_at(0, &mut head)?;
                head.truncate(count);
                Ok((head, file.size()?))
            }
        }
    };
    match read() {
        Ok((head, total)) => shown(preview::preview(&head, path.name(), total)),
        Err(error) => TextPreview::Failed(error.to_string()),
    }
}

fn head_of_file(file: &Path, path: &LakePath) -> Result<(Vec<u8>, u64), LakeError> {
    let file = open_plain(file)?;
    let mut head = Vec::new();
    let total = file.metadata().map_or(0, |m| m.len());
    match file.take(HEAD).read_to_end(&mut head) {
        Ok(_) => Ok((head, total)),
        Err(error) => Err(LakeError::Path(format!("cannot read {}: {error}", printable(path.name())))),
    }
}

fn shown(preview: Preview) -> TextPreview {
    let safe = |text: &String| printable(&text.replace('\t', "    ")).into_owned();
    match preview {
        Preview::Text { lines, truncated, .. } => TextPreview::Lines(lines.iter().map(safe).collect(), truncated),
        Preview::Table { columns, rows, truncated } => {
            let rows = rows.iter().map(|row| row.iter().map(safe).collect()).collect();
            TextPreview::Table(columns.iter().map(safe).collect(), rows, truncated)
        }
        Preview::Binary { what, rows, truncated } => {
            let title = if what.is_empty() { "not text".to_owned() } else { what.to_owned() };
            let rows = rows.iter().map(ToString::to_string);
            TextPreview::Lines(std::iter::once(title).chain(rows).collect(), truncated)
        }
        Preview::Empty => TextPreview::Failed("the file is empty".to_owned()),
    }
}
