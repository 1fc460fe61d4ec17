//! Signals as messages.

use super::message::{Message, Sender, Signal};
use tokio::signal::unix::{SignalKind, signal};

/// Starts listening. Must be called inside the runtime of the loop.
///
/// # Errors
/// A signal handler could not be installed.
pub fn listen(sender: &Sender) -> std::io::Result<()> {
    let kinds = [
        (SignalKind::window_change(), Signal::Resize),
        (SignalKind::terminate(), Signal::Terminate),
        (SignalKind::hangup(), Signal::Terminate),
        (SignalKind::interrupt(), Signal::Terminate),
        (SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()), Signal::Continue),
    ];
    for (kind, meaning) in kinds {
        let mut stream = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                sender.send(Message::Signal(meaning));
            }
        });
    }
    Ok(())
}
