//! Clips and notices at rest.
