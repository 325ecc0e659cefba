//! Digits that name and do not count: identity numbers, accounts, post codes, rooms.

use std::sync::LazyLock;

use super::{
    Class, Hit, Options, latin,
    listed::{self, words},
    measure, number, phone,
    scan::{Scan, is_dash},
};
use crate::note::NoteCode;

words!(
    /// Words after which digits are a name.
    ANNOUNCED,
    "tables/code_words.txt"
);
words!(CUSTOMS, "tables/customs.txt");

/// Numbers that are names, and the words they stand before.
static NAMED: LazyLock<Vec<(&str, Vec<&str>)>> = LazyLock::new(|| {
    let rows = listed::rows(include_str!("tables/named_numbers.tsv"));
    let cells = rows.filter_map(|row| row.split_once('\t'));
    cells.map(|(number, words)| (number, words.split_whitespace().collect())).collect()
});

/// Eighteen characters of an identity number or a social credit code, and other long mixtures.
pub(super) fn identity(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphanumeric() {
        return None;
    }
    let to = scan.run(i, |c| c.is_ascii_alphanumeric());
    if let Some(hit) = user_name(scan, i, to, options).or_else(|| announced_code(scan, i, options)) {
        return Some(hit);
    }
    let chars = scan.folded(i, to);
    let figures = chars.iter().filter(|c| c.is_ascii_digit()).count();
    let letters = chars.len() - figures;
    // 15–20 characters with many figures; or figures and letters in turn (A1B2C3).
    let turns =
        chars.windows(2).filter(|w| matches!(w, [a, b] if a.is_ascii_digit() != b.is_ascii_digit())).count();
    let long = chars.len() >= 12 && figures * 2 >= chars.len();
    if letters == 0 || chars.len() > 64 || !(long || turns >= 3 && chars.len() >= 7) {
        return None;
    }
    let written = scan.string(i, to);
    let sizes: &[usize] = if written.len() == 18 && letters == 1 { &[6, 8, 4] } else { &[4] };
    Some(Hit::new(to, Class::Code, grouped(&written, sizes, options.yao())))
}

/// `wx_2026abc`: letters and digits joined by an underscore are somebody's name in a network.
fn user_name(scan: &Scan<'_>, i: usize, to: usize, options: &Options) -> Option<Hit> {
    let at = if scan.before(i) == ':' { i - 1 } else { i };
    let network = scan.after_any(at, &["微信", "微信号", "ID", "QQ", "账号", "帐号", "用户名", "公众号"]);
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' && network;
    let end = i + scan.folded(i, i + 64).iter().take_while(|&&c| inside(c)).count();
    let whole = !matches!(scan.before(end), '_' | '-') && !scan.at(end).is_ascii_alphanumeric();
    (end > to && whole).then(|| {
        let said: String = scan
            .folded(i, end)
            .iter()
            .map(|c| match c {
                '_' => "下划线".to_owned(),
                '-' => "杠".to_owned(),
                c => latin::mixed(&c.to_string(), options.yao()),
            })
            .collect();
        Hit::new(end, Class::Code, said)
    })
}

/// `项目编号：NMG-C-F-240012`: letters and digits joined by hyphens after a word like 编号.
fn announced_code(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '/' | '_');
    let end = i + scan.folded(i, i + 64).iter().take_while(|&&c| inside(c)).count();
    let written = scan.string(i, end);
    let joined = written.contains('-')
        && written.contains(|c: char| c.is_ascii_alphabetic())
        && written.contains(|c: char| c.is_ascii_digit());
    // A-01-02: two hyphens and mostly figures make a code without help.
    let parts: Vec<&str> = written.split('-').collect();
    let figures = parts.iter().filter(|part| part.bytes().all(|b| b.is_ascii_digit())).count();
    let told = parts.len() >= 3 && figures * 2 > parts.len() || announced(scan, i);
    if !joined || !told || !scan.before(end).is_ascii_alphanumeric() {
        return None;
    }
    let said: String = written
        .chars()
        .map(|c| match c {
            '-' => "杠".to_owned(),
            '/' => "斜杠".to_owned(),
            '_' => "下划线".to_owned(),
            c => latin::mixed(&c.to_string(), options.yao()),
        })
        .collect();
    Some(Hit::new(end, Class::Code, said))
}

/// Digits that are said one by one because of what stands around them.
pub(super) fn digits(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let to = scan.digits(i);
    let written = scan.string(i, to);
    let before = scan.before(i);
    let numbered = scan.after_any(i, &["No.", "NO.", "no."]);
    let joined =
        before == '.' && !numbered || matches!(before, '¥' | '$' | '×' | '+') || before.is_ascii_alphabetic();
    let decimal = scan.at(to) == '.' && scan.at(to + 1).is_ascii_digit();
    if joined || decimal || scan.written(to) == ',' && scan.digits(to + 1) == to + 4 {
        return None;
    }
    // O2O typed with a zero.
    if written == "020" && scan.any(to, &["新零售", "线上", "线下", "模式", "电商", "平台", "体验"])
    {
        return Some(Hit::new(to, Class::Repaired, "O二O").note(NoteCode::Repaired));
    }
    // 2026-001: a year or lot and a number within it.
    let serial = scan.digits(to + 1);
    let numbered = scan.at(to) == '-' && scan.at(to + 1) == '0' && serial > to + 2 && written.len() >= 4;
    if numbered && !scan.at(serial).is_ascii_alphanumeric() && !matches!(scan.at(serial), '-' | '.' | ':') {
        let year = written.len() == 4 && ("1949"..="2100").contains(&written.as_str());
        let first = number::code(&written, options.yao() && !year);
        let said = format!("{first}杠{}", number::code(&scan.string(to + 1, serial), options.yao()));
        return Some(Hit::new(serial, Class::Code, said));
    }
    // 第2026-8号, 2026-8
    let year = written.len() == 4 && ("1949"..="2100").contains(&written.as_str());
    let alone = serial - to <= 4
        && !measure::counts(scan, serial)
        && !scan.at(serial).is_ascii_alphanumeric()
        && !matches!(scan.at(serial), '-' | '.' | ':' | '/' | '元' | '年' | '月');
    if year
        && scan.at(to) == '-'
        && (2..=5).contains(&(serial - to))
        && (scan.at(serial) == '号' || alone && !matches!(before, '-' | '/'))
    {
        let count = number::cardinal(&scan.string(to + 1, serial), false);
        return Some(Hit::new(serial, Class::Code, number::digits(&written) + "杠" + &count));
    }
    // 101-108室
    let rooms = serial - to == to - i + 1 && matches!(written.len(), 3 | 4) && is_dash(scan.at(to));
    if rooms && scan.any(serial, &["室", "房间", "病房", "办公室"]) {
        let last = number::code(&scan.string(to + 1, serial), options.yao());
        let said = number::code(&written, options.yao()) + options.to() + &last;
        return Some(Hit::new(serial, Class::Code, said));
    }
    if let Some(hit) = parts(scan, i, to, options) {
        return Some(hit);
    }
    if let Some(hit) = cohort(scan, i, to).or_else(|| fours(scan, i, to, options)) {
        return Some(hit);
    }
    let counted = measure::counts(scan, to) || matches!(scan.at(scan.past_space(to)), '元' | '年' | '月');
    let quoted = matches!(before, '“' | '‘' | '"') && matches!(scan.at(to), '”' | '’' | '"');
    let year = written.len() == 4 && ("1900"..="2100").contains(&written.as_str());
    let room = matches!(written.len(), 3 | 4)
        && scan.any(to, &["室", "房间", "房号", "病房", "办公室", "会议室", "包间"]);
    let room = room
        || matches!(written.len(), 3 | 4)
            && !counted
            && scan.after_any(i, &["单元", "号楼", "栋", "幢", "座", "层", "楼"]);
    let program = named(scan, &written, if quoted { to + 1 } else { to });
    let customs = CUSTOMS.has(&written) && !counted && !matches!(scan.at(to), '—' | '-' | '~');
    // 150102-2026-G-001: in the midst of a code.
    let inner = before == '-'
        && scan.before(i - 1).is_ascii_alphanumeric()
        && scan.at(to) == '-'
        && scan.at(to + 1).is_ascii_alphabetic();
    let tail = if scan.at(to) == '-' { scan.digits(to + 1) } else { to };
    let certificate = written.len() >= 5 && scan.at(scan.past_space(tail)) == '号';
    // 138****5678
    let masked = before == '*' && scan.before(i - 1) == '*' || scan.at(to) == '*' && scan.at(to + 1) == '*';
    let named = written.len() >= 2 && !counted && announced(scan, i);
    let dashed = matches!(scan.at(to), '-' | '—' | '~') && scan.at(to + 1).is_ascii_digit();
    let padded = written.len() >= 2
        && written.starts_with('0')
        && !matches!(scan.at(to), '月' | '日' | '时' | ':' | '%')
        && !dashed;
    let broken = dashed && scan.digits(to + 1) - to > 7;
    let long = written.len() >= 7 && !(counted || broken || is_count(scan, i, to));
    let found = room
        || program
        || customs
        || certificate
        || masked
        || inner
        || written.len() >= 4
            && scan.at(to).is_ascii_alphabetic()
            && !counted
            && super::money::currency(scan, to).is_none()
        || named
        || padded
        || long
        || phone::is_extension(scan, phone::chain_start(scan, i)) && !counted
        || before == '/'
            && !counted
            && i > to - i + 1
            && (i > 7 && scan.folded(i - 8, i - 1).iter().all(char::is_ascii_digit) || twin(scan, i, to))
        || quoted && (written.len() >= 4 && !year || written.len() == 3 && !written.ends_with('0'));
    if !found {
        return None;
    }
    let said = if written.len() > 8 {
        grouped(&written, card(&written), options.yao())
    } else {
        number::code(&written, options.yao())
    };
    Some(Hit::new(to, Class::Code, said))
}

/// Whether `written` is the name that it is before one of its words: 985高校, 84消毒液.
fn named(scan: &Scan<'_>, written: &str, to: usize) -> bool {
    NAMED.iter().any(|(number, words)| *number == written && scan.any(to, words))
}

/// Whether a long number counts although nothing counted follows: an ordinal without 号, or a text that is
/// nothing but a number and cannot be one of a telephone.
fn is_count(scan: &Scan<'_>, i: usize, to: usize) -> bool {
    let round = scan.folded(to.saturating_sub(3), to).iter().all(|&c| c == '0');
    let local = to - i <= 8 && matches!(scan.at(i), '2'..='8');
    let whole = i == 0 && to == scan.len() && to <= 12 && (round || !local);
    scan.before(i) == '第' && scan.at(scan.past_space(to)) != '号' || whole
}

/// CA1101/1102: as many figures as behind the letters before the slash.
fn twin(scan: &Scan<'_>, i: usize, to: usize) -> bool {
    let first = (i - 1).saturating_sub(to - i);
    to - i >= 3
        && scan.folded(first, i - 1).iter().all(char::is_ascii_digit)
        && scan.before(first).is_ascii_uppercase()
}

/// 90后, 00后, 80、90后: years of birth.
fn cohort(scan: &Scan<'_>, i: usize, to: usize) -> Option<Hit> {
    let chained = scan.at(to) == '、' && scan.digits(to + 1) == to + 3 && scan.at(to + 3) == '后';
    let decade = to - i == 2 && matches!(scan.at(i + 1), '0' | '5') && !scan.after_any(i, &["前", "第"]);
    (decade && (scan.at(to) == '后' || chained))
        .then(|| Hit::new(to, Class::Code, number::digits(&scan.string(i, to))))
}

/// 6222 0202 0001 2345 678: at least three groups, all but the last of four digits, or of three after a word
/// like 会议号.
fn fours(scan: &Scan<'_>, i: usize, to: usize, options: &Options) -> Option<Hit> {
    let told = announced(scan, i);
    let full = |group: &String| group.len() == 4 || told && group.len() == 3;
    let (mut end, mut groups) = (to, vec![scan.string(i, to)]);
    while end - i < 32 && scan.at(end) == ' ' && groups.last().is_some_and(full) {
        let next = scan.digits(end + 1);
        if next == end + 1 || next - end > 5 {
            break;
        }
        groups.push(scan.string(end + 1, next));
        end = next;
    }
    if groups.len() < 3 || measure::counts(scan, end) || scan.at(end) == '年' {
        return None;
    }
    let said: Vec<String> = groups.iter().map(|group| number::code(group, options.yao())).collect();
    Some(Hit::new(end, Class::Code, said.join("，")))
}

/// Whether a word like 代码 or 邮编 stands right before, past `:` and 为.
fn announced(scan: &Scan<'_>, i: usize) -> bool {
    let mut at = scan.back_over_space(i);
    if matches!(scan.before(at), ':' | '为' | '是' | '“' | '(') {
        at = scan.back_over_space(at - 1);
    }
    ANNOUNCED.before(scan, at)
}

/// House numbers and serial numbers in parts: 3-2-501, 备05002755号-2.
fn parts(scan: &Scan<'_>, i: usize, to: usize, options: &Options) -> Option<Hit> {
    let middle = scan.digits(to + 1);
    let mut end = scan.digits(middle + 1);
    if scan.at(to) != '-' || middle == to + 1 || scan.at(middle) != '-' || end == middle + 1 {
        return None;
    }
    while scan.at(end) == '-' && scan.digits(end + 1) > end + 1 && end - i < 64 {
        end = scan.digits(end + 1);
    }
    let said = scan.string(i, end);
    let said: Vec<String> = said.split('-').map(|part| number::code(part, options.yao())).collect();
    Some(Hit::new(end, Class::Code, said.join("杠")))
}

/// Cards and accounts are read in fours, an identity number in its parts.
fn card(written: &str) -> &'static [usize] {
    match written.len() {
        18 => &[6, 8, 4],
        9 => &[3],
        10 | 11 => &[3, 4, 4],
        _ => &[4],
    }
}

/// Groups of the given sizes with a pause between; the last size repeats.
fn grouped(written: &str, sizes: &[usize], yao: bool) -> String {
    let mut rest = written;
    let mut out: Vec<String> = Vec::new();
    while !rest.is_empty() {
        let size = sizes.get(out.len()).or(sizes.last()).copied().unwrap_or(4).max(1);
        let (head, tail) = rest.split_at_checked(size).unwrap_or((rest, ""));
        out.push(latin::mixed(head, yao));
        rest = tail;
    }
    out.join("，")
}

/// Whether the hyphen at `dash` continues a serial number: 备05002755号-2, not 3号-5号.
pub(super) fn serial_goes_on(scan: &Scan<'_>, dash: usize) -> bool {
    let digits = scan.folded(dash.saturating_sub(6), dash.saturating_sub(1));
    scan.before(dash) == '号'
        && scan.at(dash + 1).is_ascii_digit()
        && digits.len() == 5
        && digits.iter().all(char::is_ascii_digit)
}
