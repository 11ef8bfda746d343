//! The init process of a container.
//!
//! The kernel makes process 1 the parent of all orphans in the container, which it must wait for. The server
//! and the keeper are such orphans.

use std::process::ExitCode;
use std::ptr;

/// Signals that are forwarded to the program.
const PASSED_ON: [libc::c_int; 6] =
    [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2];

/// As process 1, forks: the child returns `None` and is the program. The parent waits for it and for all
/// orphans, and returns the exit code. In any other process it returns `None` at once.
///
/// Call it before threads are started.
pub fn run() -> Option<ExitCode> {
    if std::process::id() != 1 {
        return None;
    }
    // SAFETY: system calls with valid pointers, in a process with one thread.
    unsafe {
        let mut waited_for: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut waited_for);
        for signal in PASSED_ON.into_iter().chain([libc::SIGCHLD]) {
            libc::sigaddset(&mut waited_for, signal);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &waited_for, &mut before);
        match libc::fork() {
            // The fork failed or this is the child: it is the program.
            -1 | 0 => {
                libc::sigprocmask(libc::SIG_SETMASK, &before, ptr::null_mut());
                None
            }
            program => Some(supervise(program, &waited_for)),
        }
    }
}

/// Waits for the program and all orphans.
///
/// # Safety
/// The signals `waited_for` are blocked, and no other code waits for children.
unsafe fn supervise(program: libc::pid_t, waited_for: &libc::sigset_t) -> ExitCode {
    loop {
        let (mut signal, mut status) = (0, 0);
        // SAFETY: system calls with valid pointers.
        unsafe {
            if libc::sigwait(waited_for, &mut signal) != 0 {
                continue;
            }
            if signal != libc::SIGCHLD {
                libc::kill(program, signal);
                continue;
            }
            loop {
                match libc::waitpid(-1, &mut status, libc::WNOHANG) {
                    ended if ended == program => {
                        // The keeper now stops the server; wait for both.
                        while libc::waitpid(-1, ptr::null_mut(), 0) > 0 {}
                        return code(status);
                    }
                    ended if ended > 0 => {}
                    _ => break,
                }
            }
        }
    }
}

/// The exit code in the convention of shells.
fn code(status: libc::c_int) -> ExitCode {
    let code = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) };
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
