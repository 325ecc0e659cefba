//! What the operator and the sender want to be said is what is heard, with every span in its place.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{sync::Arc, time::Instant};

use langdu::{
    lexicon::{Authority, Entry, Lexicon, put},
    note::{Note, NoteCode},
    notice::{self, Document, Format, Limits},
    plan::{self, Plan, Settings},
    reading::{Source, Voiced},
    spoken::Class,
};
use proptest::prelude::*;

fn site() -> Arc<Lexicon> {
    Arc::new(Lexicon::parse(include_str!("lexicon/site.lexicon")).unwrap())
}

fn planned(source: &str, format: Format, lexicon: Arc<Lexicon>) -> Option<(Document, Plan, Vec<Note>)> {
    let (document, mut notes) = notice::read(source, format, &Limits { max_chars: usize::MAX }).ok()?;
    let (plan, found) = plan::plan(&document, &Settings { lexicon, ..Settings::default() });
    notes.extend(found);
    Some((document, plan, notes))
}

fn sounds(plan: &Plan) -> Vec<String> {
    let sounds = plan.utterances.iter().flat_map(|utterance| &utterance.reading.sounds);
    let shown = |voiced| match voiced {
        Voiced::Syllable(syllable) => format!("{}{}", syllable.pinyin, syllable.surface),
        Voiced::Letter(letter) => letter.to_string(),
        Voiced::Pause(mark) => mark.as_char().to_string(),
    };
    sounds.map(|sound| shown(sound.voiced)).collect()
}

#[test]
fn the_lexicon_is_heard() {
    for case in include_str!("lexicon/heard.txt").lines().filter(|line| !line.starts_with('#')) {
        let (text, wanted) = case.split_once(" => ").unwrap();
        let (_, plan, _) = planned(text, Format::Text, site()).unwrap();
        let heard = sounds(&plan).join(" ");
        assert!(wanted.split(" | ").any(|wanted| wanted == heard), "{case}\nheard {heard}");
    }
}

#[test]
fn every_syllable_of_an_entry_has_its_own_character() {
    let text = "在一点红住，RCEP。";
    let (document, plan, _) = planned(text, Format::Text, site()).unwrap();
    let sounds = plan.utterances.iter().flat_map(|utterance| &utterance.reading.sounds);
    let given: Vec<_> = sounds
        .filter(|sound| sound.source == Source::Lexicon)
        .map(|sound| sound.span.of(&document.text))
        .collect();
    assert_eq!(given, ["一", "点", "红"]);
    let token = |class| {
        let tokens = plan.sentences[0].spoken.tokens.iter().filter(move |token| token.class == class);
        tokens.map(|token| token.span.of(text)).collect::<Vec<_>>()
    };
    assert_eq!(token(Class::Lexicon), ["一点红", "RCEP"]);
    let erhua = "花儿开";
    let (document, plan, _) = planned(erhua, Format::Text, site()).unwrap();
    let first = plan.utterances[0].reading.sounds[0];
    assert_eq!(first.span.of(&document.text), "花儿");
}

#[test]
fn the_sender_wins_over_the_site() {
    let ssml = "<speak>六安，<phoneme alphabet='pinyin' ph='liu4 an1'>六安</phoneme>，\
                <sub alias='第二'>临河</sub></speak>";
    let (document, plan, notes) = planned(ssml, Format::Ssml, site()).unwrap();
    assert_eq!(notes, []);
    assert_eq!(sounds(&plan).join(" "), "lu4 an1 ， liu4 an1 ， di4 er4");
    let tokens = &plan.sentences[0].spoken.tokens;
    let asked: Vec<_> = tokens.iter().filter_map(|token| Some(token.asked.as_ref()?.by)).collect();
    assert_eq!(asked, [Authority::Lexicon, Authority::Sender, Authority::Sender]);
    let last = tokens.last().unwrap().span;
    assert_eq!(document.source_span(last).of(ssml), "临河");
}

#[test]
fn heads_of_a_table_are_said_as_the_site_wants_it() {
    let html = "<table><tr><th>地名<th>RCEP<tr><td>临河<td>12<tr><td>六安<td>20</table>";
    let (document, plan, _) = planned(html, Format::Html, site()).unwrap();
    let row = plan.sentences.last().unwrap();
    assert!(row.spoken.text().contains("区域全面经济伙伴关系协定"), "{}", row.spoken.text());
    assert_eq!(plan.sentences[1].sentence.span.of(&document.text), "临河\t12");
    assert!(sounds(&plan).join(" ").contains("lin2 he2"));
    check(&document, &plan, html);
}

#[test]
fn a_silence_is_as_long_as_it_was_asked_for() {
    let pauses = |ssml: &str| {
        let (document, plan, _) = planned(ssml, Format::Ssml, site()).unwrap();
        let shown = |u: &plan::Utterance| format!("{} {}", u.span.of(&document.text), u.pause.as_millis());
        plan.utterances.iter().map(shown).collect::<Vec<_>>()
    };
    assert_eq!(pauses("<speak>停水<break time='3s'/>通知。</speak>"), ["停水 3000", "通知。 750"]);
    assert_eq!(pauses("<speak><p>停水<break time='3s'/>，通知。</p></speak>"), ["停水， 3000", "通知。 750"]);
    assert_eq!(pauses("<speak>停水。<break time='10ms'/>通知。</speak>"), ["停水。 10", "通知。 750"]);
    assert_eq!(
        pauses(
            "<speak><p>停水。</p><break time='2s'/><break time='2s'/><p>通知。</p><break time='1s'/></speak>"
        ),
        ["停水。 4000", "通知。 1000"]
    );
    assert_eq!(pauses("<speak><break time='2s'/>5<break time='1s'/>月3日</speak>"), ["5月3日 1000"]);
}

#[test]
fn ssml_skips_nothing() {
    let ssml = "<speak><p>首页 &gt; 公告</p><p>发布日期：2024-05-03</p><p>停水。</p></speak>";
    let (_, plan, _) = planned(ssml, Format::Ssml, site()).unwrap();
    assert!(
        plan.sentences
            .iter()
            .all(|planned| planned.sentence.skip.is_none() && !planned.utterances.is_empty())
    );
}

#[test]
fn an_expression_over_the_end_of_a_sentence_is_read_by_the_rules() {
    let ssml = "<speak><sub alias='词'>停水。通知。</sub></speak>";
    let (_, plan, notes) = planned(ssml, Format::Ssml, site()).unwrap();
    assert_eq!(sounds(&plan).join(" "), "ting2 shui3 。 tong1 zhi1 。");
    assert!(notes.iter().all(|note| note.code == NoteCode::NotAsAsked) && !notes.is_empty());
}

#[test]
fn what_a_hostile_sender_writes_costs_no_more_than_its_length() {
    let many = |piece: &str| format!("<speak>{}</speak>", piece.repeat(60_000 / piece.len()));
    for ssml in [
        many("<break/>"),
        many("水<break/>"),
        many("1<break time='1s'/>"),
        many("<sub alias='甲'>5</sub>k"),
        many("<sub alias='8号'></sub>"),
        many("<say-as interpret-as='telephone'>x</say-as>"),
        many("<phoneme alphabet='pinyin' ph='yi1'/>"),
        many("<x/>"),
        many("&#49;"),
        format!("<speak><sub alias='甲'>{}</sub></speak>", "水。1".repeat(10_000)),
        format!("<speak><say-as interpret-as='digits'>{}</say-as></speak>", "1".repeat(50_000)),
        format!("<speak><say-as interpret-as='cardinal'>{}</say-as></speak>", "1".repeat(50_000)),
        format!("<speak><phoneme alphabet='pinyin' ph='{}'>水</phoneme></speak>", "shui3 ".repeat(8_000)),
        format!("<speak a='{}'>水</speak>", "&amp;".repeat(10_000)),
    ] {
        let started = Instant::now();
        let plan = planned(&ssml, Format::Ssml, site());
        let took = started.elapsed();
        println!("{ssml:.50} {} in {took:?}", plan.map_or(0, |(_, plan, _)| plan.utterances.len()));
        assert!(took.as_secs() < 20, "{ssml:.50} took {took:?}");
    }
}

fn check(document: &Document, plan: &Plan, source: &str) {
    for planned in &plan.sentences {
        let sentence = planned.sentence.span;
        let mut at = sentence.start;
        for token in &planned.spoken.tokens {
            assert_eq!(token.span.start, at, "tokens touch");
            at = token.span.end;
        }
        assert!(planned.sentence.skip.is_some() || at == sentence.end, "tokens cover the sentence");
        for utterance in &plan.utterances[planned.utterances.clone()] {
            for sound in &utterance.reading.sounds {
                assert!(sentence.contains(sound.span) && utterance.span.contains(sound.span));
                assert!(document.text.get(sound.span.start..sound.span.end).is_some());
            }
        }
        let span = document.source_span(sentence);
        assert!(source.get(span.start..span.end).is_some(), "a span is a range of what was submitted");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_lexicon_and_any_text_keep_their_spans(
        entries in proptest::collection::vec(("[一二停水点儿A-D0-9·年月%]{1,3}", "(词|，甲|A|yi1 dianr3|er2|hao3 hao3)"), 0..10),
        text in "([一二停水点儿]{1,4}|[0-9]{1,4}|[A-D]{1,2}|[年月日%·，。 ]|\\PC){0,30}",
    ) {
        let mut file = String::new();
        for (written, said) in entries {
            if let Ok(entry) = Entry::new(&written, &said, "") {
                file = put(&file, &entry);
            }
        }
        let lexicon = Arc::new(Lexicon::parse(&file).unwrap());
        if let Some((document, plan, _)) = planned(&text, Format::Text, lexicon) {
            check(&document, &plan, &text);
        }
    }

    #[test]
    fn any_ssml_keeps_its_spans(pieces in proptest::collection::vec(prop_oneof![
        4 => "[一二停水点儿，。0-9年月日 \n]{1,6}",
        1 => Just("<p>".to_owned()), 1 => Just("</p>".to_owned()),
        1 => Just("<s>甲</s>".to_owned()),
        1 => Just("<break time='1s'/>".to_owned()),
        1 => Just("&amp;&#x6c34;".to_owned()),
        1 => "<sub alias='[甲3]{0,2}'>", 2 => Just("</sub>".to_owned()),
        1 => Just("<phoneme alphabet='pinyin' ph='yi1 dianr3'>".to_owned()), 2 => Just("</phoneme>".to_owned()),
        1 => Just("<say-as interpret-as='digits'>12</say-as>".to_owned()),
        1 => "[<>&/]?\\PC",
    ], 0..20)) {
        let ssml = format!("<speak>{}</speak>", pieces.concat());
        if let Some((document, plan, _)) = planned(&ssml, Format::Ssml, site()) {
            check(&document, &plan, &ssml);
        }
        // The same, made well-formed by leaving out what opens and closes.
        let flat: String = pieces.iter().filter(|piece| !piece.starts_with(['<', '&']) || piece.ends_with("/>"))
            .map(|piece| piece.replace(['<', '>', '&'], "")).collect();
        let ssml = format!("<speak><sub alias='甲'>{flat}</sub>{}</speak>", flat.replace("break", ""));
        if let Some((document, plan, _)) = planned(&ssml, Format::Ssml, site()) {
            check(&document, &plan, &ssml);
        }
    }
}
