//! The `gomend` program.

fn main() {}
