//! Where each thing lies under the data folder: `clips/0f/0f….wav`, `notices/….notice`, `published/….entry`
//! and beside it `….heard`.

use super::{ClipName, ListedId, NoticeId};

/// A file of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    /// A file of a clip, on one of 256 shelves.
    Clip(ClipName),
    /// A notice, sealed.
    Notice(NoticeId),
    /// A notice as version 0.1 wrote it: without a seal. It is read, and never written.
    PlainNotice(NoticeId),
    /// What is published under a name, sealed.
    Listed(ListedId),
    /// What was heard of that, sealed.
    Heard(ListedId),
    /// What is written to learn whether writing works.
    Probe,
    /// What is never written, to learn what is said of what is not there.
    Absent,
    /// An empty file that says: this clip of the folder is not in the bucket yet.
    LateClip(ClipName),
    /// As above, of a notice.
    LateNotice(NoticeId),
}

/// The folder of what says that something is late.
pub(super) const LATE: &str = "late";

impl Place {
    /// The folders, then the name of the file.
    pub(super) fn parts(self) -> Vec<String> {
        match self {
            Self::Clip(name) => {
                let name = name.to_string();
                vec!["clips".to_owned(), name.get(..2).unwrap_or_default().to_owned(), name]
            }
            Self::Notice(id) => vec!["notices".to_owned(), format!("{id}.notice")],
            Self::PlainNotice(id) => vec!["notices".to_owned(), format!("{id}.json")],
            Self::Listed(id) => vec![super::listed::FOLDER.to_owned(), id.file()],
            Self::Heard(id) => vec![super::listed::FOLDER.to_owned(), id.heard_file()],
            Self::Probe => vec!["notices".to_owned(), "probe".to_owned()],
            Self::Absent => vec!["notices".to_owned(), "absent".to_owned(), "probe".to_owned()],
            Self::LateClip(name) => vec![LATE.to_owned(), name.to_string()],
            Self::LateNotice(id) => vec![LATE.to_owned(), format!("{id}.notice")],
        }
    }

    /// The file that says that this clip or notice is late.
    pub(super) fn late(self) -> Option<Self> {
        match self {
            Self::Clip(name) => Some(Self::LateClip(name)),
            Self::Notice(id) => Some(Self::LateNotice(id)),
            _ => None,
        }
    }

    /// Where a notice may lie.
    pub(super) fn of_notice(id: NoticeId) -> [Self; 2] {
        [Self::Notice(id), Self::PlainNotice(id)]
    }

    /// What a file of that name holds, wherever it lies; none when the store writes no such name.
    pub(super) fn named(name: &str) -> Option<Self> {
        if name == "probe" {
            return Some(Self::Probe);
        }
        if let Some(clip) = ClipName::of_file(name) {
            return Some(Self::Clip(clip));
        }
        match name.split_once('.')? {
            (id, "notice") => id.parse().ok().map(Self::Notice),
            (id, "json") => id.parse().ok().map(Self::PlainNotice),
            _ => None,
        }
    }
}
