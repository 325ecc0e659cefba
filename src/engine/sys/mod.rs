//! What depends on the operating system.

/// Lets threads that answer somebody run before this one, and before those that it starts.
///
/// On Linux a thread can step back by itself. Elsewhere the whole process would, so nothing is done there.
pub(crate) fn yield_to_listeners() {
    #[cfg(target_os = "linux")]
    if let Err(why) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%why, "a thread that computes keeps its priority");
    }
}

/// Kills the process group that `leader` has led. Where there are none, its members go on.
pub(crate) fn kill_group(leader: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw) {
        // Who is gone already need not be killed.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = leader;
}

/// A quarter of the time of a core while somebody else wants it, all of it otherwise. With much more, whatever
/// else is busy on the machine would keep listeners waiting for their first clip.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;
