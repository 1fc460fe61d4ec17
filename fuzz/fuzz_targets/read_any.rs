#![no_main]
#[allow(dead_code)]
#[path = "../annotations.rs"]
mod annotations;
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| annotations::detect(bytes));
