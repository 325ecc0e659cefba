//! From the nodes of the notice to its text: one line for each block, white space as a browser shows it,
//! every character with its place in the submission.

use std::ops::Range;

use super::{
    amounts::Amounts,
    entities,
    grid::Grid,
    items::List,
    main_text::Found,
    page::{Element, Node, Page},
    replaced, tags,
};
use crate::{
    notice::{
        BlockKind, Cell, Skip,
        lines::{Line, trimmed},
        marker::marker,
        shape,
        source_map::SourceMap,
        table,
    },
    span::Span,
};

/// Text named a menu or foot by its class only is believed to be one up to so many characters.
const NAMED: usize = 300;
/// A table row with more characters is page layout.
const ROW: usize = 1_000;
/// How many nodes of a row or header are looked at.
const LOOK: usize = 2_000;

/// Text, its lines and where its characters come from.
#[derive(Default)]
pub(super) struct Flat {
    pub(super) text: String,
    pub(super) lines: Vec<Line>,
    /// The cells of tables.
    pub(super) cells: Vec<Cell>,
    pub(super) map: SourceMap,
}

/// Flattens the nodes of `found`, in order. `keep_breaks`: line ends of the source are line ends, as in
/// text without any tag.
pub(super) fn flatten(
    page: &Page,
    source: &str,
    found: &Found,
    amounts: &Amounts,
    keep_breaks: bool,
) -> Flat {
    let mut writer = Writer {
        page,
        source,
        amounts,
        boxed: found.boxed,
        flat: Flat::default(),
        open: Vec::new(),
        grids: Vec::new(),
        lists: Vec::new(),
        label: None,
        start: 0,
        space: None,
    };
    if let Some(range) = &found.title {
        writer.walk(range.clone(), keep_breaks);
        for line in &mut writer.flat.lines {
            *line = Line { kind: Some(BlockKind::Title), level: 0, skip: None, ..*line };
        }
    }
    for range in &found.ranges {
        writer.walk(range.clone(), keep_breaks);
    }
    writer.flat.cells.sort_by_key(|cell| cell.span);
    writer.flat
}

/// What an open element means for the lines inside it.
#[derive(Clone, Copy)]
struct Open {
    end: usize,
    block: bool,
    kind: Option<BlockKind>,
    level: u8,
    skip: Option<Skip>,
    row: bool,
    pre: bool,
    raised: bool,
    /// Where the text of a cell begins.
    cell: Option<usize>,
    /// Whether it ends a table, a list, a list item.
    ends: Option<Ends>,
}

/// What is closed with an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Table,
    List,
    Item,
    Head,
}

struct Writer<'p> {
    page: &'p Page,
    source: &'p str,
    amounts: &'p Amounts,
    /// Whether the text was found in a box of its own.
    boxed: bool,
    flat: Flat,
    open: Vec<Open>,
    /// Open tables.
    grids: Vec<Grid>,
    /// Open lists.
    lists: Vec<List>,
    /// The number of the item that comes next.
    label: Option<String>,
    /// Where the current line begins.
    start: usize,
    /// White space that is written if more text follows on the line.
    space: Option<Space>,
}

#[derive(Clone, Copy)]
struct Space {
    source: Span,
    kind: Gap,
}

/// What white space between two characters amounts to; the strongest kind counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    /// The edge of a raised or lowered figure: a space between figures, else nothing.
    Edge,
    /// A space.
    Blank,
    /// A line end of the source, or `br` in a heading: nothing between Han characters.
    Break,
    /// Between paragraphs of a cell: a space.
    Paragraph,
    /// Between cells: a tab.
    Cell,
}

impl Writer<'_> {
    fn walk(&mut self, range: Range<usize>, keep_breaks: bool) {
        let mut at = range.start;
        while at < range.end {
            self.leave(at);
            match self.page.nodes.get(at) {
                Some(Node::Element(e)) if e.silent => at = e.end.max(at + 1),
                Some(Node::Element(e)) => {
                    self.enter(at, e);
                    at += 1;
                }
                Some(Node::Text { span, value }) => {
                    self.text(*span, value, keep_breaks);
                    at += 1;
                }
                None => break,
            }
        }
        self.leave(usize::MAX);
        self.flush();
    }

    fn top(&self) -> Open {
        let nothing = Open {
            end: 0,
            block: false,
            kind: None,
            level: 0,
            skip: None,
            row: false,
            pre: false,
            raised: false,
            cell: None,
            ends: None,
        };
        self.open.last().copied().unwrap_or(nothing)
    }

    fn leave(&mut self, at: usize) {
        while let Some(open) = self.open.last().copied().filter(|o| o.end <= at) {
            let row_above = self.open.iter().rev().nth(1).is_some_and(|o| o.row);
            if open.block && row_above {
                self.gap(Span::default(), Gap::Paragraph);
            } else if open.block {
                // Before it is closed: its line carries its kind.
                self.flush();
            }
            if open.raised {
                self.gap(Span::default(), Gap::Edge);
            }
            if let (Some(from), Some(grid)) = (open.cell, self.grids.last_mut()) {
                let to = self.flat.text.len().max(from);
                grid.close(trimmed(&self.flat.text, Span::new(from, to)).filter(|_| open.row));
            }
            match open.ends {
                Some(Ends::Table) => {
                    let rows = self.grids.pop().map(Grid::finish).unwrap_or_default();
                    self.flat.cells.extend(table::cells(&self.flat.text, &rows));
                }
                Some(Ends::List) => drop(self.lists.pop()),
                // An empty item keeps its number to itself.
                Some(Ends::Item) => self.label = None,
                Some(Ends::Head) => {
                    if let Some(grid) = self.grids.last_mut() {
                        grid.end_head();
                    }
                }
                None => {}
            }
            self.open.pop();
        }
    }

    fn enter(&mut self, at: usize, e: &Element) {
        let range = at..e.end;
        let above = self.top();
        let tag = e.tag.as_str();
        let block = tags::is_block(tag);
        let skip = above.skip.or(e.skip).or_else(|| self.skip_by_look(e, &range));
        if tag == "br" || tag == "hr" {
            return match above.kind {
                _ if above.row => self.gap(Span::default(), Gap::Paragraph),
                Some(BlockKind::Title | BlockKind::Heading) => self.gap(Span::default(), Gap::Break),
                _ => self.flush(),
            };
        }
        match tag {
            "img" => return self.replaced(e, e.attribute("alt").and_then(replaced::alternative)),
            "input" => return self.replaced(e, replaced::state(e)),
            _ => {}
        }
        let row = above.row || (tag == "tr" && self.is_row(&range));
        let cell = matches!(tag, "td" | "th");
        if above.row && cell {
            self.gap(Span::default(), Gap::Cell);
        } else if above.row && block {
            self.gap(Span::default(), Gap::Paragraph);
        } else if block || cell || skip != above.skip {
            self.flush();
        }
        let (kind, level) = match tags::heading_level(tag) {
            Some(1) => (Some(BlockKind::Title), 0),
            Some(n) => (Some(BlockKind::Heading), n - 1),
            None if row => (Some(BlockKind::TableRow), 0),
            None if tag == "li" => (Some(BlockKind::ListItem), 0),
            None => (above.kind, above.level),
        };
        let breaks = block || skip != above.skip || cell && !row;
        // 约<sup>1</sup>12种 is no 112.
        let raised = matches!(tag, "sup" | "sub");
        if raised {
            self.gap(Span::default(), Gap::Edge);
        }
        let mut ends = None;
        let mut begins = None;
        match tag {
            "table" => {
                self.grids.push(Grid::default());
                ends = Some(Ends::Table);
            }
            "ol" | "ul" | "menu" => {
                let list = List::new(e, || self.items(&range));
                self.lists.push(list);
                ends = Some(Ends::List);
            }
            "li" => {
                self.label = self.lists.last_mut().and_then(|list| list.label(e));
                ends = Some(Ends::Item);
            }
            "td" | "th" => {
                if let Some(grid) = self.grids.last_mut() {
                    grid.cell(e);
                    begins = Some(self.flat.text.len());
                }
            }
            _ => {
                if let Some(grid) = self.grids.last_mut() {
                    grid.part(tag);
                    ends = (tag == "thead").then_some(Ends::Head);
                }
            }
        }
        // What is empty closes at once.
        if range.end > at + 1 || ends.is_some() || begins.is_some() {
            self.open.push(Open {
                cell: begins,
                ends,
                end: range.end,
                block: breaks,
                kind,
                level,
                skip,
                row,
                pre: above.pre || tag == "pre",
                raised,
            });
        }
    }

    /// The items of the list in `range`, those of lists inside it not counted.
    fn items(&self, range: &Range<usize>) -> usize {
        let mut inner_to = range.start + 1;
        let mut items = 0;
        for (at, node) in self.page.nodes.iter().enumerate().skip(range.start + 1).take(range.len().min(LOOK))
        {
            match node {
                Node::Element(e) if at >= inner_to && matches!(e.tag.as_str(), "ol" | "ul") => {
                    inner_to = e.end
                }
                Node::Element(e) if at >= inner_to && e.tag == "li" => items += 1,
                _ => {}
            }
        }
        items
    }

    /// Writes what is read for an element that is no text.
    fn replaced(&mut self, e: &Element, words: Option<&str>) {
        for c in words.unwrap_or_default().chars() {
            self.write(if c.is_whitespace() { ' ' } else { c }, e.span);
        }
    }

    /// Menus by their links, menus and feet by class, page headers without a heading.
    fn skip_by_look(&self, e: &Element, range: &Range<usize>) -> Option<Skip> {
        let nodes = || self.page.nodes.get(range.clone()).unwrap_or(&[]).iter().take(LOOK);
        let attached = || nodes().any(|n| matches!(n, Node::Text { value, .. } if value.contains("附件")));
        let believed = match e.skip_by_name {
            // class="position" may hold where to go: a menu has links.
            Some(Skip::Navigation) => self.amounts.is_linked(range),
            // What stands in the box of the text is no foot of the page.
            Some(Skip::Footer) => !self.boxed,
            _ => e.skip_by_name.is_some(),
        };
        if believed && self.amounts.chars(range) <= NAMED {
            return e.skip_by_name;
        }
        let heading = |n: &Node| matches!(n, Node::Element(h) if tags::heading_level(&h.tag).is_some());
        if e.tag == "header" && self.page.whole && !nodes().any(heading) {
            return Some(Skip::Navigation);
        }
        let lists = matches!(e.tag.as_str(), "ul" | "ol" | "dl" | "div" | "p" | "table" | "td");
        (lists && self.amounts.is_menu(range) && !attached()).then_some(Skip::Navigation)
    }

    /// Whether a `tr` is a row of data rather than layout.
    fn is_row(&self, range: &Range<usize>) -> bool {
        let mut cells = 0;
        for node in self.page.nodes.get(range.start + 1..range.end).unwrap_or(&[]).iter().take(LOOK) {
            match node {
                Node::Element(e) if e.tag == "table" => return false,
                Node::Element(e) => cells += usize::from(matches!(e.tag.as_str(), "td" | "th")),
                Node::Text { .. } => {}
            }
        }
        cells >= 2 && self.amounts.chars(range) <= ROW && self.amounts.lines(range) <= cells * 4
    }

    fn text(&mut self, span: Span, value: &str, keep_breaks: bool) {
        let raw = span.of(self.source);
        if self.label.is_some() && !value.trim().is_empty() {
            // Who writes the number into the item does not want it twice.
            let label = self.label.take().filter(|_| marker(value.trim_start()).is_none());
            for c in label.unwrap_or_default().chars() {
                self.write(c, Span::default());
            }
        }
        let pre = keep_breaks || self.top().pre;
        for (c, piece) in entities::align(raw, value) {
            let source = piece.shift(span.start);
            if c == '\0' {
                continue;
            }
            if pre && crate::notice::lines::is_line_break(c) && !self.top().row {
                self.flush();
            } else if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                self.gap(source, if c == '\n' { Gap::Break } else { Gap::Blank });
            } else {
                self.write(c, source);
            }
        }
    }

    fn write(&mut self, c: char, source: Span) {
        if let Some(space) = self.space.take()
            && self.flat.text.len() > self.start
        {
            // A line end of the source between Han characters separates nothing (CSS Text 4, segment breaks).
            let wide = |c: char| !c.is_ascii() && !c.is_whitespace();
            let before = self.flat.text.chars().next_back().unwrap_or(' ');
            let nothing = match space.kind {
                Gap::Break => wide(before) && wide(c),
                Gap::Edge => !(before.is_ascii_digit() && c.is_ascii_digit()),
                Gap::Blank | Gap::Paragraph | Gap::Cell => false,
            };
            if space.kind == Gap::Cell {
                self.flat.text.push('\t');
            } else if !nothing && !before.is_whitespace() {
                self.flat.map.push(self.flat.text.len(), 1, space.source);
                self.flat.text.push(' ');
            }
        }
        self.flat.map.push(self.flat.text.len(), c.len_utf8(), source);
        self.flat.text.push(c);
    }

    fn gap(&mut self, source: Span, kind: Gap) {
        let space = self.space.get_or_insert(Space { source, kind });
        space.kind = space.kind.max(kind);
    }

    /// Ends the line.
    fn flush(&mut self) {
        self.space = None;
        let top = self.top();
        let span = Span::new(self.start, self.flat.text.len());
        if let Some(span) = crate::notice::lines::trimmed(&self.flat.text, span) {
            let skip = top.skip.filter(|_| !shape::is_document_number(span.of(&self.flat.text)));
            self.flat.lines.push(Line { span, kind: top.kind, level: top.level, skip });
            self.flat.text.push('\n');
        }
        self.start = self.flat.text.len();
    }
}
