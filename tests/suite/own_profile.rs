//! A workspace that brings its own developer profile, commented out, and a loader behind a feature.

#[test]
fn placeholder() {}
