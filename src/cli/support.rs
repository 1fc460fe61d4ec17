//! What the tests share: folders of generated pictures, and the built program in a terminal.

pub(crate) mod pictures;
pub(crate) mod pty;
