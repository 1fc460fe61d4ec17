//! Catalogs and volumes: where pictures are found.
//!
//! Why: a folder of this machine, a volume of a workspace and a bucket must look the same to the screens. [`Lake`] is the
//! one door: it lists, measures, opens and completes any `LakePath` that it can reach, and says plainly what is missing
//! for the others. See `listing` for what the screens read.

pub mod listing;
pub mod local;
mod place;

pub use local::folder::LocalError;
pub use local::{Lister, Publish};
pub(crate) use place::open_plain;
pub use place::{LOCAL_CATALOG, LOCAL_SCHEMA, Lake, LakeError, Place, Stat, resolve};
