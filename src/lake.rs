//! Catalogs and volumes: where pictures are found.
//!
//! Why: a folder of this machine, a volume of a workspace and a bucket must look the same to the screens. [`Lake`] is the
//! one door: it lists, measures, opens and completes any `LakePath` that it can reach, and says plainly what is missing
//! for the others. See `listing` for what the screens read, and `remote` for what a server must be able to do.

pub mod bytes;
pub mod dbfs;
pub mod delta;
pub mod far;
mod kept;
mod lister;
pub mod listing;
pub mod local;
pub mod object;
mod place;
pub mod reach;
pub mod remote;
pub mod rows;
mod sending;
pub mod table_info;
pub mod target;
pub mod unity;

pub use bytes::RemoteFile;
pub use lister::{Lister, Publish};
pub use local::LocalError;
pub(crate) use place::open_plain;
pub use place::{Found, LOCAL_CATALOG, LOCAL_SCHEMA, Lake, LakeError, Place, Stat, resolve};
pub use table_info::{ColumnInfo, TableInfo};
