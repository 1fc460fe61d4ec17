#![no_main]
#[allow(dead_code)]
#[path = "../entry.rs"]
mod entry;
use lakelens::media::sniff::Format;
use libfuzzer_sys::{Corpus, fuzz_target};
fuzz_target!(init: entry::tolerate_caught_panics(), |bytes: &[u8]| -> Corpus {
    if entry::only(&[Format::Farbfeld], bytes) { Corpus::Keep } else { Corpus::Reject }
});
