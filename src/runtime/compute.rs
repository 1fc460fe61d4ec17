//! What an engine runs on: whether it runs, and starting it.
//!
//! What always holds: looking starts nothing; a warehouse, which every statement starts by itself, is started by a
//! statement; a cluster only after the person said so.

use super::engines::Machine;
use crate::domain::text::printable;
use crate::remote::compute::{self, Machines, State};
use crate::remote::error::{Kind, RemoteError};
use crate::remote::lenient::Known;
use tokio_util::sync::CancellationToken;

/// Whether a statement can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It runs, or nobody can tell.
    Runs,
    /// It does not run yet, and goes on by itself: it starts, or the statement starts it.
    StartsByItself,
    /// It is stopped, and only a person starts it: what it is, such as "the cluster `etl` is stopped".
    Stopped(String),
}

/// Looks at a machine.
///
/// # Errors
/// When there is none, or it failed; that nobody may look at it, or nobody answers, is left to the statement to tell.
pub fn standing(machine: &Machine) -> Result<Standing, RemoteError> {
    let found = match machine.workspace.wait(machine.of.get(&machine.workspace, &machine.id)) {
        Ok(found) => found,
        Err(error) if error.kind() == Kind::NotFound && machine.of == Machines::Clusters => return Err(error),
        Err(_) => return Ok(Standing::Runs),
    };
    Ok(match (&found.state, machine.of) {
        (Known::Is(State::Running) | Known::Other(_), _) => Standing::Runs,
        (Known::Is(State::Starting), _) | (_, Machines::Warehouses) => Standing::StartsByItself,
        (Known::Is(_), Machines::Clusters) => Standing::Stopped(line(&found)),
    })
}

fn line(found: &compute::Machine) -> String {
    let what = format!("the cluster `{}` is {}", printable(&found.name), printable(found.doing()));
    if found.state_message.is_empty() { what } else { format!("{what} ({})", printable(&found.state_message)) }
}

/// Sees to it that it runs, and waits. `tell` hears sentences that are safe to show.
///
/// # Errors
/// When it fails to start, is removed, or `stop` is cancelled; it may be running later all the same then.
pub fn start(
    machine: &Machine,
    stop: &CancellationToken,
    mut tell: impl FnMut(String) + Send,
) -> Result<(), RemoteError> {
    let of = machine.of;
    let told = |progress: compute::Progress| tell(printable(&progress.line(of)).into_owned());
    match machine.workspace.wait(of.ready(&machine.workspace, &machine.id, stop, told)) {
        Ok(_) => Ok(()),
        // Whoever may run statements on a warehouse need not be allowed to look at it; the statement starts it.
        Err(error) if of == Machines::Warehouses && error.kind() == Kind::Permission => Ok(()),
        Err(error) => Err(error),
    }
}
