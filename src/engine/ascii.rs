//! Marks as the ASCII ones that networks and programs know.

use crate::reading::Mark;

/// Writes a mark; of several in a row the last counts, and before the first sound there is none.
pub(super) fn pause(out: &mut String, mark: Mark) {
    if ends_with_mark(out) {
        out.pop();
    }
    if !out.is_empty() {
        out.push(match mark {
            Mark::Enumeration | Mark::Comma => ',',
            Mark::Semicolon => ';',
            Mark::Colon => ':',
            Mark::Stop => '.',
            Mark::Question => '?',
            Mark::Exclamation => '!',
        });
    }
}

/// Whether the last thing written is a mark.
pub(super) fn ends_with_mark(text: &str) -> bool {
    text.ends_with([',', ';', ':', '.', '?', '!'])
}
