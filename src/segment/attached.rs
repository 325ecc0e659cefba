//! The list of attachments at the end of a notice: 附件:1.… 2.…

use super::{
    scan::{is_closer, is_stop},
    walk::{AHEAD, Walk},
};
use crate::notice::{
    BlockKind,
    marker::{Style, marker, number},
    shape, titles,
};

impl Walk<'_, '_> {
    /// 附件:1.… 2.…, up to a date, a release note or the end.
    pub(super) fn attachments(&mut self, at: usize, label_end: usize) -> usize {
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
            at = next.max(at + 1);
        }
        scan.len()
    }
}
