#![no_main]
#[allow(dead_code)]
#[path = "../annotations.rs"]
mod annotations;
#[allow(dead_code)]
#[path = "../entry.rs"]
mod entry;
use lakelens::formats::read::Format;
use libfuzzer_sys::fuzz_target;
fuzz_target!(init: entry::tolerate_caught_panics(), |bytes: &[u8]| annotations::input(Format::Parquet, bytes));
