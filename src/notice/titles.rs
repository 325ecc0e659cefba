//! Titles, salutations, signatures and the labels of a gazette: lines known by how they end.

use super::{BlockKind, Skip, blocks::Row, shape};

/// The most lines one title is broken over.
const TITLE_LINES: usize = 4;
/// The longest line of a title, in characters.
const TITLE_CHARS: usize = 80;

/// Whether `text` ends as titles end: 通知, 办法(试行), 公报2024年第3期.
pub(crate) fn ends_title(text: &str) -> bool {
    let bare = without_bracket(text.trim_end());
    // 公　告 is set wide.
    let tail: Vec<char> = bare.chars().rev().take(12).filter(|c| !c.is_whitespace()).collect();
    // 参赛代表, 对外发表: no table.
    let other =
        tail.first() == Some(&'表') && matches!(tail.get(1), Some('代' | '发' | '外' | '仪' | '手' | '钟'));
    !other && ENDS.iter().any(|end| end.chars().rev().eq(tail.iter().copied().take(end.chars().count())))
        || is_issue(bare)
}

static ENDS: std::sync::LazyLock<Vec<&'static str>> = std::sync::LazyLock::new(|| {
    include_str!("titles.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
});

fn without_bracket(text: &str) -> &str {
    let Some(open) = text.strip_suffix([')', '）']).and_then(|inner| inner.rfind(['(', '（'])) else {
        return text;
    };
    text.get(..open).unwrap_or(text).trim_end()
}

/// 公报2024年第3期: the name of a gazette.
fn is_issue(text: &str) -> bool {
    text.strip_suffix('期').is_some_and(|head| {
        let head = head.trim_end_matches(|c: char| c.is_ascii_digit());
        head.ends_with('第') && (head.contains("公报") || head.contains("汇编"))
    })
}

/// Whether a line addresses somebody: 各旗县区人民政府,市直各部门:
pub(crate) fn addresses(text: &str) -> bool {
    let Some(body) = text.trim_end().strip_suffix([':', '：']) else { return false };
    let chars = body.chars().count();
    if !(2..=150).contains(&chars) || body.contains(['。', ';', '；', ':', '：', '《']) {
        return false;
    }
    let body = without_bracket(body);
    let opens = ["各", "全体", "广大", "尊敬的", "敬爱的", "亲爱的"].iter().any(|w| body.starts_with(w));
    // 牵头部门:, 主办单位: are labels.
    let label = chars <= 6
        && !opens
        && ["部门", "单位", "机构", "公司", "主办", "承办", "协办"].iter().any(|w| body.ends_with(w))
        && !body.starts_with(['市', '县', '区', '盟', '省', '有']);
    // …告诉我们: speaks of somebody, and addresses nobody.
    let pronoun = ["我们", "他们", "她们", "它们", "你们"].iter().any(|w| body.ends_with(w));
    let ends = !label && !pronoun && ADDRESSEES.iter().any(|w| body.ends_with(w));
    ends || (opens
        && chars <= 60
        && !body.ends_with("如下")
        && !body.ends_with(['是', '要', '为', '到', '即']))
}

const ADDRESSEES: [&str; 38] = [
    "户",
    "们",
    "政府",
    "公署",
    "部门",
    "单位",
    "委员会",
    "管委会",
    "厅",
    "局",
    "办",
    "办公室",
    "委",
    "公司",
    "企业",
    "集团",
    "学校",
    "医院",
    "银行",
    "群众",
    "居民",
    "市民",
    "村民",
    "同志",
    "朋友",
    "先生",
    "女士",
    "家长",
    "业主",
    "用户",
    "乘客",
    "司机",
    "同学",
    "老师",
    "党委",
    "街道",
    "社区",
    "机构",
];

/// Marks titles, salutations and labels among `rows`.
pub(super) fn find(rows: &mut [Row]) {
    labels(rows);
    let mut at = 0;
    let mut first = true;
    while at < rows.len() {
        let len = title_at(rows, at, first);
        first &= rows.get(at).is_some_and(|r| r.skip.is_some());
        for (n, row) in rows.iter_mut().skip(at).take(len).enumerate() {
            row.set(BlockKind::Title);
            row.joins = n > 0;
        }
        at += len.max(1);
    }
    salutations(rows);
}

/// Whether a line ends as the names of those who sign do.
pub(crate) fn signs(text: &str) -> bool {
    SIGNERS.iter().any(|end| text.trim_end_matches(['(', ')', '章']).ends_with(end))
}

/// How the names of those who sign end.
const SIGNERS: [&str; 34] = [
    "政府",
    "办公室",
    "办公厅",
    "委员会",
    "局",
    "厅",
    "委",
    "处",
    "部",
    "院",
    "会",
    "中心",
    "公署",
    "公司",
    "指挥部",
    "领导小组",
    "街道",
    "学校",
    "医院",
    "队",
    "所",
    "站",
    "集团",
    "大学",
    "中学",
    "小学",
    "幼儿园",
    "银行",
    "支行",
    "社区",
    "气象台",
    "专班",
    "图书馆",
    "博物馆",
];

/// How many rows from `at` are one title; `first`: only furniture stands before.
fn title_at(rows: &[Row], at: usize, first: bool) -> usize {
    let titleish = |r: &Row| {
        r.is_bare()
            && !r.marked_up
            && r.skip.is_none()
            && r.text.chars().count() <= TITLE_CHARS
            && r.text.chars().any(shape::is_han)
    };
    let group = rows.iter().skip(at).take(TITLE_LINES).take_while(|r| titleish(r)).count();
    let mut open = 0i32;
    let mut found = 0;
    // A line that a title was broken at is not a word or two.
    let broken = |r: &Row| r.text.chars().count() >= 6;
    for (n, row) in rows.iter().skip(at).take(group).enumerate() {
        open += row.text.chars().map(|c| i32::from(c == '《') - i32::from(c == '》')).sum::<i32>();
        if open <= 0 && ends_title(row.text) {
            found = n + 1;
            break;
        }
        if !broken(row) {
            break;
        }
    }
    let before = at.checked_sub(1).and_then(|b| rows.get(b));
    let after = rows.get(at + found.max(1));
    let opens = match before {
        None => true,
        Some(r) => {
            r.skip.is_some()
                || matches!(r.kind, BlockKind::DocumentNumber | BlockKind::Date | BlockKind::Title)
                || (r.kind == BlockKind::Attachment && !r.text.contains([':', '：']))
        }
    };
    let followed = after.is_some_and(|r| r.kind == BlockKind::DocumentNumber || addresses(r.text));
    let dated = after.is_some_and(|r| r.kind == BlockKind::Date);
    if found > 0 && (followed || (opens && !dated)) {
        return found;
    }
    // The first line of a notice names it even when no title word ends it, if a salutation or sentences follow.
    let short = rows.get(at).is_some_and(|r| titleish(r) && (4..=40).contains(&r.text.chars().count()));
    let tabular = after.is_some_and(|r| r.kind == BlockKind::TableRow && r.text.contains('\t'));
    let sentences = after.is_some_and(|r| {
        r.kind == BlockKind::Paragraph
            && r.marker.is_none()
            && r.text.contains('。')
            && r.text.chars().nth(15).is_some()
    });
    usize::from(found == 0 && first && short && (followed || tabular || sentences))
}

/// A salutation stands before the body.
fn salutations(rows: &mut [Row]) {
    let mut opens = true;
    for row in rows.iter_mut() {
        if row.kind == BlockKind::Paragraph && opens && row.marker.is_none() && addresses(row.text) {
            row.set(BlockKind::Salutation);
        }
        opens = match row.kind {
            BlockKind::Title | BlockKind::DocumentNumber | BlockKind::Furniture => true,
            BlockKind::Date => opens,
            _ => false,
        };
    }
}

/// 政府文件 over a list of notices is the column of the page; over the documents of a gazette it is a
/// heading, read once.
fn labels(rows: &mut [Row]) {
    let gazette = rows.iter().any(|r| is_issue(without_bracket(r.text)));
    for n in 0..rows.len() {
        let before = n.checked_sub(1).and_then(|b| rows.get(b)).copied();
        let after = rows.get(n + 1).copied();
        let Some(row) = rows.get_mut(n) else { break };
        if row.marked_up || !row.is_bare() || !is_label(row.text) {
            continue;
        }
        if before.is_some_and(|b| b.text == row.text) {
            row.skip(Skip::ColumnLabel);
        } else if gazette {
            row.kind = BlockKind::Heading;
            row.level = 1;
        } else if before.is_none_or(|b| b.skip.is_some())
            && after.is_some_and(|a| a.skip.is_none() && a.text.chars().count() > 10)
        {
            row.skip(Skip::ColumnLabel);
        }
    }
}

pub(super) fn is_label(text: &str) -> bool {
    const COLUMNS: [&str; 12] = [
        "文件",
        "大事记",
        "政策解读",
        "通知公告",
        "公示公告",
        "公告公示",
        "人事任免",
        "政府公报",
        "信息公开",
        "政务公开",
        "政策文件",
        "规范性文件",
    ];
    text.chars().count() <= 10 && text.chars().all(shape::is_han) && COLUMNS.iter().any(|c| text.ends_with(c))
}
