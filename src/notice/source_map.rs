//! The way back from the text found in a page to the page itself.

use crate::span::Span;

/// Which range of the submission every character of the text comes from. Characters that the text added
/// (line ends, the tabs between cells) come from nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceMap {
    runs: Vec<Run>,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    text: Span,
    source: Span,
    /// Byte for byte the same, rather than decoded.
    same: bool,
}

impl SourceMap {
    /// Says that `len` bytes of the text at `at` come from `source`. Calls must be in order.
    pub(crate) fn push(&mut self, at: usize, len: usize, source: Span) {
        let same = source.len() == len;
        if source.is_empty() {
            return;
        }
        if let Some(last) = self.runs.last_mut()
            && last.same
            && same
            && last.text.end == at
            && last.source.end == source.start
        {
            last.text.end += len;
            last.source.end = source.end;
            return;
        }
        self.runs.push(Run { text: Span::new(at, at + len), source, same });
    }

    /// The smallest range of the submission that holds what `span` of the text comes from; an empty range
    /// where it comes from nowhere.
    pub(crate) fn source(&self, span: Span) -> Span {
        let first = self.runs.partition_point(|run| run.text.end <= span.start);
        let last = self.runs.partition_point(|run| run.text.start < span.end);
        let runs = self.runs.get(first..last).unwrap_or(&[]);
        let (Some(head), Some(tail)) = (runs.first(), runs.last()) else {
            let near = self
                .runs
                .get(first)
                .map(|run| run.source.start)
                .or(self.runs.last().map(|run| run.source.end));
            return Span::new(near.unwrap_or(0), near.unwrap_or(0));
        };
        let skip = if head.same { span.start.saturating_sub(head.text.start) } else { 0 };
        let drop = if tail.same { tail.text.end.saturating_sub(span.end) } else { 0 };
        let start = head.source.start + skip;
        Span::new(start, (tail.source.end - drop).max(start))
    }
}
