//! The numbers a browser draws before the items of a list (HTML Living Standard, 4.4.5 and 4.4.8).

use super::page::Element;

/// One open `ol` or `ul`.
pub(super) struct List {
    /// The number of the next item; none in a list without numbers.
    next: Option<i64>,
    step: i64,
    letters: bool,
}

impl List {
    /// A list with its attributes; `items` says how many it holds, for one that counts down.
    pub(super) fn new(e: &Element, items: impl FnOnce() -> usize) -> Self {
        let plain = e.tag == "ol" && !e.unmarked;
        let down = e.attribute("reversed").is_some();
        let first = || if down { i64::try_from(items()).unwrap_or(1) } else { 1 };
        let letters = e.attribute("type").is_some_and(|t| t.eq_ignore_ascii_case("a"));
        Self {
            next: plain.then(|| e.number("start").unwrap_or_else(first)),
            step: if down { -1 } else { 1 },
            letters,
        }
    }

    /// What stands before this item.
    pub(super) fn label(&mut self, e: &Element) -> Option<String> {
        let number = e.number("value").or(self.next).filter(|_| self.next.is_some())?;
        self.next = Some(number.saturating_add(self.step));
        let letter = u8::try_from(number).ok().filter(|n| self.letters && (1..=26).contains(n));
        Some(match letter {
            Some(n) => format!("{}. ", char::from(b'A' + n - 1)),
            None => format!("{number}. "),
        })
    }
}
