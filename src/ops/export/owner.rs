//! Who writes a half-written file or folder, said in its name, so that one whose writer is gone can be told for sure.
//!
//! Why not a lock: on a shared disk a lock may hold on one machine only, and a free one would then be taken for the end of
//! somebody's export. What always holds: only a writer of this very machine, since it was started, and of this name space
//! of processes is judged, by whether its process is there. A writer elsewhere, or before a restart, says nothing.

use rustix::process::{Pid, getpid, test_kill_process};
use sha2::{Digest, Sha256};
use std::fs;

/// Digits that say where a process runs.
const PLACE: usize = 16;
/// Digits of its number.
const NUMBER: usize = 8;
/// Digits of the name of a run as a whole.
const LENGTH: usize = 32;

/// A name for what this process writes that nothing else has.
pub(super) fn fresh() -> String {
    let any = uuid::Uuid::new_v4().simple().to_string();
    let (place, rest) = any.split_at(PLACE);
    let place = here().unwrap_or_else(|| place.to_owned());
    let rest = rest.get(..LENGTH - PLACE - NUMBER).unwrap_or_default();
    format!("{place}{:08x}{rest}", getpid().as_raw_nonzero())
}

/// Whether a name may be one of [`fresh`].
pub(super) fn is_run(run: &str) -> bool {
    run.len() == LENGTH && run.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether the process that has made this name is gone for sure.
pub(super) fn is_gone(run: &str) -> bool {
    let Some((place, rest)) = run.split_at_checked(PLACE).filter(|_| is_run(run)) else { return false };
    let number = rest.get(..NUMBER).and_then(|digits| i32::from_str_radix(digits, 16).ok());
    let Some(process) = number.and_then(Pid::from_raw) else { return false };
    // A number that another process has got since says that it may be there.
    here().is_some_and(|here| here == place) && test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}

/// What tells this machine, since it was started, and this name space of processes from all others.
fn here() -> Option<String> {
    let started = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = fs::read_link("/proc/self/ns/pid").ok()?;
    let mut digest = Sha256::new();
    digest.update(started.trim());
    digest.update([0]);
    digest.update(space.as_os_str().as_encoded_bytes());
    let sum: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    sum.get(..PLACE).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name that a process of this number would have made here.
    fn of(process: u32) -> String {
        format!("{}{process:08x}00000000", here().unwrap())
    }

    #[test]
    fn only_a_process_of_this_place_that_is_not_there_is_gone() {
        let own = fresh();
        assert!(is_run(&own) && !is_gone(&own) && own != fresh());
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let ended = of(child.id());
        assert!(is_gone(&ended) && !is_gone(&of(1)) && !is_gone(&of(0)) && !is_gone(&of(u32::MAX)));
        // Of another machine, or another start of this one.
        let elsewhere = format!("{}{}", "0123456789abcdef", &ended[PLACE..]);
        assert!(is_run(&elsewhere) && !is_gone(&elsewhere));
        assert!(!is_gone("") && !is_gone("x") && !is_gone(&"é".repeat(16)));
    }
}
