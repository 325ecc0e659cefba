//! E-mail addresses, web addresses and the endings of file names, spelled so that one can write along.

use super::{
    Class, Hit, Options, latin,
    listed::words,
    scan::{Scan, is_han},
};

words!(DOMAINS, "tables/domains.txt");
words!(FILES, "tables/file_endings.txt");

/// The longest part of an address that is looked at; what is longer is none.
const LONGEST: usize = 2000;

/// `lxd3482@163.com` → LXD三四八二，艾特幺六三点COM.
pub(super) fn email(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    if local(scan.before(i)) {
        return None;
    }
    let at = i + scan.folded(i, i + 65).iter().take_while(|&&c| local(c)).count();
    if scan.at(at) != '@' || at == i {
        return None;
    }
    let end = domain(scan, at + 1)?;
    let said = spell(scan, i, at, options) + "，艾特" + &spell(scan, at + 1, end, options);
    Some(Hit::new(end, Class::Email, said))
}

/// `https://www.nmg.gov.cn/a`, `www.byr.gov.cn`, `nmg.gov.cn`.
pub(super) fn url(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    if scan.before(i).is_ascii_alphanumeric() || matches!(scan.before(i), '.' | '@' | '-' | '_') {
        return None;
    }
    let scheme = ["https://", "http://", "ftp://", "HTTP://", "HTTPS://"];
    // The scheme is what a browser puts there itself.
    let from = scheme.iter().find_map(|word| scan.word(i, word));
    let host = from.unwrap_or(i);
    let mut end = match domain(scan, host) {
        Some(end) => end,
        None if from.is_some() => {
            host + scan.folded(host, host + LONGEST).iter().take_while(|&&c| in_path(c)).count()
        }
        None => return None,
    };
    if end == host {
        return None;
    }
    let www = scan.word(host, "www.").is_some() || scan.word(host, "WWW.").is_some();
    if from.is_none() && !www {
        let labels = scan.string(host, end);
        let last = labels.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
        let letters = scan.at(i).is_ascii_alphabetic() || labels.matches('.').count() >= 2;
        if !DOMAINS.has(&last) || !letters {
            return None;
        }
    }
    if matches!(scan.at(end), '/' | ':' | '?') && scan.at(end + 1).is_ascii_alphanumeric()
        || scan.at(end) == '/'
    {
        end += scan.folded(end, end + LONGEST).iter().take_while(|&&c| in_path(c)).count();
        while matches!(scan.before(end), '.' | ',' | ';' | ':' | '?' | ')' | '/') && end > host {
            end -= 1;
        }
    }
    Some(Hit::new(end, Class::Url, spell(scan, host, end, options)))
}

/// `.doc` after a name.
pub(super) fn file_ending(scan: &Scan<'_>, i: usize, options: &Options) -> Option<Hit> {
    let named = is_han(scan.before(i))
        || scan.before(i).is_ascii_alphanumeric()
        || matches!(scan.before(i), ')' | '》' | '〕' | '”' | ' ');
    if scan.at(i) != '.' || !named {
        return None;
    }
    let mut end = i + 1 + scan.folded(i + 1, i + 7).iter().take_while(|c| c.is_ascii_alphanumeric()).count();
    let mut ending = scan.string(i + 1, end).to_ascii_lowercase();
    // 1.表.doc2.单.xls: the number of the next item follows without a gap.
    if let Some(word) =
        ending.find(|c: char| c.is_ascii_digit()).filter(|_| matches!(scan.at(end), '.' | '、'))
    {
        ending.truncate(word);
        end = i + 1 + word;
    }
    FILES.has(&ending).then(|| Hit::new(end, Class::FileName, spell(scan, i, end, options)))
}

/// The end of a domain name (labels with points between) at `i`.
fn domain(scan: &Scan<'_>, i: usize) -> Option<usize> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let mut end = i + scan.folded(i, i + 255).iter().take_while(|&&c| inside(c)).count();
    while end > i && matches!(scan.before(end), '.' | '-') {
        end -= 1;
    }
    if !scan.folded(i, end).contains(&'.') {
        return None;
    }
    let name = scan.string(i, end);
    let last = name.rsplit('.').next().unwrap_or("");
    let known = name.contains('.')
        && !name.contains("..")
        && last.len() >= 2
        && last.chars().all(|c| c.is_ascii_alphabetic());
    known.then_some(end)
}

fn in_path(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '(' | ')' | '`' | '{' | '}' | '|' | '\\' | '^')
}

fn spell(scan: &Scan<'_>, from: usize, to: usize, options: &Options) -> String {
    let mut said = String::new();
    for &c in scan.folded(from, to) {
        match c {
            '.' => said.push('点'),
            '-' => said.push('杠'),
            '_' => said.push_str("下划线"),
            '/' => said.push_str("斜杠"),
            ':' => said.push_str("冒号"),
            '?' => said.push_str("问号"),
            '=' => said.push_str("等于"),
            '&' => said.push('和'),
            '#' => said.push_str("井号"),
            '%' => said.push_str("百分号"),
            '+' => said.push('加'),
            '@' => said.push_str("艾特"),
            '~' => said.push_str("波浪号"),
            '*' => said.push('星'),
            '!' => said.push_str("叹号"),
            c if c.is_ascii_alphanumeric() => said.push_str(&latin::mixed(&c.to_string(), options.yao())),
            _ => said.push('，'),
        }
    }
    said
}
