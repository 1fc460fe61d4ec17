#![no_main]
#[allow(dead_code)]
#[path = "../annotations.rs"]
mod annotations;
use lakelens::formats::read::Format;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| annotations::input(Format::LabelStudio, bytes));
