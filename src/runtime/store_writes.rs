//! Changes to the store.
#![allow(missing_docs)]
use super::message::{Message, Sender};
use super::services::StorePlace;
use crate::app::effect::Write;
pub struct Writes {
    sender: Sender,
}
impl Writes {
    pub fn start(_: StorePlace, _: String, sender: Sender) -> Self {
        Self { sender }
    }
    pub fn submit(&self, _: Write) {}
    pub fn finish(&self) {
        self.sender.send(Message::Settled);
    }
}
