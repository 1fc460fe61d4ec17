#![no_main]
#[allow(dead_code)]
#[path = "../entry.rs"]
mod entry;
libfuzzer_sys::fuzz_target!(init: entry::tolerate_caught_panics(), |bytes: &[u8]| entry::any(bytes));
