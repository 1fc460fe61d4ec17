//! The laws that the fuzz targets of the terminal's side check, for as long as a test may take.

use proptest::prelude::*;

#[allow(unreachable_pub, reason = "the fuzz targets are other crates")]
#[path = "../../../fuzz/terminal.rs"]
mod terminal;

/// Bytes that sequences are made of come more often than others.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), proptest::sample::select(b"\x1b\x1b[]_PG?;:0129Rtcnu~\\\x07j".to_vec())];
    proptest::collection::vec(byte, 0..400)
}

proptest! {
    #[test]
    fn no_answer_becomes_a_key(bytes in input()) {
        terminal::replies(&bytes);
    }

    #[test]
    fn no_answer_makes_a_cell_that_fits_no_screen(bytes in input()) {
        terminal::probe(&bytes);
    }
}
