//! From the bytes of a file to pixels: sniffing, bounded decoding, orientation, colour, scaling, caches. Knows no terminal.

pub mod info;
