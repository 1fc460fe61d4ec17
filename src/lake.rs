//! Catalogs and volumes: where pictures are found. See `listing` for what the screens read.

pub mod listing;
