//! Blocks and sentences of whole notices, and of text nobody would call a notice: nothing is lost, nothing
//! panics, the same text gives the same answer.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{env, fs, path::PathBuf};

use langdu::{
    notice::{self, BlockKind, Document, Format, Limits, NoticeError},
    segment::{self, BREATH, Sentence},
    span::Span,
};
use proptest::prelude::*;

const LIMITS: Limits = Limits { max_chars: 5_000_000 };

fn take(text: &str, format: Format) -> Option<(Document, Vec<Sentence>)> {
    match notice::read(text, format, &LIMITS) {
        Ok((document, _)) => {
            let sentences = segment::sentences(&document).0;
            Some((document, sentences))
        }
        Err(NoticeError::Empty) => None,
        Err(error) => panic!("{error}"),
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn joined(text: &str, spans: impl Iterator<Item = Span>) -> String {
    let mut out = String::new();
    let mut end = 0;
    for span in spans {
        assert!(span.start >= end && span.end <= text.len() && !span.is_empty(), "{span:?} after {end}");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
        end = span.end;
        out.push_str(span.of(text));
    }
    bare(&out)
}

fn nothing_is_lost(document: &Document, sentences: &[Sentence]) {
    let text = &document.text;
    assert_eq!(joined(text, document.blocks.iter().map(|b| b.span)), bare(text));
    assert_eq!(joined(text, sentences.iter().map(|s| s.span)), bare(text));
    for sentence in sentences {
        let shown = sentence.span.of(text);
        assert_eq!(shown.trim(), shown);
        let block = &document.blocks[sentence.block];
        assert!(block.span.contains(sentence.span));
        assert_eq!(sentence.level > 0, sentence.kind == BlockKind::Heading);
        assert!(block.skip.is_none() || sentence.skip == block.skip);
    }
    assert!(document.blocks.windows(2).all(|w| w[0].part <= w[1].part && w[1].part <= w[0].part + 1));
}

fn shared() -> Option<PathBuf> {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = env::var_os("LANGDU_SHARED").map_or(default, PathBuf::from).join("notices");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(env::var("LANGDU_DEMAND_SHARED").as_deref() != Ok("1"), "no notices in {}", folder.display());
    println!("skipped: no notices in {}", folder.display());
    None
}

#[test]
fn whole_files_lose_nothing() {
    let Some(folder) = shared() else { return };
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let mut parts = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let (document, sentences) = take(&text, Format::Text).unwrap();
        assert_eq!(document.text, text);
        nothing_is_lost(&document, &sentences);
        parts.push(document.blocks.last().unwrap().part + 1);

        let lengths: Vec<usize> = sentences
            .iter()
            .filter(|s| s.skip.is_none())
            .map(|s| bare(s.span.of(&text)).chars().count())
            .collect();
        let (longest, long) =
            (lengths.iter().max().unwrap(), lengths.iter().filter(|n| **n > BREATH).count());
        println!("{}: {} sentences, longest {longest}, {long} over {BREATH}", parts.len() - 1, lengths.len());
        assert!(*longest <= 90 && long * 100 <= lengths.len(), "{longest}, {long} of {}", lengths.len());

        let skipped: usize = sentences
            .iter()
            .filter(|s| s.skip.is_some())
            .map(|s| bare(s.span.of(&text)).chars().count())
            .sum();
        assert!(
            skipped * 100 <= text.chars().count() * 2,
            "{skipped} characters of {} are skipped",
            text.chars().count()
        );
    }
    // Thirty-eight documents, and the chronicle of the second file as one of its own.
    assert_eq!(parts, [7, 8, 16, 7, 1]);
}

fn notice_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("一、总体要求"),
        Just("(一)"),
        Just("1."),
        Just("2.2024年"),
        Just("第一条 "),
        Just("附件:"),
        Just("2024年3月1日"),
        Just("2024-03-01"),
        Just("(此件公开发布)"),
        Just("各乡镇人民政府:"),
        Just("《方案》"),
        Just("“"),
        Just("”"),
        Just("("),
        Just(")"),
        Just("《"),
        Just("。"),
        Just(","),
        Just("、"),
        Just(";"),
        Just(":"),
        Just("\n"),
        Just("\t"),
        Just(" "),
        Just("\u{a0}"),
        Just("\u{2002}"),
        Just("语音朗读"),
        Just("取消朗读"),
        Just("坚持以"),
        Just("关于供水的通知"),
        Just("青政发〔2024〕1号"),
        Just("(%)98约束性"),
        Just("3.5"),
        Just("字字字字字字"),
        Just("👩‍👩‍👧"),
        Just("e\u{301}"),
    ];
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<p>"),
        Just("</p>"),
        Just("<div class=nav>"),
        Just("</div>"),
        Just("<td>"),
        Just("<tr>"),
        Just("<table>"),
        Just("</table>"),
        Just("<li>"),
        Just("<ol start=7>"),
        Just("<ol reversed>"),
        Just("</ol>"),
        Just("<img alt=示意图>"),
        Just("<input type=checkbox checked>"),
        Just("<th colspan=2 rowspan=3>"),
        Just("<ul>"),
        Just("</ul>"),
        Just("<h1>"),
        Just("</h1>"),
        Just("<h3>"),
        Just("<br>"),
        Just("<script>"),
        Just("</script>"),
        Just("<a href='x'>"),
        Just("</a>"),
        Just("<main>"),
        Just("<html>"),
        Just("<pre>"),
        Just("<span hidden>"),
        Just("</span>"),
        Just("<!--"),
        Just("-->"),
        Just("<"),
        Just("&"),
        Just("&amp;"),
        Just("&#20013;"),
        Just("&notit;"),
        Just("&nbsp;"),
        Just("\r\n"),
        Just("\n"),
        Just(" "),
        Just("字"),
        Just("通知。"),
        Just("a"),
        Just("\0"),
        Just("<div data-langdu-skip>"),
        Just("<textarea>"),
        Just("<title>"),
        Just("😀"),
        Just("'\"="),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_kept(text in prop_oneof![notice_like(), any::<String>(), "\\PC{0,60}"]) {
        if let Some((document, sentences)) = take(&text, Format::Text) {
            prop_assert_eq!(&document.text, &text);
            nothing_is_lost(&document, &sentences);
            let again = take(&text, Format::Text).unwrap();
            prop_assert_eq!(again.0.blocks, document.blocks);
            prop_assert_eq!(again.1, sentences);
        }
    }

    #[test]
    fn any_markup_is_survived(html in prop_oneof![soup(), any::<String>(), notice_like()]) {
        if let Some((document, sentences)) = take(&html, Format::Html) {
            nothing_is_lost(&document, &sentences);
            let mut end = 0;
            for (at, c) in document.text.char_indices() {
                let source = document.source_span(Span::new(at, at + c.len_utf8()));
                prop_assert!(source.end <= html.len() && html.get(source.start..source.end).is_some());
                if source.is_empty() {
                    // The number of a list item is drawn by the browser.
                    prop_assert!(c.is_whitespace() || c.is_ascii_alphanumeric() || c == '.', "{c:?} comes from nowhere");
                    continue;
                }
                prop_assert!(source.start >= end || html[source.start..].starts_with('&'), "out of order");
                end = source.start;
                let raw = source.of(&html);
                prop_assert!(raw.starts_with(['&', '<']) || raw == c.to_string() || c.is_whitespace(), "{c:?} from {raw:?}");
            }
        }
    }
}

/// What a hostile sender might think of: a megabyte of one thing.
fn monotonous(chars: usize) -> Vec<(&'static str, String)> {
    let of = |unit: &str| unit.repeat(chars / unit.chars().count());
    vec![
        ("one line of sentences", of("各乡镇要压实责任,加强巡查,确保安全。")),
        ("one line without a stop", of("各乡镇要压实责任,加强巡查,")),
        ("no mark at all", of("供水")),
        ("headings", of("一、总体要求坚持以人民为中心")),
        ("numbered", of("(一)加强领导1.落实责任")),
        ("round brackets", of("(")),
        ("closed brackets", of("(甲)")),
        ("nested titles", of("《")),
        ("nested titles, closed", of("《") + &of("》")),
        ("quotes", of("“甲")),
        ("digits", of("1")),
        ("commas", of(",")),
        ("colons", of("电话:")),
        ("spaces", " ".repeat(chars - 1) + "字"),
        ("tabs", of("字\t")),
        ("short lines", of("字\n")),
        ("rows", of("甲\t乙\t12\n")),
        ("wide rows", of("甲\t") + "\n" + &of("1\t")),
        ("dates", of("2024年3月1日")),
        ("attachments", of("附件:1.名单")),
        ("a wide attachment", "见下。附件:1.名单".to_owned() + &of(" ") + "字"),
        ("offices", of("(责任单位:县水利局)")),
        ("titles", of("关于停水的通知")),
        ("named titles", of("《青山县供水管网方案》青山县供水")),
        ("units", of("(%)98约束性")),
    ]
}

fn tagged(chars: usize) -> Vec<(&'static str, String)> {
    let of = |unit: &str| unit.repeat(chars / unit.chars().count());
    vec![
        ("angle brackets", of("<")),
        ("open divisions", of("<div>") + "字"),
        ("open tables", of("<table><tr><td>") + "字"),
        ("open lists", of("<ol reversed><li>") + "字"),
        ("cells", "<table><tr>".to_owned() + &of("<td>字")),
        ("rows of cells", "<table>".to_owned() + &of("<tr><td>甲<td>12")),
        ("wide cells", "<table>".to_owned() + &of("<tr><td colspan=999 rowspan=999>甲<td>乙")),
        ("end tags", "字".to_owned() + &of("</p>")),
        ("references", of("&amp;")),
        ("ampersands", of("&")),
        ("pictures", of("<img alt=示意图>")),
    ]
}

/// Four times the input may take four times the time, not more; the margin is for a busy machine.
fn assert_linear(format: Format, inputs: fn(usize) -> Vec<(&'static str, String)>, chars: usize) {
    let time = |text: &str| {
        let once = || {
            let start = std::time::Instant::now();
            take(text, format);
            start.elapsed().as_secs_f64()
        };
        once().min(once())
    };
    for ((name, small), (_, large)) in inputs(chars).into_iter().zip(inputs(chars * 4)) {
        let (mut short, mut long) = (time(&small), time(&large));
        println!("{name}: {short:.3} s, four times as much {long:.3} s");
        // A machine that was busy elsewhere for a moment says nothing about the input.
        for _ in 0..3 {
            if long >= short * 4.0 * 2.2 + 0.1 {
                (short, long) = (short.min(time(&small)), long.min(time(&large)));
            }
        }
        assert!(long < short * 4.0 * 2.2 + 0.1, "{name}: {short:.3} s, four times as much takes {long:.3} s");
    }
}

#[test]
fn cost_grows_with_the_text_and_no_faster() {
    assert_linear(Format::Text, monotonous, 10_000);
    assert_linear(Format::Html, tagged, 10_000);
}
