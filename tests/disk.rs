//! A disk that fills up, cannot be written and comes back, with kills in between: what is heard is right all the
//! time, the health tells, and what was accepted meanwhile is on the disk once it can be.
//!
//! Only root may mount a small disk: for others the test says that it is skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use support::{
    client::Client,
    service::{Service, until},
    truth::{Notice, Truth, invent, left_behind, submit},
};

/// A disk in memory, gone with the value.
struct Disk {
    root: tempfile::TempDir,
}

impl Disk {
    /// A disk of so many mebibytes; none where it may not be mounted.
    fn mount(mebibytes: u32) -> Option<Self> {
        let disk = Self { root: tempfile::tempdir().unwrap() };
        disk.run("mount", &["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "langdu-test"])
            .then_some(disk)
    }

    /// The folder of the service.
    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    /// Leaves room for so many bytes, and no more.
    fn fill(&self, leave: usize) {
        let ballast = self.root.path().join("ballast");
        let mut file = File::create(&ballast).unwrap();
        let mut written = 0;
        // A write into a disk that is almost full may come short; one that fails has filled it.
        while let Ok(bytes @ 1..) = file.write(&[0; 4096]) {
            written += bytes as u64;
        }
        file.set_len(written.saturating_sub(leave as u64)).unwrap();
    }

    fn free(&self) {
        fs::remove_file(self.root.path().join("ballast")).unwrap();
    }

    fn read_only(&self) {
        // It is busy while a file is being written.
        until("the disk is read-only", || self.run("mount", &["-o", "remount,ro"]));
    }

    fn writable(&self) {
        assert!(self.run("mount", &["-o", "remount,rw"]));
    }

    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let run = Command::new(program).args(arguments).arg(self.root.path()).output();
        run.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.run("umount", &["-l"]);
    }
}

/// What goes on while the disk changes.
struct Course<'t> {
    folder: PathBuf,
    truth: &'t Truth,
    service: Service,
    random: fastrand::Rng,
    /// Every notice that was accepted and must be there after the next kill.
    kept: Vec<Notice>,
}

impl<'t> Course<'t> {
    fn new(folder: &Path, truth: &'t Truth) -> Self {
        let (folder, service) = (folder.to_owned(), Service::hum(Some(folder), &[]));
        Self { folder, truth, service, random: fastrand::Rng::with_seed(20_260_601), kept: Vec::new() }
    }

    /// Submits notices and hears all of each, whatever the disk does.
    fn read_aloud(&mut self, notices: usize) -> Vec<Notice> {
        let mut client = self.service.client();
        let read = |_| {
            let notice = submit(&mut client, &invent(&mut self.random)).unwrap().expect("it is not busy");
            self.truth.hears(&mut client, &notice, "wav");
            notice
        };
        (0..notices).map(read).collect()
    }

    /// SIGKILL and a new process; then everything that must be there is there, and right.
    fn kill(&mut self) {
        self.service.kill();
        self.service = Service::hum(Some(&self.folder), &[]);
        self.all_is_right();
    }

    fn all_is_right(&mut self) {
        let mut client = self.service.client();
        for notice in &self.kept {
            self.truth.knows(&mut client, notice);
            self.truth.hears(&mut client, notice, self.truth.formats[0]);
            let derived = self.random.choice(self.truth.formats.iter()).unwrap();
            self.truth.hears(&mut client, notice, derived);
        }
    }

    /// Waits until the health tells of the store what it should.
    fn tells(&self, fails: bool) {
        until("the health tells", || {
            let health = self.service.health();
            let reasons = health["reasons"].as_array().unwrap();
            let told = reasons.iter().any(|reason| reason["part"] == "store");
            told == fails && health["status"] == if fails { "degraded" } else { "ok" }
        });
    }

    /// A notice that is not safe is not passed over in silence.
    fn tells_what_is_not_safe(&self, notices: &[Notice]) {
        if notices.iter().any(|notice| !notice.saved) {
            self.tells(true);
        }
    }

    /// Waits until `notices` would outlive the process.
    fn safe(&self, notices: &[Notice]) {
        let mut client = self.service.client();
        until("all notices are safe", || {
            let mut manifest = |notice: &Notice| client.get(&format!("/v1/notices/{}", notice.id)).unwrap();
            notices.iter().all(|notice| manifest(notice).is(200).json()["saved"] != false)
        });
    }

    /// Waits until all clips of `notices` are on the disk.
    fn made(&self, notices: &[Notice]) {
        let mut client: Client = self.service.client();
        until("all clips are made", || {
            notices.iter().all(|notice| {
                let manifest = client.get(&format!("/v1/notices/{}", notice.id)).unwrap().is(200).json();
                manifest["ready_count"] == manifest["clip_count"]
            })
        });
    }
}

#[test]
fn a_disk_that_fails_and_comes_back_costs_no_sound_and_no_notice() {
    let Some(disk) = Disk::mount(16) else {
        println!("skipped: only root may mount a small disk; what a full disk does was not tested");
        return;
    };
    let truth = Truth::of(Service::hum(None, &[]));
    let mut course = Course::new(&disk.data(), &truth);

    let first = course.read_aloud(4);
    course.made(&first);
    assert!(first.iter().all(|notice| notice.saved));
    course.tells(false);
    course.kept.extend(first);
    course.kill();

    // Room for half a clip: what is begun cannot be ended, unless clips that can be made again make room for it.
    for leave in [40_960, 0] {
        disk.fill(leave);
        let now = course.read_aloud(4);
        course.all_is_right();
        // What was never said to be safe may go with the process; what was may not.
        course.kept.extend(now.into_iter().filter(|notice| notice.saved));
        course.kill();
        let again = course.read_aloud(2);
        course.tells_what_is_not_safe(&again);
        disk.free();
        course.tells(false);
        course.safe(&again);
        course.kept.extend(again);
        course.kill();
    }

    disk.read_only();
    let meanwhile = course.read_aloud(4);
    course.tells(true);
    course.all_is_right();
    disk.writable();
    course.tells(false);
    course.safe(&meanwhile);
    course.kept.extend(meanwhile);
    course.kill();

    // A service that is started while the disk cannot be written.
    disk.read_only();
    course.kill();
    let meanwhile = course.read_aloud(4);
    course.tells(true);
    disk.writable();
    course.tells(false);
    course.safe(&meanwhile);
    course.kept.extend(meanwhile);
    course.kill();

    course.tells(false);
    let last = course.read_aloud(2);
    course.made(&last);
    course.kept.extend(last);
    course.kill();
    until("files of writes that were cut off are gone", || left_behind(&course.folder).is_empty());
}
