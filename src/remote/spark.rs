//! Spark Connect: the protocol of Apache Spark 4, of Databricks clusters ("Databricks Connect V2") and of Sail.
//!
//! Why our own client: the official Rust client takes the end of a stream for the end of the result, but servers end
//! streams whenever they like (after 2 minutes, or 1 GB) and expect the client to attach again; rows were lost without
//! an error. What always holds here: a result ends only with `ResultComplete`; a broken stream is attached to again
//! where it broke; a statement is sent again only when the server says that it has never seen it; a batch is decoded
//! when it is asked for, so that a large result takes little memory.
//!
//! The messages are made by `build.rs` from `proto/`, which are those of Apache Spark 4.2, unchanged.

pub mod address;
mod batches;
mod execution;
mod failure;
mod plans;
mod session;

pub use address::Address;
pub use session::{Spark, TokenSource};

/// The generated messages and the client.
#[allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    rustdoc::all,
    reason = "written by a program; the definitions in proto/ are documented"
)]
mod protocol {
    include!(concat!(env!("OUT_DIR"), "/spark.connect.rs"));
}
