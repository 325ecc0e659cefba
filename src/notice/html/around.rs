//! What belongs to a notice but stands outside the box that holds its text: the title above it, the
//! list of attachments below it.

use std::ops::Range;

use super::{
    amounts::Amounts,
    page::{Element, Node, Page},
    tags,
};
use crate::notice::{shape, titles};

/// A title or attachment list is made of no more nodes: more are a part of the page.
const NODES: usize = 200;
/// Characters of a title.
const TITLE: std::ops::RangeInclusive<usize> = 3..=90;
/// Most characters of a list of attachments.
const ATTACHMENTS: usize = 600;
/// How many characters of the text are searched for a title that it repeats.
const OPENING: usize = 400;
/// What a title must weigh.
const CLEAR: i32 = 3;

/// The title set above `text`, unless the text begins with it.
///
/// Weighed: `h1` to `h3`, a class or id that says title, how titles end, and whether the name of the
/// page holds it. Of equals the nearest.
pub(super) fn title(page: &Page, amounts: &Amounts, text: &Range<usize>) -> Option<Range<usize>> {
    if page.nodes.get(text.clone())?.iter().any(|n| matches!(n, Node::Element(e) if e.tag == "h1")) {
        return None;
    }
    let name = page.nodes.iter().enumerate().find_map(|(at, node)| match node {
        Node::Element(e) if e.tag == "title" => Some(letters(page, at + 1..e.end, 200)),
        _ => None,
    });
    let opening = letters(page, text.clone(), OPENING);
    let mut best: Option<(i32, Range<usize>)> = None;
    for (range, element) in readable(page, 0..text.start) {
        // 标题: and what it is stand in the table of the record, not over the text.
        let cells = page.nodes.get(range.start + 1..range.end).unwrap_or(&[]).iter();
        let tabular = cells.take(NODES).any(|n| matches!(n, Node::Element(e) if e.tag == "td"));
        if tabular || !TITLE.contains(&amounts.chars(&range)) || amounts.has_links(&range) {
            continue;
        }
        let words = letters(page, range.clone(), OPENING);
        if titles::is_label(&words) || opening.contains(&words) {
            continue;
        }
        let heading = match tags::heading_level(&element.tag) {
            Some(1) => 3,
            Some(2 | 3) => 1,
            _ => i32::from(says_title(&element.names)),
        };
        let ends = if titles::ends_title(&words) { 3 } else { 0 };
        let named = if name.as_ref().is_some_and(|n| n.contains(&words)) { 2 } else { 0 };
        let weight = heading + ends + named;
        if weight >= CLEAR && best.as_ref().is_none_or(|(w, _)| weight >= *w) {
            best = Some((weight, range));
        }
    }
    best.map(|(_, range)| range)
}

/// The document number set between title and text.
pub(super) fn number(page: &Page, amounts: &Amounts, between: Range<usize>) -> Option<Range<usize>> {
    let named = |range: &Range<usize>| {
        let texts = page.nodes.get(range.clone()).unwrap_or(&[]).iter().filter_map(|n| match n {
            Node::Text { value, .. } => Some(value.trim()),
            Node::Element(_) => None,
        });
        amounts.chars(range) <= 40 && shape::is_document_number(&texts.collect::<String>())
    };
    readable(page, between).map(|(range, _)| range).find(named)
}

/// What stands below the text from `from` and begins with 附件.
pub(super) fn attachments(page: &Page, amounts: &Amounts, from: usize) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (range, _) in readable(page, from..page.nodes.len()) {
        let inside = out.last().is_some_and(|last| range.start < last.end);
        if inside || amounts.chars(&range) > ATTACHMENTS {
            continue;
        }
        let words = letters(page, range.clone(), 8);
        if (words.starts_with("附件") || words.starts_with("相关附件")) && !words.contains("下载") {
            out.push(range);
        }
    }
    out
}

/// The elements within `range` that are small and read, in order.
fn readable(page: &Page, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, &Element)> {
    let mut skipped_to = range.start;
    let end = range.end;
    let nodes = page.nodes.iter().enumerate().skip(range.start).take(range.len());
    nodes.filter_map(move |(at, node)| {
        let Node::Element(e) = node else { return None };
        if at < skipped_to {
            return None;
        }
        let whole = matches!(e.tag.as_str(), "html" | "body");
        if e.silent || e.skip.is_some() || e.skip_by_name.is_some() && !whole && e.end - at <= NODES {
            skipped_to = e.end;
            return None;
        }
        (e.end <= end && e.end - at <= NODES).then_some((at..e.end, e))
    })
}

/// The letters, Han characters and figures of `range`, `most` at most.
fn letters(page: &Page, range: Range<usize>, most: usize) -> String {
    let mut out = String::new();
    let mut left = most;
    let mut silent_to = range.start;
    for (at, node) in page.nodes.iter().enumerate().skip(range.start).take(range.len()) {
        match node {
            Node::Element(e) if e.silent => silent_to = silent_to.max(e.end),
            Node::Text { value, .. } if at >= silent_to => {
                for c in value.chars().filter(|c| c.is_alphanumeric()).take(left) {
                    out.push(c);
                    left -= 1;
                }
            }
            _ => {}
        }
        if left == 0 {
            break;
        }
    }
    out
}

fn says_title(names: &[String]) -> bool {
    names.iter().any(|n| n.contains("title") || matches!(n.as_str(), "tit" | "bt" | "biaoti" | "headline"))
}
