//! Where on a page the notice stands.
//!
//! 1. What the page marks with `data-langdu-region` is the notice; without it a fragment is taken whole.
//! 2. `main`, `[role=main]`; then a single `article`; then the ids and classes by which content is known.
//! 3. Otherwise the whole body: its menus are marked as such by how much of them is links.

use std::ops::Range;

use super::{
    amounts::Amounts,
    around,
    page::{Element, Node, Page},
};

/// Ids and classes of content, one a line, strongest first.
const CONTENT: &str = include_str!("content_names.txt");
/// A candidate must hold at least this share of the page's text outside links, in percent.
const SHARE: usize = 25;
/// The same for names that other boxes bear as well.
const LOOSE_SHARE: usize = 50;
/// Or, when the page names it, this many characters.
const ENOUGH: usize = 20;

/// What of a page is read.
pub(super) struct Found {
    /// The title above the text, if it stands outside.
    pub(super) title: Option<Range<usize>>,
    /// The nodes that hold the notice, in order.
    pub(super) ranges: Vec<Range<usize>>,
    /// Whether they are boxes of their own rather than all of the page.
    pub(super) boxed: bool,
}

/// Finds the nodes that hold the notice.
pub(super) fn find(page: &Page, amount: &Amounts) -> Found {
    let all = 0..page.nodes.len();
    let regions = regions(page, amount);
    if !regions.is_empty() {
        return Found { title: None, ranges: regions, boxed: true };
    }
    let whole = || Found { title: None, ranges: vec![all.clone()], boxed: false };
    if !page.whole && !page.nodes.iter().any(|n| is_tag(n, "main")) {
        return whole();
    }
    let total = amount.own_chars(&all);
    let best = named_main(page, amount)
        .or_else(|| single_article(page, amount, total))
        .map(|range| vec![range])
        .or_else(|| content(page, amount, total));
    let Some(mut ranges) = best else { return whole() };
    let (Some(first), Some(last)) = (ranges.first().cloned(), ranges.last().cloned()) else { return whole() };
    ranges.extend(around::attachments(page, amount, last.end));
    let title = around::title(page, amount, &first);
    if let Some(number) = title.as_ref().and_then(|t| around::number(page, amount, t.end..first.start)) {
        ranges.insert(0, number);
    }
    Found { title, ranges, boxed: true }
}

/// The outermost elements with `data-langdu-region`.
fn regions(page: &Page, amount: &Amounts) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, e) in elements(page).filter(|(_, e)| e.attribute("data-langdu-region").is_some()) {
        if found.last().is_none_or(|outer| at >= outer.end) && amount.chars(&(at..e.end)) > 0 {
            found.push(at..e.end);
        }
    }
    found
}

fn elements(page: &Page) -> impl Iterator<Item = (usize, &Element)> {
    page.nodes.iter().enumerate().filter_map(|(at, node)| match node {
        Node::Element(e) if !e.silent => Some((at, e)),
        _ => None,
    })
}

fn is_tag(node: &Node, tag: &str) -> bool {
    matches!(node, Node::Element(e) if e.tag == tag)
}

fn named_main(page: &Page, amount: &Amounts) -> Option<Range<usize>> {
    elements(page)
        .filter(|(_, e)| e.tag == "main" || e.role == "main")
        .map(|(at, e)| at..e.end)
        .find(|range| amount.chars(range) >= ENOUGH)
}

fn single_article(page: &Page, amount: &Amounts, total: usize) -> Option<Range<usize>> {
    let mut found: Option<Range<usize>> = None;
    for (at, e) in elements(page).filter(|(_, e)| e.tag == "article") {
        if found.as_ref().is_some_and(|f| f.contains(&at)) {
            continue;
        }
        if found.is_some() {
            return None;
        }
        found = Some(at..e.end);
    }
    found.filter(|range| amount.chars(range) >= ENOUGH && amount.own_chars(range) * 100 >= total * SHARE)
}

/// All boxes of the first name that holds enough: editors put a notice into several.
fn content(page: &Page, amount: &Amounts, total: usize) -> Option<Vec<Range<usize>>> {
    CONTENT.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).find_map(|line| {
        let (name, share) = line.strip_prefix('?').map_or((line, SHARE), |name| (name, LOOSE_SHARE));
        let mut found: Vec<Range<usize>> = Vec::new();
        for (at, e) in elements(page).filter(|(_, e)| e.names.iter().any(|n| n == name)) {
            if found.last().is_none_or(|outer| at >= outer.end) && amount.chars(&(at..e.end)) > 0 {
                found.push(at..e.end);
            }
        }
        let own: usize = found.iter().map(|range| amount.own_chars(range)).sum();
        (own >= ENOUGH && own * 100 >= total * share).then_some(found)
    })
}
