//! The shape of one line or of the start of a text, without looking at its neighbours.

/// Bytes of the full date at the start of `text` (2022年9月22日, 二〇二二年九月二十二日); spaces inside
/// are allowed, as hard-wrapped pages put them there.
pub(crate) fn date(text: &str) -> Option<usize> {
    let mut at = 0;
    for (unit, most) in [('年', 4), ('月', 3), ('日', 3)] {
        at += gap(text.get(at..)?);
        let rest = text.get(at..)?;
        let number: usize = rest
            .chars()
            .take(most + 1)
            .take_while(|&c| c.is_ascii_digit() || super::marker::is_numeral(c) || matches!(c, '○' | 'O'))
            .map(char::len_utf8)
            .sum();
        if number == 0 || (unit == '年' && rest.get(..number)?.chars().count() != 4) {
            return None;
        }
        at += number;
        at += gap(text.get(at..)?);
        at += text.get(at..)?.strip_prefix(unit).map(|_| unit.len_utf8())?;
    }
    Some(at)
}

fn gap(text: &str) -> usize {
    text.chars().take(4).take_while(|c| c.is_whitespace()).map(char::len_utf8).sum()
}

/// Bytes of the date a page puts on (2022-09-28, 2022/9/28, with or without a time) at the start of `text`.
pub(crate) fn page_date(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let run = |from: usize, most: usize| {
        bytes.iter().skip(from).take(most).take_while(|b| b.is_ascii_digit()).count()
    };
    if run(0, 5) != 4 {
        return None;
    }
    let sep = *bytes.get(4).filter(|b| matches!(b, b'-' | b'/' | b'.'))?;
    let month = run(5, 3);
    let day_at = 5 + month + 1;
    let day = run(day_at, 3);
    let number = |from: usize, len: usize| text.get(from..from + len).and_then(|d| d.parse::<u8>().ok());
    let (Some(m), Some(d)) = (number(5, month), number(day_at, day)) else { return None };
    if bytes.get(5 + month) != Some(&sep) || !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    let mut end = day_at + day;
    // A time of day belongs to the stamp: 2022-09-28 10:30:05.
    let rest = text.get(end..)?;
    let space = gap(rest);
    let clock = rest.get(space..)?.bytes().take(8).take_while(|b| b.is_ascii_digit() || *b == b':').count();
    if space > 0 && rest.get(space..space + clock)?.contains(':') {
        end += space + clock;
    }
    Some(end)
}

/// Whether all of `text` is a document number: 国函〔2022〕8号, 第12号, or one whose brackets were lost.
pub(crate) fn is_document_number(text: &str) -> bool {
    let Some(body) = text.strip_suffix('号') else { return false };
    let letters: usize = body.chars().take(24).take_while(|&c| is_han(c)).map(char::len_utf8).sum();
    let (name, rest) = body.split_at(letters);
    if name.ends_with('第') {
        return !rest.is_empty() && rest.len() <= 4 && rest.bytes().all(|b| b.is_ascii_digit());
    }
    if name.chars().count() < 2 {
        return false;
    }
    let digits: String = rest
        .chars()
        .filter(|c| !matches!(c, '〔' | '〕' | '[' | ']' | '(' | ')' | '（' | '）' | ' ' | '第'))
        .collect();
    (5..=8).contains(&digits.len())
        && (digits.starts_with("19") || digits.starts_with("20"))
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// Whether `c` is a Han character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Bytes of a release note at the start of `text`: (此件公开发布), (本文有删减).
pub(crate) fn release_note(text: &str) -> Option<usize> {
    let open = text.chars().next().filter(|c| matches!(c, '(' | '（'))?;
    let inner: usize = text
        .get(open.len_utf8()..)?
        .chars()
        .take(20)
        .take_while(|c| !matches!(c, ')' | '）'))
        .map(char::len_utf8)
        .sum();
    let body = text.get(open.len_utf8()..open.len_utf8() + inner)?;
    let end = open.len_utf8() + inner;
    let close = text.get(end..)?.chars().next().filter(|c| matches!(c, ')' | '）'))?;
    let known = ["此件", "此文", "本文", "本件"].iter().any(|w| body.starts_with(w))
        && ["公开", "删减", "发布"].iter().any(|w| body.contains(w));
    known.then_some(end + close.len_utf8())
}

/// Bytes of `附件`, an optional number and a colon at the start of `text`; the colon may lack at the end
/// of the text only.
pub(crate) fn attachment_label(text: &str) -> Option<usize> {
    let mut at = "附件".len();
    let rest = text.strip_prefix("附件")?;
    let number: usize = rest
        .chars()
        .take(3)
        .take_while(|&c| c.is_ascii_digit() || super::marker::is_numeral(c))
        .map(char::len_utf8)
        .sum();
    at += number;
    let after = text.get(at..)?.trim_start();
    if after.is_empty() {
        return Some(at);
    }
    let space = text.get(at..)?.len() - after.len();
    after.starts_with([':', '：']).then(|| at + space + after.chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers() {
        assert_eq!(date("2024年 3月 1日起"), Some("2024年 3月 1日".len()));
        assert_eq!(date("二〇二四年三月十一日"), Some("二〇二四年三月十一日".len()));
        assert_eq!(date("2024年3月"), None);
        assert_eq!(page_date("2024-03-01各旗县:"), Some(10));
        assert_eq!(page_date("2024-03-01 09:30"), Some(16));
        assert_eq!(page_date("2024-13-01"), None);
        for yes in ["青政发〔2024〕12号", "青政办字[2024]3号", "青政发20243号", "第12号", "第3号"]
        {
            assert!(is_document_number(yes), "{yes}");
        }
        for no in ["12号", "3月8号", "青政发〔2024〕12号文件", "幸福路2024号", "号"] {
            assert!(!is_document_number(no), "{no}");
        }
    }
}
