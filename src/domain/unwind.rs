//! Code of large parsers that may panic over a hostile file, run so that a panic is an error and nothing else.
//!
//! Why here and not `catch_unwind` in each place: the panic hook has to know of a panic that is caught, or it would tell the
//! user that the program has crashed while it goes on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs code; nothing if it panicked. What it works on must be its own, or of no account after a panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = DEPTH.get();
    DEPTH.set(before.saturating_add(1));
    let done = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(before);
    done.ok()
}

/// Whether a panic of this thread would be caught by now.
#[must_use]
pub fn is_caught() -> bool {
    DEPTH.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_nothing_and_known_to_be_caught() {
        assert!(!is_caught());
        let ended = caught(|| {
            assert_eq!(caught(|| 1), Some(1));
            assert!(is_caught());
            std::panic::resume_unwind(Box::new(()));
        });
        assert!(ended.is_none() && !is_caught());
    }
}
