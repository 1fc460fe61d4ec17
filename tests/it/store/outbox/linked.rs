//! A store behind a link that may break around every commit. Reading never fails here.

use super::Link;
use lakelens::domain::edit::{Edit, Outcome};
use lakelens::store::{Result, Store};

pub(super) struct Linked {
    pub(super) store: Box<dyn Store>,
    pub(super) link: Link,
}

impl Store for Linked {
    fn commit(&mut self, edits: &[Edit]) -> Result<Vec<Outcome>> {
        let Self { store, link } = self;
        link.around(|| store.commit(edits))
    }

    lakelens::store::pass_on::pass_on!(store: manner shelf making samples queues steps named_step past extras gold gold_open versions quality claim team);
}
