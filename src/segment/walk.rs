//! A paragraph taken apart: the ends of sentences, and the things that were run into it (salutation,
//! date, release note, title of the annex, headings, list of attachments).

use super::{
    cues, run_on,
    scan::{Scan, is_closer, is_round, is_stop},
    table,
};
use crate::notice::{
    BlockKind, Skip,
    marker::{Marker, Style, is_numeral, marker, number},
    responsibility::{is_responsibility, opens_with_label},
    shape, titles,
};

/// How far markers, dates and notes are looked for, in characters.
const AHEAD: usize = 40;
/// The longest signature with its date, in characters.
const SIGNED: usize = 60;
/// The longest list of offices in brackets, in characters.
const OFFICES: usize = 300;
/// A label before a colon (牵头部门:) of at most this many characters stays with what it labels.
const LABEL: usize = 5;
/// The same when nothing but one value follows, and the longest such value.
const FIELD: usize = 12;
const VALUE: usize = 24;

/// A run of characters of the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: BlockKind,
    pub(super) level: u8,
    pub(super) skip: Option<Skip>,
}

/// Takes the block apart. `opens` says that it stands where a salutation may.
pub(super) fn pieces(scan: &Scan, kind: BlockKind, opens: bool) -> Vec<Piece> {
    let mut walk = Walk { scan, kind, out: Vec::new(), named: Vec::new(), named_to: 0, numbers: [0; 4] };
    let mut at = scan.skip_space(0);
    if opens {
        if let Some(end) = run_on::opening_title(scan, at, |next| walk.salutation(next).is_some()) {
            at = walk.push(at, end, BlockKind::Title);
        }
        if let Some(end) = walk.document_number(at) {
            at = walk.push(at, end, BlockKind::DocumentNumber);
        }
        if let Some(end) = walk.salutation(at) {
            at = walk.push(at, end, BlockKind::Salutation);
        }
    }
    while at < scan.len() {
        at = walk.step(at);
    }
    walk.out
}

struct Walk<'s, 't> {
    scan: &'s Scan<'t>,
    kind: BlockKind,
    out: Vec<Piece>,
    /// What 《》 named so far: (from, to) of the last few.
    named: Vec<(usize, usize)>,
    named_to: usize,
    /// The last number of each style of numbering: 一、 (一) 1. (1)
    numbers: [u32; 4],
}

/// Where a style keeps its last number.
fn slot(style: Style) -> Option<usize> {
    match style {
        Style::Han => Some(0),
        Style::HanInBrackets => Some(1),
        Style::Digit => Some(2),
        Style::DigitInBrackets => Some(3),
        Style::Chapter | Style::Article | Style::Firstly | Style::Dash => None,
    }
}

impl Walk<'_, '_> {
    /// Adds one piece and says where the next begins.
    fn push(&mut self, from: usize, to: usize, kind: BlockKind) -> usize {
        self.out.push(Piece { from, to, kind, level: 0, skip: None });
        self.scan.skip_space(to)
    }

    /// One piece from `at`, where a sentence begins.
    fn step(&mut self, at: usize) -> usize {
        let scan = self.scan;
        let ahead = scan.ahead(at, AHEAD);
        if let Some(bytes) = shape::release_note(ahead) {
            let to = at + scan.count(at, bytes);
            self.out.push(Piece {
                from: at,
                to,
                kind: BlockKind::Furniture,
                level: 0,
                skip: Some(Skip::ReleaseNote),
            });
            return self.title_after(scan.skip_space(to));
        }
        if let Some(to) = self.lone_date(at) {
            let next = self.push(at, to, BlockKind::Date);
            return self.title_after(next);
        }
        if let Some(bytes) = shape::attachment_label(ahead).filter(|_| at > 0 && !ahead.starts_with("附件。"))
        {
            return self.attachments(at, at + scan.count(at, bytes));
        }
        let numbered = marker(ahead);
        if let Some(m) = numbered
            && let Some(last) = slot(m.style).and_then(|slot| self.numbers.get_mut(slot))
        {
            *last = number(ahead, m).unwrap_or(0);
        }
        if let Some(m) = numbered.filter(|m| !self.goes_on_list(*m))
            && let Some(to) = run_on::heading(scan, at, m)
        {
            self.out.push(Piece { from: at, to, kind: BlockKind::Heading, level: m.level, skip: None });
            return scan.skip_space(to);
        }
        if cues::closing_phrase(scan, at) && self.signed_date(at + 4).is_some() {
            return self.push(at, at + 4, self.kind);
        }
        if let Some((date, end)) = self.signed_date(at) {
            let next = self.push(at, date, BlockKind::Signature);
            let next = self.push(next, end, BlockKind::Date);
            return self.title_after(next);
        }
        let end = self.sentence_end(at);
        match table::rows(scan, at, end) {
            Some(cuts) => {
                let mut from = at;
                for cut in cuts {
                    self.push(from, cut, BlockKind::TableRow);
                    from = scan.skip_space(cut);
                }
                from
            }
            None => {
                let opens = is_round(scan.char(at)) || opens_with_label(ahead);
                if self.is_link(at, end) {
                    self.out.push(Piece {
                        from: at,
                        to: end,
                        kind: BlockKind::Furniture,
                        level: 0,
                        skip: Some(Skip::FileName),
                    });
                    return scan.skip_space(end);
                }
                let offices = opens && end - at <= OFFICES && is_responsibility(scan.slice(at, end));
                self.push(at, end, if offices { BlockKind::Responsibility } else { self.kind })
            }
        }
    }

    /// 《青山县供水方案》附件 and nothing else: the link to the file.
    fn is_link(&self, from: usize, to: usize) -> bool {
        let scan = self.scan;
        scan.char(from) == '《'
            && scan.mate(from).is_some_and(|mate| scan.slice(mate + 1, to).trim() == "附件")
    }

    /// The closing bracket of a list of offices that opens at `at` and closes a sentence.
    fn offices(&self, at: usize) -> Option<usize> {
        let scan = self.scan;
        let mate = scan.mate(at).filter(|&m| is_round(scan.char(at)) && m - at <= OFFICES)?;
        let next = scan.skip_space(mate + 1);
        let closes = next >= scan.len()
            || is_stop(scan.char(next))
            || is_round(scan.char(next))
            || marker(scan.ahead(next, 12)).is_some();
        (closes && is_responsibility(scan.slice(at, mate + 1))).then_some(mate)
    }

    /// 1.年满80周岁;2.本县户籍;3.…: after an item that ends with a semicolon comes another.
    fn goes_on_list(&self, m: Marker) -> bool {
        self.out.last().is_some_and(|last| {
            let text = self.scan.slice(last.from, last.to);
            text.ends_with([';', '；']) && marker(text).is_some_and(|above| above.style == m.style)
        })
    }

    /// Where the sentence that begins at `from` ends.
    fn sentence_end(&self, from: usize) -> usize {
        let scan = self.scan;
        let numbered = marker(scan.ahead(from, 12)).map_or(0, |m| scan.count(from, m.len));
        let start = from + numbered;
        let mut at = start;
        let mut clause = start;
        let labelled = opens_with_label(scan.ahead(from, AHEAD));
        while at < scan.len() {
            let c = scan.char(at);
            if let Some(mate) = self.offices(at) {
                return if at == from { self.with_closers(mate + 1) } else { at };
            }
            if let Some(mate) = scan.whole(at) {
                let inner_stop = is_stop(scan.before(mate));
                let aside = is_round(c) && at == from && mate - at > 6;
                at = mate + 1;
                // A sentence quoted whole, or a bracket that stands for a sentence, ends here.
                if (inner_stop || aside) && !joins_on(scan.char(at)) {
                    return self.with_closers(at);
                }
                if at < scan.len() && self.begins_anew(from, at, labelled) {
                    return at;
                }
                continue;
            }
            // The semicolon of an address on the net is none: ?a=1;b=2.
            let inside = c == ';'
                && scan.before(at).is_ascii_alphanumeric()
                && scan.char(at + 1).is_ascii_alphabetic();
            if (is_stop(c) && !inside) || (c == '?' && self.asks(clause, at)) {
                return self.with_closers(at + 1);
            }
            if matches!(c, ':' | '：') {
                if let Some(label) = cues::label_before(scan, from, at) {
                    return label;
                }
                if !labelled && self.colon_ends(start, clause, at) {
                    return at + 1;
                }
            }
            if matches!(c, ',' | '，') || c.is_whitespace() {
                clause = at + 1;
            }
            at += 1;
            if at < scan.len() && self.begins_anew(from, at, labelled) {
                return at;
            }
        }
        scan.len()
    }

    /// Whether a numbered item, a set phrase or a list begins at `at` in the middle of what looked like a
    /// sentence.
    fn begins_anew(&self, from: usize, at: usize, labelled: bool) -> bool {
        match self.scan.char(at) {
            '特' | '附' => cues::opens_anew(self.scan, at),
            c if c.is_ascii_digit() || is_round(c) || is_numeral(c) => {
                self.item_begins(from, at) || self.next_begins(at) || labelled && self.item_follows(at)
            }
            _ => false,
        }
    }

    /// Further stops and closing brackets belong to the sentence they close.
    fn with_closers(&self, mut at: usize) -> usize {
        while at < self.scan.len() && (is_stop(self.scan.char(at)) || is_closer(self.scan.char(at))) {
            at += 1;
        }
        at
    }

    /// A `?` asks after a question word or at the end of a clause; in the middle of a word it is a lost
    /// character.
    fn asks(&self, clause: usize, at: usize) -> bool {
        const WORDS: [&str; 14] = [
            "什么", "是否", "吗", "呢", "哪", "几", "多少", "如何", "怎么", "怎样", "为何", "谁", "能否",
            "可否",
        ];
        let next = self.scan.char(at + 1);
        let words = self.scan.slice(clause.max(at.saturating_sub(AHEAD)), at);
        at + 1 >= self.scan.len()
            || next.is_whitespace()
            || is_closer(next)
            || WORDS.iter().any(|word| words.contains(word))
    }

    /// 供应商地址:中心街1号: whether all that follows is one short value.
    fn is_field(&self, from: usize) -> bool {
        let scan = self.scan;
        let rest = scan.chars(from, from + VALUE + 1);
        let plain = |c: &char| !is_stop(*c) && !matches!(c, ',' | '，' | '、' | ':' | '：' | '“');
        scan.len() <= from + VALUE
            && marker(scan.ahead(scan.skip_space(from), 12)).is_none()
            && rest.iter().all(plain)
    }

    fn colon_ends(&self, from: usize, clause: usize, at: usize) -> bool {
        let scan = self.scan;
        if scan.before(at).is_ascii_digit() && scan.char(at + 1).is_ascii_digit() {
            return false;
        }
        if scan.skip_space(at + 1) >= scan.len()
            || is_closer(scan.char(at + 1))
            || scan.before(at).is_ascii() && scan.char(at + 1) == '/'
        {
            return false;
        }
        // 电话:0475-…: a figure stays with what it is the figure of.
        let next = scan.skip_space(at + 1);
        if scan.char(next).is_ascii_alphanumeric() && marker(scan.ahead(next, 12)).is_none() {
            return false;
        }
        // 2.1建设地点: its number is no part of the label.
        let counts = |c: &&char| !c.is_whitespace() && !c.is_ascii_digit() && **c != '.';
        let label = scan.chars(clause, at).iter().filter(counts).count();
        let ahead = scan.ahead(next, 12);
        if clause == from && label <= FIELD && self.is_field(at + 1) {
            return false;
        }
        label > LABEL || scan.slice(clause, at).ends_with("如下") || marker(ahead).is_some()
    }

    /// Whether a numbered item begins at `at`, right after a bracket or quotation.
    fn item_begins(&self, from: usize, at: usize) -> bool {
        let scan = self.scan;
        let before = scan.before(at);
        let aside = is_closer(before) && at - from > 8;
        if !aside || !matches!(before, ')' | '）' | '”') {
            return false;
        }
        let Some(Marker { style, .. }) = marker(scan.ahead(at, 12)) else { return false };
        matches!(style, Style::HanInBrackets | Style::Digit | Style::Han)
    }

    /// …会议室二、参加人…: after 一、 comes 二、, whatever was lost between them.
    fn next_begins(&self, at: usize) -> bool {
        let scan = self.scan;
        let (before, c) = (scan.before(at), scan.char(at));
        let ordinal = is_numeral(c);
        let parts = shape::is_han(before)
            && !matches!(before, '第' | '近' | '约' | '共' | '达' | '为' | '至' | '到' | '款')
            && !is_numeral(before)
            || ordinal && before.is_ascii_digit()
            || matches!(before, ')' | '）' | '”' | '》');
        if !parts {
            return false;
        }
        let ahead = scan.ahead(at, 12);
        let Some(m) = marker(ahead) else { return false };
        let last = slot(m.style).and_then(|slot| self.numbers.get(slot)).copied().unwrap_or(0);
        let body = scan.char(at + scan.count(at, m.len));
        last > 0
            && number(ahead, m) == Some(last + 1)
            && (shape::is_han(body) || body.is_whitespace() || is_round(body) || matches!(body, '《' | '“'))
            && !ahead.get(m.len..).is_some_and(|rest| rest.starts_with('和') || rest.starts_with('项'))
    }

    /// 责任单位:县水利局2.加强…: the next item after a list of offices.
    fn item_follows(&self, at: usize) -> bool {
        shape::is_han(self.scan.before(at))
            && !matches!(self.scan.before(at), '第' | '十')
            && marker(self.scan.ahead(at, 12))
                .is_some_and(|m| matches!(m.style, Style::HanInBrackets | Style::Digit))
    }

    /// The end of 各旗县区人民政府,…: at the start of a document that is one line.
    fn salutation(&self, from: usize) -> Option<usize> {
        let window = self.scan.chars(from, from + 160);
        let colon = window.iter().position(|&c| matches!(c, ':' | '：'))?;
        let to = from + colon + 1;
        if self.scan.skip_space(to) >= self.scan.len() {
            return None;
        }
        titles::addresses(self.scan.slice(from, to)).then_some(to)
    }

    /// The end of a date that stands alone: nothing, a release note or the title of the annex follows.
    fn lone_date(&mut self, at: usize) -> Option<usize> {
        let scan = self.scan;
        let to = at + scan.count(at, shape::date(scan.ahead(at, 20))?);
        let next = scan.skip_space(to);
        let alone = next >= scan.len()
            || shape::release_note(scan.ahead(next, AHEAD)).is_some()
            || self.named_title(next).is_some();
        (alone && (at > 0 || next < scan.len())).then_some(to)
    }

    /// Where the date begins and ends when who signs and when stand at `at`, and nothing of this document
    /// follows: 青山县水利局2024年3月1日.
    fn signed_date(&self, at: usize) -> Option<(usize, usize)> {
        let scan = self.scan;
        if at == 0 {
            return None;
        }
        for d in at..(at + SIGNED).min(scan.len()) {
            let c = scan.char(d);
            if matches!(c, ',' | '，' | '、' | '。' | ':' | '：' | ';' | '；' | '《') {
                return None;
            }
            if d < at + 3 || !(c.is_ascii_digit() || c == '二') {
                continue;
            }
            if let Some(len) = shape::date(scan.ahead(d, 20)) {
                let end = d + scan.count(d, len);
                let next = scan.skip_space(end);
                let closes = next >= scan.len() || shape::release_note(scan.ahead(next, AHEAD)).is_some();
                return (closes && titles::signs(scan.slice(at, d).trim())).then_some((d, end));
            }
        }
        None
    }

    /// The end of 青政发〔2024〕12号 after the title of a document that is one line.
    fn document_number(&self, at: usize) -> Option<usize> {
        let end = at + self.scan.chars(at, at + AHEAD).iter().position(|&c| c == '号')? + 1;
        let follows = self.scan.skip_space(end) < self.scan.len() && !joins_on(self.scan.char(end));
        (follows && shape::is_document_number(self.scan.slice(at, end))).then_some(end)
    }

    /// A title may follow a date or release note: 2024年3月1日青山县供水方案为…
    fn title_after(&mut self, at: usize) -> usize {
        if shape::release_note(self.scan.ahead(at, AHEAD)).is_some() {
            return at;
        }
        match self.named_title(at).or_else(|| run_on::title(self.scan, at)) {
            Some(to) => self.push(at, to, BlockKind::Title),
            None => at,
        }
    }

    /// The end of a title at `at` that 《》 named before.
    fn named_title(&mut self, at: usize) -> Option<usize> {
        while self.named_to < at {
            if self.scan.char(self.named_to) == '《'
                && let Some(mate) =
                    self.scan.mate(self.named_to).filter(|&m| m < at && m - self.named_to <= 100)
            {
                if self.named.len() >= 8 {
                    self.named.remove(0);
                }
                self.named.push((self.named_to + 1, mate));
            }
            self.named_to += 1;
        }
        let scan = self.scan;
        let mut best = None;
        for &(from, to) in &self.named {
            let name = scan.chars(from, to);
            if name.len() >= 6 && scan.chars(at, at + name.len()) == name {
                best = best.max(Some(at + name.len()));
            }
        }
        let end = best?;
        // (试行) and the years belong to it.
        let note = scan.mate(end).filter(|&m| is_round(scan.char(end)) && m - end <= 12);
        let end = note.map_or(end, |m| m + 1);
        (scan.skip_space(end) < scan.len() && !joins_on(scan.char(end))).then_some(end)
    }

    /// 附件:1.… 2.…, up to a date, a release note or the end.
    fn attachments(&mut self, at: usize, label_end: usize) -> usize {
        let scan = self.scan;
        let list = scan.skip_space(label_end);
        if marker(scan.ahead(list, 12)).is_none() {
            let end = self.attachment_end(list);
            return self.push(at, end, BlockKind::Attachment);
        }
        let mut from = self.push(at, label_end, BlockKind::Attachment);
        while from < scan.len() && marker(scan.ahead(from, 12)).is_some() {
            let end = self.attachment_end(from);
            from = self.push(from, end, BlockKind::Attachment);
        }
        from
    }

    /// 1.名单2.清单: whether the next number stands at `at`.
    fn follows_item(&self, from: usize, at: usize) -> bool {
        let scan = self.scan;
        let read = |at: usize| {
            let ahead = scan.ahead(at, 12);
            marker(ahead).filter(|m| m.style == Style::Digit).and_then(|m| number(ahead, m))
        };
        let next = || read(from).is_some_and(|n| read(at) == Some(n + 1));
        at > from + 3
            && shape::is_han(scan.before(at))
            && !matches!(scan.before(at), '第' | '近' | '约')
            && next()
    }

    fn attachment_end(&self, from: usize) -> usize {
        let scan = self.scan;
        let mut at = from + 1;
        while at < scan.len() {
            if let Some(mate) = scan.whole(at) {
                if shape::release_note(scan.ahead(at, AHEAD)).is_some() {
                    return at;
                }
                at = mate + 1;
                continue;
            }
            if is_stop(scan.char(at)) {
                return at + 1;
            }
            let gap = scan.char(at).is_whitespace() || is_closer(scan.before(at));
            let next = scan.skip_space(at);
            if gap && marker(scan.ahead(next, 12)).is_some_and(|m| m.style == Style::Digit) {
                return at;
            }
            if scan.char(at).is_ascii_digit() && self.follows_item(from, at) {
                return at;
            }
            // A wide gap before another name ends the list: the link to the file.
            if next >= at + 2 && scan.char(next) == '《' {
                return at;
            }
            if scan.char(at).is_ascii_digit() && shape::date(scan.ahead(at, 20)).is_some() {
                return at;
            }
            // 附件:发放名单|青山县民政局2024年3月1日
            if titles::ends_title(scan.slice(at.saturating_sub(4).max(from), at))
                && self.signed_date(at).is_some()
            {
                return at;
            }
            at += 1;
        }
        scan.len()
    }
}

/// Whether a character goes on with what stands before it.
fn joins_on(c: char) -> bool {
    is_stop(c)
        || is_closer(c)
        || matches!(c, ',' | '，' | '、' | ':' | '：' | '的' | '等' | '和' | '及' | '与' | '或')
}
