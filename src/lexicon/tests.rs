#![allow(clippy::unwrap_used)]

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn site() -> Lexicon {
    Lexicon::parse(include_str!("cases/site.lexicon")).unwrap()
}

fn cases(file: &str) -> impl Iterator<Item = (&str, &str)> {
    file.lines()
        .filter(|line| !line.starts_with("# ") && !line.is_empty())
        .map(|line| line.split_once(" => ").unwrap())
}

#[test]
fn entries_are_found_where_they_stand_alone() {
    let lexicon = site();
    for (text, want) in cases(include_str!("cases/found.txt")) {
        let (mut shown, mut at) = (String::new(), 0);
        for found in lexicon.find(text) {
            let entry = lexicon.entry(found.span.of(text)).unwrap();
            assert_eq!(entry.saying, found.saying);
            write!(shown, "{}[{}|{}]", &text[at..found.span.start], found.span.of(text), entry.said())
                .unwrap();
            at = found.span.end;
        }
        assert_eq!(shown + &text[at..], want);
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (line, want) in cases(include_str!("cases/wrong.txt")) {
        let errors = Lexicon::parse(&format!("# site\n\n{line}\r\n")).unwrap_err();
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].line, 3);
        assert_eq!(format!("{} {}", errors[0].column, errors[0].wrong), want, "{line}");
    }
    let errors = Lexicon::parse("\u{feff}甲\t乙\n水\n１\t一\n1\t二").unwrap_err();
    let shown: Vec<String> = errors.iter().map(EntryError::to_string).collect();
    assert_eq!(
        shown,
        [
            "line 2, column 1: a tab must part what is written from what is said",
            "line 4, column 1: this expression has an entry already, in line 3",
        ]
    );
    assert_eq!(Lexicon::parse(&"水\n".repeat(100)).unwrap_err().len(), 20);
}

#[test]
fn a_digest_names_what_is_said() {
    let digest = |text: &str| Lexicon::parse(text).unwrap().digest();
    let one = digest("临河\tlin2 he2\nGDP\t总值\n");
    assert_eq!(
        one,
        digest("# 说明\nGDP\t总值\tremark\n临河\tlín hé"),
        "order, style and remarks are not heard"
    );
    assert_ne!(one, digest("临河\tlin2 he4\nGDP\t总值\n"));
    assert_ne!(one, digest("临河\tlin2 he2\n"));
    assert_eq!(Lexicon::default().find("临河"), []);
}

#[test]
fn one_entry_is_edited_and_the_rest_stays() {
    let file = "# 地名\n临河\tlin2 he2\n\n# 缩写\nGDP\t总值\told\r\n";
    let entry = Entry::new("ＧＤＰ", "国内\t生产总值", "new\nremark").unwrap();
    assert_eq!(put(file, &entry), "# 地名\n临河\tlin2 he2\n\n# 缩写\nＧＤＰ\t国内生产总值\tnew remark\n");
    let entry = Entry::new("B超", "bì chāo", "").unwrap();
    assert_eq!(put("临河\tlin2 he2", &entry), "临河\tlin2 he2\nB超\tbi4 chao1\n");
    assert_eq!(remove(file, "临河").unwrap(), "# 地名\n\n# 缩写\nGDP\t总值\told\n");
    assert_eq!(remove(file, "# 地名"), None);
    assert_eq!(remove(file, "水"), None);
}

#[test]
fn a_long_text_full_of_entries_is_searched_in_one_go() {
    let nested: String = (1..=60).map(|n| format!("{}\t水\n", "水".repeat(n))).collect();
    let lexicon = Lexicon::parse(&nested).unwrap();
    let found = lexicon.find(&"水".repeat(6_000));
    assert_eq!(found.len(), 100);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_read_or_told_what_is_wrong(text in "(\\PC{0,6}[\t ]?[\\PCa-z1-5 āü]{0,9}[\n\r]?){0,8}") {
        if let Ok(lexicon) = Lexicon::parse(&text) {
            // What is written out is read back the same.
            let again: String = lexicon.entries().iter().fold(String::new(), |file, entry| put(&file, entry));
            prop_assert_eq!(Lexicon::parse(&again).unwrap(), lexicon);
        }
    }

    #[test]
    fn what_is_found_is_in_order_and_apart(
        written in proptest::collection::vec("[水电气0-9A-C·.１Ａ]{1,3}", 0..12),
        text in "[水电气0-9A-C·.１Ａ]{0,60}",
    ) {
        let mut file = String::new();
        for written in written {
            if let Ok(entry) = Entry::new(&written, "词", "") {
                file = put(&file, &entry);
            }
        }
        let lexicon = Lexicon::parse(&file).unwrap();
        let mut end = 0;
        for found in lexicon.find(&text) {
            prop_assert!(found.span.start >= end && !found.span.is_empty());
            prop_assert!(lexicon.entry(found.span.of(&text)).is_some());
            end = found.span.end;
        }
    }
}
