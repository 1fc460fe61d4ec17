//! Comments: what people say about a picture or a box to those who work on it after them.

use super::ids::{AnnotationId, SampleId};
use jiff::Timestamp;
use serde::Serialize;

/// A remark on a sample or one of its annotations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comment {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// The sample.
    pub sample: SampleId,
    /// The annotation, if it is about one.
    pub annotation: Option<AnnotationId>,
    /// Who.
    pub author: String,
    /// The text.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// Dealt with.
    pub resolved: bool,
}
