//! Telephone numbers, grouped as people say them, and service numbers. Digit by digit, never a number.

use super::{
    Class, Hit, Options,
    listed::words,
    measure, number,
    scan::{Scan, is_dash, is_han},
};

words!(ANNOUNCED, "tables/phone_words.txt");
words!(SERVICES, "tables/service_words.txt");
words!(NUMBERS, "tables/service_numbers.txt");

/// Mobile, landline, 400 numbers, and what stands after a word for telephone.
pub(super) fn number(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphanumeric() || scan.before(i) == '.' {
        return None;
    }
    let (mut end, groups) = shape(scan, i)?;
    let mut said =
        groups.iter().map(|group| number::code(group, options.yao())).collect::<Vec<_>>().join("，");
    if let Some(to) = extension(scan, end) {
        said = said + "，转" + &number::code(&scan.string(end + 1, to), options.yao());
        end = to;
    }
    Some(Hit::new(end, Class::Phone, said))
}

/// The end of a number that begins at `i`, and its groups of digits.
fn shape(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    if let Some((country, from)) = country(scan, i) {
        let from = scan.past_space(if is_dash(scan.at(from)) { from + 1 } else { from });
        let (end, rest) = if scan.at(from) == '(' {
            shape(scan, from)
        } else {
            mobile(scan, from).or_else(|| landline(scan, from)).or_else(|| abroad(scan, from))
        }?;
        return Some((end, [vec![country.to_owned()], rest].concat()));
    }
    if let Some(from) = scan.word(i, "(86-") {
        // (86-482)8266664
        let to = scan.digits(from);
        let (end, local) =
            local(scan, to + 1).filter(|_| (2..=4).contains(&(to - from)) && scan.at(to) == ')')?;
        return Some((end, [vec!["86".to_owned(), scan.string(from, to)], local].concat()));
    }
    if scan.at(i) == '(' {
        // (0482)8266664
        let to = scan.digits(i + 1);
        let area = area(scan, i + 1, to).filter(|_| scan.at(to) == ')')?;
        let from = scan.past_space(if is_dash(scan.at(to + 1)) { to + 2 } else { to + 1 });
        let (end, local) = local(scan, from)?;
        return Some((end, [vec![area], local].concat()));
    }
    mobile(scan, i).or_else(|| landline(scan, i)).or_else(|| service(scan, i)).or_else(|| announced(scan, i))
}

/// China's own number before a number: +86, 0086, (86), (+86).
fn country(scan: &Scan<'_>, i: usize) -> Option<(&'static str, usize)> {
    const WRITTEN: [(&str, &str); 5] =
        [("(+86)", "86"), ("(86)", "86"), ("+86", "86"), ("0086", "0086"), ("86-", "86")];
    WRITTEN.iter().find_map(|(written, said)| Some((*said, scan.word(i, written)?)))
}

/// 13734820016, 137-3482-0016, 137 3482 0016.
fn mobile(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    if scan.at(i) != '1' || !matches!(scan.at(i + 1), '3'..='9') {
        return None;
    }
    let to = scan.digits(i);
    if to - i == 11 && !scan.at(to).is_ascii_alphabetic() && !measure::counts(scan, to) {
        return Some((to, groups(&scan.string(i, to), &[3, 4, 4])));
    }
    let sep = scan.at(to);
    if to - i == 3 && matches!(sep, '-' | ' ') {
        let middle = scan.digits(to + 1);
        let end = scan.digits(middle + 1);
        if middle - to == 5 && scan.at(middle) == sep && end - middle == 5 {
            let digits = scan.string(i, to) + &scan.string(to + 1, middle) + &scan.string(middle + 1, end);
            return Some((end, groups(&digits, &[3, 4, 4])));
        }
    }
    None
}

/// 0482-8266664, 010 66666666, 04828266664.
fn landline(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    let to = scan.digits(i);
    if scan.at(i) != '0' {
        return None;
    }
    if matches!(to - i, 10..=12) {
        let split = if matches!(scan.at(i + 1), '1' | '2') { 3 } else { 4 };
        let area = scan.string(i, i + split);
        let (end, local) = local(scan, i + split)?;
        return Some((end, [vec![area], local].concat()));
    }
    let area = area(scan, i, to)?;
    let joined = scan.past_space(to);
    let dash = scan.run(joined, is_dash);
    // 0471.6945678: no number of so many digits begins with 0.
    let pointed = scan.at(to) == '.' && matches!(scan.digits(to + 1) - to, 8 | 9);
    let from = if pointed { to + 1 } else { scan.past_space(dash) };
    if from == to {
        return None;
    }
    let (end, local) = local(scan, from).or_else(|| short(scan, from).filter(|_| !pointed))?;
    Some((end, [vec![area], local].concat()))
}

/// +86-471-6234567: the area code without its zero.
fn abroad(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    let to = scan.digits(i);
    let from = scan.past_space(scan.run(to, is_dash));
    let (end, local) = local(scan, from).filter(|_| matches!(to - i, 2 | 3) && from > to)?;
    Some((end, [vec![scan.string(i, to)], local].concat()))
}

/// A service number after an area code: 0471-12345.
fn short(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    let to = scan.digits(i);
    (matches!(to - i, 5 | 6) && !measure::counts(scan, to)).then(|| (to, vec![scan.string(i, to)]))
}

fn area(scan: &Scan<'_>, i: usize, to: usize) -> Option<String> {
    (matches!(to - i, 3 | 4) && scan.at(i) == '0' && scan.at(i + 1) != '0').then(|| scan.string(i, to))
}

/// Seven or eight digits, also with a gap after the third or fourth: 6234-5678.
fn local(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    let to = scan.digits(i);
    let gap = matches!(scan.at(to), '-' | ' ') && scan.digits(to + 1) == to + 5;
    if gap && matches!(to - i, 3 | 4) && scan.at(i) != '0' && !measure::counts(scan, to + 5) {
        return Some((to + 5, vec![scan.string(i, to), scan.string(to + 1, to + 5)]));
    }
    let sizes: &[usize] = match to - i {
        7 => &[3, 4],
        8 => &[4, 4],
        _ => return None,
    };
    (!matches!(scan.at(i), '0')).then(|| (to, groups(&scan.string(i, to), sizes)))
}

/// 400-123-4567, 4001234567, 800 numbers.
fn service(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    if !scan.any(i, &["400", "800"]) {
        return None;
    }
    let mut digits = String::new();
    let mut at = i;
    while digits.len() < 10 {
        let to = scan.digits(at);
        if to == at {
            return None;
        }
        digits.push_str(&scan.string(at, to));
        at = if matches!(scan.at(to), '-' | ' ') && digits.len() < 10 { to + 1 } else { to };
    }
    (digits.len() == 10 && !measure::counts(scan, at)).then(|| (at, groups(&digits, &[3, 3, 4])))
}

/// Any local number after a word for telephone.
fn announced(scan: &Scan<'_>, i: usize) -> Option<(usize, Vec<String>)> {
    let to = scan.digits(i);
    let found = matches!(to - i, 7 | 8)
        && !measure::counts(scan, to)
        && !scan.at(to).is_ascii_alphabetic()
        && (ANNOUNCED.near_before(scan, i, 40) || follows_another(scan, i));
    if found { local(scan, i) } else { None }
}

/// 0471-6234567、6234568
fn follows_another(scan: &Scan<'_>, i: usize) -> bool {
    i >= 8
        && matches!(scan.before(i), '、' | '/' | ',' | '或' | ' ' | ';')
        && scan.folded(i - 8, i - 1).iter().all(char::is_ascii_digit)
        && scan.written(i - 1) != '.'
}

/// `-8001` after a number, not the second half of a range.
fn extension(scan: &Scan<'_>, end: usize) -> Option<usize> {
    let to = scan.digits(end + 1);
    (scan.at(end) == '-' && (1..=5).contains(&to.saturating_sub(end + 1))).then_some(to)
}

fn groups(digits: &str, sizes: &[usize]) -> Vec<String> {
    let mut rest = digits;
    let mut out = Vec::new();
    for &size in sizes {
        let (head, tail) = rest.split_at_checked(size).unwrap_or((rest, ""));
        out.push(head.to_owned());
        rest = tail;
    }
    out
}

/// Service numbers by their shape (12xxx, 95xxx, 96xxx) or the words around them (110, 120).
pub(super) fn hotline(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    let before = scan.before(i);
    if before.is_ascii_alphanumeric() || matches!(before, '.' | '第' | '¥' | '$' | '-' | '—' | '+') {
        return None;
    }
    if scan.at(to).is_ascii_alphabetic() || scan.at(to) == '.' && scan.at(to + 1).is_ascii_digit() {
        return None;
    }
    let written = scan.string(i, to);
    let near = ANNOUNCED.near_before(scan, chain_start(scan, i), 8);
    let line = written.len() == 5 && written.starts_with("12");
    let name = if line { scan.run(to, is_han).min(to + 10) } else { to };
    let served = SERVICES.within(scan, to, name).is_some()
        || SERVICES.at(scan, if scan.at(to) == '”' { to + 1 } else { to }).is_some();
    let found = match written.len() {
        3 if NUMBERS.has(&written) => {
            near || served
                || alarm(scan, i)
                || emergency_beside(scan, i, to)
                || (before == '“' && scan.at(to) == '”')
        }
        5 | 6 if served || near => true,
        5 if NUMBERS.has(&written) => true,
        5 if written.starts_with("123") || written.starts_with("121") || written.starts_with("955") => true,
        // The banks' and the provinces' lines, unless it is said to be a number of something.
        5 if written.starts_with("95") || written.starts_with("96") => {
            !written.ends_with("00") && !"数额量计共约达近超有余值:".contains(before)
        }
        3..=6 => {
            near && matches!(scan.before(scan.back_over_space(i)), ':' | '打' | '电' | '话' | '线' | '“')
        }
        _ => false,
    };
    let summed = scan.after_any(i, &["合计", "共计", "总计", "小计", "总数"]);
    let counted = measure::counts(scan, to) && !served
        || summed
        || matches!(scan.at(to), '年' | '月' | '日' | '×' | ':' | '/' | '号');
    let range = is_dash(scan.at(to)) && scan.at(to + 1).is_ascii_digit();
    (found && !counted && !range).then(|| Hit::new(to, Class::Hotline, number::code(&written, options.yao())))
}

/// Where the list begins that the number at `i` stands in: 95588、96156、12366.
pub(super) fn chain_start(scan: &Scan<'_>, i: usize) -> usize {
    let mut at = i;
    for _ in 0..6 {
        let to = at.saturating_sub(1);
        let figures = (1..=6).take_while(|&n| n <= to && scan.at(to - n).is_ascii_digit()).count();
        if !matches!(scan.before(at), '、' | '/' | '和' | '或') || !(3..=6).contains(&figures) {
            break;
        }
        at = to - figures;
    }
    at
}

/// Whether an extension stands at `i`: after 转, or after the hyphen of a whole number.
pub(super) fn is_extension(scan: &Scan<'_>, i: usize) -> bool {
    let number = || i >= 8 && scan.folded(i - 8, i - 1).iter().all(char::is_ascii_digit);
    let at = scan.back_over_space(i);
    let named = scan.after_any(at, &["分机", "内线", "分机号", "分机:", "内线:"]);
    // 转 801, but 转 801路
    let passed_on = scan.before(at) == '转' && (at == i || scan.at(scan.digits(i)) != '路');
    named || passed_on || scan.before(i) == '-' && number()
}

/// 火警119, 火警:119, 拨119
fn alarm(scan: &Scan<'_>, i: usize) -> bool {
    let at = if scan.before(i) == ':' { i - 1 } else { i };
    scan.after_any(at, &["火警", "匪警", "盗警", "交通事故"]) || scan.after_any(i, &["拨", "拨叫"])
}

/// Another emergency number stands beside: 110、119、120.
fn emergency_beside(scan: &Scan<'_>, i: usize, to: usize) -> bool {
    let joins = |c: char| matches!(c, '、' | '和' | '/' | ',' | '与' | '及');
    let next = scan.digits(to + 1);
    let right = joins(scan.at(to))
        && next == to + 4
        && NUMBERS.has(&scan.string(to + 1, next))
        && !measure::counts(scan, next);
    let left = i >= 4 && joins(scan.before(i)) && NUMBERS.has(&scan.string(i - 4, i - 1));
    right || left
}
