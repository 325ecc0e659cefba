//! Cases and properties of whole readings.
