//! Numbers in words: cardinals, digit strings, decimals.
//!
//! Spoken Mandarin has two words for 2. A number that *begins* with 2 says 两 before 千, 万 and 亿
//! (两千二百, 两万, 两亿) and, when it is just 2, before a measure word (两个); everywhere else it says
//! 二 (十二, 二百, 第二, 二点五). Source: GB/T 15835 leaves the choice open; the usage is that of
//! 吕叔湘, 现代汉语八百词, entry 二/两.

/// The word of one ASCII digit.
fn digit(c: char) -> char {
    match c {
        '1' => '一',
        '2' => '二',
        '3' => '三',
        '4' => '四',
        '5' => '五',
        '6' => '六',
        '7' => '七',
        '8' => '八',
        '9' => '九',
        _ => '零',
    }
}

/// Digit by digit as in years: 2012 → 二零一二.
pub(super) fn digits(written: &str) -> String {
    written.chars().filter(char::is_ascii_digit).map(digit).collect()
}

/// Digit by digit as in codes, where 1 may be 幺: 110 → 幺幺零.
pub(super) fn code(written: &str, yao: bool) -> String {
    let said = digits(written);
    if yao { said.replace('一', "幺") } else { said }
}

/// A whole number: 1002 → 一千零二. `liang` is what a lone 2 says: 两 if set.
///
/// Leading zeros are dropped. Numbers of more than sixteen digits are beyond 万亿 and anybody's ear;
/// they are said digit by digit.
pub(super) fn cardinal(written: &str, liang: bool) -> String {
    let written = written.trim_start_matches('0');
    match written {
        "" => return "零".to_owned(),
        "2" => return if liang { "两" } else { "二" }.to_owned(),
        _ if written.len() > 16 => return digits(written),
        _ => {}
    }
    let mut said = String::new();
    let mut zero = false;
    let groups = written.len().div_ceil(4);
    for group in (0..groups).rev() {
        let end = written.len() - group * 4;
        let part = written.get(end.saturating_sub(4)..end).unwrap_or("");
        let empty = part.bytes().all(|b| b == b'0');
        for (place, c) in part.chars().enumerate() {
            let unit = part.len() - 1 - place;
            if c == '0' {
                zero = true;
                continue;
            }
            if zero && !said.is_empty() {
                said.push('零');
            }
            zero = false;
            let first = said.is_empty();
            match (c, unit) {
                ('1', 1) if first => {}
                ('2', 3) if first => said.push('两'),
                ('2', 0) if first && group > 0 => said.push('两'),
                _ => said.push(digit(c)),
            }
            said.push_str(["", "十", "百", "千"].get(unit).copied().unwrap_or(""));
        }
        match group {
            1 | 3 if !empty => said.push('万'),
            2 => said.push('亿'),
            _ => {}
        }
        // 一万五千, but 一百二十万零五百: the zero of a full group's end is not said.
        if !empty {
            zero = false;
        }
    }
    said
}

/// A number with a fraction: 2.50 → 二点五零. An empty fraction gives a cardinal.
pub(super) fn decimal(whole: &str, fraction: &str, liang: bool) -> String {
    if fraction.is_empty() {
        return cardinal(whole, liang);
    }
    let mut said = cardinal(whole, false);
    said.push('点');
    said.push_str(&digits(fraction));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinals() {
        for (written, said) in [
            ("0", "零"),
            ("007", "七"),
            ("10", "十"),
            ("12", "十二"),
            ("20", "二十"),
            ("100", "一百"),
            ("101", "一百零一"),
            ("110", "一百一十"),
            ("200", "二百"),
            ("222", "二百二十二"),
            ("1000", "一千"),
            ("1002", "一千零二"),
            ("1010", "一千零一十"),
            ("1020", "一千零二十"),
            ("2000", "两千"),
            ("2200", "两千二百"),
            ("2628", "两千六百二十八"),
            ("10000", "一万"),
            ("12000", "一万二千"),
            ("15000", "一万五千"),
            ("20000", "两万"),
            ("22222", "两万二千二百二十二"),
            ("100000", "十万"),
            ("100005", "十万零五"),
            ("1200500", "一百二十万零五百"),
            ("10000000", "一千万"),
            ("100000000", "一亿"),
            ("100010000", "一亿零一万"),
            ("120000000", "一亿二千万"),
            ("200000001", "两亿零一"),
            ("1000000000000", "一万亿"),
            ("1000100000000", "一万零一亿"),
            ("1234567890123456", "一千二百三十四万五千六百七十八亿九千零一十二万三千四百五十六"),
        ] {
            assert_eq!(cardinal(written, false), said, "{written}");
        }
        assert_eq!(cardinal("2", true), "两");
        assert_eq!(cardinal("22", true), "二十二");
        assert_eq!(decimal("2", "50", true), "二点五零");
        assert_eq!(decimal("", "5", true), "零点五");
        assert_eq!(code("110", true), "幺幺零");
    }
}
