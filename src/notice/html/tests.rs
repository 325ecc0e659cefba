//! Pages and the blocks that a listener hears: `cases.txt`.

use crate::notice::{BlockKind, Format, Limits, read};

fn name(kind: BlockKind, level: u8) -> String {
    match kind {
        BlockKind::Heading => format!("h{level}"),
        kind => format!("{kind:?}").to_lowercase(),
    }
}

#[test]
fn pages_are_heard_as_a_screen_reader_would() {
    let mut wrong = Vec::new();
    for case in include_str!("cases.txt").split("=====\n").filter(|c| !c.trim().is_empty()) {
        let lines = || case.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
        let (want, html): (Vec<&str>, Vec<&str>) = lines().partition(|l| l.starts_with("=> "));
        let html = html.join("\n");
        let Ok((document, _)) = read(&html, Format::Html, &Limits::default()) else { continue };
        let mut have = Vec::new();
        for block in &document.blocks {
            let kind = block.skip.map_or_else(|| name(block.kind, block.level), |s| format!("{s:?}"));
            have.push(format!(
                "=> {kind}|{}",
                block.span.of(&document.text).replace('\t', " | ").replace('\u{a0}', " ")
            ));
            let source = document.source_span(block.span);
            assert!(!source.is_empty() && html.get(source.start..source.end).is_some());
        }
        if have != want {
            wrong.push(format!("want\n{}\nhave\n{}", want.join("\n"), have.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
