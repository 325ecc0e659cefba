//! Which characters of the source a decoded character stands for.

use html5gum::{Token, Tokenizer};

use crate::span::Span;

/// Pairs every character of `value` with its range of `raw`, from which it was decoded. A character
/// reference counts for each character it gives.
pub(super) fn align(raw: &str, value: &str) -> Vec<(char, Span)> {
    let mut out = Vec::with_capacity(value.len() / 2);
    let mut at = 0;
    let mut decoded = value.chars().peekable();
    while let Some(&want) = decoded.peek() {
        let rest = raw.get(at..).unwrap_or("");
        let Some(c) = rest.chars().next() else { break };
        if c == '&'
            && let Some((len, chars)) = reference(rest)
        {
            for _ in chars.chars() {
                if let Some(c) = decoded.next() {
                    out.push((c, Span::new(at, at + len)));
                }
            }
            at += len;
        } else if c == '\r' {
            let len = if rest.starts_with("\r\n") { 2 } else { 1 };
            out.push((want, Span::new(at, at + len)));
            decoded.next();
            at += len;
        } else if c == want || c == '\0' {
            out.push((want, Span::new(at, at + c.len_utf8())));
            decoded.next();
            at += c.len_utf8();
        } else {
            break;
        }
    }
    // Should the two ever disagree, the rest still points at where it came from.
    out.extend(decoded.map(|c| (c, Span::new(at.min(raw.len()), raw.len()))));
    out
}

/// Length of the character reference at the start of `rest` and what it stands for.
fn reference(rest: &str) -> Option<(usize, String)> {
    let body: usize =
        rest.bytes().skip(1).take(40).take_while(|b| b.is_ascii_alphanumeric() || *b == b'#').count();
    let closed = usize::from(rest.as_bytes().get(1 + body) == Some(&b';'));
    let candidate = rest.get(..1 + body + closed)?;
    let decoded = decode(candidate);
    if decoded == candidate {
        return None;
    }
    // &notit; is ¬ and "it;": what both end with is plain text.
    let first = decoded.chars().next().map_or(0, char::len_utf8);
    let common = candidate
        .bytes()
        .rev()
        .zip(decoded.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count()
        .min(decoded.len() - first);
    Some((candidate.len() - common, decoded.get(..decoded.len() - common)?.to_owned()))
}

fn decode(text: &str) -> String {
    let mut out = String::new();
    for token in Tokenizer::new(text) {
        let Ok(token) = token;
        if let Token::String(part) = token {
            out.push_str(&String::from_utf8_lossy(&part));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_point_at_all_of_themselves() {
        let raw = "甲&amp;乙&nbsp;&#20013;&lt;丙&notit;&丁\r\n";
        let value = decode(raw);
        let pairs: Vec<(char, &str)> = align(raw, &value).into_iter().map(|(c, s)| (c, s.of(raw))).collect();
        let want = [
            ('甲', "甲"),
            ('&', "&amp;"),
            ('乙', "乙"),
            ('\u{a0}', "&nbsp;"),
            ('中', "&#20013;"),
            ('<', "&lt;"),
            ('丙', "丙"),
            ('¬', "&not"),
            ('i', "i"),
            ('t', "t"),
            (';', ";"),
            ('&', "&"),
            ('丁', "丁"),
            ('\n', "\r\n"),
        ];
        assert_eq!(pairs, want);
    }
}
