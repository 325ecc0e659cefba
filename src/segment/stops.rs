//! Where a sentence ends: at a stop, at the colon before what it announces, or where something new begins
//! because a line end was lost.

use super::{
    cues,
    scan::{is_closer, is_round, is_stop},
    walk::{AHEAD, Walk, joins_on, slot},
};
use crate::notice::{
    marker::{Marker, Style, is_numeral, marker, number},
    responsibility::{is_responsibility, opens_with_label},
    shape,
};

/// The longest list of offices in brackets, in characters.
pub(super) const OFFICES: usize = 300;
/// A label before a colon (牵头部门:) of at most this many characters stays with what it labels.
const LABEL: usize = 5;
/// The same when nothing but one value follows, and the longest such value.
const FIELD: usize = 12;
const VALUE: usize = 24;

impl Walk<'_, '_> {
    /// Where the sentence that begins at `from` ends.
    pub(super) fn sentence_end(&self, from: usize) -> usize {
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

    /// The closing bracket of a list of offices that opens at `at` and closes a sentence.
    pub(super) fn offices(&self, at: usize) -> Option<usize> {
        let scan = self.scan;
        let mate = scan.mate(at).filter(|&m| is_round(scan.char(at)) && m - at <= OFFICES)?;
        let next = scan.skip_space(mate + 1);
        let closes = next >= scan.len()
            || is_stop(scan.char(next))
            || is_round(scan.char(next))
            || marker(scan.ahead(next, 12)).is_some();
        (closes && is_responsibility(scan.slice(at, mate + 1))).then_some(mate)
    }
}
