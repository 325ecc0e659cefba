//! espeak-ng: which of its voices reads numbered pinyin, and how it is called.
//!
//! It is a program under the GPL and is only ever run, never linked. It gets our own reading on its standard input:
//! never Hanzi (the `cmn` of 1.51 reads them as English), never markup (its SSML opens files), and no text ever as an
//! argument (`-w/path` would write a file).

use std::time::Duration;

use super::{
    process::{Call, Cost, Process},
    recipe::Recipe,
};

/// Words a minute that espeak-ng calls normal: 4.2 syllables a second, as a careful reader. It follows its own rate
/// evenly from 80 to 400.
pub(super) const WORDS_A_MINUTE: f32 = 175.0;

/// Samples a second.
pub(super) const RATE: u32 = 22_050;

/// Its loudest samples are at full scale: half of that leaves room for filters that come after.
pub(super) const GAIN_DB: f32 = -6.0;

/// The first version in which `cmn` reads pinyin.
const CMN_READS_PINYIN: (u32, u32) = (1, 52);

/// What else it says in an answer than the sound.
const ANSWER: u64 = 64 << 10;

/// How long it may take to answer. It is asked while the service starts, or a list of voices is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Finds the voice for Mandarin of the espeak-ng that `recipe` calls, and completes the recipe. Its version becomes part
/// of what names a clip.
///
/// # Errors
/// In words, where it cannot be run or has no such voice.
pub(super) fn complete(recipe: &mut Recipe) -> Result<(), String> {
    let said = ask(recipe, "--version")?;
    let (major, minor) =
        version(&said).ok_or("what it says about its version is not what espeak-ng says".to_owned())?;
    let voice = if (major, minor) < CMN_READS_PINYIN { "cmn-latn-pinyin" } else { "cmn" };
    let listed = ask(recipe, "--voices=cmn")?;
    if !languages(&listed).any(|language| language == voice) {
        return Err(format!(
            "espeak-ng {major}.{minor} has no voice {voice}; version 1.51 and later have it, in the package espeak-ng-data"
        ));
    }
    recipe.args = ["-v", voice, "-s", "{speed}", "--stdin", "--stdout"].map(str::to_owned).to_vec();
    recipe.identity.push_str(said.lines().next().unwrap_or_default());
    Ok(())
}

/// What espeak-ng says when it is called with one argument.
fn ask(recipe: &Recipe, what: &str) -> Result<String, String> {
    let call = Call { args: vec![what.to_owned()], ..recipe.call.clone() };
    let cost = Cost { time: PATIENCE, bytes: ANSWER };
    let said = Process::start(&call).and_then(|process| process.finish("", cost));
    said.map(|said| String::from_utf8_lossy(&said).into_owned()).map_err(|why| why.to_string())
}

/// `eSpeak NG text-to-speech: 1.51.1  Data at: /usr/…`
fn version(said: &str) -> Option<(u32, u32)> {
    let number = said.strip_prefix("eSpeak NG text-to-speech: ")?.split_whitespace().next()?;
    let mut parts = number.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The second column of its list of voices.
fn languages(listed: &str) -> impl Iterator<Item = &str> {
    listed.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_voices_are_read() {
        assert_eq!(
            version("eSpeak NG text-to-speech: 1.51  Data at: /usr/lib/espeak-ng-data\n"),
            Some((1, 51))
        );
        assert_eq!(version("eSpeak NG text-to-speech: 1.52.0  Data at: /x"), Some((1, 52)));
        assert_eq!(version("eSpeak NG text-to-speech: 1.52-dev  Data at: /x"), Some((1, 52)));
        assert_eq!(version("speak text-to-speech: 1.48"), None);
        let listed = "Pty Language       Age/Gender VoiceName\n 5  cmn             --/M      Chinese (cmn 5)\n 5  cmn-latn-pinyin --/M      Chinese\n";
        assert_eq!(languages(listed).collect::<Vec<_>>(), ["cmn", "cmn-latn-pinyin"]);
    }
}
