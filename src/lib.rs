//! langdu (朗读) reads Chinese public notices aloud.
//!
//! The rooms stand in the order in which a notice walks through them; `docs/architecture.md` is the
//! plan of the house. Everything down to [`plan`], and [`audio`], is pure: no I/O, no clock, no
//! environment, no logging. The rooms below touch the world.

mod fold;
pub mod note;
pub mod span;
mod words;
pub mod xml;

pub mod lexicon;

pub mod docx;
pub mod notice;
pub mod segment;
pub mod spoken;

pub mod reading;

pub mod plan;

pub mod audio;

pub mod engine;
pub mod keys;
pub mod site;
pub mod store;

pub mod render;

pub mod published;

pub mod http;

pub mod cli;
