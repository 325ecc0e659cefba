//! Numbering at the head of a line or sentence: `一、`, `(一)`, `1.`, `(1)`, `第一章`, `——`, `•`.
//!
//! The order of the styles is that of GB/T 9704—2012 (party and government documents): 一、 over (一)
//! over 1. over (1).

/// How a heading or list item is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// 第一编, 第一章, 第一节
    Chapter,
    /// 第一条
    Article,
    /// 一、
    Han,
    /// (一)
    HanInBrackets,
    /// 1. or 1、
    Digit,
    /// (1), 1), ①
    DigitInBrackets,
    /// 一是, 一要
    Firstly,
    /// —— or •
    Dash,
}

/// A numbering and how much of the text it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Bytes of the numbering itself.
    pub(crate) len: usize,
    /// How it is written.
    pub(crate) style: Style,
    /// Level of a heading numbered so, from 1.
    pub(crate) level: u8,
}

/// The numbering at the very start of `text`, if there is one.
pub(crate) fn marker(text: &str) -> Option<Marker> {
    let first = text.chars().next()?;
    match first {
        '第' => ordinal(text),
        '(' | '（' => bracketed(text),
        '0'..='9' => digits(text),
        '①'..='⑳' => Some(Marker { len: first.len_utf8(), style: Style::DigitInBrackets, level: 4 }),
        '•' | '●' | '◆' | '■' | '▪' | '·' => {
            Some(Marker { len: first.len_utf8(), style: Style::Dash, level: 4 })
        }
        '—' if text.starts_with("——") => {
            Some(Marker { len: "——".len(), style: Style::Dash, level: 4 })
        }
        c if is_numeral(c) => han(text),
        _ => None,
    }
}

/// Whether `c` is a digit of a Han ordinal: 一 to 十, 百, 零.
pub(crate) fn is_numeral(c: char) -> bool {
    matches!(c, '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' | '零' | '〇')
}

/// The number that a numbering `m` at the start of `text` gives: 12 for 十二、 and 12.
pub(crate) fn number(text: &str, m: Marker) -> Option<u32> {
    let body = text.get(..m.len)?;
    let mut total = 0;
    let mut digit = None;
    for c in body.chars() {
        match "零一二三四五六七八九".chars().position(|n| n == c).and_then(|n| u32::try_from(n).ok())
        {
            Some(n) => digit = Some(n),
            None if c == '十' => total += digit.take().unwrap_or(1) * 10,
            None if c == '百' => total += digit.take().unwrap_or(1) * 100,
            None => {
                if let Some(n) = c.to_digit(10) {
                    digit = Some(digit.unwrap_or(0) * 10 + n);
                }
            }
        }
    }
    Some(total + digit.unwrap_or(0)).filter(|n| *n > 0)
}

fn numerals(text: &str) -> usize {
    text.chars().take(6).take_while(|&c| is_numeral(c)).map(char::len_utf8).sum()
}

fn ordinal(text: &str) -> Option<Marker> {
    let rest = text.strip_prefix('第')?;
    let number = match numerals(rest) {
        0 => rest.bytes().take(4).take_while(u8::is_ascii_digit).count(),
        some => some,
    };
    let unit = rest.get(number..)?.chars().next()?;
    let (style, level) = match unit {
        '编' | '章' => (Style::Chapter, 1),
        '节' => (Style::Chapter, 2),
        '条' => (Style::Article, 3),
        _ => return None,
    };
    if number == 0 {
        return None;
    }
    Some(Marker { len: "第".len() + number + unit.len_utf8(), style, level })
}

fn bracketed(text: &str) -> Option<Marker> {
    let open = text.chars().next()?.len_utf8();
    let rest = text.get(open..)?;
    let (number, style, level) = match numerals(rest) {
        0 => {
            let digits = rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
            (digits, Style::DigitInBrackets, 4)
        }
        some => (some, Style::HanInBrackets, 2),
    };
    let close = rest.get(number..)?.chars().next().filter(|c| matches!(c, ')' | '）'))?;
    // A year or a count in brackets is no numbering: (2022), (120).
    if number == 0 || (style == Style::DigitInBrackets && number > 2) {
        return None;
    }
    Some(Marker { len: open + number + close.len_utf8(), style, level })
}

fn digits(text: &str) -> Option<Marker> {
    let number = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
    if number > 2 || text.starts_with('0') {
        return None;
    }
    let rest = text.get(number..)?;
    let mark = rest.chars().next()?;
    let after = rest.get(mark.len_utf8()..)?;
    let (style, level) = match mark {
        '.' | '．' | '、' => (Style::Digit, 3),
        ')' | '）' => (Style::DigitInBrackets, 4),
        _ => return None,
    };
    // 2.2022年: item two, then a year; 2.5 and 3、4月 are numbers.
    if after.starts_with(|c: char| c.is_ascii_digit()) && !starts_with_year(after) {
        return None;
    }
    Some(Marker { len: number + mark.len_utf8(), style, level })
}

fn starts_with_year(text: &str) -> bool {
    let digits = text.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let after = text.get(digits..).unwrap_or("");
    digits == 4
        && (text.starts_with("19") || text.starts_with("20"))
        && after.starts_with(['年', '—', '-', '－', '–', '至', '到', '~'])
}

fn han(text: &str) -> Option<Marker> {
    let number = numerals(text);
    let rest = text.get(number..)?;
    let mark = rest.chars().next()?;
    let len = number + mark.len_utf8();
    match mark {
        '、' | '．' | '.' => {
            // 三、五、十户 counts; it numbers nothing.
            let next = rest.get(mark.len_utf8()..)?.chars().next()?;
            (!is_numeral(next)).then_some(Marker { len, style: Style::Han, level: 1 })
        }
        '是' | '要' => Some(Marker { len, style: Style::Firstly, level: 4 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_style_is_known() {
        let cases = [
            ("一、总则", "一、", Style::Han),
            ("十二、附则", "十二、", Style::Han),
            ("(一)范围", "(一)", Style::HanInBrackets),
            ("（十一）范围", "（十一）", Style::HanInBrackets),
            ("1.登记", "1.", Style::Digit),
            ("2.2022年登记", "2.", Style::Digit),
            ("3、登记", "3、", Style::Digit),
            ("(1)登记", "(1)", Style::DigitInBrackets),
            ("第一章 总 则", "第一章", Style::Chapter),
            ("第二十条 本办法", "第二十条", Style::Article),
            ("一是登记", "一是", Style::Firstly),
            ("——登记", "——", Style::Dash),
        ];
        for (text, head, style) in cases {
            let found = marker(text).unwrap();
            assert_eq!((&text[..found.len], found.style), (head, style), "{text}");
        }
    }

    #[test]
    fn numberings_have_a_number() {
        for (text, want) in [
            ("一、总则", 1),
            ("十、附则", 10),
            ("(二十一)范围", 21),
            ("3.登记", 3),
            ("第十二条", 12),
            ("(14)", 14),
        ] {
            assert_eq!(number(text, marker(text).unwrap()), Some(want), "{text}");
        }
        assert_eq!(number("——登记", marker("——登记").unwrap()), None);
    }

    #[test]
    fn numbers_are_no_numbering() {
        for text in
            ["2.5万元", "2022年", "(2022)8号", "三、五、十户", "第三产业", "一般", "1,000元", "12345热线", ""]
        {
            assert_eq!(marker(text), None, "{text}");
        }
    }
}
