#![no_main]
#[allow(dead_code)]
#[path = "../terminal.rs"]
mod terminal;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| terminal::replies(bytes));
