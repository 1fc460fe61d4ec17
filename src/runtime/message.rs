//! What arrives at the loop, from wherever it comes: one queue, so that everything has one order.

use crate::app::event::Event;
use crate::term::input::InputEvent;
use crate::term::output::Written;
use tokio::sync::mpsc::UnboundedSender;

/// One arrival.
#[derive(Debug)]
pub enum Message {
    /// From the terminal.
    Input(InputEvent),
    /// For the state machine.
    Event(Event),
    /// The output thread has written something.
    Written(Written),
    /// A decoder has finished; the presenter fetches what it finished.
    Decoded(super::pool::Decoded),
    /// The process got a signal.
    Signal(Signal),
    /// Every write that was waiting when the program was asked to leave is settled.
    Settled,
}

/// Signals the loop handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The window has another size.
    Resize,
    /// The program is asked to end.
    Terminate,
    /// The program was continued after it was stopped from outside.
    Continue,
}

/// The sending end; cheap to clone, never blocks. A send after the loop has ended is dropped, which is right.
#[derive(Clone, Debug)]
pub struct Sender(pub UnboundedSender<Message>);

impl Sender {
    /// Sends something.
    pub fn send(&self, message: Message) {
        drop(self.0.send(message));
    }

    /// Sends an event.
    pub fn event(&self, event: Event) {
        self.send(Message::Event(event));
    }
}
