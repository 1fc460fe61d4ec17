//! Every colour type.
