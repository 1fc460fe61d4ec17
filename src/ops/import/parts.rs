//! The parts of the data set that a file speaks of (training, validation, test), kept as lists of the project: `list:train`
//! finds one again, and an export deals its pictures out by them.
//!
//! What always holds: an answer is never touched; a picture that is on the list of a part stays there, whatever the file
//! says, because a picture that changes from training to test unseen spoils the test; the same import again changes nothing.

use crate::domain::ids::{ProjectId, SampleId};
use crate::domain::queue::{Filter, Order, Queue};
use crate::domain::text::printable;
use crate::formats::dataset::Item;
use crate::ops::OpsError;
use crate::store::records::{Direction, From};
use crate::store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// The parts that nearly every data set has.
pub(super) const USUAL: [&str; 3] = ["train", "val", "test"];
/// Under which setting of a project the names of parts stand, so that their lists are told from others.
const NAMED: &str = "parts";
/// More parts than this are no parts: a column of something else was taken for them.
const MOST: usize = 32;
/// The longest name of a part, in characters.
const LONGEST: usize = 100;
/// Samples read at once.
const PAGE: usize = 2000;

/// The lists of one import.
#[derive(Default)]
pub(super) struct Parts {
    /// Parts by their names without case.
    parts: BTreeMap<String, Part>,
    /// Lists that the project has, once they are known.
    there: Option<HashSet<String>>,
    /// Parts that imports have named, without case.
    named: BTreeSet<String>,
    /// Pictures that stay in the part of an earlier import.
    elsewhere: u64,
    /// Pictures whose part has a name that no list can have.
    nameless: u64,
    /// The store keeps no lists.
    unkept: bool,
}

struct Part {
    /// As the file writes it.
    name: String,
    /// What is on the list.
    on: HashSet<SampleId>,
    /// What is to be put on it.
    fresh: Vec<SampleId>,
    /// Pictures that the file puts into it.
    pictures: u64,
}

impl Parts {
    /// Takes the part that entries about one picture name; the first counts. Whether the picture gets on a list by it.
    pub(super) fn take(
        &mut self,
        store: &mut dyn Store,
        project: ProjectId,
        items: &[Item],
        sample: SampleId,
    ) -> Result<bool, OpsError> {
        let Some(name) = items.iter().find_map(|i| i.split.as_deref()).map(str::trim).filter(|n| !n.is_empty()) else {
            return Ok(false);
        };
        let folded = name.to_lowercase();
        let usable = name.chars().count() <= LONGEST && !name.chars().any(char::is_control);
        if !usable || (self.parts.len() >= MOST && !self.parts.contains_key(&folded)) {
            self.nameless += 1;
            return Ok(false);
        }
        if self.there.is_none() {
            self.begin(store, project)?;
        }
        self.learn(store, project, name)?;
        let born = sample.0 != 0;
        let stands = self.parts.iter().find(|(_, part)| born && part.on.contains(&sample)).map(|(key, _)| key.clone());
        let Some(part) = self.parts.get_mut(&folded) else { return Ok(false) };
        match stands {
            Some(other) if other != folded => {
                self.elsewhere += 1;
                Ok(false)
            }
            stands => {
                part.pictures += 1;
                if stands.is_none() {
                    part.fresh.push(sample);
                    part.on.extend(born.then_some(sample));
                }
                Ok(stands.is_none())
            }
        }
    }

    /// Reads what is on the lists of the parts that a data set usually has, and of those that earlier imports named.
    fn begin(&mut self, store: &mut dyn Store, project: ProjectId) -> Result<(), OpsError> {
        self.there = Some(store.lists(project)?.into_iter().map(|(name, _)| name.to_lowercase()).collect());
        let named = store.setting(project, NAMED)?;
        self.named = named.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let known: Vec<String> = self.named.iter().take(MOST).cloned().collect();
        for name in USUAL.into_iter().chain(known.iter().map(String::as_str)) {
            self.learn(store, project, name)?;
        }
        Ok(())
    }

    /// Reads what is on the list of a part, the first time it is named.
    fn learn(&mut self, store: &mut dyn Store, project: ProjectId, name: &str) -> Result<(), OpsError> {
        let folded = name.to_lowercase();
        if self.parts.contains_key(&folded) {
            return Ok(());
        }
        let mut on = HashSet::new();
        if self.there.as_ref().is_some_and(|there| there.contains(&folded)) {
            on_list(store, project, name, &mut |id| on.extend([id]))?;
        }
        self.parts.insert(folded, Part { name: name.to_owned(), on, fresh: Vec::new(), pictures: 0 });
        Ok(())
    }

    /// Puts on the lists what is not there yet.
    pub(super) fn write(&mut self, store: &mut dyn Store, project: ProjectId) -> Result<(), OpsError> {
        let mut new = false;
        for part in self.parts.values_mut() {
            let fresh: Vec<(SampleId, String)> = part.fresh.drain(..).map(|id| (id, String::new())).collect();
            if fresh.is_empty() || self.unkept {
                continue;
            }
            match store.put_list(project, &part.name, &fresh, false) {
                Err(StoreError::Unsupported { .. }) => self.unkept = true,
                done => {
                    done?;
                    new |= self.named.insert(part.name.to_lowercase());
                }
            }
        }
        if new {
            let text = serde_json::to_string(&self.named).map_err(|e| OpsError::Data(e.to_string()))?;
            store.set_setting(project, NAMED, Some(&text))?;
        }
        Ok(())
    }

    /// Pictures of the files in each part.
    pub(super) fn pictures(&self) -> BTreeMap<String, u64> {
        let used = self.parts.values().filter(|part| part.pictures > 0);
        used.map(|part| (part.name.clone(), part.pictures)).collect()
    }

    /// What people have to know.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.elsewhere > 0 {
            notes.push(format!(
                "{} pictures are on the list of another part already and stay there; `lakelens list drop` throws a list \
                 away",
                self.elsewhere
            ));
        }
        if self.nameless > 0 {
            notes.push(format!("the parts of {} pictures have names that no list can have", self.nameless));
        }
        if self.unkept {
            let names: Vec<String> = self.pictures().keys().map(|n| printable(n).into_owned()).collect();
            notes.push(format!("the parts ({}) are not kept: this store keeps no lists", names.join(", ")));
        }
        notes
    }
}

/// Gives every sample on a list to `take`, a page in memory.
pub(in crate::ops) fn on_list(
    store: &mut dyn Store,
    project: ProjectId,
    name: &str,
    take: &mut dyn FnMut(SampleId),
) -> Result<(), OpsError> {
    let queue = Queue { filter: Filter { list: vec![name.to_owned()], ..Filter::default() }, order: Order::Path };
    let mut from = From::Edge;
    loop {
        let page = store.page(project, &queue, &from, Direction::Forward, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        from = From::After(last.cursor.clone());
        page.iter().for_each(|queued| take(queued.sample.id));
    }
}
