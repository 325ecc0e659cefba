//! From what was submitted (text or HTML) to a [`Document`]: blocks of known kind, each with its span.
//!
//! 1. HTML and SSML are reduced to their readable text, with a map back to the submission; text is taken as it is.
//! 2. The text is cut into lines.
//! 3. Lines become blocks: by their own shape, then by their neighbours.
//!
//! Whatever is doubtful is read: a listener can bear a page footer, but not miss a sentence.

mod blocks;
pub(crate) mod furniture;
mod html;
mod lines;
pub(crate) mod marker;
mod parts;
pub(crate) mod responsibility;
pub(crate) mod shape;
mod source_map;
mod ssml;
pub(crate) mod table;
pub(crate) mod titles;
mod wraps;

use std::time::Duration;

use serde::Serialize;

pub use self::table::Cell;
pub use crate::xml::XmlError;
use crate::{lexicon::Override, note::Note, span::Span};

/// What a submission is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Plain text.
    #[default]
    Text,
    /// An HTML page or fragment.
    Html,
    /// Speech Synthesis Markup Language: text with how it is to be read.
    Ssml,
}

/// How much is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Characters of the submission.
    pub max_chars: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_chars: 100_000 }
    }
}

/// Why a submission is no notice. The sender is to blame; trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// Nothing to read: empty, or white space only.
    #[error("the text is empty")]
    Empty,
    /// More than [`Limits::max_chars`].
    #[error("the text has {chars} characters, more than the limit of {limit}")]
    TooLong {
        /// Characters found.
        chars: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// It was to be SSML, and is none.
    #[error(transparent)]
    Ssml(#[from] XmlError),
}

/// What a block or sentence is. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The title of a document.
    Title,
    /// 国函〔2022〕8号 on its own line.
    DocumentNumber,
    /// 各旗县区人民政府:
    Salutation,
    /// A heading; its level is beside it.
    Heading,
    /// Running text.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// One row of a table.
    TableRow,
    /// Who signs.
    Signature,
    /// A date on its own, usually under the signature.
    Date,
    /// 附件: …
    Attachment,
    /// Who answers for a task: (责任单位:县水利局、财政局). A listener may choose to leave it out.
    Responsibility,
    /// Page furniture: hint, breadcrumb, column label, footer. Kept, not read.
    Furniture,
}

/// Why something is not read aloud. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Skip {
    /// The hint of the read-aloud button itself.
    ButtonHint,
    /// Breadcrumbs, menus, links to other pages.
    Navigation,
    /// Name of the column the page stands in.
    ColumnLabel,
    /// Date of publication put on by the page.
    PageDate,
    /// (此件公开发布), (本文有删减).
    ReleaseNote,
    /// Address, record numbers, counters at the foot of a page.
    Footer,
    /// Source, author, editor, time of publication, reading count.
    Byline,
    /// Name of an attached file.
    FileName,
    /// A list of offices that answer for a task, left out by choice (`segment::Options`).
    Responsibility,
    /// Marked as not to be read by the page (`data-langdu-skip`, `aria-hidden`).
    Marked,
}

/// A run of the document that belongs together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Level of a heading from 1; 0 elsewhere.
    pub level: u8,
    /// Where it stands in [`Document::text`].
    pub span: Span,
    /// Which document of a page that holds several, from 0.
    pub part: usize,
    /// Why it is not read, if it is not.
    pub skip: Option<Skip>,
}

/// A notice taken apart.
///
/// `blocks` are in order, do not overlap, and hold every character of `text` but white space.
#[derive(Clone, Debug)]
pub struct Document {
    /// The readable text: what was submitted, or for HTML the text found in it.
    pub text: String,
    /// The blocks of `text`.
    pub blocks: Vec<Block>,
    /// The cells of its tables, in order, with the heads that stand over them.
    pub cells: Vec<Cell>,
    /// What the sender wants to be said in some places of `text`: in order, none over another.
    pub overrides: Vec<Override>,
    /// Silences that the sender wants: places of `text`, in order, and how long.
    pub breaks: Vec<(usize, Duration)>,
    /// For HTML and SSML, the way back to the submission.
    map: Option<source_map::SourceMap>,
}

impl Document {
    /// The cells that stand wholly within `span` of the text.
    pub fn cells_in(&self, span: Span) -> &[Cell] {
        let from = self.cells.partition_point(|cell| cell.span.start < span.start);
        let to = self.cells.partition_point(|cell| cell.span.end <= span.end);
        self.cells.get(from..to).unwrap_or(&[])
    }

    /// Where a span of [`Document::text`] stands in what was submitted, in bytes: the span itself for text;
    /// for HTML and SSML the range from its first to its last character, a character reference counting whole.
    pub fn source_span(&self, span: Span) -> Span {
        self.map.as_ref().map_or(span, |map| map.source(span))
    }
}

/// Takes a submission apart.
///
/// # Errors
/// On limits, and when SSML is no XML: see [`NoticeError`]. Odd text gives notes.
pub fn read(source: &str, format: Format, limits: &Limits) -> Result<(Document, Vec<Note>), NoticeError> {
    let chars = source.chars().count();
    if chars > limits.max_chars {
        return Err(NoticeError::TooLong { chars, limit: limits.max_chars });
    }
    if source.trim().is_empty() {
        return Err(NoticeError::Empty);
    }
    let (mut overrides, mut breaks) = (Vec::new(), Vec::new());
    let (text, lines, marked, map, notes) = match format {
        Format::Text => (source.to_owned(), lines::of_text(source), Vec::new(), None, Vec::new()),
        Format::Html => {
            let page = html::read(source);
            (page.text, page.lines, page.cells, Some(page.map), page.notes)
        }
        Format::Ssml => {
            let ssml = ssml::read(source)?;
            (overrides, breaks) = (ssml.overrides, ssml.breaks);
            (ssml.text, ssml.lines, Vec::new(), Some(ssml.map), ssml.notes)
        }
    };
    if lines.is_empty() {
        return Err(NoticeError::Empty);
    }
    let (mut blocks, mut cells) = blocks::blocks(&text, &lines, !marked.is_empty());
    cells.extend(marked);
    cells.sort_by_key(|cell| cell.span);
    if format == Format::Ssml {
        // Who writes SSML has chosen what is read.
        for block in blocks.iter_mut().filter(|block| block.skip.is_some()) {
            (block.skip, block.kind) = (None, BlockKind::Paragraph);
        }
    }
    Ok((Document { text, blocks, cells, overrides, breaks, map }, notes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn name(block: &Block) -> String {
        let serialized = |v: serde_json::Value| v.as_str().unwrap_or("").to_owned();
        match (block.skip, block.kind) {
            (Some(skip), _) => serialized(serde_json::to_value(skip).unwrap()),
            (None, BlockKind::Heading) => format!("h{}", block.level),
            (None, BlockKind::DocumentNumber) => "number".to_owned(),
            (None, BlockKind::Paragraph) => "para".to_owned(),
            (None, BlockKind::ListItem) => "item".to_owned(),
            (None, BlockKind::TableRow) => "row".to_owned(),
            (None, BlockKind::Signature) => "sign".to_owned(),
            (None, BlockKind::Attachment) => "attach".to_owned(),
            (None, BlockKind::Responsibility) => "offices".to_owned(),
            (None, kind) => serialized(serde_json::to_value(kind).unwrap()),
        }
    }

    #[test]
    fn lines_are_known_for_what_they_are() {
        let cases = include_str!("cases.txt");
        let cases: Vec<&str> = cases.lines().filter(|l| !l.starts_with('#')).collect();
        for case in cases.split(|line| line.starts_with("=====")) {
            let (kinds, lines): (Vec<&str>, Vec<&str>) =
                case.iter().map(|l| l.split_once('|').unwrap()).unzip();
            let text = lines.join("\n\n");
            let (document, _) = read(&text, Format::Text, &Limits::default()).unwrap();
            let found: Vec<String> =
                document.blocks.iter().map(|b| format!("{}|{}", name(b), b.span.of(&text))).collect();
            let mut want: Vec<String> = Vec::new();
            for (kind, line) in kinds.iter().zip(&lines) {
                match (want.last_mut(), *kind) {
                    (Some(above), "+") => above.push_str(&format!("\n\n{}", line.trim())),
                    _ => want.push(format!("{kind}|{}", line.trim())),
                }
            }
            assert_eq!(found, want);
        }
    }

    #[test]
    fn broken_lines_are_joined() {
        for (text, want) in [
            ("咨询电话:0475-\n1234567\n监督电话:12345", 2),
            ("定于2024年6月\n12日停水", 1),
            ("印发《供水管网\n改造方案》", 1),
            ("供水范围包括东街、\n西街。", 1),
            ("本办法适用于村民委员会\n（以下简称村委会）。", 1),
            ("供水范围包括东街、\n\n西街。", 2),
            ("需带身份证,户口簿,\n1.原件\n2.复印件", 3),
            ("联系人:张三\n2024年3月1日", 2),
            (
                "  因供水管道改造施工,我公司定于明天上午对以下区域停\n水,请广大用户提前做好储水准备,给您带来不便,敬请谅\n解。\n  特此通知。",
                2,
            ),
        ] {
            let (document, _) = read(text, Format::Text, &Limits::default()).unwrap();
            assert_eq!(document.blocks.len(), want, "{text} {:?}", document.blocks);
        }
    }

    #[test]
    fn several_notices_of_a_page_are_counted() {
        let text = "青山县人民政府令\n第12号\n\n第一条 节约用水。\n2024-03-05\n东山镇人民政府:现批复如下。\n2024-03-04西山镇人民政府:同意。\n2024-03-01";
        let (document, _) = read(text, Format::Text, &Limits::default()).unwrap();
        let last = document.blocks.last().unwrap();
        assert_eq!((last.part, last.skip), (2, Some(Skip::PageDate)));
    }

    #[test]
    fn html_is_read_where_the_notice_stands() {
        let html = "<!doctype html><html><head><title>网站</title><style>p{}</style></head><body>\
            <nav><a href=a>首页</a></nav><h1>停水<br>通知</h1><div id=zoom>\
            <p>各位居民：</p><p>明天\n停水&mdash;&mdash;请<b>储水</b>。<span style='display: none'>藏</span></p>\
            <ul><li>东区<li>西区</ul><table><tr><th>楼号<th>时间<tr><td>1号楼<td>8:30</table>\
            <p data-langdu-skip>网页按钮</p><ruby>朗<rt>lang</rt></ruby></div><footer>版权</footer>";
        let (document, _) = read(html, Format::Html, &Limits::default()).unwrap();
        let found: Vec<String> =
            document.blocks.iter().map(|b| format!("{}|{}", name(b), b.span.of(&document.text))).collect();
        let want = [
            "title|停水通知",
            "salutation|各位居民：",
            "para|明天停水——请储水。",
            "item|东区",
            "item|西区",
            "row|楼号\t时间",
            "row|1号楼\t8:30",
            "marked|网页按钮",
            "para|朗",
        ];
        assert_eq!(found, want);
        let dash = document.text.find("——").unwrap();
        let source = document.source_span(Span::new(dash, dash + "——请储".len()));
        assert_eq!(source.of(html), "&mdash;&mdash;请<b>储");
    }

    #[test]
    fn what_stands_around_the_text_is_read() {
        let html = "<html><head><title>关于水价的公告_青山县人民政府</title></head><body>\
            <div class=logo-title>青山县人民政府</div><h3>通知公告</h3>\
            <div class=bar>当前位置:<a href=a>首页</a></div><div class=tit><h2>关于水价的<br>公告</h2></div>\
            <div id=zoom class=trs_editor><p>自2024年3月1日起,居民用水价格调整为每立方米3.15元。</div>\
            <div class=trs_editor><table><tr><td>东街<td>0475-1234567<tr><td>西街<td>0475-1234568</table>\
            <ul><li><a href=tel:1>01</a><li><a href=tel:2>02</a><li><a href=tel:3>03</a>\
            <li><a href=1.doc>04</a></ul></div><p>附件:<a href=x.pdf>水价表.pdf</a></p>\
            <p>下一篇:<a href=b>停电</a></p></body></html>";
        let (document, _) = read(html, Format::Html, &Limits::default()).unwrap();
        let found: Vec<String> =
            document.blocks.iter().map(|b| format!("{}|{}", name(b), b.span.of(&document.text))).collect();
        let want = [
            "title|关于水价的公告",
            "para|自2024年3月1日起,居民用水价格调整为每立方米3.15元。",
            "row|东街\t0475-1234567",
            "row|西街\t0475-1234568",
            "item|01",
            "item|02",
            "item|03",
            "item|04",
            "attach|附件:水价表.pdf",
        ];
        assert_eq!(found, want);
        let html = "<html><body><h1>关于医保的通告</h1><i>青医保发〔2024〕5号</i><div id=zoom>\
            <p>包括高血压等<sup>1</sup>12种病种,面积300m<sup>2</sup>。</p>\
            <p class=position>办理地点:县政务大厅二楼</p><p class=footer>特此通告。</p></div></body></html>";
        let (document, _) = read(html, Format::Html, &Limits::default()).unwrap();
        let found: Vec<String> =
            document.blocks.iter().map(|b| format!("{}|{}", name(b), b.span.of(&document.text))).collect();
        let want = [
            "title|关于医保的通告",
            "number|青医保发〔2024〕5号",
            "para|包括高血压等1 12种病种,面积300m2。",
            "para|办理地点:县政务大厅二楼",
            "para|特此通告。",
        ];
        assert_eq!(found, want);
        let signed = "<main><article><h1>禁火令</h1><p>严禁用火。</p><footer><p>县长:张三</p></footer></article>\
            <footer>版权</footer></main>";
        let (document, _) = read(signed, Format::Html, &Limits::default()).unwrap();
        let skips: Vec<_> = document.blocks.iter().map(|b| b.skip).collect();
        assert_eq!(skips, [None, None, None, Some(Skip::Footer)]);
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        for (html, want) in [
            ("纯文本\n第二行 3 < 4", "纯文本\n第二行 3 < 4\n"),
            ("<p>甲<div>乙</p>丙", "甲\n乙丙\n"),
            ("<b>甲<i>乙</b>丙</i></p><td>丁", "甲乙丙\n丁\n"),
            ("甲<!-- 不读", "甲\n"),
            ("甲<script>不读", "甲\n"),
        ] {
            let (document, _) = read(html, Format::Html, &Limits::default()).unwrap();
            assert_eq!(document.text, want, "{html}");
        }
        for empty in ["", " \n", "<p> </p>", "<script>x</script>"] {
            assert_eq!(read(empty, Format::Html, &Limits::default()).unwrap_err(), NoticeError::Empty);
        }
        let deep = "<div>".repeat(100_000) + "底";
        assert_eq!(read(&deep, Format::Html, &Limits { max_chars: 1_000_000 }).unwrap().0.text, "底\n");
        let error = read("一二三", Format::Text, &Limits { max_chars: 2 }).unwrap_err();
        assert_eq!(error, NoticeError::TooLong { chars: 3, limit: 2 });
    }
}
