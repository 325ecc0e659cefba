//! The program `langdu`; everything it does is in the library.

fn main() {}
