//! Hostile input through the whole front end: no panic, nothing lost, no long wait, memory in proportion.
//!
//! 1. Seeds are the project's own cases and pages, and pieces that notices and attacks are made of.
//! 2. An input is a seed after a few random changes; what any input must keep to is checked on each.
//! 3. `LANGDU_FUZZ` says how many inputs of each kind are tried, `LANGDU_FUZZ_SEED` where to begin; a failure
//!    prints its input and the seed that makes it again.
//!
//! The long run: `LANGDU_FUZZ=5000000 cargo test --release --test fuzz -- --nocapture`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use langdu::{
    docx::{self, Parts},
    lexicon::{Lexicon, pls},
    notice::Format,
    plan::Settings,
};
use peak_alloc::PeakAlloc;
use support::whole::{check, planned, planned_with};

/// Counts what is allocated, so that memory can be judged.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What a thousand characters may take; asked of the release build alone.
const PATIENCE: Duration = Duration::from_millis(50);

/// Inputs of each kind, if `LANGDU_FUZZ` does not say.
const FEW: u64 = 1500;

/// Inputs rarely grow beyond so many characters.
const LONG: usize = 1500;

/// Bytes of the inputs whose time and memory are measured.
const BULK: usize = if cfg!(debug_assertions) { 4 << 10 } else { 32 << 10 };

/// So often the time of an input is measured again before it is said to be too long.
const ROUNDS: usize = 6;

/// Bytes of memory that one byte of input may cost at most, once the dictionaries are loaded.
const BYTES_A_BYTE: usize = 900;

/// Pieces that notices are made of, and pieces that make trouble.
const PIECES: &[&str] = &[
    "2024年",
    "〔2024〕5号",
    "(一)",
    "1.",
    "①",
    "8:30—11:30",
    "10%",
    "0471-1234567",
    "12345",
    "3.5万元",
    "《",
    "》",
    "“",
    "”",
    "〈",
    "〉",
    "(",
    ")",
    "〔",
    "〕",
    "[",
    "]",
    "【",
    "】",
    "—",
    "——",
    "-",
    "~",
    "～",
    "/",
    "\\",
    "+",
    "×",
    "÷",
    "=",
    "≥",
    "<",
    ">",
    ":",
    ";",
    ",",
    ".",
    "。",
    "，",
    "、",
    "；",
    "：",
    "?",
    "!",
    "？",
    "！",
    "…",
    "·",
    "•",
    "□",
    "☑",
    "√",
    "*",
    "#",
    "@",
    "&",
    "%",
    "‰",
    "℃",
    "㎡",
    "m²",
    "μg/m³",
    "km/h",
    "GDP",
    "B2B",
    "PM2.5",
    "www.example.cn",
    "a@b.cn",
    "附件:",
    "各市人民政府:",
    "一、",
    "第一条",
    "一",
    "不",
    "儿",
    "了",
    "行",
    "重",
    "长",
    "得",
    "〇",
    "零",
    "两",
    "个",
    "元",
    "号",
    "日",
    "月",
    "\n",
    "\r\n",
    "\t",
    " ",
    "\u{a0}",
    "\u{2002}",
    "\u{3000}",
    "\u{200b}",
    "\u{feff}",
    "\u{e004}",
    "\u{fffd}",
    "\0",
    "\u{202e}",
    "\u{1f600}",
    "👨‍👩‍👧",
    "é",
    "ß",
    "Ω",
    "Ⅲ",
    "ⅹⅹ",
    "〖HTK〗",
    "½",
    "٣",
    "𠮷",
    "㊀",
    "가",
    "あ",
    "0",
    "1",
    "2",
    "9",
    "00",
    "000000",
    "１２",
    "ＡＢ",
    "（",
    "）",
    "￥",
    "$",
    "-5",
    "1,234.56",
    "1/2",
    "3:7",
];

/// Pieces of markup.
const MARKUP: &[&str] = &[
    "<p>",
    "</p>",
    "<br>",
    "<div>",
    "</div>",
    "<table>",
    "<tr>",
    "<td>",
    "<th>",
    "</table>",
    "<ol start=3>",
    "<ul>",
    "<li>",
    "<h1>",
    "</h1>",
    "<span hidden>",
    "</span>",
    "<b>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<![CDATA[",
    "]]>",
    "<?x",
    "&amp;",
    "&#x4e00;",
    "&#0;",
    "&#xffffffff;",
    "&nbsp;",
    "&",
    "<",
    ">",
    "\"",
    "'",
    "=",
    "<a href=",
    "<img alt=\"图\">",
    "<ruby>",
    "<rt>",
    "<template>",
    "<svg>",
    "<math>",
    "<title>",
    "<textarea>",
    "<select><option>",
    "<input type=checkbox checked>",
    "<main>",
    "<nav>",
    "<td colspan=999999999>",
    "<td rowspan=65535>",
    "aria-hidden=\"true\"",
    "style=\"display:none\"",
];

/// Elements of SSML.
const SSML: &[&str] = &[
    "<p>",
    "</p>",
    "<s>",
    "</s>",
    "<break time=\"300ms\"/>",
    "<break strength=\"strong\"/>",
    "<sub alias=\"区域协定\">RCEP</sub>",
    "<say-as interpret-as=\"digits\">2024</say-as>",
    "<say-as interpret-as=\"telephone\">0471-1234567</say-as>",
    "<say-as interpret-as=\"date\" format=\"ymd\">2024-05-01</say-as>",
    "<say-as interpret-as=\"characters\">B超</say-as>",
    "<say-as interpret-as=\"cardinal\">",
    "</say-as>",
    "<phoneme alphabet=\"pinyin\" ph=\"er4 lian2\">二连</phoneme>",
    "<emphasis>",
    "</emphasis>",
    "<!-- -->",
    "<![CDATA[<]]>",
    "&lt;",
    "&#x4e00;",
    "&lol;",
    "<metadata>",
    "</metadata>",
    "<x:y/>",
];

/// Elements of documents of word processors.
const WORD: &[&str] = &[
    "<w:p>",
    "</w:p>",
    "<w:p/>",
    "<w:r>",
    "</w:r>",
    "<w:t>",
    "</w:t>",
    "<w:r><w:t>停水</w:t></w:r>",
    "<w:tab/>",
    "<w:br/>",
    "<w:tbl>",
    "</w:tbl>",
    "<w:tr>",
    "</w:tr>",
    "<w:tc>",
    "</w:tc>",
    "<w:gridSpan w:val='65535'/>",
    "<w:gridSpan w:val='-1'/>",
    "<w:txbxContent>",
    "</w:txbxContent>",
    "<w:numPr><w:ilvl w:val='8'/><w:numId w:val='1'/></w:numPr>",
    "<w:ilvl w:val='99'/>",
    "<w:abstractNum w:abstractNumId='0'>",
    "</w:abstractNum>",
    "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>",
    "<w:lvl w:ilvl='8'><w:start w:val='4294967295'/><w:numFmt w:val='upperRoman'/><w:lvlText w:val='%9%0%%1'/></w:lvl>",
    "<w:outlineLvl w:val='8'/>",
    "<w:outlineLvl w:val='4294967296'/>",
    "<w:style w:styleId='1'><w:basedOn w:val='1'/></w:style>",
    "<w:pStyle w:val='1'/>",
    "<w:del>",
    "</w:del>",
    "<w:vanish/>",
];

/// Pieces of lexicons.
const ENTRIES: &[&str] = &[
    "\n二连\ter4 lian2\n",
    "\nRCEP\t区域协定\n",
    "\n12345\t幺二三四五\n",
    "\n行\tháng\n",
    "\nB超\tB超\n",
    "\n3·15\t三幺五\n",
    "\n的\tde5\n",
    "\n2\t两\n",
    "\t",
    "lv4",
    "nǚ",
    "zhuang4",
    "# ",
    "幺",
];

#[test]
fn any_text_is_read_whole() {
    fuzz("text", &seeds(), PIECES, |input| one_way(input, Format::Text));
}

#[test]
fn any_page_is_read_whole() {
    let pieces = [PIECES, MARKUP].concat();
    fuzz("html", &seeds(), &pieces, |input| one_way(input, Format::Html));
}

#[test]
fn any_ssml_is_read_whole_or_refused() {
    let tame = PIECES.iter().copied().filter(|piece| !piece.contains(['<', '&']));
    let pieces: Vec<&str> = tame.chain(SSML.iter().copied()).collect();
    let seeds: Vec<String> = seeds().into_iter().filter(|seed| !seed.contains(['<', '&'])).collect();
    fuzz("ssml", &seeds, &pieces, |input| one_way(&format!("<speak>{input}</speak>"), Format::Ssml));
}

/// The same XML is taken for the text, the styles and the numberings of a document.
#[test]
fn any_docx_is_turned_into_html_or_refused() {
    let cases = include_str!("../src/docx/cases.txt").lines().filter_map(|line| line.split_once(" => "));
    let seeds: Vec<String> = cases.map(|(written, _)| written.to_owned()).collect();
    fuzz("docx", &seeds, WORD, |input| {
        let document = &*format!("<w:document xmlns:w='w'><w:body>{input}</w:body></w:document>");
        for (styles, numbering) in [("", ""), (document, document)] {
            if let Ok(converted) = docx::html(Parts { document, styles, numbering }) {
                one_way(&converted.html, Format::Html);
            }
        }
    });
}

/// The upper half of an input is a lexicon, or its good lines are; the rest is read with it.
#[test]
fn any_lexicon_is_kept_to_or_refused() {
    let pieces = [PIECES, ENTRIES].concat();
    fuzz("lexicon", &seeds(), &pieces, |input| {
        let half = input.char_indices().nth(input.chars().count() / 2).map_or(0, |(at, _)| at);
        let (lines, text) = input.split_at(half);
        let lexicon = Lexicon::parse(lines).or_else(|wrong| {
            assert!(wrong.iter().all(|wrong| wrong.line > 0 && !wrong.to_string().is_empty()));
            let good = lines.split_inclusive('\n').filter(|line| Lexicon::parse(line).is_ok());
            Lexicon::parse(&good.collect::<String>())
        });
        let _ = pls::import(input);
        let Ok(lexicon) = lexicon else { return };
        for found in lexicon.find(text) {
            assert!(text.get(found.span.start..found.span.end).is_some_and(|written| !written.is_empty()));
        }
        let settings = Settings { lexicon: Arc::new(lexicon), ..Settings::default() };
        if let Some((document, plan, unreadable)) = planned_with(text, Format::Text, &settings) {
            check(&document, &plan, &unreadable);
        }
    });
}

#[test]
fn time_and_memory_grow_with_the_input_and_no_faster() {
    let _alone = alone();
    one_way("第一次把词典读进来。", Format::Text);
    let mut worst = 0;
    for format in [Format::Text, Format::Html] {
        for piece in PIECES.iter().chain(MARKUP) {
            let [small, large] = [BULK / 4, BULK].map(|bytes| piece.repeat(bytes / piece.len()));
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let long = took(&large, format);
            let bytes = MEMORY.peak_usage().saturating_sub(before);
            worst = worst.max(bytes / large.len());
            assert!(
                bytes < large.len() * BYTES_A_BYTE,
                "{piece:?}, {} bytes of it took {bytes} bytes",
                large.len()
            );
            // Four times as long takes four times as long; small times are noise. A machine that does other things
            // makes some runs longer and none shorter: the more of them, the nearer the shortest are to the truth.
            if long > Duration::from_millis(20) {
                let (mut short, mut long) = (Duration::MAX, long);
                let grows_as_it_should = (0..ROUNDS).any(|_| {
                    short = (0..3).map(|_| took(&small, format)).fold(short, Duration::min);
                    long = long.min(took(&large, format));
                    long < short * 9
                });
                assert!(
                    grows_as_it_should,
                    "{piece:?}, four times as much of it took {short:?} and then {long:?}"
                );
            }
        }
    }
    println!("# memory: at most {worst} bytes for a byte of input");
}

/// The time that planning `input` takes.
fn took(input: &str, format: Format) -> Duration {
    let began = Instant::now();
    one_way(input, format);
    began.elapsed()
}

/// Plans `input` and checks what must hold for any.
fn one_way(input: &str, format: Format) {
    let Some((document, plan, unreadable)) = planned(input, format) else { return };
    check(&document, &plan, &unreadable);
    for planned in &plan.sentences {
        let span = document.source_span(planned.sentence.span);
        assert!(input.get(span.start..span.end).is_some(), "a span is a range of what was submitted");
    }
}

/// Tries `run` on inputs grown from `seeds` and `pieces`, on every core.
fn fuzz(name: &str, seeds: &[String], pieces: &[&str], run: impl Fn(&str) + Sync) {
    let _alone = alone();
    let number = |name: &str| env::var(name).ok().map(|n| n.parse::<u64>().expect("a number"));
    let (many, first) = (number("LANGDU_FUZZ").unwrap_or(FEW), number("LANGDU_FUZZ_SEED").unwrap_or(0));
    run("第一次把词典读进来，往后才计时。");

    let (next, slowest) = (AtomicU64::new(first), Mutex::new((Duration::ZERO, 0)));
    let began = Instant::now();
    let quiet = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let failure = thread::scope(|scope| {
        let one = || loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= first + many {
                return None;
            }
            let input = grown(&mut Rng::with_seed(seed), seeds, pieces);
            match timed(&run, &input) {
                Ok(taken) => {
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = (*slowest).max((taken, seed));
                }
                Err(why) => return Some(format!("seed {seed}: {why}\n{input:?}")),
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(one)).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).next()
    });
    panic::set_hook(quiet);
    if let Some(failure) = failure {
        panic!("{name}, {failure}");
    }
    let (worst, seed) = *slowest.lock().unwrap();
    println!(
        "# {name}: {many} inputs in {:.0?}, the slowest {worst:.1?} for 1,000 characters (seed {seed})",
        began.elapsed()
    );
}

/// What `run` takes for a thousand characters of `input`, or why it failed.
fn timed(run: impl Fn(&str), input: &str) -> Result<Duration, String> {
    let once = || {
        let began = Instant::now();
        let done = panic::catch_unwind(AssertUnwindSafe(|| run(input)));
        done.map_err(|why| {
            let said = why.downcast_ref::<String>().map(String::as_str);
            said.or(why.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
        })?;
        Ok::<_, String>(began.elapsed() * 1000 / input.chars().count().max(1000) as u32)
    };
    let mut taken = once()?;
    // A machine that was busy elsewhere for a moment says nothing about the input.
    for _ in 0..4 {
        if taken > PATIENCE {
            taken = taken.min(once()?);
        }
    }
    if taken > PATIENCE && !cfg!(debug_assertions) {
        return Err(format!("{taken:?} for 1,000 characters"));
    }
    Ok(taken)
}

/// A seed after a few random changes.
fn grown(rng: &mut Rng, seeds: &[String], pieces: &[&str]) -> String {
    let mut chars: Vec<char> = match rng.u8(..4) {
        0 => Vec::new(),
        _ => seeds[rng.usize(..seeds.len())].chars().collect(),
    };
    for _ in 0..rng.usize(1..12) {
        let at = rng.usize(..=chars.len());
        let to = rng.usize(at..=chars.len().min(at + 40));
        match rng.u8(..10) {
            0 => drop(chars.drain(at..to)),
            1 => {
                let copy = chars[at..to].to_vec();
                let place = rng.usize(..=chars.len());
                chars.splice(place..place, copy);
            }
            2 => {
                let times = rng.usize(1..60);
                let copy = chars[at..to.min(at + 6)].repeat(times);
                chars.splice(at..at, copy);
            }
            3 => chars[at..to].reverse(),
            4 => {
                let other: Vec<char> = seeds[rng.usize(..seeds.len())].chars().collect();
                let from = rng.usize(..=other.len());
                chars.splice(at..to, other[from..other.len().min(from + 60)].iter().copied());
            }
            5 => {
                if let Some(c) = char::from_u32(rng.u32(..0x11_0000)) {
                    chars.insert(at, c);
                }
            }
            6 => chars.splice(at..at, rng.u64(..).to_string().chars()).for_each(drop),
            _ => {
                let piece = pieces[rng.usize(..pieces.len())];
                chars.splice(at..at, piece.chars()).for_each(drop);
            }
        }
        chars.truncate(LONG);
    }
    chars.into_iter().collect()
}

/// Every line of the project's own cases and demo notices.
fn seeds() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    collect(&root.join("web/demo"), &mut files);
    files.sort();
    let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
    let lines: Vec<String> =
        texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let pages = files.iter().filter(|path| path.extension().is_some_and(|e| e == "html"));
    let whole = pages.map(|path| fs::read_to_string(path).unwrap());
    let seeds = lines.into_iter().chain(whole).filter(|text| !text.trim().is_empty());
    let seeds: Vec<String> = seeds.map(|text| text.chars().take(LONG).collect()).collect();
    assert!(seeds.len() > 500, "the cases are found");
    seeds
}

/// Case files (`cases.txt`, `*.cases.txt`, all of `cases/`) and pages under `folder`.
fn collect(folder: &Path, out: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_case = path.extension().is_some_and(|e| e == "html")
            || path.to_string_lossy().contains("cases") && path.extension().is_some_and(|e| e == "txt");
        if path.is_dir() {
            collect(&path, out);
        } else if is_case {
            out.push(path);
        }
    }
}

/// The tests of this file measure time and memory, so they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
