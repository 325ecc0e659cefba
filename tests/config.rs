//! The configuration with the real program: what is said about errors, what wins, what a reload changes, and the keys.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use support::{
    client::Client,
    service::{Service, until},
};

/// The program in `folder`, with nothing of our own environment that it would listen to.
fn langdu(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("LANGDU_") || name == "RUST_LOG") {
        command.env_remove(name);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    langdu(folder).args(args).output().unwrap()
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// `langdu serve` with the voices of this repository, a free port, and its data in `folder`.
fn serve(folder: &Path) -> Command {
    let mut command = langdu(folder);
    command.arg("serve").args(["--listen", "127.0.0.1:0", "--data", "data", "--voices"]).arg(voices());
    command
}

fn voices() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("voices")
}

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/config/errors.txt");

#[test]
fn errors_are_told_with_their_line_and_a_hint() {
    let text = fs::read_to_string(CASES).unwrap();
    let (remarks, cases) = text.split_once("\n=== ").unwrap();
    let (mut found, mut count) = (remarks.to_owned(), 0);
    for case in cases.split("\n=== ") {
        let (written, _) = case.split_once("---\n").expect(case);
        let (title, written) = written.split_once('\n').unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (commands, file): (Vec<_>, Vec<_>) = written.lines().partition(|line| line.starts_with('$'));
        if !file.is_empty() {
            fs::write(folder.path().join("langdu.toml"), file.join("\n")).unwrap();
        }
        let mut command = langdu(folder.path());
        let words = commands.first().map_or("langdu config check", |line| &line[2..]).split(' ');
        let mut program = false;
        for word in words {
            match word.split_once('=') {
                Some((name, value)) if !program => drop(command.env(name, value)),
                _ if word == "langdu" => program = true,
                _ => drop(command.arg(word)),
            }
        }
        let output = command.output().unwrap();
        let answer =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let code = output.status.code().unwrap();
        assert!(code == 0 || code == 1, "{title}: {code}\n{answer}");
        let ending = if code == 0 { "" } else { "(exit code 1)\n" };
        found += &format!("\n=== {title}\n{written}---\n{answer}{ending}");
        count += 1;
    }
    let found = format!("{}\n", found.trim_end());
    if env::var_os("LANGDU_UPDATE").is_some() {
        fs::write(CASES, &found).unwrap();
    }
    assert!(count > 25);
    for (line, (found, kept)) in found.lines().zip(text.lines()).enumerate() {
        assert_eq!(found, kept, "line {} of {CASES}", line + 1);
    }
    assert_eq!(found.lines().count(), text.lines().count());
}

#[test]
fn a_new_configuration_is_in_order_and_never_written_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let first = run(folder.path(), &["config", "init"]);
    said(&first);
    let file = folder.path().join("langdu.toml");
    let template = fs::read_to_string(&file).unwrap();
    assert_eq!(said(&run(folder.path(), &["config", "init", "-"])), template);

    fs::write(&file, "max_chars = 7\nlisten = '127.0.0.1:0'\n").unwrap();
    let again = run(folder.path(), &["config", "init"]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&file).unwrap(), "max_chars = 7\nlisten = '127.0.0.1:0'\n");

    // With what it names in place, all is in order.
    let checked =
        langdu(folder.path()).env("LANGDU_VOICES", voices()).args(["config", "check"]).output().unwrap();
    assert_eq!(said(&checked), "langdu.toml: in order\n");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "a check leaves nothing behind");

    // A damaged voice is found.
    let copy = folder.path().join("voices/kokoro");
    fs::create_dir_all(copy.join("styles")).unwrap();
    for from in ["voice.toml", "symbols.tsv", "syllables.tsv", "erhua.tsv"] {
        fs::copy(voices().join("kokoro").join(from), copy.join(from)).unwrap();
    }
    fs::write(copy.join("letters.tsv"), "A\tx\n").unwrap();
    let checked = run(folder.path(), &["config", "check"]);
    let complaint = String::from_utf8(checked.stderr).unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(complaint.contains("letters.tsv is not the file that voice.toml means"), "{complaint}");
}

#[test]
fn what_holds_is_shown_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let text = "max_chars = 20\n\nclip_disk = '1G'\ns3_bucket = \"clips\"\ns3_access_key_id = \"GK1\"\n\
                s3_secret_access_key = \"very-secret\"\nfallback = ['a', 'b']\n";
    fs::write(folder.path().join("other.toml"), text).unwrap();
    let mut command = langdu(folder.path());
    command.env("LANGDU_CONFIG", "other.toml").env("LANGDU_MAX_CHARS", "30").env("LANGDU_DATA", "");
    let shown = said(&command.args(["config", "show"]).output().unwrap());
    let line = |key: &str| shown.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap();
    assert!(line("max_chars").starts_with("max_chars = 30 "), "{shown}");
    assert!(line("max_chars").ends_with("# LANGDU_MAX_CHARS"));
    assert!(
        line("clip_disk").starts_with("clip_disk = \"1G\"") && line("clip_disk").ends_with("# other.toml:3")
    );
    assert!(line("fallback").starts_with("fallback = [\"a\", \"b\"]"));
    assert!(line("data").ends_with("# default"), "an empty variable is none");
    assert!(line("s3_secret_access_key").contains("\"…\"") && !shown.contains("very-secret"), "{shown}");
    // What is shown could be a configuration itself.
    fs::write(folder.path().join("langdu.toml"), &shown).unwrap();
    said(&run(folder.path(), &["config", "show"]));
}

#[test]
fn keys_are_handed_out_listed_and_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = run(folder.path(), &["keys", "list"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("--file"));

    fs::write(folder.path().join("langdu.toml"), "keys = 'keys.toml'\n").unwrap();
    let added = run(folder.path(), &["keys", "add", "--name", "cms", "--may", "publish,speech"]);
    let key = said(&added);
    assert_eq!(key.lines().count(), 1, "the key alone goes to standard output");
    let key = key.trim();
    assert!(key.strip_prefix("langdu_").is_some_and(|random| random.len() == 64));
    assert!(!String::from_utf8_lossy(&added.stderr).contains(key));
    assert!(!fs::read_to_string(folder.path().join("keys.toml")).unwrap().contains(key));

    said(&run(
        folder.path(),
        &["keys", "add", "--name", "editor", "--may", "lexicon", "--file", "other.toml"],
    ));
    let listed = said(&run(folder.path(), &["keys", "list"]));
    assert_eq!(listed.split_whitespace().collect::<Vec<_>>(), ["cms", "publish,speech"]);
    for (wrong, why) in [
        (&["keys", "add", "--name", "cms", "--may", "speech"][..], "already"),
        (&["keys", "add", "--name", "two words", "--may", "speech"], "a name has"),
        (&["keys", "revoke", "nobody"], "no key named nobody"),
    ] {
        let output = run(folder.path(), wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
        assert!(output.stdout.is_empty());
        assert!(String::from_utf8_lossy(&output.stderr).contains(why), "{output:?}");
    }
    let unknown = run(folder.path(), &["keys", "add", "--name", "x", "--may", "everything"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("publish, lexicon, speech"));
    // The rest of the configuration is the service's matter: its secret may be in its environment alone.
    fs::write(
        folder.path().join("langdu.toml"),
        "keys = 'keys.toml'\ns3_bucket = 'b'\ns3_access_key_id = 'GK1'\nlisten = 'nowhere'\n",
    )
    .unwrap();
    said(&run(folder.path(), &["keys", "revoke", "cms"]));
    assert_eq!(said(&run(folder.path(), &["keys", "list"])), "");
}

/// Adds an entry to the lexicon of a service; the status of the answer.
fn edit(client: &mut Client, key: &str) -> u16 {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    // 临河
    let path = "/v1/lexicon/entries/%E4%B8%B4%E6%B2%B3";
    client.ask("PUT", path, &headers, br#"{"said": "lin2 he2"}"#).unwrap().status
}

#[test]
fn the_service_follows_its_configuration_and_reads_its_keys_again_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = "max_chars = 20\nlog = 'json'\nkeys = 'keys.toml'\nlexicon = 'site.lexicon'\n";
    fs::write(folder.path().join("langdu.toml"), config).unwrap();
    let add = |name| said(&run(folder.path(), &["keys", "add", "--name", name, "--may", "lexicon"]));
    let old = add("old");
    let mut command = serve(folder.path());
    command.env("LANGDU_MAX_CHARS", "30").args(["--max-chars", "40"]);
    let log = folder.path().join("log");
    let service = Service::of(command, fs::File::create(&log).unwrap().into());
    let mut client = service.client();

    // The flag wins over the variable, and both over the file.
    let submit = |client: &mut Client, chars: usize| {
        let text = "公告内容".repeat(chars.div_ceil(4)).chars().take(chars).collect::<String>();
        client.post("/v1/notices", "text/plain; charset=utf-8", &text).unwrap().status
    };
    assert_eq!(submit(&mut client, 41), 413);
    assert!([200, 201, 202].contains(&submit(&mut client, 36)));

    // A new key is good after SIGHUP, and one that was revoked is not.
    assert!([200, 201].contains(&edit(&mut client, old.trim())));
    let new = add("new");
    said(&run(folder.path(), &["keys", "revoke", "old"]));
    assert_eq!(edit(&mut client, new.trim()), 401);
    service.signal("HUP");
    until("the new key is good", || edit(&mut service.client(), new.trim()) == 200);
    assert_eq!(edit(&mut client, old.trim()), 401);

    // A file that has errors changes nothing, and the log says so.
    fs::write(folder.path().join("keys.toml"), "this is no file of keys").unwrap();
    service.signal("HUP");
    let logged = || fs::read_to_string(&log).unwrap();
    until("the log tells", || logged().contains("the keys stay as they were"));
    assert_eq!(edit(&mut client, new.trim()), 200);

    // Every line of the log is one object; requests have a number, their route and what became of them.
    let text = logged();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(lines.iter().all(|line| line["level"].is_string() && line["timestamp"].is_string()));
    let answered: Vec<_> = lines.iter().filter(|line| line["message"] == "answered").collect();
    assert!(answered.iter().all(|line| line["request"].is_u64() && line["status"].is_u64()), "{text}");
    assert!(answered.iter().any(|line| line["route"] == "/v1/notices" && line["status"] == 413));
    for secret in ["公告内容", "临河", old.trim(), new.trim(), "\u{1b}["] {
        assert!(!text.contains(secret), "the log tells {secret:?}");
    }
}

#[test]
fn a_damaged_voice_ends_the_service_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("voices/kokoro");
    fs::create_dir_all(copy.join("styles")).unwrap();
    for part in ["", "styles"] {
        for entry in fs::read_dir(voices().join("kokoro").join(part)).unwrap() {
            let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
            if from.is_file() && from.extension().is_none_or(|ending| ending != "data") {
                fs::copy(&from, copy.join(part).join(name)).unwrap();
            }
        }
    }
    fs::write(copy.join("kokoro-v1.0.q8.data"), "no network").unwrap();
    let output = run(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.contains("kokoro-v1.0.q8.data is not the file that voice.toml means"), "{complaint}");
}
