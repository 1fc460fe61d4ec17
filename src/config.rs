//! What the user can set, where it is kept, and what was remembered from earlier sessions.
//!
//! The order is always the same: flag, `LAKELENS_…` variable, project settings, config file, default. A setting that
//! cannot be read never stops the program: the default stands in and the problem is listed (see [`load::Loaded`]).
//! Besides `term`, this is the only layer that reads the environment.

pub mod environment;
pub mod keys;
pub mod load;
pub mod paths;
pub mod places;
pub mod private_file;
pub mod settings;
pub mod workspaces;
