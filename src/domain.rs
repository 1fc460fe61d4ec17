//! Pure types and rules of the product, shared by every other layer.
//!
//! Why: what a label, an edit or a queue *is* must not depend on a screen, a database or a network.
//! What always holds: nothing here reads a file, a clock, the environment or a socket; every function is
//! deterministic in its arguments; everything from outside is kept as it came (escaping happens when it is shown,
//! with [`text::printable`]).

pub mod agreement;
pub mod annotation;
pub mod attribute;
pub mod class;
pub mod comment;
pub mod commit;
pub mod difference;
pub mod doubt;
pub mod edit;
pub mod geometry;
pub mod ids;
pub mod key;
pub mod lake_path;
pub mod likeness;
pub mod markdown;
pub mod mask;
pub mod natural;
pub mod picture_name;
pub mod problem;
pub mod project;
pub mod quality;
pub mod queue;
pub mod random;
pub mod review;
pub mod sample;
pub mod sheet;
pub mod sql_text;
pub mod stats;
pub mod suggest;
pub mod text;
pub mod trace;
pub mod unwind;
pub mod version;
