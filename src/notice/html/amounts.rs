//! How much text and how many links any run of nodes holds, known at once from sums kept over the page.

use std::ops::Range;

use super::page::{Node, Page};

/// Sums before each node.
pub(super) struct Amounts(Vec<Sum>);

#[derive(Clone, Copy, Default)]
struct Sum {
    chars: usize,
    linked: usize,
    links: usize,
    lines: usize,
}

impl Amounts {
    /// Walks the page once.
    pub(super) fn new(page: &Page) -> Self {
        let mut sums = vec![Sum::default()];
        let mut sum = Sum::default();
        let (mut silent_to, mut link_to) = (0, 0);
        for (at, node) in page.nodes.iter().enumerate() {
            match node {
                Node::Element(e) if e.silent => silent_to = silent_to.max(e.end),
                Node::Element(e) if e.link && at >= silent_to => {
                    link_to = link_to.max(e.end);
                    sum.links += 1;
                }
                Node::Element(e) => sum.lines += usize::from(matches!(e.tag.as_str(), "p" | "div" | "br")),
                Node::Text { value, .. } if at >= silent_to => {
                    let chars = value.chars().filter(|c| c.is_alphanumeric()).count();
                    sum.chars += chars;
                    sum.linked += if at < link_to { chars } else { 0 };
                }
                Node::Text { .. } => {}
            }
            sums.push(sum);
        }
        Self(sums)
    }

    fn between(&self, range: &Range<usize>) -> Sum {
        let at = |n: usize| self.0.get(n).copied().unwrap_or_default();
        let (from, to) = (at(range.start), at(range.end));
        Sum {
            chars: to.chars.saturating_sub(from.chars),
            linked: to.linked.saturating_sub(from.linked),
            links: to.links.saturating_sub(from.links),
            lines: to.lines.saturating_sub(from.lines),
        }
    }

    /// Letters, Han characters and figures.
    pub(super) fn chars(&self, range: &Range<usize>) -> usize {
        self.between(range).chars
    }

    /// The same outside links.
    pub(super) fn own_chars(&self, range: &Range<usize>) -> usize {
        let sum = self.between(range);
        sum.chars.saturating_sub(sum.linked)
    }

    /// Whether there is a link to another page.
    pub(super) fn has_links(&self, range: &Range<usize>) -> bool {
        self.between(range).links > 0
    }

    /// Whether a good part of it is links.
    pub(super) fn is_linked(&self, range: &Range<usize>) -> bool {
        let sum = self.between(range);
        sum.links > 0 && sum.linked * 100 >= sum.chars * 30
    }

    /// Paragraphs, divisions and line breaks.
    pub(super) fn lines(&self, range: &Range<usize>) -> usize {
        self.between(range).lines
    }

    /// Whether nearly all of it is short links: a menu.
    pub(super) fn is_menu(&self, range: &Range<usize>) -> bool {
        let sum = self.between(range);
        sum.links >= 4 && sum.linked * 100 >= sum.chars * 85 && sum.linked <= sum.links * 12
    }
}
