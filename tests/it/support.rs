//! What the tests share: folders of generated pictures, the built program in a terminal, and a workspace.

pub(crate) mod bucket;
pub(crate) mod lakehouse;
pub(crate) mod pictures;
pub(crate) mod pty;
pub(crate) mod relay;
pub(crate) mod spark;
pub(crate) mod workspace;
