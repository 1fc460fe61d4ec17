//! How the writer is told to behave, and what it knows of the link.

use std::time::Duration;

/// Who answers the writer's questions, and so what may be learnt from the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pacing {
    /// Nothing is asked and nothing is held back. Until the probe is over, whose answers are the same sequences.
    #[default]
    Off,
    /// The terminal itself answers `CSI 5 n`: every byte it has consumed is known.
    Direct,
    /// tmux stands between. Wrapped questions reach the terminal outside, but the answers come as keys to whichever
    /// pane is active, so they are asked only just after a key.
    Tmux,
}

/// What is known of the link to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// The shortest time from a question to its answer in the last ten seconds, or the first estimate.
    pub round_trip: Option<Duration>,
    /// Bytes a second.
    pub bandwidth: Option<u64>,
    /// The most unacknowledged bytes that uploads may make.
    pub credit: usize,
    /// Bytes written and not yet acknowledged.
    pub in_flight: usize,
    /// Bytes of picture data that wait.
    pub backlog: usize,
    /// The terminal does not answer.
    pub silent: bool,
    /// All bytes written.
    pub sent: u64,
    /// From handing over to being seen by the terminal, for the last watched frame that was acknowledged.
    pub seen: Option<Duration>,
}
