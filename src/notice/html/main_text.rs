//! Where on a page the notice stands.
//!
//! 1. A fragment is taken whole.
//! 2. `main`, `[role=main]`; then a single `article`; then the ids and classes by which content is known.
//! 3. Otherwise the whole body: its menus are marked as such by how much of them is links.

use std::ops::Range;

use super::{
    amounts::Amounts,
    page::{Element, Node, Page},
};

/// Ids and classes of content, one a line, strongest first.
const CONTENT: &str = include_str!("content_names.txt");
/// A candidate must hold at least this share of the page's text, in percent.
const SHARE: usize = 25;
/// Or, when the page names it, this many characters.
const ENOUGH: usize = 20;

/// The nodes that hold the notice, and the title above it, if it stands outside.
pub(super) fn find(page: &Page, amount: &Amounts) -> (Option<Range<usize>>, Range<usize>) {
    let all = 0..page.nodes.len();
    if !page.whole && !page.nodes.iter().any(|n| is_tag(n, "main")) {
        return (None, all);
    }
    let total = amount.chars(&all);
    let best = named_main(page, amount)
        .or_else(|| single_article(page, amount, total))
        .or_else(|| content(page, amount, total));
    match best {
        Some(range) => (title_before(page, &range), range),
        None => (None, all),
    }
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
    found.filter(|range| amount.chars(range) >= ENOUGH && amount.chars(range) * 100 >= total * SHARE)
}

fn content(page: &Page, amount: &Amounts, total: usize) -> Option<Range<usize>> {
    CONTENT.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).find_map(|name| {
        elements(page)
            .filter(|(_, e)| e.names.iter().any(|n| n == name))
            .map(|(at, e)| at..e.end)
            .max_by_key(|range| amount.chars(range))
            .filter(|range| amount.chars(range) >= ENOUGH && amount.chars(range) * 100 >= total * SHARE)
    })
}

/// The last `h1` above the text: pages set the title outside the content.
fn title_before(page: &Page, range: &Range<usize>) -> Option<Range<usize>> {
    let inside = page.nodes.get(range.clone())?.iter().any(|n| is_tag(n, "h1"));
    let above = elements(page).take_while(|(at, _)| *at < range.start).filter(|(_, e)| e.tag == "h1");
    above.last().map(|(at, e)| at..e.end).filter(|r| !inside && r.end <= range.start)
}
