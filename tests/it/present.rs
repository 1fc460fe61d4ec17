//! The presenter and the pool behind it.

mod kitty;
mod levels;
mod looks;
mod many;
mod model;
mod other;
mod patches;
mod photos;
mod pool;
mod rig;

pub(crate) use model::decode_sixel;
