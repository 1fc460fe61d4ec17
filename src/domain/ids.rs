//! Identifiers, each its own type so that a sample's id can never be passed for a class's.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! integer_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new id: UUID version 7, so that ids of one process sort by time.
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

integer_id!(/// A labelling project in one store.
    ProjectId);
integer_id!(/// One image in a project, in path order within a scan.
    SampleId);
integer_id!(/// A class of a label set; annotations refer to it, so renaming a class rewrites nothing.
    ClassId);
integer_id!(/// The number of edits a sample has taken; an edit names the one it was based on.
    Rev);
integer_id!(/// A row of the append-only event table, ascending in commit order.
    EventId);
uuid_id!(/// An edit, made once by the client; a store takes each id at most once.
    EditId);
uuid_id!(/// Edits made by one action (a bulk label, a sweep page): undone together.
    BatchId);
uuid_id!(/// One annotation on a sample, stable across edits that keep it.
    AnnotationId);
