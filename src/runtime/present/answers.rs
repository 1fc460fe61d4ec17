//! What the terminal says about pictures: that it forgot one, or takes none at all.

use super::{Place, Presenter};

/// So many pictures in a row that the terminal refused, and another protocol is used.
const REFUSALS: u32 = 3;

/// What an answer of the terminal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing.
    Nothing,
    /// A frame has to be drawn: something was lost and is sent again.
    Redraw,
    /// Picture after picture was refused: this protocol does not work here.
    Useless,
}

impl Presenter {
    /// The terminal has taken everything that was written before some frame, without complaint.
    pub fn on_seen(&mut self) {
        if std::mem::take(&mut self.unconfirmed) > 0 {
            self.refusals = 0;
        }
    }

    /// Takes an error that the terminal answered about the picture with this id.
    pub fn on_answer(&mut self, id: u32, message: &str) -> Answer {
        if message.starts_with("OK") {
            return Answer::Nothing;
        }
        if message.starts_with("ENOPARENT") {
            self.anchor = None;
            self.repaint_all();
            return Answer::Redraw;
        }
        let Some(wanted) = self.ring.named(id) else { return Answer::Nothing };
        // What is under way was closed or restarted by ourselves; if it fails, placing it says so.
        if !self.ring.is_there(&wanted) {
            return Answer::Nothing;
        }
        tracing::debug!(target: "preview", id, message, "the terminal refused a picture");
        self.ring.forget(&wanted);
        self.store.remove(&wanted);
        let shown = |p: &Place| p.shown.as_ref().is_some_and(|s| s.image == id);
        self.places.retain(|_, place| !shown(place));
        // Pictures that were forgotten long after they came are sent again; those refused at once may always be.
        if self.unconfirmed > 0 {
            self.refusals += 1;
            self.unconfirmed -= 1;
        }
        if self.refusals >= REFUSALS { Answer::Useless } else { Answer::Redraw }
    }
}
