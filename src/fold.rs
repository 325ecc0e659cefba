//! Characters as rules and entries look at them: full-width and look-alike forms folded, one to one.

/// Whether `c` is written with a Chinese character (all planes; 〇 is a digit).
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}' | '々')
}

/// The form a rule knows for `c`.
pub(crate) fn fold(c: char) -> char {
    match c {
        // The block repeats ASCII in the same order.
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(c) - 0xfee0).map_or(c, |ascii| if ascii == '—' { '-' } else { ascii })
        }
        '₀'..='₉' => char::from_u32(u32::from(c) - u32::from('₀') + u32::from('0')).unwrap_or(c),
        '\t'
        | '\r'
        | '\u{a0}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200a}'
        | '\u{202f}'
        | '\u{205f}'
        | '\u{3000}' => ' ',
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        '–' | '―' | '─' | '﹘' | '━' => '—',
        '‐' | '‑' | '‒' | '−' | '﹣' | '\u{ad}' => '-',
        '〜' | '∼' | '˜' | '∽' => '~',
        '∶' | '︰' | '﹕' => ':',
        '﹐' => ',',
        '﹑' | '､' => '、',
        '﹒' => '.',
        '｡' => '。',
        '﹔' => ';',
        '﹖' => '?',
        '﹗' => '!',
        '﹙' => '(',
        '﹚' => ')',
        '﹝' => '〔',
        '﹞' => '〕',
        '﹪' | '٪' => '%',
        '﹢' => '+',
        '﹦' => '=',
        '﹤' => '<',
        '﹥' => '>',
        '≧' | '⩾' | '≽' => '≥',
        '≦' | '⩽' | '≼' => '≤',
        '⁄' | '∕' | '╱' => '/',
        '‧' | '∙' | '⋅' | '・' | '･' | '᛫' => '·',
        '✕' | '✖' | '⨯' | '╳' => '×',
        '⟨' | '〈' => '〈',
        '⟩' | '〉' => '〉',
        '«' => '《',
        '»' => '》',
        '￥' => '¥',
        '￡' => '£',
        '￠' => '¢',
        'µ' => 'μ',
        'Ω' => 'Ω',
        '…' | '⋯' => '…',
        _ => c,
    }
}
