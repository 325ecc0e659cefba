//! What is right: a reference service with a folder of its own that nothing ever happens to.

use std::{io, path::Path};

use serde_json::Value;

use super::{
    client::{Answer, Client},
    service::Service,
};

/// Extensions of all formats that a clip may be asked for in.
const FORMATS: [&str; 6] = ["wav", "16k.wav", "8k.wav", "alaw", "ulaw", "opus"];

/// A service that is asked what another one should have answered.
pub struct Truth {
    reference: Service,
    /// Extensions of the formats that it has; the first is that of the addresses in manifests.
    pub formats: Vec<&'static str>,
}

/// A submitted notice.
#[derive(Clone, Debug)]
pub struct Notice {
    pub id: String,
    pub text: String,
    /// Addresses of its clips, in order.
    pub urls: Vec<String>,
    /// Whether the service said that it is safe; one that does not say so promises it with 200 and 201.
    pub saved: bool,
}

impl Truth {
    pub fn of(reference: Service) -> Self {
        let mut client = reference.client();
        let url = submit(&mut client, "今天停水。").unwrap().unwrap().urls.remove(0);
        let has = |format: &&str| client.get(&in_format(&url, format)).unwrap().status == 200;
        let formats: Vec<_> = FORMATS.into_iter().filter(has).collect();
        assert_eq!(formats.first(), Some(&"wav"));
        Self { reference, formats }
    }

    /// Checks the manifest of `notice` as `client` has it now: what was sent, taken apart as it should be.
    pub fn knows(&self, client: &mut Client, notice: &Notice) {
        let path = format!("/v1/notices/{}", notice.id);
        let found = client.get(&path).unwrap().is(200).json();
        let mut reference = self.reference.client();
        submit(&mut reference, &notice.text).unwrap();
        assert_eq!(bare(found), bare(reference.get(&path).unwrap().is(200).json()));
    }

    /// Checks that `client` has all clips of `notice` in `format`, right to the last byte.
    pub fn hears(&self, client: &mut Client, notice: &Notice, format: &str) {
        let mut reference = self.reference.client();
        submit(&mut reference, &notice.text).unwrap();
        for url in &notice.urls {
            let url = in_format(url, format);
            let answer = client.get(&url).unwrap().is(200);
            assert_eq!(whole(&answer), Ok(()), "{url}");
            assert_eq!(answer.length(), Some(answer.body.len()), "{url} has no length");
            let right = reference.get(&url).unwrap().is(200);
            assert!(answer.body == right.body, "{url} is not what a fresh synthesis gives");
        }
    }

    /// Keys of the clips of a text.
    pub fn keys(&self, text: &str) -> Vec<String> {
        let urls = submit(&mut self.reference.client(), text).unwrap().unwrap().urls;
        urls.iter().map(|url| url[10..74].to_owned()).collect()
    }

    /// What the reference answers.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.reference.client().ask("GET", path, headers, b"").unwrap()
    }

    /// Lets the reference know a notice, so that it can be asked for its clips.
    pub fn learn(&self, text: &str) {
        submit(&mut self.reference.client(), text).unwrap();
    }
}

/// Submits a text; none when the service is too busy at the moment.
///
/// # Errors
/// When the connection breaks.
pub fn submit(client: &mut Client, text: &str) -> io::Result<Option<Notice>> {
    let answer = client.post("/v1/notices", "text/plain; charset=utf-8", text)?;
    if answer.status == 503 {
        return Ok(None);
    }
    assert!(matches!(answer.status, 200 | 201), "{}", answer.json());
    let manifest = answer.json();
    Ok(Some(Notice {
        id: manifest["id"].as_str().unwrap().to_owned(),
        text: text.to_owned(),
        urls: clip_urls(&manifest),
        saved: manifest["saved"].as_bool().unwrap_or(true),
    }))
}

/// Addresses of the clips of a manifest, in order.
fn clip_urls(manifest: &Value) -> Vec<String> {
    let sentences = manifest["sentences"].as_array().unwrap().iter();
    let clips = sentences.flat_map(|sentence| sentence["clips"].as_array().unwrap());
    clips.map(|clip| clip["url"].as_str().unwrap().to_owned()).collect()
}

/// The address of the same clip in another format.
pub fn in_format(url: &str, format: &str) -> String {
    url.replacen(".wav", &format!(".{format}"), 1)
}

/// A manifest without what changes while clips are made.
fn bare(mut manifest: Value) -> Value {
    for name in ["ready_count", "saved"] {
        manifest.as_object_mut().unwrap().remove(name);
    }
    for sentence in manifest["sentences"].as_array_mut().unwrap() {
        for clip in sentence["clips"].as_array_mut().unwrap() {
            clip["duration_ms"].take();
            for name in ["timing", "words"] {
                clip.as_object_mut().unwrap().remove(name);
            }
        }
    }
    manifest
}

/// Whether the body of an answer is as long as its head says, and a WAV file as long as its own header says.
pub fn whole(answer: &Answer) -> Result<(), String> {
    let body = &answer.body;
    if answer.length().is_some_and(|length| length != body.len()) {
        return Err(format!("{} bytes of {}", body.len(), answer.header("content-length")));
    }
    if answer.status != 200 || !answer.header("content-type").starts_with("audio/wav") {
        return Ok(());
    }
    let size = |at: usize| {
        let bytes = body.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_le_bytes) as usize
    };
    if !body.starts_with(b"RIFF")
        || body.len() <= 44
        || size(4) + 8 != body.len()
        || size(40) + 44 != body.len()
    {
        return Err(format!("its header counts {} and {} of {} bytes", size(4), size(40), body.len()));
    }
    if body[44..].iter().all(|&byte| byte == 0) {
        return Err("it is silent".to_owned());
    }
    Ok(())
}

/// Files under a data folder that are neither a clip nor a notice: what a write that was cut off left behind.
pub fn left_behind(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let (stem, extension) = name.split_once('.').unwrap_or((&name, ""));
            let hexadecimal = stem.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            let known = match stem.len() {
                64 => FORMATS.contains(&extension) || extension == "marks",
                32 => extension == "notice" || extension == "json",
                _ => false,
            };
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if !(hexadecimal && known) {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

/// A notice that is hardly ever the same twice; many share a sentence.
pub fn invent(random: &mut fastrand::Rng) -> String {
    let mut pick = |from: &str| random.choice(from.chars().collect::<Vec<_>>()).unwrap_or('水');
    let place: String = [pick("东西南北中"), pick("山河湖海江"), pick("村镇街路桥")].into_iter().collect();
    let what = pick("水电气暖路");
    let mut text = format!("关于{place}停{what}的通知\n");
    for _ in 0..random.usize(1..5) {
        text += &match random.u8(0..4) {
            0 => format!("{}月{}日停{what}。\n", random.u8(1..13), random.u8(1..29)),
            1 => format!("咨询电话：0475-82{:05}。\n", random.u32(0..100_000)),
            2 => format!("涉及居民{}户，请提前准备。\n", random.u16(1..1000)),
            _ => "由此带来的不便，敬请谅解。\n".to_owned(),
        };
    }
    text
}
