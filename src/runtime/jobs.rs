//! Long work beside the screens.
#![allow(missing_docs)]
use super::message::Sender;
use super::services::StorePlace;
use crate::app::effect::Job;
use crate::app::event::Event;
use crate::app::tasks::{TaskId, TaskNews, TaskState};
use crate::lake::Lake;
pub struct Jobs {
    sender: Sender,
}
impl Jobs {
    pub fn new(_: StorePlace, _: Lake, _: String, sender: Sender) -> Self {
        Self { sender }
    }
    pub fn start(&self, id: TaskId, _: Job) {
        self.sender.event(Event::Task(id, TaskNews::Ended(TaskState::Failed("later".into()))));
    }
    pub fn cancel(&self, _: TaskId) {}
    pub fn cancel_all(&self) {}
}
