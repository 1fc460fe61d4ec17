//! Makes the Spark Connect client from the published protocol definitions in `proto/`, in pure Rust: no `protoc`.
#![allow(clippy::print_stdout, reason = "that is how a build script talks to cargo")]

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    println!("cargo:rerun-if-changed=build.rs");
    let files = protox::compile(["spark/connect/base.proto"], ["proto"])?;
    // Comments are left out: they hold text that is no Rust documentation, and are in the definitions anyway.
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .disable_comments(["."])
        .compile_fds(files)?;
    Ok(())
}
