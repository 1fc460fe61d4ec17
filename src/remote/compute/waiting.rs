//! Starting a machine and waiting for it.

use super::{Machine, Machines, State};
use crate::remote::error::{Kind, RemoteError};
use crate::remote::http::Workspace;
use crate::remote::lenient::Known;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// The longest time between two looks, in steps of the client's patience.
const SLOWEST: u32 = 5;
/// Nobody waits longer than this: something is wrong then.
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// What is told while waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The machine, as it was last seen.
    pub machine: Machine,
    /// How long it has been waited for.
    pub waited: Duration,
}

impl Progress {
    /// In a line, such as "the cluster `etl` is starting (1 min 20 s): Finding instances". It may hold text from outside.
    #[must_use]
    pub fn line(&self, of: Machines) -> String {
        let seconds = self.waited.as_secs();
        let time =
            if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) };
        let Machine { name, state_message, .. } = &self.machine;
        let more = if state_message.is_empty() { String::new() } else { format!(": {state_message}") };
        format!("the {} `{name}` is {} ({time}){more}", of.noun(), self.machine.doing())
    }
}

impl Machines {
    /// Sees to it that a machine runs: starts it where it is stopped, and waits. `tell` hears of every look.
    ///
    /// # Errors
    /// When it fails to start, is removed, or `cancel` is cancelled; it may be running later all the same then.
    pub async fn ready(
        self,
        workspace: &Workspace,
        id: &str,
        cancel: &CancellationToken,
        tell: impl FnMut(Progress) + Send,
    ) -> Result<Machine, RemoteError> {
        let stopped = || {
            let why = "you stopped waiting; what was started goes on starting";
            RemoteError::new(Kind::Cancelled, format!("waiting for {}", self.thing(id)), workspace.place(), why)
        };
        tokio::select! {
            () = cancel.cancelled() => Err(stopped()),
            ready = self.wait(workspace, id, tell) => ready,
        }
    }

    async fn wait(
        self,
        workspace: &Workspace,
        id: &str,
        mut tell: impl FnMut(Progress) + Send,
    ) -> Result<Machine, RemoteError> {
        let began = Instant::now();
        let (mut started, mut looks) = (false, 0u32);
        loop {
            let machine = self.get(workspace, id).await?;
            let waited = began.elapsed();
            let (state, message) = (machine.state.known().copied(), machine.state_message.clone());
            let failed = |why: String| {
                let thing = self.thing(&machine.name);
                let error = RemoteError::new(Kind::Unavailable, thing, workspace.place(), why);
                error.with_remedy(format!("look at the {} in the workspace, and start it there", self.noun()))
            };
            match state {
                Some(State::Running) => return Ok(machine),
                Some(State::Gone) => return Err(failed("it is removed".to_owned()).with_kind(Kind::NotFound)),
                Some(State::Failed) => return Err(failed(why("it failed", &message))),
                Some(State::Stopped) if started => return Err(failed(why("it stopped while it started", &message))),
                _ if waited > LONGEST => {
                    return Err(failed(format!("it does not run after {} min", waited.as_secs() / 60)));
                }
                Some(State::Stopped) => {
                    self.start(workspace, &machine).await?;
                    started = true;
                    let state = Known::Is(State::Starting);
                    tell(Progress { machine: Machine { state, ..machine }, waited });
                }
                Some(State::Starting | State::Stopping) | None => {
                    started |= state == Some(State::Starting);
                    tell(Progress { machine, waited });
                }
            }
            looks += 1;
            sleep(workspace.wire().limits.step * looks.min(SLOWEST)).await;
        }
    }

    /// Starts it; that somebody else did so first is no error.
    async fn start(self, workspace: &Workspace, machine: &Machine) -> Result<(), RemoteError> {
        match self.start_request(workspace, &machine.id).about(self.thing(&machine.name)).done().await {
            Err(error) if error.code() == Some("INVALID_STATE") => Ok(()),
            done => done,
        }
    }
}

fn why(what: &str, message: &str) -> String {
    if message.is_empty() { what.to_owned() } else { format!("{what}: {message}") }
}
